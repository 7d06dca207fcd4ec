"""A table of pairs of places as square matrices, one per column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntoFrame

__all__ = ["Matrices", "read_matrices"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Matrices:
    """Square matrices over one set of nodes; the diagonal is NaN, as are absent pairs.

    Attributes
    ----------
    nodes
        Sorted labels.
    values
        One (n, n) matrix per column.
    directed
        Whether (a, b) and (b, a) are two pairs; otherwise matrices are symmetric.
    frame_kind
        Kind of frame the caller came with.
    """

    nodes: NDArray[np.str_]
    values: Mapping[str, FloatArray]
    directed: bool
    frame_kind: FrameKind

    @property
    def n_missing(self) -> int:
        """Number of pairs that lack some value."""
        lost = np.zeros((self.nodes.size, self.nodes.size), dtype=bool)
        for matrix in self.values.values():
            lost |= np.isnan(matrix)
        np.fill_diagonal(lost, val=False)
        return int(lost.sum()) // (1 if self.directed else 2)


def read_matrices(
    data: IntoFrame,
    columns: Mapping[str, str],
    *,
    origin: str,
    destination: str,
    directed: bool,
    missing: str,
) -> Matrices:
    """Read pairs; `columns` maps arguments to columns, whose numbers may be negative."""
    table = to_arrow(data)
    require_columns(table, {"origin": origin, "destination": destination, **columns})
    problems: list[Problem] = []
    first, a = labels_of(table, origin, problems, "data")
    second, b = labels_of(table, destination, problems, "data")
    numbers = {
        name: numbers_of(table, name, problems, "data", minimum=None)
        for name in dict.fromkeys(columns.values())
    }
    nodes = np.unique(np.concatenate([first, second]))
    start, end = np.searchsorted(nodes, first)[a], np.searchsorted(nodes, second)[b]
    if not directed:
        start, end = np.minimum(start, end), np.maximum(start, end)
    apart = start != end  # the diagonal is not read
    key = np.where(apart, start * nodes.size + end, -1 - np.arange(start.size))
    problems += flag_rows(
        repeated(key.astype(np.int64)),
        code="duplicate_key",
        what=f"the same pair ({origin}, {destination}) occurs more than once",
        where="data",
        fix="one row per pair; undirected pairs in one order only",
    )
    raise_problems(problems, "data")
    values = {}
    for name, column in numbers.items():
        matrix = np.full((nodes.size, nodes.size), np.nan)
        matrix[start[apart], end[apart]] = column[apart]
        if not directed:
            matrix[end[apart], start[apart]] = column[apart]
        values[name] = matrix
    read = Matrices(
        nodes=nodes, values=values, directed=directed, frame_kind=frame_kind(data)
    )
    if missing == "error" and read.n_missing:
        _refuse(read)
    return read


def _refuse(read: Matrices) -> None:
    problems = []
    for name, matrix in read.values.items():
        lost = np.isnan(matrix)
        np.fill_diagonal(lost, val=False)
        if not lost.any():
            continue
        i, j = (int(x[0]) for x in np.nonzero(lost))
        problems.append(
            Problem(
                code="missing_pair",
                what=f"'{name}' lacks {int(lost.sum())} cells, the first is "
                f"({read.nodes[i]}, {read.nodes[j]})",
                where="data",
                column=name,
                fix="add the rows (a flow of 0 is a row), or missing='pairwise'",
            )
        )
    msg = f"{read.n_missing} pairs of nodes lack a value."
    raise InvalidTableError(msg, problems)
