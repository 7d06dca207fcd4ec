"""How the largest specialisations of every region moved, period by period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import location_quotient
from agglo.core.tables import as_region_activity
from agglo.studies.concentration.scope import Scope, growth_span, rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.concentration.shift_share_results import ShiftShare
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import FloatArray

__all__ = ["activity_of", "no_tracks", "period_quotients", "quotients_on"]

_TRACKED = 12  # industries of a region: more lines cannot be told apart


def activity_of(table: pa.Table, scope: Scope, period: str) -> RegionActivity:
    """Give a period of the growth part as regions by industries."""
    rows = rows_of(
        table,
        period=period,
        region_version=scope.region_version,
        industry_version=scope.growth_industry_version,
    )
    return as_region_activity(rows, margins="disclosed")


def period_quotients(
    activity: pa.Table,
    scope: Scope,
    found: ShiftShare,
    ends: Sequence[RegionActivity],
) -> pa.Table:
    """Follow the largest industries of every region through all periods.

    Parameters
    ----------
    activity
        Table ``activity``.
    scope
        Versions, first and last period.
    found
        Decomposition between the two.
    ends
        The two themselves, as `activity_of` gives them.

    Returns
    -------
    pyarrow.Table
        ``region``, ``industry``, ``place`` (1 is the largest in the last period; ties by
        code), ``period``, ``employment``, ``lq``. Up to 12 industries with known jobs in
        the last period; a number that is unknown in a period is NaN.

    Notes
    -----
    O(periods x regions x industries) time, one period in memory at a time.
    """
    r, a, place = _largest(found.end)
    parts = []
    known = dict(zip(scope.growth_periods, ends, strict=True))
    for period in growth_span(activity, scope):
        now = known.get(period) or activity_of(activity, scope, period)
        lq, jobs = (
            quotients_on(found, now.region, now.activity, values)
            for values in (location_quotient(now).values, now.values)
        )
        parts.append(
            {
                "period": np.full(r.size, period),
                "employment": jobs[r, a],
                "lq": lq[r, a],
            }
        )
    n = len(parts)
    columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    whole = {
        "region": np.tile(found.region[r], n),
        "industry": np.tile(found.activity[a], n),
        "place": np.tile(place, n),
        **columns,
    }
    # every line in one piece, periods in order
    order = np.lexsort((whole["period"], whole["place"], whole["region"]))
    return pa.table({name: pa.array(values[order]) for name, values in whole.items()})


def no_tracks() -> pa.Table:
    """Give the table of a study with one period."""
    text, number = pa.array([], pa.string()), pa.array([], pa.float64())
    return pa.table(
        {"region": text, "industry": text, "place": pa.array([], pa.int64()),
         "period": text, "employment": number, "lq": number}
    )  # fmt: skip


def _largest(
    end: FloatArray,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give row, column and place of the largest positive cells of every row."""
    size = np.where(end > 0, end, -np.inf)
    kept = min(_TRACKED, size.shape[1])
    order = np.argsort(-size, axis=1, kind="stable")[:, :kept]
    there = np.isfinite(np.take_along_axis(size, order, axis=1))
    r, k = np.nonzero(there)
    return r, order[r, k], k + 1


def quotients_on(
    found: ShiftShare,
    region: NDArray[np.str_],
    industry: NDArray[np.str_],
    values: FloatArray,
) -> FloatArray:
    """Lay numbers of a period on the cells of the decomposition; NaN elsewhere."""
    out = np.full(found.start.shape, np.nan)
    rows, cols = _at(region, found.region), _at(industry, found.activity)
    r, a = np.flatnonzero(rows >= 0), np.flatnonzero(cols >= 0)
    out[np.ix_(r, a)] = values[np.ix_(rows[r], cols[a])]
    return out


def _at(labels: NDArray[np.str_], wanted: NDArray[np.str_]) -> NDArray[np.int64]:
    """Give the places of sorted labels, -1 for one that is not there."""
    place = np.searchsorted(labels, wanted).clip(max=labels.size - 1)
    return np.where(labels[place] == wanted, place, -1)
