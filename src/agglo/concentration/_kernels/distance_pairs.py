"""Pair distances: exact histograms, moments and bandwidths, by compiled loops.

Rows are cut into pieces that depend on the number of points only, so that the sums are
the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy.spatial.distance import cdist, pdist

from agglo.core.parallel import in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = [
    "bin_centres",
    "in_pieces",
    "n_pairs",
    "nrd0",
    "nrd0_of_counts",
    "nrd0_of_kept",
    "pair_distances",
    "pair_histogram",
    "quantile_of_pairs",
]

# up to here all distances are kept and sorted
_KEPT_PAIRS = 5_000_000
_FINE = 1 << 16
_PIECE_PAIRS = 20_000_000
_BLOCK = 512


def n_pairs(n: int, n_other: int | None = None) -> int:
    """Unordered pairs within one set, or all pairs of two sets."""
    return n * (n - 1) // 2 if n_other is None else n * n_other


def in_pieces(
    run: Callable[[int, int], FloatArray], edges: list[int], *, threaded: bool
) -> FloatArray:
    """Sum `run(first, last)` over pieces, in their order."""
    spans = list(pairwise(edges))
    parts = in_threads(lambda span: run(*span), spans, threaded=threaded)
    out: FloatArray = np.sum(parts, axis=0)
    return out


def _edges(rows: int, pairs: int, *, own: bool) -> list[int]:
    """Cut rows into pieces of about equal numbers of pairs."""
    pieces = max(1, -(-pairs // _PIECE_PAIRS))
    at = np.linspace(0.0, 1.0, pieces + 1)
    if own:  # row i has rows - 1 - i pairs
        at = 1.0 - np.sqrt(1.0 - at)
    return np.unique(np.rint(at * rows).astype(np.int64)).tolist()


@numba.njit(cache=True, nogil=True, fastmath=True)
def _count_rows(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    x2: NDArray[np.float32],
    y2: NDArray[np.float32],
    own: bool,
    first: int,
    last: int,
    n_bins: int,
) -> FloatArray:
    # four tallies: neighbouring pairs often share a bin, and would wait for each other
    tally = np.zeros((4, n_bins + 2), dtype=np.uint32)
    bins = np.empty(_BLOCK, dtype=np.int32)
    top = np.float32(n_bins + 1)
    n = x2.size
    for i in range(first, last):
        xi = x[i]
        yi = y[i]
        for start in range(i + 1 if own else 0, n, _BLOCK):
            # slices and unsigned bins: without them indices are checked one by one
            size = min(_BLOCK, n - start)
            xs = x2[start : start + size]
            ys = y2[start : start + size]
            for k in range(size):
                dx = xs[k] - xi
                dy = ys[k] - yi
                bins[k] = np.int32(min(np.ceil(np.sqrt(dx * dx + dy * dy)), top))
            whole = size - size % 4
            for k in range(0, whole, 4):
                tally[0, np.uint32(bins[k])] += np.uint32(1)
                tally[1, np.uint32(bins[k + 1])] += np.uint32(1)
                tally[2, np.uint32(bins[k + 2])] += np.uint32(1)
                tally[3, np.uint32(bins[k + 3])] += np.uint32(1)
            for k in range(whole, size):
                tally[0, np.uint32(bins[k])] += np.uint32(1)
    out = np.zeros(n_bins + 2)
    for q in range(4):
        for b in range(n_bins + 2):
            out[b] += tally[q, b]
    return out


@numba.njit(cache=True, nogil=True, fastmath=True)
def _weigh_rows(  # noqa: PLR0917  compiled: no keywords
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    w: FloatArray,
    x2: NDArray[np.float32],
    y2: NDArray[np.float32],
    w2: FloatArray,
    own: bool,
    added: bool,
    first: int,
    last: int,
    n_bins: int,
) -> FloatArray:
    tally = np.zeros((4, n_bins + 2))
    bins = np.empty(_BLOCK, dtype=np.int32)
    top = np.float32(n_bins + 1)
    n = x2.size
    for i in range(first, last):
        xi = x[i]
        yi = y[i]
        factor = 1.0 if added else w[i]
        plus = w[i] if added else 0.0
        for start in range(i + 1 if own else 0, n, _BLOCK):
            # slices and unsigned bins: without them indices are checked one by one
            size = min(_BLOCK, n - start)
            xs = x2[start : start + size]
            ys = y2[start : start + size]
            for k in range(size):
                dx = xs[k] - xi
                dy = ys[k] - yi
                bins[k] = np.int32(min(np.ceil(np.sqrt(dx * dx + dy * dy)), top))
            ws = w2[start : start + size]
            whole = size - size % 4
            for k in range(0, whole, 4):
                tally[0, np.uint32(bins[k])] += factor * ws[k] + plus
                tally[1, np.uint32(bins[k + 1])] += factor * ws[k + 1] + plus
                tally[2, np.uint32(bins[k + 2])] += factor * ws[k + 2] + plus
                tally[3, np.uint32(bins[k + 3])] += factor * ws[k + 3] + plus
            for k in range(whole, size):
                tally[0, np.uint32(bins[k])] += factor * ws[k] + plus
    return tally[0] + tally[1] + tally[2] + tally[3]


def pair_histogram(
    a: FloatArray,
    b: FloatArray | None,
    width: float,
    n_bins: int,
    *,
    weights: tuple[FloatArray, FloatArray] | None = None,
    added: bool = False,
    threaded: bool = True,
) -> FloatArray:
    """Weigh all pairs by distance, shape (n_bins + 2,).

    `a` and `b` are (n, 2) positions; ``b=None`` takes the unordered pairs of `a`. Entry 0
    holds the pairs at distance 0, entry k those in ((k-1) width, k width], the last one
    all beyond. A pair weighs 1, the product of its weights, or (`added`) their sum.
    """
    own = b is None
    # single precision around the middle: an error of 1e-7 of the extent, half the time
    middle = a.mean(axis=0)
    near = ((a - middle) / width).astype(np.float32)
    far = near if b is None else ((b - middle) / width).astype(np.float32)
    x, y = np.ascontiguousarray(near[:, 0]), np.ascontiguousarray(near[:, 1])
    x2, y2 = np.ascontiguousarray(far[:, 0]), np.ascontiguousarray(far[:, 1])
    pairs = n_pairs(x.size, None if own else x2.size)
    edges = _edges(x.size, pairs, own=own)

    def run(first: int, last: int) -> FloatArray:
        if weights is None:
            return _count_rows(x, y, x2, y2, own, first, last, n_bins)
        return _weigh_rows(
            x, y, weights[0], x2, y2, weights[1], own, added, first, last, n_bins
        )

    return in_pieces(run, edges, threaded=threaded)


def bin_centres(width: float, n_bins: int) -> FloatArray:
    """Distances that the entries of a histogram stand for, the last one left out."""
    out: FloatArray = np.maximum((np.arange(n_bins + 1) - 0.5) * width, 0.0)
    return out


def pair_distances(a: FloatArray, b: FloatArray | None) -> FloatArray:
    """All pair distances, for few points."""
    out: FloatArray = pdist(a) if b is None else cdist(a, b).ravel()
    return out


def _extent(a: FloatArray, b: FloatArray | None) -> float:
    both = a if b is None else np.vstack([a, b])
    return float(np.hypot(*np.ptp(both, axis=0)))


def _binned(
    a: FloatArray, b: FloatArray | None, within: float
) -> tuple[FloatArray, float]:
    """Give the fine histogram of distances up to `within`, and the width of its bins."""
    reach = min(_extent(a, b), within)
    width = reach / _FINE
    return pair_histogram(a, b, width, _FINE)[:-1], width


def _quantiles(counts: FloatArray, width: float, *q: float) -> tuple[float, ...]:
    ends = np.arange(counts.size) * width
    at = np.interp(np.array(q) * counts.sum(), np.cumsum(counts), ends)
    return tuple(float(v) for v in at)


def quantile_of_pairs(a: FloatArray, b: FloatArray | None, q: float) -> float:
    """Quantile of the pair distances; beyond 5 million pairs to 2e-5 of the extent."""
    if n_pairs(len(a), None if b is None else len(b)) <= _KEPT_PAIRS:
        return float(np.quantile(pair_distances(a, b), q))
    if _extent(a, b) == 0.0:
        return 0.0
    counts, width = _binned(a, b, np.inf)
    return _quantiles(counts, width, q)[0]


def nrd0(a: FloatArray, b: FloatArray | None, within: float = np.inf) -> float:
    """Rule-of-thumb bandwidth of the pair distances up to `within`.

    0.9 min(sd, IQR/1.34) P^(-1/5); sd where IQR is 0; 0 where all distances are equal and
    NaN with fewer than two pairs. Beyond 5 million pairs from a histogram of 65,536 bins.
    """
    if n_pairs(len(a), None if b is None else len(b)) <= _KEPT_PAIRS:
        return nrd0_of_kept(pair_distances(a, b), within)
    if _extent(a, b) == 0.0:
        return 0.0
    counts, width = _binned(a, b, within)
    return nrd0_of_counts(counts, width)


def nrd0_of_kept(d: FloatArray, within: float) -> float:
    """Give `nrd0` of distances that are at hand."""
    d = d[d <= within]
    if d.size < 2:
        return float("nan")
    low, high = np.quantile(d, [0.25, 0.75])
    return _rule(float(d.std(ddof=1)), float(high - low), d.size)


def nrd0_of_counts(counts: FloatArray, width: float) -> float:
    """Give `nrd0` from a histogram as `pair_histogram` makes, without its last entry."""
    n = float(counts.sum())
    if n < 2:
        return float("nan")
    centres = bin_centres(width, counts.size - 1)
    mean = counts @ centres / n
    squares = float(counts @ (centres - mean) ** 2) - n * width**2 / 12.0
    low, high = _quantiles(counts, width, 0.25, 0.75)
    return _rule(float(np.sqrt(max(squares, 0.0) / (n - 1))), high - low, n)


def _rule(sd: float, iqr: float, n: float) -> float:
    return 0.9 * (min(sd, iqr / 1.34) if iqr > 0 else sd) * float(n) ** -0.2
