"""The facts that the rules read: one dictionary per cluster, and one for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.formation.columns import number, rows_of
from agglo.studies.formation.exposure import supply_of
from agglo.studies.formation.openings import closest_entries, crowded_industries
from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.plsn import links_of
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.tree import INDICATORS

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
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
)
_COMPARED = ("pay", "local_supply")


def cluster_facts(
    inputs: StageInputs, clusters: list[str]
) -> dict[str, dict[str, object]]:
    """Gather what the rules on clusters and places need.

    Parameters
    ----------
    inputs
        With the stages ``prepare``, ``gate``, ``life`` and ``measures``.
    clusters
        Ids.

    Returns
    -------
    dict
        Cluster to facts; what is not known is absent or NaN.
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
    for c, f in facts.items():
        f["missing_links"] = ", ".join(links.get(c, [])[:_SHOWN]) or "–"
        f["new_industries"] = "–"
        f["shock"] = f"{options.shock_before}–{options.shock_trough}"
        f["indicative"] = ("pay", "leakages")  # requirements met locally are modelled
    for c, entries in closest_entries(inputs, clusters, options.relatedness).items():
        facts[c]["entries"] = entries
    for c, lost in supply_of(
        inputs, clusters, missing=options.missing
    ).leakages.items():
        named = [f"{seller} {value:.3f}" for seller, value in lost[:_LEAKS]]
        facts[c]["leakages"] = ", ".join(named)
    return facts


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
        if name in _COMPARED and np.isfinite(value):
            by_group.setdefault((str(r["group"]), name), []).append(value)
        if c not in facts:
            continue
        if name in _SAME:
            facts[c][name] = value
        if np.isfinite(value) and name in INDICATORS:
            missing.setdefault(c, []).append(name)
    for c, f in facts.items():
        held = missing.get(c, [])
        lost = [i.label_en for n, i in INDICATORS.items() if n not in held]
        f["missing_share"] = len(lost) / len(INDICATORS)
        f["missing_list"] = ", ".join(lost)
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
    jobs: FloatArray = np.nan_to_num(float_column(members, "employment"))
    names, code = np.unique(text_of(members, "cluster"), return_inverse=True)
    total = np.bincount(code, jobs, names.size)
    squares = np.bincount(code, jobs**2, names.size)
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
    gate = rows_of(inputs.result("gate", "gate"))
    failed = [r for r in gate if r["verdict"] != "cluster"]
    facts: dict[str, object] = {"n": float(len(clusters))}
    if gate:
        reasons = sorted({str(r["missing"]) for r in failed if r["missing"]})
        facts["failed"] = float(len(failed))
        facts["failed_share"] = len(failed) / len(gate)
        facts["missing"] = "; ".join(reasons[:2]) or "–"
    ranks = rows_of(inputs.result("measures", "ranks"))
    widths = [number(r["upper"]) - number(r["lower"]) for r in ranks]
    if widths:
        facts["rank_width"] = float(np.nanmedian(widths))
        facts["ranked"] = float(len(widths))
    series: dict[str, list[str]] = {}
    for r in rows_of(inputs.result("life", "stages")):
        series.setdefault(f"{r['region']}|{r['group']}", []).append(str(r["stage"]))
    falling = [c for c in clusters if series.get(c, [])[-3:] == ["decline"] * 3]
    if series:
        facts["declining"] = ", ".join(falling[:_SHOWN]) or "none"
        if not falling:
            facts["declining"] = False
    if inputs.has("designations"):
        table = inputs.table("designations")
        provinces = [p for p in text_of(table, "province") if p]
        if provinces:
            names, counts = np.unique(provinces, return_counts=True)
            order = np.argsort(-counts, kind="stable")[:5]
            facts["province_share"] = float(counts[order].sum() / counts.sum())
            facts["provinces"] = ", ".join(names[order].tolist())
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
