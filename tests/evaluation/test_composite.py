"""Weights and aggregations against the hand cases of the specification."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.evaluation import (
    as_indicators,
    composite_index,
    indicator_weights,
    judgement_weights,
)
from tests.evaluation.tables import HAND, drawn, long

# spec/formation.md section 14, printed to six digits
CASES = {
    ("arithmetic", (0.0, 100.0)): [20.6349, 44.4444, 50, 63.4921],
    ("geometric", (1.0, 100.0)): [9.98569, 15.03695, 17.15657, 58.06244],
    ("harmonic", (1.0, 100.0)): [2.82072, 2.88625, 2.91318, 52.83412],
    ("topsis", None): [0.242832, 0.468688, 0.500661, 0.594984],
    ("vikor", None): [1, 0.722222, 0.657407, 0],
    ("mazziotta_pareto", None): [93.17996, 98.67436, 100.203, 104.70603],
    ("copeland", None): [-3, -1, 1, 3],
    ("benefit_of_the_doubt", (0.0, 1.0)): [0.619048, 1, 1, 1],
}


def _index(table, method, scale, **options):
    how = "none" if scale is None else "minmax"
    return composite_index(
        table, normalisation=how, scale=scale, aggregation=method, **options
    )


@pytest.mark.parametrize(("case", "expected"), CASES.items(), ids=str)
def test_hand_case(case, expected):
    table = as_indicators(long(HAND), pillar=None)
    found = _index(table, *case)
    np.testing.assert_allclose(found.value, expected, rtol=1e-5)
    tied = case[0] == "benefit_of_the_doubt"
    assert found.rank.tolist() == ([4, 1, 1, 1] if tied else [4, 3, 2, 1])


def test_harmonic_is_the_mean_of_order_minus_one():
    table = as_indicators(long(HAND), pillar=None)
    one = _index(table, "harmonic", (1.0, 100.0))
    other = _index(table, "generalised", (1.0, 100.0), power=-1.0)
    np.testing.assert_allclose(one.value, other.value, rtol=1e-14)


def test_plus_of_mazziotta_pareto_mirrors_minus():
    table = as_indicators(long(HAND), pillar=None)
    minus = _index(table, "mazziotta_pareto", None).value
    plus = _index(table, "mazziotta_pareto_plus", None).value
    z = [(np.array(v) - np.mean(v)) / np.std(v) * 10 + 100 for v in HAND.values()]
    np.testing.assert_allclose((plus + minus) / 2, np.mean(z, axis=0), rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("entropy", [0.318258, 0.327172, 0.354569]),
        ("critic", [0.237572, 0.386618, 0.375811]),
        ("equal", [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_weights_of_the_hand_case(method, expected):
    found = indicator_weights(long(HAND), method=method)
    np.testing.assert_allclose(found.within[:3], expected, atol=1e-6)


def test_principal_component_of_two_indicators_is_even():
    found = indicator_weights(long({k: HAND[k] for k in "xy"}), method="pca")
    np.testing.assert_allclose(found.within[:2], 0.5, atol=1e-12)


def test_mixed_loadings_are_noted():
    table = long({"x": [1.0, 2, 3, 5], "y": [9.0, 4, 3, 1], "z": [2.0, 2.5, 3, 6]})
    found = indicator_weights(table, method="pca")
    assert "mixed signs" in found.summary()


def test_judgements():
    asked = [[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]]
    found = judgement_weights(asked, names=["a", "b", "c"])
    np.testing.assert_allclose(found.values, [0.648329, 0.229651, 0.122020], atol=1e-6)
    assert found.eigenvalue == pytest.approx(3.003695, abs=1e-6)
    assert found.consistency_ratio == pytest.approx(0.003185, abs=1e-6)


def test_judgements_that_contradict_are_refused():
    asked = [[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]]
    with pytest.raises(NotIdentifiedError, match="contradict"):
        judgement_weights(asked, names=["a", "b", "c"])


@pytest.mark.parametrize(
    "matrix", [[[1, 2]], [[1, 2], [2, 1]], [[1, -1], [-1, 1]], [[1.0]]]
)
def test_matrix_that_is_none(matrix):
    with pytest.raises(OptionError, match="matrix"):
        judgement_weights(matrix, names=["a", "b"][: len(matrix)])


def test_judgements_in_a_frame_are_joined_by_name():
    asked = {"item": ["b", "a"], "a": [0.25, 1.0], "b": [1.0, 4.0]}
    found = judgement_weights(pa.table(asked))
    assert found.as_mapping() == pytest.approx({"a": 0.8, "b": 0.2})
    with pytest.raises(OptionError, match="names"):
        judgement_weights(pa.table(asked), names=["a", "b"])


def test_share_bounds_hold_the_doubt_back():
    table = as_indicators(long(HAND), pillar=None)
    free = _index(table, "benefit_of_the_doubt", (1.0, 100.0)).value
    held = _index(
        table, "benefit_of_the_doubt", (1.0, 100.0), share_bounds=(0.2, 0.6)
    ).value
    assert (held <= free + 1e-9).all()
    assert held[0] < free[0] - 1e-6


def test_doubt_against_a_grid_of_weights():
    """Two indicators: the best weights by brute force over directions."""
    x = np.array([[1.0, 8], [4, 4], [6, 1], [3, 3]])
    table = as_indicators(long({"x": x[:, 0], "y": x[:, 1]}), pillar=None)
    found = _index(table, "benefit_of_the_doubt", None).value
    angle = np.linspace(0, np.pi / 2, 20001)
    score = x @ np.stack([np.cos(angle), np.sin(angle)])
    best = (score / score.max(axis=0)).max(axis=1)
    np.testing.assert_allclose(found, best, atol=1e-4)


def test_levels_have_their_own_method():
    table = as_indicators(
        long(HAND, pillar={"x": "a", "y": "a", "z": "b"}), parents={"a": "s", "b": "s"}
    )
    found = composite_index(
        table,
        scale=(1.0, 100.0),
        aggregation=("arithmetic", "geometric", "arithmetic"),
    )
    a, b = (found.scores[:, found.tree.nodes.index(n)] for n in "ab")
    np.testing.assert_allclose(found.value, np.sqrt(a * b), rtol=1e-12)


def test_missing_stays_missing_unless_asked():
    table = long({"x": [1.0, None, 3], "y": [2.0, 3, 4]})
    found = composite_index(table)
    assert np.isnan(found.value).tolist() == [False, True, False]
    assert np.isnan(found.rank[1])
    assert any("too few" in u.reason for u in found.undefined)
    partly = composite_index(table, min_known=0.5)
    assert partly.value[1] == 50
    assert "renormalised" in partly.summary()


def test_ties_share_the_best_rank():
    found = composite_index(long({"x": [3.0, 1, 3, 2]}))
    assert found.rank.tolist() == [1, 4, 1, 3]


@pytest.mark.parametrize("method", ["geometric", "harmonic"])
def test_geometric_refuses_what_is_not_positive(method):
    with pytest.raises(InvalidTableError, match="not_positive"):
        composite_index(long(HAND), aggregation=method)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"weights": {"q": 1.0}}, AlignmentError, "no node"),
        ({"weights": {"x": -1.0}}, OptionError, "weights"),
        ({"weights": dict.fromkeys("xyz", 0.0)}, OptionError, "zero"),
        ({"weights": "entropie"}, OptionError, "entropy"),
        ({"aggregation": "geometrical"}, OptionError, "geometric"),
        ({"aggregation": ("arithmetic",)}, OptionError, "levels"),
        ({"aggregation": ("vikor", "arithmetic")}, OptionError, "last"),
        ({"normalisation": "min-max"}, OptionError, "minmax"),
        ({"normalisation": "goalposts"}, OptionError, "goalposts"),
        ({"min_known": 0.0}, OptionError, "min_known"),
        ({"power": 0.0}, OptionError, "geometric"),
        ({"share_bounds": (0.9, 0.1)}, OptionError, "share_bounds"),
        ({"scale": (1.0, 0.0)}, OptionError, "scale"),
    ],
)
def test_bad_options(options, error, says):
    with pytest.raises(error, match=says):
        composite_index(long(HAND), **options)


@pytest.mark.parametrize("method", ["entropy", "critic", "pca"])
def test_constant_indicator_has_no_weight(method):
    with pytest.raises(NotIdentifiedError, match="spread"):
        indicator_weights(long({"x": [1.0, 1, 1], "y": [1.0, 2, 3]}), method=method)


def test_constant_indicator_has_no_score():
    found = composite_index(long({"x": [1.0, 1, 1], "y": [1.0, 2, 3]}))
    assert np.isnan(found.value).all()
    assert any("spread" in u.reason for u in found.undefined)


@pytest.mark.parametrize("how", ["minmax", "none"])
@pytest.mark.parametrize(
    "method",
    ["topsis", "vikor", "mazziotta_pareto", "copeland", "benefit_of_the_doubt"],
)
@pytest.mark.parametrize(
    "columns",
    [
        {"x": [1.0], "y": [2.0]},
        {"x": [1.0, None], "y": [None, 2.0]},
        {"x": [1.0, 1.0, 1.0], "y": [1.0, 2.0, 3.0]},
    ],
    ids=["one unit", "nobody complete", "constant"],
)
def test_comparisons_of_nothing_are_undefined_without_noise(columns, method, how):
    table = as_indicators(long(columns), pillar=None)
    found = composite_index(table, normalisation=how, aggregation=method)
    lost = np.isnan(found.value)
    assert not lost.any() or found.undefined
    assert lost.all() or how == "none"


def test_unknown_unit_is_named():
    with pytest.raises(AlignmentError, match="unit='q'"):
        composite_index(long(HAND)).score("q")


factor = st.floats(0.01, 100)


@given(seed=st.integers(0, 99), a=factor, b=st.floats(-50, 50))
def test_minmax_does_not_see_units_of_measure(seed, a, b):
    table = as_indicators(drawn(9, 4, seed, pillars=2))
    x = table.values.copy()
    x[:, 1] = a * x[:, 1] + b
    one, other = composite_index(table), composite_index(table.with_values(x))
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-8)


@given(seed=st.integers(0, 99), a=factor)
def test_weights_count_relatively(seed, a):
    table = as_indicators(drawn(9, 4, seed))
    w = {f"i{j:02d}": 1.0 + j for j in range(4)}
    one = composite_index(table, weights=w)
    other = composite_index(table, weights={k: a * v for k, v in w.items()})
    np.testing.assert_array_equal(np.round(one.value, 9), np.round(other.value, 9))


@given(seed=st.integers(0, 99))
def test_means_are_ordered(seed):
    table = as_indicators(drawn(9, 4, seed, pillars=2))
    means = [
        composite_index(table, scale=(1.0, 100.0), aggregation=m).value
        for m in ("harmonic", "geometric", "arithmetic")
    ]
    assert (means[0] <= means[1] + 1e-9).all()
    assert (means[1] <= means[2] + 1e-9).all()


@given(seed=st.integers(0, 99), pillars=st.integers(1, 4))
def test_effective_weights_sum_to_one(seed, pillars):
    table = as_indicators(drawn(8, 9, seed, pillars=pillars))
    w = {n: float(v) for n, v in zip(table.names, range(1, 10), strict=True)}
    found = indicator_weights(table, method=w)
    for level in np.unique(found.tree.level):
        assert found.effective[found.tree.level == level].sum() == pytest.approx(1)


@given(seed=st.integers(0, 99))
def test_turned_indicator_with_turned_direction_is_the_same(seed):
    table = as_indicators(drawn(9, 3, seed))
    sign = np.array([1.0, -1.0, 1.0])
    turned = table.with_values(table.values * sign, direction=sign)
    for how in ("minmax", "zscore", "rank"):
        one = composite_index(table, normalisation=how).value
        other = composite_index(turned, normalisation=how).value
        np.testing.assert_allclose(one, other, atol=1e-9)
