"""The product space: a readable graph of a proximity."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NumericsWarning,
    OptionError,
)
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import monte_carlo
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.relatedness import _kernels_graph as kernels
from agglo.relatedness import _kernels_partitions as partitions
from agglo.relatedness._inputs import by_label
from agglo.relatedness.complexity_results import Complexity
from agglo.relatedness.periods import by_period

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.relatedness.relatedness_results import Proximity

__all__ = ["ProductSpace", "product_space"]

_KEEP = ("threshold", "average_degree", "disparity")


@dataclass(frozen=True, eq=False, kw_only=True)
class ProductSpace(Result):
    """Nodes with a place, and the links that are kept.

    Parameters
    ----------
    label
        Nodes, shape (n,).
    x, y
        Their place, within -1 and 1 unless given.
    pci
        Complexity; NaN when not given.
    prevalence
        Ubiquity (or diversity) of a node.
    total
        Size of the node as given; NaN without.
    part
        Connected part, from 0.
    community
        Community of the drawn graph, the largest is 0; a node without links is its own.
    modularity
        Of the communities, with weights; NaN without links.
    origin, destination, weight
        Links by position, each once, and their proximity.
    in_tree
        Whether a link belongs to the maximum spanning tree.
    threshold
        Proximity above (or from) which links were added; NaN when none was found.
    keep
        How links were added.
    """

    label: NDArray[np.str_]
    x: FloatArray
    y: FloatArray
    pci: FloatArray
    prevalence: FloatArray
    total: FloatArray
    part: IntArray
    community: IntArray
    modularity: float
    origin: IntArray
    destination: IntArray
    weight: FloatArray
    in_tree: BoolArray
    threshold: float
    keep: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node."""
        n = self.label.size
        degree = np.bincount(self.origin, minlength=n) + np.bincount(
            self.destination, minlength=n
        )
        return {
            "item": self.label,
            "x": self.x,
            "y": self.y,
            "pci": self.pci,
            "prevalence": self.prevalence,
            "total": self.total,
            "part": self.part,
            "community": self.community,
            "degree": degree,
        }

    def edges(self) -> pa.Table:
        """Give one row per link."""
        words = pa.array(self.label.tolist(), pa.string())
        return pa.table(
            {
                "origin": words.take(pa.array(self.origin)),
                "destination": words.take(pa.array(self.destination)),
                "weight": self.weight,
                "in_tree": self.in_tree,
            }
        )

    def summary(self) -> str:
        """Count nodes, links and parts."""
        return "\n".join(
            [
                f"product space of {self.label.size} nodes: {self.weight.size} links, "
                f"{int(self.in_tree.sum())} of them in the tree, "
                f"{np.unique(self.part).size} part(s); {self.keep} {self.threshold:g}",
                f"{np.unique(self.community).size} communities, modularity "
                f"{self.modularity:.4f}",
                *(f"note: {w}" for w in self.provenance.warnings),
            ]
        )

    def _draw(self, ax: Axes) -> None:
        from matplotlib.collections import LineCollection

        place = np.column_stack([self.x, self.y])
        lines = np.stack([place[self.origin], place[self.destination]], axis=1)
        ax.add_collection(LineCollection(list(lines), colors="0.8", linewidths=0.6))
        shade = self.pci if np.isfinite(self.pci).any() else self.prevalence
        ax.scatter(self.x, self.y, c=shade, s=14, zorder=2)
        ax.set_axis_off()


def _check_bars(
    threshold: float, average_links: float, step: float, level: float
) -> None:
    check_number("threshold", threshold, minimum=0.0, maximum=1e9)
    check_number("average_links", average_links, minimum=0.0)
    check_number("step", step, minimum=1e-4, maximum=0.5)
    check_number("level", level, minimum=0.0, maximum=1.0)


def _check_draws(n_restarts: int, **seeds: int) -> None:
    check_number("n_restarts", n_restarts, minimum=1, integer=True)
    for name, seed in seeds.items():
        check_number(name, seed, minimum=0, integer=True)


@by_period
def product_space(
    proximity: Proximity,
    *,
    keep: Literal["threshold", "average_degree", "disparity"] = "threshold",
    threshold: float = 0.55,
    average_links: float = 5.0,
    step: float = 0.05,
    level: float = 0.05,
    complexity: Complexity | None = None,
    total: Mapping[str, float] | None = None,
    layout: Mapping[str, tuple[float, float]] | None = None,
    layout_seed: int = 0,
    n_restarts: int = 20,
    seed: int = 0,
) -> ProductSpace:
    r"""Reduce a proximity to its spanning tree and its strongest links.

    Also: product space, industry space. Use to draw and to walk through; not to measure,
    which `relatedness_density` does with all links.

    Parameters
    ----------
    proximity
        Symmetric result of `proximity` or `cooccurrence_relatedness`.
    keep
        Beside the tree: ``"threshold"`` keeps from `threshold` on; ``"average_degree"``
        raises a bar by `step` until the mean degree is at most `average_links`, and keeps
        what is above; ``"disparity"`` keeps what stands out at either end.
    threshold
        0.55 in the figure of 2007, 0.3 in the Atlas since 2026.
    average_links, step
        Of ``"average_degree"``.
    level
        Of ``"disparity"``.
    complexity
        Gives nodes their index.
    total
        Label to a size that is carried along.
    layout
        Label to place, for example published coordinates; default a spring layout of the
        tree.
    layout_seed
        Of the spring layout: the same seed gives the same picture.
    n_restarts
        Runs of the community search, of which the one of highest modularity is kept.
    seed
        Of these runs.

    Returns
    -------
    ProductSpace
        Nodes with places and communities, links with their proximity.

    Raises
    ------
    InvalidTableError
        If the proximity is not symmetric or negative.
    OptionError
        If a choice does not exist or a number is out of range.
    AlignmentError
        If `layout` lacks nodes.

    Warns
    -----
    NumericsWarning
        If the proximity falls apart (then there is a forest), or no bar below 1 meets
        `average_links` (then there is the tree only).

    Notes
    -----
    The tree is the spanning tree of largest total proximity, ties to the smaller pair of
    labels, so it is unique. A proximity of 0 or NaN is no link. Communities are those of
    the drawn graph by local moving (Louvain), split where they fall apart. O(n^2 log n).

    References
    ----------
    Hidalgo et al. 2007, doi:10.1126/science.1144581; Serrano, Boguna and Vespignani 2009,
    doi:10.1073/pnas.0808904106; Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008
    (communities).

    See Also
    --------
    relatedness_density : How near a region is to a node.

    Examples
    --------
    >>> import pyarrow as pa, agglo.relatedness as rel
    >>> jobs = pa.table({"region": list("aaabbbccd"), "industry": list("wxyxyzyzz"),
    ...     "employment": [5.0, 4.0, 2.0, 4.0, 3.0, 2.0, 4.0, 4.0, 9.0]})
    >>> rel.product_space(rel.proximity(jobs)).edges()["weight"].to_pylist()
    [0.5, 0.5, 0.5]
    """
    check_choice("keep", keep, _KEEP)
    _check_bars(threshold, average_links, step, level)
    _check_draws(n_restarts, layout_seed=layout_seed, seed=seed)
    phi = _checked(proximity)
    (a, b, weight), n = kernels.pairs_of(phi), phi.shape[0]
    in_tree = kernels.tree_pairs(a, b, weight, n)
    part = kernels.parts_of(a[in_tree], b[in_tree], n)
    notes = []
    if part.max() > 0:
        notes.append(f"the proximity falls into {part.max() + 1} parts: a forest")
    bar, added = float(threshold), weight >= threshold
    if keep == "average_degree":
        bar = kernels.average_degree_threshold(weight, n, average_links, step)
        added = weight > bar
        if np.isnan(bar):
            notes.append("no threshold below 1 meets average_links=: only the tree")
    elif keep == "disparity":
        bar, added = float(level), kernels.significant(a, b, weight, n, level)
    for text in notes:
        warnings.warn(text, NumericsWarning, stacklevel=2)
    place = _places(proximity.label, layout, (a[in_tree], b[in_tree]), layout_seed)
    kept = in_tree | added
    links = (a[kept], b[kept], weight[kept])
    community, found = _communities(links, n, int(n_restarts), int(seed))
    return ProductSpace(
        provenance=Provenance.of(
            product_space,
            proximity.provenance.input_digest,
            phi,
            parameters={
                "keep": keep,
                "threshold": bar,
                "average_links": average_links,
                "step": step,
                "layout": "spring" if layout is None else "given",
                "layout_seed": layout_seed,
                "n_restarts": n_restarts,
            },
            seed=int(seed),
            warnings=(*proximity.provenance.warnings, *notes),
        ),
        frame_kind=proximity.frame_kind,
        undefined=_alone(proximity.label, a, b),
        label=proximity.label,
        x=frozen_array(place[:, 0].copy()),
        y=frozen_array(place[:, 1].copy()),
        pci=frozen_array(_index(proximity.label, complexity)),
        prevalence=proximity.prevalence,
        total=frozen_array(by_label("total", total, proximity.label)),
        part=frozen_array(part),
        community=frozen_array(community),
        modularity=found,
        origin=frozen_array(a[kept]),
        destination=frozen_array(b[kept]),
        weight=frozen_array(weight[kept]),
        in_tree=frozen_array(in_tree[kept]),
        threshold=bar,
        keep=keep,
    )


def _communities(
    links: tuple[IntArray, IntArray, FloatArray], n: int, runs: int, seed: int
) -> tuple[IntArray, float]:
    """Give the best of several runs, the largest community first, and its modularity."""
    if not links[2].size:
        return np.arange(n, dtype=np.int64), float("nan")
    rows = kernels.compressed(*links, n)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, n + 1))
        for i in range(size):
            out[i, :-1], out[i, -1] = kernels.communities(
                rows, int(rng.integers(2**32, dtype=np.uint64))
            )
        return out

    found = monte_carlo(draw, n=runs, seed=seed, block_size=8, n_jobs=1)
    # equal modularity up to rounding: the first run
    best = int(np.argmax(found[:, -1].round(12)))
    label = found[best, :-1].astype(np.int64)
    return partitions.by_size(label), float(found[best, -1])


def _alone(label: NDArray[np.str_], a: IntArray, b: IntArray) -> tuple[Undefined, ...]:
    linked = np.zeros(label.size, dtype=bool)
    linked[a] = linked[b] = True
    reason = "no proximity: a node without links"
    return tuple(Undefined(reason=reason, item=str(i)) for i in label[~linked])


def _checked(proximity: Proximity) -> FloatArray:
    phi = proximity.values
    if not proximity.symmetric or not np.allclose(phi, phi.T, equal_nan=True):
        msg = f"A product space needs a symmetric proximity; '{proximity.kind}' is not."
        raise InvalidTableError(msg)
    if np.any(phi < 0):
        msg = (
            f"`proximity` ('{proximity.kind}') has negative values, which are no links."
        )
        raise InvalidTableError(msg)
    return phi


def _index(label: NDArray[np.str_], given: Complexity | None) -> FloatArray:
    if given is None:
        return np.full(label.size, np.nan)
    if not isinstance(given, Complexity):
        msg = f"complexity={given!r} must be a result of `complexity`."
        raise OptionError(msg)
    known = dict(zip(given.activity.tolist(), given.pci.tolist(), strict=True))
    return np.array([known.get(str(i), np.nan) for i in label])


def _places(
    label: NDArray[np.str_],
    given: Mapping[str, tuple[float, float]] | None,
    tree: tuple[IntArray, IntArray],
    seed: int,
) -> FloatArray:
    if given is None:
        return kernels.spring_layout(*tree, label.size, np.random.default_rng(seed))
    if not isinstance(given, Mapping):
        msg = f"layout={given!r} must be a mapping of labels to (x, y)."
        raise OptionError(msg)
    lacking = [str(i) for i in label if str(i) not in given]
    if lacking:
        msg = f"`layout` lacks {len(lacking)} nodes, for example {lacking[:5]}."
        raise AlignmentError(msg)
    return np.array([given[str(i)] for i in label], dtype=np.float64)
