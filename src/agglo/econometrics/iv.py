"""Instrumental variables with any number of fixed effects, and how weak they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import chi2
from scipy.stats import f as f_law

from agglo.core.errors import NotIdentifiedError, OptionError, Problem
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.econometrics._kernels import anderson_rubin as sets
from agglo.econometrics._kernels import instruments as kernels
from agglo.econometrics._regression_fit import assemble, r_squared
from agglo.econometrics._regression_input import Effect, check_rank, clean, read_rows
from agglo.econometrics._regression_spread import labels_needed, spread_of
from agglo.econometrics.iv_results import BIASES, AndersonRubin, WeakInstruments
from agglo.econometrics.regression_results import Design, RegressionFit
from agglo.econometrics.regression_vcov import RegressionCovariance
from agglo.econometrics.vcov import Robust

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["anderson_rubin", "fit_iv", "weak_instruments"]

_CONDITION = 1e12


def fit_iv(
    data: IntoFrame,
    *,
    outcome: str,
    endogenous: Sequence[str],
    instruments: Sequence[str],
    covariates: Sequence[str] = (),
    effects: Sequence[Effect] = (),
    vcov: RegressionCovariance = Robust(),  # noqa: B008  frozen
    method: Literal["2sls", "liml"] = "2sls",
    weights: str | None = None,
) -> RegressionFit:
    r"""Estimate a linear regression whose covariates are moved by instruments.

    Also: two-stage least squares, limited-information maximum likelihood. Read
    `weak_instruments` beside it; with weak ones the interval to report is the one of
    `anderson_rubin`.

    Parameters
    ----------
    data
        One row per observation; rows with a missing number are dropped and counted.
    outcome, endogenous, instruments, covariates
        Columns of numbers; as many instruments as endogenous columns or more.
    effects
        Columns of labels whose levels are absorbed; without effects a ``constant``.
    vcov
        `Robust`, `Homoskedastic`, `ClusteredBy` (one or several ways) or `Dyadic`.
    method
        ``"2sls"`` or ``"liml"`` (less biased with many instruments).
    weights
        Column of positive weights.

    Returns
    -------
    RegressionFit
        Endogenous columns first, then covariates.

    Raises
    ------
    NotIdentifiedError
        too_few_instruments, collinear (naming columns), too_few_observations,
        one_cluster.
    InvalidTableError
        Infinite values or no complete row.

    Notes
    -----
    :math:`b = (X'(I - \kappa M_Z)X)^{-1} X'(I - \kappa M_Z)y`, kappa = 1 for two stages.
    Scores use the projected regressors; factor and degrees as in `fit_linear`.

    References
    ----------
    Anderson and Rubin 1949 (LIML), doi:10.1214/aoms/1177730090. Cameron and Miller 2015,
    doi:10.3368/jhr.50.2.317 (clusters).

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import fit_iv
    >>> rng = np.random.default_rng(2)
    >>> z, u = rng.normal(size=5000), rng.normal(size=5000)
    >>> x = z + u
    >>> rows = pa.table({"z": z, "x": x, "y": 0.4 * x + u})
    >>> fit = fit_iv(rows, outcome="y", endogenous=["x"], instruments=["z"])
    >>> round(fit.coefficient("x"), 1)
    0.4
    """
    check_choice("method", method, ("2sls", "liml"))
    check_lists(endogenous, instruments)
    rows = read_rows(
        data,
        outcome=outcome,
        covariates=[*endogenous, *covariates],
        instruments=instruments,
        effects=effects,
        labels=labels_needed(vcov),
        weights=weights,
    )
    k = len(endogenous)
    both = clean(rows, np.column_stack([rows.y, rows.x, rows.z]))
    y, x, z = np.split(both, [1, 1 + rows.x.shape[1]], axis=1)
    y, exogenous = y[:, 0], x[:, k:]
    check_rank(x, rows.x, rows.names)
    check_rank(
        np.column_stack([z, exogenous]),
        np.column_stack([rows.z, rows.x[:, k:]]),
        (*rows.z_names, *rows.names[k:]),
        what="instruments",
    )
    own = kernels_without(np.column_stack([y, x[:, :k], z]), exogenous)
    _check_condition(own[:, 1 + k :], rows.z_names)
    kappa = 1.0
    if method == "liml":
        kappa = kernels.liml_kappa(own[:, 0], own[:, 1 : 1 + k], own[:, 1 + k :])
    b, bread, projected = kernels.k_class(y, x, np.column_stack([z, exogenous]), kappa)
    e = y - x @ b
    design = Design(
        rows=rows,
        spread=spread_of(rows, vcov, x.shape[1]),
        y=y,
        x=x,
        projected=projected,
        residual=e,
        bread=bread,
        z=own[:, 1 + k :],
        n_endogenous=k,
    )
    return assemble(
        fit_iv,
        design,
        b,
        method=method,
        terms=rows.names,
        fit=r_squared(y, e, effects=bool(rows.effects)),
        parameters={
            "endogenous": list(endogenous),
            "instruments": list(instruments),
            "covariates": list(covariates),
            "method": method,
            "weights": weights,
        },
    )


def check_lists(endogenous: Sequence[str], instruments: Sequence[str]) -> None:
    """Refuse texts, empty lists and fewer instruments than endogenous columns."""
    for option, given in (("endogenous", endogenous), ("instruments", instruments)):
        if isinstance(given, str) or not given:
            msg = f"{option}={given!r} must be a sequence of at least one column."
            raise OptionError(msg)
    if len(instruments) < len(endogenous):
        msg = (
            f"{len(instruments)} instruments cannot move {len(endogenous)} endogenous "
            "columns."
        )
        raise NotIdentifiedError(
            msg,
            [
                Problem(
                    code="too_few_instruments",
                    what=f"{len(instruments)} < {len(endogenous)}",
                    where="instruments",
                    fix="name at least one instrument per endogenous column",
                )
            ],
        )


def _check_condition(z: FloatArray, names: Sequence[str]) -> None:
    size = np.linalg.norm(z, axis=0)
    values, vectors = np.linalg.eigh((z / size).T @ (z / size))
    if values[-1] / max(float(values[0]), 1e-300) > _CONDITION:
        near = [names[int(j)] for j in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)]
        msg = f"The instruments {near} are collinear after effects and covariates."
        raise NotIdentifiedError(
            msg,
            [
                Problem(code="collinear", what="nearly dependent instruments", column=c)
                for c in near
            ],
        )


def kernels_without(values: FloatArray, controls: FloatArray) -> FloatArray:
    """Remove exogenous columns from columns that have no effects left."""
    if controls.shape[1] == 0:
        return values
    found = np.linalg.lstsq(controls, values, rcond=None)[0]
    return np.asarray(values - controls @ found, dtype=np.float64)


def partialled(fit: RegressionFit) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give outcome, endogenous columns and instruments without effects and covariates."""
    design = fit.design
    if design.z is None:
        msg = f"fit has no instruments: it is by {fit.method}; use fit_iv."
        raise OptionError(msg)
    k = design.n_endogenous
    both = kernels_without(
        np.column_stack([design.y, design.x[:, :k]]), design.x[:, k:]
    )
    return both[:, 0], both[:, 1:], design.z


def check_clusters(fit: RegressionFit, n_instruments: int) -> None:
    spread = fit.design.spread
    if spread.members is not None:
        msg = "vcov: instrument tests are defined for rows or clusters, not for dyads."
        raise OptionError(msg)
    if spread.clusters and spread.n_groups <= n_instruments:
        msg = f"{spread.n_groups} clusters cannot weigh {n_instruments} instruments."
        raise NotIdentifiedError(
            msg,
            [
                Problem(
                    code="too_few_clusters",
                    what=f"{spread.n_groups} clusters, {n_instruments} instruments",
                    fix="use fewer instruments or smaller clusters",
                )
            ],
        )


def weak_instruments(fit: RegressionFit) -> WeakInstruments:
    r"""Say how strongly the instruments move the endogenous covariates.

    Also: Kleibergen-Paap, Montiel Olea-Pflueger effective F, Sanderson-Windmeijer
    conditional F, Cragg-Donald, Hansen J, Durbin-Wu-Hausman.

    Parameters
    ----------
    fit
        A fit of `fit_iv`; its clusters are used.

    Returns
    -------
    WeakInstruments
        One row per statistic. ``weak`` is True when the effective F is below its 10 %
        critical value, or, with several endogenous columns, when the Kleibergen-Paap F is
        below 10: then the Anderson-Rubin set is the interval to report.

    Raises
    ------
    OptionError
        If `fit` has no instruments or dyadic errors.
    NotIdentifiedError
        If there are no more clusters than instruments.

    Notes
    -----
    All F statistics carry the factor of clustered errors, k counting instruments. The
    effective F exists for one endogenous column; its critical values bound the relative
    bias of two-stage least squares by 5, 10, 20 and 30 % at the 5 % level (Patnaik's
    approximation). Cost O(rows (L K)^2).

    References
    ----------
    Kleibergen and Paap 2006, doi:10.1016/j.jeconom.2005.02.011. Montiel Olea and
    Pflueger 2013, doi:10.1080/00401706.2013.806694. Sanderson and Windmeijer 2016,
    doi:10.1016/j.jeconom.2015.06.004.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import fit_iv, weak_instruments
    >>> rng = np.random.default_rng(2)
    >>> z, u = rng.normal(size=5000), rng.normal(size=5000)
    >>> rows = pa.table({"z": z, "x": z + u, "y": 0.4 * z + u})
    >>> fit = fit_iv(rows, outcome="y", endogenous=["x"], instruments=["z"])
    >>> round(float(weak_instruments(fit).critical[1]), 2)
    23.11
    """
    y, x, z = partialled(fit)
    k, n_z = x.shape[1], z.shape[1]
    check_clusters(fit, n_z)
    spread, codes = fit.design.spread, fit.design.spread.clusters
    controls = fit.design.x.shape[1] - k
    factor = spread.factor(n_z + controls)
    rank = kernels.rank_test(x, z, codes)
    undefined: list[Undefined] = []
    value, degrees, critical = np.nan, np.full(4, np.nan), np.full(4, np.nan)
    if k == 1:
        found = kernels.effective_f(x[:, 0], z, codes, BIASES)
        value, degrees, critical = found.value / factor, found.degrees, found.critical
    else:
        reason = "the effective F is defined for one endogenous column"
        undefined.append(Undefined(reason=reason, item="effective F"))
    hansen, sargan = np.nan, np.nan
    if n_z > k:
        hansen, sargan = kernels.hansen(y, x, z, codes)
    else:
        reason = "as many instruments as endogenous columns: nothing to test"
        undefined.append(Undefined(reason=reason, item="Hansen J and Sargan", n=2))
    conditional = [kernels.conditional_f(x, z, j, codes) / factor for j in range(k)]
    both = spread.factor(2 * k + controls)
    return WeakInstruments(
        provenance=Provenance.of(
            weak_instruments,
            fit.provenance.input_digest,
            parameters=dict(fit.provenance.parameters),
            warnings=fit.provenance.warnings,
        ),
        frame_kind=fit.frame_kind,
        undefined=tuple(undefined),
        endogenous=fit.terms[:k],
        n_instruments=n_z,
        kp_wald=rank.wald,
        kp_lm=rank.lm,
        kp_df=rank.df,
        kp_f=rank.wald / (n_z * factor),
        cragg_donald=kernels.cragg_donald(x, z),
        effective_f=float(value),
        effective_degrees=frozen_array(degrees),
        critical=frozen_array(critical),
        conditional_f=frozen_array(np.array(conditional)),
        hansen_j=float(hansen),
        sargan=float(sargan),
        exogeneity=kernels.exogeneity(y, x, z, codes) / both / k,
        df=spread.df(k),
    )


def anderson_rubin(
    fit: RegressionFit,
    *,
    term: str | None = None,
    null: float = 0.0,
    level: float = 0.95,
    form: Literal["score", "wald"] = "score",
) -> AndersonRubin:
    r"""Give the values of a coefficient that the instruments do not reject.

    The coverage does not depend on the strength of the instruments. The set may be an
    interval, a union, the whole line or empty; it is returned as it is.

    Parameters
    ----------
    fit
        A fit of `fit_iv`; its clusters are used.
    term
        Endogenous column; needed when there are several.
    null
        Value that is tested.
    level
        Coverage, in (0, 1).
    form
        ``"score"`` (default, better coverage): moments of the restricted residuals
        against chi-square with L degrees. ``"wald"``: the form other programs print,
        F(L, G - 1).

    Returns
    -------
    AndersonRubin
        ``intervals`` (ends may be infinite), statistic and p-value at `null`.

    Raises
    ------
    OptionError
        Unknown `term`, `form` or `level`, or a fit without instruments.
    NotIdentifiedError
        If there are no more clusters than instruments.

    Notes
    -----
    Score form: :math:`q'S^{-1}q`, q = Z'(y - x b0). With several endogenous columns the
    others are minimised over (projection, conservative). An adaptive grid of 1,600 values
    over 1e6 standard errors, with turning points refined and ends bracketed to 1e-12; the
    tails follow from the limit at infinity. Cost O(rows L^2) once, then O(L^3) per value.

    References
    ----------
    Anderson and Rubin 1949, doi:10.1214/aoms/1177730090. Chernozhukov and Hansen 2008,
    doi:10.1016/j.econlet.2007.11.012.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import anderson_rubin, fit_iv
    >>> rng = np.random.default_rng(2)
    >>> z, u = rng.normal(size=5000), rng.normal(size=5000)
    >>> rows = pa.table({"z": z, "x": z + u, "y": 0.4 * (z + u) + u})
    >>> fit = fit_iv(rows, outcome="y", endogenous=["x"], instruments=["z"])
    >>> round(anderson_rubin(fit, null=0.4).intervals[0][0], 1)
    0.4
    """
    check_choice("form", form, ("score", "wald"))
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    check_number("null", null)
    y, x, z = partialled(fit)
    k, n_z = x.shape[1], z.shape[1]
    check_clusters(fit, n_z)
    if term is None and k > 1:
        msg = f"term=None: name one of the endogenous columns {list(fit.terms[:k])}."
        raise OptionError(msg)
    j = 0 if term is None else fit.place(term)
    if j >= k:
        msg = f"term={term!r} is not endogenous; choose from {list(fit.terms[:k])}."
        raise OptionError(msg)
    spread = fit.design.spread
    statistic = sets.prepare(y, x, z, spread.clusters, form)
    scale, df2 = 1.0, np.inf
    critical = float(chi2.ppf(level, n_z))
    if form == "wald":
        scale = n_z * spread.factor(n_z + fit.design.x.shape[1] - k)
        df2 = spread.df(n_z)
        critical = float(f_law.ppf(level, n_z, df2)) * scale
    kappa = kernels.liml_kappa(y, x, z)
    start = kernels.k_class(y, x, z, kappa)[0]
    intervals, observed = _intervals(
        statistic, j, k, start, float(fit.se[j]), critical, null
    )
    value = observed / scale
    p = chi2.sf(value, n_z) if form == "score" else f_law.sf(value, n_z, df2)
    empty = Undefined(reason="no value is compatible with the instruments", n=2)
    return AndersonRubin(
        provenance=Provenance.of(
            anderson_rubin,
            fit.provenance.input_digest,
            parameters={"term": term, "null": null, "level": level, "form": form},
            warnings=fit.provenance.warnings,
        ),
        frame_kind=fit.frame_kind,
        undefined=() if intervals else (empty,),
        term=fit.terms[j],
        intervals=intervals,
        level=level,
        null=null,
        statistic=float(value),
        p=float(p),
        form=form,
        projection=k > 1,
        estimate=float(start[j]),
    )


def _intervals(
    statistic: sets.Statistic,
    j: int,
    k: int,
    start: FloatArray,
    width: float,
    critical: float,
    null: float,
) -> tuple[tuple[tuple[float, float], ...], float]:
    if k == 1:
        found = sets.confidence_set(
            lambda v: statistic.at(v[:, None]),
            statistic.far(),
            critical,
            float(start[0]),
            width,
        )
        return found, float(statistic.at(np.array([[null]]))[0])
    return sets.projected_set(statistic, j, start, width, critical, null)
