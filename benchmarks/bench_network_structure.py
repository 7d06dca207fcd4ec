"""Structure of networks beside naive twins and, where it is installed, networkx.

The largest size is what the measures have to bear: a million links between 3,000 nodes; MRQAP
with 300 nodes, four regressors and 1,999 permutations. Twins do the same by plain loops or by
dense regressions, with as many draws as ours, so that the ratio is that of one draw.
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag

SIZES = [(300, 3_000), (1_000, 50_000), (3_000, 1_000_000)]
size = pytest.mark.parametrize("shape", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")


def _ties(shape: tuple[int, int], seed: int = 7) -> pa.Table:
    n, m = shape
    rng = np.random.default_rng(seed)
    mass = rng.lognormal(0, 1, n)
    mass /= mass.sum()
    names = np.array([f"n{i:05d}" for i in range(n)])
    a, b = (rng.choice(n, m, p=mass) for _ in range(2))
    return pa.table(
        {
            "event": np.arange(m),
            "origin": names[a],
            "destination": names[b],
            "weight": rng.integers(1, 9, m).astype(float),
        }
    )


def _rows(table: pa.Table) -> list[tuple[str, str, float]]:
    return list(
        zip(
            *(table[c].to_pylist() for c in ("origin", "destination", "weight")),
            strict=True,
        )
    )


def _naive_strengths(table: pa.Table) -> dict[str, float]:
    out: dict[str, float] = {}
    for a, b, w in _rows(table):
        if a != b:
            out[a] = out.get(a, 0.0) + w
            out[b] = out.get(b, 0.0) + w
    return out


def _naive_disparity(table: pa.Table) -> dict[tuple[str, str], float]:
    flow: dict[tuple[str, str], float] = {}
    for a, b, w in _rows(table):
        if a != b:
            flow[a, b] = flow.get((a, b), 0.0) + w
    out: dict[str, list[float]] = {}
    into: dict[str, list[float]] = {}
    for (a, b), w in flow.items():
        out.setdefault(a, []).append(w)
        into.setdefault(b, []).append(w)
    sums = [{k: (sum(v), len(v)) for k, v in d.items()} for d in (out, into)]
    p = {}
    for (a, b), w in flow.items():
        ends = [sums[0][a], sums[1][b]]
        p[a, b] = min(1.0 if k == 1 else (1 - w / s) ** (k - 1) for s, k in ends)
    return p


@size
def test_core_count(versus, shape):
    table = _ties(shape)
    found = versus(
        lambda: ag.core_count(table),
        twin=lambda: _naive_strengths(table),
        size=f"{shape[0]} x {shape[1]}",
        rounds=3,
        twin_rounds=1,
    )
    strengths = dict(
        zip(found.result.nodes.tolist(), found.result.strength, strict=True)
    )
    assert strengths == pytest.approx(found.twin_result)


def _naive_tiers(logs: np.ndarray, k_max: int) -> float:
    """Best silhouette of the least-squares classes, by the definition of both."""
    x = np.sort(logs)
    n = x.size
    cost = np.array(
        [[((x[i:j] - x[i:j].mean()) ** 2).sum() if j > i else np.inf
          for j in range(n + 1)] for i in range(n + 1)]
    )  # fmt: skip
    best, start = cost[0], []
    for _ in range(2, k_max + 1):
        joint = best[:, None] + cost
        start.append(joint.argmin(axis=0))
        best = joint.min(axis=0)
    gap = np.abs(x[:, None] - x)
    out = []
    for k in range(2, k_max + 1):
        ends = [n]
        for c in range(k - 2, -1, -1):
            ends.append(int(start[c][ends[-1]]))
        label = np.searchsorted(np.array(ends[::-1]), np.arange(n), side="right")
        total = 0.0
        for i in range(n):
            mine = label == label[i]
            if mine.sum() == 1:
                continue
            own = gap[i, mine].sum() / (mine.sum() - 1)
            near = min(
                gap[i, label == g].mean() for g in set(label.tolist()) - {label[i]}
            )
            total += (near - own) / max(near, own)
        out.append(total / n)
    return max(out)


def test_tiers_beside_a_loop(versus):
    rng = np.random.default_rng(2)
    logs = rng.standard_normal(95)
    seeds = iter(range(1, 99))
    found = versus(
        lambda: ag.tiers(np.exp(logs), inference=ag.MonteCarlo(n=19, seed=next(seeds))),
        twin=lambda: [_naive_tiers(rng.standard_normal(95), 6) for _ in range(39)],
        size="95 strengths, 39 splits (19 draws of two laws, and the data)",
        rounds=3,
        twin_rounds=1,
    )
    assert found.result.silhouette.max() == pytest.approx(_naive_tiers(logs, 6))


@size
def test_tiers(versus, shape):
    table = _ties(shape)
    seeds = iter(range(1, 99))
    # another seed each round: the floor of a seed is remembered
    found = versus(
        lambda: ag.tiers(table, inference=ag.MonteCarlo(n=999, seed=next(seeds))),
        size=f"{shape[0]} x {shape[1]}, floor of 999 draws",
        rounds=2,
    )
    assert found.seconds < 10


@size
def test_backbone(versus, shape):
    table = _ties(shape)
    found = versus(
        lambda: ag.backbone(table),
        twin=lambda: _naive_disparity(table),
        size=f"{shape[0]} x {shape[1]}",
        rounds=3,
        twin_rounds=1,
    )
    np.testing.assert_allclose(
        np.sort(found.result.p), np.sort(list(found.twin_result.values())), atol=1e-9
    )


@size
def test_communities(versus, shape):
    nx = pytest.importorskip("networkx")
    table = _ties(shape)

    def peer() -> float:
        graph = nx.Graph()
        for a, b, w in _rows(table):
            if a != b:
                old = graph.get_edge_data(a, b, {"weight": 0.0})["weight"]
                graph.add_edge(a, b, weight=old + w)
        return nx.community.modularity(
            graph, nx.community.louvain_communities(graph, seed=1)
        )

    found = versus(
        lambda: ag.communities(table, directed=False, n_restarts=1, seed=1),
        twin=peer if shape[1] <= 50_000 else None,
        size=f"{shape[0]} x {shape[1]}, one run",
        rounds=3,
        twin_rounds=1,
    )
    if shape[1] <= 50_000:
        assert found.result.modularity > found.twin_result - 0.02
        assert found.ratio > 2


@pytest.mark.parametrize("shape", SIZES[:2], ids=lambda s: f"{s[0]}x{s[1]}")
def test_centralities(versus, shape):
    nx = pytest.importorskip("networkx")
    table = _ties(shape)
    graph = nx.Graph()
    graph.add_edges_from((a, b) for a, b, _ in _rows(table) if a != b)
    found = versus(
        lambda: ag.centralities(table, directed=False),
        twin=(lambda: nx.betweenness_centrality(graph)) if shape[0] <= 300 else None,
        size=f"{shape[0]} x {shape[1]}",
        rounds=1,
        twin_rounds=1,
    )
    assert found.result.betweenness.max() <= 1


def _dyads(n: int, k: int, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    a, b = np.nonzero(~np.eye(n, dtype=bool))
    x = rng.normal(size=(k, a.size))
    return pa.table(
        {
            "origin": [f"n{i:04d}" for i in a],
            "destination": [f"n{j:04d}" for j in b],
            "y": 0.2 * x[0] + rng.normal(size=a.size),
            **{f"x{i}": x[i] for i in range(k)},
        }
    )


def _naive_mrqap(table: pa.Table, n: int, names: list[str], draws: int) -> np.ndarray:
    """Regress once per permutation and regressor, as the paper says it."""
    off = ~np.eye(n, dtype=bool)
    x = {c: np.zeros((n, n)) for c in names}
    for c in names:
        x[c][off] = table[c].to_numpy()
    y = table["y"].to_numpy()
    rng = np.random.default_rng(1)
    out = np.empty((draws, len(names)))
    for k, c in enumerate(names):
        others = np.column_stack(
            [np.ones(y.size), *(x[o][off] for o in names if o != c)]
        )
        column = x[c][off]
        rest = np.zeros((n, n))
        rest[off] = column - others @ np.linalg.lstsq(others, column, rcond=None)[0]
        for d in range(draws):
            order = rng.permutation(n)
            design = np.column_stack([others, rest[np.ix_(order, order)][off]])
            beta, rss, *_ = np.linalg.lstsq(design, y, rcond=None)
            spread = np.linalg.inv(design.T @ design)[-1, -1]
            out[d, k] = beta[-1] / np.sqrt(spread * rss[0] / (y.size - beta.size))
    return out


@pytest.mark.parametrize("n", [50, 100, 300])
def test_mrqap(versus, n):
    names = [f"x{i}" for i in range(4)]
    table = _dyads(n, 4)
    draws = 199

    def ours() -> ag.MatrixRegression:
        inference = ag.Permutation(n=draws, seed=1)
        return ag.mrqap(table, outcome="y", covariates=names, inference=inference)

    # as many draws on both sides: the ratio is that of one draw
    found = versus(
        ours,
        twin=lambda: _naive_mrqap(table, n, names, draws),
        size=f"{n} nodes x 4 x {draws} draws, both",
        rounds=2,
        twin_rounds=1,
    )
    assert found.ratio > 2
    low = np.quantile(found.twin_result, 0.025, axis=0)
    # quantiles of 199 other permutations
    np.testing.assert_allclose(found.result.null_low[1:], low, atol=1.2)


def test_mrqap_of_the_specification(versus):
    table = _dyads(300, 4)
    names = [f"x{i}" for i in range(4)]
    found = versus(
        lambda: ag.mrqap(
            table,
            outcome="y",
            covariates=names,
            inference=ag.Permutation(n=1999, seed=1),
        ),
        size="300 nodes x 4 x 1999 draws",
        rounds=1,
    )
    assert found.seconds < 60


@pytest.mark.parametrize("n", [50, 100, 300])
def test_gravity(versus, n):
    rng = np.random.default_rng(1)
    xy = rng.uniform(0, 300, (n, 2))
    a, b = np.nonzero(~np.eye(n, dtype=bool))
    km = np.maximum(np.hypot(*(xy[a] - xy[b]).T), 5)
    mass = rng.lognormal(0, 1, (2, n))
    names = np.array([f"n{i:04d}" for i in range(n)])
    table = pa.table(
        {
            "origin": names[a],
            "destination": names[b],
            "distance_km": km,
            "flow": rng.poisson(9 * mass[0][a] * mass[1][b] * km**-0.6).astype(float),
        }
    )

    def twin() -> float:
        """Newton's steps with a dummy for every place."""
        y, x = table["flow"].to_numpy(), np.log(km)
        dummies = np.zeros((a.size, 2 * n))
        dummies[np.arange(a.size), a] = 1.0
        dummies[np.arange(a.size), n + b] = 1.0
        design = np.column_stack([x, dummies])
        mu = (y + y.mean()) / 2
        for _ in range(12):
            working = np.log(mu) + (y - mu) / mu
            root = np.sqrt(mu)[:, None]
            beta = np.linalg.lstsq(design * root, working * root[:, 0], rcond=None)[0]
            mu = np.exp(design @ beta)
        return float(beta[0])

    found = versus(
        lambda: ag.gravity_ppml(table),
        twin=twin if n <= 100 else None,
        size=f"{n} places, {a.size} pairs",
        rounds=1,
        twin_rounds=1,
    )
    assert abs(found.result.values[0] + 0.6) < 5 * found.result.se[0]
    if n <= 100:
        assert found.twin_result == pytest.approx(found.result.values[0], abs=1e-6)


def test_bootstrap_of_a_million_events(versus):
    table = _ties((95, 1_000_000))
    start = time.perf_counter()
    found = versus(
        lambda: ag.core_count_bootstrap(table, inference=ag.Bootstrap(n=500, seed=1)),
        size="95 nodes, 1,000,000 events, 500 resamples",
        rounds=1,
    )
    assert found.result.n_events == 1_000_000
    assert time.perf_counter() - start < 600
