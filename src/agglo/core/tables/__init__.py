"""The validated shapes that measures work on, and the coercers that build them.

Every ``as_*`` function takes any frame that narwhals knows, reports all problems at once,
and gives its argument back when it already has the shape: data are checked once.
"""

from agglo.core.tables.links import Links, as_links
from agglo.core.tables.panel import Panel, as_panel
from agglo.core.tables.plants import Plants, as_plants
from agglo.core.tables.points import Points, as_points
from agglo.core.tables.region_activity import (
    CONFIDENTIAL,
    KNOWN,
    MISSING,
    Margins,
    RegionActivity,
    as_region_activity,
)
from agglo.core.tables.regions import Regions, as_regions

__all__ = [
    "CONFIDENTIAL",
    "KNOWN",
    "MISSING",
    "Links",
    "Margins",
    "Panel",
    "Plants",
    "Points",
    "RegionActivity",
    "Regions",
    "as_links",
    "as_panel",
    "as_plants",
    "as_points",
    "as_region_activity",
    "as_regions",
]
