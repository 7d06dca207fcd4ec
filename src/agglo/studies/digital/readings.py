"""Plain words for a rate beside its nulls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.facts import known

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.digital.facts import DigitalFacts
    from agglo.studies.facts import Row

__all__ = ["chance_line", "chosen_shift", "expected", "judge", "strictest"]


def strictest(facts: DigitalFacts, statistic: str) -> tuple[str, Row]:
    """Give the null over places that keeps most: with city size, else without."""
    for name in ("N2", "N2 by size", "N1"):
        row = facts.null(name, statistic)
        if row:
            return name, row
    return "", {}


def expected(facts: DigitalFacts, statistic: str) -> Json:
    """Give the share, or the degree, that each null expects."""
    out: dict[str, Json] = {}
    for name in facts.null_names:
        row = facts.null(name, statistic)
        value, n = row.get("expected"), row.get("n")
        if isinstance(value, float) and isinstance(n, (int, float)) and n > 0:
            out[name] = value if statistic == "degree" else value / n
    return out


def chance_line(facts: DigitalFacts, statistic: str) -> str:
    """Write expected number, ratio and p of each null."""
    parts = []
    for name in facts.null_names:
        row = facts.null(name, statistic)
        # N4 is N1 for co-existence
        if row and not (name == "N4" and statistic == "coexistence"):
            parts.append(
                facts.say(
                    "{expected} under {name} (ratio {ratio}, p {p})",
                    "{name} {expected}（比值 {ratio}，p {p}）",
                    name=facts.null_name(name),
                    expected=facts.show(row.get("expected")),
                    ratio=facts.show(row.get("ratio")),
                    p=facts.show(row.get("p_upper"), "p"),
                )
            )
    if not parts:
        return ""
    return facts.say(
        "Chance would give {parts}.",
        "随机情况下的期望值：{parts}。",
        parts=facts.say("; ", "；").join(parts),
    )


def judge(facts: DigitalFacts, statistic: str) -> str:
    """Say in plain words what is and what is not above chance."""
    alpha = 1.0 - facts.options.level
    place = facts.null("N1", statistic)
    size = facts.null("N2", statistic)
    industry = facts.null("N3", statistic)

    def above(row: Row) -> bool:
        p = row.get("p_upper")
        return isinstance(p, float) and known(p) and p <= alpha

    parts = []
    if place:
        parts.append(
            facts.say(
                "More than if belts lay in random cities.",
                "高于产业带随机落入城市的水平。",
            )
            if above(place)
            else facts.say(
                "No more than if belts lay in random cities.",
                "不高于产业带随机落入城市的水平。",
            )
        )
    if size:
        parts.append(
            facts.say("City size does not explain it.", "城市规模不足以解释。")
            if above(size)
            else facts.say(
                "It is no more than city size explains: both lists like large cities.",
                "未超出城市规模所能解释的程度：两份名单都偏好大城市。",
            )
        )
    elif place:
        parts.append(
            facts.say(
                "Whether city size explains it cannot be said: no sizes were given.",
                "无法判断是否由城市规模造成：未提供城市规模。",
            )
        )
    if industry:
        parts.append(
            facts.say(
                "Given where belts are, their industries fit more often than by chance.",
                "在给定产业带位置后，行业吻合多于随机。",
            )
            if above(industry)
            else facts.say(
                "Given where belts are, their industries fit no more often than by chance.",
                "在给定产业带位置后，行业吻合不多于随机。",
            )
        )
    return facts.say(" ", "").join(parts)


def chosen_shift(facts: DigitalFacts) -> Row:
    """Give the way of all clusters where every programme has every year, else of one.

    Programmes of different years make the centre of all clusters jump from list to list;
    then the programme with most clusters over two years or more is followed, up to each
    year.
    """
    whole = facts.rows("shifts", step="whole")
    years = {
        str(r["set"]): (r["start"], r["end"])
        for r in whole
        if r["basis"] == "of the year"
    }
    programmes = {
        str(r["programme"]) for r in facts.tables["matches"] if r.get("programme")
    }
    shared = "clusters" in years and all(
        years.get(p) == years["clusters"] for p in programmes
    )
    if shared or (len(programmes) < 2 and "clusters" in years):
        chosen = [r for r in whole if r["set"] == "clusters"]
        basis = "of the year"
    else:
        chosen = [r for r in whole if r["set"] != "clusters"]
        basis = "up to the year"
    chosen = [r for r in chosen if r["basis"] == basis]

    def size(row: Row) -> float:
        value = row.get("clusters_end")
        return float(value) if isinstance(value, (int, float)) else 0.0

    return max(chosen, key=size) if chosen else {}
