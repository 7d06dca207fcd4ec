"""Stage `levels`: the same measure at other levels of regions and of industries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.concentration import ellison_glaeser, locational_gini
from agglo.core.tables import RegionActivity
from agglo.studies.columns import text_of
from agglo.studies.concentration.cells import (
    counts_of,
    has_plants,
    jobs_of,
    plants_of,
)
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from agglo.concentration.agglomeration_results import EllisonGlaeser
    from agglo.core.typing import FloatArray, IntArray
    from agglo.studies.contract import StageInputs

__all__ = ["levels"]

_COARSER = ("parent", "top")


def levels(inputs: StageInputs) -> StageOutput:
    """Measure the concentration of every industry at every level there is.

    Also: the modifiable areal unit problem. An industry that is concentrated at one level
    only is concentrated by the borders as much as by its sites.

    Parameters
    ----------
    inputs
        Tables of stage `prepare`; optional ``establishments``.

    Returns
    -------
    StageOutput
        Table ``levels``: industry; family (``gamma``, ``gini``); definition (``jobs``, and
        ``plants`` where plants are counted); level (``region``, ``parent`` and ``top`` of
        the regions, where all of them have one; ``group``: the group of the industry, in
        the regions themselves); number of regions, value, p (of gamma). A merged cell with
        a hidden part is hidden.
    """
    jobs, counts = jobs_of(inputs), counts_of(inputs)
    parts: list[pa.Table] = []
    for level, labels in _region_levels(inputs, jobs):
        names, place = np.unique(labels, return_inverse=True)
        merged = _merged(jobs, names, place)
        plants = None if counts is None else _merged(counts, names, place)
        index = _index(inputs, jobs, labels, merged, plants)
        parts += _measured(level, merged, plants, index, jobs.activity)
    groups = _groups(inputs, jobs)
    if groups is not None:
        parts += _of_groups(jobs, counts, groups)
    return StageOutput(tables={"levels": pa.concat_tables(parts)})


def _region_levels(
    inputs: StageInputs, jobs: RegionActivity
) -> Iterator[tuple[str, NDArray[np.str_]]]:
    """Give the levels at which every region has a place, each partition once."""
    yield "region", jobs.region
    table = inputs.result("prepare", "region_names")
    seen: list[list[str]] = []
    for level in _COARSER:
        known = dict(zip(text_of(table, "region"), text_of(table, level), strict=True))
        found = [known.get(str(r), "") for r in jobs.region]
        if all(found) and 1 < len(set(found)) < len(found) and found not in seen:
            seen.append(found)
            yield level, np.array(found)


def _merged(
    table: RegionActivity,
    names: NDArray[np.str_],
    place: IntArray,
    *,
    industries: bool = False,
) -> RegionActivity:
    """Add up the cells of merged regions or industries; a hidden part hides the whole."""
    cells = table.values.T if industries else table.values
    if names.size == len(cells):
        return table
    values = np.zeros((names.size, cells.shape[1]))
    np.add.at(values, place, cells)
    return RegionActivity.from_arrays(
        values.T if industries else values,
        region=table.region if industries else names,
        activity=names if industries else table.activity,
        margins="disclosed",
        unit=table.unit,
    )


def _index(
    inputs: StageInputs,
    jobs: RegionActivity,
    labels: NDArray[np.str_],
    merged: RegionActivity,
    counts: RegionActivity | None,
) -> EllisonGlaeser | None:
    """Measure from single plants, else from cell means; ``None`` without plant counts."""
    if has_plants(inputs):
        plants = plants_of(inputs, jobs, disclosed=False)
        at = pc.index_in(
            pc.cast(plants["region"], pa.string()), pa.array(jobs.region.tolist())
        )
        where = plants.column_names.index("region")
        own = pa.array(labels.tolist()).take(at.combine_chunks())
        return ellison_glaeser(plants.set_column(where, "region", own))
    if counts is None or not merged.total > 0:
        return None
    return ellison_glaeser(
        merged, herfindahl="cell_means", establishments=counts, missing="zero"
    )  # fmt: skip


def _measured(
    level: str,
    jobs: RegionActivity,
    counts: RegionActivity | None,
    index: EllisonGlaeser | None,
    industry: NDArray[np.str_],
) -> list[pa.Table]:
    """Give the rows of one level."""
    gini = locational_gini(jobs, by="activity")
    parts = [
        _rows(industry, "gini", "jobs", level, jobs.region.size, gini.values, None),
    ]
    if counts is not None and counts.total > 0:
        other = locational_gini(counts, by="activity").values
        parts.append(
            _rows(industry, "gini", "plants", level, jobs.region.size, other, None)
        )
    if index is not None:
        at = np.searchsorted(industry, index.activity)
        gamma, p = np.full(industry.size, np.nan), np.full(industry.size, np.nan)
        gamma[at], p[at] = index.gamma, index.p0
        parts.append(
            _rows(industry, "gamma", "jobs", level, jobs.region.size, gamma, p)
        )
    return parts


def _groups(inputs: StageInputs, jobs: RegionActivity) -> NDArray[np.str_] | None:
    """Give the group of every industry; ``None`` where groups are no coarser level."""
    table = inputs.result("prepare", "industry_names")
    known = dict(zip(text_of(table, "industry"), text_of(table, "group"), strict=True))
    found = [known.get(str(a), "") for a in jobs.activity]
    return np.array(found) if 1 < len(set(found)) < len(found) else None


def _of_groups(
    jobs: RegionActivity, counts: RegionActivity | None, groups: NDArray[np.str_]
) -> list[pa.Table]:
    """Give every industry the concentration of its group."""
    names, place = np.unique(groups, return_inverse=True)
    found: list[pa.Table] = []
    for definition, table in (("jobs", jobs), ("plants", counts)):
        if table is None or not table.total > 0:
            continue
        merged = _merged(table, names, place, industries=True)
        gini = locational_gini(merged, by="activity").values[place]
        n = table.region.size
        found.append(_rows(jobs.activity, "gini", definition, "group", n, gini, None))
    return found


def _rows(
    industry: NDArray[np.str_],
    family: str,
    definition: str,
    level: str,
    n_regions: int,
    value: FloatArray,
    p: FloatArray | None,
) -> pa.Table:
    n = industry.size
    return pa.table(
        {
            "industry": pa.array(industry.tolist(), pa.string()),
            "family": pa.array([family] * n, pa.string()),
            "definition": pa.array([definition] * n, pa.string()),
            "level": pa.array([level] * n, pa.string()),
            "n_regions": pa.array([n_regions] * n, pa.int64()),
            "value": pa.array(value, pa.float64(), from_pandas=True),
            "p": pa.nulls(n, pa.float64())
            if p is None
            else pa.array(p, pa.float64(), from_pandas=True),
        }
    )
