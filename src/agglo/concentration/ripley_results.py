"""K, L and D over distance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["RipleyD", "RipleyK"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RipleyK(Result):
    """Points within a distance of a point, over their density.

    Attributes
    ----------
    activity, neighbour
        Around whom, and who is counted; empty for all points and for the activity itself.
    r_km
        Distances, (n_distances,).
    value
        K, km²; π r² for an even spread.
    n_used
        Points that look around, (n_distances,); fewer than `n` with ``"border"`` only.
    correction
        How the edge of the window is accounted for.
    n, n_neighbour
        Points, and points that are counted.
    area_km2
        Area of the window.
    lower, upper
        Pointwise band of K under the null; NaN without draws.
    global_lower, global_upper, p
        Extreme-rank envelope of the whole curve and its p-value; NaN without draws.
    p_mad, p_dclf
        P-values of the whole curve by largest deviation in standard deviations, and by
        integrated squared deviation.
    null, n_draws, level
        What chance was, draws from it, share outside a band.
    """

    activity: str
    neighbour: str
    r_km: FloatArray
    value: FloatArray
    n_used: IntArray
    correction: str
    n: int
    n_neighbour: int
    area_km2: float
    lower: FloatArray
    upper: FloatArray
    global_lower: FloatArray
    global_upper: FloatArray
    p: float
    p_mad: float
    p_dclf: float
    null: str
    n_draws: int
    level: float

    def l_function(self, *, centred: bool = True) -> FloatArray:
        """Give L = √(K/π), km.

        Parameters
        ----------
        centred
            Subtract the distance, so that 0 is an even spread.

        Returns
        -------
        numpy.ndarray of float64
            Shape (n_distances,).
        """
        out: FloatArray = np.sqrt(self.value / np.pi) - (self.r_km if centred else 0.0)
        return out

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per distance; `l` is centred."""
        return {
            "r_km": self.r_km,
            "value": self.value,
            "l": self.l_function(),
            "n_used": self.n_used,
            "lower": self.lower,
            "upper": self.upper,
            "global_lower": self.global_lower,
            "global_upper": self.global_upper,
        }

    def summary(self) -> str:
        """Give points, window, correction and L where it is largest."""
        whose = self.activity or "all points"
        if self.neighbour:
            whose = f"{self.neighbour} around {whose}"
        head = (
            f"Ripley's K of {whose}: {self.n} points in {self.area_km2:.6g} km², "
            f"correction {self.correction}"
        )
        centred = self.l_function()
        if np.isnan(centred).all():
            return f"{head}; undefined"
        at = int(np.nanargmax(centred))
        tested = ""
        if self.n_draws:
            tested = (
                f" Global p = {self.p:.4g} (null {self.null}, {self.n_draws} draws)."
            )
        return (
            f"{head}\nL - r is highest at {self.r_km[at]:g} km: {centred[at]:.3f} km. The "
            f"comparison is with an even spread, which industry never has.{tested}"
        )

    def _draw(self, ax: Axes) -> None:
        def centred(k: FloatArray) -> FloatArray:
            out: FloatArray = np.sqrt(k / np.pi) - self.r_km
            return out

        ends = centred(self.global_lower), centred(self.global_upper)
        ax.fill_between(self.r_km, ends[0], ends[1], color="#E5E7EB")
        ends = centred(self.lower), centred(self.upper)
        ax.fill_between(self.r_km, ends[0], ends[1], color="#CBD5E1")
        ax.axhline(0.0, color="#6B7280", lw=0.8)
        ax.plot(self.r_km, self.l_function(), color="#D55E00")
        ax.set(xlabel="distance, km", ylabel="L(r) - r, km")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RipleyD(Result):
    """K of cases minus K of controls.

    Attributes
    ----------
    activity, controls
        Cases and controls; `controls` is empty for all other points.
    r_km
        Distances, (n_distances,).
    value
        D = K of cases − K of controls, km²; above 0 cases are more clustered.
    k_cases, k_controls
        The two K, km².
    lower, upper
        Pointwise band under random labels.
    global_lower, global_upper, p
        Extreme-rank envelope of the whole curve and its p-value; NaN without draws.
    p_mad, p_dclf
        P-values of the whole curve by largest deviation in standard deviations, and by
        integrated squared deviation.
    correction
        How the edge of the window is accounted for.
    n_cases, n_controls, n_draws
        Points and draws.
    level
        Share outside the bands.
    """

    activity: str
    controls: str
    r_km: FloatArray
    value: FloatArray
    k_cases: FloatArray
    k_controls: FloatArray
    lower: FloatArray
    upper: FloatArray
    global_lower: FloatArray
    global_upper: FloatArray
    p: float
    p_mad: float
    p_dclf: float
    correction: str
    n_cases: int
    n_controls: int
    n_draws: int
    level: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per distance."""
        return {
            "r_km": self.r_km,
            "value": self.value,
            "k_cases": self.k_cases,
            "k_controls": self.k_controls,
            "lower": self.lower,
            "upper": self.upper,
            "global_lower": self.global_lower,
            "global_upper": self.global_upper,
        }

    def summary(self) -> str:
        """Give points, the largest difference and the p-value."""
        against = self.controls or "all others"
        head = (
            f"D of {self.activity} ({self.n_cases}) against {against} "
            f"({self.n_controls}), correction {self.correction}"
        )
        if np.isnan(self.value).all():
            return f"{head}; undefined"
        at = int(np.nanargmax(np.abs(self.value)))
        said = f"{head}\nlargest difference {self.value[at]:.4g} km² at {self.r_km[at]:g} km"
        if self.n_draws:
            said += f"; global p = {self.p:.4g} ({self.n_draws} random labellings)"
        return said

    def _draw(self, ax: Axes) -> None:
        ax.fill_between(
            self.r_km, self.global_lower, self.global_upper, color="#E5E7EB"
        )
        ax.fill_between(self.r_km, self.lower, self.upper, color="#CBD5E1")
        ax.axhline(0.0, color="#6B7280", lw=0.8)
        ax.plot(self.r_km, self.value, color="#D55E00")
        ax.set(xlabel="distance, km", ylabel="D(r), km²")
