"""Study stages as steps: declared tables in, tables, documents and files out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

from agglo.core.errors import Problem, RunError, suggest
from agglo.core.results import to_json
from agglo.core.typing import Json
from agglo.runs.steps import Step, StepContext
from agglo.store import read_json, read_table
from agglo.studies.contract import (
    Origin,
    ProjectFacts,
    Stage,
    StageInputs,
    StageOutput,
    Study,
)

if TYPE_CHECKING:
    from agglo.runs.project import Project

__all__ = ["missing_tables", "stage_id", "study_steps", "tables_for", "union"]

FINDINGS = "findings"
REPORT = "report.html"
PROVENANCE = "_provenance"
FINDING_KEYS = (
    "id",
    "question",
    "answer",
    "estimate",
    "interval",
    "null",
    "p",
    "reading",
    "evidence",
    "truth",
)
# in Chinese too, as the studies of the library do
CHINESE_KEYS = frozenset(
    f"{key}_zh"
    for key in ("question", "answer", "reading", "estimate", "null", "truth")
)

Key = TypeVar("Key")
Value = TypeVar("Value")


def stage_id(study: str, stage: str) -> str:
    """Give the step id of a stage.

    Parameters
    ----------
    study, stage
        Names.

    Returns
    -------
    str
        For example ``"study/concentration/profile"``.
    """
    return f"study/{study}/{stage}"


def missing_tables(
    study: Study, tables: Mapping[str, object], *, asked: bool = False
) -> tuple[str, ...]:
    """List the tables that a study needs and the project does not have.

    Parameters
    ----------
    study
        The study.
    tables
        Tables of the project, by name.
    asked
        Whether the study was asked for by name, so that it may judge alternatives itself.

    Returns
    -------
    tuple of str
        Sorted names; empty when the study can run.
    """
    needed = {t for stage in study.stages for t in stage.tables}
    if not asked and study.alternatives:
        # the set that lacks least
        needed |= set(min(study.alternatives, key=lambda s: len(set(s) - set(tables))))
    return tuple(sorted(needed - set(tables)))


def tables_for(
    project: Project, study: str, tables: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Give the tables that a study may read.

    Parameters
    ----------
    project
        The project.
    study
        Name of the study.
    tables
        Project table to the ids of the imports that fill it.

    Returns
    -------
    dict
        Without the imports that are meant for other studies, and without tables that
        only these fill.
    """
    serving = {e.id for e in project.imports if e.serves(study)}
    kept = {t: tuple(i for i in ids if i in serving) for t, ids in tables.items()}
    return {t: ids for t, ids in kept.items() if ids}


def study_steps(
    project: Project,
    study: Study,
    options: object,
    tables: Mapping[str, tuple[str, ...]],
) -> tuple[Step, ...]:
    """Make one step per stage of a study.

    Parameters
    ----------
    project
        The project.
    study
        The study.
    options
        Its options object.
    tables
        Project table to the ids of the imports that fill it.

    Returns
    -------
    tuple of Step
        In the order of the stages.
    """
    used = {t for s in study.stages for t in (*s.tables, *s.optional)}
    served = tables_for(project, study.name, tables)
    imports = sorted({i for t in used for i in served.get(t, ())})
    origins = tuple(f"tables/import-{i}.json" for i in imports)
    return tuple(
        _step(project, study, stage, options, origins) for stage in study.stages
    )


def _step(
    project: Project,
    study: Study,
    stage: Stage,
    options: object,
    origins: tuple[str, ...],
) -> Step:
    section = project.file.project
    names = (*stage.tables, *stage.optional)
    return Step(
        id=stage_id(study.name, stage.name),
        label=f"{study.name}: {stage.name}",
        code=(stage.run, _work),
        parameters={
            "study": study.name,
            "stage": stage.name,
            "options": to_json(options),
            "seed": section.seed,
            "title": project.title,
            "language": section.language,
            "generated": section.generated,
        },
        reads=(*(f"tables/{t}/" for t in names), *origins),
        reads_all_of=tuple(stage_id(study.name, a) for a in stage.after),
        skips=tuple(
            f"import/{e.id}" for e in project.imports if not e.serves(study.name)
        ),
        work=partial(_work, project, study, stage, options),
    )


def _work(
    project: Project, study: Study, stage: Stage, options: object, context: StepContext
) -> None:
    inputs = _inputs(project, study, stage, options, context)
    output = stage.run(inputs)
    if stage is study.stages[-1]:
        _check_last(study, output)
    base = f"results/{study.name}"
    stamp: dict[str, Json] = {
        "study": study.name,
        "stage": stage.name,
        **inputs.provenance(),
    }
    for name, table in output.tables.items():
        context.folder.table(f"{base}/{name}.parquet", table, stamp)
    for name, document in output.documents.items():
        context.folder.document(f"{base}/{name}.json", _stamped(document, stamp))
    for name, data in output.files.items():
        context.folder.file(f"{base}/{name}", data)


def _stamped(document: Json, stamp: dict[str, Json]) -> Json:
    """Add where a document comes from; a list, such as the findings, has no place for it."""
    return {PROVENANCE: stamp, **document} if isinstance(document, dict) else document


def _read_document(path: Path) -> Json:
    document = read_json(path)
    if isinstance(document, dict):
        return {k: v for k, v in document.items() if k != PROVENANCE}
    return document


def _inputs(
    project: Project, study: Study, stage: Stage, options: object, context: StepContext
) -> StageInputs:
    parts: dict[str, list[Path]] = {}
    origins: list[Origin] = []
    results: dict[tuple[str, str], Path] = {}
    documents: dict[tuple[str, str], Path] = {}
    earlier = {stage_id(study.name, a): a for a in stage.after}
    base = f"results/{study.name}/"
    for step, files in context.inputs.items():
        for name, path in files.items():
            if name.startswith("tables/import-"):
                origins += _read_origins(path)
            elif name.startswith("tables/"):
                parts.setdefault(name.split("/")[1], []).append(path)
            elif step in earlier and name.endswith(".parquet"):
                short = name.removeprefix(base).removesuffix(".parquet")
                results[earlier[step], short] = path
            elif step in earlier and name.endswith(".json"):
                short = name.removeprefix(base).removesuffix(".json")
                documents[earlier[step], short] = path
    section = project.file.project
    return StageInputs(
        tables=_Loaded(parts, union, "table"),
        results=_Loaded(results, read_table, f"result for stage '{stage.name}'"),
        documents=_Loaded(
            documents, _read_document, f"document for stage '{stage.name}'"
        ),
        options=options,
        seed=section.seed,
        project=ProjectFacts(
            title=project.title,
            language=section.language,
            generated=section.generated,
            origins=tuple(origins),
        ),
        progress=context.progress,
    )


def union(paths: list[Path]) -> pa.Table:
    """Read the parts of a table and put them below each other.

    Parameters
    ----------
    paths
        Parquet files; columns are joined by name, absent ones become null.

    Returns
    -------
    pyarrow.Table
        Rows of the parts in the order of `paths`.
    """
    parts = [read_table(p) for p in paths]
    if len(parts) == 1:
        return parts[0]
    return pa.concat_tables(parts, promote_options="permissive")


def _read_origins(path: Path) -> list[Origin]:
    document = read_json(path)
    origins: list[Origin] = []
    seen: list[Json] = []
    tables = document.get("tables") if isinstance(document, dict) else None
    for part in tables if isinstance(tables, list) else []:
        raw = part.get("origin") if isinstance(part, dict) else None
        if not isinstance(raw, dict) or raw in seen:
            continue
        seen.append(raw)
        files = raw.get("files")
        pairs = (
            [f for f in files if isinstance(f, dict)] if isinstance(files, list) else []
        )
        origins.append(
            Origin(
                title=str(raw.get("title", "")),
                publisher=str(raw.get("publisher", "")),
                licence=str(raw.get("licence", "")),
                citation=str(raw.get("citation", "")),
                files=tuple((str(f["name"]), str(f["sha256"])) for f in pairs),
            )
        )
    return origins


def _check_last(study: Study, output: StageOutput) -> None:
    """Hold the last stage to the contract of all studies."""
    problems: list[Problem] = []
    where = f"study '{study.name}'"
    found = output.documents.get(FINDINGS)
    if not isinstance(found, list):
        what = "the last stage gives no list of findings"
        problems.append(Problem(code="no_findings", what=what, where=where))
        found = []
    for n, finding in enumerate(found, 1):
        keys = set(finding) if isinstance(finding, dict) else set()
        if keys - CHINESE_KEYS != set(FINDING_KEYS):
            what = (
                f"finding {n} has the keys {sorted(keys)}, not {sorted(FINDING_KEYS)}"
            )
            problems.append(Problem(code="finding_keys", what=what, where=where))
    if REPORT not in output.files:
        what = f"the last stage gives no {REPORT}"
        problems.append(Problem(code="no_report", what=what, where=where))
    if problems:
        msg = f"The study '{study.name}' breaks the contract."
        raise RunError(msg, problems)


class _Loaded(Mapping[Key, Value]):
    """Values that are read from disk when they are asked for."""

    def __init__(self, sources: Mapping[Key, object], read: object, what: str) -> None:
        self._sources = dict(sources)
        self._read = read
        self._what = what

    def __getitem__(self, key: Key) -> Value:
        if key not in self._sources:
            known = [str(k) for k in self._sources]
            hint = suggest(str(key), known)
            msg = f"There is no {self._what} {key!r}. {hint}".rstrip()
            msg += f" Known: {sorted(known)}"
            raise RunError(msg)
        value: Value = self._read(self._sources[key])  # type: ignore[operator]
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._sources

    def __iter__(self) -> Iterator[Key]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)
