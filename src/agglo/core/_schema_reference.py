"""Tables that say what codes mean: regions, industries, definitions, concordances."""

from __future__ import annotations

from agglo.core._schema_columns import (
    INDUSTRY,
    LAT,
    LON,
    NAME_EN,
    NAME_ZH,
    REGION_VERSION,
    key_column,
    number_column,
    text_column,
)
from agglo.core._schema_types import TableSchema

__all__ = ["REFERENCE_TABLES"]

REFERENCE_TABLES: tuple[TableSchema, ...] = (
    TableSchema(
        name="regions",
        title_en="Regions with their names, place in the hierarchy and position.",
        title_zh="地区的名称、层级和位置。",
        key=("region",),
        columns=(
            key_column("region", "Region", "地区", "Code of the region.", "地区代码。"),
            NAME_EN,
            NAME_ZH,
            text_column(
                "level", "Level", "层级", "Level, for example county.", "层级，例如县。"
            ),
            text_column(
                "parent",
                "Parent",
                "上级",
                "Region one level up.",
                "上一级地区。",
                role="attribute",
            ),
            LON,
            LAT,
            number_column(
                "area_km2",
                "km2",
                "Area",
                "面积",
                "Land area.",
                "土地面积。",
                role="attribute",
            ),
            number_column(
                "population",
                "persons",
                "Population",
                "人口",
                "Resident population.",
                "常住人口。",
                role="attribute",
            ),
            REGION_VERSION,
        ),
    ),
    TableSchema(
        name="industries",
        title_en="Industries with their names, classification and classes.",
        title_zh="行业的名称、分类和类别。",
        key=("industry",),
        columns=(
            key_column(
                "industry", "Industry", "行业", "Code of the industry.", "行业代码。"
            ),
            NAME_EN,
            NAME_ZH,
            text_column(
                "classification",
                "Classification",
                "分类体系",
                "Classification and version, for example naics_2017.",
                "分类体系及版本，例如 naics_2017。",
                role="version",
            ),
            text_column("level", "Level", "层级", "Level or digits.", "层级或位数。"),
            text_column(
                "parent", "Parent", "上级", "Industry one level up.", "上一级行业。"
            ),
            text_column(
                "technology_class",
                "Technology class",
                "技术类别",
                "Technology or knowledge intensity class.",
                "技术或知识密集度类别。",
            ),
            text_column(
                "factor_intensity",
                "Factor intensity",
                "要素密集度",
                "Labour, capital, resource or technology intensive.",
                "劳动、资本、资源或技术密集。",
            ),
        ),
    ),
    TableSchema(
        name="boundaries",
        title_en="Outlines that maps are drawn with, one row per ring, as the user supplied them.",
        title_zh="用户提供的地图边界，每行一个环。",
        key=("boundary", "polygon", "ring"),
        columns=(
            key_column("boundary", "Boundary", "边界", "Id of the area.", "区域标识。"),
            key_column(
                "polygon", "Polygon", "多边形", "Number of the polygon.", "多边形编号。"
            ),
            key_column(
                "ring",
                "Ring",
                "环",
                "Number of the ring; 1 is the outline, further ones are holes.",
                "环的编号；1 为外环，其余为孔。",
            ),
            text_column(
                "coordinates",
                "Coordinates",
                "坐标",
                "Longitude and latitude in degrees (WGS 84), point after point.",
                "经纬度（WGS 84，度），逐点排列。",
            ),
            text_column(
                "source",
                "Source",
                "来源",
                "Where the boundaries come from; shown on every map.",
                "边界来源；显示于每幅地图。",
            ),
            text_column(
                "approval_number",
                "Approval number",
                "审图号",
                "Map approval number (审图号) where one is needed.",
                "审图号（如需要）。",
            ),
            text_column(
                "licence",
                "Licence",
                "许可",
                "What may be done with them.",
                "使用许可。",
            ),
            text_column(
                "date",
                "Reference date",
                "参考日期",
                "Day or year that the boundaries show; shown on every map.",
                "边界所示的日期或年份；显示于每幅地图。",
            ),
        ),
    ),
    TableSchema(
        name="definitions",
        title_en="Benchmark cluster definitions: which industries form a cluster.",
        title_zh="基准集群定义：哪些行业组成集群。",
        key=("definition", "industry", "cluster"),
        columns=(
            text_column(
                "definition",
                "Definition",
                "定义",
                "Name and version of the set of definitions.",
                "定义集的名称和版本。",
                role="version",
            ),
            INDUSTRY,
            key_column(
                "cluster", "Cluster", "集群", "Name of the cluster.", "集群名称。"
            ),
            text_column(
                "kind",
                "Kind",
                "类型",
                "Whether the cluster sells beyond its region.",
                "集群是否面向区外市场。",
                allowed=("traded", "local"),
            ),
            number_column(
                "weight",
                "share",
                "Weight",
                "权重",
                "Share of the industry that belongs to the cluster.",
                "行业归属该集群的份额。",
                maximum=1.0,
            ),
        ),
    ),
    TableSchema(
        name="concordances",
        title_en="Weighted many-to-many mappings between code systems.",
        title_zh="代码体系之间的加权多对多对照。",
        key=("source_version", "target_version", "source", "target"),
        columns=(
            key_column(
                "source", "From", "原代码", "Code in the source system.", "原体系代码。"
            ),
            key_column(
                "target", "To", "新代码", "Code in the target system.", "目标体系代码。"
            ),
            number_column(
                "weight",
                "share",
                "Weight",
                "权重",
                "Share of the source that goes to the target.",
                "原代码分配到目标代码的份额。",
                maximum=1.0,
            ),
            key_column(
                "source_version",
                "Source version",
                "原版本",
                "Version of the source system.",
                "原体系版本。",
            ),
            key_column(
                "target_version",
                "Target version",
                "目标版本",
                "Version of the target system.",
                "目标体系版本。",
            ),
        ),
    ),
    TableSchema(
        name="labels",
        title_en="Industry labels as lists write them, and the nodes they stand for.",
        title_zh="名单中的行业名称及其对应的行业节点。",
        key=("label", "lang"),
        columns=(
            key_column("label", "Label", "名称", "Label as written.", "名单中的写法。"),
            key_column("lang", "Language", "语言", "zh or en.", "zh 或 en。"),
            text_column(
                "node_ids",
                "Nodes",
                "节点",
                "Industries of the tree, separated by semicolons.",
                "行业树中的节点，以分号分隔。",
            ),
            text_column(
                "confidence",
                "Confidence",
                "可信度",
                "How sure the assignment is.",
                "对应关系的可信程度。",
                allowed=("high", "medium", "low"),
            ),
            text_column(
                "reviewed",
                "Reviewed",
                "已审核",
                "yes once a person has looked at it.",
                "经人工审核后为 yes。",
            ),
        ),
    ),
    TableSchema(
        name="aliases",
        title_en="Other names of cities; one name may mean several.",
        title_zh="城市的其他名称；一个名称可对应多个城市。",
        key=("alias", "city"),
        columns=(
            key_column("alias", "Alias", "别名", "Other name.", "其他名称。"),
            key_column("city", "City", "城市", "City it can mean.", "可能所指的城市。"),
        ),
    ),
    TableSchema(
        name="node_links",
        title_en="Links between industries of a tree: input-output shares, relatedness.",
        title_zh="行业节点之间的联系：投入产出份额、相关度。",
        key=("node_a", "node_b", "kind"),
        columns=(
            key_column("node_a", "From", "节点甲", "Industry.", "行业。"),
            key_column("node_b", "To", "节点乙", "Industry.", "行业。"),
            text_column(
                "kind",
                "Kind",
                "类型",
                "What the weight is.",
                "权重的含义。",
                allowed=("io_share", "relatedness"),
            ),
            number_column(
                "weight",
                "",
                "Weight",
                "权重",
                "Strength of the link.",
                "联系强度。",
            ),
        ),
    ),
)
