"""Rules, limits and sources of the study."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs
    from agglo.studies.digital.facts import DigitalFacts

__all__ = ["limit_notes", "method_notes", "origin_notes"]

_Notes = tuple[tuple[str, str], ...]


def method_notes(facts: DigitalFacts) -> _Notes:
    """Give one note per rule."""
    say, o = facts.say, facts.options
    return (
        (
            say("The question", "问题"),
            say(
                "The question of Zhao Zuoquan et al. (2022), Bulletin of the Chinese "
                "Academy of Sciences 37(12). Same question, our rules: the study does not "
                "publish its own.",
                "问题来自赵作权等（2022），《中国科学院院刊》37(12)。同一问题，规则由我们制定：该研究未公布其规则。",
            ),
        ),
        (
            say("Cities", "城市"),
            say(
                "Places become cities by code, full name, alias, name without suffix or "
                "containment, never by edit distance; counties rise to their prefecture. "
                "City rule: {rule}.",
                "地点依次按代码、全名、别名、去后缀名称或包含关系确定城市，从不按编辑距离；县级地名归入其地级市。城市规则："
                "{rule}。",
                rule=o.city_rule,
            ),
        ),
        (
            say("Identical and similar", "相同与相似"),
            say(
                "Labels become nodes of the industry tree through a dictionary that a "
                "person edits. Identical: the same node, or one within the other (counted "
                "as {containment}). Similar: the same division, or a link (input-output "
                "share of at least {io}, or relatedness in the top {rel}). Sharing only "
                "the sector is none.",
                "行业名称经人工维护的词典对应到行业树节点。相同：同一节点，或一方包含另一方（此处视为{containment}）。相似："
                "同一大类，或存在联系（投入产出份额不低于 {io}，或相关度居前 {rel}）。仅门类相同视为无匹配。",
                containment=facts.kind(o.containment),
                io=facts.show(o.io_min),
                rel=facts.show(1.0 - o.rel_q, "share"),
            ),
        ),
        *_of_numbers(facts),
    )


def _of_numbers(facts: DigitalFacts) -> _Notes:
    """Give the notes on intervals, nulls and ellipses."""
    say, o = facts.say, facts.options
    return (
        (
            say("Rates", "比率"),
            say(
                "Wilson intervals (1927, doi:10.1080/01621459.1927.10502953) take clusters "
                "as independent; the city-block interval redraws cities {draws} times. "
                "Clusters with unknown labels are left out of the shares; counted as none "
                "they are in rates.csv, as are joint designations counted once.",
                "Wilson 区间（1927, doi:10.1080/01621459.1927.10502953）假定集群独立；城市重抽区间抽样 {draws} 次。"
                "名称未知的集群不计入占比；将其计为无匹配、以及联合认定只计一次的结果见 rates.csv。",
                draws=facts.show(o.block_draws, "count"),
            ),
        ),
        (
            say("Nulls", "零假设"),
            say(
                "{draws} draws each; p = (1 + draws at least as large) / (1 + draws) "
                "(Phipson and Smyth 2010, doi:10.2202/1544-6115.1585). Co-existence under "
                "N1 is also exact (hypergeometric). Classes of city size: {strata} ({size}).",
                "每种抽样 {draws} 次；p =（1 + 不小于观测值的次数）/（1 + 抽样次数）（Phipson and Smyth 2010, "
                "doi:10.2202/1544-6115.1585）。N1 下的共存率另有精确值（超几何分布）。城市规模组：{strata}（{size}）。",
                draws=facts.show(o.null_draws, "count"),
                strata=facts.show(facts.number("null_notes", "n_strata"), "count"),
                size=facts.note("null_notes", "size") or say("no sizes", "无规模数据"),
            ),
        ),
        (
            say("Ellipses", "椭圆"),
            say(
                "Standard deviational ellipses (Lefever 1926, doi:10.1086/214027), weights 1 "
                "over the number of cities; {projection}. Overlap is exact. Bearings are "
                "clockwise from north.",
                "标准差椭圆（Lefever 1926, doi:10.1086/214027），权重为城市数的倒数；{projection}。重叠面积为精确值。"
                "方位角自正北顺时针。",
                projection=facts.projection,
            ),
        ),
    )


def limit_notes(facts: DigitalFacts) -> _Notes:
    """Say what the numbers cannot carry."""
    say = facts.say
    notes = [
        (
            say("Presence is not use", "存在不等于使用"),
            say(
                "A belt in the city of a cluster does not say that the cluster's firms sell "
                "on line. Nothing here is about causes.",
                "集群所在城市有产业带，并不说明集群企业在线销售。此处不涉及因果。",
            ),
        ),
        (
            say("The rules decide much", "规则影响很大"),
            say(
                "Broad labels match many narrow ones by containment; the tree and the "
                "dictionary are ours. See the sensitivity table.",
                "宽泛的名称通过包含关系与许多具体名称匹配；行业树与词典由我们编制。参见敏感性表。",
            ),
        ),
        (
            say("Programmes differ", "各计划不同"),
            say(
                "Belts are mostly consumer goods, some programmes mostly high technology: a "
                "low match is what to expect there.",
                "产业带多为消费品，而部分计划以高技术为主：匹配较低在意料之中。",
            ),
        ),
    ]
    outside = facts.note("null_notes", "outside")
    if isinstance(outside, list) and outside:
        notes.append(
            (
                say("Outside the universe", "全域之外"),
                say(
                    "Left out of the nulls, observed and expected alike: {names}.",
                    "观测与期望均不含：{names}。",
                    names=", ".join(facts.city(str(c)) for c in outside),
                ),
            )
        )
    unplaced = facts.note("centre_notes", "items_not_placed_in")
    if isinstance(unplaced, list) and unplaced:
        notes.append(
            (
                say("Without coordinates", "无坐标"),
                say(
                    "Left out of every spatial number: {names}.",
                    "所有空间数字均不含：{names}。",
                    names=", ".join(facts.city(str(c)) for c in unplaced),
                ),
            )
        )
    warned = facts.note("centre_notes", "notes")
    if isinstance(warned, list) and warned:
        told = [str(w) if facts.lang == "en" else _swapped(str(w)) for w in warned]
        notes.append((say("Coordinates", "坐标"), say("; ", "；").join(told)))
    return tuple(notes)


def origin_notes(facts: DigitalFacts, inputs: StageInputs) -> _Notes:
    """Give publisher, licence, citation and file hashes of every source."""
    out = []
    for origin in inputs.project.origins:
        parts = [
            origin.publisher,
            facts.say("licence: {x}", "许可：{x}", x=origin.licence or "–"),
            origin.citation,
            *(f"{name} (sha256 {digest[:12]}…)" for name, digest in origin.files),
        ]
        text = "; ".join(p for p in parts if p)
        out.append((origin.title or facts.say("Source", "来源"), text))
    if not out:
        unknown = facts.say("No source is recorded.", "没有记录来源。")
        out.append((facts.say("Source", "来源"), unknown))
    return tuple(out)


def _swapped(warning: str) -> str:
    """Give the warning on coordinates in Chinese."""
    return re.sub(
        r"^longitude and latitude look swapped: (\d+) of (\d+) points lie in the country "
        r"as given, (\d+) after swapping$",
        r"经纬度可能颠倒：\2 个点中按原样有 \1 个位于国内，互换后有 \3 个",
        warning,
    )
