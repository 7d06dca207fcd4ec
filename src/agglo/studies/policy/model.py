"""The design that every stage shares: panel, neighbours, starts, window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.options import Bootstrap
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Rings
from agglo.econometrics import (
    EventWindow,
    distance_weights,
    fit_spatial_did,
    fit_spatial_event_study,
)
from agglo.studies.columns import numbers_of, text_of
from agglo.studies.policy.options import PolicyOptions

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.core.typing import IntArray
    from agglo.econometrics import SpatialDID, SpatialEventStudy
    from agglo.studies.contract import StageInputs

__all__ = ["Setup", "setup_of"]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What the models of the study are made of.

    Attributes
    ----------
    panel
        Balanced rows of region and period.
    starts
        Treated region to first treated period, starts after the data left out.
    corridors
        Treated region to policy.
    positions
        Region to longitude and latitude.
    economy
        Region to economic size before the first start; empty where it is not known.
    borders
        Pairs of regions that touch; empty where no boundaries are given.
    options, seed
        Of the study.
    """

    panel: pa.Table
    starts: dict[str, str]
    corridors: dict[str, str]
    positions: dict[str, tuple[float, float]]
    economy: dict[str, float]
    borders: tuple[tuple[str, str], ...]
    options: PolicyOptions
    seed: int

    @cached_property
    def periods(self) -> list[str]:
        """Periods in order."""
        return sorted(set(text_of(self.panel, "period")))

    @cached_property
    def weights(self) -> SpatialWeights:
        """Neighbours of the outcome."""
        o = self.options
        if o.weights == "knn":
            k = min(o.neighbours, len(self.positions) - 1)
            return distance_weights(self.positions, kind="knn", k=k)
        if o.weights == "contiguity" and self.contiguity is not None:
            return self.contiguity
        return distance_weights(
            self.positions, kind="inverse_distance", cutoff_km=o.cutoff_km
        )

    @cached_property
    def contiguity(self) -> SpatialWeights | None:
        """Neighbours that touch; islands tied to their nearest; None without boundaries."""
        if not self.borders:
            return None
        nearest = distance_weights(self.positions, kind="knn", k=1)
        place = {str(r): i for i, r in enumerate(nearest.ids)}
        raw = np.zeros((len(place), len(place)))
        for a, b in self.borders:
            raw[place[a], place[b]] = 1.0
        islands = np.flatnonzero(~raw.any(axis=1))
        raw[islands] = nearest.matrix.toarray()[islands]
        label = "contiguity"
        if islands.size:
            label += f", {islands.size} islands tied to their nearest"
        return SpatialWeights.from_matrix(raw, nearest.ids, kind=label).standardised()

    @cached_property
    def exposure(self) -> Rings | None:
        """Ring of the lagged treatment; None: the same neighbours."""
        edges = self.options.exposure_ring_km
        return self.rings(edges) if edges else None

    def rings(
        self,
        edges_km: tuple[float, ...],
        exposure: Literal["share", "count", "nearest"] = "share",
    ) -> Rings:
        """Give one set of neighbours per ring."""
        ids = sorted(self.positions)
        xy = np.array([self.positions[i] for i in ids])
        return Rings.build(
            xy[:, 0],
            xy[:, 1],
            ids,
            edges_km=edges_km,
            coordinates="degrees",
            exposure=exposure,
        )

    @property
    def n_treated(self) -> int:
        """Number of treated regions."""
        return len(self.starts)

    @property
    def identified(self) -> bool:
        """Whether there are enough treated regions for timing and reach."""
        return self.n_treated >= self.options.least_treated

    @cached_property
    def since(self) -> IntArray:
        """Periods since the start that occur in the data."""
        place = {p: i for i, p in enumerate(self.periods)}
        first = [
            next((place[p] for p in self.periods if p >= s), len(place))
            for s in self.starts.values()
        ]
        cells = np.arange(len(place))[None, :] - np.array(first)[:, None]
        return np.unique(cells)

    @property
    def window(self) -> EventWindow:
        """Event window, cut to what the data hold."""
        low = max(self.options.window_low, int(self.since.min()))
        high = min(self.options.window_high, int(self.since.max()))
        return EventWindow(min(low, -2), max(high, 0))

    def fit(self, outcome: str, **given: object) -> SpatialDID:
        """Fit the main model, or one that differs in what is given."""
        asked: dict[str, object] = {
            "covariates": self.options.covariates,
            "weights": self.weights,
            "durbin_weights": self.exposure,
            "start": self.starts,
            **given,
        }
        fit = fit_spatial_did(self.panel, outcome=outcome, **asked)  # type: ignore[arg-type]
        return replace(fit, level=self.options.level)

    def event(self, outcome: str, base: int = -1) -> SpatialEventStudy:
        """Fit effects by periods since the start; another base allows anticipation."""
        window = self.window
        if base != window.base:
            window = EventWindow(min(window.low, base - 1), window.high, base)
        return fit_spatial_event_study(
            self.panel,
            outcome=outcome,
            covariates=self.options.covariates,
            weights=self.weights,
            durbin_weights=self.exposure,
            start=self.starts,
            window=window,
            bands=Bootstrap(
                n=self.options.band_draws, seed=self.seed, level=self.options.level
            ),
        )


def setup_of(inputs: StageInputs) -> Setup:
    """Read back what the first stage left.

    Parameters
    ----------
    inputs
        Inputs of a stage after ``prepare``.

    Returns
    -------
    Setup
        The same design for every stage.
    """
    options = inputs.options_as(PolicyOptions)
    places, starts = (
        inputs.result("prepare", "places"),
        inputs.result("prepare", "starts"),
    )
    borders = inputs.result("prepare", "borders")
    panel = inputs.result("prepare", "outcomes")
    last = max(text_of(panel, "period"))
    rows = [
        (r, p, s)
        for r, p, s in zip(
            text_of(starts, "region"),
            text_of(starts, "policy"),
            text_of(starts, "start"),
            strict=True,
        )
        if s <= last
    ]
    lon, lat = numbers_of(places, "lon"), numbers_of(places, "lat")
    return Setup(
        panel=panel,
        starts={r: s for r, _, s in rows},
        corridors={r: p for r, p, _ in rows},
        positions={
            r: (float(x), float(y))
            for r, x, y in zip(text_of(places, "region"), lon, lat, strict=True)
        },
        economy=_economy(places),
        borders=tuple(
            zip(text_of(borders, "region"), text_of(borders, "neighbour"), strict=True)
        ),
        options=options,
        seed=inputs.seed,
    )


def _economy(places: pa.Table) -> dict[str, float]:
    """Read the economic size of regions, if that of every one is known."""
    size = numbers_of(places, "economy")
    if not np.isfinite(size).all():
        return {}
    regions = text_of(places, "region")
    return {r: float(v) for r, v in zip(regions, size, strict=True)}
