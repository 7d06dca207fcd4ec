"""What an aggregation gives back: a table that has not been computed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import from_arrow
from agglo.store._engines import Lazy, collect, hold
from agglo.store.parquet import canonical_schema

if TYPE_CHECKING:
    from agglo.core.typing import FrameKind

__all__ = ["Aggregation"]

_SHOWN = 20


@dataclass(frozen=True, eq=False, repr=False)
class Aggregation:
    """A grouped table, lazy where its engine is lazy.

    Given by `aggregate` and its relatives, and taken by them in place of a frame.

    Parameters
    ----------
    lazy
        The narwhals frame, in no particular order of rows.
    keys
        Columns that tell the rows apart, in the order of sorting.
    values
        Columns of sums, finite in any table that is right.
    kind
        Kind of frame the caller came with.
    ready
        Whether the steps start from a table that is held already, so that running them
        again costs little.
    """

    lazy: Lazy
    keys: tuple[str, ...]
    values: tuple[str, ...]
    kind: FrameKind
    ready: bool = False

    @property
    def native(self) -> object:
        """Give the engine's own frame, sorted by the keys.

        Returns
        -------
        object
            pandas or pyarrow frame, polars lazy frame, DuckDB relation or Spark frame.
            Nothing is checked here: a negative or infinite size shows as infinity.
        """
        return self.lazy.sort(*self.keys).to_native()

    @cached_property
    def held(self) -> Lazy:
        """Give the narwhals frame, computed at most once on engines that would repeat it.

        Returns
        -------
        narwhals.LazyFrame
            The same rows.
        """
        return self.lazy if self.ready else hold(self.lazy)

    def is_grouped(self, keys: Sequence[str], value: str) -> bool:
        """Say whether there is one row for each combination of these keys.

        Parameters
        ----------
        keys
            Columns.
        value
            Column of sums that is wanted with its count of unknown rows.

        Returns
        -------
        bool
            True when another grouping by `keys` would change nothing.
        """
        held = self.lazy.collect_schema()
        same = set(keys) == set(self.keys)
        return same and value in self.values and f"{value}_unknown" in held

    def to_table(self) -> pa.Table:
        """Compute the table.

        Returns
        -------
        pyarrow.Table
            Rows sorted by the keys, unknown numbers null, text as plain text: the same
            table whatever the engine.

        Raises
        ------
        InvalidTableError
            ``null_key`` for rows without a label, ``out_of_range`` for groups with a
            negative or infinite size.
        StoreError
            ``out_of_memory`` or ``query_failed`` when DuckDB gives up.
        """
        table = collect(self.held.sort(*self.keys))
        table = table.cast(canonical_schema(table.schema))
        problems = [*self._null_keys(table), *self._not_finite(table)]
        if problems:
            msg = "The aggregated table is not valid."
            raise InvalidTableError(msg, problems)
        return table

    def collect(self, kind: FrameKind | None = None) -> object:
        """Compute the table as the caller's kind of frame.

        Parameters
        ----------
        kind
            ``"pandas"``, ``"polars"`` or ``"pyarrow"``; default the kind of the input,
            pyarrow for DuckDB and Spark.

        Returns
        -------
        object
            A native frame, sorted by the keys.

        Raises
        ------
        InvalidTableError
            As `to_table`.
        """
        return from_arrow(self.to_table(), kind or self.kind)

    def __repr__(self) -> str:
        """Name keys and values without computing anything."""
        return f"<Aggregation of {', '.join(self.values)} by {', '.join(self.keys)}>"

    def _null_keys(self, table: pa.Table) -> list[Problem]:
        return [
            Problem(
                code="null_key",
                what=f"{table[key].null_count} groups have no label in '{key}'",
                where="frame",
                column=key,
                fix="drop these rows or give them a label",
            )
            for key in self.keys
            if table[key].null_count
        ]

    def _not_finite(self, table: pa.Table) -> list[Problem]:
        problems = []
        for value in self.values:
            finite = pc.is_finite(table[value].cast(pa.float64()))
            if pc.all(finite).as_py() is not False:
                continue
            bad = np.flatnonzero(pc.invert(finite).fill_null(False).to_numpy())
            first = table.select(list(self.keys)).take(bad[:_SHOWN]).to_pylist()
            shown = "; ".join(", ".join(map(str, row.values())) for row in first[:3])
            problems.append(
                Problem(
                    code="out_of_range",
                    what=(
                        f"'{value}' is negative or infinite in some row of "
                        f"{bad.size} groups ({', '.join(self.keys)}: {shown})"
                    ),
                    where="frame",
                    n_rows=int(bad.size),
                    column=value,
                    fix="mend these rows; an unknown size is null",
                )
            )
        return problems
