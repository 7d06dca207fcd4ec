"""Errors of pools that follow whose knowledge it is: by shift, and by shuffling it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import AlignmentError, ConvergenceError, NotIdentifiedError
from agglo.core.options import Permutation
from agglo.econometrics import exposure_errors, fit_linear, pool_permutation
from agglo.studies.coagglomeration.columns import reason_of
from agglo.studies.coagglomeration.models import (
    BY_INDUSTRY,
    EFFECTS,
    Specification,
    fitted,
    logged,
)
from agglo.studies.coagglomeration.pools import stock_of
from agglo.studies.columns import numbers_of, text_of, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.econometrics import KnowledgeStock
    from agglo.studies.coagglomeration.options import CoagglomerationOptions
    from agglo.studies.coagglomeration.pools import Panel

__all__ = ["EXPOSURE", "exposure_rows"]

EXPOSURE = {
    "method": pa.string(),
    "term": pa.string(),
    "value": pa.float64(),
    "se": pa.float64(),
    "se_clustered": pa.float64(),
    "p": pa.float64(),
    "lower": pa.float64(),
    "upper": pa.float64(),
    "effective_shifts": pa.float64(),
    "n": pa.int64(),
    "status": pa.string(),
}


def exposure_rows(
    panel: Panel, table: pa.Table, options: CoagglomerationOptions, seed: int
) -> list[Mapping[str, object]]:
    """Give both: linear pools with errors by shift, log pools with a permutation p."""
    stock = stock_of(panel.counts, options.depreciation, options.stock_growth)
    weights = panel.weights.select(["anchor", "mover", "weight"])
    linear = [
        r
        for direction in ("active", "passive")
        for r in _linear(weights, stock, table, direction, options)
    ]
    return [*linear, *_shuffled(panel, stock, table, options, seed)]


def _linear(
    weights: pa.Table,
    stock: KnowledgeStock,
    table: pa.Table,
    direction: str,
    options: CoagglomerationOptions,
) -> list[Mapping[str, object]]:
    """Regress on the weighted sum of log knowledge, which is a shift-share."""
    name = f"{direction}_linear"
    positive = weights.filter(pa.array(numbers_of(weights, "weight") > 0))
    unit, shift = ("mover", "anchor") if direction == "active" else ("anchor", "mover")
    known = np.asarray(stock.values > 0) & np.isfinite(stock.values)
    whole = stock.industries[known.all(axis=1)]
    usable = np.isin(text_of(positive, shift), whole)
    positive = positive.filter(pa.array(usable))
    if positive.num_rows == 0:
        return [{"method": "bhj", "term": name, "status": "no_weight"}]
    log = np.log(np.where(known, stock.values, 1.0))
    n, t = log.shape
    lag = options.lag
    shares = pa.table(
        {
            "industry": positive[unit],
            "shift": positive[shift],
            "share": positive["weight"],
        }
    )
    index = {str(k): i for i, k in enumerate(stock.industries)}
    sums = np.zeros((n, t))
    to = np.array([index[u] for u in text_of(shares, "industry")])
    of = np.array([index[s] for s in text_of(shares, "shift")])
    np.add.at(sums, to, numbers_of(shares, "share")[:, None] * log[of])
    pool = np.full((n, t), np.nan)
    pool[:, lag:] = sums[:, : t - lag]
    moved = np.full((n, t), np.nan)
    moved[:, lag:] = log[:, : t - lag]
    data = logged(table).append_column(name, pa.array(pool.ravel()))
    has = np.isin(text_of(data, "industry"), text_of(shares, "industry"))
    data = data.filter(pa.array(has & np.isfinite(pool.ravel())))
    used = np.isin(stock.industries, text_of(shares, "shift"))
    shifts = pa.table(
        {
            "shift": texts(list(np.repeat(stock.industries[used], t - lag))),
            "period": texts(list(np.tile(stock.periods[lag:], int(used.sum())))),
            "value": moved[used][:, lag:].ravel(),
        }
    )
    return _estimated(data, shares, shifts, name, options)


def _estimated(
    data: pa.Table,
    shares: pa.Table,
    shifts: pa.Table,
    name: str,
    options: CoagglomerationOptions,
) -> list[Mapping[str, object]]:
    """Give the coefficient with errors by shift beside those by industry."""
    try:
        found = exposure_errors(
            data,
            shares,
            shifts,
            outcome="log_patents",
            regressor=name,
            effects=EFFECTS,
            unit="industry",
            period="period",
            level=1.0 - options.level,
        )
        plain = fit_linear(
            data,
            outcome="log_patents",
            covariates=[name],
            effects=EFFECTS,
            vcov=BY_INDUSTRY,
        )
    except (NotIdentifiedError, ConvergenceError, AlignmentError) as error:
        return [{"method": "bhj", "term": name, "status": reason_of(error)}]
    return [
        {
            "method": "bhj",
            "term": name,
            "value": found.value,
            "se": found.se,
            "se_clustered": plain.error(name),
            "p": found.p,
            "lower": low,
            "upper": high,
            "effective_shifts": found.effective_shifts,
            "n": found.n,
            "status": "ok",
        }
        for low, high in found.intervals
    ]


def _shuffled(
    panel: Panel,
    stock: KnowledgeStock,
    table: pa.Table,
    options: CoagglomerationOptions,
    seed: int,
) -> list[Mapping[str, object]]:
    """Shuffle knowledge over industries behind every log pool of the linear model."""
    one = fitted(
        table,
        Specification(name="linear", estimator="linear", own_stock=options.own_stock),
        options.bootstrap_draws,
        seed,
    )
    if one.fit is None:
        return [{"method": "permutation", "term": "", "status": one.status}]
    out: list[Mapping[str, object]] = []
    for term in one.terms:
        direction, _, link = term.partition("_")
        try:
            found = pool_permutation(
                one.fit,
                panel.weights.select(["anchor", "mover", "weight"]),
                stock,
                term=term,
                direction="active" if direction == "active" else "passive",
                links=None if link == "all" else panel.links,
                link=link,
                lag=options.lag,
                inference=Permutation(n=options.permutation_draws, seed=seed),
            )
        except NotIdentifiedError as error:
            status = reason_of(error)
            out.append({"method": "permutation", "term": term, "status": status})
            continue
        out.append(
            {
                "method": "permutation",
                "term": term,
                "value": found.value,
                "se_clustered": one.fit.error(term),
                "p": found.p,
                "n": found.n,
                "status": "ok",
            }
        )
    return out
