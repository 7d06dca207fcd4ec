"""US Bureau of Labor Statistics, Quarterly Census of Employment and Wages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import Problem
from agglo.core.options import check_choice, check_number
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
from agglo.sources.cells import parse_cells, row_problem
from agglo.sources.codes import NAICS_SECTORS, naics_version, us_county_version
from agglo.sources.delimited import Delimited, open_delimited, pick_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.sources.results import SourceTable

__all__ = ["read_qcew"]

_ORIGIN = publication(
    "Quarterly Census of Employment and Wages",
    "US Bureau of Labor Statistics",
    "US government work, public domain",
    "U.S. Bureau of Labor Statistics, Quarterly Census of Employment and Wages, "
    "https://www.bls.gov/cew/",
)
_WHAT = "Quarterly Census of Employment and Wages"
_OWNERS = {
    "total": "0",
    "federal": "1",
    "state": "2",
    "local": "3",
    "private": "5",
}
_NEEDED = {
    "region": ["area_fips"],
    "owner": ["own_code"],
    "industry": ["industry_code"],
    "period": ["year"],
    "disclosure": ["disclosure_code"],
}
_ANNUAL = {"employment": ["annual_avg_emplvl"]}
_MONTHS = {f"month{i}": [f"month{i}_emplvl"] for i in (1, 2, 3)}
_OPTIONAL = {
    "establishments": ["annual_avg_estabs", "annual_avg_estabs_count", "qtrly_estabs"],
    "payroll": ["total_annual_wages", "total_qtrly_wages"],
    "quarter": ["qtr"],
    "size": ["size_code"],
    "published_lq": ["lq_annual_avg_emplvl", "lq_month3_emplvl"],
    "published_lq_establishments": ["lq_annual_avg_estabs", "lq_qtrly_estabs"],
    "published_lq_payroll": ["lq_total_annual_wages", "lq_total_qtrly_wages"],
}
_SUPERSECTORS = frozenset(
    {"101", "102", "1011", "1012", "1013", "1021", "1022", "1023", "1024", "1025"}
    | {"1026", "1027", "1028", "1029"}
)


def read_qcew(
    paths: Paths,
    *,
    owner: str = "private",
    digits: int | None = None,
    region_version: str | None = None,
    industry_version: str | None = None,
) -> SourceTable:
    r"""Read the Quarterly Census of Employment and Wages into the `activity` table.

    Takes the annual and quarterly single files, the files by area or industry, and
    extracts that keep the published column names.

    Parameters
    ----------
    paths
        One file or several.
    owner
        ``"private"``, ``"total"`` (all covered employment, published for the sum of
        industries only), ``"federal"``, ``"state"`` or ``"local"``.
    digits
        NAICS level to keep: 2 to 6, or 0 for the total of all industries. Default: the
        finest in the file.
    region_version, industry_version
        Version labels; found from codes and year when not given.

    Returns
    -------
    SourceTable
        ``activity``: employment (persons, annual average or mean of three months),
        establishments, payroll (thousand US dollars). Cells with disclosure code N are
        null with flag ``c``; their establishments are published and kept. The columns
        ``published_lq…`` hold the agency's own location quotients, base: total covered
        employment of area and nation.

    Raises
    ------
    SourceError
        With every problem of every file.
    OptionError
        If an option has no such value.

    Notes
    -----
    The agency writes 0 into suppressed cells; only the code N tells them from zeros.

    References
    ----------
    U.S. Bureau of Labor Statistics, QCEW NAICS-based data files, record layouts.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "2019.annual.csv"
    >>> _ = file.write_text(
    ...     "area_fips,own_code,industry_code,year,disclosure_code,annual_avg_emplvl\n"
    ...     "01000,5,311,2019,,30000\n02000,5,311,2019,N,0\n"
    ... )
    >>> read_qcew(file).data["employment"].to_pylist()
    [30000.0, None]
    """
    code = _OWNERS[check_choice("owner", owner, list(_OWNERS))]
    if digits is not None and digits != 0:
        digits = int(check_number("digits", digits, minimum=2, maximum=6, integer=True))
    findings = Findings()
    origins: list[tuple[str, str]] = []

    def one(path: Path, found: Findings) -> Part:
        sheet = open_delimited(path)
        origins.append(sheet.origin)
        found.notes += sheet.notes
        return _read_file(
            sheet, code, digits, (region_version, industry_version), found
        )

    parts = each_file(as_paths(paths), one, findings, _WHAT)
    return assemble("activity", parts, _ORIGIN(origins), findings, what=_WHAT)


def _read_file(
    sheet: Delimited,
    owner: str,
    digits: int | None,
    versions: tuple[str | None, str | None],
    findings: Findings,
) -> Part:
    quarterly = "month1_emplvl" in sheet.header
    needed = {**_NEEDED, **(_MONTHS if quarterly else _ANNUAL)}
    names = pick_columns(sheet.header, needed, optional=_OPTIONAL, where=sheet.name)
    text = sheet.read(list(names.values()))
    keep, rows = _choose(text, names, owner, digits, sheet.name, findings)
    text = text.filter(pa.array(keep))
    region = pc.utf8_trim_whitespace(text[names["region"]])
    lost = pc.and_(pc.equal(pc.utf8_length(region), 4), pc.string_is_ascii(region))
    if pc.any(lost).as_py():
        mask = np.asarray(lost.to_numpy())
        what = "leading zeros put back in area_fips"
        findings.repairs.append(
            row_problem(code="leading_zero", what=what, rows=mask, where=sheet.name)
        )
        region = pc.utf8_lpad(region, 5, "0")
    period = pc.utf8_trim_whitespace(text[names["period"]])
    if quarterly and "quarter" in names:
        quarter = pc.utf8_trim_whitespace(text[names["quarter"]])
        period = pc.binary_join_element_wise(period, quarter, "Q")
    industry = pc.utf8_trim_whitespace(text[names["industry"]])
    industry = pc.if_else(pc.equal(industry, "10"), "total", industry)
    n = text.num_rows
    years = sorted({p[:4] for p in pc.unique(period).to_pylist() if p})
    year = int(years[0]) if years and years[0].isdigit() else 0
    naics = versions[1] or naics_version(pc.unique(industry).to_pylist(), year)
    data = pa.table(
        {
            "region": region,
            "industry": industry,
            "period": period,
            **_measures(text, names, sheet.name, findings),
            "ownership": text_constant(owner, n),
            "region_version": text_constant(versions[0] or _region_version(region), n),
            "industry_version": text_constant(naics, n),
        }
    )
    findings.renumber(rows)
    return Part(data=data, file=sheet.name, rows=rows)


def _choose(
    text: pa.Table,
    names: dict[str, str],
    owner: str,
    digits: int | None,
    where: str,
    findings: Findings,
) -> tuple[BoolArray, NDArray[np.int64]]:
    owned = np.asarray(
        pc.equal(pc.utf8_trim_whitespace(text[names["owner"]]), owner).to_numpy()
    )
    level = _levels(text[names["industry"]])
    if "size" in names:
        owned &= np.asarray(
            pc.equal(pc.utf8_trim_whitespace(text[names["size"]]), "0").to_numpy()
        )
    usable = sorted(set(level[owned].tolist()) & {0, 2, 3, 4, 5, 6})
    chosen = digits if digits is not None else max(usable, default=-1)
    keep = owned & (level == chosen)
    if not keep.any():
        found = sorted(pc.unique(text[names["owner"]]).to_pylist())
        owners = [name for name, code in _OWNERS.items() if code in found]
        findings.problems.append(
            Problem(
                code="level_not_found",
                what=f"no rows with own_code {owner} and {digits} digits; "
                f"this owner has the levels {usable}",
                where=where,
                column="industry_code",
                fix=f"owners in the file: {owners}",
            )
        )
    left = int(keep.size - keep.sum())
    if keep.any() and left:
        findings.notes.append(
            Problem(
                code="level_chosen",
                what=f"kept {chosen}-digit industries of own_code {owner}; {left:,} rows of "
                "other owners and levels hold the same employment again and were left out",
                where=where,
                fix="owner=... and digits=... choose others",
            )
        )
    return keep, np.flatnonzero(keep) + 1


def _levels(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Digits of each code: 0 for the total, -1 for supersectors."""
    encoded = pc.utf8_trim_whitespace(column).combine_chunks().dictionary_encode()
    level = []
    for code in encoded.dictionary.to_pylist():
        if code == "10":
            level.append(0)
        elif code in _SUPERSECTORS:
            level.append(-1)
        else:
            level.append(2 if code in NAICS_SECTORS else len(code))
    index = encoded.indices.to_numpy(zero_copy_only=False)
    return np.asarray(level, dtype=np.int64)[index]


def _measures(
    text: pa.Table, names: dict[str, str], where: str, findings: Findings
) -> dict[str, pa.Array]:
    def numbers(role: str) -> FloatArray:
        cells = parse_cells(
            text[names[role]], name=names[role], where=where, suppression=True
        )
        findings.problems.extend(cells.problems)
        return cells.values

    mark = pc.utf8_upper(pc.utf8_trim_whitespace(text[names["disclosure"]]))
    hidden = np.asarray(pc.equal(mark, "N").to_numpy())
    other = np.asarray(pc.not_equal(mark, "").to_numpy()) & ~hidden
    if other.any():
        seen = sorted(set(pc.unique(mark).to_pylist()) - {"", "N"})[:5]
        what = f"column 'disclosure_code' holds {seen}"
        fix = "the agency writes N for suppressed and nothing for published cells"
        findings.problems.append(
            row_problem(code="not_allowed", what=what, rows=other, where=where, fix=fix)
        )
    months = [role for role in _MONTHS if role in names]
    if months:
        employment = np.mean([numbers(m) for m in months], axis=0)
    else:
        employment = numbers("employment")
    missing = np.isnan(employment) & ~hidden
    status = np.where(hidden, 2, np.where(missing, 1, 0))
    columns = {"employment": _nullable(employment, hidden)}
    if "establishments" in names:
        columns["establishments"] = _nullable(numbers("establishments"))
    if "payroll" in names:
        columns["payroll"] = _nullable(numbers("payroll") / 1000.0, hidden)
    columns["flag"] = pa.array(["", "m", "c"], pa.string()).take(pa.array(status))
    columns["employment_lower"] = _nullable(np.where(hidden, 0.0, np.nan))
    columns["employment_upper"] = _nullable(np.full(hidden.size, np.nan))
    for role in ("published_lq", "published_lq_establishments", "published_lq_payroll"):
        if role in names:
            establishments = role.endswith("establishments")
            columns[role] = _nullable(numbers(role), None if establishments else hidden)
    if hidden.any():
        what = "suppressed cells (disclosure code N, written as 0) read as confidential"
        findings.notes.append(
            row_problem(code="confidential", what=what, rows=hidden, where=where)
        )
    return columns


def _nullable(values: FloatArray, hidden: BoolArray | None = None) -> pa.Array:
    mask = np.isnan(values) if hidden is None else np.isnan(values) | hidden
    return pa.array(values, pa.float64(), mask=mask)


def _region_version(region: pa.ChunkedArray) -> str:
    codes = set(pc.unique(region).to_pylist())
    if all(c.endswith("000") for c in codes):
        return "us_state_fips5"
    return us_county_version(codes)
