"""In which years the path of a cluster breaks, and whether events lie there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import hypergeom

from agglo.core.checks import flag_rows, repeated
from agglo.core.frames import float_column, frame_kind, string_column
from agglo.core.options import check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._element_input import labels, raise_all, read_table
from agglo.evaluation._kernels.breaks import find_breaks
from agglo.evaluation.mechanism_results import (
    StructuralBreaks,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["structural_breaks"]

_MOST_BREAKS = 5


def structural_breaks(
    data: IntoFrame,
    *,
    cluster: str = "cluster",
    period: str = "period",
    value: str = "value",
    events: IntoFrame | None = None,
    min_segment: int = 3,
    tolerance: int = 1,
    trend: bool = True,
) -> StructuralBreaks:
    r"""Find the years in which the path of a cluster breaks, and whether events lie there.

    Hand in the logarithm of the cluster's share of the nation. A break is a change in the
    numbers, not a cause; an event beside it is no proof.

    Parameters
    ----------
    data
        One row per cluster and period.
    cluster, period, value
        Columns; `cluster` and `period` of `events` too.
    events
        Dated events.
    min_segment
        Periods between breaks.
    tolerance
        Periods between an event and a break that count as a hit.
    trend
        Whether segments have a slope of their own; otherwise only a level.

    Returns
    -------
    StructuralBreaks
        Breaks per cluster; NaN below ten periods or with missing values.

    Raises
    ------
    OptionError
        If an option has no such value.
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing duplicate_key, null_key, empty_table.

    Notes
    -----
    Least squares over all partitions by dynamic programming, at most five breaks; the
    number minimises n ln(SSR/n) + p ln n with p coefficients and dates. Hits under events
    at random different dates are hypergeometric, so p is exact. O(n^2) per series.

    References
    ----------
    Bai and Perron 2003, doi:10.1002/jae.659; the number of breaks by BIC after Yao 1988,
    doi:10.1016/0167-7152(88)90118-6.

    See Also
    --------
    mechanism_profile : Where the number of breaks is indicator M1.3.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import structural_breaks
    >>> path = [0.0, 0.1, 0.0, 0.1, 0.0, 0.1, 2.0, 2.1, 2.0, 2.1, 2.0, 2.1]
    >>> made = pa.table({"cluster": ["a"] * 12, "period": [2000 + t for t in range(12)],
    ...     "value": path})
    >>> structural_breaks(made).periods.tolist()
    ['2006']
    """
    check_number("min_segment", min_segment, minimum=2, integer=True)
    check_number("tolerance", tolerance, minimum=0, integer=True)
    asked = {"cluster": cluster, "period": period, "value": value}
    table, problems = read_table(data, "data", {**asked})
    raise_all(problems, "data")
    names, c = labels(table, cluster, "data")
    periods, t = labels(table, period, "data")
    problems += flag_rows(
        repeated(c * periods.size + t),
        code="duplicate_key",
        what="the same cluster and period occurs more than once",
        where="data",
        fix="add the rows up first",
    )
    raise_all(problems, "data")
    series = np.full((names.size, periods.size), np.nan)
    series[c, t] = float_column(table, value)
    found = [_breaks(y, int(min_segment), trend=trend) for y in series]
    dates = _event_dates(events, cluster, period, names, periods)
    hits = [
        _hits(where, dates.get(str(n)), periods.size, int(tolerance))
        for n, (where, _) in zip(names, found, strict=True)
    ]
    count = np.array([np.nan if w is None else float(w.size) for w, _ in found])
    undefined = []
    if np.isnan(count).any():
        why = "fewer than ten periods, or a missing or infinite value"
        undefined.append(Undefined(reason=why, n=int(np.isnan(count).sum())))
    return StructuralBreaks(
        cluster=frozen_array(names),
        value=frozen_array(count),
        periods=frozen_array(
            np.array([";".join(periods[w]) if w is not None else "" for w, _ in found])
        ),
        bic_gain=frozen_array(np.array([gain for _, gain in found])),
        events=frozen_array(np.array([h[0] for h in hits])),
        hits=frozen_array(np.array([h[1] for h in hits])),
        p=frozen_array(np.array([h[2] for h in hits])),
        frame_kind=frame_kind(data),
        undefined=tuple(undefined),
        provenance=Provenance.of(
            structural_breaks,
            names,
            periods,
            series,
            parameters={
                "min_segment": min_segment,
                "tolerance": tolerance,
                "trend": trend,
                "events": events is not None,
            },
        ),
    )


_LEAST_PERIODS = 10


def _breaks(y: FloatArray, least: int, *, trend: bool) -> tuple[IntArray | None, float]:
    if y.size < _LEAST_PERIODS or not np.isfinite(y).all():
        return None, float("nan")
    most = min(_MOST_BREAKS, y.size // least - 1)
    where, bic = find_breaks(y, least, max(most, 0), trend)
    m = int(np.argmin(bic))
    return where[m, :m], float(bic[0] - bic[m])


def _event_dates(
    events: IntoFrame | None,
    cluster: str,
    period: str,
    names: NDArray[np.str_],
    periods: NDArray[np.str_],
) -> dict[str, list[int]]:
    """Give the positions of the dates of every cluster; others are left out."""
    if events is None:
        return {}
    table, problems = read_table(
        events, "events", {"cluster": cluster, "period": period}
    )
    raise_all(problems, "events")
    at = {str(p): k for k, p in enumerate(periods)}
    out: dict[str, set[int]] = {str(n): set() for n in names}
    who, when = string_column(table, cluster), string_column(table, period)
    for c, t in zip(who, when, strict=True):
        if c in out and t in at:
            out[c].add(at[t])
    return {c: sorted(v) for c, v in out.items() if v}


def _hits(
    breaks: IntArray | None, events: list[int] | None, n: int, tolerance: int
) -> tuple[float, float, float]:
    if breaks is None or not events:
        return float("nan"), float("nan"), float("nan")
    near = np.zeros(n, dtype=np.bool_)
    for b in breaks.tolist():
        near[max(0, b - tolerance) : b + tolerance + 1] = True
    hits = int(near[events].sum())
    p = float(hypergeom.sf(hits - 1, n, int(near.sum()), len(events)))
    return float(len(events)), float(hits), p
