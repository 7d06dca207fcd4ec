"""Location quotients: how over-represented an activity is in a region.

Tests and intervals are in :mod:`agglo.concentration.quotient_tests`, bounds under
confidentiality in :mod:`agglo.concentration.quotient_bounds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._kernels import quotients as kernels
from agglo.concentration._quotient_input import (
    RegionReference,
    check_whole,
    counts_of,
    reference_shares,
    region_numbers,
)
from agglo.concentration._units import MarginChoice
from agglo.concentration.quotient_results import UNDEFINED, Quotients, cell_reasons
from agglo.core.errors import OptionError
from agglo.core.options import check_choice
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import (
    CONFIDENTIAL,
    MISSING,
    RegionActivity,
    as_region_activity,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntoFrame

__all__ = ["cluster_index", "location_quotient", "shrink_location_quotient"]

QuotientKind: TypeAlias = Literal[
    "ratio", "log", "symmetric", "standardised", "excess_jobs"
]
KINDS = ("ratio", "log", "symmetric", "standardised", "excess_jobs")


def location_quotient(
    data: IntoFrame | RegionActivity,
    *,
    kind: QuotientKind = "ratio",
    reference: RegionReference = "national",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> Quotients:
    r"""Measure how over-represented an activity is in a region.

    Also: LQ, RCA, Balassa index. Use for a first map of specialisation; a quotient of a
    small cell is noise (see `location_quotient_test`, `shrink_location_quotient`), and
    employment in few large plants is not a cluster (see `ellison_glaeser`).

    Parameters
    ----------
    data
        Activity table (one row per region and activity; absent row = zero, null = missing,
        null with flag ``c`` = confidential) or `RegionActivity`; sizes at least 0.
    kind
        ``"ratio"`` LQ; ``"log"`` ln LQ; ``"symmetric"`` (LQ - 1)/(LQ + 1);
        ``"standardised"`` z-score of ln LQ over the regions of an activity;
        ``"excess_jobs"`` size above proportionality, in the unit of `value`.
    reference
        ``"national"``: every region's share in the table's totals; or a mapping region →
        weight (population, land area), which may name further regions.
    region, activity, value
        Columns of a frame.
    margins
        As in `as_region_activity`: what the totals are when cells are unknown.

    Returns
    -------
    Quotients
        ``values`` of shape (n_regions, n_activities), dimensionless, at least 0; 1 = as
        in the whole, 0 = absent. Log: 0 = as in the whole. Symmetric: in [-1, 1).
        Standardised: above 1.96 is flagged ``high``.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or cells are unknown and `margins` refuses them.
    AlignmentError
        If a given reference lacks a region.
    OptionError
        If an option has no such choice.

    Notes
    -----
    .. math:: LQ_{im} = \frac{e_{im}/e_i}{e_m/e}, \qquad
              \text{excess}_{im} = e_{im} - e_i \frac{e_m}{e}

    An unknown cell is undefined and nothing else. An empty region or activity is 0/0,
    undefined. A zero cell has LQ 0, log undefined. Standardised needs 8 regions with
    LQ > 0 that differ (standard deviation with n - 1); ``shapiro_p`` says whether ln LQ is
    normal, up to 5,000 regions. O(n_regions n_activities).

    References
    ----------
    Hoover 1936, Review of Economics and Statistics 18:162; O'Donoghue and Gleave 2004,
    Regional Studies 38:419; Fingleton, Igliori and Moore 2004 (excess jobs).

    See Also
    --------
    location_quotient_test : Interval and p-value of every quotient.
    location_quotient_bounds : What confidential cells allow.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> jobs = pa.table({"region": ["a", "a", "b"], "industry": ["x", "y", "x"],
    ...                  "employment": [30.0, 10.0, 20.0]})
    >>> round(float(ag.location_quotient(jobs).values[0, 1]), 6)
    1.5
    """
    check_choice("kind", kind, KINDS)
    table = as_region_activity(
        data, region=region, activity=activity, value=value, margins=margins
    )
    x = reference_shares(table.region, table.row_total, table.total, reference)
    ratio = kernels.location_quotient(table.values, x, table.col_total)
    masks = [
        *empty_masks(x, table.col_total),
        (table.status == MISSING, "the cell is missing"),
        (table.status == CONFIDENTIAL, "the cell is confidential"),
    ]
    n_positive = shapiro_p = None
    values = ratio
    if kind == "log":
        values = kernels.log_quotient(ratio)
        masks.append((ratio == 0.0, "the quotient is 0, which has no logarithm"))
    elif kind == "symmetric":
        values = kernels.symmetric_quotient(ratio)
    elif kind == "excess_jobs":
        values = kernels.excess_jobs(table.values, x, table.col_total)
    elif kind == "standardised":
        found = kernels.standardised_quotient(ratio)
        values, n_positive, shapiro_p = found.z, found.n_positive, found.shapiro_p
        masks += _standardised_masks(ratio, n_positive)
    return wrap_quotients(
        location_quotient,
        table,
        values,
        masks,
        kind=kind,
        parameters={"kind": kind, "reference": reference},
        n_positive=n_positive,
        shapiro_p=shapiro_p,
    )


def empty_masks(x: FloatArray, col_total: FloatArray) -> list[tuple[BoolArray, str]]:
    """Cells of regions and activities without anything to compare."""
    return [
        (~(x > 0)[:, None], "the region is empty in the reference: 0/0"),
        (~(col_total > 0)[None, :], "the activity is nowhere: 0/0"),
    ]


def _standardised_masks(
    ratio: FloatArray, n_positive: FloatArray
) -> list[tuple[BoolArray, str]]:
    few = n_positive < kernels.STANDARDISED_LEAST
    return [
        (few[None, :], "fewer than 8 regions have a positive quotient"),
        (ratio == 0.0, "the quotient is 0, which has no logarithm"),
        (ratio > 0.0, "all quotients of the activity are equal"),
    ]


def wrap_quotients(
    function: Callable[..., object],
    table: RegionActivity,
    values: FloatArray,
    masks: list[tuple[BoolArray, str]],
    *,
    kind: str,
    parameters: Mapping[str, object],
    inputs: tuple[object, ...] = (),
    notes: tuple[str, ...] = (),
    n_positive: FloatArray | None = None,
    shapiro_p: FloatArray | None = None,
) -> Quotients:
    """Wrap one number per cell; what is NaN gets the first reason whose mask fits."""
    lacking = np.isnan(values)
    if not lacking.any():
        masks = []
    return Quotients(
        region=table.region,
        activity=table.activity,
        status=cell_status(table.status, lacking),
        values=frozen_array(values),
        size=table.values,
        kind=kind,
        unit=table.unit,
        n_positive=None if n_positive is None else frozen_array(n_positive),
        shapiro_p=None if shapiro_p is None else frozen_array(shapiro_p),
        provenance=Provenance.of(
            function,
            table,
            *inputs,
            parameters={**parameters, "margins": table.margins},
            warnings=(*margin_notes(table), *notes),
        ),
        frame_kind=table.frame_kind,
        undefined=cell_reasons(
            table.region, table.activity, [(m & lacking, r) for m, r in masks]
        ),
    )


def cell_status(known: NDArray[np.int8], lacking: BoolArray) -> NDArray[np.int8]:
    """Give the state of every result cell: unknown cells keep theirs."""
    status = np.where(lacking & (known == 0), np.int8(UNDEFINED), known)
    return frozen_array(status.astype(np.int8))


def margin_notes(table: RegionActivity) -> tuple[str, ...]:
    """Record that totals are sums of what is disclosed."""
    if table.margins != "disclosed":
        return ()
    return (
        f"{table.n_unknown} cells are unknown and totals are sums of the known ones: "
        "quotients are relative to what is disclosed",
    )


def shrink_location_quotient(
    data: IntoFrame | RegionActivity,
    *,
    reference: RegionReference = "national",
    region: str = "region",
    activity: str = "industry",
    establishments: str = "establishments",
    margins: MarginChoice = "refuse",
) -> Quotients:
    r"""Measure over-representation of plants, shrunk where they are few.

    Also: empirical-Bayes location quotient, Marshall's global smoother. Use to rank regions
    of very different size; a region with few expected plants is pulled to the mean. Works on
    plant counts, not employment (see `location_quotient`).

    Parameters
    ----------
    data
        Activity table with plant counts (absent row = zero) or `RegionActivity` of counts;
        whole numbers.
    reference
        ``"national"``: every region's share in all plants; or a mapping region → weight.
    region, activity, establishments
        Columns of a frame.
    margins
        As in `as_region_activity`. Unknown counts stay undefined and do not enter the
        moments of their activity.

    Returns
    -------
    Quotients
        ``values`` of shape (n_regions, n_activities), dimensionless, at least 0; 1 = as
        many plants as expected.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema or counts have fractions (code ``not_whole``).
    AlignmentError
        If a given reference lacks a region.
    OptionError
        If an option has no such choice.

    Notes
    -----
    With :math:`E_m = n_i x_m`, :math:`\hat m = \sum n / \sum E`,
    :math:`s^2 = \sum E_m (LQ_m - \hat m)^2 / \sum E`,
    :math:`A = \max(s^2 - \hat m / \bar E, 0)`:

    .. math:: \hat m + \frac{A}{A + \hat m / E_m} (LQ_m - \hat m)

    A = 0 (no more variation than chance) gives every region the mean. A region with
    x = 0 is undefined. O(n_regions n_activities).

    References
    ----------
    Marshall 1991, doi:10.2307/2347593.

    See Also
    --------
    location_quotient_test : Says which quotients differ from 1.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> plants = pa.table({"region": list("aabb"), "industry": list("xyxy"),
    ...                    "establishments": [60, 20, 10, 110]})
    >>> round(float(ag.shrink_location_quotient(plants).values[0, 0]), 6)
    2.096364
    """
    if isinstance(data, RegionActivity):
        counts = data
    else:
        counts = counts_of(
            data,
            None,
            establishments,
            region=region,
            activity=activity,
            margins=margins,
        )
    check_whole(counts)
    x = reference_shares(counts.region, counts.row_total, counts.total, reference)
    masks = [
        *empty_masks(x, counts.col_total),
        (counts.status == MISSING, "the count is missing"),
        (counts.status == CONFIDENTIAL, "the count is confidential"),
    ]
    return wrap_quotients(
        shrink_location_quotient,
        counts,
        kernels.shrunk_quotient(counts.values, x),
        masks,
        kind="shrunk",
        parameters={"reference": reference},
    )


def cluster_index(
    data: IntoFrame | RegionActivity,
    *,
    area_km2: Mapping[str, float],
    population: Mapping[str, float],
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    establishments: str | RegionActivity = "establishments",
    margins: MarginChoice = "refuse",
) -> Quotients:
    r"""Measure density, stock and plant size of an activity in one cluster index.

    Also: Litzenberger-Sternberg cluster index. Use to find regions where an activity is
    dense per km² and per inhabitant and split over many plants; no null model.

    Parameters
    ----------
    data
        Activity table with employment and plant counts (absent row = zero) or
        `RegionActivity` of employment.
    area_km2, population
        Mapping region → land area and inhabitants, at least 0; further regions count in
        the national totals.
    region, activity, value
        Columns of a frame.
    establishments
        Column of plant counts, or a `RegionActivity` of them.
    margins
        As in `as_region_activity`, for employment and counts.

    Returns
    -------
    Quotients
        ``values`` of shape (n_regions, n_activities), dimensionless, at least 0; 1 = as in
        the whole country.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema.
    AlignmentError
        If `area_km2` or `population` lack a region, or the counts cover other cells.
    OptionError
        If numbers are negative or not finite.

    Notes
    -----
    .. math:: \frac{(e_{im}/a_m)/(e_i/a) \cdot (e_{im}/p_m)/(e_i/p)}
                   {(e_{im}/n_{im})/(e_i/n_i)}

    with e employment, a area, p population, n plants. Any zero denominator makes the cell
    undefined, an activity that is absent from a region too. O(n_regions n_activities).

    References
    ----------
    Litzenberger and Sternberg 2006, Geographische Zeitschrift 94:209.

    See Also
    --------
    location_quotient : Compares with all employment, not with land and people.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"region": ["a", "b"], "industry": ["x", "x"],
    ...                  "employment": [30.0, 10.0], "establishments": [6, 4]})
    >>> found = ag.cluster_index(rows, area_km2={"a": 1.0, "b": 3.0},
    ...                          population={"a": 20.0, "b": 20.0})
    >>> round(float(found.values[0, 0]), 6)
    3.6
    """
    jobs = as_region_activity(
        data, region=region, activity=activity, value=value, margins=margins
    )
    counts = counts_of(
        data, jobs, establishments, region=region, activity=activity, margins=margins
    )
    area = region_numbers(jobs.region, area_km2, "area_km2")
    people = region_numbers(jobs.region, population, "population")
    values = kernels.cluster_index(
        jobs.values,
        counts.values,
        area,
        people,
        kernels.NationalTotals(
            jobs.col_total,
            counts.col_total,
            _sum_of(area_km2, "area_km2"),
            _sum_of(population, "population"),
        ),
    )
    return wrap_quotients(
        cluster_index,
        jobs,
        values,
        [
            (jobs.status > 0, "the employment of the cell is unknown"),
            (counts.status > 0, "the number of plants of the cell is unknown"),
            (
                np.isnan(values),
                "a denominator is 0 (employment, plants, area or people)",
            ),
        ],
        kind="cluster_index",
        parameters={"area_km2": area, "population": people},
        inputs=(counts,),
    )


def _sum_of(given: Mapping[str, float], name: str) -> float:
    total = float(sum(float(v) for v in given.values()))
    if not total > 0:
        msg = f"`{name}` adds up to 0."
        raise OptionError(msg)
    return total
