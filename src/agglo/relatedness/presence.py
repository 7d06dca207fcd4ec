"""Presence: which activity counts as being in which region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import (
    CONFIDENTIAL,
    MISSING,
    Margins,
    RegionActivity,
    as_region_activity,
)
from agglo.relatedness import _kernels_presence as kernels
from agglo.relatedness._inputs import not_empty, without_repeats
from agglo.relatedness.convention import Convention, convention_of
from agglo.relatedness.periods import by_period
from agglo.relatedness.relatedness_results import Presence, sealed

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["presence"]

MarginChoice: TypeAlias = Literal["refuse", "disclosed"] | Margins
_NEEDS_PEOPLE = ("rpop", "both", "either")


@by_period
def presence(
    data: IntoFrame | RegionActivity,
    *,
    convention: str | Convention = "atlas",
    population: Mapping[str, float] | None = None,
    missing: Literal["undefined", "zero"] = "undefined",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    margins: MarginChoice = "refuse",
) -> Presence:
    r"""Say which activity is present in which region.

    Also: binary specialisation matrix, M. Use as the start of proximity, density and
    complexity; not to judge one cell, whose quotient may be noise (see
    ``location_quotient_test``).

    Parameters
    ----------
    data
        Activity table of one period (absent row = zero, null = missing, null with flag
        ``c`` = confidential) or `RegionActivity`; sizes at least 0.
    convention
        Name in `CONVENTIONS` or a `Convention`: `presence`, `threshold` and `duplicates`
        are read.
    population
        Region to inhabitants, above 0; needed by ``"rpop"``, ``"both"``, ``"either"``.
    missing
        ``"undefined"``: an unknown cell has no presence (NaN); ``"zero"``: it counts as
        absent, recorded.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
    margins
        As in `as_region_activity`: what the totals are when cells are unknown.

    Returns
    -------
    Presence
        ``values`` in [0, 1] of shape (n_regions, n_activities), with the quotient, the
        state of every cell, diversity and ubiquity.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, cells are unknown and `margins` refuses them, or
        values of ``"manual"`` lie outside [0, 1].
    OptionError
        If a choice does not exist, or `population` is needed and absent, zero or negative.
    AlignmentError
        If `population` lacks a region.

    Notes
    -----
    .. math:: RCA_{rp} = \frac{x_{rp}/x_{r\cdot}}{x_{\cdot p}/x_{\cdot\cdot}}, \qquad
        RPOP_{rp} = \frac{x_{rp}/x_{\cdot p}}{n_r/n_\cdot}

    Present means a quotient of at least the threshold; within one part in 1e12 of it
    counts as reached, so that ties do not hang on rounding. A quotient 0/0 (empty region
    or activity) is NaN, its presence 0. O(n_regions n_activities).

    References
    ----------
    Balassa 1965, doi:10.1111/j.1467-9957.1965.tb00050.x. Tests reproduce diversity and
    ubiquity of the world trade of 1998-2000.

    See Also
    --------
    proximity : Which activities are present in the same regions.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import presence
    >>> jobs = pa.table({"region": ["a", "a", "b"], "industry": ["x", "y", "x"],
    ...     "employment": [30.0, 10.0, 20.0]})
    >>> presence(jobs).values.tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    chosen = convention_of(convention)
    check_choice("missing", missing, ("undefined", "zero"))
    data, notes = without_repeats(data, region, activity, value, chosen.duplicates)
    table = not_empty(
        as_region_activity(
            data,
            region=region,
            activity=activity,
            value=value,
            period=period,
            margins=margins,
        )
    )
    quotient, present = _judge(table, chosen, population)
    unknown = table.status != 0
    if missing == "undefined":
        present[unknown] = np.nan
    elif table.n_unknown:
        notes = (*notes, f"{table.n_unknown} unknown cells count as absent")
    return Presence(
        provenance=Provenance.of(
            presence,
            table,
            parameters={
                "convention": chosen,
                "population": population,
                "missing": missing,
            },
            warnings=notes,
        ),
        frame_kind=table.frame_kind,
        undefined=_undefined(table, missing),
        region=table.region,
        activity=table.activity,
        values=sealed(present),
        advantage=sealed(quotient),
        state=table.status,
        diversity=frozen_array(present.sum(axis=1)),
        ubiquity=frozen_array(present.sum(axis=0)),
        convention=chosen,
    )


def presence_of(
    data: IntoFrame | RegionActivity | Presence,
    convention: Convention,
    *,
    region: str,
    activity: str,
    value: str,
    margins: MarginChoice,
    period: str | None = None,
) -> Presence:
    """Give `data` if it already is a presence, otherwise form it."""
    if isinstance(data, Presence):
        return data
    return presence(
        data,
        convention=convention,
        region=region,
        activity=activity,
        value=value,
        margins=margins,
        period=period,
    )


def _judge(
    table: RegionActivity,
    chosen: Convention,
    population: Mapping[str, float] | None,
) -> tuple[FloatArray, FloatArray]:
    """Give the quotient and the presence; unknown cells are not yet marked."""
    rule = chosen.presence
    if rule == "manual":
        return table.values, _manual(table)
    quotient = kernels.revealed_advantage(
        table.values, table.row_total, table.col_total, table.total
    )
    if rule == "continuous":
        return quotient, kernels.saturating(quotient)
    present = kernels.at_least(quotient, chosen.threshold)
    if rule in _NEEDS_PEOPLE:
        people = _people(table, population, rule)
        per_head = kernels.population_quotient(table.values, table.col_total, people)
        dense = kernels.at_least(per_head, chosen.threshold)
        if rule == "rpop":
            quotient, present = per_head, dense
        else:
            present = present & dense if rule == "both" else present | dense
    return quotient, present.astype(np.float64)


def _manual(table: RegionActivity) -> FloatArray:
    outside = table.values > 1.0
    if outside.any():
        r, p = np.argwhere(outside)[0]
        msg = (
            f"presence='manual' takes values in [0, 1]; {int(outside.sum())} are above, "
            f"the first is {table.values[r, p]:g} in region '{table.region[r]}', "
            f"activity '{table.activity[p]}'."
        )
        raise InvalidTableError(msg)
    return table.values.copy()


def _people(
    table: RegionActivity, given: Mapping[str, float] | None, rule: str
) -> FloatArray:
    if not isinstance(given, Mapping):
        msg = (
            f"presence={rule!r} needs population=, a mapping of every region to its "
            "inhabitants, for example {'a': 1000.0}."
        )
        raise OptionError(msg)
    known = {str(k): float(v) for k, v in given.items()}
    lacking = [str(r) for r in table.region if str(r) not in known]
    if lacking:
        msg = f"`population` lacks {len(lacking)} regions, for example {lacking[:5]}."
        raise AlignmentError(msg)
    people = np.array([known[str(r)] for r in table.region])
    bad = ~(np.isfinite(people) & (people > 0))
    if bad.any():
        first = table.region[np.flatnonzero(bad)[0]]
        msg = f"`population` must be above 0 everywhere; {int(bad.sum())} regions are not, the first is '{first}'."
        raise OptionError(msg)
    return people


def _undefined(table: RegionActivity, missing: str) -> tuple[Undefined, ...]:
    out = [
        Undefined(reason="the region is empty: its quotients are 0/0", region=str(r))
        for r in table.region[table.row_total == 0]
    ]
    out += [
        Undefined(
            reason="the activity is empty: its quotients are 0/0", activity=str(a)
        )
        for a in table.activity[table.col_total == 0]
    ]
    fate = "" if missing == "undefined" else ", counted as absent"
    for state, word in ((MISSING, "missing"), (CONFIDENTIAL, "confidential")):
        per_activity = np.sum(table.status == state, axis=0)
        out += [
            Undefined(
                reason=f"cells are {word}{fate}",
                activity=str(table.activity[k]),
                n=int(per_activity[k]),
            )
            for k in np.flatnonzero(per_activity)
        ]
    return tuple(out)
