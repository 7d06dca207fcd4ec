"""What the steps of a coin call, with the arguments that the metadata bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import numpy as np

from agglo.core.errors import OptionError, suggest
from agglo.evaluation.composite import composite_index
from agglo.evaluation.normalisation import normalise
from agglo.evaluation.preparation import denominate, impute, prepared, screen_units
from agglo.evaluation.treatment import treat_outliers

if TYPE_CHECKING:
    from agglo.core.results import Result
    from agglo.core.typing import FloatArray
    from agglo.evaluation.coin import CoinTables
    from agglo.evaluation.indicators import Indicators
    from agglo.evaluation.results import CompositeIndex

__all__ = ["STEPS", "WRITES", "resolved", "run_step"]

WRITES: Mapping[str, str] = {
    "denominate": "denominated",
    "screen": "screened",
    "impute": "imputed",
    "treat": "treated",
    "normalise": "normalised",
    "aggregate": "aggregated",
    "custom": "custom",
}
STEPS = tuple(WRITES)
_CALLS: Mapping[str, Callable[..., object]] = {
    "denominate": denominate,
    "screen": screen_units,
    "impute": impute,
    "treat": treat_outliers,
    "normalise": normalise,
    "aggregate": composite_index,
}


def resolved(
    tables: CoinTables, step: str, arguments: Mapping[str, object]
) -> dict[str, object]:
    """Give the arguments of a step, with what the metadata say where nothing is said.

    Raises
    ------
    OptionError
        If an argument is unknown or a grouping is not in the metadata.
    """
    given = dict(arguments)
    if step == "custom":
        if set(given) != {"function"} or not callable(given["function"]):
            msg = "step='custom' takes function=..., from a table of values to another."
            raise OptionError(msg)
        return given
    wanted = _CALLS[step].__kwdefaults__ or {}
    known = {*wanted, *_required(step)}
    lost = sorted(set(given) - known)
    if lost:
        hint = suggest(lost[0], sorted(known))
        msg = f"step={step!r} has no argument {lost[0]!r}. {hint}".rstrip()
        raise OptionError(msg)
    if step == "denominate":
        given.setdefault("amounts", tables.denominators)
        given.setdefault("by", tables.denominator_of)
    if step == "impute" and isinstance(given.get("group"), str):
        group = str(given["group"])
        if group not in tables.groups:
            hint = suggest(group, list(tables.groups))
            msg = f"group={group!r} is no grouping of the metadata. {hint}".rstrip()
            raise OptionError(msg)
        given["group"] = tables.groups[group]
    if step == "aggregate":
        given.setdefault("weights", tables.weights)
        given["normalisation"] = "none"
    return given


def _required(step: str) -> tuple[str, ...]:
    return {"denominate": ("amounts", "by"), "impute": ("method",)}.get(step, ())


def run_step(
    step: str, table: Indicators, arguments: Mapping[str, object]
) -> tuple[Indicators | CompositeIndex, Result | None]:
    """Call the function of a step; give the new data set and the full result."""
    if step == "custom":
        function = cast("Callable[[FloatArray], FloatArray]", arguments["function"])
        values = np.asarray(function(table.values.copy()), dtype=np.float64)
        if values.shape != table.values.shape:
            msg = f"function gave a table of shape {values.shape}, not {table.values.shape}."
            raise OptionError(msg)
        status = np.where(values != table.values, "custom", "")
        result = prepared("custom", table, values, status, {})
        return result.indicators, result
    told = dict(arguments)
    positional = [told.pop("amounts")] if step == "denominate" else []
    found = _CALLS[step](table, *positional, **told)
    if step == "aggregate":
        return cast("CompositeIndex", found), cast("Result", found)
    return cast("Indicators", found.indicators), cast("Result", found)  # type: ignore[attr-defined]
