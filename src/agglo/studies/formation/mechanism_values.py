"""Indicators of the six mechanisms that the study computes, and those the user brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.concentration import ellison_glaeser, variety
from agglo.core.errors import AggloError
from agglo.evaluation import MECHANISMS, mechanism_profile, related_entry
from agglo.studies.columns import result_table, text_of
from agglo.studies.formation.columns import number, rows_of, table_of
from agglo.studies.formation.known import known_cells
from agglo.studies.formation.openings import densities
from agglo.studies.formation.prepare import NO_GROUP, PREPARED

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.formation.blocks_of_jobs import Block
    from agglo.studies.formation.options import FormationOptions

__all__ = ["leading_gamma", "mechanisms_of"]

# indicator of a mechanism to the indicator of the study, and its status
_NAMED = {
    "M1.2": ("first_mover", "computed"),
    "M1.3": ("breaks", "computed"),
    "M1.4": ("trigger_hits", "computed"),
    "M2.1": ("quotient", "computed"),
    "M2.2": ("gamma", "proxy"),
    "M2.3": ("competition", "computed"),
    "M2.4": ("mean_size", "computed"),
    "M2.5": ("chain", "computed"),
    "M2.6": ("local_supply", "proxy"),
    "M3.1": ("turnover", "computed"),
    "M3.2": ("turbulence", "computed"),
    "M3.3": ("related_entry", "computed"),
    "M3.4": ("related_variety", "computed"),
    "M3.6": ("new_share", "computed"),
    "M4.1": ("patents", "computed"),
    "M4.2": ("technology", "computed"),
    "M4.3": ("copatent_density", "computed"),
    "M5.1": ("programmes", "computed"),
    "M5.2": ("support", "computed"),
    "M6.1": ("organisation", "computed"),
}
_COLUMNS = {
    "cluster": "s",
    "indicator": "s",
    "value": "f",
    "status": "s",
    "category": "s",
}


def mechanisms_of(
    values: dict[str, FloatArray],
    block: Block,
    inputs: StageInputs,
    options: FormationOptions,
    notes: dict[str, Json],
) -> pa.Table:
    """Lay out the mechanisms of the chosen clusters among their peers.

    Parameters
    ----------
    values
        Indicators of the study by name, (n_peers,), those of the user among them.
    block
        Peers.
    inputs
        Optional `designations`, `edges` with `members`, and what gives relatedness.
    options
        Options of the study.
    notes
        Notes of the stage; what could not be estimated is added.

    Returns
    -------
    pyarrow.Table
        One row per cluster and indicator, with status and what it needs.
    """
    found = {**values, **_from_life(block, inputs)}
    found["related_variety"] = _related_variety(block, inputs, options)
    found["related_entry"] = _related_entry(block, inputs, options, notes)
    found["copatent_density"] = _copatents(block, inputs)
    found["programmes"] = _programmes(block, inputs)
    given = {m.id: values[m.id] for m in MECHANISMS if m.id in values}
    columns = {
        code: (found[name], s) for code, (name, s) in _NAMED.items() if name in found
    }
    columns.update({code: (column, "computed") for code, column in given.items()})
    rows = [
        {
            "cluster": cluster,
            "indicator": code,
            "value": float(column[k]),
            "status": status,
            "category": cluster.partition("|")[2],
        }
        for code, (column, status) in columns.items()
        for k, cluster in enumerate(block.cluster)
        if np.isfinite(column[k])
    ]
    if not rows:
        empty = {**_COLUMNS, "mechanism": "s", "percentile": "f", "needs": "s"}
        return table_of([], empty)
    profile = mechanism_profile(
        table_of(rows, _COLUMNS), status="status", category="category"
    )
    table = result_table(profile)
    chosen = text_of(inputs.result(PREPARED, "clusters"), "cluster")
    return table.filter(pc.is_in(table["cluster"], pa.array(chosen, pa.string())))


def _from_life(block: Block, inputs: StageInputs) -> dict[str, FloatArray]:
    at = {c: k for k, c in enumerate(block.cluster)}
    out = {}
    for name, key in (("breaks", "value"), ("trigger_hits", "hits")):
        column = np.full(len(at), np.nan)
        for r in rows_of(inputs.result("life", "breaks")):
            if r["cluster"] in at:
                column[at[str(r["cluster"])]] = number(r[key])
        out[name] = column
    return out


def leading_gamma(
    block: Block, inputs: StageInputs, options: FormationOptions
) -> FloatArray:
    """Give the Ellison-Glaeser gamma, in the nation, of each cluster's largest industry.

    Plants of a cell are taken as equal in size, which makes gamma an upper bound: a proxy.
    Industries of the group only are weighed; the reference is all employment.
    """
    out = np.full(len(block.cluster), np.nan)
    panel = inputs.result(PREPARED, "panel")
    now = panel.filter(pc.equal(panel["period"], block.period))
    now = now.filter(pc.greater(pc.fill_null(now["establishments"], 0.0), 0.0))
    if options.missing != "zero":
        unknown = pc.unique(now.filter(pc.is_null(now["employment"]))["industry"])
        now = now.filter(pc.invert(pc.is_in(now["industry"], unknown)))
    now = now.filter(pc.is_valid(now["employment"]))
    keys = ["region", "industry"]
    cells = now.group_by(keys).aggregate(
        [("employment", "sum"), ("establishments", "sum")]
    )
    cells = cells.rename_columns([*keys, "employment", "establishments"])
    if cells.num_rows == 0:
        return out
    try:
        eg = ellison_glaeser(cells, herfindahl="cell_means")
    except AggloError:  # one region, or no plants that could be counted
        return out
    gamma = dict(zip(eg.activity.tolist(), eg.gamma.tolist(), strict=True))
    for k, name in enumerate(block.leading()):
        out[k] = gamma.get(name, np.nan)
    return out


def _related_variety(
    block: Block, inputs: StageInputs, options: FormationOptions
) -> FloatArray:
    """Give the entropy within groups of the region of each cluster, in bits."""
    out = np.full(len(block.cluster), np.nan)
    cells = known_cells(inputs, block.period, missing=options.missing)
    cells = cells.filter(pc.greater(cells["employment"], 0.0))
    if cells.num_rows == 0:
        return out
    key = pc.binary_join_element_wise(cells["group"], cells["industry"], "\x1f")
    table = pa.table(
        {"region": cells["region"], "industry": key, "employment": cells["employment"]}
    )
    groups = dict(zip(key.to_pylist(), text_of(cells, "group"), strict=True))
    found = variety(table, group=groups)
    known = dict(zip(found.label.tolist(), found.related.tolist(), strict=True))
    for k, cluster in enumerate(block.cluster):
        out[k] = known.get(cluster.partition("|")[0], np.nan)
    return out


def _related_entry(
    block: Block,
    inputs: StageInputs,
    options: FormationOptions,
    notes: dict[str, Json],
) -> FloatArray:
    """Give the marginal effect of density on entry, one per group, over all regions."""
    out = np.full(len(block.cluster), np.nan)
    if not block.earlier:
        return out
    before = densities(inputs, options.relatedness, period=block.earlier)
    after = densities(inputs, options.relatedness, period=block.period)
    if before is None or after is None:
        return out
    panel = inputs.result(PREPARED, "panel")
    group_of = dict(
        zip(text_of(panel, "industry"), text_of(panel, "group"), strict=True)
    )
    regions = [r for r in before.regions if r in set(after.regions)]
    codes = [c for c in before.codes if c in set(after.codes)]
    rows, columns = np.ix_(
        _places(before.regions, regions), _places(before.codes, codes)
    )
    then, near = before.quotient[rows, columns], before.density[rows, columns]
    now = after.quotient[
        np.ix_(_places(after.regions, regions), _places(after.codes, codes))
    ]
    groups = np.array([group_of.get(c, NO_GROUP) for c in codes])
    failed: dict[str, Json] = {}
    own = np.array([c.partition("|")[2] for c in block.cluster])
    for group in np.unique(own).tolist():
        at = groups == group
        open_ = (then[:, at] < 1.0) & np.isfinite(now[:, at]) & np.isfinite(near[:, at])
        if not open_.any():
            continue
        table = pa.table(
            {
                "entered": (now[:, at][open_] >= 1.0).astype(np.float64),
                "density": near[:, at][open_],
            }
        )
        try:
            found = related_entry(table)
        except AggloError as error:
            failed[group] = error.message
        else:
            out[own == group] = found.marginal_effect
    if failed:
        notes["related_entry"] = failed
    return out


def _places(known: list[str], wanted: list[str]) -> list[int]:
    at = {c: k for k, c in enumerate(known)}
    return [at[c] for c in wanted]


def _copatents(block: Block, inputs: StageInputs) -> FloatArray:
    """Give the share of pairs of members that hold a patent together."""
    out = np.full(len(block.cluster), np.nan)
    if not (inputs.has("members") and inputs.has("edges")):
        return out
    edges, members = inputs.table("edges"), inputs.table("members")
    kinds = text_of(edges, "kind")
    if "copatent" not in kinds:
        return out
    home: dict[str, set[str]] = {}
    for c, m in zip(
        text_of(members, "cluster"), text_of(members, "member"), strict=True
    ):
        home.setdefault(c, set()).add(m)
    pairs = {
        frozenset((a, b))
        for a, b, kind in zip(
            text_of(edges, "origin"), text_of(edges, "destination"), kinds, strict=True
        )
        if kind == "copatent" and a != b
    }
    for k, cluster in enumerate(block.cluster):
        own = home.get(cluster, set())
        if len(own) > 1:
            inside = sum(p <= own for p in pairs)
            out[k] = inside / (len(own) * (len(own) - 1) / 2)
    return out


def _programmes(block: Block, inputs: StageInputs) -> FloatArray:
    """Give the number of programmes that designate each cluster."""
    out = np.full(len(block.cluster), np.nan)
    if not inputs.has("designations"):
        return out
    table = inputs.table("designations")
    held: dict[str, set[str]] = {}
    ends = zip(text_of(table, "cluster"), text_of(table, "programme"), strict=True)
    for cluster, programme in ends:
        held.setdefault(cluster, set()).add(programme)
    for k, cluster in enumerate(block.cluster):
        if cluster in held:
            out[k] = float(len(held[cluster]))
    return out
