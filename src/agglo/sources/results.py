"""What a reader gives back: a table of the core schema, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agglo.core.frames import from_arrow

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.core.errors import Problem
    from agglo.core.typing import FrameKind, Json

__all__ = ["Origin", "SourceTable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a table comes from and what may be done with it.

    Parameters
    ----------
    title
        Title of the data set.
    publisher
        Who publishes it.
    licence
        Terms of use as far as the publisher states them.
    citation
        How to cite it.
    files
        ``(file name, sha256)`` of every file read, compressed bytes as they lie on disk.
    """

    title: str
    publisher: str
    licence: str
    citation: str
    files: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Json]:
        """Give the fields as plain values."""
        return {
            "title": self.title,
            "publisher": self.publisher,
            "licence": self.licence,
            "citation": self.citation,
            "files": [{"name": name, "sha256": digest} for name, digest in self.files],
        }


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
