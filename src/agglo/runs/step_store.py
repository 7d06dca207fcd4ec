"""Finished steps on disk: one folder per step key, there whole or not at all.

A step writes into a staging folder; when it is done, its record is added and the folder
gets its final name in one rename. A kill at any point leaves either no folder or a whole
one. Results are published from here by hard links, so nothing is stored twice.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from agglo.core.errors import RunError, StoreError
from agglo.core.typing import Json
from agglo.runs.hashes import FileHashes, hash_file
from agglo.store import write_bytes, write_json, write_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Outputs",
    "StepFolder",
    "StepRecord",
    "StepStore",
    "disk_error",
    "sync_folder",
]

Outputs: TypeAlias = Mapping[str, str]

_RECORD = "step.json"
_KEY_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """A finished step.

    Parameters
    ----------
    id, key
        Which step, and the key it was done under.
    folder
        Where its outputs lie.
    outputs
        Path in the project to hash.
    sizes
        Path in the project to bytes.
    seconds
        How long it took.
    notes
        Warnings it gave.
    """

    id: str
    key: str
    folder: Path
    outputs: Outputs
    sizes: Mapping[str, int]
    seconds: float
    notes: tuple[str, ...] = ()

    def path(self, name: str) -> Path:
        """Give the file of an output."""
        return self.folder / "out" / name


@dataclass(frozen=True)
class StepFolder:
    """The staging folder of a running step."""

    path: Path
    written: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def _target(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        # A name with a colon or backslash would be another file on Windows.
        odd = any(p in {"", ".", ".."} or set(p) & set('\\:*?"<>|\0') for p in parts)
        if odd or not parts or name.startswith("/"):
            msg = f"A step cannot write {name!r}: it is not a plain relative path."
            raise RunError(msg)
        if name in self.written:
            msg = f"A step writes {name} twice."
            raise RunError(msg)
        target = self.path / "out" / name
        self.written[name] = target
        return target

    def table(
        self, name: str, table: pa.Table, metadata: Mapping[str, Json] | None = None
    ) -> None:
        """Write a table as Parquet, with what it says about itself."""
        write_table(self._target(name), table, metadata=metadata)

    def document(self, name: str, value: Json) -> None:
        """Write a JSON document."""
        write_json(self._target(name), value)

    def file(self, name: str, data: bytes) -> None:
        """Write a file."""
        write_bytes(self._target(name), data)


@dataclass(frozen=True)
class StepStore:
    """The finished steps of a project.

    Parameters
    ----------
    root
        Folder of the runner's own files.
    hashes
        Remembered hashes.
    """

    root: Path
    hashes: FileHashes

    @property
    def _steps(self) -> Path:
        return self.root / "steps"

    @property
    def staging(self) -> Path:
        """Folder of unfinished work; what lies there when no run is on is waste."""
        return self.root / "staging"

    def find(self, step_id: str, key: str) -> StepRecord | None:
        """Give a finished step, if all its outputs are as they were written.

        Parameters
        ----------
        step_id, key
            Which step, under which key.

        Returns
        -------
        StepRecord or None
            ``None`` when it was never done, or when an output is gone or altered.
        """
        record = _read_record(self._steps / key[:_KEY_LENGTH])
        if record is None or (record.id, record.key) != (step_id, key):
            return None
        for name, digest in record.outputs.items():
            path = record.path(name)
            if not path.is_file() or self.hashes.of(path) != digest:
                return None
        return record

    def open(self) -> StepFolder:
        """Make an empty staging folder for a step."""
        folder = self.staging / uuid.uuid4().hex
        _make_folder(folder / "out")
        return StepFolder(folder)

    def commit(
        self, folder: StepFolder, step_id: str, key: str, seconds: float
    ) -> StepRecord:
        """Turn a staging folder into a finished step, in one rename.

        Parameters
        ----------
        folder
            What the step wrote.
        step_id, key
            Which step, under which key.
        seconds
            How long it took.

        Returns
        -------
        StepRecord
            The finished step.

        Raises
        ------
        StoreError
            If the disk refuses; nothing is left behind under the key then.
        """
        names = sorted(folder.written)
        record: dict[str, Json] = {
            "step": step_id,
            "key": key,
            "outputs": {n: hash_file(folder.written[n]) for n in names},
            "sizes": {n: folder.written[n].stat().st_size for n in names},
            "seconds": round(seconds, 3),
            "notes": list(folder.notes),
        }
        write_json(folder.path / _RECORD, record)
        target = self._steps / key[:_KEY_LENGTH]
        _make_folder(self._steps)
        try:
            if target.exists():  # a damaged earlier attempt
                shutil.rmtree(target)
            folder.path.rename(target)
            sync_folder(self._steps)
        except OSError as error:
            raise disk_error(target, error) from error
        done = _read_record(target)
        if done is None:
            msg = f"{target} cannot be read back after it was written."
            raise StoreError(msg)
        return done

    def discard(self, folder: StepFolder) -> None:
        """Remove a staging folder whose step failed."""
        shutil.rmtree(folder.path, ignore_errors=True)

    def clear_staging(self) -> None:
        """Remove unfinished work of runs that were killed."""
        shutil.rmtree(self.staging, ignore_errors=True)

    def sweep(self, keep: Iterable[str]) -> None:
        """Remove finished steps that nothing refers to.

        Parameters
        ----------
        keep
            Keys to keep.
        """
        kept = {k[:_KEY_LENGTH] for k in keep}
        if self._steps.is_dir():
            for folder in self._steps.iterdir():
                if folder.name not in kept:
                    shutil.rmtree(folder, ignore_errors=True)


def _read_record(folder: Path) -> StepRecord | None:
    try:
        raw = json.loads((folder / _RECORD).read_bytes())
        return StepRecord(
            id=raw["step"],
            key=raw["key"],
            folder=folder,
            outputs=dict(raw["outputs"]),
            sizes=dict(raw["sizes"]),
            seconds=float(raw["seconds"]),
            notes=tuple(raw["notes"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not there, or not whole: the step is done again


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from error


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk.

    Parameters
    ----------
    path
        The folder.
    """
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def disk_error(path: Path, error: OSError) -> StoreError:
    """Say that a path cannot be written, and why.

    Parameters
    ----------
    path
        What was to be written.
    error
        What the system said.

    Returns
    -------
    StoreError
        To be raised.
    """
    why = error.strerror or type(error).__name__
    msg = f"{path} cannot be written: {why}."
    return StoreError(f"{msg} Check the free space and the permissions of the folder.")
