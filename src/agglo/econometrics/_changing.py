"""Weights that differ by period, as one block-diagonal matrix over all cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.sparse import block_diag, csr_array

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Rings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.tables import Panel

__all__ = ["Weights", "blocks_of", "by_period"]

Weights: TypeAlias = SpatialWeights | Mapping[str, SpatialWeights]

_SHOWN = 10


def by_period(
    weights: Mapping[str, SpatialWeights],
    durbin_weights: SpatialWeights | Rings | None,
    panel: Panel,
    bias: str,
) -> tuple[SpatialWeights, SpatialWeights | Rings | None]:
    """Put the weights of every period into one object, cells in the order of periods."""
    if bias != "none":
        msg = (
            f"[bias_unsupported] bias='{bias}' needs the same weights in every period; use "
            "bias='none' with weights by period."
        )
        raise OptionError(msg)
    periods = [str(p) for p in panel.periods]
    given = {str(k): w for k, w in weights.items()}
    lost = [p for p in periods if p not in given]
    over = [p for p in given if p not in periods]
    if lost or over:
        msg = (
            f"[weights_ids] weights by period: none for {lost[:_SHOWN]}; not in the panel: "
            f"{over[:_SHOWN]}."
        )
        raise AlignmentError(msg)
    for p in periods:
        given[p].aligned(panel.regions)
        if given[p].islands:
            msg = (
                f"[weights_islands] in {p} regions have no neighbour: "
                f"{list(given[p].islands[:_SHOWN])}."
            )
            raise AlignmentError(msg)
    joined = _joined([given[p] for p in periods], "by period")
    if durbin_weights is None:
        return joined, None
    t = len(periods)
    if isinstance(durbin_weights, Rings):
        durbin_weights.members[0].aligned(panel.regions)
        members = tuple(_joined([m] * t, m.kind) for m in durbin_weights.members)
        return joined, replace(durbin_weights, members=members)
    durbin_weights.aligned(panel.regions)
    return joined, _joined([durbin_weights] * t, durbin_weights.kind)


def _joined(weights: Sequence[SpatialWeights], kind: str) -> SpatialWeights:
    matrix = csr_array(block_diag([w.matrix for w in weights], format="csr"))
    # numbers with leading zeros: sorted labels keep the order of periods and regions
    ids = np.array([f"{i:09d}" for i in range(matrix.shape[0])])
    return SpatialWeights.from_matrix(matrix, ids, kind=kind)


def blocks_of(matrix: csr_array, n: int) -> list[csr_array]:
    """Give the weights of every period back."""
    return [matrix[i : i + n][:, i : i + n] for i in range(0, matrix.shape[0], n)]
