"""P-values of simulations and their false discovery rates."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, InvalidTableError, NumericsWarning
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.typing import Alternative, FloatArray

__all__ = ["Sequential", "fdr", "mc_pvalue", "sequential_pvalue"]

ALTERNATIVES = ("greater", "less", "two-sided")


def mc_pvalue(
    observed: ArrayLike, simulated: ArrayLike, alternative: Alternative = "greater"
) -> FloatArray:
    """Compare statistics with their simulated values.

    Parameters
    ----------
    observed
        Statistics, shape (...), any shape.
    simulated
        Draws, shape (n, ...). NaN draws are left out of that statistic.
    alternative
        ``"greater"``, ``"less"`` or ``"two-sided"`` (twice the smaller tail, at most 1).

    Returns
    -------
    numpy.ndarray of float64
        Shape (...); (1 + b)/(1 + n) with b the draws at least as extreme, ties counted,
        so never 0. NaN where the statistic is NaN or no draw is known.

    Raises
    ------
    AlignmentError
        If the shapes do not fit.
    OptionError
        If `alternative` is unknown.

    Notes
    -----
    Phipson and Smyth (2010), https://doi.org/10.2202/1544-6115.1585. Cost O(n) per
    statistic.

    Examples
    --------
    >>> from agglo.core.inference import mc_pvalue
    >>> float(mc_pvalue(3.0, [1.0, 2.0, 3.0, 4.0]))
    0.6
    """
    check_choice("alternative", alternative, ALTERNATIVES)
    obs = np.asarray(observed, dtype=np.float64)
    sims = np.asarray(simulated, dtype=np.float64)
    if sims.ndim != obs.ndim + 1 or sims.shape[1:] != obs.shape:
        msg = f"simulated has shape {sims.shape}; expected (n, *{obs.shape})."
        raise AlignmentError(msg)
    n = np.isfinite(sims).sum(axis=0) + np.isinf(sims).sum(axis=0)
    # comparisons with NaN are False: an unknown draw counts on neither side
    upper = (1.0 + (sims >= obs).sum(axis=0)) / (1.0 + n)
    lower = (1.0 + (sims <= obs).sum(axis=0)) / (1.0 + n)
    if alternative == "greater":
        p = upper
    elif alternative == "less":
        p = lower
    else:
        p = np.minimum(1.0, 2.0 * np.minimum(upper, lower))
    out: FloatArray = np.where(np.isnan(obs) | (n == 0), np.nan, p)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequential:
    """A sequential test.

    Attributes
    ----------
    p
        P-value.
    n
        Draws used.
    exceedances
        Draws at least as extreme.
    """

    p: float
    n: int
    exceedances: int


def sequential_pvalue(
    draw: Callable[[np.random.Generator, int], FloatArray],
    observed: float,
    *,
    seed: int | None,
    h: int = 20,
    n_max: int = 9999,
    block_size: int = 64,
) -> Sequential:
    """Draw until enough draws exceed the statistic.

    Use it to spend few draws where nothing is significant.

    Parameters
    ----------
    draw
        Takes a generator and a size and gives that many draws, shape (size,).
    observed
        The statistic; large values are extreme.
    seed
        Seed of the draws.
    h
        Exceedances at which to stop.
    n_max
        Draws at most.
    block_size
        Draws per block; decides the answer together with `seed`.

    Returns
    -------
    Sequential
        h/l when the h-th exceedance is the l-th draw, else (1 + g)/(n_max + 1).

    Raises
    ------
    OptionError
        If a number is out of range.

    Notes
    -----
    Besag and Clifford (1991), https://doi.org/10.1093/biomet/78.2.301.

    Examples
    --------
    >>> from agglo.core.inference import sequential_pvalue
    >>> sequential_pvalue(lambda rng, size: rng.random(size), 0.0, seed=1, h=5).p
    1.0
    """
    check_number("h", h, minimum=1, integer=True)
    check_number("n_max", n_max, minimum=1, integer=True)
    check_number("block_size", block_size, minimum=1, integer=True)
    if np.isnan(observed):
        return Sequential(p=np.nan, n=0, exceedances=0)
    entropy = entropy_of(seed)
    found = used = 0
    for block in range(-(-n_max // block_size)):
        size = min(block_size, n_max - used)
        hits = np.asarray(draw(generator(entropy, 0, block), size)) >= observed
        if found + int(hits.sum()) >= h:
            last = int(np.flatnonzero(hits)[h - found - 1]) + 1
            return Sequential(p=h / (used + last), n=used + last, exceedances=h)
        found += int(hits.sum())
        used += size
    return Sequential(p=(1.0 + found) / (n_max + 1.0), n=n_max, exceedances=found)


def fdr(
    p: ArrayLike,
    *,
    method: Literal["bh", "by"] = "bh",
    n_draws: int | None = None,
    alpha: float = 0.05,
) -> FloatArray:
    """Turn p-values into q-values, the false discovery rate at which each is rejected.

    Parameters
    ----------
    p
        P-values, any shape, one family. NaN passes through and is not counted.
    method
        ``"bh"`` (Benjamini-Hochberg) or ``"by"`` (any dependence).
    n_draws
        Draws behind the p-values; too few for the family are warned of.
    alpha
        Level of that warning.

    Returns
    -------
    numpy.ndarray of float64
        Same shape, monotone in p, at most 1.

    Raises
    ------
    InvalidTableError
        If a p-value is outside [0, 1].
    OptionError
        If `method` is unknown.

    Warns
    -----
    NumericsWarning
        If 1/(n_draws + 1) is above alpha/m: no single hypothesis could be rejected.

    Notes
    -----
    Benjamini and Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x;
    Benjamini and Yekutieli (2001), https://doi.org/10.1214/aos/1013699998. Cost
    O(m log m).

    Examples
    --------
    >>> from agglo.core.inference import fdr
    >>> [round(float(q), 3) for q in fdr([0.01, 0.02, 0.5])]
    [0.03, 0.03, 0.5]
    """
    check_choice("method", method, ("bh", "by"))
    values = np.asarray(p, dtype=np.float64)
    known = np.isfinite(values)
    m = int(known.sum())
    if ((values[known] < 0) | (values[known] > 1)).any() or np.isinf(values).any():
        msg = "p-values must lie in [0, 1]."
        raise InvalidTableError(msg)
    if n_draws is not None and m and 1.0 / (n_draws + 1.0) > alpha / m:
        need = int(np.ceil(m / alpha)) - 1
        warnings.warn(
            f"{n_draws} draws cannot carry {m} tests at a false discovery rate of "
            f"{alpha:g}: take {need} draws, or screen by the analytic z first.",
            NumericsWarning,
            stacklevel=2,
        )
    out = np.full(values.shape, np.nan)
    if m == 0:
        return out
    flat = values[known]
    order = np.argsort(flat, kind="stable")
    factor = m / np.arange(1.0, m + 1.0)
    if method == "by":
        factor = factor * (1.0 / np.arange(1.0, m + 1.0)).sum()
    adjusted = np.minimum.accumulate((flat[order] * factor)[::-1])[::-1]
    back = np.empty(m)
    back[order] = np.minimum(adjusted, 1.0)
    out[known] = back
    return out
