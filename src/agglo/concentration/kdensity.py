"""At which distances plants of an activity lie: the K-density of Duranton and Overman."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration import _kdensity_curve as curves
from agglo.concentration._distance_bands import band_fields, curve_tests, no_bands
from agglo.concentration._distance_input import (
    check_bandwidth,
    check_distances,
    coordinates,
    read_points,
    rows_of,
)
from agglo.concentration._kernels.distance_pairs import quantile_of_pairs
from agglo.concentration.distance_results import KDensity
from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.inference import global_envelope, pointwise_envelope
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import Points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.concentration._kdensity_curve import Method, Null
    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["duranton_overman"]

_NULLS = ("all_sites", "joint_labels", "fix_a")
_NOTHING = np.zeros(0)
_STEPS = 61
_SAMPLE = 3_000


def duranton_overman(
    data: IntoFrame | Points,
    *,
    activity: str | None = None,
    neighbour: str | None = None,
    r_km: ArrayLike | None = None,
    null: Null | None = None,
    inference: Permutation | None = Permutation(),  # noqa: B008  frozen
    level: float = 0.05,
    scheme: Literal["product", "sum"] = "product",
    bandwidth: Literal["nrd0"] | float = "nrd0",
    bw_pairs: Literal["all", "within_2rmax"] = "all",
    method: Method = "auto",
    type: str = "type",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    strata: str | Sequence[str] | None = None,
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
) -> KDensity:
    r"""Measure at which distances the plants of an activity lie from each other.

    Use for one question per activity: is it localized or dispersed, and at which distance,
    given where plants of any kind are? With `neighbour` the same for pairs of two
    activities. Also: K-density, colocalization.

    Parameters
    ----------
    data
        One row per plant of any activity, or `Points`: all of them are the sites of the
        null.
    activity
        Type to measure; ``None`` for all points, which needs ``inference=None``.
    neighbour
        Second type, for the distances between the two.
    r_km
        Increasing distances, km; default 61 from 0 to the median distance of all plants
        (of 3,000 of them when there are more).
    null
        ``"all_sites"`` (default for one activity): the plants at random sites of the pool.
        With `neighbour` there is no default. ``"all_sites"``: both redrawn, are they
        close compared with random activities (also rejects when each is localized);
        ``"joint_labels"``: labels mixed over the sites of both, do they share a pattern;
        ``"fix_a"``: `activity` held, `neighbour` drawn from all other plants (directed).
    inference
        Draws from the null; ``None`` for no bands.
    level
        Share of null curves outside a band, on each side.
    scheme
        With `weight`: a pair weighs the product or the sum of its weights.
    bandwidth
        ``"nrd0"``: 0.9 min(sd, IQR/1.34) P^(-1/5) of the P pair distances, unweighted; or
        kilometres.
    bw_pairs
        Which pairs make ``"nrd0"``: all, or those up to twice the last distance (as R
        dbmss has it).
    method
        ``"exact"``: pair by pair; ``"hist"``: exact histogram in bins of at most h/20,
        error at most 1e-4; ``"fft"``: a grid of h/3, error measured and reported;
        ``"auto"``: hist up to 20,000 plants, else fft.
    type, x, y, weight, crs
        Columns of type, position and weight, see :func:`agglo.core.tables.as_points`;
        without `weight` plants count alike.
    distances
        Matrix of travel times or other distances in the order of the rows, (n, n), in place
        of positions; "km" then reads as its unit. Counted in bins, never gridded; draws
        depend on the order of the rows.
    symmetrise
        ``"refuse"`` a matrix where there and back differ, or take their ``"mean"``.
    strata
        Columns whose combinations draws keep, such as region or size class: as many plants
        of each type as there are, weights dealt within.
    on_missing
        ``"refuse"`` rows without position or weight, or ``"drop"`` them; the provenance
        says how many.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    KDensity
        Density per km, bands, and the indices Γ (localization) and Ψ (dispersion).

    Raises
    ------
    AlignmentError
        If a label is no type of the data.
    OptionError
        If an option is not admissible, or a null does not fit.
    NotIdentifiedError
        If all pair distances are equal, no other plants are there to draw, or a value is
        undefined and `errors` is ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.
    NumericsWarning
        If the draws are few for a global band.

    Notes
    -----
    :math:`K(d) = \sum \omega_{ab} [\varphi_h(d - d_{ab}) + \varphi_h(d + d_{ab})] / \sum
    \omega` over the unordered pairs of one activity, or all pairs of two. The reflection at
    0 makes the integral 1; the 2005 paper divides by n(n-1) over unordered pairs, which
    integrates to 1/2. Plants at one place have distance 0. Weights of the activity are
    dealt at random to the drawn sites. Fewer than two pairs for a bandwidth, or none, or
    no weight: NaN with a reason. Cost O(pairs) per draw, or O(cells log cells) by fft.

    References
    ----------
    Duranton and Overman 2005, doi:10.1111/0034-6527.00362; colocalization: Duranton and
    Overman 2008, doi:10.1111/j.1365-2966.2006.0547.x. Values of points90 reproduce R
    dbmss 2.8.

    See Also
    --------
    marcon_puech : Relative to all activity, several activities comparable.
    ripley_k : Against an even spread, which industry never has.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import duranton_overman
    >>> rows = pa.table({"x_km": [0.0, 3.0, 0.0], "y_km": [0.0, 0.0, 4.0]})
    >>> k = duranton_overman(rows, r_km=[0.0, 4.0], bandwidth=1.0, inference=None)
    >>> round(float(k.value[1]), 4)
    0.2943
    """
    _check_options(scheme, bw_pairs, method, null, level)
    h = check_bandwidth(bandwidth)
    columns = (x, y, None if activity is None else type, weight)
    points, matrix, kept = read_points(
        data, columns, crs, (distances, symmetrise), strata, on_missing
    )
    where = _Where(matrix=matrix, stratum=kept, weighted=weight is not None)
    subject = _subject(points, activity, neighbour, where)
    chance = _null_for(null, activity, neighbour, inference)
    r = _distances(subject) if r_km is None else check_distances(r_km)
    h = _rule_of_thumb(subject, r, bw_pairs) if h is None else h
    found = _observe(subject, r, h, method, added=scheme == "sum")
    entropy = None
    if chance is not None and inference is not None and found.curve is not None:
        entropy = entropy_of(inference.seed)
        simulated = curves.null_curves(subject, found.curve, chance, inference, entropy)
        found = _with_bands(found, simulated, level)
    return KDensity(
        activity=activity or "",
        neighbour=neighbour or "",
        r_km=frozen_array(r),
        value=frozen_array(found.value),
        **band_fields(found.bands),
        p_erl=found.tests["p_erl"],
        p_mad=found.tests["p_mad"],
        p_dclf=found.tests["p_dclf"],
        null_mean=frozen_array(found.null_mean),
        bandwidth_km=h,
        n=subject.sizes[0],
        n_neighbour=subject.sizes[1] or 0,
        n_pairs=subject.n_pairs,
        scheme=scheme if weight is not None else "count",
        method=found.method,
        fft_error=found.error,
        null=chance or "",
        n_draws=0 if inference is None or entropy is None else inference.n,
        level=level,
        duplicate_share=points.duplicate_share,
        frame_kind=points.frame_kind,
        undefined=found.undefined,
        provenance=Provenance.of(
            duranton_overman,
            points,
            "" if matrix is None else matrix,
            parameters={
                "activity": activity,
                "neighbour": neighbour,
                "r_km": r,
                "null": chance,
                "n": None if inference is None else inference.n,
                "level": level,
                "scheme": scheme if weight is not None else "count",
                "bandwidth": bandwidth,
                "bw_pairs": bw_pairs,
                "method": found.method,
                "strata": strata and str(strata),
            },
            seed=entropy,
        ),
    ).checked(errors)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Found:
    """Value, four ends of bands and null mean; how they came about."""

    value: FloatArray
    bands: FloatArray
    null_mean: FloatArray
    method: str
    curve: curves.Curve | None = None
    error: float = 0.0
    undefined: tuple[Undefined, ...] = ()
    tests: dict[str, float] = field(default_factory=lambda: curve_tests(_NOTHING, None))


@dataclass(frozen=True, eq=False, kw_only=True)
class _Where:
    """Distances in place of positions, strata that draws keep, whether pairs weigh."""

    matrix: FloatArray | None
    stratum: IntArray | None
    weighted: bool


def _rule_of_thumb(subject: curves.Subject, r: FloatArray, bw_pairs: str) -> float:
    within = 2.0 * float(r[-1]) if bw_pairs == "within_2rmax" else np.inf
    return curves.bandwidth_of(subject, within)


def _check_options(
    scheme: str, bw_pairs: str, method: str, null: str | None, level: float
) -> None:
    check_choice("scheme", scheme, ("product", "sum"))
    check_choice("bw_pairs", bw_pairs, ("all", "within_2rmax"))
    check_choice("method", method, ("auto", "exact", "hist", "fft"))
    if null is not None:
        check_choice("null", null, _NULLS)
    check_number("level", level, minimum=0, maximum=0.5, open_ends=True)


def _subject(
    points: Points,
    activity: str | None,
    neighbour: str | None,
    where: _Where,
) -> curves.Subject:
    if activity is None and neighbour is not None:
        msg = "neighbour= needs activity=: whose distances to the neighbour?"
        raise OptionError(msg)
    if neighbour is not None and neighbour == activity:
        msg = f"neighbour={neighbour!r} is the activity itself: leave it out."
        raise OptionError(msg)
    rows = np.arange(points.n)
    if activity is not None:
        rows = rows_of(points, "activity", activity)
    other = None if neighbour is None else rows_of(points, "neighbour", neighbour)
    weights = None
    if where.weighted:
        second = rows if other is None else other
        weights = points.weight[rows], points.weight[second]
    return curves.Subject(
        pool=coordinates(points),
        rows=rows,
        other=other,
        weights=weights,
        distances=where.matrix,
        stratum=where.stratum,
    )


def _null_for(
    null: Null | None,
    activity: str | None,
    neighbour: str | None,
    inference: Permutation | None,
) -> Null | None:
    """Settle the null, or refuse what does not fit."""
    if inference is None:
        return None
    if activity is None:
        msg = "All points have no null: name an activity=, or pass inference=None."
        raise OptionError(msg)
    if neighbour is None:
        if null not in (None, "all_sites"):
            msg = f"null={null!r} is for two activities: name a neighbour=."
            raise OptionError(msg)
        return "all_sites"
    if null is None:
        msg = (
            "Two activities need a null=: 'joint_labels' (do they share a pattern?), "
            "'all_sites' (are they close compared with random ones?) or 'fix_a' (does the "
            "neighbour follow the activity?)."
        )
        raise OptionError(msg)
    return null


def _distances(subject: curves.Subject) -> FloatArray:
    """Distances from 0 to the median over pairs of at most 3,000 of the points."""
    pool = subject.pool
    if len(pool) < 2:
        msg = "Default distances need two points or more: pass r_km=."
        raise OptionError(msg)
    some = pool[np.linspace(0, len(pool) - 1, min(len(pool), _SAMPLE)).astype(int)]
    if subject.distances is None:
        middle = quantile_of_pairs(some, None, 0.5)
    else:
        part = curves.between(subject.distances, some, None)
        middle = float(np.median(part[np.triu_indices(len(part), 1)]))
    if middle == 0.0:
        msg = "Most points share one place: there are no distances to measure."
        raise InvalidTableError(msg)
    return np.linspace(0.0, middle, _STEPS)


def _observe(
    subject: curves.Subject, r: FloatArray, h: float, method: Method, *, added: bool
) -> _Found:
    """Compute the density, or say why there is none."""
    nothing = np.full(r.size, np.nan)
    none = no_bands(r.size)
    reason = "fewer than two pairs" if np.isnan(h) else ""
    if not reason:
        curve = curves.curve_for(subject, r, h, method, added=added)
        reason = "no pairs" if subject.n_pairs == 0 else ""
        if not reason and curve.total <= 0:
            reason = "the pairs have no weight"
    if reason:
        why = Undefined(reason=reason, n=r.size)
        return _Found(
            value=nothing,
            bands=none,
            null_mean=nothing,
            method=method,
            undefined=(why,),
        )
    value = curve(*subject.places(), subject.weights, threaded=True)
    error = curves.fft_error(subject, curve) if curve.method == "fft" else 0.0
    return _Found(
        value=value,
        bands=none,
        null_mean=nothing,
        method=curve.method,
        curve=curve,
        error=error,
    )


def _with_bands(found: _Found, simulated: FloatArray, level: float) -> _Found:
    local = pointwise_envelope(found.value, simulated, level=2 * level)
    band = global_envelope(found.value, simulated, kind="do", level=level)
    ends = np.stack([local.lower, local.upper, band.lower, band.upper])
    return replace(
        found,
        bands=ends,
        null_mean=band.mean,
        tests=curve_tests(found.value, simulated),
    )
