"""``manifest.json``: every artefact with its hash and everything that it rests on.

The manifest holds no time, no machine and no absolute path, so that two runs of the same
project give the same bytes. Its own digest is its last line of defence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import Problem, RunError
from agglo.core.typing import Json
from agglo.runs.step_store import StepRecord
from agglo.runs.steps import Step, versions

if TYPE_CHECKING:
    from agglo.runs.project import Project

__all__ = ["MANIFEST", "Artefact", "Manifest", "ManifestStep", "manifest_step"]

MANIFEST = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A file and its hash.

    Parameters
    ----------
    name
        Path in the project, or the name of an input file as written in ``agglo.toml``.
    sha256
        Hash of its content.
    size
        Bytes.
    """

    name: str
    sha256: str
    size: int

    def to_dict(self) -> dict[str, Json]:
        """Give the fields as plain values."""
        return {"name": self.name, "sha256": self.sha256, "bytes": self.size}

    @classmethod
    def from_dict(cls, raw: Mapping[str, object]) -> Artefact:
        """Read the fields from plain values."""
        return cls(
            name=str(raw["name"]),
            sha256=str(raw["sha256"]),
            size=int(str(raw["bytes"])),
        )


@dataclass(frozen=True, kw_only=True)
class ManifestStep:
    """One step: what it read, with which code and parameters, and what it gave.

    Parameters
    ----------
    id, key
        Which step, under which key.
    code
        Digest of the code.
    parameters
        Options and, for a study, the seed.
    versions
        Versions of Python, agglo and the packages that computed it.
    files
        Input files outside the project.
    inputs
        Outputs of earlier steps that it read, with their hashes.
    outputs
        Artefacts.
    """

    id: str
    key: str
    code: str
    parameters: Mapping[str, Json]
    versions: Mapping[str, str]
    files: tuple[Artefact, ...]
    inputs: Mapping[str, str]
    outputs: tuple[Artefact, ...]

    def to_dict(self) -> dict[str, Json]:
        """Give the fields as plain values."""
        return {
            "step": self.id,
            "key": self.key,
            "code": self.code,
            "parameters": dict(self.parameters),
            "versions": dict(self.versions),
            "files": [f.to_dict() for f in self.files],
            "inputs": dict(self.inputs),
            "outputs": [o.to_dict() for o in self.outputs],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, object]) -> ManifestStep:
        """Read the fields from plain values."""
        return cls(
            id=str(raw["step"]),
            key=str(raw["key"]),
            code=str(raw["code"]),
            parameters=_mapping(raw["parameters"]),
            versions={k: str(v) for k, v in _mapping(raw["versions"]).items()},
            files=_artefacts(raw["files"]),
            inputs={k: str(v) for k, v in _mapping(raw["inputs"]).items()},
            outputs=_artefacts(raw["outputs"]),
        )


def _mapping(raw: object) -> dict[str, Json]:
    if not isinstance(raw, dict):
        raise TypeError
    return raw


def _artefacts(raw: object) -> tuple[Artefact, ...]:
    return tuple(Artefact.from_dict(_mapping(r)) for r in _list(raw))


def _list(raw: object) -> list[Json]:
    if not isinstance(raw, list):
        raise TypeError
    return raw


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The manifest of a project.

    Parameters
    ----------
    project
        Name, title, language, seed, and whether the data are generated.
    steps
        The steps whose outputs lie in the project, in the order they were done.
    """

    project: Mapping[str, Json]
    steps: tuple[ManifestStep, ...]

    @property
    def artefacts(self) -> dict[str, Artefact]:
        """Path in the project to artefact."""
        return {o.name: o for s in self.steps for o in s.outputs}

    def step(self, step_id: str) -> ManifestStep | None:
        """Give one step, ``None`` when it is not there."""
        return next((s for s in self.steps if s.id == step_id), None)

    def to_bytes(self) -> bytes:
        """Give the bytes of ``manifest.json``."""
        return self._bytes

    @cached_property
    def _bytes(self) -> bytes:
        content: dict[str, Json] = {
            "format": _FORMAT,
            "project": dict(self.project),
            "steps": [s.to_dict() for s in self.steps],
        }
        plain = _text(content | {"sha256": ""})
        return _text(content | {"sha256": hashlib.sha256(plain).hexdigest()})

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read a manifest and check it against its own digest.

        Parameters
        ----------
        data
            Content of ``manifest.json``.

        Returns
        -------
        Manifest
            The manifest.

        Raises
        ------
        RunError
            With code ``damaged_manifest`` if as much as one byte differs.
        """
        try:
            raw = _mapping(json.loads(data))
            steps = _list(raw["steps"])
            manifest = cls(
                project=_mapping(raw["project"]),
                steps=tuple(ManifestStep.from_dict(_mapping(s)) for s in steps),
            )
        except (ValueError, KeyError, TypeError) as error:
            msg = "it is not a manifest"
            raise _damaged(msg) from error
        if raw.get("format") != _FORMAT:
            msg = f"its format is {raw.get('format')}, this version reads {_FORMAT}"
            raise _damaged(msg)
        if manifest.to_bytes() != data:
            msg = "its content does not fit its own digest"
            raise _damaged(msg)
        return manifest

    @classmethod
    def load(cls, folder: Path) -> Manifest | None:
        """Read the manifest of a project folder.

        Parameters
        ----------
        folder
            Project folder.

        Returns
        -------
        Manifest or None
            ``None`` when nothing was ever run.

        Raises
        ------
        RunError
            If it is damaged or cannot be read.
        """
        try:
            data = (folder / MANIFEST).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            msg = f"it cannot be read: {error.strerror}"
            raise _damaged(msg) from error
        return cls.from_bytes(data)


def _text(content: Mapping[str, Json]) -> bytes:
    text = json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False)
    return (text + "\n").encode()


def _damaged(what: str) -> RunError:
    problem = Problem(
        code="damaged_manifest",
        what=what,
        where=MANIFEST,
        fix="make it anew with `agglo run`",
    )
    return RunError(f"{MANIFEST} is damaged.", [problem])


def project_facts(project: Project) -> dict[str, Json]:
    """Give what the manifest says about the project."""
    section = project.file.project
    return {
        "name": section.name,
        "title": project.title,
        "language": section.language,
        "seed": section.seed,
        "generated": section.generated,
    }


def manifest_step(
    step: Step, record: StepRecord, inputs: Mapping[str, str], code: str
) -> ManifestStep:
    """Describe a finished step.

    Parameters
    ----------
    step
        The step.
    record
        What it left.
    inputs
        Outputs of earlier steps that it read, with their hashes.
    code
        Digest of its code.

    Returns
    -------
    ManifestStep
        Its entry in the manifest.
    """
    files = (Artefact(name=f.name, sha256=f.sha256, size=f.size) for f in step.files)
    return ManifestStep(
        id=step.id,
        key=record.key,
        code=code,
        parameters=step.parameters,
        versions=versions(),
        files=tuple(files),
        inputs=inputs,
        outputs=tuple(
            Artefact(name=n, sha256=h, size=record.sizes[n])
            for n, h in record.outputs.items()
        ),
    )
