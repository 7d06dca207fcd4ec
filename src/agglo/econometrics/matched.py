"""The spatial model on matched regions only: another, smaller system of neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.options import check_choice
from agglo.core.results import Provenance
from agglo.core.tables import as_panel
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Coordinates, Rings, distance_matrix
from agglo.econometrics._design import Bias, Effects, Model
from agglo.econometrics._restricted import without_regions, without_units
from agglo.econometrics._treatment import starts_from
from agglo.econometrics.spatial_did import fit_spatial_did
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from agglo.core.tables import Panel
    from agglo.core.typing import IntoFrame
    from agglo.econometrics.did_results import SpatialDID
    from agglo.econometrics.propensity import PropensityMatch

__all__ = ["fit_matched_did"]

_SHOWN = 10


def fit_matched_did(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    match: PropensityMatch,
    weights: SpatialWeights,
    start: Mapping[str, str] | IntoFrame,
    covariates: Sequence[str] = (),
    durbin_weights: SpatialWeights | Rings | None = None,
    islands: Literal["raise", "nearest", "drop"] = "raise",
    positions: Mapping[str, tuple[float, float]] | None = None,
    coordinates: Coordinates = "degrees",
    model: Model = "sdm",
    effects: Effects = ("region", "period"),
    bias: Bias = "transform",
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
) -> SpatialDID:
    """Estimate the spatial model on the regions that a match keeps.

    Use to see whether the answer hangs on regions that never could have been treated. It
    is a different spatial system: neighbours outside the match are gone, and the result
    says so. To keep all regions and weigh them instead see `fit_weighted_did`.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    outcome
        As in `fit_spatial_did`.
    match
        From `match_controls`; regions with weight above 0 are kept, each once.
    weights
        Of all regions; cut to those kept, rows standardised again.
    start
        As in `fit_spatial_did`; treated regions without a match are left out.
    covariates
        As in `fit_spatial_did`.
    durbin_weights
        As `weights`, cut alike.
    islands
        Kept regions that lose all their neighbours: ``"raise"``, tie them to the
        ``"nearest"`` kept region (needs `positions`), or ``"drop"`` them.
    positions, coordinates
        Region to (longitude, latitude) or (x, y).
    model, effects, bias, vcov
        As in `fit_spatial_did`.
    region, period
        Columns of labels.

    Returns
    -------
    SpatialDID
        As `fit_spatial_did`, on fewer regions; warnings name how many links were lost.

    Raises
    ------
    AlignmentError
        weights_ids: `match` and panel differ in regions, or a position is missing;
        weights_islands.
    OptionError
        ``islands="nearest"`` without positions, or other options as in `fit_spatial_did`.
    NotIdentifiedError
        As in `fit_spatial_did`.
    InvalidTableError
        As in `fit_spatial_did`.

    Notes
    -----
    How often a control was drawn does not count here: the likelihood has no weights. Cost
    as `fit_spatial_did`.

    References
    ----------
    Rosenbaum and Rubin 1985, doi:10.1080/00031305.1985.10479383, for the match.

    Examples
    --------
    >>> from agglo.econometrics import fit_matched_did, match_controls
    >>> from agglo.simulate import simulate_corridors
    >>> made = simulate_corridors(seed=1)
    >>> match = match_controls(made.panel, covariates=["x"], start=made.starts)
    >>> fit = fit_matched_did(made.panel, outcome="diversification", covariates=["x"],
    ...                       match=match, weights=made.weights, start=made.starts,
    ...                       islands="nearest", positions=made.positions)
    >>> round(fit.impacts.of("treatment")["direct"], 1)
    0.3
    """
    check_choice("islands", islands, ("raise", "nearest", "drop"))
    if islands == "nearest" and positions is None:
        msg = "islands='nearest' needs positions."
        raise OptionError(msg)
    panel = as_panel(
        data, variables=[outcome, *covariates], region=region, period=period
    )
    names = [str(r) for r in panel.regions]
    if set(names) != set(match.region):
        apart = sorted(set(names) ^ set(match.region))
        msg = f"[weights_ids] match and panel differ in regions: {apart[:_SHOWN]}."
        raise AlignmentError(msg)
    weights.aligned(panel.regions)
    kept = dict(zip(match.region, match.weight > 0, strict=True))
    drop = {r for r in names if not kept[r]}
    remarks = [f"matched set: {len(names) - len(drop)} of {len(names)} regions"]
    w = without_units(weights, drop)
    links = 1.0 - w.matrix.nnz / max(weights.matrix.nnz, 1)
    remarks.append(f"a different spatial system: {links:.0%} of the links are gone")
    lonely = w.islands
    if lonely and islands == "drop":
        while w.islands:
            drop |= set(w.islands)
            w = without_units(weights, drop)
        remarks.append(f"regions without a matched neighbour dropped: {len(lonely)}")
    elif lonely and islands == "nearest":
        w = _tied(w, dict(positions or {}), coordinates)
        remarks.append(f"{len(lonely)} regions tied to the nearest matched one")
    starts = {
        r: s for r, s in starts_from(start, panel, region).items() if r not in drop
    }
    fit = fit_spatial_did(
        without_regions(panel, drop),
        outcome=outcome,
        covariates=covariates,
        weights=w,
        durbin_weights=(
            None if durbin_weights is None else without_units(durbin_weights, drop)
        ),
        start=starts,
        model=model,
        effects=effects,
        bias=bias,
        vcov=vcov,
    )
    provenance = Provenance.of(
        fit_matched_did,
        fit.provenance.input_digest,
        match.provenance.input_digest,
        parameters={**fit.provenance.parameters, "islands": islands},
        warnings=[*remarks, *fit.provenance.warnings],
    )
    return replace(
        fit,
        provenance=provenance,
        n_design_warnings=fit.n_design_warnings + len(remarks),
    )


def _tied(
    w: SpatialWeights,
    positions: dict[str, tuple[float, float]],
    coordinates: Coordinates,
) -> SpatialWeights:
    """Tie units without a neighbour to their nearest unit."""
    lost = [str(r) for r in w.ids if str(r) not in positions]
    if lost:
        msg = f"[weights_ids] no position is given for {lost[:_SHOWN]}."
        raise AlignmentError(msg)
    xy = np.array([positions[str(r)] for r in w.ids], dtype=np.float64)
    distance = distance_matrix(xy[:, 0], xy[:, 1], coordinates=coordinates)
    np.fill_diagonal(distance, np.inf)
    matrix = w.matrix.tolil()
    for i in np.flatnonzero(np.isin(w.ids, w.islands)):
        matrix[i, int(distance[i].argmin())] = 1.0
    tied = SpatialWeights.from_matrix(matrix.tocsr(), w.ids, kind=w.kind)
    return tied.standardised(w.standardisation)
