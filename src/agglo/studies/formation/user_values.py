"""Indicators that the user brings: the table `indicators`, by cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.frames import float_column
from agglo.studies.columns import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.typing import FloatArray
    from agglo.studies.contract import StageInputs

__all__ = ["series_of", "user_values"]


def user_values(
    inputs: StageInputs, clusters: Sequence[str], period: str
) -> dict[str, FloatArray]:
    """Give indicator to the values of clusters, the newest up to a period.

    Parameters
    ----------
    inputs
        Optional `indicators`, whose unit is the id of a cluster.
    clusters
        Ids.
    period
        Rows of later periods are left out; rows without a period always count.

    Returns
    -------
    dict
        NaN where the table has no row or a null.
    """
    out: dict[str, FloatArray] = {}
    if not inputs.has("indicators"):
        return out
    table = inputs.table("indicators")
    at = {c: k for k, c in enumerate(clusters)}
    when = text_of(table, "period")
    value = float_column(table, "value")
    units, names = text_of(table, "unit"), text_of(table, "indicator")
    for i in sorted(range(table.num_rows), key=lambda k: when[k]):
        if units[i] in at and when[i] <= period:
            column = out.setdefault(names[i], np.full(len(at), np.nan))
            column[at[units[i]]] = value[i]
    return out


def series_of(
    inputs: StageInputs, indicator: str, periods: Sequence[str]
) -> Mapping[str, FloatArray]:
    """Give cluster to the values of one indicator by period, NaN where there is none.

    Parameters
    ----------
    inputs
        Optional `indicators`.
    indicator
        Name.
    periods
        All periods, in order.

    Returns
    -------
    mapping
        Cluster to values, (n_periods,).
    """
    out: dict[str, FloatArray] = {}
    if not inputs.has("indicators"):
        return out
    table = inputs.table("indicators")
    place = {p: k for k, p in enumerate(periods)}
    value = float_column(table, "value")
    rows = zip(
        text_of(table, "unit"),
        text_of(table, "indicator"),
        text_of(table, "period"),
        strict=True,
    )
    for i, (unit, name, when) in enumerate(rows):
        if name == indicator and when in place:
            column = out.setdefault(unit, np.full(len(place), np.nan))
            column[place[when]] = value[i]
    return out
