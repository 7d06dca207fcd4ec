"""Poisson regression with endogenous covariates, by a control function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError, Problem
from agglo.core.options import Bootstrap
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import frozen_array
from agglo.econometrics._kernels.absorb import absorb
from agglo.econometrics._kernels.poisson import fit_poisson as kernel
from agglo.econometrics._regression_fit import assemble
from agglo.econometrics._regression_input import Effect, Rows, check_rank, read_rows
from agglo.econometrics._regression_spread import spread_of
from agglo.econometrics.iv import check_lists
from agglo.econometrics.regression import poisson_bread, solve
from agglo.econometrics.regression_results import Design, RegressionFit
from agglo.econometrics.regression_vcov import ClusteredBy

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["fit_control_function"]

METHOD = "poisson with control function"


@dataclass(frozen=True, slots=True)
class _Steps:
    """Both steps on the same rows; a row counts as often as its cluster is drawn."""

    y: FloatArray
    endogenous: FloatArray
    exogenous: FloatArray
    z: FloatArray
    codes: IntArray
    cluster: IntArray
    mean: FloatArray

    def residuals(self, weights: FloatArray) -> FloatArray:
        """Give what instruments, covariates and effects leave of endogenous columns."""
        k = self.endogenous.shape[1]
        raw = np.column_stack([self.endogenous, self.z, self.exogenous])
        both = absorb(raw, self.codes, weights)[0]
        x, z = both[:, :k], both[:, k:]
        root = np.sqrt(weights)[:, None]
        b = np.linalg.lstsq(z * root, x * root, rcond=None)[0]
        return np.asarray(x - z @ b, dtype=np.float64)

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Give coefficients of `size` samples of clusters; NaN where one fails."""
        groups = int(self.cluster.max()) + 1
        k = 2 * self.endogenous.shape[1] + self.exogenous.shape[1]
        out = np.full((size, k), np.nan)
        for i in range(size):
            count = np.bincount(rng.integers(0, groups, groups), minlength=groups)
            weights = count[self.cluster].astype(np.float64)
            kept = weights > 0
            v = self.residuals(weights)
            x = np.column_stack([self.endogenous, self.exogenous, v])[kept]
            found = kernel(
                self.y[kept],
                x,
                self.codes[:, kept],
                start=self.mean[kept],
                weights=weights[kept],
                tolerance=1e-8,
            )
            if found.settled:
                out[i] = found.b
        return out


def fit_control_function(
    data: IntoFrame,
    *,
    outcome: str,
    endogenous: Sequence[str],
    instruments: Sequence[str],
    cluster: str,
    covariates: Sequence[str] = (),
    effects: Sequence[Effect] = (),
    inference: Bootstrap = Bootstrap(n=499),  # noqa: B008  frozen
    n_jobs: int | None = None,
) -> RegressionFit:
    r"""Estimate an exponential mean whose covariates are moved by instruments.

    Use for patents or citations with endogenous knowledge pools; report the linear
    `fit_iv` beside it. Consistent only when the structural error is a linear function of
    the first-stage residual plus noise.

    Parameters
    ----------
    data
        One row per observation; rows with a missing number are dropped and counted.
    outcome
        Column of numbers at least 0.
    endogenous, instruments
        Columns of numbers.
    cluster
        Column of clusters that are resampled; effects should be nested in it or common.
    covariates
        Columns of numbers.
    effects
        Columns of labels whose levels are absorbed, in both steps.
    inference
        Resamples of clusters over both steps, and the seed.
    n_jobs
        Workers; no influence on the numbers.

    Returns
    -------
    RegressionFit
        Endogenous columns, covariates, then ``residual(column)``: a coefficient of 0 on
        it means that the column is exogenous. Covariance of the resamples.

    Raises
    ------
    NotIdentifiedError
        too_few_instruments, collinear, all_zero, one_cluster, bootstrap_failed.
    InvalidTableError
        Negative outcome or no complete row.

    Notes
    -----
    First-stage residuals of every endogenous column enter the Poisson mean. The naive
    error of the second step ignores that they are estimated and covers .86 to .91 instead
    of .95; a cluster drawn twice counts twice, which is the same as a copy of it because
    its effects are nested in it. Resamples that do not settle are left out and counted;
    more than one in ten is an error. About ten weighted removals of effects per resample.

    References
    ----------
    Wooldridge 2015, doi:10.3368/jhr.50.2.420. Lin and Wooldridge 2019,
    doi:10.1016/B978-0-12-814367-4.00002-2.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo import Bootstrap, fit_control_function
    >>> rng, g = np.random.default_rng(3), np.repeat(np.arange(100), 10)
    >>> z, u = rng.normal(size=1000), 0.3 * rng.normal(size=1000)
    >>> x = z + u
    >>> rows = pa.table({"g": g, "z": z, "x": x, "y": rng.poisson(np.exp(1 + 0.4 * x + u))})
    >>> fit = fit_control_function(rows, outcome="y", endogenous=["x"],
    ...     instruments=["z"], cluster="g", inference=Bootstrap(n=49, seed=1))
    >>> round(fit.coefficient("x"), 1)
    0.4
    """
    check_lists(endogenous, instruments)
    rows = read_rows(
        data,
        outcome=outcome,
        covariates=[*endogenous, *covariates],
        instruments=instruments,
        effects=effects,
        labels=(cluster,),
        minimum=0.0,
    )
    if not (rows.y > 0).any():
        msg = f"`{outcome}` is 0 in every row."
        raise NotIdentifiedError(
            msg, [Problem(code="all_zero", what="the outcome is 0", column=outcome)]
        )
    rows, steps, first = _two_steps(rows, len(endogenous), cluster)
    found = kernel(rows.y, rows.x, rows.codes)
    steps = replace(steps, mean=found.mean)
    spread = spread_of(rows, ClusteredBy((cluster,)), rows.x.shape[1])
    entropy = entropy_of(inference.seed)
    drawn = monte_carlo(
        steps.draw, n=inference.n, seed=entropy, block_size=8, n_jobs=n_jobs
    )
    good = np.asarray(np.isfinite(drawn).all(axis=1), dtype=bool)
    _check_draws(good)
    design = Design(
        rows=rows,
        spread=spread,
        y=rows.y,
        x=found.x,
        projected=found.x,
        residual=rows.y - found.mean,
        bread=poisson_bread(found.x, found.mean),
    )
    lost = int((~good).sum())
    fit = assemble(
        fit_control_function,
        design,
        found.b,
        method=METHOD,
        terms=(*first, *[f"residual({c})" for c in endogenous]),
        fit=found.deviance,
        parameters={
            "endogenous": list(endogenous),
            "instruments": list(instruments),
            "covariates": list(covariates),
            "n": inference.n,
        },
        notes=(f"{lost} resamples did not settle and were left out",) if lost else (),
    )
    cov = np.atleast_2d(np.cov(drawn[good].T))
    return replace(
        fit,
        covariance=frozen_array(cov),
        se=frozen_array(np.sqrt(np.diag(cov))),
        provenance=replace(fit.provenance, seed=entropy),
    )


def _two_steps(
    rows: Rows, k: int, cluster: str
) -> tuple[Rows, _Steps, tuple[str, ...]]:
    """Drop separated rows, then add first-stage residuals to the regressors."""
    rows, _ = solve(rows)
    exogenous = rows.x[:, k:]
    clean = absorb(np.column_stack([rows.z, exogenous]), rows.codes)[0]
    raw = np.column_stack([rows.z, exogenous])
    check_rank(clean, raw, (*rows.z_names, *rows.names[k:]), what="instruments")
    code = spread_of(rows, ClusteredBy((cluster,)), rows.x.shape[1]).clusters[0]
    steps = _Steps(
        y=rows.y,
        endogenous=rows.x[:, :k],
        exogenous=exogenous,
        z=rows.z,
        codes=rows.codes,
        cluster=code,
        mean=np.ones(rows.y.size),
    )
    v = steps.residuals(np.ones(rows.y.size))
    names = rows.names
    added = tuple(f"residual({c})" for c in names[:k])
    x = np.column_stack([rows.x, v])
    return replace(rows, x=x, names=(*names, *added)), steps, names


def _check_draws(good: np.ndarray) -> None:
    if good.mean() < 0.9:
        msg = f"{int((~good).sum())} of {good.size} resamples did not settle."
        raise NotIdentifiedError(
            msg,
            [
                Problem(
                    code="bootstrap_failed",
                    what="more than one resample in ten has no estimate",
                    fix="use larger clusters or fewer effects",
                )
            ],
        )
