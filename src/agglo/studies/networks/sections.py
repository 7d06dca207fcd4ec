"""The tables of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.facts import number_of
from agglo.studies.report import DataTable, KeyFigures, Lookup

if TYPE_CHECKING:
    from agglo.studies.networks.facts import NetworkFacts
    from agglo.studies.report import Block

__all__ = [
    "core_table",
    "distribution_table",
    "dyad_tables",
    "group_table",
    "key_figures",
    "pattern_table",
    "portfolio_lookup",
    "sensitivity_table",
]

_SHOWN = 12


def key_figures(facts: NetworkFacts) -> KeyFigures:
    """Give the few large numbers."""
    counts = (
        (
            facts.number("coverage", "regions"),
            facts.say("cities and districts", "城市与区县"),
        ),
        (
            facts.number("group_notes", "n_groups"),
            facts.say("groups of industries", "产业群组"),
        ),
        (
            facts.number("hierarchy_notes", "branch", "city", "n_events"),
            facts.say("branches", "分支机构"),
        ),
        (
            facts.number("crossing_notes", "joint"),
            facts.say("joint patents", "合作专利"),
        ),
    )
    return KeyFigures(items=tuple((facts.show(n, "count"), word) for n, word in counts))


def group_table(facts: NetworkFacts) -> DataTable:
    """List the groups with their industries."""
    of: dict[str, list[str]] = {}
    for r in facts.tables["industry_groups"]:
        of.setdefault(str(r["group"]), []).append(str(r["industry"]))
    stability = facts.names("group_notes", "stability")
    shown = [facts.show(float(s)) if s != "None" else "–" for s in stability]
    note = ""
    if len(shown) == 3:
        note = facts.say(
            "Agreement with groups of resampled regions (adjusted Rand index): {a} ({b} to "
            "{c}), {n} refits.",
            "与重抽地区所得群组的一致性（调整兰德指数）：{a}（{b} 至 {c}），{n} 次重拟合。",
            a=shown[0],
            b=shown[1],
            c=shown[2],
            n=facts.show(facts.number("group_notes", "stability_draws"), "count"),
        )
    names = sorted(of)
    return DataTable(
        caption=facts.say("Groups of industries", "产业群组"),
        columns={
            facts.say("group", "群组"): names,
            facts.say("industries", "产业数"): [len(of[g]) for g in names],
            facts.say("which", "产业"): [
                ", ".join(of[g][:_SHOWN]) + (" …" if len(of[g]) > _SHOWN else "")
                for g in names
            ],
        },
        kinds={facts.say("industries", "产业数"): "count"},
        note=note,
    )


def pattern_table(facts: NetworkFacts) -> DataTable:
    """Give boundary index, E-I, r, Q and verdict of every city and layer."""
    rows = facts.tables["integration"]
    head = {
        "kappa": facts.say("boundary index", "边界指数"),
        "se": facts.say("standard error", "标准误"),
        "ei": "E-I",
        "q": "Q",
        "r": "r",
        "null_z": facts.say("z of E-I", "E-I 的 z"),
        "p": facts.say("p (Bonferroni)", "p（Bonferroni）"),
    }
    columns: dict[str, list[str | float | int | None]] = {
        facts.say("city", "城市"): [facts.place(str(r["region"])) for r in rows],
        facts.say("layer", "层"): [facts.word(str(r["layer"])) for r in rows],
        facts.say("events", "事件"): [number_of(r, "events") for r in rows],
    }
    for name, title in head.items():
        columns[title] = [number_of(r, name) for r in rows]
    columns[facts.say("verdict", "判断")] = [
        facts.word(str(r["verdict"])) for r in rows
    ]
    kinds = dict.fromkeys(head.values(), "number")
    kinds[head["p"]] = "p"
    kinds[facts.say("events", "事件")] = "count"
    return DataTable(
        caption=facts.say("Industry network of every city", "各城市的产业网络"),
        columns=columns,
        kinds=kinds,  # type: ignore[arg-type]  # words of NumberKind
        note=facts.say(
            "E-I, Q and r depend on what a city makes; cities are compared by the boundary "
            "index.",
            "E-I、Q 与 r 取决于城市的产业构成；城市之间用边界指数比较。",
        ),
    )


def core_table(facts: NetworkFacts) -> DataTable:
    """Give the test of cores, the tiers and the tree of both layers and scales."""
    rows = [
        (layer, scale)
        for layer in ("branch", "copatent")
        for scale in ("city", "district")
        if facts.note("hierarchy_notes", layer, scale) is not None
    ]

    def numbers(key: str) -> list[str | float | int | None]:
        return [facts.number("hierarchy_notes", a, b, key) for a, b in rows]

    def of(key: str) -> str:
        return {
            "verdict": facts.say("verdict", "判断"),
            "cores": facts.say("cores", "核心"),
        }[key]

    heads = {
        "gap": (facts.say("largest gap", "最大间隔"), "number"),
        "t": ("T", "number"),
        "p_lognormal": (facts.say("p (lognormal)", "p（对数正态）"), "p"),
        "p_pareto": (facts.say("p (Pareto)", "p（帕累托）"), "p"),
        "n_tiers": (facts.say("tiers", "层级"), "count"),
        "depth": (facts.say("depth of dominant flows", "主导流深度"), "count"),
        "modal_share": (facts.say("most frequent cores", "最常见核心占比"), "share"),
    }
    columns: dict[str, list[str | float | int | None]] = {
        facts.say("layer", "层"): [facts.word(a) for a, _ in rows],
        facts.say("scale", "尺度"): [facts.word(b) for _, b in rows],
        of("verdict"): [
            facts.word(str(facts.note("hierarchy_notes", a, b, "verdict")))
            for a, b in rows
        ],
        of("cores"): [
            ", ".join(facts.names("hierarchy_notes", a, b, "cores")) or "–"
            for a, b in rows
        ],
    }
    for key, (title, _) in heads.items():
        columns[title] = numbers(key)
    return DataTable(
        caption=facts.say("Cores and tiers", "核心与层级"),
        columns=columns,
        kinds=dict(heads.values()),  # type: ignore[arg-type]  # words of NumberKind
    )


def distribution_table(facts: NetworkFacts) -> DataTable:
    """Give rank-size, primacy and inequality."""
    rows = facts.tables["distribution"]
    value, se = facts.say("value", "数值"), facts.say("standard error", "标准误")
    return DataTable(
        caption=facts.say("Distribution of strengths", "强度分布"),
        columns={
            facts.say("layer", "层"): [facts.word(str(r["layer"])) for r in rows],
            facts.say("scale", "尺度"): [facts.word(str(r["scale"])) for r in rows],
            facts.say("statistic", "统计量"): [
                str(r["statistic"]).replace("_", " ") for r in rows
            ],
            value: [number_of(r, "value") for r in rows],
            se: [number_of(r, "se") for r in rows],
        },
        kinds={value: "number", se: "number"},
    )


def dyad_tables(facts: NetworkFacts) -> tuple[Block, ...]:
    """Give the gravity equations and the regression of joint patents."""
    out: list[Block] = []
    value, se = facts.say("value", "数值"), facts.say("standard error", "标准误")
    rows = facts.tables["gravity"]
    if rows:
        out.append(
            DataTable(
                caption=facts.say(
                    "Gravity (Poisson pseudo-likelihood, effects of both ends)",
                    "引力模型（泊松伪似然，控制两端效应）",
                ),
                columns={
                    facts.say("layer", "层"): [
                        facts.word(str(r["layer"])) for r in rows
                    ],
                    facts.say("term", "变量"): [str(r["term"]) for r in rows],
                    value: [number_of(r, "value") for r in rows],
                    se: [number_of(r, "se") for r in rows],
                    "p": [number_of(r, "p") for r in rows],
                },
                kinds={value: "number", se: "number", "p": "p"},
            )
        )
    rows = facts.tables["regression"]
    if rows:
        out.append(
            DataTable(
                caption=facts.say(
                    "ln(1 + joint patents) of pairs of cities, p by permuting nodes",
                    "城市对合作专利 ln(1 + 数量)，p 值由节点置换得到",
                ),
                columns={
                    facts.say("term", "变量"): [str(r["term"]) for r in rows],
                    value: [number_of(r, "value") for r in rows],
                    "t": [number_of(r, "t") for r in rows],
                    "p": [number_of(r, "p") for r in rows],
                },
                kinds={value: "number", "t": "number", "p": "p"},
            )
        )
    return tuple(out)


def portfolio_lookup(facts: NetworkFacts) -> tuple[Block, ...]:
    """Give a search box over the options of every region."""
    rows = facts.tables["portfolio"]
    if not rows or "score" not in rows[0]:
        return ()
    names = {
        str(r["industry"]): str(r["name_zh" if facts.lang == "zh" else "name_en"] or "")
        for r in facts.tables["industry_groups"]
    }
    by_region: dict[str, list[tuple[str, ...]]] = {}
    for r in rows:
        code = str(r["industry"])
        by_region.setdefault(str(r["region"]), []).append(
            (
                f"{names.get(code, '')} ({code})".strip(),
                facts.show(r["density"]),
                facts.show(r["complexity"]),
                facts.show(r["external"]),
                facts.word(str(r["quadrant"])),
            )
        )
    records = tuple(
        (
            code,
            facts.place(code),
            (facts.show(len(options), "count"),),
            tuple(options[:_SHOWN]),
        )
        for code, options in sorted(by_region.items())
    )
    return (
        Lookup(
            name="portfolio-search",
            title=facts.say("Options of a region", "地区的选项"),
            facts=(facts.say("options", "选项数"),),
            columns=(
                facts.say("industry", "产业"),
                facts.word("density"),
                facts.word("complexity"),
                facts.say("at partners", "伙伴拥有"),
                facts.say("quadrant", "象限"),
            ),
            records=records,
        ),
    )


def sensitivity_table(facts: NetworkFacts) -> DataTable:
    """List the verdicts with other choices."""
    rows = facts.tables["sensitivity"]
    return DataTable(
        caption=facts.say("The same verdicts with other choices", "其他设定下的判断"),
        columns={
            facts.say("finding", "发现"): [str(r["finding"]) for r in rows],
            facts.say("choice", "设定"): [facts.choice(str(r["choice"])) for r in rows],
            facts.say("value", "取值"): [facts.value(str(r["value"])) for r in rows],
            facts.say("verdict", "判断"): [
                facts.verdict(str(r["verdict"])) for r in rows
            ],
            facts.say("as in the study", "与研究一致"): [
                facts.say("yes", "是") if r["same"] == "yes" else facts.say("no", "否")
                for r in rows
            ],
        },
    )
