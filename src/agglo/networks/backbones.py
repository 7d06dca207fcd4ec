"""Which ties exceed what chance would give: the backbone of a network."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import NumericsWarning
from agglo.core.inference import fdr
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.networks._kernels import backbones as kernels
from agglo.networks._network import Network, read_network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.tables import Links
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = ["Backbone", "backbone"]

_METHODS = ("disparity", "noise_corrected", "maximum_spanning_tree")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Backbone(Result):
    """Ties with their p-values, and which of them stay.

    Attributes
    ----------
    nodes
        Labels.
    origin, destination, weight
        Ends (positions in `nodes`) and weight of every tie.
    p
        P-value, corrected where asked for; NaN for the spanning tree.
    kept
        Whether the tie stays.
    method
        What decided.
    """

    nodes: NDArray[np.str_]
    origin: IntArray
    destination: IntArray
    weight: FloatArray
    p: FloatArray
    kept: BoolArray
    method: str

    @property
    def edges_kept(self) -> int:
        """Give the number of ties that stay."""
        return int(self.kept.sum())

    @property
    def weight_share(self) -> float:
        """Give the share of weight that stays; NaN without ties."""
        total = self.weight.sum()
        return float(self.weight[self.kept].sum() / total) if total else float("nan")

    @property
    def isolated(self) -> tuple[str, ...]:
        """Give the nodes that keep no tie."""
        ends = np.concatenate([self.origin[self.kept], self.destination[self.kept]])
        alone = np.bincount(ends, minlength=self.nodes.size) == 0
        return tuple(self.nodes[alone].tolist())

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per tie."""
        return {
            "origin": self.nodes[self.origin],
            "destination": self.nodes[self.destination],
            "weight": self.weight,
            "p": self.p,
            "kept": self.kept,
        }

    def summary(self) -> str:
        """Give what stays: ties, weight, isolated nodes."""
        return (
            f"Backbone ({self.method}): {self.edges_kept} of {self.weight.size} ties, "
            f"{self.weight_share:.1%} of the weight; {len(self.isolated)} of "
            f"{self.nodes.size} nodes isolated"
        )

    def _draw(self, ax: Axes) -> None:
        for keep, colour in ((False, "#9CA3AF"), (True, "#D55E00")):
            some = self.kept == keep
            ax.scatter(
                np.arange(self.weight.size)[some],
                self.weight[some],
                s=6,
                color=colour,
                label="kept" if keep else "dropped",
            )
        ax.set(xlabel="tie", ylabel="weight")
        ax.legend()


def backbone(
    data: IntoFrame | Links,
    *,
    method: Literal[
        "disparity", "noise_corrected", "maximum_spanning_tree"
    ] = "disparity",
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = True,
    nodes: Sequence[str] | None = None,
    alpha: float = 0.05,
    keep: Literal["either", "both"] = "either",
    correction: Literal["bonferroni", "fdr"] | None = None,
    preset: Literal["agglo", "netbone"] = "agglo",
) -> Backbone:
    r"""Keep the ties that exceed what the strengths of their ends would give by chance.

    Use before drawing or before counting structure in a dense network; not to test one tie
    chosen beforehand.

    Parameters
    ----------
    data
        As in `strength_distribution`; ties inside a node are left out before any sum.
    method
        ``"disparity"``: the tie is a large part of its node's strength;
        ``"noise_corrected"``: the tie is more than both strengths give, for counts;
        ``"maximum_spanning_tree"``: the heaviest ties that join everything.
    origin, destination, weight, directed, nodes
        As in `strength_distribution`.
    alpha
        Level, in (0, 1); not read by the spanning tree.
    keep
        For the disparity filter: whether the tie must stand out at ``"either"`` end or at
        ``"both"``.
    correction
        For many ties: ``"bonferroni"``, ``"fdr"`` or none.
    preset
        ``"netbone"`` reproduces that package's noise_corrected: total of weights instead
        of strengths, which doubles the expectation, and a strict inequality.

    Returns
    -------
    Backbone
        Every tie with p and whether it stays. An end with one tie has p = 1. Without any
        tie the result has no row, with a reason.

    Raises
    ------
    InvalidTableError
        If there is no node, or a weight is negative, missing or infinite.
    AlignmentError
        If an end of a tie is not among `nodes`.
    OptionError
        If an option is not admissible.

    Warns
    -----
    NumericsWarning
        If ``noise_corrected`` had to round weights to whole numbers.

    Notes
    -----
    Disparity :math:`p = (1 - w/s)^{k-1}`, out of the origin and into the destination
    (undirected: at both ends). Noise-corrected :math:`p = P(X \ge w)`, X binomial with
    :math:`N = \sum s` trials and chance :math:`s_a s_b/N^2` (undirected N = 2W; directed
    out-strength of the origin, in-strength of the destination, N = W). The tree is a
    forest when the network is in parts; ties of equal weight in order of labels; direction
    is not read. O(ties log ties).

    References
    ----------
    Serrano, Boguñá and Vespignani 2009, doi:10.1073/pnas.0808904106; Coscia and Neffke
    2017, doi:10.1109/ICDE.2017.100 (the idea; the binomial tail is inferred).

    See Also
    --------
    dominant_flow : The largest tie of every node only.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> flows = pa.table({"origin": ["a", "a", "a"], "destination": ["b", "c", "d"],
    ...                   "weight": [8.0, 1.0, 1.0]})
    >>> ag.backbone(flows).p.round(2).tolist()
    [0.04, 0.81, 0.81]
    """
    check_choice("method", method, _METHODS)
    check_number("alpha", alpha, minimum=0, maximum=1, open_ends=True)
    check_choice("keep", keep, ("either", "both"))
    check_choice("preset", preset, ("agglo", "netbone"))
    if correction is not None:
        check_choice("correction", correction, ("bonferroni", "fdr"))
    net = read_network(
        data,
        origin=origin,
        destination=destination,
        weight=weight,
        directed=directed,
        nodes=nodes,
    ).without_loops()
    notes: tuple[str, ...] = ()
    if method == "maximum_spanning_tree":
        order = np.argsort(-net.weight, kind="stable")
        kept = kernels.spanning_forest(net.origin, net.destination, order, net.n)
        p = np.full(net.weight.size, np.nan)
    else:
        if method == "disparity":
            p = _disparity(net, keep)
        else:
            p, notes = _noise_corrected(net, preset)
        p = _corrected(p, correction)
        kept = p < alpha if method == "disparity" else p <= alpha
    for note in notes:
        warnings.warn(note, NumericsWarning, stacklevel=2)
    reason = Undefined(reason="there is no tie between two nodes", item="p")
    return Backbone(
        nodes=frozen_array(net.nodes),
        origin=frozen_array(net.origin),
        destination=frozen_array(net.destination),
        weight=frozen_array(net.weight),
        p=frozen_array(p),
        kept=frozen_array(np.asarray(kept, dtype=bool)),
        method=method,
        frame_kind=net.frame_kind,
        undefined=() if p.size else (reason,),
        provenance=Provenance.of(
            backbone,
            net,
            parameters={
                "method": method,
                "alpha": alpha,
                "keep": keep,
                "correction": correction,
                "preset": preset,
            },
            warnings=notes,
        ),
    )


def _disparity(net: Network, keep: str) -> FloatArray:
    if net.directed:
        one = kernels.disparity(net.origin, net.weight, net.n)
        other = kernels.disparity(net.destination, net.weight, net.n)
    else:
        m = net.weight.size
        ends = np.concatenate([net.origin, net.destination])
        both = kernels.disparity(ends, np.tile(net.weight, 2), net.n)
        one, other = both[:m], both[m:]
    return np.minimum(one, other) if keep == "either" else np.maximum(one, other)


def _noise_corrected(net: Network, preset: str) -> tuple[FloatArray, tuple[str, ...]]:
    whole = np.rint(net.weight)
    notes: tuple[str, ...] = ()
    if not np.array_equal(whole, net.weight):
        notes = ("noise_corrected needs whole numbers: weights were rounded",)
    out = np.bincount(net.origin, whole, minlength=net.n).astype(np.float64)
    into = np.bincount(net.destination, whole, minlength=net.n).astype(np.float64)
    if not net.directed:
        out = into = out + into
    total = float(whole.sum() if preset == "netbone" else out.sum())
    if total == 0:
        return np.ones(whole.size), notes
    ends = (out[net.origin], into[net.destination])
    strict = preset == "netbone"
    return kernels.noise_corrected(whole, ends, total, strict=strict), notes


def _corrected(p: FloatArray, correction: str | None) -> FloatArray:
    if correction == "bonferroni":
        return np.minimum(p * p.size, 1.0)
    return fdr(p) if correction == "fdr" else p
