"""The same rows on every engine."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

from agglo.store import (
    Aggregation,
    activity_from_establishments,
    aggregate,
    industry_totals,
    location_quotient_table,
    region_totals,
    shares,
)

Builder = Callable[[pa.Table], object]

LOCAL: dict[str, Builder] = {
    "pyarrow": lambda t: t,
    "pandas": lambda t: t.to_pandas(),
    "pandas_arrow": lambda t: t.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow,
    "polars_lazy": lambda t: pl.from_arrow(t).lazy(),
    "duckdb": duckdb.from_arrow,
}

# known, zero, null, NaN, confidential and missing sizes
PLANTS = pa.table(
    {
        "region": ["02", "01", "01", "02", "02", "01", "03", "02", "02"],
        "industry": ["C", "C", "D", "E", "C", "C", "D", "E", "C"],
        "period": ["2021"] * 9,
        "employment": [5.0, 4.0, 3.0, None, 3.0, 8.0, 0.0, float("nan"), None],
        "mark": ["", "", None, "m", "", "", "", "", "c"],
    }
)

CALLS: dict[str, Callable[[object], Aggregation]] = {
    "counts": lambda f: aggregate(f, by="region", sum="employment", count="n"),
    "disclosed": lambda f: aggregate(
        f, by=["industry", "region"], sum=["employment"], margins="disclosed"
    ),
    "activity": lambda f: activity_from_establishments(f, flag="mark"),
    "partial": lambda f: activity_from_establishments(f, margins="disclosed"),
    "regions": region_totals,
    "industries": lambda f: industry_totals(f, margins="disclosed"),
    "shares": lambda f: shares(f, margins="disclosed"),
    "quotients": location_quotient_table,
    "all periods": lambda f: location_quotient_table(
        f, period=None, margins="disclosed"
    ),
}


def spark_missing() -> str:
    """Say why Spark cannot run here; empty when it can."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed: pip install 'agglo[spark]'"
    if shutil.which("java") is None:
        return "no Java runtime (JRE 17 or later) on the PATH"
    return ""


@contextmanager
def spark_session(warehouse: str) -> Iterator[object]:
    """Start a small local Spark."""
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .appName("agglo tests")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.default.parallelism", "1")
        .config("spark.sql.warehouse.dir", warehouse)
        .config("spark.driver.memory", "1g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()
