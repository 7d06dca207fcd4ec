"""The sections of the page on trade between industries and on the parts of a score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.facts import number_of
from agglo.studies.report import DataTable

if TYPE_CHECKING:
    from agglo.studies.networks.facts import NetworkFacts
    from agglo.studies.report import Block

__all__ = ["linkage_tables", "part_tables"]

_SHOWN = 15


def linkage_tables(facts: NetworkFacts) -> tuple[Block, ...]:
    """List the closest pairs by trade, and scores and agreement of definitions."""
    blocks: list[Block] = []
    if facts.tables["value_chain"]:
        blocks.append(_pair_table(facts))
    if facts.tables["validation"]:
        blocks.append(_score_table(facts))
    if facts.tables["agreement"]:
        blocks.append(_agreement_table(facts))
    return tuple(blocks)


def part_tables(facts: NetworkFacts) -> tuple[Block, ...]:
    """Say what every part of the score adds; nothing without a back-test."""
    rows = facts.tables["backtest_parts"]
    if not rows:
        return ()
    say = facts.say
    heads = {
        "gain": (say("gain of AUC", "AUC 增益"), "number"),
        "lower": (say("lower", "下界"), "number"),
        "upper": (say("upper", "上界"), "number"),
        "beyond_auc": (say("AUC beyond relatedness", "相关密度之外的 AUC"), "number"),
        "beyond_null": (say("by chance", "随机"), "number"),
        "beyond_p": ("p", "p"),
    }
    columns: dict[str, list[str | float | int | None]] = {
        say("part", "部分"): [facts.word(str(r["part"])) for r in rows],
        say("verdict", "判断"): [facts.word(str(r["verdict"])) for r in rows],
    }
    columns |= {
        title: [number_of(r, key) for r in rows] for key, (title, _) in heads.items()
    }
    return (
        DataTable(
            caption=say(
                "What every part adds to the whole score", "各部分对综合评分的贡献"
            ),
            columns=columns,
            kinds=dict(heads.values()),  # type: ignore[arg-type]  # words of NumberKind
            note=say(
                "Gain: AUC with the part minus without it; of parts that hurt, when they were "
                "taken out. Beyond relatedness: among options alike in relatedness; by chance: "
                "the partners of other regions, or permuted industries.",
                "增益：含该部分与不含该部分的 AUC 之差；不利部分为其被去掉时的值。相关密度之外：在相关密度相近的选项之间；"
                "随机：其他地区的伙伴，或打乱的产业。",
            ),
        ),
    )


def _pair_table(facts: NetworkFacts) -> DataTable:
    say = facts.say
    rows = facts.tables["value_chain"][:_SHOWN]
    link, near = say("trade", "投入产出"), facts.word("colocation")
    return DataTable(
        caption=say(
            "Industries that trade most with each other", "投入产出联系最强的产业对"
        ),
        columns={
            say("one", "一方"): [facts.industry(str(r["industry_a"])) for r in rows],
            say("other", "另一方"): [
                facts.industry(str(r["industry_b"])) for r in rows
            ],
            link: [number_of(r, "link") for r in rows],
            near: [number_of(r, "colocation") for r in rows],
        },
        kinds={link: "number", near: "number"},
        note=say(
            "The largest of four shares, bought from and sold to each other; co-location is "
            "the correlation over regions. All pairs: value_chain.csv.",
            "取相互购买与销售四个份额中的最大值；共同区位为跨地区相关系数。全部见 value_chain.csv。",
        ),
    )


def _score_table(facts: NetworkFacts) -> DataTable:
    say = facts.say
    rows = facts.tables["validation"]
    heads = {
        "value": say("score", "得分"),
        "random_mean": say("random labels", "随机标签"),
        "random_low": say("lower", "下界"),
        "random_high": say("upper", "上界"),
    }
    columns: dict[str, list[str | float | int | None]] = {
        say("definition", "定义"): [facts.word(str(r["definition"])) for r in rows],
        say("matrix", "依据"): [facts.word(str(r["matrix"])) for r in rows],
        say("measure", "指标"): [facts.word(str(r["score"])) for r in rows],
    }
    columns |= {title: [number_of(r, k) for r in rows] for k, title in heads.items()}
    return DataTable(
        caption=say(
            "Validation scores of groups and definitions", "群组与定义的验证得分"
        ),
        columns=columns,
        kinds=dict.fromkeys(heads.values(), "number"),
    )


def _agreement_table(facts: NetworkFacts) -> DataTable:
    say = facts.say
    rows = facts.tables["agreement"]
    count = say("industries", "产业数")
    heads = {
        "adjusted_rand": say("adjusted Rand index", "调整兰德指数"),
        "mutual_information": say("normalised information", "归一化互信息"),
    }
    columns: dict[str, list[str | float | int | None]] = {
        say("one", "其一"): [facts.word(str(r["one"])) for r in rows],
        say("other", "另一"): [facts.word(str(r["other"])) for r in rows],
        count: [number_of(r, "industries") for r in rows],
    }
    columns |= {title: [number_of(r, k) for r in rows] for k, title in heads.items()}
    kinds = dict.fromkeys(heads.values(), "number") | {count: "count"}
    return DataTable(
        caption=say("How far definitions agree", "各定义之间的一致性"),
        columns=columns,
        kinds=kinds,  # type: ignore[arg-type]  # words of NumberKind
    )
