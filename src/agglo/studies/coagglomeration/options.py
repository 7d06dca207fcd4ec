"""Options of the coagglomeration study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agglo.core.errors import OptionError
from agglo.core.options import check_choice, check_number

__all__ = ["CoagglomerationOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoagglomerationOptions:
    """How plants are compared, how knowledge is pooled, and how often chance is asked.

    Parameters
    ----------
    industry_digits
        Characters of an industry code that are kept, in every table; 0 keeps all.
    min_n
        Industries with fewer plants are left out, and listed.
    region_plants
        Regions with fewer plants are left out of the regional measures, and counted.
    outlier_mad
        Plants further than this many median absolute deviations from the median of their
        region are wrong geocodes: dropped and counted; 0 keeps all.
    entry_periods
        Periods whose entrants are looked at; empty: up to ten after the first.
    bandwidth_km, max_km
        Kernel and largest distance of the K-densities.
    localization_draws, curve_draws
        Draws behind localized industries, and behind the curves of pairs.
    curve_pairs
        Pairs whose curve is drawn: those with the largest z.
    transport_pairs, transport_draws
        Ordered pairs whose Wasserstein index is computed per region (the largest |z|; 0
        for none), and draws behind each. All pairs of a large country take hours.
    measure
        ``"entrants"``: weights from entrants where opening dates exist, else from all
        plants; ``"nearest"``: from all plants.
    weights
        Excess weights of the pools: ``"effect_sig"``, ``"z_plus"``, ``"centred"``.
    depreciation, lag
        Of knowledge; periods between knowledge and outcome.
    stock_growth
        Growth of knowledge before the first period: ``"pooled"``, one for all industries,
        or ``"industry"``, each industry's own over its first five periods. The second
        is noise where counts are small, and instruments do not mend it.
    own_stock
        ``"control"``: own knowledge as a covariate; ``"presample"``: its value in the first
        period times a trend; ``"drop"``.
    link_quantile, link_kind
        A pair is linked above this quantile of all pairs (``"hard"``), or to the degree of
        its rank (``"soft"``).
    share
        The host's gain is small below this share of the mover's; fixed before estimation.
    level
        Level of tests; intervals cover 1 - level.
    bootstrap_draws, wild_draws
        Resamples of the control function, draws of the wild cluster bootstrap.
    placebo_draws, permutation_draws
        Foreign weights with shuffled industries behind the placebo of the instruments;
        shuffles of knowledge over industries behind the permutation test of pools.
    moderator
        Column of `panel` (protection of intellectual property, regulation) whose
        interaction with the pools is tested; empty: none.
    """

    industry_digits: int = 0
    min_n: int = 10
    region_plants: int = 100
    outlier_mad: float = 8.0
    entry_periods: tuple[int, ...] = ()
    bandwidth_km: float = 10.0
    max_km: float = 100.0
    localization_draws: int = 499
    curve_draws: int = 299
    curve_pairs: int = 4
    transport_pairs: int = 8
    transport_draws: int = 199
    measure: Literal["entrants", "nearest"] = "entrants"
    weights: Literal["effect_sig", "z_plus", "centred"] = "effect_sig"
    depreciation: float = 0.15
    lag: int = 1
    stock_growth: Literal["pooled", "industry"] = "pooled"
    own_stock: Literal["control", "presample", "drop"] = "control"
    link_quantile: float = 0.75
    link_kind: Literal["hard", "soft"] = "hard"
    share: float = 0.25
    level: float = 0.05
    bootstrap_draws: int = 199
    wild_draws: int = 999
    placebo_draws: int = 99
    permutation_draws: int = 999
    moderator: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        choices = {
            "measure": ("entrants", "nearest"),
            "weights": ("effect_sig", "z_plus", "centred"),
            "stock_growth": ("pooled", "industry"),
            "own_stock": ("control", "presample", "drop"),
            "link_kind": ("hard", "soft"),
        }
        for name, allowed in choices.items():
            check_choice(name, getattr(self, name), allowed)
        for name in ("depreciation", "link_quantile", "share", "level"):
            value = getattr(self, name)
            check_number(name, value, minimum=0, maximum=1, open_ends=True)
        for name in ("bandwidth_km", "max_km"):
            check_number(name, getattr(self, name), minimum=0, open_ends=True)
        check_number("outlier_mad", self.outlier_mad, minimum=0)
        least = {
            "industry_digits": 0,
            "min_n": 3,
            "region_plants": 1,
            "localization_draws": 99,
            "curve_draws": 39,
            "curve_pairs": 0,
            "transport_pairs": 0,
            "transport_draws": 39,
            "lag": 0,
            "bootstrap_draws": 39,
            "wild_draws": 99,
            "placebo_draws": 19,
            "permutation_draws": 99,
        }
        for name, minimum in least.items():
            check_number(name, getattr(self, name), minimum=minimum, integer=True)
        if self.max_km <= self.bandwidth_km:
            msg = f"max_km={self.max_km!r} must exceed bandwidth_km={self.bandwidth_km!r}."
            raise OptionError(msg)
