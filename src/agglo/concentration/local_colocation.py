"""Where one type has another nearby: the local colocation quotient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.spatial import cKDTree

from agglo.concentration._distance_input import (
    coordinates,
    read_points,
    rows_of,
    shuffled,
)
from agglo.core.errors import OptionError
from agglo.core.inference import fdr, mc_pvalue
from agglo.core.options import Permutation, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import (
    ColumnData,
    Provenance,
    Result,
    Undefined,
    frozen_array,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.tables import Points
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["LocalColocation", "local_colocation_quotient"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LocalColocation(Result):
    """Local colocation quotients of the points of one type.

    Attributes
    ----------
    activity, neighbour
        Around whom, and who is counted there.
    x_km, y_km
        Positions of the activity's points, sorted.
    value
        1 as the mix of all points would give; NaN where all neighbours have no weight.
    reach_km
        Width of the weights: distance to the k-th neighbour, or the bandwidth.
    p, q
        Two-sided p from permutations, and q over all points; NaN without draws.
    k, n_draws
        Neighbours counted (0: all within a bandwidth), and draws.
    """

    activity: str
    neighbour: str
    x_km: FloatArray
    y_km: FloatArray
    value: FloatArray
    reach_km: FloatArray
    p: FloatArray
    q: FloatArray
    k: int
    n_draws: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per point of the activity."""
        names = ("x_km", "y_km", "value", "reach_km", "p", "q")
        return {n: getattr(self, n) for n in names}

    def summary(self) -> str:
        """Give the range of the quotients and how many are significant."""
        known = self.value[np.isfinite(self.value)]
        if known.size == 0:
            return f"{self.neighbour} around {self.activity}: undefined at all points"
        return (
            f"{self.neighbour} around {self.activity}: {known.size} points, quotient "
            f"{known.min():.3f} to {known.max():.3f}, median {np.median(known):.3f}; "
            f"{int((self.q < 0.05).sum())} with q < 0.05 ({self.k or 'all within reach'} neighbours, "
            f"{self.n_draws} draws)"
        )

    def _draw(self, ax: Axes) -> None:
        """Draw the points, coloured by their quotient."""
        ax.scatter(self.x_km, self.y_km, c=self.value, s=12, cmap="viridis")
        ax.set(xlabel="km", ylabel="km", aspect="equal")


def local_colocation_quotient(
    data: IntoFrame | Points,
    *,
    activity: str,
    neighbour: str,
    k: int = 20,
    bandwidth_km: float | None = None,
    inference: Permutation | None = None,
    type: str = "type",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    crs: str | Projection | None = None,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    strata: str | Sequence[str] | None = None,
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
) -> LocalColocation:
    r"""Measure where points of one type have more of another near them than anywhere.

    Use to map a colocation; one number per pair of types: `colocation_quotient`. Also:
    LCLQ.

    Parameters
    ----------
    data
        One row per point, or `Points`.
    activity
        Around whose points to look.
    neighbour
        Whom to count there; may be the activity itself.
    k
        Neighbours that count; the k-th one's distance is the width of the weights.
    bandwidth_km
        Width of the weights at all points, in place of `k`: all points within it count.
    inference
        Permutations of the labels over all other points; ``None`` for no p-values.
    type, x, y, crs
        Columns of type and position, see :func:`agglo.core.tables.as_points`.
    distances
        Matrix of travel times or other distances in the order of the rows, (n, n), in place
        of positions. Draws depend on the order of the rows.
    symmetrise
        ``"refuse"`` a matrix where there and back differ, or take their ``"mean"``.
    strata
        Columns within whose combinations labels are permuted, such as region.
    on_missing
        ``"refuse"`` rows without position or weight, or ``"drop"`` them; the provenance
        says how many.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    LocalColocation
        One row per point of the activity: quotient (1 as everywhere), p and q.

    Raises
    ------
    AlignmentError
        If a label is no type of the data.
    OptionError
        If there are not more than k points, or an option is not admissible.
    NotIdentifiedError
        If a value is undefined and `errors` is ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.

    Notes
    -----
    :math:`LCLQ_i = \frac{\sum_j w_{ij} 1[j \in B] / \sum_j w_{ij}}{N'_B / (N - 1)}`,
    :math:`w_{ij} = \exp(-\tfrac12 (d_{ij} / d_{i,k})^2)` over the k nearest points, the
    point itself left out; :math:`N'_B = N_B - 1[A = B]`. Where k neighbours share the
    point's place all weigh 1. A type of one point has no quotient to itself: NaN. With
    `bandwidth_km` it takes the place of :math:`d_{i,k}`, and points with nobody within it
    are NaN. Cost O(n log n + n k draws).

    References
    ----------
    Wang, Hu, Wang and Li 2017, ISPRS International Journal of Geo-Information 6:307.

    See Also
    --------
    colocation_quotient : All pairs of types, nearest neighbours only.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import local_colocation_quotient
    >>> rows = pa.table({"x_km": [0.0, 1.0, 5.0, 6.1], "y_km": [0.0] * 4,
    ...                  "type": ["a", "b", "a", "b"]})
    >>> found = local_colocation_quotient(rows, activity="a", neighbour="b", k=1)
    >>> float(found.value[0])
    1.5
    """
    count = int(check_number("k", k, minimum=1, integer=True))
    names = (x, y, type, None)
    points, matrix, kept = read_points(
        data, names, crs, (distances, symmetrise), strata, on_missing
    )
    rows = rows_of(points, "activity", activity)
    other = rows_of(points, "neighbour", neighbour)
    near, weight, reach = _around(points, rows, count, bandwidth_km, matrix)
    same = activity == neighbour
    expected = (other.size - same) / (points.n - 1)
    member = np.zeros(points.n)
    member[other] = 1.0

    def quotients(of: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (weight * of[near]).sum(axis=1) / weight.sum(axis=1)
            return share / expected

    value = quotients(member) if expected > 0 else np.full(rows.size, np.nan)
    p = np.full(rows.size, np.nan)
    entropy = None
    if inference is not None and expected > 0:
        entropy = entropy_of(inference.seed)

        def draw(rng: np.random.Generator, size: int) -> FloatArray:
            drawn = (_dealt(rng, member, rows, kept, same=same) for _ in range(size))
            return np.array([quotients(d) for d in drawn])

        p = _two_sided(value, monte_carlo(draw, n=inference.n, seed=entropy))
    return LocalColocation(
        activity=activity,
        neighbour=neighbour,
        x_km=frozen_array(points.x_km[rows]),
        y_km=frozen_array(points.y_km[rows]),
        value=frozen_array(value),
        reach_km=frozen_array(reach),
        p=frozen_array(p),
        q=frozen_array(fdr(p) if np.isfinite(p).any() else p),
        k=count if bandwidth_km is None else 0,
        n_draws=0 if inference is None or entropy is None else inference.n,
        frame_kind=points.frame_kind,
        undefined=_undefined(weight, expected),
        provenance=Provenance.of(
            local_colocation_quotient,
            points,
            "" if matrix is None else matrix,
            parameters={
                "activity": activity,
                "neighbour": neighbour,
                "k": k,
                "bandwidth_km": bandwidth_km,
                "n": None if inference is None else inference.n,
                "strata": strata and str(strata),
            },
            seed=entropy,
        ),
    ).checked(errors)


def _two_sided(value: FloatArray, simulated: FloatArray) -> FloatArray:
    level = np.abs(simulated - value) <= 1e-12
    return np.asarray(mc_pvalue(value, np.where(level, value, simulated), "two-sided"))


def _undefined(weight: FloatArray, expected: float) -> tuple[Undefined, ...]:
    if expected <= 0:
        reason = "one point has no neighbour of its own type"
        return (Undefined(reason=reason, n=len(weight)),)
    alone = int((weight.sum(axis=1) == 0).sum())
    if alone:
        return (Undefined(reason="nobody lies within the bandwidth", n=alone),)
    return ()


def _around(
    points: Points,
    rows: IntArray,
    k: int,
    width: float | None,
    matrix: FloatArray | None,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Neighbours that count, their weights, and the width of these."""
    if width is not None:
        check_number("bandwidth_km", width, minimum=0, open_ends=True)
        return _within(points, rows, width, matrix)
    if points.n <= k:
        msg = f"k={k} needs more than {k} points; there are {points.n}."
        raise OptionError(msg)
    return _neighbours(points, rows, k, matrix)


def _neighbours(
    points: Points, rows: IntArray, k: int, matrix: FloatArray | None
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Rows of the k nearest others, their weights, and the distance to the last."""
    if matrix is None:
        at = coordinates(points)
        queried = cKDTree(at).query(at[rows], k=k + 1)
        gap, found = np.asarray(queried[0]), np.asarray(queried[1], dtype=np.int64)
    else:
        gap = matrix[rows]
        found = np.argsort(gap, axis=1, kind="stable")[:, : k + 1]
        gap = np.take_along_axis(gap, found, axis=1)
    own = found == rows[:, None]
    # at a place shared by more than k points the point itself may not be among them
    own[~own.any(axis=1), -1] = True
    gap = gap[~own].reshape(rows.size, k)
    found = found[~own].reshape(rows.size, k)
    reach = gap[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(reach[:, None] > 0, gap / reach[:, None], 0.0)
    return found, np.exp(-0.5 * ratio**2), reach


def _within(
    points: Points, rows: IntArray, width: float, matrix: FloatArray | None
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Rows of the others within `width`, padded with weight 0, and the width itself."""
    at = coordinates(points)
    if matrix is None:
        balls = cKDTree(at).query_ball_point(at[rows], width)
        held = [np.asarray(b, dtype=np.int64) for b in balls]
        away = [np.hypot(*(at[b] - at[i]).T) for b, i in zip(held, rows, strict=True)]
    else:
        held = [np.flatnonzero(matrix[i] <= width) for i in rows]
        away = [matrix[i, b] for b, i in zip(held, rows, strict=True)]
    most = max(b.size for b in held)
    found = np.zeros((rows.size, most), dtype=np.int64)
    weight = np.zeros((rows.size, most))
    for i, (b, d) in enumerate(zip(held, away, strict=True)):
        found[i, : b.size] = b
        weight[i, : b.size] = np.where(
            b == rows[i], 0.0, np.exp(-0.5 * (d / width) ** 2)
        )
    return found, weight, np.full(rows.size, width)


def _dealt(
    rng: np.random.Generator,
    member: FloatArray,
    rows: IntArray,
    stratum: IntArray | None,
    *,
    same: bool,
) -> FloatArray:
    """Shuffle who is a neighbour; the activity's own points stay where they are."""
    out = member.copy()
    free = np.arange(member.size)
    if not same:
        free = np.setdiff1d(free, rows)
    out[free] = member[shuffled(rng, free, stratum)]
    return out
