"""The Monte Carlo loop: the same bytes for any workers, progress, Ctrl-C, refusal."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import joblib
import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import agglo as ag
from agglo.core import parallel
from agglo.core.parallel import entropy_of, generator, in_threads, monte_carlo

BACK_ENDS = (
    {"backend": "threading", "n_jobs": 2},
    {"backend": "threading", "n_jobs": 5},
    {"backend": "loky", "n_jobs": 2},
    {"backend": "loky", "n_jobs": 3},
    # hands over lists only, as joblib's Spark back end does
    {"backend": "multiprocessing", "n_jobs": 2},
)


def draw(rng, size):
    return rng.normal(size=(size, 3))


def product(rng, size):
    # matrix products differ in the last digits with the number of BLAS threads
    return rng.random((size, 203)) @ rng.random((203, 317)) @ rng.random((317, 5))


@pytest.fixture
def eager(monkeypatch):
    """Start workers however short the job is."""
    monkeypatch.setattr(parallel, "_WORTH_SECONDS", 0.0)


@pytest.mark.usefixtures("eager")
# forking beside threads is what the multiprocessing back end does
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize(
    "options", BACK_ENDS, ids=lambda o: "{backend}-{n_jobs}".format(**o)
)
@pytest.mark.parametrize("what", [draw, product])
def test_workers_and_back_ends_do_not_change_a_byte(what, options):
    alone = monte_carlo(what, n=500, seed=5, n_jobs=1)
    with joblib.parallel_config(**options):
        assert monte_carlo(what, n=500, seed=5).tobytes() == alone.tobytes()


@pytest.mark.usefixtures("eager")
def test_the_caller_chooses_workers_by_number_or_by_context():
    here = threading_ids(n_jobs=1)
    assert len(here) == 1
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert 1 < len(threading_ids()) <= 3
        assert threading_ids(n_jobs=1) == here
    with joblib.parallel_config(backend="threading", n_jobs=1):
        assert threading_ids() == here
    # without a context: processes, as many as cores
    assert process_ids() - {float(os.getpid())}


def threading_ids(**options):
    import threading

    def who(rng, size):  # noqa: ARG001
        time.sleep(0.01)
        return np.full(size, float(threading.get_ident()))

    return set(monte_carlo(who, n=40, seed=1, block_size=2, **options))


def process_ids(**options):
    def who(rng, size):  # noqa: ARG001
        return np.full(size, float(os.getpid()))

    return set(monte_carlo(who, n=40, seed=1, block_size=2, **options))


def test_short_jobs_start_no_workers():
    assert process_ids(n_jobs=2) == {float(os.getpid())}
    with joblib.parallel_config(backend="loky", n_jobs=2):
        assert process_ids() == {float(os.getpid())}


def test_a_slow_first_block_alone_starts_no_workers():
    # the first block of a job waits for the compiler; the others are quick
    waits = iter([0.3])

    def who(rng, size):  # noqa: ARG001
        time.sleep(next(waits, 0.0))
        return np.full(size, float(os.getpid()))

    pids = monte_carlo(who, n=200, seed=1, block_size=2, n_jobs=2)
    assert set(pids) == {float(os.getpid())}


@pytest.mark.usefixtures("eager")
def test_a_loop_inside_a_loop_starts_no_further_workers():
    def outer(rng, size):
        seed = int(rng.integers(1000))
        return np.array([process_ids_of(seed) for _ in range(size)])

    def process_ids_of(seed):
        def who(rng, size):  # noqa: ARG001
            return np.full(size, float(os.getpid()))

        return monte_carlo(who, n=6, seed=seed, block_size=1) - os.getpid()

    with joblib.parallel_config(backend="loky", n_jobs=2):
        away = monte_carlo(outer, n=8, seed=1, block_size=1)
    # after the first two blocks all is done by workers, each of them alone
    np.testing.assert_array_equal(away[2:], 0.0)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("options", BACK_ENDS[::2], ids=lambda o: o["backend"])
def test_linear_algebra_keeps_to_one_thread_and_gets_its_threads_back(options):
    def threads(rng, size):  # noqa: ARG001
        return np.full(size, max(pool["num_threads"] for pool in threadpool_info()))

    with threadpool_limits(limits=2):
        before = [pool["num_threads"] for pool in threadpool_info()]
        with joblib.parallel_config(**options):
            inside = monte_carlo(threads, n=30, seed=1, block_size=3)
        assert [pool["num_threads"] for pool in threadpool_info()] == before
    assert max(before) == 2
    np.testing.assert_array_equal(inside, 1.0)


def test_a_longer_run_starts_with_the_shorter_one():
    # blocks are whole: 320 = 5 × 64
    short, long = monte_carlo(draw, n=320, seed=5), monte_carlo(draw, n=640, seed=5)
    np.testing.assert_array_equal(long[:320], short)


def test_blocks_are_seeded_by_entropy_stream_and_number():
    drawn = monte_carlo(draw, n=5, seed=9, stream=3, block_size=2)
    for i, size in enumerate((2, 2, 1)):
        source = np.random.SeedSequence(9, spawn_key=(3, i))
        expected = np.random.default_rng(source).normal(size=(size, 3))
        np.testing.assert_array_equal(drawn[2 * i : 2 * i + 2], expected)


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


@pytest.mark.usefixtures("eager")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
# loky's own thread may look for a task that was just cancelled (KeyError in
# add_call_item_to_queue); it ends with its workers either way
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("options", BACK_ENDS[::2], ids=lambda o: o["backend"])
def test_progress_and_its_refusal_go_through_workers(options):
    seen = []

    def stop(done, total):
        seen.append((done, total))
        if done == 40:
            raise KeyboardInterrupt

    with joblib.parallel_config(**options), pytest.raises(KeyboardInterrupt):
        monte_carlo(draw, n=100, seed=1, block_size=10, progress=stop)
    assert seen == [(10, 100), (20, 100), (30, 100), (40, 100)]
    # and the next job finds its workers
    with joblib.parallel_config(**options):
        assert monte_carlo(draw, n=100, seed=1, block_size=10).shape == (100, 3)


@pytest.mark.usefixtures("eager")
def test_an_error_in_a_worker_arrives():
    def fails(rng, size):
        if rng.random() >= 0:
            msg = "no such distribution"
            raise ag.NotIdentifiedError(msg)
        return np.zeros(size)

    with (
        joblib.parallel_config(backend="loky", n_jobs=2),
        pytest.raises(ag.NotIdentifiedError, match="no such distribution"),
    ):
        monte_carlo(fails, n=10, seed=1, block_size=1)


SLOW_JOB = """
import threading
import time
from agglo.core import parallel

parallel._WORTH_SECONDS = 0.0

def slow(rng, size):
    time.sleep(0.2)
    return rng.random(size)

def tell(done, total):
    print(done, flush=True)

try:
    parallel.monte_carlo(slow, n=100_000, seed=1, block_size=1, n_jobs=2, progress=tell)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.fixture
def slow_job():
    """A process whose workers are at it."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_JOB],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(6):  # past the blocks that are drawn at home
        process.stdout.readline()
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    yield process, workers
    for left in [process, *workers]:
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            left.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_stops_the_workers(slow_job):
    process, workers = slow_job
    # as a terminal does: to the whole group
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.endswith("stopped\n")
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_process_leaves_no_workers(slow_job):
    process, workers = slow_job
    process.kill()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive


def test_entropy_is_recorded():
    assert entropy_of(3) == 3
    first, second = entropy_of(None), entropy_of(None)
    assert first != second
    assert monte_carlo(draw, n=5, seed=first)[0, 0] == generator(first, 0, 0).normal()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n=0"),
        ({"seed": -1}, "seed=-1"),
        ({"stream": 1.5}, "stream=1.5"),
        ({"block_size": 0}, "block_size=0"),
        ({"n_jobs": 0}, "n_jobs=0"),
        ({"n_jobs": 1.5}, "n_jobs=1.5"),
    ],
)
def test_bad_numbers_are_refused(options, message):
    with pytest.raises(ag.OptionError, match=message):
        monte_carlo(draw, **{"n": 10, "seed": 1, **options})


def test_bad_draws_are_refused():
    with pytest.raises(ag.OptionError, match="first axis must be 64"):
        monte_carlo(lambda rng, size: rng.random(3), n=100, seed=1)  # noqa: ARG005
    widths = iter([2, 3])
    with pytest.raises(ag.OptionError, match=r"rows of \(3,\) after rows of \(2,\)"):
        monte_carlo(lambda rng, size: rng.random((size, next(widths))), n=100, seed=1)


def test_threads_answer_in_the_order_of_the_tasks():
    assert in_threads(lambda k: k * k, range(64)) == [k * k for k in range(64)]
    assert in_threads(abs, [-1, 2, -3], threaded=False) == [1, 2, 3]


def test_threads_are_one_where_one_worker_was_asked_for():
    with joblib.parallel_config(n_jobs=1):
        found = in_threads(lambda _: threading.get_ident(), range(16))
    assert set(found) == {threading.get_ident()}
