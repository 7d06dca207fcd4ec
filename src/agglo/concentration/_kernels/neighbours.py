"""Nearest neighbours with ties and shared places: arrays in, arrays out.

Points at one place are counted per place, so a city with a thousand firms costs as much as
one firm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "Sites",
    "colocation_counts",
    "find_sites",
    "incoming",
    "mean_nearest",
    "pairs_within",
    "sites_of_matrix",
    "type_counts",
]

# neighbours whose distances differ by less are equally near
_TIE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Distinct places and the nearest other places of each.

    Attributes
    ----------
    x, y
        Positions, (n_sites,).
    of
        Site of every point.
    near_from, near_to
        Pairs: site and one of its equally near nearest sites.
    distance
        Distance to the nearest other site, (n_sites,); infinite if there is none.
    """

    x: FloatArray
    y: FloatArray
    of: IntArray
    near_from: IntArray
    near_to: IntArray
    distance: FloatArray


def find_sites(x: FloatArray, y: FloatArray) -> Sites:
    """Collapse points to places and find the nearest other places, ties included."""
    from scipy.spatial import cKDTree

    places, of = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    of = of.reshape(-1).astype(np.int64)
    n = places.shape[0]
    if n < 2:
        none = np.zeros(0, dtype=np.int64)
        far = np.full(n, np.inf)
        return Sites(
            x=places[:, 0],
            y=places[:, 1],
            of=of,
            near_from=none,
            near_to=none,
            distance=far,
        )
    tree = cKDTree(places)
    distance = np.asarray(tree.query(places, k=2)[0])[:, 1]
    balls = tree.query_ball_point(places, distance * (1.0 + _TIE))
    size = np.fromiter((len(b) for b in balls), dtype=np.int64, count=n)
    start = np.repeat(np.arange(n, dtype=np.int64), size)
    end = np.concatenate([np.asarray(b, dtype=np.int64) for b in balls])
    other = start != end
    return Sites(
        x=places[:, 0],
        y=places[:, 1],
        of=of,
        near_from=start[other],
        near_to=end[other],
        distance=distance,
    )


def sites_of_matrix(matrix: FloatArray) -> Sites:
    """Take every point as a place of its own, with the nearest ones by a matrix."""
    n = len(matrix)
    gap = matrix.copy()
    np.fill_diagonal(gap, np.inf)
    distance = gap.min(axis=1)
    start, end = np.nonzero(gap <= distance[:, None] * (1.0 + _TIE))
    rows = np.arange(n, dtype=np.int64)
    return Sites(
        x=rows.astype(np.float64),
        y=np.zeros(n),
        of=rows,
        near_from=start.astype(np.int64),
        near_to=end.astype(np.int64),
        distance=distance,
    )


def type_counts(sites: Sites, kind: IntArray, n_types: int) -> FloatArray:
    """Count points per site and type, (n_sites, n_types)."""
    cell = sites.of * n_types + kind
    return (
        np.bincount(cell, minlength=sites.x.size * n_types)
        .reshape(-1, n_types)
        .astype(float)
    )


def colocation_counts(sites: Sites, counts: FloatArray) -> FloatArray:
    """Count, per type a, the points whose nearest neighbour is of type b (ties shared)."""
    total = counts.sum(axis=1)
    shared = total >= 2
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(shared, 1.0 / (total - 1.0), 0.0)
    together = (counts * weight[:, None]).T @ counts
    together -= np.diag((counts * weight[:, None]).sum(axis=0))
    alone = ~shared
    around, mass = _around(sites, counts, total)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(mass[:, None] > 0, around / mass[:, None], 0.0)
    out: FloatArray = together + (counts * alone[:, None]).T @ share
    return out


def _around(
    sites: Sites, counts: FloatArray, total: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the points of each type at the nearest other places, and their number."""
    around = np.zeros_like(counts)
    np.add.at(around, sites.near_from, counts[sites.near_to])
    mass = np.bincount(sites.near_from, total[sites.near_to], minlength=total.size)
    return around, mass.astype(np.float64)


def incoming(sites: Sites, counts: FloatArray, kind: int) -> FloatArray:
    """Give, per site, how often a point there is nearest neighbour of a point of `kind`."""
    total = counts.sum(axis=1)
    own = counts[:, kind]
    with np.errstate(divide="ignore", invalid="ignore"):
        here = np.where(total >= 2, own / (total - 1.0), 0.0)
    _, mass = _around(sites, counts, total)
    alone = (total == 1) & (own == 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        given = np.where(alone & (mass > 0), 1.0 / mass, 0.0)
    there = np.bincount(sites.near_to, given[sites.near_from], minlength=total.size)
    out: FloatArray = here + there
    return out


def mean_nearest(x: FloatArray, y: FloatArray) -> float:
    """Give the mean distance to the nearest other place, over places."""
    return float(find_sites(x, y).distance.mean())


def pairs_within(
    distance: FloatArray, a: FloatArray, b: FloatArray, r: FloatArray
) -> FloatArray:
    """Sum a_i b_j over places with distance ≤ r, (n_r,) or (draws, n_r) for b (draws, n)."""
    rows = np.atleast_2d(b)
    out = np.empty((rows.shape[0], r.size))
    for k, reach in enumerate(r):
        out[:, k] = rows @ (a @ (distance <= reach))
    return out if b.ndim == 2 else out[0]
