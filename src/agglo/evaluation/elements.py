"""The three elements of a cluster: near each other, related, and tied. Each with its null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from agglo.core.frames import frame_kind
from agglo.core.options import Permutation, check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import Provenance, frozen_array
from agglo.evaluation._element_input import bounds_of, read_grouped, read_matrix
from agglo.evaluation._element_rows import (
    against,
    around,
    at_one_place,
    member_rows,
    pools,
    positions,
    sites_of,
    statuses,
    strata_of,
    ties_of,
    untested,
)
from agglo.evaluation._kernels import elements as kernels
from agglo.evaluation._kernels import rewiring
from agglo.evaluation._kernels.draws import seeds_of
from agglo.evaluation.element_results import ElementTest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["connection_test", "cooperation_test", "proximity_test"]

ProximityStatistic: TypeAlias = Literal["mean_distance", "share_beyond", "share_within"]
_Test = Permutation(n=999, seed=7)


def proximity_test(
    data: IntoFrame,
    candidates: IntoFrame,
    *,
    cluster: str = "cluster",
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    stratum: str | None = None,
    statistic: ProximityStatistic = "mean_distance",
    radius_km: float = 50.0,
    min_sites: int = 10,
    alpha: float = 0.05,
    inference: Permutation = _Test,
) -> ElementTest:
    r"""Test whether the members of every cluster lie nearer together than chance puts them.

    First element of the gate. With regions instead of members give their centroids, total
    employment as the weight of the candidates, and ``min_sites=5``.

    Parameters
    ----------
    data
        One row per member (or region) of a cluster, planar coordinates in kilometres.
    candidates
        Sites that could have been members: establishments of all industries, or all
        regions. Must hold the same columns except `cluster`.
    cluster, x, y
        Columns of both tables.
    weight
        Column of weights; that of a candidate is its chance, that of a member its part in
        the mean. ``None``: 1.
    stratum
        Column of size class: a member is replaced by a candidate of its own class.
    statistic
        Weighted mean distance of pairs, the share of pairs beyond `radius_km`, or its
        complement ``"share_within"`` (large is near): of the same pairs and draws.
    radius_km
        For the shares.
    min_sites
        Clusters with fewer are not testable; neither are those at one single place, whose
        inner distances nobody has seen.
    alpha
        Passes if p is below.
    inference
        Draws without repetition.

    Returns
    -------
    ElementTest
        Per cluster value, null, score, p and status.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: empty_table, missing_value, negative_value, null_key,
        too_few_candidates.
    OptionError
        If an option has no such value.

    Notes
    -----
    .. math:: D = \sum_{i<j} w_i w_j d_{ij} \Big/ \sum_{i<j} w_i w_j

    Members keep their weights when their places are drawn. O(n^2) per cluster of n and
    draw. The test is our operational choice for the element that the CCID text names.

    References
    ----------
    Duranton and Overman 2005, doi:10.1111/0034-6527.00362 (drawing from the places of all
    establishments); Phipson and Smyth 2010, doi:10.2202/1544-6115.1585.

    See Also
    --------
    three_element_test : The gate that needs all three.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.evaluation import proximity_test
    >>> near, far = np.arange(12) / 10, np.arange(400) / 2
    >>> made = pa.table({"cluster": ["c"] * 12, "x_km": near, "y_km": near})
    >>> float(proximity_test(made, pa.table({"x_km": far, "y_km": far})).p[0])
    0.001
    """
    check_choice("statistic", statistic, get_args(ProximityStatistic))
    check_number("radius_km", radius_km, minimum=0)
    check_number("min_sites", min_sites, minimum=2, integer=True)
    check_number("alpha", alpha, minimum=0, maximum=1, open_ends=True)
    members = sites_of(data, "data", cluster, (x, y, weight, stratum))
    pool = sites_of(candidates, "candidates", None, (x, y, weight, stratum))
    bounds, strata = strata_of(members, pool)
    start = bounds_of(members.code, members.cluster.size)
    size = np.diff(start)
    radius = -1.0 if statistic == "mean_distance" else radius_km
    within = statistic == "share_within"
    value = kernels.proximity(members.x, members.y, members.weight, start, radius)
    reason = np.where(at_one_place(members, start), "all members at one place", "")
    reason = np.where(size < min_sites, f"fewer than {min_sites} members", reason)
    reason = np.where(size < 2, "a cluster of one member", reason)
    entropy = entropy_of(inference.seed)

    def draw(rng: np.random.Generator, n: int) -> FloatArray:
        return kernels.proximity_draws(
            seeds_of(rng, n),
            members.weight,
            strata,
            start,
            reason == "",
            (pool.x, pool.y, np.cumsum(pool.weight), bounds),
            radius,
        )

    drawn = monte_carlo(draw, n=inference.n, seed=entropy)
    if within:
        value, drawn = 1.0 - value, 1.0 - drawn
    parts = against(value, drawn, reason, low=not within)
    return _made(
        proximity_test,
        data,
        (members.cluster, size, reason, parts["p"] < alpha),
        parts,
        inputs=(members.x, members.y, members.code, pool.x, pool.y),
        rule={"alpha": alpha},
        parameters={
            "statistic": statistic,
            "radius_km": radius_km,
            "min_sites": min_sites,
            "weight": weight,
            "stratum": stratum,
            "n": inference.n,
        },
        seed=entropy,
    )


def connection_test(
    data: IntoFrame,
    relatedness: IntoFrame,
    *,
    cluster: str = "cluster",
    activity: str = "industry",
    weight: str | None = None,
    origin: str = "origin",
    destination: str = "destination",
    value: str = "value",
    present: IntoFrame | None = None,
    q: float = 0.9,
    inference: Permutation = _Test,
) -> ElementTest:
    r"""Test whether the industries of every cluster are more related than random ones.

    Second element of the gate. Prefer relatedness from input-output tables or occupations:
    relatedness from co-location makes this test partly the same as the first.

    Parameters
    ----------
    data
        One row per cluster and industry.
    relatedness
        Long table of pairs, any scale on which more is closer; absent pairs are 0. Both
        directions are averaged, with a note.
    cluster, activity, weight
        Columns of `data`; weights (employment) enter the mean over pairs, ``None``: 1.
    origin, destination, value
        Columns of `relatedness`.
    present
        Cluster and industry that its region has: what could have been drawn. Default all
        industries in `relatedness`.
    q
        Passes if at least this share of draws is less related.
    inference
        Draws of as many different industries.

    Returns
    -------
    ElementTest
        Per cluster value, null, score, p and status; one industry is not testable.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: empty_table, duplicate_key, missing_value, negative_value, null_key.
    AlignmentError
        If an industry is not in `relatedness`, or the pool of a cluster is too small.
    OptionError
        If an option has no such value.

    Notes
    -----
    .. math:: \bar\phi = \sum_{i<j} w_i w_j \phi_{ij} \Big/ \sum_{i<j} w_i w_j

    Weights stay where they are while industries are drawn. Score is the share of draws
    strictly below. O(k^2) per cluster of k industries and draw. Our operational choice.

    References
    ----------
    Hidalgo et al. 2007, doi:10.1126/science.1144581 (relatedness of industries by their
    proximity); Phipson and Smyth 2010, doi:10.2202/1544-6115.1585.

    See Also
    --------
    three_element_test : The gate that needs all three.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import connection_test
    >>> pairs = pa.table({"origin": list("abcdefgh"), "destination": list("bcdefghi"),
    ...     "value": [9.0, 8, 0, 0, 0, 0, 0, 0]})
    >>> made = pa.table({"cluster": ["k"] * 3, "industry": list("abc")})
    >>> round(float(connection_test(made, pairs).value[0]), 3)
    5.667
    """
    check_number("q", q, minimum=0, maximum=1, open_ends=True)
    rows = read_grouped(
        data, cluster=cluster, item=activity, weight=weight, what="activity"
    )
    phi = read_matrix(relatedness, origin=origin, destination=destination, value=value)
    item = positions(rows.item, phi.activity, "industries", "relatedness")
    pool, pool_start = pools(present, cluster, activity, rows, phi.activity)
    found = kernels.connection(phi.values, item, rows.weight, rows.start)
    size = rows.size
    reason = np.where(np.diff(pool_start) <= size, "no other industry to draw", "")
    reason = np.where(size < 2, "one industry: use finer codes", reason)
    entropy = entropy_of(inference.seed)

    def draw(rng: np.random.Generator, n: int) -> FloatArray:
        return kernels.connection_draws(
            seeds_of(rng, n),
            phi.values,
            rows.weight,
            rows.start,
            reason == "",
            pool,
            pool_start,
        )

    drawn = monte_carlo(draw, n=inference.n, seed=entropy)
    parts = against(found, drawn, reason, low=False)
    notes = []
    if phi.asymmetry > 0:
        notes.append(
            "relatedness was not symmetric: both directions were averaged "
            f"(largest gap {phi.asymmetry:.3g})"
        )
    return _made(
        connection_test,
        data,
        (rows.cluster, size, reason, parts["score"] >= q),
        parts,
        inputs=(rows.item, rows.start, rows.weight, phi.values),
        rule={"q": q},
        parameters={"weight": weight, "n": inference.n},
        seed=entropy,
        notes=notes,
    )


def cooperation_test(
    data: IntoFrame,
    members: IntoFrame,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = None,
    cluster: str = "cluster",
    member: str = "member",
    ei_max: float = 0.0,
    min_ties: int = 10,
    min_coverage: float = 0.3,
    alpha: float = 0.05,
    inference: Permutation = _Test,
) -> ElementTest:
    r"""Test whether the members of every cluster are tied among themselves.

    Third element of the gate. It never passes by default: without ties it is not testable.

    Parameters
    ----------
    data
        One row per tie (co-patent, supply, project, ...), undirected; the same pair in
        several rows is added up, ties with oneself are left out and counted in a note.
    members
        One row per cluster and member; a member may belong to several clusters.
    origin, destination, weight
        Columns of `data`; ``None``: every row weighs 1.
    cluster, member
        Columns of `members`.
    ei_max
        Passes only if E-I is at most this.
    min_ties
        Clusters that fewer ties touch are not testable.
    min_coverage
        Smallest share of members with a tie.
    alpha
        Passes only if p is below.
    inference
        Draws of the rewired network.

    Returns
    -------
    ElementTest
        `value` is the weight inside; `extra` has ``external``, ``ei``,
        ``expected_quick`` and ``coverage``.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: duplicate_key, missing_value, negative_value, null_key; empty_table
        for `members`. An empty `data` is an answer: nothing is testable.
    OptionError
        If an option has no such value.

    Notes
    -----
    .. math:: EI = \frac{EL - IL}{EL + IL}, \qquad
              E[IL] \approx \sum_{i<j \in c} \frac{k_i k_j}{2m}

    The null keeps every degree: ties change partners in pairs, without loops or double
    ties; weights stay with their ties. Draws of one block are states of one chain, one
    sweep of swaps apart (as many swaps as ties). ``expected_quick`` is the formula on the
    right. E-I grows with smaller clusters whatever they do, which is why the null decides
    as well. O(ties) per draw for all clusters together.

    References
    ----------
    Krackhardt and Stern 1988, doi:10.2307/2786835; Maslov and Sneppen 2002,
    doi:10.1126/science.1065103.

    See Also
    --------
    three_element_test : The gate that needs all three.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import cooperation_test
    >>> ties = pa.table({"origin": list("abcdefc"), "destination": list("bcaefdd")})
    >>> made = pa.table({"cluster": ["k"] * 3, "member": list("abc")})
    >>> float(cooperation_test(ties, made, min_ties=1).extra["ei"][0])
    -0.5
    """
    check_number("ei_max", ei_max, minimum=-1, maximum=1)
    check_number("min_ties", min_ties, minimum=1, integer=True)
    check_number("min_coverage", min_coverage, minimum=0, maximum=1)
    check_number("alpha", alpha, minimum=0, maximum=1, open_ends=True)
    rows = member_rows(members, cluster, member)
    net = ties_of(data, origin, destination, weight, rows.item)
    who = np.searchsorted(net.names, rows.item)
    code = np.repeat(np.arange(rows.cluster.size), rows.size)
    order = np.lexsort((code, who))
    start = bounds_of(who[order], net.names.size)
    groups, n = code[order], rows.cluster.size
    args = (net.u, net.v, net.w, groups, start, n)
    within = rewiring.inside(*args)
    extra, touching = around(net, within, rows, who, code)
    reason = np.where(
        extra["coverage"] < min_coverage, "ties known for too few members", ""
    )
    reason = np.where(touching < min_ties, f"fewer than {min_ties} ties", reason)
    reason = np.where(touching == 0, "no cooperation links", reason)
    reason = np.where(rows.size < 2, "a cluster of one member", reason)
    entropy = entropy_of(inference.seed)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        return rewiring.inside_draws(seeds_of(rng, size), *args)

    drawn = (
        monte_carlo(draw, n=inference.n, seed=entropy)
        if net.u.size
        else np.full((1, n), np.nan)
    )
    value = np.where(touching > 0, within, np.nan)
    parts = against(value, drawn, reason, low=False)
    more = parts["value"] > np.nan_to_num(parts["expected"])
    passed = (
        more & (parts["p"] < alpha) & (np.nan_to_num(extra["ei"], nan=2.0) <= ei_max)
    )
    notes = [f"{net.loops} ties with oneself were left out"] if net.loops else []
    return _made(
        cooperation_test,
        data,
        (rows.cluster, touching, reason, passed),
        parts,
        inputs=(net.names, net.u, net.v, net.w, rows.item, rows.start),
        rule={"alpha": alpha, "ei_max": ei_max},
        parameters={
            "weight": weight,
            "min_ties": min_ties,
            "min_coverage": min_coverage,
            "n": inference.n,
        },
        seed=entropy,
        extra=extra,
        notes=notes,
    )


def _made(
    function: Callable[..., ElementTest],
    data: IntoFrame,
    found: tuple[NDArray[np.str_], IntArray, NDArray[np.str_], BoolArray],
    parts: dict[str, FloatArray],
    *,
    inputs: tuple[object, ...],
    rule: dict[str, float],
    parameters: dict[str, object],
    seed: int,
    extra: Mapping[str, FloatArray] | None = None,
    notes: Sequence[str] = (),
) -> ElementTest:
    """Wrap what a test found: labels, sizes, reasons and who passes."""
    cluster, size, reason, passed = found
    return ElementTest(
        element=function.__name__.removesuffix("_test"),
        cluster=frozen_array(cluster),
        size=frozen_array(size),
        status=frozen_array(statuses(passed, reason)),
        reason=frozen_array(reason),
        value=parts["value"],
        expected=parts["expected"],
        lower=parts["lower"],
        upper=parts["upper"],
        score=parts["score"],
        percentile=parts["percentile"],
        p=parts["p"],
        rule=rule,
        n_draws=int(str(parameters["n"])),
        extra={k: frozen_array(v) for k, v in (extra or {}).items()},
        frame_kind=frame_kind(data),
        undefined=untested(cluster, parts["value"], reason),
        provenance=Provenance.of(
            function,
            *inputs,
            parameters={**parameters, **rule},
            seed=seed,
            warnings=notes,
        ),
    )
