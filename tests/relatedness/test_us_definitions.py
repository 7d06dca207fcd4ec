"""The United States example: five steps from public files to own definitions."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path

import pytest


@pytest.mark.slow
def test_own_definitions_of_the_united_states(shared_data, root, tmp_path, monkeypatch):
    """A small grid: official scores as known, step five raises ours, all on record."""
    path = Path(root) / "examples/us/definitions.py"
    spec = importlib.util.spec_from_file_location("us_definitions", path)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    monkeypatch.setattr(example, "QUICK", (30,))
    monkeypatch.setattr(example, "ROUNDS", 1)
    seen = example.run(shared_data, tmp_path, quick=True, day="2026-11-26")
    assert seen["industries"] == 660
    # one number of groups, six functions, six matrices
    assert seen["candidates"] == 36
    assert seen["official"]["overall"] == pytest.approx(73.8, abs=0.05)
    assert seen["official"]["clusters"] == 51
    before, after = seen["own_step_four"], seen["own_step_five"]
    assert before["overall"] > before["random"] + 20
    assert after["overall"] > before["overall"]
    best = [b["overall"] for b in seen["best_of_function"].values()]
    assert before["overall"] == max(best)
    # the official groups are of another kind: far from the same, not by chance alike
    assert 0.01 < before["ari"] < 0.5
    with (tmp_path / "decisions.csv").open() as file:
        log = list(csv.DictReader(file))
    assert {r["decision"] for r in log} == {"accepted", "rejected"}
    assert all(r["who"] and r["why"] and r["when"] == "2026-11-26" for r in log)
    with (tmp_path / "definitions.csv").open() as file:
        versions = list(csv.DictReader(file))
    assert {(r["version"], r["parent"]) for r in versions} == {
        ("own v1", ""),
        ("own v2", "own v1"),
    }
    assert sum(r["version"] == "own v1" for r in versions) == 660
    assert json.loads((tmp_path / "summary.json").read_text()) == seen
