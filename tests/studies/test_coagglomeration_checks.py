"""Questions to the instruments, and flows within pairs, where the answer is known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from agglo.econometrics import ClusterJackknife
from agglo.simulate import simulate_coagglomeration
from agglo.studies.coagglomeration import STUDY
from agglo.studies.coagglomeration.checks import checks
from agglo.studies.coagglomeration.mechanism_years import fit_by_year
from agglo.studies.coagglomeration.models import Specification, fitted
from agglo.studies.coagglomeration.pools import build_panel
from agglo.studies.columns import numbers_of
from agglo.studies.contract import StageInputs
from tests.studies.test_coagglomeration import QUICK, panel_inputs

FEW = {"n_incumbents": 10, "n_entrants": 0}


@cache
def checked(variant, first, seed=17):
    """Stage `checks` on the planted weights, entrants from a given year."""
    made = simulate_coagglomeration(seed=seed, variant="base", **FEW)
    if variant == "null":
        # the same followers, but their knowledge does nothing
        other = simulate_coagglomeration(seed=seed, variant="null", **FEW)
        made = replace(made, patents=other.patents, panel=other.panel)
    inputs, panel = panel_inputs(made)
    out = next(s for s in STUDY.stages if s.name == "pools").run(inputs)
    results = {**inputs.results}
    results |= {("pools", k): v for k, v in out.tables.items()}
    documents = {
        ("pairs", "pair_notes"): {"entry_periods": [first] if first else None},
        ("pools", "pool_notes"): out.documents["pool_notes"],
    }
    given = StageInputs(
        tables=inputs.tables, options=QUICK, results=results, documents=documents
    )
    return panel, checks(given).tables["instrument_checks"].to_pylist()


def test_outcomes_before_anybody_moved_tell_planted_from_none():
    # entrants "from 2016": all of 2004 to 2015 is before; there the pools matter, or not
    _, found = checked("base", 2016)
    planted = [r for r in found if r["check"] == "before"]
    assert {r["term"] for r in planted} == {"z_active_all", "z_passive_all"}
    assert planted[0]["p"] < 0.01  # a placebo that fails is seen to fail
    _, found = checked("null", 2016)
    assert all(r["p"] > 0.01 for r in found if r["check"] == "before")


def test_without_years_before_it_says_so():
    (row,) = [r for r in checked("base", None)[1] if r["check"] == "before"]
    assert row["status"] == "no_dates"


def test_leaving_an_industry_out_takes_it_from_everybodys_pools():
    panel, found = checked("base", None)
    rows = [r for r in found if r["check"] == "drop_one" and r["term"] == "active_io"]
    named = rows[0]["detail"]
    kept = {}
    for side in ("weights", "foreign"):
        dyads = getattr(panel, side)
        ends = np.array([dyads[c].to_pylist() for c in ("anchor", "mover")])
        kept[side] = dyads.filter(pa.array((ends != named).all(axis=0)))
    table = build_panel(replace(panel, **kept), QUICK)
    owner = np.array(table["industry"].to_pylist())
    part = table.filter(pa.array(owner != named))
    fit = fitted(part, Specification(name="x", estimator="2sls"), 39, 1).fit
    value = fit.coefficient("active_io")
    assert value in (
        pytest.approx(rows[0]["lower"], rel=1e-9),
        pytest.approx(rows[0]["upper"], rel=1e-9),
    )
    # dropping rows alone is another number: its knowledge stays in the pools
    old = build_panel(panel, QUICK).filter(pa.array(owner != named))
    only = fitted(old, Specification(name="x", estimator="2sls"), 39, 1).fit
    assert abs(only.coefficient("active_io") - value) > 1e-6


def test_instruments_are_0_where_the_pool_is():
    _, panel = panel_inputs(simulate_coagglomeration(seed=17, **FEW))
    half = panel.weights.slice(0, panel.weights.num_rows // 2)
    table = build_panel(replace(panel, weights=half), QUICK)
    for pool in ("active_io", "passive_technology"):
        none = numbers_of(table, f"zero_{pool}") == 1
        assert none.any()
        assert (numbers_of(table, f"z_{pool}")[none] == 0).all()


def test_errors_leave_industries_out():
    _, panel = panel_inputs(simulate_coagglomeration(seed=17, **FEW))
    table = build_panel(panel, QUICK)
    for estimator in ("poisson", "negative_binomial", "2sls"):
        one = fitted(table, Specification(name="x", estimator=estimator), 39, 1)
        assert isinstance(one.fit.vcov, ClusterJackknife)
        assert {r["errors"] for r in one.rows()} == {"jackknife"}


def moving_pairs(effect, seed=3, n=14, years=10):
    """Flows that grow by `effect` in the year after the source moved to the target."""
    rng = np.random.default_rng(seed)
    names = [f"i{k:02d}" for k in range(n)]
    # [mover, anchor]: year of the move; most pairs never move
    moved = np.where(rng.random((n, n)) < 0.25, rng.integers(2003, 2008, (n, n)), 9999)
    np.fill_diagonal(moved, 9999)
    base = rng.normal(1.0, 0.5, (n, n))
    flows, steps = [], []
    for year in range(2002, 2002 + years):
        rate = np.exp(base + effect * (moved < year) + 0.05 * (year - 2002))
        value = rng.poisson(rate).astype(float)
        flows += [
            (names[i], names[k], str(year), value[i, k])
            for i in range(n)
            for k in range(n)
            if i != k and value[i, k] > 0
        ]
    for year in range(2003, 2008):
        steps += [
            (names[k], names[i], year, 1.0 * (moved[i, k] <= year))
            for i in range(n)
            for k in range(n)
            if i != k
        ]
    heads = ("source", "target", "period", "value")
    flow = pa.table({h: [r[c] for r in flows] for c, h in enumerate(heads)})
    heads = ("anchor", "mover", "period", "weight")
    yearly = pa.table({h: [r[c] for r in steps] for c, h in enumerate(heads)})
    return flow, yearly, names


def test_flows_change_after_the_move_within_pairs():
    flow, yearly, names = moving_pairs(0.6)
    fit = fit_by_year(flow, yearly, names, lag=1)
    assert fit.coefficient("moved_to") == pytest.approx(0.6, abs=0.12)
    assert abs(fit.coefficient("came_from")) < 0.12
    flow, yearly, names = moving_pairs(0.0)
    none = fit_by_year(flow, yearly, names, lag=1)
    assert abs(none.coefficient("moved_to")) < 0.12


def test_flows_without_moves_say_so():
    flow, yearly, names = moving_pairs(0.0)
    assert fit_by_year(flow, yearly.slice(0, 0), names, lag=1) == "no_dates"
    late = flow.filter(pa.array(np.array(flow["period"].to_pylist()) > "2009"))
    assert fit_by_year(late, yearly, names, lag=1) == "no_change"
