"""Results of the directed measures: ordered pairs of industries, verdicts on direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.inference import fdr
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["ORIENTATION", "DirectedPairs", "DirectionVerdicts", "q_within"]

ORIENTATION = (
    "anchor: held at its actual sites; mover: its sites are redrawn under the null. The mover "
    "is the one whose choice of place is tested; matrices are [anchor, mover]. Which of the "
    "two the literature calls active is inferred."
)
Weights = Literal["effect_sig", "z_plus", "percentile", "centred"]
_FIELDS = [
    "n_anchor",
    "n_mover",
    "n_pool",
    "n_rarefied",
    "observed_km",
    "null_mean",
    "null_sd",
    "effect",
    "z",
    "percentile",
    "p",
    "q",
]


def q_within(p: FloatArray, group: IntArray, method: Literal["bh", "by"]) -> FloatArray:
    """Correct for all tests of a group, group by group."""
    out = np.full(p.size, np.nan)
    for g in np.unique(group):
        rows = group == g
        if np.isfinite(p[rows]).any():
            out[rows] = fdr(p[rows], method=method)
    return out


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DirectedPairs(Result):
    """Ordered pairs of industries: how near the mover lies to the anchor, beside chance.

    Attributes
    ----------
    measure
        ``"nearest"``, ``"wasserstein"``, ``"sinkhorn_divergence"``,
        ``"released_script"`` or ``"entrants"``.
    region, period
        Universe of every row; empty where the data have none.
    anchor, mover
        Industry held at its sites, and industry whose sites are redrawn.
    n_anchor, n_mover, n_pool
        Plants of the two, and plants that could be drawn.
    n_rarefied
        Plants that the anchor was reduced to; `n_anchor` where it was not.
    observed_km
        The distance: mean to the nearest anchor plant, or Wasserstein distance; degrees²
        for ``"released_script"``.
    null_mean, null_sd
        Its mean and standard deviation under the null.
    effect
        1 - observed / mean: 0 as chance, 1 same sites, below 0 apart.
    z
        (mean - observed) / sd.
    percentile
        Share of the null at least as far, C; uniform under the null. Never rank by it.
    p, q
        One-sided p (nearer than chance) and q within region and period.
    p_method, n_draws
        How p came about, and draws it rests on (0 for closed forms).
    status
        ``"ok"``, or why there is no value.
    n_regions
        Regions behind every row.
    error_km
        By how much the distance may be off because sites were coarsened; 0 where not.
    orientation_note
        What anchor and mover mean.
    """

    measure: str
    region: NDArray[np.str_]
    period: NDArray[np.str_]
    anchor: NDArray[np.str_]
    mover: NDArray[np.str_]
    n_anchor: IntArray
    n_mover: IntArray
    n_pool: IntArray
    n_rarefied: IntArray
    observed_km: FloatArray
    null_mean: FloatArray
    null_sd: FloatArray
    effect: FloatArray
    z: FloatArray
    percentile: FloatArray
    p: FloatArray
    q: FloatArray
    p_method: NDArray[np.str_]
    n_draws: IntArray
    status: NDArray[np.str_]
    n_regions: IntArray
    error_km: FloatArray
    pool: str
    fdr_method: Literal["bh", "by"] = "bh"
    orientation_note: str = field(default=ORIENTATION)

    @property
    def industries(self) -> NDArray[np.str_]:
        """Sorted names of all industries in the pairs."""
        return np.unique(np.concatenate([self.anchor, self.mover]))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per ordered pair, region and period."""
        names = ("region", "period", "anchor", "mover")
        text = {n: getattr(self, n) for n in names}
        numbers = {n: getattr(self, n) for n in _FIELDS}
        return {
            **text,
            **numbers,
            "p_method": self.p_method,
            "n_draws": self.n_draws,
            "status": self.status,
            "n_regions": self.n_regions,
            "error_km": self.error_km,
            "orientation_note": np.full(self.anchor.size, self.orientation_note),
        }

    def matrix(
        self, of: str = "effect", *, region: str = "", period: str = ""
    ) -> FloatArray:
        """Give one field as a matrix [anchor, mover].

        Parameters
        ----------
        of
            Name of a numeric column.
        region, period
            Universe; empty where the data have none.

        Returns
        -------
        numpy.ndarray
            (n_industries, n_industries) in the order of `industries`; NaN on the diagonal
            (1 for the percentile of the released script) and where there is no pair.
        """
        check_choice("of", of, _FIELDS)
        rows = (self.region == region) & (self.period == period)
        if not rows.any():
            known = sorted(
                {f"{r}/{p}" for r, p in zip(self.region, self.period, strict=True)}
            )
            msg = f"No pairs of region={region!r}, period={period!r}; there are {known[:8]}."
            raise AlignmentError(msg)
        names = self.industries
        out = np.full((names.size, names.size), np.nan)
        if self.measure == "released_script" and of == "percentile":
            np.fill_diagonal(out, 1.0)  # as the script has it
        at = (np.searchsorted(names, k[rows]) for k in (self.anchor, self.mover))
        out[tuple(at)] = getattr(self, of)[rows]
        return out

    def combined(self, *, periods: bool = False) -> DirectedPairs:
        """Combine regions: effects by movers, z by Stouffer, p and q from z.

        Parameters
        ----------
        periods
            Combine periods as well.

        Returns
        -------
        DirectedPairs
            One row per ordered pair (and period); undefined rows are left out of the sums.
        """
        when = np.full(self.period.size, "") if periods else self.period
        keys = np.stack([when, self.anchor, self.mover], axis=1)
        names, group = np.unique(keys, axis=0, return_inverse=True)
        group = group.reshape(-1)
        ok = np.isfinite(self.z) & np.isfinite(self.effect)

        def total(values: FloatArray | IntArray) -> FloatArray:
            kept = np.where(ok, values, 0.0)
            return np.asarray(np.bincount(group, kept, len(names)), dtype=np.float64)

        movers = total(self.n_mover)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = total(np.sqrt(self.n_mover) * self.z) / np.sqrt(movers)
            effect = total(self.n_mover * self.effect) / movers
            means = [
                total(self.n_mover * v) / movers
                for v in (self.observed_km, self.null_mean, self.error_km)
            ]
        p = ndtr(-z)
        period = np.unique(names[:, 0], return_inverse=True)[1].reshape(-1)
        some = total(np.ones(ok.size)).astype(np.int64)
        status = np.where(some > 0, "ok", "undefined in every region")

        def count(values: IntArray) -> IntArray:
            return frozen_array(total(values).astype(np.int64))

        return replace(
            self,
            region=frozen_array(np.full(len(names), "", dtype=np.str_)),
            period=frozen_array(names[:, 0].copy()),
            anchor=frozen_array(names[:, 1].copy()),
            mover=frozen_array(names[:, 2].copy()),
            n_anchor=count(self.n_anchor),
            n_mover=count(self.n_mover),
            n_pool=count(self.n_pool),
            n_rarefied=count(self.n_rarefied),
            n_draws=count(self.n_draws),
            observed_km=frozen_array(means[0]),
            null_mean=frozen_array(means[1]),
            error_km=frozen_array(means[2]),
            null_sd=frozen_array(np.full(len(names), np.nan)),
            effect=frozen_array(effect),
            z=frozen_array(z),
            percentile=frozen_array(ndtr(z)),
            p=frozen_array(p),
            q=frozen_array(q_within(p, period, self.fdr_method)),
            p_method=frozen_array(np.full(len(names), "stouffer")),
            status=frozen_array(status),
            n_regions=frozen_array(some),
        )

    def excess_weights(self, kind: Weights = "effect_sig") -> FloatArray:
        """Give every pair a weight for knowledge pools.

        Parameters
        ----------
        kind
            ``"effect_sig"``: the effect where it is positive and q < 0.1, else 0;
            ``"z_plus"``: z where positive; ``"percentile"``: C (for comparison only: under
            no coagglomeration it adds half of everything); ``"centred"``: C - 1/2.

        Returns
        -------
        numpy.ndarray
            One weight per row; NaN where the pair is undefined.
        """
        check_choice("kind", kind, ("effect_sig", "z_plus", "percentile", "centred"))
        if kind == "percentile":
            return self.percentile.copy()
        if kind == "centred":
            return self.percentile - 0.5
        if kind == "z_plus":
            return np.maximum(self.z, 0.0)
        significant = np.where(self.q < 0.1, np.maximum(self.effect, 0.0), 0.0)
        return np.where(
            np.isfinite(self.effect) & np.isfinite(self.q), significant, np.nan
        )

    def verdicts(self, level: float = 0.05) -> DirectionVerdicts:
        """Say in which direction every unordered pair is significant.

        Parameters
        ----------
        level
            Level of the q-values.

        Returns
        -------
        DirectionVerdicts
            One row per unordered pair, region and period that has both directions.
        """
        check_number("level", level, minimum=0, maximum=1, open_ends=True)
        keys = zip(self.region, self.period, self.anchor, self.mover, strict=True)
        place = {
            (str(r), str(t), str(a), str(m)): k for k, (r, t, a, m) in enumerate(keys)
        }
        first, second = [], []
        for (r, t, a, m), k in place.items():
            back = place.get((r, t, m, a))
            # mover first: a row (anchor b, mover a) says that a goes to b
            if m < a and back is not None:
                first.append(k)
                second.append(back)
        if not first:
            msg = "No pair has both directions: leave anchor= and mover= out."
            raise OptionError(msg)
        there, back_rows = np.array(first), np.array(second)
        return _verdicts_of(self, there, back_rows, level)

    def summary(self) -> str:
        """Give the number of pairs, how many are significant, and the strongest."""
        ok = self.status == "ok"
        universes = len(
            set(zip(self.region.tolist(), self.period.tolist(), strict=True))
        )
        lines = [
            f"{self.measure}: {self.anchor.size} ordered pairs in {universes} universes, "
            f"{int(ok.sum())} defined; pool {self.pool}, "
            f"{int((self.p < 0.05).sum())} with p < 0.05, {int((self.q < 0.05).sum())} with "
            f"q < 0.05 ({self.fdr_method})"
        ]
        lines += self._resolution(universes)
        best = np.argsort(-np.where(np.isfinite(self.effect), self.effect, -np.inf))[:3]
        lines += [self._line(k) for k in best if np.isfinite(self.effect[k])]
        lines.append(self.orientation_note)
        return "\n".join(lines)

    def _resolution(self, universes: int) -> list[str]:
        """Say how small a p-value of draws can be, and whether q can follow it."""
        drawn = np.isfinite(self.p) & (self.n_draws > 0)
        if not drawn.any():
            return []
        least = 1.0 / (int(self.n_draws[drawn].max()) + 1)
        said = f"smallest possible p of the draws {least:.2g}"
        tests = int(np.isfinite(self.p).sum()) / max(universes, 1)
        if drawn.all() and least > 0.05 / tests:
            said += (
                f": too coarse for a single q < 0.05 among {tests:.0f} tests; take more "
                "draws, or screen by z"
            )
        return [said]

    def _line(self, k: int) -> str:
        where = " ".join(s for s in (str(self.region[k]), str(self.period[k])) if s)
        return (
            f"anchor {self.anchor[k]}, mover {self.mover[k]}{f' ({where})' if where else ''}: "
            f"effect {self.effect[k]:.3f}, z {self.z[k]:.2f}, p {self.p[k]:.3g}, q "
            f"{self.q[k]:.3g} ({self.p_method[k]})"
        )

    def _draw(self, ax: Axes) -> None:
        """Draw effects against significance."""
        with np.errstate(divide="ignore"):
            strength = -np.log10(np.maximum(self.q, 1e-300))
        ax.scatter(self.effect, strength, s=9, c="#D55E00", alpha=0.6)
        ax.axhline(-np.log10(0.05), color="#6B7280", lw=0.8)
        ax.set(xlabel="effect (0 as chance, 1 same sites)", ylabel="-log10 q")


def _verdicts_of(
    pairs: DirectedPairs, there: IntArray, back: IntArray, level: float
) -> DirectionVerdicts:
    one, two = pairs.q[there] < level, pairs.q[back] < level
    a, b = pairs.mover[there], pairs.anchor[there]
    words = np.array(["none", "a→b only", "b→a only", "both"])
    verdict = words[one.astype(int) + 2 * two.astype(int)]
    unknown = np.isnan(pairs.q[there]) | np.isnan(pairs.q[back])
    return DirectionVerdicts(
        region=frozen_array(pairs.region[there]),
        period=frozen_array(pairs.period[there]),
        a=frozen_array(a),
        b=frozen_array(b),
        effect_a_to_b=frozen_array(pairs.effect[there]),
        effect_b_to_a=frozen_array(pairs.effect[back]),
        q_a_to_b=frozen_array(pairs.q[there]),
        q_b_to_a=frozen_array(pairs.q[back]),
        verdict=frozen_array(np.where(unknown, "undefined", verdict)),
        level=level,
        measure=pairs.measure,
        frame_kind=pairs.frame_kind,
        provenance=Provenance.of(
            DirectedPairs.verdicts,
            pairs.provenance.input_digest,
            parameters={"level": level},
        ),
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DirectionVerdicts(Result):
    """Who goes to whom, per unordered pair: a → b means mover a, anchor b.

    Attributes
    ----------
    region, period, a, b
        Universe and the two industries, in alphabetical order.
    effect_a_to_b, effect_b_to_a, q_a_to_b, q_b_to_a
        Effects and q-values of the two directions.
    verdict
        ``"a→b only"``, ``"b→a only"``, ``"both"``, ``"none"`` or ``"undefined"``. "Only"
        means significant one way, not significantly larger.
    level
        Level of the q-values.
    measure
        What the pairs were measured with.
    """

    region: NDArray[np.str_]
    period: NDArray[np.str_]
    a: NDArray[np.str_]
    b: NDArray[np.str_]
    effect_a_to_b: FloatArray
    effect_b_to_a: FloatArray
    q_a_to_b: FloatArray
    q_b_to_a: FloatArray
    verdict: NDArray[np.str_]
    level: float
    measure: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unordered pair, region and period."""
        names = [
            "region",
            "period",
            "a",
            "b",
            "effect_a_to_b",
            "effect_b_to_a",
            "q_a_to_b",
            "q_b_to_a",
            "verdict",
        ]
        return {n: getattr(self, n) for n in names}

    def summary(self) -> str:
        """Count the verdicts."""
        words, count = np.unique(self.verdict, return_counts=True)
        said = ", ".join(f"{w} {c}" for w, c in zip(words, count, strict=True))
        return (
            f"{self.a.size} pairs ({self.measure}, level {self.level:g}): {said}\n"
            "a→b: a is the mover. 'Only' means significant one way, not significantly larger."
        )

    def _draw(self, ax: Axes) -> None:
        """Draw the two effects of every pair against each other."""
        ax.scatter(self.effect_a_to_b, self.effect_b_to_a, s=9, c="#D55E00", alpha=0.6)
        ax.axline((0, 0), slope=1, color="#6B7280", lw=0.8)
        ax.set(xlabel="effect a → b", ylabel="effect b → a")
