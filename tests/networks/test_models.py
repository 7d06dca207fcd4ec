"""MRQAP and gravity: definitions, reference values of other software, planted truth."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

import agglo as ag
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from tests.networks.graphs import REFERENCE, ties


def _pairs(n: int, seed: int, *, directed: bool = True, k: int = 2) -> pa.Table:
    rng = np.random.default_rng(seed)
    a, b = np.nonzero(~np.eye(n, dtype=bool)) if directed else np.triu_indices(n, 1)
    x = rng.normal(size=(k, a.size))
    return pa.table(
        {
            "origin": [f"n{i:02d}" for i in a],
            "destination": [f"n{j:02d}" for j in b],
            "y": rng.normal(size=a.size) + 0.4 * x[0],
            **{f"x{i}": x[i] for i in range(k)},
        }
    )


RUN = {"outcome": "y", "covariates": ["x0", "x1"]}


@pytest.mark.parametrize("directed", [True, False])
def test_coefficients_are_least_squares(directed):
    table = _pairs(12, 1, directed=directed)
    found = ag.mrqap(
        table, directed=directed, inference=ag.Permutation(n=99, seed=1), **RUN
    )
    x = np.column_stack([np.ones(table.num_rows), table["x0"], table["x1"]])
    y = table["y"].to_numpy()
    beta, rss, *_ = np.linalg.lstsq(x, y, rcond=None)
    se = np.sqrt(np.diag(np.linalg.inv(x.T @ x)) * rss[0] / (y.size - 3))
    np.testing.assert_allclose(found.values, beta, rtol=1e-10)
    np.testing.assert_allclose(found.se, se, rtol=1e-10)
    assert found.r2 == pytest.approx(1 - rss[0] / ((y - y.mean()) ** 2).sum())
    assert found.n_pairs == y.size
    assert found.p[1] == 0.01
    assert found.p[2] > 0.01


def _t_by_definition(
    table: pa.Table, order: np.ndarray, k: int, *, directed: bool
) -> float:
    """Residualise x_k, permute its matrix, regress again: the paper, step by step."""
    n = order.size
    mask = (
        ~np.eye(n, dtype=bool) if directed else np.triu(np.ones((n, n), dtype=bool), 1)
    )
    m = {}
    for name in ("y", "x0", "x1"):
        m[name] = np.zeros((n, n))
        m[name][mask] = table[name].to_numpy()
        if not directed:
            m[name] += m[name].T
    other = np.column_stack([np.ones(mask.sum()), m[f"x{1 - k}"][mask]])
    target = m[f"x{k}"][mask]
    rest = target - other @ np.linalg.lstsq(other, target, rcond=None)[0]
    e = np.zeros((n, n))
    e[mask] = rest
    if not directed:
        e += e.T
    x = np.column_stack([other, e[np.ix_(order, order)][mask]])
    y = m["y"][mask]
    beta, rss, *_ = np.linalg.lstsq(x, y, rcond=None)
    return beta[-1] / np.sqrt(np.linalg.inv(x.T @ x)[-1, -1] * rss[0] / (y.size - 3))


@pytest.mark.parametrize("directed", [True, False])
def test_null_is_that_of_the_paper_step_by_step(directed):
    # six nodes: all 720 permutations on both sides
    from itertools import permutations

    table = _pairs(6, 3, directed=directed)
    found = ag.mrqap(table, directed=directed, **RUN)
    assert found.exact
    assert found.n_draws == math.factorial(6) - 1
    for k in (0, 1):
        t = np.array(
            [
                _t_by_definition(table, np.array(o), k, directed=directed)
                for o in permutations(range(6))
            ]
        )
        expected = (np.abs(t) >= abs(t[0]) * (1 - 1e-9)).mean()
        assert found.p[1 + k] == pytest.approx(expected, abs=1e-12)
        assert found.t[1 + k] == pytest.approx(t[0], rel=1e-9)


def test_pairwise_without_missing_is_the_same():
    table = _pairs(15, 2)
    options = {"inference": ag.Permutation(n=199, seed=1), **RUN}
    one = ag.mrqap(table, **options)
    other = ag.mrqap(table, missing="pairwise", **options)
    np.testing.assert_allclose(one.p[1:], other.p[1:], atol=1e-12)


def test_missing_pairs_are_refused_or_left_out():
    table = _pairs(10, 2)
    holes = table.set_column(2, "y", pa.array([None, *table["y"].to_pylist()[1:]]))
    with pytest.raises(InvalidTableError, match="missing_pair"):
        ag.mrqap(holes, **RUN)
    for method in ("dsp", "y"):
        found = ag.mrqap(
            holes,
            missing="pairwise",
            method=method,
            inference=ag.Permutation(n=99, seed=1),
            **RUN,
        )
        assert found.n_pairs == 89
        x = np.column_stack(
            [np.ones(89), holes["x0"].to_numpy()[1:], holes["x1"].to_numpy()[1:]]
        )
        y = np.array(holes["y"].to_pylist()[1:])
        np.testing.assert_allclose(
            found.values, np.linalg.lstsq(x, y, rcond=None)[0], rtol=1e-9
        )
        assert found.p[1] <= 0.05
    with pytest.raises(InvalidTableError, match="missing_pair"):
        ag.mrqap(table.slice(1), **RUN)


def test_relabelling_changes_nothing_but_the_draws():
    table = _pairs(6, 4)
    new = {f"n{i:02d}": f"z{(i * 5 + 2) % 6}" for i in range(6)}
    other = table.set_column(
        0, "origin", pa.array([new[v] for v in table["origin"].to_pylist()])
    )
    other = other.set_column(
        1, "destination", pa.array([new[v] for v in table["destination"].to_pylist()])
    )
    np.testing.assert_allclose(
        ag.mrqap(table, **RUN).p[1:], ag.mrqap(other, **RUN).p[1:]
    )


def test_p_is_uniform_when_nothing_matters():
    from scipy.stats import kstest

    rng = np.random.default_rng(0)
    a, b = np.nonzero(~np.eye(10, dtype=bool))
    p = []
    for seed in range(100):
        # pairs share nodes: least squares would reject far too often
        s, r = rng.normal(size=(2, 10)), rng.normal(size=(2, 10))
        table = pa.table(
            {
                "origin": [f"n{i}" for i in a],
                "destination": [f"n{j}" for j in b],
                "y": s[0][a] + r[0][b] + 0.3 * rng.normal(size=a.size),
                "x": s[1][a] + r[1][b] + 0.3 * rng.normal(size=a.size),
            }
        )
        p.append(
            float(
                ag.mrqap(
                    table,
                    outcome="y",
                    covariates=["x"],
                    inference=ag.Permutation(n=99, seed=seed),
                ).p[1]
            )
        )
    assert kstest(p, "uniform").pvalue > 1e-3


def test_constant_outcome_is_nan_and_few_nodes_warn():
    table = _pairs(5, 1)
    flat = table.set_column(2, "y", pa.array(np.ones(20)))
    found = ag.mrqap(flat, **RUN)
    assert np.isnan(found.values).all()
    assert np.isnan(found.p).all()
    assert found.undefined
    with pytest.warns(NumericsWarning, match="24 permutations"):
        ag.mrqap(_pairs(4, 1), **RUN)
    with pytest.raises(NotIdentifiedError, match="cannot carry"):
        ag.mrqap(_pairs(2, 1), **RUN)


def test_collinear_regressors_are_named():
    table = _pairs(8, 1).append_column(
        "twice", pa.array(2 * _pairs(8, 1)["x0"].to_numpy())
    )
    table = table.append_column("flat", pa.array(np.full(56, 3.0)))
    with pytest.raises(NotIdentifiedError) as caught:
        ag.mrqap(table, outcome="y", covariates=["x0", "twice", "flat"])
    assert {p.column for p in caught.value.problems} == {"twice", "flat"}


def test_repeated_pairs_are_refused():
    table = _pairs(6, 1)
    with pytest.raises(InvalidTableError, match="duplicate_key"):
        ag.mrqap(pa.concat_tables([table, table.slice(0, 1)]), **RUN)


def test_correlation_is_pearson_and_its_p_that_of_the_regression():
    table = _pairs(7, 5)
    found = ag.qap_correlation(table, one="y", other="x0")
    assert found.r == pytest.approx(np.corrcoef(table["y"], table["x0"])[0, 1])
    assert found.p == pytest.approx(
        ag.mrqap(table, outcome="y", covariates=["x0"]).p[1]
    )
    holes = table.set_column(2, "y", pa.array([None, *table["y"].to_pylist()[1:]]))
    assert (
        ag.qap_correlation(holes, one="y", other="x0", missing="pairwise").n_pairs == 41
    )
    flat = table.set_column(2, "y", pa.array(np.ones(42)))
    assert np.isnan(ag.qap_correlation(flat, one="y", other="x0").r)


FLOWS = REFERENCE / "gravity" / "flows.csv"
EXPECTED = json.loads(
    (REFERENCE / "gravity" / "expected.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("vcov", sorted(EXPECTED["se"]))
def test_gravity_agrees_with_pyfixest(vcov):
    # tolerance: both iterate to about 1e-10
    found = ag.gravity_ppml(pacsv.read_csv(FLOWS), covariates=["z"], vcov=vcov)
    np.testing.assert_allclose(found.values, EXPECTED["beta"], rtol=1e-7)
    np.testing.assert_allclose(found.se, EXPECTED["se"][vcov], rtol=1e-6)
    np.testing.assert_allclose(found.ols, EXPECTED["ols"], rtol=1e-7)
    assert found.flow.size == EXPECTED["n"]
    assert len(found.dropped) == 2


def test_clusters_of_a_column_are_those_of_the_end():
    table = pacsv.read_csv(FLOWS)
    again = table.append_column("group", table["origin"])
    one = ag.gravity_ppml(table, vcov="origin")
    assert ag.gravity_ppml(again, cluster="group").se[0] == pytest.approx(
        one.se[0], rel=1e-12
    )


def test_fitted_totals_are_the_observed_ones():
    found = ag.gravity_ppml(pacsv.read_csv(FLOWS), covariates=["z"])
    for end in (found.origin, found.destination):
        code = np.unique(end, return_inverse=True)[1]
        gap = np.bincount(code, found.flow) - np.bincount(code, found.fitted)
        assert np.abs(gap).max() < 1e-6


def _dyadic_by_definition(found: ag.networks.Gravity, x: np.ndarray) -> float:
    """Sum of products of scores over all pairs of rows that share a place."""
    score = x * (found.flow - found.fitted)
    ends = [{a, b} for a, b in zip(found.origin, found.destination, strict=True)]
    share = np.array([[bool(e & f) for f in ends] for e in ends])
    bread = 1 / (x**2 * found.fitted).sum()
    n = score.size
    nodes = len(set().union(*ends))
    factor = nodes / (nodes - 1) * (n - 1) / (n - 1)
    return float(bread * np.sqrt(factor * score @ share @ score))


def test_dyadic_errors_by_their_definition():
    rng = np.random.default_rng(3)
    a, b = np.nonzero(~np.eye(9, dtype=bool))
    table = pa.table(
        {
            "origin": [f"n{i}" for i in a],
            "destination": [f"n{j}" for j in b],
            "x": rng.normal(size=a.size),
            "flow": rng.poisson(20, a.size).astype(float),
        }
    )
    found = ag.gravity_ppml(table, distance=None, covariates=["x"], vcov="dyadic")
    x, mu = table["x"].to_numpy(), found.fitted
    for _ in range(500):  # take out both sets of effects, weighted by the fit
        for code in (a, b):
            x = x - (np.bincount(code, x * mu) / np.bincount(code, mu))[code]
    assert found.se[0] == pytest.approx(_dyadic_by_definition(found, x), rel=1e-6)


def _planted(n: int, seed: int, *, directed: bool = True) -> pa.Table:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 300, (n, 2))
    a, b = np.nonzero(~np.eye(n, dtype=bool)) if directed else np.triu_indices(n, 1)
    km = np.maximum(np.hypot(*(xy[a] - xy[b]).T), 5)
    mass = rng.lognormal(0, 1, n)
    return pa.table(
        {
            "origin": [f"n{i:03d}" for i in a],
            "destination": [f"n{j:03d}" for j in b],
            "distance_km": km,
            "flow": rng.poisson(30 * mass[a] * mass[b] * km**-0.6).astype(float),
        }
    )


@pytest.mark.parametrize("directed", [True, False])
def test_planted_elasticity_is_recovered(directed):
    inside = 0
    for seed in range(1000, 1060):
        found = ag.gravity_ppml(
            _planted(40, seed, directed=directed), directed=directed, vcov="robust"
        )
        inside += abs(found.values[0] + 0.6) < 1.96 * found.se[0]
    assert inside >= 51  # 95 % of 60, binomial band at 1e-3


def test_undirected_totals_of_both_ends_are_kept():
    found = ag.gravity_ppml(_planted(15, 1, directed=False), directed=False)
    names = np.unique(np.concatenate([found.origin, found.destination]))
    for values in (found.flow - found.fitted,):
        ends = np.searchsorted(names, np.concatenate([found.origin, found.destination]))
        assert np.abs(np.bincount(ends, np.tile(values, 2))).max() < 1e-6
    with pytest.raises(OptionError, match="both ends"):
        ag.gravity_ppml(
            _planted(15, 1, directed=False), directed=False, fixed_effects=["origin"]
        )


def test_no_effects_is_plain_poisson():
    table = _planted(12, 2)
    found = ag.gravity_ppml(table, fixed_effects=[], vcov="robust")
    x = np.log(table["distance_km"].to_numpy())
    y = table["flow"].to_numpy()
    gap = y - found.fitted
    assert abs(gap.sum()) < 1e-6  # the two first-order conditions
    assert abs((gap * x).sum()) < 1e-5


def test_perfectly_predicted_zeros_are_left_out():
    table = _planted(15, 3)
    flow = table["flow"].to_numpy() + 1.0
    wall = np.zeros(flow.size)
    wall[[3, 50, 100]] = 1.0
    flow[wall == 1] = 0.0
    table = table.set_column(3, "flow", pa.array(flow)).append_column(
        "wall", pa.array(wall)
    )
    with pytest.raises(NotIdentifiedError, match="wall"):
        # after leaving them out the regressor is constant
        ag.gravity_ppml(table, covariates=["wall"])
    mixed = wall.copy()
    mixed[[7, 8, 9, 200]] = 0.5
    table = table.set_column(4, "wall", pa.array(mixed))
    assert ag.gravity_ppml(table, covariates=["wall"]).n_separated == 0


def test_bad_flows_are_told_at_once():
    table = pa.table(
        {
            "origin": ["a", "b", "c"],
            "destination": ["b", "c", "a"],
            "distance_km": [0.0, 5.0, 4.0],
            "flow": [1.0, -2.0, None],
        }
    )
    with pytest.raises(InvalidTableError) as caught:
        ag.gravity_ppml(table)
    codes = {p.code for p in caught.value.problems}
    assert codes == {"distance_not_positive", "negative_value", "missing_value"}
    empty = _planted(6, 1)
    empty = empty.set_column(3, "flow", pa.array(np.zeros(30)))
    with pytest.raises(InvalidTableError, match="no_flow"):
        ag.gravity_ppml(empty)
    with pytest.raises(NotIdentifiedError, match="needs distance"):
        ag.gravity_ppml(_planted(6, 1), distance=None)


def test_absorbed_regressors_are_named():
    table = _planted(10, 1)
    mass = [float(o[1:]) for o in table["origin"].to_pylist()]
    with pytest.raises(NotIdentifiedError, match="'mass' is absorbed"):
        ag.gravity_ppml(
            table.append_column("mass", pa.array(mass)), covariates=["mass"]
        )


PLACES = pa.table(
    {"region": list("abcd"), "lon": [0.0, 1.0, 2.0, None], "lat": [0.0, 0.0, 0.0, 0.0]}
)


def test_dyads_hold_all_pairs_and_all_weight():
    table = ties([("a", "b", 3), ("b", "a", 4), ("c", "c", 9), ("a", "b", 1)])
    both = ag.build_dyads(table, PLACES)
    assert both.flow.size == 12
    assert both.flow.sum() == 8.0
    half = ag.build_dyads(table, PLACES, directed=False)
    assert half.flow.size == 6
    assert half.flow.max() == 8.0
    assert np.isnan(both.distance_km).sum() == 6
    assert both.undefined[0].region == "d"
    near = ag.build_dyads(table, PLACES, min_km=150.0)
    assert np.nanmin(near.distance_km) == 150.0


def test_dyads_need_known_places():
    with pytest.raises(AlignmentError, match="not among nodes"):
        ag.build_dyads(ties([("a", "z", 3)]), PLACES)
    with pytest.raises(AlignmentError, match="fewer than two"):
        ag.build_dyads(ties([]), PLACES.slice(0, 1))
