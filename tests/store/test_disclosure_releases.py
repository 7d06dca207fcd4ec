"""Attackers who kept earlier releases, know values beforehand, or work in pairs."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

from agglo.store.disclosure import (
    DisclosurePolicy,
    EarlierRelease,
    audit_disclosure,
    cells_from_records,
    suppress_cells,
)
from agglo.store.disclosure.audit import Scene, find_breaches, router_over

COUNT = DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None)
PAIRS = DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None, coalition=2)


def table(rows, **options):
    region, industry, jobs = zip(*rows, strict=True)
    data = pa.table(
        {"region": region, "industry": industry, "jobs": np.array(jobs, float)}
    )
    return cells_from_records(
        data, dimensions=("region", "industry"), value="jobs", **options
    )


def at(cells, region, industry):
    one, two = cells.dimensions
    return one.place[region] * two.size + two.place[industry]


def many(regions="ABCD", industries="xyzw", *, few=()):
    rows = [(r, i, 5.0) for r in regions for i in industries for _ in range(4)]
    return [row for row in rows if row[:2] not in few] + [(*c, 5.0) for c in few]


# Earlier releases -------------------------------------------------------------------


def test_a_cell_that_is_out_is_no_companion():
    cells = table(many(few=[("A", "x")]))
    alone = suppress_cells(cells, policy=COUNT)
    companions = np.flatnonzero(alone.status == 2)
    values = np.full(cells.total.size, np.nan)
    values[companions[0]] = cells.total[companions[0]]
    first = EarlierRelease(
        release="2024", measure="jobs", dimensions=cells.dimensions, values=values
    )
    assert not audit_disclosure(
        cells, alone.hidden, policy=COUNT, releases=[first]
    ).safe
    second = suppress_cells(cells, policy=COUNT, releases=[first])
    assert not second.hidden[companions[0]]
    assert second.linked == {"releases": ["2024"], "known": 1, "sums": 0, "revised": 0}
    assert audit_disclosure(cells, second.hidden, policy=COUNT, releases=[first]).safe


def test_other_groups_of_the_same_regions_give_a_cell_away():
    """Differencing: regions A, B in one group first, A, B, C in another one later."""
    rows = many(few=[("C", "x")])
    first = table(
        rows, hierarchies={"region": {"A": "N", "B": "N", "C": "M", "D": "M"}}
    )
    then = table(rows, hierarchies={"region": {"A": "P", "B": "P", "C": "P", "D": "Q"}})
    released = suppress_cells(first, policy=COUNT).published("first")
    blind = suppress_cells(then, policy=COUNT)
    told = audit_disclosure(then, blind.hidden, policy=COUNT, releases=[released])
    careful = suppress_cells(then, policy=COUNT, releases=[released])
    assert careful.linked["sums"] > 0
    assert audit_disclosure(
        then, careful.hidden, policy=COUNT, releases=[released]
    ).safe
    # M,x was hidden with C,x first; P,x - N,x would be C,x
    assert careful.hidden[at(then, "P", "x")]
    assert not told.safe or blind.hidden[at(then, "P", "x")]


def test_a_finer_release_after_a_coarser_one_is_checked_with_it():
    """Nested classification: two digits are out, four digits follow."""
    digits = {"x": "1", "y": "1", "z": "2", "w": "2"}
    rows = many(few=[("A", "x")])
    coarse = table([(r, digits[i], v) for r, i, v in rows])
    released = suppress_cells(coarse, policy=COUNT).published("two digits")
    assert np.isfinite(released.values).all()
    fine = table(rows, hierarchies={"industry": digits})
    careful = suppress_cells(fine, policy=COUNT, releases=[released])
    # A,1 = A,x + A,y is out: A,y has to hide with it, nothing else will do
    assert careful.linked["known"] > 0
    assert not careful.hidden[at(fine, "A", "1")]
    assert careful.hidden[at(fine, "A", "y")]
    assert not audit_disclosure(
        fine, suppressed_but(careful.hidden, at(fine, "A", "y")), policy=COUNT,
        releases=[released],
    ).safe  # fmt: skip


def suppressed_but(hidden, cell):
    mask = hidden.copy()
    mask[cell] = False
    return mask


def test_an_unsafe_cell_that_is_out_stops_the_release():
    before = table(many())
    now = table(many(few=[("A", "x")]))
    values = before.total.copy()
    values[at(before, "A", "x")] = now.total[at(now, "A", "x")]
    out = EarlierRelease(
        release="old", measure="jobs", dimensions=before.dimensions, values=values
    )
    with pytest.raises(NotIdentifiedError, match="public already"):
        suppress_cells(now, policy=COUNT, releases=[out])


def test_revised_values_are_no_equations_and_are_counted():
    cells = table(many(few=[("A", "x")]))
    first = suppress_cells(cells, policy=COUNT).published("old")
    revised = EarlierRelease(
        release="old", measure="jobs", dimensions=cells.dimensions,
        values=first.values + 1.0,
    )  # fmt: skip
    found = suppress_cells(cells, policy=COUNT, releases=[revised])
    assert found.linked["known"] == 0
    assert found.linked["revised"] == np.isfinite(first.values).sum()
    other = EarlierRelease(
        release="x", measure="pay", dimensions=cells.dimensions, values=first.values
    )
    assert (
        suppress_cells(cells, policy=COUNT, releases=[other]).linked["releases"] == []
    )


def test_the_same_table_again_gives_the_same_pattern():
    cells = table(many(few=[("A", "x"), ("B", "y")]))
    first = suppress_cells(cells, policy=COUNT)
    again = suppress_cells(cells, policy=COUNT, releases=[first.published("1")])
    assert (again.hidden == first.hidden).all()


def test_values_of_another_length_are_refused():
    cells = table(many())
    with pytest.raises(AlignmentError, match="wrong_length"):
        EarlierRelease(
            release="x", measure="jobs", dimensions=cells.dimensions, values=np.zeros(3)
        )


def test_waived_cells_are_published():
    cells = table(many(few=[("A", "x")]))
    found = suppress_cells(
        cells, policy=COUNT, waived=[{"region": "A", "industry": "x"}]
    )
    assert not found.hidden.any()


# Pairs -------------------------------------------------------------------------------


def test_two_of_three_lone_contributors_know_the_third():
    rows = [("A", i, 9.0) for i in "xyz"]
    rows += [(r, i, 9.0) for r in "BCD" for i in "xyzw" for _ in range(5)]
    rows += [("A", "w", 9.0)] * 5
    cells = table(rows)
    hidden = np.zeros(cells.total.size, bool)
    for region, industry in product("AB", "xyz"):
        hidden[at(cells, region, industry)] = True
    assert audit_disclosure(cells, hidden, policy=COUNT).safe
    told = audit_disclosure(cells, hidden, policy=PAIRS)
    assert not told.safe
    assert all("two contributors together" in b for b in told.breaches)
    safe = suppress_cells(cells, policy=PAIRS)
    assert audit_disclosure(cells, safe.hidden, policy=PAIRS).safe
    assert safe.certificate()["coalition"] == 2
    assert safe.audit.n_unsafe == 3


@pytest.mark.parametrize("seed", range(6))
def test_the_lazy_audit_of_pairs_finds_what_asking_every_pair_finds(seed):
    rng = np.random.default_rng(seed)
    data = pa.table(
        {
            "region": [f"R{k}" for k in rng.integers(0, 4, 60)],
            "industry": [f"I{k}" for k in rng.integers(0, 4, 60)],
            "jobs": np.ceil(rng.lognormal(1, 1, 60)),
            "firm": [f"F{k}" for k in rng.integers(0, 25, 60)],
        }
    )
    cells = cells_from_records(
        data, dimensions=("region", "industry"), value="jobs", holding="firm"
    )
    scene = Scene.of(cells, PAIRS)
    hidden = scene.unsafe | ((rng.random(cells.total.size) < 0.3) & (cells.total > 0))
    lazy = {(b.cell, b.direction) for b in find_breaches(scene, hidden)[0]}
    from agglo.store.disclosure.audit import knowledge_of

    knowledge = knowledge_of(scene, hidden)
    router, place = router_over(scene, hidden, np.ones(hidden.size))
    every = set()
    for cell in np.flatnonzero(scene.unsafe).tolist():
        who = [h for h in knowledge.holders.tolist() if h != cells.first_holder[cell]]
        for direction, level in ((1, scene.upper), (-1, scene.lower)):
            for members in [(), *combinations(who, 1), *combinations(who, 2)]:
                attacker = knowledge.attacker(members)
                route = router.route(
                    int(place[cell]), direction * float(level[cell]),
                    held=place[attacker.cells], fall=attacker.fall,
                )  # fmt: skip
                if route is None:
                    every.add((cell, direction))
                    break
    assert lazy == every
    assert every


# Prior knowledge ------------------------------------------------------------------------


def test_who_knows_values_beforehand_needs_more_companions():
    cells = table([*many(), ("A", "x", 200.0)])
    rules = {"minimum_count": None, "dominance": ((1, 85.0),), "p_percent": None}
    without = suppress_cells(cells, policy=DisclosurePolicy(**rules))
    with_prior = DisclosurePolicy(**rules, prior_ratio=0.5)
    assert not audit_disclosure(cells, without.hidden, policy=with_prior).safe
    found = suppress_cells(cells, policy=with_prior)
    assert found.hidden.sum() > without.hidden.sum()
    assert audit_disclosure(cells, found.hidden, policy=with_prior).safe


def test_impossible_attackers_are_refused():
    for options in ({"coalition": 3}, {"coalition": 0}, {"prior_ratio": 0.0}):
        with pytest.raises(OptionError):
            DisclosurePolicy(**options)
