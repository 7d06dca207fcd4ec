"""Where the cities of a generated corridor country lie, and when corridors start."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["CorridorMap", "draw_map"]

_WIDTH_KM, _HEIGHT_KM = 2600.0, 1800.0
_MARGIN_KM = 250.0
_APART_KM, _CLEAR_KM, _FREE_KM = 700.0, 50.0, 350.0
_AROUND = 8
_CENTRE_LON, _CENTRE_LAT = 105.0, 33.0
_KM_PER_DEGREE = 111.195
_TRIES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorMap:
    """Cities in degrees, corridor of every city (-1: none), their codes."""

    code: NDArray[np.str_]
    lon: FloatArray
    lat: FloatArray
    corridor: IntArray


def draw_map(rng: np.random.Generator, n: int, corridors: int) -> CorridorMap:
    """Place corridors far apart, eight cities around each, the rest away from them."""
    size = np.array([4 + c % 2 for c in range(corridors)])
    rest = n - int(size.sum()) - _AROUND * corridors
    if rest < 1:
        msg = (
            f"n={n} is too few for {corridors} corridors: they and the cities around "
            f"them are {n - rest}, and one or more must lie away."
        )
        raise OptionError(msg)
    centres = _centres(rng, corridors)
    places: list[FloatArray] = []
    corridor: list[int] = []
    for number, centre in enumerate(centres):
        places += _line(rng, centre, int(size[number]))
        corridor += [number] * int(size[number])
    members = np.array(places)
    for centre in centres.repeat(_AROUND, axis=0):
        places.append(_free(partial(_near, rng, centre), places, members, 0.0))
    for _ in range(rest):
        places.append(_free(partial(_anywhere, rng), places, members, _FREE_KM))
    corridor += [-1] * (n - len(corridor))
    xy = np.array(places)
    lat = _CENTRE_LAT + (xy[:, 1] - _HEIGHT_KM / 2) / _KM_PER_DEGREE
    across = _KM_PER_DEGREE * np.cos(np.radians(lat))
    return CorridorMap(
        code=np.array([f"G{i + 1:03d}" for i in range(n)]),
        lon=_CENTRE_LON + (xy[:, 0] - _WIDTH_KM / 2) / across,
        lat=lat,
        corridor=np.array(corridor, dtype=np.int64),
    )


def _centres(rng: np.random.Generator, corridors: int) -> FloatArray:
    low = np.full(2, _MARGIN_KM)
    high = np.array([_WIDTH_KM, _HEIGHT_KM]) - _MARGIN_KM
    for _ in range(_TRIES):
        found = rng.uniform(low, high, (corridors, 2))
        gap = np.linalg.norm(found[:, None] - found[None], axis=2)
        if (gap[~np.eye(corridors, dtype=bool)] >= _APART_KM).all():
            return found
    msg = f"corridors={corridors} do not fit the map {_APART_KM:g} km apart."
    raise OptionError(msg)


def _line(rng: np.random.Generator, centre: FloatArray, size: int) -> list[FloatArray]:
    angle = rng.uniform(0, np.pi)
    steps = np.concatenate([[0.0], rng.uniform(60, 80, size - 1).cumsum()])
    along = (steps - steps.mean())[:, None] * np.array([np.cos(angle), np.sin(angle)])
    line: FloatArray = centre + along + rng.normal(0, 8, (size, 2))
    return list(line)


def _near(rng: np.random.Generator, centre: FloatArray) -> FloatArray:
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(60, 480)
    out: FloatArray = centre + far * np.array([np.cos(angle), np.sin(angle)])
    return out


def _anywhere(rng: np.random.Generator) -> FloatArray:
    return rng.uniform([0.0, 0.0], [_WIDTH_KM, _HEIGHT_KM])


def _free(
    draw: Callable[[], FloatArray],
    places: list[FloatArray],
    members: FloatArray,
    clear: float,
) -> FloatArray:
    """Draw until the place is on the map, clear of all others and of the corridors."""
    taken = np.array(places)
    for _ in range(_TRIES):
        place = draw()
        inside: BoolArray = (place >= 0) & (place <= [_WIDTH_KM, _HEIGHT_KM])
        if (
            inside.all()
            and np.linalg.norm(taken - place, axis=1).min() >= _CLEAR_KM
            and np.linalg.norm(members - place, axis=1).min() >= clear
        ):
            return place
    msg = "n is too large: no free place is left on the map."
    raise OptionError(msg)
