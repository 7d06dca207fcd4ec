"""The tables of the page: regressions, hypotheses, instruments, mechanism, linkages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.coagglomeration.mechanism_years import WITHIN_PAIRS
from agglo.studies.coagglomeration.regression_files import (
    OWN_STOCK,
    cells_of,
    regression_cells,
)
from agglo.studies.coagglomeration.words import (
    CELLS,
    CHECKS,
    HYPOTHESES,
    OUTCOMES,
    VERDICTS,
    WAYS,
    reason,
    said,
    specification,
    term,
)
from agglo.studies.facts import known, number_of
from agglo.studies.report import DataTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from agglo.studies.coagglomeration.facts import CoagglomerationFacts
    from agglo.studies.facts import Row
    from agglo.studies.report import NumberKind

__all__ = [
    "check_table",
    "exposure_table",
    "first_stage_table",
    "hypothesis_table",
    "linkage_table",
    "mechanism_table",
    "own_stock_table",
    "regression_table",
    "robustness_table",
]


def _table(
    facts: CoagglomerationFacts,
    rows: Sequence[Row],
    caption: str,
    text: Mapping[str, Callable[[Row], str]],
    numbers: Mapping[str, tuple[str, NumberKind]],
    note: str = "",
) -> DataTable | None:
    """Write rows: words by a function each, numbers by column and kind."""
    if not rows:
        return None
    heads = {facts.say(*_HEADS.get(c, (c, c))): c for c in numbers}
    return DataTable(
        caption=caption,
        columns={
            **{h: [f(r) for r in rows] for h, f in text.items()},
            **{
                h: [number_of(r, numbers[c][0]) for r in rows] for h, c in heads.items()
            },
        },
        kinds={h: numbers[c][1] for h, c in heads.items()},
        note=note,
    )


_HEADS = {
    "value": ("Value", "数值"),
    "se": ("Error", "标准误"),
    "lower": ("Lower", "下限"),
    "upper": ("Upper", "上限"),
    "partial_r2": ("Partial R²", "偏 R²"),
    "effective": ("Effective shifts", "有效冲击数"),
    "clustered": ("Clustered error", "聚类标准误"),
    "two_way": ("Two-way error", "双向聚类标准误"),
    "correlation": ("Rank correlation", "秩相关"),
    "same_sign": ("Same sign", "符号相同"),
    "n": ("Pairs", "配对"),
    "permuted": ("p by permutation", "置换 p"),
}
_INTERVAL: Mapping[str, tuple[str, NumberKind]] = {
    "value": ("value", "number"),
    "lower": ("lower", "number"),
    "upper": ("upper", "number"),
    "p": ("p", "p"),
}


def regression_table(facts: CoagglomerationFacts) -> DataTable | None:
    """Write the regressions as in the files."""
    cells = regression_cells(facts)
    if not cells:
        return None
    return _cells(
        facts,
        cells,
        facts.say(
            "Regressions; also as regressions.html, .tex and .docx",
            "回归结果；另见 regressions.html、.tex 与 .docx",
        ),
    )


def own_stock_table(facts: CoagglomerationFacts) -> DataTable | None:
    """Write the main model under all three treatments of own knowledge."""
    cells = cells_of(facts, OWN_STOCK)
    if len(cells) < 2:
        return None
    caption = facts.say(
        "Own knowledge is built from past outcomes: all three treatments",
        "自身知识由过去结果构成：三种处理方式",
    )
    return _cells(facts, cells, caption)


def _cells(
    facts: CoagglomerationFacts, cells: Sequence[Sequence[str]], caption: str
) -> DataTable:
    heads = ["·", *cells[0][1:]]
    return DataTable(
        caption=caption,
        columns={h: [line[i] for line in cells[1:]] for i, h in enumerate(heads)},
        note=facts.caveat,
    )


def hypothesis_table(facts: CoagglomerationFacts) -> DataTable | None:
    """Write every hypothesis of every model."""
    say = facts.say
    rows = facts.tables["hypotheses"]

    def link(r: Row) -> str:
        name = str(r.get("link") or "")
        return term(facts, name if "_" in name else f"active_{name}") if name else ""

    def kind(r: Row) -> str:
        # a class alone has no direction
        name = str(r.get("link") or "")
        return link(r) if "_" in name else link(r).partition(say(", ", "，"))[2]

    return _table(
        facts,
        rows,
        say("Hypotheses", "假设检验"),
        {
            say("Model", "模型"): lambda r: specification(facts, str(r["model"])),
            say("Hypothesis", "假设"): lambda r: said(
                facts, HYPOTHESES, str(r["hypothesis"])
            ),
            say("Link", "关联"): kind,
            say("Verdict", "结论"): lambda r: said(
                facts, VERDICTS, str(r.get("verdict") or "")
            ),
        },
        {"value": ("value", "number"), "p": ("p", "p"), "q": ("q", "p")},
    )


def first_stage_table(facts: CoagglomerationFacts) -> DataTable | None:
    """Write the first stage of both instrumented models."""
    say = facts.say
    return _table(
        facts,
        facts.tables["first_stage"],
        say("First stages", "第一阶段"),
        {
            say("Model", "模型"): lambda r: specification(facts, str(r["model"])),
            say("Pool", "知识池"): lambda r: term(facts, str(r["endogenous"])),
            say("Instrument", "工具变量"): lambda r: term(facts, str(r["instrument"])),
        },
        {
            "value": ("value", "number"),
            "se": ("se", "number"),
            "p": ("p", "p"),
            "partial_r2": ("partial_r2", "number"),
            "F": ("f", "number"),
        },
        say(
            "With several pools every F may be large although the instruments cannot tell "
            "the pools apart: read the Kleibergen-Paap F.",
            "知识池多于一个时，各 F 值可能都大，而工具变量仍无法区分知识池：请看 Kleibergen-Paap F。",
        ),
    )


def check_table(facts: CoagglomerationFacts) -> DataTable | None:
    """Write what was asked of the instruments."""
    say = facts.say

    def detail(r: Row) -> str:
        if r["status"] != "ok":
            return reason(facts, str(r["status"]))
        if not r.get("detail"):
            return ""
        name = facts.industry(str(r["detail"]))
        return say("most without {x}", "影响最大：{x}", x=name)

    return _table(
        facts,
        facts.tables["instrument_checks"],
        say("Questions to the instruments", "对工具变量的检验"),
        {
            say("Check", "检验"): lambda r: said(facts, CHECKS, str(r["check"])),
            say("Term", "项"): lambda r: term(facts, str(r.get("term") or "")),
            say("Note", "说明"): detail,
        },
        _INTERVAL,
        say(
            "Left out: smallest and largest estimate. Placebo: 5 % and 95 % quantiles of F.",
            "逐一剔除：最小与最大估计值。安慰剂：F 的 5 % 与 95 % 分位数。",
        ),
    )


def exposure_table(facts: CoagglomerationFacts) -> DataTable | None:
    """Write errors that follow the shifts, and the permutation of knowledge."""
    say = facts.say
    weak = [
        r for r in facts.tables["exposure"] if number_of(r, "effective_shifts") < 20.0
    ]
    few = say(
        "Fewer than 20 effective shifts: read the interval with care. ",
        "有效冲击数少于 20：区间须谨慎解读。",
    )
    return _table(
        facts,
        facts.tables["exposure"],
        say(
            "Whose knowledge: errors that follow the shifts",
            "谁的知识：随冲击相关的标准误",
        ),
        {
            say("Way", "方法"): lambda r: said(facts, WAYS, str(r["method"])),
            say("Pool", "知识池"): lambda r: term(facts, str(r.get("term") or "")),
            say("Note", "说明"): lambda r: (
                "" if r["status"] == "ok" else reason(facts, str(r["status"]))
            ),
        },
        {
            **_INTERVAL,
            "clustered": ("se_clustered", "number"),
            "effective": ("effective_shifts", "number"),
        },
        (few if weak else "")
        + say(
            "Industries with similar partners have correlated errors, which clusters of "
            "industries do not see.",
            "伙伴相似的行业误差相关，按行业聚类看不到这一点。",
        ),
    )


def robustness_table(facts: CoagglomerationFacts) -> DataTable | None:
    """Write how far other choices keep the order of the pairs."""
    say = facts.say
    return _table(
        facts,
        facts.tables["robustness"],
        say(
            "Other choices: do the pairs keep their order",
            "其他选择：配对的次序是否不变",
        ),
        {
            say("Measure", "指标"): lambda r: said(facts, CELLS, str(r["measure"])),
            say("Power of distance", "距离的幂"): lambda r: (
                facts.show(number_of(r, "power"), "count")
                if known(number_of(r, "power"))
                else ""
            ),
            say("Who could stand there", "可能的位置"): lambda r: said(
                facts, CELLS, str(r["pool"])
            ),
            say("Weights", "权重"): lambda r: said(facts, CELLS, str(r["weights"])),
            say("Note", "说明"): lambda r: (
                "" if r["status"] == "ok" else reason(facts, str(r["status"]))
            ),
        },
        {
            "correlation": ("correlation", "number"),
            "same_sign": ("same_sign", "share"),
            "n": ("n", "count"),
        },
        say(
            "Rank correlation of effects with those of the page (all plants, rarefied); the "
            "Wasserstein index, of the few pairs it is computed for, with its own at power 1, "
            "everybody but the anchor, equal weights.",
            "与本页效应（全部企业，锚定方稀释）的秩相关；Wasserstein 指数仅含所计算的少数配对，"
            "与其自身的基准（幂为 1、锚定方以外的全部企业、等权）比较。",
        ),
    )


def mechanism_table(facts: CoagglomerationFacts) -> DataTable | None:
    """Write which way knowledge flows."""
    return _dyads(
        facts,
        facts.tables["mechanism"],
        facts.say("Flows of knowledge between industries", "行业间的知识流动"),
    )


def linkage_table(facts: CoagglomerationFacts) -> DataTable | None:
    """Write which linkages go with nearness."""
    return _dyads(
        facts,
        facts.tables["linkages"],
        facts.say(
            "Nearness and linkages (standard deviations over pairs)",
            "邻近与关联（配对标准差单位）",
        ),
    )


def _dyads(
    facts: CoagglomerationFacts, rows: Sequence[Row], caption: str
) -> DataTable | None:
    say = facts.say
    words = {
        "anchor, mover": say("anchor, mover", "锚定方、移动方"),
        "source, target": say("source, target", "来源方、目标方"),
        "source, target + linkages": say(
            "source, target; linkages held", "来源方、目标方；控制关联"
        ),
        WITHIN_PAIRS: say(
            "source by year, target by year, pair", "来源方×年、目标方×年、配对"
        ),
    }
    return _table(
        facts,
        rows,
        caption,
        {
            say("Outcome", "结果"): lambda r: said(facts, OUTCOMES, str(r["outcome"])),
            say("Term", "项"): lambda r: term(facts, str(r.get("term") or "")),
            say("Effects of", "固定效应"): lambda r: words.get(
                str(r.get("effects") or ""), ""
            ),
            say("Note", "说明"): lambda r: (
                "" if r["status"] == "ok" else reason(facts, str(r["status"]))
            ),
        },
        {
            **_INTERVAL,
            "two_way": ("se_two_way", "number"),
            "permuted": ("p_permutation", "p"),
        },
        say(
            "Errors allow for pairs that share an industry (Aronow, Samii and Assenova "
            "2015, doi:10.1093/pan/mpv018).",
            "标准误允许共享行业的配对相关（Aronow, Samii and Assenova 2015, "
            "doi:10.1093/pan/mpv018）。",
        ),
    )
