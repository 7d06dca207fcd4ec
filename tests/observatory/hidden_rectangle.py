"""A small policy project in which an attacker knows all cells but a few, and their margins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from scipy.optimize import brentq

from agglo.store.disclosure import DisclosurePolicy, cells_from_records, suppress_cells

MARK = 47.0
PERIODS = ("2011", "2012", "2013", "2014")
HIDDEN_IN = "2013"
INDUSTRIES = tuple("abcd")
RULES = DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None)


@dataclass(frozen=True)
class World:
    """Jobs by period, region and industry; cells of one period are single plants."""

    single: tuple[tuple[int, int], ...] = ((0, 0),)
    n: int = 24
    start: str = HIDDEN_IN

    @cached_property
    def regions(self):
        return tuple(f"R{k:02d}" for k in range(self.n))

    @cached_property
    def starts(self):
        """Ten regions are treated, from the third period on unless told otherwise."""
        return dict.fromkeys(self.regions[::2][:10], self.start)

    @cached_property
    def positions(self):
        return {r: (110.0 + k % 6, 30.0 + k // 6) for k, r in enumerate(self.regions)}

    @cached_property
    def jobs(self):
        rng = np.random.default_rng(8)
        jobs = rng.integers(30, 120, (len(PERIODS), self.n, len(INDUSTRIES)))
        jobs = jobs.astype(float)
        for at in self.single:
            jobs[(PERIODS.index(HIDDEN_IN), *at)] = MARK
        return jobs

    @cached_property
    def shown(self):
        """What the public sees of the jobs: one protected table per period."""
        return {
            f"concentration.{period}": suppress_cells(self._cells(k), policy=RULES)
            for k, period in enumerate(PERIODS)
        }

    def _cells(self, k):
        rows = []
        for r, i in np.ndindex(self.n, len(INDUSTRIES)):
            alone = PERIODS[k] == HIDDEN_IN and (r, i) in self.single
            plants = 1 if alone else 5
            part = (self.regions[r], INDUSTRIES[i], self.jobs[k, r, i] / plants)
            rows += [part] * plants
        regions, industries, jobs = zip(*rows, strict=True)
        data = pa.table({"region": regions, "industry": industries, "jobs": jobs})
        return cells_from_records(data, dimensions=("region", "industry"), value="jobs")

    def panel(self, jobs=None):
        """Give what the study measures: how concentrated the jobs of a region are."""
        jobs = self.jobs if jobs is None else jobs
        share = jobs / jobs.sum(axis=2, keepdims=True)
        value = np.log((share**2).sum(axis=2))
        names = [r for r in self.regions for _ in PERIODS]
        return pa.table(
            {
                "region": names, "period": list(PERIODS) * self.n,
                "ln_h": value.T.ravel(),
                "treated": [
                    float(self.starts.get(r, "9") <= p)
                    for r, p in zip(names, list(PERIODS) * self.n, strict=True)
                ],
            }
        )  # fmt: skip

    @cached_property
    def ways(self):
        """Give the changes of hidden cells that no published sum notices, one per row."""
        safe = self.shown[f"concentration.{HIDDEN_IN}"]
        hidden = safe.hidden.reshape(safe.cells.shape)
        assert not hidden[0].any()
        assert not hidden[:, 0].any()
        place = [safe.cells.dimensions[0].place[r] for r in self.regions]
        rows, columns = np.nonzero(hidden[place, 1:])
        sums = np.zeros((self.n + len(INDUSTRIES), rows.size))
        sums[rows, np.arange(rows.size)] = 1.0
        sums[self.n + columns, np.arange(rows.size)] = 1.0
        _, weight, base = np.linalg.svd(sums)
        free = base[int((weight > 1e-9).sum()) :]
        found = np.zeros((len(free), self.n, len(INDUSTRIES)))
        found[:, rows, columns] = free
        return found

    def changed(self, steps):
        """Give jobs that agree with all that is published."""
        jobs = self.jobs.copy()
        jobs[PERIODS.index(HIDDEN_IN)] += np.tensordot(steps, self.ways, 1)
        return jobs


def solved(world, told, number):
    """Work the marker back from one number: every value of it that gives the number.

    `told` computes the number from jobs. Only worlds with one way of change.
    """
    (way,) = world.ways
    here = world.jobs[PERIODS.index(HIDDEN_IN)]
    moves = np.abs(way) > 1e-9
    # jobs are not negative
    room = here[moves] / np.abs(way[moves])
    low = -room[way[moves] > 0].min()
    high = room[way[moves] < 0].min()
    grid = np.linspace(low + 1e-6, high - 1e-6, 30)

    def gap(step):
        return told(world.changed([step])) - number

    gaps = [gap(step) for step in grid]
    roots = [
        brentq(gap, a, b, xtol=1e-10)
        for a, b, one, two in zip(grid, grid[1:], gaps, gaps[1:], strict=False)
        if one * two <= 0
    ]
    return [float(here[0, 0] + root * way[0, 0]) for root in roots]
