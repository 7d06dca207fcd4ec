"""The facts that the rules read: one dictionary per cluster, and one for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import binom

from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.formation.columns import number, rows_of
from agglo.studies.formation.exposure import Supply
from agglo.studies.formation.fact_names import put_named, table_names
from agglo.studies.formation.openings import closest_entries, crowded_industries
from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.plsn import links_of
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.tree import INDICATORS
from agglo.studies.formation.words import chinese

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import FloatArray, Lang
    from agglo.studies.contract import StageInputs

__all__ = ["cluster_facts", "national_facts"]

_SHOWN = 5
_LEAKS = 3
_SAME = (
    "chain",
    "organisation",
    "resistance",
    "outside_share",
    "pay",
    "local_supply",
    "support",
    "energy",
    "consumer_good",
)
_COMPARED = ("pay", "local_supply")
_THIRD = ("support", "energy")
_RECENT = 3


def cluster_facts(
    inputs: StageInputs, clusters: list[str], supply: Supply
) -> dict[str, dict[str, object]]:
    """Gather what the rules on clusters and places need.

    Parameters
    ----------
    inputs
        With the stages ``prepare``, ``gate``, ``life`` and ``measures``; optional
        `industries` and `regions`.
    clusters
        Ids.
    supply
        What the clusters get from elsewhere.

    Returns
    -------
    dict
        Cluster to facts; what is not known is absent or NaN. Of codes, ``<name>_en`` and
        ``<name>_zh`` hold the names.
    """
    options = inputs.options_as(FormationOptions)
    facts: dict[str, dict[str, object]] = {c: {} for c in clusters}
    for r in rows_of(inputs.result("gate", "gate")):
        if r["cluster"] in facts:
            for name in ("proximity", "connection", "cooperation", "verdict", "kind"):
                facts[str(r["cluster"])][name] = r[name]
    for r in rows_of(inputs.result("gate", "elements"), element="connection"):
        facts[str(r["cluster"])]["connection_score"] = number(r["score"])
    for r in rows_of(inputs.result("gate", "network")):
        facts[str(r["cluster"])]["ei"] = number(r.get("ei"))
    _from_life(inputs, facts)
    _from_measures(inputs, facts)
    _from_members(inputs, facts)
    links = _missing_links(inputs, clusters)
    industries, regions = (table_names(inputs, t) for t in ("industries", "regions"))
    for c, f in facts.items():
        for name in ("missing_links", "bridges"):
            put_named(f, name, links.get(c, [])[:_SHOWN], industries)
        put_named(f, "city", [c.partition("|")[0]], regions)
        f["delta"] = options.delta
        f["shock"] = f"{options.shock_before}–{options.shock_trough}"
        # requirements met locally are modelled, pay stands in for productivity
        f["indicative"] = ("pay", "leakages", "local_supply")
    for c, entries in closest_entries(inputs, clusters, options.relatedness).items():
        close = {code: f"{density:.2f}" for code, density in entries}
        facts[c]["entries"] = False
        put_named(facts[c], "entries", list(close), industries, values=close)
    for c, lost in supply.leakages.items():
        part = {seller: f"{value:.3f}" for seller, value in lost[:_LEAKS]}
        put_named(facts[c], "leakages", list(part), industries, values=part)
        put_named(facts[c], "bridges", list(part), industries)
    _from_panel(inputs, facts, industries, regions)
    return facts


def _from_panel(
    inputs: StageInputs,
    facts: dict[str, dict[str, object]],
    industries: Mapping[Lang, Mapping[str, str]],
    regions: Mapping[Lang, Mapping[str, str]],
) -> None:
    """Name the new sub-industries, and the other regions that are strong in the group."""
    panel = inputs.result(PREPARED, "panel")
    periods = sorted(set(text_of(panel, "period")))
    now, before = periods[-1], periods[-1 - min(_RECENT, len(periods) - 1)]
    groups = pa.array(sorted({c.partition("|")[2] for c in facts}), pa.string())
    panel = panel.filter(pc.is_in(panel["group"], groups))
    panel = panel.filter(pc.is_in(panel["period"], pa.array([now, before])))
    held: dict[tuple[str, str], dict[str, set[str]]] = {}
    size: dict[str, dict[str, float]] = {}
    rows = zip(
        text_of(panel, "region"),
        text_of(panel, "group"),
        text_of(panel, "industry"),
        text_of(panel, "period"),
        panel["employment"].to_pylist(),
        strict=True,
    )
    for region, group, industry, period, jobs in rows:
        # an unknown cell may have been there all along
        if jobs is None or jobs > 0:
            held.setdefault((region, group), {}).setdefault(period, set()).add(industry)
        if period == now and jobs:
            own = size.setdefault(group, {})
            own[region] = own.get(region, 0.0) + jobs
    for c, f in facts.items():
        region, _, group = c.partition("|")
        found = held.get((region, group), {})
        new = (
            found.get(now, set()) - found.get(before, set()) if now != before else set()
        )
        put_named(f, "new_industries", sorted(new)[:_SHOWN], industries)
        others = {r: v for r, v in size.get(group, {}).items() if r != region}
        best = sorted(others, key=lambda r: (-others[r], r))[:_RECENT]
        put_named(f, "related_regions", best, regions)


def _from_life(inputs: StageInputs, facts: dict[str, dict[str, object]]) -> None:
    for r in rows_of(inputs.result("life", "stages")):
        name = f"{r['region']}|{r['group']}"
        if name in facts:  # rows are in order of periods: the last one stays
            facts[name]["stage"] = r["stage"]
            facts[name]["relative_growth"] = number(r["value"])
            facts[name]["new_share"] = number(r["new_share"])
    for r in rows_of(inputs.result("life", "lock_in")):
        name = f"{r['region']}|{r['group']}"
        if name in facts:
            facts[name]["rigid"] = number(r["rigid"])
            facts[name]["rise"] = number(r["value"])
            facts[name]["fall"] = number(r["diversity"])


def _from_measures(inputs: StageInputs, facts: dict[str, dict[str, object]]) -> None:
    rows = rows_of(inputs.result("measures", "indicators"))
    by_group: dict[tuple[str, str], list[float]] = {}
    missing: dict[str, list[str]] = {}
    for r in rows:
        c, name, value = str(r["cluster"]), str(r["indicator"]), number(r["value"])
        if name in (*_COMPARED, *_THIRD) and np.isfinite(value):
            by_group.setdefault((str(r["group"]), name), []).append(value)
        if c not in facts:
            continue
        if name in _SAME:
            facts[c][name] = value
        if name == "belt" and np.isfinite(value):
            facts[c]["belt"] = "none" if value == 0 else "some"
        if np.isfinite(value) and name in INDICATORS:
            missing.setdefault(c, []).append(name)
    for c, f in facts.items():
        held = missing.get(c, [])
        lost = [i for n, i in INDICATORS.items() if n not in held]
        f["missing_share"] = len(lost) / len(INDICATORS)
        f["missing_list"] = ", ".join(i.label_en for i in lost)
        f["missing_list_zh"] = "、".join(i.label_zh for i in lost)
        for name in _THIRD:
            given = by_group.get((c.partition("|")[2], name), [])
            if len(given) >= _SHOWN:
                f[f"{name}_high"] = float(np.quantile(given, 0.75))
        for name in _COMPARED:
            values = np.sort(by_group.get((c.partition("|")[2], name), []))
            if values.size >= _SHOWN:
                # order statistics around the median: its 90 % interval
                at = int(binom.ppf(0.05, values.size, 0.5))
                f[f"{name}_low"] = float(values[max(at - 1, 0)])
                f[f"{name}_median"] = float(np.median(values))


def _from_members(inputs: StageInputs, facts: dict[str, dict[str, object]]) -> None:
    if not inputs.has("members"):
        return
    members = inputs.table("members")
    if "employment" not in members.column_names:
        return
    given = float_column(members, "employment")
    # a member of unknown size is left out of the shares
    jobs: FloatArray = np.where(np.isnan(given), 0.0, given)
    names, code = np.unique(text_of(members, "cluster"), return_inverse=True)
    total = np.bincount(code, jobs, names.size)
    squares = np.bincount(code, jobs**2, names.size)
    roles = text_of(members, "role")
    pairs = zip(text_of(members, "cluster"), roles, strict=True)
    bodies = {c for c, role in pairs if role == "body"}
    if bodies:  # the table tells bodies at all
        for name in set(names.tolist()) & set(facts):
            facts[name]["no_body"] = float(name not in bodies)
    largest = np.zeros(names.size)
    np.maximum.at(largest, code, jobs)
    for k, name in enumerate(names.tolist()):
        if name in facts and total[k] > 0:
            facts[name]["key_firm"] = float(largest[k] / total[k])
            facts[name]["firm_herfindahl"] = float(squares[k] / total[k] ** 2)


def _missing_links(inputs: StageInputs, clusters: list[str]) -> dict[str, list[str]]:
    """Give the sub-industries of each cluster's group in which it is not specialised."""
    out: dict[str, list[str]] = {}
    for r in links_of(inputs, clusters):
        if r["gap"]:
            out.setdefault(str(r["cluster"]), []).append(str(r["link"]))
    return {c: sorted(v) for c, v in out.items()}


def _cluster_names(inputs: StageInputs) -> dict[Lang, dict[str, str]]:
    rows = rows_of(inputs.result(PREPARED, "clusters"))
    en, zh = (
        {str(r["cluster"]): str(r[key]) for r in rows} for key in ("name_en", "name_zh")
    )
    return {"en": en, "zh": zh}


def national_facts(inputs: StageInputs, clusters: list[str]) -> dict[str, object]:
    """Gather what the national rules need.

    Parameters
    ----------
    inputs
        As for `cluster_facts`; optional `designations`.
    clusters
        Ids.

    Returns
    -------
    dict
        Facts; what is not known is absent.
    """
    named = (
        set(text_of(inputs.table("designations"), "cluster")) - {""}
        if inputs.has("designations")
        else set()
    )
    # where no programme is known, all clusters that are looked at
    watched = [c for c in clusters if c in named] or clusters
    gate = rows_of(inputs.result("gate", "gate"))
    gate = [r for r in gate if r["cluster"] in set(watched)]
    failed = [r for r in gate if r["verdict"] != "cluster"]
    facts: dict[str, object] = {"n": float(len(watched))}
    if gate:
        reasons = sorted({str(r["missing"]) for r in failed if r["missing"]})
        facts["failed"] = float(len(failed))
        facts["failed_share"] = len(failed) / len(gate)
        if reasons:
            facts["missing"] = "; ".join(reasons[:2])
            facts["missing_zh"] = chinese(str(facts["missing"]))
    ranks = rows_of(inputs.result("measures", "ranks"))
    widths = [number(r["upper"]) - number(r["lower"]) for r in ranks]
    if widths:
        facts["rank_width"] = float(np.nanmedian(widths))
        facts["ranked"] = float(len(widths))
    series: dict[str, list[str]] = {}
    for r in rows_of(inputs.result("life", "stages")):
        series.setdefault(f"{r['region']}|{r['group']}", []).append(str(r["stage"]))
    falling = [c for c in watched if series.get(c, [])[-3:] == ["decline"] * 3]
    if series:
        facts["declining"] = False
        put_named(facts, "declining", falling[:_SHOWN], _cluster_names(inputs))
    if inputs.has("designations"):
        table = inputs.table("designations")
        provinces = [p for p in text_of(table, "province") if p]
        if provinces:
            names, counts = np.unique(provinces, return_counts=True)
            order = np.argsort(-counts, kind="stable")[:5]
            facts["province_share"] = float(counts[order].sum() / counts.sum())
            put_named(facts, "provinces", names[order].tolist(), {})
        pairs: dict[tuple[str, str], set[str]] = {}
        ends = zip(
            text_of(table, "city"),
            text_of(table, "industry_label"),
            text_of(table, "programme"),
            strict=True,
        )
        for city, label, programme in ends:
            pairs.setdefault((city, label), set()).add(programme)
        double = sum(len(v) > 1 for v in pairs.values())
        facts["double"] = float(double)
        facts["double_share"] = double / max(len(pairs), 1)
        facts["crowded"] = crowded_industries(table, inputs.result(PREPARED, "panel"))
    return facts
