"""Size classes of firms and technology classes of industries, by tables of rules."""

from __future__ import annotations

import io
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from agglo.core.errors import InvalidTableError, OptionError, Problem, suggest
from agglo.core.frames import (
    float_column,
    frame_kind,
    require_columns,
    string_column,
    to_arrow,
)
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.networks.class_results import Classes

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["CLASS_RULES", "size_class", "technology_class"]

# rules that come with the library: name to the table that holds it
CLASS_RULES = {
    "china_2017_industry": "size_classes",
    "eu_employees": "size_classes",
    "nace_rev2": "technology_classes",
}


def size_class(
    data: IntoFrame,
    *,
    rule: str | IntoFrame = "china_2017_industry",
    employment: str = "employment",
    revenue: str | None = None,
) -> Classes:
    r"""Put firms into size classes.

    Use before links are built, for the columns `origin_size` and `destination_size`.

    Parameters
    ----------
    data
        One row per firm.
    rule
        ``"china_2017_industry"``, ``"eu_employees"``, or a table with `class`,
        `min_employment`, `min_revenue` (null: no bound), largest class first.
    employment, revenue
        Columns, persons and the currency of the rule; `revenue` may be absent.

    Returns
    -------
    Classes
        One class per row, in the order of the rows.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing negative values; or overlapping_rules when the bounds do not fall.
    OptionError
        If there is no such rule.

    Notes
    -----
    A class is reached when both bounds hold, otherwise the next one down. A missing measure
    leaves the other to decide, and the row is flagged; if both are missing the class is
    ``unknown``. O(rows × classes).

    References
    ----------
    National Bureau of Statistics of China 2017 (large: 1,000 employees and CNY 400 million);
    Commission Recommendation 2003/361/EC, employees only, https://eur-lex.europa.eu.

    See Also
    --------
    technology_class : Classes of industries.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"employment": [1200.0, 1200.0], "revenue": [5e8, 1e8]})
    >>> ag.size_class(rows, revenue="revenue").flagged.sum().item()
    0
    """
    name, table = _rule(rule, "size_classes", ("class",))
    bounds = _bounds(table)
    given = to_arrow(data)
    require_columns(given, {"employment": employment, "revenue": revenue})
    jobs = _measure(given, employment)
    turnover = (
        np.full(jobs.size, np.nan) if revenue is None else _measure(given, revenue)
    )
    words = [str(w) for w in table["class"].to_pylist()]
    label = np.full(jobs.size, "unknown", dtype=object)
    uses_revenue = bool((bounds[:, 1] > -np.inf).any())
    known = ~(np.isnan(jobs) & (np.isnan(turnover) | (not uses_revenue)))
    open_ = known.copy()
    for word, (least_jobs, least_turnover) in zip(words, bounds, strict=True):
        reached = open_ & _at_least(jobs, least_jobs)
        reached &= _at_least(turnover, least_turnover)
        label[reached] = word
        open_ &= ~reached
    flagged = known & (np.isnan(jobs) | (np.isnan(turnover) & uses_revenue))
    lost = int((label == "unknown").sum())
    return Classes(
        provenance=Provenance.of(
            size_class,
            jobs,
            turnover,
            table,
            parameters={"rule": name, "employment": employment, "revenue": revenue},
        ),
        frame_kind=frame_kind(data),
        undefined=(Undefined(reason="no measure is known", item="rows", n=lost),)
        if lost
        else (),
        item=frozen_array(np.arange(1, jobs.size + 1).astype(np.str_)),
        label=frozen_array(label.astype(np.str_)),
        flagged=frozen_array(np.asarray(flagged)),
        order=tuple(words),
        rule=name,
    )


def technology_class(
    data: IntoFrame, *, rule: str | IntoFrame = "nace_rev2", industry: str = "industry"
) -> Classes:
    r"""Put manufacturing industries into classes of technology intensity.

    Use for the classes of `cross_regional_propensity`; other classifications than NACE
    need a table of their own codes.

    Parameters
    ----------
    data
        One row per industry (or per anything with a code).
    rule
        ``"nace_rev2"``, or a table with `code` (a prefix) and `class`.
    industry
        Column of codes, as text; letters and dots are ignored (``C26.1`` is ``261``).

    Returns
    -------
    Classes
        One class per row, in the order of the rows; ``none`` where no prefix fits.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        With overlapping_rules when one prefix has two classes.
    OptionError
        If there is no such rule.

    Notes
    -----
    The longest prefix decides, so two-digit codes take the class of their division (30 is
    medium-high although 30.1 and 30.3 are not) and finer codes their own. O(rows × length).

    References
    ----------
    Eurostat, high-tech classification of manufacturing, NACE Rev. 2,
    https://ec.europa.eu/eurostat/statistics-explained.

    See Also
    --------
    size_class : Classes of firms.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"industry": ["C26", "30.1", "30", "62"]})
    >>> (ag.technology_class(rows).label == "none").sum().item()
    1
    """
    name, table = _rule(rule, "technology_classes", ("code", "class"))
    given = to_arrow(data)
    require_columns(given, {"industry": industry})
    prefix = _prefixes(table)
    codes = string_column(given, industry)
    distinct = {c: _longest(c, prefix) for c in set(codes.tolist())}
    label = np.array([distinct[c] for c in codes], dtype=np.str_)
    lost = sorted(str(c) for c, word in distinct.items() if word == "none")
    order = tuple(dict.fromkeys(str(w) for w in table["class"].to_pylist()))
    return Classes(
        provenance=Provenance.of(
            technology_class, label, table, parameters={"rule": name}
        ),
        frame_kind=frame_kind(data),
        undefined=tuple(
            Undefined(reason="no rule covers the code", activity=c, item="code")
            for c in lost
        ),
        item=frozen_array(np.array([c or "" for c in codes], dtype=np.str_)),
        label=frozen_array(label),
        flagged=frozen_array(np.zeros(label.size, dtype=np.bool_)),
        order=order,
        rule=name,
    )


@cache
def _table(name: str) -> pa.Table:
    data = files("agglo.networks").joinpath("data", f"{name}.csv").read_bytes()
    kinds = {"code": pa.string(), "min_employment": pa.float64()}
    return pa_csv.read_csv(
        io.BytesIO(data),
        convert_options=pa_csv.ConvertOptions(
            column_types={**kinds, "min_revenue": pa.float64()}
        ),
    )


def _rule(
    rule: str | IntoFrame, where: str, needed: tuple[str, ...]
) -> tuple[str, pa.Table]:
    if not isinstance(rule, str):
        table = to_arrow(rule, where="rule")
        require_columns(table, {c: c for c in needed}, where="rule")
        return "own table", table
    names = [k for k, v in CLASS_RULES.items() if v == where]
    if rule not in names:
        msg = f"rule={rule!r} is not one of {names}. {suggest(rule, names)}".rstrip()
        raise OptionError(msg)
    table = _table(where)
    return rule, table.filter(pc.equal(table["rule"], rule))


def _bounds(table: pa.Table) -> FloatArray:
    columns = []
    for name in ("min_employment", "min_revenue"):
        if name in table.column_names:
            value = float_column(table, name, where="rule")
            columns.append(np.where(np.isnan(value), -np.inf, value))
        else:
            columns.append(np.full(table.num_rows, -np.inf))
    bounds = np.column_stack(columns)
    with np.errstate(invalid="ignore"):
        step = np.nan_to_num(np.diff(bounds, axis=0), nan=0.0)
    if (step > 0).any() or not (step < 0).any(axis=1).all():
        bad = Problem(
            code="overlapping_rules",
            what="the bounds do not fall from class to class",
            where="rule",
            fix="order classes from the largest to the smallest, each with lower bounds",
        )
        msg = "The classes overlap."
        raise InvalidTableError(msg, [bad])
    return bounds


def _measure(table: pa.Table, name: str) -> FloatArray:
    value = float_column(table, name)
    bad = value < 0
    if bad.any():
        problem = Problem(
            code="negative_value",
            what=f"column '{name}' is below 0",
            where="data",
            rows=tuple(int(i) + 1 for i in np.flatnonzero(bad)[:20]),
            n_rows=int(bad.sum()),
            column=name,
            fix="leave the cell empty if it is not known",
        )
        msg = "A size is negative."
        raise InvalidTableError(msg, [problem])
    return value


def _at_least(
    value: FloatArray, bound: float
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Say where a bound holds; an unknown value leaves the other measure to decide."""
    return np.isnan(value) | (value >= bound)


def _prefixes(table: pa.Table) -> dict[str, str]:
    out: dict[str, str] = {}
    twice = []
    for code, word in zip(
        table["code"].cast(pa.string()).to_pylist(),
        table["class"].to_pylist(),
        strict=True,
    ):
        key = _digits(str(code))
        if out.setdefault(key, str(word)) != str(word):
            twice.append(key)
    if twice:
        bad = Problem(
            code="overlapping_rules",
            what=f"codes with two classes: {sorted(set(twice))[:10]}",
            where="rule",
            column="code",
            fix="give every code one class",
        )
        msg = "The rules overlap."
        raise InvalidTableError(msg, [bad])
    return out


def _digits(code: str) -> str:
    return re.sub(r"[^0-9]", "", code)


def _longest(code: str | None, prefix: dict[str, str]) -> str:
    digits = _digits(code or "")
    for length in range(len(digits), 0, -1):
        if digits[:length] in prefix:
            return prefix[digits[:length]]
    return "none"
