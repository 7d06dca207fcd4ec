"""Results of the localization of many industries, and of exact null moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError
from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["KDensityMoments", "Localization"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Localization(Result):
    """Which industries are localized or dispersed, with global bands for each.

    Attributes
    ----------
    industries
        Sorted names, (n_industries,).
    n
        Plants of each.
    r_km
        Distances, (n_distances,).
    values
        K-density per km, (n_industries, n_distances); NaN where `status` is not ``"ok"``.
    null_mean, null_sd
        Exact mean and standard deviation under the null, (n_distances,) and
        (n_industries, n_distances); with strata both of an industry's own draws.
    upper_constant, lower_constant
        How many standard deviations the global band lies above and below the mean,
        (n_industries, n_distances).
    p_localized, p_dispersed
        Share of null curves whose highest (lowest) standardised point is at least as high
        (low), (1 + b)/(1 + n).
    q_localized
        `p_localized` corrected for all industries, Benjamini-Hochberg.
    n_draws
        Draws that the p-values rest on.
    status
        ``"ok"``, ``"too_few"``, ``"zero_weight"`` or ``"no_others"``.
    bandwidth_km, level
        Kernel width; share of null curves beyond a band anywhere, on each side.
    n_pool, n_sample
        Plants of the pool, and those that the null moments were taken from.
    sd_error
        Relative difference of `null_sd` between two halves of that sample, over 2.
    """

    industries: NDArray[np.str_]
    n: IntArray
    r_km: FloatArray
    values: FloatArray
    null_mean: FloatArray
    null_sd: FloatArray
    upper_constant: FloatArray
    lower_constant: FloatArray
    p_localized: FloatArray
    p_dispersed: FloatArray
    q_localized: FloatArray
    n_draws: IntArray
    status: NDArray[np.str_]
    bandwidth_km: float
    level: float
    n_pool: int
    n_sample: int
    sd_error: float

    @property
    def global_upper(self) -> FloatArray:
        """Upper global band, (n_industries, n_distances)."""
        out: FloatArray = self.null_mean + self.upper_constant * self.null_sd
        return out

    @property
    def global_lower(self) -> FloatArray:
        """Lower global band, at least 0, (n_industries, n_distances)."""
        low = self.null_mean - self.lower_constant * self.null_sd
        out: FloatArray = np.maximum(low, 0.0)
        return out

    @property
    def localized(self) -> BoolArray:
        """Whether K lies above the band anywhere."""
        return np.asarray((self.values > self.global_upper).any(axis=1))

    @property
    def dispersed(self) -> BoolArray:
        """Whether K lies below the band somewhere, and above it nowhere."""
        below = (self.values < self.global_lower).any(axis=1)
        return np.asarray(below & ~self.localized)

    @property
    def gamma(self) -> FloatArray:
        """Index of localization: area of K above the band."""
        above = np.maximum(self.values - self.global_upper, 0.0)
        return np.asarray(np.trapezoid(above, self.r_km, axis=1))

    @property
    def psi(self) -> FloatArray:
        """Index of dispersion: area of K below the band; 0 for localized industries."""
        below = np.maximum(self.global_lower - self.values, 0.0)
        area = np.asarray(np.trapezoid(below, self.r_km, axis=1))
        return np.where(self.localized, 0.0, area)

    @property
    def peak_km(self) -> FloatArray:
        """Where K lies highest above its mean, in standard deviations."""
        with np.errstate(invalid="ignore"):
            z = (self.values - self.null_mean) / self.null_sd
        known = np.isfinite(z).any(axis=1)
        at = np.argmax(np.where(np.isfinite(z), z, -np.inf), axis=1)
        return np.where(known, self.r_km[at], np.nan)

    def curve(self, industry: str) -> Mapping[str, FloatArray]:
        """Give the curve of one industry and its band.

        Parameters
        ----------
        industry
            Its name.

        Returns
        -------
        dict
            ``r_km``, ``value``, ``null_mean``, ``global_lower``, ``global_upper``.
        """
        known = self.industries.tolist()
        if industry not in known:
            msg = f"{industry!r} is none of the {len(known)} industries."
            raise AlignmentError(msg)
        k = known.index(industry)
        return {
            "r_km": self.r_km,
            "value": self.values[k],
            "null_mean": np.broadcast_to(self.null_mean, self.values.shape)[k],
            "global_lower": self.global_lower[k],
            "global_upper": self.global_upper[k],
        }

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per industry."""
        return {
            "industry": self.industries,
            "n": self.n,
            "localized": self.localized,
            "dispersed": self.dispersed,
            "gamma": self.gamma,
            "psi": self.psi,
            "peak_km": self.peak_km,
            "p_localized": self.p_localized,
            "p_dispersed": self.p_dispersed,
            "q_localized": self.q_localized,
            "n_draws": self.n_draws,
            "status": self.status,
        }

    def summary(self) -> str:
        """Count the verdicts and name the most localized industries."""
        ok = self.status == "ok"
        best = np.argsort(-np.where(ok, self.gamma, -1.0), kind="stable")[:3]
        named = ", ".join(f"{self.industries[k]} (Γ {self.gamma[k]:.3g})" for k in best)
        return (
            f"{int(ok.sum())} of {ok.size} industries, {self.n_pool} plants: "
            f"{int(self.localized.sum())} localized, {int(self.dispersed.sum())} "
            f"dispersed (global bands, level {self.level:g}); "
            f"{int((self.q_localized < 0.05).sum())} localized with q < 0.05\n"
            f"most localized: {named}\n"
            f"null moments from {self.n_sample} plants, error of the sd "
            f"{self.sd_error:.1%}; bandwidth {self.bandwidth_km:g} km"
        )

    def _draw(self, ax: Axes) -> None:
        """Draw the standardised curves of the ten most localized industries."""
        best = np.argsort(-np.nan_to_num(self.gamma), kind="stable")[:10]
        for k in best:
            mean = np.broadcast_to(self.null_mean, self.values.shape)[k]
            z = (self.values[k] - mean) / self.null_sd[k]
            ax.plot(self.r_km, z, lw=1, label=str(self.industries[k]))
        ax.legend(fontsize=7)
        ax.set(xlabel="distance, km", ylabel="K-density, standard deviations")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class KDensityMoments(Result):
    """A K-density beside its exact mean and covariance under a null.

    Attributes
    ----------
    activity, neighbour
        Whose distances; `neighbour` is empty for the pairs of one activity.
    null
        ``"all_sites"`` or ``"joint_labels"``.
    r_km
        Distances, (n_distances,).
    value
        Density per km.
    null_mean, null_sd
        Mean and standard deviation under the null.
    z
        (value - mean) / sd.
    covariance
        Under the null, (n_distances, n_distances).
    n, n_neighbour, n_pool, n_sample
        Plants of the two, of the pool, and of the sample that the moments rest on.
    bandwidth_km
        Kernel width.
    """

    activity: str
    neighbour: str
    null: str
    r_km: FloatArray
    value: FloatArray
    null_mean: FloatArray
    null_sd: FloatArray
    z: FloatArray
    covariance: FloatArray
    n: int
    n_neighbour: int
    n_pool: int
    n_sample: int
    bandwidth_km: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per distance."""
        return {
            "r_km": self.r_km,
            "value": self.value,
            "null_mean": self.null_mean,
            "null_sd": self.null_sd,
            "z": self.z,
        }

    def summary(self) -> str:
        """Give the largest z and the sizes."""
        whose = (
            f"{self.activity} to {self.neighbour}" if self.neighbour else self.activity
        )
        head = f"K-density of {whose}, null {self.null} in closed form"
        if self.undefined:
            return f"{head}: undefined, {self.undefined[0].reason}"
        k = int(np.nanargmax(np.abs(self.z)))
        return (
            f"{head}: largest z {self.z[k]:.2f} at {self.r_km[k]:g} km "
            f"(n {self.n}, pool {self.n_pool}, moments from {self.n_sample} plants)"
        )

    def _draw(self, ax: Axes) -> None:
        """Draw the curve and two standard deviations around its mean."""
        low = self.null_mean - 2 * self.null_sd
        high = self.null_mean + 2 * self.null_sd
        ax.fill_between(self.r_km, low, high, color="#CBD5E1")
        ax.plot(self.r_km, self.value, color="#D55E00")
        ax.set(xlabel="distance, km", ylabel="density of pairs per km")
