"""Centrography: where the middle is, how far it reaches, and in which direction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._ellipse_draws import (
    LOST,
    STATISTICS,
    Divisor,
    acceleration,
    axial,
    bca,
    refuse_weightless,
    scale_of,
    statistics_of,
    units_of,
)
from agglo.concentration._kernels import ellipses as kernels
from agglo.concentration.ellipse_results import (
    CentreShift,
    Ellipse,
    EllipseInterval,
    EllipseOverlap,
)
from agglo.core.errors import AlignmentError, OptionError
from agglo.core.geo import geodesic_bearing, geodesic_km
from agglo.core.options import Bootstrap, check_choice
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import Points, as_points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = [
    "bootstrap_ellipse",
    "centre_shift",
    "ellipse_overlap",
    "standard_deviational_ellipse",
]


def standard_deviational_ellipse(
    data: IntoFrame | Points,
    *,
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
    divisor: Divisor = "n",
    scale: float | None = None,
    coverage: float | None = None,
    label: str = "all points",
) -> Ellipse:
    r"""Measure centre, spread and direction of a set of points.

    Use it to summarise where something is; it is no test of clustering. Also: SDE,
    directional distribution, characteristic ellipse.

    Parameters
    ----------
    data
        One row per point, or `Points`.
    x, y
        Columns of coordinates, kilometres, or degrees (longitude, latitude) with `crs`.
    weight
        Column of weights ≥ 0; default 1. Zero weights are dropped.
    crs
        Projection for degrees, see :func:`agglo.project`.
    divisor
        Variance over Σw (``"n"``), Σw·(n−1)/n or Σw·(n−2)/n.
    scale
        Factor of the axes, default 1. CrimeStat and pointpats: √2 with ``"n-2"``.
    coverage
        Instead of `scale`: share of a bivariate normal inside, in (0, 1).
    label
        Name of the set, for captions.

    Returns
    -------
    Ellipse
        Semi-axes in km, bearing in degrees clockwise from north, area in km².

    Raises
    ------
    InvalidTableError
        If coordinates are in degrees without `crs`, missing, or no weight is positive.
    OptionError
        If both `scale` and `coverage` are given, or a value is out of range.

    Notes
    -----
    With weighted deviations :math:`d` and :math:`V` the divisor,
    :math:`\Sigma = \sum w\,d d^T / V`; the semi-axes are the square roots of its
    eigenvalues times the scale. This is Yuill's ellipse: Lefever's locus is another curve
    (Gong 2002). One unscaled standard deviation holds 39.35% of a bivariate normal, not
    68%. Fewer than three sites or points on a line give a short axis of zero, area zero
    and ``degenerate``. Cost O(n).

    References
    ----------
    Lefever (1926), https://doi.org/10.1086/214027. Furfey (1927),
    https://doi.org/10.1086/214336. Wang, Shi and Miao (2015), confidence levels,
    https://doi.org/10.1371/journal.pone.0118537.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> seats = pa.table({"x_km": [0.0, 0.0, 3.0, -3.0], "y_km": [5.0, -5.0, 0.0, 0.0]})
    >>> round(ag.standard_deviational_ellipse(seats).long_km, 4)
    3.5355
    """
    check_choice("divisor", divisor, tuple(LOST))
    factor = scale_of(scale, coverage)
    points = as_points(data, x=x, y=y, weight=weight, crs=crs)
    refuse_weightless(points, label)
    return _ellipse(points, divisor, factor, label)


def _ellipse(points: Points, divisor: str, scale: float, label: str) -> Ellipse:
    use = points.weight > 0
    x, y, w = points.x_km[use], points.y_km[use], points.weight[use]
    sites = np.unique(np.column_stack([x, y]), axis=0)
    # sums around the mean: raw sums of squares lose digits far from the origin
    ox, oy = float(x.mean()), float(y.mean())
    sums = kernels.sums_by_unit(x - ox, y - oy, w, np.zeros(x.size, np.int64), 1)
    cx, cy, sxx, syy, sxy = kernels.covariance_of_sums(sums, LOST[divisor])
    long, short, theta = (float(v[0]) for v in kernels.axes_of(sxx, syy, sxy))
    degenerate = bool(sites.shape[0] < 3 or not short > 0)
    if degenerate:
        short = 0.0 if np.isfinite(long) else np.nan
    theta = theta if long > 0 else np.nan
    centre = (float(cx[0]) + ox, float(cy[0]) + oy)
    lon = lat = np.nan
    if points.projection is not None:
        there = points.projection.inverse(np.array([centre[0]]), np.array([centre[1]]))
        lon, lat = float(there[0][0]), float(there[1][0])
    parameters = {"divisor": divisor, "scale": scale, "label": label}
    fields = {
        "label": label,
        "x_km": centre[0],
        "y_km": centre[1],
        "lon": lon,
        "lat": lat,
        "long_km": long * scale,
        "short_km": short * scale,
        "theta": theta,
        "weight": float(w.sum()),
        "n": int(use.sum()),
        "n_sites": int(sites.shape[0]),
        "divisor": divisor,
        "scale": scale,
        "degenerate": degenerate,
        "projection": points.projection,
        "frame_kind": points.frame_kind,
        "undefined": _reasons(long, theta, degenerate),
        "provenance": Provenance.of(
            standard_deviational_ellipse, points, parameters=parameters
        ),
    }
    draft = Ellipse(inside_share=np.nan, **fields)  # type: ignore[arg-type]
    inside = w[draft.contains(x, y)].sum() / w.sum()
    return Ellipse(inside_share=float(inside), **fields)  # type: ignore[arg-type]


def _reasons(long: float, theta: float, degenerate: bool) -> tuple[Undefined, ...]:
    found = []
    if not np.isfinite(long):
        found.append(
            Undefined(reason="fewer points than the divisor loses", item="axes")
        )
    elif np.isnan(theta):
        reason = "one site" if degenerate else "long and short axis are equal"
        found.append(Undefined(reason=reason, item="theta"))
    return tuple(found)


def ellipse_overlap(a: Ellipse, b: Ellipse) -> EllipseOverlap:
    """Measure how far two ellipses cover the same ground.

    Parameters
    ----------
    a, b
        Ellipses with the same projection, divisor and scale.

    Returns
    -------
    EllipseOverlap
        Shares in [0, 1]: 1 is the same ground, 0 is no ground in common; NaN if an
        ellipse is degenerate.

    Raises
    ------
    AlignmentError
        If the conventions or projections differ.

    Notes
    -----
    The area is exact: crossings from the quartic of the two conics, elliptic segments by
    Green's theorem. Cost O(1).

    References
    ----------
    The polynomial and segment method follows Hughes and Chraibi (2012),
    https://doi.org/10.1007/s00791-013-0214-3; derived and tested here.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> round_ = pa.table({"x_km": [1.0, -1.0, 0.0, 0.0], "y_km": [0.0, 0.0, 1.0, -1.0]})
    >>> a = ag.standard_deviational_ellipse(round_, scale=2**0.5)
    >>> b = ag.standard_deviational_ellipse(
    ...     pa.table({"x_km": [2.0, 0.0, 1.0, 1.0], "y_km": [0.0, 0.0, 1.0, -1.0]}),
    ...     scale=2**0.5)
    >>> round(ag.ellipse_overlap(a, b).jaccard, 6)
    0.24301
    """
    differing = [
        f"{name} ({getattr(a, name)!r} and {getattr(b, name)!r})"
        for name in ("divisor", "scale", "projection")
        if getattr(a, name) != getattr(b, name)
    ]
    if differing:
        msg = f"The ellipses do not share {', '.join(differing)}: they cannot be compared."
        raise AlignmentError(msg)
    undefined: tuple[Undefined, ...] = ()
    if a.degenerate or b.degenerate:
        shared = union = np.nan
        undefined = (Undefined(reason="an ellipse is degenerate", item="overlap"),)
    else:
        shared = kernels.overlap_area(a.geometry(), b.geometry())
        union = a.area_km2 + b.area_km2 - shared
    distance, bearing = _centres(a, b)
    apart = abs(a.theta - b.theta) % 180.0
    smaller = min(a.area_km2, b.area_km2)
    return EllipseOverlap(
        label_a=a.label,
        label_b=b.label,
        intersection_km2=shared,
        jaccard=_ratio(shared, union),
        contained_a=_ratio(shared, a.area_km2),
        contained_b=_ratio(shared, b.area_km2),
        contained_min=_ratio(shared, smaller),
        centre_distance_km=distance,
        centre_bearing=bearing,
        theta_difference=float(min(apart, 180.0 - apart)),
        area_ratio=_ratio(b.area_km2, a.area_km2),
        undefined=undefined,
        frame_kind=a.frame_kind,
        provenance=Provenance.of(
            ellipse_overlap, a.provenance.input_digest, b.provenance.input_digest
        ),
    )


def _ratio(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom > 0 else np.nan


def _centres(a: Ellipse, b: Ellipse) -> tuple[float, float]:
    if a.projection is not None:
        place = (a.lon, a.lat, b.lon, b.lat)
        return float(geodesic_km(*place)), float(geodesic_bearing(*place))
    dx, dy = b.x_km - a.x_km, b.y_km - a.y_km
    if dx == 0.0 and dy == 0.0:
        return 0.0, np.nan
    return float(np.hypot(dx, dy)), float(np.degrees(np.arctan2(dx, dy)) % 360.0)


def centre_shift(ellipses: Sequence[Ellipse], periods: Sequence[float]) -> CentreShift:
    """Follow a centre from period to period.

    Parameters
    ----------
    ellipses
        One per period, same projection and convention.
    periods
        Increasing numbers, for example years.

    Returns
    -------
    CentreShift
        One row per step: km, bearing, km per year, changes of the axes.

    Raises
    ------
    AlignmentError
        If lengths differ, are below two, or conventions differ.
    OptionError
        If the periods do not increase.

    Notes
    -----
    Distances and bearings are geodesic when the projection is known, else planar. The
    change of direction is the shortest axial one. Cost O(periods).

    References
    ----------
    Geodesics: Vincenty (1975), https://doi.org/10.1179/sre.1975.23.176.88.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> def at(dx):
    ...     return ag.standard_deviational_ellipse(
    ...         pa.table({"x_km": [dx, dx + 2.0, dx + 1.0], "y_km": [0.0, 0.0, 3.0]}))
    >>> float(ag.centre_shift([at(0.0), at(6.0)], [2019, 2022]).speed_km_per_year[0])
    2.0
    """
    years = np.asarray(periods, dtype=np.float64)
    if len(ellipses) != years.size or years.size < 2:
        msg = f"Got {len(ellipses)} ellipses and {years.size} periods; need two or more of each."
        raise AlignmentError(msg)
    if not (np.diff(years) > 0).all():
        msg = f"periods={list(periods)} must increase."
        raise OptionError(msg)
    steps = [ellipse_overlap(a, b) for a, b in pairwise(ellipses)]
    span = np.diff(years)
    distance = np.array([s.centre_distance_km for s in steps])
    theta = np.diff([e.theta for e in ellipses])
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.diff(np.log([e.area_km2 for e in ellipses])) / span
    return CentreShift(
        start=frozen_array(years[:-1]),
        end=frozen_array(years[1:]),
        distance_km=frozen_array(distance),
        bearing=frozen_array(np.array([s.centre_bearing for s in steps])),
        speed_km_per_year=frozen_array(distance / span),
        path_km=frozen_array(np.cumsum(distance)),
        long_change_km=frozen_array(np.diff([e.long_km for e in ellipses])),
        short_change_km=frozen_array(np.diff([e.short_km for e in ellipses])),
        theta_change=frozen_array((theta + 90.0) % 180.0 - 90.0),
        area_growth_per_year=frozen_array(
            np.where(np.isfinite(growth), growth, np.nan)
        ),
        frame_kind=ellipses[0].frame_kind,
        provenance=Provenance.of(
            centre_shift, *[e.provenance.input_digest for e in ellipses], list(periods)
        ),
    )


def bootstrap_ellipse(
    data: IntoFrame | Points,
    *,
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
    divisor: Divisor = "n",
    scale: float | None = None,
    coverage: float | None = None,
    unit: ArrayLike | None = None,
    inference: Bootstrap = Bootstrap(n=2000),  # noqa: B008  frozen
) -> EllipseInterval:
    """Give intervals of centre, axes, area and direction by resampling units.

    Parameters
    ----------
    data, x, y, weight, crs, divisor, scale, coverage
        As in :func:`standard_deviational_ellipse`.
    unit
        Label of every point's unit, for example its cluster: units are drawn with all
        their points. Default every point on its own.
    inference
        Number of draws, seed and coverage.

    Returns
    -------
    EllipseInterval
        Percentile and BCa intervals. The direction is axial: angles are doubled, turned
        by their mean and halved again; it has no interval when the doubled angles scatter
        (resultant length below 0.5).

    Raises
    ------
    AlignmentError
        If `unit` has another length, or fewer than two units remain.

    Notes
    -----
    Draws are multinomial counts of units times their sums: one matrix product for all
    draws. Cost O(draws × units).

    References
    ----------
    BCa intervals: Efron (1987), https://doi.org/10.1080/01621459.1987.10478410.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"x_km": [0.0, 1.0, 2.0, 5.0] * 5, "y_km": [0.0, 3.0, 1.0, 9.0] * 5})
    >>> fit = ag.bootstrap_ellipse(rows, inference=ag.Bootstrap(n=200, seed=1))
    >>> bool(fit.lower[2] < fit.estimate[2] < fit.upper[2]), fit.n_units
    (True, 20)
    """
    points = as_points(data, x=x, y=y, weight=weight, crs=crs)
    refuse_weightless(points, "the data")
    check_choice("divisor", divisor, tuple(LOST))
    factor, lost = scale_of(scale, coverage), LOST[divisor]
    code, n_units = units_of(unit, points.n)
    use = points.weight > 0
    ox, oy = float(points.x_km[use].mean()), float(points.y_km[use].mean())
    sums = kernels.sums_by_unit(
        points.x_km[use] - ox,
        points.y_km[use] - oy,
        points.weight[use],
        code[use],
        n_units,
    )
    sums = sums[sums[:, 0] > 0]
    if sums.shape[0] < 2:
        msg = "The bootstrap needs two units with positive weight or more."
        raise AlignmentError(msg)
    entropy = entropy_of(inference.seed)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
    units = sums.shape[0]
    counts = rng.multinomial(units, np.full(units, 1.0 / units), size=inference.n)
    draws = statistics_of(counts @ sums, lost, factor)
    whole = statistics_of(sums.sum(axis=0)[None], lost, factor)[0]
    jackknife = statistics_of(sums.sum(axis=0) - sums, lost, factor)
    tail = 0.5 * (1.0 - inference.level)
    lower, upper = np.nanquantile(draws[:, :5], [tail, 1.0 - tail], axis=0)
    corrected = _corrected(draws, whole, jackknife, tail)
    theta, concentration = axial(draws[:, 5], tail)
    shift = np.array([ox, oy, 0.0, 0.0, 0.0])
    notes = () if units >= 10 else (f"only {units} units: the intervals are rough",)
    empty = np.array([np.nan])
    return EllipseInterval(
        statistic=STATISTICS,
        estimate=frozen_array(whole + np.append(shift, 0.0)),
        lower=frozen_array(np.append(lower + shift, theta[0])),
        upper=frozen_array(np.append(upper + shift, theta[1])),
        lower_bca=frozen_array(np.concatenate([corrected[:, 0] + shift, empty])),
        upper_bca=frozen_array(np.concatenate([corrected[:, 1] + shift, empty])),
        theta_concentration=concentration,
        level=inference.level,
        n_draws=inference.n,
        n_units=units,
        notes=notes,
        frame_kind=points.frame_kind,
        provenance=Provenance.of(
            bootstrap_ellipse,
            points,
            parameters={
                "divisor": divisor,
                "scale": factor,
                "n": inference.n,
                "level": inference.level,
            },
            seed=entropy,
            warnings=notes,
        ),
    )


def _corrected(
    draws: FloatArray, estimate: FloatArray, jackknife: FloatArray, tail: float
) -> FloatArray:
    """Give BCa ends of all but the bearing, shape (5, 2)."""
    ends = [
        bca(draws[:, i], estimate[i], acceleration(jackknife[:, i]), tail)
        for i in range(5)
    ]
    return np.array(ends)
