"""What the study takes in: unknown cells, indicators of the user, mechanisms."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.concentration import ellison_glaeser, variety
from agglo.studies.formation import STUDY, FormationOptions
from agglo.studies.formation.exposure import supply_of
from agglo.studies.formation.tree import INDICATORS
from tests.studies.harness import run_study
from tests.studies.test_formation_outside import Inputs, flows

YEARS = [str(2010 + t) for t in range(12)]
REGIONS, SUBS = 30, 4


def with_unknown_cell():
    inputs = Inputs(input_output=flows())
    jobs = inputs.panel["employment"].to_pylist()
    jobs[-3] = None  # region a, y, 2021
    inputs.panel = inputs.panel.set_column(
        4, "employment", pa.array(jobs, pa.float64())
    )
    return inputs


def test_an_unknown_cell_is_not_an_empty_one():
    found = supply_of(with_unknown_cell(), ["a|g", "b|g"])
    assert set(found.leakages) == {"b|g"}
    zero = supply_of(with_unknown_cell(), ["a|g"], missing="zero")
    known = supply_of(Inputs(input_output=flows()), ["a|g"])
    assert dict(zero.leakages["a|g"])["y"] > dict(known.leakages["a|g"])["y"]


def test_national_falls_are_of_cells_known_in_both_periods():
    found = supply_of(with_unknown_cell(), ["b|g"])
    # y without region a: from 580 to 480; with a it would be from 600 to 480
    assert found.exposure["b|g"] == pytest.approx(0.5 * 100 / 580)


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(4)
    rows = []
    for r in range(REGIONS):
        for g in range(2):
            for i in range(SUBS):
                size = rng.lognormal(5, 0.8)
                for t, year in enumerate(YEARS):
                    jobs = np.round(size * (1 + 0.01 * t) * np.exp(rng.normal(0, 0.2)))
                    rows.append((f"r{r:02d}", f"g{g}", f"g{g}.{i}", year, jobs))
    names = ["region", "group", "industry", "period", "employment"]
    panel = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    plants = np.ceil(np.array(panel["employment"].to_pylist()) / 20)
    for name, values in (
        ("establishments", plants),
        ("payroll", plants * 900),
        ("entries", np.round(plants / 10)),
        ("exits", np.round(plants / 20)),
    ):
        panel = panel.append_column(name, pa.array(values))
    units = [f"r{r:02d}|g0" for r in range(REGIONS)]
    n = len(units)
    given = {
        "patents": rng.uniform(1, 9, n),
        "research": rng.uniform(0, 0.1, n),
        "outside_share": np.linspace(0, 1, n),
        "energy": rng.uniform(1, 5, n),
        "M6.3": rng.uniform(0, 1, n),
    }
    own = pa.table(
        {
            "unit": units * len(given),
            "indicator": [k for k in given for _ in units],
            "period": ["2021"] * (n * len(given)),
            "value": np.concatenate(list(given.values())),
        }
    )
    designations = pa.table(
        {
            "cluster": ["r00|g0", "r00|g0", "r01|g0"],
            "city": ["r00", "r00", "r01"],
            "programme": ["p1", "p2", "p1"],
            "industry_label": ["g0"] * 3,
        }
    )
    return {"cluster_panel": panel, "indicators": own, "designations": designations}


@pytest.fixture(scope="module")
def outputs(tables):
    options = FormationOptions(
        clusters=("r00|g0", "r01|g0", "r29|g0"), draws=99, rank_draws=99, n_init=1
    )
    return run_study(STUDY, tables, options=options, until="measures")[0]


def mechanism(outputs, code):
    rows = outputs["measures"].tables["mechanisms"].to_pylist()
    return {r["cluster"]: r for r in rows if r["indicator"] == code}


def test_indicators_of_the_user_enter_tree_and_mechanisms(outputs, tables):
    rows = outputs["measures"].tables["indicators"].to_pylist()
    held = {r["cluster"]: r for r in rows if r["indicator"] == "patents"}
    assert held["r00|g0"]["status"] == "computed"
    used = outputs["measures"].documents["measure_notes"]["used"]
    assert {"patents", "research"} <= set(used)
    assert "funds" not in used  # context, weight 0
    found = mechanism(outputs, "M6.3")
    own = tables["indicators"].to_pylist()
    first = next(r for r in own if r["indicator"] == "M6.3")
    assert found["r00|g0"]["value"] == pytest.approx(first["value"])


def test_outside_ties_are_best_in_the_middle(outputs):
    from agglo.studies.formation.measures import _two_sided

    share = np.array([0.0, 0.15, 0.45, 0.8, 1.0, np.nan])
    near = _two_sided({"outside_share": share})["outside_share"]
    np.testing.assert_allclose(near, [0, 50, 100, 50, 0, np.nan])
    rows = outputs["measures"].tables["indicators"].to_pylist()
    raw = {r["cluster"]: r["value"] for r in rows if r["indicator"] == "outside_share"}
    assert raw["r29|g0"] == 1.0  # shown as it is


def test_gamma_is_that_of_the_leading_industry(outputs, tables):
    last = tables["cluster_panel"].filter(
        pa.array(
            [p == YEARS[-1] for p in tables["cluster_panel"]["period"].to_pylist()]
        )
    )
    eg = ellison_glaeser(last, herfindahl="cell_means")
    gamma = dict(zip(eg.activity.tolist(), eg.gamma.tolist(), strict=True))
    own = [
        (r["employment"], r["industry"])
        for r in last.to_pylist()
        if r["region"] == "r00" and r["group"] == "g0"
    ]
    found = mechanism(outputs, "M2.2")["r00|g0"]
    assert found["value"] == pytest.approx(gamma[max(own)[1]])
    assert found["status"] == INDICATORS["gamma"].status == "proxy"


def test_related_variety_is_frenkens(outputs, tables):
    last = [r for r in tables["cluster_panel"].to_pylist() if r["period"] == YEARS[-1]]
    own = [r for r in last if r["region"] == "r01"]
    expected = variety(
        [r["employment"] for r in own], group=[r["group"] for r in own]
    ).related[0]
    assert mechanism(outputs, "M3.4")["r01|g0"]["value"] == pytest.approx(expected)


def test_turnover_related_entry_and_programmes(outputs):
    for code in ("M3.1", "M3.3", "M5.1"):
        assert mechanism(outputs, code)["r00|g0"]["status"] == "computed"
    assert 0.1 < mechanism(outputs, "M3.1")["r00|g0"]["value"] < 0.2
    assert mechanism(outputs, "M5.1")["r00|g0"]["value"] == 2
    assert mechanism(outputs, "M5.1")["r29|g0"]["status"] == "needs_data"
    effects = {r["value"] for r in mechanism(outputs, "M3.3").values()}
    assert len(effects) == 1  # one per group
