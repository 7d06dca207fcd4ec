"""Spatial Durbin difference-in-differences: a policy's effect here and next door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agglo.core.options import check_choice
from agglo.core.results import Provenance
from agglo.core.tables import as_panel
from agglo.core.weights_kinds import Rings
from agglo.econometrics._design import (
    Bias,
    Effects,
    Model,
    Weights,
    build_design,
    check_balanced,
)
from agglo.econometrics._estimate import estimate
from agglo.econometrics._kernels.bacon import forbidden_share
from agglo.econometrics._treatment import Treatment, read_treatment
from agglo.econometrics.did_results import SpatialDID
from agglo.econometrics.panel import check_bounds, lagged_columns
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from agglo.core.tables import Panel
    from agglo.core.typing import IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["fit_spatial_did"]

_FEW_TREATED = 10


def treatment_remarks(treated: Treatment, rho: float) -> list[str]:
    """Say what weakens a design, for the result's warnings."""
    out = []
    if treated.n_treated < _FEW_TREATED:
        out.append(f"only {treated.n_treated} treated regions: errors are too small")
    if treated.staggered:
        share = forbidden_share(treated.first, treated.d.shape[1])
        out.append(
            f"staggered starts: {share:.0%} of the comparisons behind one coefficient use "
            "regions already treated as controls (Goodman-Bacon weights of the model "
            "without space and covariates); show an event study and an estimator robust "
            "to unequal effects beside it"
        )
    if abs(rho) > 0.95:
        out.append(f"rho = {rho:.3f} is close to its bound")
    return out


def fit_spatial_did(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str] = (),
    weights: Weights,
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    model: Model = "sdm",
    durbin_weights: SpatialWeights | Rings | None = None,
    durbin: Sequence[str] | None = None,
    split: bool = False,
    effects: Effects = ("region", "period"),
    bias: Bias = "transform",
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
    rho_bounds: tuple[float, float] = (-1.0, 1.0),
) -> SpatialDID:
    r"""Estimate what a policy did to the treated regions and to the others.

    Use for a policy that starts in some regions at some date and stays; not for effects by
    year since the start (see `fit_spatial_event_study`). Also: SDM-DID.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    outcome, covariates
        Columns; finite numbers.
    weights
        Neighbours of the lagged outcome; rows sum to 1 for ``bias="transform"``. A mapping
        of period to weights where neighbours change (``bias="none"`` only).
    treatment
        Column of 0 and 1 that stays 1 once it is 1. Give this or `start`.
    start
        Region to first treated period, as a mapping or a table with columns `region` and
        ``start``; absent or empty means never treated.
    model
        As in `fit_spatial_panel`; ``"slx"`` has no lagged outcome.
    durbin_weights
        Neighbours of treatment and covariates, default `weights`. With `Rings` the
        treatment has one lag per ring, the covariates keep the lag of `weights`; rings
        with ``exposure="nearest"`` count the nearest treated region only.
    durbin
        Terms that get a lag, of ``"treatment"`` (or the column's name) and `covariates`;
        default all.
    split
        Exposure apart for treated and untreated cells, :math:`D (W_x D)` and
        :math:`(1 - D)(W_x D)`; the first counts in ``realised()`` only, as one region
        treated alone has no treated neighbour.
    effects, bias
        As in `fit_spatial_panel`.
    vcov
        Standard errors; default clustered by region.
    region, period, rho_bounds
        As in `fit_spatial_panel`.

    Returns
    -------
    SpatialDID
        Coefficients; ``impacts`` (one region treated alone) and ``realised()`` (this
        policy as it was). They answer different questions: show both.

    Raises
    ------
    NotIdentifiedError
        treatment_reversal, treatment_none, treatment_all, treatment_first_period,
        no_controls, collinear, rho_at_boundary.
    InvalidTableError
        panel_unbalanced, panel_gap, panel_missing, duplicate_key.
    AlignmentError
        weights_ids, weights_islands.
    OptionError
        Both or neither of `treatment` and `start`; options as in `fit_spatial_panel`.

    Notes
    -----
    :math:`y_t = \rho W y_t + \beta D_t + \theta W_x D_t + X_t b + W_x X_t g + \mu +
    \lambda_t 1 + e_t`. One coefficient for all starts is not robust to effects that grow
    or differ under staggered starts; the result warns. Cost as `fit_spatial_panel`, and
    one dense inverse for clustered errors (up to 5,000 regions).

    References
    ----------
    Lee and Yu 2010, doi:10.1016/j.jeconom.2009.08.001. Goodman-Bacon 2021,
    doi:10.1016/j.jeconom.2021.03.014. Zeng and Tao 2025,
    doi:10.1080/00343404.2025.2551149, is the design this follows; it is not replicated.
    Chagas, Azzoni and Almeida 2016, doi:10.1016/j.regsciurbeco.2016.04.007, for the split
    (inferred).

    See Also
    --------
    fit_spatial_event_study : Effects by period since the start, and tests of leads.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import fit_spatial_did
    >>> rng, n, t = np.random.default_rng(3), 60, 8
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> d = (np.arange(t) >= np.where(np.arange(n) % 3, t, 4)[:, None]) * 1.0
    >>> y = np.linalg.solve(np.eye(n) - 0.3 * w.matrix.toarray(),
    ...                     2 * d + rng.normal(size=(n, t)))
    >>> rows = pa.table({"region": np.repeat(ids, t), "period": np.tile(range(t), n),
    ...                  "y": y.ravel(), "d": d.ravel()})
    >>> fit = fit_spatial_did(rows, outcome="y", treatment="d", weights=w)
    >>> round(fit.impacts.of("d")["direct"], 1)
    2.0
    """
    check_choice("model", model, ("sar", "sem", "slx", "sdm", "sdem", "sac"))
    name = treatment or "treatment"
    chosen = (
        None
        if durbin is None
        else tuple(name if d == "treatment" else d for d in durbin)
    )
    lagged = lagged_columns(model, (name, *covariates), chosen)
    bounds = check_bounds(rho_bounds)
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    check_balanced(panel, needed)
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    design = build_design(
        panel,
        outcome=outcome,
        columns=[(name, treated.d), *((c, panel.variable(c)) for c in covariates)],
        weights=weights,
        durbin_weights=durbin_weights,
        durbin=lagged,
        plain=covariates if isinstance(durbin_weights, Rings) else (),
        model=model,
        effects=effects,
        bias=bias,
        split=split,
    )
    found = estimate(design, bounds)
    provenance = Provenance.of(
        fit_spatial_did,
        panel,
        treated.d,
        design.weights,
        *([] if durbin_weights is None else [durbin_weights]),
        parameters={
            "outcome": outcome,
            "treatment": treatment,
            "covariates": list(covariates),
            "model": model,
            "durbin": list(lagged),
            "split": split,
            "effects": list(effects or ()),
            "bias": bias,
            "vcov": vcov.label,
            "rho_bounds": list(bounds),
        },
        warnings=treatment_remarks(treated, found.optimum.rho),
    )
    return SpatialDID.build(design, found, vcov, provenance, bounds)
