"""Every preset beside its package: numbers recorded by `make_peers.py`.

ecomplexity 0.5.3, econcomplex 1.0.1 and economic-complexity 0.3.0 ran on 14 regions and 18
activities. Known differences of the packages are said where they are: none is copied.
"""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    CONVENTIONS,
    complexity,
    complexity_outlook,
    fitness,
    income_content,
    presence,
    proximity,
    region_similarity,
    relatedness_density,
    relative_relatedness,
)

# 14 digits are printed of numbers near 1; the packages add up in another order
EXACT = {"rtol": 1e-10, "atol": 1e-11}


@cache
def recorded() -> dict[str, dict[str, np.ndarray]]:
    file = Path(__file__).parent / "peers.json"
    whole = json.loads(file.read_text(encoding="utf-8"))
    return {
        name: {
            k: np.array(v, dtype=float) if isinstance(v, list) else v
            for k, v in part.items()
            if k not in ("region", "activity")
        }
        for name, part in whole.items()
    }


def table() -> RegionActivity:
    return RegionActivity.from_arrays(recorded()["table"]["values"])


def own_phi() -> np.ndarray:
    return proximity(table()).values


def without_diagonal(phi: np.ndarray) -> np.ndarray:
    out = phi.copy()
    np.fill_diagonal(out, 1.0)
    return out


@pytest.mark.parametrize(
    ("peer", "version"),
    [
        ("ecomplexity", "0.5.3"),
        ("econcomplex", "1.0.1"),
        ("economic_complexity", "0.3.0"),
    ],
)
def test_presence_and_proximity(peer, version):
    said = recorded()[peer]
    assert said["version"] == version
    np.testing.assert_array_equal(presence(table()).values, said["presence"])
    # two packages leave the diagonal out
    np.testing.assert_allclose(own_phi(), without_diagonal(said["phi"]), **EXACT)


def test_atlas_is_ecomplexity():
    said = recorded()["ecomplexity"]
    near, index = relatedness_density(table()), complexity(table())
    np.testing.assert_allclose(near.values, said["density"], **EXACT)
    np.testing.assert_allclose(index.eci, said["eci"], **EXACT)
    np.testing.assert_allclose(index.pci, said["pci"], **EXACT)
    got = complexity_outlook(near, index)
    np.testing.assert_allclose(got.outlook, said["coi"], **EXACT)
    np.testing.assert_allclose(got.gain, said["cog"], **EXACT)


def test_datawheel_is_economic_complexity():
    said, rule = recorded()["economic_complexity"], CONVENTIONS["datawheel"]
    near = relatedness_density(table(), convention=rule)
    np.testing.assert_allclose(near.values, said["density"], **EXACT)
    index = complexity(table(), convention=rule)
    np.testing.assert_allclose(index.eci, said["eci"], **EXACT)
    np.testing.assert_allclose(index.pci, said["pci"], **EXACT)
    got = complexity_outlook(near, index)
    assert got.kind == "opportunity_gain"
    np.testing.assert_allclose(got.gain, said["gain"], **EXACT)
    relative = relative_relatedness(near)
    known = np.isfinite(said["relative"])
    np.testing.assert_allclose(relative.values[known], said["relative"][known], **EXACT)


def test_econcomplex_is_econcomplex():
    said, rule = recorded()["econcomplex"], CONVENTIONS["econcomplex"]
    near = relatedness_density(table(), convention=rule)
    np.testing.assert_allclose(near.values, said["density"], **EXACT)
    index = complexity(table(), convention=rule)
    np.testing.assert_allclose(index.eci, said["eci"], **EXACT)
    np.testing.assert_allclose(index.pci, said["pci"], **EXACT)
    got = complexity_outlook(near, index)
    np.testing.assert_allclose(got.outlook, said["coi"], **EXACT)
    np.testing.assert_allclose(got.gain, said["cog"], **EXACT)
    relative = relative_relatedness(near).values
    known = np.isfinite(said["relative"])
    np.testing.assert_allclose(relative[known], said["relative"][known], **EXACT)


def test_fitness_of_the_peer_uses_the_step_itself():
    """econcomplex forms quality from the fitness of the same step, we from the one before.

    After many steps the two are the same.
    """
    x = presence(table()).values
    f, q = np.ones(14), np.ones(18)
    for _ in range(19):
        f = x @ q
        f /= f.mean()
        q = 1.0 / (x.T @ (1.0 / f))
        q /= q.mean()
    said = recorded()["econcomplex"]
    np.testing.assert_allclose(f, said["fitness"], **EXACT)
    np.testing.assert_allclose(q, said["quality"], **EXACT)
    ours = fitness(table(), steps=20)
    assert np.abs(ours.fitness - said["fitness"]).max() > 0.01


def test_income_similarity_and_product_gini():
    said = recorded()["econcomplex"]
    x = table()
    income = {str(r): k + 1.0 for k, r in enumerate(x.region)}
    got = income_content(x, income=income)
    np.testing.assert_allclose(got.prody, said["prody"], **EXACT)
    np.testing.assert_allclose(got.expy, said["expy"], **EXACT)
    gini = income_content(x, income=income, among="present")
    np.testing.assert_allclose(gini.prody, said["gini"], **EXACT)
    for peer in ("econcomplex", "economic_complexity"):
        alike = without_diagonal(recorded()[peer]["similarity"])
        np.testing.assert_allclose(region_similarity(x).values, alike, **EXACT)


def test_econgeo_rounds_its_transitions():
    """No R here: the published recipe, written down once more with numpy alone."""
    rule = CONVENTIONS["econgeo"]
    m = presence(table()).values
    k_r, k_p = m.sum(axis=1), m.sum(axis=0)
    index = complexity(table(), convention=rule)
    for values, steps in (
        (index.eci, (m / k_r[:, None]) @ (m / k_p).T),
        (index.pci, (m / k_p).T @ (m / k_r[:, None])),
    ):
        sizes, vectors = np.linalg.eig(np.round(steps, 4))
        second = vectors[:, np.argsort(-np.abs(sizes))[1]].real
        np.testing.assert_allclose(values, second / second.sum(), rtol=1e-7)
    exact = complexity(
        table(), convention=dataclasses.replace(rule, transition_digits=None)
    )
    assert 1e-7 < np.abs(exact.eci / index.eci - 1).max() < 0.05
    near = relatedness_density(table(), convention=rule)
    assert near.scale == 100
    np.testing.assert_array_equal(near.values, near.values.round(2))
