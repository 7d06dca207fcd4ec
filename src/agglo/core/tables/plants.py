"""Plants: one row per establishment, with region, activity and size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice
from agglo.core.results import digest_of, frozen_array
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["Plants", "as_plants"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Plants:
    """Establishments by region and activity.

    Attributes
    ----------
    regions, activities
        Sorted distinct labels.
    region, activity
        Position of every plant's label, (n_plants,) int64.
    size
        Size of every plant, non-negative, (n_plants,).
    unit
        Unit of the sizes.
    n_dropped
        Rows left out because their size is missing.
    frame_kind
        Kind of frame the caller came with.
    """

    regions: NDArray[np.str_]
    activities: NDArray[np.str_]
    region: IntArray
    activity: IntArray
    size: FloatArray
    unit: str = "persons"
    n_dropped: int = 0
    frame_kind: FrameKind = "pyarrow"

    @property
    def n(self) -> int:
        """Number of plants."""
        return self.size.size

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels, codes and sizes."""
        return digest_of(
            self.regions, self.activities, self.region, self.activity, self.size
        )


def as_plants(
    data: IntoFrame | Plants,
    *,
    region: str = "region",
    activity: str = "industry",
    size: str | None = "employment",
    on_missing: Literal["refuse", "drop"] = "refuse",
    unit: str = "persons",
) -> Plants:
    """Check a table of establishments and give it the shape of the plant measures.

    Parameters
    ----------
    data
        One row per plant; a `Plants` comes back as it is.
    region, activity
        Columns of labels.
    size
        Column of sizes; ``None`` counts every plant as 1. A size of zero stays in counts.
    on_missing
        ``"refuse"`` a missing size, or ``"drop"`` the plant and say how many.
    unit
        Unit of the sizes.

    Returns
    -------
    Plants
        Labels sorted, rows in the order given; O(rows).

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: null_key, negative_value, not_finite, missing_value, empty_table.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"region": ["a", "b"], "industry": ["x", "x"],
    ...                  "employment": [30.0, 10.0]})
    >>> ag.as_plants(rows).n
    2
    """
    if isinstance(data, Plants):
        return data
    check_choice("on_missing", on_missing, ("refuse", "drop"))
    kind = frame_kind(data)
    table = to_arrow(data)
    require_columns(table, {"region": region, "activity": activity, "size": size})
    problems: list[Problem] = []
    if table.num_rows == 0:
        problems.append(
            Problem(code="empty_table", what="the table has no row", where="data")
        )
    dropped = 0
    if size is None:
        sizes = np.ones(table.num_rows)
    else:
        missing_ok = on_missing == "drop"
        sizes = numbers_of(table, size, problems, "data", missing=missing_ok)
        if missing_ok:
            known = ~np.isnan(sizes)
            dropped = int((~known).sum())
            table, sizes = table.filter(pa.array(known)), sizes[known]
    regions, region_code = labels_of(table, region, problems, "data")
    activities, activity_code = labels_of(table, activity, problems, "data")
    raise_problems(problems, "data")
    return Plants(
        regions=frozen_array(regions),
        activities=frozen_array(activities),
        region=frozen_array(region_code),
        activity=frozen_array(activity_code),
        size=frozen_array(sizes),
        unit=unit if size is not None else "plants",
        n_dropped=dropped,
        frame_kind=kind,
    )
