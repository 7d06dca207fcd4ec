"""What a reader of the observatory can name is documented, in both languages alike."""

from __future__ import annotations

import ast
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from agglo.observatory.pages import PAGES
from tests.docs.pages import DOCS, ROOT

LANGUAGES = ("", ".zh")
# what every page knows beside its selectors and looks; see frontend/src/core
_SHARED = """
    v rel lang theme embed saved geo cls year style only order top q sort page sel topic
    anchor classes win weights norm agg peers regions region industry
"""
PAIRS = [
    *sorted((DOCS / "how-to").glob("*[!.]??.md")),
    *sorted((DOCS / "tutorials").glob("first-*[!.]??.md")),
    DOCS / "reference" / "observatory.md",
    DOCS / "reference" / "cli.md",
]
_FENCE = re.compile(r"^```.*?^```", re.M | re.S)
_DOC = re.compile(r"\{doc\}`[^`]*`")
_REMARK = re.compile(r"<!--.*?-->", re.S)


def _text(page: str, language: str) -> str:
    return (DOCS / f"{page}{language}.md").read_text(encoding="utf-8")


def _keys() -> set[str]:
    chosen = {s.id for page in PAGES.values() for s in page.selectors}
    looks = {k.id for page in PAGES.values() for v in page.views for k in v.looks}
    return chosen | looks | set(_SHARED.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_key_is_documented(language):
    text = _text("how-to/read-the-pages", language)
    lost = [k for k in sorted(_keys()) if not re.search(rf"`{k}(=[^`]*)?`", text)]
    assert not lost


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_listed_with_its_question_and_selectors(language):
    text = _text("how-to/read-the-pages", language)
    for page in PAGES.values():
        address = "/" if page.id == "home" else f"/{page.id}"
        (row,) = re.findall(rf"^\| `{address}` \|.*$", text, re.M)
        question = page.question.zh if language else page.question.en
        assert question in row, page.id
        lost = [s.id for s in page.selectors if f"`{s.id}`" not in row]
        assert not lost, page.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_route_is_documented(language):
    text = _text("reference/observatory", language)
    described = json.loads((ROOT / "frontend/types/openapi.json").read_text("utf-8"))
    lost = []
    for path in described["paths"]:
        parts = re.split(r"\{\w+\}", path.removeprefix("/api/v1"))
        route = r"[^/`]+".join(re.escape(part) for part in parts)
        if not re.search(rf"(?:`|POST |GET |DELETE ){route}(?![\w/])", text):
            lost.append(path)
    assert not lost


def _problem_codes() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "src" / "agglo" / "observatory" / "api").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            given = [a.value if isinstance(a, ast.Constant) else 0 for a in node.args]
            for status, code in pairwise(given):
                if isinstance(status, int) and status >= 400 and isinstance(code, str):
                    found.add(code)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_code_is_documented(language):
    codes = _problem_codes()
    assert len(codes) > 40
    text = _text("reference/observatory", language)
    assert not [code for code in sorted(codes) if f"`{code}`" not in text]


@pytest.mark.parametrize("page", PAIRS, ids=lambda path: path.stem)
def test_no_number_name_or_section_is_lost_in_chinese(page: Path):
    english, chinese = (
        _REMARK.sub("", path.read_text(encoding="utf-8"))
        for path in (page, page.with_name(f"{page.stem}.zh.md"))
    )
    plain = _FENCE.sub("", english)
    # millions are counted in 万 and 亿: only numbers that are written in full
    numbers = set(re.findall(r"\d+(?:[.,]\d+)+", plain))
    assert not [n for n in sorted(numbers) if n not in chinese]
    flowing = re.sub(r"\s+", " ", _DOC.sub("", plain))
    names = set(re.findall(r"`([^`]+)`", flowing))
    assert not [n for n in sorted(names) if n not in chinese]
    assert _sections(english) == _sections(chinese)
    if page.stem != "index":
        assert len(re.findall(r"^\|", plain, re.M)) == len(
            re.findall(r"^\|", _FENCE.sub("", chinese), re.M)
        )


def _sections(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", _FENCE.sub("", text), re.M)]


@pytest.mark.parametrize("folder", ["how-to", "tutorials", "reference"])
def test_every_page_has_a_twin(folder):
    names = {p.stem for p in (DOCS / folder).glob("*.md")} - {"index", "index.zh"}
    english = {name for name in names if not name.endswith(".zh")}
    assert names - english == {f"{name}.zh" for name in english}


def test_chinese_command_line_has_the_same_options_and_defaults():
    rows = [
        re.findall(r"^\| (`[^|]+`) \| ([^|]*) \|", _text("reference/cli", lang), re.M)
        for lang in LANGUAGES
    ]
    assert rows[0] == rows[1]
