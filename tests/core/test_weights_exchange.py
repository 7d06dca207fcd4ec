"""Weights from borders, and to and from other programs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    OptionError,
    SourceError,
)


def grid(n: int) -> pa.Table:
    """Squares of an n x n board, named by row and column."""
    names, rings = [], []
    for i in range(n):
        for j in range(n):
            names.append(f"{i}{j}")
            rings.append(f"{j} {i} {j + 1} {i} {j + 1} {i + 1} {j} {i + 1} {j} {i}")
    return pa.table({"boundary": names, "coordinates": rings})


@pytest.mark.parametrize(
    ("rule", "middle", "corner", "total"), [("rook", 4, 2, 24), ("queen", 8, 3, 40)]
)
def test_neighbours_on_a_board(rule: str, middle: int, corner: int, total: int) -> None:
    w = ag.build_contiguity(grid(3), rule=rule)
    degree = dict(zip(w.ids, np.diff(w.matrix.indptr), strict=True))
    assert degree["11"] == middle
    assert degree["00"] == corner
    assert w.matrix.nnz == total
    assert (w.matrix != w.matrix.T).nnz == 0


def test_contiguity_equals_libpysal() -> None:
    pytest.importorskip("libpysal")
    shapely = pytest.importorskip("shapely")
    geopandas = pytest.importorskip("geopandas")
    from libpysal.graph import Graph

    board = grid(5)
    shapes = [
        shapely.Polygon(np.array(c.split(), float).reshape(-1, 2))
        for c in board["coordinates"].to_pylist()
    ]
    frame = geopandas.GeoDataFrame(geometry=shapes, index=board["boundary"].to_pylist())
    for rule in ("rook", "queen"):
        theirs = Graph.build_contiguity(frame, rook=rule == "rook")
        assert (
            abs(
                ag.from_libpysal(theirs).matrix
                - ag.build_contiguity(board, rule=rule).matrix
            ).nnz
            == 0
        )


def test_holes_islands_open_rings_and_parts() -> None:
    areas = pa.table(
        {
            "boundary": ["around", "around", "inside", "far", "inside"],
            "coordinates": [
                "0 0 3 0 3 3 0 3",
                "1 1 2 1 2 2 1 2",
                "1 1 2 1 2 2 1 2",
                "9 9 10 9 10 10",
                "3 0 4 0 4 1",
            ],
        }
    )
    w = ag.build_contiguity(areas, rule="rook")
    assert w.islands == ("far",)
    assert w.matrix.nnz == 2


def test_bad_rings_are_listed_all_at_once() -> None:
    bad = pa.table(
        {"boundary": ["a", "b", "c"], "coordinates": ["1 2", "x y z", "0 0 1 0 1 1"]}
    )
    with pytest.raises(InvalidTableError, match="bad_coordinates") as caught:
        ag.build_contiguity(bad)
    assert caught.value.problems[0].rows == (1, 2)
    with pytest.raises(OptionError):
        ag.build_contiguity(grid(2), rule="bishop")


def test_gal_and_gwt_files_come_back(tmp_path) -> None:
    w = ag.build_contiguity(grid(3))
    gal = tmp_path / "w.gal"
    gal.write_text(ag.weights_text(w))
    assert ag.read_weights(gal).digest == w.digest
    row = w.standardised("row")
    gwt = tmp_path / "w.gwt"
    gwt.write_text(ag.weights_text(row, kind="gwt"))
    assert abs(ag.read_weights(gwt).matrix - row.matrix).max() == 0.0


def test_gal_keeps_units_without_a_neighbour(tmp_path) -> None:
    w = ag.SpatialWeights.from_links(["a", "b"], ["b", "a"], ids=["a", "b", "c"])
    file = tmp_path / "w.gal"
    file.write_text(ag.weights_text(w))
    assert ag.read_weights(file).islands == ("c",)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("w.gal", "", 1),
        ("w.gal", "2\na 1\nb\n", 3),
        ("w.gal", "1\na 2\nb\n", 3),
        ("w.gal", "1\na\n", 2),
        ("w.gwt", "2\na b\n", 2),
        ("w.gwt", "2\na b x\n", 2),
    ],
)
def test_damaged_files_say_which_line(
    tmp_path, name: str, text: str, line: int
) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(SourceError) as caught:
        ag.read_weights(file)
    assert caught.value.problems[0].where == f"{name}, line {line}"


def test_other_files_are_refused(tmp_path) -> None:
    with pytest.raises(SourceError, match="gal"):
        ag.read_weights(tmp_path / "w.csv")
    with pytest.raises(SourceError, match="cannot be read"):
        ag.read_weights(tmp_path / "w.gal")
    (tmp_path / "w.gal").write_text("2\na 1\nz\nb 1\na\n")
    with pytest.raises(AlignmentError):
        ag.read_weights(tmp_path / "w.gal")


def test_frames_and_libpysal_come_back() -> None:
    w = ag.build_contiguity(grid(3)).standardised("row")
    frame = ag.weights_frame(w)
    again = ag.SpatialWeights.from_links(
        *(frame[c].to_pylist() for c in frame.column_names)
    )
    assert abs(again.matrix - w.matrix).max() == 0.0
    pytest.importorskip("libpysal")
    assert abs(ag.from_libpysal(ag.to_libpysal(w)).matrix - w.matrix).max() == 0.0
