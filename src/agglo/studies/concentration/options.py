"""Options of the concentration profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from agglo.core.options import check_choice, check_number

__all__ = ["ConcentrationOptions"]

Scheme: TypeAlias = Literal["us_strong", "eco_stars", "panorama", "lq"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcentrationOptions:
    """What the profile measures and how often it draws.

    Parameters
    ----------
    period
        Period of the profile; default the last one of the chosen version.
    region_version, industry_version
        Versions of the codes; default those with the most cells in the last period. Two
        versions are never mixed in one measure.
    growth_industry_version
        Version for the growth part; default `industry_version` if it has several periods,
        otherwise the version with the most periods.
    growth_from, growth_to
        First and last period of the growth part; default all that there are.
    level
        Coverage of the intervals, in (0, 1).
    fdr
        Adjustment for many tests, ``"bh"`` or ``"by"``.
    fdr_level
        Share of false discoveries accepted among what is called significant.
    quotient_draws
        Draws behind quotients of industries with few equivalent plants.
    rank_draws
        Draws behind the ranks.
    top
        Ranks that count as being at the top.
    jackknife_groups
        Groups of regions left out in turn for the intervals of the Ellison-Glaeser index.
    null_draws
        Draws of every null model of the raw concentration; fewer, but at least 99, where
        there are so many plants that more than 400 million would be thrown.
    chance_draws
        Draws behind the specialisation that chance alone gives.
    cluster_draws
        Draws behind the probability that a cluster is strong.
    scheme
        Strength scheme of `cluster_strength`.
    variety_digits
        Leading characters of the industry code that form the groups of variety, where
        the industries have no parents; otherwise the highest parent (the sector).
    headline_employment
        Regions with less employment are measured but not named in the headlines.
    headline_cells
        Regions with fewer industries, and industries in fewer regions, are measured but
        not named in the headlines: where small cells are not published, what is seen in
        few places looks concentrated.
    lookup_regions
        Regions in the look-up of the report, the largest first.
    """

    period: str | None = None
    region_version: str | None = None
    industry_version: str | None = None
    growth_industry_version: str | None = None
    growth_from: str | None = None
    growth_to: str | None = None
    level: float = 0.95
    fdr: Literal["bh", "by"] = "bh"
    fdr_level: float = 0.05
    quotient_draws: int = 9999
    rank_draws: int = 199
    top: int = 10
    jackknife_groups: int = 20
    null_draws: int = 499
    chance_draws: int = 99
    cluster_draws: int = 199
    scheme: Scheme = "us_strong"
    variety_digits: int = 2
    headline_employment: float = 1000.0
    headline_cells: int = 10
    lookup_regions: int = 4000

    def __post_init__(self) -> None:
        """Check the fields."""
        check_choice("fdr", self.fdr, ("bh", "by"))
        check_choice(
            "scheme", self.scheme, ("us_strong", "eco_stars", "panorama", "lq")
        )
        for name in ("level", "fdr_level"):
            check_number(
                name, getattr(self, name), minimum=0, maximum=1, open_ends=True
            )
        least = {
            "quotient_draws": 99,
            "rank_draws": 19,
            "null_draws": 19,
            "chance_draws": 19,
            "cluster_draws": 19,
            "top": 1,
            "jackknife_groups": 2,
            "variety_digits": 1,
            "lookup_regions": 0,
            "headline_cells": 1,
        }
        for name, minimum in least.items():
            check_number(name, getattr(self, name), minimum=minimum, integer=True)
        check_number("headline_employment", self.headline_employment, minimum=0)
