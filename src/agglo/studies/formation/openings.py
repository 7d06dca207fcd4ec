"""What the rules N4 and L3 rest on: crowded designations, and industries close by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.related import relatedness_sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from agglo.core.typing import FloatArray
    from agglo.studies.contract import StageInputs

__all__ = [
    "Densities",
    "closest_entries",
    "crowded_industries",
    "densities",
    "quotients_of",
]

_MANY_CITIES = 10
_TOP = 0.9
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Densities:
    """Quotients, employment and relatedness density by region and industry.

    Attributes
    ----------
    regions, codes
        Labels.
    quotient, jobs, density
        (n_regions, n_codes); NaN where unknown.
    """

    regions: list[str]
    codes: list[str]
    quotient: FloatArray
    jobs: FloatArray
    density: FloatArray


def quotients_of(
    panel: pa.Table, by: str, *, period: str = ""
) -> tuple[list[str], list[str], FloatArray, FloatArray]:
    """Give regions, codes, location quotients and employment of a period.

    Parameters
    ----------
    panel
        Table of the stage ``prepare``.
    by
        ``"industry"`` or ``"group"``.
    period
        The period; empty: the last.

    Returns
    -------
    tuple
        Quotients and employment are (n_regions, n_codes); no employment is quotient 0 and
        a region without any is NaN. Unknown cells are NaN in both.
    """
    when = period or pc.max(panel["period"]).as_py()
    now = panel.filter(pc.equal(panel["period"], when))
    regions, r = np.unique(text_of(now, "region"), return_inverse=True)
    codes, i = np.unique(text_of(now, by), return_inverse=True)
    given = float_column(now, "employment")
    jobs = np.zeros((regions.size, codes.size))
    np.add.at(jobs, (r, i), np.nan_to_num(given))
    total, nation = jobs.sum(axis=1), jobs.sum(axis=0)
    quotient: FloatArray = np.full(jobs.shape, np.nan)
    even = total[:, None] * nation[None, :] / max(float(total.sum()), 1e-300)
    np.divide(jobs, even, out=quotient, where=even > 0)
    unknown = np.isnan(given)
    quotient[r[unknown], i[unknown]] = np.nan
    jobs[r[unknown], i[unknown]] = np.nan
    return regions.tolist(), codes.tolist(), quotient, jobs


def crowded_industries(designations: pa.Table, panel: pa.Table) -> str | bool | None:
    """Name the industries designated in many cities that mostly lack specialisation.

    Parameters
    ----------
    designations
        city, industry_label.
    panel
        Table of the stage ``prepare``; labels are looked up among its groups, then its
        industries, cities among its regions.

    Returns
    -------
    str, bool or None
        Industries with their numbers; False where none is crowded; None where an industry
        is in more than ten cities and no quotient of these is known. A city without a
        quotient does not count as without specialisation.
    """
    where: dict[str, set[str]] = {}
    for city, label in zip(
        text_of(designations, "city"),
        text_of(designations, "industry_label"),
        strict=True,
    ):
        if city and label:
            where.setdefault(label, set()).add(city)
    many = {k: v for k, v in sorted(where.items()) if len(v) > _MANY_CITIES}
    if not many:
        return False if where else None
    known: dict[tuple[str, str], float] = {}
    for by in ("industry", "group"):
        regions, codes, quotient, _ = quotients_of(panel, by)
        rows = {c: k for k, c in enumerate(regions)}
        columns = {c: k for k, c in enumerate(codes)}
        for label, cities in many.items():
            if label in columns:
                for c in cities & rows.keys():
                    known[label, c] = float(quotient[rows[c], columns[label]])
    held = {k: [known.get((k, c), np.nan) for c in sorted(v)] for k, v in many.items()}
    if np.isnan(np.concatenate([np.array(v) for v in held.values()])).all():
        return None
    without = {k: sum(q < 1.0 for q in v) for k, v in held.items()}
    found = [
        f"{k} ({without[k]}/{len(v)})"
        for k, v in held.items()
        if without[k] > len(v) / 2
    ]
    return ", ".join(found) or False


def densities(
    inputs: StageInputs, source: str = "", *, period: str = ""
) -> Densities | None:
    """Give relatedness density: the share of relatedness that falls on what is there.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; what `relatedness_sources` reads.
    source
        Kind of relatedness that decides.
    period
        The period; empty: the last.

    Returns
    -------
    Densities or None
        None without relatedness, or where no industry has any.
    """
    pairs = next(iter(relatedness_sources(inputs, source).values()), None)
    if pairs is None:
        return None
    regions, codes, quotient, jobs = quotients_of(
        inputs.result(PREPARED, "panel"), "industry", period=period
    )
    at = {c: k for k, c in enumerate(codes)}
    phi = np.zeros((len(codes), len(codes)))
    rows = zip(
        text_of(pairs, "origin"),
        text_of(pairs, "destination"),
        float_column(pairs, "value"),
        strict=True,
    )
    for a, b, v in rows:
        if a in at and b in at and a != b and v > 0:  # an unknown pair adds nothing
            phi[at[a], at[b]] = phi[at[b], at[a]] = float(v)
    total = phi.sum(axis=0)
    density: FloatArray = np.full(quotient.shape, np.nan)
    present = (quotient > 1.0).astype(np.float64)
    np.divide(present @ phi, total, out=density, where=total > 0)
    if np.isnan(density).all():
        return None
    return Densities(
        regions=regions, codes=codes, quotient=quotient, jobs=jobs, density=density
    )


def closest_entries(
    inputs: StageInputs, clusters: Sequence[str], source: str = ""
) -> Mapping[str, list[tuple[str, float]]]:
    """Name the absent industries that are closest to what a region has.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; what `relatedness_sources` reads.
    clusters
        Ids.
    source
        Kind of relatedness that decides.

    Returns
    -------
    mapping
        Cluster to at most five industries with density, none where none is in the top
        tenth of all regions and industries; clusters of unknown regions are absent.
        Absent industries are those known to have no employment in the region.

    Notes
    -----
    Density of an industry in a region: share of its relatedness that falls on industries
    with a quotient above 1 there (indicator M3.3).
    """
    found = densities(inputs, source)
    if found is None:
        return {}
    regions, codes, jobs = found.regions, found.codes, found.jobs
    density = found.density
    cut = float(np.nanquantile(density, _TOP))
    place = {c: k for k, c in enumerate(regions)}
    out: dict[str, list[tuple[str, float]]] = {}
    for c in clusters:
        k = place.get(c.partition("|")[0])
        if k is None:
            continue
        near = (jobs[k] == 0) & (density[k] >= cut) & (density[k] > 0)
        best = sorted(np.flatnonzero(near).tolist(), key=lambda j: -density[k, j])
        out[c] = [(codes[j], float(density[k, j])) for j in best[:_SHOWN]]
    return out
