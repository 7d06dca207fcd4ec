"""How firm a rank is: redraw the plants and rank again."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.parallel import monte_carlo

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = ["Ranks", "rank_quotients"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Rank of every cell within its industry; NaN has no rank.

    Attributes
    ----------
    rank
        1 is the largest quotient; ties share the better rank.
    lower, upper
        Ends of the interval of the rank over the draws.
    p_top
        Share of the draws in which the cell is among the first `top`.
    p_same
        Share of the draws in which the cell has exactly its rank.
    """

    rank: FloatArray
    lower: FloatArray
    upper: FloatArray
    p_top: FloatArray
    p_same: FloatArray


def rank_quotients(
    quotient: FloatArray,
    plants: FloatArray | None,
    activity: NDArray[np.str_],
    *,
    top: int,
    draws: int,
    level: float,
    seed: int,
    progress: Callable[[int, int], None],
) -> Ranks:
    """Rank regions within industries, and say how often the rank holds.

    The number of plants of a cell is redrawn from a Poisson distribution around its
    (effective) number; the region's own share is fixed, as in `location_quotient_test`.

    Parameters
    ----------
    quotient, plants
        (n_regions, n_industries); `plants` may be ``None``: then ranks have no interval.
    activity
        Labels of the industries; each has its own stream of draws.
    top, draws, level, seed
        As in the options.
    progress
        Called with industries done and in all.

    Returns
    -------
    Ranks
        Arrays of the shape of `quotient`.
    """
    shape = quotient.shape
    rank, lower, upper, p_top, p_same = (np.full(shape, np.nan) for _ in range(5))
    ends = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    for i in range(shape[1]):
        rows = np.flatnonzero(quotient[:, i] > 0)
        values = quotient[rows, i]
        rank[rows, i] = _ranks(values)
        progress(i + 1, shape[1])
        if plants is None or rows.size == 0:
            continue
        number = plants[rows, i]
        if not np.isfinite(number).all():
            continue
        drawn = monte_carlo(
            _Redraw(values, number),
            n=draws,
            seed=seed,
            stream=zlib.crc32(str(activity[i]).encode()),
            n_jobs=1,
        )
        lower[rows, i], upper[rows, i] = np.quantile(
            drawn, ends, axis=0, method="inverted_cdf"
        )
        p_top[rows, i] = (drawn <= top).mean(axis=0)
        p_same[rows, i] = (drawn == rank[rows, i]).mean(axis=0)
    return Ranks(rank=rank, lower=lower, upper=upper, p_top=p_top, p_same=p_same)


@dataclass(frozen=True, slots=True)
class _Redraw:
    """Ranks of quotients whose plants are drawn again."""

    values: FloatArray
    number: FloatArray

    def __call__(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Give ranks, (size, n_regions)."""
        shape = (size, self.values.size)
        again = self.values * rng.poisson(self.number, shape) / self.number
        order = np.argsort(-again, axis=1)
        out = np.empty(shape)
        places = np.broadcast_to(np.arange(1.0, shape[1] + 1), shape)
        np.put_along_axis(out, order, places, axis=1)
        return out


def _ranks(values: FloatArray) -> FloatArray:
    ordered = np.sort(-values)
    return np.asarray(
        np.searchsorted(ordered, -values, side="left") + 1, dtype=np.float64
    )
