"""Which activities share regions: all pairs at once.

:func:`coagglomeration` compares employment shares with a reference distribution,
:func:`howard_colocation` compares plant pairs with shuffled labels, and
:func:`locational_correlation` correlates levels or specialisations over regions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._agglomeration_input import (
    Missing,
    activity_status,
    given_reference,
    known_values,
    missing_note,
    plant_counts,
)
from agglo.concentration._kernels import coagglomeration as kernels
from agglo.concentration._kernels.agglomeration import ONE_AREA
from agglo.concentration._undefined import reasons
from agglo.concentration.coagglomeration_results import (
    Coagglomeration,
    HowardColocation,
    LocationalCorrelation,
)
from agglo.core.errors import AlignmentError, OptionError, Problem, suggest
from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import Plants, RegionActivity, as_region_activity

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from agglo.core.typing import Alternative, FloatArray, IntArray, IntoFrame

__all__ = ["coagglomeration", "howard_colocation", "locational_correlation"]


def coagglomeration(
    data: IntoFrame | RegionActivity,
    *,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    reference: Literal["total", "mean"] | Mapping[str, float] | ArrayLike = "total",
    missing: Missing = "undefined",
) -> Coagglomeration:
    r"""Measure how much every two activities choose the same regions.

    Also: Ellison-Glaeser-Kerr index, EGK, pairwise coagglomeration. Use for industry
    pairs on areal data; plant sizes drop out of pairs, so cell totals are enough. Not
    for direction (who follows whom), and not for one activity alone (see
    `ellison_glaeser`).

    Parameters
    ----------
    data
        Activity table (one row per region and activity, absent row = zero) or
        `RegionActivity`; values at least 0, any unit.
    region, activity, value
        Columns of `data`; ignored for a `RegionActivity`.
    reference
        Reference share of every region: ``"total"`` (share of the total of all
        activities), ``"mean"`` (unweighted mean of the shares of the defined activities,
        the choice of the paper), a mapping region to weight, or weights in sorted region
        order. Given weights are at least 0 and are normalised to sum 1.
    missing
        ``"undefined"``: an activity with an unknown cell has no value, all others keep
        theirs. ``"zero"``: unknown cells count as empty; recorded in the result.

    Returns
    -------
    Coagglomeration
        ``values`` of shape (n_activities, n_activities), dimensionless, symmetric;
        0 = the pair ignores one another, above 0 = same regions, below 0 = apart. The
        diagonal is returned but is no coagglomeration value; `to_pairs` drops it.

    Raises
    ------
    OptionError
        If `reference` or `missing` is not among the choices, or given weights are
        negative or all zero.
    AlignmentError
        If given weights do not cover the regions.
    InvalidTableError
        If the table breaks its schema.

    Notes
    -----
    .. math:: \gamma^c_{ik} = \frac{\sum_m (s_{im}-x_m)(s_{km}-x_m)}{1-\sum_m x_m^2}

    One matrix product, O(n_regions n_activities^2). With ``reference="mean"`` every row
    sums to 0, the diagonal included. An activity without employment is NaN and left out
    of the mean. With ``"total"`` values move when activities are added: state the
    reference and never rank values of two references together.

    References
    ----------
    Ellison, Glaeser and Kerr 2010, doi:10.1257/aer.100.3.1195, equation 1.

    See Also
    --------
    howard_colocation : Plant counts, with an exact null distribution.
    ellison_glaeser_group : One number for a group of activities.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import coagglomeration
    >>> jobs = pa.table({"region": list("abcabcabc"), "industry": list("iiijjjkkk"),
    ...     "employment": [30, 10, 10, 50, 30, 20, 5, 20, 25]})
    >>> round(float(coagglomeration(jobs).values[0, 1]), 6)
    0.028681
    """
    check_choice("missing", missing, ["undefined", "zero"])
    table = as_region_activity(data, region=region, activity=activity, value=value)
    values, labels, extra = given_reference(table.region, reference, ("total", "mean"))
    status = activity_status(table, missing)
    ok = status == "ok"
    cells = known_values(table, missing)
    shares = kernels.area_shares(cells[:, ok], table.col_total[ok])
    if extra:
        shares = np.vstack([shares, np.zeros((extra, shares.shape[1]))])
    if values is not None:
        x = values
    elif reference == "mean":
        x = shares.mean(axis=1) if ok.any() else np.full(shares.shape[0], np.nan)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            x = table.row_total / table.row_total.sum()
    if not kernels.spread_of(x) > ONE_AREA:
        status[ok] = "one_area"
    matrix = kernels.spread_out(kernels.egk(shares, x), ok)
    return Coagglomeration(
        provenance=Provenance.of(
            coagglomeration,
            table,
            parameters={"reference": reference, "missing": missing},
            warnings=missing_note(table, missing),
        ),
        frame_kind=table.frame_kind,
        undefined=reasons(table.activity, status),
        activity=table.activity,
        values=frozen_array(matrix),
        status=frozen_array(status),
        reference=reference if isinstance(reference, str) else "given",
        x=frozen_array(x),
        region=frozen_array(labels),
    )


def howard_colocation(
    plants: IntoFrame | Plants | RegionActivity,
    *,
    region: str = "region",
    activity: str = "industry",
    pairs: Sequence[tuple[str, str]] | None = None,
    alternative: Alternative = "greater",
) -> HowardColocation:
    r"""Measure how often plants of two activities share a region, against shuffled labels.

    Also: Howard's colocation index CL and excess colocation XCL. Use for plant counts
    when small industries must not look colocated by luck; not for employment (see
    `coagglomeration`).

    Parameters
    ----------
    plants
        One row per plant, or `Plants`, or a `RegionActivity` of plant counts (whole
        numbers).
    region, activity
        Columns of `plants`.
    pairs
        Pairs of activity labels; default all pairs of different activities.
    alternative
        Direction of the p-value: ``"greater"`` = closer than chance.

    Returns
    -------
    HowardColocation
        Per pair: the share of plant pairs in the same region (0 to 1), its exact null
        mean and standard deviation, the excess, z and p.

    Raises
    ------
    AlignmentError
        If a pair names an unknown activity or the same one twice.
    InvalidTableError
        If counts are not whole numbers, or the table breaks its schema.
    OptionError
        If `alternative` is not among the choices.

    Notes
    -----
    .. math:: CL_{ik} = \frac{\sum_m n_{im} n_{km}}{n_i n_k}, \qquad
        E\,CL = \frac{\sum_m N_m (N_m - 1)}{N (N - 1)}

    with :math:`N_m = n_{im} + n_{km}`. Labels are shuffled over the plants of the two
    activities; mean and variance are exact, nothing is simulated. All pairs take two
    matrix products, O(n_regions n_activities^2). Fewer than one plant: NaN. An unknown
    count makes only its own activity undefined.

    References
    ----------
    Howard, Newman and Tarp 2016, Journal of Economic Geography 16:427. The variance is
    our derivation, checked by complete enumeration.

    See Also
    --------
    coagglomeration : Employment shares instead of plant pairs.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import howard_colocation
    >>> sites = pa.table({"industry": list("ABABAB"), "region": list("XXXYYX")})
    >>> round(float(howard_colocation(sites).z[0]), 6)
    0.816497
    """
    check_choice("alternative", alternative, ["greater", "less", "two-sided"])
    counts = plant_counts(plants, region=region, activity=activity)
    a, b = _pair_codes(pairs, counts.labels)
    found = _colocations(counts.values, a, b, every=pairs is None)
    n = counts.values.sum(axis=0)
    excess = found.value - found.expected
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(found.sd > 0, excess / found.sd, np.nan)
    unknown = np.isnan(n[a]) | np.isnan(n[b])
    status = np.where(np.isfinite(found.value), "ok", "too_few")
    status = np.where(unknown, "unknown_cells", status).astype(np.str_)
    return HowardColocation(
        provenance=Provenance.of(
            howard_colocation,
            counts.source,
            parameters={
                "pairs": None if pairs is None else [list(p) for p in pairs],
                "alternative": alternative,
            },
        ),
        frame_kind=counts.frame_kind,
        undefined=_undefined_pairs(counts.labels, a, b, status),
        activity_a=frozen_array(counts.labels[a]),
        activity_b=frozen_array(counts.labels[b]),
        n_a=frozen_array(n[a]),
        n_b=frozen_array(n[b]),
        value=frozen_array(found.value),
        expected=frozen_array(found.expected),
        sd=frozen_array(found.sd),
        excess=frozen_array(excess),
        z=frozen_array(z),
        p=frozen_array(_normal_p(z, alternative)),
        status=frozen_array(status),
    )


def locational_correlation(
    data: IntoFrame | RegionActivity,
    *,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    mode: Literal["levels", "rca"] = "levels",
    missing: Missing = "undefined",
) -> LocationalCorrelation:
    """Correlate every two activities over the regions.

    Also: Porter's locational correlation, LC. Use as one of several signs of
    relatedness; in levels it is dominated by the size of regions, so use
    ``mode="rca"`` or `coagglomeration` where sizes differ much.

    Parameters
    ----------
    data
        Activity table or `RegionActivity`; values at least 0, any unit.
    region, activity, value
        Columns of `data`.
    mode
        ``"levels"``: the values; ``"rca"``: 1 where the location quotient is at least 1,
        otherwise 0 (an empty region has 0 everywhere).
    missing
        ``"undefined"``: an activity with an unknown cell has no value; ``"zero"``:
        unknown cells count as empty, recorded.

    Returns
    -------
    LocationalCorrelation
        ``values`` of shape (n_activities, n_activities), from -1 to 1, diagonal 1.

    Raises
    ------
    OptionError
        If `mode` or `missing` is not among the choices.
    InvalidTableError
        If the table breaks its schema.

    Notes
    -----
    Pearson correlation over regions, two passes, O(n_regions n_activities^2). An activity
    with the same value in every region, or without any, is NaN with its diagonal.

    References
    ----------
    Porter 2003, Regional Studies 37:549, doi:10.1080/0034340032000108688.

    See Also
    --------
    coagglomeration : Shares against a reference instead of levels.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import locational_correlation
    >>> jobs = pa.table({"region": list("abcabc"), "industry": list("iiijjj"),
    ...     "employment": [1, 2, 3, 1, 3, 2]})
    >>> round(float(locational_correlation(jobs).values[0, 1]), 6)
    0.5
    """
    check_choice("mode", mode, ["levels", "rca"])
    check_choice("missing", missing, ["undefined", "zero"])
    table = as_region_activity(data, region=region, activity=activity, value=value)
    status = activity_status(table, missing)
    ok = status == "ok"
    columns = known_values(table, missing)[:, ok]
    if mode == "rca":
        columns = _specialised(columns, table, table.col_total[ok])
    matrix = kernels.spread_out(kernels.correlation(columns), ok)
    status[ok & np.isnan(np.diagonal(matrix))] = "constant"
    return LocationalCorrelation(
        provenance=Provenance.of(
            locational_correlation,
            table,
            parameters={"mode": mode, "missing": missing},
            warnings=missing_note(table, missing),
        ),
        frame_kind=table.frame_kind,
        undefined=reasons(table.activity, status),
        activity=table.activity,
        values=frozen_array(matrix),
        status=frozen_array(status),
        mode=mode,
    )


def _normal_p(z: FloatArray, alternative: Alternative) -> FloatArray:
    """Give the normal p-value of `z`; two-sided is doubled and capped at 1."""
    from scipy.special import ndtr

    upper, lower = ndtr(-z), ndtr(z)
    if alternative == "greater":
        return np.asarray(upper)
    if alternative == "less":
        return np.asarray(lower)
    return np.asarray(np.minimum(1.0, 2.0 * np.minimum(upper, lower)))


def _specialised(
    columns: FloatArray, table: RegionActivity, col_total: FloatArray
) -> FloatArray:
    """1 where the location quotient is at least 1, also when rounding puts it a hair below."""
    expected = table.row_total[:, None] * col_total[None, :]
    present = (columns * table.total >= expected * (1.0 - 1e-12)) & (columns > 0)
    return present.astype(np.float64)


def _pair_codes(
    pairs: Sequence[tuple[str, str]] | None, labels: NDArray[np.str_]
) -> tuple[IntArray, IntArray]:
    if pairs is None:
        a, b = np.triu_indices(labels.size, 1)
        return a, b
    place = {str(label): k for k, label in enumerate(labels)}
    problems = []
    for row, pair in enumerate(pairs, 1):
        if len(pair) != 2:
            msg = f"pairs: item {row} is {pair!r}, not two activity labels."
            raise OptionError(msg)
        problems += [
            Problem(
                code="unknown_code",
                what=f"pair {row}: no activity {name!r}. {suggest(name, list(place))}",
            )
            for name in pair
            if name not in place
        ]
        if pair[0] == pair[1]:
            problems.append(
                Problem(code="same_activity", what=f"pair {row} is {pair[0]!r} twice")
            )
    if problems:
        msg = "Some of `pairs` are not two different activities of the data."
        raise AlignmentError(msg, problems)
    codes = np.array([[place[first], place[second]] for first, second in pairs])
    codes = codes.reshape(-1, 2)
    return codes[:, 0], codes[:, 1]


def _colocations(
    counts: FloatArray, a: IntArray, b: IntArray, *, every: bool
) -> kernels.Colocation:
    """All pairs in two products, or the few asked for one by one."""
    if every:
        full = kernels.howard_all(counts)
        return kernels.Colocation(
            value=full.value[a, b], expected=full.expected[a, b], sd=full.sd[a, b]
        )
    few = [
        kernels.howard_pair(counts[:, i], counts[:, k])
        for i, k in zip(a, b, strict=True)
    ]
    return kernels.Colocation(
        value=np.array([float(c.value) for c in few]),
        expected=np.array([float(c.expected) for c in few]),
        sd=np.array([float(c.sd) for c in few]),
    )


def _undefined_pairs(
    labels: NDArray[np.str_], a: IntArray, b: IntArray, status: NDArray[np.str_]
) -> tuple[Undefined, ...]:
    why = {
        "too_few": "one of the two has no plant",
        "unknown_cells": "at least one count is unknown",
    }
    return tuple(
        Undefined(reason=why[str(status[k])], item=f"{labels[a[k]]}, {labels[b[k]]}")
        for k in np.flatnonzero(status != "ok")
    )
