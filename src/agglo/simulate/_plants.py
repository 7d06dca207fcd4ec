"""Plants of the generated country: where they are, how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray
    from agglo.simulate._places import Industries, Places


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantDraw:
    """Region, industry and size of every plant, in order of industry and region."""

    region: IntArray
    industry: IntArray
    size: FloatArray


def location_probabilities(
    rng: np.random.Generator, x: FloatArray, industries: Industries, boost: float
) -> FloatArray:
    """Draw p, shape (n_industries, n_regions); see `simulate_country` for the model."""
    n = industries.code.size
    p = np.tile(x, (n, 1))
    dirichlet = industries.gamma > 0
    gamma = np.where(dirichlet, industries.gamma, 0.5)
    # a Dirichlet vector is a vector of gamma variables over its sum
    shape = x[None, :] * ((1.0 - gamma) / gamma)[:, None]
    drawn = rng.standard_gamma(shape)
    total = drawn.sum(axis=1, keepdims=True)
    p = np.where(dirichlet[:, None] & (total > 0), drawn / np.maximum(total, 1e-300), p)
    member = industries.cluster >= 0
    factor = np.ones_like(p)
    homes = industries.cluster_home[industries.cluster[member]]
    factor[np.flatnonzero(member)[:, None], homes] = boost
    p = p * factor
    out: FloatArray = p / p.sum(axis=1, keepdims=True)
    return out


def draw_plants(
    rng: np.random.Generator,
    shares: FloatArray,
    industries: Industries,
    places: Places,
    n_plants: int,
) -> PlantDraw:
    """Let every plant choose its region; then give sizes, and the towns their plant."""
    n_industries = industries.code.size
    base = 10
    rest = rng.multinomial(n_plants - base * n_industries, industries.plant_share)
    counts = rng.multinomial(base + rest, shares)
    industry, region = np.nonzero(counts)
    number = counts[industry, region]
    industry, region = np.repeat(industry, number), np.repeat(region, number)
    size = np.ceil(rng.lognormal(industries.log_size[industry], 1.0))
    size = np.minimum(size, 5_000.0)
    _give_towns(industries, places, industry, region, size)
    return PlantDraw(
        region=region.astype(np.int64), industry=industry.astype(np.int64), size=size
    )


def _give_towns(
    industries: Industries,
    places: Places,
    industry: IntArray,
    region: IntArray,
    size: FloatArray,
) -> None:
    """Move one plant of the town's industry there and let it employ as many as the rest."""
    jobs = np.bincount(region, size, minlength=places.code.size)
    pairs = zip(industries.town, industries.town_industry, strict=True)
    for town, main in pairs:
        first = int(np.searchsorted(industry, main))
        jobs[region[first]] -= size[first]
        region[first] = town
        size[first] = max(np.ceil(jobs[town]), 50.0)
