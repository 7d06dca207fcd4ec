"""Spatial weights to and from other programs: GAL and GWT files, libpysal, frames."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from agglo.core.errors import MissingExtraError, Problem, SourceError
from agglo.core.frames import from_arrow
from agglo.core.weights import SpatialWeights

if TYPE_CHECKING:
    from agglo.core.typing import FrameKind

__all__ = [
    "LibpysalGraph",
    "from_libpysal",
    "read_weights",
    "to_libpysal",
    "weights_frame",
    "weights_text",
]


class LibpysalGraph(Protocol):
    """What is used of a ``libpysal.graph.Graph``."""

    @property
    def sparse(self) -> csr_array:
        """Weights as a sparse array, rows in the order of `unique_ids`."""

    @property
    def unique_ids(self) -> Sequence[object]:
        """Labels."""


def read_weights(path: str | os.PathLike[str]) -> SpatialWeights:
    r"""Read a GAL or GWT file, as GeoDa, PySAL and R's spdep write them.

    Parameters
    ----------
    path
        File ending in ``.gal`` (neighbours, weight 1) or ``.gwt`` (weighted).

    Returns
    -------
    SpatialWeights
        Labels as they stand in the file; units without a neighbour are kept where the
        file names them (GAL names all, GWT only those with a neighbour).

    Raises
    ------
    SourceError
        If the file cannot be read or is no such file, with the line.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import agglo as ag
    >>> file = Path(tempfile.mkdtemp()) / "three.gal"
    >>> _ = file.write_text("3\na 1\nb\nb 2\na c\nc 1\nb\n")
    >>> ag.read_weights(file).matrix.nnz
    4
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in (".gal", ".gwt"):
        msg = f"{file.name} is neither a .gal nor a .gwt file."
        raise SourceError(msg)
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read: {error}."
        raise SourceError(msg) from error
    return _gal(file.name, lines) if kind == ".gal" else _gwt(file.name, lines)


def _bad(name: str, line: int, what: str) -> SourceError:
    problem = Problem(
        code="bad_weights_file",
        what=what,
        where=f"{name}, line {line}",
        fix="write the file anew from the program it comes from",
    )
    return SourceError(f"{name} is damaged.", [problem])


def _size(name: str, lines: list[str]) -> int:
    """Read the number of units from the head, ``n`` or ``0 n file key``."""
    head = lines[0].split() if lines else []
    count = head[1] if len(head) > 1 and head[0] == "0" else (head[0] if head else "")
    if not count.isdigit():
        raise _bad(name, 1, "the head does not say how many units there are")
    return int(count)


def _gal(name: str, lines: list[str]) -> SpatialWeights:
    n = _size(name, lines)
    ids: list[str] = []
    start: list[str] = []
    end: list[str] = []
    at = 1
    while at < len(lines) and len(ids) < n:
        head = lines[at].split()
        if len(head) != 2 or not head[1].isdigit():
            raise _bad(name, at + 1, "expected a label and its number of neighbours")
        label, count = head[0], int(head[1])
        neighbours = lines[at + 1].split() if at + 1 < len(lines) else []
        if len(neighbours) != count:
            what = f"'{label}' has {len(neighbours)} neighbours, not {count}"
            raise _bad(name, at + 2, what)
        ids.append(label)
        start += [label] * count
        end += neighbours
        at += 2
    if len(ids) != n:
        raise _bad(name, len(lines), f"{len(ids)} units instead of {n}")
    return SpatialWeights.from_links(start, end, ids=ids)


def _gwt(name: str, lines: list[str]) -> SpatialWeights:
    _size(name, lines)
    start: list[str] = []
    end: list[str] = []
    weight: list[float] = []
    for number, line in enumerate(lines[1:], 2):
        parts = line.split()
        if not parts:
            continue
        try:
            origin, destination, value = parts[0], parts[1], float(parts[2])
        except (IndexError, ValueError) as error:
            raise _bad(name, number, "expected two labels and a weight") from error
        start.append(origin)
        end.append(destination)
        weight.append(value)
    return SpatialWeights.from_links(start, end, weight)


def weights_text(weights: SpatialWeights, *, kind: str = "gal") -> str:
    """Give the text of a GAL or GWT file.

    Parameters
    ----------
    weights
        The weights.
    kind
        ``"gal"`` (who neighbours whom; weights are lost) or ``"gwt"`` (with weights;
        units without a neighbour are lost).

    Returns
    -------
    str
        Text that GeoDa, PySAL and spdep read.

    Examples
    --------
    >>> import agglo as ag
    >>> w = ag.SpatialWeights.from_links(["a", "b"], ["b", "a"])
    >>> ag.weights_text(w).splitlines()[0]
    '0 2 agglo id'
    """
    matrix, ids = weights.matrix, weights.ids
    lines = [f"0 {weights.n} agglo id"]
    for i, label in enumerate(ids):
        row = slice(matrix.indptr[i], matrix.indptr[i + 1])
        names = ids[matrix.indices[row]]
        if kind == "gal":
            lines += [f"{label} {len(names)}", " ".join(names)]
        else:
            pairs = zip(names, matrix.data[row], strict=True)
            lines += [f"{label} {other} {value!r}" for other, value in _plain(pairs)]
    return "\n".join(lines) + "\n"


def _plain(pairs: zip[tuple[np.str_, np.float64]]) -> list[tuple[str, float]]:
    return [(str(name), float(value)) for name, value in pairs]


def weights_frame(weights: SpatialWeights, *, kind: FrameKind = "pyarrow") -> object:
    """Give one row per neighbour: ``origin``, ``destination``, ``weight``.

    Parameters
    ----------
    weights
        The weights.
    kind
        Kind of frame.

    Returns
    -------
    object
        A frame; ``SpatialWeights.from_links`` takes its columns back (units without a
        neighbour need ``ids=``).

    Examples
    --------
    >>> import agglo as ag
    >>> w = ag.SpatialWeights.from_links(["a", "b"], ["b", "a"])
    >>> ag.weights_frame(w).num_rows
    2
    """
    matrix = weights.matrix.tocoo()
    table = pa.table(
        {
            "origin": weights.ids[matrix.row].tolist(),
            "destination": weights.ids[matrix.col].tolist(),
            "weight": matrix.data,
        }
    )
    return from_arrow(table, kind)


def from_libpysal(graph: LibpysalGraph) -> SpatialWeights:
    """Take over the weights of a ``libpysal.graph.Graph``.

    Parameters
    ----------
    graph
        A graph; labels become text. Isolates stay units without a neighbour.

    Returns
    -------
    SpatialWeights
        With the weights as they are (standardise with ``standardised``).

    Raises
    ------
    InvalidTableError
        For negative weights or weights on the diagonal.
    """
    labels = [str(label) for label in graph.unique_ids]
    return SpatialWeights.from_matrix(csr_array(graph.sparse), labels, kind="libpysal")


def to_libpysal(weights: SpatialWeights) -> object:
    """Give the weights as a ``libpysal.graph.Graph``.

    Parameters
    ----------
    weights
        The weights.

    Returns
    -------
    libpysal.graph.Graph
        Same labels and weights.

    Raises
    ------
    MissingExtraError
        If libpysal is not installed (``pip install libpysal``).
    """
    try:
        from libpysal.graph import Graph
    except ImportError as error:
        package, extra = "libpysal", "pysal"
        raise MissingExtraError(package, extra, "weights for PySAL") from error
    return Graph.from_sparse(weights.matrix.tocoo(), ids=weights.ids)
