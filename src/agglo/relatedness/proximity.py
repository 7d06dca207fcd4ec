"""Proximity: which activities are present in the same regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined
from agglo.relatedness import _kernels_proximity as kernels
from agglo.relatedness.convention import Convention, convention_of
from agglo.relatedness.periods import by_period
from agglo.relatedness.presence import MarginChoice, presence_of
from agglo.relatedness.relatedness_results import Presence, Proximity, sealed

if TYPE_CHECKING:
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["proximity", "region_similarity"]

_OF_PRESENCE = ("min", "sqrt", "asymmetric")
_COOCCURRENCE = "cooccurrence:"


@by_period
def proximity(
    data: IntoFrame | RegionActivity | Presence,
    *,
    convention: str | Convention = "atlas",
    by: Literal["activity", "region"] = "activity",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    margins: MarginChoice = "refuse",
) -> Proximity:
    r"""Measure how often activities are present in the same regions.

    Also: product space, phi. Use for what kind of region an activity needs; not for
    supply links, and for co-occurrence in patents or firms see
    `cooccurrence_relatedness`.

    Parameters
    ----------
    data
        Activity table, `RegionActivity`, or a `Presence` (taken as it is).
    convention
        Name in `CONVENTIONS` or a `Convention`: the fields `phi` and those of presence.
    by
        ``"activity"`` compares activities over regions, ``"region"`` the converse.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
    margins
        As in `as_region_activity`: what the totals are when cells are unknown.

    Returns
    -------
    Proximity
        ``values`` of shape (n, n) in [0, 1] with diagonal 1; symmetric unless
        ``phi="asymmetric"``, which is P(column present | row present). Co-occurrence has
        diagonal 0, and ``"probability"`` and ``"association"`` no upper bound.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or cells are unknown and `margins` refuses them.
    OptionError
        If a choice does not exist.

    Notes
    -----
    With co-presence :math:`C_{pq} = \sum_r M_{rp} M_{rq}` and ubiquity :math:`k_p`,

    .. math:: \phi_{pq} = \min(P(p \mid q), P(q \mid p)) = \frac{C_{pq}}{\max(k_p, k_q)}

    ``"sqrt"`` divides by :math:`\sqrt{k_p k_q}`, ``"asymmetric"`` by :math:`k_p`;
    ``"correlation"`` is (1 + corr) / 2 and ``"cosine"`` the cosine of the quotients,
    empty regions left out. An activity that is nowhere, has an unknown cell or (for the
    correlation) is constant has no proximity: NaN, listed. One matrix product,
    O(n_regions n_activities^2). Above 5,000 activities the pairs are kept in single
    precision (7 digits), made block by block: 4 bytes a pair instead of 16 on the way.

    References
    ----------
    Hidalgo et al. 2007, doi:10.1126/science.1144581.

    See Also
    --------
    relatedness_density : How near a region is to an activity.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import proximity
    >>> jobs = pa.table({"region": list("aabbc"), "industry": list("xyxyz"),
    ...     "employment": [3.0, 3.0, 4.0, 4.0, 5.0]})
    >>> proximity(jobs).values.tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    chosen = convention_of(convention)
    check_choice("by", by, ("activity", "region"))
    held = presence_of(
        data,
        chosen,
        region=region,
        activity=activity,
        value=value,
        period=period,
        margins=margins,
    )
    values = phi_of(held, chosen.phi, by)
    label = held.activity if by == "activity" else held.region
    k = held.ubiquity if by == "activity" else held.diversity
    return Proximity(
        provenance=Provenance.of(
            proximity,
            held.provenance.input_digest,
            parameters={
                "convention": chosen,
                "by": by,
                "presence": dict(held.provenance.parameters),
            },
            warnings=held.provenance.warnings,
        ),
        frame_kind=held.frame_kind,
        undefined=_undefined(label, values, k, by),
        by=by,
        label=label,
        values=sealed(values),
        prevalence=k,
        kind=chosen.phi,
    )


@by_period
def region_similarity(
    data: IntoFrame | RegionActivity | Presence,
    *,
    offset: float = 0.1,
    convention: str | Convention = "atlas",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    margins: MarginChoice = "refuse",
) -> Proximity:
    r"""Measure how alike the specialisations of two regions are.

    Also: export similarity index. Use to find peers of a region; not as a proximity for
    densities, since it may be negative.

    Parameters
    ----------
    data
        Activity table, `RegionActivity`, or a `Presence`, whose quotients
        are taken.
    offset
        Added to every quotient before the logarithm, above 0: how much a zero counts.
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
    Proximity
        ``values`` of shape (n_regions, n_regions) in [-1, 1], symmetric, diagonal 1.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or cells are unknown and `margins` refuses them.
    OptionError
        If a choice does not exist or `offset` is not above 0.

    Notes
    -----
    .. math:: S_{rs} = \operatorname{corr}_p(\ln(RCA_{rp} + \varepsilon),
        \ln(RCA_{sp} + \varepsilon))

    Activities that are nowhere are left out. A region that is empty, has an unknown cell
    or the same quotient everywhere is NaN, listed. O(n_regions^2 n_activities).

    References
    ----------
    Bahar, Hausmann and Hidalgo 2014, doi:10.1016/j.jinteco.2013.11.001.

    See Also
    --------
    proximity : With ``by="region"``, how much of what two regions have is the same.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import region_similarity
    >>> jobs = pa.table({"region": list("aabbcc"), "industry": list("xyxyxy"),
    ...     "employment": [8.0, 2.0, 6.0, 4.0, 1.0, 9.0]})
    >>> region_similarity(jobs).values[0].round(6).tolist()
    [1.0, 1.0, -1.0]
    """
    check_number("offset", offset, minimum=0.0)
    if not offset > 0:
        msg = (
            "offset= must be above 0: the logarithm of a zero quotient does not exist."
        )
        raise OptionError(msg)
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
    nowhere = np.isnan(held.advantage).all(axis=0)
    quotient = np.where(np.isnan(held.values), np.nan, held.advantage)[:, ~nowhere]
    values = 2.0 * kernels.correlation(np.log(quotient.T + offset)) - 1.0
    return Proximity(
        provenance=Provenance.of(
            region_similarity,
            held.provenance.input_digest,
            parameters={
                "offset": offset,
                "presence": dict(held.provenance.parameters),
            },
            warnings=held.provenance.warnings,
        ),
        frame_kind=held.frame_kind,
        undefined=_undefined(held.region, values, held.diversity, "region"),
        by="region",
        label=held.region,
        values=sealed(values),
        prevalence=held.diversity,
        kind="similarity",
    )


def phi_of(held: Presence, kind: str, by: str = "activity") -> FloatArray:
    """Give the proximity of a presence, (n, n)."""
    if kind.startswith(_COOCCURRENCE):
        m = held.values if by == "activity" else held.values.T
        return kernels.from_cooccurrence(m, kind.removeprefix(_COOCCURRENCE))
    if kind in _OF_PRESENCE:
        m = held.values if by == "activity" else held.values.T
        return kernels.from_presence(m, kind)
    x = held.advantage if by == "activity" else held.advantage.T
    # an unknown cell makes only what it belongs to undefined; an empty region or activity,
    # whose quotients are all 0/0, says nothing about the others
    unknown = np.isnan(held.values if by == "activity" else held.values.T)
    empty = np.isnan(x).all(axis=1) & ~unknown.any(axis=1)
    x = x[~empty].copy()
    x[np.isnan(x) & ~unknown[~empty]] = 0.0
    x[:, unknown.any(axis=0)] = np.nan
    return kernels.correlation(x) if kind == "correlation" else kernels.cosine(x)


def _undefined(
    label: np.ndarray[tuple[int], np.dtype[np.str_]],
    values: FloatArray,
    k: FloatArray,
    by: str,
) -> tuple[Undefined, ...]:
    out = []
    for i in np.flatnonzero(np.isnan(np.diagonal(values))):
        if np.isnan(k[i]):
            reason = "at least one of its cells is unknown"
        elif k[i] == 0:
            reason = "present nowhere" if by == "activity" else "nothing is present"
        else:
            reason = "its quotients do not vary"
        word = str(label[i])
        at = (word, "") if by == "region" else ("", word)
        out.append(Undefined(reason=reason, region=at[0], activity=at[1], n=label.size))
    return tuple(out)
