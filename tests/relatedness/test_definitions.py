"""Cluster definitions: coercion, every problem at once, aggregation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from agglo.core.errors import ColumnNotFoundError, InvalidTableError
from agglo.core.tables import Margins, RegionActivity, as_region_activity
from agglo.relatedness import aggregate_clusters, as_cluster_definitions

ROWS = pa.table(
    {
        "industry": ["1", "2", "3", "3"],
        "cluster": ["Steel", "Steel", "Steel", "Tools"],
        "kind": ["Traded", "traded", None, " LOCAL "],
        "weight": [1.0, 1.0, 0.25, 0.5],
        "definition": ["demo 1"] * 4,
    }
)
JOBS = pa.table(
    {
        "region": ["a", "a", "a", "b", "b"],
        "industry": ["1", "3", "9", "2", "3"],
        "employment": [30.0, 8.0, 2.0, 50.0, 40.0],
    }
)


def test_a_table_becomes_definitions() -> None:
    got = as_cluster_definitions(ROWS)
    assert got.cluster.tolist() == ["Steel", "Tools"]
    assert got.kind.tolist() == ["traded", "local"]
    assert got.definition == "demo 1"
    np.testing.assert_array_equal(
        got.weights_for(np.array(["3", "7", "1"])), [[0.25, 0.5], [0, 0], [1, 0]]
    )


def test_coercion_is_idempotent_and_ignores_row_order() -> None:
    got = as_cluster_definitions(ROWS)
    assert as_cluster_definitions(got) is got
    turned = as_cluster_definitions(ROWS.take([3, 0, 2, 1]))
    assert turned.digest == got.digest
    with pytest.raises(dataclasses.FrozenInstanceError):
        got.definition = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        got.weight[0] = 0.0


def test_mapping_and_other_column_names() -> None:
    got = as_cluster_definitions({"1": "Steel", "2": "Steel", "4": "Food"})
    assert got.cluster.tolist() == ["Food", "Steel"]
    assert got.kind.tolist() == ["", ""]
    renamed = ROWS.rename_columns(["naics", "name", "traded_local", "share", "version"])
    again = as_cluster_definitions(
        renamed,
        industry="naics",
        cluster="name",
        kind="traded_local",
        weight="share",
        definition="version",
    )
    assert again.digest == as_cluster_definitions(ROWS).digest


def test_every_problem_is_reported_at_once() -> None:
    bad = pa.table(
        {
            "industry": ["1", "1", "2", "3"],
            "cluster": ["Steel", "Steel", "Tools", "Tools"],
            "kind": ["traded", "traded", "global", "local"],
            "weight": [1.0, 1.0, 1.5, 1.0],
            "definition": ["v1", "v1", "v2", "v1"],
        }
    )
    with pytest.raises(InvalidTableError) as caught:
        as_cluster_definitions(bad)
    codes = {p.code for p in caught.value.problems}
    assert codes == {"duplicate_key", "out_of_range", "not_allowed", "mixed_version"}


def test_double_counting_and_mixed_kinds_are_refused() -> None:
    twice = pa.table({"industry": ["1", "1"], "cluster": ["Steel", "Tools"]})
    with pytest.raises(InvalidTableError, match="more than 1"):
        as_cluster_definitions(twice)
    mixed = pa.table(
        {
            "industry": ["1", "2"],
            "cluster": ["Steel", "Steel"],
            "kind": ["traded", "local"],
        }
    )
    with pytest.raises(InvalidTableError, match="both kinds"):
        as_cluster_definitions(mixed)


def test_absent_column_null_and_empty() -> None:
    with pytest.raises(ColumnNotFoundError, match="cluster"):
        as_cluster_definitions(pa.table({"industry": ["1"], "clusters": ["Steel"]}))
    with pytest.raises(InvalidTableError, match="label"):
        as_cluster_definitions(pa.table({"industry": ["1"], "cluster": [None]}))
    with pytest.raises(InvalidTableError, match="no rows"):
        as_cluster_definitions(ROWS.slice(0, 0))


def test_aggregation_by_hand() -> None:
    got = aggregate_clusters(JOBS, ROWS)
    np.testing.assert_allclose(got.values, [[32, 4], [60, 20]])
    np.testing.assert_allclose(got.row_total, [40, 90])
    np.testing.assert_allclose(got.col_total, [92, 24])
    # a quarter of industry 3 and all of 9 belong nowhere
    assert got.unmapped_share == pytest.approx((48 * 0.25 + 2) / 130)
    assert got.unmapped.tolist() == ["9"]
    assert got.to_arrow().num_rows == 4


def test_unknown_cell_spoils_its_cluster_in_its_region_only() -> None:
    table = RegionActivity.from_arrays(
        [[30.0, np.nan, 5.0], [10.0, 20.0, 7.0]],
        region=["a", "b"],
        activity=["1", "2", "3"],
        margins=Margins(
            region={"a": 95.0, "b": 37.0},
            activity={"1": 40.0, "2": 80.0, "3": 12.0},
            total=132.0,
        ),
    )
    got = aggregate_clusters(table, {"1": "Steel", "2": "Steel", "3": "Tools"})
    np.testing.assert_array_equal(got.values, [[np.nan, 5.0], [30.0, 7.0]])
    np.testing.assert_array_equal(got.col_total, [120.0, 12.0])
    assert [(u.region, u.item) for u in got.undefined] == [("a", "Steel")]


def test_no_code_in_common_is_an_error() -> None:
    with pytest.raises(InvalidTableError, match="same classification"):
        aggregate_clusters(JOBS, {"3361": "Cars"})


def test_us_definitions_cover_county_business_patterns(shared_data: Path) -> None:
    text = pacsv.ConvertOptions(
        column_types={"naics6": pa.string(), "naics": pa.string(), "fips": pa.string()}
    )
    known = as_cluster_definitions(
        pacsv.read_csv(
            shared_data / "us_naics2017_to_cluster" / "naics6_to_cluster.csv",
            convert_options=text,
        ),
        industry="naics6",
        kind="traded_local",
    )
    assert known.industry.size == 971
    assert int(np.sum(known.kind == "traded")) == 51
    jobs = as_region_activity(
        pacsv.read_csv(
            shared_data / "us_cbp_county" / "cbp_county_naics6_2021.csv.gz",
            convert_options=text,
        ),
        region="fips",
        activity="naics",
        value="emp",
    )
    got = aggregate_clusters(jobs, known)
    assert got.unmapped_share == 0.0
    assert got.values.sum() == pytest.approx(jobs.total)
