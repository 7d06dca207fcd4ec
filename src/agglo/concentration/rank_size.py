"""Rank and size: how unequal the largest are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import InvalidTableError, NotIdentifiedError
from agglo.core.frames import float_column, frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.sizes import rank_size_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["RankSize", "rank_size"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RankSize(Result):
    """A rank-size relation.

    Attributes
    ----------
    zeta
        Exponent; 1 is Zipf's law, a smaller one means more inequality at the top.
    se
        Its standard error.
    intercept
        Of the log-log line; NaN for ``hill``.
    values, rank
        Sizes from the largest and their ranks.
    method
        ``"gabaix"`` or ``"hill"``.
    n, n_distinct
        Sizes used, and distinct ones among them.
    """

    zeta: float
    se: float
    intercept: float
    values: FloatArray
    rank: FloatArray
    method: str
    n: int
    n_distinct: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per size."""
        return {"rank": self.rank, "value": self.values}

    def summary(self) -> str:
        """Give the exponent and its standard error."""
        lines = [
            f"Rank-size exponent {self.zeta:.3f} ± {self.se:.3f} ({self.method}, {self.n} sizes)"
        ]
        lines += list(self.provenance.warnings)
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        ax.loglog(self.values, self.rank, "o", ms=3)
        ax.set(xlabel="size", ylabel="rank")


def rank_size(
    data: IntoFrame,
    *,
    value: str = "value",
    method: Literal["gabaix", "hill"] = "gabaix",
    top: int | None = None,
) -> RankSize:
    r"""Measure how fast size falls with rank.

    Use for sizes that spread over orders of magnitude; not as a proof of a power law,
    which many distributions resemble.

    Parameters
    ----------
    data
        One row per unit.
    value
        Column of sizes; only positive ones are used.
    method
        ``"gabaix"``: regression of log(rank − ½) on log(size); ``"hill"``: the
        conditional maximum likelihood of the `top` largest.
    top
        How many of the largest to use; default all (for ``"hill"`` all but one).

    Returns
    -------
    RankSize
        Exponent with standard error.

    Raises
    ------
    InvalidTableError
        If fewer than three sizes are positive.
    NotIdentifiedError
        If all sizes are equal.
    OptionError
        If `method` or `top` is not admissible.

    Notes
    -----
    Gabaix: standard error :math:`\zeta\sqrt{2/n}`. Hill: :math:`\zeta = k/\sum_{i \le k}
    \ln(v_i/v_{k+1})`, standard error :math:`\zeta/\sqrt{k}`. Ranks are ordinal after
    sorting; counts tie heavily, and below ten distinct sizes the result says so. Cost
    O(n log n).

    References
    ----------
    Gabaix and Ibragimov 2011, doi:10.1198/jbes.2009.06157; Hill 1975,
    doi:10.1214/aos/1176343247.

    See Also
    --------
    gini : Inequality of all sizes, not of the largest.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> sizes = pa.table({"value": [120.0, 60.0, 40.0, 30.0, 24.0, 20.0]})
    >>> round(ag.rank_size(sizes).zeta, 3)
    1.329
    """
    check_choice("method", method, ("gabaix", "hill"))
    kind = frame_kind(data)
    table = to_arrow(data)
    require_columns(table, {"value": value})
    sizes = float_column(table, value)
    sizes = np.sort(sizes[np.isfinite(sizes) & (sizes > 0)])[::-1]
    if sizes.size < 3:
        msg = f"Column '{value}' has {sizes.size} positive sizes; three or more are needed."
        raise InvalidTableError(msg)
    most = sizes.size - (1 if method == "hill" else 0)
    k = (
        most
        if top is None
        else int(check_number("top", top, minimum=2, maximum=most, integer=True))
    )
    used = sizes[:k]
    rank = np.arange(1.0, k + 1.0)
    distinct = int(np.unique(used).size)
    if distinct == 1 and (method == "gabaix" or sizes[k] == used[0]):
        msg = "All sizes are equal: size does not fall with rank."
        raise NotIdentifiedError(msg)
    if method == "gabaix":
        line = rank_size_line(used)
        zeta, se, intercept = line.exponent, line.se, line.intercept
    else:
        zeta = k / float(np.log(used / sizes[k]).sum())
        intercept, se = np.nan, zeta / np.sqrt(k)
    notes = () if distinct >= 10 else (f"only {distinct} distinct sizes: heavily tied",)
    return RankSize(
        zeta=zeta,
        se=float(se),
        intercept=float(intercept),
        values=frozen_array(used),
        rank=frozen_array(rank),
        method=method,
        n=k,
        n_distinct=distinct,
        frame_kind=kind,
        provenance=Provenance.of(
            rank_size, sizes, parameters={"method": method, "top": top}, warnings=notes
        ),
    )
