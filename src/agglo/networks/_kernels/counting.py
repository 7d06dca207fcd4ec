"""Pairs of applicants, patent by patent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import IntArray

__all__ = ["pairs_within", "runs"]


def runs(sorted_code: IntArray, n: int) -> tuple[IntArray, IntArray]:
    """Give start and length of the run of every code 0..n-1 in sorted codes."""
    length = np.bincount(sorted_code, minlength=n).astype(np.int64)
    return np.cumsum(length) - length, length


def pairs_within(
    start: IntArray, length: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Pair the members of every run: run, first member, second member.

    One pass per distinct length, none per run.
    """
    owner, one, other = [], [], []
    for m in np.unique(length[length > 1]).tolist():
        run = np.flatnonzero(length == m)
        a, b = np.triu_indices(m, 1)
        owner.append(np.repeat(run, a.size))
        one.append((start[run][:, None] + a[None, :]).ravel())
        other.append((start[run][:, None] + b[None, :]).ravel())
    if not owner:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none
    return np.concatenate(owner), np.concatenate(one), np.concatenate(other)
