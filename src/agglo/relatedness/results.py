"""Results of the cluster definitions: aggregated activity, strength, strong clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = ["ClusterActivity", "ClusterStrength", "StrongClusters"]


def _grid(
    region: NDArray[np.str_], cluster: NDArray[np.str_], kind: NDArray[np.str_]
) -> dict[str, ColumnData]:
    rows = np.repeat(np.arange(region.size), cluster.size)
    columns = pa.array(np.tile(np.arange(cluster.size), region.size))
    return {
        "region": pa.array(region.tolist(), pa.string()).take(pa.array(rows)),
        "cluster": pa.array(cluster.tolist(), pa.string()).take(columns),
        "kind": pa.array(kind.tolist(), pa.string()).take(columns),
    }


@dataclass(frozen=True, eq=False, kw_only=True)
class ClusterActivity(Result):
    """Activity added up to clusters.

    Parameters
    ----------
    region, cluster
        Labels, shapes (n_regions,) and (n_clusters,).
    kind
        ``"traded"``, ``"local"`` or ``""`` per cluster.
    values
        Shape (n_regions, n_clusters), unit of the input; NaN where unknown.
    row_total
        Total of every region over all activities, mapped or not.
    col_total
        National total of every cluster.
    total
        Total over everything.
    unmapped_share
        Share of `total` in activities (or parts of them) that no cluster covers.
    unmapped
        Activities without any cluster.
    definition
        Name and version of the definitions.
    unit
        Unit of `values`.
    """

    region: NDArray[np.str_]
    cluster: NDArray[np.str_]
    kind: NDArray[np.str_]
    values: FloatArray
    row_total: FloatArray
    col_total: FloatArray
    total: float
    unmapped_share: float
    unmapped: NDArray[np.str_]
    definition: str
    unit: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and cluster."""
        return {
            **_grid(self.region, self.cluster, self.kind),
            "value": self.values.ravel(),
        }

    def summary(self) -> str:
        """Say how much of the activity the clusters cover."""
        return "\n".join(
            [
                f"{self.cluster.size} clusters in {self.region.size} regions; "
                f"{100 * (1 - self.unmapped_share):.1f} % of the total is mapped",
                f"definitions: {self.definition or 'version not said'}; "
                f"{self.unmapped.size} activities without a cluster",
                *(f"note: {w}" for w in self.provenance.warnings),
                "Source: Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        order = np.argsort(np.nan_to_num(self.col_total), kind="stable")[-25:]
        ax.barh(np.arange(order.size), self.col_total[order], color="#3b6ea5")
        ax.set_yticks(np.arange(order.size), [str(self.cluster[k]) for k in order])
        ax.set_xlabel(f"total{f' ({self.unit})' if self.unit else ''}")


@dataclass(frozen=True, eq=False, kw_only=True)
class ClusterStrength(Result):
    """Which clusters are strong where, criterion by criterion.

    Parameters
    ----------
    region, cluster, kind
        Labels as in `ClusterActivity`.
    scheme
        Name of the scheme.
    criteria
        Names of its criteria, length n_criteria.
    size
        Value of the cluster in the region, shape (n_regions, n_clusters).
    quotient
        Location quotient of the cluster, same shape.
    values
        What each criterion looks at, shape (n_criteria, n_regions, n_clusters).
    cut
        Value to reach, shape (n_criteria, n_clusters).
    met
        1 reached, 0 not reached, NaN unknown; shape as `values`.
    stars
        Number of criteria met, shape (n_regions, n_clusters).
    unknown
        Number of criteria that cannot be judged, same shape.
    strong
        1 strong, 0 not, NaN cannot be said, same shape.
    p_met, p_strong
        Probability under resampled counts, shapes of `met` and `strong`; ``None`` when
        not asked for.
    unmapped_share
        Share of the total outside all clusters.
    definition
        Name and version of the definitions.
    """

    region: NDArray[np.str_]
    cluster: NDArray[np.str_]
    kind: NDArray[np.str_]
    scheme: str
    criteria: tuple[str, ...]
    size: FloatArray
    quotient: FloatArray
    values: FloatArray
    cut: FloatArray
    met: FloatArray
    stars: FloatArray
    unknown: FloatArray
    strong: FloatArray
    p_met: FloatArray | None
    p_strong: FloatArray | None
    unmapped_share: float
    definition: str

    def margin(self) -> FloatArray:
        """Give value minus cut of every criterion.

        Returns
        -------
        numpy.ndarray of float64
            Shape (n_criteria, n_regions, n_clusters); unit of the criterion.
        """
        return self.values - self.cut[:, None, :]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and cluster; four columns per criterion."""
        out = _grid(self.region, self.cluster, self.kind)
        out["size"] = self.size.ravel()
        out["quotient"] = self.quotient.ravel()
        margin = self.margin()
        for k, name in enumerate(self.criteria):
            cut = np.broadcast_to(self.cut[k], self.size.shape)
            out[f"{name}_value"] = self.values[k].ravel()
            out[f"{name}_cut"] = cut.ravel()
            out[f"{name}_margin"] = margin[k].ravel()
            out[f"{name}_met"] = self.met[k].ravel()
            if self.p_met is not None:
                out[f"{name}_p"] = self.p_met[k].ravel()
        out["stars"] = self.stars.ravel()
        out["unknown"] = self.unknown.ravel()
        out["strong"] = self.strong.ravel()
        if self.p_strong is not None:
            out["strong_p"] = self.p_strong.ravel()
        return out

    def summary(self) -> str:
        """Say how many clusters are strong and on what grounds."""
        strong, present = int(np.sum(self.strong == 1)), int(np.sum(self.size > 0))
        unsure = int(np.sum(np.isnan(self.strong)))
        return "\n".join(
            [
                f"{strong} of {present} clusters present are strong by '{self.scheme}' "
                f"({', '.join(self.criteria)}); {unsure} cannot be judged",
                f"{self.region.size} regions, {self.cluster.size} clusters; "
                f"{100 * self.unmapped_share:.1f} % of the total is outside all clusters",
                *(f"note: {w}" for w in self.provenance.warnings),
                "Source: Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        count = np.sum(self.strong == 1, axis=0)
        order = np.argsort(count, kind="stable")[-25:]
        ax.barh(np.arange(order.size), count[order], color="#3b6ea5")
        ax.set_yticks(np.arange(order.size), [str(self.cluster[k]) for k in order])
        ax.set_xlabel("regions where the cluster is strong")


@dataclass(frozen=True, eq=False, kw_only=True)
class StrongClusters(Result):
    """The strong clusters, one row each, region by region, most specialised first.

    Parameters
    ----------
    region, cluster, kind
        Labels of the rows, shape (n_strong,).
    size
        Value of the cluster in the region.
    quotient
        Location quotient.
    stars
        Criteria met.
    p_strong
        Probability under resampled counts; NaN when not computed.
    scheme
        Name of the scheme.
    regions_total
        Number of regions looked at.
    """

    region: NDArray[np.str_]
    cluster: NDArray[np.str_]
    kind: NDArray[np.str_]
    size: FloatArray
    quotient: FloatArray
    stars: FloatArray
    p_strong: FloatArray
    scheme: str
    regions_total: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per strong cluster."""
        return {
            "region": self.region,
            "cluster": self.cluster,
            "kind": self.kind,
            "size": self.size,
            "quotient": self.quotient,
            "stars": self.stars,
            "p_strong": self.p_strong,
        }

    def summary(self) -> str:
        """Say how many there are and where."""
        regions = np.unique(self.region).size
        return (
            f"{self.region.size} strong clusters by '{self.scheme}' in {regions} of "
            f"{self.regions_total} regions"
        )

    def _draw(self, ax: Axes) -> None:
        shown = np.argsort(-self.quotient, kind="stable")[:20][::-1]
        ax.barh(np.arange(shown.size), self.quotient[shown], color="#3b6ea5")
        ax.set_yticks(
            np.arange(shown.size),
            [f"{self.cluster[k]}, {self.region[k]}" for k in shown],
        )
        ax.set_xlabel("location quotient")
