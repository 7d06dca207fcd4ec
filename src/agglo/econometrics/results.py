"""Results of the spatial panel estimators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import erfc, ndtri

from agglo.core.options import MonteCarlo, check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.econometrics._average import impacts_of, simulated_impacts_of
from agglo.econometrics._estimate import Estimate, covariance
from agglo.econometrics.vcov import Covariance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.econometrics._design import Design

__all__ = ["Impacts", "SpatialPanelFit", "p_of", "two_sided"]

EFFECTS = ("direct", "indirect", "total")


def two_sided(z: FloatArray) -> FloatArray:
    """Give two-sided normal p-values; NaN stays NaN."""
    p: FloatArray = erfc(np.abs(z) / np.sqrt(2.0))
    return p


def explained(design: Design, found: Estimate) -> float:
    """Give 1 less the residual over the total sum of squares, both after the effects."""
    x, o = design.arrays[0], found.optimum
    left = x[:, :, 0] - o.rho * x[:, :, 1] - x[:, :, 2:] @ o.b
    return 1.0 - float((left * left).sum()) / float((x[:, :, 0] ** 2).sum())


def p_of(value: FloatArray, se: FloatArray) -> FloatArray:
    """Give two-sided normal p-values; NaN where there is no error, as for no effect."""
    z = np.divide(value, se, out=np.full(np.shape(value), np.nan), where=se > 0)
    return two_sided(z)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Impacts(Result):
    """Average direct, indirect and total effects per variable.

    Treat one region alone: direct is its own response averaged over regions, indirect the
    summed response of all others. Indirect is *not* the effect on the neighbours of the
    treated; see ``realised``.

    Attributes
    ----------
    variable
        Names, (m,).
    value, se, lower, upper
        Shape (m, 3): direct, indirect, total.
    level
        Coverage of the interval.
    method
        ``"delta"`` or ``"simulated (n draws, d dropped)"``.
    errors
        Words for the kind of standard errors.
    """

    variable: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float
    method: str
    errors: str

    def of(self, variable: str) -> dict[str, float]:
        """Give direct, indirect and total of one variable."""
        row = self.value[self.variable.index(variable)]
        return dict(zip(EFFECTS, row.tolist(), strict=True))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per variable and effect."""
        return {
            "variable": [v for v in self.variable for _ in EFFECTS],
            "effect": [e for _ in self.variable for e in EFFECTS],
            "value": self.value.ravel(),
            "se": self.se.ravel(),
            "lower": self.lower.ravel(),
            "upper": self.upper.ravel(),
            "p": two_sided(self.value.ravel() / self.se.ravel()),
        }

    def summary(self) -> str:
        """Give a line per variable and the sentence on meaning."""
        lines = [f"Average effects ({self.errors} errors, {self.method})"]
        for name, value, se in zip(self.variable, self.value, self.se, strict=True):
            parts = ", ".join(
                f"{e} {v:.4f} ({s:.4f})"
                for e, v, s in zip(EFFECTS, value, se, strict=True)
            )
            lines.append(f"{name}: {parts}")
        lines.append(
            "Indirect: summed response of all others when one region is treated alone; "
            "not the effect on neighbours of the treated."
        )
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.variable), dtype=float)
        for i, name in enumerate(EFFECTS):
            value = self.value[:, i]
            reach = np.abs(
                np.vstack([value - self.lower[:, i], self.upper[:, i] - value])
            )
            ax.errorbar(place + 0.2 * (i - 1), value, yerr=reach, fmt="o", label=name)
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_xticks(place, self.variable)
        ax.legend(frameon=False)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SpatialPanelFit(Result):
    """A fitted spatial panel model.

    Attributes
    ----------
    design, estimate
        Checked arrays and what the search found, for the functions that go on from here.
    vcov
        Kind of standard errors.
    term, value, se
        Regressors, then ``rho``, ``lambda`` and ``sigma2`` where present.
    cov
        Covariance of `value`.
    level
        Coverage of the intervals.
    bounds
        Bounds of the spatial parameters in the search.
    n_design_warnings
        How many of the warnings do not depend on the kind of errors.
    """

    design: Design
    estimate: Estimate
    vcov: Covariance
    term: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    cov: FloatArray
    bounds: tuple[float, float]
    level: float = 0.95
    n_design_warnings: int = 0

    @classmethod
    def build(
        cls,
        design: Design,
        found: Estimate,
        vcov: Covariance,
        provenance: Provenance,
        bounds: tuple[float, float],
    ) -> Self:
        """Wrap a fit with one kind of standard errors."""
        cov, remarks = covariance(design, found, vcov)
        share = explained(design, found)
        if share < 0.0:
            remarks = (
                *remarks,
                f"R2 = {share:.3f} is negative: the model explains less than the effects "
                "alone",
            )
        term = list(design.terms)
        term += ["rho"] if design.has_lag else []
        term += ["lambda"] if design.has_error else []
        value = found.parameters
        return cls(
            design=design,
            estimate=found,
            vcov=vcov,
            term=(*term, "sigma2"),
            value=frozen_array(value),
            se=frozen_array(np.sqrt(np.diag(cov))),
            cov=frozen_array(cov),
            bounds=bounds,
            n_design_warnings=len(provenance.warnings),
            frame_kind=design.frame_kind,
            provenance=replace(provenance, warnings=(*provenance.warnings, *remarks)),
        )

    def with_vcov(self, vcov: Covariance) -> Self:
        """Give the same estimates with other standard errors.

        Parameters
        ----------
        vcov
            An option object such as ``Observed()`` or ``Clustered("region")``.

        Returns
        -------
        SpatialPanelFit
            A new result of the same class; nothing is fitted again.
        """
        # what an errors kind warned of goes, what the design warned of stays
        stays = self.provenance.warnings[: self.n_design_warnings]
        plain = replace(
            self.provenance,
            parameters={**self.provenance.parameters, "vcov": vcov.label},
            warnings=stays,
        )
        return type(self).build(self.design, self.estimate, vcov, plain, self.bounds)

    @property
    def coefficients(self) -> dict[str, float]:
        """Give every parameter by name."""
        return dict(zip(self.term, self.value.tolist(), strict=True))

    @property
    def errors(self) -> dict[str, float]:
        """Give every standard error by name."""
        return dict(zip(self.term, self.se.tolist(), strict=True))

    @property
    def rho(self) -> float:
        """Spatial lag parameter; NaN for models without one."""
        return self.coefficients.get("rho", float("nan"))

    @property
    def lam(self) -> float:
        """Spatial error parameter; NaN for models without one."""
        return self.coefficients.get("lambda", float("nan"))

    @property
    def sigma2(self) -> float:
        """Variance of the noise."""
        return self.coefficients["sigma2"]

    @property
    def loglik(self) -> float:
        """Log-likelihood at the maximum; for ``bias="bc"`` that of the plain fit."""
        return self.estimate.optimum.loglik

    @property
    def r2(self) -> float:
        """Share of the variance after the effects that the model explains; may be negative."""
        return explained(self.design, self.estimate)

    @property
    def nobs(self) -> int:
        """Number of region-periods."""
        return int(self.design.y.size)

    @cached_property
    def impacts(self) -> Impacts:
        """Average direct, indirect and total effects with delta-method errors."""
        value, se = impacts_of(self.design, self.estimate, self.cov)
        half = float(ndtri(0.5 + self.level / 2.0)) * se
        return self._impacts(value, se, value - half, value + half, "delta")

    def simulated_impacts(
        self,
        inference: MonteCarlo = MonteCarlo(n=1000),  # noqa: B008  frozen
    ) -> Impacts:
        """Give the average effects with intervals from draws of the parameters.

        Parameters
        ----------
        inference
            Number of draws from the normal distribution of the estimates, and seed.
            Draws of rho outside (-1, 1) are dropped and counted.

        Returns
        -------
        Impacts
            Percentile intervals and the standard deviation of the draws.
        """
        value, draws, seed = simulated_impacts_of(
            self.design, self.estimate, self.cov, inference
        )
        tail = (1.0 - self.level) / 2.0
        lower, upper = np.quantile(draws, [tail, 1.0 - tail], axis=0)
        dropped = inference.n - draws.shape[0]
        label = f"simulated, {inference.n} draws, {dropped} dropped, seed {seed}"
        return self._impacts(value, draws.std(axis=0, ddof=1), lower, upper, label)

    def _impacts(
        self,
        value: FloatArray,
        se: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        method: str,
    ) -> Impacts:
        names = tuple(v.name for v in self.design.variables)
        return Impacts(
            variable=names,
            value=frozen_array(value),
            se=frozen_array(se),
            lower=frozen_array(lower),
            upper=frozen_array(upper),
            level=self.level,
            method=method,
            errors=self.vcov.label,
            provenance=self.provenance,
            frame_kind=self.frame_kind,
            undefined=tuple(
                Undefined(reason="no standard error", item=n)
                for n, s in zip(names, se, strict=True)
                if not np.isfinite(s).all()
            ),
        )

    def wald(self, restriction: FloatArray, target: FloatArray | None = None) -> Wald:
        """Test linear restrictions R x value = target.

        Parameters
        ----------
        restriction
            Shape (q, number of terms), full row rank.
        target
            Shape (q,); zero when absent.

        Returns
        -------
        Wald
            Statistic, degrees of freedom and chi-square p-value.
        """
        gap = restriction @ self.value - (0.0 if target is None else target)
        return wald_of(gap, restriction @ self.cov @ restriction.T)

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per parameter."""
        half = float(ndtri(0.5 + self.level / 2.0)) * self.se
        z = self.value / self.se
        return {
            "term": list(self.term),
            "value": self.value,
            "se": self.se,
            "z": z,
            "p": two_sided(z),
            "lower": self.value - half,
            "upper": self.value + half,
        }

    def summary(self) -> str:
        """Give model, size, weights, errors and every parameter."""
        d = self.design
        effects = " and ".join(
            n for n, on in (("region", d.unit), ("period", d.period)) if on
        )
        w = d.weights
        lines = [
            f"{d.model.upper()} of {d.outcome}: {len(d.regions)} regions x "
            f"{len(d.periods)} periods, log-likelihood {self.loglik:.4f}",
            f"effects: {effects or 'none'}; bias: {d.bias}; errors: {self.vcov.label}",
            f"weights: {w.kind}, {w.standardisation}, density {w.density:.2%}, "
            f"{w.n_components} component{'s' * (w.n_components != 1)}; bounds of rho {self.bounds}",
        ]
        lines += [
            f"  {t}: {v:.6f} ({s:.6f})"
            for t, v, s in zip(self.term, self.value, self.se, strict=True)
        ]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        shown = [i for i, t in enumerate(self.term) if t != "sigma2"]
        half = float(ndtri(0.5 + self.level / 2.0)) * self.se[shown]
        place = np.arange(len(shown))
        ax.errorbar(self.value[shown], place, xerr=half, fmt="o", color="#0072B2")
        ax.axvline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_yticks(place, [self.term[i] for i in shown])
        ax.set(xlabel="estimate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wald:
    """A chi-square test: statistic, degrees of freedom, p-value."""

    statistic: float
    df: int
    p: float


def wald_of(gap: FloatArray, cov: FloatArray) -> Wald:
    """Give gap' cov^-1 gap with its chi-square p-value."""
    from scipy.stats import chi2

    statistic = float(gap @ np.linalg.solve(cov, gap))
    check_number("df", gap.size, minimum=1)
    return Wald(statistic=statistic, df=gap.size, p=float(chi2.sf(statistic, gap.size)))
