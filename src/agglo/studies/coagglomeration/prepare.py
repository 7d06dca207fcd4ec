"""Stage `prepare`: plants with places, industries that can be compared, what was dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.geo import project
from agglo.studies.coagglomeration.columns import industry_codes
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.columns import numbers_of, text_of, texts
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["prepare"]

# fewer plants have no typical place to be far from
_JUDGED = 10


def prepare(inputs: StageInputs) -> StageOutput:
    """Place the plants; nothing is dropped without a count.

    Parameters
    ----------
    inputs
        Table ``establishments``; optional ``industries`` for names and sectors, and
        ``regions`` for the places of establishments that have none of their own.

    Returns
    -------
    StageOutput
        Tables ``plants`` (establishment, industry, sector, region, x_km, y_km, employment,
        opened, closed) and ``industries``; document ``scope``.

    Raises
    ------
    InvalidTableError
        If no plant has a place, or fewer than two industries have enough plants.
    """
    options = inputs.options_as(CoagglomerationOptions)
    table = inputs.table("establishments")
    x, y, how, borrowed = _places(table, inputs)
    industry = np.array(industry_codes(inputs, table, "industry"), dtype=np.str_)
    region = np.array(text_of(table, "region"), dtype=np.str_)
    placed = np.isfinite(x) & np.isfinite(y)
    named = (industry != "") & ~np.isin(region, ["0", "unknown"])
    far = np.zeros(placed.size, dtype=bool)
    judged = placed & named
    far[judged] = _far(x[judged], y[judged], region[judged], options.outlier_mad)
    ok = placed & named & ~far
    names, counts = np.unique(industry[ok], return_counts=True)
    enough = names[counts >= options.min_n]
    _check_enough(int(enough.size), options.min_n)
    kept = ok & np.isin(industry, enough)
    known = _industries(inputs, enough, industry, kept)
    sector = dict(
        zip(text_of(known, "industry"), text_of(known, "sector"), strict=True)
    )
    unique = np.unique(np.round(np.stack([x[kept], y[kept]]), 6), axis=1).shape[1]
    plants = pa.table(
        {
            "establishment": texts(text_of(table, "establishment")),
            "industry": texts(list(industry)),
            "sector": texts([sector.get(k, "") for k in industry]),
            "region": texts(list(region)),
            "x_km": x,
            "y_km": y,
            "employment": numbers_of(table, "employment"),
            "opened": texts(text_of(table, "opened")),
            "closed": texts(text_of(table, "closed")),
        }
    ).filter(pa.array(kept))
    scope: dict[str, Json] = {
        "plants": int(kept.sum()),
        "rows": int(table.num_rows),
        "without_place": int((~placed).sum()),
        "without_industry_or_region": int((placed & ~named).sum()),
        "far_away": int(far.sum()),
        "in_small_industries": int((ok & ~kept).sum()),
        "small_industries": [str(n) for n in names[counts < options.min_n]],
        "places_of_regions": borrowed,
        "shared_places": 1.0 - unique / max(int(kept.sum()), 1),
        "regions": int(np.unique(region[kept]).size),
        "projection": how,
    }
    return StageOutput(
        tables={
            "plants": plants,
            "industries": known,
        },
        documents={"scope": scope},
    )


def _check_enough(n: int, min_n: int) -> None:
    if n < 2:
        msg = f"{n} industries have {min_n} plants with a place."
        problem = Problem(
            code="too_few_industries",
            what="pairs need two industries",
            where="establishments",
            fix="lower min_n, or give coordinates (x_km, y_km or lon, lat)",
        )
        raise InvalidTableError(msg, [problem])


def _places(
    table: pa.Table, inputs: StageInputs
) -> tuple[FloatArray, FloatArray, str, int]:
    """Give places in kilometres, how, and how many are those of the region."""
    planar = ("x_km", "y_km")
    if set(planar) <= set(table.column_names):
        x, y = (numbers_of(table, c) for c in planar)
        return x, y, "x_km, y_km", 0
    if inputs.has("regions") and set(planar) <= set(
        inputs.table("regions").column_names
    ):
        nowhere = np.full(table.num_rows, np.nan)
        x, y = _of_regions(table, inputs.table("regions"), planar, (nowhere, nowhere))
        return x, y, "x_km, y_km", int(np.isfinite(x).sum())
    lon, lat = numbers_of(table, "lon"), numbers_of(table, "lat")
    known = np.isfinite(lon) & np.isfinite(lat)
    borrowed = 0
    if not known.all() and inputs.has("regions"):
        regions = inputs.table("regions")
        lon, lat = _of_regions(table, regions, ("lon", "lat"), (lon, lat))
        here = np.isfinite(lon) & np.isfinite(lat)
        borrowed, known = int((here & ~known).sum()), here
    x, y = np.full(lon.size, np.nan), np.full(lon.size, np.nan)
    if not known.any():
        return x, y, "", 0
    placed = project(lon[known], lat[known])
    x[known], y[known] = placed.x_km, placed.y_km
    return x, y, str(placed.projection.name), borrowed


def _of_regions(
    table: pa.Table,
    regions: pa.Table,
    columns: tuple[str, str],
    own: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Place an establishment without coordinates at the seat of its region."""
    names = np.array(text_of(regions, "region"))
    order = np.argsort(names, kind="stable")
    wanted = np.array(text_of(table, "region"))
    at = np.searchsorted(names[order], wanted).clip(0, max(names.size - 1, 0))
    known = names[order][at] == wanted
    x, y = (numbers_of(regions, c)[order][at] for c in columns)
    here = np.isfinite(own[0]) & np.isfinite(own[1])
    x, y = np.where(known, x, np.nan), np.where(known, y, np.nan)
    return np.where(here, own[0], x), np.where(here, own[1], y)


def _far(x: FloatArray, y: FloatArray, region: np.ndarray, most: float) -> np.ndarray:
    """Flag plants far from the median place of their region."""
    out = np.zeros(x.size, dtype=bool)
    if most == 0 or x.size == 0:
        return out
    code = np.unique(region, return_inverse=True)[1]
    order = np.argsort(code, kind="stable")
    for here in np.split(order, np.cumsum(np.bincount(code))[:-1]):
        if here.size < _JUDGED:
            continue
        for v in (x[here], y[here]):
            gap = np.abs(v - np.median(v))
            width = float(np.median(gap))
            out[here] |= gap > most * width if width > 0 else False
    return out


def _industries(
    inputs: StageInputs, enough: np.ndarray, industry: np.ndarray, kept: np.ndarray
) -> pa.Table:
    names: dict[str, tuple[str, str, str]] = {}
    if inputs.has("industries"):
        given = inputs.table("industries")
        wanted = ("industry", "name_en", "name_zh", "parent")
        columns = [text_of(given, c) for c in wanted]
        names = {k: (en, zh, up) for k, en, zh, up in zip(*columns, strict=True)}
    nothing = ("", "", "")
    return pa.table(
        {
            "industry": texts(list(enough)),
            "name_en": texts([names.get(str(k), nothing)[0] for k in enough]),
            "name_zh": texts([names.get(str(k), nothing)[1] for k in enough]),
            "sector": texts([names.get(str(k), nothing)[2] for k in enough]),
            "plants": [int((industry[kept] == k).sum()) for k in enough],
        }
    )
