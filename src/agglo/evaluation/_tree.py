"""The tree from indicators through pillars to the index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.typing import FloatArray, IntArray

__all__ = ["TOP", "Tree", "build_tree"]

TOP = "index"


@dataclass(frozen=True, eq=False, kw_only=True)
class Tree:
    """Nodes of a composite indicator: indicators first, then aggregates bottom-up.

    Attributes
    ----------
    nodes
        All names; the last one is the index.
    n_indicators
        How many of them are indicators.
    parents
        Node to the node above it.
    level
        1 for indicators, one more for every step up, (n_nodes,).
    """

    nodes: tuple[str, ...]
    n_indicators: int
    parents: Mapping[str, str]
    level: IntArray

    @property
    def top(self) -> str:
        """Name of the index."""
        return self.nodes[-1]

    @cached_property
    def parent(self) -> IntArray:
        """Position of every node's parent; -1 for the top, (n_nodes,)."""
        place = {n: i for i, n in enumerate(self.nodes)}
        up = [place[self.parents[n]] for n in self.nodes[:-1]]
        return np.array([*up, -1], dtype=np.int64)

    @cached_property
    def children(self) -> tuple[tuple[int, IntArray], ...]:
        """Position of every aggregate and of its children, bottom-up."""
        return tuple(
            (i, np.flatnonzero(self.parent == i))
            for i in range(self.n_indicators, len(self.nodes))
        )

    def within(self, weights: FloatArray) -> FloatArray:
        """Scale weights to sum to one below every parent; the top has 1.

        Parameters
        ----------
        weights
            One per node, (n_nodes,).

        Returns
        -------
        numpy.ndarray of float64
            Shape (n_nodes,); NaN below a parent whose children weigh nothing.
        """
        out = np.ones(len(self.nodes))
        for _, below in self.children:
            total = weights[below].sum()
            out[below] = weights[below] / total if total > 0 else np.nan
        return out

    def without(self, weights: FloatArray, node: int) -> FloatArray:
        """Take a node out: weight zero, and for parents that have nothing else left.

        Parameters
        ----------
        weights
            One per node, (n_nodes,).
        node
            Position of the node.

        Returns
        -------
        numpy.ndarray of float64
            New weights, (n_nodes,).
        """
        out = weights.copy()
        out[node] = 0.0
        up = int(self.parent[node])
        while up >= 0 and not np.any(out[self.parent == up] > 0):
            out[up] = 0.0
            up = int(self.parent[up])
        return out

    def effective(self, weights: FloatArray) -> FloatArray:
        """Multiply the weights within parents up the tree.

        Parameters
        ----------
        weights
            One per node, (n_nodes,).

        Returns
        -------
        numpy.ndarray of float64
            Share of the index that hangs on every node, (n_nodes,).
        """
        out = self.within(weights)
        for i in range(len(self.nodes) - 2, -1, -1):
            out[i] *= out[self.parent[i]]
        return out


def build_tree(
    indicators: Sequence[str], parents: Mapping[str, str], *, top: str = TOP
) -> Tree:
    """Order nodes bottom-up and check that they hang together.

    Parameters
    ----------
    indicators
        Names of the indicators, in their order.
    parents
        Node to parent; what has none hangs below `top`.
    top
        Name of the index.

    Returns
    -------
    Tree
        Indicators first.

    Raises
    ------
    InvalidTableError
        With code broken_tree: a pillar without indicators, a circle, an indicator that is
        a parent, or a name used twice.
    """
    leaves = set(indicators)
    up = {str(k): str(v) for k, v in parents.items() if k != top}
    problems = _clashes(leaves, up, top)
    for name in [*indicators, *up.values()]:
        if name != top:
            up.setdefault(name, top)
    problems += _empty_pillars(leaves, up)
    level = _levels(leaves, up, top) if not problems else None
    if level is None:
        if not problems:
            problems = [_broken("the parents go round in a circle")]
        msg = "The tree of pillars does not hang together."
        raise InvalidTableError(msg, problems)
    above = sorted(set(up.values()) - leaves, key=lambda n: (level[n], n))
    nodes = (*indicators, *above)
    return Tree(
        nodes=nodes,
        n_indicators=len(indicators),
        parents={n: up[n] for n in nodes if n != top},
        level=np.array([level[n] for n in nodes], dtype=np.int64),
    )


def _broken(what: str) -> Problem:
    return Problem(
        code="broken_tree",
        what=what,
        where="parents",
        fix="every node needs one parent, and a way up from an indicator to the index",
    )


def _clashes(leaves: set[str], up: Mapping[str, str], top: str) -> list[Problem]:
    both = sorted(leaves & {*up.values(), top})
    if not both:
        return []
    return [_broken(f"{both} are indicators and pillars at the same time")]


def _empty_pillars(leaves: set[str], up: Mapping[str, str]) -> list[Problem]:
    childless = sorted(set(up) - leaves - set(up.values()))
    return [_broken(f"{childless} have no indicator")] if childless else []


def _levels(leaves: set[str], up: Mapping[str, str], top: str) -> dict[str, int] | None:
    """Height of every node; None when there is a circle."""
    level = dict.fromkeys(leaves, 1)
    for leaf in leaves:
        node, height = leaf, 1
        while node != top:
            node, height = up[node], height + 1
            if height > len(up) + 2:
                return None
            level[node] = max(level.get(node, 0), height)
    known = set(level)
    return level if set(up) <= known and top in known else None
