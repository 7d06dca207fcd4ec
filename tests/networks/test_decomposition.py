"""Inside and between groups: karate club, hand cases, planted sealing, nulls."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agglo as ag
from agglo.core.errors import AlignmentError, InvalidTableError
from tests.networks import karate

DRAWS = ag.Permutation(n=999, seed=7)


def test_the_karate_club_of_the_specification():
    found = ag.mixing(
        karate.edges(), groups=karate.factions(), of="region", inference=DRAWS
    )
    assert found.weight.sum() == 78.0
    assert found.same_group_region[0, 0] == 11.0
    assert found.ei == pytest.approx(-0.717949, abs=1e-6)
    assert found.r == pytest.approx(0.717531, abs=1e-6)
    assert found.q == pytest.approx(0.358235, abs=1e-6)
    # the closed form of the label null: between share .515152, EI .030303
    assert 2 * found.expected_between - 1 == pytest.approx(0.030303, abs=1e-6)
    assert found.null_mean[0] == pytest.approx(0.030303, abs=0.01)
    assert found.null_sd[0] == pytest.approx(0.095, abs=0.006)
    assert found.null_z[0] == pytest.approx(-7.9, abs=0.5)
    assert found.p[0] == pytest.approx(2 / 1000)


def test_the_weighted_karate_club_of_the_specification():
    found = ag.mixing(
        karate.edges(weighted=True),
        groups=karate.factions(),
        of="region",
        inference=DRAWS,
    )
    assert found.weight.sum() == 231.0
    assert found.ei == pytest.approx(-0.783550, abs=1e-6)
    assert found.r == pytest.approx(0.783404, abs=1e-6)
    assert found.q == pytest.approx(0.391438, abs=1e-6)
    assert found.null_sd[0] == pytest.approx(0.105, abs=0.006)
    assert found.null_z[0] == pytest.approx(-7.75, abs=0.5)


def test_the_configuration_null_keeps_strengths():
    found = ag.mixing(
        karate.edges(),
        groups=karate.factions(),
        of="region",
        null="configuration",
        inference=DRAWS,
    )
    # two factions of nearly equal degree: half of the weight at random
    chance = (found.share.sum(axis=1) ** 2).sum()
    assert found.null_mean[0] == pytest.approx(1 - 2 * chance, abs=0.03)
    assert found.null_mean[1] == pytest.approx(0.0, abs=0.03)
    assert found.p[1] == pytest.approx(2 / 1000)


# spec 15: origin, destination, origin group, destination group, weight
KAPPA = pa.table(
    {
        "origin": list("aabba"),
        "destination": list("abbab"),
        "origin_industry": list("11221"),
        "destination_industry": list("12211"),
        "weight": [6.0, 3.0, 4.0, 2.0, 1.0],
    }
)
ACTIVITY = pa.table(
    {
        "region": list("aabb"),
        "industry": list("1212"),
        "establishments": [75.0, 25.0, 40.0, 60.0],
    }
)


def test_the_boundary_index_of_the_specification():
    found = ag.boundary_index(KAPPA, activity=ACTIVITY)
    assert found.observed == pytest.approx(0.6875)
    assert found.expected == pytest.approx(0.5625)
    assert found.kappa == pytest.approx(0.285714, abs=1e-6)
    assert not found.sufficient
    mixed = ag.mixing(KAPPA, inference=None)
    assert mixed.r == pytest.approx(0.354839, abs=1e-6)
    assert mixed.ei == pytest.approx(-0.375)


def test_the_standard_error_is_over_events():
    event = ["p", "p", "q", "r", "r"]
    alone = ag.boundary_index(KAPPA, activity=ACTIVITY)
    joint = ag.boundary_index(
        KAPPA.append_column("event", pa.array(event)), activity=ACTIVITY
    )
    assert joint.kappa == alone.kappa
    assert joint.events == 3
    w = np.array([6.0, 3.0, 4.0, 2.0, 1.0])
    same = np.array([1.0, 0.0, 1.0, 0.0, 1.0])
    chance = np.array([0.75, 0.40, 0.60, 0.25, 0.40])
    u = w * ((same - chance) - joint.kappa * (1 - chance)) / (1 - 0.5625)
    by_event = np.array([u[0] + u[1], u[2], u[3] + u[4]])
    assert joint.se == pytest.approx(np.sqrt(3 / 2 * (by_event**2).sum()) / 16)


def test_one_group_has_no_mixing():
    one = {"1": "g", "2": "g"}
    found = ag.mixing(KAPPA, groups=one, inference=ag.Permutation(n=19, seed=1))
    assert found.ei == -1.0
    assert np.isnan(found.r)
    assert found.undefined[0].reason == "one group only"
    index = ag.boundary_index(KAPPA, groups=one, activity=ACTIVITY)
    assert np.isnan(index.kappa)


def test_links_of_unknown_industries_are_counted_not_mixed():
    table = KAPPA.set_column(2, "origin_industry", pa.array(["1", None, "2", "2", "1"]))
    found = ag.mixing(table, inference=None)
    assert found.weight.sum() == 13.0
    assert found.undefined[0].n == 1
    nothing = KAPPA.drop_columns(["origin_industry"])
    empty = ag.mixing(nothing, inference=DRAWS)
    assert np.isnan(empty.ei)
    assert np.isnan(empty.p).all()


def test_nodes_without_group_and_regions_without_activity_are_listed():
    with pytest.raises(AlignmentError, match="no_group") as caught:
        ag.mixing(KAPPA, groups={"1": "g"}, inference=None)
    assert "'2'" in caught.value.problems[0].what
    with pytest.raises(AlignmentError, match="no_activity") as caught:
        ag.boundary_index(KAPPA, activity=ACTIVITY.slice(0, 2))
    assert "'b'" in caught.value.problems[0].what
    bad = ACTIVITY.set_column(2, "establishments", pa.array([75.0, None, 40.0, -60.0]))
    with pytest.raises(InvalidTableError, match="not_an_amount"):
        ag.boundary_index(KAPPA, activity=bad)


def test_a_group_that_a_district_lacks_has_no_chance():
    made = ACTIVITY.filter(pa.array([True, False, True, True]))
    found = ag.boundary_index(KAPPA, activity=made)
    # the link b -> a of group 2 meets a district without it: m = 0
    assert found.expected == pytest.approx((6 * 1 + 3 * 0.4 + 4 * 0.6 + 0 + 0.4) / 16)


def test_two_by_two_tables_hold_weight_and_events():
    table = KAPPA.append_column("event", pa.array(["p", "p", "q", "r", "r"]))
    found = ag.mixing(table, inference=None)
    assert found.same_group_region.tolist() == [[5.0, 0.0], [1.0, 10.0]]
    assert found.events_same.tolist() == [[2, 0], [1, 2]]


@given(
    st.integers(0, 2**31),
    st.floats(0.1, 50.0),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_scale_and_relabelling_change_nothing(seed, factor, directed):
    rng = np.random.default_rng(seed)
    n = 40
    ends = rng.integers(0, 6, (2, n))
    names = np.array([f"i{k}" for k in rng.permutation(6)])

    def table(label, scale):
        return pa.table(
            {
                "origin": ["a"] * n,
                "destination": ["a"] * n,
                "origin_industry": label[ends[0]].tolist(),
                "destination_industry": label[ends[1]].tolist(),
                "weight": (scale * (1.0 + np.arange(n))).tolist(),
                "directed": [directed] * n,
            }
        )

    plain = np.array([f"x{k}" for k in range(6)])
    of = dict(zip(plain.tolist(), "aabbcc", strict=True))
    moved = {str(b): of[str(a)] for a, b in zip(plain, names, strict=True)}
    one = ag.mixing(table(plain, 1.0), groups=of, inference=None)
    other = ag.mixing(table(names, factor), groups=moved, inference=None)
    assert other.ei == pytest.approx(one.ei)
    assert other.r == pytest.approx(one.r)
    np.testing.assert_allclose(other.share, one.share)
    assert one.share.sum() == pytest.approx(1.0)
    assert -1 <= one.ei <= 1


def planted(rng, rho, n=6000):
    """Links whose destination stays in the group with probability rho, else meets the mix."""
    mix = rng.dirichlet(np.full(4, 2.0), size=3)
    start, end = rng.integers(0, 3, (2, n))
    origin = np.array([rng.choice(4, p=mix[a]) for a in start])
    random = np.array([rng.choice(4, p=mix[b]) for b in end])
    other = np.where(rng.random(n) < rho, origin, random)
    links = pa.table(
        {
            "origin": [f"d{a}" for a in start],
            "destination": [f"d{b}" for b in end],
            "origin_industry": [f"g{a}" for a in origin],
            "destination_industry": [f"g{b}" for b in other],
            "weight": np.ones(n),
        }
    )
    made = pa.table(
        {
            "region": np.repeat(["d0", "d1", "d2"], 4).tolist(),
            "industry": [f"g{k}" for k in range(4)] * 3,
            "establishments": (1000 * mix).ravel(),
        }
    )
    return links, made


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.9, 1.0])
def test_the_boundary_index_recovers_what_was_planted(rho):
    links, made = planted(np.random.default_rng(11), rho)
    found = ag.boundary_index(links, activity=made)
    assert found.sufficient
    assert found.kappa == pytest.approx(rho, abs=4 * found.se + 1e-9)


@pytest.mark.slow
def test_the_interval_of_the_boundary_index_covers():
    inside = 0
    for seed in range(200):
        links, made = planted(np.random.default_rng(seed), 0.4, n=400)
        found = ag.boundary_index(links, activity=made)
        inside += found.lower <= 0.4 <= found.upper
    # 95 % of 200, three binomial standard errors
    assert 181 <= inside <= 199


def test_a_sealed_city_is_bounded_although_nothing_varies_in_it():
    rng = np.random.default_rng(9)
    parts, made = [], []
    for city in range(6):
        n = 200
        one, other = rng.integers(0, 4, (2, n))
        other = one if city == 0 else np.where(rng.random(n) < 0.3, one, other)
        place = [f"c{city}d1"] * n
        parts.append(
            pa.table(
                {
                    "origin": place,
                    "destination": place,
                    "origin_industry": [f"g{k}" for k in one],
                    "destination_industry": [f"g{k}" for k in other],
                    "weight": np.ones(n),
                }
            )
        )
        made += [
            {"region": f"c{city}d1", "industry": f"g{k}", "establishments": 5.0}
            for k in range(4)
        ]
    regions = pa.table(
        {
            "region": [f"c{c}d1" for c in range(6)] + [f"c{c}" for c in range(6)],
            "level": ["district"] * 6 + ["city"] * 6,
            "parent": [f"c{c}" for c in range(6)] + [None] * 6,
        }
    )
    found = ag.integration_pattern(
        pa.concat_tables(parts),
        activity=pa.Table.from_pylist(made),
        regions=regions,
        level="city",
        inference=None,
    )
    assert found.kappa[0] == 1.0
    assert found.se[0] == 0.0
    assert found.named("bounded") == ("c0",)
    assert found.named("integrated") == ()


def test_few_events_and_few_cities_give_no_verdict():
    regions = pa.table(
        {
            "region": ["a", "b", "A"],
            "level": ["d", "d", "c"],
            "parent": ["A", "A", None],
        }
    )
    found = ag.integration_pattern(
        KAPPA, activity=ACTIVITY, regions=regions, level="c", inference=None
    )
    assert found.verdict.tolist() == ["insufficient"]
    assert found.kappa[0] == pytest.approx(0.285714, abs=1e-6)
