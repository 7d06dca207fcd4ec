"""Which of many industries are localized: one null for all, in closed form where it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._directed_input import stream_of
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
    held_moments,
    pool_moments,
    study_of,
    verdict_by_size,
    verdict_by_weights,
)
from agglo.concentration._kernels import pair_moments as kernels
from agglo.concentration.localization_results import KDensityMoments, Localization
from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance, Undefined, frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from agglo.core.geo import Projection
    from agglo.core.tables import Points
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["kdensity_moments", "localization"]


def localization(
    data: IntoFrame | Points,
    *,
    r_km: ArrayLike,
    bandwidth_km: float,
    inference: Permutation = Permutation(n=1000),  # noqa: B008  frozen
    level: float = 0.05,
    bands: Literal["sd", "rank"] = "sd",
    min_n: int = 10,
    type: str = "industry",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
) -> Localization:
    r"""Find which industries are localized or dispersed, all of them with one null.

    Use for studies of all industries of a country; one industry with its own draws, or two:
    `duranton_overman`.

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
    bands
        ``"sd"``: as many standard deviations from the mean at all distances; ``"rank"``:
        as Duranton and Overman have it, the rank that `level` of the null curves exceed
        anywhere; all sizes then take all draws.
    min_n
        Industries with fewer plants are undefined; at least 2.
    type, x, y, weight, crs
        Columns of industry, position and weight, see :func:`agglo.core.tables.as_points`.
        With `weight` pairs weigh the product, and an industry's own weights are dealt to
        the drawn sites.

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
    ± c(n) sd (``"rank"``: c also depends on the distance), where the share `level` of null curves goes beyond c(n) anywhere. c
    depends on the pool, n and the bandwidth, not on the industry: it is drawn at up to 30
    sizes (1,000 draws below 500 plants, 200 from there to 5,000), smoothed and
    interpolated in :math:`1/\sqrt n`, and constant beyond. The p-value compares the largest
    standardised point with the draws of the nearest size. With weights the covariance is
    that of dealt weights (see :func:`kdensity_moments`), and c is drawn for every industry
    from its own weights: cost O(draws × n²) each. Pools beyond 20,000 plants:
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
    check_choice("bands", bands, ("sd", "rank"))
    points = ordered_points(data, x=x, y=y, type=type, weight=weight, crs=crs)
    at = coordinates(points)
    members = [np.flatnonzero(points.type == k) for k in range(points.types.size)]
    own = [None if weight is None else points.weight[rows] for rows in members]
    count = np.bincount(points.type, minlength=points.types.size)
    status = np.array([_status(n, w, min_n) for n, w in zip(count, own, strict=True)])
    ok = status == "ok"
    if not ok.any() or points.types.size < 2:
        msg = f"No industry has {min_n} plants beside others: nothing to compare."
        raise NotIdentifiedError(msg)
    values = np.full((points.types.size, r.size), np.nan)
    for k in np.flatnonzero(ok):
        values[k] = curve_of(at, members[k], r, h, weights=own[k])
    entropy, ranks = entropy_of(inference.seed), bands == "rank"
    draws = (inference.n, entropy)
    study = study_of(at, r, h, draws=draws, level=level, ranks=ranks)
    if weight is None:
        found = verdict_by_size(study, values, count, ok)
    else:
        dealt = [points.weight[rows] for rows in members]
        streams = [stream_of(str(name)) for name in points.types]
        found = verdict_by_weights(study, values, dealt, streams, ok)
    return Localization(
        industries=frozen_array(points.types),
        n=frozen_array(count),
        r_km=frozen_array(r),
        values=frozen_array(values),
        null_mean=frozen_array(study.moments.mean),
        status=frozen_array(status),
        **found.fields(),
        n_draws=frozen_array(found.n_draws),
        bandwidth_km=h,
        level=level,
        n_pool=points.n,
        n_sample=min(points.n, SAMPLE),
        sd_error=study.sd_error,
        frame_kind=points.frame_kind,
        undefined=_undefined_industries(points.types[~ok], status[~ok], min_n),
        provenance=Provenance.of(
            localization,
            points,
            parameters={
                "r_km": r,
                "bandwidth_km": h,
                "n": inference.n,
                "level": level,
                "min_n": min_n,
                "bands": bands,
                "weight": weight,
            },
            seed=entropy,
        ),
    )


_REASONS = {
    "too_few": "fewer than {} plants",
    "zero_weight": "fewer than two plants have a weight",
}


def _undefined_industries(
    names: NDArray[np.str_], words: NDArray[np.str_], min_n: int
) -> tuple[Undefined, ...]:
    return tuple(
        Undefined(reason=_REASONS[word].format(min_n), activity=str(name))
        for name, word in zip(names, words, strict=True)
    )


def _status(n: int, weights: FloatArray | None, min_n: int) -> str:
    if n < min_n:
        return "too_few"
    if weights is not None and (weights > 0).sum() < 2:
        return "zero_weight"
    return "ok"


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
    h = fixed_bandwidth(bandwidth_km)
    r = check_distances(r_km)
    _check_null(null, activity, neighbour, weight)
    points = ordered_points(data, x=x, y=y, type=type, weight=weight, crs=crs)
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
        value = curve_of(at, rows, r, h, other=other, weights=weights, second=second)
        if null == "fix_a" and other is not None:
            dealt = np.ones(other.size) if second is None else second
            held = np.ones(rows.size) if weights is None else weights
            mean, covariance = held_moments(at[rows], held, pool, dealt, r, h)
        else:
            moments = pool_moments(pool, r, h)[0]
            mean = moments.mean
            covariance = _covariance(moments, rows, weights, other)
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
