"""Scores of what a region lacks: related at home, complex, at its partners, in its value chain."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import NumericsWarning
from agglo.networks import flow_matrix
from agglo.relatedness import (
    complementarity_density,
    complexity,
    portfolio,
    presence,
    relatedness_density,
)
from agglo.studies.columns import text_of, texts
from agglo.studies.networks.layers import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.relatedness import Complexity, Presence, RelatednessDensity
    from agglo.studies.networks.value_chain import ValueChain

__all__ = [
    "OptionScores",
    "Periods",
    "abroad",
    "known_until",
    "matched",
    "mean_place",
    "option_rows",
    "option_scores",
    "percentile",
    "related_share",
    "shared",
]


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
        ``density``, ``complexity``, ``external``, ``value_chain`` where flows between
        industries are known, ``together``, the mean place of the parts among the options
        of the region, and ``offer``, the density of the partners whatever the region itself
        has (no part: a measure of what partners say alone), each (regions, industries).
    parts
        Those of them that ``together`` is made of; partners only where some region has one.
    proximity
        Weight of industry q (row) in the density of p (column).
    weights
        The same of every part that rests on industries near to each other.
    bases
        What is multiplied with `weights` to give these parts.
    links
        Flows between the regions, symmetric.
    has_partners
        Whether the region is tied with another.
    doubt
        What the index of complexity warns of; empty if nothing.
    """

    held: Presence
    near: RelatednessDensity
    index: Complexity
    values: Mapping[str, FloatArray]
    parts: tuple[str, ...]
    proximity: FloatArray
    weights: Mapping[str, FloatArray]
    bases: Mapping[str, FloatArray]
    links: FloatArray
    has_partners: BoolArray
    doubt: str


def option_scores(
    table: pa.Table,
    events: pa.Table,
    chain: ValueChain | None = None,
    *,
    convention: str = "atlas",
) -> OptionScores:
    """Score every cell of a table of activity.

    Parameters
    ----------
    table
        Region, industry and amount of one period.
    events
        Links that are known by then, of any layers; may be empty.
    chain
        How strongly industries buy from and sell to each other; ``None`` if unknown.
    convention
        By which presence, density and complexity are measured.

    Returns
    -------
    OptionScores
        An industry without a density or an index counts as the lowest of its region.
    """
    held = presence(table, value="amount", convention=convention)
    near = relatedness_density(held, convention=convention)
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
        index = complexity(table, value="amount", convention=convention)
    at = dict(zip(index.activity.tolist(), index.pci.tolist(), strict=True))
    pci = np.array([at.get(i, np.nan) for i in held.activity.tolist()])
    there = np.nan_to_num(held.values)
    proximity = np.nan_to_num(near.weights)
    values: dict[str, FloatArray] = {
        "density": np.nan_to_num(near.values / near.scale),
        "complexity": np.array(np.broadcast_to(pci, there.shape)),
        "external": np.nan_to_num(partners.values),
    }
    weights = {"density": proximity, "external": proximity}
    bases = {"density": there, "external": abroad(there, links)}
    if chain is not None:
        weights["value_chain"] = chain.among(held.activity)
        bases["value_chain"] = there
        values["value_chain"] = related_share(there, weights["value_chain"])
    tied = bool(partners.has_links.any())
    if tied:
        bases["offer"] = shared(links) @ there
    parts = tuple(k for k in values if k != "external" or tied)
    values["together"] = mean_place(values, parts, there)
    if tied:
        values["offer"] = related_share(bases["offer"], proximity)
    return OptionScores(
        held=held,
        near=near,
        index=index,
        values=values,
        parts=parts,
        proximity=proximity,
        weights=weights,
        bases=bases,
        links=links,
        has_partners=partners.has_links,
        doubt="; ".join(str(w.message) for w in said),
    )


def option_rows(
    made: OptionScores, columns: Sequence[str], score: FloatArray
) -> tuple[dict[str, pa.Array | FloatArray], tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Give region, industry, parts, score and quadrant of every option, and its cells.

    Parameters
    ----------
    made
        Scores of one period.
    columns
        Those of its values that are wanted.
    score
        What ranks the options, (regions, industries).

    Returns
    -------
    tuple
        Columns of a table, and rows and columns of the cells they are of.
    """
    found = portfolio(made.near, made.index)
    at = {str(r): k for k, r in enumerate(made.held.region)}
    of = {str(i): k for k, i in enumerate(made.held.activity)}
    r = np.array([at[x] for x in found.region.tolist()], dtype=np.intp)
    i = np.array([of[x] for x in found.activity.tolist()], dtype=np.intp)
    table: dict[str, pa.Array | FloatArray] = {
        "region": texts(found.region),
        "industry": texts(found.activity),
        **{k: made.values[k][r, i] for k in columns},
        "score": score[r, i],
        "quadrant": texts(found.quadrant),
    }
    return table, (r, i)


@dataclass(frozen=True, slots=True)
class Periods:
    """What two periods have in common.

    Attributes
    ----------
    region, industry
        Labels of both.
    rows, columns
        Their places in the earlier period.
    held, later
        Presence before and after, (regions, industries).
    """

    region: NDArray[np.str_]
    industry: NDArray[np.str_]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    held: FloatArray
    later: FloatArray

    @property
    def cut(self) -> tuple[NDArray[np.intp], ...]:
        """Index of their cells in the earlier period."""
        return np.ix_(self.rows, self.columns)

    @property
    def square(self) -> tuple[NDArray[np.intp], ...]:
        """Index of their pairs of industries there."""
        return np.ix_(self.columns, self.columns)


def matched(then: Presence, since: Presence) -> Periods:
    """Find the regions and industries of two periods.

    Parameters
    ----------
    then, since
        Presence before and after.

    Returns
    -------
    Periods
        Of those in both.
    """
    region = np.intersect1d(then.region, since.region)
    industry = np.intersect1d(then.activity, since.activity)
    rows = np.searchsorted(then.region, region)
    columns = np.searchsorted(then.activity, industry)
    after = np.ix_(
        np.searchsorted(since.region, region), np.searchsorted(since.activity, industry)
    )
    return Periods(
        region=region,
        industry=industry,
        rows=rows,
        columns=columns,
        held=np.nan_to_num(then.values[np.ix_(rows, columns)]),
        later=np.nan_to_num(since.values[after]),
    )


def mean_place(
    values: Mapping[str, FloatArray], parts: Sequence[str], held: FloatArray
) -> FloatArray:
    """Give the mean place of every option by these parts, 0 to 1."""
    out: FloatArray = np.mean([percentile(values[k], held) for k in parts], axis=0)
    return out


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


def abroad(held: FloatArray, links: FloatArray) -> FloatArray:
    """Give what partners have and the region lacks, partners weighted by their links."""
    out: FloatArray = (1.0 - held) * (shared(links) @ held)
    return out


def shared(links: FloatArray) -> FloatArray:
    """Give the share of every partner in the links of a region; 0 without any."""
    total = links.sum(axis=1, keepdims=True)
    return np.divide(links, total, out=np.zeros_like(links), where=total > 0)


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
