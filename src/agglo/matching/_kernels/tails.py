"""Tails of the hypergeometric distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["upper_tail"]


def upper_tail(
    hosts: IntArray, overlap: int, cluster_cities: int, universe: int
) -> FloatArray:
    """Give the probability that a random set of `hosts` cities holds at least `overlap` of ours."""
    from scipy.stats import hypergeom

    return np.asarray(hypergeom.sf(overlap - 1, universe, cluster_cities, hosts))
