"""Stage `peers`: with which regions a region may be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.columns import text_of
from agglo.studies.concentration.cells import jobs_of
from agglo.studies.contract import StageOutput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agglo.core.tables import RegionActivity
    from agglo.core.typing import FloatArray, IntArray
    from agglo.studies.contract import StageInputs

__all__ = ["PEERS", "peers"]

PEERS = 9
"""Regions of a peer group, without the region itself."""
_BLOCK = 512


def peers(inputs: StageInputs) -> StageOutput:
    """Find for every region those alike in size, in structure, and of its level.

    Parameters
    ----------
    inputs
        Tables of stage `prepare`; optional ``regions`` with levels.

    Returns
    -------
    StageOutput
        Table ``peers``: region, kind (``size``, ``structure``, ``level``), peer, place
        and distance. Size: difference of the logarithms of jobs. Structure: one minus
        the cosine of the shares of the industries, hidden cells left out of both.
        Level: those of the same level, the closest in size first. Ties by code.
    """
    jobs = jobs_of(inputs)
    level = _levels(inputs, jobs)
    parts = [
        _nearest(jobs, "size", _sizes(jobs)),
        _nearest(jobs, "structure", _structures(jobs)),
    ]
    if level is not None and np.unique(level).size > 1:
        parts.append(_nearest(jobs, "level", _sizes(jobs, level)))
    return StageOutput(tables={"peers": pa.concat_tables(parts)})


def _levels(inputs: StageInputs, jobs: RegionActivity) -> IntArray | None:
    """Give the level of every region as a number, -1 where it is unknown."""
    if not inputs.has("regions"):
        return None
    table = inputs.table("regions")
    if "level" not in table.column_names:
        return None
    known = dict(zip(text_of(table, "region"), text_of(table, "level"), strict=True))
    words = [known.get(str(r), "") for r in jobs.region]
    listed = {word: k for k, word in enumerate(sorted(set(words) - {""}))}
    return np.array([listed.get(word, -1) for word in words])


def _sizes(
    jobs: RegionActivity, level: IntArray | None = None
) -> Iterator[tuple[int, FloatArray]]:
    """Give the differences in size, for blocks of regions; infinite between levels."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.log(jobs.row_total)
    size = np.where(np.isfinite(size), size, np.nan)
    for at in range(0, size.size, _BLOCK):
        distance = np.abs(size[at : at + _BLOCK, None] - size[None, :])
        if level is not None:
            other = level[at : at + _BLOCK, None] != level[None, :]
            distance[other | (level[at : at + _BLOCK, None] < 0)] = np.nan
        yield at, distance


def _structures(jobs: RegionActivity) -> Iterator[tuple[int, FloatArray]]:
    """Give one minus the cosine of the structures, for blocks of regions."""
    known = np.nan_to_num(jobs.values)
    length = np.sqrt((known**2).sum(axis=1, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = known / length
    for at in range(0, len(unit), _BLOCK):
        yield at, np.maximum(0.0, 1.0 - unit[at : at + _BLOCK] @ unit.T)


def _nearest(
    jobs: RegionActivity, kind: str, blocks: Iterator[tuple[int, FloatArray]]
) -> pa.Table:
    """Keep the nearest regions; what has no distance has no peers."""
    own: list[IntArray] = []
    other: list[IntArray] = []
    place: list[IntArray] = []
    away: list[FloatArray] = []
    for at, distance in blocks:
        rows = np.arange(len(distance))
        distance[rows, at + rows] = np.nan
        # rounded, so that what is equal but for the last bits is a tie, taken by code
        order = np.argsort(np.round(distance, 12), axis=1, kind="stable")[:, :PEERS]
        found = np.take_along_axis(distance, order, axis=1)
        r, k = np.nonzero(np.isfinite(found))
        own.append(at + r)
        other.append(order[r, k])
        place.append(k + 1)
        away.append(found[r, k])
    region = np.concatenate(own)
    return pa.table(
        {
            "region": pa.array(jobs.region[region].tolist(), pa.string()),
            "kind": pa.array([kind] * region.size, pa.string()),
            "peer": pa.array(jobs.region[np.concatenate(other)].tolist(), pa.string()),
            "place": pa.array(np.concatenate(place), pa.int64()),
            "distance": pa.array(np.concatenate(away), pa.float64()),
        }
    )
