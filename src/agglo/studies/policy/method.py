"""Rules, limits and sources of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs
    from agglo.studies.policy.facts import PolicyFacts

__all__ = ["limit_notes", "method_notes", "origin_notes"]

_Notes = tuple[tuple[str, str], ...]


def method_notes(facts: PolicyFacts) -> _Notes:
    """Give one note per rule."""
    say, o = facts.say, facts.options
    return (
        (
            say("The question", "问题"),
            say(
                "The design follows the published summary of Zeng and Tao (2025), "
                "doi:10.1080/00343404.2025.2551149; equations, weights and city list were "
                "not available, so details are inferred and nothing is replicated.",
                "设计参照 Zeng 与 Tao（2025）公开摘要，doi:10.1080/00343404.2025.2551149；"
                "其方程、权重与城市名单未能获得，细节系推断，并非复现。",
            ),
        ),
        (
            say("Outcomes", "结果变量"),
            say(
                "RZI: largest share over reference share (Duranton and Puga 2000); RDI: 1 "
                "over the sum of share differences, KSI its inverse (one outcome). "
                "Reference: {r}; smallest reference share {s}, smallest employment {e}.",
                "RZI：份额与参照份额之比的最大值（Duranton and Puga 2000）；RDI：份额差绝对值之和的倒数，KSI 为其倒数"
                "（同一结果）。参照：{r}；最小参照份额 {s}，最小就业 {e}。",
                r=facts.word(o.reference),
                s=facts.show(o.min_reference_share),
                e=facts.show(o.min_employment),
            ),
        ),
        (
            say("Model", "模型"),
            say(
                "{m} Exact maximum likelihood after Lee and Yu (2010), "
                "doi:10.1016/j.jeconom.2009.08.001.",
                "{m} 按 Lee and Yu（2010, doi:10.1016/j.jeconom.2009.08.001）作精确极大似然估计。",
                m=facts.model_words,
            ),
        ),
        (
            say("Draws", "抽样次数"),
            say(
                "Bands and lead tests {a}, placebo of moved corridors {b}, other placebos "
                "{c}, group differences {d}, Moran {e}, imputed effects {f}.",
                "置信带与提前期检验 {a}，移动走廊安慰剂 {b}，其他安慰剂 {c}，组间差异 {d}，莫兰指数 {e}，插补效应 {f}。",
                a=o.band_draws,
                b=o.placebo_draws,
                c=o.other_placebo_draws,
                d=o.group_draws,
                e=o.moran_draws,
                f=o.imputation_draws,
            ),
        ),
    )


def limit_notes(facts: PolicyFacts) -> _Notes:
    """Say what the numbers cannot carry."""
    say = facts.say
    share = facts.show(facts.note("effect_notes", "forbidden_share"), "share")
    notes = [
        (
            say("W is an assumption", "W 是假定"),
            say(
                "No test finds the right neighbours; read the weights table.",
                "没有检验能确定正确的邻接关系；请参阅权重表。",
            ),
        ),
        (
            say("Staggered starts", "错时实施"),
            say(
                "{s} of the comparisons behind the one coefficient use regions already "
                "treated as controls (Goodman-Bacon 2021). The model is not robust to "
                "effects that differ by start; the table of estimators by start says how far "
                "it is from those that are. The two with spillovers are experimental: our "
                "own combination, no published method.",
                "单一系数背后 {s} 的比较以已受处理地区为对照（Goodman-Bacon 2021）。"
                "模型对因批次而异的效应不稳健；分批次估计量的表格给出其与稳健估计量的差距。"
                "其中两种含溢出的估计量为试验性的自有组合，并非已发表方法。",
                s=share,
            ),
        ),
        (
            say("Matched regions", "匹配地区"),
            say(
                "A match sees only what its columns hold. The model on matched regions is "
                "another spatial system: neighbours outside the match are gone.",
                "匹配仅能依据所用变量。匹配地区上的模型属于另一空间系统：匹配之外的邻接地区已被剔除。",
            ),
        ),
        (
            say("Spillovers outside the model", "模型之外的溢出"),
            say(
                "Effects on regions beyond the chosen neighbours and rings are taken as "
                "none; that is not tested.",
                "假定对所选邻接与圈层之外地区无影响；此点未经检验。",
            ),
        ),
    ]
    if facts.caveat:
        notes.insert(0, (say("Documentation", "依据"), facts.caveat))
    if not facts.identified:
        notes.insert(
            0,
            (
                say("Few treated regions", "处理地区过少"),
                say(
                    "{n} treated regions: errors are too small, timing and reach are not "
                    "identified.",
                    "仅 {n} 个处理地区：标准误偏小，时间与范围无法识别。",
                    n=facts.note("effect_notes", "treated"),
                ),
            ),
        )
    return (*notes, *_input_notes(facts))


def _input_notes(facts: PolicyFacts) -> _Notes:
    """Say what was corrected, doubtful or empty in the inputs."""
    say = facts.say
    notes: list[tuple[str, str]] = []
    for heading, key in (
        (say("Misprints corrected", "更正的误印"), "corrections"),
        (say("Small sectors", "小行业"), "remarks"),
        (say("Starts after the data", "数据之后开始"), "starts_after_the_data"),
    ):
        listed = facts.note("scope", key)
        if isinstance(listed, list) and listed:
            more = f" (+{len(listed) - 12})" if len(listed) > 12 else ""
            notes.append((heading, "; ".join(str(v) for v in listed[:12]) + more))
    blank = facts.note("scope", "blank_cells")
    if isinstance(blank, int) and blank:
        rule = (
            say("counted as 0", "按 0 计")
            if facts.options.blank_cells == "zero"
            else say("their regions left out", "剔除其所在地区")
        )
        notes.append((say("Cells without a value", "空白单元"), f"{blank}: {rule}"))
    return tuple(notes)


def origin_notes(facts: PolicyFacts, inputs: StageInputs) -> _Notes:
    """Give publisher, licence, citation and file hashes of every source."""
    out = []
    for origin in inputs.project.origins:
        parts = [
            origin.publisher,
            facts.say("licence: {x}", "许可：{x}", x=origin.licence or "–"),
            origin.citation,
            *(f"{name} (sha256 {digest[:12]}…)" for name, digest in origin.files),
        ]
        title = origin.title or facts.say("Source", "来源")
        out.append((title, "; ".join(p for p in parts if p)))
    if not out:
        unknown = facts.say("No source is recorded.", "没有记录来源。")
        out.append((facts.say("Source", "来源"), unknown))
    return tuple(out)
