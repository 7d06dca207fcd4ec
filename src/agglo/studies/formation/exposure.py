"""What reaches a cluster from outside: shocks of its suppliers, leakages, lost ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from agglo.core.errors import AlignmentError
from agglo.core.frames import float_column
from agglo.evaluation import local_supply_share
from agglo.studies.columns import text_of
from agglo.studies.formation.known import known_cells, seller_codes
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.related import codes_of_flows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from agglo.evaluation import LocalSupply
    from agglo.studies.contract import StageInputs

__all__ = ["Supply", "lost_outside_ties", "supply_of"]

_FEWEST_TIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Inputs of the chosen clusters and where they come from.

    Attributes
    ----------
    exposure
        Cluster to the sum over sellers of requirement times shock; the shock is the
        relative fall of the seller's national employment over the last period, 0 where it
        rose. A proxy: no table of ours holds shocks of suppliers.
    hardest
        Cluster to the seller that adds most.
    leakages
        Cluster to its sellers with the part of the requirement met from outside, the
        largest first.
    """

    exposure: Mapping[str, float]
    hardest: Mapping[str, str]
    leakages: Mapping[str, Sequence[tuple[str, float]]]


def supply_of(
    inputs: StageInputs, clusters: Sequence[str], *, missing: str = "undefined"
) -> Supply:
    """Work out exposure to suppliers and leakage of inputs.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; optional `input_output` and `concordances`.
    clusters
        Ids.
    missing
        What an unknown cell is, as in `known_cells`: clusters of regions with unknown
        cells are absent unless it is zero.

    Returns
    -------
    Supply
        Empty without input-output coefficients of the industries of the panel. Local
        supply is that of `local_supply_share` (Flegg and Webber 2000), seller by seller.
    """
    nothing = Supply(exposure={}, hardest={}, leakages={})
    flows = inputs.table("input_output") if inputs.has("input_output") else None
    if flows is None or "direct_requirement" not in flows.column_names:
        return nothing
    now = known_cells(inputs, missing=missing)
    jobs = seller_codes(inputs, now.drop_columns(["group"]))
    if jobs.num_rows == 0:
        return nothing
    try:
        found = local_supply_share(jobs, flows)
    except AlignmentError:  # no industry of the panel is in the table
        return nothing
    fall = _falls(inputs, missing)
    wanted = set(clusters)
    mixes: dict[str, dict[str, float]] = {}
    rows = seller_codes(inputs, now)
    columns = (
        rows[n].to_pylist() for n in ("region", "group", "industry", "employment")
    )
    for region, group, code, employed in zip(*columns, strict=True):
        if f"{region}|{group}" in wanted and employed > 0:
            mixes.setdefault(f"{region}|{group}", {})[code] = employed
    exposure: dict[str, float] = {}
    hardest: dict[str, str] = {}
    leakages: dict[str, list[tuple[str, float]]] = {}
    for c, mix in sorted(mixes.items()):
        bought = _bought(found, mix)
        if not bought:
            continue
        lost = found.leakage(c.partition("|")[0], mix)
        leakages[c] = list(lost.items())
        if fall is not None:
            parts = {s: a * fall.get(s, 0.0) for s, a in bought.items()}
            exposure[c] = sum(parts.values())
            hardest[c] = max(sorted(parts), key=lambda s: parts[s])
    return Supply(exposure=exposure, hardest=hardest, leakages=leakages)


def _bought(found: LocalSupply, mix: Mapping[str, float]) -> dict[str, float]:
    """Give input per unit of output of a mix of buyers, by seller."""
    place = {str(c): k for k, c in enumerate(found.codes)}
    inputs = found.needs.sum(axis=0)
    held = {c: v for c, v in mix.items() if c in place and inputs[place[c]] > 0}
    total = sum(held.values())
    if total <= 0:
        return {}
    at = [place[c] for c in held]
    out = found.needs[:, at] @ (np.array(list(held.values())) / total)
    return {str(c): float(v) for c, v in zip(found.codes, out, strict=True) if v > 0}


def _falls(inputs: StageInputs, missing: str) -> dict[str, float] | None:
    """Give the relative fall of national employment over the last period, 0 where it rose.

    Both periods are of the same rows: cells that are known in both.
    """
    panel = inputs.result(PREPARED, "panel")
    periods = sorted(set(text_of(panel, "period")))
    if len(periods) < 2:
        return None
    cells: list[dict[tuple[str, str], float]] = []
    hidden: set[tuple[str, str]] = set()
    for period in periods[-2:]:
        rows = panel.filter(pc.equal(panel["period"], period)).select(
            ["region", "industry", "employment"]
        )
        ends = zip(
            text_of(rows, "region"),
            text_of(rows, "industry"),
            rows["employment"].to_pylist(),
            strict=True,
        )
        held: dict[tuple[str, str], float] = {}
        for region, code, jobs in ends:
            if jobs is None and missing != "zero":
                hidden.add((region, code))
            else:
                held[region, code] = held.get((region, code), 0.0) + (jobs or 0.0)
        cells.append(held)
    goal = codes_of_flows(inputs, sorted({code for held in cells for _, code in held}))
    nation = [dict.fromkeys(goal.values(), 0.0) for _ in cells]
    for total, held in zip(nation, cells, strict=True):
        for (region, code), jobs in held.items():
            if (region, code) not in hidden:
                total[goal[code]] += jobs
    before, after = nation
    return {s: max(0.0, 1.0 - after[s] / v) for s, v in before.items() if v > 0}


def lost_outside_ties(
    members: pa.Table, edges: pa.Table, clusters: Sequence[str]
) -> dict[str, tuple[float, str]]:
    """Give the share of its ties to outside that a cluster lost in the last period.

    Parameters
    ----------
    members, edges
        Tables of that name; ties count with their weight, 1 where there is none. A period
        holds the ties that exist in it.
    clusters
        Ids.

    Returns
    -------
    dict
        Cluster to share lost (negative: gained) and the last period. Clusters with fewer
        than ten ties to outside in the period before are absent: one tie would be more
        than a tenth of them.
    """
    wanted = set(clusters)
    home: dict[str, set[str]] = {}
    for c, m in zip(
        text_of(members, "cluster"), text_of(members, "member"), strict=True
    ):
        if c in wanted:
            home.setdefault(m, set()).add(c)
    when = text_of(edges, "period")
    periods = sorted({p for p in when if p})
    if len(periods) < 2:
        return {}
    weight = np.ones(edges.num_rows)
    if "weight" in edges.column_names:
        given = float_column(edges, "weight")
        weight = np.where(np.isnan(given), 1.0, given)
    number: dict[tuple[str, str], int] = {}
    total: dict[tuple[str, str], float] = {}
    ends = zip(
        text_of(edges, "origin"),
        text_of(edges, "destination"),
        when,
        weight,
        strict=True,
    )
    for a, b, p, w in ends:
        # a tie to outside has exactly one end in the cluster
        for c in home.get(a, set()) ^ home.get(b, set()):
            number[c, p] = number.get((c, p), 0) + 1
            total[c, p] = total.get((c, p), 0.0) + float(w)
    before, last = periods[-2:]
    return {
        c: (1.0 - total.get((c, last), 0.0) / total[c, before], last)
        for c in clusters
        if number.get((c, before), 0) >= _FEWEST_TIES and total[c, before] > 0
    }
