"""Judging clusters by the criteria of a scheme, once or for many redrawn economies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import frozen_array
from agglo.relatedness import _kernels

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray
    from agglo.relatedness._amounts import Amounts
    from agglo.relatedness.schemes import Criterion, StrengthScheme

_BATCHES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Verdicts: criteria first, then regions, then clusters."""

    values: FloatArray
    cut: FloatArray
    met: FloatArray
    strong: FloatArray


def quotient(amounts: Amounts) -> FloatArray:
    return _kernels.location_quotient(
        amounts.size, amounts.row_total, amounts.col_total, amounts.total
    )


def _measured(criterion: Criterion, amounts: Amounts) -> FloatArray:
    """Give what a criterion looks at, (n_regions, n_clusters); NaN without the data for it."""
    size = amounts.size
    found: FloatArray | None = None
    match criterion.measure:
        case "quotient":
            found = quotient(amounts)
        case "size":
            found = size
        case "size_share":
            found = _kernels.ratio(size, amounts.col_total[None, :])
        case "region_share":
            found = _kernels.ratio(size, amounts.row_total[:, None])
        case "establishments_share" if amounts.establishments is not None:
            found = _kernels.ratio(amounts.establishments, amounts.establishments_total)
        case "productivity" if amounts.output is not None:
            found = _kernels.ratio(amounts.output, size)
        case "growth" if amounts.earlier is not None:
            found = _kernels.ratio(size, amounts.earlier) - 1.0
    return np.full(size.shape, np.nan) if found is None else found


def judge(rules: StrengthScheme, amounts: Amounts) -> Judged:
    present = amounts.size > 0
    values, cuts, met = [], [], []
    for criterion in rules.criteria:
        value = _measured(criterion, amounts)
        if criterion.rule == "top_share":
            cut = _kernels.top_cut(value, present, criterion.threshold)
        else:
            cut = np.full(value.shape[1], float(criterion.threshold))
        values.append(value)
        cuts.append(cut)
        met.append(_kernels.criterion_met(value, cut, amounts.size))
    return Judged(
        values=np.stack(values),
        cut=np.stack(cuts),
        met=np.stack(met),
        strong=_kernels.verdict(met, rules.needed),
    )


def probabilities(
    rules: StrengthScheme, amounts: Amounts, n: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Share of redrawn economies in which each criterion is met, and the verdict strong.

    Every cluster keeps its mean plant; the number of plants is Poisson. Draws are summed
    in batches, since a record of each would not fit in memory.
    """
    from agglo.core.parallel import monte_carlo

    units = amounts.size if amounts.establishments is None else amounts.establishments
    units = np.where(amounts.size > 0, np.maximum(np.nan_to_num(units), 1.0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(units > 0, amounts.size / units, 0.0)
    batch = max(1, -(-n // _BATCHES))
    n_criteria = len(rules.criteria)

    def draw(rng: np.random.Generator, count: int) -> FloatArray:
        out = np.zeros((count, n_criteria + 1, *amounts.size.shape))
        for k in range(count):
            for _ in range(batch):
                judged = judge(rules, _redrawn(amounts, rng.poisson(units), mean))
                out[k, :-1] += judged.met == 1
                out[k, -1] += judged.strong == 1
        return out

    batches = -(-n // batch)
    total = monte_carlo(draw, n=batches, seed=seed, block_size=1).sum(axis=0)
    share = total / (batches * batch)
    known = judge(rules, amounts)
    p_met = np.where(np.isnan(known.met), np.nan, share[:-1])
    p_strong = np.where(np.isnan(known.strong), np.nan, share[-1])
    return frozen_array(p_met), frozen_array(p_strong)


def _redrawn(amounts: Amounts, plants: IntArray, mean: FloatArray) -> Amounts:
    """Give the same economy with other numbers of plants; unknown sizes stay unknown."""
    size = np.where(np.isnan(amounts.size), np.nan, plants * mean)
    change = np.nan_to_num(size - amounts.size)
    # a plant more or less does not change output per job
    change_factor = np.nan_to_num(_kernels.ratio(size, amounts.size))
    return replace(
        amounts,
        size=size,
        row_total=amounts.row_total + change.sum(axis=1),
        col_total=amounts.col_total + change.sum(axis=0),
        total=amounts.total + float(change.sum()),
        establishments=None if amounts.establishments is None else plants.astype(float),
        establishments_total=plants.sum(axis=0).astype(float),
        output=None if amounts.output is None else amounts.output * change_factor,
    )
