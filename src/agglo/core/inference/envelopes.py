"""Bands around what chance gives: pointwise ones, and ones that hold for a whole curve."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import AlignmentError, InvalidTableError, NumericsWarning
from agglo.core.options import check_choice, check_number
from agglo.core.results import frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Envelope", "global_envelope", "pointwise_envelope"]

EnvelopeKind: TypeAlias = Literal["erl", "do", "mad", "dclf"]

_KINDS = ("erl", "do", "mad", "dclf")
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
    if obs.ndim != 1 or sims.ndim != 2 or sims.shape[1] != obs.size:
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
        Positions of the curve's points, for the integral of ``"dclf"``; default
        equidistant.

    Returns
    -------
    Envelope
        Band, mean and p-value.

    Raises
    ------
    AlignmentError
        If the shapes do not fit.
    InvalidTableError
        If a value is not finite.
    OptionError
        If `kind` or `level` is not admissible.

    Warns
    -----
    NumericsWarning
        If there are fewer than 999 curves; 2,500 or more are recommended for ``"erl"``.

    Notes
    -----
    ERL: the two-sided pointwise ranks of every curve, the observed one included, sorted
    ascending; curves ordered lexicographically; p = (1 + curves at least as extreme)/(n +
    1); the band is the hull of the least extreme ⌈(1 − level)(n + 1)⌉ curves (Myllymäki
    et al. 2017, https://doi.org/10.1111/rssb.12172). Duranton and Overman (2005),
    https://doi.org/10.1111/0034-6527.00362: each simulated curve's highest rank over the
    arguments; the rank that `level` of the curves exceed is read at every argument. Cost
    O(n × arguments × log n).

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
    obs, sims = _curves(observed, simulated)
    if sims.shape[0] < _FEW:
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


def _two_sided_ranks(curves: FloatArray) -> FloatArray:
    """Rank every curve at every argument from the nearer end; ties share the middle."""
    from scipy.stats import rankdata

    up = rankdata(curves, method="average", axis=0)
    out: FloatArray = np.minimum(up, curves.shape[0] + 1.0 - up)
    return out


def _order(ranks: FloatArray) -> IntArray:
    """Place the curves from most to least extreme; equal curves share a place."""
    sorted_ranks = np.sort(ranks, axis=1)
    _, place = np.unique(sorted_ranks, axis=0, return_inverse=True)
    return place.reshape(-1).astype(np.int64)


def _erl(obs: FloatArray, sims: FloatArray, level: float) -> Envelope:
    curves = np.vstack([obs[None], sims])
    place = _order(_two_sided_ranks(curves))
    p = float(np.mean(place <= place[0]))
    extremeness = np.sort(place)[::-1]
    keep = max(int(np.ceil((1.0 - level) * curves.shape[0])), 1)
    inside = curves[place >= extremeness[keep - 1]]
    return _envelope(
        inside.min(axis=0), inside.max(axis=0), sims.mean(axis=0), p, level, "erl", sims
    )


def _duranton_overman(sims: FloatArray, level: float) -> Envelope:
    upper = _one_sided_band(sims, level)
    lower = -_one_sided_band(-sims, level)
    return _envelope(lower, upper, sims.mean(axis=0), np.nan, level, "do", sims)


def _one_sided_band(sims: FloatArray, level: float) -> FloatArray:
    """Read, at every argument, the rank that `level` of the curves exceed somewhere."""
    from scipy.stats import rankdata

    n = sims.shape[0]
    highest = rankdata(sims, method="max", axis=0).max(axis=1)
    rank = float(np.quantile(highest, 1.0 - level))
    ordered = np.sort(sims, axis=0)
    below = min(max(int(np.floor(rank)) - 1, 0), n - 1)
    above = min(below + 1, n - 1)
    part = rank - np.floor(rank)
    out: FloatArray = (1.0 - part) * ordered[below] + part * ordered[above]
    return out


def _mad(obs: FloatArray, sims: FloatArray, level: float) -> Envelope:
    curves = np.vstack([obs[None], sims])
    mean, sd = curves.mean(axis=0), curves.std(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.where(sd > 0, np.abs(curves - mean) / sd, 0.0).max(axis=1)
    p = float(np.mean(away >= away[0]))
    reach = np.sort(away)[max(int(np.ceil((1.0 - level) * away.size)), 1) - 1]
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
    curves = np.vstack([obs[None], sims])
    mean = curves.mean(axis=0)
    squared = (curves - mean) ** 2
    away = np.trapezoid(squared, where, axis=1) if obs.size > 1 else squared[:, 0]
    p = float(np.mean(away >= away[0] * (1.0 - 1e-12)))
    none = np.full(obs.size, np.nan)
    return _envelope(none, none.copy(), mean, p, level, "dclf", sims)
