"""From a 0/1 column or starting dates to a checked, absorbing treatment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError, Problem
from agglo.core.frames import require_columns, string_column, to_arrow

if TYPE_CHECKING:
    from agglo.core.tables import Panel
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["Treatment", "read_treatment"]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Treatment:
    """D (N, T) in {0, 1}; ``first``: position of the first treated period, T for never."""

    d: FloatArray
    first: IntArray

    @property
    def n_treated(self) -> int:
        """Give the number of regions that are ever treated."""
        return int((self.first < self.d.shape[1]).sum())

    @property
    def staggered(self) -> bool:
        """Say whether regions start at different times."""
        return np.unique(self.first[self.first < self.d.shape[1]]).size > 1


def starts_from(
    start: Mapping[str, str] | IntoFrame, panel: Panel, region: str
) -> dict[str, str]:
    """Read region to first treated period from a mapping or a `treatments` table."""
    if isinstance(start, Mapping):
        pairs = {str(k): str(v) for k, v in start.items()}
    else:
        table = to_arrow(start, where="start")
        require_columns(table, {"region": region, "start": "start"}, where="start")
        regions, dates = string_column(table, region), string_column(table, "start")
        given = [
            (r, d) for r, d in zip(regions, dates, strict=True) if d not in (None, "")
        ]
        if len({r for r, _ in given}) != len(given):
            msg = "[treatment_reversal] a region has two starts; choose one policy."
            raise NotIdentifiedError(msg)
        pairs = {str(r): str(d) for r, d in given}
    lost = sorted(set(pairs) - {str(r) for r in panel.regions})
    if lost:
        msg = f"[weights_ids] start names regions that are not in the panel: {lost[:_SHOWN]}."
        raise AlignmentError(msg)
    return pairs


def _from_starts(pairs: dict[str, str], panel: Panel) -> FloatArray:
    numeric = all(str(p).lstrip("-").isdigit() for p in panel.periods)
    d = np.zeros((panel.regions.size, panel.periods.size))
    for i, name in enumerate(panel.regions):
        when = pairs.get(str(name))
        if when is None:
            continue
        if numeric:
            try:
                begin = float(when)
            except ValueError as error:
                msg = f"start of '{name}' is {when!r}; the periods are whole numbers."
                raise OptionError(msg) from error
            d[i] = np.array([int(p) for p in panel.periods]) >= begin
        else:
            d[i] = panel.periods >= when
    return d


def read_treatment(
    panel: Panel,
    *,
    treatment: str | None,
    start: Mapping[str, str] | IntoFrame | None,
    region: str,
    all_in_the_end: bool = False,
) -> Treatment:
    """Give the treatment, or say everything that is wrong with it.

    `all_in_the_end`: every region may be treated by the last period.
    """
    if (treatment is None) == (start is None):
        msg = "Give either treatment (a 0/1 column) or start (first treated periods)."
        raise OptionError(msg)
    if treatment is not None:
        d = panel.variable(treatment)
    else:
        d = _from_starts(starts_from(start or {}, panel, region), panel)
    problems = _problems(d, panel)
    if all_in_the_end:
        problems = [p for p in problems if p.code != "no_controls"]
    if problems:
        msg = "The treatment does not identify an effect."
        raise NotIdentifiedError(msg, problems)
    first = np.where(d.any(axis=1), d.argmax(axis=1), d.shape[1])
    return Treatment(d=d, first=first.astype(np.int64))


def _problems(d: FloatArray, panel: Panel) -> list[Problem]:
    regions = panel.regions

    def named(mask: BoolArray) -> str:
        some = [str(r) for r in regions[np.flatnonzero(mask)[:_SHOWN]]]
        return f"{int(mask.sum())} regions: {', '.join(some)}"

    odd = np.asarray(~np.isin(d, (0.0, 1.0)).all(axis=1))
    if odd.any():
        return [
            Problem(
                code="treatment_reversal",
                what=f"the treatment is not 0 or 1 in {named(odd)}",
                fix="one column, 0 before and 1 from the start",
            )
        ]
    out = []
    off = np.asarray((np.diff(d, axis=1) < 0).any(axis=1))
    if off.any():
        out.append(
            Problem(
                code="treatment_reversal",
                what=f"the treatment switches off in {named(off)}",
                fix="treatment must stay on once it started",
            )
        )
    if not d.any():
        out.append(Problem(code="treatment_none", what="no region is ever treated"))
    elif d.all():
        out.append(Problem(code="treatment_all", what="every cell is treated"))
    else:
        first = d[:, 0] == 1
        if first.any():
            out.append(
                Problem(
                    code="treatment_first_period",
                    what=f"treated in the first period {panel.periods[0]}: {named(first)}",
                    fix="drop them: they have no period before the treatment",
                )
            )
        full = d.all(axis=0)
        if full.any():
            when = ", ".join(str(p) for p in panel.periods[full][:_SHOWN])
            out.append(
                Problem(
                    code="no_controls",
                    what=f"every region is treated in {when}",
                    fix="end the panel before, or add regions that are never treated",
                )
            )
    return out
