"""The verb ``agglo schema``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agglo.cli.common import JsonOption, emit, say

if TYPE_CHECKING:
    from agglo.core.schema import TableSchema
    from agglo.core.typing import Json, Lang


def schema(
    table: Annotated[
        str | None, typer.Argument(help="One table; all of them when left out.")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language: en or zh.")] = "en",
    json: JsonOption = False,
) -> None:
    """Print the data dictionary.

    Tables, columns, units and what they mean, as Markdown.

    Parameters
    ----------
    table
        The one table wanted.
    lang
        Language.
    json
        Print JSON.
    """
    from agglo.core.options import check_choice
    from agglo.core.schema import SCHEMAS, data_dictionary, table_schema

    language: Lang = "zh" if check_choice("lang", lang, ("en", "zh")) == "zh" else "en"
    if json:
        chosen = [table_schema(table)] if table else list(SCHEMAS.values())
        emit([_plain(one, language) for one in chosen])
        return
    say(data_dictionary(table, lang=language))


def _plain(table: TableSchema, lang: Lang) -> Json:
    columns: list[Json] = [
        {
            "name": c.name,
            "dtype": c.dtype,
            "role": c.role,
            "unit": c.unit,
            "required": c.required,
            "allowed": list(c.allowed),
            "references": list(c.references) if c.references else None,
            "label": c.label(lang),
            "description": c.description(lang),
        }
        for c in table.columns
    ]
    title = table.title_zh if lang == "zh" else table.title_en
    return {
        "table": table.name,
        "title": title,
        "key": list(table.key),
        "columns": columns,
    }
