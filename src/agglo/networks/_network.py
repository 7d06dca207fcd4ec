"""One reading of a table of ties for every measure of structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import AlignmentError, InvalidTableError, Problem, suggest
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice
from agglo.core.results import Result, digest_of
from agglo.core.tables import Links
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = [
    "Direction",
    "Network",
    "Sizes",
    "SizesInput",
    "check_direction",
    "parents_of",
    "read_network",
    "read_sizes",
    "read_ties",
]

Direction: TypeAlias = Literal["total", "in", "out"]
SizesInput: TypeAlias = (
    "IntoFrame | Links | Result | Mapping[str, float] | Sequence[float]"
)

_DIRECTIONS = ("total", "in", "out")


def check_direction(name: str, value: str) -> str:
    """Refuse a direction that is none of total, in and out."""
    return check_choice(name, value, _DIRECTIONS)


@dataclass(frozen=True, eq=False, kw_only=True)
class Network:
    """Ties summed per pair of nodes; nodes without a tie are there too.

    Attributes
    ----------
    nodes
        Sorted labels.
    origin, destination, weight
        One entry per pair with weight above 0; undirected pairs have origin <= destination.
    directed
        Whether (a, b) and (b, a) are two pairs.
    frame_kind
        Kind of frame the caller came with.
    """

    nodes: NDArray[np.str_]
    origin: IntArray
    destination: IntArray
    weight: FloatArray
    directed: bool
    frame_kind: FrameKind

    @property
    def n(self) -> int:
        """Number of nodes."""
        return self.nodes.size

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels, ends and weights."""
        return digest_of(
            self.nodes, self.origin, self.destination, self.weight, self.directed
        )

    @cached_property
    def loops(self) -> NDArray[np.bool_]:
        """Say which pairs tie a node to itself."""
        return np.asarray(self.origin == self.destination)

    def without_loops(self) -> Network:
        """Leave out what ties a node to itself."""
        keep = ~self.loops
        return Network(
            nodes=self.nodes,
            origin=self.origin[keep],
            destination=self.destination[keep],
            weight=self.weight[keep],
            directed=self.directed,
            frame_kind=self.frame_kind,
        )

    def matrix(self) -> csr_array:
        """Give the weights; undirected ones on both sides, a loop twice on the diagonal."""
        from scipy.sparse import csr_array

        shape = (self.n, self.n)
        ends = (self.origin, self.destination)
        half = csr_array((self.weight, ends), shape=shape)
        full = half if self.directed else csr_array(half + half.T)
        full.sort_indices()
        return full

    def strengths(
        self, direction: str = "total", *, self_loops: bool = False
    ) -> FloatArray:
        """Sum the weights at every node; a loop counts at both of its ends."""
        keep = slice(None) if self_loops else ~self.loops
        w = self.weight[keep]
        out = np.bincount(self.origin[keep], w, minlength=self.n)
        into = np.bincount(self.destination[keep], w, minlength=self.n)
        if not self.directed or direction == "total":
            total: FloatArray = (out + into).astype(np.float64)
            return total
        chosen: FloatArray = (out if direction == "out" else into).astype(np.float64)
        return chosen


def read_ties(
    table: pa.Table, columns: Mapping[str, str | None], nodes: Sequence[str] | None
) -> tuple[NDArray[np.str_], IntArray, IntArray, FloatArray]:
    """Read ends and weights row by row: labels, origin, destination, weight.

    `columns` has origin, destination and weight; without a weight every row counts as 1.
    """
    require_columns(table, columns)
    problems: list[Problem] = []
    ends = [
        labels_of(table, str(columns[k]), problems, "data")
        for k in ("origin", "destination")
    ]
    name = columns["weight"]
    weight = (
        np.ones(table.num_rows)
        if name is None
        else numbers_of(table, name, problems, "data", missing=False)
    )
    raise_problems(problems, "data")
    found = np.unique(np.concatenate([e[0] for e in ends]))
    labels = found if nodes is None else _declared(found, nodes)
    if labels.size == 0:
        msg = "`data` has no tie and no node is named: there is no network."
        bad = Problem(code="empty_table", what="the table has no row", where="data")
        raise InvalidTableError(msg, [bad])
    origin, destination = (
        np.searchsorted(labels, names)[code].astype(np.int64) for names, code in ends
    )
    return labels, origin, destination, weight


def _declared(found: NDArray[np.str_], nodes: Sequence[str]) -> NDArray[np.str_]:
    declared = np.unique(np.asarray(list(nodes), dtype=np.str_))
    unknown = np.setdiff1d(found, declared)
    if unknown.size:
        problems = [
            Problem(
                code="unknown_node",
                what=f"'{u}' is not among nodes. {suggest(str(u), declared.tolist())}",
                where="data",
                fix="add it to nodes=, or drop its ties",
            )
            for u in unknown
        ]
        msg = f"{unknown.size} ends of ties are not among nodes."
        raise AlignmentError(msg, problems)
    return declared


def read_network(
    data: IntoFrame | Links | Result,
    *,
    origin: str,
    destination: str,
    weight: str | None,
    directed: bool,
    nodes: Sequence[str] | None = None,
) -> Network:
    """Check a table of ties and sum them per pair."""
    if isinstance(data, Links):
        labels = data.places if nodes is None else _declared(data.places, nodes)
        place = np.searchsorted(labels, data.places)
        start, end, w = place[data.origin], place[data.destination], data.weight
        kind, directed = data.frame_kind, data.directed
    else:
        if isinstance(data, Result):
            kind, table = data.frame_kind, data.to_arrow()
        else:
            kind, table = frame_kind(data), to_arrow(data)
        columns = {"origin": origin, "destination": destination, "weight": weight}
        labels, start, end, w = read_ties(table, columns, nodes)
    if not directed:
        start, end = np.minimum(start, end), np.maximum(start, end)
    there = w > 0
    key, inverse = np.unique(
        start[there] * labels.size + end[there], return_inverse=True
    )
    return Network(
        nodes=labels,
        origin=(key // labels.size).astype(np.int64),
        destination=(key % labels.size).astype(np.int64),
        weight=np.bincount(inverse, w[there], minlength=key.size).astype(np.float64),
        directed=directed,
        frame_kind=kind,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Sizes:
    """Strengths of labelled nodes.

    Attributes
    ----------
    nodes
        Labels, sorted when they come from a table of ties or a mapping.
    values
        Strengths, 0 or more.
    network
        The ties they come from, if any.
    frame_kind
        Kind of frame the caller came with.
    """

    nodes: NDArray[np.str_]
    values: FloatArray
    network: Network | None
    frame_kind: FrameKind

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels and strengths."""
        return digest_of(self.nodes, self.values)


def read_sizes(
    data: SizesInput,
    *,
    origin: str,
    destination: str,
    weight: str | None,
    directed: bool,
    nodes: Sequence[str] | None,
    direction: str,
    self_loops: bool,
) -> Sizes:
    """Give strengths from ties, or take them as they are from a mapping or a sequence."""
    check_direction("direction", direction)
    if isinstance(data, (Mapping, Sequence, np.ndarray)):
        return _given_sizes(data)
    net = read_network(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=nodes,
    )
    return Sizes(
        nodes=net.nodes,
        values=net.strengths(direction, self_loops=self_loops),
        network=net,
        frame_kind=net.frame_kind,
    )


def _given_sizes(data: Mapping[str, float] | Sequence[float]) -> Sizes:
    if isinstance(data, Mapping):
        names = sorted(str(k) for k in data)
        numbers = {str(k): v for k, v in data.items()}
        values = np.array([numbers[n] for n in names], dtype=np.float64)
    else:
        values = np.asarray(data, dtype=np.float64)
        width = len(str(max(values.size, 1)))
        names = [f"{i + 1:0{width}d}" for i in range(values.size)]
    problems = flag_rows(
        ~np.isfinite(values) | (values < 0),
        code="negative_value",
        what="a strength is negative, missing or infinite",
        where="data",
        fix="strengths are sums of weights: 0 or more",
    )
    if values.size == 0:
        problems.append(
            Problem(code="empty_table", what="there is no strength", where="data")
        )
    raise_problems(problems, "data")
    return Sizes(
        nodes=np.asarray(names, dtype=np.str_),
        values=values,
        network=None,
        frame_kind="pyarrow",
    )


def parents_of(
    regions: IntoFrame, labels: NDArray[np.str_], *, region: str, parent: str
) -> tuple[NDArray[np.str_], IntArray]:
    """Give the parents of some regions: sorted labels, and the parent of every region."""
    table = to_arrow(regions, where="regions")
    require_columns(table, {"region": region, "parent": parent}, where="regions")
    problems: list[Problem] = []
    names, code = labels_of(table, region, problems, "regions")
    raise_problems(problems, "regions")
    above = table[parent].to_pylist()
    first = np.full(names.size, -1, dtype=np.int64)
    first[code[::-1]] = np.arange(code.size - 1, -1, -1)
    up = np.array(["" if v is None else str(v) for v in above], dtype=np.str_)
    problems += flag_rows(
        np.asarray(up != up[first[code]], dtype=bool),
        code="inconsistent_parent",
        what="a region has several parents",
        where="regions",
        column=parent,
        fix="give every region one parent",
    )
    raise_problems(problems, "regions")
    place = np.searchsorted(names, labels)
    known = place < names.size
    known[known] = names[place[known]] == labels[known]
    chosen = np.where(known, up[first[np.where(known, place, 0)]], "")
    bad = [
        Problem(
            code="missing_parent" if k else "unknown_region",
            what=f"'{label}' has no parent" if k else f"'{label}' is not a region",
            where="regions",
            fix="add it to the table of regions with its parent",
        )
        for label, k, p in zip(labels.tolist(), known, chosen, strict=True)
        if not p
    ]
    if bad:
        msg = f"{len(bad)} ends of ties have no parent in `regions`."
        raise AlignmentError(msg, bad)
    cities, inside = np.unique(chosen, return_inverse=True)
    return cities, inside.astype(np.int64)
