"""What of a finished project may be released, and in which form.

Private: all that the studies found. Public: numbers computed anew from protected tables;
studies that never touched a single establishment; of the others, the tables that a rule of
`agglo.observatory.public_rules` allows. The rest is left out, by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.typing import Json
from agglo.observatory.page import Text
from agglo.observatory.public_rules import RULES
from agglo.observatory.public_tables import public_study
from agglo.runs import Project, start
from agglo.runs.import_steps import import_of
from agglo.runs.study_steps import union
from agglo.runs.toml_text import import_entry_text, project_text
from agglo.store import read_json, read_table, write_table, write_text
from agglo.studies import STUDIES

__all__ = ["Protected", "protect"]

# rows of these tables are single firms, plants, inventions or ties between them
_MICRO = frozenset(
    {
        "activity",
        "edges",
        "establishments",
        "link_events",
        "links",
        "members",
        "ownership",
        "patents",
    }
)
_NAMES = ("regions", "industries")
_WHY_MICRO = Text(
    "rests on single establishments or ties between them; not released in public mode",
    "依据单个企业或其间联系的数据；公开模式不予发布",
)


@dataclass(frozen=True, eq=False)
class Protected:
    """What goes into a release.

    Parameters
    ----------
    folders
        Study to the folder with its results.
    names
        Tables of names, by name.
    findings
        Study to findings.
    left_out
        What is not released, and why.
    certificate
        How the tables were protected.
    """

    folders: Mapping[str, Path]
    names: Mapping[str, pa.Table]
    findings: dict[str, Json]
    left_out: list[Json] = field(default_factory=list)
    certificate: dict[str, Json] = field(default_factory=dict)

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Give every table to release, by ``<study>.<table>``."""
        for name, table in self.names.items():
            yield f"project.{name}", table
        for study, folder in self.folders.items():
            for path in sorted(folder.glob("*.parquet")):
                table = read_table(path)
                if table.column_names:
                    yield f"{study}.{path.stem}", table

    def words(self) -> Json:
        """Say in both languages what the codes mean that the tables hold.

        The words stand in the modules of the studies, which a server never loads.
        """
        from agglo.observatory.pages.words import WORDED, words_of

        held: dict[str, set[str]] = {}
        for _, table in self.tables():
            for name in WORDED & set(table.column_names):
                if pa.types.is_string(table.schema.field(name).type):
                    values = pc.unique(table[name]).to_pylist()
                    held.setdefault(name, set()).update(v for v in values if v)
        return {
            name: {
                c: t.to_dict() for c, t in words_of(name, sorted(held[name])).items()
            }
            for name in sorted(held)
        }


def protect(
    project: Project, studies: Sequence[str], *, mode: str, scratch: Path
) -> Protected:
    """Choose what a release holds.

    Parameters
    ----------
    project
        The project.
    studies
        Studies with results.
    mode
        ``"private"`` or ``"public"``.
    scratch
        Folder for what is computed anew; the caller removes it.

    Returns
    -------
    Protected
        Folders, names, findings, what is left out and the certificate.

    Raises
    ------
    NotIdentifiedError
        In public mode, when a table cannot be protected.
    """
    results = project.workspace / "results"
    names = _names(project)
    if mode == "private":
        return Protected(
            folders={s: results / s for s in studies},
            names=names,
            findings={s: _findings(results / s) for s in studies},
            certificate={
                "mode": "private",
                "audited": False,
                "why": "for the owner's desk: nothing is suppressed, exports are marked",
            },
        )
    folders: dict[str, Path] = {}
    left_out: list[Json] = []
    certificates: dict[str, Json] = {}
    for study in studies:
        used = {t for s in STUDIES[study].stages for t in (*s.tables, *s.optional)}
        if not used & _MICRO & _present(project, study):
            folders[study] = results / study
        elif study == "concentration":
            folders[study], certificates[study] = _anew(project, scratch)
        elif study in RULES:
            shown = public_study(study, results / study, scratch / "tables" / study)
            folders[study], certificates[study] = shown.folder, shown.certificate
            left_out += shown.left_out
        else:
            left_out.append({"study": study, "reason": _WHY_MICRO.to_dict()})
    return Protected(
        folders=folders,
        names=names,
        findings={s: _findings(folder) for s, folder in folders.items()},
        left_out=left_out,
        certificate={
            "mode": "public",
            "audited": True,
            "tables": certificates,
            "left_out": left_out,
        },
    )


def _present(project: Project, study: str) -> set[str]:
    """Name the tables that imports for this study have filled."""
    folder = project.workspace / "tables"
    serving = [e.id for e in project.imports if e.serves(study)]
    return {
        path.parent.name
        for path in folder.glob("*/*.parquet")
        if import_of(path.stem, serving)
    }


def _findings(folder: Path) -> Json:
    return read_json(folder / "findings.json")


def _names(project: Project) -> dict[str, pa.Table]:
    """Give regions and industries with the world they belong to."""
    serving = {e.id: e.studies for e in project.imports}
    found: dict[str, pa.Table] = {}
    for name in _NAMES:
        parts = []
        for path in sorted((project.workspace / "tables" / name).glob("*.parquet")):
            table = read_table(path)
            source = import_of(path.stem, serving)
            studies = serving[source] if source else None
            world = " ".join(studies) if studies else ""
            column = pa.array([world] * table.num_rows, pa.string())
            parts.append(table.append_column("world", column))
        if parts:
            found[name] = pa.concat_tables(parts, promote_options="permissive")
    return found


def _anew(project: Project, scratch: Path) -> tuple[Path, Json]:
    """Protect the activity table and run the concentration study on what is left."""
    from agglo.store.disclosure import (
        cells_from_records,
        cells_from_totals,
        suppress_cells,
    )

    serving = [e.id for e in project.imports if e.serves("concentration")]
    if "establishments" in _present(project, "concentration"):
        source = _served(project, "establishments", serving)
        cells = cells_from_records(
            _known(source, "employment"),
            dimensions=("region", "industry"),
            value="employment",
            holding="firm" if "firm" in source.column_names else None,
        )
    else:
        source = _latest(_served(project, "activity", serving))
        cells = cells_from_totals(
            _known(_known(source, "employment"), "establishments"),
            dimensions=("region", "industry"),
            value="employment",
            contributors="establishments",
        )
    table = suppress_cells(cells)
    shadow = scratch / "public"
    rows = table.to_arrow()
    leaf = pc.and_(
        pc.not_equal(rows["region"], "total"), pc.not_equal(rows["industry"], "total")
    )
    # an absent row would say zero: hidden cells stay, as null
    occupied = pc.or_kleene(
        pc.is_null(rows["employment"]), pc.greater(rows["employment"], 0)
    )
    rows = rows.filter(pc.and_(leaf, occupied))
    period = pa.array(["released"] * rows.num_rows, pa.string())
    _shadow_project(project, shadow, rows.append_column("period", period), serving)
    start(shadow, "concentration")
    return shadow / "results" / "concentration", table.certificate(public=True)


def _shadow_project(
    project: Project, folder: Path, activity: pa.Table, serving: Sequence[str]
) -> None:
    """Write a project whose activity is the protected one."""
    text = project_text(
        project.name,
        project.title,
        project.file.project.language,
        project.file.project.seed,
        generated=project.file.project.generated,
    )
    tables = {"activity": activity}
    for name in ("regions", "industries", "definitions", "priorities"):
        if (project.workspace / "tables" / name).is_dir():
            tables[name] = _served(project, name, serving)
    for name, table in tables.items():
        write_table(folder / "released" / f"{name}.parquet", table)
        text += "\n" + import_entry_text(
            name, "table", [f"released/{name}.parquet"], {"table": name}
        )
    write_text(folder / "agglo.toml", text)


def _served(project: Project, name: str, serving: Sequence[str]) -> pa.Table:
    folder = project.workspace / "tables" / name
    return union(
        [p for p in sorted(folder.glob("*.parquet")) if import_of(p.stem, serving)]
    )


def _known(table: pa.Table, column: str) -> pa.Table:
    return table.filter(pc.is_valid(table[column]))


def _latest(table: pa.Table) -> pa.Table:
    if "period" not in table.column_names:
        return table
    latest = max(np.unique(table["period"].to_numpy(zero_copy_only=False)).tolist())
    return table.filter(pc.equal(table["period"], latest))
