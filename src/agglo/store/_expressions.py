"""The group-bys, written once as narwhals lazy expressions for every engine.

Three states run through them: an absent row is zero, a null (or NaN) is unknown, and a
value that cannot be (negative, infinite) makes its sums infinite, because a sum that is
wrong must not look like one that is right.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence

import narwhals as nw

from agglo.store._engines import Lazy

ROWS = "_agglo_rows"
ALL = "_agglo_all"
UNKNOWN = "_unknown"
LOWEST = -sys.float_info.max


def label(name: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Give a key column; categories sort by their text, not by their codes."""
    if isinstance(dtype, (nw.Categorical, nw.Enum)):
        return nw.col(name).cast(nw.String)
    return nw.col(name)


def number(name: str, floor: float) -> nw.Expr:
    """Give a value column as float: NaN is null, below `floor` is infinite."""
    x = nw.col(name).cast(nw.Float64)
    checked = nw.when(x < floor).then(nw.lit(math.inf)).otherwise(x)
    return nw.when(~x.is_nan()).then(checked).alias(name)


def unknown_rows(name: str) -> nw.Expr:
    """Give how many unknown rows each row already stands for, at least one if null."""
    carried = nw.col(name + UNKNOWN).fill_null(0).cast(nw.Int64)
    one = nw.when(nw.col(name).is_null()).then(nw.lit(1)).otherwise(nw.lit(0))
    return nw.when(carried > 0).then(carried).otherwise(one).cast(nw.Int64)


def sums(
    lazy: Lazy,
    schema: Mapping[str, nw.dtypes.DType],
    *,
    keys: Sequence[str],
    values: Sequence[str],
    extra: Sequence[str] = (),
    count: str | None = None,
    disclosed: bool = False,
    floor: float = LOWEST,
) -> Lazy:
    """Add values up within groups; `<value>_unknown` counts what is not in the sum.

    A sum with an unknown part is null; with `disclosed` it is the sum of the known parts,
    and null when there is none. `extra` columns are added up as they are.
    """
    carried = [v for v in values if v + UNKNOWN in schema]
    prepared = lazy.select(
        *(label(k, schema[k]) for k in keys),
        *(number(v, floor) for v in values),
        *(nw.col(v + UNKNOWN) for v in carried),
        *(nw.col(e) for e in extra),
    )
    if carried:
        prepared = prepared.with_columns(
            **{v + UNKNOWN: unknown_rows(v) for v in carried}
        )
    grouped = prepared.group_by(*keys).agg(
        nw.len().alias(ROWS),
        *(nw.col(v).sum() for v in values),
        *(nw.col(v).count().alias(_known(v)) for v in values),
        *(nw.col(v + UNKNOWN).sum() for v in carried),
        *(nw.col(e).sum() for e in extra),
    )
    whole = [
        (nw.col(ROWS).cast(nw.Int64) - nw.col(_known(v)).cast(nw.Int64)).alias(
            v + UNKNOWN
        )
        for v in values
        if v not in carried
    ]
    shown: list[nw.Expr] = [nw.col(k) for k in keys]
    for v in values:
        there = nw.col(_known(v)) > 0 if disclosed else nw.col(v + UNKNOWN) == 0
        shown.append(nw.when(there).then(nw.col(v)).alias(v))
        shown.append(nw.col(v + UNKNOWN).cast(nw.Int64))
    shown += [nw.col(e) for e in extra]
    if count is not None:
        shown.append(nw.col(ROWS).cast(nw.Int64).alias(count))
    if whole:
        grouped = grouped.with_columns(*whole)
    return grouped.select(*shown)


def reshown(lazy: Lazy, keys: Sequence[str], value: str, *, disclosed: bool) -> Lazy:
    """Show grouped rows as `sums` would have shown them."""
    shown = lazy.select(*keys, value, value + UNKNOWN)
    if disclosed:
        return shown
    whole = nw.col(value + UNKNOWN) == 0
    return shown.with_columns(nw.when(whole).then(nw.col(value)).alias(value))


def with_period(cells: Lazy, period: str | None) -> Lazy:
    """Make sure that there is a column to tell periods apart."""
    return cells if period else cells.with_columns(nw.lit("all").alias(ALL))


def with_margins(
    cells: Lazy,
    *,
    region: str,
    industry: str,
    period: str | None,
    value: str,
    disclosed: bool,
) -> Lazy:
    """Put region_total, industry_total and total beside every cell."""
    when = period or ALL
    schema = dict(cells.collect_schema())
    out = cells
    for name, keys in {
        "region_total": [region, when],
        "industry_total": [industry, when],
        "total": [when],
    }.items():
        margin = sums(
            cells, schema, keys=keys, values=[value], disclosed=disclosed, floor=LOWEST
        ).select(*keys, nw.col(value).alias(name))
        out = out.join(margin, on=keys, how="left")
    return out if period else out.drop(ALL)


def ratio(part: str, whole: str) -> nw.Expr:
    """Divide where the whole is positive; elsewhere null."""
    return nw.when(nw.col(whole) > 0).then(nw.col(part) / nw.col(whole))


def quotient(value: str) -> nw.Expr:
    """Give the local share over the national share; 0/0 is null."""
    some = (nw.col("region_total") > 0) & (nw.col("industry_total") > 0)
    local = nw.col(value) / nw.col("region_total")
    national = nw.col("industry_total") / nw.col("total")
    return nw.when(some).then(local / national)


def reason(value: str) -> nw.Expr:
    """Say why a quotient is null; empty where it is not."""
    margins = ("region_total", "industry_total", "total")
    hidden = nw.any_horizontal(
        *(nw.col(m).is_null() for m in margins), ignore_nulls=True
    )
    empty = (nw.col("region_total") == 0) | (nw.col("industry_total") == 0)
    return (
        nw.when(nw.col(value).is_null())
        .then(nw.lit("unknown_value"))
        .otherwise(
            nw.when(hidden)
            .then(nw.lit("unknown_margin"))
            .otherwise(nw.when(empty).then(nw.lit("zero_margin")).otherwise(nw.lit("")))
        )
    )


def _known(value: str) -> str:
    return f"_agglo_known_{value}"
