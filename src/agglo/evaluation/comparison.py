"""Two or more indices beside each other: ranks, and how far they move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, OptionError, suggest
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.evaluation._kernels.describe import correlation
from agglo.evaluation.results import CompositeIndex, draw_bars, row_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = ["RankComparison", "compare_indices"]


@dataclass(frozen=True, eq=False, kw_only=True)
class RankComparison(Result):
    """Ranks of the same units in several indices.

    Parameters
    ----------
    names
        The indices; the first is what the others are compared with.
    node
        Node of the trees.
    unit, period
        Labels of the rows, (n_rows,).
    rank
        1 is best, NaN where an index has none; (n_rows, n_indices).
    score
        Scores, (n_rows, n_indices).
    shift, correlation
        Mean absolute rank change and rank correlation against the first, (n_indices,).
    """

    names: tuple[str, ...]
    node: str
    unit: NDArray[np.str_]
    period: NDArray[np.str_]
    rank: FloatArray
    score: FloatArray
    shift: FloatArray
    correlation: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unit and index: value (rank), score, change against the first."""
        n, k = self.rank.shape
        return {
            "unit": np.repeat(self.unit, k),
            "period": np.repeat(self.period, k),
            "index": np.tile(np.array(self.names), n),
            "value": self.rank.ravel(),
            "score": self.score.ravel(),
            "change": (self.rank - self.rank[:, [0]]).ravel(),
        }

    def summary(self) -> str:
        """Say how far the others move units."""
        lines = [f"{self.rank.shape[0]} units in {len(self.names)} indices"]
        lines += [
            f"  {name} against {self.names[0]}: mean rank change {s:.2f}, "
            f"rank correlation {r:.3f}"
            for name, s, r in zip(
                self.names[1:], self.shift[1:], self.correlation[1:], strict=True
            )
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        most = np.nanmax(np.abs(self.rank - self.rank[:, [0]]), axis=1)
        labels = row_labels(self.unit, self.period)
        draw_bars(ax, labels, most, f"largest rank change against {self.names[0]}")


def compare_indices(
    indices: Mapping[str, CompositeIndex], *, node: str = ""
) -> RankComparison:
    r"""Measure how far ranks move between versions of an index.

    Use after a choice was changed, or for the indices of two vintages of data.

    Parameters
    ----------
    indices
        Name to result of `composite_index`, two or more; the first is the reference.
    node
        Node that is compared; empty is the index, which may have different names.

    Returns
    -------
    RankComparison
        One row per unit and period that any of them has; NaN where one lacks it.

    Raises
    ------
    OptionError
        If there are fewer than two indices, or one is none.
    AlignmentError
        If an index has no such node, or no unit is in two of them.

    Notes
    -----
    .. math:: \bar\Delta = \frac{1}{n} \sum_u |r_u - r^{(1)}_u|

    over the units that both have; the correlation is that of the ranks. Ranks are those of each
    index among all of its units. O(rows indices).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (compare_coins_multi of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import compare_indices, composite_index
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 4, 8, 5], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> made = {"equal": composite_index(rows), "x": composite_index(rows, weights={"y": 0})}
    >>> compare_indices(made).rank[:, 1].tolist()
    [3.0, 2.0, 1.0]
    """
    if not isinstance(indices, Mapping) or len(indices) < 2:
        msg = "indices must map two or more names to results of `composite_index`."
        raise OptionError(msg)
    for name, index in indices.items():
        if not isinstance(index, CompositeIndex):
            msg = f"indices[{name!r}] must come from `composite_index`."
            raise OptionError(msg)
        if node and node not in index.tree.nodes:
            hint = suggest(node, index.tree.nodes)
            msg = f"node={node!r} is no node of {name!r}. {hint}".rstrip()
            raise AlignmentError(msg)
    keys = [list(zip(i.period, i.unit, strict=True)) for i in indices.values()]
    rows = sorted({k for own in keys for k in own})
    if len(rows) == sum(len(set(own)) for own in keys):
        msg = "No unit is in two of the indices: are they named in the same way?"
        raise AlignmentError(msg)
    place = {k: r for r, k in enumerate(rows)}
    rank = np.full((len(rows), len(indices)), np.nan)
    score = np.full_like(rank, np.nan)
    for j, (index, own) in enumerate(zip(indices.values(), keys, strict=True)):
        at = [place[k] for k in own]
        column = index.tree.nodes.index(node) if node else -1
        rank[at, j], score[at, j] = index.ranks[:, column], index.scores[:, column]
    moved = np.abs(rank - rank[:, [0]])
    both = (~np.isnan(moved)).sum(axis=0)
    shift = np.nansum(moved, axis=0) / np.where(both > 0, both, np.nan)
    names = tuple(str(n) for n in indices)
    first = next(iter(indices.values()))
    return RankComparison(
        names=names,
        node=node or "index",
        unit=frozen_array(np.array([u for _, u in rows], dtype=np.str_)),
        period=frozen_array(np.array([p for p, _ in rows], dtype=np.str_)),
        rank=frozen_array(rank),
        score=frozen_array(score),
        shift=frozen_array(shift),
        correlation=frozen_array(
            np.array([correlation(c, rank[:, 0]) for c in rank.T])
        ),
        undefined=tuple(
            Undefined(reason="no rank in this index", item=n, n=int(k))
            for n, k in zip(names, np.isnan(rank).sum(axis=0), strict=True)
            if k
        ),
        frame_kind=first.frame_kind,
        provenance=Provenance.of(
            compare_indices,
            *(i.provenance.input_digest for i in indices.values()),
            parameters={"names": list(names), "node": node},
        ),
    )
