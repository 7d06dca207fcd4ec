"""How much stronger one direction of a pair is than the other: bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from agglo.concentration._directed_input import (
    Columns,
    chosen,
    matrix_points,
    read_directed,
    stream_of,
)
from agglo.concentration._directed_nearest import Plants
from agglo.concentration._entrants_input import Dates, dates_of, periods_of, plants_at
from agglo.concentration._kernels.directed_nearest import (
    resampled_effects,
    resampled_in_matrix,
)
from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.frames import to_arrow
from agglo.core.options import Bootstrap, check_number
from agglo.core.parallel import entropy_of, generator
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from agglo.concentration._directed_input import Directed
    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["DirectionIntervals", "direction_intervals"]

_POOL = 2_000
_Row: TypeAlias = tuple[tuple[str, str, str, str], list[float]]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DirectionIntervals(Result):
    """Difference of the two directions of every pair, with its interval.

    Attributes
    ----------
    region, period, a, b
        Universe and the two industries; a → b means mover a, anchor b.
    effect_a_to_b, effect_b_to_a
        Mean effects over the resamples, both anchors and both movers of one size.
    difference, lower, upper
        Of a → b less b → a, and its percentile interval.
    n_anchor, n_mover
        Sizes that both anchors and both movers are reduced to.
    n_draws, level
        Resamples, and coverage of the interval.
    status
        ``"ok"`` or ``"too_few"``.
    """

    region: NDArray[np.str_]
    period: NDArray[np.str_]
    a: NDArray[np.str_]
    b: NDArray[np.str_]
    effect_a_to_b: FloatArray
    effect_b_to_a: FloatArray
    difference: FloatArray
    lower: FloatArray
    upper: FloatArray
    n_anchor: IntArray
    n_mover: IntArray
    status: NDArray[np.str_]
    n_draws: int
    level: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unordered pair, region and period."""
        names = (
            "region",
            "period",
            "a",
            "b",
            "effect_a_to_b",
            "effect_b_to_a",
            "difference",
            "lower",
            "upper",
            "n_anchor",
            "n_mover",
            "status",
        )
        return {n: getattr(self, n) for n in names}

    def summary(self) -> str:
        """Count the pairs where one direction is stronger."""
        ok = self.status == "ok"
        one, two = int((self.lower > 0).sum()), int((self.upper < 0).sum())
        return (
            f"{self.a.size} pairs, {int(ok.sum())} defined: a → b stronger in {one}, "
            f"b → a in {two} ({self.level:.0%} intervals, {self.n_draws} resamples)\n"
            "Few plants give wide intervals: one that holds 0 does not say that the "
            "directions are alike."
        )

    def _draw(self, ax: Axes) -> None:
        """Draw the intervals, the largest difference first."""
        order = np.argsort(
            -np.where(np.isfinite(self.difference), self.difference, -np.inf)
        )
        at = np.arange(order.size)
        ax.hlines(at, self.lower[order], self.upper[order], color="#CBD5E1")
        ax.plot(self.difference[order], at, "o", ms=3, color="#D55E00")
        ax.axvline(0.0, color="#6B7280", lw=0.8)
        ax.set(xlabel="effect a → b less b → a", ylabel="pair")


def direction_intervals(
    data: IntoFrame,
    *,
    industries: Sequence[str] | None = None,
    at: int | Sequence[int] | None = None,
    inference: Bootstrap = Bootstrap(n=499),  # noqa: B008  frozen
    min_n: int = 5,
    opened: str = "opened",
    closed: str | None = None,
    plant: str | None = None,
    relocation_as_entry: bool = False,
    distances: ArrayLike | None = None,
    symmetrise: Literal["refuse", "mean"] = "refuse",
    type: str = "industry",  # noqa: A002  the field's word
    x: str = "x_km",
    y: str = "y_km",
    region: str | None = None,
    period: str | None = None,
    crs: str | Projection | None = None,
    on_missing: Literal["refuse", "drop"] = "refuse",
    errors: Literal["nan", "raise"] = "nan",
) -> DirectionIntervals:
    r"""Measure how much nearer a settles to b than b to a, with a bootstrap interval.

    Use beside :meth:`DirectedPairs.verdicts`, which says only in which directions the
    nearness is significant; this says whether one is larger.

    Parameters
    ----------
    data
        One row per plant of any industry.
    industries
        Which ones, at least two; default all. Every pair is measured.
    at
        Period or periods: entrants are the movers and incumbents the anchors, as in
        :func:`entrant_coagglomeration`. ``None``: all plants are both, as in
        :func:`nearest_coagglomeration`.
    inference
        Resamples, their seed and the coverage of the interval.
    min_n
        Pairs with fewer anchors or movers on either side are undefined; at least 2.
    opened, closed, plant, relocation_as_entry
        As in :func:`entrant_coagglomeration`; not read without `at`.
    distances, symmetrise, type, x, y, region, period, crs, on_missing, errors
        As in :func:`nearest_coagglomeration`.

    Returns
    -------
    DirectionIntervals
        One row per unordered pair, region and period.

    Raises
    ------
    AlignmentError
        If a label is no industry of the data.
    OptionError
        If an option is not admissible.
    InvalidTableError
        If a period or position cannot be read.
    NotIdentifiedError
        If there is no pair, no plant opened in any of the periods, or a pair is undefined
        and `errors` is ``"raise"``.

    Warns
    -----
    DataWarning
        If more than half of the plants of a universe share their place with another.

    Notes
    -----
    Effect :math:`e = 1 - \bar f_{mover} / \bar f_{pool}`, f the distance to the nearest
    anchor. In every resample each anchor is reduced to n plants without replacement, n the
    smaller of the two, and each mover to m with replacement, m the smaller of the two, so
    that sizes do not decide; the pool (all movers but the anchor's industry, a fixed 2,000
    of them when there are more) stays. With few entrants the interval is wide: a true
    direction is often not declared. How exactly to resample is inferred. Cost O(resamples
    × (pool + m) × n) per pair.

    References
    ----------
    Our own measure, without literature behind it. Percentile bootstrap: Efron 1979,
    doi:10.1214/aos/1176344552.

    See Also
    --------
    entrant_coagglomeration : Tests of both directions.
    nearest_coagglomeration : The same without dates.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, agglo as ag
    >>> at = np.random.default_rng(1).uniform(0, 100, (180, 2))
    >>> at[40:80] = at[:20].repeat(2, axis=0) + 1.0
    >>> rows = pa.table({"x_km": at[:, 0], "y_km": at[:, 1],
    ...                  "industry": ["a"] * 40 + ["b"] * 40 + ["c"] * 100})
    >>> found = ag.direction_intervals(rows, industries=["a", "b"],
    ...                                inference=ag.Bootstrap(n=199, seed=1))
    >>> int(np.sign(found.upper[0]))  # b goes to a
    -1
    """
    check_number("min_n", min_n, minimum=2, integer=True)
    if at is not None and period is not None:
        msg = "at= names the periods of entry: leave period= out."
        raise OptionError(msg)
    if at is None and relocation_as_entry:
        msg = "relocation_as_entry=True is about entrants: name their period, at=."
        raise OptionError(msg)
    dates, when = None, [] if at is None else periods_of(at)
    if at is not None:
        moves = {"relocation_as_entry": relocation_as_entry}
        dates = dates_of(to_arrow(data), opened, closed, plant, **moves)
    columns = Columns(type, x, y, None, region, period, None, crs, (), on_missing)
    given, matrix = matrix_points(data, distances, type, None, symmetrise)
    directed = read_directed(data, columns, distances=given)
    codes = chosen(directed.industries, "industries", industries)
    entropy = entropy_of(inference.seed)
    how = _How(directed.industries, inference, entropy, int(min_n), matrix)
    rows = [
        _pair(plants, int(i), int(j), how)
        for plants in _everybody(directed, when, dates)
        for i, j in combinations(codes, 2)
    ]
    if not rows:
        msg = "There is no pair, or no plant opened in these periods."
        raise NotIdentifiedError(msg)
    return DirectionIntervals(
        **_fields(rows),
        undefined=_undefined(rows, min_n),
        n_draws=inference.n,
        level=inference.level,
        frame_kind=directed.points.frame_kind,
        provenance=Provenance.of(
            direction_intervals,
            directed.points,
            "" if matrix is None else matrix,
            parameters={
                "industries": None if industries is None else list(industries),
                "at": when or None,
                "n": inference.n,
                "level": inference.level,
                "min_n": min_n,
                "region": region,
                "period": period,
            },
            seed=entropy,
            warnings=[*directed.notes(), *([] if dates is None else dates.notes())],
        ),
    ).checked(errors)


def _fields(rows: Sequence[_Row]) -> dict[str, NDArray[Any]]:
    """Name the columns of a result."""
    said, numbers = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    out = {n: said[:, k] for k, n in enumerate(("region", "period", "a", "b"))}
    names = ("effect_a_to_b", "effect_b_to_a", "difference", "lower", "upper")
    out |= {n: numbers[:, k] for k, n in enumerate(names)}
    sizes = numbers[:, 5:].astype(np.int64)
    out |= {"n_anchor": sizes[:, 0], "n_mover": sizes[:, 1]}
    out["status"] = np.where(np.isnan(numbers[:, 2]), "too_few", "ok")
    return {n: frozen_array(v) for n, v in out.items()}


def _undefined(rows: Sequence[_Row], min_n: int) -> tuple[Undefined, ...]:
    reason = f"fewer than {min_n} anchors or movers"
    return tuple(
        Undefined(reason=reason, region=region, item=f"{a}, {b}")
        for (region, _, a, b), numbers in rows
        if np.isnan(numbers[2])
    )


def _everybody(
    directed: Directed, when: list[int], dates: Dates | None
) -> list[Plants]:
    """Who holds and who moves, per universe and period."""
    if dates is not None:
        every = [plants_at(u, t, dates) for u in directed.universes for t in when]
        return [p for p in every if p.code.size]
    return [
        Plants(
            region=u.region,
            period=u.period,
            held=u.at,
            held_code=u.code,
            at=u.at,
            code=u.code,
            weight=u.weight,
            stratum=u.stratum,
        )
        for u in directed.universes
    ]


@dataclass(frozen=True, eq=False)
class _How:
    """How pairs are resampled: names, resamples, seed, least plants, travel times."""

    names: NDArray[np.str_]
    inference: Bootstrap
    entropy: int
    min_n: int
    matrix: FloatArray | None

    def effects(
        self,
        anchor: FloatArray,
        mover: FloatArray,
        pool: FloatArray,
        rows: tuple[IntArray, IntArray],
    ) -> FloatArray:
        """Effects of the resamples; `rows` of the anchor and of the mover."""
        if self.matrix is None:
            return resampled_effects(anchor, mover, pool, *rows)
        held, near, every = (v[:, 0].astype(np.int64) for v in (anchor, mover, pool))
        both = (
            np.ascontiguousarray(self.matrix[np.ix_(p, held)]) for p in (near, every)
        )
        return resampled_in_matrix(*both, *rows)


def _pair(plants: Plants, i: int, j: int, how: _How) -> _Row:
    """Labels, and effects, difference, interval and sizes of one pair."""
    inference = how.inference
    label = (plants.region, plants.period, str(how.names[i]), str(how.names[j]))
    held = [plants.held[plants.held_code == c] for c in (i, j)]
    move = [plants.at[plants.code == c] for c in (i, j)]
    n, m = min(map(len, held)), min(map(len, move))
    if min(n, m) < how.min_n:
        return label, [np.nan] * 5 + [n, m]
    effects = []
    for anchor, mover, code in ((1, 0, j), (0, 1, i)):
        pool = plants.at[plants.code != code]
        if len(pool) > _POOL:
            pool = pool[np.linspace(0, len(pool) - 1, _POOL).astype(int)]
        rng = generator(how.entropy, stream_of(*label, str(anchor)), 0)
        held_rows = np.array(
            [
                rng.choice(len(held[anchor]), n, replace=False)
                for _ in range(inference.n)
            ]
        )
        rows = rng.integers(0, len(move[mover]), (inference.n, m))
        both = held_rows, rows
        effects.append(how.effects(held[anchor], move[mover], pool, both))
    away = effects[0] - effects[1]
    tail = (1.0 - inference.level) / 2.0
    low, high = np.quantile(away, [tail, 1.0 - tail])
    means = [float(e.mean()) for e in effects]
    return label, [*means, float(away.mean()), float(low), float(high), n, m]
