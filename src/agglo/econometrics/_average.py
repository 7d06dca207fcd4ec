"""Average effects of a fit: values, derivatives, draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.parallel import entropy_of, generator
from agglo.core.weights_kinds import Rings
from agglo.econometrics._design import OF_WEIGHTS, Design, logdet_of
from agglo.econometrics._kernels.effects import exposure_means, exposure_paths

if TYPE_CHECKING:
    from agglo.core.options import MonteCarlo
    from agglo.core.typing import FloatArray
    from agglo.econometrics._estimate import Estimate
    from agglo.econometrics._kernels.effects import ExposureMeans
    from agglo.econometrics._kernels.likelihood import Optimum

__all__ = ["effect_jacobian", "impacts_of", "simulated_impacts_of"]

_TRACE_LIMIT = 5_000


class Found(Protocol):
    """What average effects need of an estimate; parameters start with b, then rho."""

    @property
    def optimum(self) -> Optimum:
        """Spatial parameters."""

    @property
    def parameters(self) -> FloatArray:
        """All parameters."""

    @property
    def b(self) -> FloatArray:
        """Coefficients of the regressors."""


def _means(design: Design, rho: float) -> ExposureMeans:
    n = design.weights.n
    if design.exposures and design.has_lag and n > _TRACE_LIMIT:
        msg = (
            f"[size_limit] effects with durbin_weights other than weights need a dense "
            f"inverse, up to {_TRACE_LIMIT} regions; got {n}."
        )
        raise OptionError(msg)
    det = logdet_of(design.weights) if design.has_lag else None
    return exposure_means(design.weights.matrix, det, rho, design.exposures)


def _selector(design: Design) -> FloatArray:
    """Give, per variable, exposure and parameter, whether that column is used; (m, e, k)."""
    rings = isinstance(design.durbin, Rings)
    own_lag = not rings and design.durbin is design.weights
    n_exposures = 2 + len(design.exposures)
    out = np.zeros((len(design.variables), n_exposures, design.z.shape[2]))
    for row, variable in enumerate(design.variables):
        out[row, 0, variable.own] = 1.0
        for number, column in variable.lagged:
            of_weights = own_lag or number == OF_WEIGHTS
            out[row, 1 if of_weights else 2 + number, column] = 1.0
    return out


def effect_jacobian(design: Design, found: Found) -> tuple[FloatArray, FloatArray]:
    """Give effects (m, 3) and their derivatives (m, 3, number of parameters)."""
    means = _means(design, found.optimum.rho)
    pick = _selector(design)
    direct = np.einsum("e,mek->mk", means.direct, pick)
    total = np.einsum("e,mek->mk", means.total, pick)
    jac = np.zeros((pick.shape[0], 3, found.parameters.size))
    k = pick.shape[2]
    jac[:, 0, :k], jac[:, 2, :k] = direct, total
    if design.has_lag:
        jac[:, 0, k] = np.einsum("e,mek,k->m", means.d_direct, pick, found.b)
        jac[:, 2, k] = np.einsum("e,mek,k->m", means.d_total, pick, found.b)
    jac[:, 1] = jac[:, 2] - jac[:, 0]
    value = np.stack([direct @ found.b, (total - direct) @ found.b, total @ found.b], 1)
    return value, jac


def impacts_of(
    design: Design, found: Found, cov: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give effects and delta-method errors, (m, 3) each."""
    value, jac = effect_jacobian(design, found)
    variance = np.einsum("mep,pq,meq->me", jac, cov, jac)
    return value, np.sqrt(np.maximum(variance, 0.0))


def simulated_impacts_of(
    design: Design, found: Estimate, cov: FloatArray, inference: MonteCarlo
) -> tuple[FloatArray, FloatArray, int]:
    """Give effects (m, 3), effects of the kept draws (n, m, 3), and the seed."""
    value, _ = effect_jacobian(design, found)
    seed = entropy_of(inference.seed)
    k = design.z.shape[2]
    size = k + 1 if design.has_lag else k
    at = np.arange(size)
    root = np.linalg.cholesky(cov[np.ix_(at, at)])
    noise = generator(seed, 0).standard_normal((inference.n, size))
    draws = found.parameters[at] + noise @ root.T
    if design.has_lag:
        draws = draws[np.abs(draws[:, k]) < 1.0]
    if draws.shape[0] < 2:
        msg = "[rho_at_boundary] fewer than two draws have |rho| < 1."
        raise NotIdentifiedError(msg)
    direct, total = _draw_means(design, found, draws, k)
    pick = _selector(design)
    first = np.einsum("ne,mek,nk->nm", direct, pick, draws[:, :k], optimize=True)
    whole = np.einsum("ne,mek,nk->nm", total, pick, draws[:, :k], optimize=True)
    return value, np.stack([first, whole - first, whole], axis=2), seed


def _draw_means(
    design: Design, found: Estimate, draws: FloatArray, k: int
) -> tuple[FloatArray, FloatArray]:
    if not design.has_lag:
        means = _means(design, found.optimum.rho)
        n = draws.shape[0]
        return np.tile(means.direct, (n, 1)), np.tile(means.total, (n, 1))
    _means(design, found.optimum.rho)
    return exposure_paths(
        design.weights.matrix, logdet_of(design.weights), design.exposures, draws[:, k]
    )
