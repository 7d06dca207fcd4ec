"""Which two-by-two comparisons a two-way regression with staggered starts averages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["comparison_effects", "comparison_weights", "forbidden_share"]


def comparison_weights(
    first: IntArray, t: int
) -> tuple[list[tuple[int, int, str]], FloatArray]:
    """Give (treated start, control start, kind) and weights that sum to 1.

    Kinds: ``"never"``, ``"later"`` (not yet treated) and ``"earlier"`` (already treated:
    the forbidden one). Goodman-Bacon (2021), equations 10a to 10g.
    """
    starts, counts = np.unique(first, return_counts=True)
    share = counts / first.size
    treated = 1.0 - np.minimum(starts, t) / t
    pairs: list[tuple[int, int, str]] = []
    weights: list[float] = []
    for i, k in enumerate(starts):
        if k >= t:
            continue
        for j in range(i + 1, starts.size):
            both = share[i] + share[j]
            inner = share[i] / both * share[j] / both
            dk, dl = float(treated[i]), float(treated[j])
            late = int(starts[j])
            if late >= t:
                pairs.append((int(k), late, "never"))
                weights.append(both**2 * inner * dk * (1.0 - dk))
                continue
            pairs.append((int(k), late, "later"))
            weights.append(both**2 * inner * (dk - dl) * (1.0 - dk))
            pairs.append((late, int(k), "earlier"))
            weights.append(both**2 * inner * dl * (dk - dl))
    total = np.array(weights)
    return pairs, total / total.sum()


def comparison_effects(
    y: FloatArray, first: IntArray, pairs: list[tuple[int, int, str]]
) -> FloatArray:
    """Give the two-by-two difference of every comparison; y is (N, T).

    Their mean with the weights is the coefficient of the two-way regression.
    """
    t = y.shape[1]
    means = {int(s): y[first == s].mean(axis=0) for s in np.unique(first)}
    out = []
    for treated, control, kind in pairs:
        begin = control if kind == "earlier" else 0
        end = control if kind == "later" else t
        gap = means[treated] - means[control]
        out.append(gap[treated:end].mean() - gap[begin:treated].mean())
    return np.array(out)


def forbidden_share(first: IntArray, t: int) -> float:
    """Give the weight of comparisons with regions that are already treated."""
    pairs, weights = comparison_weights(first, t)
    return float(
        sum(w for p, w in zip(pairs, weights, strict=True) if p[2] == "earlier")
    )
