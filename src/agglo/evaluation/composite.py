"""The composite index: normalised indicators, weighted and put together up the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._kernels.aggregate import place
from agglo.evaluation._scoring import AGGREGATIONS, Rule, rules_of, score_tree
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.normalisation import NORMALISATIONS, normalise
from agglo.evaluation.results import CompositeIndex, IndicatorWeights
from agglo.evaluation.weighting import node_weights

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["AGGREGATIONS", "composite_index"]


def composite_index(
    data: IntoFrame | Indicators,
    *,
    normalisation: str = "minmax",
    scale: tuple[float, float] | None = None,
    weights: str | Mapping[str, float] | IndicatorWeights = "equal",
    aggregation: str | Sequence[str] = "arithmetic",
    min_known: float | Sequence[float] = 1.0,
    power: float = -1.0,
    share_bounds: tuple[float, float] | None = None,
    compromise: float = 0.5,
) -> CompositeIndex:
    r"""Measure units by one index of many indicators, with every pillar on the way.

    Use when the pillars can stand in for each other; look at `rank_uncertainty` before a
    rank is published.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`. Missing values stay missing.
    normalisation
        Method of `normalise` that needs no targets, or ``"none"`` for values that are
        comparable already (the direction is applied all the same).
    scale
        As in `normalise`. Geometric and harmonic means need positive values: (1, 100).
    weights
        ``"equal"``, ``"entropy"``, ``"critic"``, ``"pca"``, a mapping of nodes to weights
        (others weigh 1), or a result of `indicator_weights`. From `data` as given.
    aggregation
        One method for all levels, or one per level from the pillars up; see the notes.
    min_known
        Smallest share of a node's children that must be known, in (0, 1]; one for all
        levels, or one per level from the pillars up. Below 1 the weights are renormalised
        over the known ones, which imputes their mean.
    power
        Order of ``"generalised"``.
    share_bounds
        Least and greatest share of any child in a unit's own score, for
        ``"benefit_of_the_doubt"``.
    compromise
        v of ``"vikor"``, in [0, 1]: 1 looks at the sum of regrets only, 0 at the largest.

    Returns
    -------
    CompositeIndex
        Scores and ranks at every node; rank 1 is best within the period.

    Raises
    ------
    OptionError
        If an option has no such value.
    AlignmentError
        If a weight names an unknown node.
    InvalidTableError
        With code not_positive: values that a geometric, harmonic or generalised mean
        cannot take.
    NotIdentifiedError
        If weights cannot be told from the data.

    Notes
    -----
    .. math:: \sum_j w_j x_j, \quad \prod_j x_j^{w_j}, \quad
              \left(\sum_j w_j x_j^p\right)^{1/p}, \quad M \mp S^2 / M

    arithmetic, geometric, generalised (harmonic is p = -1), Mazziotta-Pareto (population
    sd, z around 100; ``"mazziotta_pareto"`` subtracts, ``"mazziotta_pareto_plus"`` adds).
    ``"copeland"``: contests won minus lost, O(n^2 k). ``"topsis"``: closeness to the best
    point. ``"vikor"``: ``compromise`` v, lower is better, for the top only.
    ``"benefit_of_the_doubt"``: every unit's own best weights, one linear programme each,
    without the given weights. The last six compare units with each other, all periods
    together. Ties share the best rank. Means are O(cells).

    References
    ----------
    OECD and JRC 2008, doi 10.1787/9789264043466-en; Becker et al. 2022,
    doi 10.21105/joss.04567 (a test reproduces its ASEM example); Mazziotta and Pareto 2016,
    doi 10.1007/s11205-015-0998-2; Opricovic and Tzeng 2004,
    doi 10.1016/S0377-2217(03)00020-1; Cherchye et al. 2007, doi 10.1007/s11205-006-9029-7.

    See Also
    --------
    rank_uncertainty : how far the ranks depend on these choices.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import composite_index
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 4, 8, 5], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> composite_index(rows).value.tolist()
    [0.0, 75.0, 62.5]
    """
    check_choice("normalisation", normalisation, (*NORMALISATIONS, "none"))
    table = as_indicators(data)
    rules = rules_of(
        table.tree, aggregation, min_known, power, share_bounds, compromise
    )
    raw, notes = node_weights(table, weights)
    ready, undefined = _normalised(table, normalisation, scale)
    scores = score_tree(ready, raw, table.tree, rules)
    if min(rules.min_known) < 1 and np.isnan(ready).any():
        notes.append(
            f"{int(np.isnan(ready).sum())} missing values: weights were renormalised"
        )
    return CompositeIndex(
        unit=table.unit,
        period=table.period,
        tree=table.tree,
        scores=frozen_array(scores),
        ranks=frozen_array(_ranks(scores, table, rules)),
        weights=frozen_array(table.tree.within(raw)),
        method=f"{normalisation}, {rules.words}",
        undefined=(*undefined, *_without_score(table, scores)),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            composite_index,
            table,
            parameters={
                "normalisation": normalisation,
                "scale": scale,
                "weights": weights if isinstance(weights, (str, Mapping)) else raw,
                "aggregation": aggregation,
                "min_known": min_known,
                "power": power,
                "share_bounds": share_bounds,
                "compromise": compromise,
            },
            warnings=notes,
        ),
    )


def _normalised(
    table: Indicators, method: str, scale: tuple[float, float] | None
) -> tuple[FloatArray, tuple[Undefined, ...]]:
    if method == "none":
        return table.values * table.direction, ()
    done = normalise(table, method=method, scale=scale)  # type: ignore[arg-type]
    return done.indicators.values, done.undefined


def _ranks(scores: FloatArray, table: Indicators, rules: Rule) -> FloatArray:
    ranks = np.empty_like(scores)
    for j in range(scores.shape[1]):
        last = j == scores.shape[1] - 1
        sign = -1.0 if last and rules.lower_is_better else 1.0
        ranks[:, j] = place(sign * scores[:, j], table.group)
    return ranks


def _without_score(table: Indicators, scores: FloatArray) -> list[Undefined]:
    k = table.tree.n_indicators
    lost = np.isnan(scores[:, k:]).sum(axis=0)
    return [
        Undefined(
            reason="too few known values, or no spread, below the node",
            item=name,
            n=int(n),
        )
        for name, n in zip(table.tree.nodes[k:], lost, strict=True)
        if n
    ]
