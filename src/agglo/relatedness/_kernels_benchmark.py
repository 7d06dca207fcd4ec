"""Similarity of industries, clustering of its rows, and validation scores, on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

_FLAT = 1e-12


def correlations(x: FloatArray) -> FloatArray:
    """Pearson correlation of columns, diagonal 1; constant or unknown columns are NaN."""
    centred = x - x.mean(axis=0)
    norm = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    with np.errstate(divide="ignore", invalid="ignore"):
        flat = ~(norm > _FLAT * np.sqrt(np.einsum("ij,ij->j", x, x)))
        unit = np.where(flat, 0.0, centred / norm)
    out: FloatArray = np.clip(unit.T @ unit, -1.0, 1.0)
    np.fill_diagonal(out, 1.0)
    return blanked(out, flat)


def blanked(matrix: FloatArray, out: BoolArray) -> FloatArray:
    """Set rows and columns to NaN."""
    matrix[out] = np.nan
    matrix[:, out] = np.nan
    return matrix


def coagglomeration(x: FloatArray, *, base: str) -> FloatArray:
    """Covariance of regional shares around those of the whole, over 1 - sum of squares."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = x / x.sum(axis=0)
    whole = x.sum(axis=1) / x.sum() if base == "total" else np.nanmean(share, axis=1)
    apart = share - whole[:, None]
    empty = np.isnan(apart).any(axis=0)
    apart = np.nan_to_num(apart)
    out: FloatArray = apart.T @ apart / (1.0 - whole @ whole)
    return blanked(out, empty)


def largest_link(sales: FloatArray, bought: FloatArray, sold: FloatArray) -> FloatArray:
    """Largest of four shares of a pair: of what either buys from or sells to the other.

    `sales[i, j]` from i to j, `bought` and `sold` the totals shares are taken of.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        of_sales = np.where(sold[:, None] > 0, sales / sold[:, None], 0.0)
        of_purchases = np.where(bought[None, :] > 0, sales / bought[None, :], 0.0)
    one = np.maximum(of_sales, of_purchases)
    return np.maximum(one, one.T)


def standard_scores(matrix: FloatArray) -> FloatArray:
    """Off-diagonal z-scores, diagonal NaN."""
    out = matrix.copy()
    np.fill_diagonal(out, np.nan)
    sd = float(np.nanstd(out))
    result: FloatArray = (out - np.nanmean(out)) / (sd if sd > 0 else np.nan)
    return result


def mean_of(parts: list[FloatArray]) -> tuple[FloatArray, float]:
    """Mean of what is known, and the share of pairs where a part is missing."""
    stack = np.stack(parts)
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore"):
        out: FloatArray = np.where(known, stack, 0.0).sum(axis=0) / np.where(
            count > 0, count, np.nan
        )
    some = (count > 0) & (count < len(parts))
    off = ~np.eye(out.shape[0], dtype=bool)
    return out, float(some[off].mean()) if off.any() else 0.0


def rows_of(matrix: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Describe industries by their rows: diagonal and gaps are the row mean.

    Gives the rows of what is known, and which industries these are.
    """
    off = matrix.copy()
    np.fill_diagonal(off, np.nan)
    known = np.asarray(np.isfinite(off).any(axis=1), dtype=bool)
    off = off[np.ix_(known, known)]
    count = np.isfinite(off).sum(axis=1)
    mean = np.nansum(off, axis=1) / np.maximum(count, 1)
    return np.where(np.isfinite(off), off, mean[:, None]), known


@njit(cache=True)  # type: ignore[untyped-decorator]
def _absolute(x: FloatArray, centre: FloatArray) -> FloatArray:
    """Sum the absolute differences of rows, (n, k)."""
    n, d = x.shape
    k = centre.shape[0]
    turned = np.ascontiguousarray(centre.T)
    out = np.zeros((n, k))
    for i in range(n):
        for c in range(d):
            here = x[i, c]
            for j in range(k):
                out[i, j] += abs(here - turned[c, j])
    return out


def lloyd(
    x: FloatArray, start: FloatArray, *, medians: bool, rounds: int = 100
) -> tuple[IntArray, float]:
    """Move to the nearest centre until nothing moves; labels and the sum of distances."""
    centre = start.copy()
    k = centre.shape[0]
    label = np.full(x.shape[0], -1, dtype=np.int64)
    square = np.einsum("ij,ij->i", x, x)
    distance = np.empty((x.shape[0], k))
    for _ in range(rounds):
        if medians:
            distance = _absolute(x, centre)
        else:
            norm = np.einsum("ij,ij->i", centre, centre)
            distance = square[:, None] - 2 * (x @ centre.T) + norm[None]
        new = distance.argmin(axis=1)
        size = np.bincount(new, minlength=k)
        for empty in np.flatnonzero(size == 0):
            # an empty group takes the item that fits worst, from a group of several
            fit = np.where(size[new] > 1, distance[np.arange(new.size), new], -np.inf)
            worst = int(fit.argmax())
            size[new[worst]] -= 1
            new[worst], size[empty] = empty, 1
        if np.array_equal(new, label):
            break
        label = new
        if medians:
            for j in range(k):
                centre[j] = np.median(x[label == j], axis=0)
        else:
            one = one_hot(label, k)
            centre = (one.T @ x) / size[:, None]
    return label, float(distance[np.arange(label.size), label].sum())


def one_hot(label: IntArray, k: int) -> FloatArray:
    """Items x groups, one where it belongs; a negative label belongs nowhere."""
    out = np.zeros((label.size, k))
    there = np.flatnonzero(label >= 0)
    out[there, label[there]] = 1.0
    return out


def principal(x: FloatArray, d: int) -> FloatArray:
    """Scores on the first principal components; the largest entry of each is positive."""
    centred = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    kept = np.argsort(-values)[: min(d, x.shape[0] - 1)]
    chosen = vectors[:, kept]
    flip = np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(kept.size)])
    out: FloatArray = chosen * flip * np.sqrt(np.maximum(values[kept], 0.0))
    return out


def spectral_rows(similarity: FloatArray, k: int) -> FloatArray:
    """Rows of the k leading eigenvectors of the normalised similarity, of length 1."""
    weight = np.maximum(similarity, 0.0)
    weight = (weight + weight.T) / 2
    degree = np.maximum(weight.sum(axis=1), 1e-300)
    scaled = weight / np.sqrt(degree[:, None] * degree[None, :])
    vectors = np.linalg.eigh(scaled)[1][:, -k:]
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    out: FloatArray = vectors / np.where(length > 0, length, 1.0)
    return out


def prepared(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give known pairs (others 0) and where they are, as numbers; no diagonal."""
    known = np.isfinite(matrix)
    np.fill_diagonal(known, False)
    return np.where(known, matrix, 0.0), known.astype(np.float64)


def relatedness_within_between(
    matrix: FloatArray, label: IntArray, k: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """WCR and BCR of items, (n,) and (n, k), and of clusters, (k,) and (k, k)."""
    return _within_between(prepared(matrix), label, k)


def _within_between(
    pairs: tuple[FloatArray, FloatArray], label: IntArray, k: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    one = one_hot(label, k)
    total, count = pairs[0] @ one, pairs[1] @ one
    with np.errstate(divide="ignore", invalid="ignore"):
        item = total / count
        cluster = (one.T @ total) / (one.T @ count)
    rows = np.flatnonzero(label >= 0)
    within = np.full(label.size, np.nan)
    within[rows] = item[rows, label[rows]]
    item[rows, label[rows]] = np.nan
    item[label < 0] = np.nan
    own = np.diag(cluster).copy()
    np.fill_diagonal(cluster, np.nan)
    return within, item, own, cluster


def row_quantile(x: FloatArray, q: float) -> FloatArray:
    """Quantile of the known entries of every row, linear; NaN without any."""
    order = np.sort(x, axis=1)  # NaN last
    n = np.isfinite(x).sum(axis=1)
    place = np.maximum(n - 1, 0) * q
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(n - 1, 0))
    rows = np.arange(x.shape[0])
    a, b = order[rows, low], order[rows, high]
    out: FloatArray = a + (b - a) * (place - low)
    out[n == 0] = np.nan
    return out


def validation(
    matrix: FloatArray, label: IntArray, k: int, *, fail_singletons: bool
) -> FloatArray:
    """Give the four scores: cluster-avg, cluster-p95, industry-avg, industry-p95, 0 to 100."""
    return validated(prepared(matrix), label, k, fail_singletons=fail_singletons)


def validated(
    pairs: tuple[FloatArray, FloatArray],
    label: IntArray,
    k: int,
    *,
    fail_singletons: bool,
) -> FloatArray:
    """Give the same of a matrix that is prepared, where many definitions are scored."""
    within, item, own, cluster = _within_between(pairs, label, k)
    size = np.bincount(label[label >= 0], minlength=k)
    used = size > 0
    out = []
    for inner, outer, alone in (
        (own[used], cluster[used][:, used], size[used] == 1),
        (within, item, size[np.maximum(label, 0)] == 1),
    ):
        count = np.isfinite(outer).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.nansum(outer, axis=1) / count
        scored = (count > 0) & (
            np.isfinite(inner) | (alone if fail_singletons else False)
        )
        for bar in (mean, row_quantile(outer, 0.95)):
            good = np.where(np.isfinite(inner), inner > bar, False)[scored]
            out.append(100 * float(good.mean()) if good.size else np.nan)
    return np.array(out)
