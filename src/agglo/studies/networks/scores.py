"""Scores of what a region lacks: related at home, complex, related at its partners."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import NumericsWarning
from agglo.networks import flow_matrix
from agglo.relatedness import (
    complementarity_density,
    complexity,
    presence,
    relatedness_density,
)
from agglo.studies.columns import text_of, texts
from agglo.studies.networks.layers import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.relatedness import Complexity, Presence, RelatednessDensity

__all__ = [
    "OptionScores",
    "known_until",
    "option_scores",
    "percentile",
    "related_share",
]

_PARTS = ("density", "complexity", "external")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionScores:
    """Scores of every cell from one period, and what they are made of.

    Attributes
    ----------
    held
        Presence.
    near, index
        Relatedness density and complexity, as they were measured.
    values
        ``density``, ``complexity``, ``external`` and ``together``, the mean place of the
        three among the options of the region, each (regions, industries).
    proximity
        Weight of industry q (row) in the density of p (column).
    bases
        ``density`` and ``external``: what is multiplied with `proximity` to give them.
    has_partners
        Whether the region is tied with another.
    doubt
        What the index of complexity warns of; empty if nothing.
    """

    held: Presence
    near: RelatednessDensity
    index: Complexity
    values: Mapping[str, FloatArray]
    proximity: FloatArray
    bases: Mapping[str, FloatArray]
    has_partners: BoolArray
    doubt: str


def option_scores(table: pa.Table, events: pa.Table) -> OptionScores:
    """Score every cell of a table of activity.

    Parameters
    ----------
    table
        Region, industry and amount of one period.
    events
        Links that are known by then, of any layers; may be empty.

    Returns
    -------
    OptionScores
        An industry without a density or an index counts as the lowest of its region.
    """
    held = presence(table, value="amount")
    near = relatedness_density(held)
    links = _links(events, held.region)
    a, b = np.nonzero(np.triu(links, 1))
    partners = complementarity_density(
        near,
        pa.table(
            {
                "origin": texts(held.region[a]),
                "destination": texts(held.region[b]),
                "weight": pa.array(links[a, b], pa.float64()),
            }
        ),
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", NumericsWarning)
        index = complexity(table, value="amount")
    at = dict(zip(index.activity.tolist(), index.pci.tolist(), strict=True))
    pci = np.array([at.get(i, np.nan) for i in held.activity.tolist()])
    there = np.nan_to_num(held.values)
    values: dict[str, FloatArray] = {
        "density": np.nan_to_num(near.values / near.scale),
        "complexity": np.array(np.broadcast_to(pci, there.shape)),
        "external": np.nan_to_num(partners.values),
    }
    values["together"] = np.mean([percentile(values[k], there) for k in _PARTS], axis=0)
    return OptionScores(
        held=held,
        near=near,
        index=index,
        values=values,
        proximity=np.nan_to_num(near.weights),
        bases={"density": there, "external": _abroad(there, links)},
        has_partners=partners.has_links,
        doubt="; ".join(str(w.message) for w in said),
    )


def related_share(base: FloatArray, phi: FloatArray) -> FloatArray:
    """Give the share of what is near an industry (column) that a base holds."""
    near = phi.sum(axis=0)
    out = base @ phi
    return np.divide(out, near, out=np.zeros_like(out), where=near > 0)


def percentile(score: FloatArray, held: FloatArray) -> FloatArray:
    """Give the place of every option among those of its region, 0 to 1; unknown is lowest."""
    from scipy.stats import rankdata

    known = np.where(np.isfinite(score), score, -np.inf)
    masked = np.where(held < 0.5, known, np.inf)
    n = np.maximum((held < 0.5).sum(axis=1, keepdims=True), 2)
    out: FloatArray = (rankdata(masked, axis=1) - 1.0) / (n - 1.0)
    return out


def known_until(events: pa.Table, period: str) -> pa.Table:
    """Keep the links that are dated not later than a period; a window counts by its end."""
    words = [w.rsplit("-", 1)[-1] for w in text_of(events, "period")]
    keep = [bool(w) and w <= period for w in words]
    return events.filter(pa.array(keep, pa.bool_()))


def _abroad(held: FloatArray, links: FloatArray) -> FloatArray:
    """Give what partners have and the region lacks, partners weighted by their links."""
    total = links.sum(axis=1, keepdims=True)
    share = np.divide(links, total, out=np.zeros_like(links), where=total > 0)
    out: FloatArray = (1.0 - held) * (share @ held)
    return out


def _links(events: pa.Table, region: NDArray[np.str_]) -> FloatArray:
    """Give the flows between regions, each layer scaled to the same total, symmetric."""
    at = {str(r): i for i, r in enumerate(region)}
    out = np.zeros((region.size, region.size))
    for layer in sorted(set(text_of(events, "layer"))):
        flows = flow_matrix(rows_of(events, layer))
        place = np.array([at.get(str(r), -1) for r in flows.label])
        known = place >= 0
        both = flows.values + flows.values.T
        part = np.zeros_like(out)
        part[np.ix_(place[known], place[known])] = both[np.ix_(known, known)]
        np.fill_diagonal(part, 0.0)
        out += part / part.sum() if part.sum() > 0 else 0.0
    return out
