"""Pairs of activities: EGK, Howard's colocation, locational correlation."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from agglo.concentration import (
    coagglomeration,
    ellison_glaeser_group,
    howard_colocation,
    locational_correlation,
)
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.tables import as_region_activity

POINTS = Path(__file__).parents[1] / "data" / "points90" / "points90.csv"


def long(matrix: list[list[float | None]], name: str = "employment") -> pa.Table:
    """Industries in rows, regions in columns, as in the spec."""
    rows = [
        {"region": f"r{m}", "industry": f"i{k}", name: v}
        for k, row in enumerate(matrix, 1)
        for m, v in enumerate(row, 1)
    ]
    return pa.Table.from_pylist(rows)


E3 = [[30, 10, 10], [50, 30, 20], [5, 20, 25]]


@pytest.fixture(scope="module")
def points90() -> pa.Table:
    raw = pacsv.read_csv(POINTS)
    x, y = raw["x"].to_numpy(), raw["y"].to_numpy()
    cell = 4 * np.floor(x / 25) + np.floor(y / 25)
    return pa.table(
        {
            "region": [f"{int(c):02d}" for c in cell],
            "industry": raw["type"],
            "employment": raw["weight"],
        }
    )


@pytest.fixture(scope="module")
def cells90(points90: pa.Table) -> pa.Table:
    cells = points90.group_by(["region", "industry"]).aggregate([("employment", "sum")])
    return cells.rename_columns(["region", "industry", "employment"])


def test_three_by_three_of_the_specification() -> None:
    total = coagglomeration(long(E3)).values
    np.testing.assert_allclose(
        [total[0, 1], total[0, 2], total[1, 2]],
        [0.028681, -0.128107, -0.063098],
        atol=5e-7,
    )
    mean = coagglomeration(long(E3), reference="mean").values
    np.testing.assert_allclose(
        [mean[0, 1], mean[0, 2], mean[1, 2]],
        [0.045455, -0.136364, -0.075758],
        atol=5e-7,
    )


def test_points90(cells90: pa.Table) -> None:
    total = coagglomeration(cells90)
    assert total.values[0, 1] == pytest.approx(-0.0050390442, abs=1e-10)
    mean = coagglomeration(cells90, reference="mean")
    assert mean.values[0, 0] == pytest.approx(0.0446655688, abs=1e-10)
    assert mean.values[0, 1] == pytest.approx(-0.0090460319, abs=1e-10)


def test_rows_sum_to_zero_with_the_mean_reference() -> None:
    rng = np.random.default_rng(0)
    data = long(rng.lognormal(0, 1, (12, 30)).tolist())
    got = coagglomeration(data, reference="mean").values
    assert np.abs(got.sum(axis=1)).max() < 1e-13
    np.testing.assert_array_equal(got, got.T)


def test_group_is_the_weighted_mean_of_its_pairs(
    points90: pa.Table, cells90: pa.Table
) -> None:
    group = ellison_glaeser_group(points90, groups=dict.fromkeys("ABC", "all"))
    pairs = coagglomeration(cells90).values
    size = points90["employment"].to_numpy()
    kind = np.asarray(points90["industry"].to_pylist())
    w = np.array([size[kind == k].sum() for k in "ABC"]) / size.sum()
    weights = np.outer(w, w) * (1 - np.eye(3))
    want = np.sum(weights * pairs) / (1 - np.sum(w**2))
    assert group.gamma[0] == pytest.approx(want, abs=1e-10)


def test_pairs_drop_the_diagonal() -> None:
    got = coagglomeration(long(E3))
    pairs = got.to_pairs("pyarrow").to_pylist()
    assert [(p["activity_a"], p["activity_b"]) for p in pairs] == [
        ("i1", "i2"),
        ("i1", "i3"),
        ("i2", "i3"),
    ]
    assert got.to_arrow().num_rows == 6


def test_given_reference_by_mapping_and_with_an_empty_region() -> None:
    x = {"r1": 2.0, "r2": 1.0, "r3": 1.0, "r4": 4.0}
    got = coagglomeration(long(E3), reference=x)
    shares = np.array(E3) / np.sum(E3, axis=1, keepdims=True)
    shares = np.hstack([shares, np.zeros((3, 1))])
    ref = np.array([2, 1, 1, 4]) / 8
    want = (shares - ref) @ (shares - ref).T / (1 - np.sum(ref**2))
    np.testing.assert_allclose(got.values, want, atol=1e-15)
    assert got.region.tolist() == ["r1", "r2", "r3", "r4"]
    assert got.reference == "given"


def test_empty_activity_is_nan_and_left_out_of_the_mean() -> None:
    got = coagglomeration(long([*E3, [0, 0, 0]]), reference="mean")
    want = coagglomeration(long(E3), reference="mean")
    assert np.isnan(got.values[3]).all()
    assert np.isnan(got.values[:, 3]).all()
    np.testing.assert_allclose(got.values[:3, :3], want.values, atol=1e-15)
    assert got.status.tolist() == ["ok", "ok", "ok", "zero_weight"]
    assert [u.activity for u in got.undefined] == ["i4"]


def test_unknown_cell_spares_the_other_pairs() -> None:
    holed = as_region_activity(
        long([[30, None, 10], *E3[1:]]), activity="industry", margins="disclosed"
    )
    got = coagglomeration(holed)
    assert np.isnan(got.values[0]).all()
    assert np.isfinite(got.values[1:, 1:]).all()
    zero = coagglomeration(holed, missing="zero")
    want = coagglomeration(long([[30, 0, 10], *E3[1:]]))
    np.testing.assert_allclose(zero.values, want.values, atol=1e-15)
    assert zero.provenance.warnings


def test_one_region_is_undefined() -> None:
    got = coagglomeration(long([[3], [4]]))
    assert np.isnan(got.values).all()
    assert got.undefined


def test_bad_reference() -> None:
    with pytest.raises(OptionError, match="total"):
        coagglomeration(long(E3), reference="totl")  # type: ignore[arg-type]
    with pytest.raises(AlignmentError, match="r3"):
        coagglomeration(long(E3), reference={"r1": 1.0, "r2": 1.0})


# Howard -------------------------------------------------------------------------------


def test_howard_small_published_case() -> None:
    plants = pa.table({"industry": list("ABABAB"), "region": list("XXXYYX")})
    got = howard_colocation(plants)
    assert got.value[0] == pytest.approx(0.5555555556, abs=1e-10)
    assert got.expected[0] == pytest.approx(0.4666666667, abs=1e-10)
    assert got.z[0] == pytest.approx(0.8164965809, abs=1e-10)


def test_howard_points90(points90: pa.Table) -> None:
    got = howard_colocation(points90, pairs=[("A", "B")])
    assert got.value[0] == pytest.approx(0.0811111111, abs=1e-10)
    assert got.expected[0] == pytest.approx(0.0836158192, abs=1e-10)
    assert got.z[0] == pytest.approx(-0.3883419679, abs=1e-9)


def _enumerated(first: list[int], second: list[int]) -> tuple[float, float]:
    """Mean and variance of CL over all ways to label the pooled plants."""
    sites = [m for m, n in enumerate(np.add(first, second)) for _ in range(n)]
    n_a, n = int(np.sum(first)), len(sites)
    values = []
    for chosen in combinations(range(n), n_a):
        a = np.bincount([sites[k] for k in chosen], minlength=len(first))
        b = np.add(first, second) - a
        values.append(a @ b / (n_a * (n - n_a)))
    return float(np.mean(values)), float(np.var(values))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([2, 1, 0], [1, 1, 2]),
        ([1, 0], [1, 0]),
        ([1, 0], [1, 1]),
        ([3, 1, 0, 1], [0, 2, 2, 0]),
        ([1, 0, 0], [2, 2, 1]),
    ],
)
def test_howard_moments_by_complete_enumeration(
    first: list[int], second: list[int]
) -> None:
    table = as_region_activity(
        long([first, second], "plants"), activity="industry", value="plants"
    )
    got = howard_colocation(table, pairs=[("i1", "i2")])
    mean, variance = _enumerated(first, second)
    assert got.expected[0] == pytest.approx(mean, abs=1e-14)
    assert got.sd[0] ** 2 == pytest.approx(variance, abs=1e-14)


def test_howard_all_pairs_equal_single_pairs() -> None:
    rng = np.random.default_rng(4)
    counts = rng.poisson(rng.lognormal(0, 1.5, (7, 40)))
    table = as_region_activity(
        long(counts.tolist(), "plants"), activity="industry", value="plants"
    )
    every = howard_colocation(table)
    names = [f"i{k}" for k in range(1, 8)]
    single = howard_colocation(table, pairs=list(combinations(names, 2)))
    for field in ("value", "expected", "sd", "z", "p"):
        np.testing.assert_allclose(
            getattr(every, field), getattr(single, field), rtol=1e-9, atol=1e-12
        )


def test_howard_empty_and_unknown_activities() -> None:
    table = as_region_activity(
        long([[2, 1], [0, 0], [1, None], [1, 1]], "plants"),
        activity="industry",
        value="plants",
        margins="disclosed",
    )
    got = howard_colocation(table)
    by_pair = {
        (a, b): s
        for a, b, s in zip(got.activity_a, got.activity_b, got.status, strict=True)
    }
    assert by_pair[("i1", "i2")] == "too_few"
    assert by_pair[("i1", "i3")] == "unknown_cells"
    assert by_pair[("i1", "i4")] == "ok"
    assert np.isfinite(got.value).sum() == 1


def test_howard_refusals() -> None:
    plants = pa.table({"industry": list("AABB"), "region": list("XYXY")})
    with pytest.raises(AlignmentError, match="'C'"):
        howard_colocation(plants, pairs=[("A", "C")])
    with pytest.raises(AlignmentError, match="twice"):
        howard_colocation(plants, pairs=[("A", "A")])
    with pytest.raises(InvalidTableError, match="whole"):
        howard_colocation(as_region_activity(long([[1.5, 2]]), activity="industry"))
    with pytest.raises(OptionError, match="greater"):
        howard_colocation(plants, alternative="bigger")  # type: ignore[arg-type]


@pytest.mark.slow
def test_howard_rejects_at_its_level_under_shuffled_labels() -> None:
    rng = np.random.default_rng(8)
    region = rng.choice(30, 300, p=rng.dirichlet(np.ones(30)))
    rejected, n = 0, 0
    for _ in range(40):
        label = rng.permutation(np.repeat(np.arange(10), 30))
        plants = pa.table({"industry": label.astype(str), "region": region.astype(str)})
        p = howard_colocation(plants, alternative="two-sided").p
        rejected, n = rejected + int(np.sum(p <= 0.05)), n + p.size
    # pairs of one draw are dependent; 1800 tests, band of three times the binomial error
    assert rejected / n == pytest.approx(0.05, abs=0.016)


# locational correlation ----------------------------------------------------------------


def test_correlation_against_numpy() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.lognormal(0, 1, (6, 25))
    got = locational_correlation(long(matrix.tolist()))
    order = np.argsort([f"r{m}" for m in range(1, 26)])
    np.testing.assert_allclose(got.values, np.corrcoef(matrix[:, order]), atol=1e-12)


def test_correlation_of_specialisation() -> None:
    data = long([[10, 0, 5], [10, 20, 5], [0, 20, 5], [1, 9, 0.75]])
    got = locational_correlation(data, mode="rca")
    e = np.array([[10, 0, 5], [10, 20, 5], [0, 20, 5], [1, 9, 0.75]])
    lq = (e / e.sum(axis=0)) / (e.sum(axis=1, keepdims=True) / e.sum())
    want = np.corrcoef((lq >= 1).astype(float))
    np.testing.assert_allclose(got.values, want, atol=1e-12)


def test_constant_activity_is_nan_not_one() -> None:
    got = locational_correlation(long([[4, 4, 4], [1, 2, 3], [0, 0, 0], [3, 2, 1]]))
    assert np.isnan(got.values[0]).all()
    assert np.isnan(got.values[2]).all()
    assert got.values[1, 3] == pytest.approx(-1.0)
    assert got.values[1, 1] == 1.0
    assert got.status.tolist() == ["constant", "ok", "zero_weight", "ok"]


def test_quotient_of_exactly_one_counts_as_specialised() -> None:
    # proportional columns: every quotient is 1, so presence is constant
    got = locational_correlation(long([[0.1, 0.2, 0.3], [0.7, 1.4, 2.1]]), mode="rca")
    assert got.status.tolist() == ["constant", "constant"]


def test_correlation_refuses_unknown_mode() -> None:
    with pytest.raises(OptionError, match="levels"):
        locational_correlation(long(E3), mode="level")  # type: ignore[arg-type]
