"""What the repository holds, for the tests that keep its rules."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "agglo"


@cache
def tracked() -> tuple[Path, ...]:
    """Files of the repository, with those not yet committed, without ignored ones."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(p for p in paths if p.is_file()))


def python_files(*tops: str) -> list[Path]:
    """Python files under the given top folders."""
    return [
        p
        for p in tracked()
        if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in tops
    ]


@cache
def text(path: Path) -> str | None:
    """Content of a text file; None for a binary one."""
    data = path.read_bytes()
    if b"\0" in data[:8192]:
        return None
    return data.decode("utf-8", errors="replace")


def project() -> dict[str, Any]:
    """The project file."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def areas() -> list[str]:
    """Folders of the package that hold Python files."""
    return sorted(
        p.name for p in SOURCE.iterdir() if p.is_dir() and any(p.glob("**/*.py"))
    )


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length in lines of each function body, docstring left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            if ast.get_docstring(node) is not None:
                body = body[1:]
            if body and node.end_lineno is not None:
                yield node.name, node.end_lineno - body[0].lineno + 1


def classes(path: Path) -> list[str]:
    """Names of the classes that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
