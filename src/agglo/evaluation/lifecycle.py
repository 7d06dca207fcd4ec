"""Where a cluster is in its life: stages by rules whose inputs are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.frames import frame_kind
from agglo.core.options import check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._group_panel import GroupPanel, Missing, read_group_panel
from agglo.evaluation.lifecycle_results import LifeCycle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntoFrame

__all__ = ["STAGES", "life_cycle"]

STAGES = (
    "emergence",
    "growth",
    "sustainment",
    "decline",
    "renewal",
    "latent",
    "mixed",
)
_NONE = "not_assessed"
_MEMORY = 3


def life_cycle(
    data: IntoFrame,
    *,
    region: str = "region",
    group: str = "group",
    activity: str = "industry",
    period: str = "period",
    value: str = "employment",
    k: int = 3,
    delta: float = 0.01,
    min_size: float = 0.0,
    new_min: float = 0.1,
    entry: str | None = None,
    firms: str | None = None,
    missing: Missing = "undefined",
) -> LifeCycle:
    r"""Tell the stage of every cluster and period by rules, with the inputs of the rules.

    A cluster is a group of industries in a region. Use it with ten periods or more;
    compare with `hidden_stages` before a stage is published.

    Parameters
    ----------
    data
        One row per region, group, sub-industry and period; absent row = zero, null =
        missing.
    region, group, activity, period, value
        Columns; periods sort as text, whole numbers must be evenly spaced.
    k
        Window of growth, in periods.
    delta
        Growth beyond the nation's, per period, that counts.
    min_size
        Clusters with less employment are not assessed.
    new_min
        Share of employment in new sub-industries that makes a renewal.
    entry
        Column of the firms that entered in the period. Growth then also needs an entry rate
        at or above the median of the group in the period.
    firms
        Column of the firms that entries are counted per; default per person employed.
    missing
        ``"undefined"``: a cluster with a missing cell is not assessed in that period;
        ``"zero"``: missing cells count as empty, recorded.

    Returns
    -------
    LifeCycle
        Stage and inputs per cluster and period; ``not_assessed`` before period k + 2.

    Raises
    ------
    OptionError
        If an option has no such value.
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing duplicate_key, negative_value, not_finite, null_key, empty_table.
    NotIdentifiedError
        If there are fewer than k + 2 periods, or they are not evenly spaced.

    Notes
    -----
    s is the z-score of log employment over the regions with the group (sample standard
    deviation), g the yearly growth over k, r = g less that of the group over the same
    clusters, h the entropy of sub-industries over ln K, all K of the group. The first rule
    that fires: decline r < -delta in t and t-1 and dh <= 0; renewal sustainment or decline
    in one of the three periods before, and g > 0, and dh > 0 and r > delta or new
    sub-industries above `new_min`; emergence s < 0, g > 0, dh > 0, r > delta; growth
    r > delta and s > 0 or rising (and, with `entry`, an entry rate at or above the median);
    sustainment s > 0, abs(r) <= delta; latent s <= 0,
    abs(r) <= delta; mixed. Thresholds are our operational choice. O(cells periods).

    References
    ----------
    Menzel and Fornahl 2010, doi:10.1093/icc/dtp036 (size and heterogeneity as the two
    sides of a life cycle; the rules are inferred, not theirs).

    See Also
    --------
    hidden_stages : The same question without rules.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import life_cycle
    >>> rows = [(r, i, t, 100 * (1.1 ** t if r == "a" else 1) + (i == "x") * 9)
    ...     for r in "abc" for i in "xy" for t in range(6)]
    >>> made = pa.table(dict(zip(["region", "industry", "period", "employment"],
    ...     zip(*rows)))).append_column("group", pa.array(["g"] * 36))
    >>> int((life_cycle(made).stage == "growth").sum())
    2
    """
    check_number("k", k, minimum=1, integer=True)
    check_number("delta", delta, minimum=0, open_ends=True)
    check_number("min_size", min_size, minimum=0)
    check_number("new_min", new_min, minimum=0, maximum=1)
    panel = read_group_panel(
        data,
        region=region,
        group=group,
        activity=activity,
        period=period,
        value=value,
        missing=missing,
    )
    n_periods = panel.period.size
    if n_periods < k + 2:
        msg = f"{n_periods} periods are too few: with k={k} a stage needs {k + 2}."
        raise NotIdentifiedError(msg)
    inputs = _inputs(panel, int(k))
    keys = {"region": region, "group": group, "activity": activity, "period": period}
    rate = _entry_rate(data, panel, keys, entry, firms, missing)
    if entry is not None:
        inputs["entry_rate"] = rate
    known = np.all([~np.isnan(v) for v in inputs.values()], axis=0)
    known &= inputs["employment"] >= min_size
    lively = _lively(rate, panel) if entry is not None else np.ones_like(known)
    stage = _stages(inputs, known, int(k), delta, new_min, lively)
    notes = (
        []
        if missing == "undefined" or not panel.n_unknown
        else [f"{panel.n_unknown} missing cells count as empty"]
    )
    return LifeCycle(
        region=frozen_array(np.repeat(panel.region, n_periods)),
        group=frozen_array(np.repeat(panel.group, n_periods)),
        period=frozen_array(np.tile(panel.period, panel.n)),
        stage=frozen_array(stage.ravel()),
        entry_rate=frozen_array(rate.ravel()),
        rule={"k": k, "delta": delta, "new_min": new_min, "min_size": min_size},
        frame_kind=frame_kind(data),
        undefined=_undefined(panel, stage, inputs["value"], int(k)),
        provenance=Provenance.of(
            life_cycle,
            panel.values,
            panel.unit,
            panel.region,
            panel.group,
            rate,
            parameters={
                "k": k,
                "delta": delta,
                "min_size": min_size,
                "new_min": new_min,
                "entry": entry,
                "firms": firms,
                "missing": missing,
            },
            warnings=notes,
        ),
        **_named(inputs, delta),
    )


def _named(inputs: dict[str, FloatArray], delta: float) -> dict[str, FloatArray]:
    """Give the inputs of the rules as columns, with the margin and the sign of diversity."""
    flat = {k: frozen_array(inputs[k].ravel()) for k in _INPUTS}
    relative, change = flat["value"], flat["change"]
    margin = np.minimum(np.abs(relative - delta), np.abs(relative + delta))
    falling = np.where(np.isnan(change), np.nan, change < 0)
    return {
        **flat,
        "margin": frozen_array(margin),
        "converging": frozen_array(falling),
    }


_INPUTS = (
    "size",
    "growth",
    "value",
    "diversity",
    "change",
    "new_share",
    "employment",
)


def _entry_rate(
    data: IntoFrame,
    panel: GroupPanel,
    keys: dict[str, str],
    entry: str | None,
    firms: str | None,
    missing: Missing,
) -> FloatArray:
    """Give entries per firm, or per person where no firms are told, (n_units, n_periods)."""
    out: FloatArray = np.full((panel.n, panel.period.size), np.nan)
    if entry is None:
        if firms is not None:
            msg = f"firms={firms!r} has no meaning without entry."
            raise OptionError(msg)
        return out
    new = read_group_panel(data, **keys, value=entry, missing=missing).totals()
    old = (
        panel.totals()
        if firms is None
        else read_group_panel(data, **keys, value=firms, missing=missing).totals()
    )
    np.divide(new, old, out=out, where=old > 0)
    return out


def _lively(rate: FloatArray, panel: GroupPanel) -> BoolArray:
    """Whether entry is at or above the median of the group in the period."""
    middle = np.full((panel.groups.size, rate.shape[1]), np.nan)
    for g in range(panel.groups.size):
        own = rate[panel.group_code == g]
        held = ~np.isnan(own).all(axis=0)
        middle[g, held] = np.nanmedian(own[:, held], axis=0)
    return np.asarray(rate >= middle[panel.group_code])


def _lag(x: FloatArray, k: int) -> FloatArray:
    out = np.full(x.shape, np.nan)
    out[:, k:] = x[:, :-k]
    return out


def _inputs(panel: GroupPanel, k: int) -> dict[str, FloatArray]:
    """Give the seven inputs of the rules, (n_units, n_periods) each."""
    total = panel.totals()
    log = np.full(total.shape, np.nan)
    np.log(total, out=log, where=total > 0)
    growth = (log - _lag(log, k)) / k
    # the nation over exactly the clusters known at both ends of the window
    both = ~np.isnan(total) & ~np.isnan(_lag(total, k))
    now = panel.by_group(np.where(both, total, np.nan))
    then = panel.by_group(np.where(both, _lag(total, k), np.nan))
    nation = np.full(now.shape, np.nan)
    held = (now > 0) & (then > 0)
    nation[held] = np.log(now[held] / then[held]) / k
    diversity = panel.entropy()
    before = np.full(panel.values.shape, np.nan)
    before[:, k:] = panel.values[:, :-k]
    fresh = panel.add(np.where(before == 0, panel.shares(), before * 0.0))
    return {
        "size": _z_scores(log, panel),
        "growth": growth,
        "value": growth - nation[panel.group_code],
        "diversity": diversity,
        "change": diversity - _lag(diversity, k),
        "new_share": fresh,
        "employment": total,
    }


def _z_scores(log: FloatArray, panel: GroupPanel) -> FloatArray:
    n = panel.by_group((~np.isnan(log)).astype(np.float64))
    mean = np.full(n.shape, np.nan)
    np.divide(panel.by_group(log), n, out=mean, where=n > 0)
    gap = log - mean[panel.group_code]
    spread = np.full(n.shape, np.nan)
    np.divide(panel.by_group(gap**2), n - 1, out=spread, where=n > 1)
    sd = np.sqrt(spread)[panel.group_code]
    out: FloatArray = np.full(log.shape, np.nan)
    np.divide(gap, sd, out=out, where=sd > 0)
    return out


def _stages(
    x: dict[str, FloatArray],
    known: BoolArray,
    k: int,
    delta: float,
    new_min: float,
    lively: BoolArray,
) -> NDArray[np.str_]:
    """Apply the rules period by period: a renewal needs the stages before it."""
    s, g, r, dh, new = (
        x[n] for n in ("size", "growth", "value", "change", "new_share")
    )
    stage = np.full(s.shape, _NONE, dtype="<U12")
    old = np.zeros(s.shape, dtype=np.bool_)
    for t in range(k + 1, s.shape[1]):
        usable = known[:, t] & ~np.isnan(r[:, t - 1])
        mature = old[:, max(0, t - _MEMORY) : t].any(axis=1)
        fresh = ((dh[:, t] > 0) & (r[:, t] > delta)) | (new[:, t] > new_min)
        flat = np.abs(r[:, t]) <= delta
        rising = (s[:, t] > 0) | (s[:, t] > s[:, t - 1])
        up = r[:, t] > delta
        rules = [
            (r[:, t] < -delta) & (r[:, t - 1] < -delta) & (dh[:, t] <= 0),
            mature & (g[:, t] > 0) & fresh,
            (s[:, t] < 0) & (g[:, t] > 0) & (dh[:, t] > 0) & up,
            up & rising & lively[:, t],
            (s[:, t] > 0) & flat,
            (s[:, t] <= 0) & flat,
        ]
        names = ["decline", "renewal", "emergence", "growth", "sustainment", "latent"]
        stage[:, t] = np.where(usable, np.select(rules, names, "mixed"), _NONE)
        old[:, t] = np.isin(stage[:, t], ("sustainment", "decline"))
    return stage


def _undefined(
    panel: GroupPanel, stage: NDArray[np.str_], value: FloatArray, k: int
) -> tuple[Undefined, ...]:
    out = []
    early = panel.n * (k + 1)
    late = int((stage[:, k + 1 :] == _NONE).sum())
    if np.isnan(value).any() or early:
        out.append(
            Undefined(reason=f"the first {k + 1} periods have no window", n=early)
        )
    if late:
        out.append(
            Undefined(
                reason="employment missing, none, or below min_size; or one sub-industry",
                n=late,
            )
        )
    return tuple(out)
