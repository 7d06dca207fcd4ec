"""What the earlier stages found, as the findings and the page read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from agglo.core.frames import float_column, string_column
from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.concentration.words import note_in_chinese
from agglo.studies.report import NumberKind, format_number

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, Json, Lang
    from agglo.studies.contract import StageInputs

__all__ = ["Columns", "Facts", "Truth", "facts_of"]


@dataclass(frozen=True, slots=True)
class Columns:
    """A table by its columns."""

    table: pa.Table

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    def has(self, name: str) -> bool:
        """Say whether there is such a column."""
        return name in self.table.column_names

    def text(self, name: str) -> NDArray[np.str_]:
        """Give a column of text."""
        return np.asarray([str(v or "") for v in string_column(self.table, name)])

    def number(self, name: str) -> FloatArray:
        """Give a column of numbers; a column that is not there is unknown."""
        if not self.has(name):
            return np.full(self.n, np.nan)
        return float_column(self.table, name)

    def filled(self, name: str) -> FloatArray:
        """Give a column of numbers with unknown as zero, for sorting and adding."""
        return np.nan_to_num(self.number(name))


@dataclass(frozen=True, slots=True)
class Truth:
    """Planted answers by quantity; empty for real data."""

    rows: tuple[tuple[str, str, float, str], ...] = ()

    def values(self, quantity: str) -> dict[str, float]:
        """Give item to planted number."""
        return {item: value for q, item, value, _ in self.rows if q == quantity}

    def items(self, quantity: str) -> tuple[str, ...]:
        """Give the planted items."""
        return tuple(item for q, item, _, _ in self.rows if q == quantity)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Tables, documents, names and truth in one place."""

    lang: Lang
    title: str
    generated: bool
    options: ConcentrationOptions
    cells: Columns
    industries: Columns
    regions: Columns
    clusters: Columns
    growth_regions: Columns
    growth_industries: Columns
    coverage: Mapping[str, Json]
    notes: Mapping[str, Mapping[str, Json]]
    truth: Truth
    region_name: Mapping[Lang, Mapping[str, str]]
    industry_name: Mapping[Lang, Mapping[str, str]]

    def say(self, en: str, zh: str, **values: object) -> str:
        """Give the text of the project's language with its values filled in."""
        text = zh if self.lang == "zh" else en
        return text.format(**values)

    def number(self, document: str, key: str) -> float:
        """Give a number of a stage's document, NaN when it is not there."""
        source = self.coverage if document == "coverage" else self.notes[document]
        value = source.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        return float("nan")

    def words(self, document: str, key: str) -> str:
        """Give a text of a stage's document."""
        source = self.coverage if document == "coverage" else self.notes[document]
        value = source.get(key)
        texts = value if isinstance(value, list) else [value or ""]
        if self.lang == "zh":
            return "；".join(note_in_chinese(str(v)) for v in texts)
        return "; ".join(str(v) for v in texts)

    def notes_of(self, document: str) -> str:
        """Give the notes of a stage as one sentence; empty for none."""
        found = self.words(document, "notes")
        return f"{found}{self.say('.', '。')}" if found else ""

    @property
    def drops_small_cells(self) -> bool:
        """Whether the publisher seems to leave small cells out without a mark."""
        return self.coverage.get("drops_small_cells") is True

    def region(self, code: str) -> str:
        """Give a region as a reader knows it."""
        return _named(code, self.region_name[self.lang], self.lang)

    def industry(self, code: str) -> str:
        """Give an industry as a reader knows it."""
        return _named(code, self.industry_name[self.lang], self.lang)

    @staticmethod
    def show(value: float, kind: NumberKind = "number") -> str:
        """Write a number."""
        return format_number(value, kind)


def _named(code: str, names: Mapping[str, str], lang: Lang) -> str:
    name = names.get(code, code)
    # a name that holds its code as a word of its own does not need it twice
    word = rf"(?<![0-9A-Za-z]){re.escape(code)}(?![0-9A-Za-z])"
    if re.search(word, name):
        return name
    return f"{name}（{code}）" if lang == "zh" else f"{name} ({code})"


def facts_of(inputs: StageInputs) -> Facts:
    """Collect what the stages left.

    Parameters
    ----------
    inputs
        Inputs of the last stage.

    Returns
    -------
    Facts
        Everything that findings and page need.
    """
    where = {
        "quotients": "quotient_notes",
        "agglomeration": "agglomeration_notes",
        "nulls": "null_notes",
        "specialisation": "specialisation_notes",
        "clusters": "cluster_notes",
        "growth": "growth_notes",
    }
    notes = {stage: _mapping(inputs.document(stage, n)) for stage, n in where.items()}
    regions = Columns(inputs.result("specialisation", "regions"))
    industries = Columns(inputs.result("agglomeration", "industries"))
    return Facts(
        lang=inputs.project.language,
        title=inputs.project.title,
        generated=inputs.project.generated,
        options=inputs.options_as(ConcentrationOptions),
        cells=Columns(inputs.result("quotients", "region_industries")),
        industries=industries,
        regions=regions,
        clusters=Columns(
            _main_clusters(inputs.result("clusters", "clusters"), notes["clusters"])
        ),
        growth_regions=Columns(inputs.result("growth", "growth_regions")),
        growth_industries=Columns(inputs.result("growth", "growth_industries")),
        coverage=_mapping(inputs.document("prepare", "coverage")),
        notes=notes,
        truth=_truth(inputs),
        region_name=_names(inputs, "region"),
        industry_name=_names(inputs, "industry"),
    )


def _main_clusters(table: pa.Table, notes: Mapping[str, Json]) -> pa.Table:
    """Keep the main set of definitions under the main scheme: a row per cluster."""
    for name in ("definition", "scheme"):
        table = table.filter(pc.equal(table[name], str(notes.get(name, ""))))
    return table


def _mapping(document: Json) -> Mapping[str, Json]:
    return document if isinstance(document, dict) else {}


def _names(inputs: StageInputs, key: str) -> dict[Lang, dict[str, str]]:
    """Give code to name in both languages."""
    columns = Columns(inputs.result("prepare", f"{key}_names"))
    codes = columns.text(key)
    names: dict[Lang, str] = {"en": "name_en", "zh": "name_zh"}
    return {
        lang: {
            str(code): str(name)
            for code, name in zip(codes, columns.text(column), strict=True)
        }
        for lang, column in names.items()
    }


def _truth(inputs: StageInputs) -> Truth:
    if not (inputs.project.generated and inputs.has("truth")):
        return Truth()
    table = Columns(inputs.table("truth"))
    label = table.text("label") if table.has("label") else [""] * table.n
    rows = zip(
        table.text("quantity"),
        table.text("item"),
        table.number("value").tolist(),
        label,
        strict=True,
    )
    return Truth(tuple((str(q), str(i), float(v), str(text)) for q, i, v, text in rows))
