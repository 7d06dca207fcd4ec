"""Stage `platform`: register, periodic indicators, alerts, peers, recommendations, audit."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from agglo.core.frames import float_column
from agglo.core.results import digest_of, to_json
from agglo.studies.columns import text_of
from agglo.studies.contract import StageOutput
from agglo.studies.formation.alerts import (
    ALERT_COLUMNS,
    Alert,
    alerts_of,
    calm_rate,
    fell_below_one,
)
from agglo.studies.formation.columns import number, rows_of, table_of
from agglo.studies.formation.exposure import Supply, lost_outside_ties, supply_of
from agglo.studies.formation.facts_of_clusters import cluster_facts, national_facts
from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.organisation import questionnaire_levels
from agglo.studies.formation.peers import PROFILE, peers_of
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.recommendations import recommend
from agglo.studies.formation.registry import ClusterRegistry
from agglo.studies.formation.user_values import series_of
from agglo.studies.formation.vintages import Measured, PeriodBook

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["platform"]

_RATE_COLUMNS = {"alert": "s", "rate": "f", "upper": "f", "calm_clusters": "i"}
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
    "fires_if_zh": "s",
    "facts": "s",
    "evidence": "s",
    "evidence_zh": "s",
    "missing": "s",
    "missing_zh": "s",
    "text": "s",
    "text_zh": "s",
    "priority": "f",
    "indicative": "s",
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
        Tables ``registry``, ``period_indicators``, ``alerts`` (open), ``alert_history``,
        ``alert_rates``, ``questionnaire``, ``peers``, ``recommendations``; file ``audit.jsonl``; document ``platform_notes``.
    """
    options = inputs.options_as(FormationOptions)
    clusters = text_of(inputs.result(PREPARED, "clusters"), "cluster")
    panel = inputs.result(PREPARED, "panel")
    periods = sorted(set(text_of(panel, "period")))
    supply = supply_of(inputs, clusters, missing=options.missing)
    facts = cluster_facts(inputs, clusters, supply)
    national = national_facts(inputs, clusters)
    stages = _stages(inputs, clusters)
    quotients = _quotients(inputs, periods, options.missing)
    raised = _raised(inputs, clusters, periods, facts, stages, quotients, supply)
    rates = _calm_rates(inputs, periods, quotients, options.delta)
    book = _register(inputs, periods)
    vintage = f"{periods[-1]}-{_digest(panel)}"
    indicators = _periodic(inputs, clusters, periods, quotients, stages, vintage)
    rules = recommend(national, facts)
    open_ = [asdict(a) for a in raised if not a.closed]
    rate = {r["alert"]: r["upper"] for r in rates}
    levels = (
        questionnaire_levels(inputs.table("answers")) if inputs.has("answers") else None
    )
    notes: dict[str, Json] = {
        "alerts": len(open_),
        "false_alarm_rate_A5": to_json(rate.get("A5")),
        "false_alarm_rates": to_json(rate),
        "vintage": vintage,
        "fires": sum(r["state"] == "fires" for r in rules),
        "not_evaluable": sum(r["state"] == "not evaluable" for r in rules),
        "audit_entries": len(book.trail.verify_chain()),
    }
    empty = {"cluster": "s", "heading": "s", "items": "i", "share": "f", "level": "s"}
    return StageOutput(
        tables={
            "registry": book.to_table(),
            "period_indicators": indicators.to_table(),
            "alerts": table_of(open_, ALERT_COLUMNS),
            "alert_history": table_of([asdict(a) for a in raised], ALERT_COLUMNS),
            "alert_rates": table_of(rates, _RATE_COLUMNS),
            "questionnaire": levels if levels is not None else table_of([], empty),
            "peers": table_of(_peers(inputs, clusters, options.n_peers), _PEER_COLUMNS),
            "recommendations": table_of(rules, _RULE_COLUMNS),
        },
        documents={"platform_notes": notes},
        files={"audit.jsonl": book.trail.to_bytes()},
    )


def _digest(panel: pa.Table) -> str:
    """Name the data behind a vintage."""
    columns = [panel[n].to_pylist() for n in ("region", "industry", "period")]
    return digest_of(*columns, np.asarray(float_column(panel, "employment")))[:8]


def _raised(
    inputs: StageInputs,
    clusters: list[str],
    periods: list[str],
    facts: Mapping[str, Mapping[str, object]],
    stages: dict[str, list[dict[str, object]]],
    quotients: Mapping[str, FloatArray],
    supply: Supply,
) -> list[Alert]:
    """Follow all conditions of the chosen clusters through the periods."""
    options = inputs.options_as(FormationOptions)
    tied = inputs.has("members") and inputs.has("edges")
    share = {c: number(f.get("key_firm")) for c, f in facts.items()}
    by_period = series_of(inputs, "key_firm", periods)
    return alerts_of(
        clusters,
        periods=periods,
        breaks={
            str(r["cluster"]): [p for p in str(r["periods"]).split(";") if p]
            for r in rows_of(inputs.result("life", "breaks"))
        },
        quotients=quotients,
        rigid={c: number(f.get("rigid")) for c, f in facts.items()},
        key_firm={**share, **by_period},
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


def _calm_rates(
    inputs: StageInputs,
    periods: list[str],
    quotients: Mapping[str, FloatArray],
    delta: float,
) -> list[dict[str, object]]:
    """Give the false-alarm rates of A2, A3 and A5 over all clusters that are calm.

    Calm is a mean relative growth within the threshold of the life cycle. A1, A4, A6, A7
    and A8 are facts about the last periods, for which calm clusters say nothing.
    """
    table = inputs.result("life", "stages")
    names = [
        f"{r}|{g}"
        for r, g in zip(text_of(table, "region"), text_of(table, "group"), strict=True)
    ]
    if not names:
        return []
    units, u = np.unique(names, return_inverse=True)
    at = {p: k for k, p in enumerate(periods)}
    growth = np.full((units.size, len(periods)), np.nan)
    growth[u, [at[p] for p in text_of(table, "period")]] = float_column(table, "value")
    known = (~np.isnan(growth)).sum(axis=1)
    mean = np.nansum(growth, axis=1) / np.where(known > 0, known, np.nan)
    calm = np.asarray(np.abs(mean) <= delta)
    blank = np.full(len(periods), np.nan)
    fell = np.stack([fell_below_one(quotients.get(str(c), blank)) for c in units])
    stiff = {
        f"{r['region']}|{r['group']}": number(r["rigid"])
        for r in rows_of(inputs.result("life", "lock_in"))
    }
    rigid = np.array([[stiff.get(str(c), np.nan)] for c in units])
    low = np.where(np.isnan(growth), np.nan, growth < -2 * delta).astype(np.float64)
    out: list[dict[str, object]] = []
    for code, state in (("A2", fell), ("A3", rigid), ("A5", low)):
        rate, upper, n = calm_rate(state, calm, seed=inputs.seed)
        known_rate = bool(np.isfinite(rate))
        out.append(
            {
                "alert": code,
                "rate": rate if known_rate else None,
                "upper": upper if known_rate else None,
                "calm_clusters": n,
            }
        )
    return out


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
    inputs: StageInputs, periods: list[str], missing: str
) -> dict[str, FloatArray]:
    """Give the location quotient of every cluster by period; NaN with an unknown cell."""
    panel = inputs.result(PREPARED, "panel")
    jobs = np.array(float_column(panel, "employment"))
    if missing == "zero":
        jobs = np.nan_to_num(jobs)
    regions, r = np.unique(text_of(panel, "region"), return_inverse=True)
    groups, g = np.unique(text_of(panel, "group"), return_inverse=True)
    t = np.searchsorted(periods, text_of(panel, "period"))
    block = np.zeros((regions.size, groups.size, len(periods)))
    np.add.at(block, (r, g, t), jobs)
    known = np.zeros_like(block)
    np.add.at(known, (r, g, t), np.where(np.isnan(jobs), 0.0, jobs))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = block / known.sum(axis=1, keepdims=True)
        nation = known.sum(axis=0) / known.sum(axis=(0, 1))
        lq = share / nation
    held = np.unique(np.stack([r, g]), axis=1)
    return {f"{regions[a]}|{groups[b]}": lq[a, b] for a, b in held.T}


def _periodic(
    inputs: StageInputs,
    clusters: list[str],
    periods: list[str],
    quotients: Mapping[str, FloatArray],
    stages: dict[str, list[dict[str, object]]],
    vintage: str,
) -> PeriodBook:
    """Give the indicators of every period in the vintage of these data."""
    rank = {str(r["cluster"]): r for r in rows_of(inputs.result("measures", "ranks"))}
    book = PeriodBook()
    for k, period in enumerate(periods):
        found: list[Measured] = []
        for c in clusters:
            row = next((r for r in stages.get(c, []) if r["period"] == period), {})
            held = {
                "quotient": float(quotients[c][k]) if c in quotients else np.nan,
                "employment": number(row.get("employment")),
                "relative_growth": number(row.get("value")),
                "diversity": number(row.get("diversity")),
            }
            found += [_measured(c, n, v) for n, v in held.items()]
            if period == periods[-1] and c in rank:
                ends = [number(rank[c][n]) for n in ("value", "lower", "upper")]
                found.append(_measured(c, "rank", *ends))
        book = book.compute_period(period, vintage, found)
    return book


def _measured(cluster: str, indicator: str, value: float, *ends: float) -> Measured:
    known = bool(np.isfinite(value))
    lower, upper = ends if known and len(ends) == 2 else (None, None)
    return Measured(
        cluster=cluster,
        indicator=indicator,
        value=value if known else None,
        lower=lower,
        upper=upper,
        status="computed" if known else "needs_data",
        inputs="all indicators" if indicator == "rank" else "employment",
    )


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
                book = book.add_organisation(
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
                book = book.add_designation(
                    cluster,
                    programme,
                    valid_from=periods[0],
                    at=at,
                    source="designations",
                    user=user,
                )
    return book
