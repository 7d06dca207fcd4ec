"""The chain of a cluster as a tree: every link hangs on the one it exchanges most with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.formation.columns import number
from agglo.studies.formation.related import relatedness_sources

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.studies.contract import StageInputs

__all__ = ["CHAIN", "chain_rows"]

_MISSING = 3

CHAIN: Mapping[str, str] = {
    "cluster": "s",
    "link": "s",
    "linked_to": "s",
    "strength": "f",
    "source": "s",
    "quotient": "f",
    "employment": "f",
    "gap": "s",
}


def chain_rows(
    inputs: StageInputs, links: Sequence[Mapping[str, object]]
) -> list[dict[str, object]]:
    """Hang every link of a cluster's chain on the link it is tied to most.

    Parameters
    ----------
    inputs
        Optional ``industry_links``, ``input_output`` and ``concordances``.
    links
        Rows of `links_of`: the links of every cluster, the strongest first. Where none of
        them is known to exchange, the industries of the members take their place, and the
        three industries that these are tied to most and that have no member are gaps.

    Returns
    -------
    list of dict
        The tree of the strongest ties that reaches every link (Prim's), its root the
        strongest link; a link without any tie hangs on nothing. Empty where nothing is
        known of what industries exchange: co-location makes no chain.
    """
    sources = relatedness_sources(inputs)
    kind = next(iter(sources), "colocation")
    if kind == "colocation":
        return []
    table = sources[kind]
    value = np.nan_to_num(float_column(table, "value"))
    known: dict[tuple[str, str], float] = {}
    ends = zip(text_of(table, "origin"), text_of(table, "destination"), strict=True)
    for (a, b), v in zip(ends, value.tolist(), strict=True):
        for key in ((a, b), (b, a)):
            known[key] = max(known.get(key, 0.0), v)
    groups: dict[str, list[Mapping[str, object]]] = {}
    for row in links:
        groups.setdefault(str(row["cluster"]), []).append(row)
    industries = {a for a, _ in known}
    out: list[dict[str, object]] = []
    for cluster, listed in groups.items():
        rows = listed
        if not industries & {str(r["link"]) for r in listed}:
            rows = _of_members(inputs, cluster, known, industries) or listed
        names = [str(r["link"]) for r in rows]
        ties = np.array([[known.get((a, b), 0.0) for b in names] for a in names])
        for k, (parent, strength) in enumerate(_tree(ties)):
            out.append(
                {
                    **{c: rows[k][c] for c in ("cluster", "link", "gap")},
                    "linked_to": "" if parent < 0 else names[parent],
                    "strength": strength if parent >= 0 else None,
                    "source": kind,
                    "quotient": number(rows[k]["quotient"]),
                    "employment": number(rows[k]["employment"]),
                }
            )
    return out


def _of_members(
    inputs: StageInputs,
    cluster: str,
    known: Mapping[tuple[str, str], float],
    industries: set[str],
) -> list[Mapping[str, object]]:
    """Give the industries of the members as links, and the tied ones that have none."""
    if (
        not inputs.has("members")
        or "industry" not in inputs.table("members").column_names
    ):
        return []
    members = inputs.table("members")
    given = "employment" in members.column_names
    jobs = float_column(members, "employment") if given else np.ones(members.num_rows)
    held: dict[str, float] = {}
    rows = zip(
        text_of(members, "cluster"), text_of(members, "industry"),
        np.nan_to_num(jobs).tolist(), strict=True,
    )  # fmt: skip
    for place, industry, size in rows:
        if place == cluster and industry in industries:
            held[industry] = held.get(industry, 0.0) + size
    if not held:
        return []
    pull = {
        i: sum(known.get((i, j), 0.0) for j in held) / len(held)
        for i in industries - held.keys()
    }
    missing = sorted(pull, key=lambda i: (-pull[i], i))[:_MISSING]
    order = sorted(held, key=lambda i: (-held[i], i))
    rest = {"cluster": cluster, "quotient": np.nan}
    return [
        *({**rest, "link": i, "employment": held[i], "gap": ""} for i in order),
        *({**rest, "link": i, "employment": 0.0, "gap": "gap"} for i in missing),
    ]


def _tree(ties: FloatArray) -> list[tuple[int, float]]:
    """Give parent and strength of every node; the first is the root, -1 is no parent."""
    n = len(ties)
    parent, best = np.zeros(n, dtype=np.int64), ties[0].copy()
    parent[0] = -1
    best[0] = 0.0
    out = np.zeros(n, dtype=bool)
    out[0] = True
    for _ in range(n - 1):
        k = int(np.argmax(np.where(out, -1.0, best)))
        out[k] = True
        if best[k] <= 0:
            parent[k] = -1
        closer = ~out & (ties[k] > best)
        parent[closer], best[closer] = k, ties[k][closer]
    return list(zip(parent.tolist(), best.tolist(), strict=True))
