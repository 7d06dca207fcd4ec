"""Spatial event study: planted dynamics, leads, bands, what is refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import Bootstrap
from agglo.core.weights import SpatialWeights
from agglo.econometrics import (
    EventWindow,
    Observed,
    fit_spatial_did,
    fit_spatial_event_study,
)
from agglo.econometrics._kernels.wild import WildSetup, wald_statistics, wild_t

N, T, START, LATE = 60, 12, 5, 7
WINDOW = EventWindow(-4, 4)
OWN = np.array([-0.3, -0.4, 0.2, 0.5, 0.6])
FAR = np.array([0.5, 0.4, 0.0, 0.0, 0.0])
QUICK = Bootstrap(n=199, seed=5)


def dynamic(
    seed: int, *, drift: float = 0.0, sigma: float = 0.15, ar: float = 0.0,
    effect: float = 1.0, n: int = N,
):  # fmt: skip
    """Draw an SDM whose beta_k and theta_k are OWN and FAR, with an optional pre-trend."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 500, n), rng.uniform(0, 500, n)
    ids = [f"r{i:03d}" for i in range(n)]
    weights = SpatialWeights.build_knn(x, y, ids, k=5).standardised()
    w = weights.matrix.toarray()
    kind = rng.permutation(np.arange(n) % 5)
    first = np.where(kind == 0, START, np.where(kind == 1, LATE, T))
    since = np.arange(T)[None, :] - first[:, None]
    ever = first < T
    right = rng.normal(size=(n, 1)) + 0.1 * rng.normal(size=(1, T))
    for k in range(5):
        on = ((np.clip(since, -99, 4) == k) & ever[:, None]).astype(float)
        right = right + effect * (OWN[k] * on + FAR[k] * w @ on)
    right = right + drift * np.where(ever[:, None], np.minimum(since, 0), 0)
    noise = rng.normal(size=(n, T))
    for t in range(1, T):
        noise[:, t] = ar * noise[:, t - 1] + np.sqrt(1 - ar**2) * noise[:, t]
    out = np.linalg.solve(np.eye(n) - 0.3 * w, right + sigma * noise)
    table = pa.table(
        {
            "region": np.repeat(ids, T),
            "period": np.tile(np.arange(T), n).astype(str),
            "y": out.ravel(),
        }
    )
    starts = {ids[i]: str(first[i]) for i in range(n) if ever[i]}
    return table, weights, starts


def study(made, **more):
    table, weights, starts = made
    options = {"outcome": "y", "start": starts, "window": WINDOW, "bands": QUICK} | more
    options.setdefault("weights", weights)
    return fit_spatial_event_study(options.pop("data", table), **options)


@pytest.fixture(scope="module")
def made():
    return dynamic(2026)


@pytest.fixture(scope="module")
def found(made):
    return study(made)


def test_planted_dynamics_are_recovered_apart(found, made):
    w = made[1].matrix.toarray()
    s = np.linalg.inv(np.eye(N) - 0.3 * w)
    direct = OWN * np.trace(s) / N + FAR * np.trace(s @ w) / N
    total = (OWN + FAR) / 0.7
    for k in range(5):
        row = int(np.flatnonzero(found.k == k)[0])
        gap = found.value[row] - [direct[k], total[k] - direct[k], total[k]]
        assert (np.abs(gap) < 4 * found.se[row]).all(), k
    # the dip and the recovery, central; the early gain, surrounding
    assert found.effect(0) < 0 < found.effect(4)
    assert found.effect(0, "indirect") > 0.3


def test_base_is_zero_and_bands_contain_intervals(found):
    row = int(np.flatnonzero(found.k == -1)[0])
    assert (found.value[row] == 0).all()
    assert (found.se[row] == 0).all()
    assert found.k.tolist() == list(range(-4, 5))
    assert (found.band_lower <= found.lower + 1e-12).all()
    assert (found.critical > 1.96).all()
    assert np.isnan(found.realised[found.k < 0]).all()
    assert np.isfinite(found.realised[found.k >= 0]).all()


def test_cells_by_event_time(found, made):
    n_treated = len(made[2])
    assert found.cells[found.k == 0] == n_treated
    assert found.cells.sum() == n_treated * T


def test_no_lead_no_alarm_a_drift_is_found(found):
    by = {t.tested: t for t in found.leads}
    assert set(by) == {"own", "neighbours", "joint"}
    assert by["joint"].df == 6
    assert by["joint"].p > 0.05
    assert 0.05 < by["joint"].power <= 1
    drifting = study(dynamic(2026, drift=0.15))
    assert {t.tested: t.p for t in drifting.leads}["own"] < 0.05


def test_model_errors_use_gaussian_bands_and_chi_square(made):
    other = study(made, vcov=Observed())
    assert other.leads[0].method == "chi-square"
    assert "Gaussian" in other.bands_method
    assert (other.critical > 2.3).all()
    assert (other.critical < 3.2).all()


def test_same_seed_same_bands(made, found):
    again = study(made)
    assert again.band_lower.tolist() == found.band_lower.tolist()
    assert [t.p for t in again.leads] == [t.p for t in found.leads]
    assert again.provenance.seed == 5


def test_events_since_the_start_sum_to_the_treatment(found, made):
    z, names = found.fit.design.z, [v.name for v in found.fit.design.variables]
    since = sum(z[:, :, i] for i, name in enumerate(names) if int(name[2:]) >= 0)
    plain = fit_spatial_did(made[0], outcome="y", start=made[2], weights=made[1])
    np.testing.assert_array_equal(since, plain.treatment)


def test_wild_draws_equal_a_loop_of_regressions():
    rng = np.random.default_rng(1)
    t, n, k = 6, 12, 3
    within = lambda a: (  # noqa: E731
        a - a.mean(0, keepdims=True) - a.mean(1, keepdims=True) + a.mean((0, 1))
    )
    z, u = within(rng.normal(size=(t, n, k))), within(rng.normal(size=(t, n)))
    cluster = np.arange(n) // 2
    setup = WildSetup(u=u, z=z, cluster=cluster, unit=True, period=True)
    maps = np.array([[1.0, 0.5, 0.0], [0.0, 0.0, 2.0]])
    got = wild_t(setup, np.random.default_rng(12), 4, maps)
    signs = np.random.default_rng(12).integers(0, 2, size=(4, 6)) * 2.0 - 1.0
    flat = z.reshape(-1, k)
    b0 = np.linalg.lstsq(flat, u.ravel())[0]
    bread = np.linalg.inv(flat.T @ flat)
    for row, sign in zip(got, signs, strict=True):
        fitted = (flat @ b0).reshape(t, n)
        star = within(fitted + sign[cluster] * (u - fitted))
        b = np.linalg.lstsq(flat, star.ravel())[0]
        e = star - (flat @ b).reshape(t, n)
        sums = [
            sum(z[:, i].T @ e[:, i] for i in np.flatnonzero(cluster == c))
            for c in range(6)
        ]
        cov = bread @ (6 / 5 * np.array(sums).T @ np.array(sums)) @ bread
        want = np.abs(maps @ (b - b0)) / np.sqrt(np.diag(maps @ cov @ maps.T))
        np.testing.assert_allclose(row, want, atol=1e-12)
        stat = wald_statistics(b[None], cov[None], (np.array([0, 2]),))[0, 0]
        part = np.array([0, 2])
        assert stat == pytest.approx(
            b[part] @ np.linalg.inv(cov[np.ix_(part, part)]) @ b[part]
        )


def test_window_is_checked():
    with pytest.raises(OptionError, match="base"):
        EventWindow(-3, 3, base=0)
    with pytest.raises(OptionError, match="base"):
        EventWindow(-3, 3, base=-4)
    with pytest.raises(OptionError, match="low"):
        EventWindow(-1, 3)


def test_without_never_treated_the_last_cohort_helps(made):
    table, weights, starts = made
    everyone = {r: starts.get(r, "10") for r in set(table["region"].to_pylist())}
    with pytest.raises(NotIdentifiedError, match="no_controls"):
        study(made, start=everyone)
    found = study((table, weights, everyone), control="last_cohort")
    assert found.fit.design.periods[-1] == "9"
    assert found.cells[found.k == 0] == len(starts)
    assert any("start in 10" in w for w in found.provenance.warnings)
    same = dict.fromkeys(everyone, "5")
    with pytest.raises(NotIdentifiedError, match="no earlier cohort"):
        study((table, weights, same), control="last_cohort")


def test_an_empty_event_time_is_named(made):
    with pytest.raises(NotIdentifiedError, match=r"collinear.*k=8"):
        study(made, window=EventWindow(-3, 8))


def test_few_clusters_cannot_test_many_leads():
    small = dynamic(3, n=10)
    with pytest.raises(NotIdentifiedError, match=r"clusters|few_observations"):
        study(small, window=EventWindow(-6, 4))


def test_tidy_columns_and_figure(found):
    table = found.to_arrow()
    assert table.num_rows == 27
    assert "leads, joint" in found.summary()
    found.plot()


@pytest.mark.slow
@pytest.mark.parametrize("ar", [0.0, 0.5])
def test_lead_test_and_bands_hold_their_level(ar):
    """Binomial bounds for 120 worlds: rejections of a true null, coverage of the bands."""
    rejected, covered = [], []
    for seed in range(9000, 9120):
        one = study(
            dynamic(seed, ar=ar, effect=0.0, n=75), bands=Bootstrap(n=199, seed=seed)
        )
        rejected.append({t.tested: t.p for t in one.leads}["joint"] <= 0.05)
        inside = (one.band_lower <= 0) & (one.band_upper >= 0)
        covered.append(inside[one.k != -1].all(axis=0)[:2])
    assert np.mean(rejected) <= 0.11
    assert (np.mean(covered, axis=0) >= 0.88).all()
