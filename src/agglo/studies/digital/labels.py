"""The labels of both lists: what the dictionary knows, and proposals for the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.matching import as_label_dictionary, suggest_nodes, suggestion_quality
from agglo.sources import industry_terms, industry_tree
from agglo.studies.columns import text_of, texts

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.matching import LabelDictionary, PlaceList
    from agglo.studies.digital.options import DigitalOptions

__all__ = ["audit_labels", "labels_of"]

_FILLED_IN = ("final_node", "reviewer", "date", "note")


def labels_of(words: pa.Table, tree: pa.Table) -> LabelDictionary:
    """Check the dictionary; a table with English beside every Chinese label gives both.

    Parameters
    ----------
    words
        Table ``labels``.
    tree
        The tree.

    Returns
    -------
    LabelDictionary
        Labels of both languages.
    """
    if "label_en" in words.column_names and set(text_of(words, "lang")) == {"zh"}:
        names = ["label_zh" if c == "label" else c for c in words.column_names]
        words = words.rename_columns(names)
    return as_label_dictionary(words, tree)


def audit_labels(
    lists: Mapping[str, PlaceList],
    tree: pa.Table,
    labels: LabelDictionary,
    options: DigitalOptions,
    translations: Mapping[str, str],
) -> tuple[pa.Table, Json]:
    """Give one row per distinct label, with a proposal where the dictionary has none.

    Parameters
    ----------
    lists
        Both lists by name.
    tree, labels
        Tree and dictionary.
    options
        Options of the study.
    translations
        Label to the same label in the other language, where the lists have both.

    Returns
    -------
    tuple
        Audit table, and how often the text aid is right on the dictionary itself.
    """
    lang = options.label_language
    terms = _terms(tree)
    counts = {name: Counter(held.label.tolist()) for name, held in lists.items()}
    words = sorted({w for c in counts.values() for w in c})
    entries = [labels.lookup(w, lang) for w in words]
    lost = [w for w, e in zip(words, entries, strict=True) if e is None]
    proposed: dict[str, Mapping[str, object]] = {}
    if lost:
        found = suggest_nodes(
            lost,
            tree,
            labels,
            lang=lang,
            descriptions=terms,
            translations=translations,
        )
        rows = found.label_audit().to_pylist()
        proposed = {str(r["label"]): r for r in rows}

    def told(name: str) -> pa.Array:
        return texts([str(proposed.get(w, {}).get(name) or "") for w in words])

    def number(name: str) -> pa.Array:
        values = [proposed.get(w, {}).get(name) for w in words]
        return pa.array(
            [float(v) if isinstance(v, (int, float)) else np.nan for v in values],
            pa.float64(),
        )

    table = pa.table(
        {
            "label": texts(words),
            "lang": texts([lang] * len(words)),
            "n_clusters": [counts["designations"][w] for w in words],
            "n_belts": [counts["belts"][w] for w in words],
            "nodes": texts([";".join(e.nodes) if e else "" for e in entries]),
            "confidence": texts([e.confidence if e else "" for e in entries]),
            "reviewed": pa.array([bool(e and e.reviewed) for e in entries]),
            "suggested_node": told("suggested_node"),
            "score": number("score"),
            "second_node": told("second_node"),
            "margin": number("margin"),
            "decision": told("decision"),
            **{name: texts([""] * len(words)) for name in _FILLED_IN},
        }
    )
    quality = suggestion_quality(
        tree, labels, descriptions=terms, translations=translations
    )
    tried: Json = {
        str(one): {"labels": int(n), "top1": float(a), "top3": float(b)}
        for one, n, a, b in zip(
            quality.lang, quality.n, quality.top1, quality.top3, strict=True
        )
    }
    return table, tried


def _terms(tree: pa.Table) -> pa.Table | None:
    """Give the shipped terms where the tree is the shipped one."""
    shipped = industry_tree().data
    columns = ("industry", "name_en", "name_zh")
    own = set(zip(*(text_of(tree, c) for c in columns), strict=True))
    theirs = set(zip(*(text_of(shipped, c) for c in columns), strict=True))
    return industry_terms() if theirs <= own else None
