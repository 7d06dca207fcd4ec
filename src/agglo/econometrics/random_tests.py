"""Fixed or random region effects: Hausman, Mundlak and likelihood-ratio tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import Design, build_design, check_balanced
from agglo.econometrics._estimate import covariance, estimate
from agglo.econometrics.diagnostics import SpatialTests
from agglo.econometrics.panel import lagged_columns
from agglo.econometrics.random_effects import RandomEffectsFit, estimate_random
from agglo.econometrics.results import wald_of
from agglo.econometrics.vcov import Observed

if TYPE_CHECKING:
    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["fixed_or_random"]

BOUNDS = (-1.0, 1.0)
NOT_POSITIVE = (
    "the covariance difference of fixed and random effects is not positive definite; "
    "read the Mundlak test"
)


def fixed_or_random(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str],
    weights: SpatialWeights,
    durbin: Sequence[str] | None = None,
    region: str = "region",
    period: str = "period",
) -> SpatialTests:
    r"""Test whether region effects are unrelated to the covariates, and whether they exist.

    Use before reporting random effects in a model with a lagged outcome; read Mundlak
    first. Also: Hausman test, correlated random effects.

    Parameters
    ----------
    data
        One row per region and period, balanced, no missing value; or a `Panel`.
    outcome, covariates
        Columns; those constant over time enter the random-effects model only.
    weights
        Neighbours.
    durbin
        Covariates with a spatial lag; default all, ``[]`` for a model without.
    region, period
        Columns of labels.

    Returns
    -------
    SpatialTests
        ``("region means", "Wald")``: Mundlak, coefficients of the regions' means of
        covariates and their lags are zero. ``("fixed = random", "Hausman")``: NaN with a
        reason where the covariance difference is not positive definite. ``("no region
        variance", "LR")``: random against none; half the chi-square tail, because a
        variance cannot be negative.

    Raises
    ------
    NotIdentifiedError
        No covariate changes over time; no_unit_variance (there is no random effect to
        test); otherwise as in `fit_random_panel`.
    InvalidTableError, AlignmentError
        As in `fit_spatial_panel`.

    Notes
    -----
    Hausman is :math:`d'(V_F - V_R)^{-1}d` over slopes and rho of the fits with fixed and
    random region effects, both from the observed information, the former with N (T - 1)
    observations. Its value moves with the
    kind of information, on published panels from negative to large, so it is no
    preference of ours. Cost of three fits.

    References
    ----------
    Mundlak 1978, doi:10.2307/1913646. Hausman 1978, doi:10.2307/1913827.
    Debarsy 2012, doi:10.1080/17421772.2012.647057.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import fixed_or_random
    >>> rng, n = np.random.default_rng(7), 60
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> own = rng.normal(size=(n, 1))
    >>> x = rng.normal(size=(n, 8)) + own
    >>> y = np.linalg.solve(np.eye(n) - 0.4 * w.matrix.toarray(),
    ...                     x + own + rng.normal(size=(n, 8)))
    >>> rows = pa.table({"region": np.repeat(ids, 8), "period": np.tile(range(8), n),
    ...                  "y": y.ravel(), "x": x.ravel()})
    >>> found = fixed_or_random(rows, outcome="y", covariates=["x"], weights=w)
    >>> bool(found.p[0] < 0.001)
    True
    """
    lagged = lagged_columns("sdm", covariates, durbin)
    panel = as_panel(
        data, variables=[outcome, *covariates], region=region, period=period
    )
    check_balanced(panel, [outcome, *covariates])
    if panel.periods.size < 2:
        msg = "[one_period] region effects need two periods or more."
        raise NotIdentifiedError(msg)
    columns = [(c, np.asarray(panel.variable(c), np.float64)) for c in covariates]
    moving = [c for c, a in columns if np.ptp(a, axis=1).max() > 0.0]
    if not moving:
        msg = "[collinear] no covariate changes over time: fixed effects leave nothing."
        raise NotIdentifiedError(msg)

    def design(names: Sequence[str], *, fixed: bool, means: bool = False) -> Design:
        own = [(c, a) for c, a in columns if c in names]
        add = [
            (f"mean({c})", np.broadcast_to(a.mean(axis=1, keepdims=True), a.shape))
            for c, a in own
            if means and c in moving
        ]
        far = [c for c in lagged if c in names]
        far += [f"mean({c})" for c in lagged if means and c in moving]
        return build_design(
            panel,
            outcome=outcome,
            columns=[*own, *add],
            weights=weights,
            durbin_weights=None,
            durbin=far,
            model="sdm",
            effects=("region",) if fixed else None,
            # with the likelihood of N (T - 1) observations both noise variances compare
            bias="transform" if fixed else "none",
        )

    provenance = Provenance.of(
        fixed_or_random,
        panel,
        weights,
        parameters={
            "outcome": outcome,
            "covariates": list(covariates),
            "durbin": list(lagged),
        },
    )
    plain = design(covariates, fixed=False)
    rich = estimate_random(
        design(covariates, fixed=False, means=True), "lag", BOUNDS, provenance
    )
    random = estimate_random(plain, "lag", BOUNDS, provenance)
    hausman, df = _hausman(design(moving, fixed=True), random)
    gain = 2.0 * (random.loglik - estimate(plain, BOUNDS).optimum.loglik)
    return _tests(_mundlak(rich), (hausman, df), gain, provenance, plain)


def _mundlak(fit: RandomEffectsFit) -> tuple[float, int]:
    at = np.array([i for i, t in enumerate(fit.term) if "mean(" in t])
    found = wald_of(fit.value[at], fit.cov[np.ix_(at, at)])
    return found.statistic, found.df


def _hausman(fixed: Design, random: RandomEffectsFit) -> tuple[float, int]:
    found = estimate(fixed, BOUNDS)
    cov, _ = covariance(fixed, found, Observed())
    k = found.b.size
    at = np.array([random.term.index(t) for t in (*fixed.terms, "rho")])
    gap = found.parameters[: k + 1] - random.value[at]
    spread = cov[: k + 1, : k + 1] - random.cov[np.ix_(at, at)]
    scale = 1.0 / np.sqrt(np.abs(np.diag(spread)))
    even: FloatArray = spread * scale[:, None] * scale
    if np.linalg.eigvalsh(even)[0] <= 0.0:
        return float("nan"), k + 1
    return wald_of(gap, spread).statistic, k + 1


def _tests(
    mundlak: tuple[float, int],
    hausman: tuple[float, int],
    gain: float,
    provenance: Provenance,
    design: Design,
) -> SpatialTests:
    from scipy.stats import chi2

    statistic = np.array([mundlak[0], hausman[0], gain])
    df = np.array([mundlak[1], hausman[1], 1], dtype=np.int64)
    p = np.asarray(chi2.sf(statistic, df), dtype=np.float64)
    p[2] *= 0.5
    undefined = (
        (Undefined(reason=NOT_POSITIVE, item="fixed = random"),)
        if np.isnan(hausman[0])
        else ()
    )
    warnings = (*provenance.warnings, *(u.reason for u in undefined))
    return SpatialTests(
        test=("region means", "fixed = random", "no region variance"),
        kind=("Wald", "Hausman", "LR"),
        statistic=frozen_array(statistic),
        df=frozen_array(df),
        p=frozen_array(p),
        title=f"Region effects of {design.outcome}: related to the covariates, or random?",
        provenance=replace(provenance, warnings=warnings),
        frame_kind=design.frame_kind,
        undefined=undefined,
    )
