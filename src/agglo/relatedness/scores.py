"""Step four of benchmark definitions: validation scores and agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import AlignmentError, Problem
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import entropy_of, monte_carlo
from agglo.core.partitions import adjusted_rand, joint_counts, normalised_information
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.relatedness import _kernels_benchmark as kernels
from agglo.relatedness import _kernels_partitions as partitions
from agglo.relatedness._labels import Definition, assigned, kind_of, labels_for
from agglo.relatedness.similarity import BASIC, SimilarityMatrices

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "DefinitionAgreement",
    "DefinitionScores",
    "compare_definitions",
    "score_definitions",
]

MEASURES = ("VS-Cluster-avg", "VS-Cluster-p95", "VS-Industry-avg", "VS-Industry-p95")


@dataclass(frozen=True, eq=False, kw_only=True)
class DefinitionScores(Result):
    """Validation scores of one definition, with what random labels reach.

    Parameters
    ----------
    matrix
        Names of the matrices.
    scores
        Shape (n_matrices, 4), 0 to 100: share of clusters, then of industries, that are
        nearer to their own than to the average (avg) or to 95 % (p95) of the others.
    random_mean, random_low, random_high
        Mean and 95 % band of the same for permuted labels.
    cluster, size, within
        Names, industries, and mean relatedness inside, the last (n_matrices, n_clusters).
    between
        Mean relatedness of two clusters, (n_matrices, n_clusters, n_clusters).
    overall
        Mean over the basic matrices and the four scores.
    """

    matrix: tuple[str, ...]
    scores: FloatArray
    random_mean: FloatArray
    random_low: FloatArray
    random_high: FloatArray
    cluster: NDArray[np.str_]
    size: NDArray[np.int64]
    within: FloatArray
    between: FloatArray
    overall: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per matrix and score."""
        m = len(self.matrix)
        return {
            "matrix": np.repeat(np.array(self.matrix), 4),
            "score": list(MEASURES) * m,
            "value": self.scores.ravel(),
            "random_mean": self.random_mean.ravel(),
            "random_low": self.random_low.ravel(),
            "random_high": self.random_high.ravel(),
        }

    def clusters(self) -> pa.Table:
        """Give one row per matrix and cluster: relatedness inside and to the others."""
        m, k = self.within.shape
        count = np.isfinite(self.between).sum(axis=2)
        with np.errstate(invalid="ignore"):
            outside = np.nansum(self.between, axis=2) / np.where(count, count, np.nan)
        return pa.table(
            {
                "matrix": np.repeat(np.array(self.matrix), k).tolist(),
                "cluster": np.tile(self.cluster, m).tolist(),
                "industries": np.tile(self.size, m),
                "within": self.within.ravel(),
                "between": outside.ravel(),
            }
        )

    def summary(self) -> str:
        """Give the scores per matrix beside those of random labels."""
        lines = [
            f"validation of {self.cluster.size} clusters, overall {self.overall:.1f} "
            "(random labels in brackets)"
        ]
        for i, name in enumerate(self.matrix):
            parts = [
                f"{v:.1f} ({r:.1f})"
                for v, r in zip(self.scores[i], self.random_mean[i], strict=True)
            ]
            lines.append(f"{name}: {' '.join(parts)}")
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.matrix))
        ax.bar(place, self.scores.mean(axis=1), label="definition")
        ax.plot(
            place, self.random_mean.mean(axis=1), "k_", ms=18, label="random labels"
        )
        ax.set_xticks(place, self.matrix, rotation=30)
        ax.set_ylabel("validation score")
        ax.legend()


def score_definitions(
    definition: Definition,
    matrices: SimilarityMatrices,
    *,
    names: Sequence[str] | None = None,
    singletons: Literal["fail", "exclude"] = "fail",
    unlabelled: Literal["error", "list"] = "error",
    n_random: int = 100,
    seed: int | None = None,
    n_jobs: int | None = None,
) -> DefinitionScores:
    r"""Score how well a definition keeps related industries together.

    Use to compare definitions against every matrix, not only the one they were made
    from. Never without the random labels beside it: VS-Industry-avg is near 50 by chance.

    Parameters
    ----------
    definition
        What `as_cluster_definitions` accepts, or `EMClusters`.
    matrices
        Result of `similarity_matrices`.
    names
        Matrices scored against; default all.
    singletons
        A cluster of one has no relatedness inside: it fails, or is left out.
    unlabelled
        An industry of the matrices that the definition does not name: an error that lists
        them all, or not scored and listed.
    n_random
        Permutations of the labels over industries (same sizes); 0 for none.
    seed
        Of the permutations; ``None`` draws entropy and records it.
    n_jobs
        Workers.

    Returns
    -------
    DefinitionScores
        Four scores per matrix, 0 to 100, with mean and band of random labels; the
        relatedness within and between clusters.

    Raises
    ------
    AlignmentError
        If the definition has none of the industries, or lacks some (``unlabelled``).
    OptionError
        If a choice does not exist.

    Notes
    -----
    .. math:: WCR_c = \overline{M_{ij}}_{i \neq j \in c}, \qquad
        BCR_{co} = \overline{M_{ij}}_{i \in c, j \in o}

    and the same from one industry. A cluster scores when WCR is above the mean, or above
    the 95th percentile (linear), of its BCR. Undefined pairs are skipped; industries
    outside the definition are neither scored nor a cluster to be between. With one cluster all is NaN. The
    overall score is the mean over those of LC-Emp, LC-Est, IO and Occ that are there.
    O(n_random n_matrices n^2 k).

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017.

    See Also
    --------
    propose_reassignments : Industries that fit elsewhere better.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo import RegionActivity
    >>> from agglo.relatedness import score_definitions, similarity_matrices
    >>> taste = np.random.default_rng(1).lognormal(0, 1, (40, 2))
    >>> jobs = RegionActivity.from_arrays(np.repeat(taste, 3, axis=1), activity=list("uvwxyz"))
    >>> of = dict(zip("uvwxyz", "AAABBB"))
    >>> score_definitions(of, similarity_matrices(jobs), seed=1).overall
    100.0
    """
    check_choice("singletons", singletons, ("fail", "exclude"))
    check_number("n_random", n_random, minimum=0, integer=True)
    chosen = matrices.name if names is None else tuple(names)
    values = [matrices.matrix(check_choice("names", n, matrices.name)) for n in chosen]
    check_choice("unlabelled", unlabelled, ("error", "list"))
    label, cluster, _ = labels_for(definition, matrices.industry)
    if unlabelled == "error":
        _all_labelled(label, matrices.industry)
    k, fail = cluster.size, singletons == "fail"
    scores = np.stack(
        [kernels.validation(m, label, k, fail_singletons=fail) for m in values]
    )
    parts = [kernels.relatedness_within_between(m, label, k) for m in values]
    entropy = entropy_of(seed)
    band = _random_band(values, label, fail, n_random, entropy, n_jobs)
    inside = label >= 0
    basic = [i for i, n in enumerate(chosen) if n in BASIC] or list(range(len(chosen)))
    size = np.bincount(label[inside], minlength=k)
    return DefinitionScores(
        provenance=Provenance.of(
            score_definitions,
            matrices.provenance.input_digest,
            label,
            parameters={
                "names": list(chosen),
                "singletons": singletons,
                "unlabelled": unlabelled,
                "n_random": n_random,
                "overall_of": [chosen[i] for i in basic],
            },
            seed=entropy,
        ),
        frame_kind=matrices.frame_kind,
        undefined=(
            *(
                Undefined(reason="not in the definition", activity=str(i))
                for i in matrices.industry[label < 0]
            ),
            *(
                Undefined(reason=f"a cluster of one: {singletons}", item=str(c))
                for c in cluster[size == 1]
            ),
        ),
        matrix=chosen,
        scores=frozen_array(scores),
        random_mean=frozen_array(band[0]),
        random_low=frozen_array(band[1]),
        random_high=frozen_array(band[2]),
        cluster=frozen_array(cluster),
        size=frozen_array(size.astype(np.int64)),
        within=frozen_array(np.stack([p[2] for p in parts])),
        between=frozen_array(np.stack([p[3] for p in parts])),
        overall=float(scores[basic].mean()),
    )


def _all_labelled(label: IntArray, industry: NDArray[np.str_]) -> None:
    """Refuse a definition that leaves industries of the matrices without a cluster."""
    lacking = [str(i) for i in industry[label < 0]]
    if not lacking:
        return
    problem = Problem(
        code="unlabelled_industry",
        what=f"{len(lacking)} of {label.size} industries have no cluster: {lacking}",
        where="definition",
        column="industry",
        n_rows=len(lacking),
        fix="give them a cluster, leave them out of the matrices, or pass "
        "unlabelled='list' to score the others",
    )
    msg = f"{len(lacking)} industries are not in the definition, first {lacking[:5]}."
    raise AlignmentError(msg, [problem])


def _random_band(
    values: list[FloatArray],
    label: IntArray,
    fail: bool,
    n: int,
    entropy: int,
    n_jobs: int | None,
) -> FloatArray:
    """Mean and 95 % band of the scores of permuted labels, (3, n_matrices, 4)."""
    if not n:
        return np.full((3, len(values), 4), np.nan)
    k = int(label.max()) + 1
    inside = np.flatnonzero(label >= 0)
    pairs = [kernels.prepared(m) for m in values]

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, len(values), 4))
        for i in range(size):
            mixed = label.copy()
            mixed[inside] = rng.permutation(label[inside])
            for j, m in enumerate(pairs):
                out[i, j] = kernels.validated(m, mixed, k, fail_singletons=fail)
        return out

    sims = monte_carlo(draw, n=n, seed=entropy, block_size=16, n_jobs=n_jobs)
    return np.stack([sims.mean(axis=0), *np.quantile(sims, [0.025, 0.975], axis=0)])


@dataclass(frozen=True, eq=False, kw_only=True)
class DefinitionAgreement(Result):
    """How far two definitions agree on the industries that both have.

    Parameters
    ----------
    adjusted_rand
        1 is the same, 0 chance.
    mutual_information
        Over the mean entropy, 0 to 1; not corrected for chance.
    pairs_together
        Of the pairs together in either, the share together in both.
    n, n_one, n_other
        Industries compared, and in each definition.
    k_one, k_other
        Clusters of each among these.
    """

    adjusted_rand: float
    mutual_information: float
    pairs_together: float
    n: int
    n_one: int
    n_other: int
    k_one: int
    k_other: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per measure."""
        return {
            "measure": ["adjusted_rand", "mutual_information", "pairs_together"],
            "value": np.array(
                [self.adjusted_rand, self.mutual_information, self.pairs_together]
            ),
        }

    def summary(self) -> str:
        """Give the three measures."""
        return (
            f"{self.k_one} and {self.k_other} clusters of {self.n} common industries: "
            f"adjusted Rand {self.adjusted_rand:.3f}, mutual information "
            f"{self.mutual_information:.3f}, pairs in common {self.pairs_together:.3f}"
        )

    def _draw(self, ax: Axes) -> None:
        ax.bar(
            ["adjusted Rand", "mutual information", "pairs"],
            [self.adjusted_rand, self.mutual_information, self.pairs_together],
        )
        ax.set_ylim(min(0.0, self.adjusted_rand), 1)


def compare_definitions(one: Definition, other: Definition) -> DefinitionAgreement:
    """Measure how far two definitions of clusters agree.

    Use to say how near own definitions are to published ones; agreement is no proof of
    quality, which `score_definitions` judges.

    Parameters
    ----------
    one, other
        What `as_cluster_definitions` accepts, or `EMClusters`.

    Returns
    -------
    DefinitionAgreement
        Adjusted Rand index, normalised mutual information, share of pairs.

    Raises
    ------
    AlignmentError
        If they have fewer than two industries in common.

    Notes
    -----
    Only industries in both count; an industry shared between clusters goes where most of
    it is. O(n).

    References
    ----------
    Hubert and Arabie 1985, doi:10.1007/BF01908075.

    See Also
    --------
    score_definitions : Validation scores.

    Examples
    --------
    >>> from agglo.relatedness import compare_definitions
    >>> found = compare_definitions(dict(zip("uvwxyz", "AAABBB")), dict(zip("uvwxyz", "AABBBB")))
    >>> round(found.adjusted_rand, 4)
    0.3243
    """
    first, _ = assigned(one)
    second, _ = assigned(other)
    both = sorted(set(first) & set(second))
    if len(both) < 2:
        msg = (
            f"The definitions have {len(both)} industries in common; for example "
            f"{list(first)[:5]} and {list(second)[:5]}."
        )
        raise AlignmentError(msg)
    a = np.unique([first[i] for i in both], return_inverse=True)[1].reshape(-1)
    b = np.unique([second[i] for i in both], return_inverse=True)[1].reshape(-1)
    table = joint_counts(a, b)
    return DefinitionAgreement(
        provenance=Provenance.of(
            compare_definitions, sorted(first.items()), sorted(second.items())
        ),
        adjusted_rand=adjusted_rand(table),
        mutual_information=normalised_information(table),
        pairs_together=partitions.pairs_together(a, b),
        n=len(both),
        n_one=len(first),
        n_other=len(second),
        k_one=int(a.max()) + 1,
        k_other=int(b.max()) + 1,
        frame_kind=kind_of(one),
    )
