"""Any table file with a column map: CSV, Parquet, Excel, Stata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import OptionError, suggest
from agglo.core.options import check_choice
from agglo.core.schema import table_schema
from agglo.sources.assemble import (
    Findings,
    Part,
    Paths,
    as_paths,
    assemble,
    each_file,
    publication,
)
from agglo.sources.mapping import MapSpec, code_system, map_file
from agglo.sources.tabular import open_table

if TYPE_CHECKING:
    from agglo.sources.cells import DecimalMark
    from agglo.sources.results import SourceTable
    from agglo.sources.tabular import TableFile

__all__ = ["read_table"]

_DECIMALS: Mapping[str, DecimalMark] = {".": ".", ",": ","}


def read_table(
    paths: Paths,
    *,
    table: str,
    columns: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
    code_systems: Mapping[str, str] | None = None,
    filters: Mapping[str, str] | None = None,
    scale: Mapping[str, float] | None = None,
    missing: Sequence[str] = (),
    confidential: Sequence[str] = (),
    empty: str = "missing",
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    title: str = "",
    publisher: str = "",
    licence: str = "not stated",
    citation: str = "",
) -> SourceTable:
    r"""Read any table file into a table of the data model.

    Use for your own files; not for published formats that have a reader of their own.

    Parameters
    ----------
    paths
        One file or several of the same layout: delimited text, Parquet, Excel, Stata.
    table
        Table of the data model, for example ``"activity"``.
    columns
        ``{column of the table: column of the file}``. Columns of the file that already
        carry the table's names need no entry. Further names are kept as they are.
    constants
        ``{column of the table: text}`` for what the file does not hold, for example
        ``{"period": "2021"}``. ``{row}`` in a text is the number of the row in its file:
        ``{"establishment": "firm {row}"}`` names rows that have no name.
    code_systems
        ``{column of the table: system}``: ``"us_county"``, ``"naics"``, …, or a number
        of digits such as ``"5"``. Lost leading zeros are put back only with a system.
    filters
        ``{column of the file: word}``: only these rows.
    scale
        ``{column of the table: factor}``, for units, for example 10000.
    missing, confidential
        Further words for these states.
    empty
        What an empty cell means: ``"missing"`` or ``"confidential"``.
    sheet
        Sheet of a workbook.
    encoding, delimiter, decimal
        For text; found when not given.
    title, publisher, licence, citation
        Where the data come from; kept with the table.

    Returns
    -------
    SourceTable
        The table with what was mended and noted.

    Raises
    ------
    SourceError
        With every problem of every file.
    OptionError
        If an option has no such value.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "jobs.csv"
    >>> _ = file.write_text("kreis;wz;jobs\n1001;C28;1.200,5\n9162;C28;\n")
    >>> got = read_table(
    ...     file, table="activity", constants={"period": "2021"}, code_systems={"region": "5"},
    ...     columns={"region": "kreis", "industry": "wz", "employment": "jobs"},
    ... )
    >>> got.data["region"].to_pylist(), got.data["employment"].to_pylist()
    (['01001', '09162'], [1200.5, None])
    """
    schema = table_schema(table)
    check_choice("empty", empty, ("missing", "confidential"))
    if decimal is not None:
        check_choice("decimal", decimal, list(_DECIMALS))
    mapped = dict(columns or {})
    _refuse_typos(mapped, constants or {}, table)
    systems = {k: code_system(str(v)) for k, v in (code_systems or {}).items()}
    findings = Findings()
    origins: list[tuple[str, str]] = []

    def one(path: Path, found: Findings) -> Part:
        source = open_table(path, sheet=sheet, encoding=encoding, delimiter=delimiter)
        origins.append(source.origin)
        spec = MapSpec(
            table=table,
            columns=_complete(mapped, constants or {}, source, schema.names),
            constants=constants or {},
            systems=systems,
            filters=filters or {},
            scale=scale or {},
            decimal=_DECIMALS[decimal] if decimal else None,
            missing=frozenset(w.casefold() for w in missing),
            confidential=frozenset(w.casefold() for w in confidential),
            empty=empty,
        )
        return map_file(source, spec, found)

    parts = each_file(as_paths(paths), one, findings, f"table '{table}'")
    origin = publication(title or f"table '{table}'", publisher, licence, citation)
    return assemble(table, parts, origin(origins), findings, what=f"table '{table}'")


def _complete(
    mapped: Mapping[str, str],
    constants: Mapping[str, str],
    source: TableFile,
    names: Sequence[str],
) -> dict[str, str]:
    """Add the columns of the file that carry the table's own names."""
    taken = {*mapped, *constants}
    header = set(source.header)
    return {**mapped, **{n: n for n in names if n in header and n not in taken}}


def _refuse_typos(
    mapped: Mapping[str, str], constants: Mapping[str, str], table: str
) -> None:
    """Refuse a name that was surely meant to be a needed one."""
    schema = table_schema(table)
    open_names = [n for n in schema.required if n not in mapped and n not in constants]
    for name in (*mapped, *constants):
        hint = suggest(name, open_names) if name not in schema.names else ""
        if hint:
            msg = f"Table '{table}' has no column '{name}'. {hint}"
            raise OptionError(msg)
