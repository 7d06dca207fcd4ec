"""How sure complexity and its ranks are, when the table is redrawn."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import InvalidTableError, NotIdentifiedError, NumericsWarning
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels_complexity as kernels
from agglo.relatedness import _kernels_presence as thresholds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntoFrame

__all__ = ["ComplexityIntervals", "complexity_intervals"]

_SCHEMES = ("poisson", "multinomial", "lognormal", "jackknife_industries")
_FEW = 100


@dataclass(frozen=True, eq=False, kw_only=True)
class ComplexityIntervals(Result):
    """Indices with intervals, ranks with intervals; regions first, then activities.

    Parameters
    ----------
    kind, label
        ``"region"`` or ``"industry"`` and its label, shape (n,).
    index, low, high
        The index of the table and its interval over the draws, own z-scores (ddof 0).
    rank, rank_low, rank_high
        1 is the most complex of its kind.
    p_top
        Share of draws in which it is among the `top` of its kind.
    dropped_share
        Share of draws in which it had nothing.
    agreement
        Mean rank correlation of the regions' index with that of the table.
    scheme, n, level, top
        As asked.
    """

    kind: NDArray[np.str_]
    label: NDArray[np.str_]
    index: FloatArray
    low: FloatArray
    high: FloatArray
    rank: FloatArray
    rank_low: FloatArray
    rank_high: FloatArray
    p_top: FloatArray
    dropped_share: FloatArray
    agreement: float
    scheme: str
    n: int
    level: float
    top: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and per activity."""
        return {
            "kind": self.kind,
            "item": self.label,
            "index": self.index,
            "low": self.low,
            "high": self.high,
            "rank": self.rank,
            "rank_low": self.rank_low,
            "rank_high": self.rank_high,
            "p_top": self.p_top,
            "dropped_share": self.dropped_share,
        }

    def summary(self) -> str:
        """Say how wide the intervals of ranks are."""
        lines = [
            f"complexity over {self.n} '{self.scheme}' draws, {self.level:.0%} intervals"
        ]
        for kind in ("region", "industry"):
            here = self.kind == kind
            width = (self.rank_high - self.rank_low)[here]
            known = width[np.isfinite(width)]
            wide = known.mean() if known.size else float("nan")
            lines.append(f"{kind}: mean width of rank intervals {wide:.1f}")
        lines += [
            f"mean rank correlation with the table {self.agreement:.3f}",
            "redrawing adds noise to a noisy table: intervals are conservative",
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        here = np.flatnonzero((self.kind == "region") & np.isfinite(self.rank))
        order = here[np.argsort(self.rank[here])]
        place = np.arange(order.size)
        ax.vlines(place, self.rank_low[order], self.rank_high[order], color="0.6")
        ax.plot(place, self.rank[order], "o", ms=3)
        ax.set_xlabel("regions by rank")
        ax.set_ylabel("rank and its interval")
        ax.invert_yaxis()


def complexity_intervals(
    data: IntoFrame | RegionActivity,
    *,
    scheme: Literal[
        "poisson", "multinomial", "lognormal", "jackknife_industries"
    ] = "poisson",
    n: int = 500,
    level: float = 0.9,
    top: int = 10,
    threshold: float = 1.0,
    prior: float = 0.0,
    variation: float = 0.1,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    seed: int | None = None,
    n_jobs: int | None = None,
) -> ComplexityIntervals:
    r"""Give intervals of complexity and of its ranks, by redrawing the table.

    Use before comparing neighbours in a ranking. Intervals say how much counts move, not
    whether the index measures what it should.

    Parameters
    ----------
    data
        Activity table of counts of one period, or `RegionActivity`.
    scheme
        ``"poisson"``: every cell anew around its value; ``"multinomial"``: the same with
        the total fixed; ``"lognormal"``: values with a coefficient of variation;
        ``"jackknife_industries"``: without a random tenth of the activities.
    n
        Draws; below 100 warns.
    level
        Of the intervals.
    top
        For the share of draws among the first.
    threshold
        Smallest quotient that counts as present.
    prior
        Added to every cell before ``"poisson"``, so that zeros may move.
    variation
        Coefficient of variation of ``"lognormal"``.
    region, activity, value
        Columns of a frame.
    seed
        ``None`` draws entropy and records it.
    n_jobs
        Workers.

    Returns
    -------
    ComplexityIntervals
        One row per region and activity.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, a cell is unknown, or values are no counts with
        ``"poisson"`` or ``"multinomial"``.
    NotIdentifiedError
        If fewer than 2 regions or activities have anything.
    OptionError
        If a choice does not exist or a number is out of range.

    Warns
    -----
    NumericsWarning
        If `n` is below 100.

    Notes
    -----
    Quotients, presence and the second eigenvector are computed anew for every draw, on
    its largest component; its sign is that of the correlation with the index of the table,
    whose own sign is that of diversity. What has nothing in more than half of the draws
    is NaN, listed. Redrawn tables are noisier than the table, so intervals are
    conservative. O(n n_regions n_activities^2).

    References
    ----------
    Goldstein and Spiegelhalter 1996, doi:10.2307/2983325; Mogstad et al. 2024,
    doi:10.1093/restud/rdad006 (simultaneous sets, not done here).

    See Also
    --------
    complexity : The index, with every convention.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo import RegionActivity
    >>> from agglo.relatedness import complexity_intervals
    >>> able = np.linspace(-2, 2, 8)[:, None] - np.linspace(-2, 2, 10)
    >>> jobs = RegionActivity.from_arrays(np.round(4e6 / (1 + np.exp(-4 * able))))
    >>> found = complexity_intervals(jobs, n=100, seed=1, n_jobs=1)
    >>> found.rank[2:5].tolist(), found.rank_high[2:5].tolist()
    ([6.0, 5.0, 4.0], [6.0, 5.0, 4.0])
    """
    check_choice("scheme", scheme, _SCHEMES)
    check_number("n", n, minimum=2, integer=True)
    check_number("level", level, minimum=0.0, maximum=1.0, open_ends=True)
    check_number("top", top, minimum=1, integer=True)
    check_number("threshold", threshold, minimum=1e-12)
    check_number("prior", prior, minimum=0.0)
    check_number("variation", variation, minimum=0.0)
    table = as_region_activity(data, region=region, activity=activity, value=value)
    x = _counts(table, scheme)
    base = _index(x, threshold, None)
    if np.isnan(base).all():
        msg = "Fewer than 2 regions or activities have anything that differs."
        raise NotIdentifiedError(msg)
    notes = ("fewer than 100 draws: intervals are rough",) if n < _FEW else ()
    for text in notes:
        warnings.warn(text, NumericsWarning, stacklevel=2)
    entropy = entropy_of(seed)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        return np.stack(
            [
                _index(_redrawn(x, scheme, prior, variation, rng), threshold, base)
                for _ in range(size)
            ]
        )

    sims = monte_carlo(draw, n=n, seed=entropy, block_size=25, n_jobs=n_jobs)
    return _result(
        table,
        base,
        sims,
        (scheme, int(n), float(level), int(top)),
        Provenance.of(
            complexity_intervals,
            table,
            parameters={
                "scheme": scheme,
                "n": n,
                "level": level,
                "top": top,
                "threshold": threshold,
                "prior": prior,
                "variation": variation,
            },
            seed=entropy,
            warnings=notes,
        ),
    )


def _counts(table: RegionActivity, scheme: str) -> FloatArray:
    x = table.values
    if np.isnan(x).any():
        msg = "Cells are unknown: every index hangs on all of them."
        raise InvalidTableError(msg)
    if scheme in ("poisson", "multinomial") and np.any(x % 1 != 0):
        msg = (
            f"scheme={scheme!r} redraws counts, and values are not whole numbers; take "
            "'lognormal' with variation=, or 'jackknife_industries'."
        )
        raise InvalidTableError(msg)
    return x


def _redrawn(
    x: FloatArray,
    scheme: str,
    prior: float,
    variation: float,
    rng: np.random.Generator,
) -> FloatArray:
    if scheme == "poisson":
        return rng.poisson(x + prior).astype(np.float64)
    if scheme == "multinomial":
        chance = x.ravel() / x.sum()
        return rng.multinomial(int(x.sum()), chance).reshape(x.shape).astype(float)
    if scheme == "lognormal":
        sd = np.sqrt(np.log1p(variation**2))
        return x * rng.lognormal(-sd * sd / 2, sd, x.shape)
    out = x.copy()
    p = x.shape[1]
    out[:, rng.choice(p, max(1, p // 10), replace=False)] = 0.0
    return out


def _index(x: FloatArray, threshold: float, base: FloatArray | None) -> FloatArray:
    """Both indices in one row, z-scored; NaN where something has nothing."""
    n = x.shape[0]
    out = np.full(n + x.shape[1], np.nan)
    quotient = thresholds.revealed_advantage(
        x, x.sum(axis=1), x.sum(axis=0), float(x.sum())
    )
    m = thresholds.at_least(quotient, threshold).astype(np.float64)
    rows: BoolArray = m.sum(axis=1) > 0
    columns: BoolArray = m.sum(axis=0) > 0
    if rows.sum() < 2 or columns.sum() < 2:
        return out
    row, column = kernels.components(m[np.ix_(rows, columns)])
    largest = np.argmax(np.bincount(row))
    rows[rows] = row == largest
    columns[columns] = column == largest
    m = m[np.ix_(rows, columns)]
    if min(m.shape) < 2:
        return out
    found = kernels.second_vector(m)
    if not (found.region.std() > 0 and found.activity.std() > 0):
        return out
    region, activity = out[:n], out[n:]
    region[rows] = kernels.standardised(found.region, 0)
    activity[columns] = kernels.standardised(found.activity, 0)
    anchor = m.sum(axis=1) if base is None else base[:n][rows]
    known = np.isfinite(anchor)
    lead = kernels.correlation(region[rows][known], anchor[known])
    return -out if lead < 0 else out


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks along the last axis, 1 the highest, ties in the mean; NaN stays NaN."""
    from scipy.stats import rankdata

    # what differs by rounding only is a tie, on every machine
    ranks = rankdata(-np.round(values, 9), axis=-1, nan_policy="omit")
    return np.where(np.isfinite(values), ranks, np.nan)


def _result(
    table: RegionActivity,
    base: FloatArray,
    sims: FloatArray,
    asked: tuple[str, int, float, int],
    provenance: Provenance,
) -> ComplexityIntervals:
    scheme, n, level, top = asked
    split = table.region.size
    parts = (slice(0, split), slice(split, None))
    ranks = np.concatenate([_ranks(sims[:, p]) for p in parts], axis=1)
    rank = np.concatenate([_ranks(base[p]) for p in parts])
    dropped = np.isnan(sims).mean(axis=0)
    lost = (dropped > 0.5) | np.isnan(base)
    ends = [(1 - level) / 2, (1 + level) / 2]
    blank = np.full((2, base.size), np.nan)
    band, rank_band = blank.copy(), blank.copy()
    band[:, ~lost] = np.nanquantile(sims[:, ~lost], ends, axis=0)
    rank_band[:, ~lost] = np.nanquantile(
        ranks[:, ~lost], ends, axis=0, method="closest_observation"
    )
    known = np.isfinite(ranks).sum(axis=0)
    within = (np.nan_to_num(ranks, nan=np.inf) <= top).sum(axis=0)
    p_top = np.where(lost, np.nan, within / np.maximum(known, 1))
    label = np.concatenate([table.region, table.activity])
    kind = np.repeat(["region", "industry"], [split, table.activity.size])
    return ComplexityIntervals(
        provenance=provenance,
        frame_kind=table.frame_kind,
        undefined=tuple(
            Undefined(reason="nothing in more than half of the draws", item=str(i))
            for i in label[lost]
        ),
        kind=frozen_array(kind),
        label=frozen_array(label),
        index=frozen_array(base),
        low=frozen_array(band[0].copy()),
        high=frozen_array(band[1].copy()),
        rank=frozen_array(rank),
        rank_low=frozen_array(rank_band[0].copy()),
        rank_high=frozen_array(rank_band[1].copy()),
        p_top=frozen_array(p_top),
        dropped_share=frozen_array(dropped),
        agreement=_agreement(ranks[:, :split], rank[:split]),
        scheme=scheme,
        n=n,
        level=level,
        top=top,
    )


def _agreement(ranks: FloatArray, rank: FloatArray) -> float:
    out = []
    for one in ranks:
        both = np.isfinite(one) & np.isfinite(rank)
        if both.sum() > 1:
            out.append(kernels.correlation(one[both], rank[both]))
    return float(np.mean(out)) if out else float("nan")
