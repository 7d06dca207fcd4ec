"""Windows of point patterns: rectangles and polygons, and K inside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from agglo.concentration._distance_input import shuffled
from agglo.concentration._kernels import distance_ripley as kernels
from agglo.concentration._kernels.distance_local import cells_of
from agglo.core.errors import InvalidTableError, OptionError, Problem
from agglo.core.options import check_choice
from agglo.core.parallel import monte_carlo

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.typing import BoolArray, FloatArray, IntArray

Correction: TypeAlias = Literal["none", "translate", "isotropic", "border"]

_CORRECTIONS = ("none", "translate", "isotropic", "border")


@dataclass(frozen=True, eq=False, kw_only=True)
class Window:
    """Where points could have been: `box` (x0, x1, y0, y1) around `corners`.

    With a `matrix` of distances only the area counts; points carry their row as x.
    """

    corners: FloatArray
    box: FloatArray
    area: float
    rectangle: bool
    matrix: FloatArray | None = None

    def uniform(self, rng: np.random.Generator, n: int) -> FloatArray:
        """Points spread evenly over the window, (n, 2)."""
        low, side = self.box[[0, 2]], self.box[[1, 3]] - self.box[[0, 2]]
        if self.rectangle:
            return np.asarray(low + side * rng.random((n, 2)))
        found = np.empty((0, 2))
        while len(found) < n:
            more = low + side * rng.random((2 * n + 8, 2))
            found = np.vstack([found, more[kernels.inside(more, self.corners)]])
        return found[:n]


class Chance(NamedTuple):
    """What is drawn: points spread evenly or types dealt anew, within strata or not."""

    even: bool
    stratum: IntArray | None
    n: int
    seed: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Neighbourhoods:
    """Edge-weighted neighbours of every point, and how far it is from the edge."""

    counts: FloatArray
    to_edge: FloatArray


def window_of(window: ArrayLike, correction: str) -> Window:
    """Check a window (x0, x1, y0, y1) or the corners of a polygon, and the correction."""
    check_choice("correction", correction, _CORRECTIONS)
    given = np.asarray(window, dtype=np.float64)
    rectangle = given.shape == (4,)
    if rectangle:
        x0, x1, y0, y1 = given
        corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        fine = x1 > x0 and y1 > y0
    else:
        corners = given
        fine = given.ndim == 2 and given.shape[1:] == (2,) and len(given) >= 3
    if not fine or not np.isfinite(given).all() or not kernels.polygon_area(corners):
        msg = "window must be (x0, x1, y0, y1) in km, or three or more corners (x, y)."
        raise OptionError(msg)
    if not rectangle and correction in ("translate", "isotropic"):
        msg = f"correction={correction!r} needs a rectangle: take 'border' or 'none'."
        raise OptionError(msg)
    low, high = corners.min(axis=0), corners.max(axis=0)
    return Window(
        corners=corners,
        box=np.array([low[0], high[0], low[1], high[1]]),
        area=kernels.polygon_area(corners),
        rectangle=rectangle,
    )


def refuse_outside(at: FloatArray, window: Window) -> None:
    """Refuse points outside the window; its edge belongs to it."""
    x, y = at.T
    box = window.box
    out = (x < box[0]) | (x > box[1]) | (y < box[2]) | (y > box[3])
    if not window.rectangle:
        near = kernels.distance_to_boundary(at, window.corners)
        out |= ~kernels.inside(at, window.corners) & (near > 1e-9 * np.ptp(box))
    if not out.any():
        return
    first = ", ".join(f"({a:g}, {b:g})" for a, b in at[out][:5])
    msg = "Points lie outside the window."
    raise InvalidTableError(
        msg,
        [
            Problem(
                code="out_of_range",
                what=f"{int(out.sum())} points lie outside the window, at {first}",
                where="data",
                n_rows=int(out.sum()),
                fix="enlarge window=, or leave these points out",
            )
        ],
    )


def neighbourhoods(
    at: FloatArray,
    rows: IntArray,
    counted: BoolArray,
    r: FloatArray,
    window: Window,
    correction: str,
) -> Neighbourhoods:
    """Count the `counted` points around each of `rows`."""
    if window.matrix is not None:
        part = at[:, 0].astype(np.int64)
        gap = window.matrix[np.ix_(part[rows], part[counted])]
        near = np.stack([(gap <= d).sum(axis=1) for d in r], axis=1)
        # a point is never its own neighbour
        near = near - counted[rows][:, None]
        far = np.full(rows.size, np.inf)
        return Neighbourhoods(counts=near.astype(np.float64), to_edge=far)
    cells = cells_of(at, float(r[-1]))
    counts = kernels.weighted_pairs(cells, rows, counted, r, window.box, correction)
    to_edge = np.full(rows.size, np.inf)
    if correction == "border":
        to_edge = kernels.distance_to_boundary(at[rows], window.corners)
    return Neighbourhoods(counts=counts, to_edge=to_edge)


def k_between(
    at: FloatArray,
    rows: IntArray,
    others: IntArray,
    r: FloatArray,
    window: Window,
    correction: str,
) -> tuple[FloatArray, IntArray]:
    """K of `others` around `rows`; NaN with fewer than two points in all."""
    own = rows is others
    if own and rows.size < 2:
        return np.full(r.size, np.nan), np.full(r.size, rows.size)
    part = rows if own else np.concatenate([rows, others])
    counted = np.ones(part.size, dtype=bool)
    if not own:
        counted[: rows.size] = False
    found = neighbourhoods(
        at[part], np.arange(rows.size), counted, r, window, correction
    )
    border = correction == "border"
    divisor = others.size - 1 if own and not border else others.size
    return k_of(found, r, window.area, divisor, border=border)


def random_k(
    at: FloatArray,
    rows: IntArray,
    others: IntArray,
    r: FloatArray,
    window: Window,
    correction: str,
    chance: Chance,
) -> FloatArray:
    """K of points spread evenly, or of types dealt anew to all points, (n, n_distances)."""
    own = rows is others
    everybody = np.arange(len(at))
    # whose new places the two types take: any that are as many, or their own of a stratum
    first, second = everybody[: rows.size], everybody[rows.size :][: others.size]
    if chance.stratum is not None:
        first, second = rows, others

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, r.size))
        for k in range(size):
            if chance.even:
                count = rows.size + (0 if own else others.size)
                places, mixed = window.uniform(rng, count), np.arange(count)
            else:
                places, mixed = at, shuffled(rng, everybody, chance.stratum)
            one = mixed[first]
            two = one if own else mixed[second]
            out[k] = k_between(places, one, two, r, window, correction)[0]
        return out

    return monte_carlo(draw, n=chance.n, seed=chance.seed)


def k_of(
    found: Neighbourhoods,
    r: FloatArray,
    area: float,
    divisor: int,
    *,
    border: bool,
) -> tuple[FloatArray, IntArray]:
    """K at each distance, and the points it rests on.

    `divisor` is the number of points that could be counted; with the border method points
    nearer to the edge than the distance do not look around.
    """
    kept = found.to_edge[:, None] >= r[None, :]
    n = kept.sum(axis=0) if border else np.full(r.size, len(found.counts))
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = (
            area * np.where(kept, found.counts, 0.0).sum(axis=0) / (n * float(divisor))
        )
    return out, n
