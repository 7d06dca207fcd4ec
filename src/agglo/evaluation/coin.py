"""Import of the two tables of COINr: wide data, and what its columns are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import Problem
from agglo.core.frames import (
    float_column,
    frame_kind,
    from_arrow,
    require_columns,
    string_column,
    to_arrow,
)
from agglo.evaluation._workbook import coin_tool_tables
from agglo.evaluation.indicators import Indicators, as_indicators, raise_all

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame

__all__ = ["CoinTables", "as_coin_tables", "as_coin_tool"]

_META = ("iCode", "Level", "Parent", "Direction", "Weight", "Type")
_TYPES = ("Indicator", "Aggregate", "Group", "Denominator", "Other")


@dataclass(frozen=True, eq=False, kw_only=True)
class CoinTables:
    """Indicators with the weights, groups and denominators of a COINr data set.

    Attributes
    ----------
    indicators
        The indicators with their tree.
    weights
        Node to weight, as given; for `composite_index`.
    groups
        Name of a grouping to unit to group; for `impute`.
    denominators
        Table ``unit``, ``period`` and one column per denominator; for `denominate`.
    denominator_of
        Indicator to the denominator that the metadata name; for `denominate`.
    """

    indicators: Indicators
    weights: Mapping[str, float]
    groups: Mapping[str, Mapping[str, str]]
    denominators: object
    denominator_of: Mapping[str, str]


def as_coin_tables(
    data: IntoFrame, meta: IntoFrame, *, use_time: bool = False
) -> CoinTables:
    """Read data and metadata in the layout of COINr (iData and iMeta).

    Parameters
    ----------
    data
        One row per unit: ``uCode``, optionally ``Time``, groups, denominators, and one
        column per indicator. Null is missing.
    meta
        One row per column or aggregate: ``iCode``, ``Level``, ``Parent``, ``Direction``
        (1 or -1), ``Weight``, ``Type``, optionally ``Denominator``.
    use_time
        Whether ``Time`` is a period; otherwise the units must be unique.

    Returns
    -------
    CoinTables
        Indicators, weights, groups and denominators; O(cells).

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: duplicate_key, not_allowed, null_key, broken_tree, all_missing,
        and unknown_column for an indicator, group or denominator that `data` lack.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import as_coin_tables
    >>> meta = pa.table({"iCode": ["x", "I"], "Level": [1, 2], "Parent": ["I", None],
    ...     "Direction": [1, 1], "Weight": [1.0, 1.0], "Type": ["Indicator", "Aggregate"]})
    >>> found = as_coin_tables(pa.table({"uCode": ["a", "b"], "x": [1.0, 2.0]}), meta)
    >>> found.indicators.values.shape
    (2, 1)
    """
    wide, info = to_arrow(data), to_arrow(meta, where="meta")
    asked = {"uCode": "uCode", **({"Time": "Time"} if use_time else {})}
    require_columns(wide, asked)
    require_columns(info, {c: c for c in _META}, where="meta")
    rows = _meta_rows(info)
    raise_all(_meta_problems(rows, wide), "meta")
    inner = {k: r for k, r in rows.items() if r["Type"] in ("Indicator", "Aggregate")}
    leaves = [k for k, r in inner.items() if r["Type"] == "Indicator"]
    long = _long(wide, leaves, inner, use_time=use_time)
    (top,) = [k for k, r in inner.items() if not r["Parent"]]
    table = as_indicators(
        from_arrow(long, frame_kind(data)),  # type: ignore[arg-type]
        period="period" if use_time else None,
        parents={
            k: str(r["Parent"])
            for k, r in inner.items()
            if r["Type"] == "Aggregate" and k != top
        },
        top=top,
    )
    unit = _labels(wide, "uCode")
    named = {t: [k for k, r in rows.items() if r["Type"] == t] for t in _TYPES}
    sizes = {c: float_column(wide, c) for c in named["Denominator"]}
    period = _labels(wide, "Time") if use_time else [""] * len(unit)
    return CoinTables(
        indicators=table,
        weights={k: float(str(r["Weight"])) for k, r in inner.items()},
        groups={
            g: dict(zip(unit, _labels(wide, g), strict=True)) for g in named["Group"]
        },
        denominators=pa.table({"unit": unit, "period": period, **sizes}),
        denominator_of={
            k: str(rows[k]["Denominator"]) for k in leaves if rows[k]["Denominator"]
        },
    )


def as_coin_tool(path: str | Path) -> CoinTables:
    """Read a filled spreadsheet of the JRC's COIN Tool.

    Parameters
    ----------
    path
        File of the tool (version 1 of 2019 or later): sheet ``Database`` with weights,
        directions and the four levels above the indicators from row 7, codes in row 16 and
        units from row 17; sheet ``Framework`` with the weights of the levels.

    Returns
    -------
    CoinTables
        As `as_coin_tables` gives; ``n/a`` is missing, goalposts are not taken over.

    Raises
    ------
    MissingExtraError
        If the extra ``excel`` is not installed.
    InvalidTableError
        With code not_coin_tool, or as `as_coin_tables`.

    Notes
    -----
    Places of cells are inferred from COINr's reader; the tool's own file was not at hand.
    A level that has one code for all indicators was not used. O(cells).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (import_coin_tool of COINr).

    Examples
    --------
    >>> from agglo.evaluation import as_coin_tool
    >>> try:
    ...     found = as_coin_tool("no_such_file.xlsx")
    ... except FileNotFoundError:
    ...     found = 0
    >>> found
    0
    """
    if not Path(path).exists():
        msg = f"There is no file {str(path)!r}."
        raise FileNotFoundError(msg)
    return as_coin_tables(*coin_tool_tables(path))


def _labels(table: pa.Table, name: str) -> list[str]:
    return ["" if v is None else str(v) for v in string_column(table, name)]


def _meta_rows(info: pa.Table) -> dict[str, dict[str, object]]:
    names = [*_META, *({"Denominator"} & set(info.column_names))]
    text = {c: _labels(info, c) for c in names}
    text.setdefault("Denominator", [""] * info.num_rows)
    numbers = {c: float_column(info, c, where="meta") for c in ("Direction", "Weight")}
    codes = text["iCode"]
    repeated = sorted({c for c in codes if codes.count(c) > 1})
    if repeated:
        what = f"iCode {repeated[:10]} occurs more than once"
        problem = Problem(code="duplicate_key", what=what, fix="keep one row per code")
        raise_all([problem], "meta")
    return {
        code: {
            "Parent": text["Parent"][i],
            "Type": text["Type"][i],
            "Denominator": text["Denominator"][i],
            **{c: float(v[i]) for c, v in numbers.items()},
        }
        for i, code in enumerate(codes)
    }


def _meta_problems(
    rows: Mapping[str, Mapping[str, object]], wide: pa.Table
) -> list[Problem]:
    found: list[Problem] = []

    def add(code: str, what: str, fix: str) -> None:
        found.append(Problem(code=code, what=what, where="meta", fix=fix))

    tops = []
    for name, row in rows.items():
        kind = row["Type"]
        if kind not in _TYPES:
            add(
                "not_allowed", f"Type of {name!r} is {kind!r}", f"one of {list(_TYPES)}"
            )
        if kind in ("Indicator", "Group", "Denominator") and (
            name not in wide.column_names
        ):
            add(
                "unknown_column", f"{name!r} is no column of the data", "add the column"
            )
        if kind in ("Indicator", "Aggregate"):
            if row["Direction"] not in (1.0, -1.0):
                add("not_allowed", f"Direction of {name!r} is not 1 or -1", "say which")
            if not np.isfinite(float(str(row["Weight"]))):
                add("null_key", f"{name!r} has no Weight", "give every node a weight")
            if not row["Parent"]:
                tops.append(name)
        wanted = str(row["Denominator"])
        if wanted and wanted not in wide.column_names:
            add("unknown_column", f"denominator {wanted!r} is no column", "add it")
    if len(tops) != 1:
        add("broken_tree", f"{tops} have no Parent", "exactly one node is the index")
    return found


def _long(
    wide: pa.Table,
    leaves: list[str],
    inner: Mapping[str, Mapping[str, object]],
    *,
    use_time: bool,
) -> pa.Table:
    n = wide.num_rows
    unit = _labels(wide, "uCode")
    columns: dict[str, object] = {
        "unit": unit * len(leaves),
        "indicator": [c for c in leaves for _ in range(n)],
        "value": np.concatenate([float_column(wide, c) for c in leaves]),
        "direction": [
            "positive" if inner[c]["Direction"] == 1 else "negative"
            for c in leaves
            for _ in range(n)
        ],
        "pillar": [str(inner[c]["Parent"]) for c in leaves for _ in range(n)],
    }
    if use_time:
        columns["period"] = _labels(wide, "Time") * len(leaves)
    return pa.table(columns)
