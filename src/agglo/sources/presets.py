"""Layouts of region × industry tables that statistical offices publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How one published table is laid out, and where it comes from.

    Parameters
    ----------
    title, publisher, licence, citation
        Origin.
    region, industry, value, period, flag
        Names that the column may have; empty if the layout has none.
    layout
        ``"long"``: one row per cell; ``"wide"``: one column per industry.
    region_system, industry_system
        Code systems.
    region_version, industry_version
        Version labels.
    ignore
        Columns of a wide table that are no industries.
    scale
        Factor to persons.
    empty
        What an empty cell means.
    blank_industry
        Code for rows whose industry is empty, where that means "not stated".
    exclude_regions
        Rows that repeat others, for example country totals.
    filters
        ``{column: word}`` applied when the column is there.
    key
        Columns ``(name, code)`` of the key file, for tables that carry names only.
    note
        What to know about the numbers.
    """

    title: str
    publisher: str
    licence: str
    citation: str
    region: tuple[str, ...]
    industry: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    period: tuple[str, ...] = ()
    flag: tuple[str, ...] = ()
    layout: str = "long"
    region_system: str = ""
    industry_system: str = ""
    region_version: str = ""
    industry_version: str = ""
    ignore: tuple[str, ...] = ()
    scale: float = 1.0
    empty: str = "missing"
    blank_industry: str = ""
    exclude_regions: frozenset[str] = frozenset()
    filters: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, str] = ("", "")
    note: str = ""


# countries that are divided into NUTS 2 regions: their rows repeat the regions' people.
# Estonia, Cyprus, Latvia, Lithuania, Luxembourg and Malta are NUTS 2 regions themselves.
_DIVIDED = frozenset(
    {
        "Belgium",
        "Bulgaria",
        "Czech Republic",
        "Czechia",
        "Denmark",
        "Germany",
        "Ireland",
        "Greece",
        "Spain",
        "France",
        "Croatia",
        "Italy",
        "Hungary",
        "Netherlands",
        "Austria",
        "Poland",
        "Portugal",
        "Romania",
        "Slovenia",
        "Slovakia",
        "Finland",
        "Sweden",
        "United Kingdom",
        "Norway",
    }
)

PRESETS: Mapping[str, Preset] = {
    "uk_bres": Preset(
        title="Business Register and Employment Survey",
        publisher="Office for National Statistics (Nomis)",
        licence="Open Government Licence v3.0",
        citation="Office for National Statistics, Business Register and Employment Survey, "
        "via Nomis, https://www.nomisweb.co.uk",
        region=("GEOGRAPHY_CODE",),
        industry=("INDUSTRY_CODE",),
        value=("COUNT", "OBS_VALUE"),
        period=("DATE", "DATE_NAME"),
        industry_system="sic2007",
        region_version="itl2_2021",
        industry_version="uk_sic_2007",
        note="published figures are rounded; 0 means fewer than the rounding base",
    ),
    "eurostat_sbs": Preset(
        title="Structural business statistics by NUTS 2 region and NACE Rev. 2",
        publisher="Eurostat",
        licence="Eurostat reuse policy (CC BY 4.0)",
        citation="Eurostat, SBS data by NUTS 2 regions and NACE Rev. 2 (sbs_r_nuts06_r2)",
        region=("region", "geo"),
        industry=("nace2", "nace_r2"),
        value=("employment", "OBS_VALUE", "values"),
        period=("year", "TIME_PERIOD", "time"),
        flag=("OBS_FLAG",),
        industry_system="nace2",
        region_version="nuts2_2013",
        industry_version="nace_rev2",
        exclude_regions=_DIVIDED,
        filters={"indic_sb": "V16110"},
        note="country rows of divided countries are left out: they repeat their regions",
    ),
    "de_ba_occupation": Preset(
        title="Employees by district and occupation group",
        publisher="Statistik der Bundesagentur für Arbeit",
        licence="reuse with the source named: Statistik der Bundesagentur für Arbeit",
        citation="Statistik der Bundesagentur für Arbeit, "
        "sozialversicherungspflichtig Beschäftigte nach Kreisen und Berufsgruppen",
        region=("region", "kreis", "ags"),
        industry=("occupational_group", "kldb3", "berufsgruppe"),
        value=("n", "employees"),
        period=("year", "jahr"),
        region_system="ags5",
        industry_system="kldb2010_3",
        region_version="de_kreis_recent",
        industry_version="kldb_2010",
        empty="confidential",
        blank_industry="not_stated",
        note="the activities are occupations, not industries; status of 30 June",
    ),
    "china_city_sector": Preset(
        title="Persons employed in urban units by prefecture-level city and sector",
        publisher="National Bureau of Statistics of China (city yearbook)",
        licence="none stated: local use only",
        citation="China City Statistical Yearbook, as transcribed by the file's compiler",
        region=("city_cn", "city_zh", "city"),
        period=("year",),
        layout="wide",
        ignore=("city_en", "pop", "emp_units", "province"),
        region_version="cn_prefecture",
        industry_version="cn_sector19",
        scale=10_000.0,
        key=("city_zh", "adcode"),
        note="unit converted from 10,000 persons; urban units of the whole city",
    ),
}
"""Layouts by name."""
