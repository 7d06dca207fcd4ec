"""Two-way effects from some cells only: what the others would have been without a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray

__all__ = ["CleanCells"]


class CleanCells:
    """Least squares of unit and period effects and covariates on clean cells.

    Parameters
    ----------
    clean
        Cells (T, N) that are used; every unit and every period has one.
    x
        Covariates (T, N, p) of all cells.

    Notes
    -----
    The normal equations are sparse: one factorisation, then O(N T) per right-hand side.
    """

    def __init__(self, clean: BoolArray, x: FloatArray) -> None:
        t, n = clean.shape
        self.clean, self.shape = clean, (t, n)
        rows = np.arange(t * n)
        unit, period = np.tile(np.arange(n), t), np.repeat(np.arange(t), n)
        late = period > 0
        # the first period is the yardstick of the period effects
        row = np.concatenate([rows, rows[late]])
        column = np.concatenate([unit, n + period[late] - 1])
        dummies = csr_array(
            (np.ones(row.size), (row, column)), shape=(t * n, n + t - 1)
        )
        self._dummies, self._x = dummies, x.reshape(t * n, -1)
        self._used = clean.ravel()
        inner = dummies[self._used]
        self._inner = inner
        self._factor = splu(csc_array(inner.T @ inner))
        # covariates after the effects of the clean cells
        self._rest = self._x[self._used] - inner @ self._effects(self._x[self._used])

    def _effects(self, values: FloatArray) -> FloatArray:
        right = np.ascontiguousarray(self._inner.T @ values)
        out: FloatArray = self._factor.solve(right)
        return out

    @property
    def rest(self) -> FloatArray:
        """Covariates of the clean cells after the effects, (cells, p)."""
        return self._rest

    def fitted(self, values: FloatArray) -> FloatArray:
        """Extend the fit of (T, N, m) columns on clean cells to all cells."""
        t, n = self.shape
        flat = values.reshape(t * n, -1)
        used = flat[self._used]
        slope = np.zeros((self._x.shape[1], flat.shape[1]))
        if self._x.shape[1]:
            slope = np.linalg.lstsq(self._rest, used, rcond=None)[0]
        effects = self._effects(used - self._x[self._used] @ slope)
        out: FloatArray = self._dummies @ effects + self._x @ slope
        return out.reshape(values.shape)

    def gaps(self, values: FloatArray) -> FloatArray:
        """Give what (T, N, m) columns are beyond the fit; clean cells stay too."""
        return values - self.fitted(values)

    def carried(self, columns: FloatArray) -> FloatArray:
        """Give, per clean cell, its weight in the sum of fits times columns, (T, N, k).

        With H the map from clean cells to fits, this is H' applied to `columns`; cells
        that are not clean have weight 0.
        """
        t, n = self.shape
        flat = columns.reshape(t * n, -1)
        by_effect = self._dummies.T @ flat
        inner = self._inner @ self._factor.solve(np.ascontiguousarray(by_effect))
        if self._x.shape[1]:
            away = self._x - self._dummies @ self._effects(self._x[self._used])
            gram = self._rest.T @ self._rest
            inner = inner + self._rest @ np.linalg.solve(gram, away.T @ flat)
        out = np.zeros_like(flat)
        out[self._used] = inner
        return out.reshape(columns.shape)
