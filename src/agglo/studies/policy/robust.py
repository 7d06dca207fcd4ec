"""Stage `robust`: starts that differ, anticipation, and regions that could not be treated."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import AggloError
from agglo.core.options import Bootstrap
from agglo.econometrics import (
    event_means,
    fit_cohort_saturated,
    fit_imputation_sdm,
    fit_matched_did,
    fit_weighted_did,
    honest_bounds,
    match_controls,
    staggered_did,
)
from agglo.studies.columns import joined, labelled, result_table, texts
from agglo.studies.contract import StageOutput
from agglo.studies.policy.dynamics import SPANS
from agglo.studies.policy.model import setup_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.policy.model import Setup

__all__ = ["robust"]

_TEXT, _NUMBER = pa.string(), pa.float64()
_EMPTY: dict[str, dict[str, pa.DataType]] = {
    "staggered": {
        "outcome": _TEXT,
        "estimator": _TEXT,
        "group": _TEXT,
        "value": _NUMBER,
    },
    "anticipation": {
        "outcome": _TEXT,
        "base": _TEXT,
        "span": _TEXT,
        "effect": _TEXT,
        "value": _NUMBER,
    },
    "honest": {"outcome": _TEXT, "restriction": _TEXT, "m": _NUMBER},
    "matching": {"outcome": _TEXT, "design": _TEXT, "effect": _TEXT, "value": _NUMBER},
    "balance": {"outcome": _TEXT, "covariate": _TEXT, "before": _NUMBER},
}
_ESTIMATE = ("value", "se", "lower", "upper", "p")
_GROUPS = ("treated", "untreated")
_BASES = (-2, -3)


def robust(inputs: StageInputs) -> StageOutput:
    """Ask whether the answer hangs on one coefficient for all starts, or on the controls.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``staggered``, ``anticipation``, ``honest``, ``matching``, ``balance``;
        document ``robust_notes``: what could not be estimated, and why.
    """
    setup = setup_of(inputs)
    parts: dict[str, list[pa.Table]] = {name: [] for name in _EMPTY}
    notes: dict[str, Json] = {}
    for done, outcome in enumerate(setup.options.outcomes):
        inputs.progress(done, len(setup.options.outcomes), outcome)
        lost: dict[str, Json] = {}
        for make in (_staggered, _timing, _matched):
            for name, table in make(setup, outcome, lost).items():
                parts[name].append(labelled(table, outcome=outcome))
        notes[outcome] = lost
    return StageOutput(
        tables={name: joined(parts[name], empty) for name, empty in _EMPTY.items()},
        documents={"robust_notes": notes},
    )


def _tried(
    lost: dict[str, Json], name: str, make: Callable[[], pa.Table]
) -> list[pa.Table]:
    """Give the table, or keep the reason why there is none."""
    try:
        return [make()]
    except AggloError as error:
        lost[name] = " ".join(str(error).split())
        return []


def _rows(table: pa.Table, estimator: str) -> pa.Table:
    """Keep the means over treated and untreated cells, in the columns of the table."""
    keep = [g in _GROUPS for g in table["group"].to_pylist()]
    table = table.filter(pa.array(keep))
    columns = {n: table[n] for n in ("group", *_ESTIMATE, "cells")}
    return labelled(pa.table(columns), estimator=estimator)


def _staggered(
    setup: Setup, outcome: str, lost: dict[str, Json]
) -> dict[str, pa.Table]:
    """Give the one coefficient beside estimators that let effects differ by start."""
    common = {
        "outcome": outcome,
        "covariates": setup.options.covariates,
        "start": setup.starts,
    }
    space = {"weights": setup.weights, "durbin_weights": setup.exposure}

    def one() -> pa.Table:
        table = result_table(setup.fit(outcome).realised())
        whole = [p == "all" for p in table["period"].to_pylist()]
        return _rows(table.filter(pa.array(whole)), "one coefficient")

    def saturated() -> pa.Table:
        found = fit_cohort_saturated(setup.panel, **common, **space)  # type: ignore[arg-type]
        return _rows(result_table(found), "by cohort and year (experimental)")

    def imputed() -> pa.Table:
        found = fit_imputation_sdm(
            setup.panel,
            **common,  # type: ignore[arg-type]
            **space,  # type: ignore[arg-type]
            inference=Bootstrap(
                n=setup.options.imputation_draws,
                seed=setup.seed,
                level=setup.options.level,
            ),
        )
        return _rows(result_table(found), "imputed (experimental)")

    def without_space() -> pa.Table:
        found = staggered_did(setup.panel, **common)  # type: ignore[arg-type]
        table = result_table(found)
        simple = [a == "simple" for a in table["aggregate"].to_pylist()]
        table = table.filter(pa.array(simple))
        columns = {n: table[n] for n in _ESTIMATE}
        cells = pa.array([None] * table.num_rows, pa.int64())
        rows = pa.table({"group": texts(["treated"]), **columns, "cells": cells})
        return labelled(rows, estimator="Callaway and Sant'Anna, no spillovers")

    tried = {
        "one coefficient": one,
        "by cohort and year (experimental)": saturated,
        "imputed (experimental)": imputed,
    }
    if find_spec("diff_diff") is not None:
        tried["Callaway and Sant'Anna, no spillovers"] = without_space
    else:
        lost["Callaway and Sant'Anna, no spillovers"] = "the extra did is not installed"
    parts = [t for name, make in tried.items() for t in _tried(lost, name, make)]
    return {"staggered": pa.concat_tables(parts)} if parts else {}


def _timing(setup: Setup, outcome: str, lost: dict[str, Json]) -> dict[str, pa.Table]:
    """Give spans with an earlier base, and bounds when trends were not parallel."""
    if not setup.identified:
        lost["timing"] = f"{setup.n_treated} treated regions"
        return {}
    parts = []
    for base in _BASES:
        if base - 1 < int(setup.since.min()):
            lost[f"base {base}"] = "too few periods before the start"
            continue

        def spans(base: int = base) -> pa.Table:
            event = setup.event(outcome, base)
            high = int(event.k.max())
            asked = {n: (a, min(b, high)) for n, (a, b) in SPANS.items() if a <= high}
            table = result_table(event_means(event, asked))
            joint = next(t.p for t in event.leads if t.tested == "joint")
            mine = [e != "total" for e in table["effect"].to_pylist()]
            table = table.filter(pa.array(mine))
            table = table.append_column("leads_p", pa.array([joint] * table.num_rows))
            return labelled(table, base=str(base))

        parts += _tried(lost, f"base {base}", spans)
    out = {"anticipation": pa.concat_tables(parts)} if parts else {}
    if find_spec("diff_diff") is None:
        lost["honest"] = "the extra did is not installed"
        return out

    def honest() -> pa.Table:
        found = honest_bounds(setup.event(outcome), level=setup.options.level)
        return labelled(result_table(found), restriction=found.restriction)

    bounds = _tried(lost, "honest", honest)
    return out | ({"honest": bounds[0]} if bounds else {})


def _matched(setup: Setup, outcome: str, lost: dict[str, Json]) -> dict[str, pa.Table]:
    """Give the model on matched regions, and matched weights on all of them."""
    o = setup.options
    asked = o.match_on or tuple(dict.fromkeys((*o.covariates, outcome)))
    try:
        match = match_controls(setup.panel, covariates=asked, start=setup.starts)
    except AggloError as error:
        lost["match"] = " ".join(str(error).split())
        return {}
    common = {"outcome": outcome, "covariates": o.covariates, "start": setup.starts}

    def whole() -> pa.Table:
        return _effects(result_table(setup.fit(outcome).impacts), "all regions")

    def cut() -> pa.Table:
        fit = fit_matched_did(
            setup.panel,
            **common,  # type: ignore[arg-type]
            match=match,
            weights=setup.weights,
            durbin_weights=setup.exposure,
            islands="nearest",
            positions=setup.positions,
        )
        return _effects(result_table(fit.impacts), "matched regions only")

    def weighted() -> pa.Table:
        fit = fit_weighted_did(
            setup.panel,
            **common,  # type: ignore[arg-type]
            match=match,
            weights=setup.weights,
        )
        table = result_table(fit)
        names = {"treatment": "own treatment", "exposure": "exposure"}
        keep = [t in names for t in table["term"].to_pylist()]
        table = table.filter(pa.array(keep))
        words = [names[t] for t in table["term"].to_pylist()]
        rows = pa.table({"effect": texts(words), **{n: table[n] for n in _ESTIMATE}})
        return labelled(rows, design="all regions, matched weights, no lag")

    tried = {"all regions": whole, "matched regions only": cut, "weighted": weighted}
    parts = [t for name, make in tried.items() for t in _tried(lost, name, make)]
    balance = pa.table(
        {
            "covariate": texts([b.covariate for b in match.balance]),
            "before": np.array([b.before for b in match.balance]),
            "after": np.array([b.after for b in match.balance]),
            "unmatched": pa.array(
                [len(match.unmatched)] * len(match.balance), pa.int64()
            ),
        }
    )
    out = {"balance": balance}
    return out | ({"matching": pa.concat_tables(parts)} if parts else {})


def _effects(table: pa.Table, design: str) -> pa.Table:
    """Keep the effects of the treatment."""
    keep = [v == "treatment" for v in table["variable"].to_pylist()]
    table = table.filter(pa.array(keep))
    rows = pa.table({n: table[n] for n in ("effect", *_ESTIMATE)})
    return labelled(rows, design=design)
