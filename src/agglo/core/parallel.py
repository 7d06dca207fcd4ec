"""The one Monte Carlo loop: blocks with their own seeds, the same answer for any workers."""

from __future__ import annotations

import os
import secrets
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.options import check_number

if TYPE_CHECKING:
    from threadpoolctl import threadpool_limits

    from agglo.core.typing import FloatArray

__all__ = [
    "Draw",
    "Progress",
    "entropy_of",
    "generator",
    "in_threads",
    "monte_carlo",
    "one_thread",
]

_Task = TypeVar("_Task")
_Answer = TypeVar("_Answer")

Draw: TypeAlias = Callable[[np.random.Generator, int], "FloatArray"]
Progress: TypeAlias = Callable[[int, int], None]

# a job whose rest is expected to take less is finished here: starting workers costs about
# a second each
_WORTH_SECONDS = 3.0


def entropy_of(seed: int | None) -> int:
    """Give the entropy of a call, so that it can be recorded and repeated.

    Parameters
    ----------
    seed
        Seed of the caller; ``None`` draws 128 bits from the operating system.

    Returns
    -------
    int
        `seed`, or what was drawn.

    Raises
    ------
    OptionError
        If `seed` is negative or no whole number.

    Examples
    --------
    >>> from agglo.core.parallel import entropy_of
    >>> entropy_of(7)
    7
    """
    if seed is None:
        return secrets.randbits(128)
    check_number("seed", seed, minimum=0, integer=True)
    return int(seed)


def generator(entropy: int, *key: int) -> np.random.Generator:
    """Give the generator of one stream and block of a call.

    Parameters
    ----------
    entropy
        Entropy of the call.
    *key
        Numbers of the stream and of the block.

    Returns
    -------
    numpy.random.Generator
        PCG64, independent of every other key.

    Examples
    --------
    >>> from agglo.core.parallel import generator
    >>> bool(generator(7, 0).random() == generator(7, 0).random())
    True
    """
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(entropy, spawn_key=key))
    )


def monte_carlo(
    draw: Draw,
    *,
    n: int,
    seed: int | None,
    stream: int = 0,
    block_size: int = 64,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> FloatArray:
    """Draw `n` replicates in blocks; block i has its own seed.

    The answer depends on `seed`, `stream`, `block_size` and `draw` only, never on the
    number of workers or the back end. The first blocks are drawn here; workers start
    when the rest is expected to take seconds. Ctrl-C stops them.

    Parameters
    ----------
    draw
        Takes a generator and a size and gives an array whose first axis has that size.
        It must not change what it refers to: workers see large arrays read-only.
    n
        Number of replicates.
    seed
        Seed; ``None`` draws entropy (record it with :func:`entropy_of` first).
    stream
        Number of the stream, where one call needs several.
    block_size
        Replicates per block; part of what decides the answer.
    n_jobs
        Workers; −1 is all cores. ``None`` follows an enclosing
        ``joblib.parallel_config`` (so a Dask or Spark cluster does the work when the
        caller says so); without one it is all cores, through loky.
    progress
        Called with replicates done and replicates in all, in the calling thread.

    Returns
    -------
    numpy.ndarray of float64
        Shape (n, ...).

    Raises
    ------
    OptionError
        If a number is out of range, or `draw` gives another size than asked or another
        shape than before.

    Notes
    -----
    Block i is seeded by ``SeedSequence(seed, spawn_key=(stream, i))``. Matrix products
    differ in their last digits with the number of BLAS threads, so every block runs with
    one, wherever it runs. Memory: the answer, and a block per worker.

    Examples
    --------
    >>> from agglo.core.parallel import monte_carlo
    >>> sims = monte_carlo(lambda rng, size: rng.random((size, 2)), n=100, seed=1)
    >>> sims.shape
    (100, 2)
    """
    check_number("n", n, minimum=1, integer=True)
    check_number("block_size", block_size, minimum=1, integer=True)
    check_number("stream", stream, minimum=0, integer=True)
    _check_workers(n_jobs)
    run = partial(_block, draw, entropy_of(seed), int(stream), int(block_size), int(n))
    with (
        _ONE_THREAD,
        closing(_blocks(run, -(-int(n) // int(block_size)), n_jobs)) as it,
    ):
        return _gathered(it, int(n), progress)


def _gathered(
    blocks: Iterator[FloatArray], n: int, progress: Progress | None
) -> FloatArray:
    first = next(blocks)
    out = np.empty((n, *first.shape[1:]))
    done = 0
    while True:
        if first.shape[1:] != out.shape[1:]:
            msg = f"draw gave rows of {first.shape[1:]} after rows of {out.shape[1:]}."
            raise OptionError(msg)
        out[done : done + first.shape[0]] = first
        done += first.shape[0]
        if progress is not None:
            progress(done, n)
        if done == n:
            return out
        first = next(blocks)


def in_threads(
    run: Callable[[_Task], _Answer], todo: Sequence[_Task], *, threaded: bool = True
) -> list[_Answer]:
    """Call `run` for every task in threads; for kernels that let go of the interpreter.

    There are as many threads as cores that this process may use (its affinity and the
    limit of its container count), and one inside a worker of :func:`monte_carlo`.

    Parameters
    ----------
    run
        Takes a task; writes to its own part of an array, or gives an answer.
    todo
        The tasks. They must not depend on the number of threads, so that the answers do
        not either.
    threaded
        Whether to use threads at all.

    Returns
    -------
    list
        The answers, in the order of the tasks.

    Examples
    --------
    >>> from agglo.core.parallel import in_threads
    >>> in_threads(lambda k: k * k, [1, 2, 3])
    [1, 4, 9]
    """
    workers = min(_workers(None)[1], len(todo)) if threaded and len(todo) > 1 else 1
    if workers < 2:
        return [run(task) for task in todo]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, todo))


def _check_workers(n_jobs: int | None) -> None:
    if n_jobs is None:
        return
    check_number("n_jobs", n_jobs, integer=True)
    if n_jobs == 0:
        msg = "n_jobs=0 leaves nobody to work: take 1, or -1 for all cores."
        raise OptionError(msg)


def _block(
    draw: Draw, entropy: int, stream: int, block_size: int, n: int, i: int
) -> FloatArray:
    size = min(block_size, n - i * block_size)
    with _ONE_THREAD:
        drawn = draw(generator(entropy, stream, i), size)
    block = np.asarray(drawn, dtype=np.float64)
    if block.ndim == 0 or block.shape[0] != size:
        msg = f"draw(rng, {size}) gave shape {block.shape}; its first axis must be {size}."
        raise OptionError(msg)
    return block


def _blocks(
    run: Callable[[int], FloatArray], count: int, n_jobs: int | None
) -> Generator[FloatArray, None, None]:
    """Run the blocks in order: here, and with workers once that is worth it."""
    workers = 1 if n_jobs == 1 else None
    spent = 0.0
    for i in range(count):
        if i >= 2 and workers != 1 and spent / (i - 1) * (count - i) >= _WORTH_SECONDS:
            n_jobs, workers = _workers(n_jobs)
            if workers > 1:
                yield from _with_workers(run, range(i, count), n_jobs, workers)
                return
        start = time.perf_counter()
        block = run(i)
        # the first block may have waited for a compiler: it is no measure of the others
        spent += time.perf_counter() - start if i else 0.0
        yield block


def _workers(n_jobs: int | None) -> tuple[int | None, int]:
    """Give what to tell joblib, and how many workers that means."""
    from joblib import effective_n_jobs
    from joblib.parallel import get_active_backend

    if n_jobs is None:
        backend, configured = get_active_backend()
        # inside a worker joblib decides by itself: workers of workers would be too many
        if configured is None and not backend.nesting_level:
            n_jobs = -1
    return n_jobs, int(effective_n_jobs(n_jobs))


def _with_workers(
    run: Callable[[int], FloatArray], todo: range, n_jobs: int | None, workers: int
) -> Iterator[FloatArray]:
    from joblib import Parallel, delayed, wrap_non_picklable_objects

    try:
        parallel = Parallel(n_jobs=n_jobs, return_as="generator")
    except ValueError:  # this back end hands over whole lists only: go in rounds
        run = wrap_non_picklable_objects(run)  # and it may not know closures
        for start in range(0, len(todo), 4 * workers):
            some = todo[start : start + 4 * workers]
            yield from Parallel(n_jobs=n_jobs)(delayed(run)(i) for i in some)
        return
    blocks = parallel(delayed(_in_worker)(run, i, os.getpid()) for i in todo)
    try:
        for block in blocks:  # noqa: UP028 - `yield from` would close it with a warning
            yield block
    finally:
        with warnings.catch_warnings():
            # joblib tells that tasks were cancelled, which is what was asked for
            warnings.simplefilter("ignore", UserWarning)
            blocks.close()


def _in_worker(run: Callable[[int], FloatArray], i: int, home: int) -> FloatArray:
    if os.getppid() == home:
        _watch(home)
    return run(i)


@cache
def _watch(home: int) -> None:
    # a killed process cannot stop its workers, and loky's would wait five minutes
    threading.Thread(target=_end_with, args=(home,), daemon=True).start()


def _end_with(home: int) -> None:
    while os.getppid() == home:
        time.sleep(1.0)
    os._exit(1)


class _OneThread:
    """Keeps BLAS and OpenMP to one thread while anybody is inside.

    Counted, because the limit belongs to the process and not to the thread: the first to
    enter sets it, the last to leave takes it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._limits: threadpool_limits | None = None

    def __enter__(self) -> None:
        from threadpoolctl import threadpool_limits

        with self._lock:
            if self._inside == 0:
                self._limits = threadpool_limits(limits=1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._limits is not None:
                self._limits.restore_original_limits()
                self._limits = None


_ONE_THREAD = _OneThread()
# for kernels whose products are too small to be shared out: `with one_thread:`
one_thread = _ONE_THREAD
