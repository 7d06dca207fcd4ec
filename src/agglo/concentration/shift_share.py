"""Shift-share: what part of a region's growth is its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._kernels import shift_share as kernels
from agglo.concentration.quotient_results import cell_reasons
from agglo.concentration.quotients import cell_status
from agglo.concentration.shift_share_results import ShiftShare
from agglo.core.errors import AlignmentError, NotIdentifiedError
from agglo.core.options import check_choice
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["shift_share"]


def shift_share(
    start: IntoFrame | RegionActivity,
    end: IntoFrame | RegionActivity,
    *,
    variant: Literal["classical", "homothetic"] = "classical",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: Literal["refuse", "disclosed"] = "refuse",
) -> ShiftShare:
    r"""Measure what part of the change of regions is national, structural and their own.

    Also: shift-share decomposition, Esteban-Marquillas. Use for accounting; the regional
    part is no causal effect and no forecast. For published totals pass tables made by
    `as_region_activity` with `Margins`.

    Parameters
    ----------
    start, end
        Activity tables of two periods (absent row = zero) or `RegionActivity`; aligned by
        label, in one unit.
    variant
        ``"classical"``: national, industry mix, regional. ``"homothetic"``: the regional
        part split into competitive effect (at the size the cell would have with national
        shares) and allocation effect.
    region, activity, value
        Columns of the frames.
    margins
        As in `as_region_activity`, for both frames. With ``"disclosed"`` growth rates come
        from the cells known in both periods.

    Returns
    -------
    ShiftShare
        Parts per cell in the unit of `value`, which add up to the change;
        ``by_region()`` and ``by_activity()`` add them up.

    Raises
    ------
    InvalidTableError
        If a table breaks its schema.
    AlignmentError
        If the two have no region or no activity in common, or different units.
    NotIdentifiedError
        If everything is zero at the start, so that nothing has a growth rate.
    OptionError
        If an option has no such choice.

    Notes
    -----
    With G and :math:`G_i` the growth of everything and of an activity:

    .. math:: \Delta e = e\,G + e\,(G_i - G) + e\,(g_{im} - G_i)

    Homothetic: :math:`h = e_m E_i / E` splits the last part into
    :math:`h (g - G_i)` and :math:`(e - h)(g - G_i)`. What has no growth rate goes to the
    part ``unsplit``: the jobs of an activity that was nowhere at the start, and in the
    homothetic variant those of a cell that was empty at the start. Labels of one period
    only count as zero in the other and are listed in ``appeared`` and ``vanished``; check
    that they are no change of codes. A cell unknown in one period is undefined and left
    out of sums. O(cells).

    References
    ----------
    Dunn 1960, doi:10.1111/j.1435-5597.1960.tb01705.x; Esteban-Marquillas 1972, Regional
    and Urban Economics 2:249, doi:10.1016/0034-3331(72)90033-4.

    See Also
    --------
    location_quotient : One period.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> old = pa.table({"region": list("aabb"), "industry": list("xyxy"),
    ...                 "employment": [50.0, 50.0, 50.0, 50.0]})
    >>> new = old.set_column(2, "employment", [[80.0, 40.0, 70.0, 50.0]])
    >>> found = ag.shift_share(old, new).by_region()
    >>> [round(float(found.parts[p][0]), 6) for p in ("national", "industry_mix", "regional")]
    [20.0, 0.0, 0.0]
    """
    check_choice("variant", variant, ("classical", "homothetic"))
    tables = [
        as_region_activity(
            data, region=region, activity=activity, value=value, margins=margins
        )
        for data in (start, end)
    ]
    known = _align(*tables)
    parts, activity_growth = _parts(known, variant)
    lacking = np.isnan(known.start + known.end)
    return ShiftShare(
        region=known.region,
        activity=known.activity,
        status=cell_status(known.status, lacking),
        start=known.start,
        end=known.end,
        parts={name: frozen_array(part) for name, part in parts.items()},
        variant=variant,
        growth=known.total_end / known.total_start - 1.0,
        activity_growth=frozen_array(activity_growth),
        appeared=known.appeared,
        vanished=known.vanished,
        unit=tables[0].unit,
        provenance=Provenance.of(
            shift_share,
            *tables,
            parameters={"variant": variant, "margins": [t.margins for t in tables]},
            warnings=known.notes,
        ),
        frame_kind=tables[0].frame_kind,
        undefined=cell_reasons(
            known.region,
            known.activity,
            [(lacking, "the size is missing or confidential in one of the periods")],
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aligned:
    """Two periods on one set of labels."""

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    start: FloatArray
    end: FloatArray
    status: NDArray[np.int8]
    row_start: FloatArray
    activity_start: FloatArray
    activity_end: FloatArray
    total_start: float
    total_end: float
    appeared: tuple[tuple[str, str], ...]
    vanished: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def _parts(known: _Aligned, variant: str) -> tuple[dict[str, FloatArray], FloatArray]:
    """Give the parts by name, and the growth of every activity."""
    found = kernels.classical(
        known.start,
        known.end,
        known.activity_start,
        known.activity_end,
        known.total_start,
        known.total_end,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.where(
            known.activity_start > 0, known.activity_end / known.activity_start, np.nan
        )
    parts = {"national": found.national, "industry_mix": found.industry_mix}
    if variant == "classical":
        parts |= {"regional": found.regional, "unsplit": found.unsplit}
        return parts, growth - 1.0
    split = kernels.homothetic(
        known.start,
        known.end,
        known.row_start,
        known.activity_start,
        known.activity_end,
        known.total_start,
    )
    parts |= {
        "competitive": split.competitive,
        "allocation": split.allocation,
        "unsplit": split.unsplit,
    }
    return parts, growth - 1.0


def _align(first: RegionActivity, second: RegionActivity) -> _Aligned:
    _check_pair(first, second)
    region = np.union1d(first.region, second.region)
    activity = np.union1d(first.activity, second.activity)
    start, start_status = _placed(first, region, activity)
    end, end_status = _placed(second, region, activity)
    appeared = _only_in(second, first)
    vanished = _only_in(first, second)
    notes = tuple(
        f"{len(found)} labels {word} between the periods and count as zero before or "
        "after: check that this is no change of codes"
        for word, found in (("appeared", appeared), ("vanished", vanished))
        if found
    )
    if "disclosed" in (first.margins, second.margins):
        both = np.isfinite(start) & np.isfinite(end)
        a, b = np.where(both, start, 0.0), np.where(both, end, 0.0)
        rows, cols_a, cols_b = a.sum(axis=1), a.sum(axis=0), b.sum(axis=0)
        total_a, total_b = float(a.sum()), float(b.sum())
        notes = (
            *notes,
            f"growth rates rest on the {int(both.sum())} cells known in both periods",
        )
    else:
        rows = _at(first.region, first.row_total, region)
        cols_a = _at(first.activity, first.col_total, activity)
        cols_b = _at(second.activity, second.col_total, activity)
        total_a, total_b = first.total, second.total
    if not total_a > 0:
        msg = "Everything is zero (or unknown) at the start: growth rates do not exist."
        raise NotIdentifiedError(msg)
    return _Aligned(
        region=frozen_array(region),
        activity=frozen_array(activity),
        start=frozen_array(start),
        end=frozen_array(end),
        status=np.maximum(start_status, end_status),
        row_start=rows,
        activity_start=cols_a,
        activity_end=cols_b,
        total_start=total_a,
        total_end=total_b,
        appeared=appeared,
        vanished=vanished,
        notes=notes,
    )


def _check_pair(first: RegionActivity, second: RegionActivity) -> None:
    if first.unit != second.unit:
        msg = f"The periods have different units: '{first.unit}' and '{second.unit}'."
        raise AlignmentError(msg)
    for name, a, b in (
        ("region", first.region, second.region),
        ("activity", first.activity, second.activity),
    ):
        if np.intersect1d(a, b).size == 0:
            msg = (
                f"The periods have no {name} in common ({a[:3].tolist()} and "
                f"{b[:3].tolist()}): convert them to one version of the codes."
            )
            raise AlignmentError(msg)


def _placed(
    table: RegionActivity, region: NDArray[np.str_], activity: NDArray[np.str_]
) -> tuple[FloatArray, NDArray[np.int8]]:
    values = np.zeros((region.size, activity.size))
    status = np.zeros(values.shape, dtype=np.int8)
    place = np.ix_(
        np.searchsorted(region, table.region), np.searchsorted(activity, table.activity)
    )
    values[place], status[place] = table.values, table.status
    return values, status


def _at(
    own: NDArray[np.str_], totals: FloatArray, labels: NDArray[np.str_]
) -> FloatArray:
    out = np.zeros(labels.size)
    out[np.searchsorted(labels, own)] = totals
    return out


def _only_in(
    table: RegionActivity, other: RegionActivity
) -> tuple[tuple[str, str], ...]:
    return (
        *(("region", str(r)) for r in np.setdiff1d(table.region, other.region)),
        *(("activity", str(a)) for a in np.setdiff1d(table.activity, other.activity)),
    )
