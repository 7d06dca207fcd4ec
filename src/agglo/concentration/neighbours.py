"""Near whom: nearest-neighbour index, colocation quotient, pairs of two lists by distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._distance_input import (
    refuse_dropping,
    shuffled,
    strata_of,
    travel_points,
    warn_of_shared_places,
)
from agglo.concentration._kernels import neighbours as kernels
from agglo.concentration.neighbour_results import (
    ColocationQuotient,
    NearestNeighbourIndex,
    SiteCrossK,
)
from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.inference import global_envelope, mc_pvalue
from agglo.core.options import MonteCarlo, Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import Points, as_points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["colocation_quotient", "nearest_neighbour_index", "site_cross_k"]


def nearest_neighbour_index(
    data: IntoFrame | Points,
    *,
    area_km2: float | None = None,
    null: Literal["csr", "universe"] = "csr",
    universe: IntoFrame | Points | None = None,
    x: str = "x_km",
    y: str = "y_km",
    crs: str | Projection | None = None,
    inference: MonteCarlo = MonteCarlo(),  # noqa: B008  frozen
    errors: Literal["nan", "raise"] = "nan",
) -> NearestNeighbourIndex:
    r"""Measure whether places lie nearer to each other than chance would put them.

    Use ``null="universe"`` for cities: cities are clustered themselves, and against an
    even spread over the area everything that lies in cities looks clustered.

    Parameters
    ----------
    data
        One row per point, or `Points`; points at one place count once.
    area_km2
        Area of the study region; needed for ``"csr"``, there is no bounding-box default.
    null
        ``"csr"``: points anywhere in the area; ``"universe"``: as many of the places in
        `universe`.
    universe
        All places that could have been chosen.
    x, y, crs
        As in :func:`standard_deviational_ellipse`.
    inference
        Draws from the universe.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    NearestNeighbourIndex
        R = observed over expected mean distance (below 1: clustered), z and p.

    Raises
    ------
    OptionError
        If the area or the universe is missing.
    InvalidTableError
        If the universe has fewer places than the data.
    NotIdentifiedError
        If the index is undefined and `errors` is ``"raise"``.

    Notes
    -----
    Against an even spread the expected mean is :math:`\tfrac12\sqrt{A/n}` with standard
    error :math:`0.26136/\sqrt{n^2/A}`; edges are not corrected. Cost O(n log n) per draw.

    References
    ----------
    Clark and Evans 1954, doi:10.2307/1931034.

    See Also
    --------
    site_cross_k : The same question between two lists and by distance.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> grid = pa.table({"x_km": [0.0, 1.0, 0.0, 1.0], "y_km": [0.0, 0.0, 1.0, 1.0]})
    >>> round(ag.nearest_neighbour_index(grid, area_km2=4.0).index, 4)
    2.0
    """
    check_choice("null", null, ("csr", "universe"))
    points = as_points(data, x=x, y=y, crs=crs)
    sites = kernels.find_sites(points.x_km, points.y_km)
    n = sites.x.size
    observed = float(sites.distance.mean()) if n > 1 else np.nan
    undefined = () if n > 1 else (Undefined(reason="fewer than two places", item="R"),)
    entropy: int | None = None
    if null == "csr":
        if area_km2 is None:
            msg = "null='csr' needs area_km2=: the area decides the answer."
            raise OptionError(msg)
        area = check_number("area_km2", area_km2, minimum=0, open_ends=True)
        expected = 0.5 * np.sqrt(area / n)
        se = 0.26136 / np.sqrt(n**2 / area)
        z = (observed - expected) / se
        p = float(_two_sided_normal(np.array(z)))
    else:
        if universe is None:
            msg = "null='universe' needs universe=: the places that could have been chosen."
            raise OptionError(msg)
        entropy = entropy_of(inference.seed)
        simulated = _universe_means(universe, n, inference.n, entropy, (x, y, crs))
        expected, se = float(simulated.mean()), float(simulated.std(ddof=1))
        z = (observed - expected) / se if se > 0 else np.nan
        p = float(mc_pvalue(observed, simulated, "two-sided"))
    return NearestNeighbourIndex(
        index=float(observed / expected),
        observed_km=observed,
        expected_km=float(expected),
        z=float(z),
        p=p,
        n_sites=n,
        n_points=points.n,
        null=null,
        n_draws=0 if null == "csr" else inference.n,
        frame_kind=points.frame_kind,
        undefined=undefined,
        provenance=Provenance.of(
            nearest_neighbour_index,
            points,
            parameters={"null": null, "area_km2": area_km2, "n": inference.n},
            seed=entropy,
        ),
    ).checked(errors)


def _two_sided_normal(z: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    return np.asarray(2.0 * ndtr(-np.abs(z)))


def _universe_means(
    universe: IntoFrame | Points,
    n: int,
    draws: int,
    seed: int,
    columns: tuple[str, str, str | Projection | None],
) -> FloatArray:
    x, y, crs = columns
    everything = as_points(universe, x=x, y=y, crs=crs)
    sites = kernels.find_sites(everything.x_km, everything.y_km)
    if sites.x.size < n:
        msg = f"The universe has {sites.x.size} places, the data {n}: it must hold them all."
        raise InvalidTableError(msg)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty(size)
        for k in range(size):
            chosen = rng.choice(sites.x.size, n, replace=False)
            out[k] = kernels.mean_nearest(sites.x[chosen], sites.y[chosen])
        return out

    return monte_carlo(draw, n=draws, seed=seed)


def colocation_quotient(
    data: IntoFrame | Points,
    *,
    type: str = "type",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    crs: str | Projection | None = None,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    strata: str | Sequence[str] | None = None,
    inference: Permutation | None = Permutation(),  # noqa: B008  frozen
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
) -> ColocationQuotient:
    r"""Measure how often points of one type have their nearest neighbour in another.

    Use for ordered pairs of types in one set of points; A near B does not mean B near A.
    Also: CLQ.

    Parameters
    ----------
    data
        One row per point, or `Points`.
    type, x, y, crs
        Columns of type and position, see :func:`standard_deviational_ellipse`.
    distances
        Matrix of travel times or other distances in the order of the rows, (n, n), in place
        of positions.
    symmetrise
        ``"refuse"`` a matrix where there and back differ, or take their ``"mean"``.
    strata
        Columns within whose combinations labels are permuted, such as region, in the closed
        form as well.
    inference
        Permutations of the labels over all points; ``None`` for the closed form only.
    on_missing
        ``"refuse"`` rows without position or weight, or ``"drop"`` them; the provenance
        says how many.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    ColocationQuotient
        Matrix (from, to): 1 as the mix of all points would give; null mean, standard
        deviation, z and two-sided p of the closed form (A fixed, the other labels permuted)
        off the diagonal; p two-sided from the permutations.

    Raises
    ------
    InvalidTableError
        If there are fewer than two points.
    NotIdentifiedError
        If a value is undefined and `errors` is ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.

    Notes
    -----
    :math:`CLQ_{A \to B} = (C_{A \to B}/N_A) / (N'_B/(N-1))` with :math:`N'_B = N_B - 1[A =
    B]`. Neighbours that are equally near, also those at the same place, share the count.
    Weighted by :math:`N'_B/(N-1)` a row sums to 1. A type of one point has no quotient to
    itself: NaN. Closed form: with :math:`c_s` the number of A-points whose nearest neighbour
    is s, :math:`C_{A \to B}` is the sum over :math:`N_B` of the :math:`N^\circ = N - N_A`
    other points drawn without replacement: mean :math:`N_B \bar c`, variance :math:`N_B (1 -
    N_B / N^\circ) S_c^2`, and sums of these over strata; its p is normal. Cost O(n log n), per draw O(places × types²).

    References
    ----------
    Leslie and Kronenfeld 2011, doi:10.1111/j.1538-4632.2011.00821.x. The closed form is
    derived and tested here.

    See Also
    --------
    site_cross_k : By distance instead of the nearest one.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"x_km": [0.0, 1.0, 5.0, 6.1], "y_km": [0.0] * 4,
    ...                  "type": ["a", "b", "a", "b"]})
    >>> float(ag.colocation_quotient(rows, inference=None).values[0, 1])
    1.5
    """
    matrix = None
    if distances is None:
        check_choice("symmetrise", symmetrise, ("refuse", "mean"))
        points = as_points(data, x=x, y=y, type=type, crs=crs, on_missing=on_missing)
        warn_of_shared_places(points.duplicate_share)
    else:
        refuse_dropping(on_missing)
        points, matrix = travel_points(
            data, distances, type=type, weight=None, symmetrise=symmetrise
        )
    if points.n < 2:
        msg = "A colocation quotient needs two points or more."
        raise InvalidTableError(msg)
    names, order = (x, y, type, None), {"sorted_rows": False}
    kept = strata_of(data, strata, names, crs, on_missing=on_missing, **order)
    sites = _places(points, matrix)
    counts = kernels.type_counts(sites, points.type, points.types.size)
    nearest = kernels.colocation_counts(sites, counts)
    values = _quotient(nearest, counts)
    entropy = None if inference is None else entropy_of(inference.seed)
    p = np.full(values.shape, np.nan)
    if inference is not None and entropy is not None:
        p = _permuted(sites, points, kept, nearest, inference.n, entropy)
        p = np.where(np.isnan(values), np.nan, p)
    closed = _closed_form(sites, points, counts, nearest, kept)
    lone = [str(t) for t in points.types[counts.sum(axis=0) < 2]]
    return ColocationQuotient(
        types=frozen_array(points.types),
        values=frozen_array(values),
        z=frozen_array(closed.z),
        p=frozen_array(p),
        nearest=frozen_array(nearest),
        null_mean=frozen_array(closed.mean),
        null_sd=frozen_array(closed.sd),
        p_closed=frozen_array(_two_sided_normal(closed.z)),
        counts=frozen_array(counts.sum(axis=0)),
        duplicate_share=points.duplicate_share,
        n_draws=0 if inference is None else inference.n,
        frame_kind=points.frame_kind,
        undefined=tuple(
            Undefined(
                reason="one point has no neighbour of its own type", item=f"{t} → {t}"
            )
            for t in lone
        ),
        provenance=Provenance.of(
            colocation_quotient,
            points,
            "" if matrix is None else matrix,
            parameters={
                "n": None if inference is None else inference.n,
                "strata": strata and str(strata),
            },
            seed=entropy,
        ),
    ).checked(errors)


def _places(points: Points, matrix: FloatArray | None) -> kernels.Sites:
    """Find places and their nearest ones, or take every point as one with a matrix."""
    if matrix is None:
        return kernels.find_sites(points.x_km, points.y_km)
    return kernels.sites_of_matrix(matrix)


def _quotient(nearest: FloatArray, counts: FloatArray) -> FloatArray:
    number = counts.sum(axis=0)
    others = number[None, :] - np.eye(number.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = (nearest / number[:, None]) / (others / (number.sum() - 1.0))
    out: FloatArray = np.where(others > 0, values, np.nan)
    return out


def _permuted(
    sites: kernels.Sites,
    points: Points,
    stratum: IntArray | None,
    nearest: FloatArray,
    n: int,
    seed: int,
) -> FloatArray:
    """Two-sided p of every ordered pair from labels dealt anew, within strata or not."""
    n_types = points.types.size
    everybody = np.arange(points.n)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, n_types, n_types))
        for k in range(size):
            labels = points.type[shuffled(rng, everybody, stratum)]
            moved = kernels.type_counts(sites, labels, n_types)
            out[k] = kernels.colocation_counts(sites, moved)
        return out

    simulated = monte_carlo(draw, n=n, seed=seed)
    same = np.abs(simulated - nearest) <= 1e-9
    simulated = np.where(same, nearest, simulated)
    return np.asarray(mc_pvalue(nearest, simulated, "two-sided"))


@dataclass(frozen=True, eq=False, kw_only=True)
class _Closed:
    """Null mean and standard deviation of the counts, and their z; NaN on the diagonal."""

    mean: FloatArray
    sd: FloatArray
    z: FloatArray


def _closed_form(
    sites: kernels.Sites,
    points: Points,
    counts: FloatArray,
    nearest: FloatArray,
    stratum: IntArray | None,
) -> _Closed:
    """Moments of every ordered pair of different types; A stays, the others move."""
    n_types = points.types.size
    group = np.zeros(points.n, dtype=np.int64) if stratum is None else stratum
    width = int(group.max()) + 1
    per_type = np.zeros((n_types, width))
    np.add.at(per_type, (points.type, group), 1.0)
    mean, variance = np.full((2, n_types, n_types), np.nan)
    for a in range(n_types):
        free = points.type != a
        if free.sum() < 2:
            continue
        received = kernels.incoming(sites, counts, a)[sites.of[free]]
        rest = np.bincount(group[free], minlength=width)
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = np.bincount(group[free], received, width) / rest
            away = (received - middle[group[free]]) ** 2
            spread = np.bincount(group[free], away, width) / (rest - 1.0)
            left = 1.0 - per_type / rest
        several = rest > 1
        mean[a] = per_type @ np.where(rest > 0, middle, 0.0)
        variance[a] = (per_type * left)[:, several] @ spread[several]
        mean[a, a] = variance[a, a] = np.nan
    sd = np.sqrt(np.maximum(variance, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sd > 1e-12, (nearest - mean) / sd, np.nan)
    return _Closed(mean=mean, sd=sd, z=z)


def site_cross_k(
    anchors: IntoFrame | Points,
    others: IntoFrame | Points,
    universe: IntoFrame | Points,
    *,
    r_km: ArrayLike,
    x: str = "x_km",
    y: str = "y_km",
    crs: str | Projection | None = None,
    level: float = 0.05,
    inference: MonteCarlo = MonteCarlo(n=2499),  # noqa: B008  frozen
    errors: Literal["nan", "raise"] = "nan",
) -> SiteCrossK:
    r"""Measure how many of one list lie within a distance of another, beside chance.

    Use for lists of cities; for true positions with an area use the cross-K of point
    patterns. The anchors stay, the others are dealt to places of the universe.

    Parameters
    ----------
    anchors, others
        One row per item, or `Points`; several items may share a place.
    universe
        All places that could have been chosen; those of `anchors` need not be among them.
    r_km
        Distances, increasing, 0 for the same place.
    x, y, crs
        As in :func:`standard_deviational_ellipse`, for all three.
    level
        Level of the bands.
    inference
        Draws; the places of `others` move together with all their items.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    SiteCrossK
        Ratio of observed to expected pairs per distance, pointwise band, global rank
        envelope and its p.

    Raises
    ------
    OptionError
        If distances are negative or do not increase.
    InvalidTableError
        If the universe has fewer places than `others`.
    NotIdentifiedError
        If no pair is expected at a distance and `errors` is ``"raise"``.

    Notes
    -----
    Every place of `others` is mapped to a place of the universe, no two to the same one.
    The expectation is the mean over the draws. Cost O(places² × distances) and O(draws ×
    places × distances).

    References
    ----------
    Cross-K: Ripley 1977, doi:10.1111/j.2517-6161.1977.tb01615.x; envelope: Myllymäki et
    al. 2017, doi:10.1111/rssb.12172.

    See Also
    --------
    colocation_quotient : The nearest one only.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> cities = pa.table({"x_km": [float(i) for i in range(10)], "y_km": [0.0] * 10})
    >>> found = ag.site_cross_k(cities.slice(0, 3), cities.slice(0, 3), cities,
    ...                         r_km=[0.0, 1.0], inference=ag.MonteCarlo(n=999, seed=1))
    >>> int(found.observed[0])
    3
    """
    r = np.asarray(r_km, dtype=np.float64)
    if r.ndim != 1 or r.size == 0 or (r < 0).any() or not (np.diff(r) > 0).all():
        msg = "r_km must hold increasing distances, 0 or more."
        raise OptionError(msg)
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    a, b, u = (as_points(d, x=x, y=y, crs=crs) for d in (anchors, others, universe))
    from scipy.spatial.distance import cdist

    sa, sb, su = (kernels.find_sites(p.x_km, p.y_km) for p in (a, b, u))
    if su.x.size < sb.x.size:
        msg = f"The universe has {su.x.size} places, `others` {sb.x.size}."
        raise InvalidTableError(msg)
    in_a = np.asarray(np.bincount(sa.of, a.weight), dtype=np.float64)
    in_b = np.asarray(np.bincount(sb.of, b.weight), dtype=np.float64)
    to_b = cdist(np.column_stack([sa.x, sa.y]), np.column_stack([sb.x, sb.y]))
    to_u = cdist(np.column_stack([sa.x, sa.y]), np.column_stack([su.x, su.y]))
    observed = kernels.pairs_within(to_b, in_a, in_b, r)
    reach = np.stack([in_a @ (to_u <= d) for d in r], axis=1)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        everywhere = np.tile(np.arange(su.x.size), (size, 1))
        chosen = rng.permuted(everywhere, axis=1)[:, : sb.x.size]
        return np.einsum("dbr,b->dr", reach[chosen], in_b)

    entropy = entropy_of(inference.seed)
    simulated = monte_carlo(draw, n=inference.n, seed=entropy)
    expected = simulated.mean(axis=0)
    band = global_envelope(observed, simulated, kind="erl", level=level)
    low, high = np.quantile(simulated, [level / 2, 1 - level / 2], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [v / expected for v in (observed, low, high, band.lower, band.upper)]
    return SiteCrossK(
        r_km=frozen_array(r),
        observed=frozen_array(observed),
        expected=frozen_array(expected),
        ratio=frozen_array(parts[0]),
        lower=frozen_array(parts[1]),
        upper=frozen_array(parts[2]),
        global_lower=frozen_array(parts[3]),
        global_upper=frozen_array(parts[4]),
        p=band.p,
        level=level,
        n_universe=su.x.size,
        n_draws=inference.n,
        frame_kind=a.frame_kind,
        undefined=tuple(
            Undefined(reason="no pair is expected", item=f"r = {d:g} km")
            for d in r[expected == 0]
        ),
        provenance=Provenance.of(
            site_cross_k,
            a,
            b,
            u,
            parameters={"r_km": r, "level": level, "n": inference.n},
            seed=entropy,
        ),
    ).checked(errors)
