"""Quotients of several periods on the same regions and activities, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import NotIdentifiedError
from agglo.core.frames import frame_kind, require_columns, string_column, to_arrow
from agglo.core.results import frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels_complexity as complexity_kernels
from agglo.relatedness import _kernels_density as density_kernels
from agglo.relatedness import _kernels_presence as thresholds
from agglo.relatedness import _kernels_proximity as proximity_kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntoFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """Quotients of every period on the same regions and activities; NaN is absent there."""

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    period: tuple[str, ...]
    quotient: FloatArray
    kind: FrameKind
    digest: tuple[str, ...]


def waves_of(
    data: IntoFrame, region: str, activity: str, value: str, period: str
) -> Waves:
    """Read every period of a table; at least two, in the order of their text."""
    source = to_arrow(data)
    require_columns(source, {"period": period})
    found = sorted({str(p) for p in string_column(source, period) if p is not None})
    if len(found) < 2:
        msg = f"Entry and exit need two periods; there is {found}."
        raise NotIdentifiedError(msg)
    tables: list[RegionActivity] = []
    words = np.array([str(p) for p in string_column(source, period)])
    for one in found:
        rows = source.filter(pa.array(words == one))
        tables.append(
            as_region_activity(
                rows.drop_columns([period]),
                region=region,
                activity=activity,
                value=value,
            )
        )
    regions = np.unique(np.concatenate([t.region for t in tables]))
    activities = np.unique(np.concatenate([t.activity for t in tables]))
    out = np.full((len(found), regions.size, activities.size), np.nan)
    for k, t in enumerate(tables):
        there = thresholds.revealed_advantage(
            t.values, t.row_total, t.col_total, t.total
        )
        at = np.ix_(
            np.searchsorted(regions, t.region), np.searchsorted(activities, t.activity)
        )
        out[k][at] = there
    return Waves(
        region=frozen_array(regions),
        activity=frozen_array(activities),
        period=tuple(found),
        quotient=out,
        kind=frame_kind(data),
        digest=tuple(t.digest for t in tables),
    )


def changes(
    quotient: FloatArray, threshold: float, rule: str
) -> tuple[FloatArray, FloatArray]:
    """Give entries and exits of every step: 1, 0, or NaN where there is no option."""
    present = thresholds.at_least(quotient, threshold)
    before, after = present[:-1], present[1:]
    known = np.isfinite(quotient[:-1]) & np.isfinite(quotient[1:])
    came, left = after, ~after
    if rule == "robust":
        low = quotient < threshold / 2
        # the last step has no window after it: only the jump counts there
        stays, gone = np.zeros_like(after), np.zeros_like(after)
        stays[:-1] = after[:-1] & present[2:]
        gone[:-1] = ~after[:-1] & ~present[2:] & np.isfinite(quotient[2:])
        came, left = (after & low[:-1]) | stays, low[1:] | gone
    entry = np.where(known & ~before, came.astype(np.float64), np.nan)
    leave = np.where(known & before, left.astype(np.float64), np.nan)
    return entry, leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is known at one period: presence, proximity, density, index of activities."""

    presence: FloatArray
    phi: FloatArray
    density: FloatArray
    complexity: FloatArray


def known_at(quotient: FloatArray, threshold: float, own: bool) -> Before:
    """Measure one period by itself; nothing that comes later enters."""
    m = thresholds.at_least(quotient, threshold).astype(np.float64)
    phi = np.nan_to_num(proximity_kernels.from_presence(m, "min"))
    index = complexity_kernels.index_of_presence(m)[m.shape[0] :]
    return Before(
        presence=m, phi=phi, density=density_of(m, phi, own), complexity=index
    )


def density_of(m: FloatArray, phi: FloatArray, own: bool) -> FloatArray:
    """Density of every region around every activity; NaN without neighbours."""
    weights = density_kernels.neighbours(phi, include_self=own, nearest=None)
    return density_kernels.density(m, weights)
