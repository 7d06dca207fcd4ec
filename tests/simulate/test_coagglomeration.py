"""The generated plants and patents: who follows whom is seen, and only that."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.concentration import entrant_coagglomeration
from agglo.core.checks import check_table
from agglo.core.errors import OptionError
from agglo.core.schema import table_schema
from agglo.simulate import simulate_coagglomeration


def followed(made):
    return {tuple(k.split("->")) for k in made.planted("follows")}


def test_entrants_follow_and_are_seen_to():
    made = simulate_coagglomeration(seed=11)
    pairs = entrant_coagglomeration(
        made.establishments, at=[2001, 2002, 2003], rarefy=None
    ).combined(periods=True)
    true = followed(made)
    planted = np.array(
        [(m, a) in true for a, m in zip(pairs.anchor, pairs.mover, strict=True)]
    )
    assert planted.sum() == 80
    assert np.mean(pairs.q[planted] < 0.1) >= 0.6
    assert np.mean(pairs.q[~planted] < 0.1) <= 0.12


def test_nobody_follows_under_the_null():
    made = simulate_coagglomeration(seed=12, variant="null")
    assert not followed(made)
    pairs = entrant_coagglomeration(
        made.establishments, at=[2001, 2002, 2003], rarefy=None
    ).combined(periods=True)
    assert np.mean(pairs.p < 0.05) <= 0.1
    assert set(made.planted("elasticity").values()) == {0.0}


def test_links_belong_to_the_pairs_that_follow():
    made = simulate_coagglomeration(seed=13)
    flows = made.input_output.to_pylist()
    goods = {
        frozenset((r["seller"], r["buyer"])) for r in flows if r["seller"] != r["buyer"]
    }
    rows = [r for r in made.truth.to_pylist() if r["quantity"] == "follows"]
    io = {frozenset(r["item"].split("->")) for r in rows if r["label"] == "io"}
    other = {frozenset(r["item"].split("->")) for r in rows if r["label"] != "io"}
    assert goods == io
    assert not io & other


def people(made):
    """Moves per pair before and after the year after the first entrants."""
    rows = [r for r in made.links.to_pylist() if r["layer"] == "mobility"]
    true = {(m, a) for m, a in (k.split("->") for k in made.planted("follows"))}
    total = np.zeros((2, 2))
    for r in rows:
        pair = (r["origin_industry"], r["destination_industry"])
        total[int(pair in true), int(int(r["period"]) > 2001)] += r["weight"]
    return np.log(total[:, 1] / total[:, 0])


def test_people_go_where_their_industry_has_moved():
    other, followed = people(simulate_coagglomeration(seed=16))
    # 2 years before, 5 after; 1 in logs is planted
    assert other == pytest.approx(np.log(5 / 2), abs=0.05)
    assert followed - other == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    "name",
    ["establishments", "patents", "input_output", "industry_links", "links", "truth"],
)
def test_tables_keep_the_data_model(name):
    table = simulate_coagglomeration(seed=14).tables()[name]
    assert table_schema(name).name == name
    assert not check_table(table, name).problems


def test_seed_and_refusals():
    one, two = (simulate_coagglomeration(seed=15).tables() for _ in range(2))
    assert all(one[k].equals(two[k]) for k in one)
    with pytest.raises(OptionError, match="variant"):
        simulate_coagglomeration(variant="nul")
    with pytest.raises(OptionError, match="n_industries"):
        simulate_coagglomeration(n_industries=4)
    with pytest.raises(OptionError, match="follow"):
        simulate_coagglomeration(follow=1.5)
