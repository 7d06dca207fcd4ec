"""The check as a step: every table against its schema, references included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from agglo.runs.project import Project

__all__ = ["CHECK_ID", "CHECK_REPORT", "check_step"]

CHECK_ID = "check"
CHECK_REPORT = "tables/check.json"


def check_step(project: Project) -> Step:
    """Make the step that checks all tables of a project together.

    Tables that no study reads side by side are not held against each other: an import
    that is meant for some studies is checked with what these studies read.

    Parameters
    ----------
    project
        The project.

    Returns
    -------
    Step
        It writes ``tables/check.json`` and raises with every problem of every table.
    """
    serving = {e.id: e.studies for e in project.imports if e.studies is not None}
    return Step(
        id=CHECK_ID,
        label="check tables",
        code=(_work, check_table, check_outliers),
        parameters={"studies": to_json(serving)},
        reads=("tables/",),
        work=partial(_work, serving),
    )


def _work(serving: Mapping[str, Sequence[str]], context: StepContext) -> None:
    problems: list[Problem] = []
    report: list[Json] = []
    views = _views(serving, context)
    for done, (world, parts) in enumerate(views):
        context.progress(done, len(views), world or "tables")
        tables = {name: union(paths) for name, paths in sorted(parts.items())}
        for name, table in tables.items():
            where = f"table {name} of {world}" if world else f"table {name}"
            checked = check_table(table, name, where=where, references=tables)
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


def _views(
    serving: Mapping[str, Sequence[str]], context: StepContext
) -> list[tuple[str, dict[str, list[Path]]]]:
    """Give the tables that are read side by side, each with the studies that read them."""
    imports = [i.removeprefix("import/") for i in context.inputs]
    studies = sorted({s for names in serving.values() for s in names})
    read: dict[tuple[str, ...], list[str]] = {}
    for study in studies or [""]:
        seen = tuple(i for i in imports if study in serving.get(i, (study,)))
        read.setdefault(seen, []).append(study)
    views = []
    for seen, names in read.items():
        parts: dict[str, list[Path]] = {}
        for entry in seen:
            for name, path in context.inputs[f"import/{entry}"].items():
                if name.endswith(".parquet"):
                    parts.setdefault(name.split("/")[1], []).append(path)
        views.append((", ".join(n for n in names if n), parts))
    return views


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
