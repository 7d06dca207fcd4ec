"""How the layers of a network differ: ties, strengths and cores side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import AlignmentError, Problem
from agglo.core.frames import encode_labels, frame_kind, require_columns, to_arrow
from agglo.core.options import Bootstrap, MonteCarlo, Permutation, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.networks._events import EventStrengths, event_strengths
from agglo.networks._kernels.quadratic_assignment import permuted_products
from agglo.networks._network import Network, read_network, read_ties
from agglo.networks.cores import CoreRule, core_rule, find_cores, resampled_cores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["LayerComparison", "compare_layers"]

_SURE = 0.95
# strengths that are equal on paper differ in their last digits
_TIE = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LayerComparison(Result):
    """Pairs of layers, one row each.

    Attributes
    ----------
    one, other
        Layers.
    spearman
        Rank correlation of strengths over all nodes.
    correlation, p
        Correlation of the weights of pairs of nodes, and its permutation p.
    overlap
        Weight that both layers have in common, as shares: 1 = the same pattern.
    jaccard
        Ties in both over ties in either.
    cores_one, cores_other
        Cores of the layers, joined by commas.
    differ_share
        Share of joint resamples of events with different cores; NaN when not asked for.
    verdict
        ``layers_differ``, ``layers_agree`` or ``undecided``.
    n_nodes, n_draws
        Nodes, and resamples.
    """

    one: tuple[str, ...]
    other: tuple[str, ...]
    spearman: FloatArray
    correlation: FloatArray
    p: FloatArray
    overlap: FloatArray
    jaccard: FloatArray
    cores_one: tuple[str, ...]
    cores_other: tuple[str, ...]
    differ_share: FloatArray
    verdict: tuple[str, ...]
    n_nodes: int
    n_draws: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair of layers."""
        return {
            "one": list(self.one),
            "other": list(self.other),
            "spearman": self.spearman,
            "correlation": self.correlation,
            "p": self.p,
            "overlap": self.overlap,
            "jaccard": self.jaccard,
            "cores_one": list(self.cores_one),
            "cores_other": list(self.cores_other),
            "differ_share": self.differ_share,
            "verdict": list(self.verdict),
        }

    def summary(self) -> str:
        """Give one line per pair of layers."""
        return "\n".join(
            f"{a} and {b}: {v}; Spearman of strengths {s:.3f}, overlap {o:.3f}, cores "
            f"{{{x}}} and {{{y}}} differ in {d:.1%} of {self.n_draws} resamples"
            for a, b, v, s, o, x, y, d in zip(
                self.one,
                self.other,
                self.verdict,
                self.spearman,
                self.overlap,
                self.cores_one,
                self.cores_other,
                self.differ_share,
                strict=True,
            )
        )

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.one))
        ax.barh(place - 0.2, self.spearman, height=0.4, label="Spearman of strengths")
        ax.barh(place + 0.2, self.overlap, height=0.4, label="overlap of weights")
        ax.set_yticks(
            place, [f"{a}, {b}" for a, b in zip(self.one, self.other, strict=True)]
        )
        ax.legend()


def compare_layers(
    data: IntoFrame,
    *,
    layer: str = "layer",
    event: str | None = "event",
    origin: str = "origin",
    destination: str = "destination",
    weight: str | None = "weight",
    directed: bool = False,
    nodes: Sequence[str] | None = None,
    self_loops: bool = False,
    k_max: int = 6,
    min_gap: float = 0.4054651081081644,
    null: MonteCarlo = MonteCarlo(n=9999, seed=1),  # noqa: B008  frozen
    permutation: Permutation | None = None,
    inference: Bootstrap | None = Bootstrap(n=500),  # noqa: B008  frozen
) -> LayerComparison:
    r"""Ask whether layers of ties have the same pattern and the same cores.

    Use for branch offices against co-patents, or one period against another; layers may
    have different units, since shares and ranks are compared.

    Parameters
    ----------
    data
        One row per elementary tie, with its layer and the event it belongs to.
    layer
        Column of layers; all pairs are compared.
    event
        Column of events, resampled whole within a layer; ``None`` resamples rows.
    origin, destination, weight
        Columns, as in `strength_distribution`.
    directed
        Whether pairs of nodes are ordered when ties are compared.
    nodes, self_loops
        As in `strength_distribution`; strengths sum both directions.
    k_max, min_gap, null
        The rule of `core_count`.
    permutation
        Relabellings of one layer that test the correlation; ``None`` for no test.
    inference
        Resamples of both layers' events; ``None`` for none.

    Returns
    -------
    LayerComparison
        Per pair of layers: Spearman, correlation, overlap, Jaccard, cores, share of
        resamples in which cores differ. Verdict ``layers_differ`` from 95 % on,
        ``layers_agree`` up to 5 %, else ``undecided`` (ours). NaN with a reason where a
        layer has no tie or equal strengths.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        If a weight is negative, missing or infinite, or a layer is missing.
    AlignmentError
        If there are fewer than two layers, or an end is not among `nodes`.
    OptionError
        If an option is not admissible.

    Notes
    -----
    Overlap :math:`\sum \min(w_{ab}/W, w'_{ab}/W')`. Correlation over all pairs of nodes, zeros
    included. O(ties) per pair of layers and O(nodes²) per permutation.

    References
    ----------
    Spearman 1904, doi:10.2307/1412159; Krackhardt 1988,
    doi:10.1016/0378-8733(88)90004-4.

    See Also
    --------
    core_count_bootstrap : One layer alone.
    mrqap : One layer explained by others.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> ties = pa.table({"layer": ["b"] * 3 + ["c"] * 3, "event": [1, 2, 3] * 2,
    ...     "origin": list("aabaac"), "destination": list("bccbcd"), "weight": [3.0, 2, 1] * 2})
    >>> found = ag.compare_layers(ties, inference=None)
    >>> round(float(found.overlap[0]), 4)
    0.8333
    """
    rule = core_rule(k_max, min_gap, null.n, entropy_of(null.seed))
    check_number("null", null.n, minimum=1)
    table = to_arrow(data)
    columns = {"origin": origin, "destination": destination, "weight": weight}
    require_columns(table, {"layer": layer, "event": event, **columns})
    names, _ = encode_labels(table, layer)
    if names.size < 2:
        bad = Problem(code="too_few_layers", what=f"layers: {names.tolist()}")
        msg = "Layers are compared in pairs; `data` has fewer than two."
        raise AlignmentError(msg, [bad])
    known = read_ties(table, columns, nodes)[0].tolist()
    text = pc.cast(table[layer], pa.string())
    parts = [
        _Layer.read(
            table.filter(pc.equal(text, str(name))),
            str(name),
            columns,
            event,
            known,
            directed=directed,
            self_loops=self_loops,
        )
        for name in names
    ]
    entropy = entropy_of(None if inference is None else inference.seed)
    flags = [
        np.zeros((0, len(known)))
        if inference is None
        else resampled_cores(part.events, rule, inference.n, entropy, i)
        for i, part in enumerate(parts)
    ]
    pairs = [(i, j) for i in range(len(parts)) for j in range(i + 1, len(parts))]
    rows = [
        _pair(parts[i], parts[j], flags[i], flags[j], rule, permutation)
        for i, j in pairs
    ]
    return _wrapped(
        rows,
        n_nodes=len(known),
        n_draws=0 if inference is None else inference.n,
        kind=frame_kind(data),
        provenance=Provenance.of(
            compare_layers,
            *(part.network for part in parts),
            parameters={
                "directed": directed,
                "self_loops": self_loops,
                "k_max": k_max,
                "min_gap": min_gap,
                "null": null,
                "permutation": permutation,
                "inference": inference,
            },
            seed=entropy,
        ),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Layer:
    name: str
    network: Network
    events: EventStrengths

    @classmethod
    def read(
        cls,
        table: pa.Table,
        name: str,
        columns: Mapping[str, str | None],
        event: str | None,
        nodes: list[str],
        *,
        directed: bool,
        self_loops: bool,
    ) -> _Layer:
        network = read_network(
            table,
            origin=str(columns["origin"]),
            destination=str(columns["destination"]),
            weight=columns["weight"],
            directed=directed,
            nodes=nodes,
        ).without_loops()
        events = event_strengths(
            table,
            event=event,
            count=None,
            columns=columns,
            nodes=nodes,
            direction="total",
            self_loops=self_loops,
        )
        return cls(name=name, network=network, events=events)

    def cores(self, rule: CoreRule) -> IntArray:
        return find_cores(self.events.observed(), rule).chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    one: str
    other: str
    numbers: tuple[float, float, float, float, float, float]
    cores: tuple[str, str]
    verdict: str


def _pair(
    one: _Layer,
    other: _Layer,
    flags_one: FloatArray,
    flags_other: FloatArray,
    rule: CoreRule,
    permutation: Permutation | None,
) -> _Pair:
    first, second = one.cores(rule), other.cores(rule)
    differ = float("nan")
    if flags_one.size and flags_other.size:
        differ = float((flags_one != flags_other).any(axis=1).mean())
    verdict = "undecided"
    if differ >= _SURE:
        verdict = "layers_differ"
    elif differ <= 1.0 - _SURE:
        verdict = "layers_agree"
    overlap, jaccard = _shared(one.network, other.network)
    r, p = _correlated(one.network, other.network, permutation)
    rho = _spearman(one.events.observed(), other.events.observed())
    words = [", ".join(sorted(one.network.nodes[c].tolist())) for c in (first, second)]
    return _Pair(
        one=one.name,
        other=other.name,
        numbers=(rho, r, p, overlap, jaccard, differ),
        cores=(words[0], words[1]),
        verdict=verdict,
    )


def _spearman(a: FloatArray, b: FloatArray) -> float:
    from scipy.stats import rankdata

    ranks = [rankdata(np.round(x / max(x.max(), 1e-300) / _TIE)) for x in (a, b)]
    if min(np.ptp(r) for r in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _shared(one: Network, other: Network) -> tuple[float, float]:
    """Overlap of weight shares, and ties in both over ties in either."""
    if one.weight.size == 0 or other.weight.size == 0:
        return float("nan"), float("nan")
    keys = [net.origin * net.n + net.destination for net in (one, other)]
    _, i, j = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    shares = [net.weight / net.weight.sum() for net in (one, other)]
    overlap = float(np.minimum(shares[0][i], shares[1][j]).sum())
    return overlap, i.size / (keys[0].size + keys[1].size - i.size)


def _correlated(
    one: Network, other: Network, permutation: Permutation | None
) -> tuple[float, float]:
    n = one.n
    cells = n * (n - 1.0) / (1.0 if one.directed else 2.0)
    nan = float("nan")
    if cells < 3:
        return nan, nan
    means = [net.weight.sum() / cells for net in (one, other)]
    spreads = [
        float((net.weight**2).sum()) - cells * m * m
        for net, m in zip((one, other), means, strict=True)
    ]
    if min(spreads) <= 1e-12:
        return nan, nan
    a, b = one.matrix(), other.matrix()
    cross = float((a * b).sum()) * (1.0 if one.directed else 0.5)
    scale = float(np.sqrt(spreads[0] * spreads[1]))
    r = (cross - cells * means[0] * means[1]) / scale
    if permutation is None:
        return r, nan
    dense = [np.ascontiguousarray(m.toarray()) for m in (a, b)]

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        order = np.tile(np.arange(n, dtype=np.int64), (size, 1))
        order = rng.permuted(order, axis=1)
        return permuted_products(dense[0][None], dense[1], order)[:, 0]

    drawn = monte_carlo(draw, n=permutation.n, seed=entropy_of(permutation.seed))
    drawn *= 1.0 if one.directed else 0.5
    null = (drawn - cells * means[0] * means[1]) / scale
    above = (np.abs(null) >= abs(r) * (1.0 - _TIE)).sum()
    return r, float((1.0 + above) / (1.0 + permutation.n))


def _wrapped(
    rows: list[_Pair], *, n_nodes: int, n_draws: int, kind: str, provenance: Provenance
) -> LayerComparison:
    numbers = np.array([r.numbers for r in rows])
    names = ("spearman", "correlation", "p", "overlap", "jaccard", "differ_share")
    undefined = tuple(
        Undefined(
            reason="a layer has no tie between nodes, or equal strengths",
            item=f"{name} of {row.one} and {row.other}",
        )
        for row in rows
        for name, value in zip(names, row.numbers, strict=True)
        if np.isnan(value) and name not in ("p", "differ_share")
    )
    columns = [frozen_array(numbers[:, k]) for k in range(numbers.shape[1])]
    return LayerComparison(
        one=tuple(r.one for r in rows),
        other=tuple(r.other for r in rows),
        spearman=columns[0],
        correlation=columns[1],
        p=columns[2],
        overlap=columns[3],
        jaccard=columns[4],
        cores_one=tuple(r.cores[0] for r in rows),
        cores_other=tuple(r.cores[1] for r in rows),
        differ_share=columns[5],
        verdict=tuple(r.verdict for r in rows),
        n_nodes=n_nodes,
        n_draws=n_draws,
        frame_kind=kind,  # type: ignore[arg-type]  # one of the three kinds
        undefined=undefined,
        provenance=provenance,
    )
