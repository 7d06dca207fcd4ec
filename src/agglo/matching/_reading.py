"""How labels are cleaned and compared before a person looks at them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from agglo.core.errors import AlignmentError
from agglo.matching._folding import data_rows, fold
from agglo.matching._kernels import tfidf

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["STOP_WORDS", "LabelReader", "Scorer", "Segment"]

Scorer: TypeAlias = "Callable[[list[str], list[str]], FloatArray]"
Segment: TypeAlias = Callable[[str], Sequence[str]]

STOP_WORDS: Mapping[str, tuple[str, ...]] = {
    "zh": (
        "创新型",
        "产业集群",
        "产业带",
        "产业",
        "集群",
        "高端",
        "新型",
        "先进",
        "现代",
        "智能",
        "装备",
        "制造",
        "及",
        "与",
        "和",
    ),
    "en": (
        "advanced",
        "and",
        "cluster",
        "clusters",
        "equipment",
        "for",
        "high-end",
        "industrial",
        "industries",
        "industry",
        "innovative",
        "intelligent",
        "manufacturing",
        "modern",
        "new",
        "of",
        "smart",
        "the",
    ),
}


class LabelReader:
    """Cleans texts and compares them, as the options say."""

    def __init__(
        self,
        lang: str,
        stop_words: Sequence[str] | None,
        synonyms: Mapping[str, str] | None,
        segment: Segment | None,
        scorer: Scorer | None,
    ) -> None:
        shipped = {
            r["term"]: r["canonical"]
            for r in data_rows("synonyms.csv")
            if r["lang"] == lang
        }
        pairs = shipped if synonyms is None else synonyms
        self._scorer = scorer
        self._chinese = lang == "zh"
        stop = STOP_WORDS[lang] if stop_words is None else tuple(stop_words)
        self._stop = _pattern([fold(w) for w in stop], whole=not self._chinese)
        self._pairs = {fold(a): fold(b) for a, b in pairs.items()}
        self._terms = _pattern(self._pairs, whole=not self._chinese)
        self._segment = segment
        self.method = "scorer" if scorer else f"tfidf_{lang}"

    def clean(self, text: str) -> str:
        """Fold, replace synonyms, leave stop words out."""
        plain = fold(text)
        if self._terms is not None:
            plain = self._terms.sub(lambda m: self._pairs[m.group()], plain)
        bare = self._stop.sub(" ", plain) if self._stop is not None else plain
        bare = "".join(bare.split()) if self._chinese else " ".join(bare.split())
        # a text of stop words only, or one character more, is all there is to compare
        return bare if len(bare) >= 2 else plain

    def grams(self, text: str) -> list[str]:
        """N-grams, and words where a segmentation is given."""
        if not self._chinese:
            return tfidf.english_grams(text)
        grams = tfidf.chinese_grams(text)
        if self._segment is not None:
            grams += [f"={w}" for w in self._segment(text)]
        return grams

    def weight(self, gram: str) -> float:
        """Weight of an n-gram beside its rarity."""
        own = tfidf.chinese_weight if self._chinese else tfidf.english_weight
        return own(gram)

    def compare(
        self, texts: Sequence[str], known: Sequence[str]
    ) -> Callable[[slice], FloatArray]:
        """Give the function from a piece of the texts to their similarities."""
        left, right = list(map(self.clean, texts)), list(map(self.clean, known))
        if self._scorer is not None:
            full = np.asarray(self._scorer(left, right), dtype=np.float64)
            if full.shape != (len(left), len(right)):
                msg = f"scorer gave shape {full.shape}; expected {(len(left), len(right))}."
                raise AlignmentError(msg)
            return lambda piece: full[piece]
        vocabulary = tfidf.Vocabulary.of(right, self.grams, self.weight)
        other = vocabulary.vectors(right).T.tocsc()
        mine = vocabulary.vectors(left)
        return lambda piece: np.minimum((mine[piece] @ other).toarray(), 1.0)

    def pair_scores(
        self, left: Sequence[str], right: Sequence[str], i: IntArray, j: IntArray
    ) -> FloatArray:
        """Compare text i of `left` with text j of `right`, for many pairs."""
        one, other = list(map(self.clean, left)), list(map(self.clean, right))
        vocabulary = tfidf.Vocabulary.of([*one, *other], self.grams, self.weight)
        return tfidf.pair_cosines(
            vocabulary.vectors(one), vocabulary.vectors(other), i, j
        )


def _pattern(
    words: Sequence[str] | Mapping[str, str], *, whole: bool
) -> re.Pattern[str] | None:
    longest = sorted((w for w in words if w), key=lambda w: (-len(w), w))
    if not longest:
        return None
    body = "|".join(map(re.escape, longest))
    return re.compile(rf"\b(?:{body})\b" if whole else body)
