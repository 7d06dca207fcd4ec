"""The rows of a list once their cities are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import float_column
from agglo.matching import normalise_cities
from agglo.studies.columns import text_of, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.matching import CityMatch, Gazetteer

__all__ = ["PlacedRows", "place_rows"]

_TRUE = ("true", "1", "yes")
_KEPT = (
    "programme",
    "platform",
    "period",
    "batch",
    "industry_label",
    "status",
    "name_zh",
    "name_en",
)


@dataclass(frozen=True, kw_only=True)
class PlacedRows:
    """A list with codes of cities, and what had to be left out.

    Attributes
    ----------
    key
        Column of the ids.
    rows
        One row per item and city, shares of the cities adding up to 1.
    audit
        One row per row of the input.
    left_out
        Items without any city, with the reason.
    n_review, n_lost, n_differ
        Rows to look at, without a city, and whose code and name mean two cities.
    """

    key: str
    rows: pa.Table
    audit: pa.Table
    left_out: pa.Table
    n_review: int
    n_lost: int
    n_differ: int


def place_rows(
    table: pa.Table,
    key: str,
    matches: Sequence[CityMatch],
    cities: Gazetteer,
) -> PlacedRows:
    """Replace place strings by codes, merge what is the same city, list what is lost.

    Parameters
    ----------
    table
        The list.
    key
        Column of the ids.
    matches
        City of every row.
    cities
        The cities.

    Returns
    -------
    PlacedRows
        Rows, audit and losses.

    Raises
    ------
    InvalidTableError
        duplicate_key: an id names the same place twice, as written; no_rows: nothing is
        left.
    """
    items, written = text_of(table, key), text_of(table, "city")
    _refuse_repeats(items, written, key)
    codes = np.array([m.city for m in matches], dtype=np.str_)
    lost_rows = np.array([not m.cities for m in matches], dtype=bool)
    named = _named(table, cities)
    differ = (named != "") & (codes != "") & (named != codes)
    review = np.array([m.needs_review for m in matches], dtype=bool) | differ
    rows = _rows(table, key, [m.cities for m in matches])
    lost = sorted({i for i in items if i} - set(text_of(rows, key)))
    if rows.num_rows == 0:
        msg = f"No {key} of the list has a known city."
        raise InvalidTableError(msg)
    return PlacedRows(
        key=key,
        rows=rows,
        audit=_audit(table, key, matches, named, review, cities),
        left_out=_left_out(key, lost, items, written, text_of(table, "industry_label")),
        n_review=int(review.sum()),
        n_lost=int(lost_rows.sum()),
        n_differ=int(differ.sum()),
    )


def _refuse_repeats(items: list[str], written: list[str], key: str) -> None:
    seen: set[tuple[str, str]] = set()
    rows = []
    for at, pair in enumerate(zip(items, written, strict=True)):
        if pair in seen:
            rows.append(at + 1)
        seen.add(pair)
    if rows:
        problem = Problem(
            code="duplicate_key",
            what=f"a {key} names the same place twice, or two {key}s share an id",
            where=f"{key}s",
            rows=tuple(rows[:20]),
            n_rows=len(rows),
            fix="keep one row per id and place",
        )
        msg = f"The list of {key}s has a duplicate id."
        raise InvalidTableError(msg, [problem])


def _named(table: pa.Table, cities: Gazetteer) -> NDArray[np.str_]:
    """Give the city that a name beside the code means; empty where there is none."""
    names = text_of(table, "city_zh")
    if not any(names):
        return np.full(table.num_rows, "", dtype=np.str_)
    return normalise_cities(names, cities).city


def _rows(table: pa.Table, key: str, cities: Sequence[tuple[str, ...]]) -> pa.Table:
    items = text_of(table, key)
    weight = _weights(table, items)
    lead = np.array([v.lower() in _TRUE for v in text_of(table, "is_lead")], dtype=bool)
    first: dict[tuple[str, str], int] = {}
    share: dict[tuple[str, str], float] = {}
    leads: dict[str, str] = {}
    marked: set[str] = set()
    for at, (item, codes) in enumerate(zip(items, cities, strict=True)):
        for code in codes:
            pair = (item, code)
            first.setdefault(pair, at)
            # the cities of a joint name share its weight equally
            share[pair] = share.get(pair, 0.0) + weight[at] / len(codes)
            # the lead city is the marked one, else the first that is known
            if item not in leads or (lead[at] and item not in marked):
                leads[item] = code
                marked |= {item} if lead[at] else set()
    total: dict[str, float] = {}
    for (item, _), value in share.items():
        total[item] = total.get(item, 0.0) + value
    order = list(first)
    take = pa.array([first[p] for p in order], pa.int64())
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        key: texts([p[0] for p in order]),
        "city": texts([p[1] for p in order]),
        "is_lead": texts(["true" if leads[p[0]] == p[1] else "false" for p in order]),
        "weight": pa.array([share[p] / total[p[0]] for p in order], pa.float64()),
    }
    for name in _KEPT:
        columns[name] = texts(text_of(table, name)).take(take)
    if "size" in table.column_names:
        columns["size"] = table["size"].take(take)
    return pa.table(columns)


def _weights(table: pa.Table, items: list[str]) -> FloatArray:
    if "weight" in table.column_names:
        given = float_column(table, "weight")
        if np.isfinite(given).all() and (given > 0).all():
            return given
    counts = {i: items.count(i) for i in set(items)}
    return np.array([1.0 / counts[i] for i in items])


def _audit(
    table: pa.Table,
    key: str,
    matches: Sequence[CityMatch],
    named: NDArray[np.str_],
    review: BoolArray,
    cities: Gazetteer,
) -> pa.Table:
    place = cities.position
    rows = [place.get(m.city, -1) for m in matches]
    return pa.table(
        {
            "list": texts([f"{key}s"] * len(matches)),
            "id": texts(text_of(table, key)),
            "input": texts(text_of(table, "city")),
            "name_beside_it": texts(text_of(table, "city_zh")),
            "city": texts([m.city for m in matches]),
            "city_name": texts(
                [str(cities.name_zh[r]) if r >= 0 else "" for r in rows]
            ),
            "city_of_the_name": texts(named.tolist()),
            "method": texts([m.method for m in matches]),
            "score": pa.array([m.score for m in matches], pa.float64()),
            "candidates": texts([";".join(m.candidates) for m in matches]),
            "needs_review": pa.array(review),
            "recoded_from": texts([m.recoded_from for m in matches]),
        }
    )


def _left_out(
    key: str, lost: list[str], items: list[str], written: list[str], labels: list[str]
) -> pa.Table:
    places: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for item, place, label in zip(items, written, labels, strict=True):
        places.setdefault(item, []).append(place)
        words.setdefault(item, label)
    return pa.table(
        {
            "list": texts([f"{key}s"] * len(lost)),
            "id": texts(lost),
            "places": texts(["; ".join(places[i]) for i in lost]),
            "label": texts([words[i] for i in lost]),
            "reason": texts(["no known city"] * len(lost)),
        }
    )
