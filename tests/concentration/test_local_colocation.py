"""Local colocation quotient: hand cases and properties."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import cdist

from agglo.concentration import (
    colocation_quotient,
    duranton_overman,
    local_colocation_quotient,
    marcon_puech,
)
from agglo.core.errors import OptionError
from agglo.core.options import Permutation


def table(n=60, seed=1):
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 10, (n, 2))
    kind = rng.choice(list("ab"), n)
    return pa.table({"x_km": at[:, 0], "y_km": at[:, 1], "type": kind})


@pytest.mark.parametrize("neighbour", ["a", "b"])
def test_equals_the_formula(neighbour):
    data, k = table(), 7
    found = local_colocation_quotient(data, activity="a", neighbour=neighbour, k=k)
    at = np.column_stack([data["x_km"], data["y_km"]])
    kind = np.array(data["type"])
    d = cdist(at, at)
    np.fill_diagonal(d, np.inf)
    want = []
    for i in np.lexsort((at[:, 1], at[:, 0])):
        if kind[i] != "a":
            continue
        near = np.argsort(d[i])[:k]
        w = np.exp(-0.5 * (d[i, near] / d[i, near[-1]]) ** 2)
        share = (w * (kind[near] == neighbour)).sum() / w.sum()
        others = (kind == neighbour).sum() - (neighbour == "a")
        want.append(share / (others / (len(kind) - 1)))
    np.testing.assert_allclose(found.value, want)


def test_shared_places_weigh_alike():
    rows = pa.table(
        {"x_km": [1.0] * 6 + [9.0], "y_km": [1.0] * 7, "type": list("aabbbba")}
    )
    with pytest.warns(match="share their place"):
        found = local_colocation_quotient(rows, activity="a", neighbour="b", k=3)
    assert np.isfinite(found.value).all()
    assert (found.reach_km[:2] == 0).all()


def test_p_finds_the_mixed_corner():
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 2, (40, 2))
    at = np.vstack([corner, rng.uniform(0, 20, (200, 2))])
    kind = ["a", "b"] * 20 + ["a"] * 20 + ["c"] * 180
    data = pa.table({"x_km": at[:, 0], "y_km": at[:, 1], "type": kind})
    found = local_colocation_quotient(
        data, activity="a", neighbour="b", k=8, inference=Permutation(n=999, seed=1)
    )
    inside = (found.x_km < 2) & (found.y_km < 2)
    assert np.median(found.p[inside]) < 0.02
    assert np.median(found.p[~inside]) > 0.1


def test_too_few_points():
    with pytest.raises(OptionError, match="k=20"):
        local_colocation_quotient(table(15), activity="a", neighbour="b")


def test_curves_carry_their_tests():
    data = table(150, seed=4)
    given = {
        "activity": "a",
        "r_km": [0.5, 1.0, 2.0],
        "inference": Permutation(n=999, seed=2),
    }
    k, m = duranton_overman(data, **given), marcon_puech(data, **given)
    for p in (k.p_erl, k.p_mad, k.p_dclf, m.p, m.p_mad, m.p_dclf):
        assert 0.001 <= p <= 1.0
    assert np.isnan(duranton_overman(data, **{**given, "inference": None}).p_erl)


def test_a_bandwidth_takes_all_within_it():
    rows = table(40, 4)
    at = np.column_stack([rows["x_km"], rows["y_km"]])
    kind = np.array(rows["type"])
    d = cdist(at, at)
    found = local_colocation_quotient(
        rows, activity="a", neighbour="b", bandwidth_km=2.5
    )
    a = np.flatnonzero(kind == "a")
    a = a[np.lexsort((at[a, 1], at[a, 0]))]
    for value, i in zip(found.value, a, strict=True):
        near = (d[i] <= 2.5) & (np.arange(40) != i)
        w = np.exp(-0.5 * (d[i, near] / 2.5) ** 2)
        want = (w * (kind[near] == "b")).sum() / w.sum() / ((kind == "b").sum() / 39)
        assert value == pytest.approx(want)
    alone = local_colocation_quotient(
        rows, activity="a", neighbour="b", bandwidth_km=1e-6
    )
    assert np.isnan(alone.value).all()
    assert alone.undefined[0].reason == "nobody lies within the bandwidth"
    assert alone.undefined[0].n == a.size


def test_a_matrix_of_distances_is_that_of_its_points():
    rows = table(40, 5)
    at = np.column_stack([rows["x_km"], rows["y_km"]])
    order = np.lexsort((np.array(rows["type"]) == "b", at[:, 1], at[:, 0]))
    rows, at = rows.take(order), at[order]
    bare, d = rows.select(["type"]), cdist(at, at)
    for width in ({"k": 7}, {"bandwidth_km": 2.0}):
        pair = {"activity": "a", "neighbour": "b", **width}
        here = local_colocation_quotient(rows, **pair)
        there = local_colocation_quotient(bare, distances=d, **pair)
        np.testing.assert_allclose(there.value, here.value)
    here = colocation_quotient(rows, inference=Permutation(n=99, seed=1))
    there = colocation_quotient(bare, distances=d, inference=Permutation(n=99, seed=1))
    np.testing.assert_allclose(there.values, here.values)
    np.testing.assert_allclose(there.z, here.z)
    # shared places: the neighbours there are the nearest ones
    twice = pa.concat_tables([rows, rows.slice(0, 12)])
    at = np.column_stack([twice["x_km"], twice["y_km"]])
    here = colocation_quotient(twice, inference=None)
    there = colocation_quotient(
        twice.select(["type"]), distances=cdist(at, at), inference=None
    )
    np.testing.assert_allclose(there.values, here.values)


def test_draws_keep_strata():
    """With everybody in a stratum of their own nothing moves."""
    rng = np.random.default_rng(2)
    n = 40
    table = pa.table(
        {
            "x_km": rng.uniform(0, 9, n),
            "y_km": rng.uniform(0, 9, n),
            "type": rng.choice(["a", "b", "c"], n).tolist(),
            "own": [str(i) for i in range(n)],
            "half": ["n", "s"] * 20,
        }
    )
    asked = {"activity": "a", "neighbour": "b", "k": 5}
    few = Permutation(n=99, seed=1)
    still = local_colocation_quotient(table, strata="own", inference=few, **asked)
    np.testing.assert_allclose(still.p, 1.0)
    moved = local_colocation_quotient(table, strata="half", inference=few, **asked)
    assert (moved.p < 1).any()
    np.testing.assert_array_equal(moved.value, still.value)
