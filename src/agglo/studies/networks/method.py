"""Rules, limits and sources of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs
    from agglo.studies.networks.facts import NetworkFacts

__all__ = ["limit_notes", "method_notes", "origin_notes"]

_Notes = tuple[tuple[str, str], ...]


def method_notes(facts: NetworkFacts) -> _Notes:
    """Give one note per rule."""
    say, o = facts.say, facts.options
    return (
        (
            say("The question", "问题"),
            say(
                "The questions of Shen et al. (2025), doi:10.1007/s11769-025-1566-6, on any "
                "data. Its abstract names branch-office flows, patent co-operation, "
                "expectation-maximization and the product space; years, features, number of "
                "groups and thresholds are not known to us. Same questions, our rules.",
                "问题来自 Shen 等（2025），doi:10.1007/s11769-025-1566-6，适用于任何数据。其摘要提到分支机构流、专利合作、"
                "期望最大化与产品空间；年份、特征、群组数与阈值不为我们所知。同样的问题，规则由我们制定。",
            ),
        ),
        (
            say("Groups of industries", "产业群组"),
            say(
                "A Gaussian mixture fitted by EM to where industries locate (correlations of "
                "their relative shares, at most ten components); the number of groups by BIC "
                "over {low} to {high}, {starts} starts.",
                "对产业的区位（相对份额的相关，至多十个成分）用 EM 拟合高斯混合模型；群组数在 {low} 至 {high} 之间按 BIC "
                "选择，{starts} 个初始值。",
                low=o.k_min,
                high=o.k_max,
                starts=o.em_starts,
            )
            if o.groups == "em"
            else say("Those of the table definitions.", "取自 definitions 表。"),
        ),
        (
            say("Links", "联系"),
            say(
                "Branches: from the headquarters of the firm to the branch (model {model}). "
                "Co-patents: applicants of one patent, counted {counting}; entities: {kinds}. "
                "Whole branches and whole patents are the independent units everywhere.",
                "分支机构：由公司总部指向分支（模型 {model}）。合作专利：同一专利的申请人，计数方式 {counting}；主体：{kinds}。"
                "独立单位始终是完整的分支机构与完整的专利。",
                model=o.branch_model,
                counting=o.counting,
                kinds=", ".join(o.entities) or say("all", "全部"),
            ),
        ),
        *_further_notes(facts),
    )


def _further_notes(facts: NetworkFacts) -> _Notes:
    """Give the notes on cores and options."""
    say, o = facts.say, facts.options
    return (
        (
            say("Cores and tiers", "核心与层级"),
            say(
                "Cores: largest gap of log strengths among the first {k}, at least {gap:.3f}, "
                "tested against structureless strengths ({draws} draws). Tiers: Fisher-Jenks "
                "classes with a simulated floor of the silhouette. Resamples: {boot}.",
                "核心：前 {k} 位对数强度的最大间隔，不小于 {gap:.3f}，以无结构强度检验（{draws} 次）。层级：Fisher-Jenks "
                "分级，轮廓系数下限由模拟得到。重抽：{boot} 次。",
                k=o.max_cores,
                gap=o.min_gap,
                draws=f"{o.core_draws:,}",
                boot=f"{o.bootstrap_draws:,}",
            ),
        ),
        (
            say("Options of a region", "地区的选项"),
            say(
                "An option is an industry whose location quotient is below 1. Score: mean "
                "place, among the options of the region, by relatedness density, complexity, "
                "and what partners have that is related and missing at home. Quadrants split "
                "at the region's medians.",
                "选项指区位商小于 1 的产业。评分为其在本地区选项中按相关密度、复杂度，以及伙伴拥有而本地缺少的相关产业排序的"
                "平均位置。象限以本地区中位数划分。",
            ),
        ),
    )


def _counts(facts: NetworkFacts) -> str:
    lost = facts.note("integration_notes", "left_out")
    some = lost.items() if isinstance(lost, dict) else ()
    return "; ".join(f"{facts.word(k)}: {v}" for k, v in some if v)


def _versions(facts: NetworkFacts, key: str) -> str:
    """List versions of the classification with their rows, and why or how well."""
    found = facts.note("coverage", key)
    why = {
        "no concordance": facts.say("no concordance", "没有对照表"),
        "the periods are there": facts.say(
            "these periods are there already", "这些时期已有数据"
        ),
    }
    parts = []
    for version, part in (found if isinstance(found, dict) else {}).items():
        if not isinstance(part, dict):
            continue
        rows = facts.show(facts.number("coverage", key, version, "rows"), "count")
        share = facts.number("coverage", key, version, "mapped_share")
        note = why.get(str(part.get("why")), facts.show(share, "share"))
        parts.append(
            facts.say("{v}: {n} ({w})", "{v}：{n}（{w}）", v=version, n=rows, w=note)
        )
    return facts.say("; ", "；").join(parts) or "0"


def limit_notes(facts: NetworkFacts) -> _Notes:
    """Give what the study cannot tell."""
    say = facts.say
    lost = facts.note("coverage", "left_out")
    listed = (
        "; ".join(f"{k}: {v}" for k, v in lost.items())
        if isinstance(lost, dict)
        else ""
    )
    return (
        (
            say("Rules that are ours", "由我们制定的规则"),
            say(
                "The boundary index, the test of cores, the rule of tiers and the verdict on "
                "complementarity are ours, calibrated on planted economies only.",
                "边界指数、核心检验、层级规则与互补性判断均由我们制定，仅在预设结构的模拟经济中校准。",
            ),
        ),
        (
            say("What links do not say", "联系不能说明什么"),
            say(
                "A branch is a presence, not a flow of goods; a joint patent is what became a "
                "patent. The published remark that integration fosters resilience has no "
                "stated measure and is not reproduced.",
                "分支机构表示存在，而非货物流动；合作专利仅反映成为专利的合作。已发表研究关于融合促进韧性的说法没有给出度量，"
                "故未复现。",
            ),
        ),
        (
            say("Left out", "未计入"),
            say(
                "Links with an end outside the regions: {list}. Unknown cells of activity: "
                "{n}. Too small for groups and options: {regions} regions, {industries} industries. "
                "Rows of activity in other classifications than {version}: {others}; converted to it: "
                "{converted}. Links of F1 without a group or without activity at an end: {ungrouped}.",
                "有一端在研究地区之外的联系：{list}。未知的活动单元：{n}。因过小而不计入群组与选项：{regions} 个地区、"
                "{industries} 个产业。采用 {version} 以外分类而未计入的活动行：{others}；已转换到该分类：{converted}。"
                "F1 中一端没有群组或没有活动的联系：{ungrouped}。",
                list=listed or "0",
                version=facts.note("coverage", "industry_version") or "–",
                others=_versions(facts, "versions_left_out"),
                converted=_versions(facts, "versions_converted"),
                ungrouped=_counts(facts) or "0",
                regions=facts.show(
                    facts.number("portfolio_notes", "trimmed", "regions"), "count"
                ),
                industries=facts.show(
                    facts.number("portfolio_notes", "trimmed", "industries"), "count"
                ),
                n=facts.show(facts.number("coverage", "activity_unknown"), "count"),
            ),
        ),
    )


def origin_notes(facts: NetworkFacts, inputs: StageInputs) -> _Notes:
    """Give the sources of the tables."""
    notes = []
    for origin in inputs.project.origins:
        files = ", ".join(name for name, _ in origin.files)
        text = "; ".join(
            t for t in (origin.publisher, origin.licence, origin.citation, files) if t
        )
        notes.append((origin.title or facts.say("Table", "表"), text))
    return tuple(notes) or (
        (facts.say("Tables", "表"), facts.say("in memory", "内存")),
    )
