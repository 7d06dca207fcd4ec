"""Extreme values of skewed indicators: pulled in, or on a logarithm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import OptionError, suggest
from agglo.core.options import check_choice, check_number
from agglo.evaluation._kernels import treat as kernels
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.preparation import prepared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.evaluation.results import PreparedIndicators

__all__ = ["treat_outliers"]

LOGS = ("log_ct", "log_ct_plus", "log_orig", "log_gii", "boxcox", "none")


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
    own: Mapping[str, Mapping[str, object]] | None = None,
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
    own
        Indicator to options of its own, for example ``{"x": {"winmax": 0, "log": "none"}}``.

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
    table = as_indicators(data)
    common = _Treatment(
        winmax=winmax,
        max_skew=max_skew,
        max_kurtosis=max_kurtosis,
        log=log,
        combine=combine,
        boxcox_lambda=boxcox_lambda,
    )
    rules = _own_rules(table, common, own or {})
    values = table.values.copy()
    status = np.full(values.shape, "", dtype="U12")
    failing: list[str] = []
    for j, (name, rule) in enumerate(zip(table.names, rules, strict=True)):
        values[:, j], status[:, j], passes = _treated(table.values[:, j], name, rule)
        if not passes:
            failing.append(name)
    options = {
        "winmax": winmax,
        "max_skew": max_skew,
        "max_kurtosis": max_kurtosis,
        "log": log,
        "combine": combine,
        "boxcox_lambda": boxcox_lambda,
        "own": own,
    }
    warnings = (
        [f"still skewed after treatment: {', '.join(failing)}"] if failing else []
    )
    return prepared(
        "treat_outliers",
        table,
        values,
        status,
        options,
        warnings=warnings,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Treatment:
    """How one indicator is treated."""

    winmax: int
    max_skew: float
    max_kurtosis: float
    log: str
    combine: bool
    boxcox_lambda: float

    def __post_init__(self) -> None:
        check_number("winmax", self.winmax, minimum=0, integer=True)
        check_number("max_skew", self.max_skew, minimum=0)
        check_number("max_kurtosis", self.max_kurtosis)
        check_choice("log", self.log, LOGS)
        check_number("boxcox_lambda", self.boxcox_lambda)


def _own_rules(
    table: Indicators, common: _Treatment, own: Mapping[str, Mapping[str, object]]
) -> list[_Treatment]:
    fields = [f.name for f in dataclass_fields(_Treatment)]
    for name, options in own.items():
        if name not in table.names:
            hint = suggest(name, table.names)
            msg = f"own[{name!r}] is no indicator of `data`. {hint}".rstrip()
            raise OptionError(msg)
        lost = sorted(set(options) - set(fields))
        if lost:
            hint = suggest(lost[0], fields)
            msg = f"own[{name!r}] has the unknown options {lost}. {hint}".rstrip()
            raise OptionError(msg)
    return [
        replace(common, **own.get(n, {}))  # type: ignore[arg-type]
        for n in table.names
    ]


def _treated(
    x: FloatArray, name: str, rule: _Treatment
) -> tuple[FloatArray, NDArray[np.str_], bool]:
    """Give treated values, what happened to each, and whether they pass."""
    limits = rule.max_skew, rule.max_kurtosis
    y, touched = kernels.winsorise(x, int(rule.winmax), *limits)
    marks = np.select([touched == 1, touched == -1], ["high", "low"], "")
    if rule.log != "none" and not kernels.passes(y, *limits):
        y = _log(y if rule.combine else x, name, rule.log, rule.boxcox_lambda)
        marks = np.where(np.isnan(x), "", rule.log)
    return y, marks, kernels.passes(y, *limits)


def _log(x: FloatArray, name: str, log: str, power: float) -> FloatArray:
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    if (log == "boxcox" and low <= 0) or (log == "log_gii" and high <= 0):
        msg = f"log={log!r} does not exist for indicator {name!r}: it is not positive."
        raise OptionError(msg)
    return kernels.logarithm(x, log, power)
