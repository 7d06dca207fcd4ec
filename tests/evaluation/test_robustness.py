"""Rank intervals, variance shares and removals: hand cases, limits, planted answers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import MonteCarlo
from agglo.evaluation import (
    Choices,
    as_indicators,
    composite_index,
    rank_sensitivity,
    rank_uncertainty,
    removal_effect,
)
from agglo.evaluation._kernels.sobol import effects
from tests.evaluation.tables import HAND, drawn, long

RUNS = MonteCarlo(n=200, seed=7)


def test_two_choices_give_the_ranks_of_two_indices():
    table = as_indicators(drawn(12, 4, 3))
    found = rank_uncertainty(
        table, choices=Choices(aggregation=("arithmetic", "geometric")), inference=RUNS
    )
    one, other = (
        composite_index(table, scale=(1.0, 100.0), aggregation=m).rank
        for m in ("arithmetic", "geometric")
    )
    np.testing.assert_array_equal(found.nominal, one)
    np.testing.assert_array_equal(found.lower, np.minimum(one, other))
    np.testing.assert_array_equal(found.upper, np.maximum(one, other))
    share = (found.mean - one)[one != other] / (other - one)[one != other]
    # every moved unit tells the same share of runs, near a half
    assert np.ptp(share) < 1e-12
    assert abs(share[0] - 0.5) < 4 * 0.5 / np.sqrt(RUNS.n)


def test_dominant_unit_is_always_first():
    table = long({"x": [9.0, 2, 3, 1], "y": [9.0, 1, 2, 3], "z": [9.0, 3, 1, 2]})
    found = rank_uncertainty(
        table,
        choices=Choices(
            weight_noise=1.0, leave_out=True, normalisation=("minmax", "rank")
        ),
        top=1,
        inference=RUNS,
    )
    assert (found.nominal[0], found.lower[0], found.upper[0]) == (1, 1, 1)
    assert found.top_share[0] == 1
    assert found.top_share.sum() == pytest.approx(1)


def test_impossible_runs_are_counted_and_left_out():
    table = drawn(8, 3)
    found = rank_uncertainty(
        table,
        choices=Choices(
            normalisation=("minmax", "zscore"), aggregation=("geometric", "arithmetic")
        ),
        inference=RUNS,
    )
    # one combination of four has no geometric mean
    assert abs(found.n_failed - 50) < 4 * np.sqrt(200 * 0.25 * 0.75)
    assert np.isfinite(found.mean).all()


def test_every_run_impossible():
    choices = Choices(normalisation=("zscore", "zscore"), aggregation=("geometric",))
    with pytest.raises(NotIdentifiedError, match="impossible"):
        rank_uncertainty(drawn(8, 3), choices=choices, inference=RUNS)


def test_missing_unit_has_no_rank_but_a_reason():
    table = long({"x": [1.0, 2, None, 4], "y": [2.0, 1, 3, 5]})
    choices = Choices(weight_noise=0.5)
    found = rank_uncertainty(table, choices=choices, inference=RUNS)
    assert np.isnan(found.nominal).tolist() == [False, False, True, False]
    assert found.undefined
    filled = rank_uncertainty(
        table, choices=Choices(imputation=("mean", "median")), inference=RUNS
    )
    assert np.isfinite(filled.nominal).all()


def test_workers_do_not_matter():
    from joblib import parallel_config

    choices = Choices(weight_noise=0.5)
    one = rank_uncertainty(drawn(9, 4), choices=choices, inference=RUNS)
    with parallel_config(backend="threading", n_jobs=2):
        other = rank_uncertainty(drawn(9, 4), choices=choices, inference=RUNS)
    assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize(
    "options",
    [
        {"normalisation": ("min-max",)},
        {"normalisation": "minmax"},
        {"aggregation": ()},
        {"imputation": ("group_mean",)},
        {"weight_noise": 2.0},
    ],
    ids=str,
)
def test_choices_refuse(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        Choices(**options)


def test_nothing_open():
    with pytest.raises(OptionError, match="nothing open"):
        rank_uncertainty(long(HAND), choices=Choices())


def _ishigami(u: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * u - 1)
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2
    return y + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_effects_of_the_ishigami_function():
    """The published effects of Saltelli et al.: .314 .442 0 and .558 .442 .244."""
    a, b = np.random.default_rng(3).random((2, 60_000, 3))
    y = [_ishigami(a), _ishigami(b)]
    for i in range(3):
        mixed = a.copy()
        mixed[:, i] = b[:, i]
        y.append(_ishigami(mixed))
    first, total = effects(np.column_stack(y))
    np.testing.assert_allclose(first, [0.3139, 0.4424, 0.0], atol=0.02)
    np.testing.assert_allclose(total, [0.5576, 0.4424, 0.2437], atol=0.02)


def test_effects_of_two_choices_by_enumeration():
    """Two binary choices: the variance shares follow from four indices."""
    table = as_indicators(drawn(15, 5, 11))
    normal, aggregation = ("minmax", "rank"), ("arithmetic", "geometric")
    index = {
        (i, j): composite_index(
            table,
            normalisation=n,
            scale=(1.0, 100.0) if n == "minmax" else None,
            aggregation=a,
        ).rank
        for (i, n), (j, a) in product(enumerate(normal), enumerate(aggregation))
    }
    y = np.array(
        [[np.abs(index[i, j] - index[0, 0]).mean() for j in range(2)] for i in range(2)]
    )
    first = np.array([y.mean(axis=1).var(), y.mean(axis=0).var()]) / y.var()
    total = 1 - first[::-1]
    found = rank_sensitivity(
        table,
        choices=Choices(normalisation=normal, aggregation=aggregation),
        inference=MonteCarlo(n=600, seed=5),
    )
    assert found.inputs == ("normalisation", "aggregation")
    np.testing.assert_allclose(found.first, first, atol=0.1)
    np.testing.assert_allclose(found.total, total, atol=0.1)
    assert found.mean_shift == pytest.approx(y.mean(), rel=0.1)


def test_indicator_without_weight_has_no_effect():
    table = as_indicators(drawn(20, 4, 2))
    found = rank_sensitivity(
        table,
        choices=Choices(weights=({"i00": 0.0},), weight_noise=0.8),
        by_weight=True,
        inference=MonteCarlo(n=150, seed=1),
    )
    at = found.inputs.index("weight of i00")
    assert (found.first[at], found.total[at]) == (0, 0)
    assert (found.total[1:4] > 0.05).all()


def test_ranks_that_never_move():
    table = long({"x": [1.0, 2, 3], "y": [1.0, 2, 3]})
    with pytest.raises(NotIdentifiedError, match="never move"):
        rank_sensitivity(table, choices=Choices(weight_noise=0.5), inference=RUNS)


def test_removal_by_hand():
    table = as_indicators(long(HAND))
    found = removal_effect(table)
    full = composite_index(table).rank
    for j, name in enumerate("xyz"):
        rest = long({k: v for k, v in HAND.items() if k != name})
        moved = np.abs(composite_index(rest).rank - full)
        assert found.shift[j] == pytest.approx(moved.mean())
        assert found.largest[j] == moved.max()
    assert np.isnan(found.shift[3])
    assert found.undefined[0].item == "p"


def test_pillar_with_one_indicator_goes_with_it():
    table = as_indicators(long(HAND, pillar={"x": "a", "y": "b", "z": "b"}))
    found = removal_effect(table)
    shift = dict(zip(found.node, found.shift, strict=True))
    assert shift["x"] == shift["a"]
    assert np.isfinite(found.shift).all()


@pytest.mark.slow
def test_rank_intervals_hold_the_planted_rank():
    """Known scores plus 5 % noise: rank correlation and coverage as the specification asks."""
    rng = np.random.default_rng(4)
    held, together = [], []
    for _ in range(8):
        truth = rng.random(60)
        noisy = {f"i{j}": truth + rng.normal(0, 0.05, 60) for j in range(8)}
        found = rank_uncertainty(
            long({k: v.tolist() for k, v in noisy.items()}),
            choices=Choices(weight_noise=1.0, leave_out=True),
            inference=MonteCarlo(n=200, seed=2),
        )
        rank = (-truth).argsort().argsort() + 1.0
        held.append(((found.lower <= rank) & (rank <= found.upper)).mean())
        together.append(np.corrcoef(rank, found.nominal)[0, 1])
    assert min(together) > 0.95
    assert 0.85 <= np.mean(held) <= 0.95
