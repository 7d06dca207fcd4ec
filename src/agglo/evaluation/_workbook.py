"""Spreadsheets: a coin as a workbook, and the sheets of the JRC's COIN Tool."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import InvalidTableError, MissingExtraError, Problem
from agglo.evaluation.indicators import Indicators

if TYPE_CHECKING:
    from types import ModuleType

    from agglo.core.typing import Json
    from agglo.evaluation.coin import CoinTables
    from agglo.evaluation.results import CompositeIndex

__all__ = ["coin_tool_tables", "coin_workbook", "workbook_tables"]

_SHEET = 31  # letters that a sheet's name may have
# rows of the sheet Database (from 1) and its first column of indicators
_WEIGHT, _DIRECTION, _LEVELS, _NAMES, _CODES, _FIRST = (
    7,
    8,
    (14, 13, 12, 11),
    15,
    16,
    17,
)
_UNIT, _COLUMN = 3, 5
_FRAME_HEAD, _FRAME_LAST, _FRAME_COLUMNS = 4, 52, (3, 5)


def _optional(package: str, purpose: str) -> ModuleType:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingExtraError(package, "excel", purpose) from error


def coin_workbook(
    tables: CoinTables,
    data: Mapping[str, Indicators | CompositeIndex],
    log: Sequence[Mapping[str, Json]],
) -> bytes:
    """Write one sheet per data set, then the metadata and the log."""
    excel = _optional("openpyxl", "Writing Excel files")
    book = excel.Workbook()
    book.remove(book.active)
    _fill(book.create_sheet("iData"), _raw(tables))
    for name, found in list(data.items())[1:]:
        _fill(book.create_sheet(name[:_SHEET]), _wide(found))
    _fill(book.create_sheet("iMeta"), _meta(tables))
    steps = [["step", "read", "write", "arguments"]]
    for s in log:
        told = json.dumps(s["arguments"], ensure_ascii=False)
        steps.append([str(s["step"]), str(s["read"]), str(s["write"]), told])
    _fill(book.create_sheet("log"), steps)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: object, rows: Iterable[Sequence[object]]) -> None:
    for row in rows:
        sheet.append(list(row))  # type: ignore[attr-defined]


def _wide(found: Indicators | CompositeIndex) -> list[list[object]]:
    table = found.values if isinstance(found, Indicators) else found.scores
    names = found.names if isinstance(found, Indicators) else found.tree.nodes
    timed = bool(np.any(found.period != ""))
    head: list[object] = ["uCode", *(["Time"] if timed else []), *names]
    rows = [head]
    for unit, period, values in zip(found.unit, found.period, table, strict=True):
        shown = [None if np.isnan(v) else float(v) for v in values]
        rows.append([str(unit), *([str(period)] if timed else []), *shown])
    return rows


def _raw(tables: CoinTables) -> list[list[object]]:
    """Give units, groups, denominators and indicators as they came, in one sheet."""
    rows = _wide(tables.indicators)
    amounts = _amounts(tables)
    sizes = [n for n in amounts.column_names if n not in ("unit", "period")]
    keys = zip(amounts["unit"].to_pylist(), amounts["period"].to_pylist(), strict=True)
    at = {k: i for i, k in enumerate(keys)}
    rows[0] += [*tables.groups, *sizes]
    found = tables.indicators
    for row, unit, period in zip(rows[1:], found.unit, found.period, strict=True):
        row += [g.get(str(unit)) for g in tables.groups.values()]
        i = at[str(unit), str(period)]
        row += [_plain(amounts[n][i].as_py()) for n in sizes]
    return rows


def _amounts(tables: CoinTables) -> pa.Table:
    if not isinstance(tables.denominators, pa.Table):
        msg = "The denominators of these tables are no table."
        raise TypeError(msg)
    return tables.denominators


def _plain(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else float(value)


def _meta(tables: CoinTables) -> list[list[object]]:
    tree, signs = tables.indicators.tree, tables.indicators.direction
    rows: list[list[object]] = [
        ["iCode", "Level", "Parent", "Direction", "Weight", "Type", "Denominator"]
    ]
    for k, name in enumerate(tree.nodes):
        leaf = k < tree.n_indicators
        rows.append(
            [
                name,
                int(tree.level[k]),
                tree.parents.get(name),
                int(signs[k]) if leaf else 1,
                float(tables.weights.get(name, 1.0)),
                "Indicator" if leaf else "Aggregate",
                tables.denominator_of.get(name),
            ]
        )
    sizes = [n for n in _amounts(tables).column_names if n not in ("unit", "period")]
    rows += [[n, None, None, None, None, "Group", None] for n in tables.groups]
    rows += [[n, None, None, None, None, "Denominator", None] for n in sizes]
    return rows


def workbook_tables(path: str | Path) -> tuple[pa.Table, pa.Table, str]:
    """Read the sheets iData, iMeta and log that `coin_workbook` wrote.

    Raises
    ------
    MissingExtraError
        If the extra ``excel`` is not installed.
    InvalidTableError
        With code not_coin_workbook.
    """
    calamine = _optional("python_calamine", "Reading Excel files")
    book = calamine.load_workbook(str(path))
    lost = sorted({"iData", "iMeta"} - set(book.sheet_names))
    if lost:
        problem = Problem(
            code="not_coin_workbook",
            what=f"the file has no sheet {lost}",
            where="workbook",
            fix="name the sheets iData and iMeta, in the layout of COINr",
        )
        msg = "This workbook holds no coin."
        raise InvalidTableError(msg, [problem])
    sheets = {
        n: book.get_sheet_by_name(n).to_python() if n in book.sheet_names else []
        for n in ("iData", "iMeta", "log")
    }
    steps = [
        {
            "step": step,
            "read": read,
            "write": write,
            "arguments": json.loads(str(told)),
        }
        for step, read, write, told in sheets["log"][1:]
    ]
    text = ("uCode", "Time", "iCode", "Parent", "Type", "Denominator")
    return (
        _columns(sheets["iData"], text),
        _columns(sheets["iMeta"], text),
        json.dumps(steps, ensure_ascii=False),
    )


def _columns(rows: Sequence[Sequence[object]], text: Sequence[str]) -> pa.Table:
    """Give a sheet as a table; blank is null, and a column with words is text."""
    out = {}
    for j, name in enumerate(rows[0] if rows else []):
        column = [None if r[j] in ("", None) else r[j] for r in rows[1:]]
        words = name in text or any(isinstance(v, str) for v in column)
        out[str(name)] = pa.array(
            [_word(v) for v in column] if words else column,
            pa.string() if words else pa.float64(),
        )
    return pa.table(out)


def _word(value: object) -> str | None:
    """Give a label; spreadsheets turn 2018 into 2018.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value is None else str(value)


def coin_tool_tables(path: str | Path) -> tuple[pa.Table, pa.Table]:
    """Read the sheets ``Database`` and ``Framework`` of a COIN Tool file.

    Raises
    ------
    MissingExtraError
        If the extra ``excel`` is not installed.
    InvalidTableError
        With code not_coin_tool: no such sheets, or nothing in them.
    """
    calamine = _optional("python_calamine", "Reading Excel files")
    book = calamine.load_workbook(str(path))
    lost = sorted({"Database", "Framework"} - set(book.sheet_names))
    if lost:
        msg = f"the file has no sheet {lost}"
        raise _no_tool(msg)
    cells = book.get_sheet_by_name("Database").to_python(skip_empty_area=False)
    columns = [c for c in range(_COLUMN, len(cells[0]) + 1) if _text(cells, _CODES, c)]
    units = [r for r in range(_FIRST, len(cells) + 1) if _text(cells, r, _UNIT)]
    if not columns or not units:
        what = "sheet Database has no indicator or no unit"
        raise _no_tool(what)
    names = {c: _text(cells, _CODES, c) for c in columns}
    data: dict[str, list[object]] = {
        "uCode": [_text(cells, r, _UNIT) for r in units],
        **{names[c]: [_number(cells, r, c) for r in units] for c in columns},
    }
    frame = book.get_sheet_by_name("Framework").to_python(skip_empty_area=False)
    return pa.table(data), _tool_meta(cells, columns, names, frame)


def _tool_meta(
    cells: Sequence[Sequence[object]],
    columns: Sequence[int],
    names: Mapping[int, str],
    frame: Sequence[Sequence[object]],
) -> pa.Table:
    """Give iMeta; a level with one code only was not used, the index excepted."""
    codes = [[_text(cells, r, c) for r in _LEVELS] for c in columns]
    used = [k for k in range(4) if k == 3 or len({own[k] for own in codes}) > 1]
    weights: dict[str, float] = {}
    for r in range(_FRAME_HEAD + 1, min(_FRAME_LAST, len(frame)) + 1):
        code = _text(frame, r, _FRAME_COLUMNS[0])
        weights[code] = _number(frame, r, _FRAME_COLUMNS[1]) or 1.0
    rows: dict[str, list[object]] = {}
    for c, own in zip(columns, codes, strict=True):
        chain = [own[k] for k in used]
        sign = _number(cells, _DIRECTION, c)
        weight = _number(cells, _WEIGHT, c)
        rows[names[c]] = [
            1, chain[0], -1 if sign == -1 else 1, 1.0 if weight is None else weight,
            "Indicator",
        ]  # fmt: skip
        for k, node in enumerate(chain):
            up = chain[k + 1] if k + 1 < len(chain) else None
            rows[node] = [k + 2, up, 1, weights.get(node, 1.0), "Aggregate"]
    keys = ("Level", "Parent", "Direction", "Weight", "Type")
    found = {k: [row[j] for row in rows.values()] for j, k in enumerate(keys)}
    return pa.table({"iCode": list(rows), **found})


def _text(cells: Sequence[Sequence[object]], row: int, column: int) -> str:
    if row > len(cells) or column > len(cells[row - 1]):
        return ""
    return str(cells[row - 1][column - 1]).strip()


def _number(cells: Sequence[Sequence[object]], row: int, column: int) -> float | None:
    value = cells[row - 1][column - 1] if column <= len(cells[row - 1]) else ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return None  # "n/a" and blank are missing


def _no_tool(what: str) -> InvalidTableError:
    problem = Problem(
        code="not_coin_tool",
        what=what,
        where="COIN Tool file",
        fix="give the file of the tool, version 1 of 2019 or later, with Database filled",
    )
    return InvalidTableError("This is no filled COIN Tool file.", [problem])
