"""How unevenly a total is spread: Gini, Herfindahl, entropy.

Each function takes a table, and then gives one number per region (over its activities) or
per activity (over its regions), or a bare vector, and then gives one number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

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
from agglo.core.options import check_choice, check_number

if TYPE_CHECKING:
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import IntoFrame

__all__ = ["entropy", "gini", "hhi", "locational_gini"]


def gini(
    data: IntoFrame | RegionActivity | Vector,
    *,
    by: By = "region",
    of: Literal["quotients", "sizes"] = "quotients",
    reference: ReferenceChoice = "national",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> UnitValues:
    r"""Measure how uneven a region's or an activity's location quotients are.

    Also: specialisation Gini (``by="region"``), concentration Gini (``by="activity"``).
    Use for one ordinal number per unit; not to compare tables with different numbers of
    parts. `locational_gini` weights every area by its reference share, this one does not.

    Parameters
    ----------
    data
        Activity table (absent row = zero), `RegionActivity`, or a vector of at least one
        number, all at least 0. The Gini of a vector is that of the numbers themselves.
    by
        ``"region"``: over the activities of every region; ``"activity"``: over the regions
        of every activity. Not read for a vector.
    of
        ``"quotients"`` to the reference, or the ``"sizes"`` themselves. Not read for a
        vector.
    reference
        ``"national"`` (the table's own totals, the unit included), ``"leave_out"`` (without
        the unit), or a mapping of every part's label to a weight. Read for quotients only.
    region, activity, value
        Columns of a frame.
    margins
        As in `as_region_activity`. With ``"disclosed"`` unknown cells are left out of their
        unit; with published totals a unit with an unknown cell is undefined.

    Returns
    -------
    UnitValues
        One number per unit in [0, 1 - 1/n), dimensionless; 0 = all parts equal.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or a vector has no, negative or non-finite numbers.
    AlignmentError
        If a reference does not cover the parts.
    OptionError
        If an option has no such choice.

    Notes
    -----
    .. math:: G = \frac{2 \sum_j j (v_{(j)} - \bar v)}{n^2 \bar v}

    over the values v in ascending order, zeros included, ties in any order, unweighted.
    Parts without a reference have no quotient and are left out. A unit that is zero
    everywhere is undefined. O(n log n) per unit.

    References
    ----------
    Gini 1912 in the form of Krugman 1991, Geography and Trade, ISBN 9780262610865.

    See Also
    --------
    locational_gini : Lorenz curve of sizes against reference shares.

    Examples
    --------
    >>> import agglo as ag
    >>> round(ag.gini([50, 30, 20]).value, 10)
    0.2
    """
    check_choice("of", of, ("quotients", "sizes"))
    units = units_of(
        data, by=by, region=region, activity=activity, value=value, margins=margins
    )
    size = units.size
    if of == "quotients" and units.by != "vector":
        units, x = with_reference(units, reference)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.where(x > 0, units.shares / x, np.nan)
    return unit_values(
        gini,
        units,
        kernels.gini(size),
        measure="Gini coefficient"
        + (" of location quotients" if of == "quotients" else ""),
        reading="0 = all parts equal, towards 1 = all in one part. Unweighted.",
        parameters={"by": units.by, "of": of, "reference": reference},
    )


def locational_gini(
    data: IntoFrame | RegionActivity | Vector,
    *,
    by: By = "activity",
    scale: Literal["normalised", "area"] = "normalised",
    reference: ReferenceChoice = "national",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> UnitValues:
    r"""Measure how far an activity's distribution over regions is from the reference.

    Also: Krugman's locational Gini, Lorenz asymmetry. Use when regions differ in size: each
    one counts with its reference share. Not comparable with `gini`, and values of the two
    scales must never be mixed.

    Parameters
    ----------
    data
        Activity table (absent row = zero), `RegionActivity`, or a vector of sizes, all at
        least 0.
    by
        ``"activity"``: over the regions of every activity; ``"region"``: over the
        activities of every region. Not read for a vector.
    scale
        ``"normalised"`` = 1 - 2 area under the Lorenz curve; ``"area"`` = half of that, the
        older convention that tops at 1/2.
    reference
        ``"national"``, ``"leave_out"``, or a mapping of every part's label to a weight
        (jobs, population, area); for a vector a vector of the same length.
    region, activity, value
        Columns of a frame.
    margins
        As in `gini`.

    Returns
    -------
    UnitValues
        One number per unit, dimensionless, in [0, 1) normalised; 0 = as the reference.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or a vector has no, negative or non-finite numbers.
    AlignmentError
        If a reference does not cover the parts.
    OptionError
        If an option has no such choice.

    Notes
    -----
    .. math:: G = 1 - \sum_m (X_m - X_{m-1})(Y_m + Y_{m-1})

    with parts ascending by s/x, X and Y the cumulated reference and own shares. Ties lie on
    one straight line, so their order does not matter; a part with s > 0 and x = 0 comes
    last. Sizes and reference are normalised to sum 1. O(n log n) per unit.

    References
    ----------
    Krugman 1991, Geography and Trade, ISBN 9780262610865, pp. 54-59.

    See Also
    --------
    ellison_glaeser : Corrects for the lumpiness of plants.

    Examples
    --------
    >>> import agglo as ag
    >>> round(ag.locational_gini([10, 30, 60], reference=[30, 30, 40]).value, 10)
    0.26
    """
    check_choice("scale", scale, ("normalised", "area"))
    units = units_of(
        data, by=by, region=region, activity=activity, value=value, margins=margins
    )
    units, x = with_reference(units, reference)
    values = kernels.locational_gini(units.shares, x)
    return unit_values(
        locational_gini,
        units,
        values if scale == "normalised" else values / 2.0,
        measure="Locational Gini"
        if scale == "normalised"
        else "Locational Gini (area)",
        reading="0 = distributed as the reference; the largest value is "
        + ("1." if scale == "normalised" else "1/2 (area convention)."),
        parameters={"by": units.by, "scale": scale, "reference": reference},
    )


def hhi(
    data: IntoFrame | RegionActivity | Vector,
    *,
    by: By = "region",
    normalised: bool = False,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> UnitValues:
    r"""Measure how much of a total lies in few parts.

    Also: Herfindahl-Hirschman index, absolute specialisation. Use for concentration without
    a reference; to compare a region with the nation use `krugman`.

    Parameters
    ----------
    data
        Activity table (absent row = zero), `RegionActivity`, or a vector of at least one
        number, all at least 0.
    by
        ``"region"``: over the activities of every region; ``"activity"``: over the regions
        of every activity. Not read for a vector.
    normalised
        Whether to rescale from [1/n, 1] to [0, 1]; n counts parts with zero too.
    region, activity, value
        Columns of a frame.
    margins
        As in `gini`.

    Returns
    -------
    UnitValues
        One number per unit, dimensionless, in [1/n, 1]; 1 = all in one part, 1/n = equal
        parts; in [0, 1] if normalised.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or a vector has no, negative or non-finite numbers.
    OptionError
        If an option has no such choice.

    Notes
    -----
    .. math:: H = \sum_j p_j^2, \qquad H^* = \frac{H - 1/n}{1 - 1/n}

    An empty unit is undefined, and so is the normalised index of one part. O(n) per unit.

    References
    ----------
    Hirschman 1964, The paternity of an index, American Economic Review 54:761.

    See Also
    --------
    entropy : Weighs small parts more.

    Examples
    --------
    >>> import agglo as ag
    >>> round(ag.hhi([50, 30, 20]).value, 10)
    0.38
    """
    units = units_of(
        data, by=by, region=region, activity=activity, value=value, margins=margins
    )
    p = units.shares
    if normalised:
        units.mark(np.isfinite(units.size).sum(axis=1) < 2, "one_part")
        values = kernels.normalised_herfindahl(p)
    else:
        values = kernels.herfindahl(p)
    return unit_values(
        hhi,
        units,
        values,
        measure="Normalised Herfindahl index" if normalised else "Herfindahl index",
        reading="1 = all in one part; "
        + ("0 = equal parts." if normalised else "1/n = equal parts."),
        parameters={"by": units.by, "normalised": normalised},
    )


def entropy(
    data: IntoFrame | RegionActivity | Vector,
    *,
    by: By = "region",
    base: float = 2.0,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> UnitValues:
    r"""Measure how varied a region or how spread an activity is.

    Also: Shannon index, variety. Use for diversity without a reference; `variety` splits it
    into related and unrelated parts.

    Parameters
    ----------
    data
        Activity table (absent row = zero), `RegionActivity`, or a vector of at least one
        number, all at least 0.
    by
        ``"region"``: over the activities of every region; ``"activity"``: over the regions
        of every activity. Not read for a vector.
    base
        Base of the logarithm, above 1: 2 gives bits, e gives nats.
    region, activity, value
        Columns of a frame.
    margins
        As in `gini`.

    Returns
    -------
    UnitValues
        One number per unit, in units of `base`, in [0, log n]; 0 = all in one part.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or a vector has no, negative or non-finite numbers.
    OptionError
        If an option has no such choice or `base` is not above 1.

    Notes
    -----
    .. math:: E = \sum_j p_j \log(1/p_j), \qquad 0 \log(1/0) = 0

    Nothing is added to zeros and nothing is rounded. An empty unit is undefined. O(n) per
    unit.

    References
    ----------
    Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.

    See Also
    --------
    variety : Between and within groups of activities.

    Examples
    --------
    >>> import agglo as ag
    >>> ag.entropy([25, 25, 50]).value
    1.5
    """
    check_number("base", base, minimum=1.0, maximum=1e6, open_ends=True)
    units = units_of(
        data, by=by, region=region, activity=activity, value=value, margins=margins
    )
    return unit_values(
        entropy,
        units,
        kernels.entropy(units.shares, base),
        measure=f"Entropy (base {base:g})",
        reading="0 = all in one part, log n = equal parts.",
        parameters={"by": units.by, "base": base},
    )
