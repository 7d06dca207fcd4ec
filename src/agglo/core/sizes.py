"""Statistics of one vector of sizes: rank and size, inequality, polycentricity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "RankSizeLine",
    "TheilParts",
    "gini",
    "herfindahl",
    "polycentricity",
    "rank_size_line",
    "theil",
    "theil_parts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSizeLine:
    """Regression of log(rank − ½) on log(size).

    Attributes
    ----------
    exponent, se, intercept
        Slope with its sign turned, its standard error, and the intercept.
    """

    exponent: float
    se: float
    intercept: float


def rank_size_line(sizes: FloatArray) -> RankSizeLine:
    """Fit ln(rank − ½) = a − q ln(size) by least squares.

    Parameters
    ----------
    sizes
        Positive, from the largest.

    Returns
    -------
    RankSizeLine
        q, q √(2/n) and a; NaN with fewer than two different sizes.

    Notes
    -----
    Gabaix and Ibragimov 2011, doi:10.1198/jbes.2009.06157.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo.core.sizes import rank_size_line
    >>> round(rank_size_line(np.array([100.0, 50.0, 100 / 3, 25.0, 20.0])).exponent, 6)
    1.364015
    """
    n = sizes.size
    if n < 2 or sizes[0] == sizes[-1]:
        return RankSizeLine(exponent=np.nan, se=np.nan, intercept=np.nan)
    rank = np.arange(1.0, n + 1.0)
    slope, intercept = np.polyfit(np.log(sizes), np.log(rank - 0.5), 1)
    q = -float(slope)
    return RankSizeLine(exponent=q, se=q * float(np.sqrt(2.0 / n)), intercept=intercept)


def gini(sizes: FloatArray) -> float:
    """Give Gini's index of unweighted sizes; NaN when nothing is above 0.

    Parameters
    ----------
    sizes
        0 or more, any order.

    Returns
    -------
    float
        0 = equal.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo.core.sizes import gini
    >>> round(gini(np.array([100.0, 50.0, 100 / 3, 25.0, 20.0])), 6)
    0.324088
    """
    total = sizes.sum()
    if not total > 0:
        return float("nan")
    n = sizes.size
    rank = np.arange(1.0, n + 1.0)
    return float(2.0 * (rank @ np.sort(sizes)) / (n * total) - (n + 1.0) / n)


def herfindahl(sizes: FloatArray) -> float:
    """Give the sum of squared shares; NaN when nothing is above 0.

    Parameters
    ----------
    sizes
        0 or more.

    Returns
    -------
    float
        1/n = equal, 1 = all in one.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo.core.sizes import herfindahl
    >>> herfindahl(np.array([1.0, 1.0]))
    0.5
    """
    total = sizes.sum()
    return float(((sizes / total) ** 2).sum()) if total > 0 else float("nan")


def theil(sizes: FloatArray) -> float:
    """Give Theil's T; NaN when nothing is above 0.

    Parameters
    ----------
    sizes
        0 or more; a zero counts 0.

    Returns
    -------
    float
        0 = equal.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo.core.sizes import theil
    >>> round(theil(np.array([100.0, 50.0, 100 / 3, 25.0, 20.0])), 6)
    0.178879
    """
    one = theil_parts(sizes, np.zeros(sizes.size, dtype=np.int64), 1)
    return one.between + one.within


@dataclass(frozen=True, slots=True, kw_only=True)
class TheilParts:
    """Theil's T between and within groups.

    Attributes
    ----------
    between, within
        Parts; their sum is T.
    share, inside, members
        Per group: share of the total, own T (NaN when empty), number of parts.
    """

    between: float
    within: float
    share: FloatArray
    inside: FloatArray
    members: IntArray


def theil_parts(sizes: FloatArray, group: IntArray, n_groups: int) -> TheilParts:
    """Split Theil's T of sizes between and within groups.

    Parameters
    ----------
    sizes
        0 or more.
    group
        Group of every size.
    n_groups
        Number of groups.

    Returns
    -------
    TheilParts
        Between, within and the groups' own; NaN when nothing is above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo.core.sizes import theil_parts
    >>> sizes, group = np.array([10.0, 6, 4, 3, 2, 1]), np.array([0, 0, 0, 1, 1, 1])
    >>> round(theil_parts(sizes, group, 2).within, 6)
    0.073171
    """
    members = np.bincount(group, minlength=n_groups)
    sums = np.bincount(group, sizes, minlength=n_groups)
    total = sums.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        share = sums / total
        step = np.where(share > 0, share * np.log(share * sizes.size / members), 0.0)
        mine = sizes / sums[group] * members[group]
        # a size may be so small beside its group that its share is 0
        term = np.where(mine > 0, mine * np.log(mine), 0.0)
        inside = np.bincount(group, term, minlength=n_groups) / members
    inside = np.where(sums > 0, inside, np.nan)
    if not total > 0:
        return TheilParts(
            between=np.nan, within=np.nan, share=share, inside=inside, members=members
        )
    within = float((share * np.where(sums > 0, inside, 0.0)).sum())
    return TheilParts(
        between=float(step.sum()),
        within=within,
        share=share,
        inside=inside,
        members=members,
    )


def polycentricity(sizes: FloatArray, density: float) -> float:
    """Give (1 − sd/sd_max) × density of a network's strengths.

    Parameters
    ----------
    sizes
        Strengths, 0 or more.
    density
        Present over possible links, in [0, 1].

    Returns
    -------
    float
        0 to 1; equal strengths give `density`. NaN when nothing is above 0.

    Notes
    -----
    sd_max is that of two nodes with strengths 0 and max(s). Green 2007,
    doi:10.1080/00420980701518941; the reading of sd and density is inferred.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo.core.sizes import polycentricity
    >>> round(polycentricity(np.array([10.0, 8.0, 6.0, 4.0]), 0.5), 6)
    0.276393
    """
    if not sizes.max() > 0:
        return float("nan")
    return float((1.0 - sizes.std() / (sizes.max() / 2.0)) * density)
