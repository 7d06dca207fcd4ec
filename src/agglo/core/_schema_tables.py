"""The tables of the data model, as data."""

from __future__ import annotations

from agglo.core._schema_types import Column, Role, TableSchema

__all__ = ["TABLES"]


def _key(
    name: str, en: str, zh: str, den: str, dzh: str, ref: tuple[str, str] | None = None
) -> Column:
    return Column(
        name=name,
        dtype="string",
        role="key",
        label_en=en,
        label_zh=zh,
        description_en=den,
        description_zh=dzh,
        required=True,
        references=ref,
    )


def _text(
    name: str,
    en: str,
    zh: str,
    den: str,
    dzh: str,
    *,
    ref: tuple[str, str] | None = None,
    allowed: tuple[str, ...] = (),
    role: Role = "attribute",
) -> Column:
    return Column(
        name=name,
        dtype="string",
        role=role,
        label_en=en,
        label_zh=zh,
        description_en=den,
        description_zh=dzh,
        allowed=allowed,
        references=ref,
    )


def _number(
    name: str,
    unit: str,
    en: str,
    zh: str,
    den: str,
    dzh: str,
    *,
    required: bool = False,
    minimum: float | None = 0.0,
    maximum: float | None = None,
    role: Role = "measure",
) -> Column:
    return Column(
        name=name,
        dtype="float",
        role=role,
        unit=unit,
        label_en=en,
        label_zh=zh,
        description_en=den,
        description_zh=dzh,
        required=required,
        minimum=minimum,
        maximum=maximum,
    )


_REGION = ("regions", "region")
_INDUSTRY = ("industries", "industry")

_region = _key(
    "region",
    "Region",
    "地区",
    "Code of the region, as text.",
    "地区代码，文本格式。",
    _REGION,
)
_industry = _key(
    "industry",
    "Industry",
    "行业",
    "Code of the industry, product, occupation or patent class, as text.",
    "行业、产品、职业或专利分类代码，文本格式。",
    _INDUSTRY,
)
_period = _key(
    "period",
    "Period",
    "时期",
    "Year or other period, as text, for example 2021.",
    "年份或其他时期，文本格式，例如 2021。",
)
_region_version = _text(
    "region_version",
    "Region version",
    "地区版本",
    "Issuer, level and year of the region codes, for example us_county_2017.",
    "地区代码的发布者、层级和年份，例如 us_county_2017。",
    role="version",
)
_industry_version = _text(
    "industry_version",
    "Industry version",
    "行业版本",
    "Classification, digits and year of the industry codes, for example naics_2017.",
    "行业代码的分类、位数和年份，例如 naics_2017。",
    role="version",
)
_name_en = _text(
    "name_en", "Name", "英文名", "English name.", "英文名称。", role="label"
)
_name_zh = _text(
    "name_zh", "Chinese name", "名称", "Chinese name.", "中文名称。", role="label"
)
_flag = Column(
    name="flag",
    dtype="string",
    role="flag",
    label_en="Flag",
    label_zh="标记",
    description_en="c: confidential, m: missing, empty: known. Zero is an absent row.",
    description_zh="c：保密，m：缺失，空：已知。缺行表示零。",
    allowed=("", "c", "m"),
)
_lon = _number(
    "lon",
    "degree",
    "Longitude",
    "经度",
    "Longitude of the centroid, WGS 84.",
    "中心点经度，WGS 84。",
    minimum=-180.0,
    maximum=180.0,
    role="attribute",
)
_lat = _number(
    "lat",
    "degree",
    "Latitude",
    "纬度",
    "Latitude of the centroid, WGS 84.",
    "中心点纬度，WGS 84。",
    minimum=-90.0,
    maximum=90.0,
    role="attribute",
)
_employment = _number(
    "employment",
    "persons",
    "Employment",
    "就业人数",
    "Persons employed; null is missing or, with flag c, confidential.",
    "就业人数；空值为缺失，标记 c 时为保密。",
)

_MAPS = (
    TableSchema(
        name="regions",
        title_en="Regions with their names, place in the hierarchy and position.",
        title_zh="地区的名称、层级和位置。",
        key=("region",),
        columns=(
            _key("region", "Region", "地区", "Code of the region.", "地区代码。"),
            _name_en,
            _name_zh,
            _text(
                "level", "Level", "层级", "Level, for example county.", "层级，例如县。"
            ),
            _text(
                "parent",
                "Parent",
                "上级",
                "Region one level up.",
                "上一级地区。",
                role="attribute",
            ),
            _lon,
            _lat,
            _number(
                "area_km2",
                "km2",
                "Area",
                "面积",
                "Land area.",
                "土地面积。",
                role="attribute",
            ),
            _number(
                "population",
                "persons",
                "Population",
                "人口",
                "Resident population.",
                "常住人口。",
                role="attribute",
            ),
            _region_version,
        ),
    ),
    TableSchema(
        name="industries",
        title_en="Industries with their names, classification and classes.",
        title_zh="行业的名称、分类和类别。",
        key=("industry",),
        columns=(
            _key("industry", "Industry", "行业", "Code of the industry.", "行业代码。"),
            _name_en,
            _name_zh,
            _text(
                "classification",
                "Classification",
                "分类体系",
                "Classification and version, for example naics_2017.",
                "分类体系及版本，例如 naics_2017。",
                role="version",
            ),
            _text("level", "Level", "层级", "Level or digits.", "层级或位数。"),
            _text("parent", "Parent", "上级", "Industry one level up.", "上一级行业。"),
            _text(
                "technology_class",
                "Technology class",
                "技术类别",
                "Technology or knowledge intensity class.",
                "技术或知识密集度类别。",
            ),
            _text(
                "factor_intensity",
                "Factor intensity",
                "要素密集度",
                "Labour, capital, resource or technology intensive.",
                "劳动、资本、资源或技术密集。",
            ),
        ),
    ),
    TableSchema(
        name="definitions",
        title_en="Benchmark cluster definitions: which industries form a cluster.",
        title_zh="基准集群定义：哪些行业组成集群。",
        key=("definition", "industry", "cluster"),
        columns=(
            _text(
                "definition",
                "Definition",
                "定义",
                "Name and version of the set of definitions.",
                "定义集的名称和版本。",
                role="version",
            ),
            _industry,
            _key("cluster", "Cluster", "集群", "Name of the cluster.", "集群名称。"),
            _text(
                "kind",
                "Kind",
                "类型",
                "Whether the cluster sells beyond its region.",
                "集群是否面向区外市场。",
                allowed=("traded", "local"),
            ),
            _number(
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
            _key(
                "source", "From", "原代码", "Code in the source system.", "原体系代码。"
            ),
            _key(
                "target", "To", "新代码", "Code in the target system.", "目标体系代码。"
            ),
            _number(
                "weight",
                "share",
                "Weight",
                "权重",
                "Share of the source that goes to the target.",
                "原代码分配到目标代码的份额。",
                maximum=1.0,
            ),
            _key(
                "source_version",
                "Source version",
                "原版本",
                "Version of the source system.",
                "原体系版本。",
            ),
            _key(
                "target_version",
                "Target version",
                "目标版本",
                "Version of the target system.",
                "目标体系版本。",
            ),
        ),
    ),
)

_FACTS = (
    TableSchema(
        name="activity",
        title_en="Size of every industry in every region and period.",
        title_zh="各地区、行业、时期的规模。",
        key=("region_version", "industry_version", "region", "industry", "period"),
        columns=(
            _region,
            _industry,
            _period,
            _employment,
            _number(
                "establishments",
                "establishments",
                "Establishments",
                "企业数",
                "Number of establishments.",
                "企业（产业活动单位）数量。",
            ),
            _number(
                "value",
                "",
                "Value",
                "数值",
                "Another measure of size.",
                "其他规模指标。",
            ),
            _number(
                "payroll",
                "thousand currency units",
                "Payroll",
                "工资总额",
                "Annual payroll.",
                "全年工资总额。",
            ),
            _flag,
            _number(
                "employment_lower",
                "persons",
                "Lower bound",
                "下界",
                "Lower bound of a confidential employment.",
                "保密就业人数的下界。",
            ),
            _number(
                "employment_upper",
                "persons",
                "Upper bound",
                "上界",
                "Upper bound of a confidential employment.",
                "保密就业人数的上界。",
            ),
            _region_version,
            _industry_version,
        ),
    ),
    TableSchema(
        name="establishments",
        title_en="Establishments with their industry, place and size.",
        title_zh="企业的行业、位置和规模。",
        key=("establishment",),
        columns=(
            _key("establishment", "Establishment", "企业", "Identifier.", "标识符。"),
            _text("firm", "Firm", "公司", "Firm it belongs to.", "所属公司。"),
            _industry,
            _region,
            _lon,
            _lat,
            _number(
                "x_km",
                "km",
                "Easting",
                "东向坐标",
                "Planar.",
                "平面坐标。",
                minimum=None,
            ),
            _number(
                "y_km",
                "km",
                "Northing",
                "北向坐标",
                "Planar.",
                "平面坐标。",
                minimum=None,
            ),
            _employment,
            _text("opened", "Opened", "开业", "Period of opening.", "开业时期。"),
            _text("closed", "Closed", "关闭", "Period of closing.", "关闭时期。"),
            _flag,
        ),
    ),
    TableSchema(
        name="input_output",
        title_en="Flows between industries and what follows from them.",
        title_zh="行业间流量及其系数。",
        key=("io_version", "period", "seller", "buyer"),
        columns=(
            _key("seller", "Seller", "供给行业", "Industry that sells.", "供给行业。"),
            _key("buyer", "Buyer", "购买行业", "Industry that buys.", "购买行业。"),
            _period,
            _number(
                "value",
                "million currency units",
                "Flow",
                "流量",
                "Value of the flow.",
                "流量金额。",
                minimum=None,
            ),
            _number(
                "direct_requirement",
                "share",
                "Direct requirement",
                "直接消耗系数",
                "Input per unit of the buyer's output.",
                "单位产出的直接投入。",
                minimum=None,
            ),
            _number(
                "seller_share",
                "share",
                "Seller share",
                "供给份额",
                "Share of the seller's intermediate sales that go to the buyer.",
                "供给行业中间销售中售给该行业的份额。",
                minimum=None,
            ),
            _number(
                "buyer_share",
                "share",
                "Buyer share",
                "购买份额",
                "Share of the buyer's intermediate inputs that come from the seller.",
                "购买行业中间投入中来自该行业的份额。",
                minimum=None,
            ),
            _text(
                "io_version",
                "Table version",
                "表版本",
                "Publisher, detail and year.",
                "发布者、细分程度和年份。",
                role="version",
            ),
        ),
    ),
    TableSchema(
        name="links",
        title_en="Ties between places, in layers.",
        title_zh="地区之间的联系，分层。",
        key=("layer", "period", "origin", "destination", "industry"),
        columns=(
            _key(
                "layer",
                "Layer",
                "层",
                "branch, copatent, supply or other.",
                "分支、合作专利、供应等。",
            ),
            _period,
            _key(
                "origin", "Origin", "起点", "Region of origin.", "起点地区。", _REGION
            ),
            _key(
                "destination",
                "Destination",
                "终点",
                "Region of destination.",
                "终点地区。",
                _REGION,
            ),
            _text(
                "industry", "Industry", "行业", "Industry of the tie.", "联系的行业。"
            ),
            _number(
                "weight",
                "",
                "Weight",
                "权重",
                "Strength of the tie.",
                "联系强度。",
                required=True,
            ),
        ),
    ),
    TableSchema(
        name="patents",
        title_en="Patents by applicant.",
        title_zh="按申请人的专利。",
        key=("patent", "applicant"),
        columns=(
            _key("patent", "Patent", "专利", "Application number.", "申请号。"),
            _key("applicant", "Applicant", "申请人", "Applicant.", "申请人。"),
            _period,
            _text("class", "Class", "分类号", "Patent class.", "专利分类号。"),
            _text(
                "region",
                "Region",
                "地区",
                "Region of the applicant.",
                "申请人所在地区。",
                ref=_REGION,
            ),
            _text(
                "entity_type",
                "Entity",
                "主体类型",
                "firm, university, institute or person.",
                "企业、高校、科研机构或个人。",
            ),
            _number(
                "citations",
                "citations",
                "Citations",
                "被引次数",
                "Received.",
                "被引次数。",
            ),
        ),
    ),
    TableSchema(
        name="panel",
        title_en="Outcomes and covariates by region and period.",
        title_zh="各地区、时期的结果变量和协变量。",
        key=("region", "period"),
        columns=(_region, _period, _region_version),
    ),
)

_POLICY = (
    TableSchema(
        name="designations",
        title_en="Clusters designated by a programme, with their cities.",
        title_zh="各类计划认定的集群及其城市。",
        key=("cluster", "city"),
        columns=(
            _key("cluster", "Cluster", "集群", "Designated cluster.", "认定的集群。"),
            _key(
                "city", "City", "城市", "City or region it lies in.", "所在城市或地区。"
            ),
            _text("programme", "Programme", "计划", "Programme.", "认定计划。"),
            _text("period", "Year", "年份", "Year of designation.", "认定年份。"),
            _text(
                "industry_label",
                "Industry",
                "行业名称",
                "Industry as published.",
                "公布的行业名称。",
            ),
            _number(
                "weight",
                "share",
                "Weight",
                "权重",
                "Share of the city.",
                "城市份额。",
                maximum=1.0,
            ),
            _text(
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
            _key("belt", "Belt", "产业带", "On-line industrial belt.", "线上产业带。"),
            _key(
                "city", "City", "城市", "City or region it lies in.", "所在城市或地区。"
            ),
            _text("platform", "Platform", "平台", "Platform.", "平台。"),
            _text("period", "Year", "年份", "Year observed.", "观测年份。"),
            _text(
                "industry_label",
                "Industry",
                "行业名称",
                "Industry as published.",
                "公布的行业名称。",
            ),
            _number(
                "weight",
                "share",
                "Weight",
                "权重",
                "Share of the city.",
                "城市份额。",
                maximum=1.0,
            ),
        ),
    ),
    TableSchema(
        name="treatments",
        title_en="Which policy reached which region, and when.",
        title_zh="政策覆盖的地区和时间。",
        key=("policy", "region"),
        columns=(
            _key("policy", "Policy", "政策", "Policy or programme.", "政策或计划。"),
            _region,
            _text(
                "start",
                "Start",
                "开始时期",
                "First treated period.",
                "开始实施的时期。",
            ),
            _number(
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
            _key(
                "unit", "Unit", "单元", "Region, cluster or firm.", "地区、集群或企业。"
            ),
            _key("indicator", "Indicator", "指标", "Indicator.", "指标。"),
            _text("period", "Period", "时期", "Period.", "时期。"),
            _number(
                "value",
                "",
                "Value",
                "数值",
                "Value; null is missing.",
                "数值；空值为缺失。",
                minimum=None,
            ),
            _text("measure_unit", "Unit of measure", "计量单位", "Unit.", "计量单位。"),
            _text(
                "direction",
                "Direction",
                "方向",
                "Whether more is better.",
                "数值越大越好或越小越好。",
                allowed=("positive", "negative"),
            ),
            _text("pillar", "Pillar", "维度", "Pillar of the index.", "指数维度。"),
        ),
    ),
    TableSchema(
        name="truth",
        title_en="Planted answers of generated data.",
        title_zh="生成数据中预设的真值。",
        key=("quantity", "item"),
        columns=(
            _key("quantity", "Quantity", "量", "What was planted.", "预设的量。"),
            _key("item", "Item", "对象", "What it concerns.", "所涉对象。"),
            _number(
                "value",
                "",
                "Value",
                "数值",
                "Planted value.",
                "预设数值。",
                minimum=None,
            ),
            _text("label", "Label", "标签", "Planted label.", "预设标签。"),
        ),
    ),
)

TABLES: tuple[TableSchema, ...] = (*_MAPS, *_FACTS, *_POLICY)
