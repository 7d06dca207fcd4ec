"""Weights of indicators and pillars: given, from the data, from judgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError, suggest
from agglo.core.frames import (
    float_column,
    frame_kind,
    require_columns,
    string_column,
    to_arrow,
)
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.evaluation._kernels import normalise as scaling
from agglo.evaluation._kernels import weights as kernels
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.results import IndicatorWeights, draw_bars

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame
    from agglo.evaluation._tree import Tree

__all__ = [
    "WEIGHTINGS",
    "JudgementWeights",
    "WeightMethod",
    "indicator_weights",
    "judgement_weights",
    "node_weights",
]

WeightMethod: TypeAlias = Literal["equal", "entropy", "critic", "pca", "pca_rotated"]
WEIGHTINGS: tuple[str, ...] = ("equal", "entropy", "critic", "pca", "pca_rotated")


def indicator_weights(
    data: IntoFrame | Indicators,
    *,
    method: WeightMethod | Mapping[str, float] = "equal",
) -> IndicatorWeights:
    r"""Measure how much every indicator and pillar counts in the index.

    Use to see weights before they are used; `judgement_weights` turns comparisons of
    experts into a mapping for this function.

    Parameters
    ----------
    data
        Long table as in `as_indicators`, or `Indicators`.
    method
        ``"equal"``; ``"entropy"``, ``"critic"``, ``"pca"`` or ``"pca_rotated"`` for the
        indicators within each pillar, with equal pillars; or a mapping of nodes to weights
        (budget allocation), where nodes left out weigh 1.

    Returns
    -------
    IndicatorWeights
        Within the parent and effective (the product up the tree); both in [0, 1], effective
        weights sum to 1 per level.

    Raises
    ------
    AlignmentError
        If the mapping names an unknown node.
    OptionError
        If a weight is negative or a pillar's weights are all zero.
    NotIdentifiedError
        If an indicator has no spread or too few units are complete within a pillar.

    Notes
    -----
    On oriented min-max values z, over the units complete within the pillar:

    .. math:: w_j \propto 1 + \sum_u p_{uj} \ln p_{uj} / \ln n, \quad
              w_j \propto sd_j \sum_k (1 - r_{jk})

    for entropy (p is z over its sum) and CRITIC; PCA takes the loadings of the first
    component, as absolute values, with a note when their signs are mixed; rotated PCA each
    indicator's largest squared loading on the components with an eigenvalue above one,
    turned by varimax. Entropy rewards skewness, not importance. A pillar of one indicator gives it all. O(n k^2).

    References
    ----------
    Diakoulaki et al. 1995, doi 10.1016/0305-0548(94)00059-H (CRITIC); OECD and JRC 2008,
    doi 10.1787/9789264043466-en, step 6; Kaiser 1958, doi 10.1007/BF02289233 (varimax).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import indicator_weights
    >>> rows = pa.table({"unit": ["a", "b", "c"] * 2, "indicator": ["x"] * 3 + ["y"] * 3,
    ...     "value": [1.0, 2, 3, 1, 5, 6], "direction": ["positive"] * 6, "pillar": ["p"] * 6})
    >>> [round(w, 4) for w in indicator_weights(rows, method="critic").within[:2].tolist()]
    [0.4858, 0.5142]
    """
    table = as_indicators(data)
    raw, notes = node_weights(table, method, "method")
    tree = table.tree
    return IndicatorWeights(
        method=method if isinstance(method, str) else "given",
        tree=tree,
        within=frozen_array(tree.within(raw)),
        effective=frozen_array(tree.effective(raw)),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(
            indicator_weights, table, parameters={"method": method}, warnings=notes
        ),
    )


def node_weights(
    table: Indicators,
    method: str | Mapping[str, float] | IndicatorWeights,
    option: str = "weights",
) -> tuple[FloatArray, list[str]]:
    """Give the weight of every node, and what the user should know.

    Parameters
    ----------
    table
        The indicators.
    method
        A way to weigh, a mapping, or a result of `indicator_weights`.
    option
        Name of the option, for messages.

    Returns
    -------
    tuple of numpy.ndarray and list of str
        Weights (n_nodes,), notes.
    """
    if isinstance(method, IndicatorWeights):
        if method.tree.nodes != table.tree.nodes:
            msg = "The weights belong to other nodes than those of `data`."
            raise AlignmentError(msg)
        return method.within, list(method.provenance.warnings)
    if isinstance(method, Mapping):
        return _given(table.tree, method), []
    check_choice(option, method, WEIGHTINGS)
    raw = np.ones(len(table.tree.nodes))
    notes: list[str] = []
    if method == "equal":
        return raw, notes
    if method == "entropy":
        notes.append("entropy weights reward skewed indicators, not important ones")
    for at, below in table.tree.children:
        own = below[below < table.tree.n_indicators]
        if own.size > 1:
            # pillars that hang beside indicators keep the mean weight of these
            pillar = table.tree.nodes[at]
            raw[own] = own.size * _from_data(table, own, method, pillar, notes)
    return raw, notes


def _given(tree: Tree, weights: Mapping[str, float]) -> FloatArray:
    raw = np.ones(len(tree.nodes))
    place = {n: i for i, n in enumerate(tree.nodes)}
    for name, weight in weights.items():
        if name not in place:
            hint = suggest(name, tree.nodes)
            msg = f"weights[{name!r}] is no node of the tree. {hint}".rstrip()
            raise AlignmentError(msg)
        raw[place[name]] = check_number(
            f"weights[{name!r}]", weight, minimum=0, maximum=1e300
        )
    for at, below in tree.children:
        if raw[below].sum() <= 0:
            msg = f"weights of everything below {tree.nodes[at]!r} are zero."
            raise OptionError(msg)
    return raw


def _from_data(
    table: Indicators, own: IntArray, method: str, pillar: str, notes: list[str]
) -> FloatArray:
    x = (table.values * table.direction)[:, own]
    x = x[~np.isnan(x).any(axis=1)]
    names = [table.names[j] for j in own]
    if x.shape[0] < 3:
        msg = (
            f"Only {x.shape[0]} units are complete in {pillar!r}: {method} weights need 3. "
            "Impute first, or give weights."
        )
        raise NotIdentifiedError(msg)
    low, high = scaling.range_of(x)
    flat = [n for n, a, b in zip(names, low, high, strict=True) if a == b]
    if flat:
        msg = f"Indicators without spread have no {method} weight: {flat}. Leave them out."
        raise NotIdentifiedError(msg)
    z = scaling.affine(x, low, high - low, 1.0, 0.0)
    if method == "entropy":
        return kernels.entropy(z)
    if method == "critic":
        w = kernels.critic(z)
        if not np.isfinite(w).all():
            msg = f"CRITIC weights in {pillar!r}: all indicators say the same."
            raise NotIdentifiedError(msg)
        return w
    if method == "pca_rotated":
        w, kept = kernels.rotated(z)
        notes.append(f"{pillar}: {kept} components were kept and rotated")
        return w
    loadings, share = kernels.principal(z)
    if (loadings < 0).any():
        notes.append(f"{pillar}: loadings of the first component have mixed signs")
    notes.append(f"{pillar}: the first component has {share:.0%} of the variance")
    return np.asarray(np.abs(loadings) / np.abs(loadings).sum(), dtype=np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgementWeights(Result):
    """Weights from pairwise judgements.

    Parameters
    ----------
    names
        What was compared.
    values
        Weights, they sum to one; (n,).
    eigenvalue
        Largest eigenvalue; n when the judgements are consistent.
    consistency_ratio
        0 is consistent; above 0.1 is refused.
    """

    names: tuple[str, ...]
    values: FloatArray
    eigenvalue: float
    consistency_ratio: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per item."""
        return {"node": list(self.names), "value": self.values}

    def as_mapping(self) -> dict[str, float]:
        """Give item to weight, for `composite_index`."""
        return dict(zip(self.names, self.values.tolist(), strict=True))

    def summary(self) -> str:
        """Name the consistency ratio and the weights."""
        listed = ", ".join(f"{n} {w:.3f}" for n, w in self.as_mapping().items())
        return f"AHP weights, consistency ratio {self.consistency_ratio:.4f}: {listed}"

    def _draw(self, ax: Axes) -> None:
        draw_bars(ax, self.names, self.values, "weight")


def judgement_weights(
    data: IntoFrame | FloatArray | list[list[float]],
    *,
    item: str = "item",
    names: Sequence[str] | None = None,
    max_ratio: float = 0.1,
) -> JudgementWeights:
    r"""Measure weights from pairwise judgements, and how consistent these are.

    Also: analytic hierarchy process, AHP. Use for the judgements of one panel of experts on
    the children of one node.

    Parameters
    ----------
    data
        How many times more important the row is than the column, positive, 2 to 10 items,
        with ``a[j][i] = 1 / a[i][j]``. A frame with the column `item` and one column per
        item, or an (n, n) matrix.
    item
        Column with the item of every row of a frame.
    names
        The items, in the order of a matrix; not for a frame.
    max_ratio
        Largest consistency ratio that is accepted.

    Returns
    -------
    JudgementWeights
        Weights in (0, 1) that sum to one.

    Raises
    ------
    OptionError
        If the matrix is not square, positive and reciprocal, or `names` do not fit.
    ColumnNotFoundError
        If the frame lacks `item` or the column of an item.
    NotIdentifiedError
        If the judgements contradict each other: ratio above `max_ratio`.

    Notes
    -----
    .. math:: A w = \lambda w, \qquad CR = \frac{\lambda - n}{(n - 1)\, RI_n}

    with the random index RI of 3 to 10 items; two items are always consistent. O(n^3).

    References
    ----------
    Saaty 1980, The Analytic Hierarchy Process, ISBN 9780070543713.

    Examples
    --------
    >>> from agglo.evaluation import judgement_weights
    >>> asked = [[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]]
    >>> found = judgement_weights(asked, names=["a", "b", "c"])
    >>> round(found.consistency_ratio, 6)
    0.003185
    """
    check_number("max_ratio", max_ratio, minimum=0)
    a, labels, kind = _judged(data, item, names)
    w, largest, ratio = kernels.judgements(a)
    if ratio > max_ratio:
        msg = (
            f"The judgements contradict each other: consistency ratio {ratio:.3f} is above "
            f"max_ratio={max_ratio:g}. Ask again, beginning with the boldest judgements."
        )
        raise NotIdentifiedError(msg)
    return JudgementWeights(
        names=labels,
        values=frozen_array(w),
        eigenvalue=largest,
        consistency_ratio=ratio,
        frame_kind=kind,
        provenance=Provenance.of(
            judgement_weights,
            a,
            parameters={"names": list(labels), "max_ratio": max_ratio},
        ),
    )


def _judged(
    data: IntoFrame | FloatArray | list[list[float]],
    item: str,
    names: Sequence[str] | None,
) -> tuple[FloatArray, tuple[str, ...], FrameKind]:
    """Give the checked matrix, its items and the kind of frame."""
    kind: FrameKind = "pyarrow"
    if isinstance(data, (np.ndarray, list)):
        a = np.asarray(data, dtype=np.float64)
        labels = tuple(names or ())
    else:
        if names is not None:
            msg = f"names={list(names)!r}: a frame names its items itself."
            raise OptionError(msg)
        kind = frame_kind(data)
        a, labels = _from_frame(to_arrow(data), item)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or not 2 <= a.shape[0] <= 10:
        msg = f"The matrix has shape {a.shape}: it must be square, with 2 to 10 items."
        raise OptionError(msg)
    reciprocal = np.isfinite(a).all() and (a > 0).all()
    if not (reciprocal and np.allclose(a * a.T, 1, rtol=1e-6)):
        msg = "The matrix must be positive with a[j][i] = 1 / a[i][j]."
        raise OptionError(msg)
    if len(labels) != a.shape[0] or len(set(labels)) != len(labels):
        msg = f"names={list(labels)!r} must be {a.shape[0]} different words."
        raise OptionError(msg)
    return a, labels, kind


def _from_frame(table: pa.Table, item: str) -> tuple[FloatArray, tuple[str, ...]]:
    require_columns(table, {"item": item})
    labels = sorted(str(v) for v in string_column(table, item))
    require_columns(table, {f"item {n!r}": n for n in labels})
    order = np.argsort([str(v) for v in string_column(table, item)], kind="stable")
    a = np.column_stack([float_column(table, n)[order] for n in labels])
    return a, tuple(labels)
