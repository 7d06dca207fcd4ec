"""Steps before normalisation: denominators, screening, imputation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, OptionError, suggest
from agglo.core.frames import float_column, require_columns, string_column, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._imputation import GROUPED, METHODS, OVER_TIME, imputed
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.results import (
    PreparedIndicators,
    ScreenedUnits,
    missing_cells,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["denominate", "impute", "prepared", "rows_of_amounts", "screen_units"]


def denominate(
    data: IntoFrame | Indicators,
    amounts: IntoFrame,
    *,
    by: Mapping[str, str],
    unit: str = "unit",
    period: str | None = None,
    scale: float = 1.0,
    operation: Literal["divide", "multiply", "add", "subtract"] = "divide",
) -> PreparedIndicators:
    r"""Divide indicators by the size of their units.

    Use before everything else; not for indicators that are shares already.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    amounts
        One row per unit (and period), one numeric column per denominator.
    by
        Indicator to the column of `amounts` that divides it; others stay as they are.
    unit, period
        Columns of `amounts`; without `period` one amount serves all periods.
    scale
        Units of the denominator per result, for example 1000 for "per 1,000 inhabitants".
    operation
        What is done with amount over scale; ``"divide"`` for denominators.

    Returns
    -------
    PreparedIndicators
        Status ``"denominated"``; a missing or zero denominator gives a missing value.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    AlignmentError
        If `by` names an unknown indicator, or a unit has no or several rows.
    OptionError
        If `scale` is not positive.

    Notes
    -----
    .. math:: x' = x \cdot scale / d

    O(cells).

    References
    ----------
    OECD and JRC 2008, Handbook on Constructing Composite Indicators,
    doi 10.1787/9789264043466-en, step 2.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import denominate
    >>> rows = pa.table({"unit": ["a", "b"], "indicator": ["x", "x"], "value": [8.0, 9.0],
    ...                  "direction": ["positive"] * 2, "pillar": ["p"] * 2})
    >>> size = pa.table({"unit": ["a", "b"], "people": [2.0, 3.0]})
    >>> denominate(rows, size, by={"x": "people"}).indicators.values.ravel().tolist()
    [4.0, 3.0]
    """
    check_number("scale", scale, minimum=0, open_ends=True)
    check_choice("operation", operation, ("divide", "multiply", "add", "subtract"))
    table = as_indicators(data)
    sizes = to_arrow(amounts, where="amounts")
    asked = {"unit": unit, "period": period, **{f"by[{k!r}]": v for k, v in by.items()}}
    require_columns(sizes, asked, where="amounts")
    for name in by:
        if name not in table.names:
            hint = suggest(name, table.names)
            msg = f"by[{name!r}] is no indicator of `data`. {hint}".rstrip()
            raise AlignmentError(msg)
    text = [
        np.array([str(v) for v in string_column(sizes, c)])
        for c in (unit, period)
        if c is not None
    ]
    at = rows_of_amounts(table, text)
    values = table.values.copy()
    status = np.full(values.shape, "", dtype="U16")
    zero: list[Undefined] = []
    for name, column in by.items():
        j = table.names.index(name)
        d = float_column(sizes, column, where="amounts")[at]
        n = int(np.count_nonzero((d == 0) & ~np.isnan(values[:, j])))
        if n and operation == "divide":
            zero.append(Undefined(reason="the denominator is zero", item=name, n=n))
        values[:, j] = _operated(values[:, j], d / scale, operation)
        status[:, j] = "denominated"
    return prepared(
        "denominate",
        table,
        values,
        status,
        {"by": by, "scale": scale, "operation": operation},
        zero,
    )


def _operated(x: FloatArray, amount: FloatArray, operation: str) -> FloatArray:
    if operation == "multiply":
        return x * amount
    if operation == "add":
        return x + amount
    if operation == "subtract":
        return x - amount
    return x / np.where(amount == 0, np.nan, amount)


def rows_of_amounts(
    table: Indicators, text: Sequence[NDArray[np.str_]]
) -> NDArray[np.int64]:
    """Give the row of the amounts for every row of the indicators, by id.

    Parameters
    ----------
    table
        The indicators.
    text
        Labels of the amounts: units, and periods where there are any.

    Returns
    -------
    numpy.ndarray of int64
        Positions, (n_rows,).

    Raises
    ------
    AlignmentError
        If a unit has no or several rows.
    """
    wanted = list(zip(*((table.unit, table.period)[: len(text)]), strict=True))
    place: dict[tuple[str, ...], int] = {}
    for i, key in enumerate(zip(*text, strict=True)):
        if key in place:
            msg = f"`amounts` has more than one row of {tuple(map(str, key))}."
            raise AlignmentError(msg)
        place[key] = i
    lost = sorted({str(k[0]) for k in wanted if k not in place})
    if lost:
        msg = f"`amounts` has no row of {len(lost)} units: {lost[:10]}."
        raise AlignmentError(msg)
    return np.array([place[k] for k in wanted], dtype=np.int64)


def prepared(
    step: str,
    table: Indicators,
    values: FloatArray,
    status: NDArray[np.str_],
    parameters: Mapping[str, object],
    undefined: Sequence[Undefined] = (),
    warnings: Sequence[str] = (),
) -> PreparedIndicators:
    """Give the result of a step.

    Parameters
    ----------
    step
        Name of the public function.
    table, values, status
        Indicators before, values after, and what happened to every cell.
    parameters, undefined, warnings
        Options, reasons, notes.

    Returns
    -------
    PreparedIndicators
        With provenance.
    """
    new = table.with_values(values)
    return PreparedIndicators(
        step=step,
        indicators=new,
        before=table.values,
        status=frozen_array(status),
        undefined=(*undefined, *missing_cells(new)),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            f"agglo.evaluation.{step}",
            table,
            parameters=parameters,
            warnings=warnings,
        ),
    )


def screen_units(
    data: IntoFrame | Indicators,
    *,
    by: Literal["missing", "zeros", "both"] = "missing",
    min_known: float = 2 / 3,
    min_nonzero: float = 0.05,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> ScreenedUnits:
    r"""Find the units that have enough data for an index.

    Use before imputation; it never fills a value.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    by
        Rule: share of known indicators, share of values other than zero, or both.
    min_known, min_nonzero
        Smallest shares, in [0, 1]; a unit at the limit stays.
    include, exclude
        Units that stay or go whatever their data; `exclude` is the stronger.

    Returns
    -------
    ScreenedUnits
        Shares and decision per row; `.indicators` holds the rows that stay.

    Raises
    ------
    OptionError
        If an option is out of range.
    AlignmentError
        If `include` or `exclude` names an unknown unit, or nobody stays.

    Notes
    -----
    .. math:: known_u = n_u / k, \qquad nonzero_u = \#\{x_{ui} \ne 0\} / n_u

    A row without any known value has no share of non-zeros and fails that rule. O(cells).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (Screen of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import screen_units
    >>> rows = pa.table({"unit": ["a", "a", "b"], "indicator": ["x", "y", "x"],
    ...     "value": [1.0, 2.0, 3.0], "direction": ["positive"] * 3, "pillar": ["p"] * 3})
    >>> screen_units(rows, min_known=0.9).known_share.tolist()
    [1.0, 0.5]
    """
    check_choice("by", by, ("missing", "zeros", "both"))
    check_number("min_known", min_known, minimum=0, maximum=1)
    check_number("min_nonzero", min_nonzero, minimum=0, maximum=1)
    table = as_indicators(data)
    for option, names in (("include", include), ("exclude", exclude)):
        for name in names:
            if name not in table.unit:
                hint = suggest(name, table.unit.tolist())
                msg = f"{option}={name!r} is no unit of `data`. {hint}".rstrip()
                raise AlignmentError(msg)
    known = ~np.isnan(table.values)
    count = known.sum(axis=1)
    share = count / len(table.names)
    with np.errstate(invalid="ignore"):
        nonzero = (known & (table.values != 0)).sum(axis=1) / np.where(
            count > 0, count, np.nan
        )
    enough = {"missing": share >= min_known, "zeros": nonzero >= min_nonzero}
    kept = enough["missing"] & enough["zeros"] if by == "both" else enough[by]
    kept = (kept | np.isin(table.unit, list(include))) & ~np.isin(
        table.unit, list(exclude)
    )
    if not kept.any():
        msg = "No unit has enough data: lower min_known or min_nonzero."
        raise AlignmentError(msg)
    options = {
        "by": by,
        "min_known": min_known,
        "min_nonzero": min_nonzero,
        "include": list(include),
        "exclude": list(exclude),
    }
    return ScreenedUnits(
        indicators=table.only_units(kept),
        unit=table.unit,
        period=table.period,
        known_share=frozen_array(share),
        nonzero_share=frozen_array(nonzero),
        kept=frozen_array(kept),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(screen_units, table, parameters=options),
    )


def impute(
    data: IntoFrame | Indicators,
    *,
    method: Literal[
        "mean",
        "median",
        "group_mean",
        "group_median",
        "siblings",
        "em",
        "latest",
        "constant",
        "linear",
    ]
    | Callable[[FloatArray], FloatArray],
    group: Mapping[str, str] | None = None,
    max_periods: int | None = None,
) -> PreparedIndicators:
    r"""Fill missing values by a stated rule, and say which ones.

    Nothing in agglo imputes unless it is asked to by this function.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    method
        By indicator: ``"mean"``, ``"median"``, or these within the unit's group (and within
        the period). ``"siblings"``: the unit's mean over the known indicators of the same
        pillar, on oriented min-max values; ``"em"``: expected given these, under a
        multivariate normal fitted by expectation and maximisation. Over time: ``"latest"``
        earlier value; ``"constant"``, the same and before the first value the first; or
        ``"linear"`` between periods, flat beyond the ends. A function takes the values,
        (n_rows, n_indicators) with NaN, and gives them filled.
    group
        Unit to group, for the group methods.
    max_periods
        How far ``"latest"`` may look back; ``None`` is any number.

    Returns
    -------
    PreparedIndicators
        Status ``"imputed"``; observed values never change. What the rule cannot fill stays
        missing.

    Raises
    ------
    OptionError
        If an option has no such value, a group or periods are needed and absent, or a
        function changes known values.
    NotIdentifiedError
        If ``"em"`` has no more complete rows than a pillar has indicators.
    ConvergenceError
        If ``"em"`` does not settle.

    Notes
    -----
    .. math:: \hat x_{ui} = \frac{1}{|K|} \sum_{v \in K} x_{vi}, \quad
              K = \{v : g_v = g_u, x_{vi}\ \text{known}\}

    Periods that are whole numbers count as such, others as equally spaced in their sorted
    order. EM maximises the likelihood of a normal table (Dempster, Laird and Rubin 1977):
    for one gap it is the regression on the siblings. Imputed values have less
    spread than real ones: compare with `rank_uncertainty`. O(cells).

    References
    ----------
    OECD and JRC 2008, doi 10.1787/9789264043466-en, step 3; Dempster et al. 1977,
    doi 10.1111/j.2517-6161.1977.tb01600.x; Becker et al. 2022,
    doi 10.21105/joss.04567 (Impute of COINr), whose ASEM example a test reproduces.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import impute
    >>> rows = pa.table({"unit": ["a", "b", "c"], "indicator": ["x"] * 3, "pillar": ["p"] * 3,
    ...                  "value": [1.0, None, 3.0], "direction": ["positive"] * 3})
    >>> impute(rows, method="mean").indicators.values.ravel().tolist()
    [1.0, 2.0, 3.0]
    """
    named = "function" if callable(method) else check_choice("method", method, METHODS)
    if max_periods is not None:
        check_number("max_periods", max_periods, minimum=1, integer=True)
    table = as_indicators(data)
    if named in GROUPED and group is None:
        msg = f"method={method!r} needs group: a mapping of every unit to its group."
        raise OptionError(msg)
    if named in OVER_TIME and np.unique(table.period).size < 2:
        msg = f"method={method!r} needs at least two periods."
        raise OptionError(msg)
    lost = sorted(set(table.unit.tolist()) - set(group)) if group is not None else []
    if lost:
        msg = f"group has no entry of {len(lost)} units: {lost[:10]}."
        raise OptionError(msg)
    labels = (
        [group[u] for u in table.unit.tolist()] if group else [""] * len(table.unit)
    )
    values = (
        _by_function(table, method)
        if callable(method)
        else imputed(table, method, np.array(labels, dtype=str), max_periods)
    )
    filled = np.isnan(table.values) & ~np.isnan(values)
    return prepared(
        "impute",
        table,
        values,
        np.where(filled, "imputed", ""),
        {"method": named, "group": group, "max_periods": max_periods},
    )


def _by_function(
    table: Indicators, fill: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    values = np.asarray(fill(table.values.copy()), dtype=np.float64)
    known = ~np.isnan(table.values)
    if values.shape != table.values.shape or (values != table.values)[known].any():
        msg = (
            "The imputation function must give back its table with the known values "
            "unchanged."
        )
        raise OptionError(msg)
    return values
