"""Options of the engine that name single indicators, levels and shapes: hand cases."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.evaluation import (
    as_indicators,
    compare_indices,
    composite_index,
    denominate,
    impute,
    indicator_trends,
    indicator_weights,
    normalise,
    treat_outliers,
)
from tests.evaluation.tables import HAND, drawn, long


def values(found):
    return found.indicators.values.ravel().tolist()


def test_vikor_between_utility_and_regret():
    """v = 0.5 is the verification value; its ends are the two parts it lies between."""
    flat = as_indicators(long(HAND), pillar=None)
    q = [
        composite_index(
            flat, normalisation="none", aggregation="vikor", compromise=v
        ).value
        for v in (0.0, 0.5, 1.0)
    ]
    np.testing.assert_allclose(q[1], [1, 0.722222, 0.657407, 0], atol=1e-6)
    np.testing.assert_allclose(q[1], (q[0] + q[2]) / 2)
    z = [[0, 1 / 3, 0.5, 1], [2 / 7, 1, 0, 4 / 7], [1 / 3, 0, 1, 1 / 3]]
    utility = (1 - np.array(z)).mean(axis=0)
    np.testing.assert_allclose(q[2], (utility - utility.min()) / np.ptp(utility))


def test_least_known_share_by_level():
    table = long(
        {"x": [1.0, 2, 3], "y": [None, 2.0, 4], "z": [5.0, 1, None]},
        pillar={"x": "p", "y": "p", "z": "q"},
    )
    strict = composite_index(table, min_known=(1.0, 1.0)).value
    pillars = composite_index(table, min_known=(0.5, 1.0)).value
    both = composite_index(table, min_known=(0.5, 0.5)).value
    assert np.isnan(strict).tolist() == [True, False, True]
    assert np.isnan(pillars).tolist() == [False, False, True]
    assert not np.isnan(both).any()
    with pytest.raises(OptionError, match="2 levels"):
        composite_index(table, min_known=(0.5,))


def test_two_sided_goalposts():
    """Share of ties to outside: best between 0.3 and 0.6, worthless at 0 and 1."""
    x = [0.0, 0.15, 0.3, 0.5, 0.6, 0.8, 1.0, 1.2]
    posts = {"x": (0.0, 0.3, 0.6, 1.0)}
    found = normalise(long({"x": x}), method="goalposts", goalposts=posts, cap=True)
    np.testing.assert_allclose(values(found), [0, 50, 100, 100, 100, 50, 0, 0])
    turned = normalise(
        long({"x": x}, negative=["x"]), method="goalposts", goalposts=posts, cap=True
    )
    assert values(turned) == values(found)
    for wrong in [(0.0, 0.3, 0.2, 1.0), (0.0, 0.3, 1.0), (1.0, 0.0)]:
        with pytest.raises(OptionError, match="goalposts"):
            normalise(long({"x": x}), method="goalposts", goalposts={"x": wrong})


def test_every_indicator_its_own_method():
    table = long({"x": [0.0, 5, 10], "y": [1.0, 3, 4], "z": [0.2, 0.4, 0.9]})
    found = normalise(
        table,
        method={"y": "rank", "z": "goalposts"},
        goalposts={"z": (0.0, 1.0)},
        scale=(0.0, 1.0),
    )
    np.testing.assert_allclose(
        found.indicators.values.T, [[0, 0.5, 1], [1, 2, 3], [0.2, 0.4, 0.9]]
    )
    with pytest.raises(OptionError, match="Did you mean 'y'"):
        normalise(table, method={"yy": "rank"})
    with pytest.raises(OptionError, match="no meaning"):
        normalise(table, method={"y": "rank"}, targets={"y": 1.0})


def test_base_period_of_a_panel_is_frozen():
    table = pa.concat_tables(
        [
            long({"x": v}).append_column("period", [[p] * 2])
            for p, v in (("2020", [0.0, 10]), ("2021", [5.0, 30]))
        ]
    )
    panel = as_indicators(table, period="period")
    for method, expected in (
        ("minmax", [0, 100, 50, 300]),
        ("distance_to_max", [0, 1, 0.5, 3]),
        ({"x": "minmax"}, [0, 100, 50, 300]),
    ):
        found = normalise(panel, method=method, base_period="2020")
        np.testing.assert_allclose(values(found), expected)


def test_treatment_of_single_indicators():
    table = long({"x": [1.0, 2, 3, 4, 5, 6, 99], "y": [1.0, 2, 3, 4, 5, 6, 99]})
    found = treat_outliers(table, own={"y": {"winmax": 0, "log": "none"}})
    assert found.indicators.values.max(axis=0).tolist() == [6, 99]
    with pytest.raises(OptionError, match="winmax"):
        treat_outliers(table, own={"y": {"winmx": 0}})


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("divide", 4.0), ("multiply", 16.0), ("add", 10.0), ("subtract", 6.0)],
)
def test_operations_with_an_amount(operation, expected):
    amounts = pa.table({"unit": ["a"], "d": [2.0]})
    found = denominate(long({"x": [8.0]}), amounts, by={"x": "d"}, operation=operation)
    assert values(found) == [expected]


def test_one_gap_is_filled_by_its_regression():
    """With one column incomplete, expectation-maximisation ends at least squares."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(5, 2, 40), rng.normal(0, 1, 40)
    y = 1 + 2 * a - b + rng.normal(0, 0.1, 40)
    lost = [0, 7, 9]
    given = [None if k in lost else float(v) for k, v in enumerate(y)]
    table = long({"a": a.tolist(), "b": b.tolist(), "y": given})
    found = impute(table, method="em").indicators.values[:, 2]
    held = np.setdiff1d(np.arange(40), lost)
    x = np.column_stack([np.ones(40), a, b])
    beta = np.linalg.lstsq(x[held], y[held], rcond=None)[0]
    np.testing.assert_allclose(found[lost], x[lost] @ beta, rtol=1e-6)
    np.testing.assert_array_equal(found[held], y[held])


def test_gaps_in_several_columns_are_closer_than_means():
    rng = np.random.default_rng(5)
    common = rng.normal(0, 1, (100, 1))
    x = common + rng.normal(0, 0.3, (100, 4))
    gone = rng.random(x.shape) < 0.1
    given = {
        f"i{j}": [
            None if g else float(v) for v, g in zip(x[:, j], gone[:, j], strict=True)
        ]
        for j in range(4)
    }
    error = {
        m: np.abs(impute(long(given), method=m).indicators.values - x)[gone].mean()
        for m in ("em", "mean")
    }
    assert error["em"] < 0.5 * error["mean"]


def test_expectation_needs_complete_rows():
    with pytest.raises(NotIdentifiedError, match="complete"):
        impute(long({"x": [1.0, None, 3], "y": [None, 2.0, 3]}), method="em")


def test_imputation_by_a_function():
    table = long({"x": [1.0, None, 3]})
    assert values(impute(table, method=lambda x: np.nan_to_num(x, nan=9.0))) == [
        1,
        9,
        3,
    ]
    with pytest.raises(OptionError, match="unchanged"):
        impute(table, method=np.zeros_like)


def test_constant_and_linear_over_uneven_years():
    rows = long({"x": [None, 1.0, None, 5.0, None]})
    years = ["2000", "2001", "2002", "2005", "2006"]
    rows = rows.set_column(0, "unit", pa.array(["a"] * 5)).append_column(
        "period", pa.array(years)
    )
    panel = as_indicators(rows, period="period")
    assert values(impute(panel, method="constant")) == [1, 1, 1, 5, 5]
    assert values(impute(panel, method="linear")) == [1, 1, 2, 5, 5]
    late = values(impute(panel, method="latest", max_periods=1))
    assert np.isnan(late[0])
    assert late[1:] == [1, 1, 5, 5]


def test_rotated_components_by_hand():
    """Two pairs that have nothing to do with each other: loadings (1 + r) / 2, squared."""
    t = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    one, two, three, four = np.sin(t), np.cos(t), np.sin(2 * t), np.cos(2 * t)
    a, b = np.deg2rad(20), np.deg2rad(35)
    table = long(
        {
            "x1": (np.cos(a) * one + np.sin(a) * two).tolist(),
            "x2": (np.cos(a) * one - np.sin(a) * two).tolist(),
            "y1": (np.cos(b) * three + np.sin(b) * four).tolist(),
            "y2": (np.cos(b) * three - np.sin(b) * four).tolist(),
        }
    )
    r = np.cos(2 * np.array([a, a, b, b]))
    expected = (1 + r) / (1 + r).sum()
    found = indicator_weights(table, method="pca_rotated")
    np.testing.assert_allclose(found.within[:4], expected, atol=1e-6)
    assert "2 components" in found.summary()


def test_comparison_of_indices():
    table = drawn(40, 4)
    made = {
        "equal": composite_index(table),
        "first": composite_index(table, weights={"i01": 0, "i02": 0, "i03": 0}),
    }
    found = compare_indices(made)
    moved = np.abs(made["first"].rank - made["equal"].rank)
    assert found.shift.tolist() == [0, pytest.approx(moved.mean())]
    assert found.correlation[0] == pytest.approx(1.0)
    assert np.abs(found.columns()["change"]).max() == moved.max() > 0
    fewer = composite_index(drawn(30, 4))
    part = compare_indices({**made, "fewer": fewer})
    assert np.isnan(part.rank[:, 2]).sum() == 10
    assert part.undefined[0].n == 10
    with pytest.raises(OptionError, match="two or more"):
        compare_indices({"one": fewer})


def test_trends_by_hand():
    rows = pa.table(
        {
            "unit": ["a"] * 4 + ["b"] * 4,
            "indicator": ["x"] * 8,
            "period": ["2000", "2001", "2002", "2004"] * 2,
            "value": [100.0, None, 130, 146.41, 0, 5, 4, 8],
        }
    )
    panel = as_indicators(rows, period="period", direction=None, pillar=None)
    found = indicator_trends(panel)
    assert found.growth[0] == pytest.approx(0.1)
    slope, start = np.polyfit([0, 2, 4], [100, 130, 146.41], 1)
    assert found.slope[0] == pytest.approx(slope)
    assert found.change[0] == pytest.approx(4 * slope / start)
    assert np.isnan(found.growth[1])
    assert found.undefined[0].n == 1
    with pytest.raises(OptionError, match="two periods"):
        indicator_trends(as_indicators(drawn(3, 2)))
