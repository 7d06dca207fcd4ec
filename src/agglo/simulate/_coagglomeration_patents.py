"""Patents that depend on the knowledge of those one moved to, and of those who came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.simulate._knowledge_draws import stationary

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "CITED",
    "Innovation",
    "citation_rows",
    "class_profiles",
    "draw_innovation",
    "mobility_rows",
    "patent_rows",
]

DEPRECIATION = 0.15
OWN, RD = 0.2, 0.6
_RHO, _SD = 0.3, 0.12
_LEVEL, _MOST, _GROWTH = 3.0, 12.0, 0.04
QUALITY = 0.8
# logs by which citations of a follower, and of industries that share technology, grow
CITED, ALIKE = 1.0, 0.5
_PER_PAIR = 0.01
_MOVES = 1.5


@dataclass(frozen=True, slots=True)
class Innovation:
    """Patents, expected citations of one, and spending on research, (I, T)."""

    patents: IntArray
    citations: FloatArray
    rd: FloatArray


def draw_innovation(
    rng: np.random.Generator,
    weights: Mapping[str, FloatArray],
    beta: Mapping[str, float],
    n_periods: int,
) -> Innovation:
    """Let knowledge grow from patents, and patents from last year's pools."""
    n = next(iter(weights.values())).shape[0]
    rd = rng.normal(2.0, 0.6, (n, 1)) + np.cumsum(
        rng.normal(0.0, 0.5, (n, n_periods)), axis=1
    )
    error = stationary(rng, n, n_periods, _RHO, _SD)
    fixed = rng.normal(0.0, 0.4, n)
    stock = np.exp(rng.normal(4.5, 0.7, n))
    patents = np.zeros((n, n_periods), dtype=np.int64)
    quality = np.zeros((n, n_periods))
    for t in range(n_periods):
        pools = np.zeros(n)
        for link, w in weights.items():
            pools += beta[f"active_{link}"] * np.log(w.T @ stock)
            pools += beta[f"passive_{link}"] * np.log(w @ stock)
        level = pools + OWN * np.log(stock) + RD * rd[:, t] + fixed + error[:, t]
        mean = np.exp(np.minimum(level - level.mean() + _LEVEL, _MOST))
        patents[:, t] = rng.poisson(mean)
        quality[:, t] = (QUALITY - 1.0) * (pools - pools.mean())
        new = np.maximum(patents[:, t], 0.5)
        # what was known before the first year is what an observer infers from that year
        stock = (
            (1.0 - DEPRECIATION) * stock + new if t else new / (DEPRECIATION + _GROWTH)
        )
    noise = stationary(rng, n, n_periods, _RHO, _SD)
    return Innovation(patents, 2.0 * np.exp(quality + noise), np.exp(rd))


def class_profiles(linked: FloatArray) -> tuple[FloatArray, list[str]]:
    """Give shares of patent classes: one class of one's own, one per linked pair."""
    n = linked.shape[0]
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if linked[i, j]]
    out = np.zeros((n, n + len(pairs)))
    out[np.arange(n), np.arange(n)] = 1.0
    for c, (i, j) in enumerate(pairs):
        out[[i, j], n + c] = 0.5
    names = [f"C{c:03d}" for c in range(out.shape[1])]
    return out / out.sum(axis=1, keepdims=True), names


def patent_rows(
    rng: np.random.Generator,
    made: Innovation,
    profiles: FloatArray,
    classes: list[str],
    industries: list[str],
    first_year: int,
) -> pa.Table:
    """Write one row per patent with its class and citations."""
    n, t = made.patents.shape
    cell = np.repeat(np.arange(n * t), made.patents.ravel())
    i, year = cell // t, cell % t
    draw = rng.random(cell.size)
    code = np.array(
        [
            np.searchsorted(np.cumsum(profiles[k]), u * (1 - 1e-12))
            for k, u in zip(i, draw, strict=True)
        ],
        dtype=np.int64,
    )
    names, labels = np.array(industries), np.array(classes)
    return pa.table(
        {
            "patent": [f"A{k:07d}" for k in range(cell.size)],
            "applicant": [f"F{industries[k]}" for k in i],
            "period": [str(first_year + y) for y in year],
            "class": labels[code].tolist(),
            "industry": names[i].tolist(),
            "citations": rng.poisson(made.citations[i, year]).astype(np.float64),
        }
    )


def citation_rows(
    rng: np.random.Generator,
    made: Innovation,
    followed: BoolArray,
    alike: FloatArray,
    told: tuple[list[str], int, float],
) -> pa.Table:
    """Write citations between industries by year: the mover cites its anchor.

    `followed` is [anchor, mover]; `told` has industries, the first year and the effect.
    """
    names, first_year, effect = told
    closeness = np.exp(effect * followed.T + ALIKE * alike)
    np.fill_diagonal(closeness, 3.0)
    size = made.patents.astype(np.float64) + 1.0
    # what an industry cites grows with its own patents, what is cited with those there are
    mean = _PER_PAIR * closeness[:, :, None] * size[:, None, :] * np.sqrt(size)[None]
    count = rng.poisson(mean)
    return _links("citation", names, first_year + np.arange(count.shape[2]), count)


def mobility_rows(
    rng: np.random.Generator,
    followed: BoolArray,
    alike: FloatArray,
    told: tuple[list[str], tuple[int, ...], float],
) -> pa.Table:
    """Write moves of people by year: they go to where their industry has moved.

    From the year before the first entrants on; the effect begins the year after them. Moves
    of a pair before and after differ by it alone. `told` has industries, entry years, effect.
    """
    names, entry, effect = told
    n = len(names)
    years = np.arange(entry[0] - 1, entry[-1] + 4)
    base = np.log(_MOVES) + ALIKE * alike + rng.normal(0.0, 0.3, (n, n))
    np.fill_diagonal(base, -np.inf)
    rate = base[:, :, None] + effect * followed.T[:, :, None] * (years > entry[0])
    count = rng.poisson(np.exp(rate))
    return _links("mobility", names, years, count)


def _links(layer: str, names: list[str], years: IntArray, count: IntArray) -> pa.Table:
    """Write counts between industries, (from, to, year), as links between places."""
    i, k, year = np.nonzero(count)
    labels = np.array(names)
    place = np.array([f"R{1 + j % 4}" for j in range(len(names))])
    return pa.table(
        {
            "layer": [layer] * i.size,
            "period": years[year].astype(str).tolist(),
            "origin": place[i].tolist(),
            "destination": place[k].tolist(),
            "origin_industry": labels[i].tolist(),
            "destination_industry": labels[k].tolist(),
            "weight": count[i, k, year].astype(np.float64),
            "directed": [True] * i.size,
        }
    )
