"""The regressions of the study: one specification in, rows of estimates out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import ConvergenceError, NotIdentifiedError
from agglo.core.options import Bootstrap
from agglo.econometrics import (
    ClusteredBy,
    ClusterJackknife,
    fit_control_function,
    fit_iv,
    fit_linear,
    fit_negative_binomial,
    fit_poisson,
)
from agglo.studies.coagglomeration.columns import reason_of
from agglo.studies.columns import numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.econometrics import RegressionFit

__all__ = [
    "BY_INDUSTRY",
    "EFFECTS",
    "ESTIMATES",
    "Outcome",
    "Specification",
    "covariates_of",
    "fitted",
    "left_out",
    "logged",
    "pool_terms",
]

EFFECTS = ("industry", "period")
BY_INDUSTRY = ClusteredBy(("industry",))
_LEFT_OUT = ClusterJackknife(("industry",))
LINKS = ("io", "technology", "both")
Estimator = Literal[
    "poisson", "linear", "2sls", "control_function", "negative_binomial"
]
ESTIMATES = {
    "specification": pa.string(),
    "estimator": pa.string(),
    "outcome": pa.string(),
    "pools": pa.string(),
    "weights": pa.string(),
    "depreciation": pa.float64(),
    "lag": pa.int64(),
    "own_stock": pa.string(),
    "term": pa.string(),
    "value": pa.float64(),
    "se": pa.float64(),
    "p": pa.float64(),
    "lower": pa.float64(),
    "upper": pa.float64(),
    "n": pa.int64(),
    "n_groups": pa.int64(),
    "errors": pa.string(),
    "status": pa.string(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """One way to estimate the same equation.

    `log` says what a logged outcome does with 0, `by_sector` gives every sector periods of
    its own.
    """

    name: str
    estimator: Estimator
    outcome: str = "patents"
    pools: Literal["all", "split"] = "split"
    weights: str = "weight"
    depreciation: float = 0.15
    lag: int = 1
    own_stock: str = "control"
    log: Literal["positive", "log1p"] = "positive"
    by_sector: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A fit, or why there is none; `terms` are the pools in it."""

    specification: Specification
    fit: RegressionFit | None
    terms: tuple[str, ...]
    status: str

    def rows(self) -> list[dict[str, object]]:
        """Give one row per coefficient, or one that says why there is none."""
        s = self.specification
        head: dict[str, object] = {
            "specification": s.name,
            "estimator": s.estimator,
            "outcome": s.outcome,
            "pools": s.pools,
            "weights": s.weights,
            "depreciation": s.depreciation,
            "lag": s.lag,
            "own_stock": s.own_stock,
            "status": self.status,
        }
        if self.fit is None:
            return [{**head, "term": "", "value": float("nan")}]
        table = self.fit.to_arrow().to_pylist()
        return [
            {
                **head,
                **{k: r[k] for k in ("term", "value", "se", "p", "lower", "upper")},
                "n": self.fit.n,
                "n_groups": self.fit.n_groups,
                "errors": _errors_of(self.fit),
            }
            for r in table
        ]


def _errors_of(fit: RegressionFit) -> str:
    if "control" in fit.method:
        return "bootstrap"
    return "jackknife" if isinstance(fit.vcov, ClusterJackknife) else "clustered"


def left_out(fit: RegressionFit) -> RegressionFit:
    """Give errors that leave out one industry at a time.

    With some dozens of industries clustered errors are a tenth to a third too small. Where
    a single industry decides a coefficient only clustered errors remain.
    """
    try:
        return fit.with_vcov(_LEFT_OUT)
    except NotIdentifiedError as error:
        told = f"errors are clustered: {reason_of(error)}"
        seen = replace(fit.provenance, warnings=(*fit.provenance.warnings, told))
        return replace(fit, provenance=seen)


def _varies(table: pa.Table, name: str) -> bool:
    """Say whether a column moves within industries beyond what all share."""
    if name not in table.column_names:
        return False
    values = numbers_of(table, name)
    industry = np.array(table["industry"].to_pylist())
    order = np.lexsort((np.array(table["period"].to_pylist()), industry))
    wide = values[order].reshape(np.unique(industry).size, -1)
    wide = wide[:, np.isfinite(wide).all(axis=0)]
    if wide.size == 0:
        return False
    clean = wide - wide.mean(axis=1, keepdims=True)
    clean = clean - clean.mean(axis=0, keepdims=True)
    return bool(np.abs(clean).max() > 1e-8)


def pool_terms(table: pa.Table, pools: str) -> tuple[str, ...]:
    """Give the pools that move; a class without both directions keeps the one it has."""
    links = ("all",) if pools == "all" else LINKS
    names = [f"{d}_{k}" for k in links for d in ("active", "passive")]
    return tuple(n for n in names if _varies(table, n))


def covariates_of(table: pa.Table, terms: Sequence[str], own_stock: str) -> list[str]:
    """Give indicators of zero pools that move, own knowledge and research."""
    # pools of unlinked pairs are held constant, not tested
    split = not any(t.endswith("_all") for t in terms)
    names = ["active_none", "passive_none"] if split else []
    names += [f"zero_{t}" for t in [*terms, *names]]
    names += {"control": ["own"], "presample": ["presample"]}.get(own_stock, [])
    return [n for n in [*names, "rd"] if _varies(table, n)]


def fitted(
    table: pa.Table, specification: Specification, draws: int, seed: int
) -> Outcome:
    """Estimate one specification; a failure is an answer with its reason."""
    s = specification
    terms = pool_terms(table, s.pools)
    if not terms:
        return Outcome(
            specification=s,
            fit=None,
            terms=(),
            status="no_pool: no pair has a weight, or no pool moves",
        )
    try:
        fit = _fit(logged(table), s, terms, draws, seed)
        if s.estimator != "control_function":
            fit = left_out(fit)
    except (NotIdentifiedError, ConvergenceError) as error:
        return Outcome(specification=s, fit=None, terms=terms, status=reason_of(error))
    return Outcome(specification=s, fit=fit, terms=terms, status="ok")


def logged(table: pa.Table) -> pa.Table:
    """Add logs of the outcomes: of what is above 0, and log(1 + x) for replication."""
    for name in ("patents", "citations"):
        y = numbers_of(table, name)
        log = np.log(np.where(y > 0, y, np.nan))
        table = table.append_column(f"log_{name}", pa.array(log))
        table = table.append_column(f"log1p_{name}", pa.array(np.log1p(y)))
    return table


def _fit(
    table: pa.Table, s: Specification, terms: tuple[str, ...], draws: int, seed: int
) -> RegressionFit:
    extra = covariates_of(table, terms, s.own_stock)
    effects: list[str | tuple[str, ...]] = [*EFFECTS]
    if s.by_sector:
        effects[1] = ("sector", "period")
    if s.estimator in ("poisson", "negative_binomial"):
        count = fit_poisson if s.estimator == "poisson" else fit_negative_binomial
        return count(
            table,
            outcome=s.outcome,
            covariates=[*terms, *extra],
            effects=effects,
            vcov=BY_INDUSTRY,
        )
    head = "log1p" if s.log == "log1p" else "log"
    name = f"{head}_{s.outcome}"
    if s.estimator == "linear":
        return fit_linear(
            table,
            outcome=name,
            covariates=[*terms, *extra],
            effects=effects,
            vcov=BY_INDUSTRY,
        )
    instruments = [f"z_{t}" for t in terms if _varies(table, f"z_{t}")]
    if s.estimator == "2sls":
        return fit_iv(
            table,
            outcome=name,
            endogenous=terms,
            instruments=instruments,
            covariates=extra,
            effects=effects,
            vcov=BY_INDUSTRY,
        )
    return fit_control_function(
        table,
        outcome=s.outcome,
        endogenous=terms,
        instruments=instruments,
        covariates=extra,
        effects=effects,
        cluster="industry",
        inference=Bootstrap(n=draws, seed=seed),
    )
