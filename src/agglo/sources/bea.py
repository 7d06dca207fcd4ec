"""US Bureau of Economic Analysis: supply and use tables, gross output, NAICS crosswalk."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import Problem
from agglo.core.options import check_choice
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
from agglo.sources.cells import parse_cells
from agglo.sources.delimited import Delimited, match_header, open_delimited

if TYPE_CHECKING:
    from pathlib import Path

    from agglo.core.typing import FloatArray
    from agglo.sources.results import SourceTable

__all__ = ["read_bea_io"]

_ORIGIN = publication(
    "Input-Output Accounts, supply and use tables, detail level",
    "US Bureau of Economic Analysis",
    "US government work, public domain",
    "U.S. Bureau of Economic Analysis, Input-Output Accounts Data, "
    "https://www.bea.gov/industry/input-output-accounts-data",
)
_WHAT = "BEA input-output tables"
_KINDS = ("commodity_by_industry", "industry_by_industry")
_CROSSWALK = {
    "bea": ["BEA_2017_Detail_Code", "BEA_2012_Detail_Code", "BEA_Detail_Code"],
    "naics": ["NAICS_2017_Code", "NAICS_2012_Code", "NAICS_Code"],
}
_FINAL = re.compile(r"^[FV]\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matrix:
    """A labelled sheet of numbers."""

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: FloatArray

    def row(self, label: str) -> FloatArray:
        return self.values[self.rows.index(label)]

    def column(self, label: str) -> FloatArray:
        return self.values[:, self.columns.index(label)]


@dataclass(slots=True)
class _Sheets:
    use: _Matrix | None = None
    supply: _Matrix | None = None
    output: _Matrix | None = None
    crosswalk: pa.Table | None = None
    crosswalk_version: str = ""
    origins: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flows:
    sellers: tuple[str, ...]
    buyers: tuple[str, ...]
    values: FloatArray
    inputs: FloatArray
    output: FloatArray


def read_bea_io(
    paths: Paths, *, kind: str | None = None, period: str | None = None
) -> tuple[SourceTable, ...]:
    r"""Read supply and use tables into `input_output`, and the crosswalk to NAICS.

    Files are told apart by what they hold: the use table (columns up to ``T001``), the
    supply table (columns up to ``T007``), gross output (one column per year), the
    crosswalk (``BEA_…_Detail_Code``, ``NAICS_…_Code``). The use table is needed, or the
    crosswalk alone.

    Parameters
    ----------
    paths
        One file or several.
    kind
        ``"commodity_by_industry"``: sellers are commodities, as published.
        ``"industry_by_industry"``: sellers are industries; every commodity is assigned
        to the industries that make it, by their market shares (industry-technology
        assumption), which needs the supply table. Default: the latter if there is a
        supply table.
    period
        Year, when the file name does not tell it.

    Returns
    -------
    tuple of SourceTable
        ``input_output`` with value (million US dollars), direct requirement (input per
        dollar of the buyer's output), seller share and buyer share; ``concordances``
        from NAICS to BEA detail if there is a crosswalk. Zero flows are absent rows.

    Raises
    ------
    SourceError
        With every problem of every file; ``identity_broken`` if the columns of the use
        table do not add up to its own totals.
    OptionError
        If `kind` is no such kind.

    Notes
    -----
    With use :math:`U`, output :math:`x`, make :math:`V` and commodity output :math:`q`:
    :math:`A = U\hat{x}^{-1}`, by industry :math:`A = V\hat{q}^{-1}U\hat{x}^{-1}`. The
    use table is at purchasers' prices and includes imports. Commodities that no domestic
    industry makes (non-comparable imports) have no seller by industry: buyer shares then
    add up to less than one, and the amount is noted. A NAICS code that belongs to several
    BEA industries is split by their output, equally without a use table.

    References
    ----------
    Miller and Blair (2009), Input-Output Analysis, chapter 5, 10.1017/CBO9780511626982.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "use_2017.csv"
    >>> _ = file.write_text(",A,B,T001\nA,1,2,3\nB,3,0,3\nT005,4,2,6\nT018,8,4,12\n")
    >>> read_bea_io(file)[0].data["direct_requirement"].to_pylist()
    [0.125, 0.5, 0.375]
    """
    if kind is not None:
        check_choice("kind", kind, _KINDS)
    findings = Findings()
    sheets = _Sheets()
    years: set[str] = set()

    def one(path: Path, found: Findings) -> Part:
        sheet = open_delimited(path)
        sheets.origins.append(sheet.origin)
        _load(sheet, sheets, found)
        years.update(re.findall(r"(?<!\d)((?:19|20)\d{2})(?!\d)", sheet.name))
        return Part(data=pa.table({}), file=sheet.name, rows=np.zeros(0, np.int64))

    each_file(as_paths(paths), one, findings, _WHAT)
    findings.raise_if_any(_WHAT)
    tables: list[SourceTable] = []
    if sheets.use is not None:
        year = period or (years.pop() if len(years) == 1 else "")
        if not year:
            findings.problems.append(_no_period(sheets.use.name, years))
        tables.append(_input_output(sheets, kind, year, findings))
    if sheets.crosswalk is not None:
        tables.append(_concordance(sheets))
    if not tables:
        findings.problems.append(
            Problem(
                code="missing_file",
                what="none of the files is a use table or a crosswalk",
                where=", ".join(name for name, _ in sheets.origins),
                fix="add the use table (columns up to T001, rows up to T005 and T018)",
            )
        )
        findings.raise_if_any(_WHAT)
    return tuple(tables)


def _load(sheet: Delimited, sheets: _Sheets, findings: Findings) -> None:
    header = sheet.header
    found = match_header(header, _CROSSWALK)
    if len(found) == 2:
        text = sheet.read([found["bea"], found["naics"]])
        sheets.crosswalk = text.rename_columns(["bea", "naics"])
        year = re.search(r"\d{4}", found["naics"])
        sheets.crosswalk_version = year.group() if year else "2017"
    elif "T001" in header:
        sheets.use = _matrix(sheet, findings)
    elif "T007" in header:
        sheets.supply = _matrix(sheet, findings)
    elif len(header) > 1 and all(re.fullmatch(r"\d{4}", h) for h in header[1:]):
        sheets.output = _matrix(sheet, findings)
    else:
        findings.problems.append(
            Problem(
                code="unknown_layout",
                what="this is no use, supply or gross output table and no crosswalk",
                where=sheet.name,
                fix="the use table has a column T001, the supply table T007",
            )
        )


def _matrix(sheet: Delimited, findings: Findings) -> _Matrix:
    text = sheet.read()
    values = np.empty((text.num_rows, len(sheet.header) - 1))
    for j, name in enumerate(sheet.header[1:]):
        cells = parse_cells(text[name], name=name, where=sheet.name)
        findings.problems.extend(cells.problems)
        values[:, j] = np.nan_to_num(cells.values, nan=0.0)
    rows = tuple(pc.utf8_trim_whitespace(text[sheet.header[0]]).to_pylist())
    twice = sorted({r for r in rows if rows.count(r) > 1})
    if twice:
        what = f"row codes stand twice: {twice[:5]}"
        fix = "keep one row per code"
        findings.problems.append(
            Problem(code="duplicate_key", what=what, where=sheet.name, fix=fix)
        )
    return _Matrix(name=sheet.name, rows=rows, columns=sheet.header[1:], values=values)


def _input_output(
    sheets: _Sheets, kind: str | None, year: str, findings: Findings
) -> SourceTable:
    use, supply = sheets.use, sheets.supply
    assert use is not None  # noqa: S101  (the caller has looked)
    needed = [r for r in ("T005", "T018") if r not in use.rows]
    for row in needed:
        findings.problems.append(
            Problem(
                code="missing_row",
                what=f"the use table has no row {row}",
                where=use.name,
                fix="T005 is total intermediate inputs, T018 industry output",
            )
        )
    if kind == "industry_by_industry" and supply is None:
        findings.problems.append(
            Problem(
                code="missing_file",
                what="industry_by_industry needs the supply table",
                where=use.name,
                fix="add the supply table, or choose kind='commodity_by_industry'",
            )
        )
    findings.raise_if_any(_WHAT)
    flows = _commodity_flows(use, findings)
    if supply is not None and kind != "commodity_by_industry":
        flows = _industry_flows(flows, supply, findings)
    label = "industry" if flows.sellers == flows.buyers else "commodity"
    _compare_output(flows, sheets.output, year, findings)
    n_bad = int((flows.values < 0).sum())
    if n_bad:
        what = f"{n_bad} flows are negative as published and kept"
        findings.notes.append(Problem(code="negative_flow", what=what, where=use.name))
    data = _long(flows, year, f"bea_detail_{year}_{label}")
    part = Part(data=data, file=use.name, rows=np.arange(1, data.num_rows + 1))
    return assemble(
        "input_output", [part], _ORIGIN(sheets.origins), findings, what=_WHAT
    )


def _commodity_flows(use: _Matrix, findings: Findings) -> _Flows:
    n_rows, n_columns = use.rows.index("T005"), use.columns.index("T001")
    values = use.values[:n_rows, :n_columns]
    inputs = use.row("T005")[:n_columns]
    gap = np.abs(values.sum(axis=0) - inputs)
    # published cells are rounded: each may be half a unit off
    loose = gap > 0.5 * n_rows**0.5 + 1e-3 * np.abs(inputs)
    if loose.any():
        bad = [use.columns[j] for j in np.flatnonzero(loose)[:5]]
        findings.problems.append(
            Problem(
                code="identity_broken",
                what=f"columns do not add up to T005, for example {bad}",
                where=use.name,
                n_rows=int(loose.sum()),
                fix="check that rows or columns were not lost",
            )
        )
    return _Flows(
        sellers=use.rows[:n_rows],
        buyers=use.columns[:n_columns],
        values=values,
        inputs=inputs,
        output=use.row("T018")[:n_columns],
    )


def _industry_flows(flows: _Flows, supply: _Matrix, findings: Findings) -> _Flows:
    n_columns = supply.columns.index("T007")
    made = {r: i for i, r in enumerate(supply.rows)}
    industries = {c: j for j, c in enumerate(supply.columns[:n_columns])}
    lost = sorted(
        (set(flows.sellers) - set(made)) | (set(flows.buyers) - set(industries))
    )
    if lost:
        what = f"codes of the use table are not in the supply table: {lost[:5]}"
        fix = "use both tables of the same year and level"
        findings.problems.append(
            Problem(code="unknown_code", what=what, where=supply.name, fix=fix)
        )
        findings.raise_if_any(_WHAT)
    rows = [made[s] for s in flows.sellers]
    columns = [industries[b] for b in flows.buyers]
    make = supply.values[np.ix_(rows, columns)].T
    total = make.sum(axis=0)
    share = np.divide(make, total, out=np.zeros_like(make), where=total > 0)
    unmade = flows.values[total <= 0].sum()
    if unmade:
        percent = 100 * unmade / flows.values.sum()
        codes = [s for s, t in zip(flows.sellers, total, strict=True) if t <= 0]
        findings.notes.append(
            Problem(
                code="no_domestic_maker",
                what=f"inputs of {unmade:,.0f} million ({percent:.1f} %) are of commodities "
                f"that no domestic industry makes {codes[:5]}: no seller",
                where=supply.name,
            )
        )
    return _Flows(
        sellers=flows.buyers,
        buyers=flows.buyers,
        values=share @ flows.values,
        inputs=flows.inputs,
        output=flows.output,
    )


def _compare_output(
    flows: _Flows, output: _Matrix | None, year: str, findings: Findings
) -> None:
    if output is None or year not in output.columns:
        return
    published = dict(zip(output.rows, output.column(year), strict=True))
    pairs = [
        (b, x, published[b])
        for b, x in zip(flows.buyers, flows.output, strict=True)
        if b in published
    ]
    apart = [b for b, x, y in pairs if abs(x - y) > 0.01 * max(abs(y), 1.0)]
    if apart:
        findings.notes.append(
            Problem(
                code="output_differs",
                what=f"industry output differs from the gross output series of {year} by "
                f"more than 1 % in {len(apart)} of {len(pairs)} industries {apart[:5]}; "
                "the use table's own output (T018) is used",
                where=output.name,
            )
        )


def _long(flows: _Flows, year: str, version: str) -> pa.Table:
    i, j = np.nonzero(flows.values)
    value = flows.values[i, j]
    sold = flows.values.sum(axis=1)
    sellers, buyers = np.asarray(flows.sellers), np.asarray(flows.buyers)
    return pa.table(
        {
            "seller": pa.array(sellers[i].tolist(), pa.string()),
            "buyer": pa.array(buyers[j].tolist(), pa.string()),
            "period": text_constant(year, i.size),
            "value": value,
            "direct_requirement": _ratio(value, flows.output[j]),
            "seller_share": _ratio(value, sold[i]),
            "buyer_share": _ratio(value, flows.inputs[j]),
            "io_version": text_constant(version, i.size),
        }
    )


def _ratio(value: FloatArray, base: FloatArray) -> pa.Array:
    # without output or inputs the share is not defined: null, not zero
    undefined = base <= 0
    out = np.divide(value, base, out=np.zeros_like(value), where=~undefined)
    return pa.array(out, pa.float64(), mask=undefined)


def _concordance(sheets: _Sheets) -> SourceTable:
    assert sheets.crosswalk is not None  # noqa: S101  (the caller has looked)
    name = sheets.origins[-1][0]
    output: dict[str, float] = {}
    if sheets.use is not None:
        n = sheets.use.columns.index("T001")
        output = dict(
            zip(sheets.use.columns[:n], sheets.use.row("T018")[:n], strict=True)
        )
    pairs = dict.fromkeys(
        (naics.strip(), bea.strip())
        for bea, naics in zip(
            sheets.crosswalk["bea"].to_pylist(),
            sheets.crosswalk["naics"].to_pylist(),
            strict=True,
        )
        if re.fullmatch(r"\d{6}", naics.strip()) and not _FINAL.match(bea.strip())
    )
    targets: dict[str, list[str]] = {}
    for source, target in pairs:
        targets.setdefault(source, []).append(target)
    weights = {s: _split([output.get(t, 0.0) for t in ts]) for s, ts in targets.items()}
    several = sum(len(ts) > 1 for ts in targets.values())
    sources = [s for s, ts in targets.items() for _ in ts]
    n = len(sources)
    data = pa.table(
        {
            "source": pa.array(sources, pa.string()),
            "target": pa.array([t for ts in targets.values() for t in ts], pa.string()),
            "weight": pa.array([w for s in targets for w in weights[s]], pa.float64()),
            "source_version": text_constant(f"naics_{sheets.crosswalk_version}", n),
            "target_version": text_constant(
                f"bea_detail_{sheets.crosswalk_version}", n
            ),
        }
    )
    found = Findings()
    how = "by the industries' output" if output else "equally"
    what = f"{several} of {len(targets)} six-digit codes belong to several industries: split {how}"
    found.notes.append(Problem(code="split", what=what, where=name))
    part = Part(data=data, file=name, rows=np.arange(1, n + 1))
    return assemble("concordances", [part], _ORIGIN(sheets.origins), found, what=_WHAT)


def _split(sizes: list[float]) -> list[float]:
    total = sum(max(s, 0.0) for s in sizes)
    if total <= 0 or any(s <= 0 for s in sizes):
        return [1.0 / len(sizes)] * len(sizes)
    return [s / total for s in sizes]


def _no_period(where: str, years: set[str]) -> Problem:
    several = f"the file names hold several years {sorted(years)}" if years else ""
    return Problem(
        code="unknown_period",
        what=several or "the file names do not tell the year",
        where=where,
        fix="pass period=..., for example period='2017'",
    )
