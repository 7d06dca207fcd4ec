"""Alerts over the clusters that are watched, each with its evidence and false-alarm rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from agglo.core.parallel import generator
from agglo.studies.formation.columns import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.studies.formation.columns import Row

__all__ = [
    "ALERTS",
    "ALERT_COLUMNS",
    "EVIDENCE",
    "Alert",
    "alerts_of",
    "calm_rate",
    "fell_below_one",
]

# id: English, Chinese, level
ALERTS: Mapping[str, tuple[str, str, str]] = {
    "A1": ("structural break in the last two periods", "近两期出现结构突变", "watch"),
    "A2": ("location quotient fell through 1", "区位商跌破 1", "warning"),
    "A3": (
        "rigidity: narrowing and concentrating",
        "锁定：多样性下降且集中度上升",
        "warning",
    ),
    "A4": (
        "one firm has more than 40 % of employment, or 10 points more than before",
        "单一企业占就业 40% 以上，或较上期上升 10 个百分点",
        "warning",
    ),
    "A5": ("growth far below the nation's", "增长远低于全国", "warning"),
    "A6": (
        "suppliers of the cluster contract in the nation",
        "集群上游供给行业全国收缩",
        "watch",
    ),
    "A7": (
        "more than a quarter of the ties to outside lost",
        "对外联系减少超过四分之一",
        "warning",
    ),
    "A8": ("data missing in the last two periods", "近两期数据缺失", "data"),
}
# evidence in words: {p} period, {v} value, {d} detail
EVIDENCE: Mapping[str, tuple[str, str]] = {
    "A1": ("break in {d}", "{d} 年出现突变"),
    "A2": ("quotient {v:.2f}", "区位商 {v:.2f}"),
    "A3": ("Herfindahl up, entropy down", "赫芬达尔指数上升、熵下降"),
    "A4": ("share {v:.2f}", "占比 {v:.2f}"),
    "A5": ("relative growth {v:+.3f}", "相对增长 {v:+.3f}"),
    "A6": ("exposure {v:.3f}, most by {d}", "暴露度 {v:.3f}，主要来自 {d}"),
    "A7": ("{v:.0%} of outside ties lost", "对外联系减少 {v:.0%}"),
    "A8": ("employment unknown", "就业未知"),
}
ALERT_COLUMNS = {
    "cluster": "s",
    "alert": "s",
    "level": "s",
    "first_seen": "s",
    "last_seen": "s",
    "value": "f",
    "detail": "s",
    "evidence": "s",
    "evidence_zh": "s",
    "acknowledged_by": "s",
    "closed": "s",
}
_LOW, _HIGH = 0.95, 1.05
_KEY_FIRM, _POINTS = 0.4, 0.1
_TIES_LOST = 0.25
_CLOSE_AFTER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert from when it was first seen.

    Parameters
    ----------
    cluster, alert, level
        Which, on whom, how grave.
    first_seen, last_seen
        Periods.
    value, detail
        What it rests on, in the last period in which it was true.
    evidence, evidence_zh
        The same in words.
    acknowledged_by
        Who has seen it.
    closed
        Period in which it was false for the second time in a row; empty: open.
    """

    cluster: str
    alert: str
    level: str
    first_seen: str
    last_seen: str
    value: float
    detail: str = ""
    evidence: str = ""
    evidence_zh: str = ""
    acknowledged_by: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """Whether a condition held, by period: 1, 0 or NaN unknown; with what it rests on."""

    state: FloatArray
    value: FloatArray
    detail: tuple[str, ...]


_Watch: TypeAlias = dict[str, _Watched]


def alerts_of(
    clusters: Sequence[str],
    *,
    periods: Sequence[str],
    breaks: Mapping[str, Sequence[str]],
    quotients: Mapping[str, FloatArray],
    rigid: Mapping[str, float],
    key_firm: Mapping[str, float | FloatArray],
    stages: Mapping[str, Sequence[Row]],
    delta: float,
    exposure: Mapping[str, tuple[float, str]] | None = None,
    exposure_max: float = 0.02,
    ties_lost: Mapping[str, tuple[float, str]] | None = None,
) -> list[Alert]:
    """Say which alerts were raised, with what they rest on; the closed ones too.

    An alert is closed when its condition is false twice in a row; a period in which it is
    not known says nothing.

    Parameters
    ----------
    clusters
        Clusters that are watched.
    periods
        All periods, in order.
    breaks
        Cluster to the periods of its breaks.
    quotients
        Cluster to its location quotient by period.
    rigid
        Cluster to 1 or 0 in the last period, NaN unknown.
    key_firm
        Cluster to the share of its largest firm, in the last period or by period.
    stages
        Cluster to its rows of the life cycle, in order.
    delta
        Threshold of the life cycle.
    exposure
        Cluster to its exposure to falling suppliers and the hardest of them.
    exposure_max
        Exposure above which A6 fires.
    ties_lost
        Cluster to the share of ties to outside that it lost, and the period.

    Returns
    -------
    list of Alert
        In the order of clusters and alerts; open ones have an empty `closed`.
    """
    out: list[Alert] = []
    for c in clusters:
        watch: _Watch = {}
        if c in breaks:
            watch["A1"] = _recent_break(breaks[c], periods)
        if c in quotients:
            fell = fell_below_one(quotients[c])
            watch["A2"] = _Watched(
                state=fell, value=quotients[c], detail=("",) * len(periods)
            )
        watch["A3"] = _at_end(periods, rigid.get(c, np.nan), 0.5)
        watch["A4"] = _key_firm(key_firm.get(c, np.nan), len(periods))
        watch.update(_from_life(stages.get(c, ()), periods, delta))
        size, seller = (exposure or {}).get(c, (np.nan, ""))
        watch["A6"] = _at_end(periods, size, exposure_max, seller)
        share, when = (ties_lost or {}).get(c, (np.nan, ""))
        watch["A7"] = _at_end(periods, share, _TIES_LOST, at=when)
        for code in sorted(watch):
            out += _episodes(c, code, watch[code], periods)
    return out


def _recent_break(breaks: Sequence[str], periods: Sequence[str]) -> _Watched:
    """Say whether a break lies in this or the period before."""
    hit = np.isin(np.array(periods), list(breaks))
    state = hit.copy()
    state[1:] |= hit[:-1]
    names = [
        periods[k] if hit[k] else periods[k - 1] if k and hit[k - 1] else ""
        for k in range(len(periods))
    ]
    return _Watched(
        state=state.astype(np.float64),
        value=hit.astype(np.float64),
        detail=tuple(names),
    )


def _at_end(
    periods: Sequence[str], value: float, limit: float, detail: str = "", at: str = ""
) -> _Watched:
    """Place a condition that is known in one period only: the last, or a named one."""
    n = len(periods)
    k = list(periods).index(at) if at in periods else n - 1
    state, held = np.full(n, np.nan), np.full(n, np.nan)
    if np.isfinite(value):
        state[k], held[k] = float(value > limit), value
    return _Watched(state=state, value=held, detail=(detail,) * n)


def _key_firm(share: float | FloatArray, n: int) -> _Watched:
    given = np.atleast_1d(np.asarray(share, dtype=np.float64))
    value = np.full(n, np.nan)
    value[n - given.size :] = given
    state = np.where(np.isnan(value), np.nan, value > _KEY_FIRM).astype(np.float64)
    rise = np.full(n, np.nan)
    rise[1:] = value[1:] - value[:-1]
    state[np.nan_to_num(rise, nan=-1.0) >= _POINTS] = 1.0
    return _Watched(state=state, value=value, detail=("",) * n)


def _from_life(rows: Sequence[Row], periods: Sequence[str], delta: float) -> _Watch:
    """Give A5 and A8: growth, and employment that is unknown in this and the last period."""
    if not rows:
        return {}
    n = len(periods)
    at = {p: k for k, p in enumerate(periods)}
    growth, jobs = np.full(n, np.nan), np.full(n, np.nan)
    for r in rows:
        k = at.get(str(r["period"]))
        if k is not None:
            growth[k], jobs[k] = number(r["value"]), number(r["employment"])
    low = np.where(np.isnan(growth), np.nan, growth < -2 * delta).astype(np.float64)
    lost = np.isnan(jobs)
    gone = np.zeros(n)
    gone[1:] = (lost[1:] & lost[:-1]).astype(np.float64)
    blank = ("",) * n
    return {
        "A5": _Watched(state=low, value=growth, detail=blank),
        "A8": _Watched(state=gone, value=jobs, detail=blank),
    }


def _episodes(
    cluster: str, code: str, watched: _Watched, periods: Sequence[str]
) -> list[Alert]:
    """Follow a condition through the periods; open at true, closed at false twice."""
    out: list[Alert] = []
    first = last = -1
    calm = 0
    for k in range(len(periods)):
        state = watched.state[k]
        if np.isnan(state):
            continue
        if state > 0:
            first = k if first < 0 else first
            last, calm = k, 0
        elif first >= 0:
            calm += 1
            if calm == _CLOSE_AFTER:
                out.append(
                    _alert(cluster, code, watched, periods, first, last, periods[k])
                )
                first, calm = -1, 0
    if first >= 0:
        out.append(_alert(cluster, code, watched, periods, first, last, ""))
    return out


def _alert(
    cluster: str,
    code: str,
    watched: _Watched,
    periods: Sequence[str],
    first: int,
    last: int,
    closed: str,
) -> Alert:
    value, detail = float(watched.value[last]), watched.detail[last]
    return Alert(
        cluster=cluster,
        alert=code,
        level=ALERTS[code][2],
        first_seen=periods[first],
        last_seen=periods[last],
        value=value,
        detail=detail,
        evidence=EVIDENCE[code][0].format(v=value, d=detail, p=periods[last]),
        evidence_zh=EVIDENCE[code][1].format(v=value, d=detail, p=periods[last]),
        closed=closed,
    )


def fell_below_one(quotient: FloatArray) -> FloatArray:
    """Say when a quotient that had been above 1.05 is down, after falling below 0.95.

    Parameters
    ----------
    quotient
        By period; NaN where unknown.

    Returns
    -------
    numpy.ndarray of float64
        1 from the fall until it is back at 1, else 0; NaN where unknown.
    """
    out = np.full(quotient.size, np.nan)
    state = ""
    for k, q in enumerate(quotient):
        if np.isnan(q):
            continue
        if q >= _HIGH:
            state = "above"
        elif q <= _LOW and state == "above":
            state = "fell"
        elif q >= 1.0 and state == "fell":
            state = ""
        out[k] = float(state == "fell")
    return out


def calm_rate(
    state: FloatArray, calm: BoolArray, *, seed: int, n: int = 999
) -> tuple[float, float, int]:
    """Give how often an alert is raised for calm clusters.

    Parameters
    ----------
    state
        1, 0 or NaN by cluster and period, (n_clusters, n_periods).
    calm
        Which clusters are calm.
    seed, n
        Bootstrap of calm clusters.

    Returns
    -------
    tuple
        Share of known cluster-periods, its upper end (95 %), number of calm clusters; NaN
        without calm clusters.
    """
    own = state[calm]
    known = (~np.isnan(own)).sum(axis=1)
    own, known = own[known > 0], known[known > 0]
    if not known.size:
        return float("nan"), float("nan"), 0
    raised = np.nansum(own, axis=1)
    drawn = generator(seed, 5).integers(0, known.size, (n, known.size))
    rates = raised[drawn].sum(axis=1) / known[drawn].sum(axis=1)
    return (
        float(raised.sum() / known.sum()),
        float(np.quantile(rates, 0.95)),
        int(known.size),
    )
