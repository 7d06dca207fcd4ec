"""What regions entered since the earlier period, and how it had been ranked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.columns import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = ["DRAWN", "entry_rows", "no_entries"]

DRAWN = ("density", "complexity")


def entry_rows(
    region: NDArray[np.str_],
    industry: NDArray[np.str_],
    values: Mapping[str, FloatArray],
    score: FloatArray,
    held: FloatArray,
    later: FloatArray,
) -> pa.Table:
    """Give every option of the earlier period with its rank then, and whether it was entered.

    Parameters
    ----------
    region, industry
        Labels of the rows and columns of the other arguments.
    values
        ``density`` and ``complexity`` from data before only.
    score
        What ranked the options; the best of a region has rank 1, ties by place.
    held, later
        Presence before and after.

    Returns
    -------
    pyarrow.Table
        region, industry, density, complexity, rank, entered.
    """
    option = held < 0.5
    known = np.where(option & np.isfinite(score), score, -np.inf)
    order = np.argsort(-known, axis=1, kind="stable")
    place = np.argsort(order, axis=1, kind="stable") + 1
    r, i = np.nonzero(option)
    table = pa.table(
        {
            "region": texts([str(region[k]) for k in r]),
            "industry": texts([str(industry[k]) for k in i]),
            **{k: pa.array(values[k][r, i], pa.float64()) for k in DRAWN},
            "rank": pa.array(place[r, i], pa.int64()),
            "entered": pa.array(later[r, i] >= 0.5, pa.bool_()),
        }
    )
    return table.sort_by([("region", "ascending"), ("rank", "ascending")])


def no_entries() -> pa.Table:
    """Give the table without rows, where there is no earlier period.

    Returns
    -------
    pyarrow.Table
        As `entry_rows`.
    """
    kinds = [("region", pa.string()), ("industry", pa.string())]
    kinds += [(name, pa.float64()) for name in DRAWN]
    kinds += [("rank", pa.int64()), ("entered", pa.bool_())]
    return pa.schema(kinds).empty_table()
