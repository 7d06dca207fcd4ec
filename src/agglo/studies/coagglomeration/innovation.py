"""Stage `innovation`: does proximity to other industries' knowledge raise innovation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import ConvergenceError, NotIdentifiedError
from agglo.core.options import Bootstrap
from agglo.econometrics import (
    anderson_rubin,
    fit_poisson,
    spillover_hypotheses,
    weak_instruments,
    wild_bootstrap,
)
from agglo.studies.coagglomeration.columns import row_table
from agglo.studies.coagglomeration.models import (
    BY_INDUSTRY,
    ESTIMATES,
    Outcome,
    Specification,
    covariates_of,
    fitted,
    left_out,
)
from agglo.studies.coagglomeration.moderation import moderated
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.coagglomeration.pools import build_panel, panel_of
from agglo.studies.columns import joined, numbers_of, result_table, text_of
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.econometrics import RegressionFit
    from agglo.studies.contract import StageInputs

__all__ = ["innovation"]

_HYPOTHESES = {
    "model": pa.string(),
    "hypothesis": pa.string(),
    "link": pa.string(),
    "value": pa.float64(),
    "statistic": pa.float64(),
    "p": pa.float64(),
    "q": pa.float64(),
    "supported": pa.bool_(),
    "verdict": pa.string(),
}
_WEAK = {
    "model": pa.string(),
    "statistic": pa.string(),
    "term": pa.string(),
    "value": pa.float64(),
    "df": pa.int64(),
    "p": pa.float64(),
    "critical": pa.float64(),
}
_AR = {
    "model": pa.string(),
    "term": pa.string(),
    "lower": pa.float64(),
    "upper": pa.float64(),
    "status": pa.string(),
    "p": pa.float64(),
}
_WILD = {
    "term": pa.string(),
    "value": pa.float64(),
    "p": pa.float64(),
    "lower": pa.float64(),
    "upper": pa.float64(),
}
MAIN, MAIN_ALL, IV, IV_ALL = "main", "main_all", "iv", "iv_all"


def innovation(inputs: StageInputs) -> StageOutput:
    """Estimate the knowledge production function in every listed way.

    Parameters
    ----------
    inputs
        ``counts`` and ``weights`` of the stages before, and the tables behind the links.

    Returns
    -------
    StageOutput
        Tables ``estimates``, ``hypotheses``, ``weak``, ``ar_sets``, ``wild``; document
        ``innovation_notes`` with banner and number of specifications.
    """
    options = inputs.options_as(CoagglomerationOptions)
    note = inputs.document("pools", "pool_notes")
    if not (isinstance(note, dict) and note.get("available")):
        return _nothing("no table patents")
    panel = panel_of(inputs)
    sectors = len(set(text_of(panel.counts, "sector"))) > 1
    chosen = _specifications(
        options, foreign=panel.foreign is not None, sectors=sectors
    )
    tables: dict[tuple[str, float, int], pa.Table] = {}
    found: dict[str, Outcome] = {}
    for k, s in enumerate(chosen):
        inputs.progress(k, len(chosen), s.name)
        key = (s.weights, s.depreciation, s.lag)
        if key not in tables:
            tables[key] = build_panel(
                panel,
                options,
                weights=s.weights,
                depreciation=s.depreciation,
                lag=s.lag,
            )
        draws = options.bootstrap_draws
        found[s.name] = fitted(tables[key], s, draws, inputs.seed)
    main = tables["weight", options.depreciation, options.lag]
    weak, sets, banner = _instruments(found, options)
    scale = _scale_against_quality(main, found[MAIN_ALL], options)
    scale += moderated(inputs, main, found[MAIN_ALL])
    rows = [r for o in found.values() for r in o.rows()]
    failed = [[n, o.status] for n, o in found.items() if o.fit is None]
    return StageOutput(
        tables={
            "estimates": row_table(rows, ESTIMATES),
            "hypotheses": _hypotheses(found, scale, options),
            "weak": weak,
            "ar_sets": sets,
            "wild": _wild(found, options, inputs.seed),
        },
        documents={
            "innovation_notes": {
                "available": found[MAIN].fit is not None,
                "reason": found[MAIN].status,
                "specifications": len(chosen),
                "failed": [{"specification": n, "reason": r} for n, r in failed],
                "weak_instruments": banner,
                "few_clusters": _few(found[MAIN]),
                "left_out": _left_out(found[MAIN], main),
                "warnings": _warnings(found),
            }
        },
    )


def _nothing(reason: str) -> StageOutput:
    empty: Mapping[str, Mapping[str, pa.DataType]] = {
        "estimates": ESTIMATES,
        "hypotheses": _HYPOTHESES,
        "weak": _WEAK,
        "ar_sets": _AR,
        "wild": _WILD,
    }
    notes: dict[str, Json] = {"available": False, "reason": reason, "specifications": 0}
    return StageOutput(
        tables={k: row_table([], types) for k, types in empty.items()},
        documents={"innovation_notes": notes},
    )


def _specifications(
    o: CoagglomerationOptions, *, foreign: bool, sectors: bool
) -> list[Specification]:
    """List every specification before any is estimated."""

    def make(name: str, **other: object) -> Specification:
        base: dict[str, object] = {
            "estimator": "poisson",
            "depreciation": o.depreciation,
            "lag": o.lag,
            "own_stock": o.own_stock,
        }
        return Specification(name=name, **{**base, **other})  # type: ignore[arg-type]

    out = [
        make(MAIN),
        make(MAIN_ALL, pools="all"),
        make("linear", estimator="linear"),
        make("negative_binomial", estimator="negative_binomial"),
        make("quality", outcome="citations"),
        make("log1p", estimator="linear", log="log1p"),
    ]
    if sectors:
        out.append(make("sector periods", by_sector=True))
    if foreign:
        out += [
            make(IV, estimator="2sls"),
            make(IV_ALL, estimator="2sls", pools="all"),
            make("iv_log1p", estimator="2sls", log="log1p"),
            make("control_function", estimator="control_function"),
        ]
    out += [
        make(f"own stock: {k}", own_stock=k)
        for k in ("control", "presample", "drop")
        if k != o.own_stock
    ]
    out += [
        make(f"weights: {k}", weights=k)
        for k in ("effect_sig", "z_plus", "centred")
        if k != o.weights
    ]
    out += [
        make(f"depreciation: {d:g}", depreciation=d)
        for d in (0.1, 0.15, 0.2, 0.3)
        if d != o.depreciation
    ]
    return [*out, make(f"lag: {o.lag + 1}", lag=o.lag + 1)]


def _sides(terms: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Give classes whose active and passive pools are both in the model."""
    links = dict.fromkeys(t.partition("_")[2] for t in terms)
    both = [k for k in links if {f"active_{k}", f"passive_{k}"} <= set(terms)]
    return {k: f"active_{k}" for k in both}, {k: f"passive_{k}" for k in both}


def _hypotheses(
    found: Mapping[str, Outcome],
    scale: Sequence[Mapping[str, object]],
    options: CoagglomerationOptions,
) -> pa.Table:
    rows: list[Mapping[str, object]] = []
    for model in (MAIN, MAIN_ALL, IV, IV_ALL, "control_function", "quality"):
        one = found.get(model)
        if one is None or one.fit is None:
            continue
        active, passive = _sides(one.terms)
        if not active:
            continue
        tests = spillover_hypotheses(
            one.fit,
            active=active,
            passive=passive,
            share=options.share,
            level=options.level,
        )
        rows += [{**r, "model": model} for r in tests.to_arrow().to_pylist()]
    return row_table([*rows, *scale], _HYPOTHESES)


def _scale_against_quality(
    table: pa.Table, main: Outcome, options: CoagglomerationOptions
) -> list[dict[str, object]]:
    """Stack both outcomes and test whether a pool moves them alike."""
    if main.fit is None:
        return []
    extra = covariates_of(table, main.terms, options.own_stock)
    names = [*main.terms, *extra]
    parts = []
    for outcome in ("patents", "citations"):
        columns = {c: table[c] for c in ("industry", "period")}
        n = table.num_rows
        on = {f"{c}_{outcome}": numbers_of(table, c) for c in names}
        other = "citations" if outcome == "patents" else "patents"
        off = {
            f"{c}_{other}": np.where(np.isnan(numbers_of(table, c)), np.nan, 0.0)
            for c in names
        }
        parts.append(
            pa.table(
                {
                    **columns,
                    "y": table[outcome],
                    "outcome": [outcome] * n,
                    **dict(sorted({**on, **off}.items())),
                }
            )
        )
    terms = [f"{c}_{o}" for o in ("patents", "citations") for c in names]
    try:
        fit = left_out(
            fit_poisson(
                pa.concat_tables(parts),
                outcome="y",
                covariates=terms,
                effects=[("industry", "outcome"), ("period", "outcome")],
                vcov=BY_INDUSTRY,
            )
        )
    except (NotIdentifiedError, ConvergenceError):
        # citations may be absent or 0; the specification "quality" says so
        return []
    out: list[dict[str, object]] = []
    for term in main.terms:
        gap = fit.combination({f"{term}_patents": 1.0, f"{term}_citations": -1.0})
        out.append(
            {
                "model": "stacked",
                "hypothesis": "scale above quality",
                "link": term,
                "value": gap.value,
                "statistic": gap.statistic,
                "p": gap.p,
                "q": gap.p,
                "supported": bool(gap.p <= options.level),
                "verdict": "",
            }
        )
    return out


def _instruments(
    found: Mapping[str, Outcome], options: CoagglomerationOptions
) -> tuple[pa.Table, pa.Table, Json]:
    weak, sets = [], []
    banner: Json = None
    for model in (IV, IV_ALL):
        one = found.get(model)
        if one is None or one.fit is None:
            continue
        got = weak_instruments(one.fit)
        if model == IV:
            banner = got.weak
        weak += [{**r, "model": model} for r in got.to_arrow().to_pylist()]
        if model == IV_ALL or len(one.terms) <= 2:
            sets += _sets(one.fit, one.terms, model, options)
    return row_table(weak, _WEAK), row_table(sets, _AR), banner


def _sets(
    fit: RegressionFit,
    terms: Sequence[str],
    model: str,
    options: CoagglomerationOptions,
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for term in terms:
        got = anderson_rubin(fit, term=term, level=1.0 - options.level)
        rows += [{**r, "model": model} for r in got.to_arrow().to_pylist()]
    return rows


def _wild(
    found: Mapping[str, Outcome], options: CoagglomerationOptions, seed: int
) -> pa.Table:
    one = found["linear"]
    if one.fit is None:
        return row_table([], _WILD)
    draws = Bootstrap(n=options.wild_draws, seed=seed, level=1.0 - options.level)
    parts = [
        result_table(wild_bootstrap(one.fit, term=t, inference=draws)).select(
            list(_WILD)
        )
        for t in one.terms
    ]
    return joined(parts, _WILD)


def _left_out(main: Outcome, table: pa.Table) -> list[Json]:
    """List industries without a row in the main model: no patent, or no pool."""
    if main.fit is None:
        return []
    kept = set(text_of(main.fit.design.rows.table, "industry"))
    return [k for k in dict.fromkeys(text_of(table, "industry")) if k not in kept]


def _few(main: Outcome) -> Json:
    return None if main.fit is None else bool(main.fit.n_groups < 30)


def _warnings(found: Mapping[str, Outcome]) -> list[Json]:
    said = [w for o in found.values() if o.fit for w in o.fit.provenance.warnings]
    return list(dict.fromkeys(said))
