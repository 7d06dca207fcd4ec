"""Results of the spatial event study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result
from agglo.econometrics._average import effect_jacobian
from agglo.econometrics.results import EFFECTS, SpatialPanelFit, two_sided

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["LeadTest", "SpatialEventStudy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTest:
    """Test that nothing happened before the start.

    Attributes
    ----------
    tested
        ``"joint"``, ``"own"`` (beta of the leads) or ``"neighbours"`` (theta).
    statistic, df, p
        Wald statistic, restrictions, p-value.
    method
        ``"wild bootstrap"`` or ``"chi-square"``.
    power
        Chance to find a linear drift that reaches half the largest effect, 5 % level.
    """

    tested: str
    statistic: float
    df: int
    p: float
    method: str
    power: float


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SpatialEventStudy(Result):
    """Direct, indirect and total effects by period since the start.

    Attributes
    ----------
    fit
        The fitted model.
    k
        Periods since the start, base included; the ends stand for all beyond them.
    value, se
        Average effects, (K, 3): direct, indirect, total; the base is 0 without error.
    lower, upper
        Pointwise interval.
    band_lower, band_upper
        Simultaneous band over k, one per effect.
    critical
        Critical value of each band, (3,).
    realised, realised_se, cells
        Mean effect inside the model on treated cells by k, its error, number of cells
        (NaN before the start: the model has no policy there to describe).
    leads
        Tests of the leads.
    base
        The period that is the yardstick.
    bands_method
        How the bands were made, with the seed.
    """

    fit: SpatialPanelFit
    k: IntArray
    value: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    band_lower: FloatArray
    band_upper: FloatArray
    critical: FloatArray
    realised: FloatArray
    realised_se: FloatArray
    cells: IntArray
    leads: tuple[LeadTest, ...]
    base: int
    bands_method: str

    def effect(self, k: int, which: str = "direct") -> float:
        """Give one effect at one period since the start."""
        return float(
            self.value[int(np.flatnonzero(self.k == k)[0]), EFFECTS.index(which)]
        )

    def drift(self, which: str = "direct") -> tuple[float, float]:
        """Give the linear drift of the leads, and its error.

        A line through 0 at the base is laid through the effects before it by least
        squares; the drift is its height at the first event time. A single number has more
        power against a trend than the joint test of all leads.
        """
        at = EFFECTS.index(which)
        times = self.k[self.k != self.base]
        value, jac = effect_jacobian(self.fit.design, self.fit.estimate)
        lead = np.flatnonzero(times < self.base)
        if lead.size == 0:
            return float("nan"), float("nan")
        far = (self.base - times[lead]).astype(np.float64)
        weight = far.max() * far / (far @ far)
        slope = weight @ jac[lead, at]
        variance = float(slope @ self.fit.cov @ slope)
        return float(weight @ value[lead, at]), float(np.sqrt(max(variance, 0.0)))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per period since the start and effect."""
        n = self.k.size
        with np.errstate(invalid="ignore", divide="ignore"):
            z = self.value.ravel() / self.se.ravel()
        return {
            "k": np.repeat(self.k, 3),
            "effect": list(EFFECTS) * n,
            "value": self.value.ravel(),
            "se": self.se.ravel(),
            "p": two_sided(z),
            "lower": self.lower.ravel(),
            "upper": self.upper.ravel(),
            "band_lower": self.band_lower.ravel(),
            "band_upper": self.band_upper.ravel(),
            "realised": np.repeat(self.realised, 3),
            "realised_se": np.repeat(self.realised_se, 3),
            "cells": np.repeat(self.cells, 3),
        }

    def summary(self) -> str:
        """Give the effects by k and the tests of the leads."""
        lines = [
            f"Event study of {self.fit.design.outcome}, base k = {self.base}, "
            f"errors: {self.fit.vcov.label}, bands: {self.bands_method}",
            f"rho = {self.fit.rho:.4f}; weights: {self.fit.design.weights.kind}",
        ]
        for k, value, se in zip(self.k, self.value, self.se, strict=True):
            lines.append(
                f"  k = {k:+d}: direct {value[0]:.4f} ({se[0]:.4f}), indirect "
                f"{value[1]:.4f} ({se[1]:.4f})"
            )
        lines += [
            f"leads, {t.tested}: {t.statistic:.2f} on {t.df}, p = {t.p:.3f} ({t.method}); "
            f"power against a drift of half the largest effect {t.power:.2f}"
            for t in self.leads
        ]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        for i, (name, colour) in enumerate(
            (("direct", "#0072B2"), ("indirect", "#D55E00"))
        ):
            place = self.k + 0.15 * (i - 0.5)
            reach = np.vstack(
                [
                    self.value[:, i] - self.lower[:, i],
                    self.upper[:, i] - self.value[:, i],
                ]
            )
            ax.errorbar(
                place, self.value[:, i], yerr=reach, fmt="o", color=colour, label=name
            )
            ax.fill_between(
                self.k,
                self.band_lower[:, i],
                self.band_upper[:, i],
                color=colour,
                alpha=0.15,
            )
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.axvline(-0.5, color="#9CA3AF", lw=0.8, ls=":")
        ax.set(xlabel="periods since the start", ylabel="effect")
        ax.legend(frameon=False)
