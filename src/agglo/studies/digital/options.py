"""Options of the digital study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agglo.core.errors import OptionError
from agglo.core.options import check_choice, check_number

__all__ = ["DigitalOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalOptions:
    """How clusters and belts are matched, and how often chance is asked.

    Parameters
    ----------
    only_sourced
        Leave out rows that nobody has seen at a source.
    label_language
        Language of the labels of both lists, ``"zh"`` or ``"en"`` (column
        ``industry_label_en``).
    complete_belts
        Whether the list of belts is complete; otherwise every page says that it is not.
    programmes
        Programmes to keep; empty: all.
    region_version
        Version of the city codes; default the one in which most places are found.
    universe_levels
        Levels of the cities that belts could lie in. Cities of other levels are left out
        of the nulls, and listed.
    boundaries
        Draw the maps with the table ``boundaries`` where the project has it.
    crs
        Equal-area projection of all distances and ellipses.
    city_rule
        ``"any"``, ``"lead"`` or ``"all"`` member cities must hold a related belt.
    containment
        What a node and its division are: ``"identical"`` or ``"similar"``; both are
        reported.
    use_links
        Whether links between nodes (table ``node_links``) also make a pair similar.
    io_min, rel_q
        Thresholds of these links.
    s
        Weight of similar in the degree index, in [0, 1].
    level
        Coverage of the intervals.
    block_draws
        Draws of the city-block bootstrap.
    null_draws
        Draws behind every null.
    n_strata
        Classes of city size in which belts are relocated (second null).
    sensitivity_draws
        Draws behind the nulls of each sensitivity run.
    ellipse_draws
        Draws behind intervals of an ellipse.
    overlap_draws
        Draws behind intervals and nulls of overlap and shift.
    spatial_draws
        Draws behind the further spatial statistics.
    neighbours
        Nearest seats that count as neighbours.
    divisor, scale
        Convention of the ellipses.
    """

    only_sourced: bool = False
    label_language: Literal["zh", "en"] = "zh"
    complete_belts: bool = False
    programmes: tuple[str, ...] = ()
    region_version: str | None = None
    universe_levels: tuple[str, ...] = ("municipality", "prefecture")
    boundaries: bool = True
    crs: str = "china"
    city_rule: Literal["any", "lead", "all"] = "any"
    containment: Literal["identical", "similar"] = "identical"
    use_links: bool = True
    io_min: float = 0.05
    rel_q: float = 0.90
    s: float = 0.5
    level: float = 0.95
    block_draws: int = 2000
    null_draws: int = 9999
    n_strata: int = 5
    sensitivity_draws: int = 999
    ellipse_draws: int = 2000
    overlap_draws: int = 1999
    spatial_draws: int = 999
    neighbours: int = 6
    divisor: Literal["n", "n-1", "n-2"] = "n"
    scale: float = 1.0

    def __post_init__(self) -> None:
        """Check the fields."""
        choices = {
            "label_language": ("zh", "en"),
            "city_rule": ("any", "lead", "all"),
            "containment": ("identical", "similar"),
            "divisor": ("n", "n-1", "n-2"),
        }
        for name, allowed in choices.items():
            check_choice(name, getattr(self, name), allowed)
        for name in ("io_min", "rel_q", "s"):
            check_number(name, getattr(self, name), minimum=0, maximum=1)
        check_number("level", self.level, minimum=0, maximum=1, open_ends=True)
        check_number("scale", self.scale, minimum=0, open_ends=True)
        least = {
            "n_strata": 1,
            "neighbours": 1,
            "block_draws": 99,
            "null_draws": 99,
            "sensitivity_draws": 19,
            "ellipse_draws": 99,
            "overlap_draws": 99,
            "spatial_draws": 99,
        }
        for name, minimum in least.items():
            check_number(name, getattr(self, name), minimum=minimum, integer=True)
        if not self.universe_levels:
            msg = "universe_levels is empty: name the levels of cities that belts could lie in."
            raise OptionError(msg)
