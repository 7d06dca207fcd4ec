"""One universe as transport sees it: sites, anchors (perhaps coarsened), pools, seeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.spatial import cKDTree

from agglo.concentration._directed_input import pool_codes, stream_of
from agglo.concentration._kernels import transport_draws as kernels
from agglo.concentration._transport_null import BLOCK
from agglo.core.parallel import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.concentration._directed_input import Pool, Universe
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Anchor", "City", "Method", "Transport", "city_of"]

Method: TypeAlias = Literal["auto", "exact", "surrogate", "sequential"]
_ROUNDS = 10
_SAMPLE = 300


@dataclass(frozen=True, eq=False, kw_only=True)
class Transport:
    """What is asked of every universe.

    `blur` is a share of the median cost, 0 for exact transport; `cells` the most sites of an
    anchor; `matrix` holds travel times in place of positions.
    """

    anchors: IntArray
    movers: IntArray
    explicit: bool
    script: bool
    power: float
    pool: Pool
    sector: IntArray
    method: Method
    n: int
    entropy: int
    min_n: int
    weighted: bool
    names: NDArray[np.str_]
    blur: float = 0.0
    cells: int | None = None
    matrix: FloatArray | None = None

    def parameters(self) -> dict[str, object]:
        """Name what is recorded beside a result."""
        return {
            "power": self.power,
            "pool": self.pool,
            "method": self.method,
            "n": self.n,
            "min_n": self.min_n,
            "anchor_cells": self.cells,
            "blur": self.blur,
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Anchor:
    """Sites of an industry that is held, the weight of each, and what coarsening moved."""

    site: IntArray
    weight: FloatArray
    error: float = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class City:
    """A universe and what its pairs share."""

    universe: Universe
    question: Transport
    sites: kernels.Sites
    site: IntArray
    anchors: dict[int, Anchor]
    prices: dict[int, FloatArray] = field(default_factory=dict)

    @cached_property
    def angles(self) -> kernels.Angles:
        """Plants sorted along directions."""
        return kernels.angles_of(self.universe.at)

    def rows(self, code: int) -> IntArray:
        """Plants of an industry, by stratum."""
        rows = np.flatnonzero(self.universe.code == code)
        if self.question.pool != "strata":
            return rows
        return rows[np.argsort(self.universe.stratum[rows], kind="stable")]

    def weight(self, rows: IntArray) -> FloatArray:
        """Weights of plants, 1 without a column."""
        if self.question.weighted:
            return self.universe.weight[rows]
        return np.ones(rows.size)

    def wanted(self, j: int, m: int, n: int) -> tuple[IntArray, IntArray]:
        """Stratum of every plant (-1: not to be drawn), and how many of each are drawn."""
        question = self.question
        allowed = pool_codes(question.pool, j, m, question.sector)[self.universe.code]
        if question.pool != "strata":
            return np.where(allowed, 0, -1), np.array([0, n])
        stratum = self.universe.stratum
        own = stratum[self.universe.code == m]
        start = np.append(0, np.cumsum(np.bincount(own, minlength=stratum.max() + 1)))
        return np.where(allowed, stratum, -1), start

    def seeds(self, mover: int, first: int, n: int) -> NDArray[np.uint64]:
        """Seeds of draws `first` to `first + n`; `first` is a multiple of the block."""
        name = str(self.question.names[mover])
        stream = stream_of(self.universe.region, self.universe.period, name)
        parts = [
            generator(self.question.entropy, stream, b).integers(
                0, 2**64, BLOCK, dtype=np.uint64
            )
            for b in range(first // BLOCK, -(-(first + n) // BLOCK))
        ]
        return np.concatenate(parts)[:n]

    def sites_of(self, j: int) -> kernels.Sites:
        """Sites, with the regularisation that goes with an anchor."""
        if self.question.blur == 0.0:
            return self.sites
        others = self.site[self.universe.code != j]
        some = others[
            np.linspace(0, others.size - 1, min(others.size, _SAMPLE)).astype(int)
        ]
        cost = kernels.site_costs(self.sites, self.anchors[j].site, some)
        return self.sites._replace(blur=self.question.blur * float(np.median(cost)))

    def price(self, j: int, allowed: NDArray[np.bool_]) -> FloatArray:
        """Price of every site in the transport from the anchor to the pool."""
        anchor = self.anchors[j]
        pool = self.site[allowed]
        return kernels.potential_of(self.sites, anchor.site, anchor.weight, pool)


def city_of(universe: Universe, question: Transport, anchors: IntArray) -> City:
    """Find the distinct sites, and coarsen the anchors that have too many."""
    at, of = np.unique(universe.at, axis=0, return_inverse=True)
    site = of.reshape(-1).astype(np.int64)
    matrix = np.empty((0, 0))
    if question.matrix is not None:
        rows = at[:, 0].astype(np.int64)
        matrix = np.ascontiguousarray(question.matrix[np.ix_(rows, rows)])
    held: dict[int, Anchor] = {}
    extra = [at]
    for j in anchors.tolist():
        rows = np.flatnonzero(universe.code == j)
        weight = universe.weight[rows] if question.weighted else np.ones(rows.size)
        held[j] = Anchor(site=site[rows], weight=weight)
        if question.cells is not None and np.unique(site[rows]).size > question.cells:
            rng = generator(question.entropy, stream_of(str(question.names[j])), 0)
            centres, mass, error = _cells(
                universe.at[rows], weight, question.cells, question.power, rng
            )
            first = sum(len(e) for e in extra)
            extra.append(centres)
            held[j] = Anchor(
                site=np.arange(first, first + len(centres)), weight=mass, error=error
            )
    return City(
        universe=universe,
        question=question,
        sites=kernels.Sites(np.vstack(extra), matrix, question.power, 0.0),
        site=site,
        anchors=held,
    )


def _cells(
    at: FloatArray, weight: FloatArray, k: int, power: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, float]:
    """Centres of k-means cells, their weights, and the distance that plants are moved."""
    centres = at[rng.choice(len(at), k, replace=False)]
    for _ in range(_ROUNDS):
        of = np.asarray(cKDTree(centres).query(at)[1], dtype=np.int64)
        mass = np.bincount(of, weight, k)
        kept = mass > 0
        centres = np.column_stack(
            [np.bincount(of, weight * at[:, c], k)[kept] / mass[kept] for c in (0, 1)]
        )
        k = len(centres)
    queried = cKDTree(centres).query(at)
    gap, of = np.asarray(queried[0]), np.asarray(queried[1], dtype=np.int64)
    mass = np.asarray(np.bincount(of, weight, k), dtype=np.float64)
    error = float((weight @ gap**power / weight.sum()) ** (1.0 / power))
    kept = mass > 0
    return centres[kept], np.asarray(mass[kept], dtype=np.float64), error
