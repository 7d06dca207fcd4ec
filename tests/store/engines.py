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

Builder = Callable[[pa.Table], object]

LOCAL: dict[str, Builder] = {
    "pyarrow": lambda t: t,
    "pandas": lambda t: t.to_pandas(),
    "pandas_arrow": lambda t: t.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow,
    "polars_lazy": lambda t: pl.from_arrow(t).lazy(),
    "duckdb": duckdb.from_arrow,
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
