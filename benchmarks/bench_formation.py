"""Three elements and life cycles beside the Python loops that one writes first."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.options import Permutation
from agglo.evaluation import (
    connection_test,
    cooperation_test,
    hidden_stages,
    life_cycle,
    proximity_test,
    three_element_test,
)

MEMBERS = 30
TARGET = 2000


def _economy(n: int) -> dict[str, pa.Table]:
    """Groups of 30 firms with 12 industries and about four ties each, all at random."""
    rng = np.random.default_rng(7)
    sites = max(20 * n, 5000)
    x, y = rng.uniform(0, 1000, (2, sites))
    at = np.concatenate([rng.choice(sites, MEMBERS, replace=False) for _ in range(n)])
    cluster = [f"c{k:04d}" for k in range(n)]
    k = 300
    a, b = np.triu_indices(k, 1)
    ends = rng.integers(0, n * MEMBERS, (2, 2 * n * MEMBERS)).astype(str)
    held = np.concatenate([rng.choice(k, 12, replace=False) for _ in range(n)])
    return {
        "members": pa.table(
            {
                "cluster": np.repeat(cluster, MEMBERS).tolist(),
                "member": np.arange(n * MEMBERS).astype(str).tolist(),
                "x_km": x[at],
                "y_km": y[at],
            }
        ),
        "sites": pa.table({"x_km": x, "y_km": y}),
        "industries": pa.table(
            {
                "cluster": np.repeat(cluster, 12).tolist(),
                "industry": [f"i{v:03d}" for v in held],
            }
        ),
        "pairs": pa.table(
            {
                "origin": [f"i{v:03d}" for v in a],
                "destination": [f"i{v:03d}" for v in b],
                "value": rng.random(a.size),
            }
        ),
        "ties": pa.table({"origin": ends[0].tolist(), "destination": ends[1].tolist()}),
    }


def _gate(made: dict[str, pa.Table], how: Permutation) -> object:
    near = proximity_test(made["members"], made["sites"], inference=how)
    related = connection_test(made["industries"], made["pairs"], inference=how)
    tied = cooperation_test(
        made["ties"], made["members"].select(["cluster", "member"]), inference=how
    )
    return three_element_test(near, related, tied)


def _naive_proximity(made: dict[str, pa.Table], draws: int) -> list[float]:
    """Draw sites with numpy and average all distances, cluster by cluster."""
    rng = np.random.default_rng(1)
    sites = np.column_stack([made["sites"][c].to_numpy() for c in ("x_km", "y_km")])
    points = np.column_stack([made["members"][c].to_numpy() for c in ("x_km", "y_km")])
    out = []
    for c in range(points.shape[0] // MEMBERS):
        own = points[c * MEMBERS : (c + 1) * MEMBERS]
        less = sum(
            _mean(sites[rng.choice(len(sites), MEMBERS, replace=False)]) <= _mean(own)
            for _ in range(draws)
        )
        out.append((1 + less) / (1 + draws))
    return out


def _mean(xy: np.ndarray) -> float:
    d = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    return float(d[np.triu_indices(len(xy), 1)].mean())


@pytest.mark.parametrize("n", [10, 50])
def test_proximity(versus, n):
    made = _economy(n)
    how = Permutation(n=199, seed=7)
    versus(
        lambda: proximity_test(made["members"], made["sites"], inference=how),
        twin=lambda: _naive_proximity(made, 199),
        size=f"{n} clusters x 199",
        rounds=3,
        twin_rounds=1,
    )


def test_three_elements_of_all_clusters(benchmark):
    made = _economy(TARGET)
    how = Permutation(n=999, seed=7)
    benchmark.extra_info["size"] = f"{TARGET} clusters x 999"
    benchmark.pedantic(lambda: _gate(made, how), rounds=1, iterations=1)


def test_life_cycle_and_hidden_states(benchmark):
    rng = np.random.default_rng(3)
    jobs = rng.lognormal(6, 1, (2000, 4, 1)) * np.exp(
        np.cumsum(rng.normal(0, 0.03, (2000, 4, 13)), axis=2)
    )
    u, i, t = (v.ravel() for v in np.indices(jobs.shape))
    table = pa.table(
        {
            "region": [f"r{v // 10:03d}" for v in u],
            "group": [f"g{v % 10}" for v in u],
            "industry": [f"i{v}" for v in i],
            "period": (2010 + t).astype(str).tolist(),
            "employment": jobs.ravel(),
        }
    )
    benchmark.extra_info["size"] = "2000 clusters x 13"
    benchmark.pedantic(
        lambda: hidden_stages(life_cycle(table), n_init=4), rounds=1, iterations=1
    )
