"""Ellison-Glaeser family on arrays: cells, sums over plants, dartboard moments.

Notation of the papers: s = share of an activity's employment that lies in an area,
x = reference share of the area, z = plant's share of its activity, D = 1 - sum(x^2).
Absent cells are zero, so every sum over areas is a sum over the cells present plus the
same sum for an empty activity: the cost is that of the cells, not of areas x activities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

# below these, 1 - H or D is rounding error of an exact zero
ONE_PLANT = 1e-12
ONE_AREA = 1e-12
_DENSE_CELLS = 20_000_000


def sum_by(code: IntArray, terms: FloatArray, n: int) -> FloatArray:
    """Sum terms by code 0 to n - 1, shape (n,)."""
    return np.asarray(np.bincount(code, terms, minlength=n), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells with something in them, one row each.

    Attributes
    ----------
    region, activity
        Codes, shape (n_cells,), no pair twice, sorted by activity then region.
    value
        Amounts, shape (n_cells,), finite and positive.
    n_regions, n_activities
        Numbers of codes.
    """

    region: IntArray
    activity: IntArray
    value: FloatArray
    n_regions: int
    n_activities: int

    def per_activity(self, terms: FloatArray) -> FloatArray:
        """Sum a term of every cell by activity, shape (n_activities,)."""
        return sum_by(self.activity, terms, self.n_activities)


@dataclass(frozen=True, slots=True)
class PlantMoments:
    """Sums over the plants of each activity, shape (n_activities,) each."""

    total: FloatArray
    count: FloatArray
    herfindahl: FloatArray
    fourth: FloatArray


@dataclass(frozen=True, slots=True)
class Reference:
    """Reference distribution: at the cells, and its power sums for each activity."""

    at_cells: FloatArray
    x2: FloatArray
    x3: FloatArray


def cells_of_plants(
    region: IntArray,
    activity: IntArray,
    size: FloatArray,
    n_regions: int,
    n_activities: int,
) -> Cells:
    """Sum plants to cells; O(plants) while the full grid of cells fits in memory."""
    key = activity * n_regions + region
    n_keys = n_regions * n_activities
    if n_keys <= max(_DENSE_CELLS, 4 * key.size):
        total = sum_by(key, size, n_keys)
        used = np.flatnonzero(total)
        value = total[used]
    else:
        used, inverse = np.unique(key, return_inverse=True)
        value = sum_by(inverse, size, used.size)
        used, value = used[value > 0], value[value > 0]
    code, area = np.divmod(used, n_regions)
    return Cells(area, code, value, n_regions, n_activities)


def cells_of_matrix(values: FloatArray, n_regions: int) -> Cells:
    """List the positive cells of a (<= n_regions, n_activities) matrix; NaN is left out."""
    n_activities = values.shape[1]
    turned = values.T
    with np.errstate(invalid="ignore"):
        activity, region = np.nonzero(turned > 0)
    return Cells(region, activity, turned[activity, region], n_regions, n_activities)


def plant_moments(
    activity: IntArray, size: FloatArray, n_activities: int
) -> PlantMoments:
    """Total, number, Herfindahl index and sum of fourth powers of plant shares."""
    total = sum_by(activity, size, n_activities)
    count = np.bincount(activity, minlength=n_activities).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        square = (size / total[activity]) ** 2
    return PlantMoments(
        total=total,
        count=count,
        herfindahl=sum_by(activity, square, n_activities),
        fourth=sum_by(activity, square**2, n_activities),
    )


def cell_mean_moments(
    cells: Cells, plants: FloatArray, total: FloatArray, count: FloatArray
) -> PlantMoments:
    """Moments when all plants of a cell are equal: the smallest H the cells allow."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = cells.value / plants / total[cells.activity]
        return PlantMoments(
            total=total,
            count=count,
            herfindahl=cells.per_activity(plants * z**2),
            fourth=cells.per_activity(plants * z**4),
        )


def fixed_reference(cells: Cells, x: FloatArray) -> Reference:
    """One reference for all activities; `x` sums to one over the regions."""
    ones = np.ones(cells.n_activities)
    return Reference(x[cells.region], ones * np.sum(x**2), ones * np.sum(x**3))


def others_reference(cells: Cells, row_total: FloatArray, total: float) -> Reference:
    """Everything but the activity itself: x_im = (T_m - e_im) / (T - e_i)."""
    area = row_total[cells.region]
    rest = area - cells.value
    own = cells.per_activity(cells.value)
    left = total - own
    # an activity that is everything leaves rounding dust
    with np.errstate(divide="ignore"):
        scale = np.where(left > ONE_AREA * total, 1.0 / left, np.nan)
    x2 = np.sum(row_total**2) + cells.per_activity(rest**2 - area**2)
    x3 = np.sum(row_total**3) + cells.per_activity(rest**3 - area**3)
    return Reference(rest * scale[cells.activity], x2 * scale**2, x3 * scale**3)


def raw_concentration(
    cells: Cells, share: FloatArray, reference: Reference
) -> tuple[FloatArray, FloatArray]:
    """G = sum (s - x)^2 and sum s^2 of each activity."""
    gap = (share - reference.at_cells) ** 2 - reference.at_cells**2
    return cells.per_activity(gap) + reference.x2, cells.per_activity(share**2)


def shares(cells: Cells, total: FloatArray) -> FloatArray:
    """Share of its activity that lies in each cell; 0/0 is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return cells.value / total[cells.activity]


def excess(raw: FloatArray, herfindahl: FloatArray, x2: FloatArray) -> FloatArray:
    """(raw / D - H) / (1 - H): gamma for raw = G, Maurel-Sedillot for sum s^2 - sum x^2."""
    spread = 1.0 - x2
    defined = (spread > ONE_AREA) & (1.0 - herfindahl > ONE_PLANT)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (raw / spread - herfindahl) / (1.0 - herfindahl)
    return np.where(defined, value, np.nan)


def dartboard_moments(
    herfindahl: FloatArray, fourth: FloatArray, x2: FloatArray, x3: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of G when plants fall on areas with probabilities x."""
    pairs = x2 - 2.0 * x3 + x2**2
    same = x2 - 4.0 * x3 + 3.0 * x2**2
    variance = 2.0 * (herfindahl**2 * pairs - fourth * same)
    return herfindahl * (1.0 - x2), np.sqrt(np.maximum(variance, 0.0))


def widest_fourth(herfindahl: FloatArray, x2: FloatArray, x3: FloatArray) -> FloatArray:
    """Sum of fourth powers that makes the variance largest when only H is known.

    It lies between H^3 (equal plants) and H^2; the variance falls with it, except where
    one area holds most of the reference.
    """
    same = x2 - 4.0 * x3 + 3.0 * x2**2
    return np.where(same >= 0, herfindahl**3, herfindahl**2)


@dataclass(frozen=True, slots=True)
class GroupSums:
    """Sums of each group of activities, shape (n_groups,) each."""

    total: FloatArray
    members: IntArray
    raw: FloatArray
    square: FloatArray
    x2: FloatArray
    weight2: FloatArray
    members_raw: FloatArray


def merge_activities(cells: Cells, group: IntArray, n_groups: int) -> Cells:
    """Sum cells over the activities of each group; group -1 is left out."""
    code = group[cells.activity]
    kept = code >= 0
    return cells_of_plants(
        cells.region[kept], code[kept], cells.value[kept], cells.n_regions, n_groups
    )


def group_sums(
    cells: Cells,
    merged: Cells,
    reference: Reference,
    group: IntArray,
    n_groups: int,
) -> GroupSums:
    """Raw concentration of every group and of its members, all against the group's x.

    `reference` belongs to `merged`. `members_raw` is sum_i w_i^2 G_i.
    """
    total = merged.per_activity(merged.value)
    raw, square = raw_concentration(merged, shares(merged, total), reference)
    own = cells.per_activity(cells.value)
    grouped = group >= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(grouped, own / total[group], 0.0)
    kept = grouped[cells.activity]
    code = group[cells.activity[kept]]
    place = np.searchsorted(
        merged.activity * merged.n_regions + merged.region,
        code * cells.n_regions + cells.region[kept],
    )
    x = reference.at_cells[place]
    share = cells.value[kept] / own[cells.activity[kept]]
    gap = np.bincount(
        cells.activity[kept], (share - x) ** 2 - x**2, minlength=cells.n_activities
    )
    member = gap + np.where(grouped, reference.x2[group], 0.0)
    active = grouped & (own > 0)

    def by_group(terms: FloatArray) -> FloatArray:
        return sum_by(group[active], terms[active], n_groups)

    return GroupSums(
        total=total,
        members=np.bincount(group[active], minlength=n_groups),
        raw=raw,
        square=square,
        x2=reference.x2,
        weight2=by_group(weight**2),
        members_raw=by_group(weight**2 * member),
    )
