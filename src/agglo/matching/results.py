"""Results on names and labels: what was found, how, and what a person must look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.results import ColumnData, Result, frozen_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.matching._lookup import CityMatch
    from agglo.matching.gazetteer import Gazetteer

__all__ = ["CityAudit", "LabelMapping", "LabelSuggestions", "SuggestionQuality"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CityAudit(Result):
    """What each place string was taken to mean.

    Attributes
    ----------
    matches
        One match per input row, in the input's order.
    cities
        The list of cities.
    abolished
        Code of a unit that ended to its name.
    """

    matches: tuple[CityMatch, ...]
    cities: Gazetteer
    abolished: Mapping[str, str]

    @cached_property
    def city(self) -> NDArray[np.str_]:
        """Codes, shape (n,); empty where there is no city."""
        return frozen_array(np.array([m.city for m in self.matches], dtype=np.str_))

    @property
    def n_review(self) -> int:
        """Rows that a person should look at."""
        return sum(m.needs_review for m in self.matches)

    @cached_property
    def methods(self) -> Mapping[str, int]:
        """Rule to number of rows, the most frequent first."""
        return dict(Counter(m.method for m in self.matches).most_common())

    def name_of(self, code: str) -> str:
        """Give the full name of a city, Chinese where there is one."""
        row = self.cities.position.get(code)
        if row is None:
            return self.abolished.get(code, "")
        return str(self.cities.name_zh[row] or self.cities.name_en[row])

    def expanded(self) -> pa.Table:
        """Give one row per input row and city, a joint name shared equally.

        Columns row (from 1), input, city, weight; rows without a city are left out, the
        audit has them.
        """
        held = [
            (at, m.name, code, 1.0 / len(m.cities))
            for at, m in enumerate(self.matches, 1)
            for code in m.cities
        ]
        return pa.table(
            {
                "row": pa.array([h[0] for h in held], pa.int64()),
                "input": pa.array([h[1] for h in held], pa.string()),
                "city": pa.array([h[2] for h in held], pa.string()),
                "weight": pa.array([h[3] for h in held], pa.float64()),
            }
        )

    def columns(self) -> Mapping[str, ColumnData]:
        """Give the audit table: one row per input row."""
        return {
            "input": [m.name for m in self.matches],
            "city": [m.city for m in self.matches],
            "city_name": [self.name_of(m.city) for m in self.matches],
            "method": [m.method for m in self.matches],
            "score": np.array([m.score for m in self.matches]),
            "candidates": [";".join(m.candidates) for m in self.matches],
            "needs_review": np.array(
                [m.needs_review for m in self.matches], dtype=bool
            ),
            "recoded_from": [m.recoded_from for m in self.matches],
        }

    def summary(self) -> str:
        """Count the rules and the rows to review."""
        lost = sum(not m.cities for m in self.matches)
        lines = [
            f"{len(self.matches)} place strings, {lost} without a city, "
            f"{self.n_review} to review"
        ]
        lines += [f"  {method}: {n}" for method, n in self.methods.items()]
        recoded = sum(bool(m.recoded_from) for m in self.matches)
        if recoded:
            lines.append(f"  {recoded} recoded between older and newer codes")
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        ax.barh(list(self.methods), list(self.methods.values()), color="#4477aa")
        ax.invert_yaxis()
        ax.set_xlabel("place strings")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LabelMapping(Result):
    """Which nodes each label stands for; the work list of those that stand for none.

    Attributes
    ----------
    label
        Labels as given, shape (n,).
    lang
        Language.
    nodes
        Nodes of each label; an empty tuple is unmapped.
    confidence
        Confidence of the dictionary; empty when unmapped.
    reviewed
        Whether a person has reviewed the entry, shape (n,).
    """

    label: NDArray[np.str_]
    lang: str
    nodes: tuple[tuple[str, ...], ...]
    confidence: NDArray[np.str_]
    reviewed: BoolArray

    @cached_property
    def unmapped(self) -> Mapping[str, int]:
        """Work list: unmapped label to number of rows, the most frequent first."""
        lost = [str(w) for w, n in zip(self.label, self.nodes, strict=True) if not n]
        return dict(sorted(Counter(lost).items(), key=lambda i: (-i[1], i[0])))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per label."""
        return {
            "label": self.label,
            "lang": [self.lang] * self.label.size,
            "nodes": [";".join(n) for n in self.nodes],
            "confidence": self.confidence,
            "reviewed": self.reviewed,
            "mapped": np.array([bool(n) for n in self.nodes], dtype=bool),
        }

    def summary(self) -> str:
        """Count mapped and reviewed labels."""
        lost = sum(self.unmapped.values())
        return (
            f"{self.label.size} labels, {lost} unmapped "
            f"({len(self.unmapped)} distinct), {int(self.reviewed.sum())} reviewed"
        )

    def _draw(self, ax: Axes) -> None:
        levels = Counter(str(c) or "unmapped" for c in self.confidence)
        ax.bar(list(levels), list(levels.values()), color="#4477aa")
        ax.set_ylabel("labels")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LabelSuggestions(Result):
    """The nodes whose known labels read most like each label.

    Attributes
    ----------
    label
        Labels, shape (n,).
    lang
        Language.
    node
        Suggested nodes, shape (n, k), best first; empty where there are fewer.
    score
        Cosine of each suggestion in [0, 1], shape (n, k); NaN where there is none.
    evidence
        Known label behind each suggestion, shape (n, k).
    method
        How labels were compared.
    accept_score, accept_margin
        From which score and lead over the second node a row is proposed for acceptance.
    """

    label: NDArray[np.str_]
    lang: str
    node: NDArray[np.str_]
    score: FloatArray
    evidence: NDArray[np.str_]
    method: str
    accept_score: float
    accept_margin: float

    @property
    def margin(self) -> FloatArray:
        """Lead of the first node over the second; its whole score if there is no other."""
        if self.score.shape[1] == 1:
            return self.score[:, 0]
        return self.score[:, 0] - np.nan_to_num(self.score[:, 1])

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per label and suggestion; labels without one keep a row."""
        keep = ~np.isnan(self.score)
        keep[:, 0] = True
        row, rank = np.nonzero(keep)
        return {
            "label": self.label[row],
            "lang": [self.lang] * row.size,
            "rank": rank + 1,
            "node": self.node[row, rank],
            "score": self.score[row, rank],
            "evidence_label": self.evidence[row, rank],
            "method": [self.method] * row.size,
        }

    def label_audit(self) -> pa.Table:
        """Give the table that a person fills in and `apply_audit` reads.

        ``decision`` is ``"accept"`` where score and margin are high enough, and counts
        only once ``reviewer`` is filled in.
        """
        n = self.label.size
        first = self.score[:, 0]
        second = self.node[:, 1] if self.node.shape[1] > 1 else np.full(n, "")
        with np.errstate(invalid="ignore"):
            good = (first >= self.accept_score) & (self.margin >= self.accept_margin)
        blank = [""] * n
        return pa.table(
            {
                "label": self.label.tolist(),
                "lang": [self.lang] * n,
                "suggested_node": self.node[:, 0].tolist(),
                "score": first,
                "second_node": second.tolist(),
                "margin": self.margin,
                "decision": np.where(good, "accept", "").tolist(),
                "final_node": blank,
                "reviewer": blank,
                "date": blank,
                "note": blank,
            }
        )

    def summary(self) -> str:
        """Say how many labels have a suggestion, and how good."""
        first = self.score[:, 0]
        found = ~np.isnan(first) & (first > 0)
        ticked = self.label_audit()["decision"].to_pylist().count("accept")
        return (
            f"{self.label.size} labels ({self.lang}), {int(found.sum())} with a "
            f"suggestion, {ticked} proposed for acceptance "
            f"(score ≥ {self.accept_score:g}, margin ≥ {self.accept_margin:g}); "
            f"method {self.method}; every decision is a person's"
        )

    def _draw(self, ax: Axes) -> None:
        first = self.score[:, 0]
        ax.hist(
            first[~np.isnan(first)],
            bins=np.linspace(0, 1, 21).tolist(),
            color="#4477aa",
        )
        ax.axvline(self.accept_score, color="#cc6677")
        ax.set_xlabel("score of the first suggestion")
        ax.set_ylabel("labels")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SuggestionQuality(Result):
    """How often the text aid finds the node of a label that it has not seen.

    Attributes
    ----------
    lang
        Languages, one per row.
    n
        Labels tried.
    top1, top3
        Share whose first, or one of whose first three, suggestions is a node of the label.
    division
        Divisions, sorted: rows and columns of `confusion`.
    confusion
        True against suggested division, all languages together, shape (d, d).
    n_reviewed
        How many of the labels a person has reviewed.
    """

    lang: tuple[str, ...]
    n: IntArray
    top1: FloatArray
    top3: FloatArray
    division: NDArray[np.str_]
    confusion: IntArray
    n_reviewed: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per language."""
        return {
            "lang": list(self.lang),
            "n": self.n,
            "top1": self.top1,
            "top3": self.top3,
        }

    def confusion_table(self) -> pa.Table:
        """Give the pairs of true and suggested division that occur, with their counts."""
        true, told = np.nonzero(self.confusion)
        return pa.table(
            {
                "division": self.division[true].tolist(),
                "suggested_division": self.division[told].tolist(),
                "n": self.confusion[true, told],
            }
        )

    def summary(self) -> str:
        """Give the accuracies."""
        lines = [
            f"leave-one-out over {int(self.n.sum())} labels, {self.n_reviewed} reviewed"
        ]
        lines += [
            f"  {lang}: top-1 {a:.1%}, top-3 {b:.1%} of {n}"
            for lang, n, a, b in zip(
                self.lang, self.n, self.top1, self.top3, strict=True
            )
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        ax.imshow(self.confusion, cmap="Blues")
        ticks = range(self.division.size)
        ax.set_xticks(ticks, self.division.tolist(), rotation=90)
        ax.set_yticks(ticks, self.division.tolist())
        ax.set_xlabel("suggested division")
        ax.set_ylabel("division")
