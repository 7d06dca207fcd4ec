"""Tables of programmes and judgements: designations, belts, treatments, indicators."""

from __future__ import annotations

from agglo.core._schema_columns import (
    INDUSTRY,
    REGION,
    key_column,
    number_column,
    text_column,
)
from agglo.core._schema_types import TableSchema

__all__ = ["POLICY_TABLES"]

# designations and belts are matched with each other: what they share is written once
_CITY = key_column(
    "city", "City", "城市", "City or region it lies in.", "所在城市或地区。"
)
_INDUSTRY_LABEL = text_column(
    "industry_label",
    "Industry",
    "行业名称",
    "Industry as published.",
    "公布的行业名称。",
)
_CITY_WEIGHT = number_column(
    "weight",
    "share",
    "Weight",
    "权重",
    "Share of the city.",
    "城市份额。",
    maximum=1.0,
)

POLICY_TABLES: tuple[TableSchema, ...] = (
    TableSchema(
        name="priorities",
        title_en="Industries that regions have declared as their priorities.",
        title_zh="各地区宣布的优先发展产业。",
        key=("region", "industry"),
        columns=(
            REGION,
            INDUSTRY,
            text_column(
                "source",
                "Source",
                "来源",
                "Plan or strategy that names it.",
                "列出该产业的规划或战略。",
            ),
        ),
    ),
    TableSchema(
        name="designations",
        title_en="Clusters designated by a programme, with their cities.",
        title_zh="各类计划认定的集群及其城市。",
        key=("cluster", "city"),
        columns=(
            key_column(
                "cluster", "Cluster", "集群", "Designated cluster.", "认定的集群。"
            ),
            _CITY,
            text_column("programme", "Programme", "计划", "Programme.", "认定计划。"),
            text_column("period", "Year", "年份", "Year of designation.", "认定年份。"),
            _INDUSTRY_LABEL,
            _CITY_WEIGHT,
            text_column(
                "status",
                "Status",
                "状态",
                "How well it is documented.",
                "资料可靠程度。",
            ),
        ),
    ),
    TableSchema(
        name="belts",
        title_en="Industrial belts observed on line, with their cities.",
        title_zh="线上产业带及其城市。",
        key=("belt", "city"),
        columns=(
            key_column(
                "belt", "Belt", "产业带", "On-line industrial belt.", "线上产业带。"
            ),
            _CITY,
            text_column("platform", "Platform", "平台", "Platform.", "平台。"),
            text_column("period", "Year", "年份", "Year observed.", "观测年份。"),
            _INDUSTRY_LABEL,
            _CITY_WEIGHT,
            number_column(
                "size",
                "",
                "Size",
                "规模",
                "Sellers or turnover; null is unknown.",
                "卖家数或成交额；空值为未知。",
            ),
            text_column(
                "status",
                "Status",
                "状态",
                "How well it is documented.",
                "资料可靠程度。",
            ),
        ),
    ),
    TableSchema(
        name="match_decisions",
        title_en="What a person decided on pairs of cluster and belt.",
        title_zh="人工对集群与产业带配对的判断。",
        key=("cluster", "belt"),
        columns=(
            key_column("cluster", "Cluster", "集群", "Cluster.", "集群。"),
            key_column("belt", "Belt", "产业带", "Belt.", "产业带。"),
            text_column(
                "decision",
                "Decision",
                "判断",
                "Empty: none taken.",
                "空：未作判断。",
                allowed=("", "accept", "reject", "none", "similar", "identical"),
            ),
            text_column("reviewer", "Reviewer", "审核人", "Who.", "审核人。"),
        ),
    ),
    TableSchema(
        name="treatments",
        title_en="Which policy reached which region, and when.",
        title_zh="政策覆盖的地区和时间。",
        key=("policy", "region"),
        columns=(
            key_column(
                "policy", "Policy", "政策", "Policy or programme.", "政策或计划。"
            ),
            REGION,
            text_column(
                "start",
                "Start",
                "开始时期",
                "First treated period.",
                "开始实施的时期。",
            ),
            number_column(
                "intensity",
                "",
                "Intensity",
                "强度",
                "Dose, 1 when absent.",
                "强度，缺省为 1。",
            ),
        ),
    ),
    TableSchema(
        name="indicators",
        title_en="Indicators of units, with direction and pillar.",
        title_zh="各单元的指标、方向和维度。",
        key=("unit", "indicator", "period"),
        columns=(
            key_column(
                "unit", "Unit", "单元", "Region, cluster or firm.", "地区、集群或企业。"
            ),
            key_column("indicator", "Indicator", "指标", "Indicator.", "指标。"),
            text_column("period", "Period", "时期", "Period.", "时期。"),
            number_column(
                "value",
                "",
                "Value",
                "数值",
                "Value; null is missing.",
                "数值；空值为缺失。",
                minimum=None,
            ),
            text_column(
                "measure_unit", "Unit of measure", "计量单位", "Unit.", "计量单位。"
            ),
            text_column(
                "direction",
                "Direction",
                "方向",
                "Whether more is better.",
                "数值越大越好或越小越好。",
                allowed=("positive", "negative"),
            ),
            text_column(
                "pillar", "Pillar", "维度", "Pillar of the index.", "指数维度。"
            ),
        ),
    ),
    TableSchema(
        name="truth",
        title_en="Planted answers of generated data.",
        title_zh="生成数据中预设的真值。",
        key=("quantity", "item"),
        columns=(
            key_column("quantity", "Quantity", "量", "What was planted.", "预设的量。"),
            key_column("item", "Item", "对象", "What it concerns.", "所涉对象。"),
            number_column(
                "value",
                "",
                "Value",
                "数值",
                "Planted value.",
                "预设数值。",
                minimum=None,
            ),
            text_column("label", "Label", "标签", "Planted label.", "预设标签。"),
        ),
    ),
)
