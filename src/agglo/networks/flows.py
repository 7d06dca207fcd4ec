"""Counting links: from events to links, from links to the matrix of flows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import as_regions
from agglo.networks._kernels.cells import (
    cell_table,
    distinct_per_cell,
    joint_key,
    ordered_ends,
)
from agglo.networks.events import (
    UNKNOWN,
    EventSource,
    LinkEvents,
    as_link_events,
    one_layer,
)
from agglo.networks.flow_results import FlowMatrix, LinkTable, sums
from agglo.networks.levels import needed_regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.tables import Regions
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["build_links", "flow_matrix"]

_BY = ("region", "industry", "size")


def build_links(
    data: EventSource,
    *,
    by: Sequence[str] = _BY,
    level: str | None = None,
    regions: IntoFrame | Regions | None = None,
) -> LinkTable:
    r"""Count how strongly places, industries and sizes are linked.

    Use to turn the record of events into the table every statistic is a group-by of; not
    to sum counts of events again: one patent can sit in several cells.

    Parameters
    ----------
    data
        Table ``link_events``, or `LinkEvents`: one row per elementary link, weight > 0.
    by
        What cells are told apart by: ``"region"`` and any of ``"industry"``, ``"size"``.
    level
        Level of `regions` to count at; ``None``: as given.
    regions
        Table of regions; needed with `level`. All regions of the level become nodes.

    Returns
    -------
    LinkTable
        Weight, elementary links and distinct events of each cell.

    Raises
    ------
    InvalidTableError
        If the table breaks its rules or has no row.
    AlignmentError
        If a region is unknown or has no parent at that level; all are listed.
    OptionError
        If `by` has another word or lacks the region, or `level` comes without `regions`.

    Notes
    -----
    Undirected links are stored once, the end with the lower (region, industry, size)
    first. Weight and elementary links are conserved under any choice of `by` and `level`;
    events are counted anew. Industries and sizes that are null are the category
    ``unknown``, and counted in `undefined`. Links inside a region are kept. O(n log n).

    References
    ----------
    The record is that of the study design of Shen et al. 2025,
    doi:10.1007/s11769-025-1566-6; its keys are inferred.

    See Also
    --------
    flow_matrix : The same as a matrix between regions.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"event": ["p1", "p1", "p2"], "origin": ["b", "a", "a"],
    ...     "destination": ["a", "b", "a"], "weight": [1.0, 1.0, 1.0],
    ...     "layer": ["copatent"] * 3})
    >>> ag.build_links(rows, by=("region",)).events.tolist()
    [1, 1]
    """
    chosen = _by(by)
    events = as_link_events(data)
    if level is not None:
        needed_regions(level, regions)
    if regions is not None:
        known = as_regions(regions)
        events = (
            _all_regions(events, known)
            if level is None
            else events.at_level(known, level)
        )
    return _counted(events, chosen, level)


def _by(by: Sequence[str]) -> tuple[str, ...]:
    if isinstance(by, str):
        msg = f"by={by!r} must be a sequence of words."
        raise OptionError(msg)
    for word in by:
        check_choice("by", word, _BY)
    if "region" not in by:
        msg = f"by={tuple(by)!r} must hold 'region'."
        raise OptionError(msg)
    return tuple(by)


def _all_regions(events: LinkEvents, regions: Regions) -> LinkEvents:
    """Make every region a node; unknown regions are refused."""
    from dataclasses import replace

    at = regions.positions(events.region.tolist())
    return replace(
        events,
        region=regions.region,
        origin=frozen_array(at[events.origin]),
        destination=frozen_array(at[events.destination]),
    )


def _counted(events: LinkEvents, by: tuple[str, ...], level: str | None) -> LinkTable:
    none = np.full(events.n, -1, dtype=np.int64)
    ends: dict[str, list[IntArray]] = {}
    for end in ("origin", "destination"):
        ends[end] = [
            getattr(events, end),
            getattr(events, f"{end}_industry") if "industry" in by else none,
            getattr(events, f"{end}_size") if "size" in by else none,
        ]
    undirected = (~events.directed[events.layer_code]).astype(np.int64)
    start, end_ = ordered_ends(ends["origin"], ends["destination"], undirected)
    sizes = [events.region.size, events.industry.size + 1, events.size.size + 1]
    parts = [events.layer_code, events.period_code]
    parts += [start[0], start[1] + 1, start[2] + 1, end_[0], end_[1] + 1, end_[2] + 1]
    key = joint_key(parts, [events.layer.size, events.period.size, *sizes, *sizes])
    cell, first = cell_table(key)
    n = first.size
    return LinkTable(
        provenance=Provenance.of(
            build_links, events, parameters={"by": list(by), "level": level}
        ),
        frame_kind=events.frame_kind,
        undefined=_unknown(events),
        region=events.region,
        industry=events.industry,
        size=events.size,
        layer=events.layer,
        period=events.period,
        layer_code=frozen_array(events.layer_code[first]),
        period_code=frozen_array(events.period_code[first]),
        origin=frozen_array(start[0][first]),
        origin_industry=frozen_array(start[1][first]),
        origin_size=frozen_array(start[2][first]),
        destination=frozen_array(end_[0][first]),
        destination_industry=frozen_array(end_[1][first]),
        destination_size=frozen_array(end_[2][first]),
        weight=frozen_array(sums(cell, events.weight, n)),
        pairs=frozen_array(np.bincount(cell, minlength=n).astype(np.int64)),
        events=frozen_array(distinct_per_cell(cell, events.event, n)),
        directed=events.directed,
        level=level or "",
    )


def _unknown(events: LinkEvents) -> tuple[Undefined, ...]:
    out = []
    for name, labels in (("industry", events.industry), ("size", events.size)):
        at = np.flatnonzero(labels == UNKNOWN)
        if not at.size:
            continue
        n = sum(
            int((getattr(events, f"{end}_{name}") == at[0]).sum())
            for end in ("origin", "destination")
        )
        if n:
            out.append(
                Undefined(reason=f"{name} is not known", item="ends of links", n=n)
            )
    return tuple(out)


def flow_matrix(
    data: EventSource,
    *,
    layer: str | None = None,
    period: str | None = None,
    nodes: Literal["region", "cluster"] = "region",
    level: str | None = None,
    regions: IntoFrame | Regions | None = None,
) -> FlowMatrix:
    r"""Count the flows of one layer between regions, or between clusters.

    Use for whatever takes a matrix: hierarchy, cores, backbones, regressions of dyads.

    Parameters
    ----------
    data
        Table ``link_events`` or ``links``, or `LinkEvents`; weight > 0.
    layer
        Which layer; may be left out when there is only one.
    period
        Which period; ``None`` sums all.
    nodes
        ``"region"``, or ``"cluster"``: pairs of region and industry (group) that occur.
    level, regions
        As in `build_links`.

    Returns
    -------
    FlowMatrix
        Shape (n, n), row to column, in units of `weight`; strengths as methods.

    Raises
    ------
    InvalidTableError
        If the table breaks its rules or the layer is empty.
    AlignmentError
        If a region is unknown or has no parent at that level.
    OptionError
        If a choice does not exist.

    Notes
    -----
    Directed: :math:`F_{ab}` as it is. Undirected: :math:`A_{ab} = A_{ba} = w` and
    :math:`A_{aa} = 2w`, so that row sums are degrees and the sum is :math:`2W`. A directed
    layer is never symmetrised. Regions without links stay, with strength 0. O(n log n)
    and memory O(nodes²).

    References
    ----------
    Alderson and Beckfield 2004, doi:10.1086/378930 (out-strength power, in-strength
    prestige); Newman 2004, doi:10.1103/PhysRevE.70.056131 (twice the loops).

    See Also
    --------
    build_links : All layers, by industry and size.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"origin": ["a", "a", "b"], "destination": ["b", "b", "b"],
    ...                  "weight": [1.0, 2.0, 5.0]})
    >>> ag.flow_matrix(rows).values.tolist()
    [[0.0, 3.0], [0.0, 5.0]]
    """
    check_choice("nodes", nodes, ("region", "cluster"))
    events = one_layer(data, layer, period)
    if level is not None:
        needed_regions(level, regions)
    if regions is not None:
        known = as_regions(regions)
        events = events.at_level(known, level) if level else _all_regions(events, known)
    label, start, end = _nodes(events, nodes)
    n = label.size
    total = sums(start * n + end, events.weight, n * n).reshape(n, n)
    directed = bool(events.directed[0])
    values: FloatArray = total if directed else total + total.T
    return FlowMatrix(
        provenance=Provenance.of(
            flow_matrix,
            events,
            parameters={
                "layer": layer,
                "period": period,
                "nodes": nodes,
                "level": level,
            },
        ),
        frame_kind=events.frame_kind,
        label=frozen_array(label),
        values=frozen_array(values),
        directed=directed,
        layer=str(events.layer[0]),
    )


def _nodes(
    events: LinkEvents, nodes: str
) -> tuple[NDArray[np.str_], IntArray, IntArray]:
    if nodes == "region":
        return events.region, events.origin, events.destination
    n = events.industry.size
    start = events.origin * n + events.origin_industry
    end = events.destination * n + events.destination_industry
    key = np.union1d(start, end)
    label = np.array(
        [f"{events.region[k // n]}|{events.industry[k % n]}" for k in key.tolist()],
        dtype=np.str_,
    )
    return (
        label,
        np.searchsorted(key, start).astype(np.int64),
        np.searchsorted(key, end).astype(np.int64),
    )
