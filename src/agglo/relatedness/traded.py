"""Which industries serve the place they are in, and which clusters are linked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels_benchmark as kernels
from agglo.relatedness import _kernels_mixture as mixture
from agglo.relatedness._inputs import not_empty
from agglo.relatedness._labels import Definition, labels_for
from agglo.relatedness.periods import by_period

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, IntoFrame
    from agglo.relatedness.similarity import SimilarityMatrices

__all__ = ["ClusterLinkages", "TradedLocal", "cluster_linkages", "traded_local"]

_TOP = 5
_STRENGTHS = ("lower", "strong", "very_strong")


@dataclass(frozen=True, eq=False, kw_only=True)
class TradedLocal(Result):
    """Whether an industry is traded or local, with the evidence.

    Parameters
    ----------
    industry
        Labels, shape (n,).
    kind
        ``"traded"``, ``"local"`` or ``"unclassified"`` (the industry is absent).
    presence_share
        Share of regions that have it.
    gini
        Of its quotients over regions weighted by their base: 0 spread like the base.
    concentrated_share
        Share of its size in regions with a quotient of at least 1.
    top_quotient
        Mean quotient of its five highest regions.
    probability
        That it is traded, with ``method="mixture"``; NaN otherwise.
    method
        ``"threshold"`` or ``"mixture"``.
    """

    industry: NDArray[np.str_]
    kind: NDArray[np.str_]
    presence_share: FloatArray
    gini: FloatArray
    concentrated_share: FloatArray
    top_quotient: FloatArray
    probability: FloatArray
    method: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per industry."""
        return {
            "industry": self.industry,
            "kind": self.kind,
            "presence_share": self.presence_share,
            "gini": self.gini,
            "concentrated_share": self.concentrated_share,
            "top_quotient": self.top_quotient,
            "probability": self.probability,
        }

    def summary(self) -> str:
        """Count the kinds."""
        parts = [
            f"{int(np.sum(self.kind == k))} {k}"
            for k in ("traded", "local", "unclassified")
        ]
        return f"{self.industry.size} industries by {self.method}: {', '.join(parts)}"

    def _draw(self, ax: Axes) -> None:
        for kind in ("traded", "local"):
            here = self.kind == kind
            ax.scatter(self.presence_share[here], self.gini[here], s=10, label=kind)
        ax.set_xlabel("share of regions that have it")
        ax.set_ylabel("locational Gini")
        ax.legend()


@by_period
def traded_local(
    data: IntoFrame | RegionActivity,
    *,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    population: Mapping[str, float] | None = None,
    method: Literal["threshold", "mixture"] = "threshold",
    min_concentrated: float = 0.5,
    min_top: float = 2.0,
    min_gini: float = 0.3,
) -> TradedLocal:
    """Split industries into those that trade beyond their place and those that serve it.

    Use before grouping: benchmark clusters of traded and of local industries are made
    apart. Not for natural-resource industries, which are concentrated for another reason.

    Parameters
    ----------
    data
        Activity table or `RegionActivity`.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.
    population
        Region to inhabitants: the base that local industries follow; default all
        activity.
    method
        ``"threshold"``: all three below; ``"mixture"``: two normal groups on Gini and
        share of regions.
    min_concentrated, min_top, min_gini
        Least share in regions with a quotient of 1, least mean quotient of the five
        highest regions, least Gini of a traded industry.

    Returns
    -------
    TradedLocal
        Kind and evidence per industry.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema or cells are unknown.
    AlignmentError
        If `population` lacks regions or is not positive.
    OptionError
        If a choice does not exist or a number is out of range.
    NotIdentifiedError
        If the mixture does not find two groups.

    Notes
    -----
    The default cut-offs are remembered from Porter (2003) and not confirmed: report the
    evidence, not only the word. The mixture is inferred. An absent industry is
    ``unclassified``, listed. O(n_regions log n_regions n_industries).

    References
    ----------
    Porter 2003, doi:10.1080/0034340032000108688.

    See Also
    --------
    similarity_matrices : The next step.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import traded_local
    >>> jobs = pa.table({"region": list("aabbcc"), "industry": list("xyxyxy"),
    ...     "employment": [90.0, 30.0, 2.0, 31.0, 3.0, 29.0]})
    >>> traded_local(jobs, min_top=1.0).gini.round(3).tolist()
    [0.301, 0.317]
    """
    check_choice("method", method, ("threshold", "mixture"))
    check_number("min_concentrated", min_concentrated, minimum=0.0, maximum=1.0)
    check_number("min_top", min_top, minimum=0.0)
    check_number("min_gini", min_gini, minimum=0.0, maximum=1.0)
    table = not_empty(
        as_region_activity(
            data, region=region, activity=activity, value=value, period=period
        )
    )
    base = _base(table, population)
    x = table.values
    with np.errstate(divide="ignore", invalid="ignore"):
        share = x / table.col_total
        quotient = np.where(base[:, None] > 0, share / base[:, None], 0.0)
    gini = _gini(quotient, base)
    concentrated = np.where(quotient >= 1, share, 0.0).sum(axis=0)
    top = np.sort(quotient, axis=0)[-_TOP:].mean(axis=0)
    present = (x > 0).mean(axis=0)
    absent = table.col_total == 0
    probability = np.full(absent.size, np.nan)
    if method == "mixture":
        probability[~absent] = _mixture(gini[~absent], present[~absent])
        traded = probability >= 0.5
    else:
        traded = (
            (concentrated >= min_concentrated) & (top >= min_top) & (gini >= min_gini)
        )
    kind = np.where(absent, "unclassified", np.where(traded, "traded", "local"))
    blank = np.where(absent, np.nan, 0.0)
    return TradedLocal(
        provenance=Provenance.of(
            traded_local,
            table,
            base,
            parameters={
                "method": method,
                "base": "all activity" if population is None else "population",
                "min_concentrated": min_concentrated,
                "min_top": min_top,
                "min_gini": min_gini,
            },
        ),
        frame_kind=table.frame_kind,
        undefined=tuple(
            Undefined(reason="the industry is absent", activity=str(a))
            for a in table.activity[absent]
        ),
        industry=table.activity,
        kind=frozen_array(kind),
        presence_share=frozen_array(present + blank),
        gini=frozen_array(gini + blank),
        concentrated_share=frozen_array(concentrated + blank),
        top_quotient=frozen_array(top + blank),
        probability=frozen_array(probability),
        method=method,
    )


def _base(table: RegionActivity, given: Mapping[str, float] | None) -> FloatArray:
    if given is None:
        return table.row_total / table.total
    if not isinstance(given, Mapping):
        msg = "population= must be a mapping of regions to inhabitants."
        raise OptionError(msg)
    people = np.array([float(given.get(str(r), np.nan)) for r in table.region])
    if not (people > 0).all():
        bad = table.region[~(people > 0)]
        msg = f"`population` lacks {bad.size} regions or is not positive: {bad[:5].tolist()}."
        raise AlignmentError(msg)
    return people / people.sum()


def _gini(quotient: FloatArray, base: FloatArray) -> FloatArray:
    """Weighted Gini of the quotients of each industry: twice the area above Lorenz."""
    order = np.argsort(quotient, axis=0, kind="stable")
    weight = base[order]
    held = np.take_along_axis(quotient, order, axis=0) * weight
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = np.cumsum(held, axis=0) / held.sum(axis=0)
    before = np.vstack([np.zeros(reached.shape[1]), reached[:-1]])
    out: FloatArray = 1.0 - (weight * (reached + before)).sum(axis=0)
    return out


def _mixture(gini: FloatArray, present: FloatArray) -> FloatArray:
    """Probability of the group with the higher Gini."""
    x = np.column_stack([gini, present])
    sd = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    if x.shape[0] < 3:
        msg = f"{x.shape[0]} industries are too few for two groups."
        raise NotIdentifiedError(msg)
    family = mixture.Family(
        features=mixture.quadratic(x, full=False),
        weight=np.ones(x.shape[0]),
        constant=0.0,
        maximise=mixture.normal_diagonal(2, 1e-3, spherical=False),
    )
    # two groups in an order: start from both halves of the Gini, no chance needed
    high = (x[:, 0] > np.median(x[:, 0])).astype(np.float64)
    start = np.stack([0.9 - 0.8 * high, 0.1 + 0.8 * high], axis=1)[:, None, :]
    found = mixture.fit(family, start, tol=1e-10, max_iter=2000)
    if found is None:
        msg = "The industries do not fall into two groups."
        raise NotIdentifiedError(msg)
    q = found.membership
    level = (q.T @ x[:, 0]) / q.sum(axis=0)
    out: FloatArray = q[:, int(level.argmax())]
    return out


@dataclass(frozen=True, eq=False, kw_only=True)
class ClusterLinkages(Result):
    """How related pairs of clusters are.

    Parameters
    ----------
    cluster
        Names, shape (k,).
    first, second
        Positions of the pair, each pair once.
    relatedness
        Mean z-score of the BCR of the pair over the matrices.
    related_share
        Mean share of pairs of industries that are in the top tenth of their matrix.
    strength
        ``"very_strong"`` (top 5 % of pairs), ``"strong"`` (top 10 %), ``"lower"``.
    """

    cluster: NDArray[np.str_]
    first: IntArray
    second: IntArray
    relatedness: FloatArray
    related_share: FloatArray
    strength: NDArray[np.str_]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair."""
        return {
            "cluster_a": self.cluster[self.first],
            "cluster_b": self.cluster[self.second],
            "relatedness": self.relatedness,
            "related_share": self.related_share,
            "strength": self.strength,
        }

    def summary(self) -> str:
        """Count the strengths."""
        parts = [f"{int(np.sum(self.strength == s))} {s}" for s in _STRENGTHS[::-1]]
        return f"{self.first.size} pairs of {self.cluster.size} clusters: {', '.join(parts)}"

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.relatedness, self.related_share, s=10)
        ax.set_xlabel("mean relatedness (z)")
        ax.set_ylabel("related pairs of industries")


def cluster_linkages(
    definition: Definition,
    matrices: SimilarityMatrices,
    *,
    names: Sequence[str] | None = None,
) -> ClusterLinkages:
    """Measure which clusters are related to which.

    Use to see neighbours of a cluster; not as flows between them.

    Parameters
    ----------
    definition
        What `as_cluster_definitions` accepts, or `EMClusters`.
    matrices
        Result of `similarity_matrices`.
    names
        Matrices used; default all.

    Returns
    -------
    ClusterLinkages
        One row per pair of clusters.

    Raises
    ------
    AlignmentError
        If the definition has none of the industries.
    NotIdentifiedError
        If there are fewer than two clusters.
    OptionError
        If a name does not exist.

    Notes
    -----
    BCR of a pair is standardised within its matrix before averaging, and the classes are
    the 95th and 90th percentiles of pairs: both are inferred, the published thresholds
    are not public. Pairs without any known relatedness are NaN and ``"lower"``.
    O(n_matrices n^2 k).

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017.

    See Also
    --------
    score_definitions : Relatedness within and between, per matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo import RegionActivity
    >>> from agglo.relatedness import cluster_linkages, similarity_matrices
    >>> taste = np.random.default_rng(1).lognormal(0, 1, (40, 3))
    >>> jobs = RegionActivity.from_arrays(np.repeat(taste, 2, axis=1), activity=list("uvwxyz"))
    >>> found = cluster_linkages(dict(zip("uvwxyz", "AABBCC")), similarity_matrices(jobs))
    >>> found.first.tolist(), found.second.tolist()
    ([0, 0, 1], [1, 2, 2])
    """
    chosen = matrices.name if names is None else tuple(names)
    values = [matrices.matrix(check_choice("names", n, matrices.name)) for n in chosen]
    label, cluster, _ = labels_for(definition, matrices.industry)
    k = cluster.size
    if k < 2:
        msg = "There is one cluster only: nothing to link."
        raise NotIdentifiedError(msg)
    a, b = np.triu_indices(k, 1)
    one = kernels.one_hot(label, k)
    scores, shares = [], []
    for m in values:
        pairs = kernels.relatedness_within_between(m, label, k)[3][a, b]
        sd = float(np.nanstd(pairs))
        scores.append((pairs - np.nanmean(pairs)) / sd if sd > 0 else 0.0 * pairs)
        off = m[np.triu_indices(m.shape[0], 1)]
        bar = np.quantile(off[np.isfinite(off)], 0.9)
        known = np.isfinite(m).astype(np.float64)
        near = (np.where(np.isfinite(m), m, -np.inf) >= bar).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares.append(((one.T @ near @ one) / (one.T @ known @ one))[a, b])
    relatedness = _mean(scores)
    high, top = np.nanquantile(relatedness, [0.9, 0.95])
    grade = (relatedness >= high).astype(int) + (relatedness >= top)
    return ClusterLinkages(
        provenance=Provenance.of(
            cluster_linkages,
            matrices.provenance.input_digest,
            label,
            parameters={"names": list(chosen)},
        ),
        frame_kind=matrices.frame_kind,
        undefined=tuple(
            Undefined(reason="not in the definition", activity=str(i))
            for i in matrices.industry[label < 0]
        ),
        cluster=frozen_array(cluster),
        first=frozen_array(a),
        second=frozen_array(b),
        relatedness=frozen_array(relatedness),
        related_share=frozen_array(_mean(shares)),
        strength=frozen_array(np.array(_STRENGTHS)[grade]),
    )


def _mean(parts: list[FloatArray]) -> FloatArray:
    stack = np.stack(parts)
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    out: FloatArray = np.where(known, stack, 0.0).sum(axis=0) / np.where(
        count > 0, count, np.nan
    )
    return out
