"""Cities, products and on-line belts of the generated digital economy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.geo import project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["Belts", "Cities", "Products", "draw_belts", "draw_cities", "draw_products"]

_PER_PROVINCE = 12
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HEAVY_TAIL = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cities:
    """Cities: codes, province, position, size."""

    code: NDArray[np.str_]
    province: IntArray
    lon: FloatArray
    lat: FloatArray
    xy_km: FloatArray
    size: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """Sectors, divisions and leaves; `share` is the national mix of the leaves."""

    sector: NDArray[np.str_]
    division: NDArray[np.str_]
    leaf: NDArray[np.str_]
    sector_of: IntArray
    division_of: IntArray
    share: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Belts:
    """Belts: city, leaf, and whether the label names the whole division."""

    city: IntArray
    leaf: IntArray
    broad: BoolArray


def draw_cities(
    rng: np.random.Generator, n: int, sigma: float, n_classes: int
) -> Cities:
    """Draw cities with log-normal sizes, equal within a class where classes are asked."""
    size = np.sort(rng.lognormal(0.0, sigma, n))[::-1]
    if n_classes:
        group = np.arange(n) * n_classes // n
        size = (np.bincount(group, size) / np.bincount(group))[group]
    lon = np.round(rng.uniform(100.0, 118.0, n), 4)
    lat = np.round(rng.uniform(24.0, 38.0, n), 4)
    place = project(lon, lat, crs="china")
    return Cities(
        code=np.array([f"99{i + 1:04d}" for i in range(n)]),
        province=np.arange(n) % max(n // _PER_PROVINCE, 1),
        lon=lon,
        lat=lat,
        xy_km=np.column_stack([place.x_km, place.y_km]),
        # codes say nothing about size
        size=rng.permutation(size),
    )


def draw_products(
    rng: np.random.Generator, n_sectors: int, n_divisions: int, n_leaves: int
) -> Products:
    """Draw the tree and its national mix."""
    sector = np.array(list(_LETTERS[:n_sectors]))
    sector_of = np.repeat(np.arange(n_sectors), n_divisions)
    division = np.array(
        [f"{sector[s]}{d % n_divisions + 1}" for d, s in enumerate(sector_of)]
    )
    division_of = np.repeat(np.arange(division.size), n_leaves)
    leaf = np.array(
        [f"{division[d]}{k % n_leaves + 1}" for k, d in enumerate(division_of)]
    )
    weight = rng.pareto(_HEAVY_TAIL, leaf.size) + 0.2
    return Products(
        sector=sector,
        division=division,
        leaf=leaf,
        sector_of=sector_of,
        division_of=division_of,
        share=weight / weight.sum(),
    )


def draw_belts(
    rng: np.random.Generator,
    cities: Cities,
    products: Products,
    numbers: Mapping[str, float],
) -> Belts:
    """Draw belts: cities by size, products by the profile of the city."""
    n = int(numbers["n_belts"])
    weight = cities.size ** numbers["belt_exponent"]
    city = rng.choice(cities.code.size, size=n, p=weight / weight.sum())
    profile = _profiles(rng, products.share, cities.code.size, numbers["profile"])
    chance = np.cumsum(profile, axis=1)
    drawn = rng.random(n)
    leaf = (drawn[:, None] >= chance[city]).sum(axis=1)
    broad = rng.random(n) < numbers["broad_share"]
    order = np.lexsort((broad, leaf, city))
    return Belts(
        city=city[order],
        leaf=np.minimum(leaf, products.leaf.size - 1)[order],
        broad=broad[order],
    )


def _profiles(
    rng: np.random.Generator, share: FloatArray, n: int, strength: float
) -> FloatArray:
    """Give each city's mix of products, shape (n, leaves); the national one at zero."""
    if strength == 0.0:
        return np.tile(share, (n, 1))
    gamma = rng.gamma(share * (1.0 - strength) / strength, size=(n, share.size))
    total = gamma.sum(axis=1, keepdims=True)
    # a tiny shape can underflow to a row of zeros: one product then stands for the city
    one = np.eye(share.size)[rng.choice(share.size, size=n, p=share)]
    return np.where(total > 0, gamma / np.where(total > 0, total, 1.0), one)
