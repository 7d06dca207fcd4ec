"""How sealed groups are, whatever places make: the boundary index and its comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.core.tables import as_regions
from agglo.networks._grouping import Grouped, group_shares, grouped
from agglo.networks._kernels import mixing as kernels
from agglo.networks._kernels.intervals import two_sided, z_of
from agglo.networks.decomposition import label_null
from agglo.networks.decomposition_results import BoundaryIndex, IntegrationPattern
from agglo.networks.events import EventSource, LinkEvents, one_layer
from agglo.networks.levels import ancestors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.tables import Regions
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["boundary_index", "integration_pattern"]

_MIN_PLACES = 4


def boundary_index(
    data: EventSource,
    *,
    activity: IntoFrame,
    groups: Mapping[str, str] | None = None,
    value: str = "establishments",
    layer: str | None = None,
    period: str | None = None,
    min_events: int = 30,
    confidence: float = 0.95,
) -> BoundaryIndex:
    r"""Measure how far links stay inside their group beyond what the places make.

    Use instead of E-I or r when places with different industries are compared.

    Parameters
    ----------
    data
        Table ``link_events``, or `LinkEvents`, with industries at both ends.
    activity
        Table ``activity``: what every region makes (region, industry, `value`).
    groups
        Industry to group; ``None``: each is its own.
    value
        Column of `activity`.
    layer, period
        Which links; `layer` may be left out when there is only one.
    min_events
        Fewer events: `sufficient` is false.
    confidence
        Coverage of the interval.

    Returns
    -------
    BoundaryIndex
        kappa: 0 random, 1 sealed, negative avoids its own; standard error over events.

    Raises
    ------
    InvalidTableError
        If a table breaks its rules or the layer is empty.
    AlignmentError
        Listing industries without a group, regions without activity.
    OptionError
        If a number is out of range.

    Notes
    -----
    .. math:: \kappa = \frac{S_{obs} - S_{exp}}{1 - S_{exp}}

    :math:`S_{obs}` is the share of weight whose ends are in one group, :math:`S_{exp}` the
    mean over links of :math:`m_{b,k(i)}`, the share of the destination's activity that lies
    in the group of the origin (undirected: the mean of both directions); 0 where the region
    makes nothing of the group. If a share :math:`\rho` of links stays inside and the rest
    meets the destination's mix at random, :math:`\kappa` estimates :math:`\rho`. With
    :math:`u = w((same - m) - \kappa(1 - m))/(1 - S_{exp})` summed to :math:`U_e` over the
    links of an event, :math:`se = \sqrt{n_e/(n_e - 1) \sum_e U_e^2}/W`: the pairs of one
    patent are not independent. :math:`S_{exp} = 1`: NaN. O(links).

    References
    ----------
    Definition inferred (ours); the uncorrected index is Krackhardt and Stern 1988,
    doi:10.2307/2786835.

    See Also
    --------
    integration_pattern : Every city, and which ones stand out.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> links = pa.table({"origin": list("aabba"), "destination": list("abbab"),
    ...     "origin_industry": list("11221"), "destination_industry": list("12211"),
    ...     "weight": [6.0, 3.0, 4.0, 2.0, 1.0]})
    >>> made = pa.table({"region": list("aabb"), "industry": list("1212"),
    ...                  "establishments": [3.0, 1.0, 2.0, 3.0]})
    >>> round(ag.boundary_index(links, activity=made).kappa, 6)
    0.285714
    """
    check_number("min_events", min_events, minimum=2, integer=True)
    check_number("confidence", confidence, minimum=0, maximum=1, open_ends=True)
    events = one_layer(data, layer, period)
    parts = _parts(events, activity, value, groups)
    whole = np.ones(parts.weight.size, dtype=np.bool_)
    found = _kappa(parts, whole)
    z = z_of(confidence)
    return BoundaryIndex(
        provenance=Provenance.of(
            boundary_index,
            events,
            parts.chance,
            parameters={
                "groups": None if groups is None else dict(groups),
                "value": value,
                "layer": layer,
                "period": period,
                "min_events": min_events,
                "confidence": confidence,
            },
        ),
        frame_kind=events.frame_kind,
        undefined=()
        if np.isfinite(found.kappa)
        else (Undefined(reason="only one group to meet, or no link", item="kappa"),),
        kappa=found.kappa,
        se=found.se,
        lower=found.kappa - z * found.se,
        upper=found.kappa + z * found.se,
        observed=found.observed,
        expected=found.expected,
        links=int(parts.weight.size),
        events=found.events,
        weight=float(parts.weight.sum()),
        sufficient=found.events >= min_events,
        level=confidence,
    )


def integration_pattern(
    data: EventSource,
    *,
    activity: IntoFrame,
    regions: IntoFrame | Regions,
    level: str,
    groups: Mapping[str, str] | None = None,
    value: str = "establishments",
    layer: str | None = None,
    period: str | None = None,
    ends: Literal["both", "any"] = "both",
    min_events: int = 30,
    alpha: float = 0.05,
    inference: Permutation | None = Permutation(),  # noqa: B008  frozen
) -> IntegrationPattern:
    r"""Say which cities have an integrated industry network and which a bounded one.

    Use on links between districts, to compare the cities they lie in.

    Parameters
    ----------
    data
        Table ``link_events``, or `LinkEvents`, with industries at both ends.
    activity
        Table ``activity`` at the level of the links.
    regions
        Table of regions with `level` and `parent`.
    level
        Level of the places that are compared, for example ``"city"``.
    groups
        Industry to group; ``None``: each is its own.
    value
        Column of `activity`.
    layer, period
        Which links; `layer` may be left out when there is only one.
    ends
        ``"both"``: links inside the city; ``"any"``: links with an end in it.
    min_events
        Fewer events: ``insufficient``.
    alpha
        Level of the verdicts, Bonferroni over the places.
    inference
        Permutations of the group labels behind `null_z`; ``None`` for none.

    Returns
    -------
    IntegrationPattern
        Per place boundary index with interval, E-I, r, Q, null and verdict.

    Raises
    ------
    InvalidTableError
        If a table breaks its rules or the layer is empty.
    AlignmentError
        Listing industries without a group, regions without activity or parent.
    OptionError
        If a choice does not exist or a number is out of range.

    Notes
    -----
    :math:`z_c = (\kappa_c - \mathrm{med})/\sqrt{se_c^2 + se_{med}^2}` against the median of
    the others, :math:`se_{med} = 1.2533 \sqrt{\overline{se^2}/n}`; below and significant:
    ``integrated``, above: ``bounded``. Fewer than four places with enough events: no
    verdict. The rule is inferred (ours), calibrated on a planted economy only. O(links +
    places × draws × linked pairs of industries).

    References
    ----------
    Question of Shen et al. 2025, doi:10.1007/s11769-025-1566-6; null of Krackhardt and
    Stern 1988, doi:10.2307/2786835.

    See Also
    --------
    boundary_index : All links together.

    Examples
    --------
    >>> import agglo as ag
    >>> made = ag.simulate.simulate_networks(n_branch=6000, n_patents=2000, seed=1)
    >>> found = ag.integration_pattern(made.link_events, activity=made.activity,
    ...     regions=made.regions, level="city", groups=made.groups, layer="branch",
    ...     inference=None)
    >>> len(found.named("bounded"))
    1
    """
    check_choice("ends", ends, ("both", "any"))
    check_number("min_events", min_events, minimum=2, integer=True)
    check_number("alpha", alpha, minimum=0, maximum=1, open_ends=True)
    if not isinstance(level, str):
        msg = f"level={level!r} must name a level of `regions`."
        raise OptionError(msg)
    events = one_layer(data, layer, period)
    known = as_regions(regions)
    parts = _parts(events, activity, value, groups)
    place, of = ancestors(known, events.region, level)
    entropy = None if inference is None else entropy_of(inference.seed)
    where = of[events.origin[parts.kept]], of[events.destination[parts.kept]]
    rows, counts = _places(parts, where, place.size, ends, inference, entropy)
    kappa, se = rows[:, 0], rows[:, 1]
    enough = (counts >= min_events) & np.isfinite(kappa) & np.isfinite(se)
    z, p, verdict = _verdicts(kappa, se, enough, alpha)
    reach = z_of(0.95) * se
    columns = [frozen_array(rows[:, k]) for k in range(2, 7)]
    asked = {"value": value, "level": level, "layer": layer, "period": period}
    return IntegrationPattern(
        provenance=Provenance.of(
            integration_pattern,
            events,
            parts.chance,
            known,
            parameters={
                **asked,
                "groups": None if groups is None else dict(groups),
                "ends": ends,
                "min_events": min_events,
                "alpha": alpha,
                "n": None if inference is None else inference.n,
            },
            seed=entropy,
        ),
        frame_kind=events.frame_kind,
        undefined=_unmeasured(place, kappa),
        region=frozen_array(place),
        kappa=frozen_array(kappa),
        se=frozen_array(se),
        lower=frozen_array(kappa - reach),
        upper=frozen_array(kappa + reach),
        ei=columns[0],
        r=columns[1],
        q=columns[2],
        null_z=columns[3],
        null_p=columns[4],
        weight=frozen_array(np.nan_to_num(rows[:, 7])),
        events=frozen_array(counts),
        z=frozen_array(z),
        p=frozen_array(p),
        verdict=frozen_array(verdict),
        layer=str(events.layer[0]),
        level=level,
        alpha=alpha,
        n_draws=0 if inference is None else inference.n,
    )


def _unmeasured(place: NDArray[np.str_], kappa: FloatArray) -> tuple[Undefined, ...]:
    why = "no link, or only one group to meet"
    return tuple(
        Undefined(reason=why, region=str(c)) for c in place[~np.isfinite(kappa)]
    )


def _places(
    parts: _Parts,
    of: tuple[IntArray, IntArray],
    n: int,
    ends: str,
    inference: Permutation | None,
    entropy: int | None,
) -> tuple[FloatArray, IntArray]:
    """Measure every place on the links inside it, or with an end in it."""
    start, end = of
    rows = np.full((n, 9), np.nan)
    counts = np.zeros(n, dtype=np.int64)
    for c in range(n):
        inside: BoolArray = (start == c) & (end == c)
        if ends == "any":
            inside = (start == c) | (end == c)
        rows[c], counts[c] = _place(parts, inside, inference, entropy, c)
    return rows, counts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Links with groups at both ends: same group, chance of it, weight, event."""

    found: Grouped
    kept: BoolArray
    same: FloatArray
    chance: FloatArray
    weight: FloatArray
    event: IntArray
    directed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kappa:
    kappa: float
    se: float
    observed: float
    expected: float
    events: int


def _parts(
    events: LinkEvents,
    activity: IntoFrame,
    value: str,
    groups: Mapping[str, str] | None,
) -> _Parts:
    found = grouped(events, "industry", groups)
    kept = found.kept
    start, end = events.origin[kept], events.destination[kept]
    directed = bool(events.directed[0])
    needed = np.unique(end if directed else np.concatenate([start, end]))
    held = group_shares(activity, value, groups, found.group, events.region, needed)
    one, other = found.groups
    chance = held[end, one]
    if not directed:
        chance = (chance + held[start, other]) / 2.0
    return _Parts(
        found=found,
        kept=kept,
        same=(one == other).astype(np.float64),
        chance=chance,
        weight=events.weight[kept],
        event=events.event[kept],
        directed=directed,
    )


def _kappa(parts: _Parts, inside: BoolArray) -> _Kappa:
    weight = parts.weight[inside]
    total = float(weight.sum())
    event, code = np.unique(parts.event[inside], return_inverse=True)
    n = event.size
    if total <= 0:
        return _Kappa(
            kappa=np.nan, se=np.nan, observed=np.nan, expected=np.nan, events=0
        )
    same, chance = parts.same[inside], parts.chance[inside]
    observed, expected = float(weight @ same) / total, float(weight @ chance) / total
    rest = 1.0 - expected
    if rest <= 1e-12:
        return _Kappa(
            kappa=np.nan, se=np.nan, observed=observed, expected=expected, events=n
        )
    kappa = (observed - expected) / rest
    u = weight * ((same - chance) - kappa * (1.0 - chance)) / rest
    by_event = np.bincount(code.reshape(-1), u, n)
    spread = float(by_event @ by_event)
    se = np.sqrt(n / (n - 1.0) * spread) / total if n > 1 else np.nan
    return _Kappa(
        kappa=kappa, se=float(se), observed=observed, expected=expected, events=n
    )


def _place(
    parts: _Parts,
    inside: BoolArray,
    inference: Permutation | None,
    entropy: int | None,
    number: int,
) -> tuple[FloatArray, int]:
    """Give kappa, se, E-I, r, Q, null z, null p, weight and expected share of a place."""
    found = _kappa(parts, inside)
    row = np.full(9, np.nan)
    row[0], row[1], row[8] = found.kappa, found.se, found.expected
    weight = parts.weight[inside]
    if not weight.size:
        return row, 0
    node, ends = np.unique(
        np.concatenate([parts.found.start[inside], parts.found.end[inside]]),
        return_inverse=True,
    )
    ends = ends.reshape(-1).astype(np.int64)
    here = Grouped(
        group=parts.found.group,
        node=parts.found.node[node],
        group_of=parts.found.group_of[node],
        start=ends[: weight.size],
        end=ends[weight.size :],
        kept=inside,
    )
    one, other = here.groups
    raw = kernels.group_matrix(one, other, weight, here.group.size)
    r, q = kernels.assortativity(kernels.symmetrised(raw, parts.directed))
    ei = 1.0 - 2.0 * float(np.trace(raw)) / float(weight.sum())
    row[2], row[3], row[4], row[7] = ei, r, q, weight.sum()
    if inference is not None and entropy is not None:
        draws = label_null(
            here, weight, parts.directed, inference.n, entropy, stream=number
        )[:, 0]
        sd = draws.std(ddof=1)
        row[5] = (ei - draws.mean()) / sd if sd > 1e-12 else np.nan
        low = (1.0 + (draws <= ei + 1e-12).sum()) / (1.0 + draws.size)
        high = (1.0 + (draws >= ei - 1e-12).sum()) / (1.0 + draws.size)
        row[6] = min(1.0, 2.0 * min(low, high))
    return row, found.events


def _verdicts(
    kappa: FloatArray, se: FloatArray, enough: BoolArray, alpha: float
) -> tuple[FloatArray, FloatArray, NDArray[np.str_]]:
    n = kappa.size
    z, p = np.full(n, np.nan), np.full(n, np.nan)
    verdict = np.full(n, "insufficient", dtype="<U12")
    usable = np.flatnonzero(enough)
    if usable.size < _MIN_PLACES:
        return z, p, verdict
    for c in usable:
        others = usable[usable != c]
        middle = float(np.median(kappa[others]))
        se_middle = 1.2533 * np.sqrt(np.mean(se[others] ** 2) / others.size)
        spread = np.sqrt(se[c] ** 2 + se_middle**2)
        gap = kappa[c] - middle
        # where nothing varies (all sealed, say) any gap is beyond chance, and none is none
        z[c] = gap / spread if spread > 0 else np.sign(gap) * np.inf if gap else 0.0
    p[usable] = np.minimum(1.0, two_sided(z[usable]) * usable.size)
    verdict[usable] = "intermediate"
    verdict[enough & (p <= alpha) & (z < 0)] = "integrated"
    verdict[enough & (p <= alpha) & (z > 0)] = "bounded"
    return z, p, verdict
