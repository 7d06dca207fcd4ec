"""Entry and exit of activities between periods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.relatedness._waves import changes, waves_of
from agglo.relatedness.relatedness_results import grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["EntryExit", "entry_exit"]


@dataclass(frozen=True, eq=False, kw_only=True)
class EntryExit(Result):
    """Which activities came to and left which regions between periods.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    period
        The earlier period of each step.
    entry, exit
        Shape (n_steps, n_regions, n_activities): 1, 0, or NaN where it was already
        present (entry), was absent (exit), or is not known.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    period: tuple[str, ...]
    entry: FloatArray
    exit: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per step, region and activity."""
        cells = self.region.size * self.activity.size
        labels = grid(self.region, self.activity)
        steps = len(self.period)
        rows = np.tile(np.arange(cells), steps)
        return {
            "period": np.repeat(np.array(self.period), cells),
            "region": labels["region"].take(rows),  # type: ignore[union-attr]
            "industry": labels["industry"].take(rows),  # type: ignore[union-attr]
            "entry": self.entry.ravel(),
            "exit": self.exit.ravel(),
        }

    def summary(self) -> str:
        """Give the rates."""
        e, x = self.entry, self.exit
        return (
            f"{len(self.period)} step(s): {int(np.nansum(e))} entries of "
            f"{int(np.isfinite(e).sum())} options, {int(np.nansum(x))} exits of "
            f"{int(np.isfinite(x).sum())} present"
        )

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.period))
        for values, name in ((self.entry, "entry"), (self.exit, "exit")):
            known = np.isfinite(values).sum(axis=(1, 2))
            rate = np.nansum(values, axis=(1, 2)) / np.maximum(known, 1)
            ax.plot(place, rate, marker="o", label=f"{name} rate")
        ax.set_xticks(place, self.period)
        ax.legend()


def entry_exit(
    data: IntoFrame,
    *,
    period: str = "period",
    rule: Literal["threshold", "robust"] = "threshold",
    threshold: float = 1.0,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
) -> EntryExit:
    """Mark which activities entered and left which regions between periods.

    Use as the outcome of entry models; not where thin cells cross the threshold by
    chance, for which there is ``rule="robust"``.

    Parameters
    ----------
    data
        Activity table of two or more periods; periods are put in the order of their text.
    period
        Column of the period.
    rule
        ``"threshold"``: the quotient crosses `threshold`; ``"robust"``: an entry comes
        from below half of it or stays for two periods, an exit goes there or is absent
        for two (inferred).
    threshold
        Smallest quotient that counts as present.
    region, activity, value
        Columns of the frame.

    Returns
    -------
    EntryExit
        One row per step, region and activity.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    NotIdentifiedError
        If there is one period only.
    InvalidTableError
        If the table of a period breaks its schema or a cell is unknown.
    OptionError
        If a choice does not exist or a number is out of range.

    Notes
    -----
    Entry is 0 or 1 for what was absent at t, NaN otherwise; exit for what was present. A
    region or activity that a period does not name is NaN in its steps. O(cells).

    References
    ----------
    Balland, Boschma, Crespo and Rigby 2019, doi:10.1080/00343404.2018.1437900.

    See Also
    --------
    backtest_entries : Whether density foretold the entries.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import entry_exit
    >>> jobs = pa.table({"period": ["1"] * 4 + ["2"] * 4, "region": list("aabb") * 2,
    ...     "industry": list("xyxy") * 2, "employment": [9.0, 1.0, 1.0, 9.0, 1.0, 9.0, 9.0, 1.0]})
    >>> entry_exit(jobs).entry[0].tolist()
    [[nan, 1.0], [1.0, nan]]
    """
    check_choice("rule", rule, ("threshold", "robust"))
    check_number("threshold", threshold, minimum=1e-12)
    waves = waves_of(data, region, activity, value, period)
    entry, leave = changes(waves.quotient, threshold, rule)
    return EntryExit(
        provenance=Provenance.of(
            entry_exit, *waves.digest, parameters={"rule": rule, "threshold": threshold}
        ),
        frame_kind=waves.kind,
        undefined=(
            Undefined(
                reason="not an option, not present, or not in both periods",
                n=int(np.isnan(entry).sum()),
            ),
        ),
        region=waves.region,
        activity=waves.activity,
        period=waves.period[:-1],
        entry=frozen_array(entry),
        exit=frozen_array(leave),
    )
