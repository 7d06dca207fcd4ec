"""Who owns a firm in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import float_column, require_columns, string_column, to_arrow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["Owners", "ultimate_owners", "valid_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """The ultimate owners of firms: rows of firm, owner, share; shares of a firm add to 1."""

    firm: IntArray
    owner: IntArray
    share: FloatArray
    label: NDArray[np.str_]


def valid_in(
    table: pa.Table, start: str, end: str, period: str | None
) -> NDArray[np.bool_]:
    """Say which rows cover a period; an open end covers everything."""
    keep = np.ones(table.num_rows, dtype=np.bool_)
    if period is None:
        return keep
    for name, early in ((start, True), (end, False)):
        if name not in table.column_names:
            continue
        for i, word in enumerate(string_column(table, name)):
            if word is None or word == "":
                continue
            keep[i] &= word <= period if early else word >= period
    return keep


def ultimate_owners(
    ownership: IntoFrame, firms: NDArray[np.str_], *, period: str | None, split: bool
) -> Owners:
    """Walk up to the roots, along the largest share or along all of them.

    Parameters
    ----------
    ownership
        Table ``ownership``: child, parent, share.
    firms
        Firms that are asked for.
    period
        Period in which a holding must be valid.
    split
        Whether all parents count, by their shares; otherwise the largest, ties by label.

    Returns
    -------
    Owners
        `label` holds `firms` first, in their order, then owners without establishments.

    Raises
    ------
    InvalidTableError
        Listing null_key, out_of_range, duplicate_key; or ownership_cycle with the ids.
    """
    child, parent, share = _holdings(ownership, period)
    extra = np.setdiff1d(np.union1d(child, parent), firms)
    label = np.concatenate([firms, extra])
    order = np.argsort(label, kind="stable")
    at = order[np.searchsorted(label, child, sorter=order)]
    up = order[np.searchsorted(label, parent, sorter=order)]
    if not split:
        # the largest share first, then the parent whose label comes first
        rank = np.lexsort((parent, -share, at))
        _, first = np.unique(at[rank], return_index=True)
        chosen = rank[first]
        at, up, share = at[chosen], up[chosen], np.ones(chosen.size)
    else:
        share = share / np.bincount(at, share, label.size)[at]
    _refuse_cycles(at, up, label)
    return _climb(at, up, share, label, firms.size)


def _holdings(
    ownership: IntoFrame, period: str | None
) -> tuple[NDArray[np.str_], NDArray[np.str_], FloatArray]:
    table = to_arrow(ownership, where="ownership")
    require_columns(table, {"child": "child", "parent": "parent"}, where="ownership")
    table = table.filter(pa.array(valid_in(table, "from", "to", period)))
    problems: list[Problem] = []
    words = []
    for name in ("child", "parent"):
        column = string_column(table, name)
        blank = np.array([w is None or not w.strip() for w in column], dtype=np.bool_)
        problems += flag_rows(
            blank,
            code="null_key",
            what=f"column '{name}' has no firm",
            where="ownership",
            column=name,
            fix="drop these rows or give them a firm",
        )
        words.append(np.where(blank, "", column).astype(np.str_))
    share = np.ones(table.num_rows)
    if "share" in table.column_names:
        share = float_column(table, "share", where="ownership")
        share = np.where(np.isnan(share), 1.0, share)
    problems += flag_rows(
        ~((share > 0) & (share <= 1)),
        code="out_of_range",
        what="column 'share' is outside (0, 1]",
        where="ownership",
        column="share",
        fix="shares are parts of 1, not percent; drop rows that hold nothing",
    )
    joint = np.char.add(np.char.add(words[0], "\x1f"), words[1])
    problems += flag_rows(
        repeated(np.unique(joint, return_inverse=True)[1].reshape(-1)),
        code="duplicate_key",
        what="the same (child, parent) occurs more than once",
        where="ownership",
        fix="sum the shares first, or choose a period with period=",
    )
    if problems:
        msg = f"`ownership` has {len(problems)} problem{'s' if len(problems) > 1 else ''}."
        raise InvalidTableError(msg, problems)
    return words[0], words[1], share


def _refuse_cycles(at: IntArray, up: IntArray, label: NDArray[np.str_]) -> None:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = label.size
    graph = coo_array((np.ones(at.size), (at, up)), shape=(n, n))
    _, part = connected_components(graph, directed=True, connection="strong")
    in_cycle = np.bincount(part)[part] > 1
    in_cycle[at[at == up]] = True
    if in_cycle.any():
        names = label[in_cycle].tolist()
        bad = Problem(
            code="ownership_cycle",
            what=f"{len(names)} firms own each other in a circle: {names[:10]}",
            where="ownership",
            fix="drop one holding of each circle, or use model='direct'",
        )
        msg = "Ownership goes round in a circle."
        raise InvalidTableError(msg, [bad])


def _climb(
    at: IntArray, up: IntArray, share: FloatArray, label: NDArray[np.str_], n_firms: int
) -> Owners:
    """Replace holders by their holders until all are roots."""
    from scipy.sparse import csr_array, eye_array

    n = label.size
    step = csr_array((share, (at, up)), shape=(n, n))
    root = np.ones(n)
    root[at] = 0.0
    keep = csr_array((root, (np.arange(n), np.arange(n))), shape=(n, n))
    reach = csr_array(eye_array(n))[:n_firms]
    arrived = csr_array((n_firms, n))
    while reach.nnz:
        arrived = arrived + reach @ keep
        reach = csr_array(reach @ step)
        reach.eliminate_zeros()
    found = arrived.tocoo()
    some = found.data > 0
    order = np.lexsort((found.col[some], found.row[some]))
    return Owners(
        firm=found.row[some][order].astype(np.int64),
        owner=found.col[some][order].astype(np.int64),
        share=found.data[some][order],
        label=label,
    )
