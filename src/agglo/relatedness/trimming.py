"""Trimming: leave out regions and activities too small for the methods of relatedness."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError, NotIdentifiedError, NumericsWarning
from agglo.core.options import check_number
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels_presence as kernels
from agglo.relatedness._inputs import not_empty
from agglo.relatedness.periods import by_period
from agglo.relatedness.relatedness_results import Trimming

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntoFrame

__all__ = ["trim"]


@dataclass
class _Kept:
    """What is still there, and why the rest is not (round 0: not yet dropped)."""

    rows: BoolArray
    columns: BoolArray
    log: list[tuple[str, int, int, str]]

    def drop(self, kind: str, positions: np.ndarray, turn: int, reason: str) -> None:
        """Leave positions out and note them."""
        side = self.rows if kind == "region" else self.columns
        side[positions] = False
        self.log += [(kind, int(k), turn, reason) for k in positions]


@by_period
def trim(
    data: IntoFrame | RegionActivity,
    *,
    min_region_total: float = 0.0,
    min_activity_total: float = 0.0,
    top_regions: int | None = None,
    min_diversity: int = 1,
    min_ubiquity: int = 1,
    threshold: float = 1.0,
    max_iter: int = 100,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
) -> Trimming:
    r"""Leave out regions and activities that are too small to compare.

    Use before `complexity`: untrimmed, tiny regions with a few odd activities lead it.
    Not a repair of wrong data, and part of the method: report it.

    Parameters
    ----------
    data
        Activity table of one period without unknown cells, or `RegionActivity`.
    min_region_total, min_activity_total
        Smallest total that stays, in the unit of `value`.
    top_regions
        Only so many of the largest regions stay (and those that tie with the last).
    min_diversity, min_ubiquity
        Smallest number of activities present in a region, of regions with an activity.
    threshold
        Quotient from which an activity is present.
    max_iter
        Most rounds of judging presence.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.

    Returns
    -------
    Trimming
        ``table``: the `RegionActivity` that is left; one row per region and activity that
        was dropped, with the round and the reason; share of the total that is kept.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema or a cell is unknown.
    NotIdentifiedError
        If fewer than 2 regions or activities are left.
    OptionError
        If a minimum is negative, or `top_regions` below 2.

    Warns
    -----
    NumericsWarning
        If something still falls below the minima after `max_iter` rounds.

    Notes
    -----
    Totals are judged first (round 1). Then quotients are formed, regions and activities
    below the minima dropped, and quotients formed anew, until nothing changes; every
    round drops something, so it ends. What is left out can still be
    given an index: `complexity_subnational` of the whole table with that of what is left.
    O(rounds n_regions n_activities).

    References
    ----------
    Practice of the Atlas: Hausmann et al. 2014, doi:10.7551/mitpress/9647.001.0001.
    Tests reproduce the 128 largest exporters of 1998-2000.

    See Also
    --------
    complexity : What it is for.
    complexity_subnational : An index for all regions, from the activities of what is left.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import trim
    >>> jobs = pa.table({"region": list("aabbc"), "industry": list("xyxyx"),
    ...     "employment": [30.0, 10.0, 10.0, 49.0, 1.0]})
    >>> round(trim(jobs, min_region_total=5).kept_share, 4)
    0.99
    """
    minima = {
        "min_region_total": min_region_total,
        "min_activity_total": min_activity_total,
        "min_diversity": min_diversity,
        "min_ubiquity": min_ubiquity,
    }
    _check(minima, threshold, top_regions)
    check_number("max_iter", max_iter, minimum=1, integer=True)
    table = not_empty(
        as_region_activity(
            data, region=region, activity=activity, value=value, period=period
        )
    )
    if table.n_unknown:
        msg = f"{table.n_unknown} cells are unknown, so totals cannot be judged: leave them out first."
        raise InvalidTableError(msg)
    kept = _by_totals(table, min_region_total, min_activity_total, top_regions)
    settled = _until_stable(
        table.values, kept, (min_diversity, min_ubiquity), threshold, int(max_iter)
    )
    notes: tuple[str, ...] = ()
    if not settled:
        text = f"after max_iter={max_iter} rounds some are still below the minima"
        warnings.warn(text, NumericsWarning, stacklevel=2)
        notes = (text,)
    options = {
        **minima,
        "top_regions": top_regions,
        "threshold": threshold,
        "max_iter": max_iter,
    }
    found = Provenance.of(trim, table, parameters=options, warnings=notes)
    return _report(table, kept, found)


def _check(minima: Mapping[str, float], threshold: float, top: int | None) -> None:
    for name, number in minima.items():
        check_number(name, number, minimum=0.0)
    check_number("threshold", threshold, minimum=1e-12)
    if top is not None:
        check_number("top_regions", top, minimum=2, integer=True)


def _report(table: RegionActivity, kept: _Kept, provenance: Provenance) -> Trimming:
    left = RegionActivity.from_arrays(
        table.values[np.ix_(kept.rows, kept.columns)],
        region=table.region[kept.rows],
        activity=table.activity[kept.columns],
        unit=table.unit,
        period=table.period,
    )
    sides = {
        "region": (table.region, table.row_total),
        "industry": (table.activity, table.col_total),
    }
    labels = [str(sides[kind][0][k]) for kind, k, _, _ in kept.log]
    totals = [float(sides[kind][1][k]) for kind, k, _, _ in kept.log]
    return Trimming(
        provenance=provenance,
        frame_kind=table.frame_kind,
        table=dataclasses.replace(left, frame_kind=table.frame_kind),
        kind=frozen_array(np.array([e[0] for e in kept.log], dtype=np.str_)),
        label=frozen_array(np.array(labels, dtype=np.str_)),
        turn=frozen_array(np.array([e[2] for e in kept.log], dtype=np.int64)),
        reason=frozen_array(np.array([e[3] for e in kept.log], dtype=np.str_)),
        size=frozen_array(np.array(totals, dtype=np.float64)),
        kept_share=left.total / table.total if table.total > 0 else float("nan"),
    )


def _by_totals(
    table: RegionActivity, region_total: float, activity_total: float, top: int | None
) -> _Kept:
    kept = _Kept(
        np.ones(table.region.size, dtype=bool),
        np.ones(table.activity.size, dtype=bool),
        [],
    )
    small = table.row_total < region_total
    kept.drop("region", np.flatnonzero(small), 1, "total below the minimum")
    few = table.col_total < activity_total
    kept.drop("industry", np.flatnonzero(few), 1, "total below the minimum")
    if top is not None and top < table.region.size:
        cut = np.sort(table.row_total)[-top]
        out = kept.rows & (table.row_total < cut)
        kept.drop("region", np.flatnonzero(out), 1, f"not among the {top} largest")
    return kept


def _until_stable(
    x: FloatArray,
    kept: _Kept,
    minima: tuple[float, float],
    threshold: float,
    rounds: int,
) -> bool:
    """Drop what is below the minima, round by round; say whether nothing is left to drop."""
    diversity, ubiquity = minima
    turn = 2
    while True:
        rows, columns = np.flatnonzero(kept.rows), np.flatnonzero(kept.columns)
        if rows.size < 2 or columns.size < 2:
            msg = (
                f"Trimming leaves {rows.size} regions and {columns.size} activities; at "
                "least 2 of each are needed. Lower the minima."
            )
            raise NotIdentifiedError(msg)
        part = x[np.ix_(rows, columns)]
        quotient = kernels.revealed_advantage(
            part, part.sum(axis=1), part.sum(axis=0), float(part.sum())
        )
        present = kernels.at_least(quotient, threshold)
        thin = rows[present.sum(axis=1) < diversity]
        rare = columns[present.sum(axis=0) < ubiquity]
        if not thin.size and not rare.size:
            return True
        if turn > rounds + 1:
            return False
        kept.drop("region", thin, turn, "too few activities present")
        kept.drop("industry", rare, turn, "present in too few regions")
        turn += 1
