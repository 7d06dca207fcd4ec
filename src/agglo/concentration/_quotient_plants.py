"""What the tests of location quotients need to know, whatever table it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._quotient_input import (
    RegionReference,
    check_whole,
    counts_of,
    reference_shares,
)
from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.frames import require_columns, to_arrow
from agglo.core.options import check_choice
from agglo.core.results import frozen_array
from agglo.core.tables import (
    Margins,
    Plants,
    RegionActivity,
    as_plants,
    as_region_activity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from agglo.concentration._units import MarginChoice
    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntArray, IntoFrame

_MAX_CELLS = 400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantTable:
    """Counts and sizes per cell, plants per activity.

    Attributes
    ----------
    region, activity
        Labels.
    counts, size
        Plants and size of every cell, NaN unknown; `size` equals `counts` where only
        counts are known.
    n_plants, total
        Per activity.
    herfindahl
        Sum of squared plant shares per activity, NaN where unknown.
    x
        Reference share of every region.
    status
        State of every cell, as in a `RegionActivity`.
    plant_region, plant_activity, plant_size
        Single plants, real or (from cell means) equal within their cell; empty when
        there are none.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    counts: FloatArray
    size: FloatArray
    n_plants: FloatArray
    total: FloatArray
    herfindahl: FloatArray
    x: FloatArray
    status: NDArray[np.int8]
    plant_region: IntArray
    plant_activity: IntArray
    plant_size: FloatArray
    sources: tuple[object, ...]
    frame_kind: FrameKind
    notes: tuple[str, ...] = ()

    def plants_by_activity(self, wanted: BoolArray) -> Iterator[tuple[int, IntArray]]:
        """Give every wanted activity and the positions of its plants."""
        order = np.argsort(self.plant_activity, kind="stable")
        ends = np.searchsorted(
            self.plant_activity[order], np.arange(self.activity.size + 1)
        )
        for i in np.flatnonzero(wanted):
            yield int(i), order[ends[i] : ends[i + 1]]


def quotient_test_input(
    data: IntoFrame | Plants | RegionActivity,
    *,
    method: str,
    reference: RegionReference,
    region: str,
    activity: str,
    value: str,
    establishments: str | RegionActivity | None,
    margins: MarginChoice,
) -> PlantTable:
    """Coerce plants or cells; see `location_quotient_test` for the arguments."""
    if not isinstance(margins, Margins):
        check_choice("margins", margins, ("refuse", "disclosed"))
    if isinstance(data, Plants) or (
        establishments is None and not isinstance(data, RegionActivity)
    ):
        if establishments is not None:
            msg = "`data` holds single plants: leave establishments=None."
            raise OptionError(msg)
        if not isinstance(data, Plants):
            names = {"region": region, "activity": activity, "value": value}
            require_columns(to_arrow(data), names)
        plants = as_plants(data, region=region, activity=activity, size=value)
        return _from_plants(plants, method, reference)
    if method == "bootstrap":
        msg = "method='bootstrap' resamples plants: give one row per plant."
        raise OptionError(msg)
    if establishments is None:
        if method != "binomial":
            msg = (
                f"method={method!r} needs sizes and plants. A RegionActivity of counts "
                "alone serves method='binomial'; else give establishments=."
            )
            raise OptionError(msg)
        counts = as_region_activity(data, value=value)  # is one: frames went above
        return _from_cells(check_whole(counts), None, reference)
    jobs = None
    if method != "binomial":
        jobs = as_region_activity(
            data, region=region, activity=activity, value=value, margins=margins
        )
    counts = counts_of(
        data, jobs, establishments, region=region, activity=activity, margins=margins
    )
    return _from_cells(check_whole(counts), jobs, reference)


def _from_plants(plants: Plants, method: str, reference: RegionReference) -> PlantTable:
    n_regions, n_activities = plants.regions.size, plants.activities.size
    if n_regions * n_activities > _MAX_CELLS:
        msg = f"{n_regions} regions × {n_activities} activities do not fit in memory."
        raise InvalidTableError(msg)
    cell = plants.region * n_activities + plants.activity
    shape = (n_regions, n_activities)

    def table(weights: FloatArray | None) -> FloatArray:
        flat = np.bincount(cell, weights, minlength=n_regions * n_activities)
        return flat.astype(np.float64).reshape(shape)

    counts, size = table(None), table(plants.size)
    total = size.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = plants.size / total[plants.activity]
    herfindahl: FloatArray = np.bincount(
        plants.activity, share**2, minlength=n_activities
    ).astype(np.float64)
    weighed = counts if method == "binomial" else size
    own = weighed.sum(axis=1)
    notes: tuple[str, ...] = ()
    if plants.n_dropped:
        notes = (f"{plants.n_dropped} plants without a size were left out",)
    return PlantTable(
        region=plants.regions,
        activity=plants.activities,
        counts=frozen_array(counts),
        size=size,
        n_plants=counts.sum(axis=0),
        total=total,
        herfindahl=herfindahl,
        x=reference_shares(plants.regions, own, float(own.sum()), reference),
        status=np.zeros(shape, dtype=np.int8),
        plant_region=plants.region,
        plant_activity=plants.activity,
        plant_size=plants.size,
        sources=(plants,),
        frame_kind=plants.frame_kind,
        notes=notes,
    )


def _from_cells(
    counts: RegionActivity, jobs: RegionActivity | None, reference: RegionReference
) -> PlantTable:
    base = counts if jobs is None else jobs
    herfindahl = np.full(counts.activity.size, np.nan)
    plants: tuple[IntArray, IntArray, FloatArray] = (
        np.zeros(0, dtype=np.int64),
        np.zeros(0, dtype=np.int64),
        np.zeros(0),
    )
    notes: tuple[str, ...] = ()
    if jobs is not None:
        herfindahl = _cell_mean_herfindahl(jobs, counts)
        plants = _equal_plants(jobs, counts)
        notes = (
            "plants are taken as equal within their cell, so H is a lower bound: "
            "intervals are too narrow and p-values too small",
        )
    status = np.maximum(counts.status, base.status)
    if status.any():
        notes = (*notes, f"{np.count_nonzero(status)} cells are unknown and not tested")
    return PlantTable(
        region=base.region,
        activity=base.activity,
        counts=counts.values,
        size=base.values,
        n_plants=counts.col_total,
        total=base.col_total,
        herfindahl=herfindahl,
        x=reference_shares(base.region, base.row_total, base.total, reference),
        status=status,
        plant_region=plants[0],
        plant_activity=plants[1],
        plant_size=plants[2],
        sources=(counts,) if jobs is None else (jobs, counts),
        frame_kind=base.frame_kind,
        notes=notes,
    )


def _cell_mean_herfindahl(jobs: RegionActivity, counts: RegionActivity) -> FloatArray:
    """Sum of squared plant shares if plants were equal within cells; NaN if unknown."""
    known = np.isfinite(jobs.values) & np.isfinite(counts.values)
    size, n = np.where(known, jobs.values, 0.0), np.where(known, counts.values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        term = np.where(size > 0, size * size / n, 0.0)  # no plant: infinite
        h = term.sum(axis=0) / size.sum(axis=0) ** 2
    return np.where(np.isfinite(h), h, np.nan)


def _equal_plants(
    jobs: RegionActivity, counts: RegionActivity
) -> tuple[IntArray, IntArray, FloatArray]:
    known = (np.nan_to_num(jobs.values) > 0) & (np.nan_to_num(counts.values) > 0)
    m, i = np.nonzero(known)
    n = counts.values[m, i].astype(np.int64)
    size = jobs.values[m, i] / n
    return np.repeat(m, n), np.repeat(i, n), np.repeat(size, n)
