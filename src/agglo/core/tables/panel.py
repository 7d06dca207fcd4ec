"""Panel: outcomes and covariates by region and period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.results import digest_of, frozen_array
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["Panel", "as_panel"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Panel:
    """Variables observed in regions over periods.

    Attributes
    ----------
    regions, periods
        Sorted distinct labels; periods that are all whole numbers sort as numbers.
    names
        Names of the variables.
    values
        Shape (n_regions, n_periods, n_variables); NaN is missing.
    observed
        Whether the region × period row was there, (n_regions, n_periods).
    frame_kind
        Kind of frame the caller came with.
    """

    regions: NDArray[np.str_]
    periods: NDArray[np.str_]
    names: tuple[str, ...]
    values: FloatArray
    observed: BoolArray
    frame_kind: FrameKind = "pyarrow"

    @property
    def balanced(self) -> bool:
        """Whether every region has every period and no value is missing."""
        return bool(self.observed.all() and np.isfinite(self.values).all())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels and values."""
        return digest_of(
            self.regions, self.periods, list(self.names), self.values, self.observed
        )

    def variable(self, name: str) -> FloatArray:
        """Give one variable, shape (n_regions, n_periods)."""
        one: FloatArray = self.values[:, :, self.names.index(name)]
        return one


def as_panel(
    data: IntoFrame | Panel,
    *,
    variables: Sequence[str],
    region: str = "region",
    period: str = "period",
) -> Panel:
    """Check a long panel and give it the shape of the panel estimators.

    Parameters
    ----------
    data
        One row per region and period; a `Panel` comes back as it is.
    variables
        Columns of outcomes and covariates.
    region, period
        Columns of labels.

    Returns
    -------
    Panel
        Absent rows are NaN with ``observed`` False; O(rows × variables).

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: null_key, duplicate_key, not_finite, empty_table.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"region": ["a", "a", "b"], "period": ["1", "2", "1"],
    ...                  "jobs": [1.0, 2.0, 3.0]})
    >>> int(ag.as_panel(rows, variables=["jobs"]).observed.sum())
    3
    """
    if isinstance(data, Panel):
        return data
    kind = frame_kind(data)
    table = to_arrow(data)
    named = {f"variables[{i}]": v for i, v in enumerate(variables)}
    require_columns(table, {"region": region, "period": period, **named})
    problems: list[Problem] = []
    if table.num_rows == 0:
        problems.append(
            Problem(code="empty_table", what="the table has no row", where="data")
        )
    regions, row = labels_of(table, region, problems, "data")
    periods, column = _periods(table, period, problems)
    problems += flag_rows(
        repeated(row * max(periods.size, 1) + column),
        code="duplicate_key",
        what=f"the same ({region}, {period}) occurs more than once",
        where="data",
        fix="aggregate first",
    )
    columns = [numbers_of(table, v, problems, "data", minimum=None) for v in variables]
    raise_problems(problems, "data")
    values = np.full((regions.size, periods.size, len(columns)), np.nan)
    observed = np.zeros((regions.size, periods.size), dtype=bool)
    values[row, column, :] = (
        np.column_stack(columns) if columns else values[row, column]
    )
    observed[row, column] = True
    return Panel(
        regions=frozen_array(regions),
        periods=frozen_array(periods),
        names=tuple(variables),
        values=frozen_array(values),
        observed=frozen_array(observed),
        frame_kind=kind,
    )


def _periods(
    table: pa.Table, period: str, problems: list[Problem]
) -> tuple[NDArray[np.str_], IntArray]:
    labels, codes = labels_of(table, period, problems, "data")
    if all(str(v).lstrip("-").isdigit() for v in labels):
        order = np.argsort(labels.astype(np.int64), kind="stable")
        rank = np.empty(order.size, dtype=np.int64)
        rank[order] = np.arange(order.size)
        return labels[order], rank[codes]
    return labels, codes
