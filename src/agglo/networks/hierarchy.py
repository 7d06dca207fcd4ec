"""Ranks of strengths: size distribution, nested inequality, tiers, dominant flows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from agglo.core import sizes as size_statistics
from agglo.core.options import MonteCarlo, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.networks._kernels import hierarchy as kernels
from agglo.networks._network import (
    Direction,
    Sizes,
    SizesInput,
    check_direction,
    parents_of,
    read_network,
    read_sizes,
)
from agglo.networks.hierarchy_results import (
    DominantFlow,
    NestedTheil,
    StrengthDistribution,
    Tiers,
)

if TYPE_CHECKING:
    from agglo.core.tables import Links
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["dominant_flow", "strength_distribution", "theil_nested", "tiers"]

# a silhouette below this shows no classes, whatever the null says (Rousseeuw's "strong")
_STRONG = 0.70
_NEAR_BEST = 0.03


def strength_distribution(
    data: SizesInput,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    nodes: Sequence[str] | None = None,
    direction: Direction = "total",
    self_loops: bool = False,
    top: int | None = None,
) -> StrengthDistribution:
    r"""Measure how unequal the strengths of the nodes of a network are.

    Use to say whether a system of places is dominated by one, by few, or by none; a test
    of how many stand apart is `core_count`.

    Parameters
    ----------
    data
        Ties, one row each (rows of a pair are added), `Links`, or the strengths
        themselves as a mapping or a sequence.
    origin, destination, weight
        Columns; ``weight=None`` counts rows. Weights are 0 or more.
    directed
        Whether origin and destination differ in meaning.
    nodes
        All nodes; those without a tie have strength 0. Default the ends of the ties.
    direction
        Of directed ties: ``"total"``, ``"in"`` or ``"out"``.
    self_loops
        Whether ties inside a node count.
    top
        How many of the largest the rank-size line uses; default all above 0.

    Returns
    -------
    StrengthDistribution
        Rows ``rank_size`` (exponent q with its standard error), ``intercept``,
        ``primacy`` s1/s2, ``four_city`` s1/(s2+s3+s4), ``eleven_city`` 2 s1/(s2+…+s11),
        ``gini``, ``herfindahl``, ``theil``, ``polycentricity``. NaN with a reason where
        undefined: fewer than four nodes, equal strengths (q), fewer than eleven nodes
        (eleven-city), strengths without ties (polycentricity).

    Raises
    ------
    InvalidTableError
        If there is no node, or a weight is negative, missing or infinite.
    AlignmentError
        If an end of a tie is not among `nodes`.
    OptionError
        If `direction` or `top` is not admissible.

    Notes
    -----
    .. math:: \ln(\mathrm{rank} - \tfrac12) = a - q \ln s, \quad se(q) = q\sqrt{2/n}

    on the strengths above 0. Polycentricity :math:`(1 - \sigma/\sigma_{max}) \Delta` with
    population σ, :math:`\sigma_{max} = \max(s)/2` that of two nodes with strengths 0 and
    max(s), and Δ the share of possible pairs that are tied (that reading is inferred).
    Inequality counts nodes of strength 0. O(n log n).

    References
    ----------
    Gabaix and Ibragimov 2011, doi:10.1198/jbes.2009.06157; Green 2007,
    doi:10.1080/00420980701518941; Burger and Meijers 2012, doi:10.1177/0042098011407095.

    See Also
    --------
    core_count : Whether the largest stand apart, with a test.

    Examples
    --------
    >>> import agglo as ag
    >>> found = ag.strength_distribution([100, 50, 100 / 3, 25, 20])
    >>> round(found.value("rank_size"), 6)
    1.364015
    """
    given = read_sizes(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=nodes,
        direction=direction,
        self_loops=self_loops,
    )
    strengths = np.sort(given.values)[::-1]
    if top is not None:
        check_number("top", top, minimum=2, maximum=strengths.size, integer=True)
    rows, undefined = _distribution_rows(given, strengths, top)
    return StrengthDistribution(
        statistic=tuple(rows),
        values=frozen_array(np.array([v for v, _ in rows.values()])),
        se=frozen_array(np.array([s for _, s in rows.values()])),
        strengths=frozen_array(strengths),
        n=strengths.size,
        n_zero=int((strengths == 0).sum()),
        frame_kind=given.frame_kind,
        undefined=undefined,
        provenance=Provenance.of(
            strength_distribution,
            given,
            parameters={
                "direction": direction,
                "self_loops": self_loops,
                "directed": directed,
                "top": top,
            },
        ),
    )


def _distribution_rows(
    given: Sizes, s: FloatArray, top: int | None
) -> tuple[dict[str, tuple[float, float]], tuple[Undefined, ...]]:
    nan = float("nan")
    positive = s[s > 0][:top]
    line = size_statistics.rank_size_line(positive)
    rows = {
        "rank_size": (line.exponent, line.se),
        "intercept": (line.intercept, nan),
        "primacy": (_ratio(s[0], s[1:2].sum()), nan),
        "four_city": (_ratio(s[0], s[1:4].sum()), nan),
        "eleven_city": (_ratio(2.0 * s[0], s[1:11].sum()), nan),
        "gini": (size_statistics.gini(s), nan),
        "herfindahl": (size_statistics.herfindahl(s), nan),
        "theil": (size_statistics.theil(s), nan),
        "polycentricity": (_polycentricity(given), nan),
    }
    if s.size < 11:
        rows["eleven_city"] = (nan, nan)
    if s.size < 4:
        rows = dict.fromkeys(rows, (nan, nan))
    reasons = {
        "rank_size": "fewer than two different positive strengths",
        "intercept": "fewer than two different positive strengths",
        "eleven_city": "fewer than eleven nodes, or ten without a tie",
        "polycentricity": "no tie between two nodes is known",
    }
    few = "fewer than four nodes"
    undefined = tuple(
        Undefined(
            reason=few if s.size < 4 else reasons.get(name, "no strength above 0"),
            item=name,
        )
        for name, (value, _) in rows.items()
        if np.isnan(value)
    )
    return rows, undefined


def _ratio(one: float, other: float) -> float:
    return float(one / other) if other > 0 else float("nan")


def _polycentricity(given: Sizes) -> float:
    net = given.network
    if net is None or given.values.max() <= 0:
        return float("nan")
    tied = float((~net.loops).sum())
    if tied == 0 or net.n < 2:
        return float("nan")
    possible = net.n * (net.n - 1) / (1 if net.directed else 2)
    s = given.values
    return size_statistics.polycentricity(s, tied / possible)


def theil_nested(
    data: SizesInput,
    regions: IntoFrame,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    nodes: Sequence[str] | None = None,
    direction: Direction = "total",
    self_loops: bool = False,
    region: str = "region",
    parent: str = "parent",
) -> NestedTheil:
    r"""Measure whether strength is unequal between cities or between districts of a city.

    Use on two nested scales; for one scale see `strength_distribution`.

    Parameters
    ----------
    data
        As in `strength_distribution`, at the finer scale.
    regions
        One row per region with its parent.
    origin, destination, weight, directed, nodes, direction, self_loops
        As in `strength_distribution`.
    region, parent
        Columns of `regions`.

    Returns
    -------
    NestedTheil
        Total, between and within, dimensionless; between + within = total exactly. A city
        of one district has 0 within. NaN with a reason where no strength is above 0.

    Raises
    ------
    InvalidTableError
        As in `strength_distribution`, or if a region has two parents.
    AlignmentError
        If a node is no region or has no parent.
    OptionError
        If `direction` is not admissible.

    Notes
    -----
    .. math:: T_B = \sum_g S_g \ln\frac{S_g}{n_g/n}, \quad T_W = \sum_g S_g T_g

    with :math:`S_g` the share of city g; terms of zero strength count 0. O(n).

    References
    ----------
    Theil 1967, Economics and Information Theory; Shorrocks 1980, doi:10.2307/1913126.

    See Also
    --------
    nested_hierarchy : Cores and tiers at both scales.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> regions = pa.table({"region": list("abcdef"), "parent": list("xxxyyy")})
    >>> sizes = {"a": 10.0, "b": 6.0, "c": 4.0, "d": 3.0, "e": 2.0, "f": 1.0}
    >>> round(ag.theil_nested(sizes, regions).between, 6)
    0.152943
    """
    given = read_sizes(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=nodes,
        direction=direction,
        self_loops=self_loops,
    )
    cities, inside = parents_of(regions, given.nodes, region=region, parent=parent)
    parts = size_statistics.theil_parts(given.values, inside, cities.size)
    undefined = (
        (Undefined(reason="no strength is above 0", n=cities.size),)
        if np.isnan(parts.inside).all()
        else tuple(
            Undefined(reason="the city has no strength", region=str(c))
            for c in cities[np.isnan(parts.inside)]
        )
    )
    return NestedTheil(
        total=parts.between + parts.within,
        between=parts.between,
        within=parts.within,
        cities=frozen_array(cities),
        share=frozen_array(parts.share),
        inside=frozen_array(parts.inside),
        members=frozen_array(parts.members),
        frame_kind=given.frame_kind,
        undefined=undefined,
        provenance=Provenance.of(
            theil_nested,
            given,
            cities,
            inside,
            parameters={
                "direction": direction,
                "self_loops": self_loops,
                "directed": directed,
            },
        ),
    )


def dominant_flow(
    data: IntoFrame | Links,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    nodes: Sequence[str] | None = None,
    size: Direction = "in",
    transpose: bool = False,
) -> DominantFlow:
    """Find for every place the larger place it sends most to: the urban hierarchy.

    Use on flows whose largest is meaningful; on dense even flows the largest is chance.
    For branch layers (headquarters to branch) take ``transpose=True``, so that arrows
    point to headquarters. Also: Nystuen-Dacey, nodal regions.

    Parameters
    ----------
    data, origin, destination, weight, directed, nodes
        As in `strength_distribution`; ties inside a node are left out.
    size
        What makes a node large: ``"in"`` flow (as published), ``"out"`` or ``"total"``.
    transpose
        Whether to turn every flow around first.

    Returns
    -------
    DominantFlow
        A forest: parent, root, level (root = 1), status. A node is terminal when its
        largest destination is not larger than itself; a node that sends nothing is
        isolated, its own root.

    Raises
    ------
    InvalidTableError
        If there is no node, or a weight is negative, missing or infinite.
    AlignmentError
        If an end of a tie is not among `nodes`.
    OptionError
        If `size` is not admissible.

    Notes
    -----
    Ties of largest flows go to the first label. Sizes rise strictly towards the root, so
    there is no cycle. O(links + n log n).

    References
    ----------
    Nystuen and Dacey 1961, doi:10.1111/j.1435-5597.1961.tb01769.x.

    See Also
    --------
    backbone : All flows that exceed chance, not only the largest.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> flows = pa.table({"origin": ["b", "c", "a"], "destination": ["a", "b", "b"],
    ...                   "weight": [9.0, 5.0, 2.0]})
    >>> ag.dominant_flow(flows).depth
    3
    """
    check_direction("size", size)
    net = read_network(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=nodes,
    ).without_loops()
    flow = net.matrix()
    if transpose:
        flow = flow.T.tocsr()
        flow.sort_indices()
    into = np.asarray(flow.sum(axis=0), dtype=np.float64)
    out = np.asarray(flow.sum(axis=1), dtype=np.float64)
    if not net.directed or size == "in":
        sizes = into
    else:
        sizes = out if size == "out" else into + out
    parent = kernels.dominant(
        flow.indptr.astype(np.int64), flow.indices.astype(np.int64), flow.data, sizes
    )
    level, root = kernels.levels(parent, sizes)
    status = np.where(parent == np.arange(net.n), "terminal", "subordinate")
    status[out == 0] = "isolated"
    return DominantFlow(
        nodes=frozen_array(net.nodes),
        size=frozen_array(sizes),
        parent=frozen_array(parent),
        root=frozen_array(root),
        level=frozen_array(level),
        status=frozen_array(status),
        frame_kind=net.frame_kind,
        provenance=Provenance.of(
            dominant_flow,
            net,
            parameters={"size": size, "transpose": transpose, "directed": directed},
        ),
    )


def tiers(
    data: SizesInput,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    nodes: Sequence[str] | None = None,
    direction: Direction = "total",
    self_loops: bool = False,
    k_max: int = 6,
    inference: MonteCarlo = MonteCarlo(n=999, seed=1),  # noqa: B008  frozen
) -> Tiers:
    """Split places into tiers by strength, as many as stand apart from chance.

    Use to say how many levels a hierarchy has; strengths without structure are cut into
    five or six "levels" by goodness of fit alone, hence the simulated floor.

    Parameters
    ----------
    data, origin, destination, weight, directed, nodes, direction, self_loops
        As in `strength_distribution`.
    k_max
        Most tiers, 2 or more.
    inference
        Draws of structureless strengths behind the floor. The floor depends on the number
        of nodes only, so the default seed is fixed: equal n, equal floor.

    Returns
    -------
    Tiers
        Tier of every node (1 = top), number of tiers, fit and silhouette per k, floor.
        Below eight positive strengths there is one tier. Nodes of strength 0 are put in
        the lowest tier and counted.

    Raises
    ------
    InvalidTableError
        If there is no node, or a weight is negative, missing or infinite.
    AlignmentError
        If an end of a tie is not among `nodes`.
    OptionError
        If an option is not admissible.

    Notes
    -----
    Fisher-Jenks classes of ln s, exact, by divide and conquer, O(k n log n). Tiers: the
    largest k whose mean silhouette is within 0.03 of the best and above the floor, which
    is 0.70 or the 95 % quantile of the best silhouette of lognormal, or of Pareto,
    strengths of the same n, whichever is larger. That rule is ours.

    References
    ----------
    Fisher 1958, doi:10.1080/01621459.1958.10501479; Rousseeuw 1987,
    doi:10.1016/0377-0427(87)90125-7.

    See Also
    --------
    core_count : The number at the very top.

    Examples
    --------
    >>> import agglo as ag
    >>> strengths = [900, 950, 1000, 90, 95, 100, 105, 9, 9.5, 10, 10.5, 11]
    >>> ag.tiers(strengths, inference=ag.MonteCarlo(n=199, seed=1)).n_tiers
    3
    """
    k_max = int(check_number("k_max", k_max, minimum=2, maximum=50, integer=True))
    given = read_sizes(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=nodes,
        direction=direction,
        self_loops=self_loops,
    )
    entropy = entropy_of(inference.seed)
    found = split_into_tiers(given.values, k_max, inference.n, entropy)
    k, fit, silhouette, floor, tier = found
    n_zero = int((given.values == 0).sum())
    few = Undefined(
        reason="fewer than eight positive strengths, or all equal", item="k"
    )
    return Tiers(
        nodes=frozen_array(given.nodes),
        strength=frozen_array(given.values),
        tier=frozen_array(tier),
        n_tiers=int(tier.max()),
        k=frozen_array(k),
        fit=frozen_array(fit),
        silhouette=frozen_array(silhouette),
        floor=floor,
        n_zero=n_zero,
        frame_kind=given.frame_kind,
        undefined=() if k.size else (few,),
        provenance=Provenance.of(
            tiers,
            given,
            parameters={
                "k_max": k_max,
                "n": inference.n,
                "direction": direction,
                "self_loops": self_loops,
            },
            seed=entropy,
            warnings=(f"{n_zero} nodes without a tie: lowest tier",) if n_zero else (),
        ),
    )


def split_into_tiers(
    strengths: FloatArray, k_max: int, draws: int, entropy: int
) -> tuple[IntArray, FloatArray, FloatArray, float, IntArray]:
    """Give the k tried, their fit and silhouette, the floor, and every node's tier."""
    positive = strengths > 0
    logs = np.log(strengths[positive])
    order = np.argsort(logs, kind="stable")
    ascending = logs[order]
    k_max = min(k_max, int(np.unique(ascending).size))
    tier = np.ones(strengths.size, dtype=np.int64)
    if ascending.size < 8 or k_max < 2:
        none = np.zeros(0)
        return np.zeros(0, dtype=np.int64), none, none.copy(), np.nan, tier
    fit, silhouette = kernels.class_fits(ascending, k_max)
    floor = max(_STRONG, _silhouette_floor(ascending.size, k_max, draws, entropy))
    passed = (silhouette >= silhouette.max() - _NEAR_BEST) & (silhouette > floor)
    if passed.any():
        chosen = int(np.flatnonzero(passed)[-1]) + 2
        mine = np.empty(ascending.size, dtype=np.int64)
        mine[order] = kernels.classes(ascending, chosen)
        tier[positive] = mine
        tier[~positive] = chosen
    return np.arange(2, k_max + 1), fit, silhouette, floor, tier


@lru_cache(maxsize=128)
def _silhouette_floor(n: int, k_max: int, draws: int, entropy: int) -> float:
    """95 % quantile of the best silhouette without structure, the larger of two laws."""

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        rows = np.ascontiguousarray(kernels.null_logs(rng, size, n)[:, :, ::-1])
        flat = kernels.best_silhouettes(rows.reshape(2 * size, n), k_max)
        return flat.reshape(size, 2)

    best = monte_carlo(draw, n=draws, seed=entropy)
    return float(np.quantile(best, 0.95, axis=0).max())
