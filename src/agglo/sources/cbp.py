"""US Census Bureau, County Business Patterns: employment by county or state and NAICS."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import Problem
from agglo.core.options import check_number
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
from agglo.sources.cells import Cells, parse_cells, row_problem
from agglo.sources.codes import (
    NAICS_SECTORS,
    SYSTEMS,
    naics_version,
    read_codes,
    us_county_version,
)
from agglo.sources.delimited import (
    Delimited,
    match_header,
    open_delimited,
    pick_columns,
)
from agglo.sources.suppression import CONFIDENTIAL, EMPLOYMENT_FLAGS, NOISE_FLAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.sources.results import SourceTable

__all__ = ["read_cbp"]

_ORIGIN = publication(
    "County Business Patterns",
    "US Census Bureau",
    "US government work, public domain",
    "U.S. Census Bureau, County Business Patterns, "
    "https://www.census.gov/programs-surveys/cbp.html",
)
_WHAT = "County Business Patterns"
_NEEDED = {"industry": ["naics"], "employment": ["emp"]}
_OPTIONAL = {
    "fips": ["fips", "geoid"],
    "state": ["fipstate"],
    "county": ["fipscty"],
    "establishments": ["est"],
    "payroll": ["ap", "payroll_kusd"],
    "size_flag": ["empflag"],
    "noise_flag": ["emp_nf"],
    "payroll_flag": ["ap_nf"],
    "legal_form": ["lfo"],
}
# lower and upper employment of one establishment of the class; "under 5" includes none
_SIZES: tuple[tuple[tuple[str, ...], float, float], ...] = (
    (("n<5", "n1_4"), 0, 4),
    (("n5_9",), 5, 9),
    (("n10_19",), 10, 19),
    (("n20_49",), 20, 49),
    (("n50_99",), 50, 99),
    (("n100_249",), 100, 249),
    (("n250_499",), 250, 499),
    (("n500_999",), 500, 999),
    (("n1000_1",), 1000, 1499),
    (("n1000_2",), 1500, 2499),
    (("n1000_3",), 2500, 4999),
    (("n1000_4",), 5000, np.inf),
)
_WITHHELD = ("D", "S", "N")


def read_cbp(
    paths: Paths,
    *,
    digits: int | None = None,
    period: str | None = None,
    region_version: str | None = None,
    industry_version: str | None = None,
) -> SourceTable:
    r"""Read County Business Patterns into the `activity` table.

    Takes the published files (``cbp21co.txt``, ``cbp21st.txt``, zipped or not, any year
    from 1998) and plain extracts with the columns ``fips, naics, emp, est, payroll_kusd``.

    Parameters
    ----------
    paths
        One file or several, one per year.
    digits
        NAICS level to keep: 2 to 6, or 0 for the total of all industries. Levels are
        nested, so only one is read. Default: the finest in the file.
    period
        Year, when the file name does not tell it.
    region_version, industry_version
        Version labels; found from codes and year when not given.

    Returns
    -------
    SourceTable
        ``activity``: employment (persons, week of 12 March), establishments, payroll
        (thousand US dollars). Withheld cells are null with flag ``c`` and the bounds
        that size class and flag imply. The column ``noise_flag`` keeps the Census mark
        of added noise (G under 2 %, H 2 to 5 %, J 5 % or more).

    Raises
    ------
    SourceError
        With every problem of every file.
    OptionError
        If `digits` is no NAICS level.

    Notes
    -----
    Since 2017 cells with fewer than three establishments are not published: an absent
    row is then suppressed or zero. A cell of an extract without flags that has
    establishments but neither employees nor payroll is impossible in the survey and is
    read as withheld. County 999 holds employment not assigned to a county.

    References
    ----------
    U.S. Census Bureau, County Business Patterns record layouts.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "cbp16co.txt"
    >>> _ = file.write_text(
    ...     "fipstate,fipscty,naics,empflag,emp_nf,emp,ap,est,n1_4,n5_9\n"
    ...     "01,001,311811,,G,40,900,5,3,2\n"
    ...     "01,003,311811,A,D,0,0,2,1,1\n"
    ... )
    >>> read_cbp(file).data["employment_upper"].to_pylist()
    [None, 13.0]
    """
    if digits is not None and digits != 0:
        digits = int(check_number("digits", digits, minimum=2, maximum=6, integer=True))
    findings = Findings()
    origins: list[tuple[str, str]] = []

    def one(path: Path, found: Findings) -> Part:
        sheet = open_delimited(path)
        origins.append(sheet.origin)
        found.notes += sheet.notes
        year = period or _year(path.name)
        if year is None:
            found.problems.append(_no_period(path.name))
            year = "0"
        return _read_file(
            sheet, digits, year, (region_version, industry_version), found
        )

    parts = each_file(as_paths(paths), one, findings, _WHAT)
    return assemble("activity", parts, _ORIGIN(origins), findings, what=_WHAT)


def _read_file(
    sheet: Delimited,
    digits: int | None,
    year: str,
    versions: tuple[str | None, str | None],
    findings: Findings,
) -> Part:
    names = pick_columns(sheet.header, _NEEDED, optional=_OPTIONAL, where=sheet.name)
    if "fips" not in names and "state" not in names:
        pick_columns(sheet.header, {"region": ["fips", "fipstate"]}, where=sheet.name)
    sizes = match_header(sheet.header, {a[0]: a for a, _, _ in _SIZES})
    text = sheet.read([*names.values(), *sizes.values()])
    total_rows = text.num_rows
    codes, level = _levels(text[names["industry"]])
    keep, chosen = _choose_level(level, digits, sheet.name, findings)
    if "legal_form" in names:
        keep &= np.asarray(pc.equal(text[names["legal_form"]], "-").to_numpy())
    rows = np.flatnonzero(keep) + 1
    text = text.filter(pa.array(keep)) if rows.size < total_rows else text
    industry = pa.chunked_array([codes.filter(pa.array(keep))])
    regions, region_label = _regions(text, names, sheet.name, findings)
    checked = read_codes(
        industry, SYSTEMS["naics"] if chosen else None, name="naics", where=sheet.name
    )
    findings.problems += checked.problems
    columns = _measures(text, names, sizes, sheet.name, findings)
    n = text.num_rows
    unique = pc.unique(checked.codes).to_pylist()
    county = region_label or us_county_version(set(pc.unique(regions).to_pylist()))
    label = versions[1] or naics_version(unique, int(year) if year.isdigit() else 0)
    data = pa.table(
        {
            "region": regions,
            "industry": checked.codes,
            "period": text_constant(year, n),
            **columns,
            "region_version": text_constant(versions[0] or county, n),
            "industry_version": text_constant(label, n),
        }
    )
    _note_coverage(data, names, sheet.name, findings)
    findings.renumber(rows)
    return Part(data=data, file=sheet.name, rows=rows)


def _levels(column: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.int64]]:
    """Strip the dashes of the published codes and count digits (0: all industries)."""
    encoded = pc.utf8_trim_whitespace(column).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = encoded.dictionary.to_pylist()
    clean, digits = [], []
    for word in words:
        code = word if word in NAICS_SECTORS else re.sub(r"[-/]+$", "", word)
        sector = NAICS_SECTORS.get(code)
        total = code == "" and word != ""
        clean.append("total" if total else sector or code)
        # an empty cell is no level: it stays in for the code check to find
        digits.append(0 if total else 2 if sector else len(code) or -1)
    index = np.asarray(encoded.indices.to_numpy(zero_copy_only=False))
    codes = pa.array(clean, pa.string()).take(pa.array(index))
    return codes, np.asarray(digits, dtype=np.int64)[index]


def _choose_level(
    level: NDArray[np.int64], digits: int | None, where: str, findings: Findings
) -> tuple[BoolArray, int]:
    present = sorted(set(level.tolist()))
    usable = [d for d in present if d in {0, 2, 3, 4, 5, 6}]
    chosen = digits if digits is not None else max(usable, default=6)
    # codes of no NAICS level stay in, so that the code check can name them
    keep = (level == chosen) | ~np.isin(level, [0, 2, 3, 4, 5, 6])
    if chosen not in present:
        findings.problems.append(
            Problem(
                code="level_not_found",
                what=f"there are no {chosen}-digit industries, only {usable} digits",
                where=where,
                column="naics",
                fix=f"choose digits from {usable}",
            )
        )
    elif not keep.all():
        left = [d for d in usable if d != chosen]
        findings.notes.append(
            Problem(
                code="level_chosen",
                what=f"kept {chosen}-digit industries; {int((~keep).sum()):,} rows of other "
                f"levels {left} hold the same employment again and were left out",
                where=where,
                fix="digits=... chooses another level",
            )
        )
    return keep, chosen


def _regions(
    text: pa.Table, names: dict[str, str], where: str, findings: Findings
) -> tuple[pa.ChunkedArray, str]:
    if "fips" in names:
        column, system = text[names["fips"]], "us_county"
    elif "county" in names:
        state, county = (
            pc.utf8_trim_whitespace(text[names[k]]) for k in ("state", "county")
        )
        short = pc.or_(
            pc.less(pc.utf8_length(state), 2), pc.less(pc.utf8_length(county), 3)
        )
        lost = np.asarray(short.to_numpy())
        if lost.any():
            what = "leading zeros put back in fipstate and fipscty"
            findings.repairs.append(
                row_problem(code="leading_zero", what=what, rows=lost, where=where)
            )
        column = pc.binary_join_element_wise(
            pc.utf8_lpad(state, 2, "0"), pc.utf8_lpad(county, 3, "0"), ""
        )
        system = "us_county"
    else:
        column, system = text[names["state"]], "us_state"
    read = read_codes(
        column, SYSTEMS[system], name=names.get("fips", "fipstate"), where=where
    )
    findings.repairs += read.repairs
    findings.problems += read.problems
    statewide = np.asarray(pc.ends_with(read.codes, "999").to_numpy())
    if system == "us_county" and statewide.any():
        what = "employment not assigned to a county (county code 999), kept as its own region"
        findings.notes.append(
            row_problem(code="statewide", what=what, rows=statewide, where=where)
        )
    return read.codes, "" if system == "us_county" else "us_state"


def _measures(
    text: pa.Table,
    names: dict[str, str],
    sizes: dict[str, str],
    where: str,
    findings: Findings,
) -> dict[str, pa.Array]:
    cells: dict[str, Cells] = {
        role: _numbers(text, names[role], where, findings)
        for role in ("employment", "establishments", "payroll")
        if role in names
    }
    employment = cells["employment"]
    values, status = employment.values.copy(), employment.status.copy()
    lower, upper = employment.lower.copy(), employment.upper.copy()
    noise = _words(text, names.get("noise_flag"))
    size_flag = _words(text, names.get("size_flag"))
    withheld = np.isin(noise, _WITHHELD) | (size_flag != "")
    if "noise_flag" not in names and "size_flag" not in names:
        withheld |= _impossible(cells, where, findings)
    status[withheld], values[withheld] = CONFIDENTIAL, np.nan
    for flag in sorted(set(size_flag[withheld].tolist()) & set(EMPLOYMENT_FLAGS)):
        hit = withheld & (size_flag == flag)
        lower[hit], upper[hit] = EMPLOYMENT_FLAGS[flag]
    hidden = status == CONFIDENTIAL
    _unknown_flags(
        "empflag", size_flag, (*EMPLOYMENT_FLAGS, *_WITHHELD), where, findings
    )
    _unknown_flags("emp_nf", noise, (*NOISE_FLAGS, *_WITHHELD), where, findings)
    if sizes and "establishments" in cells and hidden.any():
        total = cells["establishments"].values
        _tighten(text, sizes, total, hidden, lower, upper)
    lower = np.where(hidden & np.isnan(lower), 0.0, lower)
    columns = {"employment": _nullable(values)}
    for role in ("establishments", "payroll"):
        if role in cells:
            column = cells[role].values.copy()
            if role == "payroll":
                flags = _words(text, names.get("payroll_flag"))
                column[np.isin(flags, _WITHHELD) | withheld] = np.nan
            columns[role] = _nullable(column)
    columns["flag"] = pa.array(["", "m", "c"], pa.string()).take(pa.array(status))
    columns["employment_lower"] = _nullable(np.where(hidden, lower, np.nan))
    columns["employment_upper"] = _nullable(
        np.where(hidden & np.isfinite(upper), upper, np.nan)
    )
    if "noise_flag" in names:
        columns["noise_flag"] = pa.array(noise.tolist(), pa.string())
    return columns


def _numbers(text: pa.Table, name: str, where: str, findings: Findings) -> Cells:
    cells = parse_cells(text[name], name=name, where=where, suppression=True)
    findings.problems += cells.problems
    findings.notes += cells.notes
    return cells


def _words(text: pa.Table, name: str | None) -> NDArray[np.str_]:
    if name is None:
        return np.full(text.num_rows, "", dtype="<U1")
    encoded = pc.utf8_trim_whitespace(text[name]).combine_chunks().dictionary_encode()
    words = np.asarray(
        [w.upper() for w in encoded.dictionary.to_pylist()], dtype=np.str_
    )
    return words[encoded.indices.to_numpy(zero_copy_only=False)]


def _impossible(cells: dict[str, Cells], where: str, findings: Findings) -> BoolArray:
    if not {"establishments", "payroll"} <= set(cells):
        return np.zeros(cells["employment"].values.size, dtype=bool)
    mask = (
        (cells["employment"].values == 0)
        & (cells["payroll"].values == 0)
        & (cells["establishments"].values > 0)
    )
    if mask.any():
        what = "establishments with neither employees nor payroll: withheld cells written as 0"
        fix = "read as confidential, not as zero"
        findings.repairs.append(
            row_problem(
                code="suppressed_zero",
                what=what,
                rows=mask,
                where=where,
                column="emp",
                fix=fix,
            )
        )
    return mask


def _unknown_flags(
    name: str,
    flags: NDArray[np.str_],
    known: Sequence[str],
    where: str,
    findings: Findings,
) -> None:
    unknown = sorted(set(np.unique(flags).tolist()) - {"", *known})
    if unknown:
        what = f"column '{name}' holds unknown flags {unknown[:5]}"
        mask = np.isin(flags, unknown)
        fix = f"known flags are {', '.join(known)}"
        findings.problems.append(
            row_problem(
                code="not_allowed",
                what=what,
                rows=mask,
                where=where,
                column=name,
                fix=fix,
            )
        )


def _tighten(
    text: pa.Table,
    sizes: dict[str, str],
    total: FloatArray,
    hidden: BoolArray,
    lower: FloatArray,
    upper: FloatArray,
) -> None:
    """Narrow the bounds by the establishments per size class, which are published.

    Establishments of classes that are not published lie between the smallest and the
    largest of these classes.
    """
    low, high, counted = (np.zeros(hidden.size) for _ in range(3))
    open_low, open_high = np.full(hidden.size, np.inf), np.zeros(hidden.size)
    for aliases, smallest, largest in _SIZES:
        counts = np.full(hidden.size, np.nan)
        if aliases[0] in sizes:
            name = sizes[aliases[0]]
            counts = parse_cells(
                text[name], name=name, where="", suppression=True
            ).values
        known = ~np.isnan(counts)
        some = known & (counts > 0)
        counted[some] += counts[some]
        low[some] += counts[some] * smallest
        high[some] += counts[some] * largest
        open_low[~known] = np.minimum(open_low[~known], smallest)
        open_high[~known] = np.maximum(open_high[~known], largest)
    rest = total - counted
    some = rest > 0
    low[some] += rest[some] * open_low[some]
    high[some] += rest[some] * open_high[some]
    new_lower, new_upper = np.fmax(lower, low), np.fmin(upper, high)
    fits = hidden & (rest >= 0) & ~(new_lower > new_upper)
    lower[fits], upper[fits] = new_lower[fits], new_upper[fits]


def _nullable(values: FloatArray) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _note_coverage(
    data: pa.Table, names: dict[str, str], where: str, findings: Findings
) -> None:
    hidden = np.asarray(pc.equal(data["flag"], "c").to_numpy())
    if hidden.any():
        bounded = int(pc.count(data["employment_upper"]).as_py())
        what = f"withheld cells read as confidential, {bounded:,} of them with an upper bound"
        findings.notes.append(
            row_problem(code="confidential", what=what, rows=hidden, where=where)
        )
    if "size_flag" not in names:
        findings.notes.append(
            Problem(
                code="absent_not_zero",
                what="cells with fewer than three establishments are not published: "
                "an absent row is suppressed or zero",
                where=where,
                fix="state the margins when you measure: published totals or disclosed cells",
            )
        )


def _year(name: str) -> str | None:
    hit = re.search(r"cbp(\d{2})(?:co|st|us)", name.lower())
    if hit:
        short = int(hit.group(1))
        return str(1900 + short if short >= 80 else 2000 + short)
    years = set(re.findall(r"(?<!\d)((?:19|20)\d{2})(?!\d)", name))
    return years.pop() if len(years) == 1 else None


def _no_period(where: str) -> Problem:
    return Problem(
        code="unknown_period",
        what="the file name does not tell the year",
        where=where,
        fix="pass period=..., for example period='2021'",
    )
