"""Findings about the concentration of industries and the firmness of quotients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.contract import Finding

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, Json
    from agglo.studies.concentration.facts import Facts

__all__ = [
    "concentrated_industries",
    "firm_ranks",
    "headline_industries",
    "herfindahl_note",
    "most_concentrated",
    "specialised_cells",
]


def herfindahl_note(facts: Facts) -> str:
    """Say what the plant Herfindahl index rests on."""
    kind = facts.words("agglomeration", "herfindahl")
    if kind == "lower_bound":
        return facts.say(
            "Plant sizes are not published, so all plants of a cell are taken as equal: "
            "the plant Herfindahl index is a lower bound, the index an upper bound and "
            "its p-value too small.",
            "企业规模未公布，故同一单元内的企业视为等规模：企业赫芬达尔指数为下界，集聚指数为"
            "上界，p 值偏小。",
        )
    if kind == "exact":
        return facts.say(
            "The plant Herfindahl index comes from single plants.",
            "企业赫芬达尔指数由单个企业计算。",
        )
    return facts.say(
        "There are no plant counts, so the index cannot be computed.",
        "没有企业数，无法计算该指数。",
    )


def concentrated_industries(facts: Facts) -> Finding:
    """Count the industries that are more concentrated than their plants."""
    table, level = facts.industries, facts.options.fdr_level
    gamma, p, q = (table.number(k) for k in ("gamma", "p", "q"))
    tested = np.isfinite(p)
    n, found = int(tested.sum()), int((q[tested] <= level).sum())
    strong = int((gamma[tested] > 0.05).sum())
    share = found / n if n else float("nan")
    answer = facts.say(
        "{found} of {n} industries ({share}) are more concentrated than their plants "
        "alone would be; {strong} are highly concentrated (index above 0.05).",
        "{n} 个行业中有 {found} 个（{share}）的集聚超出其企业本身所致；{strong} 个高度集聚（指数大于 0.05）。",
        found=facts.show(found, "count"),
        n=facts.show(n, "count"),
        share=facts.show(share, "share"),
        strong=facts.show(strong, "count"),
    )
    if n and facts.drops_small_cells:
        answer += facts.say(
            " Cells that are not published make this share too large.",
            "未公布的单元使该比例偏大。",
        )
    if n == 0:
        answer = facts.say(
            "It cannot be said: {why}",
            "无法判断：{why}",
            why=herfindahl_note(facts),
        )
    return Finding(
        id="concentrated_industries",
        question=facts.say(
            "Which share of the industries is geographically concentrated?",
            "地理上集聚的行业占多大比例？",
        ),
        answer=answer,
        estimate=share,
        null={
            "model": "plants choose regions with the shares of all employment",
            "expected_p_below_level": level * n,
            "p_below_level": int((p[tested] <= level).sum()),
        },
        reading=facts.say(
            "Ellison-Glaeser index; false discoveries at most {level} ({fdr}, {n} tests). "
            "{note} An industry can be significantly concentrated and only slightly so: "
            "look at the index, not at the p-value.",
            "埃里森-格莱泽指数；错误发现率至多 {level}（{fdr}，{n} 次检验）。{note} "
            "显著集聚不等于高度集聚：应看指数而非 p 值。",
            level=facts.show(level, "share"),
            fdr=facts.options.fdr.upper(),
            n=n,
            note=herfindahl_note(facts),
        ),
        evidence=("industries.parquet",),
        truth=_gamma_truth(facts, gamma, q),
    )


def _gamma_truth(facts: Facts, gamma: FloatArray, q: FloatArray) -> Json:
    """Compare the estimates with the planted concentration."""
    planted = facts.truth.values("gamma_realised")
    if not planted:
        return None
    table = facts.industries
    truth = np.array([planted.get(str(c), np.nan) for c in table.text("industry")])
    both = np.isfinite(truth) & np.isfinite(gamma)
    low, high = table.number("gamma_lower"), table.number("gamma_upper")
    clear = both & (truth > 0.02)
    out: dict[str, Json] = {
        "planted_above_0.02": int(clear.sum()),
        "of_these_found": int((q[clear] <= facts.options.fdr_level).sum()),
        "correlation_with_planted": float(_correlation(gamma[both], truth[both])),
        "median_error": float(np.median(gamma[both] - truth[both])),
        "intervals_that_cover": float(
            np.mean((low[both] <= truth[both]) & (truth[both] <= high[both]))
        ),
    }
    return out


def _correlation(a: FloatArray, b: FloatArray) -> float:
    if a.size < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def headline_industries(facts: Facts) -> BoolArray:
    """Give the concentrated industries that headlines may name."""
    table = facts.industries
    named: BoolArray = table.number("q") <= facts.options.fdr_level
    return named & (table.filled("n_regions") >= facts.options.headline_cells)


def most_concentrated(facts: Facts) -> Finding:
    """Name the industry with the largest index."""
    table = facts.industries
    question = facts.say(
        "Which industry is the most concentrated?", "哪个行业集聚程度最高？"
    )
    gamma = table.number("gamma")
    firm = headline_industries(facts) & np.isfinite(table.number("gamma_lower"))
    if not firm.any():
        answer = facts.say(
            "None stands out from chance.", "没有行业显著区别于随机分布。"
        )
        return Finding(id="most_concentrated", question=question, answer=answer)
    k = int(np.argmax(np.where(firm, gamma, -np.inf)))
    code = str(table.text("industry")[k])
    low, high = (float(table.number(f"gamma_{e}")[k]) for e in ("lower", "upper"))
    interval = (low, high) if np.isfinite(low + high) else None
    planted = facts.truth.values("gamma_realised")
    truth: Json = None
    if planted:
        best = max(planted, key=lambda c: planted[c])
        truth = {"of_this_industry": planted.get(code), "largest_planted": best}
        truth["largest_planted_value"] = planted[best]
    return Finding(
        id="most_concentrated",
        question=question,
        answer=facts.say(
            "{name}: index {gamma} (interval {low} to {high}); {share} of its jobs are in "
            "{region}.",
            "{name}：指数 {gamma}（区间 {low} 至 {high}）；{share} 的岗位在{region}。",
            name=facts.industry(code),
            gamma=facts.show(float(gamma[k])),
            low=facts.show(low),
            high=facts.show(high),
            share=facts.show(float(table.number("largest_region_share")[k]), "share"),
            region=facts.region(str(table.text("largest_region")[k])),
        ),
        estimate=float(gamma[k]),
        interval=interval,
        null=0.0,
        p=float(table.number("p")[k]),
        reading=facts.say(
            "Interval: regions left out in {groups} groups (delete-a-group jackknife), "
            "level {level}. With few plants or one dominant region it is wide, and it "
            "should be. The largest of many estimates is flattered by chance. Industries "
            "in fewer than {cells} regions are measured but not named. {note}",
            "区间：将地区分为 {groups} 组逐组剔除（刀切法），水平 {level}。企业少或单一地区占优"
            "时区间应当较宽。众多估计中的最大值会被随机性抬高。出现地区少于 {cells} 个的行业也计算，"
            "但不点名。{note}",
            cells=facts.options.headline_cells,
            groups=facts.show(
                facts.number("agglomeration", "jackknife_groups"), "count"
            ),
            level=facts.show(facts.options.level, "share"),
            note=herfindahl_note(facts),
        ),
        evidence=("industries.parquet",),
        truth=truth,
    )


def specialised_cells(facts: Facts) -> Finding:
    """Count the region-industries above proportion beyond chance."""
    cells, level = facts.cells, facts.options.fdr_level
    lq, p, q = (cells.number(k) for k in ("lq", "p", "q"))
    tested = np.isfinite(p)
    n, above = int(tested.sum()), int((lq > 1).sum())
    found = int((q[tested] <= level).sum())
    share = found / n if n else float("nan")
    draws = facts.number("quotients", "draws")
    answer = facts.say(
        "{above} region-industries have a location quotient above 1; for {found} of {n} "
        "tested ({share}) that is more than the lumpiness of plants would give.",
        "{above} 个地区-行业的区位商大于 1；在 {n} 个受检单元中有 {found} 个（{share}）超出企业"
        "块状分布所能造成的程度。",
        above=facts.show(above, "count"),
        found=facts.show(found, "count"),
        n=facts.show(n, "count"),
        share=facts.show(share, "share"),
    )
    return Finding(
        id="specialised_cells",
        question=facts.say(
            "How many specialisations are more than chance?",
            "有多少专业化单元超出随机水平？",
        ),
        answer=answer,
        estimate=share,
        null={"expected_p_below_level": level * n, "model": "dartboard"},
        reading=facts.say(
            "Plants fall on regions with the shares of all employment; {source}. Draws "
            "where an industry has few equivalent plants: {draws}. Many quotients above 1 "
            "are noise: read the interval, or the shrunk quotient, of a small cell. A single "
            "large plant in a small region is beyond chance too: look at the number of "
            "plants. {notes}",
            "零假设：企业按全部就业份额随机落入各地区；{source}。等效企业少的行业所用抽样次数："
            "{draws}。许多大于 1 的区位商只是噪声：小单元应看区间或收缩后的区位商。小地区的一家大企业"
            "同样会超出随机：请看企业数。{notes}",
            source=_source(facts),
            notes=facts.notes_of("quotients"),
            draws=facts.show(draws, "count") if draws else facts.say("none", "无"),
        ),
        evidence=("region_industries.parquet",),
        truth=_home_truth(facts, tested & (q <= level)),
    )


def _source(facts: Facts) -> str:
    kind = facts.words("quotients", "plants")
    pairs = {
        "single plants": ("sizes of single plants", "单个企业规模"),
        "cell means": (
            "plants of a cell taken as equal, so intervals are too narrow",
            "同单元企业视为等规模，故区间偏窄",
        ),
    }
    en, zh = pairs.get(
        kind, ("no plants are known, nothing is tested", "无企业数，未检验")
    )
    return facts.say(en, zh)


def _home_truth(facts: Facts, found: BoolArray) -> Json:
    """Say how many planted towns are found in their industry."""
    planted = {
        (item, label)
        for q, item, _, label in facts.truth.rows
        if q == "specialised_region"
    }
    if not planted:
        return None
    pairs = zip(facts.cells.text("region"), facts.cells.text("industry"), strict=True)
    lq = facts.cells.number("lq")
    seen = {
        (str(r), str(i)): (float(lq[k]), bool(found[k]))
        for k, (r, i) in enumerate(pairs)
        if (str(r), str(i)) in planted
    }
    return {
        "planted_one_plant_towns": len(planted),
        "quotient_above_10": sum(v > 10 for v, _ in seen.values()),
        "called_beyond_chance": sum(hit for _, hit in seen.values()),
    }


def firm_ranks(facts: Facts) -> Finding:
    """Say how often the first place of an industry holds."""
    cells = facts.cells
    first = (cells.number("rank") == 1) & np.isfinite(cells.number("rank_p_same"))
    # one place per industry: of regions that tie the first
    at = np.flatnonzero(first)
    first = at[np.unique(cells.text("industry")[at], return_index=True)[1]]
    holds = cells.number("rank_p_same")[first]
    top = cells.number("rank_p_top")[first]
    question = facts.say(
        "How firm is the first place of a region in an industry?",
        "某地区在某行业的第一名有多稳固？",
    )
    if holds.size == 0:
        answer = facts.say(
            "It cannot be said without plant counts.", "没有企业数，无法判断。"
        )
        return Finding(id="firm_ranks", question=question, answer=answer)
    k = facts.options.top
    return Finding(
        id="firm_ranks",
        question=question,
        answer=facts.say(
            "In the median industry the region with the largest quotient keeps its place "
            "in {same} of the draws and stays among the first {k} in {top}; in {firm} of "
            "{n} industries the first place is firm (95 % or more).",
            "中位数行业中，区位商最高的地区在 {same} 的抽样中保持第一，在 {top} 的抽样中保持前 {k}；"
            "{n} 个行业中有 {firm} 个第一名稳固（不低于 95 %）。",
            same=facts.show(float(np.median(holds)), "share"),
            top=facts.show(float(np.median(top)), "share"),
            k=k,
            firm=facts.show(int((holds >= 0.95).sum()), "count"),
            n=facts.show(holds.size, "count"),
        ),
        estimate=float(np.median(holds)),
        interval=(float(np.quantile(holds, 0.25)), float(np.quantile(holds, 0.75))),
        reading=facts.say(
            "The number of plants of every cell is redrawn {draws} times (Poisson, seed of "
            "the project), the share of the region is held fixed; {source}. Interval: "
            "quartiles over industries. League tables of small places are mostly noise.",
            "每个单元的企业数重抽 {draws} 次（泊松分布，项目种子），地区份额固定；{source}。区间为"
            "各行业的四分位数。小地区的排名大多是噪声。",
            draws=facts.options.rank_draws,
            source=_source(facts),
        ),
        evidence=("region_industries.parquet",),
    )
