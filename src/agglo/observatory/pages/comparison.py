"""The page that compares two to ten regions, and what of it is chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from agglo.observatory.page import Page, Selector, Text, View
from agglo.observatory.pages.columns import columns
from agglo.observatory.pages.looks import INDUSTRIES, REFERENCE
from agglo.observatory.pages.places import (
    CELLS,
    EMPTY,
    IDENTITY,
    JOBS,
    LQ,
    LQ_INTERVAL,
    OWN_REGION,
    PEERS,
    QUOTIENT,
    WHOLE_COUNTRY,
)

__all__ = ["COMPARE"]

_CHOSEN = {"regions": "region"}
_BOTH: Mapping[str, Literal["regions", "industries"]] = {
    "region": "regions",
    "industry": "industries",
}

COMPARE = Page(
    id="compare",
    question=Text("How do we compare?", "我们与谁相比"),
    lead=Text(
        "How two to ten regions differ, which differences are real, and who is most alike.",
        "两到十个地区有何差异、哪些差异真实、谁最相似。",
    ),
    study="",
    selectors=(
        OWN_REGION,
        PEERS,
        Selector(
            id="regions",
            label=Text("Regions compared", "所比较的地区"),
            table=CELLS,
            column="region",
        ),
    ),
    empty=EMPTY,
    views=(
        View(
            id="compare.quotients",
            title=Text("The same industries side by side", "同一产业并列比较"),
            table=CELLS,
            chart="dot",
            encode={
                "label": "industry", "value": "lq", "lo": "lq_lower", "hi": "lq_upper",
                "group": "region",
            },
            columns=QUOTIENT,
            labels=_BOTH,
            filters=_CHOSEN,
            order="-lq",
            top=10,
            unit=LQ,
            reference=WHOLE_COUNTRY,
            uncertainty=LQ_INTERVAL,
            method="location-quotient",
            looks=(INDUSTRIES,),
            note=Text(
                "The strongest industries of the chosen region, and the others in them.",
                "所选地区最强的产业，以及其他地区在这些产业上的水平。",
            ),
        ),
        View(
            id="compare.differences",
            title=Text("Which differences are real", "哪些差异真实存在"),
            table=CELLS,
            chart="differences",
            encode={
                "label": "industry", "group": "region", "value": "lq", "lo": "lq_lower",
                "hi": "lq_upper",
            },
            columns=QUOTIENT,
            labels=_BOTH,
            filters=_CHOSEN,
            order="-lq",
            uncertainty=Text(
                "interval of the difference itself, adjusted for all pairs shown "
                "(Bonferroni)",
                "差异本身的区间，已对所示全部配对作 Bonferroni 校正",
            ),
            method="location-quotient",
            note=Text(
                "Differences of logarithms. At first the chosen region against every "
                "other; or all regions against one of them, or each against the "
                "geometric mean of the others.",
                "对数之差。起初为所选地区与各地区相比；也可令各地区与其中之一、或与其余地区的几何均值相比。",
            ),
            looks=(INDUSTRIES, REFERENCE),
        ),
        View(
            id="compare.similarity",
            title=Text("How alike they are, pair by pair", "两两相似程度"),
            table=CELLS,
            chart="similarity",
            encode={"label": "industry", "group": "region", "value": "share_of_region"},
            columns=QUOTIENT,
            labels=_BOTH,
            filters=_CHOSEN,
            order="-share_of_region",
            uncertainty=Text(
                "none: cosines of complete tables; hidden cells are left out",
                "无：完整表格的余弦；隐藏单元不计入",
            ),
            method="specialisation",
            note=Text(
                "Cosine of the shares of industries: 1 is the same structure, 0 has no "
                "industry in common.",
                "产业份额的余弦：1 为结构相同，0 为没有共同产业。",
            ),
        ),
        View(
            id="compare.peers",
            title=Text("Who is most alike", "谁最相似"),
            table="concentration.peers",
            chart="bar",
            encode={"label": "peer", "value": "distance"},
            columns=columns("region", "kind", "peer", "place", "distance"),
            labels={"region": "regions", "peer": "regions"},
            filters={"region": "region", "peers": "kind"},
            order="place",
            uncertainty=Text(
                "none: distances of complete tables; hidden cells are left out",
                "无：由完整表格计算的距离；隐藏单元不计入",
            ),
            method="specialisation",
            note=Text(
                "Size: difference of the logarithms of jobs. Structure: one minus the "
                "cosine of the shares of industries.",
                "规模：就业对数之差；结构：一减产业份额的余弦。",
            ),
        ),
        View(
            id="compare.specialisation",
            title=Text("Size and specialisation", "规模与专业化"),
            table="concentration.regions",
            chart="scatter",
            encode={"x": "employment", "y": "ksi", "label": "region"},
            columns=columns(
                "region", "employment", "ksi", "ksi_chance", "ksi_chance_upper",
                "entropy", "related_variety", "unrelated_variety", "status",
            ),
            labels={"region": "regions"},
            order="-employment",
            uncertainty=Text(
                "small regions are specialised by chance: compare with the chance columns",
                "小地区会因偶然显得专业化：请与随机期望列比较",
            ),
            method="specialisation",
        ),
        View(
            id="compare.change",
            title=Text("Jobs at the start and at the end", "期初与期末就业"),
            table="concentration.growth_regions",
            chart="slope",
            encode={"x": "start", "y": "end", "label": "region"},
            columns=columns(
                "region", "start", "end", "change", "national", "industry_mix", "regional"
            ),
            labels={"region": "regions"},
            filters=_CHOSEN,
            unit=JOBS,
            uncertainty=IDENTITY,
            method="shift-share",
        ),
        View(
            id="compare.growth",
            title=Text("Growth beyond country and industries", "超出全国与产业结构的增长"),
            table="concentration.growth_regions",
            chart="bar",
            encode={"label": "region", "value": "regional"},
            columns=columns(
                "region", "start", "end", "change", "national", "industry_mix", "regional"
            ),
            labels={"region": "regions"},
            order="-regional",
            top=20,
            unit=JOBS,
            uncertainty=IDENTITY,
            method="shift-share",
        ),
    ),
)  # fmt: skip
