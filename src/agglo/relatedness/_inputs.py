"""What several measures read beside a table: numbers by label, links between regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow.compute as pc

from agglo.core.checks import flag_rows
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    OptionError,
    Problem,
)
from agglo.core.frames import (
    encode_labels,
    float_column,
    frame_kind,
    from_arrow,
    require_columns,
    to_arrow,
)
from agglo.core.tables import RegionActivity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, IntoFrame
    from agglo.relatedness.complexity_results import Complexity

__all__ = [
    "by_label",
    "index_of",
    "links_between",
    "not_empty",
    "places",
    "without_repeats",
]


def by_label(
    name: str, given: Mapping[str, float] | None, label: NDArray[np.str_]
) -> FloatArray:
    """Give the numbers in the order of `label`; NaN where there is none."""
    if given is None:
        return np.full(label.size, np.nan)
    if not isinstance(given, Mapping):
        msg = (
            f"{name}= must be a mapping of labels to numbers, for example {{'x': 1.0}}."
        )
        raise OptionError(msg)
    known = {str(k): float(v) for k, v in given.items()}
    out = np.array([known.get(str(a), np.nan) for a in label], dtype=np.float64)
    if not np.isfinite(out).any():
        msg = f"{name}= has none of the labels, for example {label[:5].tolist()}."
        raise AlignmentError(msg)
    return out


def index_of(
    given: Complexity | Mapping[str, float], label: NDArray[np.str_]
) -> FloatArray:
    """Give the index of activities in the order of `label`; NaN where there is none."""
    if not isinstance(given, Mapping):
        if not hasattr(given, "pci"):
            msg = (
                "complexity is a result of `complexity` or a mapping of activity to "
                f"index, not {type(given).__name__}."
            )
            raise OptionError(msg)
        given = dict(zip(given.activity.tolist(), given.pci.tolist(), strict=True))
    return by_label("complexity", given, label)


def not_empty(table: RegionActivity) -> RegionActivity:
    """Refuse a table without any positive cell; one that is unknown is not empty."""
    if not table.n_unknown and not (table.values > 0).any():
        problem = Problem(
            code="empty_table",
            what="no cell is above 0",
            where="data",
            fix="check the column of sizes and the selection",
        )
        msg = "The table has no activity at all."
        raise InvalidTableError(msg, [problem])
    return table


def without_repeats(
    data: IntoFrame | RegionActivity, region: str, activity: str, value: str, how: str
) -> tuple[IntoFrame | RegionActivity, tuple[str, ...]]:
    """Add up or drop repeated rows of a region and an activity, and say how many.

    ``how="error"`` leaves them for the check of the table. A sum with a null is null.
    """
    if how == "error" or isinstance(data, RegionActivity):
        return data, ()
    table = to_arrow(data)
    require_columns(table, {"region": region, "activity": activity, "value": value})
    keys = [region, activity, *(["period"] if "period" in table.column_names else [])]
    strict = pc.ScalarAggregateOptions(skip_nulls=False)
    rest = [c for c in table.column_names if c not in keys]
    does = ["sum" if c == value and how == "sum" else "first" for c in rest]
    merged = table.group_by(keys, use_threads=False).aggregate(
        [(c, d, strict) for c, d in zip(rest, does, strict=True)]
    )
    repeats = table.num_rows - merged.num_rows
    if not repeats:
        return data, ()
    merged = merged.rename_columns(
        {f"{c}_{d}": c for c, d in zip(rest, does, strict=True)}
    )
    fate = "added up" if how == "sum" else "dropped, the first is kept"
    rows = from_arrow(merged.select(table.column_names), frame_kind(data))
    return cast("IntoFrame", rows), (f"{repeats} repeated rows are {fate}",)


def places(label: NDArray[np.str_], words: NDArray[np.str_]) -> IntArray:
    """Give the position in `label` of every word; -1 where it is not there."""
    place = {str(v): i for i, v in enumerate(label)}
    return np.array([place.get(str(w), -1) for w in words], dtype=np.int64)


def links_between(
    data: IntoFrame,
    label: NDArray[np.str_],
    *,
    origin: str,
    destination: str,
    weight: str | None,
    directed: bool,
) -> tuple[FloatArray, int]:
    """Give the weights between the regions, and how many rows were self-loops."""
    table = to_arrow(data)
    wanted = {"origin": origin, "destination": destination}
    if weight is not None:
        wanted["weight"] = weight
    require_columns(table, wanted)
    ends = []
    for name in (origin, destination):
        words, code = encode_labels(table, name)
        ends.append(places(label, words)[code])
    w = np.ones(table.num_rows) if weight is None else float_column(table, weight)
    problems = [
        *flag_rows(
            (ends[0] < 0) | (ends[1] < 0),
            code="unknown_region",
            what="a region of the link is not among the regions of the density",
            where="links",
            column=origin,
            fix="leave the link out or correct the code",
        ),
        *flag_rows(
            ~(np.isfinite(w) & (w >= 0)),
            code="negative_value",
            what="the weight is negative, infinite or empty",
            where="links",
            column=weight or "",
            fix="correct the rows or leave them out",
        ),
    ]
    if problems:
        msg = "`links` do not fit the regions."
        raise InvalidTableError(msg, problems)
    out = np.zeros((label.size, label.size))
    np.add.at(out, (ends[0], ends[1]), w)
    if not directed:
        out = out + out.T
    np.fill_diagonal(out, 0.0)
    return out, int(np.sum(ends[0] == ends[1]))
