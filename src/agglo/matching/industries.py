"""Trees of industries, and how two of their nodes are related."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import AlignmentError, InvalidTableError, Problem, suggest
from agglo.core.frames import frame_kind, require_columns, string_column, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import digest_of, frozen_array
from agglo.matching._kernels import relations

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = [
    "KINDS",
    "IndustryTree",
    "NodeRelations",
    "Relation",
    "as_industry_tree",
    "relate",
    "relate_nodes",
]

Containment: TypeAlias = Literal["identical", "similar"]
KINDS = ("none", "similar", "identical")
VIA = ("", "relatedness", "io", "division", "ancestor", "same")
_LINK_KINDS = ("io_share", "relatedness")
_DIVISION = 2


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
    codes, above = _texts(table, node), _texts(table, parent)
    written = _texts(table, level)
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
        return frozen_array(_texts(table, column)[order])

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


def _texts(table: pa.Table, name: str) -> NDArray[np.str_]:
    values = string_column(table, name)
    return np.array([v.strip() if v else "" for v in values], dtype=np.str_)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How two nodes are related.

    Attributes
    ----------
    kind
        ``"identical"``, ``"similar"`` or ``"none"``.
    level
        Level of the lowest common ancestor; 0 when there is none.
    via
        ``"same"``, ``"ancestor"``, ``"division"``, ``"io"``, ``"relatedness"`` or empty.
    """

    kind: str
    level: int
    via: str


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NodeRelations:
    """How all pairs of nodes are related.

    Attributes
    ----------
    tree
        The tree.
    kind
        0 none, 1 similar, 2 identical, shape (n, n).
    via
        Position in ``("", "relatedness", "io", "division", "ancestor", "same")``.
    lca_level
        Level of the lowest common ancestor, 0 when there is none.
    rel_cut
        Relatedness from which a pair is similar; NaN without such links.
    digest
        SHA-256 of tree, links and rules.
    """

    tree: IndustryTree
    kind: NDArray[np.int8]
    via: NDArray[np.int8]
    lca_level: NDArray[np.int8]
    rel_cut: float
    digest: str

    def __repr__(self) -> str:
        """Count the related pairs."""
        off = int(np.count_nonzero(np.triu(self.kind, 1)))
        return f"<NodeRelations: {self.tree.node.size} nodes, {off} related pairs>"

    def of(self, a: str, b: str) -> Relation:
        """Give the relation of one pair."""
        i, j = self.tree.row(a), self.tree.row(b)
        return Relation(
            kind=KINDS[self.kind[i, j]],
            level=int(self.lca_level[i, j]),
            via=VIA[self.via[i, j]],
        )


def relate_nodes(
    tree: IntoFrame | IndustryTree,
    links: IntoFrame | None = None,
    *,
    containment: Containment = "identical",
    io_min: float = 0.05,
    rel_q: float = 0.90,
) -> NodeRelations:
    """Judge all pairs of nodes: identical, similar or unrelated.

    Parameters
    ----------
    tree
        What `as_industry_tree` accepts.
    links
        Optional table node_a, node_b, weight, kind (``"io_share"`` or ``"relatedness"``).
        An absent pair has weight 0.
    containment
        What a node and its ancestor of level 2 or below it are: ``"identical"`` or
        ``"similar"``. Broad labels make the choice matter: report both.
    io_min
        Input-output share, in either direction, from which a pair is similar.
    rel_q
        Quantile of the relatedness of all pairs of nodes that occur in the links, from
        which a pair is similar; only pairs with positive relatedness.

    Returns
    -------
    NodeRelations
        Matrices of shape (nodes, nodes), symmetric.

    Raises
    ------
    OptionError
        If an option is out of range.
    InvalidTableError
        unknown_node, not_allowed, not_finite, negative_value in the links, all at once.

    Notes
    -----
    Identical: the same node, or containment with an upper node of level 2 or more. Similar:
    the lowest common ancestor has level 2 or more, or a link carries the pair. Sharing only
    the sector is never enough. The rules are ours: the reference study does not publish
    its own. O(nodes² levels).

    References
    ----------
    Question of Zhao et al. (2022), Bulletin of the Chinese Academy of Sciences 37(12).

    See Also
    --------
    relate : One pair.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import relate_nodes
    >>> tree = pa.table({"industry": ["X", "X1", "X11", "X12"],
    ...     "parent": ["", "X", "X1", "X1"], "level": [1, 2, 3, 3]})
    >>> relate_nodes(tree).of("X11", "X12")
    Relation(kind='similar', level=2, via='division')
    """
    known = as_industry_tree(tree)
    check_choice("containment", containment, ("identical", "similar"))
    check_number("io_min", io_min, minimum=0, maximum=1)
    check_number("rel_q", rel_q, minimum=0, maximum=1)
    lca = relations.lca_level(known.ancestors)
    io, rel, cut = _linked(known, links, rel_q)
    kind, via = relations.relate(
        lca,
        known.level,
        division=_DIVISION,
        contained=2 if containment == "identical" else 1,
        io=io >= io_min if links is not None else np.zeros_like(io, dtype=bool),
        related=(rel >= cut) & (rel > 0),
    )
    rules = {"containment": containment, "io_min": io_min, "rel_q": rel_q}
    return NodeRelations(
        tree=known,
        kind=frozen_array(kind),
        via=frozen_array(via),
        lca_level=frozen_array(lca.astype(np.int8)),
        rel_cut=cut,
        digest=digest_of(known, io, rel, rules),
    )


def relate(
    a: str,
    b: str,
    tree: IntoFrame | IndustryTree,
    links: IntoFrame | None = None,
    *,
    containment: Containment = "identical",
    io_min: float = 0.05,
    rel_q: float = 0.90,
) -> Relation:
    """Judge one pair of nodes: identical, similar or unrelated.

    Parameters
    ----------
    a, b
        Nodes of the tree.
    tree, links, containment, io_min, rel_q
        As in `relate_nodes`.

    Returns
    -------
    Relation
        Kind, level of the lowest common ancestor, and what carries the relation.

    Raises
    ------
    AlignmentError
        If a node is not in the tree.
    OptionError
        If an option is out of range.

    Notes
    -----
    See `relate_nodes`, which is the function to use for more than a few pairs.

    References
    ----------
    Question of Zhao et al. (2022), Bulletin of the Chinese Academy of Sciences 37(12).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import relate
    >>> tree = pa.table({"industry": ["X", "X1", "X11"],
    ...     "parent": ["", "X", "X1"], "level": [1, 2, 3]})
    >>> relate("X1", "X11", tree, containment="similar").level
    2
    """
    known = as_industry_tree(tree)
    known.row(a)
    known.row(b)
    return relate_nodes(
        known, links, containment=containment, io_min=io_min, rel_q=rel_q
    ).of(a, b)


def _linked(
    tree: IndustryTree, links: IntoFrame | None, rel_q: float
) -> tuple[FloatArray, FloatArray, float]:
    n = tree.node.size
    io, rel = np.zeros((n, n)), np.zeros((n, n))
    if links is None:
        return io, rel, np.nan
    table = to_arrow(links, where="links")
    names = ("node_a", "node_b", "weight", "kind")
    require_columns(table, {c: c for c in names}, where="links")
    a, b, kind = (_texts(table, c) for c in ("node_a", "node_b", "kind"))
    weight = np.array(
        [np.nan if w is None else float(w) for w in table["weight"].to_pylist()]
    )
    rows = [np.array([tree.position.get(str(c), -1) for c in v]) for v in (a, b)]
    _check_links(rows, kind, weight)
    for name, matrix in zip(_LINK_KINDS, (io, rel), strict=True):
        mine = kind == name
        np.maximum.at(matrix, (rows[0][mine], rows[1][mine]), weight[mine])
    io, rel = np.maximum(io, io.T), np.maximum(rel, rel.T)
    used = np.unique(np.concatenate([r[kind == "relatedness"] for r in rows]))
    if used.size < 2:
        return io, rel, np.nan
    pairs = rel[np.ix_(used, used)][np.triu_indices(used.size, 1)]
    return io, rel, float(np.quantile(pairs, rel_q))


def _check_links(
    rows: list[NDArray[np.int64]], kind: NDArray[np.str_], weight: FloatArray
) -> None:
    problems: list[Problem] = []
    for column, found in zip(("node_a", "node_b"), rows, strict=True):
        problems += flag_rows(
            found < 0,
            code="unknown_node",
            what=f"'{column}' is not a node of the tree",
            where="links",
            column=column,
            fix="use codes of the tree",
        )
    problems += flag_rows(
        ~np.isin(kind, _LINK_KINDS),
        code="not_allowed",
        what=f"the kind of link is none of {list(_LINK_KINDS)}",
        where="links",
        column="kind",
        fix="say what the weight measures",
    )
    problems += flag_rows(
        ~np.isfinite(weight),
        code="not_finite",
        what="a weight is missing or infinite",
        where="links",
        column="weight",
        fix="leave the pair out: an absent pair has weight 0",
    )
    problems += flag_rows(
        weight < 0,
        code="negative_value",
        what="a weight is negative",
        where="links",
        column="weight",
        fix="weights are shares or proximities",
    )
    if problems:
        msg = f"The links between nodes have {len(problems)} problems."
        raise InvalidTableError(msg, problems)
