"""P-values of simulated statistics: never 0, ties counted, undefined draws left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.parallel import Draw
    from agglo.core.typing import Alternative, FloatArray, IntArray

__all__ = ["Sequential", "known_draws", "mc_pvalue", "sequential_pvalue"]

ALTERNATIVES = ("greater", "less", "two-sided")


def mc_pvalue(
    observed: ArrayLike, simulated: ArrayLike, alternative: Alternative = "greater"
) -> FloatArray:
    """Compare statistics with their simulated values.

    Use it for statistics that are tested one by one; for a whole curve see
    :func:`global_envelope`, for many statistics :func:`fdr` afterwards.

    Parameters
    ----------
    observed
        Statistics, shape (...), any shape.
    simulated
        Draws, shape (n, ...). NaN draws are left out of that statistic;
        :func:`known_draws` counts the others.
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
    Phipson and Smyth (2010), https://doi.org/10.2202/1544-6115.1585. Ties are compared
    to the last bit: round statistics that are equal on paper before. Cost O(n) per
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
    n = known_draws(sims)
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


def known_draws(simulated: ArrayLike) -> IntArray:
    """Count the draws behind every p-value.

    Use it to report how many draws were undefined, and the resolution 1/(known + 1).

    Parameters
    ----------
    simulated
        Draws, shape (n, ...).

    Returns
    -------
    numpy.ndarray of int64
        Draws that are not NaN, shape (...).

    Raises
    ------
    AlignmentError
        If there is no axis of draws.

    Examples
    --------
    >>> from agglo.core.inference import known_draws
    >>> int(known_draws([1.0, float("nan"), 3.0]))
    2
    """
    sims = np.asarray(simulated, dtype=np.float64)
    if sims.ndim == 0:
        msg = "simulated is a single number; its first axis must hold the draws."
        raise AlignmentError(msg)
    out: IntArray = np.asarray((~np.isnan(sims)).sum(axis=0), dtype=np.int64)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequential:
    """A sequential test.

    Attributes
    ----------
    p
        P-value; NaN where the statistic, or every draw, is undefined.
    n
        Draws that the p-value rests on.
    exceedances
        Draws at least as extreme.
    dropped
        Undefined draws on the way, left out.
    """

    p: float
    n: int
    exceedances: int
    dropped: int = 0


def sequential_pvalue(
    draw: Draw,
    observed: float,
    *,
    seed: int | None,
    h: int = 20,
    n_max: int = 9999,
    alternative: Literal["greater", "less"] = "greater",
    block_size: int = 64,
) -> Sequential:
    """Draw until enough draws are at least as extreme as the statistic.

    Use it to spend few draws where nothing is significant, and many where something is.

    Parameters
    ----------
    draw
        Takes a generator and a size and gives that many draws, shape (size,).
    observed
        The statistic.
    seed
        Seed of the draws; the same blocks as :func:`agglo.core.parallel.monte_carlo`.
    h
        Exceedances at which to stop.
    n_max
        Draws at most, undefined ones included.
    alternative
        ``"greater"`` or ``"less"``. For a two-sided test draw a statistic that is large
        at both ends, such as the distance from the mean under the null.
    block_size
        Draws per block; decides the answer together with `seed`.

    Returns
    -------
    Sequential
        h/l when the h-th exceedance is the l-th draw, else (1 + g)/(1 + l) with g
        exceedances among all l draws. Undefined draws do not count.

    Raises
    ------
    OptionError
        If an option is not admissible, or `draw` gives another shape than (size,).

    Notes
    -----
    Besag and Clifford (1991), https://doi.org/10.1093/biomet/78.2.301. Under the null
    P(p ≤ a) ≤ a for every a. The expected number of draws is about h/p.

    Examples
    --------
    >>> from agglo.core.inference import sequential_pvalue
    >>> sequential_pvalue(lambda rng, size: rng.random(size), 0.0, seed=1, h=5).p
    1.0
    """
    check_choice("alternative", alternative, ("greater", "less"))
    for name, value in (("h", h), ("n_max", n_max), ("block_size", block_size)):
        check_number(name, value, minimum=1, integer=True)
    entropy = entropy_of(seed)
    if np.isnan(observed):
        return Sequential(p=np.nan, n=0, exceedances=0)
    found = known = 0
    for start in range(0, n_max, block_size):
        size = min(block_size, n_max - start)
        block = _one_each(draw(generator(entropy, 0, start // block_size), size), size)
        hits = block >= observed if alternative == "greater" else block <= observed
        there = ~np.isnan(block)
        if found + int(hits.sum()) >= h:
            last = int(np.flatnonzero(hits)[h - found - 1]) + 1
            known += int(there[:last].sum())
            return Sequential(
                p=h / known, n=known, exceedances=h, dropped=start + last - known
            )
        found += int(hits.sum())
        known += int(there.sum())
    p = (1.0 + found) / (1.0 + known) if known else np.nan
    return Sequential(p=p, n=known, exceedances=found, dropped=n_max - known)


def _one_each(drawn: ArrayLike, size: int) -> FloatArray:
    block = np.asarray(drawn, dtype=np.float64)
    if block.shape != (size,):
        msg = f"draw(rng, {size}) gave shape {block.shape}; expected ({size},)."
        raise OptionError(msg)
    return block
