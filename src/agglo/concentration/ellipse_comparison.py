"""Two sets of places: how sure their overlap is, and what chance would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._ellipse_draws import (
    LOST,
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
from agglo.concentration._kernels.ellipse_pairs import overlap_areas
from agglo.concentration.ellipse_comparison_results import OverlapInterval, OverlapTest
from agglo.core.errors import AlignmentError
from agglo.core.geo import geodesic_km
from agglo.core.inference import mc_pvalue
from agglo.core.options import Bootstrap, Permutation, check_choice
from agglo.core.parallel import entropy_of, generator
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import Points, as_points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["bootstrap_overlap", "overlap_test"]

_NAMES = (
    "jaccard",
    "centre_distance_km",
    "x_difference_km",
    "y_difference_km",
    "long_difference_km",
    "short_difference_km",
    "area_difference_km2",
    "theta_difference",
)
_TESTED = 2
_PIECE = 2048
_FEW = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class _Pair:
    """Sums per unit of two sets around one origin, and the convention."""

    sums: tuple[FloatArray, FloatArray]
    origin: tuple[float, float]
    lost: float
    scale: float
    projection: Projection | None

    def compare(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Compare sets given by their sums, shape (n, 7) each; shape (n, 8)."""
        one, other = (
            statistics_of(s, self.lost, self.scale)[:, [0, 1, 2, 3, 5, 4]]
            for s in (a, b)
        )
        shared = overlap_areas(one[:, :5], other[:, :5])
        with np.errstate(invalid="ignore"):
            jaccard = shared / (one[:, 5] + other[:, 5] - shared)
        away = other - one
        theta = (away[:, 4] + 90.0) % 180.0 - 90.0
        return np.column_stack(
            [
                jaccard,
                self._apart(one[:, :2], other[:, :2]),
                away[:, 0],
                away[:, 1],
                away[:, 2],
                away[:, 3],
                away[:, 5],
                theta,
            ]
        )

    def _apart(self, a: FloatArray, b: FloatArray) -> FloatArray:
        known = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
        out = np.full(len(a), np.nan)
        one, other = a[known] + self.origin, b[known] + self.origin
        if self.projection is None:
            out[known] = np.hypot(*(other - one).T)
            return out
        places = (*self.projection.inverse(*one.T), *self.projection.inverse(*other.T))
        out[known] = geodesic_km(*places)
        return out


def bootstrap_overlap(
    a: IntoFrame | Points,
    b: IntoFrame | Points,
    *,
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
    divisor: Divisor = "n",
    scale: float | None = None,
    coverage: float | None = None,
    unit_a: ArrayLike | None = None,
    unit_b: ArrayLike | None = None,
    inference: Bootstrap = Bootstrap(n=2000),  # noqa: B008  frozen
) -> OverlapInterval:
    r"""Give intervals of the overlap of two ellipses, and of what sets them apart.

    Use beside `ellipse_overlap`; for what chance would give see `overlap_test`.

    Parameters
    ----------
    a, b
        Two sets of places, in the same coordinates.
    x, y, weight, crs, divisor, scale, coverage
        As in :func:`standard_deviational_ellipse`.
    unit_a, unit_b
        Label of every point's unit, for example its cluster: units are drawn with all
        their points. Default every point on its own.
    inference
        Number of draws, seed and coverage.

    Returns
    -------
    OverlapInterval
        Jaccard, distance of the centres, and differences b − a of centre, axes, area and
        bearing, with percentile and BCa intervals. The difference of bearings is axial:
        percentile only, and no interval when the doubled angles scatter.

    Raises
    ------
    AlignmentError
        If a unit has no point, or projections differ.
    InvalidTableError
        If no point has a positive weight.

    Notes
    -----
    Both sets are redrawn, units with replacement. Redrawn sets overlap less than the sets
    themselves, so the percentile interval of Jaccard lies too low; BCa moves it back. The
    acceleration pools the leave-one-out influences of both samples (Davison and Hinkley
    1997, section 5.3). NaN where an ellipse is degenerate. Cost O(draws × units).

    References
    ----------
    BCa intervals: Efron (1987), https://doi.org/10.1080/01621459.1987.10478410.

    See Also
    --------
    overlap_test : Whether the two sets lie as apart as parts of one would.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> a = pa.table({"x_km": [0.0, 1.0, 2.0, 5.0] * 5, "y_km": [0.0, 3.0, 1.0, 9.0] * 5})
    >>> b = pa.table({"x_km": [1.0, 2.0, 4.0, 6.0] * 5, "y_km": [0.0, 3.0, 1.0, 8.0] * 5})
    >>> found = ag.bootstrap_overlap(a, b, inference=ag.Bootstrap(n=200, seed=1))
    >>> round(float(found.estimate[0]), 3), found.n_units
    (0.087, (20, 20))
    """
    check_choice("divisor", divisor, tuple(LOST))
    points = _points(a, b, x, y, weight, crs)
    pair = _pair(points, (unit_a, unit_b), divisor, scale_of(scale, coverage))
    entropy = entropy_of(inference.seed)
    draws = np.vstack(
        [
            pair.compare(
                *(_redrawn(s, size, entropy, k, at) for k, s in enumerate(pair.sums))
            )
            for at, size in enumerate(_pieces(inference.n))
        ]
    )
    estimate = pair.compare(*(s.sum(axis=0)[None] for s in pair.sums))[0]
    lower, upper, bca_ends = _ends(pair, draws, estimate, 0.5 * (1.0 - inference.level))
    theta, concentration = axial(draws[:, -1], 0.5 * (1.0 - inference.level))
    units = (len(pair.sums[0]), len(pair.sums[1]))
    notes = tuple(f"only {n} units: the intervals are rough" for n in units if n < _FEW)
    return OverlapInterval(
        statistic=_NAMES,
        estimate=frozen_array(estimate),
        lower=frozen_array(np.append(lower, theta[0])),
        upper=frozen_array(np.append(upper, theta[1])),
        lower_bca=frozen_array(np.append(bca_ends[:, 0], np.nan)),
        upper_bca=frozen_array(np.append(bca_ends[:, 1], np.nan)),
        theta_concentration=concentration,
        level=inference.level,
        n_draws=inference.n,
        n_units=units,
        notes=notes,
        frame_kind=points[0].frame_kind,
        undefined=_undefined(estimate),
        provenance=Provenance.of(
            bootstrap_overlap,
            *points,
            parameters={
                "divisor": divisor,
                "scale": pair.scale,
                "n": inference.n,
                "level": inference.level,
            },
            seed=entropy,
            warnings=notes,
        ),
    )


def overlap_test(
    a: IntoFrame | Points,
    b: IntoFrame | Points,
    *,
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
    divisor: Divisor = "n",
    scale: float | None = None,
    coverage: float | None = None,
    unit_a: ArrayLike | None = None,
    unit_b: ArrayLike | None = None,
    inference: Permutation = Permutation(),  # noqa: B008  frozen
) -> OverlapTest:
    """Ask whether two sets lie as far apart as parts of one set would not.

    Use when the sets have no unit in common; a part beside its whole is no such pair.

    Parameters
    ----------
    a, b
        Two sets of places, in the same coordinates.
    x, y, weight, crs, divisor, scale, coverage
        As in :func:`standard_deviational_ellipse`.
    unit_a, unit_b
        Labels of units, dealt out with all their points.
    inference
        Number of permutations and seed.

    Returns
    -------
    OverlapTest
        Jaccard (p: as small) and distance of the centres (p: as large), with their means
        when both sets are pooled and the same numbers of units dealt out; NaN with a
        reason where an ellipse is degenerate.

    Raises
    ------
    AlignmentError
        If a unit has no point, or projections differ.
    InvalidTableError
        If no point has a positive weight.

    Notes
    -----
    Exchangeable units under the null; p = (1 + as extreme)/(1 + draws). Draws with a
    degenerate ellipse are left out and counted. Cost O(draws × units).

    References
    ----------
    Phipson and Smyth (2010), https://doi.org/10.2202/1544-6115.1585.

    See Also
    --------
    bootstrap_overlap : Intervals.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> a = pa.table({"x_km": [0.0, 1.0, 2.0, 5.0] * 5, "y_km": [0.0, 3.0, 1.0, 9.0] * 5})
    >>> b = pa.table({"x_km": [9.0, 8.0, 7.0, 11.0] * 5, "y_km": [0.0, 3.0, 1.0, 9.0] * 5})
    >>> float(ag.overlap_test(a, b, inference=ag.Permutation(n=199, seed=1)).p[1])
    0.005
    """
    check_choice("divisor", divisor, tuple(LOST))
    points = _points(a, b, x, y, weight, crs)
    pair = _pair(points, (unit_a, unit_b), divisor, scale_of(scale, coverage))
    entropy = entropy_of(inference.seed)
    pooled = np.vstack(pair.sums)
    whole = pooled.sum(axis=0)
    drawn = []
    for at, size in enumerate(_pieces(inference.n)):
        mine = _dealt(size, len(pair.sums[0]), len(pooled), entropy, at) @ pooled
        drawn.append(pair.compare(mine, whole - mine)[:, :_TESTED])
    draws = np.vstack(drawn)
    observed = pair.compare(*(s.sum(axis=0)[None] for s in pair.sums))[0]
    known = np.isfinite(draws[:, 0])
    p = np.full(_TESTED, np.nan)
    if known.any() and np.isfinite(observed[0]):
        p[0] = float(mc_pvalue(observed[0], draws[known, 0], "less"))
        p[1] = float(mc_pvalue(observed[1], draws[known, 1], "greater"))
    return OverlapTest(
        statistic=_NAMES[:_TESTED],
        observed=frozen_array(observed[:_TESTED]),
        expected=frozen_array(
            draws[known].mean(axis=0) if known.any() else np.full(_TESTED, np.nan)
        ),
        p=frozen_array(p),
        simulated=frozen_array(draws),
        n_draws=inference.n,
        n_usable=int(known.sum()),
        frame_kind=points[0].frame_kind,
        undefined=_undefined(observed),
        provenance=Provenance.of(
            overlap_test,
            *points,
            parameters={"divisor": divisor, "scale": pair.scale, "n": inference.n},
            seed=entropy,
        ),
    )


def _points(
    a: IntoFrame | Points,
    b: IntoFrame | Points,
    x: str,
    y: str,
    weight: str | None,
    crs: str | Projection | None,
) -> tuple[Points, Points]:
    one = as_points(a, x=x, y=y, weight=weight, crs=crs)
    other = as_points(b, x=x, y=y, weight=weight, crs=crs)
    if one.projection != other.projection:
        msg = f"The projections differ ({one.projection!r} and {other.projection!r})."
        raise AlignmentError(msg)
    for points, name in ((one, "a"), (other, "b")):
        refuse_weightless(points, name)
    return one, other


def _pair(
    points: tuple[Points, Points],
    units: tuple[ArrayLike | None, ArrayLike | None],
    divisor: Divisor,
    scale: float,
) -> _Pair:
    # one origin near both: raw sums of squares lose digits far from it
    ox, oy = (
        float(np.concatenate([getattr(p, axis) for p in points]).mean())
        for axis in ("x_km", "y_km")
    )
    held = []
    for p, unit in zip(points, units, strict=True):
        code, n = units_of(unit, p.n)
        use = p.weight > 0
        sums = kernels.sums_by_unit(
            p.x_km[use] - ox, p.y_km[use] - oy, p.weight[use], code[use], n
        )
        held.append(sums[sums[:, 0] > 0])
    return _Pair(
        sums=(held[0], held[1]),
        origin=(ox, oy),
        lost=LOST[divisor],
        scale=scale,
        projection=points[0].projection,
    )


def _pieces(n: int) -> list[int]:
    return [min(_PIECE, n - start) for start in range(0, n, _PIECE)]


def _redrawn(
    sums: FloatArray, size: int, entropy: int, stream: int, at: int
) -> FloatArray:
    rng = generator(entropy, stream, at)
    n = len(sums)
    counts: IntArray = rng.multinomial(n, np.full(n, 1.0 / n), size=size)
    return counts @ sums


def _dealt(size: int, n: int, total: int, entropy: int, at: int) -> FloatArray:
    """Give for every draw which n of all units are dealt to the first set."""
    rng = generator(entropy, 0, at)
    order = rng.permuted(np.tile(np.arange(total), (size, 1)), axis=1)
    return (order < n).astype(np.float64)


def _ends(
    pair: _Pair, draws: FloatArray, estimate: FloatArray, tail: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give percentile ends and BCa ends of all but the axial difference."""
    a, b = pair.sums
    left = [
        pair.compare(a.sum(axis=0) - a, np.broadcast_to(b.sum(axis=0), a.shape)),
        pair.compare(np.broadcast_to(a.sum(axis=0), b.shape), b.sum(axis=0) - b),
    ]
    several: list[BoolArray] = [np.array(len(s) > 1) for s in pair.sums]
    ends = np.full((draws.shape[1] - 1, 4), np.nan)
    for j in range(len(ends)):
        known = draws[np.isfinite(draws[:, j]), j]
        if known.size == 0:
            continue
        ends[j, :2] = np.quantile(known, [tail, 1.0 - tail])
        own = [v[:, j] for v, many in zip(left, several, strict=True) if many]
        ends[j, 2:] = bca(known, estimate[j], acceleration(*own), tail)
    return ends[:, 0], ends[:, 1], ends[:, 2:]


def _undefined(values: FloatArray) -> tuple[Undefined, ...]:
    return tuple(
        Undefined(reason="an ellipse is degenerate", item=name)
        for name, value in zip(_NAMES, values, strict=True)
        if not np.isfinite(value)
    )
