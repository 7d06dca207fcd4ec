"""Which region of a higher level a region lies in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, OptionError, Problem, suggest
from agglo.core.tables import as_regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.tables import Regions
    from agglo.core.typing import IntArray, IntoFrame

__all__ = ["ancestors", "level_of", "needed_regions"]

_DEEPEST = 32


def ancestors(
    regions: IntoFrame | Regions, labels: NDArray[np.str_], level: str
) -> tuple[NDArray[np.str_], IntArray]:
    """Climb from each label to the region of a level that it lies in.

    Parameters
    ----------
    regions
        Table of regions with `level` and `parent`.
    labels
        Codes to start from, shape (n,).
    level
        Level to climb to.

    Returns
    -------
    labels : numpy.ndarray of str
        All regions of that level, sorted.
    codes : numpy.ndarray of int64
        Position of each start's ancestor among them, shape (n,).

    Raises
    ------
    AlignmentError
        Listing all of unknown_region, no_parent.
    OptionError
        If no region has that level.
    """
    known = as_regions(regions)
    levels = known.level.astype(str)
    at_level = levels == level
    if not at_level.any():
        words = sorted({str(w) for w in known.level if w is not None})
        msg = f"level={level!r}: no region has it. {suggest(level, words)}".rstrip()
        msg = f"{msg} Levels: {words}"
        raise OptionError(msg)
    names = [str(x) for x in labels]
    at = {str(r): i for i, r in enumerate(known.region)}
    start = np.array([at.get(x, -1) for x in names], dtype=np.int64)
    lost = [x for x in names if x not in at]
    parent = np.array(
        [-1 if p is None else at.get(str(p), -1) for p in known.parent], dtype=np.int64
    )
    here = start.copy()
    for _ in range(_DEEPEST):
        climb = (here >= 0) & ~at_level[np.maximum(here, 0)]
        if not climb.any():
            break
        here = np.where(climb, parent[np.maximum(here, 0)], here)
    stuck = (here < 0) | ~at_level[np.maximum(here, 0)]
    alone = [x for x, s, w in zip(names, start, stuck, strict=True) if s >= 0 and w]
    _refuse(lost, alone, level)
    position = np.cumsum(at_level) - 1
    return known.region[at_level], position[here].astype(np.int64)


def needed_regions(
    level: str, regions: IntoFrame | Regions | None
) -> IntoFrame | Regions:
    """Refuse a level without the table that says what lies in what."""
    if regions is None:
        msg = f"level={level!r} needs regions=, which says what lies in what."
        raise OptionError(msg)
    return regions


def level_of(regions: Regions, labels: NDArray[np.str_]) -> tuple[str, ...]:
    """Name the levels that some labels have, in alphabetical order."""
    wanted = set(labels.tolist())
    return tuple(
        sorted(
            {
                str(v)
                for r, v in zip(regions.region.tolist(), regions.level, strict=True)
                if r in wanted and v is not None
            }
        )
    )


def _refuse(lost: list[str], alone: list[str], level: str) -> None:
    problems: list[Problem] = []
    if lost:
        problems.append(
            Problem(
                code="unknown_region",
                what=f"{len(lost)} regions are not in `regions`: {lost[:10]}",
                where="regions",
                fix="add them to the table of regions, or correct the codes",
            )
        )
    if alone:
        problems.append(
            Problem(
                code="no_parent",
                what=f"{len(alone)} regions lie in no region of level '{level}': {alone[:10]}",
                where="regions",
                column="parent",
                fix="fill the column `parent` up to that level",
            )
        )
    if problems:
        msg = "The regions do not fit together."
        raise AlignmentError(msg, problems)
