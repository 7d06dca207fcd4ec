"""The look-up of a region: its size, its specialisations, its strong clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.report import Lookup

if TYPE_CHECKING:
    from agglo.core.typing import IntArray
    from agglo.studies.concentration.facts import Facts

__all__ = ["region_lookup"]

_ROWS = 6


def region_lookup(facts: Facts) -> Lookup:
    """Embed the largest regions with what stands out in each.

    Parameters
    ----------
    facts
        What the stages left.

    Returns
    -------
    Lookup
        Search box over names and codes.
    """
    table = facts.regions
    order = np.argsort(-table.filled("employment"), kind="stable")
    order = order[: facts.options.lookup_regions]
    specialised = _by_region(facts)
    clusters = _clusters(facts)
    columns = {
        k: table.number(k)
        for k in ("employment", "share", "ksi", "ksi_chance", "n_hidden")
    }
    codes, names = table.text("region"), table.text("name")
    records = []
    for k in order:
        code = str(codes[k])
        shown = (
            facts.show(float(columns["employment"][k]), "count"),
            facts.show(float(columns["share"][k]), "share"),
            facts.say(
                "{ksi} (by chance {chance})",
                "{ksi}（随机水平 {chance}）",
                ksi=facts.show(float(columns["ksi"][k])),
                chance=facts.show(float(columns["ksi_chance"][k])),
            ),
            facts.show(float(columns["n_hidden"][k]), "count"),
            clusters.get(code, facts.say("none", "无")),
        )
        records.append((code, str(names[k]), shown, specialised.get(code, ())))
    n = facts.show(len(records), "count")
    return Lookup(
        name="regions",
        title=facts.say("{n} regions", "{n} 个地区", n=n),
        facts=(
            facts.say("Jobs shown", "已显示就业"),
            facts.say("Share of all", "占全部比例"),
            facts.say("Specialisation (Krugman)", "专业化（克鲁格曼）"),
            facts.say("Hidden cells", "未公布单元"),
            facts.say("Strong clusters", "强集群"),
        ),
        columns=(
            facts.say("Industry", "行业"),
            facts.say("Jobs", "就业"),
            facts.say("Location quotient", "区位商"),
            facts.say("Interval", "区间"),
            facts.say("Rank (interval)", "排名（区间）"),
        ),
        records=tuple(records),
    )


def _by_region(facts: Facts) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Give the largest quotients of every region, firm ones first."""
    cells = facts.cells
    region, industry = cells.text("region"), cells.text("industry")
    lower, lq = cells.filled("lq_lower"), cells.filled("lq")
    order = np.lexsort((-lq, -np.minimum(lower, lq), region))
    order = order[lq[order] > 1]
    start = np.flatnonzero(np.r_[True, region[order][1:] != region[order][:-1]])
    columns = {
        k: cells.number(k)
        for k in ("employment", "lq", "lq_lower", "lq_upper", "rank", "rank_lower")
    }
    columns["rank_upper"] = cells.number("rank_upper")
    out = {}
    for a, b in zip(start, [*start[1:], order.size], strict=True):
        rows: IntArray = order[a : min(b, a + _ROWS)]
        if rows.size:
            out[str(region[rows[0]])] = tuple(
                _row(
                    facts,
                    str(industry[k]),
                    {n: float(v[k]) for n, v in columns.items()},
                )
                for k in rows
            )
    return out


def _row(facts: Facts, industry: str, row: dict[str, float]) -> tuple[str, ...]:
    def span(name: str, kind: str) -> str:
        low, high = row[f"{name}_lower"], row[f"{name}_upper"]
        if not np.isfinite(low + high):
            return facts.show(np.nan)
        if kind == "count":
            return f"{facts.show(low, 'count')}–{facts.show(high, 'count')}"
        return f"{facts.show(low)}–{facts.show(high)}"

    rank = facts.show(row["rank"], "count")
    ends = span("rank", "count")
    return (
        facts.industry(industry),
        facts.show(row["employment"], "count"),
        facts.show(row["lq"]),
        span("lq", "number"),
        f"{rank} ({ends})",
    )


def _clusters(facts: Facts) -> dict[str, str]:
    table = facts.clusters
    strong = np.flatnonzero(table.number("strong") == 1)
    region, name = table.text("region"), table.text("cluster")
    p = table.number("p_strong")
    order = strong[np.argsort(-np.nan_to_num(p[strong]), kind="stable")]
    found: dict[str, list[str]] = {}
    for k in order:
        chance = f" ({facts.show(float(p[k]), 'share')})" if np.isfinite(p[k]) else ""
        found.setdefault(str(region[k]), []).append(f"{name[k]}{chance}")
    comma = facts.say("; ", "；")
    return {code: comma.join(names) for code, names in found.items()}
