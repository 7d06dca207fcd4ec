"""How far ranks depend on choices: intervals, variance shares, removals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError, NotIdentifiedError
from agglo.core.options import MonteCarlo, check_number
from agglo.core.parallel import entropy_of, generator, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._choices import Choices, RunPlan, plan_of
from agglo.evaluation._kernels.aggregate import place
from agglo.evaluation._kernels.sobol import effects
from agglo.evaluation._log_plan import LogPlan, Vary, log_plan_of
from agglo.evaluation._scoring import rules_of, score_tree
from agglo.evaluation.coin_log import Coin
from agglo.evaluation.composite import composite_index
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.results import IndicatorWeights
from agglo.evaluation.robustness_results import (
    ElementRemoval,
    RankSensitivity,
    RankUncertainty,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = [
    "Choices",
    "Vary",
    "rank_sensitivity",
    "rank_uncertainty",
    "removal_effect",
]

_RESAMPLES = 500


def rank_uncertainty(
    data: IntoFrame | Indicators | Coin,
    *,
    choices: Choices | Sequence[Vary],
    min_known: float = 1.0,
    level: float = 0.9,
    top: int = 10,
    inference: MonteCarlo | None = None,
) -> RankUncertainty:
    r"""Measure how far each unit's rank depends on the choices behind the index.

    Use before ranks are published. The interval is over defensible choices, not over
    sampling: it is no confidence interval of a population.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, `Indicators`, or a `Coin` with an index.
    choices
        What may vary; the first of each is the nominal choice. For a coin: `Vary` objects,
        each for one argument of its log, which is run again in every run.
    min_known
        As in `composite_index`; not for a coin, whose log says it.
    level
        Share of the runs inside the interval, in (0, 1).
    top
        How many first places count for `top_share`.
    inference
        Number of runs and seed; default 999 runs.

    Returns
    -------
    RankUncertainty
        Nominal, mean and median rank, interval and share of runs among the first; 1 is best.

    Raises
    ------
    OptionError
        If an option has no such value, or the choices leave nothing open.
    NotIdentifiedError
        If every run is impossible.

    Notes
    -----
    Every run draws each choice uniformly and multiplies weights w by

    .. math:: 1 + f\,U(-1, 1)

    independently. Impossible runs (a geometric mean of z-scores) are counted and left out.
    Ranks are within the period, ties get the best rank. O(runs (cells + rows log rows));
    memory runs x rows.

    References
    ----------
    Saisana et al. 2005, doi 10.1111/j.1467-985X.2005.00350.x; Becker et al. 2022,
    doi 10.21105/joss.04567.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import Choices, rank_uncertainty
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 4, 8, 5], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> rank_uncertainty(rows, choices=Choices(weight_noise=0.5)).nominal.tolist()
    [3.0, 1.0, 2.0]
    """
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    check_number("top", top, minimum=1, integer=True)
    how = inference or MonteCarlo()
    table, plan = _planned(data, choices, min_known, by_weight=False)
    seed = entropy_of(how.seed)
    sims = monte_carlo(partial(_draw_ranks, plan), n=how.n, seed=seed)
    failed = np.isnan(sims).all(axis=1)
    sims = sims[~failed]
    if not sims.size:
        msg = "Every run is impossible: no combination of the choices gives an index."
        raise NotIdentifiedError(msg)
    nominal = plan.nominal()
    low, middle, high, mean, share = _describe(sims, level, top)
    lost = int(np.isnan(nominal).sum())
    reason = Undefined(reason="no index with the nominal choices", n=lost)
    return RankUncertainty(
        unit=table.unit,
        period=table.period,
        nominal=frozen_array(nominal),
        mean=frozen_array(mean),
        median=frozen_array(middle),
        lower=frozen_array(low),
        upper=frozen_array(high),
        top_share=frozen_array(share),
        level=level,
        top=int(top),
        n_runs=how.n,
        n_failed=int(failed.sum()),
        undefined=(reason,) if lost else (),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            rank_uncertainty,
            table,
            parameters={
                "choices": choices,
                "min_known": min_known,
                "level": level,
                "top": top,
                "n": how.n,
            },
            seed=seed,
        ),
    )


def _planned(
    data: IntoFrame | Indicators | Coin,
    choices: Choices | Sequence[Vary],
    min_known: float,
    *,
    by_weight: bool,
) -> tuple[Indicators, RunPlan | LogPlan]:
    """Give the rows that are ranked, and the plan of the runs."""
    if isinstance(data, Coin):
        found = log_plan_of(data, choices)
        nominal = data.index
        raw = data.tables.indicators
        kept = np.isin(_keys(raw.unit, raw.period), _keys(nominal.unit, nominal.period))
        return raw.only_units(kept), found
    table = as_indicators(data)
    return table, plan_of(table, choices, min_known=min_known, by_weight=by_weight)


def _keys(unit: NDArray[np.str_], period: NDArray[np.str_]) -> NDArray[np.str_]:
    return np.char.add(np.char.add(period, "\x1f"), unit)


def _draw_ranks(
    plan: RunPlan | LogPlan, rng: np.random.Generator, size: int
) -> FloatArray:
    return np.stack([plan.run(u) for u in rng.random((size, plan.width))])


def _describe(
    sims: FloatArray, level: float, top: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Quantiles, mean and share among the first, (n_rows,) each."""
    tail = (1 - level) / 2
    at = [tail, 0.5, 1 - tail]
    known = ~np.isnan(sims)
    full = known.all(axis=0)
    out = np.full((3, sims.shape[1]), np.nan)
    if full.any():
        out[:, full] = np.quantile(sims[:, full], at, axis=0)
    partly = known.any(axis=0) & ~full
    if partly.any():
        out[:, partly] = np.nanquantile(sims[:, partly], at, axis=0)
    count = known.sum(axis=0)
    count = np.where(count > 0, count, np.nan)
    mean = np.where(known, sims, 0.0).sum(axis=0) / count
    share = (sims <= top).sum(axis=0) / count
    return out[0], out[1], out[2], mean, share


def rank_sensitivity(
    data: IntoFrame | Indicators | Coin,
    *,
    choices: Choices | Sequence[Vary],
    min_known: float = 1.0,
    level: float = 0.95,
    by_weight: bool = False,
    inference: MonteCarlo | None = None,
) -> RankSensitivity:
    r"""Measure which choice the ranks depend on, alone and with the others.

    Also: Sobol indices. Use after `rank_uncertainty`, to know what to argue about.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, `Indicators`, or a `Coin` with an index.
    choices
        What may vary; the first of each is the nominal choice. For a coin: `Vary` objects,
        each for one argument of its log, which is run again in every run.
    min_known
        As in `composite_index`; not for a coin, whose log says it.
    level
        Coverage of the bootstrap intervals, in (0, 1).
    by_weight
        Every weight's noise as an input of its own, instead of all together.
    inference
        Number N of base samples and seed; default 999. N (inputs + 2) runs are made.

    Returns
    -------
    RankSensitivity
        First-order and total effects, shares of the variance; estimates may lie slightly
        outside [0, 1].

    Raises
    ------
    OptionError
        If an option has no such value, or the choices leave nothing open.
    NotIdentifiedError
        If ranks never move, or fewer than 10 base samples are possible.

    Notes
    -----
    With y the mean absolute rank change against the nominal index, and AB_i the sample A
    with input i from B:

    .. math:: S_i = \frac{\overline{y_B (y_{AB_i} - y_A)}}{V}, \qquad
              T_i = \frac{\overline{(y_A - y_{AB_i})^2}}{2 V}

    Plain random numbers; percentile bootstrap of 500 resamples. y_B is centred, which
    leaves the expectation and takes variance away. O(N inputs (cells + rows log rows)).

    References
    ----------
    Saltelli et al. 2010, doi 10.1016/j.cpc.2009.09.018, table 2 (b) and (f); Saisana et al.
    2005, doi 10.1111/j.1467-985X.2005.00350.x.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import Choices, rank_sensitivity
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 4, 8, 5], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> found = rank_sensitivity(rows, choices=Choices(weight_noise=0.9))
    >>> float(found.total[0].round())
    1.0
    """
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    how = inference or MonteCarlo()
    table, plan = _planned(data, choices, min_known, by_weight=by_weight)
    seed = entropy_of(how.seed)
    draw = partial(_draw_shifts, plan, plan.nominal())
    y = monte_carlo(draw, n=how.n, seed=seed, block_size=16)
    good = y[~np.isnan(y).any(axis=1)]
    if good.shape[0] < 10:
        msg = (
            f"Only {good.shape[0]} of {how.n} base samples are possible: 10 are needed."
        )
        raise NotIdentifiedError(msg)
    variance = float(good[:, :2].var())
    if variance == 0:
        msg = "Ranks never move: none of the choices matters."
        raise NotIdentifiedError(msg)
    first, total = effects(good)
    s, t = _intervals(good, level, seed)
    return RankSensitivity(
        inputs=plan.inputs,
        first=frozen_array(first),
        first_lower=frozen_array(s[0]),
        first_upper=frozen_array(s[1]),
        total=frozen_array(total),
        total_lower=frozen_array(t[0]),
        total_upper=frozen_array(t[1]),
        mean_shift=float(good[:, :2].mean()),
        variance=variance,
        n_base=how.n,
        n_failed=how.n - good.shape[0],
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            rank_sensitivity,
            table,
            parameters={
                "choices": choices,
                "min_known": min_known,
                "level": level,
                "by_weight": by_weight,
                "n": how.n,
            },
            seed=seed,
        ),
    )


def _draw_shifts(
    plan: RunPlan | LogPlan, nominal: FloatArray, rng: np.random.Generator, size: int
) -> FloatArray:
    """Mean rank change of A, B and every AB_i, (size, 2 + n_inputs)."""
    a, b = rng.random((2, size, plan.width))
    out = np.empty((size, 2 + len(plan.inputs)))
    for k in range(size):
        out[k, 0] = _shift(plan.run(a[k]), nominal)
        out[k, 1] = _shift(plan.run(b[k]), nominal)
        for i, columns in enumerate(plan.columns):
            mixed = a[k].copy()
            mixed[columns] = b[k, columns]
            out[k, 2 + i] = _shift(plan.run(mixed), nominal)
    return out


def _shift(ranks: FloatArray, nominal: FloatArray) -> float:
    both = ~np.isnan(ranks) & ~np.isnan(nominal)
    return float(np.abs(ranks - nominal)[both].mean()) if both.any() else np.nan


def _intervals(y: FloatArray, level: float, seed: int) -> tuple[FloatArray, FloatArray]:
    rng = generator(seed, 1, 0)
    tail = (1 - level) / 2
    drawn = [effects(y[rng.integers(0, len(y), len(y))]) for _ in range(_RESAMPLES)]
    stacked = np.array(drawn)
    found = np.nanquantile(stacked, [tail, 1 - tail], axis=0)
    return found[:, 0], found[:, 1]


def removal_effect(
    data: IntoFrame | Indicators,
    *,
    normalisation: str = "minmax",
    scale: tuple[float, float] | None = None,
    weights: str | Mapping[str, float] | IndicatorWeights = "equal",
    aggregation: str = "arithmetic",
    min_known: float = 1.0,
) -> ElementRemoval:
    r"""Measure how far ranks move when one indicator or pillar is left out.

    Also: leave-one-out. Use to find indicators that decide everything, or nothing.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    normalisation, scale, weights, aggregation, min_known
        As in `composite_index`; the aggregation is the same at all levels.

    Returns
    -------
    ElementRemoval
        Mean and largest absolute rank change per node, in ranks; 0 = it does not matter.

    Raises
    ------
    OptionError
        If an option has no such value.
    AlignmentError
        If a weight names an unknown node.
    InvalidTableError
        With code not_positive, as in `composite_index`.

    Notes
    -----
    .. math:: \bar\Delta_j = \frac{1}{n} \sum_u |r_u^{(-j)} - r_u|

    The weight of j is set to 0 and its siblings share it; a pillar that has nothing left
    goes too. O(nodes (cells + rows log rows)).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (remove_elements of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import removal_effect
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 4, 8, 5], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> [round(v, 4) for v in removal_effect(rows).shift[:2].tolist()]
    [0.0, 0.6667]
    """
    full = composite_index(
        data,
        normalisation=normalisation,
        scale=scale,
        weights=weights,
        aggregation=aggregation,
        min_known=min_known,
    )
    tree = full.tree
    group = np.unique(full.period, return_inverse=True)[1].astype(np.int64)
    rules = rules_of(tree, aggregation, min_known, -1.0, None)
    ready = full.scores[:, : tree.n_indicators]
    n = len(tree.nodes) - 1
    shift, largest = np.full(n, np.nan), np.full(n, np.nan)
    for j in range(n):
        w = tree.without(full.weights, j)
        if w[-1] == 0:
            continue
        try:
            top = score_tree(ready, w, tree, rules)[:, -1]
        except InvalidTableError:
            continue
        moved = np.abs(place(-top if rules.lower_is_better else top, group) - full.rank)
        moved = moved[~np.isnan(moved)]
        if moved.size:
            shift[j], largest[j] = moved.mean(), moved.max()
    lost = [
        Undefined(reason="nothing is left without it", item=tree.nodes[j])
        for j in np.flatnonzero(np.isnan(shift))
    ]
    return ElementRemoval(
        node=tree.nodes[:-1],
        level=frozen_array(tree.level[:-1]),
        shift=frozen_array(shift),
        largest=frozen_array(largest),
        undefined=tuple(lost),
        frame_kind=full.frame_kind,
        provenance=Provenance.of(
            removal_effect,
            full.provenance.input_digest,
            parameters=full.provenance.parameters,
        ),
    )
