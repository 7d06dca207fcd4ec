"""Which of many industries are localized: one null for all, in closed form where it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._distance_input import (
    check_distances,
    coordinates,
    ordered_points,
    rows_of,
)
from agglo.concentration._kdensity_null import (
    SAMPLE,
    curve_of,
    fixed_bandwidth,
    null_of,
    pool_moments,
    verdict,
)
from agglo.concentration._kernels import pair_moments as kernels
from agglo.concentration.localization_results import KDensityMoments, Localization
from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance, Undefined, frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.tables import Points
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["kdensity_moments", "localization"]


def localization(
    data: IntoFrame | Points,
    *,
    r_km: ArrayLike,
    bandwidth_km: float,
    inference: Permutation = Permutation(n=1000),  # noqa: B008  frozen
    level: float = 0.05,
    min_n: int = 10,
    type: str = "industry",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    crs: str | Projection | None = None,
) -> Localization:
    r"""Find which industries are localized or dispersed, all of them with one null.

    Use for studies of all industries of a country; one industry, with weights and rank
    bands from its own draws: `duranton_overman`.

    Parameters
    ----------
    data
        One row per plant of any industry, or `Points`: all of them are the sites of the
        null.
    r_km
        Increasing distances, km.
    bandwidth_km
        Standard deviation of the kernel, km; one for all industries.
    inference
        Draws per size, and their seed; from 500 plants on 200 of them.
    level
        Share of null curves beyond a band anywhere, on each side.
    min_n
        Industries with fewer plants are undefined; at least 2.
    type, x, y, crs
        Columns of industry and position, see :func:`agglo.core.tables.as_points`.

    Returns
    -------
    Localization
        One row per industry: verdict, indices Γ and Ψ, p and q.

    Raises
    ------
    OptionError
        If an option is not admissible.
    NotIdentifiedError
        If no industry has `min_n` plants, or all plants share one industry or place.

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.

    Notes
    -----
    K as in :func:`duranton_overman` at a fixed bandwidth. Under random sites K of n plants has
    the exact covariance :math:`[(p_2 - p_4) Q_a + (p_3 - p_4) Q_b] / \binom n2^2`, with
    :math:`Q_a`, :math:`Q_b` sums of products of the centred kernel over pairs and over pairs of
    pairs with one plant in common, and :math:`p_q = (n)_q / (N)_q`. The global band is mean
    ± c(n) sd, where the share `level` of null curves goes beyond c(n) anywhere. c
    depends on the pool, n and the bandwidth, not on the industry: it is drawn at up to 30
    sizes (1,000 draws below 500 plants, 200 from there to 5,000), smoothed and
    interpolated in :math:`1/\sqrt n`, and constant beyond. The p-value compares the largest
    standardised point with the draws of the nearest size. Pools beyond 20,000 plants:
    moments from a sample of that size, its error reported. Duplicates are kept. Cost
    O(20,000² + sizes × draws × n²), whatever the number of industries.

    References
    ----------
    Duranton and Overman 2005, doi:10.1111/0034-6527.00362. The moments are our derivation,
    checked by complete enumeration.

    See Also
    --------
    duranton_overman : One industry.
    pair_densities : All pairs, without bands.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo import Permutation
    >>> from agglo.concentration import localization
    >>> at = np.random.default_rng(1).uniform(0, 100, (120, 2)); at[:20] /= 5
    >>> rows = pa.table({"x_km": at[:, 0], "y_km": at[:, 1], "industry": ["a"] * 20 + ["b"] * 100})
    >>> found = localization(rows, r_km=[0.0, 5.0, 10.0], bandwidth_km=4.0,
    ...                      inference=Permutation(n=99, seed=1))
    >>> [int(v) for v in found.localized]
    [1, 0]
    """
    h = fixed_bandwidth(bandwidth_km)
    r = check_distances(r_km)
    check_number("level", level, minimum=0, maximum=0.5, open_ends=True)
    check_number("min_n", min_n, minimum=2, integer=True)
    points = ordered_points(data, x=x, y=y, type=type, weight=None, crs=crs)
    at = coordinates(points)
    count = np.bincount(points.type, minlength=points.types.size)
    ok = count >= min_n
    if not ok.any() or points.types.size < 2:
        msg = f"No industry has {min_n} plants beside others: nothing to compare."
        raise NotIdentifiedError(msg)
    values = np.full((points.types.size, r.size), np.nan)
    for k in np.flatnonzero(ok):
        values[k] = curve_of(at, np.flatnonzero(points.type == k), r, h)
    entropy = entropy_of(inference.seed)
    null = null_of(at, r, h, np.unique(count[ok]), inference.n, entropy)
    found = verdict(null, values, count, ok, level)
    return Localization(
        industries=frozen_array(points.types),
        n=frozen_array(count),
        r_km=frozen_array(r),
        values=frozen_array(values),
        null_mean=frozen_array(null.moments.mean),
        status=frozen_array(np.where(ok, "ok", "too_few")),
        **{name: frozen_array(v) for name, v in found.items()},
        n_draws=frozen_array(np.where(ok, null.draws_at(count), 0)),
        bandwidth_km=h,
        level=level,
        n_pool=points.n,
        n_sample=min(points.n, SAMPLE),
        sd_error=null.sd_error,
        frame_kind=points.frame_kind,
        undefined=tuple(
            Undefined(reason=f"fewer than {min_n} plants", activity=str(name))
            for name in points.types[~ok]
        ),
        provenance=Provenance.of(
            localization,
            points,
            parameters={
                "r_km": r,
                "bandwidth_km": h,
                "n": inference.n,
                "level": level,
                "min_n": min_n,
            },
            seed=entropy,
        ),
    )


def kdensity_moments(
    data: IntoFrame | Points,
    *,
    activity: str,
    r_km: ArrayLike,
    bandwidth_km: float,
    neighbour: str | None = None,
    null: Literal["all_sites", "joint_labels"] = "all_sites",
    type: str = "type",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
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
        Second type; needs ``null="joint_labels"``.
    null
        ``"all_sites"``: the plants of one activity at random sites of the pool;
        ``"joint_labels"``: labels shuffled over the sites of two.
    type, x, y, weight, crs
        Columns of type, position and weight, see :func:`agglo.core.tables.as_points`. With
        `weight` pairs weigh the product, and the activity's own weights are dealt to the
        drawn sites (``"all_sites"`` only).

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

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.

    Notes
    -----
    With :math:`Q_a`, :math:`Q_b` as in :func:`localization`. Weights: :math:`[2 e_2 Q_a /
    (N)_2 + t Q_b / (N)_3 - 4 u (Q_a + Q_b) / (N)_4] / (\sum_{i<j} w_i w_j)^2`. Label
    split: :math:`[(q_2 - q_4) Q_a + (q_3 - q_4) Q_b] / (n_A n_B)^2`. Pools beyond 20,000
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
    2.222
    """
    check_choice("null", null, ("all_sites", "joint_labels"))
    h = fixed_bandwidth(bandwidth_km)
    r = check_distances(r_km)
    _check_null(null, activity, neighbour, weight)
    points = ordered_points(data, x=x, y=y, type=type, weight=weight, crs=crs)
    rows = rows_of(points, "activity", activity)
    other = None if neighbour is None else rows_of(points, "neighbour", neighbour)
    at = coordinates(points)
    pool = at if other is None else at[np.sort(np.concatenate([rows, other]))]
    weights = None if weight is None else points.weight[rows]
    reason = ""
    if other is None and rows.size < 2:
        reason = "fewer than two plants"
    elif weights is not None and weights.sum() ** 2 <= (weights**2).sum():
        reason = "the pairs have no weight"
    value = np.full(r.size, np.nan)
    covariance = np.full((r.size, r.size), np.nan)
    mean = value
    if not reason:
        value = curve_of(at, rows, r, h, other=other, weights=weights)
        moments = pool_moments(pool, r, h)[0]
        mean = moments.mean
        covariance = _covariance(moments, rows.size, weights, split=other is not None)
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sd > 1e-12 * mean, (value - mean) / sd, np.nan)
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
            parameters={
                "activity": activity,
                "neighbour": neighbour,
                "r_km": r,
                "bandwidth_km": h,
                "null": null,
                "weight": weight,
            },
        ),
    )


def _check_null(
    null: str, activity: str, neighbour: str | None, weight: str | None
) -> None:
    if (neighbour is None) == (null == "joint_labels") or neighbour == activity:
        msg = f"null={null!r} does not fit neighbour={neighbour!r}: see the documentation."
        raise OptionError(msg)
    if neighbour is not None and weight is not None:
        msg = "null='joint_labels' has no weights: leave weight= out."
        raise OptionError(msg)


def _covariance(
    moments: kernels.PairMoments, n: int, weights: FloatArray | None, *, split: bool
) -> FloatArray:
    if split:
        return kernels.label_split_covariance(moments, n)
    if weights is not None:
        return kernels.weighted_covariance(moments, weights)
    return kernels.sample_covariance(moments, n)
