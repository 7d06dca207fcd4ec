"""Statistics of indicators against scipy, paper and planted cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from agglo.core.errors import AlignmentError, OptionError
from agglo.evaluation import (
    as_indicators,
    composite_index,
    indicator_correlations,
    indicator_importance,
    indicator_statistics,
    strengths_and_weaknesses,
)
from tests.evaluation.tables import HAND, drawn, long


def test_numbers_are_those_of_scipy():
    table = as_indicators(drawn(30, 3))
    found = indicator_statistics(table)
    x = table.values
    np.testing.assert_allclose(found.skewness, stats.skew(x, bias=False))
    np.testing.assert_allclose(found.kurtosis, stats.kurtosis(x, bias=False))
    np.testing.assert_allclose(found.sd, x.std(axis=0, ddof=1))
    np.testing.assert_allclose(found.median, np.median(x, axis=0))


def test_flags():
    found = indicator_statistics(
        long(
            {
                "gaps": [1.0, None, None, 4, None, 6, None, None],
                "zeros": [0.0, 0, 0, 0, 0, 1, 2, 3],
                "spike": [1.0, 2, 3, 4, 5, 6, 7, 999],
                "fine": [1.0, 2, 3, 4, 5, 6, 7, 8],
            }
        )
    )
    flags = dict(zip(found.indicator, found.flags, strict=True))
    assert flags == {
        "gaps": "few known",
        "zeros": "many zeros",
        "spike": "outliers",
        "fine": "",
    }
    assert [u.item for u in found.undefined] == ["gaps"]


@pytest.mark.parametrize(
    ("method", "oracle"), [("pearson", stats.pearsonr), ("spearman", stats.spearmanr)]
)
def test_correlations_are_those_of_scipy(method, oracle):
    table = as_indicators(long({k: [*v, 7.0, 1.0] for k, v in HAND.items()}))
    found = indicator_correlations(table, method=method)
    for k, (i, j) in enumerate([(0, 1), (0, 2), (1, 2)]):
        r, p = oracle(table.values[:, i], table.values[:, j])
        assert found.correlation[k] == pytest.approx(r, abs=1e-12)
        assert found.p[k] == pytest.approx(p, abs=1e-12)


def test_pairs_are_flagged_within_their_pillar():
    x = [1.0, 2, 3, 4, 6]
    table = long(
        {"a": x, "b": [2 * v for v in x], "c": [-v for v in x]},
        pillar={"a": "p", "b": "q", "c": "p"},
    )
    found = indicator_correlations(table)
    pairs = zip(found.first, found.second, found.flag, strict=True)
    assert {(a, b): f for a, b, f in pairs} == {
        ("a", "b"): "high",
        ("a", "c"): "negative",
        ("b", "c"): "",
    }
    assert set(found.alpha) == {"p"}


def test_turned_indicator_agrees():
    x = [1.0, 2, 3, 4, 6]
    found = indicator_correlations(long({"a": x, "c": [-v for v in x]}, negative=["c"]))
    assert found.correlation[0] == pytest.approx(1)
    assert found.alpha["p"] == pytest.approx(1)


def test_alpha_in_its_usual_form():
    table = as_indicators(drawn(25, 4))
    x = table.values
    z = (x - x.min(axis=0)) / np.ptp(x, axis=0)
    usual = 4 / 3 * (1 - z.var(axis=0, ddof=1).sum() / z.sum(axis=1).var(ddof=1))
    assert indicator_correlations(table).alpha["p0"] == pytest.approx(usual)


def test_one_indicator_has_no_pair():
    with pytest.raises(OptionError, match="pair"):
        indicator_correlations(long({"x": [1.0, 2, 3]}))


def test_importance_follows_spread_not_weight():
    # same weights, but y hardly varies around its middle once the ends are set
    rng = np.random.default_rng(2)
    wide = rng.random(50)
    narrow = np.r_[0.0, 1.0, 0.5 + 0.01 * rng.random(48)]
    found = indicator_importance(
        composite_index(long({"x": wide.tolist(), "y": narrow.tolist()}))
    )
    np.testing.assert_allclose(found.weight[:2], 0.5)
    assert found.share[0] > 0.7
    assert found.share[:2].sum() == pytest.approx(1)
    index = composite_index(long({"x": wide.tolist(), "y": narrow.tolist()})).value
    assert found.importance[0] == pytest.approx(np.corrcoef(wide, index)[0, 1] ** 2)


def test_both_ends_of_a_unit():
    table = long({"x": [1.0, 2, 3], "y": [3.0, 2, 1], "z": [2.0, 1, 3]})
    index = composite_index(table)
    found = strengths_and_weaknesses(index, unit="a", n=1)
    assert found.indicator == ("y", "x")
    assert found.side == ("strength", "weakness")
    assert found.rank.tolist() == [1, 3]
    every = strengths_and_weaknesses(index, unit="a", n=9)
    assert every.indicator == ("y", "z", "x")
    assert every.side == ("strength", "strength", "weakness")


def test_unknown_unit():
    with pytest.raises(AlignmentError, match="unit='q'"):
        strengths_and_weaknesses(composite_index(long(HAND)), unit="q")
    with pytest.raises(OptionError, match="composite_index"):
        indicator_importance(long(HAND))


@pytest.mark.parametrize(
    "make",
    [
        indicator_statistics,
        indicator_correlations,
        lambda t: indicator_importance(composite_index(t)),
        lambda t: strengths_and_weaknesses(composite_index(t), unit="u03"),
    ],
)
def test_results_draw_and_tell(make):
    found = make(drawn(30, 4, pillars=2))
    assert found.plot().has_data()
    assert any(c.isdigit() for c in found.summary())
    assert found.to_dict()["columns"]
