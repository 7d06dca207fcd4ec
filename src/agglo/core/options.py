"""Options with several fields, and the checks that options share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agglo.core.errors import OptionError, suggest

__all__ = ["Bootstrap", "MonteCarlo", "Permutation", "check_choice", "check_number"]


def check_choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """Refuse a word that is not among the allowed ones.

    Parameters
    ----------
    name
        Name of the option.
    value
        What was given.
    allowed
        The admissible words.

    Returns
    -------
    str
        `value`, unchanged.

    Raises
    ------
    OptionError
        With the closest admissible word.
    """
    if isinstance(value, str) and value in allowed:
        return value
    hint = suggest(str(value), allowed)
    msg = f"{name}={value!r} is not one of {list(allowed)}. {hint}".rstrip()
    raise OptionError(msg)


def check_number(
    name: str,
    value: object,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    integer: bool = False,
    open_ends: bool = False,
) -> float:
    """Refuse a number outside its admissible range.

    Parameters
    ----------
    name
        Name of the option.
    value
        What was given.
    minimum, maximum
        Ends of the range.
    integer
        Whether only whole numbers are admissible.
    open_ends
        Whether the ends themselves are excluded.

    Returns
    -------
    float
        `value` as a float.

    Raises
    ------
    OptionError
        If `value` is no number, not finite or outside the range.
    """
    kind = "a whole number" if integer else "a number"
    numeric = isinstance(value, (int, float)) or hasattr(value, "__float__")
    if isinstance(value, (bool, str)) or not numeric:
        msg = f"{name}={value!r} must be {kind}."
        raise OptionError(msg)
    number = float(value)  # type: ignore[arg-type]
    inside = minimum < number < maximum if open_ends else minimum <= number <= maximum
    if not inside or (integer and number != int(number)):
        left, right = ("(", ")") if open_ends else ("[", "]")
        msg = (
            f"{name}={value!r} must be {kind} in {left}{minimum:g}, {maximum:g}{right}."
        )
        raise OptionError(msg)
    return number


def _check_draws(n: int, seed: int | None) -> None:
    check_number("n", n, minimum=1, maximum=10**8, integer=True)
    if seed is not None:
        check_number("seed", seed, minimum=0, maximum=2.0**128, integer=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permutation:
    """Test against relabelled data.

    Parameters
    ----------
    n
        Number of permutations; the smallest p-value is ``1 / (n + 1)``.
    seed
        Seed of the draws; ``None`` draws entropy and records it in the result.
    """

    n: int = 999
    seed: int | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        _check_draws(self.n, self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonteCarlo:
    """Test against data drawn from the null model.

    Parameters
    ----------
    n
        Number of simulated data sets.
    seed
        Seed of the draws; ``None`` draws entropy and records it in the result.
    """

    n: int = 999
    seed: int | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        _check_draws(self.n, self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Measure uncertainty by resampling.

    Parameters
    ----------
    n
        Number of resamples.
    seed
        Seed of the draws; ``None`` draws entropy and records it in the result.
    level
        Coverage of the interval, in (0, 1).
    """

    n: int = 999
    seed: int | None = None
    level: float = 0.95

    def __post_init__(self) -> None:
        """Check the fields."""
        _check_draws(self.n, self.seed)
        check_number("level", self.level, minimum=0, maximum=1, open_ends=True)
