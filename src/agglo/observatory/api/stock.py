"""One release in memory: tables, look-ups and names, read once and kept.

A request never scans a table: for every column that a page filters by, the row numbers
are sorted by value once, and a request takes a slice.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.typing import IntArray, Json
from agglo.observatory.release import Release

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["Lookup", "Names", "Stock", "plain"]

_Kept = TypeVar("_Kept", IntArray, bytes)
_KEPT = 256 << 20  # bytes of answers
_Key = TypeVar("_Key")
_Made = TypeVar("_Made")
_Name: TypeAlias = tuple[str, str]


def _size(kept: IntArray | bytes) -> int:
    return len(kept) if isinstance(kept, bytes) else int(kept.nbytes)


def plain(table: pa.Table) -> pa.Table:
    """Give a table with its dictionaries written out, as files want it."""
    for at, field_ in enumerate(table.schema):
        if pa.types.is_dictionary(field_.type):
            column = table.column(at).cast(field_.type.value_type)
            table = table.set_column(at, field_.name, column)
    return table


@dataclass(frozen=True, eq=False)
class Lookup:
    """Rows of a table by the values of one column.

    Parameters
    ----------
    values
        The distinct values, sorted.
    codes
        Position in `values` of every row; -1 for null.
    order
        Row numbers, sorted by value and then by row.
    starts
        Where each value begins in `order`; one more at the end.
    """

    values: list[str]
    codes: IntArray
    order: IntArray
    starts: IntArray

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Value to its position."""
        return {value: at for at, value in enumerate(self.values)}

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Lookup:
        """Sort the rows of a column once.

        Parameters
        ----------
        column
            Text, or anything that can be written as text.

        Returns
        -------
        Lookup
            Rows by value.
        """
        array = column.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks)
        if not pa.types.is_dictionary(array.type):
            array = array.cast(pa.string()).dictionary_encode()
        names = np.array([str(v) for v in array.dictionary.to_pylist()], dtype=object)
        rank = np.argsort(names, kind="stable")
        place = np.empty(len(names) + 1, dtype=np.int64)
        place[rank] = np.arange(len(names))
        place[-1] = -1
        codes = place[pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False)]
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(len(names) + 1))
        return cls(names[rank].tolist(), codes, order, starts)

    def rows(self, value: str) -> IntArray:
        """Give the rows with a value, in the order of the table; none if there is none."""
        at = self.position.get(value)
        if at is None:
            return np.empty(0, dtype=np.int64)
        return self.order[self.starts[at] : self.starts[at + 1]]


@dataclass(frozen=True, eq=False)
class Names:
    """Codes to names and places.

    Parameters
    ----------
    rows
        Code to the row of the table of names.
    """

    rows: Mapping[str, Mapping[str, Json]]

    @classmethod
    def of(cls, table: pa.Table | None, key: str) -> Names:
        """Read a table of names; of a code that stands twice the first row counts."""
        found: dict[str, Mapping[str, Json]] = {}
        for row in [] if table is None else plain(table).to_pylist():
            found.setdefault(str(row[key]), row)
        return cls(found)

    def name(self, code: object) -> _Name:
        """Give the name in English and Chinese; the code where there is none."""
        row = self.rows.get(str(code), {})
        en, zh = row.get("name_en") or row.get("name"), row.get("name_zh")
        return str(en or zh or code), str(zh or en or code)

    def place(self, code: object) -> tuple[float | None, float | None]:
        """Give longitude and latitude, ``None`` where they are not known."""
        row = self.rows.get(str(code), {})
        lon, lat = row.get("lon"), row.get("lat")
        if isinstance(lon, (int, float)) and isinstance(lat, (int, float)):
            return float(lon), float(lat)
        return None, None

    def columns(self, codes: Sequence[str]) -> Mapping[str, pa.Array]:
        """Give ``en``, ``zh``, ``lon`` and ``lat`` of codes."""
        names = [self.name(code) for code in codes]
        places = [self.place(code) for code in codes]
        return {
            "en": pa.array([n[0] for n in names], pa.string()),
            "zh": pa.array([n[1] for n in names], pa.string()),
            "lon": pa.array([p[0] for p in places], pa.float64()),
            "lat": pa.array([p[1] for p in places], pa.float64()),
        }


@dataclass(eq=False)
class Stock:
    """A release with everything a request needs, read on first use.

    Parameters
    ----------
    release
        The release.
    """

    release: Release
    _tables: dict[str, pa.Table] = field(default_factory=dict)
    _lookups: dict[tuple[str, str], Lookup] = field(default_factory=dict)
    _beside: dict[tuple[str, str, str], Mapping[str, pa.Array]] = field(
        default_factory=dict
    )
    _answers: OrderedDict[Hashable, IntArray | bytes] = field(
        default_factory=OrderedDict
    )
    _kept_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _making: dict[Hashable, threading.Lock] = field(default_factory=dict)

    def table(self, name: str) -> pa.Table:
        """Give a released table; texts are dictionaries, which keeps them small.

        Parameters
        ----------
        name
            ``<study>.<table>``.

        Returns
        -------
        pyarrow.Table
            The table.
        """
        return self._once(self._tables, name, lambda: self._read(name))

    def _read(self, name: str) -> pa.Table:
        table = self.release.table(name).combine_chunks()
        for at, field_ in enumerate(table.schema):
            if pa.types.is_string(field_.type):
                column = table.column(at).dictionary_encode().combine_chunks()
                table = table.set_column(at, field_.name, column)
        return table

    def _once(
        self, kept: dict[_Key, _Made], key: _Key, make: Callable[[], _Made]
    ) -> _Made:
        """Make a thing once; who asks for another one meanwhile does not wait for it."""
        if key not in kept:
            with self._lock:
                making = self._making.setdefault((id(kept), key), threading.Lock())
            with making:
                if key not in kept:
                    kept[key] = make()
        return kept[key]

    def lookup(self, table: str, column: str) -> Lookup:
        """Give the rows of a table by the values of a column."""
        return self._once(
            self._lookups,
            (table, column),
            lambda: Lookup.of(self.table(table).column(column)),
        )

    @cached_property
    def names(self) -> Mapping[str, Names]:
        """Names of ``regions`` and ``industries``."""
        found = {}
        for name, key in (("regions", "region"), ("industries", "industry")):
            at = f"project.{name}"
            table = self.table(at) if at in self.release else None
            found[name] = Names.of(table, key)
        return found

    @cached_property
    def code_places(self) -> Mapping[str, Mapping[str, int]]:
        """Where codes stand in ``/regions`` and ``/industries``."""
        return {
            kind: {code: at for at, code in enumerate(names.rows)}
            for kind, names in self.names.items()
        }

    @cached_property
    def spellings(self) -> Mapping[str, Mapping[str, Sequence[tuple[str, str]]]]:
        """Other ways to write the names of ``regions`` and ``industries``, by code."""
        found: dict[str, dict[str, list[tuple[str, str]]]] = {
            "regions": {},
            "industries": {},
        }
        if "project.spellings" in self.release:
            for row in plain(self.table("project.spellings")).to_pylist():
                words = found[row["kind"]].setdefault(row["code"], [])
                words.append((row["word"], row["spelling"]))
        return found

    def beside(
        self, table: str, column: str, kind: str, rows: IntArray
    ) -> Mapping[str, pa.Array]:
        """Give names and places of the codes of some rows.

        Parameters
        ----------
        table, column
            Where the codes stand.
        kind
            ``"regions"`` or ``"industries"``.
        rows
            Row numbers.

        Returns
        -------
        dict
            ``en``, ``zh``, ``lon`` and ``lat``, one entry per row.
        """
        lookup = self.lookup(table, column)
        beside = self._once(
            self._beside,
            (table, column, kind),
            lambda: self.names[kind].columns(lookup.values),
        )
        codes = lookup.codes[rows]
        at = pa.array(codes, mask=codes < 0)
        return {name: values.take(at) for name, values in beside.items()}

    def remember(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """Give what was made for a key before, or make it; the oldest is forgotten.

        Parameters
        ----------
        key
            What was asked.
        make
            Makes the answer; two requests at once may both make it.

        Returns
        -------
        numpy.ndarray or bytes
            The answer.
        """
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]  # type: ignore[return-value]
        made = make()
        with self._lock:
            if key not in self._answers:
                self._answers[key] = made
                self._kept_bytes += _size(made)
            while self._kept_bytes > _KEPT and self._answers:
                self._kept_bytes -= _size(self._answers.popitem(last=False)[1])
        return made

    def warm(
        self,
        wanted: Sequence[tuple[str, Sequence[str]]],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Read tables and sort their columns before the first request asks for them.

        Parameters
        ----------
        wanted
            Table and the columns it is filtered by.
        stop
            Asked before every table and column.
        """
        for table, columns in wanted:
            if stop():
                return
            known = self.table(table).column_names if table in self.release else ()
            for column in columns:
                if column in known and not stop():
                    self.lookup(table, column)
