"""The sections of the page: key figures, tables, and what to look at by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agglo.studies.facts import known
from agglo.studies.report import DataTable, KeyFigures, Prose

if TYPE_CHECKING:
    from agglo.studies.digital.facts import DigitalFacts
    from agglo.studies.facts import Row
    from agglo.studies.report import Block, NumberKind

__all__ = [
    "audit_blocks",
    "city_blocks",
    "headline_table",
    "input_blocks",
    "key_figures",
    "null_table",
    "sensitivity_blocks",
    "shift_table",
    "spatial_table",
]

_Head = tuple[str, str, str, "NumberKind"]


def _table(
    facts: DigitalFacts,
    caption: str,
    rows: Sequence[Row],
    heads: Sequence[_Head],
    note: str = "",
    most: int = 200,
) -> DataTable:
    """Show rows under translated headings."""
    columns: dict[str, list[str | float | int | None]] = {}
    kinds: dict[str, NumberKind] = {}
    for key, en, zh, kind in heads:
        head = facts.say(en, zh)
        columns[head] = [_cell(r.get(key), kind) for r in rows]
        kinds[head] = kind
    return DataTable(
        caption=caption, columns=columns, kinds=kinds, note=note, most=most
    )


def _cell(value: object, kind: str) -> str | float | None:
    if kind == "text":
        return "" if value is None else str(value)
    return float(value) if isinstance(value, (int, float)) and known(value) else None


def key_figures(facts: DigitalFacts) -> KeyFigures:
    """Give the numbers at the top of the page."""
    items = [
        (
            facts.show(facts.number("match_notes", "n_clusters"), "count"),
            facts.say("clusters", "个集群"),
        ),
        (
            facts.show(facts.number("match_notes", "n_belts"), "count"),
            facts.say("belts", "个产业带"),
        ),
        (
            facts.show(facts.rate("coexistence").get("value"), "share"),
            facts.say("of cluster cities have a belt", "集群城市拥有产业带"),
        ),
        (
            facts.show(facts.rate("matched").get("value"), "share"),
            facts.say("of clusters are matched", "集群得到匹配"),
        ),
        (
            facts.show(facts.rate("degree", s=facts.options.s).get("value")),
            facts.say("degree index", "匹配度指数"),
        ),
    ]
    if not facts.generated:
        label = facts.say("of clusters are unverified", "集群未经核实")
        items.append((_unverified(facts), label))
    return KeyFigures(items=tuple(items))


def _unverified(facts: DigitalFacts) -> str:
    status = facts.note("coverage", "designations", "status")
    if not isinstance(status, Mapping):
        return facts.show(None)
    total = sum(int(str(n)) for n in status.values())
    lost = sum(int(str(n)) for k, n in status.items() if k in ("unverified", "unknown"))
    return facts.show(lost / total if total else None, "share")


def input_blocks(facts: DigitalFacts) -> tuple[Block, ...]:
    """Show both lists with their status shares."""
    status_names = {
        "sourced": facts.say("sourced", "有来源"),
        "unverified": facts.say("unverified", "未核实"),
        "generated": facts.say("generated", "生成"),
        "unknown": facts.say("not stated", "未注明"),
    }
    rows: list[Row] = []
    for name, label in (
        ("designations", facts.say("Designated clusters", "认定集群")),
        ("belts", facts.set_name("belts")),
    ):
        status = facts.note("coverage", name, "status")
        words = status if isinstance(status, Mapping) else {}
        rows.append(
            {
                "list": label,
                "status": facts.say("; ", "；").join(
                    f"{status_names.get(k, k)} {n}" for k, n in words.items()
                ),
                **{
                    k: facts.number("coverage", name, k)
                    for k in (
                        "items",
                        "links",
                        "cities",
                        "left_out",
                        "places_to_review",
                        "code_and_name_differ",
                    )
                },
            }
        )
    table = _table(
        facts,
        facts.say("The two lists", "两份名单"),
        rows,
        (
            ("list", "List", "名单", "text"),
            ("items", "Items", "数量", "count"),
            ("links", "Pairs", "城市对", "count"),
            ("cities", "Cities", "城市", "count"),
            ("status", "Status", "状态", "text"),
            ("left_out", "No city", "无城市", "count"),
            ("places_to_review", "To review", "待审", "count"),
            ("code_and_name_differ", "Code ≠ name", "代码≠名称", "count"),
        ),
    )
    return (Prose(_input_text(facts)), table)


def _input_text(facts: DigitalFacts) -> str:
    reviewed = facts.number("match_notes", "reviewed", "clusters", "reviewed")
    reviewed += facts.number("match_notes", "reviewed", "belts", "reviewed")
    items = facts.number("match_notes", "n_clusters") + facts.number(
        "match_notes", "n_belts"
    )
    shipped = facts.note("coverage", "shipped")
    text = facts.say(
        "Of {items} labels {reviewed} were assigned to the tree by an entry that a person "
        "has reviewed.",
        "{items} 个名称中，有 {reviewed} 个所用的词典条目经人工审核。",
        items=facts.show(items, "count"),
        reviewed=facts.show(reviewed, "count"),
    )
    text += _aid(facts)
    if isinstance(shipped, list) and shipped:
        text += facts.say(
            " Shipped with the software and not the project's own: {names}.",
            "以下表格为软件自带而非项目自有：{names}。",
            names=", ".join(str(s) for s in shipped),
        )
    if facts.partial:
        text += facts.say(
            "\n\nThe list of belts is partial: press items, not the list of the published "
            "study. What is computed on it tests the software and is not a finding about "
            "any place. With a complete list set complete_belts = true.",
            "\n\n产业带名单不完整：来自报刊条目，并非已发表研究所用名单。据此计算只用于检验软件，不构成对任何地区的结论。"
            "若名单完整，请设置 complete_belts = true。",
        )
    return text


def _aid(facts: DigitalFacts) -> str:
    """Say how often the text aid is right on the dictionary itself."""
    lang = facts.options.label_language
    top1 = facts.note("coverage", "label_quality", lang, "top1")
    lost = len(facts.tables["unmapped_labels"])
    if not known(top1):
        return ""
    return facts.say(
        " For labels that the dictionary lacks ({lost}) the text aid proposes nodes; left "
        "out one by one, its first proposal is right for {share} of the dictionary's own.",
        "对词典中没有的名称（{lost} 个），文本工具给出建议；逐一留出检验，其首选对词典自身名称的正确率为 {share}。",
        lost=facts.show(lost, "count"),
        share=facts.show(top1, "share"),
    )


def headline_table(facts: DigitalFacts) -> DataTable:
    """Show every headline rate with both intervals and each null beside it."""
    rows: list[Row] = []
    shown = [n for n in facts.null_names if n in ("N1", "N2", "N3")]
    for measure in ("coexistence", "identical", "similar", "matched", "degree"):
        degree = measure == "degree"
        rate = facts.rate(measure, s=facts.options.s if degree else None)
        kind: NumberKind = "number" if degree else "share"
        row: dict[str, str | float | bool | None] = {
            "measure": facts.kind(measure),
            "count": ""
            if degree
            else f"{facts.show(rate.get('count'), 'count')}\u00a0/\u00a0"
            f"{facts.show(rate.get('n'), 'count')}",
            "value": facts.show(rate.get("value"), kind),
            "wilson": _range(facts, rate, "", kind),
            "block": _range(facts, rate, "block_", kind),
        }
        for name in shown:
            null = facts.null(name, measure)
            row[name] = (
                f"{facts.show(null.get('expected'))}; "
                f"×\u00a0{facts.show(null.get('ratio'))}; "
                f"p\u00a0{facts.show(null.get('p_upper'), 'p')}"
                if null
                else "–"
            )
        rows.append(row)
    heads: list[_Head] = [
        ("measure", "Rate", "比率", "text"),
        ("count", "Count", "数量", "text"),
        ("value", "Share", "占比", "text"),
        ("wilson", "Wilson", "Wilson 区间", "text"),
        ("block", "City blocks", "城市重抽区间", "text"),
        *((name, name, name, "text") for name in shown),
    ]
    return _table(
        facts,
        facts.captioned(
            facts.say("Headline rates beside their nulls", "主要比率与零假设对照")
        ),
        rows,
        heads,
        note=facts.say(
            "Under each null: expected number, observed over expected, p-value. Cities "
            "outside the universe of {n} cities are left out there. The degree is no share "
            "of counts and has no Wilson interval.",
            "各零假设列：期望数、观测/期望、p 值；不含 {n} 个城市全域之外的城市。匹配度指数并非计数占比，没有 Wilson "
            "区间。",
            n=facts.show(facts.number("null_notes", "universe"), "count"),
        ),
    )


def _range(facts: DigitalFacts, row: Row, prefix: str, kind: NumberKind) -> str:
    low, high = row.get(f"{prefix}lower"), row.get(f"{prefix}upper")
    if not (known(low) and known(high)):
        return "–"
    return f"{facts.show(low, kind)} – {facts.show(high, kind)}"


def null_table(facts: DigitalFacts) -> DataTable:
    """Show observed, expected, ratio and p: all clusters, then every programme."""
    order = {name: k for k, name in enumerate(facts.null_names)}
    chosen = [
        r
        for r in facts.tables["nulls"]
        if r["statistic"] in ("coexistence", "matched")
        and known(r.get("p_upper"))
        and (not r["group"] or r["null"] in ("N1", "N2", "N3"))
        and not (r["null"] == "N4" and r["statistic"] == "coexistence")
    ]
    chosen.sort(
        key=lambda r: (str(r["statistic"]), str(r["group"]), order[str(r["null"])])
    )
    rows: list[Row] = [
        {
            **r,
            "group": r["group"] or facts.set_name("clusters"),
            "statistic": facts.kind(str(r["statistic"])),
        }
        for r in chosen
    ]
    return _table(
        facts,
        facts.captioned(
            facts.say(
                "All clusters and every programme beside their nulls",
                "全部集群及各计划与零假设对照",
            )
        ),
        rows,
        (
            ("group", "Programme", "计划", "text"),
            ("statistic", "Rate", "比率", "text"),
            ("null", "Null", "零假设", "text"),
            ("observed", "Observed", "观测值", "count"),
            ("expected", "Expected", "期望值", "number"),
            ("q05", "5 %", "5 %", "number"),
            ("q95", "95 %", "95 %", "number"),
            ("ratio", "Ratio", "比值", "number"),
            ("p_upper", "p", "p", "p"),
            ("q_upper", "q", "q", "p"),
        ),
        note=facts.say(
            "q adjusts p over the programmes (false discovery rate). N2 by size draws belt "
            "cities with chances proportional to size; N4 relocates, then relabels. All "
            "statistics are in nulls.csv.",
            "q 为跨计划的错误发现率校正。“N2 by size”按规模比例抽取产业带城市；N4 先安置后重新分配名称。全部统计量见 "
            "nulls.csv。",
        ),
    )


def sensitivity_blocks(facts: DigitalFacts) -> tuple[Block, ...]:
    """Show the answer under every combination of rules."""
    rules = {
        "any": facts.say("any city", "任一城市"),
        "lead": facts.say("lead city", "牵头城市"),
        "all": facts.say("all cities", "全部城市"),
    }
    rows: list[Row] = [
        {
            **r,
            "containment": facts.kind(str(r["containment"])),
            "city_rule": rules.get(str(r["city_rule"]), ""),
            "links": facts.say("on", "用") if r["links"] else facts.say("off", "不用"),
            "s": f"{r['s']:g}",
        }
        for r in facts.tables["sensitivity"]
    ]
    degrees = [float(str(r["degree"])) for r in rows if known(r["degree"])]
    with_links = any(r["links"] for r in facts.tables["sensitivity"])
    text = facts.say(
        "{n} combinations of rules: the degree index lies between {low} and {high}.",
        "{n} 种规则组合：匹配度指数介于 {low} 与 {high} 之间。",
        n=len(rows),
        low=facts.show(min(degrees, default=float("nan"))),
        high=facts.show(max(degrees, default=float("nan"))),
    )
    if not with_links:
        text += facts.say(
            " The project has no table node_links, so links between industries are off.",
            "项目没有 node_links 表，因此未使用行业间联系。",
        )
    heads: tuple[_Head, ...] = (
        ("containment", "Containment", "包含关系", "text"),
        ("city_rule", "Belt in", "产业带位于", "text"),
        ("links", "Links", "行业联系", "text"),
        ("s", "s", "s", "text"),
        ("matched_share", "Matched", "匹配", "share"),
        ("degree", "Degree", "匹配度", "number"),
        ("degree_ratio_n1", "× N1", "× N1", "number"),
        ("degree_p_n1", "p N1", "p N1", "p"),
        ("degree_ratio_n3", "× N3", "× N3", "number"),
        ("degree_p_n3", "p N3", "p N3", "p"),
    )
    caption = facts.captioned(
        facts.say("All combinations of the rules", "全部规则组合")
    )
    return (Prose(text), _table(facts, caption, rows, heads))


def shift_table(facts: DigitalFacts) -> DataTable | None:
    """Show how the centres move."""
    rows: list[Row] = []
    for r in facts.rows("shifts", step="whole"):
        basis = facts.say("in the year", "当年")
        if r["basis"] == "up to the year":
            basis = facts.say("up to the year", "截至当年")
        years = f"{float(str(r['start'])):g}–{float(str(r['end'])):g}"
        rows.append(
            {**r, "set": facts.set_name(str(r["set"])), "basis": basis, "years": years}
        )
    if not rows:
        return None
    return _table(
        facts,
        facts.captioned(
            facts.say("How the centres of the clusters move", "集群中心的移动")
        ),
        rows,
        (
            ("set", "Set", "集合", "text"),
            ("basis", "Clusters designated", "集群认定于", "text"),
            ("years", "Years", "年份", "text"),
            ("distance_km", "km", "公里", "number"),
            ("distance_lower", "from", "下限", "number"),
            ("distance_upper", "to", "上限", "number"),
            ("distance_by_chance", "By chance", "随机水平", "number"),
            ("p", "p-value", "p 值", "p"),
            ("bearing", "Bearing (°)", "方位（°）", "number"),
            ("speed_km_per_year", "km per year", "公里/年", "number"),
        ),
        note=facts.say(
            "From the first to the last year; every step is in shifts.csv. Years with fewer "
            "than three clusters are left out. By chance: years dealt out anew over the "
            "clusters.",
            "自首年至末年；各步见 shifts.csv。少于三个集群的年份不列。随机水平：将年份在集群间重新分配。",
        ),
    )


def spatial_table(facts: DigitalFacts) -> DataTable:
    """Show the further spatial statistics."""
    names = {
        "nearest_neighbour_index": facts.say("Nearest-neighbour index", "最近邻指数"),
        "rank_size_exponent": facts.say("Rank-size exponent", "位序-规模指数"),
        "colocation_quotient": facts.say("Colocation quotient", "同位商"),
        "cross_k": facts.say("Cross-K, all distances", "交叉 K 函数（各距离）"),
        "moran": facts.say("Moran's I", "莫兰指数"),
        "bivariate_moran": facts.say("Bivariate Moran's I", "双变量莫兰指数"),
        "moran_of_rates": facts.say("Moran's I of rates", "比率的莫兰指数"),
    }
    variants = {
        "empirical Bayes, per population": facts.say(
            "per head (empirical Bayes)", "人均（经验贝叶斯）"
        ),
        "empirical Bayes, per employment": facts.say(
            "per job (empirical Bayes)", "每就业（经验贝叶斯）"
        ),
        "none": facts.say("counts", "计数"),
        "log1p": "log(1 + n)",
        "rank": facts.say("ranks", "秩"),
        "gabaix": facts.say("log(rank − ½)", "log(位序 − ½)"),
        "global rank envelope": facts.say("global envelope", "整体包络"),
    }
    rows: list[Row] = [
        {
            **r,
            "statistic": names.get(str(r["statistic"]), str(r["statistic"])),
            "set": _set_words(facts, str(r["set"])),
            "variant": variants.get(str(r["variant"]), str(r["variant"])),
        }
        for r in facts.tables["spatial"]
    ]
    return _table(
        facts,
        facts.captioned(
            facts.say("How both lists lie among the cities", "两份名单在城市间的分布")
        ),
        rows,
        (
            ("statistic", "Statistic", "统计量", "text"),
            ("set", "Set", "集合", "text"),
            ("variant", "Of", "变量", "text"),
            ("value", "Value", "数值", "number"),
            ("expected", "Expected", "期望值", "number"),
            ("lower", "from", "下限", "number"),
            ("upper", "to", "上限", "number"),
            ("p", "p-value", "p 值", "p"),
            ("n", "n", "n", "count"),
        ),
        note=facts.say(
            "Nearest-neighbour index against as many other cities: below 1 is closer "
            "together. Colocation: cross quotients below 1 with a belt self quotient far "
            "above 1 mean that belts huddle in the same few cities. Bivariate Moran mixes "
            "in the plain correlation: a description.",
            "最近邻指数以同样数量的其他城市为基准：小于 1 为更集中。同位商：交叉商小于 1 且产业带自身商远大于 1，说明"
            "产业带聚集于少数城市。双变量莫兰指数含有普通相关，仅作描述。",
        ),
    )


def _set_words(facts: DigitalFacts, text: str) -> str:
    if facts.lang != "zh":
        return text
    for word, name in (("clusters", "集群"), ("belts", "产业带")):
        text = text.replace(word, name)
    for word, name in (
        (" to ", "→"),
        (" around ", "环绕"),
        (", neighbours' ", "与邻近的"),
    ):
        text = text.replace(word, name)
    return text


def city_blocks(facts: DigitalFacts) -> tuple[Block, ...]:
    """Show the cities with most clusters."""
    rows = [r for r in facts.tables["city_counts"] if float(str(r["clusters"])) > 0]
    rows.sort(key=lambda r: (-float(str(r["clusters"])), str(r["city"])))
    shown: list[Row] = [{**r, "name": facts.city(str(r["city"]))} for r in rows]
    return (
        _table(
            facts,
            facts.captioned(
                facts.say(
                    "Cities with clusters: a joint cluster counts in each of its cities, "
                    "and is matched where the match lies.",
                    "集群城市：联合集群计入其每个城市，匹配计入匹配所在城市。",
                )
            ),
            shown,
            (
                ("name", "City", "城市", "text"),
                ("clusters", "Clusters", "集群", "count"),
                ("clusters_fractional", "shared out", "按份额", "number"),
                ("belts", "Belts", "产业带", "count"),
                ("identical", "Identical", "相同", "count"),
                ("similar", "Similar", "相似", "count"),
            ),
            most=40,
        ),
    )


def audit_blocks(facts: DigitalFacts) -> tuple[Block, ...]:
    """Show what a person must look at: unmatched, unknown, left out."""
    unmatched: list[Row] = [
        {
            **r,
            "kind": facts.kind(str(r["kind"])),
            "places": facts.say("; ", "；").join(
                facts.city(c) for c in str(r["cities"]).split(";") if c
            ),
        }
        for r in facts.tables["unmatched"]
    ]
    blocks: list[Block] = [
        _table(
            facts,
            facts.captioned(
                facts.say(
                    "Clusters without a related belt, with the closest belt by text.",
                    "没有相关产业带的集群及文字最接近的产业带。",
                )
            ),
            unmatched,
            (
                ("cluster", "Cluster", "集群", "text"),
                ("programme", "Programme", "计划", "text"),
                ("label", "Label", "行业名称", "text"),
                ("kind", "Kind", "类型", "text"),
                ("places", "Cities", "城市", "text"),
                ("n_belts", "Belts there", "当地产业带", "count"),
                ("closest_label", "Closest belt", "最接近的产业带", "text"),
                ("text_score", "Text score", "文字相似度", "number"),
                ("status", "Status", "状态", "text"),
            ),
            most=60,
        )
    ]
    return (*blocks, *_work_lists(facts))


def _work_lists(facts: DigitalFacts) -> tuple[Block, ...]:
    """Show unknown labels and doubtful places, where there are any."""
    blocks: list[Block] = []
    if facts.tables["unmapped_labels"]:
        blocks.append(
            _table(
                facts,
                facts.say(
                    "Labels that no dictionary knows: the work list.",
                    "词典中没有的行业名称：待办清单。",
                ),
                facts.tables["unmapped_labels"],
                (
                    ("list", "List", "名单", "text"),
                    ("label", "Label", "行业名称", "text"),
                    ("n", "Rows", "行数", "count"),
                ),
                most=40,
            )
        )
    lost: list[Row] = [
        r
        for r in facts.tables["city_audit"]
        if r["needs_review"] is True or r["city"] == ""
    ]
    if lost:
        blocks.append(
            _table(
                facts,
                facts.say("Places that a person must look at.", "需要人工核对的地点。"),
                lost,
                (
                    ("list", "List", "名单", "text"),
                    ("id", "Id", "编号", "text"),
                    ("input", "As written", "原文", "text"),
                    ("city_name", "Taken as", "判定为", "text"),
                    ("method", "Rule", "规则", "text"),
                    ("candidates", "Candidates", "候选", "text"),
                ),
                most=40,
            )
        )
    return tuple(blocks)
