"""How many estimates the public may see beside cells some of which are hidden.

An estimate over all data is one equation in what is hidden. As many equations as hidden
values that are free can be solved: four hidden cells in a rectangle are one unknown, and
a single coefficient gives it back. So fewer numbers are released than there are unknowns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from agglo.core.typing import BoolArray, IntArray
from agglo.observatory.public.told import Number, Told, joined, numbers_of
from agglo.store import read_table
from agglo.store.disclosure import SuppressedTable

__all__ = [
    "ORDER",
    "TIE_ORDER",
    "Freedom",
    "affordable",
    "affordable_beside_ties",
    "free_cells",
    "free_ties",
    "freedom_of",
    "layers_of",
    "numbers_beside_ties",
    "numbers_of_outcomes",
]

ORDER = (
    "coefficients",
    "impacts",
    "groups",
    "moran",
    "event_study",
    "realised",
    "bands",
    "tests",
    "placebo",
    "leads",
    "spans",
    "staggered",
    "matching",
    "balance",
    "sweep",
    "comparisons",
    "ring_did",
    "weights_sensitivity",
    "specification",
    "anticipation",
    "honest",
    "referee_checklist",
    "placebo_draws",
)
"""Tables of estimates of the policy study, those that a reader misses most first."""

TIE_ORDER = (
    "gravity",
    "layer_comparison",
    "regression",
    "mixing_indices",
    "distribution",
)
"""Likewise those of the networks study that are computed from ties."""

_BY_PERIOD = ("moran",)
# studies whose cells the public sees, by period
_SHOWN = ("concentration", "formation")
# unknowns per number where all else is known
_ROOM = 2


@dataclass(frozen=True, slots=True)
class Freedom:
    """What the public does not know of the outcomes of a period.

    Parameters
    ----------
    hidden
        Regions whose outcome rests on something hidden.
    free
        Least number of values that would have to be known to know them all.
    """

    hidden: int
    free: int

    def allows(self, numbers: int) -> bool:
        """Say whether so many numbers leave something open, or nothing is hidden."""
        return self.hidden == 0 or numbers < self.free


def free_cells(hidden: BoolArray) -> int:
    """Count the hidden cells of a table that its published margins leave free.

    Parameters
    ----------
    hidden
        Rows by columns, without margins.

    Returns
    -------
    int
        Hidden cells less the rank of the margins: the cycles of the graph whose edges
        join the row and the column of every hidden cell. Hidden margins add to it.
    """
    rows, columns = np.nonzero(hidden)
    return _cycles(rows, columns, *hidden.shape)


def _cycles(rows: IntArray, columns: IntArray, n: int, m: int) -> int:
    """Count the independent cycles of a graph of `n` and `m` nodes with these edges."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = n + m
    graph = coo_array((np.ones(rows.size), (rows, columns + n)), shape=(size, size))
    parts, _ = connected_components(graph, directed=False)
    return int(rows.size - size + parts)


def free_ties(safe: SuppressedTable) -> Freedom:
    """Count the ties of a protected table that its published sums leave free.

    Parameters
    ----------
    safe
        Ties between places, which may lie in others.

    Returns
    -------
    Freedom
        At least the hidden ties between places of the lowest level less the published
        sums that hold one, and at least the cycles that are left when all sums between a
        place and the places above others are published.
    """
    one, two = safe.cells.dimensions
    hidden = safe.hidden.reshape(safe.cells.shape)
    low = [np.setdiff1d(np.arange(d.size), d.inner) for d in (one, two)]
    leaves = hidden[np.ix_(*low)]
    rows, columns = np.nonzero(leaves)
    above = [d.parent[at] for d, at in zip((one, two), low, strict=True)]
    cycles = _cycles(
        rows * two.size + above[1][columns],
        columns * one.size + above[0][rows],
        len(low[0]) * two.size,
        len(low[1]) * one.size,
    )
    sums = hidden.astype(float)
    sums[:] = 0.0
    sums[np.ix_(*low)] = leaves
    for node in range(one.size - 1, 0, -1):
        sums[one.parent[node]] += sums[node]
    for node in range(two.size - 1, 0, -1):
        sums[:, two.parent[node]] += sums[:, node]
    told = (sums > 0) & ~hidden
    told[np.ix_(*low)] = False
    return Freedom(int(rows.size), max(cycles, int(rows.size) - int(told.sum()), 0))


def affordable_beside_ties(
    tables: Mapping[str, pa.Table],
    shown: Mapping[str, SuppressedTable],
    told: Told | None = None,
) -> list[str]:
    """Name the tables of estimates that could be solved for hidden ties.

    Parameters
    ----------
    tables
        Released tables of the networks study, by name.
    shown
        Protected ties by ``networks.<layer>``.
    told
        Numbers of earlier releases, by layer.

    Returns
    -------
    list
        To be left out: in the order of `TIE_ORDER` a table stays while the numbers of
        every layer are fewer than half of what is free in it. A table without a column
        ``layer`` counts for all of them.
    """
    free = {k: free_ties(shown[f"networks.{k}"]) for k in layers_of(shown)}
    limits = {k: Freedom(f.hidden, f.free // _ROOM) for k, f in free.items()}
    spent, lost = joined([told or {}]), list[str]()
    for name in (n for n in TIE_ORDER if n in tables):
        own = numbers_beside_ties(name, tables[name], list(free))
        costs = joined([spent, own])
        if all(limits[layer].allows(len(costs.get(layer, ()))) for layer in free):
            spent = costs
        else:
            lost.append(name)
    return lost


def layers_of(shown: Mapping[str, SuppressedTable]) -> list[str]:
    """Name the layers of ties that are protected."""
    return [
        name.partition(".")[2]
        for name in shown
        if name.startswith("networks.") and not name.endswith(".mixing")
    ]


def numbers_beside_ties(
    name: str, table: pa.Table, layers: Sequence[str]
) -> dict[str, set[Number]]:
    """Collect the numbers of a table of estimates by the layers they are about.

    Parameters
    ----------
    name
        Name of the table.
    table
        Table of estimates of the networks study.
    layers
        Layers there are.

    Returns
    -------
    dict
        Layer to numbers; those of a table without a column ``layer`` are about all.
    """
    if "layer" in table.column_names:
        of = [str(layer) for layer in table["layer"].to_pylist()]
        return numbers_of(name, table, of)
    every = numbers_of(name, table, [""] * table.num_rows).get("", set())
    return {layer: set(every) for layer in layers}


def freedom_of(
    outcomes: pa.Table, shown: Mapping[str, SuppressedTable]
) -> dict[str, Freedom]:
    """Say per period how much of the outcomes of regions the public does not know.

    Parameters
    ----------
    outcomes
        Columns ``region`` and ``period``.
    shown
        Protected cells that the outcomes were measured on, by ``<study>.<period>`` or
        ``concentration.released``; empty when the public sees none of them.

    Returns
    -------
    dict
        Period to freedom. Where no cells are shown every region is unknown; a region
        without cells of its own beside others that have some is hidden and not free.
    """
    codes = np.array(outcomes["region"].to_pylist(), dtype=object)
    periods = np.array([str(p) for p in outcomes["period"].to_pylist()], dtype=object)
    found: dict[str, Freedom] = {}
    for period in sorted(set(periods)):
        regions = sorted(set(codes[periods == period]))
        names = (*(f"{study}.{period}" for study in _SHOWN), "concentration.released")
        safe = next((shown[name] for name in names if name in shown), None)
        if safe is None:
            found[period] = Freedom(len(regions), len(regions))
            continue
        place = safe.cells.dimensions[0].place
        at: IntArray = np.array(
            [place[r] for r in regions if r in place], dtype=np.int64
        )
        columns = safe.cells.dimensions[1]
        low = np.setdiff1d(np.arange(1, columns.size), columns.inner)
        inner = safe.hidden.reshape(safe.cells.shape)[np.ix_(at, low)]
        touched = int(inner.any(axis=1).sum())
        absent = len(regions) - at.size
        found[period] = Freedom(touched + absent, min(touched, free_cells(inner)))
    return found


def affordable(
    tables: Mapping[str, pa.Table],
    results: Path,
    shown: Mapping[str, SuppressedTable],
    told: Told | None = None,
) -> tuple[dict[str, pa.Table], list[str]]:
    """Keep the tables of estimates that leave hidden values open.

    Parameters
    ----------
    tables
        Released tables of the policy study, by name.
    results
        Folder with its results, for the table ``outcomes``.
    shown
        As for `freedom_of`.
    told
        Numbers of earlier releases, by outcome.

    Returns
    -------
    tuple
        Tables to keep and names of tables to leave out. Tables come in the `ORDER` of
        their worth; each stays while the numbers of every outcome are fewer than what is
        free in it. Rows of one period are judged by that period too. Where cells are
        shown, all outcomes rest on the same hidden ones and share what is free, and half of
    it stays unused: values that are not unique can still lie close together.
    """
    asked = [name for name in ORDER if name in tables]
    path = results / "outcomes.parquet"
    outcomes = read_table(path) if path.is_file() else None
    if outcomes is None or not {"region", "period"} <= set(outcomes.column_names):
        return _without(tables, asked), asked
    freedom = freedom_of(outcomes, shown)
    spent = joined([told or {}])
    kinds = {*spent, *(o for name in asked for o in _outcomes(tables[name]))}
    share = _ROOM * max(len(kinds), 1) if shown else 1
    freedom = {p: Freedom(f.hidden, f.free // share) for p, f in freedom.items()}
    whole = Freedom(
        sum(f.hidden for f in freedom.values()), sum(f.free for f in freedom.values())
    )
    kept, lost = dict(tables), list[str]()
    for name in asked:
        table = tables[name]
        if name in _BY_PERIOD:
            table = kept[name] = _periods(name, table, freedom, spent)
        costs = joined([spent, numbers_of_outcomes(name, table)])
        if all(whole.allows(len(n)) for n in costs.values()):
            spent = costs
        else:
            lost.append(name)
    return _without(kept, lost), lost


def numbers_of_outcomes(name: str, table: pa.Table) -> dict[str, set[Number]]:
    """Collect the numbers of a table of estimates by the outcomes they are about.

    Parameters
    ----------
    name
        Name of the table.
    table
        Table of estimates of the policy study.

    Returns
    -------
    dict
        Outcome to numbers; all under one name where the table does not say.
    """
    return numbers_of(name, table, _outcomes(table), by_period=name in _BY_PERIOD)


def _without(
    tables: Mapping[str, pa.Table], lost: Sequence[str]
) -> dict[str, pa.Table]:
    return {name: table for name, table in tables.items() if name not in lost}


def _outcomes(table: pa.Table) -> list[str]:
    """Name the outcomes of rows; all rows are of one where the table does not say."""
    if "outcome" not in table.column_names:
        return [""] * table.num_rows
    return [str(o) for o in table["outcome"].to_pylist()]


def _periods(
    name: str, table: pa.Table, freedom: Mapping[str, Freedom], told: Told
) -> pa.Table:
    """Keep the rows of periods in which fewer numbers are given than values are free."""
    periods = np.array([str(p) for p in table["period"].to_pylist()], dtype=object)
    good = np.zeros(table.num_rows, dtype=bool)
    for period in set(periods):
        mine = periods == period
        own = numbers_of_outcomes(name, table.filter(pa.array(mine)))
        of_period = {o: {n for n in told.get(o, ()) if n.period == period} for o in own}
        numbers = max(map(len, joined([own, of_period]).values()), default=0)
        good[mine] = freedom.get(period, Freedom(1, 0)).allows(numbers)
    return table.filter(pa.array(good))
