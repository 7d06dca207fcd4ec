"""Two sets of places compared: what sampling moves, and what chance would give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration import ellipse_overlap, standard_deviational_ellipse
from agglo.core.inference import mc_pvalue
from agglo.core.results import frozen_array
from agglo.studies.digital.sites import joined, subset

if TYPE_CHECKING:
    from agglo.concentration.ellipse_results import Ellipse, EllipseOverlap
    from agglo.core.tables import Points
    from agglo.core.typing import FloatArray, IntArray
    from agglo.studies.digital.sites import Sites

__all__ = ["Convention", "by_chance", "interval"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How ellipses are drawn, and how often.

    Attributes
    ----------
    divisor, scale
        Of the ellipse.
    draws
        Draws behind an interval and behind a null.
    level
        Coverage of the intervals.
    """

    divisor: Literal["n", "n-1", "n-2"]
    scale: float
    draws: int
    level: float

    def ellipse(self, points: Points, label: str = "") -> Ellipse:
        """Measure one ellipse."""
        return standard_deviational_ellipse(
            points, divisor=self.divisor, scale=self.scale, label=label
        )

    def overlap(self, a: Points, b: Points) -> EllipseOverlap:
        """Compare the ellipses of two sets of points."""
        return ellipse_overlap(self.ellipse(a), self.ellipse(b))


def interval(
    a: Sites, b: Sites, convention: Convention, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Give percentile intervals of Jaccard and of the distance of the centres.

    Parameters
    ----------
    a, b
        Two sets; items are drawn anew with all their cities.
    convention
        Ellipse, draws, coverage.
    rng
        Generator.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends, each (Jaccard, kilometres); NaN where no draw has a value.
    """
    units = [np.unique(s.item, return_inverse=True)[1] for s in (a, b)]
    draws = np.full((convention.draws, 2), np.nan)
    for k in range(convention.draws):
        drawn = [
            _redrawn(s.points, unit, rng) for s, unit in zip((a, b), units, strict=True)
        ]
        draws[k] = _pair(convention.overlap(drawn[0], drawn[1]))
    ends = np.full((2, 2), np.nan)
    known = np.isfinite(draws)
    tail = 0.5 * (1.0 - convention.level)
    for j in range(2):
        if known[:, j].any():
            ends[:, j] = np.quantile(draws[known[:, j], j], [tail, 1.0 - tail])
    return ends[0], ends[1]


def by_chance(
    a: Sites, b: Sites, convention: Convention, rng: np.random.Generator
) -> dict[str, float]:
    """Pool two sets, deal out the same numbers of items, and compare.

    Parameters
    ----------
    a, b
        Two sets without a common item.
    convention
        Ellipse and draws.
    rng
        Generator.

    Returns
    -------
    dict
        Means under the null (``jaccard``, ``distance``) and p-values that the overlap is
        as small (``jaccard_p``) and the centres as far apart (``distance_p``); NaN where
        an ellipse is degenerate.
    """
    pooled = joined(a.points, b.points)
    own = np.unique(a.item, return_inverse=True)[1]
    other = np.unique(b.item, return_inverse=True)[1]
    n = int(own.max()) + 1
    unit = np.r_[own, other + n]
    total = int(unit.max()) + 1
    draws = np.full((convention.draws, 2), np.nan)
    for k in range(convention.draws):
        mine = np.zeros(total, dtype=bool)
        mine[rng.permutation(total)[:n]] = True
        chosen = mine[unit]
        draws[k] = _pair(
            convention.overlap(
                subset(pooled, np.flatnonzero(chosen)),
                subset(pooled, np.flatnonzero(~chosen)),
            )
        )
    observed = _pair(convention.overlap(a.points, b.points))
    out = dict.fromkeys(("jaccard", "distance", "jaccard_p", "distance_p"), np.nan)
    for j, (name, side) in enumerate((("jaccard", "less"), ("distance", "greater"))):
        known = draws[np.isfinite(draws[:, j]), j]
        if known.size and np.isfinite(observed[j]):
            out[name] = float(known.mean())
            p = mc_pvalue(observed[j], known, side)  # type: ignore[arg-type]
            out[f"{name}_p"] = float(p)
    return out


def _pair(found: EllipseOverlap) -> FloatArray:
    return np.array([found.jaccard, found.centre_distance_km])


def _redrawn(points: Points, unit: IntArray, rng: np.random.Generator) -> Points:
    n = int(unit.max()) + 1
    times = rng.multinomial(n, np.full(n, 1.0 / n))
    return replace(points, weight=frozen_array(points.weight * times[unit]))
