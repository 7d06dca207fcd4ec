"""Results of the inequality, variety and specialisation measures: one row per unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError
from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["TheilValues", "UnitValues", "VarietyValues"]


def draw_bars(
    ax: Axes, labels: NDArray[np.str_], values: FloatArray, title: str, most: int = 20
) -> None:
    """Draw the largest defined values as horizontal bars."""
    known = np.flatnonzero(np.isfinite(values))
    top = known[np.argsort(-values[known], kind="stable")][:most][::-1]
    ax.barh(np.arange(top.size), values[top], color="#3b6ea5")
    ax.set_yticks(np.arange(top.size), [str(labels[k]) for k in top])
    ax.set_xlabel(title)
    if known.size > top.size:
        ax.set_title(f"the {top.size} largest of {known.size}", fontsize="medium")


def five_numbers(values: FloatArray) -> str:
    """Say where the defined values lie."""
    known = values[np.isfinite(values)]
    if known.size == 0:
        return "none defined"
    low, q1, middle, q3, high = np.quantile(known, [0.0, 0.25, 0.5, 0.75, 1.0])
    return (
        f"median {middle:.4g}, quartiles {q1:.4g} to {q3:.4g}, "
        f"range {low:.4g} to {high:.4g}"
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class UnitValues(Result):
    """One number per unit.

    Parameters
    ----------
    measure
        Name of the measure, for titles.
    reading
        What small and large values mean, with the source.
    by
        ``"region"``, ``"activity"`` or ``"vector"``.
    label
        Labels of the units, (n_units,); every array below has this shape.
    values
        The measure; NaN is undefined, with a reason in `undefined`.
    n_unknown
        Cells of the unit that are missing or confidential.
    status
        ``"ok"`` or why the value is undefined.
    """

    measure: str
    reading: str
    by: str
    label: NDArray[np.str_]
    values: FloatArray
    n_unknown: IntArray
    status: NDArray[np.str_]

    @property
    def value(self) -> float:
        """The number of the only unit, for a vector or a table of one unit."""
        if self.values.size != 1:
            msg = f"There are {self.values.size} values; use `values` or `to_frame()`."
            raise AlignmentError(msg)
        return float(self.values[0])

    def __float__(self) -> float:
        """Give the number of the only unit."""
        return self.value

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unit."""
        name = "unit" if self.by == "vector" else self.by
        return {
            name: self.label,
            "value": self.values,
            **self._more(),
            "n_unknown": self.n_unknown,
            "status": self.status,
        }

    def _more(self) -> Mapping[str, ColumnData]:
        return {}

    def summary(self) -> str:
        """Say how the values are spread and what they mean."""
        known = np.isfinite(self.values)
        if self.by == "vector":
            first = f"{self.measure}: {self.values[0]:.6g}"
        else:
            first = (
                f"{self.measure} by {self.by}, {known.sum()} of {known.size} defined: "
                f"{five_numbers(self.values)}"
            )
        return "\n".join([first, self.reading, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        draw_bars(ax, self.label, self.values, self.measure)


@dataclass(frozen=True, eq=False, kw_only=True)
class TheilValues(UnitValues):
    """Theil index per unit, with its parts.

    Parameters
    ----------
    between, within
        Inequality between and within the groups of parts, (n_units,); they add up to
        `values`. Without groups `between` is 0.
    """

    between: FloatArray
    within: FloatArray

    def _more(self) -> Mapping[str, ColumnData]:
        return {"between": self.between, "within": self.within}


@dataclass(frozen=True, eq=False, kw_only=True)
class VarietyValues(UnitValues):
    """Total entropy per unit in `values`, with its parts.

    Parameters
    ----------
    unrelated, related
        Entropy between and mean entropy within the groups of activities, bits,
        (n_units,); they add up to `values`.
    """

    unrelated: FloatArray
    related: FloatArray

    def _more(self) -> Mapping[str, ColumnData]:
        return {"unrelated": self.unrelated, "related": self.related}

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.unrelated, self.related, s=14, color="#3b6ea5")
        ax.set_xlabel("unrelated variety (bits)")
        ax.set_ylabel("related variety (bits)")
