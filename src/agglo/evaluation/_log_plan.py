"""Robustness runs over the log of a coin: which argument varies, and one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AggloError, AlignmentError, OptionError, suggest
from agglo.core.options import check_number

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray
    from agglo.evaluation.coin_log import Coin
    from agglo.evaluation.results import CompositeIndex

__all__ = ["LogPlan", "Vary", "log_plan_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vary:
    """What could have been told otherwise to a step of a coin.

    Give one of: `values` to choose from, `low` and `high` to draw between, or `noise` on
    the weights of an aggregation.

    Parameters
    ----------
    step
        Data set whose step it is, for example ``"normalised"``.
    argument
        Its argument, for example ``"method"``.
    values
        Two or more values, drawn with equal chances.
    low, high
        Ends of a uniform draw.
    noise
        Weights times 1 + f U(-1, 1), with one f in [0, 1] per level from the indicators
        up; the argument is ``"weights"``.
    """

    step: str
    argument: str
    values: tuple[object, ...] = ()
    low: float | None = None
    high: float | None = None
    noise: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check that it says one thing."""
        ends = self.low is not None or self.high is not None
        if bool(self.values) + ends + bool(self.noise) != 1:
            msg = f"Vary {self.name}: give values, or low and high, or noise."
            raise OptionError(msg)
        if self.values and len(self.values) < 2:
            msg = f"values={self.values!r} of {self.name}: two or more are needed."
            raise OptionError(msg)
        if ends:
            low, high = check_number("low", self.low), check_number("high", self.high)
            if low >= high:
                msg = f"low={low!r} of {self.name} is not below high={high!r}."
                raise OptionError(msg)
        for f in self.noise:
            check_number("noise", f, minimum=0, maximum=1)
        if self.noise and self.argument != "weights":
            msg = f"noise is for argument='weights', not {self.argument!r}."
            raise OptionError(msg)

    @property
    def name(self) -> str:
        """Step and argument."""
        return f"{self.step}.{self.argument}"


@dataclass(frozen=True, kw_only=True)
class LogPlan:
    """A coin, what varies in its log, and which random number decides what."""

    coin: Coin
    vary: tuple[Vary, ...]
    columns: tuple[IntArray, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what varies."""
        return tuple(v.name for v in self.vary)

    @property
    def width(self) -> int:
        """How many random numbers a run takes."""
        return sum(c.size for c in self.columns)

    @cached_property
    def nominal_index(self) -> CompositeIndex:
        """The index as the log stands."""
        return self.coin.index

    def nominal(self) -> FloatArray:
        """Ranks as the log stands, (n_rows,)."""
        return self.nominal_index.rank

    def run(self, u: FloatArray) -> FloatArray:
        """Ranks of one run from numbers in [0, 1); NaN where the run is impossible."""
        edit: dict[str, dict[str, object]] = {}
        for v, at in zip(self.vary, self.columns, strict=True):
            edit.setdefault(v.step, {})[v.argument] = self._drawn(v, u[at])
        try:
            found = self.coin.regenerate(edit=edit).index
        except AggloError:  # a combination that these values do not have
            return np.full(self.nominal_index.unit.size, np.nan)
        rows = zip(found.unit, found.period, found.rank, strict=True)
        rank = {(u_, p): r for u_, p, r in rows}
        own = zip(self.nominal_index.unit, self.nominal_index.period, strict=True)
        return np.array([rank.get(k, np.nan) for k in own], dtype=np.float64)

    def _drawn(self, vary: Vary, u: FloatArray) -> object:
        if vary.values:
            return vary.values[min(int(u[0] * len(vary.values)), len(vary.values) - 1)]
        if vary.low is not None and vary.high is not None:
            return vary.low + float(u[0]) * (vary.high - vary.low)
        index = self.nominal_index
        level = np.minimum(index.tree.level[:-1] - 1, len(vary.noise) - 1)
        f = np.array(vary.noise)[level]
        shaken = index.weights[:-1] * (1 + f * (2 * u - 1))
        return dict(zip(index.tree.nodes[:-1], shaken.tolist(), strict=True))


def log_plan_of(coin: Coin, vary: object) -> LogPlan:
    """Check what varies against the log."""
    given = tuple(vary) if isinstance(vary, Sequence) else ()
    if not given or not all(isinstance(v, Vary) for v in given):
        msg = "choices of a coin must be a tuple of `Vary` (`Choices` is for tables)."
        raise OptionError(msg)
    names = [s.write for s in coin.log]
    for v in given:
        if v.step not in names:
            hint = suggest(v.step, names)
            msg = f"Vary {v.name}: no step of the log wrote {v.step!r}. {hint}".rstrip()
            raise AlignmentError(msg)
    n = len(coin.index.tree.nodes) - 1
    ends = np.cumsum([0, *(n if v.noise else 1 for v in given)])
    return LogPlan(
        coin=coin,
        vary=given,
        columns=tuple(np.arange(a, b) for a, b in pairwise(ends)),
    )
