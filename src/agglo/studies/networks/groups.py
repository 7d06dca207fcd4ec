"""Stage `groups`: industries that belong together, and the space they form."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import NumericsWarning
from agglo.core.tables import as_region_activity
from agglo.relatedness import em_clusters, presence, proximity
from agglo.studies.columns import text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.facts import finite
from agglo.studies.networks.columns import among
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.trimming import trimmed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, Json
    from agglo.relatedness import EMClusters
    from agglo.studies.contract import StageInputs

__all__ = [
    "assigned_clusters",
    "em_groups",
    "groups",
    "named_groups",
    "strongest_links",
]

_FEW = 4
_EDGES_PER_NODE = 2


def groups(inputs: StageInputs) -> StageOutput:
    """Group the industries, and measure how near they are.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; optional tables ``definitions`` and ``industries``.

    Returns
    -------
    StageOutput
        Tables ``industry_groups``, ``group_selection``, ``product_space`` (nodes with a
        fixed position) and ``product_links``; document ``group_notes``.
    """
    options = inputs.options_as(NetworksOptions)
    now, dropped = trimmed(inputs.result("prepare", "activity_now"), options)
    notes: dict[str, Json] = {
        "method": options.groups,
        "missing": "",
        "trimmed": dropped,
    }
    few = min(_distinct(now, "industry"), _distinct(now, "region")) < _FEW
    found: EMClusters | None = None
    of: dict[str, str] = {}
    if options.groups == "definitions":
        of = _defined(inputs, options, notes)
    elif few:
        notes["missing"] = "activity (four industries and regions or more)"
    else:
        found = em_groups(now, options, inputs.seed, n_boot=options.stability_draws)
        of = named_groups(found)
        notes["sharpness"] = finite(found.sharpness)
        notes["stability"] = [
            finite(v)
            for v in (found.stability, found.stability_low, found.stability_high)
        ]
        notes["stability_draws"] = options.stability_draws
    notes["n_groups"] = len(set(of.values()))
    if not notes["missing"] and len(set(of.values())) < 2:
        notes["missing"] = "a second group of industries (one group only)"
    nodes, links = _space(now, of)
    return StageOutput(
        tables={
            "industry_groups": _group_table(inputs, of, found),
            "group_selection": _selection(found),
            "product_space": nodes,
            "product_links": links,
        },
        documents={"group_notes": notes},
    )


def em_groups(
    now: pa.Table,
    options: NetworksOptions,
    seed: int,
    *,
    k: int | None = None,
    n_boot: int = 0,
) -> EMClusters:
    """Group the industries of a table by where they are.

    Parameters
    ----------
    now
        Region, industry and amount.
    options
        Options of the study.
    seed
        Seed.
    k
        Number of groups; ``None`` lets BIC choose.
    n_boot
        Refits behind the stability.

    Returns
    -------
    EMClusters
        Groups, the largest first.
    """
    table = as_region_activity(now, value="amount")
    with warnings.catch_warnings():
        # what did not converge is in the table of the selection
        warnings.simplefilter("ignore", NumericsWarning)
        return em_clusters(
            table,
            method="gaussian",
            k=k,
            k_range=(options.k_min, min(options.k_max, table.activity.size - 1)),
            n_init=options.em_starts,
            n_boot=n_boot,
            seed=seed,
        )


def named_groups(found: EMClusters) -> dict[str, str]:
    """Give industry to the name of its group, G1 the largest."""
    width = len(str(found.k))
    return {
        str(i): f"G{g + 1:0{width}d}"
        for i, g in zip(found.item, found.label.tolist(), strict=True)
    }


def _distinct(table: pa.Table, name: str) -> int:
    return len(set(text_of(table, name)))


def _defined(
    inputs: StageInputs, options: NetworksOptions, notes: dict[str, Json]
) -> dict[str, str]:
    if not inputs.has("definitions"):
        notes["missing"] = "definitions"
        return {}
    table = inputs.table("definitions")
    names = sorted(set(text_of(table, "definition")))
    chosen = options.definition or names[0]
    if len(names) > 1 or options.definition:
        table = among(table, "definition", [chosen])
    notes["definition"] = chosen
    return assigned_clusters(table)


def assigned_clusters(table: pa.Table) -> dict[str, str]:
    """Give industry to cluster; of several the one that holds most of it."""
    weight = np.ones(table.num_rows)
    if "weight" in table.column_names:
        weight = np.nan_to_num(
            table["weight"].cast(pa.float64()).to_numpy(zero_copy_only=False), nan=1.0
        )
    rows = zip(
        text_of(table, "industry"), text_of(table, "cluster"), weight, strict=True
    )
    best: dict[str, tuple[float, str]] = {}
    for industry, cluster, share in rows:
        best[industry] = max(best.get(industry, (-1.0, "")), (float(share), cluster))
    return {k: v for k, (_, v) in best.items()}


def _group_table(
    inputs: StageInputs,
    of: dict[str, str],
    found: EMClusters | None,
) -> pa.Table:
    names: dict[str, tuple[str, str]] = {}
    if inputs.has("industries"):
        table = inputs.table("industries")
        names = {
            c: (en, zh)
            for c, en, zh in zip(
                text_of(table, "industry"),
                text_of(table, "name_en"),
                text_of(table, "name_zh"),
                strict=True,
            )
        }
    sure: dict[str, float] = {}
    if found is not None:
        top = found.membership.max(axis=1)
        sure = dict(zip(map(str, found.item), top.tolist(), strict=True))
    codes = sorted(of)
    return pa.table(
        {
            "industry": texts(codes),
            "name_en": texts([names.get(c, ("", ""))[0] for c in codes]),
            "name_zh": texts([names.get(c, ("", ""))[1] for c in codes]),
            "group": texts([of[c] for c in codes]),
            "probability": pa.array([sure.get(c, 1.0) for c in codes], pa.float64()),
        }
    )


def _selection(found: EMClusters | None) -> pa.Table:
    if found is None:
        return pa.table({"k": np.zeros(0, np.int64), "bic": np.zeros(0)})
    return found.selection()


def _space(now: pa.Table, of: dict[str, str]) -> tuple[pa.Table, pa.Table]:
    """Give the industries with a position, and their strongest proximities."""
    if _distinct(now, "industry") < _FEW:
        none = texts([])
        zero = np.zeros(0)
        return (
            pa.table({"industry": none, "group": none, "x": zero, "y": zero}),
            pa.table({"industry_a": none, "industry_b": none, "proximity": zero}),
        )
    near = proximity(presence(now, value="amount"))
    phi = np.nan_to_num(near.values)
    np.fill_diagonal(phi, 1.0)
    position = _positions(phi)
    return (
        pa.table(
            {
                "industry": texts(near.label),
                "group": texts([of.get(str(i), "") for i in near.label]),
                "x": position[:, 0],
                "y": position[:, 1],
            }
        ),
        strongest_links(near.label, phi),
    )


def _positions(phi: FloatArray) -> FloatArray:
    """Give the two leading coordinates of classical scaling of 1 - phi; signs fixed."""
    gap = (1.0 - phi) ** 2
    centred = gap - gap.mean(axis=0) - gap.mean(axis=1)[:, None] + gap.mean()
    value, vector = np.linalg.eigh(-0.5 * centred)
    out = vector[:, [-1, -2]] * np.sqrt(np.maximum(value[[-1, -2]], 0.0))
    # the sign of an eigenvector is arbitrary: the largest entry is made positive
    largest = np.abs(out).argmax(axis=0)
    sign = np.where(out[largest, [0, 1]] < 0, -1.0, 1.0)
    return np.asarray(np.round(out * sign, 9))


def strongest_links(label: NDArray[np.str_], phi: FloatArray) -> pa.Table:
    """Give a maximum spanning tree and as many of the strongest other pairs again.

    Parameters
    ----------
    label
        Industries.
    phi
        Proximity of every pair, symmetric.

    Returns
    -------
    pyarrow.Table
        industry_a, industry_b, proximity.
    """
    from scipy.sparse.csgraph import minimum_spanning_tree

    n = phi.shape[0]
    tree = minimum_spanning_tree(1.0 + 1e-9 - phi * (1 - np.eye(n))).toarray() > 0
    tree |= tree.T
    a, b = np.triu_indices(n, 1)
    order = np.lexsort((b, a, -phi[a, b]))
    strongest = np.zeros(a.size, dtype=np.bool_)
    strongest[order[: (_EDGES_PER_NODE - 1) * n]] = True
    keep = (tree[a, b] | strongest) & (phi[a, b] > 0)
    a, b = a[keep], b[keep]
    return pa.table(
        {
            "industry_a": texts(label[a]),
            "industry_b": texts(label[b]),
            "proximity": phi[a, b],
        }
    )
