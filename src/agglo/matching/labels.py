"""The dictionary from industry labels, as lists write them, to nodes of a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.checks import flag_rows
from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import frame_kind, require_columns, string_column, to_arrow
from agglo.core.options import check_choice
from agglo.core.results import Provenance, digest_of, frozen_array
from agglo.matching._columns import split_nodes, texts_of
from agglo.matching._folding import fold
from agglo.matching.industries import IndustryTree, as_industry_tree
from agglo.matching.results import LabelMapping

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FrameKind, IntoFrame, Lang

__all__ = [
    "CONFIDENCE",
    "LabelDictionary",
    "LabelEntry",
    "as_label_dictionary",
    "dictionary_of",
    "map_label",
    "map_labels",
]

CONFIDENCE = ("low", "medium", "high")
_LANGS = ("zh", "en")
_YES = ("yes", "true", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEntry:
    """One entry: nodes, confidence, whether reviewed, label as written."""

    nodes: tuple[str, ...]
    confidence: str
    reviewed: bool
    label: str
    note: str = ""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LabelDictionary:
    """Labels in two languages and the nodes they stand for.

    Attributes
    ----------
    entries
        (folded label, language) to entry, sorted.
    digest
        SHA-256 of the content.
    frame_kind
        Kind of frame the caller came with.
    """

    entries: Mapping[tuple[str, str], LabelEntry]
    digest: str
    frame_kind: FrameKind = "pyarrow"

    def __repr__(self) -> str:
        """Show the number of entries and how many are reviewed."""
        return (
            f"<LabelDictionary: {len(self.entries)} labels, {self.n_reviewed} reviewed>"
        )

    @cached_property
    def n_reviewed(self) -> int:
        """Entries that a person has reviewed."""
        return sum(e.reviewed for e in self.entries.values())

    def lookup(self, label: str | None, lang: str) -> LabelEntry | None:
        """Give the entry of a label in any spelling, or nothing."""
        return self.entries.get((fold(label), lang))

    def of_language(self, lang: str) -> tuple[LabelEntry, ...]:
        """Give the entries of one language, sorted by folded label."""
        return tuple(e for (_, one), e in self.entries.items() if one == lang)

    def to_arrow(self) -> pa.Table:
        """Give the dictionary as a table: label, lang, node_ids, confidence, reviewed, note."""
        rows = list(self.entries.items())
        return pa.table(
            {
                "label": [e.label for _, e in rows],
                "lang": [key[1] for key, _ in rows],
                "node_ids": [";".join(e.nodes) for _, e in rows],
                "confidence": [e.confidence for _, e in rows],
                "reviewed": ["yes" if e.reviewed else "no" for _, e in rows],
                "note": [e.note for _, e in rows],
            }
        )


def as_label_dictionary(
    data: IntoFrame | LabelDictionary, tree: IntoFrame | IndustryTree
) -> LabelDictionary:
    """Check a dictionary of labels against a tree.

    Parameters
    ----------
    data
        Long: label, lang (``"zh"`` or ``"en"``), node_ids; or wide: label_zh, label_en,
        node_ids. node_ids is a semicolon list. Optional: confidence (``"high"``,
        ``"medium"``, ``"low"``; default medium), reviewed (``"yes"``), note. A
        `LabelDictionary` is returned as it is.
    tree
        What `as_industry_tree` accepts.

    Returns
    -------
    LabelDictionary
        Labels are folded: width, script, case and spaces do not matter. Where several zh
        labels of a wide table share their English, that English stands for all their nodes
        with the lowest of their confidences.

    Raises
    ------
    ColumnNotFoundError
        If label or node columns are absent.
    InvalidTableError
        With every problem: empty_table, empty_label, duplicate_key, unknown_node, no_node,
        not_allowed.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import as_label_dictionary
    >>> tree = pa.table({"industry": ["X", "X1", "X11"], "parent": ["", "X", "X1"],
    ...     "level": [1, 2, 3]})
    >>> words = pa.table({"label": ["拉链"], "lang": ["zh"], "node_ids": ["X11"]})
    >>> len(as_label_dictionary(words, tree).entries)
    1
    """
    if isinstance(data, LabelDictionary):
        return data
    known = as_industry_tree(tree)
    table = to_arrow(data, where="labels")
    wide = "label_zh" in table.column_names and "label" not in table.column_names
    first = "label_zh" if wide else "label"
    wanted = [first, "node_ids"] if wide else [first, "lang", "node_ids"]
    require_columns(table, {c: c for c in wanted}, where="labels")
    n = table.num_rows
    label, nodes = texts_of(table, first), split_nodes(texts_of(table, "node_ids"))
    lang = np.full(n, "zh") if wide else texts_of(table, "lang")
    confidence = texts_of(table, "confidence", "medium")
    reviewed = [w.lower() in _YES for w in texts_of(table, "reviewed")]
    note = texts_of(table, "note")
    _check(label, lang, nodes, confidence, known)
    rows = [
        LabelEntry(
            nodes=nodes[i],
            confidence=str(confidence[i]),
            reviewed=reviewed[i],
            label=str(label[i]),
            note=str(note[i]),
        )
        for i in range(n)
    ]
    entries = {(fold(e.label), str(w)): e for e, w in zip(rows, lang, strict=True)}
    if wide and "label_en" in table.column_names:
        entries |= _english(texts_of(table, "label_en"), rows)
    return dictionary_of(entries, frame_kind(data))


def dictionary_of(
    entries: Mapping[tuple[str, str], LabelEntry], kind: FrameKind
) -> LabelDictionary:
    """Sort the entries and hash them."""
    held = dict(sorted(entries.items()))
    content = [
        [*key, list(e.nodes), e.confidence, e.reviewed] for key, e in held.items()
    ]
    return LabelDictionary(entries=held, digest=digest_of(content), frame_kind=kind)


def _english(
    labels: NDArray[np.str_], rows: Sequence[LabelEntry]
) -> dict[tuple[str, str], LabelEntry]:
    found: dict[tuple[str, str], LabelEntry] = {}
    for label, row in zip(labels, rows, strict=True):
        key = (fold(str(label)), "en")
        if not key[0]:
            continue
        held = found.get(key)
        nodes = dict.fromkeys((*(held.nodes if held else ()), *row.nodes))
        levels = [row.confidence, *([held.confidence] if held else [])]
        found[key] = LabelEntry(
            nodes=tuple(nodes),
            confidence=min(levels, key=CONFIDENCE.index),
            reviewed=row.reviewed and (held is None or held.reviewed),
            label=str(label),
            note=row.note,
        )
    return found


def _check(
    label: NDArray[np.str_],
    lang: NDArray[np.str_],
    nodes: list[tuple[str, ...]],
    confidence: NDArray[np.str_],
    tree: IndustryTree,
) -> None:
    problems: list[Problem] = []
    if label.size == 0:
        problems.append(
            Problem(
                code="empty_table",
                what="the label dictionary has no row",
                where="labels",
                fix="start from agglo.sources.label_dictionary()",
            )
        )
    keys = np.array(
        [f"{fold(str(a))}\x1f{b}" for a, b in zip(label, lang, strict=True)]
    )
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    lost = [[n for n in own if n not in tree.position] for own in nodes]
    missing = sorted({n for own in lost for n in own})

    def flag(mask: Sequence[bool] | BoolArray, code: str, what: str, fix: str) -> None:
        bad = np.asarray(mask, dtype=bool)
        problems.extend(flag_rows(bad, code=code, what=what, where="labels", fix=fix))

    flag(label == "", "empty_label", "a label is empty", "write it, or drop the row")
    flag(
        (first[inverse] != np.arange(label.size)) & (label != ""),
        "duplicate_key",
        "a label occurs twice in one language (spellings are folded)",
        "keep one row; several nodes are a semicolon list",
    )
    flag(
        [bool(own) for own in lost],
        "unknown_node",
        f"nodes that are not in the tree: {missing[:5]}",
        "use codes of the tree",
    )
    flag([not own for own in nodes], "no_node", "a label has no node", "name its nodes")
    flag(
        ~np.isin(confidence, CONFIDENCE),
        "not_allowed",
        f"confidence is none of {list(CONFIDENCE)}",
        "use one of them",
    )
    flag(~np.isin(lang, _LANGS), "not_allowed", "lang is not zh or en", "use zh or en")
    if problems:
        msg = f"The label dictionary has {len(problems)} problems."
        raise InvalidTableError(msg, problems)


def map_label(
    label: str, labels: LabelDictionary, *, lang: Lang = "zh"
) -> tuple[str, ...]:
    """Look one label up.

    Parameters
    ----------
    label
        Label in any spelling.
    labels
        The dictionary, from `as_label_dictionary`.
    lang
        Language of the label.

    Returns
    -------
    tuple of str
        Its nodes; empty when the dictionary does not know it (see `map_labels` for the
        work list).

    Raises
    ------
    OptionError
        If `lang` is unknown.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import as_label_dictionary, map_label
    >>> tree = pa.table({"industry": ["X", "X1", "X11"], "parent": ["", "X", "X1"],
    ...     "level": [1, 2, 3]})
    >>> words = pa.table({"label": ["拉链"], "lang": ["zh"], "node_ids": ["X11"]})
    >>> map_label("拉鏈 ", as_label_dictionary(words, tree))
    ('X11',)
    """
    check_choice("lang", lang, _LANGS)
    entry = labels.lookup(label, lang)
    return entry.nodes if entry else ()


def map_labels(
    data: IntoFrame | Sequence[str | None],
    labels: LabelDictionary,
    *,
    label: str = "industry_label",
    lang: Lang = "zh",
) -> LabelMapping:
    """Look a column of labels up and list those that the dictionary does not know.

    Parameters
    ----------
    data
        A frame, or the labels themselves; null and empty labels are unmapped.
    labels
        The dictionary, from `as_label_dictionary`.
    label
        Column of `data`.
    lang
        Language of the labels.

    Returns
    -------
    LabelMapping
        One row per input row; ``unmapped`` is the work list.

    Raises
    ------
    OptionError
        If `lang` is unknown.
    ColumnNotFoundError
        If the column is absent.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import as_label_dictionary, map_labels
    >>> tree = pa.table({"industry": ["X", "X1", "X11"], "parent": ["", "X", "X1"],
    ...     "level": [1, 2, 3]})
    >>> words = pa.table({"label": ["拉链"], "lang": ["zh"], "node_ids": ["X11"]})
    >>> map_labels(["拉链", "扣子", "扣子"], as_label_dictionary(words, tree)).unmapped
    {'扣子': 2}
    """
    check_choice("lang", lang, _LANGS)
    kind: FrameKind = "pyarrow"
    if isinstance(data, (list, tuple)):
        given = [w or "" for w in data]
    else:
        table = to_arrow(data)  # type: ignore[arg-type]
        require_columns(table, {"label": label})
        given = [w or "" for w in string_column(table, label)]
        kind = frame_kind(data)  # type: ignore[arg-type]
    found = {w: labels.lookup(w, lang) for w in set(given)}
    entries = [found[w] for w in given]
    return LabelMapping(
        label=frozen_array(np.array(given, dtype=np.str_)),
        lang=lang,
        nodes=tuple(e.nodes if e else () for e in entries),
        confidence=frozen_array(
            np.array([e.confidence if e else "" for e in entries], dtype=np.str_)
        ),
        reviewed=frozen_array(
            np.array([e is not None and e.reviewed for e in entries])
        ),
        frame_kind=kind,
        provenance=Provenance.of(map_labels, labels, given, parameters={"lang": lang}),
    )
