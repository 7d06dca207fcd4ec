"""Designated clusters whose kind of match with the belts is forced, or left to chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.simulate._digital_places import Belts, Cities, Products

__all__ = ["KINDS", "Clusters", "Presence", "draw_clusters", "presence"]

KINDS = ("none", "similar", "identical")
_NEIGHBOURS = 6
_STEPS = 60
_EXACT_KM = 1e-9
_UNIT_KM = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What belts each city has: leaves, and divisions named as a whole."""

    leaf: BoolArray
    broad: BoolArray
    division_of: IntArray

    def options(self, city: Sequence[int] | IntArray) -> BoolArray:
        """Give, per kind, the leaves that have it in these cities, shape (3, leaves)."""
        same: BoolArray = np.any(self.leaf[city], axis=0)
        whole: BoolArray = np.any(self.broad[city], axis=0)
        broad = whole[self.division_of]
        sibling = np.bincount(self.division_of, same)[self.division_of] > 0
        near = sibling & ~same & ~broad
        return np.stack([~sibling & ~broad, near, same])

    def kind(self, city: Sequence[int] | IntArray, leaf: int) -> int:
        """Give the kind of one leaf in these cities; containment counts as identical."""
        none, near, _ = self.options(city)
        return 0 if none[leaf] else 1 if near[leaf] else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Clusters: cities (lead first), leaf, kind, period, and the planted centres."""

    city: tuple[tuple[int, ...], ...]
    leaf: IntArray
    kind: IntArray
    period: IntArray
    centre_km: FloatArray


def presence(belts: Belts, products: Products, n_cities: int) -> Presence:
    """Lay the belts out by city."""
    leaf = np.zeros((n_cities, products.leaf.size), dtype=np.bool_)
    broad = np.zeros((n_cities, products.division.size), dtype=np.bool_)
    narrow = ~belts.broad
    leaf[belts.city[narrow], belts.leaf[narrow]] = True
    broad[belts.city[belts.broad], products.division_of[belts.leaf[belts.broad]]] = True
    return Presence(leaf=leaf, broad=broad, division_of=products.division_of)


def draw_clusters(
    rng: np.random.Generator,
    cities: Cities,
    products: Products,
    held: Presence,
    kinds: tuple[float, float, float] | None,
    numbers: Mapping[str, float],
) -> Clusters:
    """Draw clusters; `kinds` are the shares of none, similar and identical."""
    n, periods = int(numbers["n_clusters"]), int(numbers["n_periods"])
    period = np.arange(n) * periods // n
    chance, mix = _city_chances(cities, held, kinds, numbers["cluster_exponent"])
    step = _step_km(numbers["shift_km"], numbers["shift_bearing"])
    tilted = [_tilted(chance, mix, cities.xy_km, k * step) for k in range(periods)]
    drawn = rng.choice(mix.size, size=n, p=mix)
    near = _nearest(cities.xy_km)
    found_city: list[tuple[int, ...]] = []
    leaf = np.zeros(n, dtype=np.int64)
    for i in range(n):
        lead = int(rng.choice(cities.code.size, p=tilted[period[i]][drawn[i]]))
        kind = None if kinds is None else int(drawn[i])
        partners = _partners(rng, near[lead], numbers["multi_city_share"])
        found_city.append(_joint(lead, partners, held, kind))
        options = (
            np.ones(products.leaf.size, dtype=np.bool_)
            if kind is None
            else held.options(list(found_city[-1]))[kind]
        )
        weight = np.where(options, products.share, 0.0)
        leaf[i] = rng.choice(weight.size, p=weight / weight.sum())
    pairs = zip(found_city, leaf.tolist(), strict=True)
    return Clusters(
        city=tuple(found_city),
        leaf=leaf,
        kind=np.array([held.kind(list(c), k) for c, k in pairs], dtype=np.int64),
        period=period,
        centre_km=np.stack([(mix @ p) @ cities.xy_km for p in tilted]),
    )


def _city_chances(
    cities: Cities,
    held: Presence,
    kinds: tuple[float, float, float] | None,
    exponent: float,
) -> tuple[FloatArray, FloatArray]:
    """Give chances of the lead city per kind, and the shares of the kinds."""
    weight = cities.size**exponent
    if kinds is None:
        return (weight / weight.sum())[None, :], np.ones(1)
    able = np.stack([held.options([c]).any(axis=1) for c in range(weight.size)], axis=1)
    mix = np.array(kinds)
    empty = [KINDS[k] for k in range(3) if mix[k] > 0 and not able[k].any()]
    if empty:
        msg = (
            f"kinds={kinds[::-1]} (identical, similar, none) asks for {empty[0]!r}, which "
            "no city can have. Change n_belts, profile or the size of the tree."
        )
        raise OptionError(msg)
    chance = np.where(able, weight, 0.0)
    total = chance.sum(axis=1, keepdims=True)
    return chance / np.where(total > 0, total, 1.0), mix / mix.sum()


def _step_km(distance: float, bearing: float) -> FloatArray:
    angle = np.deg2rad(bearing)
    return distance * np.array([np.sin(angle), np.cos(angle)])


def _tilted(
    chance: FloatArray, mix: FloatArray, xy_km: FloatArray, move_km: FloatArray
) -> FloatArray:
    """Tilt the chances exponentially so that their mean moves by exactly `move_km`."""
    if not move_km.any():
        return chance
    start = (mix @ chance) @ xy_km
    place = (xy_km - start) / _UNIT_KM
    goal = move_km / _UNIT_KM
    slope = np.zeros(2)
    for _ in range(_STEPS):
        now = _tilt(chance, place, slope)
        means = now @ place
        gap = goal - mix @ means
        if np.hypot(*gap) < _EXACT_KM / _UNIT_KM:
            return now
        second = np.einsum("kn,ni,nj->kij", now, place, place)
        spread = second - np.einsum("ki,kj->kij", means, means)
        step = np.linalg.lstsq(np.tensordot(mix, spread, 1), gap, rcond=None)[0]
        # long steps overshoot where the cities end
        slope = slope + step * min(1.0, 0.5 / max(np.hypot(*step), 1e-12))
    msg = "shift_km moves the centre further than the cities reach in n_periods."
    raise OptionError(msg)


def _tilt(chance: FloatArray, place: FloatArray, slope: FloatArray) -> FloatArray:
    power = place @ slope
    raw = chance * np.exp(power - power.max())
    total = raw.sum(axis=1, keepdims=True)
    return raw / np.where(total > 0, total, 1.0)


def _nearest(xy_km: FloatArray) -> NDArray[np.int64]:
    apart = ((xy_km[:, None, :] - xy_km[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1, kind="stable")[:, :_NEIGHBOURS].astype(np.int64)


def _partners(
    rng: np.random.Generator, near: NDArray[np.int64], share: float
) -> list[int]:
    """Draw the other cities of a joint bid: none, one or two of the nearest."""
    joint = rng.random() < share
    n = int(rng.integers(1, 3))
    return rng.permutation(near)[:n].tolist() if joint else []


def _joint(
    lead: int, partners: list[int], held: Presence, kind: int | None
) -> tuple[int, ...]:
    """Add the partners with whom some leaf still has the kind."""
    found = [lead]
    for city in partners:
        wider = [*found, city]
        if kind is None or held.options(wider)[kind].any():
            found = wider
    return tuple(found)
