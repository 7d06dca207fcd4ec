"""The record of elementary links: one row per link of a branch, a patent or another event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import numpy as np
import pyarrow as pa

from agglo.core.checks import flag_rows
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError, Problem
from agglo.core.frames import (
    float_column,
    frame_kind,
    require_columns,
    to_arrow,
)
from agglo.core.results import digest_of, frozen_array
from agglo.networks._event_reading import (
    REQUIRED,
    UNKNOWN,
    directions,
    read_fields,
    read_labels,
    read_members,
    row_numbers,
    row_order,
)
from agglo.networks.levels import ancestors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.tables import Regions
    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntArray, IntoFrame

__all__ = [
    "UNKNOWN",
    "EventSource",
    "HasEvents",
    "LinkEvents",
    "as_link_events",
    "one_layer",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class LinkEvents:
    """Elementary links, sorted; every label set is shared by both ends.

    Attributes
    ----------
    region, industry, size, layer, period
        Sorted distinct labels; an industry or size that is not known is ``"unknown"``.
    origin, destination, origin_industry, destination_industry, origin_size, destination_size
        Positions in these labels, (n,) int64.
    layer_code, period_code
        Positions of layer and period, (n,) int64.
    event
        Number of the event, (n,) int64; rows with one number are one branch or patent.
    event_name
        Sorted names of the events.
    members
        Per event, how many members its links connect (applicants of a patent).
    weight
        Above 0, (n,).
    directed
        Per layer, whether origin and destination differ in meaning.
    pairs_as_units
        Whether there was no column of events, so that every row is its own.
    frame_kind
        Kind of frame the caller came with.
    """

    region: NDArray[np.str_]
    industry: NDArray[np.str_]
    size: NDArray[np.str_]
    layer: NDArray[np.str_]
    period: NDArray[np.str_]
    origin: IntArray
    destination: IntArray
    origin_industry: IntArray
    destination_industry: IntArray
    origin_size: IntArray
    destination_size: IntArray
    layer_code: IntArray
    period_code: IntArray
    event: IntArray
    event_name: pa.Array
    members: FloatArray
    weight: FloatArray
    directed: BoolArray
    pairs_as_units: bool = False
    frame_kind: FrameKind = "pyarrow"

    @property
    def n(self) -> int:
        """Number of elementary links."""
        return self.weight.size

    @property
    def n_events(self) -> int:
        """Number of distinct events."""
        return len(self.event_name)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels, ends, events and weights."""
        return digest_of(
            self.region,
            self.industry,
            self.size,
            self.layer,
            self.period,
            self.origin,
            self.destination,
            self.origin_industry,
            self.destination_industry,
            self.origin_size,
            self.destination_size,
            self.layer_code,
            self.period_code,
            self.event,
            self.members,
            self.weight,
            self.directed,
        )

    def only(
        self, *, layer: str | None = None, period: str | None = None
    ) -> LinkEvents:
        """Keep the links of one layer, one period, or both.

        Parameters
        ----------
        layer, period
            Label to keep; default all.

        Returns
        -------
        LinkEvents
            With the same regions, industries and sizes.

        Raises
        ------
        InvalidTableError
            With the code ``empty_layer`` if nothing is left.
        """
        keep = np.ones(self.n, dtype=np.bool_)
        if layer is not None:
            keep &= _is(self.layer, self.layer_code, layer)
        if period is not None:
            keep &= _is(self.period, self.period_code, period)
        if not keep.any():
            found = [f"layer '{x}'" for x in self.layer]
            bad = Problem(
                code="empty_layer",
                what=f"no link has layer={layer!r} and period={period!r}",
                where="events",
                fix=f"there are {', '.join(found)}; periods {self.period.tolist()[:10]}",
            )
            msg = "The layer is empty."
            raise InvalidTableError(msg, [bad])
        return self.rows(keep)

    def rows(self, keep: BoolArray) -> LinkEvents:
        """Keep some rows and all labels; events and layers are counted anew.

        Parameters
        ----------
        keep
            Shape (n,).

        Returns
        -------
        LinkEvents
            The rows kept.
        """
        event, number = np.unique(self.event[keep], return_inverse=True)
        layers, layer = np.unique(self.layer_code[keep], return_inverse=True)

        def cut(values: IntArray) -> IntArray:
            return frozen_array(values[keep])

        return replace(
            self,
            layer=frozen_array(self.layer[layers]),
            directed=frozen_array(self.directed[layers]),
            layer_code=frozen_array(layer.reshape(-1).astype(np.int64)),
            event=frozen_array(number.reshape(-1).astype(np.int64)),
            event_name=self.event_name.take(pa.array(event)),
            members=frozen_array(self.members[event]),
            origin=cut(self.origin),
            destination=cut(self.destination),
            origin_industry=cut(self.origin_industry),
            destination_industry=cut(self.destination_industry),
            origin_size=cut(self.origin_size),
            destination_size=cut(self.destination_size),
            period_code=cut(self.period_code),
            weight=frozen_array(self.weight[keep]),
        )

    def at_level(self, regions: IntoFrame | Regions, level: str | None) -> LinkEvents:
        """Give the same links between the regions of a higher level.

        Parameters
        ----------
        regions
            Table of regions with `level` and `parent`.
        level
            Level to climb to; ``None`` leaves the regions as they are.

        Returns
        -------
        LinkEvents
            All regions of that level are among its labels, also those without links.

        Raises
        ------
        AlignmentError
            Listing regions that are unknown or lie in none of that level.
        OptionError
            If no region has that level.
        """
        if level is None:
            return self
        labels, code = ancestors(regions, self.region, level)
        return replace(
            self,
            region=frozen_array(labels),
            origin=frozen_array(code[self.origin]),
            destination=frozen_array(code[self.destination]),
        )

    def with_groups(self, groups: Mapping[str, str]) -> LinkEvents:
        """Replace every industry by its group.

        Parameters
        ----------
        groups
            Industry to group; unknown industries stay unknown.

        Returns
        -------
        LinkEvents
            Whose `industry` are groups.

        Raises
        ------
        AlignmentError
            Listing the industries without a group.
        """
        used = np.union1d(self.origin_industry, self.destination_industry)
        names = [str(x) for x in self.industry]
        lost = [
            names[i] for i in used if names[i] not in groups and names[i] != UNKNOWN
        ]
        if lost:
            bad = Problem(
                code="no_group",
                what=f"{len(lost)} industries have no group: {lost[:10]}",
                where="groups",
                fix="give each industry a group, or drop its links",
            )
            msg = "The groups do not cover the links."
            raise AlignmentError(msg, [bad])
        new = [groups.get(x, UNKNOWN) for x in names]
        labels = np.unique(np.array([*new, *groups.values()], dtype=np.str_))
        code = np.searchsorted(labels, np.array(new, dtype=np.str_)).astype(np.int64)
        return replace(
            self,
            industry=frozen_array(labels),
            origin_industry=frozen_array(code[self.origin_industry]),
            destination_industry=frozen_array(code[self.destination_industry]),
        )

    def to_arrow(self) -> pa.Table:
        """Give the links as a table of the data model."""
        columns = {
            "layer": _words(self.layer, self.layer_code),
            "period": _words(self.period, self.period_code),
            "event": self.event_name.take(pa.array(self.event)),
            "origin": _words(self.region, self.origin),
            "origin_industry": _words(self.industry, self.origin_industry),
            "origin_size": _words(self.size, self.origin_size),
            "destination": _words(self.region, self.destination),
            "destination_industry": _words(self.industry, self.destination_industry),
            "destination_size": _words(self.size, self.destination_size),
            "weight": pa.array(self.weight),
            "members": pa.array(self.members[self.event]),
            "directed": pa.array(self.directed[self.layer_code]),
        }
        return pa.table(columns)


@runtime_checkable
class HasEvents(Protocol):
    """A result that holds elementary links: of branches, of patents."""

    @property
    def link_events(self) -> LinkEvents:
        """The links."""


EventSource: TypeAlias = "IntoFrame | LinkEvents | HasEvents"


def _is(labels: NDArray[np.str_], code: IntArray, wanted: str) -> BoolArray:
    at = np.flatnonzero(labels == wanted)
    out: BoolArray = code == at[0] if at.size else np.zeros(code.size, dtype=np.bool_)
    return out


def _words(labels: NDArray[np.str_], code: IntArray) -> pa.Array:
    return pa.array(labels.tolist(), pa.string()).take(pa.array(code))


def as_link_events(
    data: EventSource, *, undirected: Sequence[str] = ("copatent",)
) -> LinkEvents:
    """Check a table of elementary links and give it the shape of the network measures.

    Parameters
    ----------
    data
        Table ``link_events`` (or ``links``): `origin`, `destination`, `weight` above 0,
        and where they are there `layer`, `period`, `event`, industry and size of both
        ends, `directed`. Without `event` every row is its own event. A `LinkEvents`
        comes back as it is; of a result of `branch_events` or `copatent_events` its links.
    undirected
        Layers in which the ends do not differ, where there is no column `directed`.

    Returns
    -------
    LinkEvents
        Rows sorted; O(rows log rows).

    Raises
    ------
    ColumnNotFoundError
        If a needed column is absent.
    InvalidTableError
        Listing all of: empty_table, null_key, not_positive, mixed_directed, wrong_type.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"event": ["p1", "p1"], "origin": ["a", "a"],
    ...                  "destination": ["b", "c"], "weight": [1.0, 1.0]})
    >>> ag.as_link_events(rows).n_events
    1
    """
    if isinstance(data, LinkEvents):
        return data
    if isinstance(data, HasEvents):
        return data.link_events
    if isinstance(undirected, str):
        msg = f"undirected={undirected!r} must be a sequence of layers."
        raise OptionError(msg)
    kind = frame_kind(data)
    table = to_arrow(data, where="events")
    require_columns(table, {c: c for c in REQUIRED}, where="events")
    problems: list[Problem] = []
    if table.num_rows == 0:
        problems.append(
            Problem(code="empty_layer", what="the table has no row", where="events")
        )
    weight = float_column(table, "weight", where="events")
    problems += flag_rows(
        ~(np.isfinite(weight) & (weight > 0)),
        code="not_positive",
        what="column 'weight' is not a finite number above 0",
        where="events",
        column="weight",
        fix="drop these rows: an absent link is zero",
    )
    layer, layer_code = read_labels(table, "layer", problems, default="links")
    directed = directions(table, layer, layer_code, undirected, problems)
    fields = read_fields(table, problems)
    if problems:
        msg = f"`events` has {len(problems)} problem{'s' if len(problems) > 1 else ''}."
        raise InvalidTableError(msg, problems)
    alone = "event" not in table.column_names
    order = row_order(fields, layer_code, weight)
    if alone:
        fields.codes["event"][order] = np.arange(weight.size)
        fields = replace(fields, event_name=row_numbers(weight.size))
    codes = {k: frozen_array(v[order]) for k, v in fields.codes.items()}
    return LinkEvents(
        region=frozen_array(fields.region),
        industry=frozen_array(fields.industry),
        size=frozen_array(fields.size),
        layer=frozen_array(layer),
        period=frozen_array(fields.period),
        layer_code=frozen_array(layer_code[order]),
        event_name=fields.event_name,
        members=frozen_array(read_members(table, fields)),
        weight=frozen_array(weight[order]),
        directed=frozen_array(directed),
        pairs_as_units=alone,
        frame_kind=kind,
        **codes,
    )


def one_layer(
    data: EventSource, layer: str | None, period: str | None = None
) -> LinkEvents:
    """Coerce and keep one layer; several layers without a choice are refused.

    Parameters
    ----------
    data
        As for `as_link_events`.
    layer
        Which layer; ``None`` if there is only one.
    period
        Which period; ``None`` for all together.

    Returns
    -------
    LinkEvents
        Of one layer.

    Raises
    ------
    OptionError
        If there are several layers and none is named.
    InvalidTableError
        If the layer is empty.
    """
    events = as_link_events(data)
    if layer is None and events.layer.size > 1:
        msg = f"layer= must name one of the layers {events.layer.tolist()}."
        raise OptionError(msg)
    if layer is None and period is None:
        return events
    return events.only(layer=layer, period=period)
