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
        Rows of `links_of`: the links of every cluster, the strongest first.

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
    out: list[dict[str, object]] = []
    for rows in groups.values():
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
