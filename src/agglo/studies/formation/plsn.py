"""Point, line, surface, network: four layers of a cluster, and how much of each is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.contract import StageOutput
from agglo.studies.formation.columns import number, rows_of, table_of
from agglo.studies.formation.prepare import PREPARED

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs

__all__ = ["layers", "links_of"]

_POINT = {"cluster": "s", "role": "s", "number": "f", "employment": "f", "largest": "f"}
_LINE = {
    "cluster": "s",
    "link": "s",
    "quotient": "f",
    "employment": "f",
    "share": "f",
    "gap": "s",
}
_SURFACE = {
    "cluster": "s",
    "centre_x_km": "f",
    "centre_y_km": "f",
    "standard_distance_km": "f",
    "sites": "f",
}
_NETWORK = {
    "cluster": "s",
    "kind": "s",
    "inside": "f",
    "outside": "f",
    "brokers": "s",
    "density_over_chance": "f",
}
_COMPLETE = {"cluster": "s", "layer": "s", "completeness": "f", "template": "s"}
_TEMPLATES = {
    "point": "members: cluster, member, role, employment",
    "line": "cluster_panel or activity with definitions",
    "surface": "members: x_km, y_km or lon, lat",
    "network": "edges: origin, destination, kind, period, weight",
}
_BROKERS = 3


def layers(inputs: StageInputs) -> StageOutput:
    """Lay out the four layers of every chosen cluster.

    Parameters
    ----------
    inputs
        With the stages ``prepare`` and ``gate``; optional `members` and `edges`.

    Returns
    -------
    StageOutput
        Tables ``layer_point``, ``layer_line``, ``layer_surface``, ``layer_network`` and
        ``layer_completeness``: the share of what is wanted that is there, with the
        template to fill.
    """
    clusters = text_of(inputs.result(PREPARED, "clusters"), "cluster")
    parts = {
        "point": (_points(inputs, clusters), _POINT),
        "line": (links_of(inputs, clusters), _LINE),
        "surface": (_surfaces(inputs, clusters), _SURFACE),
        "network": (_networks(inputs, clusters), _NETWORK),
    }
    complete: list[dict[str, object]] = []
    for layer, (rows, columns) in parts.items():
        wanted = [n for n, k in columns.items() if k == "f"]
        for c in clusters:
            mine = [r for r in rows if r["cluster"] == c]
            held = [np.isfinite(number(r.get(n))) for r in mine for n in wanted]
            complete.append(
                {
                    "cluster": c,
                    "layer": layer,
                    "completeness": float(np.mean(held)) if held else 0.0,
                    "template": "" if held else _TEMPLATES[layer],
                }
            )
    tables = {f"layer_{k}": table_of(r, c) for k, (r, c) in parts.items()}
    tables["layer_completeness"] = table_of(complete, _COMPLETE)
    return StageOutput(tables=tables)


def _points(inputs: StageInputs, clusters: list[str]) -> list[dict[str, object]]:
    if not inputs.has("members"):
        return []
    members = inputs.table("members")
    members = members.filter(
        pc.is_in(members["cluster"], pa.array(clusters, pa.string()))
    )
    jobs = (
        float_column(members, "employment")
        if "employment" in members.column_names
        else np.full(members.num_rows, np.nan)
    )
    groups: dict[tuple[str, str], list[float]] = {}
    ends = zip(
        text_of(members, "cluster"), text_of(members, "role", "firm"), jobs, strict=True
    )
    for cluster, role, value in ends:
        groups.setdefault((cluster, role), []).append(float(value))
    out: list[dict[str, object]] = []
    for (cluster, role), values in sorted(groups.items()):
        total = float(np.nansum(values))
        out.append(
            {
                "cluster": cluster,
                "role": role,
                "number": float(len(values)),
                "employment": total,
                "largest": float(np.nanmax(values)) / total if total > 0 else None,
            }
        )
    return out


def links_of(inputs: StageInputs, clusters: list[str]) -> list[dict[str, object]]:
    """Give the links of the chain: the sub-industries of the group, the strongest first.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.
    clusters
        Ids.

    Returns
    -------
    list of dict
        cluster, link, quotient, employment, share (of the cluster), gap.
    """
    panel = inputs.result(PREPARED, "panel")
    last = pc.max(panel["period"])
    now = panel.filter(pc.equal(panel["period"], last))
    jobs = np.nan_to_num(float_column(now, "employment"))
    regions, r = np.unique(text_of(now, "region"), return_inverse=True)
    codes, i = np.unique(text_of(now, "industry"), return_inverse=True)
    total = np.bincount(r, jobs, regions.size)
    nation = np.bincount(i, jobs, codes.size)
    group = np.full(codes.size, "", dtype=object)
    group[i] = text_of(now, "group")
    everything = float(nation.sum())
    out: list[dict[str, object]] = []
    for c in clusters:
        place, _, wanted = c.partition("|")
        at = int(np.searchsorted(regions, place))
        if at == regions.size or regions[at] != place or total[at] == 0:
            continue
        here = r == at
        own = np.bincount(i[here], jobs[here], codes.size)
        held = np.flatnonzero((group == wanted) & (nation > 0))
        sum_ = float(own[held].sum())
        rows: list[dict[str, object]] = []
        for k in held.tolist():
            lq = float(own[k] / total[at] / (nation[k] / everything))
            rows.append(
                {
                    "cluster": c,
                    "link": str(codes[k]),
                    "quotient": lq,
                    "employment": float(own[k]),
                    "share": float(own[k]) / sum_ if sum_ > 0 else None,
                    "gap": "gap" if lq <= 1 else "",
                }
            )
        out += sorted(rows, key=lambda x: -number(x["quotient"]))
    return out


def _surfaces(inputs: StageInputs, clusters: list[str]) -> list[dict[str, object]]:
    if not inputs.has("members") or "x_km" not in inputs.table("members").column_names:
        return []
    members = inputs.table("members")
    members = members.filter(
        pc.is_in(members["cluster"], pa.array(clusters, pa.string()))
    )
    x, y = (float_column(members, n) for n in ("x_km", "y_km"))
    names = np.array(text_of(members, "cluster"))
    out: list[dict[str, object]] = []
    for c in sorted(set(names.tolist())):
        at = (names == c) & ~np.isnan(x + y)
        if not at.any():
            continue
        cx, cy = float(x[at].mean()), float(y[at].mean())
        spread = float(np.sqrt(((x[at] - cx) ** 2 + (y[at] - cy) ** 2).mean()))
        out.append(
            {
                "cluster": c,
                "centre_x_km": cx,
                "centre_y_km": cy,
                "standard_distance_km": spread,
                "sites": float(at.sum()),
            }
        )
    return out


def _networks(inputs: StageInputs, clusters: list[str]) -> list[dict[str, object]]:
    if not inputs.has("edges") or not inputs.has("members"):
        return []
    members, edges = inputs.table("members"), inputs.table("edges")
    home: dict[str, set[str]] = {}
    wanted = set(clusters)
    for c, m in zip(
        text_of(members, "cluster"), text_of(members, "member"), strict=True
    ):
        if c in wanted:
            home.setdefault(m, set()).add(c)
    chance = {
        str(r["cluster"]): number(r["ratio"])
        for r in rows_of(inputs.result("gate", "elements"), element="cooperation")
    }
    count: dict[tuple[str, str], list[float]] = {}
    out_ties: dict[str, dict[str, int]] = {}
    ends = zip(
        text_of(edges, "origin"),
        text_of(edges, "destination"),
        text_of(edges, "kind", "tie"),
        strict=True,
    )
    for a, b, kind in ends:
        one, other = home.get(a, set()), home.get(b, set())
        for c in one | other:
            cell = count.setdefault((c, kind), [0.0, 0.0])
            if c in one and c in other:
                cell[0] += 1.0
            else:
                cell[1] += 1.0
                broker = a if c in one else b
                ties = out_ties.setdefault(c, {})
                ties[broker] = ties.get(broker, 0) + 1
    return [
        {
            "cluster": c,
            "kind": kind,
            "inside": inside,
            "outside": outside,
            "brokers": ", ".join(
                sorted(out_ties.get(c, {}), key=lambda m: (-out_ties[c][m], m))[
                    :_BROKERS
                ]
            ),
            "density_over_chance": chance.get(c),
        }
        for (c, kind), (inside, outside) in sorted(count.items())
    ]
