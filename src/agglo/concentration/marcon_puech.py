"""Who is near, compared with who is anywhere: the M and m functions of Marcon and Puech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._distance_bands import tested_fields
from agglo.concentration._distance_input import (
    check_bandwidth,
    check_distances,
    coordinates,
    read_points,
    rows_of,
    shuffled,
)
from agglo.concentration._kdensity_curve import between
from agglo.concentration._kernels import distance_local as kernels
from agglo.concentration._kernels.distance_pairs import nrd0, nrd0_of_kept
from agglo.concentration.distance_results import RelativeConcentration
from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import Points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["marcon_puech"]

Kind: TypeAlias = Literal["cumulative", "density"]
Null: TypeAlias = Literal["location", "labels", "population"]


def marcon_puech(
    data: IntoFrame | Points,
    *,
    activity: str,
    r_km: ArrayLike,
    neighbour: str | None = None,
    controls: str | None = None,
    kind: Kind = "cumulative",
    bandwidth: Literal["nrd0"] | float = "nrd0",
    null: Null = "location",
    inference: Permutation | None = None,
    level: float = 0.05,
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
) -> RelativeConcentration:
    r"""Measure how over-represented an activity is around its own or other plants.

    Use to compare activities and distances: 1 is the same for all of them, and 2 is twice
    the share of neighbours that the whole economy has. Also: M function, m function.

    Parameters
    ----------
    data
        One row per plant of any activity, or `Points`.
    activity
        Around whose plants to look.
    r_km
        Increasing distances, km; 0 counts plants at the same place.
    neighbour
        Whom to count there; default the activity itself.
    controls
        Compare with the plants of this type instead of all (case-control).
    kind
        ``"cumulative"``: M, neighbours up to a distance; ``"density"``: m, neighbours at a
        distance, with Gaussian weights.
    bandwidth
        For ``"density"``: ``"nrd0"`` of the distances between `activity` and `neighbour` up
        to twice the last distance, or kilometres.
    null
        ``"location"``: plants keep type and weight and change places; ``"labels"``: types
        are mixed, weights stay at their sites; ``"population"``: `activity` stays, all others change
        places (for another `neighbour` only).
    inference
        Draws from the null; ``None`` for no bands. A draw costs as much as the measure.
    level
        Share outside the bands.
    type, x, y, weight, crs
        Columns of type, position and weight, see :func:`agglo.core.tables.as_points`;
        without `weight` plants count alike.
    distances
        Matrix of travel times or other distances in the order of the rows, (n, n), in place
        of positions; "km" then reads as its unit. Draws depend on the order of the rows.
    symmetrise
        ``"refuse"`` a matrix where there and back differ, or take their ``"mean"``.
    strata
        Columns within whose combinations draws move types and weights, such as region.
    on_missing
        ``"refuse"`` rows without position or weight, or ``"drop"`` them; the provenance
        says how many.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    RelativeConcentration
        M or m per distance (0 or more, 1 as everywhere) and how many plants it rests on.

    Raises
    ------
    AlignmentError
        If a label is no type of the data.
    OptionError
        If an option is not admissible, or the null does not fit.
    NotIdentifiedError
        If all distances are equal, so that there is no bandwidth, or a value is undefined
        and `errors` is ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.

    Notes
    -----
    :math:`M(r) = \sum_a [W_N(a, r)/W(a, r)] / \sum_a [(W_N - w_a 1[N = A])/(W - w_a)]` over
    plants a of the activity, with the weight of neighbours and of all plants up to r; a
    plant is not its own neighbour. Plants with nobody within r are left out of both sums;
    where all are, M is NaN. Case-control: numerator the neighbours, denominator the
    controls, everywhere :math:`(W_N - w_a 1[N = A])/W_C`. m has :math:`\varphi_h(r -
    d_{aj})` in place of the ball, not reflected at 0. Weights times a constant change
    nothing. Cost O(n_activity × plants near).

    References
    ----------
    Marcon and Puech 2010, doi:10.1093/jeg/lbp056; m: Lang, Marcon and Puech 2020,
    doi:10.1007/s00168-019-00946-7. Values of points90 reproduce R dbmss 2.8.

    See Also
    --------
    duranton_overman : Absolute density of distances, with a verdict per activity.
    ripley_k : Against an even spread.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import marcon_puech
    >>> rows = pa.table({"x_km": [0.0, 1.0, 5.0, 6.0], "y_km": [0.0] * 4,
    ...                  "type": ["a", "a", "b", "b"]})
    >>> float(marcon_puech(rows, activity="a", r_km=[1.0]).value[0])
    3.0
    """
    check_choice("kind", kind, ("cumulative", "density"))
    check_choice("null", null, ("location", "labels", "population"))
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    width, r = check_bandwidth(bandwidth), check_distances(r_km)
    points, matrix, stratum = read_points(
        data, (x, y, type, weight), crs, (distances, symmetrise), strata, on_missing
    )
    asked = _Asked(
        activity=_code(points, "activity", activity),
        neighbour=_code(points, "neighbour", neighbour or activity),
        controls=None if controls is None else _code(points, "controls", controls),
    )
    asked.refuse_population(null if inference is not None else "")
    at = coordinates(points)
    h = _bandwidth(points, at, asked, r, width, matrix) if kind == "density" else 0.0
    cells = _around(at, float(r[-1]) + 8.0 * float(np.nan_to_num(h)), matrix)
    found = _measure(cells, points.type, points.weight, asked, r, h)
    seed = _seed_for(inference, found.value)
    draws = (null, inference, seed, level, stratum)
    bands, p = _tested(cells, points, asked, r, h, found, draws)
    return RelativeConcentration(
        activity=activity,
        neighbour=neighbour or activity,
        controls=controls or "",
        kind=kind,
        r_km=frozen_array(r),
        value=frozen_array(found.value),
        n_used=frozen_array(found.n_used),
        **bands,
        p=p[0],
        p_mad=p[1],
        p_dclf=p[2],
        local=frozen_array(found.local),
        place_km=frozen_array(at[found.rows]),
        bandwidth_km=h if kind == "density" else float("nan"),
        null=null if seed is not None else "",
        n_draws=0 if inference is None or seed is None else inference.n,
        level=level,
        duplicate_share=points.duplicate_share,
        frame_kind=points.frame_kind,
        undefined=_undefined(r, found),
        provenance=Provenance.of(
            marcon_puech,
            points,
            "" if matrix is None else matrix,
            parameters={
                "activity": activity,
                "neighbour": neighbour,
                "controls": controls,
                "r_km": r,
                "kind": kind,
                "bandwidth": bandwidth,
                "null": null,
                "n": None if inference is None else inference.n,
                "level": level,
                "strata": strata if strata is None else str(strata),
            },
            seed=seed,
        ),
    ).checked(errors)


def _seed_for(inference: Permutation | None, value: FloatArray) -> int | None:
    if inference is None or not np.isfinite(value).any():
        return None
    return entropy_of(inference.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Codes of the types: around whom, who, and against whom (``None``: all)."""

    activity: int
    neighbour: int
    controls: int | None

    def refuse_population(self, null: str) -> None:
        if null == "population" and self.neighbour == self.activity:
            msg = "null='population' holds the activity: it needs another neighbour=."
            raise OptionError(msg)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Found:
    value: FloatArray
    n_used: IntArray
    local: FloatArray
    rows: IntArray


def _tested(
    cells: kernels.Cells | kernels.Travel,
    points: Points,
    asked: _Asked,
    r: FloatArray,
    h: float,
    found: _Found,
    draws: tuple[Null, Permutation | None, int | None, float, IntArray | None],
) -> tuple[dict[str, FloatArray], tuple[float, float, float]]:
    """Draw from the null, or give NaN where nothing is to be drawn."""
    null, inference, seed, level, stratum = draws
    simulated = None
    if inference is not None and seed is not None:
        moves = (null, stratum)
        simulated = _draws(cells, points, asked, r, h, moves, inference.n, seed)
    return tested_fields(found.value, simulated, level)


def _around(
    at: FloatArray, reach: float, matrix: FloatArray | None
) -> kernels.Cells | kernels.Travel:
    if matrix is None:
        return kernels.cells_of(at, reach)
    return kernels.Travel(distances=matrix)


def _code(points: Points, name: str, label: str) -> int:
    return int(points.type[rows_of(points, name, label)[0]])


def _bandwidth(
    points: Points,
    at: FloatArray,
    asked: _Asked,
    r: FloatArray,
    width: float | None,
    matrix: FloatArray | None,
) -> float:
    if width is not None:
        return width
    a = at[points.type == asked.activity]
    b = None
    if asked.neighbour != asked.activity:
        b = at[points.type == asked.neighbour]
    within = 2.0 * float(r[-1])
    if matrix is None:
        h = nrd0(a, b, within)
    else:
        d = between(matrix, a, b)
        kept = d[np.triu_indices(len(d), 1)] if b is None else d.ravel()
        h = nrd0_of_kept(kept, within)
    if h == 0.0:
        msg = "All distances are equal: pass bandwidth= in kilometres."
        raise NotIdentifiedError(msg)
    return h


def _measure(
    cells: kernels.Cells | kernels.Travel,
    kinds: IntArray,
    weight: FloatArray,
    asked: _Asked,
    r: FloatArray,
    h: float,
    *,
    threaded: bool = True,
) -> _Found:
    rows = np.flatnonzero(kinds == asked.activity)
    top = np.where(kinds == asked.neighbour, weight, 0.0)
    bottom = weight
    if asked.controls is not None:
        bottom = np.where(kinds == asked.controls, weight, 0.0)
    if np.isnan(h):
        nothing = np.full((rows.size, r.size), np.nan)
        none = np.zeros(r.size, dtype=np.int64)
        return _Found(value=nothing[0], n_used=none, local=nothing, rows=rows)
    near, all_near = kernels.local_sums(
        cells, rows, top, bottom, r, h, threaded=threaded
    )
    own = weight[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        everywhere = (top.sum() - own * (asked.activity == asked.neighbour)) / (
            bottom.sum() - (own if asked.controls is None else 0.0)
        )
        local = near / all_near / everywhere[:, None]
    value, n_used = kernels.relative_concentration(near, all_near, everywhere)
    return _Found(value=value, n_used=n_used, local=local, rows=rows)


def _draws(
    cells: kernels.Cells | kernels.Travel,
    points: Points,
    asked: _Asked,
    r: FloatArray,
    h: float,
    moves: tuple[Null, IntArray | None],
    n: int,
    seed: int,
) -> FloatArray:
    null, stratum = moves
    kinds, weight = points.type, points.weight
    free = np.arange(points.n)
    if null == "population":
        free = np.flatnonzero(kinds != asked.activity)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, r.size))
        for k in range(size):
            moved = np.arange(points.n)
            moved[free] = shuffled(rng, free, stratum)
            carried = weight if null == "labels" else weight[moved]
            out[k] = _measure(
                cells, kinds[moved], carried, asked, r, h, threaded=False
            ).value
        return out

    return monte_carlo(draw, n=n, seed=seed)


def _undefined(r: FloatArray, found: _Found) -> tuple[Undefined, ...]:
    """Say at which distances there is no value, and why."""
    out = []
    for k in np.flatnonzero(~np.isfinite(found.value)):
        reason = "nobody is near any plant of the activity"
        if found.n_used[k]:
            reason = "the neighbour has no weight anywhere else"
        elif np.isnan(found.local).all() and found.rows.size < 2:
            reason = "fewer than two plants, or nobody near"
        out.append(Undefined(reason=reason, item=f"r = {r[k]:g} km"))
    return tuple(out)
