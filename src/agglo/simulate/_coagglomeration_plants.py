"""Plants that follow the incumbents of other industries, and cities they start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Plants", "draw_plants"]

INCUMBENT_YEAR = 1995
ENTRY_YEARS = (2001, 2002, 2003)
_CITIES = 80
_CITY_KM = 15.0


@dataclass(frozen=True, slots=True)
class Plants:
    """Places in kilometres, industry and year of opening."""

    x: FloatArray
    y: FloatArray
    industry: IntArray
    opened: IntArray
    employment: FloatArray

    def table(self, names: list[str], extent: float) -> pa.Table:
        """Give the table of establishments; regions are the four quarters of the map."""
        quarter = (self.x > extent / 2).astype(int) + 2 * (self.y > extent / 2)
        return pa.table(
            {
                "establishment": [f"P{i:06d}" for i in range(self.x.size)],
                "industry": [names[i] for i in self.industry],
                "region": [f"R{q + 1}" for q in quarter],
                "x_km": self.x,
                "y_km": self.y,
                "employment": self.employment,
                "opened": [str(v) for v in self.opened],
            }
        )


def draw_plants(
    rng: np.random.Generator,
    attraction: FloatArray,
    counts: tuple[int, int],
    follow: float,
    near_km: float,
    extent: float,
) -> Plants:
    """Draw incumbents in cities, then entrants that follow anchors.

    `attraction` [anchor, mover] says how often a following entrant of the mover chooses
    an incumbent of the anchor; `counts` are incumbents and entrants per industry.
    """
    n = attraction.shape[0]
    cities = rng.uniform(0.05 * extent, 0.95 * extent, (_CITIES, 2))
    size = rng.lognormal(0.0, 0.8, _CITIES)
    taste = rng.gamma(0.4, 1.0, (n, _CITIES)) * size
    taste /= taste.sum(axis=1, keepdims=True)
    incumbents, entrants = counts
    first = np.stack(
        [
            cities[rng.choice(_CITIES, incumbents, p=taste[i])]
            + rng.normal(0.0, _CITY_KM, (incumbents, 2))
            for i in range(n)
        ]
    )
    second = np.empty((n, entrants, 2))
    for i in range(n):
        # those who follow nobody go to cities by size, as every other industry does
        home = rng.choice(_CITIES, entrants, p=size / size.sum())
        place = cities[home] + rng.normal(0.0, _CITY_KM, (entrants, 2))
        pull = attraction[:, i]
        if pull.sum() > 0:
            moved = rng.random(entrants) < follow
            whom = rng.choice(n, entrants, p=pull / pull.sum())
            which = rng.integers(0, incumbents, entrants)
            beside = first[whom, which] + rng.normal(0.0, near_km, (entrants, 2))
            place = np.where(moved[:, None], beside, place)
        second[i] = place
    both = np.concatenate([first.reshape(-1, 2), second.reshape(-1, 2)])
    years = rng.choice(ENTRY_YEARS, n * entrants)
    return Plants(
        x=both[:, 0],
        y=both[:, 1],
        industry=np.concatenate(
            [np.repeat(np.arange(n), incumbents), np.repeat(np.arange(n), entrants)]
        ),
        opened=np.concatenate([np.full(n * incumbents, INCUMBENT_YEAR), years]),
        employment=np.round(rng.lognormal(2.5, 1.0, both.shape[0])) + 1.0,
    )
