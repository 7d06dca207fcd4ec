"""Stage `agglomeration`: every industry with its Ellison-Glaeser index and interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.concentration import ellison_glaeser, locational_gini
from agglo.core.inference import fdr
from agglo.core.tables import RegionActivity
from agglo.studies.concentration.cells import (
    counts_of,
    has_plants,
    jobs_of,
    names_of,
    plants_of,
)
from agglo.studies.concentration.jackknife import jackknife_interval, region_groups
from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from agglo.concentration.agglomeration_results import EllisonGlaeser
    from agglo.core.typing import BoolArray, FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = ["agglomeration"]


def agglomeration(inputs: StageInputs) -> StageOutput:
    """Measure how concentrated every industry is beyond its plants.

    Parameters
    ----------
    inputs
        Tables of stage `prepare`; optional ``establishments``.

    Returns
    -------
    StageOutput
        Table ``industries``, document ``agglomeration_notes``.
    """
    options = inputs.options_as(ConcentrationOptions)
    jobs = jobs_of(inputs)
    index, notes = _index(inputs, jobs)
    columns = _sizes(inputs, jobs)
    n = jobs.activity.size
    if index is None:
        blank = np.full(n, np.nan)
        names = ("gamma", "gamma_lower", "gamma_upper", "G", "H", "z0", "p", "q")
        columns |= dict.fromkeys(names, blank)
        columns["status"] = np.full(n, "no_plant_counts")
    else:
        groups = region_groups(jobs.row_total, options.jackknife_groups)
        lower, upper = _interval(inputs, jobs, index, groups, options.level)
        columns |= {
            "gamma": _on(index, jobs, index.gamma),
            "gamma_lower": lower,
            "gamma_upper": upper,
            "G": _on(index, jobs, index.G),
            "H": _on(index, jobs, index.H),
            "z0": _on(index, jobs, index.z0),
            "p": _on(index, jobs, index.p0),
            "q": _on(index, jobs, fdr(index.p0, method=options.fdr)),
            "status": _status(index, jobs),
        }
    columns["locational_gini"] = _gini(jobs)
    facts: dict[str, Json] = {
        "herfindahl": "none" if index is None else index.herfindahl_kind,
        "p_method": "" if index is None else index.p_method,
        "jackknife_groups": min(options.jackknife_groups, jobs.region.size),
        "notes": list(notes),
    }
    return StageOutput(
        tables={"industries": pa.table(columns)},
        documents={"agglomeration_notes": facts},
    )


def _index(
    inputs: StageInputs, jobs: RegionActivity
) -> tuple[EllisonGlaeser | None, tuple[str, ...]]:
    """Measure from single plants, else from cell means."""
    compute = _measure(inputs, jobs)
    if compute is None:
        return None, ("no plant counts: the plant Herfindahl index is unknown",)
    found = compute(np.ones(jobs.region.size, dtype=bool))
    return found, found.provenance.warnings


def _measure(
    inputs: StageInputs, jobs: RegionActivity
) -> Callable[[BoolArray], EllisonGlaeser] | None:
    """Give the index as a function of the regions that are in."""
    if has_plants(inputs):
        plants = plants_of(inputs, jobs, disclosed=False)
        where = pc.index_in(
            pc.cast(plants["region"], pa.string()), pa.array(jobs.region.tolist())
        ).to_numpy()

        def from_plants(keep: BoolArray) -> EllisonGlaeser:
            return ellison_glaeser(plants.filter(pa.array(keep[where])))

        return from_plants
    counts = counts_of(inputs)
    if counts is None or not jobs.total > 0:
        return None

    def from_cells(keep: BoolArray) -> EllisonGlaeser:
        return ellison_glaeser(
            _some(jobs, keep),
            herfindahl="cell_means",
            establishments=_some(counts, keep),
            missing="zero",
        )

    return from_cells


def _some(table: RegionActivity, keep: BoolArray) -> RegionActivity:
    if keep.all():
        return table
    return RegionActivity.from_arrays(
        table.values[keep],
        region=table.region[keep],
        activity=table.activity,
        margins="disclosed",
        unit=table.unit,
    )


def _interval(
    inputs: StageInputs,
    jobs: RegionActivity,
    index: EllisonGlaeser,
    groups: tuple[BoolArray, ...],
    level: float,
) -> tuple[FloatArray, FloatArray]:
    """Leave out groups of regions in turn."""
    compute = _measure(inputs, jobs)
    parts = []
    for k, group in enumerate(groups):
        inputs.progress(k, len(groups), "intervals")
        if compute is not None and jobs.row_total[~group].sum() > 0:
            part = compute(~group)
            parts.append(_on(part, jobs, part.gamma))
    return jackknife_interval(_on(index, jobs, index.gamma), parts, level)


def _on(index: EllisonGlaeser, jobs: RegionActivity, values: FloatArray) -> FloatArray:
    """Put values on the industries of the cells."""
    out = np.full(jobs.activity.size, np.nan)
    out[np.searchsorted(jobs.activity, index.activity)] = values
    return out


def _status(index: EllisonGlaeser, jobs: RegionActivity) -> NDArray[np.str_]:
    out = np.full(jobs.activity.size, "no_plants", dtype=object)
    out[np.searchsorted(jobs.activity, index.activity)] = index.status
    return out.astype(np.str_)


def _sizes(inputs: StageInputs, jobs: RegionActivity) -> dict[str, object]:
    names = names_of(inputs, "industry")
    known = np.nan_to_num(jobs.values)
    largest = known.argmax(axis=0)
    counts = counts_of(inputs)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = jobs.col_total / jobs.total
        first = known.max(axis=0) / jobs.col_total
    there = jobs.col_total > 0
    number = np.full(jobs.activity.size, np.nan) if counts is None else counts.col_total
    return {
        "industry": jobs.activity.tolist(),
        "name": [names[a] for a in jobs.activity],
        "employment": jobs.col_total,
        "share": share,
        "establishments": number,
        "n_regions": (known > 0).sum(axis=0).astype(np.float64),
        "n_hidden": (jobs.status > 0).sum(axis=0).astype(np.float64),
        "largest_region": np.where(there, jobs.region[largest], "").tolist(),
        "largest_region_share": np.where(there, first, np.nan),
    }


def _gini(jobs: RegionActivity) -> FloatArray:
    return locational_gini(jobs, by="activity").values
