"""Stage `pools`: knowledge, linkages, and the panel that the regressions read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.econometrics import (
    LinkClasses,
    knowledge_pools,
    knowledge_stock,
    patent_counts,
)
from agglo.studies.coagglomeration.columns import industry_codes, row_table
from agglo.studies.coagglomeration.links import classes_of, foreign_of
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.columns import numbers_of, result_table, text_of, texts
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import FloatArray, Json
    from agglo.econometrics import KnowledgeStock
    from agglo.studies.contract import StageInputs

__all__ = ["Panel", "build_panel", "panel_of", "pools", "stock_of"]

_LINK_TYPES = {
    "first": pa.string(),
    "second": pa.string(),
    "link": pa.string(),
    "weight": pa.float64(),
}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Counts and links from which a panel is built for any choice of weights and decay.

    `counts` has industry, period, patents, citations and rd; `weights` the ordered pairs.
    """

    counts: pa.Table
    weights: pa.Table
    foreign: pa.Table | None
    links: LinkClasses | None


def pools(inputs: StageInputs) -> StageOutput:
    """Count patents, split pairs by link and pool knowledge.

    Parameters
    ----------
    inputs
        ``weights`` of the stage before; optional tables ``patents``, ``input_output``,
        ``industry_links`` (kind ``foreign``) and ``panel`` (research, the industry in
        column ``region``).

    Returns
    -------
    StageOutput
        Tables ``counts``, ``panel``, ``links``; document ``pool_notes``.
    """
    options = inputs.options_as(CoagglomerationOptions)
    if not inputs.has("patents"):
        notes: dict[str, Json] = {"available": False, "reason": "no table patents"}
        empty = row_table([], {"industry": pa.string(), "period": pa.string()})
        links = row_table([], _LINK_TYPES)
        return StageOutput(
            tables={"counts": empty, "panel": empty, "links": links},
            documents={"pool_notes": notes},
        )
    names = text_of(inputs.result("prepare", "industries"), "industry")
    counts, told = _counts(inputs, names)
    classes, why = classes_of(inputs)
    panel = Panel(
        counts=counts,
        weights=inputs.result("pairs", "weights"),
        foreign=foreign_of(inputs),
        links=classes,
    )
    weights = numbers_of(panel.weights, "weight")
    return StageOutput(
        tables={
            "counts": counts,
            "panel": build_panel(panel, options),
            "links": row_table([], _LINK_TYPES)
            if classes is None
            else result_table(classes),
        },
        documents={
            "pool_notes": {
                "available": True,
                "patents": float(np.nansum(numbers_of(counts, "patents"))),
                **told,
                "pairs_with_weight": int((weights > 0).sum()),
                "links": why,
                "link_sizes": dict(classes.sizes) if classes is not None else None,
                "link_correlation": classes.correlation
                if classes is not None
                else None,
                "weak_split": classes.weak if classes is not None else None,
                "foreign": panel.foreign is not None,
            }
        },
    )


def panel_of(inputs: StageInputs) -> Panel:
    """Collect what later stages build panels from."""
    return Panel(
        counts=inputs.result("pools", "counts"),
        weights=inputs.result("pairs", "weights"),
        foreign=foreign_of(inputs),
        links=classes_of(inputs)[0],
    )


def _counts(
    inputs: StageInputs, names: list[str]
) -> tuple[pa.Table, Mapping[str, Json]]:
    """Count patents and citations by industry and year; a joint patent counts once."""
    patents = inputs.table("patents")
    place = patents.column_names.index("industry")
    owner = texts(industry_codes(inputs, patents, "industry"))
    found = patent_counts(patents.set_column(place, "industry", owner))
    here = np.isin(found.industries, names)
    n, t = len(names), found.periods.size
    counts, cited = np.zeros((n, t)), np.zeros((n, t))
    at = np.searchsorted(names, found.industries[here])
    counts[at] = found.counts[here]
    cited[at] = np.nan_to_num(found.citations[here])
    active = np.asarray(counts.sum(axis=0) > 0, dtype=bool)
    first, last = (0, t) if not active.any() else _ends(active)
    years = found.periods[first:last]
    out = pa.table(
        {
            "industry": texts(list(np.repeat(names, years.size))),
            "period": texts(list(np.tile(years, n))),
            "patents": counts[:, first:last].ravel(),
            "citations": cited[:, first:last].ravel(),
            "rd": _research(inputs, names, years),
            "sector": texts(list(np.repeat(_sectors(inputs, names), years.size))),
        }
    )
    told: Mapping[str, Json] = {
        "patents_of_other_industries": float(found.counts[~here].sum()),
        "patents_without_industry": found.unplaced,
        "joint_patents": found.n_shared,
        "without_patents": [
            k for k, row in zip(names, counts, strict=True) if not row.any()
        ],
    }
    return out, told


def _ends(active: np.ndarray) -> tuple[int, int]:
    places = np.flatnonzero(active)
    return int(places[0]), int(places[-1]) + 1


def _sectors(inputs: StageInputs, names: list[str]) -> list[str]:
    """Give the parent of every industry; blank where it is unknown."""
    table = inputs.result("prepare", "industries")
    parent = dict(
        zip(text_of(table, "industry"), text_of(table, "sector"), strict=True)
    )
    return [parent.get(k, "") for k in names]


def _research(inputs: StageInputs, names: list[str], years: np.ndarray) -> FloatArray:
    out = np.full((len(names), years.size), np.nan)
    if inputs.has("panel") and "rd" in inputs.table("panel").column_names:
        table = inputs.table("panel")
        industry = np.array(industry_codes(inputs, table, "region"), dtype=np.str_)
        period = np.array([v[:4] for v in text_of(table, "period")], dtype=np.str_)
        ok = np.isin(industry, names) & np.isin(period, years)
        at = np.searchsorted(names, industry[ok]), np.searchsorted(years, period[ok])
        spent = np.zeros(out.shape)
        np.add.at(spent, at, numbers_of(table, "rd")[ok])
        out[at] = spent[at]
    return out.ravel()


def build_panel(
    panel: Panel,
    options: CoagglomerationOptions,
    *,
    weights: str = "weight",
    depreciation: float | None = None,
    lag: int | None = None,
) -> pa.Table:
    """Give outcomes, pools, instruments and covariates for one choice.

    Logs where positive, else 0 with an indicator ``zero_...``; instruments ``z_...`` are 0
    where their pool is; ``own`` is own knowledge with the same lag, ``presample`` its first
    value times a trend.
    """
    decay = options.depreciation if depreciation is None else depreciation
    step = options.lag if lag is None else lag
    counts = panel.counts
    stock = stock_of(counts, decay, options.stock_growth)
    columns: dict[str, pa.Array | FloatArray] = {
        c: counts[c] for c in ("industry", "period", "patents", "citations", "sector")
    }
    columns |= _own(stock, step)
    rd = numbers_of(counts, "rd")
    columns["rd"] = np.log(np.where(rd > 0, rd, np.nan))
    dyads = panel.weights.select(["anchor", "mover", weights]).rename_columns(
        ["anchor", "mover", "weight"]
    )
    columns |= _logs(dyads, stock, panel.links, step, "")
    if panel.foreign is not None:
        seen = _logs(panel.foreign, stock, panel.links, step, "z_")
        columns |= {k: _where_there_is_a_pool(k, v, columns) for k, v in seen.items()}
    return pa.table(columns)


def _where_there_is_a_pool(
    name: str, values: FloatArray, columns: Mapping[str, pa.Array | FloatArray]
) -> FloatArray:
    """Give an instrument of 0 where the pool is 0.

    Foreign weights know pairs that were missed here. What an industry without a pool gains
    from them would count as the doing of the others' pools: estimates a fifth too large.
    """
    zero = columns.get(f"zero_{name.removeprefix('z_')}")
    return values if zero is None else np.where(np.asarray(zero) == 1, 0.0, values)


def stock_of(
    counts: pa.Table, depreciation: float, growth: Literal["pooled", "industry"]
) -> KnowledgeStock:
    """Accumulate the counted patents."""
    return knowledge_stock(
        counts.select(["industry", "period", "patents"]),
        depreciation=depreciation,
        growth="pooled" if growth == "pooled" else None,
    )


def _own(stock: KnowledgeStock, lag: int) -> Mapping[str, FloatArray]:
    n, t = stock.values.shape
    own = np.full((n, t), np.nan)
    own[:, lag:] = stock.values[:, : t - lag]
    first = np.log(np.where(stock.values[:, :1] > 0, stock.values[:, :1], np.nan))
    return {
        "own": np.where(own > 0, np.log(np.where(own > 0, own, 1.0)), np.nan).ravel(),
        "presample": (first * np.arange(t)).ravel(),
    }


def _logs(
    dyads: pa.Table,
    stock: KnowledgeStock,
    links: LinkClasses | None,
    lag: int,
    prefix: str,
) -> dict[str, FloatArray]:
    out: dict[str, FloatArray] = {}
    found = [knowledge_pools(dyads, stock, lag=lag)]
    if links is not None:
        found.append(knowledge_pools(dyads, stock, links=links, lag=lag))
    for one in found:
        for (direction, link), values in one.values.items():
            v = values.ravel()
            log = np.log(np.where(v > 0, v, 1.0))
            name = f"{prefix}{direction}_{link}"
            out[name] = np.where(np.isnan(v), np.nan, log)
            out[f"zero_{name}"] = np.where(np.isnan(v), np.nan, (v == 0) * 1.0)
    return out
