"""Spatial regressions on one cross-section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.tables import as_panel
from agglo.econometrics._design import Model
from agglo.econometrics.panel import fit_spatial_panel
from agglo.econometrics.results import SpatialPanelFit
from agglo.econometrics.vcov import Covariance, Observed

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame
    from agglo.core.weights import SpatialWeights
    from agglo.core.weights_kinds import Rings

__all__ = ["fit_spatial"]

_ONLY = "only"


def fit_spatial(
    data: IntoFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    weights: SpatialWeights,
    model: Model = "sdm",
    durbin_weights: SpatialWeights | Rings | None = None,
    durbin: Sequence[str] | None = None,
    vcov: Covariance = Observed(),  # noqa: B008  frozen
    region: str = "region",
    rho_bounds: tuple[float, float] = (-1.0, 1.0),
) -> SpatialPanelFit:
    """Estimate a spatial regression on one period.

    Use for one cross-section; for several periods see `fit_spatial_panel`, which removes
    what is fixed in a region.

    Parameters
    ----------
    data
        One row per region, no missing value.
    outcome, covariates
        Columns; a constant is added.
    weights
        Neighbours, aligned by label.
    model, durbin_weights, durbin, vcov
        As in `fit_spatial_panel`.
    region
        Column of labels.
    rho_bounds
        Bounds of the spatial parameter.

    Returns
    -------
    SpatialPanelFit
        A fit with one period and the term ``constant``.

    Raises
    ------
    InvalidTableError
        panel_missing, duplicate_key.
    AlignmentError
        weights_ids, weights_islands.
    OptionError
        If an option has no such choice.
    NotIdentifiedError
        collinear, rho_at_boundary, too_few_observations.

    Notes
    -----
    The likelihood of `fit_spatial_panel` with T = 1 and no effects.

    References
    ----------
    Ord 1975, doi:10.1080/01621459.1975.10480272.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import fit_spatial
    >>> rng, n = np.random.default_rng(5), 300
    >>> ids = [f"r{i:03d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> x = rng.normal(size=n)
    >>> y = np.linalg.solve(np.eye(n) - 0.5 * w.matrix.toarray(), x + rng.normal(size=n))
    >>> rows = pa.table({"region": ids, "y": y, "x": x})
    >>> round(fit_spatial(rows, outcome="y", covariates=["x"], weights=w, model="sar").rho, 1)
    0.5
    """
    kind = frame_kind(data)
    table = to_arrow(data)
    named = {"outcome": outcome, "region": region}
    named |= {f"covariates[{i}]": c for i, c in enumerate(covariates)}
    require_columns(table, named)
    period = "period" if "period" not in table.column_names else "agglo_period"
    filled = pa.array(np.full(table.num_rows, _ONLY), pa.string())
    panel = as_panel(
        table.append_column(period, filled),
        variables=[outcome, *covariates],
        region=region,
        period=period,
    )
    return fit_spatial_panel(
        replace(panel, frame_kind=kind),
        outcome=outcome,
        covariates=covariates,
        weights=weights,
        model=model,
        durbin_weights=durbin_weights,
        durbin=durbin,
        effects=None,
        bias="none",
        vcov=vcov,
        rho_bounds=rho_bounds,
    )
