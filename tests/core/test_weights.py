"""Spatial weights: labels, islands, standardisation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

import agglo as ag

X, Y, IDS = [0.0, 1.0, 2.0, 10.0], [0.0, 0.0, 0.0, 0.0], ["d", "c", "b", "a"]


def test_labels_are_sorted_with_their_rows():
    w = ag.SpatialWeights.from_matrix([[0, 2], [3, 0]], ["z", "a"])
    assert w.ids.tolist() == ["a", "z"]
    assert w.matrix.toarray().tolist() == [[0.0, 3.0], [2.0, 0.0]]


def test_nearest_neighbours_by_hand_and_ties_by_label():
    w = ag.SpatialWeights.build_knn(X, Y, IDS, k=1)
    # a (10) → b (2); b (2) → c (1); c (1): b and d are equally near → b; d (0) → c
    assert w.matrix.toarray().argmax(axis=1).tolist() == [1, 2, 1, 2]
    assert w.n_components == 1
    with pytest.raises(ag.OptionError, match="k=4"):
        ag.SpatialWeights.build_knn(X, Y, IDS, k=4)


def test_bands_and_islands():
    with pytest.raises(ag.AlignmentError, match=r"weights_islands.*'a'"):
        ag.SpatialWeights.build_distance_band(X, Y, IDS, cutoff_km=1)
    kept = ag.SpatialWeights.build_distance_band(X, Y, IDS, cutoff_km=1, islands="keep")
    assert kept.islands == ("a",)
    assert kept.n_components == 2
    tied = ag.SpatialWeights.build_distance_band(
        X, Y, IDS, cutoff_km=1, islands="nearest"
    )
    assert tied.islands == ()
    assert tied.matrix[0, 1] == 1.0
    np.testing.assert_array_equal(kept.lag([1.0, 2.0, 3.0, 4.0]), [0.0, 3.0, 6.0, 3.0])


def test_inverse_distance_and_shared_places():
    w = ag.SpatialWeights.build_inverse_distance(X, Y, IDS, power=2, cutoff_km=8)
    assert w.matrix[0, 1] == pytest.approx(1 / 64)
    assert w.matrix[0, 2] == 0.0
    with pytest.raises(ag.InvalidTableError, match="share a place"):
        ag.SpatialWeights.build_inverse_distance([0, 0], [1, 1], ["a", "b"])


def test_standardisation():
    raw = ag.SpatialWeights.build_distance_band(X, Y, IDS, cutoff_km=1, islands="keep")
    row = raw.standardised("row")
    np.testing.assert_allclose(row.matrix.sum(axis=1), [0.0, 1.0, 1.0, 1.0])
    assert row.standardised("row") is row
    spectral = raw.standardised("spectral")
    assert np.abs(np.linalg.eigvals(spectral.matrix.toarray())).max() == pytest.approx(
        1.0
    )
    with pytest.raises(ag.OptionError, match="start from the raw"):
        row.standardised("spectral")
    assert raw.matrix.max() == 1.0


def test_alignment_lists_what_each_side_lacks():
    w = ag.SpatialWeights.from_links(["a"], ["b"], [2.0], ids=["a", "b", "c"])
    assert w.aligned(["c", "a", "b"]) is w
    with pytest.raises(
        ag.AlignmentError, match=r"only in the weights: \['c'\].*\['d'\]"
    ):
        w.aligned(["a", "b", "d"])
    with pytest.raises(ag.AlignmentError, match="more than once"):
        ag.SpatialWeights.from_links(["a", "a"], ["b", "b"])
    with pytest.raises(ag.AlignmentError, match="not in ids"):
        ag.SpatialWeights.from_links(["a"], ["x"], ids=["a"])


def test_values_that_are_no_weights_are_refused():
    for bad in ([[0, -1], [1, 0]], [[0, np.nan], [1, 0]], [[1, 1], [1, 0]]):
        with pytest.raises(ag.InvalidTableError, match="weights_values"):
            ag.SpatialWeights.from_matrix(bad, ["a", "b"])
    with pytest.raises(ag.AlignmentError, match="distinct"):
        ag.SpatialWeights.from_matrix([[0, 1], [1, 0]], ["a", "a"])
    with pytest.raises(ag.AlignmentError, match="3 rows for 2"):
        ag.SpatialWeights.from_matrix([[0, 1], [1, 0]], ["a", "b"]).lag([1, 2, 3])


@given(st.permutations(range(6)))
def test_order_of_the_input_does_not_matter(order):
    rng = np.random.default_rng(3)
    x, y, ids = rng.random(6), rng.random(6), np.array(list("fedcba"))
    at = list(order)
    one = ag.SpatialWeights.build_knn(x, y, ids, k=2)
    two = ag.SpatialWeights.build_knn(x[at], y[at], ids[at], k=2)
    assert one.digest == two.digest


def test_sparse_matrices_are_taken_and_not_changed():
    given_ = csr_array(np.array([[0.0, 1.0], [0.0, 0.0]]))
    before = given_.toarray().copy()
    w = ag.SpatialWeights.from_matrix(given_, ["b", "a"])
    assert w.islands == ("a",)
    np.testing.assert_array_equal(given_.toarray(), before)
    assert "2 units" in repr(w)
