"""Results of the agglomeration measures: one activity or one group at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._undefined import quartiles
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "ConcentrationNull",
    "Devereux",
    "EllisonGlaeser",
    "EllisonGlaeserGroups",
    "MaurelSedillot",
]


def _ranked_bars(
    ax: Axes, labels: NDArray[np.str_], values: FloatArray, title: str, shown: int = 20
) -> None:
    known = np.flatnonzero(np.isfinite(values))
    top = known[np.argsort(-values[known], kind="stable")][:shown][::-1]
    ax.barh(np.arange(top.size), values[top], color="#3b6ea5")
    ax.set_yticks(np.arange(top.size), [str(labels[k]) for k in top])
    ax.axvline(0.0, color="0.3", linewidth=0.8)
    ax.set_xlabel(title)


@dataclass(frozen=True, eq=False, kw_only=True)
class EllisonGlaeser(Result):
    """Ellison-Glaeser concentration of every activity.

    Parameters
    ----------
    activity
        Labels, shape (n_activities,); every array below has this shape.
    n
        Number of plants; NaN when unknown.
    size
        Total of the activity, in the unit of the input.
    G
        Raw geographic concentration, sum over areas of (s - x)^2.
    H
        Herfindahl index of plant sizes.
    gamma
        The index: 0 means no more than chance, 1 means all in one place.
    mean0, sd0
        Mean and standard deviation of G under the dartboard null.
    z0
        (G - mean0) / sd0.
    p0
        P-value of G under the dartboard null.
    status
        ``"ok"`` or why the values are undefined.
    reference
        ``"all"``, ``"others"`` or ``"given"``.
    herfindahl_kind
        ``"exact"`` from plants, ``"lower_bound"`` from cell means, or ``"given"``.
    p_method
        ``"gamma"`` (two moments) or ``"monte_carlo"``.
    """

    activity: NDArray[np.str_]
    n: FloatArray
    size: FloatArray
    G: FloatArray
    H: FloatArray
    gamma: FloatArray
    mean0: FloatArray
    sd0: FloatArray
    z0: FloatArray
    p0: FloatArray
    status: NDArray[np.str_]
    reference: str
    herfindahl_kind: str
    p_method: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per activity."""
        return {
            "activity": self.activity,
            "n": self.n,
            "size": self.size,
            "G": self.G,
            "H": self.H,
            "gamma": self.gamma,
            "mean0": self.mean0,
            "sd0": self.sd0,
            "z0": self.z0,
            "p0": self.p0,
            "status": self.status,
        }

    def summary(self) -> str:
        """Say how concentrated the activities are and how sure that is."""
        known = np.isfinite(self.gamma)
        tested = np.isfinite(self.p0)
        lines = [
            f"Ellison-Glaeser index of {known.sum()} of {known.size} activities: "
            f"{quartiles(self.gamma)}",
            f"gamma > 0.05: {np.sum(self.gamma[known] > 0.05)}; "
            f"gamma < 0.02: {np.sum(self.gamma[known] < 0.02)}; "
            f"p0 <= 0.05: {np.sum(self.p0[tested] <= 0.05)} of {tested.sum()} tested "
            f"({self.p_method}); chance alone would give {0.05 * tested.sum():.0f}",
            f"reference: {self.reference}; plant Herfindahl index: {self.herfindahl_kind}",
        ]
        if self.herfindahl_kind == "lower_bound":
            lines.append(
                "H takes all plants of a cell as equal: it is a lower bound, so gamma "
                "and z0 are upper bounds and p0 is too small."
            )
        lines += [f"note: {w}" for w in self.provenance.warnings]
        lines.append("Source: Ellison and Glaeser 1997, doi:10.1086/262098")
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        _ranked_bars(ax, self.activity, self.gamma, "Ellison-Glaeser gamma")


@dataclass(frozen=True, eq=False, kw_only=True)
class ConcentrationNull(Result):
    """Raw concentration of every activity beside draws of a null model.

    Parameters
    ----------
    activity
        Labels, shape (n_activities,); every array below but `draws` has this shape.
    n
        Number of plants.
    observed
        Raw concentration G.
    expected, sd
        Mean and standard deviation of the draws.
    z
        (observed - expected) / sd; NaN where the draws do not vary.
    p
        P-value, never 0.
    status
        ``"ok"`` or why the values are undefined.
    draws
        G of every draw, shape (n_draws, n_activities).
    null
        Name of the null model.
    n_draws
        Number of draws.
    herfindahl_kind
        ``"exact"`` from plants or ``"lower_bound"`` from cell means.
    """

    activity: NDArray[np.str_]
    n: FloatArray
    observed: FloatArray
    expected: FloatArray
    sd: FloatArray
    z: FloatArray
    p: FloatArray
    status: NDArray[np.str_]
    draws: FloatArray
    null: str
    n_draws: int
    herfindahl_kind: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per activity."""
        return {
            "activity": self.activity,
            "n": self.n,
            "observed": self.observed,
            "expected": self.expected,
            "sd": self.sd,
            "z": self.z,
            "p": self.p,
            "n_draws": np.full(self.n.size, float(self.n_draws)),
            "status": self.status,
        }

    def histogram(self, bins: int = 40) -> tuple[IntArray, FloatArray, IntArray]:
        """Count the draws of every activity, compactly.

        Parameters
        ----------
        bins
            Largest number of bins; fewer where there are few draws. Draws with no more
            distinct values than that are counted by value.

        Returns
        -------
        place : numpy.ndarray of int
            Position of the activity. Undefined activities have no rows.
        value : numpy.ndarray of float64
            Middle of a bin, or the value itself.
        draws : numpy.ndarray of int
            How many draws lie there; 0 among them.

        Raises
        ------
        OptionError
            If `bins` is below 1.
        """
        check_number("bins", bins, minimum=1, integer=True)
        bins = min(bins, int(np.ceil(np.sqrt(self.n_draws))))
        parts = [_counted(self.draws[:, k], bins) for k in range(self.n.size)]
        return (
            np.repeat(np.arange(self.n.size), [value.size for value, _ in parts]),
            np.concatenate([np.zeros(0), *(value for value, _ in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(draws for _, draws in parts)]),
        )

    def summary(self) -> str:
        """Say how many activities are beyond the null model."""
        known = np.isfinite(self.p)
        lines = [
            f"Raw concentration of {known.sum()} of {known.size} activities beside "
            f"{self.n_draws} draws of the null model '{self.null}'",
            f"p <= 0.05: {np.sum(self.p[known] <= 0.05)} of {known.sum()}; chance alone "
            f"would give {0.05 * known.sum():.0f}; smallest p possible "
            f"{1.0 / (1.0 + self.n_draws):.2g}",
            f"z: {quartiles(self.z)}",
        ]
        if self.herfindahl_kind == "lower_bound":
            lines.append(
                "All plants of a cell are taken as equal: the draws vary too little, so "
                "z is too large and p too small."
            )
        lines += [f"note: {w}" for w in self.provenance.warnings]
        lines.append(
            "Source: Ellison and Glaeser 1997, doi:10.1086/262098; Duranton and Overman "
            "2005, doi:10.1111/0034-6527.00362"
        )
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        _ranked_bars(ax, self.activity, self.z, f"z beside the {self.null}")


def _counted(draws: FloatArray, bins: int) -> tuple[FloatArray, IntArray]:
    """Count draws by value where there are few, else by bins of equal width."""
    draws = draws[np.isfinite(draws)]
    values, counts = np.unique(draws, return_counts=True)
    if values.size <= bins:
        return values, counts
    number, edges = np.histogram(draws, bins=bins)
    return (edges[:-1] + edges[1:]) / 2.0, number


@dataclass(frozen=True, eq=False, kw_only=True)
class EllisonGlaeserGroups(Result):
    """Ellison-Glaeser coagglomeration within groups of activities.

    Parameters
    ----------
    group
        Labels, shape (n_groups,); every array below has this shape.
    n_activities
        Members with employment.
    size
        Total of the group.
    G
        Raw concentration of the group as a whole.
    H
        Herfindahl index of the plants of the group: sum of w_i^2 H_i.
    gamma
        Coagglomeration of the members, from plants of different activities only.
    status
        ``"ok"`` or why gamma is undefined.
    reference
        ``"all"``, ``"others"`` or ``"given"``.
    """

    group: NDArray[np.str_]
    n_activities: FloatArray
    size: FloatArray
    G: FloatArray
    H: FloatArray
    gamma: FloatArray
    status: NDArray[np.str_]
    reference: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per group."""
        return {
            "group": self.group,
            "n_activities": self.n_activities,
            "size": self.size,
            "G": self.G,
            "H": self.H,
            "gamma": self.gamma,
            "status": self.status,
        }

    def summary(self) -> str:
        """Say how much the members of the groups coagglomerate."""
        known = np.isfinite(self.gamma)
        return "\n".join(
            [
                f"Coagglomeration within {known.sum()} of {known.size} groups: "
                f"{quartiles(self.gamma)}",
                f"reference: {self.reference}",
                *(f"note: {w}" for w in self.provenance.warnings),
                "Source: Ellison and Glaeser 1997, doi:10.1086/262098",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        _ranked_bars(ax, self.group, self.gamma, "group coagglomeration gamma")


@dataclass(frozen=True, eq=False, kw_only=True)
class MaurelSedillot(Result):
    """Maurel-Sedillot concentration of every activity.

    Parameters
    ----------
    activity
        Labels, shape (n_activities,); every array below has this shape.
    n
        Number of plants.
    size
        Total of the activity.
    H
        Herfindahl index of plant sizes.
    gamma
        The index; 0 means no more than chance.
    status
        ``"ok"`` or why the value is undefined.
    reference
        ``"all"``, ``"others"`` or ``"given"``.
    """

    activity: NDArray[np.str_]
    n: FloatArray
    size: FloatArray
    H: FloatArray
    gamma: FloatArray
    status: NDArray[np.str_]
    reference: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per activity."""
        return {
            "activity": self.activity,
            "n": self.n,
            "size": self.size,
            "H": self.H,
            "gamma": self.gamma,
            "status": self.status,
        }

    def summary(self) -> str:
        """Say how concentrated the activities are."""
        known = np.isfinite(self.gamma)
        return "\n".join(
            [
                f"Maurel-Sedillot index of {known.sum()} of {known.size} activities: "
                f"{quartiles(self.gamma)}",
                f"reference: {self.reference}",
                *(f"note: {w}" for w in self.provenance.warnings),
                "Source: Maurel and Sedillot 1999, Reg. Sci. Urban Econ. 29:575",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        _ranked_bars(ax, self.activity, self.gamma, "Maurel-Sedillot gamma")


@dataclass(frozen=True, eq=False, kw_only=True)
class Devereux(Result):
    """Devereux-Griffith-Simpson agglomeration of every activity or group.

    Parameters
    ----------
    activity
        Labels of activities, or of groups when `grouped`; every array has this shape.
    n
        Number of plants.
    F
        Geographic concentration: sum s^2 - 1 / min(regions, n).
    industrial
        Concentration in few plants: sum z^2 - 1 / n; NaN for groups.
    alpha
        Activities: F - industrial. Groups: coagglomeration C of the members.
    status
        ``"ok"`` or why the value is undefined.
    grouped
        Whether rows are groups.
    """

    activity: NDArray[np.str_]
    n: FloatArray
    F: FloatArray
    industrial: FloatArray
    alpha: FloatArray
    status: NDArray[np.str_]
    grouped: bool

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per activity or group."""
        key = "group" if self.grouped else "activity"
        return {
            key: self.activity,
            "n": self.n,
            "F": self.F,
            "industrial": self.industrial,
            "alpha": self.alpha,
            "status": self.status,
        }

    def summary(self) -> str:
        """Say how agglomerated the activities or groups are."""
        known = np.isfinite(self.alpha)
        what = "groups" if self.grouped else "activities"
        return "\n".join(
            [
                f"Devereux-Griffith-Simpson index of {known.sum()} of {known.size} "
                f"{what}: {quartiles(self.alpha)}",
                *(f"note: {w}" for w in self.provenance.warnings),
                "Source: Devereux, Griffith and Simpson 2004 (formula not re-read)",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        _ranked_bars(ax, self.activity, self.alpha, "agglomeration alpha")
