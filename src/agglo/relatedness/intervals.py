"""How sure complexity and its ranks are, when the table is redrawn."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import (
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels_complexity as complexity_kernels
from agglo.relatedness._inputs import not_empty
from agglo.relatedness._kernels_ranks import joint_ranks
from agglo.relatedness._table_redraws import QUADRANTS, Measure, Redraws, read_units
from agglo.relatedness.convention import Convention, convention_of
from agglo.relatedness.periods import by_period, rows_of_period
from agglo.relatedness.relatedness_results import grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["ComplexityIntervals", "complexity_intervals"]

_SCHEMES = ("poisson", "multinomial", "units", "lognormal", "jackknife_industries")
_INDICES = ("eigen", "reflections", "fitness", "density", "outlook")
_PHI = ("min", "sqrt")
_QUADRANTS = ("dead_end", "slow_road", "casino", "high_road")
_FEW = 100
_BATCHES = 16


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
    joint_low, joint_high
        Ranks between which all of its kind lie at once with the level; NaN when not asked
        for (``simultaneous``).
    p_top
        Share of draws in which it is among the `top` of its kind.
    dropped_share
        Share of draws in which it had nothing.
    region, activity
        Labels of the cells.
    present_share
        Share of draws in which the activity is present in the region (the mean of a
        continuous presence), shape (n_regions, n_activities).
    quadrant_share
        Share of draws in which it is an option and a dead end, slow road, casino or high
        road, shape (4, n_regions, n_activities); empty when not asked for.
    dropped_draws
        Share of draws in which something of the table had nothing.
    agreement
        Mean rank correlation of the regions' index with that of the table.
    kind_of_index
        Which index.
    scheme, level, top
        As asked.
    n
        Draws made.
    """

    kind: NDArray[np.str_]
    label: NDArray[np.str_]
    index: FloatArray
    low: FloatArray
    high: FloatArray
    rank: FloatArray
    rank_low: FloatArray
    rank_high: FloatArray
    joint_low: FloatArray
    joint_high: FloatArray
    p_top: FloatArray
    dropped_share: FloatArray
    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    present_share: FloatArray
    quadrant_share: FloatArray
    dropped_draws: float
    agreement: float
    kind_of_index: str
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
            "joint_low": self.joint_low,
            "joint_high": self.joint_high,
            "p_top": self.p_top,
            "dropped_share": self.dropped_share,
        }

    def cells(self) -> pa.Table:
        """Give one row per region and activity: how often it is present, and where."""
        out = {
            **grid(self.region, self.activity),
            "present_share": self.present_share.ravel(),
        }
        for name, share in zip(_QUADRANTS, self.quadrant_share, strict=False):
            out[f"p_{name}"] = share.ravel()
        return pa.table(out)

    def summary(self) -> str:
        """Say how wide the intervals of ranks are."""
        lines = [
            f"complexity ('{self.kind_of_index}') over {self.n} '{self.scheme}' draws, "
            f"{self.level:.0%} intervals"
        ]
        for kind in ("region", "industry"):
            here = self.kind == kind
            width = (self.rank_high - self.rank_low)[here]
            known = width[np.isfinite(width)]
            wide = known.mean() if known.size else float("nan")
            lines.append(f"{kind}: mean width of rank intervals {wide:.1f}")
        lines += [
            f"mean rank correlation with the table {self.agreement:.3f}; something had "
            f"nothing in {self.dropped_draws:.1%} of the draws",
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


@by_period
def complexity_intervals(
    data: IntoFrame | RegionActivity,
    *,
    scheme: Literal[
        "poisson", "multinomial", "units", "lognormal", "jackknife_industries"
    ] = "poisson",
    index: Literal["eigen", "reflections", "fitness", "density", "outlook"]
    | None = None,
    convention: str | Convention = "atlas",
    quadrants: bool = False,
    simultaneous: bool = False,
    n: int = 500,
    level: float = 0.9,
    top: int = 10,
    unit: str | None = None,
    prior: float = 0.0,
    variation: float = 0.1,
    region: str = "region",
    activity: str = "industry",
    value: str | None = "employment",
    period: str | None = None,
    seed: int | None = None,
    n_jobs: int | None = None,
) -> ComplexityIntervals:
    r"""Give intervals of complexity and of its ranks, by redrawing the table.

    Use before comparing neighbours in a ranking. Intervals say how much counts move, not
    whether the index measures what it should.

    Parameters
    ----------
    data
        Activity table of counts of one period, or `RegionActivity`; with ``"units"`` a
        frame of one row per unit, region and activity.
    scheme
        ``"poisson"``: every cell anew around its value; ``"multinomial"``: the same with
        the total fixed; ``"units"``: whole firms or patents with replacement;
        ``"lognormal"``: values with a coefficient of variation;
        ``"jackknife_industries"``: without a random tenth of the activities.
    index
        ``"eigen"``, ``"reflections"``, ``"fitness"``; ``"density"`` (mean density of the
        options of a region, and of an activity where it is lacking); ``"outlook"`` (of a
        region, and the mean gain of an activity where it is lacking). Default that of
        the convention.
    convention
        Name in `CONVENTIONS` or a `Convention`: presence ``"rca"`` or ``"continuous"``,
        `threshold`, `phi`, `self_in_density`, `index`, `steps`, `exponent`.
    quadrants
        Whether the quadrants of a portfolio (medians of the region) are counted too.
    simultaneous
        Whether rank sets that hold for all regions at once, and for all activities at
        once, are given too; O(n (n_regions^2 + n_activities^2)) more.
    n
        Draws, rounded up so that 16 batches are equal; below 100 warns.
    level
        Of the intervals.
    top
        For the share of draws among the first.
    unit
        Column of the unit, with ``"units"``.
    prior
        Added to every cell before ``"poisson"``, so that zeros may move.
    variation
        Coefficient of variation of ``"lognormal"``.
    region, activity, value
        Columns of a frame; ``value=None`` counts every row of a unit 1.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
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
        If a choice does not exist, a number is out of range, `unit` is absent with
        ``"units"``, or the convention needs more than the table.

    Warns
    -----
    NumericsWarning
        If `n` is below 100.

    Notes
    -----
    Quotients, presence, proximity, density and the index are computed anew for every
    draw, the second eigenvector on its largest component; its sign is that of the
    correlation with the one of the table, whose own sign is that of diversity. Zero cells
    stay zero without `prior`. What has nothing in more than half of the draws
    is NaN, listed. Redrawn tables are noisier than the table, so intervals are
    conservative. The simultaneous sets take the differences of all pairs: with c the level
    quantile over draws of the largest :math:`|\Delta^*_{ij} - \Delta_{ij}| / s_{ij}`, i
    is below j where :math:`\Delta_{ji} > c s_{ij}`, and a rank lies between one plus the
    number of those above and n less the number of those below. O(n n_regions n_activities^2).

    References
    ----------
    Goldstein and Spiegelhalter 1996, doi:10.2307/2983325; Mogstad et al. 2024,
    doi:10.1093/restud/rdad006 (simultaneous sets, by differences of all pairs).

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
    chosen, kind = _rule(convention, index)
    check_number("n", n, minimum=2, integer=True)
    check_number("level", level, minimum=0.0, maximum=1.0, open_ends=True)
    check_number("top", top, minimum=1, integer=True)
    check_number("prior", prior, minimum=0.0)
    check_number("variation", variation, minimum=0.0)
    units = None
    if scheme == "units":
        rows = rows_of_period(data, period)
        units, table = read_units(rows, (unit, region, activity), value)
    else:
        name = "employment" if value is None else value
        table = as_region_activity(
            data, region=region, activity=activity, value=name, period=period
        )
    _check_counts(not_empty(table), scheme)
    redraws = Redraws(
        x=table.values, scheme=scheme, prior=prior, variation=variation, units=units
    )
    measure = Measure(convention=chosen, index=kind, quadrants=quadrants)
    own = measure.presence(table.values)
    base = measure.of(own, None)[0]
    if np.isnan(base).all():
        msg = "Fewer than 2 regions or activities have anything that differs."
        raise NotIdentifiedError(msg)
    # the vector of a draw is turned to that of the table, also under other indices
    vector = complexity_kernels.index_of_presence(own)
    notes = ("fewer than 100 draws: intervals are rough",) if n < _FEW else ()
    for text in notes:
        warnings.warn(text, NumericsWarning, stacklevel=2)
    entropy = entropy_of(seed)
    asked = {
        "scheme": scheme,
        "index": kind,
        "n": n,
        "level": level,
        "top": top,
        "convention": chosen,
        "prior": prior,
        "variation": variation,
        "quadrants": quadrants,
        "simultaneous": simultaneous,
    }
    return _result(
        table,
        base,
        _drawn(redraws, measure, vector, int(n), entropy, n_jobs),
        (scheme, float(level), int(top), kind),
        simultaneous,
        Provenance.of(
            complexity_intervals,
            table,
            parameters=asked,
            seed=entropy,
            warnings=notes,
        ),
    )


def _check_counts(table: RegionActivity, scheme: str) -> None:
    if np.isnan(table.values).any():
        msg = "Cells are unknown: every index hangs on all of them."
        raise InvalidTableError(msg)
    if scheme in ("poisson", "multinomial") and np.any(table.values % 1 != 0):
        msg = (
            f"scheme={scheme!r} redraws counts, and values are not whole numbers; take "
            "'lognormal' with variation=, or 'jackknife_industries'."
        )
        raise InvalidTableError(msg)


def _rule(given: str | Convention, index: str | None) -> tuple[Convention, str]:
    chosen = convention_of(given)
    if chosen.presence not in ("rca", "continuous") or chosen.phi not in _PHI:
        msg = (
            f"Redrawing knows presence 'rca' and 'continuous' and phi in {_PHI}, not "
            f"{chosen.presence!r} with {chosen.phi!r}."
        )
        raise OptionError(msg)
    return chosen, check_choice("index", index or chosen.index, _INDICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """Indices per draw, and sums over draws of presence and of quadrants."""

    index: FloatArray
    present: FloatArray
    quadrants: FloatArray


def _drawn(
    redraws: Redraws,
    measure: Measure,
    base: FloatArray,
    n: int,
    entropy: int,
    n_jobs: int | None,
) -> _Drawn:
    """Draw in batches, since a draw's cells are only kept as sums."""
    shape = redraws.x.shape
    kinds = 1 + QUADRANTS * measure.quadrants
    size = -(-n // _BATCHES)
    batches = -(-n // size)

    def batch(rng: np.random.Generator, count: int) -> FloatArray:
        rows = []
        for _ in range(count):
            index = np.full((size, base.size), np.nan)
            sums = np.zeros((kinds, *shape))
            for k in range(size):
                m = measure.presence(redraws.table(rng))
                index[k], quadrant = measure.of(m, base)
                sums[0] += m
                for q in range(kinds - 1):
                    sums[1 + q] += quadrant == q
            rows.append(np.concatenate([index.ravel(), sums.ravel()]))
        return np.stack(rows)

    out = monte_carlo(batch, n=batches, seed=entropy, block_size=1, n_jobs=n_jobs)
    cut = size * base.size
    sums = out[:, cut:].sum(axis=0).reshape(kinds, *shape) / (batches * size)
    return _Drawn(
        index=out[:, :cut].reshape(-1, base.size),
        present=sums[0],
        quadrants=sums[1:],
    )


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks along the last axis, 1 the highest, ties in the mean; NaN stays NaN."""
    from scipy.stats import rankdata

    # what differs by rounding only is a tie, on every machine
    ranks = rankdata(-np.round(values, 9), axis=-1, nan_policy="omit")
    return np.where(np.isfinite(values), ranks, np.nan)


def _result(
    table: RegionActivity,
    base: FloatArray,
    drawn: _Drawn,
    asked: tuple[str, float, int, str],
    simultaneous: bool,
    provenance: Provenance,
) -> ComplexityIntervals:
    scheme, level, top, kind_of_index = asked
    sims = drawn.index
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
    joint = blank.copy()
    for part in parts if simultaneous else ():
        at = np.arange(base.size)[part][~lost[part]]
        if at.size:
            joint[:, at] = joint_ranks(base[at], sims[:, at], level)
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
        joint_low=frozen_array(joint[0].copy()),
        joint_high=frozen_array(joint[1].copy()),
        p_top=frozen_array(p_top),
        dropped_share=frozen_array(dropped),
        region=table.region,
        activity=table.activity,
        present_share=frozen_array(drawn.present),
        quadrant_share=frozen_array(drawn.quadrants),
        dropped_draws=float(np.isnan(sims[:, ~np.isnan(base)]).any(axis=1).mean()),
        agreement=_agreement(ranks[:, :split], rank[:split]),
        scheme=scheme,
        kind_of_index=kind_of_index,
        n=sims.shape[0],
        level=level,
        top=top,
    )


def _agreement(ranks: FloatArray, rank: FloatArray) -> float:
    out = []
    for one in ranks:
        both = np.isfinite(one) & np.isfinite(rank)
        if both.sum() > 1:
            out.append(complexity_kernels.correlation(one[both], rank[both]))
    return float(np.mean(out)) if out else float("nan")
