"""Counting the words of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["counted"]


def counted(values: Sequence[str]) -> dict[str, int]:
    """Count words, the most frequent first."""
    words, counts = np.unique(np.asarray(values, dtype=np.str_), return_counts=True)
    order = np.lexsort((words, -counts))
    return {str(words[i]): int(counts[i]) for i in order}
