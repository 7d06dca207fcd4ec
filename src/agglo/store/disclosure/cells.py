"""Cells of a table to be published: totals, contributors, and which cells are unsafe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import float_column, require_columns, string_column, to_arrow
from agglo.core.results import digest_of
from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoDataFrame
from agglo.store.disclosure.hierarchy import Dimension
from agglo.store.disclosure.policy import DisclosurePolicy

__all__ = ["CellTable", "cells_from_records", "cells_from_totals"]

NOBODY = -1
_LARGEST = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class CellTable:
    """All cells of a table, margins included, in C order of the grid of nodes.

    Parameters
    ----------
    dimensions
        One tree per axis.
    total
        Value of every cell.
    contributors
        Number of holdings behind it.
    largest
        Cells by rank: the largest contributions in falling order; ``None`` where only
        totals and counts are known (then dominance and p per cent cannot be tested).
    first_holder
        The holding with the largest contribution, -1 for none.
    second_holder
        The holding with the second largest, -1 for none; ``None`` where nobody is known.
    measure
        What is counted, for example ``"employment"``.
    whole
        Whether the values are counts, so that an attacker knows they are whole numbers.
    """

    dimensions: tuple[Dimension, ...]
    total: FloatArray
    contributors: IntArray
    largest: FloatArray | None
    first_holder: IntArray
    measure: str
    whole: bool = False
    digest: str = field(default="", repr=False)
    second_holder: IntArray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Nodes per axis."""
        return tuple(d.size for d in self.dimensions)

    @cached_property
    def grid(self) -> tuple[IntArray, ...]:
        """Node of every cell on each axis."""
        return tuple(np.unravel_index(np.arange(self.total.size), self.shape))

    def label(self, cell: int) -> str:
        """Name one cell, such as ``region=R1, industry=total``."""
        nodes = np.unravel_index(cell, self.shape)
        pairs = zip(self.dimensions, nodes, strict=True)
        return ", ".join(f"{d.name}={d.codes[int(n)]}" for d, n in pairs)

    def unsafe(self, policy: DisclosurePolicy) -> tuple[BoolArray, FloatArray]:
        """Say which cells the policy forbids and how wide each must be protected.

        Parameters
        ----------
        policy
            The rules.

        Returns
        -------
        tuple of numpy.ndarray
            Unsafe or not, and the upper protection level; both by cell. Zero cells are
            safe: that nobody is there is no contribution.
        """
        size = np.abs(self.total)
        occupied = (self.contributors > 0) & (size > 0)
        needed = np.zeros(self.total.size)
        bad = np.zeros(self.total.size, bool)
        if policy.minimum_count is not None:
            few = occupied & (self.contributors < policy.minimum_count)
            needed = np.where(few, policy.count_ratio * size, needed)
            bad |= few
        if self.largest is not None:
            for upper in _contribution_rules(self.largest, size, policy):
                # a millionth of slack: rounding must not make equal shares unsafe
                hit = occupied & (upper > 1e-9 * np.maximum(size, 1.0))
                needed = np.where(hit, np.maximum(needed, upper), needed)
                bad |= hit
        if self.whole:
            needed = np.where(bad, np.maximum(np.ceil(needed - 1e-9), 1.0), needed)
        return bad, np.where(bad, needed, 0.0)


def _contribution_rules(
    largest: FloatArray, size: FloatArray, policy: DisclosurePolicy
) -> list[FloatArray]:
    """Upper protection level of each rule; positive where the rule is broken."""
    levels = []
    for n, k in policy.dominance:
        levels.append(100.0 / k * largest[:, :n].sum(axis=1) - size)
    if policy.p_percent is not None:
        rest = size - largest[:, 0] - largest[:, 1]
        levels.append(policy.p_percent / 100.0 * largest[:, 0] - rest)
    return levels


def cells_from_records(
    records: IntoDataFrame,
    *,
    dimensions: Sequence[str],
    value: str,
    holding: str | None = None,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
    whole: bool = False,
) -> CellTable:
    """Build every cell of a table, margins included, from one row per contributor.

    Parameters
    ----------
    records
        Any frame; one row per establishment.
    dimensions
        Columns that span the table.
    value
        Column that is added up. Rows without a value are refused.
    holding
        Column with the contributor that several rows may belong to; ``None`` counts every
        row as a contributor of its own.
    hierarchies
        Dimension to {code: code above it}; without one, codes hang from the total.
    whole
        Whether the values are whole numbers, known to be so by everybody.

    Returns
    -------
    CellTable
        Contributors are counted by holding; contributions are absolute sums by holding.

    Raises
    ------
    InvalidTableError
        For rows without a value or code, and for hierarchies with a circle.
    ColumnNotFoundError
        For columns that are not there.

    Notes
    -----
    One sort of the rows per combination of levels: O(n log n).

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table(
    ...     {"region": ["R1", "R1", "R2"], "industry": ["a", "a", "b"], "jobs": [8.0, 2, 5]}
    ... )
    >>> table = cells_from_records(rows, dimensions=("region", "industry"), value="jobs")
    >>> float(table.total[0])
    15.0
    """
    table = to_arrow(records, where="records")
    named = {name: name for name in (*dimensions, value)}
    require_columns(
        table, {**named, **({holding: holding} if holding else {})}, where="records"
    )
    axes, nodes = _axes(table, dimensions, hierarchies or {})
    values = float_column(table, value)
    if np.isnan(values).any():
        msg = "Rows without a value cannot be protected."
        raise InvalidTableError(
            msg,
            [_no_value(value, np.flatnonzero(np.isnan(values)))],
        )
    holders = np.arange(table.num_rows)
    if holding is not None:
        holders = np.unique(
            string_column(table, holding).astype(str), return_inverse=True
        )[1]
    built = _Builder(tuple(a.size for a in axes))
    for depths in product(*(range(a.paths.shape[1]) for a in axes)):
        above = [a.paths[n, d] for a, n, d in zip(axes, nodes, depths, strict=True)]
        built.add(np.stack(above), holders, values)
    return CellTable(
        dimensions=axes,
        total=built.total,
        contributors=built.contributors,
        largest=built.largest,
        first_holder=built.first_holder,
        second_holder=built.second_holder,
        measure=value,
        whole=whole,
        digest=digest_of(built.total, built.contributors, built.largest),
    )


class _Builder:
    """Collects totals, counts and largest contributions, one grouping at a time."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        size = int(np.prod(shape))
        self.total = np.zeros(size)
        self.contributors = np.zeros(size, np.int64)
        self.largest = np.zeros((size, _LARGEST))
        self.first_holder = np.full(size, NOBODY, np.int64)
        self.second_holder = np.full(size, NOBODY, np.int64)

    def add(self, nodes: IntArray, holders: IntArray, values: FloatArray) -> None:
        """Group the rows by cell and holder where every node exists."""
        there = (nodes >= 0).all(axis=0)
        cell = np.ravel_multi_index(tuple(nodes[:, there]), self.shape)
        if not cell.size:
            return
        key, group = np.unique(
            np.stack([cell, holders[there]]), axis=1, return_inverse=True
        )
        amount = np.bincount(group.ravel(), weights=values[there])
        self.total += np.bincount(key[0], weights=amount, minlength=self.total.size)
        size = np.abs(amount)
        order = np.lexsort((key[1], -size, key[0]))
        at, by = key[0][order], key[1][order]
        first = np.flatnonzero(np.r_[True, at[1:] != at[:-1]])
        rank = np.arange(at.size) - np.repeat(first, np.diff(np.r_[first, at.size]))
        top = rank < _LARGEST
        self.largest[at[top], rank[top]] = size[order][top]
        self.first_holder[at[first]] = by[first]
        self.second_holder[at[rank == 1]] = by[rank == 1]
        self.contributors[at[first]] = np.diff(np.r_[first, at.size])


def cells_from_totals(
    totals: IntoDataFrame,
    *,
    dimensions: Sequence[str],
    value: str,
    contributors: str,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
    whole: bool = False,
) -> CellTable:
    """Build every cell, margins included, from finished leaf cells and their counts.

    Parameters
    ----------
    totals
        One row per leaf cell.
    dimensions, value, hierarchies, whole
        As in :func:`cells_from_records`.
    contributors
        Column with the number of contributors of each cell.

    Returns
    -------
    CellTable
        Without contributions: only the minimum count can be tested. Contributors of
        margins are sums over cells, an upper bound when a holding is in several cells.

    Raises
    ------
    InvalidTableError
        For missing values, repeated cells, and hierarchies with a circle.
    """
    table = to_arrow(totals, where="totals")
    names = (*dimensions, value, contributors)
    require_columns(table, {name: name for name in names}, where="totals")
    axes, nodes = _axes(table, dimensions, hierarchies or {})
    values, counts = float_column(table, value), float_column(table, contributors)
    missing = np.isnan(values) | np.isnan(counts)
    if missing.any():
        msg = "Cells without a value or count cannot be protected."
        raise InvalidTableError(
            msg,
            [_no_value(value, np.flatnonzero(missing))],
        )
    shape = tuple(a.size for a in axes)
    leaf = np.ravel_multi_index(tuple(nodes), shape)
    if np.unique(leaf).size != leaf.size:
        msg = "A cell occurs in more than one row."
        raise InvalidTableError(
            msg,
            [
                Problem(
                    code="duplicate_key",
                    what=f"{leaf.size - np.unique(leaf).size} rows repeat a cell",
                    where="totals",
                    fix="add them up first",
                )
            ],
        )
    size = int(np.prod(shape))
    total, count, only = np.zeros(size), np.zeros(size), np.zeros(size)
    for depths in product(*(range(a.paths.shape[1]) for a in axes)):
        above = np.stack(
            [a.paths[n, d] for a, n, d in zip(axes, nodes, depths, strict=True)]
        )
        there = (above >= 0).all(axis=0)
        cell = np.ravel_multi_index(tuple(above[:, there]), shape)
        total += np.bincount(cell, weights=values[there], minlength=size)
        count += np.bincount(cell, weights=counts[there], minlength=size)
        # nobody is known by name: a lone contributor is called after its leaf cell
        weight = np.where(counts == 1, leaf, 0.0)
        only += np.bincount(cell, weights=weight[there], minlength=size)
    people = np.rint(count).astype(np.int64)
    alone = np.where(people == 1, np.rint(only), NOBODY).astype(np.int64)
    return CellTable(
        dimensions=axes,
        total=total,
        contributors=people,
        largest=None,
        first_holder=alone,
        measure=value,
        whole=whole,
        digest=digest_of(total, people),
    )


def _axes(
    table: pa.Table,
    dimensions: Sequence[str],
    hierarchies: Mapping[str, Mapping[str, str]],
) -> tuple[tuple[Dimension, ...], list[IntArray]]:
    axes, nodes = [], []
    for name in dimensions:
        codes: NDArray[np.object_] = string_column(table, name)
        empty = np.flatnonzero(np.array([not code for code in codes]))
        if empty.size:
            msg = "Rows without a code."
            raise InvalidTableError(msg, [_no_value(name, empty)])
        leaves, inverse = np.unique(codes.astype(str), return_inverse=True)
        axis = Dimension.from_leaves(name, leaves.tolist(), hierarchies.get(name))
        place = np.array([axis.place[str(code)] for code in leaves], np.int64)
        axes.append(axis)
        nodes.append(place[inverse])
    return tuple(axes), nodes


def _no_value(column: str, rows: IntArray) -> Problem:
    return Problem(
        code="missing_value",
        what=f"column '{column}' is empty",
        column=column,
        rows=tuple(int(r) + 1 for r in rows[:20]),
        n_rows=int(rows.size),
        fix="drop or fill these rows; a cell with an unknown part cannot be judged",
    )
