"""Scores of nodes for labels: known texts, their evidence, two languages together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import require_columns, string_column, to_arrow
from agglo.matching._folding import fold
from agglo.matching._kernels import tfidf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame
    from agglo.matching._reading import LabelReader
    from agglo.matching.industries import IndustryTree
    from agglo.matching.labels import LabelDictionary

__all__ = ["Descriptions", "KnownTexts", "descriptions_of", "scores"]

Descriptions = tuple[tuple[str, str, str], ...]

# what a second and a third text of the node add to the first
_SUPPORT = 0.3
_COUNTED = 3
OTHER = {"zh": "en", "en": "zh"}


@dataclass(frozen=True, eq=False, kw_only=True)
class KnownTexts:
    """Texts of one language with the nodes they stand for, sorted by node.

    Attributes
    ----------
    text
        One per text and node.
    node
        Row of the tree of each.
    rows
        Rows of the tree that have a text.
    starts
        First text of each of `rows`.
    """

    text: list[str]
    node: IntArray
    rows: IntArray
    starts: IntArray

    @classmethod
    def of(
        cls,
        tree: IndustryTree,
        labels: LabelDictionary,
        descriptions: Descriptions,
        lang: str,
    ) -> KnownTexts:
        """Collect names, labels and descriptions of a language."""
        names = tree.label_zh if lang == "zh" else tree.label_en
        pairs = {(str(n), i) for i, n in enumerate(names) if n}
        for entry in labels.of_language(lang):
            pairs |= {(entry.label, tree.row(n)) for n in entry.nodes}
        pairs |= {(text, tree.row(n)) for n, text, own in descriptions if own == lang}
        held = sorted(pairs, key=lambda p: (p[1], p[0]))
        node = np.array([r for _, r in held], dtype=np.int64)
        starts = np.flatnonzero(np.r_[True, node[1:] != node[:-1]][: node.size])
        return cls(
            text=[t for t, _ in held], node=node, rows=node[starts], starts=starts
        )


def descriptions_of(given: IntoFrame | None, tree: IndustryTree) -> Descriptions:
    """Read further texts of nodes: industry, text, lang."""
    if given is None:
        return ()
    table = to_arrow(given, where="descriptions")
    names = ("industry", "text", "lang")
    require_columns(table, {n: n for n in names}, where="descriptions")
    columns = [[(v or "").strip() for v in string_column(table, n)] for n in names]
    rows = list(zip(*columns, strict=True))
    lost = [i for i, r in enumerate(rows, 1) if r[0] not in tree.position]
    odd = [i for i, r in enumerate(rows, 1) if r[2] not in OTHER or not r[1]]
    problems = [
        Problem(
            code=code,
            what=what,
            where="descriptions",
            rows=tuple(at[:20]),
            n_rows=len(at),
            fix=fix,
        )
        for code, what, fix, at in (
            (
                "unknown_node",
                "a node is not in the tree",
                "use the codes of the tree",
                lost,
            ),
            (
                "not_allowed",
                "a text is empty or its lang is not zh or en",
                "mend the row",
                odd,
            ),
        )
        if at
    ]
    if problems:
        msg = f"The descriptions have {len(problems)} problems."
        raise InvalidTableError(msg, problems)
    return tuple((r[0], r[1], r[2]) for r in rows)


def scores(
    similar: FloatArray, known: KnownTexts, n_nodes: int
) -> tuple[FloatArray, IntArray]:
    """Give the score of every node of the tree, and the text that says most.

    1 − (1 − s₁)(1 − 0.3 s₂)(1 − 0.3 s₃) over the three highest distinct similarities of
    the node's texts: several texts that agree weigh more than one. Shape (labels, nodes).
    """
    best = tfidf.best_of_groups(similar, known.starts, _COUNTED)
    missed = 1.0 - best[0]
    for further in best[1:]:
        missed = missed * (1.0 - _SUPPORT * further)
    out = np.zeros((similar.shape[0], n_nodes))
    out[:, known.rows] = 1.0 - missed
    evidence = np.full(out.shape, -1, dtype=np.int64)
    evidence[:, known.rows] = _first_reaching(similar, known, best[0])
    return out, evidence


def _first_reaching(
    similar: FloatArray, known: KnownTexts, best: FloatArray
) -> IntArray:
    """Position of the first text of each node that has the node's best similarity."""
    sizes = np.diff(np.r_[known.starts, similar.shape[1]])
    reached: BoolArray = similar >= np.repeat(best, sizes, axis=1)
    place = np.where(reached, np.arange(similar.shape[1])[None, :], similar.shape[1])
    found = np.minimum.reduceat(place, known.starts, axis=1)
    return np.minimum(found, similar.shape[1] - 1).astype(np.int64)


def both(one: FloatArray, other: FloatArray) -> FloatArray:
    """Join the scores of a label and of its translation."""
    return 1.0 - (1.0 - one) * (1.0 - other)


def translated(
    labels: Sequence[str], translations: Mapping[str, str] | None
) -> list[str]:
    """Give the translation of every label, empty where there is none."""
    if not translations:
        return []
    folded = {fold(k): v for k, v in translations.items()}
    return [folded.get(fold(w), "") for w in labels]


def own_texts(
    reader: LabelReader, labels: Sequence[str], texts: Sequence[str]
) -> NDArray[np.bool_]:
    """Say which known texts read like the label itself."""
    clean = np.array([reader.clean(t) for t in texts])
    own = np.array([reader.clean(w) for w in labels])
    same: NDArray[np.bool_] = own[:, None] == clean[None, :]
    return same
