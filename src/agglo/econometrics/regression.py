"""Least squares and Poisson regression with any number of fixed effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import (
    ConvergenceError,
    NotIdentifiedError,
    OptionError,
    Problem,
)
from agglo.econometrics._kernels import poisson as kernels
from agglo.econometrics._kernels.absorb import not_singletons
from agglo.econometrics._regression_fit import assemble, r_squared
from agglo.econometrics._regression_input import (
    Effect,
    Rows,
    check_rank,
    clean,
    read_rows,
)
from agglo.econometrics._regression_spread import labels_needed, spread_of
from agglo.econometrics.regression_results import Design, RegressionFit
from agglo.econometrics.regression_vcov import Homoskedastic, RegressionCovariance
from agglo.econometrics.vcov import Robust

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["fit_linear", "fit_poisson"]


def fit_linear(
    data: IntoFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    effects: Sequence[Effect] = (),
    vcov: RegressionCovariance = Robust(),  # noqa: B008  frozen
    weights: str | None = None,
) -> RegressionFit:
    r"""Estimate a linear regression with any number of fixed effects.

    Also: high-dimensional fixed effects, reghdfe, two-way within estimator. Use for
    firms, industries or dyads observed in rows; not for regions whose neighbours matter
    (see `fit_spatial_panel`), and not for counts with zeros (see `fit_poisson`).

    Parameters
    ----------
    data
        One row per observation.
    outcome, covariates
        Columns of numbers; rows with a missing one are dropped and counted.
    effects
        Columns of labels whose levels are absorbed; a tuple of columns is their
        combination. Without effects a ``constant`` is added.
    vcov
        `Robust`, `Homoskedastic`, `ClusteredBy` (one or several ways) or `Dyadic`.
    weights
        Column of positive weights (inverse variances); rows with weight 0 are dropped.

    Returns
    -------
    RegressionFit
        Coefficients, standard errors, R squared within the effects.

    Raises
    ------
    InvalidTableError
        Infinite values or no complete row.
    NotIdentifiedError
        collinear, too_few_observations, one_cluster.
    ConvergenceError
        If the effects cannot be removed.

    Notes
    -----
    Effects are removed by alternating projections to 1e-11 of a column's size; levels
    with a single row are dropped first, again and again. Clustered errors have the factor
    G/(G-1) (N-1)/(N-k), k counting coefficients and levels of effects not nested in a
    cluster; inference is t(G-1). Cost O(rows x effects x k) per round; a balanced two-way
    panel needs one round.

    References
    ----------
    Correia 2016, "Linear models with high-dimensional fixed effects". Cameron, Gelbach
    and Miller 2011, doi:10.1198/jbes.2010.07136 (several ways).

    See Also
    --------
    fit_iv : The same with endogenous covariates.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import fit_linear
    >>> rng, firm = np.random.default_rng(3), np.repeat(np.arange(50), 8)
    >>> x = rng.normal(size=400) + firm / 10
    >>> rows = pa.table({"firm": firm, "year": np.tile(np.arange(8), 50), "x": x,
    ...                  "y": 0.7 * x - firm + 0.01 * rng.normal(size=400)})
    >>> fit = fit_linear(rows, outcome="y", covariates=["x"], effects=["firm", "year"])
    >>> round(fit.coefficient("x"), 2)
    0.7
    """
    rows = read_rows(
        data,
        outcome=outcome,
        covariates=covariates,
        effects=effects,
        labels=labels_needed(vcov),
        weights=weights,
    )
    both = clean(rows, np.column_stack([rows.y, rows.x]))
    y, x = both[:, 0], both[:, 1:]
    check_rank(x, rows.x, rows.names)
    spread = spread_of(rows, vcov, x.shape[1])
    bread = np.asarray(np.linalg.inv(x.T @ x), dtype=np.float64)
    b = np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], dtype=np.float64)
    e = y - x @ b
    return assemble(
        fit_linear,
        Design(
            rows=rows, spread=spread, y=y, x=x, projected=x, residual=e, bread=bread
        ),
        b,
        method="least squares",
        terms=rows.names,
        fit=r_squared(y, e, effects=bool(rows.effects)),
        parameters={"covariates": list(covariates), "weights": weights},
    )


def without_separated(rows: Rows) -> Rows:
    """Drop levels with zeros only and levels with one row, until none is left."""
    while True:
        kept = np.ones(rows.y.size, dtype=bool)
        for code in rows.codes:
            kept &= (np.bincount(code, weights=rows.y) > 0)[code]
        size = rows.y.size
        if not kept.any():
            msg = "Every level of the effects has zeros only."
            raise NotIdentifiedError(
                msg, [Problem(code="all_zero", what="the outcome is 0 in every level")]
            )
        rows = rows.keep(kept, "separated")
        rows = rows.keep(not_singletons(rows.codes), "singletons")
        if rows.y.size == size:
            return rows


def solve(rows: Rows) -> tuple[Rows, kernels.PoissonFit]:
    """Fit, drop rows that regressors predict perfectly, and fit again."""
    rows = without_separated(rows)
    check_rank(clean(rows, rows.x), rows.x, rows.names)
    found = kernels.fit_poisson(rows.y, rows.x, rows.codes)
    if kernels.suspicious(rows.y, found):
        lost = kernels.separated(rows.y, rows.x, rows.codes)
        if lost.any():
            rows = without_separated(rows.keep(~lost, "separated"))
            check_rank(clean(rows, rows.x), rows.x, rows.names)
            found = kernels.fit_poisson(rows.y, rows.x, rows.codes)
    if not found.settled:
        msg = f"The Poisson fit did not settle in {found.rounds} rounds."
        raise ConvergenceError(msg)
    return rows, found


def poisson_bread(x: FloatArray, mean: FloatArray) -> FloatArray:
    """Give (X'WX)^-1 with weights equal to the mean."""
    return np.asarray(np.linalg.inv(x.T @ (x * mean[:, None])), dtype=np.float64)


def read_counts(
    data: IntoFrame,
    outcome: str,
    covariates: Sequence[str],
    effects: Sequence[Effect],
    vcov: RegressionCovariance,
    model: str,
) -> Rows:
    """Read the rows of a model of counts; refuse errors and outcomes that do not fit it."""
    if isinstance(vcov, Homoskedastic):
        msg = f"vcov=Homoskedastic() does not fit {model}; use Robust()."
        raise OptionError(msg)
    rows = read_rows(
        data,
        outcome=outcome,
        covariates=covariates,
        effects=effects,
        labels=labels_needed(vcov),
        minimum=0.0,
    )
    if not (rows.y > 0).any():
        msg = f"`{outcome}` is 0 in every row."
        raise NotIdentifiedError(
            msg, [Problem(code="all_zero", what="the outcome is 0", column=outcome)]
        )
    return rows


def fit_poisson(
    data: IntoFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    effects: Sequence[Effect] = (),
    vcov: RegressionCovariance = Robust(),  # noqa: B008  frozen
) -> RegressionFit:
    r"""Estimate an exponential mean with fixed effects by Poisson pseudo-likelihood.

    Also: PPML, ppmlhdfe, pseudo-Poisson. Use for patents, citations, flows: zeros stay,
    whatever the variance. Coefficients of logs are elasticities.

    Parameters
    ----------
    data
        One row per observation.
    outcome
        Column of numbers at least 0; whole numbers are not required.
    covariates
        Columns of numbers; rows with a missing one are dropped and counted.
    effects
        Columns of labels whose levels are absorbed; a tuple is their combination.
    vcov
        `Robust`, `ClusteredBy` or `Dyadic`; `Homoskedastic` is refused.

    Returns
    -------
    RegressionFit
        Coefficients, standard errors and deviance.

    Raises
    ------
    InvalidTableError
        Negative outcome, infinite values or no complete row.
    NotIdentifiedError
        all_zero, collinear, too_few_observations, one_cluster.
    ConvergenceError
        If 200 rounds do not settle.

    Notes
    -----
    :math:`E[y|x] = \exp(x'b + \mu + \tau)`, solved by weighted least squares with the
    effects removed at every round, to 1e-10 of the deviance. Levels with zeros only,
    single rows, and zeros that a combination of regressors predicts perfectly carry no
    information and are dropped and counted as ``separated`` (the last only when a fitted
    mean runs away). Cost: about ten weighted removals of effects.

    References
    ----------
    Santos Silva and Tenreyro 2006, doi:10.1162/rest.88.4.641. Correia, Guimaraes and
    Zylkin 2020, doi:10.1177/1536867X20909691.

    See Also
    --------
    fit_control_function : The same with endogenous covariates.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import fit_poisson
    >>> rng, firm = np.random.default_rng(3), np.repeat(np.arange(80), 10)
    >>> x = rng.normal(size=800)
    >>> rows = pa.table({"firm": firm, "x": x,
    ...                  "y": rng.poisson(np.exp(1 + 0.5 * x + firm / 80))})
    >>> fit = fit_poisson(rows, outcome="y", covariates=["x"], effects=["firm"])
    >>> round(fit.coefficient("x"), 1)
    0.5
    """
    rows = read_counts(data, outcome, covariates, effects, vcov, "a Poisson mean")
    rows, found = solve(rows)
    design = Design(
        rows=rows,
        spread=spread_of(rows, vcov, rows.x.shape[1]),
        y=rows.y,
        x=found.x,
        projected=found.x,
        residual=rows.y - found.mean,
        bread=poisson_bread(found.x, found.mean),
        curvature=found.mean,
    )
    return assemble(
        fit_poisson,
        design,
        found.b,
        method="poisson",
        terms=rows.names,
        fit=found.deviance,
        parameters={"covariates": list(covariates)},
    )
