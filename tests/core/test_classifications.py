"""Concordances: conservation, states, versions, chains, inverses."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.classifications import as_concordance
from agglo.core.errors import (
    AlignmentError,
    ColumnNotFoundError,
    InvalidTableError,
    OptionError,
)


def links(*rows, old="old", new="new"):
    source, target, weight = zip(*rows, strict=True)
    n = len(rows)
    return pa.table(
        {
            "source": list(source),
            "target": list(target),
            "weight": pa.array(weight, pa.float64()),
            "source_version": [old] * n,
            "target_version": [new] * n,
        }
    )


SPLIT = links(("a", "x", 0.25), ("a", "y", 0.75), ("b", "y", 1.0), ("c", "z", 0.5))


def jobs(**columns):
    return pa.table({k: pa.array(v) for k, v in columns.items()})


def as_dict(table, *keys, value="employment"):
    return {tuple(r[k] for k in keys): r[value] for r in table.to_pylist()}


def test_amounts_are_split_and_added_up():
    data = jobs(
        region=["1", "1", "2"], industry=["a", "b", "a"], employment=[100.0, 10.0, 8.0]
    )
    got = as_concordance(SPLIT).convert(data)
    assert as_dict(got.table, "region", "industry") == {
        ("1", "x"): 25.0,
        ("1", "y"): 85.0,
        ("2", "x"): 2.0,
        ("2", "y"): 6.0,
    }
    assert got.mapped_share == {"employment": 1.0}
    assert got.unmapped == ()


def test_the_share_mapped_counts_what_has_no_counterpart():
    data = jobs(industry=["a", "c", "q"], employment=[60.0, 20.0, 20.0])
    got = as_concordance(SPLIT).convert(data)
    assert got.mapped_share["employment"] == pytest.approx((60 + 10) / 100)
    assert got.unmapped == ("q",)
    (problem,) = got.problems
    assert (problem.code, problem.rows) == ("unknown_code", (3,))
    assert "employment 20" in problem.what
    assert "70.00 %" in got.summary()
    kept = as_concordance(SPLIT).convert(data, unmapped="keep")
    assert as_dict(kept.table, "industry")[("q",)] == 20.0
    with pytest.raises(AlignmentError, match="'q'"):
        as_concordance(SPLIT).convert(data, unmapped="error")
    with pytest.raises(OptionError):
        as_concordance(SPLIT).convert(data, unmapped="drop")


def test_a_part_that_is_not_known_leaves_bounds_not_zero():
    data = jobs(
        industry=["a", "b"],
        employment=pa.array([None, 10.0]),
        flag=["c", ""],
        employment_lower=pa.array([20.0, None]),
        employment_upper=pa.array([99.0, None]),
    )
    rows = {
        r["industry"]: r for r in as_concordance(SPLIT).convert(data).table.to_pylist()
    }
    assert rows["x"]["employment"] is None
    assert (rows["x"]["employment_lower"], rows["x"]["employment_upper"]) == (
        5.0,
        24.75,
    )
    assert (rows["y"]["employment_lower"], rows["y"]["employment_upper"]) == (
        25.0,
        84.25,
    )
    assert {rows["x"]["flag"], rows["y"]["flag"]} == {"c"}


def test_missing_is_told_from_confidential_and_has_no_upper_bound():
    data = jobs(industry=["a", "b"], employment=pa.array([None, 10.0]))
    rows = {
        r["industry"]: r for r in as_concordance(SPLIT).convert(data).table.to_pylist()
    }
    assert (rows["y"]["flag"], rows["y"]["employment"]) == ("m", None)
    assert (rows["y"]["employment_lower"], rows["y"]["employment_upper"]) == (
        10.0,
        None,
    )


def test_versions_must_meet_and_are_replaced():
    data = jobs(industry=["a"], employment=[1.0], industry_version=["old"])
    got = as_concordance(SPLIT).convert(data)
    assert set(got.table["industry_version"].to_pylist()) == {"new"}
    wrong = data.set_column(2, "industry_version", pa.array(["naics_2012"]))
    with pytest.raises(AlignmentError, match="naics_2012") as error:
        as_concordance(SPLIT).convert(wrong)
    assert error.value.problems[0].code == "mixed_version"


def test_missing_columns_are_named():
    with pytest.raises(ColumnNotFoundError, match="emp"):
        as_concordance(SPLIT).convert(jobs(industry=["a"]), values=("emp", "est"))


def test_the_callers_kind_of_frame_comes_back():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    plain = {"industry": ["a"], "employment": [4.0]}
    concordance = as_concordance(SPLIT)
    got = [
        concordance.convert(f).to_frame()
        for f in (pandas.DataFrame(plain), polars.DataFrame(plain))
    ]
    assert isinstance(got[0], pandas.DataFrame)
    assert isinstance(got[1], polars.DataFrame)
    assert got[0]["employment"].tolist() == got[1]["employment"].to_list() == [1.0, 3.0]


def test_equal_split_without_weights_and_idempotence():
    table = pa.table({"source": ["a", "a"], "target": ["x", "y"]})
    got = as_concordance(table, source_version="old", target_version="new")
    assert got.weight.tolist() == [0.5, 0.5]
    assert as_concordance(got) is got
    assert as_concordance(got.to_arrow()).weight.tolist() == [0.5, 0.5]
    assert (got.n_links, got.n_split) == (2, 1)
    assert not got.weight.flags.writeable


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (links(("a", "x", 0.5), ("a", "x", 0.5)), ["duplicate_key"]),
        (links(("a", "x", -0.5), ("b", "x", math.nan)), ["bad_weight", "bad_weight"]),
        (links(("a", "x", 0.7), ("a", "y", 0.7)), ["bad_weight"]),
        (links(("a", "x", 1.0)).drop_columns("source_version"), ["unknown_version"]),
        (
            pa.concat_tables(
                [links(("a", "x", 1.0)), links(("b", "x", 1.0), new="newer")]
            ),
            ["mixed_version"],
        ),
    ],
)
def test_improper_concordances_list_every_problem(table, codes):
    with pytest.raises(InvalidTableError) as error:
        as_concordance(table)
    assert [p.code for p in error.value.problems] == codes


def test_chains_multiply_and_versions_must_meet():
    second = as_concordance(
        links(
            ("x", "P", 1.0), ("y", "P", 0.5), ("y", "Q", 0.5), old="new", new="newest"
        )
    )
    got = as_concordance(SPLIT).then(second)
    table = as_dict(got.to_arrow(), "source", "target", value="weight")
    assert table == {
        ("a", "P"): 0.25 + 0.375,
        ("a", "Q"): 0.375,
        ("b", "P"): 0.5,
        ("b", "Q"): 0.5,
    }  # z has no counterpart in the second
    assert (got.source_version, got.target_version) == ("old", "newest")
    with pytest.raises(AlignmentError, match="chain"):
        second.then(second)


def test_the_inverse_splits_by_what_was_received():
    sizes = pa.table({"source": ["a", "b", "c"], "weight": [100.0, 25.0, 1.0]})
    back = as_concordance(SPLIT).inverse(sizes)
    table = as_dict(back.to_arrow(), "source", "target", value="weight")
    assert table == {
        ("x", "a"): 1.0,
        ("y", "a"): 0.75,
        ("y", "b"): 0.25,
        ("z", "c"): 1.0,
    }
    with pytest.raises(AlignmentError, match="no size"):
        as_concordance(SPLIT).inverse(sizes.slice(0, 1))


codes = st.sampled_from(list("abcdef"))
concordances = st.dictionaries(
    codes,
    st.dictionaries(
        st.sampled_from(list("xyzuv")), st.floats(0.01, 1), min_size=1, max_size=4
    ),
    min_size=6,
    max_size=6,
)


@given(
    concordances,
    st.lists(
        st.tuples(st.sampled_from("12"), codes, st.floats(0, 1e6)),
        min_size=1,
        max_size=30,
        unique_by=lambda r: r[:2],
    ),
)
def test_full_weights_conserve_totals_by_region(given_links, cells):
    rows = [
        (s, t, w / sum(targets.values()))
        for s, targets in given_links.items()
        for t, w in targets.items()
    ]
    region, industry, employment = zip(*cells, strict=True)
    data = jobs(region=region, industry=industry, employment=employment)
    got = as_concordance(links(*rows)).convert(data)
    for place in set(region):
        before = pc.sum(
            data.filter(pc.equal(data["region"], place))["employment"]
        ).as_py()
        after = pc.sum(
            got.table.filter(pc.equal(got.table["region"], place))["employment"]
        ).as_py()
        assert after == pytest.approx(before, rel=1e-9, abs=1e-9)
    if sum(employment) > 0:
        assert got.mapped_share["employment"] == pytest.approx(1.0)


@given(st.permutations(list("abcdef")))
def test_one_to_one_there_and_back_is_the_identity(order):
    rows = [(s, t.upper(), 1.0) for s, t in zip("abcdef", order, strict=True)]
    there = as_concordance(links(*rows))
    around = there.then(there.inverse())
    assert around.source.tolist() == around.target.tolist()
    np.testing.assert_array_equal(around.source_index, around.target_index)
    np.testing.assert_allclose(around.weight, 1)


@given(concordances)
def test_row_order_of_the_links_does_not_matter(given_links):
    rows = [
        (s, t, w / sum(targets.values()))
        for s, targets in given_links.items()
        for t, w in targets.items()
    ]
    first, second = (as_concordance(links(*r)) for r in (rows, rows[::-1]))
    assert first.to_arrow().equals(second.to_arrow())
