"""K-density from pairs of points: the formula itself, and smoothed histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numba
import numpy as np

from agglo.concentration._kernels.distance_pairs import (
    bin_centres,
    in_pieces,
    n_pairs,
    pair_histogram,
)

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = [
    "PairWeights",
    "Smoother",
    "exact_kdensity",
    "histogram_kdensity",
    "kernel_matrix",
    "matrix_kdensity",
    "pair_total",
    "smoother_for",
]

PairWeights: TypeAlias = "tuple[FloatArray, FloatArray] | None"

# beyond this many bandwidths the kernel is below 1e-15 of its peak
_REACH = 8.5
_FEW_PAIRS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoother:
    """Turns pair histograms into densities at the distances asked for.

    `matrix` has one row per bin and one column per distance.
    """

    width: float
    n_bins: int
    matrix: FloatArray


def pair_total(
    n: tuple[int, int | None], weights: PairWeights, *, added: bool
) -> float:
    """Sum of the weights of all pairs; `n` counts the points, (n, None) within one set."""
    if weights is None:
        return float(n_pairs(*n))
    w, v = weights
    if n[1] is None:
        if added:
            return float((n[0] - 1) * w.sum())
        return float((w.sum() ** 2 - (w**2).sum()) / 2.0)
    if added:
        return float(n[1] * w.sum() + n[0] * v.sum())
    return float(w.sum() * v.sum())


def smoother_for(r: FloatArray, h: float, pairs: int) -> Smoother:
    """Prepare bins of h/20 (h/160 for few pairs) and their kernel weights."""
    width = h / (160.0 if pairs < _FEW_PAIRS else 20.0)
    n_bins = int(np.ceil((float(r[-1]) + _REACH * h) / width))
    matrix = kernel_matrix(r, h, width, n_bins)
    return Smoother(width=width, n_bins=n_bins, matrix=matrix)


def kernel_matrix(r: FloatArray, h: float, width: float, n_bins: int) -> FloatArray:
    """Kernel and its reflection at 0, one row per bin, one column per distance.

    Sheppard's correction: within a bin distances spread with variance width²/12, which
    the kernel is narrowed by.
    """
    centres = bin_centres(width, n_bins)
    narrow = np.full(n_bins + 1, np.sqrt(h**2 - width**2 / 12.0))
    narrow[0] = h  # distance 0 is exact
    out: FloatArray = _bell(r[None, :] - centres[:, None], narrow[:, None])
    out += _bell(r[None, :] + centres[:, None], narrow[:, None])
    return out


def histogram_kdensity(
    smoother: Smoother,
    a: FloatArray,
    b: FloatArray | None,
    weights: PairWeights,
    *,
    added: bool,
    threaded: bool,
) -> FloatArray:
    """Sum of the kernel over all pairs, not yet divided by their weight."""
    found = pair_histogram(
        a,
        b,
        smoother.width,
        smoother.n_bins,
        weights=weights,
        added=added,
        threaded=threaded,
    )
    out: FloatArray = found[:-1] @ smoother.matrix
    return out


def _bell(away: FloatArray, h: FloatArray) -> FloatArray:
    out: FloatArray = np.exp(-0.5 * (away / h) ** 2) / (np.sqrt(2.0 * np.pi) * h)
    return out


@numba.njit(cache=True, nogil=True)
def _exact_rows(  # noqa: PLR0917  compiled: no keywords
    a: FloatArray,
    w: FloatArray,
    b: FloatArray,
    v: FloatArray,
    own: bool,
    added: bool,
    first: int,
    last: int,
    r: FloatArray,
    h: float,
) -> FloatArray:
    out = np.zeros(r.size)
    for i in range(first, last):
        for j in range(i + 1 if own else 0, b.shape[0]):
            dx = b[j, 0] - a[i, 0]
            dy = b[j, 1] - a[i, 1]
            d = np.sqrt(dx * dx + dy * dy)
            if d > r[-1] + _REACH * h:
                continue
            weight = w[i] + v[j] if added else w[i] * v[j]
            for k in range(r.size):
                near = (r[k] - d) / h
                far = (r[k] + d) / h
                if abs(near) < _REACH:
                    out[k] += weight * np.exp(-0.5 * near * near)
                if far < _REACH:
                    out[k] += weight * np.exp(-0.5 * far * far)
    return out / (np.sqrt(2.0 * np.pi) * h)


def exact_kdensity(
    a: FloatArray,
    b: FloatArray | None,
    weights: PairWeights,
    r: FloatArray,
    h: float,
    *,
    added: bool,
) -> FloatArray:
    """Sum of the kernel over all pairs, pair by pair."""
    own = b is None
    other = a if b is None else b
    w, v = (np.ones(len(a)), np.ones(len(other))) if weights is None else weights
    step = max(1, 2_000_000 // max(len(other), 1))
    edges = [*range(0, len(a), step), len(a)]

    def run(first: int, last: int) -> FloatArray:
        return _exact_rows(
            a, w, other, v, own, added and weights is not None, first, last, r, h
        )

    return in_pieces(run, edges, threaded=True)


def matrix_kdensity(
    smoother: Smoother,
    distances: FloatArray,
    weights: PairWeights,
    *,
    own: bool,
    added: bool,
) -> FloatArray:
    """Sum of the kernel over the pairs of a matrix; the upper triangle within one set."""
    n, m = distances.shape
    bins = np.ceil(distances / smoother.width)
    bins = np.minimum(bins, smoother.n_bins + 1).astype(np.int64)
    if weights is None:
        mass = np.ones((n, m))
    elif added:
        mass = weights[0][:, None] + weights[1][None, :]
    else:
        mass = weights[0][:, None] * weights[1][None, :]
    if own:
        mass = np.triu(mass, 1)
    found = np.bincount(bins.ravel(), mass.ravel(), smoother.n_bins + 2)
    out: FloatArray = found[:-1] @ smoother.matrix
    return out
