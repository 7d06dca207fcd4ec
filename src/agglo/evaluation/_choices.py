"""Everything that a robustness run may choose, worked out once, and one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.evaluation._kernels.aggregate import place
from agglo.evaluation._scoring import Rule, rules_of, score_tree
from agglo.evaluation.normalisation import normalise
from agglo.evaluation.preparation import impute
from agglo.evaluation.weighting import node_weights

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray
    from agglo.evaluation._tree import Tree
    from agglo.evaluation.indicators import Indicators

__all__ = ["Choices", "RunPlan", "plan_of"]

_IMPUTATIONS = ("none", "mean", "median", "siblings", "latest", "linear")
_NORMALISATIONS = (
    "minmax",
    "zscore",
    "distance_to_max",
    "share_of_max",
    "rank",
    "percentile_rank",
    "borda",
    "none",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What could have been chosen otherwise; the first of each is the nominal choice.

    Parameters
    ----------
    normalisation
        Methods of `normalise` that need no targets, or ``"none"``.
    imputation
        Methods of `impute` that need no groups, or ``"none"``.
    weights
        Ways to weigh, as in `composite_index`.
    aggregation
        Methods, each for all levels.
    weight_noise
        Every weight is multiplied by 1 + f U(-1, 1) with this f, in [0, 1].
    leave_out
        Whether a run may leave out one indicator, none included.
    scale
        Ends for min-max; positive, so that geometric means exist.
    """

    normalisation: tuple[str, ...] = ("minmax",)
    imputation: tuple[str, ...] = ("none",)
    weights: tuple[str | Mapping[str, float], ...] = ("equal",)
    aggregation: tuple[str, ...] = ("arithmetic",)
    weight_noise: float = 0.0
    leave_out: bool = False
    scale: tuple[float, float] = (1.0, 100.0)

    def __post_init__(self) -> None:
        """Check the fields that do not depend on the data."""
        for name in ("normalisation", "imputation", "weights", "aggregation"):
            given = getattr(self, name)
            if not isinstance(given, tuple) or not given:
                msg = f"{name}={given!r} must be a tuple with the nominal choice first."
                raise OptionError(msg)
        for method in self.normalisation:
            check_choice("normalisation", method, _NORMALISATIONS)
        for method in self.imputation:
            check_choice("imputation", method, _IMPUTATIONS)
        check_number("weight_noise", self.weight_noise, minimum=0, maximum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """Tables, weights and rules of all choices, and which random number decides what."""

    tables: tuple[tuple[FloatArray, ...], ...]
    weights: tuple[tuple[FloatArray, ...], ...]
    rules: tuple[Rule, ...]
    noise: float
    tree: Tree
    group: IntArray
    inputs: tuple[str, ...]
    columns: tuple[IntArray, ...]

    @property
    def width(self) -> int:
        """How many random numbers a run takes."""
        return sum(c.size for c in self.columns)

    def nominal(self) -> FloatArray:
        """Ranks with the first of every choice and no noise, (n_rows,)."""
        return self._ranks(0, 0, self.weights[0][0], self.rules[0])

    def run(self, u: FloatArray) -> FloatArray:
        """Ranks of one run from numbers in [0, 1); NaN where the run is impossible."""
        of = {n: u[c] for n, c in zip(self.inputs, self.columns, strict=True)}
        i = _pick(of, "imputation", len(self.tables))
        w = self.weights[i][_pick(of, "weights", len(self.weights[0]))].copy()
        noise = [n for n in self.inputs if n.startswith("weight of ")]
        if "weight_noise" in of:
            w[:-1] *= 1 + self.noise * (2 * of["weight_noise"] - 1)
        elif noise:
            w[:-1] *= 1 + self.noise * (2 * np.concatenate([of[n] for n in noise]) - 1)
        k = self.tree.n_indicators
        out = _pick(of, "leave_out", k + 1)
        if out:
            w = self.tree.without(w, out - 1)
        rule = self.rules[_pick(of, "aggregation", len(self.rules))]
        return self._ranks(i, _pick(of, "normalisation", len(self.tables[0])), w, rule)

    def _ranks(self, i: int, j: int, w: FloatArray, rule: Rule) -> FloatArray:
        try:
            top = score_tree(self.tables[i][j], w, self.tree, rule)[:, -1]
        except InvalidTableError:  # a mean that these values do not have
            return np.full(self.group.size, np.nan)
        return place(-top if rule.lower_is_better else top, self.group)


def _pick(of: Mapping[str, FloatArray], name: str, n: int) -> int:
    return min(int(of[name][0] * n), n - 1) if name in of else 0


def plan_of(
    table: Indicators, choices: object, *, min_known: float, by_weight: bool
) -> RunPlan:
    """Work out all tables and weights that the choices can lead to."""
    if not isinstance(choices, Choices):
        msg = f"choices={choices!r} must be `Choices`."
        raise OptionError(msg)
    filled = [
        table if m == "none" else impute(table, method=m).indicators  # type: ignore[arg-type]
        for m in choices.imputation
    ]
    done = [
        _normalised(f, m, choices) for f, m in product(filled, choices.normalisation)
    ]
    per = len(choices.normalisation)
    inputs, columns = _inputs(choices, table.tree, by_weight=by_weight)
    return RunPlan(
        tables=tuple(tuple(done[i * per : (i + 1) * per]) for i in range(len(filled))),
        weights=tuple(
            tuple(table.tree.within(node_weights(f, m)[0]) for m in choices.weights)
            for f in filled
        ),
        rules=tuple(
            rules_of(table.tree, m, min_known, -1.0, None) for m in choices.aggregation
        ),
        noise=choices.weight_noise,
        tree=table.tree,
        group=table.group,
        inputs=inputs,
        columns=columns,
    )


def _normalised(table: Indicators, method: str, choices: Choices) -> FloatArray:
    if method == "none":
        return table.values * table.direction
    scale = choices.scale if method == "minmax" else None
    found = normalise(table, method=method, scale=scale)  # type: ignore[arg-type]
    return found.indicators.values


def _inputs(
    choices: Choices, tree: Tree, *, by_weight: bool
) -> tuple[tuple[str, ...], tuple[IntArray, ...]]:
    """Names of what varies, and the random numbers that each takes."""
    names = [
        n
        for n in ("normalisation", "imputation", "weights", "aggregation")
        if len(getattr(choices, n)) > 1
    ]
    if choices.leave_out:
        names.append("leave_out")
    sizes = [1] * len(names)
    if choices.weight_noise > 0 and by_weight:
        names += [f"weight of {n}" for n in tree.nodes[:-1]]
        sizes += [1] * (len(tree.nodes) - 1)
    elif choices.weight_noise > 0:
        names.append("weight_noise")
        sizes.append(len(tree.nodes) - 1)
    if not names:
        msg = "choices leave nothing open: give a second choice, noise, or leave_out."
        raise OptionError(msg)
    ends = np.cumsum([0, *sizes])
    return tuple(names), tuple(np.arange(a, b) for a, b in pairwise(ends))
