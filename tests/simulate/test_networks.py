"""The generated network economy: what is planted is in it, and the study finds it.

Rates over 200 economies that were not used for calibration stand in the tutorial of the
study; here a few economies fast, forty of each kind as slow tests.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import agglo as ag
from agglo.core.checks import check_table
from agglo.core.errors import DataWarning, OptionError
from agglo.simulate import simulate_networks
from tests.simulate.network_answers import alarms, answers, right

SLOW = range(5000, 5040)
CLASSES = ("high", "medium_high", "medium_low", "low")


@pytest.fixture(scope="module")
def made():
    return simulate_networks(seed=11)


def test_tables_follow_the_schema(made):
    references = {"regions": made.regions, "industries": made.industries}
    for name, table in made.tables().items():
        report = check_table(table, name, references=references)
        assert not report.problems, name
    assert made.regions.num_rows == 1 + 13 + 95
    assert made.industries.num_rows == 48
    assert made.link_events.num_rows == 24_000
    assert pc.count_distinct(made.patents["patent"]).as_py() == 16_000
    assert made.generated


def test_the_same_seed_gives_the_same_economy(made):
    again = simulate_networks(seed=11)
    for name, table in made.tables().items():
        assert table.equals(again.tables()[name]), name
    assert not made.patents.equals(simulate_networks(seed=12).patents)


def test_groups_hold_two_industries_of_each_class(made):
    of = made.groups
    kinds = dict(
        zip(
            made.industries["industry"].to_pylist(),
            made.industries["technology_class"].to_pylist(),
            strict=True,
        )
    )
    for group in set(of.values()):
        held = [kinds[i] for i, g in of.items() if g == group]
        assert sorted(held) == sorted(CLASSES * 2)


def test_applicants_are_as_many_as_planted(made):
    counts = made.patents.group_by("patent").aggregate([("applicant", "count")])
    share = np.bincount(counts["applicant_count"].to_numpy(), minlength=5)[1:] / 16_000
    np.testing.assert_allclose(share, [0.40, 0.45, 0.12, 0.03], atol=0.015)


def test_crossing_rates_of_pairs_are_the_planted_ones(made):
    table = made.patents
    pairs = table.group_by("patent", use_threads=False).aggregate(
        [("region", "list"), ("class", "first"), ("applicant", "count")]
    )
    two = pairs.filter(pc.equal(pairs["applicant_count"], 2)).to_pylist()
    for name, rate in made.planted("crossing").items():
        crossed = [
            r["region_list"][0][:3] != r["region_list"][1][:3]
            for r in two
            if r["class_first"] == name
        ]
        se = np.sqrt(rate * (1 - rate) / len(crossed))
        assert np.mean(crossed) == pytest.approx(rate, abs=4 * se)


def test_boundary_indices_are_the_planted_ones_with_the_true_groups(made):
    now = made.activity.filter(pc.equal(made.activity["period"], "2015"))
    found = ag.integration_pattern(
        made.link_events,
        activity=now,
        regions=made.regions,
        level="city",
        groups=made.groups,
        inference=None,
    )
    planted = made.planted("integration")
    for city, kappa, se in zip(found.region, found.kappa, found.se, strict=True):
        assert kappa == pytest.approx(planted[str(city)], abs=4 * se)


def test_a_null_economy_has_no_structure_in_its_truth():
    none = simulate_networks(effect=0.0, n_branch=1000, n_patents=1000, seed=3)
    assert set(none.planted_labels("integration").values()) == {"intermediate"}
    assert set(none.planted_labels("core_verdict").values()) == {"graded"}
    assert set(none.planted("tier_branch").values()) == {1.0}
    assert none.planted_labels("advantage")["high"] == ""


def test_options_out_of_range_are_refused():
    with pytest.raises(OptionError, match="effect"):
        simulate_networks(effect=1.2)
    with pytest.raises(OptionError, match="masses"):
        simulate_networks(masses="pareto")
    with pytest.warns(DataWarning, match="n_patents"):
        simulate_networks(n_branch=2000, n_patents=500)


def test_gravity_recovers_the_decay(made):
    regions = made.regions.filter(pc.equal(made.regions["level"], "district"))
    xy = np.column_stack([regions["x_km"].to_numpy(), regions["y_km"].to_numpy()])
    gap = np.sqrt(((xy[:, None] - xy[None]) ** 2).sum(axis=2))
    names = regions["region"].to_pylist()
    flows = ag.flow_matrix(made.link_events, regions=regions, level="district")
    assert flows.label.tolist() == names
    a, b = np.nonzero(~np.eye(len(names), dtype=bool))
    dyads = pa.table(
        {
            "origin": [names[i] for i in a],
            "destination": [names[j] for j in b],
            "flow": flows.values[a, b],
            "distance_km": np.maximum(gap[a, b], 5.0),
        }
    )
    found = ag.gravity_ppml(dyads, vcov="robust")
    at = next(i for i, t in enumerate(found.term) if "distance" in t)
    # the Poisson draws are independent: section 13 gives a standard error of about .006
    assert found.values[at] == pytest.approx(-0.6, abs=4 * 0.006)


@pytest.mark.parametrize("seed", [21, 22])
def test_the_study_finds_what_was_planted(seed):
    economy, got = answers(seed)
    missed = [k for k, v in right(economy, got).items() if not v]
    assert not missed
    # whether the three districts stand out by the test of cores depends on the map
    top = {"C01D01", "C01D02", "C01D03"}
    assert got["district_cores_branch"] in (top, set())
    assert len(got["district_cores_copatent"]) in (6, 0)
    assert got["consistent_copatent"] is not False


def test_the_study_is_silent_on_a_null_economy():
    _, got = answers(31, effect=0.0)
    assert not [k for k, v in alarms(got).items() if v]


@pytest.mark.slow
def test_recovery_rates_on_forty_economies():
    rates: dict[str, list[bool]] = {}
    for seed in SLOW:
        for name, value in right(*answers(seed)).items():
            rates.setdefault(name, []).append(value)
    # section 13 of the specification, less two binomial standard errors of forty
    need = {
        "F1 branch no other": 0.85,
        "F1 copatent no other": 0.85,
        "F5 advantage": 0.88,
    }
    for name, values in rates.items():
        p = need.get(name, 0.98)
        assert np.mean(values) >= p - 2 * np.sqrt(p * (1 - p) / 40), name


@pytest.mark.slow
def test_false_alarms_on_forty_null_economies():
    rates: dict[str, list[bool]] = {}
    for seed in SLOW:
        for name, value in alarms(answers(seed, effect=0.0)[1]).items():
            rates.setdefault(name, []).append(value)
    allowed = {
        "F1 branch": 0.10,
        "F1 copatent": 0.10,
        "F4 interval": 0.07,
        "F5 classes": 0.12,
        "F5 advantage": 0.08,
    }
    for name, values in rates.items():
        p = allowed.get(name, 0.05)
        assert np.mean(values) <= p + 2 * np.sqrt(p * (1 - p) / 40), name


@pytest.mark.slow
def test_unequal_masses_without_a_core_give_none():
    cores = [
        answers(seed, masses="lognormal", until="hierarchy")[1][f"cores_{layer}"][0]
        for seed in SLOW
        for layer in ("branch", "copatent")
    ]
    assert np.mean([c != "graded" for c in cores]) <= 0.05 + 2 * np.sqrt(
        0.05 * 0.95 / 80
    )
