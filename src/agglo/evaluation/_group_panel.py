"""Employment of sub-industries by region, group and period as one dense block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import NotIdentifiedError
from agglo.core.frames import float_column
from agglo.core.options import check_choice
from agglo.evaluation._element_input import labels, raise_all, read_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["GroupPanel", "Missing", "read_group_panel"]

Missing = Literal["undefined", "zero"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPanel:
    """Cells (unit and sub-industry) by period; a unit is a group in a region.

    Attributes
    ----------
    region, group
        Labels of the units, (n_units,).
    group_code
        Number of each unit's group, (n_units,).
    groups
        Sorted labels of the groups.
    period
        Sorted labels, (n_periods,).
    unit
        Unit of every cell, ascending, (n_cells,).
    sub
        Number of the sub-industry of every cell.
    subs
        Labels of the sub-industries.
    sub_count
        Sub-industries of each group in the whole table, (n_groups,).
    values
        Employment, (n_cells, n_periods): absent is 0, missing NaN.
    n_unknown
        Missing values.
    """

    region: NDArray[np.str_]
    group: NDArray[np.str_]
    group_code: IntArray
    groups: NDArray[np.str_]
    period: NDArray[np.str_]
    unit: IntArray
    sub: IntArray
    subs: NDArray[np.str_]
    sub_count: IntArray
    values: FloatArray
    n_unknown: int

    @property
    def n(self) -> int:
        """Number of units."""
        return self.region.size

    def add(self, values: FloatArray) -> FloatArray:
        """Add cells up to units, (n_units, n_periods); NaN stays NaN."""
        first = np.searchsorted(self.unit, np.arange(self.n))
        out: FloatArray = np.add.reduceat(values, first, axis=0)
        return out

    def totals(self) -> FloatArray:
        """Employment of the units."""
        return self.add(self.values)

    def by_group(self, values: FloatArray) -> FloatArray:
        """Add units up to groups, unknown ones left out, (n_groups, n_periods)."""
        out = np.zeros((self.groups.size, values.shape[1]))
        np.add.at(out, self.group_code, np.nan_to_num(values))
        return out

    def shares(self) -> FloatArray:
        """Share of every cell in its unit; NaN where the unit is empty or unknown."""
        total = self.totals()[self.unit]
        out: FloatArray = np.full(self.values.shape, np.nan)
        np.divide(self.values, total, out=out, where=total > 0)
        return out

    def entropy(self) -> FloatArray:
        """Entropy of the shares over that of even shares of all sub-industries of the group."""
        share = self.shares()
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(share > 0, -share * np.log(share), share * 0.0)
        most = np.log(self.sub_count[self.group_code])[:, None]
        out: FloatArray = np.full((self.n, self.period.size), np.nan)
        np.divide(self.add(part), most, out=out, where=most > 0)
        return out

    def herfindahl(self) -> FloatArray:
        """Sum of squared shares."""
        return self.add(self.shares() ** 2)


def read_group_panel(
    data: IntoFrame,
    *,
    region: str,
    group: str,
    activity: str,
    period: str,
    value: str,
    missing: Missing,
) -> GroupPanel:
    """Read rows of region, group, sub-industry and period.

    Raises
    ------
    InvalidTableError
        Listing duplicate_key, negative_value, not_finite, mixed_labels, empty_table.
    NotIdentifiedError
        If the periods are whole numbers with gaps: windows would differ in length.
    """
    check_choice("missing", missing, ("undefined", "zero"))
    asked = {
        "region": region,
        "group": group,
        "activity": activity,
        "period": period,
        "value": value,
    }
    table, problems = read_table(data, "data", {**asked})
    raise_all(problems, "data")
    regions, r = labels(table, region, "data")
    groups, g = labels(table, group, "data")
    subs, s = labels(table, activity, "data")
    periods, t = labels(table, period, "data")
    given = float_column(table, value)
    cell_key = (r * groups.size + g) * subs.size + s
    problems += flag_rows(
        np.isinf(given),
        code="not_finite",
        what=f"column '{value}' is infinite",
        where="data",
        column=value,
        fix="correct the value, or leave it empty if it is missing",
    )
    problems += flag_rows(
        np.nan_to_num(given) < 0,
        code="negative_value",
        what=f"column '{value}' is below 0",
        where="data",
        column=value,
        fix="employment cannot be negative; missing is empty",
    )
    problems += flag_rows(
        repeated(cell_key * periods.size + t),
        code="duplicate_key",
        what="the same region, group, sub-industry and period occurs more than once",
        where="data",
        fix="add the rows up first",
    )
    raise_all(problems, "data")
    _refuse_gaps(periods)
    cells, at = np.unique(cell_key, return_inverse=True)
    values = np.zeros((cells.size, periods.size))
    values[at.reshape(-1), t] = np.nan_to_num(given) if missing == "zero" else given
    unit_key, unit = np.unique(cells // subs.size, return_inverse=True)
    code = (unit_key % groups.size).astype(np.int64)
    pair = np.unique((cells // subs.size % groups.size) * subs.size + cells % subs.size)
    return GroupPanel(
        region=regions[unit_key // groups.size],
        group=groups[code],
        group_code=code,
        groups=groups,
        period=periods,
        unit=unit.reshape(-1).astype(np.int64),
        sub=(cells % subs.size).astype(np.int64),
        subs=subs,
        sub_count=np.bincount(pair // subs.size, minlength=groups.size),
        values=values,
        n_unknown=int(np.isnan(given).sum()),
    )


def _refuse_gaps(period: NDArray[np.str_]) -> None:
    if not all(p.isdigit() for p in period) or period.size < 2:
        return
    steps = np.diff(period.astype(np.int64))
    if (steps != steps[0]).any():
        lost = [str(p) for p, d in zip(period[1:], steps, strict=True) if d != steps[0]]
        msg = (
            f"The periods are not evenly spaced (before {lost[:5]}): growth over a fixed "
            "number of periods would mean different things. Choose an unbroken stretch."
        )
        raise NotIdentifiedError(msg)
