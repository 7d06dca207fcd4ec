"""Choosing and joining rows of the study's tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import as_text, float_column
from agglo.studies.columns import text_of, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


__all__ = ["among", "commonest", "shares_of", "stacked", "with_column"]


def among(table: pa.Table, name: str, values: Iterable[str]) -> pa.Table:
    """Keep the rows whose text is among the values."""
    wanted = pa.array(sorted(set(values)), pa.string())
    return table.filter(pc.is_in(as_text(table[name]), value_set=wanted))


def commonest(words: Iterable[str]) -> str:
    """Give the word that occurs most, the first in order of those; empty without any."""
    count = Counter(words)
    return max(sorted(count), key=lambda k: count[k]) if count else ""


def shares_of(concordance: pa.Table) -> list[tuple[str, str, float]]:
    """Give source, target and share of every row; without weights all shares are 1."""
    share = (
        np.nan_to_num(float_column(concordance, "weight"))
        if "weight" in concordance.column_names
        else np.ones(concordance.num_rows)
    )
    ends = text_of(concordance, "source"), text_of(concordance, "target")
    return list(zip(*ends, share.tolist(), strict=True))


def with_column(table: pa.Table, name: str, values: Sequence[str]) -> pa.Table:
    """Set or add a column of text."""
    column = texts(values)
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, column)
    return table.append_column(name, column)


def stacked(parts: Sequence[pa.Table], empty: Mapping[str, pa.DataType]) -> pa.Table:
    """Join tables of one shape; without any, an empty one of the shape given.

    A column of words in which nothing is known comes back as words that are null.
    """
    if parts:
        return pa.concat_tables([_with_words(p, empty) for p in parts])
    return pa.table({k: pa.array([], t) for k, t in empty.items()})


def _with_words(table: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    for name, kind in types.items():
        if name not in table.column_names or not pa.types.is_string(kind):
            continue
        found = table[name].type
        if pa.types.is_floating(found) or pa.types.is_null(found):
            at = table.column_names.index(name)
            nothing = pa.nulls(table.num_rows, pa.string())
            table = table.set_column(at, name, nothing)
    return table
