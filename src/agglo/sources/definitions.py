"""Benchmark cluster definitions: which industries form a cluster."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

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
from agglo.sources.cells import row_problem
from agglo.sources.delimited import pick_columns
from agglo.sources.mapping import MapSpec, code_system, map_file
from agglo.sources.tabular import open_table

if TYPE_CHECKING:
    from agglo.sources.results import SourceTable

__all__ = ["read_cluster_definitions"]

_ORIGIN = publication(
    "Benchmark cluster definitions",
    "US Cluster Mapping Project",
    "a factual assignment, no open licence stated: cite, do not redistribute",
    "Delgado, Porter and Stern (2016), Defining clusters of related industries, "
    "Journal of Economic Geography 16(1), 1-38, doi 10.1093/jeg/lbv017",
)
_WHAT = "cluster definitions"
_NEEDED = {
    "industry": ["naics6", "naics", "naics_code", "industry", "industry_code"],
    "cluster": ["cluster", "cluster_name"],
}
_OPTIONAL = {
    "kind": ["traded_local", "kind", "cluster_type", "traded"],
    "weight": ["weight", "share"],
}
_NO_CLUSTER = frozenset({"unclassified", "none", "not classified", ""})


def read_cluster_definitions(
    paths: Paths,
    *,
    definition: str = "us_benchmark_2016",
    industry_system: str = "naics",
    industry_version: str = "naics_2017",
) -> SourceTable:
    r"""Read which industries belong to which cluster into `definitions`.

    Takes the layout ``naics6, traded_local, cluster`` and close ones, or your own list.

    Parameters
    ----------
    paths
        One file or several.
    definition
        Name and version of the set; rows of several sets can lie in one project.
    industry_system
        Code system of the industries, or a number of digits.
    industry_version
        Version label of the industries.

    Returns
    -------
    SourceTable
        ``definitions``: kind ``traded`` or ``local``; weight as given, otherwise an
        industry's clusters share it equally. Industries without a cluster are left out
        and noted.

    Raises
    ------
    SourceError
        With every problem of every file.

    References
    ----------
    Delgado, Porter and Stern (2016), 10.1093/jeg/lbv017, for the US definitions.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "clusters.csv"
    >>> _ = file.write_text("naics6,traded_local,cluster\n334413,Traded,Semiconductors\n")
    >>> read_cluster_definitions(file).data["weight"].to_pylist()
    [1.0]
    """
    findings = Findings()
    origins: list[tuple[str, str]] = []
    system = code_system(industry_system)

    def one(path: Path, found: Findings) -> Part:
        source = open_table(path)
        origins.append(source.origin)
        names = pick_columns(
            source.header, _NEEDED, optional=_OPTIONAL, where=source.name
        )
        kind = names.pop("kind", None)
        columns = {**names, **({"kind_as_written": kind} if kind else {})}
        spec = MapSpec(
            table="definitions",
            columns=columns,
            constants={"definition": definition, "industry_version": industry_version},
            systems={"industry": system},
        )
        part = map_file(source, spec, found)
        return _finish(part, found)

    parts = each_file(as_paths(paths), one, findings, _WHAT)
    return assemble("definitions", parts, _ORIGIN(origins), findings, what=_WHAT)


def _finish(part: Part, findings: Findings) -> Part:
    data, rows = part.data, part.rows
    loose = pc.is_in(pc.utf8_lower(data["cluster"]), pa.array(sorted(_NO_CLUSTER)))
    mask = loose.to_numpy()
    found = Findings()
    if mask.any():
        codes = data["industry"].filter(loose).to_pylist()
        what = f"industries without a cluster left out: {sorted(codes)[:5]}"
        found.notes.append(
            row_problem(code="unclassified", what=what, rows=mask, where=part.file)
        )
    if "kind_as_written" in data.column_names:
        kind = pc.utf8_lower(data["kind_as_written"])
        odd = pc.invert(pc.is_in(kind, pa.array(["traded", "local"])))
        bad = (odd.to_numpy()) & ~mask
        if bad.any():
            seen = sorted(
                set(data["kind_as_written"].filter(pa.array(bad)).to_pylist())
            )
            what = f"the kind of a cluster is {seen[:5]}"
            fix = "write traded or local"
            found.problems.append(
                row_problem(
                    code="not_allowed", what=what, rows=bad, where=part.file, fix=fix
                )
            )
        at = data.column_names.index("kind_as_written")
        data = data.set_column(at, "kind", kind)
    found.renumber(rows)
    findings.take(found)
    data, rows = data.filter(pa.array(~mask)), rows[~mask]
    if "weight" not in data.column_names:
        industries = data["industry"].to_pylist()
        counts = Counter(industries)
        weights = [1.0 / counts[i] for i in industries]
        data = data.append_column("weight", pa.array(weights, pa.float64()))
        shared = sum(n > 1 for n in counts.values())
        if shared:
            what = f"{shared} industries lie in several clusters: weight split equally"
            findings.notes.append(Problem(code="split", what=what, where=part.file))
    return Part(data=data, file=part.file, rows=rows)
