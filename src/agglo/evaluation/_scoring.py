"""From normalised indicators up the tree, one rule per level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError, OptionError, Problem
from agglo.core.options import check_choice, check_number
from agglo.evaluation._kernels import aggregate as kernels

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.evaluation._tree import Tree

__all__ = ["AGGREGATIONS", "Rule", "rules_of", "score_tree"]

_POWERS = {"arithmetic": 1.0, "geometric": 0.0, "harmonic": -1.0}
AGGREGATIONS: tuple[str, ...] = (
    *_POWERS,
    "generalised",
    "mazziotta_pareto",
    "mazziotta_pareto_plus",
    "copeland",
    "topsis",
    "vikor",
    "benefit_of_the_doubt",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How every level is put together."""

    methods: tuple[str, ...]
    min_known: tuple[float, ...]
    power: float
    bounds: tuple[float, float] | None
    compromise: float = 0.5

    @property
    def lower_is_better(self) -> bool:
        """Whether the index is a distance."""
        return self.methods[-1] == "vikor"

    @property
    def words(self) -> str:
        """The methods, once when they are the same."""
        return " then ".join(dict.fromkeys(self.methods))


def rules_of(
    tree: Tree,
    aggregation: str | Sequence[str],
    min_known: float | Sequence[float],
    power: float,
    bounds: tuple[float, float] | None,
    compromise: float = 0.5,
) -> Rule:
    """Check the options of an aggregation."""
    levels = int(tree.level.max()) - 1
    methods = (
        (aggregation,) * levels if isinstance(aggregation, str) else tuple(aggregation)
    )
    if len(methods) != levels:
        msg = f"aggregation={list(methods)!r}: the tree has {levels} levels of aggregates."
        raise OptionError(msg)
    for method in methods:
        check_choice("aggregation", method, AGGREGATIONS)
    if "vikor" in methods[:-1]:
        msg = (
            "aggregation='vikor' is lower where better: it can only be the last level."
        )
        raise OptionError(msg)
    least = (
        tuple(min_known)
        if isinstance(min_known, (tuple, list))
        else (min_known,) * levels
    )
    if len(least) != levels:
        msg = f"min_known={list(least)!r}: the tree has {levels} levels of aggregates."
        raise OptionError(msg)
    shares = tuple(check_number("min_known", v, minimum=1e-9, maximum=1) for v in least)
    check_number("compromise", compromise, minimum=0, maximum=1)
    check_number("power", power)
    if power == 0:
        msg = "power=0 is the geometric mean: ask for aggregation='geometric'."
        raise OptionError(msg)
    if bounds is not None and not (
        len(bounds) == 2 and 0 <= bounds[0] < bounds[1] <= 1
    ):
        msg = f"share_bounds={bounds!r} must be two rising shares in [0, 1]."
        raise OptionError(msg)
    return Rule(
        methods=methods,
        min_known=shares,
        power=power,
        bounds=bounds,
        compromise=compromise,
    )


def score_tree(
    x: FloatArray, weights: FloatArray, tree: Tree, rule: Rule
) -> FloatArray:
    """Scores of all nodes, (n_rows, n_nodes); NaN where too little is known."""
    out = np.full((x.shape[0], len(tree.nodes)), np.nan)
    out[:, : tree.n_indicators] = x
    for at, below in tree.children:
        level = int(tree.level[at]) - 2
        method, least = rule.methods[level], rule.min_known[level]
        columns, w = out[:, below], weights[below]
        counted = w > 0
        if not counted.any():
            continue
        columns, w = columns[:, counted], w[counted]
        known = (~np.isnan(columns)).mean(axis=1)
        score = _combine(columns, w, method, rule, tree.nodes[at])
        out[:, at] = np.where((known > 0) & (known >= least), score, np.nan)
    return out


def _combine(
    x: FloatArray, w: FloatArray, method: str, rule: Rule, node: str
) -> FloatArray:
    power = rule.power if method == "generalised" else _POWERS.get(method)
    if power is not None:
        if power != 1 and (x <= 0).any():
            raise _not_positive(method, node, int((x <= 0).sum()))
        return kernels.power_mean(x, w, power)
    if method == "benefit_of_the_doubt" and (x < 0).any():
        raise _not_positive(method, node, int((x < 0).sum()))
    return _compared(x, w, method, rule)


def _compared(x: FloatArray, w: FloatArray, method: str, rule: Rule) -> FloatArray:
    """Score rows beside each other."""
    if np.isnan(x).any(axis=1).all():  # nobody is complete: nothing to compare
        return np.full(x.shape[0], np.nan)
    if method == "copeland":
        return kernels.copeland(x, w)
    if method == "topsis":
        return kernels.topsis(x, w)
    if method == "vikor":
        return kernels.vikor(x, w, rule.compromise)
    if method == "benefit_of_the_doubt":
        return kernels.benefit_of_the_doubt(x, rule.bounds)
    return kernels.mazziotta_pareto(x, w, -1.0 if method == "mazziotta_pareto" else 1.0)


def _not_positive(method: str, node: str, n: int) -> InvalidTableError:
    problem = Problem(
        code="not_positive",
        what=f"{n} values below {node!r} are not positive",
        where="data",
        n_rows=n,
        fix="normalise to positive values: normalisation='minmax', scale=(1, 100)",
    )
    return InvalidTableError(
        f"aggregation={method!r} needs positive values.", [problem]
    )
