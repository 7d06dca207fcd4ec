"""Steps two and three of benchmark definitions: many groupings of industries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.parallel import Progress, entropy_of, generator
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.relatedness import _kernels_benchmark as kernels
from agglo.relatedness import _kernels_mixture as mixture
from agglo.relatedness import _kernels_partitions as partitions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray
    from agglo.relatedness.similarity import SimilarityMatrices

__all__ = ["CandidateDefinitions", "candidate_definitions"]

_FUNCTIONS = (
    "ward",
    "average",
    "kmeans",
    "kmedians",
    "gaussian",
    "network",
    "spectral",
)
# those of the published procedure; spectral groups are an addition of ours
_DEFAULT = _FUNCTIONS[:6]
_STARTS = ("random", "first", "last", "partition")
_STARTED = ("kmeans", "kmedians")
_DIMENSIONS = 10

StartRule: TypeAlias = Literal["random", "first", "last", "partition"]


@dataclass(frozen=True, eq=False, kw_only=True)
class CandidateDefinitions(Result):
    """Groupings of the same industries.

    Parameters
    ----------
    industry
        Labels, shape (n,).
    labels
        Group of an industry, from 0 (the largest); -1 is unassigned. Shape
        (n_candidates, n).
    matrix, function, k
        What was clustered, by what, into how many groups; one per candidate.
    start
        Where ``"kmeans"`` and ``"kmedians"`` began; empty for the others.
    """

    industry: NDArray[np.str_]
    labels: IntArray
    matrix: NDArray[np.str_]
    function: NDArray[np.str_]
    k: IntArray
    start: NDArray[np.str_]

    def definition(self, candidate: int) -> dict[str, str]:
        """Give one candidate as a mapping that `as_cluster_definitions` reads.

        Parameters
        ----------
        candidate
            Its row.

        Returns
        -------
        dict of str to str
            Industry to cluster, ``"C01"``, ``"C02"``, ...; unassigned ones are absent.
        """
        label = self.labels[candidate]
        return {
            str(i): f"C{c + 1:02d}"
            for i, c in zip(self.industry, label.tolist(), strict=True)
            if c >= 0
        }

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per candidate and industry."""
        m, n = self.labels.shape
        rows = np.repeat(np.arange(m), n)
        return {
            "candidate": rows,
            "matrix": self.matrix[rows],
            "function": self.function[rows],
            "start": self.start[rows],
            "k": self.k[rows],
            "industry": np.tile(self.industry, m),
            "cluster": self.labels.ravel(),
            "cluster_share": np.concatenate([_shares(x) for x in self.labels]),
        }

    def summary(self) -> str:
        """Say how many candidates there are and of what."""
        return (
            f"{self.k.size} candidate definitions of {self.industry.size} industries: "
            f"{sorted(set(self.function.tolist()))} on "
            f"{sorted(set(self.matrix.tolist()))}, {self.k.min()} to {self.k.max()} groups"
        )

    def _draw(self, ax: Axes) -> None:
        largest = [np.bincount(x[x >= 0]).max() for x in self.labels]
        ax.scatter(self.k, largest, s=12)
        ax.set_xlabel("groups")
        ax.set_ylabel("industries in the largest")


def _shares(label: IntArray) -> FloatArray:
    """Share of the industries that are in one's group; NaN when unassigned."""
    size = np.bincount(label[label >= 0]) / label.size
    return np.where(label >= 0, size[np.maximum(label, 0)], np.nan)


def candidate_definitions(
    matrices: SimilarityMatrices,
    *,
    k: Sequence[int] = tuple(range(30, 61)),
    functions: Sequence[str] = _DEFAULT,
    names: Sequence[str] | None = None,
    on: Literal["rows", "distance"] = "rows",
    start: StartRule | Sequence[StartRule] = "random",
    n_starts: int = 10,
    seed: int | None = None,
    progress: Progress | None = None,
) -> CandidateDefinitions:
    r"""Group industries in many ways, to be scored afterwards.

    Use with `score_definitions`, which says what each grouping is worth; none of them is
    the answer by itself.

    Parameters
    ----------
    matrices
        Result of `similarity_matrices`.
    k
        Numbers of groups.
    functions
        ``"ward"``, ``"average"`` (hierarchical), ``"kmeans"``, ``"kmedians"`` (coordinate
        medians), ``"gaussian"`` (mixture on 10 principal components), ``"network"`` (mixture
        of the matrix as links), ``"spectral"`` (k-means of leading eigenvectors). Default
        the first six: all of the published procedure, whatever the size, since none holds
        more than a few matrices of industries at once; medians take the longest.
    names
        Matrices that are clustered; default all.
    on
        Whether ``"average"`` looks at rows or at one minus the similarity.
    start
        Of ``"kmeans"`` and ``"kmedians"``: random industries, the first or last k, or a
        random partition. With several of them, each gives candidates of its own.
    n_starts
        Starts, of which the best is kept; one is enough for ``"first"`` and ``"last"``.
    seed
        Of random starts; ``None`` draws entropy and records it.
    progress
        Called with candidates made and candidates in all: first with 0, so that the size
        of the grid is known before the work, then after every function.

    Returns
    -------
    CandidateDefinitions
        One candidate per matrix, function (and start) and k.

    Raises
    ------
    OptionError
        If a choice does not exist, or there are more groups than industries.
    NotIdentifiedError
        If a mixture loses a group from every start.

    Notes
    -----
    An industry is described by its row: its relatedness to all others, with the row mean
    on the diagonal and in gaps (inferred). Industries without any relatedness are left
    out, -1, listed. Ward and average are nested over k. O(candidates n^2 k).

    References
    ----------
    Delgado, Porter and Stern 2016, doi:10.1093/jeg/lbv017.

    See Also
    --------
    score_candidates : What the candidates are worth, and the best of them.

    Examples
    --------
    >>> import numpy as np
    >>> from agglo import RegionActivity
    >>> from agglo.relatedness import candidate_definitions, similarity_matrices
    >>> taste = np.random.default_rng(1).lognormal(0, 1, (40, 2))
    >>> jobs = RegionActivity.from_arrays(np.repeat(taste, 3, axis=1))
    >>> candidate_definitions(similarity_matrices(jobs), k=[2], seed=1).labels[0].tolist()
    [0, 0, 0, 1, 1, 1]
    """
    from threadpoolctl import threadpool_limits

    rules = (start,) if isinstance(start, str) else tuple(start)
    chosen = _checked(matrices, k, functions, names, on, rules, n_starts)
    entropy = entropy_of(seed)
    ways = _ways(functions, rules)
    total = len(chosen) * len(ways) * len(k)
    if not total:
        msg = "Nothing to do: give at least one of k=, functions=, names= and start=."
        raise OptionError(msg)
    _tell(progress, 0, total)
    rows, undefined = [], []
    with threadpool_limits(limits=1):
        for m, name in enumerate(chosen):
            x, known = kernels.rows_of(matrices.matrix(name))
            undefined += [
                Undefined(reason=f"no relatedness in {name}: left out", activity=str(i))
                for i in matrices.industry[~known]
            ]
            if max(k) > x.shape[0]:
                msg = f"k={max(k)} groups of {x.shape[0]} industries in '{name}'."
                raise OptionError(msg)
            for function, rule, key in ways:
                rng = generator(entropy, m, *key)
                for groups, found in _grouped(x, function, k, on, rule, n_starts, rng):
                    label = np.full(known.size, -1, dtype=np.int64)
                    label[known] = partitions.by_size(found)
                    rows.append((name, function, rule, groups, label))
                _tell(progress, len(rows), total)
    return CandidateDefinitions(
        provenance=Provenance.of(
            candidate_definitions,
            matrices.provenance.input_digest,
            parameters={
                "k": list(k),
                "functions": list(functions),
                "names": list(chosen),
                "on": on,
                "start": start if isinstance(start, str) else list(rules),
                "n_starts": n_starts,
            },
            seed=entropy,
        ),
        frame_kind=matrices.frame_kind,
        undefined=tuple(undefined),
        industry=matrices.industry,
        labels=frozen_array(np.stack([r[4] for r in rows])),
        matrix=frozen_array(np.array([r[0] for r in rows])),
        function=frozen_array(np.array([r[1] for r in rows])),
        start=frozen_array(np.array([r[2] for r in rows], dtype=np.str_)),
        k=frozen_array(np.array([r[3] for r in rows], dtype=np.int64)),
    )


def _checked(
    matrices: SimilarityMatrices,
    k: Sequence[int],
    functions: Sequence[str],
    names: Sequence[str] | None,
    on: str,
    rules: Sequence[str],
    n_starts: int,
) -> tuple[str, ...]:
    """Refuse what cannot be done; give the matrices that are clustered."""
    for function in functions:
        check_choice("functions", function, _FUNCTIONS)
    check_choice("on", on, ("rows", "distance"))
    for rule in rules:
        check_choice("start", rule, _STARTS)
    check_number("n_starts", n_starts, minimum=1, integer=True)
    for one in k:
        check_number("k", one, minimum=2, integer=True)
    chosen = matrices.name if names is None else tuple(names)
    for name in chosen:
        check_choice("names", name, matrices.name)
    return chosen


def _ways(
    functions: Sequence[str], rules: Sequence[str]
) -> list[tuple[str, str, tuple[int, ...]]]:
    """Give functions with their starts, and the key of the random numbers of each."""
    out: list[tuple[str, str, tuple[int, ...]]] = []
    for function in functions:
        place = _FUNCTIONS.index(function)
        if function not in _STARTED:
            out.append((function, "", (place,)))
            continue
        # a single rule draws what it always drew
        keys = [(place,), *((place, s) for s in range(1, len(rules)))]
        out += [(function, r, key) for r, key in zip(rules, keys, strict=False)]
    return out


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _grouped(
    x: FloatArray,
    function: str,
    k: Sequence[int],
    on: str,
    start: str,
    n_starts: int,
    rng: np.random.Generator,
) -> list[tuple[int, IntArray]]:
    """Labels for every k."""
    if function in ("ward", "average"):
        return _nested(x, function, k, on)
    space = kernels.principal(x, _DIMENSIONS) if function == "gaussian" else x
    out = []
    for groups in k:
        if function in ("kmeans", "kmedians"):
            label = _centres(space, groups, function, start, n_starts, rng)
        elif function == "spectral":
            leading = kernels.spectral_rows(x, groups)
            label = _centres(leading, groups, "kmeans", "random", n_starts, rng)
        else:
            label = _mixture(space, function, groups, n_starts, rng)
        out.append((int(groups), label))
    return out


def _nested(
    x: FloatArray, function: str, k: Sequence[int], on: str
) -> list[tuple[int, IntArray]]:
    from scipy.cluster.hierarchy import cut_tree, linkage
    from scipy.spatial.distance import squareform

    if function == "average" and on == "distance":
        apart = 1.0 - (x + x.T) / 2
        np.fill_diagonal(apart, 0.0)
        tree = linkage(squareform(np.maximum(apart, 0.0), checks=False), "average")
    else:
        tree = linkage(x, "ward" if function == "ward" else "average")
    cut = cut_tree(tree, n_clusters=list(k))
    return [(int(g), cut[:, i].astype(np.int64)) for i, g in enumerate(k)]


def _centres(
    x: FloatArray,
    k: int,
    function: str,
    start: str,
    n_starts: int,
    rng: np.random.Generator,
) -> IntArray:
    best, least = np.zeros(x.shape[0], dtype=np.int64), np.inf
    for _ in range(1 if start in ("first", "last") else n_starts):
        if start == "first":
            centre = x[:k]
        elif start == "last":
            centre = x[-k:]
        elif start == "random":
            centre = x[np.sort(rng.choice(x.shape[0], k, replace=False))]
        else:
            drawn = rng.permutation(np.arange(x.shape[0]) % k)
            one = kernels.one_hot(drawn, k)
            centre = (one.T @ x) / one.sum(axis=0)[:, None]
        label, total = kernels.lloyd(x, centre, medians=function == "kmedians")
        if total < least:
            best, least = label, total
    return best


def _mixture(
    x: FloatArray, function: str, k: int, n_starts: int, rng: np.random.Generator
) -> IntArray:
    n, d = x.shape
    if function == "gaussian":
        scale = float(x.std()) or 1.0
        points = x / scale
        family = mixture.Family(
            features=mixture.quadratic(points, full=False),
            weight=np.ones(n),
            constant=0.0,
            maximise=mixture.normal_diagonal(d, 1e-3, spherical=False),
        )
    else:
        links = np.maximum(x, 0.0)
        np.fill_diagonal(links, 0.0)
        points = np.sqrt(links / np.maximum(links.sum(axis=1, keepdims=True), 1e-300))
        family = mixture.Family(
            features=links,
            weight=np.ones(n),
            constant=0.0,
            maximise=mixture.multinomial(),
        )
    begin = mixture.starts(points, np.ones(n), k, n_starts, rng, random_share=0.0)
    found = mixture.fit(family, begin, tol=1e-8, max_iter=500)
    if found is None:
        msg = f"'{function}' with k={k} lost a group from all {n_starts} starts."
        raise NotIdentifiedError(msg)
    label: IntArray = found.membership.argmax(axis=1).astype(np.int64)
    return label
