"""Stage `pools`: knowledge, linkages, and the panel that the regressions read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.econometrics import (
    LinkClasses,
    flow_linkage,
    knowledge_pools,
    knowledge_stock,
    link_classes,
    profile_linkage,
)
from agglo.studies.coagglomeration.columns import row_table
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.columns import numbers_of, result_table, text_of, texts
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import FloatArray, Json
    from agglo.econometrics import KnowledgeStock
    from agglo.studies.contract import StageInputs

__all__ = ["Panel", "build_panel", "classes_of", "foreign_of", "pools"]

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
    counts, left = _counts(inputs, names)
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
                "patents_of_other_industries": left,
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


def _counts(inputs: StageInputs, names: list[str]) -> tuple[pa.Table, int]:
    """Count patents and citations by industry and year; absent is 0 inside the range."""
    patents = inputs.table("patents")
    industry = np.array(text_of(patents, "industry"), dtype=np.str_)
    year = np.array([v[:4] for v in text_of(patents, "period")], dtype=np.str_)
    known = np.isin(industry, names) & (year != "")
    labels = np.unique(year[known])
    years = np.arange(int(labels[0]), int(labels[-1]) + 1).astype(str)
    i = np.searchsorted(names, industry[known])
    t = np.searchsorted(years, year[known])
    cell = i * years.size + t
    size = len(names) * years.size
    cited = np.nan_to_num(numbers_of(patents, "citations")[known])
    n = years.size
    out = pa.table(
        {
            "industry": texts(list(np.repeat(names, n))),
            "period": texts(list(np.tile(years, len(names)))),
            "patents": np.bincount(cell, minlength=size).astype(np.float64),
            "citations": np.bincount(cell, weights=cited, minlength=size),
            "rd": _research(inputs, names, years),
        }
    )
    return out, int((~known).sum())


def _research(inputs: StageInputs, names: list[str], years: np.ndarray) -> FloatArray:
    out = np.full((len(names), years.size), np.nan)
    if inputs.has("panel") and "rd" in inputs.table("panel").column_names:
        table = inputs.table("panel")
        industry = np.array(text_of(table, "region"), dtype=np.str_)
        period = np.array([v[:4] for v in text_of(table, "period")], dtype=np.str_)
        ok = np.isin(industry, names) & np.isin(period, years)
        at = np.searchsorted(names, industry[ok]), np.searchsorted(years, period[ok])
        out[at] = numbers_of(table, "rd")[ok]
    return out.ravel()


def classes_of(inputs: StageInputs) -> tuple[LinkClasses | None, str]:
    """Split pairs by inputs and technology where both are known; else say why not."""
    names = text_of(inputs.result("prepare", "industries"), "industry")
    if not inputs.has("input_output"):
        return None, "no table input_output: pools are not split"
    flows = inputs.table("input_output")
    seller, buyer = (np.array(text_of(flows, c)) for c in ("seller", "buyer"))
    ok = np.isin(seller, names) & np.isin(buyer, names)
    patents = inputs.table("patents")
    classes = np.array(text_of(patents, "class"))
    owner = np.array(text_of(patents, "industry"))
    held = np.isin(owner, names) & (classes != "")
    if not ok.any() or not held.any():
        return None, "no flows or classes of these industries: pools are not split"
    options = inputs.options_as(CoagglomerationOptions)
    size = len(names)
    at = np.searchsorted(names, seller[ok]) * size + np.searchsorted(names, buyer[ok])
    value = np.maximum(np.nan_to_num(numbers_of(flows, "value")[ok]), 0.0)
    total = np.bincount(at, weights=value, minlength=size * size)
    # every industry has a row, so that both linkages have the same industries
    io = flow_linkage(
        pa.table(
            {
                "supplier": texts(list(np.repeat(names, size))),
                "user": texts(list(np.tile(names, size))),
                "value": total,
            }
        )
    )
    words, code = np.unique(classes[held], return_inverse=True)
    cell = np.searchsorted(names, owner[held]) * words.size + code
    count = np.bincount(cell, minlength=size * words.size).astype(np.float64)
    technology = profile_linkage(
        pa.table(
            {
                "industry": texts(list(np.repeat(names, words.size))),
                "class": texts(list(np.tile(words, size))),
                "value": count,
            }
        )
    )
    return link_classes(io, technology, quantile=options.link_quantile), "split"


def foreign_of(inputs: StageInputs) -> pa.Table | None:
    """Give coagglomeration seen in another country, for instruments."""
    names = text_of(inputs.result("prepare", "industries"), "industry")
    if not inputs.has("industry_links"):
        return None
    table = inputs.table("industry_links")
    columns = [np.array(text_of(table, c)) for c in ("origin", "destination", "kind")]
    ok = np.isin(columns[0], names) & np.isin(columns[1], names)
    ok &= (columns[2] == "foreign") & (columns[0] != columns[1])
    if not ok.any():
        return None
    value = np.maximum(np.nan_to_num(numbers_of(table, "value")[ok]), 0.0)
    return pa.table(
        {
            "anchor": texts(list(columns[0][ok])),
            "mover": texts(list(columns[1][ok])),
            "weight": value,
        }
    )


def build_panel(
    panel: Panel,
    options: CoagglomerationOptions,
    *,
    weights: str = "weight",
    depreciation: float | None = None,
    lag: int | None = None,
) -> pa.Table:
    """Give outcomes, pools, instruments and covariates for one choice.

    Logs where positive, else 0 with an indicator ``zero_...``; ``own`` is own knowledge
    with the same lag, ``presample`` its first value times a trend.
    """
    decay = options.depreciation if depreciation is None else depreciation
    step = options.lag if lag is None else lag
    counts = panel.counts
    stock = knowledge_stock(
        counts.select(["industry", "period", "patents"]), depreciation=decay
    )
    columns: dict[str, pa.Array | FloatArray] = {
        c: counts[c] for c in ("industry", "period", "patents", "citations")
    }
    columns |= _own(stock, step)
    rd = numbers_of(counts, "rd")
    columns["rd"] = np.log(np.where(rd > 0, rd, np.nan))
    dyads = panel.weights.select(["anchor", "mover", weights]).rename_columns(
        ["anchor", "mover", "weight"]
    )
    columns |= _logs(dyads, stock, panel.links, step, "")
    if panel.foreign is not None:
        columns |= _logs(panel.foreign, stock, panel.links, step, "z_")
    return pa.table(columns)


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
