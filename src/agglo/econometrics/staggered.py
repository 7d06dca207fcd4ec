"""Heterogeneity-robust estimators of a staggered policy, from the package diff-diff."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import MissingExtraError, NotIdentifiedError, OptionError
from agglo.core.options import check_choice
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import check_balanced
from agglo.econometrics._treatment import Treatment, read_treatment
from agglo.econometrics.results import two_sided

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["StaggeredDID", "staggered_did"]

Estimator: TypeAlias = Literal["cs", "sunab", "bjs", "gardner"]
Row = tuple[str, str, str, float, float]

CLASSES = {
    "cs": "CallawaySantAnna",
    "sunab": "SunAbraham",
    "bjs": "ImputationDiD",
    "gardner": "TwoStageDiD",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StaggeredDID(Result):
    """Effects by cohort and time, and their averages.

    Attributes
    ----------
    aggregate
        ``"simple"``, ``"event_average"``, ``"event"``, ``"group"``, ``"group_time"``.
    cohort
        First treated period, empty where averaged over.
    time
        Event time for ``"event"``, period for ``"group_time"``, else empty.
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
        lines = [f"Staggered policy, {self.estimator}; no spillovers in the model"]
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
    region: str = "region",
    period: str = "period",
) -> StaggeredDID:
    """Estimate a staggered policy without comparisons to regions treated before.

    Use beside `fit_spatial_did` when starts differ: one coefficient misleads when effects
    grow or differ by cohort. Not for spillovers: neighbours of the treated count as
    untouched. The package diff-diff does the work (extra ``did``).

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`. Periods are whole numbers.
    outcome, covariates
        Columns; finite numbers. For ``"cs"`` covariates are read before the start.
    treatment, start
        As in `fit_spatial_did`.
    estimator
        ``"cs"`` Callaway and Sant'Anna, ``"sunab"`` Sun and Abraham, ``"bjs"`` imputation
        of Borusyak, Jaravel and Spiess, ``"gardner"`` two stages.
    control
        ``"never"``, or ``"not_yet"`` treated regions (``"cs"`` only).
    method
        Doubly robust, inverse propensity or regression (``"cs"`` only).
    region, period
        Columns of labels.

    Returns
    -------
    StaggeredDID
        Rows ``simple``, ``event_average`` (mean over event times from 0, ``"cs"`` only),
        ``event``, ``group`` (not for ``"sunab"``), ``group_time`` (``"cs"`` only).

    Raises
    ------
    MissingExtraError
        The extra ``did`` is not installed.
    NotIdentifiedError
        treatment_reversal, treatment_none, treatment_all, treatment_first_period,
        no_controls (no region is never treated).
    OptionError
        `control` or `method` with an estimator that has no such choice; periods that are
        no whole numbers.
    InvalidTableError
        panel_unbalanced, panel_gap, panel_missing.

    Notes
    -----
    Standard errors are those of the package, analytic, by region. Calendar averages are
    not offered: the package has none with errors.

    References
    ----------
    Callaway and Sant'Anna 2021, doi:10.1016/j.jeconom.2020.12.001. Sun and Abraham 2021,
    doi:10.1016/j.jeconom.2020.09.006. Borusyak, Jaravel and Spiess 2024,
    doi:10.1093/restud/rdae007. Gardner 2022, arXiv:2207.05943.

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
    needed = [outcome, *([] if treatment is None else [treatment]), *covariates]
    panel = as_panel(data, variables=needed, region=region, period=period)
    check_balanced(panel, needed)
    if not all(str(p).lstrip("-").isdigit() for p in panel.periods):
        msg = "staggered_did needs periods that are whole numbers."
        raise OptionError(msg)
    treated = read_treatment(panel, treatment=treatment, start=start, region=region)
    if (treated.first < panel.periods.size).all():
        msg = "[no_controls] every region is treated at some time."
        raise NotIdentifiedError(msg)
    rows, label = _fitted(
        panel, outcome, covariates, treated, estimator, control, method
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
            },
        ),
    )


def _fitted(
    panel: Panel,
    outcome: str,
    covariates: Sequence[str],
    treated: Treatment,
    estimator: Estimator,
    control: str,
    method: str,
) -> tuple[list[Row], str]:
    """Call the package; give rows (aggregate, cohort, time, value, error) and its name."""
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
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(n), t),
            "time": np.tile(when + shift, n),
            "first": np.repeat(first + shift, t),
            **{c: panel.variable(c).ravel() for c in (outcome, *covariates)},
        }
    )
    options = {}
    if estimator == "cs":
        group = "never_treated" if control == "never" else "not_yet_treated"
        options = {"control_group": group, "estimation_method": method}
    fit = getattr(diff_diff, CLASSES[estimator])(**options).fit(
        frame,
        outcome=outcome,
        unit="unit",
        time="time",
        first_treat="first",
        covariates=list(covariates) or None,
    )
    label = f"{CLASSES[estimator]} of diff-diff {diff_diff.__version__}"
    rows: list[Row] = [
        ("simple", "", "", float(fit.overall_att), float(fit.overall_se))
    ]
    return rows + _details(fit, estimator, lambda p: str(int(p) - shift)), label


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
        rows += [
            ("group_time", period(g), period(t), float(e["effect"]), float(e["se"]))
            for (g, t), e in sorted(cells.items())
        ]
    return rows
