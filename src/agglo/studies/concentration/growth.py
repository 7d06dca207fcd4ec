"""Stage `growth`: what part of the change of regions is their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import shift_share
from agglo.core.tables import as_region_activity
from agglo.studies.concentration.scope import Scope, rows_of
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.concentration.shift_share_results import ShiftShareTotals
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
        Tables ``growth_regions`` and ``growth_industries`` (empty with one period),
        document ``growth_notes``.
    """
    scope = Scope.from_document(inputs.document("prepare", "coverage"))
    if not scope.growth_periods:
        return _nothing("there is only one period")
    ends = [
        as_region_activity(
            rows_of(
                inputs.table("activity"),
                period=period,
                region_version=scope.region_version,
                industry_version=scope.growth_industry_version,
            ),
            margins="disclosed",
        )
        for period in scope.growth_periods
    ]
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


def _nothing(reason: str) -> StageOutput:
    tables = {}
    for name, key in (("growth_regions", "region"), ("growth_industries", "industry")):
        number = pa.array([], pa.float64())
        names = ("start", "end", "change", *_PARTS, "regional_rate", "n_unknown")
        columns = {key: pa.array([], pa.string()), **dict.fromkeys(names, number)}
        tables[name] = pa.table(columns)
    facts: dict[str, Json] = {"reason": reason, "notes": [], "growth": None}
    return StageOutput(tables=tables, documents={"growth_notes": facts})
