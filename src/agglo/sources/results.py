"""What a reader gives back: a table of the core schema, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agglo.core.frames import from_arrow
from agglo.core.origin import Origin

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.core.errors import Problem
    from agglo.core.typing import FrameKind

__all__ = ["Origin", "SourceTable"]


@dataclass(frozen=True, eq=False, kw_only=True)
class SourceTable:
    """One table read from files, in the columns of the core schema.

    Parameters
    ----------
    table
        Name of the table in :data:`agglo.core.schema.SCHEMAS`.
    data
        The rows.
    origin
        Title, publisher, licence, citation and files.
    repairs
        What was mended while reading, for example lost leading zeros.
    notes
        What a reader of the numbers should know, for example suppressed cells.
    """

    table: str
    data: pa.Table
    origin: Origin
    repairs: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.data.num_rows)

    def to_frame(self, kind: FrameKind | None = None) -> object:
        """Give the rows as a frame, pyarrow unless another kind is asked for."""
        return from_arrow(self.data, kind or "pyarrow")

    def summary(self) -> str:
        """Say in a few lines what was read, mended and noted."""
        lines = [f"{self.table}: {self.n_rows:,} rows from {self.origin.title}"]
        lines += [
            f"  file {name} sha256 {digest[:12]}" for name, digest in self.origin.files
        ]
        lines += [f"  repaired {p}" for p in self.repairs]
        lines += [f"  note {p}" for p in self.notes]
        return "\n".join(lines)
