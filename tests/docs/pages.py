"""The hand-written pages: their examples, links and commands."""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

_FENCE = re.compile(r"^```(?:python|pycon)[^\n]*\n(.*?)^```", re.M | re.S)
_CONSOLE = re.compile(r"^```console[^\n]*\n(.*?)^```", re.M | re.S)
_CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.M | re.S)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
_MAKE = re.compile(r"\bmake ([a-z][a-z-]*)\b")


def pages() -> list[Path]:
    """Markdown pages for people, generated ones left out."""
    tops = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")]
    made = {"_build", "generated"}
    below = [p for p in DOCS.rglob("*.md") if not made & set(p.relative_to(DOCS).parts)]
    return sorted([*tops, *below])


def label(page: Path) -> str:
    """Name of a page, as a test id."""
    return page.relative_to(ROOT).as_posix()


def examples(page: Path) -> Iterator[doctest.DocTest]:
    """One doctest per fenced block with prompts; all blocks of a page share their names."""
    text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": "__main__"}
    parser = doctest.DocTestParser()
    for block in _FENCE.finditer(text):
        if ">>>" in block.group(1):
            line = text.count("\n", 0, block.start(1))
            test = parser.get_doctest(block.group(1), {}, label(page), str(page), line)
            test.globs = names  # get_doctest copies what it is given
            yield test


def steps(page: Path) -> list[doctest.DocTest | list[str]]:
    """Doctests and commands of a page in the order in which a reader meets them.

    Commands are the lines of console blocks that start with `$ agglo`, without the name.
    """
    found: list[tuple[int, doctest.DocTest | list[str]]] = [
        (test.lineno or 0, test) for test in examples(page)
    ]
    text = page.read_text(encoding="utf-8")
    for block in _CONSOLE.finditer(text):
        joined = block.group(1).replace("\\\n", " ")
        lines = re.findall(r"^\$ agglo (.*)$", joined, re.M)
        place = text.count("\n", 0, block.start(1))
        found += [(place, shlex.split(line, comments=True)) for line in lines]
    return [step for _, step in sorted(found, key=lambda pair: pair[0])]


def links(page: Path) -> Iterator[str]:
    """Targets of links and images that lie in the repository."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if not re.match(r"[a-z]+:", target):
            yield target


def make_targets(page: Path) -> set[str]:
    """Targets of make that a page's code names."""
    text = page.read_text(encoding="utf-8")
    code = [m.group() for m in _CODE.finditer(text)] + re.findall(r"`[^`\n]+`", text)
    return {target for piece in code for target in _MAKE.findall(piece)}
