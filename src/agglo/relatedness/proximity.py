"""Proximity: which activities are present in the same regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.options import check_choice
from agglo.core.results import Provenance, Undefined
from agglo.relatedness import _kernels_proximity as kernels
from agglo.relatedness.convention import Convention, convention_of
from agglo.relatedness.presence import MarginChoice, presence_of
from agglo.relatedness.relatedness_results import Presence, Proximity, sealed

if TYPE_CHECKING:
    from agglo.core.tables import RegionActivity
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["proximity"]

_OF_PRESENCE = ("min", "sqrt", "asymmetric")


def proximity(
    data: IntoFrame | RegionActivity | Presence,
    *,
    convention: str | Convention = "atlas",
    by: Literal["activity", "region"] = "activity",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: MarginChoice = "refuse",
) -> Proximity:
    r"""Measure how often activities are present in the same regions.

    Also: product space, phi. Use for what kind of region an activity needs; not for
    supply links, and for co-occurrence in patents or firms see
    `cooccurrence_relatedness`.

    Parameters
    ----------
    data
        Activity table of one period, `RegionActivity`, or a `Presence` (taken as it is).
    convention
        Name in `CONVENTIONS` or a `Convention`: the fields `phi` and those of presence.
    by
        ``"activity"`` compares activities over regions, ``"region"`` the converse.
    region, activity, value
        Columns of a frame.
    margins
        As in `as_region_activity`: what the totals are when cells are unknown.

    Returns
    -------
    Proximity
        ``values`` of shape (n, n) in [0, 1] with diagonal 1; symmetric unless
        ``phi="asymmetric"``, which is P(column present | row present).

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
    O(n_regions n_activities^2).

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
        data, chosen, region=region, activity=activity, value=value, margins=margins
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


def phi_of(held: Presence, kind: str, by: str = "activity") -> FloatArray:
    """Give the proximity of a presence, (n, n)."""
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
