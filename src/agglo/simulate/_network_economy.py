"""Districts, industries, firms, branches and patents of the generated network economy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "CLASSES",
    "CROSSING",
    "DECAY",
    "SIZES",
    "Branches",
    "Districts",
    "Firms",
    "Industries",
    "Inventions",
    "draw_branches",
    "draw_districts",
    "draw_firms",
    "draw_flows",
    "draw_inventions",
    "industries",
    "masses",
]

DISTRICTS = (11, 7, 10, 6, 9, 7, 6, 7, 9, 6, 6, 6, 5)
CORE, SECOND_CORE, SEALED = 0, 4, 8
ADVANTAGED = (0, 1, 4)
N_GROUPS, PER_GROUP = 6, 8
CLASSES = ("high", "medium_high", "medium_low", "low")
CROSSING = {"high": 0.50, "medium_high": 0.25, "medium_low": 0.25, "low": 0.45}
EVEN_CROSSING = 0.35
SIZES = ("large", "medium", "small", "micro")
COMMON_SIZES = (0.25, 0.25, 0.30, 0.20)
CITY_SIZES = {0: (0.65, 0.20, 0.10, 0.05), 4: (0.10, 0.25, 0.40, 0.25)}
APPLICANTS = (0.40, 0.45, 0.12, 0.03)
COMMON_SEALING = 0.5
CITY_SEALING = {4: 0.1, 8: 0.95}
_LEVELS = {"branch": (6.0, 2.0, 0.25), "copatent": (5.0, 1.5, 0.2)}
_CORES = {"branch": (0,), "copatent": (0, 4)}
_SIDE_KM, _SPREAD_KM, _FLOOR_KM, DECAY = 300.0, 12.0, 5.0, 0.6
_PER_CELL, _HIGH = 60.0, 3.0
_INSIDE_GROUP = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Districts:
    """Districts: city, number within the city, position, distance (km)."""

    city: IntArray
    within: IntArray
    xy: FloatArray
    centre: FloatArray
    distance: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Industries:
    """Industries: group and technology class (position in `CLASSES`)."""

    group: IntArray
    technology: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Firms:
    """Firms per period, district and industry, and the mix that links are drawn from."""

    counts: IntArray
    mix: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """One entry per branch: districts, industries, sizes of both ends."""

    origin: IntArray
    destination: IntArray
    origin_industry: IntArray
    destination_industry: IntArray
    origin_size: IntArray
    destination_size: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventions:
    """One entry per applicant, sorted by patent; `technology` and `year` per patent."""

    patent: IntArray
    position: IntArray
    district: IntArray
    industry: IntArray
    size: IntArray
    technology: IntArray
    year: IntArray


def industries() -> Industries:
    """Give six groups of eight, each with two industries of each technology class."""
    n = N_GROUPS * PER_GROUP
    return Industries(
        group=np.arange(n) // PER_GROUP, technology=np.arange(n) % PER_GROUP // 2
    )


def draw_districts(rng: np.random.Generator) -> Districts:
    """Place cities evenly in a square and districts normally around them."""
    city = np.repeat(np.arange(len(DISTRICTS)), DISTRICTS)
    within = np.concatenate([np.arange(n) for n in DISTRICTS])
    centre = rng.uniform(0.0, _SIDE_KM, (len(DISTRICTS), 2))
    xy = centre[city] + rng.normal(0.0, _SPREAD_KM, (city.size, 2))
    gap = np.sqrt(((xy[:, None] - xy[None]) ** 2).sum(axis=2))
    return Districts(
        city=city,
        within=within,
        xy=xy,
        centre=centre,
        distance=np.maximum(gap, _FLOOR_KM),
    )


def masses(
    rng: np.random.Generator, places: Districts, layer: str, effect: float, kind: str
) -> tuple[FloatArray, IntArray]:
    """Give the mass of every district in a layer, and its planted tier."""
    n = places.city.size
    if kind == "lognormal":
        city = rng.lognormal(0.0, 1.0, len(DISTRICTS))
        return city[places.city] * rng.lognormal(0.0, 0.5, n), np.ones(n, np.int64)
    core = np.isin(places.city, _CORES[layer])
    top = core & (places.within < 3)
    middle = ~core & (places.within == 0)
    tier = np.where(top, 1, np.where(middle, 2, 3))
    high, mid, low = _LEVELS[layer]
    planted = np.where(
        top,
        high * rng.uniform(0.95, 1.05, n),
        np.where(
            middle, mid * rng.uniform(0.9, 1.1, n), low * rng.uniform(0.8, 1.25, n)
        ),
    )
    tier = tier if effect > 0 else np.ones(n, dtype=np.int64)
    return planted**effect, tier.astype(np.int64)


def draw_firms(
    rng: np.random.Generator,
    places: Districts,
    kinds: Industries,
    mass: FloatArray,
    effect: float,
    partners: float = 0.0,
) -> Firms:
    """Draw firms of two periods; affinities to groups stay, the noise of cells does not.

    With `partners` above 0 a district grows towards the groups of those it is tied with: the
    later firms of a cell are multiplied by exp(partners x standard score of what its
    partners hold of the group).
    """
    n, m = places.city.size, kinds.group.size
    taste = rng.lognormal(0.0, 1.0, (n, N_GROUPS))
    affinity = taste[:, kinds.group]
    advantaged = np.isin(places.city, ADVANTAGED)[:, None] & (kinds.technology == 0)
    lift = np.where(advantaged, _HIGH**effect, 1.0)
    steady = _PER_CELL * np.sqrt(mass)[:, None] * affinity * lift
    # the later period first: its draws do not depend on there being an earlier one
    noise = rng.lognormal(0.0, 0.3, (2, n, m)) ** effect
    later = steady * noise[0]
    if partners > 0:
        offer = _offered(places, mass, taste)
        later = later * np.exp(partners * offer)[:, kinds.group]
    counts = rng.poisson(later), rng.poisson(0.8 * steady * noise[1])
    return Firms(
        counts=np.stack([counts[1], counts[0]]).astype(np.int64),
        mix=later / later.sum(axis=1, keepdims=True),
    )


def _offered(places: Districts, mass: FloatArray, taste: FloatArray) -> FloatArray:
    """Give what the partners of every district hold of every group, standardised."""
    pull = mass[None, :] * places.distance**-DECAY
    flow = mass[:, None] * pull / pull.sum(axis=1, keepdims=True)
    both = flow + flow.T
    np.fill_diagonal(both, 0.0)
    share = both / both.sum(axis=1, keepdims=True)
    log = np.log(share @ (taste / taste.sum(axis=1, keepdims=True)))
    out: FloatArray = (log - log.mean(axis=0)) / log.std(axis=0)
    return out


def draw_flows(rng: np.random.Generator, kinds: Industries) -> FloatArray:
    """Draw what industries sell to each other: more inside a group, most to themselves."""
    n = kinds.group.size
    same = kinds.group[:, None] == kinds.group[None, :]
    flow = rng.lognormal(2.0, 1.0, (n, n)) * np.where(same, _INSIDE_GROUP, 1.0)
    flow[np.diag_indices(n)] *= 2.0
    out: FloatArray = np.round(flow, 3)
    return out


def draw_branches(
    rng: np.random.Generator,
    places: Districts,
    kinds: Industries,
    mass: FloatArray,
    mix: FloatArray,
    effect: float,
    n: int,
) -> Branches:
    """Draw branches: where from, where to, in what industries, of what sizes."""
    origin = rng.choice(mass.size, n, p=mass / mass.sum())
    pull = mass[None, :] * places.distance**-DECAY
    destination = _pick(rng, pull, origin)
    one = _pick(rng, mix, origin)
    other = _partner_industry(
        rng, places, kinds, mix, effect, (origin, destination), one
    )
    size = rng.choice(len(SIZES), (2, n), p=COMMON_SIZES)
    return Branches(
        origin=origin,
        destination=destination,
        origin_industry=one,
        destination_industry=other,
        origin_size=size[0],
        destination_size=size[1],
    )


def draw_inventions(
    rng: np.random.Generator,
    places: Districts,
    kinds: Industries,
    mass: FloatArray,
    mix: FloatArray,
    effect: float,
    n: int,
    n_years: int,
) -> Inventions:
    """Draw patents: first applicants, partners near or in another city, years."""
    first = rng.choice(mass.size, n, p=mass / mass.sum())
    industry = _pick(rng, mix, first)
    technology = kinds.technology[industry]
    partners = rng.choice(len(APPLICANTS), n, p=APPLICANTS)
    patent = np.repeat(np.arange(n), partners)
    home = first[patent]
    rate = np.array([CROSSING[c] for c in CLASSES])
    rate = EVEN_CROSSING + effect * (rate - EVEN_CROSSING)
    away = rng.random(patent.size) < rate[technology[patent]]
    same = places.city[:, None] == places.city[None, :]
    pull = mass[None, :] * places.distance**-DECAY
    near = _pick(rng, np.where(same, pull, 0.0), home)
    far = _pick(rng, np.where(same, 0.0, pull), home)
    district = np.where(away, far, near)
    other = _partner_industry(
        rng, places, kinds, mix, effect, (home, district), industry[patent]
    )
    everyone = np.concatenate([np.arange(n), patent])
    order = np.argsort(everyone, kind="stable")
    where = np.concatenate([first, district])[order]
    start = np.cumsum(partners + 1) - (partners + 1)
    return Inventions(
        patent=everyone[order],
        position=np.arange(order.size) - start[everyone[order]] + 1,
        district=where,
        industry=np.concatenate([industry, other])[order],
        size=_pick(rng, _city_sizes(effect), places.city[where]),
        technology=technology,
        year=rng.integers(0, n_years, n),
    )


def _partner_industry(
    rng: np.random.Generator,
    places: Districts,
    kinds: Industries,
    mix: FloatArray,
    effect: float,
    ends: tuple[IntArray, IntArray],
    industry: IntArray,
) -> IntArray:
    """Draw the industry of the other end: of the same group, or any."""
    start, end = ends
    stays = np.full(start.size, COMMON_SEALING)
    inside = places.city[start] == places.city[end]
    for city, sealing in CITY_SEALING.items():
        planted = COMMON_SEALING + effect * (sealing - COMMON_SEALING)
        stays[inside & (places.city[start] == city)] = planted
    group = kinds.group[industry]
    member = kinds.group[None, :] == np.arange(N_GROUPS)[:, None]
    restricted = (mix[:, None, :] * member[None]).reshape(-1, mix.shape[1])
    alike = _pick(rng, restricted, end * N_GROUPS + group)
    any_ = _pick(rng, mix, end)
    return np.where(rng.random(start.size) < stays, alike, any_)


def _city_sizes(effect: float) -> FloatArray:
    common = np.array(COMMON_SIZES)
    out = np.tile(common, (len(DISTRICTS), 1))
    for city, planted in CITY_SIZES.items():
        out[city] = common + effect * (np.array(planted) - common)
    return out


def _pick(rng: np.random.Generator, weight: FloatArray, row: IntArray) -> IntArray:
    """Draw one column per entry with chances proportional to its row of `weight`."""
    up = np.cumsum(weight, axis=1)
    up /= up[:, -1:]
    # rows side by side on one line, so that a single search finds all
    line = (up + np.arange(up.shape[0])[:, None]).ravel()
    at = np.searchsorted(line, row + rng.random(row.size), side="right")
    column: NDArray[np.int64] = np.minimum(at - row * up.shape[1], up.shape[1] - 1)
    return column.astype(np.int64)
