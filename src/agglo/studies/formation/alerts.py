"""Alerts over the clusters that are watched, each with its evidence and false-alarm rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.parallel import generator
from agglo.studies.formation.columns import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.typing import FloatArray, IntArray
    from agglo.studies.formation.columns import Row

__all__ = ["ALERTS", "alerts_of", "false_alarm_rate"]

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
        "one firm has more than 40 % of employment",
        "单一企业占就业 40% 以上",
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
_LOW, _HIGH = 0.95, 1.05
_KEY_FIRM = 0.4
_TIES_LOST = 0.25


def alerts_of(
    clusters: Sequence[str],
    *,
    periods: Sequence[str],
    breaks: Mapping[str, Sequence[str]],
    quotients: Mapping[str, FloatArray],
    rigid: Mapping[str, float],
    key_firm: Mapping[str, float],
    stages: Mapping[str, Sequence[Row]],
    delta: float,
    exposure: Mapping[str, tuple[float, str]] | None = None,
    exposure_max: float = 0.02,
    ties_lost: Mapping[str, tuple[float, str]] | None = None,
) -> list[dict[str, object]]:
    """Say which alerts fire, with what they rest on.

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
        Cluster to 1 or 0, NaN unknown.
    key_firm
        Cluster to the share of its largest member.
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
    list of dict
        cluster, alert, level, first_seen, evidence.
    """
    out: list[dict[str, object]] = []
    last_two = set(periods[-2:])
    for c in clusters:
        recent = [p for p in breaks.get(c, ()) if p in last_two]
        if recent:
            out.append(_alert(c, "A1", recent[0], f"break in {recent[0]}"))
        fell = _fell(quotients.get(c), periods)
        if fell is not None:
            out.append(_alert(c, "A2", fell[0], f"quotient {fell[1]:.2f}"))
        if rigid.get(c) == 1.0:
            out.append(_alert(c, "A3", periods[-1], "Herfindahl up, entropy down"))
        if key_firm.get(c, 0.0) > _KEY_FIRM:
            out.append(_alert(c, "A4", periods[-1], f"share {key_firm[c]:.2f}"))
        out += _from_outside(
            c, periods[-1], exposure or {}, exposure_max, ties_lost or {}
        )
        rows = stages.get(c, ())
        if rows:
            r = number(rows[-1]["value"])
            if r < -2 * delta:
                out.append(_alert(c, "A5", str(rows[-1]["period"]), f"r = {r:+.3f}"))
            missing = [np.isnan(number(x["employment"])) for x in rows[-2:]]
            if len(missing) == 2 and all(missing):
                out.append(_alert(c, "A8", periods[-2], "employment unknown"))
    return out


def _from_outside(
    cluster: str,
    period: str,
    exposure: Mapping[str, tuple[float, str]],
    exposure_max: float,
    ties_lost: Mapping[str, tuple[float, str]],
) -> list[dict[str, object]]:
    """Give A6 and A7 of one cluster; what is not known raises nothing."""
    out: list[dict[str, object]] = []
    size, seller = exposure.get(cluster, (0.0, ""))
    if size > exposure_max:
        out.append(
            _alert(cluster, "A6", period, f"exposure {size:.3f}, most by {seller}")
        )
    share, when = ties_lost.get(cluster, (0.0, ""))
    if share > _TIES_LOST:
        out.append(_alert(cluster, "A7", when, f"{share:.2f} of outside ties lost"))
    return out


def _alert(cluster: str, code: str, first: str, evidence: str) -> dict[str, object]:
    return {
        "cluster": cluster,
        "alert": code,
        "level": ALERTS[code][2],
        "first_seen": first,
        "evidence": evidence,
    }


def _fell(
    quotient: FloatArray | None, periods: Sequence[str]
) -> tuple[str, float] | None:
    """Say where a quotient that had been above 1.05 went below 0.95 and has stayed there."""
    if quotient is None:
        return None
    state, since = "", ""
    for period, q in zip(periods, quotient, strict=True):
        if q >= _HIGH:
            state = "above"
        elif q <= _LOW and state == "above":
            state, since = "fell", period
        elif q >= 1.0 and state == "fell":
            state = ""
    return (since, float(quotient[-1])) if state == "fell" else None


def false_alarm_rate(
    growth: FloatArray, unit: IntArray, delta: float, *, seed: int, n: int = 999
) -> float:
    """Give the share of cluster-periods in which alert A5 fires for calm clusters.

    Parameters
    ----------
    growth
        Relative growth of cluster-periods.
    unit
        Number of each one's cluster.
    delta
        Threshold of the life cycle: the alert fires below minus twice this, and a cluster
        is calm if its growth is within plus and minus this on average.
    seed, n
        Bootstrap of calm clusters.

    Returns
    -------
    float
        Upper end of the 90 % interval; NaN without calm clusters.
    """
    known = np.isfinite(growth)
    count = np.bincount(unit[known], minlength=int(unit.max(initial=-1)) + 1)
    held = count > 0
    mean = np.bincount(unit[known], growth[known], count.size)[held] / count[held]
    low = np.bincount(unit[known], growth[known] < -2 * delta, count.size)[held]
    calm = np.abs(mean) <= delta
    if not calm.any():
        return float("nan")
    low, size = low[calm], count[held][calm]
    drawn = generator(seed, 5).integers(0, low.size, (n, low.size))
    rates = low[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    return float(np.quantile(rates, 0.95))
