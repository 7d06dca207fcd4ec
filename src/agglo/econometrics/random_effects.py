"""Spatial panels with random effects of units, and tests of fixed against random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import ConvergenceError, NotIdentifiedError, OptionError
from agglo.core.options import check_choice
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._average import impacts_of
from agglo.econometrics._design import Design, build_design, check_balanced, logdet_of
from agglo.econometrics._kernels.likelihood import Optimum
from agglo.econometrics._kernels.random_effects import (
    PHI_MIN,
    Random,
    RandomLikelihood,
    random_covariance,
)
from agglo.econometrics._kernels.within import lag
from agglo.econometrics.panel import check_bounds, lagged_columns
from agglo.econometrics.results import Impacts, two_sided

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["RandomEffectsFit", "fit_random_panel"]

WORDS = {
    "lag": "random effect, lagged outcome",
    "kkp": "random effect inside the spatial filter",
    "error": "random effect outside the spatial filter",
}
LABEL = "profile of the exact likelihood"


@dataclass(frozen=True, slots=True)
class RandomEstimate:
    """Parameters in the order b, spatial parameter, phi, s2."""

    optimum: Optimum
    parameters: FloatArray

    @property
    def b(self) -> FloatArray:
        """Give the coefficients of the regressors."""
        return self.optimum.b


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RandomEffectsFit(Result):
    """A spatial panel whose unit effects are random draws.

    Attributes
    ----------
    design, estimate
        Checked arrays and what the search found.
    random
        ``"lag"``, ``"kkp"`` or ``"error"``.
    term, value, se
        Regressors and constant, ``rho`` or ``lambda``, ``phi``, ``sigma2``.
    cov
        Covariance of `value`.
    loglik
        Log-likelihood at the maximum.
    level
        Coverage of the intervals.
    """

    design: Design
    estimate: RandomEstimate
    random: Random
    term: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    cov: FloatArray
    loglik: float
    level: float = 0.95

    @property
    def coefficients(self) -> dict[str, float]:
        """Give every parameter by name."""
        return dict(zip(self.term, self.value.tolist(), strict=True))

    @property
    def errors(self) -> dict[str, float]:
        """Give every standard error by name."""
        return dict(zip(self.term, self.se.tolist(), strict=True))

    @property
    def rho(self) -> float:
        """Spatial lag parameter; NaN for error models."""
        return self.coefficients.get("rho", float("nan"))

    @property
    def lam(self) -> float:
        """Spatial error parameter; NaN for lag models."""
        return self.coefficients.get("lambda", float("nan"))

    @property
    def phi(self) -> float:
        """Weight of the unit means: near 0 like fixed effects, 1 without unit effects."""
        return self.coefficients["phi"]

    @property
    def variance_ratio(self) -> float:
        """Variance of the unit effects over that of the noise."""
        return (self.phi**-2 - 1.0) / len(self.design.periods)

    @cached_property
    def impacts(self) -> Impacts:
        """Average direct, indirect and total effects with delta-method errors."""
        value, se = impacts_of(self.design, self.estimate, self.cov)
        half = float(ndtri(0.5 + self.level / 2.0)) * se
        return Impacts(
            variable=tuple(v.name for v in self.design.variables),
            value=frozen_array(value),
            se=frozen_array(se),
            lower=frozen_array(value - half),
            upper=frozen_array(value + half),
            level=self.level,
            method="delta",
            errors=LABEL,
            provenance=self.provenance,
            frame_kind=self.frame_kind,
        )

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per parameter."""
        half = float(ndtri(0.5 + self.level / 2.0)) * self.se
        z = self.value / self.se
        return {
            "term": list(self.term),
            "value": self.value,
            "se": self.se,
            "z": z,
            "p": two_sided(z),
            "lower": self.value - half,
            "upper": self.value + half,
        }

    def summary(self) -> str:
        """Give model, size and every parameter."""
        d = self.design
        lines = [
            f"{d.model.upper()} of {d.outcome}, {WORDS[self.random]}: {len(d.regions)} "
            f"regions x {len(d.periods)} periods, log-likelihood {self.loglik:.4f}",
            f"variance of units over noise {self.variance_ratio:.4f}; errors: {LABEL}",
        ]
        lines += [
            f"  {t}: {v:.6f} ({s:.6f})"
            for t, v, s in zip(self.term, self.value, self.se, strict=True)
        ]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        shown = [i for i, t in enumerate(self.term) if t != "sigma2"]
        half = float(ndtri(0.5 + self.level / 2.0)) * self.se[shown]
        place = np.arange(len(shown))
        ax.errorbar(self.value[shown], place, xerr=half, fmt="o", color="#0072B2")
        ax.axvline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_yticks(place, [self.term[i] for i in shown])
        ax.set(xlabel="estimate")


def fit_random_panel(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str],
    weights: SpatialWeights,
    model: Literal["sar", "sdm", "sem", "sdem"] = "sdm",
    random: Random | None = None,
    durbin_weights: SpatialWeights | None = None,
    durbin: Sequence[str] | None = None,
    region: str = "region",
    period: str = "period",
    rho_bounds: tuple[float, float] = (-1.0, 1.0),
) -> RandomEffectsFit:
    r"""Estimate a spatial panel in which what is special about a region is a random draw.

    Use when covariates that do not change over time matter, and only if region effects are
    unrelated to the covariates (`fixed_or_random` tests it). Also: spatial random effects,
    Kapoor-Kelejian-Prucha, Baltagi-Song-Koh.

    Parameters
    ----------
    data
        One row per region and period, balanced, no missing value; or a `Panel`.
    outcome, covariates
        Columns of finite numbers; constants over time are allowed.
    weights
        Neighbours of the lagged outcome or error; aligned by label, no islands.
    model
        ``"sar"``, ``"sdm"`` (lagged outcome), ``"sem"``, ``"sdem"`` (lagged error).
    random
        ``"lag"`` for lagged outcomes. For lagged errors ``"kkp"`` (default: the region's
        effect spreads like the noise) or ``"error"`` (it stays in the region).
    durbin_weights, durbin
        Neighbours of the lagged covariates and which get a lag, as in `fit_spatial_panel`.
    region, period
        Columns of labels.
    rho_bounds
        Bounds of the spatial parameter.

    Returns
    -------
    RandomEffectsFit
        Parameters, errors from the exact likelihood, ``phi`` and ``impacts``.

    Raises
    ------
    OptionError
        `random` does not belong to `model`, or an unknown choice.
    NotIdentifiedError
        one_period; no_unit_variance (the best unit variance is zero: fit
        ``effects=None``); rho_at_boundary; collinear; too_few_observations.
    ConvergenceError
        not_converged.
    InvalidTableError, AlignmentError
        As in `fit_spatial_panel`.

    Notes
    -----
    With :math:`\phi = \sigma_e/\sqrt{T\sigma_\mu^2 + \sigma_e^2}` the likelihood of the lag
    form is :math:`-(NT/2)\ln 2\pi\sigma^2 + T\ln|I-\rho W| + N\ln\phi - SSR/2\sigma^2` on
    :math:`a_{it} - (1-\phi)\bar a_i`; "kkp" filters first; "error" has
    :math:`V_1 = (B'B)^{-1} + T\psi I`. Best of a grid, then Newton steps to 1e-9. Per step O(k^2),
    for "error" one sparse factorisation. Errors are those of the observed information.

    References
    ----------
    Elhorst 2014, doi:10.1007/978-3-642-40340-8. Kapoor, Kelejian and Prucha 2007,
    doi:10.1016/j.jeconom.2006.09.004. Baltagi, Song and Koh 2003,
    doi:10.1016/S0304-4076(03)00120-9.

    See Also
    --------
    fixed_or_random : Whether the region effects are related to the covariates.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import fit_random_panel
    >>> rng, n = np.random.default_rng(7), 60
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> x, own = rng.normal(size=(n, 8)), rng.normal(size=(n, 1))
    >>> y = np.linalg.solve(np.eye(n) - 0.4 * w.matrix.toarray(),
    ...                     x + own + rng.normal(size=(n, 8)))
    >>> rows = pa.table({"region": np.repeat(ids, 8), "period": np.tile(range(8), n),
    ...                  "y": y.ravel(), "x": x.ravel()})
    >>> fit = fit_random_panel(rows, outcome="y", covariates=["x"], weights=w)
    >>> round(fit.rho, 1), round(fit.coefficients["x"], 1)
    (0.4, 1.0)
    """
    kind = _kind(model, random)
    lagged = lagged_columns(model, covariates, durbin)
    bounds = check_bounds(rho_bounds)
    panel = as_panel(
        data, variables=[outcome, *covariates], region=region, period=period
    )
    check_balanced(panel, [outcome, *covariates])
    if panel.periods.size < 2:
        msg = "[one_period] random region effects need two periods or more."
        raise NotIdentifiedError(msg)
    design = build_design(
        panel,
        outcome=outcome,
        columns=[(name, panel.variable(name)) for name in covariates],
        weights=weights,
        durbin_weights=durbin_weights,
        durbin=lagged,
        model=model,
        effects=None,
        bias="none",
    )
    parameters = {
        "outcome": outcome,
        "covariates": list(covariates),
        "model": model,
        "random": kind,
        "durbin": list(lagged),
        "rho_bounds": list(bounds),
    }
    other = [] if durbin_weights is None else [durbin_weights]
    provenance = Provenance.of(
        fit_random_panel, panel, weights, *other, parameters=parameters
    )
    return estimate_random(design, kind, bounds, provenance)


def _kind(model: str, random: str | None) -> Random:
    check_choice("model", model, ("sar", "sdm", "sem", "sdem"))
    if random is not None:
        check_choice("random", random, tuple(WORDS))
    has_lag = model in ("sar", "sdm")
    if has_lag and random not in (None, "lag"):
        msg = f"random='{random}' is for models 'sem' and 'sdem', not '{model}'."
        raise OptionError(msg)
    if not has_lag and random == "lag":
        msg = f"random='lag' is for models 'sar' and 'sdm', not '{model}'."
        raise OptionError(msg)
    return "lag" if has_lag else "error" if random == "error" else "kkp"


def estimate_random(
    design: Design,
    kind: Random,
    bounds: tuple[float, float],
    provenance: Provenance,
) -> RandomEffectsFit:
    """Maximise the random-effects likelihood of a design without effects."""
    w = design.weights.matrix
    wy = lag(w, design.y) if kind == "lag" else np.zeros_like(design.y)
    raw = np.concatenate([design.y[..., None], wy[..., None], design.z], axis=2)
    likelihood = RandomLikelihood(raw, w, logdet_of(design.weights), kind)
    theta, converged = likelihood.maximise(bounds)
    x, phi = float(theta[0]), float(np.exp(theta[1]))
    if phi > 0.99:
        msg = (
            "[no_unit_variance] the likelihood is highest without a variance of the "
            "region effects; use fit_spatial_panel(effects=None)."
        )
        raise NotIdentifiedError(msg)
    if phi < 2.0 * PHI_MIN:
        msg = "[no_noise] regions hardly change over time: phi is at its lower bound."
        raise NotIdentifiedError(msg)
    width = 2e-3 * (bounds[1] - bounds[0])
    if not bounds[0] + width < x < bounds[1] - width:
        msg = f"[rho_at_boundary] the spatial parameter {x:.4f} is at a bound {bounds}."
        raise NotIdentifiedError(msg)
    if not converged:
        msg = f"[not_converged] the search stopped at {x:.6f}, phi {phi:.6f}."
        raise ConvergenceError(msg)
    best = likelihood.profile(x, phi)
    value = np.array([*best.b, x, phi, best.s2])
    cov = random_covariance(likelihood, theta)
    optimum = Optimum(
        b=best.b,
        rho=x if kind == "lag" else 0.0,
        lam=0.0 if kind == "lag" else x,
        s2=best.s2,
        loglik=best.loglik,
        at_bound=False,
        trace=(),
    )
    return RandomEffectsFit(
        design=design,
        estimate=RandomEstimate(optimum, value),
        random=kind,
        term=(*design.terms, "rho" if kind == "lag" else "lambda", "phi", "sigma2"),
        value=frozen_array(value),
        se=frozen_array(np.sqrt(np.diag(cov))),
        cov=frozen_array(cov),
        loglik=best.loglik,
        provenance=provenance,
        frame_kind=design.frame_kind,
    )
