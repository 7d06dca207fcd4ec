"""Lists of things with a label that lie in one city or several: designations and belts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

from agglo.core.checks import flag_rows
from agglo.core.errors import InvalidTableError, OptionError, Problem
from agglo.core.frames import (
    float_column,
    frame_kind,
    require_columns,
    string_column,
    to_arrow,
)
from agglo.core.results import digest_of, frozen_array
from agglo.matching.gazetteer import Gazetteer, as_gazetteer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["PlaceList", "as_belts", "as_designations"]

Flag: TypeAlias = "Callable[[BoolArray, str, str, str], None]"
_TRUE = ("true", "1", "yes")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PlaceList:
    """Items with a label, and the cities they lie in (many to many).

    Attributes
    ----------
    kind
        ``"designations"`` or ``"belts"``.
    item
        Ids, shape (n,), sorted.
    label
        Industry label of each item.
    programme, period, batch, status
        Attributes of each item; empty where unknown.
    size
        Size of each item; NaN where unknown.
    link_item, link_city
        Rows of `item` and of `city`, shape (links,), sorted by item; the lead city of an
        item comes first.
    weight
        Share of the city in the item, shape (links,); sums to 1 per item.
    city
        Codes, shape (cities,), sorted.
    gazetteer
        List of cities that the codes were checked against, or ``None``.
    digest
        SHA-256 of the content.
    frame_kind
        Kind of frame the caller came with.
    """

    kind: str
    item: NDArray[np.str_]
    label: NDArray[np.str_]
    programme: NDArray[np.str_]
    period: NDArray[np.str_]
    batch: NDArray[np.str_]
    status: NDArray[np.str_]
    size: FloatArray
    link_item: IntArray
    link_city: IntArray
    weight: FloatArray
    city: NDArray[np.str_]
    digest: str
    gazetteer: Gazetteer | None = None
    frame_kind: FrameKind = "pyarrow"

    def __repr__(self) -> str:
        """Show how many items and cities there are."""
        return f"<PlaceList: {self.item.size} {self.kind} in {self.city.size} cities>"

    @cached_property
    def first_link(self) -> IntArray:
        """Position of each item's lead city among the links, shape (n,)."""
        return frozen_array(np.searchsorted(self.link_item, np.arange(self.item.size)))

    @cached_property
    def n_cities(self) -> IntArray:
        """Cities of each item, shape (n,)."""
        return frozen_array(np.bincount(self.link_item, minlength=self.item.size))


def as_designations(
    data: IntoFrame | PlaceList,
    *,
    cluster: str = "cluster",
    city: str = "city",
    label: str = "industry_label",
    programme: str | None = "programme",
    period: str | None = "period",
    batch: str | None = "batch",
    status: str | None = "status",
    weight: str | None = "weight",
    lead: str | None = "is_lead",
    cities: IntoFrame | Gazetteer | None = None,
    only_sourced: bool = False,
) -> PlaceList:
    """Check a list of designated clusters, one row per cluster and city.

    Parameters
    ----------
    data
        A ``designations`` table, or a `PlaceList` of designations (returned as it is).
    cluster, city, label
        Columns: id of the cluster, code of the city, industry label.
    programme, period, batch, status
        Columns of attributes, the same in every row of a cluster; ``None`` or absent:
        unknown.
    weight
        Column with the share of the city, positive, 1 in sum over a cluster; ``None`` or
        absent: equal shares.
    lead
        Column that is true for the lead city; ``None`` or absent: the first row of a
        cluster.
    cities
        List of cities; codes that are not in it are refused.
    only_sourced
        Keep only rows whose status is ``"sourced"``.

    Returns
    -------
    PlaceList
        Sorted by id.

    Raises
    ------
    ColumnNotFoundError
        If a needed column is absent.
    InvalidTableError
        With every problem: empty_table, null_key, cluster without a city (no_city),
        empty_label, duplicate_key, mixed_attribute (one id, two things), unknown_code,
        bad_weight, two_leads.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import as_designations
    >>> rows = pa.table({"cluster": ["c1", "c1"], "city": ["a", "b"],
    ...     "industry_label": ["toys", "toys"]})
    >>> as_designations(rows).weight.tolist()
    [0.5, 0.5]
    """
    columns = {
        "item": cluster,
        "city": city,
        "label": label,
        "programme": programme,
        "period": period,
        "batch": batch,
        "status": status,
        "weight": weight,
        "lead": lead,
    }
    return _place_list(
        data, "designations", columns, "cluster", cities=cities, only=only_sourced
    )


def as_belts(
    data: IntoFrame | PlaceList,
    *,
    belt: str = "belt",
    city: str = "city",
    label: str = "industry_label",
    platform: str | None = "platform",
    period: str | None = "period",
    status: str | None = "status",
    size: str | None = "size",
    weight: str | None = "weight",
    cities: IntoFrame | Gazetteer | None = None,
    only_sourced: bool = False,
) -> PlaceList:
    """Check a list of observed belts, one row per belt and city.

    Parameters
    ----------
    data
        A ``belts`` table, or a `PlaceList` of belts (returned as it is).
    belt, city, label
        Columns: id of the belt, code of the city, product or industry label.
    platform, period, status
        Columns of attributes; ``None`` or absent: unknown.
    size
        Column with sellers or turnover, not negative; ``None`` or absent: unknown.
    weight
        Column with the share of the city; ``None`` or absent: equal shares.
    cities
        List of cities; codes that are not in it are refused.
    only_sourced
        Keep only rows whose status is ``"sourced"``.

    Returns
    -------
    PlaceList
        Sorted by id.

    Raises
    ------
    ColumnNotFoundError
        If a needed column is absent.
    InvalidTableError
        With every problem, as in `as_designations`, and bad_size.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import as_belts
    >>> rows = pa.table({"belt": ["b1"], "city": ["a"], "industry_label": ["toys"]})
    >>> as_belts(rows).item.size
    1
    """
    columns = {
        "item": belt,
        "city": city,
        "label": label,
        "programme": platform,
        "period": period,
        "status": status,
        "size": size,
        "weight": weight,
    }
    return _place_list(data, "belts", columns, "belt", cities=cities, only=only_sourced)


def _place_list(
    data: IntoFrame | PlaceList,
    kind: str,
    columns: Mapping[str, str | None],
    word: str,
    *,
    cities: IntoFrame | Gazetteer | None,
    only: bool,
) -> PlaceList:
    if isinstance(data, PlaceList):
        if data.kind != kind:
            msg = f"`{kind}` were expected, but the list holds {data.kind}."
            raise OptionError(msg)
        return data
    table = to_arrow(data, where=kind)
    needed = {"item": word, "city": "city", "label": "label"}
    require_columns(table, {a: columns[r] for r, a in needed.items()}, where=kind)
    known = None if cities is None else as_gazetteer(cities)
    rows = _Rows(table, columns, kind)
    if only:
        rows = rows.where(rows.text("status") == "sourced")
    rows.check(word, known)
    return rows.wrap(known, frame_kind(data))


class _Rows:
    """The columns of a list before they are checked and sorted."""

    def __init__(
        self, table: pa.Table, columns: Mapping[str, str | None], kind: str
    ) -> None:
        self.table = table
        self.columns = columns
        self.kind = kind

    def where(self, keep: BoolArray) -> _Rows:
        """Keep some rows."""
        return _Rows(self.table.filter(pa.array(keep)), self.columns, self.kind)

    def has(self, role: str) -> bool:
        """Say whether the column is there."""
        return self.columns.get(role) in self.table.column_names

    def text(self, role: str) -> NDArray[np.str_]:
        """Give a column as text; absent or null is empty."""
        if not self.has(role):
            return np.full(self.table.num_rows, "", dtype=np.str_)
        values = string_column(self.table, str(self.columns[role]))
        return np.array([v.strip() if v else "" for v in values], dtype=np.str_)

    def number(self, role: str) -> FloatArray:
        """Give a column as numbers; absent or null is NaN."""
        if not self.has(role):
            return np.full(self.table.num_rows, np.nan)
        return float_column(self.table, str(self.columns[role]), where=self.kind)

    def check(self, word: str, known: Gazetteer | None) -> None:
        """Raise one error with every problem."""
        item, city, label = self.text("item"), self.text("city"), self.text("label")
        problems: list[Problem] = []

        def flag(mask: BoolArray, code: str, what: str, fix: str) -> None:
            problems.extend(
                flag_rows(mask, code=code, what=what, where=self.kind, fix=fix)
            )

        if item.size == 0:
            problems.append(
                Problem(
                    code="empty_table",
                    what=f"the list has no {word}",
                    where=self.kind,
                    fix="check the file, and only_sourced",
                )
            )
        flag(item == "", "null_key", f"a {word} has no id", "give every row its id")
        flag(
            city == "",
            "no_city",
            f"a {word} has no city",
            "find the city (normalise_cities), or leave the row out on purpose",
        )
        flag(label == "", "empty_label", "a label is empty", "write the industry")
        flag(
            _again(item, city) & (item != "") & (city != ""),
            "duplicate_key",
            f"a {word} names the same city twice, or two {word}s share an id",
            "keep one row per id and city",
        )
        for role in ("label", "programme", "period", "batch", "status", "size"):
            if self.has(role):
                flag(
                    _differs(item, self.text(role)) & (item != ""),
                    "mixed_attribute",
                    f"rows of one id differ in '{self.columns[role]}'",
                    f"two {word}s must not share an id",
                )
        if known is not None:
            lost = ~np.isin(city, known.city) & (city != "")
            flag(lost, "unknown_code", "a city is not in the list", "mend its code")
        self._check_numbers(item, flag)
        if problems:
            msg = f"The list of {self.kind} has {len(problems)} problems."
            raise InvalidTableError(msg, problems)

    def _check_numbers(self, item: NDArray[np.str_], flag: Flag) -> None:
        if self.has("size"):
            bad = (self.number("size") < 0) | np.isinf(self.number("size"))
            flag(bad, "bad_size", "a size is negative or infinite", "leave it empty")
        if self.has("weight"):
            weight = self.number("weight")
            total = _totals(item, weight)
            bad = ~(weight > 0) | ~(np.abs(total - 1.0) <= 1e-9)
            fix = "leave the column out for equal shares"
            flag(bad, "bad_weight", "weights are not positive with sum 1 per id", fix)
        if self.has("lead"):
            leads = _totals(item, self._lead().astype(np.float64))
            flag(leads > 1, "two_leads", "an id has several lead cities", "keep one")

    def _lead(self) -> BoolArray:
        return np.array([t.lower() in _TRUE for t in self.text("lead")], dtype=bool)

    def wrap(self, known: Gazetteer | None, kind: FrameKind) -> PlaceList:
        """Sort by id, the lead city first, and freeze."""
        item, first, own = np.unique(
            self.text("item"), return_index=True, return_inverse=True
        )
        city, place = np.unique(self.text("city"), return_inverse=True)
        # without a lead column the first row of an id leads; the rest go by code
        leads = self._lead()
        if not leads.any():
            leads = np.isin(np.arange(own.size), first)
        order = np.lexsort((place, ~leads, own))
        count = np.bincount(own, minlength=item.size)
        weight = self.number("weight") if self.has("weight") else 1.0 / count[own]
        fields = {
            "item": frozen_array(item),
            "link_item": frozen_array(own[order].astype(np.int64)),
            "link_city": frozen_array(place[order].astype(np.int64)),
            "weight": frozen_array(weight[order]),
            "city": frozen_array(city),
            "size": frozen_array(self.number("size")[first]),
        }
        for role in ("label", "programme", "period", "batch", "status"):
            fields[role] = frozen_array(self.text(role)[first])
        return PlaceList(
            kind=self.kind,
            digest=digest_of(*(fields[k] for k in sorted(fields))),
            gazetteer=known,
            frame_kind=kind,
            **fields,  # type: ignore[arg-type]
        )


def _again(item: NDArray[np.str_], city: NDArray[np.str_]) -> BoolArray:
    keys = np.array([f"{a}\x1f{b}" for a, b in zip(item, city, strict=True)])
    if keys.size == 0:
        return np.zeros(0, dtype=bool)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    again: BoolArray = first[inverse] != np.arange(keys.size)
    return again


def _differs(item: NDArray[np.str_], value: NDArray[np.str_]) -> BoolArray:
    if item.size == 0:
        return np.zeros(0, dtype=bool)
    _, first, inverse = np.unique(item, return_index=True, return_inverse=True)
    differs: BoolArray = value != value[first][inverse]
    return differs


def _totals(item: NDArray[np.str_], value: FloatArray) -> FloatArray:
    if item.size == 0:
        return np.zeros(0)
    _, inverse = np.unique(item, return_inverse=True)
    return np.bincount(inverse, weights=value).astype(np.float64)[inverse]
