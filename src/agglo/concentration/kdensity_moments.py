"""A K-density beside its exact moments under a null, in place of draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._distance_input import (
    check_distances,
    coordinates,
    points_or_matrix,
    rows_of,
)
from agglo.concentration._kdensity_null import (
    SAMPLE,
    curve_of,
    fixed_bandwidth,
    held_moments,
    pool_moments,
)
from agglo.concentration._kernels import pair_moments as kernels
from agglo.concentration.localization_results import KDensityMoments
from agglo.core.errors import OptionError
from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined, frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.tables import Points
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["kdensity_moments"]


def kdensity_moments(
    data: IntoFrame | Points,
    *,
    activity: str,
    r_km: ArrayLike,
    bandwidth_km: float,
    neighbour: str | None = None,
    null: Literal["all_sites", "joint_labels", "fix_a"] = "all_sites",
    type: str = "type",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
) -> KDensityMoments:
    r"""Give a K-density beside its exact mean and covariance under a null.

    Use in place of draws where z is enough, or to check draws. Bands of a whole curve:
    `duranton_overman`.

    Parameters
    ----------
    data
        One row per plant of any activity, or `Points`.
    activity
        Type to measure.
    r_km
        Increasing distances, km.
    bandwidth_km
        Standard deviation of the kernel, km.
    neighbour
        Second type, for the distances between the two.
    null
        As in :func:`duranton_overman`. ``"all_sites"``: the plants of one activity, or of
        both, at random sites of the pool; ``"joint_labels"``: labels shuffled over the
        sites of two; ``"fix_a"``: `activity` held, `neighbour` at random sites of all
        other plants.
    type, x, y, weight, crs
        Columns of type, position and weight, see :func:`agglo.core.tables.as_points`. With
        `weight` pairs weigh the product, and the own weights of what is drawn are dealt to
        the drawn sites (one activity, or ``"fix_a"``).
    distances
        Matrix of travel times or other distances in the order of the rows, (n, n), in place
        of positions; "km" then reads as its unit. Counted in bins, never gridded.
    symmetrise
        ``"refuse"`` a matrix where there and back differ, or take their ``"mean"``.
    on_missing
        ``"refuse"`` rows without position or weight, or ``"drop"`` them; the provenance
        says how many.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    KDensityMoments
        Curve, mean, standard deviation, z per distance and the covariance of the curve.

    Raises
    ------
    AlignmentError
        If a label is no type of the data.
    OptionError
        If an option is not admissible, or a null does not fit.
    NotIdentifiedError
        If a value is undefined and `errors` is ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.

    Notes
    -----
    With :math:`Q_a`, :math:`Q_b` as in :func:`localization`. Weights: :math:`[2 e_2 Q_a /
    (N)_2 + t Q_b / (N)_3 - 4 u (Q_a + Q_b) / (N)_4] / (\sum_{i<j} w_i w_j)^2`. Label
    split and two redrawn activities: :math:`[(q_2 - q_4) Q_a + (q_3 - q_4) Q_b] / (n_A
    n_B)^2`. Held: :math:`(P_2 / P_1^2 - 1/N) S_h`, with the covariance over the pool of
    h(s), the mean kernel between s and the activity. Pools beyond 20,000
    plants: from a sample of that size. Fewer than two plants, or no weight: NaN with a
    reason. Cost O(pool²), at most 20,000².

    References
    ----------
    Duranton and Overman 2005, doi:10.1111/0034-6527.00362; moments: our derivation, equal
    to complete enumeration.

    See Also
    --------
    localization : All activities, with global bands.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import kdensity_moments
    >>> rows = pa.table({"x_km": [0.0, 1.0, 5.0, 9.0], "y_km": [0.0] * 4, "type": list("aabb")})
    >>> found = kdensity_moments(rows, activity="a", r_km=[1.0], bandwidth_km=1.0)
    >>> round(float(found.z[0]), 3)
    2.236
    """
    check_choice("null", null, ("all_sites", "joint_labels", "fix_a"))
    h, r = fixed_bandwidth(bandwidth_km), check_distances(r_km)
    _check_null(null, activity, neighbour, weight)
    names = (x, y, type, weight)
    points, matrix = points_or_matrix(
        data, names, crs, distances, symmetrise, on_missing
    )
    rows = rows_of(points, "activity", activity)
    other = None if neighbour is None else rows_of(points, "neighbour", neighbour)
    at = coordinates(points)
    pool = _pool(at, rows, other, null)
    weights = None if weight is None else points.weight[rows]
    second = None if weight is None or other is None else points.weight[other]
    reason = _undefined_pairs(rows.size, weights, second, alone=other is None)
    value = np.full(r.size, np.nan)
    mean, covariance = value, np.full((r.size, r.size), np.nan)
    if not reason:
        both, held = {"weights": weights, "second": second}, null == "fix_a"
        value = curve_of(at, rows, r, h, other=other, distances=matrix, **both)
        dealt = other, weights, second
        mean, covariance = _null_of(at, rows, pool, dealt, r, h, matrix, held=held)
    sd, z = _scores(value, mean, covariance)
    if not reason and np.isnan(z).all():
        reason = "nothing varies under the null"
    return KDensityMoments(
        activity=activity,
        neighbour=neighbour or "",
        null=null,
        r_km=frozen_array(r),
        value=frozen_array(value),
        null_mean=frozen_array(mean),
        null_sd=frozen_array(sd),
        z=frozen_array(z),
        covariance=frozen_array(covariance),
        n=rows.size,
        n_neighbour=0 if other is None else other.size,
        n_pool=len(pool),
        n_sample=min(len(pool), SAMPLE),
        bandwidth_km=h,
        frame_kind=points.frame_kind,
        undefined=(Undefined(reason=reason, n=r.size),) if reason else (),
        provenance=Provenance.of(
            kdensity_moments,
            points,
            "" if matrix is None else matrix,
            parameters={
                "activity": activity,
                "neighbour": neighbour,
                "r_km": r,
                "bandwidth_km": h,
                "null": null,
                "weight": weight,
            },
        ),
    ).checked(errors)


def _scores(
    value: FloatArray, mean: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give standard deviations, and the curve in them; NaN where nothing varies."""
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sd > 1e-12 * mean, (value - mean) / sd, np.nan)
    return sd, z


def _null_of(
    at: FloatArray,
    rows: IntArray,
    pool: FloatArray,
    dealt: tuple[IntArray | None, FloatArray | None, FloatArray | None],
    r: FloatArray,
    h: float,
    matrix: FloatArray | None,
    *,
    held: bool,
) -> tuple[FloatArray, FloatArray]:
    """Exact mean and covariance of the curve; `held` when the activity keeps its places.

    `dealt` are rows of the second type, weights of the first and of the second.
    """
    other, weights, second = dealt
    if held and other is not None:
        drawn = np.ones(other.size) if second is None else second
        own = np.ones(rows.size) if weights is None else weights
        return held_moments(at[rows], own, pool, drawn, r, h, matrix)
    moments = pool_moments(pool, r, h, matrix)[0]
    return moments.mean, _covariance(moments, rows, weights, other)


def _pool(
    at: FloatArray, rows: IntArray, other: IntArray | None, null: str
) -> FloatArray:
    """Sites that can be drawn."""
    if null == "joint_labels" and other is not None:
        return at[np.sort(np.concatenate([rows, other]))]
    if null == "fix_a":
        return at[np.setdiff1d(np.arange(len(at)), rows)]
    return at


def _undefined_pairs(
    n: int, weights: FloatArray | None, second: FloatArray | None, *, alone: bool
) -> str:
    """Say why there is no curve; nothing where there is one."""
    if alone and n < 2:
        return "fewer than two plants"
    if weights is None:
        return ""
    if second is not None:
        return "" if weights.sum() * second.sum() > 0 else "the pairs have no weight"
    some = weights.sum() ** 2 > (weights**2).sum()
    return "" if some else "the pairs have no weight"


def _check_null(
    null: str, activity: str, neighbour: str | None, weight: str | None
) -> None:
    if (neighbour is None and null != "all_sites") or neighbour == activity:
        msg = f"null={null!r} does not fit neighbour={neighbour!r}: see the documentation."
        raise OptionError(msg)
    if neighbour is not None and weight is not None and null != "fix_a":
        msg = f"null={null!r} has no weights for two activities: leave weight= out."
        raise OptionError(msg)


def _covariance(
    moments: kernels.PairMoments,
    rows: IntArray,
    weights: FloatArray | None,
    other: IntArray | None,
) -> FloatArray:
    if other is not None:
        return kernels.split_covariance(moments, rows.size, other.size)
    if weights is not None:
        return kernels.weighted_covariance(moments, weights)
    return kernels.sample_covariance(moments, rows.size)
