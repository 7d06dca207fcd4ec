"""Spatial panel models by exact maximum likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.results import Provenance
from agglo.core.tables import as_panel
from agglo.econometrics._design import (
    Bias,
    Effects,
    Model,
    Weights,
    build_design,
    check_balanced,
)
from agglo.econometrics._estimate import estimate
from agglo.econometrics.results import SpatialPanelFit
from agglo.econometrics.vcov import Covariance, Observed

if TYPE_CHECKING:
    from agglo.core.tables import Panel
    from agglo.core.typing import IntoFrame
    from agglo.core.weights import SpatialWeights
    from agglo.core.weights_kinds import Rings

__all__ = ["fit_spatial_panel"]

WITH_LAGS = ("slx", "sdm", "sdem")


def lagged_columns(
    model: str, covariates: Sequence[str], durbin: Sequence[str] | None
) -> tuple[str, ...]:
    """Say which regressors get a spatial lag; refuse names that are no regressor."""
    if durbin is None:
        return tuple(covariates) if model in WITH_LAGS else ()
    unknown = [name for name in durbin if name not in covariates]
    if unknown:
        msg = f"durbin={unknown} are not among the regressors {list(covariates)}."
        raise OptionError(msg)
    if model not in WITH_LAGS and durbin:
        msg = f"durbin needs model 'slx', 'sdm' or 'sdem', not '{model}'."
        raise OptionError(msg)
    return tuple(durbin)


def check_bounds(bounds: tuple[float, float]) -> tuple[float, float]:
    """Refuse bounds of a spatial parameter that do not enclose zero."""
    low = check_number("rho_bounds[0]", bounds[0], maximum=0.0, open_ends=True)
    high = check_number(
        "rho_bounds[1]", bounds[1], minimum=0.0, maximum=1.0 + 1e-12, open_ends=True
    )
    return low, high


def fit_spatial_panel(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str],
    weights: Weights,
    model: Model = "sdm",
    durbin_weights: SpatialWeights | Rings | None = None,
    durbin: Sequence[str] | None = None,
    effects: Effects = ("region", "period"),
    bias: Bias = "transform",
    vcov: Covariance = Observed(),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
    rho_bounds: tuple[float, float] = (-1.0, 1.0),
) -> SpatialPanelFit:
    r"""Estimate how a region's outcome depends on its neighbours.

    Use for balanced panels of regions with known neighbours; not for a policy that starts
    at some date (see `fit_spatial_did`). Also: spatial autoregressive, spatial error,
    spatial Durbin panel.

    Parameters
    ----------
    data
        One row per region and period, balanced, no missing value; or a `Panel`.
    outcome, covariates
        Columns; finite numbers that vary after the effects are removed.
    weights
        Neighbours of the lagged outcome or error; aligned by label, no islands. With
        period effects and a bias correction every row sums to 1. A mapping of period to
        weights where neighbours change over time (``bias="none"`` only).
    model
        ``"sar"`` (lagged outcome), ``"sem"`` (lagged error), ``"slx"`` (lagged
        covariates), ``"sdm"`` (outcome and covariates), ``"sdem"`` (error and
        covariates), ``"sac"`` (outcome and error).
    durbin_weights
        Neighbours of the lagged covariates, default `weights`; `Rings` gives one lag per
        distance ring. Empty rows are allowed.
    durbin
        Covariates that get a lag; default all.
    effects
        ``("region", "period")``, one of them, or None (a constant).
    bias
        ``"transform"``: likelihood orthogonal to the effects (default). ``"bc"``: analytic
        correction of the plain fit. ``"none"``: plain, biased; for comparison.
    vcov
        Standard errors: `Observed`, `Expected`, `Robust`, `Clustered`, `DriscollKraay`,
        `Conley`.
    region, period
        Columns of labels.
    rho_bounds
        Bounds of the spatial parameter.

    Returns
    -------
    SpatialPanelFit
        Parameters with errors; ``impacts`` has the direct, indirect and total effects.
        A coefficient of a model with a lagged outcome is no effect: read the impacts.

    Raises
    ------
    InvalidTableError
        panel_unbalanced, panel_gap, panel_missing, duplicate_key: all at once.
    AlignmentError
        weights_ids, weights_islands.
    OptionError
        needs_row_standardised, bias_unsupported, size_limit, or an unknown choice.
    NotIdentifiedError
        collinear, rho_at_boundary, too_few_observations, one_period.

    Notes
    -----
    :math:`y_t = \rho W y_t + X_t b + W_x X_t g + \mu + \lambda_t 1 + e_t`. Lags are taken
    first and effects removed last: demeaning before lagging is another model. The score
    is solved for zero, so estimates agree with the exact optimum to 1e-10. ln|I - rho W|
    comes from eigenvalues up to 1,000 regions, from sparse factorisations above. Cost
    O(N T k^2) and about 30 factorisations.

    References
    ----------
    Lee and Yu 2010, doi:10.1016/j.jeconom.2009.08.001. LeSage and Pace 2009,
    doi:10.1201/9781420064254.

    See Also
    --------
    fit_spatial_did : The same with a treatment that starts at some date.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import fit_spatial_panel
    >>> rng, n = np.random.default_rng(7), 60
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> x = rng.normal(size=(n, 8))
    >>> y = np.linalg.solve(np.eye(n) - 0.4 * w.matrix.toarray(), x + rng.normal(size=(n, 8)))
    >>> rows = pa.table({"region": np.repeat(ids, 8), "period": np.tile(range(8), n),
    ...                  "y": y.ravel(), "x": x.ravel()})
    >>> fit = fit_spatial_panel(rows, outcome="y", covariates=["x"], weights=w)
    >>> round(fit.rho, 1)
    0.4
    """
    lagged = lagged_columns(model, covariates, durbin)
    bounds = check_bounds(rho_bounds)
    panel = as_panel(
        data, variables=[outcome, *covariates], region=region, period=period
    )
    check_balanced(panel, [outcome, *covariates])
    design = build_design(
        panel,
        outcome=outcome,
        columns=[(name, panel.variable(name)) for name in covariates],
        weights=weights,
        durbin_weights=durbin_weights,
        durbin=lagged,
        model=model,
        effects=effects,
        bias=bias,
    )
    found = estimate(design, bounds)
    provenance = Provenance.of(
        fit_spatial_panel,
        panel,
        design.weights,
        *([] if durbin_weights is None else [durbin_weights]),
        parameters={
            "outcome": outcome,
            "covariates": list(covariates),
            "model": model,
            "durbin": list(lagged),
            "effects": list(effects or ()),
            "bias": bias,
            "vcov": vcov.label,
            "rho_bounds": list(bounds),
        },
    )
    return SpatialPanelFit.build(design, found, vcov, provenance, bounds)
