"""Adding up industries to clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NoReturn, TypeAlias

import numpy as np

from agglo.core.errors import InvalidTableError, Problem
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels
from agglo.relatedness.definitions import ClusterDefinitions, as_cluster_definitions
from agglo.relatedness.periods import by_period
from agglo.relatedness.results import ClusterActivity

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame

__all__ = ["aggregate_clusters"]

Missing: TypeAlias = Literal["undefined", "zero"]


@by_period
def aggregate_clusters(
    data: IntoFrame | RegionActivity,
    definitions: IntoFrame | Mapping[str, str] | ClusterDefinitions,
    *,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
) -> ClusterActivity:
    """Add up industries to clusters, region by region.

    Parameters
    ----------
    data
        Activity table (absent row = zero) or `RegionActivity`; any unit.
    definitions
        What `as_cluster_definitions` accepts.
    region, activity, value
        Columns of `data`; ignored for a `RegionActivity`.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.

    Returns
    -------
    ClusterActivity
        Values of shape (n_regions, n_clusters) in the unit of the input, the totals of
        the input (all activities, mapped or not), and the share of the total that no
        cluster covers.

    Raises
    ------
    InvalidTableError
        If no activity of `data` is in the definitions, or a table breaks its schema.

    Notes
    -----
    One matrix product, O(n_regions n_activities n_clusters). A cluster is unknown in a
    region where one of its industries is unknown there, and only there: its national
    total stays known whenever the industries' totals are.

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017.

    See Also
    --------
    cluster_strength : Which of these clusters are strong.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import aggregate_clusters
    >>> jobs = pa.table({"region": ["a", "a", "b"], "industry": ["1", "2", "3"],
    ...     "employment": [30, 10, 60]})
    >>> aggregate_clusters(jobs, {"1": "Steel", "2": "Steel"}).unmapped_share
    0.6
    """
    table = as_region_activity(
        data, region=region, activity=activity, value=value, period=period
    )
    return clusters_of(table, as_cluster_definitions(definitions))


def clusters_of(
    table: RegionActivity, known: ClusterDefinitions, *, missing: Missing = "undefined"
) -> ClusterActivity:
    """Add up a validated table to clusters.

    Parameters
    ----------
    table
        Sizes by region and activity.
    known
        Definitions.
    missing
        ``"zero"`` counts unknown cells as empty.

    Returns
    -------
    ClusterActivity
        As `aggregate_clusters`.

    Raises
    ------
    InvalidTableError
        If no activity is in the definitions.
    """
    weights = known.weights_for(table.activity)
    covered = weights.sum(axis=1)
    if not covered.any():
        _refuse_codes(table, known)
    left_out = float(table.col_total @ (1.0 - covered))
    share = left_out / table.total if table.total > 0 else float("nan")
    cells = np.nan_to_num(table.values) if missing == "zero" else table.values
    values = _kernels.aggregate(cells, weights)
    rows, columns = np.nonzero(np.isnan(values))
    holes = table.n_unknown if missing == "zero" else 0
    return ClusterActivity(
        provenance=Provenance.of(
            aggregate_clusters,
            table,
            known,
            parameters={"definition": known.definition, "missing": missing},
            warnings=(f"{holes} unknown cells counted as empty",) if holes else (),
        ),
        frame_kind=table.frame_kind,
        undefined=tuple(
            Undefined(
                reason="an industry of the cluster is unknown in the region",
                region=str(table.region[r]),
                item=str(known.cluster[c]),
            )
            for r, c in zip(rows, columns, strict=True)
        ),
        region=table.region,
        cluster=known.cluster,
        kind=known.kind,
        values=frozen_array(values),
        row_total=frozen_array(table.row_total),
        col_total=frozen_array(table.col_total @ weights),
        total=float(table.total),
        unmapped_share=share,
        unmapped=frozen_array(table.activity[covered <= 0]),
        definition=known.definition,
        unit=table.unit,
    )


def _refuse_codes(table: RegionActivity, known: ClusterDefinitions) -> NoReturn:
    msg = (
        "No activity of the table is in the definitions. Table: "
        f"{table.activity[:5].tolist()}, definitions: {known.industry[:5].tolist()}. "
        "Use codes of the same classification and the same level."
    )
    bad = Problem(code="unknown_code", what="no code in common", where="definitions")
    raise InvalidTableError(msg, [bad])
