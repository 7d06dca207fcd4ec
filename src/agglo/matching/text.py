"""Which nodes might a label mean? A text aid that proposes and never decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import frame_kind, require_columns, string_column, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.matching._folding import fold
from agglo.matching._reading import STOP_WORDS, LabelReader, Scorer, Segment
from agglo.matching.industries import IndustryTree, as_industry_tree
from agglo.matching.labels import LabelDictionary, LabelEntry, as_label_dictionary
from agglo.matching.results import LabelSuggestions, SuggestionQuality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import (
        BoolArray,
        FloatArray,
        FrameKind,
        IntArray,
        IntoFrame,
        Lang,
    )

__all__ = ["STOP_WORDS", "suggest_nodes", "suggestion_quality"]

_LANGS = ("zh", "en")
_PIECE = 4096


def suggest_nodes(
    data: IntoFrame | Sequence[str | None],
    tree: IntoFrame | IndustryTree,
    labels: IntoFrame | LabelDictionary,
    *,
    label: str = "industry_label",
    lang: Lang = "zh",
    k: int = 5,
    stop_words: Sequence[str] | None = None,
    synonyms: Mapping[str, str] | None = None,
    segment: Segment | None = None,
    scorer: Scorer | None = None,
    accept_score: float = 0.80,
    accept_margin: float = 0.15,
) -> LabelSuggestions:
    r"""Propose nodes for labels by how much they read like known labels.

    Use to fill the work list of `map_labels`; not to map labels without a person: the aid
    writes an audit table, never the dictionary.

    Parameters
    ----------
    data
        A frame, or the labels themselves. Each distinct label is scored once.
    tree, labels
        What `as_industry_tree` and `as_label_dictionary` accept; labels and node names of
        the language are what is compared with.
    label
        Column of `data`.
    lang
        Language of the labels.
    k
        Suggestions per label.
    stop_words
        Words left out before comparing; default `STOP_WORDS`. A text that consists of
        nothing else is kept whole.
    synonyms
        Word to the word that the tree uses; default the shipped list.
    segment
        Optional word segmentation for Chinese, for example ``jieba.lcut``; words are
        compared beside the n-grams.
    scorer
        Optional own similarity: takes the labels and the known texts and gives a matrix in
        [0, 1].
    accept_score, accept_margin
        From which score, and lead over the second node, a row is proposed for acceptance.

    Returns
    -------
    LabelSuggestions
        Rows in the order of first appearance of the distinct labels. A label of fewer than
        two characters has no score (NaN, with the reason).

    Raises
    ------
    OptionError
        If an option is out of range.
    ColumnNotFoundError
        If the column is absent.
    InvalidTableError
        empty_table: there is no label, or nothing to compare with.
    AlignmentError
        If `scorer` gives a matrix of another shape.

    Notes
    -----
    Chinese: character 2- and 3-grams. English: words and character 3- to 5-grams within
    words. Weights are :math:`tf \cdot (\ln\frac{1+n}{1+df} + 1)`, similarity is the cosine;
    n-grams that no known text has count in the length of a label, so a label is not
    similar for a small known part. The score of a node is the highest over its texts; ties
    go to the smaller code. O(n-grams) and O(labels × known texts), in pieces.

    References
    ----------
    Salton and Buckley (1988), doi:10.1016/0306-4573(88)90021-0.

    See Also
    --------
    suggestion_quality : How often it is right.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import suggest_nodes
    >>> tree = pa.table({"industry": ["X", "X1", "X11"], "parent": ["", "X", "X1"],
    ...     "level": [1, 2, 3], "name_en": ["Textiles", "Trims", "Zippers"]})
    >>> words = pa.table({"label": ["zippers"], "lang": ["en"], "node_ids": ["X11"]})
    >>> found = suggest_nodes(["metal zippers"], tree, words, lang="en", k=1)
    >>> found.node[0, 0], round(float(found.score[0, 0]), 2)
    (np.str_('X11'), 0.57)
    """
    check_choice("lang", lang, _LANGS)
    check_number("k", k, minimum=1, maximum=1000, integer=True)
    check_number("accept_score", accept_score, minimum=0, maximum=1)
    check_number("accept_margin", accept_margin, minimum=0, maximum=1)
    known = as_industry_tree(tree)
    words = as_label_dictionary(labels, known)
    given, kind = _given(data, label)
    texts, nodes, evidence = _known_texts(known, words, lang)
    reader = LabelReader(lang, stop_words, synonyms, segment, scorer)
    method = reader.method
    node, score, shown = _ranked(reader, given, texts, nodes, evidence, known, int(k))
    short = [w for w in given if len(fold(w)) < 2]
    reason = "a label of fewer than two characters has no n-grams"
    return LabelSuggestions(
        label=frozen_array(np.array(given, dtype=np.str_)),
        lang=lang,
        node=frozen_array(node),
        score=frozen_array(score),
        evidence=frozen_array(shown),
        method=method,
        accept_score=float(accept_score),
        accept_margin=float(accept_margin),
        undefined=tuple(Undefined(reason=reason, item=w) for w in short),
        frame_kind=kind,
        provenance=Provenance.of(
            suggest_nodes,
            known,
            words,
            given,
            parameters={
                "lang": lang,
                "k": k,
                "stop_words": None if stop_words is None else list(stop_words),
                "synonyms": synonyms,
                "method": method,
                "accept_score": accept_score,
                "accept_margin": accept_margin,
            },
        ),
    )


def _given(
    data: IntoFrame | Sequence[str | None], label: str
) -> tuple[list[str], FrameKind]:
    kind: FrameKind = "pyarrow"
    if isinstance(data, (list, tuple)):
        words = [w or "" for w in data]
    else:
        table = to_arrow(data)  # type: ignore[arg-type]
        require_columns(table, {"label": label})
        words = [w or "" for w in string_column(table, label)]
        kind = frame_kind(data)  # type: ignore[arg-type]
    if not words:
        problem = Problem(
            code="empty_table",
            what="there is no label",
            where="data",
            fix="pass labels",
        )
        msg = "There is nothing to suggest nodes for."
        raise InvalidTableError(msg, [problem])
    return list(dict.fromkeys(words)), kind


def _known_texts(
    tree: IndustryTree, labels: LabelDictionary, lang: str
) -> tuple[list[str], IntArray, list[str]]:
    """Known texts with their nodes, one row per text and node, sorted by node."""
    names = tree.label_zh if lang == "zh" else tree.label_en
    pairs = [(str(n), i) for i, n in enumerate(names) if n]
    for entry in labels.of_language(lang):
        pairs += [(entry.label, tree.row(n)) for n in entry.nodes]
    pairs.sort(key=lambda p: (p[1], p[0]))
    if not pairs:
        problem = Problem(
            code="empty_table",
            what=f"neither the dictionary nor the tree has a text in {lang!r}",
            where="labels",
            fix="pass names or labels of that language",
        )
        msg = "There is nothing to compare labels with."
        raise InvalidTableError(msg, [problem])
    texts = [t for t, _ in pairs]
    return texts, np.array([r for _, r in pairs], dtype=np.int64), texts


def _ranked(
    reader: LabelReader,
    given: list[str],
    texts: list[str],
    nodes: IntArray,
    evidence: list[str],
    tree: IndustryTree,
    k: int,
) -> tuple[NDArray[np.str_], FloatArray, NDArray[np.str_]]:
    starts = np.flatnonzero(np.r_[True, nodes[1:] != nodes[:-1]])
    rows = nodes[starts]
    width = min(k, rows.size)
    compare = reader.compare(given, texts)
    best = np.empty((len(given), width), dtype=np.int64)
    score = np.empty((len(given), width))
    source = np.empty((len(given), width), dtype=np.int64)
    for start in range(0, len(given), _PIECE):
        piece = slice(start, start + _PIECE)
        similar = compare(piece)
        per_node = np.maximum.reduceat(similar, starts, axis=1)
        # a stable sort: equal scores go to the smaller code
        order = np.argsort(-per_node, axis=1, kind="stable")[:, :width]
        best[piece] = order
        score[piece] = np.take_along_axis(per_node, order, axis=1)
        source[piece] = _evidence(similar, starts, order, score[piece])
    short = np.array([len(fold(w)) < 2 for w in given], dtype=bool)
    score[short] = np.nan
    score[:, 1:][score[:, 1:] <= 0] = np.nan
    blank = np.isnan(score) | (score <= 0)
    node = np.where(blank, "", tree.node[rows[best]])
    shown = np.where(blank, "", np.array(evidence, dtype=np.str_)[source])
    return node, score, shown


def _evidence(
    similar: FloatArray, starts: IntArray, order: IntArray, score: FloatArray
) -> IntArray:
    """First known text of each suggested node that reaches the node's score."""
    ends = np.r_[starts[1:], similar.shape[1]]
    out = starts[order].copy()
    longest = int((ends - starts).max())
    found = np.zeros(order.shape, dtype=bool)
    for step in range(longest):
        column = np.minimum(starts[order] + step, ends[order] - 1)
        hit = ~found & (np.take_along_axis(similar, column, axis=1) == score)
        out[hit] = column[hit]
        found |= hit
    return out


def suggestion_quality(
    tree: IntoFrame | IndustryTree,
    labels: IntoFrame | LabelDictionary,
    *,
    only_reviewed: bool = False,
    stop_words: Sequence[str] | None = None,
    segment: Segment | None = None,
) -> SuggestionQuality:
    """Measure how often the text aid finds a label's node without having seen the label.

    Parameters
    ----------
    tree, labels
        What `as_industry_tree` and `as_label_dictionary` accept.
    only_reviewed
        Whether only labels that a person has reviewed are tried; all are compared with.
    stop_words, segment
        As in `suggest_nodes` (stop words of both languages).

    Returns
    -------
    SuggestionQuality
        Top-1 and top-3 accuracy by language, confusion of divisions.

    Raises
    ------
    InvalidTableError
        empty_table: no label to try.

    Notes
    -----
    Leave-one-out: all entries with the label's own text are left out of the comparison. The
    document frequencies of n-grams keep it. A label counts as found when the suggestion is
    one of its nodes.

    References
    ----------
    Stone (1974), doi:10.1111/j.2517-6161.1974.tb00994.x (leave-one-out).

    Examples
    --------
    >>> from agglo.matching import as_industry_tree, suggestion_quality
    >>> from agglo.sources import industry_tree, label_dictionary
    >>> found = suggestion_quality(industry_tree().data, label_dictionary())
    >>> found.n.tolist()
    [135, 123]
    """
    known = as_industry_tree(tree)
    words = as_label_dictionary(labels, known)
    division = known.at_level(2)
    names = np.unique(division)
    confusion = np.zeros((names.size, names.size), dtype=np.int64)
    langs, rows = [], []
    for lang in _LANGS:
        entries = [
            e for e in words.of_language(lang) if e.reviewed or not only_reviewed
        ]
        if not entries:
            continue
        reader = LabelReader(lang, stop_words, None, segment, None)
        first, third, told, true = _left_out(reader, known, words, lang, entries)
        place = np.searchsorted(names, division)
        np.add.at(confusion, (place[true], place[told]), 1)
        langs.append(lang)
        rows.append((len(entries), first.mean(), third.mean()))
    if not rows:
        problem = Problem(
            code="empty_table",
            what="the dictionary has no label to try",
            where="labels",
            fix="review labels first, or pass only_reviewed=False",
        )
        msg = "The quality of the text aid cannot be measured."
        raise InvalidTableError(msg, [problem])
    return SuggestionQuality(
        lang=tuple(langs),
        n=frozen_array(np.array([r[0] for r in rows], dtype=np.int64)),
        top1=frozen_array(np.array([r[1] for r in rows])),
        top3=frozen_array(np.array([r[2] for r in rows])),
        division=frozen_array(names),
        confusion=frozen_array(confusion),
        n_reviewed=words.n_reviewed,
        frame_kind=words.frame_kind,
        provenance=Provenance.of(
            suggestion_quality,
            known,
            words,
            parameters={
                "only_reviewed": only_reviewed,
                "stop_words": None if stop_words is None else list(stop_words),
            },
        ),
    )


def _left_out(
    reader: LabelReader,
    tree: IndustryTree,
    labels: LabelDictionary,
    lang: str,
    entries: Sequence[LabelEntry],
) -> tuple[BoolArray, BoolArray, IntArray, IntArray]:
    texts, nodes, _ = _known_texts(tree, labels, lang)
    mine = [e.label for e in entries]
    similar = reader.compare(mine, texts)(slice(None)).copy()
    clean = np.array([reader.clean(t) for t in texts])
    own = np.array([reader.clean(w) for w in mine])
    similar[own[:, None] == clean[None, :]] = -1.0
    starts = np.flatnonzero(np.r_[True, nodes[1:] != nodes[:-1]])
    rows = nodes[starts]
    order = np.argsort(
        -np.maximum.reduceat(similar, starts, axis=1), axis=1, kind="stable"
    )[:, :3]
    told = rows[order]
    true = [{tree.row(n) for n in e.nodes} for e in entries]
    hit = np.array(
        [[int(t) in s for t in line] for line, s in zip(told, true, strict=True)]
    )
    lead = np.array([min(s) for s in true], dtype=np.int64)
    # a right suggestion is compared with the node that it found
    shown = np.where(hit[:, 0], told[:, 0], lead)
    return hit[:, 0], np.asarray(hit.any(axis=1), dtype=bool), told[:, 0], shown
