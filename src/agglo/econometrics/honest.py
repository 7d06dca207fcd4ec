"""How wrong parallel trends may be before an effect is gone: bounds from diff-diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import MissingExtraError, NotIdentifiedError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.econometrics._average import effect_jacobian
from agglo.econometrics.results import EFFECTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.econometrics.event_results import SpatialEventStudy

__all__ = ["HonestBounds", "honest_bounds"]

Restriction: TypeAlias = Literal["relative_magnitude", "smoothness"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class HonestBounds(Result):
    """Bounds of a mean effect when trends may differ by a stated amount.

    Attributes
    ----------
    m
        Allowed violation, (n,): multiples of the largest change before the start, or the
        largest change of slope.
    bound_lower, bound_upper
        Set of effects that are compatible with the estimates.
    lower, upper
        Interval that holds the sampling error too.
    estimate, se
        Mean effect over event times from 0 with parallel trends.
    effect, restriction, level
        What was bounded, how, and the coverage.
    method
        Name of the class that did the work, with the version of the package.
    """

    m: FloatArray
    bound_lower: FloatArray
    bound_upper: FloatArray
    lower: FloatArray
    upper: FloatArray
    estimate: float
    se: float
    effect: str
    restriction: str
    level: float
    method: str

    @property
    def breakdown(self) -> float:
        """Smallest given m whose interval holds 0; NaN if none does."""
        held = (self.lower <= 0) & (self.upper >= 0)
        return float(self.m[held].min()) if held.any() else float("nan")

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per allowed violation."""
        return {
            "m": self.m,
            "bound_lower": self.bound_lower,
            "bound_upper": self.bound_upper,
            "lower": self.lower,
            "upper": self.upper,
        }

    def summary(self) -> str:
        """Give the interval of every allowed violation."""
        lines = [
            f"Mean {self.effect} effect {self.estimate:.4f} ({self.se:.4f}) when trends may "
            f"differ, {self.restriction.replace('_', ' ')} ({self.method})"
        ]
        lines += [
            f"  m = {m:g}: {a:.4f} to {b:.4f}"
            for m, a, b in zip(self.m, self.lower, self.upper, strict=True)
        ]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        middle = (self.lower + self.upper) / 2.0
        half = (self.upper - self.lower) / 2.0
        ax.errorbar(self.m, middle, yerr=half, fmt="none", color="#0072B2")
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set(xlabel="allowed violation m", ylabel=f"mean {self.effect} effect")


def honest_bounds(
    event: SpatialEventStudy,
    *,
    effect: Literal["direct", "indirect", "total"] = "direct",
    restriction: Restriction = "relative_magnitude",
    m: Sequence[float] = (0.5, 1.0, 1.5, 2.0),
    level: float = 0.95,
) -> HonestBounds:
    """Bound the mean effect of an event study when trends were not quite parallel.

    Use after `fit_spatial_event_study`, above all where a lead test has little power. The
    package diff-diff does the work (extra ``did``).

    Parameters
    ----------
    event
        Event study with base -1 and an event time before it.
    effect
        Which average effect.
    restriction
        ``"relative_magnitude"``: changes of the gap after the start are at most `m` times
        the largest change before it. ``"smoothness"``: its slope changes by at most `m` per
        period, in units of the outcome.
    m
        Allowed violations, 0 or above, increasing.
    level
        Coverage of the intervals.

    Returns
    -------
    HonestBounds
        Bounds and intervals per `m`; ``breakdown`` is the first that holds 0.

    Raises
    ------
    MissingExtraError
        The extra ``did`` is not installed.
    OptionError
        If an option is out of range, or the base is not -1.
    NotIdentifiedError
        too_few_periods: no event time before the base.

    Notes
    -----
    Estimates and their covariance are those of the chosen effect by event time, rho
    included (delta method). The ends of the window stand for all periods beyond and count
    as one period each. The mean weighs event times from 0 equally.

    References
    ----------
    Rambachan and Roth 2023, doi:10.1093/restud/rdad018.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> import agglo as ag
    >>> from agglo.simulate import simulate_corridors
    >>> made = simulate_corridors(seed=1)
    >>> event = ag.fit_spatial_event_study(
    ...     made.panel, outcome="diversification", covariates=["x"], start=made.starts,
    ...     weights=made.weights, durbin_weights=made.exposure,
    ...     bands=ag.Bootstrap(n=99, seed=1))
    >>> if find_spec("diff_diff"):
    ...     value = ag.honest_bounds(event, m=[0.5]).estimate
    ... else:
    ...     value = 0.4  # the extra is absent
    >>> round(value, 1)
    0.4
    """
    check_choice("effect", effect, EFFECTS)
    check_choice("restriction", restriction, ("relative_magnitude", "smoothness"))
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    grid = np.array([check_number("m", v, minimum=0) for v in m], dtype=np.float64)
    if not grid.size or (np.diff(grid) <= 0).any():
        msg = f"m={list(m)} must be one or more increasing numbers."
        raise OptionError(msg)
    if event.base != -1:
        msg = f"honest_bounds needs the base -1; this event study has {event.base}."
        raise OptionError(msg)
    times = event.k[event.k != event.base]
    if not (times < 0).any():
        msg = "[too_few_periods] no event time before the base: nothing says how trends differ."
        raise NotIdentifiedError(msg)
    value, jac = effect_jacobian(event.fit.design, event.fit.estimate)
    at = EFFECTS.index(effect)
    slope = jac[: times.size, at]
    cov = slope @ event.fit.cov @ slope.T
    beta = value[: times.size, at]
    rows, label = _bounded(times.tolist(), beta, cov, restriction, grid, 1.0 - level)
    late = times >= 0
    weight = late / late.sum()
    return HonestBounds(
        m=frozen_array(grid),
        bound_lower=frozen_array(rows[:, 0]),
        bound_upper=frozen_array(rows[:, 1]),
        lower=frozen_array(rows[:, 2]),
        upper=frozen_array(rows[:, 3]),
        estimate=float(weight @ beta),
        se=float(np.sqrt(weight @ cov @ weight)),
        effect=effect,
        restriction=restriction,
        level=level,
        method=label,
        frame_kind=event.frame_kind,
        provenance=Provenance.of(
            honest_bounds,
            event.provenance.input_digest,
            parameters={
                **event.provenance.parameters,
                "effect": effect,
                "restriction": restriction,
                "m": grid.tolist(),
                "level": level,
            },
            seed=event.provenance.seed,
            warnings=event.provenance.warnings,
        ),
    )


def _bounded(
    times: Sequence[int],
    beta: FloatArray,
    cov: FloatArray,
    restriction: Restriction,
    m: FloatArray,
    alpha: float,
) -> tuple[FloatArray, str]:
    """Call the package for every m: bounds and interval, (n, 4), and its name."""
    try:
        import diff_diff
    except ImportError as error:
        raise MissingExtraError("diff-diff", "did", "honest_bounds") from error
    nan = float("nan")
    se = np.sqrt(np.diag(cov))
    effects = {
        k: diff_diff.PeriodEffect(k, float(b), float(s), nan, nan, (nan, nan))
        for k, b, s in zip(times, beta, se, strict=True)
    }
    given = diff_diff.MultiPeriodDiDResults(
        period_effects=effects,
        avg_att=nan,
        avg_se=nan,
        avg_t_stat=nan,
        avg_p_value=nan,
        avg_conf_int=(nan, nan),
        n_obs=0,
        n_treated=0,
        n_control=0,
        pre_periods=[k for k in times if k < 0],
        post_periods=[k for k in times if k >= 0],
        vcov=cov,
        interaction_indices={k: i for i, k in enumerate(times)},
    )
    rows = []
    for value in m:
        found = diff_diff.HonestDiD(
            method=restriction, M=float(value), alpha=alpha
        ).fit(given)
        rows.append([found.lb, found.ub, found.ci_lb, found.ci_ub])
    return np.array(rows), f"HonestDiD of diff-diff {diff_diff.__version__}"
