"""Stage `prepare`: plants with places, industries that can be compared, what was dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.geo import project
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.columns import numbers_of, text_of, texts
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["prepare"]

# a place 30 median deviations away is a wrong geocode, not a plant
_FAR = 30.0


def prepare(inputs: StageInputs) -> StageOutput:
    """Place the plants; nothing is dropped without a count.

    Parameters
    ----------
    inputs
        Table ``establishments``; optional ``industries`` for names.

    Returns
    -------
    StageOutput
        Tables ``plants`` (establishment, industry, region, x_km, y_km, opened, closed) and
        ``industries``; document ``scope``.

    Raises
    ------
    InvalidTableError
        If no plant has a place, or fewer than two industries have enough plants.
    """
    options = inputs.options_as(CoagglomerationOptions)
    table = inputs.table("establishments")
    x, y, how = _places(table)
    industry = np.array(text_of(table, "industry"), dtype=np.str_)
    region = np.array(text_of(table, "region"), dtype=np.str_)
    placed = np.isfinite(x) & np.isfinite(y)
    named = (industry != "") & ~np.isin(region, ["0", "unknown"])
    far = np.zeros(placed.size, dtype=bool)
    far[placed] = _far(x[placed], y[placed])
    ok = placed & named & ~far
    names, counts = np.unique(industry[ok], return_counts=True)
    enough = names[counts >= options.min_n]
    if enough.size < 2:
        msg = f"{enough.size} industries have {options.min_n} plants with a place."
        problem = Problem(
            code="too_few_industries",
            what="pairs need two industries",
            where="establishments",
            fix="lower min_n, or give coordinates (x_km, y_km or lon, lat)",
        )
        raise InvalidTableError(msg, [problem])
    kept = ok & np.isin(industry, enough)
    unique = np.unique(np.round(np.stack([x[kept], y[kept]]), 6), axis=1).shape[1]
    plants = pa.table(
        {
            "establishment": texts(text_of(table, "establishment")),
            "industry": texts(list(industry)),
            "region": texts(list(region)),
            "x_km": x,
            "y_km": y,
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
        "shared_places": 1.0 - unique / max(int(kept.sum()), 1),
        "regions": int(np.unique(region[kept]).size),
        "projection": how,
    }
    return StageOutput(
        tables={
            "plants": plants,
            "industries": _industries(inputs, enough, industry, kept),
        },
        documents={"scope": scope},
    )


def _places(table: pa.Table) -> tuple[FloatArray, FloatArray, str]:
    if {"x_km", "y_km"} <= set(table.column_names):
        return (
            numbers_of(table, "x_km"),
            numbers_of(table, "y_km"),
            "x_km, y_km as given",
        )
    lon, lat = numbers_of(table, "lon"), numbers_of(table, "lat")
    known = np.isfinite(lon) & np.isfinite(lat)
    x, y = np.full(lon.size, np.nan), np.full(lon.size, np.nan)
    if not known.any():
        return x, y, ""
    placed = project(lon[known], lat[known])
    x[known], y[known] = placed.x_km, placed.y_km
    return x, y, str(placed.projection.name)


def _far(x: FloatArray, y: FloatArray) -> np.ndarray:
    out = np.zeros(x.size, dtype=bool)
    for v in (x, y):
        gap = np.abs(v - np.median(v))
        width = float(np.median(gap))
        out |= gap > _FAR * width if width > 0 else False
    return out


def _industries(
    inputs: StageInputs, enough: np.ndarray, industry: np.ndarray, kept: np.ndarray
) -> pa.Table:
    names: dict[str, tuple[str, str]] = {}
    if inputs.has("industries"):
        given = inputs.table("industries")
        columns = [text_of(given, c) for c in ("industry", "name_en", "name_zh")]
        names = {k: (en, zh) for k, en, zh in zip(*columns, strict=True)}
    return pa.table(
        {
            "industry": texts(list(enough)),
            "name_en": texts([names.get(str(k), ("", ""))[0] for k in enough]),
            "name_zh": texts([names.get(str(k), ("", ""))[1] for k in enough]),
            "plants": [int((industry[kept] == k).sum()) for k in enough],
        }
    )
