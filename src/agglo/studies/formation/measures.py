"""Stage `measures`: indicators of all peers, mechanisms, composite scores, stars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import AggloError, AlignmentError
from agglo.core.options import MonteCarlo
from agglo.evaluation import (
    Choices,
    as_indicators,
    composite_index,
    indicator_importance,
    local_supply_share,
    normalise,
    rank_sensitivity,
    rank_uncertainty,
    star_ratings,
)
from agglo.studies.columns import result_table
from agglo.studies.contract import StageOutput
from agglo.studies.facts import finite
from agglo.studies.formation.blocks_of_jobs import Block, block_of
from agglo.studies.formation.columns import number, rows_of, table_of
from agglo.studies.formation.known import known_cells, seller_codes
from agglo.studies.formation.mechanism_values import leading_gamma, mechanisms_of
from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.tree import INDICATORS, KEPT, TWO_SIDED
from agglo.studies.formation.user_values import user_values

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["measures"]

_LEAST_UNITS = 3
_LEAST_KNOWN = 0.65
_MOST_MISSING = 1 / 3
_PER_PILLAR = 2
_STAR_UNITS = 10
_VALUE_COLUMNS = {
    "cluster": "s",
    "region": "s",
    "group": "s",
    "indicator": "s",
    "pillar": "s",
    "value": "f",
    "status": "s",
    "inputs": "s",
}
_SCORE_COLUMNS = {
    "cluster": "s",
    "node": "s",
    "level": "i",
    "value": "f",
    "rank": "f",
}
_RANK_COLUMNS = {
    "cluster": "s",
    "value": "f",
    "median": "f",
    "lower": "f",
    "upper": "f",
    "top_share": "f",
}
_CHOICE_COLUMNS = {
    "input": "s",
    "first": "f",
    "first_lower": "f",
    "first_upper": "f",
    "value": "f",
    "lower": "f",
    "upper": "f",
}
_WEIGHT_COLUMNS = {
    "node": "s",
    "level": "i",
    "weight": "f",
    "value": "f",
    "share": "f",
    "correlation": "f",
}
_SCORED = {
    "scores": _SCORE_COLUMNS,
    "ranks": _RANK_COLUMNS,
    "rank_choices": _CHOICE_COLUMNS,
    "index_weights": _WEIGHT_COLUMNS,
}
_STAR_COLUMNS = {
    "cluster": "s",
    "stars": "i",
    "size": "s",
    "specialisation": "s",
    "focus": "s",
    "size_cut": "f",
    "specialisation_cut": "f",
    "focus_cut": "f",
    "reason": "s",
}


def measures(inputs: StageInputs) -> StageOutput:
    """Measure the chosen clusters and their peers.

    Parameters
    ----------
    inputs
        With the stages ``prepare``, ``gate`` and ``life``; optional `answers`,
        `indicators`, `designations`, `members`, `edges`, `industry_links`, `input_output`
        and `concordances`.

    Returns
    -------
    StageOutput
        Tables ``indicators``, ``mechanisms``, ``scores``, ``ranks``, ``rank_choices``
        (first-order and total Sobol effects on the ranks), ``index_weights`` (nominal
        weight beside what drives the index), ``stars``; document ``measure_notes``.
    """
    options = inputs.options_as(FormationOptions)
    block = block_of(inputs, options)
    values = _values(inputs, block, options)
    rows = [
        {
            "cluster": cluster,
            "region": cluster.partition("|")[0],
            "group": cluster.partition("|")[2],
            "indicator": name,
            "pillar": INDICATORS[name].pillar if name in INDICATORS else "",
            "value": float(column[k]) if np.isfinite(column[k]) else None,
            "status": _status(name, float(column[k])),
            "inputs": INDICATORS[name].inputs if name in INDICATORS else "",
        }
        for name, column in values.items()
        for k, cluster in enumerate(block.cluster)
    ]
    notes: dict[str, Json] = {
        "peers": len(block.cluster),
        "period": block.period,
        "growth_from": block.earlier,
    }
    scored = _scored(values, block, options, inputs.seed, notes)
    return StageOutput(
        tables={
            "indicators": table_of(rows, _VALUE_COLUMNS),
            "mechanisms": mechanisms_of(values, block, inputs, options, notes),
            **scored,
            "stars": table_of(_stars(values, block), _STAR_COLUMNS),
        },
        documents={"measure_notes": notes},
    )


def _status(name: str, value: float) -> str:
    if np.isfinite(value):
        return INDICATORS[name].status if name in INDICATORS else "computed"
    return "needs_data"


def _values(
    inputs: StageInputs, block: Block, options: FormationOptions
) -> dict[str, FloatArray]:
    """Give all indicators of the peers, NaN where they cannot be computed."""
    values = block.indicators()
    at = {c: k for k, c in enumerate(block.cluster)}

    def place(rows: list[dict[str, object]], key: str, ids: bool) -> FloatArray:
        out = np.full(len(at), np.nan)
        for r in rows:
            name = str(r["cluster"]) if ids else f"{r['region']}|{r['group']}"
            if name in at:
                out[at[name]] = number(r.get(key))
        return out

    network = rows_of(inputs.result("gate", "network"))
    elements = rows_of(inputs.result("gate", "elements"), element="cooperation")
    values["network_ratio"] = place(elements, "ratio", ids=True)
    values["ei_index"] = place(network, "ei", ids=True)
    outside = place(network, "external", ids=True)
    inside = place(network, "internal", ids=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        values["outside_share"] = outside / (outside + inside)
    values["rigidity"] = place(
        rows_of(inputs.result("life", "lock_in")), "rigid", ids=False
    )
    shock = rows_of(inputs.result("life", "resilience"))
    values["resistance"] = place(shock, "resistance_mix", ids=False)
    values["gamma"] = leading_gamma(block, inputs, options)
    values["local_supply"] = _local_supply(inputs, block, options.missing)
    if inputs.has("answers"):
        answers = inputs.table("answers").to_pylist()
        sums: dict[str, list[float]] = {}
        for a in answers:
            sums.setdefault(str(a["cluster"]), []).append(number(a.get("score")))
        rows = [{"cluster": c, "score": float(np.nanmean(v))} for c, v in sums.items()]
        values["organisation"] = place(rows, "score", ids=True)
    else:
        values["organisation"] = np.full(len(at), np.nan)
    for name, column in user_values(inputs, block.cluster, block.period).items():
        computed = values.get(name, np.full(len(at), np.nan))
        values[name] = np.where(np.isfinite(column), column, computed)
    return values


def _local_supply(inputs: StageInputs, block: Block, missing: str) -> FloatArray:
    """Give the modelled local supply of the clusters, weighted by jobs of the buyers."""
    out = np.full(len(block.cluster), np.nan)
    if not inputs.has("input_output"):
        return out
    table = seller_codes(inputs, known_cells(inputs, block.period, missing=missing))
    keys = ["region", "industry"]
    jobs = table.group_by(keys).aggregate([("employment", "sum")])
    if jobs.num_rows == 0:
        return out
    try:
        found = local_supply_share(
            jobs.rename_columns([*keys, "employment"]), inputs.table("input_output")
        )
    except AlignmentError:
        return out
    share = dict(
        zip(zip(found.region, found.buyer, strict=True), found.value, strict=True)
    )
    at = {c: k for k, c in enumerate(block.cluster)}
    total, mass = np.zeros(len(at)), np.zeros(len(at))
    columns = (
        table[n].to_pylist() for n in ("region", "industry", "employment", "group")
    )
    for region, code, employed, group in zip(*columns, strict=True):
        k = at.get(f"{region}|{group}")
        value = share.get((region, code))
        if k is not None and value is not None and np.isfinite(value):
            total[k] += value * employed
            mass[k] += employed
    np.divide(total, mass, out=out, where=mass > 0)
    return out


def _scored(
    values: dict[str, FloatArray],
    block: Block,
    options: FormationOptions,
    seed: int,
    notes: dict[str, Json],
) -> dict[str, pa.Table]:
    """Build the composite of the chosen tree; what is missing is left out and listed."""
    values = {**values, **_two_sided(values)}
    used, dropped = _usable(values)
    notes["dropped"] = {**dropped}
    notes["used"] = list(used)
    empty = {name: table_of([], kinds) for name, kinds in _SCORED.items()}
    if not used:
        return empty
    matrix = np.column_stack([values[n] for n in used])
    known = np.isfinite(matrix).mean(axis=1)
    kept = np.flatnonzero(known >= _LEAST_KNOWN)
    notes["not_ranked"] = int(known.size - kept.size)
    if kept.size < _LEAST_UNITS:
        return empty
    cluster = np.array(block.cluster)[kept]
    table = pa.table(
        {
            "unit": np.tile(cluster, len(used)).tolist(),
            "indicator": np.repeat(used, kept.size).tolist(),
            "value": pa.array(
                [finite(v) for n in used for v in values[n][kept]],
                pa.float64(),
            ),
            "direction": np.repeat(
                [INDICATORS[n].direction for n in used], kept.size
            ).tolist(),
            "pillar": np.repeat(
                [INDICATORS[n].pillar for n in used], kept.size
            ).tolist(),
        }
    )
    index = composite_index(table, min_known=0.5)
    scores = result_table(index)
    scores = scores.rename_columns(["cluster", *scores.column_names[1:]])
    return {
        **empty,
        "scores": scores.select(list(_SCORE_COLUMNS)),
        "index_weights": result_table(indicator_importance(index)),
        **_ranked(table, options, seed, notes),
    }


def _ranked(
    table: pa.Table, options: FormationOptions, seed: int, notes: dict[str, Json]
) -> dict[str, pa.Table]:
    """Say how ranks move under other choices, and which choice moves them most."""
    choices = Choices(
        normalisation=("minmax", "rank", "zscore"),
        weights=("equal",),
        weight_noise=0.25,
        leave_out=True,
    )
    inference = MonteCarlo(n=options.rank_draws, seed=seed)
    found: dict[str, pa.Table] = {}
    try:
        spread = rank_uncertainty(
            table,
            choices=choices,
            min_known=0.4,
            level=options.level,
            inference=inference,
        )
    except AggloError as error:
        notes["ranks"] = error.message
    else:
        ranks = result_table(spread)
        ranks = ranks.rename_columns(["cluster", *ranks.column_names[1:]])
        found["ranks"] = ranks.select(list(_RANK_COLUMNS))
        notes["rank_runs"] = spread.n_runs
    try:
        moved = rank_sensitivity(
            table,
            choices=choices,
            min_known=0.4,
            level=options.level,
            inference=inference,
        )
    except AggloError as error:
        notes["rank_choices"] = error.message
    else:
        found["rank_choices"] = result_table(moved)
    return found


def _two_sided(values: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Score indicators that should be neither low nor high by how near they are."""
    out = {}
    for name, posts in TWO_SIDED.items():
        column = values.get(name, np.array([]))
        known = np.isfinite(column)
        if known.any():
            table = pa.table(
                {
                    "unit": [str(k) for k in np.flatnonzero(known)],
                    "indicator": [name] * int(known.sum()),
                    "value": column[known],
                }
            )
            made = normalise(
                as_indicators(table, direction=None, pillar=None),
                method="goalposts",
                goalposts={name: posts},
                cap=True,
            ).indicators
            near = np.full(column.size, np.nan)
            near[made.unit.astype(np.int64)] = made.values[:, 0]
            out[name] = near
    return out


def _usable(values: dict[str, FloatArray]) -> tuple[list[str], dict[str, str]]:
    """Give the indicators of the tree that enter, and why the others do not."""
    dropped: dict[str, str] = {}
    used: list[str] = []
    for name in KEPT:
        column = values.get(name)
        known = np.isfinite(column) if column is not None else np.array([False])
        if column is None or not known.any():
            dropped[name] = "no data"
        elif (~known).mean() > _MOST_MISSING:
            dropped[name] = "missing for more than a third"
        elif np.ptp(column[known]) == 0:
            dropped[name] = "the same for all"
        else:
            used.append(name)
    pillars = [INDICATORS[n].pillar for n in used]
    for name in list(used):
        if pillars.count(INDICATORS[name].pillar) < _PER_PILLAR:
            used.remove(name)
            dropped[name] = "alone in its pillar"
    return used, dropped


def _stars(values: dict[str, FloatArray], block: Block) -> list[dict[str, object]]:
    """Give one star each for size and focus in the top tenth of the group, and LQ of 2."""
    if not block.cluster:
        return []
    names = ("employment", "quotient", "focus")
    table = pa.table(
        {
            "cluster": list(block.cluster),
            "group": [c.partition("|")[2] for c in block.cluster],
            **{n: pa.array(values[n], from_pandas=True) for n in names},
        }
    )
    found = star_ratings(table, preset="eco2007", min_units=_STAR_UNITS)
    rows: list[dict[str, object]] = []
    for k, name in enumerate(found.unit.tolist()):
        won = found.reached[k] == 1.0
        few = bool(np.isnan(found.stars[k]))
        cuts = found.quantile[k]
        rows.append(
            {
                "cluster": name,
                "stars": None if few else int(found.stars[k]),
                **{
                    n: "yes" if w else "no"
                    for n, w in zip(
                        ("size", "specialisation", "focus"), won, strict=True
                    )
                },
                "size_cut": finite(cuts[0]),
                "specialisation_cut": finite(found.floor[k, 1]),
                "focus_cut": finite(cuts[2]),
                "reason": "fewer than ten regions in the category" if few else "",
            }
        )
    return rows
