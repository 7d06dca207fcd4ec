"""The seam between the engines and the expressions: open a frame, hold a step.

This is the only place that knows the name of an engine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import narwhals as nw
import pyarrow as pa
from narwhals.typing import IntoLazyFrame

from agglo.core.errors import InvalidTableError, Problem, StoreError
from agglo.core.frames import frame_kind, require_columns

if TYPE_CHECKING:
    import duckdb

    from agglo.core.typing import FrameKind, IntoFrame

Lazy: TypeAlias = "nw.LazyFrame[IntoLazyFrame]"

_KEY_TYPES = (nw.String, nw.Categorical, nw.Enum, nw.Boolean, nw.Date, nw.Datetime)


@dataclass(frozen=True, slots=True)
class Opened:
    """A frame ready for lazy expressions, with the types of its columns."""

    lazy: Lazy
    schema: Mapping[str, nw.dtypes.DType]
    kind: FrameKind

    def require(self, keys: Mapping[str, str], values: Mapping[str, str]) -> None:
        """Refuse absent columns, then keys and values of unfit types, all at once."""
        head = columns_only(self.schema)
        require_columns(head, {**keys, **values}, where="frame")
        problems = [
            _wrong_type(name, self.schema[name], "labels", "text or whole numbers")
            for name in keys.values()
            if not _is_key(self.schema[name])
        ]
        problems += [
            _wrong_type(name, self.schema[name], "numbers", "numbers; unknown is null")
            for name in values.values()
            if not (self.schema[name].is_numeric() or self.schema[name] == nw.Unknown)
        ]
        if problems:
            msg = f"`frame` has {len(problems)} columns of the wrong type."
            raise InvalidTableError(msg, problems)


def columns_only(names: Iterable[str]) -> pa.Table:
    """Give a table of these columns without rows."""
    # empty_table() would do, but imports pandas where it is installed
    return pa.Table.from_batches([], pa.schema([(name, pa.null()) for name in names]))


def open_frame(frame: IntoFrame) -> Opened:
    """Make any frame lazy without reading or changing it."""
    try:
        known = nw.from_native(frame, pass_through=False)
        lazy = known.lazy() if isinstance(known, nw.DataFrame) else known
        schema = lazy.collect_schema()
    except TypeError as error:
        msg = (
            f"`frame` is a {type(frame).__name__}, not a data frame. Pass a pandas, "
            "polars or pyarrow frame, a DuckDB relation or a Spark frame."
        )
        raise InvalidTableError(msg) from error
    except nw.exceptions.DuplicateError as error:
        msg = f"`frame` has two columns of the same name: {error}"
        raise InvalidTableError(msg) from error
    return Opened(cast("Lazy", lazy), dict(schema), frame_kind(frame))


def hold(lazy: Lazy) -> Lazy:
    """Compute a step once where later steps would compute it again.

    pandas and pyarrow have computed it already; polars and Spark recognise a repeated
    part of a plan. DuckDB runs a relation again at every use. Steps that read a held
    relation twice read it directly: DuckDB 2.0 takes half a minute to plan a shared
    projection over a million held rows.
    """
    if not lazy.implementation.is_duckdb():
        return lazy
    relation = cast("duckdb.DuckDBPyRelation", lazy.to_native())
    with _duckdb_errors():
        return cast("Lazy", nw.from_native(relation.materialize()))


def collect(lazy: Lazy) -> pa.Table:
    """Run the expressions."""
    errors = (
        _duckdb_errors if lazy.implementation.is_duckdb() else contextlib.nullcontext
    )
    with errors():
        table: pa.Table = lazy.collect("pyarrow").to_native()
    # a sorted pandas frame brings its index along
    return table.select(lazy.collect_schema().names())


@contextlib.contextmanager
def _duckdb_errors() -> Iterator[None]:
    import duckdb  # what needs it has it

    try:
        yield
    except duckdb.Error as error:
        spent = isinstance(error, duckdb.OutOfMemoryException)
        raise _query_error(str(error), spent) from error


def _query_error(text: str, spent: bool) -> StoreError:
    first = text.strip().splitlines()[0]
    if spent:
        problem = Problem(
            code="out_of_memory",
            what=first,
            where="frame",
            fix="raise memory_gb of Catalog.connect, or give its spill folder more space",
        )
    else:
        problem = Problem(
            code="query_failed",
            what=first,
            where="frame",
            fix="check the files behind the relation and that its connection is open",
        )
    return StoreError("DuckDB could not compute the table.", [problem])


def _is_key(dtype: nw.dtypes.DType) -> bool:
    return bool(dtype.is_integer()) or isinstance(dtype, _KEY_TYPES)


def _wrong_type(name: str, dtype: nw.dtypes.DType, role: str, fix: str) -> Problem:
    return Problem(
        code="wrong_type",
        what=f"column '{name}' holds {dtype}, which are no {role}",
        where="frame",
        column=name,
        fix=f"convert it to {fix}",
    )
