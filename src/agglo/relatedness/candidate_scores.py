"""Step four for a whole grid: every candidate against every matrix, and the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, NotIdentifiedError
from agglo.core.options import check_choice
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.relatedness import _kernels_benchmark as kernels
from agglo.relatedness.similarity import BASIC, SimilarityMatrices

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.parallel import Progress
    from agglo.core.typing import FloatArray, IntArray
    from agglo.relatedness.candidates import CandidateDefinitions

__all__ = ["CandidateScores", "score_candidates"]

_TOLD = 64


@dataclass(frozen=True, eq=False, kw_only=True)
class CandidateScores(Result):
    """Validation scores of every candidate, and which one the rule chooses.

    Parameters
    ----------
    candidates
        What was scored.
    matrix
        Names of the matrices scored against.
    scores
        Shape (n_candidates, n_matrices, 4), 0 to 100: as in `DefinitionScores`.
    overall
        Mean over the basic matrices and the four scores, shape (n_candidates,).
    singletons
        Clusters of one.
    largest_share
        Share of the industries that is in the largest cluster.
    best
        Row of the chosen candidate.
    """

    candidates: CandidateDefinitions
    matrix: tuple[str, ...]
    scores: FloatArray
    overall: FloatArray
    singletons: IntArray
    largest_share: FloatArray
    best: int

    def definition(self) -> dict[str, str]:
        """Give the chosen candidate as a mapping of industry to cluster.

        Returns
        -------
        dict of str to str
            As `CandidateDefinitions.definition`.
        """
        return self.candidates.definition(self.best)

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per candidate; ``vs_<matrix>`` is the mean of the four scores."""
        grid = self.candidates
        return {
            "candidate": np.arange(self.overall.size),
            "matrix": grid.matrix,
            "function": grid.function,
            "start": grid.start,
            "k": grid.k,
            "overall": self.overall,
            **{
                f"vs_{name}": self.scores[:, j].mean(axis=1)
                for j, name in enumerate(self.matrix)
            },
            "singletons": self.singletons,
            "largest_share": self.largest_share,
            "best": np.arange(self.overall.size) == self.best,
        }

    def summary(self) -> str:
        """Give the chosen candidate and the best of every clustering function."""
        grid = self.candidates
        lines = [
            f"{self.overall.size} candidates scored against {', '.join(self.matrix)}; "
            f"best {self._said(self.best)}"
        ]
        for function in dict.fromkeys(grid.function.tolist()):
            rows = np.flatnonzero((grid.function == function) & ~np.isnan(self.overall))
            if rows.size:
                lines.append(self._said(int(rows[self.overall[rows].argmax()])))
        return "\n".join(lines)

    def _said(self, row: int) -> str:
        grid = self.candidates
        return (
            f"{grid.function[row]} on {grid.matrix[row]}, {grid.k[row]} groups: "
            f"{self.overall[row]:.1f}, {self.singletons[row]} of one, largest "
            f"{100 * self.largest_share[row]:.1f} %"
        )

    def _draw(self, ax: Axes) -> None:
        grid = self.candidates
        for function in dict.fromkeys(grid.function.tolist()):
            here = grid.function == function
            ax.scatter(grid.k[here], self.overall[here], s=10, label=function)
        ax.set_xlabel("groups")
        ax.set_ylabel("overall validation score")
        ax.legend(fontsize="small")


def score_candidates(
    candidates: CandidateDefinitions,
    matrices: SimilarityMatrices,
    *,
    names: Sequence[str] | None = None,
    singletons: Literal["fail", "exclude"] = "fail",
    progress: Progress | None = None,
) -> CandidateScores:
    r"""Score a grid of candidates against every matrix, and choose the best.

    Use after `candidate_definitions`; then look at the chosen one with
    `score_definitions`, which sets random labels beside it. The highest score is not the
    right definition: groups that are very uneven can score high.

    Parameters
    ----------
    candidates
        Result of `candidate_definitions`.
    matrices
        Result of `similarity_matrices` with the same industries.
    names
        Matrices scored against; default all, not only the one that was clustered.
    singletons
        A cluster of one has no relatedness inside: it fails, or is left out.
    progress
        Called with candidates scored and candidates in all.

    Returns
    -------
    CandidateScores
        One row per candidate, scores 0 to 100, and the chosen row.

    Raises
    ------
    NotIdentifiedError
        If no candidate has a score.
    AlignmentError
        If the candidates are of other industries.
    OptionError
        If a choice does not exist.

    Notes
    -----
    Scores are those of `score_definitions`. The rule: the highest mean of the four scores
    over those of LC-Emp, LC-Est, IO and Occ that are there; of equals the one with fewer
    clusters of one, then fewer clusters, then the first. Groups that hold together often
    still do when two of them are merged: equal scores say nothing about the number. Industries that a candidate
    leaves out (no relatedness in its matrix) are not scored in it. O(n_candidates
    n_matrices n^2 k).

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017.

    See Also
    --------
    propose_reassignments : The next step.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo import RegionActivity
    >>> import agglo.relatedness as rel
    >>> taste = np.random.default_rng(1).lognormal(0, 1, (40, 2))
    >>> matrices = rel.similarity_matrices(RegionActivity.from_arrays(np.repeat(taste, 3, axis=1)))
    >>> grid = rel.candidate_definitions(matrices, k=[2, 3], seed=1)
    >>> found = rel.score_candidates(grid, matrices)
    >>> int(grid.k[found.best]), float(found.overall[found.best])
    (2, 100.0)
    """
    check_choice("singletons", singletons, ("fail", "exclude"))
    chosen = matrices.name if names is None else tuple(names)
    pairs = [
        kernels.prepared(matrices.matrix(check_choice("names", n, matrices.name)))
        for n in chosen
    ]
    _same_industries(candidates, matrices)
    fail = singletons == "fail"
    m, n = candidates.labels.shape
    scores = np.empty((m, len(chosen), 4))
    alone, largest = np.zeros(m, dtype=np.int64), np.zeros(m)
    for c, label in enumerate(candidates.labels):
        size = np.bincount(label[label >= 0])
        alone[c], largest[c] = np.sum(size == 1), size.max() / n
        for j, one in enumerate(pairs):
            scores[c, j] = kernels.validated(
                one, label, size.size, fail_singletons=fail
            )
        if progress is not None and (c % _TOLD == 0 or c == m - 1):
            progress(c + 1, m)
    basic = [i for i, x in enumerate(chosen) if x in BASIC] or list(range(len(chosen)))
    overall = scores[:, basic].mean(axis=(1, 2))
    return CandidateScores(
        provenance=Provenance.of(
            score_candidates,
            matrices.provenance.input_digest,
            candidates.labels,
            parameters={
                "names": list(chosen),
                "singletons": singletons,
                "overall_of": [chosen[i] for i in basic],
                "candidates": dict(candidates.provenance.parameters),
            },
            seed=candidates.provenance.seed,
        ),
        frame_kind=candidates.frame_kind,
        undefined=(
            *candidates.undefined,
            *(
                Undefined(reason="a matrix or a single cluster gives no score", item=i)
                for i in map(str, np.flatnonzero(np.isnan(overall)))
            ),
        ),
        candidates=candidates,
        matrix=chosen,
        scores=frozen_array(scores),
        overall=frozen_array(overall),
        singletons=frozen_array(alone),
        largest_share=frozen_array(largest),
        best=_best(overall, alone, candidates.k),
    )


def _best(overall: FloatArray, alone: IntArray, k: IntArray) -> int:
    if np.isnan(overall).all():
        msg = "No candidate has a score: the matrices are unknown or have one cluster."
        raise NotIdentifiedError(msg)
    # scores that differ by rounding only are equal
    return int(np.lexsort((k, alone, -np.round(overall, 9)))[0])


def _same_industries(
    candidates: CandidateDefinitions, matrices: SimilarityMatrices
) -> None:
    if not np.array_equal(candidates.industry, matrices.industry):
        msg = (
            f"The candidates are of {candidates.industry.size} industries, the matrices "
            f"of {matrices.industry.size}, and these are not the same."
        )
        raise AlignmentError(msg)
