"""Points around points against an even spread: Ripley's K, Besag's L, and D."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._distance_bands import tested_fields
from agglo.concentration._distance_input import (
    check_distances,
    coordinates,
    read_points,
    rows_of,
    shuffled,
)
from agglo.concentration._ripley_window import (
    Chance,
    Correction,
    Window,
    k_between,
    random_k,
    refuse_outside,
    window_of,
)
from agglo.concentration.ripley_results import RipleyD, RipleyK
from agglo.core.errors import OptionError
from agglo.core.options import MonteCarlo, Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import Points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["ripley_d", "ripley_k"]


def ripley_k(
    data: IntoFrame | Points,
    *,
    r_km: ArrayLike,
    window: ArrayLike,
    activity: str | None = None,
    neighbour: str | None = None,
    correction: Correction = "isotropic",
    null: Literal["csr", "labels"] = "csr",
    inference: MonteCarlo | None = None,
    level: float = 0.05,
    type: str = "type",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    crs: str | Projection | None = None,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    strata: str | Sequence[str] | None = None,
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
) -> RipleyK:
    r"""Count points within a distance of a point, against an even spread.

    Use for patterns that could be anywhere in a window; not for industry, which is never
    even: see `marcon_puech` and `duranton_overman`. With `neighbour` the cross K. Also: L
    function.

    Parameters
    ----------
    data
        One row per point, or `Points`.
    r_km
        Increasing distances, km.
    window
        (x0, x1, y0, y1) in km, or the corners of a polygon, (n, 2), for the corrections
        ``"none"`` and ``"border"``. There is no default: the area decides the answer.
    activity
        Type to look around; ``None`` for all points.
    neighbour
        Type to count there; default the activity itself.
    correction
        ``"none"``; ``"translate"``: a pair counts more the fewer shifts of the window keep it
        inside; ``"isotropic"``: over the share of the circle through the neighbour that lies
        inside; ``"border"``: only points farther from the edge than the distance.
    null
        ``"csr"``: points anywhere in the window (both types, for a cross K); ``"labels"``:
        the types are dealt anew to all points of `data`.
    inference
        Draws from the null; ``None`` for no bands.
    level
        Share outside the bands.
    type, x, y, crs
        Columns of type and position, see :func:`agglo.core.tables.as_points`.
    distances
        Matrix of travel times or other distances in the order of the rows, (n, n), in place
        of positions, for ``correction="none"``; of `window` only the area counts then.
        Draws depend on the order of the rows.
    symmetrise
        ``"refuse"`` a matrix where there and back differ, or take their ``"mean"``.
    strata
        Columns within whose combinations ``null="labels"`` deals the types, such as region.
    on_missing
        ``"refuse"`` rows without position or weight, or ``"drop"`` them; the provenance
        says how many.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    RipleyK
        K in km² (π r² for an even spread) and L, with bands and p-values.

    Raises
    ------
    AlignmentError
        If a label is no type of the data.
    InvalidTableError
        If points lie outside the window.
    OptionError
        If an option is not admissible.
    NotIdentifiedError
        If a value is undefined and `errors` is ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.

    Notes
    -----
    :math:`K(r) = |W|/(n(n-1)) \sum\sum 1[d_{ij} \le r] e_{ij}`; cross: over :math:`n_A n_B`;
    border: :math:`|W| \sum_{kept} \# / (n_{kept} n)`. Translation is undefined (NaN) where a
    pair spans the window, border where no point is far enough from the edge, and all
    with fewer than two points. Points at one place count from r = 0. The bands are
    pointwise, and the extreme rank length envelope of the whole curve with its p-value;
    `p_mad` and `p_dclf` test the whole curve as well. Cost O(n × points within the last
    distance), per draw as well.

    References
    ----------
    Ripley 1977, doi:10.1111/j.2517-6161.1977.tb01615.x; envelope: Myllymäki et al. 2017,
    doi:10.1111/rssb.12172. Values of points90 reproduce R spatstat.explore 3.0.

    See Also
    --------
    ripley_d : Against the pattern of other points.
    marcon_puech : Relative to all activity.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import ripley_k
    >>> rows = pa.table({"x_km": [4.0, 5.0, 6.0], "y_km": [5.0, 5.0, 5.0]})
    >>> k = ripley_k(rows, r_km=[1.0], window=(0, 10, 0, 10), correction="none")
    >>> round(float(k.value[0]), 4)
    66.6667
    """
    r, where = check_distances(r_km), window_of(window, correction)
    check_choice("null", null, ("csr", "labels"))
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    if neighbour is not None and activity in (None, neighbour):
        msg = "neighbour= needs another activity=: around whom?"
        raise OptionError(msg)
    _check_null(null if inference is not None else "", activity, distances, strata)
    names = (x, y, None if activity is None else type, None)
    how = (distances, symmetrise), strata, on_missing
    points, where, kept = _read(data, names, crs, how, where, correction)
    at = coordinates(points)
    rows = np.arange(points.n)
    rows = rows if activity is None else rows_of(points, "activity", activity)
    others = rows if neighbour is None else rows_of(points, "neighbour", neighbour)
    value, n_used = k_between(at, rows, others, r, where, correction)
    entropy, simulated = None, None
    if inference is not None and np.isfinite(value).any():
        entropy = entropy_of(inference.seed)
        chance = Chance(null == "csr", kept, inference.n, entropy)
        simulated = random_k(at, rows, others, r, where, correction, chance)
    bands, p = tested_fields(value, simulated, level)
    return RipleyK(
        activity=activity or "",
        neighbour=neighbour or "",
        r_km=frozen_array(r),
        value=frozen_array(value),
        n_used=frozen_array(n_used),
        correction=correction,
        **bands,
        p=p[0],
        p_mad=p[1],
        p_dclf=p[2],
        null="" if entropy is None else null,
        n_draws=0 if inference is None or entropy is None else inference.n,
        level=level,
        n=rows.size,
        n_neighbour=others.size,
        area_km2=where.area,
        frame_kind=points.frame_kind,
        undefined=_undefined(r, value, rows.size),
        provenance=Provenance.of(
            ripley_k,
            points,
            "" if where.matrix is None else where.matrix,
            parameters={
                "r_km": r,
                "window": where.corners,
                "activity": activity,
                "neighbour": neighbour,
                "correction": correction,
                "null": null,
                "n": None if inference is None else inference.n,
                "level": level,
                "strata": strata and str(strata),
            },
            seed=entropy,
        ),
    ).checked(errors)


def ripley_d(
    data: IntoFrame | Points,
    *,
    activity: str,
    r_km: ArrayLike,
    window: ArrayLike,
    controls: str | None = None,
    correction: Correction = "isotropic",
    inference: Permutation | None = Permutation(),  # noqa: B008  frozen
    level: float = 0.05,
    type: str = "type",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    crs: str | Projection | None = None,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    strata: str | Sequence[str] | None = None,
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
) -> RipleyD:
    r"""Compare the clustering of cases with that of controls: D = K of cases − K of controls.

    Use when the background is uneven but known from other points. Controls are weighed
    alike; for plants of different size see `marcon_puech`.

    Parameters
    ----------
    data
        One row per point, or `Points`.
    activity
        Type of the cases.
    r_km
        Increasing distances, km.
    window
        As in :func:`ripley_k`.
    controls
        Type of the controls; default all other points.
    correction
        As in :func:`ripley_k`.
    inference
        Random labellings of cases and controls; ``None`` for no bands.
    level
        Share outside the bands.
    type, x, y, crs
        Columns of type and position, see :func:`agglo.core.tables.as_points`.
    distances, symmetrise, strata, on_missing, errors
        As in :func:`ripley_k`.

    Returns
    -------
    RipleyD
        D in km², 0 where cases are as clustered as controls, with bands and p-value.

    Raises
    ------
    AlignmentError
        If a label is no type of the data.
    InvalidTableError
        If points lie outside the window.
    OptionError
        If an option is not admissible, or there are no controls.
    NotIdentifiedError
        If a value is undefined and `errors` is ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.

    Notes
    -----
    Fewer than two cases or controls: NaN. `p` is that of the extreme rank length envelope;
    `p_mad` and `p_dclf` test the whole curve as well. Cost per draw as two :func:`ripley_k`.

    References
    ----------
    Diggle and Chetwynd 1991, doi:10.2307/2532668.

    See Also
    --------
    ripley_k : Against an even spread.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import ripley_d
    >>> rows = pa.table({"x_km": [4.0, 5.0, 2.0, 9.0], "y_km": [5.0] * 4,
    ...                  "type": ["a", "a", "b", "b"]})
    >>> d = ripley_d(rows, activity="a", r_km=[1.0], window=(0, 10, 0, 10),
    ...              correction="none", inference=None)
    >>> float(d.value[0])
    100.0
    """
    r, where = check_distances(r_km), window_of(window, correction)
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    names = (x, y, type, None)
    how = (distances, symmetrise), strata, on_missing
    points, where, kept = _read(data, names, crs, how, where, correction)
    at = coordinates(points)
    cases = rows_of(points, "activity", activity)
    if controls is None:
        rest = np.setdiff1d(np.arange(points.n), cases)
    else:
        rest = rows_of(points, "controls", controls)
    if rest.size == 0 or controls == activity:
        msg = f"controls={controls!r} leaves nobody to compare with."
        raise OptionError(msg)
    k_cases, _ = k_between(at, cases, cases, r, where, correction)
    k_rest, _ = k_between(at, rest, rest, r, where, correction)
    value = k_cases - k_rest
    entropy, simulated = None, None
    if inference is not None and np.isfinite(value).any():
        entropy = entropy_of(inference.seed)
        chance = Chance(False, kept, inference.n, entropy)
        simulated = _relabelled(at, cases, rest, r, where, correction, chance)
    bands, p = tested_fields(value, simulated, level)
    return RipleyD(
        activity=activity,
        controls=controls or "",
        r_km=frozen_array(r),
        value=frozen_array(value),
        k_cases=frozen_array(k_cases),
        k_controls=frozen_array(k_rest),
        **bands,
        p=p[0],
        p_mad=p[1],
        p_dclf=p[2],
        correction=correction,
        n_cases=cases.size,
        n_controls=rest.size,
        n_draws=0 if inference is None or entropy is None else inference.n,
        level=level,
        frame_kind=points.frame_kind,
        undefined=_undefined(r, value, min(cases.size, rest.size)),
        provenance=Provenance.of(
            ripley_d,
            points,
            "" if where.matrix is None else where.matrix,
            parameters={
                "activity": activity,
                "controls": controls,
                "r_km": r,
                "window": where.corners,
                "correction": correction,
                "n": None if inference is None else inference.n,
                "level": level,
                "strata": strata and str(strata),
            },
            seed=entropy,
        ),
    ).checked(errors)


_How: TypeAlias = tuple[
    tuple["ArrayLike | None", Literal["refuse", "mean"]],
    str | Sequence[str] | None,
    Literal["refuse", "drop"],
]


def _read(
    data: IntoFrame | Points,
    columns: tuple[str, str, str | None, str | None],
    crs: str | Projection | None,
    how: _How,
    window: Window,
    correction: str,
) -> tuple[Points, Window, IntArray | None]:
    """Check points inside the window, or a matrix in their place, and their strata.

    `how`: the matrix and whether it is made symmetric, strata, what happens to missing rows.
    """
    if how[0][0] is not None and correction != "none":
        msg = "Edge corrections need positions: with distances= pass correction='none'."
        raise OptionError(msg)
    points, matrix, kept = read_points(data, columns, crs, *how)
    if matrix is None:
        refuse_outside(coordinates(points), window)
    return points, dataclasses.replace(window, matrix=matrix), kept


def _check_null(
    null: str,
    activity: str | None,
    distances: ArrayLike | None,
    strata: str | Sequence[str] | None,
) -> None:
    if null == "csr" and strata is not None:
        msg = "strata= keeps the places of points: take null='labels'."
        raise OptionError(msg)
    if null == "csr" and distances is not None:
        msg = "null='csr' needs positions: with distances= take null='labels'."
        raise OptionError(msg)
    if null == "labels" and activity is None:
        msg = "null='labels' needs activity=: all points keep their places."
        raise OptionError(msg)


def _relabelled(
    at: FloatArray,
    cases: IntArray,
    rest: IntArray,
    r: FloatArray,
    window: Window,
    correction: str,
    chance: Chance,
) -> FloatArray:
    """D under random labels, (n, n_distances)."""
    both = np.concatenate([cases, rest])

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, r.size))
        for k in range(size):
            mixed = shuffled(rng, both, chance.stratum)
            one, two = mixed[: cases.size], mixed[cases.size :]
            out[k] = k_between(at, one, one, r, window, correction)[0]
            out[k] -= k_between(at, two, two, r, window, correction)[0]
        return out

    return monte_carlo(draw, n=chance.n, seed=chance.seed)


def _undefined(r: FloatArray, value: FloatArray, n: int) -> tuple[Undefined, ...]:
    if n < 2:
        reason = "fewer than two points"
    else:
        reason = "a pair spans the window, or no point is that far from its edge"
    return tuple(
        Undefined(reason=reason, item=f"r = {d:g} km") for d in r[np.isnan(value)]
    )
