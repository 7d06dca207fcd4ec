"""Curves over distance, with what chance gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["KDensity", "RelativeConcentration"]

_GLOBAL, _LOCAL, _LINE = "#E5E7EB", "#CBD5E1", "#D55E00"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class KDensity(Result):
    """Density of pair distances beside what the null gives.

    Attributes
    ----------
    activity, neighbour
        Whose distances; `neighbour` is empty for the pairs of one activity, and
        `activity` for those of all points.
    r_km
        Distances, (n_distances,).
    value
        Density per km; its integral from 0 to infinity is 1.
    lower, upper
        Local band: at each distance `level` of the null curves lie above, and below.
    global_lower, global_upper
        Global bands: `level` of the null curves cross the upper one anywhere, and as many
        the lower one.
    null_mean
        Mean of the null curves.
    bandwidth_km
        Standard deviation of the kernel.
    n, n_neighbour, n_pairs
        Points of the activity and of its neighbour, pairs of them.
    scheme
        How pairs weigh: ``"count"``, ``"product"`` or ``"sum"``.
    method, fft_error
        How it was computed; for ``"fft"`` the largest error over the peak, measured on
        4,000 of the points, else 0.
    null, n_draws, level
        What chance was, draws from it, share of them outside a band.
    duplicate_share
        Share of all points that have the place of another.
    p_erl, p_mad, p_dclf
        P-values of the whole curve, two-sided: extreme rank length, largest deviation in
        standard deviations, integrated squared deviation; NaN without draws.
    """

    activity: str
    neighbour: str
    r_km: FloatArray
    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    global_lower: FloatArray
    global_upper: FloatArray
    null_mean: FloatArray
    bandwidth_km: float
    n: int
    n_neighbour: int
    n_pairs: int
    scheme: str
    method: str
    fft_error: float
    null: str
    n_draws: int
    level: float
    duplicate_share: float
    p_erl: float = float("nan")
    p_mad: float = float("nan")
    p_dclf: float = float("nan")

    @property
    def localization(self) -> FloatArray:
        """How far K lies above the global band, Γ(d); NaN without draws."""
        out: FloatArray = np.maximum(self.value - self.global_upper, 0.0)
        return out

    @property
    def dispersion(self) -> FloatArray:
        """How far K lies below the global band, Ψ(d); 0 where Γ is not 0 throughout."""
        below = np.maximum(self.global_lower - self.value, 0.0)
        out: FloatArray = np.where(self.localized, 0.0, below)
        return out

    @property
    def localized(self) -> bool:
        """Whether K lies above the global band anywhere."""
        return bool((self.value > self.global_upper).any())

    @property
    def dispersed(self) -> bool:
        """Whether K lies below the global band somewhere, and above it nowhere."""
        return not self.localized and bool((self.value < self.global_lower).any())

    def total(self, *, on_grid: bool = False) -> tuple[float, float]:
        """Give the indices Γ and Ψ over all distances.

        Parameters
        ----------
        on_grid
            Plain sums instead of integrals, as papers with distances of 1 km give them.

        Returns
        -------
        tuple of float
            Localization and dispersion; NaN without draws.
        """
        both = self.localization, self.dispersion
        if on_grid:
            return float(both[0].sum()), float(both[1].sum())
        return tuple(float(np.trapezoid(v, self.r_km)) for v in both)  # type: ignore[return-value]

    @property
    def mass(self) -> float:
        """Share of the pair weight between the first and the last distance."""
        return float(np.trapezoid(self.value, self.r_km))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per distance."""
        return {
            "r_km": self.r_km,
            "value": self.value,
            "lower": self.lower,
            "upper": self.upper,
            "global_lower": self.global_lower,
            "global_upper": self.global_upper,
            "null_mean": self.null_mean,
            "localization": self.localization,
            "dispersion": self.dispersion,
        }

    def summary(self) -> str:
        """Give whose density, how smoothed, and whether it is localized or dispersed."""
        whose = self.activity or "all points"
        if self.neighbour:
            whose = f"{whose} to {self.neighbour}"
        error = f" (error {self.fft_error:.1e})" if self.method == "fft" else ""
        lines = [
            f"K-density of {whose}: {self.n_pairs} pairs, bandwidth "
            f"{self.bandwidth_km:.3g} km, scheme {self.scheme}, method {self.method}{error}"
        ]
        if self.undefined:
            lines.append(f"undefined: {self.undefined[0].reason}")
        elif self.n_draws:
            lines.append(self._verdict())
        lines.append(
            f"{self.mass:.1%} of the pairs from {self.r_km[0]:g} to {self.r_km[-1]:g} km; "
            f"{self.duplicate_share:.0%} of the points share a place"
        )
        return "\n".join(lines)

    def _verdict(self) -> str:
        gamma, psi = self.total()
        words = ("colocalized", "codispersed") if self.neighbour else _WORDS
        if self.localized:
            at = self.r_km[np.argmax(self.localization)]
            said = f"{words[0]}: Γ = {gamma:.4g}, most at {at:g} km"
        elif self.dispersed:
            at = self.r_km[np.argmax(self.dispersion)]
            said = f"{words[1]}: Ψ = {psi:.4g}, most at {at:g} km"
        else:
            said = "within the global bands"
        return f"{said} (null {self.null}, {self.n_draws} draws, level {self.level:g})"

    def _draw(self, ax: Axes) -> None:
        ax.fill_between(self.r_km, self.global_lower, self.global_upper, color=_GLOBAL)
        ax.fill_between(self.r_km, self.lower, self.upper, color=_LOCAL)
        ax.plot(self.r_km, self.null_mean, color="#6B7280", lw=0.8)
        ax.plot(self.r_km, self.value, color=_LINE)
        ax.set(xlabel="distance, km", ylabel="density of pairs per km")


_WORDS = ("localized", "dispersed")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RelativeConcentration(Result):
    """How over-represented neighbours are around the plants of an activity, by distance.

    Attributes
    ----------
    activity, neighbour, controls
        Around whom, who is counted, and against whom; `controls` is empty for all points.
    kind
        ``"cumulative"`` (M, up to a distance) or ``"density"`` (m, at a distance).
    r_km
        Distances, (n_distances,).
    value
        1 as everywhere; 2 twice the share of neighbours.
    n_used
        Plants of the activity that have anybody near, (n_distances,).
    lower, upper
        Pointwise band under the null, `level` outside in all.
    global_lower, global_upper, p
        Extreme-rank envelope of the whole curve and its p-value; NaN without draws.
    local
        Share among the neighbours of every plant over its share everywhere,
        (n_activity, n_distances); NaN where nobody is near.
    place_km
        Positions of these plants, (n_activity, 2).
    bandwidth_km
        Width of the rings of ``"density"``, NaN otherwise.
    null, n_draws, level
        What chance was, draws from it, share outside a band.
    duplicate_share
        Share of all points that have the place of another.
    p_mad, p_dclf
        P-values of the whole curve by largest deviation in standard deviations, and by
        integrated squared deviation; NaN without draws.
    """

    activity: str
    neighbour: str
    controls: str
    kind: str
    r_km: FloatArray
    value: FloatArray
    n_used: IntArray
    lower: FloatArray
    upper: FloatArray
    global_lower: FloatArray
    global_upper: FloatArray
    p: float
    local: FloatArray
    place_km: FloatArray
    bandwidth_km: float
    null: str
    n_draws: int
    level: float
    duplicate_share: float
    p_mad: float = float("nan")
    p_dclf: float = float("nan")

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per distance."""
        return {
            "r_km": self.r_km,
            "value": self.value,
            "n_used": self.n_used,
            "lower": self.lower,
            "upper": self.upper,
            "global_lower": self.global_lower,
            "global_upper": self.global_upper,
        }

    def summary(self) -> str:
        """Give the peak, the p-value and where few plants carry the number."""
        letter = "M" if self.kind == "cumulative" else "m"
        against = f" against {self.controls}" if self.controls else ""
        head = f"{letter}: {self.neighbour} around {self.activity}{against}"
        if np.isnan(self.value).all():
            return f"{head}: undefined at all {self.r_km.size} distances"
        at = int(np.nanargmax(self.value))
        lines = [f"{head}: highest {self.value[at]:.3f} at {self.r_km[at]:g} km"]
        if self.kind == "density":
            lines[0] += f", bandwidth {self.bandwidth_km:.3g} km"
        if self.n_draws:
            lines.append(
                f"global p = {self.p:.4g} (null {self.null}, {self.n_draws} draws)"
            )
        few = self.r_km[self.n_used < _FEW]
        if few.size:
            lines.append(
                f"at {few.size} distances fewer than {_FEW} plants have anybody near"
            )
        lines.append(f"{self.duplicate_share:.0%} of the points share a place")
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        ax.fill_between(self.r_km, self.global_lower, self.global_upper, color=_GLOBAL)
        ax.fill_between(self.r_km, self.lower, self.upper, color=_LOCAL)
        ax.axhline(1.0, color="#6B7280", lw=0.8)
        ax.plot(self.r_km, self.value, color="#9CA3AF", ls=":")
        many = np.where(self.n_used < _FEW, np.nan, self.value)
        ax.plot(self.r_km, many, color=_LINE)
        ax.set(xlabel="distance, km", ylabel="share of neighbours, times everywhere")


# below, a number rests on so few plants that it is drawn in grey
_FEW = 10
