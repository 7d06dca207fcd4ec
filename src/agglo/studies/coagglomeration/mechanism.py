"""Stage `mechanism`: do citations follow the mover, and which linkages go with nearness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import ConvergenceError, NotIdentifiedError
from agglo.core.options import Permutation
from agglo.econometrics import ClusteredBy, Dyadic, fit_linear, fit_mechanism
from agglo.networks import mrqap
from agglo.studies.coagglomeration.columns import (
    industry_codes,
    reason_of,
    row_table,
)
from agglo.studies.coagglomeration.links import linkages_of
from agglo.studies.coagglomeration.mechanism_years import (
    WITHIN_PAIRS,
    fit_by_year,
)
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.columns import numbers_of, text_of, texts
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.typing import FloatArray
    from agglo.econometrics import RegressionFit
    from agglo.studies.contract import StageInputs

__all__ = ["mechanism"]

LAYERS = ("citation", "copatent", "mobility")
_TYPES = {
    "outcome": pa.string(),
    "term": pa.string(),
    "value": pa.float64(),
    "se": pa.float64(),
    "p": pa.float64(),
    "lower": pa.float64(),
    "upper": pa.float64(),
    "se_two_way": pa.float64(),
    "p_permutation": pa.float64(),
    "n": pa.int64(),
    "n_industries": pa.int64(),
    "effects": pa.string(),
    "status": pa.string(),
}
_BOTH = Dyadic("anchor", "mover")


def mechanism(inputs: StageInputs) -> StageOutput:
    """Regress flows of knowledge on who moved, and nearness on linkages.

    Parameters
    ----------
    inputs
        ``weights`` of the pairs; optional tables ``links`` (layers ``citation``,
        ``copatent``, ``mobility`` between industries), ``input_output``, ``patents`` and
        ``industry_links``.

    Returns
    -------
    StageOutput
        Tables ``mechanism``, ``linkages`` and ``link_strength`` (every ordered pair with
        the strength of each known linkage, mean 0 and standard deviation 1 over pairs).
    """
    weights = inputs.result("pairs", "weights")
    links = linkages_of(inputs).standardised()
    flows = [r for layer in LAYERS for r in _flows(inputs, weights, layer)]
    near = [
        r
        for outcome in ("effect", "z")
        for r in _nearness(inputs, weights, links, outcome)
    ]
    return StageOutput(
        tables={
            "mechanism": row_table(flows, _TYPES),
            "linkages": row_table(near, _TYPES),
            "link_strength": _strengths(inputs, weights, links),
        }
    )


def _strengths(
    inputs: StageInputs, weights: pa.Table, links: Mapping[str, FloatArray]
) -> pa.Table:
    """Put the strength of every linkage beside how near the pair is."""
    names = text_of(inputs.result("prepare", "industries"), "industry")
    a = np.searchsorted(names, text_of(weights, "anchor"))
    m = np.searchsorted(names, text_of(weights, "mover"))
    kept = weights.select(["anchor", "mover", "effect", "z", "q"])
    parts = [
        kept.append_column("link", texts([name] * kept.num_rows)).append_column(
            "strength", pa.array(values[a, m], pa.float64())
        )
        for name, values in links.items()
    ]
    if not parts:
        none = kept.slice(0, 0)
        return none.append_column("link", texts([])).append_column(
            "strength", pa.array([], pa.float64())
        )
    return pa.concat_tables(parts)


def _flows(
    inputs: StageInputs, weights: pa.Table, layer: str
) -> list[Mapping[str, object]]:
    """Regress the flows of one layer on the weights of both directions.

    The weights of the study do not change over time, so years are added up and effects of
    pairs cannot be absorbed. What a pair shares moves both directions alike, so their
    difference is the number to read; linkages are held constant in a second model. Where
    entrants come while flows are seen, a third one compares every pair with itself before
    the move.
    """
    if not inputs.has("links"):
        return []
    table = inputs.table("links")
    names = text_of(inputs.result("prepare", "industries"), "industry")
    word = np.array(text_of(table, "layer"))
    source, target = (
        np.array(industry_codes(inputs, table, c))
        for c in ("origin_industry", "destination_industry")
    )
    ok = (word == layer) & np.isin(source, names) & np.isin(target, names)
    ok &= source != target
    if not ok.any():
        return []
    size = len(names)
    code = np.searchsorted(names, source[ok]) * size + np.searchsorted(
        names, target[ok]
    )
    amount = np.maximum(np.nan_to_num(numbers_of(table, "weight")[ok]), 0.0)
    total = np.bincount(code, weights=amount, minlength=size * size)
    flows = pa.table(
        {
            "source": texts(list(np.repeat(names, size))),
            "target": texts(list(np.tile(names, size))),
            "period": np.zeros(size * size, dtype=np.int64),
            "value": total,
        }
    )
    shared = _shared(inputs, names)
    dyads = _dyads(weights, names, shared)
    out: list[Mapping[str, object]] = []
    for held in ([], list(shared)) if shared else ([],):
        words = "source, target" + (" + linkages" if held else "")
        try:
            fit = fit_mechanism(
                flows, dyads, covariates=held, lag=0, pair_effects=False
            )
        except (NotIdentifiedError, ConvergenceError) as error:
            status = reason_of(error)
            out.append(
                {"outcome": layer, "term": "", "effects": words, "status": status}
            )
            continue
        out += [_direction(fit, layer, words), *_rows(fit, layer, words, {})]
    dated = pa.table(
        {
            "source": texts(source[ok].tolist()),
            "target": texts(target[ok].tolist()),
            "period": texts(np.array(text_of(table, "period"))[ok].tolist()),
            "value": amount,
        }
    )
    return [*out, *_within_pairs(inputs, _added_up(dated), names, layer)]


def _added_up(flows: pa.Table) -> pa.Table:
    """Add up the flows of a pair in a year, which cut codes may give several rows."""
    keys = ["source", "target", "period"]
    found = flows.group_by(keys).aggregate([("value", "sum")])
    return found.rename_columns({"value_sum": "value"})


def _within_pairs(
    inputs: StageInputs, flows: pa.Table, names: list[str], layer: str
) -> list[Mapping[str, object]]:
    """Compare every pair with itself before somebody moved."""
    lag = inputs.options_as(CoagglomerationOptions).lag
    yearly = inputs.result("pairs", "yearly_weights")
    fit = fit_by_year(flows, yearly, names, lag)
    if isinstance(fit, str):
        return [{"outcome": layer, "term": "", "effects": WITHIN_PAIRS, "status": fit}]
    return [
        _direction(fit, layer, WITHIN_PAIRS),
        *_rows(fit, layer, WITHIN_PAIRS, {}),
    ]


def _direction(fit: RegressionFit, layer: str, words: str) -> Mapping[str, object]:
    """Compare the two directions: what a pair shares cannot make them differ."""
    gap = fit.combination({"moved_to": 1.0, "came_from": -1.0})
    return {
        "outcome": layer,
        "term": "direction",
        "value": gap.value,
        "se": gap.se,
        "p": gap.p,
        "lower": gap.lower,
        "upper": gap.upper,
        "n": fit.n,
        "n_industries": fit.n_groups,
        "effects": words,
        "status": "ok",
    }


def _shared(inputs: StageInputs, names: list[str]) -> dict[str, FloatArray]:
    """Give linkages in ranks from 0 to 1: what both industries share anyway."""
    out: dict[str, FloatArray] = {}
    for name, values in linkages_of(inputs).standardised().items():
        known = np.isfinite(values)
        rank = np.zeros((len(names), len(names)))
        place = np.argsort(np.argsort(values[known], kind="stable"), kind="stable")
        rank[known] = place / max(int(known.sum()) - 1, 1)
        out[name] = np.where(values > np.nanmin(values), rank, 0.0)
    return out


def _dyads(
    weights: pa.Table, names: list[str], shared: Mapping[str, FloatArray]
) -> pa.Table:
    """Write every ordered pair with its weight and linkages."""
    size = len(names)
    a = np.searchsorted(names, text_of(weights, "anchor"))
    m = np.searchsorted(names, text_of(weights, "mover"))
    full = np.zeros((size, size))
    full[a, m] = np.nan_to_num(numbers_of(weights, "weight"))
    i, j = np.nonzero(~np.eye(size, dtype=bool))
    return pa.table(
        {
            "anchor": texts([names[k] for k in i]),
            "mover": texts([names[k] for k in j]),
            "period": np.zeros(i.size, dtype=np.int64),
            "weight": full[i, j],
            **{k: v[i, j] for k, v in shared.items()},
        }
    )


def _rows(
    fit: RegressionFit, outcome: str, effects: str, more: Mapping[str, object]
) -> list[Mapping[str, object]]:
    rows = fit.to_arrow().to_pylist()
    kept = ("term", "value", "se", "p", "lower", "upper")
    two = more.get("se_two_way")
    draws = more.get("p_permutation")
    return [
        {
            "outcome": outcome,
            **{k: r[k] for k in kept},
            "se_two_way": two[k] if isinstance(two, np.ndarray) else None,
            "p_permutation": draws[k] if isinstance(draws, np.ndarray) else None,
            "n": fit.n,
            "n_industries": fit.n_groups,
            "effects": effects,
            "status": "ok",
        }
        for k, r in enumerate(rows)
        if r["term"] != "constant"
    ]


def _nearness(
    inputs: StageInputs,
    weights: pa.Table,
    links: Mapping[str, FloatArray],
    outcome: str,
) -> list[Mapping[str, object]]:
    """Regress nearness on linkages and size gap, with and without effects of industries."""
    industries = inputs.result("prepare", "industries")
    names = text_of(industries, "industry")
    a = np.searchsorted(names, text_of(weights, "anchor"))
    m = np.searchsorted(names, text_of(weights, "mover"))
    plants = np.log(numbers_of(industries, "plants"))
    sector = np.array(text_of(industries, "sector"))
    columns: dict[str, FloatArray] = {k: v[a, m] for k, v in links.items()}
    columns["size_gap"] = np.abs(plants[a] - plants[m])
    if (sector != "").any():
        columns["same_sector"] = ((sector[a] == sector[m]) & (sector[a] != "")) * 1.0
    rivals = _competition(inputs.result("prepare", "plants"), names)
    table = pa.table(
        {
            "anchor": weights["anchor"],
            "mover": weights["mover"],
            outcome: numbers_of(weights, outcome),
            **columns,
            "competition_anchor": rivals[a],
            "competition_mover": rivals[m],
        }
    )
    inside = [k for k, v in columns.items() if _moves(v)]
    own = ["competition_anchor", "competition_mover"] if _moves(rivals) else []
    both = (("anchor, mover", inside, True), ("", [*inside, *own], False))
    return [
        r
        for words, terms, absorbed in both
        for r in _explained(inputs, table, outcome, terms, words, absorbed=absorbed)
    ]


def _moves(values: FloatArray) -> bool:
    """Say whether a column has two different known values."""
    known = values[np.isfinite(values)]
    return bool(known.size > 1 and np.ptp(known) > 0)


def _explained(
    inputs: StageInputs,
    table: pa.Table,
    outcome: str,
    terms: Sequence[str],
    words: str,
    *,
    absorbed: bool,
) -> list[Mapping[str, object]]:
    effects = ["anchor", "mover"] if absorbed else []
    if not terms:
        return []
    try:
        fit = fit_linear(
            table, outcome=outcome, covariates=terms, effects=effects, vcov=_BOTH
        )
    except (NotIdentifiedError, ConvergenceError) as error:
        status = reason_of(error)
        return [{"outcome": outcome, "term": "", "effects": words, "status": status}]
    more: dict[str, object] = {"p_permutation": _permuted(inputs, fit, terms)}
    if not absorbed:
        # with effects of both industries the scores of a cluster sum to 0
        more["se_two_way"] = fit.with_vcov(ClusteredBy(("anchor", "mover"))).se
    return _rows(fit, outcome, words, more)


def _permuted(
    inputs: StageInputs, fit: RegressionFit, terms: Sequence[str]
) -> FloatArray:
    """Permute industries in what the effects leave: a check that assumes no error model."""
    kept = fit.design.rows.table
    names = [f"x{k}" for k in range(len(terms))]
    pairs = pa.table(
        {
            "origin": kept["anchor"],
            "destination": kept["mover"],
            "y": fit.design.y,
            **{n: fit.design.x[:, k] for k, n in enumerate(names)},
        }
    )
    options = inputs.options_as(CoagglomerationOptions)
    out = np.full(len(fit.terms), np.nan)
    try:
        found = mrqap(
            pairs,
            outcome="y",
            covariates=names,
            missing="pairwise",
            inference=Permutation(n=options.permutation_draws, seed=inputs.seed),
        )
    except NotIdentifiedError:
        # too few industries to permute: the column stays empty beside the other errors
        return out
    at = {t: k for k, t in enumerate(found.term)}
    out[: len(names)] = [found.p[at[n]] for n in names]
    return out


def _competition(plants: pa.Table, names: list[str]) -> FloatArray:
    """Give 1 less the Herfindahl index of jobs over the plants of an industry."""
    jobs = numbers_of(plants, "employment")
    code = np.searchsorted(names, text_of(plants, "industry"))
    known = np.isfinite(jobs) & (jobs >= 0)
    total = np.bincount(code[known], weights=jobs[known], minlength=len(names))
    squares = np.bincount(code[known], weights=jobs[known] ** 2, minlength=len(names))
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = 1.0 - squares / total**2
    return out
