"""Tables that follow from released ties, computed anew and compared before they go out.

The library's own functions are given the released ties. What they say of a layer is
released when it is what the study found: then it tells nothing beyond the ties.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AggloError
from agglo.core.typing import BoolArray, FloatArray
from agglo.networks import FlowMatrix

__all__ = ["ANEW", "anew_in_public"]

_CLOSE = 1e-9
_ENDS = ("origin", "destination")


@dataclass(frozen=True, eq=False)
class _Known:
    """All ties of one layer and scale, every one of them published."""

    origin: list[str]
    destination: list[str]
    weight: list[float]
    nodes: list[str]
    directed: bool
    seed: int

    @property
    def between(self) -> pa.Table:
        """Give ties between different places."""
        found = pa.table(
            {
                "origin": self.origin,
                "destination": self.destination,
                "weight": self.weight,
            }
        )
        return found.filter(pc.not_equal(found["origin"], found["destination"]))


def anew_in_public(
    name: str, table: pa.Table, ties: pa.Table, events: pa.Table, *, seed: int
) -> pa.Table | None:
    """Release the rows of a table that follow from released ties.

    Parameters
    ----------
    name
        One of `ANEW`.
    table
        What the study found, by ``layer`` and perhaps ``scale``; without a scale, cities.
    ties
        Released ties with a column ``status``.
    events
        Says which layers are directed.
    seed
        Of the project.

    Returns
    -------
    pyarrow.Table or None
        Rows of layers and scales all of whose ties are published. ``None`` when there is
        no such layer, or what is computed anew is not what the study found.
    """
    scales = (
        [str(s) for s in table["scale"].to_pylist()]
        if "scale" in table.column_names
        else ["city"] * table.num_rows
    )
    parts = list(zip(map(str, table["layer"].to_pylist()), scales, strict=True))
    good = np.zeros(table.num_rows, dtype=bool)
    for part in sorted(set(parts)):
        mine: BoolArray = np.array([p == part for p in parts], dtype=bool)
        own = table.filter(pa.array(mine))
        known = _known(own, ties, events, *part, seed)
        if known is None:
            continue
        try:
            same = ANEW[name](own, known)
        except AggloError:
            same = False
        if not same:
            return None
        good |= mine
    return table.filter(pa.array(good)) if good.any() else None


def _known(
    own: pa.Table, ties: pa.Table, events: pa.Table, layer: str, scale: str, seed: int
) -> _Known | None:
    """Give the ties of a layer and scale; ``None`` when one of them is hidden."""
    here = pc.and_(pc.equal(ties["layer"], layer), pc.equal(ties["scale"], scale))
    rows = ties.filter(here)
    state = set(rows["status"].to_pylist())
    if state != {"ok"} or rows["weight"].null_count:
        return None
    flags = events.filter(pc.equal(events["layer"], layer))["directed"]
    one, other = ([str(c) for c in rows[e].to_pylist()] for e in _ENDS)
    named = own["node"].to_pylist() if "node" in own.column_names else []
    nodes = sorted({*one, *other, *(str(n) for n in named if n)})
    weight = [float(w) for w in rows["weight"].to_pylist()]
    return _Known(one, other, weight, nodes, bool(pc.all(flags).as_py()), seed)


def _close(one: FloatArray, other: FloatArray) -> bool:
    return bool(np.allclose(one, other, rtol=_CLOSE, atol=_CLOSE, equal_nan=True))


def _numbers(table: pa.Table, name: str) -> FloatArray:
    found: FloatArray = pc.cast(table[name], pa.float64()).to_numpy()
    return found


def _backbone(table: pa.Table, known: _Known) -> bool:
    """Compare weights and p-values; which ties are kept follows from p and a level."""
    from agglo.networks import backbone
    from agglo.studies.columns import result_table

    found = result_table(
        backbone(known.between, directed=known.directed, nodes=known.nodes)
    )
    keys = [("origin", "ascending"), ("destination", "ascending")]
    there, here = found.sort_by(keys), table.sort_by(keys)
    if any(there[k].to_pylist() != here[k].to_pylist() for k, _ in keys):
        return False
    p, kept = _numbers(here, "p"), np.array(here["kept"].to_pylist(), dtype=bool)
    split = not (kept.any() and (~kept).any()) or p[kept].max() <= p[~kept].min()
    same = [_close(_numbers(there, n), _numbers(here, n)) for n in ("weight", "p")]
    return bool(split and all(same))


_PLACED = (
    "degree", "betweenness", "closeness", "eigenvector", "page_rank", "core_number",
)  # fmt: skip


def _positions(table: pa.Table, known: _Known) -> bool:
    from agglo.networks import centralities, communities, core_periphery
    from agglo.studies.columns import result_table

    ties, directed = known.between, known.directed
    where = result_table(centralities(ties, directed=directed, nodes=known.nodes))
    groups = communities(ties, directed=directed, nodes=known.nodes, seed=known.seed)
    core = core_periphery(
        ties, directed=directed, nodes=known.nodes, seed=known.seed, inference=None
    )
    return (
        where["node"].to_pylist() == table["node"].to_pylist()
        and all(_close(_numbers(where, n), _numbers(table, n)) for n in _PLACED)
        and table["community"].to_pylist() == groups.label.tolist()
        and table["in_core"].to_pylist() == core.is_core.tolist()
        and _close(np.asarray(groups.support, dtype=float), _numbers(table, "support"))
    )


@dataclass(frozen=True, eq=False)
class _Flows:
    """Label and values, as a matrix of flows has them."""

    label: np.ndarray[tuple[int], np.dtype[np.str_]]
    values: FloatArray


def _removal(table: pa.Table, known: _Known) -> bool:
    from agglo.studies.networks.structure import removal_curve

    place = {node: at for at, node in enumerate(known.nodes)}
    values = np.zeros((len(place), len(place)))
    for a, b, w in zip(known.origin, known.destination, known.weight, strict=True):
        values[place[a], place[b]] += w
        if not known.directed and a != b:
            values[place[b], place[a]] += w
    flows = cast("FlowMatrix", _Flows(np.array(known.nodes), values))
    found = removal_curve(flows, "")
    return (
        found.num_rows == table.num_rows
        and found["node"].to_pylist() == table["node"].to_pylist()
        and all(
            _close(_numbers(found, n), _numbers(table, n))
            for n in ("removed", "weight_left", "at_random")
        )
    )


ANEW: Mapping[str, Callable[[pa.Table, _Known], bool]] = MappingProxyType(
    {"backbone": _backbone, "positions": _positions, "removal": _removal}
)
"""Tables of the networks study that follow from ties, to what compares them."""
