"""Steps before normalisation: denominators, screening, imputation, outliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, OptionError, suggest
from agglo.core.frames import float_column, require_columns, string_column, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._imputation import GROUPED, METHODS, imputed
from agglo.evaluation._kernels import treat as kernels
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.results import (
    PreparedIndicators,
    ScreenedUnits,
    missing_cells,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["denominate", "impute", "screen_units", "treat_outliers"]

LOGS = ("log_ct", "log_ct_plus", "log_orig", "log_gii", "boxcox", "none")


def denominate(
    data: IntoFrame | Indicators,
    amounts: IntoFrame,
    *,
    by: Mapping[str, str],
    unit: str = "unit",
    period: str | None = None,
    scale: float = 1.0,
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
    at = _rows_of(table, text)
    values = table.values.copy()
    status = np.full(values.shape, "", dtype="U16")
    zero: list[Undefined] = []
    for name, column in by.items():
        j = table.names.index(name)
        d = float_column(sizes, column, where="amounts")[at]
        n = int(np.count_nonzero((d == 0) & ~np.isnan(values[:, j])))
        if n:
            zero.append(Undefined(reason="the denominator is zero", item=name, n=n))
        values[:, j] = values[:, j] * scale / np.where(d == 0, np.nan, d)
        status[:, j] = "denominated"
    return _prepared(
        "denominate", table, values, status, {"by": by, "scale": scale}, zero
    )


def _rows_of(table: Indicators, text: Sequence[NDArray[np.str_]]) -> NDArray[np.int64]:
    """Row of the amounts for every row of the indicators, by id."""
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


def _prepared(
    step: str,
    table: Indicators,
    values: FloatArray,
    status: NDArray[np.str_],
    parameters: Mapping[str, object],
    undefined: Sequence[Undefined] = (),
    warnings: Sequence[str] = (),
) -> PreparedIndicators:
    new = table.with_values(values)
    return PreparedIndicators(
        step=step,
        indicators=new,
        before=table.values,
        status=frozen_array(status),
        undefined=(*undefined, *missing_cells(new)),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            f"agglo.evaluation.preparation.{step}",
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
        "mean", "median", "group_mean", "group_median", "siblings", "latest", "linear"
    ],
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
        pillar, on oriented min-max values. Over time: ``"latest"`` earlier value, or
        ``"linear"`` between periods, flat beyond the ends.
    group
        Unit to group, for the group methods.
    max_periods
        How many periods ``"latest"`` may look back; ``None`` is any number.

    Returns
    -------
    PreparedIndicators
        Status ``"imputed"``; observed values never change. What the rule cannot fill stays
        missing.

    Raises
    ------
    OptionError
        If an option has no such value, or a group or periods are needed and absent.

    Notes
    -----
    .. math:: \hat x_{ui} = \frac{1}{|K|} \sum_{v \in K} x_{vi}, \quad
              K = \{v : g_v = g_u, x_{vi}\ \text{known}\}

    Periods are taken as equally spaced, in their sorted order. Imputed values have less
    spread than real ones: compare with `rank_uncertainty`. O(cells).

    References
    ----------
    OECD and JRC 2008, doi 10.1787/9789264043466-en, step 3; Becker et al. 2022,
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
    check_choice("method", method, METHODS)
    if max_periods is not None:
        check_number("max_periods", max_periods, minimum=1, integer=True)
    table = as_indicators(data)
    if method in GROUPED and group is None:
        msg = f"method={method!r} needs group: a mapping of every unit to its group."
        raise OptionError(msg)
    if method in ("latest", "linear") and np.unique(table.period).size < 2:
        msg = f"method={method!r} needs at least two periods."
        raise OptionError(msg)
    lost = sorted(set(table.unit.tolist()) - set(group)) if group is not None else []
    if lost:
        msg = f"group has no entry of {len(lost)} units: {lost[:10]}."
        raise OptionError(msg)
    labels = (
        [group[u] for u in table.unit.tolist()] if group else [""] * len(table.unit)
    )
    values = imputed(table, method, np.array(labels, dtype=str), max_periods)
    filled = np.isnan(table.values) & ~np.isnan(values)
    return _prepared(
        "impute",
        table,
        values,
        np.where(filled, "imputed", ""),
        {"method": method, "group": group, "max_periods": max_periods},
    )


def treat_outliers(
    data: IntoFrame | Indicators,
    *,
    winmax: int = 5,
    max_skew: float = 2.0,
    max_kurtosis: float = 3.5,
    log: Literal[
        "log_ct", "log_ct_plus", "log_orig", "log_gii", "boxcox", "none"
    ] = "log_ct",
    combine: bool = False,
    boxcox_lambda: float = 0.0,
) -> PreparedIndicators:
    r"""Pull in extreme values of skewed indicators, or take their logarithm.

    Use before min-max, which a single outlier decides; not to hide errors of measurement.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    winmax
        How many points may be Winsorised before the logarithm is tried; 0 is none.
    max_skew, max_kurtosis
        An indicator passes when abs(skewness) < `max_skew` or excess kurtosis <
        `max_kurtosis`.
    log
        Logarithm for indicators that still fail; ``"none"`` leaves them Winsorised.
    combine
        Take the logarithm of the Winsorised values instead of the original ones.
    boxcox_lambda
        Exponent of ``"boxcox"``, for positive indicators.

    Returns
    -------
    PreparedIndicators
        Status ``"high"`` or ``"low"`` for Winsorised points, the name of the logarithm for
        whole indicators.

    Raises
    ------
    OptionError
        If an option is out of range, or the logarithm does not exist for an indicator.

    Notes
    -----
    .. math:: S = \frac{\sqrt n \sum d^3}{(\sum d^2)^{3/2}} \frac{\sqrt{n(n-1)}}{n-2}

    and the sample excess kurtosis. One step sets all values equal to the maximum (S >= 0)
    to the next lower one, otherwise the minimum to the next higher one. Fewer than 4 values
    and constant indicators are left alone. O(k winmax n).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (Treat of COINr); the ASEM test reproduces
    its 35 points. COINr 1.1.14 returns its GII logarithm unchanged: here it is applied.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import treat_outliers
    >>> x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 99.0]
    >>> rows = pa.table({"unit": list("abcdefg"), "indicator": ["x"] * 7, "value": x,
    ...                  "direction": ["positive"] * 7, "pillar": ["p"] * 7})
    >>> float(treat_outliers(rows).indicators.values.max())
    6.0
    """
    check_number("winmax", winmax, minimum=0, integer=True)
    check_number("max_skew", max_skew, minimum=0)
    check_number("max_kurtosis", max_kurtosis)
    check_choice("log", log, LOGS)
    check_number("boxcox_lambda", boxcox_lambda)
    table = as_indicators(data)
    values = table.values.copy()
    status = np.full(values.shape, "", dtype="U12")
    failing: list[str] = []
    for j, name in enumerate(table.names):
        x = table.values[:, j]
        y, touched = kernels.winsorise(x, int(winmax), max_skew, max_kurtosis)
        marks = np.select([touched == 1, touched == -1], ["high", "low"], "")
        if log != "none" and not kernels.passes(y, max_skew, max_kurtosis):
            y = _log(y if combine else x, name, log, boxcox_lambda)
            marks = np.where(np.isnan(x), "", log)
        if not kernels.passes(y, max_skew, max_kurtosis):
            failing.append(name)
        values[:, j], status[:, j] = y, marks
    options = {
        "winmax": winmax,
        "max_skew": max_skew,
        "max_kurtosis": max_kurtosis,
        "log": log,
        "combine": combine,
        "boxcox_lambda": boxcox_lambda,
    }
    warnings = (
        [f"still skewed after treatment: {', '.join(failing)}"] if failing else []
    )
    return _prepared(
        "treat_outliers",
        table,
        values,
        status,
        options,
        warnings=warnings,
    )


def _log(x: FloatArray, name: str, log: str, power: float) -> FloatArray:
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    if (log == "boxcox" and low <= 0) or (log == "log_gii" and high <= 0):
        msg = f"log={log!r} does not exist for indicator {name!r}: it is not positive."
        raise OptionError(msg)
    return kernels.logarithm(x, log, power)
