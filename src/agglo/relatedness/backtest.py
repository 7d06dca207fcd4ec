"""Whether density foretold the entries, out of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.relatedness import _kernels_backtest as kernels
from agglo.relatedness._waves import Before, changes, density_of, known_at, waves_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["EntryBacktest", "backtest_entries"]

_PREDICTORS = ("density", "ubiquity", "diversity", "random", "permuted", "complexity")
_AT = (5, 10)


@dataclass(frozen=True, eq=False, kw_only=True)
class EntryBacktest(Result):
    """How well scores at t rank the options that were taken up later.

    Parameters
    ----------
    predictor
        ``"density"``, then what it must beat: ubiquity, diversity, chance, density under
        a proximity with permuted labels (one draw), complexity of the activity.
    auc_within, low, high
        Mean over regions of the AUC within the region, and its interval from resampling
        regions.
    auc_pooled
        Over all regions together: mostly says which regions diversify.
    precision_5, precision_10
        Mean share of entries among the first 5 and 10 options of a region.
    average_precision
        Mean over regions.
    precision_5_low, precision_5_high
        Interval of the precision at 5, from the same resamples.
    slope, slope_low, slope_high
        Calibration: rise of the log-odds of entry per deviation of the score over all
        options, with an interval that lets regions be alike inside; 0 says nothing, NaN
        where the score does not vary or tells entries apart without exception.
    null_mean, p_value
        Mean AUC within regions of density under `n_permutations` proximities with
        permuted labels, and the share (with itself) of those at least as high; NaN
        without permutations.
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
    precision_5_low: FloatArray
    precision_5_high: FloatArray
    slope: FloatArray
    slope_low: FloatArray
    slope_high: FloatArray
    null_mean: float
    p_value: float
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
            "precision_5_low": self.precision_5_low,
            "precision_5_high": self.precision_5_high,
            "slope": self.slope,
            "slope_low": self.slope_low,
            "slope_high": self.slope_high,
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
                f"density against permuted labels: {self.null_mean:.3f}, "
                f"p = {self.p_value:.3f}",
                f"precision at 5: {self.precision_5[0]:.3f} ({self.precision_5_low[0]:.3f}"
                f" to {self.precision_5_high[0]:.3f}); log-odds per deviation "
                f"{self.slope[0]:.3f} ({self.slope_low[0]:.3f} to {self.slope_high[0]:.3f})",
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
    n_permutations: int = 99,
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
    n_permutations
        Permutations of the labels of the proximity for the null; 0 for none.
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
        Density, five baselines and a null.

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
    Proximity, density and complexity use the period `train` only, so that nothing dated
    later can enter a score. AUC is the share of pairs of an
    entry and another option that are in the right order, ties a half. Regions that took
    up nothing or everything are skipped and counted. O(n_permutations n_regions n_activities^2).

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
    check_number("n_permutations", n_permutations, minimum=0, integer=True)
    check_number("level", level, minimum=0.0, maximum=1.0, open_ends=True)
    waves = waves_of(data, region, activity, value, period)
    first, last = _steps(waves.period, train, test)
    entropy = entropy_of(seed)
    pair = waves.quotient[[first, last]]
    entry = changes(pair, threshold, "threshold")[0][0]
    counts, options = np.nansum(entry, axis=1), np.isfinite(entry).sum(axis=1)
    used = (counts > 0) & (counts < options)
    if not used.any():
        msg = "No region took up some but not all of its options: nothing to rank."
        raise NotIdentifiedError(msg)
    before = known_at(pair[0], threshold, self_in_density)
    scores = _scores(before, self_in_density, generator(entropy, 0))
    null = np.empty(0)
    if n_permutations:
        null = _null(
            before, entry, self_in_density, int(n_permutations), entropy, n_jobs
        )
    found = _measured(entry, scores, used, n_boot, level, entropy, n_jobs)
    auc = float(found["auc_within"][0])
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
                "n_permutations": n_permutations,
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
        **{k: frozen_array(np.ascontiguousarray(v)) for k, v in found.items()},
        null_mean=float(null.mean()) if null.size else float("nan"),
        p_value=(1 + int(np.sum(null >= auc - 1e-12))) / (1 + null.size)
        if null.size
        else float("nan"),
        base_rate=float(np.nanmean(entry)),
        n_regions=int(used.sum()),
        n_skipped=int((~used).sum()),
        trained=waves.period[first],
        tested=waves.period[last],
    )


def _measured(
    entry: FloatArray,
    scores: FloatArray,
    used: np.ndarray,
    n_boot: int,
    level: float,
    entropy: int,
    n_jobs: int | None,
) -> dict[str, FloatArray]:
    """Give every measure of every predictor, with its interval."""
    from scipy.stats import norm

    by_region = np.stack([kernels.judged(entry[used], s[used], _AT) for s in scores])
    mean = by_region.mean(axis=1)
    low, high = _band(by_region, n_boot, level, entropy, n_jobs)
    options = np.isfinite(entry)
    pooled = [
        kernels.auc_by_row(entry.reshape(1, -1), s.reshape(1, -1))[0] for s in scores
    ]
    slope, error = np.array([kernels.logit_slope(entry, s, options) for s in scores]).T
    z = float(norm.ppf((1 + level) / 2))
    return {
        "auc_within": mean[:, 0],
        "low": low[:, 0],
        "high": high[:, 0],
        "auc_pooled": np.array(pooled),
        "precision_5": mean[:, 1],
        "precision_10": mean[:, 2],
        "average_precision": mean[:, 3],
        "precision_5_low": low[:, 1],
        "precision_5_high": high[:, 1],
        "slope": slope,
        "slope_low": slope - z * error,
        "slope_high": slope + z * error,
    }


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


def _scores(before: Before, own: bool, rng: np.random.Generator) -> FloatArray:
    """Give what each predictor says at the first period, (n_predictors, n, p)."""
    m = before.presence
    turn = rng.permutation(m.shape[1])
    shape = m.shape
    said = {
        "density": before.density,
        "ubiquity": np.broadcast_to(m.sum(axis=0), shape),
        "diversity": np.broadcast_to(m.sum(axis=1)[:, None], shape),
        "random": rng.random(shape),
        "permuted": density_of(m, before.phi[np.ix_(turn, turn)], own),
        "complexity": np.broadcast_to(before.complexity, shape),
    }
    return np.stack([said[p] for p in _PREDICTORS])


def _null(
    before: Before,
    entry: FloatArray,
    own: bool,
    n: int,
    entropy: int,
    n_jobs: int | None,
) -> FloatArray:
    """Mean AUC within regions of density under proximities with permuted labels."""
    m, phi = before.presence, before.phi

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty(size)
        for i in range(size):
            turn = rng.permutation(phi.shape[0])
            mixed = density_of(m, phi[np.ix_(turn, turn)], own)
            out[i] = np.nanmean(kernels.auc_by_row(entry, mixed))
        return out

    return monte_carlo(draw, n=n, seed=entropy, stream=2, block_size=8, n_jobs=n_jobs)


def _band(
    by_region: FloatArray, n: int, level: float, entropy: int, n_jobs: int | None
) -> FloatArray:
    """Interval of the means over regions, (2, n_predictors, n_measures)."""
    size = by_region.shape[1]
    if not n:
        return np.full((2, by_region.shape[0], by_region.shape[2]), np.nan)

    def draw(rng: np.random.Generator, count: int) -> FloatArray:
        return np.stack(
            [
                by_region[:, rng.integers(size, size=size)].mean(axis=1)
                for _ in range(count)
            ]
        )

    sims = monte_carlo(draw, n=n, seed=entropy, stream=1, n_jobs=n_jobs)
    return np.quantile(sims, [(1 - level) / 2, (1 + level) / 2], axis=0)
