"""Results that hold elementary links: of branches, of patents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.networks.events import LinkEvents

__all__ = ["BranchEvents", "CopatentEvents", "EventTable"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EventTable(Result):
    """Elementary links, and what gave none.

    Attributes
    ----------
    link_events
        The links.
    counts
        What went in, what became links, what did not, by name.
    """

    link_events: LinkEvents
    counts: Mapping[str, float]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per elementary link, in the shape of the table ``link_events``."""
        table = self.link_events.to_arrow()
        return {name: table[name] for name in table.column_names}

    def summary(self) -> str:
        """Say how many links there are and what was left out."""
        events = self.link_events
        layers = ", ".join(str(x) for x in events.layer)
        first = (
            f"{events.n} links of {events.n_events} events (layer {layers}), weight "
            f"{events.weight.sum():g}"
        )
        counted = "; ".join(
            f"{k.replace('_', ' ')} {v:g}" for k, v in self.counts.items()
        )
        notes = [f"left out: {u.n} {u.item}: {u.reason}" for u in self.undefined]
        return "\n".join([first, counted, *notes])

    def _draw(self, ax: Axes) -> None:
        events = self.link_events
        weight = np.bincount(events.event, events.weight, events.n_events)
        ax.hist(weight, bins=40, color="#3b6ea5")
        ax.set(xlabel="weight of an event", ylabel="events")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BranchEvents(EventTable):
    """Links from headquarters to branches.

    Attributes
    ----------
    link_events, counts
        As in `EventTable`.
    excluded_firm, excluded_reason
        Firms that gave no links although they have branches, and why.
    """

    excluded_firm: NDArray[np.str_]
    excluded_reason: NDArray[np.str_]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CopatentEvents(EventTable):
    """Links between the applicants of one patent.

    Attributes
    ----------
    link_events, counts
        As in `EventTable`; `counts` holds the denominators: patents, with one applicant,
        with two or more, with two or more located, pairs dropped for want of a region.
    """
