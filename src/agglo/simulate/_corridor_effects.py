"""What a generated corridor policy does, and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["EDGES_KM", "OUTCOMES", "RING_EDGES_KM", "Effects", "System", "effects_of"]

OUTCOMES = ("specialisation", "diversification")
# average effects by years since the start, 7 = 7 and later
DIRECT = {
    "specialisation": (-0.30, -0.40, -0.25, 0.20, 0.40, 0.55, 0.60, 0.60),
    "diversification": (0.35, 0.40, 0.40, 0.40, 0.40, 0.40, 0.40, 0.40),
}
INDIRECT = {
    "specialisation": (0.60, 0.70, 0.60, 0.40, 0.0, 0.0, 0.0, 0.0),
    "diversification": (-0.10, -0.10, -0.05, 0.0, 0.40, 0.60, 0.80, 0.80),
}
REACH_KM = (100.0, 250.0)
RING_EDGES_KM = (0.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0)
RING_OWN = 0.4
RING_SPILL = (0.0, 0.5, 0.5, 0.5, 0.0, 0.0)
COHORT_LEVEL = (0.2, 0.5, 0.9, 1.3)
COHORT_GROWTH = 0.25
COHORT_SPILL = 0.5
EDGES_KM = (0.0, 100.0, 250.0, 400.0)
LAST = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Distances, weights W (N, N), rho, first treated period of every city (T: never)."""

    distance: FloatArray
    w: FloatArray
    rho: float
    first: IntArray
    t: int

    @property
    def since(self) -> IntArray:
        """Give periods since the start, (N, T); negative before and for never treated."""
        out: IntArray = np.arange(self.t)[None, :] - self.first[:, None]
        return out

    @property
    def d(self) -> FloatArray:
        """Give the treatment, (N, T)."""
        return (self.since >= 0).astype(np.float64)

    @property
    def multiplier(self) -> FloatArray:
        """Give (I - rho W)^-1."""
        inverse = np.linalg.inv(np.eye(self.w.shape[0]) - self.rho * self.w)
        return np.asarray(inverse, dtype=np.float64)

    def ring(self, low: float, high: float) -> FloatArray:
        """Give row-normalised weights of the ring (low, high]; empty rows stay 0."""
        inside = ((self.distance > low) & (self.distance <= high)).astype(np.float64)
        total = inside.sum(axis=1, keepdims=True)
        return np.divide(inside, total, out=np.zeros_like(inside), where=total > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Structural policy part (N, T), effect on the outcome (N, T), planted parameters."""

    structural: FloatArray
    tau: FloatArray
    planted: tuple[tuple[str, str, float], ...]


def effects_of(system: System, profile: str, outcome: str) -> Effects:
    """Give what the policy of a profile does, with its truth rows."""
    made = {"dynamic": _dynamic, "rings": _rings, "heterogeneous": _cohorts}
    if profile == "null":
        zero = np.zeros(system.d.shape)
        return Effects(structural=zero, tau=zero, planted=_realised(system, zero))
    structural, planted = made[profile](system, outcome)
    tau = system.multiplier @ structural
    return Effects(
        structural=structural, tau=tau, planted=(*planted, *_realised(system, tau))
    )


_Planted = list[tuple[str, str, float]]


def _dynamic(system: System, outcome: str) -> tuple[FloatArray, _Planted]:
    """Solve direct and indirect effects by k for beta and theta, and apply them."""
    s, exposure = system.multiplier, system.ring(*REACH_KM)
    n = s.shape[0]
    spread = s @ exposure
    own = np.array([np.trace(s), s.sum()]) / n
    near = np.array([np.trace(spread), spread.sum()]) / n
    direct, indirect = np.array(DIRECT[outcome]), np.array(INDIRECT[outcome])
    b = np.linalg.solve(
        np.column_stack([own, near]), np.vstack([direct, direct + indirect])
    )
    part = np.zeros(system.d.shape)
    planted: _Planted = []
    for k in range(LAST + 1):
        on = (np.minimum(system.since, LAST) == k) & (system.since >= 0)
        part += b[0, k] * on + b[1, k] * (exposure @ on)
        planted += [
            ("beta", str(k), float(b[0, k])),
            ("theta", str(k), float(b[1, k])),
            ("direct", str(k), float(direct[k])),
            ("indirect", str(k), float(indirect[k])),
        ]
    return part, planted


def _rings(system: System, outcome: str) -> tuple[FloatArray, _Planted]:  # noqa: ARG001
    """Apply one own effect and one spillover per ring."""
    s, n = system.multiplier, system.w.shape[0]
    part = RING_OWN * system.d
    planted: _Planted = [("beta", "", RING_OWN)]
    m = RING_OWN * s
    for (low, high), theta in zip(pairwise(RING_EDGES_KM), RING_SPILL, strict=True):
        ring = system.ring(low, high)
        part = part + theta * (ring @ system.d)
        m = m + theta * (s @ ring)
        planted.append(("theta", f"{low:g}-{high:g} km", theta))
    direct = float(np.trace(m)) / n
    planted += [("direct", "", direct), ("indirect", "", float(m.sum()) / n - direct)]
    return part, planted


def _cohorts(system: System, outcome: str) -> tuple[FloatArray, _Planted]:  # noqa: ARG001
    """Apply an own effect that grows and differs by start, and half of it to the ring."""
    starts = np.unique(system.first[system.first < system.t])
    level = dict(zip(starts.tolist(), COHORT_LEVEL, strict=False))
    own = np.zeros(system.d.shape)
    planted: _Planted = []
    for start, c in level.items():
        on = system.first == start
        own[on] = c * (1.0 + COHORT_GROWTH * np.maximum(system.since[on], 0))
        planted.append(("cohort_level", str(start), c))
    own = own * system.d
    part: FloatArray = own + COHORT_SPILL * (system.ring(*REACH_KM) @ own)
    return part, planted


def _realised(system: System, tau: FloatArray) -> tuple[tuple[str, str, float], ...]:
    """Give means of the effect by k on treated cells and by ring on the others."""
    d, since = system.d > 0, system.since
    rows: _Planted = [("realised_treated", "all", float(tau[d].mean()))]
    for k in range(LAST + 1):
        on = d & (np.minimum(since, LAST) == k)
        if on.any():
            rows.append(("realised_treated", str(k), float(tau[on].mean())))
    near = np.full(d.shape, np.inf)
    for t in range(system.t):
        if d[:, t].any():
            near[:, t] = system.distance[:, d[:, t]].min(axis=1)
    away = ~d & np.isfinite(near)
    rows.append(("realised_untreated", "all", float(tau[away].mean())))
    edges = [*pairwise(EDGES_KM), (EDGES_KM[-1], np.inf)]
    for low, high in edges:
        name = f">{low:g} km" if np.isinf(high) else f"{low:g}-{high:g} km"
        rows += _mean(name, tau, away & (near > low) & (near <= high))
    return tuple(rows)


def _mean(name: str, tau: FloatArray, cells: BoolArray) -> _Planted:
    return (
        [("realised_untreated", name, float(tau[cells].mean()))] if cells.any() else []
    )
