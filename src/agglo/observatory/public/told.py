"""Numbers of estimates as equations in what is hidden, counted over all public releases.

An estimate that an earlier release told stays known: computed with other options from the
same data it is one more equation, not another way to say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Number", "Told", "joined", "numbers_of", "numbers_table", "read_numbers"]

# columns that follow from others of their row, or from the design alone
_FOLLOWS = frozenset(
    [
        "lower",
        "upper",
        "p",
        "q",
        "k",
        "m",
        "lon",
        "lat",
        "cutoff_km",
        "cells",
        "n",
        "n_treated",
        "n_control",
        "df",
        "weight",
        "nobs",
        "islands",
        "n_links",
        "band_lower",
        "band_upper",
        "unmatched",
    ]
)


class Number(NamedTuple):
    """One released number that follows from no other one of its table.

    Parameters
    ----------
    period
        Period it is of; empty for all.
    table, column
        Where it stands.
    value
        What it says.
    """

    period: str
    table: str
    column: str
    value: float


Told: TypeAlias = Mapping[str, AbstractSet[Number]]
"""What a number is about, an outcome or a layer, to numbers."""


def numbers_of(
    name: str, table: pa.Table, of: Sequence[str], *, by_period: bool = False
) -> dict[str, set[Number]]:
    """Collect the different numbers of a table that follow from no others.

    Parameters
    ----------
    name
        Name of the table.
    table
        Table of estimates.
    of
        What every row is about.
    by_period
        Whether numbers are equations in the values of their own period alone.

    Returns
    -------
    dict
        What rows are about to their numbers. Equal numbers of a column count once.
    """
    subject = np.array(of, dtype=object)
    periods = np.full(table.num_rows, "", dtype=object)
    if by_period:
        periods[:] = [str(p) for p in table["period"].to_pylist()]
    found: dict[str, set[Number]] = {one: set() for one in sorted(set(of))}
    for column in table.column_names:
        kind = table.schema.field(column).type
        if column in _FOLLOWS or not pa.types.is_floating(kind):
            continue
        values = pc.cast(table[column], pa.float64()).to_numpy()
        for one in found:
            for period in sorted(set(periods)):
                mine = (subject == one) & (periods == period) & np.isfinite(values)
                told = np.unique(values[mine]).tolist()
                found[one] |= {Number(period, name, column, v) for v in told}
    return found


def joined(parts: Iterable[Told]) -> dict[str, set[Number]]:
    """Put numbers of several tables or releases together.

    Parameters
    ----------
    parts
        What they are about to numbers.

    Returns
    -------
    dict
        Every number once.
    """
    found: dict[str, set[Number]] = {}
    for part in parts:
        for of, numbers in part.items():
            found.setdefault(of, set()).update(numbers)
    return found


def numbers_table(told: Told) -> pa.Table:
    """Write numbers as a table, in a fixed order.

    Parameters
    ----------
    told
        What they are about to numbers.

    Returns
    -------
    pyarrow.Table
        Columns ``of``, ``period``, ``table``, ``column``, ``value``.
    """
    rows = [(of, *number) for of in sorted(told) for number in sorted(told[of])]
    names = ("of", "period", "table", "column", "value")
    kinds = (*[pa.string()] * 4, pa.float64())
    return pa.table(
        {
            name: pa.array([row[k] for row in rows], kind)
            for k, (name, kind) in enumerate(zip(names, kinds, strict=True))
        }
    )


def read_numbers(table: pa.Table) -> dict[str, set[Number]]:
    """Read what `numbers_table` wrote.

    Parameters
    ----------
    table
        Such a table.

    Returns
    -------
    dict
        What numbers are about to numbers.
    """
    found: dict[str, set[Number]] = {}
    for row in table.to_pylist():
        number = Number(row["period"], row["table"], row["column"], row["value"])
        found.setdefault(str(row["of"]), set()).add(number)
    return found
