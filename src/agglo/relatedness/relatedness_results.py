"""Results of presence, proximity, density and complexity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray
    from agglo.relatedness.convention import Convention

__all__ = ["Presence"]

_STATES = ("known", "missing", "confidential")
_BLUE = "#3b6ea5"


def grid(region: NDArray[np.str_], activity: NDArray[np.str_]) -> dict[str, ColumnData]:
    """Give the label columns of a regions x activities table in row order."""
    rows = pa.array(np.repeat(np.arange(region.size), activity.size))
    columns = pa.array(np.tile(np.arange(activity.size), region.size))
    return {
        "region": pa.array(region.tolist(), pa.string()).take(rows),
        "industry": pa.array(activity.tolist(), pa.string()).take(columns),
    }


@dataclass(frozen=True, eq=False, kw_only=True)
class Presence(Result):
    """Which activity is present in which region.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    values
        Presence in [0, 1], shape (n_regions, n_activities); NaN where the cell is unknown.
    advantage
        The quotient behind it (per inhabitant with ``"rpop"``, the given values with
        ``"manual"``); NaN where it is 0/0 or unknown.
    state
        0 known, 1 missing, 2 confidential, per cell.
    diversity
        Sum of the presence of a region; NaN with an unknown cell.
    ubiquity
        Sum of the presence of an activity; NaN with an unknown cell.
    convention
        The convention it was made under.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    values: FloatArray
    advantage: FloatArray
    state: NDArray[np.int8]
    diversity: FloatArray
    ubiquity: FloatArray
    convention: Convention

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        words = pa.array(_STATES, pa.string())
        return {
            **grid(self.region, self.activity),
            "value": self.values.ravel(),
            "advantage": self.advantage.ravel(),
            "state": words.take(pa.array(self.state.ravel())),
        }

    def summary(self) -> str:
        """Say how much is present and how much is unknown."""
        known = self.values[np.isfinite(self.values)]
        unknown = self.values.size - known.size
        share = 100 * known.mean() if known.size else float("nan")
        return "\n".join(
            [
                f"presence of {self.activity.size} activities in {self.region.size} "
                f"regions by '{self.convention.presence}': {share:.1f} % of "
                f"{known.size} known cells, {unknown} unknown",
                f"diversity {_span(self.diversity)}; ubiquity {_span(self.ubiquity)}",
                *(f"note: {w}" for w in self.provenance.warnings),
            ]
        )

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.diversity, self._mean_ubiquity(), s=12, color=_BLUE)
        ax.set_xlabel("diversity of a region")
        ax.set_ylabel("mean ubiquity of what it has")

    def _mean_ubiquity(self) -> FloatArray:
        known = np.nan_to_num(self.values)
        held = known.sum(axis=1)
        with np.errstate(invalid="ignore"):
            out: FloatArray = known @ np.nan_to_num(self.ubiquity) / held
        return out


def _span(values: FloatArray) -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return "undefined"
    return f"{known.min():g} to {known.max():g} (mean {known.mean():g})"
