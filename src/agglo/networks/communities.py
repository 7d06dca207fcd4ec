"""Which nodes belong together: communities, their stability and their significance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError
from agglo.core.frames import encode_labels, frame_kind, require_columns, to_arrow
from agglo.core.inference import mc_pvalue
from agglo.core.options import MonteCarlo, check_number
from agglo.core.parallel import entropy_of, generator, monte_carlo
from agglo.core.partitions import adjusted_rand, joint_counts, normalised_information
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.networks._kernels import communities as kernels
from agglo.networks._network import Network, read_network
from agglo.networks._rewiring import compiled_seed, rewired_statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.tables import Links
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = [
    "Communities",
    "PartitionAgreement",
    "communities",
    "compare_partitions",
]

_CONSENSUS_NODES = 2_000
_CONSENSUS_ROUNDS = 20


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Communities(Result):
    """Communities of a network.

    Attributes
    ----------
    nodes, label
        Node and its community: the largest has 1.
    consensus
        Community under the consensus of all restarts.
    support
        Share of restarts in which a node lies with the others of its community, averaged
        over these; NaN for a community of one.
    modularity
        Of `label`, with weights and direction.
    stability
        Mean adjusted Rand index of the restarts with each other.
    p, z
        Against rewired networks; NaN when not asked for.
    n_restarts, n_draws
        Restarts and rewired networks.
    """

    nodes: NDArray[np.str_]
    label: IntArray
    consensus: IntArray
    support: FloatArray
    modularity: float
    stability: float
    p: float
    z: float
    n_restarts: int
    n_draws: int

    @property
    def n_communities(self) -> int:
        """Give the number of communities."""
        return int(self.label.max())

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node."""
        return {
            "node": self.nodes,
            "community": self.label,
            "consensus": self.consensus,
            "support": self.support,
        }

    def summary(self) -> str:
        """Give number, modularity, stability and the test."""
        tested = f"; p = {self.p:.4g}, z = {self.z:.1f}" if self.n_draws else ""
        return (
            f"{self.n_communities} communities of {self.nodes.size} nodes, modularity "
            f"{self.modularity:.4f}{tested}\n"
            f"stability {self.stability:.3f} over {self.n_restarts} restarts; consensus "
            f"has {int(self.consensus.max())} communities"
        )

    def _draw(self, ax: Axes) -> None:
        sizes = np.bincount(self.label)[1:]
        ax.bar(np.arange(1, sizes.size + 1), sizes)
        ax.set(xlabel="community", ylabel="nodes")


def communities(
    data: IntoFrame | Links,
    *,
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    nodes: Sequence[str] | None = None,
    self_loops: bool = False,
    resolution: float = 1.0,
    n_restarts: int = 50,
    seed: int | None = None,
    inference: MonteCarlo | None = None,
) -> Communities:
    r"""Find groups of nodes that are tied more with each other than their strengths say.

    Use to see regions of exchange; not as proof of groups: random networks have
    communities too, which is what `inference` tests.

    Parameters
    ----------
    data, origin, destination, weight, directed, nodes, self_loops
        As in `strength_distribution`.
    resolution
        Above 1 more and smaller communities, below 1 fewer.
    n_restarts
        Runs from random orders; the best is reported.
    seed
        Of the restarts; ``None`` draws entropy and records it.
    inference
        Rewired networks (same degrees, weights travel with ties) whose best modularity,
        over up to five restarts on either side and without loops, is compared; ``None`` for no test.

    Returns
    -------
    Communities
        Best partition, its modularity recomputed with weights and direction, stability
        over restarts, consensus, support per node. Without ties every node is its own
        community and modularity is NaN, with a reason; so is a node without a tie.

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
    .. math:: Q = \frac1W \sum_{ab} \Bigl(A_{ab} - \gamma
              \frac{s_a^{out} s_b^{in}}{W}\Bigr) 1[c_a = c_b]

    Louvain's local moving and merging with two additions: communities are split into
    connected parts before merging, and rounds restart from the answer until nothing moves.
    Consensus: louvain on the matrix of co-membership above one half, repeated until all
    runs agree; up to 2,000 nodes, above that it is the best partition. O(ties) per round.

    References
    ----------
    Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008; Leicht and Newman 2008,
    doi:10.1103/PhysRevLett.100.118703; Traag et al. 2019, doi:10.1038/s41598-019-41695-z
    (connected parts); Lancichinetti and Fortunato 2012, doi:10.1038/srep00336.

    See Also
    --------
    compare_partitions : Agreement with another division.
    core_periphery : One centre instead of many groups.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> ties = pa.table({"origin": list("aabddec"), "destination": list("bccefff")[:6] + ["d"],
    ...                  "weight": [1.0] * 7})
    >>> found = ag.communities(ties, directed=False, seed=1, n_restarts=5)
    >>> round(found.modularity, 4)
    0.3571
    """
    check_number("resolution", resolution, minimum=0, maximum=1e6, open_ends=True)
    n_restarts = int(check_number("n_restarts", n_restarts, minimum=1, integer=True))
    net = read_network(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=nodes,
    )
    net = net if self_loops else net.without_loops()
    entropy = entropy_of(seed)
    runs, quality = _restarts(net, resolution, n_restarts, entropy)
    best = int(np.argmax(quality))
    label = _by_size(runs[best])
    agreed = _consensus(net, runs, entropy, label)
    p, z, drawn = _tested(net, resolution, n_restarts, inference)
    empty = net.weight.size == 0
    reason = Undefined(reason="there is no tie: modularity is undefined", item="Q")
    return Communities(
        nodes=frozen_array(net.nodes),
        label=frozen_array(label),
        consensus=frozen_array(agreed),
        support=frozen_array(_support(label, runs)),
        modularity=float("nan") if empty else float(quality[best]),
        stability=float("nan") if empty else _stability(runs),
        p=p,
        z=z,
        n_restarts=n_restarts,
        n_draws=drawn,
        frame_kind=net.frame_kind,
        undefined=(reason,) if empty else (),
        provenance=Provenance.of(
            communities,
            net,
            parameters={
                "resolution": resolution,
                "n_restarts": n_restarts,
                "self_loops": self_loops,
                "inference": inference,
            },
            seed=entropy,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """A and A + A' as compressed rows."""

    full: tuple[IntArray, IntArray, FloatArray]
    both: tuple[IntArray, IntArray, FloatArray]
    out: FloatArray
    into: FloatArray
    total: float


def _rows(net: Network) -> _Rows:
    from scipy.sparse import csr_array, diags_array

    a = net.matrix()
    both = csr_array(a + a.T)
    both = csr_array(both - diags_array(both.diagonal()))
    both.eliminate_zeros()
    both.sort_indices()

    def parts(m: csr_array) -> tuple[IntArray, IntArray, FloatArray]:
        return m.indptr.astype(np.int64), m.indices.astype(np.int64), m.data

    return _Rows(
        full=parts(a),
        both=parts(both),
        out=np.asarray(a.sum(axis=1), dtype=np.float64),
        into=np.asarray(a.sum(axis=0), dtype=np.float64),
        total=float(a.sum()),
    )


def _one_run(rows: _Rows, resolution: float, seed: int) -> tuple[IntArray, float]:
    kernels.seeded(seed)
    label = kernels.louvain(*rows.both, rows.out, rows.into, rows.total, resolution)
    return label, float(kernels.modularity(*rows.full, label, resolution))


def _restarts(
    net: Network, resolution: float, n: int, entropy: int
) -> tuple[IntArray, FloatArray]:
    """Labels of every run, (runs, nodes), and their modularity."""
    if net.weight.size == 0:
        alone = np.arange(net.n, dtype=np.int64)
        return np.tile(alone, (n, 1)), np.full(n, np.nan)
    rows = _rows(net)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, net.n + 1))
        for i in range(size):
            out[i, :-1], out[i, -1] = _one_run(rows, resolution, compiled_seed(rng))
        return out

    found = monte_carlo(draw, n=n, seed=entropy, block_size=8)
    return found[:, :-1].astype(np.int64), found[:, -1]


def _by_size(label: IntArray) -> IntArray:
    """Give communities numbers, from the largest; equal sizes by first member."""
    _, first, inverse, size = np.unique(
        label, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -size))
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(1, order.size + 1)
    return rank[inverse.reshape(-1)]


def _stability(runs: IntArray) -> float:
    if runs.shape[0] < 2:
        return float("nan")
    scores = [
        adjusted_rand(joint_counts(runs[i], runs[j]))
        for i in range(runs.shape[0])
        for j in range(i)
    ]
    return float(np.mean(scores))


def _support(label: IntArray, runs: IntArray) -> FloatArray:
    """Mean share of the others of its community that a node is with, over runs."""
    size = np.bincount(label)[label]
    met = np.zeros(label.size)
    for run in runs:
        k = int(run.max()) + 1
        met += np.bincount(label * k + run)[label * k + run] - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(size > 1, met / runs.shape[0] / (size - 1), np.nan)


def _consensus(net: Network, runs: IntArray, entropy: int, best: IntArray) -> IntArray:
    if net.n > _CONSENSUS_NODES or net.weight.size == 0:
        return best
    for step in range(_CONSENSUS_ROUNDS):
        together = np.zeros((net.n, net.n))
        for run in runs:
            together += run[:, None] == run[None, :]
        together /= runs.shape[0]
        if np.isin(together, (0.0, 1.0)).all():
            break
        a, b = np.nonzero(np.triu(together > 0.5, 1))
        joint = Network(
            nodes=net.nodes,
            origin=a.astype(np.int64),
            destination=b.astype(np.int64),
            weight=together[a, b],
            directed=False,
            frame_kind=net.frame_kind,
        )
        runs, _ = _restarts(joint, 1.0, runs.shape[0], entropy + step + 1)
    return _by_size(runs[0])


def _tested(
    net: Network,
    resolution: float,
    n_restarts: int,
    inference: MonteCarlo | None,
) -> tuple[float, float, int]:
    nan = float("nan")
    if inference is None or net.weight.size == 0:
        return nan, nan, 0
    tries = min(n_restarts, 5)

    def best_of(other: Network, rng: np.random.Generator) -> float:
        rows = _rows(other)
        return max(
            _one_run(rows, resolution, compiled_seed(rng))[1] for _ in range(tries)
        )

    # fewer tries than the observed had: with more they would only get better, so the
    # observed one is found again with as many
    entropy = entropy_of(inference.seed)
    plain = net.without_loops()
    rows = _rows(plain)
    rng = generator(entropy, 2)
    fair = max(_one_run(rows, resolution, compiled_seed(rng))[1] for _ in range(tries))
    drawn = rewired_statistics(plain, best_of, draws=inference.n, entropy=entropy)
    spread = float(drawn.std(ddof=1)) if drawn.size > 1 else nan
    z = (fair - float(drawn.mean())) / spread if spread > 0 else nan
    return float(mc_pvalue(fair, drawn, "greater")), z, inference.n


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PartitionAgreement(Result):
    """How two partitions of the same units agree.

    Attributes
    ----------
    adjusted_rand, normalised_information
        1 = equal; about 0 (Rand) for chance.
    n, n_one, n_other
        Units, and parts on either side.
    """

    adjusted_rand: float
    normalised_information: float
    n: int
    n_one: int
    n_other: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per index."""
        return {
            "index": ["adjusted_rand", "normalised_information"],
            "value": [self.adjusted_rand, self.normalised_information],
        }

    def summary(self) -> str:
        """Give both indices."""
        return (
            f"Adjusted Rand {self.adjusted_rand:.3f}, normalised mutual information "
            f"{self.normalised_information:.3f} ({self.n} units, {self.n_one} against "
            f"{self.n_other} parts)"
        )

    def _draw(self, ax: Axes) -> None:
        ax.bar(["ARI", "NMI"], [self.adjusted_rand, self.normalised_information])
        ax.set_ylim(min(0.0, self.adjusted_rand), 1.0)


def compare_partitions(
    data: IntoFrame,
    *,
    one: str = "one",
    other: str = "other",
) -> PartitionAgreement:
    r"""Measure how far two divisions of the same units agree.

    Use to compare communities with provinces, with clusters, or with those of another
    layer; labels need not correspond.

    Parameters
    ----------
    data
        One row per unit.
    one, other
        Columns of labels.

    Returns
    -------
    PartitionAgreement
        Adjusted Rand index (1 equal, 0 expected by chance, may be negative) and mutual
        information over the mean entropy (0 to 1). Two trivial equal divisions give 1.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        If there is no row or a label is missing.

    Notes
    -----
    O(n + parts squared).

    References
    ----------
    Hubert and Arabie 1985, doi:10.1007/BF01908075; Danon et al. 2005,
    doi:10.1088/1742-5468/2005/09/P09008.

    See Also
    --------
    communities : Where one of the divisions may come from.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> both = pa.table({"one": list("aabb"), "other": list("xxyz")})
    >>> round(ag.compare_partitions(both).adjusted_rand, 4)
    0.5714
    """
    table = to_arrow(data)
    require_columns(table, {"one": one, "other": other})
    if table.num_rows == 0:
        msg = "`data` has no row: there is nothing to compare."
        raise InvalidTableError(msg)
    first, a = encode_labels(table, one)
    second, b = encode_labels(table, other)
    joint = joint_counts(a, b)
    return PartitionAgreement(
        adjusted_rand=adjusted_rand(joint),
        normalised_information=normalised_information(joint),
        n=table.num_rows,
        n_one=first.size,
        n_other=second.size,
        frame_kind=frame_kind(data),
        provenance=Provenance.of(
            compare_partitions, table, parameters={"one": one, "other": other}
        ),
    )
