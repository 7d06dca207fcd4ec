"""Writing the plain tables of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


__all__ = ["row_table"]


def row_table(
    rows: Sequence[Mapping[str, object]], types: Mapping[str, pa.DataType]
) -> pa.Table:
    """Write rows as a table with these columns, also where there is no row."""
    return pa.table(
        {k: pa.array([r.get(k) for r in rows], kind) for k, kind in types.items()}
    )
