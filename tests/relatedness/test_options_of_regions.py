"""Portfolio, partners, paths, declarations, subnational complexity, crossing: by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given as generated
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    complementarity_density,
    complexity,
    complexity_subnational,
    cross_proximity,
    declared_vs_revealed,
    diffusion_path,
    log_supermodularity,
    optimise_complexity,
    portfolio,
    presence,
    proximity,
    recombination,
    relatedness_density,
)
from tests.relatedness.world_trade import MANUAL, TOY, given

PCI = {"P1": 2.0, "P2": -1.0, "P3": 0.5, "P4": 1.0}


def _toy():
    held = given(TOY)
    names = dict(zip(held.activity.tolist(), PCI.values(), strict=True))
    return held, relatedness_density(held, convention=MANUAL), names


def test_portfolio_by_hand():
    held, near, pci = _toy()
    found = portfolio(near, pci)
    # C3 lacks P1 and P2: both equally near (.357143), so both count as near
    here = found.region == held.region[2]
    assert found.density[here] == pytest.approx([0.357143] * 2, abs=1e-6)
    assert found.quadrant[here].tolist() == ["high_road", "slow_road"]
    assert set(found.region) == set(held.region[1:].tolist())  # C1 has everything
    # against all options of all regions: the median density is .357143 or above
    wide = portfolio(near, pci, scope="all", split="mean")
    assert np.unique(wide.density_split).size == 1
    assert wide.density_split[0] == pytest.approx(found.density.mean())


def test_what_has_no_index_is_unscored():
    held, near, pci = _toy()
    del pci[str(held.activity[0])]
    found = portfolio(near, pci, size=dict.fromkeys(held.activity.tolist(), 3.0))
    lost = found.activity == held.activity[0]
    assert set(found.quadrant[lost]) == {"unscored"}
    assert set(found.size) == {3.0}
    assert found.undefined[0].n == lost.sum()
    with pytest.raises(AlignmentError):
        portfolio(near, {"nothing": 1.0})
    with pytest.raises(OptionError):
        portfolio(relatedness_density(held, subset="held"), pci)


def test_a_full_table_has_no_options():
    held = given(np.ones((3, 3)))
    near = relatedness_density(held, convention=MANUAL)
    found = portfolio(near, dict.fromkeys(held.activity.tolist(), 1.0))
    assert found.activity.size == 0
    assert found.to_arrow().num_rows == 0


def test_complementarity_by_hand():
    held, near, _ = _toy()
    c1, c2, c3, c4 = held.region.tolist()
    links = pa.table(
        {
            "origin": [c3, c4, c3],
            "destination": [c2, c3, c3],
            "weight": [3.0, 1.0, 9.0],
        }
    )
    found = complementarity_density(near, links)
    # C3: partners C2 (3/4) and C4 (1/4); it lacks P1, P2; of these C2 has P2.
    # phi from P2 to P1..P4: .5 1 .5 .333333 over the column sums of phi
    phi = np.array(
        [
            [1, 0.5, 0.5, 1 / 3],
            [0.5, 1, 0.5, 1 / 3],
            [0.5, 0.5, 1, 2 / 3],
            [1 / 3, 1 / 3, 2 / 3, 1],
        ]
    )
    expected = 0.75 * phi[1] / phi.sum(axis=0)
    assert found.values[2] == pytest.approx(expected, abs=1e-12)
    assert found.has_links.tolist() == [False, True, True, True]
    assert found.values[0].tolist() == [0.0] * 4
    assert "1 links of a region with itself" in found.provenance.warnings[-2]
    one_way = complementarity_density(near, links, directed=True)
    assert one_way.has_links.tolist() == [False, False, True, True]
    bad = pa.table({"origin": ["q"], "destination": [c1], "weight": [-1.0]})
    with pytest.raises(InvalidTableError) as caught:
        complementarity_density(near, bad)
    assert {p.code for p in caught.value.problems} == {
        "unknown_region",
        "negative_value",
    }


@generated(
    arrays(np.int8, (5, 4), elements=st.integers(0, 1)),
    arrays(np.float64, (5, 5), elements=st.floats(0, 9)),
)
def test_complementarity_is_a_share_of_what_is_lacking(m, ties):
    if not m.any():
        return
    held = given(m.astype(float))
    near = relatedness_density(held, convention=MANUAL)
    a, b = np.indices(ties.shape)
    links = pa.table(
        {
            "origin": held.region[a.ravel()].tolist(),
            "destination": held.region[b.ravel()].tolist(),
            "weight": ties.ravel(),
        }
    )
    found = complementarity_density(near, links).values
    known = np.isfinite(found)
    assert (found[known] >= 0).all()
    # own and partners' part of a neighbourhood never exceed the whole
    assert (found + near.values)[known].max(initial=0.0) <= 1 + 1e-9


def _chain():
    jobs = pa.table(
        {
            "region": list("aabbccd"),
            "industry": list("wxxyyzi"),
            "employment": [4.0, 4.0, 3.0, 3.0, 5.0, 5.0, 1.0],
        }
    )
    return proximity(jobs)


def test_paths_by_hand():
    path = diffusion_path(_chain(), ["w"], threshold=0.5, base=0.5, exponent=2.0)
    assert path.activity.tolist() == ["x", "y", "z"]
    # half, half and all of the neighbours: .5 x .25, .5 x .25, .5
    assert path.expected_periods.tolist() == pytest.approx([8.0, 8.0, 2.0])
    assert path.unreachable.tolist() == ["i"]
    assert path.total_periods == pytest.approx(18.0)
    everything = diffusion_path(_chain(), list("iwxyz"), threshold=0.5)
    assert everything.activity.size == 0
    nothing = diffusion_path(_chain(), [], threshold=0.5)
    assert nothing.unreachable.size == 5


@pytest.mark.parametrize("strategy", ["majority", "high_degree", "low_degree"])
def test_every_strategy_reaches_the_same(strategy):
    rng = np.random.default_rng(4)
    held = given((rng.random((30, 12)) < 0.4).astype(float))
    near = proximity(held)
    first = [str(near.label[0])]
    by = diffusion_path(near, first, threshold=0.4, strategy=strategy)
    greedy = diffusion_path(near, first, threshold=0.4)
    assert sorted(by.activity) == sorted(greedy.activity)
    by_chance = [
        diffusion_path(near, first, threshold=0.4, strategy="random", seed=s)
        for s in (1, 1)
    ]
    assert by_chance[0].activity.tolist() == by_chance[1].activity.tolist()


def test_paths_that_cannot_be():
    near = _chain()
    with pytest.raises(AlignmentError):
        diffusion_path(near, ["q"])
    with pytest.raises(OptionError):
        diffusion_path(near, "w")
    with pytest.raises(OptionError):
        diffusion_path(near, ["w"], base=0.0)
    with pytest.raises(OptionError):
        diffusion_path(near, ["w"], exponent=-1.0)


@pytest.mark.parametrize("seed", range(4))
def test_the_cheapest_set_is_that_of_all_sets(seed):
    rng = np.random.default_rng(seed)
    m = (rng.random((6, 9)) < 0.5).astype(float)
    m[0] = [1, 1, 0, 0, 0, 0, 0, 0, 0]
    held = given(m)
    near = relatedness_density(held, convention=MANUAL)
    pci = dict(zip(held.activity.tolist(), rng.normal(0, 1, 9).tolist(), strict=True))
    values = np.array(list(pci.values()))
    target = values[:2].mean() + 0.3 * (values.max() - values[:2].mean())
    costs, sets = [], []
    for size in range(8):
        for pick in itertools.combinations(range(2, 9), size):
            if values[[0, 1, *pick]].mean() >= target - 1e-12:
                costs.append(1 - near.values[0][list(pick)])
                sets.append(pick)
    totals = [c.sum() for c in costs]
    found = optimise_complexity(
        near, pci, target_region=str(held.region[0]), target=float(target)
    )
    assert found.total_cost == pytest.approx(min(totals), abs=1e-9)
    assert found.reached >= target - 1e-9
    met = optimise_complexity(
        near, pci, target_region=str(held.region[0]), target=found.start
    )
    assert met.activity.size == 0
    with pytest.raises(NotIdentifiedError, match="best mean over all sets"):
        optimise_complexity(near, pci, target_region=str(held.region[0]), target=99.0)


def test_what_cannot_be_optimised():
    held, near, pci = _toy()
    with pytest.raises(AlignmentError):
        optimise_complexity(near, pci, target_region="nowhere", target=0.0)
    with pytest.raises(OptionError):
        optimise_complexity(near, pci, target_region=str(held.region[1]), target=np.nan)
    with pytest.raises(OptionError):
        optimise_complexity(
            near,
            pci,
            target_region=str(held.region[1]),
            target=0.5,
            cost=dict.fromkeys(pci, -1.0),
        )


def test_declarations_by_hand():
    held, near, pci = _toy()
    c, p = held.region.tolist(), held.activity.tolist()
    said = pa.table({"region": [c[1], c[2]], "domain": ["low", "both"]})
    words = pa.table(
        {"domain": ["low", "both", "both"], "industry": [p[1], p[0], p[3]]}
    )
    found = declared_vs_revealed(
        said, words, near, complexity=pci, n=19, seed=1, n_jobs=1
    )
    # complexity 2, -1, .5, 1: percentiles 1, 0, 1/3, 2/3
    assert found.alignment[1, 1] == pytest.approx(0.0)
    assert found.alignment[1, 2] == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(found.alignment[:, [0, 3]]).all()
    assert (found.p_value[:, 1:3] > 0).all()
    odd = pa.table({"region": [c[1]] * 2, "domain": ["low", "space"]})
    assert declared_vs_revealed(odd, words, near, n=9, seed=1).unmatched.tolist() == [
        "space"
    ]
    with pytest.raises(AlignmentError):
        declared_vs_revealed(
            pa.table({"region": ["q"], "domain": ["low"]}), words, near
        )
    with pytest.raises(AlignmentError):
        declared_vs_revealed(
            pa.table({"region": [c[1]], "domain": ["space"]}), words, near
        )


def test_declarations_of_what_is_near_are_found_and_random_ones_are_not():
    rng = np.random.default_rng(8)
    kin = np.kron(np.eye(4), np.ones((10, 5)))
    m = (rng.random((40, 20)) < 0.1 + 0.7 * kin).astype(float)
    held = given(m)
    near = relatedness_density(held, convention=MANUAL)
    words = pa.table(
        {"domain": held.activity.tolist(), "industry": held.activity.tolist()}
    )

    def p_of(pick, n=99):
        said = pa.table(
            {"region": held.region.tolist(), "domain": held.activity[pick].tolist()}
        )
        found = declared_vs_revealed(said, words, near, seed=2, n=n, n_jobs=1)
        return found.overall_p[0]

    assert p_of(near.values.argmax(axis=1)) == pytest.approx(0.01)
    null = [p_of(rng.integers(0, 20, 40)) for _ in range(40)]
    # 2 of 40 expected below 5 %; 7 or more would happen once in 300
    assert np.sum(np.array(null) <= 0.05) < 7


def test_subnational_is_the_own_index_in_atlas_scaling():
    rng = np.random.default_rng(3)
    able = np.linspace(-2, 2, 25)[:, None] - np.linspace(-2, 2, 18)
    jobs = RegionActivity.from_arrays(np.exp(able) * rng.lognormal(0, 1, (25, 18)))
    held = presence(jobs)
    index = complexity(held)
    got = complexity_subnational(held, index)
    np.testing.assert_allclose(got.eci, index.eci, atol=1e-10)
    assert (got.coverage == 1).all()
    some = complexity_subnational(held, {str(held.activity[0]): 2.5})
    has = held.values[:, 0] > 0
    assert np.isnan(some.eci[~has]).all()
    assert (some.eci[has] == 2.5).all()
    assert some.coverage == pytest.approx(held.values[:, 0] / held.diversity)
    with pytest.raises(AlignmentError):
        complexity_subnational(held, {"nothing": 1.0})


def test_supermodular_by_construction_and_not():
    rng = np.random.default_rng(5)
    able, hard = np.linspace(0, 2, 12)[:, None], np.linspace(0, 2, 15)
    held = presence(RegionActivity.from_arrays(np.exp(able * hard)))
    got = log_supermodularity(held, complexity(held), n=2000, seed=1)
    # equal indices have no order: skipped
    assert (got.share, got.used + got.skipped) == (1.0, 2000)
    assert got.used > 1000
    noise = presence(RegionActivity.from_arrays(rng.lognormal(0, 1, (60, 50))))
    with pytest.warns(NumericsWarning, match="not borne out"):
        weak = log_supermodularity(
            noise,
            _quiet(noise),
            n=20_000,
            seed=1,
        )
    assert 0.45 < weak.share < 0.8
    holes = np.exp(able * hard)
    holes[0, 0] = 0.0
    cut = presence(RegionActivity.from_arrays(holes))
    assert log_supermodularity(cut, complexity(cut), n=2000, seed=1).skipped > 0


def _quiet(held):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumericsWarning)
        return complexity(held)


def test_crossing_by_hand():
    first = given(np.array([[1.0, 1], [1, 0], [0, 1], [0, 0]]))
    second = given(np.array([[1.0, 0], [1, 0], [0, 0], [0, 0]]))
    found = cross_proximity(first, second)
    # C: first kind's 1 with second's 1 in two regions of 2 and 2; 2 with 1 in one of 2, 2
    assert found.values.tolist() == [[1.0, 0.0], [0.5, 0.0]]
    assert found.density[:, 0] == pytest.approx([1.0, 2 / 3, 1 / 3, 0.0])
    assert np.isnan(found.density[:, 1]).all()
    assert found.undefined[0].activity == str(second.activity[1])
    same = cross_proximity(first, first)
    np.testing.assert_allclose(same.values, proximity(first).values)
    elsewhere = presence(
        pa.table({"region": ["q"], "industry": ["x"], "employment": [1.0]})
    )
    with pytest.raises(AlignmentError):
        cross_proximity(first, elsewhere)


def test_recombination_by_hand():
    # a in 2 units with b, c; b in 2 with a; c once with a; d alone
    data = pa.table({"patent": list("112234"), "industry": list("abacbd")})
    found = recombination(data)
    assert found.item.tolist() == ["a", "b", "c", "d"]
    assert found.ease.tolist() == [1.0, 0.5, 1.0, 0.0]
    assert found.complexity[:3].tolist() == pytest.approx([2 / 1.5, 1.0, 2.0])
    assert np.isnan(found.complexity[3])
    with pytest.raises(InvalidTableError):
        recombination(data.append_column("n", [[0.0] * 6]), value="n")
