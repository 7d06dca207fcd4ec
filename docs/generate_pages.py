"""Write the pages that follow from the code: API and data dictionary.

They are made at every build into `docs/generated/`, which is not committed: what is not in
the code cannot be on them, and what is in the code cannot be missing.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import agglo

# the command line has its own page; kernels and other private modules are no API
NOT_API = {"cli"}


def areas() -> list[str]:
    """Public subpackages of agglo that export names."""
    names = [
        m.name
        for m in iter_modules(agglo.__path__)
        if m.ispkg and not m.name.startswith("_") and m.name not in NOT_API
    ]
    return sorted(n for n in names if public_names(f"agglo.{n}"))


def public_names(module: str) -> list[str]:
    """Names that a module exports, in its own order."""
    return list(getattr(import_module(module), "__all__", ()))


def generate(folder: Path) -> None:
    """Write all generated pages into `folder`, leaving unchanged files alone."""
    folder.mkdir(exist_ok=True)
    pages = dict(_pages())
    for name, content in pages.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
    known = {folder / name for name in pages} | set(_stubs(folder / "names", pages))
    for stale in {*folder.glob("*.*"), *folder.glob("names/*.*")} - known:
        stale.unlink()


def _stubs(folder: Path, pages: Mapping[str, str]) -> Iterator[Path]:
    """Pages that autosummary makes: one per listed name."""
    for content in pages.values():
        module = ""
        for line in content.splitlines():
            if line.startswith(".. currentmodule:: "):
                module = line.split()[-1]
            elif module and re.fullmatch(r"   \w+", line):
                yield folder / f"{module}.{line.strip()}.rst"


def _pages() -> Iterator[tuple[str, str]]:
    names = areas()
    yield "api.md", _api_index(names)
    for area in ["core", *names]:
        yield f"api_{area}.rst", _api_page(area)
    for lang, title in (("en", "Data dictionary"), ("zh", "数据字典")):
        dictionary = import_module("agglo.core.schema").data_dictionary(lang=lang)
        yield f"data_dictionary_{lang}.md", f"# {title}\n\n{dictionary}"
    yield "problem_codes.md", _problem_page()


def _api_index(names: list[str]) -> str:
    listed = "\n".join(f"api_{n}" for n in ["core", *names])
    return (
        "# API\n\nOne page per area. The names of most use are also on `agglo` itself: "
        "`import agglo as ag`.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    )


def _api_page(area: str) -> str:
    title = f"agglo.{area}"
    lines = [title, "=" * len(title), "", _first_line(title), ""]
    if area != "core":
        return "\n".join([*lines, *_listing(title)]) + "\n"
    for module in _core_modules():
        name = f"agglo.core.{module}"
        lines += [name, "-" * len(name), "", _first_line(name), "", *_listing(name), ""]
    return "\n".join(lines) + "\n"


def _core_modules() -> list[str]:
    """Core has no names of its own: each of its modules is a page section."""
    path = import_module("agglo.core").__path__
    names = [m.name for m in iter_modules(path) if not m.name.startswith("_")]
    return sorted(n for n in names if n != "typing" and public_names(f"agglo.core.{n}"))


def _first_line(module: str) -> str:
    return (import_module(module).__doc__ or "").strip().splitlines()[0]


def _listing(module: str) -> list[str]:
    documented = [n for n in public_names(module) if _has_page(module, n)]
    head = [
        f".. currentmodule:: {module}",
        "",
        ".. autosummary::",
        "   :toctree: names",
    ]
    return [*head, "", *(f"   {n}" for n in documented)]


def _has_page(module: str, name: str) -> bool:
    """Functions and classes have docstrings of their own; constants are on topic pages."""
    value = getattr(import_module(module), name)
    return inspect.isfunction(value) or inspect.isclass(value)


def problem_codes() -> dict[str, list[tuple[str, str, str]]]:
    """Problem code to area, what its problems say, what to do, as written in the code."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    top = Path(agglo.__path__[0])
    for path in sorted(top.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            words = _said(node)
            if "code" in words:
                area = path.relative_to(top).parts[0]
                said = area, words.get("what", ""), words.get("fix", "")
                if said not in found.setdefault(words["code"], []):
                    found[words["code"]].append(said)
    return dict(sorted(found.items()))


def _said(node: ast.AST) -> dict[str, str]:
    if not isinstance(node, ast.Call):
        return {}
    spoken = {k.arg: _template(k.value) for k in node.keywords if k.arg}
    return {k: text for k, text in spoken.items() if text}


def _template(node: ast.expr) -> str:
    """Give the words of a text; what is filled in at run time becomes an ellipsis."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(v) or "…" for v in node.values)
    return ""


def _problem_page() -> str:
    lines = [
        "# Problem codes",
        "",
        "What `Problem.code` can be, where it comes from, what such a problem says (… is",
        "filled in when it happens), and what to do about it. Scripts may rely on the codes.",
        "",
        "| code | area | what it says | what to do |",
        "| --- | --- | --- | --- |",
    ]
    for code, said in problem_codes().items():
        cells = (_cell(texts) for texts in zip(*said, strict=True))
        lines.append(f"| `{code}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(texts: Iterable[str]) -> str:
    distinct = dict.fromkeys(" ".join(t.split()) for t in texts)
    plain = (t.replace("|", "\\|").replace("<", "&lt;") for t in distinct if t)
    return "; ".join(t.replace("*", "\\*").replace("`", "'") for t in plain)
