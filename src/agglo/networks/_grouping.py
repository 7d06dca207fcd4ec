"""Which group each end of a link belongs to, and what districts hold of each group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError, Problem
from agglo.core.frames import (
    as_text,
    encode_text,
    float_column,
    require_columns,
    to_arrow,
)
from agglo.networks._event_reading import UNKNOWN
from agglo.networks.flow_results import sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame
    from agglo.networks.events import LinkEvents

__all__ = ["Grouped", "check_groups", "group_shares", "grouped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Links with a node and a group at both ends; links of unknown nodes are left out.

    `group_of` is the group of every node; `kept` says which links are left.
    """

    group: NDArray[np.str_]
    node: NDArray[np.str_]
    group_of: IntArray
    start: IntArray
    end: IntArray
    kept: BoolArray

    @property
    def groups(self) -> tuple[IntArray, IntArray]:
        """Group of both ends."""
        return self.group_of[self.start], self.group_of[self.end]


def check_groups(groups: Mapping[str, str] | None) -> None:
    """Refuse what is no mapping of labels to groups."""
    if groups is not None and not isinstance(groups, Mapping):
        msg = f"groups={type(groups).__name__} must be a mapping of label to group."
        raise OptionError(msg)


def grouped(events: LinkEvents, of: str, groups: Mapping[str, str] | None) -> Grouped:
    """Give the nodes (industries or regions) of a layer their groups.

    Parameters
    ----------
    events
        Links.
    of
        ``"industry"`` or ``"region"``: what is grouped.
    groups
        Label to group; ``None``: each is its own.

    Returns
    -------
    Grouped
        Nodes that occur, sorted.

    Raises
    ------
    AlignmentError
        Listing the nodes without a group.
    """
    check_groups(groups)
    labels = events.industry if of == "industry" else events.region
    one = events.origin_industry if of == "industry" else events.origin
    other = events.destination_industry if of == "industry" else events.destination
    lost = np.flatnonzero(labels == UNKNOWN) if of == "industry" else np.zeros(0)
    kept = np.ones(events.n, dtype=np.bool_)
    if lost.size:
        kept = (one != lost[0]) & (other != lost[0])
    used = np.union1d(one[kept], other[kept])
    node = labels[used]
    names = [str(x) for x in node]
    if groups is not None:
        _refuse_ungrouped(names, groups, of)
        names = [groups[x] for x in names]
    group, group_of = np.unique(np.array(names, dtype=np.str_), return_inverse=True)
    return Grouped(
        group=group,
        node=node,
        group_of=group_of.reshape(-1).astype(np.int64),
        start=np.searchsorted(used, one[kept]).astype(np.int64),
        end=np.searchsorted(used, other[kept]).astype(np.int64),
        kept=kept,
    )


def _refuse_ungrouped(names: list[str], groups: Mapping[str, str], of: str) -> None:
    lost = [x for x in names if x not in groups]
    if not lost:
        return
    what = "industries" if of == "industry" else "regions"
    bad = Problem(
        code="no_group",
        what=f"{len(lost)} {what} have no group: {lost[:10]}",
        where="groups",
        fix="give each of them a group, or drop their links",
    )
    msg = "The groups do not cover the links."
    raise AlignmentError(msg, [bad])


def group_shares(
    activity: IntoFrame,
    value: str,
    groups: Mapping[str, str] | None,
    group: NDArray[np.str_],
    region: NDArray[np.str_],
    needed: IntArray,
) -> FloatArray:
    """Give the share of each region's activity that lies in each group.

    Parameters
    ----------
    activity
        Table with region, industry and `value`; several periods are summed.
    value
        Column of amounts.
    groups
        Industry to group; ``None``: each is its own. Industries without a group count
        in the total only.
    group, region
        Labels of the columns and rows of the answer.
    needed
        Positions of regions that links end in: these must have activity.

    Returns
    -------
    numpy.ndarray of float64
        Shape (regions, groups); NaN rows where a region that is not needed has none.

    Raises
    ------
    InvalidTableError
        Listing negative or missing values.
    AlignmentError
        Listing the needed regions without activity.
    """
    table = to_arrow(activity, where="activity")
    names = {"region": "region", "industry": "industry", "value": value}
    require_columns(table, names, where="activity")
    amount = float_column(table, value, where="activity")
    bad = ~(np.isfinite(amount) & (amount >= 0))
    if bad.any():
        problem = Problem(
            code="not_an_amount",
            what=f"column '{value}' is missing, negative or infinite",
            where="activity",
            rows=tuple(int(i) + 1 for i in np.flatnonzero(bad)[:20]),
            n_rows=int(bad.sum()),
            column=value,
            fix="fill these cells (bounds, estimates) or choose another column",
        )
        msg = "`activity` cannot be shared out."
        raise InvalidTableError(msg, [problem])
    place, r = encode_text(as_text(table["region"]))
    industry, i = encode_text(as_text(table["industry"]))
    at_region = {str(x): k for k, x in enumerate(region)}
    at_group = {str(x): k for k, x in enumerate(group)}
    row = np.array([at_region.get(str(x), -1) for x in place], dtype=np.int64)[r]
    of = [str(x) if groups is None else groups.get(str(x), "") for x in industry]
    column = np.array([at_group.get(x, -1) for x in of], dtype=np.int64)[i]
    inside = row >= 0
    total = sums(row[inside], amount[inside], region.size)
    _refuse_empty(region, needed, total)
    both = inside & (column >= 0)
    cells = np.bincount(
        row[both] * group.size + column[both],
        amount[both],
        region.size * group.size,
    ).reshape(region.size, group.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = cells / total[:, None]
    return out


def _refuse_empty(
    region: NDArray[np.str_], needed: IntArray, total: FloatArray
) -> None:
    lost = [str(region[k]) for k in needed.tolist() if not total[k] > 0]
    if lost:
        bad = Problem(
            code="no_activity",
            what=f"{len(lost)} regions of links have no activity: {lost[:10]}",
            where="activity",
            fix="add their activity, or drop their links",
        )
        msg = "`activity` does not cover the links."
        raise AlignmentError(msg, [bad])
