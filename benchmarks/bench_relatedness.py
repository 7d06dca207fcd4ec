"""Presence, proximity, density and complexity beside the script of a first reading.

The twin forms the P x P matrix of averages and takes all its eigenvectors with the
non-symmetric solver, as the published packages do. These packages themselves run in another
interpreter where `AGGLO_PEERS_PYTHON` names one, else in this one; absent, they are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    Convention,
    complexity,
    cooccurrence_relatedness,
    em_clusters,
    presence,
    proximity,
    relatedness_density,
)

SIZES = [(300, 100), (1000, 300), (3110, 961)]
size = pytest.mark.parametrize("shape", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
# the sign is not what is timed: this anchor never doubts
RULES = Convention(sign="reference")


def _jobs(shape: tuple[int, int], seed: int = 7) -> RegionActivity:
    """Nested with noise: able regions have more of everything, and what is rare too."""
    rng = np.random.default_rng(seed)
    ability = np.linspace(-2, 2, shape[0])[:, None]
    demand = np.linspace(-2, 2, shape[1])
    chance = 1 / (1 + np.exp(-2 * (ability - demand) + rng.normal(0, 1, shape)))
    return RegionActivity.from_arrays(
        (rng.random(shape) < chance) * rng.lognormal(0, 1, shape)
    )


def _whole(jobs: RegionActivity) -> dict[str, np.ndarray]:
    held = presence(jobs)
    near = proximity(held)
    index = complexity(
        held,
        convention=RULES,
        reference={str(r): k for k, r in enumerate(jobs.region)},
    )
    return {
        "phi": near.values,
        "density": relatedness_density(held, proximity=near).values,
        "eci": index.eci,
        "pci": index.pci,
    }


def _first_script(jobs: RegionActivity) -> dict[str, np.ndarray]:
    x = jobs.values
    share = x / x.sum(axis=1, keepdims=True)
    m = (share / (x.sum(axis=0) / x.sum()) >= 1).astype(int)
    k_r, k_p = m.sum(axis=1), m.sum(axis=0)
    phi = (m.T @ m) / np.maximum.outer(k_p, k_p)
    density = (m @ phi) / phi.sum(axis=0)
    averages = (m / k_r[:, None]).T @ m / k_p[:, None].T
    values, vectors = np.linalg.eig(averages.T)
    second = vectors[:, np.argsort(-values.real)[1]].real
    eci = (m @ second) / k_r
    sign = np.sign(np.corrcoef(np.arange(eci.size), eci)[0, 1])
    mean, sd = eci.mean(), eci.std()
    return {
        "phi": phi,
        "density": density,
        "eci": sign * (eci - mean) / sd,
        "pci": sign * (second - mean) / sd,
    }


@size
def test_presence_to_complexity(versus, shape):
    jobs = _jobs(shape)
    found = versus(
        lambda: _whole(jobs),
        twin=lambda: _first_script(jobs),
        size=f"{shape[0]} x {shape[1]}",
        rounds=3,
        twin_rounds=1,
    )
    for name, values in found.result.items():
        np.testing.assert_allclose(values, found.twin_result[name], atol=1e-8)
    if shape == SIZES[-1]:
        assert found.ratio > 3
        assert found.memory.added < 1000


@pytest.mark.parametrize("package", ["ecomplexity", "econcomplex"])
def test_presence_to_complexity_beside_a_package(versus, benchmark, tmp_path, package):
    jobs = _jobs(SIZES[-1])
    table, answer = tmp_path / "table.npy", tmp_path / "answer.json"
    np.save(table, jobs.values)
    python = os.environ.get("AGGLO_PEERS_PYTHON", sys.executable)
    script = Path(__file__).with_name("peers_relatedness.py")
    done = subprocess.run([python, script, package, table, answer], check=False)
    if done.returncode == 3:
        pytest.skip(f"{package} is not installed")
    peer = json.loads(answer.read_text())
    found = versus(
        lambda: _whole(jobs), size=f"3110 x 961, {package} {peer['version']}", rounds=3
    )
    ratio = peer["seconds"] / found.seconds
    began = time.process_time()
    _whole(jobs)
    own = time.process_time() - began
    benchmark.extra_info.update(twin_seconds=peer["seconds"], ratio=ratio)
    print(
        f"{package} {peer['version']}: {peer['seconds']:.2f} s, peak "
        f"{peer['peak_mb']:.0f} MB; agglo {found.seconds:.3f} s: {ratio:.1f} x; "
        f"processor {peer['processor_seconds']:.2f} s and {own:.3f} s"
    )
    known = np.isfinite(peer["eci"])
    eci = np.asarray(peer["eci"])[known]
    other = found.result["eci"][known]
    assert abs(np.corrcoef(eci, other)[0, 1]) == pytest.approx(1.0, abs=1e-9)
    assert ratio > 5


def test_presence_to_complexity_of_ten_thousand_regions(versus):
    # no published package finishes this one, so there is no twin
    jobs = _jobs((10_000, 5_000))
    found = versus(lambda: _whole(jobs), size="10000 x 5000", rounds=1)
    assert found.memory.peak < 4096
    assert np.isfinite(found.result["eci"]).all()


def test_mixtures_of_industries(versus):
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(31), 31)
    where = rng.lognormal(0, 1, (31, 400))
    jobs = RegionActivity.from_arrays(rng.poisson(20 * where[group]).T.astype(float))
    found = versus(
        lambda: em_clusters(
            jobs,
            method="gaussian",
            k_range=(2, 60),
            n_init=20,
            n_boot=0,
            seed=1,
        ),
        size="961 industries, K = 2..60, 20 starts",
        rounds=1,
    )
    assert found.result.label.size == 961


def _pairs_by_unit(rows: list[list[int]], n: int) -> np.ndarray:
    counts = np.zeros((n, n))
    for items in rows:
        for i in items:
            for j in items:
                if i != j:
                    counts[i, j] += 1
    return counts


def test_cooccurrence_of_patents(versus):
    import pyarrow as pa

    rng = np.random.default_rng(7)
    unit = np.repeat(np.arange(100_000), rng.integers(1, 6, 100_000))
    item = np.minimum(rng.geometric(0.01, unit.size), 600) - 1
    table = pa.table(
        {"patent": unit.astype(str), "class": np.char.zfill(item.astype(str), 3)}
    )
    starts = np.flatnonzero(np.diff(unit)) + 1
    rows = [sorted(set(r.tolist())) for r in np.split(item, starts)]
    found = versus(
        lambda: cooccurrence_relatedness(
            table, unit="patent", activity="class", method="count"
        ),
        twin=lambda: _pairs_by_unit(rows, 600),
        size=f"{unit.size:,} rows, 600 classes",
        rounds=2,
        twin_rounds=1,
    )
    kept = found.result.label.astype(int)
    np.testing.assert_array_equal(
        found.result.values, found.twin_result[np.ix_(kept, kept)]
    )
