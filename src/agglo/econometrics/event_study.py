"""Spatial event study: when the effect comes, here and next door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import Bootstrap, check_choice, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import as_panel
from agglo.core.weights_kinds import Rings
from agglo.econometrics._bands import Bands, bands_of, lead_tests
from agglo.econometrics._design import (
    Bias,
    Design,
    Effects,
    Model,
    Weights,
    build_design,
    check_balanced,
)
from agglo.econometrics._estimate import estimate
from agglo.econometrics._treatment import Treatment, read_treatment
from agglo.econometrics.did_results import realised_means
from agglo.econometrics.event_results import SpatialEventStudy
from agglo.econometrics.panel import WITH_LAGS, check_bounds
from agglo.econometrics.results import SpatialPanelFit
from agglo.econometrics.spatial_did import treatment_remarks
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntArray, IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["EventWindow", "fit_spatial_event_study"]


@dataclass(frozen=True, slots=True)
class EventWindow:
    """Periods since the start that get an effect of their own.

    Parameters
    ----------
    low, high
        Ends of the window, both closed outward: the first bin holds k <= low, the last
        k >= high.
    base
        Period that is the yardstick, with effect 0; below 0.
    """

    low: int = -5
    high: int = 7
    base: int = -1

    def __post_init__(self) -> None:
        """Check the fields."""
        check_number("high", self.high, minimum=0, integer=True)
        check_number("base", self.base, maximum=-1, integer=True)
        check_number("low", self.low, maximum=-2, integer=True)
        if not self.low <= self.base:
            msg = f"base={self.base} lies outside the window from {self.low}."
            raise OptionError(msg)

    @property
    def events(self) -> tuple[int, ...]:
        """Give every k but the base."""
        return tuple(k for k in range(self.low, self.high + 1) if k != self.base)


def _event_columns(
    treated: Treatment, window: EventWindow
) -> tuple[list[tuple[str, FloatArray]], IntArray]:
    """Give the indicators of every event time and the event time of every cell."""
    n, t = treated.d.shape
    since = np.arange(t)[None, :] - treated.first[:, None]
    ever = treated.first < t
    clipped = np.clip(since, window.low, window.high)
    return (
        [
            (f"k={k}", ((clipped == k) & ever[:, None]).astype(np.float64))
            for k in window.events
        ],
        np.where(ever[:, None], clipped, window.low - 1).reshape(n, t),
    )


def _last_cohort(panel: Panel, treated: Treatment) -> tuple[Panel, Treatment, str]:
    """Make the last cohort the control and cut the periods from its start on."""
    t = treated.d.shape[1]
    last = int(treated.first[treated.first < t].max())
    label = str(panel.periods[last])
    cut = replace(
        panel,
        periods=panel.periods[:last],
        values=panel.values[:, :last],
        observed=panel.observed[:, :last],
    )
    d = treated.d[:, :last]
    if not d.any():
        msg = "[no_controls] all regions start together: there is no earlier cohort."
        raise NotIdentifiedError(msg)
    first = np.where(treated.first >= last, last, treated.first)
    return cut, Treatment(d=d, first=first), label


def _check_controls(treated: Treatment, window: EventWindow) -> None:
    t = treated.d.shape[1]
    if (treated.first >= t).any():
        return
    msg = (
        "[no_controls] every region is treated at some time: the effects of k = "
        f"{window.low} to {window.high} are not told from the periods. Use "
        "control='last_cohort'."
    )
    raise NotIdentifiedError(msg)


def fit_spatial_event_study(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str] = (),
    weights: Weights,
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    window: EventWindow = EventWindow(),
    control: Literal["never", "last_cohort"] = "never",
    model: Model = "sdm",
    durbin_weights: SpatialWeights | Rings | None = None,
    effects: Effects = ("region", "period"),
    bias: Bias = "transform",
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    bands: Bootstrap = Bootstrap(n=999),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
    rho_bounds: tuple[float, float] = (-1.0, 1.0),
) -> SpatialEventStudy:
    r"""Estimate when a policy worked, in the treated regions and in the others.

    Use to see dips, delays and trends before the start; for one number see
    `fit_spatial_did`.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    outcome, covariates
        Columns; finite numbers.
    weights
        Neighbours of the lagged outcome, or a mapping of period to weights
        (``bias="none"`` only).
    treatment, start
        As in `fit_spatial_did`: a 0/1 column or first treated periods.
    window
        Event times and the base.
    control
        ``"never"``: regions that are never treated. ``"last_cohort"``: the last to start
        are the control, and the periods from their start on are cut.
    model
        ``"sdm"``, ``"slx"`` or ``"sdem"`` with lags of every event time, or a model
        without them.
    durbin_weights, effects, bias
        As in `fit_spatial_did`.
    vcov
        Standard errors; default clustered by region.
    bands
        Draws, seed and coverage of the simultaneous bands and of the lead test. Under
        `Clustered` a wild cluster bootstrap given rho (normal bands cover .87-.90 at 75
        regions, and the chi-square lead test rejects 19 % at 5 %), else Gaussian.
    region, period, rho_bounds
        As in `fit_spatial_did`.

    Returns
    -------
    SpatialEventStudy
        Effects by k with intervals and bands, realised effects on treated cells by k,
        tests of the leads with their power.

    Raises
    ------
    NotIdentifiedError
        treatment_reversal, treatment_none, treatment_all, treatment_first_period,
        no_controls, collinear (also an empty event time), rho_at_boundary.
    InvalidTableError
        panel_unbalanced, panel_gap, panel_missing, duplicate_key.
    AlignmentError
        weights_ids, weights_islands.
    OptionError
        As in `fit_spatial_did`.

    Notes
    -----
    :math:`D^k_{it} = 1\{t - G_i = k\}` with its lag for every k but the base. Direct and
    indirect effects per k as for any variable of the model. Bands: quantile over draws of
    the largest :math:`|t^*|` over k, one band per effect. Cost: one fit, and draws x N T k.

    References
    ----------
    Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414. Lee and Yu 2010,
    doi:10.1016/j.jeconom.2009.08.001.

    See Also
    --------
    fit_spatial_did : One effect for all periods.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import EventWindow, fit_spatial_event_study
    >>> rng, n, t = np.random.default_rng(3), 60, 8
    >>> ids = [f"r{i:02d}" for i in range(n)]
    >>> w = ag.SpatialWeights.build_knn(rng.random(n), rng.random(n), ids).standardised()
    >>> k = np.arange(t) - np.where(np.arange(n) % 3, 99, 4)[:, None]
    >>> rows = pa.table({"region": np.repeat(ids, t), "period": np.tile(range(t), n),
    ...                  "y": (np.clip(k + 1, 0, 9) + 0.3 * rng.normal(size=(n, t))).ravel()})
    >>> found = fit_spatial_event_study(
    ...     rows, outcome="y", start={r: "4" for r in ids[::3]}, weights=w,
    ...     window=EventWindow(-3, 3), bands=ag.Bootstrap(n=99, seed=1))
    >>> round(found.effect(3))
    4
    """
    check_choice("control", control, ("never", "last_cohort"))
    bounds = check_bounds(rho_bounds)
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    check_balanced(panel, needed)
    remarks: list[str] = []
    treated = read_treatment(
        panel,
        treatment=treatment,
        start=start,
        region=region,
        all_in_the_end=control == "last_cohort",
    )
    if control == "last_cohort":
        panel, treated, cut = _last_cohort(panel, treated)
        remarks.append(
            f"control: regions that start in {cut}; periods from then on cut"
        )
    _check_controls(treated, window)
    columns, since = _event_columns(treated, window)
    names = [name for name, _ in columns]
    design = build_design(
        panel,
        outcome=outcome,
        columns=[*columns, *((c, panel.variable(c)) for c in covariates)],
        weights=weights,
        durbin_weights=durbin_weights,
        durbin=(*names, *covariates) if model in WITH_LAGS else (),
        plain=covariates if isinstance(durbin_weights, Rings) else (),
        model=model,
        effects=effects,
        bias=bias,
    )
    found = estimate(design, bounds)
    seed = entropy_of(bands.seed)
    remarks += [
        r for r in treatment_remarks(treated, found.optimum.rho) if "staggered" not in r
    ]
    provenance = Provenance.of(
        fit_spatial_event_study,
        panel,
        treated.d,
        design.weights,
        *([] if durbin_weights is None else [durbin_weights]),
        parameters=_parameters(design, covariates, window, control, vcov, bands),
        seed=seed,
        warnings=remarks,
    )
    fit = replace(
        SpatialPanelFit.build(design, found, vcov, provenance, bounds),
        level=bands.level,
    )
    critical = bands_of(fit, len(names), n=bands.n, seed=seed)
    return _result(fit, window, since, critical, bands.n, seed)


def _parameters(
    design: Design,
    covariates: Sequence[str],
    window: EventWindow,
    control: str,
    vcov: Covariance,
    bands: Bootstrap,
) -> dict[str, object]:
    return {
        "outcome": design.outcome,
        "covariates": list(covariates),
        "window": [window.low, window.high, window.base],
        "control": control,
        "model": design.model,
        "region_effects": design.unit,
        "period_effects": design.period,
        "bias": design.bias,
        "vcov": vcov.label,
        "bands": bands.n,
        "level": bands.level,
    }


def _result(
    fit: SpatialPanelFit,
    window: EventWindow,
    since: IntArray,
    critical: Bands,
    n: int,
    seed: int,
) -> SpatialEventStudy:
    events = np.array(window.events)
    impacts = fit.impacts
    at = np.arange(events.size)
    value, se = impacts.value[at], impacts.se[at]
    masks = [(since == k).T for k in events]
    realised, error = _realised_by_k(fit, events, masks)
    # the base goes back in: zero by definition
    place = int(np.searchsorted(events, window.base))

    def based(a: FloatArray, fill: float = 0.0) -> FloatArray:
        return frozen_array(np.insert(a, place, fill, axis=0))

    lead = np.flatnonzero(events < 0)
    point, joint = critical.pointwise * se, critical.joint[None, :] * se
    if not isinstance(fit.vcov, Clustered):
        point = float(ndtri(0.5 + fit.level / 2.0)) * se
    cells = np.array([int(m.sum()) for m in masks], dtype=np.int64)
    return SpatialEventStudy(
        fit=fit,
        k=np.insert(events, place, window.base).astype(np.int64),
        value=based(value),
        se=based(se),
        lower=based(value - point),
        upper=based(value + point),
        band_lower=based(value - joint),
        band_upper=based(value + joint),
        critical=frozen_array(critical.joint),
        realised=based(realised, np.nan),
        realised_se=based(error, np.nan),
        cells=np.insert(cells, place, int((since == window.base).sum())),
        leads=lead_tests(
            fit, lead, np.abs(events[lead] - window.base).astype(float), n=n, seed=seed
        ),
        base=window.base,
        bands_method=critical.method,
        provenance=fit.provenance,
        frame_kind=fit.frame_kind,
    )


def _realised_by_k(
    fit: SpatialPanelFit, events: IntArray, masks: list[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Give the mean policy effect on cells k periods after their start, k >= 0."""
    since_start = np.flatnonzero(events >= 0)
    value, se = np.full(events.size, np.nan), np.full(events.size, np.nan)
    _, value[since_start], se[since_start] = realised_means(
        fit.design,
        fit.estimate,
        fit.cov,
        since_start.tolist(),
        [masks[i].astype(bool) for i in since_start],
    )
    return value, se
