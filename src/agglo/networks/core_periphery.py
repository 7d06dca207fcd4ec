"""One core and a periphery around it: who belongs to it, and whether it is more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import ConvergenceError
from agglo.core.inference import mc_pvalue
from agglo.core.options import MonteCarlo, check_choice, check_number
from agglo.core.parallel import entropy_of, generator
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.networks._kernels import core_periphery as kernels
from agglo.networks._network import Network, read_network
from agglo.networks._rewiring import compiled_seed, rewired_statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.tables import Links
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["CorePeriphery", "core_periphery"]

# relative fall of the sum of squares in a round
_TOLERANCE = 1e-9
_MAX_STEPS = 100_000


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CorePeriphery(Result):
    """A core and its periphery.

    Attributes
    ----------
    nodes, coreness, is_core
        Node, degree of belonging to the core (0 or 1 for the discrete method, length 1
        for the continuous one), and membership of the core.
    rho
        Correlation of the network with the ideal pattern.
    p, z
        Against rewired networks; NaN when not asked for.
    method, pattern
        What was maximised.
    n_draws
        Rewired networks.
    """

    nodes: NDArray[np.str_]
    coreness: FloatArray
    is_core: BoolArray
    rho: float
    p: float
    z: float
    method: str
    pattern: str
    n_draws: int

    @property
    def core(self) -> tuple[str, ...]:
        """Give the nodes of the core."""
        return tuple(self.nodes[self.is_core].tolist())

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node."""
        return {"node": self.nodes, "value": self.coreness, "is_core": self.is_core}

    def summary(self) -> str:
        """Give the fit, the core and the test."""
        shown = ", ".join(self.core[:10]) + (", …" if len(self.core) > 10 else "")
        tested = (
            f"; p = {self.p:.4g}, z = {self.z:.2f} ({self.n_draws} rewired networks)"
            if self.n_draws
            else ""
        )
        return (
            f"Core of {len(self.core)} of {self.nodes.size} nodes ({self.method}, "
            f"{self.pattern}): rho = {self.rho:.4f}{tested}\ncore: {shown or 'none'}"
        )

    def _draw(self, ax: Axes) -> None:
        order = np.argsort(-self.coreness, kind="stable")
        colour = np.where(self.is_core[order], "#D55E00", "#6B7280")
        ax.bar(np.arange(order.size), self.coreness[order], color=colour)
        ax.set(xlabel="node", ylabel="coreness")


def core_periphery(
    data: IntoFrame | Links,
    *,
    method: Literal["borgatti_everett", "minres"] = "borgatti_everett",
    pattern: Literal["either", "core_core"] = "either",
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    nodes: Sequence[str] | None = None,
    n_starts: int = 20,
    seed: int | None = None,
    inference: MonteCarlo | None = MonteCarlo(n=199),  # noqa: B008  frozen
) -> CorePeriphery:
    r"""Find the core that is tied with everyone, and test it against networks like it.

    Use for one centre; several centres with their own surroundings are `communities`.
    Unequal strengths alone give a core: read p, not rho.

    Parameters
    ----------
    data
        As in `strength_distribution`; ties inside a node are left out.
    method
        ``"borgatti_everett"``: members or not; ``"minres"``: a degree of membership.
    pattern
        Ideal of the discrete method: ties if ``"either"`` end is in the core, or only
        inside it (``"core_core"``). Not read by ``"minres"``.
    origin, destination, weight, directed, nodes
        As in `strength_distribution`.
    n_starts
        Starts of the discrete search: the strongest tenth, and random cores.
    seed
        Of the starts; ``None`` draws entropy and records it.
    inference
        Rewired networks (same degrees; weights travel with ties); ``None`` for no test.

    Returns
    -------
    CorePeriphery
        Core, coreness, rho in [−1, 1], one-sided p. NaN with a reason for fewer than four
        nodes and for a constant network (none or all tied equally), and no test where
        degrees leave nothing to rewire.

    Raises
    ------
    InvalidTableError
        If there is no node, or a weight is negative, missing or infinite.
    AlignmentError
        If an end of a tie is not among `nodes`.
    OptionError
        If an option is not admissible.
    ConvergenceError
        If the continuous coreness does not settle.

    Notes
    -----
    .. math:: \rho = \mathrm{corr}(A_{ab}, \Delta_{ab}), \; a \ne b

    Discrete: best single flips until none gains; equal fits keep the smaller core.
    O(nodes) per flip. Continuous: :math:`\Delta_{ab} = c_a c_b` with c that minimises
    :math:`\sum_{a \ne b} (A_{ab} - c_a c_b)^2`, direction averaged; its members are the
    first k nodes by c whose discrete pattern fits best. Networks in several parts have one
    core over all parts.

    References
    ----------
    Borgatti and Everett 2000, doi:10.1016/S0378-8733(99)00019-2; Boyd et al. 2010,
    doi:10.1016/j.socnet.2009.09.003; Maslov and Sneppen 2002,
    doi:10.1126/science.1065103.

    See Also
    --------
    core_count : Cores by strength alone.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> star = pa.table({"origin": ["a"] * 4, "destination": list("bcde"),
    ...                  "weight": [1.0] * 4})
    >>> ag.core_periphery(star, directed=False, seed=1, inference=None).rho
    1.0
    """
    check_choice("method", method, ("borgatti_everett", "minres"))
    check_choice("pattern", pattern, ("either", "core_core"))
    n_starts = int(check_number("n_starts", n_starts, minimum=1, integer=True))
    net = read_network(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=nodes,
    ).without_loops()
    entropy = entropy_of(seed)
    search = _Search(method=method, either=pattern == "either", n_starts=n_starts)
    found = search.run(net, generator(entropy, 0))
    p = z = float("nan")
    draws = 0
    reasons: tuple[Undefined, ...] = ()
    if np.isnan(found.rho):
        few = net.n < 4
        why = "fewer than four nodes" if few else "the network is constant"
        reasons = (Undefined(reason=why, item="rho"),)
    elif inference is not None:
        null = rewired_statistics(
            net,
            lambda other, rng: search.run(other, rng).rho,
            draws=inference.n,
            entropy=entropy_of(inference.seed),
        )
        draws = inference.n
        # equal on paper is not equal to the last bit
        p = float(mc_pvalue(found.rho - 1e-10, null, "greater"))
        spread = float(null.std(ddof=1)) if null.size > 1 else 0.0
        z = (found.rho - float(null.mean())) / spread if spread > 1e-9 else z
    return CorePeriphery(
        nodes=frozen_array(net.nodes),
        coreness=frozen_array(found.coreness),
        is_core=frozen_array(found.core),
        rho=found.rho,
        p=p,
        z=z,
        method=method,
        pattern=pattern,
        n_draws=draws,
        frame_kind=net.frame_kind,
        undefined=reasons,
        provenance=Provenance.of(
            core_periphery,
            net,
            parameters={
                "method": method,
                "pattern": pattern,
                "n_starts": n_starts,
                "inference": inference,
            },
            seed=entropy,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    coreness: FloatArray
    core: BoolArray
    rho: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """A + A' as compressed rows, with sums over the ordered cells of A."""

    indptr: IntArray
    indices: IntArray
    weight: FloatArray
    total: float
    squares: float


def _cells(net: Network) -> _Cells:
    from scipy.sparse import csr_array

    a = net.matrix()
    both = csr_array(a + a.T)
    both.sort_indices()
    return _Cells(
        indptr=both.indptr.astype(np.int64),
        indices=both.indices.astype(np.int64),
        weight=both.data.astype(np.float64),
        total=float(a.sum()),
        squares=float((a.data**2).sum()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    method: str
    either: bool
    n_starts: int

    def run(self, net: Network, rng: np.random.Generator) -> _Found:
        if net.n < 4:
            none = np.zeros(net.n, dtype=bool)
            return _Found(coreness=np.full(net.n, np.nan), core=none, rho=float("nan"))
        cells = _cells(net)
        if self.method == "minres":
            return self._continuous(cells)
        core, rho = kernels.best_core(
            cells.indptr,
            cells.indices,
            cells.weight,
            cells.total,
            cells.squares,
            self.either,
            self.n_starts,
            compiled_seed(rng),
        )
        values = np.where(np.isnan(rho), np.nan, core.astype(np.float64))
        return _Found(coreness=values, core=core, rho=float(rho))

    def _continuous(self, cells: _Cells) -> _Found:
        rows = (cells.indptr, cells.indices)
        c, settled = kernels.coreness(*rows, cells.weight / 2.0, _TOLERANCE, _MAX_STEPS)
        if not settled:
            msg = f"Coreness did not settle in {_MAX_STEPS} steps; use the discrete method."
            raise ConvergenceError(msg)
        sums = (cells.total, cells.squares)
        rho = float(kernels.fit_of_coreness(*rows, cells.weight, c, *sums))
        if np.isnan(rho):
            none = np.zeros(c.size, dtype=bool)
            return _Found(coreness=np.full(c.size, np.nan), core=none, rho=rho)
        core = kernels.best_prefix(*rows, cells.weight, c, *sums, self.either)
        return _Found(coreness=c / np.sqrt((c**2).sum()), core=core, rho=rho)
