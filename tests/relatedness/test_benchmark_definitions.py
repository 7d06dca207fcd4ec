"""Benchmark cluster definitions: the specification's numbers, planted groups, the US."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st
from pyarrow import csv

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    SimilarityMatrices,
    as_cluster_definitions,
    candidate_definitions,
    cluster_linkages,
    compare_definitions,
    em_clusters,
    propose_reassignments,
    score_candidates,
    score_definitions,
    similarity_matrices,
    traded_local,
)

M = np.array(
    [
        [1, 0.8, 0.6, 0.2, 0.1],
        [0.8, 1, 0.5, 0.3, 0.2],
        [0.6, 0.5, 1, 0.55, 0.4],
        [0.2, 0.3, 0.55, 1, 0.7],
        [0.1, 0.2, 0.4, 0.7, 1],
    ]
)
FIVE = [str(i) for i in range(1, 6)]


def given(matrix: np.ndarray, names=("LC-Emp",), industry=None) -> SimilarityMatrices:
    """Matrices as they stand, under a result made of other data."""
    n = len(matrix)
    labels = [f"{i:02d}" for i in range(n)] if industry is None else industry
    base = similarity_matrices(
        RegionActivity.from_arrays(np.random.default_rng(1).random((4, n)))
    )
    return SimilarityMatrices(
        provenance=base.provenance,
        frame_kind="pyarrow",
        undefined=(),
        industry=np.array(labels),
        name=tuple(names),
        values=np.stack([matrix] * len(names)),
        partial=np.zeros(len(names)),
    )


def of(letters: str) -> dict[str, str]:
    return dict(zip(FIVE, letters, strict=True))


def planted() -> tuple[SimilarityMatrices, dict[str, str]]:
    """Spec 17: 8 clusters of 12 industries in 179 regions."""
    rng = np.random.default_rng(7)
    factors, sizes = rng.lognormal(0, 1, (8, 179)), rng.lognormal(0, 1, 179)
    x = np.array(
        [
            rng.poisson(40 * sizes * factors[c] * rng.lognormal(0, 0.35, 179))
            for c in range(8)
            for _ in range(12)
        ],
        dtype=float,
    )
    table = RegionActivity.from_arrays(x.T)
    truth = {str(a): f"T{i // 12}" for i, a in enumerate(table.activity)}
    return similarity_matrices(table), truth


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("AAABB", [100, 100, 100, 100]),
        ("AABBB", [100, 100, 80, 80]),
        ("AACBB", [200 / 3, 200 / 3, 80, 80]),
    ],
)
def test_scores_of_five_industries(letters, expected):
    got = score_definitions(of(letters), given(M, industry=FIVE), n_random=0)
    np.testing.assert_allclose(got.scores[0], expected, atol=0.01)


def test_relatedness_within_and_between():
    got = score_definitions(of("AAABB"), given(M, industry=FIVE), n_random=0)
    np.testing.assert_allclose(got.within[0], [0.633333, 0.7], atol=1e-6)
    assert got.between[0, 0, 1] == pytest.approx(0.291667, abs=1e-6)
    other = score_definitions(of("AABBB"), given(M, industry=FIVE), n_random=0)
    np.testing.assert_allclose(other.within[0], [0.8, 0.55], atol=1e-9)
    assert other.between[0, 0, 1] == pytest.approx(0.316667, abs=1e-6)
    assert other.clusters().num_rows == 2


def test_singletons_fail_or_are_left_out():
    matrices = given(M, industry=FIVE)
    failed = score_definitions(of("AACBB"), matrices, n_random=0)
    spared = score_definitions(of("AACBB"), matrices, n_random=0, singletons="exclude")
    np.testing.assert_allclose(spared.scores[0], 100)
    assert [u.item for u in failed.undefined] == ["C"]


def test_one_cluster_is_undefined():
    got = score_definitions(of("AAAAA"), given(M, industry=FIVE), n_random=0)
    assert np.isnan(got.scores).all()


def test_industry_three_is_proposed_for_a():
    log = propose_reassignments(of("AABBB"), given(M, industry=FIVE), min_matrices=1)
    assert log.action.tolist() == ["move"]
    assert (log.industry[0], log.source[0], log.target[0]) == ("3", "B", "A")
    assert log.margin[0, 0] == pytest.approx(0.55 - 0.475)
    assert log.after[0] == pytest.approx(100.0)
    assert log.before[0] == pytest.approx(90.0)


def test_decisions_are_recorded_and_versioned():
    start = as_cluster_definitions(
        pa.table({"industry": FIVE, "cluster": list("AABBB"), "definition": ["v1"] * 5})
    )
    log = propose_reassignments(start, given(M, industry=FIVE), min_matrices=1)
    same = log.apply("v2")
    assert compare_definitions(start, same).adjusted_rand == 1.0
    done = log.decide(0, "accepted", who="me", when="2026-11-25", why="nearer to A")
    assert log.decision == ("proposed",)
    new = done.apply("v2")
    assert new.definition == "v2 (from v1)"
    assert compare_definitions(new, of("AAABB")).adjusted_rand == 1.0
    row = done.to_arrow().to_pylist()[0]
    assert (row["decision"], row["who"], row["why"]) == (
        "accepted",
        "me",
        "nearer to A",
    )
    with pytest.raises(OptionError, match="row=7"):
        log.decide(7, "accepted", who="me", when="now", why="so")
    with pytest.raises(OptionError, match="why"):
        log.decide(0, "accepted", who="me", when="now", why="")
    with pytest.raises(OptionError, match="version"):
        log.apply("v1")


def test_singletons_are_proposed_for_a_merge_and_loose_clusters_for_a_split():
    log = propose_reassignments(of("AACBB"), given(M, industry=FIVE), min_matrices=1)
    assert ("merge", "3", "B") in zip(
        log.action.tolist(), log.industry.tolist(), log.target.tolist(), strict=True
    ) or ("merge", "3", "A") in zip(
        log.action.tolist(), log.industry.tolist(), log.target.tolist(), strict=True
    )
    block = np.kron(np.eye(3), np.full((3, 3), 0.9)) + 0.05
    np.fill_diagonal(block, 1)
    names = [f"{i:02d}" for i in range(9)]
    mixed = dict(zip(names, ["A", "B", "A", "B", "A", "B", "C", "C", "C"], strict=True))
    found = propose_reassignments(mixed, given(block), min_matrices=1)
    assert "split" in found.action.tolist()


def test_nothing_to_propose_is_an_empty_log():
    log = propose_reassignments(of("AAABB"), given(M, industry=FIVE), min_matrices=1)
    assert log.to_arrow().num_rows == 0
    assert "0 move" in log.summary()


def test_planted_clusters_by_every_function():
    """Spec 17: ward, average on 1 - M, k-means and the mixture find the labels."""
    matrices, truth = planted()
    for function, on in (
        ("ward", "rows"),
        ("average", "distance"),
        ("kmeans", "rows"),
        ("gaussian", "rows"),
    ):
        found = candidate_definitions(
            matrices, k=[8], functions=[function], names=["LC-Emp"], on=on, seed=1
        )
        assert compare_definitions(found.definition(0), truth).adjusted_rand == 1.0
    perfect = score_definitions(
        truth, matrices, names=["LC-Emp"], n_random=100, seed=1, n_jobs=1
    )
    np.testing.assert_allclose(perfect.scores, 100)
    # VS-Industry-avg is near 50 by chance, the 95 % scores are not
    assert 40 < perfect.random_mean[0, 2] < 56
    assert perfect.random_mean[0, 3] < 25
    assert (perfect.random_high[0] < 100).all()


def test_the_mixture_picks_eight():
    rng = np.random.default_rng(7)
    factors, sizes = rng.lognormal(0, 1, (8, 179)), rng.lognormal(0, 1, 179)
    x = np.array(
        [
            rng.poisson(40 * sizes * factors[c] * rng.lognormal(0, 0.35, 179))
            for c in range(8)
            for _ in range(12)
        ]
    )
    got = em_clusters(
        RegionActivity.from_arrays(x.T), method="gaussian", n_init=10, n_boot=0, seed=1
    )
    assert got.k == 8


def test_random_labels_score_as_random_labels():
    matrices, truth = planted()
    rng = np.random.default_rng(3)
    mixed = dict(zip(truth, rng.permutation(list(truth.values())), strict=True))
    got = score_definitions(
        mixed, matrices, names=["LC-Emp"], n_random=60, seed=1, n_jobs=1
    )
    assert abs(got.scores[0, 2] - got.random_mean[0, 2]) < 15
    assert got.overall < 50


@settings(max_examples=20)
@generated(st.integers(0, 10_000), st.integers(2, 5))
def test_block_diagonal_scores_100_and_order_does_not_matter(seed, k):
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(k), rng.integers(2, 5, k))
    m = np.where(label[:, None] == label, 0.9, 0.1)
    turn = rng.permutation(label.size)
    names = np.array([f"{i:02d}" for i in range(label.size)])
    definition = {str(n): f"K{c}" for n, c in zip(names, label, strict=True)}
    one = score_definitions(definition, given(m), n_random=0)
    np.testing.assert_array_equal(one.scores, 100)
    other = score_definitions(
        definition, given(m[np.ix_(turn, turn)], industry=names[turn]), n_random=0
    )
    np.testing.assert_array_equal(one.scores, other.scores)
    drawn = rng.random(m.shape)
    noise = score_definitions(definition, given(drawn + drawn.T), n_random=0)
    assert ((noise.scores >= 0) & (noise.scores <= 100)).all()


def test_coagglomeration_and_trade_by_hand():
    x = np.array([[30, 50, 5], [10, 30, 20], [10, 20, 25]], float)
    table = RegionActivity.from_arrays(x, activity=["1", "2", "3"])
    sales = np.array([[0, 30, 10], [20, 0, 5], [5, 15, 0]], float)
    i, j = np.nonzero(sales)
    flows = pa.table(
        {
            "seller": [str(a + 1) for a in i],
            "buyer": [str(b + 1) for b in j],
            "flow": sales[i, j],
        }
    )
    got = similarity_matrices(table, input_output=flows)
    upper = np.triu_indices(3, 1)
    np.testing.assert_allclose(
        got.matrix("coagglomeration")[upper],
        [0.028681, -0.128107, -0.063098],
        atol=1e-6,
    )
    mean = similarity_matrices(table, base="mean").matrix("coagglomeration")
    np.testing.assert_allclose(mean[upper], [0.045455, -0.136364, -0.075758], atol=1e-6)
    np.testing.assert_allclose(
        got.matrix("IO")[upper], [0.8, 0.666667, 0.75], atol=1e-6
    )
    assert "LC-IO" in got.name
    coarse = similarity_matrices(
        table, input_output=flows, input_output_codes={"1": "1", "2": "1", "3": "2"}
    )
    assert coarse.matrix("IO")[0, 2] == coarse.matrix("IO")[1, 2] == pytest.approx(0.8)
    whole = similarity_matrices(
        table,
        input_output=flows,
        denominator="total",
        totals={"1": 100.0, "2": 100.0, "3": 100.0},
    )
    np.testing.assert_allclose(whole.matrix("IO")[upper], [0.3, 0.1, 0.15])
    with pytest.raises(OptionError, match="totals"):
        similarity_matrices(table, input_output=flows, denominator="total")
    with pytest.raises(AlignmentError, match="none of the industries"):
        similarity_matrices(table, input_output=flows, input_output_codes={"1": "z"})
    with pytest.raises(InvalidTableError, match="negative"):
        similarity_matrices(
            table, input_output=flows.set_column(2, "flow", pa.array([-1.0] * 6))
        )


def test_occupations_and_constant_industries():
    rng = np.random.default_rng(2)
    x = rng.random((6, 4))
    x[:, 3] = 1.0
    table = RegionActivity.from_arrays(x, activity=list("abcd"))
    jobs = pa.table(
        {
            "industry": [i for i in "abc" for _ in range(3)],
            "occupation": list("xyz") * 3,
            "jobs": [5.0, 3.0, 1.0, 10.0, 6.0, 2.0, 1.0, 3.0, 5.0],
        }
    )
    got = similarity_matrices(table, occupations=jobs, establishments=table)
    assert got.matrix("Occ")[0, 1] == pytest.approx(1.0)
    assert got.matrix("Occ")[0, 2] == pytest.approx(-1.0)
    assert np.isnan(got.matrix("LC-Emp")[3]).all()
    assert {u.activity for u in got.undefined} == {"d"}
    np.testing.assert_allclose(got.matrix("LC"), got.matrix("LC-Emp"))
    found = candidate_definitions(got, k=[2], names=["LC-Emp"], seed=1)
    assert found.labels[0, 3] == -1
    for option in ("lq", "share", "log"):
        assert np.isfinite(similarity_matrices(table, of=option).matrix("LC-Emp")[0, 1])


def test_starts_and_choices_of_candidates():
    matrices, truth = planted()
    for start in ("first", "last", "partition"):
        found = candidate_definitions(
            matrices, k=[8], functions=["kmeans"], names=["LC-Emp"], start=start, seed=1
        )
        assert np.unique(found.labels[0]).size == 8
    for function in ("kmedians", "network", "spectral"):
        found = candidate_definitions(
            matrices, k=[8], functions=[function], names=["LC-Emp"], seed=1
        )
        assert compare_definitions(found.definition(0), truth).adjusted_rand > 0.7
    with pytest.raises(OptionError, match="groups of 96"):
        candidate_definitions(matrices, k=[97])
    with pytest.raises(OptionError, match="functions"):
        candidate_definitions(matrices, functions=["kmean"])
    with pytest.raises(OptionError, match="Nothing to do"):
        candidate_definitions(matrices, functions=[])


def test_a_grid_is_scored_like_its_members_and_the_rule_chooses():
    matrices, truth = planted()
    seen = []
    grid = candidate_definitions(
        matrices,
        k=[8, 14],
        names=["LC-Emp"],
        start=("random", "first"),
        n_starts=2,
        seed=1,
        progress=lambda *x: seen.append(x),
    )
    # six functions, two of them with two starts
    assert seen[0] == (0, 16)
    assert seen[-1] == (16, 16)
    assert sorted(set(grid.function.tolist())) == [
        "average",
        "gaussian",
        "kmeans",
        "kmedians",
        "network",
        "ward",
    ]
    assert (grid.start[grid.function == "kmeans"] != "").all()
    assert set(grid.start[grid.function == "ward"]) == {""}
    found = score_candidates(grid, matrices)
    for c in (0, 5, 11):
        one = score_definitions(grid.definition(c), matrices, n_random=0)
        np.testing.assert_allclose(found.scores[c], one.scores, rtol=1e-12)
        assert found.overall[c] == pytest.approx(one.overall)
    assert found.overall[found.best] == found.overall.max()
    assert compare_definitions(found.definition(), truth).adjusted_rand == 1.0
    # equals: fewer clusters of one first
    few = score_candidates(
        candidate_definitions(
            given(np.kron(np.eye(2), np.ones((3, 3)))),
            k=[3, 2],
            functions=["ward"],
            seed=1,
        ),
        given(np.kron(np.eye(2), np.ones((3, 3)))),
        singletons="exclude",
    )
    assert int(few.candidates.k[few.best]) == 2
    assert "best" in found.summary()
    assert found.to_arrow().column_names[:5] == [
        "candidate",
        "matrix",
        "function",
        "start",
        "k",
    ]
    with pytest.raises(AlignmentError, match="not the same"):
        score_candidates(grid, given(M, industry=FIVE))


def test_agreement_of_definitions():
    one, other = of("AAABB"), of("AABBB")
    got = compare_definitions(one, other)
    # 4 pairs together in each, 2 of 6 in both; expected 16/10
    assert got.adjusted_rand == pytest.approx((2 - 1.6) / (4 - 1.6))
    assert got.pairs_together == pytest.approx(2 / 6)
    assert compare_definitions(one, one).mutual_information == pytest.approx(1.0)
    with pytest.raises(AlignmentError, match="in common"):
        compare_definitions(one, {"9": "A"})


def test_mixtures_are_definitions():
    matrices, truth = planted()
    x = pa.table(
        {"item": list(truth), "f": [float(int(c[1:])) for c in truth.values()]}
    )
    groups = em_clusters(x, method="gaussian", k=8, n_init=10, n_boot=0, seed=1)
    assert compare_definitions(groups, truth).adjusted_rand == 1.0
    assert score_definitions(groups, matrices, n_random=0).overall == 100.0


def test_linkages_find_the_related_pair():
    rng = np.random.default_rng(5)
    base = rng.lognormal(0, 1, (80, 7))
    base[:, 1] = 0.7 * base[:, 0] + 0.3 * base[:, 1]
    x = np.repeat(base, 4, axis=1) * rng.lognormal(0, 0.2, (80, 28))
    table = RegionActivity.from_arrays(x)
    truth = {str(a): f"T{i // 4}" for i, a in enumerate(table.activity)}
    got = cluster_linkages(truth, similarity_matrices(table))
    best = int(got.relatedness.argmax())
    assert (got.cluster[got.first[best]], got.cluster[got.second[best]]) == ("T0", "T1")
    assert got.strength[best] == "very_strong"
    assert got.first.size == 21
    with pytest.raises(NotIdentifiedError):
        cluster_linkages(dict.fromkeys(truth, "A"), similarity_matrices(table))


def test_traded_and_local_by_hand_and_planted():
    rng = np.random.default_rng(6)
    people = rng.lognormal(10, 1, 60)
    local = 0.01 * people[:, None] * rng.lognormal(0, 0.05, (60, 5))
    traded = np.where(rng.random((60, 5)) < 0.15, 0.1 * people[:, None], 0.0)
    absent = np.zeros((60, 1))
    names = [*(f"l{i}" for i in range(5)), *(f"t{i}" for i in range(5)), "zz"]
    table = RegionActivity.from_arrays(
        np.hstack([local, traded, absent]), activity=names
    )
    inhabitants = dict(zip(table.region.tolist(), people.tolist(), strict=True))
    for method in ("threshold", "mixture"):
        got = traded_local(table, population=inhabitants, method=method)
        assert got.kind.tolist() == ["local"] * 5 + ["traded"] * 5 + ["unclassified"]
    assert np.isnan(got.gini[-1])
    half = RegionActivity.from_arrays([[4.0, 1.0], [0.0, 3.0]])
    # all of it in the region that has five eighths of the base
    assert traded_local(half).gini[0] == pytest.approx(3 / 8)
    with pytest.raises(AlignmentError, match="population"):
        traded_local(table, population={"r00": 1.0})


def test_definitions_that_do_not_fit():
    matrices = given(M, industry=FIVE)
    with pytest.raises(AlignmentError, match="none of the industries"):
        score_definitions({"x": "A"}, matrices)
    with pytest.raises(OptionError, match="definition"):
        score_definitions(candidate_definitions(matrices, k=[2], seed=1), matrices)
    some = {"1": "A", "2": "A", "4": "B"}
    with pytest.raises(AlignmentError, match="not in the definition") as caught:
        score_definitions(some, matrices)
    (problem,) = caught.value.problems
    assert problem.code == "unlabelled_industry"
    assert problem.n_rows == 2
    assert "['3', '5']" in problem.what
    partial = score_definitions(some, matrices, unlabelled="list")
    assert [u.activity for u in partial.undefined] == ["3", "5", ""]
    with pytest.raises(OptionError, match="min_matrices"):
        propose_reassignments(of("AAABB"), matrices, min_matrices=2)


def read(path: Path, text: tuple[str, ...]) -> pa.Table:
    options = csv.ConvertOptions(column_types=dict.fromkeys(text, pa.string()))
    if path.suffix == ".gz":
        with gzip.open(path) as stream:
            return csv.read_csv(stream, convert_options=options)
    return csv.read_csv(path, convert_options=options)


def united_states(data: Path) -> tuple[SimilarityMatrices, dict[str, str]]:
    """Traded six-digit industries by county, and who buys from whom."""
    official = read(
        data / "us_naics2017_to_cluster" / "naics6_to_cluster.csv", ("naics6",)
    )
    official = official.filter(pc.equal(official["traded_local"], "Traded"))
    cells = read(
        data / "us_cbp_county" / "cbp_county_naics6_2021.csv.gz", ("fips", "naics")
    )
    cells = cells.filter(pc.is_in(cells["naics"], official["naics6"]))
    use = read(data / "us_bea_io" / "BEA_Detail_Use_SUT_2017_17sch.csv", ())
    seller = [str(c) for c in use.column(0).to_pylist()]
    buyers = [c for c in use.column_names[1:] if c in set(seller)]
    flows = np.array(
        [use[c].cast(pa.float64()).fill_null(0.0).to_numpy() for c in buyers]
    )
    keep = np.flatnonzero(np.isin(seller, buyers))
    b, s = np.nonzero(flows[:, keep] > 0)
    crosswalk = read(
        data / "us_bea_io" / "NAICS_to_BEA_Crosswalk_2017.csv",
        ("NAICS_2017_Code", "BEA_2017_Detail_Code"),
    )
    codes: dict[str, str] = {}
    for naics, bea in zip(
        crosswalk["NAICS_2017_Code"].to_pylist(),
        crosswalk["BEA_2017_Detail_Code"].to_pylist(),
        strict=True,
    ):
        codes.setdefault(str(naics), str(bea))
    matrices = similarity_matrices(
        cells,
        region="fips",
        activity="naics",
        value="emp",
        establishments="est",
        input_output=pa.table(
            {
                "seller": [seller[keep[i]] for i in s],
                "buyer": [buyers[i] for i in b],
                "flow": flows[b, keep[s]],
            }
        ),
        input_output_codes=codes,
    )
    return matrices, dict(
        zip(
            official["naics6"].to_pylist(), official["cluster"].to_pylist(), strict=True
        )
    )


def test_own_definitions_of_the_united_states(shared_data):
    """Own definitions are valid and nearer to the official 51 than chance."""
    matrices, official = united_states(shared_data)
    assert matrices.industry.size == 660
    published = score_definitions(official, matrices, n_random=10, seed=1, n_jobs=1)
    assert published.cluster.size == 51
    assert published.overall > 65
    assert (published.scores > published.random_high).all()
    found = candidate_definitions(
        matrices, k=[51], functions=["ward"], names=["LC-IO"], seed=1
    )
    own = score_definitions(
        found.definition(0), matrices, n_random=10, seed=1, n_jobs=1
    )
    assert own.overall > 50
    agree = compare_definitions(found.definition(0), official)
    mixed = dict(
        zip(
            official,
            np.random.default_rng(1).permutation(list(official.values())),
            strict=True,
        )
    )
    chance = compare_definitions(found.definition(0), mixed)
    assert agree.adjusted_rand > chance.adjusted_rand + 0.1
    assert agree.mutual_information > chance.mutual_information + 0.1
