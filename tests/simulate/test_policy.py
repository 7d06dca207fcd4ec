"""The generated corridor country: valid, repeatable, and with the effects it says it has."""

import numpy as np
import pytest

import agglo as ag
from agglo.core.checks import check_table
from agglo.core.errors import OptionError
from agglo.core.weights_kinds import distance_matrix
from agglo.simulate import simulate_corridors
from agglo.simulate._corridor_effects import DIRECT, INDIRECT

# seeds of these tests are not those used while the generator was written (1 and 7)
SEEDS = (101, 202, 303)


@pytest.fixture(scope="module")
def made():
    return simulate_corridors(seed=101, tables=True)


def arrays(made, name):
    return made.panel[name].to_numpy().reshape(75, 17)


def places(made):
    at = made.positions
    codes = sorted(at)
    return codes, distance_matrix(
        [at[c][0] for c in codes], [at[c][1] for c in codes], coordinates="degrees"
    )


def test_tables_follow_the_schema_and_say_generated(made):
    for name, table in made.tables().items():
        report = check_table(table, name, references=made.tables())
        assert report.problems == (), name
    assert made.generated
    assert all("enerated" in v for v in made.regions["name_en"].to_pylist())
    assert all("enerated" in v for v in made.treatments["policy"].to_pylist())


def test_same_seed_same_tables_other_seed_others(made):
    again = simulate_corridors(seed=101, tables=True)
    assert all(again.tables()[k].equals(v) for k, v in made.tables().items())
    assert not simulate_corridors(seed=102).panel.equals(made.panel)
    # employment adds a table and changes no other number
    assert simulate_corridors(seed=101).panel.equals(made.panel)


@pytest.mark.parametrize("seed", SEEDS)
def test_map_is_that_of_the_design(seed):
    made = simulate_corridors(seed=seed)
    codes, distance = places(made)
    treated = np.isin(codes, list(made.starts))
    assert treated.sum() == 22
    assert sorted(set(made.starts.values())) == ["2012", "2014", "2016", "2018"]
    near = distance[:, treated].min(axis=1)[~treated]
    assert 17 <= (near <= 250).sum() <= 40
    # the cities away from every corridor; great circles stretch the plan by a few per cent
    assert (near > 330).sum() >= 13
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 40


def test_employment_has_the_outcomes_of_the_panel(made):
    period = made.activity["period"].to_numpy(zero_copy_only=False)
    y1, y2 = arrays(made, "specialisation"), arrays(made, "diversification")
    for j, year in ((0, "2006"), (9, "2015"), (16, "2022")):
        found = ag.specialisation(made.activity.filter(period == year))
        cities = found.region != "REST"
        np.testing.assert_allclose(
            np.log(found.rzi[cities]), np.log(3.2) + 0.06 * y1[:, j], atol=1e-10
        )
        np.testing.assert_allclose(
            np.log(found.rdi[cities]), -np.log(0.62) + 0.05 * y2[:, j], atol=1e-10
        )
        assert found.rzi[~cities][0] < found.rzi[cities].min()


def test_panel_obeys_the_model_with_the_planted_parameters():
    """Without noise the outcome less its effects is what two-way effects and x explain."""
    plain = simulate_corridors(seed=101, sigma=0.0)
    w = plain.weights.matrix.toarray()
    exposure = plain.exposure.members[0].matrix.toarray()
    first = np.array([int(plain.starts.get(c, 9999)) for c in plain.weights.ids])
    since = np.arange(2006, 2023)[None, :] - first[:, None]
    for outcome in ("specialisation", "diversification"):
        y, x = arrays(plain, outcome), arrays(plain, "x")
        left = y - 0.3 * w @ y - 0.5 * x - 0.3 * w @ x
        beta = plain.planted(f"{outcome}.beta")
        theta = plain.planted(f"{outcome}.theta")
        for k in range(8):
            on = ((np.minimum(since, 7) == k) & (since >= 0)).astype(float)
            left = left - beta[str(k)] * on - theta[str(k)] * exposure @ on
        left -= left.mean(axis=0)
        left -= left.mean(axis=1, keepdims=True)
        np.testing.assert_allclose(left, 0.0, atol=1e-10)


def test_planted_parameters_give_the_planted_average_effects(made):
    w = made.weights.matrix.toarray()
    exposure = made.exposure.members[0].matrix.toarray()
    s = np.linalg.inv(np.eye(75) - 0.3 * w)
    for outcome in ("specialisation", "diversification"):
        beta = made.planted(f"{outcome}.beta")
        theta = made.planted(f"{outcome}.theta")
        for k in range(8):
            m = s @ (beta[str(k)] * np.eye(75) + theta[str(k)] * exposure)
            direct = np.trace(m) / 75
            assert direct == pytest.approx(DIRECT[outcome][k], abs=1e-12)
            indirect = m.sum() / 75 - direct
            assert indirect == pytest.approx(INDIRECT[outcome][k], abs=1e-12)


def test_rings_without_feedback_reach_100_to_250_km_only():
    made = simulate_corridors(seed=202, profile="rings", rho=0.0)
    reach = made.planted("specialisation.realised_untreated")
    assert (
        reach["0-100 km"] > 0
    )  # a treated city 100 to 250 km away, another one nearer
    assert reach["250-400 km"] == 0.0
    assert reach[">400 km"] == 0.0
    assert reach["100-250 km"] > 0.1
    fed = simulate_corridors(seed=202, profile="rings", rho=0.25)
    assert 0 < fed.planted("specialisation.realised_untreated")["250-400 km"] < 0.2


def test_null_has_no_effect_and_correlated_noise():
    made = simulate_corridors(seed=303, profile="null")
    assert set(made.planted("specialisation.realised_treated").values()) == {0.0}
    assert made.parameters["ar"] == 0.5
    assert made.parameters["spatial_error"] == 0.6


def test_heterogeneous_effects_differ_by_start():
    made = simulate_corridors(seed=303, profile="heterogeneous")
    level = list(made.planted("specialisation.cohort_level").values())
    assert level == [0.2, 0.5, 0.9, 1.3]
    by_k = made.planted("specialisation.realised_treated")
    assert by_k["0"] < by_k["3"]


def test_recent_starts_are_late():
    made = simulate_corridors(seed=101, recent=True)
    assert sorted(set(made.starts.values()))[0] == "2016"
    assert sorted(set(made.starts.values()))[-1] == "2021"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"n": 40}, "too few"),
        ({"n": 5}, "n=5"),
        ({"corridors": 9}, "corridors"),
        ({"rho": 1.0}, "rho"),
        ({"sigma": -1.0}, "sigma"),
        ({"ar": 1.0}, "ar"),
        ({"spatial_error": 2.0}, "spatial_error"),
        ({"profile": "dynamik"}, "dynamic"),
        ({"years": (2006, 2012)}, "years"),
        ({"seed": -1}, "seed"),
        ({"sigma": 9.0, "tables": True}, "city-years"),
    ],
)
def test_bad_options_are_refused(options, word):
    with pytest.raises(OptionError, match=word):
        simulate_corridors(**options)
