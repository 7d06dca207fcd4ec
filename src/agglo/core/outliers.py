"""Find cells that look like lost decimal points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import Problem
from agglo.core.frames import encode_labels, float_column, require_columns, to_arrow
from agglo.core.options import check_number

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["check_outliers"]

_REACH = 2
_POWERS = 3
_PEERS = 5


def check_outliers(
    data: IntoFrame,
    *,
    by: Sequence[str] = ("region", "industry"),
    value: str = "employment",
    period: str = "period",
    tolerance: float = 0.2,
    where: str = "data",
) -> tuple[Problem, ...]:
    r"""Flag cells ten, a hundred or a thousand times their neighbouring periods.

    Use for long tables with at least three periods; not as a test for real booms: a cell
    is flagged only if it lies near a power of ten above or below its neighbours, while
    these agree with each other.

    Parameters
    ----------
    data
        Long table; zero, missing and confidential cells are left alone.
    by
        Columns that together name a series.
    value
        Column of sizes.
    period
        Column of periods, in the order of their sorted labels.
    tolerance
        Distance from the power of ten, in decimal logarithms, in (0, 0.5): 0.2 accepts
        values up to 1.6 times more or less than a shifted point explains.
    where
        Name of the table in the problems.

    Returns
    -------
    tuple of Problem
        One per suspicious row (code ``lost_decimal``, one row number, counted from 1),
        largest shifts first. Empty if there are fewer than three periods.

    Raises
    ------
    ColumnNotFoundError
        If a column is not there.
    OptionError
        If `tolerance` is outside its range.

    Notes
    -----
    With :math:`r = \log_{10} x_t - \mathrm{median}(\log_{10} x_{t-2..t+2})`, the
    median over the up to four neighbours without the cell itself, minus the median of
    r over the cells of the same last `by` column in the period (a break that the whole
    industry shares is no misprint), a cell is flagged if r is within `tolerance` of
    :math:`k \in \{\pm 1, \pm 2, \pm 3\}` and the neighbours spread over less than
    :math:`0.3 |k|`. At the first and last period three neighbours are needed. Cells
    smaller than ten units of the column's own rounding are not judged: there, one unit
    more or less is a factor. Cost O(rows log rows).

    Examples
    --------
    >>> import pyarrow as pa
    >>> t = pa.table({
    ...     "region": ["a"] * 5, "industry": ["x"] * 5, "employment": [1.10, 1.12, 1121.0, 1.15, 1.13],
    ...     "period": ["2012", "2013", "2014", "2015", "2016"],
    ... })
    >>> [p.rows for p in check_outliers(t)]
    [(3,)]
    """
    check_number("tolerance", tolerance, minimum=0, maximum=0.5, open_ends=True)
    table = to_arrow(data, where=where)
    named = {f"by[{i}]": name for i, name in enumerate(by)}
    require_columns(table, {**named, "value": value, "period": period}, where=where)
    if table.num_rows == 0:
        return ()
    values = float_column(table, value, where=where)
    series, last = _series(table, by, where)
    times, when = encode_labels(table, period, where=where)
    if times.size < 3:
        return ()
    usable = np.isfinite(values) & (values > 0)
    shift, spread, near = _compare(values, series, when, usable, times.size)
    shift = shift - _peer_shift(shift, last, when, times.size)
    power = np.clip(np.rint(shift), -_POWERS, _POWERS)
    hit = (np.abs(power) >= 1) & (np.abs(shift - power) <= tolerance)
    hit &= spread < 0.3 * np.abs(power)
    floor = 10 * _rounding_unit(values[usable])
    hit &= np.minimum(values, near) >= floor * (1 - 1e-9)
    rows = np.flatnonzero(hit)
    rows = rows[np.argsort(-np.abs(power[rows]), kind="stable")]
    return tuple(
        _problem(table, int(i), by, value, period, near[i], int(power[i]), where)
        for i in rows
    )


def _series(
    table: pa.Table, by: Sequence[str], where: str
) -> tuple[IntArray, IntArray]:
    code = np.zeros(table.num_rows, dtype=np.int64)
    last = code
    for name in by:
        labels, last = encode_labels(table, name, where=where)
        code = np.unique(code * labels.size + last, return_inverse=True)[1]
    return code, last


def _compare(
    values: FloatArray,
    series: IntArray,
    when: IntArray,
    usable: BoolArray,
    n_times: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shift against the neighbouring periods, their spread and their median."""
    n = int(series.max()) + 1
    grid = np.full((n, n_times + 2 * _REACH), np.nan)
    grid[series[usable], when[usable] + _REACH] = np.log10(values[usable])
    offsets = [d for d in range(-_REACH, _REACH + 1) if d]
    rows = np.flatnonzero(usable)
    around = np.stack([grid[series[rows], when[rows] + _REACH + d] for d in offsets])
    around.sort(axis=0)  # NaN sorts last
    count = np.isfinite(around).sum(axis=0)
    at_edge = (when[rows] == 0) | (when[rows] == n_times - 1)
    if n_times > 3:
        around, count = _wider_at_edges(around, grid, series, when, rows, n_times)
    enough = count >= np.where(at_edge & (n_times > 3), 3, 2)
    middle = _sorted_median(around, count)
    top = np.take_along_axis(around, np.maximum(count - 1, 0)[None, :], axis=0)[0]
    shift, spread, near = (np.full(values.size, np.nan) for _ in range(3))
    keep = rows[enough]
    shift[keep] = np.log10(values[keep]) - middle[enough]
    spread[keep] = (top - around[0])[enough]
    near[keep] = 10 ** middle[enough]
    return shift, spread, near


def _wider_at_edges(
    around: FloatArray,
    grid: FloatArray,
    series: IntArray,
    when: IntArray,
    rows: IntArray,
    n_times: int,
) -> tuple[FloatArray, NDArray[np.intp]]:
    """Add the third neighbour where the series has neighbours on one side only."""
    extra = np.full(rows.size, np.nan)
    first, final = when[rows] == 0, when[rows] == n_times - 1
    extra[first] = grid[series[rows[first]], _REACH + 3]
    extra[final] = grid[series[rows[final]], _REACH + n_times - 4]
    wider = np.sort(np.vstack([around, extra]), axis=0)
    return wider, np.isfinite(wider).sum(axis=0)


def _sorted_median(around: FloatArray, count: NDArray[np.intp]) -> FloatArray:
    low = np.maximum((count - 1) // 2, 0)[None, :]
    high = np.minimum(count // 2, around.shape[0] - 1)[None, :]
    lower = np.take_along_axis(around, low, axis=0)[0]
    upper = np.take_along_axis(around, high, axis=0)[0]
    return (lower + upper) / 2


def _peer_shift(
    shift: FloatArray, last: IntArray, when: IntArray, n_times: int
) -> FloatArray:
    """Median shift of the peers in the period; 0 where there are too few peers."""
    known = np.flatnonzero(np.isfinite(shift))
    group = last[known] * n_times + when[known]
    order = known[np.lexsort((shift[known], group))]
    groups = last[order] * n_times + when[order]
    _, start, size = np.unique(groups, return_index=True, return_counts=True)
    middle = (
        shift[order[start + (size - 1) // 2]] + shift[order[start + size // 2]]
    ) / 2
    out = np.zeros(shift.size)
    out[order] = np.repeat(np.where(size >= _PEERS, middle, 0.0), size)
    return out


def _rounding_unit(values: FloatArray) -> float:
    """Largest power of ten of which three quarters of the values are multiples."""
    if values.size == 0:
        return 0.0
    sample = values[:: max(1, values.size // 100_000)]
    for exponent in range(4, -7, -1):
        scaled = sample / 10.0**exponent
        whole = np.abs(scaled - np.rint(scaled)) < 1e-6 * np.maximum(scaled, 1.0)
        if whole.mean() >= 0.75:
            return float(10.0**exponent)
    return 0.0


def _problem(
    table: pa.Table,
    row: int,
    by: Sequence[str],
    value: str,
    period: str,
    near: float,
    power: int,
    where: str,
) -> Problem:
    names = ", ".join(f"{n}={table[n][row].as_py()!r}" for n in (*by, period))
    found = float(table[value][row].as_py())
    return Problem(
        code="lost_decimal",
        what=f"{names}: {value} is {found:g}, neighbouring periods have about {near:.3g}; "
        f"with the decimal point moved it would be {found / 10.0**power:g}",
        where=where,
        rows=(row + 1,),
        n_rows=1,
        column=value,
        fix="compare with the publication and correct the file if it is a misprint",
    )
