"""The concentration profile: planted answers, determinism, poor inputs."""

import json
from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import agglo as ag
from agglo.simulate import simulate_country
from agglo.studies.concentration import STUDY, ConcentrationOptions
from agglo.studies.contract import Origin, ProjectFacts
from tests.studies.harness import KEYS, language_faults, run_study

QUICK = ConcentrationOptions(
    quotient_draws=99,
    rank_draws=19,
    chance_draws=19,
    cluster_draws=19,
    jackknife_groups=4,
)
# not a seed that the study was developed with
UNSEEN = 20_261


def findings_of(outputs):
    return {f["id"]: f for f in outputs["report"].documents["findings"]}


def page_of(outputs):
    return outputs["report"].files["report.html"].decode("utf-8")


@pytest.fixture(scope="module")
def country():
    return simulate_country(seed=UNSEEN)


@pytest.fixture(scope="module")
def outputs(country):
    facts = ProjectFacts(title="Test", generated=True)
    return run_study(STUDY, country.tables(), project=facts)[0]


@pytest.fixture
def small():
    """Three regions, three industries, two periods; every cell has plants."""
    rng = np.random.default_rng(3)
    keys = [
        (r, i, p) for p in ("2020", "2021") for r in "abc" for i in ("11", "12", "21")
    ]
    region, industry, period = zip(*keys, strict=True)
    number = rng.integers(1, 9, len(keys)).astype(float)
    return pa.table(
        {
            "region": region,
            "industry": industry,
            "period": period,
            "employment": number * rng.integers(3, 30, len(keys)),
            "establishments": number,
        }
    )


def test_the_planted_answers_are_found(outputs):
    found = findings_of(outputs)
    gamma = found["concentrated_industries"]["truth"]
    assert gamma["planted_above_0.02"] >= 20
    assert gamma["of_these_found"] == gamma["planted_above_0.02"]
    assert gamma["correlation_with_planted"] > 0.85
    assert abs(gamma["median_error"]) < 0.01
    # 80 intervals of 95 %: three binomial standard errors
    assert gamma["intervals_that_cover"] >= 0.875
    towns = found["specialised_regions"]["truth"]
    assert towns["main_industry_found"] == towns["planted_towns"] == 3
    cells = found["specialised_cells"]["truth"]
    assert cells["called_beyond_chance"] == cells["planted_one_plant_towns"] == 3
    homes = found["strong_clusters"]["truth"]
    assert homes["of_these_strong"] == homes["planted_home_clusters"] >= 10
    assert homes["of_these_sure"] >= homes["planted_home_clusters"] - 1
    bounds = found["hidden_cells"]["truth"]
    assert bounds["inside_the_bounds"] == bounds["withheld_figures"] > 20
    growth = found["regional_growth"]["truth"]
    assert growth["largest_error_of_yearly_growth"] < 0.01


def test_the_contract_of_findings_holds(outputs):
    found = outputs["report"].documents["findings"]
    assert len(found) >= 8
    assert all(tuple(f)[:10] == KEYS for f in found)
    assert len({f["id"] for f in found}) == len(found)
    json.dumps(found, allow_nan=False)
    assert all(0 < f["p"] <= 1 for f in found if f["p"] is not None)
    names = {f"{t}.parquet" for o in outputs.values() for t in o.tables}
    names |= {f"{d}.json" for o in outputs.values() for d in o.documents}
    assert {e for f in found for e in f["evidence"]} <= names


def test_hidden_figures_stay_hidden_though_single_plants_are_known(country, outputs):
    cells = outputs["quotients"].tables["region_industries"].to_pandas()
    hidden = cells[cells.status == "confidential"]
    assert len(hidden) > 20
    for column in (
        "employment",
        "lq",
        "lq_lower",
        "lq_upper",
        "p",
        "q",
        "rank",
        "rank_p_top",
    ):
        assert hidden[column].isna().all(), column
    assert (hidden.employment_upper > hidden.employment_lower).all()
    shown = cells[cells.status == "ok"]
    assert (shown.lq_lower <= shown.lq).all()
    assert (shown.lq <= shown.lq_upper).all()
    assert (shown["rank"] >= 1).all()
    assert (shown.rank_lower <= shown.rank_upper).all()
    known = country.activity.filter(pc.equal(country.activity["period"], "2021"))
    assert shown.employment.sum() == pc.sum(known["employment"]).as_py()


def test_same_inputs_same_bytes_whatever_the_order_of_rows(small):
    shuffled = small.take(np.random.default_rng(1).permutation(small.num_rows))
    runs = [
        run_study(STUDY, {"activity": t}, options=QUICK)[0]
        for t in (small, small, shuffled)
    ]
    pages = [page_of(r) for r in runs]
    assert pages[0] == pages[1] == pages[2]
    for stage, output in runs[0].items():
        for name, table in output.tables.items():
            assert table.equals(runs[2][stage].tables[name]), (stage, name)
    other = run_study(STUDY, {"activity": small}, options=QUICK, seed=8)[0]
    assert page_of(other) != pages[0]


def test_the_activity_table_is_enough(small):
    outputs = run_study(STUDY, {"activity": small}, options=QUICK)[0]
    found = findings_of(outputs)
    assert found["strong_clusters"]["answer"].startswith("Not measured")
    assert found["concentrated_industries"]["truth"] is None
    assert outputs["clusters"].tables["clusters"].num_rows == 0
    assert "lower bound" in found["concentrated_industries"]["reading"]
    assert outputs["growth"].documents["growth_notes"]["from"] == "2020"
    # variety: groups of two digits
    regions = outputs["specialisation"].tables["regions"].to_pandas()
    np.testing.assert_allclose(
        regions.unrelated_variety + regions.related_variety, regions.entropy
    )


def test_without_plants_nothing_is_tested_and_that_is_said(small):
    table = small.drop_columns("establishments")
    outputs = run_study(STUDY, {"activity": table}, options=QUICK)[0]
    found = findings_of(outputs)
    assert "cannot be said" in found["concentrated_industries"]["answer"]
    assert "cannot be said" in found["firm_ranks"]["answer"]
    assert "cannot be said" in found["beyond_chance"]["answer"]
    cells = outputs["quotients"].tables["region_industries"].to_pandas()
    assert cells.lq.notna().all()
    assert cells.lq_lower.isna().all()
    assert cells["rank"].notna().all()


@pytest.mark.parametrize("name", ["region", "industry"])
def test_one_region_or_one_industry(small, name):
    first = small[name][0]
    table = small.filter(pc.equal(small[name], first))
    outputs = run_study(STUDY, {"activity": table}, options=QUICK)[0]
    found = findings_of(outputs)
    assert len(found) >= 8
    cells = outputs["quotients"].tables["region_industries"].to_pandas()
    np.testing.assert_allclose(cells.lq, 1.0)
    assert "<svg" in page_of(outputs)


def test_all_cells_confidential(small):
    n = small.num_rows
    table = small.set_column(3, "employment", pa.nulls(n, pa.float64()))
    table = table.append_column("flag", pa.array(["c"] * n))
    outputs = run_study(STUDY, {"activity": table}, options=QUICK)[0]
    found = findings_of(outputs)
    assert found["coverage"]["estimate"]["hidden_share"] == 1.0
    assert found["coverage"]["estimate"]["jobs_shown"] == 0.0
    cells = outputs["quotients"].tables["region_industries"].to_pandas()
    assert (cells.status == "confidential").all()
    assert "NaN" not in page_of(outputs)
    assert "nan" not in json.dumps(outputs["report"].documents["findings"])


def test_versions_are_never_mixed(small):
    finer = small.set_column(
        1,
        "industry",
        pc.binary_join_element_wise(small["industry"], pa.scalar("00"), ""),
    ).filter(pc.equal(small["period"], "2021"))
    parts = [
        t.append_column("industry_version", pa.array([v] * t.num_rows))
        for t, v in ((small, "coarse_1"), (finer, "fine_1"))
    ]
    table = pa.concat_tables([*parts, parts[1].slice(0, 0)])
    options = replace(QUICK, industry_version="fine_1")
    outputs = run_study(STUDY, {"activity": table}, options=options)[0]
    scope = outputs["prepare"].documents["coverage"]["scope"]
    assert scope["industry_version"] == "fine_1"
    assert scope["growth_industry_version"] == "coarse_1"
    assert scope["growth_periods"] == ["2020", "2021"]
    industries = outputs["agglomeration"].tables["industries"]["industry"].to_pylist()
    assert industries == ["1100", "1200", "2100"]
    with pytest.raises(ag.OptionError, match=r"Did you mean 'fine_1'"):
        run_study(
            STUDY,
            {"activity": table},
            options=replace(QUICK, industry_version="fine_2"),
        )
    with pytest.raises(ag.OptionError, match="growth_from='1999'"):
        run_study(
            STUDY, {"activity": table}, options=replace(options, growth_from="1999")
        )


def test_names_reach_the_page_escaped_in_both_languages(small):
    evil = '<script>alert("x")</script>'
    codes = ["a", "b", "c"]
    regions = pa.table(
        {
            "region": codes,
            "name_en": [evil, "B & co", ""],
            "name_zh": ["甲", "乙", "丙"],
        }
    )
    tables = {"activity": small, "regions": regions}
    origin = Origin(
        title=evil, publisher=evil, licence="CC0", files=(("f.csv", "ab" * 32),)
    )
    options = replace(QUICK, headline_employment=0.0)
    for lang, word in (("en", "B &amp; co"), ("zh", "乙")):
        facts = ProjectFacts(title=evil, language=lang, origins=(origin,))
        text = page_of(run_study(STUDY, tables, options=options, project=facts)[0])
        assert text.count("<script") == 2
        assert word in text
        assert "CC0" in text
    assert "集聚概况" in text


@pytest.mark.parametrize(
    "bad",
    [
        {"rank_draws": 3},
        {"level": 1.0},
        {"scheme": "best"},
        {"top": 0},
        {"fdr": "bonferroni"},
    ],
)
def test_options_are_checked(bad):
    with pytest.raises(ag.OptionError, match=next(iter(bad))):
        ConcentrationOptions(**bad)


def test_a_region_that_mirrors_the_country_is_not_called_specialised():
    # every region draws its plants from the same shares: 5 % of p-values below 0.05
    rng = np.random.default_rng(5)
    share = rng.dirichlet(np.ones(12))
    counts = rng.multinomial(60, share, size=80)
    rows, cols = np.nonzero(counts)
    table = pa.table(
        {
            "region": [f"r{k:03d}" for k in rows],
            "industry": [f"{k:02d}" for k in cols],
            "period": ["2021"] * rows.size,
            "employment": counts[rows, cols] * 10.0,
            "establishments": counts[rows, cols].astype(float),
        }
    )
    options = replace(QUICK, chance_draws=99)
    out = run_study(
        STUDY, {"activity": table}, options=options, until="specialisation"
    )[0]
    p = out["specialisation"].tables["regions"]["ksi_p"].to_numpy()
    assert (p <= 0.05).sum() <= 10
    assert 0.3 < np.median(p) < 0.8


@pytest.mark.slow
def test_all_counties_and_all_industries_of_the_united_states(shared_data):
    folder = shared_data / "us_cbp_county"
    parts = [
        ag.sources.read_cbp(
            folder / "cbp_county_naics6_2021.csv.gz", industry_version="naics6_2017"
        ).data
    ]
    parts += [
        ag.sources.read_cbp(
            folder / f"cbp_county_naics4_{year}.csv.gz", industry_version="naics4_2017"
        ).data
        for year in (2018, 2021)
    ]
    maps = shared_data / "us_naics2017_to_cluster" / "naics6_to_cluster.csv"
    tables = {
        "activity": pa.concat_tables(parts, promote_options="permissive"),
        "definitions": ag.sources.read_cluster_definitions(maps).data,
        "regions": ag.sources.read_regions(
            shared_data / "us_county_geo" / "us_counties.csv"
        ).data,
    }
    outputs, seconds = run_study(STUDY, tables)
    assert sum(seconds.values()) < 600
    assert outputs["agglomeration"].tables["industries"].num_rows == 961
    assert outputs["specialisation"].tables["regions"].num_rows == 3102
    assert outputs["quotients"].tables["region_industries"].num_rows > 340_000
    assert len(page_of(outputs)) < 5_000_000
    found = findings_of(outputs)
    assert found["concentrated_industries"]["estimate"] > 0.5
    assert "lower bound" in found["concentrated_industries"]["reading"]


def test_every_option_and_every_column_is_documented(root, outputs):
    page = (root / "docs" / "reference" / "concentration-study.md").read_text("utf-8")
    lost = [f.name for f in fields(ConcentrationOptions) if f"`{f.name}`" not in page]
    for output in outputs.values():
        for name, table in output.tables.items():
            lost += (
                []
                if f"`{name}.parquet`" in page or f"{name}.parquet" in page
                else [name]
            )
            lost += [
                f"{name}.{c}"
                for c in table.column_names
                if f"`{c}`" not in page and not c.startswith("met_")
            ]
    assert not lost


def test_what_is_seen_in_few_places_is_measured_but_not_named(small):
    # industry 21 is shown in one region only, all others everywhere
    everywhere = pc.or_(
        pc.not_equal(small["industry"], "21"), pc.equal(small["region"], "a")
    )
    options = replace(QUICK, headline_cells=2, headline_employment=0.0, fdr_level=0.99)
    outputs = run_study(STUDY, {"activity": small.filter(everywhere)}, options=options)[
        0
    ]
    industries = outputs["agglomeration"].tables["industries"].to_pandas()
    top = industries.sort_values("gamma").iloc[-1]
    assert top.industry == "21"
    assert top.n_regions == 1
    assert "21" not in findings_of(outputs)["most_concentrated"]["answer"].split(":")[0]


def test_a_publisher_who_drops_small_cells_is_found_out():
    rng = np.random.default_rng(2)
    number = rng.integers(3, 40, 400).astype(float)
    table = pa.table(
        {
            "region": [f"r{k // 20:02d}" for k in range(400)],
            "industry": [f"{k % 20:02d}" for k in range(400)],
            "employment": number * 12,
            "establishments": number,
        }
    )
    found = findings_of(run_study(STUDY, {"activity": table}, options=QUICK)[0])
    assert "fewer than 3 plants" in found["coverage"]["answer"]
    number[7] = 1.0
    table = table.set_column(3, "establishments", pa.array(number))
    found = findings_of(run_study(STUDY, {"activity": table}, options=QUICK)[0])
    assert "not published" not in found["coverage"]["answer"]


def test_findings_are_said_in_both_languages(outputs):
    assert language_faults(outputs["report"].documents["findings"]) == []
