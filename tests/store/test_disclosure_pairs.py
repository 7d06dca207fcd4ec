"""Pairs of contributors: the audit against an attacker who asks every question afresh."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from agglo.store.disclosure import (
    DISCLOSURE_POLICIES,
    CellTable,
    audit_disclosure,
    cells_from_records,
    suppress_cells,
)
from agglo.store.disclosure.audit import Scene, find_breaches

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

PAIRS = replace(DISCLOSURE_POLICIES["p10"], coalition=2)


def holdings(
    seed: int, *, n: int, shape: tuple[int, int], n_firms: int, groups: int = 0
) -> CellTable:
    rng = np.random.default_rng(seed)
    regions = rng.integers(shape[0], size=n)
    above = {f"R{r}": f"G{r % groups}" for r in set(regions.tolist()) if groups}
    return cells_from_records(
        pa.table(
            {
                "region": [f"R{r}" for r in regions],
                "industry": [f"I{i}" for i in rng.integers(shape[1], size=n)],
                "jobs": np.ceil(rng.lognormal(1.0, 1.2, n)),
                "firm": [f"F{f}" for f in rng.integers(n_firms, size=n)],
            }
        ),
        dimensions=("region", "industry"),
        value="jobs",
        holding="firm",
        hierarchies={"region": above} if groups else None,
    )


def parts_of(cells: CellTable, at: int) -> dict[int, float]:
    """Who knows a part of a cell: the two largest there."""
    who = (int(cells.first_holder[at]), int(cells.second_holder[at]))
    return {w: float(cells.largest[at, k]) for k, w in enumerate(who) if w >= 0}


def breaks(scene: Scene, hidden: np.ndarray, cell: int, amount: float, members) -> bool:
    """Say whether nothing else lets the cell move by the amount; one program, afresh."""
    moving = np.flatnonzero(hidden)
    bounds = []
    for at in moving.tolist():
        mine = {w: p for w, p in parts_of(scene.cells, at).items() if w in members}
        fall, rise = float(scene.down[at]), float(scene.up[at])
        if mine:
            fall = max(fall - sum(mine.values()), 0.0)
            if len(mine) >= scene.cells.contributors[at]:
                fall = 0.0
            rise = rise if fall > 0 else 0.0
        bounds.append((amount, amount) if at == cell else (-fall, rise))
    relations = scene.matrix.toarray()[:, moving]
    found = linprog(
        np.zeros(moving.size), A_eq=relations, b_eq=np.zeros(len(relations)),
        bounds=bounds, method="highs",
    )  # fmt: skip
    assert found.status in (0, 2)
    return found.status == 2


def least_breaches(scene: Scene, hidden: np.ndarray, size: int) -> set:
    """Ask for every attacker there is; whoever knows more than a breaker is left out."""
    people = {w for at in np.flatnonzero(hidden) for w in parts_of(scene.cells, at)}
    found = set()
    for cell in np.flatnonzero(scene.unsafe).tolist():
        others = sorted(people - {int(scene.cells.first_holder[cell])})
        for direction, level in ((1, scene.upper), (-1, scene.lower)):
            broken: list[set[int]] = []
            for n in range(size + 1):
                for members in map(set, combinations(others, n)):
                    if any(less <= members for less in broken):
                        continue
                    amount = direction * float(level[cell])
                    if breaks(scene, hidden, cell, amount, members):
                        broken.append(members)
                        found.add((cell, direction, tuple(sorted(members))))
    return found


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10_000), extra=st.floats(0.2, 0.9))
def test_pairs_break_just_what_they_break_one_by_one(seed: int, extra: float) -> None:
    cells = holdings(seed, n=11, shape=(3, 3), n_firms=6)
    scene = Scene.of(cells, PAIRS)
    draw = np.random.default_rng(seed).random(cells.total.size)
    hidden = scene.unsafe | ((draw < extra) & (cells.total > 0))
    told, _ = find_breaches(scene, hidden)
    named = {(b.cell, b.direction, b.members) for b in told}
    assert len(named) == len(told)
    assert named == least_breaches(scene, hidden, 2)


@pytest.mark.parametrize("groups", [0, 3])
def test_a_table_safe_from_pairs_is_safe_from_each_asked_alone(groups: int) -> None:
    cells = holdings(13, n=90, shape=(7, 5), n_firms=60, groups=groups)
    alone, pairs = suppress_cells(cells), suppress_cells(cells, policy=PAIRS)
    assert pairs.hidden.sum() > alone.hidden.sum()
    assert not audit_disclosure(cells, alone.hidden, policy=PAIRS).safe
    assert audit_disclosure(cells, pairs.hidden, policy=PAIRS).safe
    scene = Scene.of(cells, PAIRS)
    asked = np.flatnonzero(scene.unsafe)
    people = {w for at in np.flatnonzero(pairs.hidden) for w in parts_of(cells, at)}
    # every pair of a few cells, each with a program of its own
    for cell in asked[:: max(asked.size // 2, 1)][:2].tolist():
        near = {
            w for at in np.flatnonzero(pairs.hidden)
            if cells.grid[0][at] == cells.grid[0][cell]
            or cells.grid[1][at] == cells.grid[1][cell]
            for w in parts_of(cells, int(at))
        } & people - {int(cells.first_holder[cell])}  # fmt: skip
        for members in list(combinations(sorted(near), 2))[:60]:
            amount = float(scene.upper[cell])
            assert not breaks(scene, pairs.hidden, cell, amount, set(members))
