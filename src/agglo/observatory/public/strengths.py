"""Strengths of places as margins of the protected ties, and the tree that rests on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.typing import BoolArray, FloatArray
from agglo.store.disclosure import SuppressedTable
from agglo.store.disclosure.hierarchy import TOTAL

__all__ = ["strengths_in_public"]

_CLOSE = 1e-9
_NEEDED = ("layer", "scale", "node", "value", "parent")
# what compares the strengths of all places of a layer and scale
_COMPARED = ("is_core", "tier", "level")


def strengths_in_public(
    table: pa.Table, protected: Mapping[str, SuppressedTable]
) -> pa.Table | None:
    """Release strengths that are sums of published margins, and hide what rests on others.

    Parameters
    ----------
    table
        Columns ``layer``, ``scale``, ``node``, ``value``, ``parent``, ``is_core``,
        ``tier``, ``level``.
    protected
        Protected ties by ``networks.<layer>``.

    Returns
    -------
    pyarrow.Table or None
        All rows with a column ``status``. A strength is released when what the place
        sends, what it receives and its tie to itself are all published and give it. The
        parent (where the largest tie leads) is released when that tie is published and
        larger than every hidden tie may be said to be. Core, tier and level compare all
        places: released when every strength of the layer and scale is. ``None`` when a
        strength is not the sum of its ties.
    """
    if not set(_NEEDED) <= set(table.column_names):
        return None
    rows = table.to_pylist()
    values = pc.cast(table["value"], pa.float64()).to_numpy()
    known = np.zeros(len(rows), bool)
    leads = np.zeros(len(rows), bool)
    for at, row in enumerate(rows):
        safe = protected.get(f"networks.{row['layer']}")
        ties = None if safe is None else _Ties.of(safe, str(row["node"]))
        if ties is None or not ties.gives(values[at]):
            return None
        known[at] = ties.published
        leads[at] = ties.names(str(row["parent"]), row["node"] == row["parent"])
    group = [(row["layer"], row["scale"]) for row in rows]
    broken = {key for key, good in zip(group, known, strict=True) if not good}
    whole = np.array([key not in broken for key in group], dtype=bool)
    found = _hide(table, "value", ~known)
    found = _hide(found, "parent", ~(leads & known))
    for name in set(_COMPARED) & set(table.column_names):
        found = _hide(found, name, ~whole)
    status = np.where(known, "ok", "confidential").tolist()
    return found.append_column("status", pa.array(status, pa.string()))


def _hide(table: pa.Table, name: str, hidden: BoolArray) -> pa.Table:
    empty = pa.scalar(None, table.schema.field(name).type)
    column = pc.if_else(pa.array(hidden), empty, table[name])
    return table.set_column(table.column_names.index(name), name, column)


class _Ties:
    """The ties of one place in a protected table."""

    def __init__(self, safe: SuppressedTable, node: str) -> None:
        self._safe = safe
        shape = safe.cells.shape
        self._total = safe.cells.total.reshape(shape)
        self._hidden = safe.hidden.reshape(shape)
        one, two = safe.cells.dimensions
        self._at = one.place.get(node, -1), two.place.get(node, -1)

    @classmethod
    def of(cls, safe: SuppressedTable, node: str) -> _Ties | None:
        return cls(safe, node) if node != TOTAL else None

    def _parts(self) -> list[tuple[int, int]]:
        out, into = self._at
        found = [(out, 0)] if out > 0 else []
        found += [(0, into)] if into > 0 else []
        return found + ([(out, into)] if min(out, into) > 0 else [])

    @property
    def published(self) -> bool:
        return not any(self._hidden[part] for part in self._parts())

    def gives(self, value: float) -> bool:
        """Say whether a strength is what these ties add up to, with or without its own."""
        out, into = self._at
        sends = self._total[out, 0] if out > 0 else 0.0
        takes = self._total[0, into] if into > 0 else 0.0
        own = self._total[out, into] if min(out, into) > 0 else 0.0
        ways = np.array([0.0, 1.0, 2.0]) * own
        near = np.abs(sends + takes - ways - value) <= _CLOSE * max(abs(value), 1.0)
        return bool(near.any())

    def names(self, parent: str, is_root: bool) -> bool:
        """Say whether the place's parent tells nothing about a hidden tie."""
        one, two = self._safe.cells.dimensions
        out, into = self._at
        weight, hidden = np.zeros(0), np.zeros(0, bool)
        if out > 0:
            weight, hidden = self._total[out, 1:], self._hidden[out, 1:]
        if into > 0:
            weight = np.r_[weight, self._total[1:, into]]
            hidden = np.r_[hidden, self._hidden[1:, into]]
        if not hidden.any():
            return True
        if is_root:
            return False
        there, back = one.place.get(parent, -1), two.place.get(parent, -1)
        best: FloatArray = np.array(
            [
                self._total[at]
                for at in ((out, back), (there, into))
                if min(at) > 0 and not self._hidden[at]
            ]
        )
        # rules ask for at most the size again (k of 50, p of 100 per cent or less)
        return bool(best.size and best.max() > 2.0 * weight[hidden].max())
