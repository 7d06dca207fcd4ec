"""Options of the policy study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.options import check_choice, check_number

__all__ = ["MEASURES", "PolicyOptions"]

MEASURES = (
    "ln_zi",
    "ln_rzi",
    "ln_di",
    "ln_rdi",
    "ln_ksi",
    "zi",
    "rzi",
    "di",
    "rdi",
    "ksi",
    "entropy",
    "related_variety",
    "unrelated_variety",
)
_KSI, _RDI = {"ksi", "ln_ksi"}, {"rdi", "ln_rdi"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """Which policy, which outcomes, which neighbours, and how often chance is asked.

    Parameters
    ----------
    policies
        Policies of the table ``treatments`` to study as one; empty: all. Each is a corridor
        of its own in the placebo.
    outcomes
        Measures computed from the table ``activity``, or columns of the table ``panel``.
    covariates
        Columns of the table ``panel``.
    reference
        What a region is compared with: ``"national"`` or ``"leave_out"``.
    min_reference_share, min_employment
        Sectors below may not be the largest quotient; 0: off.
    blank_cells
        Employment without a value: ``"drop"`` the region, or count it as ``"zero"``.
    corrections
        Misprints, each ``"region,industry,period,employment"``; listed in the report.
    drop_regions
        Regions left out of everything.
    first_period, last_period
        Ends of the panel; default all periods.
    weights
        Neighbours of the outcome: ``"knn"``, ``"inverse_distance"``, or ``"contiguity"``
        where the table ``boundaries`` is given.
    neighbours, cutoff_km
        Of the weights.
    economy_column
        Column of `panel` whose mean before the first start makes economic and nested
        weights; empty: employment, from `activity`.
    exposure_ring_km
        Distances (from, to) at which the treatment of others counts; empty: as `weights`.
    window_low, window_high
        Years since the start that have an effect of their own, ends closed outward; cut to
        what the data hold.
    ring_edges_km
        Rings of the realised effects.
    band_edges_km
        Rings whose effects are estimated apart.
    band_exposure
        How treated regions of a ring count: their ``"share"`` or ``"count"``, or only the
        ``"nearest"`` one.
    beyond_km
        Distance beyond which no spillover is expected: tested.
    sweep_km
        Reaches of the weights in the sweep.
    group_column
        Column of ``industries`` whose groups are compared.
    until
        Last period of a shorter panel in the specification table; empty: none.
    also_without
        Regions left out in one row of the specification table, for example capitals.
    other_outcomes
        Measures that stand in for the outcome in the specification table.
    match_on
        Columns the propensity score is made of, read before the start; empty: the
        covariates and the outcome.
    least_treated
        With fewer treated regions nothing is said on timing and reach.
    level
        Coverage of the intervals.
    band_draws, placebo_draws, other_placebo_draws, group_draws, moran_draws
        Draws behind the bands, the placebo of moved corridors, the other placebos, the
        differences between groups, and Moran's I.
    imputation_draws
        Draws behind the errors of imputed effects.
    """

    policies: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ("ln_rzi", "ln_rdi")
    covariates: tuple[str, ...] = ()
    reference: Literal["national", "leave_out"] = "national"
    min_reference_share: float = 0.0
    min_employment: float = 0.0
    blank_cells: Literal["drop", "zero"] = "drop"
    corrections: tuple[str, ...] = ()
    drop_regions: tuple[str, ...] = ()
    first_period: str = ""
    last_period: str = ""
    weights: Literal["knn", "inverse_distance", "contiguity"] = "knn"
    neighbours: int = 5
    cutoff_km: float = 250.0
    economy_column: str = ""
    exposure_ring_km: tuple[float, ...] = ()
    window_low: int = -5
    window_high: int = 7
    ring_edges_km: tuple[float, ...] = (0.0, 100.0, 250.0, 400.0)
    band_edges_km: tuple[float, ...] = (0.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0)
    band_exposure: Literal["share", "count", "nearest"] = "share"
    beyond_km: float = 250.0
    sweep_km: tuple[float, ...] = (
        100.0,
        150.0,
        200.0,
        250.0,
        300.0,
        350.0,
        400.0,
        450.0,
        500.0,
    )
    group_column: str = "factor_intensity"
    until: str = ""
    also_without: tuple[str, ...] = ()
    other_outcomes: tuple[str, ...] = ()
    match_on: tuple[str, ...] = ()
    least_treated: int = 10
    level: float = 0.95
    band_draws: int = 999
    placebo_draws: int = 499
    other_placebo_draws: int = 199
    group_draws: int = 199
    moran_draws: int = 199
    imputation_draws: int = 199

    def __post_init__(self) -> None:
        """Check the fields."""
        choices = {
            "reference": ("national", "leave_out"),
            "blank_cells": ("drop", "zero"),
            "weights": ("knn", "inverse_distance", "contiguity"),
            "band_exposure": ("share", "count", "nearest"),
        }
        for name, allowed in choices.items():
            check_choice(name, getattr(self, name), allowed)
        check_number("level", self.level, minimum=0, maximum=1, open_ends=True)
        check_number(
            "min_reference_share", self.min_reference_share, minimum=0, maximum=1
        )
        check_number("min_employment", self.min_employment, minimum=0)
        check_number("cutoff_km", self.cutoff_km, minimum=0, open_ends=True)
        check_number("window_low", self.window_low, maximum=-2, integer=True)
        least = {
            "neighbours": 1,
            "window_high": 0,
            "least_treated": 1,
            "band_draws": 99,
            "placebo_draws": 19,
            "other_placebo_draws": 19,
            "group_draws": 19,
            "moran_draws": 19,
            "imputation_draws": 19,
        }
        for name, minimum in least.items():
            check_number(name, getattr(self, name), minimum=minimum, integer=True)
        self._check_lists()

    def _check_lists(self) -> None:
        if not self.outcomes:
            msg = f"outcomes is empty: name measures of {list(MEASURES)} or columns of panel."
            raise OptionError(msg)
        if _KSI & set(self.outcomes) and _RDI & set(self.outcomes):
            msg = (
                f"outcomes={list(self.outcomes)}: RDI is 1 / KSI, both are one outcome. "
                "Keep one of them."
            )
            raise OptionError(msg)
        if len(self.exposure_ring_km) not in (0, 2):
            msg = f"exposure_ring_km={self.exposure_ring_km} must be two distances or empty."
            raise OptionError(msg)
        for name in ("exposure_ring_km", "ring_edges_km", "band_edges_km", "sweep_km"):
            edges = getattr(self, name)
            if len(edges) and (min(edges) < 0 or (np.diff(edges) <= 0).any()):
                msg = f"{name}={edges} must be increasing distances."
                raise OptionError(msg)
        for line in self.corrections:
            if len(line.split(",")) != 4:
                msg = (
                    f"corrections: {line!r} is not 'region,industry,period,employment'."
                )
                raise OptionError(msg)
