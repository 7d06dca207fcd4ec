"""Results of comparing two sets of places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray

__all__ = ["OverlapInterval", "OverlapTest"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OverlapInterval(Result):
    """Bootstrap intervals of two ellipses' overlap and differences.

    Attributes
    ----------
    statistic
        Names: jaccard, centre_distance_km, and differences b − a.
    estimate, lower, upper
        Percentile interval.
    lower_bca, upper_bca
        Bias-corrected accelerated interval; NaN for the difference of bearings, and where
        the estimate lies outside all draws.
    theta_concentration
        Resultant length of the doubled angle differences; below 0.5 no interval.
    level, n_draws, n_units
        Coverage, resamples, and resampled units of both sets.
    """

    statistic: tuple[str, ...]
    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray
    lower_bca: FloatArray
    upper_bca: FloatArray
    theta_concentration: float
    level: float
    n_draws: int
    n_units: tuple[int, int]
    notes: tuple[str, ...] = field(default=())

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per statistic."""
        return {
            "statistic": list(self.statistic),
            "value": self.estimate,
            "lower": self.lower,
            "upper": self.upper,
            "lower_bca": self.lower_bca,
            "upper_bca": self.upper_bca,
        }

    def summary(self) -> str:
        """Give one line per statistic."""
        head = f"{self.level:.0%} bootstrap intervals (percentile; BCa), {self.n_draws} draws"
        lines = [
            f"{s}: {self.estimate[i]:,.3f} [{self.lower[i]:,.3f}, {self.upper[i]:,.3f}]; "
            f"[{self.lower_bca[i]:,.3f}, {self.upper_bca[i]:,.3f}]"
            for i, s in enumerate(self.statistic)
        ]
        return "\n".join([head, *lines, *self.notes])

    def _draw(self, ax: Axes) -> None:
        shown = [("percentile", self.lower, self.upper)]
        shown.append(("BCa", self.lower_bca, self.upper_bca))
        for k, (name, low, high) in enumerate(shown):
            ax.hlines(k, low[0], high[0])
            ax.annotate(name, (high[0], k))
        ax.axvline(self.estimate[0])
        ax.set(xlabel="Jaccard", ylim=(-0.5, 1.5))
        ax.set_yticks([])


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OverlapTest(Result):
    """What the overlap would be if the places were dealt out anew.

    Attributes
    ----------
    statistic
        ``jaccard`` and ``centre_distance_km``.
    observed, expected
        Of the two sets, and mean of the permutations.
    p
        That Jaccard is as small, and the distance as large.
    simulated
        Shape (n_draws, 2).
    n_draws, n_usable
        Permutations, and those without a degenerate ellipse.
    """

    statistic: tuple[str, ...]
    observed: FloatArray
    expected: FloatArray
    p: FloatArray
    simulated: FloatArray
    n_draws: int
    n_usable: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per statistic."""
        return {
            "statistic": list(self.statistic),
            "value": self.observed,
            "expected": self.expected,
            "p": self.p,
        }

    def summary(self) -> str:
        """Give observed, expected and p."""
        return "\n".join(
            f"{s}: {o:,.3f} (dealt out anew {e:,.3f}, p = {p:.4g})"
            for s, o, e, p in zip(
                self.statistic, self.observed, self.expected, self.p, strict=True
            )
        )

    def _draw(self, ax: Axes) -> None:
        known = self.simulated[np.isfinite(self.simulated[:, 0]), 0]
        ax.hist(known, bins=30, color="#9CA3AF")
        ax.axvline(self.observed[0], color="#D55E00")
        ax.set(xlabel="Jaccard of places dealt out anew", ylabel="draws")
