"""The amounts that the criteria look at, from the tables of the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.frames import require_columns, to_arrow
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness.aggregation import Missing, clusters_of
from agglo.relatedness.definitions import ClusterDefinitions

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.relatedness.results import ClusterActivity
    from agglo.relatedness.schemes import StrengthScheme

Source: TypeAlias = "str | RegionActivity | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What the criteria look at; (n_regions, n_clusters) unless said."""

    size: FloatArray
    row_total: FloatArray
    col_total: FloatArray
    total: float
    establishments: FloatArray | None
    establishments_total: FloatArray
    output: FloatArray | None
    earlier: FloatArray | None

    def further(self) -> tuple[FloatArray, ...]:
        """Give what came from other tables than the first."""
        found = (self.establishments, self.output, self.earlier)
        return tuple(a for a in found if a is not None)


def needs(rules: StrengthScheme, measure: str) -> bool:
    """Say whether a scheme looks at a measure."""
    return any(c.measure == measure for c in rules.criteria)


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherTables:
    """Brings the further tables to the regions and clusters of the first."""

    data: IntoFrame | RegionActivity
    region: str
    activity: str
    value: str
    definitions: ClusterDefinitions
    clusters: ClusterActivity
    missing: Missing

    def amounts(
        self,
        rules: StrengthScheme,
        establishments: Source,
        output: Source,
        earlier: IntoFrame | RegionActivity | None,
    ) -> Amounts:
        """Read what the scheme looks at; what is not needed may be absent."""
        clusters = self.clusters
        plants = self.establishments(
            establishments, needs(rules, "establishments_share")
        )
        return Amounts(
            size=clusters.values,
            row_total=clusters.row_total,
            col_total=clusters.col_total,
            total=clusters.total,
            establishments=None if plants is None else plants[0],
            establishments_total=clusters.col_total if plants is None else plants[1],
            output=self.output(output) if needs(rules, "productivity") else None,
            earlier=self.earlier(earlier) if needs(rules, "growth") else None,
        )

    def establishments(
        self, source: Source, needed: bool
    ) -> tuple[FloatArray, FloatArray] | None:
        """Give plant counts by region and cluster, and their national totals."""
        table = self._table(source, "establishments", required=needed)
        if table is None:
            return None
        counts = clusters_of(table, self.definitions, missing=self.missing)
        return self._aligned(counts, "establishments", strict=True), counts.col_total

    def output(self, source: Source) -> FloatArray | None:
        """Give payroll or value added by region and cluster."""
        table = self._table(source, "output", required=False)
        if table is None:
            return None
        return self._aligned(
            clusters_of(table, self.definitions), "output", strict=True
        )

    def earlier(self, data: IntoFrame | RegionActivity | None) -> FloatArray | None:
        """Give the sizes of the earlier period."""
        if data is None:
            return None
        table = as_region_activity(
            data, region=self.region, activity=self.activity, value=self.value
        )
        before = clusters_of(table, self.definitions, missing=self.missing)
        return self._aligned(before, "earlier", strict=False)

    def _table(
        self, source: Source, name: str, *, required: bool
    ) -> RegionActivity | None:
        if source is None or isinstance(source, RegionActivity):
            if source is None and required:
                msg = f"The scheme looks at {name}: pass {name}=<column or RegionActivity>."
                raise OptionError(msg)
            return source
        if isinstance(self.data, RegionActivity):
            if required:
                msg = (
                    f"A RegionActivity holds one value per cell and the scheme looks at "
                    f"{name}: pass {name}=<RegionActivity>, not a column name."
                )
                raise OptionError(msg)
            return None
        table = to_arrow(self.data)
        if source not in table.column_names and not required:
            return None
        require_columns(table, {name: source})
        # productivity is judged cell by cell, so its totals are not needed
        return as_region_activity(
            table,
            region=self.region,
            activity=self.activity,
            value=source,
            margins="refuse" if required else "disclosed",
        )

    def _aligned(
        self, other: ClusterActivity, name: str, *, strict: bool
    ) -> FloatArray:
        """Order the rows as the regions of the first table; an absent region is zero."""
        place = {str(r): k for k, r in enumerate(self.clusters.region)}
        row = np.array([place.get(str(r), -1) for r in other.region], dtype=np.int64)
        unknown = [str(r) for r, k in zip(other.region, row, strict=True) if k < 0]
        if (unknown and strict) or not (row >= 0).any():
            msg = (
                f"`{name}` names {len(unknown)} regions that `data` does not have: "
                f"{unknown[:10]}. Use one version of region codes."
            )
            raise AlignmentError(msg)
        out = np.zeros(self.clusters.values.shape)
        out[row[row >= 0]] = other.values[row >= 0]
        return out
