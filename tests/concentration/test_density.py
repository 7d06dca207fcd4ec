"""Density surfaces and rank-size relations."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import multivariate_normal

import agglo as ag


def cloud(n=200, seed=1):
    rng = np.random.default_rng(seed)
    return pa.table({"x_km": rng.normal(0, 30, n), "y_km": rng.normal(5, 10, n)})


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("bandwidth", ["silverman", "cv", 12.0, (20.0, 5.0)])
def test_the_grid_holds_the_weight(bandwidth, adaptive):
    found = ag.kernel_density(cloud(), bandwidth=bandwidth, adaptive=adaptive)
    assert found.values.sum() * found.cell_km2 == pytest.approx(200.0, rel=0.01)


def test_fixed_density_agrees_with_scipy():
    # sum of scipy 1.17 multivariate normal densities, tolerance 1e-12
    table = cloud(60)
    at = np.vstack([table["x_km"], table["y_km"]])
    h = np.array([11.0, 4.0])
    found = ag.kernel_density(table, bandwidth=(11.0, 4.0), cells=32)
    x, y = np.meshgrid(found.x_km, found.y_km)
    bells = [
        multivariate_normal(centre, np.diag(h**2)).pdf(np.stack([x, y], axis=-1))
        for centre in at.T
    ]
    values = np.sum(bells, axis=0)
    np.testing.assert_allclose(found.values, values, atol=1e-12)


def test_silverman_by_hand_with_weights():
    table = pa.table({"x_km": [0.0, 4.0], "y_km": [0.0, 2.0], "w": [3.0, 1.0]})
    found = ag.kernel_density(table, weight="w")
    # sd: mean 1, deviations 1 and 3: sqrt((3·1 + 9)/4); n_eff = 16/10
    assert found.bandwidth_km[0] == pytest.approx(np.sqrt(3.0) * 1.6 ** (-1 / 6))
    assert found.bandwidth_km[1] == pytest.approx(np.sqrt(0.75) * 1.6 ** (-1 / 6))


def test_contours_hold_their_share():
    found = ag.kernel_density(cloud(500))
    for share, level in found.contours((0.5, 0.9)).items():
        held = found.values[found.values >= level].sum() / found.values.sum()
        assert held == pytest.approx(share, abs=0.01)
    # of a bivariate normal the densest half covers 2 ln 2 standard ellipses (with kernel)
    assert found.contours((0.5,))[0.5] > found.contours((0.9,))[0.9]


def test_cross_validation_narrows_two_clumps():
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(-100, 3, 80), rng.normal(100, 3, 80)])
    table = pa.table({"x_km": x, "y_km": rng.normal(0, 3, 160)})
    chosen = ag.kernel_density(table, bandwidth="cv").bandwidth_km[0]
    assert chosen < ag.kernel_density(table).bandwidth_km[0] / 2


def test_adaptive_kernels_are_wider_where_points_are_few():
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.normal(0, 1, 200), rng.normal(40, 8, 20)])
    table = pa.table({"x_km": x, "y_km": rng.normal(0, 1, 220)})
    fixed = ag.kernel_density(table, bandwidth=2.0)
    moving = ag.kernel_density(table, bandwidth=2.0, adaptive=True)
    assert moving.values.max() > fixed.values.max()


def test_what_has_no_density_says_so():
    with pytest.raises(ag.InvalidTableError, match="share a place"):
        ag.kernel_density(pa.table({"x_km": [1.0, 1.0], "y_km": [2.0, 2.0]}))
    with pytest.raises(ag.InvalidTableError, match="positive weight"):
        ag.kernel_density(
            pa.table({"x_km": [1.0], "y_km": [2.0], "w": [0.0]}), weight="w"
        )
    with pytest.raises(ag.OptionError, match="above 0"):
        ag.kernel_density(cloud(), bandwidth=-1.0)
    with pytest.raises(ag.OptionError, match="silverman"):
        ag.kernel_density(cloud(), bandwidth="silvermann")
    assert "bandwidth" in ag.kernel_density(cloud()).summary()
    assert ag.kernel_density(cloud()).plot().get_xlabel() == "km east"


def test_rank_size_by_hand():
    # sizes 1/rank: Hill over the two largest of 6, 3, 2 against 2: 2 / (ln 3 + ln 1.5)
    table = pa.table({"value": [2.0, 6.0, 3.0, None, 0.0]})
    found = ag.rank_size(table, method="hill")
    assert found.zeta == pytest.approx(2 / (np.log(3) + np.log(1.5)))
    assert found.se == pytest.approx(found.zeta / np.sqrt(2))
    assert found.n == 2
    line = ag.rank_size(table)
    slope = np.polyfit(np.log([6, 3, 2]), np.log([0.5, 1.5, 2.5]), 1)[0]
    assert line.zeta == pytest.approx(-slope)
    assert "distinct sizes" in line.summary()


@pytest.mark.parametrize("method", ["gabaix", "hill"])
def test_a_planted_exponent_is_recovered(method):
    rng = np.random.default_rng(4)
    estimates, errors = [], []
    for _ in range(60):
        table = pa.table({"value": 1.0 / rng.random(2000) ** (1 / 1.3)})
        found = ag.rank_size(table, method=method, top=400)
        estimates.append(found.zeta)
        errors.append(found.se)
    assert np.mean(estimates) == pytest.approx(
        1.3, abs=4 * np.mean(errors) / np.sqrt(60) + 0.01
    )
    inside = np.abs(np.array(estimates) - 1.3) < 1.96 * np.array(errors)
    assert inside.mean() > 0.85


def test_rank_size_refuses_what_has_no_ranks():
    with pytest.raises(ag.NotIdentifiedError, match="equal"):
        ag.rank_size(pa.table({"value": [2.0] * 5}))
    with pytest.raises(ag.InvalidTableError, match="1 positive"):
        ag.rank_size(pa.table({"value": [2.0, -1.0, 0.0]}))
    with pytest.raises(ag.OptionError, match="top=9"):
        ag.rank_size(pa.table({"value": [1.0, 2.0, 3.0]}), top=9)
