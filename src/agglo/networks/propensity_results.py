"""Results of which inventions cross regions, and which places are strong in which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result
from agglo.networks.flow_results import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray

__all__ = ["CrossRegionalPropensity", "TechnologyAdvantage"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CrossRegionalPropensity(Result):
    """How often the patents of each class have applicants in several regions.

    Attributes
    ----------
    klass
        Classes, (k,).
    patents, collaboration
        Patents (class weights) and the share of them with two or more applicants, (k,).
    joint, crossing
        Patents with two or more located applicants, and those that span regions, (k,).
    share, lower, upper
        Crossing over joint with its interval, (k,); NaN where there is none.
    odds_ratio, odds_lower, odds_upper
        Against all other classes, (k,); NaN where it cannot be told.
    p, p_holm
        Two-sided p of the odds ratio, and after Holm's correction, (k,).
    verdict
        ``above``, ``below`` or ``undecided`` after the correction, (k,).
    adjust, interval, level, alpha
        How it was adjusted, kind and coverage of the intervals, level of the verdicts.
    """

    klass: NDArray[np.str_]
    patents: FloatArray
    collaboration: FloatArray
    joint: FloatArray
    crossing: FloatArray
    share: FloatArray
    lower: FloatArray
    upper: FloatArray
    odds_ratio: FloatArray
    odds_lower: FloatArray
    odds_upper: FloatArray
    p: FloatArray
    p_holm: FloatArray
    verdict: NDArray[np.str_]
    adjust: str
    interval: str
    level: float
    alpha: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per class."""
        return {
            "class": self.klass,
            "patents": self.patents,
            "collaboration": self.collaboration,
            "joint": self.joint,
            "crossing": self.crossing,
            "share": self.share,
            "lower": self.lower,
            "upper": self.upper,
            "odds_ratio": self.odds_ratio,
            "odds_lower": self.odds_lower,
            "odds_upper": self.odds_upper,
            "p": self.p,
            "p_holm": self.p_holm,
            "verdict": self.verdict,
        }

    def summary(self) -> str:
        """Give share, odds ratio and verdict of every class."""
        whole = self.crossing.sum() / self.joint.sum()
        lines = [
            f"{self.joint.sum():g} patents with two located applicants, {whole:.1%} cross "
            f"regions (adjusted: {self.adjust})"
        ]
        for i, name in enumerate(self.klass):
            lines.append(
                f"{name}: {self.share[i]:.1%} ({self.lower[i]:.1%} to {self.upper[i]:.1%}), "
                f"odds ratio {self.odds_ratio[i]:.2f}, Holm p {self.p_holm[i]:.3g}: "
                f"{self.verdict[i]}"
            )
        lines += [f"note: {u.item or u.activity}: {u.reason}" for u in self.undefined]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        place = np.arange(self.klass.size)[::-1]
        error = np.vstack(
            [self.odds_ratio - self.odds_lower, self.odds_upper - self.odds_ratio]
        )
        ax.errorbar(self.odds_ratio, place, xerr=error, fmt="o", color="#0072B2")
        ax.axvline(1.0, color="#6B7280", lw=0.8)
        ax.set_xscale("log")
        ax.set_yticks(place, self.klass.tolist())
        ax.set_xlabel("odds ratio of crossing regions")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class TechnologyAdvantage(Result):
    """In which classes of patents each place is over-represented.

    Attributes
    ----------
    region, klass
        Places and classes, (n,) and (k,).
    patents
        Patents (class weights) of the place's first applicants, (n, k).
    quotient, lower, upper
        Share in the place over share in all, with simultaneous bounds, (n, k); NaN for a
        place without patents.
    significant
        Whether the lower bound is above 1, (n, k).
    level
        Coverage of the bounds over all places together.
    """

    region: NDArray[np.str_]
    klass: NDArray[np.str_]
    patents: FloatArray
    quotient: FloatArray
    lower: FloatArray
    upper: FloatArray
    significant: BoolArray
    level: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per place and class."""
        a, b = np.indices(self.quotient.shape).reshape(2, -1)
        return {
            "region": words(self.region, a),
            "class": words(self.klass, b),
            "patents": self.patents.ravel(),
            "value": self.quotient.ravel(),
            "lower": self.lower.ravel(),
            "upper": self.upper.ravel(),
            "significant": self.significant.ravel(),
        }

    def places(self, klass: str) -> tuple[str, ...]:
        """Give the places with a significant advantage in a class."""
        at = np.flatnonzero(self.klass == klass)
        if not at.size:
            return ()
        return tuple(self.region[self.significant[:, at[0]]].tolist())

    def summary(self) -> str:
        """Name the places with an advantage, class by class."""
        parts = [
            f"{k}: {', '.join(self.places(str(k))) or 'none'}"
            for k in self.klass.tolist()
        ]
        return (
            f"advantage of {self.region.size} places at {self.level:.0%} over all: "
            + "; ".join(parts)
        )

    def _draw(self, ax: Axes) -> None:
        drawn = ax.imshow(self.quotient, cmap="RdBu_r", vmin=0.0, vmax=2.0)
        ax.set_xticks(np.arange(self.klass.size), self.klass.tolist())
        ax.set_yticks(np.arange(self.region.size), self.region.tolist())
        ax.figure.colorbar(drawn, ax=ax, label="location quotient")
