"""Heterogeneity-robust estimators of a staggered policy, from the package diff-diff."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import (
    AlignmentError,
    MissingExtraError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.options import check_choice
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.weights_kinds import Coordinates
from agglo.econometrics._design import panel_with_gaps
from agglo.econometrics._treatment import Treatment, read_treatment
from agglo.econometrics.results import two_sided

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["StaggeredDID", "staggered_did"]

Estimator: TypeAlias = Literal["cs", "sunab", "bjs", "gardner", "spillover"]
Row = tuple[str, str, str, float, float]

CLASSES = {
    "cs": "CallawaySantAnna",
    "sunab": "SunAbraham",
    "bjs": "ImputationDiD",
    "gardner": "TwoStageDiD",
    "spillover": "SpilloverDiD",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StaggeredDID(Result):
    """Effects by cohort and time, and their averages.

    Attributes
    ----------
    aggregate
        ``"simple"``, ``"event_average"``, ``"event"``, ``"group"``, ``"calendar"``,
        ``"group_time"``, ``"ring"``.
    cohort
        First treated period, empty where averaged over.
    time
        Event time for ``"event"``, period for ``"calendar"`` and ``"group_time"``, ring
        of distance for ``"ring"``, else empty.
    value, se, lower, upper
        Effect, standard error, 95 % interval; NaN errors where the estimator has none.
    estimator
        Name of the class that did the work, with the version of the package.
    """

    aggregate: tuple[str, ...]
    cohort: tuple[str, ...]
    time: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    estimator: str

    def of(self, aggregate: str, *, cohort: str = "", time: str = "") -> float:
        """Give one effect."""
        return float(self.value[self._row(aggregate, cohort, time)])

    def error(self, aggregate: str, *, cohort: str = "", time: str = "") -> float:
        """Give one standard error."""
        return float(self.se[self._row(aggregate, cohort, time)])

    def _row(self, aggregate: str, cohort: str, time: str) -> int:
        keys = list(zip(self.aggregate, self.cohort, self.time, strict=True))
        if (aggregate, cohort, time) not in keys:
            msg = f"there is no row ({aggregate!r}, cohort={cohort!r}, time={time!r})."
            raise OptionError(msg)
        return keys.index((aggregate, cohort, time))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per effect."""
        return {
            "aggregate": list(self.aggregate),
            "cohort": list(self.cohort),
            "time": list(self.time),
            "value": self.value,
            "se": self.se,
            "p": two_sided(self.value / self.se),
            "lower": self.lower,
            "upper": self.upper,
        }

    def summary(self) -> str:
        """Give the averages and the effects by event time."""
        rings = "ring" in self.aggregate
        about = "spillovers by ring" if rings else "no spillovers in the model"
        lines = [f"Staggered policy, {self.estimator}; {about}"]
        lines += [
            f"  {a} {c}{t}: {v:.6f} ({s:.6f})"
            for a, c, t, v, s in zip(
                self.aggregate, self.cohort, self.time, self.value, self.se, strict=True
            )
            if a != "group_time"
        ]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        at = [i for i, a in enumerate(self.aggregate) if a == "event"]
        place = np.array([int(self.time[i]) for i in at])
        reach = np.vstack(
            [(self.value - self.lower)[at], (self.upper - self.value)[at]]
        )
        ax.errorbar(place, self.value[at], yerr=reach, fmt="o", color="#0072B2")
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set(xlabel="periods since the start", ylabel="effect")


def staggered_did(
    data: IntoFrame | Panel,
    *,
    outcome: str,
    covariates: Sequence[str] = (),
    treatment: str | None = None,
    start: Mapping[str, str] | IntoFrame | None = None,
    estimator: Estimator = "cs",
    control: Literal["never", "not_yet"] = "never",
    method: Literal["dr", "ipw", "reg"] = "dr",
    positions: Mapping[str, tuple[float, float]] | None = None,
    rings_km: Sequence[float] = (),
    coordinates: Coordinates = "degrees",
    region: str = "region",
    period: str = "period",
) -> StaggeredDID:
    """Estimate a staggered policy without comparisons to regions treated before.

    Use beside `fit_spatial_did` when starts differ: one coefficient misleads when effects
    grow or differ by cohort. Only ``"spillover"`` looks at neighbours of the treated; for
    the others they count as untouched. The package diff-diff does the work (extra ``did``).

    Parameters
    ----------
    data
        One row per region and period, or a `Panel`. Periods are whole numbers. Rows may be
        absent where the policy is given by `start`.
    outcome, covariates
        Columns; finite numbers. For ``"cs"`` covariates are read before the start.
    treatment, start
        As in `fit_spatial_did`.
    estimator
        ``"cs"`` Callaway and Sant'Anna, ``"sunab"`` Sun and Abraham, ``"bjs"`` imputation
        of Borusyak, Jaravel and Spiess, ``"gardner"`` two stages, ``"spillover"`` two
        stages with rings after Butts (see also `fit_ring_panel`, our own).
    control
        ``"never"``, or ``"not_yet"`` treated regions (``"cs"`` only).
    method
        Doubly robust, inverse propensity or regression (``"cs"`` only).
    positions, rings_km, coordinates
        Region to (longitude, latitude) or (x, y), and increasing edges of the rings around
        the treated (``"spillover"`` only); beyond the last are the clean controls.
    region, period
        Columns of labels.

    Returns
    -------
    StaggeredDID
        Rows ``simple``, ``event_average`` (mean over event times from 0, ``"cs"`` only),
        ``event``, ``group`` (not for ``"sunab"``), ``calendar`` and ``group_time``
        (``"cs"`` only), ``ring`` (``"spillover"`` only: effects on untreated regions).

    Raises
    ------
    MissingExtraError
        The extra ``did`` is not installed.
    NotIdentifiedError
        treatment_reversal, treatment_none, treatment_all, treatment_first_period,
        no_controls (no region is never treated).
    OptionError
        `control`, `method` or rings with an estimator that has no such choice; periods that
        are no whole numbers; absent rows with `treatment`.
    InvalidTableError
        panel_gap, panel_missing.
    AlignmentError
        weights_ids: a region has no position.

    Notes
    -----
    Standard errors are those of the package, analytic, by region. Calendar averages weigh
    the cohorts treated by then by their size; the package gives no error for them, so
    theirs is NaN with the reason in ``undefined``.

    References
    ----------
    Callaway and Sant'Anna 2021, doi:10.1016/j.jeconom.2020.12.001. Sun and Abraham 2021,
    doi:10.1016/j.jeconom.2020.09.006. Borusyak, Jaravel and Spiess 2024,
    doi:10.1093/restud/rdae007. Gardner 2022, arXiv:2207.05943. Butts 2021,
    arXiv:2105.03737.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import staggered_did
    >>> rng, n, t = np.random.default_rng(1), 60, 8
    >>> ids, first = [f"r{i:02d}" for i in range(n)], np.arange(n) % 3 * 2 + 2
    >>> d = (np.arange(t) >= first[:, None]) & (first < 6)[:, None]
    >>> rows = pa.table({"region": np.repeat(ids, t), "period": np.tile(range(t), n),
    ...                  "y": (d + 0.1 * rng.normal(size=(n, t))).ravel(), "d": 1.0 * d.ravel()})
    >>> if find_spec("diff_diff"):
    ...     value = staggered_did(rows, outcome="y", treatment="d").of("simple")
    ... else:
    ...     value = 1.0  # the extra is absent
    >>> round(value, 1)
    1.0
    """
    check_choice("estimator", estimator, tuple(CLASSES))
    check_choice("control", control, ("never", "not_yet"))
    check_choice("method", method, ("dr", "ipw", "reg"))
    if estimator != "cs" and (control != "never" or method != "dr"):
        msg = f"control and method are choices of estimator='cs', not '{estimator}'."
        raise OptionError(msg)
    panel = panel_with_gaps(data, outcome, covariates, treatment, region, period)
    absent = int((~panel.observed).sum())
    around = _around(panel, estimator, positions, rings_km, coordinates)
    if not all(str(p).lstrip("-").isdigit() for p in panel.periods):
        msg = "staggered_did needs periods that are whole numbers."
        raise OptionError(msg)
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    if (treated.first < panel.periods.size).all():
        msg = "[no_controls] every region is treated at some time."
        raise NotIdentifiedError(msg)
    rows, label, said = _fitted(
        panel, outcome, covariates, treated, estimator, control, method, around
    )
    value, se = np.array([r[3] for r in rows]), np.array([r[4] for r in rows])
    half = float(ndtri(0.975)) * se
    return StaggeredDID(
        aggregate=tuple(r[0] for r in rows),
        cohort=tuple(r[1] for r in rows),
        time=tuple(r[2] for r in rows),
        value=frozen_array(value),
        se=frozen_array(se),
        lower=frozen_array(value - half),
        upper=frozen_array(value + half),
        estimator=label,
        undefined=tuple(
            Undefined(reason="the package gives no error", item=" ".join(r[:3]).strip())
            for r in rows
            if not np.isfinite(r[4])
        ),
        frame_kind=panel.frame_kind,
        provenance=Provenance.of(
            staggered_did,
            panel,
            treated.d,
            parameters={
                "outcome": outcome,
                "covariates": list(covariates),
                "estimator": label,
                "control": control,
                "method": method,
                "rings_km": list(around.edges) if around else [],
            },
            warnings=[
                *([f"{absent} region-periods are absent"] if absent else []),
                *said,
            ],
        ),
    )


@dataclass(frozen=True, eq=False)
class _Around:
    """Rings around the treated, and where every region lies."""

    edges: tuple[float, ...]
    xy: FloatArray
    coordinates: Coordinates


def _around(
    panel: Panel,
    estimator: str,
    positions: Mapping[str, tuple[float, float]] | None,
    rings_km: Sequence[float],
    coordinates: Coordinates,
) -> _Around | None:
    check_choice("coordinates", coordinates, ("km", "degrees"))
    edges = tuple(float(e) for e in rings_km)
    if estimator != "spillover":
        if positions is not None or edges:
            msg = f"positions and rings_km are for estimator='spillover', not '{estimator}'."
            raise OptionError(msg)
        return None
    if (
        positions is None
        or len(edges) < 2
        or edges[0] < 0
        or (np.diff(edges) <= 0).any()
    ):
        msg = f"'spillover' needs positions and increasing rings_km; got {edges}."
        raise OptionError(msg)
    lost = [str(r) for r in panel.regions if str(r) not in positions]
    if lost:
        msg = f"[weights_ids] no position is given for {lost[:10]}."
        raise AlignmentError(msg)
    xy = np.array([positions[str(r)] for r in panel.regions], dtype=np.float64)
    return _Around(edges, xy, coordinates)


def _fitted(
    panel: Panel,
    outcome: str,
    covariates: Sequence[str],
    treated: Treatment,
    estimator: Estimator,
    control: str,
    method: str,
    around: _Around | None,
) -> tuple[list[Row], str, list[str]]:
    """Call the package; give rows (aggregate, cohort, time, value, error), name, warnings."""
    try:
        import diff_diff
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError("diff-diff", "did", "staggered_did") from error
    n, t = treated.d.shape
    when = np.array([int(p) for p in panel.periods])
    # the package reads 0 as never: years are shifted to start at 1
    shift = 1 - int(when[0])
    first = np.where(treated.first < t, when[np.minimum(treated.first, t - 1)], -shift)
    columns = {
        "unit": np.repeat(np.arange(n), t),
        "time": np.tile(when + shift, n),
        "first": np.repeat(first + shift, t),
        **{c: panel.variable(c).ravel() for c in (outcome, *covariates)},
    }
    options: dict[str, object] = {}
    if estimator == "cs":
        group = "never_treated" if control == "never" else "not_yet_treated"
        options = {"control_group": group, "estimation_method": method}
    if around is not None:
        # names of the package: latitude first
        columns |= {
            "lon_": np.repeat(around.xy[:, 0], t),
            "lat_": np.repeat(around.xy[:, 1], t),
        }
        metric = "euclidean" if around.coordinates == "km" else "haversine"
        options = {
            "rings": list(around.edges),
            "conley_coords": ("lat_", "lon_"),
            "conley_metric": metric,
            "cluster": "unit",
        }
    frame = pd.DataFrame(columns)[panel.observed.ravel()]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = getattr(diff_diff, CLASSES[estimator])(**options).fit(
            frame,
            outcome=outcome,
            unit="unit",
            time="time",
            first_treat="first",
            covariates=list(covariates) or None,
        )
    said = list(dict.fromkeys(str(w.message).split(". ")[0] for w in caught))
    label = f"{CLASSES[estimator]} of diff-diff {diff_diff.__version__}"
    if around is not None:
        return _ring_rows(fit, around.edges), label, said
    rows: list[Row] = [
        ("simple", "", "", float(fit.overall_att), float(fit.overall_se))
    ]
    rows += _details(fit, estimator, lambda p: str(int(p) - shift))
    return rows, label, said


def _details(
    fit: object, estimator: Estimator, period: Callable[[float], str]
) -> list[Row]:
    if estimator == "sunab":
        effects = getattr(fit, "event_study_effects")  # noqa: B009  untyped package
        return [
            ("event", "", str(int(k)), float(e["effect"]), float(e["se"]))
            for k, e in sorted(effects.items())
        ]
    aggregate = getattr(fit, "aggregate")  # noqa: B009  untyped package
    event, group = aggregate("event_study"), aggregate("group")
    rows: list[Row] = []
    if estimator == "cs":
        place = [list(event.vcov_index).index(k) for k in event.event_time if k >= 0]
        late = [i for i, k in enumerate(event.event_time) if k >= 0]
        inner = np.asarray(event.vcov)[np.ix_(place, place)]
        spread = float(np.sqrt(inner.sum())) / len(place)
        rows.append(
            ("event_average", "", "", float(np.asarray(event.att)[late].mean()), spread)
        )
    rows += [
        ("event", "", str(int(k)), float(v), float(s))
        for k, v, s in zip(event.event_time, event.att, event.se, strict=True)
    ]
    rows += [
        ("group", period(g), "", float(v), float(s))
        for g, v, s in zip(group.label, group.att, group.se, strict=True)
    ]
    if estimator == "cs":
        cells = getattr(fit, "group_time_effects")  # noqa: B009  untyped package
        rows += _calendar(cells, period)
        rows += [
            ("group_time", period(g), period(t), float(e["effect"]), float(e["se"]))
            for (g, t), e in sorted(cells.items())
        ]
    return rows


def _calendar(
    cells: Mapping[tuple[float, float], Mapping[str, float]],
    period: Callable[[float], str],
) -> list[Row]:
    """Give the mean effect on the cohorts treated by then, weighed by their size."""
    out: list[Row] = []
    for now in sorted({t for g, t in cells if t >= g}):
        here = [e for (g, t), e in cells.items() if t == now and g <= t]
        size = np.array([float(e["n_treated"]) for e in here])
        effect = np.array([float(e["effect"]) for e in here])
        out.append(
            ("calendar", "", period(now), float(size @ effect / size.sum()), np.nan)
        )
    return out


def _ring_rows(fit: object, edges: tuple[float, ...]) -> list[Row]:
    """Give the effect on the treated and on untreated regions by ring."""
    att, error = getattr(fit, "att"), getattr(fit, "se")  # noqa: B009  untyped package
    rows: list[Row] = [("simple", "", "", float(att), float(error))]
    table = getattr(fit, "spillover_effects")  # noqa: B009  untyped package
    for (low, high), value, se in zip(
        pairwise(edges), table["coef"], table["se"], strict=True
    ):
        rows.append(("ring", "", f"{low:g}-{high:g} km", float(value), float(se)))
    return rows
