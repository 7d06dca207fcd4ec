"""What a run gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.typing import Json, Lang
from agglo.runs.execute import StepStatus

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Skipped", "StudyOutcome"]


@dataclass(frozen=True, kw_only=True)
class StudyOutcome:
    """What a study left behind.

    Parameters
    ----------
    study
        Name of the study.
    title
        Its title in the language of the project.
    findings
        The content of ``findings.json``.
    artefacts
        Paths in the project, sorted.
    seconds
        What the computation of its stages took, now or when they were last run.
    folder
        Project folder.
    language
        Language of the project.
    """

    study: str
    title: str
    findings: tuple[Mapping[str, Json], ...]
    artefacts: tuple[str, ...]
    seconds: float
    folder: Path = field(repr=False)
    language: Lang = "en"

    def table(self, name: str) -> pa.Table:
        """Read one of its tables.

        Parameters
        ----------
        name
            Name without folder and ending.

        Returns
        -------
        pyarrow.Table
            The table.

        Raises
        ------
        StoreError
            If there is no such table.
        """
        from agglo.store import read_table

        return read_table(self.folder / "results" / self.study / f"{name}.parquet")

    def to_dict(self) -> dict[str, Json]:
        """Give the fields as plain values."""
        return {
            "study": self.study,
            "title": self.title,
            "seconds": self.seconds,
            "findings": [dict(f) for f in self.findings],
            "artefacts": list(self.artefacts),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A study that did not run because the project lacks tables.

    Parameters
    ----------
    study
        Name of the study.
    missing
        Tables it needs.
    """

    study: str
    missing: tuple[str, ...]

    def to_dict(self) -> dict[str, Json]:
        """Give the fields as plain values."""
        return {"study": self.study, "missing_tables": list(self.missing)}


def status_dicts(steps: tuple[StepStatus, ...]) -> list[Json]:
    """Give the statuses of steps as plain values."""
    return [s.to_dict() for s in steps]
