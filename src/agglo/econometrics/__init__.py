"""Spatial panel econometrics: what a policy does here, next door and how far out."""

from agglo.econometrics.cross_section import fit_spatial
from agglo.econometrics.diagnostics import SpatialTests, lm_tests, model_tests
from agglo.econometrics.did_results import Realised, SpatialDID
from agglo.econometrics.event_results import LeadTest, SpatialEventStudy
from agglo.econometrics.event_study import EventWindow, fit_spatial_event_study
from agglo.econometrics.panel import fit_spatial_panel
from agglo.econometrics.placebo import Placebo, placebo_test
from agglo.econometrics.results import Impacts, SpatialPanelFit, Wald
from agglo.econometrics.rings import RingDID, choose_rings, fit_ring_did
from agglo.econometrics.sensitivity import WeightsSensitivity, weights_sensitivity
from agglo.econometrics.spatial_did import fit_spatial_did
from agglo.econometrics.vcov import (
    Clustered,
    Conley,
    DriscollKraay,
    Expected,
    Observed,
    Robust,
)

__all__ = [
    "Clustered",
    "Conley",
    "DriscollKraay",
    "EventWindow",
    "Expected",
    "Impacts",
    "LeadTest",
    "Observed",
    "Placebo",
    "Realised",
    "RingDID",
    "Robust",
    "SpatialDID",
    "SpatialEventStudy",
    "SpatialPanelFit",
    "SpatialTests",
    "Wald",
    "WeightsSensitivity",
    "choose_rings",
    "fit_ring_did",
    "fit_spatial",
    "fit_spatial_did",
    "fit_spatial_event_study",
    "fit_spatial_panel",
    "lm_tests",
    "model_tests",
    "placebo_test",
    "weights_sensitivity",
]
