"""Stage `life`: stages, hidden states, lock-in, resilience, breaks and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import NotIdentifiedError
from agglo.core.frames import float_column
from agglo.evaluation import (
    hidden_stages,
    life_cycle,
    lock_in,
    resilience,
    structural_breaks,
)
from agglo.studies.columns import result_table, text_of
from agglo.studies.contract import StageOutput
from agglo.studies.formation.columns import table_of
from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.prepare import NO_GROUP, PREPARED

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.evaluation import LifeCycle
    from agglo.studies.contract import StageInputs

__all__ = ["life"]

_STAGE_COLUMNS = {
    "region": "s",
    "group": "s",
    "period": "s",
    "stage": "s",
    "value": "f",
    "size": "f",
    "growth": "f",
    "diversity": "f",
    "change": "f",
    "new_share": "f",
    "margin": "f",
    "employment": "f",
    "entry_rate": "f",
}
_LOCK_COLUMNS = {
    "region": "s",
    "group": "s",
    "value": "f",
    "diversity": "f",
    "rigid": "f",
}
_RESILIENCE_COLUMNS = {
    "region": "s",
    "group": "s",
    "value": "f",
    "resistance_mix": "f",
    "recovery": "f",
    "periods_to_recover": "f",
}
_BREAK_COLUMNS = {
    "cluster": "s",
    "value": "f",
    "periods": "s",
    "bic_gain": "f",
    "events": "f",
    "hits": "f",
    "p": "f",
}


def life(inputs: StageInputs) -> StageOutput:
    """Tell where clusters are in their life; too few periods leave tables empty.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; optional `events`.

    Returns
    -------
    StageOutput
        Tables ``stages``, ``lock_in``, ``resilience``, ``breaks``; document ``hmm``.
    """
    options = inputs.options_as(FormationOptions)
    panel = inputs.result(PREPARED, "panel")
    panel = panel.filter(pc.not_equal(panel["group"], NO_GROUP))
    tables = {
        "stages": table_of([], _STAGE_COLUMNS),
        "lock_in": table_of([], _LOCK_COLUMNS),
        "resilience": table_of([], _RESILIENCE_COLUMNS),
        "breaks": table_of([], _BREAK_COLUMNS),
    }
    notes: dict[str, Json] = {"periods": len(set(text_of(panel, "period")))}
    entry, firms = _entries(panel, notes)
    try:
        found = life_cycle(
            panel,
            k=options.k,
            delta=options.delta,
            min_size=options.min_size,
            missing=options.missing,
            entry=entry,
            firms=firms,
        )
    except NotIdentifiedError as error:
        notes["not_assessed"] = error.message
    else:
        tables["stages"] = result_table(found)
        notes["summary"] = found.summary()
        notes["hmm"] = _hidden(found, options, inputs.seed)
    try:
        tables["lock_in"] = result_table(lock_in(panel, missing=options.missing))
    except NotIdentifiedError as error:
        notes["lock_in"] = error.message
    if options.shock_before and options.shock_trough:
        shock = resilience(
            panel,
            before=options.shock_before,
            trough=options.shock_trough,
            missing=options.missing,
        )
        tables["resilience"] = result_table(shock)
        notes["resilience"] = shock.summary()
    breaks = _breaks(inputs, panel)
    if breaks is not None:
        tables["breaks"] = breaks
    return StageOutput(tables=tables, documents={"life_notes": notes})


def _entries(panel: pa.Table, notes: dict[str, Json]) -> tuple[str | None, str | None]:
    """Name the columns of entries where all of them are known, and say it otherwise."""
    lost = [panel[n].null_count for n in ("entries", "establishments")]
    if lost[0] == panel.num_rows:
        return None, None
    if any(lost):
        notes["entries"] = "entries are not known everywhere: left out of the rules"
        return None, None
    return "entries", "establishments"


def _hidden(found: LifeCycle, options: FormationOptions, seed: int) -> Json:
    try:
        states = hidden_stages(
            found, n_states=options.n_states, n_init=options.n_init, seed=seed
        )
    except NotIdentifiedError as error:
        return {"not_assessed": error.message}
    return {
        "n_states": int(states.means.shape[0]),
        "means": states.means.tolist(),
        "transition": states.transition.tolist(),
        "dwell": [min(float(d), 1e6) for d in states.dwell],
        "log_likelihood": states.log_likelihood,
        "bic": {str(k): v for k, v in states.tried.items()},
        "adjusted_rand": states.rand,
        "mutual_information": states.information,
        "cramer": states.cramer,
        "stages": list(states.stages),
        "matched": list(states.matched),
        "table": states.table.tolist(),
        "converged": states.converged,
    }


def _breaks(inputs: StageInputs, panel: pa.Table) -> pa.Table | None:
    """Cut the log share of the chosen clusters in their group."""
    clusters = text_of(inputs.result(PREPARED, "clusters"), "cluster")
    name = pc.binary_join_element_wise(panel["region"], panel["group"], "|")
    jobs = np.array(float_column(panel, "employment"))
    periods, t = np.unique(text_of(panel, "period"), return_inverse=True)
    groups, g = np.unique(text_of(panel, "group"), return_inverse=True)
    nation = np.zeros((groups.size, periods.size))
    np.add.at(nation, (g, t), np.nan_to_num(jobs))
    at = {c: k for k, c in enumerate(clusters)}
    row = np.array([at.get(c, -1) for c in name.to_pylist()], dtype=np.int64)
    held = row >= 0
    if not held.any():
        return None
    own = np.zeros((len(clusters), periods.size))
    np.add.at(own, (row[held], t[held]), jobs[held])
    group = np.full(len(clusters), -1)
    group[row[held]] = g[held]
    known = group >= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.log(own[known] / nation[group[known]])
    share[~np.isfinite(share)] = np.nan
    names = np.array(clusters)[known]
    table = pa.table(
        {
            "cluster": np.repeat(names, periods.size).tolist(),
            "period": np.tile(periods, names.size).tolist(),
            "value": share.ravel(),
        }
    )
    events = inputs.table("events") if inputs.has("events") else None
    return result_table(structural_breaks(table, events=events))
