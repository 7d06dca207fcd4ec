"""Theil's indices of inequality and their decomposition."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._kernels import inequality as kernels
from agglo.concentration._unit_results import defined, group_codes
from agglo.concentration._units import (
    By,
    MarginChoice,
    Vector,
    unit_reasons,
    units_of,
)
from agglo.concentration.results import TheilValues
from agglo.core.errors import NumericsWarning
from agglo.core.options import check_choice
from agglo.core.results import Provenance, frozen_array

if TYPE_CHECKING:
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import IntoFrame

__all__ = ["theil"]


def theil(
    data: IntoFrame | RegionActivity | Vector,
    *,
    by: By = "region",
    groups: Mapping[str, str] | Sequence[object] | None = None,
    kind: Literal["T", "L"] = "T",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> TheilValues:
    r"""Measure inequality of sizes, split between and within groups of parts.

    Also: generalised entropy GE(1) = T, GE(0) = mean log deviation L. Use to see whether
    regional inequality lies between or inside countries; not weighted by population.

    Parameters
    ----------
    data
        Activity table (absent row = zero), `RegionActivity`, or a vector of at least one
        number, all at least 0.
    by
        ``"region"``: over the activities of every region; ``"activity"``: over the regions
        of every activity. Not read for a vector.
    groups
        Group of every part: mapping label → group, or for a vector one group per number.
    kind
        ``"T"`` (top-sensitive) or ``"L"`` (mean log deviation, infinite with a zero).
    region, activity, value
        Columns of a frame.
    margins
        As in `gini`.

    Returns
    -------
    TheilValues
        Per unit the index, at least 0, dimensionless, and its parts ``between`` and
        ``within``; 0 = equal sizes.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or a vector has no, negative or non-finite numbers.
    AlignmentError
        If `groups` does not cover the parts.
    OptionError
        If an option has no such choice.

    Warns
    -----
    NumericsWarning
        If L is infinite for some unit because of a zero.

    Notes
    -----
    .. math:: T = \frac1n \sum \frac{v}{\mu} \ln \frac{v}{\mu}, \qquad
              L = \frac1n \sum \ln \frac{\mu}{v}

    T counts 0 ln 0 as 0. Between: the index with every part at its group's mean; within:
    the groups' indices, weighted by size (T) or number of parts (L). The parts add up to
    the total to 1e-12. A unit that is zero everywhere is undefined. O(n) per unit.

    References
    ----------
    Theil 1967, Economics and Information Theory; Shorrocks 1980, doi:10.2307/1913126.

    See Also
    --------
    gini : Ordinal, without decomposition.

    Examples
    --------
    >>> import agglo as ag
    >>> round(ag.theil([50, 30, 20]).value, 8)
    0.06895927
    """
    check_choice("kind", kind, ("T", "L"))
    units = units_of(
        data, by=by, region=region, activity=activity, value=value, margins=margins
    )
    code, names = group_codes(units.part, groups, units.by, "groups")
    kernel = kernels.theil_t if kind == "T" else kernels.theil_l
    found = kernel(units.size, code, names.size)
    notes = units.notes
    infinite = int(np.isinf(defined(units, found.total)).sum())
    if infinite:
        note = f"L is infinite for {infinite} units, which have a part of size zero"
        warnings.warn(note, NumericsWarning, stacklevel=2)
        notes = (*notes, note)
    return TheilValues(
        measure=f"Theil {kind}",
        reading="0 = equal sizes; unweighted.",
        by=units.by,
        label=frozen_array(units.label),
        values=defined(units, found.total),
        between=defined(units, found.between),
        within=defined(units, found.within),
        n_unknown=frozen_array(units.n_unknown),
        status=frozen_array(units.status),
        provenance=Provenance.of(
            theil,
            units.source,
            parameters={"by": units.by, "groups": groups, "kind": kind},
            warnings=notes,
        ),
        frame_kind=units.frame_kind,
        undefined=unit_reasons(units),
    )
