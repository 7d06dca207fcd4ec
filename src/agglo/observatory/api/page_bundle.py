"""The zip of a page: all its figures and tables, its findings, and how to repeat them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pyarrow as pa

from agglo.core.typing import Json
from agglo.observatory.api.answers import (
    disclosure_statement,
    find_view,
    read_question,
    view_table,
)
from agglo.observatory.api.bundle import (
    evidence_files,
    json_file,
    metadata,
    reproduce_line,
    view_files,
    zip_bytes,
)
from agglo.observatory.api.declarations import stands
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.rows import ViewQuery
from agglo.observatory.api.settings import MOST_ROWS
from agglo.observatory.api.stock import Stock
from agglo.observatory.page import Page, View

__all__ = ["page_bundle"]

# rows of all views together: more would take longer than an answer may
_MOST = 300_000
# why a view may be missing without spoiling the rest
_SKIPPED = ("not_released", "too_many_rows", "unknown_value")


def page_bundle(
    stock: Stock, page: Page, given: Mapping[str, str], *, most: int
) -> bytes:
    """Zip a page: what its figures show, whole, with what it takes to repeat it.

    Parameters
    ----------
    stock
        The release.
    page
        The page.
    given
        Choices of the reader.
    most
        Largest number of rows of one view.

    Returns
    -------
    bytes
        A zip archive: one folder per view, findings, seed and options of the studies (not
        of public releases), manifest, certificate, citations,
        licences, and a README with the commands. A view that has no place in it is named
        there with its reason; the same choices of the same release give the same bytes.
    """
    found, absent = _parts(stock, page, given, most)
    shown = [part.view for part in found]
    files = {
        f"README{end}.md": _readme(stock, page, shown, absent, lang).encode()
        for lang, end in (("en", ""), ("zh", ".zh"))
    }
    for part in found:
        about = metadata(stock, part.view, part.query)
        own = view_files(stock, part.view, part.table, about)
        files |= {f"{part.view.id}/{name}": data for name, data in own.items()}
    lines = [reproduce_line(stock, p.view, p.query) for p in found]
    findings: list[Json] = [dict(f) for f in stock.release.findings(page.study)]
    settings = _settings(stock, [page.study, *(v.table.split(".")[0] for v in shown)])
    if settings:
        files["settings.json"] = json_file(settings)
    files |= {
        "findings.json": json_file(findings),
        "reproduce.txt": ("\n".join(lines) + "\n").encode(),
        **evidence_files(stock, page, shown),
    }
    return zip_bytes(files)


def _settings(stock: Stock, studies: Iterable[str]) -> dict[str, Json]:
    """Give seed and options of studies; public releases do not hold them."""
    held = stock.release.catalogue.get("settings")
    known = held if isinstance(held, dict) else {}
    return {study: known[study] for study in sorted(set(studies)) if study in known}


class _Part(NamedTuple):
    """A view with what it answers."""

    view: View
    query: ViewQuery
    table: pa.Table


def _parts(
    stock: Stock, page: Page, given: Mapping[str, str], most: int
) -> tuple[list[_Part], list[str]]:
    """Give the views that have an answer, and a line on every other."""
    found: list[_Part] = []
    absent: list[str] = []
    left = _MOST
    for declared in page.views:
        if not stands(stock, page, declared, given):
            continue
        try:
            view = find_view(stock, declared.id)
            query = read_question(stock, view, given, most=MOST_ROWS).query
            table = view_table(stock, view, query, most=min(left, most))
        except ApiError as error:
            if error.code not in _SKIPPED:
                raise
            absent.append(f"- `{declared.id}`: {error.detail}")
        else:
            left -= table.num_rows
            found.append(_Part(view, query, table))
    if not found:
        raise ApiError(
            404, "not_released", f"Nothing of /{page.id} can be given. {' '.join(absent)}",
            where="page", fix="see /api/v1/pages for what is missing",
        )  # fmt: skip
    return found, absent


_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "release": "Release",
        "views": "Folders",
        "files": "Each holds `data.csv`, `data.parquet`, `metadata.json` (columns, units, "
        "definitions, uncertainty) and, where there is a figure, `figure.svg`.",
        "absent": "Not in here",
        "repeat": "Repeat it",
        "steps": "With the project folder and agglo {version} (packages in "
        "`manifest.json`): the first command computes, the second compares every hash. "
        "`reproduce.txt` gives one line per folder, `settings.json` (not in public "
        "releases) seed and options of each study. The project's own tables and "
        "`agglo.toml` are the owner's and not part of this archive.",
    },
    "zh": {
        "release": "发布编号",
        "views": "文件夹",
        "files": "每个文件夹含 `data.csv`、`data.parquet`、`metadata.json`（列、单位、定义、不确定性），"
        "有图者另含 `figure.svg`。",
        "absent": "未收录",
        "repeat": "复现",
        "steps": "需要项目文件夹与 agglo {version}（软件包见 `manifest.json`）：第一条命令计算，"
        "第二条核对全部哈希。`reproduce.txt` 为每个文件夹给出一行命令，`settings.json`（公开发布除外）"
        "给出各研究的种子与选项。项目自身的表与 "
        "`agglo.toml` 属于项目所有者，不在本压缩包内。",
    },
}


def _readme(
    stock: Stock, page: Page, shown: list[View], absent: list[str], lang: str
) -> str:
    words, catalogue = _WORDS[lang], stock.release.catalogue
    zh = lang == "zh"
    question, lead = (
        (page.question.zh, page.lead.zh) if zh else (page.question.en, page.lead.en)
    )
    run = f"agglo run --study {page.study}" if page.study else "agglo run"
    lines = [
        f"# {question}", "", lead, "",
        f"{words['release']}: {stock.release.id}", "",
        disclosure_statement(stock)[lang], "",
        f"## {words['views']}", "",
        *(f"- `{v.id}`: {v.title.zh if zh else v.title.en}" for v in shown), "",
        words["files"], "",
    ]  # fmt: skip
    if absent:
        lines += [f"## {words['absent']}", "", *absent, ""]
    steps = words["steps"].format(version=catalogue["version"])
    lines += [
        f"## {words['repeat']}",
        "",
        steps,
        "",
        f"    {run}",
        "    agglo verify",
        "",
    ]
    return "\n".join(lines)
