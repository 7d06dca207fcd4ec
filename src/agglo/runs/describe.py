"""What there is: in the library, and in a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from agglo.core.results import version
from agglo.core.typing import Json
from agglo.runs.import_steps import import_of
from agglo.runs.manifest import Manifest
from agglo.runs.project import Project
from agglo.runs.study_steps import missing_tables, tables_for

if TYPE_CHECKING:
    from agglo.runs.launch import Registry

__all__ = ["describe_library", "describe_project"]


def describe_library(registry: Registry | None = None) -> dict[str, Json]:
    """Give version, sources and studies of the library.

    Parameters
    ----------
    registry
        Studies and readers; those of the library when ``None``.

    Returns
    -------
    dict
        ``version``, ``sources`` and ``studies`` with one line each.
    """
    from agglo.runs.launch import Registry as _Registry

    known = registry or _Registry.installed()
    return {
        "version": version(),
        "sources": {n: known.readers[n].summary for n in sorted(known.readers)},
        "studies": {n: known.studies[n].question["en"] for n in known.studies},
    }


def describe_project(
    path: str | Path, registry: Registry | None = None
) -> dict[str, Json]:
    """Give imports, tables, results and what studies lack.

    Parameters
    ----------
    path
        Project folder.
    registry
        Studies and readers; those of the library when ``None``.

    Returns
    -------
    dict
        Plain values; nothing is computed and nothing written.

    Raises
    ------
    RunError
        With every problem of ``agglo.toml``, or if the manifest is damaged.
    """
    from agglo.runs.launch import Registry as _Registry

    known = registry or _Registry.installed()
    project = Project.open(path)
    manifest = Manifest.load(project.workspace)
    names = manifest.artefacts if manifest else {}
    rows: dict[str, int] = {}
    imports: dict[str, tuple[str, ...]] = {}
    ids = {e.id for e in project.imports}
    counts: dict[str, int] = {}
    for name in names:
        top, _, rest = name.partition("/")
        if top == "tables" and name.endswith(".parquet"):
            table = rest.split("/")[0]
            rows[table] = rows.get(table, 0) + _n_rows(project.workspace / name)
            source = import_of(Path(name).stem, ids)
            if source is not None:
                imports[table] = (*imports.get(table, ()), source)
        elif top == "results":
            study = rest.split("/")[0]
            counts[study] = counts.get(study, 0) + 1
    lacking = {
        n: missing_tables(known.studies[n], tables_for(project, n, imports))
        for n in known.studies
    }
    return {
        "name": project.name,
        "title": project.title,
        "folder": str(project.root),
        "language": project.file.project.language,
        "seed": project.file.project.seed,
        "generated": project.file.project.generated,
        "imports": {e.id: f"{e.source}: {', '.join(e.files)}" for e in project.imports},
        "tables": {t: f"{n:,} rows" for t, n in sorted(rows.items())},
        "results": {s: f"{n} artefacts" for s, n in sorted(counts.items())},
        "missing": {n: list(t) for n, t in lacking.items() if t},
    }


def _n_rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows) if path.is_file() else 0
