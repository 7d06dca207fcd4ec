"""From degrees to kilometres on a plane, and back; distances and bearings on the globe.

There is one projection function, :func:`project`. Distance measures take kilometres only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    MissingExtraError,
    OptionError,
    suggest,
)
from agglo.core.results import frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.typing import FloatArray

__all__ = [
    "Albers",
    "CountryBox",
    "Equirectangular",
    "LambertAzimuthal",
    "Projected",
    "Projection",
    "geodesic_bearing",
    "geodesic_km",
    "project",
]

EARTH_RADIUS_KM = 6371.0088
_WGS84_A_KM = 6378.137
_WGS84_E2 = 0.00669437999014
_E = math.sqrt(_WGS84_E2)

CountryBox: TypeAlias = tuple[float, float, float, float]


class Projection(Protocol):
    """A map between degrees and planar kilometres."""

    @property
    def name(self) -> str:
        """Name with its parameters, as printed in captions."""

    def forward(
        self, lon: FloatArray, lat: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Give x and y in kilometres."""

    def inverse(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give longitude and latitude in degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Albers:
    """Albers equal-area conic projection of the WGS 84 ellipsoid.

    The defaults are those in common use for maps of China.

    Parameters
    ----------
    parallel_1, parallel_2
        Standard parallels, degrees.
    lat_0, lon_0
        Origin, degrees.
    """

    parallel_1: float = 25.0
    parallel_2: float = 47.0
    lat_0: float = 36.0
    lon_0: float = 105.0

    def __post_init__(self) -> None:
        """Refuse parallels whose cone is a plane."""
        if abs(self.parallel_1 + self.parallel_2) < 1e-9:
            msg = (
                "parallel_1 and parallel_2 must not be opposite: the cone degenerates."
            )
            raise OptionError(msg)

    @property
    def name(self) -> str:
        """Name with its parameters."""
        return (
            f"Albers equal area, parallels {self.parallel_1:g}° and {self.parallel_2:g}°, "
            f"origin {self.lat_0:g}° N {self.lon_0:g}° E, WGS 84, km"
        )

    def _cone(self) -> tuple[float, float, float]:
        """Give n, C and rho_0 (Snyder 1987, equations 14-12 to 14-15)."""
        first, second = math.radians(self.parallel_1), math.radians(self.parallel_2)
        m1, m2 = _m(first), _m(second)
        q1, q2 = (float(_q(np.sin([v]))[0]) for v in (first, second))
        q0 = float(_q(np.sin([math.radians(self.lat_0)]))[0])
        n = (
            math.sin(first)
            if abs(first - second) < 1e-12
            else (m1**2 - m2**2) / (q2 - q1)
        )
        c = m1**2 + n * q1
        return n, c, _WGS84_A_KM * math.sqrt(c - n * q0) / n

    def forward(
        self, lon: FloatArray, lat: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Give x and y in kilometres (Snyder 1987, equations 14-1 to 14-4)."""
        n, c, rho0 = self._cone()
        rho = _WGS84_A_KM * np.sqrt(c - n * _q(np.sin(np.radians(lat)))) / n
        # the short way round, so that a country across 180° stays in one piece
        turn = (np.asarray(lon) - self.lon_0 + 180.0) % 360.0 - 180.0
        theta = n * np.radians(turn)
        return rho * np.sin(theta), rho0 - rho * np.cos(theta)

    def inverse(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give degrees (Snyder 1987, equations 14-8 to 14-11 and 3-16)."""
        n, c, rho0 = self._cone()
        sign = math.copysign(1.0, n)
        rho = np.hypot(x, rho0 - y)
        theta = np.arctan2(sign * x, sign * (rho0 - y))
        q = (c - (rho * n / _WGS84_A_KM) ** 2) / n
        lon = self.lon_0 + np.degrees(theta / n)
        return (lon + 180.0) % 360.0 - 180.0, np.degrees(_latitude(q))


def _m(phi: float) -> float:
    return math.cos(phi) / math.sqrt(1.0 - _WGS84_E2 * math.sin(phi) ** 2)


def _q(sine: FloatArray) -> FloatArray:
    es = _E * np.asarray(sine)
    out: FloatArray = (1.0 - _WGS84_E2) * (
        np.asarray(sine) / (1.0 - es**2) + np.arctanh(es) / _E
    )
    return out


def _latitude(q: FloatArray) -> FloatArray:
    phi = np.arcsin(np.clip(q / 2.0, -1.0, 1.0))
    # Newton steps; five reach machine precision away from the poles
    for _ in range(8):
        sine = np.sin(phi)
        es2 = 1.0 - _WGS84_E2 * sine**2
        phi = phi + es2**2 / (2.0 * np.cos(phi)) * (q - _q(sine)) / (1.0 - _WGS84_E2)
    return phi


@dataclass(frozen=True, slots=True, kw_only=True)
class Equirectangular:
    """Equirectangular projection of the sphere, true to scale at its origin.

    Parameters
    ----------
    lat_0, lon_0
        Origin, degrees.
    """

    lat_0: float
    lon_0: float

    @property
    def name(self) -> str:
        """Name with its parameters."""
        return f"equirectangular, origin {self.lat_0:.4f}° N {self.lon_0:.4f}° E, km"

    def forward(
        self, lon: FloatArray, lat: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Give x and y in kilometres."""
        turn = (np.asarray(lon) - self.lon_0 + 180.0) % 360.0 - 180.0
        x = EARTH_RADIUS_KM * math.cos(math.radians(self.lat_0)) * np.radians(turn)
        return x, EARTH_RADIUS_KM * np.radians(np.asarray(lat) - self.lat_0)

    def inverse(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give degrees."""
        scale = EARTH_RADIUS_KM * math.cos(math.radians(self.lat_0))
        lon = self.lon_0 + np.degrees(np.asarray(x) / scale)
        lat = self.lat_0 + np.degrees(np.asarray(y) / EARTH_RADIUS_KM)
        return (lon + 180.0) % 360.0 - 180.0, lat


@dataclass(frozen=True, slots=True, kw_only=True)
class LambertAzimuthal:
    """Lambert azimuthal equal-area projection of the sphere.

    Parameters
    ----------
    lat_0, lon_0
        Origin, degrees.
    """

    lat_0: float
    lon_0: float

    @property
    def name(self) -> str:
        """Name with its parameters."""
        return (
            f"Lambert azimuthal equal area, origin {self.lat_0:.4f}° N "
            f"{self.lon_0:.4f}° E, sphere, km"
        )

    def forward(
        self, lon: FloatArray, lat: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Give x and y in kilometres (Snyder 1987, equations 24-2 to 24-4)."""
        phi, lam = np.radians(lat), np.radians(np.asarray(lon) - self.lon_0)
        phi_0 = math.radians(self.lat_0)
        cosine = math.sin(phi_0) * np.sin(phi) + math.cos(phi_0) * np.cos(phi) * np.cos(
            lam
        )
        k = EARTH_RADIUS_KM * np.sqrt(2.0 / (1.0 + cosine))
        north = math.cos(phi_0) * np.sin(phi) - math.sin(phi_0) * np.cos(phi) * np.cos(
            lam
        )
        return k * np.cos(phi) * np.sin(lam), k * north

    def inverse(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give degrees (Snyder 1987, equations 20-14, 20-15 and 24-16)."""
        rho = np.hypot(x, y)
        c = 2.0 * np.arcsin(np.clip(rho / (2.0 * EARTH_RADIUS_KM), 0.0, 1.0))
        phi_0 = math.radians(self.lat_0)
        # at the origin the direction is undefined and does not matter
        ratio = np.divide(y, rho, out=np.zeros_like(rho), where=rho > 0)
        sine = np.cos(c) * math.sin(phi_0) + ratio * np.sin(c) * math.cos(phi_0)
        lam = np.arctan2(
            x * np.sin(c),
            rho * math.cos(phi_0) * np.cos(c) - y * math.sin(phi_0) * np.sin(c),
        )
        lon = self.lon_0 + np.degrees(lam)
        return (lon + 180.0) % 360.0 - 180.0, np.degrees(
            np.arcsin(np.clip(sine, -1, 1))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proj:
    """Any projected coordinate system of the pyproj database."""

    crs: str

    @property
    def name(self) -> str:
        """Name of the coordinate system."""
        return self.crs

    def forward(
        self, lon: FloatArray, lat: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Give x and y in kilometres."""
        x, y = _transformer(self.crs).transform(lon, lat)
        return np.asarray(x) / 1000.0, np.asarray(y) / 1000.0

    def inverse(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give degrees."""
        lon, lat = _transformer(self.crs).transform(
            np.asarray(x) * 1000.0, np.asarray(y) * 1000.0, direction="INVERSE"
        )
        return np.asarray(lon), np.asarray(lat)


class _Transform(Protocol):
    def transform(
        self, xx: object, yy: object, *, direction: str = "FORWARD"
    ) -> tuple[object, object]: ...


def _transformer(crs: str) -> _Transform:
    try:
        import pyproj
    except ImportError as error:
        raise MissingExtraError("pyproj", "geo", f"crs={crs!r}") from error
    try:
        target = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        msg = f"crs={crs!r} is not a coordinate system: {error}"
        raise OptionError(msg) from error
    if not target.is_projected:
        msg = f"crs={crs!r} is in degrees; distances need a projected system."
        raise OptionError(msg)
    transformer: _Transform = pyproj.Transformer.from_crs(
        "EPSG:4326", target, always_xy=True
    )
    return transformer


@dataclass(frozen=True, eq=False, kw_only=True)
class Projected:
    """Points on a plane, with the way back.

    Attributes
    ----------
    x_km, y_km
        Planar kilometres, (n,).
    projection
        The projection used.
    warnings
        What looks odd, for example swapped coordinates.
    distortion
        Largest relative difference between a planar distance and the shortest way on the
        ellipsoid, over the pairs of 100 of the points with the outermost among them, 1 km
        apart or more; 0 without such a pair.
    """

    x_km: FloatArray
    y_km: FloatArray
    projection: Projection
    warnings: tuple[str, ...] = field(default=())
    distortion: float = 0.0


_NEAR_KM = 600.0
_COMPARED = 92
# lower left and upper right corner, degrees; only used to notice swapped columns
_CHINA: CountryBox = (73.0, 17.0, 136.0, 54.5)
_NAMED: Mapping[str, Albers] = {
    "china": Albers(),
    "europe": Albers(parallel_1=43.0, parallel_2=62.0, lat_0=52.0, lon_0=10.0),
    "usa": Albers(parallel_1=29.5, parallel_2=45.5, lat_0=37.5, lon_0=-96.0),
}


def project(
    lon: ArrayLike,
    lat: ArrayLike,
    *,
    crs: str | Projection = "auto",
    country: CountryBox | None = None,
) -> Projected:
    """Turn degrees into planar kilometres.

    Use it before every measure of distance, area or direction.

    Parameters
    ----------
    lon, lat
        Degrees, WGS 84, shape (n,).
    crs
        ``"auto"`` (around the medians: equirectangular when 99% of the points lie within
        600 km, Lambert azimuthal equal area otherwise), ``"china"``, ``"europe"``,
        ``"usa"`` (Albers equal area), a projection object, or any projected system that
        pyproj knows (extra ``geo``).
    country
        Box (west, south, east, north) in which most points should lie; when more of them
        lie in it after swapping, a warning says so. Default the box of China for
        ``crs="china"``.

    Returns
    -------
    Projected
        Coordinates, projection and warnings; O(n).

    Raises
    ------
    InvalidTableError
        If a coordinate is missing, infinite or outside ±180 / ±90.
    AlignmentError
        If the shapes differ.
    OptionError
        If the coordinate system is unknown or in degrees.
    MissingExtraError
        If pyproj is needed and absent.

    Notes
    -----
    Name an equal-area projection when areas or ellipses of different data are compared:
    ``"auto"`` depends on the data. Formulas: Snyder (1987), Map
    Projections: A Working Manual, USGS Professional Paper 1395,
    https://doi.org/10.3133/pp1395, equations 14-1 to 14-15.

    Examples
    --------
    >>> from agglo.core.geo import project
    >>> float(round(project([105.0, 106.0], [36.0, 36.0], crs="china").x_km[1], 1))
    88.5
    """
    lon_a, lat_a = _degrees(lon, lat)
    where = _projection(crs, lon_a, lat_a)
    box = country if country is not None else (_CHINA if crs == "china" else None)
    x, y = where.forward(lon_a, lat_a)
    return Projected(
        x_km=frozen_array(np.asarray(x, dtype=np.float64)),
        y_km=frozen_array(np.asarray(y, dtype=np.float64)),
        projection=where,
        warnings=_swapped(lon_a, lat_a, box),
        distortion=_distortion(lon_a, lat_a, np.asarray(x), np.asarray(y)),
    )


def _distortion(
    lon: FloatArray, lat: FloatArray, x: FloatArray, y: FloatArray
) -> float:
    if lon.size < 2:
        return 0.0
    spread = np.linspace(0, lon.size - 1, min(lon.size, _COMPARED)).astype(int)
    ends = [f(v) for v in (x, y, x + y, x - y) for f in (np.argmin, np.argmax)]
    some = np.unique(np.append(spread, ends))
    a, b = (some[k] for k in np.triu_indices(some.size, 1))
    there = geodesic_km(lon[a], lat[a], lon[b], lat[b])
    far = there >= 1.0
    if not far.any():
        return 0.0
    flat = np.hypot(x[a] - x[b], y[a] - y[b])
    return float(np.abs(flat[far] / there[far] - 1.0).max())


def _degrees(lon: ArrayLike, lat: ArrayLike) -> tuple[FloatArray, FloatArray]:
    lon_a, lat_a = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if lon_a.shape != lat_a.shape or lon_a.ndim != 1:
        msg = f"lon and lat must be of one length, got {lon_a.shape} and {lat_a.shape}."
        raise AlignmentError(msg)
    problems = flag_rows(
        ~np.isfinite(lon_a) | ~np.isfinite(lat_a),
        code="missing_coordinate",
        what="a coordinate is missing or infinite",
        where="lon, lat",
        fix="drop these points or give them a position",
    )
    problems += flag_rows(
        (np.abs(lon_a) > 180.0) | (np.abs(lat_a) > 90.0),
        code="out_of_range",
        what="a coordinate is outside ±180 / ±90 degrees",
        where="lon, lat",
        fix="these are no degrees, or longitude and latitude are swapped",
    )
    if problems:
        msg = "The coordinates cannot be projected."
        raise InvalidTableError(msg, problems)
    return lon_a, lat_a


def _projection(crs: str | Projection, lon: FloatArray, lat: FloatArray) -> Projection:
    if not isinstance(crs, str):
        return crs
    if crs == "auto":
        return _automatic(lon, lat)
    if crs in _NAMED:
        return _NAMED[crs]
    if ":" not in crs and "+" not in crs:
        known = ["auto", *_NAMED]
        msg = f"crs={crs!r} is not one of {known}. {suggest(crs, known)}".rstrip()
        msg = f"{msg} Or pass a projected system such as 'EPSG:3035'."
        raise OptionError(msg)
    _transformer(crs)
    return _Proj(crs=crs)


def _automatic(lon: FloatArray, lat: FloatArray) -> Projection:
    if lon.size == 0:
        return Equirectangular(lat_0=0.0, lon_0=0.0)
    # longitudes are unwrapped around the mean direction first, for data across 180°
    turn = np.exp(1j * np.radians(lon)).mean()
    middle = math.degrees(math.atan2(turn.imag, turn.real))
    unwrapped = (lon - middle + 180.0) % 360.0 - 180.0 + middle
    near = Equirectangular(
        lat_0=float(np.median(lat)), lon_0=float(np.median(unwrapped))
    )
    x, y = near.forward(lon, lat)
    spread = max(float(np.ptp(np.quantile(v, [0.005, 0.995]))) for v in (x, y))
    if spread < _NEAR_KM:
        return near
    return LambertAzimuthal(lat_0=near.lat_0, lon_0=near.lon_0)


def _swapped(
    lon: FloatArray, lat: FloatArray, box: CountryBox | None
) -> tuple[str, ...]:
    if box is None or lon.size == 0:
        return ()
    west, south, east, north = box

    def inside(x: FloatArray, y: FloatArray) -> int:
        return int(((x >= west) & (x <= east) & (y >= south) & (y <= north)).sum())

    here, there = inside(lon, lat), inside(lat, lon)
    if there <= here:
        return ()
    return (
        f"longitude and latitude look swapped: {here} of {lon.size} points lie in the "
        f"country as given, {there} after swapping",
    )


def geodesic_km(
    lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike
) -> FloatArray:
    """Measure the shortest way on the WGS 84 ellipsoid.

    Parameters
    ----------
    lon_a, lat_a, lon_b, lat_b
        Degrees; shapes are broadcast.

    Returns
    -------
    numpy.ndarray of float64
        Kilometres, right to a millimetre (Vincenty 1975, Survey Review 23:88,
        https://doi.org/10.1179/sre.1975.23.176.88); nearly opposite points, where that
        iteration does not settle, are measured on the sphere (error below 0.6%).

    Examples
    --------
    >>> from agglo.core.geo import geodesic_km
    >>> round(float(geodesic_km(0.0, 0.0, 1.0, 0.0)), 3)
    111.319
    """
    return _inverse(lon_a, lat_a, lon_b, lat_b)[0]


def geodesic_bearing(
    lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike
) -> FloatArray:
    """Measure the initial bearing of the shortest way from a to b.

    Parameters
    ----------
    lon_a, lat_a, lon_b, lat_b
        Degrees; shapes are broadcast.

    Returns
    -------
    numpy.ndarray of float64
        Degrees clockwise from north in [0, 360); NaN where a equals b.

    Examples
    --------
    >>> from agglo.core.geo import geodesic_bearing
    >>> round(float(geodesic_bearing(0.0, 0.0, 1.0, 0.0)), 1)
    90.0
    """
    return _inverse(lon_a, lat_a, lon_b, lat_b)[1]


def _inverse(
    lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Give distance and initial bearing (Vincenty's inverse formula)."""
    place = np.broadcast_arrays(lon_a, lat_a, lon_b, lat_b)
    lam_a, phi_a, lam_b, phi_b = (np.radians(v.astype(np.float64)) for v in place)
    f = 1.0 - math.sqrt(1.0 - _WGS84_E2)
    b = _WGS84_A_KM * (1.0 - f)
    u1, u2 = np.arctan((1.0 - f) * np.tan(phi_a)), np.arctan((1.0 - f) * np.tan(phi_b))
    su1, cu1, su2, cu2 = np.sin(u1), np.cos(u1), np.sin(u2), np.cos(u2)
    apart = lam_b - lam_a
    lam = apart.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(60):
            sl, cl = np.sin(lam), np.cos(lam)
            east, north = cu2 * sl, cu1 * su2 - su1 * cu2 * cl
            ss, cs = np.hypot(east, north), su1 * su2 + cu1 * cu2 * cl
            sigma = np.arctan2(ss, cs)
            sa = np.where(ss > 0, cu1 * cu2 * sl / ss, 0.0)
            ca2 = 1.0 - sa**2
            cm = np.where(ca2 > 1e-15, cs - 2.0 * su1 * su2 / ca2, 0.0)
            c = f / 16.0 * ca2 * (4.0 + f * (4.0 - 3.0 * ca2))
            turn = cm + c * cs * (2.0 * cm**2 - 1.0)
            step = apart + (1.0 - c) * f * sa * (sigma + c * ss * turn)
            moved = np.abs(step - lam)
            lam = step
            if not (moved > 1e-13).any():
                break
    k = ca2 * (_WGS84_A_KM**2 - b**2) / b**2
    big_a = 1.0 + k / 16384.0 * (4096.0 + k * (-768.0 + k * (320.0 - 175.0 * k)))
    big_b = k / 1024.0 * (256.0 + k * (-128.0 + k * (74.0 - 47.0 * k)))
    third = big_b / 6.0 * cm * (4.0 * ss**2 - 3.0) * (4.0 * cm**2 - 3.0)
    correction = big_b * ss * (cm + big_b / 4.0 * (cs * (2.0 * cm**2 - 1.0) - third))
    settled = (moved <= 1e-11) & (np.abs(lam) <= np.pi * 1.5 + np.abs(apart))
    distance = np.where(settled, b * big_a * (sigma - correction), np.nan)
    bearing = np.degrees(np.arctan2(east, north)) % 360.0
    around, ahead = _on_sphere(lam_a, phi_a, lam_b, phi_b)
    distance = np.where(settled, distance, around)
    bearing = np.where(settled, bearing, ahead)
    return distance, np.where(distance == 0.0, np.nan, bearing)


def _on_sphere(
    lam_a: FloatArray, phi_a: FloatArray, lam_b: FloatArray, phi_b: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give distance (haversine) and initial bearing on the sphere."""
    h = (
        np.sin((phi_b - phi_a) / 2) ** 2
        + np.cos(phi_a) * np.cos(phi_b) * np.sin((lam_b - lam_a) / 2) ** 2
    )
    east = np.sin(lam_b - lam_a) * np.cos(phi_b)
    north = np.cos(phi_a) * np.sin(phi_b) - np.sin(phi_a) * np.cos(phi_b) * np.cos(
        lam_b - lam_a
    )
    distance: FloatArray = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0)))
    return distance, np.degrees(np.arctan2(east, north)) % 360.0
