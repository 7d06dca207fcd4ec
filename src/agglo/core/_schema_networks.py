"""Tables of ties between places: links, the events behind them, who owns whom."""

from __future__ import annotations

from agglo.core._schema_columns import (
    INDUSTRY_KEY,
    PERIOD,
    REGION_KEY,
    key_column,
    number_column,
    text_column,
)
from agglo.core._schema_types import Column, TableSchema

__all__ = ["NETWORK_TABLES"]

_LAYER = key_column(
    "layer",
    "Layer",
    "层",
    "branch, copatent, supply or other.",
    "分支、合作专利、供应等。",
)
_ORIGIN = key_column(
    "origin", "Origin", "起点", "Region of origin.", "起点地区。", REGION_KEY
)
_DESTINATION = key_column(
    "destination",
    "Destination",
    "终点",
    "Region of destination.",
    "终点地区。",
    REGION_KEY,
)
_CLASSES = (
    text_column(
        "origin_industry",
        "Origin industry",
        "起点行业",
        "Industry at the origin; null is unknown.",
        "起点行业；空值为未知。",
        ref=INDUSTRY_KEY,
    ),
    text_column(
        "origin_size",
        "Origin size",
        "起点规模",
        "Size class at the origin; null is unknown.",
        "起点企业规模类别；空值为未知。",
    ),
    text_column(
        "destination_industry",
        "Destination industry",
        "终点行业",
        "Industry at the destination; null is unknown.",
        "终点行业；空值为未知。",
        ref=INDUSTRY_KEY,
    ),
    text_column(
        "destination_size",
        "Destination size",
        "终点规模",
        "Size class at the destination; null is unknown.",
        "终点企业规模类别；空值为未知。",
    ),
)
_WEIGHT = number_column(
    "weight",
    "",
    "Weight",
    "权重",
    "Strength of the tie, above 0.",
    "联系强度，大于 0。",
    required=True,
)
_DIRECTED = Column(
    name="directed",
    dtype="boolean",
    role="attribute",
    label_en="Directed",
    label_zh="有向",
    description_en="Whether origin and destination differ in meaning; one per layer.",
    description_zh="起点与终点含义是否不同；每层一致。",
)

NETWORK_TABLES: tuple[TableSchema, ...] = (
    TableSchema(
        name="links",
        title_en="Ties between places, in layers.",
        title_zh="地区之间的联系，分层。",
        key=(
            "layer",
            "period",
            "origin",
            "origin_industry",
            "origin_size",
            "destination",
            "destination_industry",
            "destination_size",
        ),
        columns=(
            _LAYER,
            PERIOD,
            _ORIGIN,
            _DESTINATION,
            *_CLASSES,
            _WEIGHT,
            number_column(
                "pairs",
                "links",
                "Elementary links",
                "基本联系数",
                "Number of elementary links.",
                "基本联系数量。",
            ),
            number_column(
                "events",
                "events",
                "Events",
                "事件数",
                "Number of distinct branches or patents.",
                "不同分支机构或专利的数量。",
            ),
            _DIRECTED,
        ),
    ),
    TableSchema(
        name="link_events",
        title_en="Elementary ties: one row per link of a branch or a patent.",
        title_zh="基本联系：每个分支机构或专利的每条联系一行。",
        key=(),
        columns=(
            _LAYER,
            PERIOD,
            key_column(
                "event",
                "Event",
                "事件",
                "Branch or patent: the independent unit.",
                "分支机构或专利：独立单位。",
            ),
            _ORIGIN,
            _DESTINATION,
            *_CLASSES,
            _WEIGHT,
            number_column(
                "members",
                "applicants",
                "Members of the event",
                "事件成员数",
                "Located applicants of the patent; absent: as many as its links connect.",
                "专利中有地区信息的申请人数；缺省按联系数推算。",
            ),
            _DIRECTED,
        ),
    ),
    TableSchema(
        name="ownership",
        title_en="Which firm owns which, and how much of it.",
        title_zh="企业之间的股权关系。",
        key=("child", "parent", "from"),
        columns=(
            key_column("child", "Owned firm", "被投资企业", "Firm.", "企业。"),
            key_column("parent", "Owner", "股东企业", "Owning firm.", "股东企业。"),
            number_column(
                "share",
                "share",
                "Share",
                "持股比例",
                "Share held, 0 to 1; 1 when absent.",
                "持股比例，0 到 1；缺省为 1。",
                maximum=1.0,
            ),
            text_column("from", "From", "起始", "First period.", "起始时期。"),
            text_column("to", "To", "终止", "Last period.", "终止时期。"),
        ),
    ),
)
