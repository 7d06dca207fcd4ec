"""All pairs of places with their flow, zeros included, and their distance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, Problem
from agglo.core.geo import geodesic_km
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import as_regions
from agglo.networks._network import read_network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.tables import Links, Regions
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["Dyads", "build_dyads"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Dyads(Result):
    """Pairs of places.

    Attributes
    ----------
    places
        Labels.
    origin, destination
        Positions in `places`.
    flow, distance_km
        Flow (0 where there is no tie) and distance (NaN without coordinates).
    """

    places: NDArray[np.str_]
    origin: IntArray
    destination: IntArray
    flow: FloatArray
    distance_km: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair."""
        return {
            "origin": self.places[self.origin],
            "destination": self.places[self.destination],
            "flow": self.flow,
            "distance_km": self.distance_km,
        }

    def summary(self) -> str:
        """Give pairs, zeros and the median distance."""
        zero = int((self.flow == 0).sum())
        middle = float(np.nanmedian(self.distance_km)) if self.flow.size else np.nan
        return (
            f"{self.flow.size} pairs of {self.places.size} places, {zero} without a "
            f"flow; median distance {middle:.1f} km"
        )

    def _draw(self, ax: Axes) -> None:
        some = self.flow > 0
        ax.loglog(self.distance_km[some], self.flow[some], "o", ms=3, alpha=0.5)
        ax.set(xlabel="distance, km", ylabel="flow")


def build_dyads(
    data: IntoFrame | Links,
    regions: IntoFrame | Regions,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    min_km: float = 0.0,
) -> Dyads:
    """List all pairs of places with flow and distance, the table that models need.

    Use before `gravity_ppml` and `mrqap`: pairs without a tie are flows of zero, and
    leaving them out biases both.

    Parameters
    ----------
    data
        Ties; rows of a pair are added. Ties inside a place are left out.
    regions
        All places with ``region``, ``lon`` and ``lat``; those without a tie are there too.
    origin, destination, weight
        Columns of `data`.
    directed
        Whether (a, b) and (b, a) are two pairs; otherwise one row per pair.
    min_km
        Shorter distances are raised to this, for places on one spot.

    Returns
    -------
    Dyads
        n(n−1) rows, half of that when undirected. Distances on the ellipsoid; NaN with a
        reason where a coordinate is missing.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        If a weight is negative, missing or infinite, or `regions` breaks its schema.
    AlignmentError
        If an end of a tie is not a region, or there are fewer than two regions.
    OptionError
        If `min_km` is negative.

    Notes
    -----
    O(regions²) rows: 1,000 regions give a million.

    References
    ----------
    Distances: Vincenty 1975, doi:10.1179/sre.1975.23.176.88.

    See Also
    --------
    gravity_ppml : What flows depend on.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> places = pa.table({"region": list("abc"), "lon": [0.0, 1.0, 2.0], "lat": [0.0] * 3})
    >>> ties = pa.table({"origin": ["a"], "destination": ["b"], "weight": [5.0]})
    >>> pairs = ag.build_dyads(ties, places)
    >>> pairs.flow.size, round(float(pairs.distance_km.max()), 1)
    (6, 222.6)
    """
    check_number("min_km", min_km, minimum=0)
    known = as_regions(regions)
    if known.n < 2:
        bad = Problem(code="too_few_regions", what="fewer than two regions")
        msg = "`regions` has fewer than two places: there is no pair."
        raise AlignmentError(msg, [bad])
    net = read_network(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=known.region.tolist(),
    ).without_loops()
    n = net.n
    mask = (
        ~np.eye(n, dtype=bool) if directed else np.triu(np.ones((n, n), dtype=bool), 1)
    )
    a, b = np.nonzero(mask)
    flow = np.zeros((n, n))
    flow[net.origin, net.destination] = net.weight
    lon, lat = known.lon, known.lat
    placed = np.isfinite(lon) & np.isfinite(lat)
    both = placed[a] & placed[b]
    km = np.full(a.size, np.nan)
    i, j = a[both], b[both]
    km[both] = np.maximum(geodesic_km(lon[i], lat[i], lon[j], lat[j]), min_km)
    return Dyads(
        places=frozen_array(net.nodes),
        origin=frozen_array(a.astype(np.int64)),
        destination=frozen_array(b.astype(np.int64)),
        flow=frozen_array(flow[a, b]),
        distance_km=frozen_array(km),
        frame_kind=net.frame_kind,
        undefined=tuple(
            Undefined(reason="no coordinates: no distance", region=str(r))
            for r in known.region[~placed]
        ),
        provenance=Provenance.of(
            build_dyads,
            net,
            lon,
            lat,
            parameters={"directed": directed, "min_km": min_km},
        ),
    )
