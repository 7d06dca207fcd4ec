"""Stage `centres`: ellipses of the lists, their overlap, and how their centres move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import bootstrap_ellipse, centre_shift, ellipse_overlap
from agglo.core.options import Bootstrap
from agglo.studies.columns import result_table, texts
from agglo.studies.contract import StageOutput
from agglo.studies.digital.comparison import Convention, by_chance, interval
from agglo.studies.digital.options import DigitalOptions
from agglo.studies.digital.sites import plane_of, sites_of

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.digital.sites import Sites

__all__ = ["centres"]

_RING = 180
_UP_TO = " to "
# fewer points have no ellipse
_LEAST = 3
_OF_OVERLAP = (
    "intersection_km2",
    "jaccard",
    "spatial_difference_index",
    "contained_a",
    "contained_b",
    "contained_min",
    "centre_distance_km",
    "centre_bearing",
    "theta_difference",
    "area_ratio",
)
_OF_SHIFT = (
    "distance_km",
    "bearing",
    "speed_km_per_year",
    "long_change_km",
    "short_change_km",
    "theta_change",
    "area_growth_per_year",
)
_OVERLAP_COLUMNS = (
    *_OF_OVERLAP,
    "jaccard_lower",
    "jaccard_upper",
    "jaccard_lower_bca",
    "jaccard_upper_bca",
    "jaccard_by_chance",
    "jaccard_p",
    "distance_lower",
    "distance_upper",
    "distance_lower_bca",
    "distance_upper_bca",
    "distance_by_chance",
    "distance_p",
)
_SHIFT_COLUMNS = (
    "start",
    "end",
    *_OF_SHIFT,
    "distance_lower",
    "distance_upper",
    "distance_lower_bca",
    "distance_upper_bca",
    "distance_by_chance",
    "p",
    "clusters_start",
    "clusters_end",
)
_Row = dict[str, "str | float"]


def centres(inputs: StageInputs) -> StageOutput:
    """Measure centre, spread and direction of every list, and compare them.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``ellipses`` (with intervals), ``ellipse_rings`` (outlines in km),
        ``overlaps``, ``shifts``; document ``centre_notes``.

    Raises
    ------
    InvalidTableError
        If coordinates are no degrees.
    """
    options = inputs.options_as(DigitalOptions)
    plane = plane_of(inputs)
    lists, lost = sites_of(inputs, plane)
    sets = _sets(lists)
    convention = Convention(
        divisor=options.divisor,
        scale=options.scale,
        draws=options.overlap_draws,
        level=options.level,
    )
    pairs = _pairs(sets)
    overlaps = []
    for at, (a, b) in enumerate(pairs):
        inputs.progress(at, len(pairs), f"{a}, {b}")
        overlaps.append(_overlap((a, sets[a]), (b, sets[b]), convention, inputs.seed))
    ellipses, rings = _ellipses(sets, convention, options, inputs.seed)
    shifts = _shifts(lists["clusters"], convention, inputs.seed) if lists else []
    notes: dict[str, Json] = {
        "projection": plane.projection.name,
        "divisor": options.divisor,
        "scale": options.scale,
        "cities_without_coordinates": list(plane.missing),
        "items_not_placed_in": list(lost),
        "notes": list(plane.notes),
        "draws": options.overlap_draws,
    }
    return StageOutput(
        tables={
            "ellipses": ellipses,
            "ellipse_rings": rings,
            "overlaps": _table(
                overlaps, ("a", "b", "shared_clusters"), _OVERLAP_COLUMNS
            ),
            "shifts": _table(shifts, ("set", "basis", "step"), _SHIFT_COLUMNS),
        },
        documents={"centre_notes": notes},
    )


def _table(
    rows: list[_Row], words: tuple[str, ...], numbers: tuple[str, ...]
) -> pa.Table:
    columns = {k: texts([str(r.get(k, "")) for r in rows]) for k in words}
    columns |= {
        k: pa.array([float(r.get(k, np.nan)) for r in rows], pa.float64())
        for k in numbers
    }
    return pa.table(columns)


def _sets(lists: Mapping[str, Sites]) -> dict[str, Sites]:
    """Name all clusters, every programme, a programme up to its years, and the belts."""
    found: dict[str, Sites] = {}
    clusters = lists.get("clusters")
    if clusters is not None:
        found["clusters"] = clusters
        for name, sites in clusters.by_programme():
            if not name:
                continue
            found[name] = sites
            years = sorted({p for p in sites.period.tolist() if p})
            for year in years[:-1]:
                early = (sites.period <= year) & (sites.period != "")
                found[f"{name}{_UP_TO}{year}"] = sites.where(early)
    if "belts" in lists:
        found["belts"] = lists["belts"]
    return found


def _pairs(sets: Mapping[str, Sites]) -> list[tuple[str, str]]:
    names = [n for n in sets if n not in ("clusters", "belts")]
    whole = [n for n in names if _UP_TO not in n]
    pairs = [(n, "belts") for n in ("clusters", *names)]
    pairs += [(a, b) for i, a in enumerate(whole) for b in whole[i + 1 :]]
    pairs += [(n, n.split(_UP_TO)[0]) for n in names if _UP_TO in n]
    return [(a, b) for a, b in pairs if a in sets and b in sets]


def _ellipses(
    sets: Mapping[str, Sites],
    convention: Convention,
    options: DigitalOptions,
    seed: int,
) -> tuple[pa.Table, pa.Table]:
    tables, rings = [], []
    for name, sites in sets.items():
        fit = convention.ellipse(sites.points, name)
        table = result_table(fit)
        items = len(set(sites.item.tolist()))
        table = table.append_column("items", pa.array([items]))
        if items >= 2:
            table = _with_intervals(table, sites, options, seed)
        tables.append(table)
        ring = fit.polygon(_RING)
        rings.append(
            pa.table(
                {
                    "set": texts([name] * len(ring)),
                    "x_km": ring[:, 0],
                    "y_km": ring[:, 1],
                }
            )
        )
    return pa.concat_tables(tables, promote_options="default"), pa.concat_tables(rings)


def _with_intervals(
    table: pa.Table, sites: Sites, options: DigitalOptions, seed: int
) -> pa.Table:
    """Add percentile and BCa intervals, clusters drawn with all their cities."""
    fit = bootstrap_ellipse(
        sites.points,
        divisor=options.divisor,
        scale=options.scale,
        unit=sites.item,
        inference=Bootstrap(n=options.ellipse_draws, seed=seed, level=options.level),
    )
    for k, name in enumerate(fit.statistic):
        ends = {
            "lower": fit.lower,
            "upper": fit.upper,
            "lower_bca": fit.lower_bca,
            "upper_bca": fit.upper_bca,
        }
        for end, values in ends.items():
            table = table.append_column(f"{name}_{end}", pa.array([float(values[k])]))
    concentration = pa.array([float(fit.theta_concentration)])
    return table.append_column("theta_concentration", concentration)


def _overlap(
    a: tuple[str, Sites],
    b: tuple[str, Sites],
    convention: Convention,
    seed: int,
) -> _Row:
    """Compare two sets: exact overlap, bootstrap interval, items dealt out anew."""
    found = ellipse_overlap(
        convention.ellipse(a[1].points, a[0]), convention.ellipse(b[1].points, b[0])
    )
    shared = bool(set(a[1].item.tolist()) & set(b[1].item.tolist()))
    row: _Row = {"a": a[0], "b": b[0], "shared_clusters": "yes" if shared else "no"}
    row |= {name: float(getattr(found, name)) for name in _OF_OVERLAP}
    if _UP_TO in a[0]:
        # parts of a programme are described, not tested
        return row
    row |= interval(a[1], b[1], convention, seed)
    chance = by_chance(a[1], b[1], convention, seed)
    return row | {
        "jaccard_by_chance": chance["jaccard"],
        "jaccard_p": chance["jaccard_p"],
        "distance_by_chance": chance["distance"],
        "distance_p": chance["distance_p"],
    }


def _shifts(clusters: Sites, convention: Convention, seed: int) -> list[_Row]:
    """Follow the centre of each year's clusters, and of all up to that year."""
    groups = [("clusters", clusters), *clusters.by_programme()]
    if len(groups) == 2:
        groups = groups[:1]
    rows: list[_Row] = []
    for name, sites in groups:
        years = _years(sites)
        if not name or len(years) < 2:
            continue
        for basis in ("of the year", "up to the year"):
            parts = [
                sites.where(
                    sites.period == y
                    if basis == "of the year"
                    else np.isin(sites.period, years[: k + 1])
                )
                for k, y in enumerate(years)
            ]
            last = len(years) - 1
            steps = [(k, k + 1) for k in range(last)] if last > 1 else []
            for first, then in [*steps, (0, last)]:
                whole = (first, then) == (0, last)
                row = _shift(
                    (parts[first], parts[then]),
                    (float(years[first]), float(years[then])),
                    convention,
                    seed if whole and basis == "of the year" else None,
                )
                kind = "whole" if whole else "step"
                rows.append({"set": name, "basis": basis, "step": kind, **row})
    return rows


def _years(sites: Sites) -> list[str]:
    """Give the years with enough clusters for an ellipse."""
    years = sorted({p for p in sites.period.tolist() if _is_year(p)}, key=float)
    return [y for y in years if len(set(sites.item[sites.period == y])) >= _LEAST]


def _is_year(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _shift(
    sites: tuple[Sites, Sites],
    years: tuple[float, float],
    convention: Convention,
    seed: int | None,
) -> _Row:
    """Give one step; with a seed also interval and null."""
    step = centre_shift([convention.ellipse(s.points) for s in sites], list(years))
    row: _Row = {"start": years[0], "end": years[1]}
    row |= {name: float(getattr(step, name)[0]) for name in _OF_SHIFT}
    for name, s in zip(("clusters_start", "clusters_end"), sites, strict=True):
        row[name] = float(len(set(s.item.tolist())))
    if seed is None:
        return row
    ends = interval(*sites, convention, seed)
    row |= {k: v for k, v in ends.items() if k.startswith("distance")}
    chance = by_chance(*sites, convention, seed)
    return row | {"distance_by_chance": chance["distance"], "p": chance["distance_p"]}
