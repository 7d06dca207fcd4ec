"""Where a table comes from and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agglo.core.typing import Json

__all__ = ["Origin"]


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

    title: str = ""
    publisher: str = ""
    licence: str = ""
    citation: str = ""
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
