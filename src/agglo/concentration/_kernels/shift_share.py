"""Shift-share accounting on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of the change of every cell, (n_regions, n_activities) each.

    Attributes
    ----------
    national
        Start size times growth of everything.
    industry_mix
        Start size times what the activity grew above that.
    regional
        Start size times what the cell grew above its activity.
    unsplit
        Change of cells whose rate does not exist.
    """

    national: FloatArray
    industry_mix: FloatArray
    regional: FloatArray
    unsplit: FloatArray


@dataclass(frozen=True, slots=True)
class Homothetic:
    """Esteban-Marquillas: the regional part split in two, and what cannot be split."""

    competitive: FloatArray
    allocation: FloatArray
    unsplit: FloatArray


def classical(
    start: FloatArray,
    end: FloatArray,
    activity_start: FloatArray,
    activity_end: FloatArray,
    total_start: float,
    total_end: float,
) -> Shares:
    """National, industry-mix and regional parts; NaN where a size is unknown.

    An activity that was nowhere at the start has no growth rate: its change is `unsplit`.
    """
    growth = total_end / total_start
    new = activity_start == 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        activity_growth = np.where(new, growth, activity_end / activity_start)
    national = start * (growth - 1.0)
    industry_mix = start * (activity_growth - growth)
    regional = np.where(new, 0.0 * end, end - start * activity_growth)
    unsplit = np.where(new, end, 0.0 * (start + end))
    unknown = np.isnan(start + end)
    return Shares(
        *(
            np.where(unknown, np.nan, part)
            for part in (national, industry_mix, regional, unsplit)
        )
    )


def homothetic(
    start: FloatArray,
    end: FloatArray,
    row_start: FloatArray,
    activity_start: FloatArray,
    activity_end: FloatArray,
    total_start: float,
) -> Homothetic:
    """Split the regional part at the size the cell would have with national shares.

    A cell that was empty at the start has no growth rate: its change is `unsplit`.
    """
    expected = row_start[:, None] * activity_start / total_start
    empty = start == 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = np.where(empty, 0.0, end / start - activity_end / activity_start)
    unknown = np.isnan(start + end)
    parts = (
        expected * ahead,
        (start - expected) * ahead,
        np.where(empty, end, 0.0),
    )
    return Homothetic(*(np.where(unknown, np.nan, part) for part in parts))
