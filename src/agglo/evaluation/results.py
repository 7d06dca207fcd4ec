"""Results of the engine: prepared indicators, weights and the composite index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, suggest
from agglo.core.results import ColumnData, Result, Undefined

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.evaluation._tree import Tree
    from agglo.evaluation.indicators import Indicators

__all__ = [
    "CompositeIndex",
    "IndicatorWeights",
    "PreparedIndicators",
    "ScreenedUnits",
    "draw_bars",
    "missing_cells",
    "row_labels",
]


def row_labels(unit: NDArray[np.str_], period: NDArray[np.str_]) -> list[str]:
    """Give one label per row: the unit, and the period where there is one.

    Parameters
    ----------
    unit, period
        Labels, (n_rows,).

    Returns
    -------
    list of str
        For example ``"AUT 2018"``.
    """
    return [f"{u} {p}".strip() for u, p in zip(unit, period, strict=True)]


def draw_bars(ax: Axes, labels: Sequence[str], values: FloatArray, what: str) -> None:
    """Draw at most 30 bars, the largest first.

    Parameters
    ----------
    ax
        Axes.
    labels, values
        One per bar; undefined values are left out.
    what
        Label of the axis.
    """
    order = [i for i in np.argsort(-values) if not np.isnan(values[i])][:30]
    ax.barh([labels[i] for i in order], values[order])
    ax.invert_yaxis()
    ax.set_xlabel(what)


def missing_cells(data: Indicators, reason: str = "missing") -> tuple[Undefined, ...]:
    """Say for every indicator how many values are missing.

    Parameters
    ----------
    data
        The indicators.
    reason
        Why.

    Returns
    -------
    tuple of Undefined
        One per indicator that lacks any.
    """
    lost = np.isnan(data.values).sum(axis=0)
    return tuple(
        Undefined(reason=reason, item=name, n=int(n))
        for name, n in zip(data.names, lost, strict=True)
        if n
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class PreparedIndicators(Result):
    """Indicators after one step, cell by cell, with what the step did.

    Parameters
    ----------
    step
        Name of the step.
    indicators
        The new table, which every other function takes.
    before
        Values before the step, (n_rows, n_indicators).
    status
        What happened to every cell, for example ``"imputed"``; empty when nothing.
    """

    step: str
    indicators: Indicators
    before: FloatArray
    status: NDArray[np.str_]

    @property
    def changed(self) -> int:
        """Number of cells with a status."""
        return int(np.count_nonzero(self.status != ""))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cell: unit, period, indicator, value, before, status."""
        data = self.indicators
        n, k = data.values.shape
        return {
            "unit": np.repeat(data.unit, k),
            "period": np.repeat(data.period, k),
            "indicator": np.tile(np.array(data.names), n),
            "value": data.values.ravel(),
            "before": self.before.ravel(),
            "status": self.status.ravel(),
        }

    def summary(self) -> str:
        """Say what the step changed."""
        n, k = self.indicators.values.shape
        lines = [f"{self.step}: {n} rows x {k} indicators, {self.changed} cells marked"]
        words = sorted(set(self.status.ravel()) - {""})
        lines += [f"  {w}: {np.count_nonzero(self.status == w)}" for w in words]
        lost = int(np.isnan(self.indicators.values).sum())
        lines.append(f"Missing or undefined: {lost} cells.")
        lines += [f"Note: {w}" for w in self.provenance.warnings]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        count = (self.status != "").sum(axis=0).astype(float)
        draw_bars(ax, self.indicators.names, count, f"cells marked by {self.step}")


@dataclass(frozen=True, eq=False, kw_only=True)
class ScreenedUnits(Result):
    """Which units have enough data.

    Parameters
    ----------
    indicators
        The units that stay.
    unit, period
        All rows before, (n_rows,).
    known_share, nonzero_share
        Known values over indicators; values other than zero over known ones.
    kept
        Whether the row stays.
    """

    indicators: Indicators
    unit: NDArray[np.str_]
    period: NDArray[np.str_]
    known_share: FloatArray
    nonzero_share: FloatArray
    kept: BoolArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unit and period."""
        return {
            "unit": self.unit,
            "period": self.period,
            "known_share": self.known_share,
            "nonzero_share": self.nonzero_share,
            "kept": self.kept,
        }

    def summary(self) -> str:
        """Say how many rows stay."""
        out = [
            n for n, k in zip(self._labels(), self.kept.tolist(), strict=True) if not k
        ]
        dropped = f" Dropped: {', '.join(out[:10])}." if out else ""
        return f"{int(self.kept.sum())} of {self.kept.size} rows stay.{dropped}"

    def _labels(self) -> list[str]:
        return row_labels(self.unit, self.period)

    def _draw(self, ax: Axes) -> None:
        draw_bars(ax, self._labels(), self.known_share, "share of indicators known")


@dataclass(frozen=True, eq=False, kw_only=True)
class IndicatorWeights(Result):
    """Weights of all nodes, within their parent and on the index.

    Parameters
    ----------
    method
        Where they come from.
    tree
        The nodes.
    within
        Weight among the children of the parent, they sum to one; (n_nodes,).
    effective
        Share of the index that hangs on the node, (n_nodes,).
    """

    method: str
    tree: Tree
    within: FloatArray
    effective: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node: node, parent, level, value (within), effective."""
        tree = self.tree
        return {
            "node": list(tree.nodes),
            "parent": [tree.parents.get(n, "") for n in tree.nodes],
            "level": tree.level,
            "value": self.within,
            "effective": self.effective,
        }

    def summary(self) -> str:
        """Name method and heaviest indicator."""
        k = self.tree.n_indicators
        at = int(np.argmax(self.effective[:k]))
        lines = [
            f"{self.method} weights of {k} indicators; the heaviest is "
            f"{self.tree.nodes[at]} with {self.effective[at]:.4f} of the index."
        ]
        return "\n".join([*lines, *(f"Note: {w}" for w in self.provenance.warnings)])

    def _draw(self, ax: Axes) -> None:
        k = self.tree.n_indicators
        draw_bars(ax, self.tree.nodes[:k], self.effective[:k], "effective weight")


@dataclass(frozen=True, eq=False, kw_only=True)
class CompositeIndex(Result):
    """Scores and ranks of units at every node of the tree.

    Parameters
    ----------
    unit, period
        Labels of the rows, (n_rows,).
    tree
        The nodes; indicators first, the index last.
    scores
        Normalised indicators and aggregates, (n_rows, n_nodes).
    ranks
        1 is best within the period, ties get the best rank, NaN has none; (n_rows, n_nodes).
    weights
        Weights within the parents, (n_nodes,).
    method
        Normalisation and aggregation in words.
    """

    unit: NDArray[np.str_]
    period: NDArray[np.str_]
    tree: Tree
    scores: FloatArray
    ranks: FloatArray
    weights: FloatArray
    method: str

    @property
    def value(self) -> FloatArray:
        """Scores of the index, (n_rows,)."""
        top: FloatArray = self.scores[:, -1]
        return top

    @property
    def rank(self) -> FloatArray:
        """Ranks on the index, (n_rows,)."""
        top: FloatArray = self.ranks[:, -1]
        return top

    def score(self, unit: str, node: str = "", period: str = "") -> float:
        """Give one score.

        Parameters
        ----------
        unit
            Label of the unit.
        node
            Indicator, pillar or index; empty is the index.
        period
            Label of the period, empty where there is none.

        Returns
        -------
        float
            The score; NaN where undefined.

        Raises
        ------
        AlignmentError
            If there is no such unit, period or node.
        """
        node = node or self.tree.top
        rows = np.flatnonzero((self.unit == unit) & (self.period == period))
        if rows.size == 0 or node not in self.tree.nodes:
            known = self.tree.nodes if rows.size else self.unit.tolist()
            wrong = node if rows.size else unit
            hint = suggest(wrong, known)
            msg = f"No score of unit={unit!r}, period={period!r}, node={node!r}. {hint}"
            raise AlignmentError(msg.rstrip())
        return float(self.scores[rows[0], self.tree.nodes.index(node)])

    def of_unit(self, unit: str, period: str = "") -> dict[str, tuple[float, float]]:
        """Give node to score and rank of one unit, indicators first, the index last.

        Parameters
        ----------
        unit, period
            Labels; the period is empty where there is none.

        Returns
        -------
        dict
            NaN where undefined.

        Raises
        ------
        AlignmentError
            If there is no such unit and period.
        """
        self.score(unit, period=period)
        row = int(np.flatnonzero((self.unit == unit) & (self.period == period))[0])
        pairs = zip(self.scores[row].tolist(), self.ranks[row].tolist(), strict=True)
        return dict(zip(self.tree.nodes, pairs, strict=True))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unit, period and aggregate: value and rank."""
        k, n = self.tree.n_indicators, self.unit.size
        nodes = np.array(self.tree.nodes[k:])
        return {
            "unit": np.repeat(self.unit, nodes.size),
            "period": np.repeat(self.period, nodes.size),
            "node": np.tile(nodes, n),
            "level": np.tile(self.tree.level[k:], n),
            "value": self.scores[:, k:].ravel(),
            "rank": self.ranks[:, k:].ravel(),
        }

    def summary(self) -> str:
        """Name the method and the first five."""
        k = self.tree.n_indicators
        lines = [
            f"Composite index of {k} indicators, {self.unit.size} rows: {self.method}"
        ]
        labels = row_labels(self.unit, self.period)
        lines += [
            f"  {self.rank[i]:.0f}. {labels[i]} {self.value[i]:.4f}"
            for i in np.argsort(self.rank, kind="stable")[:5]
            if not np.isnan(self.rank[i])
        ]
        lost = int(np.isnan(self.value).sum())
        if lost:
            lines.append(f"{lost} rows have no index.")
        return "\n".join([*lines, *(f"Note: {w}" for w in self.provenance.warnings)])

    def _draw(self, ax: Axes) -> None:
        labels = row_labels(self.unit, self.period)
        draw_bars(ax, labels, self.value, self.tree.top)
