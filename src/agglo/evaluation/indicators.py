"""Indicators of units, with direction and a tree of pillars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import (
    encode_labels,
    float_column,
    frame_kind,
    require_columns,
    to_arrow,
)
from agglo.core.results import digest_of, frozen_array
from agglo.evaluation._tree import TOP, Tree, build_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["Indicators", "as_indicators"]

_DIRECTIONS = {"": 1.0, "positive": 1.0, "negative": -1.0}


@dataclass(frozen=True, eq=False, kw_only=True)
class Indicators:
    """Indicators in a matrix: one row per unit and period, one column per indicator.

    Attributes
    ----------
    unit, period
        Labels of the rows, (n_rows,), sorted; `period` is empty where there is none.
    names
        Indicators, the columns, sorted.
    values
        Shape (n_rows, n_indicators); NaN is missing.
    direction
        1 where more is better, -1 where less is, (n_indicators,).
    tree
        Which indicators make a pillar, and which pillars the index.
    frame_kind
        Kind of frame the caller came with.
    """

    unit: NDArray[np.str_]
    period: NDArray[np.str_]
    names: tuple[str, ...]
    values: FloatArray
    direction: FloatArray
    tree: Tree
    frame_kind: FrameKind = "pyarrow"

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels, values, directions and tree."""
        return digest_of(
            self.unit,
            self.period,
            list(self.names),
            self.values,
            self.direction,
            self.tree.parents,
        )

    @cached_property
    def group(self) -> IntArray:
        """Number of the period of every row, (n_rows,)."""
        _, codes = np.unique(self.period, return_inverse=True)
        return np.asarray(codes, dtype=np.int64)

    def with_values(
        self, values: FloatArray, *, direction: FloatArray | None = None
    ) -> Indicators:
        """Give the same rows and columns with other values.

        Parameters
        ----------
        values
            Shape (n_rows, n_indicators).
        direction
            New directions; default the old ones.

        Returns
        -------
        Indicators
            A new object.
        """
        kept = self.direction if direction is None else direction
        return replace(self, values=frozen_array(values), direction=frozen_array(kept))

    def only_units(self, keep: NDArray[np.bool_]) -> Indicators:
        """Give some of the rows.

        Parameters
        ----------
        keep
            True for the rows to keep, (n_rows,).

        Returns
        -------
        Indicators
            A new object.
        """
        return replace(
            self,
            unit=frozen_array(self.unit[keep]),
            period=frozen_array(self.period[keep]),
            values=frozen_array(self.values[keep]),
        )


def as_indicators(
    data: IntoFrame | Indicators,
    *,
    unit: str = "unit",
    indicator: str = "indicator",
    value: str = "value",
    period: str | None = None,
    direction: str | None = "direction",
    pillar: str | None = "pillar",
    parents: Mapping[str, str] | None = None,
    top: str = TOP,
) -> Indicators:
    """Check a long table of indicators and give it the shape of the engine.

    Parameters
    ----------
    data
        One row per unit, indicator and period. A null value and an absent row are both
        missing, never zero. `Indicators` come back as they are.
    unit, indicator, value
        Columns of labels and numbers.
    period
        Column of periods; ``None`` when there is one only.
    direction
        Column with ``"positive"`` or ``"negative"``, the same for all rows of an indicator;
        ``None`` says that more is better everywhere.
    pillar
        Column with the pillar of every indicator; ``None`` puts all below `top`.
    parents
        Pillar to the node above it, for more levels; pillars without one are below `top`.
    top
        Name of the index.

    Returns
    -------
    Indicators
        Rows sorted by period and unit, columns by indicator; O(rows log rows).

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: empty_table, null_key, duplicate_key, not_finite, not_allowed,
        mixed_direction, mixed_pillar, all_missing, broken_tree.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import as_indicators
    >>> rows = pa.table({"unit": ["a", "b", "a"], "indicator": ["x", "x", "y"],
    ...     "value": [1.0, 2.0, 5.0], "direction": ["positive"] * 3, "pillar": ["p"] * 3})
    >>> as_indicators(rows).values.shape
    (2, 2)
    """
    if isinstance(data, Indicators):
        return data
    kind = frame_kind(data)
    table = to_arrow(data)
    asked = {
        "unit": unit,
        "indicator": indicator,
        "value": value,
        "period": period,
        "direction": direction,
        "pillar": pillar,
    }
    require_columns(table, asked)
    labels = {k: _labels(table, v) for k, v in asked.items() if k != "value"}
    numbers = float_column(table, value)
    raise_all(_bad_rows(labels, numbers, asked))
    names, column = labels["indicator"]
    units, periods = labels["unit"], labels["period"]
    rows, row = np.unique(periods[1] * units[0].size + units[1], return_inverse=True)
    problems = _duplicates(row, column, names.size)
    sign = _one_each(column, labels["direction"], "direction", problems, direction)
    pillars = _one_each(column, labels["pillar"], "pillar", problems, pillar)
    raise_all(problems)
    values = np.full((rows.size, names.size), np.nan)
    values[row, column] = numbers
    raise_all(_empty_columns(values, names))
    above = {str(n): str(p) for n, p in zip(names, pillars, strict=True) if p}
    return Indicators(
        unit=frozen_array(units[0][rows % units[0].size]),
        period=frozen_array(periods[0][rows // units[0].size]),
        names=tuple(str(n) for n in names),
        values=frozen_array(values),
        direction=frozen_array(np.array([_DIRECTIONS[str(v)] for v in sign])),
        tree=build_tree([str(n) for n in names], {**above, **(parents or {})}, top=top),
        frame_kind=kind,
    )


def raise_all(problems: list[Problem], where: str = "data") -> None:
    """Raise one error for all problems, if there are any.

    Parameters
    ----------
    problems
        What was found.
    where
        Name of the table.
    """
    if problems:
        word = "problem" if len(problems) == 1 else "problems"
        msg = f"`{where}` has {len(problems)} {word}."
        raise InvalidTableError(msg, problems)


def _labels(table: pa.Table, name: str | None) -> tuple[NDArray[np.str_], IntArray]:
    """Sorted labels and each row's position; null and blank are the empty label."""
    if name is None:
        return np.array([""]), np.zeros(table.num_rows, dtype=np.int64)
    column = table[name]
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    column = pc.fill_null(pc.cast(column, pa.string()), "")
    known, codes = encode_labels(pa.table({name: column}), name)
    trimmed, position = np.unique(np.char.strip(known), return_inverse=True)
    return trimmed, position[codes]


def _bad_rows(
    labels: Mapping[str, tuple[NDArray[np.str_], IntArray]],
    numbers: FloatArray,
    asked: Mapping[str, str | None],
) -> list[Problem]:
    problems: list[Problem] = []
    if numbers.size == 0:
        what = "the table has no row"
        problems.append(Problem(code="empty_table", what=what, where="data"))
    for key in ("unit", "indicator", "period", "pillar"):
        known, codes = labels[key]
        if asked[key] is not None:
            problems += flag_rows(
                (known == "")[codes],
                code="null_key",
                what=f"column '{asked[key]}' has no label",
                where="data",
                column=str(asked[key]),
                fix="drop these rows or give them a label",
            )
    problems += flag_rows(
        np.isinf(numbers),
        code="not_finite",
        what="a value is infinite",
        where="data",
        fix="make it null when it is missing",
    )
    if asked["direction"] is not None:
        known, codes = labels["direction"]
        problems += flag_rows(
            ~np.isin(known, ["positive", "negative"])[codes],
            code="not_allowed",
            what=f"column '{asked['direction']}' is neither positive nor negative",
            where="data",
            column=str(asked["direction"]),
            fix="say 'positive' where more is better and 'negative' where less is",
        )
    return problems


def _duplicates(row: IntArray, column: IntArray, n: int) -> list[Problem]:
    return flag_rows(
        repeated(row * n + column),
        code="duplicate_key",
        what="the same unit, indicator and period occurs more than once",
        where="data",
        fix="name the column `period`, or aggregate first",
    )


def _one_each(
    column: IntArray,
    labels: tuple[NDArray[np.str_], IntArray],
    what: str,
    problems: list[Problem],
    name: str | None,
) -> NDArray[np.str_]:
    """Give the one label that every indicator has in all of its rows."""
    known, codes = labels
    _, first = np.unique(column, return_index=True)
    one = codes[first]
    if name is not None:
        problems += flag_rows(
            codes != one[column],
            code="mixed_labels",
            what=f"an indicator has more than one {what}",
            where="data",
            column=name,
            fix=f"give every indicator one {what}",
        )
    return known[one]


def _empty_columns(values: FloatArray, names: NDArray[np.str_]) -> list[Problem]:
    empty = [str(n) for n in names[np.isnan(values).all(axis=0)]]
    if not empty:
        return []
    return [
        Problem(
            code="all_missing",
            what=f"no unit has a value of {empty[:10]}",
            where="data",
            fix="leave the indicator out: it says nothing",
        )
    ]
