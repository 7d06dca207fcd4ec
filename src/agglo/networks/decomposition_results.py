"""Results of asking what stays inside groups and what leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result
from agglo.networks.flow_results import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["BoundaryIndex", "IntegrationPattern", "Mixing"]

_COLOURS = {
    "integrated": "#0072B2",
    "intermediate": "#9CA3AF",
    "bounded": "#D55E00",
    "insufficient": "#E5E7EB",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Mixing(Result):
    """Weight between groups, and how far it stays inside them.

    Attributes
    ----------
    group
        Groups, (g,).
    weight
        Weight from row to column group; of an undirected layer each link once, the lower
        group first, (g, g).
    share
        Mixing matrix e: share of all weight, symmetric for an undirected layer, (g, g).
    expected, log_odds, z
        Under the configuration null, on the (symmetrised) weights, (g, g).
    ei, r, q
        External-internal index, assortativity, modularity of the groups.
    ei_group, boundary_share
        Index and share of weight that leaves, per group, (g,).
    node, node_group, ei_node
        What was grouped, its group and its index, (n,).
    same_group_region, events_same
        2 x 2 tables of weight and of distinct events: different or same group (row),
        different or same region (column).
    null, null_mean, null_sd, null_z, p
        Null of the draws; mean, standard deviation, z and two-sided p of `ei`, `r`, `q`.
    expected_between
        Between share that permuted labels give in expectation, closed form.
    n_draws, directed, layer
        Draws, direction and name of the layer.
    """

    group: NDArray[np.str_]
    weight: FloatArray
    share: FloatArray
    expected: FloatArray
    log_odds: FloatArray
    z: FloatArray
    ei: float
    r: float
    q: float
    ei_group: FloatArray
    boundary_share: FloatArray
    node: NDArray[np.str_]
    node_group: NDArray[np.str_]
    ei_node: FloatArray
    same_group_region: FloatArray
    events_same: IntArray
    null: str
    null_mean: FloatArray
    null_sd: FloatArray
    null_z: FloatArray
    p: FloatArray
    expected_between: float
    n_draws: int
    directed: bool
    layer: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair of groups."""
        a, b = np.indices(self.share.shape).reshape(2, -1)
        return {
            "origin_group": words(self.group, a),
            "destination_group": words(self.group, b),
            "weight": self.weight.ravel(),
            "share": self.share.ravel(),
            "expected": self.expected.ravel(),
            "log_odds": self.log_odds.ravel(),
            "z": self.z.ravel(),
        }

    def summary(self) -> str:
        """Give the three indices beside their null."""
        lines = [
            f"layer {self.layer}, {self.group.size} groups of {self.node.size} nodes: "
            f"EI {self.ei:.4f}, r {self.r:.4f}, Q {self.q:.4f}"
        ]
        if self.n_draws:
            mean, sd, z = self.null_mean[0], self.null_sd[0], self.null_z[0]
            lines.append(
                f"null '{self.null}': EI {mean:.4f} (sd {sd:.4f}), z {z:.2f}, "
                f"p {self.p[0]:.4g} ({self.n_draws} draws)"
            )
        lines.append(
            "EI and r depend on what a place makes: compare places by the boundary index"
        )
        lines += [f"note: {u.n} {u.item}: {u.reason}" for u in self.undefined]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        top = max(float(np.nanmax(np.abs(self.log_odds), initial=0.0)), 1e-9)
        drawn = ax.imshow(self.log_odds, cmap="RdBu_r", vmin=-top, vmax=top)
        ticks = np.arange(self.group.size)
        ax.set_xticks(ticks, self.group.tolist(), rotation=45, ha="right")
        ax.set_yticks(ticks, self.group.tolist())
        ax.set(xlabel="destination", ylabel="origin")
        ax.figure.colorbar(drawn, ax=ax, label="ln(observed / expected)")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BoundaryIndex(Result):
    """How far links stay inside their group, whatever the places make.

    Attributes
    ----------
    kappa, se, lower, upper
        Index, standard error over events, interval at `level`.
    observed, expected
        Share of weight inside the group, and what random meeting would give.
    links, events, weight
        What it rests on.
    sufficient
        Whether there are enough events for a verdict.
    level
        Level of the interval.
    """

    kappa: float
    se: float
    lower: float
    upper: float
    observed: float
    expected: float
    links: int
    events: int
    weight: float
    sufficient: bool
    level: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row."""
        return {
            "kappa": [self.kappa],
            "se": [self.se],
            "lower": [self.lower],
            "upper": [self.upper],
            "observed": [self.observed],
            "expected": [self.expected],
            "links": [self.links],
            "events": [self.events],
            "weight": [self.weight],
        }

    def summary(self) -> str:
        """Give the index with its interval and how to read it."""
        return (
            f"boundary index {self.kappa:.4f} ({self.lower:.4f} to {self.upper:.4f}), "
            f"{self.events} events: {self.observed:.1%} inside, {self.expected:.1%} at "
            "random (0 random, 1 sealed)"
        )

    def _draw(self, ax: Axes) -> None:
        error = [[self.kappa - self.lower], [self.upper - self.kappa]]
        ax.errorbar([self.kappa], [0], xerr=error, fmt="o", color="#D55E00")
        ax.axvline(0.0, color="#6B7280", lw=0.8)
        ax.set_yticks([])
        ax.set_xlabel("boundary index")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class IntegrationPattern(Result):
    """How integrated or bounded the industry network of each place is.

    Attributes
    ----------
    region
        Places, (n,).
    kappa, se, lower, upper
        Boundary index with its standard error and interval, (n,).
    ei, r, q
        Uncorrected indices, (n,).
    null_z, null_p
        z and p of `ei` against permuted group labels, (n,); NaN without draws.
    weight, events
        Weight and distinct events, (n,).
    z, p
        Distance from the median of the others, and its Bonferroni p, (n,).
    verdict
        ``integrated``, ``bounded``, ``intermediate`` or ``insufficient``, (n,).
    layer, level, alpha, n_draws
        Layer, level of the places, level of the verdicts, draws behind `null_z`.
    """

    region: NDArray[np.str_]
    kappa: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    ei: FloatArray
    r: FloatArray
    q: FloatArray
    null_z: FloatArray
    null_p: FloatArray
    weight: FloatArray
    events: IntArray
    z: FloatArray
    p: FloatArray
    verdict: NDArray[np.str_]
    layer: str
    level: str
    alpha: float
    n_draws: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per place."""
        return {
            "region": self.region,
            "kappa": self.kappa,
            "se": self.se,
            "lower": self.lower,
            "upper": self.upper,
            "ei": self.ei,
            "r": self.r,
            "q": self.q,
            "null_z": self.null_z,
            "null_p": self.null_p,
            "weight": self.weight,
            "events": self.events,
            "z": self.z,
            "p": self.p,
            "verdict": self.verdict,
        }

    def named(self, verdict: str) -> tuple[str, ...]:
        """Give the places with a verdict, in order of their labels."""
        return tuple(self.region[self.verdict == verdict].tolist())

    def summary(self) -> str:
        """Name the places that stand out."""
        parts = [
            f"{word}: {', '.join(self.named(word)) or 'none'}"
            for word in ("integrated", "bounded", "insufficient")
        ]
        return (
            f"layer {self.layer}, {self.region.size} places, median boundary index "
            f"{np.nanmedian(self.kappa) if np.isfinite(self.kappa).any() else np.nan:.3f}\n"
            + "; ".join(parts)
            + f" (Bonferroni at {self.alpha:g} over places)"
        )

    def _draw(self, ax: Axes) -> None:
        order = np.argsort(np.where(np.isnan(self.kappa), np.inf, self.kappa))
        place = np.arange(order.size)
        for word, colour in _COLOURS.items():
            at = place[self.verdict[order] == word]
            if not at.size:
                continue
            k = self.kappa[order][at]
            error = np.vstack([k - self.lower[order][at], self.upper[order][at] - k])
            ax.errorbar(k, at, xerr=error, fmt="o", color=colour, label=word)
        ax.set_yticks(place, self.region[order].tolist())
        ax.set_xlabel("boundary index (0 random, 1 sealed)")
        ax.legend()
