"""Trees of industries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import AlignmentError, InvalidTableError, Problem, suggest
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_number
from agglo.core.results import digest_of, frozen_array
from agglo.matching._columns import texts_of
from agglo.matching._kernels import relations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FrameKind, IntArray, IntoFrame

__all__ = ["IndustryTree", "as_industry_tree"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class IndustryTree:
    """A tree of industries with at least three levels.

    Attributes
    ----------
    node
        Codes, shape (n,), sorted.
    parent
        Row of the parent, shape (n,); -1 for a sector.
    level
        1 sector, 2 division, 3 group, 4 product.
    label_zh, label_en
        Names; empty where unknown.
    digest
        SHA-256 of the content.
    frame_kind
        Kind of frame the caller came with.
    """

    node: NDArray[np.str_]
    parent: IntArray
    level: IntArray
    label_zh: NDArray[np.str_]
    label_en: NDArray[np.str_]
    digest: str
    frame_kind: FrameKind = "pyarrow"

    def __repr__(self) -> str:
        """Show the number of nodes per level."""
        counts = np.bincount(self.level)[1:].tolist()
        return f"<IndustryTree: {self.node.size} nodes, per level {counts}>"

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Code to row."""
        return {str(n): i for i, n in enumerate(self.node)}

    @cached_property
    def ancestors(self) -> IntArray:
        """Row of the ancestor at each level, shape (n, levels); -1 below the node."""
        return frozen_array(relations.ancestors(self.parent, self.level))

    def row(self, node: str) -> int:
        """Give the row of a node; an unknown one is an `AlignmentError`."""
        if node not in self.position:
            hint = suggest(node, list(self.position))
            msg = f"node={node!r} is not in the industry tree. {hint}".rstrip()
            raise AlignmentError(msg)
        return self.position[node]

    def path(self, node: str) -> tuple[str, ...]:
        """Give the nodes from the sector down to `node`."""
        line = self.ancestors[self.row(node)]
        return tuple(str(self.node[r]) for r in line if r >= 0)

    def lca(self, a: str, b: str) -> str:
        """Give the lowest common ancestor; empty when two sectors part the nodes."""
        one, other = self.ancestors[self.row(a)], self.ancestors[self.row(b)]
        shared = one[(one == other) & (one >= 0)]
        return str(self.node[shared[-1]]) if shared.size else ""

    def at_level(self, level: int) -> NDArray[np.str_]:
        """Give each node's ancestor at a level; a node above it stands for itself."""
        check_number(
            "level", level, minimum=1, maximum=self.ancestors.shape[1], integer=True
        )
        rows = self.ancestors[:, level - 1]
        return self.node[np.where(rows < 0, np.arange(self.node.size), rows)]


def as_industry_tree(
    data: IntoFrame | IndustryTree,
    *,
    node: str = "industry",
    parent: str = "parent",
    level: str = "level",
    label_zh: str | None = "name_zh",
    label_en: str | None = "name_en",
) -> IndustryTree:
    """Check a tree of industries.

    Parameters
    ----------
    data
        One row per node, or an `IndustryTree` (returned as it is).
    node, parent, level
        Columns: code, code of the parent (null or empty for a sector), level from 1.
    label_zh, label_en
        Columns of the names; ``None`` or an absent column: no names.

    Returns
    -------
    IndustryTree
        Sorted by code.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        With every problem: empty_table, null_key, duplicate_key, unknown_parent, cycle,
        wrong_level (not the parent's level + 1), too_few_levels (below three).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import as_industry_tree
    >>> tree = as_industry_tree(pa.table({"industry": ["X", "X1", "X11"],
    ...     "parent": ["", "X", "X1"], "level": ["1", "2", "3"]}))
    >>> len(tree.path("X11"))
    3
    """
    if isinstance(data, IndustryTree):
        return data
    table = to_arrow(data, where="tree")
    wanted = {"node": node, "parent": parent, "level": level}
    require_columns(table, wanted, where="tree")
    codes, above = texts_of(table, node), texts_of(table, parent)
    written = texts_of(table, level)
    whole = np.array([w.isdigit() and int(w) > 0 for w in written], dtype=bool)
    levels = np.array(
        [int(w) if ok else 0 for w, ok in zip(written, whole, strict=True)]
    )
    _check(codes, above, levels, (node, parent, level))
    order = np.argsort(codes, kind="stable")
    where = {str(codes[r]): i for i, r in enumerate(order)}
    parents = np.array([where.get(str(above[r]), -1) for r in order], dtype=np.int64)

    def names(column: str | None) -> NDArray[np.str_]:
        if column is None or column not in table.column_names:
            return frozen_array(np.full(codes.size, "", dtype=np.str_))
        return frozen_array(texts_of(table, column)[order])

    parts = (
        frozen_array(codes[order]),
        frozen_array(parents),
        frozen_array(levels[order].astype(np.int64)),
    )
    zh, en = names(label_zh), names(label_en)
    return IndustryTree(
        node=parts[0],
        parent=parts[1],
        level=parts[2],
        label_zh=zh,
        label_en=en,
        digest=digest_of(*parts, zh, en),
        frame_kind=frame_kind(data),
    )


def _check(
    codes: NDArray[np.str_],
    above: NDArray[np.str_],
    levels: NDArray[np.int64],
    names: tuple[str, str, str],
) -> None:
    node, parent, level = names
    known = {str(c): i for i, c in enumerate(codes)}
    rows = np.array([known.get(str(a), -1) for a in above], dtype=np.int64)
    root = above == ""
    problems = _key_problems(codes, node)
    problems += flag_rows(
        ~root & (rows < 0),
        code="unknown_parent",
        what="the parent is not a node",
        where="tree",
        column=parent,
        fix="add the parent, or mend its code",
    )
    problems += flag_rows(
        relations.on_cycle(rows),
        code="cycle",
        what="following the parents comes back to the node",
        where="tree",
        column=parent,
        fix="break the circle",
    )
    expected = np.where(rows >= 0, levels[rows] + 1 if levels.size else 0, 1)
    problems += flag_rows(
        (levels != expected) & (root | (rows >= 0)),
        code="wrong_level",
        what="the level is not the parent's level + 1 (1 for a sector)",
        where="tree",
        column=level,
        fix="count levels from 1 at the top",
    )
    if codes.size and levels.max() < 3:
        problems.append(
            Problem(
                code="too_few_levels",
                what=f"the tree has {int(levels.max())} levels",
                where="tree",
                column=level,
                fix="similar and identical need sectors, divisions and groups",
            )
        )
    if problems:
        msg = f"The industry tree has {len(problems)} problems."
        raise InvalidTableError(msg, problems)


def _key_problems(codes: NDArray[np.str_], column: str) -> list[Problem]:
    if codes.size == 0:
        return [
            Problem(
                code="empty_table",
                what="the industry tree has no row",
                where="tree",
                fix="pass a tree with at least three levels",
            )
        ]
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return flag_rows(
        codes == "",
        code="null_key",
        what="a node has no code",
        where="tree",
        column=column,
        fix="give every node its code",
    ) + flag_rows(
        (first[inverse] != np.arange(codes.size)) & (codes != ""),
        code="duplicate_key",
        what="a node occurs twice",
        where="tree",
        column=column,
        fix="keep one row per node",
    )
