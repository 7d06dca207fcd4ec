"""Tables about the release itself: its sources, studies and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.core.typing import Json
from agglo.studies import STUDIES

if TYPE_CHECKING:
    from agglo.observatory.protection import Protected

__all__ = ["source_table", "study_table", "study_texts", "table_table"]

_TEXT = pa.string()
_OWN = {"project": "项目本身"}
_SOURCE = (
    "table", "title", "publisher", "licence", "citation", "studies", "import",
    "title_zh", "licence_zh",
)  # fmt: skip


def study_texts(protected: Protected) -> dict[str, Json]:
    """Give title and question of every study that has results, released or not.

    Parameters
    ----------
    protected
        What the release holds.

    Returns
    -------
    dict
        Study to its texts in both languages.
    """
    found: dict[str, Json] = {}
    for name in STUDIES:
        if name in protected.folders or name in _reasons(protected):
            study = STUDIES[name]
            found[name] = {
                "title": {"en": study.title["en"], "zh": study.title["zh"]},
                "question": {"en": study.question["en"], "zh": study.question["zh"]},
            }
    return found


def _reasons(protected: Protected) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for entry in protected.left_out:
        if not isinstance(entry, dict) or "table" in entry:
            continue  # a table that is left out does not leave out its study
        if isinstance(entry.get("reason"), dict):
            reason = entry["reason"]
            texts = reason if isinstance(reason, dict) else {}
            found[str(entry["study"])] = {k: str(v) for k, v in texts.items()}
    return found


def source_table(sources: Sequence[Json]) -> pa.Table:
    """Write the sources as a table.

    Parameters
    ----------
    sources
        Entries of the catalogue.

    Returns
    -------
    pyarrow.Table
        One row per imported table.
    """
    rows = [s for s in sources if isinstance(s, dict)]
    told = {k: pa.array([_said(r, k) for r in rows], _TEXT) for k in _SOURCE}
    readers = ["、".join(map(_in_chinese, _said(r, "studies").split())) for r in rows]
    return pa.table({**told, "studies_zh": pa.array(readers, _TEXT)})


def _in_chinese(study: str) -> str:
    """Name a study; tables of the project itself belong to none."""
    return STUDIES[study].title["zh"] if study in STUDIES else _OWN.get(study, study)


def _said(source: Mapping[str, Json], key: str) -> str:
    """Give a fact; what is not told in Chinese is told as it is."""
    return _words(source.get(key)) or _words(source.get(key.removesuffix("_zh")))


def _words(value: Json) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def study_table(protected: Protected, tables: Mapping[str, Json]) -> pa.Table:
    """Write what was computed as a table.

    Parameters
    ----------
    protected
        What the release holds.
    tables
        Entries of the catalogue.

    Returns
    -------
    pyarrow.Table
        One row per study with results: its question, numbers of tables and findings,
        whether it is released and, if not, why.
    """
    reasons = _reasons(protected)
    names = [n for n in STUDIES if n in protected.folders or n in reasons]
    n_tables = [sum(t.startswith(f"{n}.") for t in tables) for n in names]
    found = [protected.findings.get(n) for n in names]
    return pa.table(
        {
            "study": pa.array(names, _TEXT),
            "study_en": pa.array([STUDIES[n].title["en"] for n in names], _TEXT),
            "study_zh": pa.array([STUDIES[n].title["zh"] for n in names], _TEXT),
            "question_en": pa.array([STUDIES[n].question["en"] for n in names], _TEXT),
            "question_zh": pa.array([STUDIES[n].question["zh"] for n in names], _TEXT),
            "tables": pa.array(n_tables, pa.int64()),
            "findings": pa.array(
                [len(f) if isinstance(f, list) else 0 for f in found], pa.int64()
            ),
            "released": pa.array([n not in reasons for n in names], pa.bool_()),
            "reason_en": pa.array(
                [reasons.get(n, {}).get("en", "") for n in names], _TEXT
            ),
            "reason_zh": pa.array(
                [reasons.get(n, {}).get("zh", "") for n in names], _TEXT
            ),
        }
    )


def table_table(tables: Mapping[str, Json]) -> pa.Table:
    """Write the released tables as a table.

    Parameters
    ----------
    tables
        Entries of the catalogue.

    Returns
    -------
    pyarrow.Table
        One row per released table: rows, columns, digest.
    """
    entries = {n: e for n, e in tables.items() if isinstance(e, dict)}
    columns = [e.get("columns") for e in entries.values()]
    return pa.table(
        {
            "table": pa.array(list(entries), _TEXT),
            "study": pa.array([str(e["study"]) for e in entries.values()], _TEXT),
            "study_zh": pa.array(
                [_in_chinese(str(e["study"])) for e in entries.values()], _TEXT
            ),
            "rows": pa.array([e["rows"] for e in entries.values()], pa.int64()),
            "columns": pa.array(
                [len(c) if isinstance(c, list) else 0 for c in columns], pa.int64()
            ),
            "digest": pa.array([str(e["digest"]) for e in entries.values()], _TEXT),
        }
    )
