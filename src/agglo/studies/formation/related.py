"""Relatedness of industries by source: given, from input-output tables, or co-location."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import OptionError, suggest
from agglo.core.frames import float_column
from agglo.relatedness import proximity
from agglo.studies.columns import text_of
from agglo.studies.formation.prepare import PREPARED

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.studies.contract import StageInputs

__all__ = ["codes_of_flows", "relatedness_sources"]

_MOST = 1500
_SHARES = ("seller_share", "buyer_share")


def relatedness_sources(inputs: StageInputs, first: str = "") -> dict[str, pa.Table]:
    """Give kind to pairs (origin, destination, value), the one that decides first.

    Parameters
    ----------
    inputs
        Optional `industry_links`, `input_output` and `concordances`; the stage ``prepare``.
    first
        Kind that decides.

    Returns
    -------
    dict
        Co-location only where nothing else is known: it makes the test of connection
        partly the same as that of proximity.
    """
    found: dict[str, pa.Table] = {}
    if inputs.has("industry_links"):
        links = inputs.table("industry_links")
        kinds = np.array(text_of(links, "kind", "given"))
        for kind in sorted(set(kinds.tolist())):
            rows = links.filter(pa.array(kinds == kind))
            found[kind] = rows.select(["origin", "destination", "value"])
    if inputs.has("input_output") and "io" not in found:
        pairs = _from_flows(inputs)
        if pairs is not None:
            found["io"] = pairs
    if not found:
        pairs = _from_places(inputs)
        if pairs is not None:
            found["colocation"] = pairs
    if first and first not in found:
        hint = suggest(first, list(found))
        msg = f"relatedness={first!r} is not among the sources. {hint}".rstrip()
        msg = f"{msg} Sources: {sorted(found)}"
        raise OptionError(msg)
    order = sorted(found, key=lambda k: (k != first, k != "io", k))
    return {k: found[k] for k in order}


def _from_flows(inputs: StageInputs) -> pa.Table | None:
    """Give the largest of the four shares that two industries have in each other.

    Codes of the panel are looked up in `concordances`; those that share a code of the
    table are as related as that code is to itself.
    """
    flows = inputs.table("input_output")
    nodes, shares = _shares(flows)
    panel = inputs.result(PREPARED, "panel")
    codes = sorted(set(text_of(panel, "industry")))
    target = codes_of_flows(inputs, codes)
    at = {n: k for k, n in enumerate(nodes)}
    held = [c for c in codes if target[c] in at][:_MOST]
    if len(held) < 2:
        return None
    place = np.array([at[target[c]] for c in held])
    a, b = np.triu_indices(len(held), 1)
    value = shares[place[a], place[b]]
    names = np.array(held)
    return pa.table(
        {"origin": names[a].tolist(), "destination": names[b].tolist(), "value": value}
    )


def codes_of_flows(inputs: StageInputs, codes: list[str]) -> dict[str, str]:
    """Give the code of the input-output table of every code of the panel.

    Parameters
    ----------
    inputs
        Optional `concordances`: of several targets the one with the largest weight.
    codes
        Codes of the panel.

    Returns
    -------
    dict
        Code to code; itself where no concordance has it.
    """
    if not inputs.has("concordances"):
        return {c: c for c in codes}
    table = inputs.table("concordances")
    weight = (
        np.nan_to_num(float_column(table, "weight"))
        if "weight" in table.column_names
        else np.ones(table.num_rows)
    )
    best: dict[str, tuple[float, str]] = {}
    ends = zip(text_of(table, "source"), text_of(table, "target"), weight, strict=True)
    for source, goal, w in ends:
        best[source] = max(best.get(source, (-1.0, "")), (float(w), goal))
    return {c: best[c][1] if c in best else c for c in codes}


def _shares(flows: pa.Table) -> tuple[list[str], FloatArray]:
    ends = [text_of(flows, c) for c in ("seller", "buyer")]
    nodes = sorted(set(ends[0]) | set(ends[1]))
    at = {n: k for k, n in enumerate(nodes)}
    i, j = (np.array([at[n] for n in e]) for e in ends)
    largest = np.zeros((len(nodes), len(nodes)))
    for name in _SHARES:
        if name in flows.column_names:
            part = np.zeros_like(largest)
            part[i, j] = np.maximum(np.nan_to_num(float_column(flows, name)), 0.0)
            largest = np.maximum(largest, np.maximum(part, part.T))
    return nodes, largest


def _from_places(inputs: StageInputs) -> pa.Table | None:
    panel = inputs.result(PREPARED, "panel")
    last = max(text_of(panel, "period"))
    now = panel.filter(pc.equal(panel["period"], last))
    now = now.filter(pc.is_valid(now["employment"]))
    jobs = now.group_by(["region", "industry"]).aggregate([("employment", "sum")])
    jobs = jobs.rename_columns(["region", "industry", "employment"])
    n = len(set(text_of(jobs, "industry")))
    if not 3 <= n <= _MOST or len(set(text_of(jobs, "region"))) < 3:
        return None
    found = proximity(jobs)
    a, b = np.triu_indices(found.label.size, 1)
    value = found.values[a, b]
    held = ~np.isnan(value)
    return pa.table(
        {
            "origin": found.label[a[held]].tolist(),
            "destination": found.label[b[held]].tolist(),
            "value": value[held],
        }
    )
