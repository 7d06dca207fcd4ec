"""Dimensions of a published table, their hierarchies and the sums that bind the cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.typing import IntArray

__all__ = ["TOTAL", "Dimension", "relations"]

TOTAL = "total"


@dataclass(frozen=True, eq=False)
class Dimension:
    """Codes of one dimension with their tree; node 0 is the total.

    Parameters
    ----------
    name
        Name of the dimension.
    codes
        One per node, the total first, parents before children.
    parent
        Position of each node's parent; -1 for the total.
    """

    name: str
    codes: NDArray[np.object_]
    parent: IntArray

    @classmethod
    def from_leaves(
        cls, name: str, leaves: Sequence[str], parents: Mapping[str, str] | None = None
    ) -> Dimension:
        """Build the tree above the leaves.

        Parameters
        ----------
        name
            Name of the dimension.
        leaves
            The codes that occur in the data.
        parents
            Code to the code above it; codes without one hang from the total.

        Returns
        -------
        Dimension
            Nodes in order of depth, then code.

        Raises
        ------
        InvalidTableError
            For a circle in `parents`, or a leaf that is also a parent.
        """
        above = dict(parents or {})
        depth: dict[str, int] = {TOTAL: 0}
        for leaf in leaves:
            path: list[str] = []
            node = str(leaf)
            while node not in depth:
                if node in path:
                    msg = f"The hierarchy of '{name}' runs in a circle."
                    raise InvalidTableError(
                        msg,
                        [_circle(name, node)],
                    )
                path.append(node)
                node = above.get(node, TOTAL)
            for step in reversed(path):
                depth[step] = depth[above.get(step, TOTAL)] + 1
        codes = sorted(depth, key=lambda code: (depth[code], code))
        place = {code: i for i, code in enumerate(codes)}
        parent = np.array(
            [-1 if c == TOTAL else place[above.get(c, TOTAL)] for c in codes], np.int64
        )
        found = cls(name, np.array(codes, dtype=object), parent)
        doubled = sorted({str(leaf) for leaf in leaves} & found.inner_codes)
        if doubled:
            msg = f"Dimension '{name}': codes of the data are also parents of others."
            raise InvalidTableError(
                msg,
                [
                    Problem(
                        code="leaf_is_parent",
                        what=f"code '{code}' has rows of its own and children",
                        where=name,
                        fix="give its own rows a child code, such as an 'other' group",
                    )
                    for code in doubled
                ],
            )
        return found

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.codes)

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Code to position."""
        return {str(code): i for i, code in enumerate(self.codes)}

    @cached_property
    def inner(self) -> IntArray:
        """Positions of the nodes that have children."""
        return np.unique(self.parent[self.parent >= 0])

    @property
    def inner_codes(self) -> set[str]:
        """Codes of the nodes that have children."""
        return {str(code) for code in self.codes[self.inner]}

    @cached_property
    def paths(self) -> IntArray:
        """Ancestors of every node from itself to the total, -1 where it ends."""
        rows = [np.arange(self.size, dtype=np.int64)]
        while (rows[-1] > 0).any():
            last = rows[-1]
            rows.append(np.where(last > 0, self.parent[np.maximum(last, 0)], -1))
        return np.stack(rows, axis=1)


def _circle(name: str, node: str) -> Problem:
    return Problem(
        code="hierarchy_circle",
        what=f"code '{node}' is above itself",
        where=name,
        fix="each code needs one parent, up to the total",
    )


def relations(dimensions: Sequence[Dimension]) -> sparse.csr_array:
    """Give every published sum as one row: children minus parent is zero.

    Parameters
    ----------
    dimensions
        The dimensions of the table, in the order of its axes.

    Returns
    -------
    scipy.sparse.csr_array
        Relations by cells; cells in C order of the grid of nodes.
    """
    shape = tuple(d.size for d in dimensions)
    cells = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    rows, columns, values = [], [], []
    start = 0
    for axis, dimension in enumerate(dimensions):
        slabs = np.moveaxis(cells, axis, 0).reshape(dimension.size, -1)
        rank = np.full(dimension.size, -1, np.int64)
        rank[dimension.inner] = np.arange(len(dimension.inner))
        width = slabs.shape[1]
        child = np.flatnonzero(dimension.parent >= 0)
        for nodes, group, sign in (
            (child, rank[dimension.parent[child]], 1.0),
            (dimension.inner, np.arange(len(dimension.inner)), -1.0),
        ):
            row = start + group[:, None] * width + np.arange(width)
            rows.append(row.ravel())
            columns.append(slabs[nodes].ravel())
            values.append(np.full(row.size, sign))
        start += len(dimension.inner) * width
    entries = (
        np.concatenate(values),
        (np.concatenate(rows), np.concatenate(columns)),
    )
    return sparse.csr_array(entries, shape=(start, cells.size))
