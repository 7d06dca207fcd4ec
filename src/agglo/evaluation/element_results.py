"""Results of the three elements and of the gate that needs all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["ElementTest", "GateVerdicts"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ElementTest(Result):
    """One element of every cluster beside what its null gives.

    Attributes
    ----------
    element
        ``"proximity"``, ``"connection"`` or ``"cooperation"``.
    cluster
        Sorted labels, (n,).
    value, expected, lower, upper
        Statistic, mean of the draws, and their 5 % and 95 % quantiles.
    ratio
        Statistic over the mean of the draws.
    score
        Share of draws on the far side of the statistic (larger mean distance, smaller
        relatedness, less inside); ties do not count.
    percentile
        The same with half of the ties: what the strength of a cluster is made of.
    p
        Tail probability of so close, so related, so tied; never 0.
    size
        Sites, industries, or ties that touch the cluster.
    status
        ``"pass"``, ``"fail"`` or ``"not_testable"``.
    reason
        Why an element is not testable; empty otherwise.
    extra
        Further columns, (n,) each.
    rule
        The thresholds behind ``status``.
    n_draws
        Draws from the null.
    """

    element: str
    cluster: NDArray[np.str_]
    value: FloatArray
    expected: FloatArray
    lower: FloatArray
    upper: FloatArray
    score: FloatArray
    percentile: FloatArray
    p: FloatArray
    size: IntArray
    status: NDArray[np.str_]
    reason: NDArray[np.str_]
    rule: Mapping[str, float]
    n_draws: int
    extra: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def ratio(self) -> FloatArray:
        """Statistic over the mean of the draws; NaN where that is 0."""
        out: FloatArray = np.full(self.value.size, np.nan)
        np.divide(self.value, self.expected, out=out, where=self.expected != 0)
        return out

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cluster."""
        return {
            "cluster": self.cluster,
            "element": [self.element] * self.cluster.size,
            "value": self.value,
            "expected": self.expected,
            "lower": self.lower,
            "upper": self.upper,
            "ratio": self.ratio,
            "score": self.score,
            "percentile": self.percentile,
            "p": self.p,
            "size": self.size,
            "status": self.status,
            "reason": self.reason,
            **self.extra,
        }

    def summary(self) -> str:
        """Count passes, fails and what cannot be tested."""
        counts = [
            f"{int((self.status == word).sum())} {word.replace('_', ' ')}"
            for word in ("pass", "fail", "not_testable")
        ]
        rule = ", ".join(f"{k} = {v:g}" for k, v in self.rule.items())
        lines = [f"{self.element} of {self.cluster.size} clusters: {', '.join(counts)}"]
        lines.append(f"Rule: {rule}; {self.n_draws} draws.")
        lines += [
            f"Not testable: {why} ({int((self.reason == why).sum())})"
            for why in np.unique(self.reason)
            if why
        ]
        return "\n".join([*lines, *(f"Note: {w}" for w in self.provenance.warnings)])

    def _draw(self, ax: Axes) -> None:
        shown = np.flatnonzero(~np.isnan(self.value))[:30]
        y = np.arange(shown.size)
        ax.hlines(y, self.lower[shown], self.upper[shown], color="0.7", lw=4)
        ax.plot(self.value[shown], y, "o", ms=4)
        ax.set_yticks(y, [str(c) for c in self.cluster[shown]])
        ax.invert_yaxis()
        ax.set_xlabel(f"{self.element}, and 5 % to 95 % of its null")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GateVerdicts(Result):
    """Which clusters have all three elements, and what the others are.

    Attributes
    ----------
    cluster
        Sorted labels, (n,).
    proximity, connection, cooperation
        Status of each element, (n,).
    verdict
        ``"cluster"``, ``"not_a_cluster"`` or ``"not_testable"``.
    kind
        Named kind; several, joined by ``|``, where an element is not testable.
    missing
        Which data are missing, in words.
    value
        Strength: cube root of the product of the three null percentiles; NaN if one of
        them is not testable.
    coupling
        Degree of coupling coordination, for display only.
    agreement
        Share of the settings in `grid` that give the same kind.
    grid
        One row per cluster and setting: ``alpha``, ``q``, ``ei_max``, ``source``,
        ``kind``.
    """

    cluster: NDArray[np.str_]
    proximity: NDArray[np.str_]
    connection: NDArray[np.str_]
    cooperation: NDArray[np.str_]
    verdict: NDArray[np.str_]
    kind: NDArray[np.str_]
    missing: NDArray[np.str_]
    value: FloatArray
    coupling: FloatArray
    agreement: FloatArray
    grid: Mapping[str, ColumnData]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cluster."""
        return {
            "cluster": self.cluster,
            "proximity": self.proximity,
            "connection": self.connection,
            "cooperation": self.cooperation,
            "verdict": self.verdict,
            "kind": self.kind,
            "missing": self.missing,
            "value": self.value,
            "coupling": self.coupling,
            "agreement": self.agreement,
        }

    def summary(self) -> str:
        """Count the verdicts and kinds."""
        words, counts = np.unique(self.verdict, return_counts=True)
        said = ", ".join(
            f"{n} {w.replace('_', ' ')}" for w, n in zip(words, counts, strict=True)
        )
        kinds, counts = np.unique(self.kind, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        lines = [f"{self.cluster.size} clusters: {said}"]
        lines += [f"  {kinds[i].replace('_', ' ')}: {counts[i]}" for i in order]
        return "\n".join([*lines, *(f"Note: {w}" for w in self.provenance.warnings)])

    def _draw(self, ax: Axes) -> None:
        kinds, counts = np.unique(self.kind, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        names = [kinds[i].replace("_", " ").replace("|", " or ") for i in order]
        ax.barh(names, counts[order])
        ax.invert_yaxis()
        ax.set_xlabel("clusters")
