"""Spatial weights between areas that touch."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array

from agglo.core.frames import require_columns, string_column, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.rings import rings_of
from agglo.core.typing import FloatArray, IntArray, IntoDataFrame
from agglo.core.weights import SpatialWeights

__all__ = ["build_contiguity"]


def build_contiguity(
    boundaries: IntoDataFrame, *, rule: str = "queen", tolerance: float = 1e-6
) -> SpatialWeights:
    """Make neighbours of areas whose borders touch.

    Parameters
    ----------
    boundaries
        The table ``boundaries``: one row per ring, columns ``boundary`` (id of the area)
        and ``coordinates`` (longitude and latitude, or x and y, point after point).
    rule
        ``"queen"``: a common corner is enough; ``"rook"``: a common edge is needed.
    tolerance
        Corners nearer than this, in units of the coordinates, are one corner. Borders
        that follow each other without common corners are not found: mend such data first.

    Returns
    -------
    SpatialWeights
        Symmetric, weight 1 per neighbour; areas without one are listed as islands.

    Raises
    ------
    InvalidTableError
        ``bad_coordinates`` with every ring that is no list of pairs of numbers.
    OptionError
        For another rule or a tolerance that is not positive.
    ColumnNotFoundError
        If a column is missing.

    Notes
    -----
    Sorts corners (queen) or edges (rook): O(n log n) in the number of corners, plus the
    pairs that meet. Anselin (1988), doi:10.1007/978-94-015-7799-1, section 3.1.

    Examples
    --------
    >>> import agglo as ag
    >>> import pyarrow as pa
    >>> square = "0 0 1 0 1 1 0 1 0 0"
    >>> right, corner = "1 0 2 0 2 1 1 1 1 0", "1 1 2 2 1 2 1 1"
    >>> areas = pa.table(
    ...     {"boundary": ["a", "b", "c"], "coordinates": [square, right, corner]}
    ... )
    >>> ag.build_contiguity(areas).matrix.nnz, ag.build_contiguity(areas, rule="rook").matrix.nnz
    (6, 2)
    """
    check_choice("rule", rule, ("queen", "rook"))
    check_number("tolerance", tolerance, minimum=0, open_ends=True)
    table = to_arrow(boundaries, where="boundaries")
    needed = {"boundary": "boundary", "coordinates": "coordinates"}
    require_columns(table, needed, where="boundaries")
    labels, area = np.unique(
        string_column(table, "boundary").astype(str), return_inverse=True
    )
    rings = rings_of(string_column(table, "coordinates").astype(str).tolist())
    points = np.concatenate(rings) if rings else np.empty((0, 2))
    owner = np.repeat(area, [len(r) for r in rings])
    corner = _corners(points, tolerance)
    if rule == "queen":
        key, who = corner, owner
    else:
        follows = np.ones(len(points), bool)
        ends = np.cumsum([len(r) for r in rings]) - 1
        follows[ends] = False  # the last point of a ring starts no edge
        start = np.flatnonzero(follows)
        edge = np.sort(np.stack([corner[start], corner[start + 1]], axis=1), axis=1)
        real = edge[:, 0] != edge[:, 1]
        key = np.unique(edge[real], axis=0, return_inverse=True)[1].ravel()
        who = owner[start][real]
    matrix = _meeting(key, who, labels.size)
    return SpatialWeights.from_matrix(matrix, labels, kind=f"{rule} contiguity")


def _corners(points: FloatArray, tolerance: float) -> IntArray:
    """Give each corner a number; points on the same knot of a grid share one."""
    knot = np.rint(points / tolerance).astype(np.int64)
    found: IntArray = np.unique(knot, axis=0, return_inverse=True)[1].ravel()
    return found


def _meeting(key: IntArray, who: IntArray, n: int) -> csr_array:
    """Mark the pairs of areas that share a key."""
    n_keys = int(key.max()) + 1 if key.size else 0
    incidence = coo_array((np.ones(key.size), (who, key)), shape=(n, n_keys)).tocsr()
    incidence.data[:] = 1.0
    together = (incidence @ incidence.T).tocoo()
    apart = together.row != together.col
    ones = np.ones(int(apart.sum()))
    return coo_array((ones, (together.row[apart], together.col[apart])), (n, n)).tocsr()
