"""What was measured, how, after whom; and where the data come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.concentration.findings_industries import herfindahl_note

if TYPE_CHECKING:
    from agglo.studies.concentration.facts import Facts
    from agglo.studies.contract import StageInputs

__all__ = ["method_notes", "origin_notes"]


def method_notes(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Give one note per measure.

    Parameters
    ----------
    facts
        What the stages left.

    Returns
    -------
    tuple of (str, str)
        Heading and text.
    """
    return (*_of_cells(facts), *_of_regions(facts))


def _of_cells(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Give the notes on quotients, ranks and industries."""
    say, o = facts.say, facts.options
    return (
        (
            say("Location quotient", "区位商"),
            say(
                "Share of the region in an industry over its share in all jobs; 1 = as in "
                "the country. Interval ({level}) and p-value: plants fall on regions at "
                "random, the lumpiness of plants is kept (dartboard; idea: Billings and "
                "Johnson 2012, doi:10.1016/j.regsciurbeco.2012.03.003). The shrunk quotient "
                "of plant counts follows Marshall 1991, doi:10.2307/2347593. {notes}",
                "地区在某行业的份额与其在全部就业中份额之比；1 表示与全国相同。区间（{level}）与 p 值："
                "企业随机落入各地区并保持其块状（飞镖模型；思路见 Billings and Johnson 2012, "
                "doi:10.1016/j.regsciurbeco.2012.03.003）。企业数的收缩区位商依据 Marshall 1991, "
                "doi:10.2307/2347593。{notes}",
                level=facts.show(o.level, "share"),
                notes=facts.notes_of("quotients"),
            ),
        ),
        (
            say("Ranks", "排名"),
            say(
                "Regions are ranked by the quotient within an industry. {draws} redraws of "
                "plant counts (Poisson) give the interval and the chance of being among "
                "the first {top}.",
                "各行业内按区位商对地区排名。对企业数重抽 {draws} 次（泊松分布），得到排名区间和位居前 "
                "{top} 的概率。",
                draws=o.rank_draws,
                top=o.top,
            ),
        ),
        (
            say("Concentration of industries", "行业集聚"),
            say(
                "Ellison and Glaeser 1997, doi:10.1086/262098: 0 = no more than chance, "
                "above 0.05 is called high there. p-value from the exact mean and variance "
                "of the dartboard null. {note}",
                "Ellison and Glaeser 1997, doi:10.1086/262098：0 表示不超出随机，大于 0.05 称为高度"
                "集聚。p 值由飞镖零假设的精确均值和方差得出。{note}",
                note=herfindahl_note(facts),
            ),
        ),
        _of_nulls(facts),
    )


def _of_nulls(facts: Facts) -> tuple[str, str]:
    """Say what chance is in the draws beside the raw concentration."""
    say = facts.say
    reason = facts.words("nulls", "reason")
    if reason:
        text = say("Not drawn: {reason}.", "未抽样：{reason}。", reason=reason)
    else:
        text = say(
            "Raw concentration G beside {draws} draws of each model. Dartboard: plants fall "
            "on regions in proportion to all jobs. Permutation: the plants of all "
            "industries are dealt anew to the existing sites (idea: Duranton and Overman "
            "2005, doi:10.1111/0034-6527.00362). {notes}",
            "原始集中度 G 与各模型 {draws} 次抽样相比。飞镖：企业按全部就业比例落入各地区。置换：各产业的企业在现有"
            "地点间重新分配（思路见 Duranton and Overman 2005, doi:10.1111/0034-6527.00362）。{notes}",
            draws=facts.show(facts.number("nulls", "draws"), "count"),
            notes=facts.notes_of("nulls"),
        )
    return say("Null models", "零模型"), text


def _of_regions(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Give the notes on regions, clusters and growth, and on what is left out."""
    say = facts.say
    return (
        (
            say("Specialisation and diversity", "专业化与多样性"),
            say(
                "Krugman index; relative and absolute specialisation and diversity after "
                "Duranton and Puga 2000, doi:10.1080/0042098002104; related and unrelated "
                "variety after Frenken et al. 2007, doi:10.1080/00343400601120296. Chance: "
                "{draws} draws in which the plants of a region choose industries with the "
                "national shares.",
                "克鲁格曼指数；绝对与相对专业化、多样性依据 Duranton and Puga 2000, "
                "doi:10.1080/0042098002104；相关与无关多样性依据 Frenken et al. 2007, "
                "doi:10.1080/00343400601120296。随机水平：令地区的企业按全国份额选择行业，抽样 {draws} 次。",
                draws=facts.show(facts.number("specialisation", "draws"), "count"),
            ),
        ),
        (
            say("Strong clusters", "强集群"),
            say(
                "Benchmark cluster definitions after Delgado, Porter and Stern 2016, "
                "doi:10.1093/jeg/lbv017, judged by the scheme '{scheme}'.",
                "基准集群定义依据 Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017，按方案"
                "“{scheme}”判断。",
                scheme=facts.words("clusters", "scheme") or "–",
            ),
        ),
        (
            say("Growth", "增长"),
            say(
                "Shift-share (Dunn 1960, doi:10.1111/j.1435-5597.1960.tb01705.x): national "
                "growth, industry mix, regional part.",
                "偏离-份额分析（Dunn 1960, doi:10.1111/j.1435-5597.1960.tb01705.x）：全国增长、行业构成、"
                "地区自身部分。",
            ),
        ),
        (
            say("Not measured", "未衡量的内容"),
            say(
                "Distances between plants, links between firms, causes. Regions are points "
                "without neighbours here, so a cluster across a border is seen in halves.",
                "企业间距离、企业间联系与因果。此处地区没有邻居之分，跨界集群会被看成两半。",
            ),
        ),
    )


def origin_notes(facts: Facts, inputs: StageInputs) -> tuple[tuple[str, str], ...]:
    """Give publisher, licence, citation and file hashes of every source.

    Parameters
    ----------
    facts
        What the stages left.
    inputs
        Inputs of the last stage.

    Returns
    -------
    tuple of (str, str)
        Heading and text.
    """
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
