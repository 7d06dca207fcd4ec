"""Headquarters and branches: who directs what from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import InvalidTableError, OptionError, Problem
from agglo.core.frames import (
    float_column,
    frame_kind,
    require_columns,
    string_column,
    to_arrow,
)
from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.networks._ownership import ultimate_owners, valid_in
from agglo.networks.event_results import BranchEvents
from agglo.networks.events import as_link_events

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["branch_events"]

_WEIGHTS = ("count", "employment", "capital", "log1p_capital")


def branch_events(
    data: IntoFrame,
    *,
    model: Literal["direct", "ultimate"] = "direct",
    ownership: IntoFrame | None = None,
    split: bool = False,
    weight: Literal["count", "employment", "capital", "log1p_capital"] = "count",
    period: str | None = None,
    on_missing_hq: Literal["exclude", "error"] = "exclude",
) -> BranchEvents:
    r"""Link every branch to the headquarters that direct it.

    Use to build the layer of branch flows from a register; for service firms whose
    headquarters are not known see `interlocking_network`.

    Parameters
    ----------
    data
        Table ``establishments``: `establishment`, `firm`, `region`, `is_hq`, and where they
        are there `industry`, `size`, `employment`, `capital`, `opened`, `closed`.
    model
        ``"direct"``: from the headquarters of the firm of the branch; ``"ultimate"``: from
        those of the firm that owns it in the end.
    ownership
        Table ``ownership`` (child, parent, share, from, to); needed for ``"ultimate"``.
    split
        Whether several parents share the weight by their holdings; otherwise the largest
        holding decides, ties by label.
    weight
        1 per branch, its employment, capital or ln(1 + capital).
    period
        Only establishments opened by then and not closed before, and holdings valid then.
    on_missing_hq
        What firms without headquarters, or with several, do: they are listed and left out,
        or refused.

    Returns
    -------
    BranchEvents
        Directed links, one per branch (several with `split`), in the shape of
        ``link_events``; firms left out and why.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing null_key, duplicate_key, missing_headquarters, ownership_cycle; or
        empty_layer when no branch is left.
    OptionError
        If a choice does not exist, or ``"ultimate"`` comes without `ownership`.

    Notes
    -----
    Periods are compared as text. A firm that has only its headquarters gives no link; a
    branch without weight (null or 0) neither, and is counted. Establishments without a
    firm stand for themselves. The headquarters of an owned firm are no branch of the
    owner. O(n log n).

    References
    ----------
    Alderson and Beckfield 2004, doi:10.1086/378930; review: Liu and Derudder 2013,
    doi:10.1016/j.cities.2012.07.009. That this is the "branch office flow" of Shen et al.
    2025 is inferred.

    See Also
    --------
    build_links : Count the links.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"establishment": ["1", "2", "3"], "firm": ["f", "f", "f"],
    ...     "region": ["x", "y", "y"], "is_hq": [True, False, False]})
    >>> ag.flow_matrix(ag.branch_events(rows)).values[0].tolist()
    [0.0, 2.0]
    """
    check_choice("model", model, ("direct", "ultimate"))
    check_choice("weight", weight, _WEIGHTS)
    check_choice("on_missing_hq", on_missing_hq, ("exclude", "error"))
    if model == "ultimate" and ownership is None:
        msg = "model='ultimate' needs ownership=: who owns which firm."
        raise OptionError(msg)
    register = _register(to_arrow(data, where="establishments"), period)
    value, weightless = _weights(register.table, weight, register.is_branch)
    if ownership is None or model == "direct":
        n = register.firm_label.size
        owners = (np.arange(n), np.arange(n), np.ones(n))
    else:
        found = ultimate_owners(
            ownership, register.firm_label, period=period, split=split
        )
        owners = (found.firm, found.owner, found.share)
    excluded = _excluded(register, owners, on_missing_hq)
    table = _events(register, owners, value, period)
    if table.num_rows == 0:
        bad = Problem(
            code="empty_layer",
            what="no branch has headquarters that are known",
            where="establishments",
            fix="mark headquarters in the column `is_hq`, or choose another period",
        )
        msg = "There is no link between headquarters and branches."
        raise InvalidTableError(msg, [bad])
    events = as_link_events(table)
    return BranchEvents(
        provenance=Provenance.of(
            branch_events,
            events,
            parameters={
                "model": model,
                "split": split,
                "weight": weight,
                "period": period,
                "on_missing_hq": on_missing_hq,
            },
        ),
        frame_kind=frame_kind(data),
        undefined=_left_out(register, excluded, weightless),
        link_events=events,
        counts={
            "establishments": float(register.table.num_rows),
            "firms": float(register.firm_label.size),
            "branches": float(register.is_branch.sum()),
            "linked_branches": float(events.n_events),
        },
        excluded_firm=frozen_array(np.array([f for f, _ in excluded], dtype=np.str_)),
        excluded_reason=frozen_array(np.array([r for _, r in excluded], dtype=np.str_)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Register:
    """Establishments of a period: `firm` is -1 without one, `seat` the row of the HQ or -1."""

    table: pa.Table
    firm_label: NDArray[np.str_]
    firm: IntArray
    seat: IntArray
    n_seats: IntArray
    is_branch: BoolArray
    n_closed: int


def _register(table: pa.Table, period: str | None) -> _Register:
    needed = ("establishment", "firm", "region", "is_hq")
    require_columns(table, {c: c for c in needed}, where="establishments")
    _check(table)
    open_then = valid_in(table, "opened", "closed", period)
    everything = table.num_rows
    table = table.filter(pa.array(open_then))
    names = string_column(table, "firm")
    has_firm = np.array([w is not None and w.strip() != "" for w in names], dtype=bool)
    label, code = np.unique(names[has_firm].astype(np.str_), return_inverse=True)
    firm = np.full(table.num_rows, -1, dtype=np.int64)
    firm[has_firm] = code.reshape(-1)
    flag = np.array(
        [bool(v) for v in table["is_hq"].to_pylist()], dtype=np.bool_
    ).reshape(-1)
    seats = np.flatnonzero(flag & has_firm)
    seat = np.full(label.size, -1, dtype=np.int64)
    seat[firm[seats]] = seats
    n_seats = np.bincount(firm[seats], minlength=label.size).astype(np.int64)
    seat[n_seats != 1] = -1
    return _Register(
        table=table,
        firm_label=label,
        firm=firm,
        seat=seat,
        n_seats=n_seats,
        is_branch=has_firm & ~flag,
        n_closed=everything - table.num_rows,
    )


def _check(table: pa.Table) -> None:
    problems: list[Problem] = []
    for name in ("establishment", "region"):
        words = string_column(table, name)
        blank = [i + 1 for i, w in enumerate(words) if w is None or not w.strip()]
        if blank:
            problems.append(
                Problem(
                    code="null_key",
                    what=f"column '{name}' has no label",
                    where="establishments",
                    rows=tuple(blank[:20]),
                    n_rows=len(blank),
                    column=name,
                    fix="drop these rows or give them a label",
                )
            )
    ids = string_column(table, "establishment")
    if len(set(ids.tolist())) < ids.size:
        problems.append(
            Problem(
                code="duplicate_key",
                what="the same establishment occurs more than once",
                where="establishments",
                column="establishment",
                fix="keep one row per establishment",
            )
        )
    if problems:
        msg = f"`establishments` has {len(problems)} problems."
        raise InvalidTableError(msg, problems)


def _weights(
    table: pa.Table, weight: str, is_branch: BoolArray
) -> tuple[FloatArray, int]:
    if weight == "count":
        return np.ones(table.num_rows), 0
    column = "employment" if weight == "employment" else "capital"
    require_columns(table, {"weight": column}, where="establishments")
    value = float_column(table, column, where="establishments")
    if weight == "log1p_capital":
        value = np.log1p(np.maximum(value, 0.0))
    usable = np.isfinite(value) & (value > 0)
    return np.where(usable, value, 0.0), int((is_branch & ~usable).sum())


def _excluded(
    register: _Register,
    owners: tuple[IntArray, IntArray, FloatArray],
    on_missing_hq: str,
) -> list[tuple[str, str]]:
    """List firms with branches whose headquarters, or whose owner's, are not one place."""
    firm, owner, _ = owners
    n = register.firm_label.size
    has_branch = np.bincount(register.firm[register.is_branch], minlength=n) > 0
    out = []
    for f, o in zip(firm.tolist(), owner.tolist(), strict=True):
        if not has_branch[f]:
            continue
        if o >= n:
            out.append((str(register.firm_label[f]), "its owner has no establishment"))
        elif register.n_seats[o] != 1:
            whose = "it" if o == f else f"its owner {register.firm_label[o]}"
            what = (
                "no headquarters"
                if register.n_seats[o] == 0
                else "several headquarters"
            )
            out.append((str(register.firm_label[f]), f"{whose} has {what}"))
    if out and on_missing_hq == "error":
        bad = Problem(
            code="missing_headquarters",
            what=f"{len(out)} firms: {[f'{f} ({r})' for f, r in out[:10]]}",
            where="establishments",
            column="is_hq",
            fix="mark one headquarters per firm, or pass on_missing_hq='exclude'",
        )
        msg = "Some firms have no headquarters, or several."
        raise InvalidTableError(msg, [bad])
    return out


def _events(
    register: _Register,
    owners: tuple[IntArray, IntArray, FloatArray],
    value: FloatArray,
    period: str | None,
) -> pa.Table:
    firm, owner, share = owners
    n = register.firm_label.size
    known = owner < n
    seat = np.where(known, register.seat[np.minimum(owner, n - 1)], -1)
    rows = np.flatnonzero(register.is_branch & (value > 0))
    # join branches with the owners of their firm, which are sorted by firm
    start = np.searchsorted(firm, register.firm[rows], side="left")
    times = np.searchsorted(firm, register.firm[rows], side="right") - start
    branch = np.repeat(rows, times)
    inside = np.arange(branch.size) - np.repeat(np.cumsum(times) - times, times)
    held = np.repeat(start, times) + inside
    keep = seat[held] >= 0
    branch, held = branch[keep], held[keep]
    hq = pa.array(seat[held])
    at = pa.array(branch)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "layer": pa.array(["branch"] * branch.size, pa.string()),
        "period": pa.array([period or ""] * branch.size, pa.string()),
        "event": register.table["establishment"].cast(pa.string()).take(at),
        "origin": register.table["region"].take(hq),
        "destination": register.table["region"].take(at),
        "weight": pa.array(value[branch] * share[held]),
        "directed": pa.array(np.ones(branch.size, dtype=np.bool_)),
    }
    for name in ("industry", "size"):
        if name in register.table.column_names:
            columns[f"origin_{name}"] = register.table[name].take(hq)
            columns[f"destination_{name}"] = register.table[name].take(at)
    return pa.table(columns)


def _left_out(
    register: _Register, excluded: Sequence[tuple[str, str]], weightless: int
) -> tuple[Undefined, ...]:
    counts = {
        ("firms", "headquarters are not one place"): len(excluded),
        ("branches", "weight is null or 0"): weightless,
        ("establishments", "not open in the period"): register.n_closed,
        ("establishments", "no firm"): int((register.firm < 0).sum()),
    }
    return tuple(
        Undefined(reason=why, item=what, n=n) for (what, why), n in counts.items() if n
    )
