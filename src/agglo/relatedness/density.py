"""Relatedness density: how near a region is to an activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.relatedness import _kernels_density as kernels
from agglo.relatedness.convention import Convention, convention_of
from agglo.relatedness.periods import by_period
from agglo.relatedness.presence import MarginChoice, presence_of
from agglo.relatedness.proximity import phi_of
from agglo.relatedness.relatedness_results import (
    Presence,
    Proximity,
    RelatednessDensity,
    RelativeRelatedness,
    sealed,
)

if TYPE_CHECKING:
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import BoolArray, FloatArray, IntoFrame

__all__ = ["relatedness_density", "relative_relatedness"]


@by_period
def relatedness_density(
    data: IntoFrame | RegionActivity | Presence,
    *,
    convention: str | Convention = "atlas",
    proximity: Proximity | None = None,
    nearest: int | None = None,
    subset: Literal["all", "options", "held"] = "all",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    margins: MarginChoice = "refuse",
) -> RelatednessDensity:
    r"""Measure how much of what is near an activity a region already has.

    Also: density, relatedness, density around the product; one minus it is the distance.
    Use to rank what a region could take up next; not across regions without their
    diversity, which drives most of it (see `relative_relatedness`).

    Parameters
    ----------
    data
        Activity table, `RegionActivity`, or a `Presence` (taken as it is).
    convention
        Name in `CONVENTIONS` or a `Convention`: `phi`, `self_in_density`,
        `density_scale`, `density_digits` and those of presence.
    proximity
        Proximity of activities measured elsewhere (a whole country, patents); default
        that of `data`.
    nearest
        Only so many nearest neighbours of an activity count; default all.
    subset
        ``"options"`` leaves the absent activities, ``"held"`` the present ones.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
    margins
        As in `as_region_activity`: what the totals are when cells are unknown.

    Returns
    -------
    RelatednessDensity
        ``values`` of shape (n_regions, n_activities), 0 (nothing near is there) to the
        scale (everything is), and ``distance``.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, cells are unknown and `margins` refuses them, or
        a proximity is negative.
    OptionError
        If a choice does not exist, or `nearest` is no whole number of at least 1.
    AlignmentError
        If `proximity` compares regions or has none of the activities.

    Notes
    -----
    .. math:: \omega_{rp} = \frac{\sum_q M_{rq} \phi_{qp}}{\sum_q \phi_{qp}}

    Pairs without a proximity count on neither side; an activity without neighbours (or
    that `proximity` does not cover) is NaN, listed, and so is a region with an unknown
    cell. An empty region has 0. Counting an activity as its own neighbour moves the
    density by up to 0.083 in world trade, so the summary says it. The nearest are chosen
    by proximity, ties by label. O(n_regions n_activities^2).

    References
    ----------
    Hidalgo et al. 2007, doi:10.1126/science.1144581. Tests reproduce the density of
    world trade 1998-2000 in two conventions.

    See Also
    --------
    relative_relatedness : Against the other options of the same region.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import relatedness_density
    >>> jobs = pa.table({"region": list("aabbc"), "industry": list("xyyzz"),
    ...     "employment": [4.0, 4.0, 3.0, 3.0, 5.0]})
    >>> relatedness_density(jobs).values[2].round(4).tolist()
    [0.0, 0.25, 0.6667]
    """
    chosen = convention_of(convention)
    check_choice("subset", subset, ("all", "options", "held"))
    if nearest is not None:
        check_number("nearest", nearest, minimum=1, integer=True)
    held = presence_of(
        data,
        chosen,
        region=region,
        activity=activity,
        value=value,
        period=period,
        margins=margins,
    )
    phi, notes = _phi(held, proximity, chosen)
    weights = kernels.neighbours(
        phi, include_self=chosen.self_in_density, nearest=nearest
    )
    values = kernels.density(held.values, weights)
    reasons = _undefined(held, weights)
    values *= chosen.density_scale
    if chosen.density_digits is not None:
        values = values.round(chosen.density_digits)
    if subset != "all":
        out = held.values > 0 if subset == "options" else held.values == 0
        values[out] = np.nan
        reasons.append(Undefined(reason=f"not among the {subset}", n=int(out.sum())))
    return RelatednessDensity(
        provenance=Provenance.of(
            relatedness_density,
            held.provenance.input_digest,
            "" if proximity is None else proximity.values,
            parameters={
                "convention": chosen,
                "proximity": "own" if proximity is None else proximity.kind,
                "nearest": nearest,
                "subset": subset,
                "presence": dict(held.provenance.parameters),
            },
            warnings=(*held.provenance.warnings, *notes),
        ),
        frame_kind=held.frame_kind,
        undefined=tuple(reasons),
        region=held.region,
        activity=held.activity,
        values=sealed(values),
        presence=held.values,
        weights=sealed(weights),
        scale=chosen.density_scale,
        convention=chosen,
    )


@by_period
def relative_relatedness(
    density: RelatednessDensity,
    *,
    ddof: Literal[0, 1] | None = None,
    options_only: bool | None = None,
) -> RelativeRelatedness:
    r"""Compare the density of an activity with the other options of the same region.

    Use to rank the options of regions of different diversity on one scale; not as a
    probability of entry.

    Parameters
    ----------
    density
        Result of `relatedness_density` over all cells.
    ddof
        Divisor n - ddof of the standard deviation; default that of the convention.
    options_only
        Whether present activities are left out of the answer; default that of the
        convention.

    Returns
    -------
    RelativeRelatedness
        ``values`` of shape (n_regions, n_activities), standard deviations above the mean
        option of the region.

    Raises
    ------
    OptionError
        If `ddof` is neither 0 nor 1.

    Notes
    -----
    .. math:: \tilde\omega_{rp} = \frac{\omega_{rp} - \bar\omega_r}{s_r}

    mean and standard deviation over the activities that r lacks. A region with fewer
    than two options, or whose options all have the same density, is NaN, listed.
    O(n_regions n_activities).

    References
    ----------
    Pinheiro, Hartmann, Boschma and Hidalgo 2022, doi:10.1016/j.respol.2021.104323.

    See Also
    --------
    relatedness_density : The density itself.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import relatedness_density, relative_relatedness
    >>> jobs = pa.table({"region": list("aaabbcd"), "industry": list("xyzyzwx"),
    ...     "employment": [2.0, 2.0, 2.0, 3.0, 1.0, 4.0, 3.0]})
    >>> found = relative_relatedness(relatedness_density(jobs))
    >>> found.values[3].round(3).tolist()
    [-1.155, 3.175, 0.577, 0.577]
    """
    chosen = density.convention
    divisor = chosen.relative_ddof if ddof is None else ddof
    if divisor not in (0, 1):
        msg = f"ddof={ddof!r} must be 0 or 1."
        raise OptionError(msg)
    only = chosen.options_only if options_only is None else options_only
    options = density.presence == 0
    values = kernels.relative(density.values, options, divisor)
    flat = ~np.isfinite(values).any(axis=1)
    reasons = [
        Undefined(
            reason="fewer than two options, or all have the same density",
            region=str(r),
            n=density.activity.size,
        )
        for r in density.region[flat]
    ]
    if only:
        values[~options] = np.nan
        reasons.append(Undefined(reason="not an option", n=int(np.sum(~options))))
    return RelativeRelatedness(
        provenance=Provenance.of(
            relative_relatedness,
            density.provenance.input_digest,
            density.values,
            parameters={"ddof": divisor, "options_only": only},
            warnings=density.provenance.warnings,
        ),
        frame_kind=density.frame_kind,
        undefined=(*density.undefined, *reasons),
        region=density.region,
        activity=density.activity,
        values=sealed(values),
        n_options=frozen_array(
            np.sum(options & np.isfinite(density.values), axis=1).astype(np.int64)
        ),
        ddof=int(divisor),
    )


def _phi(
    held: Presence, given: Proximity | None, chosen: Convention
) -> tuple[FloatArray, tuple[str, ...]]:
    """Give the proximity in the order of the presence, and what should be known of it."""
    if given is None:
        return phi_of(held, chosen.phi), ()
    if given.by != "activity":
        msg = "`proximity` compares regions; the density needs one of activities."
        raise AlignmentError(msg)
    if np.any(given.values < 0):
        msg = f"`proximity` ('{given.kind}') has negative values, which are no weights."
        raise InvalidTableError(msg)
    place = {str(k): i for i, k in enumerate(given.label)}
    at = np.array([place.get(str(a), -1) for a in held.activity])
    covered: BoolArray = at >= 0
    if not covered.any():
        msg = (
            f"`proximity` has none of the {at.size} activities: it speaks of "
            f"{given.label[:5].tolist()}, the table of {held.activity[:5].tolist()}."
        )
        raise AlignmentError(msg)
    phi = np.full((at.size, at.size), np.nan, dtype=given.values.dtype)
    phi[np.ix_(covered, covered)] = given.values[np.ix_(at[covered], at[covered])]
    if covered.all():
        return phi, ()
    return phi, (f"`proximity` does not cover {int(np.sum(~covered))} activities",)


def _undefined(held: Presence, weights: FloatArray) -> list[Undefined]:
    n_regions, n_activities = held.values.shape
    out = [
        Undefined(reason="no neighbour", activity=str(a), n=n_regions)
        for a in held.activity[weights.sum(axis=0) == 0]
    ]
    out += [
        Undefined(
            reason="a cell of the region is unknown", region=str(r), n=n_activities
        )
        for r in held.region[np.isnan(held.values).any(axis=1)]
    ]
    return out
