"""Results on the life of clusters: stages, hidden states, lock-in, resilience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["HiddenStages", "LifeCycle", "LockIn", "Resilience"]


def _counts(words: NDArray[np.str_]) -> str:
    names, n = np.unique(words, return_counts=True)
    order = np.argsort(-n, kind="stable")
    return ", ".join(f"{names[i].replace('_', ' ')} {n[i]}" for i in order)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LifeCycle(Result):
    """Stage of every cluster (group in a region) and period, with the inputs of the rules.

    Attributes
    ----------
    region, group, period
        Labels of the rows, (n,): all periods of a cluster follow each other.
    stage
        ``emergence``, ``growth``, ``sustainment``, ``decline``, ``renewal``, ``latent``,
        ``mixed``, or ``not_assessed``.
    size
        z-score of log employment among the regions with the group.
    growth, value
        Yearly growth over the window; the same less that of the group in the nation.
    diversity, change
        Normalised entropy of the sub-industries; its change over the window.
    new_share
        Share of employment in sub-industries that were absent a window before.
    converging
        1 where diversity falls, the sign of growth in the textbooks.
    margin
        Distance of `value` from the nearer of -delta and delta.
    employment
        Employment of the cluster.
    entry_rate
        Firms that entered over the window, per firm and period; NaN where not told.
    rule
        Window and thresholds.
    """

    region: NDArray[np.str_]
    group: NDArray[np.str_]
    period: NDArray[np.str_]
    stage: NDArray[np.str_]
    size: FloatArray
    growth: FloatArray
    value: FloatArray
    diversity: FloatArray
    change: FloatArray
    new_share: FloatArray
    converging: FloatArray
    margin: FloatArray
    employment: FloatArray
    entry_rate: FloatArray
    rule: Mapping[str, float]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cluster and period."""
        return {
            "region": self.region,
            "group": self.group,
            "period": self.period,
            "stage": self.stage,
            "value": self.value,
            "size": self.size,
            "growth": self.growth,
            "diversity": self.diversity,
            "change": self.change,
            "new_share": self.new_share,
            "converging": self.converging,
            "margin": self.margin,
            "employment": self.employment,
            "entry_rate": self.entry_rate,
        }

    @property
    def n_periods(self) -> int:
        """Number of periods."""
        return int(np.unique(self.period).size)

    def summary(self) -> str:
        """Count stages, over all periods and in the last."""
        rule = ", ".join(f"{k} = {v:g}" for k, v in self.rule.items())
        newest = str(self.period[-1])
        last = self.period == newest
        lines = [
            f"{self.stage.size} cluster-periods: {_counts(self.stage)}",
            f"In {newest}: {_counts(self.stage[last])}",
            f"Rules with {rule}.",
        ]
        return "\n".join([*lines, *(f"Note: {w}" for w in self.provenance.warnings)])

    def _draw(self, ax: Axes) -> None:
        stages = [s for s in np.unique(self.stage) if s != "not_assessed"]
        for stage in stages:
            at = np.flatnonzero(self.stage == stage)[:2000]
            ax.plot(self.value[at], self.size[at], ".", ms=3, label=stage)
        if not stages:
            ax.text(0.5, 0.5, "no cluster is assessed", ha="center")
        ax.set_xlabel("growth beyond the nation's, per period")
        ax.set_ylabel("size (z-score)")
        if stages:
            ax.legend()


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class HiddenStages(Result):
    """States of a hidden Markov model beside the stages of the rules.

    Attributes
    ----------
    region, group, period
        Labels of the rows that have all features, (n,).
    state
        Most probable path, states sorted by mean relative growth, from 1.
    stage
        Stage of the rules.
    means
        (n_states, 3): size, relative growth, change of diversity, in their own units.
    transition
        (n_states, n_states), rows add up to 1.
    dwell
        Expected periods in each state.
    log_likelihood, bic
        Of the model chosen.
    tried
        Number of states to its BIC.
    rand, information, cramer
        Adjusted Rand index, normalised mutual information, Cramér's V with the stages.
    table
        Rows states, columns `stages`: counts.
    stages
        Names of the columns of `table`.
    matched
        Stage that each state stands for when every stage is given out once (Hungarian).
    converged
        Whether the likelihood settled.
    """

    region: NDArray[np.str_]
    group: NDArray[np.str_]
    period: NDArray[np.str_]
    state: IntArray
    stage: NDArray[np.str_]
    means: FloatArray
    transition: FloatArray
    dwell: FloatArray
    log_likelihood: float
    bic: float
    tried: Mapping[int, float]
    rand: float
    information: float
    cramer: float
    table: IntArray
    stages: tuple[str, ...]
    matched: tuple[str, ...]
    converged: bool

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cluster and period: state, its mean growth, and the stage."""
        return {
            "region": self.region,
            "group": self.group,
            "period": self.period,
            "state": self.state,
            "value": self.means[self.state - 1, 1],
            "stage": self.stage,
        }

    def summary(self) -> str:
        """Give states, dwell times and the agreement with the rules."""
        lines = [
            f"{self.means.shape[0]} hidden states in {self.state.size} cluster-periods, "
            f"log-likelihood {self.log_likelihood:.1f}, BIC {self.bic:.1f}",
            f"Agreement with the rules: adjusted Rand {self.rand:.3f}, mutual information "
            f"{self.information:.3f}, Cramér's V {self.cramer:.3f}",
        ]
        for k, (m, d, name) in enumerate(
            zip(self.means, self.dwell, self.matched, strict=True), 1
        ):
            lines.append(
                f"  {k} ({name or '-'}): size {m[0]:.2f}, growth {m[1]:+.4f}, diversity "
                f"{m[2]:+.4f}, stays {d:.1f}"
            )
        return "\n".join([*lines, *(f"Note: {w}" for w in self.provenance.warnings)])

    def _draw(self, ax: Axes) -> None:
        ax.imshow(self.transition, cmap="Blues", vmin=0, vmax=1)
        for i, row in enumerate(self.transition):
            for j, p in enumerate(row):
                ax.text(j, i, f"{p:.2f}", ha="center", va="center")
        ax.set_xlabel("state next period")
        ax.set_ylabel("state")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LockIn(Result):
    """Which clusters concentrate and lose diversity at once.

    Attributes
    ----------
    region, group
        Labels, (n,).
    value
        Mean yearly change of the Herfindahl index of sub-industries.
    lower, upper
        Its bootstrap interval.
    diversity, diversity_lower, diversity_upper
        The same of the normalised entropy.
    rigid
        1 where the first rises and the second falls, both beyond their intervals; NaN
        where unknown.
    first, last
        Periods of the window.
    """

    region: NDArray[np.str_]
    group: NDArray[np.str_]
    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    diversity: FloatArray
    diversity_lower: FloatArray
    diversity_upper: FloatArray
    rigid: FloatArray
    first: str
    last: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cluster."""
        return {
            "region": self.region,
            "group": self.group,
            "value": self.value,
            "lower": self.lower,
            "upper": self.upper,
            "diversity": self.diversity,
            "diversity_lower": self.diversity_lower,
            "diversity_upper": self.diversity_upper,
            "rigid": self.rigid,
        }

    def summary(self) -> str:
        """Count rigid clusters."""
        known = int((~np.isnan(self.rigid)).sum())
        return (
            f"{int(np.nansum(self.rigid))} of {known} clusters are rigid from {self.first} to "
            f"{self.last}; {self.rigid.size - known} are not assessed."
        )

    def _draw(self, ax: Axes) -> None:
        held = self.rigid == 1
        ax.plot(self.value[~held], self.diversity[~held], ".", ms=3, color="0.6")
        ax.plot(self.value[held], self.diversity[held], "o", ms=4)
        ax.set_xlabel("change of the Herfindahl index per period")
        ax.set_ylabel("change of diversity per period")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Resilience(Result):
    """How clusters went through a shock, beside what the nation would lead to expect.

    Attributes
    ----------
    region, group
        Labels, (n,).
    value
        Resistance, sensitivity form.
    resistance_mix
        Resistance, industry-mix form: expected change from the cluster's own mix.
    recovery, recovery_mix
        The same from the trough to the end.
    periods_to_recover
        Until employment is back at its level before the shock; NaN where it is not.
    censored
        Whether it has not come back by the end.
    left_out
        Sub-industries unknown at one of the dates.
    before, trough, after
        The dates.
    """

    region: NDArray[np.str_]
    group: NDArray[np.str_]
    value: FloatArray
    resistance_mix: FloatArray
    recovery: FloatArray
    recovery_mix: FloatArray
    periods_to_recover: FloatArray
    censored: BoolArray
    left_out: IntArray
    before: str
    trough: str
    after: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cluster."""
        return {
            "region": self.region,
            "group": self.group,
            "value": self.value,
            "resistance_mix": self.resistance_mix,
            "recovery": self.recovery,
            "recovery_mix": self.recovery_mix,
            "periods_to_recover": self.periods_to_recover,
            "censored": self.censored,
            "left_out": self.left_out,
        }

    def summary(self) -> str:
        """Give medians and the share that has recovered."""
        known = ~np.isnan(self.value)
        middle = float(np.median(self.value[known])) if known.any() else float("nan")
        back = int((~self.censored & ~np.isnan(self.periods_to_recover)).sum())
        return (
            f"Resistance from {self.before} to {self.trough} of {int(known.sum())} clusters: "
            f"median {middle:.3f} (0: as the nation); {back} are back at their level by "
            f"{self.after}."
        )

    def _draw(self, ax: Axes) -> None:
        ax.plot(self.value, self.recovery, ".", ms=4)
        ax.axhline(0, color="0.7", lw=0.8)
        ax.axvline(0, color="0.7", lw=0.8)
        ax.set_xlabel("resistance")
        ax.set_ylabel("recovery")
