"""The result of a gravity equation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Gravity"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Gravity(Result):
    """A gravity equation by Poisson pseudo-likelihood.

    Attributes
    ----------
    term, values, se, z, p
        Regressors, coefficients, standard errors, z and two-sided normal p.
    covariance
        Of the coefficients.
    ols, ols_se
        Least squares of ln(flow) on positive flows, for comparison only.
    origin, destination
        Labels of the rows used.
    flow, fitted
        Observed and fitted flows of these rows.
    row
        Rows of the input that were used (0-based).
    dropped
        Effects whose flows are all zero, left out with their rows.
    n_separated
        Further zeros that regressors predict perfectly, left out.
    deviance, pseudo_r2
        Deviance, and squared correlation of flow and fit.
    steps
        Rounds until it settled.
    vcov
        Words for the standard errors.
    """

    term: tuple[str, ...]
    values: FloatArray
    se: FloatArray
    z: FloatArray
    p: FloatArray
    covariance: FloatArray
    ols: FloatArray
    ols_se: FloatArray
    origin: NDArray[np.str_]
    destination: NDArray[np.str_]
    flow: FloatArray
    fitted: FloatArray
    row: IntArray
    dropped: tuple[str, ...]
    n_separated: int
    deviance: float
    pseudo_r2: float
    steps: int
    vcov: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per regressor."""
        return {
            "term": list(self.term),
            "value": self.values,
            "se": self.se,
            "z": self.z,
            "p": self.p,
            "ols": self.ols,
            "ols_se": self.ols_se,
        }

    def summary(self) -> str:
        """Give coefficients, their errors and what was left out."""
        lines = [
            f"PPML of {self.flow.size} flows ({int((self.flow == 0).sum())} zero), "
            f"{self.vcov} errors, pseudo R² {self.pseudo_r2:.4f}"
        ]
        lines += [
            f"{n}: {b:.6g} ± {s:.4g}, p = {p:.4g} (ln-linear {o:.6g})"
            for n, b, s, p, o in zip(
                self.term, self.values, self.se, self.p, self.ols, strict=True
            )
        ]
        if self.dropped:
            lines.append(f"without any flow, left out: {', '.join(self.dropped[:10])}")
        if self.n_separated:
            lines.append(f"{self.n_separated} zeros predicted perfectly, left out")
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        some = self.flow > 0
        ax.loglog(self.fitted[some], self.flow[some], "o", ms=3, alpha=0.5)
        ax.set(xlabel="fitted flow", ylabel="flow")
