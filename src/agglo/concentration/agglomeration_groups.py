"""Agglomeration of groups of activities, and Devereux's index, which also has groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._agglomeration_input import (
    AgglomerationInput,
    Herfindahl,
    Missing,
    ReferenceChoice,
    agglomeration_input,
)
from agglo.concentration._kernels import agglomeration as kernels
from agglo.concentration._undefined import nan_unless, reasons
from agglo.concentration.agglomeration_results import (
    Devereux,
    EllisonGlaeserGroups,
)
from agglo.core.errors import AlignmentError
from agglo.core.options import check_choice
from agglo.core.results import Provenance, frozen_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.tables import Plants, RegionActivity
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["devereux", "ellison_glaeser_group"]


def ellison_glaeser_group(
    plants: IntoFrame | Plants | RegionActivity,
    *,
    groups: Mapping[str, str],
    region: str = "region",
    activity: str = "industry",
    size: str = "employment",
    reference: ReferenceChoice = "all",
    herfindahl: Herfindahl = "plants",
    establishments: str | RegionActivity = "establishments",
    missing: Missing = "undefined",
) -> EllisonGlaeserGroups:
    r"""Measure how much the activities of a group choose the same regions.

    Also: EG coagglomeration of a group. Use for the members of one sector or cluster
    definition; not for single pairs (see `coagglomeration`).

    Parameters
    ----------
    plants
        As in `ellison_glaeser`.
    groups
        Activity label to group label; activities that are not named belong to no group.
    region, activity, size, reference, herfindahl, establishments, missing
        As in `ellison_glaeser`. With ``reference="others"`` the whole group is left out
        of the reference.

    Returns
    -------
    EllisonGlaeserGroups
        Per group: gamma (0 = members ignore one another, 1 = as strong as can be), G and
        H of the group.

    Raises
    ------
    AlignmentError
        If `groups` names none of the activities, or the reference does not fit.
    OptionError
        If an option is outside its choices.
    InvalidTableError
        If a table breaks its schema.

    Notes
    -----
    With employment shares :math:`w_i` of the members,

    .. math:: \gamma^c = \frac{G/D - H - \sum_i \gamma_i w_i^2 (1-H_i)}{1-\sum_i w_i^2},
        \quad H = \sum_i w_i^2 H_i .

    Since :math:`\gamma_i (1-H_i) = G_i/D - H_i`, plant sizes cancel; it is computed
    without them, so that a member with a single plant does no harm. Equal to the weighted
    mean of the pairs, :math:`\sum_{i\ne k} w_i w_k \gamma^c_{ik} / (1-\sum w^2)`. A group
    with one active member is NaN, and so is one with an unknown member. O(cells).

    References
    ----------
    Ellison and Glaeser 1997, doi:10.1086/262098, section V.

    See Also
    --------
    coagglomeration : Every pair of activities.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import ellison_glaeser_group
    >>> plants = pa.table({"region": list("aabbc"), "industry": list("iikkk"),
    ...     "employment": [5, 5, 4, 4, 2]})
    >>> found = ellison_glaeser_group(plants, groups={"i": "g", "k": "g"})
    >>> round(float(found.gamma[0]), 6)
    -0.724138
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
    labels, code = _group_codes(groups, known.activity)
    merged = kernels.merge_activities(known.cells, code, labels.size)
    seen = known.reference_of(merged)
    sums = kernels.group_sums(known.cells, merged, seen, code, labels.size)
    status = _group_status(known, code, sums)
    ok = status == "ok"
    with np.errstate(divide="ignore", invalid="ignore"):
        gamma = (sums.raw - sums.members_raw) / (1 - sums.x2) / (1 - sums.weight2)
    return EllisonGlaeserGroups(
        provenance=Provenance.of(
            ellison_glaeser_group,
            *known.source,
            parameters={
                "groups": groups,
                "reference": reference,
                "herfindahl": herfindahl,
                "missing": missing,
            },
            warnings=known.notes,
        ),
        frame_kind=known.frame_kind,
        undefined=reasons(labels, status),
        group=frozen_array(labels),
        n_activities=frozen_array(sums.members.astype(np.float64)),
        size=frozen_array(sums.total),
        G=nan_unless(ok | (status == "one_activity"), sums.raw),
        H=frozen_array(_group_herfindahl(known, code, sums.total)),
        gamma=nan_unless(ok, gamma),
        status=frozen_array(status),
        reference=known.reference,
    )


def devereux(
    plants: IntoFrame | Plants | RegionActivity,
    *,
    groups: Mapping[str, str] | None = None,
    region: str = "region",
    activity: str = "industry",
    size: str = "employment",
    herfindahl: Herfindahl = "plants",
    establishments: str | RegionActivity = "establishments",
    missing: Missing = "undefined",
) -> Devereux:
    r"""Measure concentration net of the evenest spread the plants allow.

    Also: Devereux-Griffith-Simpson index. Needs no reference distribution: the yardstick
    is an even spread over regions, so large regions count as concentration. The formula
    is [M]: from general knowledge of the literature, the paper was not re-read.

    Parameters
    ----------
    plants
        As in `ellison_glaeser`.
    groups
        Activity label to group label: gives the coagglomeration C of each group.
    region, activity, size
        As in `ellison_glaeser`.
    herfindahl
        ``"plants"`` or ``"cell_means"``; given values are refused, because the number of
        plants is needed.
    establishments, missing
        As in `ellison_glaeser`.

    Returns
    -------
    Devereux
        Per activity: F, industrial concentration and alpha = F - industrial; with
        `groups`, per group F and C in ``alpha``.

    Raises
    ------
    OptionError, AlignmentError, InvalidTableError
        As in `ellison_glaeser`.

    Notes
    -----
    .. math:: F=\sum_m s_m^2-\frac1{\min(M,n)},\quad M_z=\sum_j z_j^2-\frac1n,\quad
        \alpha = F - M_z,\quad C=\frac{F_r-\sum_j w_j^2F_j}{1-\sum_j w_j^2}

    with M regions, n plants and shares w of the members in the group. O(plants).

    References
    ----------
    Devereux, Griffith and Simpson 2004, Regional Science and Urban Economics 34:533 (DOI
    10.1016/S0166-0462(03)00073-9, not confirmed by us).

    See Also
    --------
    ellison_glaeser : Against a reference distribution.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.concentration import devereux
    >>> plants = pa.table({"region": ["a", "a", "b", "c"], "industry": ["i"] * 4,
    ...     "employment": [10, 20, 30, 40]})
    >>> round(float(devereux(plants).alpha[0]), 6)
    -0.043333
    """
    if not isinstance(herfindahl, str):
        check_choice("herfindahl", "a given vector", ("plants", "cell_means"))
    known = agglomeration_input(
        plants,
        region=region,
        activity=activity,
        size=size,
        reference="all",
        herfindahl=herfindahl,
        establishments=establishments,
        missing=missing,
    )
    provenance = Provenance.of(
        devereux,
        *known.source,
        parameters={"groups": groups, "herfindahl": herfindahl, "missing": missing},
        warnings=known.notes,
    )
    single = _even_spread(known.cells, known.moments.total, known.moments.count)
    if groups is None:
        return _devereux_activities(known, single, provenance)
    return _devereux_groups(known, single, groups, provenance)


def _devereux_activities(
    known: AgglomerationInput, concentration: FloatArray, provenance: Provenance
) -> Devereux:
    n, ok = known.moments.count, known.status == "ok"
    industrial = known.moments.herfindahl - 1.0 / np.maximum(n, 1.0)
    return Devereux(
        provenance=provenance,
        frame_kind=known.frame_kind,
        undefined=reasons(known.activity, known.status),
        activity=frozen_array(known.activity),
        n=frozen_array(n),
        F=nan_unless(ok, concentration),
        industrial=nan_unless(ok, industrial),
        alpha=nan_unless(ok, concentration - industrial),
        status=frozen_array(known.status),
        grouped=False,
    )


def _devereux_groups(
    known: AgglomerationInput,
    concentration: FloatArray,
    groups: Mapping[str, str],
    provenance: Provenance,
) -> Devereux:
    labels, code = _group_codes(groups, known.activity)
    merged = kernels.merge_activities(known.cells, code, labels.size)
    sums = kernels.group_sums(
        known.cells, merged, known.reference_of(merged), code, labels.size
    )
    status = _group_status(known, code, sums)
    ok = status == "ok"
    n = _by_group(known.moments.count, code, labels.size)
    together = _even_spread(merged, sums.total, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        square = (known.moments.total / sums.total[code]) ** 2
        apart = _by_group(square * concentration, code, labels.size)
        alpha = (together - apart) / (1 - sums.weight2)
    return Devereux(
        provenance=provenance,
        frame_kind=known.frame_kind,
        undefined=reasons(labels, status),
        activity=frozen_array(labels),
        n=frozen_array(n),
        F=nan_unless(ok, together),
        industrial=frozen_array(np.full(labels.size, np.nan)),
        alpha=nan_unless(ok, alpha),
        status=frozen_array(status),
        grouped=True,
    )


def _group_codes(
    groups: Mapping[str, str], activity: NDArray[np.str_]
) -> tuple[NDArray[np.str_], IntArray]:
    names = [groups.get(str(a)) for a in activity]
    labels = sorted({str(g) for g in names if g is not None})
    if not labels:
        msg = (
            f"groups names none of the activities: {activity[:5].tolist()} in the table, "
            f"{list(groups)[:5]} in groups."
        )
        raise AlignmentError(msg)
    place = {label: k for k, label in enumerate(labels)}
    code = np.array([-1 if g is None else place[str(g)] for g in names], dtype=np.int64)
    return np.asarray(labels, dtype=np.str_), code


def _by_group(values: FloatArray, code: IntArray, n_groups: int) -> FloatArray:
    inside = code >= 0
    return kernels.sum_by(code[inside], values[inside], n_groups)


def _group_status(
    known: AgglomerationInput, code: IntArray, sums: kernels.GroupSums
) -> NDArray[np.str_]:
    status = np.full(sums.total.size, "ok", dtype="<U16")
    unknown = np.isin(known.status, ["unknown_cells"]).astype(np.float64)
    status[_by_group(unknown, code, status.size) > 0] = "unknown_cells"
    for word, where in (
        ("zero_weight", sums.members == 0),
        ("one_activity", sums.members == 1),
        ("no_reference", ~np.isfinite(sums.x2)),
        ("one_area", 1.0 - sums.x2 <= kernels.ONE_AREA),
    ):
        status[(status == "ok") & where] = word
    return status


def _group_herfindahl(
    known: AgglomerationInput, code: IntArray, total: FloatArray
) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        term = (known.moments.total / total[code]) ** 2 * known.moments.herfindahl
    term = np.where(known.moments.total > 0, term, 0.0)
    return _by_group(term, code, total.size)


def _even_spread(cells: kernels.Cells, total: FloatArray, n: FloatArray) -> FloatArray:
    """Sum of squared shares above that of the evenest spread of n plants."""
    square = cells.per_activity(kernels.shares(cells, total) ** 2)
    return square - 1.0 / np.maximum(np.minimum(n, cells.n_regions), 1.0)
