"""Results with one row per region and activity: quotients, their tests and bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration.results import draw_bars, five_numbers
from agglo.core.results import ColumnData, Result, Undefined

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray

__all__ = ["CellResult", "QuotientBounds", "QuotientTests", "Quotients"]

OK, MISSING, CONFIDENTIAL, UNDEFINED = 0, 1, 2, 3
STATUS = ("ok", "missing", "confidential", "undefined")
_LISTED = 1000


def cell_reasons(
    region: NDArray[np.str_],
    activity: NDArray[np.str_],
    masks: Sequence[tuple[BoolArray, str]],
) -> tuple[Undefined, ...]:
    """List undefined cells with the first reason that fits.

    A region or activity that is undefined throughout becomes one entry, and so does what
    comes after the first thousand cells of a reason.
    """
    out: list[Undefined] = []
    seen = np.zeros((region.size, activity.size), dtype=bool)
    for mask, reason in masks:
        left = np.broadcast_to(mask, seen.shape) & ~seen
        if not left.any():
            continue
        seen |= left
        rows = np.asarray(left.all(axis=1))
        out += [
            Undefined(reason=reason, region=str(r), n=activity.size)
            for r in region[rows]
        ]
        left[rows] = False
        # a column is whole when what is left and what was said before fill it
        cols = np.asarray(seen.all(axis=0) & left.any(axis=0))
        out += [
            Undefined(reason=reason, activity=str(a), n=int(n))
            for a, n in zip(activity[cols], left[:, cols].sum(axis=0), strict=True)
        ]
        cells = np.argwhere(left & ~cols)
        out += [
            Undefined(reason=reason, region=str(region[m]), activity=str(activity[i]))
            for m, i in cells[:_LISTED]
        ]
        if len(cells) > _LISTED:
            more = len(cells) - _LISTED
            out.append(Undefined(reason=reason, item="further cells", n=more))
    return tuple(out)


@dataclass(frozen=True, eq=False, kw_only=True)
class CellResult(Result):
    """Base of the results with one row per region and activity.

    Parameters
    ----------
    region, activity
        Sorted labels, (n_regions,) and (n_activities,).
    status
        Per cell 0 ok, 1 missing, 2 confidential, 3 undefined, int8; every array of cells
        has the shape (n_regions, n_activities).
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    status: NDArray[np.int8]

    def cells(self, **arrays: NDArray[np.generic]) -> Mapping[str, ColumnData]:
        """Give labels, arrays of cells and status as tidy columns."""
        n_regions, n_activities = self.status.shape
        rows = pa.array(np.repeat(np.arange(n_regions), n_activities))
        cols = pa.array(np.tile(np.arange(n_activities), n_regions))
        return {
            "region": pa.array(self.region.tolist(), pa.string()).take(rows),
            "activity": pa.array(self.activity.tolist(), pa.string()).take(cols),
            **{name: array.ravel() for name, array in arrays.items()},
            "status": pa.array(STATUS, pa.string()).take(pa.array(self.status.ravel())),
        }

    def per_activity(self, array: NDArray[np.generic]) -> NDArray[np.generic]:
        """Repeat one value per activity for every cell."""
        return np.broadcast_to(array, self.status.shape)

    def _draw_largest(self, ax: Axes, values: FloatArray, title: str) -> None:
        known = np.flatnonzero(np.isfinite(values.ravel()))
        flat = values.ravel()[known]
        top = known[np.argsort(-flat, kind="stable")][:20]
        m, i = np.unravel_index(top, values.shape)
        names = [
            f"{self.region[a]} · {self.activity[b]}" for a, b in zip(m, i, strict=True)
        ]
        draw_bars(ax, np.array(names, dtype=np.str_), values.ravel()[top], title)


@dataclass(frozen=True, eq=False, kw_only=True)
class Quotients(CellResult):
    """Location quotients of every region and activity.

    Parameters
    ----------
    values
        The quotient, or what `kind` makes of it; NaN is undefined.
    size
        Size of the cell in `unit`, NaN where unknown.
    kind
        ``"ratio"``, ``"log"``, ``"symmetric"``, ``"standardised"``, ``"excess_jobs"``,
        ``"shrunk"`` or ``"cluster_index"``.
    unit
        Unit of the sizes.
    n_positive, shapiro_p
        Of a standardised quotient, per activity: regions with LQ > 0, and the
        Shapiro-Wilk p-value of normal ln LQ. Otherwise ``None``.
    """

    values: FloatArray
    size: FloatArray
    kind: str
    unit: str = ""
    n_positive: FloatArray | None = None
    shapiro_p: FloatArray | None = None

    @property
    def high(self) -> BoolArray:
        """Whether a standardised quotient is above 1.96, or any other kind above 1 (0)."""
        limit = {
            "standardised": 1.96,
            "ratio": 1.0,
            "shrunk": 1.0,
            "cluster_index": 1.0,
        }
        found: BoolArray = self.values > limit.get(self.kind, 0.0)
        return found

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        arrays: dict[str, NDArray[np.generic]] = {
            "size": self.size,
            "value": self.values,
            "high": self.high,
        }
        if self.shapiro_p is not None and self.n_positive is not None:
            arrays["n_positive"] = self.per_activity(self.n_positive)
            arrays["shapiro_p"] = self.per_activity(self.shapiro_p)
        return self.cells(**arrays)

    def summary(self) -> str:
        """Say how many quotients there are and how they are spread."""
        known = np.isfinite(self.values)
        lines = [
            f"Location quotients ({self.kind}), {self.region.size} regions × "
            f"{self.activity.size} activities, {known.sum()} of {known.size} defined: "
            f"{five_numbers(self.values)}",
            f"High: {self.high.sum()}.",
        ]
        if self.shapiro_p is not None:
            fit = self.shapiro_p[np.isfinite(self.shapiro_p)]
            lines.append(
                f"ln LQ is normal at 5 % (Shapiro-Wilk) in {np.sum(fit > 0.05)} of "
                f"{fit.size} activities; elsewhere 1.96 is a convention, not a 5 % limit."
            )
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        self._draw_largest(ax, self.values, f"location quotient ({self.kind})")


@dataclass(frozen=True, eq=False, kw_only=True)
class QuotientTests(CellResult):
    """Location quotients with interval and p-values.

    Parameters
    ----------
    values, lower, upper
        Quotient and the ends of its interval.
    p_greater, p_less, p_two_sided
        P-values against the null that plants choose regions with the reference shares.
    q
        P-value of `alternative`, adjusted over all cells tested.
    n_plants
        Plants of the cell.
    method, alternative, fdr
        As asked for.
    level
        Coverage of the interval.
    n_draws
        Draws behind simulated values; 0 when none.
    """

    values: FloatArray
    lower: FloatArray
    upper: FloatArray
    p_greater: FloatArray
    p_less: FloatArray
    p_two_sided: FloatArray
    q: FloatArray
    n_plants: FloatArray
    method: str
    alternative: str
    fdr: str
    level: float
    n_draws: int = 0

    @property
    def p(self) -> FloatArray:
        """The p-value of the alternative asked for."""
        if self.alternative == "greater":
            return self.p_greater
        return self.p_less if self.alternative == "less" else self.p_two_sided

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        return self.cells(
            n_plants=self.n_plants,
            value=self.values,
            lower=self.lower,
            upper=self.upper,
            p_greater=self.p_greater,
            p_less=self.p_less,
            p_two_sided=self.p_two_sided,
            q=self.q,
        )

    def summary(self) -> str:
        """Say how many cells were tested and how many stand out."""
        tested = np.isfinite(self.p)
        n = int(tested.sum())
        before, after = int(np.sum(self.p <= 0.05)), int(np.sum(self.q <= 0.05))
        share = f" ({before / n:.1%} and {after / n:.1%})" if n else ""
        lines = [
            f"Location quotients tested ({self.method}, {self.alternative}): {n} tests, "
            f"p <= 0.05 in {before}, q <= 0.05 ({self.fdr}) in {after}{share}",
            f"Intervals of {self.level:.0%} coverage.",
        ]
        if self.n_draws:
            lines.append(
                f"Simulated p-values rest on {self.n_draws} draws: none is below "
                f"{1 / (self.n_draws + 1):.2g}."
            )
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        seen = np.where(self.q <= 0.05, self.values, np.nan)
        title = "location quotient (cells with q <= 0.05)"
        if not np.isfinite(seen).any():
            seen, title = self.values, "location quotient (no cell has q <= 0.05)"
        self._draw_largest(ax, seen, title)


@dataclass(frozen=True, eq=False, kw_only=True)
class QuotientBounds(CellResult):
    """Smallest and largest location quotient that the published figures allow.

    Parameters
    ----------
    lower, upper
        Bounds of the quotient; equal where it is known.
    size_lower, size_upper
        Bounds of the size of the cell.
    method
        ``"propagated"`` or ``"exact"``.
    margins
        ``"complete"``, ``"disclosed"`` or ``"published"``.
    """

    lower: FloatArray
    upper: FloatArray
    size_lower: FloatArray
    size_upper: FloatArray
    method: str
    margins: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        return self.cells(
            size_lower=self.size_lower,
            size_upper=self.size_upper,
            lower=self.lower,
            upper=self.upper,
        )

    def summary(self) -> str:
        """Say how many cells are open and how far."""
        there = np.isfinite(self.lower)
        opened = there & ~(self.lower == self.upper)
        with np.errstate(invalid="ignore"):
            width = np.where(opened, self.upper - self.lower, np.nan)
        sure = np.sum(opened & (self.lower > 1)) + np.sum(opened & (self.upper < 1))
        return "\n".join(
            [
                f"Bounds of location quotients ({self.method}, margins {self.margins}): "
                f"{opened.sum()} of {there.sum()} cells are open",
                f"Width of the open ones: {five_numbers(width)}.",
                f"On one side of 1 whatever the hidden figures are: {sure}.",
                *self.provenance.warnings,
            ]
        )

    def _draw(self, ax: Axes) -> None:
        with np.errstate(invalid="ignore"):
            width = self.upper - self.lower
        self._draw_largest(ax, width, "width of the bounds of the location quotient")
