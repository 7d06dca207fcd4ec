"""The coercers: shape, three states, and every problem at once."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agglo as ag
from agglo.core.tables import CONFIDENTIAL, KNOWN, MISSING

LONG = {
    "region": ["b", "a", "a", "b"],
    "industry": ["x", "y", "x", "z"],
    "employment": [20.0, 10.0, 30.0, None],
    "flag": ["", "", "", "c"],
}


def codes(error: ag.AggloError) -> list[str]:
    return [p.code for p in error.problems]


def test_absent_row_is_zero_null_is_missing_flag_c_is_confidential():
    data = pa.table(
        {
            "region": ["a", "a", "b"],
            "industry": ["x", "y", "x"],
            "employment": pa.array([1.0, None, None]),
            "flag": ["", "", "c"],
        }
    )
    table = ag.as_region_activity(data, margins="disclosed")
    assert table.region.tolist() == ["a", "b"]
    assert table.status.tolist() == [[KNOWN, MISSING], [CONFIDENTIAL, KNOWN]]
    assert np.isnan(table.values[0, 1])
    assert np.isnan(table.values[1, 0])
    assert table.values[1, 1] == 0.0
    assert table.margins == "disclosed"
    assert table.total == 1.0


def test_unknown_cells_are_refused_with_a_way_out():
    with pytest.raises(ag.InvalidTableError) as caught:
        ag.as_region_activity(pa.table(LONG))
    assert codes(caught.value) == ["unknown_cells"]
    assert "margins='disclosed'" in str(caught.value)
    assert "1 cells are confidential and 0 are missing" in str(caught.value)


def test_published_margins_are_used_and_checked():
    margins = ag.Margins(
        region={"a": 40.0, "b": 27.0},
        activity={"x": 50.0, "y": 10.0, "z": 7.0},
        total=67.0,
    )
    table = ag.as_region_activity(pa.table(LONG), margins=margins)
    assert table.margins == "published"
    assert table.row_total.tolist() == [40.0, 27.0]
    assert table.total == 67.0
    short = ag.Margins(region={"a": 40.0}, activity=margins.activity, total=67.0)
    with pytest.raises(ag.AlignmentError, match=r"lacks 1 labels.*'b'"):
        ag.as_region_activity(pa.table(LONG), margins=short)
    low = ag.Margins(
        region={"a": 4.0, "b": 27.0}, activity=margins.activity, total=67.0
    )
    with pytest.raises(ag.InvalidTableError, match="below"):
        ag.as_region_activity(pa.table(LONG), margins=low)
    wrong = ag.Margins(region=margins.region, activity=margins.activity, total=3.0)
    with pytest.raises(ag.InvalidTableError, match=r"Margins\.total"):
        ag.as_region_activity(pa.table(LONG), margins=wrong)


def test_all_problems_come_together():
    data = pa.table(
        {
            "region": ["a", "a", None, "b", "c"],
            "industry": ["x", "x", "y", "", "z"],
            "employment": [1.0, 2.0, -3.0, float("inf"), 5.0],
            "flag": ["", "", "", "", "c"],
        }
    )
    with pytest.raises(ag.InvalidTableError) as caught:
        ag.as_region_activity(data)
    assert sorted(set(codes(caught.value))) == [
        "confidential_value",
        "duplicate_key",
        "negative_value",
        "not_finite",
        "null_key",
    ]
    assert codes(caught.value).count("null_key") == 2
    duplicate = next(p for p in caught.value.problems if p.code == "duplicate_key")
    assert duplicate.rows == (1, 2)


def test_bounds_hold_unknown_cells_and_default_to_zero_and_infinity():
    data = pa.table(
        {
            "region": ["a", "a", "b"],
            "industry": ["x", "y", "x"],
            "employment": pa.array([1.0, None, None]),
            "employment_lower": pa.array([None, 20.0, None]),
            "employment_upper": pa.array([None, 99.0, None]),
        }
    )
    table = ag.as_region_activity(data, margins="disclosed")
    assert table.lower.tolist() == [[1.0, 20.0], [0.0, 0.0]]
    assert table.upper.tolist() == [[1.0, 99.0], [np.inf, 0.0]]
    crossed = data.set_column(3, "employment_lower", pa.array([None, 100.0, None]))
    with pytest.raises(ag.InvalidTableError, match="is above employment_upper"):
        ag.as_region_activity(crossed, margins="disclosed")


def test_a_period_and_a_version_must_be_chosen():
    data = pa.table(
        {
            "region": ["a", "a", "a"],
            "industry": ["x", "x", "xx"],
            "period": ["2020", "2021", "2021"],
            "employment": [1.0, 2.0, 3.0],
            "industry_version": ["n2", "n2", "n3"],
        }
    )
    with pytest.raises(ag.OptionError, match=r"2 periods.*'2020', '2021'"):
        ag.as_region_activity(data)
    with pytest.raises(ag.InvalidTableError, match="mixed_version"):
        ag.as_region_activity(data, period="2021")
    table = ag.as_region_activity(
        data, period="2021", select={"industry_version": "n2"}
    )
    assert table.values.tolist() == [[2.0]]
    assert table.period == "2021"
    with pytest.raises(
        ag.OptionError, match=r"period='2019'.*Values: \['2020', '2021'\]"
    ):
        ag.as_region_activity(data, period="2019")


def test_empty_tables_and_wrong_things_are_typed_errors():
    with pytest.raises(ag.InvalidTableError, match="no row"):
        ag.as_region_activity(pa.table({k: [] for k in LONG}))
    with pytest.raises(ag.InvalidTableError, match="not a data frame"):
        ag.as_region_activity(3)
    with pytest.raises(ag.ColumnNotFoundError, match="Did you mean 'employment'"):
        ag.as_region_activity(pa.table(LONG), value="employmnt")
    text = pa.table({**LONG, "employment": ["1", "2", "3", "D"]})
    with pytest.raises(ag.InvalidTableError, match="not numbers"):
        ag.as_region_activity(text)
    with pytest.raises(ag.OptionError, match="Did you mean 'disclosed'"):
        ag.as_region_activity(pa.table(LONG), margins="disclose")


def test_every_frame_gives_the_same_table_and_its_kind():
    base = pa.table(LONG)
    frame = pd.DataFrame(LONG)
    before = frame.copy(deep=True)
    tables = {
        "pyarrow": ag.as_region_activity(base, margins="disclosed"),
        "pandas": ag.as_region_activity(frame, margins="disclosed"),
        "polars": ag.as_region_activity(pl.DataFrame(LONG), margins="disclosed"),
    }
    lazy = ag.as_region_activity(pl.LazyFrame(LONG), margins="disclosed")
    with duckdb.connect() as connection:
        relation = connection.from_arrow(base)
        from_duckdb = ag.as_region_activity(relation, margins="disclosed")
    digests = {t.digest for t in [*tables.values(), lazy, from_duckdb]}
    assert len(digests) == 1
    assert [t.frame_kind for t in tables.values()] == ["pyarrow", "pandas", "polars"]
    assert from_duckdb.frame_kind == "pyarrow"
    pd.testing.assert_frame_equal(frame, before)


def test_coercers_give_their_own_shape_back():
    table = ag.as_region_activity(pa.table(LONG), margins="disclosed")
    assert ag.as_region_activity(table) is table
    with pytest.raises(ValueError, match="read-only"):
        table.values[0, 0] = 1.0


@given(st.permutations(range(6)))
def test_row_order_does_not_matter(order):
    data = pa.table(
        {
            "region": ["a", "a", "b", "b", "c", "c"],
            "industry": ["x", "y", "x", "z", "y", "z"],
            "employment": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        }
    )
    shuffled = data.take(pa.array(order))
    assert ag.as_region_activity(shuffled).digest == ag.as_region_activity(data).digest


def test_from_arrays_sorts_labels_with_their_rows():
    table = ag.RegionActivity.from_arrays(
        [[1.0, 2.0], [3.0, np.nan]],
        region=["b", "a"],
        activity=["y", "x"],
        margins="disclosed",
    )
    np.testing.assert_equal(table.values, [[np.nan, 3.0], [2.0, 1.0]])
    assert table.status.tolist() == [[MISSING, KNOWN], [KNOWN, KNOWN]]
    with pytest.raises(ag.InvalidTableError, match="region 'r0', activity 'a1'"):
        ag.RegionActivity.from_arrays([[1.0, -2.0]])
    with pytest.raises(ag.AlignmentError, match="distinct labels"):
        ag.RegionActivity.from_arrays([[1.0], [2.0]], region=["a", "a"])
    with pytest.raises(ag.InvalidTableError, match="shape"):
        ag.RegionActivity.from_arrays([1.0, 2.0])


def test_plants_keep_zero_sizes_and_name_missing_ones():
    rows = {
        "region": ["b", "a", "a"],
        "industry": ["x", "x", "y"],
        "employment": [0.0, None, 3.0],
    }
    with pytest.raises(ag.InvalidTableError, match="missing_value"):
        ag.as_plants(pa.table(rows))
    plants = ag.as_plants(pa.table(rows), on_missing="drop")
    assert (plants.n, plants.n_dropped) == (2, 1)
    assert plants.regions[plants.region].tolist() == ["b", "a"]
    assert plants.size.tolist() == [0.0, 3.0]
    counted = ag.as_plants(pa.table(rows), size=None)
    assert (counted.size.sum(), counted.unit) == (3.0, "plants")
    assert ag.as_plants(plants) is plants


def test_points_refuse_degrees_and_measure_duplicates():
    rows = {
        "x_km": [0.0, 0.0, 1.0, 2.0],
        "y_km": [0.0, 0.0, 1.0, 2.0],
        "kind": list("ABAB"),
    }
    points = ag.as_points(pa.table(rows), type="kind")
    assert points.duplicate_share == 0.5
    assert points.types[points.type].tolist() == list("ABAB")
    degrees = pa.table({"lon": [1.0], "lat": [2.0]})
    with pytest.raises(ag.InvalidTableError, match="planar kilometres"):
        ag.as_points(degrees, x="lon", y="lat")
    holes = pa.table({**rows, "x_km": [0.0, None, 1.0, 2.0]})
    with pytest.raises(ag.InvalidTableError, match="missing_value"):
        ag.as_points(holes)
    assert ag.as_points(holes, on_missing="drop").n_dropped == 1


def test_links_share_labels_and_undirected_duplicates_are_found():
    rows = pa.table(
        {"origin": ["b", "a"], "destination": ["a", "b"], "weight": [1.0, 2.0]}
    )
    links = ag.as_links(rows)
    assert links.places.tolist() == ["a", "b"]
    assert list(zip(links.origin, links.destination, links.weight, strict=True)) == [
        (0, 1, 2.0),
        (1, 0, 1.0),
    ]
    with pytest.raises(ag.InvalidTableError, match="duplicate_key"):
        ag.as_links(rows, directed=False)


def test_panel_keeps_holes_and_sorts_years_as_numbers():
    rows = pa.table(
        {
            "region": ["a", "a", "b"],
            "period": ["10", "9", "9"],
            "jobs": [1.0, 2.0, 3.0],
            "pay": pa.array([1.0, None, 2.0]),
        }
    )
    panel = ag.as_panel(rows, variables=["jobs", "pay"])
    assert panel.periods.tolist() == ["9", "10"]
    np.testing.assert_equal(panel.variable("jobs"), [[2.0, 1.0], [3.0, np.nan]])
    assert panel.observed.tolist() == [[True, True], [True, False]]
    assert not panel.balanced
    with pytest.raises(ag.ColumnNotFoundError, match="wages"):
        ag.as_panel(rows, variables=["wages"])


def test_regions_align_by_code():
    regions = ag.as_regions(
        pa.table(
            {"region": ["02", "01"], "name_zh": ["乙", "甲"], "lon": [120.0, 110.0]}
        )
    )
    assert regions.region.tolist() == ["01", "02"]
    assert regions.name_zh.tolist() == ["甲", "乙"]
    assert np.isnan(regions.area_km2).all()
    assert regions.positions(["02", "01"]).tolist() == [1, 0]
    with pytest.raises(ag.AlignmentError, match=r"1 labels are not regions.*'03'"):
        regions.positions(["01", "03"])
    with pytest.raises(ag.InvalidTableError, match="out_of_range"):
        ag.as_regions(pa.table({"region": ["a"], "lon": [500.0]}))
