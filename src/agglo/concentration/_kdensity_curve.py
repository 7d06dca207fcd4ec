"""How a K-density is computed, and what it is under a null: plans and draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._kernels import distance_fft as fft
from agglo.concentration._kernels import distance_kdensity as kernels
from agglo.concentration._kernels import distance_pairs as pairs
from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.parallel import monte_carlo

if TYPE_CHECKING:
    from agglo.core.options import Permutation
    from agglo.core.typing import FloatArray, IntArray

Method: TypeAlias = Literal["auto", "exact", "hist", "fft"]
Null: TypeAlias = Literal["all_sites", "joint_labels", "fix_a"]

# below, a grid is less exact than its cost is worth; above, pairs are too many
_FFT_FROM = 20_000
_FFT_LEAST = 2_000
_CHECKED = 4_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Subject:
    """Whose density it is: rows of one or two types in the pool, and their weights.

    `weights` is ``None`` when pairs count alike. With `distances` the first coordinate of
    `pool` is the row of the matrix. `stratum` numbers the groups that a draw keeps.
    """

    pool: FloatArray
    rows: IntArray
    other: IntArray | None
    weights: tuple[FloatArray, FloatArray] | None
    distances: FloatArray | None = None
    stratum: IntArray | None = None

    @property
    def sizes(self) -> tuple[int, int | None]:
        """Points, and points of the second type."""
        return self.rows.size, None if self.other is None else self.other.size

    @property
    def n_pairs(self) -> int:
        """Pairs that the density is made of."""
        return pairs.n_pairs(*self.sizes)

    def places(self) -> tuple[FloatArray, FloatArray | None]:
        """Positions of the two types."""
        other = None if self.other is None else self.pool[self.other]
        return self.pool[self.rows], other


@dataclass(frozen=True, eq=False, kw_only=True)
class Curve:
    """A density as a function of positions and weights: method, distances, bandwidth."""

    r: FloatArray
    h: float
    added: bool
    method: str
    total: float
    smoother: kernels.Smoother | None
    distances: FloatArray | None = None

    def __call__(
        self,
        a: FloatArray,
        b: FloatArray | None,
        weights: kernels.PairWeights,
        *,
        threaded: bool = False,
    ) -> FloatArray:
        """Give K at the distances."""
        if self.distances is not None and self.smoother is not None:
            found = kernels.matrix_kdensity(
                self.smoother,
                between(self.distances, a, b),
                weights,
                own=b is None,
                added=self.added,
            )
        elif self.method == "fft":
            found = fft.fft_kdensity(a, b, weights, self.r, self.h, added=self.added)
        elif self.smoother is not None:
            found = kernels.histogram_kdensity(
                self.smoother, a, b, weights, added=self.added, threaded=threaded
            )
        else:
            found = kernels.exact_kdensity(
                a, b, weights, self.r, self.h, added=self.added
            )
        out: FloatArray = found / self.total
        return out


def between(distances: FloatArray, a: FloatArray, b: FloatArray | None) -> FloatArray:
    """Part of a matrix between points that carry their row in place of x."""
    rows = a[:, 0].astype(np.int64)
    columns = rows if b is None else b[:, 0].astype(np.int64)
    out: FloatArray = distances[np.ix_(rows, columns)]
    return out


def bandwidth_of(subject: Subject, within: float) -> float:
    """Rule-of-thumb bandwidth of the pairs of `subject`; NaN with too few pairs."""
    a, b = subject.places()
    if subject.n_pairs < 2:
        return float("nan")
    if subject.distances is not None:
        d = between(subject.distances, a, b)
        h = pairs.nrd0_of_kept(
            d[np.triu_indices(len(d), 1)] if b is None else d.ravel(), within
        )
    elif max(len(a), 0 if b is None else len(b)) > _FFT_FROM:
        h = fft.fft_nrd0(a, b, within)
    else:
        h = pairs.nrd0(a, b, within)
    if h == 0.0:
        msg = "All pair distances are equal: pass bandwidth= in kilometres."
        raise NotIdentifiedError(msg)
    return h


def curve_for(
    subject: Subject, r: FloatArray, h: float, method: Method, *, added: bool
) -> Curve:
    """Choose the method and prepare what all evaluations share."""
    if subject.distances is not None:
        if method in ("exact", "fft"):
            msg = f"method={method!r} needs coordinates; a matrix is counted: 'hist'."
            raise OptionError(msg)
        return Curve(
            r=r,
            h=h,
            added=added,
            method="hist",
            total=kernels.pair_total(subject.sizes, subject.weights, added=added),
            smoother=kernels.smoother_for(r, h, subject.n_pairs),
            distances=subject.distances,
        )
    n = max(k for k in subject.sizes if k is not None)
    fits = fft.fft_fits(subject.pool, None, float(r[-1]), h)
    chosen: str = method
    if method == "auto":
        chosen = "fft" if n > _FFT_FROM and fits else "hist"
    if chosen == "fft" and (n < _FFT_LEAST or not fits):
        why = f"fewer than {_FFT_LEAST} points" if fits else "too many cells of h/3"
        msg = f"method='fft' is not for {why}: take 'hist', or 'auto' to choose."
        raise OptionError(msg)
    return Curve(
        r=r,
        h=h,
        added=added,
        method=chosen,
        total=kernels.pair_total(subject.sizes, subject.weights, added=added),
        smoother=(
            kernels.smoother_for(r, h, subject.n_pairs) if chosen == "hist" else None
        ),
    )


def fft_error(subject: Subject, curve: Curve) -> float:
    """Largest difference to the exact histogram over the peak, on 4,000 of the points."""
    a, b = subject.places()
    one = a[np.linspace(0, len(a) - 1, min(_CHECKED, len(a))).astype(int)]
    two = None
    if b is not None:
        two = b[np.linspace(0, len(b) - 1, min(_CHECKED, len(b))).astype(int)]
    few = pairs.n_pairs(len(one), None if two is None else len(two))
    smoother = kernels.smoother_for(curve.r, curve.h, few)
    exact = kernels.histogram_kdensity(
        smoother, one, two, None, added=False, threaded=True
    )
    found = fft.fft_kdensity(one, two, None, curve.r, curve.h, added=False)
    return float(np.abs(found - exact).max() / exact.max())


def null_curves(
    subject: Subject,
    curve: Curve,
    null: Null,
    inference: Permutation,
    seed: int,
    *,
    stream: int = 0,
) -> FloatArray:
    """Draw curves under the null, shape (n, n_distances)."""
    _check_free(subject, null)
    pool, weights = subject.pool, subject.weights
    n, m = subject.sizes
    held = subject.rows
    free = np.setdiff1d(np.arange(len(pool)), held)
    joint = held if subject.other is None else np.concatenate([held, subject.other])

    def drawn(rng: np.random.Generator) -> tuple[IntArray, IntArray | None]:
        if m is None:
            return rng.choice(len(pool), n, replace=False, shuffle=False), None
        if null == "fix_a":
            return held, free[rng.choice(free.size, m, replace=False, shuffle=False)]
        if null == "joint_labels":
            mixed = rng.permutation(joint)
        else:
            mixed = rng.choice(len(pool), n + m, replace=False)
        return mixed[:n], mixed[n:]

    if subject.stratum is not None:
        draws = (inference.n, seed, stream)
        return _null_within_strata(subject, subject.stratum, curve, null, draws)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, curve.r.size))
        for k in range(size):
            rows, other = drawn(rng)
            dealt = weights
            if weights is not None:
                first = weights[0] if null == "fix_a" else rng.permutation(weights[0])
                dealt = first, first if other is None else rng.permutation(weights[1])
            out[k] = curve(pool[rows], None if other is None else pool[other], dealt)
        return out

    return monte_carlo(draw, n=inference.n, seed=seed, stream=stream)


def _null_within_strata(
    subject: Subject,
    stratum: IntArray,
    curve: Curve,
    null: Null,
    draws: tuple[int, int, int],
) -> FloatArray:
    """Draw curves that keep how many plants of either type lie in every stratum.

    `draws` are their number, seed and stream. Weights are dealt to the drawn plants of their stratum.
    """
    pool = subject.pool
    a = subject.rows[np.argsort(stratum[subject.rows], kind="stable")]
    b = np.zeros(0, dtype=np.int64)
    if subject.other is not None:
        b = subject.other[np.argsort(stratum[subject.other], kind="stable")]
    held = null == "fix_a"
    free = np.arange(len(pool))
    if held:
        free = np.setdiff1d(free, a)
    elif null == "joint_labels":
        free = np.concatenate([a, b])
    free = free[np.argsort(stratum[free], kind="stable")]
    group = stratum[free]
    rank = np.arange(free.size) - np.searchsorted(group, group)
    width = int(stratum.max()) + 1
    n_a = 0 * group if held else np.bincount(stratum[a], minlength=width)[group]
    n_b = np.bincount(stratum[b], minlength=width)[group]
    first, second = rank < n_a, (rank >= n_a) & (rank < n_a + n_b)
    wa = wb = np.ones(0)
    if subject.weights is not None:
        wa, wb = subject.weights
        wa = wa[np.argsort(stratum[subject.rows], kind="stable")]
        if subject.other is not None:
            wb = wb[np.argsort(stratum[subject.other], kind="stable")]

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, curve.r.size))
        for k in range(size):
            mixed = free[np.lexsort((rng.random(free.size), group))]
            rows = a if held else mixed[first]
            other = pool[mixed[second]] if b.size else None
            # plants come in random order within strata, so weights need no dealing
            dealt = None if subject.weights is None else (wa, wb if b.size else wa)
            out[k] = curve(pool[rows], other, dealt)
        return out

    return monte_carlo(draw, n=draws[0], seed=draws[1], stream=draws[2])


def _check_free(subject: Subject, null: Null) -> None:
    """Refuse a null under which every draw is the observed pattern."""
    if subject.weights is not None or null == "joint_labels":
        return
    n, m = subject.sizes
    if subject.stratum is not None and m is None:
        taken = np.bincount(subject.stratum[subject.rows], minlength=1)
        there = np.bincount(subject.stratum, minlength=taken.size)[: taken.size]
        if ((taken == there) | (taken == 0)).all():
            msg = "Every stratum holds only plants of the activity: there is none to draw."
            raise NotIdentifiedError(msg)
    left = len(subject.pool) - n
    if (m is None and left == 0) or (m is not None and null == "fix_a" and left == m):
        msg = f"null={null!r} has no other plants to draw from: `data` must hold all plants."
        raise NotIdentifiedError(msg)
