"""What a plant may gain from its surroundings: own activity, other activities, rivals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._agglomeration_input import (
    MISSING,
    Missing,
    known_values,
    missing_note,
    second_table,
)
from agglo.concentration._kernels import coagglomeration as kernels
from agglo.concentration.coagglomeration_results import Externalities
from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["externalities"]


def externalities(
    data: IntoFrame | RegionActivity,
    *,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    establishments: str | RegionActivity | None = "establishments",
    missing: Missing = "undefined",
) -> Externalities:
    r"""Measure specialisation, diversity and competition around every cell.

    Also: Marshall-Arrow-Romer (MAR), Jacobs and Porter externalities. Use as regressors of
    growth or innovation; they describe surroundings and are no evidence of an effect.

    Parameters
    ----------
    data
        Activity table (absent row = zero) or `RegionActivity` of employment.
    region, activity, value
        Columns of `data`.
    establishments
        Column or `RegionActivity` with plant counts; ``None``: no competition.
    missing
        ``"undefined"``: what needs an unknown cell is NaN; ``"zero"``: unknown cells count
        as empty, recorded.

    Returns
    -------
    Externalities
        Three matrices (n_regions, n_activities), dimensionless, 1 = as in the nation:
        ``mar`` (location quotient), ``jacobs`` (above 1 = the rest of the region is more
        diverse than the rest of the nation), ``competition`` (above 1 = more plants per
        job).

    Raises
    ------
    ColumnNotFoundError
        If a column is absent; pass ``establishments=None`` if there are no plant counts.
    OptionError
        If `missing` is not among the choices.
    AlignmentError
        If the plant counts cover other regions or activities.
    InvalidTableError
        If a table breaks its schema.

    Notes
    -----
    .. math:: MAR = \frac{e_{im}/e_m}{e_i/e},\quad
        J = \frac{1/\sum_{k\ne i}(e_{km}/(e_m-e_{im}))^2}
                 {1/\sum_{k\ne i}(e_k/(e-e_i))^2},\quad
        P = \frac{n_{im}/e_{im}}{n_i/e_i}

    Any zero denominator is NaN: competition of an absent activity, diversity of a region
    that has only activity i. Sums without i are formed without subtraction, so that one
    dominant activity costs no digits. An unknown cell makes its own MAR and competition
    NaN, and diversity for the other activities of the same region, which needs it; no
    other region is touched. O(n_regions n_activities).

    References
    ----------
    Glaeser, Kallal, Scheinkman and Shleifer 1992, doi:10.1086/261856 (not confirmed by
    us); Combes 2000, Journal of Urban Economics 47:329.

    See Also
    --------
    agglo.concentration.location_quotient : MAR with intervals.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import externalities
    >>> jobs = pa.table({"region": list("aaabbb"), "industry": list("ijkijk"),
    ...     "employment": [10, 20, 20, 30, 10, 30], "establishments": [2, 2, 2, 3, 3, 3]})
    >>> found = externalities(jobs)
    >>> found.mar.round(4)[0].tolist(), found.competition.round(4)[0].tolist()
    ([0.6, 1.6, 0.96], [1.6, 0.6, 1.0])
    """
    check_choice("missing", missing, MISSING)
    table = as_region_activity(data, region=region, activity=activity, value=value)
    cells = known_values(table, missing)
    with np.errstate(divide="ignore", invalid="ignore"):
        mar = (cells / table.row_total[:, None]) / (table.col_total / table.total)
    national = kernels.inverse_concentration(table.col_total[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        jacobs = kernels.inverse_concentration(cells) / national
    competition = np.full_like(mar, np.nan)
    counts = None
    if establishments is not None:
        counts = second_table(
            data, table, establishments, region=region, activity=activity
        )
        competition = _competition(known_values(counts, missing), cells, counts, table)
    return Externalities(
        provenance=Provenance.of(
            externalities,
            table,
            *(() if counts is None else (counts,)),
            parameters={"missing": missing},
            warnings=missing_note(table, missing),
        ),
        frame_kind=table.frame_kind,
        undefined=_undefined(
            table, jacobs, competition if counts is not None else None
        ),
        region=table.region,
        activity=table.activity,
        mar=frozen_array(mar),
        jacobs=frozen_array(jacobs),
        competition=frozen_array(competition),
    )


def _competition(
    plants: FloatArray, jobs: FloatArray, counts: RegionActivity, table: RegionActivity
) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (plants / jobs) / (counts.col_total / table.col_total)
    return np.where(np.isfinite(value), value, np.nan)


def _undefined(
    table: RegionActivity, jacobs: FloatArray, competition: FloatArray | None
) -> tuple[Undefined, ...]:
    """Count the undefined values by kind and reason; one row per cell would be millions."""
    unknown = np.isnan(table.values)
    found = [("mar", unknown, "the cell is unknown")]
    smaller = np.minimum.outer(table.row_total, table.col_total)
    empty = (smaller <= 0.0) & ~unknown
    found.append(("mar", empty, "region or activity without employment"))
    undefined = np.isnan(jacobs)
    with_unknown = undefined & np.asarray(unknown.any(axis=1))[:, None]
    found.append(("jacobs", with_unknown, "the region has an unknown cell"))
    found.append(
        (
            "jacobs",
            undefined & ~with_unknown,
            "nothing else in the region or the nation",
        )
    )
    if competition is not None:
        found.append(
            (
                "competition",
                np.isnan(competition),
                "no employment, no plants or unknown",
            )
        )
    return tuple(
        Undefined(reason=reason, item=item, n=int(where.sum()))
        for item, where, reason in found
        if where.any()
    )
