"""What every event adds to the strength of every node, ready to be resampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.results import digest_of
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems
from agglo.networks._network import read_ties

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from agglo.core.errors import Problem
    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["EventStrengths", "event_strengths"]

_CELLS = 2_000_000


@dataclass(frozen=True, eq=False, kw_only=True)
class EventStrengths:
    """Kinds of events: how many there are, and what one adds to each node.

    Attributes
    ----------
    nodes
        Sorted labels.
    adds
        Strength that one event of a kind adds to a node, (kinds, nodes).
    times
        Events of each kind.
    frame_kind
        Kind of frame the caller came with.
    """

    nodes: NDArray[np.str_]
    adds: csr_array
    times: IntArray
    frame_kind: FrameKind

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels and kinds."""
        parts = (self.adds.indptr, self.adds.indices, self.adds.data)
        return digest_of(self.nodes, *parts, self.times)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.times.sum())

    @property
    def block_size(self) -> int:
        """Resamples per block, so that a block stays small."""
        return max(1, min(64, _CELLS // max(self.times.size, 1)))

    def observed(self) -> FloatArray:
        """Strengths of the data themselves."""
        return np.asarray(self.times @ self.adds, dtype=np.float64)

    def resampled(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Strengths of `size` resamples of as many events, (size, nodes)."""
        chance = self.times / self.times.sum()
        times = rng.multinomial(self.n_events, chance, size=size)
        return np.asarray(times @ self.adds, dtype=np.float64)


def event_strengths(
    data: IntoFrame,
    *,
    event: str | None,
    count: str | None,
    columns: Mapping[str, str | None],
    nodes: Sequence[str] | None,
    direction: str,
    self_loops: bool,
    merge: tuple[NDArray[np.str_], IntArray] | None = None,
) -> EventStrengths:
    """Read elementary ties and group the events that add the same strengths.

    `merge` gives the labels of a coarser level and the coarse node of every label.
    """
    table = to_arrow(data)
    if event is not None and count is not None:
        msg = "count= says how many events a row sums; it needs event=None."
        raise OptionError(msg)
    require_columns(table, {"event": event, "count": count})
    labels, origin, destination, weight = read_ties(table, columns, nodes)
    if merge is not None:
        labels, of = merge
        origin, destination = of[origin], of[destination]
    unit, times = _units(table, event, count)
    if event is None:
        weight = weight / np.maximum(times, 1)[unit]
    keep = weight > 0 if self_loops else (weight > 0) & (origin != destination)
    ends = {"out": (origin,), "in": (destination,)}.get(
        direction, (origin, destination)
    )
    node = np.concatenate([e[keep] for e in ends])
    unit = np.tile(unit[keep], len(ends))
    adds = np.tile(weight[keep], len(ends))
    matrix, kinds = _kinds(unit, node, adds, (times.size, labels.size), times)
    return EventStrengths(
        nodes=labels, adds=matrix, times=kinds, frame_kind=frame_kind(data)
    )


def _units(
    table: pa.Table, event: str | None, count: str | None
) -> tuple[IntArray, IntArray]:
    """Give the unit of every row, and how many events each unit stands for."""
    problems: list[Problem] = []
    if event is not None:
        names, code = labels_of(table, event, problems, "data")
        raise_problems(problems, "data")
        return code, np.ones(names.size, dtype=np.int64)
    unit = np.arange(table.num_rows, dtype=np.int64)
    if count is None:
        return unit, np.ones(unit.size, dtype=np.int64)
    number = numbers_of(table, count, problems, "data", missing=False)
    raise_problems(problems, "data")
    return unit, np.rint(number).astype(np.int64)


def _kinds(
    unit: IntArray,
    node: IntArray,
    adds: FloatArray,
    shape: tuple[int, int],
    times: IntArray,
) -> tuple[csr_array, IntArray]:
    from scipy.sparse import csr_array

    matrix = csr_array((adds, (unit, node)), shape=shape)
    matrix.sum_duplicates()
    mark = _fingerprints(matrix)
    _, first, kind = np.unique(mark, axis=0, return_index=True, return_inverse=True)
    counts = np.zeros(first.size, dtype=np.int64)
    np.add.at(counts, kind.reshape(-1), times)
    return csr_array(matrix[first]), counts


def _fingerprints(matrix: csr_array) -> NDArray[np.uint64]:
    """Two 64-bit sums per row that are equal for equal rows, else with chance 2^-128."""
    length = np.diff(matrix.indptr)
    row = np.repeat(np.arange(length.size), length)
    out = np.zeros((length.size, 2), dtype=np.uint64)
    # rounded to 12 digits: equal on paper is equal here
    scale = 10.0 ** (11 - np.floor(np.log10(np.maximum(matrix.data, 1e-300))))
    bits = (np.rint(matrix.data * scale) / scale).view(np.uint64)
    ends = matrix.indices.astype(np.uint64)
    for i, salt in enumerate((0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)):
        mixed = _mix(bits ^ _mix(ends + np.uint64(salt)))
        np.add.at(out[:, i], row, mixed)
    return out


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble the bits (the finaliser of SplitMix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
