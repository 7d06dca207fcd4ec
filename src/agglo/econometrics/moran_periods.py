"""Spatial autocorrelation of a panel variable in every period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.inference import fdr
from agglo.core.options import Permutation
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import check_balanced
from agglo.econometrics._kernels.within import demean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from scipy.sparse import csr_array

    from agglo.core.tables import Panel
    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.core.weights import SpatialWeights

__all__ = ["MoranPeriods", "moran_by_period"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MoranPeriods(Result):
    """Moran's I per period.

    Attributes
    ----------
    period
        Labels, (T,).
    value, z
        Moran's I and its normal score.
    p, q
        Permutation p-value (upper tail) and false-discovery rate over the periods.
    variable
        What was tested.
    """

    period: tuple[str, ...]
    value: FloatArray
    z: FloatArray
    p: FloatArray
    q: FloatArray
    variable: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per period."""
        return {
            "period": list(self.period),
            "value": self.value,
            "z": self.z,
            "p": self.p,
            "q": self.q,
        }

    def summary(self) -> str:
        """Give a line per period."""
        rows = zip(self.period, self.value, self.z, self.q, strict=True)
        lines = [f"  {t}: {v:.4f}, z {z:.2f}, q {q:.3g}" for t, v, z, q in rows]
        return "\n".join([f"Moran's I of {self.variable}", *lines])

    def _draw(self, ax: Axes) -> None:
        ax.plot(np.arange(self.value.size), self.value, "o-", color="#0072B2")
        ax.set_xticks(np.arange(self.value.size), list(self.period), rotation=90)
        ax.set(ylabel="Moran's I")


def moran_by_period(
    data: IntoFrame | Panel,
    *,
    variable: str,
    weights: SpatialWeights,
    within: bool = False,
    inference: Permutation = Permutation(n=999),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
) -> MoranPeriods:
    r"""Say whether neighbours are alike, period by period.

    Use before a spatial model and on what is left after region and period effects.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    variable
        Column of finite numbers that vary across regions in every period.
    weights
        Neighbours; any standardisation, no islands needed.
    within
        Take region and period means away first.
    inference
        Number of permutations of the map and seed; the same for every period.
    region, period
        Columns of labels.

    Returns
    -------
    MoranPeriods
        I, normal score, permutation p-value and false-discovery rate.

    Raises
    ------
    OptionError
        The variable is constant across regions in a period.
    InvalidTableError
        panel_unbalanced, panel_gap, panel_missing.
    AlignmentError
        weights_ids.

    Notes
    -----
    :math:`I = (N/S_0)\, z'Wz / z'z`, :math:`E = -1/(N-1)`, variance under normality.
    Upper tail, (1 + b) / (1 + n). Cost O(n T links).

    References
    ----------
    Cliff and Ord 1981, "Spatial processes: models and applications".

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> from agglo.econometrics import moran_by_period
    >>> ids = [f"r{i}" for i in range(9)]
    >>> w = ag.SpatialWeights.build_knn(np.arange(9.0), np.zeros(9), ids, k=2)
    >>> rows = pa.table({"region": ids, "period": ["0"] * 9, "y": np.arange(9.0)})
    >>> found = moran_by_period(rows, variable="y", weights=w)
    >>> round(float(found.value[0]), 3)
    0.8
    """
    panel = as_panel(data, variables=[variable], region=region, period=period)
    check_balanced(panel, [variable])
    weights.aligned(panel.regions)
    z = np.asarray(panel.variable(variable), dtype=np.float64)
    if within:
        z = demean(z.T, unit=True, period=True).T
    z = z - z.mean(axis=0)
    size = (z**2).sum(axis=0)
    flat = size <= 1e-20 * max(float((panel.variable(variable) ** 2).sum()), 1e-300)
    if flat.any():
        where = [str(t) for t in panel.periods[flat]]
        msg = f"'{variable}' does not vary across regions in {where}."
        raise OptionError(msg)
    w = weights.matrix
    scale = z.shape[0] / float(w.sum()) / size
    value = np.einsum("nt,nt->t", z, w @ z) * scale
    seed = entropy_of(inference.seed)

    def draw(rng: np.random.Generator, count: int) -> FloatArray:
        out = np.empty((count, z.shape[1]))
        for i in range(count):
            moved = z[rng.permutation(z.shape[0])]
            out[i] = np.einsum("nt,nt->t", moved, w @ moved) * scale
        return out

    draws = monte_carlo(draw, n=inference.n, seed=seed)
    p = (1.0 + (draws >= value - 1e-12).sum(axis=0)) / (1.0 + inference.n)
    mean, spread = _moments(w)
    return MoranPeriods(
        period=tuple(str(t) for t in panel.periods),
        value=frozen_array(value),
        z=frozen_array((value - mean) / spread),
        p=frozen_array(np.asarray(p, dtype=np.float64)),
        q=frozen_array(fdr(p)),
        variable=f"{variable}, within" if within else variable,
        frame_kind=panel.frame_kind,
        provenance=Provenance.of(
            moran_by_period,
            panel,
            weights,
            parameters={"variable": variable, "within": within, "n": inference.n},
            seed=seed,
        ),
    )


def _moments(w: csr_array) -> tuple[float, float]:
    """Give expectation and standard deviation of I under normality."""
    n, s0 = w.shape[0], float(w.sum())
    s1 = 0.5 * float(((w + w.T).tocsr().data ** 2).sum())
    both = np.asarray(w.sum(axis=1)).ravel() + np.asarray(w.sum(axis=0)).ravel()
    s2 = float((both**2).sum())
    mean = -1.0 / (n - 1.0)
    variance = (n * n * s1 - n * s2 + 3.0 * s0**2) / ((n * n - 1.0) * s0**2) - mean**2
    return mean, float(np.sqrt(variance))
