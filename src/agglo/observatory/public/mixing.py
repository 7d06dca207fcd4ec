"""Ties between groups of industries in public: cells of their own, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AggloError
from agglo.core.typing import BoolArray, FloatArray, Json
from agglo.observatory.page import Text
from agglo.observatory.public.ties import (
    UNCOUNTED,
    UNSAFE,
    Desk,
    records_of,
)
from agglo.store import read_table
from agglo.store.disclosure import SuppressedTable, cells_from_records

__all__ = ["clear_layers", "mixing_in_public"]

_ENDS = ("origin", "destination")
_GROUPS = ("origin_group", "destination_group")
# what a value rests on beside its cell
_RESTS = {"weight": "", "share": "t", "expected": "mt", "log_odds": "mt", "z": "mt"}
_NEEDED = ("events", "industry_groups", "activity_now")


def mixing_in_public(
    desk: Desk, results: Path, table: pa.Table
) -> tuple[pa.Table | None, Json, Text]:
    """Protect the weight between groups of industries, one audited table per layer.

    Parameters
    ----------
    desk
        What ties are protected with; knows the protected ties between places.
    results
        Folder with the results of the study.
    table
        Table ``mixing``: layer, two groups, ``weight`` (of an undirected layer each tie
        once, the lower group first), ``share``, ``expected``, ``log_odds``, ``z``.

    Returns
    -------
    tuple
        The table with a column ``status``; certificates by layer; why not. A weight is
        hidden with its cell, a share with the total too, the others also with the
        margins of both groups. ``None`` when the weights are no sums of the ties, or when
        the ties that belong to no group are few: the difference of two totals gives them.
    """
    paths = [results / f"{name}.parquet" for name in _NEEDED]
    if not all(path.is_file() for path in paths):
        return None, None, UNCOUNTED
    events, groups, activity = (read_table(path) for path in paths)
    if "origin_industry" not in events.column_names:
        return None, None, UNCOUNTED
    group = {
        str(row["industry"]): str(row["group"])
        for row in groups.select(["industry", "group"]).to_pylist()
    }
    made = set(activity["region"].to_pylist())
    parts, proofs = list[pa.Table](), dict[str, Json]()
    for layer in sorted(set(table["layer"].to_pylist())):
        own = table.filter(pc.equal(table["layer"], layer))
        ties = events.filter(pc.equal(events["layer"], layer))
        try:
            part, proof = _layer(desk, own, ties, group, made)
        except AggloError:
            return None, None, UNSAFE
        if part is None:
            return None, None, UNCOUNTED
        parts.append(part)
        proofs[str(layer)] = proof
    return (pa.concat_tables(parts) if parts else None), proofs, UNCOUNTED


def _layer(
    desk: Desk,
    table: pa.Table,
    events: pa.Table,
    group: Mapping[str, str],
    made: set[str],
) -> tuple[pa.Table | None, Json]:
    layer = str(table["layer"][0].as_py())
    between = desk.ledger.pending.get(f"networks.{layer}")
    if between is None or between.hidden[0]:
        return None, None
    ends = [
        [group.get(str(i)) for i in events[f"{e}_industry"].to_pylist()] for e in _ENDS
    ]
    known = np.array(
        [a is not None and b is not None for a, b in zip(*ends, strict=True)]
    )
    for end in _ENDS:
        known &= np.array([r in made for r in events[end].to_pylist()], dtype=bool)
    left = records_of(desk, events.filter(pa.array(~known)))
    if left.num_rows and _telling(desk, left):
        return None, None
    for end, names in zip(_ENDS, ends, strict=True):
        at = events.column_names.index(end)
        events = events.set_column(at, end, pa.array(names, pa.string()))
    events = events.filter(pa.array(known))
    cells = cells_from_records(
        records_of(desk, events), dimensions=_ENDS, value="weight", holding="holder"
    )
    safe = desk.ledger.suppress(f"networks.{layer}.mixing", cells)
    found = _shown(table, safe, directed=bool(pc.all(events["directed"]).as_py()))
    return found, safe.certificate(public=desk.public)


def _telling(desk: Desk, ties: pa.Table) -> bool:
    """Say whether the sum of some ties tells about a single firm."""
    few = len(set(ties["holder"].to_pylist())) < desk.ledger.policy.least
    cells = cells_from_records(ties, dimensions=_ENDS, value="weight", holding="holder")
    unsafe, _ = cells.unsafe(desk.ledger.policy.rules)
    return few or bool(unsafe[0])


def _shown(
    table: pa.Table, safe: SuppressedTable, *, directed: bool
) -> pa.Table | None:
    """Hide what rests on hidden cells; ``None`` when the weights are not the cells."""
    shape = safe.cells.shape
    total, hidden = safe.cells.total.reshape(shape), safe.hidden.reshape(shape)
    one, two = safe.cells.dimensions
    pairs = list(zip(*(table[g].to_pylist() for g in _GROUPS), strict=True))
    weight = pc.cast(table["weight"], pa.float64()).to_numpy()
    cell, margin = np.zeros(len(pairs), bool), np.zeros(len(pairs), bool)
    for row, (a, b) in enumerate(pairs):
        first, last = (a, b) if directed else (min(a, b), max(a, b))
        at = one.place.get(first, -1), two.place.get(last, -1)
        there = float(total[at]) if min(at) > 0 else 0.0
        # an undirected tie stands once: what is below the diagonal is empty by design
        below = not directed and a > b
        if not np.isclose(weight[row], 0.0 if below else there, rtol=1e-9):
            return None
        cell[row] = min(at) > 0 and bool(hidden[at])
        sends = (a,) if directed else (a, b)
        takes = (b,) if directed else (a, b)
        margin[row] = any(hidden[one.place.get(g, 0), 0] for g in sends)
        margin[row] |= any(hidden[0, two.place.get(g, 0)] for g in takes)
    masks: dict[str, BoolArray] = {
        "": cell,
        "t": cell | bool(hidden[0, 0]),
        "mt": cell | margin | bool(hidden[0, 0]),
    }
    found = table
    for name, rests in _RESTS.items():
        values: FloatArray = pc.cast(table[name], pa.float64()).to_numpy()
        column = pa.array(values, mask=masks[rests])
        found = found.set_column(found.column_names.index(name), name, column)
    status = np.where(cell, "confidential", "ok").tolist()
    return found.append_column("status", pa.array(status, pa.string()))


def clear_layers(protected: Mapping[str, SuppressedTable]) -> set[str]:
    """Name the layers whose E-I index, assortativity and modularity tell nothing hidden.

    Parameters
    ----------
    protected
        Protected tables by name, ``networks.<layer>.mixing`` among them.

    Returns
    -------
    set
        Layers all of whose diagonal cells and margins are published: the three indices
        follow from the sum of the diagonal and the margins.
    """
    found: set[str] = set()
    for name, safe in protected.items():
        parts = name.split(".")
        if len(parts) < 3 or parts[0] != "networks" or parts[-1] != "mixing":
            continue
        hidden = safe.hidden.reshape(safe.cells.shape)
        one, two = safe.cells.dimensions
        same = [
            (at, two.place[str(c)])
            for at, c in enumerate(one.codes)
            if str(c) in two.place
        ]
        if not (
            any(hidden[at] for at in same) or hidden[0].any() or hidden[:, 0].any()
        ):
            found.add(".".join(parts[1:-1]))
    return found
