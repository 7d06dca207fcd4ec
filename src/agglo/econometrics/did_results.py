"""Results of the spatial difference-in-differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.results import ColumnData, Result, frozen_array
from agglo.core.weights_kinds import Coordinates, distance_matrix
from agglo.econometrics._kernels.realised import nearest_treated, realised
from agglo.econometrics.results import SpatialPanelFit, p_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.econometrics._design import Design
    from agglo.econometrics._estimate import Estimate

__all__ = ["GroupMeans", "Realised", "SpatialDID", "realised_means", "ring_cells"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Realised(Result):
    """What the estimated model says this policy did, as means over cells.

    Attributes
    ----------
    group
        ``"treated"`` (feedback included), ``"untreated"`` (in periods with treatment), and
        untreated by ring of the distance to the nearest region treated by then.
    period
        ``"all"`` or one period.
    cells, value, se, lower, upper
        Number of region-periods, mean, delta-method error and interval.
    tau
        Effect per period and region, (T, N): the map.
    regions, periods
        Labels of `tau`.
    errors
        Words for the kind of standard errors.
    """

    group: NDArray[np.str_]
    period: NDArray[np.str_]
    cells: IntArray
    value: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    tau: FloatArray
    regions: tuple[str, ...]
    periods: tuple[str, ...]
    errors: str

    def of(self, group: str, period: str = "all") -> float:
        """Give the mean of one group."""
        found = np.flatnonzero((self.group == group) & (self.period == period))
        return float(self.value[found[0]])

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per group and period."""
        return {
            "group": self.group,
            "period": self.period,
            "cells": self.cells,
            "value": self.value,
            "se": self.se,
            "lower": self.lower,
            "upper": self.upper,
            "p": p_of(self.value, self.se),
        }

    def summary(self) -> str:
        """Give the means over all periods."""
        rows = [
            f"  {g}: {v:.4f} ({s:.4f}), {c} cells"
            for g, p, v, s, c in zip(
                self.group, self.period, self.value, self.se, self.cells, strict=True
            )
            if p == "all"
        ]
        head = f"Realised effects of the policy inside the model ({self.errors} errors)"
        return "\n".join([head, *rows])

    def _draw(self, ax: Axes) -> None:
        shown = np.flatnonzero(self.period == "all")
        place = np.arange(shown.size)
        reach = np.vstack(
            [
                self.value[shown] - self.lower[shown],
                self.upper[shown] - self.value[shown],
            ]
        )
        ax.errorbar(place, self.value[shown], yerr=reach, fmt="o", color="#0072B2")
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_xticks(place, self.group[shown].tolist(), rotation=20)
        ax.set(ylabel="realised effect")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GroupMeans(Result):
    """Mean effects of a policy over groups of cells.

    Attributes
    ----------
    group
        Names of the means.
    value, se, lower, upper
        Mean effect, its error, interval.
    cells
        Region-periods in the mean.
    """

    group: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    cells: IntArray

    def of(self, group: str) -> float:
        """Give one mean."""
        return float(self.value[self.group.index(group)])

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per mean."""
        return {
            "group": list(self.group),
            "value": self.value,
            "se": self.se,
            "p": p_of(self.value, self.se),
            "lower": self.lower,
            "upper": self.upper,
            "cells": self.cells,
        }

    def _told(self, head: str) -> str:
        """Give the summary under its first line."""
        lines = [
            f"  {g}: {v:.4f} ({s:.4f}), {c} cells"
            for g, v, s, c in zip(
                self.group, self.value, self.se, self.cells, strict=True
            )
        ]
        return "\n".join([head, *lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.group))
        reach = np.vstack([self.value - self.lower, self.upper - self.value])
        ax.errorbar(self.value, place, xerr=reach, fmt="o", color="#0072B2")
        ax.axvline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_yticks(place, list(self.group))
        ax.set(xlabel="mean effect")


def realised_means(
    design: Design,
    found: Estimate,
    cov: FloatArray,
    variables: Sequence[int],
    masks: Sequence[BoolArray],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give tau (T, N), means over cell masks and their delta errors."""
    at = [c for v in variables for c in design.variables[v].columns]
    tau, slopes, by_rho = realised(
        design.weights.matrix, found.optimum.rho, design.z[:, :, at], found.b[at]
    )
    size = [*at, found.b.size] if design.has_lag else at
    inner = cov[np.ix_(size, size)]
    value, se = np.full(len(masks), np.nan), np.full(len(masks), np.nan)
    for i, mask in enumerate(masks):
        if not mask.any():
            continue
        value[i] = tau[mask].mean()
        slope = slopes[:, mask].mean(axis=1)
        if design.has_lag:
            slope = np.append(slope, by_rho[mask].mean())
        se[i] = np.sqrt(max(float(slope @ inner @ slope), 0.0))
    return tau, value, se


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SpatialDID(SpatialPanelFit):
    """A fitted spatial difference-in-differences; the treatment is the first term."""

    @property
    def treatment(self) -> FloatArray:
        """Treatment in 0 and 1, (T, N)."""
        out: FloatArray = self.design.z[:, :, 0]
        return out

    def realised(
        self,
        *,
        positions: Mapping[str, tuple[float, float]] | None = None,
        ring_edges_km: Sequence[float] = (),
        coordinates: Coordinates = "km",
    ) -> Realised:
        r"""Say what the model says this policy did, here and around.

        Parameters
        ----------
        positions
            Region to (x, y) or (longitude, latitude); needed with rings.
        ring_edges_km
            Increasing edges; untreated cells fall by the distance to the nearest region
            treated by then into (edge, next edge], the last ring is open.
        coordinates
            ``"km"`` or ``"degrees"``.

        Returns
        -------
        Realised
            Means with delta-method errors; empty rings are NaN.

        Raises
        ------
        AlignmentError
            If a region has no position.
        OptionError
            If edges do not increase or positions are missing.

        Notes
        -----
        :math:`\tau_t = S(\beta D_t + \theta W_x D_t)`. The average indirect effect of
        ``impacts`` describes one region treated alone; this describes the policy as it
        was. Cost: one factorisation and T solves per treatment column.
        """
        d = self.treatment
        since = d.max(axis=1, keepdims=True) > 0
        groups = [("treated", d > 0), ("untreated", (d == 0) & since)]
        groups += ring_cells(
            self.design.regions, d, positions, tuple(ring_edges_km), coordinates
        )
        rows = [(name, "all", mask) for name, mask in groups]
        periods = np.array(self.design.periods)
        for name, mask in groups:
            for t in np.flatnonzero(mask.any(axis=1)):
                one = np.zeros_like(mask)
                one[t] = mask[t]
                rows.append((name, str(periods[t]), one))
        tau, value, se = realised_means(
            self.design, self.estimate, self.cov, [0], [m for _, _, m in rows]
        )
        half = float(ndtri(0.5 + self.level / 2.0)) * se
        return Realised(
            group=np.array([g for g, _, _ in rows]),
            period=np.array([p for _, p, _ in rows]),
            cells=np.array([int(m.sum()) for _, _, m in rows], dtype=np.int64),
            value=frozen_array(value),
            se=frozen_array(se),
            lower=frozen_array(value - half),
            upper=frozen_array(value + half),
            tau=frozen_array(tau),
            regions=self.design.regions,
            periods=self.design.periods,
            errors=self.vcov.label,
            provenance=self.provenance,
            frame_kind=self.frame_kind,
        )


def ring_cells(
    regions: Sequence[str],
    treatment: FloatArray,
    positions: Mapping[str, tuple[float, float]] | None,
    edges: tuple[float, ...],
    coordinates: Coordinates,
) -> list[tuple[str, BoolArray]]:
    """Give untreated cells (T, N) by ring of the distance to the nearest treated."""
    if not edges:
        return []
    if positions is None or (np.diff(edges) <= 0).any():
        msg = "ring_edges_km needs positions and increasing edges."
        raise OptionError(msg)
    lost = [r for r in regions if r not in positions]
    if lost:
        msg = f"[weights_ids] no position is given for {lost[:10]}."
        raise AlignmentError(msg)
    xy = np.array([positions[r] for r in regions], dtype=np.float64)
    distance = distance_matrix(xy[:, 0], xy[:, 1], coordinates=coordinates)
    near = nearest_treated(distance, treatment)
    open_cells = np.asarray((treatment == 0) & np.isfinite(near))
    out = [
        (f"{low:g}-{high:g} km", open_cells & (near > low) & (near <= high))
        for low, high in pairwise(edges)
    ]
    return [*out, (f">{edges[-1]:g} km", open_cells & (near > edges[-1]))]
