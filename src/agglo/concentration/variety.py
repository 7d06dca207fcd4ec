"""Related and unrelated variety of regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agglo.concentration._kernels.variety import variety as variety_kernel
from agglo.concentration._unit_results import defined, group_codes
from agglo.concentration._units import (
    MarginChoice,
    Vector,
    unit_reasons,
    units_of,
)
from agglo.concentration.results import VarietyValues
from agglo.core.errors import OptionError
from agglo.core.options import check_number
from agglo.core.results import Provenance, frozen_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from agglo.core.tables import RegionActivity
    from agglo.core.typing import IntArray, IntoFrame

__all__ = ["variety"]


def variety(
    data: IntoFrame | RegionActivity | Vector,
    *,
    group: Mapping[str, str] | Sequence[object] | int,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> VarietyValues:
    r"""Measure how diverse a region is between and within groups of activities.

    Also: unrelated variety UV, related variety RV. Use to separate the spread over related
    activities (knowledge spillovers) from that over unrelated ones (portfolio). Values
    depend on the grouping and the number of digits: compare only like with like.

    Parameters
    ----------
    data
        Activity table (absent row = zero), `RegionActivity`, or a vector of sizes of one
        region, all at least 0.
    group
        Group of every activity: mapping activity → group; the number of leading characters
        of the code that name it (2 for two-digit groups; a group that spans several codes,
        such as NAICS 31-33, needs a mapping); for a vector one group per number.
    region, activity, value
        Columns of a frame.
    margins
        As in `as_region_activity`. With ``"disclosed"`` unknown cells are left out of their
        region; with published totals a region with an unknown cell is undefined.

    Returns
    -------
    VarietyValues
        Per region the total entropy in bits and its parts ``unrelated`` in
        [0, log2 groups] and ``related``, at least 0; 0 = all in one group, or one activity
        per group.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or a vector has no, negative or non-finite numbers.
    AlignmentError
        If `group` does not cover the activities.
    OptionError
        If `group` is a number and no number of leading characters.

    Notes
    -----
    .. math:: UV = \sum_g P_g \log_2 \frac{1}{P_g}, \qquad
              RV = \sum_g P_g \sum_{i \in g} \frac{p_i}{P_g} \log_2 \frac{P_g}{p_i}

    UV + RV is the entropy of all activities. Empty groups contribute 0. An empty region is
    undefined. O(n_regions n_activities).

    References
    ----------
    Frenken, van Oort and Verburg 2007, doi:10.1080/00343400601120296, equations 1-3.

    See Also
    --------
    entropy : Without groups, any base.

    Examples
    --------
    >>> import agglo as ag
    >>> found = ag.variety([25, 25, 50], group=["a", "a", "b"])
    >>> float(found.unrelated[0]), float(found.related[0])
    (1.0, 0.5)
    """
    units = units_of(
        data,
        by="region",
        region=region,
        activity=activity,
        value=value,
        margins=margins,
    )
    code, names = _groups(units.part, group, units.by)
    unrelated, related = variety_kernel(units.shares, code, names.size)
    return VarietyValues(
        measure="Variety (bits)",
        reading=(
            f"Unrelated (between {names.size} groups) and related (within) add up to the "
            "total; source: Frenken et al. 2007."
        ),
        by=units.by,
        label=frozen_array(units.label),
        values=defined(units, unrelated + related),
        unrelated=defined(units, unrelated),
        related=defined(units, related),
        n_unknown=frozen_array(units.n_unknown),
        status=frozen_array(units.status),
        provenance=Provenance.of(
            variety, units.source, parameters={"group": group}, warnings=units.notes
        ),
        frame_kind=units.frame_kind,
        undefined=unit_reasons(units),
    )


def _groups(
    part: NDArray[np.str_], group: Mapping[str, str] | Sequence[object] | int, by: str
) -> tuple[IntArray, NDArray[np.str_]]:
    if not isinstance(group, int):
        return group_codes(part, group, by, "group")
    check_number("group", group, minimum=1, maximum=64, integer=True)
    if by == "vector":
        msg = f"group={group}: a vector has no codes; give one group per number."
        raise OptionError(msg)
    return group_codes(part, {str(p): str(p)[:group] for p in part}, by, "group")
