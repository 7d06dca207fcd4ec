"""Point, line, surface, network: four layers of a cluster, and how much of each is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.contract import StageOutput
from agglo.studies.formation.chain import CHAIN, chain_rows
from agglo.studies.formation.columns import number, rows_of, table_of
from agglo.studies.formation.prepare import PREPARED

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
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
_SITES = {
    "cluster": "s",
    "member": "s",
    "role": "s",
    "x": "f",
    "y": "f",
    "employment": "f",
}
_TIES = {
    "cluster": "s",
    "origin": "s",
    "destination": "s",
    "kind": "s",
    "weight": "f",
}
_MOST_SITES, _MOST_TIES = 120, 400
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
        template to fill. ``layer_chain`` is the chain as a tree. ``layer_sites`` and ``layer_ties`` hold what the figure draws:
        single firms, which no public release takes.
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
    sites = _sites(inputs, clusters)
    tables["layer_sites"] = table_of(sites, _SITES)
    tables["layer_chain"] = table_of(chain_rows(inputs, parts["line"][0]), CHAIN)
    tables["layer_ties"] = table_of(_ties(inputs, sites), _TIES)
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


def _sites(inputs: StageInputs, clusters: list[str]) -> list[dict[str, object]]:
    """Give the largest members of every cluster, with places in the unit square."""
    if not inputs.has("members"):
        return []
    members = inputs.table("members")
    members = members.filter(
        pc.is_in(members["cluster"], pa.array(clusters, pa.string()))
    )
    unknown = np.full(members.num_rows, np.nan)
    x, y, jobs = (
        np.array(float_column(members, n)) if n in members.column_names else unknown
        for n in ("x_km", "y_km", "employment")
    )
    if np.isnan(x + y).all() and {"lon", "lat"} <= set(members.column_names):
        x, y = (np.array(float_column(members, n)) for n in ("lon", "lat"))
    names = np.array(text_of(members, "cluster"))
    labels, roles = text_of(members, "member"), text_of(members, "role", "firm")
    out: list[dict[str, object]] = []
    for c in sorted(set(names.tolist())):
        at = np.flatnonzero(names == c)
        order = at[
            np.argsort(-np.where(np.isnan(jobs[at]), -1.0, jobs[at]), kind="stable")
        ]
        px, py = _in_square(x[at], y[at])
        place = {
            int(i): (float(a), float(b)) for i, a, b in zip(at, px, py, strict=True)
        }
        for i in order[:_MOST_SITES].tolist():
            here = place[i]
            out.append(
                {
                    "cluster": c,
                    "member": labels[i],
                    "role": roles[i],
                    "x": here[0] if np.isfinite(here[0]) else None,
                    "y": here[1] if np.isfinite(here[1]) else None,
                    "employment": float(jobs[i]) if np.isfinite(jobs[i]) else None,
                }
            )
    return out


def _in_square(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scale places to the unit square with one scale for both axes and a margin."""
    held = np.isfinite(x + y)
    if not held.any():
        return x, y
    wide = max(float(np.ptp(x[held])), float(np.ptp(y[held])), 1e-9)
    middle = [(v[held].max() + v[held].min()) / 2 for v in (x, y)]
    return 0.5 + 0.9 * (x - middle[0]) / wide, 0.5 + 0.9 * (y - middle[1]) / wide


def _ties(
    inputs: StageInputs, sites: list[dict[str, object]]
) -> list[dict[str, object]]:
    """Give the ties of the members that are drawn, at most some hundreds per cluster."""
    if not inputs.has("edges") or not sites:
        return []
    home: dict[str, set[str]] = {}
    for s in sites:
        home.setdefault(str(s["member"]), set()).add(str(s["cluster"]))
    edges = inputs.table("edges")
    count: dict[str, int] = {}
    out: list[dict[str, object]] = []
    names = ("origin", "destination", "kind")
    ends = zip(*(text_of(edges, n, "tie") for n in names), strict=True)
    weight: dict[tuple[str, str, str], float] = {}
    given = "weight" in edges.column_names
    amount = float_column(edges, "weight") if given else np.ones(edges.num_rows)
    for end, w in zip(ends, np.nan_to_num(amount, nan=1.0).tolist(), strict=True):
        weight[end] = weight.get(end, 0.0) + w
    for (a, b, kind), w in weight.items():
        tie = {"origin": a, "destination": b, "kind": kind, "weight": w}
        for c in sorted(home.get(a, set()) | home.get(b, set())):
            count[c] = count.get(c, 0) + 1
            if count[c] <= _MOST_TIES:
                out.append({"cluster": c, **tie})
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
