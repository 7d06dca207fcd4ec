"""From patents of several owners and classes to counts by industry, each patent once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.checks import flag_rows
from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import (
    as_text,
    encode_text,
    frame_kind,
    require_columns,
    to_arrow,
)
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["PatentCounts", "patent_counts"]

_SUM = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PatentCounts(Result):
    """Patents by industry and period, every patent counted once in all.

    Attributes
    ----------
    industries, periods
        Sorted labels; periods run from the first to the last, whole numbers.
    counts
        (I, T) in patents; parts of a jointly owned patent add up to it.
    citations
        (I, T), shared like the patents; 0 where there are none, NaN without the column.
    unplaced
        Patents (or parts) whose industry or period is unknown.
    n_shared
        Patents that lie in more than one industry.
    """

    industries: NDArray[np.str_]
    periods: NDArray[np.str_]
    counts: FloatArray
    citations: FloatArray
    unplaced: float
    n_shared: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per industry and period."""
        n, t = self.counts.shape
        return {
            "industry": np.repeat(self.industries, t),
            "period": np.tile(self.periods, n),
            "patents": self.counts.ravel(),
            "citations": self.citations.ravel(),
        }

    def summary(self) -> str:
        """Give the total, what is shared and what has no place."""
        n, t = self.counts.shape
        return (
            f"{float(self.counts.sum()):.1f} patents of {n} industries in {t} periods; "
            f"{self.n_shared} shared between industries, {self.unplaced:.1f} unplaced"
        )

    def _draw(self, ax: Axes) -> None:
        ax.plot(np.arange(self.periods.size), self.counts.T, color="#0072B2", alpha=0.4)
        ax.set_xticks(np.arange(self.periods.size), self.periods)
        ax.set(ylabel="patents")


def patent_counts(
    data: IntoFrame,
    *,
    patent: str = "patent",
    industry: str = "industry",
    period: str = "period",
    citations: str | None = "citations",
    weight: str | None = None,
) -> PatentCounts:
    r"""Count patents by industry so that a joint patent is not counted twice.

    Use before `knowledge_stock`: a patent that two industries own and that counts fully
    in both ties their outcomes to each other's knowledge by arithmetic alone.

    Parameters
    ----------
    data
        One row per patent and owner or class; a patent has one row or several.
    patent, industry, period
        Columns of labels; periods start with a year, and a row without an industry or a
        period keeps its part of the patent, which is counted as unplaced.
    citations
        Column of citations received, the same in every row of a patent; ``None`` or an
        absent column: unknown.
    weight
        Column with the part of the patent in a row; parts of a patent sum to 1. ``None``:
        equal parts.

    Returns
    -------
    PatentCounts
        Fractional counts and citations; an absent industry and period is 0.

    Raises
    ------
    InvalidTableError
        Parts that do not sum to 1 (within 1e-9), negative numbers, no row with industry
        and period.

    Notes
    -----
    O(rows log rows).

    References
    ----------
    Griliches 1990, Journal of Economic Literature 28:1661 (patents by industry).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.econometrics import patent_counts
    >>> rows = pa.table({"patent": ["p", "p", "q"], "industry": ["a", "b", "a"],
    ...                  "period": ["2001"] * 3})
    >>> float(patent_counts(rows).counts[0, 0])
    1.5
    """
    table = to_arrow(data)
    named = {"patent": patent, "industry": industry, "period": period}
    require_columns(table, named if weight is None else {**named, "weight": weight})
    problems: list[Problem] = []
    names, owner = labels_of(table, patent, problems, "data")
    raise_problems(problems, "data")
    part = _parts(table, weight, owner, names)
    place, years, known = _places(table, industry, period)
    labels = np.unique(np.asarray(place[known], dtype=np.str_))
    first, last = int(years[known].min()), int(years[known].max())
    t = last - first + 1
    code = np.searchsorted(labels, place[known].astype(np.str_))
    cell = code * t + years[known] - first
    size, shape = labels.size * t, (labels.size, t)
    counts = np.bincount(cell, weights=part[known], minlength=size).astype(np.float64)
    cited = np.full(size, np.nan)
    if citations is not None and citations in table.column_names:
        found = numbers_of(table, citations, problems, "data")
        raise_problems(problems, "data")
        received = np.where(np.isfinite(found), found, 0.0) * part
        cited = np.bincount(cell, weights=received[known], minlength=size)
    homes = np.unique(owner[known] * labels.size + code) // labels.size
    lost = float(part[~known].sum())
    reason = Undefined(
        reason="industry or period unknown", n=int((~known).sum()), item="unplaced"
    )
    return PatentCounts(
        provenance=Provenance.of(
            patent_counts, table.select(list(named.values())), parameters=dict(named)
        ),
        frame_kind=frame_kind(data),
        undefined=(reason,) if lost > 0 else (),
        industries=frozen_array(labels),
        periods=frozen_array(np.arange(first, last + 1).astype(np.str_)),
        counts=frozen_array(counts.reshape(shape)),
        citations=frozen_array(cited.reshape(shape)),
        unplaced=lost,
        n_shared=int((np.bincount(homes) > 1).sum()),
    )


def _places(
    table: pa.Table, industry: str, period: str
) -> tuple[NDArray[np.str_], IntArray, BoolArray]:
    """Give industry, year and whether both are known."""
    owner = pc.fill_null(pc.utf8_trim_whitespace(as_text(table[industry])), "")
    labels, code = encode_text(owner)
    place = np.asarray(labels, dtype=np.str_)[code]
    text = pc.fill_null(pc.utf8_slice_codeunits(as_text(table[period]), 0, 4), "")
    words, when = encode_text(text)
    number = np.array([int(w) if str(w).isdigit() else -1 for w in words])
    years = number[when].astype(np.int64)
    known = np.asarray((place != "") & (years >= 0), dtype=bool)
    if not known.any():
        msg = "No row has an industry and a period."
        problem = Problem(
            code="empty_table",
            what="industry or period is missing in every row",
            where="data",
            fix="give industries, and periods that start with a year",
        )
        raise InvalidTableError(msg, [problem])
    return place, years, known


def _parts(
    table: pa.Table, weight: str | None, owner: IntArray, names: NDArray[np.str_]
) -> FloatArray:
    rows = np.bincount(owner, minlength=names.size)
    if weight is None:
        return np.asarray(1.0 / rows[owner], dtype=np.float64)
    problems: list[Problem] = []
    part = numbers_of(table, weight, problems, "data", missing=False)
    raise_problems(problems, "data")
    total = np.bincount(owner, weights=part, minlength=names.size)
    problems += flag_rows(
        np.abs(total - 1.0)[owner] > _SUM,
        code="weights_sum",
        what="the parts of a patent do not sum to 1",
        where="data",
        fix="divide by their sum",
    )
    raise_problems(problems, "data")
    return np.asarray(part, dtype=np.float64)
