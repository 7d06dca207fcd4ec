"""The same expressions on a local Spark (its own job: `pytest -m spark`)."""

from __future__ import annotations

import pyarrow as pa
import pytest

from agglo.core.errors import InvalidTableError
from agglo.store import activity_from_establishments, location_quotient_table
from tests.store.engines import CALLS, PLANTS, spark_missing, spark_session

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(bool(spark_missing()), reason=spark_missing()),
    # Spark's Python side leaves its sockets to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    with spark_session(str(tmp_path_factory.mktemp("warehouse"))) as session:
        yield session


@pytest.mark.parametrize("name", CALLS)
def test_spark_gives_the_same_table(spark, name):
    found = CALLS[name](spark.createDataFrame(PLANTS)).to_table()
    expected = CALLS[name](PLANTS).to_table()
    assert found.schema.equals(expected.schema)
    assert found.equals(expected)


def test_generated_plants(spark):
    n = 2000
    table = pa.table(
        {
            "region": [f"r{i * 7919 % 13:02d}" for i in range(n)],
            "industry": [f"i{i * 104729 % 17:02d}" for i in range(n)],
            "period": ["2020" if i % 2 else "2021" for i in range(n)],
            "employment": [None if i % 211 == 0 else float(i % 50) for i in range(n)],
        }
    )
    cells = activity_from_establishments(spark.createDataFrame(table))
    here = activity_from_establishments(table)
    assert cells.to_table().equals(here.to_table())
    far = location_quotient_table(cells, margins="disclosed").to_table()
    near = location_quotient_table(here, margins="disclosed").to_table()
    assert far.equals(near)


def test_impossible_sizes_are_refused(spark):
    table = pa.table({"region": ["a"], "industry": ["C"], "employment": [-1.0]})
    with pytest.raises(InvalidTableError, match="negative or infinite"):
        location_quotient_table(spark.createDataFrame(table), period=None).to_table()
