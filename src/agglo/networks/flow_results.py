"""Results of counting links: the table of links and the matrix of flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.results import ColumnData, Result, frozen_array
from agglo.core.tables import Links

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["FlowMatrix", "LinkTable"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LinkTable(Result):
    """Links summed over events, one row per cell of the chosen keys.

    Attributes
    ----------
    region, industry, size, layer, period
        Labels; `region` holds every region, also those without a link.
    layer_code, period_code, origin, destination
        Positions in the labels, (n,).
    origin_industry, destination_industry, origin_size, destination_size
        Positions in the labels; -1 where the links were not told apart by it.
    weight, pairs, events
        Sum of weights, number of elementary links, number of distinct events.
    directed
        Per layer, whether origin and destination differ in meaning.
    level
        Level of the regions, empty when as given.
    """

    region: NDArray[np.str_]
    industry: NDArray[np.str_]
    size: NDArray[np.str_]
    layer: NDArray[np.str_]
    period: NDArray[np.str_]
    layer_code: IntArray
    period_code: IntArray
    origin: IntArray
    destination: IntArray
    origin_industry: IntArray
    destination_industry: IntArray
    origin_size: IntArray
    destination_size: IntArray
    weight: FloatArray
    pairs: IntArray
    events: IntArray
    directed: BoolArray
    level: str

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.weight.size

    def to_links(self, layer: str) -> Links:
        """Give the ties between regions of one layer, undirected ones once.

        Parameters
        ----------
        layer
            Layer to give, all periods together.

        Returns
        -------
        agglo.core.tables.Links
            Whose places are all regions.
        """
        at = int(np.flatnonzero(self.layer == layer)[0])
        rows = self.layer_code == at
        n = max(self.region.size, 1)
        key, cell = np.unique(
            self.origin[rows] * n + self.destination[rows], return_inverse=True
        )
        return Links(
            places=self.region,
            origin=frozen_array((key // n).astype(np.int64)),
            destination=frozen_array((key % n).astype(np.int64)),
            weight=frozen_array(sums(cell.reshape(-1), self.weight[rows], key.size)),
            directed=bool(self.directed[at]),
            frame_kind=self.frame_kind,
        )

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cell, in the shape of the table ``links``."""
        out: dict[str, ColumnData] = {
            "layer": words(self.layer, self.layer_code),
            "period": words(self.period, self.period_code),
        }
        for end in ("origin", "destination"):
            out[end] = words(self.region, getattr(self, end))
            for name, labels in (("industry", self.industry), ("size", self.size)):
                out[f"{end}_{name}"] = words(labels, getattr(self, f"{end}_{name}"))
        return {
            **out,
            "weight": self.weight,
            "pairs": self.pairs,
            "events": self.events,
            "directed": self.directed[self.layer_code],
        }

    def summary(self) -> str:
        """Say how many links, of what weight, in which layers."""
        inside = self.origin == self.destination
        lines = [
            f"{self.n} kinds of links between {self.region.size} regions"
            f"{f' of level {self.level}' if self.level else ''}: weight "
            f"{self.weight.sum():g}, {int(self.pairs.sum())} elementary links, "
            f"{self.weight[inside].sum() / self.weight.sum():.1%} inside a region"
        ]
        for k, name in enumerate(self.layer):
            rows = self.layer_code == k
            way = "directed" if self.directed[k] else "undirected"
            lines.append(f"layer {name}: weight {self.weight[rows].sum():g}, {way}")
        lines += [f"note: {u.n} {u.item}: {u.reason}" for u in self.undefined]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        total = np.bincount(self.origin, self.weight, self.region.size)
        total += np.bincount(self.destination, self.weight, self.region.size)
        order = np.argsort(-total)[:20]
        ax.barh(np.arange(order.size)[::-1], total[order], color="#3b6ea5")
        ax.set_yticks(np.arange(order.size)[::-1], self.region[order].tolist())
        ax.set_xlabel("weight of links with an end in the region")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class FlowMatrix(Result):
    """Flows between the nodes of one layer.

    Attributes
    ----------
    label
        Nodes: regions, or region and industry joined by ``"|"``; (n,).
    values
        Flow from row to column, (n, n); of an undirected layer symmetric, with twice the
        weight on the diagonal, so that the sum is twice the total weight.
    directed
        Whether the layer is directed.
    layer
        Its name.
    """

    label: NDArray[np.str_]
    values: FloatArray
    directed: bool
    layer: str

    def out_strength(self, *, self_loops: bool = False) -> FloatArray:
        """Sum the rows; of a directed layer, the power of a node."""
        return self._off(self_loops).sum(axis=1)

    def in_strength(self, *, self_loops: bool = False) -> FloatArray:
        """Sum the columns; of a directed layer, the prestige of a node."""
        return self._off(self_loops).sum(axis=0)

    def strength(self, *, self_loops: bool = False) -> FloatArray:
        """Sum all links of a node: in and out of a directed layer, once of another."""
        off = self._off(self_loops)
        if self.directed:
            out: FloatArray = off.sum(axis=0) + off.sum(axis=1)
            return out
        return off.sum(axis=1)

    def _off(self, self_loops: bool) -> FloatArray:
        if self_loops:
            return self.values
        out = self.values.copy()
        np.fill_diagonal(out, 0.0)
        return out

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per link that is there; of an undirected layer each once."""
        shown = self.values if self.directed else np.triu(self.values)
        a, b = np.nonzero(shown)
        weight = shown[a, b]
        if not self.directed:
            weight = np.where(a == b, weight / 2.0, weight)
        return {
            "origin": words(self.label, a),
            "destination": words(self.label, b),
            "weight": weight,
        }

    def summary(self) -> str:
        """Say how dense the layer is and which node is strongest."""
        strength = self.strength()
        n = self.label.size
        present = int((self._off(False) > 0).sum())
        first = f"{'directed' if self.directed else 'undirected'} layer {self.layer}: {n} nodes"
        if not present:
            return f"{first}, no link between two of them"
        top = int(np.argmax(strength))
        return (
            f"{first}, {present / max(n * (n - 1), 1):.1%} of the pairs linked, "
            f"{int((strength == 0).sum())} without a link\n"
            f"strongest: {self.label[top]} ({strength[top] / strength.sum():.1%} of strength)"
        )

    def _draw(self, ax: Axes) -> None:
        shown = np.log1p(self.values)
        drawn = ax.imshow(shown, cmap="cividis")
        ax.set(xlabel="destination", ylabel="origin")
        ax.figure.colorbar(drawn, ax=ax, label="ln(1 + flow)")


def sums(code: IntArray, weight: FloatArray, n: int) -> FloatArray:
    """Sum weights by code, shape (n,)."""
    return np.asarray(np.bincount(code, weight, n), dtype=np.float64)


def words(labels: NDArray[np.str_], code: NDArray[np.integer]) -> pa.Array:
    """Write codes as their labels; negative codes are null."""
    at = pa.array(np.asarray(code, dtype=np.int64), mask=np.asarray(code) < 0)
    return pa.array(labels.tolist(), pa.string()).take(at)
