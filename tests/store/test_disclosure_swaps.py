"""Proofs without a program hold in every sum: groups, three dimensions, earlier groupings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from agglo.store.disclosure import (
    DISCLOSURE_POLICIES,
    DisclosurePolicy,
    cells_from_records,
    cells_from_totals,
    suppress_cells,
)
from agglo.store.disclosure._swaps import PROVEN, Flows, swap_proofs
from agglo.store.disclosure.audit import Scene, find_breaches
from tests.store.test_disclosure_pairs import PAIRS, breaks, least_breaches

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

FEW = DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None)
KINDS = ("nested", "three", "sums")


def drawn(kind: str, seed: int, policy=FEW, n: int = 60):
    """A table, further sums of it if any, and a pattern that nobody has checked."""
    rng = np.random.default_rng(seed)
    data = {
        "region": [f"R{k}" for k in rng.integers(6, size=n)],
        "industry": [f"I{k}" for k in rng.integers(6, size=n)],
        "jobs": np.ceil(rng.lognormal(1.0, 1.0, n)),
        "firm": [f"F{k}" for k in rng.integers(20, size=n)],
    }
    dimensions, above = ("region", "industry"), {}
    if kind == "three":
        data["size"] = [f"S{k}" for k in rng.integers(3, size=n)]
        dimensions = (*dimensions, "size")
    else:
        above = {
            name: {f"{name[0].upper()}{k}": f"{name[0]}{k // 2}" for k in range(6)}
            for name in dimensions
        }
    cells = cells_from_records(
        pa.table(data), dimensions=dimensions, value="jobs", holding="firm",
        hierarchies=above or None,
    )  # fmt: skip
    more = None
    if kind == "sums":
        size = cells.total.size
        more = sparse.csr_array((rng.random((4, size)) < 0.1).astype(float))
    scene = Scene.of(cells, policy, more)
    # many cells above others are hidden, and not all below them
    inner = np.zeros(cells.total.size, bool)
    for nodes, d in zip(cells.grid, cells.dimensions, strict=True):
        inner |= np.isin(nodes, d.inner)
    draw = rng.random(cells.total.size)
    hidden = (draw < np.where(inner, 0.9, 0.6)) & (cells.total > 0)
    return scene.without(~hidden), hidden


def test_a_group_whose_parts_are_published_is_no_corner() -> None:
    """Four hidden groups in a rectangle, and all their members in print."""
    rows = [(f"R{r}", i, 10.0, 1) for r in range(1, 7) for i in "abc"]
    names = ("region", "industry", "jobs", "plants")
    data = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    cells = cells_from_totals(
        data, dimensions=("region", "industry"), value="jobs", contributors="plants",
        hierarchies={"region": {f"R{r}": f"G{(r + 1) // 2}" for r in range(1, 7)}},
    )  # fmt: skip
    one, two = (d.place for d in cells.dimensions)
    hidden = np.zeros(cells.shape, bool)
    hidden[np.ix_([one["G1"], one["G2"]], [two["a"], two["b"]])] = True
    scene = Scene.of(cells, FEW).without(~hidden.ravel())
    told, _ = find_breaches(scene, hidden.ravel())
    assert {b.cell for b in told} == set(np.flatnonzero(hidden).tolist())
    # with one member of each hidden too an outsider sees them move
    hidden[np.ix_([one["R1"], one["R3"]], [two["a"], two["b"]])] = True
    scene = Scene.of(cells, FEW).without(~hidden.ravel())
    assert not any(not b.members for b in find_breaches(scene, hidden.ravel())[0])


@pytest.mark.parametrize("kind", KINDS)
def test_the_outsider_breaks_just_what_a_program_of_its_own_says(kind: str) -> None:
    safe = broken = 0
    for seed in range(8):
        scene, hidden = drawn(kind, seed)
        told = {
            (b.cell, b.direction)
            for b in find_breaches(scene, hidden)[0]
            if not b.members
        }
        for cell in np.flatnonzero(scene.unsafe).tolist():
            for direction, level in ((1, scene.upper), (-1, scene.lower)):
                amount = direction * float(level[cell])
                open_ = breaks(scene, hidden, cell, amount, set())
                assert ((cell, direction) in told) == open_, (seed, cell, direction)
                broken, safe = broken + open_, safe + (not open_)
    assert min(safe, broken) > 20


@pytest.mark.parametrize("seed", range(3))
def test_contributors_of_nested_tables_break_just_what_they_break_one_by_one(
    seed: int,
) -> None:
    scene, hidden = drawn("nested", seed, PAIRS, n=12)
    told, _ = find_breaches(scene, hidden)
    named = {(b.cell, b.direction, b.members) for b in told}
    assert named == least_breaches(scene, hidden, 2)


def test_swaps_and_flows_keep_every_sum() -> None:
    swaps = ways = 0
    for seed in range(6):
        scene, hidden = drawn("nested", seed)
        cells = scene.cells
        flows = Flows(cells, hidden, scene.down, scene.up)
        asked = np.flatnonzero(scene.unsafe)
        for up in (True, False):
            level = (scene.upper if up else scene.lower)[asked]
            state, _ = swap_proofs(
                cells, asked, level, up=up, movable=hidden, down=scene.down,
                fall=np.full(hidden.size, np.inf),
            )  # fmt: skip
            for cell, size, proof in zip(asked.tolist(), level, state, strict=True):
                amount = float(size) if up else -float(size)
                if proof == PROVEN:
                    assert not breaks(scene, hidden, cell, amount, set())
                    swaps += 1
                flow = flows.around(cell, amount, asked[:0], level[:0])
                if flow is not None:
                    moved = np.zeros(hidden.size)
                    moved[flow[0]] = flow[1]
                    assert moved[cell] == amount
                    assert not moved[~hidden].any()
                    assert (moved >= -scene.down).all()
                    assert np.abs(scene.matrix @ moved).max() < 1e-9
                    ways += 1
    assert swaps > 40
    assert ways > 10


def test_a_round_of_repair_asks_again_only_what_was_broken() -> None:
    """The pattern is that of audits from the start, and it passes one."""
    for seed in range(4):
        scene, _ = drawn("nested", seed, DISCLOSURE_POLICIES["p10"], n=200)
        found = suppress_cells(scene.cells)
        whole = Scene.of(scene.cells, found.policy)
        assert find_breaches(whole, found.hidden)[0] == []
