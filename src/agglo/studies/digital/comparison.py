"""Two sets of places compared: what sampling moves, and what chance would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agglo.concentration import (
    bootstrap_overlap,
    overlap_test,
    standard_deviational_ellipse,
)
from agglo.core.options import Bootstrap, Permutation

if TYPE_CHECKING:
    from agglo.concentration.ellipse_results import Ellipse
    from agglo.core.tables import Points
    from agglo.studies.digital.sites import Sites

__all__ = ["Convention", "by_chance", "interval"]

_PREFIX = {"jaccard": "jaccard", "centre_distance_km": "distance"}


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


def interval(a: Sites, b: Sites, convention: Convention, seed: int) -> dict[str, float]:
    """Give percentile and BCa intervals of Jaccard and of the distance of the centres.

    Parameters
    ----------
    a, b
        Two sets; items are drawn anew with all their cities.
    convention
        Ellipse, draws, coverage.
    seed
        Of the draws.

    Returns
    -------
    dict
        ``jaccard_lower``, ``jaccard_upper``, ``jaccard_lower_bca`` ...; NaN where no draw
        has a value.
    """
    found = bootstrap_overlap(
        a.points,
        b.points,
        divisor=convention.divisor,
        scale=convention.scale,
        unit_a=a.item,
        unit_b=b.item,
        inference=Bootstrap(n=convention.draws, seed=seed, level=convention.level),
    )
    out: dict[str, float] = {}
    for k, name in enumerate(found.statistic):
        if name in _PREFIX:
            for end in ("lower", "upper", "lower_bca", "upper_bca"):
                out[f"{_PREFIX[name]}_{end}"] = float(getattr(found, end)[k])
    return out


def by_chance(
    a: Sites, b: Sites, convention: Convention, seed: int
) -> dict[str, float]:
    """Pool two sets, deal out the same numbers of items, and compare.

    Parameters
    ----------
    a, b
        Two sets without a common item.
    convention
        Ellipse and draws.
    seed
        Of the draws.

    Returns
    -------
    dict
        Means under the null (``jaccard``, ``distance``) and p-values that the overlap is
        as small (``jaccard_p``) and the centres as far apart (``distance_p``); NaN where
        an ellipse is degenerate.
    """
    found = overlap_test(
        a.points,
        b.points,
        divisor=convention.divisor,
        scale=convention.scale,
        unit_a=a.item,
        unit_b=b.item,
        inference=Permutation(n=convention.draws, seed=seed),
    )
    out: dict[str, float] = {}
    for k, name in enumerate(found.statistic):
        out[_PREFIX[name]] = float(found.expected[k])
        out[f"{_PREFIX[name]}_p"] = float(found.p[k])
    return out
