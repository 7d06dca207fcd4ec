"""The Wasserstein measure of one universe: pair by pair, in threads, seeds by name."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import numpy as np

from agglo.concentration._directed_input import pool_codes, stream_of
from agglo.concentration._directed_pairs import Block, empty_block, ordered_pairs
from agglo.concentration._kernels import transport_draws as kernels
from agglo.concentration._kernels.released_script import (
    LARGEST,
    SLIP,
    script_cost,
    script_draws,
)
from agglo.concentration._transport_null import (
    BLOCK,
    Answer,
    Null,
    counted,
    forecast_of,
    foretold,
    screened,
    sequential,
)
from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.parallel import generator

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from agglo.concentration._directed_input import Pool, Universe
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["Method", "Transport", "transported"]

Method: TypeAlias = Literal["auto", "exact", "surrogate", "sequential"]
Found = TypeVar("Found")
_SCREEN = 0.02
_MOST_PAIRS = 25_000_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Transport:
    """What is asked of every universe."""

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


@dataclass(frozen=True, eq=False, kw_only=True)
class _City:
    """A universe and what its pairs share."""

    universe: Universe
    question: Transport
    sites: FloatArray
    site: IntArray
    prices: dict[int, FloatArray] = field(default_factory=dict)

    @cached_property
    def angles(self) -> kernels.Angles:
        return kernels.angles_of(self.universe.at)

    def rows(self, code: int) -> IntArray:
        return np.flatnonzero(self.universe.code == code)

    def weight(self, rows: IntArray) -> FloatArray:
        if self.question.weighted:
            return self.universe.weight[rows]
        return np.ones(rows.size)

    def stream(self, mover: int) -> int:
        name = str(self.question.names[mover])
        return stream_of(self.universe.region, self.universe.period, name)


def transported(universe: Universe, question: Transport) -> Block:
    """Measure all ordered pairs of one universe."""
    n_codes = question.sector.size
    count = np.bincount(universe.code, minlength=n_codes)
    anchors, movers = question.anchors, question.movers
    if not question.explicit:
        anchors, movers = anchors[count[anchors] > 0], movers[count[movers] > 0]
    anchor, mover = ordered_pairs(anchors, movers)
    block = empty_block(universe.region, universe.period, anchor, mover)
    block.counts["n_anchor"][:] = count[anchor]
    block.counts["n_rarefied"][:] = count[anchor]
    block.counts["n_mover"][:] = count[mover]
    sites, site = np.unique(universe.at, axis=0, return_inverse=True)
    city = _City(
        universe=universe,
        question=question,
        sites=sites,
        site=site.reshape(-1).astype(np.int64),
    )
    _say_status(city, block)
    _refuse_large(block, question)
    todo = np.flatnonzero(block.status == "ok")
    if question.script:
        _refuse_overflow(universe)
    elif todo.size and question.method in ("auto", "surrogate"):
        _prepare(city, np.unique(anchor[todo]))

    def run(k: int) -> Answer:
        j, m = int(anchor[k]), int(mover[k])
        if question.script:
            return _script_pair(city, j, m)
        return _pair(city, j, m, alone=todo.size < 2)

    for k, found in zip(todo, _in_order(run, todo.tolist()), strict=True):
        _write(block, int(k), found, script=question.script)
    return block


def _prepare(city: _City, anchors: IntArray) -> None:
    """Make what pairs share before the threads start."""
    _ = city.angles
    if city.question.pool not in ("all", "exclude_anchor"):
        return  # the pool differs from pair to pair

    def price(j: int) -> FloatArray:
        codes = pool_codes(city.question.pool, j, j, city.question.sector)
        return _prices(city, j, codes[city.universe.code])

    found = _in_order(price, anchors.tolist())
    city.prices.update(zip(anchors.tolist(), found, strict=True))


def _prices(city: _City, j: int, allowed: BoolArray) -> FloatArray:
    rows = city.rows(j)
    pool = city.site[allowed]
    power = city.question.power
    return kernels.potential_of(
        city.sites, city.site[rows], city.weight(rows), pool, power
    )


def _in_order(run: Callable[[int], Found], todo: list[int]) -> list[Found]:
    workers = min(os.cpu_count() or 1, len(todo))
    if workers < 2:
        return [run(k) for k in todo]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, todo))


def _write(block: Block, k: int, found: Answer, *, script: bool) -> None:
    numbers = block.numbers
    numbers["observed_km"][k] = found.value
    numbers["null_mean"][k] = found.mean
    numbers["null_sd"][k] = found.sd
    numbers["percentile"][k] = found.percentile
    block.counts["n_draws"][k] = found.draws
    block.p_method[k] = found.method
    if script:
        return
    if not found.sd > 1e-12 * found.mean:
        block.status[k] = "one_place"
        for values in numbers.values():
            values[k] = np.nan
        return
    numbers["p"][k] = found.p
    numbers["effect"][k] = 1.0 - found.value / found.mean
    numbers["z"][k] = (found.mean - found.value) / found.sd


def _say_status(city: _City, block: Block) -> None:
    question, universe = city.question, city.universe
    totals = np.bincount(universe.code, universe.weight, question.sector.size)
    count = np.bincount(universe.code, minlength=question.sector.size)
    n, m = block.counts["n_anchor"], block.counts["n_mover"]
    for k in range(block.anchor.size):
        j, mover = int(block.anchor[k]), int(block.mover[k])
        pool = count[pool_codes(question.pool, j, mover, question.sector)].sum()
        block.counts["n_pool"][k] = pool
    pool = block.counts["n_pool"]
    least = max(question.min_n, 3)
    reasons = [
        (pool < m, "small_pool"),
        (pool < 2, "no_pool"),
        ((n < least) | (m < least), "too_few"),
        ((n == 0) | (m == 0), "absent"),
    ]
    if question.weighted:
        empty = totals == 0
        reasons.insert(0, (empty[block.anchor] | empty[block.mover], "zero_weight"))
    for holds, word in reasons:
        block.status[holds] = word


def _refuse_large(block: Block, question: Transport) -> None:
    ok = block.status == "ok"
    size = block.counts["n_anchor"][ok] * block.counts["n_mover"][ok]
    if not question.script and size.size and size.max() > _MOST_PAIRS:
        msg = (
            f"Transport between {size.max():.2g} pairs of plants is too large: measure by "
            "region=, coarsen with snap_km=, or take nearest_coagglomeration."
        )
        raise OptionError(msg)


def _refuse_overflow(universe: Universe) -> None:
    extent = np.ptp(universe.at, axis=0)
    if float((extent**2).sum()) / -SLIP > LARGEST:
        msg = (
            "The released script overflows at costs beyond 5,400 squared degrees: it is "
            "for one city at a time, in degrees; pass region=."
        )
        raise InvalidTableError(msg)


def _seeds(city: _City, mover: int, first: int, n: int) -> NDArray[np.uint64]:
    """Seeds of draws `first` to `first + n`; `first` is a multiple of the block."""
    stream, entropy = city.stream(mover), city.question.entropy
    parts = [
        generator(entropy, stream, b).integers(0, 2**64, BLOCK, dtype=np.uint64)
        for b in range(first // BLOCK, -(-(first + n) // BLOCK))
    ]
    return np.concatenate(parts)[:n]


def _pair(city: _City, j: int, m: int, *, alone: bool) -> Answer:
    question = city.question
    a, b = city.rows(j), city.rows(m)
    wa, wb = city.weight(a), city.weight(b)
    power = question.power
    cost = kernels.plant_cost(city.sites, city.site[a], wa, city.site[b], wb, power)
    value = float(cost) ** (1.0 / power)
    allowed = pool_codes(question.pool, j, m, question.sector)[city.universe.code]

    def drawn(first: int, n: int) -> kernels.Drawn:
        seeds = _seeds(city, m, first, n)
        return kernels.Drawn(city.sites, city.site, allowed, wb, seeds)

    def solve(some: kernels.Drawn) -> FloatArray:
        costs = _spread(some, city.site[a], wa, power, alone=alone)
        out: FloatArray = costs ** (1.0 / power)
        return out

    null = Null(drawn=drawn, solve=solve, n=question.n, entropy=question.entropy)
    if question.method == "sequential":
        return sequential(value, null)
    if question.method == "exact":
        return counted(value, solve(drawn(0, question.n)))
    price = city.prices.get(j)
    if price is None:
        price = _prices(city, j, allowed)
    own = kernels.anchor_quantiles(city.angles, a, wa)
    forecast = forecast_of(null, city.angles, own, price, power)
    if forecast is None:
        return counted(value, solve(drawn(0, question.n)))
    found = foretold(value, null, forecast)
    if question.method == "auto" and found.p < _SCREEN:
        return screened(value, null, forecast)
    return found


def _spread(
    drawn: kernels.Drawn, a: IntArray, wa: FloatArray, power: float, *, alone: bool
) -> FloatArray:
    """Costs of all draws; a pair on its own uses all threads."""
    n = drawn.seeds.size
    if not alone or n < 2 * BLOCK:
        return kernels.drawn_costs(drawn, a, wa, power, 0, n)
    spans = [(k, min(k + BLOCK, n)) for k in range(0, n, BLOCK)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = pool.map(lambda s: kernels.drawn_costs(drawn, a, wa, power, *s), spans)
        return np.concatenate(list(parts))


def _script_pair(city: _City, j: int, m: int) -> Answer:
    at = city.universe.at
    a, b = at[city.rows(j)], at[city.rows(m)]
    value = script_cost(a, b)
    draws = script_draws(a, at, len(b), _seeds(city, m, 0, city.question.n))
    return Answer(
        value=value,
        mean=float(draws.mean()),
        sd=float(draws.std(ddof=1)),
        percentile=float((draws >= value).mean()),
        method="released_script",
        draws=draws.size,
    )
