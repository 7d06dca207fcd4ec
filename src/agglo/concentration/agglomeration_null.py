"""What the raw concentration would be under a named null model, draw by draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._agglomeration_input import (
    AgglomerationInput,
    ReferenceChoice,
    agglomeration_input,
)
from agglo.concentration._dartboard import dealt, thrown, tied
from agglo.concentration._kernels import agglomeration as kernels
from agglo.concentration._undefined import nan_unless, reasons
from agglo.concentration.agglomeration import final_status, shares_of
from agglo.concentration.agglomeration_results import ConcentrationNull
from agglo.core.options import MonteCarlo, check_choice
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import Plants

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.tables import RegionActivity
    from agglo.core.typing import Alternative, FloatArray, IntArray, IntoFrame

__all__ = ["NULL_MODELS", "concentration_null"]

NullModel: TypeAlias = Literal["dartboard", "permutation"]
NULL_MODELS: tuple[NullModel, ...] = ("dartboard", "permutation")
"""Names of the null models."""


def concentration_null(
    plants: IntoFrame | Plants | RegionActivity,
    *,
    null: NullModel = "dartboard",
    region: str = "region",
    activity: str = "industry",
    size: str = "employment",
    reference: ReferenceChoice = "all",
    herfindahl: Literal["plants", "cell_means"] = "plants",
    establishments: str | RegionActivity = "establishments",
    missing: Literal["undefined", "zero"] = "undefined",
    alternative: Alternative = "greater",
    inference: MonteCarlo | None = None,
) -> ConcentrationNull:
    r"""Draw the raw concentration G of every activity under a null model.

    Also: random location, counterfactual of Duranton and Overman for areas. Use to show
    the distribution behind the p-value of `ellison_glaeser`, and to see whether it hangs
    on the null model; the index itself is that of `ellison_glaeser`.

    Parameters
    ----------
    plants
        One row per plant (`herfindahl="plants"`), or an activity table with one row per
        region and activity; also `Plants` or `RegionActivity`.
    null
        ``"dartboard"``: every plant falls on region m with probability x_m, the
        reference share. ``"permutation"``: the sites stay and the plants of all
        activities are dealt to them anew, each site once, so an activity goes where
        there are many plants, not many jobs. Plants keep activity and size in both.
    region, activity, size
        Columns; size at least 0, any unit.
    reference
        As in `ellison_glaeser`. Where it is a sum of the plants, the permutation deals it
        along with them; the dartboard takes it as given.
    herfindahl
        ``"plants"``: from the plants. ``"cell_means"``: from employment and
        establishments of the cells, all plants of a cell taken as equal.
    establishments
        Column or `RegionActivity` with plant counts, for ``"cell_means"``.
    missing
        For cells: ``"undefined"``: an activity with an unknown cell has no value;
        ``"zero"``: unknown cells count as empty, recorded.
    alternative
        Direction of `p`; ``"greater"`` = more concentrated than the null model.
    inference
        `MonteCarlo` with number and seed of the draws; default 999.

    Returns
    -------
    ConcentrationNull
        Per activity: observed G, mean and standard deviation of the draws, z, p, number
        of plants; and the draws.

    Raises
    ------
    OptionError
        Option outside its choices; plants asked of cells.
    AlignmentError
        Reference that does not fit the labels.
    InvalidTableError
        Negative or non-finite sizes and other breaches of the schema.

    Notes
    -----
    With s the shares of the activity and x the reference,
    :math:`G = \sum_m (s_m - x_m)^2`. The p-value is (1 + b)/(1 + n) with b of n draws at
    least as extreme, so never 0. The draws of one seed do not depend on the number of
    workers. Plants of size 0 are no sites. Under the dartboard the mean is that of
    `ellison_glaeser`, :math:`HD`, which takes x as given although the activity is part of
    it: a large activity is found less often than p says. The permutation is an exact
    test. O(draws x plants).

    References
    ----------
    Ellison and Glaeser 1997, doi:10.1086/262098 (dartboard); Duranton and Overman 2005,
    doi:10.1111/0034-6527.00362 (existing sites).

    See Also
    --------
    ellison_glaeser : The index, with the exact moments of the dartboard.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import concentration_null
    >>> from agglo.core.options import MonteCarlo
    >>> plants = pa.table({"region": list("aaabbc"), "industry": list("iijjjj"),
    ...     "employment": [10, 10, 20, 10, 30, 20]})
    >>> found = concentration_null(plants, null="permutation",
    ...     inference=MonteCarlo(n=99, seed=7))
    >>> found.activity.tolist(), found.n_draws
    (['i', 'j'], 99)
    """
    check_choice("null", null, NULL_MODELS)
    check_choice("alternative", alternative, ["greater", "less", "two-sided"])
    check_choice("herfindahl", herfindahl, ["plants", "cell_means"])
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
    inference = inference or MonteCarlo()
    from agglo.core.inference import mc_pvalue
    from agglo.core.parallel import entropy_of

    seed = entropy_of(inference.seed)
    raw, status, draws = _drawn(known, null, inference.n, seed)
    ok = status == "ok"
    mean, sd = _moments(draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sd > 0, (raw - mean) / sd, np.nan)
    return ConcentrationNull(
        provenance=Provenance.of(
            concentration_null,
            *known.source,
            parameters={
                "null": null,
                "reference": reference,
                "herfindahl": herfindahl,
                "missing": missing,
                "alternative": alternative,
                "inference": inference,
            },
            seed=seed,
            warnings=known.notes,
        ),
        frame_kind=known.frame_kind,
        undefined=reasons(known.activity, status),
        activity=frozen_array(known.activity),
        n=frozen_array(known.moments.count),
        observed=nan_unless(ok, raw),
        expected=nan_unless(ok, mean),
        sd=nan_unless(ok, sd),
        z=nan_unless(ok, z),
        p=nan_unless(ok, mc_pvalue(raw, draws, alternative)),
        status=frozen_array(status),
        draws=frozen_array(draws),
        null=null,
        n_draws=inference.n,
        herfindahl_kind=known.herfindahl_kind,
    )


def _drawn(
    known: AgglomerationInput, null: NullModel, n: int, seed: int
) -> tuple[FloatArray, NDArray[np.str_], FloatArray]:
    """Give the raw concentration, its status and the draws, NaN where it is not "ok"."""
    share, seen = shares_of(known)
    raw, _ = kernels.raw_concentration(known.cells, share, seen)
    status = final_status(known, seen)
    draws = np.full((n, raw.size), np.nan)
    used = np.flatnonzero(status == "ok")
    if used.size:
        x2 = seen.x2[used]
        if null == "dartboard":
            found = thrown(known, x2, used, n, seed)
        else:
            found = dealt(known, _sites(known), used, n, seed)
        draws[:, used] = tied(raw[used], found, x2)
    return raw, status, draws


def _sites(known: AgglomerationInput) -> IntArray:
    """Give the region of every plant, in the order of the plants."""
    table = known.source[0]
    if isinstance(table, Plants):
        return np.asarray(table.region, dtype=np.int64)
    counts = np.zeros(0) if known.cell_plants is None else known.cell_plants
    return np.repeat(
        known.cells.region, np.rint(np.nan_to_num(counts)).astype(np.int64)
    )


def _moments(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give mean and standard deviation; what all draws share has no spread."""
    mean = draws.mean(axis=0)
    sd = draws.std(axis=0, ddof=1) if len(draws) > 1 else np.zeros(mean.size)
    return mean, np.where(sd > 1e-12 * np.abs(mean), sd, 0.0 * sd)
