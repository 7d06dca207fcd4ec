"""Hash of the code that a function rests on: its module and everything that imports.

The digest covers the function's module and, transitively, each module of the same
top-level package (and of agglo) that it imports anywhere in its text, plus the data files
that lie beside these modules. Comments and layout do not count: the syntax tree is hashed.
Third-party code is represented by its version elsewhere in the step key.

A name imported from a package is followed to the module that defines it, so a change in
one topic module of an area leaves studies that use another one alone.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from agglo.core.errors import RunError

__all__ = ["code_digest", "import_closure"]

_PACKAGE = "agglo"
_ROOT = Path(__file__).resolve().parents[1]
_MAY_IMPORT = (ast.stmt, ast.ExceptHandler, ast.match_case)
_CODE = frozenset({".py", ".pyc", ".pyi", ".so", ".pyd"})


def code_digest(function: Callable[..., object]) -> str:
    """Hash the code that a function rests on.

    Parameters
    ----------
    function
        A function, a `functools.partial` of one, or a callable object.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits; equal for equal code on one Python version.

    Raises
    ------
    RunError
        If the source of the function cannot be found, so that a change could not be seen.
    """
    plain = _unwrapped(function)
    hasher = hashlib.sha256(getattr(plain, "__qualname__", "").encode())
    for name, path in sorted(import_closure(plain).items()):
        hasher.update(f"\0{name}\0{_file_digest(path, _stamp(path))}".encode())
    return hasher.hexdigest()


def import_closure(function: Callable[..., object]) -> dict[str, Path]:
    """List the modules and data files that a function rests on.

    Parameters
    ----------
    function
        As for :func:`code_digest`.

    Returns
    -------
    dict
        Module name, or ``module name:file name`` of a data file, to path.

    Raises
    ------
    RunError
        If the source of the function cannot be found.
    """
    plain = _unwrapped(function)
    module = getattr(plain, "__module__", None) or ""
    try:
        file = inspect.getsourcefile(plain)
    except TypeError:
        file = inspect.getsourcefile(type(plain))
        module = type(plain).__module__
    if file is None or not Path(file).is_file():
        msg = f"The source of {function!r} cannot be found, so a change could not be noticed."
        msg += " Define it in a module."
        raise RunError(msg)
    roots = {_PACKAGE: _ROOT}
    path = Path(file).resolve()
    top, depth = module.split(".")[0], module.count(".")
    up = depth if path.name == "__init__.py" else depth - 1
    if (
        top != _PACKAGE
        and depth
        and up < len(path.parents)
        and path.parents[up].name == top
    ):
        roots[top] = path.parents[up]
    walk = _Walk(roots)
    walk.add(module, path)
    return walk.found


def _unwrapped(function: Callable[..., object]) -> Callable[..., object]:
    while isinstance(function, partial):
        function = function.func
    return inspect.unwrap(function)


@dataclass
class _Walk:
    """The modules reached so far."""

    roots: dict[str, Path]
    found: dict[str, Path] = field(default_factory=dict)
    followed: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)

    def add(self, module: str, path: Path) -> None:
        """Add a module, its data files, and what it imports."""
        if module in self.found:
            return
        self.found[module] = path
        package = _package_of(module, path)
        if package not in self.listed:  # all modules of a folder share its data files
            self.listed.add(package)
            for data in _data_files(path.parent):
                name = data.relative_to(path.parent).as_posix()
                self.found[f"{package}:{name}"] = data
        for target, names in _imports(path, package):
            self._follow(target, names)

    def _follow(self, target: str, names: tuple[str, ...]) -> None:
        if (target, names) in self.followed:
            return
        self.followed.add((target, names))
        path = self._path(target)
        if path is None:
            return
        if path.name != "__init__.py":
            self.add(target, path)
            return
        if not names:  # what is taken from the package is not said: all of it
            self._add_all(target, path.parent)
            return
        origins = _origins(path, target)
        for name in names:
            submodule = self._path(f"{target}.{name}")
            if submodule is not None and submodule.name != "__init__.py":
                self.add(f"{target}.{name}", submodule)
            elif submodule is not None:
                self._add_all(f"{target}.{name}", submodule.parent)
            elif name in origins:
                self._follow(*origins[name])
            elif _defines(
                path, "__getattr__"
            ):  # made on access: could be anything in it
                self._add_all(target, path.parent)
            else:
                self.add(target, path)

    def _add_all(self, package: str, folder: Path) -> None:
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            names = parts[:-1] if parts[-1] == "__init__" else parts
            self.add(".".join([package, *names]), path)

    def _path(self, module: str) -> Path | None:
        top, *rest = module.split(".")
        if top not in self.roots:
            return None
        base = self.roots[top].joinpath(*rest)
        candidates = (base / "__init__.py", base.parent / f"{base.name}.py")
        return next((c for c in candidates if c.is_file()), None)


def _package_of(module: str, path: Path) -> str:
    return module if path.name == "__init__.py" else module.rpartition(".")[0]


def _data_files(folder: Path) -> list[Path]:
    if not (folder / "__init__.py").is_file():
        return []
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix not in _CODE:
            found.append(path)
        elif path.is_dir() and path.name != "__pycache__" and not _holds_code(path):
            found += [p for p in sorted(path.rglob("*")) if p.is_file()]
    return found


def _holds_code(folder: Path) -> bool:
    return any(p.suffix in _CODE for p in folder.iterdir())


def _imports(path: Path, package: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each imported module with the names taken from it, annotations aside."""
    yield from _imports_at(path, package, _stamp(path))


@lru_cache(maxsize=4096)
def _imports_at(
    path: Path, package: str, _when: tuple[int, int]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: list[tuple[str, tuple[str, ...]]] = []
    for node in _run_nodes(_tree(path)):
        if isinstance(node, ast.Import):
            found += [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names = tuple(a.name for a in node.names)
            found.append((base, () if "*" in names else names))
    return tuple(found)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def _run_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree without the branches that only type checkers read."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            stack.extend(node.orelse)
        else:  # imports are statements: expressions hold none
            stack.extend(
                n for n in ast.iter_child_nodes(node) if isinstance(n, _MAY_IMPORT)
            )


def _origins(path: Path, package: str) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Map a name that a package re-exports to where it comes from."""
    return _origins_at(path, package, _stamp(path))


@lru_cache(maxsize=4096)
def _origins_at(
    path: Path, package: str, _when: tuple[int, int]
) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    origins: dict[str, tuple[str, tuple[str, ...]]] = {}
    for node in _tree(path).body:
        if isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            for alias in node.names:
                origins[alias.asname or alias.name] = (base, (alias.name,))
    return origins


def _defines(path: Path, name: str) -> bool:
    return any(
        isinstance(n, ast.FunctionDef) and n.name == name for n in _tree(path).body
    )


def _stamp(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_mtime_ns, state.st_size


def _tree(path: Path) -> ast.Module:
    return _parsed(path, _stamp(path))


@lru_cache(maxsize=4096)
def _parsed(path: Path, _when: tuple[int, int]) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError as error:
        msg = f"{path.name} cannot be parsed: {error}"
        raise RunError(msg) from error


@lru_cache(maxsize=4096)
def _file_digest(path: Path, _when: tuple[int, int]) -> str:
    data = path.read_bytes()
    if path.suffix == ".py":
        data = ast.dump(_parsed(path, _when)).encode()
    return hashlib.sha256(data).hexdigest()
