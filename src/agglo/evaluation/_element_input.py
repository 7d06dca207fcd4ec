"""Reading members, candidates, relatedness and ties for the three elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import (
    as_text,
    encode_labels,
    float_column,
    require_columns,
    to_arrow,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = [
    "Grouped",
    "Matrix",
    "bounds_of",
    "labels",
    "numbers",
    "raise_all",
    "read_grouped",
    "read_matrix",
    "read_table",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Rows sorted by cluster and item, with where every cluster begins.

    Attributes
    ----------
    cluster
        Sorted labels.
    start
        Bounds of the clusters, (n + 1,).
    order
        Rows of the table in the order of these arrays.
    item
        Label of the second key per row.
    weight
        Not negative, per row.
    """

    cluster: NDArray[np.str_]
    start: IntArray
    order: IntArray
    item: NDArray[np.str_]
    weight: FloatArray

    @property
    def size(self) -> IntArray:
        """Rows per cluster."""
        out: IntArray = np.diff(self.start)
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Symmetric relatedness of industries, and how far it was from symmetric."""

    activity: NDArray[np.str_]
    values: FloatArray
    asymmetry: float


def read_table(
    data: IntoFrame, where: str, asked: dict[str, str | None]
) -> tuple[pa.Table, list[Problem]]:
    """Give the table with its columns, and the problem of having no row."""
    table = to_arrow(data, where=where)
    require_columns(table, asked, where=where)
    if table.num_rows:
        return table, []
    return table, [
        Problem(code="empty_table", what="the table has no row", where=where)
    ]


def raise_all(problems: list[Problem], where: str) -> None:
    """Raise one error for all problems, if there are any."""
    if problems:
        word = "problem" if len(problems) == 1 else "problems"
        msg = f"`{where}` has {len(problems)} {word}."
        raise InvalidTableError(msg, problems)


def labels(table: pa.Table, name: str, where: str) -> tuple[NDArray[np.str_], IntArray]:
    """Give sorted labels and codes; an empty table has none."""
    if table.num_rows == 0:
        return np.array([], dtype=np.str_), np.array([], dtype=np.int64)
    return encode_labels(table, name, where=where)


def numbers(
    table: pa.Table,
    name: str | None,
    where: str,
    problems: list[Problem],
    *,
    negative: bool = False,
) -> FloatArray:
    """Read finite numbers, 1 for no column; others become problems."""
    if name is None:
        return np.ones(table.num_rows)
    values = float_column(table, name, where=where)
    problems += flag_rows(
        ~np.isfinite(values),
        code="missing_value",
        what=f"column '{name}' has no finite number",
        where=where,
        column=name,
        fix="drop these rows: nothing is filled in",
    )
    if not negative:
        problems += flag_rows(
            np.nan_to_num(values) < 0,
            code="negative_value",
            what=f"column '{name}' is below 0",
            where=where,
            column=name,
            fix="weights and employment cannot be negative",
        )
    return values


def bounds_of(code: IntArray, n: int) -> IntArray:
    """Give where each code begins in a sorted array, (n + 1,)."""
    out: IntArray = np.searchsorted(code, np.arange(n + 1)).astype(np.int64)
    return out


def read_grouped(
    data: IntoFrame, *, cluster: str, item: str, weight: str | None, what: str
) -> Grouped:
    """Read rows of cluster and item; the same pair twice is refused."""
    table, problems = read_table(
        data, "data", {"cluster": cluster, what: item, "weight": weight}
    )
    raise_all(problems, "data")
    names, code = labels(table, cluster, "data")
    items, item_code = labels(table, item, "data")
    problems += flag_rows(
        repeated(code * items.size + item_code),
        code="duplicate_key",
        what=f"the same ({cluster}, {item}) occurs more than once",
        where="data",
        fix="add the rows up first",
    )
    w = numbers(table, weight, "data", problems)
    raise_all(problems, "data")
    order = np.lexsort((item_code, code))
    return Grouped(
        cluster=names,
        start=bounds_of(code[order], names.size),
        order=order,
        item=items[item_code[order]],
        weight=w[order],
    )


def read_matrix(
    data: IntoFrame, *, origin: str, destination: str, value: str
) -> Matrix:
    """Read a long table of relatedness; absent pairs are 0, both directions are averaged."""
    where = "relatedness"
    table, problems = read_table(
        data, where, {"origin": origin, "destination": destination, "value": value}
    )
    raise_all(problems, where)
    ends = [as_text(table[c]).combine_chunks() for c in (origin, destination)]
    both = pa.table({"end": pa.chunked_array([*ends], pa.string())})
    names, code = encode_labels(both, "end", where=where)
    a, b = code[: table.num_rows], code[table.num_rows :]
    values = numbers(table, value, where, problems, negative=True)
    problems += flag_rows(
        repeated(a * names.size + b),
        code="duplicate_key",
        what=f"the same ({origin}, {destination}) occurs more than once",
        where=where,
        fix="choose one source and period",
    )
    raise_all(problems, where)
    given = np.zeros((names.size, names.size))
    given[a, b] = values
    there = np.zeros_like(given)
    there[a, b] = 1.0
    known = there + there.T
    both_ways = (given + given.T) / np.where(known > 0, known, 1.0)
    gap = float(np.abs(given - given.T)[(there * there.T) > 0].max(initial=0.0))
    np.fill_diagonal(both_ways, 0.0)
    return Matrix(activity=names, values=both_ways, asymmetry=gap)
