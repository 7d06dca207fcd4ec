"""Specialisation and diversity of regions, with the guards they need."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._kernels import specialisation as kernels
from agglo.concentration._unit_results import defined
from agglo.concentration._units import (
    REASONS,
    MarginChoice,
    ReferenceChoice,
    Units,
    unit_reasons,
    units_of,
    with_reference,
)
from agglo.concentration.specialisation_results import Specialisation
from agglo.core.errors import NumericsWarning
from agglo.core.options import check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import RegionActivity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["specialisation"]

# a largest quotient over a smaller reference share says little about the region
FRAGILE_SHARE = 0.01
_NAMED = 10


def specialisation(
    data: IntoFrame | RegionActivity,
    *,
    reference: ReferenceChoice = "national",
    min_reference_share: float | None = None,
    min_employment: float | None = None,
    winsor: float | None = None,
    log: bool = True,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> Specialisation:
    r"""Measure how specialised and how diverse every region is.

    Also: ZI, RZI (Duranton-Puga), DI, RDI, KSI. Use as outcomes of policy studies; `rzi` is
    a single largest quotient and explodes over tiny activities, so state the minima.

    Parameters
    ----------
    data
        Activity table (absent row = zero) or `RegionActivity`; sizes at least 0.
    reference
        ``"national"`` (the table's own totals, the region included), ``"leave_out"``
        (without the region), or a mapping activity → weight.
    min_reference_share, min_employment
        An activity with a smaller reference share, or a smaller total over all regions, may
        not be the largest quotient of `rzi`; default off. What is excluded is listed.
    winsor
        Share in (0, 0.5) of regions at each end whose values are pulled in to that
        quantile, per measure; default off.
    log
        Whether the frame has ``ln_zi`` to ``ln_ksi`` too.
    region, activity, value
        Columns of a frame.
    margins
        As in `as_region_activity`. With ``"disclosed"`` unknown cells are left out of their
        region; with published totals a region with an unknown cell is undefined.

    Returns
    -------
    Specialisation
        Per region, dimensionless: ``zi`` in (0, 1], ``rzi`` at least 1, ``di`` at least 1,
        ``rdi`` above 1/2, ``ksi`` in [0, 2).

    Raises
    ------
    InvalidTableError
        If the table breaks its schema.
    AlignmentError
        If a given reference lacks an activity.
    OptionError
        If an option is out of its range.

    Warns
    -----
    NumericsWarning
        Naming regions whose largest quotient has a reference share below 0.01.

    Notes
    -----
    With s the region's shares and r the reference shares:

    .. math:: ZI = \max_j s_j,\quad RZI = \max_j \frac{s_j}{r_j},\quad
              DI = \frac{1}{\sum s_j^2},\quad RDI = \frac{1}{\sum |s_j - r_j|} =
              \frac{1}{KSI}

    RDI and KSI are one outcome; `Specialisation.outcomes` refuses the pair. A region that
    equals the reference has KSI 0 and no RDI. Some authors halve KSI. Ties of the largest:
    first label. O(n_regions n_activities).

    References
    ----------
    Duranton and Puga 2000, doi:10.1080/0042098002104; Krugman 1991, ISBN 9780262610865.

    See Also
    --------
    variety : Diversity within and between groups.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> jobs = pa.table({"region": ["a", "a", "b"], "industry": ["x", "y", "x"],
    ...                  "employment": [30.0, 10.0, 20.0]})
    >>> found = ag.specialisation(jobs)
    >>> round(float(found.rzi[0]), 6), round(float(found.ksi[0]), 6)
    (1.5, 0.166667)
    """
    _check_options(min_reference_share, min_employment, winsor)
    units = units_of(
        data,
        by="region",
        region=region,
        activity=activity,
        value=value,
        margins=margins,
    )
    units, r = with_reference(units, reference)
    total = units.part_total
    small = np.zeros(total.size, dtype=bool)
    if min_employment is not None:
        small |= total < min_employment
    eligible = np.broadcast_to(~small, r.shape)
    if min_reference_share is not None:
        eligible = eligible & ~(r < min_reference_share)
    found = kernels.specialised(units.shares, r, eligible)
    return _wrap(
        units,
        found,
        excluded=units.part[~eligible.any(axis=0)],
        winsor=winsor,
        log=log,
        parameters={
            "reference": reference,
            "min_reference_share": min_reference_share,
            "min_employment": min_employment,
            "winsor": winsor,
            "log": log,
        },
    )


def _check_options(
    min_reference_share: float | None,
    min_employment: float | None,
    winsor: float | None,
) -> None:
    if min_reference_share is not None:
        check_number(
            "min_reference_share", min_reference_share, minimum=0.0, maximum=1.0
        )
    if min_employment is not None:
        check_number("min_employment", min_employment, minimum=0.0)
    if winsor is not None:
        check_number("winsor", winsor, minimum=0.0, maximum=0.5, open_ends=True)


def _wrap(
    units: Units,
    found: kernels.Specialised,
    *,
    excluded: NDArray[np.str_],
    winsor: float | None,
    log: bool,
    parameters: dict[str, object],
) -> Specialisation:
    ok = units.status == "ok"
    fragile: BoolArray = ok & (found.rzi_reference < FRAGILE_SHARE)
    notes = [*units.notes, *_fragile_note(units, found.rzi_part, fragile)]

    def values(v: FloatArray) -> FloatArray:
        kept = np.where(ok, v, np.nan)
        if winsor is not None:
            kept = kernels.winsorised(kept, winsor)
        return frozen_array(kept)

    return Specialisation(
        region=frozen_array(units.label),
        zi=values(found.zi),
        rzi=values(found.rzi),
        di=values(found.di),
        rdi=values(found.rdi),
        ksi=values(found.ksi),
        zi_activity=_names(units, found.zi_part, ok),
        rzi_activity=_names(units, found.rzi_part, ok),
        rzi_reference_share=defined(units, found.rzi_reference),
        rzi_fragile=frozen_array(fragile),
        n_unknown=frozen_array(units.n_unknown),
        status=frozen_array(units.status),
        excluded=tuple(str(a) for a in excluded),
        log=log,
        provenance=Provenance.of(
            specialisation, units.source, parameters=parameters, warnings=notes
        ),
        frame_kind=units.frame_kind,
        undefined=(
            *unit_reasons(units),
            *_lacking(units, ok & np.isnan(found.rdi), "equals_reference", "rdi"),
            *_lacking(units, ok & np.isnan(found.rzi), "no_eligible_part", "rzi"),
        ),
    )


def _names(units: Units, part: IntArray, ok: BoolArray) -> NDArray[np.str_]:
    named = np.where(ok & (part >= 0), units.part[np.maximum(part, 0)], "")
    return frozen_array(named.astype(np.str_))


def _lacking(
    units: Units, where: BoolArray, reason: str, item: str
) -> tuple[Undefined, ...]:
    return tuple(
        Undefined(reason=REASONS[reason], region=str(r), item=item)
        for r in units.label[where]
    )


def _fragile_note(units: Units, part: IntArray, fragile: BoolArray) -> tuple[str, ...]:
    """Warn of largest quotients that hang on a tiny activity."""
    rows = np.flatnonzero(fragile)
    if rows.size == 0:
        return ()
    cells = [f"{units.label[m]}: {units.part[part[m]]}" for m in rows[:_NAMED]]
    more = ", …" if rows.size > _NAMED else ""
    note = (
        f"in {rows.size} regions the largest quotient has a reference share below "
        f"{FRAGILE_SHARE:g} ({', '.join(cells)}{more}): set min_reference_share or "
        "min_employment"
    )
    warnings.warn(note, NumericsWarning, stacklevel=4)
    return (note,)
