"""What a careful referee asks of a spatial difference-in-differences, answered in rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result
from agglo.econometrics._estimate import clusters
from agglo.econometrics._kernels.bacon import forbidden_share
from agglo.econometrics.results import EFFECTS
from agglo.econometrics.vcov import Clustered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.econometrics.cohort_saturated import CohortSaturated
    from agglo.econometrics.did_results import SpatialDID
    from agglo.econometrics.event_results import SpatialEventStudy
    from agglo.econometrics.imputation_sdm import ImputationSDM
    from agglo.econometrics.placebo import Placebo
    from agglo.econometrics.sensitivity import WeightsSensitivity
    from agglo.econometrics.specifications import SpecificationTable

__all__ = ["Checklist", "drift_words", "referee_checklist"]

_TREATED, _CLUSTERS, _FORBIDDEN, _POWER, _AGREE = 10, 30, 0.10, 0.5, 0.8
_CELLS = 10
_APART, _DRIFT = 0.25, 0.20
# one-sided 10 %: a doubt is not a rejection
_ONE_SIDED = 1.28
# 2.8 standard errors: found at 5 % with a chance of 80 %
_DETECTABLE = 2.8


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Checklist(Result):
    """Questions, answers and the numbers behind them.

    Attributes
    ----------
    item
        Short name of the question.
    status
        ``"ok"``, ``"doubt"``, ``"not shown"`` (the result was not given) or ``"note"``
        (a number to be printed, not a test).
    value
        The number behind the answer; NaN where there is none.
    bound
        What it is compared with; NaN where nothing is.
    evidence
        The answer in words.
    """

    item: tuple[str, ...]
    status: tuple[str, ...]
    value: tuple[float, ...]
    bound: tuple[float, ...]
    evidence: tuple[str, ...]

    @property
    def doubts(self) -> tuple[str, ...]:
        """Names of the questions whose answer is a doubt."""
        pairs = zip(self.item, self.status, strict=True)
        return tuple(i for i, s in pairs if s == "doubt")

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per question."""
        return {
            "item": list(self.item),
            "status": list(self.status),
            "value": list(self.value),
            "bound": list(self.bound),
            "evidence": list(self.evidence),
        }

    def summary(self) -> str:
        """Give a line per question."""
        rows = zip(self.status, self.item, self.evidence, strict=True)
        return "\n".join(
            ["Referee checklist", *(f"  [{s}] {i}: {e}" for s, i, e in rows)]
        )

    def _draw(self, ax: Axes) -> None:
        kinds = ("ok", "doubt", "not shown", "note")
        ax.bar(list(kinds), [self.status.count(k) for k in kinds], color="#0072B2")
        ax.set(ylabel="questions")


_Row = tuple[str, str, float, float, str]
_NAN = float("nan")


def referee_checklist(
    fit: SpatialDID,
    *,
    event: SpatialEventStudy | None = None,
    placebo: Placebo | None = None,
    sensitivity: WeightsSensitivity | None = None,
    specifications: SpecificationTable | None = None,
    companion: CohortSaturated | ImputationSDM | None = None,
    level: float = 0.05,
) -> Checklist:
    """Answer what a careful referee asks of a spatial difference-in-differences.

    Use before reading an estimate as an effect; passing it proves no cause.

    Parameters
    ----------
    fit
        The main model.
    event, placebo, sensitivity, specifications, companion
        Further results on the same outcome and policy; a question whose result is absent is
        answered ``"not shown"``.
    level
        Level of the tests, in (0, 0.5).

    Returns
    -------
    Checklist
        Questions with status, number, bound and words.

    Raises
    ------
    OptionError
        If `level` is out of range.
    InvalidTableError
        If a further result is about another outcome.

    Notes
    -----
    Bounds are rules of thumb, kept in one place and printed: 10 treated regions, 30
    clusters, 10 % of comparisons with regions already treated, power 0.5 of the lead test,
    10 region-periods in every event time, 80 % of weights or specifications with the same
    sign and p < 0.05, a mean effect on the treated within 25 % of that of the companion,
    leads that drift less than a fifth of the largest effect (or less than 1.28 errors). The
    minimum detectable effect is 2.8 standard errors.

    Examples
    --------
    >>> from agglo.econometrics import fit_spatial_did, referee_checklist
    >>> from agglo.simulate import simulate_corridors
    >>> made = simulate_corridors(seed=1)
    >>> fit = fit_spatial_did(made.panel, outcome="diversification", start=made.starts,
    ...                       covariates=["x"], weights=made.weights)
    >>> referee_checklist(fit).status.count("not shown")
    6
    """
    check_number("level", level, minimum=0.0, maximum=0.5, open_ends=True)
    _same_outcome(fit, event, specifications)
    rows = [
        *_design_rows(fit),
        _companion_row(fit, companion),
        *_lead_rows(event, level),
        *_placebo_rows(placebo, level),
        _agreement("weights", sensitivity is not None, _by_weights(fit, sensitivity)),
        _agreement(
            "specifications",
            specifications is not None,
            _NAN if specifications is None else specifications.share("direct"),
        ),
        *_effect_rows(fit),
    ]
    item, status, value, bound, evidence = zip(*rows, strict=True)
    return Checklist(
        item=item,
        status=status,
        value=value,
        bound=bound,
        evidence=evidence,
        frame_kind=fit.frame_kind,
        provenance=Provenance.of(
            referee_checklist,
            fit.provenance.input_digest,
            parameters={**fit.provenance.parameters, "level": level},
            warnings=fit.provenance.warnings,
        ),
    )


def _same_outcome(
    fit: SpatialDID,
    event: SpatialEventStudy | None,
    specifications: SpecificationTable | None,
) -> None:
    given = {} if event is None else {"event": event.fit.design.outcome}
    if specifications is not None:
        given["specifications"] = str(specifications.provenance.parameters["outcome"])
    for name, other in given.items():
        if other != fit.design.outcome:
            msg = f"{name} is about '{other}', the model about '{fit.design.outcome}'."
            raise InvalidTableError(msg)


def _compared(
    item: str, value: float, bound: float, words: str, *, least: bool = True
) -> _Row:
    good = value >= bound if least else value <= bound
    return (item, "ok" if good else "doubt", value, bound, words)


def _design_rows(fit: SpatialDID) -> list[_Row]:
    d = fit.treatment
    t, n = d.shape
    ever = d.any(axis=0)
    first = np.where(ever, d.argmax(axis=0), t).astype(np.int64)
    vcov = fit.vcov
    n_clusters = (
        int(clusters(fit.design, vcov).max()) + 1 if isinstance(vcov, Clustered) else n
    )
    treated, never = int(ever.sum()), int(n - ever.sum())
    share = forbidden_share(first, t)
    w = fit.design.weights
    return [
        _compared(
            "treated regions", treated, _TREATED, f"{treated} regions are treated"
        ),
        _compared("controls", never, 1, f"{never} regions are never treated"),
        _compared("clusters", n_clusters, _CLUSTERS, f"{n_clusters} clusters"),
        _compared(
            "staggered starts",
            share,
            _FORBIDDEN,
            f"{share:.1%} of the comparisons use regions already treated as controls",
            least=False,
        ),
        (
            "weights of the outcome",
            "note",
            w.density,
            _NAN,
            f"{w.kind}, density {w.density:.1%}, {len(w.islands)} islands, "
            f"{w.n_components} component{'s' * (w.n_components != 1)}",
        ),
        _compared(
            "rho inside its bounds",
            abs(fit.rho) if np.isfinite(fit.rho) else 0.0,
            0.95,
            f"rho = {fit.rho:.3f}",
            least=False,
        ),
    ]


def _companion_row(
    fit: SpatialDID, companion: CohortSaturated | ImputationSDM | None
) -> _Row:
    item = "effects that differ by start"
    if companion is None:
        return (item, "not shown", _NAN, _APART, "no robust estimator was given")
    plain, other = fit.realised().of("treated"), companion.of("treated")
    apart = abs(plain / other - 1.0) if other else float("inf")
    words = f"one coefficient says {plain:.4f} on the treated, a robust one {other:.4f}"
    return _compared(item, apart, _APART, words, least=False)


def drift_words(event: SpatialEventStudy) -> tuple[float, float, float, bool]:
    """Give drift, its error, the largest effect from the start on, and whether to doubt."""
    drift, se = event.drift()
    largest = float(np.abs(event.value[event.k >= 0, 0]).max())
    doubt = abs(drift) >= _DRIFT * largest and abs(drift) >= _ONE_SIDED * se
    return drift, se, largest, bool(doubt)


def _lead_rows(event: SpatialEventStudy | None, level: float) -> list[_Row]:
    if event is None:
        return [
            ("leads", "not shown", _NAN, level, "no event study was given"),
            (
                "power of the leads",
                "not shown",
                _NAN,
                _POWER,
                "no event study was given",
            ),
        ]
    joint = next(t for t in event.leads if t.tested == "joint")
    drift, drift_se, largest, doubt = drift_words(event)
    after = event.cells[event.k >= 0]
    thin = int(after.min())
    return [
        _compared(
            "leads",
            joint.p,
            level,
            f"joint test of own and neighbours' leads, p = {joint.p:.3f} ({joint.method})",
        ),
        (
            "drift of the leads",
            "doubt" if doubt else "ok",
            abs(drift) / largest if largest else _NAN,
            _DRIFT,
            f"leads drift to {drift:.4f} ({drift_se:.4f}); largest effect {largest:.4f}",
        ),
        _compared(
            "power of the leads",
            joint.power,
            _POWER,
            f"a linear drift to half the largest effect is found with chance {joint.power:.2f}",
        ),
        _compared(
            "cells per event time",
            thin,
            _CELLS,
            f"the thinnest event time from the start on has {thin} treated cells",
        ),
    ]


def _placebo_rows(placebo: Placebo | None, level: float) -> list[_Row]:
    if placebo is None:
        return [("placebo", "not shown", _NAN, level, "no placebo was given")]
    words = (
        f"{placebo.effect} effect beside {placebo.simulated.size} placebos "
        f"({placebo.kind}), p = {placebo.p:.3f}"
    )
    return [_compared("placebo", placebo.p, level, words, least=False)]


def _by_weights(fit: SpatialDID, sensitivity: WeightsSensitivity | None) -> float:
    """Give the share of weights whose direct effect has the main model's sign, p < 0.05."""
    if sensitivity is None:
        return _NAN
    value, se = sensitivity.value[:, 0], sensitivity.se[:, 0]
    agree = (np.sign(value) == np.sign(fit.impacts.value[0, 0])) & (
        np.abs(value) > 1.96 * se
    )
    return float(agree.mean())


def _agreement(item: str, given: bool, share: float) -> _Row:
    if not given:
        return (item, "not shown", _NAN, _AGREE, "no such table was given")
    words = f"{share:.0%} keep the sign of the direct effect with p < 0.05"
    return _compared(item, share, _AGREE, words)


def _effect_rows(fit: SpatialDID) -> list[_Row]:
    value, se = fit.impacts.value[0], fit.impacts.se[0]
    done = fit.realised()
    rows: list[_Row] = [
        (
            f"smallest {name} effect that would be found",
            "note",
            _DETECTABLE * float(s),
            _NAN,
            f"{_DETECTABLE:g} standard errors; the estimate is {v:.4f}",
        )
        for name, v, s in zip(EFFECTS[:2], value[:2], se[:2], strict=True)
    ]
    rows.append(
        (
            "average and realised effect",
            "note",
            done.of("untreated"),
            float(value[1]),
            "realised mean on untreated regions beside the average indirect effect, which "
            "is the summed response to one region treated alone",
        )
    )
    return rows
