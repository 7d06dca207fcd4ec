"""Weighted n-grams of short texts and their cosines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "Vocabulary",
    "best_of_groups",
    "chinese_grams",
    "chinese_weight",
    "english_grams",
    "english_weight",
    "pair_cosines",
]

_WORDS = re.compile(r"[a-z0-9]+")


def chinese_grams(text: str) -> list[str]:
    """Characters, and character 2- and 3-grams."""
    n = len(text)
    return [text[i : i + k] for k in (1, 2, 3) for i in range(n - k + 1)]


def chinese_weight(gram: str) -> float:
    """Give half the weight to a single character: 鞋 says something, 电 little."""
    return 0.5 if len(gram) == 1 else 1.0


def english_weight(gram: str) -> float:
    """Give a third to a piece of a word: a word has some three times as many pieces."""
    return 1.0 if gram.startswith("=") else 1.0 / 3.0


def english_grams(text: str) -> list[str]:
    """Character 3- to 5-grams within padded words, and the words themselves."""
    words = _WORDS.findall(text)
    grams = [f"={w}" for w in words]
    for word in words:
        padded = f" {word} "
        n = len(padded)
        grams += [padded[i : i + k] for k in (3, 4, 5) for i in range(n - k + 1)]
    return grams


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """N-grams of the known texts with their inverse document frequencies.

    An n-gram that no known text has keeps its weight in the length of a vector, so that a
    text is not called similar for the small part of it that is known.
    """

    index: Mapping[str, int]
    idf: FloatArray
    unknown: float
    grams: Callable[[str], list[str]]
    weight: Callable[[str], float]

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        grams: Callable[[str], list[str]],
        weight: Callable[[str], float] = lambda _: 1.0,
    ) -> Vocabulary:
        """Count the n-grams of the known texts."""
        held = [set(grams(t)) for t in texts]
        index = {g: i for i, g in enumerate(sorted(set(chain.from_iterable(held))))}
        seen = np.zeros(len(index))
        for own in held:
            seen[[index[g] for g in own]] += 1.0
        n = len(texts)
        own_weight = np.fromiter(map(weight, index), np.float64, len(index))
        idf = (np.log((1.0 + n) / (1.0 + seen)) + 1.0) * own_weight
        return cls(
            index=index,
            idf=idf,
            unknown=float(np.log(1.0 + n) + 1.0),
            grams=grams,
            weight=weight,
        )

    def vectors(self, texts: Sequence[str]) -> sparse.csr_array:
        """Give unit vectors, shape (texts, n-grams); a text without n-grams is zero."""
        get, grams = self.index.get, self.grams
        width = len(self.index)
        # unknown n-grams go to the last column, which is dropped at the end
        words = [grams(t) for t in texts]
        each = [[get(g, width) for g in own] for own in words]
        sizes = np.fromiter(map(len, each), dtype=np.int64, count=len(each))
        columns = np.fromiter(
            chain.from_iterable(each), dtype=np.int64, count=int(sizes.sum())
        )
        row = np.repeat(np.arange(len(texts)), sizes)
        known = columns < width
        lost = [
            g
            for own, k in zip(words, each, strict=True)
            for g, c in zip(own, k, strict=True)
            if c == width
        ]
        squares = np.fromiter(
            (self.weight(g) ** 2 for g in lost), np.float64, len(lost)
        )
        missing = np.bincount(row[~known], weights=squares, minlength=len(texts))
        counts = sparse.csr_array(
            (np.ones(int(known.sum())), (row[known], columns[known])),
            shape=(len(texts), width),
        )
        counts.sum_duplicates()
        counts.data *= self.idf[counts.indices]
        squared = counts.multiply(counts).sum(axis=1) + missing * self.unknown**2
        length = np.sqrt(np.asarray(squared).reshape(-1))
        with np.errstate(divide="ignore"):
            scale = np.where(length > 0, 1.0 / length, 0.0)
        counts.data *= np.repeat(scale, np.diff(counts.indptr))
        return counts


def best_of_groups(
    similar: FloatArray, starts: IntArray, most: int
) -> list[FloatArray]:
    """Give the highest, second and further distinct values per group of columns.

    `starts` are the first columns of the groups; equal values count once. 0 where a group
    has no more. Shape (rows, groups) each.
    """
    sizes = np.diff(np.r_[starts, similar.shape[1]])
    left = similar.copy()
    out = []
    for _ in range(most):
        best = np.maximum.reduceat(left, starts, axis=1)
        out.append(np.maximum(best, 0.0))
        left[left >= np.repeat(best, sizes, axis=1)] = 0.0
    return out


def pair_cosines(
    left: sparse.csr_array, right: sparse.csr_array, i: IntArray, j: IntArray
) -> FloatArray:
    """Cosine of row i of `left` with row j of `right`, for many pairs, in pieces."""
    out = np.empty(i.size)
    step = 200_000
    for start in range(0, i.size, step):
        part = slice(start, start + step)
        product = left[i[part]].multiply(right[j[part]]).sum(axis=1)
        out[part] = np.asarray(product).reshape(-1)
    return out
