"""Complexity of regions and activities: eigenvector index, reflections, fitness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import ConvergenceError, NotIdentifiedError
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, frozen_array
from agglo.relatedness import _kernels_complexity as kernels
from agglo.relatedness._complexity_core import (
    Core,
    connected,
    core_of,
    oriented_eigenvector,
)
from agglo.relatedness.complexity_results import Complexity, Fitness, Reflections
from agglo.relatedness.convention import Convention, convention_of
from agglo.relatedness.periods import by_period
from agglo.relatedness.presence import MarginChoice, presence_of

if TYPE_CHECKING:
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import FloatArray, IntoFrame
    from agglo.relatedness.relatedness_results import Presence

__all__ = ["complexity", "fitness", "reflections"]

_VANISHING = 1e-12


@by_period
def complexity(
    data: IntoFrame | RegionActivity | Presence,
    *,
    convention: str | Convention = "atlas",
    reference: Mapping[str, float] | None = None,
    component: Literal["refuse", "largest"] = "refuse",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    margins: MarginChoice = "refuse",
) -> Complexity:
    r"""Measure how complex regions and activities are from who has what.

    Also: economic complexity index ECI, product complexity index PCI. Use to order
    regions that have many activities each; tiny regions with a few odd activities lead
    an untrimmed table, so leave them out first. Not a measure of income or technology.

    Parameters
    ----------
    data
        Activity table, `RegionActivity`, or a `Presence` (taken as it is).
    convention
        Name in `CONVENTIONS` or a `Convention`: `index`, `scaling`, `sign`, `steps`,
        `exponent` and those of presence.
    reference
        With ``sign="reference"``: region to a number that should rise with complexity
        (income, wages, the index of the period before), at least 3 regions.
    component
        When the presence falls apart: ``"refuse"``, or measure the ``"largest"``.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
    margins
        As in `as_region_activity`: what the totals are when cells are unknown.

    Returns
    -------
    Complexity
        ``eci`` of shape (n_regions,) and ``pci`` of shape (n_activities,); higher is more
        complex. With ``scaling="atlas"`` ECI has mean 0 and deviation 1 and PCI has not:
        both are in units of ECI, so that ECI is the mean PCI of what is present.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema or a cell is unknown.
    NotIdentifiedError
        If fewer than 2 regions or activities have anything, the presence falls apart, or
        nothing tells the regions apart.
    AlignmentError
        If `reference` speaks of fewer than 3 regions.
    OptionError
        If a choice does not exist, or the reference is absent.

    Warns
    -----
    NumericsWarning
        If the anchor of the sign correlates by less than 0.2, or the second eigenvalue is
        not alone: then the direction of the ranking is not settled.

    Notes
    -----
    K is the second eigenvector of the averages

    .. math:: K_p = \frac{1}{k_p} \sum_r M_{rp} K_r, \qquad
        K_r = \frac{1}{k_r} \sum_p M_{rp} K_p ,

    taken from a symmetric eigenproblem, so it is always real. ``"reflections"`` takes the
    highest even order of regions and odd order of activities; ``"fitness"`` is not
    rescaled. What is empty is left out, NaN, listed. O(n_regions n_activities^2).

    References
    ----------
    Hidalgo and Hausmann 2009, doi:10.1073/pnas.0900943106; Mealy, Farmer and Teytelboym
    2019, doi:10.1126/sciadv.aau1705. Tests reproduce world trade 1998-2000.

    See Also
    --------
    fitness : The nonlinear alternative.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import complexity
    >>> jobs = pa.table({"region": list("aaabbbccd"), "industry": list("wxyxyzyzz"),
    ...     "employment": [5.0, 4.0, 2.0, 4.0, 3.0, 2.0, 4.0, 4.0, 9.0]})
    >>> complexity(jobs).eci.round(3).tolist()
    [1.387, 0.47, -0.674, -1.183]
    """
    chosen = convention_of(convention)
    check_choice("component", component, ("refuse", "largest"))
    held = presence_of(
        data,
        chosen,
        region=region,
        activity=activity,
        value=value,
        period=period,
        margins=margins,
    )
    core = core_of(held)
    eigenvalues, anchor = np.empty(0), ""
    correlation = (float("nan"), float("nan"))
    notes: tuple[str, ...] = ()
    if chosen.index == "eigen":
        core = connected(core, held, component)
        found = oriented_eigenvector(core, held, chosen, reference)
        raw = found.region, found.activity
        eigenvalues, anchor = found.eigenvalues, chosen.sign
        correlation, notes = found.correlation, found.notes
    else:
        raw = _iterated(core, chosen)
    scaled = raw if chosen.index == "fitness" else _scale(*raw, chosen.scaling)
    eci, pci = core.spread(*scaled)
    raw_eci, raw_pci = core.spread(*raw)
    return Complexity(
        provenance=Provenance.of(
            complexity,
            held.provenance.input_digest,
            parameters={
                "convention": chosen,
                "reference": reference,
                "component": component,
                "presence": dict(held.provenance.parameters),
            },
            warnings=(*held.provenance.warnings, *notes),
        ),
        frame_kind=held.frame_kind,
        undefined=core.undefined,
        region=held.region,
        activity=held.activity,
        eci=frozen_array(eci),
        pci=frozen_array(pci),
        raw_eci=frozen_array(raw_eci),
        raw_pci=frozen_array(raw_pci),
        diversity=held.diversity,
        ubiquity=held.ubiquity,
        eigenvalues=frozen_array(eigenvalues),
        anchor=anchor,
        anchor_correlation=correlation,
        convention=chosen,
    )


@by_period
def reflections(
    data: IntoFrame | RegionActivity | Presence,
    *,
    steps: int = 20,
    convention: str | Convention = "atlas",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    margins: MarginChoice = "refuse",
) -> Reflections:
    r"""Average diversity and ubiquity over each other, order by order.

    Also: method of reflections. Use to see what the index is made of, and to compare
    with studies that use a fixed order; for the limit use `complexity`.

    Parameters
    ----------
    data
        Activity table, `RegionActivity`, or a `Presence` (taken as it is).
    steps
        Number of orders, the start (order 0) included, at least 2.
    convention
        Name in `CONVENTIONS` or a `Convention`: its fields of presence.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
    margins
        As in `as_region_activity`: what the totals are when cells are unknown.

    Returns
    -------
    Reflections
        ``k_region`` of shape (n_regions, steps), ``k_activity`` of shape (n_activities,
        steps); order 0 counts activities and regions.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema or a cell is unknown.
    NotIdentifiedError
        If fewer than 2 regions or activities have anything.
    OptionError
        If `steps` is below 2, or a choice does not exist.

    Notes
    -----
    .. math:: k_{r,n} = \frac{1}{k_r} \sum_p M_{rp} k_{p,n-1}, \qquad
        k_{p,n} = \frac{1}{k_p} \sum_r M_{rp} k_{r,n-1}

    Even orders of regions and odd orders of activities rise with complexity. High orders
    differ ever less between regions, so they are standardised before use. Empty regions
    and activities are NaN. O(steps n_regions n_activities).

    References
    ----------
    Hidalgo and Hausmann 2009, doi:10.1073/pnas.0900943106.

    See Also
    --------
    complexity : The limit.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import reflections
    >>> jobs = pa.table({"region": list("aaabbbccd"), "industry": list("wxyxyzyzz"),
    ...     "employment": [5.0, 4.0, 2.0, 4.0, 3.0, 2.0, 4.0, 4.0, 9.0]})
    >>> reflections(jobs, steps=2).k_region.tolist()
    [[2.0, 1.5], [2.0, 2.0], [2.0, 2.0], [1.0, 2.0]]
    """
    check_number("steps", steps, minimum=2, maximum=100_000, integer=True)
    chosen = convention_of(convention)
    held = presence_of(
        data,
        chosen,
        region=region,
        activity=activity,
        value=value,
        period=period,
        margins=margins,
    )
    core = core_of(held)
    k_region, k_activity = core.spread(*kernels.reflections(core.matrix, int(steps)))
    return Reflections(
        provenance=Provenance.of(
            reflections,
            held.provenance.input_digest,
            parameters={
                "steps": steps,
                "convention": chosen,
                "presence": dict(held.provenance.parameters),
            },
            warnings=held.provenance.warnings,
        ),
        frame_kind=held.frame_kind,
        undefined=core.undefined,
        region=held.region,
        activity=held.activity,
        k_region=frozen_array(k_region),
        k_activity=frozen_array(k_activity),
    )


@by_period
def fitness(
    data: IntoFrame | RegionActivity | Presence,
    *,
    steps: int = 20,
    exponent: float = 1.0,
    tolerance: float | None = None,
    convention: str | Convention = "atlas",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    margins: MarginChoice = "refuse",
) -> Fitness:
    r"""Measure the fitness of regions and the quality of activities.

    Also: fitness and complexity algorithm. Use when diversity should count and one weak
    region that has an activity should make it ordinary; nested tables drive the low end
    to 0, where there is no order.

    Parameters
    ----------
    data
        Activity table, `RegionActivity`, or a `Presence` (taken as it is).
    steps
        Columns, the start of ones included (steps - 1 iterations), at least 2; the most
        that are made when `tolerance` is given.
    exponent
        g above 0: how strongly the weakest region dominates the quality of an activity.
    tolerance
        Stop when no value changes by more than this share.
    convention
        Name in `CONVENTIONS` or a `Convention`: its fields of presence.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
    margins
        As in `as_region_activity`: what the totals are when cells are unknown.

    Returns
    -------
    Fitness
        ``fitness`` of shape (n_regions,), ``quality`` of shape (n_activities,), both
        positive with mean 1.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema or a cell is unknown.
    NotIdentifiedError
        If fewer than 2 regions or activities have anything.
    ConvergenceError
        If `tolerance` is not reached within `steps`.
    OptionError
        If a number is out of range, or a choice does not exist.

    Notes
    -----
    .. math:: F_r = \sum_p M_{rp} Q_p, \qquad
        Q_p = \Bigl[\sum_r M_{rp} F_r^{-g}\Bigr]^{-1/g}

    both from the step before and divided by their mean. ``n_vanishing`` counts values
    below 1e-12. Empty regions and activities are NaN. O(steps n_regions n_activities).

    References
    ----------
    Tacchella et al. 2012, doi:10.1038/srep00723.

    See Also
    --------
    complexity : The eigenvector index.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import fitness
    >>> jobs = pa.table({"region": list("aaabbbccd"), "industry": list("wxyxyzyzz"),
    ...     "employment": [5.0, 4.0, 2.0, 4.0, 3.0, 2.0, 4.0, 4.0, 9.0]})
    >>> fitness(jobs, steps=5).fitness.round(3).tolist()
    [1.924, 1.008, 0.763, 0.305]
    """
    check_number("steps", steps, minimum=2, maximum=100_000, integer=True)
    check_number("exponent", exponent, minimum=1e-6)
    if tolerance is not None:
        check_number("tolerance", tolerance, minimum=0.0, maximum=1.0)
    chosen = convention_of(convention)
    held = presence_of(
        data,
        chosen,
        region=region,
        activity=activity,
        value=value,
        period=period,
        margins=margins,
    )
    core = core_of(held)
    found = kernels.fitness(core.matrix, int(steps), float(exponent), tolerance)
    if tolerance is not None and found.change > tolerance:
        msg = (
            f"After {found.steps} steps the largest relative change is {found.change:.3g}, "
            f"above tolerance={tolerance:g}; raise steps=."
        )
        raise ConvergenceError(msg)
    values, quality = core.spread(found.region, found.activity)
    vanishing = int(np.sum(values < _VANISHING) + np.sum(quality < _VANISHING))
    return Fitness(
        provenance=Provenance.of(
            fitness,
            held.provenance.input_digest,
            parameters={
                "steps": steps,
                "exponent": exponent,
                "tolerance": tolerance,
                "convention": chosen,
                "presence": dict(held.provenance.parameters),
            },
            warnings=held.provenance.warnings,
        ),
        frame_kind=held.frame_kind,
        undefined=core.undefined,
        region=held.region,
        activity=held.activity,
        fitness=frozen_array(values),
        quality=frozen_array(quality),
        diversity=held.diversity,
        ubiquity=held.ubiquity,
        steps=found.steps,
        change=found.change,
        n_vanishing=vanishing,
    )


def _iterated(core: Core, chosen: Convention) -> tuple[FloatArray, FloatArray]:
    if chosen.index == "fitness":
        found = kernels.fitness(core.matrix, chosen.steps, chosen.exponent, None)
        return found.region, found.activity
    k_r, k_p = kernels.reflections(core.matrix, chosen.steps)
    even, odd = kernels.orders(chosen.steps)
    return k_r[:, even], k_p[:, odd]


def _scale(
    region: FloatArray, activity: FloatArray, scaling: str
) -> tuple[FloatArray, FloatArray]:
    if scaling == "none":
        return region, activity
    if scaling == "sum":
        return region / region.sum(), activity / activity.sum()
    if not region.std() > 0 or not activity.std() > 0:
        msg = "All regions or all activities have the same index: it cannot be scaled."
        raise NotIdentifiedError(msg)
    if scaling == "atlas":
        mean, sd = region.mean(), region.std()
        return (region - mean) / sd, (activity - mean) / sd
    ddof = int(scaling[-1])
    return kernels.standardised(region, ddof), kernels.standardised(activity, ddof)
