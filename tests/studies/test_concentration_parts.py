"""Ranks, intervals and coverage of the profile, checked by hand."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import agglo as ag
from agglo.sources import read_table
from agglo.studies.concentration import STUDY, ConcentrationOptions
from agglo.studies.concentration.jackknife import jackknife_interval, region_groups
from agglo.studies.concentration.prepare import prepare
from agglo.studies.concentration.ranks import rank_quotients
from agglo.studies.concentration.scope import Scope
from agglo.studies.concentration.tracks import period_quotients
from agglo.studies.contract import StageInputs
from tests.studies.harness import run_study


def ranks(quotient, plants, **options):
    fields = {"top": 1, "draws": 199, "level": 0.95, "seed": 1} | options
    quotient = np.asarray(quotient, dtype=float)
    plants = None if plants is None else np.asarray(plants, dtype=float)
    names = np.array([f"i{k}" for k in range(quotient.shape[1])])
    return rank_quotients(quotient, plants, names, progress=lambda *_: None, **fields)


def test_ranks_share_the_better_place_and_nan_and_zero_have_none():
    found = ranks([[3.0], [1.0], [3.0], [np.nan], [0.0]], None)
    np.testing.assert_array_equal(found.rank[:, 0], [1, 3, 1, np.nan, np.nan])
    assert np.isnan(found.p_top).all()


def test_many_plants_make_a_firm_rank_and_few_do_not():
    firm = ranks([[2.0], [1.0]], [[1e5], [1e5]])
    assert firm.p_same.min() == 1.0
    np.testing.assert_array_equal(firm.lower, firm.upper)
    loose = ranks([[2.0], [1.9]], [[2], [2]])
    assert 0.3 < loose.p_top[0, 0] < 0.7
    assert (loose.lower[0, 0], loose.upper[0, 0]) == (1, 2)


def test_the_share_of_draws_is_that_of_two_poisson_numbers():
    # region 0 keeps the first place unless region 1 draws more, ties by order
    found = ranks([[1.0], [1.0]], [[4], [4]], draws=4000)
    from scipy import stats

    k = np.arange(60)
    ties = (stats.poisson.pmf(k, 4) ** 2).sum()
    expected = (1 - ties) / 2 + ties
    assert abs(found.p_top[0, 0] - expected) < 4 * np.sqrt(0.25 / 4000)


def test_an_industry_draws_the_same_whatever_else_is_there():
    alone = ranks([[2.0], [1.5], [1.0]], [[3], [2], [4]])
    beside = ranks([[2.0, 1.0], [1.5, 1.0], [1.0, 2.0]], [[3, 9], [2, 9], [4, 9]])
    np.testing.assert_array_equal(alone.p_top[:, 0], beside.p_top[:, 0])


def test_delete_one_jackknife_of_a_mean_is_its_standard_error():
    from scipy import stats

    x = np.array([1.0, 4.0, 2.0, 7.0, 5.0])
    parts = [np.array([np.delete(x, k).mean()]) for k in range(x.size)]
    low, high = jackknife_interval(np.array([x.mean()]), parts, 0.95)
    reach = stats.t.ppf(0.975, 4) * x.std(ddof=1) / np.sqrt(5)
    np.testing.assert_allclose([low[0], high[0]], [x.mean() - reach, x.mean() + reach])
    assert np.isnan(jackknife_interval(np.array([1.0]), parts[:2], 0.95)[0]).all()


def test_groups_are_a_partition_of_like_size():
    size = np.arange(1.0, 101.0)
    groups = region_groups(size, 20)
    assert np.sum(groups, axis=0).tolist() == [1] * 100
    totals = np.array([size[g].sum() for g in groups])
    assert totals.max() / totals.min() < 1.2
    assert len(region_groups(size[:3], 20)) == 3


@pytest.mark.parametrize(
    ("upper", "expected"), [([None, 19.0], None), ([9.0, 19.0], 28.0)]
)
def test_coverage_adds_up_the_bounds_of_hidden_cells(upper, expected):
    table = pa.table(
        {
            "region": ["a", "a", "b"],
            "industry": ["x", "y", "x"],
            "employment": [10.0, None, None],
            "employment_lower": [None, 0.0, 5.0],
            "employment_upper": pa.array([None, *upper], pa.float64()),
            "flag": ["", "c", "m"],
        }
    )
    inputs = StageInputs(tables={"activity": table}, options=ConcentrationOptions())
    coverage = prepare(inputs).documents["coverage"]
    assert coverage["n_unknown"] == 2
    assert coverage["n_confidential"] == 1
    assert coverage["hidden_lower"] == 5.0
    assert coverage["hidden_upper"] == expected
    assert coverage["counts"] == "absent"


def test_sectors_of_naics_that_span_several_codes_are_one_group():
    codes = [
        "311111",
        "325411",
        "339999",
        "441110",
        "451110",
        "481111",
        "493110",
        "541110",
    ]
    table = pa.table(
        {
            "region": ["a"] * 8,
            "industry": codes,
            "employment": [1.0] * 8,
            "industry_version": ["naics_2017"] * 8,
        }
    )
    inputs = StageInputs(tables={"activity": table}, options=ConcentrationOptions())
    groups = prepare(inputs).tables["industry_names"]["group"].to_pylist()
    assert groups == ["31", "31", "31", "44", "44", "48", "48", "54"]


def test_industries_without_a_name_are_shown_with_their_cluster():
    table = pa.table(
        {"region": ["a"] * 2, "industry": ["11", "12"], "employment": [1.0, 2.0]}
    )
    definitions = pa.table({"industry": ["11"], "cluster": ["Steel"]})
    tables = {"activity": table, "definitions": definitions}
    inputs = StageInputs(tables=tables, options=ConcentrationOptions())
    names = prepare(inputs).tables["industry_names"]["name"].to_pylist()
    assert names == ["11, part of Steel", "12"]


def test_the_demo_keeps_the_bounds_of_its_hidden_cells_when_it_is_read(tmp_path):
    demo = STUDY.demo(3)
    entry = next(i for i in demo.imports if i["id"] == "activity")
    path = tmp_path / "activity.parquet"
    path.write_bytes(demo.files[entry["files"][0]])
    read = read_table(path, **entry["options"]).data.to_pandas()
    hidden = read[read.flag == "c"]
    given = pq.read_table(path).to_pandas()
    assert len(hidden) > 20
    for name in ("employment_lower", "employment_upper"):
        assert hidden[name].notna().all()
        np.testing.assert_array_equal(hidden[name], given[given.flag == "c"][name])
    assert not demo.options


def _small_country():
    """Four regions in two provinces; industry a sits in one province, b everywhere."""
    rows = [
        ("p1", "r1", "a", 40, 4), ("p1", "r2", "a", 40, 4),
        ("p1", "r1", "b", 10, 5), ("p1", "r2", "b", 20, 5),
        ("p2", "r3", "b", 30, 5), ("p2", "r4", "b", 40, 5),
    ]  # fmt: skip
    jobs = pa.table(
        {
            "region": [r[1] for r in rows],
            "industry": [r[2] for r in rows],
            "period": ["2021"] * 6,
            "employment": [float(r[3]) for r in rows],
            "establishments": [float(r[4]) for r in rows],
        }
    )
    before = jobs.set_column(2, "period", pa.array(["2020"] * 6))
    regions = pa.table(
        {"region": ["r1", "r2", "r3", "r4"], "parent": ["p1", "p1", "p2", "p2"]}
    )
    declared = pa.table(
        {"region": ["r1", "r3", "r4"], "industry": ["a", "a", "b"],
         "source": ["plan", "plan", "plan"]}
    )  # fmt: skip
    return {
        "activity": pa.concat_tables([before, jobs]),
        "regions": regions,
        "priorities": declared,
    }


@pytest.fixture(scope="module")
def small_outputs():
    quick = ConcentrationOptions(
        quotient_draws=99, rank_draws=19, chance_draws=19, cluster_draws=19,
        jackknife_groups=2,
    )  # fmt: skip
    return run_study(STUDY, _small_country(), options=quick)[0]


def test_levels_measure_the_same_industry_at_coarser_regions(small_outputs):
    rows = {
        (r["industry"], r["family"], r["definition"], r["level"]): r
        for r in small_outputs["levels"].tables["levels"].to_pylist()
    }
    own, coarse = (rows["b", "gini", "jobs", level] for level in ("region", "parent"))
    assert (own["n_regions"], coarse["n_regions"]) == (4, 2)
    from agglo.concentration import locational_gini
    from agglo.core.tables import RegionActivity

    merged = RegionActivity.from_arrays(
        np.array([[80.0, 30.0], [0.0, 70.0]]), region=["p1", "p2"], activity=["a", "b"]
    )
    expected = locational_gini(merged, by="activity").values
    for k, industry in enumerate("ab"):
        found = rows[industry, "gini", "jobs", "parent"]["value"]
        assert found == pytest.approx(expected[k], rel=1e-12)
    assert {k[1] for k in rows} == {"gamma", "gini"}
    assert rows["a", "gini", "jobs", "parent"]["p"] is None


def test_priorities_stand_beside_what_is_there(small_outputs):
    rows = small_outputs["priorities"].tables["priorities"].to_pylist()
    first, absent, third = rows
    # r1: 40 of 50 jobs in a, 80 of 180 in the country
    assert first["lq"] == pytest.approx((40 / 50) / (80 / 180))
    assert first["revealed"] in ("strong", "above")
    assert (absent["lq"], absent["revealed"]) == (0.0, "absent")
    assert third["revealed"] in ("strong", "above")
    assert small_outputs["priorities"].documents["priority_notes"]["n"] == 3


def test_growth_of_cells_adds_up_to_that_of_regions(small_outputs):
    cells = small_outputs["growth"].tables["growth_cells"]
    assert cells.num_rows == 6
    parts = ("national", "industry_mix", "regional")
    whole = np.sum([cells[p].to_numpy() for p in parts], axis=0)
    np.testing.assert_allclose(whole, cells["change"].to_numpy(), atol=1e-9)
    np.testing.assert_allclose(cells["lq_start"], cells["lq_end"])


def test_the_largest_industries_are_followed_through_all_periods(small_outputs):
    growth = small_outputs["growth"]
    tracks = growth.tables["growth_periods"].to_pylist()
    cells = {
        (r["region"], r["industry"]): r
        for r in growth.tables["growth_cells"].to_pylist()
    }
    first, last = (
        growth.documents["growth_notes"]["from"],
        growth.documents["growth_notes"]["to"],
    )
    for row in tracks:
        cell = cells[row["region"], row["industry"]]
        end = {first: "start", last: "end"}[row["period"]]
        assert row["employment"] == cell[end]
        assert row["lq"] == pytest.approx(cell[f"lq_{end}"])
    for region in {r["region"] for r in tracks}:
        mine = [r for r in tracks if r["region"] == region and r["period"] == last]
        assert [r["place"] for r in mine] == list(range(1, len(mine) + 1))
        jobs = [r["employment"] for r in mine]
        assert jobs == sorted(jobs, reverse=True)


def test_a_period_between_is_there_and_an_unknown_cell_is_no_zero():
    activity = pa.table(
        {
            "region": ["r", "r", "s", "s"] * 3,
            "industry": ["a", "b"] * 6,
            "period": ["2019"] * 4 + ["2020"] * 4 + ["2021"] * 4,
            "employment": [1.0, 3.0, 2.0, 2.0, None, 3.0, 2.0, 2.0, 4.0, 1.0, 2.0, 3.0],
        }
    )
    ends = [
        ag.as_region_activity(
            activity.filter(pc.equal(activity["period"], year)), margins="disclosed"
        )
        for year in ("2019", "2021")
    ]
    scope = Scope(
        period="2021",
        region_version="",
        industry_version="",
        growth_periods=("2019", "2021"),
    )
    found = period_quotients(activity, scope, ag.shift_share(*ends), ends).to_pylist()
    mine = [(r["place"], r["period"], r["employment"]) for r in found[:3]]
    assert mine[0] == (1, "2019", 1.0)
    assert mine[1][:2] == (1, "2020")
    assert np.isnan(mine[1][2])
    assert np.isnan(found[1]["lq"])
    assert mine[2] == (1, "2021", 4.0)
    # 4 of 5 jobs of r are in a, 6 of 10 in the country
    assert found[2]["lq"] == pytest.approx((4 / 5) / (6 / 10))
