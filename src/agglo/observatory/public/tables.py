"""Tables of studies over single establishments, as far as the public may see them.

The rules stand in `agglo.observatory.public.rules`. What has no rule, or cannot be shown
to keep it, is left out and named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.typing import BoolArray, FloatArray, IntArray, Json
from agglo.observatory.disclosure_policy import GatePolicy
from agglo.observatory.ledger import Ledger
from agglo.observatory.page import Text
from agglo.observatory.public.columns import COLUMNS
from agglo.observatory.public.formation import (
    LIFE,
    affordable_beside_panel,
    life_in_public,
    panel_in_public,
)
from agglo.observatory.public.formation import ORDER as FORMATION_ORDER
from agglo.observatory.public.freedom import (
    ORDER,
    TIE_ORDER,
    affordable,
    affordable_beside_ties,
    layers_of,
    numbers_beside_ties,
    numbers_of_outcomes,
)
from agglo.observatory.public.mixing import clear_layers, mixing_in_public
from agglo.observatory.public.reasons import WITHHELD, why_withheld
from agglo.observatory.public.rules import RULES, Rule
from agglo.observatory.public.strengths import strengths_in_public
from agglo.observatory.public.ties import (
    UNCOUNTED,
    UNSAFE,
    Desk,
    cities,
    ties_in_public,
)
from agglo.observatory.public.told import Number, joined, numbers_of
from agglo.store import read_json, read_table, write_json, write_table
from agglo.store.disclosure import SuppressedTable

__all__ = ["PublicStudy", "public_study"]

_NO_RULE = Text(
    "nobody has judged yet whether it may be public; a new table stays at home until then",
    "尚未判定能否公开；新表在判定之前不予发布",
)
_NOT_ANEW = Text(
    "what it would be computed from is hidden, or needs more than is released",
    "其计算所需的数据已被抑制，或所需数据超出发布范围",
)


@dataclass(frozen=True, eq=False)
class PublicStudy:
    """What of a study the public sees.

    Parameters
    ----------
    folder
        Folder with the released tables and findings.
    left_out
        Tables that are not released, with the reason.
    certificate
        Table to rule, rows released and rows held back.
    """

    folder: Path
    left_out: list[Json]
    certificate: dict[str, Json]


def public_study(
    study: str,
    results: Path,
    target: Path,
    *,
    ledger: Ledger | None = None,
    holders: Mapping[str, str] | None = None,
    measured_on: Mapping[str, SuppressedTable] | None = None,
    public: bool = True,
    seed: int = 0,
    options: Mapping[str, object] | None = None,
) -> PublicStudy:
    """Choose and protect the tables of a study.

    Parameters
    ----------
    study
        Name of the study.
    results
        Folder with its results.
    target
        Folder to write.
    ledger
        Rules and earlier releases; the rules of old without it.
    holders
        Firm behind every establishment and patent that ties are named after; a tie
        without one is a contributor of its own.
    measured_on
        Protected cells that the public sees and that the study measured its outcomes on.
    public
        Whether certificates keep the parameters back.
    seed
        Of the project: what is computed anew with it is what the study found.
    options
        Of the study, as the project file has them.

    Returns
    -------
    PublicStudy
        Findings are released when every table they rest on is, without a gap and as
        the study found it.
    """
    rules = RULES.get(study, {})
    book = ledger or Ledger(target / "ledger", GatePolicy())
    desk = Desk(
        book, holders or {}, public, seed, options or {}, shares_cells=bool(measured_on)
    )
    kept: dict[str, pa.Table] = {}
    told: dict[str, Json] = {}
    left_out: list[Json] = []
    held = {p.stem: p for p in sorted(results.glob("*.parquet"))}
    # a table that follows another comes after it
    for name in sorted(held, key=lambda n: n in rules and bool(rules[n].other)):
        rule, table = rules.get(name), read_table(held[name])
        found, proof, reason = _chosen(desk, results, name, table, rule, kept)
        if rule is None:
            reason = why_withheld(study, name) or _NO_RULE
        if found is None or rule is None:
            entry: Json = {"study": study, "table": name, "reason": reason.to_dict()}
            left_out.append(entry)
            continue
        judged = COLUMNS[study].get(name, "").split()
        shown = [c for c in found.column_names if c in judged]
        kept[name] = found = found.select(shown)
        told[name] = {
            "rule": rule.kind,
            "says": rule.text().to_dict(),
            "rows": found.num_rows,
            "held_back": table.num_rows - found.num_rows,
            "columns_held_back": [c for c in table.column_names if c not in shown],
            "audit": proof,
        }
    if study in _SOLVABLE:
        counted = _counted(study, kept, results, measured_on or {}, book)
        kept = _without(study, kept, *counted, told, left_out)
    # of draws a finding says how they are spread, which is released
    whole = {
        n
        for n, t in kept.items()
        if rules[n].kind == "binned" or _whole(t, read_table(held[n]))
    }
    for name, table in kept.items():
        write_table(target / f"{name}.parquet", table)
    write_json(target / "findings.json", _findings(results, whole))
    return PublicStudy(target, left_out, told)


_Numbers: TypeAlias = dict[str, set[Number]]
# studies whose estimates rest on cells that the public sees some of
_SOLVABLE = ("policy", "networks", "formation")


def _counted(
    study: str,
    kept: Mapping[str, pa.Table],
    results: Path,
    measured_on: Mapping[str, SuppressedTable],
    book: Ledger,
) -> tuple[dict[str, pa.Table], list[str]]:
    """Choose estimates by what they tell of hidden cells, with what was told before."""
    found = _beside_ties(kept, book.pending) if study == "networks" else dict(kept)
    numbers = _numbers(study, found, book)
    asked = joined(numbers.values())
    before = book.told(study, asked)
    if study == "policy":
        found, lost = affordable(kept, results, measured_on, before)
        numbers = _numbers(study, found, book)
    elif study == "networks":
        lost = affordable_beside_ties(found, book.pending, before)
    else:
        path = results / "indicators.parquet"
        indicators = read_table(path) if path.is_file() else None
        lost = affordable_beside_panel(found, indicators, book.pending, before)
    book.tell(study, asked, joined(n for k, n in numbers.items() if k not in lost))
    return found, lost


def _numbers(
    study: str, tables: Mapping[str, pa.Table], book: Ledger
) -> dict[str, _Numbers]:
    """Collect the numbers of every table of estimates."""
    if study == "policy":
        return {k: numbers_of_outcomes(k, tables[k]) for k in ORDER if k in tables}
    if study == "networks":
        layers = layers_of(book.pending)
        return {
            k: numbers_beside_ties(k, tables[k], layers)
            for k in TIE_ORDER
            if k in tables
        }
    return {
        k: numbers_of(k, tables[k], [""] * tables[k].num_rows)
        for k in FORMATION_ORDER
        if k in tables
    }


def _chosen(
    desk: Desk,
    results: Path,
    name: str,
    table: pa.Table,
    rule: Rule | None,
    kept: Mapping[str, pa.Table],
) -> tuple[pa.Table | None, Json, Text]:
    """Give what a rule releases, the proof of it, and why not where it is nothing."""
    if rule is None:
        return None, None, _NO_RULE
    if rule.kind == "cells":
        if name == "panel":
            return panel_in_public(desk, table)
        cells = mixing_in_public if rule.other else ties_in_public
        return cells(desk, results, table)
    if rule.kind == "anew":
        found, why = _anew(desk, results, name, table, kept), _NOT_ANEW
    elif rule.kind == "margins":
        found, why = strengths_in_public(table, desk.ledger.pending), UNSAFE
    elif rule.kind == "binned":
        found, why = _binned(table), UNCOUNTED
    else:
        least = desk.ledger.policy.least
        found, why = _rows(results, table, rule, kept, least), UNCOUNTED
    return found, None, why


def _anew(
    desk: Desk,
    results: Path,
    name: str,
    table: pa.Table,
    kept: Mapping[str, pa.Table],
) -> pa.Table | None:
    """Compute a table from released ties or cells; ``None`` without any."""
    from agglo.observatory.public.anew import anew_in_public

    if name in LIFE:
        panel = kept.get("panel")
        if panel is None:
            return None
        return life_in_public(name, table, panel, desk.options)
    path = results / "events.parquet"
    if "ties" not in kept or not path.is_file():
        return None
    events = read_table(path)
    return anew_in_public(name, table, kept["ties"], events, seed=desk.seed)


def _beside_ties(
    kept: Mapping[str, pa.Table], protected: Mapping[str, SuppressedTable]
) -> dict[str, pa.Table]:
    """Hold rows back that would tell about hidden ties.

    The integration of a place rests on the ties inside it, the indices of mixing on the
    diagonal and the margins of its table.
    """
    found = dict(kept)
    if "integration" in kept:
        ties = kept["ties"].to_pylist() if "ties" in kept else []
        inside = {
            (r["layer"], r["origin"])
            for r in ties
            if r["origin"] == r["destination"] and r["status"] == "ok"
        }
        found["integration"] = _whose(kept["integration"], ("layer", "region"), inside)
    if "mixing" in kept and "mixing_indices" in kept:
        clear = {(layer,) for layer in clear_layers(protected)}
        found["mixing_indices"] = _whose(kept["mixing_indices"], ("layer",), clear)
    return found


def _whose(
    table: pa.Table, keys: tuple[str, ...], known: Collection[tuple[object, ...]]
) -> pa.Table:
    asked = zip(*(table[k].to_pylist() for k in keys), strict=True)
    good = np.fromiter((key in known for key in asked), bool, table.num_rows)
    return table.filter(pa.array(good))


def _without(
    study: str,
    kept: Mapping[str, pa.Table],
    found: dict[str, pa.Table],
    lost: Sequence[str],
    told: dict[str, Json],
    left_out: list[Json],
) -> dict[str, pa.Table]:
    """Leave out estimates that together could be solved for what is hidden, and say so."""
    rules = RULES[study]
    after = [n for n in found if rules[n].kind == "function" and rules[n].other in lost]
    for name in (*lost, *after):
        found.pop(name, None)
        del told[name]
        reason = WITHHELD["solvable"].to_dict()
        left_out.append({"study": study, "table": name, "reason": reason})
    for name, entry in told.items():
        gone = kept[name].num_rows - found[name].num_rows
        if gone and isinstance(entry, dict):
            entry["rows"] = found[name].num_rows
            entry["held_back"] = int(str(entry["held_back"])) + gone
    return found


_BINS = 20


def _binned(table: pa.Table) -> pa.Table:
    """Sort the draws of every group and round them to a step that is a round number."""
    keys = [n for n in table.column_names if n != "value"]
    rows = table.sort_by([(n, "ascending") for n in (*keys, "value")])
    values = pc.cast(rows["value"], pa.float64()).to_numpy().copy()
    named = zip(*(rows[k].to_pylist() for k in keys), strict=True)
    groups = np.array([repr(key) for key in named], dtype=object)
    for group in set(groups):
        mine = (groups == group) & np.isfinite(values)
        if mine.any():
            values[mine] = _rounded(values[mine])
    at = rows.column_names.index("value")
    return rows.set_column(at, "value", pa.array(values, from_pandas=True))


def _rounded(values: FloatArray) -> FloatArray:
    """Round to the smallest 1, 2 or 5 times a power of ten with no more than `_BINS` bins.

    Counted between the 5th and the 95th of a hundred: the extremes decide nothing.
    """
    low, high = np.quantile(values, [0.05, 0.95])
    span = float(high - low) or max(abs(float(low)), 1.0)
    power = int(np.floor(np.log10(span / _BINS)))
    steps = [(m, power + k) for k in (0, 1) for m in (1.0, 2.0, 5.0)]
    unit, power = next((m, k) for m, k in steps if span <= m * 10.0**k * _BINS)
    whole: FloatArray = np.round(values / (unit * 10.0**power))
    # a step below one is divided by its inverse: 0.3 and not 0.30000000000000004
    if power < 0:
        return whole * unit / 10.0**-power
    return whole * unit * 10.0**power


def _rows(
    results: Path,
    table: pa.Table,
    rule: Rule,
    kept: Mapping[str, pa.Table],
    least: int,
) -> pa.Table | None:
    """Keep the rows that a rule allows; ``None`` where it cannot be judged."""
    if rule.kind == "function":
        return table if rule.other in kept else None
    if rule.kind == "like":
        return _following(table, rule, kept)
    if rule.kind == "counted" and not set(rule.counts) <= set(table.column_names):
        return None
    good = np.ones(table.num_rows, dtype=bool)
    for name in set(rule.counts) & set(table.column_names):
        counts = pc.cast(table[name], pa.float64()).to_numpy()
        # an estimate may rest on a count of its own that it does not print
        unknown = least if rule.kind == "estimate" else 0.0
        good &= np.nan_to_num(counts, nan=unknown) >= least
    if rule.firms:
        firms = _applicants(results, table, rule.firms)
        if firms is None:
            return None
        good &= firms >= least
    return table.filter(pa.array(good))


def _applicants(
    results: Path, table: pa.Table, keys: tuple[str, ...]
) -> IntArray | None:
    """Count the different applicants behind every row; ``None`` when nobody knows."""
    path = results / "inventions.parquet"
    if not path.is_file():
        return None
    names = [*keys, "applicant"]
    inventions = read_table(path)
    if not set(names) <= set(inventions.column_names):
        return None
    counted = (
        _both_levels(results, inventions.select(names))
        .group_by(names)
        .aggregate([])
        .group_by(list(keys))
        .aggregate([("applicant", "count")])
    )
    told = zip(*(counted[k].to_pylist() for k in keys), strict=True)
    known = dict(zip(told, counted["applicant_count"].to_pylist(), strict=True))
    asked = zip(*(table[k].to_pylist() for k in keys), strict=True)
    return np.array([known.get(key, 0) for key in asked], dtype=np.int64)


def _both_levels(results: Path, inventions: pa.Table) -> pa.Table:
    """Count an invention for its district and for the city above it."""
    path = results / "places.parquet"
    if "region" not in inventions.column_names or not path.is_file():
        return inventions
    above = cities(read_table(path))
    regions = inventions["region"].to_pylist()
    upper_codes = pa.array([above.get(str(r)) for r in regions], pa.string())
    at = inventions.column_names.index("region")
    upper = inventions.set_column(at, "region", upper_codes)
    lower = inventions.set_column(at, "region", inventions["region"].cast(pa.string()))
    return pa.concat_tables([lower, upper.filter(pc.is_valid(upper_codes))])


def _following(
    table: pa.Table, rule: Rule, kept: Mapping[str, pa.Table]
) -> pa.Table | None:
    if rule.other not in kept:
        return None
    return table.filter(pa.array(_among(table, kept[rule.other], rule)))


def _among(table: pa.Table, other: pa.Table, rule: Rule) -> BoolArray:
    known = set(zip(*(other[b].to_pylist() for _, b in rule.keys), strict=True))
    asked = zip(*(table[a].to_pylist() for a, _ in rule.keys), strict=True)
    return np.fromiter((key in known for key in asked), bool, table.num_rows)


def _whole(shown: pa.Table, found: pa.Table) -> bool:
    """Say whether a released table has every row and number that the study found."""
    names = [n for n in shown.column_names if n in found.column_names]
    if shown.num_rows != found.num_rows:
        return False
    return all(_same(shown[n], found[n]) for n in names)


def _same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    """Say whether two columns are equal, unknown numbers among them."""
    if not (pa.types.is_floating(one.type) and pa.types.is_floating(other.type)):
        return one.null_count == other.null_count and bool(one.equals(other))
    a, b = one.to_numpy(), other.to_numpy()
    return bool(np.array_equal(a, b, equal_nan=True))


def _findings(results: Path, kept: Collection[str]) -> Json:
    """Keep findings all of whose tables are released; one that names none stays home."""
    found = read_json(results / "findings.json")
    released: list[Json] = []
    for finding in found if isinstance(found, list) else []:
        names = finding.get("evidence") if isinstance(finding, dict) else None
        stems = [Path(str(n)).stem for n in names] if isinstance(names, list) else []
        if stems and all(stem in kept for stem in stems):
            released.append(finding)
    return released
