"""Hash of the code that a function rests on: its module and everything that imports.

The digest covers the function's module and, transitively, each module of the same
top-level package (and of agglo) that it imports anywhere in its text, plus the data files
that lie beside these modules. Comments and layout do not count: the syntax tree is hashed.
Third-party code is represented by its version elsewhere in the step key.

A name imported from a package is followed to the module that defines it, so a change in
one topic module of an area leaves studies that use another one alone.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from agglo.core.errors import RunError
from agglo.runs.source_facts import FACTS, Facts
from agglo.studies.deferred import Deferred

__all__ = ["SourceCode", "code_digest", "import_closure"]

_PACKAGE = "agglo"
_ROOT = Path(__file__).resolve().parents[1]
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
    return SourceCode().digest(function)


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
    return SourceCode().closure(function)


@dataclass
class SourceCode:
    """The source files as they are now: each is read once, when it is first asked for."""

    _texts: dict[Path, Facts] = field(default_factory=dict)
    _data: dict[Path, tuple[Path, ...]] = field(default_factory=dict)
    _files: dict[Path, str] = field(default_factory=dict)
    _modules: dict[tuple[str, Path], Path | None] = field(default_factory=dict)
    _digests: dict[tuple[str, str, Path], str] = field(default_factory=dict)

    def digest(self, function: Callable[..., object]) -> str:
        """Hash the code that a function rests on; see :func:`code_digest`."""
        name, module, path = key = _place(function)
        if key not in self._digests:
            hasher = hashlib.sha256(name.encode())
            for part, file in sorted(self._walk(module, path).items()):
                hasher.update(f"\0{part}\0{self._file_digest(file)}".encode())
            self._digests[key] = hasher.hexdigest()
        return self._digests[key]

    def closure(self, function: Callable[..., object]) -> dict[str, Path]:
        """List what a function rests on; see :func:`import_closure`."""
        _, module, path = _place(function)
        return self._walk(module, path)

    def _walk(self, module: str, path: Path) -> dict[str, Path]:
        roots = {_PACKAGE: _ROOT}
        top, depth = module.split(".", maxsplit=1)[0], module.count(".")
        up = depth if path.name == "__init__.py" else depth - 1
        if (
            top != _PACKAGE
            and depth
            and up < len(path.parents)
            and path.parents[up].name == top
        ):
            roots[top] = path.parents[up]
        walk = _Walk(self, roots)
        walk.add(module, path)
        return walk.found

    def facts(self, path: Path) -> Facts:
        """Say what the text of a module imports and defines."""
        if path not in self._texts:
            self._texts[path] = FACTS.of(path.read_bytes(), path.name)
        return self._texts[path]

    def data_files(self, folder: Path) -> tuple[Path, ...]:
        """List the data files of a package."""
        if folder not in self._data:
            self._data[folder] = tuple(_data_files(folder))
        return self._data[folder]

    def module(self, name: str, root: Path) -> Path | None:
        """Find the file of a module, given the folder of its top-level package."""
        if (name, root) not in self._modules:
            base = root.joinpath(*name.split(".")[1:])
            candidates = (base / "__init__.py", base.parent / f"{base.name}.py")
            found = next((c for c in candidates if c.is_file()), None)
            self._modules[name, root] = found
        return self._modules[name, root]

    def _file_digest(self, path: Path) -> str:
        if path.suffix == ".py":
            return self.facts(path).digest
        if path not in self._files:
            self._files[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self._files[path]


def _place(function: Callable[..., object]) -> tuple[str, str, Path]:
    """Give qualified name, module and source file of a function."""
    while isinstance(function, partial):
        function = function.func
    if isinstance(function, Deferred):  # not imported to be hashed
        return function.name, function.module, _source(function, function.source())
    plain = inspect.unwrap(function)
    module = getattr(plain, "__module__", None) or ""
    try:
        file = inspect.getsourcefile(plain)
    except TypeError:
        file = inspect.getsourcefile(type(plain))
        module = type(plain).__module__
    return getattr(plain, "__qualname__", ""), module, _source(plain, file)


def _source(function: object, file: str | None) -> Path:
    if file is None or not Path(file).is_file():
        msg = f"The source of {function!r} cannot be found, so a change could not be noticed."
        msg += " Define it in a module."
        raise RunError(msg)
    return Path(file).resolve()


@dataclass
class _Walk:
    """The modules reached so far."""

    code: SourceCode
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
            for data in self.code.data_files(path.parent):
                name = data.relative_to(path.parent).as_posix()
                self.found[f"{package}:{name}"] = data
        for level, target, names in self.code.facts(path).imports:
            self._follow(_absolute(level, target, package), names)

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
        facts = self.code.facts(path)
        for name in names:
            submodule = self._path(f"{target}.{name}")
            if submodule is not None and submodule.name != "__init__.py":
                self.add(f"{target}.{name}", submodule)
            elif submodule is not None:
                self._add_all(f"{target}.{name}", submodule.parent)
            elif name in facts.origins:
                level, origin, original = facts.origins[name]
                self._follow(_absolute(level, origin, target), (original,))
            elif facts.lazy:  # made on access: could be anything in it
                self._add_all(target, path.parent)
            else:
                self.add(target, path)

    def _add_all(self, package: str, folder: Path) -> None:
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            names = parts[:-1] if parts[-1] == "__init__" else parts
            self.add(".".join([package, *names]), path)

    def _path(self, module: str) -> Path | None:
        root = self.roots.get(module.partition(".")[0])
        return None if root is None else self.code.module(module, root)


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


def _absolute(level: int, module: str, package: str) -> str:
    if not level:
        return module
    parts = package.split(".")
    base = parts[: len(parts) - level + 1]
    return ".".join([*base, *([module] if module else [])])
