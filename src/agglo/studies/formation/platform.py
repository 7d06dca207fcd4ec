"""Stage `platform`: register, periodic indicators, alerts, peers, recommendations, audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from agglo.core.frames import float_column
from agglo.core.results import version
from agglo.studies.columns import text_of
from agglo.studies.contract import StageOutput
from agglo.studies.formation.alerts import alerts_of, false_alarm_rate
from agglo.studies.formation.columns import number, rows_of, table_of
from agglo.studies.formation.exposure import lost_outside_ties, supply_of
from agglo.studies.formation.facts_of_clusters import cluster_facts, national_facts
from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.peers import PROFILE, peers_of
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.recommendations import recommend
from agglo.studies.formation.registry import ClusterRegistry

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["platform"]

_ALERT_COLUMNS = {
    "cluster": "s",
    "alert": "s",
    "level": "s",
    "first_seen": "s",
    "evidence": "s",
}
_PEER_COLUMNS = {
    "cluster": "s",
    "peer": "s",
    "distance": "f",
    "place": "i",
    "shared": "i",
    "closest": "s",
}
_RULE_COLUMNS = {
    "rule": "s",
    "version": "s",
    "level": "s",
    "unit": "s",
    "state": "s",
    "fires_if": "s",
    "evidence": "s",
    "missing": "s",
    "text": "s",
    "priority": "f",
    "indicative": "s",
}
_PERIOD_COLUMNS = {
    "cluster": "s",
    "period": "s",
    "indicator": "s",
    "value": "f",
    "status": "s",
    "inputs": "s",
    "vintage": "s",
    "code_version": "s",
}


def platform(inputs: StageInputs) -> StageOutput:
    """Keep the books of the observation platform.

    Parameters
    ----------
    inputs
        With the stages ``prepare``, ``gate``, ``life`` and ``measures``; optional
        `members`, `edges`, `designations`, `input_output`, `concordances`,
        `industry_links`.

    Returns
    -------
    StageOutput
        Tables ``registry``, ``period_indicators``, ``alerts``, ``peers``,
        ``recommendations``; file ``audit.jsonl``; document ``platform_notes``.
    """
    options = inputs.options_as(FormationOptions)
    clusters = text_of(inputs.result(PREPARED, "clusters"), "cluster")
    panel = inputs.result(PREPARED, "panel")
    periods = sorted(set(text_of(panel, "period")))
    facts = cluster_facts(inputs, clusters)
    national = national_facts(inputs, clusters)
    stages = _stages(inputs, clusters)
    quotients = _quotients(inputs, clusters, periods)
    supply = supply_of(inputs, clusters, missing=options.missing)
    tied = inputs.has("members") and inputs.has("edges")
    alerts = alerts_of(
        clusters,
        periods=periods,
        breaks={
            str(r["cluster"]): [p for p in str(r["periods"]).split(";") if p]
            for r in rows_of(inputs.result("life", "breaks"))
        },
        quotients=quotients,
        rigid={c: number(f.get("rigid")) for c, f in facts.items()},
        key_firm={
            c: float(np.nan_to_num(number(f.get("key_firm")))) for c, f in facts.items()
        },
        stages=stages,
        delta=options.delta,
        exposure={c: (v, supply.hardest[c]) for c, v in supply.exposure.items()},
        exposure_max=options.exposure_max,
        ties_lost=lost_outside_ties(
            inputs.table("members"), inputs.table("edges"), clusters
        )
        if tied
        else {},
    )
    rate = _false_alarms(inputs, options.delta)
    book = _register(inputs, periods)
    rules = recommend(national, facts, lang=inputs.project.language)
    notes: dict[str, Json] = {
        "alerts": len(alerts),
        "false_alarm_rate_A5": None if np.isnan(rate) else rate,
        "fires": sum(r["state"] == "fires" for r in rules),
        "not_evaluable": sum(r["state"] == "not evaluable" for r in rules),
        "audit_entries": len(book.trail.verify_chain()),
    }
    return StageOutput(
        tables={
            "registry": book.to_table(),
            "period_indicators": table_of(
                _periodic(clusters, periods, quotients, stages), _PERIOD_COLUMNS
            ),
            "alerts": table_of(alerts, _ALERT_COLUMNS),
            "peers": table_of(_peers(inputs, clusters, options.n_peers), _PEER_COLUMNS),
            "recommendations": table_of(rules, _RULE_COLUMNS),
        },
        documents={"platform_notes": notes},
        files={"audit.jsonl": book.trail.to_bytes()},
    )


def _false_alarms(inputs: StageInputs, delta: float) -> float:
    table = inputs.result("life", "stages")
    names = [
        f"{r}|{g}"
        for r, g in zip(text_of(table, "region"), text_of(table, "group"), strict=True)
    ]
    if not names:
        return float("nan")
    unit = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return false_alarm_rate(float_column(table, "value"), unit, delta, seed=inputs.seed)


def _stages(
    inputs: StageInputs, clusters: list[str]
) -> dict[str, list[dict[str, object]]]:
    out: dict[str, list[dict[str, object]]] = {}
    table = inputs.result("life", "stages")
    names = pc.binary_join_element_wise(table["region"], table["group"], "|")
    wanted = set(clusters)
    for name, row in zip(names.to_pylist(), table.to_pylist(), strict=True):
        if name in wanted:
            out.setdefault(name, []).append(row)
    return out


def _quotients(
    inputs: StageInputs, clusters: list[str], periods: list[str]
) -> dict[str, FloatArray]:
    """Give the location quotient of every chosen cluster by period."""
    panel = inputs.result(PREPARED, "panel")
    jobs = np.nan_to_num(float_column(panel, "employment"))
    regions, r = np.unique(text_of(panel, "region"), return_inverse=True)
    groups, g = np.unique(text_of(panel, "group"), return_inverse=True)
    t = np.searchsorted(periods, text_of(panel, "period"))
    block = np.zeros((regions.size, groups.size, len(periods)))
    np.add.at(block, (r, g, t), jobs)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = block / block.sum(axis=1, keepdims=True)
        nation = block.sum(axis=0) / block.sum(axis=(0, 1))
        lq = share / nation
    at_r = {str(v): k for k, v in enumerate(regions)}
    at_g = {str(v): k for k, v in enumerate(groups)}
    out: dict[str, FloatArray] = {}
    for c in clusters:
        a, _, b = c.partition("|")
        if a in at_r and b in at_g:
            out[c] = lq[at_r[a], at_g[b]]
    return out


def _periodic(
    clusters: list[str],
    periods: list[str],
    quotients: dict[str, FloatArray],
    stages: dict[str, list[dict[str, object]]],
) -> list[dict[str, object]]:
    """Give the indicators of every period in the vintage of this run."""
    rows: list[dict[str, object]] = []
    for c in clusters:
        held: dict[str, dict[str, float]] = {}
        if c in quotients:
            held["quotient"] = dict(zip(periods, quotients[c].tolist(), strict=True))
        for name in ("employment", "value", "diversity"):
            label = "relative_growth" if name == "value" else name
            held[label] = {str(r["period"]): number(r[name]) for r in stages.get(c, [])}
        for name, series in held.items():
            for period, value in series.items():
                known = bool(np.isfinite(value))
                rows.append(
                    {
                        "cluster": c,
                        "period": period,
                        "indicator": name,
                        "value": value if known else None,
                        "status": "computed" if known else "needs_data",
                        "inputs": "employment",
                        "vintage": periods[-1],
                        "code_version": version(),
                    }
                )
    return rows


def _peers(inputs: StageInputs, clusters: list[str], n: int) -> list[dict[str, object]]:
    values: dict[str, dict[str, float]] = {}
    for r in rows_of(inputs.result("measures", "indicators")):
        if r["indicator"] in (*PROFILE, "employment"):
            values.setdefault(str(r["cluster"]), {})[str(r["indicator"])] = number(
                r["value"]
            )
    names = sorted(values)
    if not names:
        return []
    profile = np.array([[values[c].get(p, np.nan) for p in PROFILE] for c in names])
    size = np.array([values[c].get("employment", np.nan) for c in names])
    return peers_of(
        names, [c.partition("|")[2] for c in names], size, profile, clusters, n
    )


def _register(inputs: StageInputs, periods: list[str]) -> ClusterRegistry:
    """Write down the clusters and their organisations, and check the chain."""
    at, user = periods[-1], "agglo"
    book = ClusterRegistry()
    for row in rows_of(inputs.result(PREPARED, "clusters")):
        book = book.add_cluster(
            str(row["cluster"]),
            name=str(row["name"]),
            valid_from=periods[0],
            at=at,
            source="prepare",
            user=user,
        )
    known = {r.id for r in book.rows}
    if inputs.has("members"):
        members = inputs.table("members")
        roles = text_of(members, "role")
        ends = zip(
            text_of(members, "cluster"), text_of(members, "member"), roles, strict=True
        )
        for cluster, member, role in ends:
            if cluster in known and role not in ("", "firm"):
                book = book.add(
                    "organisation",
                    member,
                    cluster,
                    role=role,
                    valid_from=periods[0],
                    at=at,
                    source="members",
                    user=user,
                )
    if inputs.has("designations"):
        table = inputs.table("designations")
        labels = zip(
            text_of(table, "cluster"), text_of(table, "programme"), strict=True
        )
        for cluster, programme in sorted(set(labels)):
            if cluster in known:
                book = book.add(
                    "designation",
                    f"{cluster}:{programme}",
                    cluster,
                    role=programme,
                    valid_from=periods[0],
                    at=at,
                    source="designations",
                    user=user,
                )
    return book
