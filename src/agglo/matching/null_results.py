"""Results of the nulls: what chance would give, beside what is observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["HypergeometricCurve", "NotApplicable", "NullResult"]

SCHEME_TEXT = {
    "belt_cities": "belt-host cities relocated at random",
    "belt_cities_strata": "belt-host cities relocated within their size class or by size",
    "belt_industries": "labels dealt out anew over belts",
    "both": "belt-host cities relocated and labels dealt out anew",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NotApplicable(Result):
    """A question that the scheme cannot answer, and why.

    Attributes
    ----------
    scheme, statistic
        What was asked.
    reason
        Why there is no answer.
    """

    scheme: str
    statistic: str
    reason: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row with the reason."""
        return {
            "scheme": [self.scheme],
            "statistic": [self.statistic],
            "reason": [self.reason],
        }

    def summary(self) -> str:
        """Say why there is no answer."""
        return f"not applicable: {self.statistic} under {self.scheme}: {self.reason}"

    def _draw(self, ax: Axes) -> None:
        ax.text(0.5, 0.5, self.summary(), ha="center", va="center", wrap=True)
        ax.set_axis_off()


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NullResult(Result):
    """Statistics of a matching beside their distribution under a null.

    Attributes
    ----------
    scheme
        What was shuffled.
    group
        Group of each row; empty for all clusters.
    statistic
        Statistic of each row, shape (k,).
    n
        Cities with clusters (co-existence) or mapped clusters behind the row.
    observed
        Observed values inside the universe.
    draws
        Values under the null, shape (draws, k).
    p_upper, p_lower
        (1 + draws at least as large, or small)/(1 + draws).
    q_upper
        False discovery rate of `p_upper` over the groups of one statistic.
    exact_p
        Hypergeometric upper tail of co-existence under belt_cities; NaN elsewhere.
    exact_expected
        Its mean.
    universe
        Codes of the cities that belts could lie in.
    n_hosts
        Cities with belts inside the universe.
    outside
        Codes of cities that were left out.
    """

    scheme: str
    group: NDArray[np.str_]
    statistic: NDArray[np.str_]
    n: IntArray
    observed: FloatArray
    draws: FloatArray
    p_upper: FloatArray
    p_lower: FloatArray
    q_upper: FloatArray
    exact_p: FloatArray
    exact_expected: FloatArray
    universe: NDArray[np.str_]
    n_hosts: int
    outside: NDArray[np.str_]

    @property
    def expected(self) -> FloatArray:
        """Mean under the null, shape (k,); NaN where the scheme does not apply."""
        return np.asarray(self.draws.mean(axis=0))

    @property
    def ratio(self) -> FloatArray:
        """Observed over expected; NaN when nothing is expected."""
        expected = self.expected
        out = np.full(expected.size, np.nan)
        np.divide(self.observed, expected, out=out, where=expected > 0)
        return out

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per group and statistic."""
        low, middle, high = np.quantile(self.draws, [0.05, 0.5, 0.95], axis=0)
        several = self.draws.shape[0] > 1
        return {
            "scheme": [self.scheme] * self.statistic.size,
            "group": self.group,
            "statistic": self.statistic,
            "n": self.n,
            "observed": self.observed,
            "expected": self.expected,
            "sd": self.draws.std(axis=0, ddof=1 if several else 0),
            "q05": low,
            "q50": middle,
            "q95": high,
            "ratio": self.ratio,
            "p_upper": self.p_upper,
            "p_lower": self.p_lower,
            "q_upper": self.q_upper,
            "exact_expected": self.exact_expected,
            "exact_p": self.exact_p,
        }

    def row(self, statistic: str, group: str = "") -> Mapping[str, float]:
        """Give the numbers of one statistic of one group."""
        hit = np.flatnonzero((self.statistic == statistic) & (self.group == group))
        if hit.size == 0:
            msg = f"there is no row for statistic={statistic!r}, group={group!r}"
            raise KeyError(msg)
        return {
            k: float(np.asarray(v)[hit[0]])
            for k, v in self.columns().items()
            if k not in ("scheme", "group", "statistic")
        }

    def summary(self) -> str:
        """Give observed, expected, ratio and p, with the universe."""
        lines = [
            f"{SCHEME_TEXT[self.scheme]}; {self.draws.shape[0]} draws; universe of "
            f"{self.universe.size} cities, {self.n_hosts} with belts; "
            f"{self.outside.size} cities outside left out"
        ]
        for i, name in enumerate(self.statistic):
            of = f" [{self.group[i]}]" if self.group[i] else ""
            if np.isnan(self.p_upper[i]):
                lines.append(f"  {name}{of}: not applicable")
                continue
            lines.append(
                f"  {name}{of}: observed {self.observed[i]:g} of {self.n[i]}, expected "
                f"{self.expected[i]:.2f}, ratio {self.ratio[i]:.2f}, "
                f"p {self.p_upper[i]:.4f}"
            )
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        known = np.flatnonzero(~np.isnan(self.p_upper))
        i = int(known[-1]) if known.size else 0
        ax.hist(self.draws[:, i], bins=30, color="#88ccee")
        ax.axvline(float(self.observed[i]), color="#cc6677", label="observed")
        ax.set_xlabel(f"{self.statistic[i]} under {self.scheme}")
        ax.set_ylabel("draws")
        ax.legend()


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class HypergeometricCurve(Result):
    """How surprising an overlap of two sets of cities is, by the size of one of them.

    Attributes
    ----------
    overlap, cluster_cities, universe
        Common cities, cities with clusters, cities in all.
    level
        Level of the test.
    hosts
        Numbers of belt-host cities, shape (k,).
    expected
        Expected overlap.
    p
        Upper tail: probability of at least this overlap.
    informative_below
        Largest number of hosts up to which p stays below the level; 0 when there is none.
    """

    overlap: int
    cluster_cities: int
    universe: int
    level: float
    hosts: IntArray
    expected: FloatArray
    p: FloatArray
    informative_below: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per number of hosts."""
        return {"hosts": self.hosts, "expected": self.expected, "p": self.p}

    def summary(self) -> str:
        """Say up to how many hosts the overlap is informative."""
        return (
            f"{self.overlap} of {self.cluster_cities} cluster cities host a belt, universe "
            f"{self.universe}: p < {self.level:g} only while at most "
            f"{self.informative_below} cities host belts"
        )

    def _draw(self, ax: Axes) -> None:
        ax.plot(self.hosts, self.p, color="#4477aa")
        ax.axhline(self.level, color="#cc6677")
        ax.set_xlabel("belt-host cities")
        ax.set_ylabel("p")
