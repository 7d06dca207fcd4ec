"""Profiles of link ends by class of size, and whether places complement each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, OptionError, Problem
from agglo.core.inference import wilson
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.networks._kernels import profiles as kernels
from agglo.networks._kernels.intervals import log_odds_ratio, two_sided, z_of
from agglo.networks.events import EventSource, LinkEvents, one_layer
from agglo.networks.flow_results import sums
from agglo.networks.levels import needed_regions
from agglo.networks.profile_results import Complementarity, PairCrosstab, Profiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.tables import Regions
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["complementarity", "pair_crosstab", "profiles"]

_BY = ("size", "group")


def profiles(
    data: EventSource,
    *,
    by: Sequence[str] = ("size",),
    groups: Mapping[str, str] | None = None,
    direction: Literal["both", "out", "in"] = "both",
    layer: str | None = None,
    period: str | None = None,
    level: str | None = None,
    regions: IntoFrame | Regions | None = None,
    confidence: float = 0.95,
) -> Profiles:
    r"""Measure which classes of firms the links of every place end in.

    Use to compare places by the size (and industry group) of those who are tied.

    Parameters
    ----------
    data
        Table ``link_events``, or `LinkEvents`, with sizes at both ends.
    by
        ``"size"``, ``"group"``, or both: classes are then joined by ``"|"``.
    groups
        Industry to group; ``None``: each is its own.
    direction
        Ends that count: ``"both"``, or of a directed layer ``"out"`` or ``"in"`` only.
    layer, period
        Which links; `layer` may be left out when there is only one.
    level, regions
        As in `build_links`.
    confidence
        Coverage of the intervals.

    Returns
    -------
    Profiles
        Ends and shares, (places, classes), with Wilson's intervals.

    Raises
    ------
    InvalidTableError
        If the table breaks its rules or the layer is empty.
    AlignmentError
        Listing industries without a group, unknown regions.
    OptionError
        If a choice does not exist, or an undirected layer is asked for one direction.

    Notes
    -----
    On an undirected layer (co-patents) every applicant counts once per patent, however many
    pairs it is in: each end counts :math:`m_e w / 2W_e`, with :math:`m_e` the members and
    :math:`W_e` the weight of the event; counting it once per pair makes intervals too
    short. On a directed layer every end counts 1. Unknown sizes are the class ``unknown``.
    A region without ends: NaN. O(links).

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953.

    See Also
    --------
    complementarity : How different two profiles are.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"event": ["p", "q"], "layer": ["copatent"] * 2,
    ...     "origin": ["a", "a"], "destination": ["b", "b"], "weight": [1.0, 1.0],
    ...     "origin_size": ["large", "small"], "destination_size": ["small", "small"]})
    >>> ag.profiles(rows).share[1].tolist()
    [0.0, 1.0]
    """
    words = _checked_by(by)
    check_choice("direction", direction, ("both", "out", "in"))
    check_number("confidence", confidence, minimum=0, maximum=1, open_ends=True)
    events = one_layer(data, layer, period)
    if level is not None:
        events = events.at_level(needed_regions(level, regions), level)
    if "group" in words and groups is not None:
        events = events.with_groups(groups)
    directed = bool(events.directed[0])
    if direction != "both" and not directed:
        msg = f"direction={direction!r}: layer '{events.layer[0]}' is not directed."
        raise OptionError(msg)
    klass, one, other = _classes(events, words)
    counts = _ends(events, one, other, klass.size, direction)
    total = counts.sum(axis=1)
    lower, upper = wilson(counts, total[:, None], z_of(confidence))
    empty = [
        Undefined(reason="no link ends here", region=str(r))
        for r in events.region[total == 0]
    ]
    return Profiles(
        provenance=Provenance.of(
            profiles,
            events,
            parameters={
                "by": list(words),
                "groups": None if groups is None else dict(groups),
                "direction": direction,
                "layer": layer,
                "period": period,
                "level": level,
                "confidence": confidence,
            },
        ),
        frame_kind=events.frame_kind,
        undefined=tuple(empty),
        region=events.region,
        klass=frozen_array(klass),
        counts=frozen_array(counts),
        share=frozen_array(kernels.shares(counts)),
        lower=frozen_array(lower),
        upper=frozen_array(upper),
        direction=direction,
        layer=str(events.layer[0]),
        level=confidence,
    )


def complementarity(
    data: Profiles,
    *,
    other: Profiles | None = None,
    inference: Permutation | None = Permutation(),  # noqa: B008  frozen
) -> Complementarity:
    r"""Measure how different the firms are that tie two places, for all pairs.

    Use with `pair_crosstab`: a difference alone does not say that the two work together.

    Parameters
    ----------
    data
        Result of `profiles`.
    other
        Profiles to compare with, of the same classes: rows are then places of `data`
        (their out-ends, say) and columns places of `other` (in-ends). Default the same.
    inference
        Permutations of the classes among the ends of the layer; ``None`` for none.

    Returns
    -------
    Complementarity
        K and 1 - cosine of all pairs, rank and p.

    Raises
    ------
    AlignmentError
        If `other` has other places or classes.

    Notes
    -----
    :math:`K_{ab} = \tfrac12 \sum_s |p_{as} - p_{bs}|`, 0 (the same) to 1 (nothing in common).
    p is one-sided, (1 + draws at least as large)/(1 + n); tables with the same numbers of
    ends per place and per class are drawn, fractional ends rounded. NaN rows stay NaN.
    O(draws × places² × classes).

    References
    ----------
    K is the index of dissimilarity of Duncan and Duncan 1955, doi:10.2307/2088328; its
    reading as complementarity is inferred from Shen et al. 2025,
    doi:10.1007/s11769-025-1566-6.

    See Also
    --------
    pair_crosstab : Who is tied with whom between two places.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"origin": ["a", "a"], "destination": ["b", "b"],
    ...     "layer": ["copatent"] * 2, "weight": [1.0, 1.0],
    ...     "origin_size": ["large", "small"], "destination_size": ["small", "small"]})
    >>> ag.complementarity(ag.profiles(rows), inference=None).difference[0, 1].item()
    0.5
    """
    against = data if other is None else other
    if (
        against.klass.tolist() != data.klass.tolist()
        or against.region.tolist() != data.region.tolist()
    ):
        bad = Problem(
            code="other_classes",
            what="the two profiles have other places or classes",
            where="other",
            fix="make both with the same `by`, `groups` and `level`",
        )
        msg = "The profiles cannot be compared."
        raise AlignmentError(msg, [bad])
    k = kernels.half_difference(data.share, against.share)
    directional = other is not None
    n = data.region.size
    compared: BoolArray = np.isfinite(k) & ~np.eye(n, dtype=np.bool_)
    p = np.full(k.shape, np.nan)
    entropy = None if inference is None else entropy_of(inference.seed)
    if inference is not None and entropy is not None:
        above = _exceedances(data, other, k, inference.n, entropy)
        p[compared] = ((1.0 + above) / (1.0 + inference.n))[compared]
    return Complementarity(
        provenance=Provenance.of(
            complementarity,
            data.counts,
            against.counts,
            parameters={
                "directional": directional,
                "n": None if inference is None else inference.n,
            },
            seed=entropy,
        ),
        frame_kind=data.frame_kind,
        undefined=data.undefined,
        region=data.region,
        difference=frozen_array(k),
        cosine_distance=frozen_array(
            kernels.cosine_distance(data.share, against.share)
        ),
        rank=frozen_array(_ranks(k, compared, directional)),
        p=frozen_array(p),
        directional=directional,
        n_pairs=int(compared.sum()) // (1 if directional else 2),
        n_draws=0 if inference is None else inference.n,
    )


def pair_crosstab(
    data: EventSource,
    *,
    place_a: str,
    place_b: str,
    large: Sequence[str] = ("large",),
    layer: str | None = None,
    period: str | None = None,
    level: str | None = None,
    regions: IntoFrame | Regions | None = None,
    confidence: float = 0.95,
) -> PairCrosstab:
    r"""Measure which sizes of firms the links between two places tie.

    Use to see whether large firms of one place work with smaller ones of the other.

    Parameters
    ----------
    data
        Table ``link_events``, or `LinkEvents`, with sizes at both ends.
    place_a, place_b
        The two places, at `level`.
    large
        Classes that count as large.
    layer, period
        Which links; `layer` may be left out when there is only one.
    level, regions
        As in `build_links`.
    confidence
        Coverage of the interval.

    Returns
    -------
    PairCrosstab
        Weight by class in a (row) and in b (column), beside what pooled ends give; odds
        ratio of a large end.

    Raises
    ------
    InvalidTableError
        If the table breaks its rules or the layer is empty.
    AlignmentError
        If a place is not among the regions.
    OptionError
        If the two are the same, or a choice does not exist.

    Notes
    -----
    Expected: weight between the two × shares of the classes among all ends of the layer
    (once per patent), rows and columns alike. The odds ratio compares the ends of all links
    of a with those of b, :math:`\frac{L_a / O_a}{L_b / O_b}`, with the interval of Woolf; 0.5
    is added if a cell is 0. Ends of unknown size are left out. No link between the two:
    NaN. O(links).

    References
    ----------
    Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x.

    See Also
    --------
    complementarity : All pairs.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"origin": ["a", "a"], "destination": ["b", "b"],
    ...     "layer": ["copatent"] * 2, "weight": [1.0, 1.0],
    ...     "origin_size": ["large", "small"], "destination_size": ["small", "small"]})
    >>> ag.pair_crosstab(rows, place_a="a", place_b="b").large_with_small
    0.5
    """
    check_number("confidence", confidence, minimum=0, maximum=1, open_ends=True)
    if isinstance(large, str) or not list(large):
        msg = f"large={large!r} must be a sequence of classes."
        raise OptionError(msg)
    if place_a == place_b:
        msg = f"place_a and place_b are both {place_a!r}."
        raise OptionError(msg)
    events = one_layer(data, layer, period)
    if level is not None:
        events = events.at_level(needed_regions(level, regions), level)
    a, b = _positions(events, (place_a, place_b))
    klass = events.size
    known = klass != "unknown"
    counts = _ends(
        events, events.origin_size, events.destination_size, klass.size, "both"
    )
    weight, n_events = _between(events, a, b, known)
    is_large = np.isin(klass, list(large)) & known
    small = ~is_large & known
    expected, relative, joint = _expected(weight, counts, known, is_large, small)
    ends = np.array(
        [[counts[x, is_large].sum(), counts[x, small].sum()] for x in (a, b)]
    )
    ratio, lower, upper, p = _odds(ends, confidence)
    pair = f"{place_a}, {place_b}"
    asked = {"layer": layer, "period": period, "level": level}
    return PairCrosstab(
        provenance=Provenance.of(
            pair_crosstab,
            events,
            parameters={
                **asked,
                "pair": pair,
                "large": list(large),
                "confidence": confidence,
            },
        ),
        frame_kind=events.frame_kind,
        undefined=() if weight.any() else (Undefined(reason="no link", item=pair),),
        place_a=place_a,
        place_b=place_b,
        klass=klass,
        weight=frozen_array(weight),
        expected=frozen_array(expected),
        ratio=frozen_array(relative),
        large_with_small=joint[0],
        large_with_small_expected=joint[1],
        odds_ratio=ratio,
        lower=lower,
        upper=upper,
        p=p,
        ends=frozen_array(ends),
        events=n_events,
        level=confidence,
    )


def _expected(
    weight: FloatArray,
    counts: FloatArray,
    known: BoolArray,
    is_large: BoolArray,
    small: BoolArray,
) -> tuple[FloatArray, FloatArray, tuple[float, float]]:
    """Give what pooled ends make of the links, the ratio, and large with smaller firms."""
    pooled = np.where(known, counts.sum(axis=0), 0.0)
    share = pooled / pooled.sum() if pooled.sum() > 0 else pooled * np.nan
    total = float(weight.sum())
    expected = np.outer(share, share) * (total if total > 0 else np.nan)
    ratio = np.full(weight.shape, np.nan)
    np.divide(weight, expected, out=ratio, where=expected > 0)
    found = float(weight[np.ix_(is_large, small)].sum())
    joint = found / total if total > 0 else np.nan
    return expected, ratio, (joint, float(share[is_large].sum() * share[small].sum()))


def _checked_by(by: Sequence[str]) -> tuple[str, ...]:
    if isinstance(by, str) or not list(by):
        msg = f"by={by!r} must be a sequence of 'size' and 'group'."
        raise OptionError(msg)
    for word in by:
        check_choice("by", word, _BY)
    return tuple(dict.fromkeys(by))


def _classes(
    events: LinkEvents, by: tuple[str, ...]
) -> tuple[NDArray[np.str_], IntArray, IntArray]:
    """Give the classes that occur, and that of both ends of every link."""
    parts = {
        "size": (events.size, events.origin_size, events.destination_size),
        "group": (events.industry, events.origin_industry, events.destination_industry),
    }
    label, one, other = parts[by[0]]
    if len(by) == 2:
        more, second_one, second_other = parts[by[1]]
        one = one * more.size + second_one
        other = other * more.size + second_other
        label = np.array([f"{x}|{y}" for x in label for y in more], dtype=np.str_)
    used = np.union1d(one, other)
    return (
        label[used],
        np.searchsorted(used, one).astype(np.int64),
        np.searchsorted(used, other).astype(np.int64),
    )


def _ends(
    events: LinkEvents, one: IntArray, other: IntArray, n: int, direction: str
) -> FloatArray:
    """Count link ends by place and class, (places, n)."""
    weight = np.ones(events.n)
    if not events.directed[0]:
        # an applicant counts once per patent, however many pairs it is in
        total = sums(events.event, events.weight, events.n_events)
        weight = events.members[events.event] * events.weight
        weight = weight / (2.0 * total[events.event])
    size = events.region.size * n
    out = np.zeros(size)
    if direction != "in":
        out += sums(events.origin * n + one, weight, size)
    if direction != "out":
        out += sums(events.destination * n + other, weight, size)
    # whole numbers of applicants, up to the rounding of the sums
    near = np.rint(out)
    return np.where(np.abs(out - near) < 1e-6, near, out).reshape(-1, n)


def _exceedances(
    data: Profiles, other: Profiles | None, k: FloatArray, n: int, seed: int
) -> FloatArray:
    """Count draws in which a pair differs at least as much as observed."""
    mine = np.rint(data.counts).astype(np.int64)
    theirs = None if other is None else np.rint(other.counts).astype(np.int64)
    bound = np.where(np.isnan(k), np.inf, k) - 1e-12

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        tables = kernels.random_tables(rng, mine.sum(axis=1), mine.sum(axis=0), size)
        p = kernels.shares(tables)
        q = p
        if theirs is not None:
            tables = kernels.random_tables(
                rng, theirs.sum(axis=1), theirs.sum(axis=0), size
            )
            q = kernels.shares(tables)
        hits = np.zeros((size, *k.shape))
        for d in range(size):
            hits[d] = kernels.half_difference(p[d], q[d]) >= bound
        return hits.sum(axis=0)[None].repeat(size, axis=0) / size

    # every row of a block holds the mean of the block, so that the sum counts each draw once
    drawn: FloatArray = monte_carlo(draw, n=n, seed=seed).sum(axis=0)
    return np.rint(drawn)


def _ranks(k: FloatArray, compared: BoolArray, directional: bool) -> FloatArray:
    from scipy.stats import rankdata

    out = np.full(k.shape, np.nan)
    at = compared if directional else np.triu(compared)
    out[at] = rankdata(-np.round(k[at], 12), method="min")
    if not directional:
        out.T[at] = out[at]
    return out


def _positions(events: LinkEvents, places: tuple[str, str]) -> tuple[int, int]:
    known = {str(r): i for i, r in enumerate(events.region)}
    lost = [p for p in places if p not in known]
    if lost:
        bad = Problem(
            code="unknown_region",
            what=f"{lost} are not among the regions of the links",
            where="place_a, place_b",
            fix=f"regions: {list(known)[:20]}",
        )
        msg = "The places are not known."
        raise AlignmentError(msg, [bad])
    return known[places[0]], known[places[1]]


def _between(
    events: LinkEvents, a: int, b: int, known: BoolArray
) -> tuple[FloatArray, int]:
    """Sum the links between a and b by class in a and in b; ends of unknown size left out."""
    n = events.size.size
    ahead = (events.origin == a) & (events.destination == b)
    back = (events.origin == b) & (events.destination == a)
    one = np.where(back, events.destination_size, events.origin_size)
    other = np.where(back, events.origin_size, events.destination_size)
    keep = (ahead | back) & known[one] & known[other]
    weight = sums(one[keep] * n + other[keep], events.weight[keep], n * n)
    return weight.reshape(n, n), int(np.unique(events.event[keep]).size)


def _odds(ends: FloatArray, confidence: float) -> tuple[float, float, float, float]:
    if (ends.sum(axis=1) == 0).any():
        return np.nan, np.nan, np.nan, np.nan
    log, se = log_odds_ratio(ends)
    z = z_of(confidence)
    low, high = np.exp(log - z * se), np.exp(log + z * se)
    return float(np.exp(log)), float(low), float(high), float(two_sided(log / se))
