"""Moran's I, global and local: esda values, hand cases, nominal rates."""

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import InvalidTableError, OptionError

# esda 2.9.0 with libpysal 4.14.1: a ring of twelve, neighbours i-1, i+1, i+3, row weights.
# Tolerance 1e-12. esda scales local values by n-1 where we (and Anselin 1995, equation 12,
# with m2 = Σz²/n) have n: its values are multiplied by 12/11 here.
N = 12
Y = [3.0, 7.0, 1.0, 9.0, 4.0, 4.0, 8.0, 2.0, 6.0, 5.0, 10.0, 0.0]
X = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 13.0]
ESDA = {
    "I": -0.31329827197595783,
    "EI": -0.09090909090909091,
    "sd": 0.17709482436571164,
    "z": -1.2557633000477737,
    "bivariate": 0.11379529561347747,
    "Is": [
        -0.07920110192837462, -0.4648760330578512, -0.6797520661157024,
        -0.23622589531680457, -0.007575757575757545, -0.09848484848484848,
        -0.38223140495867763, -0.8918732782369144, -0.2775482093663911,
        0.01170798898071621, -0.4621212121212121, 0.1219008264462811,
    ],
    "q": [2, 4, 2, 4, 2, 2, 4, 2, 4, 1, 4, 3],
}  # fmt: skip
QUADRANT = {1: "high-high", 2: "low-high", 3: "low-low", 4: "high-low"}
LABELS = [f"{i:02d}" for i in range(N)]


def ring():
    steps = (-1, 1, 3)
    origin = [LABELS[i] for i in range(N) for _ in steps]
    return ag.SpatialWeights.from_links(
        origin, [LABELS[(i + s) % N] for i in range(N) for s in steps]
    )


DATA = pa.table({"region": LABELS, "value": Y, "other": X})


def test_global_values_of_esda():
    found = ag.moran(DATA, ring(), inference=ag.Permutation(n=999, seed=1))
    assert found.i == pytest.approx(ESDA["I"], abs=1e-12)
    assert found.expectation == pytest.approx(ESDA["EI"], abs=1e-12)
    assert found.sd_normal == pytest.approx(ESDA["sd"], abs=1e-12)
    assert found.z_normal == pytest.approx(ESDA["z"], abs=1e-12)
    both = ag.moran(
        DATA, ring(), lagged="other", inference=ag.Permutation(n=99, seed=1)
    )
    assert both.i == pytest.approx(ESDA["bivariate"], abs=1e-12)
    assert np.isnan(both.z_normal)


def test_local_values_of_esda():
    found = ag.local_moran(DATA, ring(), inference=ag.Permutation(n=9999, seed=1))
    np.testing.assert_allclose(found.i, np.array(ESDA["Is"]) * 12 / 11, atol=1e-12)
    assert found.quadrant.tolist() == [QUADRANT[q] for q in ESDA["q"]]
    # all 165 sets of three neighbours from the other eleven places; esda 2.9.0 counts ties
    # on one side only when it folds, so its pseudo p-values are no reference here
    values = np.array(Y)
    for i in range(N):
        others = np.delete(values, i)
        lags = np.array([np.mean(c) for c in combinations(others, 3)])
        own = np.mean([values[(i + s) % N] for s in (-1, 1, 3)])
        upper, lower = np.mean(lags >= own - 1e-9), np.mean(lags <= own + 1e-9)
        assert found.p[i] == pytest.approx(min(1.0, 2 * min(upper, lower)), abs=0.03)
    # local values add up to the global one times n
    assert found.i.sum() == pytest.approx(ESDA["I"] * N, abs=1e-10)


def test_conditional_permutations_are_complete_and_keep_the_place():
    # four places; place a has neighbours b and c: its lag is the mean of two of the others
    w = ag.SpatialWeights.from_links(["a", "a"], ["b", "c"], ids=list("abcd"))
    data = pa.table({"region": list("abcd"), "value": [5.0, 1.0, 2.0, 9.0]})
    found = ag.local_moran(data, w, inference=ag.Permutation(n=6000, seed=2))
    # pairs of {1, 2, 9}: the observed {1, 2} is the lowest of three equally likely lags
    assert found.p[0] == pytest.approx(2 / 3, abs=0.02)
    assert np.isnan(found.i[1:]).all()
    assert {u.region for u in found.undefined} == {"b", "c", "d"}


def test_p_values_are_nominal_without_a_pattern():
    rng = np.random.default_rng(5)
    w = ring()
    p = []
    for trial in range(300):
        data = pa.table({"region": LABELS, "value": rng.normal(size=N)})
        p.append(ag.moran(data, w, inference=ag.Permutation(n=199, seed=trial)).p)
    rejected = np.mean(np.array(p) <= 0.1)
    assert abs(rejected - 0.1) < 3 * np.sqrt(0.1 * 0.9 / 300)


def test_a_planted_pattern_is_found():
    rng = np.random.default_rng(6)
    x, y = rng.random((2, 150))
    w = ag.SpatialWeights.build_knn(x, y, [f"{i:03d}" for i in range(150)], k=6)
    data = pa.table({"region": w.ids.tolist(), "value": x + 0.3 * rng.normal(size=150)})
    options = {"inference": ag.Permutation(n=999, seed=7)}
    assert ag.moran(data, w, alternative="greater", **options).p == 0.001
    local = ag.local_moran(data, w, **options)
    kinds = set(local.quadrant[local.q <= 0.05])
    assert {"high-high", "low-low"} <= kinds


def test_row_order_and_scale_do_not_matter():
    w = ring()
    options = {"inference": ag.Permutation(n=99, seed=3)}
    base = ag.moran(DATA, w, **options)
    shuffled = DATA.take(pa.array(np.random.default_rng(1).permutation(N)))
    again = ag.moran(shuffled, w, **options)
    np.testing.assert_array_equal(base.simulated, again.simulated)
    scaled = pa.table({"region": LABELS, "value": np.array(Y) * 40 - 7})
    assert ag.moran(scaled, w, **options).i == pytest.approx(base.i, abs=1e-12)


def test_transforms():
    w, options = ring(), {"inference": ag.Permutation(n=9, seed=3)}
    logs = pa.table({"region": LABELS, "value": np.log1p(Y)})
    assert ag.moran(DATA, w, transform="log1p", **options).i == pytest.approx(
        ag.moran(logs, w, **options).i
    )
    ranks = pa.table(
        {"region": LABELS, "value": [4, 9, 2, 11, 5.5, 5.5, 10, 3, 8, 7, 12, 1]}
    )
    assert ag.moran(DATA, w, transform="rank", **options).i == pytest.approx(
        ag.moran(ranks, w, **options).i
    )


def test_what_cannot_be_measured_says_why():
    w = ring()
    constant = pa.table({"region": LABELS, "value": [2.0] * N})
    found = ag.moran(constant, w, inference=ag.Permutation(n=9, seed=1))
    assert np.isnan(found.i)
    assert np.isnan(found.p)
    assert found.undefined[0].reason == "the values are constant"
    assert ag.local_moran(constant, w).undefined[0].n == N
    with pytest.raises(ag.AlignmentError, match="more than once"):
        ag.moran(pa.concat_tables([DATA, DATA]), w)
    with pytest.raises(ag.AlignmentError, match="only in the weights"):
        ag.moran(DATA.slice(1), w)
    with pytest.raises(ag.InvalidTableError, match="missing or infinite in 1"):
        ag.moran(pa.table({"region": LABELS, "value": [None, *Y[1:]]}), w)
    with pytest.raises(ag.InvalidTableError, match="negative"):
        ag.moran(
            pa.table({"region": LABELS, "value": [-1.0, *Y[1:]]}), w, transform="log1p"
        )
    with pytest.raises(ag.OptionError, match="transform"):
        ag.moran(DATA, w, transform="log")


def test_figures_and_summaries():
    found = ag.moran(DATA, ring(), inference=ag.Permutation(n=99, seed=1))
    assert "Moran's I: -0.3133" in found.summary()
    assert found.plot().get_ylabel() == "maps"
    local = ag.local_moran(DATA, ring(), inference=ag.Permutation(n=99, seed=1))
    assert "places with q" in local.summary()
    assert local.plot().get_xlabel() == "value"


# esda 2.9.0, Moran_Rate and Moran_Local_Rate on the same ring; local values times 12/11
BASE = [40.0, 55.0, 12.0, 90.0, 33.0, 61.0, 70.0, 25.0, 80.0, 44.0, 95.0, 18.0]
RATE_I = 0.003979348189108179
RATE_LOCAL = [
    -0.00578453550647673, 0.2120952724997878, 0.04595848753280065, 0.17907259007237827,
    -0.004825843199756788, 0.23203067716497563, 0.05670821512238277,
    -0.06119479070564353, -0.19048600715976285, -0.4632638412864454,
    0.13169194765619016, -0.08424999392113182,
]  # fmt: skip


def test_empirical_bayes_values_of_esda():
    data = DATA.append_column("base", pa.array(BASE))
    draws = ag.Permutation(n=99, seed=1)
    found = ag.moran(data, ring(), base="base", inference=draws)
    assert found.i == pytest.approx(RATE_I, abs=1e-12)
    local = ag.local_moran(data, ring(), base="base", inference=draws)
    np.testing.assert_allclose(local.i, RATE_LOCAL, atol=1e-12)


def test_empirical_bayes_by_hand():
    # b = 6/60, a = s² - 0.1/15 < 0: the two large places keep b/x alone
    base, count = np.array([10, 19, 11, 20]), np.array([1, 2, 1, 2])
    data = pa.table({"region": list("abcd"), "value": count, "base": base})
    w = ag.SpatialWeights.from_links(list("abbccd"), list("bacbdc"))
    found = ag.local_moran(data, w, base="base", inference=ag.Permutation(n=99, seed=1))
    rate, b = count / base, 0.1
    a = (10 * 0 + 19 * (2 / 19 - b) ** 2 + 11 * (1 / 11 - b) ** 2) / 60 - b / 15
    variance = [a + b / 10, b / 19, a + b / 11, b / 20]
    np.testing.assert_allclose(found.value, (rate - b) / np.sqrt(variance), atol=1e-12)


def test_the_base_takes_the_pattern_of_population_out():
    """Counts that only follow a smooth population have no pattern as rates."""
    rng = np.random.default_rng(5)
    side = 20
    cells = [(r, c) for r in range(side) for c in range(side)]
    names = [f"{r:02d}{c:02d}" for r, c in cells]
    pairs = [
        (f"{r:02d}{c:02d}", f"{r + i:02d}{c + j:02d}")
        for r, c in cells
        for i, j in ((0, 1), (1, 0), (0, -1), (-1, 0))
        if 0 <= r + i < side and 0 <= c + j < side
    ]
    w = ag.SpatialWeights.from_links([a for a, _ in pairs], [b for _, b in pairs])
    people = np.array([1000.0 * np.exp((r + c) / 8) for r, c in cells])
    data = pa.table(
        {"region": names, "value": rng.poisson(people * 0.01), "people": people}
    )
    draws = ag.Permutation(n=199, seed=1)
    assert ag.moran(data, w, inference=draws).i > 0.8
    assert abs(ag.moran(data, w, base="people", inference=draws).i) < 0.1


@pytest.mark.parametrize(
    ("change", "options", "error"),
    [
        ({"base": [0.0, *BASE[1:]]}, {}, InvalidTableError),
        ({"value": [-1.0, *Y[1:]]}, {}, InvalidTableError),
        ({"base": [np.nan, *BASE[1:]]}, {}, InvalidTableError),
        ({}, {"transform": "rank"}, OptionError),
    ],
)
def test_rates_that_are_none_are_refused(change, options, error):
    data = pa.table({"region": LABELS, "value": Y, "base": BASE, **change})
    for measure in (ag.moran, ag.local_moran):
        with pytest.raises(error):
            measure(data, ring(), base="base", **options)
    with pytest.raises(OptionError, match="lagged"):
        ag.moran(data, ring(), base="base", lagged="value")
