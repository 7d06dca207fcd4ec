"""Releases remember: what is out is known to whoever reads the next one."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError, StoreError
from agglo.observatory.disclosure_policy import (
    POLICY_FILE,
    GatePolicy,
    read_gate_policy,
)
from agglo.observatory.ledger import Ledger
from agglo.observatory.ledger_entries import damaged_entries
from agglo.observatory.public.rules import LEAST
from agglo.observatory.public.told import Number, joined, numbers_of
from agglo.observatory.release import build_release, is_current, open_release
from agglo.runs import Project
from agglo.store.disclosure import (
    DisclosurePolicy,
    audit_disclosure,
    cells_from_records,
)
from tests.observatory.conftest import CANARIES

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

COUNT = GatePolicy(
    rules=DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None)
)


def table(few, **options):
    rows = [
        (r, i) for r in "ABCD" for i in "xyzw" for _ in range(1 if (r, i) in few else 4)
    ]
    region, industry = zip(*rows, strict=True)
    data = pa.table({"region": region, "industry": industry, "jobs": [5.0] * len(rows)})
    return cells_from_records(
        data, dimensions=("region", "industry"), value="jobs", **options
    )


def at(cells, region, industry):
    one, two = cells.dimensions
    return one.place[region] * two.size + two.place[industry]


def released(folder, name, cells, release, policy=COUNT):
    ledger = Ledger(folder, policy)
    found = ledger.suppress(name, cells)
    ledger.record(release)
    return found


def test_the_second_release_is_checked_with_the_first(tmp_path):
    """Differencing by other groups of regions, across two releases of one source."""
    first = table(
        [("C", "x")], hierarchies={"region": dict(zip("ABCD", "NNMM", strict=True))}
    )
    then = table(
        [("C", "x")], hierarchies={"region": dict(zip("ABCD", "PPPQ", strict=True))}
    )
    released(tmp_path, "jobs", first, "one")
    careful = released(tmp_path, "jobs", then, "two")
    said = careful.certificate(public=True)["earlier_releases"]
    assert said["releases"] == ["one"]
    assert said["sums"] > 0
    assert careful.hidden[at(then, "P", "x")]
    # a table of another name has no past
    assert released(tmp_path, "other", then, "two").linked == {}


def told(value):
    """One number of one outcome."""
    return {"ln_h": {Number("", "coefficients", "value", value)}}


def test_estimates_of_earlier_releases_stay_told(tmp_path):
    ledger = Ledger(tmp_path, COUNT)
    assert ledger.told("policy", told(0.5)) == {}
    ledger.tell("policy", told(0.5), told(0.5))
    ledger.record("one")
    # the very same is judged by what was out before it, and entered once
    again = Ledger(tmp_path, COUNT)
    assert again.told("policy", told(0.5)) == {}
    again.tell("policy", told(0.5), told(0.5))
    again.record("one")
    assert len(list(tmp_path.glob("*.json"))) == 1
    # another specification is another equation; other studies have their own
    assert again.told("policy", told(0.7)) == told(0.5)
    assert again.told("networks", told(0.7)) == {}
    other = Ledger(tmp_path, COUNT)
    other.tell("policy", told(0.7), told(0.7))
    other.record("two")
    both = joined([told(0.5), told(0.7)])
    last = Ledger(tmp_path, COUNT)
    assert last.told("policy", told(0.9)) == both
    assert last.told("policy", told(0.7)) == told(0.5)
    # what tells nothing leaves no entry
    last.tell("policy", told(0.9), {})
    last.record("three")
    assert len(list(tmp_path.glob("*.json"))) == 2
    values = next(tmp_path.glob("*-one.parquet"))
    values.write_bytes(values.read_bytes()[:-1] + b"?")
    assert damaged_entries(tmp_path) == [values.name]
    with pytest.raises(StoreError, match="damaged"):
        Ledger(tmp_path, COUNT).told("policy", told(0.9))


def test_equal_numbers_of_a_column_are_one_and_what_follows_is_none():
    rows = pa.table(
        {
            "outcome": ["a", "a", "b", "b"],
            "period": ["1", "2", "1", "2"],
            "value": [0.5, 0.5, 0.5, float("nan")],
            "p": [0.1, 0.2, 0.3, 0.4],
            "cells": [1, 2, 3, 4],
        }
    )
    of = rows["outcome"].to_pylist()
    found = numbers_of("moran", rows, of)
    assert {k: len(v) for k, v in found.items()} == {"a": 1, "b": 1}
    found = numbers_of("moran", rows, of, by_period=True)
    assert {k: len(v) for k, v in found.items()} == {"a": 2, "b": 1}


def test_the_same_table_by_the_same_rules_gives_the_same_pattern(tmp_path):
    cells = table([("A", "x"), ("B", "y")])
    first = released(tmp_path, "jobs", cells, "one")
    before = sorted(p.name for p in tmp_path.iterdir())
    again = released(tmp_path, "jobs", cells, "one")
    assert (first.status == again.status).all()
    assert again.linked == {}
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_stricter_rules_after_a_release_cannot_take_back_what_is_out(tmp_path):
    cells = table([])
    released(tmp_path, "jobs", cells, "one")
    strict = GatePolicy(
        rules=DisclosurePolicy(minimum_count=6, dominance=(), p_percent=None)
    )
    with pytest.raises(NotIdentifiedError, match="public already"):
        Ledger(tmp_path, strict).suppress("jobs", cells)


def test_a_year_between_two_releases_is_answered_as_a_revision(tmp_path):
    released(tmp_path, "jobs", table([("A", "x")]), "one")
    then = table([("A", "x"), ("B", "y")])
    found = released(tmp_path, "jobs", then, "two")
    assert found.linked["revised"] > 0
    assert audit_disclosure(then, found.hidden, policy=COUNT.rules).safe


def test_hidden_values_do_not_stand_in_the_ledger(tmp_path):
    cells = table([("A", "x")])
    found = released(tmp_path, "jobs", cells, "one")
    from agglo.store import read_table

    values = read_table(next(tmp_path.glob("*.parquet")))["value"].to_pylist()
    assert [v is None for v in values] == found.hidden.tolist()


def test_a_damaged_ledger_stops_a_release(tmp_path):
    released(tmp_path, "jobs", table([]), "one")
    next(tmp_path.glob("*.json")).write_text("[]")
    with pytest.raises(StoreError, match="damaged"):
        Ledger(tmp_path, COUNT).suppress("jobs", table([]))


# The policy file -----------------------------------------------------------------------


def test_without_a_file_the_preset_holds(tmp_path):
    found = read_gate_policy(tmp_path)
    assert found.rules == DisclosurePolicy()
    assert found.least == LEAST


def test_the_file_changes_a_preset_and_is_hashed(tmp_path):
    (tmp_path / POLICY_FILE).write_text(
        'version = "2026-1"\npreset = "n10"\nminimum_count = 5\ncoalition = 2\n'
        "dominance = [[1, 75]]\nleast = 12\n"
        '[[waived]]\ntable = "jobs"\nregion = "A"\nindustry = "x"\n'
    )
    found = read_gate_policy(tmp_path)
    assert found.rules.minimum_count == 5
    assert found.rules.dominance == ((1, 75.0),)
    assert found.rules.p_percent == 10.0
    assert (found.rules.coalition, found.least, found.version) == (2, 12, "2026-1")
    assert found.digest != read_gate_policy(tmp_path / "none").digest
    rules = GatePolicy(rules=COUNT.rules, waived=found.waived)
    cells = table([("A", "x")])
    assert not Ledger(tmp_path / "l", rules).suppress("jobs", cells).hidden.any()
    assert Ledger(tmp_path / "m", rules).suppress("pay", cells).hidden.any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("minimum = 3", "'minimum' is no rule"),
        ("preset = 'mine'", "p10"),
        ("dominance = [1, 85]", "pairs"),
        ("least = 1", "least"),
        ("[[waived]]\nregion = 'A'", "table"),
        ("x = ", "TOML"),
    ],
)
def test_a_file_that_cannot_be_read_releases_nothing(tmp_path, text, said):
    (tmp_path / POLICY_FILE).write_text(text)
    with pytest.raises(OptionError, match=said):
        read_gate_policy(tmp_path)


# Releases of a project --------------------------------------------------------------------


def test_a_public_release_enters_the_ledger_and_names_its_rules(project, public):
    entries = [
        json.loads(p.read_text("utf-8"))
        for p in sorted((project / "release" / "ledger").glob("*.json"))
    ]
    assert public.release.id in {e["release"] for e in entries}
    assert {e["table"] for e in entries} == {"concentration.released"}
    certificate = public.release.catalogue["certificate"]
    assert certificate["policy"] == read_gate_policy(project).digest
    assert certificate["tables"]["concentration"]["safe"] is True


def test_the_same_results_give_the_same_public_release(project, public):
    assert build_release(project, mode="public").id == public.release.id


def test_review_shows_what_public_shows_and_why_the_rest_is_hidden(project, public):
    entries = sorted((project / "release" / "ledger").iterdir())
    review = build_release(project, mode="review")
    assert review.catalogue["mode"] == "review"
    assert sorted((project / "release" / "ledger").iterdir()) == entries
    for name, entry in public.release.tables.items():
        if name.startswith("concentration."):
            assert review.tables[name]["digest"] == entry["digest"], name
    reasons = review.table("project.suppressed").to_pylist()
    assert {r["why"] for r in reasons} == {"primary", "secondary"}
    assert "project.suppressed" not in public.release
    said = review.catalogue["certificate"]["tables"]["concentration"]
    assert said["rules"]["p_percent"] == 10.0
    assert not any(str(value) in str(review.catalogue) for value in CANARIES)
    assert open_release(project, mode="review").id == review.id


def test_other_rules_make_a_release_stale(project, public, monkeypatch):
    opened = Project.open(project)
    assert is_current(opened, public.release)
    monkeypatch.setattr(
        "agglo.observatory.disclosure_policy.read_gate_policy",
        lambda _: GatePolicy(least=50),
    )
    assert not is_current(opened, public.release)
