"""At which distances the plants of every two industries lie: all K-densities at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._directed_input import chosen
from agglo.concentration._distance_input import (
    check_bandwidth,
    check_distances,
    coordinates,
    points_or_matrix,
)
from agglo.concentration._kdensity_curve import between
from agglo.concentration._kernels import all_pairs as kernels
from agglo.concentration._kernels import distance_kdensity as exact
from agglo.concentration.pair_density_results import PairDensities
from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.results import (
    Provenance,
    Undefined,
    frozen_array,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from agglo.core.geo import Projection
    from agglo.core.tables import Points
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["pair_densities"]

# own pairs of fewer plants are counted, not gridded; as are all pairs of so few
_FEW = 2_000
_FEW_PAIRS = 20_000_000
_CHECKED = 5
_LARGE = 500
_MOST = 3_000_000_000


def pair_densities(
    data: IntoFrame | Points,
    *,
    r_km: ArrayLike,
    bandwidth_km: float,
    industries: Sequence[str] | None = None,
    type: str = "industry",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    max_memory_gb: float = 2.0,
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
) -> PairDensities:
    r"""Measure at which distances the plants of every two industries lie, all pairs at once.

    Use to screen all pairs of a country; one pair with its null: `duranton_overman`.

    Parameters
    ----------
    data
        One row per plant, or `Points`.
    r_km
        Increasing distances, km.
    bandwidth_km
        Standard deviation of the kernel, km; one for all pairs, so that they compare.
    industries
        Which ones; default all.
    type, x, y, weight, crs
        Columns of industry, position and weight, see :func:`agglo.core.tables.as_points`;
        with `weight` a pair weighs the product.
    distances
        Matrix of travel times or other distances in the order of the rows, (n, n), in place
        of positions; "km" then reads as its unit. Counted in bins, never gridded.
    symmetrise
        ``"refuse"`` a matrix where there and back differ, or take their ``"mean"``.
    max_memory_gb
        Where the spectra of all industries would take more, they are made and summed for a
        part of the modes at a time: the same answer, in as many passes over the plants.
    on_missing
        ``"refuse"`` rows without position or weight, or ``"drop"`` them; the provenance
        says how many.
    errors
        ``"nan"``: what is undefined is NaN with a reason; ``"raise"``: it is an error.

    Returns
    -------
    PairDensities
        Densities per km, (n_distances, n_industries, n_industries) in single precision.

    Raises
    ------
    AlignmentError
        If a label is no industry of the data.
    OptionError
        If an option is not admissible, or the result would exceed 3 GB.
    NotIdentifiedError
        If a value is undefined and `errors` is ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the points share their place with another.

    Notes
    -----
    :math:`K_{AB}(d) = \sum_{a, b} w_a w_b [\varphi_h(d - d_{ab}) + \varphi_h(d + d_{ab})] /
    \sum w_a w_b`. The sum is :math:`\sum_k \hat F_A(k) \overline{\hat F_B(k)} \hat
    W_d(|k|)` over the modes below 4.5/h of cloud-in-cell grids of h/3, undone by their
    window, so that one matrix product per ring of modes serves all pairs. Own pairs of
    fewer than 2,000 plants are counted exactly, as are all pairs where they are few or
    the grid would be too large. Cost O(industries × cells log cells + modes ×
    industries²); 480 industries of a million plants take seconds. One plant has no own
    pairs: NaN.

    References
    ----------
    Duranton and Overman 2008, doi:10.1111/j.1365-2966.2006.0547.x. The spectral sum is
    our own; its error is measured in every run.

    See Also
    --------
    localization : Own pairs of all industries, with bands.
    nearest_coagglomeration : Ordered pairs, with an exact null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import pair_densities
    >>> rows = pa.table({"x_km": [0.0, 3.0, 0.0], "y_km": [0.0, 0.0, 4.0],
    ...                  "industry": list("aab")})
    >>> found = pair_densities(rows, r_km=[0.0, 4.0], bandwidth_km=1.0)
    >>> round(float(found.pair("a", "b")[1]), 2)
    0.32
    """
    h = check_bandwidth(bandwidth_km)
    if h is None:
        msg = "bandwidth_km must be kilometres: one for all pairs."
        raise OptionError(msg)
    r = check_distances(r_km)
    budget = check_number("max_memory_gb", max_memory_gb, minimum=0, open_ends=True)
    names = (x, y, type, weight)
    points, matrix = points_or_matrix(
        data, names, crs, distances, symmetrise, on_missing
    )
    codes = chosen(points.types, "industries", industries)
    if r.size * codes.size**2 * 4 > _MOST:
        msg = f"{codes.size} industries x {r.size} distances exceed 3 GB: take fewer."
        raise OptionError(msg)
    plants = _sorted(points, codes, r, h, matrix, weighted=weight is not None)
    sums, method = _summed(plants, r, h, int(budget * 1e9))
    error = _error(plants, sums) if method == "fft" else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.asarray(sums / _totals(plants), dtype=np.float32)
    known = points.types[codes]
    lone = np.flatnonzero(np.diag(_totals(plants)) <= 0)
    return PairDensities(
        industries=frozen_array(known),
        r_km=frozen_array(r),
        values=frozen_array(values),
        n=frozen_array(plants.n),
        bandwidth_km=h,
        method=method,
        error=error,
        frame_kind=points.frame_kind,
        undefined=tuple(
            Undefined(
                reason="no pairs of its own, or no weight", activity=str(known[i])
            )
            for i in lone
        ),
        provenance=Provenance.of(
            pair_densities,
            points,
            "" if matrix is None else matrix,
            parameters={
                "r_km": r,
                "bandwidth_km": h,
                "industries": None if industries is None else list(industries),
                "weight": weight,
                "method": method,
            },
        ),
    ).checked(errors)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Plants:
    """Plants sorted by industry; those of i from `starts[i]` to `starts[i + 1]`."""

    at: FloatArray
    weight: FloatArray
    starts: IntArray
    fine: exact.Smoother
    coarse: exact.Smoother
    distances: FloatArray | None

    @property
    def n(self) -> IntArray:
        return np.diff(self.starts)

    def rows(self, i: int) -> slice:
        return slice(int(self.starts[i]), int(self.starts[i + 1]))


def _summed(
    plants: _Plants, r: FloatArray, h: float, budget: int
) -> tuple[NDArray[np.float32], str]:
    """Sum over all pairs, counted where they are few or have no positions, else gridded."""
    if plants.distances is not None or len(plants.at) ** 2 // 2 <= _FEW_PAIRS:
        return _counted(plants), "hist"
    grid = kernels.grid_for(plants.at, float(r[-1]), h)
    if grid is None:
        return _counted(plants), "hist"
    parts = (plants.at, plants.weight, plants.starts)
    sums = kernels.pair_sums(grid, *parts, r, h, budget=budget)
    for i in np.flatnonzero(plants.n < _FEW):
        sums[:, i, i] = 2.0 * _curve(plants, int(i), int(i))
    return sums, "fft"


def _sorted(
    points: Points,
    codes: IntArray,
    r: FloatArray,
    h: float,
    distances: FloatArray | None,
    *,
    weighted: bool,
) -> _Plants:
    rows = np.flatnonzero(np.isin(points.type, codes))
    rows = rows[np.argsort(points.type[rows], kind="stable")]
    starts = np.searchsorted(points.type[rows], np.append(codes, points.types.size))
    return _Plants(
        at=coordinates(points, rows),
        weight=points.weight[rows] if weighted else np.ones(rows.size),
        starts=starts,
        fine=exact.smoother_for(r, h, 0),
        coarse=exact.smoother_for(r, h, _FEW_PAIRS),
        distances=distances,
    )


def _totals(plants: _Plants) -> FloatArray:
    """Weight of all pairs; ordered pairs of different plants on the diagonal."""
    w = np.add.reduceat(plants.weight, plants.starts[:-1])
    out = np.outer(w, w)
    squares = np.add.reduceat(plants.weight**2, plants.starts[:-1])
    own = w**2 - squares
    # one plant: rounding must not leave a pair
    np.fill_diagonal(out, np.where(plants.n < 2, 0.0, own))
    return out


def _curve(plants: _Plants, i: int, j: int) -> FloatArray:
    """Exact sum over the pairs of two industries, unordered within one."""
    a, b = plants.rows(i), plants.rows(j)
    own = i == j
    n = plants.n
    size = int(n[i] * (n[i] - 1) // 2 if own else n[i] * n[j])
    if size == 0:
        return np.zeros(plants.fine.matrix.shape[1])
    weights = plants.weight[a], plants.weight[b]
    if plants.distances is not None:
        gap = between(plants.distances, plants.at[a], plants.at[b])
        return exact.matrix_kdensity(plants.fine, gap, weights, own=own, added=False)
    return exact.histogram_kdensity(
        plants.fine if size < _FEW_PAIRS else plants.coarse,
        plants.at[a],
        None if own else plants.at[b],
        weights,
        added=False,
        threaded=True,
    )


def _counted(plants: _Plants) -> NDArray[np.float32]:
    k = plants.n.size
    out = np.zeros((plants.fine.matrix.shape[1], k, k), dtype=np.float32)
    for i in range(k):
        for j in range(i, k):
            found = _curve(plants, i, j)
            out[:, i, j] = out[:, j, i] = 2.0 * found if i == j else found
    return out


def _error(plants: _Plants, sums: NDArray[np.float32]) -> float:
    """Largest difference to exact counts over the peak, on pairs of 500 plants or more."""
    large = np.flatnonzero(plants.n >= _LARGE)
    if large.size < 2:
        large = np.argsort(-plants.n, kind="stable")[:2]
    # the smallest of them: least pairs to count, largest error
    some = large[np.argsort(plants.n[large], kind="stable")][: _CHECKED + 1]
    worst = 0.0
    for i, j in pairwise(some):
        found = _curve(plants, int(i), int(j))
        worst = max(worst, float(np.abs(sums[:, i, j] - found).max() / found.max()))
    return worst
