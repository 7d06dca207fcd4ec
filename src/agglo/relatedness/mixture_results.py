"""Result of clustering by a mixture."""

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

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["EMClusters"]


@dataclass(frozen=True, eq=False, kw_only=True)
class EMClusters(Result):
    """Groups found by a mixture, memberships, and how the number of groups was chosen.

    Parameters
    ----------
    method
        Kind of mixture.
    item
        Labels, shape (n_items,).
    label
        Group of an item, from 0; the largest is 0, equal sizes by first item.
    membership
        Probability of each group, shape (n_items, k); rows sum to 1.
    entropy
        Of an item's memberships, in nats; 0 is certain.
    share
        Weight of each group in the mixture, shape (k,).
    sharpness
        1 less the mean entropy over ln k; NaN with one group.
    loglik
        Observed log-likelihood of the chosen mixture.
    tried, tried_loglik, n_parameters, bic, icl, silhouette, heldout, tried_stability, \
reached, converged
        One entry per number of groups tried. BIC and ICL in the form that is minimised;
        `reached` counts the finished starts that came to the best log-likelihood.
    stability, stability_low, stability_high
        Mean and 5 and 95 % points of the adjusted Rand index with refits on resamples.
    select
        How the number was chosen.
    """

    method: str
    item: NDArray[np.str_]
    label: IntArray
    membership: FloatArray
    entropy: FloatArray
    share: FloatArray
    sharpness: float
    loglik: float
    tried: IntArray
    tried_loglik: FloatArray
    n_parameters: IntArray
    bic: FloatArray
    icl: FloatArray
    silhouette: FloatArray
    heldout: FloatArray
    tried_stability: FloatArray
    reached: IntArray
    converged: BoolArray
    stability: float
    stability_low: float
    stability_high: float
    select: str

    @property
    def k(self) -> int:
        """Number of groups."""
        return int(self.share.size)

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per item: its group, the probability of it, the entropy."""
        rows = np.arange(self.item.size)
        return {
            "item": self.item,
            "cluster": self.label,
            "membership": self.membership[rows, self.label],
            "entropy": self.entropy,
        }

    def memberships(self) -> pa.Table:
        """Give one row per item and group."""
        n, k = self.membership.shape
        return pa.table(
            {
                "item": pa.array(np.repeat(self.item, k).tolist(), pa.string()),
                "cluster": np.tile(np.arange(k), n),
                "membership": self.membership.ravel(),
            }
        )

    def selection(self) -> pa.Table:
        """Give one row per number of groups tried."""
        return pa.table(
            {
                "k": self.tried,
                "loglik": self.tried_loglik,
                "n_parameters": self.n_parameters,
                "bic": self.bic,
                "icl": self.icl,
                "silhouette": self.silhouette,
                "heldout": self.heldout,
                "stability": self.tried_stability,
                "reached": self.reached,
                "converged": self.converged,
            }
        )

    def summary(self) -> str:
        """Say how many groups, how sharp and stable they are, and the neighbours of k."""
        near = np.flatnonzero(np.abs(self.tried - self.k) <= 1)
        beside = ", ".join(f"{self.tried[i]}: {self.bic[i]:.1f}" for i in near)
        return "\n".join(
            [
                f"{self.k} groups of {self.item.size} items by '{self.method}' mixture, "
                f"chosen by {self.select}; log-likelihood {self.loglik:.4f}",
                f"sharpness {self.sharpness:.3f}; stability {self.stability:.3f} "
                f"({self.stability_low:.3f} to {self.stability_high:.3f})",
                f"BIC (smaller is better) by number of groups: {beside}",
                *(f"note: {w}" for w in self.provenance.warnings),
            ]
        )

    def _draw(self, ax: Axes) -> None:
        ax.plot(self.tried, self.bic, marker="o", label="BIC")
        ax.plot(self.tried, self.icl, marker="s", label="ICL")
        ax.axvline(self.k, color="0.6", lw=0.8)
        ax.set_xlabel("groups")
        ax.legend()
