"""Which cells are unsafe: minimum counts, dominance and p per cent, as one frozen policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.results import digest_of

__all__ = ["DISCLOSURE_POLICIES", "DisclosurePolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosurePolicy:
    """Rules that say which cells may not be published.

    With contributions x1 >= x2 >= ... to a cell with total X, a cell is unsafe when

    * it has fewer contributors than `minimum_count`, or
    * x1 + ... + xn > k / 100 X for a pair (n, k) of `dominance`, or
    * X - x1 - x2 < p / 100 x1 with p = `p_percent`.

    Parameters
    ----------
    minimum_count
        Least number of contributors (holdings) of a safe cell; ``None`` for no such rule.
    dominance
        Pairs (n, k): the n largest may not hold more than k per cent.
    p_percent
        How close, in per cent, anyone may come to the largest contribution; ``None`` for
        no such rule.
    count_ratio
        Width of the protection interval of a cell that only the minimum count makes
        unsafe, as a share of its total.
    lower_ratio
        Lower protection as a multiple of the upper one.
    coalition
        How many contributors may put their knowledge together against a third: 1 or 2.
    prior_ratio
        How well anybody knows every value beforehand, as a share of it: 0.5 for half more
        or less. ``None``: only that values are not negative.

    Raises
    ------
    OptionError
        When a number is out of range or when no rule is set.

    Notes
    -----
    Rules and protection levels: Hundepool et al. (2012), *Statistical Disclosure
    Control*, doi:10.1002/9781118348239, chapter 4.

    Examples
    --------
    >>> DisclosurePolicy(minimum_count=10, dominance=((2, 90.0),)).minimum_count
    10
    """

    minimum_count: int | None = 3
    dominance: tuple[tuple[int, float], ...] = ((1, 85.0),)
    p_percent: float | None = 10.0
    count_ratio: float = 0.1
    lower_ratio: float = 1.0
    coalition: int = 1
    prior_ratio: float | None = None

    def __post_init__(self) -> None:
        """Check every number, and that there is a rule."""
        if self.minimum_count is not None:
            check_number("minimum_count", self.minimum_count, minimum=2, integer=True)
        for n, k in self.dominance:
            check_number("dominance n", n, minimum=1, maximum=10, integer=True)
            check_number("dominance k", k, minimum=0, maximum=100, open_ends=True)
        if self.p_percent is not None:
            check_number("p_percent", self.p_percent, minimum=0, open_ends=True)
        check_number("count_ratio", self.count_ratio, minimum=0, open_ends=True)
        check_number("lower_ratio", self.lower_ratio, minimum=0, open_ends=True)
        check_number("coalition", self.coalition, minimum=1, maximum=2, integer=True)
        if self.prior_ratio is not None:
            check_number("prior_ratio", self.prior_ratio, minimum=0, open_ends=True)
        if self.minimum_count is None and not self.dominance and self.p_percent is None:
            msg = (
                "A disclosure policy needs a rule: minimum_count, dominance, p_percent."
            )
            raise OptionError(msg)

    @property
    def digest(self) -> str:
        """Hash of the rules, for certificates."""
        return digest_of(asdict(self))


DISCLOSURE_POLICIES: Mapping[str, DisclosurePolicy] = MappingProxyType(
    {
        "p10": DisclosurePolicy(),
        "n10": DisclosurePolicy(
            minimum_count=10, dominance=((2, 90.0),), p_percent=10.0
        ),
        "count3": DisclosurePolicy(minimum_count=3, dominance=(), p_percent=None),
    }
)
"""Presets, as data; an office puts its own policy beside them."""
