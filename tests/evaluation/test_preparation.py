"""Reading, screening, filling, treating and normalising, on paper."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.evaluation import (
    as_coin_tables,
    as_indicators,
    denominate,
    impute,
    normalise,
    screen_units,
    treat_outliers,
)
from tests.evaluation.tables import HAND, drawn, long

SKEWED = [1.0, 2, 3, 4, 5, 6, 99]


def _changed(table: pa.Table, **columns: list) -> pa.Table:
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, [values])
    return table


def _values(found) -> list[float]:
    return found.indicators.values.ravel().tolist()


def test_absent_row_is_missing_not_zero():
    table = as_indicators(long(HAND).slice(0, 11))
    assert np.isnan(table.values[3, 2])


def test_labels_are_trimmed_and_dictionaries_read():
    table = long({"x": [1.0, 2.0]})
    other = _changed(table, indicator=pa.array([" x", "x "]).dictionary_encode())
    assert as_indicators(other).digest == as_indicators(table).digest


def test_coercer_is_idempotent():
    table = as_indicators(long(HAND))
    assert as_indicators(table) is table


def test_all_problems_at_once():
    bad = _changed(
        long({"x": [1.0, 2, math.inf]}),
        unit=["a", "", "c"],
        direction=["positive", "up", "positive"],
    )
    with pytest.raises(InvalidTableError) as caught:
        as_indicators(bad)
    codes = {p.code for p in caught.value.problems}
    assert codes == {"null_key", "not_finite", "not_allowed"}


@pytest.mark.parametrize(
    ("column", "values", "code"),
    [
        ("unit", ["a", "a"], "duplicate_key"),
        ("direction", ["positive", "negative"], "mixed_labels"),
        ("pillar", ["p", "q"], "mixed_labels"),
        ("value", [None, None], "all_missing"),
    ],
)
def test_bad_tables(column, values, code):
    given = pa.array(values, pa.float64()) if column == "value" else values
    with pytest.raises(InvalidTableError) as caught:
        as_indicators(_changed(long({"x": [1.0, 2.0]}), **{column: given}))
    assert code in {p.code for p in caught.value.problems}


@pytest.mark.parametrize(
    "parents", [{"empty": "index"}, {"p": "q", "q": "p"}, {"p": "x"}]
)
def test_broken_trees(parents):
    with pytest.raises(InvalidTableError) as caught:
        as_indicators(long(HAND), parents=parents)
    assert {p.code for p in caught.value.problems} == {"broken_tree"}


def test_tree_of_unequal_depth():
    table = as_indicators(
        long(HAND, pillar={"x": "a", "y": "a", "z": "index"}), parents={"a": "s"}
    )
    assert table.tree.nodes == ("x", "y", "z", "a", "s", "index")
    assert table.tree.level.tolist() == [1, 1, 1, 2, 3, 4]
    np.testing.assert_allclose(
        table.tree.effective(np.ones(6)), [0.25, 0.25, 0.5, 0.5, 0.5, 1]
    )


def test_zero_denominator_is_undefined():
    sizes = pa.table({"unit": ["a", "b"], "people": [2.0, 0.0]})
    found = denominate(long({"x": [8.0, 9.0]}), sizes, by={"x": "people"})
    assert found.indicators.values[0, 0] == 4
    assert np.isnan(found.indicators.values[1, 0])
    assert any("zero" in u.reason for u in found.undefined)


@pytest.mark.parametrize("units", [["a", "c"], ["a", "a"]])
def test_denominators_are_joined_by_id(units):
    sizes = pa.table({"unit": units, "people": [2.0, 1.0]})
    with pytest.raises(AlignmentError, match="amounts"):
        denominate(long({"x": [8.0, 9.0]}), sizes, by={"x": "people"})


def test_screening_rules():
    table = long({"x": [1.0, 0, None], "y": [2.0, 0, None], "z": [3.0, 4, 5]})
    assert screen_units(table).kept.tolist() == [True, True, False]
    strict = screen_units(table, by="both", min_nonzero=0.5)
    assert strict.kept.tolist() == [True, False, False]
    forced = screen_units(table, include=["c"], exclude=["a"])
    assert forced.kept.tolist() == [False, True, True]
    with pytest.raises(AlignmentError, match="include"):
        screen_units(table, include=["q"])


def test_nobody_left():
    with pytest.raises(AlignmentError, match="enough data"):
        screen_units(long({"x": [1.0], "y": [1.0]}), exclude=["a"])


@pytest.mark.parametrize(
    ("method", "expected"),
    [("mean", [1, 4, 9, 14 / 3]), ("median", [1, 4, 9, 4])],
)
def test_imputation_by_column(method, expected):
    found = impute(long({"x": [1.0, 4, 9, None]}), method=method)
    assert _values(found) == expected
    assert found.status.ravel().tolist() == ["", "", "", "imputed"]


def test_group_without_values_stays_missing():
    found = impute(
        long({"x": [1.0, 4, None, None]}),
        method="group_mean",
        group={"a": "g", "b": "g", "c": "g", "d": "h"},
    )
    np.testing.assert_array_equal(_values(found), [1, 4, 2.5, np.nan])


def test_siblings_fill_on_the_common_scale():
    # the second unit is at 25 % of x; y falls from 30 to 10 where less is better
    table = long({"x": [0.0, 1, 4], "y": [30.0, None, 10]}, negative=["y"])
    found = impute(table, method="siblings")
    assert found.indicators.values[1, 1] == pytest.approx(25)


def _years(values: list[float | None]) -> pa.Table:
    n = len(values)
    table = long({"x": values})
    return _changed(table, unit=["a"] * n).append_column(
        "period", [[str(2018 + i) for i in range(n)]]
    )


def test_imputation_over_time():
    table = as_indicators(_years([None, 1.0, None, None, 7.0, None]), period="period")
    assert _values(impute(table, method="linear")) == [1, 1, 3, 5, 7, 7]
    near = impute(table, method="latest", max_periods=1)
    np.testing.assert_array_equal(_values(near), [np.nan, 1, 1, np.nan, 7, 7])


@pytest.mark.parametrize("method", ["latest", "linear", "group_mean"])
def test_imputation_needs_what_it_needs(method):
    with pytest.raises(OptionError, match="needs"):
        impute(long(HAND), method=method)


def test_shape_is_that_of_scipy():
    from agglo.evaluation._kernels.treat import shape_of

    x = np.array(SKEWED)
    skew, kurtosis = shape_of(x)
    assert skew == pytest.approx(stats.skew(x, bias=False))
    assert kurtosis == pytest.approx(stats.kurtosis(x, bias=False))


def test_high_and_low_points():
    high = treat_outliers(long({"x": SKEWED}))
    assert _values(high) == [1, 2, 3, 4, 5, 6, 6]
    low = treat_outliers(long({"x": [-v for v in SKEWED]}))
    assert _values(low) == [-1, -2, -3, -4, -5, -6, -6]
    assert low.status.ravel().tolist()[-1] == "low"


@pytest.mark.parametrize("x", [[1.0, 2, 99], [5.0] * 6])
def test_few_or_equal_values_are_left_alone(x):
    assert _values(treat_outliers(long({"x": x}))) == x


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("log_ct", lambda x: np.log(x - 1 + 0.98)),
        ("log_ct_plus", lambda x: np.log(x - 1 + 0.98)),
        ("log_orig", lambda x: np.log(x - 1 + 1)),
        ("log_gii", lambda x: np.log(98 * (x - 1) / 98 + 1)),
        ("boxcox", np.log),
    ],
)
def test_logarithms(log, expected):
    found = treat_outliers(long({"x": SKEWED}), winmax=0, log=log)
    np.testing.assert_allclose(_values(found), expected(np.array(SKEWED)), rtol=1e-12)
    assert set(found.status.ravel()) == {log}


def test_falling_logarithm_keeps_the_order():
    x = np.array([-v for v in SKEWED])
    found = treat_outliers(long({"x": x.tolist()}), winmax=0, log="log_ct_plus")
    np.testing.assert_allclose(_values(found), -np.log(-1 + 0.98 - x), rtol=1e-12)
    assert (np.argsort(_values(found)) == np.argsort(x)).all()


def test_logarithm_that_does_not_exist():
    with pytest.raises(OptionError, match="log"):
        treat_outliers(long({"x": [-1.0, *SKEWED]}), winmax=0, log="boxcox")


def test_what_stays_skewed_is_said():
    found = treat_outliers(long({"x": [0.0] * 30 + [1.0]}), winmax=0, log="none")
    assert "still skewed" in found.summary()


X = [1.0, 2.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"scale": (1.0, 9.0)}, [1, 3, 9, 9]),
        ({"method": "distance_to_max"}, [0, 0.25, 1, 1]),
        ({"method": "share_of_max"}, [0.2, 0.4, 1, 1]),
        ({"method": "rank"}, [1, 2, 3, 3]),
        ({"method": "borda"}, [0, 1, 2, 2]),
        ({"method": "percentile_rank"}, [0, 1 / 3, 2 / 3, 2 / 3]),
        ({"method": "distance_to_reference", "reference": "b"}, [0, 1, 4, 4]),
        ({"method": "distance_to_target", "targets": {"x": 3.0}}, [0, 0.5, 2, 2]),
        (
            {"method": "distance_to_target", "targets": {"x": 3.0}, "cap": True},
            [0, 0.5, 1, 1],
        ),
        ({"method": "goalposts", "goalposts": {"x": (0.0, 4.0)}}, [25, 50, 125, 125]),
        (
            {"method": "goalposts", "goalposts": {"x": (0.0, 4.0)}, "cap": True},
            [25, 50, 100, 100],
        ),
    ],
    ids=str,
)
def test_normalisations(options, expected):
    np.testing.assert_allclose(_values(normalise(long({"x": X}), **options)), expected)


def test_zscores():
    found = normalise(long({"x": X}), method="zscore", scale=(50.0, 10.0))
    z = (np.array(X) - np.mean(X)) / np.std(X, ddof=1)
    np.testing.assert_allclose(_values(found), 50 + 10 * z)


def test_goalposts_and_target_turn_with_the_direction():
    table = long({"x": X}, negative=["x"])
    posts = normalise(table, method="goalposts", goalposts={"x": (1.0, 5.0)})
    assert _values(posts) == [100, 75, 0, 0]
    target = normalise(table, method="distance_to_target", targets={"x": 3.0})
    assert _values(target) == [2, 1.5, 0, 0]


def test_share_of_max_is_undefined_where_less_is_better():
    found = normalise(long({"x": X}, negative=["x"]), method="share_of_max")
    assert np.isnan(found.indicators.values).all()
    assert found.undefined


def test_panel_choices():
    table = pa.concat_tables(
        [
            long({"x": v}).append_column("period", [[p] * 2])
            for p, v in (("1", [0.0, 10]), ("2", [10.0, 20]))
        ]
    )
    table = as_indicators(table, period="period")
    assert _values(normalise(table)) == [0, 50, 50, 100]
    assert _values(normalise(table, panel="by_period")) == [0, 100, 0, 100]
    assert _values(normalise(table, base_period="1")) == [0, 100, 100, 200]
    with pytest.raises(OptionError, match="base_period"):
        normalise(table, base_period="3")


@pytest.mark.parametrize(
    "options",
    [
        {"method": "rank", "scale": (0.0, 1.0)},
        {"method": "goalposts"},
        {"targets": {"x": 1.0}},
        {"method": "distance_to_target", "targets": {}},
        {"method": "goalposts", "goalposts": {"x": (4.0, 0.0)}},
        {"method": "distance_to_reference", "reference": "q"},
        {"method": "zscore", "scale": (0.0, -1.0)},
    ],
    ids=str,
)
def test_normalisation_refuses(options):
    with pytest.raises(OptionError):
        normalise(long({"x": X}), **options)


def test_coin_metadata_problems():
    meta = pa.table(
        {
            "iCode": ["x", "y", "I"],
            "Level": [1, 1, 2],
            "Parent": ["I", "I", "J"],
            "Direction": [1.0, 0.0, 1.0],
            "Weight": [1.0, None, 1.0],
            "Type": ["Indicator", "Indicator", "Agregate"],
        }
    )
    with pytest.raises(InvalidTableError) as caught:
        as_coin_tables(pa.table({"uCode": ["a"], "x": [1.0]}), meta)
    codes = {p.code for p in caught.value.problems}
    assert codes == {"not_allowed", "unknown_column", "null_key", "broken_tree"}


@pytest.mark.parametrize("kind", ["to_pandas", "polars"])
def test_kind_of_frame_comes_back(kind):
    import polars as pl

    table = drawn(5, 2)
    frame = pl.from_arrow(table) if kind == "polars" else table.to_pandas()
    assert type(normalise(frame).to_frame()) is type(frame)
