"""The regressions behind instruments: what moves each endogenous column, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as t_law

from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.econometrics.iv import partialled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.econometrics.regression_results import RegressionFit

__all__ = ["FirstStage", "first_stage"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class FirstStage(Result):
    """Every endogenous column on all instruments, effects and covariates removed.

    Attributes
    ----------
    endogenous, instruments
        Names, K and L.
    values, se, p
        Coefficients, errors as in the fit and two-sided p, (K, L).
    partial_r2
        Share of what effects and covariates leave that the instruments explain, (K,).
    f
        Wald statistic of all instruments over L, with the errors of the fit, (K,).
    n, n_groups
        Rows and clusters.
    """

    endogenous: tuple[str, ...]
    instruments: tuple[str, ...]
    values: FloatArray
    se: FloatArray
    p: FloatArray
    partial_r2: FloatArray
    f: FloatArray
    n: int
    n_groups: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per endogenous column and instrument."""
        k, size = self.values.shape
        return {
            "endogenous": np.repeat(self.endogenous, size),
            "instrument": np.tile(self.instruments, k),
            "value": self.values.ravel(),
            "se": self.se.ravel(),
            "p": self.p.ravel(),
            "partial_r2": np.repeat(self.partial_r2, size),
            "f": np.repeat(self.f, size),
        }

    def summary(self) -> str:
        """Give F and partial R squared of every endogenous column."""
        lines = [f"first stages, {self.n} rows, {self.n_groups} groups"]
        lines += [
            f"  {name}: F {f:.2f}, partial R2 {r:.4f}"
            for name, f, r in zip(self.endogenous, self.f, self.partial_r2, strict=True)
        ]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.endogenous))
        ax.barh(place, self.f, color="#0072B2")
        ax.axvline(10.0, color="#9CA3AF", ls=":")
        ax.set_yticks(place, list(self.endogenous))
        ax.set(xlabel="F of the instruments")


def first_stage(fit: RegressionFit) -> FirstStage:
    r"""Show which instrument moves which endogenous column, and how strongly.

    Use beside `weak_instruments`: with several endogenous columns every F here may be
    large although the instruments cannot tell the columns apart.

    Parameters
    ----------
    fit
        A fit of `fit_iv`; its errors are used.

    Returns
    -------
    FirstStage
        Coefficients, errors, F and partial R squared per endogenous column.

    Raises
    ------
    OptionError
        If `fit` has no instruments.

    Notes
    -----
    :math:`\Pi = (Z'Z)^{-1}Z'X` after effects and covariates; F is the Wald statistic of
    one column of :math:`\Pi` over L with the factor of the errors, k counting instruments
    and covariates. Singular covariances (no more clusters than instruments) give the F of
    the generalised inverse. O(rows K L^2).

    References
    ----------
    Frisch and Waugh 1933, doi:10.2307/1907330. Bound, Jaeger and Baker 1995,
    doi:10.1080/01621459.1995.10476536 (why the first stage is printed).

    See Also
    --------
    weak_instruments : Whether the instruments tell several columns apart.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import first_stage, fit_iv
    >>> rng = np.random.default_rng(2)
    >>> z, u = rng.normal(size=5000), rng.normal(size=5000)
    >>> rows = pa.table({"z": z, "x": 2 * z + u, "y": z + u})
    >>> fit = fit_iv(rows, outcome="y", endogenous=["x"], instruments=["z"])
    >>> round(float(first_stage(fit).values[0, 0]), 1)
    2.0
    """
    _, x, z = partialled(fit)
    k, size = x.shape[1], z.shape[1]
    spread = fit.design.spread
    bread = np.asarray(np.linalg.inv(z.T @ z), dtype=np.float64)
    coefficients = bread @ (z.T @ x)
    rest = x - z @ coefficients
    count = size + fit.design.x.shape[1] - k
    se, strength = np.empty((k, size)), np.empty(k)
    for j in range(k):
        cov, _ = spread.covariance(z * rest[:, j : j + 1], bread, count)
        se[j] = np.sqrt(np.diag(cov))
        b = coefficients[:, j]
        strength[j] = float(b @ np.linalg.pinv(cov) @ b) / size
    values = coefficients.T
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(values) / se
    return FirstStage(
        provenance=Provenance.of(
            first_stage,
            fit.provenance.input_digest,
            parameters=dict(fit.provenance.parameters),
            warnings=fit.provenance.warnings,
        ),
        frame_kind=fit.frame_kind,
        endogenous=fit.terms[:k],
        instruments=fit.design.rows.z_names,
        values=frozen_array(values),
        se=frozen_array(se),
        p=frozen_array(2.0 * t_law.sf(ratio, spread.df(count))),
        partial_r2=frozen_array(1.0 - (rest**2).sum(axis=0) / (x**2).sum(axis=0)),
        f=frozen_array(strength),
        n=fit.n,
        n_groups=fit.n_groups,
    )
