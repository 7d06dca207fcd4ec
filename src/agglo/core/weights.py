"""Spatial weights: who is whose neighbour, by label, with what weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    OptionError,
)
from agglo.core.options import check_choice, check_number
from agglo.core.results import digest_of, frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csr_array

    from agglo.core.typing import FloatArray

__all__ = ["SpatialWeights"]

Islands: TypeAlias = Literal["raise", "nearest", "keep"]
Standardisation: TypeAlias = Literal["none", "row", "spectral"]


@dataclass(frozen=True, eq=False, kw_only=True)
class SpatialWeights:
    """Non-negative weights between labelled units, zero on the diagonal.

    Build it with ``build_knn``, ``build_distance_band``, ``build_inverse_distance``,
    ``from_matrix`` or ``from_links``; labels are sorted, alignment is always by label.

    Attributes
    ----------
    ids
        Sorted labels, (n,).
    matrix
        Sparse (n, n); row i holds the weights of the neighbours of unit i.
    standardisation
        ``"none"``, ``"row"`` (rows sum to 1) or ``"spectral"`` (largest eigenvalue 1).
    kind
        How it was built, with its parameters, as printed in captions.
    """

    ids: NDArray[np.str_]
    matrix: csr_array
    standardisation: Standardisation = "none"
    kind: str = "given"

    @property
    def n(self) -> int:
        """Number of units."""
        return self.ids.size

    @cached_property
    def islands(self) -> tuple[str, ...]:
        """Labels of units without a neighbour."""
        empty = np.diff(self.matrix.indptr) == 0
        return tuple(str(i) for i in self.ids[empty])

    @property
    def density(self) -> float:
        """Share of ordered pairs that are neighbours."""
        pairs = self.n * (self.n - 1)
        return float(self.matrix.nnz / pairs) if pairs else float("nan")

    @cached_property
    def n_components(self) -> int:
        """Number of groups of units that no path connects."""
        from scipy.sparse.csgraph import connected_components

        return int(
            connected_components(self.matrix, directed=True, connection="weak")[0]
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels and weights."""
        m = self.matrix
        return digest_of(self.ids, m.indptr, m.indices, m.data, self.standardisation)

    def __repr__(self) -> str:
        """Show size, density and islands."""
        return (
            f"<SpatialWeights: {self.n} units, {self.matrix.nnz} neighbours "
            f"({self.density:.1%}), {len(self.islands)} islands, {self.kind}, "
            f"{self.standardisation}>"
        )

    @classmethod
    def from_matrix(
        cls, values: ArrayLike | csr_array, ids: ArrayLike, *, kind: str = "given"
    ) -> SpatialWeights:
        """Take a dense or sparse matrix.

        Parameters
        ----------
        values
            Shape (n, n), non-negative, zero diagonal.
        ids
            Labels of rows and columns, distinct.
        kind
            Words for captions.

        Returns
        -------
        SpatialWeights
            Sorted by label.

        Raises
        ------
        AlignmentError
            If shapes do not fit or labels repeat.
        InvalidTableError
            If a weight is negative or not finite, or the diagonal is not zero.

        Examples
        --------
        >>> import agglo as ag
        >>> ag.SpatialWeights.from_matrix([[0, 1], [1, 0]], ["a", "b"]).density
        1.0
        """
        from scipy.sparse import csr_array as sparse

        labels = np.asarray(ids).astype(np.str_)
        raw = values if isinstance(values, sparse) else np.asarray(values, np.float64)
        matrix = _square(sparse(raw))
        n = labels.size
        if matrix.shape != (n, n) or np.unique(labels).size != n:
            msg = f"Got a matrix of {matrix.shape} for {n} labels, which must be distinct."
            raise AlignmentError(msg)
        if not np.isfinite(matrix.data).all() or (matrix.data < 0).any():
            msg = "[weights_values] weights must be finite and not negative."
            raise InvalidTableError(msg)
        if (matrix.diagonal() != 0).any():
            msg = "[weights_values] the diagonal must be zero: no unit is its own neighbour."
            raise InvalidTableError(msg)
        order = np.argsort(labels, kind="stable")
        matrix = _square(sparse(matrix[order][:, order]))
        matrix.eliminate_zeros()
        matrix.sort_indices()
        return cls(ids=frozen_array(labels[order]), matrix=matrix, kind=kind)

    @classmethod
    def from_links(
        cls,
        origin: Sequence[str],
        destination: Sequence[str],
        weight: ArrayLike | None = None,
        *,
        ids: Sequence[str] | None = None,
    ) -> SpatialWeights:
        """Take a list of neighbours.

        Parameters
        ----------
        origin, destination
            Labels: `destination` is a neighbour of `origin`.
        weight
            One per pair; default 1. Repeated pairs are refused.
        ids
            All units, for those without a neighbour; default those named.

        Returns
        -------
        SpatialWeights
            Sorted by label.

        Raises
        ------
        AlignmentError
            If lengths differ, a pair repeats, or a label is not in `ids`.

        Examples
        --------
        >>> import agglo as ag
        >>> ag.SpatialWeights.from_links(["a", "b"], ["b", "a"], ids=["a", "b", "c"]).islands
        ('c',)
        """
        from scipy.sparse import coo_array

        start, end = np.asarray(origin, np.str_), np.asarray(destination, np.str_)
        values = (
            np.ones(start.size) if weight is None else np.asarray(weight, np.float64)
        )
        if not start.shape == end.shape == values.shape:
            msg = f"origin, destination and weight differ in length: {start.size}, {end.size}, {values.size}."
            raise AlignmentError(msg)
        named = np.unique(np.concatenate([start, end]))
        labels = named if ids is None else np.unique(np.asarray(ids, np.str_))
        lost = np.setdiff1d(named, labels)
        if lost.size:
            msg = f"{lost.size} labels are not in ids, for example {lost[:5].tolist()}."
            raise AlignmentError(msg)
        at = (np.searchsorted(labels, start), np.searchsorted(labels, end))
        if np.unique(at[0] * labels.size + at[1]).size != start.size:
            msg = "A pair of neighbours occurs more than once; sum the weights first."
            raise AlignmentError(msg)
        shape = (labels.size, labels.size)
        return cls.from_matrix(coo_array((values, at), shape=shape).tocsr(), labels)

    @classmethod
    def build_knn(
        cls, x_km: ArrayLike, y_km: ArrayLike, ids: ArrayLike, *, k: int = 6
    ) -> SpatialWeights:
        """Make the k nearest units neighbours, weight 1.

        Parameters
        ----------
        x_km, y_km
            Planar positions.
        ids
            Labels.
        k
            Neighbours of every unit, 1 to n − 1. Ties at the last place go to the label
            that sorts first.

        Returns
        -------
        SpatialWeights
            Not symmetric in general.

        Raises
        ------
        AlignmentError
            If lengths differ.
        OptionError
            If `k` is out of range.

        Examples
        --------
        >>> import agglo as ag
        >>> w = ag.SpatialWeights.build_knn([0, 1, 3], [0, 0, 0], ["a", "b", "c"], k=1)
        >>> int(w.matrix.nnz)
        3
        """
        labels, xy = _positions(x_km, y_km, ids)
        n = labels.size
        check_number("k", k, minimum=1, maximum=max(n - 1, 1), integer=True)
        distance = _distances(xy)
        np.fill_diagonal(distance, np.inf)
        # a stable sort over labels in order: ties go to the first label
        near = np.argsort(distance, axis=1, kind="stable")[:, :k]
        matrix = np.zeros((n, n))
        np.put_along_axis(matrix, near, 1.0, axis=1)
        return cls.from_matrix(matrix, labels, kind=f"{k} nearest")

    @classmethod
    def build_distance_band(
        cls,
        x_km: ArrayLike,
        y_km: ArrayLike,
        ids: ArrayLike,
        *,
        cutoff_km: float,
        islands: Islands = "raise",
    ) -> SpatialWeights:
        """Make all units within a distance neighbours, weight 1.

        Parameters
        ----------
        x_km, y_km, ids
            As in ``build_knn``.
        cutoff_km
            Distance, the end included.
        islands
            Units without a neighbour: ``"raise"``, tie to the ``"nearest"``, or
            ``"keep"``.

        Returns
        -------
        SpatialWeights
            Symmetric unless islands were tied.

        Raises
        ------
        AlignmentError
            If there are islands and `islands` is ``"raise"``.

        Examples
        --------
        >>> import agglo as ag
        >>> w = ag.SpatialWeights.build_distance_band(
        ...     [0, 1, 3], [0, 0, 0], ["a", "b", "c"], cutoff_km=2)
        >>> int(w.matrix.nnz)
        4
        """
        check_number("cutoff_km", cutoff_km, minimum=0, open_ends=True)
        labels, xy = _positions(x_km, y_km, ids)
        distance = _distances(xy)
        near = (distance <= cutoff_km).astype(np.float64)
        np.fill_diagonal(near, 0.0)
        near = _tie_islands(near, distance, labels, islands)
        return cls.from_matrix(near, labels, kind=f"within {cutoff_km:g} km")

    @classmethod
    def build_inverse_distance(
        cls,
        x_km: ArrayLike,
        y_km: ArrayLike,
        ids: ArrayLike,
        *,
        power: float = 1.0,
        cutoff_km: float = np.inf,
        islands: Islands = "raise",
    ) -> SpatialWeights:
        """Weigh units by distance to a negative power.

        Parameters
        ----------
        x_km, y_km, ids
            As in ``build_knn``; two units at one place are refused.
        power
            Exponent, above 0.
        cutoff_km
            Farther pairs weigh nothing; default none.
        islands
            As in ``build_distance_band``.

        Returns
        -------
        SpatialWeights
            Symmetric unless islands were tied.

        Raises
        ------
        InvalidTableError
            If two units share a place: their weight would be infinite.
        AlignmentError
            If there are islands and `islands` is ``"raise"``.

        Examples
        --------
        >>> import agglo as ag
        >>> w = ag.SpatialWeights.build_inverse_distance([0, 2], [0, 0], ["a", "b"], power=2)
        >>> float(w.matrix[0, 1])
        0.25
        """
        check_number("power", power, minimum=0, open_ends=True)
        labels, xy = _positions(x_km, y_km, ids)
        distance = _distances(xy)
        np.fill_diagonal(distance, np.inf)
        if (distance == 0).any():
            i, j = np.argwhere(distance == 0)[0]
            msg = f"'{labels[i]}' and '{labels[j]}' share a place: merge them or move one."
            raise InvalidTableError(msg)
        weight = np.where(distance <= cutoff_km, distance**-power, 0.0)
        weight = _tie_islands(weight, distance, labels, islands)
        reach = "" if np.isinf(cutoff_km) else f" within {cutoff_km:g} km"
        return cls.from_matrix(weight, labels, kind=f"distance^-{power:g}{reach}")

    def standardised(self, how: Standardisation = "row") -> SpatialWeights:
        """Give the same neighbours with standardised weights.

        Parameters
        ----------
        how
            ``"row"`` (islands keep an empty row), ``"spectral"`` or ``"none"``.

        Returns
        -------
        SpatialWeights
            A new object.

        Raises
        ------
        OptionError
            If `how` is unknown, or the weights are already standardised otherwise.
        """
        check_choice("how", how, ("none", "row", "spectral"))
        if how == self.standardisation or how == "none" == self.standardisation:
            return self
        if self.standardisation != "none":
            msg = f"The weights are '{self.standardisation}' standardised; start from the raw ones."
            raise OptionError(msg)
        from scipy.sparse import csr_array as sparse
        from scipy.sparse import diags_array

        if how == "row":
            total = np.asarray(self.matrix.sum(axis=1)).ravel()
            scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
            matrix = _square(sparse(diags_array(scale) @ self.matrix))
        else:
            matrix = _square(sparse(self.matrix / self._spectral_radius()))
        return replace(self, matrix=matrix, standardisation=how)

    def _spectral_radius(self) -> float:
        dense = self.matrix.toarray()
        return float(np.abs(np.linalg.eigvals(dense)).max()) or 1.0

    def lag(self, values: ArrayLike) -> FloatArray:
        """Give the weighted sum over neighbours.

        Parameters
        ----------
        values
            Shape (n,) or (n, k), in the order of `ids`.

        Returns
        -------
        numpy.ndarray of float64
            Same shape; 0 for islands.
        """
        array = np.asarray(values, dtype=np.float64)
        if array.shape[0] != self.n:
            msg = f"values has {array.shape[0]} rows for {self.n} units."
            raise AlignmentError(msg)
        out: FloatArray = self.matrix @ array
        return out

    def aligned(self, ids: ArrayLike) -> SpatialWeights:
        """Check that the units are exactly these, whatever their order.

        Parameters
        ----------
        ids
            Labels of the data.

        Returns
        -------
        SpatialWeights
            This object.

        Raises
        ------
        AlignmentError
            Listing the labels that only one side has.
        """
        wanted = np.unique(np.asarray(ids).astype(np.str_))
        only_here = np.setdiff1d(self.ids, wanted)
        only_there = np.setdiff1d(wanted, self.ids)
        if only_here.size or only_there.size:
            msg = (
                f"[weights_ids] only in the weights: {only_here[:10].tolist()}; only in "
                f"the data: {only_there[:10].tolist()}."
            )
            raise AlignmentError(msg)
        return self


def _square(matrix: csr_array) -> csr_array:
    """Give float weights; a vector is refused by the shape check that follows."""
    return matrix.astype(np.float64)


def _positions(
    x_km: ArrayLike, y_km: ArrayLike, ids: ArrayLike
) -> tuple[NDArray[np.str_], FloatArray]:
    labels = np.asarray(ids).astype(np.str_)
    x, y = np.asarray(x_km, dtype=np.float64), np.asarray(y_km, dtype=np.float64)
    if not labels.shape == x.shape == y.shape or labels.ndim != 1:
        msg = f"x_km, y_km and ids differ in length: {x.shape}, {y.shape}, {labels.shape}."
        raise AlignmentError(msg)
    if not (np.isfinite(x) & np.isfinite(y)).all():
        msg = "A position is missing or infinite."
        raise InvalidTableError(msg)
    order = np.argsort(labels, kind="stable")
    return labels[order], np.column_stack([x, y])[order]


def _distances(xy: FloatArray) -> FloatArray:
    from scipy.spatial.distance import cdist

    out: FloatArray = cdist(xy, xy)
    return out


def _tie_islands(
    weight: FloatArray, distance: FloatArray, labels: NDArray[np.str_], islands: Islands
) -> FloatArray:
    check_choice("islands", islands, ("raise", "nearest", "keep"))
    empty = np.flatnonzero(~(weight > 0).any(axis=1))
    if empty.size == 0 or islands == "keep":
        return weight
    if islands == "raise":
        some = labels[empty][:10].tolist()
        msg = (
            f"[weights_islands] {empty.size} units have no neighbour: {some}. Widen the "
            "cut-off, or choose islands='nearest' or 'keep'."
        )
        raise AlignmentError(msg)
    far = distance.copy()
    np.fill_diagonal(far, np.inf)
    nearest = far[empty].argmin(axis=1)
    # the smallest weight in use: a far neighbour is no stronger than any other
    used = weight[weight > 0]
    weight[empty, nearest] = used.min() if used.size else 1.0
    return weight
