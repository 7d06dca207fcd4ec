"""Rules, limits and sources of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.coagglomeration.words import reason, specification, weights_word

if TYPE_CHECKING:
    from agglo.studies.coagglomeration.facts import CoagglomerationFacts
    from agglo.studies.contract import StageInputs

__all__ = ["limit_notes", "method_notes", "origin_notes"]

_Notes = tuple[tuple[str, str], ...]


def method_notes(facts: CoagglomerationFacts) -> _Notes:
    """Give one note per rule."""
    say, o = facts.say, facts.options
    return (
        (
            say("Orientation", "方向"),
            say(
                str(facts.note("pair_notes", "orientation_note") or ""),
                "每个有方向的数值都注明两个行业：锚定方保持其实际位置，移动方的位置在零假设下重新抽取；"
                "被检验的是移动方的选址。移动方主动靠近锚定方，锚定方被动地为其所靠近；主动与被动的叫法系推断，原文未能核对。",
            ),
        ),
        (
            say("Pairs", "配对"),
            say(
                "Mean distance of the mover's plants to the nearest anchor plant against "
                "the other plants that could stand there, exact null; entrants against "
                "incumbents where dates exist. Region by region combined by Stouffer. "
                "The Wasserstein index compares whole distributions and does not identify "
                "direction.",
                "移动方企业到最近锚定方企业的平均距离，与其他可能位置相比，零分布精确；有开业时间时用新进入企业对在位企业。"
                "各地区以 Stouffer 法合并。Wasserstein 指数比较整个分布，不识别方向。",
            ),
        ),
        (
            say("Pools", "知识池"),
            say(
                "Knowledge is the depreciated sum of patents ({d} a year; Griliches 1979, "
                "doi:10.2307/3003321), begun with {g}. Pools weigh it with excess weights ({w}); log where "
                "positive, else 0 with an indicator, never log(1 + x) (Chen and Roth 2024, "
                "doi:10.1093/qje/qjad054).",
                "知识为专利的折旧累积（年折旧 {d}；Griliches 1979, doi:10.2307/3003321），期初增长率取{g}。知识池以超额权重（{w}）加权；"
                "为正时取对数，否则取 0 并加指示变量，不用 log(1 + x)（Chen and Roth 2024, doi:10.1093/qje/qjad054）。",
                d=facts.show(o.depreciation, "share"),
                g=say("one growth for all industries", "各行业共同值")
                if o.stock_growth == "pooled"
                else say("each industry's own growth", "各行业自身值"),
                w=weights_word(facts, o.weights),
            ),
        ),
        *_model_notes(facts),
    )


def _model_notes(facts: CoagglomerationFacts) -> _Notes:
    """Give the rules of regressions and hypotheses."""
    say, o = facts.say, facts.options
    return (
        (
            say("Regressions", "回归"),
            say(
                "Poisson pseudo-likelihood with industry and period effects (Santos Silva "
                "and Tenreyro 2006, doi:10.1162/rest.88.4.641); errors leave out one industry "
                "at a time (MacKinnon, Nielsen and Webb 2023, doi:10.1002/jae.2969); 2SLS "
                "with foreign weights and the same knowledge, 0 where the pool is 0; control "
                "function with {n} resamples of industries; wild cluster bootstrap with {m} "
                "draws; negative binomial beside Poisson.",
                "泊松伪极大似然，含行业与时期效应（Santos Silva and Tenreyro 2006, doi:10.1162/rest.88.4.641）；"
                "标准误逐一剔除行业（MacKinnon, Nielsen and Webb 2023, doi:10.1002/jae.2969）；"
                "以外国权重与同一知识存量作 2SLS，知识池为零处工具变量为零；控制函数以 {n} 次行业重抽；"
                "野聚类自助 {m} 次；泊松旁列负二项回归。",
                n=facts.show(o.bootstrap_draws, "count"),
                m=facts.show(o.wild_draws, "count"),
            ),
        ),
        (
            say("Hypotheses", "假设"),
            say(
                "Mutual gain and parasitism by intersection-union (Berger 1982, "
                "doi:10.1080/00401706.1982.10487790); a host that is not significant is no "
                "evidence of parasitism.",
                "互利与寄生采用交并检验（Berger 1982, doi:10.1080/00401706.1982.10487790）；受访方不显著不构成寄生的证据。",
            ),
        ),
    )


def limit_notes(facts: CoagglomerationFacts) -> _Notes:
    """Say what the numbers cannot carry."""
    say = facts.say
    notes = [
        (
            say("Common causes", "共同原因"),
            say(
                "Industries drawn to the same places look as if each followed the other.",
                "受同一地点吸引的行业看起来像是彼此跟随。",
            ),
        ),
        (
            say("Estimated weights", "权重为估计值"),
            say(
                "Pairs are missed or found by chance; instruments correct that in part. How "
                "knowledge began before the first year is an assumption that instruments "
                "share: see the other value of stock_growth.",
                "配对可能被遗漏或偶然发现；工具变量可部分纠正。首年之前的知识起点是假设，工具变量同样依赖它："
                "请看 stock_growth 的另一取值。",
            ),
        ),
        (
            say("Own knowledge", "自身知识"),
            say(
                "It is built from past outcomes, which biases short panels; all three "
                "treatments are in the table of estimates.",
                "其由过去结果构成，在短面板中产生偏误；三种处理均见估计表。",
            ),
        ),
    ]
    failed = facts.note("innovation_notes", "failed")
    if isinstance(failed, list) and failed:
        text = facts.say("; ", "；").join(
            f"{specification(facts, str(v.get('specification')))}: "
            f"{reason(facts, str(v.get('reason')))}"
            for v in failed
            if isinstance(v, dict)
        )
        notes.append((say("Without an estimate", "无估计值"), text))
    if facts.note("pool_notes", "weak_split") is True:
        notes.append(
            (
                say("The split is weak", "分类较弱"),
                say(
                    "More than half of a class is linked both ways.",
                    "某一类中超过一半的配对同时具有两种关联。",
                ),
            )
        )
    return tuple(notes)


def origin_notes(facts: CoagglomerationFacts, inputs: StageInputs) -> _Notes:
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
