"""How two nodes of an industry tree are related: identical, similar or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import require_columns, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import digest_of, frozen_array
from agglo.matching._columns import texts_of
from agglo.matching._kernels import relations
from agglo.matching.industries import IndustryTree, as_industry_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = [
    "KINDS",
    "VIA",
    "Containment",
    "NodeRelations",
    "Relation",
    "relate",
    "relate_nodes",
]

Containment: TypeAlias = Literal["identical", "similar"]
KINDS = ("none", "similar", "identical")
VIA = ("", "relatedness", "io", "division", "ancestor", "same")
_LINK_KINDS = ("io_share", "relatedness")
_DIVISION = 2


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
    a, b, kind = (texts_of(table, c) for c in ("node_a", "node_b", "kind"))
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
