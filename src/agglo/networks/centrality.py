"""Position of every node: paths, shells, eigenvector, walks; and the rich club."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.options import MonteCarlo, check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.networks._kernels import centrality as kernels
from agglo.networks._network import Network, read_network
from agglo.networks._rewiring import rewired_networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.tables import Links
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["Centralities", "RichClub", "centralities", "rich_club"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Centralities(Result):
    """Position of every node.

    Attributes
    ----------
    nodes, component
        Node, and its connected part (the largest has 1).
    degree, strength
        Other nodes it is tied with, and summed weight.
    betweenness, closeness, eigenvector
        Within the component.
    page_rank
        Over the whole network; sums to 1.
    core_number
        Shell of the undirected network.
    paths
        ``hops`` or ``weighted``.
    """

    nodes: NDArray[np.str_]
    component: IntArray
    degree: IntArray
    strength: FloatArray
    betweenness: FloatArray
    closeness: FloatArray
    eigenvector: FloatArray
    page_rank: FloatArray
    core_number: IntArray
    paths: str

    def of(self, node: str) -> dict[str, float]:
        """Give the measures of one node."""
        i = int(np.flatnonzero(self.nodes == node)[0])
        names = ("betweenness", "closeness", "eigenvector", "page_rank", "strength")
        return {name: float(getattr(self, name)[i]) for name in names}

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node."""
        return {
            "node": self.nodes,
            "component": self.component,
            "degree": self.degree,
            "strength": self.strength,
            "betweenness": self.betweenness,
            "closeness": self.closeness,
            "eigenvector": self.eigenvector,
            "page_rank": self.page_rank,
            "core_number": self.core_number,
        }

    def summary(self) -> str:
        """Give the number of parts and the most central nodes."""
        parts = int(self.component.max())
        flag = "" if parts == 1 else "; paths are within components"
        lines = [f"{self.nodes.size} nodes in {parts} components ({self.paths}{flag})"]
        for name in ("betweenness", "page_rank"):
            values = getattr(self, name)
            if np.isfinite(values).any():
                i = int(np.nanargmax(values))
                lines.append(f"highest {name}: {self.nodes[i]} {values[i]:.4f}")
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.strength, self.betweenness, s=10)
        ax.set(xlabel="strength", ylabel="betweenness")


def centralities(
    data: IntoFrame | Links,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    nodes: Sequence[str] | None = None,
    paths: Literal["hops", "weighted"] = "hops",
    damping: float = 0.85,
) -> Centralities:
    r"""Measure the position of every node: between others, close to them, tied with the tied.

    Use to describe nodes; differences are not tested, and in small networks the measures
    are nearly the same as strength.

    Parameters
    ----------
    data, origin, destination, weight, directed, nodes
        As in `strength_distribution`; ties inside a node are left out.
    paths
        ``"hops"``: every tie has length 1; ``"weighted"``: length 1/weight, so that strong
        ties are short.
    damping
        Chance that the walk of page rank follows a tie, in (0, 1).

    Returns
    -------
    Centralities
        Betweenness and closeness in [0, 1] within the (weak) component; NaN with a reason
        in components of one node (closeness, eigenvector) or two (betweenness).
        Eigenvector of unit length per component, along incoming weighted ties; NaN where
        the iteration drifts, as in directed networks without a cycle.

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
    Betweenness: Brandes, divided by (n−1)(n−2), halved pairs when undirected, n of the
    component. Closeness: of incoming paths, r/(n−1) · r/Σd with r nodes that reach it.
    O(nodes × ties × log ties): minutes from some thousands of nodes with a million ties.

    References
    ----------
    Freeman 1978, doi:10.1016/0378-8733(78)90021-7; Brandes 2001,
    doi:10.1080/0022250X.2001.9990249; Bonacich 1987, doi:10.1086/228631; Seidman 1983,
    doi:10.1016/0378-8733(83)90028-X; Page et al. 1999, stanford technical report 1999-66.

    See Also
    --------
    core_periphery : One core, with a test.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> path = pa.table({"origin": ["a", "b"], "destination": ["b", "c"], "weight": [1.0, 1.0]})
    >>> ag.centralities(path, directed=False).betweenness.tolist()
    [0.0, 1.0, 0.0]
    """
    check_choice("paths", paths, ("hops", "weighted"))
    check_number("damping", damping, minimum=0, maximum=1, open_ends=True)
    net = read_network(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=nodes,
    ).without_loops()
    part, size = _components(net)
    a = net.matrix()
    length = np.ones(a.nnz) if paths == "hops" else 1.0 / a.data
    rows = (a.indptr.astype(np.int64), a.indices.astype(np.int64))
    between, far, reach = kernels.paths(*rows, length)
    own = size[part].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        # ordered pairs: an undirected pair is met from both of its ends
        between = np.where(own > 2, between / ((own - 1.0) * (own - 2.0)), np.nan)
        close = np.where(reach > 0, reach / far * reach / (own - 1.0), 0.0)
    close = np.where(own > 1, close, np.nan)
    leading = np.where(own > 1, kernels.eigenvector(a, part), np.nan)
    both = (a + a.T).tocsr()
    shells = kernels.core_numbers(
        both.indptr.astype(np.int64), both.indices.astype(np.int64)
    )
    return Centralities(
        nodes=frozen_array(net.nodes),
        component=frozen_array(part + 1),
        degree=frozen_array(np.diff(both.indptr).astype(np.int64)),
        strength=frozen_array(net.strengths()),
        betweenness=frozen_array(between),
        closeness=frozen_array(close),
        eigenvector=frozen_array(leading),
        page_rank=frozen_array(kernels.page_rank(a, damping)),
        core_number=frozen_array(shells),
        paths=paths,
        frame_kind=net.frame_kind,
        undefined=_reasons(net, part, size, leading),
        provenance=Provenance.of(
            centralities,
            net,
            parameters={"paths": paths, "damping": damping, "directed": directed},
        ),
    )


def _components(net: Network) -> tuple[IntArray, IntArray]:
    """Weak component of every node, the largest first, and their sizes."""
    from scipy.sparse.csgraph import connected_components

    _, found = connected_components(net.matrix(), directed=False)
    size = np.bincount(found)
    first = np.unique(found, return_index=True)[1]
    order = np.lexsort((first, -size))
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return rank[found], size[order].astype(np.int64)


def _reasons(
    net: Network, part: IntArray, size: IntArray, leading: FloatArray
) -> tuple[Undefined, ...]:
    out = []
    if (size <= 2).any():
        small = "a component of one node has no paths, one of two nothing between"
        out.append(Undefined(reason=small, n=int((size[part] <= 2).sum())))
    if (np.isnan(leading) & (size[part] > 1)).any():
        why = "the eigenvector does not settle (no cycle of ties)"
        out.append(Undefined(reason=why, item="eigenvector", n=net.n))
    return tuple(out)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RichClub(Result):
    """How far nodes of high degree are tied with each other.

    Attributes
    ----------
    degree, members
        Degree k, and nodes with more ties than that.
    values, expected, ratio, p
        Share of possible ties among them, its mean over rewired networks, their ratio and
        one-sided p.
    n_draws
        Rewired networks.
    """

    degree: IntArray
    members: IntArray
    values: FloatArray
    expected: FloatArray
    ratio: FloatArray
    p: FloatArray
    n_draws: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per degree."""
        return {
            "degree": self.degree,
            "members": self.members,
            "value": self.values,
            "expected": self.expected,
            "ratio": self.ratio,
            "p": self.p,
        }

    def summary(self) -> str:
        """Give the largest ratio."""
        if not np.isfinite(self.ratio).any():
            return f"Rich club: undefined for all {self.degree.size} degrees"
        i = int(np.nanargmax(self.ratio))
        return (
            f"Rich club: above degree {self.degree[i]} {self.values[i]:.3f} of the ties "
            f"exist, {self.ratio[i]:.2f} times the rewired networks (p = {self.p[i]:.4g})"
        )

    def _draw(self, ax: Axes) -> None:
        ax.plot(self.degree, self.values, color="#D55E00", label="observed")
        ax.plot(self.degree, self.expected, color="#6B7280", label="rewired")
        ax.set(xlabel="degree above", ylabel="share of possible ties")
        ax.legend()


def rich_club(
    data: IntoFrame | Links,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    nodes: Sequence[str] | None = None,
    inference: MonteCarlo = MonteCarlo(n=199),  # noqa: B008  frozen
) -> RichClub:
    r"""Measure whether well-tied nodes are tied with each other beyond what degrees give.

    Use against the rewired ratio only: the raw coefficient rises with degree in every
    network.

    Parameters
    ----------
    data, origin, destination, weight, nodes
        As in `strength_distribution`; direction and weights are not read beyond whether
        there is a tie.
    inference
        Rewired networks with the same degrees.

    Returns
    -------
    RichClub
        Per degree k: share of possible ties among nodes of degree above k, in [0, 1],
        expectation, ratio and p. NaN with a reason when there is no tie.

    Raises
    ------
    InvalidTableError
        If there is no node, or a weight is negative, missing or infinite.
    AlignmentError
        If an end of a tie is not among `nodes`.

    Notes
    -----
    .. math:: \phi(k) = \frac{2 E_{>k}}{N_{>k}(N_{>k} - 1)}

    for degrees with two or more nodes above them. O(ties) per draw.

    References
    ----------
    Colizza et al. 2006, doi:10.1038/nphys209.

    See Also
    --------
    core_periphery : A core of any size.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> ties = pa.table({"origin": list("aaabbc"), "destination": list("bcdceb")[:5] + ["f"],
    ...                  "weight": [1.0] * 6})
    >>> found = ag.rich_club(ties, inference=ag.MonteCarlo(n=99, seed=1))
    >>> found.values.round(3).tolist()
    [0.4, 1.0, 1.0]
    """
    net = read_network(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=False,
        nodes=nodes,
    ).without_loops()
    degree = np.bincount(np.concatenate([net.origin, net.destination]), minlength=net.n)
    above = np.array([(degree > k).sum() for k in range(int(degree.max()) + 1)])
    k = np.flatnonzero(above >= 2)
    entropy = entropy_of(inference.seed)
    phi = _rich(net, degree, above, k)
    null = np.full((1, k.size), np.nan)
    if k.size:
        null = monte_carlo(
            lambda rng, size: np.stack(
                [_rich(o, degree, above, k) for o in rewired_networks(net, rng, size)]
            ),
            n=inference.n,
            seed=entropy,
            block_size=16,
        )
    mean = null.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = phi / mean
    p = (1.0 + (null >= phi - 1e-12).sum(axis=0)) / (1.0 + null.shape[0])
    none = Undefined(reason="no two nodes have a tie", item="phi")
    return RichClub(
        degree=frozen_array(k.astype(np.int64)),
        members=frozen_array(above[k].astype(np.int64)),
        values=frozen_array(phi),
        expected=frozen_array(mean),
        ratio=frozen_array(ratio),
        p=frozen_array(p),
        n_draws=inference.n,
        frame_kind=net.frame_kind,
        undefined=() if k.size else (none,),
        provenance=Provenance.of(
            rich_club, net, parameters={"n": inference.n}, seed=entropy
        ),
    )


def _rich(net: Network, degree: IntArray, above: IntArray, k: IntArray) -> FloatArray:
    lower = np.minimum(degree[net.origin], degree[net.destination])
    inside = np.cumsum(np.bincount(lower, minlength=above.size)[::-1])[::-1]
    ties = np.append(inside[1:], 0)[k]
    members = above[k].astype(np.float64)
    return 2.0 * ties / (members * (members - 1.0))
