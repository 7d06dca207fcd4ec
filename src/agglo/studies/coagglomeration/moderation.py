"""Does a rule of the place, such as protection of inventions, change who gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import (
    ColumnNotFoundError,
    ConvergenceError,
    NotIdentifiedError,
    suggest,
)
from agglo.econometrics import fit_poisson
from agglo.studies.coagglomeration.columns import industry_codes, reason_of
from agglo.studies.coagglomeration.models import (
    BY_INDUSTRY,
    EFFECTS,
    Outcome,
    covariates_of,
    left_out,
)
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.columns import numbers_of, text_of

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.studies.contract import StageInputs

__all__ = ["moderated"]


def moderated(
    inputs: StageInputs, table: pa.Table, main: Outcome
) -> list[dict[str, object]]:
    """Test the interaction of every pool with a centred column of `panel`.

    Nothing without the option ``moderator``. The column itself stands in the model where
    it moves within industries.
    """
    options = inputs.options_as(CoagglomerationOptions)
    name = options.moderator
    if not name or main.fit is None:
        return []
    value = _column(inputs, table, name)
    extra = covariates_of(table, main.terms, options.own_stock)
    columns = {f"{t}_x": numbers_of(table, t) * value for t in main.terms}
    within = value - _means(text_of(table, "industry"), value)
    if np.nanmax(np.abs(within), initial=0.0) > 1e-8:
        columns["moderator"] = value
    wide = table
    for key, found in columns.items():
        wide = wide.append_column(key, pa.array(found))
    head: dict[str, object] = {"model": "moderated", "hypothesis": "heterogeneity"}
    try:
        fit = left_out(
            fit_poisson(
                wide,
                outcome="patents",
                covariates=[*main.terms, *columns, *extra],
                effects=EFFECTS,
                vcov=BY_INDUSTRY,
            )
        )
    except (NotIdentifiedError, ConvergenceError) as error:
        return [{**head, "link": "", "verdict": reason_of(error)}]
    out: list[dict[str, object]] = []
    for term in main.terms:
        change = fit.combination({f"{term}_x": 1.0})
        out.append(
            {
                **head,
                "link": term,
                "value": change.value,
                "statistic": change.statistic,
                "p": change.p,
                "q": change.p,
                "supported": bool(change.p <= options.level),
                "verdict": "",
            }
        )
    return out


def _column(inputs: StageInputs, table: pa.Table, name: str) -> FloatArray:
    """Read the column by industry and period, less its mean."""
    panel = inputs.table("panel") if inputs.has("panel") else pa.table({})
    if name not in panel.column_names:
        hint = suggest(name, panel.column_names)
        msg = f"moderator={name!r} is not a column of table panel. {hint}".rstrip()
        raise ColumnNotFoundError(msg)
    owner = industry_codes(inputs, panel, "region")
    keys = zip(owner, text_of(panel, "period"), strict=True)
    known = dict(
        zip(((i, t[:4]) for i, t in keys), numbers_of(panel, name), strict=True)
    )
    rows = zip(text_of(table, "industry"), text_of(table, "period"), strict=True)
    value = np.array([known.get(key, np.nan) for key in rows], dtype=np.float64)
    mean = float(np.nanmean(value)) if np.isfinite(value).any() else 0.0
    out: FloatArray = value - mean
    return out


def _means(owner: list[str], value: FloatArray) -> FloatArray:
    code = np.unique(np.array(owner), return_inverse=True)[1]
    known = np.isfinite(value)
    total = np.bincount(code[known], weights=value[known], minlength=code.max() + 1)
    count = np.bincount(code[known], minlength=code.max() + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        out: FloatArray = (total / count)[code]
    return out
