"""What of a finished project may be released, and in which form.

Private: all that the studies found. Public: numbers computed anew from protected tables;
studies that never touched a single establishment; of the others, the tables that a rule of
`agglo.observatory.public.rules` allows. The rest is left out, by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.typing import Json
from agglo.observatory.ledger import Ledger
from agglo.observatory.page import Text
from agglo.observatory.public.reasons import why_withheld
from agglo.observatory.public.rules import RULES
from agglo.observatory.public.tables import public_study
from agglo.runs import Project, start
from agglo.runs.import_steps import import_of
from agglo.runs.study_steps import union
from agglo.runs.toml_text import import_entry_text, project_text
from agglo.store import read_json, read_table, write_table, write_text
from agglo.store.disclosure import CellTable, SuppressedTable
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
# what cells by region and industry are made from
_CELLS = ("activity", "cluster_panel", "establishments")
_WHY_MICRO = Text(
    "rests on single establishments or ties between them; not released in public mode",
    "依据单个企业或其间联系的数据；公开模式不予发布",
)


# columns that may hold codes joined of a region and a group, as T0007|K01
_JOINED = frozenset({"cluster", "peer", "unit", "id"})


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
    reasons
        For review only: every hidden cell and why.
    """

    folders: Mapping[str, Path]
    names: Mapping[str, pa.Table]
    findings: dict[str, Json]
    left_out: list[Json] = field(default_factory=list)
    certificate: dict[str, Json] = field(default_factory=dict)
    reasons: pa.Table | None = None

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Give every table to release, by ``<study>.<table>``."""
        for name, table in self.names.items():
            yield f"project.{name}", table
        if self.reasons is not None:
            yield "project.suppressed", self.reasons
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
            for name in (WORDED | _JOINED) & set(table.column_names):
                if pa.types.is_string(table.schema.field(name).type):
                    values = pc.unique(table[name]).to_pylist()
                    held.setdefault(name, set()).update(
                        v for v in values if v is not None
                    )
        places = self._place_names()
        return {
            name: {
                **(_joined(held[name], places) if name in _JOINED else {}),
                **{
                    c: t.to_dict()
                    for c, t in words_of(name, sorted(held[name])).items()
                },
            }
            for name in sorted(held)
        }

    def _place_names(self) -> Mapping[str, tuple[str, str]]:
        """Give the names of regions in both languages; the code where there is none."""
        table = self.names.get("regions")
        if table is None or "region" not in table.column_names:
            return {}
        codes = table["region"].to_pylist()
        given = [
            table[c].to_pylist() if c in table.column_names else codes
            for c in ("name_en", "name_zh")
        ]
        return {
            code: (en or zh or code, zh or en or code)
            for code, en, zh in zip(codes, *given, strict=True)
        }


def _joined(
    codes: Iterable[str], places: Mapping[str, tuple[str, str]]
) -> dict[str, Json]:
    """Name clusters whose code is a region and a group of industries."""
    found: dict[str, Json] = {}
    for code in sorted(codes):
        region, mark, group = code.partition("|")
        if mark and region in places:
            en, zh = places[region]
            found[code] = {"en": f"{en} · {group}", "zh": f"{zh} · {group}"}
    return found


def protect(
    project: Project,
    studies: Sequence[str],
    *,
    mode: str,
    scratch: Path,
    ledger: Ledger,
) -> Protected:
    """Choose what a release holds.

    Parameters
    ----------
    project
        The project.
    studies
        Studies with results.
    mode
        ``"private"``, ``"review"`` or ``"public"``. Review releases what public does, with
        rules and reasons in sight.
    scratch
        Folder for what is computed anew; the caller removes it.
    ledger
        Rules and earlier releases; the caller records what is protected here.

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
            folders[study], certificates[study] = _anew(
                project, scratch, ledger, public=mode == "public"
            )
            left_out += _not_anew(study, results / study, folders[study])
        elif study in RULES:
            shown = public_study(
                study,
                results / study,
                scratch / "tables" / study,
                ledger=ledger,
                holders=_holders(project, study),
                measured_on=_measured_on(project, study, ledger),
                public=mode == "public",
                seed=project.file.project.seed,
                options=project.file.study.get(study, {}),
            )
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
            "mode": mode,
            "audited": True,
            "policy": ledger.policy.digest,
            "policy_version": ledger.policy.version,
            "tables": certificates,
            "left_out": left_out,
        },
        reasons=_reasons(ledger) if mode == "review" else None,
    )


def _reasons(ledger: Ledger) -> pa.Table:
    """Name every hidden cell, for those who decide on a release."""
    rows: dict[str, list[str]] = {"table": [], "cell": [], "why": []}
    for name, table in sorted(ledger.pending.items()):
        for row in table.reasons().to_pylist():
            why = row.pop("status")
            rows["table"].append(name)
            rows["cell"].append(", ".join(f"{k}={v}" for k, v in row.items()))
            rows["why"].append(why)
    return pa.table({k: pa.array(v, pa.string()) for k, v in rows.items()})


def _holders(project: Project, study: str) -> dict[str, str]:
    """Give the firm behind every establishment and patent that a tie may be named after.

    A patent belongs to its first applicant by name: several applicants are one
    contributor then, never more.
    """
    serving = [e.id for e in project.imports if e.serves(study)]
    found: dict[str, str] = {}
    for table, own, firm in (
        ("establishments", "establishment", "firm"),
        ("patents", "patent", "applicant"),
    ):
        if table not in _present(project, study):
            continue
        rows = _served(project, table, serving)
        if {own, firm} <= set(rows.column_names):
            pairs = rows.select([own, firm]).sort_by([(firm, "descending")])
            ids, firms = (pairs[c].to_pylist() for c in (own, firm))
            found |= {str(a): str(b) for a, b in zip(ids, firms, strict=True) if b}
    return found


def _measured_on(
    project: Project, study: str, ledger: Ledger
) -> dict[str, SuppressedTable]:
    """Give the protected cells of other studies that were made from a study's own files.

    Empty where each has files of its own: what is shown says nothing about the other.
    """
    found: dict[str, SuppressedTable] = {}
    mine = [e for e in project.imports if e.serves(study)]
    for other in ("concentration", "formation"):
        if other == study:
            continue
        files = {f for e in project.imports if e.serves(other) for f in e.files}
        both = [e.id for e in mine if files & set(e.files)]
        shared = any(
            import_of(path.stem, both)
            for name in _CELLS
            for path in (project.workspace / "tables" / name).glob("*.parquet")
        )
        if shared:
            named = f"{other}."
            found |= {n: t for n, t in ledger.pending.items() if n.startswith(named)}
    return found


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


def _anew(
    project: Project, scratch: Path, ledger: Ledger, *, public: bool
) -> tuple[Path, Json]:
    """Protect the activity table and run the concentration study on what is left."""
    serving = [e.id for e in project.imports if e.serves("concentration")]
    parts: list[pa.Table] = []
    told: dict[str, Json] = {}
    earlier: list[dict[str, str]] = []
    for period, cells in _yearly(project, serving):
        name = f"concentration.{period}"
        table = ledger.suppress(name, cells, earlier=earlier)
        hidden = table.reasons().drop_columns(["status"]).to_pylist()
        earlier = [{k: str(v) for k, v in row.items()} for row in hidden]
        parts.append(_leaves(table, period))
        told[period] = table.certificate(public=public)
    shadow = scratch / "public"
    _shadow_project(project, shadow, pa.concat_tables(parts), serving)
    start(shadow, "concentration")
    # one year speaks for itself, several each for theirs
    proof = next(iter(told.values())) if len(told) == 1 else told
    return shadow / "results" / "concentration", proof


def _not_anew(study: str, found: Path, anew: Path) -> list[Json]:
    """Name the tables that the protected cells do not give, with the reason."""
    lost = {p.stem for p in found.glob("*.parquet")}
    lost -= {p.stem for p in anew.glob("*.parquet")}
    return [
        {
            "study": study,
            "table": name,
            "reason": (why_withheld(study, name) or _WHY_MICRO).to_dict(),
        }
        for name in sorted(lost)
    ]


def _yearly(
    project: Project, serving: Sequence[str]
) -> Iterator[tuple[str, CellTable]]:
    """Give the cells to protect, from the first year to the last."""
    from agglo.store.disclosure import cells_from_records, cells_from_totals

    if "establishments" in _present(project, "concentration"):
        source = _served(project, "establishments", serving)
        cells = cells_from_records(
            _known(source, "employment"),
            dimensions=("region", "industry"),
            value="employment",
            holding="firm" if "firm" in source.column_names else None,
        )
        yield "released", cells
        return
    source = _served(project, "activity", serving)
    source = _known(_known(source, "employment"), "establishments")
    if "period" in source.column_names:
        periods = sorted(str(p) for p in pc.unique(source["period"]).to_pylist())
    else:
        periods = []
    for period in periods or ["released"]:
        rows = source.filter(pc.equal(source["period"], period)) if periods else source
        yield (
            period,
            cells_from_totals(
                rows,
                dimensions=("region", "industry"),
                value="employment",
                contributors="establishments",
            ),
        )


def _leaves(table: SuppressedTable, period: str) -> pa.Table:
    """Give the occupied cells of a protected table, without its margins."""
    rows = table.to_arrow()
    leaf = pc.and_(
        pc.not_equal(rows["region"], "total"), pc.not_equal(rows["industry"], "total")
    )
    # an absent row would say zero: hidden cells stay, as null
    occupied = pc.or_kleene(
        pc.is_null(rows["employment"]), pc.greater(rows["employment"], 0)
    )
    rows = rows.filter(pc.and_(leaf, occupied))
    return rows.append_column("period", pa.array([period] * rows.num_rows, pa.string()))


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
