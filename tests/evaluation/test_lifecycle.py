"""Stages, hidden states, lock-in and resilience: hand cases, planted lives, real districts."""

# ruff: noqa: ARG005  paths of employment are functions of time

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pytest

from agglo.core.errors import InvalidTableError, NotIdentifiedError, OptionError
from agglo.core.partitions import adjusted_rand, normalised_information
from agglo.evaluation import (
    STAGES,
    hidden_stages,
    life_cycle,
    lock_in,
    resilience,
)
from agglo.simulate import simulate_formation

UNSEEN = 73_019


@pytest.fixture(scope="module")
def economy():
    return simulate_formation(per_kind=1, n_sites=200, per_plan=8, seed=UNSEEN)


@pytest.fixture(scope="module")
def life(economy):
    return life_cycle(economy.cluster_panel)


def pairs(economy, life):
    truth = economy.planted_labels("formation_stage")
    keys = zip(life.region, life.group, life.period, strict=True)
    names = [f"{r}|{g}|{p}" for r, g, p in keys]
    return [
        (n, truth[n], str(s))
        for n, s in zip(names, life.stage, strict=True)
        if n in truth and s != "not_assessed"
    ]


def test_planted_stages_are_recovered(economy, life):
    found = pairs(economy, life)
    assert np.mean([t == s for _, t, s in found]) >= 0.8
    assert np.mean([s == "mixed" for _, _, s in found]) <= 0.25


@pytest.mark.parametrize("stage", ["renewal", "decline"])
def test_turns_are_found_within_two_years(economy, life, stage):
    found = pairs(economy, life)
    first: dict[str, int] = {}
    seen: dict[str, list[int]] = {}
    for name, truth, told in found:
        unit, year = name.rsplit("|", 1)
        if truth == stage:
            first.setdefault(unit, int(year))
        if told == stage:
            seen.setdefault(unit, []).append(int(year))
    hits = [
        any(0 <= y - start <= 2 for y in seen.get(unit, []))
        for unit, start in first.items()
    ]
    assert np.mean(hits) >= 0.85


def test_hidden_states_agree_with_the_truth(economy):
    planted = {n.rsplit("|", 2)[0] for n in economy.planted_labels("formation_stage")}
    panel = economy.cluster_panel
    held = pc.and_(
        pc.is_in(panel["region"], pa.array(sorted(planted))),
        pc.equal(panel["group"], "K01"),
    )
    found = hidden_stages(life_cycle(panel.filter(held)), n_states=(4, 5), n_init=8)
    truth = economy.planted_labels("formation_stage")
    keys = zip(found.region, found.group, found.period, strict=True)
    told = np.array([truth[f"{r}|{g}|{p}"] for r, g, p in keys])
    names, code = np.unique(told, return_inverse=True)
    k = found.means.shape[0]
    table = np.bincount((found.state - 1) * names.size + code, minlength=k * names.size)
    assert adjusted_rand(table.reshape(k, names.size)) >= 0.4
    np.testing.assert_allclose(found.transition.sum(axis=1), 1.0, atol=1e-9)
    assert (np.diff(found.means[:, 1]) >= 0).all()


def test_hidden_states_repeat(life):
    one = hidden_stages(life, n_states=(3,), n_init=2, seed=3)
    other = hidden_stages(life, n_states=(3,), n_init=2, seed=3)
    assert one.to_dict() == other.to_dict()


def test_adjusted_rand_by_hand():
    from agglo.evaluation.hidden_stages import _cramer

    # scikit-learn: adjusted_rand_score([0,0,1,1],[0,0,1,2]) = 0.571428...
    assert adjusted_rand(np.array([[2, 0, 0], [0, 1, 1]])) == pytest.approx(4 / 7)
    assert normalised_information(np.array([[2, 0], [0, 2]])) == pytest.approx(1.0)
    assert _cramer(np.array([[5, 5], [5, 5]])) == pytest.approx(0.0)


def panel(jobs, years=8):
    """`jobs`: region to {sub-industry: function of time}."""
    rows = [
        (r, "g", i, str(2010 + t), float(f(t)))
        for r, subs in jobs.items()
        for i, f in subs.items()
        for t in range(years)
    ]
    names = ["region", "group", "industry", "period", "employment"]
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


STILL = {"x": lambda t: 100, "y": lambda t: 100}


def test_inputs_by_hand():
    table = panel(
        {"a": {"x": lambda t: 100 * 2**t, "y": lambda t: 100 * 2**t}, "b": STILL}, 5
    )
    life = life_cycle(table)
    at = np.flatnonzero((life.region == "a") & (life.period == "2014"))[0]
    assert life.growth[at] == pytest.approx(np.log(2))
    nation = np.log((3200 + 200) / (400 + 200)) / 3
    assert life.value[at] == pytest.approx(np.log(2) - nation)
    assert life.diversity[at] == pytest.approx(1.0)
    assert life.size[at] == pytest.approx(1 / np.sqrt(2))
    assert life.stage[at] == "growth"


def test_growth_needs_entries_where_they_are_told():
    """A grows as B does; only the one with entries at or above the median is growth."""
    up = {"x": lambda t: 100 * 1.1**t, "y": lambda t: 100 * 1.1**t}
    jobs = {"a": up, "b": up, **{f"s{k}": STILL for k in range(4)}}
    table = panel(jobs)
    regions = table["region"].to_pylist()
    entries = [0.0 if r == "a" else 30.0 if r == "b" else 4.0 for r in regions]
    told = table.append_column("entries", pa.array(entries)).append_column(
        "plants", pa.array([100.0] * len(regions))
    )
    plain = life_cycle(told)
    life = life_cycle(told, entry="entries", firms="plants")
    last = life.period == "2017"
    assert {plain.stage[last & (plain.region == r)][0] for r in "ab"} == {"growth"}
    assert life.stage[last & (life.region == "b")][0] == "growth"
    assert life.stage[last & (life.region == "a")][0] == "mixed"
    assert life.entry_rate[last & (life.region == "b")][0] == pytest.approx(0.3)
    assert np.isnan(plain.entry_rate).all()
    gone = told.set_column(5, "entries", pa.array([None] * len(regions), pa.float64()))
    unknown = life_cycle(gone, entry="entries", firms="plants")
    assert set(unknown.stage.tolist()) == {"not_assessed"}
    with pytest.raises(OptionError, match="firms"):
        life_cycle(told, firms="plants")


def test_missing_is_not_assessed_and_absent_is_zero():
    table = panel({"a": STILL, "b": STILL, "c": {"x": lambda t: 50, "y": lambda t: 90}})
    values = table["employment"].to_pylist()
    values[7] = None  # region a, x, last year
    hidden = table.set_column(4, "employment", pa.array(values, pa.float64()))
    life = life_cycle(hidden)
    last = life.period == "2017"
    assert life.stage[last & (life.region == "a")][0] == "not_assessed"
    assert life.stage[last & (life.region == "b")][0] != "not_assessed"
    filled = life_cycle(hidden, missing="zero")
    assert filled.stage[last & (life.region == "a")][0] != "not_assessed"
    assert "1 missing cells count as empty" in filled.summary()


def test_new_industry_makes_a_renewal():
    old = {"x": lambda t: 300, "y": lambda t: 100, "z": lambda t: 0 if t < 9 else 120}
    others = {
        f"r{i}": {"x": lambda t, i=i: 80 + i, "y": lambda t: 60, "z": lambda t: 20}
        for i in range(8)
    }
    life = life_cycle(panel({"a": old, **others}, 12))
    told = dict(
        zip(
            life.period[life.region == "a"], life.stage[life.region == "a"], strict=True
        )
    )
    assert told["2018"] == "sustainment"
    assert told["2019"] == "renewal"


def test_rules_are_exhaustive(life):
    assert set(life.stage) <= {*STAGES, "not_assessed"}
    early = life.period < sorted(set(life.period))[4]
    assert (life.stage[early] == "not_assessed").all()


def test_periods_that_cannot_carry_a_stage():
    with pytest.raises(NotIdentifiedError, match="too few"):
        life_cycle(panel({"a": STILL, "b": STILL}, 4))
    gap = panel({"a": STILL, "b": STILL}).filter(
        pc.not_equal(panel({"a": STILL, "b": STILL})["period"], "2013")
    )
    with pytest.raises(NotIdentifiedError, match="evenly spaced"):
        life_cycle(gap)
    with pytest.raises(InvalidTableError, match="duplicate_key"):
        life_cycle(pa.concat_tables([panel({"a": STILL}), panel({"a": STILL})]))


def test_resistance_by_hand():
    table = panel(
        {
            "a": {"x": lambda t: [100, 90, 100][t], "y": lambda t: [100, 100, 100][t]},
            "b": {"x": lambda t: [100, 70, 80][t], "y": lambda t: [100, 100, 110][t]},
        },
        3,
    )
    found = resilience(table, before="2010", trough="2011")
    # nation 400 to 360: -10 %; a -5 %, b -15 %
    np.testing.assert_allclose(found.value, [0.5, -0.5])
    # x falls by 20 %, y not: expected -20 in both; a -10, b -30
    np.testing.assert_allclose(found.resistance_mix, [0.5, -0.5])
    assert found.periods_to_recover[0] == 2
    assert found.censored.tolist() == [False, True]


def test_planted_sensitivities_have_the_right_sign():
    rng = np.random.default_rng(11)
    depth = rng.uniform(-0.3, 0.1, 200)
    depth = depth[np.abs(depth - depth.mean()) > 0.02]
    level = rng.lognormal(6, 0.1, depth.size)
    rows = []
    for k, (d, v) in enumerate(zip(depth, level, strict=True)):
        rows += [(f"r{k:03d}", "2019", v), (f"r{k:03d}", "2020", v * (1 + d))]
    region, period, jobs = map(list, zip(*rows, strict=True))
    table = pa.table(
        {
            "region": region,
            "group": ["g"] * len(rows),
            "industry": ["i"] * len(rows),
            "period": period,
            "employment": jobs,
        }
    )
    found = resilience(table, before="2019", trough="2020")
    nation = (level * depth).sum() / level.sum()
    assert (np.sign(found.value) == np.sign(depth - nation)).mean() >= 0.95


def test_calm_clusters_are_rarely_rigid():
    rng = np.random.default_rng(2)
    jobs = rng.lognormal(6, 0.05, (400, 4, 7))
    r, i, t = (v.ravel() for v in np.indices(jobs.shape))
    table = pa.table(
        {
            "region": [f"r{v:03d}" for v in r],
            "group": ["g"] * r.size,
            "industry": i.astype(str),
            "period": (2010 + t).astype(str),
            "employment": jobs.ravel(),
        }
    )
    assert np.nanmean(lock_in(table).rigid) <= 0.1
    narrow = panel({"a": {"x": lambda t: 100 + 20 * t, "y": lambda t: 100 - 9 * t}})
    assert lock_in(narrow).rigid.tolist() == [1.0]


@pytest.fixture(scope="module")
def districts(shared_data):
    file = (
        shared_data
        / "de_ba_kreis_occupation"
        / "employees_by_workplace_kreis_kldb3_2013_2025.csv.gz"
    )
    kinds = {"region": pa.string(), "occupational_group": pa.string()}
    table = pa_csv.read_csv(
        file,
        convert_options=pa_csv.ConvertOptions(
            column_types={**kinds, "year": pa.string(), "n": pa.float64()}
        ),
    ).rename_columns(["region", "industry", "period", "employment"])
    # one group of occupations keeps the test short: computing and electronics
    held = pc.is_in(
        pc.utf8_slice_codeunits(table["industry"], 0, 2), pa.array(["26", "43"])
    )
    table = table.filter(held)
    group = pc.utf8_slice_codeunits(table["industry"], 0, 2)
    return table.append_column("group", group)


def test_german_districts(districts):
    life = life_cycle(districts)
    assessed = life.stage != "not_assessed"
    assert 0.3 < assessed.mean() < 0.75
    assert sorted(set(life.period[assessed].tolist()))[0] == "2017"
    last = (life.period == "2025") & assessed
    assert {"growth", "sustainment", "latent"} <= set(life.stage[last])
    # computing occupations have grown everywhere, so a place that grows less declines
    assert (life.growth[last & (life.group == "43")] > 0).mean() > 0.8
    found = hidden_stages(life, n_init=4)
    assert -0.1 < found.rand < 1
    assert found.dwell.min() > 1
