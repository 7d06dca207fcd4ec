"""Results of the measures of pairs and of surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration._undefined import quartiles
from agglo.core.frames import from_arrow
from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, FrameKind

__all__ = [
    "Coagglomeration",
    "Externalities",
    "HowardColocation",
    "LocationalCorrelation",
    "PairMatrix",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class PairMatrix(Result):
    """A symmetric measure of all pairs of activities.

    Parameters
    ----------
    activity
        Labels, shape (n_activities,).
    values
        Shape (n_activities, n_activities), symmetric, with the diagonal.
    status
        Per activity: ``"ok"`` or why its row and column are undefined.
    """

    activity: NDArray[np.str_]
    values: FloatArray
    status: NDArray[np.str_]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair, the pairs of an activity with itself included."""
        return self._pairs(diagonal=True)

    def to_pairs(self, kind: FrameKind | None = None) -> object:
        """Give one row per pair of two different activities.

        Parameters
        ----------
        kind
            Kind of frame; default the caller's own.

        Returns
        -------
        object
            Frame with the columns ``activity_a``, ``activity_b`` (in label order) and
            ``value``.
        """
        pairs = self._pairs(diagonal=False)
        table = pa.table({k: pa.array(v) for k, v in pairs.items()})
        return from_arrow(table, kind or self.frame_kind)

    def _pairs(self, *, diagonal: bool) -> Mapping[str, ColumnData]:
        a, b = np.triu_indices(self.activity.size, 0 if diagonal else 1)
        words = pa.array(self.activity.tolist(), pa.string())
        return {
            "activity_a": words.take(pa.array(a)),
            "activity_b": words.take(pa.array(b)),
            "value": self.values[a, b],
        }

    def _off_diagonal(self) -> FloatArray:
        return self.values[np.triu_indices(self.activity.size, 1)]

    def _strongest(self) -> str:
        values = np.where(np.isnan(self.values), -np.inf, self.values)
        a, b = np.triu_indices(self.activity.size, 1)
        if not a.size or not np.isfinite(values[a, b]).any():
            return "no pair is defined"
        top = int(np.argmax(values[a, b]))
        first, second = self.activity[a[top]], self.activity[b[top]]
        return f"strongest pair {first}-{second} ({values[a[top], b[top]]:.4f})"

    def _draw(self, ax: Axes) -> None:
        off = self._off_diagonal()
        known = off[np.isfinite(off)]
        ax.hist(known, bins=min(60, max(5, known.size // 5)), color="#3b6ea5")
        ax.axvline(0.0, color="0.3", linewidth=0.8)
        ax.set_xlabel("value of a pair of activities")
        ax.set_ylabel("pairs")


@dataclass(frozen=True, eq=False, kw_only=True)
class Coagglomeration(PairMatrix):
    """Ellison-Glaeser-Kerr coagglomeration of all pairs.

    Parameters
    ----------
    reference
        ``"total"``, ``"mean"`` or ``"given"``.
    x
        Reference share of every region, sums to 1, shape (n_regions,).
    region
        Labels of `x`.
    """

    reference: str
    x: FloatArray
    region: NDArray[np.str_]

    def summary(self) -> str:
        """Say how strongly pairs coagglomerate."""
        ok = int(np.sum(self.status == "ok"))
        return "\n".join(
            [
                f"EGK coagglomeration of {ok} of {self.activity.size} activities: pairs "
                f"{quartiles(self._off_diagonal())}; {self._strongest()}",
                f"reference: {self.reference}; the diagonal is no coagglomeration value",
                *(f"note: {w}" for w in self.provenance.warnings),
                "Source: Ellison, Glaeser and Kerr 2010, doi:10.1257/aer.100.3.1195",
            ]
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class LocationalCorrelation(PairMatrix):
    """Correlation of activities over regions.

    Parameters
    ----------
    mode
        ``"levels"`` or ``"rca"``.
    """

    mode: str

    def summary(self) -> str:
        """Say how strongly pairs correlate."""
        ok = int(np.sum(self.status == "ok"))
        return "\n".join(
            [
                f"Locational correlation ({self.mode}) of {ok} of {self.activity.size} "
                f"activities: pairs {quartiles(self._off_diagonal())}; "
                f"{self._strongest()}",
                *(f"note: {w}" for w in self.provenance.warnings),
                "Source: Porter 2003, doi:10.1080/0034340032000108688",
            ]
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class HowardColocation(Result):
    """Share of cross-activity plant pairs in the same region, against shuffled labels.

    Parameters
    ----------
    activity_a, activity_b
        Labels of the pairs, shape (n_pairs,); every array below has this shape.
    n_a, n_b
        Numbers of plants.
    value
        Share of plant pairs that share a region.
    expected, sd
        Exact mean and standard deviation when labels are shuffled over the pooled plants.
    excess
        value - expected.
    z
        excess / sd; NaN when sd is 0.
    p
        Normal p-value of z.
    status
        ``"ok"`` or ``"too_few"``.
    """

    activity_a: NDArray[np.str_]
    activity_b: NDArray[np.str_]
    n_a: FloatArray
    n_b: FloatArray
    value: FloatArray
    expected: FloatArray
    sd: FloatArray
    excess: FloatArray
    z: FloatArray
    p: FloatArray
    status: NDArray[np.str_]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair."""
        return {
            "activity_a": self.activity_a,
            "activity_b": self.activity_b,
            "n_a": self.n_a,
            "n_b": self.n_b,
            "value": self.value,
            "expected": self.expected,
            "sd": self.sd,
            "excess": self.excess,
            "z": self.z,
            "p": self.p,
            "status": self.status,
        }

    def summary(self) -> str:
        """Say how many pairs share regions more than chance would have it."""
        tested = np.isfinite(self.p)
        return "\n".join(
            [
                f"Colocation of {np.isfinite(self.value).sum()} of {self.value.size} "
                f"pairs: excess {quartiles(self.excess)}",
                f"p <= 0.05: {np.sum(self.p[tested] <= 0.05)} of {tested.sum()} tested; "
                f"chance alone would give {0.05 * tested.sum():.0f}",
                "null: labels shuffled over the pooled plants, exact moments",
                "Source: Howard, Newman and Tarp 2016, J. Econ. Geogr. 16:427",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        known = self.z[np.isfinite(self.z)]
        ax.hist(known, bins=min(60, max(5, known.size // 5)), color="#3b6ea5")
        ax.axvline(0.0, color="0.3", linewidth=0.8)
        ax.set_xlabel("z of the excess colocation")
        ax.set_ylabel("pairs")


@dataclass(frozen=True, eq=False, kw_only=True)
class Externalities(Result):
    """Marshall-Arrow-Romer, Jacobs and Porter measures of every cell.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    mar
        Specialisation: the location quotient, shape (n_regions, n_activities).
    jacobs
        Diversity of the rest of the region over the same nationally, same shape.
    competition
        Plants per job in the cell over the same nationally, same shape; NaN without
        establishments.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    mar: FloatArray
    jacobs: FloatArray
    competition: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        n_regions, n_activities = self.mar.shape
        regions = pa.array(self.region.tolist(), pa.string())
        activities = pa.array(self.activity.tolist(), pa.string())
        return {
            "region": regions.take(
                pa.array(np.repeat(np.arange(n_regions), n_activities))
            ),
            "activity": activities.take(
                pa.array(np.tile(np.arange(n_activities), n_regions))
            ),
            "mar": self.mar.ravel(),
            "jacobs": self.jacobs.ravel(),
            "competition": self.competition.ravel(),
        }

    def summary(self) -> str:
        """Say the middle of each measure."""
        present = self.mar > 0
        return "\n".join(
            [
                f"Externalities of {self.region.size} regions x {self.activity.size} "
                f"activities, {present.sum()} cells present",
                f"MAR (location quotient) {quartiles(self.mar[present])}",
                f"Jacobs diversity {quartiles(self.jacobs[present])}",
                f"Porter competition {quartiles(self.competition[present])}",
                *(f"note: {w}" for w in self.provenance.warnings),
                "Source: Glaeser et al. 1992; Combes 2000, J. Urban Econ. 47:329",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        shown: BoolArray = (self.mar > 0) & np.isfinite(self.jacobs)
        ax.hexbin(
            np.log(self.mar[shown]),
            self.jacobs[shown],
            gridsize=40,
            mincnt=1,
            cmap="Blues",
        )
        ax.set_xlabel("ln MAR (location quotient)")
        ax.set_ylabel("Jacobs diversity, nation = 1")
