"""The gate: what a finished run shows, written once as a release that pages may read.

A release is a folder of its own under ``release/``. It is built beside the earlier ones
and becomes current by one rename, so readers never see half of it. Everything the
observatory serves comes from the current release and from nowhere else.
"""

from __future__ import annotations

import filecmp
import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa

from agglo.core.errors import RunError, StoreError
from agglo.core.options import check_choice
from agglo.core.results import digest_of, version
from agglo.core.typing import Json
from agglo.observatory.catalogue import (
    source_table,
    study_table,
    study_texts,
    table_table,
)
from agglo.observatory.geometry import Boundaries, boundaries_of
from agglo.observatory.spelling import spelling_table
from agglo.runs import Manifest, Project
from agglo.runs.hashes import hash_file
from agglo.runs.progress import Progress, SilentProgress
from agglo.store import (
    locked,
    read_json,
    read_table,
    write_json,
    write_table,
    write_text,
)
from agglo.studies import STUDIES

if TYPE_CHECKING:
    from agglo.observatory.protection import Protected

__all__ = [
    "CATALOGUE",
    "CURRENT",
    "FOLDER",
    "FORMAT",
    "LEDGER",
    "Mode",
    "Release",
    "build_release",
    "current_release",
    "id_of",
    "is_current",
    "open_release",
    "read_release",
]

Mode: TypeAlias = Literal["private", "review", "public"]

CURRENT: Mapping[Mode, str] = {
    "private": "current",
    "review": "current-review",
    "public": "current-public",
}
FORMAT = 7
GEOMETRY = "geometry.json"
_NO_GEOMETRY = b'{"type":"FeatureCollection","features":[]}'
FOLDER = "release"
CATALOGUE = "release.json"
LEDGER = "ledger"
_ID = 16
# building a release of a large project takes minutes; whoever waits longer is told
_WAIT_SECONDS = 1800.0


@dataclass(frozen=True, eq=False)
class Release:
    """One release, open for reading.

    Parameters
    ----------
    folder
        Folder with ``release.json`` and the tables.
    catalogue
        What is in it.
    """

    folder: Path
    catalogue: Mapping[str, Json]

    @property
    def id(self) -> str:
        """Name of the release, a hash of what it holds."""
        return str(self.catalogue["id"])

    @cached_property
    def tables(self) -> Mapping[str, Mapping[str, Json]]:
        """Name, ``<study>.<table>``, to its entry in the catalogue."""
        return _objects(self.catalogue["tables"])

    @property
    def files(self) -> Mapping[str, str]:
        """SHA-256 of the bytes of every file beside ``release.json``, by name."""
        found = self.catalogue["files"]
        return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    def __contains__(self, name: object) -> bool:
        """Say whether the release has this table."""
        return name in self.tables

    def table(self, name: str) -> pa.Table:
        """Give a released table.

        Parameters
        ----------
        name
            ``<study>.<table>``, a key of `tables`.

        Returns
        -------
        pyarrow.Table
            The table.

        Raises
        ------
        StoreError
            If the release has no such table.
        """
        if name not in self.tables:
            msg = f"Release {self.id} has no table '{name}'."
            raise StoreError(msg)
        return read_table(self.folder / str(self.tables[name]["file"]))

    @property
    def geometry(self) -> bytes:
        """Outlines of the maps as GeoJSON text; none where the project has none."""
        if not self.catalogue["boundaries"]:
            return _NO_GEOMETRY
        try:
            return (self.folder / GEOMETRY).read_bytes()
        except OSError as error:
            msg = f"Release {self.id} has lost its boundaries. Build it anew."
            raise StoreError(msg) from error

    def findings(self, study: str) -> list[Mapping[str, Json]]:
        """Give the findings of a study, none when it was not released."""
        found = _objects(self.catalogue["findings"]).get(study)
        return (
            [f for f in found if isinstance(f, dict)] if isinstance(found, list) else []
        )


def _objects(value: Json) -> dict[str, dict[str, Json]]:
    """Read a JSON object of objects; anything else is a damaged catalogue."""
    if not isinstance(value, dict):
        msg = "The catalogue of the release is damaged. Delete its folder and serve again."
        raise StoreError(msg)
    return value  # type: ignore[return-value]


def open_release(project: Path, *, mode: Mode = "private") -> Release:
    """Open the current release of a project.

    Parameters
    ----------
    project
        Project folder.
    mode
        Which of the two; a public release never takes the place of a private one.

    Returns
    -------
    Release
        For reading only.

    Raises
    ------
    RunError
        If nothing was released yet.
    StoreError
        If the release is damaged.
    """
    pointer = project / FOLDER / CURRENT[mode]
    try:
        name = pointer.read_text("utf-8").strip()
    except OSError as error:
        msg = f"{project} has no {mode} release. Make one with `agglo serve --mode {mode}`."
        raise RunError(msg) from error
    release = read_release(project / FOLDER / Path(name).name)
    if release.catalogue.get("mode") != mode:
        msg = f"{release.folder} is no {mode} release. Build it anew."
        raise StoreError(msg)
    return release


def read_release(folder: Path) -> Release:
    """Open the release in a folder, current or not.

    Parameters
    ----------
    folder
        Folder with ``release.json``.

    Returns
    -------
    Release
        For reading only.

    Raises
    ------
    StoreError
        If it is none, or of another version of agglo.
    """
    catalogue = read_json(folder / CATALOGUE)
    if not isinstance(catalogue, dict) or catalogue.get("format") != FORMAT:
        msg = f"{folder} is no release this version can read. Build it anew."
        raise StoreError(msg)
    return Release(folder, catalogue)


def id_of(catalogue: Mapping[str, Json]) -> str:
    """Give the name of a release: the hash of all that its catalogue holds.

    Parameters
    ----------
    catalogue
        With or without its ``id``.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    return digest_of({k: v for k, v in catalogue.items() if k != "id"})[:_ID]


def build_release(
    project: Path | Project, *, mode: Mode = "private", progress: Progress | None = None
) -> Release:
    """Write what the finished studies of a project show, and make it current.

    Parameters
    ----------
    project
        Project whose studies have run.
    mode
        ``"private"`` for the owner's desk: everything the studies found, unsafe cells
        marked. ``"public"``: only what passes disclosure control, checked with every
        public release before it; what rests on single establishments is left out, with
        the reason. ``"review"``: what public would show, with rules and reasons in sight.
    progress
        Told what is audited, and how far.

    Returns
    -------
    Release
        The release, current from now on. The same results give the same release.

    Raises
    ------
    RunError
        If no study has run.
    NotIdentifiedError
        In public mode, when no pattern of suppressed cells protects a table.
    OptionError
        For an unknown mode, or a ``disclosure.toml`` that cannot be read.
    """
    check_choice("mode", mode, tuple(CURRENT))
    opened = project if isinstance(project, Project) else Project.open(project)
    manifest = Manifest.load(opened.workspace)
    results = opened.workspace / "results"
    studies = [n for n in STUDIES if (results / n / "findings.json").is_file()]
    if manifest is None or not studies:
        msg = f"{opened.root} has no results yet. Run its studies with `agglo run`."
        raise RunError(msg)
    root = opened.workspace / FOLDER
    with locked(root, wait=_WAIT_SECONDS):
        _clear_drafts(root)
        draft = root / f".{uuid.uuid4().hex}"
        draft.mkdir()
        try:
            return _publish(draft, opened, studies, manifest, mode, progress)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            if progress is not None:
                progress.failed(_label(mode))
            raise


def _label(mode: Mode) -> str:
    return f"{mode} release"


def _same_files(one: Path, other: Path) -> bool:
    """Say whether two folders hold the same files, byte for byte."""
    names = {p.name for p in one.iterdir()}
    if names != {p.name for p in other.iterdir()}:
        return False
    same, _, _ = filecmp.cmpfiles(one, other, names, shallow=False)
    return len(same) == len(names)


def _clear_drafts(root: Path) -> None:
    """Remove what builders that were killed have left: whoever has the lock is alone."""
    for path in root.glob(".*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def _publish(
    draft: Path,
    project: Project,
    studies: list[str],
    manifest: Manifest,
    mode: Mode,
    progress: Progress | None,
) -> Release:
    """Write a release in its draft folder, give it its name, make it current."""
    # what builds a release is not loaded to serve one
    from agglo.observatory.disclosure_policy import read_gate_policy
    from agglo.observatory.ledger import Ledger
    from agglo.observatory.protection import protect

    root = draft.parent
    began = time.monotonic()
    said = progress or SilentProgress()
    said.started(_label(mode))
    ledger = Ledger(
        root / LEDGER,
        read_gate_policy(project.root),
        watch=lambda name, done, total: said.advanced(done, total, f"audit of {name}"),
    )
    protected = protect(
        project, studies, mode=mode, scratch=draft / "scratch", ledger=ledger
    )
    catalogue = _fill(draft, project, protected, manifest, mode)
    shutil.rmtree(draft / "scratch", ignore_errors=True)
    target = root / str(catalogue["id"])
    if target.exists() and not _same_files(draft, target):
        # somebody has changed what was released: the new bytes stand
        target.rename(draft.with_name(f"{draft.name}-replaced"))
    if not target.exists():
        draft.rename(target)
    _clear_drafts(root)
    if mode == "public":
        # before anybody can read it: what is out counts, whatever happens next
        ledger.record(str(catalogue["id"]))
    write_text(root / CURRENT[mode], f"{catalogue['id']}\n")
    said.finished(_label(mode), time.monotonic() - began, kept=False)
    # as everybody else reads it: the order of a file is not that of its making
    return read_release(target)


def current_release(
    project: Path | Project, *, mode: Mode = "private", progress: Progress | None = None
) -> Release:
    """Open the current release, or build one when studies have run since.

    Parameters
    ----------
    project, mode, progress
        As for `build_release`.

    Returns
    -------
    Release
        Shows the results as they are now.

    Raises
    ------
    RunError, NotIdentifiedError
        As for `build_release`.
    """
    opened = project if isinstance(project, Project) else Project.open(project)
    try:
        release = open_release(opened.workspace, mode=mode)
        if is_current(opened, release):
            return release
    except (RunError, StoreError):
        pass  # none yet, or of another version; building says what is wrong
    return build_release(opened, mode=mode, progress=progress)


def is_current(project: Project, release: Release) -> bool:
    """Say whether a release shows the results as they are now.

    Parameters
    ----------
    project
        The project.
    release
        Its release.

    Returns
    -------
    bool
        False when a study has run since, another version of agglo built it, or the rules
        of disclosure control have changed.
    """
    manifest = Manifest.load(project.workspace)
    mode, certificate = release.catalogue["mode"], release.catalogue["certificate"]
    told = certificate.get("policy") if isinstance(certificate, dict) else None
    return (
        manifest is not None
        and release.catalogue["manifest"] == digest_of(manifest.to_bytes().decode())
        and release.catalogue["version"] == version()
        and release.catalogue["labels"] == _labels(project)
        and (mode == "private" or told == _policy_digest(project.root))
    )


def _policy_digest(root: Path) -> str:
    from agglo.observatory.disclosure_policy import read_gate_policy

    return read_gate_policy(root).digest


def _fill(
    draft: Path, project: Project, protected: Protected, manifest: Manifest, mode: Mode
) -> dict[str, Json]:
    """Write the tables of a release and its catalogue."""
    tables: dict[str, Json] = {}
    for name, table in protected.tables():
        tables[name] = _write(draft, name, table)
    boundaries = _boundaries(project, protected)
    if boundaries is not None:
        write_json(draft / GEOMETRY, boundaries.geojson())
    sources = _sources(project)
    about = {
        "project.spellings": spelling_table(protected.names, _aliases(project)),
        "project.sources": source_table(sources),
        "project.studies": study_table(protected, tables),
        "project.tables": table_table(tables),
    }
    for name, table in about.items():
        tables[name] = _write(draft, name, table)
    facts = project.file.project
    catalogue: dict[str, Json] = {
        "format": FORMAT,
        "mode": mode,
        "version": version(),
        "project": {
            "name": facts.name,
            "title": facts.title,
            "title_zh": facts.title_zh,
            "language": facts.language,
            "generated": facts.generated,
            "seed": facts.seed,
        },
        "studies": study_texts(protected),
        "tables": tables,
        "findings": protected.findings,
        "sources": sources,
        "labels": _labels(project),
        "left_out": protected.left_out,
        "certificate": protected.certificate,
        "manifest": digest_of(manifest.to_bytes().decode()),
        "packages": _packages(manifest),
        # options may name what only the owner's tables hold
        "settings": {} if mode == "public" else _settings(manifest, protected),
        "words": protected.words(),
        "boundaries": None if boundaries is None else boundaries.facts(),
        "files": {p.name: hash_file(p) for p in sorted(draft.iterdir()) if p.is_file()},
    }
    catalogue["id"] = id_of(catalogue)
    write_json(draft / CATALOGUE, catalogue)
    return catalogue


def _settings(manifest: Manifest, protected: Protected) -> dict[str, Json]:
    """Give the seed and the options that every released study ran with."""
    found: dict[str, Json] = {}
    for step in manifest.steps:
        study = str(step.parameters.get("study", ""))
        if study in protected.folders and "options" in step.parameters:
            found[study] = {k: step.parameters[k] for k in ("seed", "options")}
    return found


def _aliases(project: Project) -> list[tuple[str, str]]:
    """Give the old names of places that imports have brought, with today's codes."""
    found: list[tuple[str, str]] = []
    for path in sorted((project.workspace / "tables" / "aliases").glob("*.parquet")):
        table = read_table(path)
        if {"alias", "city"} <= set(table.column_names):
            rows = table.select(["alias", "city"]).to_pylist()
            found += [(str(r["alias"]), str(r["city"])) for r in rows if r["alias"]]
    return found


def _boundaries(project: Project, protected: Protected) -> Boundaries | None:
    """Give the outlines that imports have brought; ``None`` without any."""
    paths = sorted((project.workspace / "tables" / "boundaries").glob("*.parquet"))
    if not paths:
        return None
    rows = pa.concat_tables(
        [read_table(p) for p in paths], promote_options="permissive"
    )
    regions = protected.names.get("regions")
    codes = set() if regions is None else set(regions["region"].to_pylist())
    return boundaries_of(rows, {str(code) for code in codes})


def _packages(manifest: Manifest) -> dict[str, Json]:
    """Name every package, with its version, that computed anything of the results."""
    found: dict[str, Json] = {}
    for step in manifest.steps:
        found.update(step.versions)
    return dict(sorted(found.items()))


def _write(draft: Path, name: str, table: pa.Table) -> Json:
    """Write one table and give its entry in the catalogue."""
    file = f"out_{name.replace('.', '_')}.parquet"
    write_table(draft / file, table)
    return {
        "file": file,
        "study": name.split(".", maxsplit=1)[0],
        "rows": table.num_rows,
        "columns": [
            {"name": c, "type": str(table.schema.field(c).type)}
            for c in table.column_names
        ],
        "digest": digest_of(table),
    }


def _source_labels(project: Project) -> dict[str, dict[str, Json]]:
    return {
        e.id: {"title_zh": e.title_zh, "licence_zh": e.licence_zh}
        for e in project.imports
    }


def _labels(project: Project) -> dict[str, Json]:
    """Give what the project file says in words only: no step depends on it."""
    facts = project.file.project
    return {
        "title": facts.title,
        "title_zh": facts.title_zh,
        "sources": {**_source_labels(project)},
    }


def _sources(project: Project) -> list[Json]:
    """Title, publisher, licence and citation of everything that was imported."""
    found: list[Json] = []
    readers = {e.id: [str(s) for s in e.studies or ()] for e in project.imports}
    labels = _source_labels(project)
    for path in sorted((project.workspace / "tables").glob("import-*.json")):
        report = read_json(path)
        tables = report.get("tables") if isinstance(report, dict) else None
        for table in tables if isinstance(tables, list) else []:
            origin = table.get("origin") if isinstance(table, dict) else None
            if not isinstance(table, dict) or not isinstance(origin, dict):
                continue
            entry: dict[str, Json] = {
                "import": path.stem.removeprefix("import-"),
                "table": table.get("table"),
                "studies": list[Json](
                    readers.get(path.stem.removeprefix("import-"), [])
                ),
                **{
                    key: origin.get(key, "")
                    for key in ("title", "publisher", "licence", "citation")
                },
                **labels.get(path.stem.removeprefix("import-"), {}),
            }
            found.append(entry)
    return found
