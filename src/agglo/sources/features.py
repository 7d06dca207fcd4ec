"""A region as a file of outlines has it: id, properties, polygons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agglo.core.errors import Problem, SourceError

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json

__all__ = ["Feature", "refused"]

_FIX = "use GeoJSON, TopoJSON, GeoParquet or a shapefile with polygons"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One region of a file.

    Parameters
    ----------
    id
        Its own id; ``None`` where the file format has none.
    properties
        Its attributes.
    polygons
        Rings of each polygon, outline first.
    """

    id: str | None
    properties: dict[str, Json]
    polygons: list[list[FloatArray]]


def refused(name: str, code: str, what: str, fix: str = "") -> SourceError:
    """Make the error of a file of outlines that cannot be read.

    Parameters
    ----------
    name
        Name of the file.
    code
        Code of the problem.
    what
        What is wrong.
    fix
        A way out.

    Returns
    -------
    SourceError
        To be raised.
    """
    problem = Problem(code=code, what=what, where=name, fix=fix or _FIX)
    return SourceError(f"Cannot read {name}: {what}.", [problem])
