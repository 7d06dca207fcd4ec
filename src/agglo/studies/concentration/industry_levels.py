"""Stage `industry_levels`: the regions by coarser industries, measured in the same way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from agglo.studies.columns import labelled, text_of, texts
from agglo.studies.concentration.cells import coverage_of, jobs_of
from agglo.studies.concentration.prepare import whole_counts
from agglo.studies.concentration.quotients import quotients
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs

__all__ = ["industry_levels", "merged_cells"]

_COARSER = ("parent", "top")
_KEYS = ["region", "industry"]
_BOUNDS = ("employment_lower", "employment_upper")


def industry_levels(inputs: StageInputs) -> StageOutput:
    """Measure every region by the coarser industries of its classification.

    Parameters
    ----------
    inputs
        Tables of stage `prepare`; optional ``establishments``.

    Returns
    -------
    StageOutput
        Table ``industry_levels``: the levels there are, ``industry`` first, ``parent``
        and ``top`` where every industry has one and it is a level of its own. Table
        ``region_levels``: the columns of ``region_industries`` behind the level, for the
        coarser ones; absent where there are none. Document ``industry_level_notes``. A
        coarse cell with a hidden part is hidden.
    """
    known = _levels(inputs)
    parts: list[pa.Table] = []
    hidden: dict[str, Json] = {}
    for level, group in known.items():
        coarse = _coarse(inputs, group)
        if not jobs_of(coarse).total > 0:
            continue
        found = quotients(coarse).tables["region_industries"]
        parts.append(labelled(found, industry_level=level))
        status = pc.is_in(found["status"], pa.array(["missing", "confidential"]))
        hidden[level] = int(pc.sum(status).as_py() or 0)
    tables = {
        "industry_levels": pa.table({"industry_level": texts(["industry", *hidden])})
    }
    if parts:
        # a level without a hidden cell has no bounds
        tables["region_levels"] = pa.concat_tables(parts, promote_options="default")
    facts: dict[str, Json] = {"levels": ["industry", *hidden], "hidden_cells": hidden}
    return StageOutput(tables=tables, documents={"industry_level_notes": facts})


def _levels(inputs: StageInputs) -> dict[str, dict[str, str]]:
    """Give the levels at which every industry has a place, each partition once."""
    table = inputs.result("prepare", "industry_names")
    codes = text_of(table, "industry")
    found: dict[str, dict[str, str]] = {}
    for level in _COARSER:
        groups = text_of(table, level)
        one = dict(zip(codes, groups, strict=True))
        coarser = all(groups) and 1 < len(set(groups)) < len(codes)
        if coarser and one not in found.values():
            found[level] = one
    return found


def _coarse(inputs: StageInputs, group: Mapping[str, str]) -> StageInputs:
    """Give the same inputs with groups in place of industries."""
    cells = merged_cells(inputs.result("prepare", "cells"), group)
    coverage = {**coverage_of(inputs), "counts": whole_counts(cells)}
    tables = {}
    if inputs.has("establishments"):
        plants = inputs.table("establishments")
        tables["establishments"] = _renamed(plants, group)
    return replace(
        inputs,
        tables=tables,
        results={**inputs.results, ("prepare", "cells"): cells},
        documents={**inputs.documents, ("prepare", "coverage"): coverage},
    )


def _renamed(table: pa.Table, group: Mapping[str, str]) -> pa.Table:
    at = table.column_names.index("industry")
    codes = pc.cast(table["industry"], pa.string())
    place = pc.index_in(codes, pa.array(list(group), pa.string()))
    return table.set_column(
        at, "industry", texts([*group.values()]).take(place.combine_chunks())
    )


def merged_cells(cells: pa.Table, group: Mapping[str, str]) -> pa.Table:
    """Add up the cells of the industries of a group; a hidden part hides the whole.

    Parameters
    ----------
    cells
        Region, industry, employment and, where known, establishments, bounds and flag.
    group
        Industry to group.

    Returns
    -------
    pyarrow.Table
        The same columns for groups; bounds hold where the employment is hidden.
    """
    table = _renamed(cells, group)
    hidden = pc.is_null(table["employment"], nan_is_null=True)
    table = _with(table, "employment", pc.if_else(hidden, None, table["employment"]))
    for name in set(_BOUNDS) & set(table.column_names):
        # what is known bounds itself; below, nothing is at least zero
        bound = pc.if_else(hidden, table[name], table["employment"])
        filled = pc.fill_null(bound, 0.0) if name == "employment_lower" else bound
        table = _with(table, name, filled)
    numbers = [
        n for n in ("employment", "establishments", *_BOUNDS) if n in table.column_names
    ]
    whole = pc.ScalarAggregateOptions(skip_nulls=False, min_count=0)
    asked = [(n, "sum", whole) for n in numbers]
    if "flag" in table.column_names:
        secret = pc.and_(hidden, pc.equal(table["flag"], "c"))
        table = table.append_column("secret", secret)
        asked.append(("secret", "any", pc.ScalarAggregateOptions()))
    found = table.group_by(_KEYS, use_threads=False).aggregate(asked)
    columns = {k: found[k] for k in _KEYS} | {n: found[f"{n}_sum"] for n in numbers}
    unknown = pc.is_null(found["employment_sum"])
    for name in set(_BOUNDS) & set(numbers):
        columns[name] = pc.if_else(unknown, columns[name], None)
    if "flag" in table.column_names:
        columns["flag"] = pc.if_else(found["secret_any"], "c", "")
    return pa.table(columns).sort_by([(k, "ascending") for k in _KEYS])


def _with(table: pa.Table, name: str, column: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)
