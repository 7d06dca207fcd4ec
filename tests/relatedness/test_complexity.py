"""Complexity: the toy network, the world trade, signs, limits, invariants."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import assume
from hypothesis import given as generated
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agglo.core.errors import (
    AlignmentError,
    ConvergenceError,
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import (
    CONVENTIONS,
    Convention,
    complexity,
    fitness,
    presence,
    reflections,
)
from agglo.relatedness import _kernels_complexity as kernels
from tests.relatedness.world_trade import MANUAL, TOY, given, trade, trade_table

NESTED = np.tri(6)[:, ::-1]


def by_label(labels: np.ndarray, values: np.ndarray) -> dict[str, float]:
    return dict(zip(labels.tolist(), values.tolist(), strict=True))


def test_toy_network_second_vector():
    rule = Convention(scaling="sum", sign="ubiquity")
    got = complexity(given(TOY), convention=rule)
    np.testing.assert_allclose(
        got.eigenvalues, [1, 0.54213371, 0.19015430, 0.10104532], atol=1e-8
    )
    np.testing.assert_allclose(
        got.eci, [0.53885915, 6.39463166, -2.61657746, -3.31691335], atol=1e-7
    )
    np.testing.assert_allclose(
        got.pci, [0.46114085, 2.96674541, -0.88902710, -1.53885915], atol=1e-7
    )


def test_toy_network_atlas_must_warn():
    with pytest.warns(NumericsWarning, match="0.106"):
        got = complexity(given(TOY))
    np.testing.assert_allclose(
        got.eci, [-0.075353, -1.602916, 0.747788, 0.930481], atol=1e-6
    )
    np.testing.assert_allclose(
        got.pci, [-0.194073, -1.602916, 0.565095, 0.930481], atol=1e-6
    )
    assert got.anchor_correlation[0] == pytest.approx(0.106, abs=5e-4)
    assert "doubtful" in got.provenance.warnings[0]


def test_toy_network_reflections():
    got = reflections(given(TOY), steps=3)
    np.testing.assert_allclose(got.k_region[:, 1], [2, 2, 2.5, 3])
    np.testing.assert_allclose(
        got.k_region[:, 2], [2.958333, 2.5, 2.666667, 2.333333], atol=1e-6
    )
    np.testing.assert_allclose(got.k_activity[:, 1], [4, 2.5, 3, 2.333333], atol=1e-6)
    np.testing.assert_allclose(got.k_activity[:, 2], [2, 2, 2.25, 2.5])
    assert got.to_frame("pyarrow").num_rows == 8 * 3


def test_toy_network_fitness():
    got = fitness(given(TOY), steps=20)
    np.testing.assert_allclose(
        got.fitness, [3.641692, 0.072704, 0.264904, 0.020700], atol=1e-6
    )
    assert got.fitness.mean() == pytest.approx(1)
    assert got.quality.mean() == pytest.approx(1)
    assert got.steps == 19
    same = complexity(given(TOY), convention="r_economiccomplexity")
    np.testing.assert_array_equal(same.eci, got.fitness)


def test_world_trade_eigenvector(shared_data):
    table = trade(shared_data)
    own = complexity(table, convention=Convention(scaling="own_ddof1"))
    np.testing.assert_allclose(
        own.eigenvalues, [1, 0.17913392, 0.12094886, 0.10020527], atol=1e-8
    )
    eci, pci = by_label(own.region, own.eci), by_label(own.activity, own.pci)
    for code, expected in {
        "sgs": 2.334748,
        "jpn": 2.257621,
        "hmd": 1.985243,
        "gbr": 1.919962,
        "deu": 1.880205,
        "smr": 1.824539,
        "usa": 1.820995,
        "esh": 1.770642,
        "che": 1.663000,
        "kor": 1.259388,
        "chn": 0.600444,
        "bra": -0.072368,
        "ind": -0.122595,
        "nga": -2.538719,
        "gnq": -2.365938,
        "cod": -2.007152,
    }.items():
        assert eci[code] == pytest.approx(expected, abs=1e-6), code
    for code, expected in {
        "7284": 2.235941,
        "8939": 2.221119,
        "8983": 2.211456,
        "7849": 2.208459,
        "5827": 2.185819,
        "3330": -2.791732,
        "3413": -2.637725,
    }.items():
        assert pci[code] == pytest.approx(expected, abs=1e-6), code
    rows = own.to_frame("pyarrow").to_pylist()
    place = {r["label"]: r["rank"] for r in rows if r["kind"] == "region"}
    assert (place["che"], place["kor"], place["chn"]) == (11, 29, 70)
    assert (place["bra"], place["ind"]) == (110, 114)


def test_world_trade_atlas_scaling(shared_data):
    got = complexity(trade(shared_data))
    eci, pci = by_label(got.region, got.eci), by_label(got.activity, got.pci)
    for code, expected in {
        "jpn": 2.262632,
        "deu": 1.884379,
        "usa": 1.825037,
        "chn": 0.601777,
    }.items():
        assert eci[code] == pytest.approx(expected, abs=1e-6)
    assert pci["7284"] == pytest.approx(5.638347, abs=1e-6)


def test_world_trade_iterated(shared_data):
    table = trade(shared_data)
    got = complexity(table, convention="datawheel")
    eci = by_label(got.region, got.eci)
    assert eci["jpn"] == pytest.approx(2.261261, abs=1e-6)
    assert eci["chn"] == pytest.approx(0.591326, abs=1e-6)
    assert by_label(got.activity, got.pci)["7284"] == pytest.approx(2.234518, abs=1e-6)
    fit = fitness(table)
    best = fit.region[np.argmax(fit.fitness)]
    assert (best, fit.fitness.max()) == ("deu", pytest.approx(3.812896, abs=1e-6))


def test_world_trade_of_the_largest_exporters(shared_data):
    table, whole = trade_table(shared_data), trade(shared_data)
    largest = whole.region[np.argsort(-whole.row_total)[:128]].tolist()
    core = as_region_activity(
        table.filter(pc.is_in(table["country"], pc.pa.array(largest))),
        region="country",
        activity="product",
        value="value",
    )
    assert presence(core).values.sum() == 22296
    got = complexity(core)
    assert got.eigenvalues[1] == pytest.approx(0.203665, abs=1e-6)
    eci = by_label(got.region, got.eci)
    for code, expected in {
        "jpn": 2.404064,
        "gbr": 2.140141,
        "deu": 2.118532,
        "usa": 1.964803,
    }.items():
        assert eci[code] == pytest.approx(expected, abs=1e-6)
    assert sorted(got.eci)[::-1].index(eci["chn"]) == 33


def test_diversity_turns_a_continuous_ranking_upside_down(shared_data):
    table = trade(shared_data)
    binary = complexity(table).eci
    trap = dataclasses.replace(CONVENTIONS["atlas2026"], sign="diversity")
    right = complexity(table, convention="atlas2026")
    wrong = complexity(table, convention=trap)
    np.testing.assert_allclose(wrong.eci, -right.eci, atol=1e-9)
    assert np.corrcoef(right.eci, binary)[0, 1] > 0.5
    assert right.anchor_correlation[0] > 0.5


@pytest.mark.parametrize("sign", ["diversity_ubiquity", "reflections", "ubiquity"])
def test_anchors_agree_where_the_table_is_nested(sign):
    base = complexity(given(NESTED))
    got = complexity(given(NESTED), convention=Convention(sign=sign))
    np.testing.assert_allclose(got.eci, base.eci, atol=1e-9)
    np.testing.assert_allclose(got.pci, base.pci, atol=1e-9)
    assert got.anchor == sign


def test_a_reference_fixes_the_sign():
    base = complexity(given(NESTED))
    rule = Convention(sign="reference")
    income = by_label(base.region, -base.eci)
    turned = complexity(given(NESTED), convention=rule, reference=income)
    np.testing.assert_allclose(turned.eci, -base.eci, atol=1e-12)
    assert turned.anchor_correlation[0] == pytest.approx(1.0)
    with pytest.raises(OptionError, match="reference"):
        complexity(given(NESTED), convention=rule)
    with pytest.raises(AlignmentError, match="0 of the 6"):
        complexity(given(NESTED), convention=rule, reference={"q": 1.0})


def test_an_anchor_without_variation_warns():
    ring = np.eye(6) + np.roll(np.eye(6), 1, axis=1)
    with pytest.warns(NumericsWarning) as caught:
        got = complexity(given(ring))
    texts = [str(w.message) for w in caught]
    assert any("doubtful" in t for t in texts)
    assert any("not unique" in t for t in texts)
    assert got.provenance.warnings == tuple(texts)


def test_a_presence_that_falls_apart():
    m = np.zeros((7, 8))
    m[:5, :6] = np.tri(5, 6, 1)
    m[5:, 6:] = 1
    with pytest.raises(NotIdentifiedError, match="2 components") as caught:
        complexity(given(m))
    assert "C6" in str(caught.value)
    got = complexity(given(m), component="largest")
    alone = complexity(given(m[:5, :6]))
    np.testing.assert_allclose(got.eci[:5], alone.eci, atol=1e-10)
    np.testing.assert_allclose(got.pci[:6], alone.pci, atol=1e-10)
    assert np.isnan(got.eci[5:]).all()
    assert {u.region for u in got.undefined if u.region} == {"C6", "C7"}
    assert {u.activity for u in got.undefined if u.activity} == {"P7", "P8"}


def test_empty_rows_and_columns_are_left_out():
    m = np.zeros((7, 7))
    m[:6, :6] = NESTED
    got, base = complexity(given(m)), complexity(given(NESTED))
    np.testing.assert_allclose(got.eci[:6], base.eci, atol=1e-10)
    assert np.isnan(got.eci[6])
    assert np.isnan(got.pci[6])
    assert {(u.region, u.activity) for u in got.undefined} == {("C7", ""), ("", "P7")}
    fit = fitness(given(m))
    assert np.isnan(fit.fitness[6])
    assert np.isnan(reflections(given(m)).k_region[6]).all()
    rows = got.to_frame("pyarrow").to_pylist()
    assert np.isnan(next(r["rank"] for r in rows if r["label"] == "C7"))


def test_what_cannot_be_ordered():
    with pytest.raises(NotIdentifiedError, match="tells them apart"):
        complexity(given(np.ones((3, 4))))
    with pytest.raises(NotIdentifiedError, match="at least 2"):
        complexity(given(np.ones((1, 4))))
    with pytest.raises(NotIdentifiedError, match="at least 2"):
        fitness(given(np.array([[1.0, 1], [0, 0]])))
    table = RegionActivity.from_arrays([[1, np.nan], [1, 1]], margins="disclosed")
    with pytest.raises(InvalidTableError, match="1 cells are unknown"):
        complexity(presence(table, convention=MANUAL))


def test_bad_options():
    with pytest.raises(OptionError, match="steps"):
        reflections(given(NESTED), steps=1)
    with pytest.raises(OptionError, match="exponent"):
        fitness(given(NESTED), exponent=0)
    with pytest.raises(OptionError, match="component"):
        complexity(given(NESTED), component="biggest")


def test_fitness_stops_at_the_tolerance():
    m = np.array([[1.0, 1, 1, 1], [1, 1, 0, 1], [0, 1, 1, 0], [1, 0, 0, 1]])
    got = fitness(given(m), steps=500, tolerance=1e-3)
    assert got.change <= 1e-3
    assert got.steps < 499
    with pytest.raises(ConvergenceError, match="steps"):
        fitness(given(NESTED), steps=5, tolerance=1e-9)


def test_nested_fitness_vanishes_without_nan():
    got = fitness(given(NESTED), steps=3000)
    assert np.isfinite(got.fitness).all()
    assert got.n_vanishing > 0
    assert f"{got.n_vanishing} values" in got.summary()
    assert (np.diff(got.fitness) >= 0).all()


@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
def test_an_iterative_solver_gives_the_same(monkeypatch):
    rng = np.random.default_rng(2)
    m = (rng.random((60, 40)) < np.linspace(0.1, 0.9, 60)[:, None]).astype(float)
    rule = Convention(sign="diversity", scaling="own_ddof0")
    base = complexity(given(m), convention=rule)
    monkeypatch.setattr("agglo.relatedness._kernels_complexity._DENSE", 10)
    got = complexity(given(m), convention=rule)
    np.testing.assert_allclose(got.eci, base.eci, atol=1e-9)
    np.testing.assert_allclose(got.eigenvalues, base.eigenvalues, atol=1e-12)


binary = arrays(np.int8, (8, 6), elements=st.integers(0, 1))


@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
@generated(binary, st.permutations(range(8)), st.permutations(range(6)), st.booleans())
def test_identity_scale_and_relabelling(m, rows, columns, wide):
    if wide:
        m, rows, columns = m.T.copy(), columns, rows
    # a first row and column that are full keep everything connected
    m = m.astype(float)
    m[0], m[:, 0] = 1, 1
    try:
        base = complexity(given(m))
    except NotIdentifiedError:
        assume(False)
    assume(base.eigenvalues[1] - base.eigenvalues[2] > 1e-6)
    assume(abs(base.anchor_correlation[0]) > 1e-3)
    assert base.eci.mean() == pytest.approx(0, abs=1e-9)
    assert base.eci.std() == pytest.approx(1)
    mean_of_present = (m @ base.pci) / m.sum(axis=1)
    np.testing.assert_allclose(mean_of_present, base.eci, atol=1e-7)
    turned = complexity(given(m[rows][:, columns]))
    np.testing.assert_allclose(turned.eci, base.eci[rows], atol=1e-6)
    np.testing.assert_allclose(turned.pci, base.pci[columns], atol=1e-6)


@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
def test_a_repeated_eigenvalue_is_seen_by_the_iterative_solver(monkeypatch):
    # three equal groups joined by one activity that all have: lambda_2 twice
    m = np.kron(np.eye(3), np.ones((8, 6)))
    m = np.hstack([m, np.ones((24, 1))])
    monkeypatch.setattr("agglo.relatedness._kernels_complexity._DENSE", 4)
    got = kernels.second_vector(m)
    assert got.eigenvalues[1] == pytest.approx(got.eigenvalues[2], abs=1e-9)
    scaled = m / np.sqrt(m.sum(axis=1))[:, None] / np.sqrt(m.sum(axis=0))
    s = np.linalg.svd(scaled, compute_uv=False) ** 2
    np.testing.assert_allclose(got.eigenvalues, s[:4], atol=1e-9)


def test_far_ends_of_a_long_chain_are_connected():
    # each region shares one activity with the next: the short cut of three steps fails
    m = np.eye(12) + np.eye(12, k=1)
    row, column = kernels.components(m)
    assert set(row) == set(column) == {0}
    m[5, 6] = 0.0
    row, _ = kernels.components(m)
    assert len(set(row[:6]) | set(row[6:])) == 2


@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
def test_the_period_before_fixes_the_sign():
    base = complexity(given(TOY))
    last = dict(zip(base.region.tolist(), (-base.eci).tolist(), strict=True))
    rule = Convention(sign="previous")
    got = complexity(given(TOY), convention=rule, reference=last)
    np.testing.assert_allclose(got.eci, -base.eci, atol=1e-12)
    assert got.anchor == "previous"
    with pytest.raises(OptionError):
        complexity(given(TOY), convention=rule)
