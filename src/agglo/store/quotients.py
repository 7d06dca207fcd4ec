"""Shares and location quotients of long tables, on the engine that holds them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import narwhals as nw

from agglo.store import _expressions as ex
from agglo.store._engines import hold
from agglo.store._steps import (
    Unknowns,
    check_distinct,
    is_disclosed,
    labels_of,
    opened_frame,
)
from agglo.store.aggregation import Aggregation

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame

__all__ = ["location_quotient_table", "shares"]


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


_MARGINS = ("region_total", "industry_total", "total")


def _cells(
    frame: IntoFrame | Aggregation,
    region: str,
    industry: str,
    period: str | None,
    value: str,
    margins: str,
) -> Aggregation:
    """Give one row per cell with its margins beside it."""
    labels = labels_of(region=region, industry=industry, period=period)
    check_distinct([*labels.values(), value, value + ex.UNKNOWN, *_MARGINS])
    disclosed = is_disclosed(margins)
    opened = opened_frame(frame)
    opened.require(labels, {"value": value})
    keys = tuple(labels.values())
    if isinstance(frame, Aggregation) and frame.is_grouped(keys, value):
        cells = ex.reshown(opened.lazy, keys, value, disclosed=disclosed)
    else:
        cells = ex.sums(
            opened.lazy,
            opened.schema,
            keys=keys,
            values=[value],
            disclosed=disclosed,
            floor=0.0,
        )
    # each margin reads the cells again
    wide = ex.with_margins(
        hold(ex.with_period(cells, period)),
        region=region,
        industry=industry,
        period=period,
        value=value,
        disclosed=disclosed,
    )
    return Aggregation(wide, keys, (value,), opened.kind, ready=True)


def _widen(cells: Aggregation, **columns: nw.Expr) -> Aggregation:
    check_distinct([*cells.keys, *cells.values, *_MARGINS, *columns])
    return replace(cells, lazy=cells.lazy.with_columns(**columns))
