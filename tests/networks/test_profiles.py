"""Classes, profiles, complementarity and propensity: spec values, hand cases, nulls."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agglo as ag
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.inference import wilson
from agglo.networks._kernels import intervals, propensity
from agglo.networks._kernels import profiles as kernels
from agglo.networks._kernels.intervals import jeffreys, z_of

Z = z_of(0.95)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(30, 100, 0.218949, 0.395849), (0, 10, 0.0, 0.277533), (2, 3, 0.207660, 0.938508)],
)
def test_wilson_intervals_of_the_specification(count, n, low, high):
    lower, upper = wilson(count, n, Z)
    assert lower == pytest.approx(low, abs=1e-6)
    assert upper == pytest.approx(high, abs=1e-6)


def test_jeffreys_interval_of_the_specification():
    lower, upper = jeffreys(30, 100, 0.95)
    assert lower == pytest.approx(0.216841, abs=1e-6)
    assert upper == pytest.approx(0.394547, abs=1e-6)


def test_odds_ratio_of_the_specification():
    log, se = intervals.log_odds_ratio(np.array([[45.0, 55.0], [30.0, 120.0]]))
    assert np.exp(log) == pytest.approx(3.272727, abs=1e-6)
    assert np.exp(log - Z * se) == pytest.approx(1.866628, abs=1e-6)
    assert np.exp(log + Z * se) == pytest.approx(5.738018, abs=1e-6)


def test_complementarity_of_the_specification():
    p, q = np.array([[0.65, 0.20, 0.10, 0.05]]), np.array([[0.10, 0.25, 0.40, 0.25]])
    assert kernels.half_difference(p, q)[0, 0] == pytest.approx(0.55)
    assert kernels.cosine_distance(p, q)[0, 0] == pytest.approx(0.552537, abs=1e-6)


def test_holm_steps_down():
    p = np.array([0.01, 0.04, np.nan, 0.03])
    np.testing.assert_allclose(
        intervals.holm(p), [0.03, 0.06, np.nan, 0.06], equal_nan=True
    )


# classes


def _sizes(jobs, turnover, **options):
    table = pa.table(
        {
            "employment": pa.array(jobs, pa.float64()),
            "revenue": pa.array(turnover, pa.float64()),
        }
    )
    return ag.size_class(table, revenue="revenue", **options)


def test_both_bounds_must_hold_otherwise_the_next_class_down():
    found = _sizes(
        [1000, 1000, 999, 300, 20, 19, 5000, None, 400, None],
        [4e8, 3.9e8, 9e9, 2e7, 3e6, 9e9, 1e6, 5e8, None, None],
    )
    assert found.label.tolist() == [
        "large",
        "medium",
        "medium",
        "medium",
        "small",
        "micro",
        "micro",
        "large",
        "medium",
        "unknown",
    ]
    assert np.flatnonzero(found.flagged).tolist() == [7, 8]
    assert found.undefined[0].n == 1


def test_european_classes_by_employees():
    found = ag.size_class(
        pa.table({"employment": [9.0, 10.0, 49.0, 50.0, 249.0, 250.0]}),
        rule="eu_employees",
    )
    assert found.label.tolist() == ["micro", *["small"] * 2, *["medium"] * 2, "large"]
    assert not found.flagged.any()


def test_own_rules_and_overlapping_ones():
    rule = pa.table({"class": ["big", "rest"], "min_employment": [100.0, None]})
    found = ag.size_class(pa.table({"employment": [100.0, 1.0]}), rule=rule)
    assert found.label.tolist() == ["big", "rest"]
    upside = pa.table({"class": ["rest", "big"], "min_employment": [None, 100.0]})
    with pytest.raises(InvalidTableError, match="overlapping_rules"):
        ag.size_class(pa.table({"employment": [1.0]}), rule=upside)
    with pytest.raises(InvalidTableError, match="negative_value"):
        ag.size_class(pa.table({"employment": [-1.0]}), rule=rule)


def test_technology_classes_of_eurostat():
    codes = {
        "high": ["21", "26", "30.3", "C26.11"],
        "medium_high": ["20", "25.4", "27", "28", "29", "30.2", "30", "32.5"],
        "medium_low": ["18.2", "19", "22", "24", "25", "25.1", "30.1", "33"],
        "low": ["10", "17", "18", "18.1", "31", "32", "32.1"],
        "none": ["01", "62", "9"],
    }
    flat = [c for group in codes.values() for c in group]
    expected = [name for name, group in codes.items() for _ in group]
    found = ag.technology_class(pa.table({"industry": flat}))
    assert found.label.tolist() == expected
    assert {u.activity for u in found.undefined} == {"01", "62", "9"}
    twice = pa.table({"code": ["1", "1"], "class": ["a", "b"]})
    with pytest.raises(InvalidTableError, match="overlapping_rules"):
        ag.technology_class(pa.table({"industry": ["1"]}), rule=twice)


# profiles


def _joint(rows):
    """Patents as rows of (patent, applicant, region, size)."""
    patent, applicant, region, size = zip(*rows, strict=True)
    return pa.table(
        {"patent": patent, "applicant": applicant, "region": region, "size": size}
    )


TRIPLE = _joint(
    [
        ("1", "a", "X", "large"),
        ("1", "b", "X", "small"),
        ("1", "c", "Y", "small"),
        ("2", "a", "X", "large"),
        ("2", "d", "Y", "large"),
    ]
)


@pytest.mark.parametrize("counting", ["full", "fractional", "newman"])
def test_an_applicant_counts_once_per_patent(counting):
    found = ag.profiles(ag.copatent_events(TRIPLE, counting=counting))
    assert found.klass.tolist() == ["large", "small"]
    assert found.counts.tolist() == [[2.0, 1.0], [1.0, 1.0]]
    assert found.share[0].tolist() == pytest.approx([2 / 3, 1 / 3])
    lower, upper = wilson(2, 3, Z)
    assert found.lower[0, 0] == pytest.approx(float(lower))
    assert found.upper[0, 0] == pytest.approx(float(upper))


def test_a_table_of_links_implies_the_members():
    events = ag.copatent_events(TRIPLE).to_frame().drop_columns(["members"])
    assert ag.profiles(events).counts.tolist() == [[2.0, 1.0], [1.0, 1.0]]


def test_an_applicant_without_region_changes_no_profile():
    rows = TRIPLE.to_pylist()
    rows.append({"patent": "1", "applicant": "z", "region": None, "size": "large"})
    found = ag.profiles(ag.copatent_events(pa.Table.from_pylist(rows)))
    assert found.counts.tolist() == [[2.0, 1.0], [1.0, 1.0]]


def test_directions_of_a_directed_layer():
    table = pa.table(
        {
            "origin": ["X", "X"],
            "destination": ["Y", "Y"],
            "origin_size": ["large", "large"],
            "destination_size": ["small", "micro"],
            "weight": [1.0, 5.0],
        }
    )
    out = ag.profiles(table, direction="out")
    into = ag.profiles(table, direction="in")
    assert out.counts[0].tolist() == [2.0, 0.0, 0.0]
    assert into.counts[1].tolist() == [0.0, 1.0, 1.0]
    assert np.isnan(out.share[1]).all()
    assert out.undefined[0].region == "Y"
    both = ag.complementarity(out, other=into, inference=None)
    assert both.directional
    assert both.difference[0, 1] == 1.0
    with pytest.raises(OptionError, match="direction='out'"):
        ag.profiles(ag.copatent_events(TRIPLE), direction="out")


def test_profiles_by_size_and_group():
    table = TRIPLE.append_column("industry", pa.array(list("ijiji")))
    found = ag.profiles(
        ag.copatent_events(table), by=("size", "group"), groups={"i": "g", "j": "h"}
    )
    at = {str(k): i for i, k in enumerate(found.klass)}
    assert found.counts[0, at["large|g"]] == 1.0
    assert found.counts[0, at["large|h"]] == 1.0
    assert found.counts.sum() == 5.0


def _economy(rng, profiles, n=300):
    """Patents of two applicants, sizes by the profile of the region."""
    sizes = np.array(["large", "medium", "small"])
    ends = rng.integers(0, len(profiles), (n, 2))
    rows = []
    for i in range(n):
        rows += [
            (f"p{i}", f"{i}-{k}", f"r{r}", str(sizes[rng.choice(3, p=profiles[r])]))
            for k, r in enumerate(ends[i])
        ]
    return ag.copatent_events(_joint(rows))


SAME = [0.3, 0.3, 0.4]


def test_a_planted_pair_is_complementary():
    events = _economy(
        np.random.default_rng(2),
        [[0.7, 0.2, 0.1], [0.05, 0.25, 0.7], *[SAME] * 5],
        n=1200,
    )
    found = ag.complementarity(
        ag.profiles(events), inference=ag.Permutation(n=499, seed=1)
    )
    assert found.rank[0, 1] == 1.0
    assert found.p[0, 1] == pytest.approx(1 / 500)
    table = ag.pair_crosstab(events, place_a="r0", place_b="r1")
    assert table.lower > 1.0
    assert table.large_with_small > table.large_with_small_expected
    assert table.large_with_small == pytest.approx(0.7 * 0.95, abs=0.12)
    turned = ag.pair_crosstab(events, place_a="r1", place_b="r0")
    assert turned.odds_ratio == pytest.approx(1 / table.odds_ratio)
    np.testing.assert_allclose(turned.weight, table.weight.T)


@pytest.mark.slow
def test_permuted_classes_are_rejected_at_their_level():
    hits, pairs, excluded = 0, 0, 0
    for seed in range(60):
        events = _economy(np.random.default_rng(seed), [SAME] * 5)
        found = ag.complementarity(
            ag.profiles(events), inference=ag.Permutation(n=199, seed=seed)
        )
        p = found.p[np.triu_indices(5, 1)]
        hits, pairs = hits + int((p <= 0.05).sum()), pairs + p.size
        table = ag.pair_crosstab(events, place_a="r0", place_b="r1")
        excluded += not table.lower <= 1.0 <= table.upper
    assert hits / pairs < 0.09
    assert excluded / 60 < 0.12


def test_random_tables_keep_their_margins():
    rows, columns = np.array([5, 0, 7]), np.array([4, 6, 2])
    drawn = kernels.random_tables(np.random.default_rng(1), rows, columns, 50)
    assert (drawn.sum(axis=2) == rows).all()
    assert (drawn.sum(axis=1) == columns).all()
    expected = np.outer(rows, columns) / 12
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.5)


@given(
    st.lists(
        st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=5
    )
)
@settings(max_examples=30, deadline=None)
def test_differences_are_a_metric_on_shares(counts):
    p = kernels.shares(np.array(counts, dtype=float))
    k = kernels.half_difference(p, p)
    known = np.isfinite(k)
    assert (k[known] >= 0).all()
    assert (k[known] <= 1 + 1e-12).all()
    np.testing.assert_allclose(k, k.T)


def test_pairs_without_links_are_undefined():
    found = ag.pair_crosstab(
        ag.copatent_events(
            _joint(
                [
                    ("1", "a", "X", "large"),
                    ("1", "b", "Y", "small"),
                    ("2", "a", "X", "large"),
                    ("2", "c", "Z", "small"),
                ]
            )
        ),
        place_a="Y",
        place_b="Z",
    )
    assert np.isnan(found.large_with_small)
    assert np.isnan(found.ratio).all()
    assert found.undefined[0].item == "Y, Z"
    with pytest.raises(AlignmentError, match="unknown_region"):
        ag.pair_crosstab(ag.copatent_events(TRIPLE), place_a="X", place_b="Q")


# propensity


def spec_patents(**changes):
    columns = {
        "patent": ["1", "1", "2", "2", "2", "3", "4", "4", "4", "4"],
        "applicant": list("ababccacdd"),
        "region": list("XXXXYYXYZZ"),
        "class": ["h"] * 6 + ["l"] * 4,
    }
    return pa.table({**columns, **changes})


def test_the_cross_regional_share_of_the_specification():
    found = ag.cross_regional_propensity(spec_patents(**{"class": ["h"] * 10}))
    assert found.joint.tolist() == [3.0]
    assert found.share[0] == pytest.approx(2 / 3)
    assert found.lower[0] == pytest.approx(0.207660, abs=1e-6)
    assert found.upper[0] == pytest.approx(0.938508, abs=1e-6)
    assert found.collaboration[0] == pytest.approx(3 / 4)
    assert np.isnan(found.odds_ratio[0])
    assert found.undefined[0].reason == "no other class"


def test_all_alike_has_no_odds_ratio():
    found = ag.cross_regional_propensity(spec_patents(region=list("XXXXXXXXXX")))
    assert np.isnan(found.odds_ratio).all()
    assert found.undefined[0].reason == "no patent crosses regions"
    assert found.verdict.tolist() == ["undecided", "undecided"]


def test_patents_without_class_are_counted():
    found = ag.cross_regional_propensity(
        spec_patents(**{"class": ["h"] * 5 + ["none"] + [None] * 4})
    )
    assert found.klass.tolist() == ["h"]
    assert found.undefined[0].n == 2


def test_no_joint_patent_is_an_error():
    alone = spec_patents().filter(pa.array([i in (0, 5) for i in range(10)]))
    with pytest.raises(NotIdentifiedError, match="no_joint_patent"):
        ag.cross_regional_propensity(alone)


def made_patents(rng, rates, n=400, regions=3, periods=2):
    """Patents of two applicants; the class decides how often the second is elsewhere."""
    names = list(rates)
    columns = {k: [] for k in ("patent", "applicant", "region", "period", "class")}
    columns["position"] = []
    for i in range(n):
        name = names[rng.integers(len(names))]
        home = int(rng.integers(regions))
        crosses = rng.random() < rates[name] + 0.1 * home
        away = (home + 1 + int(rng.integers(regions - 1))) % regions
        for k, r in enumerate((home, away if crosses else home)):
            columns["patent"].append(f"p{i}")
            columns["applicant"].append(f"{i}-{k}")
            columns["region"].append(f"r{r}")
            columns["period"].append(str(2000 + i % periods))
            columns["class"].append(name)
            columns["position"].append(float(k + 1))
    return pa.table(columns)


def test_verdicts_recover_what_was_planted():
    rng = np.random.default_rng(4)
    table = made_patents(rng, {"high": 0.55, "mid": 0.2, "low": 0.5}, n=1500)
    for adjust in (None, "mantel_haenszel", "logit"):
        found = ag.cross_regional_propensity(table, adjust=adjust)
        assert dict(zip(found.klass, found.verdict, strict=True)) == {
            "high": "above",
            "mid": "below",
            "low": "above",
        }


def test_shared_classes_are_clustered_by_patent():
    table = made_patents(np.random.default_rng(8), {"a": 0.4, "b": 0.2}, n=300)
    whole = ag.cross_regional_propensity(table)
    # the same with every row of a patent in both classes at once: nothing to tell apart
    rows = [{**r, "class": c} for r in table.to_pylist() for c in ("a", "b")]
    both = ag.cross_regional_propensity(pa.Table.from_pylist(rows))
    assert whole.odds_ratio[0] > 1.5
    assert both.odds_ratio[0] == pytest.approx(1.0)
    assert both.joint.sum() == whole.joint.sum()


def test_woolf_is_the_special_case_of_whole_classes():
    y = np.array([1.0] * 45 + [0.0] * 55 + [1.0] * 30 + [0.0] * 120)
    w = np.array([1.0] * 100 + [0.0] * 150)
    log, se = propensity.clustered_log_odds(y, w)
    one, other = intervals.log_odds_ratio(np.array([[45.0, 55.0], [30.0, 120.0]]))
    assert log == pytest.approx(one)
    assert se == pytest.approx(other)


# reference values: statsmodels 0.15.0, StratifiedTable and Logit with dummies, errors
# clustered by region without small-sample factor; the data are drawn as below (numpy PCG64)
def test_mantel_haenszel_agrees_with_statsmodels():
    rng = np.random.default_rng(3)
    stratum, w = rng.integers(0, 6, 500), (rng.random(500) < 0.4) * 1.0
    y = (rng.random(500) < 0.2 + 0.2 * w + 0.05 * stratum) * 1.0
    log, se = propensity.mantel_haenszel(y, w, stratum, 6)
    assert log == pytest.approx(0.35919626274702854, abs=1e-12)
    assert se == pytest.approx(0.18694102857820885, abs=1e-12)


def test_the_logit_agrees_with_one_that_has_dummies():
    rng = np.random.default_rng(5)
    n = 600
    region, x = rng.integers(0, 8, n), rng.normal(size=(n, 2))
    eta = 0.8 * x[:, 0] - 0.4 * x[:, 1] + np.linspace(-1, 1, 8)[region]
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))) * 1.0
    b, covariance, used, settled = propensity.logit_with_effects(y, x, region, 8)
    assert settled
    assert used.all()
    np.testing.assert_allclose(b, [0.7351549222418098, -0.5100926786177676], atol=1e-8)
    # ours has the factor G/(G - 1) of eight clusters
    ours = np.sqrt(np.diag(covariance) * 7 / 8)
    np.testing.assert_allclose(
        ours, [0.12200087851124054, 0.07710135804139218], rtol=1e-6
    )


def test_the_logit_drops_regions_without_variation():
    y = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0])
    x = np.linspace(0, 1, 10)[::-1, None] * np.array([[1.0]])
    region = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    _, _, used, settled = propensity.logit_with_effects(y, x, region, 3)
    assert settled
    assert used.tolist() == [False, True, True]


def test_advantage_names_the_place():
    rng = np.random.default_rng(6)
    home = rng.integers(0, 4, 2000)
    high = rng.random(2000) < np.where(home == 2, 0.5, 0.2)
    table = pa.table(
        {
            "patent": [f"p{i}" for i in range(2000)],
            "applicant": [f"a{i}" for i in range(2000)],
            "region": [f"r{h}" for h in home],
            "class": ["high" if h else "low" for h in high],
        }
    )
    found = ag.advantage(table)
    assert found.places("high") == ("r2",)
    assert found.places("unheard of") == ()
    base = high.mean()
    assert found.quotient[2, 0] == pytest.approx(high[home == 2].mean() / base)


def test_regions_at_a_level():
    regions = pa.table(
        {
            "region": ["X", "Y", "Z", "C", "D"],
            "level": ["district"] * 3 + ["city"] * 2,
            "parent": ["C", "C", "D", None, None],
        }
    )
    found = ag.cross_regional_propensity(
        spec_patents(**{"class": ["h"] * 10}), level="city", regions=regions
    )
    assert found.crossing.tolist() == [1.0]
