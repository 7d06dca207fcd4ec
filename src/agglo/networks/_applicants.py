"""Reading a table of patents by applicant: one member per patent and applicant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.checks import flag_rows
from agglo.core.errors import InvalidTableError, Problem
from agglo.core.frames import as_text, encode_text, float_column, require_columns
from agglo.networks._event_reading import ranked_words
from agglo.networks._kernels.cells import joint_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Applicants", "read_applicants"]

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicants:
    """Members sorted by patent and applicant, and the industries of each.

    `patent`, `region` (-1 unknown), `size`, `period` are per member; `member`, `industry`
    and `share` are per member and industry, sorted, shares of a member add to 1; `first`
    is the member that comes first in its patent.
    """

    patent_label: pa.Array
    region_label: NDArray[np.str_]
    size_label: NDArray[np.str_]
    industry_label: NDArray[np.str_]
    period_label: NDArray[np.str_]
    patent: IntArray
    region: IntArray
    size: IntArray
    period: IntArray
    first: IntArray
    member: IntArray
    industry: IntArray
    share: FloatArray
    n_rows: int
    n_duplicates: int

    @property
    def n_patents(self) -> int:
        """Number of patents."""
        return len(self.patent_label)


def read_applicants(
    table: pa.Table,
    *,
    industry: str = "industry",
    entities: Sequence[str] | None = None,
) -> Applicants:
    """Check patents by applicant and count every applicant once per patent.

    Parameters
    ----------
    table
        Columns patent, applicant, and where they are there region, `industry`, size,
        entity_type, period, weight (share of the industry, of several rows of one
        applicant), position (1 for the first applicant).
    industry
        Column of the industry or class.
    entities
        Kinds of applicants to keep.

    Returns
    -------
    Applicants
        Members and their industries.

    Raises
    ------
    InvalidTableError
        Listing empty_table, null_key, not_positive, conflicting_region,
        conflicting_period.
    """
    require_columns(
        table, {"patent": "patent", "applicant": "applicant"}, where="patents"
    )
    problems: list[Problem] = []
    if entities is not None:
        require_columns(table, {"entities": "entity_type"}, where="patents")
        wanted = pa.array(list(entities), pa.string())
        table = table.filter(pc.is_in(as_text(table["entity_type"]), value_set=wanted))
    if table.num_rows == 0:
        problems.append(
            Problem(code="empty_table", what="the table has no row", where="patents")
        )
    patent_label, patent = _codes(table, "patent", problems)
    applicant_label, applicant = _codes(table, "applicant", problems)
    region_label, region = _optional(table, "region")
    size_label, size = _optional(table, "size")
    industry_label, code = _optional(table, industry)
    period_label, period = _optional(table, "period")
    weight = _row_weights(table, problems)
    if problems:
        _refuse(problems)
    key = joint_key([patent, applicant], [len(patent_label), len(applicant_label)])
    order = np.lexsort((weight, code, size, region, key))
    _, start, member = np.unique(key[order], return_index=True, return_inverse=True)
    member = member.reshape(-1).astype(np.int64)
    rows = order[start]
    _same(region[order], region[rows][member], "region", order, problems)
    first_period = np.full(len(patent_label), -1, dtype=np.int64)
    first_period[patent[order][::-1]] = period[order][::-1]
    _same(period, first_period[patent], "period", np.arange(patent.size), problems)
    if problems:
        _refuse(problems)
    known = region_label.size - int(_UNKNOWN_REGION in region_label.tolist())
    home = np.where(region[rows] < known, region[rows], -1)
    industries, of, share, repeats = _shares(
        member, code[order], weight[order], start.size, industry_label.size
    )
    return Applicants(
        patent_label=patent_label,
        region_label=region_label[:known],
        size_label=_readable(size_label),
        industry_label=_readable(industry_label),
        period_label=np.where(period_label == _UNKNOWN_REGION, "", period_label),
        patent=patent[rows],
        region=home,
        size=size[rows],
        period=period[rows],
        first=_first(table, rows, patent[rows], len(patent_label)),
        member=of,
        industry=industries,
        share=share,
        n_rows=table.num_rows,
        n_duplicates=repeats,
    )


# sorts after every label, so that what is unknown comes last
_UNKNOWN_REGION = "\U0010fffe"


def _codes(
    table: pa.Table, name: str, problems: list[Problem]
) -> tuple[pa.Array, IntArray]:
    column = as_text(table[name])
    lost = _blank(column)
    problems += flag_rows(
        np.asarray(lost.to_numpy(zero_copy_only=False), dtype=np.bool_),
        code="null_key",
        what=f"column '{name}' has no label",
        where="patents",
        column=name,
        fix="drop these rows or give them a label",
    )
    return ranked_words(pc.if_else(lost, "", column))


def _optional(table: pa.Table, name: str) -> tuple[NDArray[np.str_], IntArray]:
    if name not in table.column_names:
        n = table.num_rows
        return np.array([_UNKNOWN_REGION]), np.zeros(n, dtype=np.int64)
    column = as_text(table[name])
    return encode_text(pc.if_else(_blank(column), _UNKNOWN_REGION, column))


def _blank(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)


def _readable(label: NDArray[np.str_]) -> NDArray[np.str_]:
    return np.where(label == _UNKNOWN_REGION, _UNKNOWN, label)


def _row_weights(table: pa.Table, problems: list[Problem]) -> FloatArray:
    if "weight" not in table.column_names:
        return np.ones(table.num_rows)
    weight = float_column(table, "weight", where="patents")
    problems += flag_rows(
        ~(np.isfinite(weight) & (weight > 0)),
        code="not_positive",
        what="column 'weight' is not a finite number above 0",
        where="patents",
        column="weight",
        fix="give the share of the class, or drop the row",
    )
    return weight


def _same(
    found: IntArray, wanted: IntArray, name: str, row: IntArray, problems: list[Problem]
) -> None:
    bad = np.zeros(row.size, dtype=np.bool_)
    bad[row] = found != wanted
    what = "applicant of one patent" if name == "region" else "patent"
    problems += flag_rows(
        bad,
        code="conflicting_" + name,
        what=f"the same {what} has several values of '{name}'",
        where="patents",
        column=name,
        fix="correct the rows, or give each site of an applicant its own id",
    )


def _shares(
    member: IntArray, code: IntArray, weight: FloatArray, n: int, n_codes: int
) -> tuple[IntArray, IntArray, FloatArray, int]:
    """Give the industries of every member with shares that add to 1; repeats count once."""
    key, first = np.unique(member * n_codes + code, return_index=True)
    of, industry = key // n_codes, key % n_codes
    share = weight[first]
    total = np.bincount(of, share, n)
    return industry, of, share / total[of], member.size - key.size


def _first(
    table: pa.Table, rows: IntArray, patent: IntArray, n_patents: int
) -> IntArray:
    """Find the member that stands first in its patent: by `position`, else by row."""
    if "position" in table.column_names:
        rank = float_column(table, "position", where="patents")[rows]
        rank = np.where(np.isnan(rank), np.inf, rank)
    else:
        rank = np.zeros(rows.size)
    order = np.lexsort((np.arange(rows.size), rank, patent))
    _, start = np.unique(patent[order], return_index=True)
    out = np.empty(n_patents, dtype=np.int64)
    out[patent[order[start]]] = order[start]
    return out


def _refuse(problems: list[Problem]) -> None:
    msg = f"`patents` has {len(problems)} problem{'s' if len(problems) > 1 else ''}."
    raise InvalidTableError(msg, problems)
