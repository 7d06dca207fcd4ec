"""Findings about regions: specialisation, diversity, strong clusters, growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.contract import Finding
from agglo.studies.facts import finite

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, Json
    from agglo.studies.concentration.facts import Columns, Facts

__all__ = [
    "beyond_chance",
    "diverse_regions",
    "headline_regions",
    "regional_growth",
    "specialised_regions",
    "strong_clusters",
]

_NAMED = 3


def headline_regions(facts: Facts) -> BoolArray:
    """Give the regions that headlines may name: large enough and defined."""
    size, ksi = facts.regions.filled("employment"), facts.regions.number("ksi")
    many = facts.regions.filled("n_industries") >= facts.options.headline_cells
    return (size >= facts.options.headline_employment) & many & np.isfinite(ksi)


def _best(values: FloatArray, among: BoolArray, n: int) -> list[int]:
    ordered = np.argsort(-np.where(among & np.isfinite(values), values, -np.inf))
    known = among & np.isfinite(values)
    return [int(k) for k in ordered[:n] if known[k]]


def _too_small(facts: Facts) -> str:
    return facts.say(
        "Regions below {least} jobs or {cells} industries are measured but not named.",
        "就业少于 {least} 或行业少于 {cells} 个的地区也计算，但不点名。",
        cells=facts.options.headline_cells,
        least=facts.show(facts.options.headline_employment, "count"),
    )


def specialised_regions(facts: Facts) -> Finding:
    """Name the most specialised regions."""
    table = facts.regions
    question = facts.say(
        "Which regions are the most specialised?", "哪些地区专业化程度最高？"
    )
    ksi = table.number("ksi")
    best = _best(ksi, headline_regions(facts), _NAMED)
    if not best:
        answer = facts.say(
            "No region is large enough to be named.", "没有足够大的地区可以点名。"
        )
        return Finding(id="specialised_regions", question=question, answer=answer)
    codes, main = table.text("region"), table.text("zi_industry")
    parts = [
        facts.say(
            "{region} (index {ksi}; {share} of its jobs in {industry})",
            "{region}（指数 {ksi}；{share} 的岗位在{industry}）",
            region=facts.region(str(codes[k])),
            ksi=facts.show(float(ksi[k])),
            share=facts.show(float(table.number("zi")[k]), "share"),
            industry=facts.industry(str(main[k])),
        )
        for k in best
    ]
    first = best[0]
    return Finding(
        id="specialised_regions",
        question=question,
        answer=facts.say(
            "{list}. Chance alone would give the first {chance} (p = {p}).",
            "{list}。仅随机性即可使第一个地区达到 {chance}（p = {p}）。",
            list=facts.say("; ", "；").join(parts),
            chance=facts.show(float(table.number("ksi_chance")[first])),
            p=facts.show(float(table.number("ksi_p")[first]), "p"),
        ),
        estimate=[
            {"region": str(codes[k]), "krugman_index": float(ksi[k])} for k in best
        ],
        null={
            "model": "plants of the region choose industries with the national shares",
            "krugman_index_by_chance": float(table.number("ksi_chance")[first]),
            "upper_end_by_chance": float(table.number("ksi_chance_upper")[first]),
        },
        p=finite(table.number("ksi_p")[first]),
        reading=facts.say(
            "Krugman index, sum of |local share − national share|, 0 to below 2; p and "
            "chance are those of the first region ({draws} draws, plants kept whole). "
            "{small}",
            "克鲁格曼指数，即地方与全国份额之差的绝对值之和，0 至不足 2；p 值与随机基准为第一个"
            "地区（抽样 {draws} 次，企业不可分）。{small}",
            draws=facts.show(facts.number("specialisation", "draws"), "count"),
            small=_too_small(facts),
        ),
        evidence=("regions.parquet",),
        truth=_town_truth(facts, ksi),
    )


def _town_truth(facts: Facts, ksi: FloatArray) -> Json:
    """Say which place the planted towns have in the ranking, and their main industry."""
    towns = facts.truth.items("specialised_region")
    if not towns:
        return None
    labels = {
        i: text for q, i, _, text in facts.truth.rows if q == "specialised_region"
    }
    codes, main = facts.regions.text("region"), facts.regions.text("zi_industry")
    ranked = np.where(headline_regions(facts), ksi, -np.inf)
    out: dict[str, Json] = {}
    right = 0
    for town in towns:
        at = np.flatnonzero(codes == town)
        if at.size:
            out[town] = int((ranked > ranked[at[0]]).sum()) + 1
            right += int(str(main[at[0]]) == labels[town])
    return {
        "rank_of_planted_towns": out,
        "main_industry_found": right,
        "planted_towns": len(towns),
    }


def beyond_chance(facts: Facts) -> Finding:
    """Count the regions that are more specialised than chance."""
    table, level = facts.regions, facts.options.fdr_level
    p, q = table.number("ksi_p"), table.number("ksi_q")
    tested = np.isfinite(p)
    n, found = int(tested.sum()), int((q[tested] <= level).sum())
    excess = (table.number("ksi") - table.number("ksi_chance"))[tested]
    ksi, chance = table.number("ksi")[tested], table.number("ksi_chance")[tested]
    question = facts.say(
        "How much of the specialisation is only smallness?",
        "专业化在多大程度上只是地区规模小所致？",
    )
    if n == 0:
        answer = facts.say(
            "It cannot be said without plant counts.", "没有企业数，无法判断。"
        )
        return Finding(id="beyond_chance", question=question, answer=answer)
    return Finding(
        id="beyond_chance",
        question=question,
        answer=facts.say(
            "In the median region chance alone gives {chance} of an index of {ksi}; "
            "{found} of {n} regions ({share}) are more specialised than chance.",
            "中位数地区的指数为 {ksi}，其中仅随机性即可造成 {chance}；{n} 个地区中有 {found} 个"
            "（{share}）的专业化超出随机水平。",
            chance=facts.show(float(np.median(chance))),
            ksi=facts.show(float(np.median(ksi))),
            found=facts.show(found, "count"),
            n=facts.show(n, "count"),
            share=facts.show(found / n, "share"),
        ),
        estimate=found / n,
        interval=(float(np.quantile(excess, 0.25)), float(np.quantile(excess, 0.75))),
        null={
            "median_index_by_chance": float(np.median(chance)),
            "p_below_level_expected": level * n,
        },
        reading=facts.say(
            "A region of few plants looks specialised whatever it does. Interval: "
            "quartiles of the index above chance. Smallest p with {draws} draws: {least}; "
            "false discoveries at most {level}.",
            "企业少的地区无论如何都显得专业化。区间为超出随机水平部分的四分位数。{draws} 次抽样"
            "的最小 p 值为 {least}；错误发现率至多 {level}。",
            draws=facts.show(facts.number("specialisation", "draws"), "count"),
            least=facts.show(1 / (1 + facts.number("specialisation", "draws")), "p"),
            level=facts.show(level, "share"),
        ),
        evidence=("regions.parquet",),
    )


def diverse_regions(facts: Facts) -> Finding:
    """Name the regions that are most like the country, and say what variety consists of."""
    table = facts.regions
    question = facts.say("Which regions are the most diverse?", "哪些地区最多样化？")
    rdi = table.number("rdi")
    best = _best(rdi, headline_regions(facts), _NAMED)
    if not best:
        answer = facts.say(
            "No region is large enough to be named.", "没有足够大的地区可以点名。"
        )
        return Finding(id="diverse_regions", question=question, answer=answer)
    names = facts.say("; ", "、").join(
        facts.region(str(table.text("region")[k])) for k in best
    )
    unrelated, related = (
        float(np.nanmedian(table.number(k)))
        for k in ("unrelated_variety", "related_variety")
    )
    return Finding(
        id="diverse_regions",
        question=question,
        answer=facts.say(
            "{names}. In the median region variety is {total} bits, {share} of it within "
            "groups of related industries.",
            "{names}。中位数地区的多样性为 {total} 比特，其中 {share} 属于相关行业内部。",
            names=names,
            total=facts.show(unrelated + related),
            share=facts.show(related / (unrelated + related), "share")
            if unrelated + related > 0
            else facts.show(float("nan")),
        ),
        estimate=[
            {"region": str(table.text("region")[k]), "rdi": float(rdi[k])} for k in best
        ],
        reading=facts.say(
            "Relative diversity is 1 over the Krugman index: the two are one outcome. "
            "Large regions lead because they make up the country. {small}",
            "相对多样性是克鲁格曼指数的倒数，二者是同一指标。大地区居前，因为全国主要由其构成。{small}",
            small=_too_small(facts),
        ),
        evidence=("regions.parquet",),
    )


def strong_clusters(facts: Facts) -> Finding:
    """Count strong clusters and say how sure they are."""
    table, notes = facts.clusters, facts.notes["clusters"]
    question = facts.say("Where are clusters strong?", "强集群分布在哪里？")
    reason = facts.words("clusters", "reason")
    if reason:
        answer = facts.say(
            "Not measured: {reason}.", "未计算：{reason}。", reason=reason
        )
        return Finding(id="strong_clusters", question=question, answer=answer)
    strong = table.number("strong") == 1
    sure = strong & (table.number("p_strong") >= 0.95)
    traded = strong & (table.text("kind") == "traded")
    regions = np.unique(table.text("region")[strong]).size
    known = bool(np.isfinite(table.number("p_strong")[strong]).any())
    return Finding(
        id="strong_clusters",
        question=question,
        answer=facts.say(
            "{n} strong clusters in {regions} regions, {traded} of them traded; {sure} "
            "stay strong in at least 95 % of the redraws.",
            "{regions} 个地区共有 {n} 个强集群，其中 {traded} 个为贸易型；{sure} 个在至少 95 % "
            "的重抽中仍为强集群。",
            n=facts.show(int(strong.sum()), "count"),
            regions=facts.show(regions, "count"),
            traded=facts.show(int(traded.sum()), "count"),
            sure=facts.show(int(sure.sum()), "count") if known else facts.show(np.nan),
        ),
        estimate=int(strong.sum()),
        interval=(float(sure.sum()), float(strong.sum())) if known else None,
        reading=facts.say(
            "Definitions {definition}, scheme {scheme} ({criteria}). Interval: sure ones, "
            "all. Plant counts redrawn {draws} times. The scheme takes a fixed share of "
            "regions, so it always finds some: it says where clusters stand out, not "
            "whether there are any. {notes}",
            "定义：{definition}，方案：{scheme}（{criteria}）。区间为可靠者至全部。企业数重抽 {draws} "
            "次。该方案按固定比例选取地区，总会选出一些：它说明集群在哪里突出，而非是否存在。{notes}",
            definition=facts.words("clusters", "definition") or "–",
            scheme=facts.words("clusters", "scheme"),
            criteria=facts.words("clusters", "criteria")
            .replace("; ", ", ")
            .replace("；", "、"),
            draws=facts.show(facts.number("clusters", "draws"), "count"),
            notes=facts.notes_of("clusters"),
        ),
        evidence=("clusters.parquet",),
        null={"regions_called_top_by_rule": 0.25}
        if notes.get("scheme") == "us_strong"
        else None,
        truth=_cluster_truth(facts, strong),
    )


def _cluster_truth(facts: Facts, strong: BoolArray) -> Json:
    planted = set(facts.truth.items("strong_cluster"))
    if not planted:
        return None
    table = facts.clusters
    keys = [
        f"{r}|{c}"
        for r, c in zip(table.text("region"), table.text("cluster"), strict=True)
    ]
    found = {k for k, yes in zip(keys, strong, strict=True) if yes}
    traded = strong & (table.text("kind") == "traded")
    sure = strong & (table.number("p_strong") >= 0.95)
    certain = {k for k, yes in zip(keys, sure, strict=True) if yes}
    return {
        "planted_home_clusters": len(planted),
        "of_these_strong": len(planted & found),
        "of_these_sure": len(planted & certain),
        "traded_called_strong": int(traded.sum()),
    }


def regional_growth(facts: Facts) -> Finding:
    """Say which regions grew beyond their industries."""
    table = facts.growth_regions
    question = facts.say(
        "Which regions grew beyond what their industries explain?",
        "哪些地区的增长超出其行业构成所能解释的部分？",
    )
    reason = facts.words("growth", "reason")
    if reason:
        answer = facts.say(
            "Not measured: {reason}.", "未计算：{reason}。", reason=reason
        )
        return Finding(id="regional_growth", question=question, answer=answer)
    total = facts.number("growth", "growth")
    regional = table.number("regional")
    large = table.filled("start") >= facts.options.headline_employment
    best = _best(regional, large, _NAMED)
    rate = table.number("regional_rate")
    return Finding(
        id="regional_growth",
        question=question,
        answer=facts.say(
            "All jobs changed by {total} from {a} to {b}. Beyond it and beyond their "
            "industries gained most: {parts}. Such regional parts amount to {moved} of "
            "all jobs at the start.",
            "{a} 至 {b} 全部就业变化 {total}。在此之外且超出其行业构成增长最多的是：{parts}。此类地区"
            "自身部分合计占期初就业的 {moved}。",
            moved=facts.show(_moved(table), "share"),
            total=facts.show(total, "share"),
            a=facts.words("growth", "from"),
            b=facts.words("growth", "to"),
            parts=_gained(facts, best) or facts.show(float("nan")),
        ),
        estimate=[
            {
                "region": str(table.text("region")[k]),
                "regional_part": float(regional[k]),
                "rate": float(rate[k]),
            }
            for k in best
        ],
        null=0.0,
        reading=facts.say(
            "Shift-share accounting with codes {version}: no causal effect, no forecast, "
            "no sampling error. Cells hidden in one of the periods are left out. {notes}",
            "按 {version} 代码进行偏离-份额核算：不是因果效应，不是预测，也没有抽样误差。任一时期"
            "未公布的单元不计入。{notes}",
            version=facts.words("growth", "industry_version") or "–",
            notes=facts.notes_of("growth"),
        ),
        evidence=("growth_regions.parquet", "growth_industries.parquet"),
        truth=_growth_truth(facts),
    )


def _gained(facts: Facts, best: list[int]) -> str:
    """List regions with the jobs that they gained on their own."""
    table = facts.growth_regions
    regional, rate = table.number("regional"), table.number("regional_rate")
    return facts.say("; ", "；").join(
        facts.say(
            "{region} {jobs} ({rate})",
            "{region} {jobs}（{rate}）",
            region=facts.region(str(table.text("region")[k])),
            jobs=facts.show(float(regional[k]), "signed"),
            rate=facts.show(float(rate[k]), "share"),
        )
        for k in best
    )


def _moved(table: Columns) -> float:
    """Give half the sum of the regional parts, without sign, over all jobs."""
    start = float(table.filled("start").sum())
    moved = float(np.abs(table.filled("regional")).sum()) / 2.0
    return moved / start if start > 0 else float("nan")


def _growth_truth(facts: Facts) -> Json:
    """Compare the growth of industries with what was planted."""
    planted = facts.truth.values("growth")
    if not planted:
        return None
    table = facts.growth_industries
    years = float(facts.words("growth", "to")) - float(facts.words("growth", "from"))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (table.number("end") / table.number("start")) ** (1.0 / years) - 1.0
    true = np.array([planted.get(str(c), np.nan) for c in table.text("industry")])
    error = np.abs(found - true)
    known = np.isfinite(error)
    return {
        "industries": int(known.sum()),
        "largest_error_of_yearly_growth": float(error[known].max()),
    }
