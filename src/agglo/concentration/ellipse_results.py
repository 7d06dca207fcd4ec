"""Results of centrography: ellipses, their overlap, their uncertainty, their path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.geo import Projection
    from agglo.core.typing import BoolArray, FloatArray, Json

__all__ = ["CentreShift", "Ellipse", "EllipseInterval", "EllipseOverlap"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Ellipse(Result):
    """A standard deviational ellipse.

    Attributes
    ----------
    label
        What it summarises.
    x_km, y_km
        Centre on the plane.
    lon, lat
        Centre in degrees, NaN when the projection is not known.
    long_km, short_km
        Semi-axes, times the scale.
    theta
        Bearing of the long axis in degrees, clockwise from north in [0, 180); NaN for a
        circle or a degenerate ellipse.
    inside_share
        Share of the weight inside the ellipse.
    weight
        Sum of the weights.
    n, n_sites
        Points with positive weight, and distinct places among them.
    divisor, scale
        The convention.
    degenerate
        Whether the points lie on a line or are fewer than three.
    projection
        The projection, or ``None``.
    """

    label: str
    x_km: float
    y_km: float
    lon: float
    lat: float
    long_km: float
    short_km: float
    theta: float
    inside_share: float
    weight: float
    n: int
    n_sites: int
    divisor: str
    scale: float
    degenerate: bool
    projection: Projection | None = None

    @property
    def area_km2(self) -> float:
        """Area, π times the semi-axes."""
        return float(np.pi * self.long_km * self.short_km)

    @property
    def flattening(self) -> float:
        """One minus short over long; NaN for a single site."""
        return 1.0 - self.short_km / self.long_km if self.long_km > 0 else np.nan

    @property
    def density(self) -> float:
        """Weight per km²; NaN when the area is zero."""
        return self.weight / self.area_km2 if self.area_km2 > 0 else np.nan

    def geometry(self) -> FloatArray:
        """Give centre x, centre y, long, short and bearing as one array."""
        return np.array([self.x_km, self.y_km, self.long_km, self.short_km, self.theta])

    def polygon(self, m: int = 720) -> FloatArray:
        """Give `m` points of the outline in kilometres, shape (m, 2), closed implicitly."""
        angle = np.linspace(0.0, 2 * np.pi, m, endpoint=False)
        bearing = 0.0 if np.isnan(self.theta) else np.radians(self.theta)
        along, across = self.long_km * np.cos(angle), self.short_km * np.sin(angle)
        x = self.x_km + along * np.sin(bearing) - across * np.cos(bearing)
        y = self.y_km + along * np.cos(bearing) + across * np.sin(bearing)
        return np.column_stack([x, y])

    def contains(self, x_km: FloatArray, y_km: FloatArray) -> BoolArray:
        """Say which positions lie inside or on the ellipse; none if it is degenerate."""
        x, y = np.asarray(x_km, dtype=np.float64), np.asarray(y_km, dtype=np.float64)
        if self.degenerate:
            return np.zeros(x.shape, dtype=bool)
        bearing = 0.0 if np.isnan(self.theta) else np.radians(self.theta)
        dx, dy = x - self.x_km, y - self.y_km
        along = dx * np.sin(bearing) + dy * np.cos(bearing)
        across = -dx * np.cos(bearing) + dy * np.sin(bearing)
        inside: BoolArray = (along / self.long_km) ** 2 + (
            across / self.short_km
        ) ** 2 <= 1.0 + 1e-12
        return inside

    def to_geojson(self, *, lonlat: bool = True, m: int = 720) -> dict[str, Json]:
        """Give the outline as a GeoJSON feature, in degrees when the projection is known."""
        ring = self.polygon(m)
        if lonlat and self.projection is not None:
            ring = np.column_stack(self.projection.inverse(ring[:, 0], ring[:, 1]))
        points: list[Json] = [[float(a), float(b)] for a, b in (*ring, ring[0])]
        properties: dict[str, Json] = {
            "label": self.label,
            "long_km": self.long_km,
            "short_km": self.short_km,
            "theta": None if np.isnan(self.theta) else self.theta,
            "divisor": self.divisor,
            "scale": self.scale,
        }
        return {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [points]},
            "properties": properties,
        }

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row with every number."""
        row: dict[str, object] = {
            "label": self.label,
            "x_km": self.x_km,
            "y_km": self.y_km,
            "lon": self.lon,
            "lat": self.lat,
            "long_km": self.long_km,
            "short_km": self.short_km,
            "theta": self.theta,
            "area_km2": self.area_km2,
            "flattening": self.flattening,
            "density": self.density,
            "inside_share": self.inside_share,
            "weight": self.weight,
            "n": self.n,
            "n_sites": self.n_sites,
            "divisor": self.divisor,
            "scale": self.scale,
            "degenerate": self.degenerate,
        }
        return {name: [value] for name, value in row.items()}

    def summary(self) -> str:
        """Give centre, axes, direction and the convention."""
        place = (
            f"{self.x_km:.1f} km E, {self.y_km:.1f} km N"
            if np.isnan(self.lon)
            else f"{self.lon:.4f}° E {self.lat:.4f}° N"
        )
        theta = "no direction" if np.isnan(self.theta) else f"bearing {self.theta:.1f}°"
        lines = [
            f"Ellipse of {self.label}: {self.n} points at {self.n_sites} sites",
            f"centre {place}; semi-axes {self.long_km:.1f} × {self.short_km:.1f} km, {theta}",
            f"area {self.area_km2:,.0f} km²; {self.inside_share:.1%} of the weight inside",
            f"convention: divisor {self.divisor}, scale {self.scale:g}",
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        ring = self.polygon(180)
        ax.plot(*np.vstack([ring, ring[:1]]).T, label=self.label)
        ax.plot([self.x_km], [self.y_km], "+")
        ax.set(aspect="equal", xlabel="km east", ylabel="km north")
        ax.set_title(f"divisor {self.divisor}, scale {self.scale:g}", fontsize="small")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EllipseOverlap(Result):
    """How two ellipses lie to each other.

    Attributes
    ----------
    label_a, label_b
        The ellipses.
    intersection_km2
        Area in common.
    jaccard
        Intersection over union.
    contained_a, contained_b, contained_min
        Intersection over the area of a, of b, of the smaller one.
    centre_distance_km, centre_bearing
        From a to b, geodesic when the projection is known, else on the plane.
    theta_difference
        Between the long axes, degrees in [0, 90].
    area_ratio
        Area of b over area of a.
    """

    label_a: str
    label_b: str
    intersection_km2: float
    jaccard: float
    contained_a: float
    contained_b: float
    contained_min: float
    centre_distance_km: float
    centre_bearing: float
    theta_difference: float
    area_ratio: float

    @property
    def spatial_difference_index(self) -> float:
        """One minus Jaccard (formula inferred from its use in the literature)."""
        return 1.0 - self.jaccard

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row with every number."""
        row: dict[str, object] = {
            "label_a": self.label_a,
            "label_b": self.label_b,
            "intersection_km2": self.intersection_km2,
            "jaccard": self.jaccard,
            "contained_a": self.contained_a,
            "contained_b": self.contained_b,
            "contained_min": self.contained_min,
            "spatial_difference_index": self.spatial_difference_index,
            "centre_distance_km": self.centre_distance_km,
            "centre_bearing": self.centre_bearing,
            "theta_difference": self.theta_difference,
            "area_ratio": self.area_ratio,
        }
        return {name: [value] for name, value in row.items()}

    def summary(self) -> str:
        """Give overlap and shift."""
        return (
            f"{self.label_a} and {self.label_b}: Jaccard {self.jaccard:.3f}\n"
            f"{self.contained_a:.1%} of {self.label_a} inside {self.label_b}, "
            f"{self.contained_b:.1%} of {self.label_b} inside {self.label_a}\n"
            f"centres {self.centre_distance_km:.1f} km apart, bearing "
            f"{self.centre_bearing:.1f}°"
        )

    def _draw(self, ax: Axes) -> None:
        names = ["Jaccard", f"of {self.label_a}", f"of {self.label_b}"]
        ax.barh(names, [self.jaccard, self.contained_a, self.contained_b])
        ax.set(xlim=(0, 1), xlabel="share of area")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EllipseInterval(Result):
    """Bootstrap intervals of an ellipse.

    Attributes
    ----------
    statistic
        Names: x_km, y_km, long_km, short_km, area_km2, theta.
    estimate, lower, upper
        Percentile interval; NaN for a direction that is not determined.
    lower_bca, upper_bca
        Bias-corrected accelerated interval; NaN for the direction, which is axial.
    theta_concentration
        Resultant length of the doubled angles; below 0.5 there is no interval of theta.
    level, n_draws, n_units
        Coverage, resamples and resampled units.
    """

    statistic: tuple[str, ...]
    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray
    lower_bca: FloatArray
    upper_bca: FloatArray
    theta_concentration: float
    level: float
    n_draws: int
    n_units: int
    notes: tuple[str, ...] = field(default=())

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per statistic."""
        return {
            "statistic": list(self.statistic),
            "value": self.estimate,
            "lower": self.lower,
            "upper": self.upper,
            "lower_bca": self.lower_bca,
            "upper_bca": self.upper_bca,
        }

    def summary(self) -> str:
        """Give one line per statistic."""
        head = f"{self.level:.0%} bootstrap intervals, {self.n_draws} draws of {self.n_units} units"
        rows = zip(self.statistic, self.estimate, self.lower, self.upper, strict=True)
        lines = [f"{s}: {e:,.1f} [{a:,.1f}, {b:,.1f}]" for s, e, a, b in rows]
        return "\n".join([head, *lines, *self.notes])

    def _draw(self, ax: Axes) -> None:
        ratio = np.column_stack([self.lower, self.upper]) / self.estimate[:, None]
        rows = np.arange(len(self.statistic))
        ax.hlines(rows, ratio[:, 0], ratio[:, 1])
        ax.plot(np.ones(rows.size), rows, "o")
        ax.set_yticks(rows, self.statistic)
        ax.set_xlabel("relative to the estimate")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CentreShift(Result):
    """How a centre and its ellipse moved from period to period.

    Attributes
    ----------
    start, end
        Periods of every step.
    distance_km, bearing, speed_km_per_year, path_km
        Step, its direction, its speed, and the way so far.
    long_change_km, short_change_km, theta_change
        Changes; theta the shortest axial way, degrees in [-90, 90).
    area_growth_per_year
        Continuous growth rate of the area.
    """

    start: FloatArray
    end: FloatArray
    distance_km: FloatArray
    bearing: FloatArray
    speed_km_per_year: FloatArray
    path_km: FloatArray
    long_change_km: FloatArray
    short_change_km: FloatArray
    theta_change: FloatArray
    area_growth_per_year: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per step."""
        return {
            "start": self.start,
            "end": self.end,
            "distance_km": self.distance_km,
            "bearing": self.bearing,
            "speed_km_per_year": self.speed_km_per_year,
            "path_km": self.path_km,
            "long_change_km": self.long_change_km,
            "short_change_km": self.short_change_km,
            "theta_change": self.theta_change,
            "area_growth_per_year": self.area_growth_per_year,
        }

    def summary(self) -> str:
        """Give the way in words."""
        total = self.path_km[-1]
        years = self.end[-1] - self.start[0]
        return f"The centre moved {total:.1f} km in {years:g} years, {self.distance_km.size} steps"

    def _draw(self, ax: Axes) -> None:
        ax.step(self.end, self.path_km, where="post")
        ax.set(xlabel="period", ylabel="km moved so far")
