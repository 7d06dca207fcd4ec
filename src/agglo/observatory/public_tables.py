"""Tables of studies over single establishments, as far as the public may see them.

The rules stand in `agglo.observatory.public_rules`. What has no rule, or cannot be shown
to keep it, is left out and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AggloError
from agglo.core.typing import BoolArray, FloatArray, IntArray, Json
from agglo.observatory.disclosure_policy import GatePolicy
from agglo.observatory.ledger import Ledger
from agglo.observatory.page import Text
from agglo.observatory.public_columns import COLUMNS
from agglo.observatory.public_freedom import affordable
from agglo.observatory.public_rules import RULES, WITHHELD, Rule, why_withheld
from agglo.observatory.public_strengths import strengths_in_public
from agglo.store import read_json, read_table, write_json, write_table
from agglo.store.disclosure import SuppressedTable, cells_from_records

__all__ = ["PublicStudy", "public_study"]

_NO_RULE = Text(
    "nobody has judged yet whether it may be public; a new table stays at home until then",
    "尚未判定能否公开；新表在判定之前不予发布",
)
_UNCOUNTED = Text("what its rows rest on is not counted", "其各行所依据的单位数未知")
_UNSAFE = Text(
    "no pattern of hidden cells was found that protects it",
    "未找到能够保护该表的抑制方案",
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

    Returns
    -------
    PublicStudy
        Findings are released when every table they rest on is.
    """
    rules = RULES.get(study, {})
    book = ledger or Ledger(target / "ledger", GatePolicy())
    desk = _Desk(book, holders or {}, public)
    kept: dict[str, pa.Table] = {}
    told: dict[str, Json] = {}
    left_out: list[Json] = []
    held = {p.stem: p for p in sorted(results.glob("*.parquet"))}
    # a table that follows another comes after it
    for name in sorted(held, key=lambda n: rules.get(n, _LAST).kind in _FOLLOWING):
        rule, table = rules.get(name), read_table(held[name])
        found, proof, reason = _chosen(desk, results, table, rule, kept)
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
    if study == "policy":
        kept = _unsolvable(kept, results, measured_on or {}, told, left_out)
    for name, table in kept.items():
        write_table(target / f"{name}.parquet", table)
    write_json(target / "findings.json", _findings(results, kept))
    return PublicStudy(target, left_out, told)


def _chosen(
    desk: _Desk,
    results: Path,
    table: pa.Table,
    rule: Rule | None,
    kept: Mapping[str, pa.Table],
) -> tuple[pa.Table | None, Json, Text]:
    """Give what a rule releases, the proof of it, and why not where it is nothing."""
    if rule is None:
        return None, None, _NO_RULE
    if rule.kind == "cells":
        return _cells(desk, results, table)
    if rule.kind == "margins":
        return strengths_in_public(table, desk.ledger.pending), None, _UNSAFE
    if rule.kind == "binned":
        return _binned(table), None, _UNCOUNTED
    least = desk.ledger.policy.least
    return _rows(results, table, rule, kept, least), None, _UNCOUNTED


_LAST = Rule(kind="like")
_FOLLOWING = ("like", "margins", "function")


def _unsolvable(
    kept: dict[str, pa.Table],
    results: Path,
    measured_on: Mapping[str, SuppressedTable],
    told: dict[str, Json],
    left_out: list[Json],
) -> dict[str, pa.Table]:
    """Leave out estimates that together could be solved for what is hidden."""
    found, lost = affordable(kept, results, measured_on)
    rules = RULES["policy"]
    after = [n for n in found if rules[n].kind == "function" and rules[n].other in lost]
    for name in (*lost, *after):
        found.pop(name, None)
        del told[name]
        reason = WITHHELD["solvable"].to_dict()
        left_out.append({"study": "policy", "table": name, "reason": reason})
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


@dataclass(frozen=True, eq=False)
class _Desk:
    """What ties are protected with."""

    ledger: Ledger
    holders: Mapping[str, str]
    public: bool


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
    above = _cities(read_table(path))
    regions = inventions["region"].to_pylist()
    cities = pa.array([above.get(str(r)) for r in regions], pa.string())
    at = inventions.column_names.index("region")
    upper = inventions.set_column(at, "region", cities)
    lower = inventions.set_column(at, "region", inventions["region"].cast(pa.string()))
    return pa.concat_tables([lower, upper.filter(pc.is_valid(cities))])


def _cities(places: pa.Table) -> dict[str, str]:
    """Give the city above every district."""
    return {
        str(row["region"]): str(row["city"])
        for row in places.select(["region", "city"]).to_pylist()
        if row["city"] and row["city"] != row["region"]
    }


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


def _findings(results: Path, kept: Mapping[str, pa.Table]) -> Json:
    """Keep findings all of whose tables are released; one that names none stays home."""
    found = read_json(results / "findings.json")
    released: list[Json] = []
    for finding in found if isinstance(found, list) else []:
        names = finding.get("evidence") if isinstance(finding, dict) else None
        stems = [Path(str(n)).stem for n in names] if isinstance(names, list) else []
        if stems and all(stem in kept for stem in stems):
            released.append(finding)
    return released


def _cells(
    desk: _Desk, results: Path, ties: pa.Table
) -> tuple[pa.Table | None, Json, Text]:
    """Protect ties between places, both levels in one audited table per layer."""
    needed = (results / "events.parquet", results / "places.parquet")
    if not all(path.is_file() for path in needed):
        return None, None, _UNCOUNTED
    events, places = (read_table(path) for path in needed)
    parents = _cities(places)
    parts, proofs = list[pa.Table](), dict[str, Json]()
    for layer in sorted(set(ties["layer"].to_pylist())):
        own = ties.filter(pc.equal(ties["layer"], layer))
        try:
            part, proof = _layer(
                desk, own, events.filter(pc.equal(events["layer"], layer)), parents
            )
        except AggloError:
            return None, None, _UNSAFE
        if part is None:
            return None, None, _UNCOUNTED
        parts.append(part)
        proofs[str(layer)] = proof
    return pa.concat_tables(parts), proofs, _UNSAFE


def _layer(
    desk: _Desk, ties: pa.Table, events: pa.Table, parents: Mapping[str, str]
) -> tuple[pa.Table | None, Json]:
    ends = ("origin", "destination")
    names = [np.array(events[end].to_pylist(), dtype=object) for end in ends]
    if not pc.all(events["directed"]).as_py():
        # an undirected tie is one cell, whichever end was written first
        swap = names[0] > names[1]
        names = [np.where(swap, names[1], names[0]), np.where(swap, *names)]
    records = pa.table(
        {
            "origin": pa.array(names[0].tolist(), pa.string()),
            "destination": pa.array(names[1].tolist(), pa.string()),
            "weight": pc.cast(events["weight"], pa.float64()),
            "holder": pa.array(_contributors(events, desk.holders), pa.string()),
        }
    )
    cells = cells_from_records(
        records,
        dimensions=ends,
        value="weight",
        holding="holder",
        hierarchies={end: _used(parents, records[end]) for end in ends},
    )
    safe = desk.ledger.suppress(f"networks.{ties['layer'][0].as_py()}", cells)
    axes = [
        d.codes[nodes] for d, nodes in zip(cells.dimensions, cells.grid, strict=True)
    ]
    place = {key: at for at, key in enumerate(zip(*axes, strict=True))}
    keys = list(zip(*(ties[end].to_pylist() for end in ends), strict=True))
    if any(a > b for a, b in keys) and not pc.all(events["directed"]).as_py():
        keys = [(min(a, b), max(a, b)) for a, b in keys]
    at = np.array([place.get(key, -1) for key in keys], dtype=np.int64)
    shown = pc.cast(ties["weight"], pa.float64()).to_numpy()
    # the audited table is the released one, or nothing is released
    if (at < 0).any() or not np.allclose(cells.total[at], shown, rtol=1e-9):
        return None, None
    hidden = safe.hidden[at]
    table = ties
    for name in ("weight", "share"):
        values = pc.cast(ties[name], pa.float64()).to_numpy()
        column = pa.array(values, mask=hidden)
        table = table.set_column(table.column_names.index(name), name, column)
    status = pa.array(np.where(hidden, "confidential", "ok").tolist(), pa.string())
    return table.append_column("status", status), safe.certificate(public=desk.public)


def _contributors(events: pa.Table, holders: Mapping[str, str]) -> list[str]:
    """Name the firm behind every tie, or the tie itself."""
    if "event" not in events.column_names:
        return [f"tie {at}" for at in range(events.num_rows)]
    named = (str(event) for event in events["event"].to_pylist())
    return [f"firm {holders[e]}" if e in holders else f"event {e}" for e in named]


def _used(parents: Mapping[str, str], codes: pa.ChunkedArray) -> dict[str, str]:
    held = set(codes.to_pylist())
    return {code: above for code, above in parents.items() if code in held}
