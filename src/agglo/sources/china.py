"""Designated clusters, industrial belts, corridors, cities and industries of China."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.core.errors import Problem
from agglo.sources.assemble import (
    Findings,
    Part,
    Paths,
    as_paths,
    assemble,
    each_file,
    publication,
)
from agglo.sources.cells import as_text
from agglo.sources.mapping import MapSpec, map_file
from agglo.sources.tabular import TableFile, open_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.sources.results import SourceTable

__all__ = ["read_china_clusters"]

_ORIGIN = publication(
    "Designated industrial clusters, belts and corridors of China",
    "compiled from notices of ministries and provinces; city seats from cpca",
    "facts; city seats MIT",
    "Public notices of MIIT, NDRC, MOST and provincial commissions; every row names its page",
)
_WHAT = "China cluster lists"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How one of the files is known and what it becomes."""

    marks: frozenset[str]
    spec: MapSpec


_LAYOUTS = (
    _Layout(
        marks=frozenset({"corridor_zh", "start_year", "adcode"}),
        spec=MapSpec(
            further="text",
            table="treatments",
            columns={
                "policy": "corridor_zh",
                "policy_en": "corridor_en",
                "region": "adcode",
                "start": "start_year",
                "status": "status",
            },
        ),
    ),
    _Layout(
        marks=frozenset({"node_id", "parent_id", "gbt4754_2017"}),
        spec=MapSpec(
            further="text",
            table="industries",
            columns={
                "industry": "node_id",
                "name_en": "label_en",
                "name_zh": "label_zh",
                "level": "level",
                "parent": "parent_id",
                "gbt4754_2017": "gbt4754_2017",
            },
            constants={"classification": "agglo_tree_2024"},
        ),
    ),
    _Layout(
        marks=frozenset({"label_zh", "node_ids", "confidence"}),
        spec=MapSpec(
            further="text",
            table="labels",
            columns={
                "label": "label_zh",
                "node_ids": "node_ids",
                "confidence": "confidence",
                "reviewed": "reviewed",
                "label_en": "label_en",
                "note": "note",
            },
            constants={"lang": "zh"},
        ),
    ),
    _Layout(
        marks=frozenset({"adcode", "name_zh", "level", "lon", "lat"}),
        spec=MapSpec(
            further="text",
            table="regions",
            columns={
                "region": "adcode",
                "name_en": "name_en",
                "name_zh": "name_zh",
                "level": "level",
                "lon": "lon",
                "lat": "lat",
                "province_zh": "province_zh",
                "province_en": "province_en",
            },
            constants={"region_version": "cn_adcode_2024"},
        ),
    ),
)
_DESIGNATIONS = MapSpec(
    further="text",
    table="designations",
    columns={
        "cluster": "id",
        "city": "adcode",
        "programme": "source",
        "period": "year",
        "industry_label": "industry_zh",
        "weight": "weight",
        "status": "status",
        "batch": "batch",
        "city_zh": "city",
        "industry_label_en": "industry_en",
    },
)


def read_china_clusters(paths: Paths) -> tuple[SourceTable, ...]:
    r"""Read lists of designated clusters, belts, corridors, cities and industries.

    The files are told apart by their columns; rows with several cities (semicolon lists)
    become one row per city with weight 1 / number of cities.

    Parameters
    ----------
    paths
        One file or several.

    Returns
    -------
    tuple of SourceTable
        ``designations`` and ``belts`` (key cluster or belt, city), ``treatments``
        (corridors), ``regions`` (cities), ``industries`` (tree), ``labels`` (dictionary);
        those that the files hold. The column ``status`` says which rows stand in a source.

    Raises
    ------
    SourceError
        With every problem of every file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "miit.csv"
    >>> _ = file.write_text(
    ...     "id,source,year,batch,city,adcode,industry_zh,industry_en,status\n"
    ...     "A-1,MIIT,2021,1,X;Y,320100;320200,I,I,sourced\n"
    ... )
    >>> read_china_clusters(file)[0].data["weight"].to_pylist()
    [0.5, 0.5]
    """
    findings = Findings()
    parts: dict[str, list[Part]] = {}
    origins: dict[str, list[tuple[str, str]]] = {}

    def one(path: Path, found: Findings) -> Part:
        source = open_table(path)
        table, part = _read_one(source, found)
        parts.setdefault(table, []).append(part)
        origins.setdefault(table, []).append(source.origin)
        return part

    each_file(as_paths(paths), one, findings, _WHAT)
    out: list[SourceTable] = []
    for table, found in parts.items():
        own = Findings()
        names = {p.file for p in found}
        for kind in ("problems", "repairs", "notes"):
            getattr(own, kind).extend(
                p for p in getattr(findings, kind) if p.where in names
            )
        out.append(assemble(table, found, _ORIGIN(origins[table]), own, what=_WHAT))
    return tuple(out)


def _read_one(source: TableFile, findings: Findings) -> tuple[str, Part]:
    header = set(source.header)
    for layout in _LAYOUTS:
        if layout.marks <= header:
            return layout.spec.table, map_file(source, layout.spec, findings)
    if {"id", "source", "adcode", "industry_zh"} <= header:
        return _links(source, findings)
    findings.problems.append(
        Problem(
            code="unknown_layout",
            what=f"the columns fit no known list: {sorted(header)[:8]}",
            where=source.name,
            fix="use read_table with a column map",
        )
    )
    findings.raise_if_any(_WHAT)
    raise AssertionError  # raise_if_any has raised


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exploded:
    name: str
    header: tuple[str, ...]
    origin: tuple[str, str]
    table: pa.Table
    notes: tuple[Problem, ...] = ()
    delimiter: str = ""

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        return self.table.select(list(dict.fromkeys(columns or self.header)))


def _links(source: TableFile, findings: Findings) -> tuple[str, Part]:
    """Split rows with several cities; belts are told by their programme."""
    text = source.read()
    columns = {name: as_text(text[name]).to_pylist() for name in source.header}
    index: list[int] = []
    cities: list[str] = []
    names: list[str] = []
    weights: list[str] = []
    bad: list[int] = []
    given = columns.get("weight")
    for i, codes in enumerate(columns["adcode"]):
        each = [c.strip() for c in codes.split(";") if c.strip()]
        labels = [
            c.strip() for c in columns.get("city", [""] * text.num_rows)[i].split(";")
        ]
        if len(labels) != len(each):
            bad.append(i + 1)
            labels = [""] * len(each)
        index += [i] * len(each)
        cities += each
        names += labels
        weights += [given[i] if given else str(1.0 / len(each))] * len(each)
    if bad:
        findings.problems.append(
            Problem(
                code="ragged_list",
                what="the lists in 'city' and 'adcode' have different lengths",
                where=source.name,
                rows=tuple(bad[:20]),
                n_rows=len(bad),
                fix="give every city its code, in the same order",
            )
        )
    long = {n: pa.array([v[i] for i in index], pa.string()) for n, v in columns.items()}
    long |= {
        "adcode": pa.array(cities),
        "city": pa.array(names),
        "weight": pa.array(weights),
    }
    for name in ("batch", "status", "industry_en", "year"):
        long.setdefault(name, pa.array([""] * len(index)))
    held = _Exploded(
        name=source.name,
        header=tuple(long),
        origin=source.origin,
        table=pa.table({n: pa.chunked_array([c]) for n, c in long.items()}),
        notes=source.notes,
    )
    belts = all("belt" in word for word in columns["source"])
    spec = _DESIGNATIONS
    if belts:
        renamed = {"cluster": "belt", "programme": "platform"}
        spec = MapSpec(
            further="text",
            table="belts",
            columns={renamed.get(k, k): v for k, v in _DESIGNATIONS.columns.items()},
        )
    part = map_file(held, spec, findings)
    rows = pa.array(index).to_numpy() + 1
    return spec.table, Part(data=part.data, file=part.file, rows=rows[part.rows - 1])
