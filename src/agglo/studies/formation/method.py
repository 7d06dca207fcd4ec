"""How the numbers come about, which choices are ours, and what they cannot carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.formation.tree import INDICATORS

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs
    from agglo.studies.formation.view import View

__all__ = ["limit_notes", "method_notes", "origin_notes"]

_Notes = tuple[tuple[str, str], ...]


def method_notes(view: View) -> _Notes:
    """Give the rules, each with what is published and what is our operational choice."""
    say, o = view.say, view.options
    return (
        (
            say("What is published", "已发表的内容"),
            say(
                "That a cluster needs geographic proximity, industrial connection and "
                "interactive cooperation at once, the six mechanisms and the three levels of "
                "advice are those of the CCID study of 25 national clusters (Hou and Zhang), "
                "which has no table and no formula. Everything that turns this into numbers "
                "is our operational choice.",
                "三要素缺一不可、六大机制与三个层面的建议来自赛迪对 25 个国家级集群的研究（侯彦全、张兆泽），该文无数据表、"
                "无公式。将其转化为数字的一切均为本软件的操作性选择。",
            ),
        ),
        (
            say("Proximity (our choice)", "地理邻近（本软件选择）"),
            say(
                "Mean distance of pairs of members against {n} draws of as many sites of all "
                "firms in the same size classes; passes below p = {a}.",
                "成员两两平均距离，与按规模分层随机抽取同等数量场所的 {n} 次抽样比较；p < {a} 为通过。",
                n=o.draws,
                a=f"{o.alpha:g}",
            ),
        ),
        (
            say("Connection (our choice)", "产业关联（本软件选择）"),
            say(
                "Weighted mean relatedness over pairs of industries against as many "
                "industries drawn; passes if at least {q} are below. Source: {s}.",
                "行业对的加权平均相关度，与随机抽取同等数量行业比较；高于 {q} 的抽样为通过。来源：{s}。",
                q=view.show(o.q, "share"),
                s=view.note("gate_notes", "relatedness") or "–",
            ),
        ),
        (
            say("Cooperation (our choice)", "互动合作（本软件选择）"),
            say(
                "Ties inside against the network rewired with every degree kept (Maslov and "
                "Sneppen 2002), and E-I (Krackhardt and Stern 1988) at most {e}.",
                "内部联系与保持度数的随机重连网络比较（Maslov and Sneppen 2002），且 E-I（Krackhardt and Stern 1988）不高于"
                " {e}。",
                e=f"{o.ei_max:g}",
            ),
        ),
        *_of_scores(view),
        *_unverified(view),
    )


def _of_scores(view: View) -> _Notes:
    """Give the notes on stages, scores and stars."""
    say, o = view.say, view.options
    return (
        (
            say("Stages (our choice)", "阶段（本软件选择）"),
            say(
                "Growth over {k} periods less the nation's, threshold {d}; after Menzel and "
                "Fornahl 2010, rules ours. Checked against a Gaussian hidden Markov model.",
                "{k} 期增长减全国增长，阈值 {d}；思路参照 Menzel and Fornahl 2010，规则为本软件设定；以高斯隐马尔可夫模型核对。",
                k=o.k,
                d=f"{o.delta:g}",
            ),
        ),
        (
            say("Scores (our tree)", "评分（本软件指标树）"),
            say(
                "Arithmetic means of indicators normalised by min-max, equal weights; "
                "interval over normalisation, weights of ±25 % and single indicators left "
                "out. Left out here: {dropped}.",
                "极差标准化、等权算术平均；区间来自标准化方法、±25% 权重扰动与逐项剔除。本次剔除：{dropped}。",
                dropped=_dropped(view),
            ),
        ),
        (
            say("Stars", "星级"),
            say(
                "One each for size and share of the region in the top tenth of the category, "
                "and a quotient of 2: after the European Cluster Observatory, thresholds "
                "from memory and not verified.",
                "规模与地区份额居前 10% 及区位商不低于 2 各得一星：参照欧洲集群观察站，阈值凭记忆、未核实。",
            ),
        ),
    )


def _unverified(view: View) -> _Notes:
    """List what was taken from memory, and which thresholds are of nobody but us."""
    say, o = view.say, view.options
    return (
        (
            say("Not verified at the source", "未经原文核实"),
            say(
                "Thresholds of the stars; 80, 60 and 40 % of the maximum for the levels of "
                "the questionnaire; the exponent 0.3 of local supply as customary.",
                "星级阈值；问卷等级的 80%、60%、40%；本地配套率的指数 0.3 取惯用值。",
            ),
        ),
        (
            say("Alerts and rules (our choice)", "预警与规则（本软件选择）"),
            say(
                "Quotient down through 1 with 0.95 and 1.05; largest firm 40 % or 10 points "
                "more; growth below {d}; exposure {e}; a quarter of outside ties; all "
                "thresholds of the rules N1 to C8.",
                "区位商跌破 1（0.95/1.05 双阈值）；最大企业 40% 或上升 10 个百分点；相对增长低于 {d}；暴露度 {e}；"
                "对外联系减少四分之一；规则 N1 至 C8 的全部阈值。",
                d=f"{-2 * o.delta:g}",
                e=f"{o.exposure_max:g}",
            ),
        ),
        (
            say("Mechanisms (our choice)", "形成机制（本软件选择）"),
            say(
                "Which indicator stands for which mechanism; gamma takes plants of a cell as "
                "equal and is an upper bound; related entry is one effect per group.",
                "机制与指标的对应；EG 指数假定单元内企业等规模，为上界；相关进入按行业组估计。",
            ),
        ),
    )


def _dropped(view: View) -> str:
    lost = view.note("measure_notes", "dropped")
    if not isinstance(lost, dict) or not lost:
        return "–"
    return ", ".join(
        f"{view.say(INDICATORS[k].label_en, INDICATORS[k].label_zh)} ({view.reason(v)})"
        for k, v in lost.items()
    )


def limit_notes(view: View) -> _Notes:
    """Say what the numbers cannot carry."""
    say = view.say
    notes = [
        (
            say(
                "A missing network is not a failed network",
                "缺少网络数据不等于没有合作",
            ),
            say(
                "Where ties, members or relatedness are unknown the verdict stays open.",
                "联系、成员或相关度未知时，结论保持未定。",
            ),
        ),
        (
            say("A cluster is not its leading industry", "集群不等于龙头产业"),
            say(
                "Nor is a complete chain a goal in itself; designation is not an outcome and "
                "enters no score.",
                "链条完整本身不是目标；认定并非成效，不计入评分。",
            ),
        ),
    ]
    if view.options.missing == "zero" or view.note("coverage", "missing"):
        notes.append(
            (
                say("Suppressed cells", "保密单元"),
                say(
                    "Cells that are not published are no zeros: quotients of concentrated "
                    "industries are too high where totals lack them, and ranks inherit that.",
                    "未公布单元并非零：若总量未包含它们，集中行业的区位商会偏高，名次亦受影响。",
                ),
            )
        )
    if view.note("gate_notes", "circular") is True:
        notes.append(
            (
                say("Relatedness from co-location", "相关度来自共址"),
                say(
                    "Connection is then partly the same question as proximity: bring an "
                    "input-output table.",
                    "此时产业关联检验与地理邻近部分同义：请提供投入产出表。",
                ),
            )
        )
    return tuple(notes)


def origin_notes(view: View, inputs: StageInputs) -> _Notes:
    """Give publisher, licence, citation and file hashes of every source."""
    out = []
    for origin in inputs.project.origins:
        parts = [
            origin.publisher,
            view.say("licence: {x}", "许可：{x}", x=origin.licence or "–"),
            origin.citation,
            *(f"{name} (sha256 {digest[:12]}…)" for name, digest in origin.files),
        ]
        title = origin.title or view.say("Source", "来源")
        out.append((title, "; ".join(p for p in parts if p)))
    if not out:
        none = view.say("No source is recorded.", "没有记录来源。")
        out.append((view.say("Source", "来源"), none))
    return tuple(out)
