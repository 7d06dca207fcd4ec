"""Two kinds of activity in the same regions, and how classes are combined in units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import AlignmentError, InvalidTableError
from agglo.core.frames import frame_kind
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.relatedness._inputs import places
from agglo.relatedness.cooccurrence import incidence_of
from agglo.relatedness.periods import by_period, rows_of_period
from agglo.relatedness.relatedness_results import grid, sealed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.relatedness.relatedness_results import Presence

__all__ = ["CrossProximity", "Recombination", "cross_proximity", "recombination"]


@dataclass(frozen=True, eq=False, kw_only=True)
class CrossProximity(Result):
    """How close activities of one kind are to those of another.

    Parameters
    ----------
    first, second
        Labels of both kinds, shapes (n_a,) and (n_b,).
    values
        Shape (n_a, n_b), 0 to 1; 0 where one of both is nowhere.
    region
        Regions of the first presence, shape (n_regions,).
    density
        Share of what is near b that the region has, shape (n_regions, n_b); NaN where
        nothing is near.
    common
        Number of regions both kinds were measured on.
    """

    first: NDArray[np.str_]
    second: NDArray[np.str_]
    values: FloatArray
    region: NDArray[np.str_]
    density: FloatArray
    common: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair."""
        cells = grid(self.first, self.second)
        return {
            "first": cells["region"],
            "second": cells["industry"],
            "value": self.values.ravel(),
        }

    def summary(self) -> str:
        """Say which pair is closest."""
        a, b = np.unravel_index(int(np.argmax(self.values)), self.values.shape)
        return (
            f"cross proximity of {self.first.size} x {self.second.size} activities over "
            f"{self.common} common regions: mean {self.values.mean():.4f}, highest "
            f"{self.values[a, b]:.4f} ({self.first[a]}-{self.second[b]})"
        )

    def _draw(self, ax: Axes) -> None:
        ax.imshow(self.values, aspect="auto", vmin=0.0, vmax=1.0)
        ax.set_xlabel("second")
        ax.set_ylabel("first")


@by_period
def cross_proximity(first: Presence, second: Presence) -> CrossProximity:
    r"""Measure which activities of two kinds are present in the same regions.

    Also: cross density. Use to link industries of branches with patent classes, or trade
    with technologies; within one kind use `proximity`.

    Parameters
    ----------
    first, second
        Results of `presence` of the two kinds; regions are joined by label.

    Returns
    -------
    CrossProximity
        ``values`` of shape (n_a, n_b) and the ``density`` around every second activity of
        what the regions have of the first kind.

    Raises
    ------
    AlignmentError
        If fewer than 2 regions are in common.
    InvalidTableError
        If a cell is unknown.

    Notes
    -----
    .. math:: \phi_{ab} = \min\left(\frac{C_{ab}}{k_a}, \frac{C_{ab}}{k_b}\right), \qquad
        \omega_{rb} = \frac{\sum_a M_{ra} \phi_{ab}}{\sum_a \phi_{ab}}

    with C and k over the common regions only. What is nowhere there has proximity 0 and
    is listed. O(n_regions n_a n_b).

    References
    ----------
    Catalan, Navarrete and Figueroa 2022, doi:10.1016/j.respol.2020.104016.

    See Also
    --------
    proximity : Within one kind.

    Examples
    --------
    >>> import pyarrow as pa, agglo.relatedness as rel
    >>> def held(words):
    ...     return rel.presence(pa.table({"region": list("aabb"), "industry": list(words),
    ...         "employment": [4.0, 1.0, 1.0, 4.0]}))
    >>> rel.cross_proximity(held("xyxy"), held("uvuv")).values.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    for name, held in (("first", first), ("second", second)):
        unknown = int(np.isnan(held.values).sum())
        if unknown:
            msg = f"{unknown} cells of `{name}` are unknown: presence(..., missing='zero')."
            raise InvalidTableError(msg)
    at = places(second.region, first.region)
    both = at >= 0
    if both.sum() < 2:
        msg = f"{int(both.sum())} regions are in common; at least 2 are needed."
        raise AlignmentError(msg)
    a, b = first.values[both], second.values[at[both]]
    k_a, k_b = a.sum(axis=0), b.sum(axis=0)
    most = np.maximum.outer(k_a, k_b)
    some = np.multiply.outer(k_a > 0, k_b > 0)
    values = np.divide(a.T @ b, most, out=np.zeros_like(most), where=some)
    around = values.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(around > 0, first.values @ values / around, np.nan)
    lost = [
        *first.activity[k_a == 0],
        *second.activity[k_b == 0],
    ]
    return CrossProximity(
        provenance=Provenance.of(
            cross_proximity,
            first.provenance.input_digest,
            second.provenance.input_digest,
            parameters={"common": int(both.sum())},
            warnings=(*first.provenance.warnings, *second.provenance.warnings),
        ),
        frame_kind=first.frame_kind,
        undefined=tuple(
            Undefined(reason="nowhere in the common regions: 0", activity=str(x))
            for x in lost
        ),
        first=first.activity,
        second=second.activity,
        values=sealed(values),
        region=first.region,
        density=sealed(np.clip(density, 0.0, 1.0)),
        common=int(both.sum()),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Recombination(Result):
    """How easily classes are combined, and how hard the combinations of units were.

    Parameters
    ----------
    unit, item
        Labels, shapes (n_units,) and (n_items,).
    ease
        Distinct classes an item was combined with over the units with it.
    complexity
        Classes of a unit over the sum of their ease; NaN where that is 0.
    """

    unit: NDArray[np.str_]
    item: NDArray[np.str_]
    ease: FloatArray
    complexity: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per item and per unit."""
        kinds = np.repeat(["industry", "unit"], [self.item.size, self.unit.size])
        return {
            "kind": kinds,
            "item": pa.array([*self.item.tolist(), *self.unit.tolist()], pa.string()),
            "value": np.concatenate([self.ease, self.complexity]),
        }

    def summary(self) -> str:
        """Give both means."""
        known = self.complexity[np.isfinite(self.complexity)]
        mean = known.mean() if known.size else float("nan")
        return (
            f"{self.item.size} classes, mean ease {self.ease.mean():.4f}; complexity of "
            f"{known.size} of {self.unit.size} units, mean {mean:.4f}"
        )

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.complexity[np.isfinite(self.complexity)], bins=40)
        ax.set_xlabel("complexity of units")


@by_period
def recombination(
    data: IntoFrame,
    *,
    unit: str = "patent",
    activity: str = "industry",
    value: str | None = None,
    period: str | None = None,
) -> Recombination:
    r"""Measure how easily classes recombine, and how complex each unit's combination is.

    Use for patents and their classes; not for regions and industries, see `complexity`.

    Parameters
    ----------
    data
        One row per unit and class (a repeated row counts once).
    unit, activity
        Columns of the unit and of its class.
    value
        Column of amounts: rows with 0 are left out. ``None`` counts every row.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.

    Returns
    -------
    Recombination
        ``ease`` per class, ``complexity`` per unit.

    Raises
    ------
    InvalidTableError
        If a label is null, an amount negative, infinite or empty, or nothing occurs.
    ColumnNotFoundError
        If a column is absent.

    Notes
    -----
    .. math:: E_i = \frac{\#\{j \ne i: C_{ij} > 0\}}{n_i}, \qquad
        K_u = \frac{m_u}{\sum_{i \in u} E_i}

    A unit all of whose classes were never combined has no complexity: NaN, counted.
    O(sum of m^2 over units).

    References
    ----------
    Fleming and Sorenson 2001, doi:10.1016/S0048-7333(00)00135-9.

    See Also
    --------
    cooccurrence_relatedness : How much more often than by chance.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import recombination
    >>> patents = pa.table({"patent": list("112234"), "industry": list("abbcbd")})
    >>> found = recombination(patents)
    >>> found.ease.round(3).tolist(), found.complexity.round(3).tolist()
    ([1.0, 0.667, 1.0, 0.0], [1.2, 1.2, 1.5, nan])
    """
    found = incidence_of(rows_of_period(data, period), unit, activity, value)
    matrix = found.matrix
    n = np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel()
    together = (matrix.T @ matrix).tocsr()
    # every item meets itself once
    others = np.diff(together.indptr) - (together.diagonal() > 0)
    ease = np.divide(others, n, out=np.zeros(n.size), where=n > 0)
    size = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    total = np.asarray(matrix @ ease).ravel()
    hard = np.divide(size, total, out=np.full(size.size, np.nan), where=total > 0)
    lost = int(np.isnan(hard).sum())
    return Recombination(
        provenance=Provenance.of(
            recombination, found.digest, parameters={"value": value}
        ),
        frame_kind=frame_kind(data),
        undefined=(Undefined(reason="no class was ever combined", n=lost),)
        if lost
        else (),
        unit=frozen_array(found.unit),
        item=frozen_array(found.item),
        ease=frozen_array(ease),
        complexity=frozen_array(hard),
    )
