"""Results of putting firms and industries into classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray

__all__ = ["Classes"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Classes(Result):
    """A class for every row.

    Attributes
    ----------
    item
        What was classified: the row number, or the code.
    label
        Its class; ``"unknown"`` or ``"none"`` where there is none.
    flagged
        Whether one of two measures was missing.
    order
        The classes of the rule, in its order.
    rule
        Name of the rule.
    """

    item: NDArray[np.str_]
    label: NDArray[np.str_]
    flagged: BoolArray
    order: tuple[str, ...]
    rule: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per row of the data, in its order; rank 1 is the first class."""
        place = {word: float(i) for i, word in enumerate(self.order, 1)}
        rank = np.array([place.get(str(w), np.nan) for w in self.label])
        return {
            "item": self.item,
            "class": self.label,
            "rank": rank,
            "flagged": self.flagged,
        }

    def summary(self) -> str:
        """Count the classes."""
        counts = [f"{word} {int((self.label == word).sum())}" for word in self._words()]
        notes = [f"note: {u.n} {u.item}: {u.reason}" for u in self.undefined]
        return "\n".join(
            [f"{self.label.size} rows by '{self.rule}': " + ", ".join(counts), *notes]
        )

    def _words(self) -> list[str]:
        extra = sorted(set(self.label.tolist()) - set(self.order))
        return [*self.order, *extra]

    def _draw(self, ax: Axes) -> None:
        words = self._words()
        ax.bar(words, [int((self.label == w).sum()) for w in words], color="#3b6ea5")
        ax.set_ylabel("rows")
