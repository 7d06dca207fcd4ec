"""Rules that fill missing cells."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import ConvergenceError, NotIdentifiedError
from agglo.evaluation._kernels import normalise as kernels
from agglo.evaluation._kernels.em import normal_em

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray
    from agglo.evaluation.indicators import Indicators

__all__ = ["GROUPED", "METHODS", "OVER_TIME", "imputed"]

GROUPED = ("group_mean", "group_median")
OVER_TIME = ("latest", "constant", "linear")
METHODS = ("mean", "median", *GROUPED, "siblings", "em", *OVER_TIME)


def imputed(
    table: Indicators,
    method: str,
    group: NDArray[np.str_],
    max_periods: int | None,
) -> FloatArray:
    """Fill what the rule can fill; the rest stays NaN."""
    if method == "siblings":
        return _siblings(table)
    if method == "em":
        return _expected(table)
    if method in OVER_TIME:
        return _over_time(table, method, max_periods)
    labels = np.char.add(np.char.add(table.period, "\x1f"), group)
    _, code = np.unique(labels, return_inverse=True)
    return _typical(table.values, code, median=method.endswith("median"))


def _typical(x: FloatArray, code: IntArray, *, median: bool) -> FloatArray:
    out = x.copy()
    for g in range(int(code.max()) + 1):
        own = x[code == g]
        with warnings.catch_warnings():
            # a group without any value has no mean: its cells stay missing
            warnings.simplefilter("ignore", RuntimeWarning)
            one = np.nanmedian(own, axis=0) if median else np.nanmean(own, axis=0)
        out[code == g] = np.where(np.isnan(own), one, own)
    return out


def _siblings(table: Indicators) -> FloatArray:
    """Mean of the unit's known siblings on oriented min-max values, mapped back."""
    x = table.values * table.direction
    low, high = kernels.range_of(x)
    z = kernels.affine(x, low, high - low, 1.0, 0.0)
    out = x.copy()
    parent = table.tree.parent[: len(table.names)]
    for p in np.unique(parent):
        own = np.flatnonzero(parent == p)
        known = ~np.isnan(z[:, own])
        count = known.sum(axis=1)
        total = np.where(known, z[:, own], 0.0).sum(axis=1)
        mean = total / np.where(count > 0, count, np.nan)
        back = low[own] + mean[:, None] * (high - low)[own]
        out[:, own] = np.where(np.isnan(x[:, own]), back, x[:, own])
    return np.where(np.isnan(table.values), out * table.direction, table.values)


def _expected(table: Indicators) -> FloatArray:
    """Give expected values given the unit's other indicators of the pillar, all periods."""
    out = table.values.copy()
    parent = table.tree.parent[: len(table.names)]
    for p in np.unique(parent):
        own = np.flatnonzero(parent == p)
        x = table.values[:, own]
        if not np.isnan(x).any():
            continue
        complete = int((~np.isnan(x)).all(axis=1).sum())
        name = table.tree.nodes[int(p)]
        if complete <= own.size:
            msg = (
                f"method='em' needs more rows complete in {name!r} than its "
                f"{own.size} indicators: there are {complete}."
            )
            raise NotIdentifiedError(msg)
        out[:, own], done = normal_em(x)
        if not done:
            msg = f"method='em' did not settle in {name!r}: use another rule there."
            raise ConvergenceError(msg)
    return out


def _years(table: Indicators) -> FloatArray:
    """Places of the periods in time: whole numbers themselves, else their order."""
    labels = np.unique(table.period)
    if all(p.isdigit() for p in labels.tolist()):
        return table.period.astype(np.int64).astype(np.float64)
    return table.group.astype(np.float64)


def _over_time(table: Indicators, method: str, max_periods: int | None) -> FloatArray:
    out = table.values.copy()
    when = _years(table)
    for unit in np.unique(table.unit):
        rows = np.flatnonzero(table.unit == unit)
        t = when[rows]
        for j in range(out.shape[1]):
            x = table.values[rows, j]
            known = ~np.isnan(x)
            if not known.any() or known.all():
                continue
            if method == "linear":
                out[rows, j] = np.where(known, x, np.interp(t, t[known], x[known]))
            elif method == "constant":
                last = np.maximum.accumulate(np.where(known, np.arange(x.size), -1))
                first = int(np.flatnonzero(known)[0])
                out[rows, j] = x[np.where(last < 0, first, last)]
            else:
                out[rows, j] = _latest(t, x, known, max_periods)
    return out


def _latest(
    t: FloatArray, x: FloatArray, known: NDArray[np.bool_], max_periods: int | None
) -> FloatArray:
    last = np.maximum.accumulate(np.where(known, np.arange(x.size), -1))
    ago = t - t[np.maximum(last, 0)]
    near = (last >= 0) & (ago <= (np.inf if max_periods is None else max_periods))
    return np.where(near, x[np.maximum(last, 0)], np.nan)
