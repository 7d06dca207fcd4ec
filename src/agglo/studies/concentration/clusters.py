"""Stage `clusters`: where the benchmark clusters are strong, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import string_column
from agglo.core.options import MonteCarlo
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import cluster_strength
from agglo.studies.concentration.cells import counts_of, jobs_of
from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.concentration.scope import Scope, rows_of
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.relatedness import ClusterStrength
    from agglo.studies.contract import StageInputs

__all__ = ["strong_clusters_of_regions"]


def strong_clusters_of_regions(inputs: StageInputs) -> StageOutput:
    """Judge every cluster of the definitions in every region.

    Parameters
    ----------
    inputs
        Tables of stage `prepare`; optional ``definitions`` and, for schemes that look at
        growth, ``activity``.

    Returns
    -------
    StageOutput
        Table ``clusters`` (empty without definitions), document ``cluster_notes``.
    """
    options = inputs.options_as(ConcentrationOptions)
    jobs = jobs_of(inputs)
    reason = _cannot(inputs, jobs)
    if reason:
        return _nothing(reason)
    counts = counts_of(inputs)
    scheme, notes = options.scheme, []
    if scheme == "us_strong" and counts is None:
        scheme = "lq"
        notes.append("no plant counts: scheme 'lq' instead of 'us_strong'")
    # jobs are not independent of one another, plants are: without counts no probability
    inference = None
    if counts is not None:
        inference = MonteCarlo(n=options.cluster_draws, seed=inputs.seed)
    further = _further(inputs, scheme)
    inputs.progress(0, 1, "clusters")
    found = cluster_strength(
        jobs,
        _definitions(inputs),
        scheme=scheme,
        establishments=counts,
        output=further.get("output"),
        earlier=further.get("earlier"),
        missing="zero",
        inference=inference,
    )
    facts: dict[str, Json] = {
        "definition": found.definition,
        "scheme": scheme,
        "draws": 0 if inference is None else inference.n,
        "unmapped_share": float(found.unmapped_share),
        "criteria": list(found.criteria),
        "notes": [*notes, *found.provenance.warnings],
        "reason": "",
    }
    return StageOutput(
        tables={"clusters": _table(found)}, documents={"cluster_notes": facts}
    )


def _cannot(inputs: StageInputs, jobs: RegionActivity) -> str:
    """Say why clusters cannot be judged; empty when they can."""
    if not inputs.has("definitions"):
        return "the project has no cluster definitions"
    if not jobs.total > 0:
        return "no cell is disclosed"
    known = set(string_column(_definitions(inputs), "industry"))
    if not known & set(jobs.activity.tolist()):
        return "no industry of the table is in the cluster definitions"
    return ""


def _definitions(inputs: StageInputs) -> pa.Table:
    """Give one set of definitions: the first by name when there are several."""
    table = inputs.table("definitions")
    if "definition" not in table.column_names:
        return table
    names = sorted(pc.unique(table["definition"]).drop_null().to_pylist())
    if len(names) < 2:
        return table
    return table.filter(pc.equal(table["definition"], names[0]))


def _further(inputs: StageInputs, scheme: str) -> dict[str, RegionActivity]:
    """Give payroll and the earlier period to the scheme that looks at them."""
    if scheme != "panorama":
        return {}
    out: dict[str, RegionActivity] = {}
    cells = inputs.result("prepare", "cells")
    if "payroll" in cells.column_names and cells["payroll"].null_count < cells.num_rows:
        out["output"] = as_region_activity(cells, value="payroll", margins="disclosed")
    scope = Scope.from_document(inputs.document("prepare", "coverage"))
    same = scope.growth_industry_version == scope.industry_version
    if same and scope.growth_periods and inputs.has("activity"):
        out["earlier"] = as_region_activity(
            rows_of(
                inputs.table("activity"),
                period=scope.growth_periods[0],
                region_version=scope.region_version,
                industry_version=scope.industry_version,
            ),
            margins="disclosed",
        )
    return out


def _table(found: ClusterStrength) -> pa.Table:
    """Give one row per region and cluster that is there."""
    shown = np.nan_to_num(found.size) > 0
    rows, cols = (pa.array(k) for k in np.nonzero(shown))
    blank = np.full(shown.shape, np.nan)
    columns = {
        "region": pa.array(found.region.tolist()).take(rows),
        "cluster": pa.array(found.cluster.tolist()).take(cols),
        "kind": pa.array(found.kind.tolist()).take(cols),
        "employment": found.size[shown],
        "lq": found.quotient[shown],
        "stars": found.stars[shown],
        "strong": found.strong[shown],
        "p_strong": (blank if found.p_strong is None else found.p_strong)[shown],
    }
    for k, name in enumerate(found.criteria):
        columns[f"met_{name}"] = found.met[k][shown]
    return pa.table(columns)


def _nothing(reason: str) -> StageOutput:
    text = pa.array([], pa.string())
    number = pa.array([], pa.float64())
    columns = {"region": text, "cluster": text, "kind": text}
    columns |= dict.fromkeys(
        ("employment", "lq", "stars", "strong", "p_strong"), number
    )
    facts: dict[str, Json] = {"reason": reason, "notes": [], "draws": 0}
    return StageOutput(
        tables={"clusters": pa.table(columns)}, documents={"cluster_notes": facts}
    )
