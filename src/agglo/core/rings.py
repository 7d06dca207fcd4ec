"""Rings of outlines, read from the texts they are kept as in the table of boundaries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.typing import FloatArray

__all__ = ["rings_of"]

_LEAST = 4  # points of a closed ring
_LISTED = 20


def rings_of(
    texts: Sequence[str], *, where: str = "boundaries", degrees: bool = False
) -> list[FloatArray]:
    """Read rings of outlines, each a text ``x y x y ...``.

    Parameters
    ----------
    texts
        One text per ring; numbers stand between spaces or commas.
    where
        Table that is named when a ring cannot be read.
    degrees
        Whether coordinates must be longitudes and latitudes.

    Returns
    -------
    list of numpy.ndarray
        Shape (points, 2) each, in the order of `texts`; closed: the first point stands
        again at the end, put there where it was missing.

    Raises
    ------
    InvalidTableError
        ``bad_coordinates`` with every ring that is no list of at least three points, or,
        with `degrees`, leaves the longitudes and latitudes.

    Examples
    --------
    >>> rings_of(["0 0 1 0 1 1"])[0].tolist()
    [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    """
    found = [_ring(text) for text in texts]
    good = [r for r in found if r is not None and (not degrees or _on_earth(r))]
    if len(good) < len(found):
        bad = [
            row
            for row, ring in enumerate(found, 1)
            if ring is None or (degrees and not _on_earth(ring))
        ]
        raise _refused(bad, where, degrees=degrees)
    return good


def _ring(text: str) -> FloatArray | None:
    try:
        flat = np.array(text.replace(",", " ").split(), np.float64)
    except ValueError:
        return None
    if flat.size % 2 or not np.isfinite(flat).all():
        return None
    ring = flat.reshape(-1, 2)
    if len(ring) and (ring[0] != ring[-1]).any():
        ring = np.vstack([ring, ring[:1]])
    return ring if len(ring) >= _LEAST else None


def _on_earth(ring: FloatArray) -> bool:
    lon, lat = np.abs(ring).max(axis=0)
    return bool(lon <= 180.0 and lat <= 90.0)


def _refused(bad: list[int], where: str, *, degrees: bool) -> InvalidTableError:
    what = "a ring is no list of at least three pairs of numbers"
    fix = "write x y x y ..., point after point"
    if degrees:
        what += ", longitude (-180 to 180) before latitude (-90 to 90)"
        fix = "import the file with `agglo import boundaries`"
    problem = Problem(
        code="bad_coordinates",
        what=what,
        where=where,
        column="coordinates",
        rows=tuple(bad[:_LISTED]),
        n_rows=len(bad),
        fix=fix,
    )
    msg = "The boundaries cannot be read."
    return InvalidTableError(msg, [problem])
