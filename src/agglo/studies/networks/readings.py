"""Sentences and small numbers that several findings share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from agglo.studies.contract import Finding

if TYPE_CHECKING:
    from agglo.studies.networks.facts import NetworkFacts

__all__ = ["ends", "grid_line", "not_computable"]


def ends(low: float, high: float) -> tuple[float, float] | None:
    """Give an interval, or ``None`` when an end is unknown."""
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def not_computable(
    facts: NetworkFacts, name: str, question: str, missing: str
) -> Finding:
    """Say that a question cannot be answered, and what is missing."""
    return Finding(
        id=name,
        question=question,
        answer=facts.say(
            "Not computable: {missing} is missing.",
            "无法计算：缺少 {missing}。",
            missing=facts.lacking(missing),
        ),
        estimate="not_computable",
        reading=facts.say(
            "Import the table (`agglo schema` lists its columns) and run again.",
            "导入该表（`agglo schema` 列出其各列）后重新运行。",
        ),
    )


def grid_line(facts: NetworkFacts, finding: str) -> str:
    """Say how often the verdict stays with other choices, and which choices change it."""
    rows = facts.rows("sensitivity", finding=finding)
    if not rows:
        return facts.say("no other choice was tried.", "未尝试其他设定。")
    same = sum(r["same"] == "yes" for r in rows)
    changed = [
        facts.say(
            "{choice} {value} ({verdict})",
            "{choice} {value}（{verdict}）",
            choice=facts.choice(str(r["choice"])),
            value=facts.value(str(r["value"])),
            verdict=facts.verdict(str(r["verdict"])),
        )
        for r in rows
        if r["same"] != "yes"
    ]
    text = facts.say(
        "{same} of {all} other choices give the same verdict",
        "其他 {all} 种设定中 {same} 种结论相同",
        same=same,
        all=len(rows),
    )
    if not changed:
        return text + facts.say(".", "。")
    return text + facts.say(
        "; it changes with {list}.",
        "；以下设定改变结论：{list}。",
        list=facts.say("; ", "；").join(changed[:6]),
    )
