"""Documentation is a test subject: examples run, links lead somewhere, names are explained."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from docs.generate_pages import problem_codes
from tests.contracts.api import documented_names
from tests.docs.pages import (
    DOCS,
    FLAGS,
    ROOT,
    examples,
    label,
    links,
    make_targets,
    pages,
    steps,
)

NEEDS_SHARED = "<!-- needs the shared data -->"
NEEDS_PRINTING = "<!-- needs the extra pdf -->"


PATIENCE = 400  # seconds: a demo under load; a server that listens would never end


@pytest.mark.parametrize("page", pages(), ids=label)
def test_examples_run(page, request, tmp_path, monkeypatch):
    todo = steps(page)
    if not todo:
        return
    if NEEDS_PRINTING in page.read_text(encoding="utf-8"):
        _skip_without_printing()
    if NEEDS_SHARED in page.read_text(encoding="utf-8"):
        shared = request.getfixturevalue("shared_data")
        monkeypatch.setenv("AGGLO_SHARED", str(shared.parent))
    for step in todo:
        if isinstance(step, list) and step[:2] == ["demo", "--path"]:
            # run from nothing by the fixture; the page's own command finds it finished
            finished = request.getfixturevalue("finished_demo")
            without = shutil.ignore_patterns("release")
            shutil.copytree(finished, tmp_path / step[2], ignore=without)
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    report: list[str] = []
    for step in todo:
        if isinstance(step, doctest.DocTest):
            runner.run(step, out=report.append, clear_globs=False)
        else:
            report += _refusal(step)
    assert not report, "".join(report)


def _skip_without_printing() -> None:
    pytest.importorskip("docx", reason="needs the extra docx")
    try:
        import_module("weasyprint")
    except (ImportError, OSError) as error:  # OSError: no pango on this machine
        pytest.skip(f"needs the extra pdf: {error}")


def _refusal(words: list[str]) -> list[str]:
    """Run a command line; nothing when it ended well, otherwise what it said."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "agglo", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return [f"agglo {shlex.join(words)}: no end after {PATIENCE} s\n"]
    failed = (
        f"agglo {shlex.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}\n"
    )
    return [failed] if done.returncode else []


def test_examples_are_found_and_can_fail(tmp_path):
    page = ROOT / "docs" / "index.md"
    copy = tmp_path / "page.md"
    copy.write_text("a\n\n```python\n>>> 1 + 1\n3\n```\n", encoding="utf-8")
    (block,) = list(_of(copy))
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(block, out=lambda _: None)
    assert runner.failures == 1
    assert page in pages()


def _of(page: Path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.docs.pages.ROOT", page.parent)
        yield from examples(page)


@pytest.mark.parametrize("page", pages(), ids=label)
def test_links_lead_somewhere(page):
    dead = [
        target
        for target in links(page)
        if (path := target.partition("#")[0]) and not (page.parent / path).exists()
    ]
    assert not dead


def test_quoted_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    unknown = {label(p): lost for p in pages() if (lost := make_targets(p) - known)}
    assert not unknown


def test_readme_shows_the_two_commands():
    assert {"demo", "test"} <= make_targets(ROOT / "README.md")


@pytest.fixture(scope="module")
def reference() -> str:
    written = (p.read_text(encoding="utf-8") for p in (DOCS / "reference").glob("*.md"))
    return "\n".join(written)


@pytest.mark.parametrize("name", documented_names())
def test_every_public_name_is_explained(name, reference):
    assert re.search(rf"\b{re.escape(name)}\b", reference), (
        f"`{name}` is public, but no page under docs/reference/ names it"
    )


def test_every_schema_table_is_in_both_dictionaries():
    schema = import_module("agglo.core.schema")
    for lang in ("en", "zh"):
        text = schema.data_dictionary(lang=lang)
        lost = [name for name in schema.SCHEMAS if f"`{name}`" not in text]
        assert not lost


def test_every_exit_code_is_documented():
    errors = import_module("agglo.core.errors")
    page = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)`.*\| (\d+) \|$", page, re.M))
    kinds = errors.AggloError.__subclasses__()
    assert rows == {k.__name__: str(k.exit_code) for k in kinds}


def test_problem_codes_are_found_with_their_words():
    codes = problem_codes()
    assert len(codes) > 20
    assert {"duplicate_key", "null_key", "unknown_code"} <= set(codes)
    assert all(re.fullmatch(r"[a-z][a-z_]+", code) for code in codes)
    assert any("more than once" in what for _, what, _ in codes["duplicate_key"])


def test_every_reader_and_study_is_explained(reference):
    names = [
        *import_module("agglo.sources").READERS,
        *import_module("agglo.studies").STUDIES,
    ]
    assert not [n for n in names if not re.search(rf"\b{re.escape(n)}\b", reference)]
