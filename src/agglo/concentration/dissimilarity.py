"""How far a distribution is from its reference: Krugman, Hoover, Hachman.

Each function takes a table, and then gives one number per region (over its activities) or
per activity (over its regions), or a bare vector, and then gives one number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.concentration._kernels import inequality as kernels
from agglo.concentration._unit_results import unit_values
from agglo.concentration._units import (
    By,
    MarginChoice,
    ReferenceChoice,
    Vector,
    units_of,
    with_reference,
)
from agglo.concentration.results import UnitValues

if TYPE_CHECKING:
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import BoolArray, FloatArray, IntoFrame

__all__ = ["hachman", "hoover", "krugman"]


def krugman(
    data: IntoFrame | RegionActivity | Vector,
    *,
    by: By = "region",
    reference: ReferenceChoice = "national",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> UnitValues:
    r"""Measure how much of a region's structure differs from the reference.

    Also: Krugman specialisation index KSI, dissimilarity. Use for specialisation relative
    to the nation; not together with the relative diversity index, which is its inverse (see
    `specialisation`).

    Parameters
    ----------
    data
        Activity table (absent row = zero), `RegionActivity`, or a vector of sizes, all at
        least 0.
    by
        ``"region"``: over the activities of every region; ``"activity"``: over the regions
        of every activity. Not read for a vector.
    reference
        ``"national"`` (the table's own totals, the unit included), ``"leave_out"`` (without
        the unit), or a mapping of every part's label to a weight; for a vector a vector of
        the same length. Normalised to sum 1.
    region, activity, value
        Columns of a frame.
    margins
        As in `as_region_activity`. With ``"disclosed"`` unknown cells are left out of their
        unit; with published totals a unit with an unknown cell is undefined.

    Returns
    -------
    UnitValues
        One number per unit in [0, 2), dimensionless; 0 = same shares. Half of it is the
        share of the unit that would have to change activity.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or a vector has no, negative or non-finite numbers.
    AlignmentError
        If the reference does not cover the parts.
    OptionError
        If an option has no such choice.

    Notes
    -----
    .. math:: K = \sum_j |s_j - x_j|

    Some authors halve it (see `hoover`). An empty unit is undefined. O(n) per unit.

    References
    ----------
    Krugman 1991, Geography and Trade, ISBN 9780262610865, p. 75.

    See Also
    --------
    hoover : Half of it.

    Examples
    --------
    >>> import agglo as ag
    >>> round(ag.krugman([10, 30, 60], reference=[30, 30, 40]).value, 10)
    0.4
    """
    units = units_of(
        data, by=by, region=region, activity=activity, value=value, margins=margins
    )
    units, x = with_reference(units, reference)
    return unit_values(
        krugman,
        units,
        kernels.absolute_difference(units.shares, x),
        measure="Krugman index",
        reading="0 = same shares as the reference, below 2 = nothing in common.",
        parameters={"by": units.by, "reference": reference},
    )


def hoover(
    data: IntoFrame | RegionActivity | Vector,
    *,
    by: By = "region",
    reference: ReferenceChoice = "national",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> UnitValues:
    r"""Measure the share that would have to move to match the reference.

    Also: Hoover index of localisation, half the Krugman index, dissimilarity index. Use
    with population or land area as reference (``by="activity"``) to say how much of an
    industry would have to relocate.

    Parameters
    ----------
    data
        Activity table (absent row = zero), `RegionActivity`, or a vector of sizes, all at
        least 0.
    by
        As in `krugman`.
    reference
        As in `krugman`; for example region → population. Labels that no row of `data` has
        count as empty parts.
    region, activity, value
        Columns of a frame.
    margins
        As in `krugman`.

    Returns
    -------
    UnitValues
        One number per unit in [0, 1), a share; 0 = distributed as the reference.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or a vector has no, negative or non-finite numbers.
    AlignmentError
        If the reference does not cover the parts.
    OptionError
        If an option has no such choice.

    Notes
    -----
    .. math:: H = \tfrac12 \sum_j |s_j - x_j|

    A share, not per cent. An empty unit is undefined. O(n) per unit.

    References
    ----------
    Hoover 1936, The measurement of industrial localization, Review of Economics and
    Statistics 18:162.

    See Also
    --------
    krugman : Twice this.

    Examples
    --------
    >>> import agglo as ag
    >>> round(ag.hoover([10, 30, 60], reference=[30, 30, 40]).value, 10)
    0.2
    """
    units = units_of(
        data, by=by, region=region, activity=activity, value=value, margins=margins
    )
    units, x = with_reference(units, reference)
    return unit_values(
        hoover,
        units,
        kernels.absolute_difference(units.shares, x) / 2.0,
        measure="Hoover index",
        reading="Share that would have to move to match the reference; 0 = none.",
        parameters={"by": units.by, "reference": reference},
    )


def hachman(
    data: IntoFrame | RegionActivity | Vector,
    *,
    by: By = "region",
    reference: ReferenceChoice = "national",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> UnitValues:
    r"""Measure how closely a region's structure follows the reference.

    Also: Hachman index of diversity. Use to rank regions by likeness to the nation; it
    reacts to a single large quotient, unlike `krugman`.

    Parameters
    ----------
    data
        Activity table (absent row = zero), `RegionActivity`, or a vector of sizes, all at
        least 0.
    by
        As in `krugman`.
    reference
        As in `krugman`.
    region, activity, value
        Columns of a frame.
    margins
        As in `krugman`.

    Returns
    -------
    UnitValues
        One number per unit in (0, 1], dimensionless; 1 = same shares as the reference.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or a vector has no, negative or non-finite numbers.
    AlignmentError
        If the reference does not cover the parts.
    OptionError
        If an option has no such choice.

    Notes
    -----
    .. math:: \frac{1}{\sum_j LQ_j\, s_j} = \frac{1}{\sum_j s_j^2 / x_j}

    The inverse of the mean quotient, weighted by the unit's own shares. A unit with a part
    that the reference lacks is undefined, and so is an empty unit. O(n) per unit.

    References
    ----------
    Hachman 1995, Economic Report to the Governor of Utah.

    See Also
    --------
    krugman : Bounded influence of single activities.

    Examples
    --------
    >>> import agglo as ag
    >>> round(ag.hachman([12, 0, 5, 3], reference=[42, 20, 16, 16]).value, 6)
    0.766231
    """
    units = units_of(
        data, by=by, region=region, activity=activity, value=value, margins=margins
    )
    units, x = with_reference(units, reference)
    s = units.shares
    units.mark(_outside(s, x), "outside_reference")
    return unit_values(
        hachman,
        units,
        kernels.hachman(s, x),
        measure="Hachman index",
        reading="1 = same shares as the reference, towards 0 = unlike it.",
        parameters={"by": units.by, "reference": reference},
    )


def _outside(s: FloatArray, x: FloatArray) -> BoolArray:
    found: BoolArray = ((s > 0.0) & (x == 0.0)).any(axis=1)
    return found
