"""Stage `checks`: what stands behind the instruments, and errors that follow knowledge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import ConvergenceError, NotIdentifiedError
from agglo.core.parallel import entropy_of, generator
from agglo.econometrics import first_stage, fit_linear
from agglo.studies.coagglomeration.columns import reason_of, row_table
from agglo.studies.coagglomeration.exposure import EXPOSURE, exposure_rows
from agglo.studies.coagglomeration.models import (
    BY_INDUSTRY,
    EFFECTS,
    Outcome,
    Specification,
    fitted,
    left_out,
    logged,
)
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.coagglomeration.pools import Panel, build_panel, panel_of
from agglo.studies.columns import joined, numbers_of, result_table, text_of
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["checks"]

# beyond this many industries only the largest are left out one by one
_MOST_LEFT_OUT = 60
_WEAK_F = 4.0
_STREAM = 7
_FIRST = {
    "model": pa.string(),
    "endogenous": pa.string(),
    "instrument": pa.string(),
    "value": pa.float64(),
    "se": pa.float64(),
    "p": pa.float64(),
    "partial_r2": pa.float64(),
    "f": pa.float64(),
}
_CHECKS = {
    "check": pa.string(),
    "term": pa.string(),
    "value": pa.float64(),
    "lower": pa.float64(),
    "upper": pa.float64(),
    "p": pa.float64(),
    "n": pa.int64(),
    "detail": pa.string(),
    "status": pa.string(),
}


def checks(inputs: StageInputs) -> StageOutput:
    """Print first stages, question the instruments, and let errors follow the shifts.

    Parameters
    ----------
    inputs
        ``counts`` and ``weights`` of the stages before, and the tables behind the links.

    Returns
    -------
    StageOutput
        Tables ``first_stage``, ``instrument_checks``, ``exposure``.
    """
    options = inputs.options_as(CoagglomerationOptions)
    note = inputs.document("pools", "pool_notes")
    first: list[pa.Table] = []
    asked: list[Mapping[str, object]] = []
    shares: list[Mapping[str, object]] = []
    if isinstance(note, dict) and note.get("available"):
        panel = panel_of(inputs)
        table = build_panel(panel, options)
        shares = exposure_rows(panel, table, options, inputs.seed)
        if panel.foreign is not None:
            first = _first_stages(table, options, inputs.seed)
            asked = [
                *_correlation(panel),
                *_without_each(panel, table, options, inputs.seed),
                *_placebo(panel, options, inputs.seed),
                *_before(inputs, panel, table),
            ]
    return StageOutput(
        tables={
            "first_stage": joined(first, _FIRST),
            "instrument_checks": row_table(asked, _CHECKS),
            "exposure": row_table(shares, EXPOSURE),
        }
    )


def _by_instruments(
    table: pa.Table, options: CoagglomerationOptions, pools: str, seed: int
) -> Outcome:
    named = Specification(
        name=pools,
        estimator="2sls",
        pools="all" if pools == "iv_all" else "split",
        own_stock=options.own_stock,
    )
    return fitted(table, named, options.bootstrap_draws, seed)


def _first_stages(
    table: pa.Table, options: CoagglomerationOptions, seed: int
) -> list[pa.Table]:
    out = []
    for name in ("iv", "iv_all"):
        one = _by_instruments(table, options, name, seed)
        if one.fit is not None:
            out.append(result_table(first_stage(one.fit), model=name))
    return out


def _matrix(dyads: pa.Table, names: Sequence[str]) -> FloatArray:
    out = np.zeros((len(names), len(names)))
    a = np.searchsorted(names, text_of(dyads, "anchor"))
    m = np.searchsorted(names, text_of(dyads, "mover"))
    out[a, m] = np.nan_to_num(numbers_of(dyads, "weight"))
    return out


def _correlation(panel: Panel) -> list[Mapping[str, object]]:
    """Correlate domestic and foreign weights over ordered pairs."""
    if panel.foreign is None:
        return []
    names = sorted(set(text_of(panel.counts, "industry")))
    off = ~np.eye(len(names), dtype=bool)
    one, two = (_matrix(d, names)[off] for d in (panel.weights, panel.foreign))
    known = one.std() > 0 and two.std() > 0
    value = float(np.corrcoef(one, two)[0, 1]) if known else float("nan")
    return [
        {
            "check": "correlation",
            "term": "weights",
            "value": value,
            "n": int(off.sum()),
            "status": "ok" if known else "no_variation",
        }
    ]


def _without(panel: Panel, name: str) -> Panel:
    """Take an industry out of every pool and instrument: no pair of it has a weight."""

    def others(dyads: pa.Table) -> pa.Table:
        sides = np.array([text_of(dyads, "anchor"), text_of(dyads, "mover")])
        return dyads.filter(pa.array((sides != name).all(axis=0)))

    foreign = None if panel.foreign is None else others(panel.foreign)
    return replace(panel, weights=others(panel.weights), foreign=foreign)


def _without_each(
    panel: Panel, table: pa.Table, options: CoagglomerationOptions, seed: int
) -> list[Mapping[str, object]]:
    """Leave one industry out at a time; the largest ones when there are many.

    Its rows go, and its knowledge goes from everybody's pools and instruments: one unit
    and one shift less.
    """
    whole = _by_instruments(table, options, "iv", seed)
    if whole.fit is None:
        return [{"check": "drop_one", "term": "", "status": whole.status}]
    owner = np.array(text_of(table, "industry"))
    names, code = np.unique(owner, return_inverse=True)
    size = np.bincount(code, weights=np.nan_to_num(numbers_of(table, "patents")))
    chosen = names[np.argsort(-size, kind="stable")[:_MOST_LEFT_OUT]]
    found, gone = [], []
    for name in chosen:
        rebuilt = build_panel(_without(panel, str(name)), options)
        part = rebuilt.filter(pa.array(owner != name))
        one = _by_instruments(part, options, "iv", seed)
        if one.fit is not None and one.terms == whole.terms:
            found.append([one.fit.coefficient(t) for t in whole.terms])
            gone.append(str(name))
    if not found:
        return [{"check": "drop_one", "term": "", "status": "no_estimate"}]
    values = np.array(found)
    out: list[Mapping[str, object]] = []
    for k, term in enumerate(whole.terms):
        base = whole.fit.coefficient(term)
        most = int(np.argmax(np.abs(values[:, k] - base)))
        out.append(
            {
                "check": "drop_one",
                "term": term,
                "value": base,
                "lower": float(values[:, k].min()),
                "upper": float(values[:, k].max()),
                "n": len(gone),
                "detail": gone[most],
                "status": "ok",
            }
        )
    return out


def _placebo(
    panel: Panel, options: CoagglomerationOptions, seed: int
) -> list[Mapping[str, object]]:
    """Shuffle the industries of the foreign weights: the first stage must vanish."""
    foreign = panel.foreign
    if foreign is None:
        return []
    names = sorted(set(text_of(panel.counts, "industry")))
    m = _matrix(foreign, names)
    entropy = entropy_of(seed)
    f: list[float] = []
    for k in range(options.placebo_draws):
        order = generator(entropy, _STREAM, k).permutation(len(names))
        i, j = np.nonzero(m[np.ix_(order, order)])
        shuffled = pa.table(
            {
                "anchor": [names[v] for v in i],
                "mover": [names[v] for v in j],
                "weight": m[np.ix_(order, order)][i, j],
            }
        )
        drawn = Panel(
            counts=panel.counts, weights=panel.weights, foreign=shuffled, links=None
        )
        one = _by_instruments(build_panel(drawn, options), options, "iv_all", seed)
        if one.fit is not None:
            f += first_stage(one.fit).f.tolist()
    if not f:
        return [{"check": "placebo", "term": "f", "status": "no_estimate"}]
    return [
        {
            "check": "placebo",
            "term": "share_f_below_4",
            "value": float(np.mean(np.array(f) < _WEAK_F)),
            "lower": float(np.quantile(f, 0.05)),
            "upper": float(np.quantile(f, 0.95)),
            "n": options.placebo_draws,
            "status": "ok",
        }
    ]


def _before(
    inputs: StageInputs, panel: Panel, table: pa.Table
) -> list[Mapping[str, object]]:
    """Regress outcomes before anybody moved on the instruments of those years."""
    notes = inputs.document("pairs", "pair_notes")
    entry: Json = notes.get("entry_periods") if isinstance(notes, dict) else None
    dates = [v for v in entry if isinstance(v, int)] if isinstance(entry, list) else []
    if not dates or panel.foreign is None:
        return [{"check": "before", "term": "", "status": "no_dates"}]
    first = min(dates)
    years = np.array([int(v) for v in text_of(table, "period")])
    early = logged(table.filter(pa.array(years < first)))
    terms = [t for t in ("z_active_all", "z_passive_all") if t in table.column_names]
    if len(set(text_of(early, "period"))) < 3:
        return [{"check": "before", "term": "", "status": "no_period_before"}]
    try:
        fit = left_out(
            fit_linear(
                early,
                outcome="log_patents",
                covariates=terms,
                effects=EFFECTS,
                vcov=BY_INDUSTRY,
            )
        )
    except (NotIdentifiedError, ConvergenceError) as error:
        return [{"check": "before", "term": "", "status": reason_of(error)}]
    rows = fit.to_arrow().to_pylist()
    kept = ("term", "value", "lower", "upper", "p")
    return [
        {"check": "before", **{k: r[k] for k in kept}, "n": fit.n, "status": "ok"}
        for r in rows
    ]
