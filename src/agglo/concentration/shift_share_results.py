"""Results of the shift-share accounting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration.quotient_results import CellResult
from agglo.concentration.results import five_numbers
from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["ShiftShare", "ShiftShareTotals"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ShiftShare(CellResult):
    """Parts of the change of every region and activity.

    Parameters
    ----------
    start, end
        Sizes, (n_regions, n_activities); NaN unknown.
    parts
        Part name to array of that shape; they add up to ``end - start``.
    variant
        ``"classical"`` or ``"homothetic"``.
    growth, activity_growth
        Growth of everything, and of every activity (NaN where it was nowhere).
    appeared, vanished
        ``("region" or "activity", label)`` present in one period only.
    unit
        Unit of the sizes.
    """

    start: FloatArray
    end: FloatArray
    parts: Mapping[str, FloatArray]
    variant: str
    growth: float
    activity_growth: FloatArray
    appeared: tuple[tuple[str, str], ...] = ()
    vanished: tuple[tuple[str, str], ...] = ()
    unit: str = ""

    @property
    def change(self) -> FloatArray:
        """Size at the end less size at the start."""
        return self.end - self.start

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        return self.cells(
            start=self.start, end=self.end, change=self.change, **self.parts
        )

    def by_region(self) -> ShiftShareTotals:
        """Add up the known cells of every region.

        Returns
        -------
        ShiftShareTotals
            One row per region.
        """
        return self._totals("region", self.region, axis=1)

    def by_activity(self) -> ShiftShareTotals:
        """Add up the known cells of every activity.

        Returns
        -------
        ShiftShareTotals
            One row per activity.
        """
        return self._totals("activity", self.activity, axis=0)

    def _totals(
        self, by: str, label: NDArray[np.str_], *, axis: int
    ) -> ShiftShareTotals:
        known = ~np.isnan(self.change)

        def add(v: FloatArray) -> FloatArray:
            total = np.asarray(np.where(known, v, 0.0).sum(axis=axis))
            total.setflags(write=False)
            return total

        unknown = np.asarray((~known).sum(axis=axis))
        unknown.setflags(write=False)
        return ShiftShareTotals(
            by=by,
            label=label,
            start=add(self.start),
            end=add(self.end),
            parts={name: add(part) for name, part in self.parts.items()},
            n_unknown=unknown,
            variant=self.variant,
            provenance=self.provenance,
            frame_kind=self.frame_kind,
            undefined=self.undefined,
        )

    def summary(self) -> str:
        """Say how large the change is and what it is made of."""
        known = ~np.isnan(self.change)
        total = float(self.change[known].sum())
        lines = [
            f"Shift-share ({self.variant}) of {self.region.size} regions × "
            f"{self.activity.size} activities: change {total:.6g} {self.unit}".rstrip()
            + f", growth of everything {self.growth:.2%}"
        ]
        lines += [
            f"{name}: {float(part[known].sum()):.6g} in total; by region "
            f"{five_numbers(np.where(known, part, 0.0).sum(axis=1))}"
            for name, part in self.parts.items()
        ]
        for word, found in (("appeared", self.appeared), ("vanished", self.vanished)):
            if found:
                names = ", ".join(f"{kind} {label}" for kind, label in found[:10])
                lines.append(f"{word}: {len(found)} ({names})")
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        self.by_region()._draw(ax)


@dataclass(frozen=True, eq=False, kw_only=True)
class ShiftShareTotals(Result):
    """Shift-share parts added up by region or activity, over the known cells.

    Parameters
    ----------
    by
        ``"region"`` or ``"activity"``.
    label
        Labels, (n,).
    start, end
        Sizes of the known cells.
    parts
        Part name to array (n,); they add up to ``end - start``.
    n_unknown
        Cells left out because a size is unknown in one period.
    variant
        ``"classical"`` or ``"homothetic"``.
    """

    by: str
    label: NDArray[np.str_]
    start: FloatArray
    end: FloatArray
    parts: Mapping[str, FloatArray]
    n_unknown: IntArray
    variant: str

    @property
    def regional(self) -> FloatArray:
        """Regional (competitive) part: what grew above or below its activity."""
        if "regional" in self.parts:
            return self.parts["regional"]
        return self.parts["competitive"] + self.parts["allocation"]

    @property
    def regional_rate(self) -> FloatArray:
        """Regional part over the size at the start; NaN for an empty start."""
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = self.regional / self.start
        return np.where(self.start > 0, rate, np.nan)

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per label."""
        return {
            self.by: self.label,
            "start": self.start,
            "end": self.end,
            "change": self.end - self.start,
            **self.parts,
            "regional_rate": self.regional_rate,
            "n_unknown": self.n_unknown,
        }

    def summary(self) -> str:
        """Say how the parts are spread."""
        lines = [f"Shift-share ({self.variant}) by {self.by}, {self.label.size} rows"]
        lines += [f"{name}: {five_numbers(p)}" for name, p in self.parts.items()]
        lines.append(f"regional rate: {five_numbers(self.regional_rate)}")
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        change = self.end - self.start
        order = np.argsort(-np.abs(change), kind="stable")[:20][::-1]
        place = np.arange(order.size)
        left_up, left_down = np.zeros(order.size), np.zeros(order.size)
        for name, part in self.parts.items():
            v = part[order]
            left = np.where(v >= 0, left_up, left_down)
            ax.barh(place, v, left=left, label=name.replace("_", " "))
            left_up += np.maximum(v, 0.0)
            left_down += np.minimum(v, 0.0)
        ax.plot(change[order], place, "k|", markersize=10, label="change")
        ax.set_yticks(place, [str(n) for n in self.label[order]])
        ax.axvline(0.0, color="0.3", linewidth=0.8)
        ax.legend(fontsize="small")
