"""One result for a table of several periods: the result of each, under its key."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.frames import as_text, frame_kind, from_arrow, to_arrow
from agglo.core.results import ColumnData, Provenance, Result, Undefined
from agglo.core.tables import RegionActivity
from agglo.core.tables._columns import select_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import IntoFrame

__all__ = ["PeriodResults", "by_period", "rows_of_period"]

_PERIOD = "period"

ResultT = TypeVar("ResultT", bound=Result)
GivenT = TypeVar("GivenT")
FunctionT = TypeVar("FunctionT", bound=Callable[..., Result])


@dataclass(frozen=True, eq=False, kw_only=True)
class PeriodResults(Result, Generic[ResultT]):
    """The results of several periods, each measured by itself.

    What a function of this area gives for a table of several periods. It can be handed to
    the next function in place of a result: that one then answers for every period.

    Parameters
    ----------
    period
        Keys, in the order of their text.
    results
        One result per key.
    """

    period: tuple[str, ...]
    results: tuple[ResultT, ...]

    def __getitem__(self, period: str) -> ResultT:
        """Give the result of one period."""
        if str(period) not in self.period:
            msg = f"There is no period {period!r}; there are {list(self.period)}."
            raise OptionError(msg)
        return self.results[self.period.index(str(period))]

    def items(self) -> Iterator[tuple[str, ResultT]]:
        """Give pairs of period and result."""
        return zip(self.period, self.results, strict=True)

    def columns(self) -> Mapping[str, ColumnData]:
        """Give the rows of every period under each other, `period` first."""
        parts = []
        for key, result in self.items():
            rows = result.to_arrow()
            words = pa.array([key] * rows.num_rows, pa.string())
            parts.append(rows.add_column(0, _PERIOD, words))
        # periods may lack a column, or have it empty
        whole = pa.concat_tables(parts, promote_options="permissive")
        return {name: whole[name] for name in whole.column_names}

    def summary(self) -> str:
        """Give the summary of every period."""
        kind = type(self.results[0]).__name__
        first = f"{kind} of {len(self.period)} periods, each by itself"
        return "\n".join([first, *(f"{k}: {r.summary()}" for k, r in self.items())])

    def _draw(self, ax: Axes) -> None:
        self.results[-1].plot(ax)
        ax.set_title(self.period[-1])


def by_period(function: FunctionT) -> FunctionT:
    """Let a function of one table answer for every period of a table of several.

    Types go on saying the result of one period, since only the data can tell.

    Parameters
    ----------
    function
        Takes the table, or a result, first. With a parameter `period` it reads frames: a
        frame of several periods is taken apart by its column ``"period"`` unless one is
        asked for. Any argument may be a `PeriodResults`; all need the same keys.

    Returns
    -------
    callable
        The same function, which gives `PeriodResults` where there are several periods.
    """
    reads = _PERIOD in inspect.signature(function).parameters
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def answered(*args: object, **kwargs: object) -> Result:
        apart: dict[str, object] = {}
        if reads and args and kwargs.get(_PERIOD) is None:
            apart = _apart(args[0], kwargs)
        keyed = [v for v in (*args, *kwargs.values()) if isinstance(v, PeriodResults)]
        keys = tuple(apart) or (keyed[0].period if keyed else ())
        if not keys:
            return function(*args, **kwargs)
        for one in keyed:
            if one.period != keys:
                msg = f"Periods {list(one.period)} do not fit periods {list(keys)}."
                raise AlignmentError(msg)
        results = []
        for key in keys:
            given = [_of(a, key) for a in args]
            given[:1] = [apart[key]] if apart else given[:1]
            results.append(
                function(*given, **{n: _of(v, key) for n, v in kwargs.items()})
            )
        return _together(name, keys, tuple(results))

    return cast("FunctionT", answered)


def rows_of_period(data: GivenT, period: str | None) -> GivenT:
    """Give the rows of one period of a frame; anything else, and no period, as it is."""
    if period is None or isinstance(data, (Result, RegionActivity)):
        return data
    frame = cast("IntoFrame", data)
    rows = select_rows(to_arrow(frame), {_PERIOD: str(period)}, where="data")
    return cast("GivenT", from_arrow(rows, frame_kind(frame)))


def _of(value: object, key: str) -> object:
    return value[key] if isinstance(value, PeriodResults) else value


def _apart(data: object, kwargs: Mapping[str, object]) -> dict[str, object]:
    """Give the rows of every period of a frame; empty with fewer than two periods."""
    keys = {kwargs.get("region", "region"), kwargs.get("activity", "industry")}
    if isinstance(data, (Result, RegionActivity)) or _PERIOD in keys:
        return {}
    frame = cast("IntoFrame", data)
    table = to_arrow(frame)
    if _PERIOD not in table.column_names:
        return {}
    words = pc.fill_null(as_text(table[_PERIOD]), "None")
    found = sorted(words.unique().to_pylist())
    if len(found) < 2:
        return {}
    kind = frame_kind(frame)
    return {key: from_arrow(table.filter(pc.equal(words, key)), kind) for key in found}


def _together(
    name: str, keys: tuple[str, ...], results: tuple[Result, ...]
) -> PeriodResults[Result]:
    return PeriodResults(
        provenance=Provenance.of(
            name,
            *(r.provenance.input_digest for r in results),
            parameters={
                "periods": list(keys),
                "of_each": [dict(r.provenance.parameters) for r in results],
            },
            seed=results[0].provenance.seed,
            warnings=[
                f"{k}: {w}"
                for k, r in zip(keys, results, strict=True)
                for w in r.provenance.warnings
            ],
        ),
        frame_kind=results[0].frame_kind,
        undefined=tuple(
            Undefined(
                reason=f"{k}: {u.reason}",
                region=u.region,
                activity=u.activity,
                item=u.item,
                n=u.n,
            )
            for k, r in zip(keys, results, strict=True)
            for u in r.undefined
        ),
        period=keys,
        results=results,
    )
