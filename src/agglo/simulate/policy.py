"""A generated country of corridors: what the policy did, where and when, is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, generator
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Rings, distance_matrix
from agglo.simulate._corridor_activity import SCALE, employment_of
from agglo.simulate._corridor_effects import (
    OUTCOMES,
    REACH_KM,
    RING_EDGES_KM,
    System,
    effects_of,
)
from agglo.simulate._corridor_map import draw_map
from agglo.simulate._corridor_tables import (
    activity_table,
    industry_table,
    panel_table,
    region_table,
    treatment_table,
    truth_table,
)

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.simulate._corridor_map import CorridorMap

__all__ = ["CorridorCountry", "simulate_corridors"]

_MAP, _PANEL, _NOISE, _SECTORS = range(4)
_NEIGHBOURS = 5
_SLOPE, _SPILL, _TREND, _TREND_NOISE = 0.5, 0.3, 0.1, 0.2
# years after the first year of the panel; recent: late starts, few years to see
_STARTS = {False: (6, 8, 8, 10, 12, 9), True: (10, 12, 13, 14, 15, 11)}
_NULL = {"spatial_error": 0.6, "ar": 0.5}

Profile = Literal["dynamic", "rings", "heterogeneous", "null"]


@dataclass(frozen=True, eq=False, kw_only=True)
class CorridorCountry:
    """A generated panel of cities, its corridors, and what they did.

    Attributes
    ----------
    regions, treatments, panel, truth
        Tables of the data model. `treatments` has the corridor as policy; `panel` the
        outcomes ``specialisation`` and ``diversification`` and the covariate ``x``.
    activity, industries
        Employment by sector with these outcomes, and the sectors; None without
        ``tables=True``. The region ``REST`` is the rest of the country: it has no place
        and makes the national shares those of the reference.
    weights
        Weights of the lagged outcome: five nearest, rows sum to 1.
    exposure
        Rings of the lagged treatment: 100 to 250 km, or all of them for the profile
        ``"rings"``. The covariate keeps the lag of `weights`.
    parameters
        What it was generated from.
    seed
        Seed or drawn entropy.
    generated
        Always true: nothing here is an observation.
    """

    regions: pa.Table
    treatments: pa.Table
    panel: pa.Table
    truth: pa.Table
    activity: pa.Table | None
    industries: pa.Table | None
    weights: SpatialWeights
    exposure: Rings
    parameters: Mapping[str, float | str]
    seed: int
    generated: bool = True

    def tables(self) -> dict[str, pa.Table]:
        """Give the tables by name."""
        out = {
            "regions": self.regions,
            "treatments": self.treatments,
            "panel": self.panel,
            "truth": self.truth,
        }
        if self.activity is not None and self.industries is not None:
            out |= {"activity": self.activity, "industries": self.industries}
        return out

    def planted(self, quantity: str) -> dict[str, float]:
        """Give item to planted value of one quantity."""
        rows = self.truth.to_pylist()
        return {r["item"]: r["value"] for r in rows if r["quantity"] == quantity}

    @property
    def starts(self) -> dict[str, str]:
        """Give treated region to first treated period."""
        rows = self.treatments.to_pylist()
        return {r["region"]: r["start"] for r in rows}

    @property
    def positions(self) -> dict[str, tuple[float, float]]:
        """Give region to (longitude, latitude) of the cities."""
        rows = self.regions.to_pylist()
        return {r["region"]: (r["lon"], r["lat"]) for r in rows if r["lon"] is not None}


def simulate_corridors(
    *,
    n: int = 75,
    years: tuple[int, int] = (2006, 2022),
    corridors: int = 5,
    profile: Profile = "dynamic",
    rho: float = 0.3,
    sigma: float = 0.25,
    ar: float | None = None,
    spatial_error: float | None = None,
    recent: bool = False,
    tables: bool = False,
    seed: int | None = 7,
) -> CorridorCountry:
    r"""Generate a panel of cities in which corridors have known effects.

    Use it to try spatial difference-in-differences where the answer is known; its numbers
    say nothing about any real place.

    Parameters
    ----------
    n
        Cities. Corridors have 4 or 5, eight lie around each, the rest away from them.
    years
        First and last year, at least 14 years.
    corridors
        Number of corridors, 2 to 6; they start 6 to 12 years after the first year.
    profile
        ``"dynamic"``: effects change with the years since the start. Specialisation falls
        for three years, then rises, and cities 100 to 250 km away gain in the first four
        years; diversification rises at once, and there from the fifth year on.
        ``"rings"``: one own effect, spillovers from 100 to 250 km only.
        ``"heterogeneous"``: own effects grow and differ by start. ``"null"``: no effect.
    rho
        Weight of the neighbours' outcome, in (-1, 1).
    sigma
        Standard deviation of the noise, at least 0.
    ar, spatial_error
        Correlation of the noise over time and between neighbours, in (-1, 1); default 0,
        for ``"null"`` 0.5 and 0.6.
    recent
        Starts in the last years: late effects are then seen in few cities or none.
    tables
        Whether employment by sector is made, with ln RZI = ln 3.2 + .06 specialisation
        and ln RDI = -ln .62 + .05 diversification.
    seed
        Seed; the same seed gives the same tables.

    Returns
    -------
    CorridorCountry
        Tables, weights and truth; well under a second.

    Raises
    ------
    OptionError
        If a number is out of range, the map is too small for the cities, or no employment
        has the outcomes asked for (listing the city-years).

    Notes
    -----
    .. math:: y_t = S\,[\textstyle\sum_k \beta_k D^k_t + \theta_k W_x D^k_t + .5 x_t +
              .3 W x_t + \mu + \lambda_t + e_t], \quad S = (I - \rho W)^{-1}

    W: five nearest; :math:`W_x`: ring (100, 250] km, row-normalised. Distances are great
    circles. :math:`\beta_k, \theta_k` solve for the planted average direct and indirect
    effects. The study of Zeng and Tao (2025, doi:10.1080/00343404.2025.2551149) suggested
    the pattern; design and numbers are inferred from its summary and replicate nothing.

    The truth table holds, per outcome, ``beta``, ``theta``, ``direct``, ``indirect`` (item:
    years since the start, 7 = 7 and later, or the ring), ``realised_treated`` (by k, and
    all), ``realised_untreated`` (by ring of the distance to the nearest treated city, and
    all), named ``<outcome>.<quantity>``, in units of the panel's outcomes; and
    ``corridors.rho``, ``corridors.sigma``, ``corridors.scale`` (of ln RZI and ln RDI on
    the outcomes).

    Examples
    --------
    >>> from agglo.simulate import simulate_corridors
    >>> made = simulate_corridors(seed=1)
    >>> made.panel.num_rows, len(made.starts)
    (1275, 22)
    >>> made.planted("specialisation.direct")["1"]
    -0.4
    """
    check_choice("profile", profile, ("dynamic", "rings", "heterogeneous", "null"))
    check_number("n", n, minimum=10, maximum=999, integer=True)
    check_number("corridors", corridors, minimum=2, maximum=6, integer=True)
    check_number("rho", rho, minimum=-1, maximum=1, open_ends=True)
    check_number("sigma", sigma, minimum=0, maximum=10)
    periods = _periods(years)
    noise = {"ar": ar, "spatial_error": spatial_error}
    extra = {
        name: check_number(
            name,
            (_NULL[name] if profile == "null" else 0.0) if value is None else value,
            minimum=-1,
            maximum=1,
            open_ends=True,
        )
        for name, value in noise.items()
    }
    entropy = entropy_of(seed)
    places = draw_map(generator(entropy, _MAP), int(n), int(corridors))
    system = _system(places, periods, float(rho), recent=recent)
    x, y, planted = _outcomes(entropy, system, profile, float(sigma), extra)
    planted += [("corridors.rho", "", rho), ("corridors.sigma", "", sigma)]
    planted += [("corridors.scale", name, SCALE[name]) for name in OUTCOMES]
    employment = None
    if tables:
        codes = places.code.tolist()
        rng = generator(entropy, _SECTORS)
        employment = employment_of(rng, y, codes, periods)
    return CorridorCountry(
        regions=region_table(places, rest=tables),
        treatments=treatment_table(places, system.first, periods),
        panel=panel_table(places, periods, {**y, "x": x}),
        truth=truth_table(planted),
        activity=None
        if employment is None
        else activity_table(places, periods, employment),
        industries=None if employment is None else industry_table(),
        weights=_weights(system, places),
        exposure=_exposure(places, profile),
        parameters={
            "n": n,
            "first_year": years[0],
            "last_year": years[1],
            "corridors": corridors,
            "profile": profile,
            "rho": rho,
            "sigma": sigma,
            "recent": float(recent),
            **extra,
        },
        seed=entropy,
    )


def _periods(years: tuple[int, int]) -> list[str]:
    first = int(check_number("years[0]", years[0], minimum=1, integer=True))
    last = int(check_number("years[1]", years[1], minimum=1, integer=True))
    if last - first < 13:
        msg = f"years={years} must span 14 years or more: starts need years on both sides."
        raise OptionError(msg)
    return [str(v) for v in range(first, last + 1)]


def _system(
    places: CorridorMap, periods: Sequence[str], rho: float, *, recent: bool
) -> System:
    distance = distance_matrix(places.lon, places.lat, coordinates="degrees")
    far = distance.copy()
    np.fill_diagonal(far, np.inf)
    near = np.argsort(far, axis=1, kind="stable")[:, :_NEIGHBOURS]
    w = np.zeros_like(distance)
    np.put_along_axis(w, near, 1.0 / _NEIGHBOURS, axis=1)
    t = len(periods)
    # starts keep their distance to the end: shorter panels move them forward
    start = np.array(_STARTS[recent]) - max(17 - t, 0)
    first = np.where(places.corridor >= 0, start[np.maximum(places.corridor, 0)], t)
    return System(distance=distance, w=w, rho=rho, first=first.astype(np.int64), t=t)


def _outcomes(
    entropy: int,
    system: System,
    profile: str,
    sigma: float,
    extra: Mapping[str, float],
) -> tuple[FloatArray, dict[str, FloatArray], list[tuple[str, str, float]]]:
    """Give the covariate, the two outcomes (N, T) and the truth rows."""
    n, t = system.d.shape
    rng = generator(entropy, _PANEL)
    level = rng.normal(size=(len(OUTCOMES), n, 1))
    x = rng.normal(size=(n, t)) + 0.5 * level[0]
    trend = _TREND * np.arange(t) + rng.normal(0, _TREND_NOISE, (len(OUTCOMES), 1, t))
    other = _SLOPE * x + _SPILL * (system.w @ x)
    s = system.multiplier
    y: dict[str, FloatArray] = {}
    planted: list[tuple[str, str, float]] = []
    for number, outcome in enumerate(OUTCOMES):
        effects = effects_of(system, profile, outcome)
        e = _noise(generator(entropy, _NOISE, number), system, sigma, extra)
        y[outcome] = s @ (
            effects.structural + other + level[number] + trend[number] + e
        )
        planted += [(f"{outcome}.{q}", item, v) for q, item, v in effects.planted]
    return x, y, planted


def _noise(
    rng: np.random.Generator, system: System, sigma: float, extra: Mapping[str, float]
) -> FloatArray:
    n, t = system.d.shape
    ar = extra["ar"]
    e = rng.normal(0, sigma, (n, t))
    for j in range(1, t):
        e[:, j] = ar * e[:, j - 1] + np.sqrt(1.0 - ar**2) * e[:, j]
    if extra["spatial_error"] == 0.0:
        return e
    mixing = np.eye(n) - extra["spatial_error"] * system.w
    return np.asarray(np.linalg.solve(mixing, e), dtype=np.float64)


def _weights(system: System, places: CorridorMap) -> SpatialWeights:
    links = (system.w > 0).astype(np.float64)
    kind = f"{_NEIGHBOURS} nearest"
    return SpatialWeights.from_matrix(links, places.code, kind=kind).standardised()


def _exposure(places: CorridorMap, profile: str) -> Rings:
    edges = RING_EDGES_KM if profile == "rings" else REACH_KM
    return Rings.build(
        places.lon, places.lat, places.code, edges_km=edges, coordinates="degrees"
    )
