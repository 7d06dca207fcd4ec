"""Stage `measures`: indicators of all peers, mechanisms, composite scores, stars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AggloError, AlignmentError
from agglo.core.options import MonteCarlo
from agglo.evaluation import (
    Choices,
    composite_index,
    local_supply_share,
    mechanism_profile,
    rank_uncertainty,
)
from agglo.studies.columns import result_table, text_of
from agglo.studies.contract import StageOutput
from agglo.studies.formation.blocks_of_jobs import Block, block_of
from agglo.studies.formation.columns import number, rows_of, table_of
from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.related import codes_of_flows
from agglo.studies.formation.tree import INDICATORS, KEPT

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
_STAR_COLUMNS = {
    "cluster": "s",
    "stars": "i",
    "size": "s",
    "specialisation": "s",
    "focus": "s",
    "size_cut": "f",
    "focus_cut": "f",
    "reason": "s",
}


def measures(inputs: StageInputs) -> StageOutput:
    """Measure the chosen clusters and their peers.

    Parameters
    ----------
    inputs
        With the stages ``prepare``, ``gate`` and ``life``; optional `answers`,
        `input_output` and `concordances`.

    Returns
    -------
    StageOutput
        Tables ``indicators``, ``mechanisms``, ``scores``, ``ranks``, ``stars``; document
        ``measure_notes``.
    """
    options = inputs.options_as(FormationOptions)
    block = block_of(inputs, options)
    values = _values(inputs, block)
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
    scores, ranks = _scored(values, block, options, inputs.seed, notes)
    return StageOutput(
        tables={
            "indicators": table_of(rows, _VALUE_COLUMNS),
            "mechanisms": _mechanisms(values, block, inputs),
            "scores": scores,
            "ranks": ranks,
            "stars": table_of(_stars(values, block), _STAR_COLUMNS),
        },
        documents={"measure_notes": notes},
    )


def _status(name: str, value: float) -> str:
    if np.isfinite(value):
        return INDICATORS[name].status if name in INDICATORS else "computed"
    return "needs_data"


def _values(inputs: StageInputs, block: Block) -> dict[str, FloatArray]:
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
    values["local_supply"] = _local_supply(inputs, block)
    if inputs.has("answers"):
        answers = inputs.table("answers").to_pylist()
        sums: dict[str, list[float]] = {}
        for a in answers:
            sums.setdefault(str(a["cluster"]), []).append(number(a.get("score")))
        rows = [{"cluster": c, "score": float(np.nanmean(v))} for c, v in sums.items()]
        values["organisation"] = place(rows, "score", ids=True)
    else:
        values["organisation"] = np.full(len(at), np.nan)
    return values


def _local_supply(inputs: StageInputs, block: Block) -> FloatArray:
    """Give the modelled local supply of the clusters, weighted by jobs of the buyers."""
    out = np.full(len(block.cluster), np.nan)
    if not inputs.has("input_output"):
        return out
    panel = inputs.result(PREPARED, "panel")
    now = panel.filter(pc.equal(panel["period"], block.period))
    codes = text_of(now, "industry")
    goal = codes_of_flows(inputs, sorted(set(codes)))
    table = pa.table(
        {
            "region": now["region"],
            "industry": pa.array([goal[c] for c in codes], pa.string()),
            "employment": pc.fill_null(now["employment"], 0.0),
            "group": now["group"],
        }
    )
    jobs = table.group_by(["region", "industry"]).aggregate([("employment", "sum")])
    jobs = jobs.rename_columns(["region", "industry", "employment"])
    try:
        found = local_supply_share(jobs, inputs.table("input_output"))
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
) -> tuple[pa.Table, pa.Table]:
    """Build the composite of the chosen tree; what is missing is left out and listed."""
    used, dropped = _usable(values)
    notes["dropped"] = {**dropped}
    notes["used"] = list(used)
    empty = table_of([], _SCORE_COLUMNS), table_of([], _RANK_COLUMNS)
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
                [
                    float(v) if np.isfinite(v) else None
                    for n in used
                    for v in values[n][kept]
                ],
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
    try:
        spread = rank_uncertainty(
            table,
            choices=Choices(
                normalisation=("minmax", "rank", "zscore"),
                weights=("equal",),
                weight_noise=0.25,
                leave_out=True,
            ),
            min_known=0.4,
            level=options.level,
            inference=MonteCarlo(n=options.rank_draws, seed=seed),
        )
    except AggloError as error:
        notes["ranks"] = error.message
        ranks = empty[1]
    else:
        ranks = result_table(spread).rename_columns(
            ["cluster", *result_table(spread).column_names[1:]]
        )
        ranks = ranks.select(list(_RANK_COLUMNS))
        notes["rank_runs"] = spread.n_runs
    scores = result_table(index)
    scores = scores.rename_columns(["cluster", *scores.column_names[1:]])
    return scores.select(list(_SCORE_COLUMNS)), ranks


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
    rows: list[dict[str, object]] = []
    group = np.array([c.partition("|")[2] for c in block.cluster])
    size, lq, focus = (values[n] for n in ("employment", "quotient", "focus"))
    for g in np.unique(group):
        at = np.flatnonzero(group == g)
        few = at.size < _STAR_UNITS
        cuts = [
            np.nanquantile(v[at], 0.9) if np.isfinite(v[at]).any() else np.nan
            for v in (size, focus)
        ]
        for k in at.tolist():
            won = [
                bool(size[k] >= cuts[0]),
                bool(lq[k] >= 2.0),
                bool(focus[k] >= cuts[1]),
            ]
            rows.append(
                {
                    "cluster": block.cluster[k],
                    "stars": None if few else sum(won),
                    "size": "yes" if won[0] and not few else "no",
                    "specialisation": "yes" if won[1] and not few else "no",
                    "focus": "yes" if won[2] and not few else "no",
                    "size_cut": float(cuts[0]),
                    "focus_cut": float(cuts[1]),
                    "reason": "fewer than ten regions in the category" if few else "",
                }
            )
    return rows


# indicator of a mechanism to the indicator of the study, and its status
_MECHANISMS = {
    "M1.2": ("first_mover", "computed"),
    "M1.3": ("breaks", "computed"),
    "M1.4": ("trigger_hits", "computed"),
    "M2.1": ("quotient", "computed"),
    "M2.3": ("competition", "computed"),
    "M2.4": ("mean_size", "computed"),
    "M2.5": ("chain", "computed"),
    "M2.6": ("local_supply", "computed"),
    "M3.2": ("turbulence", "computed"),
    "M3.4": ("diversity", "proxy"),
    "M3.6": ("new_share", "computed"),
    "M6.1": ("organisation", "computed"),
}


def _mechanisms(
    values: dict[str, FloatArray], block: Block, inputs: StageInputs
) -> pa.Table:
    at = {c: k for k, c in enumerate(block.cluster)}
    found = dict(values)
    for name, key in (("breaks", "value"), ("trigger_hits", "hits")):
        column = np.full(len(at), np.nan)
        for r in rows_of(inputs.result("life", "breaks")):
            if r["cluster"] in at:
                column[at[str(r["cluster"])]] = number(r[key])
        found[name] = column
    chosen = [
        c
        for c in (
            str(r["cluster"]) for r in rows_of(inputs.result(PREPARED, "clusters"))
        )
        if c in at
    ]
    rows = [
        {
            "cluster": cluster,
            "indicator": code,
            "value": float(found[name][k]),
            "status": status,
            "category": cluster.partition("|")[2],
        }
        for code, (name, status) in _MECHANISMS.items()
        for cluster, k in at.items()
        if name in found and np.isfinite(found[name][k])
    ]
    columns = {
        "cluster": "s",
        "indicator": "s",
        "value": "f",
        "status": "s",
        "category": "s",
    }
    if not rows:
        return table_of(
            [], {**columns, "mechanism": "s", "percentile": "f", "needs": "s"}
        )
    profile = mechanism_profile(
        table_of(rows, columns), status="status", category="category"
    )
    table = result_table(profile)
    keep = np.isin(np.array(table["cluster"].to_pylist()), chosen)
    return table.filter(pa.array(keep))
