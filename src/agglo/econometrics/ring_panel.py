"""Rings around the treated in a two-way panel: spillovers without a lagged outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.tables import as_panel
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Coordinates, distance_matrix
from agglo.econometrics._design import Effects, build_design, check_balanced
from agglo.econometrics._estimate import covariance, estimate
from agglo.econometrics._kernels.realised import nearest_treated
from agglo.econometrics._treatment import read_treatment
from agglo.econometrics.results import two_sided
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["RingPanel", "fit_ring_panel"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RingPanel(Result):
    """A treatment and its rings in a panel with region and period effects.

    Attributes
    ----------
    term, value, se, lower, upper
        ``treated``, one per ring, then covariates.
    cells
        Region-periods behind each term; 0 for covariates.
    edges_km
        Edges of the rings; beyond the last are the clean controls.
    clean
        Untreated region-periods beyond the last ring, in periods with treatment.
    errors
        Words for the kind of standard errors.
    """

    term: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    cells: IntArray
    edges_km: tuple[float, ...]
    clean: int
    errors: str

    @property
    def coefficients(self) -> dict[str, float]:
        """Give every coefficient by name."""
        return dict(zip(self.term, self.value.tolist(), strict=True))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per term."""
        return {
            "term": list(self.term),
            "value": self.value,
            "se": self.se,
            "lower": self.lower,
            "upper": self.upper,
            "p": two_sided(self.value / self.se),
            "cells": self.cells,
        }

    def summary(self) -> str:
        """Give a line per term and the clean controls."""
        lines = [f"Rings in a two-way panel ({self.errors} errors)"]
        lines += [
            f"  {t}: {v:.4f} ({s:.4f}), {c} cells"
            for t, v, s, c in zip(
                self.term, self.value, self.se, self.cells, strict=True
            )
        ]
        return "\n".join([*lines, f"clean controls: {self.clean} region-periods"])

    def _draw(self, ax: Axes) -> None:
        n = len(self.edges_km) - 1
        middle = np.array([(a + b) / 2 for a, b in pairwise(self.edges_km)])
        reach = np.vstack([self.value - self.lower, self.upper - self.value])
        at = slice(1, n + 1)
        ax.errorbar(middle, self.value[at], yerr=reach[:, at], fmt="o", color="#0072B2")
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set(xlabel="distance to the nearest treated, km", ylabel="spillover")


def fit_ring_panel(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    positions: Mapping[str, tuple[float, float]],
    edges_km: Sequence[float],
    covariates: Sequence[str] = (),
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    coordinates: Coordinates = "degrees",
    effects: Effects = ("region", "period"),
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
) -> RingPanel:
    r"""Estimate a treatment and its spillover by distance in a panel.

    Use beside a model with a lagged outcome: when both agree in sign, spillovers do not
    hang on rho. For two periods without region effects see `fit_ring_did`.

    Parameters
    ----------
    data, outcome
        As in `fit_spatial_did`.
    positions
        Region to (longitude, latitude) or (x, y).
    edges_km
        Increasing edges of the rings (edge, next edge] of the distance to the nearest
        region treated by then; beyond the last are the clean controls.
    covariates, treatment, start
        As in `fit_spatial_did`.
    coordinates
        ``"degrees"`` or ``"km"``.
    effects, vcov, region, period
        As in `fit_spatial_did`; errors clustered by default, `Conley` for correlation
        that fades with distance.

    Returns
    -------
    RingPanel
        The effect on the treated and on untreated regions by ring.

    Raises
    ------
    OptionError
        If edges do not increase.
    AlignmentError
        If a region has no position.
    NotIdentifiedError
        As in `fit_spatial_did`; also when no clean control is left.
    InvalidTableError
        As in `fit_spatial_did`.

    Notes
    -----
    :math:`y_{it} = \mu_i + \lambda_t + \tau D_{it} + \sum_r \delta_r (1 - D_{it})
    R_{r,it} + X_{it} b + e_{it}`. One stage: with staggered starts and effects that grow
    the coefficients mix comparisons as any two-way regression does (see
    `staggered_comparisons`); the two-stage estimator of the paper is not built. Cost
    O(N T rings^2).

    References
    ----------
    Butts 2021, arXiv:2105.03737, equation 7.

    Examples
    --------
    >>> from agglo.econometrics import fit_ring_panel
    >>> from agglo.simulate import simulate_corridors
    >>> made = simulate_corridors(profile="rings", rho=0.0, sigma=0.05, seed=1)
    >>> found = fit_ring_panel(made.panel, outcome="specialisation", start=made.starts,
    ...                        positions=made.positions, edges_km=(0, 100, 250, 400),
    ...                        covariates=["x"])
    >>> found.coefficients["100-250 km"] > 0.1
    True
    """
    edges = tuple(float(e) for e in edges_km)
    if len(edges) < 2 or edges[0] < 0 or (np.diff(edges) <= 0).any():
        msg = f"edges_km={edges} must be two or more increasing distances."
        raise OptionError(msg)
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    check_balanced(panel, needed)
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    near = _nearest(panel, treated.d, positions, coordinates)
    rings, clean = _ring_cells(treated.d, near, edges)
    columns = [("treated", treated.d)]
    columns += [(name, on.astype(np.float64)) for name, on in rings]
    columns += [(c, panel.variable(c)) for c in covariates]
    design = build_design(
        panel,
        outcome=outcome,
        columns=columns,
        # without a lag the weights are not used, but a design carries some
        weights=_none(panel),
        durbin_weights=None,
        durbin=(),
        model="slx",
        effects=effects,
        bias="transform",
    )
    found = estimate(design)
    cov, remarks = covariance(design, found, vcov)
    k = len(columns)
    se = np.sqrt(np.diag(cov)[:k])
    half = float(ndtri(0.975)) * se
    cells = [int(treated.d.sum()), *(int(on.sum()) for _, on in rings)]
    return RingPanel(
        term=tuple(name for name, _ in columns),
        value=frozen_array(found.b[:k]),
        se=frozen_array(se),
        lower=frozen_array(found.b[:k] - half),
        upper=frozen_array(found.b[:k] + half),
        cells=frozen_array(np.array([*cells, *[0] * len(covariates)], dtype=np.int64)),
        edges_km=edges,
        clean=clean,
        errors=vcov.label,
        frame_kind=panel.frame_kind,
        provenance=Provenance.of(
            fit_ring_panel,
            panel,
            treated.d,
            near,
            parameters={
                "outcome": outcome,
                "covariates": list(covariates),
                "edges_km": list(edges),
                "effects": list(effects or ()),
                "vcov": vcov.label,
            },
            warnings=remarks,
        ),
    )


def _ring_cells(
    d: FloatArray, near: FloatArray, edges: tuple[float, ...]
) -> tuple[list[tuple[str, BoolArray]], int]:
    """Give the untreated cells of every ring, and how many lie beyond the last."""
    away = np.asarray((d == 0) & np.isfinite(near))
    rings = [
        (f"{low:g}-{high:g} km", away & (near <= high) & ((near > low) | (low == 0)))
        for low, high in pairwise(edges)
    ]
    clean = int((away & (near > edges[-1])).sum())
    if not clean:
        msg = f"[no_controls] no untreated region-period lies beyond {edges[-1]:g} km."
        raise NotIdentifiedError(msg)
    empty = [name for name, on in rings if not on.any()]
    if empty:
        msg = f"[collinear] rings without a region-period: {empty}; merge them."
        raise NotIdentifiedError(msg)
    return rings, clean


def _nearest(
    panel: Panel,
    d: FloatArray,
    positions: Mapping[str, tuple[float, float]],
    coordinates: Coordinates,
) -> FloatArray:
    """Give the distance to the nearest region treated by then, (N, T)."""
    names = [str(r) for r in panel.regions]
    lost = [r for r in names if r not in positions]
    if lost:
        msg = f"[weights_ids] no position is given for {lost[:10]}."
        raise AlignmentError(msg)
    xy = np.array([positions[r] for r in names], dtype=np.float64)
    distance = distance_matrix(xy[:, 0], xy[:, 1], coordinates=coordinates)
    return nearest_treated(distance, d.T).T


def _none(panel: Panel) -> SpatialWeights:
    n = panel.regions.size
    return SpatialWeights.from_matrix(np.zeros((n, n)), panel.regions, kind="none")
