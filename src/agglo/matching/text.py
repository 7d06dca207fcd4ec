"""Which nodes might a label mean? A text aid that proposes and never decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import frame_kind, require_columns, string_column, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.matching import _node_scores as nodes_of
from agglo.matching._folding import fold
from agglo.matching._node_scores import OTHER, KnownTexts, descriptions_of
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
    descriptions: IntoFrame | None = None,
    translations: Mapping[str, str] | None = None,
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
    descriptions
        Further texts of nodes, for example the products of a classification: industry,
        text, lang. See `agglo.sources.industry_terms`.
    translations
        Label to the same label in the other language; both are compared, each with the
        texts of its language.
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
    Chinese: characters (half weight), 2- and 3-grams. English: words, and 3- to 5-grams
    within words (a third). Weights are :math:`tf \cdot (\ln\frac{1+n}{1+df} + 1)`,
    similarity is the cosine; n-grams that no known text has count in the length of a
    label, so a label is not similar for a small known part. The score of a node joins its
    three best texts, :math:`1 - (1-s_1)(1-0.3 s_2)(1-0.3 s_3)`, equal ones counted once,
    and both languages the same way without the 0.3; ties go to the smaller code.
    O(n-grams) and O(labels × known texts), in pieces.

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
    (np.str_('X11'), 0.55)
    """
    check_choice("lang", lang, _LANGS)
    check_number("k", k, minimum=1, maximum=1000, integer=True)
    check_number("accept_score", accept_score, minimum=0, maximum=1)
    check_number("accept_margin", accept_margin, minimum=0, maximum=1)
    known = as_industry_tree(tree)
    words = as_label_dictionary(labels, known)
    given, kind = _given(data, label)
    further = descriptions_of(descriptions, known)
    texts = _known_texts(known, words, further, lang)
    reader = LabelReader(lang, stop_words, synonyms, segment, scorer)
    method = reader.method
    sides = [(reader, given, texts)]
    other = nodes_of.translated(given, translations)
    if any(other):
        second = KnownTexts.of(known, words, further, OTHER[lang])
        if second.text:
            side = LabelReader(OTHER[lang], None, None, None, None)
            sides.append((side, other, second))
            method = f"{method}+{OTHER[lang]}"
    node, score, shown = _ranked(sides, known, int(k))
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
            [list(row) for row in further],
            other,
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
    tree: IndustryTree,
    labels: LabelDictionary,
    further: nodes_of.Descriptions,
    lang: str,
) -> KnownTexts:
    found = KnownTexts.of(tree, labels, further, lang)
    if not found.text:
        problem = Problem(
            code="empty_table",
            what=f"neither the dictionary nor the tree has a text in {lang!r}",
            where="labels",
            fix="pass names or labels of that language",
        )
        msg = "There is nothing to compare labels with."
        raise InvalidTableError(msg, [problem])
    return found


def _ranked(
    sides: Sequence[tuple[LabelReader, list[str], KnownTexts]],
    tree: IndustryTree,
    k: int,
) -> tuple[NDArray[np.str_], FloatArray, NDArray[np.str_]]:
    given = sides[0][1]
    n_nodes = tree.node.size
    width = min(k, n_nodes)
    compares = [reader.compare(words, known.text) for reader, words, known in sides]
    best = np.empty((len(given), width), dtype=np.int64)
    score = np.empty((len(given), width))
    shown = np.empty((len(given), width), dtype=object)
    for start in range(0, len(given), _PIECE):
        piece = slice(start, start + _PIECE)
        total, evidence = _one_piece(sides, compares, piece, n_nodes)
        # a stable sort: equal scores go to the smaller code
        order = np.argsort(-total, axis=1, kind="stable")[:, :width]
        best[piece] = order
        score[piece] = np.take_along_axis(total, order, axis=1)
        shown[piece] = np.take_along_axis(evidence, order, axis=1)
    short = np.array([len(fold(w)) < 2 for w in given], dtype=bool)
    score[short] = np.nan
    score[:, 1:][score[:, 1:] <= 0] = np.nan
    blank = np.isnan(score) | (score <= 0)
    node = np.where(blank, "", tree.node[best])
    return node, score, np.where(blank, "", shown).astype(np.str_)


def _one_piece(
    sides: Sequence[tuple[LabelReader, list[str], KnownTexts]],
    compares: Sequence[Callable[[slice], FloatArray]],
    piece: slice,
    n_nodes: int,
) -> tuple[FloatArray, NDArray[np.object_]]:
    """Score the nodes for some labels, with the text of either language that says most."""
    total: FloatArray | None = None
    top: FloatArray | None = None
    shown: NDArray[np.object_] | None = None
    for (_, _, known), compare in zip(sides, compares, strict=True):
        one, place = nodes_of.scores(compare(piece), known, n_nodes)
        words = np.array([*known.text, ""], dtype=object)[place]
        if total is None or top is None or shown is None:
            total, top, shown = one, one, words
            continue
        shown = np.where(one > top, words, shown)
        top = np.maximum(one, top)
        total = nodes_of.both(total, one)
    if total is None or shown is None:
        msg = "there is no side to compare"
        raise AssertionError(msg)
    return total, shown


def suggestion_quality(
    tree: IntoFrame | IndustryTree,
    labels: IntoFrame | LabelDictionary,
    *,
    only_reviewed: bool = False,
    stop_words: Sequence[str] | None = None,
    segment: Segment | None = None,
    descriptions: IntoFrame | None = None,
    translations: Mapping[str, str] | None = None,
) -> SuggestionQuality:
    """Measure how often the text aid finds a label's node without having seen the label.

    Parameters
    ----------
    tree, labels
        What `as_industry_tree` and `as_label_dictionary` accept.
    only_reviewed
        Whether only labels that a person has reviewed are tried; all are compared with.
    stop_words, segment, descriptions, translations
        As in `suggest_nodes` (stop words of both languages). A translation counts from
        either side.

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
    Leave-one-out: all texts that read like the label itself (or like its translation) are
    left out of the comparison. The document frequencies of n-grams keep it. A label counts
    as found when the suggestion is one of its nodes.

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
    further = descriptions_of(descriptions, known)
    pairs = dict(translations or {})
    pairs |= {v: k for k, v in pairs.items()}
    for lang in _LANGS:
        entries = [
            e for e in words.of_language(lang) if e.reviewed or not only_reviewed
        ]
        if not entries:
            continue
        mine = [e.label for e in entries]
        total = _left_out(
            LabelReader(lang, stop_words, None, segment, None),
            mine,
            _known_texts(known, words, further, lang),
            known,
        )
        other = nodes_of.translated(mine, pairs)
        second = KnownTexts.of(known, words, further, OTHER[lang])
        if any(other) and second.text:
            side = LabelReader(OTHER[lang], stop_words, None, segment, None)
            total = nodes_of.both(total, _left_out(side, other, second, known))
        first, third, told, true = _judged(total, entries, known)
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
    reader: LabelReader, mine: list[str], texts: KnownTexts, tree: IndustryTree
) -> FloatArray:
    similar = reader.compare(mine, texts.text)(slice(None)).copy()
    similar[nodes_of.own_texts(reader, mine, texts.text)] = 0.0
    return nodes_of.scores(similar, texts, tree.node.size)[0]


def _judged(
    total: FloatArray, entries: Sequence[LabelEntry], tree: IndustryTree
) -> tuple[BoolArray, BoolArray, IntArray, IntArray]:
    """Say whether the first and the first three are right; told and true nodes."""
    told = np.argsort(-total, axis=1, kind="stable")[:, :3]
    true = [{tree.row(n) for n in e.nodes} for e in entries]
    hit = np.array(
        [[int(t) in s for t in line] for line, s in zip(told, true, strict=True)]
    )
    lead = np.array([min(s) for s in true], dtype=np.int64)
    # a right suggestion is compared with the node that it found
    shown = np.where(hit[:, 0], told[:, 0], lead)
    return hit[:, 0], np.asarray(hit.any(axis=1), dtype=bool), told[:, 0], shown
