"""Strength schemes: every criterion by hand, ties, unknowns, resampling."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import (
    AlignmentError,
    ColumnNotFoundError,
    OptionError,
)
from agglo.core.options import MonteCarlo
from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    STRENGTH_SCHEMES,
    Criterion,
    StrengthScheme,
    cluster_strength,
    strong_clusters,
)

CLUSTERS = {"1": "Steel", "2": "Steel", "3": "Shops"}
REGIONS = [f"r{k:02d}" for k in range(20)]


def table(steel: np.ndarray, shops: np.ndarray, plants: np.ndarray) -> pa.Table:
    """Steel in one industry, shops in another; plants of both."""
    return pa.table(
        {
            "region": [*REGIONS, *REGIONS],
            "industry": ["1"] * 20 + ["3"] * 20,
            "employment": np.concatenate([steel, shops]),
            "establishments": np.concatenate([plants, np.full(20, 5.0)]),
            "payroll": np.concatenate([steel * np.arange(1, 21), shops * 2.0]),
        }
    )


@pytest.fixture
def twenty() -> pa.Table:
    steel = np.arange(20.0) * 10  # r00 has none, r19 has 190
    return table(steel, np.full(20, 100.0), np.where(steel > 0, 4.0, 0.0))


def one(*criteria: Criterion, needed: int = 1) -> StrengthScheme:
    return StrengthScheme(name="test", criteria=criteria, needed=needed)


def test_top_share_counts_present_regions_only(twenty: pa.Table) -> None:
    # 19 regions have steel: the top quarter are ceil(4.75) = 5
    rule = Criterion(name="q", measure="quotient", rule="top_share", threshold=0.25)
    got = cluster_strength(twenty, CLUSTERS, scheme=one(rule))
    steel = got.cluster.tolist().index("Steel")
    assert np.flatnonzero(got.strong[:, steel]).tolist() == [15, 16, 17, 18, 19]
    lq = (150 / 250) / (1900 / 3900)
    assert got.cut[0, steel] == pytest.approx(lq)
    assert got.margin()[0, 15, steel] == pytest.approx(0.0)
    assert got.quotient[19, steel] == pytest.approx((190 / 290) / (1900 / 3900))


def test_all_ties_at_the_cut_count() -> None:
    steel = np.repeat([50.0, 40.0], 10)
    rule = Criterion(name="size", measure="size", rule="top_share", threshold=0.1)
    data = table(steel, np.full(20, 100.0), np.full(20, 3.0))
    got = cluster_strength(data, CLUSTERS, scheme=one(rule))
    steel_column = got.cluster.tolist().index("Steel")
    assert got.strong[:, steel_column].tolist() == [1.0] * 10 + [0.0] * 10


def test_a_tenth_of_thirty_is_three() -> None:
    from agglo.relatedness._kernels import top_cut

    values = np.arange(30.0)[:, None]
    assert top_cut(values, values >= 0, 0.1)[0] == 27.0


def test_each_measure_against_its_definition(twenty: pa.Table) -> None:
    names = (
        "quotient",
        "size",
        "size_share",
        "establishments_share",
        "region_share",
        "productivity",
    )
    rules = tuple(
        Criterion(name=n, measure=n, rule="at_least", threshold=0.0) for n in names
    )
    got = cluster_strength(twenty, CLUSTERS, scheme=one(*rules))
    by_name = dict(zip(names, got.values, strict=True))
    steel = got.cluster.tolist().index("Steel")
    r = 7
    assert by_name["size"][r, steel] == 70
    assert by_name["size_share"][r, steel] == pytest.approx(70 / 1900)
    assert by_name["establishments_share"][r, steel] == pytest.approx(4 / 76)
    assert by_name["region_share"][r, steel] == pytest.approx(70 / 170)
    assert by_name["productivity"][r, steel] == pytest.approx(8.0)
    assert by_name["quotient"][r, steel] == pytest.approx((70 / 170) / (1900 / 3900))


def test_growth_needs_the_earlier_period(twenty: pa.Table) -> None:
    rule = Criterion(name="g", measure="growth", rule="at_least", threshold=0.5)
    without = cluster_strength(twenty, CLUSTERS, scheme=one(rule))
    steel = without.cluster.tolist().index("Steel")
    assert np.isnan(without.strong[1:, steel]).all()
    assert without.strong[0, steel] == 0.0  # absent: never strong
    assert any("growth" in w for w in without.provenance.warnings)
    before = table(np.full(20, 100.0), np.full(20, 100.0), np.ones(20))
    got = cluster_strength(twenty, CLUSTERS, scheme=one(rule), earlier=before)
    assert got.values[0, 7, steel] == pytest.approx(-0.3)
    assert np.flatnonzero(got.strong[:, steel]).tolist() == [15, 16, 17, 18, 19]


def test_us_strong_by_hand(twenty: pa.Table) -> None:
    scheme = (
        STRENGTH_SCHEMES["us_strong"]
        .with_criterion("size_share", rule="at_least", threshold=0.09)
        .with_criterion("establishments_share", rule="at_least", threshold=0.05)
    )
    got = cluster_strength(twenty, CLUSTERS, scheme=scheme)
    steel = got.cluster.tolist().index("Steel")
    # quotient: r15 to r19; size share at least .09 of 1900 = 171: r18 and r19
    assert np.flatnonzero(got.strong[:, steel]).tolist() == [18, 19]
    assert got.stars[16, steel] == 2.0


def test_eco_stars_counts(twenty: pa.Table) -> None:
    got = cluster_strength(twenty, CLUSTERS, scheme="eco_stars")
    steel = got.cluster.tolist().index("Steel")
    # top tenth of 19 = 2 regions for size and focus; no quotient reaches 2
    assert got.stars[:, steel].tolist() == [0.0] * 18 + [2.0, 2.0]
    assert not (got.strong[:, steel] == 1).any()


def test_panorama_without_data_is_unknown_not_zero(twenty: pa.Table) -> None:
    got = cluster_strength(
        twenty.drop_columns(["payroll"]), CLUSTERS, scheme="panorama"
    )
    steel = got.cluster.tolist().index("Steel")
    assert got.criteria == ("size", "specialisation", "productivity", "dynamism")
    assert np.isnan(got.met[2:, 1:, steel]).all()
    assert got.unknown[19, steel] == 2.0
    # two of four criteria met and two unknown: it may be strong
    assert np.isnan(got.strong[19, steel])
    # size already fails: no outcome makes all four
    assert got.strong[1, steel] == 0.0


def test_lq_scheme(twenty: pa.Table) -> None:
    got = cluster_strength(twenty, CLUSTERS, scheme="lq")
    steel = got.cluster.tolist().index("Steel")
    size = np.arange(20) * 10.0
    lq = (size / (size + 100)) / (1900 / 3900)
    want = (lq >= 1.25) & (size >= 100)
    np.testing.assert_array_equal(got.strong[:, steel] == 1, want)


def test_unknown_industry_leaves_the_verdict_open() -> None:
    values = np.array([[300.0, np.nan, 100.0], [100.0, 50.0, 300.0], [10.0, 0, 10.0]])
    data = RegionActivity.from_arrays(
        values, region=["a", "b", "c"], activity=["1", "2", "3"], margins="disclosed"
    )
    got = cluster_strength(data, CLUSTERS, scheme="lq")
    shops, steel = (
        got.cluster.tolist().index("Shops"),
        got.cluster.tolist().index("Steel"),
    )
    assert np.isnan(got.strong[0, steel])
    assert np.isfinite(got.strong[:, shops]).all()
    assert np.isfinite(got.strong[1:, steel]).all()
    assert [(u.region, u.item) for u in got.undefined] == [("a", "Steel")]
    zero = cluster_strength(data, CLUSTERS, scheme="lq", missing="zero")
    assert zero.strong[0, steel] == 1.0
    assert any("empty" in w for w in zero.provenance.warnings)


def test_few_regions_are_said_to_be_unstable() -> None:
    data = pa.table(
        {
            "region": ["a", "b", "a", "b"],
            "industry": ["1", "1", "3", "3"],
            "employment": [10.0, 20.0, 20.0, 10.0],
            "establishments": [1.0, 2.0, 3.0, 4.0],
        }
    )
    got = cluster_strength(data, CLUSTERS)
    assert any("fewer than 10" in w for w in got.provenance.warnings)
    assert "unstable" in got.summary()


def test_resampling_gives_probabilities(twenty: pa.Table) -> None:
    options = MonteCarlo(n=160, seed=4)
    got = cluster_strength(twenty, CLUSTERS, scheme="lq", inference=options)
    again = cluster_strength(twenty, CLUSTERS, scheme="lq", inference=options)
    assert got.p_strong is not None
    assert again.p_strong is not None
    np.testing.assert_array_equal(got.p_strong, again.p_strong)
    steel = got.cluster.tolist().index("Steel")
    assert got.p_strong[0, steel] == 0.0
    assert got.p_strong[19, steel] > 0.5
    assert got.p_strong[1, steel] < 0.05
    assert got.provenance.seed == 4
    columns = got.to_arrow().column_names
    assert "quotient_p" in columns
    assert "strong_p" in columns


def test_probability_of_a_minimum_size_is_poisson() -> None:
    """40 plants of 5 jobs and a cut at 200 jobs: P(Poisson(40) >= 40)."""
    from scipy.stats import poisson

    rng = np.random.default_rng(0)
    steel = np.full(20, 200.0)
    data = table(steel, rng.uniform(50, 150, 20), np.full(20, 40.0))
    rule = Criterion(name="size", measure="size", rule="at_least", threshold=200.0)
    got = cluster_strength(
        data, CLUSTERS, scheme=one(rule), inference=MonteCarlo(n=400, seed=2)
    )
    assert got.p_strong is not None
    steel_column = got.cluster.tolist().index("Steel")
    # 20 regions x 400 draws: three standard errors are 0.017
    mean = got.p_strong[:, steel_column].mean()
    assert mean == pytest.approx(poisson.sf(39, 40), abs=0.017)


def test_list_of_strong_clusters(twenty: pa.Table) -> None:
    definitions = pa.table(
        {
            "industry": ["1", "3"],
            "cluster": ["Steel", "Shops"],
            "kind": ["traded", "local"],
        }
    )
    found = cluster_strength(twenty, definitions, scheme="lq")
    every = strong_clusters(found)
    assert every.region.size == int(np.sum(found.strong == 1))
    traded = strong_clusters(found, kind="traded")
    assert set(traded.kind.tolist()) == {"traded"}
    only = strong_clusters(found, region="r19")
    assert only.cluster.tolist() == ["Steel"]
    assert only.quotient[0] == found.quotient[19, found.cluster.tolist().index("Steel")]
    with pytest.raises(AlignmentError, match="r19"):
        strong_clusters(found, region="r191")
    with pytest.raises(OptionError, match="traded"):
        strong_clusters(found, kind="trade")  # type: ignore[arg-type]
    assert "strong clusters" in every.summary()
    every.plot()


def test_refusals(twenty: pa.Table) -> None:
    with pytest.raises(OptionError, match="us_strong"):
        cluster_strength(twenty, CLUSTERS, scheme="us_stong")
    with pytest.raises(ColumnNotFoundError, match="establishments"):
        cluster_strength(twenty.drop_columns(["establishments"]), CLUSTERS)
    cells = RegionActivity.from_arrays([[1.0, 2.0], [3.0, 4.0]], activity=["1", "3"])
    with pytest.raises(OptionError, match="RegionActivity"):
        cluster_strength(cells, CLUSTERS)
    elsewhere = RegionActivity.from_arrays(
        [[1.0, 2.0]], region=["zz"], activity=["1", "3"]
    )
    with pytest.raises(AlignmentError, match="zz"):
        cluster_strength(cells, CLUSTERS, establishments=elsewhere)


def test_schemes_are_checked_data() -> None:
    assert list(STRENGTH_SCHEMES) == ["us_strong", "eco_stars", "panorama", "lq"]
    with pytest.raises(OptionError, match="rule"):
        Criterion(name="x", measure="size", rule="top", threshold=0.1)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="threshold"):
        Criterion(name="x", measure="size", rule="top_share", threshold=1.5)
    with pytest.raises(OptionError, match="empty"):
        Criterion(name="x", measure="size", rule="top_share", threshold=0.0)
    rule = Criterion(name="x", measure="size", rule="at_least", threshold=1.0)
    with pytest.raises(OptionError, match="distinct"):
        one(rule, rule)
    with pytest.raises(OptionError, match="needed"):
        one(rule, needed=2)
    with pytest.raises(OptionError, match="no criterion"):
        STRENGTH_SCHEMES["lq"].with_criterion("sise", threshold=3.0)
    with pytest.raises(TypeError):
        STRENGTH_SCHEMES["mine"] = one(rule)  # type: ignore[index]


def test_plots_and_dictionary(twenty: pa.Table) -> None:
    got = cluster_strength(twenty, CLUSTERS, scheme="panorama")
    body = got.to_dict()
    assert body["type"] == "ClusterStrength"
    got.plot()
    assert got.to_arrow().num_rows == 40
