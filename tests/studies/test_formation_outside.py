"""Alerts and rules that rest on what lies outside the cluster: hand cases."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest

from agglo.evaluation import local_supply_share
from agglo.studies.formation import STUDY, FormationOptions
from agglo.studies.formation.alerts import alerts_of
from agglo.studies.formation.exposure import lost_outside_ties, supply_of
from agglo.studies.formation.openings import closest_entries, crowded_industries
from agglo.studies.formation.recommendations import recommend
from agglo.studies.formation.rule_table import RULES
from tests.studies.harness import run_study

PANEL = [
    # region, group, industry, period, employment
    ("a", "g", "x", "2020", 20.0),
    ("a", "h", "y", "2020", 20.0),
    ("b", "g", "x", "2020", 480.0),
    ("b", "h", "y", "2020", 580.0),
    ("a", "g", "x", "2021", 20.0),
    ("a", "h", "y", "2021", 20.0),
    ("b", "g", "x", "2021", 480.0),
    ("b", "h", "y", "2021", 480.0),
]
NEEDS = [("y", "x", 0.5), ("x", "x", 0.25)]


class Inputs:
    """The tables that a stage is given."""

    def __init__(self, **tables):
        names = ["region", "group", "industry", "period", "employment"]
        self.panel = pa.table(dict(zip(names, zip(*PANEL, strict=True), strict=True)))
        self.tables = tables

    def has(self, name):
        return name in self.tables

    def table(self, name):
        return self.tables[name]

    def result(self, stage, name):
        assert (stage, name) == ("prepare", "panel")
        return self.panel


def flows():
    names = ["seller", "buyer", "direct_requirement"]
    return pa.table(dict(zip(names, zip(*NEEDS, strict=True), strict=True)))


def test_exposure_is_requirement_times_fall():
    found = supply_of(Inputs(input_output=flows()), ["a|g"])
    # y falls from 600 to 500 in the nation, x stays: 0.5 * 100 / 600
    assert found.exposure["a|g"] == pytest.approx(1 / 12)
    assert found.hardest["a|g"] == "y"


def test_leakages_add_up_to_what_local_supply_leaves():
    found = supply_of(Inputs(input_output=flows()), ["a|g"]).leakages["a|g"]
    names = ["region", "industry", "employment"]
    now = [(r, i, v) for r, _, i, t, v in PANEL if t == "2021"]
    jobs = pa.table(dict(zip(names, zip(*now, strict=True), strict=True)))
    share = local_supply_share(jobs, flows())
    at = int(np.flatnonzero(share.region == "a")[0])
    left = 0.75 * (1.0 - float(share.value[at]))
    assert sum(v for _, v in found) == pytest.approx(left)
    assert [k for k, _ in found] == ["y", "x"]


def test_nothing_without_coefficients():
    assert supply_of(Inputs(), ["a|g"]).exposure == {}


def ties(before, after):
    n = before + after
    return pa.table(
        {
            "origin": ["m"] * n,
            "destination": [f"o{k}" for k in range(n)],
            "period": ["2020"] * before + ["2021"] * after,
        }
    )


MEMBERS = pa.table({"cluster": ["k", "k"], "member": ["m", "n"]})


def test_lost_ties():
    assert lost_outside_ties(MEMBERS, ties(20, 14), ["k"]) == {
        "k": (pytest.approx(0.3), "2021")
    }
    # nine ties are too few to speak of a quarter, one period is no change
    assert lost_outside_ties(MEMBERS, ties(9, 1), ["k"]) == {}
    assert lost_outside_ties(MEMBERS, ties(20, 0), ["k"]) == {}
    inside = pa.table({"origin": ["m"], "destination": ["n"], "period": ["2021"]})
    both = pa.concat_tables([ties(20, 0), inside])
    assert lost_outside_ties(MEMBERS, both, ["k"])["k"][0] == 1.0


def test_thresholds_of_the_alerts():
    def codes(exposure, lost):
        rows = alerts_of(
            ["k"],
            periods=["2020", "2021"],
            breaks={},
            quotients={},
            rigid={},
            key_firm={},
            stages={},
            delta=0.01,
            exposure={"k": (exposure, "y")},
            ties_lost={"k": (lost, "2021")},
        )
        return [r.alert for r in rows]

    assert codes(0.02, 0.25) == []
    assert codes(0.021, 0.26) == ["A6", "A7"]


def test_study_raises_the_supplier_alert():
    names = ["region", "group", "industry", "period", "employment"]
    panel = pa.table(dict(zip(names, zip(*PANEL, strict=True), strict=True)))
    options = FormationOptions(clusters=("a|g",), min_size=1.0, draws=99, rank_draws=99)
    tables = {"cluster_panel": panel, "input_output": flows()}
    out = run_study(STUDY, tables, options=options, until="platform")[0]
    rows = out["platform"].tables["alerts"].to_pylist()
    assert [r["evidence"] for r in rows if r["alert"] == "A6"] == [
        "exposure 0.083, most by y"
    ]


def designated(n, label):
    return pa.table(
        {"city": [f"c{k:02d}" for k in range(n)], "industry_label": [label] * n}
    )


def cities(n, specialised):
    """Give n cities with groups g and h; the first ones are specialised in g."""
    rows = []
    for k in range(n):
        own = 90.0 if k < specialised else 10.0
        rows += [(f"c{k:02d}", "g", "x", "2021", own)]
        rows += [(f"c{k:02d}", "h", "y", "2021", 100.0 - own)]
    names = ["region", "group", "industry", "period", "employment"]
    return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))


def test_crowded_needs_more_than_ten_cities_and_more_than_half():
    assert crowded_industries(designated(12, "g"), cities(12, 5)) == "g (7/12)"
    assert crowded_industries(designated(12, "g"), cities(12, 6)) is False
    assert crowded_industries(designated(10, "g"), cities(12, 1)) is False
    # no quotient of the designated industry: not evaluable, not "does not fire"
    assert crowded_industries(designated(12, "?"), cities(12, 5)) is None
    facts = {"n": 30.0, "crowded": "g (7/12)"}
    row = next(r for r in recommend(facts, {}) if r["rule"] == "N4")
    assert row["state"] == "fires"
    assert "g (7/12)" in row["text"]


def test_closest_entries_by_hand():
    rows = [
        ("a", "g", "x", "2021", 90.0),
        ("a", "g", "w", "2021", 10.0),
        ("b", "g", "x", "2021", 10.0),
        ("b", "g", "w", "2021", 40.0),
        ("b", "g", "z", "2021", 50.0),
    ]
    names = ["region", "group", "industry", "period", "employment"]

    def entries(z_to_w):
        links = pa.table(
            {
                "origin": ["z", "z", "x"],
                "destination": ["x", "w", "w"],
                "kind": ["io"] * 3,
                "value": [0.6, z_to_w, 0.1],
            }
        )
        inputs = Inputs(industry_links=links)
        inputs.panel = pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))
        return closest_entries(inputs, ["a|g", "b|g", "c|g"])

    # a is specialised in x alone and b in w and z; region c is unknown
    assert entries(0.0) == {"a|g": [("z", 1.0)], "b|g": []}
    # now z is 0.6 / 0.8 in a, below the ninth decile (0.875) of the six densities
    assert entries(0.2) == {"a|g": [], "b|g": []}


def test_conditions_have_their_chinese_text():
    rows = recommend({"n": 30.0}, {"k": {}})
    assert len(rows) == len(RULES)
    assert not [r["missing"] for r in rows if "_" in r["missing"]]
    for name in ("fires_if_zh", "missing_zh"):
        told = [r[name] for r in rows if r[name]]
        assert told
        assert all(re.search("[\u4e00-\u9fff]", text) for text in told)
        assert not any(re.search("[a-z]{3}", text) for text in told)


def test_rule_of_leakages_is_judged_when_coefficients_are_there():
    facts = {"local_supply": 0.2, "local_supply_low": 0.3, "leakages": "y 0.400"}
    rows = {r["rule"]: r for r in recommend({"n": 1.0}, {"k": facts})}
    assert rows["L4"]["state"] == "fires"
    assert "y 0.400" in rows["L4"]["text"]
