"""Results of ties between cities through the firms they share."""

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

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["InterlockingNetwork", "ServiceValues", "TwoModeProjection"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ServiceValues(Result):
    """Service values of firms in regions.

    Attributes
    ----------
    firm, region, service
        One entry per firm and region where it has an establishment; 2 to 5.
    """

    firm: NDArray[np.str_]
    region: NDArray[np.str_]
    service: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per firm and region."""
        return {"firm": self.firm, "region": self.region, "service": self.service}

    def summary(self) -> str:
        """Say how many offices of what value there are."""
        value, count = np.unique(self.service, return_counts=True)
        parts = [f"{c} of {v:g}" for v, c in zip(value, count, strict=True)]
        firms, regions = np.unique(self.firm).size, np.unique(self.region).size
        return f"service values of {firms} firms in {regions} regions: " + ", ".join(
            parts
        )

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.service, bins=[v - 0.5 for v in range(7)], color="#3b6ea5")
        ax.set(xlabel="service value", ylabel="firms in regions")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class InterlockingNetwork(Result):
    """Regions tied by the offices of the same firms.

    Attributes
    ----------
    label
        Regions, (n,).
    values
        Tie of each pair, (n, n).
    connectivity
        Sum of the ties to other regions, (n,).
    share
        Connectivity as a share of the largest, (n,).
    n_firms
        Number of firms.
    """

    label: NDArray[np.str_]
    values: FloatArray
    connectivity: FloatArray
    share: FloatArray
    n_firms: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region."""
        return {
            "region": self.label,
            "connectivity": self.connectivity,
            "share": self.share,
        }

    def summary(self) -> str:
        """Name the most connected regions."""
        order = np.argsort(-self.connectivity, kind="stable")[:3]
        named = ", ".join(f"{self.label[i]} {self.connectivity[i]:g}" for i in order)
        return (
            f"interlocking network of {self.label.size} regions through {self.n_firms} "
            f"firms; most connected: {named}"
        )

    def _draw(self, ax: Axes) -> None:
        order = np.argsort(-self.connectivity, kind="stable")[:20]
        place = np.arange(order.size)[::-1]
        ax.barh(place, self.connectivity[order], color="#3b6ea5")
        ax.set_yticks(place, self.label[order].tolist())
        ax.set_xlabel("connectivity")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class TwoModeProjection(Result):
    """Pairs of regions, the firms they share, and what their sizes would give.

    Attributes
    ----------
    label
        Regions, (n,).
    shared
        Firms present in both; on the diagonal those of the region, (n, n).
    expected
        Its expectation under the null, (n, n).
    p, q
        One-sided p-value and its correction, NaN on the diagonal, (n, n).
    alpha
        Level.
    n_firms
        Number of firms.
    """

    label: NDArray[np.str_]
    shared: IntArray
    expected: FloatArray
    p: FloatArray
    q: FloatArray
    alpha: float
    n_firms: int

    @property
    def kept(self) -> BoolArray:
        """Whether a pair shares more firms than chance gives, (n, n)."""
        out: BoolArray = np.nan_to_num(self.q, nan=1.0) <= self.alpha
        return out

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair."""
        a, b = np.triu_indices(self.label.size, 1)
        return {
            "region_a": words(self.label, a),
            "region_b": words(self.label, b),
            "shared": self.shared[a, b],
            "expected": self.expected[a, b],
            "p": self.p[a, b],
            "q": self.q[a, b],
            "kept": self.kept[a, b],
        }

    def summary(self) -> str:
        """Say how many ties are kept."""
        n = self.label.size
        pairs = n * (n - 1) // 2
        kept = int(self.kept.sum()) // 2
        linked = int((self.shared[np.triu_indices(n, 1)] > 0).sum())
        return (
            f"{n} regions, {self.n_firms} firms: {linked} of {pairs} pairs share a firm, "
            f"{kept} more than chance at {self.alpha:g}"
        )

    def _draw(self, ax: Axes) -> None:
        a, b = np.triu_indices(self.label.size, 1)
        kept = self.kept[a, b]
        for chosen, colour, name in (
            (~kept, "#CBD5E1", "no"),
            (kept, "#D55E00", "yes"),
        ):
            x, y = self.expected[a, b][chosen], self.shared[a, b][chosen]
            ax.scatter(x, y, s=10, color=colour, label=f"kept: {name}")
        ax.set(xlabel="expected shared firms", ylabel="shared firms")
        ax.legend()
