"""A small call of a public measure, and frames of the three kinds to make it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from agglo.core.errors import AggloError, OptionError

Columns = Mapping[str, list]
KINDS = ("pandas", "polars", "pyarrow")


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A value that an option cannot have, and the error it must give."""

    value: object
    error: type[AggloError] = OptionError
    says: str = ""  # part of the message; default the option's name


@dataclass(frozen=True, kw_only=True)
class Case:
    """A small valid call.

    `data` are the positional arguments: columns become a frame, a function is called with the
    kind of frame (for measures of a result), anything else stays. `columns`
    are the options that name a column of the first frame. `wrong` has a value that must be
    refused for every other option; `free` says why an option has no such value, `ordered` why
    the order of rows matters.
    """

    data: tuple[object, ...]
    options: Mapping[str, object] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    wrong: Mapping[str, Wrong] = field(default_factory=dict)
    free: Mapping[str, str] = field(default_factory=dict)
    ordered: str = ""

    def arguments(self, kind: str) -> list[object]:
        """Positional arguments with frames of one kind."""
        return [_argument(d, kind) for d in self.data]

    def run(self, function: Callable[..., object], kind: str = "pyarrow") -> object:
        """Call with frames of one kind."""
        return function(*self.arguments(kind), **self.options)


def _argument(given: object, kind: str) -> object:
    if callable(given):
        return given(kind)
    return frame(given, kind) if isinstance(given, Mapping) else given


def frame(columns: Columns, kind: str) -> object:
    """A frame of the given kind."""
    if kind == "pandas":
        import pandas as pd

        return pd.DataFrame(dict(columns))
    if kind == "polars":
        import polars as pl

        return pl.DataFrame(dict(columns))
    return pa.table(dict(columns))
