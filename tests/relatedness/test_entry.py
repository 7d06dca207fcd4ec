"""Entry and exit, their back-test, and the model of entry: by hand, planted, null."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import (
    AlignmentError,
    ColumnNotFoundError,
    InvalidTableError,
    MissingExtraError,
    NotIdentifiedError,
    OptionError,
)
from agglo.relatedness import (
    CONVENTIONS,
    backtest_entries,
    complexity,
    entry_exit,
    fit_entry_model,
    presence,
    relatedness_density,
)
from agglo.relatedness import _kernels_backtest as kernels
from tests.relatedness.test_product_space import economy, waves


def test_robust_entries_jump_or_stay():
    """Spec 11: from below 0.5 to 1, or present in two consecutive windows."""

    def table(a: float) -> np.ndarray:
        return np.array([[a, 10.0 - a], [10.0 - a, a]])

    low, middle, high = table(2.0), table(4.0), table(6.0)
    jump = entry_exit(waves(low, high, low), rule="robust")
    assert jump.entry[0, 0, 0] == 1.0  # quotient 0.4 to 1.2
    stays = entry_exit(waves(middle, high, high), rule="robust")
    assert stays.entry[0, 0, 0] == 1.0  # 0.8 to 1.2, and still there
    passing = entry_exit(waves(middle, high, middle), rule="robust")
    assert passing.entry[0, 0, 0] == 0.0
    assert entry_exit(waves(middle, high, middle)).entry[0, 0, 0] == 1.0
    gone = entry_exit(waves(high, middle, middle), rule="robust")
    assert gone.exit[0, 0, 0] == 1.0
    back = entry_exit(waves(high, middle, high), rule="robust")
    assert back.exit[0, 0, 0] == 0.0


def test_measures_of_a_ranking_by_hand():
    entry = np.array([[1.0, 0.0, np.nan, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, np.nan]])
    score = np.array([[0.9, 0.8, 5.0, 0.3, 0.3], [1.0, 2.0, 3.0, 4.0, 5.0]])
    got = kernels.judged(entry, score, (1, 3))
    # pairs: .9 beats .8 and .3; .3 loses to .8 and ties with .3
    assert got[0, 0] == pytest.approx((2 + 0.5) / 4)
    assert got[0, 1] == 1.0
    # .9, .8, then the tie in the order of the activities: an entry
    assert got[0, 2] == pytest.approx(2 / 3)
    assert got[0, 3] == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(got[1, 0])
    # fewer options than k: all of them
    assert kernels.judged(entry, score, (50,))[0, 1] == pytest.approx(0.5)


def test_calibration_recovers_the_slope():
    """Spec 11: slope 1 per deviation of density, estimated 1.00 (sd .06)."""
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        score = rng.normal(size=(120, 60))
        entry = (rng.random(score.shape) < 1 / (1 + np.exp(2.6 - score))) * 1.0
        slope, error = kernels.logit_slope(entry, score, np.isfinite(entry))
        assert 0.02 < error < 0.12
        found.append(slope)
    assert np.mean(found) == pytest.approx(1.0, abs=0.06)
    flat = kernels.logit_slope(entry, np.ones(score.shape), np.isfinite(entry))
    assert np.isnan(flat).all()
    apart = kernels.logit_slope(entry, entry, np.isfinite(entry))
    assert np.isnan(apart[0])


def test_back_test_beside_baselines_and_null():
    got = backtest_entries(
        economy(1.5, 1), seed=1, n_boot=100, n_permutations=39, n_jobs=1
    )
    assert got.predictor == (
        "density",
        "ubiquity",
        "diversity",
        "random",
        "permuted",
        "complexity",
    )
    assert got.null_mean == pytest.approx(0.5, abs=0.05)
    assert got.p_value == pytest.approx(1 / 40)
    assert got.slope[0] > 0.3
    assert got.slope_low[0] > 0
    assert got.slope_low[3] < 0 < got.slope_high[3]
    assert got.precision_5_low[0] <= got.precision_5[0] <= got.precision_5_high[0]
    # pooled, diversity ranks: within regions it cannot
    assert got.auc_within[2] == 0.5
    assert "permuted labels" in got.summary()
    same = backtest_entries(
        economy(1.5, 1), seed=1, n_boot=100, n_permutations=39, n_jobs=2
    )
    assert same.to_dict() == got.to_dict()
    none = backtest_entries(economy(1.5, 1), seed=1, n_boot=0, n_permutations=0)
    assert np.isnan([none.null_mean, none.p_value, none.low[0]]).all()


def test_the_null_is_seldom_refused_where_nothing_is_related():
    found = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        both = waves(*rng.lognormal(0, 1, (2, 60, 30)))
        found.append(
            backtest_entries(both, seed=1, n_boot=0, n_permutations=19, n_jobs=1)
        )
    assert sum(f.p_value <= 0.05 for f in found) <= 3
    assert np.mean([f.auc_within[0] for f in found]) == pytest.approx(0.5, abs=0.02)


def three_waves(seed: int = 1, slope: float = 1.5) -> pa.Table:
    first = economy(slope, seed).to_pydict()
    second = economy(slope, seed + 50).to_pydict()
    n = len(first["region"]) // 2
    return pa.table(
        {
            "period": ["1"] * n + ["2"] * n + ["3"] * n,
            "region": first["region"] + first["region"][:n],
            "industry": first["industry"] + first["industry"][:n],
            "employment": first["employment"] + second["employment"][n:],
        }
    )


@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
def test_the_linear_model_is_least_squares_on_dummies():
    pytest.importorskip("pyfixest")
    table = economy(1.5, 1)
    got = fit_entry_model(table, effects=("region",), cluster=("region",))
    assert got.name == ("density", "complexity", "density x complexity")
    wave = table.filter(pa.array([p == "0" for p in table["period"].to_pylist()]))
    held = presence(wave.drop_columns(["period"]))
    alone = CONVENTIONS["econcomplex"]
    near = relatedness_density(held, convention=alone).values / 100
    index = complexity(held, convention=alone).pci
    came = entry_exit(table).entry[0]
    row, column = np.nonzero(np.isfinite(came))
    z = [near[row, column], index[column]]
    z = [(v - v.mean()) / v.std() for v in z]
    x = np.column_stack(
        [*z, z[0] * z[1], (row[:, None] == np.unique(row)).astype(float)]
    )
    beta, *_ = np.linalg.lstsq(x, came[row, column], rcond=None)
    sign = np.sign(got.estimate[1] * beta[1])
    np.testing.assert_allclose(got.estimate[0], beta[0], atol=1e-8)
    np.testing.assert_allclose(got.estimate[1:], sign * beta[1:3], atol=1e-8)
    # errors clustered by region, with the correction of small samples
    u = came[row, column] - x @ beta
    bread = np.linalg.pinv(x.T @ x)
    groups = np.unique(row)
    meat = sum(np.outer(s, s) for s in (x[row == g].T @ u[row == g] for g in groups))
    plain = np.sqrt(np.diag(bread @ meat @ bread))[0]
    assert got.error[0] == pytest.approx(plain, rel=0.03)
    assert got.estimate[0] > 0
    assert got.low[0] > 0


def test_two_ways_of_clusters_and_absorbed_complexity():
    pytest.importorskip("pyfixest")
    one = fit_entry_model(economy(1.5, 1))
    # one step: the index of an industry is one of its effects
    assert np.isnan(one.estimate[1])
    assert [u.item for u in one.undefined] == ["complexity"]
    assert one.estimate[0] > 0
    assert one.cluster == ("region", "industry")
    more = fit_entry_model(three_waves())
    assert np.isfinite(more.estimate).all()
    assert more.n > one.n
    leave = fit_entry_model(three_waves(), outcome="exit", interaction=False)
    assert leave.name == ("density", "complexity")
    assert "exit by 'lpm'" in leave.summary()


def test_no_slope_is_found_at_its_level():
    pytest.importorskip("pyfixest")
    found = []
    for seed in range(20):
        both = waves(*np.random.default_rng(seed).lognormal(0, 1, (2, 60, 30)))
        got = fit_entry_model(both, effects=("region", "industry"), interaction=False)
        found.append(got.p_value[0])
    assert sum(p < 0.05 for p in found) <= 4


def margins_only(seed: int) -> pa.Table:
    """Diverse and poor regions, common and rare activities, nothing related.

    Presence has odds of region times activity; four in five cells stay as they are, the
    others are drawn anew from the same odds.
    """
    rng = np.random.default_rng(seed)
    odds = rng.uniform(-1.3, 1.0, (60, 1)) + rng.uniform(-1.3, 1.0, (1, 30)) - 1.1
    p = 1 / (1 + np.exp(-odds))
    before, anew = rng.random((2, *p.shape)) < p
    after = np.where(rng.random(p.shape) < 0.8, before, anew)
    size = rng.lognormal(0, 0.2, (60, 1)) * rng.lognormal(0, 0.2, (1, 30)) * 100
    return waves(size * before, size * after)


def test_margins_alone_are_no_relatedness():
    """At 5 % the model refuses this null as often as it should, and leans nowhere."""
    pytest.importorskip("pyfixest")
    held = presence(margins_only(0), period="0")
    # the margins do differ: the test would be idle otherwise
    assert held.diversity.max() > 3 * max(held.diversity.min(), 1)
    assert held.ubiquity.max() > 3 * max(held.ubiquity.min(), 1)
    ratio, p = [], []
    for seed in range(100, 140):
        got = fit_entry_model(
            margins_only(seed), effects=("region", "industry"), interaction=False
        )
        ratio.append(got.estimate[0] / got.error[0])
        p.append(got.p_value[0])
    assert sum(x < 0.05 for x in p) <= 6  # of 40; 0.3 % of chances are above
    assert abs(np.mean(ratio)) < 3 / np.sqrt(40)
    assert 0.7 < np.std(ratio) < 1.5


def test_the_logit_leaves_out_what_does_not_vary():
    pytest.importorskip("pyfixest")
    table = economy(1.5, 1).to_pydict()
    # a region whose later wave is its earlier one in all shares: no entry
    n = len(table["region"]) // 2
    still = [k for k in range(n) if table["region"][k] == "000"]
    for k in still:
        table["employment"][n + k] = table["employment"][k]
    got = fit_entry_model(pa.table(table), model="logit", effects=("region",))
    assert got.estimate[0] > 0
    assert (
        got.n + got.n_constant
        == fit_entry_model(pa.table(table), effects=("region",)).n
    )
    if got.n_constant:
        assert got.n_constant_regions >= 1
        assert "does not vary" in got.summary()
    assert any("biased" in w for w in got.provenance.warnings)


def test_controls_are_matched_at_t():
    pytest.importorskip("pyfixest")
    table = economy(1.5, 1)
    regions = sorted(set(table["region"].to_pylist()))
    rng = np.random.default_rng(1)
    wages = pa.table(
        {
            "region": regions[:-1],
            "period": ["0"] * (len(regions) - 1),
            "wage": rng.normal(size=len(regions) - 1),
            "of": ["0"] * (len(regions) - 1),
        }
    )
    got = fit_entry_model(
        table, controls=wages, covariates=["wage"], effects=("industry",), dated="of"
    )
    assert got.name[-1] == "wage"
    assert got.n_unmatched > 0
    late = wages.set_column(3, "of", pa.array(["1"] * wages.num_rows))
    with pytest.raises(InvalidTableError, match="leakage"):
        fit_entry_model(table, controls=late, covariates=["wage"], dated="of")
    with pytest.raises(InvalidTableError, match="repeats"):
        fit_entry_model(
            table, controls=pa.concat_tables([wages, wages]), covariates=["wage"]
        )
    with pytest.raises(OptionError, match="go together"):
        fit_entry_model(table, covariates=["wage"])
    with pytest.raises(ColumnNotFoundError, match="wages"):
        fit_entry_model(table, controls=wages, covariates=["wages"])
    with pytest.raises(AlignmentError, match="none of the columns"):
        fit_entry_model(table, controls=wages.select(["wage"]), covariates=["wage"])


def test_models_that_cannot_be(monkeypatch):
    a = np.array([[9.0, 1.0], [1.0, 9.0]])
    with pytest.raises(NotIdentifiedError, match="nothing to explain"):
        fit_entry_model(waves(a, a))
    with pytest.raises(NotIdentifiedError, match="two periods"):
        fit_entry_model(waves(a))
    for option in (
        {"outcome": "entries"},
        {"model": "probit"},
        {"effects": ("country",)},
        {"effects": "region"},
        {"cluster": ()},
        {"cluster": ("region", "industry", "period")},
        {"level": 1.0},
    ):
        with pytest.raises(OptionError):
            fit_entry_model(waves(a, a), **option)
    monkeypatch.setitem(sys.modules, "pyfixest", None)
    with pytest.raises(MissingExtraError, match=r"agglo\[entry\]"):
        fit_entry_model(economy(1.5, 1))
