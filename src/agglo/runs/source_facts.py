"""What the text of a module imports and defines, remembered by its content.

Parsing all modules of agglo takes seconds, so what was found is kept in the user's cache
folder (`XDG_CACHE_HOME` where it is set). An entry is found by the hash of the text alone:
no change goes unseen, whatever sizes and times say. A cache that cannot be read, belongs
to another Python or was written by another version of this module counts as empty.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from agglo.core.errors import RunError, StoreError
from agglo.core.typing import Json
from agglo.store import write_bytes

__all__ = ["FACTS", "Facts", "FactsStore", "cache_folder"]

_MAY_IMPORT = (ast.stmt, ast.ExceptHandler, ast.match_case)
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What the digest of code needs to know about the text of a module.

    Parameters
    ----------
    digest
        SHA-256 of the syntax tree.
    imports
        Leading dots, module and the names taken from it; no names for all of it. What
        only type checkers import is left out.
    origins
        Name that the module re-exports to leading dots, module and name there.
    lazy
        Whether the module makes names on access.
    """

    digest: str
    imports: tuple[tuple[int, str, tuple[str, ...]], ...]
    origins: Mapping[str, tuple[int, str, str]]
    lazy: bool

    def to_dict(self) -> dict[str, Json]:
        """Give the fields as plain values."""
        return {
            "digest": self.digest,
            "imports": [[level, base, [*names]] for level, base, names in self.imports],
            "origins": {name: [*origin] for name, origin in self.origins.items()},
            "lazy": self.lazy,
        }


@dataclass
class FactsStore:
    """Facts by the hash of the text, kept between processes.

    Parameters
    ----------
    folder
        Where they are kept; ``None`` keeps them in memory only.
    """

    folder: Path | None
    _used: dict[str, Facts] = field(default_factory=dict)
    _new: bool = False

    def of(self, text: bytes, name: str) -> Facts:
        """Give the facts of a text; it is parsed only when it is not known.

        Parameters
        ----------
        text
            A module.
        name
            Its file, for the message.

        Returns
        -------
        Facts
            What it imports and defines.

        Raises
        ------
        RunError
            If it is not Python.
        """
        key = hashlib.sha256(text).hexdigest()
        if key not in self._used:
            known = self._kept.get(key)
            self._used[key] = _parsed(text, name) if known is None else _facts(known)
            self._new |= known is None
        return self._used[key]

    def save(self) -> None:
        """Keep the facts for the next process; where that is refused, they are not kept."""
        if self.folder is None or not self._new:
            return
        # what another process kept meanwhile stays, up to a limit
        older = _load(self.folder / _file())
        kept = {key: one.to_dict() for key, one in self._used.items()}
        for key in [k for k in older if k not in kept][: _MOST_KEPT - len(kept)]:
            kept[key] = older[key]
        body = json.dumps(kept, separators=(",", ":")).encode()
        with suppress(StoreError):
            write_bytes(self.folder / _file(), _seal(body) + b"\n" + body)
        self._new = False

    @cached_property
    def _kept(self) -> dict[str, dict[str, Json]]:
        return {} if self.folder is None else _load(self.folder / _file())


def cache_folder() -> Path | None:
    """Give the folder for what can be made anew at any time.

    Returns
    -------
    Path or None
        The user's cache folder of this system, or ``None`` where there is no home.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if Path(named).is_absolute():
        return Path(named) / "agglo"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return Path(local) / "agglo" / "cache" if local else None
    try:
        home = Path.home()
    except RuntimeError:
        return None
    within = Path("Library", "Caches") if sys.platform == "darwin" else Path(".cache")
    return home / within / "agglo"


def _file() -> str:
    return f"source-{sys.implementation.cache_tag}.json"


def _seal(body: bytes) -> bytes:
    """Hash what is kept together with all that it rests on beside the texts."""
    rests_on = (sys.version.encode(), Path(__file__).read_bytes(), body)
    return hashlib.sha256(b"\0".join(rests_on)).hexdigest().encode()


def _load(path: Path) -> dict[str, dict[str, Json]]:
    try:
        seal, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if _seal(body) != seal:
        return {}
    kept: dict[str, dict[str, Json]] = json.loads(body)
    return kept


def _facts(kept: Mapping[str, Any]) -> Facts:
    return Facts(
        digest=kept["digest"],
        imports=tuple((n, base, tuple(names)) for n, base, names in kept["imports"]),
        origins={name: (n, base, o) for name, (n, base, o) in kept["origins"].items()},
        lazy=kept["lazy"],
    )


def _parsed(text: bytes, name: str) -> Facts:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        msg = f"{name} cannot be parsed: {error}"
        raise RunError(msg) from error
    return Facts(
        digest=hashlib.sha256(ast.dump(tree).encode()).hexdigest(),
        imports=tuple(_imports(tree)),
        origins={
            alias.asname or alias.name: (node.level, node.module or "", alias.name)
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        },
        lazy=any(
            isinstance(n, ast.FunctionDef) and n.name == "__getattr__"
            for n in tree.body
        ),
    )


def _imports(tree: ast.Module) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    for node in _run_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(a.name for a in node.names)
            yield node.level, node.module or "", () if "*" in names else names


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


#: Those of this process.
FACTS = FactsStore(cache_folder())
