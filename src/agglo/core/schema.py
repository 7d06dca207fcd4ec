"""The one schema: every table, column, unit and label, in English and Chinese.

It drives validation (:mod:`agglo.core.checks`), the data dictionary and the labels of the
reports and the observatory. Three states run through it: an absent row is zero, a null is
missing, and a null whose ``flag`` is ``c`` is confidential.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agglo.core._schema_clusters import CLUSTER_TABLES
from agglo.core._schema_facts import FACT_TABLES
from agglo.core._schema_networks import NETWORK_TABLES
from agglo.core._schema_policy import POLICY_TABLES
from agglo.core._schema_reference import REFERENCE_TABLES
from agglo.core._schema_types import Column, TableSchema
from agglo.core.errors import OptionError, suggest

if TYPE_CHECKING:
    from agglo.core.typing import Lang

__all__ = [
    "SCHEMAS",
    "Column",
    "TableSchema",
    "data_dictionary",
    "table_schema",
]


def table_schema(name: str) -> TableSchema:
    """Give the schema of a table.

    Parameters
    ----------
    name
        Table name, for example ``"activity"``.

    Returns
    -------
    TableSchema
        Its columns, units and labels.

    Raises
    ------
    OptionError
        If there is no such table; the closest name is suggested.

    Examples
    --------
    >>> from agglo.core.schema import table_schema
    >>> len(table_schema("activity").key)
    5
    """
    if name not in SCHEMAS:
        hint = suggest(name, list(SCHEMAS))
        msg = f"There is no table '{name}'. {hint}".rstrip()
        msg = f"{msg} Tables: {sorted(SCHEMAS)}"
        raise OptionError(msg)
    return SCHEMAS[name]


def data_dictionary(table: str | None = None, *, lang: Lang = "en") -> str:
    """Write the data dictionary as Markdown.

    Parameters
    ----------
    table
        One table; default all of them.
    lang
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        One section per table, one row per column.

    Raises
    ------
    OptionError
        If `table` or `lang` is unknown.

    Examples
    --------
    >>> from agglo.core.schema import data_dictionary
    >>> data_dictionary("activity").count("| `industry`")
    1
    """
    if lang not in _HEADS:
        msg = f"lang={lang!r} is not one of {sorted(_HEADS)}."
        raise OptionError(msg)
    chosen = [table_schema(table)] if table else list(SCHEMAS.values())
    return "\n".join(_section(schema, lang) for schema in chosen)


_HEADS: Mapping[str, tuple[str, str, str]] = {
    "en": (
        "| column | label | type | unit | required | description |",
        "key",
        "yes",
    ),
    "zh": ("| 列 | 名称 | 类型 | 单位 | 必填 | 说明 |", "主键", "是"),
}


def _section(schema: TableSchema, lang: Lang) -> str:
    head, key, yes = _HEADS[lang]
    title = schema.title_zh if lang == "zh" else schema.title_en
    keys = ", ".join(f"`{k}`" for k in schema.key)
    lines = [f"## `{schema.name}`", "", title, "", f"{key}: {keys}", "", head]
    lines.append("|---|---|---|---|---|---|")
    for c in schema.columns:
        required = yes if c.required else ""
        text = c.description(lang)
        if c.allowed:
            text += " (" + ", ".join(f"`{a}`" if a else '""' for a in c.allowed) + ")"
        lines.append(
            f"| `{c.name}` | {c.label(lang)} | {c.dtype} | {c.unit} | {required} | {text} |"
        )
    return "\n".join([*lines, ""])


SCHEMAS: Mapping[str, TableSchema] = {
    schema.name: schema
    for schema in (
        *REFERENCE_TABLES,
        *FACT_TABLES,
        *NETWORK_TABLES,
        *POLICY_TABLES,
        *CLUSTER_TABLES,
    )
}
