"""Pages about methods: in both languages, with formulas that browsers draw."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from agglo.observatory.api.methods import method_entry, method_pages

_ROOT = Path(__file__).resolve().parents[2]
_MATHML = "{http://www.w3.org/1998/Math/MathML}"
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def test_every_page_is_there_in_both_languages():
    pages = method_pages()
    assert len(pages) > 100
    for name in pages:
        entry = method_entry(name, whole=False)
        twin = entry["twin"]
        assert twin in pages, name
        assert method_entry(twin, whole=False)["twin"] == name
        assert {entry["lang"], method_entry(twin, whole=False)["lang"]} == {"en", "zh"}
        assert not re.search(r"[`$]", entry["title"]), entry["title"]


def test_chinese_pages_are_chinese():
    for name, text in method_pages().items():
        if name.endswith(".zh"):
            plain = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$|\|", "", text, flags=re.DOTALL)
            han = len(re.findall(r"[\u4e00-\u9fff]", plain))
            words = len(re.findall(r"\b[a-z]{4,}\b", plain))
            assert han > 5 * words, name


@pytest.mark.parametrize(
    "name", sorted(n for n, t in method_pages().items() if "$" in t)
)
def test_formulas_are_mathml_and_nothing_else(name):
    entry = method_entry(name, whole=True)
    plain = _CODE.sub("", entry["markdown"])
    written = {
        (shown or inline).strip()
        for shown, inline in re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", plain, re.S)
    }
    assert set(entry["formulas"]) == written
    for source, mathml in entry["formulas"].items():
        root = ET.fromstring(mathml)  # noqa: S314  (our own converter's)
        assert root.tag == f"{_MATHML}math", source
        assert all(e.tag.startswith(_MATHML) for e in root.iter()), source
        assert not [a for e in root.iter() for a in e.attrib if a.startswith("on")]
        # nothing of the source is left where it could not be read
        assert "\\" not in "".join(root.itertext()), source


def test_no_formula_is_lost_or_changed_in_chinese():
    for name in method_pages():
        if name.endswith(".zh"):
            own = set(method_entry(name, whole=True)["formulas"])
            other = set(method_entry(name.removesuffix(".zh"), whole=True)["formulas"])
            assert other <= own, (name, other - own)


def test_a_wheel_holds_the_same_pages():
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    put = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    folders = [s for s in put if s.startswith("docs/")]
    held = {file.stem for s in folders for file in (_ROOT / s).glob("*.md")}
    assert held - {"index", "index.zh"} == set(method_pages())
    # no picture is in a folder that goes along, so the wheel stays small
    assert not [f for s in folders for f in (_ROOT / s).iterdir() if f.suffix != ".md"]


def test_pages_are_shown_without_pictures_and_remarks_for_builders():
    text = (_ROOT / "docs/how-to/read-the-pages.md").read_text("utf-8")
    assert "](../_static/" in text
    for name, shown in method_pages().items():
        assert "](../_static/" not in shown, name
        assert "<!--" not in shown, name
        assert shown.startswith("# "), name
