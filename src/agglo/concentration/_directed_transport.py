"""The Wasserstein measure of one universe: pair by pair, in threads, seeds by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._directed_input import pool_codes
from agglo.concentration._directed_pairs import Block, empty_block, ordered_pairs
from agglo.concentration._kernels import transport_draws as kernels
from agglo.concentration._kernels.released_script import (
    LARGEST,
    SLIP,
    script_cost,
    script_draws,
)
from agglo.concentration._transport_city import City, Transport, city_of
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
from agglo.core.parallel import in_threads

if TYPE_CHECKING:
    from agglo.concentration._directed_input import Universe
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["transported"]

_SCREEN = 0.02
_MOST_PAIRS = 25_000_000


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
    _say_status(universe, question, block)
    _refuse_large(block, question)
    todo = np.flatnonzero(block.status == "ok")
    city = city_of(universe, question, np.unique(anchor[todo]))
    block.numbers["error_km"][todo] = [city.anchors[int(j)].error for j in anchor[todo]]
    if question.script:
        _refuse_overflow(universe)
    elif todo.size and question.method in ("auto", "surrogate"):
        _prepare(city, np.unique(anchor[todo]))

    def run(k: int) -> Answer:
        j, m = int(anchor[k]), int(mover[k])
        if question.script:
            return _script_pair(city, j, m)
        return _pair(city, j, m, alone=todo.size < 2)

    for k, found in zip(todo, in_threads(run, todo.tolist()), strict=True):
        _write(block, int(k), found, script=question.script)
    return block


def _prepare(city: City, anchors: IntArray) -> None:
    """Make what pairs share before the threads start."""
    _ = city.angles
    if city.question.pool not in ("all", "exclude_anchor", "strata"):
        return  # the pool differs from pair to pair

    def price(j: int) -> FloatArray:
        codes = pool_codes(city.question.pool, j, j, city.question.sector)
        return city.price(j, codes[city.universe.code])

    found = in_threads(price, anchors.tolist())
    city.prices.update(zip(anchors.tolist(), found, strict=True))


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


def _say_status(universe: Universe, question: Transport, block: Block) -> None:
    n_codes = question.sector.size
    totals = np.bincount(universe.code, universe.weight, n_codes)
    count = np.zeros((n_codes, int(universe.stratum.max()) + 1), dtype=np.int64)
    stratum = universe.stratum if question.pool == "strata" else 0 * universe.stratum
    np.add.at(count, (universe.code, stratum), 1)
    everybody = count.sum(axis=0)
    n, m = block.counts["n_anchor"], block.counts["n_mover"]
    short = np.zeros(block.anchor.size, dtype=bool)
    for k in range(block.anchor.size):
        j, mover = int(block.anchor[k]), int(block.mover[k])
        if question.pool == "strata":
            pool = everybody - count[j]
            short[k] = (pool < count[mover]).any()
            block.counts["n_pool"][k] = pool[count[mover] > 0].sum()
        else:
            codes = pool_codes(question.pool, j, mover, question.sector)
            block.counts["n_pool"][k] = count[codes].sum()
    pool_size = block.counts["n_pool"]
    least = max(question.min_n, 3)
    reasons = [
        ((pool_size < m) | short, "small_pool"),
        (pool_size < 2, "no_pool"),
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
    held = block.counts["n_anchor"][ok]
    if question.cells is not None:
        held = np.minimum(held, question.cells)
    size = held * block.counts["n_mover"][ok]
    if not question.script and size.size and size.max() > _MOST_PAIRS:
        msg = (
            f"Transport between {size.max():.2g} pairs of plants is too large: measure by "
            "region=, coarsen with snap_km= or anchor_cells=, or take "
            "nearest_coagglomeration."
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


def _pair(city: City, j: int, m: int, *, alone: bool) -> Answer:
    question = city.question
    anchor, b = city.anchors[j], city.rows(m)
    a, wa, wb = anchor.site, anchor.weight, city.weight(b)
    sites = city.sites_of(j)
    power = question.power
    cost = kernels.plant_cost(sites, a, wa, city.site[b], wb)
    value = float(cost) ** (1.0 / power)
    stratum, start = city.wanted(j, m, b.size)

    def drawn(first: int, n: int) -> kernels.Drawn:
        seeds = city.seeds(m, first, n)
        return kernels.Drawn(sites, city.site, stratum, start, wb, seeds)

    def solve(some: kernels.Drawn) -> FloatArray:
        out: FloatArray = _spread(some, a, wa, alone=alone) ** (1.0 / power)
        return out

    null = Null(drawn=drawn, solve=solve, n=question.n, entropy=question.entropy)
    if question.method == "sequential":
        return sequential(value, null)
    if question.method == "exact":
        return counted(value, solve(drawn(0, question.n)))
    price = city.prices.get(j)
    if price is None:
        price = city.price(j, stratum >= 0)
    rows = city.rows(j)
    own = kernels.anchor_quantiles(city.angles, rows, city.weight(rows))
    forecast = forecast_of(null, city.angles, own, price)
    if forecast is None:
        return counted(value, solve(drawn(0, question.n)))
    found = foretold(value, null, forecast)
    if question.method == "auto" and found.p < _SCREEN:
        return screened(value, null, forecast)
    return found


def _spread(
    drawn: kernels.Drawn, a: IntArray, wa: FloatArray, *, alone: bool
) -> FloatArray:
    """Costs of all draws; a pair on its own uses all threads."""
    n = drawn.seeds.size
    if not alone or n < 2 * BLOCK:
        return kernels.drawn_costs(drawn, a, wa, 0, n)
    spans = [(k, min(k + BLOCK, n)) for k in range(0, n, BLOCK)]
    parts = in_threads(lambda span: kernels.drawn_costs(drawn, a, wa, *span), spans)
    return np.concatenate(parts)


def _script_pair(city: City, j: int, m: int) -> Answer:
    at = city.universe.at
    a, b = at[city.rows(j)], at[city.rows(m)]
    value = script_cost(a, b)
    draws = script_draws(a, at, len(b), city.seeds(m, 0, city.question.n))
    return Answer(
        value=value,
        mean=float(draws.mean()),
        sd=float(draws.std(ddof=1)),
        percentile=float((draws >= value).mean()),
        method="released_script",
        draws=draws.size,
    )
