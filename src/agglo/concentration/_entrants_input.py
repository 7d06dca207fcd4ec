"""Periods of opening and closing: who was there before, and who came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from agglo.concentration._directed_nearest import Plants
from agglo.core.checks import flag_rows
from agglo.core.errors import OptionError
from agglo.core.frames import require_columns
from agglo.core.options import check_number
from agglo.core.tables._columns import labels_of, raise_problems, text_of

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.concentration._directed_input import Universe
    from agglo.core.errors import Problem
    from agglo.core.typing import BoolArray, FloatArray

__all__ = ["Dates", "dates_of", "periods_of", "plants_at"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Dates:
    """Periods of opening and closing (NaN: not known, not closed), and who only moved."""

    start: FloatArray
    end: FloatArray
    moved: BoolArray

    def notes(self) -> list[str]:
        """Say who cannot be an entrant."""
        undated, moved = int(np.isnan(self.start).sum()), int(self.moved.sum())
        said = [f"{undated} plants without an opening are left out"] if undated else []
        if moved:
            said.append(f"{moved} relocations are not counted as entries")
        return said


def periods_of(at: int | Sequence[int]) -> list[int]:
    given = list(at) if isinstance(at, (list, tuple, range, np.ndarray)) else [at]
    if not given:
        msg = "at=[] names no period."
        raise OptionError(msg)
    return sorted({int(check_number("at", t, integer=True)) for t in given})


def dates_of(
    table: pa.Table,
    opened: str,
    closed: str | None,
    plant: str | None,
    *,
    relocation_as_entry: bool,
) -> Dates:
    """Read the periods; rows of a plant after its first one are relocations."""
    if relocation_as_entry and plant is None:
        msg = "relocation_as_entry=True needs plant=: the column that names plants."
        raise OptionError(msg)
    require_columns(table, {"opened": opened, "closed": closed, "plant": plant})
    problems: list[Problem] = []
    start = _years(table, opened, problems)
    end = np.full(table.num_rows, np.nan)
    if closed is not None:
        end = _years(table, closed, problems)
    codes = np.arange(table.num_rows)
    if plant is not None:
        codes = labels_of(table, plant, problems, "data")[1]
    raise_problems(problems, "data")
    moved = np.zeros(table.num_rows, dtype=bool)
    if plant is not None and not relocation_as_entry:
        order = np.lexsort((start, codes))
        again = np.append(False, codes[order][1:] == codes[order][:-1])
        moved[order] = again
    return Dates(start=start, end=end, moved=moved)


def _years(table: pa.Table, name: str, problems: list[Problem]) -> FloatArray:
    """Read whole numbers, or the year that a date starts with; NaN where empty."""
    text = pc.utf8_trim_whitespace(text_of(table, name))
    blank = pc.fill_null(pc.equal(text, ""), True)
    found = pc.struct_field(
        pc.extract_regex(text, r"^(?P<year>-?\d{1,4})(?:\.0+)?(?:$|[^\d.].*$)"), "year"
    )
    wrong = pc.and_(pc.is_null(found), pc.invert(blank))
    problems += flag_rows(
        np.asarray(wrong.to_numpy(zero_copy_only=False), dtype=bool),
        code="bad_period",
        what=f"column '{name}' does not start with a year",
        where="data",
        column=name,
        fix="write 2010 or 2010-05-31",
    )
    number = pc.cast(pc.if_else(blank, None, found), "float64")
    return np.asarray(number.to_numpy(zero_copy_only=False), dtype=np.float64)


def plants_at(universe: Universe, t: int, dates: Dates) -> Plants:
    """Incumbents and entrants of one period."""
    first, last = dates.start[universe.rows], dates.end[universe.rows]
    held = (first < t) & (np.isnan(last) | (last >= t))
    new = (first == t) & ~dates.moved[universe.rows]
    return Plants(
        region=universe.region,
        period=str(t),
        held=universe.at[held],
        held_code=universe.code[held],
        at=universe.at[new],
        code=universe.code[new],
        weight=universe.weight[new],
        stratum=universe.stratum[new],
    )
