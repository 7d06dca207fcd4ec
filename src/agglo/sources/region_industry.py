"""Region × industry tables of statistical offices, long or wide."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import Problem
from agglo.core.options import check_choice
from agglo.core.outliers import check_outliers
from agglo.sources.assemble import (
    Findings,
    Part,
    Paths,
    as_paths,
    assemble,
    each_file,
    publication,
)
from agglo.sources.cells import as_text, row_problem
from agglo.sources.codes import CodeSystem
from agglo.sources.delimited import match_header, pick_columns
from agglo.sources.mapping import MapSpec, code_system, map_file
from agglo.sources.presets import PRESETS, Preset
from agglo.sources.results import SourceTable
from agglo.sources.tabular import TableFile, open_table

if TYPE_CHECKING:
    from agglo.core.typing import IntArray

__all__ = ["read_region_industry"]

_PLAIN = Preset(
    title="Region × industry table",
    publisher="",
    licence="not stated",
    citation="",
    region=("region", "geo", "geography_code"),
    industry=("industry", "activity", "nace", "naics", "sic"),
    value=("employment", "value", "jobs", "count", "obs_value"),
    period=("period", "year", "time", "date"),
    flag=("flag", "obs_flag"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    preset: Preset
    measure: str
    period: str | None
    region_key: Mapping[str, str] | None
    key_origin: tuple[tuple[str, str], ...]
    rename: Mapping[str, str]
    on_unknown: str
    sheet: str | None
    encoding: str | None
    delimiter: str | None


def read_region_industry(
    paths: Paths,
    *,
    preset: str | None = None,
    region: str | None = None,
    industry: str | None = None,
    value: str | None = None,
    layout: str | None = None,
    ignore: Sequence[str] | None = None,
    measure: str = "employment",
    period: str | None = None,
    scale: float | None = None,
    empty: str | None = None,
    region_system: str | None = None,
    industry_system: str | None = None,
    region_version: str | None = None,
    industry_version: str | None = None,
    exclude_regions: Sequence[str] | None = None,
    region_key: str | Path | None = None,
    rename: Mapping[str, str] | None = None,
    on_unknown: str = "error",
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> SourceTable:
    r"""Read a region × industry table into `activity`.

    Use with a preset for a known layout, or name the columns; for any other table see
    `read_table`.

    Parameters
    ----------
    paths
        One file or several of the same layout.
    preset
        ``"uk_bres"``, ``"eurostat_sbs"``, ``"de_ba_occupation"``,
        ``"china_city_sector"``; what is given besides it wins over it.
    region, industry, value
        Columns; `value` and `industry` only in the long layout.
    layout
        ``"long"``: one row per cell; ``"wide"``: one column per industry, whose name
        becomes the code.
    ignore
        Columns of a wide table that are no industries.
    measure
        Column of `activity` that the numbers go to.
    period
        Column of periods, or the period itself if there is no such column.
    scale
        Factor to the measure's unit, for example 10000.
    empty
        What an empty cell means: ``"missing"`` or ``"confidential"``.
    region_system, industry_system
        Code systems, or a number of digits: then lost leading zeros are put back.
    region_version, industry_version
        Version labels.
    exclude_regions
        Regions to leave out, for example totals.
    region_key
        File with the names and codes of regions, for tables that carry names only.
    rename
        ``{name in the file: right name}``, applied before the key.
    on_unknown
        What happens to names that the key does not hold: ``"error"``, ``"keep"`` or
        ``"drop"``.
    sheet, encoding, delimiter
        As in `read_table`.

    Returns
    -------
    SourceTable
        ``activity``. With three periods or more, cells that look like lost decimal
        points are noted (see `check_outliers`), never changed.

    Raises
    ------
    SourceError
        With every problem of every file.
    OptionError
        If an option has no such value.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "wide.csv"
    >>> _ = file.write_text("city,year,C_manuf,J_finance\nX,2010,12.5,0.3\n")
    >>> got = read_region_industry(
    ...     file, layout="wide", region="city", period="year", scale=10000
    ... )
    >>> got.data["employment"].to_pylist()
    [125000.0, 3000.0]
    """
    base = _PLAIN
    if preset is not None:
        base = PRESETS[check_choice("preset", preset, list(PRESETS))]
    check_choice("on_unknown", on_unknown, ("error", "keep", "drop"))
    check_choice(
        "measure", measure, ("employment", "establishments", "value", "payroll")
    )
    if layout is not None:
        check_choice("layout", layout, ("long", "wide"))
    if empty is not None:
        check_choice("empty", empty, ("missing", "confidential"))
    given = {
        "region": (region,) if region else None,
        "industry": (industry,) if industry else None,
        "value": (value,) if value else None,
        "period": (period, *base.period) if period else None,
        "layout": layout,
        "ignore": tuple(ignore) if ignore is not None else None,
        "scale": scale,
        "empty": empty,
        "region_system": region_system,
        "industry_system": industry_system,
        "region_version": region_version,
        "industry_version": industry_version,
        "exclude_regions": frozenset(exclude_regions) if exclude_regions else None,
    }
    chosen = replace(base, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    key, key_origin = _read_key(region_key, chosen.key) if region_key else (None, ())
    request = _Request(
        preset=chosen,
        measure=measure,
        period=period,
        region_key=key,
        key_origin=key_origin,
        rename=rename or {},
        on_unknown=on_unknown,
        sheet=sheet,
        encoding=encoding,
        delimiter=delimiter,
    )
    return _read(as_paths(paths), request)


def _read(paths: Sequence[Path], request: _Request) -> SourceTable:
    preset = request.preset
    findings = Findings()
    origins: list[tuple[str, str]] = [*request.key_origin]

    def one(path: Path, found: Findings) -> Part:
        source = open_table(
            path,
            sheet=request.sheet,
            encoding=request.encoding,
            delimiter=request.delimiter,
        )
        origins.append(source.origin)
        part = (_wide if preset.layout == "wide" else _long)(source, request, found)
        return _recode(part, request, found)

    parts = each_file(paths, one, findings, preset.title)
    if preset.note:
        findings.notes.append(Problem(code="source_note", what=preset.note))
    origin = publication(
        preset.title, preset.publisher, preset.licence, preset.citation
    )
    out = assemble("activity", parts, origin(origins), findings, what=preset.title)
    odd = _outliers(out.data, request.measure, parts)
    return replace(out, notes=(*out.notes, *odd))


def _roles(source: TableFile, request: _Request) -> dict[str, str]:
    preset = request.preset
    wanted: dict[str, Sequence[str]] = {"region": preset.region}
    if preset.layout == "long":
        wanted |= {"industry": preset.industry, request.measure: preset.value}
    optional = {"period": preset.period, "flag": preset.flag}
    return pick_columns(source.header, wanted, optional=optional, where=source.name)


def _spec(
    source: TableFile, names: Mapping[str, str], request: _Request, findings: Findings
) -> MapSpec:
    preset = request.preset
    constants = {
        "region_version": preset.region_version,
        "industry_version": preset.industry_version,
    }
    constants = {k: v for k, v in constants.items() if v}
    if "period" not in names:
        label = request.period or _year_in(source.name)
        if not label:
            findings.problems.append(
                Problem(
                    code="unknown_period",
                    what="there is no column of periods",
                    where=source.name,
                    fix="pass period=..., a column or the period itself",
                )
            )
        constants["period"] = label or "unknown"
    filters = {
        hit: word
        for column, word in preset.filters.items()
        for hit in match_header(source.header, {"f": [column]}).values()
    }
    return MapSpec(
        table="activity",
        columns=names,
        constants=constants,
        systems=_systems(source, names, preset),
        filters=filters,
        exclude={"region": preset.exclude_regions} if preset.exclude_regions else {},
        blanks={"industry": preset.blank_industry} if preset.blank_industry else {},
        scale={request.measure: preset.scale},
        empty=preset.empty,
    )


def _systems(
    source: TableFile, names: Mapping[str, str], preset: Preset
) -> dict[str, CodeSystem]:
    systems: dict[str, CodeSystem] = {}
    if preset.region_system and preset.layout == "long":
        systems["region"] = code_system(preset.region_system)
    name = preset.industry_system
    if name and "industry" in names:
        if name in {"sic2007", "nace2"}:
            # these tables come at several levels: the longest code tells which one
            codes = pc.utf8_trim_whitespace(
                as_text(source.read([names["industry"]])[0])
            )
            longest = pc.max(pc.utf8_length(codes)).as_py() or 0
            plain = pc.all(pc.match_substring_regex(codes, r"^\d+$")).as_py()
            name = {("sic2007", 5): "sic2007_5", ("sic2007", 2): "sic2007_2"}.get(
                (name, longest), "nace2_2" if plain and longest == 2 else ""
            )
        if name:
            systems["industry"] = code_system(name)
    return systems


def _long(source: TableFile, request: _Request, findings: Findings) -> Part:
    names = _roles(source, request)
    return map_file(source, _spec(source, names, request, findings), findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A file whose columns are in memory, so that it can be read once per industry."""

    name: str
    header: tuple[str, ...]
    origin: tuple[str, str]
    table: pa.Table
    delimiter: str = ""
    notes: tuple[Problem, ...] = ()

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        return self.table.select(list(dict.fromkeys(columns or self.header)))


def _wide(source: TableFile, request: _Request, findings: Findings) -> Part:
    names = _roles(source, request)
    preset = request.preset
    taken = {*names.values(), *preset.ignore, ""}
    industries = [h for h in source.header if h not in taken]
    if not industries:
        findings.problems.append(
            Problem(
                code="missing_column",
                what="no column is left that could be an industry",
                where=source.name,
                fix="ignore=... names the columns that are none",
            )
        )
        findings.raise_if_any(preset.title)
    used = [*names.values(), *industries]
    held = _Held(
        name=source.name,
        header=tuple(used),
        origin=source.origin,
        table=source.read(used),
    )
    findings.notes += source.notes
    spec = _spec(held, names, request, findings)
    parts: list[Part] = []
    collected = Findings()
    for industry in industries:
        local = Findings()
        one = replace(
            spec,
            columns={**names, request.measure: industry},
            constants={**spec.constants, "industry": industry},
        )
        part = map_file(held, one, local)
        collected.problems += local.problems
        collected.repairs += local.repairs
        collected.notes += [
            replace(n, column=n.column or industry) for n in local.notes
        ]
        parts.append(part)
    _gather(collected, findings)
    rows: IntArray = parts[0].rows
    data = pa.concat_tables([p.data for p in parts])
    # the caller's row numbers count this part's rows: repeat the file's rows per industry
    return Part(data=data, file=source.name, rows=np.tile(rows, len(parts)))


def _gather(collected: Findings, findings: Findings) -> None:
    """Say once what holds in every column."""
    findings.problems += list(dict.fromkeys(collected.problems))
    findings.repairs += list(dict.fromkeys(collected.repairs))
    groups: dict[tuple[str, str], list[Problem]] = {}
    for note in collected.notes:
        groups.setdefault((note.code, note.what), []).append(note)
    for (code, what), notes in groups.items():
        if code == "excluded":
            findings.notes.append(notes[0])
            continue
        columns = ", ".join(f"{n.column} {n.n_rows}" for n in notes)
        findings.notes.append(
            replace(
                notes[0],
                what=f"{what} ({columns})",
                n_rows=sum(n.n_rows for n in notes),
                column="",
            )
        )


def _read_key(
    path: str | Path, columns: tuple[str, str]
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    file = open_table(path)
    name, code = columns
    wanted = {
        "name": [name, "name", "region_name", "name_zh"],
        "code": [code, "region", "code", "adcode", "fips"],
    }
    names = pick_columns(file.header, wanted, where=file.name)
    table = file.read(list(names.values()))
    key = dict(
        zip(
            as_text(table[names["name"]]).to_pylist(),
            as_text(table[names["code"]]).to_pylist(),
            strict=True,
        )
    )
    return key, (file.origin,)


def _recode(part: Part, request: _Request, findings: Findings) -> Part:
    key = request.region_key
    if key is None and not request.rename:
        return part
    found = Findings()
    names = part.data["region"].to_pylist()
    right = [request.rename.get(n, n) for n in names]
    if request.rename:
        changed = [a != b for a, b in zip(names, right, strict=True)]
        if any(changed):
            mask = pa.array(changed).to_numpy(zero_copy_only=False)
            seen = sorted({n for n, c in zip(names, changed, strict=True) if c})
            what = f"regions renamed as asked: {seen[:6]}"
            found.repairs.append(
                row_problem(code="renamed", what=what, rows=mask, where=part.file)
            )
    codes = right if key is None else [key.get(n, n) for n in right]
    data = _with_region(part.data, codes)
    unknown = pa.array([key is not None and n not in key for n in right]).to_numpy(
        zero_copy_only=False
    )
    if unknown.any():
        seen = sorted({n for n, u in zip(right, unknown, strict=True) if u})
        what = f"{len(seen)} regions are not in the key: {seen[:10]}"
        fix = "rename=... corrects names; on_unknown='keep' or 'drop' goes on without codes"
        problem = row_problem(
            code="unknown_code",
            what=what,
            rows=unknown,
            where=part.file,
            column="region",
            fix=fix,
        )
        (found.problems if request.on_unknown == "error" else found.notes).append(
            problem
        )
    found.renumber(part.rows)
    findings.take(found)
    if unknown.any() and request.on_unknown == "drop":
        keep = ~unknown
        return replace(part, data=data.filter(pa.array(keep)), rows=part.rows[keep])
    return replace(part, data=data)


def _with_region(data: pa.Table, codes: Sequence[str]) -> pa.Table:
    at = data.column_names.index("region")
    return data.set_column(at, "region", pa.array(codes, pa.string()))


def _outliers(
    data: pa.Table, measure: str, parts: Sequence[Part]
) -> tuple[Problem, ...]:
    where = ", ".join(p.file for p in parts[:2])
    found = check_outliers(data, by=("region", "industry"), value=measure, where=where)
    rows = np.concatenate([p.rows for p in parts])
    return tuple(replace(p, rows=(int(rows[p.rows[0] - 1]),)) for p in found)


def _year_in(name: str) -> str:
    years = set(re.findall(r"(?<!\d)((?:19|20)\d{2})(?!\d)", name))
    return years.pop() if len(years) == 1 else ""
