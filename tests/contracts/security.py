"""Code that runs data, found by its syntax: aliases, attributes and names in text too."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# modules whose reading runs what they read, or that run text as code
MODULES = frozenset(
    {
        "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "jsonpickle", "marshal",
        "shelve", "dbm", "yaml", "ruamel", "code", "codeop", "runpy", "imp",
    }
)  # fmt: skip
BUILTINS = frozenset({"eval", "exec", "compile", "__import__", "execfile"})
# attributes of other packages that do the same, whatever the package is called here
ATTRIBUTES = frozenset(
    {
        "eval", "exec", "__import__", "read_pickle", "to_pickle", "full_load",
        "unsafe_load", "unsafe_load_all",
    }
)  # fmt: skip


def running(source: str) -> list[str]:
    """Say where a module could run what it reads, with the line."""
    tree = ast.parse(source)
    return [f"{line}: {what}" for line, what in _found(tree)]


def _found(tree: ast.Module) -> Iterator[tuple[int, str]]:
    loaders = _loaders(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if set(alias.name.split(".")) & MODULES:
                    yield node.lineno, f"import {alias.name}"
        elif isinstance(node, ast.ImportFrom):
            parts = set((node.module or "").split("."))
            for alias in node.names:
                if parts & MODULES or alias.name in MODULES:
                    yield node.lineno, f"from {node.module} import {alias.name}"
                if node.module == "builtins" and alias.name in BUILTINS:
                    yield node.lineno, f"from builtins import {alias.name}"
        elif isinstance(node, ast.Name) and node.id in BUILTINS | {"__builtins__"}:
            # a mention is enough: `run = eval`, `map(eval, lines)`
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield from _attribute(node)
        elif isinstance(node, ast.Call):
            yield from _call(node, loaders)


def _attribute(node: ast.Attribute) -> Iterator[tuple[int, str]]:
    owner = ast.unparse(node.value)
    if node.attr in ATTRIBUTES or node.attr in MODULES - {"code"}:
        yield node.lineno, f"{owner}.{node.attr}"
    elif owner == "builtins" and node.attr in BUILTINS:
        yield node.lineno, f"builtins.{node.attr}"


def _loaders(tree: ast.Module) -> set[str]:
    """Names under which `import_module` and `getattr` go in a module."""
    names = {"import_module", "getattr"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {a.asname for a in node.names if a.asname and a.name in names}
    return names


def _call(node: ast.Call, loaders: set[str]) -> Iterator[tuple[int, str]]:
    called = ast.unparse(node.func).rpartition(".")[2]
    texts = {a.value for a in node.args if isinstance(a, ast.Constant)}
    if called in loaders:
        for text in texts:
            if isinstance(text, str) and text.split(".")[0] in MODULES | BUILTINS:
                yield node.lineno, f"{called}({text!r})"
    for keyword in node.keywords:
        on = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        if (keyword.arg, on) in (("allow_pickle", True), ("shell", True)):
            yield node.lineno, f"{keyword.arg}=True"
