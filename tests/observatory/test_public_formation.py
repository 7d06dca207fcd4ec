"""Clusters in public: employment as audited cells, stages and lock-in from what is shown."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from agglo.evaluation import life_cycle, lock_in, resilience
from agglo.observatory.disclosure_policy import GatePolicy
from agglo.observatory.ledger import Ledger
from agglo.observatory.public.formation import affordable_beside_panel
from agglo.observatory.public.tables import public_study
from agglo.store import read_table, write_json, write_table
from agglo.store.disclosure import DisclosurePolicy
from agglo.studies.columns import result_table

pytest.importorskip("highspy", reason="the extra disclosure is not installed")

MARK = 517.0
PERIODS = tuple(str(2010 + k) for k in range(12))
RULES = DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None)
OTHERS = ("employment", "establishments", "payroll", "entries")


@cache
def _panel(*, entries=False):
    """Twelve regions, two groups of three industries; one cell is a single plant."""
    rng = np.random.default_rng(11)
    rows = []
    for r in range(12):
        trend = rng.normal(0.01, 0.02, 6)
        first = rng.integers(100, 400, 6)
        for p, i in np.ndindex(len(PERIODS), 6):
            jobs = float(np.round(first[i] * np.exp(trend[i] * p)))
            alone = (r, i) == (0, 1)
            rows.append(
                (f"R{r:02d}", f"K{i // 3}", f"K{i // 3}.{i % 3}", PERIODS[p],
                 MARK + p if alone else jobs, 1.0 if alone else 5.0, jobs * 40.0,
                 1.0 if entries else None)
            )  # fmt: skip
    names = ("region", "group", "industry", "period", *OTHERS)
    found = pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))
    at = found.column_names.index("entries")
    return found.set_column(at, "entries", found["entries"].cast(pa.float64()))


def _results(folder, panel, **more):
    folder.mkdir()
    rows = panel
    tables = {
        "panel": panel,
        "stages": result_table(life_cycle(rows, entry=None)),
        "lock_in": result_table(lock_in(rows)),
        **more,
    }
    for name, table in tables.items():
        write_table(folder / f"{name}.parquet", table)
    findings = [
        {"id": name, "evidence": [f"{name}.csv"]} for name in ("stages", "clusters")
    ]
    write_json(folder / "findings.json", findings)
    return folder


def _public(folder, results, **more):
    ledger = Ledger(folder / "ledger", GatePolicy(rules=RULES))
    told = public_study("formation", results, folder, ledger=ledger, **more)
    return told, {p.stem: read_table(p) for p in folder.glob("*.parquet")}, ledger


def test_cells_are_protected_in_every_period(tmp_path):
    results = _results(tmp_path / "r", _panel())
    told, shown, ledger = _public(tmp_path / "p", results)
    panel = shown["panel"]
    assert set(panel.column_names) == {
        "region", "group", "industry", "period", "employment", "status",
    }  # fmt: skip
    assert panel.num_rows == _panel().num_rows
    marked = {MARK + k for k in range(len(PERIODS))}
    before = set(_panel()["employment"].to_pylist())
    assert marked <= before
    rows = panel.to_pylist()
    own = [r for r in rows if (r["region"], r["industry"]) == ("R00", "K0.1")]
    assert len(own) == len(PERIODS)
    assert all(r["employment"] is None and r["status"] == "confidential" for r in own)
    # companions: the row and the column alone would give it back
    for period in PERIODS:
        hidden = [r for r in rows if r["period"] == period and r["employment"] is None]
        assert len({r["region"] for r in hidden}) > 1
        assert len({r["industry"] for r in hidden}) > 1
    assert set(told.certificate["panel"]["audit"]) == set(PERIODS)
    assert all(p["safe"] for p in told.certificate["panel"]["audit"].values())
    assert set(ledger.pending) == {f"formation.{p}" for p in PERIODS}


def test_the_found_stages_would_give_a_hidden_cell_back(tmp_path):
    """The attack: employment of a cluster less its published industries."""
    results = _results(tmp_path / "r", _panel())
    _, shown, _ = _public(tmp_path / "p", results)

    def of(table, period, cluster=("R00", "K0")):
        return [
            r for r in table.to_pylist()
            if (r["region"], r["group"]) == cluster and r["period"] == period
        ]  # fmt: skip

    period = PERIODS[-1]
    (found,) = of(read_table(results / "stages.parquet"), period)
    truth = {r["industry"]: r["employment"] for r in of(_panel(), period)}
    cells = of(shown["panel"], period)
    hidden = [r["industry"] for r in cells if r["employment"] is None]
    assert "K0.1" in hidden
    known = sum(r["employment"] for r in cells if r["employment"] is not None)
    assert found["employment"] - known == sum(truth[i] for i in hidden)
    # two numbers of the row are two equations: total and entropy give two hidden cells
    assert len(hidden) <= 2
    (row,) = of(shown["stages"], period)
    assert row["stage"] == "not_assessed"
    for name in ("employment", "diversity", "size", "growth", "value", "change"):
        assert row[name] is None or np.isnan(row[name]), name


def test_stages_are_those_of_the_released_cells_and_of_nothing_else(tmp_path):
    """Whoever has the released panel computes them; other hidden values change nothing."""
    results = _results(tmp_path / "r", _panel())
    _, shown, _ = _public(tmp_path / "p", results)
    anew = result_table(life_cycle(shown["panel"], min_size=100.0))
    names = shown["stages"].column_names
    assert repr(shown["stages"].to_pydict()) == repr(anew.select(names).to_pydict())
    assert "entry_rate" not in names
    known = [s for s in shown["stages"]["stage"].to_pylist() if s != "not_assessed"]
    assert len(known) > 100
    again = result_table(lock_in(shown["panel"]))
    again = again.select(shown["lock_in"].column_names)
    assert repr(shown["lock_in"].to_pydict()) == repr(again.to_pydict())


def test_findings_on_what_was_computed_anew_stay_at_home(tmp_path):
    """They speak of the numbers that the study found."""
    clusters = pa.table({"cluster": ["R00|K0"], "name": ["one"]})
    results = _results(tmp_path / "r", _panel(), clusters=clusters)
    _, shown, _ = _public(tmp_path / "p", results)
    assert {"stages", "clusters"} <= set(shown)
    text = (tmp_path / "p" / "findings.json").read_text("utf-8")
    assert '"clusters"' in text
    assert '"stages"' not in text


def test_a_panel_that_cannot_be_protected_stays_at_home_with_all_that_rests_on_it(
    tmp_path,
):
    whole = _panel()
    jobs = whole["employment"].to_pylist()
    at = whole.column_names.index("employment")
    unknown = whole.set_column(at, "employment", pa.array([None, *jobs[1:]]))
    group = whole["group"].to_pylist()
    at = whole.column_names.index("group")
    twice = whole.set_column(at, "group", pa.array(["K1", *group[1:]]))
    for number, panel in enumerate((unknown, twice)):
        results = _results(tmp_path / f"r{number}", panel)
        told, shown, ledger = _public(tmp_path / f"p{number}", results)
        assert not shown
        assert not ledger.pending
        assert {e["table"] for e in told.left_out} == {"panel", "stages", "lock_in"}
    # the concentration study shows the same cells already
    results = _results(tmp_path / "same", whole)
    told, shown, _ = _public(
        tmp_path / "p", results, measured_on={"concentration.2010": 1}
    )
    assert not shown
    why = {e["table"]: e["reason"]["en"] for e in told.left_out}
    assert "two patterns" in why["panel"]


def test_resilience_is_that_of_the_released_cells(tmp_path):
    shock = {"before": PERIODS[3], "trough": PERIODS[6]}
    found = result_table(resilience(_panel(), **shock))
    results = _results(tmp_path / "r", _panel(), resilience=found)
    options = {f"shock_{name}": period for name, period in shock.items()}
    _, shown, _ = _public(tmp_path / "p", results, options=options)
    again = result_table(resilience(shown["panel"], **shock))
    names = shown["resilience"].column_names
    assert repr(shown["resilience"].to_pydict()) == repr(
        again.select(names).to_pydict()
    )
    assert repr(again.to_pydict()) != repr(found.to_pydict())
    # a study without a shock has no rows, and needs none
    _, shown, _ = _public(tmp_path / "p2", results)
    assert "resilience" not in shown


def test_stages_that_need_entries_of_firms_stay_at_home(tmp_path):
    panel = _panel(entries=True)
    rates = result_table(life_cycle(panel, entry="entries", firms="establishments"))
    results = _results(tmp_path / "r", panel, stages=rates)
    told, shown, _ = _public(tmp_path / "p", results)
    assert "panel" in shown
    assert "lock_in" in shown
    assert "stages" not in shown
    assert "stages" in {e["table"] for e in told.left_out}


def test_options_of_the_study_are_kept(tmp_path):
    results = _results(tmp_path / "r", _panel())
    _, shown, _ = _public(tmp_path / "p", results, options={"k": 5, "delta": 0.02})
    anew = result_table(life_cycle(shown["panel"], k=5, delta=0.02, min_size=100.0))
    assert shown["stages"]["stage"].to_pylist() == anew["stage"].to_pylist()


def test_weights_of_an_index_are_counted_against_what_is_hidden(tmp_path):
    """Correlations of indicators with an index are equations in the hidden cells."""
    weights = pa.table({"node": list("abc"), "value": [0.1, 0.2, 0.3]})
    results = _results(tmp_path / "r", _panel(), index_weights=weights)
    told, shown, ledger = _public(tmp_path / "p", results)
    assert "index_weights" not in shown
    why = {e["table"]: e["reason"]["en"] for e in told.left_out}
    assert "solved" in why["index_weights"]
    # payrolls of clusters are in them too, and nobody shows those
    inputs = ["payroll"] * 8 + ["employment"] * 100
    indicators = pa.table({"inputs": inputs, "value": [1.0] * 108})
    asked = {"index_weights": weights}
    assert affordable_beside_panel(asked, indicators, ledger.pending) == []
    few = indicators.slice(2)
    assert affordable_beside_panel(asked, few, ledger.pending) == ["index_weights"]
    assert affordable_beside_panel(asked, None, {}) == []
