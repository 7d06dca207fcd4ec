"""The one Monte Carlo loop: blocks with their own seeds, the same answer for any workers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.options import check_number

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["Draw", "Progress", "entropy_of", "generator", "monte_carlo"]

Draw: TypeAlias = Callable[[np.random.Generator, int], "FloatArray"]
Progress: TypeAlias = Callable[[int, int], None]

# fewer blocks than this are drawn here: starting workers costs more than they save
_FEW_BLOCKS = 4


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

    The answer depends on `seed`, `stream` and `block_size` only, never on the number of
    workers or the back end. An enclosing ``joblib.parallel_config`` is respected, so a
    Dask or Spark cluster does the work when the caller says so.

    Parameters
    ----------
    draw
        Takes a generator and a size and gives an array whose first axis has that size.
    n
        Number of replicates.
    seed
        Seed; ``None`` draws entropy (record it with :func:`entropy_of` first).
    stream
        Number of the stream, where one call needs several.
    block_size
        Replicates per block; part of what decides the answer.
    n_jobs
        Workers; ``None`` follows the caller's ``parallel_config`` and is 1 without one.
    progress
        Called with replicates done and replicates in all.

    Returns
    -------
    numpy.ndarray of float64
        Shape (n, ...).

    Raises
    ------
    OptionError
        If a number is out of range, or `draw` gives another size than asked.

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
    entropy = entropy_of(seed)
    sizes = [min(block_size, n - start) for start in range(0, n, block_size)]
    keys = [(stream, i) for i in range(len(sizes))]
    parts: list[FloatArray] = []
    done = 0
    for part in _blocks(draw, entropy, keys, sizes, n_jobs):
        parts.append(part)
        done += part.shape[0]
        if progress is not None:
            progress(done, n)
    return np.concatenate(parts, axis=0)


def _blocks(
    draw: Draw,
    entropy: int,
    keys: list[tuple[int, int]],
    sizes: list[int],
    n_jobs: int | None,
) -> map[FloatArray] | list[FloatArray]:
    def one(key: tuple[int, int], size: int) -> FloatArray:
        return _block(draw, entropy, key, size)

    if len(sizes) < _FEW_BLOCKS or n_jobs == 1:
        return map(one, keys, sizes)
    from joblib import Parallel, delayed

    # the order of the blocks is the order of the answer; generator mode streams progress
    parallel = Parallel(n_jobs=n_jobs, return_as="generator")
    jobs = (
        delayed(_block)(draw, entropy, k, s) for k, s in zip(keys, sizes, strict=True)
    )
    blocks: list[FloatArray] = parallel(jobs)
    return blocks


def _block(draw: Draw, entropy: int, key: tuple[int, int], size: int) -> FloatArray:
    block = np.asarray(draw(generator(entropy, *key), size), dtype=np.float64)
    if block.ndim == 0 or block.shape[0] != size:
        msg = f"draw(rng, {size}) gave shape {block.shape}; its first axis must be {size}."
        raise OptionError(msg)
    return block
