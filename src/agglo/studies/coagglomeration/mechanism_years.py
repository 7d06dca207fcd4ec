"""Do flows of knowledge change in the year after somebody has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import ConvergenceError, NotIdentifiedError
from agglo.econometrics import fit_mechanism
from agglo.studies.coagglomeration.columns import reason_of
from agglo.studies.columns import numbers_of, text_of, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import FloatArray
    from agglo.econometrics import RegressionFit

__all__ = ["WITHIN_PAIRS", "fit_by_year"]

WITHIN_PAIRS = "source x period, target x period, pair"
_MOST_ROWS = 3_000_000


def fit_by_year(
    flows: pa.Table, yearly: pa.Table, names: Sequence[str], lag: int
) -> RegressionFit | str:
    """Regress flows on who had moved by then, within pairs.

    Parameters
    ----------
    flows
        source, target, period (years as text), value: one row per pair and year.
    yearly
        anchor, mover, period, weight: the weight of every pair after every entry period;
        before the first nobody has moved, after the last nothing changes.
    names
        Sorted industries.
    lag
        Years between weight and flow.

    Returns
    -------
    RegressionFit or str
        The fit, or why there is none.
    """
    when = [v[:4] for v in text_of(flows, "period")]
    known = np.array([v.isdigit() for v in when], dtype=bool)
    years = np.unique(
        np.array([int(v) for v, ok in zip(when, known, strict=True) if ok])
    )
    if yearly.num_rows == 0:
        return "no_dates"
    if years.size < 2:
        return "no_change"
    size = len(names)
    if years.size * size * size > _MOST_ROWS:
        return "too_many_rows"
    past = years - lag
    weights = _weights_at(yearly, names, past)
    if np.ptp(weights, axis=0).max() == 0:
        return "no_change"
    i, j = np.nonzero(~np.eye(size, dtype=bool))
    label = np.array(names)
    dyads = pa.table(
        {
            "anchor": texts(np.tile(label[i], past.size).tolist()),
            "mover": texts(np.tile(label[j], past.size).tolist()),
            "period": np.repeat(past, i.size),
            "weight": weights[:, i, j].ravel(),
        }
    )
    kept = flows.filter(pa.array(known)).drop_columns(["period"])
    dated = kept.append_column(
        "period", pa.array([int(v) for v, ok in zip(when, known, strict=True) if ok])
    )
    try:
        return fit_mechanism(dated, dyads, lag=lag, pair_effects=True)
    except (NotIdentifiedError, ConvergenceError) as error:
        return reason_of(error)


def _weights_at(
    yearly: pa.Table, names: Sequence[str], years: np.ndarray
) -> FloatArray:
    """Give [year, anchor, mover]: the weight that the moves until then have."""
    entry = np.array(yearly["period"].to_pylist(), dtype=np.int64)
    steps = np.unique(entry)
    size = len(names)
    seen = np.zeros((steps.size + 1, size, size))
    a = np.searchsorted(names, text_of(yearly, "anchor"))
    m = np.searchsorted(names, text_of(yearly, "mover"))
    seen[1 + np.searchsorted(steps, entry), a, m] = numbers_of(yearly, "weight")
    # 0 of the steps so far: the first layer, in which nobody has moved
    return seen[np.searchsorted(steps, years, side="right")]
