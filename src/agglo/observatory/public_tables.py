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
from agglo.core.typing import BoolArray, Json
from agglo.observatory.disclosure_policy import GatePolicy
from agglo.observatory.ledger import Ledger
from agglo.observatory.page import Text
from agglo.observatory.public_rules import RULES, Rule
from agglo.store import read_json, read_table, write_json, write_table
from agglo.store.disclosure import cells_from_records

__all__ = ["PublicStudy", "public_study"]

_NO_RULE = Text(
    "no rule allows it in public: it rests on single establishments or on ties between them",
    "没有规则允许公开：依据单个企业或其间联系的数据",
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
    for name in sorted(held, key=lambda n: rules.get(n, _LAST).kind == "like"):
        rule, reason, proof = rules.get(name), _NO_RULE, None
        table = read_table(held[name])
        found: pa.Table | None = None
        if rule is not None and rule.kind == "cells":
            found, proof, reason = _cells(desk, results, table)
        elif rule is not None:
            found, reason = (
                _rows(table, rule, kept, desk.ledger.policy.least),
                _UNCOUNTED,
            )
        if found is None or rule is None:
            entry: Json = {"study": study, "table": name, "reason": reason.to_dict()}
            left_out.append(entry)
            continue
        kept[name] = found
        told[name] = {
            "rule": rule.kind,
            "says": rule.text().to_dict(),
            "rows": found.num_rows,
            "held_back": table.num_rows - found.num_rows,
            "audit": proof,
        }
    for name, table in kept.items():
        write_table(target / f"{name}.parquet", table)
    write_json(target / "findings.json", _findings(results, kept))
    return PublicStudy(target, left_out, told)


_LAST = Rule(kind="like")


@dataclass(frozen=True, eq=False)
class _Desk:
    """What ties are protected with."""

    ledger: Ledger
    holders: Mapping[str, str]
    public: bool


def _rows(
    table: pa.Table, rule: Rule, kept: Mapping[str, pa.Table], least: int
) -> pa.Table | None:
    """Keep the rows that a rule allows; ``None`` where it cannot be judged."""
    if rule.kind in ("fact", "estimate"):
        return table
    if rule.kind == "counted":
        if not set(rule.counts) <= set(table.column_names):
            return None
        good = np.ones(table.num_rows, dtype=bool)
        for name in rule.counts:
            counts = pc.cast(table[name], pa.float64()).to_numpy()
            good &= np.nan_to_num(counts, nan=0.0) >= least
        return table.filter(pa.array(good))
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
    parents = {
        str(row["region"]): str(row["city"])
        for row in places.select(["region", "city"]).to_pylist()
        if row["city"] and row["city"] != row["region"]
    }
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
