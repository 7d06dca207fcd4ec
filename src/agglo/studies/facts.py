"""What the stages of a study left, as its findings and its page read it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Generic, Self, TypeAlias, TypeVar

from agglo.studies.report import NumberKind, Report, format_number

if TYPE_CHECKING:
    from agglo.core.typing import Json, Lang
    from agglo.studies.contract import StageInputs

__all__ = [
    "Row",
    "StudyFacts",
    "changed_options",
    "finite",
    "known",
    "number_of",
    "planted_truth",
]

Row: TypeAlias = Mapping[str, "str | float | bool | None"]
OptionsT = TypeVar("OptionsT")


def number_of(row: Row, key: str) -> float:
    """Give a number of a row; NaN is unknown."""
    return _number(row.get(key))


def known(value: object) -> bool:
    """Say whether a value is a finite number."""
    return isinstance(value, (int, float)) and math.isfinite(value)


def finite(value: float) -> float | None:
    """Give a number as JSON holds it: ``None`` for what is not finite."""
    return float(value) if math.isfinite(value) else None


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


@dataclass(frozen=True, kw_only=True)
class StudyFacts(Generic[OptionsT]):
    """Tables, notes, options and truth in one place.

    Parameters
    ----------
    lang, title, generated
        Language and title of the project, and whether its data are generated.
    options
        Options of the study.
    tables
        Name to rows.
    notes
        Name to document.
    truth
        Quantity and item to planted number and label; empty unless generated.
    """

    lang: Lang
    title: str
    generated: bool
    options: OptionsT
    tables: Mapping[str, Sequence[Row]]
    notes: Mapping[str, Mapping[str, Json]]
    truth: Mapping[tuple[str, str], tuple[float, str]]

    @classmethod
    def collect(
        cls,
        inputs: StageInputs,
        options: type[OptionsT],
        *,
        tables: Mapping[str, str],
        notes: Mapping[str, str],
    ) -> Self:
        """Collect what the stages left.

        Parameters
        ----------
        inputs
            Inputs of the last stage.
        options
            Kind of the study's options.
        tables, notes
            Name of a table or document to its stage.

        Returns
        -------
        StudyFacts
            Everything that findings and page need.
        """
        documents: dict[str, Mapping[str, Json]] = {}
        for name, stage in notes.items():
            document = inputs.document(stage, name)
            documents[name] = document if isinstance(document, dict) else {}
        return cls(
            lang=inputs.project.language,
            title=inputs.project.title,
            generated=inputs.project.generated,
            options=inputs.options_as(options),
            tables={n: inputs.result(s, n).to_pylist() for n, s in tables.items()},
            notes=documents,
            truth=planted_truth(inputs) if inputs.project.generated else {},
        )

    def say(self, en: str, zh: str, **values: object) -> str:
        """Give the text of the project's language with its values filled in."""
        text = zh if self.lang == "zh" else en
        return text.format(**values) if values else text

    @staticmethod
    def show(value: object, kind: NumberKind = "number") -> str:
        """Write a number."""
        return format_number(_number(value), kind)

    def rows(self, table: str, **where: object) -> list[Row]:
        """Give the rows of a table with these values."""
        return [
            r
            for r in self.tables[table]
            if all(r.get(k) == v for k, v in where.items())
        ]

    def one(self, table: str, **where: object) -> Row:
        """Give the first of these rows; empty when there is none."""
        return next(iter(self.rows(table, **where)), {})

    def note(self, document: str, *keys: str) -> Json:
        """Give a note; ``None`` when it is not there."""
        value: Json = dict(self.notes.get(document, {}))
        for key in keys:
            if not isinstance(value, Mapping) or key not in value:
                return None
            value = value[key]
        return value

    def number(self, document: str, *keys: str) -> float:
        """Give a number of a note, NaN when it is not there."""
        value = self.note(document, *keys)
        return math.nan if isinstance(value, bool) else _number(value)

    def page(self, title: str, subtitle: str) -> Report:
        """Begin the page of the study in the language of the project."""
        return Report(
            f"{self.title}: {title}" if self.title else title,
            subtitle=subtitle,
            lang=self.lang,
            generated=self.generated,
        )

    def footer(self, inputs: StageInputs) -> tuple[tuple[str, str], ...]:
        """Give what every page of a study ends with: seed, options, configuration."""
        return (
            (self.say("Seed", "随机种子"), str(inputs.seed)),
            (
                self.say("Options that differ from the defaults", "与默认值不同的选项"),
                changed_options(self.options) or self.say("none", "无"),
            ),
            (
                self.say("Configuration (sha256)", "配置（sha256）"),
                str(inputs.provenance()["configuration_sha256"]),
            ),
        )


def changed_options(options: object) -> str:
    """List the options that differ from the defaults; empty for none."""
    plain = type(options)()
    names = [field.name for field in fields(options)]  # type: ignore[arg-type]
    return "; ".join(
        f"{name} = {getattr(options, name)}"
        for name in names
        if getattr(options, name) != getattr(plain, name)
    )


def planted_truth(inputs: StageInputs) -> dict[tuple[str, str], tuple[float, str]]:
    """Give quantity and item to planted number and label; empty without the table."""
    if not inputs.has("truth"):
        return {}
    return {
        (str(r["quantity"]), str(r["item"])): (
            _number(r.get("value")),
            str(r.get("label") or ""),
        )
        for r in inputs.table("truth").to_pylist()
    }
