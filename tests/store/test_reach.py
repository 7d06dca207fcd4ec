"""Routes of large tables: near the cell or in its component, the answer is the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

from agglo.store.disclosure import (
    DisclosurePolicy,
    _reach,
    audit_disclosure,
    cells_from_records,
    suppress_cells,
)
from agglo.store.disclosure._reach import Reach
from agglo.store.disclosure._routes import Router
from agglo.store.disclosure.audit import Scene

COUNT = DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None)


def plants(seed: int, *, n: int = 260, whole: bool = False):
    rng = np.random.default_rng(seed)
    rows = pa.table(
        {
            "region": [f"R{k:02d}" for k in rng.integers(0, 12, n)],
            "industry": [f"I{k}" for k in rng.integers(0, 8, n)],
            "jobs": np.ceil(rng.lognormal(1, 1, n)),
        }
    )
    above = {"region": {f"R{k:02d}": f"N{k // 4}" for k in range(12)}}
    return cells_from_records(
        rows, dimensions=("region", "industry"), value="jobs",
        hierarchies=above, whole=whole,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_a_route_exists_near_or_far_just_when_the_whole_program_has_one(
    seed, monkeypatch
):
    monkeypatch.setattr(_reach, "_SMALL", 0)
    scene = Scene.of(plants(seed), COUNT)
    rng = np.random.default_rng(seed)
    movable = np.flatnonzero(
        scene.unsafe | ((rng.random(scene.unsafe.size) < 0.1) & (scene.down > 0))
    )
    rows = sparse.csr_array(sparse.csc_array(scene.matrix)[:, movable])
    rows = sparse.csr_array(rows[np.flatnonzero(np.diff(rows.indptr))])
    parts = (rows, scene.down[movable], scene.up[movable], np.ones(movable.size))
    reach, router = Reach(*parts), Router(*parts)
    held = np.sort(rng.choice(movable.size, 5, replace=False))
    fall = np.array([0.0, 0.0, 1.0, 2.0, 5.0])
    answers = []
    for cell in range(movable.size):
        for amount in (1.0, -1.0, 7.0):
            for known in ({}, {"held": held, "fall": fall}):
                near = reach.route(cell, amount, **known)
                far = router.route(cell, amount, **known)
                assert (near is None) == (far is None), (cell, amount)
                answers.append(near is None)
                if near is None:
                    continue
                move = np.zeros(movable.size)
                move[near.cells] = near.deviation
                assert move[cell] == pytest.approx(amount)
                assert np.abs(rows @ move).max() < 1e-6
                assert (move >= -scene.down[movable] - 1e-6).all()
    assert 0 < np.mean(answers) < 1


@pytest.mark.parametrize("seed", range(4))
def test_what_is_hidden_near_by_passes_the_audit_of_the_whole(seed, monkeypatch):
    cells = plants(seed)
    monkeypatch.setattr(_reach, "_SMALL", 0)
    near = suppress_cells(cells)
    alone = audit_disclosure(cells, near.status == 1).safe
    monkeypatch.setattr(_reach, "_SMALL", 20_000)
    assert audit_disclosure(cells, near.hidden).safe
    assert audit_disclosure(cells, near.status == 1).safe == alone


def test_prices_set_later_count_in_programs_that_stand(monkeypatch):
    """A component's program that is there already takes new prices too."""
    monkeypatch.setattr(_reach, "_SMALL", 10**9)
    # one relation: cell 0 can be answered by 1 or by 2
    matrix = sparse.csr_array(np.array([[1.0, 1.0, 1.0]]))
    reach = Reach(matrix, np.full(3, 9.0), np.full(3, 9.0), np.array([1.0, 2.0, 3.0]))
    assert reach.route(0, 4.0).cells.tolist() == [0, 1]
    reach.make_cheap(np.array([2]), 0.001)
    assert reach.route(0, 4.0).cells.tolist() == [0, 2]


def test_an_attacker_who_knows_whole_numbers_is_answered_in_whole_numbers():
    """Three cells that can only move by halves: safe for real numbers, not for counts."""
    # x - y - z = 0 and y - z = 0, with x to move by 1: y = z = 1/2
    matrix = sparse.csr_array(np.array([[1.0, -1.0, -1.0], [0.0, 1.0, -1.0]]))
    parts = (matrix, np.full(3, 9.0), np.full(3, 9.0), np.ones(3))
    assert Router(*parts).route(0, 1.0) is not None
    counts = Router(*parts, whole=True)
    assert counts.route(0, 1.0) is None
    even = counts.route(0, 2.0)
    assert even is not None
    assert even.deviation.tolist() == [2.0, 1.0, 1.0]
    # and the program is as it was
    assert counts.route(1, 1.0).deviation.tolist() == [2.0, 1.0, 1.0]
