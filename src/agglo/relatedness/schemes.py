"""Strength schemes as data: what makes a cluster strong, in whose reading.

The readings differ in what they look at and how high they set the bar; none is the truth.
Where the published wording or number is not known to us, `evidence` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from agglo.core.errors import OptionError, suggest
from agglo.core.options import check_choice, check_number

__all__ = ["STRENGTH_SCHEMES", "Criterion", "StrengthScheme"]

Measure: TypeAlias = Literal[
    "quotient",
    "size",
    "size_share",
    "establishments_share",
    "region_share",
    "productivity",
    "growth",
]
Rule: TypeAlias = Literal["top_share", "at_least"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One condition on a cluster in a region.

    Parameters
    ----------
    name
        Short name, unique in the scheme.
    measure
        ``"quotient"`` (location quotient), ``"size"`` (the value, say jobs),
        ``"size_share"`` and ``"establishments_share"`` (of the cluster's national total),
        ``"region_share"`` (of the region's total), ``"productivity"`` (output or payroll
        per unit of size), ``"growth"`` (relative to the earlier period).
    rule
        ``"top_share"``: among the top `threshold` of the regions where the cluster is
        present (0.25 = top quarter; all ties count); ``"at_least"``: at least
        `threshold`.
    threshold
        Share in (0, 1] or minimum value.
    evidence
        Where the number comes from, in a clause; says so when it is ours.
    """

    name: str
    measure: Measure
    rule: Rule
    threshold: float
    evidence: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        check_choice("measure", self.measure, get_args(Measure))
        check_choice("rule", self.rule, get_args(Rule))
        if self.rule == "top_share":
            check_number("threshold", self.threshold, minimum=0, maximum=1)
            if self.threshold == 0:
                msg = f"threshold=0.0 of criterion '{self.name}': the top 0 % is empty."
                raise OptionError(msg)
        else:
            check_number("threshold", self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class StrengthScheme:
    """A named set of criteria and how many of them make a cluster strong.

    Parameters
    ----------
    name
        Name, recorded in results.
    criteria
        The criteria, in order.
    needed
        How many must be met.
    source
        Whose reading this is.
    """

    name: str
    criteria: tuple[Criterion, ...]
    needed: int
    source: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        names = [c.name for c in self.criteria]
        if not names or len(set(names)) != len(names):
            msg = f"criteria of scheme '{self.name}' need distinct names, at least one."
            raise OptionError(msg)
        check_number("needed", self.needed, minimum=1, maximum=len(names), integer=True)

    def with_criterion(
        self, name: str, *, threshold: float, rule: Rule | None = None
    ) -> StrengthScheme:
        """Give the scheme with another threshold or rule for one criterion.

        Parameters
        ----------
        name
            Name of the criterion.
        threshold
            New threshold.
        rule
            New rule; default the present one.

        Returns
        -------
        StrengthScheme
            A new scheme.

        Raises
        ------
        OptionError
            If there is no such criterion.

        Examples
        --------
        >>> from agglo.relatedness import STRENGTH_SCHEMES
        >>> stricter = STRENGTH_SCHEMES["us_strong"].with_criterion(
        ...     "size_share", rule="at_least", threshold=0.001)
        >>> stricter.criteria[1].threshold
        0.001
        """
        names = [c.name for c in self.criteria]
        if name not in names:
            hint = suggest(name, names)
            msg = f"Scheme '{self.name}' has no criterion '{name}': {names}. {hint}"
            raise OptionError(msg.rstrip())
        changed = tuple(
            replace(
                c, threshold=threshold, rule=rule or c.rule, evidence="set by the user"
            )
            if c.name == name
            else c
            for c in self.criteria
        )
        return replace(self, criteria=changed)


_MEMORY = "from general knowledge of the scheme, original wording not re-read"
_OURS = "our choice, no published value is known to us"


def _top_fifth(name: str, measure: Measure) -> Criterion:
    return Criterion(
        name=name,
        measure=measure,
        rule="top_share",
        threshold=0.2,
        evidence=f"criterion {_MEMORY}; the level is {_OURS}",
    )


_SCHEMES = (
    StrengthScheme(
        name="us_strong",
        source="strong clusters of the US Cluster Mapping Project",
        needed=3,
        criteria=(
            Criterion(
                name="quotient", measure="quotient", rule="top_share", threshold=0.25
            ),
            Criterion(
                name="size_share",
                measure="size_share",
                rule="top_share",
                threshold=0.75,
                evidence=f"a minimum exists ({_MEMORY}); its level is {_OURS}",
            ),
            Criterion(
                name="establishments_share",
                measure="establishments_share",
                rule="top_share",
                threshold=0.75,
                evidence=f"a minimum exists ({_MEMORY}); its level is {_OURS}",
            ),
        ),
    ),
    StrengthScheme(
        name="eco_stars",
        source="stars of the European Cluster Observatory",
        needed=3,
        criteria=(
            Criterion(name="size", measure="size", rule="top_share", threshold=0.1),
            Criterion(
                name="specialisation",
                measure="quotient",
                rule="at_least",
                threshold=2.0,
                evidence=_MEMORY,
            ),
            Criterion(
                name="focus",
                measure="region_share",
                rule="top_share",
                threshold=0.1,
                evidence=_MEMORY,
            ),
        ),
    ),
    StrengthScheme(
        name="panorama",
        source="European Panorama of Clusters and Industrial Change",
        needed=4,
        criteria=(
            _top_fifth("size", "size"),
            _top_fifth("specialisation", "quotient"),
            _top_fifth("productivity", "productivity"),
            _top_fifth("dynamism", "growth"),
        ),
    ),
    StrengthScheme(
        name="lq",
        source="location quotient with a minimum size",
        needed=2,
        criteria=(
            Criterion(
                name="quotient",
                measure="quotient",
                rule="at_least",
                threshold=1.25,
                evidence=_OURS,
            ),
            Criterion(
                name="size",
                measure="size",
                rule="at_least",
                threshold=100.0,
                evidence=_OURS,
            ),
        ),
    ),
)

STRENGTH_SCHEMES: Mapping[str, StrengthScheme] = MappingProxyType(
    {scheme.name: scheme for scheme in _SCHEMES}
)
