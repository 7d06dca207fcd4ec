"""Which of many industries are localized: one null for all, in closed form where it can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._directed_input import stream_of
from agglo.concentration._distance_input import (
    check_distances,
    coordinates,
    read_points,
)
from agglo.concentration._kdensity_null import (
    SAMPLE,
    curve_of,
    fixed_bandwidth,
    study_of,
    verdict_by_size,
    verdict_by_weights,
    verdict_within_strata,
)
from agglo.concentration.localization_results import Localization
from agglo.core.errors import NotIdentifiedError
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance, Undefined, frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from agglo.concentration._kdensity_null import Study, Verdict
    from agglo.core.geo import Projection
    from agglo.core.tables import Points
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["localization"]


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
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    strata: str | Sequence[str] | None = None,
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
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
    distances
        Matrix of travel times or other distances in the order of the rows, (n, n), in place
        of positions; "km" then reads as its unit. Counted in bins, never gridded.
    symmetrise
        ``"refuse"`` a matrix where there and back differ, or take their ``"mean"``.
    strata
        Columns whose combinations draws keep, such as region or size class: as many of an
        industry's plants in each as there are. Every industry then has draws of its own.
    on_missing
        ``"refuse"`` rows without position or weight, or ``"drop"`` them; the provenance
        says how many.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    Localization
        One row per industry: verdict, indices Γ and Ψ, p and q.

    Raises
    ------
    OptionError
        If an option is not admissible.
    NotIdentifiedError
        If no industry has `min_n` plants, all plants share one industry or place, or an
        industry is undefined and `errors` is ``"raise"``.

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
    that of dealt weights (see :func:`agglo.concentration.kdensity_moments`), and c is drawn for every industry
    from its own weights: cost O(draws × n²) each. With strata mean and standard deviation
    are those of all draws of the industry, at the same cost. Pools beyond 20,000 plants:
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
    names = (x, y, type, weight)
    points, matrix, kept = read_points(
        data, names, crs, (distances, symmetrise), strata, on_missing
    )
    at = coordinates(points)
    members = [np.flatnonzero(points.type == k) for k in range(points.types.size)]
    own = [None if weight is None else points.weight[rows] for rows in members]
    status = np.array(
        [_status(m, w, kept, min_n) for m, w in zip(members, own, strict=True)]
    )
    ok = status == "ok"
    if not ok.any() or points.types.size < 2:
        msg = f"No industry has {min_n} plants beside others: nothing to compare."
        raise NotIdentifiedError(msg)
    values = np.full((points.types.size, r.size), np.nan)
    for k in np.flatnonzero(ok):
        values[k] = curve_of(at, members[k], r, h, weights=own[k], distances=matrix)
    entropy = entropy_of(inference.seed)
    draws, ranks = (inference.n, entropy), bands == "rank"
    study = study_of(at, r, h, draws=draws, level=level, ranks=ranks, distances=matrix)
    streams = [stream_of(str(name)) for name in points.types]
    found = _verdict(study, values, members, own, kept, streams, ok)
    return Localization(
        industries=frozen_array(points.types),
        n=frozen_array(np.array([m.size for m in members])),
        r_km=frozen_array(r),
        values=frozen_array(values),
        status=frozen_array(status),
        **found.fields(),
        n_draws=frozen_array(found.n_draws),
        bandwidth_km=h,
        level=level,
        n_pool=points.n,
        n_sample=min(points.n, SAMPLE) if kept is None else points.n,
        sd_error=study.sd_error if kept is None else 0.0,
        frame_kind=points.frame_kind,
        undefined=_undefined_industries(points.types[~ok], status[~ok], min_n),
        provenance=Provenance.of(
            localization,
            points,
            "" if matrix is None else matrix,
            parameters={
                "r_km": r,
                "bandwidth_km": h,
                "n": inference.n,
                "level": level,
                "min_n": min_n,
                "bands": bands,
                "weight": weight,
                "strata": strata and str(strata),
            },
            seed=entropy,
        ),
    ).checked(errors)


def _verdict(
    study: Study,
    values: FloatArray,
    members: Sequence[IntArray],
    own: Sequence[FloatArray | None],
    stratum: IntArray | None,
    streams: Sequence[int],
    ok: BoolArray,
) -> Verdict:
    """Bands and p-values: of one null by size, or of every industry's own draws."""
    if stratum is not None:
        return verdict_within_strata(study, values, members, own, stratum, streams, ok)
    dealt = [w for w in own if w is not None]
    if dealt:
        return verdict_by_weights(study, values, dealt, streams, ok)
    count = np.array([m.size for m in members])
    return verdict_by_size(study, values, count, ok)


_REASONS = {
    "too_few": "fewer than {} plants",
    "zero_weight": "fewer than two plants have a weight",
    "no_others": "its strata hold no plants of other industries",
}


def _undefined_industries(
    names: NDArray[np.str_], words: NDArray[np.str_], min_n: int
) -> tuple[Undefined, ...]:
    return tuple(
        Undefined(reason=_REASONS[word].format(min_n), activity=str(name))
        for name, word in zip(names, words, strict=True)
    )


def _status(
    rows: IntArray,
    weights: FloatArray | None,
    stratum: IntArray | None,
    min_n: int,
) -> str:
    if rows.size < min_n:
        return "too_few"
    if weights is not None:
        return "ok" if (weights > 0).sum() > 1 else "zero_weight"
    if stratum is not None:
        taken = np.bincount(stratum[rows], minlength=int(stratum.max()) + 1)
        if (taken == np.bincount(stratum))[taken > 0].all():
            return "no_others"
    return "ok"
