"""Inequality and dissimilarity of the rows of an array.

Every row is one unit (a region over activities, or an activity over regions). NaN marks a
part that is left out of its row, in sizes and references alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray


def shares(v: FloatArray) -> FloatArray:
    """Rows divided by their sums; an empty row is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return v / np.nansum(v, axis=1)[:, None]


def herfindahl(p: FloatArray) -> FloatArray:
    """Sum of squared shares per row; NaN for a row of NaN."""
    return _sum(p * p)


def normalised_herfindahl(p: FloatArray) -> FloatArray:
    """(H - 1/n)/(1 - 1/n) with n the parts of the row; NaN for one part."""
    n = _count(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (herfindahl(p) - 1.0 / n) / (1.0 - 1.0 / n)


def entropy(p: FloatArray, base: float) -> FloatArray:
    """Sum of p log(1/p) per row, with 0 log(1/0) = 0."""
    return _sum(surprise(p)) / np.log(base)


def surprise(p: FloatArray) -> FloatArray:
    """Give p ln(1/p) per part, 0 where p = 0, NaN where p is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p == 0.0, 0.0, -p * np.log(p))


def gini(v: FloatArray) -> FloatArray:
    """2 sum_j j (v_(j) - mean)/(n^2 mean) per row, ascending, unweighted."""
    n = _count(v)
    rank = np.arange(1.0, v.shape[1] + 1.0)
    ordered = np.sort(v, axis=1)  # NaN comes last
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nansum(v, axis=1) / n
        spread = np.nansum(rank * (ordered - mean[:, None]), axis=1)
        return 2.0 * spread / (n * n * mean)


def locational_gini(s: FloatArray, x: FloatArray) -> FloatArray:
    """1 - sum (X_m - X_(m-1))(Y_m + Y_(m-1)) per row, parts ascending by s/x."""
    there = np.isfinite(s) & np.isfinite(x)
    size, base = np.where(there, s, 0.0), np.where(there, x, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = size / base  # 0/0 is NaN, sorts last and adds nothing
    order = np.argsort(ratio, axis=1, kind="stable")
    size = np.take_along_axis(size, order, axis=1)
    base = np.take_along_axis(base, order, axis=1)
    y = np.cumsum(size, axis=1)
    out = 1.0 - np.sum(base * (2.0 * y - size), axis=1)
    return np.where(there.any(axis=1), out, np.nan)


def absolute_difference(s: FloatArray, x: FloatArray) -> FloatArray:
    """Sum of |s - x| per row."""
    return _sum(np.abs(s - x))


def hachman(s: FloatArray, x: FloatArray) -> FloatArray:
    """1/sum (s/x) s per row; a part with s > 0 and x = 0 makes the row NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        term = np.where(s == 0.0, 0.0, s * s / x)
        out = 1.0 / _sum(term)
    return np.where(np.isinf(term).any(axis=1), np.nan, out)


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Total inequality per row, and its parts between and within groups."""

    total: FloatArray
    between: FloatArray
    within: FloatArray


def theil_t(v: FloatArray, group: IntArray, n_groups: int) -> Decomposition:
    """Mean of v/mu ln(v/mu) per row, and its split by groups of parts."""
    g = _Grouped(v, group, n_groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = _sum(-surprise(v / g.mean[:, None])) / g.n
        share = g.sums / g.sums.sum(axis=1)[:, None]
        step = share * np.log(g.means / g.mean[:, None])
        between = np.where(share == 0.0, 0.0, step)
        inner = -surprise(v / g.means[:, group])
        # an empty group has no inside
        inner = np.where(np.isfinite(v) & (g.means[:, group] == 0.0), 0.0, inner)
        weight = (g.means / g.mean[:, None])[:, group]
        within = _sum(weight * inner) / g.n
    return Decomposition(total, between.sum(axis=1), within)


def theil_l(v: FloatArray, group: IntArray, n_groups: int) -> Decomposition:
    """Mean of ln(mu/v) per row, and its split; a zero makes it infinite."""
    g = _Grouped(v, group, n_groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = _sum(np.log(g.mean[:, None] / v)) / g.n
        step = g.counts * np.log(g.mean[:, None] / g.means)
        between = np.where(g.counts == 0, 0.0, step).sum(axis=1) / g.n
        # inside a group of zeros nothing differs: its distance lies between groups
        empty = np.isfinite(v) & (g.means[:, group] == 0.0)
        inner = np.where(empty, 0.0, np.log(g.means[:, group] / v))
        within = _sum(inner) / g.n
    nothing = ~(np.nan_to_num(g.mean) > 0)
    return Decomposition(
        np.where(nothing, np.nan, total),
        np.where(nothing, np.nan, between),
        np.where(nothing, np.nan, within),
    )


class _Grouped:
    """Sums, counts and means of every row by group of parts."""

    def __init__(self, v: FloatArray, group: IntArray, n_groups: int) -> None:
        there = np.isfinite(v)
        member = np.zeros((group.size, n_groups))
        member[np.arange(group.size), group] = 1.0
        self.counts: FloatArray = there.astype(np.float64) @ member
        self.sums: FloatArray = np.where(there, v, 0.0) @ member
        self.n: FloatArray = self.counts.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.means: FloatArray = self.sums / self.counts
            self.mean: FloatArray = self.sums.sum(axis=1) / self.n


def _count(v: FloatArray) -> FloatArray:
    return np.isfinite(v).sum(axis=1).astype(np.float64)


def _sum(terms: FloatArray) -> FloatArray:
    """Row sums without the parts left out; a row with nothing left is NaN."""
    lacking = np.isnan(terms)
    if not lacking.any():
        return terms.sum(axis=1)
    out = np.where(lacking, 0.0, terms).sum(axis=1)
    return np.where(lacking.all(axis=1), np.nan, out)
