"""The columns that several tables share, and short ways to write a column."""

from __future__ import annotations

from agglo.core._schema_types import Column, Role


def key_column(
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


def text_column(
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


def number_column(
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


REGION_KEY = ("regions", "region")
INDUSTRY_KEY = ("industries", "industry")

REGION = key_column(
    "region",
    "Region",
    "地区",
    "Code of the region, as text.",
    "地区代码，文本格式。",
    REGION_KEY,
)
INDUSTRY = key_column(
    "industry",
    "Industry",
    "行业",
    "Code of the industry, product, occupation or patent class, as text.",
    "行业、产品、职业或专利分类代码，文本格式。",
    INDUSTRY_KEY,
)
PERIOD = key_column(
    "period",
    "Period",
    "时期",
    "Year or other period, as text, for example 2021.",
    "年份或其他时期，文本格式，例如 2021。",
)
REGION_VERSION = text_column(
    "region_version",
    "Region version",
    "地区版本",
    "Issuer, level and year of the region codes, for example us_county_2017.",
    "地区代码的发布者、层级和年份，例如 us_county_2017。",
    role="version",
)
INDUSTRY_VERSION = text_column(
    "industry_version",
    "Industry version",
    "行业版本",
    "Classification, digits and year of the industry codes, for example naics_2017.",
    "行业代码的分类、位数和年份，例如 naics_2017。",
    role="version",
)
NAME_EN = text_column(
    "name_en", "Name", "英文名", "English name.", "英文名称。", role="label"
)
NAME_ZH = text_column(
    "name_zh", "Chinese name", "名称", "Chinese name.", "中文名称。", role="label"
)
FLAG = Column(
    name="flag",
    dtype="string",
    role="flag",
    label_en="Flag",
    label_zh="标记",
    description_en="c: confidential, m: missing, empty: known. Zero is an absent row.",
    description_zh="c：保密，m：缺失，空：已知。缺行表示零。",
    allowed=("", "c", "m"),
)
LON = number_column(
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
LAT = number_column(
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
EMPLOYMENT = number_column(
    "employment",
    "persons",
    "Employment",
    "就业人数",
    "Persons employed; null is missing or, with flag c, confidential.",
    "就业人数；空值为缺失，标记 c 时为保密。",
)
