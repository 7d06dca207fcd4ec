"""Writing the plain tables of the study, failures included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.columns import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.errors import AggloError
    from agglo.studies.contract import StageInputs

__all__ = ["industry_codes", "reason_of", "row_table"]


def industry_codes(inputs: StageInputs, table: pa.Table, column: str) -> list[str]:
    """Read industries, cut to the length that the study compares."""
    digits = inputs.options_as(CoagglomerationOptions).industry_digits
    found = text_of(table, column)
    return [v[:digits] for v in found] if digits else found


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
