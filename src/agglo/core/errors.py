"""The error tree: what went wrong, where, and what to do, all problems at once.

::

    AggloError
    ├── InvalidTableError       keys, values, empty tables, coordinates
    ├── ColumnNotFoundError     (KeyError) a named column is not there
    ├── AlignmentError          labels, shapes, unknown ids
    ├── OptionError             (ValueError) an option has a value it cannot have
    ├── ConvergenceError        an iteration did not settle
    ├── NotIdentifiedError      collinear, degenerate, infeasible, too few periods
    ├── MissingExtraError       (ImportError) an optional dependency is absent
    ├── SourceError             a file cannot be read as what it should be
    ├── StoreError              a table cannot be written or read back
    └── RunError                a project or one of its steps failed
    AggloWarning
    ├── DataWarning             the data are usable but odd
    └── NumericsWarning         the number is defined but fragile
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

__all__ = [
    "AggloError",
    "AggloWarning",
    "AlignmentError",
    "ColumnNotFoundError",
    "ConvergenceError",
    "DataWarning",
    "InvalidTableError",
    "MissingExtraError",
    "NotIdentifiedError",
    "NumericsWarning",
    "OptionError",
    "Problem",
    "RunError",
    "SourceError",
    "StoreError",
    "suggest",
]

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, where it is, and how to mend it.

    Parameters
    ----------
    code
        Stable problem code, for example ``"duplicate_key"``.
    what
        One sentence: what is wrong.
    where
        File, table or argument; empty when the message names it.
    rows
        First row numbers (1-based data rows) that show the problem.
    n_rows
        How many rows show it in total.
    column
        Column concerned, empty when none.
    fix
        What to do about it.
    """

    code: str
    what: str
    where: str = ""
    rows: tuple[int, ...] = ()
    n_rows: int = 0
    column: str = ""
    fix: str = ""

    def __str__(self) -> str:
        """Render as one line: where, what, rows, fix."""
        parts = [f"[{self.code}] "]
        if self.where:
            parts.append(f"{self.where}: ")
        parts.append(self.what)
        if self.rows:
            listed = ", ".join(str(r) for r in self.rows[:5])
            more = ", …" if self.n_rows > len(self.rows[:5]) else ""
            parts.append(f" (rows {listed}{more}; {self.n_rows} in total)")
        if self.fix:
            parts.append(f" → {self.fix}")
        return "".join(parts)

    def to_dict(self) -> dict[str, object]:
        """Give the fields as plain values."""
        out = asdict(self)
        out["rows"] = list(self.rows)
        return out


class AggloError(Exception):
    """Base of every error that agglo raises on purpose.

    Parameters
    ----------
    message
        What happened, in one sentence.
    problems
        Every problem found in the same pass.
    """

    exit_code = 1

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        self.message = message
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(message)

    def __str__(self) -> str:
        """Give the message followed by one line per problem."""
        if not self.problems:
            return self.message
        lines = [self.message]
        lines += [f"  {i}. {p}" for i, p in enumerate(self.problems[:_SHOWN], 1)]
        if len(self.problems) > _SHOWN:
            lines.append(f"  … and {len(self.problems) - _SHOWN} more")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep message and problems when a worker process sends the error back."""
        return _rebuild, (type(self), self.message, self.problems)

    def to_dict(self) -> dict[str, object]:
        """Give class, message and problems as plain values."""
        return {
            "error": type(self).__name__,
            "message": self.message,
            "problems": [p.to_dict() for p in self.problems],
        }


def _rebuild(
    kind: type[AggloError], message: str, problems: tuple[Problem, ...]
) -> AggloError:
    error = kind.__new__(kind)
    AggloError.__init__(error, message, problems)
    return error


class InvalidTableError(AggloError):
    """A table breaks its schema: keys, values, emptiness, coordinates."""

    exit_code = 3


class ColumnNotFoundError(AggloError, KeyError):
    """A named column is not in the table."""

    exit_code = 3


class AlignmentError(AggloError):
    """Labels, shapes or ids of two inputs do not fit together."""

    exit_code = 3


class OptionError(AggloError, ValueError):
    """An option has a value it cannot have."""

    exit_code = 2


class ConvergenceError(AggloError):
    """An iteration did not settle."""

    exit_code = 4


class NotIdentifiedError(AggloError):
    """The data cannot tell the quantity asked for."""

    exit_code = 4


class MissingExtraError(AggloError, ImportError):
    """An optional dependency is absent.

    Parameters
    ----------
    package
        The package that could not be imported.
    extra
        The extra of agglo that brings it.
    purpose
        What it is needed for.
    """

    exit_code = 5

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package `{package}`, which is not installed. "
            f"Install it with: pip install 'agglo[{extra}]'"
        )


class SourceError(AggloError):
    """A file cannot be read as what it should be."""

    exit_code = 3


class StoreError(AggloError):
    """A table or file cannot be written or read back."""

    exit_code = 6


class RunError(AggloError):
    """A project or one of its steps failed."""

    exit_code = 7


class AggloWarning(UserWarning):
    """Base of every warning that agglo gives."""


class DataWarning(AggloWarning):
    """The data are usable but odd."""


class NumericsWarning(AggloWarning):
    """The number is defined but fragile."""


def suggest(word: str, known: Sequence[str]) -> str:
    """Say which known word was probably meant.

    Parameters
    ----------
    word
        What was written.
    known
        What could have been written.

    Returns
    -------
    str
        ``"Did you mean 'x'?"`` or an empty string.

    Examples
    --------
    >>> suggest("employmnt", ["employment", "region"])
    "Did you mean 'employment'?"
    """
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if not close:
        lower = {k.lower(): k for k in known}
        hit = lower.get(word.lower())
        return f"Did you mean '{hit}'?" if hit else ""
    return f"Did you mean '{close[0]}'?"
