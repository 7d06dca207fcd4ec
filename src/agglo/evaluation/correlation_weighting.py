"""Weights that give every pillar the correlation with the index that it should have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import ConvergenceError, NotIdentifiedError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, frozen_array
from agglo.evaluation._kernels.describe import correlation
from agglo.evaluation._scoring import rules_of, score_tree
from agglo.evaluation.composite import composite_index
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.results import IndicatorWeights

if TYPE_CHECKING:
    from collections.abc import Callable

    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["correlation_weights"]


def correlation_weights(
    data: IntoFrame | Indicators,
    *,
    objective: Literal["balance", "infomax"] = "balance",
    level: int | None = None,
    targets: Mapping[str, float] | None = None,
    normalisation: str = "minmax",
    scale: tuple[float, float] | None = None,
    aggregation: str = "arithmetic",
    min_known: float = 1.0,
) -> IndicatorWeights:
    r"""Find the weights with which nodes drive the index as much as they should.

    Use when weights are meant as importance; not to hide that two nodes contradict each
    other (look at `indicator_correlations` first).

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    objective
        ``"balance"``: correlations with the index in the proportions of `targets`;
        ``"infomax"``: the largest sum of correlations.
    level
        Level whose weights are sought, 1 for indicators; default the level below the index.
        At most 12 nodes; all other weights are equal.
    targets
        Node of the level to its share of importance, for ``"balance"``; default equal.
    normalisation, scale, aggregation, min_known
        As in `composite_index`; the aggregation is the same at all levels.

    Returns
    -------
    IndicatorWeights
        For `composite_index`; within their parents the weights sum to 1.

    Raises
    ------
    OptionError
        If an option has no such value, or the level has too few or too many nodes.
    NotIdentifiedError
        If a node does not vary, so that it has no correlation.
    ConvergenceError
        If the search does not settle.

    Notes
    -----
    With r the correlations of the level's scores with the index and t the targets

    .. math:: \min_w \sum_j \left(\frac{r_j}{\sum_k r_k} - t_j\right)^2
              \quad\text{or}\quad \max_w \sum_j r_j

    by Nelder-Mead over the logarithms of the weights, from equal weights. On z-scores equal
    weights are the maximum. Targets that no positive weights reach are approached: the
    distance left is in the notes. O(steps (cells)).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (get_opt_weights of COINr); Becker et al.
    2017, doi 10.1016/j.ecolind.2017.03.056.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import correlation_weights
    >>> rows = pa.table({"unit": list("abcd") * 2, "indicator": ["x"] * 4 + ["y"] * 4,
    ...     "value": [1.0, 2, 3, 6, 4, 8, 5, 6], "direction": ["positive"] * 8, "pillar": ["p"] * 8})
    >>> found = correlation_weights(rows, level=1, normalisation="zscore")
    >>> [round(w, 3) for w in found.within[:2].tolist()]
    [0.5, 0.5]
    """
    check_choice("objective", objective, ("balance", "infomax"))
    table = as_indicators(data)
    index = composite_index(
        table,
        normalisation=normalisation,
        scale=scale,
        aggregation=aggregation,
        min_known=min_known,
    )
    tree = table.tree
    nodes = _nodes(tree.level, level)
    aim = _targets([tree.nodes[j] for j in nodes], objective, targets)
    rules = rules_of(tree, aggregation, min_known, -1.0, None)
    ready = index.scores[:, : tree.n_indicators]

    def scored(log_weights: FloatArray) -> FloatArray:
        w = np.ones(len(tree.nodes))
        w[nodes] = np.exp(log_weights - log_weights.mean())
        scores = score_tree(ready, w, tree, rules)
        return np.array([correlation(scores[:, j], scores[:, -1]) for j in nodes])

    if np.isnan(scored(np.zeros(nodes.size))).any():
        msg = "A node of the level does not vary (or has fewer than 3 scores): leave it out."
        raise NotIdentifiedError(msg)
    best, left = _search(scored, nodes.size, objective, aim)
    raw = np.ones(len(tree.nodes))
    raw[nodes] = np.exp(best - best.mean())
    r = scored(best)
    notes = [
        f"correlations with the index: {r.min():.3f} to {r.max():.3f}",
        *(
            [f"largest distance to a target: {left:.4f}"]
            if objective == "balance"
            else []
        ),
    ]
    return IndicatorWeights(
        method=objective,
        tree=tree,
        within=frozen_array(tree.within(raw)),
        effective=frozen_array(tree.effective(raw)),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            correlation_weights,
            table,
            parameters={
                "objective": objective,
                "level": level,
                "targets": targets,
                "normalisation": normalisation,
                "scale": scale,
                "aggregation": aggregation,
                "min_known": min_known,
            },
            warnings=notes,
        ),
    )


def _nodes(levels: IntArray, level: int | None) -> IntArray:
    """Positions of the nodes whose weights are sought."""
    asked = int(levels.max()) - 1 if level is None else level
    check_number(
        "level", asked, minimum=1, maximum=float(levels.max()) - 1, integer=True
    )
    nodes = np.flatnonzero(levels == asked)
    if not 2 <= nodes.size <= 12:
        msg = f"level={asked!r} has {nodes.size} nodes: the search needs 2 to 12."
        raise OptionError(msg)
    return nodes


def _targets(
    names: list[str], objective: str, targets: Mapping[str, float] | None
) -> FloatArray:
    if targets is None:
        return np.full(len(names), 1 / len(names))
    if objective != "balance":
        msg = f"targets={dict(targets)!r} have no meaning for objective={objective!r}."
        raise OptionError(msg)
    if set(targets) != set(names):
        msg = f"targets must name exactly the nodes of the level: {names}."
        raise OptionError(msg)
    aim = [
        check_number(f"targets[{n!r}]", targets[n], minimum=0, open_ends=True)
        for n in names
    ]
    return np.array(aim) / np.sum(aim)


def _search(
    scored: Callable[[FloatArray], FloatArray], n: int, objective: str, aim: FloatArray
) -> tuple[FloatArray, float]:
    """Best logarithms of the weights, and the largest distance to a target."""
    from scipy.optimize import minimize

    def loss(free: FloatArray) -> float:
        # the first weight stays: only proportions matter
        r = scored(np.concatenate([[0.0], free]))
        if objective == "infomax":
            return -float(r.sum())
        return float(np.sum((r / r.sum() - aim) ** 2)) if r.sum() > 0 else np.inf

    steps = 2000 * n
    found = minimize(
        loss,
        np.zeros(n - 1),
        method="Nelder-Mead",
        options={"maxiter": steps, "maxfev": steps, "xatol": 1e-7, "fatol": 1e-13},
    )
    if not found.success:
        msg = f"The search for {objective} weights did not settle: {found.message}"
        raise ConvergenceError(msg)
    best = np.concatenate([[0.0], found.x])
    r = scored(best)
    return best, float(np.abs(r / r.sum() - aim).max())
