"""Tables of studies over single firms in public: by rule, counted, audited, else not at all."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agglo.observatory.public.columns import COLUMNS, HELD
from agglo.observatory.public.reasons import WITHHELD, why_withheld
from agglo.observatory.public.rules import LEAST, RULES
from agglo.observatory.public.tables import public_study
from agglo.store import read_table, write_json, write_table
from agglo.studies import STUDIES

CANARY = 13.1875
KEPT_AT_HOME = {
    "coagglomeration": ("plants", "counts", "panel", "areal", "yearly_weights"),
    "networks": ("events", "inventions", "quotients", "portfolio", "core_sets"),
    "policy": ("outcomes",),
    "formation": ("layer_sites", "gate", "indicators", "scores", "stars", "alerts"),
}
# twenty regions, none of whose outcomes is known to the public
_OUTCOMES = {
    "region": [f"R{k}" for k in range(20)],
    "period": ["2012"] * 20,
    "zi": [CANARY] * 20,
}


def _write(folder, findings=(), **tables):
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in tables.items():
        write_table(folder / f"{name}.parquet", pa.table(columns))
    write_json(folder / "findings.json", list(findings))
    return folder


def test_a_table_without_a_rule_stays_at_home_and_is_named(tmp_path):
    results = _write(tmp_path / "r", secrets={"firm": ["a"], "jobs": [CANARY]})
    shown = public_study("policy", results, tmp_path / "p")
    assert [(e["study"], e["table"]) for e in shown.left_out] == [("policy", "secrets")]
    assert shown.left_out[0]["reason"]["en"]
    assert shown.left_out[0]["reason"]["zh"]
    assert not list((tmp_path / "p").glob("*.parquet"))


def test_rows_that_rest_on_few_units_are_held_back(tmp_path):
    n = [LEAST - 1, LEAST, None, float("nan"), 500.0]
    results = _write(
        tmp_path / "r", localization={"industry": list("abcde"), "n": n, "psi": n}
    )
    shown = public_study("coagglomeration", results, tmp_path / "p")
    table = read_table(tmp_path / "p" / "localization.parquet")
    assert table["industry"].to_pylist() == ["b", "e"]
    assert shown.certificate["localization"]["held_back"] == 3


def test_a_counted_table_without_its_counts_is_left_out(tmp_path):
    results = _write(tmp_path / "r", localization={"industry": ["a"], "psi": [1.0]})
    shown = public_study("coagglomeration", results, tmp_path / "p")
    assert shown.left_out[0]["table"] == "localization"


def test_a_table_that_follows_another_shows_no_more(tmp_path):
    pairs = {"anchor": ["a", "a"], "mover": ["b", "c"], "n_anchor": [50, 50],
             "n_mover": [50, 2], "z": [1.0, CANARY]}  # fmt: skip
    curves = {"anchor": ["a", "a"], "mover": ["b", "c"], "value": [1.0, CANARY]}
    results = _write(tmp_path / "r", pairs=pairs, curves=curves)
    public_study("coagglomeration", results, tmp_path / "p")
    for name in ("pairs", "curves"):
        table = read_table(tmp_path / "p" / f"{name}.parquet")
        assert table["mover"].to_pylist() == ["b"], name
    alone = _write(tmp_path / "r2", curves=curves)
    shown = public_study("coagglomeration", alone, tmp_path / "p2")
    assert shown.left_out[0]["table"] == "curves"


def _network(folder, *, undirected=False):
    """Write places of two levels and ties, one of which is a single large one."""
    rng = np.random.default_rng(4)
    districts = [f"C{c}D{d}" for c in range(3) for d in range(3)]
    n = 900
    at = rng.integers(0, 9, (2, n))
    # the tie C0D0-C2D2 is the canary alone
    alone = ((at[0] == 0) & (at[1] == 8)) | ((at[0] == 8) & (at[1] == 0))
    at = at[:, ~alone]
    origin = [districts[i] for i in at[0]] + ["C0D0"]
    destination = [districts[i] for i in at[1]] + ["C2D2"]
    weight = [1.0] * at.shape[1] + [CANARY]
    events = pa.table(
        {
            "layer": ["branch"] * len(weight), "origin": origin, "weight": weight,
            "destination": destination, "directed": [not undirected] * len(weight),
        }
    )  # fmt: skip
    rows = {}
    for scale, cut in (("district", 4), ("city", 2)):
        for o, d, w in zip(origin, destination, weight, strict=True):
            pair = (o[:cut], d[:cut])
            key = (scale, *(sorted(pair) if undirected else pair))
            rows[key] = rows.get(key, 0.0) + w
    total = sum(weight)
    ties = {
        "layer": ["branch"] * len(rows),
        "scale": [k[0] for k in rows],
        "origin": [k[1] for k in rows],
        "destination": [k[2] for k in rows],
        "weight": list(rows.values()),
        "share": [w / total for w in rows.values()],
    }
    places = {
        "region": [*districts, "C0", "C1", "C2"],
        "city": [d[:2] for d in districts] + ["C0", "C1", "C2"],
    }
    return _write(
        folder, ties=ties, places=places,
        events={name: events[name] for name in events.column_names},
        hierarchy={"node": ["C0"], "value": [CANARY]},
    )  # fmt: skip


@pytest.mark.parametrize("undirected", [False, True])
def test_ties_are_cells_and_the_audit_is_in_the_certificate(tmp_path, undirected):
    pytest.importorskip("highspy", reason="the extra disclosure is not installed")
    results = _network(tmp_path / "r", undirected=undirected)
    shown = public_study("networks", results, tmp_path / "p")
    table = read_table(tmp_path / "p" / "ties.parquet").to_pylist()
    assert len(table) == read_table(results / "ties.parquet").num_rows
    by = {(r["origin"], r["destination"]): r for r in table}
    assert by["C0D0", "C2D2"]["status"] == "confidential"
    # hidden is unknown, never zero
    assert by["C0D0", "C2D2"]["weight"] is None
    assert by["C0D0", "C2D2"]["share"] is None
    assert sum(r["weight"] is not None for r in table) > len(table) / 2
    assert not any(r["weight"] == CANARY for r in table)
    # the city above gives it back unless others of the same cities are hidden too
    hidden = [k for k, r in by.items() if r["status"] == "confidential"]
    assert by["C0", "C2"]["weight"] is None or any(
        o[:2] == "C0" and d[:2] == "C2" for o, d in hidden if (o, d) != ("C0D0", "C2D2")
    )
    proof = shown.certificate["ties"]["audit"]["branch"]
    assert proof["safe"] is True
    assert proof["primary"] >= 1
    assert "p_percent" not in json.dumps(proof)
    names = {e["table"] for e in shown.left_out}
    assert {"events", "hierarchy"} <= names


def test_ties_that_are_not_the_sums_of_their_events_are_left_out(tmp_path):
    results = _network(tmp_path / "r")
    events = read_table(results / "events.parquet")
    write_table(results / "events.parquet", events.slice(0, events.num_rows - 40))
    shown = public_study("networks", results, tmp_path / "p")
    assert "ties" in {e["table"] for e in shown.left_out}


def test_findings_are_released_with_all_their_tables_only(tmp_path):
    findings = [
        {"id": "F1", "evidence": ["coefficients.csv"]},
        {"id": "F2", "evidence": ["coefficients.csv", "outcomes.csv"]},
        {"id": "F3", "evidence": []},
    ]
    results = _write(
        tmp_path / "r", findings,
        coefficients={"term": ["x"], "value": [1.0]}, outcomes=_OUTCOMES,
    )  # fmt: skip
    public_study("policy", results, tmp_path / "p")
    found = json.loads((tmp_path / "p" / "findings.json").read_text("utf-8"))
    assert [f["id"] for f in found] == ["F1"]


def test_findings_on_tables_with_gaps_stay_at_home(tmp_path):
    """A finding may speak of the very row that is held back, or of a hidden number."""
    n = [LEAST - 1, 500]
    findings = [{"id": "F1", "evidence": ["localization.csv"]}]
    for number, kept in enumerate(([], ["F1"])):
        table = {"industry": ["a", "b"][number:], "n": n[number:], "psi": n[number:]}
        results = _write(tmp_path / f"r{number}", findings, localization=table)
        target = tmp_path / f"p{number}"
        public_study("coagglomeration", results, target)
        found = json.loads((target / "findings.json").read_text("utf-8"))
        assert [f["id"] for f in found] == kept
        assert (target / "localization.parquet").is_file()


def test_every_rule_names_a_study_and_says_itself():
    assert set(RULES) <= set(STUDIES)
    for rules in RULES.values():
        for rule in rules.values():
            assert rule.text().en
            assert rule.text().zh
            assert rule.kind != "like" or rule.other in rules


@pytest.mark.parametrize("study", sorted(RULES))
def test_a_table_is_judged_once_and_with_its_columns(study):
    assert set(RULES[study]) == set(COLUMNS[study])
    held = HELD.get(study, {})
    assert set(held) <= set(RULES[study])
    assert not [
        t
        for t, names in held.items()
        if set(names.split()) & set(COLUMNS[study][t].split())
    ]
    both = [t for t in RULES[study] if why_withheld(study, t) is not None]
    assert not both, f"{both} of {study} have a rule and a reason to stay at home"
    for table, rule in RULES[study].items():
        names = COLUMNS[study][table].split()
        assert len(names) == len(set(names)), table
        assert not rule.other or rule.other in RULES[study], table


def test_every_reason_is_of_a_kind_and_says_more_in_both_languages():
    told = [
        (study, name, text)
        for study, names in KEPT_AT_HOME.items()
        for name in names
        if (text := why_withheld(study, name))
    ]
    assert len(told) == sum(map(len, KEPT_AT_HOME.values()))
    for study, name, text in told:
        kinds = [k for k in WITHHELD.values() if text.en.startswith(f"{k.en}: ")]
        (kind,) = kinds
        assert len(text.en) > len(kind.en) + 12, (study, name)
        assert text.zh.startswith(f"{kind.zh}：")
        assert len(text.zh) > len(kind.zh) + 4, (study, name)
    assert why_withheld("networks", "made_tomorrow") is None
    assert why_withheld("no_study", "events") is None


# what the release itself adds to the cells it protects
_ADDED = {
    **{("networks", t): {"status"} for t in ("ties", "hierarchy", "mixing")},
    ("formation", "panel"): {"status"},
}


@pytest.mark.parametrize("study", sorted(RULES))
def test_every_table_and_column_that_the_demo_writes_is_judged(study, finished_demo):
    """A table has a rule or a reason; a rule names columns that are really written."""
    written = {
        p.stem: set(pq.read_schema(p).names)
        for p in (finished_demo / "results" / study).glob("*.parquet")
    }
    unjudged = [
        t for t in written if t not in RULES[study] and not why_withheld(study, t)
    ]
    assert not unjudged
    stale = {
        table: left
        for table, names in COLUMNS[study].items()
        if (
            left := set(names.split())
            - written[table]
            - _ADDED.get((study, table), set())
        )
    }
    assert not stale
    # what a rule counts is there to be counted, and what stays at home is on this list
    for table, rule in RULES[study].items():
        assert set(rule.counts) <= written[table], table
    held = {
        (table, name)
        for table in RULES[study]
        for name in written[table]
        - set(COLUMNS[study][table].split())
        - set(HELD.get(study, {}).get(table, "").split())
    }
    assert not held, "columns that nobody has judged"


def test_comparisons_of_small_cohorts_are_held_back(tmp_path):
    """The two-by-two effect of one region would be its own change."""
    results = _write(
        tmp_path / "r",
        comparisons={
            "outcome": ["zi"] * 3,
            "treated": ["2012", "2014", "2016"],
            "control": ["never"] * 3,
            "kind": ["never"] * 3,
            "n_treated": [LEAST, 1, LEAST],
            "n_control": [LEAST, LEAST, LEAST - 1],
            "weight": [0.5, 0.3, 0.2],
            "estimate": [1.0, CANARY, CANARY],
        },
        outcomes=_OUTCOMES,
    )
    public_study("policy", results, tmp_path / "p")
    shown = read_table(tmp_path / "p" / "comparisons.parquet")
    assert shown["estimate"].to_pylist() == [1.0]
