"""From millions of rows to tables of groups, on the engine that holds the rows.

One body of expressions runs on pandas, polars, pyarrow, DuckDB and PySpark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import narwhals as nw

from agglo.core.errors import OptionError
from agglo.core.options import check_choice
from agglo.store import _expressions as ex
from agglo.store._engines import Lazy, Opened, open_frame
from agglo.store.aggregation import Aggregation

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame

__all__ = [
    "activity_from_establishments",
    "aggregate",
    "industry_totals",
    "location_quotient_table",
    "region_totals",
    "shares",
]

Unknowns: TypeAlias = Literal["complete", "disclosed"]


def aggregate(
    frame: IntoFrame | Aggregation,
    *,
    by: str | Sequence[str],
    sum: str | Sequence[str] = (),  # noqa: A002  (the word the reader expects)
    count: str | None = None,
    margins: Unknowns = "complete",
) -> Aggregation:
    """Add up columns within groups of rows.

    Use for any long table; for establishments see `activity_from_establishments`, which
    also refuses negative sizes.

    Parameters
    ----------
    frame
        pandas, polars or pyarrow frame, DuckDB relation, Spark frame or another
        aggregation. It is not changed.
    by
        Columns that name the groups: text, whole numbers, booleans or dates.
    sum
        Numeric columns to add up. Null and NaN are unknown. A column
        ``<name>_unknown`` beside them, as an earlier aggregation gives it, is carried on.
    count
        Name of a new column with the number of rows of each group; none when absent.
    margins
        ``"complete"``: a sum with an unknown part is null. ``"disclosed"``: the sum of
        the known parts, a lower bound for what is never negative; null when no part is
        known.

    Returns
    -------
    Aggregation
        One row per group that has rows: the keys, then ``<name>`` (float) and
        ``<name>_unknown`` (how many rows are not in the sum) for each of `sum`, then
        `count`.

    Raises
    ------
    ColumnNotFoundError
        Listing every absent column.
    InvalidTableError
        ``wrong_type`` for keys and values of unfit types; ``null_key`` and
        ``out_of_range`` when the table is computed.
    OptionError
        If names repeat or `margins` is unknown.

    Notes
    -----
    Sums of whole numbers are the same on every engine; sums of fractions agree to
    rounding, because engines add in different orders. Cost O(rows); memory O(groups) on
    DuckDB, which goes to disk beyond its limit.

    Examples
    --------
    >>> import pyarrow as pa
    >>> plants = pa.table({"county": ["a", "a", "b"], "jobs": [3.0, None, 4.0]})
    >>> table = aggregate(plants, by="county", sum="jobs", count="plants").to_table()
    >>> table.to_pylist()[0]
    {'county': 'a', 'jobs': None, 'jobs_unknown': 1, 'plants': 2}
    >>> table["jobs"][1].as_py()
    4.0
    """
    keys, values = _names("by", by), _names("sum", sum)
    if not keys:
        msg = "by=() names no column. Give at least one column to group by."
        raise OptionError(msg)
    return _totals(_open(frame), keys, values, count, margins, floor=ex.LOWEST)


def activity_from_establishments(
    frame: IntoFrame | Aggregation,
    *,
    region: str = "region",
    industry: str = "industry",
    period: str | None = "period",
    size: str | None = "employment",
    flag: str | None = None,
    margins: Unknowns = "complete",
) -> Aggregation:
    """Count establishments and their employment by region, industry and period.

    Parameters
    ----------
    frame
        One row per establishment and period, in any frame; it is not changed.
    region, industry, period
        Columns of the labels; `period` may be ``None``.
    size
        Column of employment, not negative; null or NaN where it is not known. ``None``
        counts establishments only.
    flag
        Column that marks unknown sizes: ``"c"`` confidential, ``"m"`` missing, empty or
        null known. A size beside a mark is not used.
    margins
        ``"complete"``: employment is null where any establishment's is unknown;
        ``"disclosed"``: the sum over the establishments that tell.

    Returns
    -------
    Aggregation
        The ``activity`` table of the data model: ``region, industry, period`` (text),
        ``establishments, employment`` (float, persons), ``employment_unknown`` (number of
        establishments of unknown size) and ``flag`` (``"c"``, ``"m"`` or empty). An absent
        row is zero.

    Raises
    ------
    ColumnNotFoundError, InvalidTableError, OptionError
        As `aggregate`; a negative or infinite size is ``out_of_range``.

    See Also
    --------
    location_quotient_table : takes this result.

    Notes
    -----
    Whole-number labels become text after the grouping, as they are: leading zeros that a
    file has lost are a matter for its reader.

    Examples
    --------
    >>> import pyarrow as pa
    >>> plants = pa.table(
    ...     {"region": ["01", "01"], "industry": ["C", "C"], "employment": [5, 7]}
    ... )
    >>> cells = activity_from_establishments(plants, period=None).to_table()
    >>> cells["employment"][0].as_py()
    12.0
    """
    opened = _open(frame)
    labels = _labels(region=region, industry=industry, period=period)
    columns = {k: v for k, v in {"size": size}.items() if v is not None}
    opened.require(labels, columns)
    marked = {} if flag is None else {"flag": flag}
    opened.require(marked, {})
    disclosed = _disclosed(margins)
    facts, schema = _establishments(opened, labels, size, flag)
    values = [] if size is None else ["employment"]
    summed = ex.sums(
        facts,
        schema,
        keys=list(labels),
        values=values,
        extra=[] if size is None else [_CONFIDENTIAL],
        count="establishments",
        disclosed=disclosed,
        floor=0.0,
    )
    shown = [nw.col(k).cast(nw.String) for k in labels]
    shown.append(nw.col("establishments").cast(nw.Float64))
    if size is not None:
        shown += [nw.col("employment"), nw.col("employment_unknown"), _flag()]
    return Aggregation(
        summed.select(*shown), tuple(labels), (*values, "establishments"), opened.kind
    )


def region_totals(
    frame: IntoFrame | Aggregation,
    *,
    region: str = "region",
    period: str | None = "period",
    values: str | Sequence[str] = "employment",
    margins: Unknowns = "complete",
) -> Aggregation:
    """Add up an activity table over industries.

    Parameters
    ----------
    frame
        Long table with one row per region, industry and period.
    region, period
        Columns of the labels; `period` may be ``None``.
    values
        Columns to add up, not negative.
    margins
        What becomes of unknown parts, as in `aggregate`.

    Returns
    -------
    Aggregation
        ``region, period``, the sums with their ``_unknown`` counts, and ``cells`` (number
        of rows added up).

    Raises
    ------
    ColumnNotFoundError, InvalidTableError, OptionError
        As `aggregate`; a negative or infinite value is ``out_of_range``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = pa.table({"region": ["a", "a"], "employment": [3.0, 4.0]})
    >>> region_totals(cells, period=None).to_table()["employment"][0].as_py()
    7.0
    """
    keys = _labels(region=region, period=period)
    names = _names("values", values)
    return _totals(
        _open(frame), tuple(keys.values()), names, "cells", margins, floor=0.0
    )


def industry_totals(
    frame: IntoFrame | Aggregation,
    *,
    industry: str = "industry",
    period: str | None = "period",
    values: str | Sequence[str] = "employment",
    margins: Unknowns = "complete",
) -> Aggregation:
    """Add up an activity table over regions.

    Parameters
    ----------
    frame
        Long table with one row per region, industry and period.
    industry, period
        Columns of the labels; `period` may be ``None``.
    values
        Columns to add up, not negative.
    margins
        What becomes of unknown parts, as in `aggregate`.

    Returns
    -------
    Aggregation
        ``industry, period``, the sums with their ``_unknown`` counts, and ``cells``
        (number of rows added up).

    Raises
    ------
    ColumnNotFoundError, InvalidTableError, OptionError
        As `aggregate`; a negative or infinite value is ``out_of_range``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = pa.table({"industry": ["C", "C"], "employment": [3.0, None]})
    >>> table = industry_totals(cells, period=None, margins="disclosed").to_table()
    >>> table["employment"][0].as_py(), table["employment_unknown"][0].as_py()
    (3.0, 1)
    """
    keys = _labels(industry=industry, period=period)
    names = _names("values", values)
    return _totals(
        _open(frame), tuple(keys.values()), names, "cells", margins, floor=0.0
    )


def shares(
    frame: IntoFrame | Aggregation,
    *,
    region: str = "region",
    industry: str = "industry",
    period: str | None = "period",
    value: str = "employment",
    margins: Unknowns = "complete",
) -> Aggregation:
    """Measure each cell's share of its region, of its industry and of the whole.

    Parameters
    ----------
    frame
        Long table; rows of the same region, industry and period are added up first.
    region, industry, period
        Columns of the labels; `period` may be ``None``.
    value
        Column of sizes, not negative; null is unknown.
    margins
        ``"complete"``: a total with an unknown part is unknown, and so are the shares in
        it; ``"disclosed"``: shares of the disclosed totals.

    Returns
    -------
    Aggregation
        The labels, the value, ``<value>_unknown``, ``region_total``, ``industry_total``,
        ``total``, ``region_share`` (the industry's part of the region), ``industry_share``
        (the region's part of the industry) and ``total_share``, all in [0, 1]. A share of
        a total of zero, or with an unknown part, is null. An absent row has share zero.

    Raises
    ------
    ColumnNotFoundError, InvalidTableError, OptionError
        As `aggregate`; a negative or infinite value is ``out_of_range``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = pa.table(
    ...     {"region": ["a", "a", "b"], "industry": ["C", "D", "C"], "jobs": [1, 3, 4]}
    ... )
    >>> table = shares(cells, value="jobs", period=None).to_table()
    >>> table["region_share"].to_pylist()
    [0.25, 0.75, 1.0]
    """
    cells = _cells(frame, region, industry, period, value, margins)
    return _widen(
        cells,
        region_share=ex.ratio(value, "region_total"),
        industry_share=ex.ratio(value, "industry_total"),
        total_share=ex.ratio(value, "total"),
    )


def location_quotient_table(
    frame: IntoFrame | Aggregation,
    *,
    region: str = "region",
    industry: str = "industry",
    period: str | None = "period",
    value: str = "employment",
    margins: Unknowns = "complete",
) -> Aggregation:
    r"""Measure location quotients of a long table of any size.

    Use for tables that do not fit in memory or live on an engine; for intervals, other
    quotients and published margins see `agglo.location_quotient`, which takes the result
    of `activity_from_establishments` once it is a table.

    Parameters
    ----------
    frame
        Long table, from an engine or another aggregation; rows of the same region,
        industry and period are added up first.
    region, industry, period
        Columns of the labels; `period` may be ``None``. Each period has its own quotients.
    value
        Column of sizes, not negative; null is unknown, an absent row is zero.
    margins
        ``"complete"``: a total with an unknown part is unknown, and every quotient that
        needs it is null (with one unknown size in a period, all of that period, through
        the grand total). ``"disclosed"``: quotients of the disclosed part of the economy;
        cells that are unknown themselves stay null.

    Returns
    -------
    Aggregation
        The labels, the value, ``<value>_unknown``, ``region_total``, ``industry_total``,
        ``total``, ``location_quotient`` (1: the national share) and ``reason``: why a
        quotient is null (``unknown_value``, ``unknown_margin``, ``zero_margin``), else
        empty. Cells without rows are left out; their quotient is zero.

    Raises
    ------
    ColumnNotFoundError, InvalidTableError, OptionError
        As `aggregate`; a negative or infinite value is ``out_of_range``.

    Notes
    -----
    :math:`LQ_{ri} = (x_{ri} / x_r) / (x_i / x)`, within each period. On DuckDB the group-by
    over the rows runs once, when the function is called. Cost O(rows) + O(cells).

    References
    ----------
    P. Sargant Florence (1939), Report of the location of industry, PEP. Also: revealed
    comparative advantage, B. Balassa (1965), doi:10.1111/j.1467-9957.1965.tb00050.x.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = pa.table(
    ...     {"region": ["a", "a", "b"], "industry": ["C", "D", "C"], "jobs": [1, 3, 4]}
    ... )
    >>> table = location_quotient_table(cells, value="jobs", period=None).to_table()
    >>> table["location_quotient"].to_pylist()
    [0.4, 2.0, 1.6]
    """
    cells = _cells(frame, region, industry, period, value, margins)
    return _widen(cells, location_quotient=ex.quotient(value), reason=ex.reason(value))


_CONFIDENTIAL = "_agglo_confidential"
_MARGINS = ("region_total", "industry_total", "total")


def _totals(
    opened: Opened,
    keys: tuple[str, ...],
    values: tuple[str, ...],
    count: str | None,
    margins: str,
    *,
    floor: float,
) -> Aggregation:
    disclosed = _disclosed(margins)
    made = [*values, *(v + ex.UNKNOWN for v in values), *([count] if count else [])]
    _distinct([*keys, *made])
    opened.require(
        {f"by[{i}]": k for i, k in enumerate(keys)},
        {f"sum[{i}]": v for i, v in enumerate(values)},
    )
    lazy = ex.sums(
        opened.lazy,
        opened.schema,
        keys=keys,
        values=values,
        count=count,
        disclosed=disclosed,
        floor=floor,
    )
    return Aggregation(lazy, keys, values, opened.kind)


def _cells(
    frame: IntoFrame | Aggregation,
    region: str,
    industry: str,
    period: str | None,
    value: str,
    margins: str,
) -> Aggregation:
    """Give one row per cell with its margins beside it."""
    labels = _labels(region=region, industry=industry, period=period)
    keys = tuple(labels.values())
    _distinct([*keys, value, value + ex.UNKNOWN, *_MARGINS])
    cells = _totals(_open(frame), keys, (value,), None, margins, floor=0.0)
    wide = ex.with_margins(
        cells.held,
        region=region,
        industry=industry,
        period=period,
        value=value,
        disclosed=_disclosed(margins),
    )
    return Aggregation(wide, keys, (value,), cells.kind)


def _widen(cells: Aggregation, **columns: nw.Expr) -> Aggregation:
    taken = (*cells.keys, *cells.values, *_MARGINS)
    _distinct([*taken, *columns])
    return Aggregation(
        cells.lazy.with_columns(**columns), cells.keys, cells.values, cells.kind
    )


def _establishments(
    opened: Opened, labels: Mapping[str, str], size: str | None, flag: str | None
) -> tuple[Lazy, Mapping[str, nw.dtypes.DType]]:
    """Rename the columns to those of the data model; a marked size is unknown."""
    shown = [nw.col(column).alias(name) for name, column in labels.items()]
    if size is not None and flag is None:
        shown.append(nw.col(size).alias("employment"))
        shown.append(nw.lit(0).alias(_CONFIDENTIAL))
    elif size is not None:
        mark = nw.col(str(flag)).cast(nw.String).fill_null("")
        shown.append(nw.when(mark == "").then(nw.col(size)).alias("employment"))
        secret = nw.when(mark == "c").then(nw.lit(1)).otherwise(nw.lit(0))
        shown.append(secret.alias(_CONFIDENTIAL))
    facts = opened.lazy.select(*shown)
    return facts, dict(facts.collect_schema())


def _flag() -> nw.Expr:
    secret = nw.when(nw.col(_CONFIDENTIAL) > 0).then(nw.lit("c")).otherwise(nw.lit("m"))
    hidden = nw.col("employment").is_null()
    return nw.when(hidden).then(secret).otherwise(nw.lit("")).alias("flag")


def _open(frame: IntoFrame | Aggregation) -> Opened:
    if isinstance(frame, Aggregation):
        return Opened(frame.held, dict(frame.held.collect_schema()), frame.kind)
    return open_frame(frame)


def _disclosed(margins: str) -> bool:
    return check_choice("margins", margins, ("complete", "disclosed")) == "disclosed"


def _labels(**columns: str | None) -> dict[str, str]:
    return {name: column for name, column in columns.items() if column is not None}


def _names(argument: str, names: str | Sequence[str]) -> tuple[str, ...]:
    listed = (names,) if isinstance(names, str) else tuple(names)
    bad = [n for n in listed if not isinstance(n, str)]
    if bad:
        msg = f"{argument}={names!r} must be names of columns; {bad[0]!r} is none."
        raise OptionError(msg)
    return listed


def _distinct(names: Sequence[str]) -> None:
    twice = sorted({n for n in names if list(names).count(n) > 1})
    if twice:
        msg = (
            f"The columns {twice} would stand twice in the result. Rename a column of the "
            "input or choose another name."
        )
        raise OptionError(msg)
