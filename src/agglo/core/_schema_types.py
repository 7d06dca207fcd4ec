"""What a column and a table of the data model are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from agglo.core.errors import OptionError, suggest

if TYPE_CHECKING:
    from agglo.core.typing import Lang

__all__ = ["Column", "ColumnType", "Role", "TableSchema"]

ColumnType: TypeAlias = Literal["string", "float", "integer", "boolean"]
Role: TypeAlias = Literal["key", "measure", "label", "attribute", "flag", "version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Column name.
    dtype
        ``"string"``, ``"float"``, ``"integer"`` or ``"boolean"``; codes are strings.
    role
        What it is for: key, measure, label, attribute, flag or version.
    label_en, label_zh
        Short label.
    description_en, description_zh
        One sentence.
    unit
        Unit of a measure; empty for text.
    required
        Whether the column must be there.
    minimum, maximum
        Admissible range; ``None`` for none.
    allowed
        Admissible words; empty for any.
    references
        ``(table, column)`` in which every value must occur, when that table is there.
    """

    name: str
    dtype: ColumnType
    role: Role
    label_en: str
    label_zh: str
    description_en: str
    description_zh: str
    unit: str = ""
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    references: tuple[str, str] | None = None

    def label(self, lang: Lang = "en") -> str:
        """Give the short label in one language."""
        return self.label_zh if lang == "zh" else self.label_en

    def description(self, lang: Lang = "en") -> str:
        """Give the description in one language."""
        return self.description_zh if lang == "zh" else self.description_en


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """One table.

    Parameters
    ----------
    name
        Table name.
    title_en, title_zh
        What the table holds.
    key
        Columns that together name a row; those absent from the data are left out.
    columns
        The known columns; others may be present and are kept.
    """

    name: str
    title_en: str
    title_zh: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the known columns."""
        return tuple(c.name for c in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(c.name for c in self.columns if c.required)

    def column(self, name: str) -> Column:
        """Give one column, or say which is meant."""
        for column in self.columns:
            if column.name == name:
                return column
        hint = suggest(name, self.names)
        msg = f"Table '{self.name}' has no column '{name}'. {hint}".rstrip()
        raise OptionError(msg)
