"""The check as a step: every table against its schema, references included."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.checks import check_table
from agglo.core.errors import InvalidTableError, Problem
from agglo.core.outliers import check_outliers
from agglo.core.results import to_json
from agglo.core.schema import table_schema
from agglo.core.typing import Json
from agglo.runs.steps import Step, StepContext
from agglo.runs.study_steps import union

__all__ = ["CHECK_ID", "CHECK_REPORT", "check_step"]

CHECK_ID = "check"
CHECK_REPORT = "tables/check.json"


def check_step() -> Step:
    """Make the step that checks all tables of a project together.

    Returns
    -------
    Step
        It writes ``tables/check.json`` and raises with every problem of every table.
    """
    return Step(
        id=CHECK_ID,
        label="check tables",
        code=(_work, check_table, check_outliers),
        parameters={},
        reads=("tables/",),
        work=partial(_work),
    )


def _work(context: StepContext) -> None:
    parts: dict[str, list[Path]] = {}
    for files in context.inputs.values():
        for name, path in files.items():
            if name.endswith(".parquet"):
                parts.setdefault(name.split("/")[1], []).append(path)
    tables = {name: union(paths) for name, paths in sorted(parts.items())}
    problems: list[Problem] = []
    report: list[Json] = []
    for done, (name, table) in enumerate(tables.items()):
        context.progress(done, len(tables), name)
        checked = check_table(table, name, where=f"table {name}", references=tables)
        problems += checked.problems
        odd = list(checked.warnings)
        if not checked.problems:
            odd += _outliers(name, table)
        context.folder.notes.extend(str(w) for w in odd)
        warnings: list[Json] = [to_json(w.to_dict()) for w in odd]
        report.append({"table": name, "rows": table.num_rows, "warnings": warnings})
    if problems:
        plural = "s" if len(problems) != 1 else ""
        msg = f"The tables have {len(problems)} problem{plural}; nothing was changed."
        raise InvalidTableError(msg, problems)
    context.folder.document(CHECK_REPORT, report)


def _outliers(name: str, table: pa.Table) -> list[Problem]:
    """Find lost decimal points in the series that all imports make up together."""
    schema = table_schema(name)
    there = set(table.column_names)
    by = [k for k in schema.key if k != "period" and k in there]
    if "period" not in there or "period" not in schema.key or not by:
        return []
    measures = [c.name for c in schema.columns if c.role == "measure"]
    found: list[Problem] = []
    for measure in measures:
        if measure in there and _any_positive(table[measure]):
            found += check_outliers(table, by=by, value=measure, where=f"table {name}")
    return found


def _any_positive(values: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.greater(values, 0)).as_py())
