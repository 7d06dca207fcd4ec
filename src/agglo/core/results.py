"""What every result has in common: values, reasons for what is undefined, provenance.

A result is a frozen dataclass derived from :class:`Result`. It says its tidy columns, its
summary and how it is drawn; frames, dictionaries and figures follow from these.
"""

from __future__ import annotations

import hashlib
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa

from agglo.core.errors import NotIdentifiedError, Problem
from agglo.core.frames import from_arrow
from agglo.core.options import check_choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FrameKind, Json

__all__ = [
    "ColumnData",
    "Provenance",
    "Result",
    "Undefined",
    "digest_of",
    "frozen_array",
    "to_json",
    "version",
]

ColumnData: TypeAlias = (
    "NDArray[np.generic] | pa.Array | pa.ChunkedArray | Sequence[object]"
)

ScalarT = TypeVar("ScalarT", bound=np.generic)

SCHEMA_VERSION = 1
_INLINE = 64


@cache
def version() -> str:
    """Give the version of the installed library.

    Returns
    -------
    str
        For example ``"0.1.0"``; ``"unknown"`` when run from a tree that is not installed.
    """
    try:
        return metadata.version("agglo")
    except metadata.PackageNotFoundError:
        return "unknown"


def frozen_array(values: NDArray[ScalarT]) -> NDArray[ScalarT]:
    """Give a read-only array that no later change of `values` can reach.

    Parameters
    ----------
    values
        Any array.

    Returns
    -------
    numpy.ndarray
        Read-only; the same object when `values` already is read-only and owns its data.
    """
    if values.base is None and not values.flags.writeable:
        return values
    array = values.copy()
    array.setflags(write=False)
    return array


def digest_of(*parts: object) -> str:
    """Hash arrays, tables, text and plain values into one hexadecimal digest.

    Objects that carry a ``digest`` attribute are represented by it, so that a table is
    hashed once.

    Parameters
    ----------
    *parts
        What to hash, in order.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    hasher = hashlib.sha256()
    for part in parts:
        _feed(hasher.update, part)
    return hasher.hexdigest()


def _feed(update: Callable[[bytes], None], part: object) -> None:
    known = getattr(part, "digest", None)
    if isinstance(known, str):
        update(b"d" + known.encode())
    elif isinstance(part, np.ndarray):
        update(f"a{part.dtype.kind}{part.shape}".encode())
        if part.dtype.kind in "OUS":
            update("\x1f".join(map(str, part.ravel().tolist())).encode())
        else:
            update(np.ascontiguousarray(part).tobytes())
    elif isinstance(part, pa.Table):
        for name in part.column_names:
            update(b"c" + name.encode())
            _feed(update, part[name].to_numpy())
    else:
        update(b"j" + json.dumps(to_json(part), sort_keys=True).encode())


def to_json(value: object) -> Json:
    """Turn a parameter into plain JSON values; NaN and infinities become ``None``.

    Parameters
    ----------
    value
        Number, text, sequence, mapping, dataclass, array or object.

    Returns
    -------
    None, bool, int, float, str, list or dict
        Long arrays are represented by shape and digest.
    """
    if isinstance(value, np.ndarray):
        if value.size > _INLINE:
            return {"shape": list(value.shape), "digest": digest_of(value)}
        return to_json(value.tolist())
    if isinstance(value, Mapping):
        return {str(k): to_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return [to_json(v) for v in sorted(value, key=str)]
    return _scalar_to_json(value)


def _scalar_to_json(value: object) -> Json:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float):
        return plain if math.isfinite(plain) else None
    if plain is None or isinstance(plain, (bool, int, str)):
        return plain
    return _object_to_json(plain)


def _object_to_json(value: object) -> Json:
    kind = type(value).__name__
    known = getattr(value, "digest", None)
    if isinstance(known, str):
        return {"type": kind, "digest": known}
    if is_dataclass(value) and not isinstance(value, type):
        body = {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
        return {"type": kind, **body}
    name = getattr(value, "__qualname__", kind)
    return str(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undefined:
    """Values that do not exist, and why.

    Parameters
    ----------
    reason
        Why the value is undefined, in one clause.
    region, activity
        What it concerns; empty means every one.
    item
        Other label, for example a pair or a statistic; empty when none.
    n
        How many values this stands for.
    """

    reason: str
    region: str = ""
    activity: str = ""
    item: str = ""
    n: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a number comes from.

    Parameters
    ----------
    function
        Dotted name of the public function.
    parameters
        Its options as plain values.
    version
        Version of agglo.
    input_digest
        SHA-256 over the inputs.
    seed
        Seed or drawn entropy; ``None`` when nothing is random.
    warnings
        What the user should know.
    """

    function: str
    parameters: Mapping[str, Json]
    version: str
    input_digest: str
    seed: int | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        function: Callable[..., object] | str,
        *inputs: object,
        parameters: Mapping[str, object] | None = None,
        seed: int | None = None,
        warnings: Sequence[str] = (),
    ) -> Provenance:
        """Record a call.

        Parameters
        ----------
        function
            The public function or its dotted name.
        *inputs
            Tables, arrays or values that went in; their `notes`, where they have some,
            become remarks.
        parameters
            Options of the call.
        seed
            Seed or entropy used.
        warnings
            Remarks for the user.

        Returns
        -------
        Provenance
            The record.
        """
        if not isinstance(function, str):
            function = f"{function.__module__}.{function.__qualname__}"
        # what a table of points says of itself travels with every number made from it
        said = [n for part in inputs for n in getattr(part, "notes", ())]
        plain = {k: to_json(v) for k, v in (parameters or {}).items()}
        return cls(
            function=function,
            parameters=plain,
            version=version(),
            input_digest=digest_of(*inputs),
            seed=seed,
            warnings=tuple(dict.fromkeys([*warnings, *said])),
        )

    def to_dict(self) -> dict[str, Json]:
        """Give the record as plain values."""
        return {
            "function": self.function,
            "parameters": dict(self.parameters),
            "version": self.version,
            "input_digest": self.input_digest,
            # JSON numbers end at 2**53 in many readers; a drawn entropy has 128 bits
            "seed": None if self.seed is None else str(self.seed),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Result(ABC):
    """Base of every result: tidy columns, summary, figure, provenance.

    Parameters
    ----------
    provenance
        Where the numbers come from.
    frame_kind
        Kind of frame the caller came with.
    undefined
        Reasons of the values that are NaN.
    """

    provenance: Provenance
    frame_kind: FrameKind = "pyarrow"
    undefined: tuple[Undefined, ...] = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Keep the short repr: the one that dataclass would add prints whole arrays."""
        super().__init_subclass__(**kwargs)
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    @abstractmethod
    def columns(self) -> Mapping[str, ColumnData]:
        """Give the tidy columns, all of one length."""

    @abstractmethod
    def summary(self) -> str:
        """Give n, method, estimate with its uncertainty, caveats and source as text."""

    @abstractmethod
    def _draw(self, ax: Axes) -> None:
        """Draw the result on `ax`."""

    def to_arrow(self) -> pa.Table:
        """Give the tidy columns as a pyarrow table; undefined numbers are NaN."""
        return pa.table({k: _to_array(v) for k, v in self.columns().items()})

    def to_frame(self, kind: FrameKind | None = None) -> object:
        """Give the tidy columns as a frame.

        Parameters
        ----------
        kind
            ``"pandas"``, ``"polars"`` or ``"pyarrow"``; default the caller's own kind.

        Returns
        -------
        object
            A native frame.
        """
        return from_arrow(self.to_arrow(), kind or self.frame_kind)

    def to_dict(self) -> dict[str, Json]:
        """Give plain numbers, text and lists; undefined numbers are ``None``."""
        table = self.to_arrow()
        columns = {n: to_json(table[n].to_pylist()) for n in table.column_names}
        return {
            "schema_version": SCHEMA_VERSION,
            "type": type(self).__name__,
            "columns": columns,
            "undefined": [
                {f.name: to_json(getattr(u, f.name)) for f in fields(u)}
                for u in self.undefined
            ],
            "provenance": self.provenance.to_dict(),
            "summary": self.summary(),
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the result.

        Parameters
        ----------
        ax
            Matplotlib axes; a new figure when absent.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.
        """
        if ax is None:
            from matplotlib.figure import Figure

            ax = Figure(figsize=(7, 4.5), layout="constrained").subplots()
        self._draw(ax)
        return ax

    def checked(self, errors: Literal["nan", "raise"] = "raise") -> Self:
        """Give the result as it is, or refuse it where a value is undefined.

        Parameters
        ----------
        errors
            ``"nan"``: undefined values stay NaN with their reason; ``"raise"``: they are
            an error.

        Returns
        -------
        Result
            This result.

        Raises
        ------
        NotIdentifiedError
            Listing every reason, with ``errors="raise"``.
        """
        check_choice("errors", errors, ("nan", "raise"))
        if errors == "raise" and self.undefined:
            n = sum(u.n for u in self.undefined)
            msg = f"{n} values of {type(self).__name__} are undefined."
            raise NotIdentifiedError(msg, [_as_problem(u) for u in self.undefined])
        return self

    def __repr__(self) -> str:
        """Show the type and the first line of the summary."""
        first = self.summary().splitlines()[0]
        return f"<{type(self).__name__}: {first}>"


def _as_problem(one: Undefined) -> Problem:
    where = ", ".join(p for p in (one.region, one.activity, one.item) if p)
    fix = "pass errors='nan' to keep NaN with this reason"
    return Problem(
        code="undefined", what=one.reason, where=where, n_rows=one.n, fix=fix
    )


def _to_array(values: ColumnData) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    array = np.asarray(values)
    if array.dtype.kind in "US":
        return pa.array(array.tolist(), type=pa.string())
    return pa.array(array, from_pandas=False)
