"""What the indicators look like, how they hang together, and what drives the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, OptionError, suggest
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._kernels import describe as kernels
from agglo.evaluation._kernels import normalise as scaling
from agglo.evaluation._kernels.treat import shape_of
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.results import CompositeIndex
from agglo.evaluation.statistics_results import (
    IndicatorCorrelations,
    IndicatorImportance,
    IndicatorStatistics,
    StrengthsAndWeaknesses,
)

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = [
    "indicator_correlations",
    "indicator_importance",
    "indicator_statistics",
    "strengths_and_weaknesses",
]


def indicator_statistics(
    data: IntoFrame | Indicators,
    *,
    min_known: float = 0.65,
    min_nonzero: float = 0.5,
    min_unique: float = 0.5,
    max_skew: float = 2.0,
    max_kurtosis: float = 3.5,
) -> IndicatorStatistics:
    r"""Measure location, shape and completeness of every indicator, with flags.

    Use first, to decide what to treat, to fill, or to leave out.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    min_known, min_nonzero, min_unique
        Smallest shares that are not flagged, in [0, 1]: known values over rows; values other
        than zero, and different values, over known ones.
    max_skew, max_kurtosis
        Flagged as ``"outliers"`` when both skewness and excess kurtosis are at or above.

    Returns
    -------
    IndicatorStatistics
        One row per indicator; values in the indicator's own unit.

    Raises
    ------
    OptionError
        If an option is out of range.

    Notes
    -----
    .. math:: S = \frac{\sqrt n \sum d^3}{(\sum d^2)^{3/2}} \frac{\sqrt{n(n-1)}}{n-2}

    and the sample excess kurtosis; both undefined for fewer than 4 values and without
    spread. Missing values are left out. O(cells log rows).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (get_stats of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import indicator_statistics
    >>> rows = pa.table({"unit": list("abcd"), "indicator": ["x"] * 4, "pillar": ["p"] * 4,
    ...                  "value": [1.0, 2, 3, 6], "direction": ["positive"] * 4})
    >>> float(indicator_statistics(rows).mean[0])
    3.0
    """
    for option, value in (
        ("min_known", min_known),
        ("min_nonzero", min_nonzero),
        ("min_unique", min_unique),
    ):
        check_number(option, value, minimum=0, maximum=1)
    check_number("max_skew", max_skew, minimum=0)
    check_number("max_kurtosis", max_kurtosis)
    table = as_indicators(data)
    x = table.values
    n = (~np.isnan(x)).sum(axis=0)
    shape = np.array([shape_of(c) for c in x.T]).reshape(-1, 2)
    nonzero = np.array([np.count_nonzero(c[~np.isnan(c)]) for c in x.T]) / n
    unique = np.array([np.unique(c[~np.isnan(c)]).size for c in x.T]) / n
    out = (np.abs(shape[:, 0]) >= max_skew) & (shape[:, 1] >= max_kurtosis)
    marks = {
        "few known": n / x.shape[0] < min_known,
        "many zeros": nonzero < min_nonzero,
        "many equal": unique < min_unique,
        "outliers": out,
    }
    flags = [
        "; ".join(word for word, bad in marks.items() if bad[j]) for j in range(n.size)
    ]
    centred = x - np.nanmean(x, axis=0)
    spread = np.sqrt(np.nansum(centred**2, axis=0) / np.where(n > 1, n - 1, np.nan))
    options = {
        "min_known": min_known,
        "min_nonzero": min_nonzero,
        "min_unique": min_unique,
        "max_skew": max_skew,
        "max_kurtosis": max_kurtosis,
    }
    return IndicatorStatistics(
        indicator=table.names,
        known_share=frozen_array(n / x.shape[0]),
        nonzero_share=frozen_array(nonzero),
        unique_share=frozen_array(unique),
        minimum=frozen_array(np.nanmin(x, axis=0)),
        median=frozen_array(np.nanmedian(x, axis=0)),
        mean=frozen_array(np.nanmean(x, axis=0)),
        maximum=frozen_array(np.nanmax(x, axis=0)),
        sd=frozen_array(spread),
        skewness=frozen_array(shape[:, 0]),
        kurtosis=frozen_array(shape[:, 1]),
        flags=tuple(flags),
        undefined=tuple(
            Undefined(reason="fewer than 4 values or no spread", item=name)
            for name, s in zip(table.names, shape[:, 0], strict=True)
            if np.isnan(s)
        ),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(indicator_statistics, table, parameters=options),
    )


def indicator_correlations(
    data: IntoFrame | Indicators,
    *,
    method: Literal["pearson", "spearman"] = "pearson",
    high: float = 0.9,
) -> IndicatorCorrelations:
    r"""Measure how indicators go together, and how consistent every pillar is.

    Use to find double counting (pairs above `high`) and pillars that contradict themselves
    (negative pairs, low or negative alpha): these are findings, not errors.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    method
        Of the values, or of their ranks.
    high
        Correlation from which a pair is flagged, in (0, 1].

    Returns
    -------
    IndicatorCorrelations
        One row per pair, in [-1, 1], on oriented values; `alpha` by pillar, at most 1.

    Raises
    ------
    OptionError
        If an option has no such value.

    Notes
    -----
    .. math:: t = r \sqrt{\frac{n - 2}{1 - r^2}}, \qquad
              \alpha = \frac{k^2 \bar c}{\sum_{ij} c_{ij}}

    p-values are two-sided, one per pair, without correction. Pairs use the rows that have
    both values; alpha the rows complete in the pillar, on oriented min-max values, with the
    mean covariance c between different indicators. O(k^2 n).

    References
    ----------
    Cronbach 1951, doi 10.1007/BF02310555; OECD and JRC 2008, doi 10.1787/9789264043466-en,
    step 4.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import indicator_correlations
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 2, 4, 6], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> indicator_correlations(rows).alpha
    {'p': 1.0}
    """
    check_choice("method", method, ("pearson", "spearman"))
    check_number("high", high, minimum=1e-9, maximum=1)
    table = as_indicators(data)
    x = table.values * table.direction
    i, j, r, p, n = kernels.pairwise(x, by_rank=method == "spearman")
    if not i.size:
        msg = "`data` has one indicator: there is no pair to correlate."
        raise OptionError(msg)
    names, parent = np.array(table.names), table.tree.parent
    together = parent[i] == parent[j]
    flag = np.select([r >= high, together & (r < 0)], ["high", "negative"], "")
    return IndicatorCorrelations(
        first=frozen_array(names[i]),
        second=frozen_array(names[j]),
        same_pillar=frozen_array(together),
        correlation=frozen_array(r),
        p=frozen_array(p),
        n=frozen_array(n),
        flag=frozen_array(flag),
        alpha=_alphas(table),
        method=method,
        undefined=tuple(
            Undefined(reason="fewer than 3 rows or no spread", item=f"{a}, {b}")
            for a, b, v in zip(names[i], names[j], r, strict=True)
            if np.isnan(v)
        ),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            indicator_correlations, table, parameters={"method": method, "high": high}
        ),
    )


def _alphas(table: Indicators) -> dict[str, float]:
    x = table.values * table.direction
    low, top = scaling.range_of(x)
    z = scaling.affine(x, low, top - low, 1.0, 0.0)
    found: dict[str, float] = {}
    for at, below in table.tree.children:
        own = z[:, below[below < table.tree.n_indicators]]
        own = own[~np.isnan(own).any(axis=1)]
        if own.shape[1] > 1 and own.shape[0] > 2:
            found[table.tree.nodes[at]] = kernels.consistency(own)
    return found


def indicator_importance(index: CompositeIndex) -> IndicatorImportance:
    r"""Measure what really drives the index, beside what the weights say.

    Use to see weights that do not do what was meant: weights are rates of exchange, not
    importance.

    Parameters
    ----------
    index
        Result of `composite_index`.

    Returns
    -------
    IndicatorImportance
        Per node: effective weight, squared correlation with the index, and its share among
        the nodes of the level; all in [0, 1].

    Raises
    ------
    OptionError
        If `index` is no composite index.

    Notes
    -----
    .. math:: S_j = corr(x_j, y)^2

    the linear part of Pearson's correlation ratio; undefined without spread. O(nodes n).

    References
    ----------
    Paruolo et al. 2013, doi 10.1111/j.1467-985X.2012.01059.x.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import composite_index, indicator_importance
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 4, 8, 5], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> indicator_importance(composite_index(rows)).importance[:2].round(4).tolist()
    [0.6048, 0.6352]
    """
    _check_index(index)
    tree = index.tree
    r = np.array([kernels.correlation(c, index.value) for c in index.scores[:, :-1].T])
    squared = r**2
    level = tree.level[:-1]
    sums = np.array([np.nansum(squared[level == v]) for v in level])
    return IndicatorImportance(
        node=tree.nodes[:-1],
        level=frozen_array(level),
        weight=frozen_array(tree.effective(index.weights)[:-1]),
        importance=frozen_array(squared),
        share=frozen_array(squared / np.where(sums > 0, sums, np.nan)),
        correlation=frozen_array(r),
        undefined=tuple(
            Undefined(reason="fewer than 3 rows or no spread", item=name)
            for name, v in zip(tree.nodes, r, strict=False)
            if np.isnan(v)
        ),
        frame_kind=index.frame_kind,
        provenance=Provenance.of(
            indicator_importance,
            index.provenance.input_digest,
            parameters=index.provenance.parameters,
        ),
    )


def _check_index(index: CompositeIndex) -> None:
    if not isinstance(index, CompositeIndex):
        msg = f"index={index!r} must come from `composite_index`."
        raise OptionError(msg)


def strengths_and_weaknesses(
    index: CompositeIndex, *, unit: str, period: str = "", n: int = 5
) -> StrengthsAndWeaknesses:
    r"""Find the indicators on which a unit is best and worst placed.

    Parameters
    ----------
    index
        Result of `composite_index`.
    unit, period
        Whom to look at; `period` is empty where there is none.
    n
        How many on either side; together never more than there are.

    Returns
    -------
    StrengthsAndWeaknesses
        Rank of the unit on the indicator, share of units that it is ahead of, and the
        normalised score; best first.

    Raises
    ------
    AlignmentError
        If there is no such unit and period, or nothing is known of it.
    OptionError
        If `n` is no positive whole number.

    Notes
    -----
    .. math:: q_j = \frac{m_j - r_j}{m_j - 1}

    with rank r (1 is best, ties the best) among the m units of the period that have the
    indicator. Indicators in the middle are in neither list; equal q by effective weight,
    then by name. O(nodes n).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (get_str_weak of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import composite_index, strengths_and_weaknesses
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 4, 8, 5], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> strengths_and_weaknesses(composite_index(rows), unit="b", n=1).ahead_share.tolist()
    [1.0, 0.5]
    """
    _check_index(index)
    check_number("n", n, minimum=1, integer=True)
    rows = np.flatnonzero((index.unit == unit) & (index.period == period))
    if not rows.size:
        hint = suggest(unit, index.unit.tolist())
        msg = f"unit={unit!r}, period={period!r} is not in the index. {hint}".rstrip()
        raise AlignmentError(msg)
    k = index.tree.n_indicators
    rank = index.ranks[rows[0], :k]
    peers = (~np.isnan(index.ranks[index.period == period, :k])).sum(axis=0)
    ahead = (peers - rank) / np.where(peers > 1, peers - 1, np.nan)
    chosen, side = _both_ends(ahead, index.tree.effective(index.weights)[:k], int(n))
    if not chosen.size:
        msg = f"Nothing is known of unit={unit!r}, period={period!r}."
        raise AlignmentError(msg)
    return StrengthsAndWeaknesses(
        unit=unit,
        period=period,
        indicator=tuple(index.tree.nodes[j] for j in chosen),
        side=side,
        rank=frozen_array(rank[chosen]),
        ahead_share=frozen_array(ahead[chosen]),
        score=frozen_array(index.scores[rows[0], chosen]),
        frame_kind=index.frame_kind,
        provenance=Provenance.of(
            strengths_and_weaknesses,
            index.provenance.input_digest,
            parameters={"unit": unit, "period": period, "n": n},
        ),
    )


def _both_ends(
    ahead: FloatArray, weight: FloatArray, n: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], tuple[str, ...]]:
    """Best n and worst n of the known ones, best first, none twice."""
    known = int(np.count_nonzero(~np.isnan(ahead)))
    order = np.lexsort((-weight, -ahead))[:known].astype(np.int64)
    best = min(n, -(-known // 2))
    worst = min(n, known - best)
    chosen = np.concatenate([order[:best], order[known - worst :]])
    return chosen, ("strength",) * best + ("weakness",) * worst
