"""How ordered pairs of one universe become rows, and rows a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration.directed_results import (
    ORIENTATION,
    DirectedPairs,
    q_within,
)
from agglo.core.errors import NotIdentifiedError
from agglo.core.results import Undefined, frozen_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from agglo.concentration._directed_input import Directed
    from agglo.core.results import Provenance
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["STATUS", "Block", "assemble", "empty_block", "ordered_pairs"]

STATUS = {
    "ok": "ok",
    "too_few": "fewer plants than min_n",
    "absent": "the industry has no plant here",
    "small_pool": "the pool has fewer plants than the mover",
    "whole_pool": "the mover would fill the whole pool",
    "small_anchor": "the anchor has fewer plants than it should be reduced to",
    "no_pool": "the pool has fewer than two plants",
    "one_place": "all plants of the pool are equally near",
    "zero_weight": "the plants have no weight",
}
_SHOWN = 20
_NUMBERS = [
    "observed_km",
    "null_mean",
    "null_sd",
    "effect",
    "z",
    "percentile",
    "p",
    "error_km",
]
_COUNTS = ["n_anchor", "n_mover", "n_pool", "n_rarefied", "n_draws"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Block:
    """Rows of one universe: codes of anchor and mover, numbers and words per row."""

    region: str
    period: str
    anchor: IntArray
    mover: IntArray
    numbers: dict[str, FloatArray]
    counts: dict[str, IntArray]
    p_method: NDArray[np.str_]
    status: NDArray[np.str_]


def empty_block(region: str, period: str, anchor: IntArray, mover: IntArray) -> Block:
    """Rows without values yet."""
    n = anchor.size
    return Block(
        region=region,
        period=period,
        anchor=anchor,
        mover=mover,
        numbers={
            name: np.full(n, 0.0 if name == "error_km" else np.nan) for name in _NUMBERS
        },
        counts={name: np.zeros(n, dtype=np.int64) for name in _COUNTS},
        p_method=np.full(n, "", dtype="<U32"),
        status=np.full(n, "ok", dtype="<U16"),
    )


def ordered_pairs(anchors: IntArray, movers: IntArray) -> tuple[IntArray, IntArray]:
    """Ordered pairs of different industries, anchor by anchor."""
    a, m = (g.ravel() for g in np.meshgrid(anchors, movers, indexing="ij"))
    other = a != m
    return a[other], m[other]


def assemble(
    directed: Directed,
    blocks: Sequence[Block],
    *,
    measure: str,
    pool: str,
    fdr: Literal["bh", "by"],
    provenance: Callable[[Sequence[str]], Provenance],
) -> DirectedPairs:
    """Join the universes, correct for all tests of each, say what is undefined."""
    names = directed.industries
    if not any(b.anchor.size for b in blocks):
        msg = "There is no pair: every region and period has fewer than two industries."
        raise NotIdentifiedError(msg)

    def joined(pick: Callable[[Block], NDArray[np.generic]]) -> NDArray[np.generic]:
        return np.concatenate([pick(b) for b in blocks])

    sizes = [b.anchor.size for b in blocks]
    group = np.repeat(np.arange(len(blocks)), sizes)
    numbers: Mapping[str, FloatArray] = {
        n: np.concatenate([b.numbers[n] for b in blocks]) for n in _NUMBERS
    }
    counts = {n: np.concatenate([b.counts[n] for b in blocks]) for n in _COUNTS}
    status = np.concatenate([b.status for b in blocks])
    anchor = names[joined(lambda b: b.anchor)]
    mover = names[joined(lambda b: b.mover)]
    return DirectedPairs(
        measure=measure,
        region=frozen_array(np.repeat([b.region for b in blocks], sizes)),
        period=frozen_array(np.repeat([b.period for b in blocks], sizes)),
        anchor=frozen_array(anchor),
        mover=frozen_array(mover),
        q=frozen_array(q_within(numbers["p"], group, fdr)),
        n_anchor=frozen_array(counts["n_anchor"]),
        n_mover=frozen_array(counts["n_mover"]),
        n_pool=frozen_array(counts["n_pool"]),
        n_rarefied=frozen_array(counts["n_rarefied"]),
        n_draws=frozen_array(counts["n_draws"]),
        orientation_note=ORIENTATION,
        p_method=frozen_array(np.concatenate([b.p_method for b in blocks])),
        status=frozen_array(status),
        n_regions=frozen_array(np.ones(anchor.size, dtype=np.int64)),
        pool=pool,
        fdr_method=fdr,
        frame_kind=directed.points.frame_kind,
        undefined=_undefined(blocks, names),
        provenance=provenance(directed.notes()),
        **{n: frozen_array(v) for n, v in numbers.items()},
    )


def _undefined(
    blocks: Sequence[Block], names: NDArray[np.str_]
) -> tuple[Undefined, ...]:
    """Name the first undefined pairs, and count the rest by reason."""
    out: list[Undefined] = []
    more: dict[str, int] = {}
    for b in blocks:
        for k in np.flatnonzero(b.status != "ok"):
            reason = STATUS[str(b.status[k])]
            if len(out) >= _SHOWN:
                more[reason] = more.get(reason, 0) + 1
                continue
            pair = f"anchor {names[b.anchor[k]]}, mover {names[b.mover[k]]}"
            out.append(Undefined(reason=reason, region=b.region, item=pair))
    out += [Undefined(reason=r, item="other pairs", n=n) for r, n in more.items()]
    return tuple(out)
