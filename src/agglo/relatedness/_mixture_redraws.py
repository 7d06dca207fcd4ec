"""Fitting a mixture to the data, to redrawn data and to a part of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.partitions import adjusted_rand, joint_counts
from agglo.relatedness import _kernels_bayes as bayes
from agglo.relatedness import _kernels_mixture as kernels
from agglo.relatedness._mixture_input import embedded

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray
    from agglo.relatedness._mixture_input import Items

_HIDDEN = 0.1
_BOOT_STARTS = 5
_BOOT_STEPS = 300
# a hidden link to a node that a group never met would be impossible, not just unlikely
_LEAST_SHARE = 1e-6


def fitted(
    given: Items,
    k: int,
    n_init: int,
    tol: float,
    max_iter: int,
    rng: np.random.Generator,
) -> kernels.Fit | None:
    """Fit a mixture of k from `n_init` starts; None when no start is sound.

    A Bayesian one has at most k groups.
    """
    if given.bayesian:
        return _bayesian(given, k, n_init, tol, max_iter, rng)
    counts = given.method in ("network", "multinomial")
    start = kernels.starts(
        given.seeds(),
        given.weight,
        k,
        n_init if k > 1 else 1,
        rng,
        random_share=0.5 if counts else 0.0,
    )
    return kernels.fit(given.family(), start, tol=tol, max_iter=max_iter)


def _bayesian(
    given: Items,
    k: int,
    n_init: int,
    tol: float,
    max_iter: int,
    rng: np.random.Generator,
) -> kernels.Fit | None:
    """Fit by variational Bayes; groups that no item is most likely in are dropped."""
    x, scale = given.standard()
    full = given.covariance == "full"
    reg = given.regularisation / scale**2
    prior = bayes.prior_of(x, given.weight, k, reg, full=full)
    begin = kernels.starts(x, given.weight, k, n_init, rng, random_share=0.0)
    fits = [
        bayes.fit(
            x,
            given.weight,
            np.ascontiguousarray(begin[:, s]),
            prior,
            full=full,
            tol=tol,
            max_iter=max_iter,
        )
        for s in range(n_init)
    ]
    bounds = np.array([f.bound for f in fits])
    best = fits[int(bounds.argmax())]
    used = np.unique(best.membership.argmax(axis=1))
    kept = best.membership[:, used]
    kept /= kept.sum(axis=1, keepdims=True)
    family = given.family()
    share, density, sound = kernels.update(family, kept[:, None])
    if not sound.all():
        return None
    loglik = kernels.expect(family, share, density)[1]
    near = np.abs(bounds - best.bound) <= 1e-3 + 1e-6 * abs(best.bound)
    return kernels.Fit(
        membership=kept,
        share=share[0],
        density=density[0],
        loglik=float(loglik[0]),
        steps=best.steps,
        converged=best.converged,
        reached=int(near.sum()),
        trace=bounds,
    )


def refit_agreement(
    given: Items, base: IntArray, k: int, tol: float, rng: np.random.Generator
) -> float:
    """Give the adjusted Rand index of a refit on a resample with the base labels.

    A resample on which no start is sound agrees as little as chance: 0.
    """
    drawn = _redrawn(given, rng)
    found = fitted(drawn, k, _BOOT_STARTS, max(tol, 1e-7), _BOOT_STEPS, rng)
    if found is None:
        return 0.0
    if drawn.method in ("network", "multinomial") or drawn.resample == "regions":
        label = found.membership.argmax(axis=1)
    else:
        # all items are classed, also those that were not drawn
        every = replace(drawn, weight=np.ones(given.label.size)).family()
        same = replace(drawn.family(), features=_features(drawn, given))
        label = kernels.expect(
            replace(same, weight=every.weight), found.share[None], found.density[None]
        )[0][:, 0].argmax(axis=1)
    return adjusted_rand(joint_counts(base, label))


def _features(drawn: Items, given: Items) -> FloatArray:
    """Features of all items in the units of the resample."""
    return replace(drawn, x=given.x).family().features


def _redrawn(given: Items, rng: np.random.Generator) -> Items:
    """Draw link events or counts anew, regions, or items with replacement (as weights)."""
    if given.resample == "regions" and given.counts is not None:
        n = given.counts.shape[0]
        counts = given.counts[rng.integers(n, size=n)]
        if given.method == "multinomial":
            return replace(given, x=np.ascontiguousarray(counts.T), counts=counts)
        return replace(given, x=embedded(counts), counts=counts)
    if given.method not in ("network", "multinomial"):
        n = given.label.size
        times = np.bincount(rng.integers(n, size=n), minlength=n).astype(np.float64)
        weight = given.weight * times
        return replace(given, weight=weight) if weight.sum() > 0 else given
    x = given.x
    total = x.sum()
    size = max(1, round(total))
    if given.symmetric:
        upper = np.triu(x)
        size = max(1, round(upper.sum()))
        drawn = rng.multinomial(size, (upper / upper.sum()).ravel()).reshape(x.shape)
        drawn = drawn + np.triu(drawn, 1).T
    else:
        drawn = rng.multinomial(size, (x / total).ravel()).reshape(x.shape)
    return replace(given, x=drawn.astype(np.float64))


def heldout_score(
    given: Items, k: int, n_init: int, tol: float, rng: np.random.Generator
) -> float:
    """Mean log-probability of a hidden tenth of the weight, under a fit to the rest."""
    x = np.triu(given.x) if given.symmetric else given.x
    if np.all(x % 1 == 0):
        hidden = rng.binomial(x.astype(np.int64), _HIDDEN).astype(np.float64)
    else:
        hidden = np.where(rng.random(x.shape) < _HIDDEN, x, 0.0)
    shown = x - hidden
    if given.symmetric:
        shown = shown + np.triu(shown, 1).T
        hidden = hidden + np.triu(hidden, 1).T
    found = fitted(replace(given, x=shown), k, n_init, max(tol, 1e-7), 500, rng)
    if found is None or not hidden.sum() > 0:
        return float("nan")
    theta = np.exp(found.density)
    theta = (1 - _LEAST_SHARE) * theta + _LEAST_SHARE / theta.shape[1]
    expected = found.membership @ theta
    there = hidden > 0
    return float((hidden[there] * np.log(expected[there])).sum() / hidden.sum())
