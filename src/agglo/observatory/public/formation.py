"""Employment of clusters in public as cells, and stages and lock-in computed anew from it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AggloError
from agglo.core.typing import BoolArray, Json
from agglo.observatory.page import Text
from agglo.observatory.public.freedom import Freedom, free_ties
from agglo.observatory.public.ties import UNCOUNTED, UNSAFE, Desk
from agglo.observatory.public.told import Told, joined, numbers_of
from agglo.store.disclosure import SuppressedTable, cells_from_totals

__all__ = [
    "LIFE",
    "ORDER",
    "affordable_beside_panel",
    "life_in_public",
    "panel_in_public",
]

LIFE = ("stages", "lock_in", "resilience")
_KEYS = ("region", "group", "industry", "period")
_NUMBERS = ("employment", "establishments")
_SHARED = Text(
    "the concentration study shows the same cells by a pattern of its own; two patterns "
    "together could give them away",
    "集中度研究已按另一抑制方案发布相同单元格；两种方案并用可能导致泄露",
)
ORDER = ("index_weights", "rank_choices", "alert_rates")
"""Tables of estimates of the formation study, those that a reader misses most first."""

# inputs of indicators that nobody finds in another public register
_UNKNOWN = ("payroll", "plant sizes", "ties", "answers")


def panel_in_public(desk: Desk, table: pa.Table) -> tuple[pa.Table | None, Json, Text]:
    """Protect the employment of clusters, one audited table of each period.

    Parameters
    ----------
    desk
        What cells are protected with.
    table
        Table ``panel``: region, group, industry, period, ``employment`` and
        ``establishments``, the contributors.

    Returns
    -------
    tuple
        Region, group, industry, period, employment (null where hidden) and status, or
        ``None``; certificates by period; why not. Groups are sums above industries. With
        unknown values, with an industry in two groups, and beside the same cells of the
        concentration study nothing is released.
    """
    if desk.shares_cells:
        return None, None, _SHARED
    if not {*_KEYS, *_NUMBERS} <= set(table.column_names):
        return None, None, UNCOUNTED
    above = table.group_by(["industry", "group"]).aggregate([]).to_pylist()
    parents = {str(row["industry"]): str(row["group"]) for row in above}
    unknown = sum(table[n].null_count for n in (*_KEYS, *_NUMBERS))
    if unknown or len(parents) < len(above) or set(parents) & set(parents.values()):
        return None, None, UNCOUNTED
    parts, proofs = list[pa.Table](), dict[str, Json]()
    earlier: list[dict[str, str]] = []
    for period in sorted(map(str, pc.unique(table["period"]).to_pylist())):
        rows = table.filter(pc.equal(table["period"], period))
        try:
            cells = cells_from_totals(
                rows,
                dimensions=("region", "industry"),
                value="employment",
                contributors="establishments",
                hierarchies={"industry": parents},
            )
            safe = desk.ledger.suppress(f"formation.{period}", cells, earlier=earlier)
        except AggloError:
            return None, None, UNSAFE
        hidden = safe.reasons().drop_columns(["status"]).to_pylist()
        earlier = [{k: str(v) for k, v in row.items()} for row in hidden]
        parts.append(_shown(rows, safe))
        proofs[period] = safe.certificate(public=desk.public)
    return (pa.concat_tables(parts) if parts else None), proofs, UNCOUNTED


def _shown(rows: pa.Table, safe: SuppressedTable) -> pa.Table:
    at = [
        pc.index_in(
            rows[name].cast(pa.string()), value_set=pa.array(d.codes.tolist())
        ).to_numpy()
        for name, d in zip(("region", "industry"), safe.cells.dimensions, strict=True)
    ]
    hidden: BoolArray = safe.hidden.reshape(safe.cells.shape)[at[0], at[1]]
    values = pc.cast(rows["employment"], pa.float64()).to_numpy()
    status = np.where(hidden, "confidential", "ok").tolist()
    return (
        rows.select(list(_KEYS))
        .append_column("employment", pa.array(values, mask=hidden))
        .append_column("status", pa.array(status, pa.string()))
    )


def life_in_public(
    name: str, table: pa.Table, panel: pa.Table, options: Mapping[str, object]
) -> pa.Table | None:
    """Compute stages, lock-in or resilience of clusters from the released panel.

    Parameters
    ----------
    name
        One of `LIFE`.
    table
        What the study found, for its columns.
    panel
        Released panel.
    options
        Of the study, as the project file has them.

    Returns
    -------
    pyarrow.Table or None
        A cluster with a hidden cell is not assessed in that period. ``None`` where rules
        need more than employment (entries of firms) or cannot be computed.
    """
    from agglo.evaluation import life_cycle, lock_in, resilience
    from agglo.studies.columns import result_table
    from agglo.studies.formation.options import FormationOptions
    from agglo.studies.formation.prepare import NO_GROUP

    rows = panel.filter(pc.not_equal(panel["group"], NO_GROUP))
    try:
        asked = FormationOptions(**dict(options))  # type: ignore[arg-type]
        if name == "lock_in":
            return result_table(lock_in(rows))
        if name == "resilience":
            if not (asked.shock_before and asked.shock_trough):
                return table if table.num_rows == 0 else None
            return result_table(
                resilience(rows, before=asked.shock_before, trough=asked.shock_trough)
            )
        if "entry_rate" in table.column_names:
            rates = pc.cast(table["entry_rate"], pa.float64()).to_numpy()
            if np.isfinite(rates).any():
                return None
        found = life_cycle(rows, k=asked.k, delta=asked.delta, min_size=asked.min_size)
        return result_table(found)
    except (AggloError, TypeError):
        return None


def affordable_beside_panel(
    tables: Mapping[str, pa.Table],
    indicators: pa.Table | None,
    shown: Mapping[str, SuppressedTable],
    told: Told | None = None,
) -> list[str]:
    """Name the tables of estimates that could be solved for hidden cells of the panel.

    Parameters
    ----------
    tables
        Released tables of the formation study, by name.
    indicators
        What the study measured: values that need more than employment and establishments
        are as many unknowns.
    shown
        Protected cells by ``formation.<period>``.
    told
        Numbers of earlier releases, under the empty name.

    Returns
    -------
    list
        To be left out. Composite indices are about the last period.
    """
    periods = sorted(n for n in shown if n.startswith("formation."))
    if not periods:
        return []
    last = free_ties(shown[periods[-1]])
    others = 0
    if indicators is not None and {"inputs", "value"} <= set(indicators.column_names):
        known = indicators.filter(pc.is_valid(indicators["value"]))
        others = sum(str(i) in _UNKNOWN for i in known["inputs"].to_pylist())
    free = Freedom(last.hidden, max(last.free, others) // 2)
    spent, lost = joined([told or {}]), list[str]()
    for name in (n for n in ORDER if n in tables):
        own = numbers_of(name, tables[name], [""] * tables[name].num_rows)
        costs = joined([spent, own])
        if free.allows(sum(map(len, costs.values()))):
            spent = costs
        else:
            lost.append(name)
    return lost
