"""Weights from positions in degrees or kilometres, ready for a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import InvalidTableError
from agglo.core.options import check_choice, check_number
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Coordinates, distance_matrix

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["DistanceKind", "distance_weights"]

DistanceKind: TypeAlias = Literal["knn", "inverse_distance", "band"]


def distance_weights(
    positions: Mapping[str, tuple[float, float]],
    *,
    kind: DistanceKind = "inverse_distance",
    k: int = 5,
    cutoff_km: float = np.inf,
    power: float = 1.0,
    coordinates: Coordinates = "degrees",
) -> SpatialWeights:
    r"""Make weights of near regions whose rows sum to 1.

    Use for a spatial model on regions of which only the position is known; for polygons
    build contiguity outside and take it in with ``SpatialWeights.from_links``.

    Parameters
    ----------
    positions
        Region to (longitude, latitude) or (x, y).
    kind
        ``"knn"``: the `k` nearest count the same. ``"inverse_distance"``: distance to the
        power ``-power`` up to the cut-off. ``"band"``: all within the cut-off the same.
    k
        Neighbours of ``"knn"``; ties go to the label that sorts first.
    cutoff_km
        Kilometres, the end included; default none.
    power
        Exponent of ``"inverse_distance"``, above 0.
    coordinates
        ``"degrees"`` (great circles) or ``"km"``.

    Returns
    -------
    SpatialWeights
        Row-standardised. A region without a neighbour is tied to its nearest one; how many
        is said in ``kind``.

    Raises
    ------
    OptionError
        If an option is out of range.
    InvalidTableError
        If a position is missing, or two regions share a place (inverse distance).

    Notes
    -----
    Cost O(n^2).

    Examples
    --------
    >>> from agglo.econometrics import distance_weights
    >>> at = {"a": (0.0, 0.0), "b": (0.0, 1.0), "c": (0.0, 3.0)}
    >>> w = distance_weights(at)
    >>> round(float(w.matrix[0, 1]), 3)
    0.75
    """
    check_choice("kind", kind, ("knn", "inverse_distance", "band"))
    check_number("cutoff_km", cutoff_km, minimum=0, open_ends=False)
    check_number("power", power, minimum=0, open_ends=True)
    ids = sorted(positions)
    if kind == "knn":
        check_number("k", k, minimum=1, maximum=max(len(ids) - 1, 1), integer=True)
    xy = np.array([positions[i] for i in ids], dtype=np.float64).reshape(-1, 2)
    distance = distance_matrix(xy[:, 0], xy[:, 1], coordinates=coordinates)
    np.fill_diagonal(distance, np.inf)
    raw, label = _raw(distance, ids, kind, int(k), float(cutoff_km), float(power))
    islands = np.flatnonzero(~(raw > 0).any(axis=1))
    if islands.size:
        raw[islands, distance[islands].argmin(axis=1)] = 1.0
        label += f", {islands.size} islands tied to their nearest"
    return SpatialWeights.from_matrix(raw, ids, kind=label).standardised("row")


def _raw(
    distance: FloatArray, ids: list[str], kind: str, k: int, cutoff: float, power: float
) -> tuple[FloatArray, str]:
    reach = "" if np.isinf(cutoff) else f" within {cutoff:g} km"
    near = (distance <= cutoff) & np.isfinite(distance)
    if kind == "band":
        return near.astype(np.float64), f"all{reach}"
    if kind == "knn":
        first = np.argsort(distance, axis=1, kind="stable")[:, :k]
        raw = np.zeros_like(distance)
        np.put_along_axis(raw, first, 1.0, axis=1)
        return raw * near, f"{k} nearest{reach}"
    if (distance == 0).any():
        i, j = np.argwhere(distance == 0)[0]
        msg = (
            f"[weights_values] '{ids[i]}' and '{ids[j]}' share a place: merge them, move "
            "one, or use kind='knn'."
        )
        raise InvalidTableError(msg)
    return np.where(near, distance**-power, 0.0), f"distance^-{power:g}{reach}"
