"""Ties between places and between groups of industries as cells, suppressed and audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AggloError
from agglo.core.typing import Json
from agglo.observatory.ledger import Ledger
from agglo.observatory.page import Text
from agglo.store import read_table
from agglo.store.disclosure import cells_from_records

__all__ = [
    "UNCOUNTED",
    "UNSAFE",
    "Desk",
    "cities",
    "records_of",
    "ties_in_public",
]

UNCOUNTED = Text("what its rows rest on is not counted", "其各行所依据的单位数未知")
UNSAFE = Text(
    "no pattern of hidden cells was found that protects it",
    "未找到能够保护该表的抑制方案",
)


_ENDS = ("origin", "destination")


@dataclass(frozen=True, eq=False)
class Desk:
    """What ties are protected with.

    Parameters
    ----------
    ledger
        Rules and earlier releases.
    holders
        Firm behind every establishment and patent that ties are named after.
    public
        Whether certificates keep the parameters back.
    seed
        Of the project: what is computed anew with it is what the study found.
    options
        Of the study.
    shares_cells
        Whether the public sees the cells of the study's files through another one.
    """

    ledger: Ledger
    holders: Mapping[str, str]
    public: bool
    seed: int = 0
    options: Mapping[str, object] = field(default_factory=dict)
    shares_cells: bool = False


def cities(places: pa.Table) -> dict[str, str]:
    """Give the city above every district.

    Parameters
    ----------
    places
        Columns ``region`` and ``city``.

    Returns
    -------
    dict
        District to city, without places that are their own.
    """
    return {
        str(row["region"]): str(row["city"])
        for row in places.select(["region", "city"]).to_pylist()
        if row["city"] and row["city"] != row["region"]
    }


def ties_in_public(
    desk: Desk, results: Path, ties: pa.Table
) -> tuple[pa.Table | None, Json, Text]:
    """Protect ties between places, both levels in one audited table per layer.

    Parameters
    ----------
    desk
        What they are protected with.
    results
        Folder with the results of the study.
    ties
        Table ``ties``.

    Returns
    -------
    tuple
        Ties with a column ``status``, or ``None``; certificates by layer; why not.
    """
    needed = (results / "events.parquet", results / "places.parquet")
    if not all(path.is_file() for path in needed):
        return None, None, UNCOUNTED
    events, places = (read_table(path) for path in needed)
    parents = cities(places)
    parts, proofs = list[pa.Table](), dict[str, Json]()
    for layer in sorted(set(ties["layer"].to_pylist())):
        own = ties.filter(pc.equal(ties["layer"], layer))
        try:
            part, proof = _layer(
                desk, own, events.filter(pc.equal(events["layer"], layer)), parents
            )
        except AggloError:
            return None, None, UNSAFE
        if part is None:
            return None, None, UNCOUNTED
        parts.append(part)
        proofs[str(layer)] = proof
    return pa.concat_tables(parts), proofs, UNSAFE


def _layer(
    desk: Desk, ties: pa.Table, events: pa.Table, parents: Mapping[str, str]
) -> tuple[pa.Table | None, Json]:
    records = records_of(desk, events)
    cells = cells_from_records(
        records,
        dimensions=_ENDS,
        value="weight",
        holding="holder",
        hierarchies={end: _used(parents, records[end]) for end in _ENDS},
    )
    safe = desk.ledger.suppress(f"networks.{ties['layer'][0].as_py()}", cells)
    axes = [
        d.codes[nodes] for d, nodes in zip(cells.dimensions, cells.grid, strict=True)
    ]
    place = {key: at for at, key in enumerate(zip(*axes, strict=True))}
    keys = list(zip(*(ties[end].to_pylist() for end in _ENDS), strict=True))
    if any(a > b for a, b in keys) and not pc.all(events["directed"]).as_py():
        keys = [(min(a, b), max(a, b)) for a, b in keys]
    at = np.array([place.get(key, -1) for key in keys], dtype=np.int64)
    shown = pc.cast(ties["weight"], pa.float64()).to_numpy()
    # the audited table is the released one, or nothing is released
    if (at < 0).any() or not np.allclose(cells.total[at], shown, rtol=1e-9):
        return None, None
    hidden = safe.hidden[at]
    table = ties
    # a share beside its weight tells the total
    for name, mask in (("weight", hidden), ("share", hidden | safe.hidden[0])):
        values = pc.cast(ties[name], pa.float64()).to_numpy()
        column = pa.array(values, mask=mask)
        table = table.set_column(table.column_names.index(name), name, column)
    status = pa.array(np.where(hidden, "confidential", "ok").tolist(), pa.string())
    return table.append_column("status", status), safe.certificate(public=desk.public)


def records_of(desk: Desk, events: pa.Table) -> pa.Table:
    """Give one row per tie with its contributor; an undirected one has its ends in order.

    Parameters
    ----------
    desk
        Knows the firms behind ties.
    events
        Columns ``origin``, ``destination``, ``weight``, ``directed``, perhaps ``event``.

    Returns
    -------
    pyarrow.Table
        Columns ``origin``, ``destination``, ``weight``, ``holder``.
    """
    names = [np.array(events[e].to_pylist(), dtype=object) for e in _ENDS]
    if not pc.all(events["directed"]).as_py():
        # an undirected tie is one cell, whichever end was written first
        swap = names[0] > names[1]
        names = [np.where(swap, names[1], names[0]), np.where(swap, *names)]
    return pa.table(
        {
            "origin": pa.array(names[0].tolist(), pa.string()),
            "destination": pa.array(names[1].tolist(), pa.string()),
            "weight": pc.cast(events["weight"], pa.float64()),
            "holder": pa.array(_contributors(events, desk.holders), pa.string()),
        }
    )


def _contributors(events: pa.Table, holders: Mapping[str, str]) -> list[str]:
    """Name the firm behind every tie, or the tie itself."""
    if "event" not in events.column_names:
        return [f"tie {at}" for at in range(events.num_rows)]
    named = (str(event) for event in events["event"].to_pylist())
    return [f"firm {holders[e]}" if e in holders else f"event {e}" for e in named]


def _used(parents: Mapping[str, str], codes: pa.ChunkedArray) -> dict[str, str]:
    held = set(codes.to_pylist())
    return {code: above for code, above in parents.items() if code in held}
