"""What a page is: a question, selectors and views. Pages are data, not code.

A view names one released table, a kind of chart and the columns it draws. The server
sends declarations and rows; the page code knows kinds of charts, never studies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from agglo.core.errors import OptionError
from agglo.core.typing import Json

__all__ = [
    "BESIDE",
    "CHARTS",
    "ChartKind",
    "Column",
    "Look",
    "LookKind",
    "Page",
    "Pick",
    "Reference",
    "Selector",
    "Text",
    "View",
]

ChartKind: TypeAlias = Literal[
    "map", "flowmap", "bar", "dot", "line", "event", "scatter", "histogram", "slope",
    "heatmap", "treemap", "sankey", "network", "ellipse", "gauge", "table", "tree",
    "ranksize", "differences", "lorenz", "similarity", "scoreboard",
]  # fmt: skip
LookKind: TypeAlias = Literal[
    "measure", "one", "several", "at_least", "at_most", "heaviest", "against"
]

# kind of chart: roles that must be named, roles that may be
CHARTS: Mapping[ChartKind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "map": (
        ("lon", "lat", "value", "label"),
        ("size", "lo", "hi", "group", "ellipses", "period"),
    ),
    "flowmap": (
        ("lon", "lat", "lon2", "lat2", "weight"), ("label", "group", "source", "target", "period"),
    ),
    "bar": (("label", "value"), ("lo", "hi", "group", "period")),
    "dot": (("label", "value"), ("lo", "hi", "group", "period")),
    "line": (("x", "y"), ("lo", "hi", "series")),
    "event": (("x", "y", "lo", "hi"), ("series",)),
    "scatter": (("x", "y", "label"), ("size", "group", "period")),
    "histogram": (("value",), ("observed", "against", "count")),
    "slope": (("x", "y", "label"), ()),
    "heatmap": (("x", "y", "value"), ("period",)),
    "treemap": (("label", "size"), ("color", "parent", "period")),
    "sankey": (("source", "target", "weight"), ()),
    "network": (("source", "target", "weight"), ("nodes", "shade")),
    "ellipse": (("cx", "cy", "a", "b", "angle", "label"), ()),
    "gauge": (("label", "value", "state"), ()),
    "table": ((), ("period", "cx", "cy", "a", "b", "angle", "label")),
    "tree": (("label", "parent", "value"), ("group",)),
    "ranksize": (("value", "label"), ("group",)),
    "differences": (("label", "group", "value", "lo", "hi"), ()),
    "lorenz": (("value", "share"), ("label",)),
    "similarity": (("label", "group", "value"), ()),
    "scoreboard": (("label", "group", "value", "level"), ()),
}  # fmt: skip

BESIDE = frozenset(("nodes", "shade", "ellipses", "against"))
"""Roles that name another view of the page instead of a column."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages.

    Parameters
    ----------
    en, zh
        English and Chinese; neither may be empty.
    """

    en: str
    zh: str

    def __post_init__(self) -> None:
        """Refuse a text that is there in one language only."""
        if not self.en or not self.zh:
            msg = f"Text needs both languages: en={self.en!r}, zh={self.zh!r}."
            raise OptionError(msg)

    def to_dict(self) -> dict[str, Json]:
        """Give ``{"en": ..., "zh": ...}``."""
        return {"en": self.en, "zh": self.zh}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A choice the reader makes on a page.

    Parameters
    ----------
    id
        Query key, for example ``"region"``.
    label
        What it is called.
    table, column
        The released table and column whose values can be chosen.
    default
        Value at first; empty for the first of the list.
    within
        Another selector of the same table: only values that stand beside its choice can be
        chosen.
    optional
        Whether it is left out of sight where there is nothing to choose between. It begins
        with the value of the first row of its table.
    """

    id: str
    label: Text
    table: str
    column: str
    default: str = ""
    within: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A line that values are compared with.

    Parameters
    ----------
    value
        Where it stands.
    label
        What it means.
    """

    value: float
    label: Text

    def to_dict(self) -> dict[str, Json]:
        """Give plain values."""
        return {"value": self.value, "label": self.label.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a column is called and printed.

    Parameters
    ----------
    name
        Name in the released table.
    label
        What it is called.
    unit
        Unit, ``None`` for pure numbers and texts.
    decimals
        Digits after the point on screen; files keep all.
    rate
        Whether it is a false discovery rate, by which rows can be left out.
    """

    name: str
    label: Text
    unit: Text | None = None
    decimals: int = 2
    rate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One value of a look.

    Parameters
    ----------
    value
        As it stands in addresses; a number for limits and shares.
    label
        What it is called; numbers need none.
    encode
        For a measure: roles that change their column; an empty column drops the role.
    order
        For a measure: column to sort by, ``-`` in front for falling.
    unit
        For a measure: unit of what is drawn.
    uncertainty
        For a measure: which uncertainty is shown, where it is not that of the view.
    compared
        For a measure: whether the reference of the view still stands.
    """

    value: str
    label: Text | None = None
    encode: Mapping[str, str] = field(default_factory=dict)
    order: str = ""
    unit: Text | None = None
    uncertainty: Text | None = None
    compared: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A choice that changes how rows are looked at, not which are asked for.

    The page code applies it to the rows it has, in figure and table; files hold all rows.

    Parameters
    ----------
    id
        Key in addresses; the same key may stand at several views.
    label
        What it is called.
    kind
        ``"measure"``: what is drawn (`picks`; the first one is the view as declared).
        ``"one"``: rows with one value in `column`. ``"several"``: rows with any of some
        values. ``"at_least"``, ``"at_most"``: rows whose number is not below or above.
        ``"heaviest"``: the rows with the largest numbers that make up a share of the sum.
        ``"against"``: the value in `column`, or the pick, that the others are compared with.
    column
        The column that rows are judged by.
    picks
        What can be chosen; empty for the values of `column`.
    blank
        Whether ``"one"`` keeps rows that have no value in `column`.
    default
        What is chosen at first; empty for all rows.
    """

    id: str
    label: Text
    kind: LookKind
    column: str = ""
    picks: tuple[Pick, ...] = ()
    blank: bool = False
    default: str = ""

    def __post_init__(self) -> None:
        """Check that the look can be applied."""
        needs = self.picks if self.kind in ("measure", "heaviest") else self.column
        if not needs or (self.kind != "measure") != bool(self.column):
            msg = (
                f"look '{self.id}' ({self.kind}): a measure has picks, others a column."
            )
            raise OptionError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One chart with its table.

    Parameters
    ----------
    id
        ``<page>.<name>``, unique, part of addresses and file names.
    title
        What is shown, in words.
    table
        Released table, ``<study>.<table>``.
    chart
        Kind of chart, a key of :data:`CHARTS`.
    encode
        Role to column; the roles of :data:`BESIDE` name another view of the same page.
        ``period`` is the column of a slider with play.
    columns
        Columns of the table twin, in order; those not named keep their own name.
    filters
        Selector to column.
    labels
        Columns of codes to ``"regions"`` or ``"industries"``: the names of the codes are
        added as ``<column>_en`` and ``<column>_zh``.
    place
        Columns of region codes whose coordinates are added as ``lon``, ``lat`` and, for a
        second one, ``lon2``, ``lat2``.
    keep
        Column to the only value shown, for tables that hold more than one thing.
    order, top
        Column to sort by (``-`` in front: falling) and number of rows drawn.
    unit
        Unit of what is drawn.
    note
        How to read it, and how not to.
    uncertainty
        Which uncertainty is shown, or why there is none.
    method
        Page of the documentation that explains it.
    reference
        Line that values are compared with.
    looks
        Further choices of how the rows are looked at.
    when
        Selector to its values under which the view is drawn; empty for always.
    """

    id: str
    title: Text
    table: str
    chart: ChartKind
    encode: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Literal["regions", "industries"]] = field(default_factory=dict)
    place: tuple[str, ...] = ()
    keep: Mapping[str, str] = field(default_factory=dict)
    order: str = ""
    top: int | None = None
    unit: Text | None = None
    note: Text | None = None
    uncertainty: Text
    method: str
    reference: Reference | None = None
    looks: tuple[Look, ...] = ()
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the roles of the chart."""
        if self.chart not in CHARTS:
            msg = f"view '{self.id}': there is no chart '{self.chart}'."
            raise OptionError(msg)
        needed, possible = CHARTS[self.chart]
        missing = [role for role in needed if role not in self.encode]
        foreign = [r for r in self.encode if r not in (*needed, *possible)]
        if missing or foreign:
            msg = f"view '{self.id}' ({self.chart}): missing {missing}, unknown {foreign}."
            raise OptionError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A question of the menu and the views that answer it.

    Parameters
    ----------
    id
        Name in addresses.
    question
        The question in the menu.
    lead
        One or two sentences: what the page answers.
    study
        The study whose findings head the page; empty for none.
    views
        In reading order.
    selectors
        What the reader may choose.
    empty
        What to do when none of the tables is there.
    """

    id: str
    question: Text
    lead: Text
    study: str = ""
    views: tuple[View, ...] = ()
    selectors: tuple[Selector, ...] = ()
    empty: Text
