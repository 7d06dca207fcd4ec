"""SHA-256 of files, remembered while a file stays as it is."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from agglo.core.errors import Problem, RunError
from agglo.core.typing import Json
from agglo.store import write_json

__all__ = ["FileHashes", "hash_bytes", "hash_file"]

_CHUNK = 1 << 20
# A file changed within this time of being hashed could change again unseen: file systems
# round the time of change (2 s on FAT).
_SETTLED_NS = 3_000_000_000


def hash_bytes(data: bytes) -> str:
    """Hash bytes.

    Parameters
    ----------
    data
        What to hash.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    return hashlib.sha256(data).hexdigest()


def hash_file(path: Path) -> str:
    """Hash a file by reading all of it.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.

    Raises
    ------
    RunError
        With problem code ``missing_file``, ``is_directory`` or ``unreadable_file``.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise _failed(path, "missing_file", "there is no such file") from error
    except IsADirectoryError as error:
        raise _failed(path, "is_directory", "is a folder, not a file") from error
    except OSError as error:
        raise _failed(
            path, "unreadable_file", f"cannot be read: {error.strerror}"
        ) from error


def _failed(path: Path, code: str, what: str) -> RunError:
    problem = Problem(
        code=code, what=what, where=str(path), fix="check the name in agglo.toml"
    )
    return RunError(f"{path.name}: {what}.", [problem])


@dataclass
class FileHashes:
    """Hashes of files by path, size and time of change.

    Parameters
    ----------
    store
        JSON file that keeps them between runs; ``None`` keeps them in memory only.
    """

    store: Path | None = None
    _known: dict[str, list[int | str]] = field(default_factory=dict)
    _changed: bool = False

    def __post_init__(self) -> None:
        """Load what is known; a damaged file counts as empty."""
        if self.store is None:
            return
        try:
            known = json.loads(self.store.read_bytes())
        except (OSError, ValueError):
            return
        if isinstance(known, dict):
            self._known = {
                k: v for k, v in known.items() if isinstance(v, list) and len(v) == 4
            }

    def of(self, path: Path) -> str:
        """Give the hash of a file; reads it only when it changed.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        str
            SHA-256, 64 hexadecimal digits.

        Raises
        ------
        RunError
            As :func:`hash_file`.
        """
        try:
            state = path.stat()
        except OSError:
            return hash_file(path)  # says what is wrong
        stamp: list[int | str] = [state.st_size, state.st_mtime_ns, state.st_ino]
        known = self._known.get(str(path))
        if known is not None and known[:3] == stamp:
            return str(known[3])
        started = time.time_ns()
        digest = hash_file(path)
        if started - state.st_mtime_ns > _SETTLED_NS:
            self._known[str(path)] = [*stamp, digest]
            self._changed = True
        return digest

    def save(self) -> None:
        """Keep the hashes for the next run; drops files that are gone."""
        if self.store is None or not self._changed:
            return
        kept: Json = {
            k: [*v] for k, v in sorted(self._known.items()) if Path(k).exists()
        }
        write_json(self.store, kept)
        self._changed = False
