"""Stage `dynamics`: when the effect came, here and next door, and what stands against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import AggloError
from agglo.core.options import MonteCarlo
from agglo.econometrics import (
    event_means,
    fit_cohort_saturated,
    placebo_test,
    referee_checklist,
    specification_table,
    weights_sensitivity,
)
from agglo.econometrics.checklist import drift_words
from agglo.studies.columns import joined, labelled, result_table, texts
from agglo.studies.contract import StageOutput
from agglo.studies.policy.choices import choices_of, lags_of, other_weights
from agglo.studies.policy.model import setup_of

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.econometrics import (
        CohortSaturated,
        Placebo,
        SpatialDID,
        SpatialEventStudy,
    )
    from agglo.studies.contract import StageInputs
    from agglo.studies.policy.model import Setup

__all__ = ["SPANS", "dynamics"]

# the dip and the recovery of the treated, the early and the late years of the others
SPANS = {"0-2": (0, 2), "3+": (3, 99), "0-3": (0, 3), "4+": (4, 99)}
_KINDS: tuple[Literal["spatial", "cohort", "iid"], ...] = ("spatial", "cohort", "iid")
_EFFECTS: tuple[Literal["direct", "indirect", "total"], ...] = (
    "direct",
    "indirect",
    "total",
)
_TEXT, _NUMBER = pa.string(), pa.float64()


def dynamics(inputs: StageInputs) -> StageOutput:
    """Give the event study and every check of the effect, per outcome.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``event_study``, ``leads``, ``spans``, ``placebo``, ``placebo_draws``,
        ``weights_sensitivity``, ``specification``, ``referee_checklist``; document
        ``dynamic_notes``.
    """
    setup = setup_of(inputs)
    parts: dict[str, list[pa.Table]] = {name: [] for name in _EMPTY}
    notes: dict[str, Json] = {"not_identified": {}, "unusable": {}}
    for done, outcome in enumerate(setup.options.outcomes):
        inputs.progress(done, len(setup.options.outcomes), outcome)
        one, why, unusable = _one(setup, outcome)
        for name, table in one.items():
            parts[name].append(labelled(table, outcome=outcome))
        for key, value in (("not_identified", why), ("unusable", unusable)):
            held = notes[key]
            if value and isinstance(held, dict):
                held[outcome] = value
    return StageOutput(
        tables={name: joined(parts[name], empty) for name, empty in _EMPTY.items()},
        documents={"dynamic_notes": notes},
    )


_EMPTY: dict[str, dict[str, pa.DataType]] = {
    "event_study": {
        "outcome": _TEXT,
        "k": pa.int64(),
        "effect": _TEXT,
        "value": _NUMBER,
    },
    "leads": {"outcome": _TEXT, "tested": _TEXT, "p": _NUMBER},
    "spans": {"outcome": _TEXT, "span": _TEXT, "effect": _TEXT, "value": _NUMBER},
    "placebo": {"outcome": _TEXT, "kind": _TEXT, "p": _NUMBER},
    "placebo_draws": {"outcome": _TEXT, "kind": _TEXT, "value": _NUMBER},
    "weights_sensitivity": {"outcome": _TEXT, "weights": _TEXT, "value": _NUMBER},
    "specification": {"outcome": _TEXT, "specification": _TEXT, "value": _NUMBER},
    "referee_checklist": {"outcome": _TEXT, "item": _TEXT, "status": _TEXT},
}


def _one(setup: Setup, outcome: str) -> tuple[dict[str, pa.Table], str, list[Json]]:
    """Give the tables of one outcome, why it has no dynamics, and what cannot be fitted."""
    fit = setup.fit(outcome)
    out: dict[str, pa.Table] = {}
    event, why = _event(setup, outcome)
    if event is not None:
        high = int(event.k.max())
        spans = {n: (a, min(b, high)) for n, (a, b) in SPANS.items() if a <= high}
        out["event_study"] = result_table(event)
        out["leads"] = _leads(event)
        out["spans"] = result_table(event_means(event, spans))
    placebos = [_placebo(setup, fit, kind) for kind in _KINDS]
    out["placebo"] = pa.concat_tables(
        [
            labelled(result_table(p.of(e)), kind=p.kind)
            for p in placebos
            for e in _EFFECTS
        ]
    )
    out["placebo_draws"] = pa.concat_tables(
        [
            labelled(
                pa.table({"value": np.asarray(p.of(e).simulated)}),
                kind=p.kind,
                effect=e,
            )
            for p in placebos
            for e in _EFFECTS
        ]
    )
    weights = weights_sensitivity(
        setup.panel,
        outcome=outcome,
        covariates=setup.options.covariates,
        start=setup.starts,
        weights=other_weights(setup),
        durbin_weights=lags_of(setup),
    )
    table = specification_table(
        setup.panel,
        choices_of(setup),
        outcome=outcome,
        covariates=setup.options.covariates,
        start=setup.starts,
        weights=setup.weights,
        durbin_weights=setup.exposure,
    )
    checked = referee_checklist(
        fit,
        event=event,
        placebo=placebos[0],
        sensitivity=weights,
        specifications=table,
        companion=_companion(setup, outcome),
    )
    out["weights_sensitivity"] = result_table(weights)
    out["specification"] = result_table(table)
    out["referee_checklist"] = result_table(checked)
    lost: list[Json] = [
        f"{u.item}: {u.reason}" for u in (*table.undefined, *weights.undefined)
    ]
    return out, why, lost


def _event(setup: Setup, outcome: str) -> tuple[SpatialEventStudy | None, str]:
    if not setup.identified:
        return None, (
            f"{setup.n_treated} treated regions, fewer than {setup.options.least_treated}"
        )
    try:
        return setup.event(outcome), ""
    except AggloError as error:
        return None, " ".join(str(error).split())


def _companion(setup: Setup, outcome: str) -> CohortSaturated | None:
    """Give the model with effects by cohort and year, where there is one."""
    try:
        return fit_cohort_saturated(
            setup.panel,
            outcome=outcome,
            covariates=setup.options.covariates,
            start=setup.starts,
            weights=setup.weights,
            durbin_weights=setup.exposure,
        )
    except AggloError:
        # the stage robust keeps the reason
        return None


def _leads(event: SpatialEventStudy) -> pa.Table:
    drift, error, largest, doubt = drift_words(event)
    n = len(event.leads)
    return pa.table(
        {
            "drift": [drift] * n,
            "drift_se": [error] * n,
            "largest": [largest] * n,
            "drift_doubt": [doubt] * n,
            "tested": texts([t.tested for t in event.leads]),
            "statistic": [t.statistic for t in event.leads],
            "df": pa.array([t.df for t in event.leads], pa.int64()),
            "p": [t.p for t in event.leads],
            "method": texts([t.method for t in event.leads]),
            "power": [t.power for t in event.leads],
        }
    )


def _placebo(
    setup: Setup, fit: SpatialDID, kind: Literal["spatial", "cohort", "iid"]
) -> Placebo:
    o = setup.options
    n = o.placebo_draws if kind == "spatial" else o.other_placebo_draws
    return placebo_test(
        fit,
        kind=kind,
        corridors=setup.corridors,
        positions=setup.positions,
        coordinates="degrees",
        inference=MonteCarlo(n=n, seed=setup.seed),
    )
