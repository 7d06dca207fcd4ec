"""Regions by groups as arrays, and the indicators that need nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.frames import float_column
from agglo.studies.columns import text_of
from agglo.studies.formation.prepare import NO_GROUP, PREPARED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import FloatArray, IntArray
    from agglo.studies.contract import StageInputs
    from agglo.studies.formation.options import FormationOptions

__all__ = ["Block", "block_of"]

_WINDOW = 3
_LONG = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Cells of region and sub-industry of the groups that are looked at, by date.

    Attributes
    ----------
    cluster
        Ids of the peers and the chosen, (n,).
    region, group
        Numbers of each one's region and group, (n,).
    period, earlier, first, long_ago
        The dates: last, three before, first, ten before; empty where there is none.
    now, then, start, old
        Employment at these dates, (n_regions, n_industries); NaN where missing.
    group_of
        Group of every industry.
    establishments, payroll, entries, exits
        At the last date.
    industry
        Codes of the columns.
    """

    cluster: tuple[str, ...]
    region: IntArray
    group: IntArray
    period: str
    earlier: str
    now: FloatArray
    then: FloatArray | None
    start: FloatArray | None
    old: FloatArray | None
    group_of: IntArray
    establishments: FloatArray
    payroll: FloatArray
    entries: FloatArray
    exits: FloatArray
    industry: tuple[str, ...]

    def _of_group(self, table: FloatArray) -> FloatArray:
        """Add industries up to groups, (n_regions, n_groups)."""
        n = int(self.group_of.max(initial=-1)) + 1
        out = np.zeros((table.shape[0], n))
        for g in range(n):
            out[:, g] = table[:, self.group_of == g].sum(axis=1)
        return out

    def indicators(self) -> dict[str, FloatArray]:
        """Give name to values of the clusters."""
        at = (self.region, self.group)
        with np.errstate(divide="ignore", invalid="ignore"):
            jobs = self._of_group(self.now)
            plants, pay = (
                self._of_group(self.establishments),
                self._of_group(self.payroll),
            )
            total = np.nansum(self.now, axis=1)
            nation = np.nansum(jobs, axis=0)
            focus = jobs / total[:, None]
            out = {
                "employment": jobs[at],
                "establishments": plants[at],
                "payroll": pay[at],
                "quotient": (focus / (nation / total.sum()))[at],
                "share": (jobs / nation)[at],
                "focus": focus[at],
                "pay": (pay / jobs)[at],
                "mean_size": (jobs / plants)[at],
                "competition": ((plants / jobs) / (np.nansum(plants, axis=0) / nation))[
                    at
                ],
                "chain": self._chain(total),
                "diversity": self._diversity(),
                "entry": (self._of_group(self.entries) / plants)[at],
                "turnover": (self._of_group(self.entries + self.exits) / plants)[at],
            }
            out.update(self._changes(jobs))
        return {k: np.where(np.isfinite(v), v, np.nan) for k, v in out.items()}

    def leading(self) -> list[str]:
        """Give the code of the largest sub-industry of every cluster; empty without any."""
        out = []
        for r, g in zip(self.region, self.group, strict=True):
            at = np.flatnonzero(self.group_of == g)
            jobs = self.now[r, at]
            known = np.where(np.isfinite(jobs), jobs, -1.0)
            best = int(known.argmax()) if known.size else 0
            out.append(
                self.industry[at[best]] if known.size and known[best] > 0 else ""
            )
        return out

    def _own(self, table: FloatArray) -> list[FloatArray]:
        """Give the sub-industries of every cluster."""
        return [
            table[r, self.group_of == g]
            for r, g in zip(self.region, self.group, strict=True)
        ]

    def _chain(self, total: FloatArray) -> FloatArray:
        """Share of the sub-industries of the group that the region is specialised in."""
        nation = np.nansum(self.now, axis=0)
        lq = (self.now / total[:, None]) / (nation / total.sum())
        present = nation > 0
        return np.array(
            [
                float((lq[r, held] > 1).mean()) if held.any() else np.nan
                for r, g in zip(self.region, self.group, strict=True)
                for held in ((self.group_of == g) & present,)
            ]
        )

    def _diversity(self) -> FloatArray:
        out = np.full(len(self.cluster), np.nan)
        for k, jobs in enumerate(self._own(self.now)):
            if jobs.size > 1 and jobs.sum() > 0:
                p = jobs[jobs > 0] / jobs.sum()
                out[k] = -(p * np.log2(p)).sum()
        return out

    def _changes(self, jobs: FloatArray) -> dict[str, FloatArray]:
        n = len(self.cluster)
        unknown = np.full(n, np.nan)
        out = dict.fromkeys(
            ("growth", "competitive", "turbulence", "first_mover", "new_share"), unknown
        )
        at = (self.region, self.group)
        if self.then is not None:
            before = self._of_group(self.then)
            out["growth"] = (np.log(jobs / before) / _WINDOW)[at]
            out["competitive"] = self._competitive(self.then)
            out["turbulence"] = np.array(
                [
                    0.5 * np.abs(a / a.sum() - b / b.sum()).sum()
                    for a, b in zip(
                        self._own(self.now), self._own(self.then), strict=True
                    )
                ]
            )
        if self.start is not None:
            first = self._of_group(self.start)
            out["first_mover"] = (first / np.nansum(first, axis=0))[at]
        if self.old is not None:
            out["new_share"] = self._taken_over(self.old)
        return out

    def _competitive(self, then: FloatArray) -> FloatArray:
        nation = np.nansum(self.now, axis=0) / np.nansum(then, axis=0)
        gap = np.where(then > 0, self.now - then * nation, 0.0)
        parts = zip(self._own(gap), self._own(then), strict=True)
        return np.array([g.sum() / b.sum() for g, b in parts])

    def _taken_over(self, old: FloatArray) -> FloatArray:
        """Share of employment in sub-industries that had no specialisation before."""
        nation = np.nansum(old, axis=0)
        total = np.nansum(old, axis=1)
        lq = (old / total[:, None]) / (nation / total.sum())
        parts = zip(self._own(self.now), self._own(lq), strict=True)
        return np.array([a[~(q >= 1)].sum() / a.sum() for a, q in parts])


def block_of(inputs: StageInputs, options: FormationOptions) -> Block:
    """Lay the panel out: chosen clusters, and all of their groups above the least size."""
    panel = inputs.result(PREPARED, "panel")
    chosen = text_of(inputs.result(PREPARED, "clusters"), "cluster")
    periods = sorted(set(text_of(panel, "period")))
    regions, r = np.unique(text_of(panel, "region"), return_inverse=True)
    codes = text_of(panel, "group")
    keys = [
        f"{g}\x1f{i}" for g, i in zip(codes, text_of(panel, "industry"), strict=True)
    ]
    industries, i = np.unique(keys, return_inverse=True)
    groups = np.unique(codes)
    group_of = np.searchsorted(groups, [k.partition("\x1f")[0] for k in industries])
    when = np.searchsorted(periods, text_of(panel, "period"))
    shape = (regions.size, industries.size)

    def table(name: str, t: int) -> FloatArray:
        out = np.zeros(shape)
        held = when == t
        out[r[held], i[held]] = float_column(panel, name)[held]
        return out

    last = len(periods) - 1
    now = table("employment", last)
    if options.missing == "zero":
        now = np.nan_to_num(now)
    pairs = _pairs(now, group_of, groups, regions, chosen, options.min_size)
    earlier = last - _WINDOW
    dates: Mapping[str, FloatArray | None] = {
        "then": table("employment", earlier) if earlier >= 0 else None,
        "start": table("employment", 0) if last else None,
        "old": table("employment", last - _LONG) if last >= _LONG else None,
    }
    return Block(
        cluster=tuple(f"{regions[a]}|{groups[b]}" for a, b in pairs),
        region=np.array([a for a, _ in pairs], dtype=np.int64),
        group=np.array([b for _, b in pairs], dtype=np.int64),
        period=periods[last],
        earlier=periods[earlier] if earlier >= 0 else "",
        now=now,
        group_of=group_of.astype(np.int64),
        establishments=table("establishments", last),
        payroll=table("payroll", last),
        entries=table("entries", last),
        exits=table("exits", last),
        industry=tuple(k.partition("\x1f")[2] for k in industries),
        **dates,
    )


def _pairs(
    now: FloatArray,
    group_of: IntArray,
    groups: IntArray,
    regions: IntArray,
    chosen: list[str],
    least: float,
) -> list[tuple[int, int]]:
    """Give region and group of the chosen, and of all of their groups above the size."""
    at_region = {str(v): k for k, v in enumerate(regions)}
    at_group = {str(v): k for k, v in enumerate(groups)}
    found = {
        (at_region[a], at_group[b])
        for a, _, b in (c.partition("|") for c in chosen)
        if a in at_region and b in at_group
    }
    for g in {b for _, b in found}:
        if groups[g] == NO_GROUP:
            continue
        jobs = np.nansum(now[:, group_of == g], axis=1)
        found |= {(int(a), g) for a in np.flatnonzero(jobs >= max(least, 1.0))}
    return sorted(found)
