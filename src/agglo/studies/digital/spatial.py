"""Stage `spatial`: neighbours, colocation, autocorrelation, rank-size of both lists."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.concentration import (
    colocation_quotient,
    local_moran,
    moran,
    nearest_neighbour_index,
    rank_size,
    site_cross_k,
)
from agglo.core.errors import DataWarning
from agglo.core.options import MonteCarlo, Permutation
from agglo.core.weights import SpatialWeights
from agglo.studies.columns import result_table, texts
from agglo.studies.contract import StageOutput
from agglo.studies.digital.model import city_sizes
from agglo.studies.digital.options import DigitalOptions
from agglo.studies.digital.sites import plane_of, sites_of

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.digital.sites import Plane, Sites

__all__ = ["spatial"]

_R_KM = (0.0, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0)
_FEWEST = 3
# a global rank envelope needs many curves
_CURVES = 2500
_NUMBERS = ("value", "expected", "lower", "upper", "z", "p", "n")
_Row = dict[str, "str | float"]
_LISTS: tuple[Literal["clusters", "belts"], ...] = ("clusters", "belts")


def spatial(inputs: StageInputs) -> StageOutput:
    """Describe how both lists lie among the cities and towards each other.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``spatial`` (one row per statistic), ``cross_k``, ``local_moran``; document
        ``spatial_notes``.
    """
    options = inputs.options_as(DigitalOptions)
    plane = plane_of(inputs)
    lists, _ = sites_of(inputs, plane)
    rows: list[_Row] = []
    notes: list[Json] = []
    counts: dict[str, FloatArray] = {
        name: _per_city(plane, lists[name]) for name in _LISTS if name in lists
    }
    places = _frame(plane.x_km[plane.in_universe], plane.y_km[plane.in_universe])
    draws = MonteCarlo(n=options.spatial_draws, seed=inputs.seed)
    for name, held in counts.items():
        rows += _neighbours(name, lists[name], places, draws, notes)
        rows += _ranks(name, held, notes)
    cross = pa.table({"r_km": pa.array([], pa.float64())})
    if len(counts) == 2:
        rows += _colocation(lists, options, inputs.seed)
        curves = MonteCarlo(n=max(draws.n, _CURVES), seed=draws.seed)
        cross = _cross(lists, plane, places, curves, rows)
    local = _moran(counts, plane, options, inputs.seed, rows)
    _rate_moran(counts, plane, inputs, rows, notes)
    return StageOutput(
        tables={"spatial": _table(rows), "cross_k": cross, "local_moran": local},
        documents={"spatial_notes": {"notes": notes, "neighbours": options.neighbours}},
    )


def _table(rows: list[_Row]) -> pa.Table:
    words = ("statistic", "set", "variant", "null")
    columns = {k: texts([str(r.get(k, "")) for r in rows]) for k in words}
    columns |= {
        k: pa.array([float(r.get(k, np.nan)) for r in rows], pa.float64())
        for k in _NUMBERS
    }
    return pa.table(columns)


def _frame(x: FloatArray, y: FloatArray, **more: object) -> pa.Table:
    return pa.table({"x_km": x, "y_km": y, **more})


def _per_city(plane: Plane, sites: Sites) -> FloatArray:
    """Count the items of every city, joint ones by their share."""
    at = {
        (float(x), float(y)): i
        for i, (x, y) in enumerate(zip(plane.x_km, plane.y_km, strict=True))
    }
    p = sites.points
    rows = [at[float(x), float(y)] for x, y in zip(p.x_km, p.y_km, strict=True)]
    total = np.bincount(rows, weights=p.weight, minlength=plane.code.size)
    return total.astype(np.float64)


def _neighbours(
    name: str,
    sites: Sites,
    places: pa.Table,
    draws: MonteCarlo,
    notes: list[Json],
) -> list[_Row]:
    """Compare the distances between sites with those of as many other cities."""
    p = sites.points
    inside = {
        tuple(v)
        for v in zip(*(places[k].to_pylist() for k in ("x_km", "y_km")), strict=True)
    }
    own = sorted({(float(x), float(y)) for x, y in zip(p.x_km, p.y_km, strict=True)})
    known = [v for v in own if v in inside]
    if len(known) < _FEWEST:
        notes.append(f"{name}: fewer than {_FEWEST} cities, no nearest-neighbour index")
        return []
    found = nearest_neighbour_index(
        _frame(np.array([v[0] for v in known]), np.array([v[1] for v in known])),
        null="universe",
        universe=places,
        inference=draws,
    )
    return [
        {
            "statistic": "nearest_neighbour_index",
            "set": name,
            "null": "as many other cities of the universe",
            "value": found.index,
            "expected": 1.0,
            "z": found.z,
            "p": found.p,
            "n": float(found.n_sites),
        }
    ]


def _ranks(name: str, counts: FloatArray, notes: list[Json]) -> list[_Row]:
    values = counts[counts > 0]
    if values.size < _FEWEST or np.unique(values).size < 2:
        notes.append(f"{name}: counts are too few or all equal for a rank-size line")
        return []
    found = rank_size(pa.table({"value": values}))
    if found.n_distinct < 10:
        notes.append(
            f"{name}: {found.n_distinct} distinct counts, the rank-size line is rough"
        )
    return [
        {
            "statistic": "rank_size_exponent",
            "set": name,
            "variant": found.method,
            "value": found.zeta,
            "lower": found.zeta - 1.96 * found.se,
            "upper": found.zeta + 1.96 * found.se,
            "n": float(found.n),
        }
    ]


def _colocation(
    lists: Mapping[str, Sites], options: DigitalOptions, seed: int
) -> list[_Row]:
    """Give both directions and both self quotients."""
    parts = [lists[name].points for name in _LISTS]
    kinds = [w for name in _LISTS for w in [name] * lists[name].points.n]
    with warnings.catch_warnings():
        # all items of a city have its place: the lists are of cities, not of addresses
        warnings.simplefilter("ignore", DataWarning)
        found = colocation_quotient(
            _frame(
                np.concatenate([p.x_km for p in parts]),
                np.concatenate([p.y_km for p in parts]),
                type=texts(kinds),
            ),
            inference=Permutation(n=options.spatial_draws, seed=seed),
            crs="planar",
        )
    return [
        {
            "statistic": "colocation_quotient",
            "set": f"{a} to {b}",
            "null": "types dealt out anew over all points",
            "value": float(found.values[i, j]),
            "expected": 1.0,
            "z": float(found.z[i, j]),
            "p": float(found.p[i, j]),
            "n": float(len(kinds)),
        }
        for i, a in enumerate(found.types)
        for j, b in enumerate(found.types)
    ]


def _cross(
    lists: Mapping[str, Sites],
    plane: Plane,
    places: pa.Table,
    draws: MonteCarlo,
    rows: list[_Row],
) -> pa.Table:
    """Count belts around clusters, the belts relocated over the cities."""
    belts = lists["belts"].points
    inside = {
        (float(x), float(y))
        for x, y in zip(
            plane.x_km[plane.in_universe], plane.y_km[plane.in_universe], strict=True
        )
    }
    kept = np.array(
        [
            (float(x), float(y)) in inside
            for x, y in zip(belts.x_km, belts.y_km, strict=True)
        ],
        dtype=bool,
    )
    if not kept.any():
        return pa.table({"r_km": pa.array([], pa.float64())})
    clusters = lists["clusters"].points
    found = site_cross_k(
        _frame(clusters.x_km, clusters.y_km),
        _frame(belts.x_km[kept], belts.y_km[kept]),
        places,
        r_km=list(_R_KM),
        inference=draws,
    )
    rows.append(
        {
            "statistic": "cross_k",
            "set": "belts around clusters",
            "variant": "global rank envelope",
            "null": "belt cities relocated over the universe",
            "p": found.p,
            "n": float(found.n_universe),
        }
    )
    return result_table(found)


def _rate_moran(
    counts: Mapping[str, FloatArray],
    plane: Plane,
    inputs: StageInputs,
    rows: list[_Row],
    notes: list[Json],
) -> None:
    """Give I of counts per head: rates of small cities vary more, and raw ones mislead."""
    options = inputs.options_as(DigitalOptions)
    sizes, kind = city_sizes(inputs)
    size = np.array([sizes.get(str(c), np.nan) for c in plane.code])
    there = plane.in_universe & np.isfinite(size)
    k = min(options.neighbours, int(there.sum()) - 1)
    if k < 1:
        notes.append("no sizes of cities are known: no Moran's I of rates")
        return
    codes = plane.code[there]
    weights = SpatialWeights.build_knn(plane.x_km[there], plane.y_km[there], codes, k=k)
    for name, values in counts.items():
        table = pa.table(
            {"region": texts(codes), "value": values[there], "size": size[there]}
        )
        found = moran(
            table,
            weights,
            base="size",
            inference=Permutation(n=options.spatial_draws, seed=inputs.seed),
        )
        rows.append(
            {
                "statistic": "moran_of_rates",
                "set": name,
                "variant": f"empirical Bayes, per {kind}",
                "null": "rates dealt out anew over cities",
                "value": found.i,
                "expected": found.expectation,
                "z": found.z_normal,
                "p": found.p,
                "n": float(found.n),
            }
        )


def _moran(
    counts: Mapping[str, FloatArray],
    plane: Plane,
    options: DigitalOptions,
    seed: int,
    rows: list[_Row],
) -> pa.Table:
    """Give global I of counts, their logarithm and ranks, the bivariate I, and local I."""
    inside = plane.in_universe
    codes = plane.code[inside]
    k = min(options.neighbours, codes.size - 1)
    empty = pa.table({"region": pa.array([], pa.string())})
    if k < 1:
        return empty
    weights = SpatialWeights.build_knn(
        plane.x_km[inside], plane.y_km[inside], codes, k=k
    )
    table = pa.table(
        {"region": texts(codes), **{n: v[inside] for n, v in counts.items()}}
    )
    inference = Permutation(n=options.spatial_draws, seed=seed)
    plans: list[tuple[str, str | None, Literal["none", "log1p", "rank"]]] = [
        (name, None, transform)
        for name in counts
        for transform in ("none", "log1p", "rank")
    ]
    if len(counts) == 2:
        plans.append(("clusters", "belts", "none"))
    for name, lagged, transform in plans:
        found = moran(
            table,
            weights,
            value=name,
            lagged=lagged,
            transform=transform,
            inference=inference,
        )
        rows.append(
            {
                "statistic": "bivariate_moran" if lagged else "moran",
                "set": f"{name}, neighbours' {lagged}" if lagged else name,
                "variant": transform,
                "null": "values dealt out anew over cities",
                "value": found.i,
                "expected": found.expectation,
                "z": found.z_normal,
                "p": found.p,
                "n": float(found.n),
            }
        )
    parts = []
    for name, values in counts.items():
        if np.ptp(values[inside]) == 0:
            continue
        one = result_table(local_moran(table, weights, value=name, inference=inference))
        parts.append(one.add_column(0, "set", texts([name] * one.num_rows)))
    return pa.concat_tables(parts) if parts else empty
