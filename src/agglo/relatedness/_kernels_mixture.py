"""Expectation-maximisation of exponential-family mixtures, all starts at once.

Every family here has a log-density that is linear in fixed features of an item, so one
step for all starts is two matrix products: features times weights gives the log-densities,
memberships times features the sufficient statistics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

    Weights: TypeAlias = "tuple[FloatArray, BoolArray]"
    Maximise: TypeAlias = "Callable[[FloatArray, FloatArray], Weights]"

_FLOOR = np.log(1e-300)
_SHORT_STEPS = 15
_FINISHERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Features of the items, their weights, and how statistics become densities.

    `maximise` takes memberships sums (s, k) and statistics (s, k, m) and gives the weights
    (s, k, m) of the features in the log-density, and whether each start is sound.
    """

    features: FloatArray
    weight: FloatArray
    constant: float
    maximise: Maximise
    equal: bool = True

    def narrow(self) -> Family:
        """Give the family in single precision, for the first steps of many starts."""
        return replace(self, features=self.features.astype(np.float32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The best of the starts."""

    membership: FloatArray
    share: FloatArray
    density: FloatArray
    loglik: float
    steps: int
    converged: bool
    reached: int
    trace: FloatArray


def expect(
    family: Family, share: FloatArray, density: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Memberships (n, s, k) and log-likelihood (s,) under given parameters."""
    s, k, m = density.shape
    kind = family.features.dtype
    narrow = density.reshape(s * k, m).T.astype(kind, copy=False)
    logs = (family.features @ narrow).reshape(-1, s, k)
    with np.errstate(divide="ignore"):
        logs += np.maximum(np.log(share), _FLOOR)[None].astype(kind, copy=False)
    top = logs.max(axis=2, keepdims=True)
    logs -= top
    np.exp(logs, out=logs)
    total = (logs.reshape(-1, k) @ np.ones(k, kind)).reshape(-1, s, 1)
    logs *= 1.0 / total
    by_item = (np.log(total) + top)[:, :, 0].astype(np.float64)
    return logs, family.weight @ by_item + family.constant


def update(
    family: Family, membership: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Shares, densities and soundness from memberships."""
    n, s, k = membership.shape
    weighted = membership.reshape(n, s * k)
    if not family.equal:
        weight = family.weight[:, None].astype(membership.dtype, copy=False)
        weighted = weighted * weight
    one = np.ones(n, weighted.dtype)
    size = (one @ weighted).reshape(s, k).astype(np.float64)
    statistic = (weighted.T @ family.features).reshape(s, k, -1).astype(np.float64)
    density, sound = family.maximise(size, statistic)
    return size / size.sum(axis=1, keepdims=True), density, sound


def fit(family: Family, start: FloatArray, *, tol: float, max_iter: int) -> Fit | None:
    """Run all starts (n, s, k) a little, the best ones to the end; None if none is sound."""
    membership, short, _, _ = _run(
        family.narrow(),
        start.astype(np.float32),
        tol=max(tol, 1e-5),
        steps=min(_SHORT_STEPS, max_iter),
    )
    sound = np.flatnonzero(np.isfinite(short))
    if not sound.size:
        return None
    best = sound[np.argsort(-short[sound], kind="stable")][:_FINISHERS]
    membership, loglik, steps, trace = _run(
        family, membership[:, best].astype(np.float64), tol=tol, steps=max_iter
    )
    if not np.isfinite(loglik).any():
        return None
    first = int(np.nanargmax(np.where(np.isfinite(loglik), loglik, np.nan)))
    share, density, _ = update(family, membership[:, [first]])
    final, value = expect(family, share, density)
    near = np.abs(loglik - loglik[first]) <= 1e-3 + 1e-6 * abs(loglik[first])
    return Fit(
        membership=final[:, 0],
        share=share[0],
        density=density[0],
        loglik=float(value[0]),
        steps=int(steps[first]),
        converged=bool(steps[first] < max_iter),
        reached=int(np.sum(near)),
        trace=trace,
    )


def _run(
    family: Family, start: FloatArray, *, tol: float, steps: int
) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
    """Iterate until the log-likelihood rises by less than `tol` of itself."""
    membership = start.copy()
    s = start.shape[1]
    loglik = np.full(s, -np.inf)
    made = np.zeros(s, dtype=np.int64)
    active = np.arange(s)
    trace = []
    for _ in range(steps):
        share, density, sound = update(family, membership[:, active])
        loglik[active[~sound]] = np.nan
        active, share, density = active[sound], share[sound], density[sound]
        if not active.size:
            break
        after, value = expect(family, share, density)
        membership[:, active] = after
        gain = value - loglik[active]
        loglik[active] = value
        made[active] += 1
        trace.append(float(np.max(value)))
        active = active[~(gain <= tol * np.maximum(1.0, np.abs(value)))]
        if not active.size:
            break
    return membership, loglik, made, np.array(trace)


def multinomial(floor: float = 1e-300) -> Maximise:
    """Give densities of counts: the logarithm of the shares of a component."""

    def maximise(size: FloatArray, statistic: FloatArray) -> Weights:
        total = statistic.sum(axis=2, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            theta = statistic / total
        sound = (total[..., 0] > 0).all(axis=1) & (size > 0).all(axis=1)
        return np.log(np.maximum(np.nan_to_num(theta), floor)), sound

    return maximise


def quadratic(x: FloatArray, *, full: bool) -> FloatArray:
    """Features of a normal density: squares (or all products), values, one."""
    if not full:
        return np.hstack([x * x, x, np.ones((x.shape[0], 1))])
    products = (x[:, :, None] * x[:, None, :]).reshape(x.shape[0], -1)
    return np.hstack([products, x, np.ones((x.shape[0], 1))])


def normal_diagonal(d: int, reg: float, *, spherical: bool) -> Maximise:
    """Give densities of normals without covariances."""

    def maximise(size: FloatArray, statistic: FloatArray) -> Weights:
        sound = (size > 1e-10).all(axis=1)
        n = np.maximum(size, 1e-10)[..., None]
        mean = statistic[..., d : 2 * d] / n
        variance = np.maximum(statistic[..., :d] / n - mean * mean, 0.0)
        if spherical:
            variance = np.repeat(variance.mean(axis=2, keepdims=True), d, axis=2)
        variance += reg
        sound = np.logical_and(sound, (variance > 0).all(axis=(1, 2)))
        variance = np.where(variance > 0, variance, 1.0)
        p = 1.0 / variance
        level = -0.5 * (
            (mean * mean * p).sum(axis=2)
            + np.log(variance).sum(axis=2)
            + d * np.log(2 * np.pi)
        )
        return np.concatenate([-0.5 * p, mean * p, level[..., None]], axis=2), sound

    return maximise


def normal_full(d: int, reg: float, *, tied: bool) -> Maximise:
    """Give densities of normals with covariances, one for each or one for all."""

    def maximise(size: FloatArray, statistic: FloatArray) -> Weights:
        s, k = size.shape
        sound = (size > 1e-10).all(axis=1)
        n = np.maximum(size, 1e-10)[..., None]
        mean = statistic[..., d * d : d * d + d] / n
        second = (statistic[..., : d * d] / n).reshape(s, k, d, d)
        cov = second - mean[..., :, None] * mean[..., None, :]
        if tied:
            share = size / size.sum(axis=1, keepdims=True)
            cov = np.repeat(np.einsum("sk,skij->sij", share, cov)[:, None], k, axis=1)
        cov += reg * np.eye(d)
        lowest = np.linalg.eigvalsh(cov)[..., 0]
        sound = np.logical_and(sound, (lowest > 1e-14).all(axis=1))
        cov = np.where((lowest > 1e-14)[..., None, None], cov, np.eye(d))
        p = np.linalg.inv(cov)
        log_det = np.linalg.slogdet(cov)[1]
        pull = np.einsum("skij,skj->ski", p, mean)
        level = -0.5 * ((pull * mean).sum(axis=2) + log_det + d * np.log(2 * np.pi))
        return (
            np.concatenate(
                [-0.5 * p.reshape(s, k, d * d), pull, level[..., None]], axis=2
            ),
            sound,
        )

    return maximise


def spread_seeds(
    x: FloatArray, weight: FloatArray, k: int, rng: np.random.Generator, rounds: int = 4
) -> IntArray:
    """Labels (n,) of k-means++ seeds after a few rounds of k-means."""
    n = x.shape[0]
    square = np.einsum("ij,ij->i", x, x)
    centre = np.empty((k, x.shape[1]))
    distance = np.full(n, np.inf)
    for j in range(k):
        chance = weight if j == 0 else weight * distance
        total = chance.sum()
        at = rng.choice(n, p=chance / total) if total > 0 else int(rng.integers(n))
        centre[j] = x[at]
        new = square - 2 * (x @ x[at]) + square[at]
        distance = np.minimum(distance, np.maximum(new, 0.0))
    label = np.zeros(n, dtype=np.int64)
    for _ in range(rounds):
        norm = np.einsum("ij,ij->i", centre, centre)
        label = np.argmin(norm[None] - 2 * (x @ centre.T), axis=1)
        one = np.zeros((n, k))
        one[np.arange(n), label] = weight
        size = one.sum(axis=0)
        held = size > 0
        centre[held] = (one.T @ x)[held] / size[held, None]
    return label


def starts(
    x: FloatArray,
    weight: FloatArray,
    k: int,
    n_starts: int,
    rng: np.random.Generator,
    *,
    random_share: float,
) -> FloatArray:
    """Memberships to begin with, (n, n_starts, k): random ones and spread seeds."""
    n = x.shape[0]
    out = np.empty((n, n_starts, k))
    n_random = round(random_share * n_starts)
    for s in range(n_starts):
        if s < n_random:
            out[:, s] = rng.dirichlet(np.ones(k), n)
        else:
            label = spread_seeds(x, weight, k, rng)
            out[:, s] = 0.02 / k
            out[np.arange(n), s, label] += 0.98
    return out


def entropies(membership: FloatArray) -> FloatArray:
    """Entropy of each item's memberships, in nats."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(membership > 0, membership * np.log(membership), 0.0)
    out: FloatArray = -terms.sum(axis=1)
    return np.maximum(out, 0.0)


def silhouette(distance: FloatArray, label: IntArray) -> float:
    """Mean silhouette on a distance matrix; items alone in their group count 0."""
    k = int(label.max()) + 1
    size = np.bincount(label, minlength=k).astype(np.float64)
    one = np.zeros((label.size, k))
    one[np.arange(label.size), label] = 1.0
    total = distance @ one
    own_size = size[label]
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = total[np.arange(label.size), label] / (own_size - 1)
        mean = total / size
    mean[np.arange(label.size), label] = np.inf
    outside = mean.min(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (outside - inside) / np.maximum(inside, outside)
    value[own_size == 1] = 0.0
    return float(np.nan_to_num(value).mean()) if k > 1 else float("nan")
