"""Results about ranks, tiers, cores and dominant flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "CoreCount",
    "CoreFrequencies",
    "DominantFlow",
    "NestedTheil",
    "StrengthDistribution",
    "Tiers",
]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StrengthDistribution(Result):
    """How unequal the strengths of a network are.

    Attributes
    ----------
    statistic, values, se
        Name, value and standard error (NaN where there is none).
    strengths
        Strengths from the largest.
    n, n_zero
        Nodes, and those without a tie.
    """

    statistic: tuple[str, ...]
    values: FloatArray
    se: FloatArray
    strengths: FloatArray
    n: int
    n_zero: int

    def value(self, statistic: str) -> float:
        """Give one statistic by name."""
        return float(self.values[self.statistic.index(statistic)])

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per statistic."""
        return {
            "statistic": list(self.statistic),
            "value": self.values,
            "se": self.se,
        }

    def summary(self) -> str:
        """Give the rank-size exponent, primacy and inequality."""
        q, i = self.value("rank_size"), self.statistic.index("rank_size")
        return (
            f"Strengths of {self.n} nodes ({self.n_zero} without a tie): rank-size "
            f"exponent {q:.3f} ± {self.se[i]:.3f}, primacy {self.value('primacy'):.2f}, "
            f"Gini {self.value('gini'):.3f}"
        )

    def _draw(self, ax: Axes) -> None:
        positive = self.strengths[self.strengths > 0]
        ax.loglog(positive, np.arange(1.0, positive.size + 1.0) - 0.5, "o", ms=3)
        ax.set(xlabel="strength", ylabel="rank − ½")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NestedTheil(Result):
    """Theil's T of strengths, between and within cities.

    Attributes
    ----------
    total, between, within
        Index and its parts, which add up.
    cities, share, inside, members
        City, its share of strength, its own T, its number of nodes.
    """

    total: float
    between: float
    within: float
    cities: NDArray[np.str_]
    share: FloatArray
    inside: FloatArray
    members: IntArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per city; `value` is its own T."""
        return {
            "city": self.cities,
            "value": self.inside,
            "share": self.share,
            "n": self.members,
        }

    def summary(self) -> str:
        """Give the index and its parts."""
        return (
            f"Theil T {self.total:.4f} = {self.between:.4f} between "
            f"{self.cities.size} cities + {self.within:.4f} within"
        )

    def _draw(self, ax: Axes) -> None:
        ax.bar(["between", "within"], [self.between, self.within])
        ax.set_ylabel("Theil T")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Tiers(Result):
    """Tiers of nodes by strength.

    Attributes
    ----------
    nodes, strength, tier
        Node, strength, tier (1 = top; nodes without a tie are in the lowest).
    n_tiers
        Tiers chosen; 1 means graded: no tier stands apart.
    k, fit, silhouette
        Numbers of classes tried, goodness of variance fit, mean silhouette.
    floor
        What a silhouette must exceed.
    n_zero
        Nodes without a tie.
    """

    nodes: NDArray[np.str_]
    strength: FloatArray
    tier: IntArray
    n_tiers: int
    k: IntArray
    fit: FloatArray
    silhouette: FloatArray
    floor: float
    n_zero: int

    @property
    def verdict(self) -> str:
        """Give ``"graded"`` or ``"tiered"``."""
        return "tiered" if self.n_tiers > 1 else "graded"

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node."""
        return {"node": self.nodes, "value": self.strength, "tier": self.tier}

    def summary(self) -> str:
        """Give the number of tiers and what it rests on."""
        lines = [f"{self.n_tiers} tiers of {self.nodes.size} nodes ({self.verdict})"]
        if self.k.size:
            lines += [
                f"k = {k}: fit {f:.3f}, silhouette {s:.3f}"
                for k, f, s in zip(self.k, self.fit, self.silhouette, strict=True)
            ]
            lines.append(f"floor of the silhouette {self.floor:.3f}")
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        order = np.argsort(-self.strength, kind="stable")
        ranks = np.arange(1, order.size + 1)
        drawn = ax.scatter(ranks, self.strength[order], c=self.tier[order], s=14)
        if (self.strength > 0).any():
            ax.set_yscale("log")
        ax.set(xlabel="rank", ylabel="strength")
        ax.figure.colorbar(drawn, ax=ax, label="tier")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CoreCount(Result):
    """How many cores stand above the others.

    Attributes
    ----------
    nodes, strength, is_core
        Node, strength, whether it is a core under the verdict.
    k
        Cores: 0 when graded, else the nodes above the largest gap.
    k_gap
        Nodes above the largest gap, whatever the verdict; 0 if there is none.
    gap, t
        The gap in logarithms, and over the spread below it.
    p_lognormal, p_pareto
        Chance of such a `t` without structure.
    verdict
        ``single_core``, ``dual_core``, ``polycentric``, ``graded`` or ``undefined``.
    n_zero, n_draws
        Nodes without a tie, left out; draws of the null.
    """

    nodes: NDArray[np.str_]
    strength: FloatArray
    is_core: BoolArray
    k: float
    k_gap: int
    gap: float
    t: float
    p_lognormal: float
    p_pareto: float
    verdict: str
    n_zero: int
    n_draws: int

    @property
    def cores(self) -> tuple[str, ...]:
        """Give the cores, strongest first."""
        order = np.argsort(-self.strength, kind="stable")
        return tuple(str(self.nodes[i]) for i in order if self.is_core[i])

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node."""
        return {"node": self.nodes, "value": self.strength, "is_core": self.is_core}

    def summary(self) -> str:
        """Give the verdict with its test."""
        who = ", ".join(self.cores) or "none"
        return (
            f"{self.verdict}: cores {who}\n"
            f"largest gap {self.gap:.3f} after rank {self.k_gap}, T = {self.t:.2f}, "
            f"p = {self.p_lognormal:.4g} (lognormal), {self.p_pareto:.4g} (Pareto), "
            f"{self.n_draws} draws"
        )

    def _draw(self, ax: Axes) -> None:
        order = np.argsort(-self.strength, kind="stable")
        colour = np.where(self.is_core[order], "#D55E00", "#6B7280")
        ax.scatter(np.arange(1, order.size + 1), self.strength[order], c=colour, s=14)
        if (self.strength > 0).any():
            ax.set_yscale("log")
        ax.set(xlabel="rank", ylabel="strength")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CoreFrequencies(Result):
    """How often resampled events give each set of cores.

    Attributes
    ----------
    core_set, k, share
        Sets found (names joined by commas; empty = graded), their size, their frequency.
    observed
        Set of the data themselves.
    n_events, n_draws
        Events, and resamples.
    pairs_as_units
        Whether pairs were resampled, for want of events.
    """

    core_set: tuple[str, ...]
    k: IntArray
    share: FloatArray
    observed: str
    n_events: int
    n_draws: int
    pairs_as_units: bool

    @property
    def modal(self) -> tuple[str, float]:
        """Give the most frequent set and its frequency."""
        if not self.core_set:
            return "", float("nan")
        return self.core_set[0], float(self.share[0])

    @property
    def by_k(self) -> dict[int, float]:
        """Give the frequency of every number of cores."""
        return {int(k): float(self.share[self.k == k].sum()) for k in np.unique(self.k)}

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per set, the most frequent first."""
        return {"core_set": list(self.core_set), "k": self.k, "value": self.share}

    def summary(self) -> str:
        """Give the modal set and its frequency."""
        name, share = self.modal
        unit = "pairs" if self.pairs_as_units else "events"
        return (
            f"cores {{{name}}} in {share:.1%} of {self.n_draws} resamples of "
            f"{self.n_events} {unit}; the data themselves give {{{self.observed}}}"
        )

    def _draw(self, ax: Axes) -> None:
        shown = [s or "graded" for s in self.core_set[:10]]
        ax.barh(shown[::-1], self.share[:10][::-1])
        ax.set_xlabel("share of resamples")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DominantFlow(Result):
    """The forest of largest flows to larger nodes.

    Attributes
    ----------
    nodes, size
        Node and its size.
    parent, root, level
        Where it sends most (itself if it is terminal), top of its tree, level (top = 1).
    status
        ``terminal``, ``subordinate`` or ``isolated`` (sends nothing).
    """

    nodes: NDArray[np.str_]
    size: FloatArray
    parent: IntArray
    root: IntArray
    level: IntArray
    status: NDArray[np.str_]

    @property
    def depth(self) -> int:
        """Give the number of levels."""
        return int(self.level.max())

    @property
    def roots(self) -> tuple[str, ...]:
        """Give the terminal nodes."""
        return tuple(self.nodes[self.status == "terminal"].tolist())

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node."""
        return {
            "node": self.nodes,
            "value": self.size,
            "parent": self.nodes[self.parent],
            "root": self.nodes[self.root],
            "level": self.level,
            "status": self.status,
        }

    def summary(self) -> str:
        """Give the terminal nodes and the depth."""
        trees = len(self.roots)
        shown = ", ".join(self.roots[:8]) + (", …" if trees > 8 else "")
        return (
            f"{trees} terminal nodes of {self.nodes.size}: {shown}; depth {self.depth}, "
            f"{int((self.status == 'isolated').sum())} isolated"
        )

    def _draw(self, ax: Axes) -> None:
        order = np.lexsort((-self.size, self.root))
        place = np.empty(order.size)
        place[order] = np.arange(order.size)
        for a, b in enumerate(self.parent):
            ax.plot(
                [place[a], place[b]],
                [-self.level[a], -self.level[b]],
                color="#9CA3AF",
                lw=0.7,
            )
        ax.scatter(place, -self.level, s=10, color="#0072B2")
        ax.set(xlabel="node", ylabel="level", xticks=[])
