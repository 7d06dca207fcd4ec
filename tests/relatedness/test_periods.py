"""A table of several periods: one result with a key, through the whole chain."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import agglo.relatedness as rel
from agglo.core.errors import AlignmentError, OptionError
from tests.contracts.case import frame
from tests.contracts.cases_relatedness import MIXED

WAVES = pa.table(MIXED)
pytestmark = pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")


def wave(key: str) -> pa.Table:
    rows = WAVES.filter(pa.array([p == key for p in MIXED["period"]]))
    return rows.drop_columns(["period"])


@pytest.mark.parametrize(
    ("function", "field"),
    [
        (rel.presence, "values"),
        (rel.proximity, "values"),
        (rel.region_similarity, "values"),
        (rel.relatedness_density, "values"),
        (rel.complexity, "eci"),
        (rel.reflections, "k_region"),
        (rel.fitness, "fitness"),
        (rel.traded_local, "gini"),
        (rel.similarity_matrices, "values"),
        (rel.advantage_intervals, "low"),
    ],
)
def test_every_period_is_measured_by_itself(function, field):
    got = function(WAVES)
    assert isinstance(got, rel.PeriodResults)
    assert got.period == ("1", "2")
    for key in got.period:
        alone = function(wave(key))
        np.testing.assert_array_equal(getattr(got[key], field), getattr(alone, field))
        chosen = function(WAVES, period=key)
        assert type(chosen) is type(alone)
        np.testing.assert_array_equal(getattr(chosen, field), getattr(alone, field))
    rows = got.to_arrow()
    assert rows.column_names[0] == "period"
    assert rows.num_rows == sum(r.to_arrow().num_rows for r in got.results)
    assert set(rows["period"].to_pylist()) == {"1", "2"}
    with pytest.raises(OptionError, match="1999"):
        function(WAVES, period="1999")


def test_results_of_periods_go_through_the_chain():
    held = rel.presence(WAVES)
    near = rel.proximity(held)
    density = rel.relatedness_density(held, proximity=near)
    index = rel.complexity(held)
    sorted_options = rel.portfolio(density, index)
    outlook = rel.complexity_outlook(density, index)
    space = rel.product_space(near)
    relative = rel.relative_relatedness(density)
    for key in ("1", "2"):
        own = rel.presence(wave(key))
        beside = rel.relatedness_density(own, proximity=rel.proximity(own))
        np.testing.assert_array_equal(density[key].values, beside.values)
        alone = rel.portfolio(beside, rel.complexity(own))
        assert sorted_options[key].to_dict()["columns"] == alone.to_dict()["columns"]
        single = rel.product_space(rel.proximity(own))
        assert space[key].to_dict()["columns"] == single.to_dict()["columns"]
        np.testing.assert_array_equal(
            relative[key].values, rel.relative_relatedness(beside).values
        )
    assert outlook.period == ("1", "2")
    # one proximity for all periods
    fixed = rel.relatedness_density(held, proximity=near["1"])
    np.testing.assert_array_equal(
        fixed["2"].values,
        rel.relatedness_density(held["2"], proximity=near["1"]).values,
    )
    with pytest.raises(OptionError, match="'3'"):
        held["3"]


def test_a_result_of_periods_says_where_it_comes_from():
    got = rel.presence(WAVES, convention="econcomplex")
    said = got.to_dict()
    assert said["type"] == "PeriodResults"
    assert said["provenance"]["parameters"]["periods"] == ["1", "2"]
    assert said["provenance"]["function"] == "agglo.relatedness.presence.presence"
    assert "Presence of 2 periods" in got.summary()
    got.plot()
    three = pa.concat_tables([WAVES, wave("1").add_column(0, "period", [["3"] * 100])])
    with pytest.raises(AlignmentError, match="do not fit"):
        rel.relatedness_density(got, proximity=rel.proximity(three))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_keep_their_kind(kind):
    got = rel.presence(frame(MIXED, kind))
    assert got.frame_kind == kind
    assert got["1"].frame_kind == kind


def test_units_by_period():
    table = pa.table(
        {
            "period": list("111222"),
            "patent": list("aabccd"),
            "industry": list("xyxxzz"),
        }
    )
    got = rel.cooccurrence_relatedness(table, method="count", unit="patent")
    assert got["1"].label.tolist() == ["x", "y"]
    assert got["2"].label.tolist() == ["x", "z"]
    one = rel.cooccurrence_relatedness(table, method="count", unit="patent", period="2")
    np.testing.assert_array_equal(one.values, got["2"].values)
    apart = rel.recombination(table)
    assert apart.period == ("1", "2")


def test_what_is_undefined_in_one_period_says_which():
    rows = WAVES.to_pydict()
    rows["employment"] = [
        0.0 if (p, r) == ("2", "r3") else v
        for p, r, v in zip(
            rows["period"], rows["region"], rows["employment"], strict=True
        )
    ]
    got = rel.presence(pa.table(rows))
    (reason,) = got.undefined
    assert reason.region == "r3"
    assert reason.reason.startswith("2: ")
