"""The Monte Carlo loop: the same bytes for any workers, progress, refusal."""

import joblib
import numpy as np
import pytest

import agglo as ag
from agglo.core.parallel import entropy_of, generator, monte_carlo


def draw(rng, size):
    return rng.normal(size=(size, 3))


def test_workers_and_back_ends_do_not_change_the_answer():
    alone = monte_carlo(draw, n=400, seed=5, n_jobs=1)
    np.testing.assert_array_equal(monte_carlo(draw, n=400, seed=5), alone)
    for options in (
        {"backend": "threading", "n_jobs": 2},
        {"backend": "threading", "n_jobs": 5},
        {"backend": "loky", "n_jobs": 2},
    ):
        with joblib.parallel_config(**options):
            np.testing.assert_array_equal(monte_carlo(draw, n=400, seed=5), alone)


def test_a_longer_run_starts_with_the_shorter_one():
    # blocks are whole: 320 = 5 × 64
    short, long = monte_carlo(draw, n=320, seed=5), monte_carlo(draw, n=640, seed=5)
    np.testing.assert_array_equal(long[:320], short)


def test_streams_and_blocks_are_independent():
    one, two = (monte_carlo(draw, n=100, seed=5, stream=s) for s in (0, 1))
    assert not np.isin(one, two).any()
    everything = monte_carlo(draw, n=1000, seed=5)
    assert np.unique(everything).size == everything.size
    assert everything.mean(axis=0) == pytest.approx(0.0, abs=4 / np.sqrt(1000))


def test_progress_counts_replicates():
    seen = []
    monte_carlo(
        draw, n=150, seed=1, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(64, 150), (128, 150), (150, 150)]


def test_entropy_is_recorded():
    assert entropy_of(3) == 3
    first, second = entropy_of(None), entropy_of(None)
    assert first != second
    assert monte_carlo(draw, n=5, seed=first)[0, 0] == generator(first, 0, 0).normal()


def test_bad_numbers_and_bad_draws_are_refused():
    with pytest.raises(ag.OptionError, match="n=0"):
        monte_carlo(draw, n=0, seed=1)
    with pytest.raises(ag.OptionError, match="seed"):
        monte_carlo(draw, n=1, seed=-1)
    with pytest.raises(ag.OptionError, match="first axis must be 64"):
        monte_carlo(lambda rng, size: rng.random(3), n=100, seed=1)  # noqa: ARG005
