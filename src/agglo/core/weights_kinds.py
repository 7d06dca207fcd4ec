"""Weights beyond nearness: distance rings, economic likeness, nested weights."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NumericsWarning,
    OptionError,
)
from agglo.core.options import check_choice, check_number
from agglo.core.results import digest_of
from agglo.core.weights import SpatialWeights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from agglo.core.typing import FloatArray

__all__ = ["Coordinates", "Rings", "build_economic", "build_nested", "distance_matrix"]

Coordinates: TypeAlias = Literal["km", "degrees"]

EARTH_RADIUS_KM = 6371.0088


def distance_matrix(
    x: ArrayLike, y: ArrayLike, *, coordinates: Coordinates = "km"
) -> FloatArray:
    """Give the distances between all pairs in kilometres.

    Parameters
    ----------
    x, y
        Planar kilometres, or longitude and latitude in degrees.
    coordinates
        ``"km"`` or ``"degrees"`` (great circles on a sphere of radius 6371.0088 km).

    Returns
    -------
    numpy.ndarray of float64
        Shape (n, n), zero diagonal.

    Raises
    ------
    InvalidTableError
        If a coordinate is missing or infinite, or degrees are out of range.
    AlignmentError
        If lengths differ.

    Examples
    --------
    >>> from agglo.core.weights_kinds import distance_matrix
    >>> round(float(distance_matrix([0, 90], [0, 0], coordinates="degrees")[0, 1]), 3)
    10007.557
    """
    check_choice("coordinates", coordinates, ("km", "degrees"))
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if a.shape != b.shape or a.ndim != 1:
        msg = f"x and y differ in length: {a.shape}, {b.shape}."
        raise AlignmentError(msg)
    if not (np.isfinite(a) & np.isfinite(b)).all():
        msg = "[coordinates] a position is missing or infinite."
        raise InvalidTableError(msg)
    if coordinates == "km":
        return np.hypot(a[:, None] - a[None, :], b[:, None] - b[None, :])
    if (np.abs(a) > 360).any() or (np.abs(b) > 90).any():
        msg = "[coordinates] degrees out of range; planar positions need coordinates='km'."
        raise InvalidTableError(msg)
    lon, lat = np.radians(a), np.radians(b)
    h = (
        np.sin((lat[:, None] - lat[None, :]) / 2.0) ** 2
        + np.cos(lat)[:, None]
        * np.cos(lat)[None, :]
        * np.sin((lon[:, None] - lon[None, :]) / 2.0) ** 2
    )
    out: FloatArray = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0)))
    return out


@dataclass(frozen=True, eq=False, kw_only=True)
class Rings:
    """One set of neighbours per distance ring (lo, hi].

    Attributes
    ----------
    members
        Weights per ring, inner first; rows may be empty.
    edges_km
        Edges, one more than rings.
    exposure
        ``"share"`` (rows sum to 1), ``"count"`` (every neighbour counts 1) or
        ``"nearest"`` (members as for count; a model sets 1 where the nearest treated
        region lies in the ring and the region itself is not treated).
    """

    members: tuple[SpatialWeights, ...]
    edges_km: tuple[float, ...]
    exposure: str = "share"

    @classmethod
    def build(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        ids: ArrayLike,
        *,
        edges_km: Sequence[float],
        coordinates: Coordinates = "km",
        exposure: Literal["share", "count", "nearest"] = "share",
    ) -> Rings:
        """Sort the pairs of units into rings.

        Parameters
        ----------
        x, y
            Positions.
        ids
            Labels.
        edges_km
            Increasing edges; a pair at an edge belongs to the inner ring.
        coordinates
            ``"km"`` or ``"degrees"``.
        exposure
            ``"share"``: a lag is the mean over the ring; ``"count"``: the sum;
            ``"nearest"``: 1 for the ring of the nearest treated region only, 0 where
            treated (`fit_spatial_did` only).

        Returns
        -------
        Rings
            The weights of every ring.

        Raises
        ------
        OptionError
            If edges do not increase.
        AlignmentError
            If labels repeat or lengths differ.

        Examples
        --------
        >>> import agglo as ag
        >>> from agglo.core.weights_kinds import Rings
        >>> rings = Rings.build([0, 50, 150], [0, 0, 0], list("abc"), edges_km=(0, 100, 200))
        >>> [int(w.matrix.nnz) for w in rings.members]
        [4, 2]
        """
        check_choice("exposure", exposure, ("share", "count", "nearest"))
        edges = tuple(float(e) for e in edges_km)
        if len(edges) < 2 or edges[0] < 0 or (np.diff(edges) <= 0).any():
            msg = f"edges_km={edges} must be two or more increasing distances."
            raise OptionError(msg)
        distance = distance_matrix(x, y, coordinates=coordinates)
        members = []
        for low, high in pairwise(edges):
            inside = ((distance > low) & (distance <= high)).astype(np.float64)
            if low == 0.0:
                inside += (distance == 0.0) & ~np.eye(distance.shape[0], dtype=bool)
            ring = SpatialWeights.from_matrix(inside, ids, kind=f"{low:g}-{high:g} km")
            members.append(ring.standardised("row") if exposure == "share" else ring)
        return cls(members=tuple(members), edges_km=edges, exposure=exposure)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the rings, as printed."""
        return tuple(w.kind for w in self.members)

    @property
    def ids(self) -> NDArray[np.str_]:
        """Sorted labels."""
        return self.members[0].ids

    @cached_property
    def digest(self) -> str:
        """SHA-256 over edges and weights."""
        return digest_of(list(self.edges_km), self.exposure, *self.members)


def build_economic(
    z: ArrayLike,
    ids: ArrayLike,
    *,
    measured_until: str | None = None,
    treated_from: str | None = None,
) -> SpatialWeights:
    """Weigh units by the likeness of one number, ``1 / abs(z_i - z_j)``.

    Parameters
    ----------
    z
        For example mean income before the first treatment: later values are themselves
        outcomes.
    ids
        Labels.
    measured_until, treated_from
        Last period behind `z` and first treated period; with both, `z` from after the
        start warns.

    Returns
    -------
    SpatialWeights
        Dense and symmetric, not standardised.

    Raises
    ------
    InvalidTableError
        If two units have the same z: their weight would be infinite.

    Warns
    -----
    NumericsWarning
        If `z` was measured after the first start: neighbours are then results of the
        policy.

    Examples
    --------
    >>> from agglo.core.weights_kinds import build_economic
    >>> float(build_economic([1.0, 3.0], ["a", "b"]).matrix[0, 1])
    0.5
    """
    if measured_until and treated_from and measured_until >= treated_from:
        warnings.warn(
            f"economic weights from {measured_until} hold periods from the first start "
            f"{treated_from} on: neighbours are then results of the policy. Use earlier "
            "values.",
            NumericsWarning,
            stacklevel=2,
        )
    level = np.asarray(z, np.float64)
    if not np.isfinite(level).all():
        msg = "[weights_values] z must be finite."
        raise InvalidTableError(msg)
    gap = np.abs(level[:, None] - level[None, :])
    np.fill_diagonal(gap, np.inf)
    if (gap == 0).any():
        i, j = np.argwhere(gap == 0)[0]
        labels = np.asarray(ids).astype(np.str_)
        msg = f"[weights_values] '{labels[i]}' and '{labels[j]}' have the same z."
        raise InvalidTableError(msg)
    return SpatialWeights.from_matrix(1.0 / gap, ids, kind="economic")


def build_nested(
    x: ArrayLike,
    y: ArrayLike,
    z: ArrayLike,
    ids: ArrayLike,
    *,
    power: float = 1.0,
    cutoff_km: float = np.inf,
    alpha: float | None = None,
    coordinates: Coordinates = "km",
) -> SpatialWeights:
    """Weigh near units by their economic weight.

    Parameters
    ----------
    x, y
        Positions.
    z
        Mass of a unit, for example mean income before treatment; positive.
    ids
        Labels.
    power
        Exponent of distance.
    cutoff_km
        Farther pairs weigh nothing.
    alpha
        None: d^-power times z_j over the mean of z. In [0, 1]: alpha times the row-
        standardised distance weights plus (1 - alpha) times the economic ones; then rows
        sum to 1 where a unit has near neighbours.
    coordinates
        ``"km"`` or ``"degrees"``.

    Returns
    -------
    SpatialWeights
        Not symmetric.

    Raises
    ------
    InvalidTableError
        If two units share a place, or z is not positive.
    OptionError
        If `alpha` is outside [0, 1].

    Examples
    --------
    >>> from agglo.core.weights_kinds import build_nested
    >>> w = build_nested([0, 1], [0, 0], [1.0, 3.0], ["a", "b"])
    >>> float(w.matrix[0, 1])
    1.5
    """
    check_number("power", power, minimum=0, open_ends=True)
    mass = np.asarray(z, np.float64)
    if not np.isfinite(mass).all() or (mass <= 0).any():
        msg = "[weights_values] z must be positive."
        raise InvalidTableError(msg)
    distance = distance_matrix(x, y, coordinates=coordinates)
    np.fill_diagonal(distance, np.inf)
    if (distance == 0).any():
        msg = "[weights_values] two units share a place: merge them or move one."
        raise InvalidTableError(msg)
    near = np.where(distance <= cutoff_km, distance**-power, 0.0)
    if alpha is None:
        return SpatialWeights.from_matrix(
            near * mass[None, :] / mass.mean(), ids, kind=f"nested, distance^-{power:g}"
        )
    check_number("alpha", alpha, minimum=0, maximum=1)
    geo = SpatialWeights.from_matrix(near, ids).standardised("row")
    economic = build_economic(mass, ids).standardised("row")
    mixed = alpha * geo.matrix + (1.0 - alpha) * economic.matrix
    return SpatialWeights.from_matrix(
        mixed, geo.ids, kind=f"{alpha:g} distance + {1 - alpha:g} economic"
    )
