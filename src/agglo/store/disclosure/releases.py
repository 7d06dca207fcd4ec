"""Earlier releases of the same source, as an attacker who kept them uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from agglo.core.errors import AlignmentError, Problem
from agglo.core.typing import BoolArray, FloatArray, IntArray
from agglo.store.disclosure.cells import CellTable
from agglo.store.disclosure.hierarchy import Dimension

__all__ = ["EarlierRelease", "Known", "known_from"]

_CLOSE = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class EarlierRelease:
    """What one earlier release has published of a table.

    Use it to check a new release against those that are out already: what was published
    once is known for good.

    Parameters
    ----------
    release
        Its name, for certificates.
    measure
        What is counted; releases of another measure say nothing about this one.
    dimensions
        Its trees; they may differ from those of the new table as long as the leaves have
        the same codes.
    values
        Value of every cell in C order of the grid of nodes; NaN where it was suppressed.

    Raises
    ------
    AlignmentError
        If `values` has another length than the grid.

    Notes
    -----
    An earlier value that the data of today do not give (they were revised, or a unit has
    come or gone) is no equation about today's table. The certificate counts them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.store.disclosure import cells_from_records, suppress_cells
    >>> rows = pa.table(
    ...     {
    ...         "region": ["R1"] * 5 + ["R2"] * 5,
    ...         "industry": list("aaaab") * 2,
    ...         "jobs": [3.0] * 10,
    ...     }
    ... )
    >>> cells = cells_from_records(rows, dimensions=("region", "industry"), value="jobs")
    >>> first = suppress_cells(cells, policy="count3").published("2025-1")
    >>> again = suppress_cells(cells, policy="count3", releases=[first])
    >>> again.linked["known"]
    3
    """

    release: str
    measure: str
    dimensions: tuple[Dimension, ...]
    values: FloatArray

    def __post_init__(self) -> None:
        """Check that there is a value per cell."""
        size = int(np.prod([d.size for d in self.dimensions]))
        if self.values.shape != (size,):
            msg = f"values has shape {self.values.shape}, the grid {size} cells."
            raise AlignmentError(
                msg,
                [
                    Problem(
                        code="wrong_length",
                        what=f"{self.values.size} values for {size} cells",
                        where=self.release,
                        fix="give one value per cell, NaN where it was suppressed",
                    )
                ],
            )

    def speaks_of(self, cells: CellTable) -> bool:
        """Say whether it is a release of the same table.

        Parameters
        ----------
        cells
            The new table.

        Returns
        -------
        bool
            Same measure and dimensions of the same names.
        """
        names = [d.name for d in cells.dimensions]
        return (
            self.measure == cells.measure and [d.name for d in self.dimensions] == names
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Known:
    """What earlier releases tell about a new table.

    Parameters
    ----------
    public
        Cells whose value is out.
    hidden
        Cells that were suppressed and never published.
    sums
        Further sums over cells whose value is out, one row each; ``None`` without any.
    releases
        Names of the releases that speak of this table.
    n_revised
        Published values that today's data do not give.
    """

    public: BoolArray
    hidden: BoolArray
    sums: sparse.csr_array | None
    releases: tuple[str, ...]
    n_revised: int


def known_from(cells: CellTable, releases: Sequence[EarlierRelease]) -> Known:
    """Work out what earlier releases tell about a new table.

    Parameters
    ----------
    cells
        The new table.
    releases
        Earlier ones, of any table.

    Returns
    -------
    Known
        Cells and sums, for the audit.

    Notes
    -----
    Every earlier cell is a set of leaves. Where the new table has a cell with the same
    leaves it is that cell; else its value is one more published sum.
    """
    public = np.zeros(cells.total.size, bool)
    hidden = np.zeros(cells.total.size, bool)
    parts: list[sparse.csr_array] = []
    named: list[str] = []
    n_revised = 0
    for release in releases:
        if not release.speaks_of(cells):
            continue
        named.append(release.release)
        sums, same = _as_sums(cells, release.dimensions)
        told = np.isfinite(release.values)
        now = sums @ cells.total
        size = np.maximum(np.abs(now), 1.0)
        holds = told & (
            np.abs(now - np.where(told, release.values, 0.0)) <= _CLOSE * size
        )
        # nobody is there now, and nobody was: no equation at all
        used = np.diff(sums.indptr) > 0
        n_revised += int((told & ~holds).sum())
        public[same[holds & (same >= 0)]] = True
        hidden[same[~told & (same >= 0)]] = True
        parts.append(sums[np.flatnonzero(holds & used & (same < 0))])
    stacked = sparse.csr_array(sparse.vstack(parts)) if parts else None
    if stacked is not None and not stacked.shape[0]:
        stacked = None
    return Known(
        public=public,
        hidden=hidden & ~public,
        sums=stacked,
        releases=tuple(named),
        n_revised=n_revised,
    )


def _as_sums(
    cells: CellTable, dimensions: Sequence[Dimension]
) -> tuple[sparse.csr_array, IntArray]:
    """Write every earlier cell as a sum of today's leaves, and name the cell it equals."""
    pairs = list(zip(dimensions, cells.dimensions, strict=True))
    members = [_leaves_below(old, new) for old, new in pairs]
    today = [_leaves_below(new, new) for _, new in pairs]
    sums = members[0]
    for part in members[1:]:
        sums = sparse.csr_array(sparse.kron(sums, part, format="csr"))
    twins = [_twins(a, b) for a, b in zip(members, today, strict=True)]
    grid = np.meshgrid(*twins, indexing="ij")
    known = np.all([g >= 0 for g in grid], axis=0)
    at = np.ravel_multi_index(tuple(np.maximum(g, 0) for g in grid), cells.shape)
    return sums, np.where(known, at, -1).ravel()


def _leaf_places(dimension: Dimension) -> IntArray:
    leaf = np.ones(dimension.size, bool)
    leaf[dimension.inner] = False
    return np.flatnonzero(leaf)


def _leaves_below(tree: Dimension, today: Dimension) -> sparse.csr_array:
    """Nodes of a tree by nodes of today: 1 where today's leaf lies below the node.

    A node whose code exists today, at whatever level, is that node; any other is the sum
    of its children.
    """
    leaves = [np.empty(0, np.int64)] * today.size
    for leaf in _leaf_places(today).tolist():
        for node in today.paths[leaf][today.paths[leaf] >= 0].tolist():
            leaves[node] = np.append(leaves[node], leaf)
    below = [np.empty(0, np.int64)] * tree.size
    for node in range(tree.size - 1, -1, -1):  # children come after parents
        at = today.place.get(str(tree.codes[node]), -1)
        if at > 0:
            below[node] = leaves[at]
        if node > 0:
            above = int(tree.parent[node])
            below[above] = np.union1d(below[above], below[node])
    rows = np.repeat(np.arange(tree.size), [b.size for b in below])
    ends = (rows, np.concatenate(below))
    return sparse.csr_array((np.ones(rows.size), ends), shape=(tree.size, today.size))


def _twins(old: sparse.csr_array, new: sparse.csr_array) -> IntArray:
    """Give, for every earlier node, today's node with the same leaves, or -1."""
    by_leaves: dict[tuple[int, ...], int] = {}
    for node in range(new.shape[0]):
        # the node nearest to the total comes first and stays
        by_leaves.setdefault(_set_of(new, node), node)
    found = [by_leaves.get(_set_of(old, node), -1) for node in range(old.shape[0])]
    return np.array(
        [-1 if not _set_of(old, k) else at for k, at in enumerate(found)], np.int64
    )


def _set_of(rows: sparse.csr_array, row: int) -> tuple[int, ...]:
    members = rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
    return tuple(sorted(members.tolist()))
