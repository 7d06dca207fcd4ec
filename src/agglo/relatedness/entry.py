"""Entry and exit of activities, and whether density foretold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.frames import frame_kind, require_columns, string_column, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels_density as density_kernels
from agglo.relatedness import _kernels_presence as thresholds
from agglo.relatedness import _kernels_proximity as proximity_kernels
from agglo.relatedness.relatedness_results import grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntoFrame

__all__ = ["EntryBacktest", "EntryExit", "backtest_entries", "entry_exit"]

_PREDICTORS = ("density", "ubiquity", "diversity", "random", "permuted")
_AT = (5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waves:
    """Quotients of every period on the same regions and activities; NaN is absent there."""

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    period: tuple[str, ...]
    quotient: FloatArray
    kind: FrameKind
    digest: tuple[str, ...]


def _waves(
    data: IntoFrame, region: str, activity: str, value: str, period: str
) -> _Waves:
    source = to_arrow(data)
    require_columns(source, {"period": period})
    found = sorted({str(p) for p in string_column(source, period) if p is not None})
    if len(found) < 2:
        msg = f"Entry and exit need two periods; there is {found}."
        raise NotIdentifiedError(msg)
    tables: list[RegionActivity] = []
    words = np.array([str(p) for p in string_column(source, period)])
    import pyarrow as pa

    for one in found:
        rows = source.filter(pa.array(words == one))
        tables.append(
            as_region_activity(
                rows.drop_columns([period]),
                region=region,
                activity=activity,
                value=value,
            )
        )
    regions = np.unique(np.concatenate([t.region for t in tables]))
    activities = np.unique(np.concatenate([t.activity for t in tables]))
    out = np.full((len(found), regions.size, activities.size), np.nan)
    for k, t in enumerate(tables):
        there = thresholds.revealed_advantage(
            t.values, t.row_total, t.col_total, t.total
        )
        at = np.ix_(
            np.searchsorted(regions, t.region), np.searchsorted(activities, t.activity)
        )
        out[k][at] = there
    return _Waves(
        region=frozen_array(regions),
        activity=frozen_array(activities),
        period=tuple(found),
        quotient=out,
        kind=frame_kind(data),
        digest=tuple(t.digest for t in tables),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class EntryExit(Result):
    """Which activities came to and left which regions between periods.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    period
        The earlier period of each step.
    entry, exit
        Shape (n_steps, n_regions, n_activities): 1, 0, or NaN where it was already
        present (entry), was absent (exit), or is not known.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    period: tuple[str, ...]
    entry: FloatArray
    exit: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per step, region and activity."""
        cells = self.region.size * self.activity.size
        labels = grid(self.region, self.activity)
        steps = len(self.period)
        rows = np.tile(np.arange(cells), steps)
        return {
            "period": np.repeat(np.array(self.period), cells),
            "region": labels["region"].take(rows),  # type: ignore[union-attr]
            "industry": labels["industry"].take(rows),  # type: ignore[union-attr]
            "entry": self.entry.ravel(),
            "exit": self.exit.ravel(),
        }

    def summary(self) -> str:
        """Give the rates."""
        e, x = self.entry, self.exit
        return (
            f"{len(self.period)} step(s): {int(np.nansum(e))} entries of "
            f"{int(np.isfinite(e).sum())} options, {int(np.nansum(x))} exits of "
            f"{int(np.isfinite(x).sum())} present"
        )

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.period))
        for values, name in ((self.entry, "entry"), (self.exit, "exit")):
            known = np.isfinite(values).sum(axis=(1, 2))
            rate = np.nansum(values, axis=(1, 2)) / np.maximum(known, 1)
            ax.plot(place, rate, marker="o", label=f"{name} rate")
        ax.set_xticks(place, self.period)
        ax.legend()


def entry_exit(
    data: IntoFrame,
    *,
    period: str = "period",
    rule: Literal["threshold", "robust"] = "threshold",
    threshold: float = 1.0,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
) -> EntryExit:
    """Mark which activities entered and left which regions between periods.

    Use as the outcome of entry models; not where thin cells cross the threshold by
    chance, for which there is ``rule="robust"``.

    Parameters
    ----------
    data
        Activity table of two or more periods; periods are put in the order of their text.
    period
        Column of the period.
    rule
        ``"threshold"``: the quotient crosses `threshold`; ``"robust"``: an entry comes
        from below half of it, an exit goes there (inferred).
    threshold
        Smallest quotient that counts as present.
    region, activity, value
        Columns of the frame.

    Returns
    -------
    EntryExit
        One row per step, region and activity.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    NotIdentifiedError
        If there is one period only.
    InvalidTableError
        If the table of a period breaks its schema or a cell is unknown.
    OptionError
        If a choice does not exist or a number is out of range.

    Notes
    -----
    Entry is 0 or 1 for what was absent at t, NaN otherwise; exit for what was present. A
    region or activity that a period does not name is NaN in its steps. O(cells).

    References
    ----------
    Balland, Boschma, Crespo and Rigby 2019, doi:10.1080/00343404.2018.1437900.

    See Also
    --------
    backtest_entries : Whether density foretold the entries.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import entry_exit
    >>> jobs = pa.table({"period": ["1"] * 4 + ["2"] * 4, "region": list("aabb") * 2,
    ...     "industry": list("xyxy") * 2, "employment": [9.0, 1.0, 1.0, 9.0, 1.0, 9.0, 9.0, 1.0]})
    >>> entry_exit(jobs).entry[0].tolist()
    [[nan, 1.0], [1.0, nan]]
    """
    check_choice("rule", rule, ("threshold", "robust"))
    check_number("threshold", threshold, minimum=1e-12)
    waves = _waves(data, region, activity, value, period)
    entry, leave = _changes(waves.quotient, threshold, rule)
    return EntryExit(
        provenance=Provenance.of(
            entry_exit, *waves.digest, parameters={"rule": rule, "threshold": threshold}
        ),
        frame_kind=waves.kind,
        undefined=(
            Undefined(
                reason="not an option, not present, or not in both periods",
                n=int(np.isnan(entry).sum()),
            ),
        ),
        region=waves.region,
        activity=waves.activity,
        period=waves.period[:-1],
        entry=frozen_array(entry),
        exit=frozen_array(leave),
    )


def _changes(
    quotient: FloatArray, threshold: float, rule: str
) -> tuple[FloatArray, FloatArray]:
    present = thresholds.at_least(quotient, threshold)
    before, after = present[:-1], present[1:]
    known = np.isfinite(quotient[:-1]) & np.isfinite(quotient[1:])
    came, left = after, ~after
    if rule == "robust":
        low = quotient < threshold / 2
        came, left = after & low[:-1], low[1:]
    entry = np.where(known & ~before, came.astype(np.float64), np.nan)
    leave = np.where(known & before, left.astype(np.float64), np.nan)
    return entry, leave


@dataclass(frozen=True, eq=False, kw_only=True)
class EntryBacktest(Result):
    """How well scores at t rank the options that were taken up later.

    Parameters
    ----------
    predictor
        ``"density"``, then what it must beat: ubiquity, diversity, chance, and density
        under a proximity with permuted labels.
    auc_within, low, high
        Mean over regions of the AUC within the region, and its interval from resampling
        regions.
    auc_pooled
        Over all regions together: mostly says which regions diversify.
    precision_5, precision_10
        Mean share of entries among the first 5 and 10 options of a region.
    average_precision
        Mean over regions.
    base_rate
        Share of options taken up.
    n_regions, n_skipped
        Regions with some but not all options taken up; others.
    trained, tested
        The two periods.
    """

    predictor: tuple[str, ...]
    auc_within: FloatArray
    low: FloatArray
    high: FloatArray
    auc_pooled: FloatArray
    precision_5: FloatArray
    precision_10: FloatArray
    average_precision: FloatArray
    base_rate: float
    n_regions: int
    n_skipped: int
    trained: str
    tested: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per predictor."""
        return {
            "predictor": list(self.predictor),
            "auc_within": self.auc_within,
            "low": self.low,
            "high": self.high,
            "auc_pooled": self.auc_pooled,
            "precision_5": self.precision_5,
            "precision_10": self.precision_10,
            "average_precision": self.average_precision,
        }

    def summary(self) -> str:
        """Give the AUC within regions beside those of the baselines."""
        parts = [
            f"{p} {a:.3f}" for p, a in zip(self.predictor, self.auc_within, strict=True)
        ]
        return "\n".join(
            [
                f"entries {self.trained} to {self.tested} in {self.n_regions} regions "
                f"({self.n_skipped} skipped), base rate {self.base_rate:.3f}",
                f"AUC within regions: {', '.join(parts)}",
                f"precision at 5: {self.precision_5[0]:.3f}",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.predictor))
        ax.vlines(place, self.low, self.high, color="0.6")
        ax.plot(place, self.auc_within, "o")
        ax.axhline(0.5, color="0.8", lw=0.8)
        ax.set_xticks(place, self.predictor)
        ax.set_ylabel("AUC within regions")


def backtest_entries(
    data: IntoFrame,
    *,
    period: str = "period",
    train: str | None = None,
    test: str | None = None,
    threshold: float = 1.0,
    self_in_density: bool = False,
    n_boot: int = 500,
    level: float = 0.9,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    seed: int | None = None,
    n_jobs: int | None = None,
) -> EntryBacktest:
    r"""Test out of time whether relatedness density ranks what regions take up.

    Use before recommending options by density. Read the AUC within regions: pooled over
    regions, diversity alone looks as good.

    Parameters
    ----------
    data
        Activity table of two or more periods.
    period
        Column of the period.
    train, test
        Period of the scores and of the entries; default the first and the last.
    threshold
        Smallest quotient that counts as present.
    self_in_density
        Whether an activity is its own neighbour.
    n_boot
        Resamples of regions for the intervals; 0 for none.
    level
        Of the intervals.
    region, activity, value
        Columns of the frame.
    seed
        Of chance, permutation and resamples; ``None`` draws entropy and records it.
    n_jobs
        Workers.

    Returns
    -------
    EntryBacktest
        Density and four baselines.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    NotIdentifiedError
        If there is one period only, or no region took up some but not all options.
    InvalidTableError
        If the table of a period breaks its schema or a cell is unknown.
    OptionError
        If `train` is not before `test`, or a number is out of range.

    Notes
    -----
    Proximity and density use the period `train` only. AUC is the share of pairs of an
    entry and another option that are in the right order, ties a half. Regions that took
    up nothing or everything are skipped and counted. O(n_regions n_activities^2).

    References
    ----------
    Balland, Boschma, Crespo and Rigby 2019, doi:10.1080/00343404.2018.1437900.

    See Also
    --------
    entry_exit : The entries.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.relatedness import backtest_entries
    >>> rng, (r, i) = np.random.default_rng(1), np.divmod(np.arange(600), 20)
    >>> near = np.exp(2 * rng.normal(size=(30, 4)))[r, i // 5]
    >>> jobs = pa.table({"period": np.repeat(["1", "2"], 600), "region": np.tile(r, 2).astype(str),
    ...     "industry": np.tile(i, 2).astype(str),
    ...     "employment": np.concatenate([near * rng.lognormal(0, 1, 600) for _ in "12"])})
    >>> backtest_entries(jobs, seed=1, n_boot=0).auc_within[2]
    np.float64(0.5)
    """
    check_number("threshold", threshold, minimum=1e-12)
    check_number("n_boot", n_boot, minimum=0, integer=True)
    check_number("level", level, minimum=0.0, maximum=1.0, open_ends=True)
    waves = _waves(data, region, activity, value, period)
    first, last = _steps(waves.period, train, test)
    entropy = entropy_of(seed)
    pair = waves.quotient[[first, last]]
    entry = _changes(pair, threshold, "threshold")[0][0]
    scores = _scores(pair[0], threshold, self_in_density, generator(entropy, 0))
    counts = np.nansum(entry, axis=1)
    options = np.isfinite(entry).sum(axis=1)
    used = (counts > 0) & (counts < options)
    if not used.any():
        msg = "No region took up some but not all of its options: nothing to rank."
        raise NotIdentifiedError(msg)
    by_region = np.stack(
        [
            [_ranked(entry[r], scores[p][r]) for r in np.flatnonzero(used)]
            for p in _PREDICTORS
        ]
    )
    band = _band(by_region[:, :, 0], n_boot, level, entropy, n_jobs)
    mean = by_region.mean(axis=1)
    pooled = [_ranked(entry.ravel(), scores[p].ravel())[0] for p in _PREDICTORS]
    return EntryBacktest(
        provenance=Provenance.of(
            backtest_entries,
            *waves.digest,
            parameters={
                "train": waves.period[first],
                "test": waves.period[last],
                "threshold": threshold,
                "self_in_density": self_in_density,
                "n_boot": n_boot,
                "level": level,
            },
            seed=entropy,
        ),
        frame_kind=waves.kind,
        undefined=tuple(
            Undefined(reason="no entry, or nothing but entries: skipped", region=str(r))
            for r in waves.region[~used]
        ),
        predictor=_PREDICTORS,
        auc_within=frozen_array(mean[:, 0].copy()),
        low=frozen_array(band[0].copy()),
        high=frozen_array(band[1].copy()),
        auc_pooled=frozen_array(np.array(pooled)),
        precision_5=frozen_array(mean[:, 1].copy()),
        precision_10=frozen_array(mean[:, 2].copy()),
        average_precision=frozen_array(mean[:, 3].copy()),
        base_rate=float(np.nanmean(entry)),
        n_regions=int(used.sum()),
        n_skipped=int((~used).sum()),
        trained=waves.period[first],
        tested=waves.period[last],
    )


def _steps(
    period: tuple[str, ...], train: str | None, test: str | None
) -> tuple[int, int]:
    first = 0 if train is None else period.index(check_choice("train", train, period))
    last = -1 if test is None else period.index(check_choice("test", test, period))
    last %= len(period)
    if first >= last:
        msg = f"train={period[first]!r} must come before test={period[last]!r}."
        raise OptionError(msg)
    return first, last


def _scores(
    quotient: FloatArray, threshold: float, own: bool, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Give what each predictor says at the first period."""
    m = thresholds.at_least(quotient, threshold).astype(np.float64)
    phi = np.nan_to_num(proximity_kernels.from_presence(m, "min"))
    turn = rng.permutation(phi.shape[0])

    def dense(matrix: FloatArray) -> FloatArray:
        weights = density_kernels.neighbours(matrix, include_self=own, nearest=None)
        return density_kernels.density(m, weights)

    shape = m.shape
    return {
        "density": dense(phi),
        "ubiquity": np.broadcast_to(m.sum(axis=0), shape),
        "diversity": np.broadcast_to(m.sum(axis=1)[:, None], shape),
        "random": rng.random(shape),
        "permuted": dense(phi[np.ix_(turn, turn)]),
    }


def _ranked(entry: FloatArray, score: FloatArray) -> tuple[float, ...]:
    """AUC, precision at 5 and at 10, and average precision of one list of options."""
    from scipy.stats import rankdata

    known = np.isfinite(entry)
    y, s = entry[known], np.nan_to_num(score[known])
    hits = y.sum()
    ranks = rankdata(s)
    auc = (ranks[y == 1].sum() - hits * (hits + 1) / 2) / (hits * (y.size - hits))
    sorted_hits = y[np.argsort(-s, kind="stable")]
    reached = np.cumsum(sorted_hits) / np.arange(1, y.size + 1)
    at = [float(sorted_hits[:k].mean()) for k in _AT]
    return float(auc), *at, float(reached[sorted_hits == 1].mean())


def _band(
    auc: FloatArray, n: int, level: float, entropy: int, n_jobs: int | None
) -> FloatArray:
    if not n:
        return np.full((2, auc.shape[0]), np.nan)
    size = auc.shape[1]

    def draw(rng: np.random.Generator, count: int) -> FloatArray:
        return np.stack(
            [auc[:, rng.integers(size, size=size)].mean(axis=1) for _ in range(count)]
        )

    sims = monte_carlo(draw, n=n, seed=entropy, stream=1, n_jobs=n_jobs)
    return np.quantile(sims, [(1 - level) / 2, (1 + level) / 2], axis=0)
