"""What is left of the activity when small regions and industries are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.relatedness import trim
from agglo.studies.networks.columns import among

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.networks.options import NetworksOptions

__all__ = ["trimmed"]


def trimmed(
    table: pa.Table, options: NetworksOptions
) -> tuple[pa.Table, dict[str, Json]]:
    """Leave out regions and industries below the minima of the options.

    Parameters
    ----------
    table
        Region, industry and amount of one period.
    options
        Options of the study.

    Returns
    -------
    tuple
        The table that is left, and how much was dropped; the table itself where the options
        have no minimum.
    """
    minima = (options.min_region_total, options.min_industry_total)
    counts = (options.min_diversity, options.min_ubiquity)
    if not any((*minima, *counts)) or table.num_rows == 0:
        return table, {"regions": 0, "industries": 0, "kept_share": 1.0}
    found = trim(
        table,
        min_region_total=minima[0],
        min_activity_total=minima[1],
        min_diversity=counts[0],
        min_ubiquity=counts[1],
        value="amount",
    )
    table = among(table, "region", found.table.region.tolist())
    table = among(table, "industry", found.table.activity.tolist())
    kinds = found.kind.tolist()
    return table, {
        "regions": kinds.count("region"),
        "industries": kinds.count("industry"),
        "kept_share": float(found.kept_share),
    }
