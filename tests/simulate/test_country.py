"""The generated country: valid, repeatable, and with the truth it says it has."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pyarrow.compute as pc
import pytest

import agglo as ag
from agglo.core.checks import check_table
from agglo.simulate import simulate_country

# seeds of these tests are not those used while the generator was written (1 and 7)
SEEDS = (101, 202, 303, 404, 505, 606, 707, 808)


@pytest.fixture(scope="module")
def country():
    return simulate_country(seed=101)


def test_tables_follow_the_schema_and_say_generated(country):
    for name, table in country.tables().items():
        report = check_table(table, name, references=country.tables())
        assert report.problems == ()
        assert report.warnings == ()
    assert country.generated
    assert all("Generated" in n for n in country.regions["name_en"].to_pylist())
    assert all("生成" in n for n in country.industries["name_zh"].to_pylist())


def test_a_seed_gives_the_same_country_and_another_seed_another(country):
    again, other = simulate_country(seed=101), simulate_country(seed=102)
    for name, table in country.tables().items():
        assert table.equals(again.tables()[name])
    assert not country.activity.equals(other.activity)


def test_the_same_bytes_in_another_process(country):
    code = (
        "import hashlib, pyarrow as pa\n"
        "from agglo.simulate import simulate_country\n"
        "sink = hashlib.sha256()\n"
        "for table in simulate_country(seed=101).tables().values():\n"
        "    for batch in table.combine_chunks().to_batches():\n"
        "        sink.update(batch.serialize())\n"
        "print(sink.hexdigest())\n"
    )
    sink = hashlib.sha256()
    for table in country.tables().values():
        for batch in table.combine_chunks().to_batches():
            sink.update(batch.serialize())
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "12345"},
    )
    assert done.stdout.strip() == sink.hexdigest()


def test_figures_of_one_seed_stay_as_they_are(country):
    # whoever moves these moves the demonstration project: a change of kind `numerics`
    assert country.activity.num_rows == 17_760
    assert pc.sum(country.establishments["employment"]).as_py() == 908_835
    assert country.regions["population"].to_pylist()[:3] == [1143554, 169850, 201660]
    assert len(country.planted("employment")) == 228
    assert set(country.planted("strong_cluster")) >= {
        "R117|Generated cluster 00",
        "R006|Generated cluster 00",
    }


def test_towns_are_dominated_by_their_plant(country):
    plants = country.establishments.to_pylist()
    towns = {
        r["item"]: r["label"]
        for r in country.truth.to_pylist()
        if r["quantity"] == "specialised_region"
    }
    assert len(towns) == 3
    for town, industry in towns.items():
        here = [p for p in plants if p["region"] == town]
        largest = max(here, key=lambda p: p["employment"])
        assert largest["industry"] == industry
        assert largest["employment"] * 2 >= sum(p["employment"] for p in here)


def test_the_reader_is_told_what_is_planted(country):
    quantities = set(country.truth["quantity"].to_pylist())
    assert quantities == {
        "gamma",
        "gamma_realised",
        "growth",
        "strong_cluster",
        "specialised_region",
        "employment",
    }
    kinds = set(country.definitions["kind"].to_pylist())
    assert kinds == {"traded", "local"}
    assert len(set(country.activity["period"].to_pylist())) == 3
    # two levels: the code of an industry starts with that of its sector
    for row in country.industries.to_pylist():
        assert row["industry"].startswith(row["parent"])


def test_cells_add_up_to_plants(country):
    last = country.activity.filter(pc.equal(country.activity["period"], "2021"))
    hidden = country.planted("employment")
    withheld = sum(v for k, v in hidden.items() if k.endswith("|2021"))
    jobs = pc.sum(last["employment"]).as_py() + withheld
    assert jobs == pc.sum(country.establishments["employment"]).as_py()
    assert pc.sum(last["establishments"]).as_py() == country.establishments.num_rows


def test_withheld_cells_lie_in_their_published_class(country):
    hidden = country.planted("employment")
    rows = country.activity.filter(pc.equal(country.activity["flag"], "c")).to_pylist()
    assert len(rows) == len(hidden) > 50
    for row in rows:
        true = hidden[f"{row['region']}|{row['industry']}|{row['period']}"]
        assert row["employment"] is None
        assert row["employment_lower"] <= true <= row["employment_upper"]


def index_by_hand(country):
    """Give gamma of every industry straight from the plants: (G/D - H)/(1 - H)."""
    people = country.regions["population"].to_numpy()
    x = people / people.sum()
    d = 1 - (x**2).sum()
    places = country.regions["region"].to_pylist()
    at = {code: m for m, code in enumerate(places)}
    plants = country.establishments
    region = np.array([at[code] for code in plants["region"].to_pylist()])
    size = plants["employment"].to_numpy()
    own = np.array(plants["industry"].to_pylist())
    out = {}
    for industry in country.planted("gamma"):
        here = own == industry
        z = size[here] / size[here].sum()
        s = np.bincount(region[here], z, minlength=x.size)
        h = (z**2).sum()
        out[industry] = (((s - x) ** 2).sum() / d - h) / (1 - h)
    return out


def test_planted_gamma_is_the_expectation_of_the_index():
    # exact for any number of plants when the reference is the one of the model
    spread, none = [], []
    for seed in range(901, 925):
        made = simulate_country(seed=seed, n_plants=8000, n_periods=1)
        planted, found = made.planted("gamma"), index_by_hand(made)
        away = {i: found[i] - planted[i] for i in planted}
        spread.append(np.mean([away[i] for i in planted if planted[i] > 0]))
        none.append(np.mean([away[i] for i in planted if planted[i] == 0]))
    for values in (np.array(spread), np.array(none)):
        error = values.std(ddof=1) / np.sqrt(values.size)
        assert abs(values.mean()) < 3 * error
        # and the test would see a tenth of the mean planted concentration
        assert 3 * error < 0.003


def test_drawn_probabilities_have_the_planted_concentration():
    away = []
    for seed in range(951, 981):
        made = simulate_country(seed=seed, n_plants=800, n_periods=1)
        planted, drawn = made.planted("gamma"), made.planted("gamma_realised")
        away.append(np.mean([drawn[i] - planted[i] for i in planted]))
        assert all(drawn[i] < 1e-20 for i in planted if planted[i] == 0)
    assert abs(np.mean(away)) < 3 * np.std(away, ddof=1) / np.sqrt(30)


def test_planted_gamma_is_recovered_in_the_mean():
    # the reference is all employment here, as a user would take it
    # one difference per industry and seed; 3 standard errors of their mean
    away = []
    for seed in SEEDS:
        made = simulate_country(seed=seed, n_plants=30_000)
        planted = made.planted("gamma")
        found = ag.ellison_glaeser(made.establishments).to_arrow().to_pylist()
        away += [
            r["gamma"] - planted[r["activity"]]
            for r in found
            if r["activity"] in planted
        ]
    away = np.array(away)
    assert away.size > 8 * 50
    assert abs(away.mean()) < 3 * away.std(ddof=1) / np.sqrt(away.size)


def test_growth_is_what_was_planted(country):
    planted = country.planted("growth")
    activity = country.activity.filter(pc.equal(country.activity["flag"], ""))
    big = activity.filter(pc.greater(activity["employment"], 500.0)).to_pylist()
    by_cell = {(r["region"], r["industry"], r["period"]): r["employment"] for r in big}
    for (region, industry, period), size in by_cell.items():
        before = by_cell.get((region, industry, str(int(period) - 1)))
        if before is not None:
            assert size / before - 1 == pytest.approx(planted[industry], abs=0.002)


def test_homes_of_planted_clusters_are_over_represented(country):
    table = ag.as_region_activity(
        country.establishments.group_by(["region", "industry"])
        .aggregate([("employment", "sum")])
        .rename_columns(["region", "industry", "employment"])
    )
    lq = ag.location_quotient(table)
    values = {
        (r["region"], r["activity"]): r["value"] for r in lq.to_arrow().to_pylist()
    }
    homes = [k.split("|") for k in country.planted("strong_cluster")]
    members = country.definitions.to_pylist()
    for region, cluster in homes:
        own = [
            values[region, m["industry"]] for m in members if m["cluster"] == cluster
        ]
        assert np.mean(own) > 3


def test_bad_numbers_are_refused():
    with pytest.raises(ag.OptionError, match="n_regions=5"):
        simulate_country(n_regions=5)
    with pytest.raises(ag.OptionError, match="max_gamma"):
        simulate_country(max_gamma=0.9)
    with pytest.raises(ag.OptionError, match="at least 10"):
        simulate_country(n_plants=100)
