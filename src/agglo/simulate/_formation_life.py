"""Generated life-cycle trajectories with the stage of every period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = ["PLANS", "Trajectories", "draw_trajectories"]

# stage and number of periods, for 24 periods
PLANS: tuple[tuple[tuple[str, int], ...], ...] = (
    (("emergence", 8), ("growth", 8), ("sustainment", 8)),
    (("growth", 10), ("sustainment", 14)),
    (("sustainment", 12), ("decline", 12)),
    (("sustainment", 8), ("decline", 8), ("renewal", 4), ("growth", 4)),
    (("sustainment", 24),),
    (("latent", 24),),
)
_SPEED = {
    "emergence": 0.07,
    "growth": 0.09,
    "sustainment": 0.0,
    "decline": -0.05,
    "renewal": 0.06,
    "latent": 0.0,
}
# change of the share of the leading sub-industry per period
_FOCUS = {
    "emergence": -0.012,
    "growth": 0.008,
    "sustainment": 0.0,
    "decline": 0.012,
    "renewal": -0.02,
    "latent": 0.0,
}
_SMALL, _LARGE = 0.35, 2.0
_SUBS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectories:
    """Employment by unit, sub-industry and period, and the planted stages.

    Attributes
    ----------
    jobs
        (n_units, 5, n_periods): four old sub-industries and a new one.
    stage
        (n_units, n_periods).
    plan
        Number of each unit's plan; -1 for the other regions, whose stage is not planted.
    """

    jobs: FloatArray
    stage: NDArray[np.str_]
    plan: NDArray[np.int64]


def draw_trajectories(
    rng: np.random.Generator, per_plan: int, n_others: int, noise: float
) -> Trajectories:
    """Draw trajectories around a nation that grows slowly; noise is multiplicative."""
    n_periods = sum(n for _, n in PLANS[0])
    nation = np.asarray(1.0 + 0.01 * np.arange(n_periods), dtype=np.float64)
    units, stages, plans = [], [], []
    for p, plan in enumerate(PLANS):
        for _ in range(per_plan):
            words = [s for s, n in plan for _ in range(n)]
            units.append(_path(rng, words, nation, noise))
            stages.append(words)
            plans.append(p)
    for _ in range(n_others):
        level = 1000.0 * rng.lognormal(0, 0.35)
        share = rng.dirichlet(np.full(_SUBS, 20.0))
        jobs = level * nation * share[:, None]
        jobs = np.vstack([jobs, np.zeros(n_periods)])
        units.append(jobs * np.exp(rng.normal(0, noise / 2, jobs.shape)))
        stages.append([""] * n_periods)
        plans.append(-1)
    return Trajectories(
        jobs=np.round(np.stack(units)).astype(np.float64),
        stage=np.array(stages),
        plan=np.array(plans, dtype=np.int64),
    )


def _path(
    rng: np.random.Generator, words: list[str], nation: FloatArray, noise: float
) -> FloatArray:
    n = len(words)
    start = _SMALL if words[0] in ("emergence", "latent") else _LARGE
    if words[0] == "growth":
        start = 1.4
    log = np.log(1000.0 * start) + 0.1 * rng.normal()
    focus, fresh = 0.55, 0.0
    if words[0] == "growth":
        focus = 0.4
    jobs = np.empty((_SUBS + 1, n))
    rest = rng.dirichlet(np.full(_SUBS - 1, 30.0))
    for t, word in enumerate(words):
        if t:
            log += _SPEED[word]
            focus = float(np.clip(focus + _FOCUS[word], 0.26, 0.8))
            fresh = min(0.3, fresh + 0.05) if word == "renewal" else fresh
        level = np.exp(log) * nation[t]
        shares = np.concatenate([[focus], (1 - focus) * rest]) * (1 - fresh)
        jobs[:, t] = level * np.append(shares, fresh)
    total = np.exp(rng.normal(0, noise, n))
    out: FloatArray = jobs * total
    return out
