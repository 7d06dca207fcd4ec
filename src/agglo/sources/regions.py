"""Tables of regions and of industries: names, hierarchy, position."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.sources.assemble import (
    Findings,
    Part,
    Paths,
    as_paths,
    assemble,
    each_file,
    publication,
    text_constant,
)
from agglo.sources.codes import NAICS_SECTORS, us_county_version
from agglo.sources.delimited import pick_columns
from agglo.sources.mapping import MapSpec, code_system, map_file
from agglo.sources.tabular import open_table

if TYPE_CHECKING:
    from agglo.sources.results import SourceTable

__all__ = ["read_industries", "read_regions"]

_REGION = {"region": ["fips", "geoid", "adcode", "region", "nuts_id", "code", "id"]}
_REGION_MORE = {
    "name_en": ["name_en", "name", "county", "title", "area_title"],
    "name_zh": ["name_zh"],
    "level": ["level"],
    "parent": ["state_fips", "parent", "province_adcode"],
    "lon": ["lon", "longitude", "intptlong", "x"],
    "lat": ["lat", "latitude", "intptlat", "y"],
    "area_km2": ["area_km2"],
    "population": ["population", "pop"],
    "region_version": ["region_version"],
}
_INDUSTRY = {
    "industry": [
        "naics_2017_code",
        "naics_code",
        "industry_code",
        "industry",
        "node_id",
        "code",
        "naics",
    ],
}
_INDUSTRY_MORE = {
    "name_en": [
        "naics_2017_name",
        "naics_title",
        "industry_title",
        "name_en",
        "label_en",
        "name",
        "title",
    ],
    "name_zh": ["name_zh", "label_zh"],
    "parent": ["parent_id", "parent"],
    "level": ["level"],
    "technology_class": ["technology_class"],
    "factor_intensity": ["factor_intensity"],
}


def read_regions(
    paths: Paths,
    *,
    system: str | None = None,
    level: str | None = None,
    region_version: str | None = None,
    title: str = "Table of regions",
    publisher: str = "",
    licence: str = "not stated",
    citation: str = "",
) -> SourceTable:
    r"""Read a table of regions: code, name, parent, centroid, area, population.

    Parameters
    ----------
    paths
        One file or several; usual column names are known (``fips, name, state_fips,
        lon, lat, area_km2``; ``adcode, name_zh, …``).
    system
        Code system; ``"us_county"`` if the column is called fips.
    level
        Level of the regions when the file does not say it, for example ``"county"``.
    region_version
        Version label; found from the codes for US counties.
    title, publisher, licence, citation
        Where the table comes from.

    Returns
    -------
    SourceTable
        ``regions``; longitude and latitude in degrees, area in km².

    Raises
    ------
    SourceError
        With every problem of every file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "counties.csv"
    >>> _ = file.write_text("fips,name,lon,lat\n1001,Autauga,-86.6,32.5\n")
    >>> read_regions(file).data["lat"].to_pylist()
    [32.5]
    """
    findings = Findings()
    origins: list[tuple[str, str]] = []

    def one(path: Path, found: Findings) -> Part:
        source = open_table(path)
        origins.append(source.origin)
        names = pick_columns(
            source.header, _REGION, optional=_REGION_MORE, where=source.name
        )
        county = names["region"].lower() in {"fips", "geoid"}
        name = system or ("us_county" if county else None)
        constants = {}
        if "level" not in names and (level or county):
            constants["level"] = level or "county"
        spec = MapSpec(
            table="regions",
            columns=names,
            constants=constants,
            systems={"region": code_system(name)} if name else {},
        )
        part = map_file(source, spec, found)
        label = region_version
        if label is None and name == "us_county":
            label = us_county_version(part.data["region"].to_pylist())
        return _labelled(part, "region_version", label)

    parts = each_file(as_paths(paths), one, findings, title)
    origin = publication(title, publisher, licence, citation)
    return assemble("regions", parts, origin(origins), findings, what=title)


def read_industries(
    paths: Paths,
    *,
    classification: str | None = None,
    title: str = "Table of industries",
    publisher: str = "",
    licence: str = "not stated",
    citation: str = "",
) -> SourceTable:
    r"""Read a table of industries: code, name, level, parent.

    Parameters
    ----------
    paths
        One file or several; usual column names are known (``NAICS_2017_Code,
        NAICS_2017_Name``; ``industry_code, industry_title``; ``node_id, label_en, …``).
    classification
        Version label, for example ``"naics_2017"``; found from a NAICS column name.
    title, publisher, licence, citation
        Where the table comes from.

    Returns
    -------
    SourceTable
        ``industries``. For NAICS the sectors that span several codes get one code
        (``31-33``), the level is the number of digits and the parent one digit less.

    Raises
    ------
    SourceError
        With every problem of every file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "naics.csv"
    >>> _ = file.write_text("NAICS_2017_Code,NAICS_2017_Name\n31,Making\n311,Food\n")
    >>> read_industries(file).data["parent"].to_pylist()
    [None, '31-33']
    >>> len(read_industries(file).data)
    2
    """
    findings = Findings()
    origins: list[tuple[str, str]] = []

    def one(path: Path, found: Findings) -> Part:
        source = open_table(path)
        origins.append(source.origin)
        names = pick_columns(
            source.header, _INDUSTRY, optional=_INDUSTRY_MORE, where=source.name
        )
        spec = MapSpec(table="industries", columns=names)
        part = map_file(source, spec, found)
        label = classification
        column = names["industry"].lower()
        if label is None and column.startswith("naics"):
            year = "".join(c for c in column if c.isdigit())[:4]
            label = f"naics_{year}" if len(year) == 4 else "naics_2017"
        if label is not None and label.startswith("naics"):
            part = _naics_tree(part)
        return _labelled(part, "classification", label)

    parts = each_file(as_paths(paths), one, findings, title)
    origin = publication(title, publisher, licence, citation)
    return assemble("industries", parts, origin(origins), findings, what=title)


def _labelled(part: Part, column: str, label: str | None) -> Part:
    if label is None or column in part.data.column_names:
        return part
    data = part.data.append_column(column, text_constant(label, part.data.num_rows))
    return Part(data=data, file=part.file, rows=part.rows)


def _naics_tree(part: Part) -> Part:
    """Give the sectors their code and every industry its level and parent."""
    codes = [NAICS_SECTORS.get(c, c) for c in part.data["industry"].to_pylist()]
    seen: set[str] = set()
    keep = []
    for code in codes:
        keep.append(code not in seen or code not in NAICS_SECTORS)
        seen.add(code)
    at = part.data.column_names.index("industry")
    data = part.data.set_column(at, "industry", pa.array(codes, pa.string()))
    mask = pa.array(keep)
    data, rows = data.filter(mask), part.rows[mask.to_numpy(zero_copy_only=False)]
    for name in ("level", "parent"):
        if name in data.column_names:
            data = data.drop_columns([name])
    kept = data["industry"].to_pylist()
    digits = [2 if c in NAICS_SECTORS else len(c) for c in kept]
    parents = [_parent(c) if c[:1].isdigit() else None for c in kept]
    data = data.append_column("level", pa.array([str(d) for d in digits], pa.string()))
    data = data.append_column("parent", pa.array(parents, pa.string()))
    return Part(data=data, file=part.file, rows=rows)


def _parent(code: str) -> str | None:
    if code in NAICS_SECTORS or len(code) <= 2:
        return None
    shorter = code[:-1]
    return NAICS_SECTORS.get(shorter, shorter)
