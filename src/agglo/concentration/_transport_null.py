"""P-value of a transport distance: from all draws, from enough of them, or from a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from agglo.concentration._kernels import transport_draws as kernels
from agglo.core.inference import sequential_pvalue

if TYPE_CHECKING:
    from collections.abc import Callable

    from agglo.core.typing import FloatArray

__all__ = [
    "BLOCK",
    "Answer",
    "Forecast",
    "Null",
    "counted",
    "forecast_of",
    "foretold",
    "screened",
    "sequential",
]

BLOCK = 64
_SOLVED = 40
_FITS = 0.5
_EXCEEDANCES = 20
_MOST_DRAWS = 9_999
# draws foretold so many residual sd above the observed distance are not solved
_SURE = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One pair: distance, what the null gives, how p came about."""

    value: float
    mean: float = np.nan
    sd: float = np.nan
    percentile: float = np.nan
    p: float = np.nan
    method: str = ""
    draws: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Null:
    """Draws of a pair: who is drawn in draws `first` to `first + n`, and how far they lie."""

    drawn: Callable[[int, int], kernels.Drawn]
    solve: Callable[[kernels.Drawn], FloatArray]
    n: int
    entropy: int


def counted(value: float, draws: FloatArray) -> Answer:
    """Answer from draws that are all solved."""
    slack = 1e-12 * max(value, 1e-300)
    n = draws.size
    return Answer(
        value=value,
        mean=float(draws.mean()),
        sd=float(draws.std(ddof=1)) if n > 1 else np.nan,
        percentile=float((draws >= value - slack).mean()),
        p=float(1 + (draws <= value + slack).sum()) / (n + 1),
        method="exact",
        draws=n,
    )


def sequential(value: float, null: Null) -> Answer:
    """Stop at the 20th draw that is as near."""
    return _until(value, null, lambda drawn: (null.solve(drawn), 0), "sequential", 0.0)


def screened(value: float, null: Null, forecast: Forecast) -> Answer:
    """Do as `sequential`, but solve only the draws that may be as near.

    The others are foretold more than 6 residual standard deviations farther off than the
    observed distance.
    """

    def solve(drawn: kernels.Drawn) -> tuple[FloatArray, int]:
        out = forecast.of(drawn)
        near = out - _SURE * forecast.spread <= value
        if near.any():
            out[near] = null.solve(drawn._replace(seeds=drawn.seeds[near]))
        return out, int((~near).sum())

    return _until(value, null, solve, "screened", forecast.spread)


def _until(
    value: float,
    null: Null,
    solve: Callable[[kernels.Drawn], tuple[FloatArray, int]],
    method: str,
    spread: float,
) -> Answer:
    seen: list[FloatArray] = []
    guessed = 0

    def draw(rng: np.random.Generator, size: int) -> FloatArray:  # noqa: ARG001
        # the blocks have their own seeds, shared by all anchors of a mover
        nonlocal guessed
        found, more = solve(null.drawn(BLOCK * len(seen), size))
        guessed += more
        seen.append(found)
        return found

    found = sequential_pvalue(
        draw,
        value * (1.0 + 1e-12),
        seed=null.entropy,
        h=_EXCEEDANCES,
        n_max=max(null.n, _MOST_DRAWS),
        alternative="less",
        block_size=BLOCK,
    )
    draws = np.concatenate(seen)
    plain = counted(value, draws)
    # what is foretold lacks the scatter around the forecast
    variance = plain.sd**2 + spread**2 * guessed / draws.size
    return Answer(
        value=value,
        mean=plain.mean,
        sd=float(np.sqrt(variance)),
        percentile=plain.percentile,
        p=found.p,
        method=method,
        draws=found.n,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Forecast:
    """Foretells the distance of a draw from two of its features."""

    angles: kernels.Angles
    own: FloatArray
    price: FloatArray
    fit: FloatArray
    spread: float

    def of(self, drawn: kernels.Drawn) -> FloatArray:
        """Give the distances foretold, (n_draws,)."""
        features = _features(drawn, self.angles, self.own, self.price)
        out: FloatArray = features @ self.fit
        return out


def _features(
    drawn: kernels.Drawn,
    angles: kernels.Angles,
    own: FloatArray,
    price: FloatArray,
) -> FloatArray:
    found = kernels.features_of_draws(drawn, angles, own, price)
    power = drawn.sites.power
    return np.column_stack(
        [np.ones(len(found)), found[:, 0], found[:, 1] ** (1 / power)]
    )


def forecast_of(
    null: Null,
    angles: kernels.Angles,
    own: FloatArray,
    price: FloatArray,
) -> Forecast | None:
    """Fit a forecast to 40 solved draws; none where it does not fit, or pay."""
    if null.n <= 2 * _SOLVED:
        return None
    some = null.drawn(0, _SOLVED)
    solved = null.solve(some)
    x = _features(some, angles, own, price)
    fit, _, rank, _ = np.linalg.lstsq(x, solved, rcond=None)
    left = solved - x @ fit
    scatter = float(((solved - solved.mean()) ** 2).sum())
    if rank < 3 or scatter == 0.0 or 1.0 - float(left @ left) / scatter < _FITS:
        return None
    return Forecast(
        angles=angles,
        own=own,
        price=price,
        fit=np.asarray(fit, dtype=np.float64),
        spread=float(np.sqrt(left @ left / (solved.size - 3))),
    )


def foretold(value: float, null: Null, forecast: Forecast) -> Answer:
    """Answer from draws that are all foretold."""
    found = forecast.of(null.drawn(0, null.n))
    s = forecast.spread
    below = float(ndtr((value - found) / s).mean())
    return Answer(
        value=value,
        mean=float(found.mean()),
        sd=float(np.sqrt(found.var(ddof=1) + s**2)),
        percentile=1.0 - below,
        p=(1.0 + null.n * below) / (null.n + 1.0),
        method="surrogate",
        draws=null.n,
    )
