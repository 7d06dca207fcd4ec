"""The cells of the profile as the tables that the measures take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import float_column
from agglo.core.tables import RegionActivity, as_region_activity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import FloatArray, Json
    from agglo.studies.contract import StageInputs

__all__ = [
    "counts_of",
    "coverage_of",
    "effective_plants",
    "has_plants",
    "jobs_of",
    "names_of",
    "plants_of",
]


def jobs_of(inputs: StageInputs) -> RegionActivity:
    """Give employment; totals are those of the disclosed cells."""
    return as_region_activity(inputs.result("prepare", "cells"), margins="disclosed")


def counts_of(inputs: StageInputs) -> RegionActivity | None:
    """Give plant counts, or ``None`` where there are none to use."""
    if coverage_of(inputs).get("counts") != "ok":
        return None
    return as_region_activity(
        inputs.result("prepare", "cells"), value="establishments", margins="disclosed"
    )


def coverage_of(inputs: StageInputs) -> Mapping[str, Json]:
    """Give what the first stage wrote down."""
    document = inputs.document("prepare", "coverage")
    return document if isinstance(document, dict) else {}


def has_plants(inputs: StageInputs) -> bool:
    """Say whether single plants are to be used."""
    return bool(coverage_of(inputs).get("plants")) and inputs.has("establishments")


def plants_of(
    inputs: StageInputs, jobs: RegionActivity, *, disclosed: bool
) -> pa.Table:
    """Give the single plants of the cells; on demand those of disclosed cells only."""
    table = inputs.table("establishments").select(["region", "industry", "employment"])
    place = []
    keep = np.asarray(pc.is_valid(table["employment"]).to_numpy())
    for name, labels in (("region", jobs.region), ("industry", jobs.activity)):
        codes = pc.index_in(
            pc.cast(table[name], pa.string()), pa.array(labels.tolist())
        )
        found = pc.fill_null(codes, -1).to_numpy()
        keep &= found >= 0
        place.append(found)
    if disclosed:
        keep &= jobs.status[place[0], place[1]] == 0
    return table.filter(pa.array(keep))


def names_of(inputs: StageInputs, key: str) -> dict[str, str]:
    """Give code to name of the regions or industries."""
    table = inputs.result("prepare", f"{key}_names")
    return dict(zip(table[key].to_pylist(), table["name"].to_pylist(), strict=True))


def effective_plants(inputs: StageInputs, jobs: RegionActivity) -> FloatArray | None:
    """Give the number of equal plants that are as lumpy as the real ones, per cell.

    With single plants (sum z)^2 / sum z^2; with cell means the number of plants, which is
    an upper bound. NaN where unknown or empty.
    """
    if has_plants(inputs):
        return _from_plants(plants_of(inputs, jobs, disclosed=True), jobs)
    counts = counts_of(inputs)
    if counts is None:
        return None
    return np.where(counts.values > 0, counts.values, np.nan)


def _from_plants(plants: pa.Table, jobs: RegionActivity) -> FloatArray:
    size = float_column(plants, "employment")
    place = [
        np.searchsorted(labels, np.asarray(plants[name].to_pylist(), dtype=np.str_))
        for name, labels in (("region", jobs.region), ("industry", jobs.activity))
    ]
    cell = place[0] * jobs.activity.size + place[1]
    n = jobs.values.size
    first = np.bincount(cell, size, minlength=n)
    second = np.bincount(cell, size**2, minlength=n)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: FloatArray = np.where(second > 0, first**2 / second, np.nan)
    return found.reshape(jobs.values.shape)
