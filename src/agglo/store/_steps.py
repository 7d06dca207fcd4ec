"""Steps that the aggregations share: open, check, group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from agglo.core.errors import OptionError
from agglo.core.options import check_choice
from agglo.store import _expressions as ex
from agglo.store._engines import Opened, open_frame
from agglo.store.aggregation import Aggregation

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame

Unknowns: TypeAlias = Literal["complete", "disclosed"]


def totals(
    opened: Opened,
    keys: Mapping[str, str],
    values: Mapping[str, str],
    count: str | None,
    margins: str,
    *,
    floor: float,
) -> Aggregation:
    """Check the columns and add them up."""
    disclosed = is_disclosed(margins)
    summed = tuple(values.values())
    made = [*summed, *(v + ex.UNKNOWN for v in summed), *([count] if count else [])]
    check_distinct([*keys.values(), *made])
    opened.require(keys, values)
    lazy = ex.sums(
        opened.lazy,
        opened.schema,
        keys=tuple(keys.values()),
        values=summed,
        count=count,
        disclosed=disclosed,
        floor=floor,
    )
    return Aggregation(lazy, tuple(keys.values()), summed, opened.kind)


def opened_frame(frame: IntoFrame | Aggregation) -> Opened:
    """Open a frame, or take an aggregation's own."""
    if isinstance(frame, Aggregation):
        return Opened(frame.held, dict(frame.held.collect_schema()), frame.kind)
    return open_frame(frame)


def is_disclosed(margins: str) -> bool:
    """Check the option and give it as a flag."""
    return check_choice("margins", margins, ("complete", "disclosed")) == "disclosed"


def labels_of(**columns: str | None) -> dict[str, str]:
    """Leave out the labels that are not there."""
    return {name: column for name, column in columns.items() if column is not None}


def names_of(argument: str, names: str | Sequence[str]) -> dict[str, str]:
    """Give one name or several with the place in the argument that named them."""
    if isinstance(names, str):
        return {argument: names}
    listed = list(names)
    bad = [n for n in listed if not isinstance(n, str)]
    if bad:
        msg = f"{argument}={names!r} must be names of columns; {bad[0]!r} is none."
        raise OptionError(msg)
    return {f"{argument}[{i}]": name for i, name in enumerate(listed)}


def check_distinct(names: Sequence[str]) -> None:
    """Refuse a result with two columns of one name."""
    twice = sorted({n for n in names if list(names).count(n) > 1})
    if twice:
        msg = (
            f"The columns {twice} would stand twice in the result. Rename a column of the "
            "input or choose another name."
        )
        raise OptionError(msg)
