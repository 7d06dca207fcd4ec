"""Step five of benchmark definitions: proposals one by one, decisions on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, frozen_array
from agglo.relatedness import _kernels_benchmark as kernels
from agglo.relatedness._labels import Definition, assigned, labels_for
from agglo.relatedness.definitions import ClusterDefinitions, as_cluster_definitions
from agglo.relatedness.similarity import BASIC, SimilarityMatrices

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Reassignments", "propose_reassignments"]

_DECISIONS = ("proposed", "accepted", "rejected")


@dataclass(frozen=True, eq=False, kw_only=True)
class Reassignments(Result):
    """Proposals to change a definition, and what was decided on each.

    Parameters
    ----------
    matrix
        Names of the matrices looked at.
    action
        ``"move"`` an industry, ``"merge"`` a cluster of one, ``"split"`` a loose cluster.
    industry, source, target
        What is moved from where to where; a split has no industry and no target.
    margin
        Relatedness to the target less that to the own cluster, (n_proposals,
        n_matrices); for a split, that inside less the 95 % point of that to others. NaN
        where undefined.
    before, after
        Overall score of the definition, and with this proposal alone; NaN for a split.
    decision, who, when, why
        ``"proposed"``, ``"accepted"`` or ``"rejected"``; by whom, when and why.
    origin
        The definition they are about, as industry to cluster.
    parent
        Its version.
    """

    matrix: tuple[str, ...]
    action: NDArray[np.str_]
    industry: NDArray[np.str_]
    source: NDArray[np.str_]
    target: NDArray[np.str_]
    margin: FloatArray
    before: FloatArray
    after: FloatArray
    decision: tuple[str, ...]
    who: tuple[str, ...]
    when: tuple[str, ...]
    why: tuple[str, ...]
    origin: tuple[tuple[str, str], ...]
    parent: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per proposal, a margin per matrix."""
        return {
            "action": self.action,
            "industry": self.industry,
            "from": self.source,
            "to": self.target,
            **{f"margin {n}": self.margin[:, i] for i, n in enumerate(self.matrix)},
            "before": self.before,
            "after": self.after,
            "decision": np.array(self.decision, dtype=np.str_),
            "who": np.array(self.who, dtype=np.str_),
            "when": np.array(self.when, dtype=np.str_),
            "why": np.array(self.why, dtype=np.str_),
        }

    def decide(
        self, row: int, decision: str, *, who: str, when: str, why: str
    ) -> Reassignments:
        """Give the same proposals with a decision on one.

        Parameters
        ----------
        row
            Which proposal.
        decision
            ``"accepted"``, ``"rejected"`` or ``"proposed"`` again.
        who, when, why
            For the record; none may be empty.

        Returns
        -------
        Reassignments
            A new log.

        Raises
        ------
        OptionError
            If there is no such row, or a word is missing.
        """
        check_choice("decision", decision, _DECISIONS)
        if not 0 <= row < len(self.decision):
            msg = f"row={row} is none of the {len(self.decision)} proposals."
            raise OptionError(msg)
        if not (who and when and why):
            msg = "A decision needs who=, when= and why=."
            raise OptionError(msg)

        def put(words: tuple[str, ...], word: str) -> tuple[str, ...]:
            return (*words[:row], word, *words[row + 1 :])

        return replace(
            self,
            decision=put(self.decision, decision),
            who=put(self.who, who),
            when=put(self.when, when),
            why=put(self.why, why),
        )

    def apply(self, version: str) -> ClusterDefinitions:
        """Give the definition with the accepted moves and merges, as a new version.

        Parameters
        ----------
        version
            Name of the new version; must differ from its parent.

        Returns
        -------
        ClusterDefinitions
            ``definition`` reads ``"<version> (from <parent>)"``. Accepted splits are for
            the caller to carry out: they name no industries.

        Raises
        ------
        OptionError
            If the version is empty or that of the parent.
        """
        if not version or version == self.parent:
            msg = f"version={version!r} must be a new name, not that of its parent."
            raise OptionError(msg)
        cluster = dict(self.origin)
        for i, word in enumerate(self.decision):
            if word == "accepted" and self.action[i] != "split":
                cluster[str(self.industry[i])] = str(self.target[i])
        import pyarrow as pa

        parent = self.parent or "unnamed"
        return as_cluster_definitions(
            pa.table(
                {
                    "industry": list(cluster),
                    "cluster": list(cluster.values()),
                    "definition": [f"{version} (from {parent})"] * len(cluster),
                }
            )
        )

    def summary(self) -> str:
        """Say how many proposals there are of each kind and what was decided."""
        kinds = [
            f"{int(np.sum(self.action == a))} {a}" for a in ("move", "merge", "split")
        ]
        done = [f"{self.decision.count(d)} {d}" for d in _DECISIONS]
        return f"proposals: {', '.join(kinds)}; {', '.join(done)}"

    def _draw(self, ax: Axes) -> None:
        gain = (self.after - self.before)[np.isfinite(self.after)]
        if gain.size:
            ax.hist(gain, bins=min(40, max(5, gain.size)))
        ax.set_xlabel("change of the overall score")
        ax.set_ylabel("proposals")


def propose_reassignments(
    definition: Definition,
    matrices: SimilarityMatrices,
    *,
    names: Sequence[str] | None = None,
    min_matrices: int = 2,
    singletons: Literal["fail", "exclude"] = "fail",
) -> Reassignments:
    r"""List industries that fit another cluster better, and clusters that do not hold.

    Use to let someone who knows the industries decide; nothing is applied without a
    decision. Not an algorithm to run to its end: moves change the margins of the others.

    Parameters
    ----------
    definition
        What `as_cluster_definitions` accepts, or `EMClusters`.
    matrices
        Result of `similarity_matrices`.
    names
        Matrices looked at; default those of LC-Emp, LC-Est, IO and Occ that are there.
    min_matrices
        In how many of them an industry must be nearer to the same other cluster; at most
        all there are.
    singletons
        As in `score_definitions`.

    Returns
    -------
    Reassignments
        Empty when there is nothing to propose.

    Raises
    ------
    AlignmentError
        If the definition has none of the industries.
    OptionError
        If a choice does not exist, or `min_matrices` is above their number.

    Notes
    -----
    Industry i is proposed for o when :math:`BCR_{io} > WCR_i` in at least `min_matrices`
    matrices; of several, the o with the largest mean margin. A cluster of one is proposed
    for the cluster it is nearest to, a cluster whose WCR is below the 95th percentile of
    its BCR in as many matrices for a split. Thresholds are inferred. Each score after is
    that of the one change. O(n_proposals n_matrices n^2 k).

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017.

    See Also
    --------
    score_definitions : The scores before and after.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo import RegionActivity
    >>> from agglo.relatedness import propose_reassignments, similarity_matrices
    >>> taste = np.random.default_rng(1).lognormal(0, 1, (40, 2))
    >>> jobs = RegionActivity.from_arrays(np.repeat(taste, 3, axis=1), activity=list("uvwxyz"))
    >>> found = propose_reassignments(dict(zip("uvwxyz", "AAABBA")), similarity_matrices(jobs),
    ...     min_matrices=1)
    >>> found.industry.tolist(), found.target.tolist(), found.after.round(1).tolist()
    (['z'], ['B'], [100.0])
    """
    check_choice("singletons", singletons, ("fail", "exclude"))
    basic = tuple(n for n in matrices.name if n in BASIC)
    chosen = basic if names is None else tuple(names)
    values = [matrices.matrix(check_choice("names", n, matrices.name)) for n in chosen]
    check_number(
        "min_matrices", min_matrices, minimum=1, maximum=len(chosen), integer=True
    )
    label, cluster, version = labels_for(definition, matrices.industry)
    parts = [kernels.relatedness_within_between(m, label, cluster.size) for m in values]
    found = _moves(parts, label, int(min_matrices))
    fail = singletons == "fail"
    before = _overall(values, label, cluster.size, fail)
    after = []
    for _, i, target, _ in found:
        changed = label.copy()
        changed[i] = target
        after.append(_overall(values, changed, cluster.size, fail))
    loose = _loose(parts, label, int(min_matrices))
    n, m = len(found) + len(loose), len(loose)
    margins = [f[3] for f in found] + [s[1] for s in loose]
    return Reassignments(
        provenance=Provenance.of(
            propose_reassignments,
            matrices.provenance.input_digest,
            label,
            parameters={
                "names": list(chosen),
                "min_matrices": min_matrices,
                "singletons": singletons,
            },
        ),
        frame_kind=matrices.frame_kind,
        matrix=chosen,
        action=_text([*(f[0] for f in found), *["split"] * m]),
        industry=_text([*(matrices.industry[f[1]] for f in found), *[""] * m]),
        source=_text(
            [
                *(cluster[label[f[1]]] for f in found),
                *(cluster[s[0]] for s in loose),
            ]
        ),
        target=_text([*(cluster[f[2]] for f in found), *[""] * m]),
        margin=frozen_array(np.array(margins).reshape(n, len(chosen))),
        before=frozen_array(np.array([before] * len(found) + [np.nan] * m)),
        after=frozen_array(np.array(after + [np.nan] * m)),
        decision=("proposed",) * n,
        who=("",) * n,
        when=("",) * n,
        why=("",) * n,
        origin=tuple(sorted(assigned(definition)[0].items())),
        parent=version,
    )


def _text(words: Sequence[object]) -> NDArray[np.str_]:
    return frozen_array(np.array([str(w) for w in words], dtype=np.str_))


def _overall(values: list[FloatArray], label: IntArray, k: int, fail: bool) -> float:
    return float(
        np.mean([kernels.validation(m, label, k, fail_singletons=fail) for m in values])
    )


def _moves(
    parts: Sequence[tuple[FloatArray, FloatArray, FloatArray, FloatArray]],
    label: IntArray,
    min_matrices: int,
) -> list[tuple[str, int, int, FloatArray]]:
    """Give moves and merges: kind, industry, target, margin per matrix."""
    alone = np.bincount(label[label >= 0])[np.maximum(label, 0)] == 1
    within = np.stack([p[0] for p in parts])
    between = np.stack([p[1] for p in parts])
    margin = between - np.where(alone, 0.0, within)[:, :, None]
    known = np.isfinite(margin)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, margin, 0.0).sum(axis=0) / np.where(count, count, np.nan)
    nearer = (np.where(known, margin, -1.0) > 0).sum(axis=0) >= min_matrices
    nearer = np.where(alone[:, None], count > 0, nearer) & (label >= 0)[:, None]
    best = np.where(nearer, mean, -np.inf)
    out = []
    for i in np.flatnonzero(nearer.any(axis=1)):
        target = int(best[i].argmax())
        kind = "merge" if alone[i] else "move"
        out.append((kind, int(i), target, margin[:, i, target]))
    return out


def _loose(
    parts: Sequence[tuple[FloatArray, FloatArray, FloatArray, FloatArray]],
    label: IntArray,
    min_matrices: int,
) -> list[tuple[int, FloatArray]]:
    """Clusters to split, and by how much they miss the bar in each matrix."""
    size = np.bincount(label[label >= 0])
    gap = np.stack([p[2] - kernels.row_quantile(p[3], 0.95) for p in parts])
    short = (np.where(np.isfinite(gap), gap, 1.0) < 0).sum(axis=0) >= min_matrices
    return [(int(c), gap[:, c]) for c in np.flatnonzero(short & (size > 2))]
