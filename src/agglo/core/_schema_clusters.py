"""Tables about clusters themselves: members, ties, events, organisations, answers."""

from __future__ import annotations

from agglo.core._schema_columns import (
    EMPLOYMENT,
    LAT,
    LON,
    PERIOD,
    REGION_KEY,
    key_column,
    number_column,
    text_column,
)
from agglo.core._schema_types import TableSchema

__all__ = ["CLUSTER_TABLES"]

_CLUSTER = key_column(
    "cluster",
    "Cluster",
    "集群",
    "Identifier; * for firms of none.",
    "标识符；* 表示不属于任何集群。",
)

CLUSTER_TABLES: tuple[TableSchema, ...] = (
    TableSchema(
        name="cluster_panel",
        title_en="Size of sub-industries of clusters by region and period.",
        title_zh="各地区、时期集群细分行业的规模。",
        key=("region", "group", "industry", "period"),
        columns=(
            key_column("region", "Region", "地区", "Region.", "地区。"),
            key_column(
                "group", "Group", "行业组", "Cluster category.", "集群所属行业组。"
            ),
            key_column("industry", "Sub-industry", "细分行业", "Code.", "代码。"),
            PERIOD,
            EMPLOYMENT,
            number_column(
                "establishments",
                "establishments",
                "Establishments",
                "企业数",
                "Number of establishments.",
                "企业（产业活动单位）数量。",
            ),
            number_column(
                "payroll",
                "thousand currency units",
                "Payroll",
                "工资总额",
                "Annual payroll.",
                "全年工资总额。",
            ),
            number_column(
                "entries",
                "establishments",
                "Entries",
                "新进入企业数",
                "Establishments that entered in the period.",
                "本期新进入的企业（产业活动单位）数。",
            ),
            number_column(
                "exits",
                "establishments",
                "Exits",
                "退出企业数",
                "Establishments that closed in the period.",
                "本期退出的企业（产业活动单位）数。",
            ),
        ),
    ),
    TableSchema(
        name="industry_links",
        title_en="Relatedness of industries, by source.",
        title_zh="行业之间的相关度（按来源）。",
        key=("origin", "destination", "kind"),
        columns=(
            key_column("origin", "Industry", "行业", "Code.", "代码。"),
            key_column("destination", "Other industry", "另一行业", "Code.", "代码。"),
            text_column(
                "kind",
                "Source",
                "来源",
                "io, occupations, patents or colocation.",
                "投入产出、职业、专利或共址。",
            ),
            number_column(
                "value",
                "",
                "Relatedness",
                "相关度",
                "More is closer.",
                "数值越大越相关。",
                required=True,
                minimum=None,
            ),
        ),
    ),
    TableSchema(
        name="members",
        title_en="Firms and organisations that belong to clusters.",
        title_zh="集群的成员企业和机构。",
        key=("cluster", "member"),
        columns=(
            _CLUSTER,
            key_column("member", "Member", "成员", "Identifier.", "标识符。"),
            text_column(
                "region", "Region", "地区", "Region.", "所在地区。", ref=REGION_KEY
            ),
            text_column(
                "industry",
                "Industry",
                "行业",
                "Industry of the member, a code of industry_links.",
                "成员所属行业，industry_links 中的代码。",
            ),
            LON,
            LAT,
            number_column(
                "x_km",
                "km",
                "Easting",
                "东向坐标",
                "Planar.",
                "平面坐标。",
                minimum=None,
            ),
            number_column(
                "y_km",
                "km",
                "Northing",
                "北向坐标",
                "Planar.",
                "平面坐标。",
                minimum=None,
            ),
            EMPLOYMENT,
            text_column("size", "Size class", "规模类别", "Size class.", "规模类别。"),
            text_column(
                "role",
                "Role",
                "角色",
                "firm, champion, institute, park or body.",
                "企业、单项冠军、科研机构、园区或促进机构。",
            ),
        ),
    ),
    TableSchema(
        name="edges",
        title_en="Cooperation ties between members, or of members with others.",
        title_zh="成员之间及成员与外部的合作联系。",
        key=("origin", "destination", "kind", "period"),
        columns=(
            key_column("origin", "One end", "一端", "Member or other.", "成员或外部。"),
            key_column(
                "destination", "Other end", "另一端", "Member or other.", "成员或外部。"
            ),
            text_column(
                "kind",
                "Kind",
                "类型",
                "copatent, supply, project, ownership or association.",
                "合作专利、供应、项目、股权或协会。",
            ),
            PERIOD,
            number_column(
                "weight", "", "Weight", "权重", "1 when absent.", "缺省为 1。"
            ),
        ),
    ),
    TableSchema(
        name="events",
        title_en="Dated events that may have triggered a cluster.",
        title_zh="可能触发集群形成的事件。",
        key=("cluster", "period", "type"),
        columns=(
            _CLUSTER,
            PERIOD,
            text_column("type", "Type", "类型", "Kind of event.", "事件类型。"),
            text_column("description", "What", "说明", "What happened.", "事件说明。"),
            text_column("source", "Source", "来源", "Who says so.", "资料来源。"),
        ),
    ),
    TableSchema(
        name="answers",
        title_en="Questionnaire of cluster management: items scored 0 to 4.",
        title_zh="集群管理问卷：各项 0 至 4 分。",
        key=("cluster", "item", "period"),
        columns=(
            _CLUSTER,
            key_column("item", "Item", "题目", "Item.", "题目。"),
            PERIOD,
            number_column(
                "score", "points", "Score", "得分", "0 to 4.", "0 至 4。", maximum=4.0
            ),
            text_column(
                "respondent", "Respondent", "填报人", "Who answered.", "填报人。"
            ),
        ),
    ),
)
