"""Counts with more spread than Poisson: a check of the pseudo-likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agglo.core.errors import ConvergenceError
from agglo.econometrics._kernels.negative_binomial import (
    fit_negative_binomial as kernel,
)
from agglo.econometrics._regression_fit import assemble
from agglo.econometrics._regression_input import Effect
from agglo.econometrics._regression_spread import spread_of
from agglo.econometrics.regression import poisson_bread, read_counts, solve
from agglo.econometrics.regression_results import Design, RegressionFit
from agglo.econometrics.regression_vcov import RegressionCovariance
from agglo.econometrics.vcov import Robust

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame

__all__ = ["fit_negative_binomial"]


def fit_negative_binomial(
    data: IntoFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    effects: Sequence[Effect] = (),
    vcov: RegressionCovariance = Robust(),  # noqa: B008  frozen
) -> RegressionFit:
    r"""Estimate an exponential mean of overdispersed counts with fixed effects.

    Also: NB2, fenegbin. Use beside `fit_poisson`, as a robustness check only: unlike
    Poisson it is wrong when the variance is not :math:`\mu + \alpha\mu^2`, and with many
    short units the effects bias :math:`\alpha`.

    Parameters
    ----------
    data
        One row per observation.
    outcome
        Column of numbers at least 0.
    covariates
        Columns of numbers; rows with a missing one are dropped and counted.
    effects
        Columns of labels whose levels are absorbed; a tuple is their combination.
    vcov
        `Robust`, `ClusteredBy`, `ClusterJackknife` or `Dyadic`; `Homoskedastic` is
        refused.

    Returns
    -------
    RegressionFit
        Coefficients and errors at the estimated dispersion; `fit` is the log likelihood,
        and ``provenance.parameters["alpha"]`` the dispersion (1e-8: no more spread than
        Poisson).

    Raises
    ------
    InvalidTableError
        Negative outcome, infinite values or no complete row.
    NotIdentifiedError
        all_zero, collinear, too_few_observations, one_cluster.
    OptionError
        If `vcov` does not fit.
    ConvergenceError
        If 500 rounds do not settle.

    Notes
    -----
    Weighted least squares with the effects removed, weights
    :math:`\mu/(1+\alpha\mu)`, in turn with the :math:`\alpha` of largest likelihood, to
    1e-12 of the likelihood. Effects are estimated, not conditioned on. About twenty
    weighted removals of effects.

    References
    ----------
    Hausman, Hall and Griliches 1984, doi:10.2307/1911191. Allison and Waterman 2002,
    doi:10.1111/1467-9531.00117 (unconditional effects).

    See Also
    --------
    fit_poisson : Consistent whatever the variance; the main model.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import fit_negative_binomial
    >>> rng, x = np.random.default_rng(3), np.random.default_rng(4).normal(size=4000)
    >>> mean = np.exp(1 + 0.5 * x) * rng.gamma(2.0, 0.5, 4000)
    >>> rows = pa.table({"x": x, "y": rng.poisson(mean)})
    >>> fit = fit_negative_binomial(rows, outcome="y", covariates=["x"])
    >>> round(fit.coefficient("x"), 1), round(fit.provenance.parameters["alpha"], 1)
    (0.5, 0.5)
    """
    rows = read_counts(data, outcome, covariates, effects, vcov, "a mean of counts")
    rows, start = solve(rows)
    found = kernel(rows.y, rows.x, rows.codes, start.mean)
    if not found.settled:
        msg = f"The negative binomial fit did not settle in {found.rounds} rounds."
        raise ConvergenceError(msg)
    # scores of the likelihood are x (y - m) / (1 + alpha m)
    shrunk = 1.0 + found.alpha * found.mean
    design = Design(
        rows=rows,
        spread=spread_of(rows, vcov, rows.x.shape[1]),
        y=rows.y,
        x=found.x,
        projected=found.x,
        residual=(rows.y - found.mean) / shrunk,
        bread=poisson_bread(found.x, found.mean / shrunk),
        curvature=found.mean / shrunk,
    )
    return assemble(
        fit_negative_binomial,
        design,
        found.b,
        method="negative binomial",
        terms=rows.names,
        fit=found.likelihood,
        parameters={"covariates": list(covariates), "alpha": found.alpha},
    )
