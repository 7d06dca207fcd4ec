"""Shock and lock-in: resistance, recovery, and clusters that narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.frames import frame_kind
from agglo.core.options import Bootstrap, check_number
from agglo.core.parallel import entropy_of, generator
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._group_panel import GroupPanel, Missing, read_group_panel
from agglo.evaluation.lifecycle_results import LockIn, Resilience

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntoFrame

__all__ = ["lock_in", "resilience"]

_FLAT = 0.001
_Draws = Bootstrap(n=999, seed=7, level=0.9)


def resilience(
    data: IntoFrame,
    *,
    before: str,
    trough: str,
    after: str | None = None,
    region: str = "region",
    group: str = "group",
    activity: str = "industry",
    period: str = "period",
    value: str = "employment",
    missing: Missing = "undefined",
) -> Resilience:
    r"""Measure how clusters went through a shock, beside what the nation leads to expect.

    Positive is better than expected. Use the mix form where clusters differ in what they
    make; the dates are the caller's.

    Parameters
    ----------
    data
        As in `life_cycle`.
    before, trough, after
        Period before the shock, of the trough, and of the end; default the last.
    region, group, activity, period, value, missing
        As in `life_cycle`.

    Returns
    -------
    Resilience
        Per cluster resistance and recovery in both forms, and how long it took.

    Raises
    ------
    OptionError
        If a date is not among the periods or they are out of order.
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        As in `life_cycle`.
    NotIdentifiedError
        If the periods are not evenly spaced.

    Notes
    -----
    Sensitivity and mix form, of cluster c and its sub-industries i:

    .. math:: \frac{g_c - g_N}{|g_N|}, \qquad
       \frac{\Delta E_c - \Delta E^*_c}{|\Delta E^*_c|}, \quad
       \Delta E^*_c = \sum_i e_{ci} g_i

    Cells unknown at either date are left out of both sums, and counted; national growth is
    that of the same rows. A national change below 0.1 % gives NaN. O(cells).

    References
    ----------
    Martin 2012, doi:10.1093/jeg/lbr019; Martin, Sunley, Gardiner and Tyler 2016,
    doi:10.1080/00343404.2015.1136410.

    See Also
    --------
    lock_in : Which clusters narrow without a shock.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import resilience
    >>> made = pa.table({"region": ["a", "a", "b", "b"], "group": ["g"] * 4,
    ...     "industry": ["x"] * 4, "period": ["2019", "2020"] * 2,
    ...     "employment": [100.0, 95.0, 100.0, 85.0]})
    >>> resilience(made, before="2019", trough="2020").value.round(2).tolist()
    [0.5, -0.5]
    """
    panel = read_group_panel(
        data,
        region=region,
        group=group,
        activity=activity,
        period=period,
        value=value,
        missing=missing,
    )
    dates = {"before": before, "trough": trough, "after": after or panel.period[-1]}
    t = [_at(panel, name, str(label)) for name, label in dates.items()]
    if not t[0] < t[1] <= t[2]:
        msg = f"before={before!r}, trough={trough!r}, after={after!r} are out of order."
        raise OptionError(msg)
    fall, fall_mix, lost = _response(panel, t[0], t[1])
    rise, rise_mix, _ = _response(panel, t[1], t[2])
    back, censored = _recovery(panel, t[0], t[1], t[2])
    undefined = []
    if np.isnan(fall).any():
        why = "no employment before, unknown, or a national change below 0.1 %"
        undefined.append(Undefined(reason=why, n=int(np.isnan(fall).sum())))
    return Resilience(
        region=frozen_array(panel.region),
        group=frozen_array(panel.group),
        value=frozen_array(fall),
        resistance_mix=frozen_array(fall_mix),
        recovery=frozen_array(rise),
        recovery_mix=frozen_array(rise_mix),
        periods_to_recover=frozen_array(back),
        censored=frozen_array(censored),
        left_out=frozen_array(lost.astype(np.int64)),
        before=before,
        trough=trough,
        after=str(dates["after"]),
        frame_kind=frame_kind(data),
        undefined=tuple(undefined),
        provenance=Provenance.of(
            resilience,
            panel.values,
            panel.unit,
            panel.region,
            panel.group,
            parameters={**dates, "missing": missing},
        ),
    )


def lock_in(
    data: IntoFrame,
    *,
    window: int = 5,
    region: str = "region",
    group: str = "group",
    activity: str = "industry",
    period: str = "period",
    value: str = "employment",
    missing: Missing = "undefined",
    inference: Bootstrap = _Draws,
) -> LockIn:
    r"""Find clusters that grow more concentrated and less diverse at once.

    An alert, not a verdict: specialisation is what clusters live on, and narrowing while
    growing is the textbook sign of growth.

    Parameters
    ----------
    data
        As in `life_cycle`.
    window
        Last yearly changes that are looked at.
    region, group, activity, period, value, missing
        As in `life_cycle`.
    inference
        Bootstrap of the yearly changes; its level is that of the intervals.

    Returns
    -------
    LockIn
        Per cluster both mean changes with intervals, and whether it is rigid.

    Raises
    ------
    OptionError
        If `window` has no such value.
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        As in `life_cycle`.
    NotIdentifiedError
        If there are no more periods than `window`, or they are not evenly spaced.

    Notes
    -----
    The mean of the last changes of the Herfindahl index of sub-industries and of their
    normalised entropy; changes are redrawn with replacement, the same draws for every
    cluster. Rigid: one interval above 0 and the other below. With five changes an interval
    is rough: five changes of one sign always give one. O(clusters draws).

    References
    ----------
    Grabher 1993 (lock-in of regions); Efron 1979, doi:10.1214/aos/1176344552. The rule is
    our operational choice.

    See Also
    --------
    life_cycle : Stages, of which decline often follows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import lock_in
    >>> rows = [("a", "g", i, t, 100.0 + 10 * t * (i == "x"))
    ...     for i in "xy" for t in range(7)]
    >>> names = ["region", "group", "industry", "period", "employment"]
    >>> lock_in(pa.table(dict(zip(names, zip(*rows))))).rigid.tolist()
    [1.0]
    """
    check_number("window", window, minimum=2, integer=True)
    panel = read_group_panel(
        data,
        region=region,
        group=group,
        activity=activity,
        period=period,
        value=value,
        missing=missing,
    )
    n = int(window)
    if panel.period.size <= n:
        msg = f"{panel.period.size} periods hold no {n} changes: lower window."
        raise NotIdentifiedError(msg)
    entropy = entropy_of(inference.seed)
    drawn = generator(entropy, 0).multinomial(n, np.full(n, 1.0 / n), inference.n) / n
    tails = [(1 - inference.level) / 2, (1 + inference.level) / 2]
    parts = []
    for series in (panel.herfindahl(), panel.entropy()):
        change = np.diff(series[:, -n - 1 :], axis=1)
        low, high = np.quantile(change @ drawn.T, tails, axis=1)
        parts.append((change.mean(axis=1), low, high))
    (up, low, high), (wide, wide_low, wide_high) = parts
    rigid = np.where(np.isnan(up + wide), np.nan, (low > 0) & (wide_high < 0))
    undefined = []
    if np.isnan(rigid).any():
        why = "employment missing in the window, or the group has one sub-industry"
        undefined.append(Undefined(reason=why, n=int(np.isnan(rigid).sum())))
    return LockIn(
        region=frozen_array(panel.region),
        group=frozen_array(panel.group),
        value=frozen_array(up),
        lower=frozen_array(low),
        upper=frozen_array(high),
        diversity=frozen_array(wide),
        diversity_lower=frozen_array(wide_low),
        diversity_upper=frozen_array(wide_high),
        rigid=frozen_array(rigid),
        first=str(panel.period[-n - 1]),
        last=str(panel.period[-1]),
        frame_kind=frame_kind(data),
        undefined=tuple(undefined),
        provenance=Provenance.of(
            lock_in,
            panel.values,
            panel.unit,
            panel.region,
            panel.group,
            parameters={
                "window": window,
                "missing": missing,
                "n": inference.n,
                "level": inference.level,
            },
            seed=entropy,
        ),
    )


def _at(panel: GroupPanel, name: str, label: str) -> int:
    found = np.flatnonzero(panel.period == label)
    if found.size == 0:
        msg = f"{name}={label!r} is not a period. Periods: {panel.period.tolist()}"
        raise OptionError(msg)
    return int(found[0])


def _response(
    panel: GroupPanel, start: int, end: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give both forms of the response, and the cells left out."""
    a, b = panel.values[:, start], panel.values[:, end]
    known = ~np.isnan(a + b)
    a, b = np.where(known, a, 0.0), np.where(known, b, 0.0)
    both = np.column_stack([a, b])
    own = panel.add(both)
    groups = panel.by_group(own)
    code = panel.group_code[panel.unit]
    subs = np.zeros((panel.groups.size * panel.subs.size, 2))
    at = code * panel.subs.size + panel.sub
    np.add.at(subs, at, both)
    moved = np.where(a > 0, a * _growth(subs)[at], 0.0)
    expected = panel.add(moved[:, None])[:, 0]
    nation = _growth(groups)[panel.group_code]
    mine = _growth(own)
    sharp = np.abs(nation) >= _FLAT
    plain = np.where(
        sharp, (mine - nation) / np.where(sharp, np.abs(nation), 1), np.nan
    )
    base = np.abs(expected)
    held: BoolArray = base >= _FLAT * own[:, 0]
    held &= own[:, 0] > 0
    actual = own[:, 1] - own[:, 0]
    mix = np.where(held, (actual - expected) / np.where(held, base, 1.0), np.nan)
    lost = panel.add((~known).astype(np.float64)[:, None])[:, 0]
    return plain, mix, lost


def _growth(pair: FloatArray) -> FloatArray:
    out: FloatArray = np.full(pair.shape[0], np.nan)
    np.divide(pair[:, 1] - pair[:, 0], pair[:, 0], out=out, where=pair[:, 0] > 0)
    return out


def _recovery(
    panel: GroupPanel, before: int, trough: int, after: int
) -> tuple[FloatArray, BoolArray]:
    """Periods from `before` until the level is back, and who is still below it."""
    total = panel.totals()
    level = total[:, before]
    known = ~np.isnan(total[:, before : after + 1]).any(axis=1) & (level > 0)
    back = total[:, trough : after + 1] >= level[:, None]
    came = back.any(axis=1)
    wait = np.argmax(back, axis=1) + (trough - before)
    return np.where(known & came, wait, np.nan), known & ~came
