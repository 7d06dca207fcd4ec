"""Links: weighted ties between places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.results import digest_of, frozen_array
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["Links", "as_links"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Links:
    """Weighted ties between places, one set of labels for both ends.

    Attributes
    ----------
    places
        Sorted distinct labels of both ends.
    origin, destination
        Positions in `places`, (n_links,) int64.
    weight
        Non-negative, (n_links,).
    directed
        Whether origin and destination differ in meaning.
    frame_kind
        Kind of frame the caller came with.
    """

    places: NDArray[np.str_]
    origin: IntArray
    destination: IntArray
    weight: FloatArray
    directed: bool = True
    frame_kind: FrameKind = "pyarrow"

    @property
    def n(self) -> int:
        """Number of links."""
        return self.weight.size

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels, ends and weights."""
        return digest_of(
            self.places, self.origin, self.destination, self.weight, self.directed
        )


def as_links(
    data: IntoFrame | Links,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
) -> Links:
    """Check a table of ties and give it the shape of the network measures.

    Parameters
    ----------
    data
        One row per tie; a `Links` comes back as it is.
    origin, destination
        Columns of labels.
    weight
        Column of weights; ``None`` counts every row as 1. An absent pair is zero.
    directed
        Whether (a, b) and (b, a) are two ties; otherwise both in one table are a
        duplicate.

    Returns
    -------
    Links
        Ties sorted by origin and destination; O(rows log rows).

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: null_key, duplicate_key, negative_value, not_finite,
        missing_value, empty_table.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"origin": ["a", "b"], "destination": ["b", "c"],
    ...                  "weight": [2.0, 1.0]})
    >>> ag.as_links(rows).places.size
    3
    """
    if isinstance(data, Links):
        return data
    kind = frame_kind(data)
    table = to_arrow(data)
    require_columns(
        table, {"origin": origin, "destination": destination, "weight": weight}
    )
    problems: list[Problem] = []
    if table.num_rows == 0:
        problems.append(
            Problem(code="empty_table", what="the table has no row", where="data")
        )
    from_labels, from_code = labels_of(table, origin, problems, "data")
    to_labels, to_code = labels_of(table, destination, problems, "data")
    weights = (
        np.ones(table.num_rows)
        if weight is None
        else numbers_of(table, weight, problems, "data", missing=False)
    )
    places = np.unique(np.concatenate([from_labels, to_labels]))
    start = np.searchsorted(places, from_labels)[from_code]
    end = np.searchsorted(places, to_labels)[to_code]
    if not directed:
        start, end = np.minimum(start, end), np.maximum(start, end)
    key = start * max(places.size, 1) + end
    problems += flag_rows(
        repeated(key),
        code="duplicate_key",
        what=f"the same ({origin}, {destination}) occurs more than once",
        where="data",
        fix="sum the weights first, or choose one layer and period",
    )
    raise_problems(problems, "data")
    order = np.argsort(key, kind="stable")
    return Links(
        places=frozen_array(places),
        origin=frozen_array(start[order].astype(np.int64)),
        destination=frozen_array(end[order].astype(np.int64)),
        weight=frozen_array(weights[order]),
        directed=directed,
        frame_kind=kind,
    )
