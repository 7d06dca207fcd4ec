"""Options of the networks study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agglo.core.errors import OptionError
from agglo.core.options import check_choice, check_number
from agglo.studies.networks.conventions import PRESETS

__all__ = ["NetworksOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworksOptions:
    """What is measured at which level, and how often chance is asked.

    Parameters
    ----------
    district_level, city_level
        Levels of the regions that are tied and of those they lie in; default the level of
        most ends of links, and that of their parents.
    activity_value
        Column of the activity table.
    industry_version
        Version of the classification of the activity that is studied; default that of most
        rows. Rows of other versions are converted where ``concordances`` leads to it.
    activity_period
        Period of the activity; default the last one.
    activity_before
        Earlier period that the back-test starts from; default the one before.
    min_region_total, min_industry_total
        Regions and industries with less activity are left out of groups and options of
        regions; default none.
    min_diversity, min_ubiquity
        Likewise those with fewer specialised industries, or regions.
    groups
        ``"em"``: groups of industries that locate alike, by a Gaussian mixture;
        ``"definitions"``: those of the table ``definitions``.
    definition
        Name of the definition, where the table holds several.
    k_min, k_max
        Numbers of groups tried; the lowest BIC decides.
    em_starts
        Random starts per number of groups.
    stability_draws
        Refits on resampled regions behind the stability of the groups.
    branch_model
        Whose headquarters direct a branch, where links are made from establishments.
    branch_weight
        What a branch counts, likewise.
    counting
        How the applicants of a patent are paired.
    entities
        Kinds of applicants that count, where the patents say; empty: all.
    large
        Size classes that count as large.
    min_events
        Events below which a city gets no verdict on its industry network.
    alpha
        Level of every verdict.
    level
        Coverage of the intervals.
    min_gap
        Smallest gap of logarithms that can set cores apart.
    max_cores
        Most cores.
    label_draws
        Permutations of group labels behind the nulls of the E-I index.
    core_draws
        Draws of structureless strengths behind the test of cores.
    bootstrap_draws
        Resamples of branches and patents behind the frequencies of core sets.
    class_draws
        Permutations of size classes behind the complementarity of pairs.
    dyad_draws
        Permutations of nodes behind the regression of joint patents on branches.
    min_km
        Least distance between two places in the gravity equation.
    structure_draws
        Rewired networks behind the tests of communities and of one core.
    branch_layer
        Layer of the table ``link_events`` that is read as the first layer of the study.
    joint_layer
        Layer without direction of the table ``link_events`` that is read as the second
        layer of the study instead of joint patents, for example ``"shared_firm"``.
    horizon_top
        Numbers of industries of a portfolio whose precision is reported.
    backtest_draws
        Resamples of regions, and permutations of the industries, behind the back-test.
    score_parts
        ``"tested"``: the score of an option leaves out the parts that made the whole worse
        in the back-test; ``"all"``: it does not. Both stand in the table of options.
    further_presets
        Conventions of the industry space beside ``"atlas"``, by which options are scored
        and tested too; names of ``agglo.relatedness.CONVENTIONS``.
    definition_kind
        Which clusters of the table ``definitions`` the groups are compared with:
        ``"all"``, ``"traded"`` or ``"local"``.
    label_random
        Permutations of labels behind the validation scores of groups.
    sensitivity
        Whether verdicts are repeated with other numbers of groups and counting rules.
    """

    district_level: str | None = None
    city_level: str | None = None
    activity_value: str = "establishments"
    industry_version: str | None = None
    activity_period: str | None = None
    activity_before: str | None = None
    min_region_total: float = 0.0
    min_industry_total: float = 0.0
    min_diversity: int = 0
    min_ubiquity: int = 0
    groups: Literal["em", "definitions"] = "em"
    definition: str | None = None
    k_min: int = 2
    k_max: int = 12
    em_starts: int = 20
    stability_draws: int = 20
    branch_model: Literal["direct", "ultimate"] = "direct"
    branch_weight: Literal["count", "employment", "capital", "log1p_capital"] = "count"
    counting: Literal["full", "fractional", "newman"] = "full"
    entities: tuple[str, ...] = ("firm",)
    large: tuple[str, ...] = ("large",)
    min_events: int = 30
    alpha: float = 0.05
    level: float = 0.95
    min_gap: float = 0.4054651081081644
    max_cores: int = 6
    label_draws: int = 999
    core_draws: int = 9999
    bootstrap_draws: int = 500
    class_draws: int = 999
    dyad_draws: int = 1999
    min_km: float = 5.0
    structure_draws: int = 199
    branch_layer: str = "branch"
    joint_layer: str = "copatent"
    horizon_top: tuple[int, ...] = (5, 10)
    backtest_draws: int = 199
    score_parts: Literal["tested", "all"] = "tested"
    further_presets: tuple[str, ...] = ("atlas2026", "econgeo")
    definition_kind: Literal["all", "traded", "local"] = "all"
    label_random: int = 100
    sensitivity: bool = True

    def __post_init__(self) -> None:
        """Check the fields."""
        choices = {
            "groups": ("em", "definitions"),
            "branch_model": ("direct", "ultimate"),
            "branch_weight": ("count", "employment", "capital", "log1p_capital"),
            "counting": ("full", "fractional", "newman"),
            "score_parts": ("tested", "all"),
            "definition_kind": ("all", "traded", "local"),
        }
        for name, allowed in choices.items():
            check_choice(name, getattr(self, name), allowed)
        for name in self.further_presets:
            check_choice("further_presets", name, sorted(PRESETS))
        for name in ("alpha", "level"):
            check_number(
                name, getattr(self, name), minimum=0, maximum=1, open_ends=True
            )
        for name in ("min_gap", "min_km", "min_region_total", "min_industry_total"):
            check_number(name, getattr(self, name), minimum=0)
        least = {
            "k_min": 1,
            "min_diversity": 0,
            "min_ubiquity": 0,
            "k_max": 2,
            "em_starts": 1,
            "stability_draws": 0,
            "min_events": 2,
            "max_cores": 2,
            "label_draws": 19,
            "core_draws": 99,
            "bootstrap_draws": 19,
            "class_draws": 19,
            "dyad_draws": 19,
            "structure_draws": 19,
            "backtest_draws": 19,
            "label_random": 0,
        }
        for name, minimum in least.items():
            check_number(name, getattr(self, name), minimum=minimum, integer=True)
        if self.k_min > self.k_max:
            msg = f"k_min={self.k_min} is above k_max={self.k_max}."
            raise OptionError(msg)
        if not self.large:
            msg = "large is empty: name the size classes that count as large."
            raise OptionError(msg)
        if not self.horizon_top or min(self.horizon_top) < 1:
            msg = "horizon_top must hold whole numbers of at least 1."
            raise OptionError(msg)
