"""Bands around what chance gives: pointwise ones, and ones that hold for a whole curve."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NumericsWarning,
    OptionError,
)
from agglo.core.options import check_choice, check_number
from agglo.core.results import frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Envelope", "global_envelope", "pointwise_envelope"]

EnvelopeKind: TypeAlias = Literal["erl", "do", "mad", "dclf"]

_KINDS = ("erl", "do", "mad", "dclf")
# kinds whose band is read from ranks: few curves have few ranks
_RANKED = ("erl", "do")
_FEW = 999


@dataclass(frozen=True, eq=False, kw_only=True)
class Envelope:
    """A band around the null.

    Attributes
    ----------
    lower, upper
        Ends at every argument, shape (n_arguments,). NaN for ``dclf``, which is a test
        without a band.
    mean
        Mean of the simulated curves (for ``mad`` and ``dclf`` the observed one included).
    p
        P-value of the whole curve; NaN for ``pointwise`` and ``do``.
    level
        One minus the coverage, for example 0.05.
    kind
        ``"pointwise"``, ``"erl"``, ``"do"``, ``"mad"`` or ``"dclf"``.
    n
        Simulated curves.
    """

    lower: FloatArray
    upper: FloatArray
    mean: FloatArray
    p: float
    level: float
    kind: str
    n: int


def _curves(observed: ArrayLike, simulated: ArrayLike) -> tuple[FloatArray, FloatArray]:
    obs = np.asarray(observed, dtype=np.float64)
    sims = np.asarray(simulated, dtype=np.float64)
    if obs.ndim != 1 or sims.ndim != 2 or sims.shape[1] != obs.size or not sims.size:
        msg = f"Got curves of shape {sims.shape} for an observed one of {obs.shape}."
        raise AlignmentError(msg)
    if not np.isfinite(obs).all() or not np.isfinite(sims).all():
        msg = "Envelopes need finite curves: leave out arguments at which one is undefined."
        raise InvalidTableError(msg)
    return obs, sims


def pointwise_envelope(
    observed: ArrayLike, simulated: ArrayLike, *, level: float = 0.05
) -> Envelope:
    """Give the quantiles at every argument by itself.

    Use it to look at one distance; a curve leaves such a band somewhere far more often
    than the level says (see :func:`global_envelope`).

    Parameters
    ----------
    observed
        Curve, shape (n_arguments,).
    simulated
        Curves under the null, shape (n, n_arguments).
    level
        Share outside at each argument, in (0, 1).

    Returns
    -------
    Envelope
        Quantiles level/2 and 1 − level/2.

    Raises
    ------
    AlignmentError
        If the shapes do not fit.
    InvalidTableError
        If a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo.core.inference import pointwise_envelope
    >>> band = pointwise_envelope([0.0], np.arange(101.0)[:, None], level=0.1)
    >>> float(band.upper[0])
    95.0
    """
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    _, sims = _curves(observed, simulated)
    lower, upper = np.quantile(sims, [level / 2, 1 - level / 2], axis=0)
    return _envelope(lower, upper, sims.mean(axis=0), np.nan, level, "pointwise", sims)


def global_envelope(
    observed: ArrayLike,
    simulated: ArrayLike,
    *,
    kind: EnvelopeKind = "erl",
    level: float = 0.05,
    argument: ArrayLike | None = None,
) -> Envelope:
    """Give a band that a null curve leaves anywhere with probability `level`.

    Parameters
    ----------
    observed
        Curve, shape (n_arguments,).
    simulated
        Curves under the null, shape (n, n_arguments).
    kind
        ``"erl"``: extreme rank length, two-sided, exact level. ``"do"``: the upper and
        lower band of Duranton and Overman, each crossed by `level` of the null curves.
        ``"mad"``: largest deviation in standard deviations. ``"dclf"``: integrated
        squared deviation, a test without a band.
    level
        Share of null curves outside, in (0, 1).
    argument
        Positions of the curve's points, increasing, for the integral of ``"dclf"`` and
        for nothing else; default equidistant.

    Returns
    -------
    Envelope
        Band, mean and p-value. The observed curve leaves the band of ``"erl"`` (when no
        values are tied) and of ``"mad"`` exactly where p is at most `level`.

    Raises
    ------
    AlignmentError
        If the shapes do not fit.
    InvalidTableError
        If a value is not finite, or `argument` does not increase.
    OptionError
        If `kind` or `level` is not admissible, or `argument` is given with another kind
        than ``"dclf"``.

    Warns
    -----
    NumericsWarning
        If there are fewer than 999 curves for ``"erl"`` or ``"do"`` (2,500 or more are
        recommended for ``"erl"``), or more than `level` of the curves are the highest
        somewhere, so that no band of ``"do"`` can have that level.

    Notes
    -----
    ERL: the two-sided pointwise ranks of every curve, the observed one included, ties
    sharing the middle rank; the ranks of a curve sorted ascending; curves ordered
    lexicographically; p = (1 + curves at least as extreme)/(n + 1); the band is the hull
    of the curves with p above `level` (Myllymäki et al. 2017,
    https://doi.org/10.1111/rssb.12172). The level holds for the curve that was given as
    `observed`; a curve that was not ranked with the others leaves the hull more often
    (at 25 arguments 7 % instead of 5 % with 4,000 curves, 10 % with 999).

    DO: each simulated curve's highest rank over the arguments; the rank that `level` of
    the curves exceed somewhere, counted among the other curves and interpolated, is read
    at every argument; the lower band likewise. With tied values a curve exceeds only
    what is strictly below it (Duranton and Overman 2005,
    https://doi.org/10.1111/0034-6527.00362). Two one-sided bands have no common p-value.
    Of fresh null curves `level` leave each band, so one band serves many curves.

    MAD: max of abs(K − K̄)/sd; DCLF: ∫(K − K̄)², by the trapezoidal rule; K̄ and sd over all n +
    1 curves. Where sd is 0 a curve deviates by 0. Cost O(n × arguments × log n), memory a
    few times that of `simulated`.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo.core.inference import global_envelope
    >>> sims = np.random.default_rng(1).normal(size=(1999, 20))
    >>> global_envelope(np.full(20, 9.0), sims).p
    0.0005
    """
    check_choice("kind", kind, _KINDS)
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    if argument is not None and kind != "dclf":
        msg = f"argument is for kind='dclf'; kind={kind!r} does not integrate."
        raise OptionError(msg)
    obs, sims = _curves(observed, simulated)
    if kind in _RANKED and sims.shape[0] < _FEW:
        warnings.warn(
            f"{sims.shape[0]} curves make a rough global envelope; take 2,500 or more.",
            NumericsWarning,
            stacklevel=2,
        )
    if kind == "erl":
        return _erl(obs, sims, level)
    if kind == "do":
        return _duranton_overman(sims, level)
    if kind == "mad":
        return _mad(obs, sims, level)
    return _dclf(obs, sims, level, argument)


def _envelope(
    lower: FloatArray,
    upper: FloatArray,
    mean: FloatArray,
    p: float,
    level: float,
    kind: str,
    sims: FloatArray,
) -> Envelope:
    return Envelope(
        lower=frozen_array(lower),
        upper=frozen_array(upper),
        mean=frozen_array(mean),
        p=float(p),
        level=level,
        kind=kind,
        n=sims.shape[0],
    )


def _ranks(curves: FloatArray) -> FloatArray:
    """Rank the curves at every argument; ties share the middle."""
    by_argument = np.ascontiguousarray(curves.T)
    order = np.argsort(by_argument, axis=1)
    ordered = np.take_along_axis(by_argument, order, axis=1)
    if (ordered[:, 1:] == ordered[:, :-1]).any():
        from scipy.stats import rankdata

        tied: FloatArray = rankdata(curves, method="average", axis=0)
        return tied
    # without ties a rank is a position: several times quicker than the general case
    out = np.empty(by_argument.shape)
    places = np.arange(1.0, curves.shape[0] + 1.0)
    np.put_along_axis(out, order, places[None, :], axis=1)
    return np.ascontiguousarray(out.T)


def _order(curves: FloatArray) -> IntArray:
    """Place the curves from most to least extreme; equally extreme ones share a place."""
    up = _ranks(curves)
    ranks = np.sort(np.minimum(up, curves.shape[0] + 1.0 - up), axis=1)
    # twice a rank is whole; written with the high byte first, rows compare as text does
    text = np.ascontiguousarray((2.0 * ranks).astype(">u4"))
    key = text.view(f"V{text.shape[1] * text.itemsize}").ravel()
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    place = np.empty(key.size, dtype=np.int64)
    place[order] = np.concatenate([[0], np.cumsum(ordered[1:] != ordered[:-1])])
    return place


def _outside(n: int, level: float) -> int:
    """Give how many of n curves `level` allows outside, apart from rounding."""
    return int(np.floor(level * n + 1e-9))


def _erl(obs: FloatArray, sims: FloatArray, level: float) -> Envelope:
    curves = np.vstack([obs[None], sims])
    place = _order(curves)
    as_extreme = np.cumsum(np.bincount(place))[place]
    inside = curves[as_extreme > _outside(place.size, level)]
    p = as_extreme[0] / place.size
    return _envelope(
        inside.min(axis=0), inside.max(axis=0), sims.mean(axis=0), p, level, "erl", sims
    )


def _duranton_overman(sims: FloatArray, level: float) -> Envelope:
    upper, crowded_above = _one_sided_band(sims, level)
    mirrored, crowded_below = _one_sided_band(-sims, level)
    if crowded_above or crowded_below:
        warnings.warn(
            f"More than {level:g} of {sims.shape[0]} curves are the outermost somewhere: "
            "the band is narrower than its level; take more curves or fewer arguments.",
            NumericsWarning,
            stacklevel=3,
        )
    return _envelope(-mirrored, upper, sims.mean(axis=0), np.nan, level, "do", sims)


def _one_sided_band(sims: FloatArray, level: float) -> tuple[FloatArray, bool]:
    """Read, at every argument, the rank that `level` of the curves exceed somewhere."""
    from scipy.stats import rankdata

    n = sims.shape[0]
    # "min": a tied curve exceeds only what is strictly below it
    highest = rankdata(sims, method="min", axis=0).max(axis=1)
    rank = int(np.sort(highest)[n - 1 - _outside(n, level)])
    # among the others a curve of rank k exceeds the k-1 lowest: so many reach `rank`,
    # more than the level, and so many the next one, not more; the band lies between
    reach, reach_next = np.mean(highest >= rank), np.mean(highest > rank)
    part = (reach - level) / (reach - reach_next)
    ordered = np.sort(sims, axis=0)
    below, above = ordered[rank - 1], ordered[min(rank, n - 1)]
    return (1.0 - part) * below + part * above, rank == n


def _mad(obs: FloatArray, sims: FloatArray, level: float) -> Envelope:
    curves = np.vstack([obs[None], sims])
    mean, sd = curves.mean(axis=0), curves.std(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.where(sd > 0, np.abs(curves - mean) / sd, 0.0).max(axis=1)
    p = float(np.mean(away >= away[0]))
    reach = np.sort(away)[away.size - _outside(away.size, level) - 1]
    return _envelope(mean - reach * sd, mean + reach * sd, mean, p, level, "mad", sims)


def _dclf(
    obs: FloatArray, sims: FloatArray, level: float, argument: ArrayLike | None
) -> Envelope:
    where = np.arange(obs.size, dtype=np.float64)
    if argument is not None:
        where = np.asarray(argument, dtype=np.float64)
        if where.shape != obs.shape:
            msg = f"argument has shape {where.shape}, the curve {obs.shape}."
            raise AlignmentError(msg)
        if not (np.isfinite(where).all() and (np.diff(where) > 0).all()):
            msg = "argument must increase, and be finite, from point to point."
            raise InvalidTableError(msg)
    curves = np.vstack([obs[None], sims])
    mean = curves.mean(axis=0)
    squared = (curves - mean) ** 2
    away = np.trapezoid(squared, where, axis=1) if obs.size > 1 else squared[:, 0]
    p = float(np.mean(away >= away[0] * (1.0 - 1e-12)))
    none = np.full(obs.size, np.nan)
    return _envelope(none, none.copy(), mean, p, level, "dclf", sims)
