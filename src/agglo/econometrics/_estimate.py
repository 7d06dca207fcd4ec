"""Maximum of the likelihood, bias correction, covariance of the estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from agglo.core.errors import (
    AlignmentError,
    ConvergenceError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.weights_kinds import distance_matrix
from agglo.econometrics._changing import blocks_of
from agglo.econometrics._design import Design, logdet_of
from agglo.econometrics._kernels import information
from agglo.econometrics._kernels.likelihood import Likelihood, Optimum, cross_products
from agglo.econometrics.vcov import (
    Clustered,
    Conley,
    Covariance,
    DriscollKraay,
    Expected,
    Observed,
    Robust,
)

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Estimate", "assembled", "clusters", "covariance", "estimate", "meat_of"]

_EXPECTED_LIMIT = 4_000
_DENSE_LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """Parameters in the order b, rho, lam, s2 (absent spatial ones left out)."""

    likelihood: Likelihood
    optimum: Optimum
    fitted: information.Fitted
    parameters: FloatArray
    hessian: FloatArray

    @property
    def b(self) -> FloatArray:
        """Give the coefficients of the regressors."""
        return self.optimum.b


def estimate(design: Design, bounds: tuple[float, float] = (-1.0, 1.0)) -> Estimate:
    """Maximise the likelihood of a design."""
    x0, x1 = design.arrays
    size = x0.shape[2]
    flat = x0.reshape(-1, size)
    k00, k01, k11 = cross_products(flat, x1.reshape(-1, size) if x1.size else None)
    det = logdet_of(design.weights) if design.which else None
    likelihood = Likelihood(
        k00=k00,
        k01=k01,
        k11=k11,
        logdet=det if design.has_lag else None,
        error_logdet=det if design.has_error else None,
        t_star=design.t_star,
        n_star=design.n_star,
        minus_one=design.transformed,
    )
    optimum = likelihood.maximise(bounds)
    if optimum.at_bound:
        msg = (
            f"[rho_at_boundary] the likelihood of '{design.outcome}' rises to the bound "
            f"{bounds}: rho={optimum.rho:.4f}, lambda={optimum.lam:.4f}."
        )
        raise NotIdentifiedError(msg)
    if not optimum.settled:
        steps = ", ".join(f"{x:.6f}: {v:.6f}" for x, v in optimum.trace)
        msg = (
            f"[not_converged] the search stopped at rho={optimum.rho:.6f}, "
            f"lambda={optimum.lam:.6f}; starts (rho: log-likelihood) {steps}."
        )
        raise ConvergenceError(msg)
    if design.bias == "bc":
        optimum = _corrected(design, optimum)
    return assembled(design, likelihood, optimum)


def assembled(design: Design, likelihood: Likelihood, optimum: Optimum) -> Estimate:
    present = _present(design, optimum.b.size)
    full = np.concatenate([optimum.b, [optimum.rho, optimum.lam, optimum.s2]])
    hessian = likelihood.observed(optimum)
    return Estimate(
        likelihood=likelihood,
        optimum=optimum,
        fitted=_fitted(design, optimum),
        parameters=full[present],
        hessian=hessian[np.ix_(present, present)],
    )


def _present(design: Design, k: int) -> IntArray:
    keep = [*range(k)]
    keep += [k] if design.has_lag else []
    keep += [k + 1] if design.has_error else []
    return np.array([*keep, k + 2])


def _fitted(design: Design, optimum: Optimum) -> information.Fitted:
    x0, x1 = design.arrays
    x = x0 - optimum.lam * x1 if design.has_error else x0
    z = x[:, :, 2:]
    e = x[:, :, 0] - optimum.rho * x[:, :, 1] - z @ optimum.b
    return information.Fitted(
        e=e,
        z=z,
        wy=x[:, :, 1] if design.has_lag else None,
        which=design.which,
        parameter=optimum.lam if design.which == "error" else optimum.rho,
        s2=optimum.s2,
        t_star=design.t_star,
        n_star=design.n_star,
        unit=design.unit,
        period=design.period,
        transformed=design.transformed,
    )


def _corrected(design: Design, plain: Optimum) -> Optimum:
    """Apply the analytic correction of Lee and Yu to a plain fit."""
    t, n = len(design.periods), len(design.regions)
    b, rho, s2 = plain.b, plain.rho, plain.s2
    if design.unit and design.period and design.which:
        _refuse_size(design, _EXPECTED_LIMIT, "bias='bc'", "bias='transform'")
        fitted = _fitted(design, plain)
        g = information.spatial_multiplier(design.weights.matrix.toarray(), rho)
        info = information.expected_information(fitted, g)
        push = np.zeros(b.size + 2)
        push[b.size :] = 1.0 / (1.0 - rho), 1.0 / (2.0 * s2)
        move = t * np.linalg.solve(info, push)
        b, rho, s2 = (
            b + move[: b.size],
            rho + float(move[b.size]),
            s2 + float(move[b.size + 1]),
        )
        s2 *= t / (t - 1.0)
    elif design.unit and design.period:
        s2 *= t / (t - 1.0) * n / (n - 1.0)
    elif design.unit:
        s2 *= t / (t - 1.0)
    elif design.period:
        s2 *= n / (n - 1.0)
    return Optimum(
        b=b,
        rho=rho,
        lam=plain.lam,
        s2=s2,
        loglik=plain.loglik,
        at_bound=False,
        trace=plain.trace,
    )


def _refuse_size(design: Labelled, limit: int, what: str, instead: str) -> None:
    n = len(design.regions)
    if n > limit:
        msg = (
            f"[size_limit] {what} needs a dense inverse, up to {limit} regions; got {n}. "
            f"Use {instead}."
        )
        raise OptionError(msg)


def covariance(
    design: Design, found: Estimate, vcov: Covariance
) -> tuple[FloatArray, tuple[str, ...]]:
    """Give the covariance of the parameters and what to warn of."""
    if isinstance(vcov, Observed):
        return _inverse(found.hessian), ()
    g = _multiplier(design, found, vcov)
    if isinstance(vcov, Expected):
        if g is None:
            return _inverse(found.hessian), ()
        info = information.expected_information(found.fitted, g)
        return _inverse(info), ()
    scores = information.score_contributions(found.fitted, g)
    meat, remarks = meat_of(design, scores, vcov)
    bread = _inverse(found.hessian)
    return bread @ meat @ bread, remarks


def _inverse(info: FloatArray) -> FloatArray:
    """Invert after scaling to unit diagonal: parameters differ in size by powers of ten."""
    scale = 1.0 / np.sqrt(np.abs(np.diag(info)))
    inner = np.linalg.inv(info * scale[:, None] * scale[None, :])
    return np.asarray(inner * scale[:, None] * scale[None, :], dtype=np.float64)


def _multiplier(design: Design, found: Estimate, vcov: Covariance) -> FloatArray | None:
    if design.which == "both":
        msg = (
            "[size_limit] model='sac' has observed-information errors only; use "
            "vcov=Observed()."
        )
        raise OptionError(msg)
    if not design.which:
        return None
    limit = _EXPECTED_LIMIT if isinstance(vcov, Expected) else _DENSE_LIMIT
    _refuse_size(design, limit, vcov.label, "vcov=Observed()")
    x, w = found.fitted.parameter, design.weights.matrix
    if design.changing:
        blocks = blocks_of(w, len(design.regions))
        return np.stack(
            [information.spatial_multiplier(b.toarray(), x) for b in blocks]
        )
    return information.spatial_multiplier(w.toarray(), x)


class Labelled(Protocol):
    """What clusters and positions are looked up by."""

    @property
    def regions(self) -> tuple[str, ...]:
        """Labels of the regions."""

    @property
    def has_lag(self) -> bool:
        """Whether the outcome is lagged."""


def meat_of(
    design: Labelled,
    scores: FloatArray,
    vcov: Robust | Clustered | DriscollKraay | Conley,
) -> tuple[FloatArray, tuple[str, ...]]:
    if isinstance(vcov, Robust):
        return information.clustered_meat(scores, None), ()
    if isinstance(vcov, Clustered):
        cluster = clusters(design, vcov)
        few = int(cluster.max()) + 1
        if few < 2:
            msg = "[too_few_observations] clustered errors need two clusters or more."
            raise NotIdentifiedError(msg)
        remark = (f"only {few} clusters: clustered errors are too small",)
        return information.clustered_meat(scores, cluster), remark if few < 30 else ()
    if isinstance(vcov, DriscollKraay):
        t = scores.shape[0]
        short = (f"only {t} periods: Driscoll-Kraay errors need about 20",)
        lags = min(vcov.lags, t - 1)
        return information.bartlett_meat(scores, lags), short if t < 20 else ()
    return _conley(design, scores, vcov)


def clusters(design: Labelled, vcov: Clustered) -> IntArray:
    """Give the number of the cluster of every region."""
    if vcov.groups is None:
        return np.arange(len(design.regions))
    lost = [r for r in design.regions if r not in vcov.groups]
    if lost:
        msg = f"[weights_ids] no cluster is given for {lost[:10]}."
        raise AlignmentError(msg)
    labels = np.array([vcov.groups[r] for r in design.regions])
    out: IntArray = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    return out


def _conley(
    design: Labelled, scores: FloatArray, vcov: Conley
) -> tuple[FloatArray, tuple[str, ...]]:
    lost = [r for r in design.regions if r not in vcov.lon or r not in vcov.lat]
    if lost:
        msg = f"[weights_ids] no position is given for {lost[:10]}."
        raise AlignmentError(msg)
    _refuse_size(design, _DENSE_LIMIT, vcov.label, "vcov=Clustered()")
    distance = distance_matrix(
        [vcov.lon[r] for r in design.regions],
        [vcov.lat[r] for r in design.regions],
        coordinates="degrees",
    )
    near = distance <= vcov.cutoff_km
    kernel = near.astype(np.float64)
    if vcov.kernel == "bartlett":
        kernel = np.where(near, 1.0 - distance / vcov.cutoff_km, 0.0)
    meat, clipped = information.conley_meat(scores, kernel, vcov.lags)
    remarks = []
    if clipped:
        remarks.append(f"Conley meat repaired: {clipped} negative eigenvalues set to 0")
    if design.has_lag:
        remarks.append(
            "Conley errors with a spatial lag: leftover spatial correlation makes rho "
            "itself inconsistent; use SDEM, SAC or SLX"
        )
    return meat, tuple(remarks)
