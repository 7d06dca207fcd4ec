"""What the agglomeration measures need to know, whatever table it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._kernels import agglomeration as kernels
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError, Problem
from agglo.core.frames import require_columns, to_arrow
from agglo.core.options import check_choice
from agglo.core.tables import Plants, RegionActivity, as_plants, as_region_activity

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntArray, IntoFrame

Missing: TypeAlias = Literal["undefined", "zero"]
Herfindahl: TypeAlias = (
    "Literal['plants', 'cell_means'] | Mapping[str, float] | ArrayLike"
)
ReferenceChoice: TypeAlias = (
    "Literal['all', 'others'] | Mapping[str, float] | ArrayLike"
)

MISSING: tuple[str, ...] = ("undefined", "zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgglomerationInput:
    """Cells, plants and totals of every activity.

    Attributes
    ----------
    region, activity
        Labels; `region` includes regions that only a given reference names.
    cells
        Positive known cells.
    row_total, total
        Totals over all activities, (n_regions,), and their sum.
    moments
        Total, number of plants, Herfindahl index and fourth moment per activity; NaN
        where unknown.
    plant_activity, plant_size
        The plants, or ``None`` when they are not known one by one.
    cell_plants
        Number of plants of every cell, or ``None``.
    status
        Per activity, ``"ok"`` or why nothing can be said.
    herfindahl_kind
        ``"exact"``, ``"lower_bound"`` or ``"given"``.
    x
        Given reference, (n_regions,), or ``None``.
    reference
        ``"all"``, ``"others"`` or ``"given"``.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    cells: kernels.Cells
    row_total: FloatArray
    total: float
    moments: kernels.PlantMoments
    plant_activity: IntArray | None
    plant_size: FloatArray | None
    cell_plants: FloatArray | None
    status: NDArray[np.str_]
    herfindahl_kind: str
    x: FloatArray | None
    reference: str
    source: tuple[object, ...]
    frame_kind: FrameKind
    notes: tuple[str, ...]

    def reference_of(self, cells: kernels.Cells) -> kernels.Reference:
        """Give the reference distribution seen from `cells` (activities or groups)."""
        if self.reference == "others":
            return kernels.others_reference(cells, self.row_total, self.total)
        if self.x is not None:
            return kernels.fixed_reference(cells, self.x)
        with np.errstate(divide="ignore", invalid="ignore"):
            return kernels.fixed_reference(cells, self.row_total / self.total)

    def plants(self) -> tuple[IntArray, FloatArray] | None:
        """Give activity code and size of every plant, equal ones within cells if need be."""
        if self.plant_activity is not None and self.plant_size is not None:
            return self.plant_activity, self.plant_size
        if self.cell_plants is None:
            return None
        n = np.rint(np.nan_to_num(self.cell_plants)).astype(np.int64)
        size = self.cells.value / np.maximum(n, 1)
        return np.repeat(self.cells.activity, n), np.repeat(size, n)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantCounts:
    """Number of plants by region and activity, NaN where unknown."""

    values: FloatArray
    labels: NDArray[np.str_]
    source: object
    frame_kind: FrameKind


def agglomeration_input(
    plants: IntoFrame | Plants | RegionActivity,
    *,
    region: str,
    activity: str,
    size: str,
    reference: ReferenceChoice,
    herfindahl: Herfindahl,
    establishments: str | RegionActivity,
    missing: Missing,
) -> AgglomerationInput:
    """Coerce any of the accepted tables; see `ellison_glaeser` for the arguments."""
    check_choice("missing", missing, MISSING)
    if isinstance(herfindahl, str):
        check_choice("herfindahl", herfindahl, ("plants", "cell_means"))
    if isinstance(herfindahl, str) and herfindahl == "plants":
        if isinstance(plants, RegionActivity):
            msg = (
                "herfindahl='plants' needs one row per plant, but `plants` holds cells. "
                "Pass herfindahl='cell_means' with establishments, or H per activity."
            )
            raise OptionError(msg)
        table = as_plants(plants, region=region, activity=activity, size=size)
        return _from_plants(table, reference)
    jobs, counts = _cell_tables(
        plants, region, activity, size, establishments, herfindahl
    )
    return _from_cells(jobs, counts, herfindahl, reference, missing)


def _from_plants(table: Plants, reference: ReferenceChoice) -> AgglomerationInput:
    n_activities = table.activities.size
    x, labels, extra = given_reference(table.regions, reference, ("all", "others"))
    moments = kernels.plant_moments(table.activity, table.size, n_activities)
    cells = kernels.cells_of_plants(
        table.region, table.activity, table.size, labels.size, n_activities
    )
    row_total = kernels.sum_by(table.region, table.size, labels.size)
    status = np.full(n_activities, "ok", dtype="<U16")
    status[moments.total <= 0] = "zero_weight"
    status[moments.count < 2] = "too_few"
    return AgglomerationInput(
        region=labels,
        activity=table.activities,
        cells=cells,
        row_total=row_total,
        total=float(row_total.sum()),
        moments=moments,
        plant_activity=table.activity,
        plant_size=table.size,
        cell_plants=None,
        status=status,
        herfindahl_kind="exact",
        x=x,
        reference=reference if isinstance(reference, str) else "given",
        source=(table,),
        frame_kind=table.frame_kind,
        notes=(*_extra_note(extra), *_dropped_note(table.n_dropped)),
    )


def _from_cells(
    jobs: RegionActivity,
    counts: RegionActivity | None,
    herfindahl: Herfindahl,
    reference: ReferenceChoice,
    missing: Missing,
) -> AgglomerationInput:
    x, labels, extra = given_reference(jobs.region, reference, ("all", "others"))
    values = known_values(jobs, missing)
    cells = kernels.cells_of_matrix(values, labels.size)
    status = activity_status(jobs, missing)
    if counts is None:
        h = _given_herfindahl(herfindahl, jobs.activity)
        unknown = np.full(h.size, np.nan)
        moments = kernels.PlantMoments(jobs.col_total, unknown, h, unknown)
        cell_plants = None
        _mark(status, np.isnan(h), "no_herfindahl")
    else:
        plants = counts.values
        cell_plants = plants[cells.region, cells.activity]
        moments = kernels.cell_mean_moments(
            cells, cell_plants, jobs.col_total, plants.sum(axis=0)
        )
        _mark(status, np.isnan(moments.count), "unknown_cells")
        _mark(status, np.any((plants <= 0) & (values > 0), axis=0), "no_plants")
        _mark(status, moments.count < 2, "too_few")
    return AgglomerationInput(
        region=labels,
        activity=jobs.activity,
        cells=cells,
        row_total=np.concatenate([jobs.row_total, np.zeros(extra)]),
        # published totals may not add up; reference shares must
        total=float(jobs.row_total.sum()),
        moments=moments,
        plant_activity=None,
        plant_size=None,
        cell_plants=cell_plants,
        status=status,
        herfindahl_kind="given" if counts is None else "lower_bound",
        x=x,
        reference=reference if isinstance(reference, str) else "given",
        source=(jobs,) if counts is None else (jobs, counts),
        frame_kind=jobs.frame_kind,
        notes=(*_extra_note(extra), *missing_note(jobs, missing)),
    )


def _mark(status: NDArray[np.str_], where: BoolArray, word: str) -> None:
    """Give the reason to those that have none yet."""
    status[(status == "ok") & where] = word


def _cell_tables(
    data: IntoFrame | Plants | RegionActivity,
    region: str,
    activity: str,
    size: str,
    establishments: str | RegionActivity,
    herfindahl: Herfindahl,
) -> tuple[RegionActivity, RegionActivity | None]:
    """Coerce the cells, and the plant counts when H comes from cell means."""
    if isinstance(data, Plants):
        msg = "`plants` holds single plants, so H is known: use herfindahl='plants'."
        raise OptionError(msg)
    if not isinstance(data, RegionActivity):
        require_columns(to_arrow(data), {"size": size})
    jobs = as_region_activity(data, region=region, activity=activity, value=size)
    if not isinstance(herfindahl, str):
        return jobs, None
    return jobs, second_table(
        data, jobs, establishments, region=region, activity=activity
    )


def second_table(
    data: IntoFrame | RegionActivity,
    first: RegionActivity,
    value: str | RegionActivity,
    *,
    region: str,
    activity: str,
) -> RegionActivity:
    """Give the plant counts that belong to the cells of `first`."""
    if isinstance(value, RegionActivity):
        second = value
    elif isinstance(data, RegionActivity):
        msg = (
            "A RegionActivity holds one value per cell: pass establishments=<RegionActivity "
            f"of plant counts>, not the column name {value!r}."
        )
        raise OptionError(msg)
    else:
        table = to_arrow(data)
        require_columns(table, {"establishments": value})
        second = as_region_activity(
            table, region=region, activity=activity, value=value
        )
    if not (
        np.array_equal(second.region, first.region)
        and np.array_equal(second.activity, first.activity)
    ):
        odd = [
            *np.setxor1d(second.region, first.region).tolist(),
            *np.setxor1d(second.activity, first.activity).tolist(),
        ]
        msg = (
            "`establishments` and the sizes must cover the same regions and activities; "
            f"only in one of them: {odd[:10]}."
        )
        raise AlignmentError(msg)
    return second


def known_values(table: RegionActivity, missing: Missing) -> FloatArray:
    """Give the values, unknown cells as zero if the caller said so."""
    if missing == "zero":
        return np.nan_to_num(table.values, nan=0.0)
    return table.values


def activity_status(table: RegionActivity, missing: Missing) -> NDArray[np.str_]:
    """Say for every activity whether its cells and its total are known and not all zero."""
    status = np.full(table.activity.size, "ok", dtype="<U16")
    _mark(status, np.isnan(table.col_total), "unknown_cells")
    _mark(status, table.col_total <= 0.0, "zero_weight")
    if missing == "undefined":
        _mark(status, np.asarray(np.isnan(table.values).any(axis=0)), "unknown_cells")
    return status


def missing_note(table: RegionActivity, missing: Missing) -> tuple[str, ...]:
    """Record how many unknown cells were counted as empty."""
    holes = int(np.isnan(table.values).sum()) if missing == "zero" else 0
    return (
        (f"{holes} unknown cells counted as empty (missing='zero')",) if holes else ()
    )


def _extra_note(extra: int) -> tuple[str, ...]:
    return (f"{extra} regions stand in the reference only",) if extra else ()


def _dropped_note(n: int) -> tuple[str, ...]:
    return (f"{n} plants without a size were left out",) if n else ()


def given_reference(
    region: NDArray[np.str_], reference: object, words: tuple[str, str]
) -> tuple[FloatArray | None, NDArray[np.str_], int]:
    """Normalise a given reference.

    Returns
    -------
    x : numpy.ndarray or None
        Shares over `labels`; ``None`` when `reference` is one of the words.
    labels : numpy.ndarray of str
        The regions, then those that only the reference names.
    extra : int
        How many of the latter.
    """
    if isinstance(reference, str):
        check_choice("reference", reference, words)
        return None, region, 0
    if isinstance(reference, Mapping):
        known = {str(k): float(v) for k, v in reference.items()}
        absent = [str(r) for r in region if str(r) not in known]
        if absent:
            msg = f"reference lacks {len(absent)} of the regions: {absent[:10]}."
            raise AlignmentError(msg)
        own = {str(r) for r in region}
        more = sorted(set(known) - own)
        labels = np.concatenate([region, np.asarray(more, dtype=np.str_)])
        weights = np.array([known[str(r)] for r in labels])
    else:
        more, labels = [], region
        weights = np.asarray(reference, dtype=np.float64)
        if weights.shape != region.shape:
            msg = (
                f"reference has shape {weights.shape}, but there are {region.size} "
                "regions. Give one weight per region in sorted order, or a mapping."
            )
            raise AlignmentError(msg)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        msg = "reference has negative or non-finite weights, or they are all zero."
        raise OptionError(msg)
    return weights / weights.sum(), labels, len(more)


def _given_herfindahl(
    herfindahl: Mapping[str, float] | ArrayLike, activity: NDArray[np.str_]
) -> FloatArray:
    if isinstance(herfindahl, Mapping):
        h = np.array([float(herfindahl.get(str(a), np.nan)) for a in activity])
        if np.isnan(h).all():
            msg = f"herfindahl names none of the activities: {activity[:5].tolist()}."
            raise AlignmentError(msg)
    else:
        h = np.asarray(herfindahl, dtype=np.float64)
        if h.shape != activity.shape:
            msg = (
                f"herfindahl has shape {h.shape}, but there are {activity.size} "
                "activities. Give one value per activity in sorted order, or a mapping."
            )
            raise AlignmentError(msg)
    if ((h <= 0) | (h > 1)).any():
        msg = "herfindahl: a Herfindahl index lies between 0 and 1, 0 excluded."
        raise OptionError(msg)
    return h


def plant_counts(
    data: IntoFrame | Plants | RegionActivity, *, region: str, activity: str
) -> PlantCounts:
    """Count plants by region and activity, from plants or from a table of counts."""
    if isinstance(data, RegionActivity):
        whole = np.isnan(data.values) | (data.values == np.rint(data.values))
        if not whole.all():
            msg = "Plant counts must be whole numbers; this table holds fractions."
            bad = Problem(
                code="not_whole",
                what="values that are no counts",
                n_rows=int((~whole).sum()),
                fix="pass the number of establishments, not employment",
            )
            raise InvalidTableError(msg, [bad])
        return PlantCounts(
            values=data.values,
            labels=data.activity,
            source=data,
            frame_kind=data.frame_kind,
        )
    plants = as_plants(data, region=region, activity=activity, size=None)
    regions, labels = plants.regions, plants.activities
    n_cells = regions.size * labels.size
    flat = np.bincount(
        plants.region * labels.size + plants.activity, minlength=n_cells
    ).astype(np.float64)
    return PlantCounts(
        values=flat.reshape(regions.size, labels.size),
        labels=labels,
        source=plants,
        frame_kind=plants.frame_kind,
    )
