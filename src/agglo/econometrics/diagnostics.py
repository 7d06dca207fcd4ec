"""Which spatial model: tests before and after the fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import (
    Design,
    Effects,
    Model,
    Variable,
    build_design,
    check_balanced,
)
from agglo.econometrics._estimate import estimate
from agglo.econometrics._kernels.within import lag
from agglo.econometrics.results import SpatialPanelFit, wald_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntArray, IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["SpatialTests", "lm_tests", "model_tests"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SpatialTests(Result):
    """Chi-square tests in rows.

    Attributes
    ----------
    test
        What is tested.
    kind
        ``"LM"``, ``"LR"`` or ``"Wald"``.
    statistic, df, p
        Statistic, degrees of freedom, upper tail.
    title
        First line of the summary.
    """

    test: tuple[str, ...]
    kind: tuple[str, ...]
    statistic: FloatArray
    df: IntArray
    p: FloatArray
    title: str

    def of(self, test: str, kind: str) -> float:
        """Give one statistic."""
        pairs = list(zip(self.test, self.kind, strict=True))
        return float(self.statistic[pairs.index((test, kind))])

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per test."""
        return {
            "test": list(self.test),
            "kind": list(self.kind),
            "value": self.statistic,
            "df": self.df,
            "p": self.p,
        }

    def summary(self) -> str:
        """Give a line per test."""
        rows = [
            f"  {kind} {test}: {value:.4f} on {df}, p = {p:.4g}"
            for test, kind, value, df, p in zip(
                self.test, self.kind, self.statistic, self.df, self.p, strict=True
            )
        ]
        return "\n".join([self.title, *rows])

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.test))
        ax.barh(place, self.p, color="#0072B2")
        ax.axvline(0.05, color="#D55E00", lw=0.8)
        ax.set_yticks(
            place, [f"{k} {t}" for k, t in zip(self.kind, self.test, strict=True)]
        )
        ax.set(xlabel="p-value")


def _table(
    rows: Sequence[tuple[str, str, float, int]],
    title: str,
    provenance: Provenance,
    design: Design,
) -> SpatialTests:
    from scipy.stats import chi2

    statistic = np.array([r[2] for r in rows])
    df = np.array([r[3] for r in rows], dtype=np.int64)
    return SpatialTests(
        test=tuple(r[0] for r in rows),
        kind=tuple(r[1] for r in rows),
        statistic=frozen_array(statistic),
        df=frozen_array(df),
        p=frozen_array(np.asarray(chi2.sf(statistic, df), dtype=np.float64)),
        title=title,
        provenance=provenance,
        frame_kind=design.frame_kind,
    )


def lm_tests(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str],
    weights: SpatialWeights,
    effects: Effects = ("region", "period"),
    redemean: bool = True,
    region: str = "region",
    period: str = "period",
) -> SpatialTests:
    r"""Test a panel regression for a missing spatial lag or spatial error.

    Use before choosing a spatial model; not to prove one (a common factor or an omitted
    variable also rejects).

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    outcome, covariates
        Columns.
    weights
        Neighbours.
    effects
        Effects that are removed; None keeps a constant.
    redemean
        Whether the lag of the fitted values is demeaned again, which is exact. False
        gives the figures printed in the literature with period effects.
    region, period
        Columns of labels.

    Returns
    -------
    SpatialTests
        Lag, error, and each robust against the other; chi-square with one degree.

    Raises
    ------
    InvalidTableError
        panel_unbalanced, panel_gap, panel_missing, duplicate_key.
    AlignmentError
        weights_ids, weights_islands.
    NotIdentifiedError
        collinear, too_few_observations.

    Notes
    -----
    With e and s2 = e'e/NT of the regression, :math:`T_W = tr(W'W + WW)`,
    :math:`r_y = e'Wy/s2`, :math:`r_e = e'We/s2` and
    :math:`J = [(WXb)'M(WXb) + T\,T_W s2]/s2`: lag :math:`r_y^2/J`, error
    :math:`r_e^2/(T\,T_W)`, robust lag :math:`(r_y - r_e)^2/(J - T\,T_W)`, robust error
    :math:`[r_e - T\,T_W r_y/J]^2/[T\,T_W(1 - T\,T_W/J)]`. With two-way effects and few
    regions a true null is rejected too often (10-13 % at 5 % with 40 regions, measured).
    Cost O(N T k).

    References
    ----------
    Anselin, Bera, Florax and Yoon 1996, doi:10.1016/0166-0462(95)02111-6.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import lm_tests
    >>> rng, n = np.random.default_rng(7), 60
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> x = rng.normal(size=(n, 8))
    >>> y = np.linalg.solve(np.eye(n) - 0.4 * w.matrix.toarray(), x + rng.normal(size=(n, 8)))
    >>> rows = pa.table({"region": np.repeat(ids, 8), "period": np.tile(range(8), n),
    ...                  "y": y.ravel(), "x": x.ravel()})
    >>> tests = lm_tests(rows, outcome="y", covariates=["x"], weights=w)
    >>> bool(tests.p[0] < 0.01)
    True
    """
    panel = as_panel(
        data, variables=[outcome, *covariates], region=region, period=period
    )
    check_balanced(panel, [outcome, *covariates])
    design = build_design(
        panel,
        outcome=outcome,
        columns=[(name, panel.variable(name)) for name in covariates],
        weights=weights,
        durbin_weights=None,
        durbin=(),
        model="sem",
        effects=effects,
        bias="none",
    )
    values = _lm_statistics(design, redemean=redemean)
    names = ("lag", "error", "robust lag", "robust error")
    provenance = Provenance.of(
        lm_tests,
        panel,
        weights,
        parameters={
            "outcome": outcome,
            "covariates": list(covariates),
            "effects": list(effects or ()),
            "redemean": redemean,
        },
    )
    return _table(
        [(name, "LM", v, 1) for name, v in zip(names, values, strict=True)],
        f"Lagrange multiplier tests of {outcome}; weights: {weights.kind}",
        provenance,
        design,
    )


def _lm_statistics(design: Design, *, redemean: bool) -> tuple[float, ...]:
    w, k = design.weights.matrix, design.z.shape[2]
    x0 = design.arrays[0]
    y, z = x0[:, :, 0].ravel(), x0[:, :, 2:]
    flat = z.reshape(-1, k)
    b = np.linalg.lstsq(flat, y, rcond=None)[0]
    residual = y - flat @ b
    s2 = float(residual @ residual) / y.size
    e = residual.reshape(design.y.shape)
    if redemean:
        fitted = design.within(lag(w, design.z @ b)).ravel()
    else:
        fitted = lag(w, z @ b).ravel()
    rest = fitted - flat @ np.linalg.lstsq(flat, fitted, rcond=None)[0]
    traces = float((w.multiply(w)).sum() + (w.multiply(w.T)).sum())
    tw = len(design.periods) * traces
    ry = float((e * lag(w, design.y)).sum()) / s2
    re = float((e * lag(w, e)).sum()) / s2
    j = (float(rest @ rest) + tw * s2) / s2
    return (
        ry**2 / j,
        re**2 / tw,
        (ry - re) ** 2 / (j - tw),
        (re - tw / j * ry) ** 2 / (tw * (1.0 - tw / j)),
    )


def without_lags(design: Design, model: Model) -> Design:
    """Give the same design without lagged regressors, for a nested model."""
    constant = [i for i, t in enumerate(design.terms) if t == "constant"]
    keep = [v.own for v in design.variables] + constant
    return replace(
        design,
        z=design.z[:, :, keep],
        terms=tuple(design.terms[i] for i in keep),
        variables=tuple(
            Variable(name=v.name, own=i) for i, v in enumerate(design.variables)
        ),
        model=model,
    )


def model_tests(fit: SpatialPanelFit) -> SpatialTests:
    r"""Test whether a spatial Durbin model reduces to a simpler one.

    Parameters
    ----------
    fit
        A fit with ``model="sdm"`` and lags by `weights`.

    Returns
    -------
    SpatialTests
        ``"SAR"``: no lagged regressors; ``"SEM"``: :math:`\theta + \rho \beta = 0`, both as
        LR and Wald. ``"region effects"`` and ``"period effects"``: LR of the plain
        likelihoods with N and T degrees of freedom, where the fit has both.

    Raises
    ------
    OptionError
        If the fit is no spatial Durbin model by one matrix of weights.

    Notes
    -----
    LR uses the likelihood of the fit's own bias setting, so it is undefined for
    ``bias="bc"`` and left out. Wald uses the fit's errors, SEM by the delta method.

    References
    ----------
    Elhorst 2014, doi:10.1007/978-3-642-40340-8.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import fit_spatial_panel, model_tests
    >>> rng, n = np.random.default_rng(7), 60
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> x = rng.normal(size=(n, 8))
    >>> rows = pa.table({"region": np.repeat(ids, 8), "period": np.tile(range(8), n),
    ...                  "y": (x + w.lag(x)).ravel(), "x": x.ravel()})
    >>> rows = rows.set_column(2, "y", pa.array(rows["y"].to_numpy() + rng.normal(size=480)))
    >>> fit = fit_spatial_panel(rows, outcome="y", covariates=["x"], weights=w)
    >>> bool(model_tests(fit).p[0] < 0.01)
    True
    """
    design = fit.design
    pairs = [(v.own, c) for v in design.variables for _, c in v.lagged]
    if design.model != "sdm" or design.exposures or not pairs:
        msg = "model_tests needs a fit with model='sdm' and lags by its own weights."
        raise OptionError(msg)
    rows: list[tuple[str, str, float, int]] = []
    own, far = (np.array(a) for a in zip(*pairs, strict=True))
    if design.bias != "bc":
        for name, model in (("SAR", "sar"), ("SEM", "sem")):
            nested = without_lags(design, "sar" if model == "sar" else "sem")
            gain = fit.loglik - estimate(nested, fit.bounds).optimum.loglik
            rows.append((name, "LR", 2.0 * gain, far.size))
    at_rho = fit.term.index("rho")
    theta = wald_of(fit.value[far], fit.cov[np.ix_(far, far)])
    rows.append(("SAR", "Wald", theta.statistic, theta.df))
    slope = np.zeros((far.size, fit.value.size))
    slope[np.arange(far.size), far] = 1.0
    slope[np.arange(far.size), own] = fit.rho
    slope[:, at_rho] = fit.value[own]
    factor = wald_of(
        fit.value[far] + fit.rho * fit.value[own], slope @ fit.cov @ slope.T
    )
    rows.append(("SEM", "Wald", factor.statistic, factor.df))
    if design.unit and design.period:
        rows += _effect_tests(fit)
    return _table(
        rows,
        f"Can the SDM of {design.outcome} be simpler? Errors: {fit.vcov.label}",
        fit.provenance,
        design,
    )


def _effect_tests(fit: SpatialPanelFit) -> list[tuple[str, str, float, int]]:
    plain = replace(fit.design, bias="none")
    full = estimate(plain, fit.bounds).optimum.loglik
    out = []
    for name, part, df in (
        ("region effects", replace(plain, unit=False), len(plain.regions)),
        ("period effects", replace(plain, period=False), len(plain.periods)),
    ):
        gain = full - estimate(part, fit.bounds).optimum.loglik
        out.append((name, "LR", 2.0 * gain, df))
    return out
