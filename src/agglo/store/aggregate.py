"""From millions of rows to tables of groups, on the engine that holds the rows.

One body of expressions runs on pandas, polars, pyarrow, DuckDB and PySpark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import narwhals as nw

from agglo.core.errors import OptionError
from agglo.store import _expressions as ex
from agglo.store._engines import Lazy, Opened
from agglo.store._steps import (
    Unknowns,
    is_disclosed,
    labels_of,
    names_of,
    opened_frame,
    totals,
)
from agglo.store.aggregation import Aggregation

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame

__all__ = [
    "activity_from_establishments",
    "aggregate",
    "industry_totals",
    "region_totals",
]


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
    keys, values = names_of("by", by), names_of("sum", sum)
    if not keys:
        msg = "by=() names no column. Give at least one column to group by."
        raise OptionError(msg)
    return totals(opened_frame(frame), keys, values, count, margins, floor=ex.LOWEST)


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
    opened = opened_frame(frame)
    labels = labels_of(region=region, industry=industry, period=period)
    if flag is not None and size is None:
        msg = f"flag={flag!r} marks sizes, but size=None names none."
        raise OptionError(msg)
    opened.require(labels | labels_of(flag=flag), labels_of(size=size))
    disclosed = is_disclosed(margins)
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
    keys, summed = labels_of(region=region, period=period), names_of("values", values)
    return totals(opened_frame(frame), keys, summed, "cells", margins, floor=0.0)


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
    keys, summed = (
        labels_of(industry=industry, period=period),
        names_of("values", values),
    )
    return totals(opened_frame(frame), keys, summed, "cells", margins, floor=0.0)


_CONFIDENTIAL = "_agglo_confidential"


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
