"""Columns of text without nulls, and lists written in one cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.frames import string_column

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["split_nodes", "texts_of"]


def texts_of(table: pa.Table, name: str, default: str = "") -> NDArray[np.str_]:
    """Give a column as trimmed text; null, empty or an absent column is `default`."""
    if name not in table.column_names:
        return np.full(table.num_rows, default)
    values = string_column(table, name)
    trimmed = (v.strip() if v else "" for v in values)
    return np.array([t or default for t in trimmed], dtype=np.str_)


def split_nodes(texts: NDArray[np.str_]) -> list[tuple[str, ...]]:
    """Split semicolon lists of nodes, each node once, in the order written."""
    return [
        tuple(dict.fromkeys(p.strip() for p in str(t).split(";") if p.strip()))
        for t in texts
    ]
