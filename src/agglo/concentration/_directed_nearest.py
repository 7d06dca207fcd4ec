"""The nearest-neighbour measure of one universe: anchors one by one, movers all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._directed_input import pool_codes, stream_of
from agglo.concentration._directed_pairs import Block, empty_block, ordered_pairs
from agglo.concentration._kernels import directed_nearest as kernels
from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.parallel import generator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from agglo.concentration._directed_input import Pool
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Plants", "Question", "Rarefy", "check_rarefy", "measured"]

Rarefy: TypeAlias = "Literal['smaller'] | int | None"
# below, the Pearson law is not exact enough
_FEW = 10
_DRAWS = 9_999
_NEIGHBOURS = 256
_ENTRIES = 20_000_000
_SUBSETS = 30
_AT_ONCE = 16
# weight of the neighbours that may be left out: where they are few, and where many
_EXACT = 1e-13
_CUT = 1e-6


def check_rarefy(rarefy: object) -> None:
    """Refuse what is neither a number of plants, ``"smaller"`` nor ``None``."""
    if rarefy is None or rarefy == "smaller":
        return
    if isinstance(rarefy, str):
        msg = f"rarefy={rarefy!r} must be 'smaller', a number of plants or None."
        raise OptionError(msg)
    check_number("rarefy", rarefy, minimum=1, integer=True)


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """What is asked of every universe."""

    anchors: IntArray
    movers: IntArray
    explicit: bool
    pool: Pool
    sector: IntArray
    rarefy: Rarefy
    min_n: int
    names: NDArray[np.str_]
    entropy: int
    matrix: FloatArray | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Plants:
    """Those who hold (positions, industries) and those who move (also weights, strata)."""

    region: str
    period: str
    held: FloatArray
    held_code: IntArray
    at: FloatArray
    code: IntArray
    weight: FloatArray
    stratum: IntArray


def measured(plants: Plants, question: Question) -> Block:
    """Measure all ordered pairs of one universe."""
    n_codes = question.sector.size
    held = np.bincount(plants.held_code, minlength=n_codes)
    moving = np.bincount(plants.code, minlength=n_codes)
    anchors = question.anchors
    movers = question.movers
    if not question.explicit:
        anchors, movers = anchors[held[anchors] > 0], movers[moving[movers] > 0]
    anchor, mover = ordered_pairs(anchors, movers)
    block = empty_block(plants.region, plants.period, anchor, mover)
    block.counts["n_anchor"][:] = held[anchor]
    block.counts["n_mover"][:] = moving[mover]
    block.counts["n_rarefied"][:] = _sizes(question, held[anchor], moving[mover])
    sites, site = np.unique(plants.at, axis=0, return_inverse=True)
    universe = _Universe(
        plants=plants,
        sites=sites,
        site=site.reshape(-1).astype(np.int64),
        powers=_powers(plants, n_codes),
        counts=moving.astype(np.float64),
        matrix=question.matrix,
        cells=_cells_of(plants) if question.pool == "strata" else None,
    )
    for j in np.unique(anchor):
        rows = np.flatnonzero(anchor == j)
        if held[j] > 0:
            _one_anchor(universe, question, block, int(j), rows)
    _say_status(block, question, universe)
    usable = block.status == "ok"
    for values in block.numbers.values():
        values[~usable] = np.nan
    return block


@dataclass(frozen=True, eq=False, kw_only=True)
class _Universe:
    plants: Plants
    sites: FloatArray
    site: IntArray
    powers: FloatArray
    counts: FloatArray
    matrix: FloatArray | None
    cells: _Cells | None

    def nearest(self, at: FloatArray) -> FloatArray:
        """Distance from every site to the nearest of the plants at `at`."""
        if self.matrix is None:
            return kernels.nearest_field(at, self.sites)
        return kernels.nearest_in_matrix(self.matrix, at, self.sites)

    def neighbours(self, at: FloatArray, omega: FloatArray) -> FloatArray:
        """Weighted distances to the nearest neighbours, one column per size."""
        if self.matrix is None:
            return kernels.weighted_neighbours(at, self.sites, omega)
        return kernels.weighted_in_matrix(self.matrix, at, self.sites, omega)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Cells:
    """Industries within strata: their codes, strata, sizes, and the cell of every plant."""

    code: IntArray
    stratum: IntArray
    n: FloatArray
    powers: FloatArray
    of: IntArray


def _cells_of(plants: Plants) -> _Cells:
    width = int(plants.stratum.max()) + 1
    names, of = np.unique(plants.code * width + plants.stratum, return_inverse=True)
    of = of.reshape(-1)
    sums = [np.bincount(of, plants.weight**q, names.size) for q in (0, 1, 2, 3)]
    return _Cells(
        code=names // width,
        stratum=names % width,
        n=np.asarray(sums[0], dtype=np.float64),
        powers=np.stack(sums[1:], axis=1),
        of=of,
    )


def _powers(plants: Plants, n_codes: int) -> FloatArray:
    w = plants.weight
    sums = [np.bincount(plants.code, w**q, n_codes) for q in (1, 2, 3)]
    return np.stack(sums, axis=1)


def _sizes(question: Question, n_anchor: IntArray, n_mover: IntArray) -> IntArray:
    if question.rarefy is None:
        return n_anchor
    if question.rarefy == "smaller":
        return np.minimum(n_anchor, n_mover)
    return np.full(n_anchor.size, int(question.rarefy))


def _one_anchor(
    u: _Universe, question: Question, block: Block, j: int, rows: IntArray
) -> None:
    at = u.plants.held[u.plants.held_code == j]
    sizes = block.counts["n_rarefied"][rows]
    possible = (sizes >= 1) & (sizes <= len(at))
    distinct = np.unique(sizes[possible])
    for n, f in _fields(u, question, j, at, distinct):
        _fill(u, question, block, j, rows[possible & (sizes == n)], f)


def _fields(
    u: _Universe, question: Question, j: int, at: FloatArray, sizes: IntArray
) -> Iterator[tuple[int, FloatArray]]:
    """Distance from every site to the anchor, for each size the anchor is reduced to."""
    if sizes.size and sizes[-1] == len(at):
        yield len(at), u.nearest(at)
    weights = {}
    most = max(_NEIGHBOURS, _ENTRIES // len(u.sites))
    for n in sizes[sizes < len(at)].tolist():
        weights[n] = kernels.rarefied_weights(len(at), n, _EXACT)
        if weights[n].size > most:
            weights[n] = kernels.rarefied_weights(len(at), n, _CUT)
    closed = [n for n, w in weights.items() if w.size <= most]
    for first in range(0, len(closed), _AT_ONCE):
        some = closed[first : first + _AT_ONCE]
        omega = np.zeros((max(weights[n].size for n in some), len(some)))
        for c, n in enumerate(some):
            omega[: weights[n].size, c] = weights[n]
        fields = u.neighbours(at, omega)
        for c, n in enumerate(some):
            yield n, np.ascontiguousarray(fields[:, c])
    stream = stream_of(u.plants.region, u.plants.period, str(question.names[j]))
    for n in sorted(set(weights) - set(closed)):
        rng = generator(question.entropy, stream, n)
        total = np.zeros(len(u.sites))
        for _ in range(_SUBSETS):
            some_plants = rng.choice(len(at), n, replace=False)
            total += u.nearest(at[some_plants])
        yield n, total / _SUBSETS


def _fill(
    u: _Universe,
    question: Question,
    block: Block,
    j: int,
    rows: IntArray,
    f: FloatArray,
) -> None:
    """Write what one field says of the movers in `rows`."""
    movers = block.mover[rows]
    middle = float(f.mean())
    plants = u.plants
    sums = kernels.code_sums(
        f, u.site, plants.code, plants.weight, middle, u.counts.size
    )
    powers = u.powers[movers]
    if u.cells is not None:
        found, size = _strata_moments(u, u.cells, j, movers, f, middle)
    else:
        table = np.column_stack([u.counts, sums[:, 1:]])
        pool = _pool_sums(question, j, movers, table)
        found = kernels.null_moments(pool[:, 0], pool[:, 1:], middle, powers)
        size = pool[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = sums[movers, 0] / powers[:, 0]
        z = (found.mean - observed) / found.sd
    p = kernels.lower_tail(-z, found.skewness)
    numbers = block.numbers
    numbers["observed_km"][rows] = observed
    numbers["null_mean"][rows] = found.mean
    numbers["null_sd"][rows] = found.sd
    with np.errstate(divide="ignore", invalid="ignore"):
        numbers["effect"][rows] = 1.0 - observed / found.mean
    numbers["z"][rows] = z
    numbers["p"][rows] = p
    numbers["percentile"][rows] = 1.0 - p
    block.counts["n_pool"][rows] = size.astype(np.int64)
    block.p_method[rows] = "pearson_iii"
    values = f[u.site]
    for k in rows[block.counts["n_mover"][rows] < _FEW]:
        _draw_few(u, question, block, int(k), values)


def _pool_sums(
    question: Question, j: int, movers: IntArray, table: FloatArray
) -> FloatArray:
    """Give sums over the pool of every mover, one row each."""
    everything = np.broadcast_to(table.sum(axis=0), (movers.size, table.shape[1]))
    if question.pool == "all":
        return everything
    if question.pool == "exclude_mover":
        return everything - table[movers]
    if question.pool == "exclude_both":
        return everything - table[movers] - table[j]
    if question.pool == "same_sector":
        sectors = np.zeros((int(question.sector.max()) + 1, table.shape[1]))
        np.add.at(sectors, question.sector, table)
        own = question.sector[movers] == question.sector[j]
        return sectors[question.sector[movers]] - own[:, None] * table[j]
    return everything - table[j]


def _strata_moments(
    u: _Universe,
    cells: _Cells,
    j: int,
    movers: IntArray,
    f: FloatArray,
    middle: float,
) -> tuple[kernels.Moments, FloatArray]:
    """Null moments of the movers when a draw keeps strata, and the sizes of their pools.

    The pool of a stratum with fewer plants than the mover has there makes both NaN and 0.
    """
    plants = u.plants
    sums = kernels.code_sums(f, u.site, cells.of, plants.weight, middle, cells.n.size)
    table = np.column_stack([cells.n, sums[:, 1:]])
    strata = np.zeros((int(cells.stratum.max()) + 1, 4))
    np.add.at(strata, cells.stratum, table)
    own = cells.code == j
    strata[cells.stratum[own]] -= table[own]
    pool = strata[cells.stratum]
    part = kernels.null_moments(pool[:, 0], pool[:, 1:], middle, cells.powers)
    total = np.bincount(cells.code, cells.powers[:, 0], u.counts.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = cells.powers[:, 0] / total[cells.code]
        third = np.nan_to_num(part.skewness) * part.sd**3
    whole = cells.n >= pool[:, 0]  # one way to draw: nothing varies
    sd, third = np.where(whole, 0.0, part.sd), np.where(whole, 0.0, third)
    weightless = cells.powers[:, 0] == 0
    short = np.bincount(cells.code, cells.n > pool[:, 0], u.counts.size) > 0

    def over(values: FloatArray) -> FloatArray:
        kept = np.where(weightless, 0.0, values)
        return np.asarray(np.bincount(cells.code, kept, u.counts.size)[movers])

    deviation = np.sqrt(over((share * sd) ** 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        bent = over(share**3 * third) / deviation**3
    mean = np.where(short[movers], np.nan, over(share * part.mean))
    size = np.bincount(cells.code, pool[:, 0], u.counts.size)[movers]
    found = kernels.Moments(mean=mean, sd=deviation, skewness=bent)
    return found, np.where(short[movers], 0.0, size)


def _draw_few(
    u: _Universe, question: Question, block: Block, k: int, values: FloatArray
) -> None:
    """Replace the p-value of a small mover by one from draws."""
    plants = u.plants
    j, m = int(block.anchor[k]), int(block.mover[k])
    pool = values[pool_codes(question.pool, j, m, question.sector)[plants.code]]
    weights = plants.weight[plants.code == m]
    if weights.size < 2 or pool.size < weights.size or weights.sum() == 0:
        return
    if u.cells is not None and block.counts["n_pool"][k] < weights.size:
        return
    names = (str(question.names[j]), str(question.names[m]))
    stream = stream_of(plants.region, plants.period, *names)
    rng = generator(question.entropy, stream)
    if u.cells is None:
        means = kernels.drawn_means(rng, pool, weights, _DRAWS)
    else:
        means = np.zeros(_DRAWS)
        held = pool_codes(question.pool, j, m, question.sector)[plants.code]
        for s in np.unique(plants.stratum[plants.code == m]):
            here = plants.stratum == s
            own = plants.weight[here & (plants.code == m)]
            if own.sum() > 0:
                drawn = kernels.drawn_means(rng, values[here & held], own, _DRAWS)
                means += drawn * own.sum() / weights.sum()
    observed = block.numbers["observed_km"][k]
    slack = 1e-12 * max(observed, 1.0)
    block.numbers["p"][k] = (1 + int((means <= observed + slack).sum())) / (_DRAWS + 1)
    block.numbers["percentile"][k] = float((means >= observed - slack).mean())
    block.counts["n_draws"][k] = _DRAWS
    block.p_method[k] = "draws"


def _say_status(block: Block, question: Question, u: _Universe) -> None:
    """Name the reason where there is no value; the first that holds."""
    n, m, pool = (block.counts[c] for c in ("n_anchor", "n_mover", "n_pool"))
    flat = ~(block.numbers["null_sd"] > 1e-12 * block.numbers["null_mean"])
    reasons = [
        (pool == m, "whole_pool"),
        (flat & (pool != m), "one_place"),
        (pool < m, "small_pool"),
        (pool < 2, "no_pool"),
        (u.powers[block.mover, 0] == 0, "zero_weight"),
        (block.counts["n_rarefied"] > n, "small_anchor"),
        (m < question.min_n, "too_few"),
        ((n == 0) | (m == 0), "absent"),
    ]
    for holds, word in reasons:
        block.status[holds] = word
