"""Bounds of hidden cells from margins, and of quotients from bounds of cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

_MOST_ROUNDS = 1000
# margins are published as whole numbers: each may be off by half a unit
ROUNDING = 0.5


@dataclass(frozen=True, slots=True)
class Open:
    """Cells that are not known, and what the margins leave for them.

    Attributes
    ----------
    row, col
        Place of every open cell, (n_open,).
    lower, upper
        Bounds of the cell, (n_open,); `upper` may be infinite.
    row_left, col_left
        Margin less the known cells, (n_rows,) and (n_cols,).
    rows_add_up, cols_add_up
        Whether the cells of a row (column) add up to its margin, or stay below it
        because the table does not list every column (row).
    """

    row: IntArray
    col: IntArray
    lower: FloatArray
    upper: FloatArray
    row_left: FloatArray
    col_left: FloatArray
    rows_add_up: bool
    cols_add_up: bool


def propagated(open_: Open) -> tuple[FloatArray, FloatArray]:
    """Tighten every cell by its row and its column until nothing moves.

    The bounds hold for every table that fits; they are the sharpest ones when no cycle of
    rows and columns is open, and may be wider otherwise. O(rounds n_open).
    """
    low, high = open_.lower.copy(), open_.upper.copy()
    for _ in range(_MOST_ROUNDS):
        low_before, high_before = low.copy(), high.copy()
        _tighten(low, high, open_.row, open_.row_left, add_up=open_.rows_add_up)
        _tighten(low, high, open_.col, open_.col_left, add_up=open_.cols_add_up)
        still = high == high_before  # both may be infinite
        fell = np.where(still, 0.0, high_before - np.where(still, 0.0, high))
        if max(np.max(low - low_before), np.max(fell)) <= 1e-9 * max(1.0, low.max()):
            break
    return low, high


def _tighten(
    low: FloatArray,
    high: FloatArray,
    group: IntArray,
    left: FloatArray,
    *,
    add_up: bool,
) -> None:
    """Let every cell take what the others of its group must leave, or can leave."""
    n = left.size
    sum_low = np.bincount(group, low, minlength=n)
    np.minimum(high, left[group] - (sum_low[group] - low), out=high)
    if not add_up:
        return
    endless = np.isinf(high)
    n_endless = np.bincount(group, endless, minlength=n)[group] - endless
    sum_high = np.bincount(group, np.where(endless, 0.0, high), minlength=n)
    others = sum_high[group] - np.where(endless, 0.0, high)
    need = np.where(n_endless > 0, -np.inf, left[group] - others)
    np.maximum(low, need, out=low)


def exact(open_: Open) -> tuple[FloatArray, FloatArray] | None:
    """Sharpest bounds of every cell by linear programs; ``None`` if no table fits.

    Two programs per open cell, within the connected part of the table it belongs to.
    """
    low, high = np.empty(open_.row.size), np.empty(open_.row.size)
    n_rows = open_.row_left.size
    graph = sparse.coo_matrix(
        (np.ones(open_.row.size), (open_.row, n_rows + open_.col)),
        shape=(n_rows + open_.col_left.size,) * 2,
    )
    _, part = sparse.csgraph.connected_components(graph, directed=False)
    for k in np.unique(part[open_.row]):
        cells = np.flatnonzero(part[open_.row] == k)
        for place, j in enumerate(cells):
            for sign, target in ((1.0, low), (-1.0, high)):
                found = _program(open_, cells, place, sign)
                if found is None:
                    return None
                target[j] = found
    return low, high


def _program(open_: Open, cells: IntArray, place: int, sign: float) -> float | None:
    row_name, row = np.unique(open_.row[cells], return_inverse=True)
    col_name, col = np.unique(open_.col[cells], return_inverse=True)
    at = np.arange(cells.size)
    sums = sparse.csr_array(
        (
            np.ones(2 * cells.size),
            (np.concatenate([row, row_name.size + col]), np.concatenate([at, at])),
        )
    )
    left = np.concatenate([open_.row_left[row_name], open_.col_left[col_name]])
    add_up = np.repeat(
        [open_.rows_add_up, open_.cols_add_up], [row_name.size, col_name.size]
    )
    goal = np.zeros(cells.size)
    goal[place] = sign
    found = milp(
        goal,
        constraints=LinearConstraint(sums, np.where(add_up, left, -np.inf), left),
        bounds=Bounds(open_.lower[cells], open_.upper[cells]),
    )
    return float(found.x[place]) if found.status == 0 else None


def quotient_bounds(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bounds of t T/((t + a)(t + b)) when every cell moves between its own bounds.

    t is the cell, a the rest of its row, b the rest of its column, T the total. The
    quotient falls in a and b and rises in everything else; in t it rises to one top and
    falls beyond it. All hidden cells are free of each other, so the bounds are attained
    (or approached). Shape (n_regions, n_activities); NaN where row or column are empty.
    """
    a_low, b_low, _ = _rest(low)
    a_high, b_high, c_high = _rest(high)
    c_low = _rest(low)[2]
    smallest = np.minimum(
        _quotient(low, a_high, b_high, c_low), _quotient(high, a_high, b_high, c_low)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ab = a_low * b_low
        root = np.sqrt(ab * ab + c_high * ab * (a_low + b_low + c_high))
        top = np.where(c_high > 0, (ab + root) / c_high, np.inf)
    at = np.clip(np.where(np.isnan(top), np.inf, top), low, high)
    largest = _quotient(at, a_low, b_low, c_high)
    nowhere: BoolArray = (high + a_high <= 0) | (high + b_high <= 0)
    largest = np.where(np.isinf(c_high), np.inf, largest)
    # a cell that is empty for certain has quotient 0 wherever it has one
    smallest, largest = np.where(high > 0, (smallest, largest), 0.0)
    return np.where(nowhere, np.nan, smallest), np.where(nowhere, np.nan, largest)


def _rest(v: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rest of the row, rest of the column, and everything outside both."""
    endless = np.isinf(v)
    finite = np.where(endless, 0.0, v)
    row, col, total = finite.sum(axis=1), finite.sum(axis=0), finite.sum()
    n_row, n_col, n = endless.sum(axis=1), endless.sum(axis=0), endless.sum()
    a = np.where(
        n_row[:, None] - endless > 0, np.inf, np.maximum(row[:, None] - finite, 0.0)
    )
    b = np.where(
        n_col[None, :] - endless > 0, np.inf, np.maximum(col[None, :] - finite, 0.0)
    )
    outside = n - n_row[:, None] - n_col[None, :] + endless > 0
    c = np.maximum(total - row[:, None] - col[None, :] + finite, 0.0)
    return a, b, np.where(outside, np.inf, c)


def _quotient(t: FloatArray, a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """T (t + a + b + c)/((t + a)(t + b)), with its limits where something is endless."""
    endless_a, endless_b, alone_a, alone_b = np.isinf(a), np.isinf(b), a == 0, b == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        total = t + a + b + c
        return np.select(
            [
                np.isinf(t),
                endless_a & endless_b,
                endless_a,
                endless_b,
                alone_a & alone_b,
                alone_a,
                alone_b,
            ],
            [
                1.0,
                0.0,
                np.where(alone_b, 1.0, t / (t + b)),
                np.where(alone_a, 1.0, t / (t + a)),
                np.where(total > 0, total / t, 1.0),
                total / (t + b),
                total / (t + a),
            ],
            t * total / ((t + a) * (t + b)),
        )
