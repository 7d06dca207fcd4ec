"""Concentration of an activity beyond what its plants alone would give.

:func:`ellison_glaeser` squares the differences from the reference,
:func:`maurel_sedillot` compares the squares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._agglomeration_input import (
    AgglomerationInput,
    Herfindahl,
    Missing,
    ReferenceChoice,
    agglomeration_input,
)
from agglo.concentration._dartboard import dartboard_test
from agglo.concentration._kernels import agglomeration as kernels
from agglo.concentration._undefined import nan_unless, reasons
from agglo.concentration.agglomeration_results import (
    EllisonGlaeser,
    MaurelSedillot,
)
from agglo.core.options import check_choice
from agglo.core.results import Provenance, frozen_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.options import MonteCarlo
    from agglo.core.tables import Plants, RegionActivity
    from agglo.core.typing import Alternative, FloatArray, IntoFrame

__all__ = ["ellison_glaeser", "maurel_sedillot"]


def ellison_glaeser(
    plants: IntoFrame | Plants | RegionActivity,
    *,
    region: str = "region",
    activity: str = "industry",
    size: str = "employment",
    reference: ReferenceChoice = "all",
    herfindahl: Herfindahl = "plants",
    establishments: str | RegionActivity = "establishments",
    missing: Missing = "undefined",
    alternative: Alternative = "greater",
    inference: MonteCarlo | None = None,
) -> EllisonGlaeser:
    r"""Measure geographic concentration beyond the lumpiness of plants.

    Also: EG index, gamma. Use to compare activities whose plants differ in number and
    size; not for distances (areas are points without neighbours here), and not for pairs
    (see `coagglomeration`).

    Parameters
    ----------
    plants
        One row per plant (`herfindahl="plants"`), or an activity table with one row per
        region and activity (absent row = zero); also `Plants` or `RegionActivity`.
    region, activity, size
        Columns; size at least 0, any unit.
    reference
        Share of every region to compare with: ``"all"`` (all activities together),
        ``"others"`` (all but the activity itself), a mapping region to weight, or weights
        in sorted region order. Given weights are normalised to sum 1 and may name regions
        without plants.
    herfindahl
        ``"plants"``: from the plants, exact. ``"cell_means"``: from employment and
        establishments of the cells, all plants of a cell taken as equal: a lower bound of
        H, so gamma and z0 are upper bounds and p0 is too small. Or H per activity
        (mapping, or values in sorted activity order), above 0, at most 1.
    establishments
        Column or `RegionActivity` with plant counts, for ``"cell_means"``.
    missing
        For cells: ``"undefined"``: an activity with an unknown cell has no value, others
        keep theirs; ``"zero"``: unknown cells count as empty, recorded.
    alternative
        Direction of `p0`; ``"greater"`` = more concentrated than chance.
    inference
        ``None``: `p0` from the exact mean and variance of G; `MonteCarlo`: from plants
        thrown on the areas.

    Returns
    -------
    EllisonGlaeser
        Per activity, dimensionless: G, H, gamma (0 = chance, 1 = all in one place of a
        fine map, below 0 = more even than chance), mean0 and sd0 of G under the null, z0,
        p0, and the number of plants n.

    Raises
    ------
    OptionError
        Option outside its choices; plants asked of cells; Monte Carlo with given H.
    AlignmentError
        Reference or H that does not fit the labels.
    InvalidTableError
        Negative or non-finite sizes and other breaches of the schema.

    Notes
    -----
    .. math:: \gamma = \frac{G/D - H}{1 - H},\quad G=\sum_m (s_m-x_m)^2,\quad
        H=\sum_j z_j^2,\quad D = 1-\sum_m x_m^2

    Under the dartboard null (every plant falls on region m with probability
    :math:`x_m`), :math:`E\,G = HD` and

    .. math:: \mathrm{Var}\,G = 2\{H^2[\textstyle\sum x^2-2\sum x^3+(\sum x^2)^2] -
        \sum z^4[\sum x^2-4\sum x^3+3(\sum x^2)^2]\}

    G is skewed, so `p0` takes a gamma distribution with this mean and variance (our
    choice: the normal one rejects 6 to 7 % at 5 % and 2 to 4 % at 1 %, the gamma 5 to
    6 % and 1 to 3 %); for small p use `inference`. With a given H the fourth moment is
    unknown and the largest variance it allows is taken. Fewer than two plants, one plant
    that holds everything or one region: NaN with a reason. Plants of size 0 count in n
    only. O(plants), or O(cells).

    References
    ----------
    Ellison and Glaeser 1997, doi:10.1086/262098, equations 5 and 6.

    See Also
    --------
    maurel_sedillot : Does not reward mirroring the reference.
    ellison_glaeser_group : Several activities as one group.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import ellison_glaeser
    >>> plants = pa.table({"region": ["a"] * 5 + ["b"] * 4 + ["c"], "industry": ["i"] * 10,
    ...     "employment": [200, 650, 12000, 100, 50, 16000, 13000, 1500, 1500, 25000]})
    >>> found = ellison_glaeser(plants, reference={"a": 5, "b": 4, "c": 1})
    >>> round(float(found.gamma[0]), 6)
    0.059906
    """
    check_choice("alternative", alternative, ["greater", "less", "two-sided"])
    known = agglomeration_input(
        plants,
        region=region,
        activity=activity,
        size=size,
        reference=reference,
        herfindahl=herfindahl,
        establishments=establishments,
        missing=missing,
    )
    share, seen = shares_of(known)
    raw, _ = kernels.raw_concentration(known.cells, share, seen)
    gamma = kernels.excess(raw, known.moments.herfindahl, seen.x2)
    status = final_status(known, seen)
    test = dartboard_test(known, seen, raw, status == "ok", alternative, inference)
    ok = status == "ok"
    return EllisonGlaeser(
        provenance=Provenance.of(
            ellison_glaeser,
            *known.source,
            parameters={
                "reference": reference,
                "herfindahl": herfindahl,
                "missing": missing,
                "alternative": alternative,
                "inference": inference,
            },
            seed=test.seed,
            warnings=known.notes,
        ),
        frame_kind=known.frame_kind,
        undefined=reasons(known.activity, status),
        activity=frozen_array(known.activity),
        n=frozen_array(known.moments.count),
        size=frozen_array(known.moments.total),
        G=nan_unless(ok, raw),
        H=nan_unless(ok | (status == "one_area"), known.moments.herfindahl),
        gamma=nan_unless(ok, gamma),
        mean0=nan_unless(ok, test.mean),
        sd0=nan_unless(ok, test.sd),
        z0=nan_unless(ok, test.z),
        p0=nan_unless(ok, test.p),
        status=frozen_array(status),
        reference=known.reference,
        herfindahl_kind=known.herfindahl_kind,
        p_method=test.method,
    )


def maurel_sedillot(
    plants: IntoFrame | Plants | RegionActivity,
    *,
    region: str = "region",
    activity: str = "industry",
    size: str = "employment",
    reference: ReferenceChoice = "all",
    herfindahl: Herfindahl = "plants",
    establishments: str | RegionActivity = "establishments",
    missing: Missing = "undefined",
) -> MaurelSedillot:
    r"""Measure how likely two plants of an activity share a region beyond chance.

    Also: MS index. Same model and inputs as `ellison_glaeser`; it compares the sums of
    squares instead of squaring the differences, so an activity that is large where the
    reference is large scores higher here.

    Parameters
    ----------
    plants, region, activity, size, reference, herfindahl, establishments, missing
        As in `ellison_glaeser`.

    Returns
    -------
    MaurelSedillot
        Per activity: gamma (0 = chance, 1 = all in one place), H and n.

    Raises
    ------
    OptionError, AlignmentError, InvalidTableError
        As in `ellison_glaeser`.

    Notes
    -----
    .. math:: \gamma_{MS} = \frac{(\sum_m s_m^2 - \sum_m x_m^2)/D - H}{1 - H}

    Same undefined cases as `ellison_glaeser`. O(plants), or O(cells).

    References
    ----------
    Maurel and Sedillot 1999, Regional Science and Urban Economics 29:575 (DOI
    10.1016/S0166-0462(99)00020-8, not confirmed by us).

    See Also
    --------
    ellison_glaeser : The index with a variance and a p-value.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import maurel_sedillot
    >>> plants = pa.table({"region": ["a", "a", "b", "c"], "industry": ["i"] * 4,
    ...     "employment": [10, 20, 30, 40]})
    >>> round(float(maurel_sedillot(plants, reference=[1, 1, 1]).gamma[0]), 6)
    -0.414286
    """
    known = agglomeration_input(
        plants,
        region=region,
        activity=activity,
        size=size,
        reference=reference,
        herfindahl=herfindahl,
        establishments=establishments,
        missing=missing,
    )
    share, seen = shares_of(known)
    _, square = kernels.raw_concentration(known.cells, share, seen)
    gamma = kernels.excess(square - seen.x2, known.moments.herfindahl, seen.x2)
    status = final_status(known, seen)
    return MaurelSedillot(
        provenance=Provenance.of(
            maurel_sedillot,
            *known.source,
            parameters={
                "reference": reference,
                "herfindahl": herfindahl,
                "missing": missing,
            },
            warnings=known.notes,
        ),
        frame_kind=known.frame_kind,
        undefined=reasons(known.activity, status),
        activity=frozen_array(known.activity),
        n=frozen_array(known.moments.count),
        size=frozen_array(known.moments.total),
        H=nan_unless(status == "ok", known.moments.herfindahl),
        gamma=nan_unless(status == "ok", gamma),
        status=frozen_array(status),
        reference=known.reference,
    )


def shares_of(known: AgglomerationInput) -> tuple[FloatArray, kernels.Reference]:
    return (
        kernels.shares(known.cells, known.moments.total),
        known.reference_of(known.cells),
    )


def final_status(
    known: AgglomerationInput, seen: kernels.Reference
) -> NDArray[np.str_]:
    """Add what only the reference and the Herfindahl index can tell."""
    status = known.status.copy()

    def mark(where: NDArray[np.bool_], word: str) -> None:
        status[(status == "ok") & where] = word

    mark(1.0 - known.moments.herfindahl <= kernels.ONE_PLANT, "one_plant")
    mark(~np.isfinite(seen.x2), "no_reference")
    mark(1.0 - seen.x2 <= kernels.ONE_AREA, "one_area")
    return status
