"""Whether a policy worked differently in groups of activities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import Bootstrap, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.core.tables import as_panel
from agglo.econometrics._design import Bias, Effects, Model
from agglo.econometrics._placebo_fits import effects_of_resamples
from agglo.econometrics.results import EFFECTS, two_sided
from agglo.econometrics.spatial_did import fit_spatial_did
from agglo.econometrics.vcov import Clustered, Covariance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.tables import Panel
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame
    from agglo.core.weights import SpatialWeights
    from agglo.core.weights_kinds import Rings
    from agglo.econometrics.did_results import SpatialDID

__all__ = ["GroupEffects", "group_effects"]

_TRIES = 50


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GroupEffects(Result):
    """Effects of one policy by group, and their differences.

    Attributes
    ----------
    group
        Names, (m,).
    value, se, rho
        Effects (m, 3) with their errors, and rho per group.
    pair
        Names of the groups of each difference.
    difference, lower, upper, p
        First less second group, (pairs, 3), interval and p from resampled periods.
    level
        Coverage of the intervals.
    draws, block
        Resamples, and periods per block.
    """

    group: tuple[str, ...]
    value: FloatArray
    se: FloatArray
    rho: FloatArray
    pair: tuple[tuple[str, str], ...]
    difference: FloatArray
    lower: FloatArray
    upper: FloatArray
    p: FloatArray
    level: float
    draws: int
    block: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give groups first, then differences; one row per effect."""
        half = float(ndtri(0.5 + self.level / 2.0)) * self.se
        names = [*self.group, *(f"{a} - {b}" for a, b in self.pair)]
        value = np.concatenate([self.value, self.difference])
        empty = np.full(self.difference.shape, np.nan)
        return {
            "group": [n for n in names for _ in EFFECTS],
            "kind": [
                *["group"] * (3 * len(self.group)),
                *["difference"] * (3 * len(self.pair)),
            ],
            "effect": list(EFFECTS) * len(names),
            "value": value.ravel(),
            "se": np.concatenate([self.se, empty]).ravel(),
            "lower": np.concatenate([self.value - half, self.lower]).ravel(),
            "upper": np.concatenate([self.value + half, self.upper]).ravel(),
            "p": np.concatenate([two_sided(self.value / self.se), self.p]).ravel(),
        }

    def summary(self) -> str:
        """Give a line per group and per difference."""
        lines = ["Effects by group"]
        lines += [
            f"  {g}: direct {v[0]:.4f} ({s[0]:.4f}), indirect {v[1]:.4f} ({s[1]:.4f})"
            for g, v, s in zip(self.group, self.value, self.se, strict=True)
        ]
        lines.append(
            f"Differences ({self.draws} resamples of blocks of {self.block} periods)"
        )
        lines += [
            f"  {a} - {b}: direct {d[0]:.4f}, p = {p[0]:.3f}; indirect {d[1]:.4f}, "
            f"p = {p[1]:.3f}"
            for (a, b), d, p in zip(self.pair, self.difference, self.p, strict=True)
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        half = float(ndtri(0.5 + self.level / 2.0)) * self.se
        place = np.arange(len(self.group), dtype=float)
        for i, effect in enumerate(EFFECTS[:2]):
            ax.errorbar(
                place + 0.15 * i,
                self.value[:, i],
                yerr=half[:, i],
                fmt="o",
                label=effect,
            )
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set_xticks(place, list(self.group), rotation=20)
        ax.legend(frameon=False)


def group_effects(
    data: IntoFrame | Panel,
    outcomes: Mapping[str, str],
    *,
    weights: SpatialWeights,
    start: Mapping[str, str] | IntoFrame,
    covariates: Sequence[str] = (),
    durbin_weights: SpatialWeights | Rings | None = None,
    model: Model = "sdm",
    effects: Effects = ("region", "period"),
    bias: Bias = "transform",
    vcov: Covariance = Clustered("region"),  # noqa: B008  frozen
    block: int = 3,
    inference: Bootstrap = Bootstrap(n=499),  # noqa: B008  frozen
    region: str = "region",
    period: str = "period",
) -> GroupEffects:
    """Compare what a policy did to the outcomes of several groups.

    Use for outcomes that were computed inside groups of activities, such as technology-,
    capital- and labour-intensive industries. Comparing stars between groups is no test.

    Parameters
    ----------
    data
        One row per region and period, balanced; or a `Panel`.
    outcomes
        Group to column of its outcome; two groups or more.
    weights, start, covariates, durbin_weights, model, effects, bias, vcov
        As in `fit_spatial_did`, the same for all groups.
    block
        Periods per block of the resampling.
    inference
        Resamples, seed and coverage. Whole cross-sections are drawn, the same for all
        groups, so that what groups have in common cancels.
    region, period
        Columns of labels.

    Returns
    -------
    GroupEffects
        Effects per group and differences between all pairs.

    Raises
    ------
    OptionError
        If there are fewer than two groups, or `block` is longer than the panel.
    AlignmentError
        As in `fit_spatial_did`.
    InvalidTableError
        As in `fit_spatial_did`.
    NotIdentifiedError
        As in `fit_spatial_did`, or if no resample has a period with and one without
        treatment.

    Notes
    -----
    Blocks wrap around the end of the panel. p is two-sided: twice the smaller share of
    resampled differences beyond 0, (1 + b) / (1 + n). Few periods make few distinct
    resamples: with less than about ten the intervals are too short. One fit per group and
    resample.

    Examples
    --------
    >>> import agglo as ag
    >>> from agglo.econometrics import group_effects
    >>> from agglo.simulate import simulate_corridors
    >>> made = simulate_corridors(seed=1)
    >>> found = group_effects(
    ...     made.panel, {"s": "specialisation", "d": "diversification"},
    ...     covariates=["x"], start=made.starts, weights=made.weights,
    ...     inference=ag.Bootstrap(n=99, seed=1))
    >>> found.pair
    (('s', 'd'),)
    """
    if len(outcomes) < 2:
        msg = f"outcomes={dict(outcomes)} must name two groups or more."
        raise OptionError(msg)
    panel = as_panel(
        data, variables=[*outcomes.values(), *covariates], region=region, period=period
    )
    check_number("block", block, minimum=1, maximum=panel.periods.size, integer=True)
    fits = [
        fit_spatial_did(
            panel,
            outcome=column,
            covariates=covariates,
            weights=weights,
            durbin_weights=durbin_weights,
            start=start,
            model=model,
            effects=effects,
            bias=bias,
            vcov=vcov,
            region=region,
        )
        for column in outcomes.values()
    ]
    seed = entropy_of(inference.seed)
    drawn = monte_carlo(
        lambda rng, size: _drawn(rng, fits, block, size),
        n=inference.n,
        seed=seed,
    )
    return _result(tuple(outcomes), fits, drawn, block, inference.level, seed)


def _drawn(
    rng: np.random.Generator, fits: Sequence[SpatialDID], block: int, size: int
) -> FloatArray:
    """Give the effects of every group, (size, m, 3), on resamples of periods."""
    on = np.asarray(fits[0].treatment.any(axis=1))
    periods = np.array([_periods(rng, on, block) for _ in range(size)])
    made = [effects_of_resamples(f.design, periods, f.bounds) for f in fits]
    return np.stack(made, axis=1)


def _periods(rng: np.random.Generator, on: BoolArray, block: int) -> IntArray:
    t = on.size
    for _ in range(_TRIES):
        first = rng.integers(0, t, -(-t // block))
        at = ((first[:, None] + np.arange(block)) % t).ravel()[:t]
        # an effect needs periods before and after the start
        if on[at].any() and not on[at].all():
            return np.asarray(at, np.int64)
    msg = "[treatment_none] no resample has periods with and without treatment."
    raise NotIdentifiedError(msg)


def _result(
    names: tuple[str, ...],
    fits: Sequence[SpatialDID],
    drawn: FloatArray,
    block: int,
    level: float,
    seed: int,
) -> GroupEffects:
    value = np.array([f.impacts.value[0] for f in fits])
    pairs = list(combinations(range(len(names)), 2))
    gap = np.stack([drawn[:, a] - drawn[:, b] for a, b in pairs], axis=1)
    n = gap.shape[0]
    beyond = np.minimum((gap <= 0).sum(axis=0), (gap >= 0).sum(axis=0))
    tail = (1.0 - level) / 2.0
    lower, upper = np.quantile(gap, [tail, 1.0 - tail], axis=0)
    first = fits[0]
    return GroupEffects(
        group=names,
        value=frozen_array(value),
        se=frozen_array(np.array([f.impacts.se[0] for f in fits])),
        rho=frozen_array(np.array([f.rho for f in fits])),
        pair=tuple((names[a], names[b]) for a, b in pairs),
        difference=frozen_array(np.array([value[a] - value[b] for a, b in pairs])),
        lower=frozen_array(lower),
        upper=frozen_array(upper),
        p=frozen_array(np.minimum(2.0 * (1.0 + beyond) / (1.0 + n), 1.0)),
        level=level,
        draws=n,
        block=block,
        frame_kind=first.frame_kind,
        provenance=Provenance.of(
            group_effects,
            *(f.provenance.input_digest for f in fits),
            parameters={
                **first.provenance.parameters,
                "groups": list(names),
                "block": block,
                "n": n,
                "level": level,
            },
            seed=seed,
            warnings=first.provenance.warnings,
        ),
    )
