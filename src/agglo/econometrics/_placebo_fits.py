"""Average effects under other starts or resampled periods: many refits of one design."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.econometrics._average import effect_jacobian
from agglo.econometrics._design import OF_WEIGHTS, exposures_of, logdet_of
from agglo.econometrics._estimate import estimate
from agglo.econometrics._kernels.effects import exposure_means, exposure_paths
from agglo.econometrics._kernels.refits import draw_products, maximise_many
from agglo.econometrics._kernels.within import lag

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.econometrics._design import Design
    from agglo.econometrics._estimate import Estimate

__all__ = [
    "effects_and_errors",
    "effects_of_resamples",
    "effects_of_starts",
    "redesign",
]

# 12 nodes give effects to 1e-8 while the pole at 1 is two half-widths from the draws
_ROOM = 2.0


def redesign(design: Design, first: IntArray) -> Design:
    """Give the design with another treatment; its own and lagged columns change only."""
    t = len(design.periods)
    d = (np.arange(t)[:, None] >= first[None, :]).astype(np.float64)
    z = design.z.copy()
    if design.form != "linear":
        variable = design.variables[0]
        lags, treated = exposures_of(
            d, design.exposures or (design.weights.matrix,), design.form
        )
        at = [column for _, column in variable.lagged]
        z[:, :, variable.own] = d
        for column, values in zip(
            [*at, *variable.more], [*lags, *treated], strict=True
        ):
            z[:, :, column] = values
        return replace(design, z=z)
    for column, w in _columns(design):
        z[:, :, column] = d if w is None else lag(w, d)
    return replace(design, z=z)


def effects_of_starts(
    design: Design, starts: IntArray, bounds: tuple[float, float]
) -> FloatArray:
    """Give direct, indirect and total effects and their errors, (n, 3, 2), for starts (n, N).

    The errors are those of independent noise with rho known: what the places alone say
    about how precisely an effect can be seen there.
    """
    if _one_by_one(design) or design.form != "linear":
        return np.array([_one(design, first, bounds) for first in starts])
    x, _ = design.arrays
    flat = x.reshape(-1, x.shape[2])
    columns = [(column + 2, w) for column, w in _columns(design)]
    gram = draw_products(
        flat.T @ flat, x, starts, columns, unit=design.unit, period=design.period
    )
    out, found = _from_products(design, gram, bounds, "a placebo")
    # one with no clear bracket is searched as any other fit, which says what is wrong
    for draw in np.flatnonzero(~found):
        out[draw] = _one(design, starts[draw], bounds)
    return out


def effects_of_resamples(
    design: Design, periods: IntArray, bounds: tuple[float, float]
) -> FloatArray:
    """Give direct, indirect and total effects, (n, 3), for resampled periods (n, T)."""
    if design.changing:
        msg = "resampled periods need the same weights in every period."
        raise OptionError(msg)
    if _one_by_one(design):
        return np.array([_resampled(design, at, bounds) for at in periods])
    # what is constant in a region drops out of every resample: only its mean over the
    # resampled periods is still to be removed
    x, _ = design.arrays
    t, n, m = x.shape
    times = np.stack([np.bincount(at, minlength=t) for at in periods]).astype(float)
    each = np.einsum("tna,tnb->tab", x, x, optimize=True)
    gram = (times @ each.reshape(t, m * m)).reshape(-1, m, m)
    if design.unit:
        summed = (times @ x.reshape(t, n * m)).reshape(-1, n, m)
        gram -= summed.transpose(0, 2, 1) @ summed / t
    out, found = _from_products(design, gram, bounds, "a resample of periods")
    for draw in np.flatnonzero(~found):
        out[draw, :, 0] = _resampled(design, periods[draw], bounds)
    return out[:, :, 0]


def _one_by_one(design: Design) -> bool:
    """Say whether fits cannot be solved together."""
    return design.has_error or design.bias == "bc" or design.changing


def _resampled(design: Design, at: IntArray, bounds: tuple[float, float]) -> FloatArray:
    other = replace(
        design,
        y=design.y[at],
        z=design.z[at],
        periods=tuple(f"{i}" for i in range(at.size)),
    )
    return effect_jacobian(other, estimate(other, bounds))[0][0]


def _from_products(
    design: Design, gram: FloatArray, bounds: tuple[float, float], of: str
) -> tuple[FloatArray, BoolArray]:
    """Give effects and errors, (n, 3, 2), and which fits were found."""
    k = gram.shape[1] - 2
    lengths = np.einsum("njj->nj", gram[:, 2:, 2:])
    for draw in np.flatnonzero(lengths.min(axis=1) <= 0.0):
        empty = [design.terms[j] for j in range(k) if lengths[draw, j] <= 0.0]
        msg = f"[collinear] nothing is left after the effects in {of} of: {empty}."
        raise NotIdentifiedError(msg)
    fits = maximise_many(
        gram,
        logdet_of(design.weights) if design.has_lag else None,
        t_star=design.t_star,
        n_star=design.n_star,
        minus_one=design.transformed,
        bounds=bounds,
    )
    direct, total = _means(design, fits.rho)
    pick = _selector(design, k)
    # (n, 3, k): what each effect is made of
    made = np.stack([direct, total - direct, total], axis=1) @ pick
    value = np.einsum("nek,nk->ne", made, fits.b)
    square = np.einsum("nek,nkl,nel->ne", made, fits.covariance, made, optimize=True)
    return np.stack([value, np.sqrt(square)], axis=2), fits.found


def _one(design: Design, first: IntArray, bounds: tuple[float, float]) -> FloatArray:
    other = redesign(design, first)
    return effects_and_errors(other, estimate(other, bounds))


def effects_and_errors(design: Design, found: Estimate) -> FloatArray:
    """Give the effects of the treatment and their errors at known rho, (3, 2)."""
    value, jacobian = effect_jacobian(design, found)
    made = jacobian[0][:, : found.b.size]
    gram = found.likelihood.gram(found.optimum.lam)[2:, 2:]
    square = np.einsum("ek,ke->e", made, np.linalg.solve(gram, made.T))
    return np.stack([value[0], np.sqrt(found.optimum.s2 * square)], axis=1)


def _columns(design: Design) -> list[tuple[int, csr_array | None]]:
    """Give the columns of the treatment, and by which weights each is lagged."""
    variable = design.variables[0]
    exposures = design.exposures or (design.weights.matrix,)
    return [
        (variable.own, None),
        *(
            (
                column,
                design.weights.matrix if number == OF_WEIGHTS else exposures[number],
            )
            for number, column in variable.lagged
        ),
    ]


def _selector(design: Design, k: int) -> FloatArray:
    """Say which coefficient belongs to which exposure: itself, W, the others; (e, k)."""
    variable = design.variables[0]
    out = np.zeros((2 + len(design.exposures), k))
    out[0, variable.own] = 1.0
    for number, column in variable.lagged:
        of_weights = not design.exposures or number == OF_WEIGHTS
        out[1 if of_weights else 2 + number, column] = 1.0
    return out


def _means(design: Design, rho: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give direct and total means per exposure, (n, e), for many rho."""
    w, others = design.weights.matrix, design.exposures
    det = logdet_of(design.weights) if design.has_lag else None
    half, most = (rho.max() - rho.min()) / 2.0, float(np.abs(rho).max())
    if det is not None and others and rho.size > 12 and half * _ROOM < 1.0 - most:
        return exposure_paths(w, det, others, rho)
    at, place = np.unique(rho, return_inverse=True)
    made = [exposure_means(w, det, float(x), others) for x in at]
    direct = np.array([m.direct for m in made])[place]
    return direct, np.array([m.total for m in made])[place]
