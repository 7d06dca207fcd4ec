"""Proximity and co-occurrence: by hand, the world trade, limits, invariants."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given as generated
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agglo.core.errors import ColumnNotFoundError, InvalidTableError, OptionError
from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    Convention,
    cooccurrence_relatedness,
    presence,
    proximity,
    relatedness_density,
)
from agglo.relatedness import _kernels_proximity as kernels
from tests.relatedness.world_trade import FIVE, MANUAL, TOY, given, trade

PATENTS = pa.table(
    {"patent": ["1", "1", "1", "2", "2", "3"], "class": ["a", "b", "c", "a", "b", "d"]}
)
NAMES = {"unit": "patent", "activity": "class"}


def off_diagonal(values: np.ndarray) -> np.ndarray:
    return values[np.triu_indices(len(values), 1)]


def test_toy_network():
    got = proximity(given(TOY))
    expected = [
        [1, 0.5, 0.5, 1 / 3],
        [0.5, 1, 0.5, 1 / 3],
        [0.5, 0.5, 1, 2 / 3],
        [1 / 3, 1 / 3, 2 / 3, 1],
    ]
    np.testing.assert_allclose(got.values, expected, atol=1e-12)
    assert got.prevalence.tolist() == [1, 2, 2, 3]
    assert "P3-P4" in got.summary()


def test_asymmetric_and_square_root():
    m = given(TOY)
    a = proximity(m, convention=Convention(phi="asymmetric"))
    # row given column: P4 is there wherever P3 is, P3 in two of three places of P4
    assert a.values[2, 3] == pytest.approx(1.0)
    assert a.values[3, 2] == pytest.approx(2 / 3)
    assert a.to_frame("pyarrow").num_rows == 16
    root = proximity(m, convention=Convention(phi="sqrt")).values
    np.testing.assert_allclose(root, np.sqrt(a.values * a.values.T), atol=1e-12)
    lowest = np.minimum(a.values, a.values.T)
    np.testing.assert_allclose(proximity(m).values, lowest, atol=1e-12)


def test_regions_are_the_transpose():
    got = proximity(given(TOY), by="region")
    np.testing.assert_allclose(got.values, proximity(given(TOY.T)).values, atol=1e-15)
    assert got.to_frame("pyarrow").column_names == ["region_a", "region_b", "value"]


@pytest.mark.parametrize("phi", ["correlation", "cosine"])
def test_measures_of_the_quotients(phi):
    got = proximity(
        RegionActivity.from_arrays(FIVE), convention=Convention(phi=phi)
    ).values
    q = FIVE / FIVE.sum(1)[:, None] / (FIVE.sum(0) / FIVE.sum())
    if phi == "correlation":
        expected = (1 + np.corrcoef(q.T)) / 2
    else:
        norm = np.linalg.norm(q, axis=0)
        expected = q.T @ q / np.outer(norm, norm)
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_constant_quotients_have_no_correlation():
    even = RegionActivity.from_arrays(np.outer([1.0, 2.0, 4.0], [0.3, 0.7]))
    got = proximity(even, convention=Convention(phi="correlation"))
    assert np.isnan(got.values).all()
    assert {u.reason for u in got.undefined} == {"its quotients do not vary"}


def test_absent_and_unknown_activities_are_listed():
    m = np.array([[1.0, 0, 1], [1, 0, 0], [0, 0, 1]])
    got = proximity(given(m))
    assert np.isnan(got.values[1]).all()
    assert got.values[0, 2] == 0.5
    assert [(u.activity, u.reason) for u in got.undefined] == [
        ("P2", "present nowhere")
    ]
    m[0, 0] = np.nan
    held = presence(
        RegionActivity.from_arrays(m, margins="disclosed"), convention=MANUAL
    )
    for phi in ("min", "cosine"):
        hidden = proximity(held, convention=Convention(phi=phi))
        assert np.isnan(hidden.values[0]).all()
        assert hidden.values[2, 2] == 1.0
        assert hidden.undefined[0].reason == "at least one of its cells is unknown"


def test_one_activity():
    assert proximity(given(np.ones((3, 1)))).values.tolist() == [[1.0]]


def test_continuous_presence_is_not_rounded():
    m = np.array([[0.25, 0.5], [0.75, 0.5]])
    got = proximity(given(m)).values
    assert got[0, 1] == pytest.approx((0.125 + 0.375) / 1.0)
    assert got[0, 0] == 1.0


def test_world_trade(shared_data):
    table = trade(shared_data)
    got = proximity(table)
    pairs = off_diagonal(got.values)
    assert pairs.mean() == pytest.approx(0.205706, abs=1e-6)
    assert pairs.max() == pytest.approx(0.845070, abs=1e-6)
    a, b = got.label.tolist().index("8423"), got.label.tolist().index("8439")
    assert got.values[a, b] == pairs.max() == 60 / 71
    assert (pairs >= 0.55).sum() == 350
    assert (pairs >= 0.30).sum() == 54_991
    root = proximity(table, convention=Convention(phi="sqrt")).values
    assert off_diagonal(root).mean() == pytest.approx(0.247278, abs=1e-6)
    corr = proximity(table, convention=Convention(phi="correlation")).values
    assert off_diagonal(corr).mean() == pytest.approx(0.510448, abs=1e-6)
    assert off_diagonal(corr).max() == pytest.approx(0.994617, abs=1e-6)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("count", [1, 1, 1]),
        ("probability", [2.222222, 1, 2.222222]),
        ("association", [3, 1.5, 3]),
        ("cosine", [0.707107, 0.5, 0.707107]),
        ("jaccard", [0.5, 0.333333, 0.5]),
    ],
)
def test_cooccurrence_of_the_five_regions(method, expected):
    held = presence(RegionActivity.from_arrays(FIVE))
    got = cooccurrence_relatedness(held, method=method)
    found = got.values[[0, 1, 1], [2, 2, 3]]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.count_nonzero(got.values) == 6
    assert got.counts.sum() == 6


def test_fractional_counts():
    got = cooccurrence_relatedness(
        PATENTS, **NAMES, method="count", weight="fractional"
    )
    # patent 1 has three pairs of a third each, patent 2 one
    assert got.values[0, 1] == pytest.approx(4 / 3)
    assert got.values[0, 2] == got.values[1, 2] == pytest.approx(1 / 3)
    assert got.values[3].sum() == 0
    assert [u.activity for u in got.undefined] == ["d"]


def test_standardised_counts():
    rng = np.random.default_rng(3)
    m = (rng.random((40, 3)) < 0.4).astype(float)
    got = cooccurrence_relatedness(given(m), method="z")
    n, u = m.sum(axis=0), 40
    mean = n[0] * n[1] / u
    sd = np.sqrt(mean * (1 - n[0] / u) * (u - n[1]) / (u - 1))
    assert got.values[0, 1] == pytest.approx((m[:, 0] @ m[:, 1] - mean) / sd)
    assert np.isnan(np.diagonal(got.values)).all()
    m[:, 2] = 1
    everywhere = cooccurrence_relatedness(given(m), method="z")
    assert np.isnan(everywhere.values[2]).all()
    assert [u.activity for u in everywhere.undefined] == ["P3"]


def test_standardised_counts_against_shuffling():
    rng = np.random.default_rng(5)
    m = np.zeros((30, 2))
    m[:12, 0] = 1
    m[6:15, 1] = 1
    z = cooccurrence_relatedness(given(m), method="z").values[0, 1]
    sims = np.array([m[:, 0] @ rng.permutation(m[:, 1]) for _ in range(4000)])
    assert z == pytest.approx((6 - sims.mean()) / sims.std(), abs=0.06)


def test_repeated_rows_and_zero_amounts():
    table = pa.table(
        {
            "patent": ["1", "1", "1", "2", "2"],
            "class": ["a", "a", "b", "a", "b"],
            "n": [2.0, 1.0, 1.0, 4.0, 0.0],
        }
    )
    rows = cooccurrence_relatedness(table, **NAMES, method="count")
    assert rows.values[0, 1] == 2
    amounts = cooccurrence_relatedness(table, **NAMES, method="count", value="n")
    assert amounts.values[0, 1] == 1


def test_a_uniform_matrix_has_one_value():
    got = cooccurrence_relatedness(given(np.ones((3, 5)))).values
    np.testing.assert_allclose(off_diagonal(got), 1.0, atol=1e-12)


def test_binarise_counts_the_threshold():
    held = presence(RegionActivity.from_arrays(FIVE))
    got = cooccurrence_relatedness(held, binarise=1.0)
    assert got.values.sum() == 6
    assert cooccurrence_relatedness(held, binarise=1.5).values.sum() == 4


def test_bad_input():
    with pytest.raises(OptionError, match="phi"):
        proximity(given(TOY), convention=Convention(phi="minimum"))
    with pytest.raises(OptionError, match="by="):
        proximity(given(TOY), by="industry")
    with pytest.raises(ColumnNotFoundError, match="unit"):
        cooccurrence_relatedness(PATENTS, unit="pat", activity="class")
    with pytest.raises(OptionError, match="whole counts"):
        cooccurrence_relatedness(PATENTS, **NAMES, method="z", weight="fractional")
    with pytest.raises(OptionError, match="zeros and ones"):
        cooccurrence_relatedness(given(TOY / 2))
    negative = PATENTS.append_column("n", pa.array([1.0, -1, 1, 1, 1, 1]))
    with pytest.raises(InvalidTableError) as caught:
        cooccurrence_relatedness(negative, **NAMES, value="n")
    assert caught.value.problems[0].code == "negative_value"
    with pytest.raises(InvalidTableError, match="no positive row"):
        cooccurrence_relatedness(RegionActivity.from_arrays(np.zeros((2, 2))))
    hidden = RegionActivity.from_arrays([[1, np.nan], [1, 1]], margins="disclosed")
    with pytest.raises(InvalidTableError, match="1 cells are unknown"):
        cooccurrence_relatedness(hidden)


binary = arrays(np.int8, (6, 5), elements=st.integers(0, 1))


@generated(binary, st.sampled_from(["min", "sqrt"]))
def test_bounded_symmetric_unit_diagonal(m, phi):
    if m.sum() == 0:
        return
    got = proximity(given(m.astype(float)), convention=Convention(phi=phi)).values
    held = m.sum(axis=0) > 0
    kept = got[np.ix_(held, held)]
    assert ((kept >= 0) & (kept <= 1 + 1e-12)).all()
    np.testing.assert_array_equal(kept, kept.T)
    assert (np.diagonal(kept) == 1).all()
    assert np.isnan(got[~held]).all()


@generated(binary, st.permutations(range(5)))
def test_relabelling(m, order):
    if m.sum() == 0:
        return
    for measure in (proximity, cooccurrence_relatedness):
        base = measure(given(m.astype(float))).values
        turned = measure(given(m[:, order].astype(float))).values
        np.testing.assert_allclose(turned, base[np.ix_(order, order)], atol=1e-12)


@pytest.mark.parametrize("kind", ["min", "sqrt", "asymmetric", "correlation", "cosine"])
def test_single_precision_above_five_thousand_activities(kind, monkeypatch):
    """Counts are exact and shares good to seven digits; density reads them as they are."""
    rng = np.random.default_rng(1)
    x = rng.lognormal(0, 1, (40, 700)) * (rng.random((40, 700)) < 0.5)
    x[:, 13] = 0.0
    table = RegionActivity.from_arrays(x)
    rule = Convention(phi=kind)
    held = presence(table)
    wide = proximity(held, convention=rule)
    near = relatedness_density(held, convention=rule)
    monkeypatch.setattr(kernels, "WIDE", 600)
    narrow = proximity(held, convention=rule)
    assert narrow.values.dtype == np.float32
    np.testing.assert_allclose(narrow.values, wide.values, atol=2e-6)
    assert np.isnan(narrow.values[13]).all()
    known = relatedness_density(held, convention=rule)
    np.testing.assert_allclose(known.values, near.values, atol=2e-6)
    given = relatedness_density(held, convention=rule, proximity=narrow)
    assert given.weights.dtype == np.float32
    np.testing.assert_allclose(given.values, near.values, atol=2e-6)
    assert given.undefined == near.undefined
