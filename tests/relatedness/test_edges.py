"""Empty, single, full and unknown input of every measure: the contracts of spec 18."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume
from hypothesis import given as generated
from hypothesis import strategies as st

import agglo.relatedness as rel
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.tables import RegionActivity
from tests.relatedness.world_trade import MANUAL, TOY, given, trade

ZEROS = RegionActivity.from_arrays(np.zeros((2, 3)))
SINGLE = RegionActivity.from_arrays([[3.0]])
PCI = {"P1": 2.0, "P2": -1.0, "P3": 0.5, "P4": 1.0}
pytestmark = pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")


@pytest.mark.parametrize(
    "name",
    [
        "presence",
        "proximity",
        "relatedness_density",
        "complexity",
        "reflections",
        "fitness",
        "trim",
        "traded_local",
        "similarity_matrices",
        "complexity_intervals",
        "advantage_intervals",
        "region_similarity",
    ],
)
def test_a_table_without_a_positive_cell_is_refused(name):
    """Spec 0: an empty table is an error, an empty region or industry is not."""
    with pytest.raises(InvalidTableError) as caught:
        getattr(rel, name)(ZEROS)
    assert caught.value.problems[0].code == "empty_table"


@pytest.mark.parametrize(
    "name", ["complexity", "reflections", "fitness", "trim", "similarity_matrices"]
)
def test_one_region_and_one_activity_compare_nothing(name):
    with pytest.raises(NotIdentifiedError):
        getattr(rel, name)(SINGLE)


def test_one_region_and_one_activity_where_that_is_defined():
    assert rel.presence(SINGLE).values.tolist() == [[1.0]]
    assert rel.proximity(SINGLE).values.tolist() == [[1.0]]
    assert rel.relatedness_density(SINGLE).values.tolist() == [[1.0]]
    alone = rel.Convention(self_in_density=False)
    assert np.isnan(rel.relatedness_density(SINGLE, convention=alone).values).all()
    both = pa.table(
        {
            "period": ["1", "2"],
            "region": ["a", "a"],
            "industry": ["x", "x"],
            "employment": [1.0, 2.0],
        }
    )
    assert np.isnan(rel.entry_exit(both).entry).all()
    assert rel.entry_exit(both).exit.tolist() == [[[0.0]]]


def test_unlike_labels_and_what_is_everywhere():
    everywhere = given(np.column_stack([TOY, np.ones(4)]))
    index = rel.complexity(everywhere)
    assert np.isfinite(index.pci).all()
    assert index.ubiquity[-1] == 4
    nowhere = rel.relatedness_density(everywhere).values
    assert ((nowhere >= 0) & (nowhere <= 1)).all()


@pytest.mark.parametrize("method", ["probability", "association", "cosine", "jaccard"])
def test_nothing_together_is_undefined(method):
    """Spec 18: T = 0 gives NaN everywhere, a unit of one item gives nothing."""
    alone = pa.table({"patent": list("123"), "class": list("abc")})
    names = {"unit": "patent", "activity": "class"}
    got = rel.cooccurrence_relatedness(alone, method=method, **names)
    assert np.isnan(got.values).all()
    assert {u.activity for u in got.undefined} == set("abc")
    some = pa.table({"patent": list("1123"), "class": list("abcd")})
    kept = rel.cooccurrence_relatedness(some, method=method, **names)
    assert kept.values[2].tolist() == [0.0] * 4


def test_an_item_in_every_pair_has_no_probability():
    """Spec 9: S_i = T. With symmetric counts that is a pair of two items only."""
    pair = pa.table({"patent": list("1122"), "class": list("abab")})
    got = rel.cooccurrence_relatedness(pair, unit="patent", activity="class")
    assert got.values[0, 1] == pytest.approx(1.0)


def test_paths_and_targets_at_their_ends():
    held = given(TOY)
    near = rel.relatedness_density(held, convention=MANUAL)
    done = rel.diffusion_path(rel.proximity(held), ["P1", "P2", "P3", "P4"])
    assert done.activity.size == 0
    assert done.total_periods == 0
    for wrong in ({"base": 0.0}, {"base": 1.5}, {"exponent": -1.0}):
        with pytest.raises(OptionError):
            rel.diffusion_path(rel.proximity(held), ["P1"], **wrong)
    for region, target in (("C3", 0.1), ("C1", 0.1)):
        met = rel.optimise_complexity(near, PCI, target_region=region, target=target)
        assert met.activity.size == 0
        assert met.total_cost == 0
    with pytest.raises(NotIdentifiedError, match="best mean"):
        rel.optimise_complexity(near, PCI, target_region="C3", target=9.0)


def test_quadruples_with_an_empty_cell_are_skipped():
    apart = given(np.eye(4))
    got = rel.log_supermodularity(
        apart, rel.complexity(given(np.tri(4))), n=100, seed=1
    )
    assert np.isnan(got.share)
    assert (got.used, got.skipped) == (0, 100)


def test_crossing_needs_common_regions_and_lists_what_is_nowhere():
    other = rel.presence(
        RegionActivity.from_arrays(
            [[1.0, 0.0], [1.0, 0.0]], region=["C1", "C9"], activity=["a", "b"]
        ),
        convention=MANUAL,
    )
    with pytest.raises(AlignmentError, match="in common"):
        rel.cross_proximity(given(TOY), other)
    same = rel.presence(
        RegionActivity.from_arrays(
            [[1.0, 0.0], [1.0, 0.0]], region=["C1", "C2"], activity=["a", "b"]
        ),
        convention=MANUAL,
    )
    got = rel.cross_proximity(given(TOY), same)
    assert got.common == 2
    assert (got.values[:, 1] == 0).all()
    assert "b" in {u.activity for u in got.undefined}


def test_links_and_declarations_of_what_is_not_there():
    near = rel.relatedness_density(given(TOY), convention=MANUAL)
    loops = pa.table({"origin": ["C1"], "destination": ["C1"], "weight": [3.0]})
    got = rel.complementarity_density(near, loops)
    assert not got.has_links.any()
    assert (got.values == 0).all()
    said = pa.table({"region": ["C1"], "domain": ["food"]})
    names = pa.table({"domain": ["steel"], "industry": ["P1"]})
    with pytest.raises(AlignmentError, match="No declared domain"):
        rel.declared_vs_revealed(said, names, near, n=9, seed=1)


def test_a_table_of_trade_has_no_empty_side(shared_data):
    """Spec 17: no empty rows or columns; the names of the first five of Germany."""
    held = rel.presence(trade(shared_data))
    assert held.values.shape == (226, 785)
    assert held.diversity.min() > 0
    assert held.ubiquity.min() > 0
    near = rel.proximity(held)
    at = near.label.tolist().index("8423"), near.label.tolist().index("8439")
    assert [held.ubiquity[k] for k in at] == [71, 71]
    assert (held.values[:, at[0]] * held.values[:, at[1]]).sum() == 60


@generated(st.integers(0, 10_000), st.integers(0, 7))
def test_a_repeated_region_leaves_everything_finite(seed, which):
    """Spec 16: phi stays symmetric, PCI finite."""
    rng = np.random.default_rng(seed)
    m = (rng.random((8, 6)) < 0.5).astype(float)
    m[0], m[:, 0] = 1.0, 1.0
    wide = np.vstack([m, m[which]])
    phi = rel.proximity(given(wide)).values
    np.testing.assert_array_equal(phi, phi.T)
    try:
        index = rel.complexity(given(wide))
    except NotIdentifiedError:
        assume(False)
    assert np.isfinite(index.pci[wide.sum(axis=0) > 0]).all()
    assume(index.gap > 1e-9)
    assert index.eci[8] == pytest.approx(index.eci[which], abs=1e-6)


@generated(st.integers(0, 10_000), st.integers(1, 5))
def test_every_score_is_between_0_and_100(seed, k):
    """Spec 16."""
    rng = np.random.default_rng(seed)
    table = RegionActivity.from_arrays(rng.lognormal(0, 1, (12, 8)))
    label = {str(a): f"c{rng.integers(k)}" for a in table.activity}
    got = rel.score_definitions(label, rel.similarity_matrices(table), n_random=0)
    known = got.scores[np.isfinite(got.scores)]
    assert ((known >= 0) & (known <= 100)).all()


def test_the_order_of_rows_never_changes_labels():
    """Spec 16: up to naming; here also the names."""
    rng = np.random.default_rng(3)
    taste = rng.lognormal(0, 1, (40, 3))
    x = rng.poisson(30 * np.repeat(taste, 4, axis=1)).astype(float)
    r, i = np.divmod(np.arange(x.size), 12)
    rows = pa.table(
        {
            "region": [f"r{k:02d}" for k in r],
            "industry": [f"a{k:02d}" for k in i],
            "employment": x.ravel(),
        }
    )
    mixed = rows.take(pa.array(rng.permutation(x.size)))
    one, other = (
        rel.em_clusters(t, method="multinomial", k=3, n_init=5, n_boot=0, seed=1)
        for t in (rows, mixed)
    )
    np.testing.assert_array_equal(one.label, other.label)
    first, second = (
        rel.candidate_definitions(
            rel.similarity_matrices(t), k=[3], names=["LC-Emp"], seed=1
        )
        for t in (rows, mixed)
    )
    np.testing.assert_array_equal(first.labels, second.labels)
