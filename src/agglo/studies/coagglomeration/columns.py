"""Writing the plain tables of the study, failures included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.errors import AggloError

__all__ = ["reason_of", "row_table"]


def reason_of(error: AggloError) -> str:
    """Write a failure as its code and what happened."""
    code = error.problems[0].code if error.problems else "no_convergence"
    return f"{code}: {error.message}"


def row_table(
    rows: Sequence[Mapping[str, object]], types: Mapping[str, pa.DataType]
) -> pa.Table:
    """Write rows as a table with these columns, also where there is no row."""
    return pa.table(
        {k: pa.array([r.get(k) for r in rows], kind) for k, kind in types.items()}
    )
