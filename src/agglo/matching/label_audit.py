"""What a person decided about proposals goes into the dictionary."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import DataWarning, InvalidTableError, Problem
from agglo.core.frames import require_columns, to_arrow
from agglo.matching._columns import split_nodes, texts_of
from agglo.matching._folding import fold
from agglo.matching.industries import IndustryTree, as_industry_tree
from agglo.matching.labels import (
    LabelDictionary,
    LabelEntry,
    dictionary_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, IntoFrame

__all__ = ["apply_audit"]

_DECISIONS = ("accept", "reject", "edit")


def apply_audit(
    labels: LabelDictionary, audit: IntoFrame, tree: IntoFrame | IndustryTree
) -> LabelDictionary:
    """Merge the decisions of a filled-in label audit into a dictionary.

    Parameters
    ----------
    labels
        The dictionary; it stays as it is.
    audit
        Table of `LabelSuggestions.label_audit`, filled in: decision ``"accept"`` (the
        suggested node), ``"edit"`` (`final_node`, a semicolon list) or ``"reject"``; empty
        is no decision. A decision counts only with a reviewer.
    tree
        What `as_industry_tree` accepts.

    Returns
    -------
    LabelDictionary
        With the decided labels, reviewed, confidence high.

    Raises
    ------
    ColumnNotFoundError
        If a column of the audit is absent.
    InvalidTableError
        With every problem: not_allowed, empty_label, unknown_node, no_node,
        duplicate_key.

    Warns
    -----
    DataWarning
        If decisions without a reviewer were left out; the message counts them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import apply_audit, as_label_dictionary, map_label
    >>> tree = pa.table({"industry": ["X", "X1", "X11"], "parent": ["", "X", "X1"],
    ...     "level": [1, 2, 3]})
    >>> words = as_label_dictionary(pa.table(
    ...     {"label": ["拉链"], "lang": ["zh"], "node_ids": ["X11"]}), tree)
    >>> audit = pa.table({"label": ["扣子"], "lang": ["zh"], "suggested_node": ["X11"],
    ...     "decision": ["edit"], "final_node": ["X1"], "reviewer": ["Li"]})
    >>> map_label("扣子", apply_audit(words, audit, tree))
    ('X1',)
    """
    known = as_industry_tree(tree)
    table = to_arrow(audit, where="audit")
    names = ("label", "lang", "suggested_node", "decision", "final_node", "reviewer")
    require_columns(table, {c: c for c in names}, where="audit")
    label, lang, suggested, decision, final, reviewer = (
        texts_of(table, c) for c in names
    )
    note = texts_of(table, "note")
    signed = (decision != "") & (reviewer != "")
    chosen = split_nodes(np.where(decision == "edit", final, suggested))
    _check_audit(label, lang, decision, signed, chosen, known)
    pending = int(((decision != "") & (reviewer == "")).sum())
    if pending:
        warnings.warn(
            f"{pending} decisions have no reviewer and were left out: a proposal counts "
            "only when a person has signed it.",
            DataWarning,
            stacklevel=2,
        )
    entries = dict(labels.entries)
    for i in np.flatnonzero(signed & (decision != "reject")):
        entries[fold(str(label[i])), str(lang[i])] = LabelEntry(
            nodes=chosen[i],
            confidence="high",
            reviewed=True,
            label=str(label[i]),
            note=str(note[i]),
        )
    return dictionary_of(entries, labels.frame_kind)


def _check_audit(
    label: NDArray[np.str_],
    lang: NDArray[np.str_],
    decision: NDArray[np.str_],
    signed: BoolArray,
    chosen: list[tuple[str, ...]],
    tree: IndustryTree,
) -> None:
    merged = signed & np.isin(decision, ("accept", "edit"))
    keys = [(fold(str(a)), str(b)) for a, b in zip(label, lang, strict=True)]
    seen: set[tuple[str, str]] = set()
    again = np.zeros(label.size, dtype=bool)
    for i in np.flatnonzero(merged):
        again[i] = keys[i] in seen
        seen.add(keys[i])
    lost = np.array(
        [any(n not in tree.position for n in c) for c in chosen], dtype=bool
    )
    none = np.array([not c for c in chosen], dtype=bool)
    rules = (
        (
            (decision != "") & ~np.isin(decision, _DECISIONS),
            "not_allowed",
            f"the decision is none of {list(_DECISIONS)}",
            "use one of them, or leave it empty",
        ),
        (merged & (label == ""), "empty_label", "a label is empty", "write it"),
        (
            merged & ~np.isin(lang, ("zh", "en")),
            "not_allowed",
            "lang is not zh or en",
            "use zh or en",
        ),
        (merged & lost, "unknown_node", "a node is not in the tree", "use its codes"),
        (merged & none, "no_node", "no node is given", "fill in final_node"),
        (again, "duplicate_key", "a label is decided twice", "keep one decision"),
    )
    problems: list[Problem] = []
    for mask, code, what, fix in rules:
        problems += flag_rows(mask, code=code, what=what, where="audit", fix=fix)
    if problems:
        msg = f"The label audit has {len(problems)} problems."
        raise InvalidTableError(msg, problems)
