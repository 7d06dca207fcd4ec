"""Rings around the treated in a two-way panel: spillovers without a lagged outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.weights_kinds import Coordinates, distance_matrix
from agglo.econometrics._design import Effects, panel_with_gaps
from agglo.econometrics._kernels.realised import nearest_treated
from agglo.econometrics._ring_fits import Cells, one_stage, two_stages
from agglo.econometrics._treatment import read_treatment
from agglo.econometrics.results import two_sided
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntArray, IntoFrame

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
    stages
        1 or 2.
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
    stages: int = 1

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
        how = "two stages" if self.stages == 2 else "one regression"
        lines = [f"Rings in a two-way panel, {how} ({self.errors} errors)"]
        lines += [
            f"  {t}: {v:.4f} ({s:.4f}), {c} cells"
            for t, v, s, c in zip(
                self.term, self.value, self.se, self.cells, strict=True
            )
        ]
        lines.append(f"clean controls: {self.clean} region-periods")
        return "\n".join([*lines, *self.provenance.warnings])

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
    stages: Literal[1, 2] = 1,
    on_treated: bool = False,
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
) -> RingPanel:
    r"""Estimate a treatment and its spillover by distance in a panel.

    Use beside a model with a lagged outcome: when both agree in sign, spillovers do not
    hang on rho. For two periods without region effects see `fit_ring_did`.

    Parameters
    ----------
    data
        One row per region and period, or a `Panel`. Rows may be absent where the policy is
        given by `start`: distances are to the treated regions present in that period.
    outcome
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
    effects
        As in `fit_spatial_did`; two stages need both.
    stages
        1: one regression. 2: effects from untreated and unexposed cells first, what is left
        on treatment and rings second; right under staggered starts.
    on_treated
        One more term per ring for treated cells, by the distance to the nearest *other*
        treated region.
    vcov, region, period
        As in `fit_spatial_did`; errors clustered by default, `Conley` for correlation
        that fades with distance. Two stages have `Clustered`, `Robust`, `Conley` and
        `DriscollKraay` errors, for both stages.

    Returns
    -------
    RingPanel
        The effect on the treated and on untreated regions by ring.

    Raises
    ------
    OptionError
        If edges do not increase, `stages` is neither, rows are absent with `treatment`,
        or two stages are asked with other effects or model errors.
    AlignmentError
        If a region has no position.
    NotIdentifiedError
        As in `fit_spatial_did`; also when no clean control is left: two stages name the
        count of clean cells of every period.
    InvalidTableError
        panel_missing, panel_gap, duplicate_key.

    Notes
    -----
    :math:`y_{it} = \mu_i + \lambda_t + \tau D_{it} + \sum_r \delta_r (1 - D_{it})
    R_{r,it} + X_{it} b + e_{it}`. One stage: with staggered starts and effects that grow
    the coefficients mix comparisons as any two-way regression does (see
    `staggered_comparisons`). Two stages: :math:`\mu, \lambda, b` by least squares on cells
    with D = 0 beyond the last edge, then :math:`y - \hat\mu - \hat\lambda - X \hat b` on
    treatment and rings without a constant; the errors hold the noise of the first stage
    (sandwich of both moment conditions). Cost O(N T rings^2).

    References
    ----------
    Butts 2021, arXiv:2105.03737, equation 7 and section 5. Gardner 2022, arXiv:2207.05943.

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
    edges = _checked_edges(edges_km)
    if stages not in (1, 2):
        msg = f"stages={stages!r} must be 1 or 2."
        raise OptionError(msg)
    panel = panel_with_gaps(data, outcome, covariates, treatment, region, period)
    absent = int((~panel.observed).sum())
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    here = panel.observed.T
    d = np.where(here, treated.d.T, 0.0)
    near, other = _nearest(panel, d, positions, coordinates)
    rings, clean = _ring_cells(d, near, edges, here)
    columns = [("treated", d), *((n, on.astype(np.float64)) for n, on in rings)]
    if on_treated:
        columns += _treated_rings(d, other, edges)
    x = [panel.variable(c).T for c in covariates]
    cells = Cells(
        regions=tuple(str(r) for r in panel.regions),
        periods=tuple(str(p) for p in panel.periods),
        observed=here,
        y=panel.variable(outcome).T,
        columns=np.stack([c for _, c in columns], axis=2),
        x=np.stack(x, axis=2) if x else np.zeros((*d.shape, 0)),
        names=tuple(n for n, _ in columns) + tuple(covariates),
    )
    if stages == 1:
        value, cov, remarks = one_stage(cells, effects, vcov)
    else:
        untouched = here & (d == 0) & (near > edges[-1])
        value, cov, remarks = two_stages(cells, untouched, effects, vcov)
    names = cells.names if stages == 1 else cells.names[: len(columns)]
    counts = [int(c.sum()) for _, c in columns] + [0] * (len(names) - len(columns))
    rows = [f"{absent} region-periods are absent; exposure counts those present"]
    return _result(
        value,
        cov,
        frame_kind=panel.frame_kind,
        term=names,
        cells=counts,
        edges_km=edges,
        clean=clean,
        stages=stages,
        errors=vcov.label,
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
                "stages": stages,
                "on_treated": on_treated,
                "vcov": vcov.label,
            },
            warnings=[*remarks, *(rows if absent else [])],
        ),
    )


def _checked_edges(edges_km: Sequence[float]) -> tuple[float, ...]:
    edges = tuple(float(e) for e in edges_km)
    if len(edges) < 2 or edges[0] < 0 or (np.diff(edges) <= 0).any():
        msg = f"edges_km={edges} must be two or more increasing distances."
        raise OptionError(msg)
    return edges


def _result(
    value: FloatArray,
    cov: FloatArray,
    *,
    cells: Sequence[int],
    term: tuple[str, ...],
    edges_km: tuple[float, ...],
    clean: int,
    stages: int,
    errors: str,
    frame_kind: FrameKind,
    provenance: Provenance,
) -> RingPanel:
    se = np.sqrt(np.diag(cov))
    half = float(ndtri(0.975)) * se
    return RingPanel(
        term=term,
        value=frozen_array(value),
        se=frozen_array(se),
        lower=frozen_array(value - half),
        upper=frozen_array(value + half),
        cells=frozen_array(np.array(cells, dtype=np.int64)),
        edges_km=edges_km,
        clean=clean,
        errors=errors,
        stages=stages,
        frame_kind=frame_kind,
        provenance=provenance,
    )


def _inside(near: FloatArray, low: float, high: float) -> BoolArray:
    return np.asarray((near <= high) & ((near > low) | (low == 0)))


def _ring_cells(
    d: FloatArray, near: FloatArray, edges: tuple[float, ...], here: BoolArray
) -> tuple[list[tuple[str, BoolArray]], int]:
    """Give the untreated cells of every ring, and how many lie beyond the last."""
    away = np.asarray(here & (d == 0) & np.isfinite(near))
    rings = [
        (f"{low:g}-{high:g} km", away & _inside(near, low, high))
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


def _treated_rings(
    d: FloatArray, other: FloatArray, edges: tuple[float, ...]
) -> list[tuple[str, FloatArray]]:
    """Give treated cells by the distance to the nearest other treated region."""
    made = [
        (f"treated, {low:g}-{high:g} km", d * _inside(other, low, high))
        for low, high in pairwise(edges)
    ]
    return [(name, column) for name, column in made if column.any()]


def _nearest(
    panel: Panel,
    d: FloatArray,
    positions: Mapping[str, tuple[float, float]],
    coordinates: Coordinates,
) -> tuple[FloatArray, FloatArray]:
    """Give the distance to the nearest region treated by then, and to another; (T, N)."""
    names = [str(r) for r in panel.regions]
    lost = [r for r in names if r not in positions]
    if lost:
        msg = f"[weights_ids] no position is given for {lost[:10]}."
        raise AlignmentError(msg)
    xy = np.array([positions[r] for r in names], dtype=np.float64)
    distance = distance_matrix(xy[:, 0], xy[:, 1], coordinates=coordinates)
    apart = distance + np.diag(np.full(len(names), np.inf))
    return nearest_treated(distance, d), nearest_treated(apart, d)
