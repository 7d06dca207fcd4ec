"""One step of a run: what it rests on, what it does, and the key that says when to redo it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from agglo.core.results import version
from agglo.core.typing import Json
from agglo.runs.source_code import SourceCode
from agglo.runs.step_store import StepFolder, StepRecord

__all__ = ["VERSIONED", "InputFile", "Step", "StepContext", "step_key", "versions"]

#: Packages whose version is part of every step key.
VERSIONED = (
    "duckdb",
    "joblib",
    "matplotlib",
    "narwhals",
    "numba",
    "numpy",
    "pyarrow",
    "scipy",
)
_FORMAT = 1


@lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """Give the versions that enter every step key.

    Returns
    -------
    Mapping
        ``agglo``, ``python`` (major and minor) and the packages of `VERSIONED` that are
        installed.
    """
    found = {
        "agglo": version(),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
    for name in VERSIONED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """A file outside the project that a step reads.

    Parameters
    ----------
    name
        As written in ``agglo.toml``.
    path
        Where that is on this machine.
    sha256
        Hash of its content.
    size
        Bytes.
    """

    name: str
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class StepContext:
    """What a step may use while it works.

    Parameters
    ----------
    inputs
        Outputs of earlier steps that it reads: step to path in the project to file.
    folder
        Takes what it writes.
    progress
        Called with done, total and a label.
    """

    inputs: Mapping[str, Mapping[str, Path]]
    folder: StepFolder
    progress: Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a run.

    Parameters
    ----------
    id
        For example ``"import/cbp"``, ``"check"``, ``"study/concentration/profile"``.
    label
        How progress names it.
    code
        Functions whose code, with everything it imports, is part of the key.
    parameters
        Plain values that are part of the key.
    files
        Files outside the project.
    reads
        Path prefixes of outputs of earlier steps that it reads.
    reads_all_of
        Steps whose outputs it reads altogether.
    skips
        Steps of which it reads nothing: imports that are meant for other studies.
    work
        Does the work.
    """

    id: str
    label: str
    code: tuple[Callable[..., object], ...]
    parameters: Mapping[str, Json]
    work: Callable[[StepContext], None]
    files: tuple[InputFile, ...] = ()
    reads: tuple[str, ...] = ()
    reads_all_of: tuple[str, ...] = ()
    skips: tuple[str, ...] = ()

    def reads_output(self, record: StepRecord, name: str) -> bool:
        """Say whether the step reads an output of an earlier step."""
        if record.id in self.skips:
            return False
        return record.id in self.reads_all_of or name.startswith(self.reads)

    def input_files(
        self, records: Mapping[str, StepRecord]
    ) -> dict[str, dict[str, Path]]:
        """Select the outputs of earlier steps that this step reads.

        Parameters
        ----------
        records
            The finished steps.

        Returns
        -------
        dict
            Step to path in the project to file.
        """
        return {
            r.id: {n: r.path(n) for n in sorted(r.outputs) if self.reads_output(r, n)}
            for r in records.values()
        }

    def input_digests(self, records: Mapping[str, StepRecord]) -> dict[str, str]:
        """Give path in the project and hash of the outputs that this step reads."""
        found = {
            n: digest
            for r in records.values()
            for n, digest in r.outputs.items()
            if self.reads_output(r, n)
        }
        return dict(sorted(found.items()))

    def code_digest(self, source: SourceCode) -> str:
        """Give the joint digest of the step's code, as it stands in the source files."""
        digests = [source.digest(f) for f in self.code]
        return hashlib.sha256("\0".join(digests).encode()).hexdigest()


def step_key(step: Step, records: Mapping[str, StepRecord], code: str) -> str:
    """Give the key of a step: equal keys, equal results.

    Parameters
    ----------
    step
        The step.
    records
        The finished steps.
    code
        Digest of its code.

    Returns
    -------
    str
        SHA-256 over code, parameters, input files (name and content), outputs read and
        versions. Where a file lies does not count, nor does the time.
    """
    facts = {
        "format": _FORMAT,
        "step": step.id,
        "code": code,
        "parameters": dict(step.parameters),
        "files": [[f.path.name, f.sha256] for f in step.files],
        "inputs": step.input_digests(records),
        "versions": dict(versions()),
    }
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
