"""Results of regressions on rows: coefficients, errors, combinations of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2, t

from agglo.core.errors import OptionError, suggest
from agglo.core.results import ColumnData, Result, frozen_array
from agglo.econometrics._jackknife import jackknife_covariance
from agglo.econometrics._regression_spread import spread_of
from agglo.econometrics._table_plugin import (
    DEFAULT_STATISTICS,
    LABELS,
    coefficient_frame,
    effects_text,
    statistic,
)
from agglo.econometrics.regression_vcov import ClusterJackknife

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.econometrics._regression_input import Rows
    from agglo.econometrics._regression_spread import Spread
    from agglo.econometrics.regression_vcov import RegressionCovariance

__all__ = ["Combination", "Design", "RegressionFit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Arrays behind a fit, for tests and other errors: effects removed.

    `x` are the regressors, `projected` what the scores multiply; `n_endogenous` columns
    of `x` come first and have the instruments `z`. `curvature` weighs rows in the second
    derivative where the mean is not linear.
    """

    rows: Rows
    spread: Spread
    y: FloatArray
    x: FloatArray
    projected: FloatArray
    residual: FloatArray
    bread: FloatArray
    z: FloatArray | None = None
    n_endogenous: int = 0
    curvature: FloatArray | None = None

    def equal_variance(self, k: int) -> FloatArray:
        """Give the meat under equal variances."""
        free = self.spread.n - k - self.spread.absorbed
        squares = float(self.residual @ self.residual)
        return squares / free * (self.projected.T @ self.projected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """A weighted sum of coefficients.

    Attributes
    ----------
    value, se
        Sum and standard error.
    statistic
        value / se.
    p, p_greater, p_less
        Two-sided p, and one-sided ones against "above" and "below" the given value.
    lower, upper
        95 % interval.
    """

    value: float
    se: float
    statistic: float
    p: float
    p_greater: float
    p_less: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RegressionFit(Result):
    """Coefficients of a regression with their standard errors.

    Attributes
    ----------
    method
        ``"least squares"``, ``"poisson"``, ``"negative binomial"``, ``"2sls"``, ``"liml"``.
    terms
        Names of the coefficients.
    values, se
        Coefficients and standard errors, (k,).
    covariance
        (k, k).
    n
        Rows used.
    n_groups
        Clusters, members of pairs, or rows.
    df
        Degrees of freedom of t.
    fit
        R squared within the effects; the deviance of a Poisson fit, the log likelihood of
        a negative binomial one.
    dropped
        Rows left out by reason.
    vcov
        Which standard errors.
    design
        Arrays behind the fit.
    """

    method: str
    terms: tuple[str, ...]
    values: FloatArray
    se: FloatArray
    covariance: FloatArray
    n: int
    n_groups: int
    df: float
    fit: float
    dropped: Mapping[str, int]
    vcov: RegressionCovariance
    design: Design

    def place(self, term: str) -> int:
        """Give the position of a coefficient."""
        if term not in self.terms:
            hint = suggest(term, self.terms)
            msg = f"term={term!r} is no coefficient. {hint}".rstrip()
            msg = f"{msg} Terms: {list(self.terms)}"
            raise OptionError(msg)
        return self.terms.index(term)

    def coefficient(self, term: str) -> float:
        """Give one coefficient."""
        return float(self.values[self.place(term)])

    def error(self, term: str) -> float:
        """Give one standard error."""
        return float(self.se[self.place(term)])

    def combination(
        self, weights: Mapping[str, float], *, value: float = 0.0
    ) -> Combination:
        """Give a weighted sum of coefficients and its distance from `value`."""
        row = np.zeros(len(self.terms))
        for term, weight in weights.items():
            row[self.place(term)] = weight
        found, se = (
            float(row @ self.values),
            float(np.sqrt(row @ self.covariance @ row)),
        )
        stat = (found - value) / se if se > 0 else float("nan")
        half = float(t.ppf(0.975, self.df)) * se
        return Combination(
            value=found,
            se=se,
            statistic=stat,
            p=float(2.0 * t.sf(abs(stat), self.df)),
            p_greater=float(t.sf(stat, self.df)),
            p_less=float(t.cdf(stat, self.df)),
            lower=found - half,
            upper=found + half,
        )

    def joint(self, terms: tuple[str, ...]) -> tuple[float, float]:
        """Give the Wald statistic that all `terms` are 0, and its chi-square p-value."""
        at = [self.place(term) for term in terms]
        b, cov = self.values[at], self.covariance[np.ix_(at, at)]
        stat = float(b @ np.linalg.pinv(cov) @ b)
        return stat, float(chi2.sf(stat, len(at)))

    def with_vcov(self, vcov: RegressionCovariance) -> RegressionFit:
        """Give the same coefficients with other standard errors."""
        design = self.design
        k = len(self.terms)
        if "control" in self.method:
            msg = "vcov: errors of both steps come from resampling; refit with another seed."
            raise OptionError(msg)
        spread = spread_of(design.rows, vcov, k)
        scores = design.projected * design.residual[:, None]
        design = replace(design, spread=spread)
        linear = design.curvature is None and not self.method.startswith("poisson")
        equal = design.equal_variance(k) if linear else None
        cov, notes = spread.covariance(scores, design.bread, k, equal)
        if isinstance(vcov, ClusterJackknife):
            cov = jackknife_covariance(design, self.method, self.values)
        kept = tuple(
            w for w in self.provenance.warnings if w not in self.design.spread.warnings
        )
        return replace(
            self,
            covariance=frozen_array(cov),
            se=frozen_array(np.sqrt(np.maximum(np.diag(cov), 0.0))),
            n_groups=spread.n_groups,
            df=spread.df(k),
            vcov=vcov,
            design=design,
            provenance=replace(
                self.provenance,
                warnings=tuple(dict.fromkeys([*kept, *notes])),
                parameters={**self.provenance.parameters, "vcov": vcov.label},
            ),
        )

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per coefficient."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.values / self.se
        half = t.ppf(0.975, self.df) * self.se
        return {
            "term": list(self.terms),
            "value": self.values,
            "se": self.se,
            "t": ratio,
            "p": 2.0 * t.sf(np.abs(ratio), self.df),
            "lower": self.values - half,
            "upper": self.values + half,
        }

    def summary(self) -> str:
        """Give coefficients with errors, size and what was dropped."""
        rows = self.design.rows
        effects = [e if isinstance(e, str) else " x ".join(e) for e in rows.effects]
        gone = ", ".join(f"{v} {k}" for k, v in self.dropped.items() if v) or "none"
        lines = [
            f"{self.method} of {rows.outcome}, n = {self.n}, effects: "
            f"{', '.join(effects) or 'none'}, errors: {self.vcov.label} "
            f"({self.n_groups} groups)"
        ]
        lines += [
            f"  {term} = {value:.4f} ({se:.4f})"
            for term, value, se in zip(self.terms, self.values, self.se, strict=True)
        ]
        what = "deviance" if self.method.startswith("poisson") else "R2 within"
        if self.method == "negative binomial":
            what = "log likelihood"
        lines.append(f"{what} {self.fit:.4g}; rows dropped: {gone}")
        return "\n".join([*lines, *self.provenance.warnings])

    # maketables reads these names: ``maketables.ETable([fit, other])``

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Give coefficients as maketables reads them."""
        return coefficient_frame(self)

    @property
    def __maketables_depvar__(self) -> str:
        """Give the outcome."""
        return self.design.rows.outcome

    @property
    def __maketables_fixef_string__(self) -> str | None:
        """Give the absorbed effects."""
        return effects_text(self)

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        """Give the words of what stands below."""
        return dict(LABELS)

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        """Give what stands below a table."""
        return list(DEFAULT_STATISTICS)

    @property
    def __maketables_vcov_info__(self) -> dict[str, str]:
        """Say which errors these are."""
        return {"vcov_type": self.vcov.label}

    def __maketables_stat__(self, key: str) -> float | int | str | None:
        """Give one number that stands below the table."""
        return statistic(self, key)

    def _draw(self, ax: Axes) -> None:
        half = t.ppf(0.975, self.df) * self.se
        place = np.arange(len(self.terms))
        ax.errorbar(self.values, place, xerr=half, fmt="o", color="#0072B2")
        ax.axvline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_yticks(place, self.terms)
        ax.invert_yaxis()
        ax.set(xlabel="coefficient, 95 % interval")
