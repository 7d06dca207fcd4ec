"""Figures and tables of the page, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.concentration.findings_industries import headline_industries
from agglo.studies.concentration.findings_regions import headline_regions
from agglo.studies.report import (
    DataTable,
    Figure,
    KeyFigures,
    Prose,
    bar_chart,
    histogram,
    interval_chart,
    scatter_chart,
)

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.studies.concentration.facts import Columns, Facts
    from agglo.studies.report import Block, NumberKind

__all__ = [
    "cluster_blocks",
    "growth_blocks",
    "industry_blocks",
    "key_figures",
    "quotient_blocks",
    "region_blocks",
]

_SHOWN = 20


def key_figures(facts: Facts) -> KeyFigures:
    """Give the numbers at the top of the page."""
    q = facts.industries.number("q")
    concentrated = int((q <= facts.options.fdr_level).sum())
    items = [
        (_count(facts, "n_regions"), facts.say("regions", "个地区")),
        (_count(facts, "n_industries"), facts.say("industries", "个行业")),
        (_count(facts, "employment"), facts.say("jobs shown", "已显示就业")),
        (
            facts.show(concentrated, "count"),
            facts.say("concentrated industries", "个集聚行业"),
        ),
    ]
    if facts.clusters.n:
        strong = int((facts.clusters.number("strong") == 1).sum())
        label = facts.say("strong clusters", "个强集群")
        items.append((facts.show(strong, "count"), label))
    if facts.drops_small_cells:
        least = _count(facts, "least_establishments")
        label = facts.say(
            "plants in every cell shown; smaller cells are not published",
            "每个已显示单元的企业数下限；更小单元未公布",
        )
        items.append((f"≥ {least}", label))
    else:
        hidden = facts.say("hidden cells", "个未公布单元")
        items.append((_count(facts, "n_unknown"), hidden))
    return KeyFigures(items=tuple(items))


def _count(facts: Facts, key: str) -> str:
    return facts.show(facts.number("coverage", key), "count")


def industry_blocks(facts: Facts) -> tuple[Block, ...]:
    """Show the most concentrated industries with their intervals."""
    table = facts.industries
    gamma = table.number("gamma")
    named = headline_industries(facts)
    top = _largest(np.where(named, gamma, np.nan), _SHOWN)
    listed = DataTable(
        caption=facts.say("The most concentrated industries", "集聚程度最高的行业"),
        columns={
            facts.say("Industry", "行业"): _names(facts, table, "industry", top),
            facts.say("Jobs", "就业"): _list(table, "employment", top),
            facts.say("Regions", "地区数"): _list(table, "n_regions", top),
            facts.say("Index", "指数"): gamma[top].tolist(),
            facts.say("Lower end", "下限"): _list(table, "gamma_lower", top),
            facts.say("Upper end", "上限"): _list(table, "gamma_upper", top),
            facts.say("q-value", "q 值"): _list(table, "q", top),
            facts.say("Largest region", "最大地区"): [
                facts.region(str(c)) for c in table.text("largest_region")[top]
            ],
            facts.say("Its share", "其份额"): _list(table, "largest_region_share", top),
        },
        kinds=_kinds(facts, ("Jobs", "就业", "count"), ("Regions", "地区数", "count"))
        | _kinds(facts, ("Index", "指数", "number"), ("Lower end", "下限", "number"))
        | _kinds(facts, ("Upper end", "上限", "number"), ("q-value", "q 值", "p"))
        | _kinds(facts, ("Its share", "其份额", "share")),
    )
    if top.size == 0:
        return (Prose(facts.say("No industry stands out.", "没有突出的行业。")),)
    caption = facts.say(
        "Ellison-Glaeser index of the {n} most concentrated industries with intervals; "
        "the dashed line is what chance gives.",
        "集聚程度最高的 {n} 个行业的埃里森-格莱泽指数及区间；虚线为随机水平。",
        n=top.size,
    )
    svg = interval_chart(
        "industries",
        _names(facts, table, "industry", top),
        gamma[top],
        table.number("gamma_lower")[top],
        table.number("gamma_upper")[top],
        label=facts.say("Ellison-Glaeser index", "埃里森-格莱泽指数"),
        line=0.0,
    )
    return (Figure(svg=svg, caption=caption, alt=caption, table=listed),)


def region_blocks(facts: Facts) -> tuple[Block, ...]:
    """Show specialisation against size, and the most specialised regions."""
    table = facts.regions
    size, ksi = table.number("employment"), table.number("ksi")
    shown = headline_regions(facts)
    top = _largest(np.where(shown, ksi, np.nan), _SHOWN)
    blocks: list[Block] = []
    if np.isfinite(ksi).any():
        named = [(int(k), str(table.text("name")[k])) for k in top[:4]]
        big = _largest(size, 3)
        named += [(int(k), str(table.text("name")[k])) for k in big if k not in top[:4]]
        caption = facts.say(
            "Specialisation of every region against its size. Small regions look "
            "specialised by chance alone: that is what the grey points show.",
            "各地区专业化程度与规模。小地区仅因随机性就显得专业化：灰点即为随机水平。",
        )
        blocks.append(
            Figure(
                svg=scatter_chart(
                    "regions",
                    size,
                    ksi,
                    label_x=facts.say("jobs (log scale)", "就业（对数）"),
                    label_y=facts.say("Krugman index", "克鲁格曼指数"),
                    named=named,
                    other=table.number("ksi_chance"),
                    legend=(
                        facts.say("measured", "实测"),
                        facts.say("by chance", "随机水平"),
                    ),
                    log_x=True,
                ),
                caption=caption,
                alt=caption,
            )
        )
        blocks += _variety(facts)
    blocks.append(_region_table(facts, top))
    return tuple(blocks)


def _variety(facts: Facts) -> list[Block]:
    table = facts.regions
    related = table.number("related_variety")
    if not np.isfinite(related).any() or np.nanmax(related) == 0:
        return []
    caption = facts.say(
        "Unrelated variety (between groups of industries) and related variety (within "
        "them), one point per region.",
        "无关多样性（行业组之间）与相关多样性（组内），每点一个地区。",
    )
    svg = scatter_chart(
        "variety",
        table.number("unrelated_variety"),
        related,
        label_x=facts.say("unrelated variety (bits)", "无关多样性（比特）"),
        label_y=facts.say("related variety (bits)", "相关多样性（比特）"),
    )
    return [Figure(svg=svg, caption=caption, alt=caption)]


def _region_table(facts: Facts, top: IntArray) -> DataTable:
    table = facts.regions
    return DataTable(
        caption=facts.say(
            "The most specialised regions with at least {least} jobs",
            "就业不少于 {least} 的专业化程度最高的地区",
            least=facts.show(facts.options.headline_employment, "count"),
        ),
        columns={
            facts.say("Region", "地区"): _names(facts, table, "region", top),
            facts.say("Jobs", "就业"): _list(table, "employment", top),
            facts.say("Krugman index", "克鲁格曼指数"): _list(table, "ksi", top),
            facts.say("By chance", "随机水平"): _list(table, "ksi_chance", top),
            facts.say("q-value", "q 值"): _list(table, "ksi_q", top),
            facts.say("Largest industry", "最大行业"): [
                facts.industry(str(c)) for c in table.text("zi_industry")[top]
            ],
            facts.say("Its share", "其份额"): _list(table, "zi", top),
        },
        kinds=_kinds(
            facts,
            ("Jobs", "就业", "count"),
            ("Krugman index", "克鲁格曼指数", "number"),
            ("By chance", "随机水平", "number"),
            ("q-value", "q 值", "p"),
            ("Its share", "其份额", "share"),
        ),
    )


def quotient_blocks(facts: Facts) -> tuple[Block, ...]:
    """Show how quotients are spread, and the firmest ones."""
    cells = facts.cells
    lq = cells.number("lq")
    if not (lq > 0).any():
        return ()
    caption = facts.say(
        "Location quotients of all region-industries that are not empty (log scale); the "
        "line is 1, as in the country.",
        "全部非空地区-行业的区位商（对数坐标）；竖线为 1，即与全国相同。",
    )
    figure = Figure(
        svg=histogram(
            "quotients",
            lq,
            label=facts.say("location quotient", "区位商"),
            count_label=facts.say("region-industries", "地区-行业数"),
            line=1.0,
            log=True,
        ),
        caption=caption,
        alt=caption,
    )
    firm = cells.number("q") <= facts.options.fdr_level
    firm &= _may_be_named(facts)
    top = _largest(np.where(firm, cells.number("lq_lower"), np.nan), _SHOWN)
    if top.size == 0:
        return (figure,)
    return (figure, _firm_table(facts, top))


def _firm_table(facts: Facts, top: IntArray) -> DataTable:
    cells = facts.cells
    return DataTable(
        caption=facts.say(
            "The firmest specialisations: largest lower end of the interval",
            "最可靠的专业化：区间下限最大者",
        ),
        columns={
            facts.say("Region", "地区"): [
                facts.region(str(c)) for c in cells.text("region")[top]
            ],
            facts.say("Industry", "行业"): [
                facts.industry(str(c)) for c in cells.text("industry")[top]
            ],
            facts.say("Jobs", "就业"): _list(cells, "employment", top),
            facts.say("Quotient", "区位商"): _list(cells, "lq", top),
            facts.say("Lower end", "下限"): _list(cells, "lq_lower", top),
            facts.say("Upper end", "上限"): _list(cells, "lq_upper", top),
            facts.say("Rank", "排名"): _list(cells, "rank", top),
            facts.say("Stays among the first", "保持前列"): _list(
                cells, "rank_p_top", top
            ),
        },
        kinds=_kinds(
            facts,
            ("Jobs", "就业", "count"),
            ("Quotient", "区位商", "number"),
            ("Lower end", "下限", "number"),
            ("Upper end", "上限", "number"),
            ("Rank", "排名", "count"),
            ("Stays among the first", "保持前列", "share"),
        ),
        note=facts.say(
            "'Stays among the first' = share of {draws} redraws within the first {top}.",
            "“保持前列”= {draws} 次重抽中位居前 {top} 的比例。",
            draws=facts.options.rank_draws,
            top=facts.options.top,
        ),
    )


def _may_be_named(facts: Facts) -> BoolArray:
    """Give the cells whose region and industry headlines may name."""
    regions = facts.regions.text("region")[headline_regions(facts)]
    industries = facts.industries.text("industry")
    many = facts.industries.filled("n_regions") >= facts.options.headline_cells
    found: BoolArray = np.isin(facts.cells.text("region"), regions)
    return found & np.isin(facts.cells.text("industry"), industries[many])


def cluster_blocks(facts: Facts) -> tuple[Block, ...]:
    """Show for every traded cluster where it is strong and largest."""
    table = facts.clusters
    if not table.n:
        reason = facts.words("clusters", "reason")
        return (Prose(reason),) if reason else ()
    strong = table.number("strong") == 1
    traded = table.text("kind") == "traded"
    chosen = strong & traded if (strong & traded).any() else strong
    order = _largest(np.where(chosen, table.number("employment"), np.nan), table.n)
    names, first, count = np.unique(
        table.text("cluster")[order], return_index=True, return_counts=True
    )
    if names.size == 0:
        return (Prose(facts.say("No cluster is strong.", "没有强集群。")),)
    top = order[first]
    listed = DataTable(
        caption=facts.say(
            "Every cluster with the number of regions where it is strong, and the "
            "largest of them",
            "各集群的强势地区数及其中规模最大者",
        ),
        columns={
            facts.say("Cluster", "集群"): table.text("cluster")[top].tolist(),
            facts.say("Strong in", "强势地区数"): count.tolist(),
            facts.say("Largest", "规模最大地区"): [
                facts.region(str(c)) for c in table.text("region")[top]
            ],
            facts.say("Jobs", "就业"): _list(table, "employment", top),
            facts.say("Quotient", "区位商"): _list(table, "lq", top),
            facts.say("Stays strong", "保持为强"): _list(table, "p_strong", top),
        },
        kinds=_kinds(
            facts,
            ("Jobs", "就业", "count"),
            ("Quotient", "区位商", "number"),
            ("Stays strong", "保持为强", "share"),
            ("Strong in", "强势地区数", "count"),
        ),
        note=facts.say(
            "All clusters of all regions are in clusters.parquet, by the definitions "
            "{sets} and the schemes {schemes}.{lacking}",
            "所有地区的所有集群见 clusters.parquet，含定义 {sets} 与方案 {schemes}。{lacking}",
            sets=_listed(facts, "definitions") or "–",
            schemes=_listed(facts, "schemes"),
            lacking=_not_judged(facts),
        ),
    )
    return (listed,)


def _listed(facts: Facts, key: str) -> str:
    joined = facts.words("clusters", key)
    return joined.replace("; ", ", ").replace("；", "、")


def _not_judged(facts: Facts) -> str:
    """Name the schemes and sets that the data do not allow; empty for none."""
    found = facts.words("clusters", "not_judged")
    if not found:
        return ""
    return facts.say(" Not judged: {found}.", "未判断：{found}。", found=found)


def growth_blocks(facts: Facts) -> tuple[Block, ...]:
    """Show the regions whose own part is largest."""
    table = facts.growth_regions
    if not table.n:
        return ()
    regional = table.number("regional")
    large = table.filled("start") >= facts.options.headline_employment
    best = _largest(np.where(large, regional, np.nan), 10)
    worst = _largest(np.where(large, -regional, np.nan), 10)[::-1]
    both = np.unique(np.r_[best, worst])
    both = both[np.argsort(-regional[both], kind="stable")]
    if both.size == 0:
        return ()
    caption = facts.say(
        "Jobs gained or lost beyond national growth and industry mix, {a} to {b}: the "
        "largest on either side.",
        "{a} 至 {b} 超出全国增长与行业构成的就业增减：两端最大者。",
        a=facts.words("growth", "from"),
        b=facts.words("growth", "to"),
    )
    listed = DataTable(
        caption=caption,
        columns={
            facts.say("Region", "地区"): _names(facts, table, "region", both),
            facts.say("Change", "变化"): _list(table, "change", both),
            facts.say("National", "全国"): _list(table, "national", both),
            facts.say("Industry mix", "行业构成"): _list(table, "industry_mix", both),
            facts.say("Regional", "地区自身"): regional[both].tolist(),
            facts.say("Rate", "比率"): _list(table, "regional_rate", both),
        },
        kinds=_kinds(
            facts,
            ("Change", "变化", "signed"),
            ("National", "全国", "signed"),
            ("Industry mix", "行业构成", "signed"),
            ("Regional", "地区自身", "signed"),
            ("Rate", "比率", "share"),
        ),
    )
    svg = bar_chart(
        "growth",
        _names(facts, table, "region", both),
        regional[both],
        label=facts.say("regional part (jobs)", "地区自身部分（就业）"),
    )
    return (Figure(svg=svg, caption=caption, alt=caption, table=listed),)


def _largest(values: FloatArray, n: int) -> IntArray:
    known = np.flatnonzero(np.isfinite(values))
    ordered: IntArray = known[np.argsort(-values[known], kind="stable")][:n]
    return ordered


def _list(table: Columns, name: str, rows: IntArray) -> list[float]:
    found: list[float] = table.number(name)[rows].tolist()
    return found


def _names(facts: Facts, table: Columns, key: str, rows: IntArray) -> list[str]:
    name = facts.region if key == "region" else facts.industry
    return [name(str(code)) for code in table.text(key)[rows]]


def _kinds(facts: Facts, *kinds: tuple[str, str, NumberKind]) -> dict[str, NumberKind]:
    return {facts.say(en, zh): kind for en, zh, kind in kinds}
