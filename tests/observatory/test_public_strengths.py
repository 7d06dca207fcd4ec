"""Strengths of places in public: margins of the audited ties, and nothing hidden in the tree."""

from __future__ import annotations

import pyarrow as pa
import pytest

from agglo.observatory.public.strengths import strengths_in_public
from agglo.observatory.public.tables import public_study
from agglo.store import read_table, write_json, write_table
from agglo.store.disclosure import (
    DisclosurePolicy,
    cells_from_records,
    suppress_cells,
)

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

COUNT = DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None)


def ties(few=()):
    """Four places, each tied to each by five firms or, where few, by one large one."""
    rows = []
    for a in "ABCD":
        for b in "ABCD":
            one = (a, b) in few
            rows += [(a, b, 40.0 if one else 5.0 + (b == "A"))] * (1 if one else 5)
    origin, destination, weight = zip(*rows, strict=True)
    data = pa.table({"origin": origin, "destination": destination, "weight": weight})
    cells = cells_from_records(
        data, dimensions=("origin", "destination"), value="weight"
    )
    return suppress_cells(cells, policy=COUNT)


def strengths(safe, **changes):
    """What the study writes: without the tie to itself."""
    total = safe.cells.total.reshape(safe.cells.shape)
    place = safe.cells.dimensions[0].place
    values = {
        p: total[place[p], 0] + total[0, place[p]] - 2 * total[place[p], place[p]]
        for p in "ABCD"
    } | changes
    return pa.table(
        {
            "layer": ["branch"] * 4, "scale": ["city"] * 4, "node": list("ABCD"),
            "value": [float(values[p]) for p in "ABCD"],
            "is_core": [True, False, False, False], "tier": [1, 2, 2, 2],
            "parent": ["A"] * 4, "level": [1, 2, 2, 2],
        }
    )  # fmt: skip


def test_published_margins_give_strengths_and_the_tree():
    safe = ties()
    found = strengths_in_public(strengths(safe), {"networks.branch": safe})
    assert found.drop_columns(["status"]).equals(strengths(safe))
    assert set(found["status"].to_pylist()) == {"ok"}


def test_what_rests_on_a_hidden_tie_to_itself_is_hidden():
    safe = ties(few=[("B", "B")])
    found = strengths_in_public(strengths(safe), {"networks.branch": safe}).to_pylist()
    by = {row["node"]: row for row in found}
    assert by["B"]["value"] is None
    assert by["B"]["status"] == "confidential"
    assert by["A"]["value"] is not None
    # core and tier compare all places, one of which is not known
    assert all(row["tier"] is None and row["is_core"] is None for row in found)


def test_a_parent_says_nothing_about_a_hidden_tie():
    safe = ties(few=[("B", "C")])
    found = strengths_in_public(strengths(safe), {"networks.branch": safe}).to_pylist()
    # the hidden tie of 40 exceeds the one to A: to say that A leads would bound it
    assert {r["node"]: r["parent"] for r in found}["B"] is None


def test_strengths_that_are_no_sums_of_ties_are_left_out():
    safe = ties()
    wrong = strengths(safe, C=1.0)
    assert strengths_in_public(wrong, {"networks.branch": safe}) is None
    assert strengths_in_public(strengths(safe), {}) is None
    bare = strengths(safe).drop_columns(["parent"])
    assert strengths_in_public(bare, {"networks.branch": safe}) is None


def test_patents_of_few_applicants_are_held_back(tmp_path):
    results = tmp_path / "r"
    results.mkdir()
    # 40 patents each: of one applicant in x, of twenty in y; districts add up to cities
    names = ["one"] * 40 + [f"F{k % 20}" for k in range(40)]
    inventions = {
        "patent": [f"P{k}" for k in range(80)], "applicant": names,
        "class": ["x"] * 40 + ["y"] * 40, "region": ["C0D0", "C0D1"] * 40,
    }  # fmt: skip
    advantage = {
        "region": ["C0", "C0"], "class": ["x", "y"], "patents": [40.0, 40.0],
        "value": [2.0, 1.0],
    }  # fmt: skip
    places = {"region": ["C0", "C0D0", "C0D1"], "city": ["C0", "C0", "C0"]}
    for name, columns in (
        ("inventions", inventions), ("advantage", advantage), ("places", places),
    ):  # fmt: skip
        write_table(results / f"{name}.parquet", pa.table(columns))
    write_json(results / "findings.json", [])
    public_study("networks", results, tmp_path / "p")
    shown = read_table(tmp_path / "p" / "advantage.parquet")
    assert shown["class"].to_pylist() == ["y"]
    (results / "inventions.parquet").unlink()
    told = public_study("networks", results, tmp_path / "p2").left_out
    assert "advantage" in {e["table"] for e in told}
