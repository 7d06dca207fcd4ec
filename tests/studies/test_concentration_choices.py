"""Choices of the profile's tables: definitions and schemes, null models, levels."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from agglo.core.errors import InvalidTableError
from agglo.core.options import MonteCarlo
from agglo.core.tables import as_region_activity
from agglo.relatedness import cluster_strength
from agglo.studies.concentration import STUDY, ConcentrationOptions
from tests.studies.harness import run_study

QUICK = ConcentrationOptions(
    quotient_draws=99, rank_draws=19, chance_draws=19, cluster_draws=19,
    jackknife_groups=2,
)  # fmt: skip
# region, industry, jobs, plants
CELLS = (
    ("r1", "11", 400.0, 8.0), ("r1", "12", 100.0, 4.0), ("r1", "21", 50.0, 5.0),
    ("r2", "11", 60.0, 6.0), ("r2", "12", 300.0, 6.0), ("r2", "22", 200.0, 4.0),
    ("r3", "21", 500.0, 9.0), ("r3", "22", 150.0, 3.0), ("r4", "11", 90.0, 3.0),
    ("r4", "22", 260.0, 7.0),
)  # fmt: skip
SETS = {
    "b_second": {"11": "One", "12": "One", "21": "Two", "22": "Two"},
    "a_first": {"11": "Own", "12": "Mixed", "21": "Mixed"},
}


def activity(**further):
    region, industry, jobs, plants = zip(*CELLS, strict=True)
    columns = {
        "region": region, "industry": industry, "employment": jobs,
        "establishments": plants,
    }  # fmt: skip
    return pa.table({**columns, **further})


def definitions(sets):
    rows = [
        {"definition": name, "industry": i, "cluster": c, "kind": "traded"}
        for name, one in sets.items()
        for i, c in one.items()
    ]
    return pa.Table.from_pylist(rows)


def clusters_of(table, sets=SETS, options=QUICK, until="clusters", **tables):
    found = run_study(
        STUDY,
        {"activity": table, "definitions": definitions(sets), **tables},
        options=options,
        until=until,
    )[0]
    output = found["clusters"]
    return found, output.tables["clusters"], output.documents["cluster_notes"]


def test_every_set_is_judged_by_every_scheme_and_the_main_ones_come_first():
    _, table, notes = clusters_of(activity())
    pairs = list(
        dict.fromkeys(
            zip(
                table["definition"].to_pylist(),
                table["scheme"].to_pylist(),
                strict=True,
            )
        )
    )
    schemes = ["us_strong", "eco_stars", "lq"]
    assert pairs == [(d, s) for d in ("a_first", "b_second") for s in schemes]
    assert (notes["definition"], notes["scheme"]) == ("a_first", "us_strong")
    assert notes["not_judged"] == [
        "panorama: no payroll or value added, no earlier period"
    ]
    # hand case: a quotient of 1.25 and 100 jobs
    rows = {
        (r["region"], r["cluster"]): r
        for r in table.filter(
            pc.and_(pc.equal(table["definition"], "b_second"), pc.equal(table["scheme"], "lq"))
        ).to_pylist()
    }  # fmt: skip
    total = sum(c[2] for c in CELLS)
    one = sum(c[2] for c in CELLS if c[1] in ("11", "12"))
    assert rows["r1", "One"]["lq"] == pytest.approx((500 / 550) / (one / total))
    assert rows["r1", "One"]["strong"] == 1.0
    assert rows["r4", "One"]["met_size"] == 0.0
    assert rows["r1", "One"]["met_focus"] is None


def test_a_set_gives_what_it_gives_alone():
    _, table, _ = clusters_of(activity())
    jobs = as_region_activity(activity())
    plants = as_region_activity(activity(), value="establishments")
    for name, scheme in (("a_first", "us_strong"), ("b_second", "eco_stars")):
        alone = cluster_strength(
            jobs,
            SETS[name],
            scheme=scheme,
            establishments=plants,
            inference=MonteCarlo(n=QUICK.cluster_draws, seed=7),
        )
        mine = table.filter(
            pc.and_(
                pc.equal(table["definition"], name), pc.equal(table["scheme"], scheme)
            )
        )
        shown = alone.size > 0
        np.testing.assert_array_equal(
            mine["p_strong"].to_numpy(), alone.p_strong[shown]
        )
        np.testing.assert_array_equal(mine["strong"].to_numpy(), alone.strong[shown])


def test_a_scheme_is_judged_where_its_data_are():
    before = activity(period=["2020"] * len(CELLS))
    now = activity(
        period=["2021"] * len(CELLS),
        payroll=[c[2] * (2.0 if c[0] == "r1" else 1.0) for c in CELLS],
    )
    table = pa.concat_tables([before, now], promote_options="default")
    _, found, notes = clusters_of(table)
    assert notes["schemes"] == ["us_strong", "eco_stars", "panorama", "lq"]
    assert notes["not_judged"] == []
    mine = found.filter(pc.equal(found["scheme"], "panorama"))
    assert mine["met_productivity"].null_count == 0
    without = activity().drop_columns(["establishments"])
    _, found, notes = clusters_of(without)
    assert notes["scheme"] == "lq"
    assert notes["not_judged"][0] == "us_strong: no plant counts"
    assert np.isnan(found["p_strong"].to_numpy()).all()


def test_findings_and_report_count_the_main_ones_only():
    both, table, _ = clusters_of(activity(), until=None)
    one = run_study(
        STUDY,
        {"activity": activity(), "definitions": definitions({"a_first": SETS["a_first"]})},
        options=QUICK,
    )[0]  # fmt: skip
    said = [
        {f["id"]: f for f in found["report"].documents["findings"]}["strong_clusters"]
        for found in (both, one)
    ]
    assert said[0] == said[1]
    main = pc.and_(
        pc.equal(table["definition"], "a_first"), pc.equal(table["scheme"], "us_strong")
    )
    assert said[0]["estimate"] == pc.sum(table.filter(main)["strong"]).as_py()
    page = both["report"].files["report.html"].decode()
    assert "a_first, b_second" in page
    assert "panorama: no payroll" in page


def test_a_set_that_does_not_fit_is_named_and_stops_nothing_but_itself():
    foreign = {"a_first": {"99": "Elsewhere"}, "b_second": SETS["b_second"]}
    _, table, notes = clusters_of(activity(), foreign)
    assert notes["definition"] == "b_second"
    assert set(table["definition"].to_pylist()) == {"b_second"}
    assert "a_first: no industry of the table" in notes["not_judged"][-1]
    weighed = definitions(SETS)
    weight = [
        2.0 if d == "b_second" else 1.0 for d in weighed["definition"].to_pylist()
    ]
    broken = weighed.append_column("weight", pa.array(weight))
    tables = {"activity": activity(), "definitions": broken}
    found = run_study(STUDY, tables, options=QUICK, until="clusters")[0]["clusters"]
    assert (
        "b_second: `definitions` has"
        in found.documents["cluster_notes"]["not_judged"][-1]
    )
    main = broken.filter(pc.equal(broken["definition"], "b_second"))
    with pytest.raises(InvalidTableError):
        run_study(
            STUDY, {**tables, "definitions": main}, options=QUICK, until="clusters"
        )


def plants_of(table):
    rows = table.to_pylist()
    n = [int(r["establishments"]) for r in rows]
    return pa.table(
        {
            "establishment": [f"E{k:03d}" for k in range(sum(n))],
            "region": np.repeat([r["region"] for r in rows], n),
            "industry": np.repeat([r["industry"] for r in rows], n),
            "employment": np.repeat(
                [r["employment"] / r["establishments"] for r in rows], n
            ),
        }
    )


@pytest.mark.parametrize("single", [True, False])
def test_the_raw_concentration_stands_beside_two_null_models(single):
    options = ConcentrationOptions(
        quotient_draws=99, rank_draws=19, chance_draws=19, cluster_draws=19,
        jackknife_groups=2, null_draws=199,
    )  # fmt: skip
    tables = {"activity": activity()}
    if single:
        tables["establishments"] = plants_of(activity())
    found = run_study(STUDY, tables, options=options)[0]
    output = found["nulls"]
    rows = output.tables["nulls"].to_pylist()
    own = {
        r["industry"]: r["G"]
        for r in found["agglomeration"].tables["industries"].to_pylist()
    }
    assert [r["null"] for r in rows] == ["dartboard"] * 4 + ["permutation"] * 4
    for row in rows:
        assert row["observed"] == pytest.approx(own[row["industry"]], rel=1e-12)
        assert 1 / 200 <= row["p"] <= 1
        assert row["n_draws"] == 199
    draws = output.tables["null_draws"]
    keys = ["null", "industry"]
    counted = draws.group_by(keys).aggregate([("draws", "sum"), ("draws", "count")])
    assert set(counted["draws_sum"].to_pylist()) == {199}
    assert max(counted["draws_count"].to_pylist()) <= 40
    notes = output.documents["null_notes"]
    assert notes["herfindahl"] == ("exact" if single else "lower_bound")
    page = found["report"].files["report.html"].decode()
    assert "199 draws of each model" in page
    again = run_study(STUDY, tables, options=options, until="nulls")[0]["nulls"]
    assert again.tables["null_draws"].equals(draws)


def test_without_plant_counts_there_are_no_draws_and_that_is_said():
    table = activity().drop_columns(["establishments"])
    found = run_study(STUDY, {"activity": table}, options=QUICK)[0]
    output = found["nulls"]
    assert not output.tables
    assert "no plant counts" in output.documents["null_notes"]["reason"]
    assert "Not drawn: no plant counts" in found["report"].files["report.html"].decode()


INDUSTRIES = pa.table(
    {"industry": ["11", "12", "21", "22", "1", "2"], "parent": ["1", "1", "2", "2", None, None]}
)  # fmt: skip


def levels_of(table, **tables):
    given = {"activity": table, **tables}
    return run_study(STUDY, given, options=QUICK, until="industry_levels")[0][
        "industry_levels"
    ]


def test_coarser_industries_are_measured_as_if_the_table_had_them():
    found = levels_of(activity(), industries=INDUSTRIES)
    assert found.tables["industry_levels"].to_pydict() == {
        "industry_level": ["industry", "parent"]
    }
    rows = found.tables["region_levels"]
    merged = {}
    for region, industry, jobs, plants in CELLS:
        one = merged.setdefault((region, industry[0]), [0.0, 0.0])
        one[0] += jobs
        one[1] += plants
    direct = pa.table(
        {
            "region": [k[0] for k in merged], "industry": [k[1] for k in merged],
            "employment": [v[0] for v in merged.values()],
            "establishments": [v[1] for v in merged.values()],
        }
    )  # fmt: skip
    expected = run_study(STUDY, {"activity": direct}, options=QUICK, until="quotients")[
        0
    ]
    assert rows.drop_columns(["industry_level"]).equals(
        expected["quotients"].tables["region_industries"]
    )
    # hand case: r1 has 500 of its 550 jobs in 1, the country 950 of 2110
    first = rows.to_pylist()[0]
    assert (first["region"], first["industry"], first["employment"]) == (
        "r1",
        "1",
        500.0,
    )
    assert first["lq"] == pytest.approx((500 / 550) / (950 / 2110))


def test_a_hidden_part_hides_the_coarse_cell_and_leaves_bounds():
    jobs = [None if c[:2] == ("r1", "12") else c[2] for c in CELLS]
    table = activity(
        flag=["c" if j is None else "" for j in jobs],
        employment_lower=[80.0 if j is None else None for j in jobs],
        employment_upper=[120.0 if j is None else None for j in jobs],
    ).set_column(2, "employment", pa.array(jobs, pa.float64()))
    for tables in ({}, {"establishments": plants_of(activity())}):
        found = levels_of(table, industries=INDUSTRIES, **tables)
        rows = {
            (r["region"], r["industry"]): r
            for r in found.tables["region_levels"].to_pylist()
        }
        hidden = rows["r1", "1"]
        assert hidden["status"] == "confidential"
        assert np.isnan(
            [hidden[k] for k in ("employment", "lq", "lq_lower", "p")]
        ).all()
        assert (hidden["employment_lower"], hidden["employment_upper"]) == (
            480.0,
            520.0,
        )
        assert rows["r2", "1"]["employment"] == 360.0
        # what is shown adds up to the total that shares are taken of
        assert rows["r1", "2"]["share_of_region"] == 1.0
        notes = found.documents["industry_level_notes"]
        assert notes["hidden_cells"] == {"parent": 1}


def test_levels_are_those_where_every_industry_has_a_place_each_once():
    nested = pa.table(
        {
            "industry": ["11", "12", "21", "22", "1", "2", "3", "0"],
            "parent": ["1", "2", "3", "3", "0", "0", "9", None],
        }
    )
    found = levels_of(activity(), industries=nested)
    assert found.documents["industry_level_notes"]["levels"] == [
        "industry", "parent", "top",
    ]  # fmt: skip
    levels = found.tables["region_levels"]["industry_level"].to_pylist()
    assert set(levels) == {"parent", "top"}
    partly = INDUSTRIES.slice(1)
    for tables in ({}, {"industries": partly}):
        alone = levels_of(activity(), **tables)
        assert set(alone.tables) == {"industry_levels"}
        assert alone.tables["industry_levels"].num_rows == 1
