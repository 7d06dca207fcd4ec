"""Findings about what the data show and what they hide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.contract import Finding

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, Json
    from agglo.studies.concentration.facts import Facts

__all__ = ["coverage", "hidden_cells"]


def coverage(facts: Facts) -> Finding:
    """Say how much of the activity the figures show."""
    known = facts.number("coverage", "employment")
    low = facts.number("coverage", "hidden_lower")
    high = facts.number("coverage", "hidden_upper")
    hidden, cells = (facts.number("coverage", k) for k in ("n_unknown", "n_cells"))
    interval = None
    if np.isfinite(high) and known + high > 0:
        interval = (known / (known + high), known / (known + low) if known else 0.0)
    share = hidden / cells if cells else float("nan")
    answer = facts.say(
        "{known} jobs in {cells} cells ({regions} regions, {industries} industries, "
        "{period}) are shown; {hidden} cells ({share}) are hidden.",
        "显示 {cells} 个单元（{regions} 个地区、{industries} 个行业，{period}）共 {known} "
        "个就业岗位；{hidden} 个单元（{share}）未公布。",
        known=facts.show(known, "count"),
        cells=facts.show(cells, "count"),
        regions=facts.show(facts.number("coverage", "n_regions"), "count"),
        industries=facts.show(facts.number("coverage", "n_industries"), "count"),
        period=_scope(facts, "period"),
        hidden=facts.show(hidden, "count"),
        share=facts.show(share, "share"),
    )
    if facts.drops_small_cells:
        answer += facts.say(
            " No cell has fewer than {least} plants: smaller ones are not published, so "
            "an absent cell may be hidden and not empty.",
            "没有任何单元的企业数少于 {least}：更小的单元未公布，因此缺失的单元可能是隐藏而非空白。",
            least=facts.show(facts.number("coverage", "least_establishments"), "count"),
        )
    return Finding(
        id="coverage",
        question=facts.say(
            "How much of the activity do the figures show?", "数据覆盖了多少经济活动？"
        ),
        answer=answer,
        estimate={"jobs_shown": known, "hidden_cells": hidden, "hidden_share": share},
        interval=interval,
        reading=facts.say(
            "The interval is the share of all jobs that is shown, between the bounds of "
            "the hidden cells. A cell without a row counts as zero: where the publisher "
            "drops small cells without a mark, totals are too small and nothing here can "
            "tell by how much. Totals and quotients are relative to what is shown.",
            "区间为按未公布单元的上下界推算的已显示就业份额。没有行的单元按零处理：若发布者"
            "不加标记地删去小单元，总数会偏小，且无从得知偏小多少。总数和区位商均相对于已显示的数据。",
        ),
        evidence=("region_industries.parquet", "coverage.json"),
    )


def _scope(facts: Facts, key: str) -> str:
    scope = facts.coverage.get("scope")
    return str(scope.get(key, "")) if isinstance(scope, dict) else ""


def hidden_cells(facts: Facts) -> Finding:
    """Say what is certain about hidden cells."""
    cells = facts.cells
    hidden = cells.text("status") == "confidential"
    hidden |= cells.text("status") == "missing"
    low, high = (cells.number(k)[hidden] for k in ("lq_least", "lq_most"))
    n = int(hidden.sum())
    sure = int(((high < 1) | (low > 1)).sum())
    question = facts.say(
        "What can be said about the hidden cells?", "对未公布的单元可以作出哪些判断？"
    )
    if n == 0:
        answer = facts.say("No cell is marked as hidden.", "没有单元被标记为未公布。")
        return Finding(id="hidden_cells", question=question, answer=answer, estimate=0)
    return Finding(
        id="hidden_cells",
        question=question,
        answer=facts.say(
            "Of {n} hidden cells {sure} lie on one side of proportion whatever the hidden "
            "figures are; the others stay open.",
            "{n} 个未公布单元中，有 {sure} 个无论实际数字为何，区位商都可确定高于或低于 1；其余仍不确定。",
            n=facts.show(n, "count"),
            sure=facts.show(sure, "count"),
        ),
        estimate=sure / n,
        reading=facts.say(
            "Bounds, not estimates: nothing is filled in. They follow from the size "
            "classes of the publisher and from the other cells.",
            "这是界限而非估计：没有填补任何数字。界限由发布者的规模等级和其他单元推出。",
        ),
        evidence=("region_industries.parquet",),
        truth=_bound_truth(facts, hidden),
    )


def _bound_truth(facts: Facts, hidden: BoolArray) -> Json:
    """Say how many withheld figures lie inside the bounds."""
    planted = facts.truth.values("employment")
    if not planted:
        return None
    cells, period = facts.cells, _scope(facts, "period")
    pairs = zip(
        cells.text("region")[hidden], cells.text("industry")[hidden], strict=True
    )
    true = np.array([planted.get(f"{r}|{i}|{period}", np.nan) for r, i in pairs])
    low, high = (cells.number(f"employment_{e}")[hidden] for e in ("lower", "upper"))
    known = np.isfinite(true)
    inside = (low <= true) & (true <= high)
    return {
        "withheld_figures": int(known.sum()),
        "inside_the_bounds": int((inside & known).sum()),
    }
