"""Weights and panels of some of the regions only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, overload

import numpy as np

from agglo.core.results import frozen_array
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Rings

if TYPE_CHECKING:
    from collections.abc import Collection

    from agglo.core.tables import Panel
    from agglo.core.typing import BoolArray

__all__ = ["without_periods", "without_regions", "without_units"]


@overload
def without_units(weights: SpatialWeights, drop: Collection[str]) -> SpatialWeights: ...
@overload
def without_units(weights: Rings, drop: Collection[str]) -> Rings: ...
def without_units(
    weights: SpatialWeights | Rings, drop: Collection[str]
) -> SpatialWeights | Rings:
    """Leave units out and standardise rows again; a unit left alone is an island."""
    if isinstance(weights, Rings):
        members = tuple(without_units(m, drop) for m in weights.members)
        return replace(weights, members=members)
    keep = ~np.isin(weights.ids, sorted(drop))
    matrix = weights.matrix[keep][:, keep]
    out = SpatialWeights.from_matrix(matrix, weights.ids[keep], kind=weights.kind)
    return out.standardised(weights.standardisation)


def without_regions(panel: Panel, drop: Collection[str]) -> Panel:
    """Leave regions out of a panel."""
    keep: BoolArray = ~np.isin(panel.regions, sorted(drop))
    return replace(
        panel,
        regions=frozen_array(panel.regions[keep]),
        values=frozen_array(panel.values[keep]),
        observed=frozen_array(panel.observed[keep]),
    )


def without_periods(panel: Panel, drop: Collection[str]) -> Panel:
    """Leave periods out of a panel."""
    keep: BoolArray = ~np.isin(panel.periods, sorted(drop))
    return replace(
        panel,
        periods=frozen_array(panel.periods[keep]),
        values=frozen_array(panel.values[:, keep]),
        observed=frozen_array(panel.observed[:, keep]),
    )
