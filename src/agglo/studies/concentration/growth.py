"""Stage `growth`: what part of the change of regions is their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import location_quotient, shift_share
from agglo.studies.concentration.scope import Scope
from agglo.studies.concentration.tracks import (
    activity_of,
    no_tracks,
    period_quotients,
    quotients_on,
)
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.concentration.shift_share_results import ShiftShare, ShiftShareTotals
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs

__all__ = ["growth"]

_PARTS = ("national", "industry_mix", "regional", "unsplit")


def growth(inputs: StageInputs) -> StageOutput:
    """Decompose the change between the first and the last period.

    Parameters
    ----------
    inputs
        Table ``activity``, tables of stage `prepare`.

    Returns
    -------
    StageOutput
        Tables ``growth_regions``, ``growth_industries``, ``growth_cells`` (the parts
        and both quotients of every known cell) and ``growth_periods`` (the largest
        industries of every region in all periods), all empty with one period; document
        ``growth_notes``.
    """
    scope = Scope.from_document(inputs.document("prepare", "coverage"))
    if not scope.growth_periods:
        return _nothing("there is only one period")
    activity = inputs.table("activity")
    ends = [activity_of(activity, scope, period) for period in scope.growth_periods]
    both = np.intersect1d(ends[0].region, ends[1].region).size
    if not both or not ends[0].total > 0:
        return _nothing("nothing is known in both periods")
    found = shift_share(ends[0], ends[1])
    facts: dict[str, Json] = {
        "from": scope.growth_periods[0],
        "to": scope.growth_periods[1],
        "industry_version": scope.growth_industry_version,
        "growth": float(found.growth),
        "notes": list(found.provenance.warnings),
        "appeared": len(found.appeared),
        "vanished": len(found.vanished),
        "reason": "",
    }
    return StageOutput(
        tables={
            "growth_regions": _table(found.by_region(), "region"),
            "growth_industries": _table(found.by_activity(), "industry"),
            "growth_cells": _cells(found, ends),
            "growth_periods": period_quotients(activity, scope, found, ends),
        },
        documents={"growth_notes": facts},
    )


def _table(totals: ShiftShareTotals, key: str) -> pa.Table:
    columns = {
        key: pa.array(totals.label.tolist(), pa.string()),
        "start": totals.start,
        "end": totals.end,
        "change": totals.end - totals.start,
        **{name: totals.parts[name] for name in _PARTS},
        "regional_rate": totals.regional_rate,
        "n_unknown": totals.n_unknown.astype(np.float64),
    }
    return pa.table(columns)


def _cells(found: ShiftShare, ends: list[RegionActivity]) -> pa.Table:
    """Give every known cell that was there in one of the periods."""
    first, last = (
        quotients_on(found, end.region, end.activity, location_quotient(end).values)
        for end in ends
    )
    with np.errstate(invalid="ignore"):
        r, a = np.nonzero((found.start > 0) | (found.end > 0))
    known = ~np.isnan(found.change[r, a])
    r, a = r[known], a[known]
    numbers = {
        "start": found.start,
        "end": found.end,
        "change": found.change,
        **{name: found.parts[name] for name in _PARTS if name in found.parts},
        "lq_start": first,
        "lq_end": last,
    }
    return pa.table(
        {
            "region": pa.array(found.region.tolist()).take(pa.array(r)),
            "industry": pa.array(found.activity.tolist()).take(pa.array(a)),
            **{name: values[r, a] for name, values in numbers.items()},
        }
    )


def _nothing(reason: str) -> StageOutput:
    tables = {}
    for name, key in (("growth_regions", "region"), ("growth_industries", "industry")):
        number = pa.array([], pa.float64())
        names = ("start", "end", "change", *_PARTS, "regional_rate", "n_unknown")
        columns = {key: pa.array([], pa.string()), **dict.fromkeys(names, number)}
        tables[name] = pa.table(columns)
    names = ("start", "end", "change", *_PARTS, "lq_start", "lq_end")
    tables["growth_cells"] = pa.table(
        {
            **dict.fromkeys(("region", "industry"), pa.array([], pa.string())),
            **dict.fromkeys(names, number),
        }
    )
    tables["growth_periods"] = no_tracks()
    facts: dict[str, Json] = {"reason": reason, "notes": [], "growth": None}
    return StageOutput(tables=tables, documents={"growth_notes": facts})
