"""Stage `gate`: the three elements of every cluster, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import float_column
from agglo.core.geo import project
from agglo.core.options import Permutation
from agglo.evaluation import (
    connection_test,
    cooperation_test,
    proximity_test,
    three_element_test,
)
from agglo.studies.columns import result_table, text_of
from agglo.studies.contract import StageOutput
from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.related import relatedness_sources

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.evaluation import ElementTest
    from agglo.studies.contract import StageInputs

__all__ = ["gate"]


def gate(inputs: StageInputs) -> StageOutput:
    """Test every chosen cluster; what cannot be tested says why.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; optional `members`, `edges`, `industry_links`,
        `input_output` with `concordances`.

    Returns
    -------
    StageOutput
        Tables ``gate``, ``elements``, ``gate_sensitivity``; document ``gate_notes``.
    """
    options = inputs.options_as(FormationOptions)
    how = Permutation(n=options.draws, seed=inputs.seed)
    clusters = text_of(inputs.result(PREPARED, "clusters"), "cluster")
    notes: dict[str, Json] = {}
    near = _near(inputs, options, how, clusters, notes)
    related, others = _related(inputs, options, how, clusters, notes)
    tied = _tied(inputs, options, how, clusters, notes)
    tests = [t for t in (near, related, tied) if t is not None]
    if not tests:
        return _nothing(clusters, notes)
    found = three_element_test(
        near,
        related,
        tied,
        alpha=options.alpha,
        q=options.q,
        ei_max=options.ei_max,
        sources=others,
    )
    parts = [result_table(t) for t in tests]
    names = parts[0].column_names[:13]
    extra = (
        {}
        if tied is None
        else {k: tied.extra[k] for k in ("external", "ei", "coverage")}
    )
    rows = [p.select(names) for p in parts]
    network = (
        pa.table({"cluster": tied.cluster.tolist(), "internal": tied.value, **extra})
        if tied is not None
        else pa.table({"cluster": pa.array([], pa.string())})
    )
    return StageOutput(
        tables={
            "gate": _with_reasons(result_table(found), notes),
            "elements": pa.concat_tables(rows),
            "gate_sensitivity": pa.table(
                {k: pa.array(np.asarray(v).tolist()) for k, v in found.grid.items()}
            ),
            "network": network,
        },
        documents={"gate_notes": notes},
    )


def _with_reasons(table: pa.Table, notes: dict[str, Json]) -> pa.Table:
    """Say what is missing in the words of the study, where a test has no data at all."""
    words = text_of(table, "missing")
    for element in ("proximity", "connection", "cooperation"):
        why = notes.get(element)
        if isinstance(why, str):
            words = [
                w.replace(f"{element}: no data", f"{element}: {why}") for w in words
            ]
    at = table.column_names.index("missing")
    return table.set_column(at, "missing", pa.array(words, pa.string()))


def _nothing(clusters: list[str], notes: dict[str, Json]) -> StageOutput:
    """Give verdicts where there are no data for any element."""
    n = len(clusters)
    word = "not_testable"
    table = pa.table(
        {
            "cluster": pa.array(clusters, pa.string()),
            **{e: [word] * n for e in ("proximity", "connection", "cooperation")},
            "verdict": [word] * n,
            "kind": [""] * n,
            "missing": ["members, relatedness and ties"] * n,
            "value": pa.array([None] * n, pa.float64()),
            "coupling": pa.array([None] * n, pa.float64()),
            "agreement": pa.array([None] * n, pa.float64()),
        }
    )
    empty = pa.table({"cluster": pa.array([], pa.string())})
    tables = {
        "gate": table,
        "elements": empty,
        "gate_sensitivity": empty,
        "network": empty,
    }
    return StageOutput(tables=tables, documents={"gate_notes": notes})


def _members(inputs: StageInputs) -> pa.Table | None:
    return inputs.table("members") if inputs.has("members") else None


def _near(
    inputs: StageInputs,
    options: FormationOptions,
    how: Permutation,
    clusters: list[str],
    notes: dict[str, Json],
) -> ElementTest | None:
    members = _members(inputs)
    if members is None:
        notes["proximity"] = "no members: the inside of a region cannot be seen"
        return None
    sites = _on_plane(members, options.crs)
    if sites is None:
        notes["proximity"] = "members have no coordinates"
        return None
    own = sites.filter(pc.is_in(sites["cluster"], pa.array(clusters, pa.string())))
    if own.num_rows == 0:
        return None
    strata = set(text_of(sites, "size"))
    stratum = "size" if len(strata) > 1 and "" not in strata else None
    notes["candidates"] = int(sites.num_rows)
    notes["stratum"] = stratum or ""
    return proximity_test(
        own, sites, stratum=stratum, alpha=options.alpha, inference=how
    )


def _on_plane(members: pa.Table, crs: str) -> pa.Table | None:
    """Give members with planar coordinates; those without a place are left out."""
    names = members.column_names
    if {"x_km", "y_km"} <= set(names) and members["x_km"].null_count < members.num_rows:
        x, y = (float_column(members, n) for n in ("x_km", "y_km"))
    elif {"lon", "lat"} <= set(names):
        lon, lat = (float_column(members, n) for n in ("lon", "lat"))
        known = ~np.isnan(lon + lat)
        if not known.any():
            return None
        there = project(lon[known], lat[known], crs=crs)
        x, y = np.full(lon.size, np.nan), np.full(lon.size, np.nan)
        x[known], y[known] = there.x_km, there.y_km
    else:
        return None
    held = ~np.isnan(x + y)
    table = pa.table(
        {
            "cluster": text_of(members, "cluster"),
            "size": text_of(members, "size"),
            "x_km": x,
            "y_km": y,
        }
    )
    return table.filter(pa.array(held))


def _related(
    inputs: StageInputs,
    options: FormationOptions,
    how: Permutation,
    clusters: list[str],
    notes: dict[str, Json],
) -> tuple[ElementTest | None, dict[str, ElementTest]]:
    sources = relatedness_sources(inputs, options.relatedness)
    if not sources:
        notes["connection"] = "no relatedness of industries"
        return None, {}
    held, present = _industries(inputs, clusters)
    tests: dict[str, ElementTest] = {}
    for kind, pairs in sources.items():
        known = set(text_of(pairs, "origin")) | set(text_of(pairs, "destination"))
        inside = pc.is_in(held["industry"], pa.array(sorted(known), pa.string()))
        rows = held.filter(inside)
        if rows.num_rows == 0:
            continue
        pool = None
        if present is not None:
            inside = pc.is_in(present["industry"], pa.array(sorted(known), pa.string()))
            pool = present.filter(inside)
        tests[kind] = connection_test(
            rows, pairs, weight="employment", present=pool, q=options.q, inference=how
        )
    if not tests:
        notes["connection"] = "no industry of the clusters has a relatedness"
        return None, {}
    first = next(iter(tests))
    notes["relatedness"] = first
    notes["circular"] = first == "colocation"
    return tests.pop(first), tests


def _industries(
    inputs: StageInputs, clusters: list[str]
) -> tuple[pa.Table, pa.Table | None]:
    """Give employment by cluster and industry, and the industries of its region."""
    members = _members(inputs)
    wanted = pa.array(clusters, pa.string())
    if members is not None and any(text_of(members, "industry")):
        table = pa.table(
            {
                "cluster": text_of(members, "cluster"),
                "industry": text_of(members, "industry"),
                "employment": float_column(members, "employment")
                if "employment" in members.column_names
                else np.ones(members.num_rows),
            }
        )
        own = table.filter(pc.is_in(table["cluster"], wanted))
        own = own.filter(pc.not_equal(own["industry"], ""))
        return _added(own), None
    panel = inputs.result(PREPARED, "panel")
    last = max(text_of(panel, "period"))
    now = panel.filter(pc.equal(panel["period"], last))
    now = now.filter(pc.greater(pc.fill_null(now["employment"], 0.0), 0.0))
    name = pc.binary_join_element_wise(now["region"], now["group"], "|")
    own = now.append_column("cluster", name)
    own = own.filter(pc.is_in(own["cluster"], wanted))
    owners = inputs.result(PREPARED, "clusters").select(["cluster", "region"])
    present = owners.join(
        now.select(["region", "industry"]), "region", join_type="inner"
    )
    return (
        _added(own.select(["cluster", "industry", "employment"])),
        present.select(["cluster", "industry"])
        .group_by(["cluster", "industry"])
        .aggregate([]),
    )


def _added(table: pa.Table) -> pa.Table:
    filled = table.set_column(
        table.column_names.index("employment"),
        "employment",
        pc.fill_null(table["employment"], 0.0),
    )
    total = filled.group_by(["cluster", "industry"]).aggregate([("employment", "sum")])
    return total.rename_columns(["cluster", "industry", "employment"])


def _tied(
    inputs: StageInputs,
    options: FormationOptions,
    how: Permutation,
    clusters: list[str],
    notes: dict[str, Json],
) -> ElementTest | None:
    members = _members(inputs)
    if members is None or not inputs.has("edges"):
        notes["cooperation"] = "no cooperation links"
        return None
    inside = pc.is_in(members["cluster"], pa.array(clusters, pa.string()))
    own = members.filter(inside).select(["cluster", "member"])
    if own.num_rows == 0:
        return None
    edges = inputs.table("edges")
    weight = "weight" if "weight" in edges.column_names else None
    if weight and edges["weight"].null_count:
        weight = None
    notes["edges"] = int(edges.num_rows)
    return cooperation_test(
        edges,
        own,
        weight=weight,
        ei_max=options.ei_max,
        alpha=options.alpha,
        inference=how,
    )
