"""What a study is: stages over the project's tables that end in findings and a report.

A study is a plain composition of the areas. Its stages are pure functions of
:class:`StageInputs`; the project runner gives them their tables, stores what they return
and knows when they must run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from agglo.core.errors import RunError, suggest
from agglo.core.origin import Origin
from agglo.core.results import to_json, version

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.core.typing import Json, Lang

__all__ = [
    "Demo",
    "Finding",
    "Origin",
    "ProjectFacts",
    "Stage",
    "StageInputs",
    "StageOutput",
    "Study",
    "spoken",
]

OptionsT = TypeVar("OptionsT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answer of a study, with what chance would give and what it may be read as.

    Parameters
    ----------
    id
        Stable name, for example ``"concentrated_industries"``.
    question
        The question in plain words.
    answer
        The answer in plain words, numbers included.
    estimate
        The number, a list of numbers, or a label.
    interval
        Lower and upper end, or ``None``.
    null
        What the null model gives for the same quantity, or what the null is.
    p
        p-value, never 0; ``None`` where nothing is tested.
    reading
        How to read it, and how not to; shortened draws are said here.
    evidence
        Artefact names (tables, figures) the answer rests on.
    truth
        The planted answer on generated data, otherwise ``None``.
    """

    id: str
    question: str
    answer: str
    estimate: Json = None
    interval: tuple[float, float] | None = None
    null: Json = None
    p: float | None = None
    reading: str = ""
    evidence: tuple[str, ...] = ()
    truth: Json = None

    def to_dict(self) -> dict[str, Json]:
        """Give the ten keys that a finding has in every language.

        ``findings.json`` of the studies here holds them in English, and beside them the
        Chinese ones that :func:`agglo.studies.bilingual.bilingual` adds.
        """
        return {
            "id": self.id,
            "question": self.question,
            "answer": self.answer,
            "estimate": to_json(self.estimate),
            "interval": to_json(self.interval),
            "null": to_json(self.null),
            "p": to_json(self.p),
            "reading": self.reading,
            "evidence": list(self.evidence),
            "truth": to_json(self.truth),
        }


def spoken(finding: Mapping[str, Json], key: str, lang: Lang) -> Json:
    """Give a part of a finding in a language.

    Parameters
    ----------
    finding
        One of ``findings.json``.
    key
        ``"question"``, ``"answer"``, ``"reading"``, ``"estimate"``, ``"null"``, ``"truth"``.
    lang
        Language wanted.

    Returns
    -------
    Json
        The value of ``<key>_zh`` for Chinese, where there is one; otherwise that of `key`.
    """
    chinese = finding.get(f"{key}_zh") if lang == "zh" else None
    return finding.get(key) if chinese in (None, "") else chinese


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What a study may say about the project it runs in.

    Parameters
    ----------
    title
        Title of the project.
    language
        Language of the report.
    generated
        Whether the data are generated; shown wherever a number is shown.
    origins
        One per import.
    """

    title: str = ""
    language: Lang = "en"
    generated: bool = False
    origins: tuple[Origin, ...] = ()


def _silent(done: int, total: int, label: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, kw_only=True)
class StageInputs:
    """What a stage may see.

    Parameters
    ----------
    tables
        The project's tables that the stage asked for, loaded on access.
    results
        ``(stage, name)`` to table, for the stages named in ``after``.
    documents
        ``(stage, name)`` to JSON document, for the same stages.
    options
        The study's frozen options object.
    seed
        Seed of the project.
    project
        Facts for the report.
    progress
        Called with done, total and a label.
    """

    tables: Mapping[str, pa.Table]
    options: object
    results: Mapping[tuple[str, str], pa.Table] = field(default_factory=dict)
    documents: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    seed: int = 0
    project: ProjectFacts = field(default_factory=ProjectFacts)
    progress: Callable[[int, int, str], None] = _silent

    def has(self, name: str) -> bool:
        """Say whether the project has this table."""
        return name in self.tables

    def table(self, name: str) -> pa.Table:
        """Give a project table, or say which ones there are."""
        if name not in self.tables:
            known = sorted(self.tables)
            msg = f"The project has no table '{name}'. {suggest(name, known)}".rstrip()
            msg = f"{msg} Tables: {known}. Import it with `agglo import`."
            raise RunError(msg)
        return self.tables[name]

    def result(self, stage: str, name: str) -> pa.Table:
        """Give a table that an earlier stage returned."""
        return self.results[stage, name]

    def document(self, stage: str, name: str) -> Json:
        """Give a document that an earlier stage returned."""
        return self.documents[stage, name]

    def provenance(self) -> dict[str, Json]:
        """Give what every file of the study carries.

        Version of the software, hash of options and seed, the seed, and the hashes of the
        files that the project was imported from.
        """
        text = json.dumps([to_json(self.options), self.seed], sort_keys=True)
        return {
            "software": f"agglo {version()}",
            "configuration_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "seed": self.seed,
            "data_files": {
                name: digest for o in self.project.origins for name, digest in o.files
            },
        }

    def options_as(self, kind: type[OptionsT]) -> OptionsT:
        """Give the options, checked to be of the study's own type."""
        if not isinstance(self.options, kind):
            msg = f"options are {type(self.options).__name__}, expected {kind.__name__}"
            raise RunError(msg)
        return self.options


@dataclass(frozen=True, kw_only=True)
class StageOutput:
    """What a stage leaves behind.

    Parameters
    ----------
    tables
        Name to table, written as Parquet.
    documents
        Name to JSON value, written as ``<name>.json``.
    files
        File name to bytes, for example ``report.html``.
    """

    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    documents: Mapping[str, Json] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of a study.

    Parameters
    ----------
    name
        Name of the step, unique in the study.
    run
        Pure function from inputs to output.
    tables
        Project tables that must be there.
    optional
        Project tables that are used when they are there.
    after
        Names of the stages whose output it reads.
    """

    name: str
    run: Callable[[StageInputs], StageOutput]
    tables: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The generated example of a study.

    Parameters
    ----------
    files
        Relative path to bytes of the source files, as a user would have them.
    imports
        ``[[import]]`` entries of ``agglo.toml`` that read these files.
    options
        Study options that differ from the defaults; empty unless said in a finding.
    """

    files: Mapping[str, bytes]
    imports: tuple[Mapping[str, Json], ...]
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Study:
    """A question, its stages and its options.

    Parameters
    ----------
    name
        Name on the command line and of the results folder.
    title
        English and Chinese title.
    question
        English and Chinese question.
    options
        Frozen dataclass with defaults; ``[study.<name>]`` of ``agglo.toml`` fills it.
    stages
        In an order that respects ``after``; the last one yields the document
        ``findings`` and the file ``report.html``.
    demo
        Seed to generated example; ``None`` while the study has none.
    alternatives
        Sets of tables of which one must be there for the study to run unasked; asked for,
        it says itself what it lacks.
    """

    name: str
    title: Mapping[Lang, str]
    question: Mapping[Lang, str]
    options: type
    stages: tuple[Stage, ...]
    demo: Callable[[int], Demo] | None = None
    alternatives: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        """Check that the stages form an ordered graph."""
        seen: set[str] = set()
        for stage in self.stages:
            unknown = [a for a in stage.after if a not in seen]
            if unknown or stage.name in seen:
                msg = f"study '{self.name}': stage '{stage.name}' repeats or runs before {unknown}"
                raise RunError(msg)
            seen.add(stage.name)
