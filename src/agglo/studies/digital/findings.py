"""The five findings: co-existence, kinds of match, degree, nulls, ellipses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.contract import Finding
from agglo.studies.digital.findings_truth import (
    coexistence_truth,
    degree_truth,
    kinds_truth,
    null_truth,
    shift_truth,
)
from agglo.studies.digital.readings import (
    chance_line,
    chosen_shift,
    expected,
    judge,
    strictest,
)
from agglo.studies.facts import known

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.digital.facts import DigitalFacts
    from agglo.studies.facts import Row

__all__ = ["all_findings"]


def all_findings(facts: DigitalFacts) -> tuple[Finding, ...]:
    """Give the findings in the order of the report.

    Parameters
    ----------
    facts
        What the stages left.

    Returns
    -------
    tuple of Finding
        F1 to F5.
    """
    return (
        coexistence(facts),
        kinds(facts),
        degree(facts),
        chance(facts),
        ellipses(facts),
    )


def _interval(row: Row, kind: str = "") -> tuple[float, float] | None:
    low, high = row.get(f"{kind}lower"), row.get(f"{kind}upper")
    if (
        isinstance(low, float)
        and isinstance(high, float)
        and known(low)
        and known(high)
    ):
        return (low, high)
    return None


def _number(row: Row, key: str) -> float:
    value = row.get(key)
    return float(value) if isinstance(value, (int, float)) else float("nan")


def coexistence(facts: DigitalFacts) -> Finding:
    """Answer F1."""
    row = facts.rate("coexistence")
    name, null = strictest(facts, "coexistence")
    return Finding(
        id="F1",
        question=facts.say(
            "In how many cities with designated clusters is there also an on-line "
            "industrial belt?",
            "有认定集群的城市中，多少也有线上产业带？",
        ),
        answer=facts.captioned(
            facts.say(
                "{count} of {n} cluster cities: {share} ({level} interval {low} to "
                "{high}). {chance}",
                "{n} 个集群城市中有 {count} 个：{share}（{level} 区间 {low} 至 {high}）。{chance}",
                count=facts.show(row.get("count"), "count"),
                n=facts.show(row.get("n"), "count"),
                share=facts.show(row.get("value"), "share"),
                level=f"{100 * facts.options.level:g} %",
                low=facts.show(row.get("lower"), "share"),
                high=facts.show(row.get("upper"), "share"),
                chance=chance_line(facts, "coexistence"),
            )
        ),
        estimate=_number(row, "value"),
        interval=_interval(row),
        null=expected(facts, "coexistence"),
        p=_number(null, "p_upper") if null else None,
        reading=facts.say(
            "Industry plays no part here. Where belts are spread over most large cities a "
            "high share is what chance gives; the p-value is that of {name}. {judge}",
            "此处不考虑行业。若产业带遍布多数大城市，则高占比也可能只是随机结果；p 值取自 {name}。{judge}",
            name=facts.null_name(name) or "–",
            judge=judge(facts, "coexistence"),
        ),
        evidence=("rates.csv", "nulls.csv", "hypergeometric.parquet"),
        truth=coexistence_truth(facts, row),
    )


def kinds(facts: DigitalFacts) -> Finding:
    """Answer F2."""
    parts = {m: facts.rate(m) for m in ("identical", "similar", "matched")}
    other = facts.rate("identical", variant="containment")
    null = facts.null("N3", "matched")
    unmapped = facts.number("match_notes", "counts", "unmapped")
    values = {f"{m}_n": facts.show(r.get("count"), "count") for m, r in parts.items()}
    values |= {m: facts.show(r.get("value"), "share") for m, r in parts.items()}
    estimate: dict[str, Json] = {m: _number(r, "value") for m, r in parts.items()}
    estimate["identical_other_containment"] = _number(other, "value")
    return Finding(
        id="F2",
        question=facts.say(
            "How many clusters have a belt of the same or a similar industry in one of "
            "their cities?",
            "多少集群在其城市中有相同或相似行业的产业带？",
        ),
        answer=facts.captioned(
            facts.say(
                "Of {n} clusters {identical_n} have an identical belt ({identical}) and "
                "{similar_n} a similar one ({similar}): {matched_n} are matched "
                "({matched}). {unmapped} clusters have a label that no dictionary knows. "
                "{chance}",
                "{n} 个集群中，{identical_n} 个有相同行业的产业带（{identical}），{similar_n} 个有相似行业的"
                "产业带（{similar}）：共匹配 {matched_n} 个（{matched}）。{unmapped} 个集群的行业名称不在词典"
                "中。{chance}",
                n=facts.show(parts["matched"].get("n"), "count"),
                unmapped=facts.show(unmapped, "count"),
                chance=chance_line(facts, "matched"),
                **values,
            )
        ),
        estimate=estimate,
        interval=_interval(parts["matched"], "block_"),
        null=expected(facts, "matched"),
        p=_number(null, "p_upper") if null else None,
        reading=facts.say(
            "Same question as the published study, our rules: identical is the same node "
            "of the tree or a node within the other, similar the same division. With "
            "containment counted the other way {other} are identical. The interval is "
            "that of the matched share with cities redrawn; the p-value asks whether "
            "industry matters given place (N3). {judge}",
            "问题与已发表研究相同，规则由我们制定：相同指同一节点或包含关系，相似指同一大类。若对包含关系采用另一"
            "种处理，相同占 {other}。区间为重抽城市所得的匹配占比区间；p 值回答在给定地点后行业是否重要（N3）。"
            "{judge}",
            other=facts.show(other.get("value"), "share"),
            judge=judge(facts, "matched"),
        ),
        evidence=("matches.csv", "match_audit.csv", "unmatched.csv", "rates.csv"),
        truth=kinds_truth(facts),
    )


def degree(facts: DigitalFacts) -> Finding:
    """Answer F3."""
    rows = sorted(facts.rows("degree", by="", group=""), key=lambda r: _number(r, "s"))
    main = facts.rate("degree", s=facts.options.s)
    weighted = facts.rate("degree_weighted")
    steps = facts.say(", ", "，").join(
        f"D({_number(r, 's'):g}) = {_number(r, 'degree'):.3f}" for r in rows
    )
    null = facts.null("N3", "degree")
    estimate: dict[str, Json] = {
        f"D({_number(r, 's'):g})": _number(r, "degree") for r in rows
    }
    size = ""
    if weighted:
        estimate["weighted_by_belt_size"] = _number(weighted, "value")
        size = facts.say(
            " Weighted by the size of the belt: {value}.",
            "按产业带规模加权：{value}。",
            value=facts.show(weighted.get("value")),
        )
    return Finding(
        id="F3",
        question=facts.say(
            "How far are the clusters matched, when a similar belt counts less than an "
            "identical one?",
            "若相似产业带的权重低于相同产业带，集群的匹配程度有多高？",
        ),
        answer=facts.captioned(
            facts.say(
                "The degree index with similar counted as {s} is {value}: {steps}.{size}",
                "相似计为 {s} 时，匹配度指数为 {value}：{steps}。{size}",
                s=f"{facts.options.s:g}",
                value=facts.show(main.get("value")),
                steps=steps,
                size=size,
            )
        ),
        estimate=estimate,
        interval=_interval(main, "block_"),
        null=expected(facts, "degree"),
        p=_number(null, "p_upper") if null else None,
        reading=facts.say(
            "D(0) is the identical share, D(1) the matched share; the weight in between "
            "is a convention, so all are printed. {judge}",
            "D(0) 为相同占比，D(1) 为匹配占比；中间权重只是约定，因此全部列出。{judge}",
            judge=judge(facts, "degree"),
        ),
        evidence=("degree.csv", "sensitivity.csv", "rates.csv"),
        truth=degree_truth(facts, _number(main, "value")),
    )


def _sorted_out(facts: DigitalFacts) -> tuple[list[str], list[str], dict[str, Json]]:
    """Sort the rates under every null: above chance, not above it, and the numbers."""
    above: list[str] = []
    not_above: list[str] = []
    estimate: dict[str, Json] = {}
    for name in facts.null_names:
        sides: tuple[list[str], list[str]] = ([], [])
        for statistic in ("coexistence", "identical", "similar", "matched"):
            row = facts.null(name, statistic)
            if not row or (name == "N4" and statistic == "coexistence"):
                continue
            estimate[f"{name} {statistic}"] = {
                "observed": _number(row, "observed"),
                "expected": _number(row, "expected"),
                "ratio": _number(row, "ratio"),
                "p": _number(row, "p_upper"),
            }
            small = _number(row, "p_upper") <= 1.0 - facts.options.level
            text = facts.say(
                "{kind} (× {ratio})",
                "{kind}（× {ratio}）",
                kind=facts.kind(statistic),
                ratio=facts.show(row.get("ratio")),
            )
            sides[0 if small else 1].append(text)
        for texts, out in zip(sides, (above, not_above), strict=True):
            if texts:
                kinds = facts.say(", ", "、").join(texts)
                out.append(f"{facts.null_name(name)}{facts.say(': ', '：')}{kinds}")
    return above, not_above, estimate


def chance(facts: DigitalFacts) -> Finding:
    """Answer F4."""
    above, not_above, estimate = _sorted_out(facts)
    none = facts.say("none", "无")
    join = facts.say("; ", "；")
    gaps = ""
    if facts.note("null_notes", "not_applicable"):
        gaps = facts.say(
            "N2: no size of cities is known (column population of regions).",
            "N2 不适用：未提供城市规模（regions 表的 population 列）。",
        )
    return Finding(
        id="F4",
        question=facts.say(
            "Which of these rates are above what chance would give?",
            "这些比率中哪些高于随机水平？",
        ),
        answer=facts.captioned(
            facts.say(
                "Above chance (p ≤ {alpha}) under {above}. Not above chance under {rest}.",
                "高于随机（p ≤ {alpha}）：{above}。不高于随机：{rest}。",
                alpha=f"{1.0 - facts.options.level:g}"[:6],
                above=join.join(above) or none,
                rest=join.join(not_above) or none,
            )
        ),
        estimate=estimate,
        null=facts.say(
            "N1: belt cities relocated over {universe} cities; N2: the same within "
            "classes of city size; N3: labels dealt out anew over belts; N4: N1, then N3",
            "N1：产业带城市在 {universe} 个城市间重新安置；N2：在城市规模组内重新安置；N3：产业带名称重新"
            "分配；N4：先 N1 后 N3",
            universe=facts.show(facts.number("null_notes", "universe"), "count"),
        ),
        reading=facts.say(
            "N1 asks whether belts sit in cluster cities at all, N2 whether they do beyond "
            "both liking large cities, N3 whether industry matters given place. A rate "
            "above N1 only says little. N3 leaves co-existence as it is. {gaps}",
            "N1 问产业带是否位于集群城市，N2 问在二者都偏好大城市之外是否仍然如此，N3 问给定地点后行业是否重要。"
            "仅高于 N1 的比率说明不了多少问题。N3 不改变共存率。{gaps}",
            gaps=gaps,
        ),
        evidence=("nulls.csv", "null_draws.parquet", "sensitivity.csv"),
        truth=null_truth(facts),
    )


def _moved(facts: DigitalFacts, shift: Row) -> str:
    """Say how far a centre moved; nothing where there is no second year."""
    if not shift:
        return ""
    basis = facts.say("up to the year", "截至当年")
    if shift["basis"] == "of the year":
        basis = facts.say("of the year", "当年认定")
    return facts.say(
        " The centre of {set} moved {km} km at {bearing}° from {start} to {end} "
        "(clusters {basis}).",
        "{set}的中心自 {start} 年至 {end} 年移动了 {km} 公里，方位 {bearing}°（{basis}的集群）。",
        set=facts.set_name(str(shift["set"])),
        km=facts.show(shift.get("distance_km")),
        bearing=facts.show(shift.get("bearing")),
        start=f"{_number(shift, 'start'):g}",
        end=f"{_number(shift, 'end'):g}",
        basis=basis,
    )


def ellipses(facts: DigitalFacts) -> Finding:
    """Answer F5."""
    found = facts.rows("overlaps", a="clusters", b="belts")
    overlap: Row = found[0] if found else {}
    corrected = _corrected(overlap)
    shift = chosen_shift(facts)
    moved = _moved(facts, shift)
    estimate: dict[str, Json] = {
        k: _number(overlap, k)
        for k in (
            "jaccard",
            "spatial_difference_index",
            "centre_distance_km",
            "centre_bearing",
        )
    }
    if shift:
        estimate["shift_km"] = _number(shift, "distance_km")
        estimate["shift_bearing"] = _number(shift, "bearing")
    return Finding(
        id="F5",
        question=facts.say(
            "Do clusters and belts cover the same ground, and how does the centre of the "
            "clusters move?",
            "集群与产业带是否覆盖同一区域？集群中心如何移动？",
        ),
        answer=facts.captioned(
            facts.say(
                "The ellipses of clusters and belts share {jaccard} of their common area "
                "({level} interval {low} to {high}; {chance} if the places were dealt out "
                "anew, p {p} for as small); the belts' centre lies {km} km away at "
                "{bearing}°.{moved}",
                "集群与产业带椭圆的重叠（杰卡德）为 {jaccard}（{level} 区间 {low} 至 {high}；若地点重新分配为 "
                "{chance}，同样小的 p 为 {p}）；产业带中心在 {bearing}° 方向 {km} 公里处。{moved}",
                jaccard=facts.show(overlap.get("jaccard")),
                level=f"{100 * facts.options.level:g} %",
                low=facts.show(corrected.get("lower")),
                high=facts.show(corrected.get("upper")),
                chance=facts.show(overlap.get("jaccard_by_chance")),
                p=facts.show(overlap.get("jaccard_p"), "p"),
                km=facts.show(overlap.get("centre_distance_km")),
                bearing=facts.show(overlap.get("centre_bearing")),
                moved=moved,
            )
        ),
        estimate=estimate,
        interval=_interval(corrected, ""),
        null=_number(overlap, "jaccard_by_chance"),
        p=_number(overlap, "jaccard_p") if known(overlap.get("jaccard_p")) else None,
        reading=facts.say(
            "Ellipses with divisor {divisor} and scale {scale}: one standard deviation, "
            "which holds 39 % of a bivariate normal, not 68 %. Redrawn lists overlap less "
            "than the lists themselves; the interval is corrected for it (BCa). "
            "Overlap of ellipses says nothing about single cities.",
            "椭圆采用除数 {divisor}、比例 {scale}：即一个标准差，覆盖二元正态分布的 39 %，而非 68 %。重抽名单的"
            "重叠小于原名单，区间已作偏差校正（BCa）。椭圆重叠不说明单个城市的情况。",
            divisor=facts.options.divisor,
            scale=f"{facts.options.scale:g}",
        ),
        evidence=("ellipses.csv", "overlaps.csv", "shifts.csv", "spatial.csv"),
        truth=shift_truth(facts, shift),
    )


def _corrected(overlap: Row) -> Row:
    """Give the BCa interval of Jaccard, the percentile one where there is none."""
    for ending in ("_bca", ""):
        ends = {k: overlap.get(f"jaccard_{k}{ending}") for k in ("lower", "upper")}
        if all(known(v) for v in ends.values()):
            return ends
    return {}
