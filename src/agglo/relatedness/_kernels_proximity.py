"""Proximity on arrays: rows are observations, columns what is compared; NaN is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

# above so many columns the pairs are kept in single precision, made block by block
WIDE = 5_000
_BLOCK = 512
# single precision holds whole numbers up to 2**24 exactly
_EXACT = 2**24
_FLAT = 1e-12


def co_presence(m: FloatArray) -> FloatArray:
    """Sum over rows of the product of two columns, (n, n); exact for zeros and ones."""
    if m.shape[0] < _EXACT and bool(np.all((m == 0) | (m == 1))):
        narrow = m.astype(np.float32)
        counts: FloatArray = (narrow.T @ narrow).astype(np.float64)
        return counts
    return m.T @ m


def from_presence(m: FloatArray, kind: str) -> FloatArray:
    """Conditional probabilities of presence: ``min``, ``sqrt`` or ``asymmetric``.

    Row and column are NaN where a column is empty or has an unknown cell.
    """
    k = m.sum(axis=0)
    undefined = np.isnan(k) | (k == 0)
    if m.shape[1] > WIDE:
        return _finish(_wide(np.nan_to_num(m), k, kind), undefined)
    out = co_presence(np.nan_to_num(m))
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "min":
            out /= np.maximum.outer(k, k)
        elif kind == "sqrt":
            out /= np.sqrt(np.multiply.outer(k, k))
        else:
            out /= k[:, None]
    return _finish(out, undefined)


def _wide(m: FloatArray, k: FloatArray, kind: str) -> FloatArray:
    """Give the same in single precision: counts are exact, shares to one part in 1e7."""
    narrow = m.astype(np.float32)
    n = narrow.shape[1]
    out = np.empty((n, n), np.float32)
    for first in range(0, n, _BLOCK):
        b = slice(first, first + _BLOCK)
        np.matmul(narrow.T, narrow[:, b], out=out[:, b])
        with np.errstate(divide="ignore", invalid="ignore"):
            if kind == "min":
                out[:, b] /= np.maximum.outer(k, k[b])
            elif kind == "sqrt":
                out[:, b] /= np.sqrt(np.multiply.outer(k, k[b]))
            else:
                out[:, b] /= k[:, None]
    # single precision is a matter of storage: everything reads it as it reads double
    return cast("FloatArray", out)


def correlation(x: FloatArray) -> FloatArray:
    """Half of one plus the correlation of columns; a constant column is NaN."""
    centred = x - x.mean(axis=0)
    norm = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    flat = ~(norm > _FLAT * np.sqrt(np.einsum("ij,ij->j", x, x)))
    return _finish((1.0 + _unit_products(centred, norm)) / 2.0, flat)


def cosine(x: FloatArray) -> FloatArray:
    """Cosine of columns; an empty column is NaN."""
    norm = np.sqrt(np.einsum("ij,ij->j", x, x))
    return _finish(_unit_products(x, norm), ~(norm > 0))


def _unit_products(x: FloatArray, norm: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = np.nan_to_num(x / norm)
    if unit.shape[1] > WIDE:
        unit = unit.astype(np.float32)
    return np.clip(unit.T @ unit, -1.0, 1.0)


def _finish(out: FloatArray, undefined: np.ndarray) -> FloatArray:
    np.fill_diagonal(out, 1.0)
    out[undefined] = np.nan
    out[:, undefined] = np.nan
    return out


def association(c: FloatArray) -> FloatArray:
    """Observed over expected share of pairs, without correction for the zero diagonal."""
    s, total = c.sum(axis=1), c.sum()
    return _over(c * total, np.multiply.outer(s, s))


def salton(c: FloatArray) -> FloatArray:
    """Cosine of co-occurrence: C / sqrt(S_i S_j)."""
    s = c.sum(axis=1)
    return _over(c, np.sqrt(np.multiply.outer(s, s)))


def jaccard(c: FloatArray) -> FloatArray:
    """C / (S_i + S_j - C)."""
    s = c.sum(axis=1)
    return _over(c, np.add.outer(s, s) - c)


def probability(c: FloatArray) -> FloatArray:
    """Observed over expected pairs when no item pairs with itself."""
    s, total = c.sum(axis=1), c.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.multiply.outer(s / (total - s), s / total)
    out = _over(c, (one + one.T) * (total / 2.0))
    # an item in every pair leaves nothing to draw a partner from
    alone = (s == total) & (s > 0)
    out[alone] = np.nan
    out[:, alone] = np.nan
    return out


def from_cooccurrence(m: FloatArray, method: str) -> FloatArray:
    """Normalise the co-presence of columns; an unknown cell spoils its column only."""
    unknown = np.isnan(m).any(axis=0)
    counts = co_presence(np.where(unknown, 0.0, np.nan_to_num(m)))
    np.fill_diagonal(counts, 0.0)
    out = COOCCURRENCE[method](counts)
    out[unknown] = np.nan
    out[:, unknown] = np.nan
    return out


def _over(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide; 0 where the denominator is 0; zero diagonal."""
    out = np.zeros_like(numerator)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    np.fill_diagonal(out, 0.0)
    return out


def excess(c: FloatArray, n: FloatArray, units: int) -> FloatArray:
    """Standardise co-occurrence by the hypergeometric distribution.

    `n` counts the units with each item; an item in none or in all of them is NaN, and so
    is the diagonal.
    """
    u = float(units)
    mean = np.multiply.outer(n, n) / u
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = mean * (1.0 - n / u)[:, None] * ((u - n) / (u - 1.0))
        out = np.where(variance > 0, (c - mean) / np.sqrt(variance), np.nan)
    np.fill_diagonal(out, np.nan)
    return out


COOCCURRENCE: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "probability": probability,
    "association": association,
    "cosine": salton,
    "jaccard": jaccard,
}
