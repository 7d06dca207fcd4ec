"""Results of regressions and correlations of matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray

__all__ = ["MatrixCorrelation", "MatrixRegression"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MatrixRegression(Result):
    """A regression of one matrix on others.

    Attributes
    ----------
    term, values, se, t
        ``intercept`` and regressors; coefficients, least-squares standard errors and t.
    p_ols, p
        P-values: of least squares (too small for dyads), and of permutations (NaN for the
        intercept).
    null_low, null_high
        2.5 % and 97.5 % quantiles of t under permutation.
    r2, n_pairs, n_nodes, n_draws
        Fit, pairs used, nodes, permutations.
    exact
        Whether all permutations were enumerated.
    method
        What was permuted.
    """

    term: tuple[str, ...]
    values: FloatArray
    se: FloatArray
    t: FloatArray
    p_ols: FloatArray
    p: FloatArray
    null_low: FloatArray
    null_high: FloatArray
    r2: float
    n_pairs: int
    n_nodes: int
    n_draws: int
    exact: bool
    method: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per term."""
        return {
            "term": list(self.term),
            "value": self.values,
            "se": self.se,
            "t": self.t,
            "p": self.p,
            "p_ols": self.p_ols,
            "null_low": self.null_low,
            "null_high": self.null_high,
        }

    def summary(self) -> str:
        """Give coefficients with permutation p-values."""
        how = "all" if self.exact else str(self.n_draws)
        head = (
            f"MRQAP ({self.method}): {self.n_pairs} pairs of {self.n_nodes} nodes, "
            f"R² {self.r2:.4f}, {how} permutations"
        )
        rows = zip(self.term, self.values, self.p, strict=True)
        return "\n".join([head, *(f"{n}: {b:.6g}, p = {p:.4g}" for n, b, p in rows)])

    def _draw(self, ax: Axes) -> None:
        some = np.arange(1, len(self.term))
        ax.vlines(some, self.null_low[1:], self.null_high[1:], color="#CBD5E1", lw=8)
        ax.plot(some, self.t[1:], "o", color="#D55E00")
        ax.set_xticks(some, self.term[1:], rotation=30, ha="right")
        ax.set_ylabel("t, with 95 % of the null")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MatrixCorrelation(Result):
    """Correlation of two matrices.

    Attributes
    ----------
    r, p
        Pearson correlation of the pairs, and its two-sided permutation p-value.
    null_low, null_high
        2.5 % and 97.5 % quantiles under permutation.
    n_pairs, n_nodes, n_draws
        Pairs used, nodes, permutations.
    """

    r: float
    p: float
    null_low: float
    null_high: float
    n_pairs: int
    n_nodes: int
    n_draws: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row."""
        return {
            "value": [self.r],
            "p": [self.p],
            "null_low": [self.null_low],
            "null_high": [self.null_high],
            "n_pairs": [self.n_pairs],
        }

    def summary(self) -> str:
        """Give r and p."""
        return (
            f"QAP correlation {self.r:.4f}, p = {self.p:.4g} ({self.n_pairs} pairs of "
            f"{self.n_nodes} nodes, {self.n_draws} permutations)"
        )

    def _draw(self, ax: Axes) -> None:
        ax.vlines([0], self.null_low, self.null_high, color="#CBD5E1", lw=8)
        ax.plot([0], [self.r], "o", color="#D55E00")
        ax.set(ylabel="correlation, with 95 % of the null", xticks=[])
