"""The page about designated clusters and on-line belts."""

from __future__ import annotations

from agglo.observatory.page import Page, Selector, Text, View
from agglo.observatory.pages.columns import columns

__all__ = ["DIGITAL"]

DIGITAL = Page(
    id="digital",
    question=Text("How digital are our clusters?", "集群数字化程度"),
    lead=Text(
        "Which designated clusters have an on-line belt of the same or a similar industry, "
        "and whether that is more than chance.",
        "哪些认定集群拥有相同或相近产业的线上产业带，以及是否超出偶然。",
    ),
    study="digital",
    selectors=(
        Selector(
            id="programme",
            label=Text("Programme", "计划"),
            table="digital.matches",
            column="programme",
        ),
    ),
    empty=Text(
        "No matching yet. It needs the tables designations, belts and regions: agglo "
        "import, then agglo run --study digital.",
        "尚无匹配结果。需要 designations、belts、regions 表：先 agglo import，再 agglo run "
        "--study digital。",
    ),
    views=(
        View(
            id="digital.nulls",
            title=Text("Rates beside what chance would give", "匹配率与随机期望"),
            table="digital.nulls",
            chart="dot",
            encode={"label": "statistic", "value": "observed", "group": "null"},
            columns=columns("null", "statistic", "observed", "expected", "ratio", "p_upper"),
            keep={"group": ""},
            uncertainty=Text(
                "5 to 95 % of the permutations in the table", "表中列出置换的 5%–95% 范围"
            ),
            method="matching-nulls",
        ),
        View(
            id="digital.flow",
            title=Text("From lists to matches", "从名录到匹配"),
            table="digital.sankey",
            chart="sankey",
            encode={"source": "source", "target": "target", "weight": "value"},
            uncertainty=Text("none: counts of the lists", "无：名录计数"),
            method="matching",
        ),
        View(
            id="digital.map",
            title=Text("Clusters and belts by city", "各城市的集群与产业带"),
            table="digital.city_counts",
            chart="map",
            encode={
                "lon": "lon", "lat": "lat", "value": "clusters", "label": "city",
                "size": "belts",
            },
            labels={"city": "regions"},
            order="-clusters",
            unit=Text("clusters", "集群数"),
            uncertainty=Text("none: counts of the lists", "无：名录计数"),
            method="digital-study",
            note=Text(
                "Colour: designated clusters. Size: on-line belts.",
                "颜色：认定集群数；大小：线上产业带数。",
            ),
        ),
        View(
            id="digital.matches",
            title=Text("Every match with its evidence", "每一匹配及其依据"),
            table="digital.matches",
            chart="table",
            columns=columns(
                "cluster", "programme", "label", "kind", "belt", "belt_label", "via", "city", "status"
            ),
            labels={"city": "regions"},
            filters={"programme": "programme"},
            uncertainty=Text(
                "status says which rows of the lists are unverified",
                "状态列标明未经核实的名录条目",
            ),
            method="matching",
        ),
        View(
            id="digital.unmatched",
            title=Text("Clusters without a match", "未匹配的集群"),
            table="digital.unmatched",
            chart="table",
            filters={"programme": "programme"},
            uncertainty=Text("none: a list", "无：清单"),
            method="matching",
        ),
    ),
)  # fmt: skip
