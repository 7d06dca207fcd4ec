"""Options of the formation study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agglo.core.options import check_choice, check_number

__all__ = ["FormationOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormationOptions:
    """Which clusters are looked at, by which thresholds, and how often chance is asked.

    Parameters
    ----------
    clusters
        Ids ``region|group`` to evaluate; empty: those of `members`, else the most
        specialised large ones.
    n_cards
        How many, where none are named and there are no members.
    industry_version
        Version of the industry codes in `activity`; needed where there are several.
    group_digits
        Groups are the first digits of the codes; 0: by the table `definitions`.
    min_size
        Employment from which a cluster counts among the peers.
    missing
        What a missing cell is, as in `life_cycle`.
    alpha, q, ei_max
        Thresholds of the three elements.
    relatedness
        Kind in `industry_links` that decides; empty: the first, else input-output, else
        co-location.
    crs
        Projection of longitude and latitude.
    draws
        Draws behind every null of the elements.
    k, delta
        Window and threshold of the life cycle.
    exposure_max
        Exposure to falling suppliers (sum of requirement times fall) that raises A6.
    n_states, n_init
        Numbers of hidden states tried, and starts.
    shock_before, shock_trough
        Periods of the shock; empty: no resilience.
    rank_draws
        Runs behind the rank intervals.
    level
        Share of runs inside an interval.
    n_peers
        Peers of a cluster.
    pdf_cards
        Whether cards are printed as PDF as well; needs the extra ``pdf``.
    """

    clusters: tuple[str, ...] = ()
    n_cards: int = 20
    industry_version: str = ""
    group_digits: int = 0
    min_size: float = 100.0
    missing: Literal["undefined", "zero"] = "undefined"
    alpha: float = 0.05
    q: float = 0.9
    ei_max: float = 0.0
    relatedness: str = ""
    crs: str = "us"
    draws: int = 999
    k: int = 3
    delta: float = 0.01
    exposure_max: float = 0.02
    n_states: tuple[int, ...] = (4, 5)
    n_init: int = 20
    shock_before: str = ""
    shock_trough: str = ""
    rank_draws: int = 999
    level: float = 0.9
    n_peers: int = 10
    pdf_cards: bool = False

    def __post_init__(self) -> None:
        """Check the fields."""
        check_choice("missing", self.missing, ("undefined", "zero"))
        for name in ("alpha", "q", "level"):
            value = getattr(self, name)
            check_number(name, value, minimum=0, maximum=1, open_ends=True)
        check_number("ei_max", self.ei_max, minimum=-1, maximum=1)
        check_number("delta", self.delta, minimum=0, open_ends=True)
        check_number("exposure_max", self.exposure_max, minimum=0)
        check_number("min_size", self.min_size, minimum=0)
        least = {
            "n_cards": 1,
            "group_digits": 0,
            "draws": 99,
            "k": 1,
            "n_init": 1,
            "rank_draws": 99,
            "n_peers": 1,
        }
        for name, minimum in least.items():
            check_number(name, getattr(self, name), minimum=minimum, integer=True)
        for n in self.n_states:
            check_number("n_states", n, minimum=2, maximum=20, integer=True)
