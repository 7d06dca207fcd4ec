"""Which standard errors: option objects of the spatial panel estimators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agglo.core.options import check_choice, check_number

__all__ = [
    "Clustered",
    "Conley",
    "Covariance",
    "DriscollKraay",
    "Expected",
    "Observed",
    "Robust",
]


@dataclass(frozen=True, slots=True)
class Observed:
    """Take the inverse of the exact negative Hessian; valid for iid noise."""

    @property
    def label(self) -> str:
        """Give the words for captions."""
        return "observed information"


@dataclass(frozen=True, slots=True)
class Expected:
    """Take the inverse of the expected information; up to 4,000 units."""

    @property
    def label(self) -> str:
        """Give the words for captions."""
        return "expected information"


@dataclass(frozen=True, slots=True)
class Robust:
    """Allow every cell its own variance; up to 5,000 units with a spatial parameter."""

    @property
    def label(self) -> str:
        """Give the words for captions."""
        return "robust to unequal variances"


@dataclass(frozen=True, slots=True)
class Clustered:
    """Allow any correlation over time inside a cluster of regions.

    Parameters
    ----------
    by
        ``"region"``: every region is a cluster.
    groups
        Region to cluster, for clusters larger than a region.
    """

    by: Literal["region"] = "region"
    groups: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        check_choice("by", self.by, ("region",))

    @property
    def label(self) -> str:
        """Give the words for captions."""
        return "clustered by " + ("region" if self.groups is None else "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriscollKraay:
    """Allow any correlation across regions and a decaying one over periods.

    Parameters
    ----------
    lags
        Periods over which Bartlett weights fall to zero, 0 or more.
    """

    lags: int = 2

    def __post_init__(self) -> None:
        """Check the fields."""
        check_number("lags", self.lags, minimum=0, integer=True)

    @property
    def label(self) -> str:
        """Give the words for captions."""
        return f"Driscoll-Kraay, {self.lags} lags"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conley:
    """Allow correlation that fades with distance and with time inside a region.

    Parameters
    ----------
    cutoff_km
        Distance beyond which errors are taken as uncorrelated.
    lon, lat
        Region to degrees.
    kernel
        ``"bartlett"`` (1 - d / cutoff) or ``"uniform"``.
    lags
        Periods over which a region's own correlation falls to zero.
    """

    cutoff_km: float
    lon: Mapping[str, float]
    lat: Mapping[str, float]
    kernel: Literal["bartlett", "uniform"] = "bartlett"
    lags: int = 0

    def __post_init__(self) -> None:
        """Check the fields."""
        check_number("cutoff_km", self.cutoff_km, minimum=0, open_ends=True)
        check_choice("kernel", self.kernel, ("bartlett", "uniform"))
        check_number("lags", self.lags, minimum=0, integer=True)

    @property
    def label(self) -> str:
        """Give the words for captions."""
        return f"Conley, {self.kernel} to {self.cutoff_km:g} km, {self.lags} lags"


Covariance: TypeAlias = (
    Observed | Expected | Robust | Clustered | DriscollKraay | Conley
)
