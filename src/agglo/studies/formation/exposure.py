"""What reaches a cluster from outside: shocks of its suppliers, leakages, lost ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.formation.prepare import PREPARED
from agglo.studies.formation.related import codes_of_flows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from agglo.core.typing import FloatArray, IntArray
    from agglo.studies.contract import StageInputs

__all__ = ["Supply", "lost_outside_ties", "supply_of"]

_FEWEST_TIES = 10
_DELTA = 0.3


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


def supply_of(inputs: StageInputs, clusters: Sequence[str]) -> Supply:
    """Work out exposure to suppliers and leakage of inputs.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; optional `input_output` and `concordances`.
    clusters
        Ids.

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
    panel = inputs.result(PREPARED, "panel")
    given = text_of(panel, "industry")
    goal = codes_of_flows(inputs, sorted(set(given)))
    codes, i = np.unique([goal[c] for c in given], return_inverse=True)
    needs = _needs(flows, codes.tolist())
    if not needs.any():
        return nothing
    periods, t = np.unique(text_of(panel, "period"), return_inverse=True)
    regions, r = np.unique(text_of(panel, "region"), return_inverse=True)
    jobs = np.nan_to_num(float_column(panel, "employment"))
    nation = np.zeros((codes.size, periods.size))
    np.add.at(nation, (i, t), jobs)
    now = t == periods.size - 1
    here = np.zeros((regions.size, codes.size))
    np.add.at(here, (r[now], i[now]), jobs[now])
    shock = _shock(nation)
    with np.errstate(divide="ignore", invalid="ignore"):
        slq = (here / here.sum(axis=1, keepdims=True)) / (here.sum(axis=0) / here.sum())
    size = np.log2(1.0 + here.sum(axis=1) / here.sum()) ** _DELTA
    names = np.char.add(
        np.char.add(np.array(text_of(panel, "region")), "|"),
        np.array(text_of(panel, "group")),
    )
    own = now & np.isin(names, list(clusters))
    exposure: dict[str, float] = {}
    hardest: dict[str, str] = {}
    leakages: dict[str, list[tuple[str, float]]] = {}
    for c in sorted(set(names[own].tolist())):
        at = own & (names == c)
        mass = _buyers(i[at], jobs[at], needs)
        if mass is None:
            continue
        bought = needs @ mass
        if shock is not None:
            parts = bought * shock
            exposure[c] = float(parts.sum())
            hardest[c] = str(codes[int(parts.argmax())])
        place = int(np.searchsorted(regions, c.partition("|")[0]))
        lost = bought - _met(needs, slq[place], float(size[place])) @ mass
        order = np.argsort(-lost, kind="stable")
        leakages[c] = [(str(codes[k]), float(lost[k])) for k in order if lost[k] > 0]
    return Supply(exposure=exposure, hardest=hardest, leakages=leakages)


def _needs(flows: pa.Table, codes: list[str]) -> FloatArray:
    """Give requirements by seller and buyer; negative ones count as 0."""
    at = {c: k for k, c in enumerate(codes)}
    out = np.zeros((len(codes), len(codes)))
    rows = zip(
        text_of(flows, "seller"),
        text_of(flows, "buyer"),
        np.nan_to_num(float_column(flows, "direct_requirement")),
        strict=True,
    )
    for seller, buyer, a in rows:
        if seller in at and buyer in at:
            out[at[seller], at[buyer]] = max(float(a), 0.0)
    return out


def _buyers(code: IntArray, jobs: FloatArray, needs: FloatArray) -> FloatArray | None:
    """Give the shares of the cluster's buyers whose requirements are known."""
    mass = np.zeros(needs.shape[1])
    np.add.at(mass, code, jobs)
    mass[needs.sum(axis=0) == 0] = 0.0
    total = float(mass.sum())
    return mass / total if total > 0 else None


def _shock(nation: FloatArray) -> FloatArray | None:
    if nation.shape[1] < 2:
        return None
    before, after = nation[:, -2], nation[:, -1]
    fall = np.zeros(before.size)
    np.divide(before - after, before, out=fall, where=before > 0)
    out: FloatArray = np.maximum(fall, 0.0)
    return out


def _met(needs: FloatArray, slq: FloatArray, size: float) -> FloatArray:
    """Give the requirements that the region meets itself."""
    quotient = np.zeros(needs.shape)
    np.divide(slq[:, None], slq[None, :], out=quotient, where=slq[None, :] > 0)
    np.fill_diagonal(quotient, slq)
    out: FloatArray = needs * np.minimum(1.0, np.nan_to_num(quotient) * size)
    return out


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
