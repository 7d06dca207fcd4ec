"""Group-bys: hand cases, the three states, and the same table on every engine."""

from __future__ import annotations

import copy
import math

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agglo.core.errors import (
    ColumnNotFoundError,
    InvalidTableError,
    OptionError,
    StoreError,
)
from agglo.store import (
    Aggregation,
    Catalog,
    activity_from_establishments,
    aggregate,
    industry_totals,
    location_quotient_table,
    region_totals,
    shares,
    write_table,
)
from tests.store.engines import CALLS, LOCAL, PLANTS

NAN = float("nan")


def rows(aggregation: Aggregation) -> list[tuple[object, ...]]:
    table = aggregation.to_table()
    return list(zip(*(table[c].to_pylist() for c in table.column_names), strict=True))


# --- hand cases


def test_sums_and_counts_by_hand():
    table = aggregate(PLANTS, by=["region"], sum=["employment"], count="n").to_table()
    assert table.to_pydict() == {
        "region": ["01", "02", "03"],
        "employment": [15.0, None, 0.0],
        "employment_unknown": [0, 3, 0],
        "n": [3, 5, 1],
    }


def test_disclosed_sums_what_is_known_and_null_when_nothing_is():
    table = aggregate(
        PLANTS, by=["region", "industry"], sum="employment", margins="disclosed"
    ).to_table()
    found = {
        (r["region"], r["industry"]): (r["employment"], r["employment_unknown"])
        for r in table.to_pylist()
    }
    assert found == {
        ("01", "C"): (12.0, 0),
        ("01", "D"): (3.0, 0),
        ("02", "C"): (8.0, 1),
        ("02", "E"): (None, 2),
        ("03", "D"): (0.0, 0),
    }


def test_several_sums_and_none():
    table = pa.table({"g": ["x", "x"], "a": [1, 2], "b": [0.5, None]})
    both = aggregate(table, by="g", sum=["a", "b"]).to_table()
    assert both.to_pylist() == [
        {"g": "x", "a": 3.0, "a_unknown": 0, "b": None, "b_unknown": 1}
    ]
    assert aggregate(table, by="g", count="n").to_table().to_pylist() == [
        {"g": "x", "n": 2}
    ]
    assert aggregate(table, by="g").to_table().to_pylist() == [{"g": "x"}]


def test_sums_of_flows_may_be_negative():
    table = pa.table({"g": ["x", "x"], "net": [1.0, -3.0]})
    assert aggregate(table, by="g", sum="net").to_table()["net"].to_pylist() == [-2.0]


def test_activity_by_hand():
    table = activity_from_establishments(PLANTS, flag="mark").to_table()
    assert table.column_names == [
        "region",
        "industry",
        "period",
        "establishments",
        "employment",
        "employment_unknown",
        "flag",
    ]
    assert rows(activity_from_establishments(PLANTS, flag="mark")) == [
        ("01", "C", "2021", 2.0, 12.0, 0, ""),
        ("01", "D", "2021", 1.0, 3.0, 0, ""),
        ("02", "C", "2021", 3.0, None, 1, "c"),
        ("02", "E", "2021", 2.0, None, 2, "m"),
        ("03", "D", "2021", 1.0, 0.0, 0, ""),
    ]


def test_without_a_mark_column_unknown_is_missing():
    flags = activity_from_establishments(PLANTS).to_table()["flag"].to_pylist()
    assert flags == ["", "", "m", "m", ""]


def test_a_size_beside_a_mark_is_not_used():
    table = pa.table(
        {
            "region": ["a", "a"],
            "industry": ["C", "C"],
            "employment": [5.0, 100.0],
            "mark": [None, "c"],
        }
    )
    shown = activity_from_establishments(
        table, period=None, flag="mark", margins="disclosed"
    )
    assert rows(shown) == [("a", "C", 2.0, 5.0, 1, "")]


def test_counting_without_sizes():
    assert rows(activity_from_establishments(PLANTS, size=None))[0] == (
        "01",
        "C",
        "2021",
        2.0,
    )


def test_other_names_become_those_of_the_data_model():
    table = pa.table({"kreis": ["x"], "wz": ["C"], "jahr": [2021], "sv": [4]})
    shown = activity_from_establishments(
        table, region="kreis", industry="wz", period="jahr", size="sv"
    )
    assert rows(shown) == [("x", "C", "2021", 1.0, 4.0, 0, "")]


def test_totals_by_hand():
    cells = activity_from_establishments(PLANTS, flag="mark")
    assert rows(region_totals(cells)) == [
        ("01", "2021", 15.0, 0, 2),
        ("02", "2021", None, 3, 2),
        ("03", "2021", 0.0, 0, 1),
    ]
    assert rows(industry_totals(cells, values=["employment", "establishments"])) == [
        ("C", "2021", None, 1, 5.0, 0, 2),
        ("D", "2021", 3.0, 0, 2.0, 0, 2),
        ("E", "2021", None, 2, 2.0, 0, 1),
    ]


def test_unknown_counts_survive_a_disclosed_step():
    """A partial sum must not turn into a known value one step later."""
    cells = activity_from_establishments(PLANTS, margins="disclosed")
    complete = region_totals(cells).to_table()
    assert complete["employment"].to_pylist() == [15.0, None, 0.0]
    assert complete["employment_unknown"].to_pylist() == [0, 3, 0]
    partial = region_totals(cells, margins="disclosed").to_table()
    assert partial["employment"].to_pylist() == [15.0, 8.0, 0.0]


CELLS = pa.table(
    {
        "region": ["a", "a", "b", "b"],
        "industry": ["C", "D", "C", "D"],
        "employment": [10.0, 30.0, 40.0, 20.0],
    }
)


def test_quotients_by_hand():
    table = location_quotient_table(CELLS, period=None).to_table()
    # region a: 40, b: 60; C and D: 50 of 100 each
    assert table["location_quotient"].to_pylist() == [
        (10 / 40) / (50 / 100),
        (30 / 40) / (50 / 100),
        (40 / 60) / (50 / 100),
        (20 / 60) / (50 / 100),
    ]
    assert set(table["reason"].to_pylist()) == {""}


def test_employment_weighted_quotients_average_to_one():
    table = location_quotient_table(CELLS, period=None).to_table()
    lq = table["location_quotient"].to_numpy()
    weight = table["region_total"].to_numpy() / 100
    for industry in ("C", "D"):
        here = np.asarray(table["industry"].to_pylist()) == industry
        assert math.isclose(float(lq[here] @ weight[here]), 1.0)


def test_shares_by_hand():
    table = shares(CELLS, period=None).to_table()
    assert table["region_share"].to_pylist() == [0.25, 0.75, 40 / 60, 20 / 60]
    assert table["industry_share"].to_pylist() == [0.2, 0.6, 0.8, 0.4]
    assert table["total_share"].to_pylist() == [0.1, 0.3, 0.4, 0.2]


def test_periods_have_their_own_quotients():
    twice = pa.concat_tables(
        [
            CELLS.append_column("period", pa.array(["1"] * 4)),
            CELLS.append_column("period", pa.array(["2"] * 4)).set_column(
                2, "employment", pa.array([1.0, 1.0, 1.0, 1.0])
            ),
        ]
    )
    table = location_quotient_table(twice).to_table()
    second = [r["location_quotient"] for r in table.to_pylist() if r["period"] == "2"]
    assert second == [1.0, 1.0, 1.0, 1.0]
    first = [r["location_quotient"] for r in table.to_pylist() if r["period"] == "1"]
    alone = location_quotient_table(CELLS, period=None).to_table()
    assert first == alone["location_quotient"].to_pylist()


def test_one_unknown_size_hides_every_quotient_unless_disclosed():
    hidden = CELLS.set_column(2, "employment", pa.array([None, 30.0, 40.0, 20.0]))
    table = location_quotient_table(hidden, period=None).to_table()
    assert table["location_quotient"].null_count == 4
    assert table["reason"].to_pylist() == ["unknown_value"] + ["unknown_margin"] * 3
    assert table["industry_total"].to_pylist() == [None, 50.0, None, 50.0]
    told = location_quotient_table(hidden, period=None, margins="disclosed").to_table()
    assert told["location_quotient"].to_pylist() == [
        None,
        (30 / 30) / (50 / 90),
        (40 / 60) / (40 / 90),
        (20 / 60) / (50 / 90),
    ]
    assert told["reason"].to_pylist() == ["unknown_value", "", "", ""]


def test_nothing_over_nothing_is_null_with_its_reason():
    empty = CELLS.set_column(2, "employment", pa.array([0.0, 0.0, 40.0, 0.0]))
    table = location_quotient_table(empty, period=None).to_table()
    assert table["location_quotient"].to_pylist() == [None, None, 1.0, None]
    assert table["reason"].to_pylist() == ["zero_margin"] * 2 + ["", "zero_margin"]
    part = shares(empty, period=None).to_table()
    assert part["region_share"].to_pylist() == [None, None, 1.0, 0.0]
    assert part["industry_share"].to_pylist() == [0.0, None, 1.0, None]


def test_zero_is_not_unknown():
    table = location_quotient_table(
        CELLS.set_column(2, "employment", pa.array([0.0, 30.0, 40.0, 20.0])),
        period=None,
    ).to_table()
    assert table["location_quotient"][0].as_py() == 0.0
    assert table["employment_unknown"].to_pylist() == [0, 0, 0, 0]


def test_agrees_with_the_library_on_a_matrix():
    rng = np.random.default_rng(7)
    x = rng.integers(0, 50, (6, 5)).astype(float)
    long = pa.table(
        {
            "region": np.repeat([f"r{i}" for i in range(6)], 5),
            "industry": np.tile([f"i{j}" for j in range(5)], 6),
            "employment": x.ravel(),
        }
    )
    found = location_quotient_table(long, period=None).to_table()["location_quotient"]
    expected = (x / x.sum(1)[:, None]) / (x.sum(0)[None, :] / x.sum())
    np.testing.assert_allclose(found.to_numpy(), expected.ravel(), rtol=1e-14)


def test_no_rows_give_no_rows():
    for call in CALLS.values():
        assert call(PLANTS.slice(0, 0)).to_table().num_rows == 0


# --- engines


@pytest.fixture(scope="module")
def expected() -> dict[str, pa.Table]:
    return {name: call(PLANTS).to_table() for name, call in CALLS.items()}


@pytest.mark.parametrize("engine", LOCAL)
@pytest.mark.parametrize("name", CALLS)
def test_every_engine_gives_the_same_table(engine, name, expected):
    frame = LOCAL[engine](PLANTS)
    found = CALLS[name](frame).to_table()
    assert found.schema.equals(expected[name].schema)
    assert found.equals(expected[name])


@pytest.mark.parametrize("engine", LOCAL)
def test_steps_can_be_chained_on_every_engine(engine, expected):
    cells = activity_from_establishments(LOCAL[engine](PLANTS), flag="mark")
    again = location_quotient_table(cells)
    direct = CALLS["quotients"](PLANTS.drop_columns("mark"))
    assert again.to_table().equals(direct.to_table())
    assert cells.to_table().equals(expected["activity"])


@pytest.mark.parametrize("engine", LOCAL)
def test_keys_of_other_types(engine):
    table = pa.table(
        {
            "code": pa.array([10, 9, 10], pa.int32()),
            "kind": pa.array(["z", "a", "z"]).dictionary_encode(),
            "open": [True, False, True],
            "jobs": pa.array([1, 2, 3], pa.int16()),
        }
    )
    found = aggregate(LOCAL[engine](table), by=["code", "kind", "open"], sum="jobs")
    assert rows(found) == [(9, "a", False, 2.0, 0), (10, "z", True, 4.0, 0)]


@pytest.mark.parametrize("kind", ["categories", "enum"])
def test_categories_sort_as_text(kind):
    if kind == "enum":
        dtype = pl.Enum(["z", "a"])
        frame = pl.DataFrame(
            {"k": ["z", "a"], "x": [1, 2]}, schema_overrides={"k": dtype}
        )
    else:
        labels = pd.Categorical(
            ["z", "a"], categories=["z", "a", "never"], ordered=True
        )
        frame = pd.DataFrame({"k": labels, "x": [1, 2]})
    assert rows(aggregate(frame, by="k", sum="x")) == [("a", 2.0, 0), ("z", 1.0, 0)]


@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        ("pandas", pd.DataFrame),
        ("polars", pl.DataFrame),
        ("polars_lazy", pl.DataFrame),
        ("pyarrow", pa.Table),
        ("duckdb", pa.Table),
    ],
)
def test_collect_gives_back_the_callers_kind(engine, kind):
    cells = aggregate(LOCAL[engine](PLANTS), by="region", sum="employment")
    assert isinstance(cells.collect(), kind)
    assert isinstance(cells.collect("polars"), pl.DataFrame)


def test_native_is_the_engines_own_and_sorted():
    relation = aggregate(LOCAL["duckdb"](PLANTS), by="region", count="n").native
    assert isinstance(relation, duckdb.DuckDBPyRelation)
    assert relation.fetchall() == [("01", 3), ("02", 5), ("03", 1)]
    lazy = aggregate(LOCAL["polars_lazy"](PLANTS), by="region", count="n").native
    assert isinstance(lazy, pl.LazyFrame)


def test_duckdb_is_lazy_and_reads_the_rows_once():
    connection = duckdb.connect()
    seen: list[float] = []

    def watched(x: float) -> float:
        seen.append(x)
        return x

    connection.create_function("watched", watched, [float], float, side_effects=True)
    relation = connection.sql(
        "SELECT 'a' AS region, 'C' AS industry, watched(2.0) AS employment"
    )
    cells = activity_from_establishments(relation, period=None)
    assert seen == []
    first = cells.to_table()
    location_quotient_table(cells, period=None).to_table()
    assert cells.to_table().equals(first)
    assert seen == [2.0]


def test_relation_of_a_catalogue(tmp_path):
    for i in range(3):
        part = tmp_path / "establishments" / f"{i}.parquet"
        write_table(part, PLANTS.slice(3 * i, 3))
    catalog = Catalog(tmp_path)
    cells = activity_from_establishments(catalog.lazy("establishments"), flag="mark")
    assert cells.to_table().equals(CALLS["activity"](PLANTS).to_table())


@pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow"])
def test_inputs_are_not_changed(engine):
    frame = LOCAL[engine](PLANTS)
    before = copy.deepcopy(frame)
    for call in CALLS.values():
        call(frame).to_table()
    if engine == "pandas":
        pd.testing.assert_frame_equal(frame, before)
    else:
        assert str(
            frame.to_pydict() if engine == "pyarrow" else frame.to_dict()
        ) == str(before.to_pydict() if engine == "pyarrow" else before.to_dict())


size = st.none() | st.just(NAN) | st.integers(0, 10**6).map(float)
plants = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "é", "Z", ""]),
        st.sampled_from(["C", "D", "10"]),
        st.sampled_from(["2020", "2021"]),
        size,
        st.sampled_from(["", "c", "m", None]),
    ),
    min_size=1,
    max_size=25,
)


@given(plants, st.sampled_from(["complete", "disclosed"]))
@settings(max_examples=25)
def test_property_engines_agree(facts, margins):
    names = ["region", "industry", "period", "employment", "mark"]
    types = [pa.string(), pa.string(), pa.string(), pa.float64(), pa.string()]
    table = pa.table(
        {
            n: pa.array(column, t)
            for n, t, column in zip(names, types, zip(*facts, strict=True), strict=True)
        }
    )
    calls = {
        "activity": lambda f: activity_from_establishments(
            f, flag="mark", margins=margins
        ),
        "quotients": lambda f: location_quotient_table(f, margins=margins),
        "shares": lambda f: shares(f, period=None, margins=margins),
    }
    for call in calls.values():
        first, *others = (
            call(LOCAL[e](table)).to_table()
            for e in ("duckdb", "polars", "pandas", "pyarrow")
        )
        for other in others:
            assert other.equals(first)


@given(plants)
@settings(max_examples=30)
def test_property_totals_add_up_and_order_of_rows_is_nothing(facts):
    known = [f for f in facts if f[3] is not None and not math.isnan(f[3])]
    table = pa.table(
        {
            "region": pa.array([f[0] for f in known], pa.string()),
            "industry": pa.array([f[1] for f in known], pa.string()),
            "employment": pa.array([f[3] for f in known], pa.float64()),
        }
    )
    cells = activity_from_establishments(table, period=None)
    whole = sum(f[3] for f in known)
    for total in (region_totals, industry_totals):
        column = total(cells, period=None).to_table()["employment"]
        assert sum(column.to_pylist()) == whole
    turned = table.take(pa.array(range(len(known))[::-1], pa.int64()))
    again = activity_from_establishments(turned, period=None)
    assert again.to_table().equals(cells.to_table())
    lq = location_quotient_table(cells, period=None).to_table()
    for row in lq.to_pylist():
        if row["reason"] == "":
            assert 0 <= row["location_quotient"] < math.inf


# --- what is refused


@pytest.mark.parametrize("engine", LOCAL)
@pytest.mark.parametrize("bad", [-1.0, math.inf, -math.inf])
def test_impossible_sizes_are_refused(engine, bad):
    table = PLANTS.set_column(
        PLANTS.column_names.index("employment"),
        "employment",
        pa.array([bad] + [1.0] * (PLANTS.num_rows - 1)),
    )
    for call in (
        activity_from_establishments,
        region_totals,
        shares,
        location_quotient_table,
    ):
        with pytest.raises(InvalidTableError) as caught:
            call(LOCAL[engine](table)).to_table()
        (problem,) = caught.value.problems
        assert (problem.code, problem.column, problem.n_rows) == (
            "out_of_range",
            "employment",
            1,
        )
        assert "02" in problem.what


def test_infinite_flows_are_refused():
    table = pa.table({"g": ["x", "x", "y"], "net": [-math.inf, math.inf, 1.0]})
    with pytest.raises(InvalidTableError, match="negative or infinite"):
        aggregate(table, by="g", sum="net").to_table()


@pytest.mark.parametrize("engine", LOCAL)
def test_rows_without_a_label_are_refused(engine):
    table = pa.table(
        {"region": ["a", None], "industry": ["C", "C"], "employment": [1, 2]}
    )
    for call in (activity_from_establishments, location_quotient_table):
        with pytest.raises(InvalidTableError) as caught:
            call(LOCAL[engine](table), period=None).to_table()
        assert [p.code for p in caught.value.problems] == ["null_key"]


def test_all_absent_columns_are_named_at_once():
    with pytest.raises(ColumnNotFoundError) as caught:
        activity_from_establishments(PLANTS, region="regoin", size="employmnt")
    text = str(caught.value)
    assert "region='regoin'" in text
    assert "Did you mean 'region'" in text
    assert "size='employmnt'" in text
    assert len(caught.value.problems) == 2


def test_all_wrong_types_are_named_at_once():
    table = pa.table({"region": [1.5], "industry": ["C"], "employment": ["many"]})
    with pytest.raises(InvalidTableError) as caught:
        location_quotient_table(table, period=None)
    assert [(p.code, p.column) for p in caught.value.problems] == [
        ("wrong_type", "region"),
        ("wrong_type", "employment"),
    ]


@pytest.mark.parametrize(
    "call",
    [
        lambda: aggregate(PLANTS, by=[]),
        lambda: aggregate(PLANTS, by=[1]),
        lambda: aggregate(PLANTS, by="region", sum="employment", margins="refuse"),
        lambda: aggregate(PLANTS, by="region", count="region"),
        lambda: aggregate(PLANTS, by=["region", "region"]),
        lambda: aggregate(
            PLANTS, by="region", sum="employment", count="employment_unknown"
        ),
        lambda: activity_from_establishments(PLANTS, margins="disclose"),
        lambda: activity_from_establishments(PLANTS, size=None, flag="mark"),
        lambda: location_quotient_table(
            PLANTS.rename_columns(["region", "industry", "period", "total", "mark"]),
            value="total",
        ),
    ],
)
def test_bad_options(call):
    with pytest.raises(OptionError):
        call()


def test_what_is_no_frame_is_refused():
    with pytest.raises(InvalidTableError, match="not a data frame"):
        aggregate({"region": ["a"]}, by="region")
    double = pd.DataFrame([[1, 2]], columns=["x", "x"])
    with pytest.raises(InvalidTableError, match="same name"):
        aggregate(double, by="x")


def test_closed_connection_is_a_typed_error():
    connection = duckdb.connect()
    relation = connection.sql("SELECT 'a' AS region")
    counted = aggregate(relation, by="region", count="n")
    connection.close()
    with pytest.raises(StoreError) as caught:
        counted.to_table()
    assert caught.value.problems[0].code == "query_failed"


def test_too_little_memory_is_a_typed_error():
    connection = duckdb.connect(
        config={"memory_limit": "30MB", "threads": 1, "temp_directory": ""}
    )
    relation = connection.sql(
        "SELECT md5(i::VARCHAR) AS region, 1.0 AS employment FROM range(3_000_000) t(i)"
    )
    with pytest.raises(StoreError) as caught:
        aggregate(relation, by="region", sum="employment").to_table()
    assert caught.value.problems[0].code == "out_of_memory"


def test_repr_computes_nothing():
    relation = LOCAL["duckdb"](PLANTS)
    shown = repr(aggregate(relation, by="region", sum="employment"))
    assert shown == "<Aggregation of employment by region>"
