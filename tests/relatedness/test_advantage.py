"""Intervals of one quotient, similarity of regions, repeated rows, product Gini."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    CONVENTIONS,
    Convention,
    advantage_intervals,
    complexity,
    income_content,
    presence,
    proximity,
    region_similarity,
    relatedness_density,
)
from tests.relatedness.world_trade import FIVE, TOY, given

REPEATED = pa.table(
    {
        "region": list("aabbbc"),
        "industry": list("xyxyyx"),
        "employment": [30.0, 10.0, 5.0, 20.0, 6.0, 4.0],
    }
)


def test_deviation_is_that_of_redrawn_tables():
    """Spec 2: simulated over stated deviation 0.98 to 1.03 in a 4 x 5 table, N = 4000."""
    rng = np.random.default_rng(3)
    chance = rng.dirichlet(np.full(20, 3.0)).reshape(4, 5)
    n = 4000
    base = advantage_intervals(RegionActivity.from_arrays(n * chance))
    drawn = rng.multinomial(n, chance.ravel(), size=6000).reshape(-1, 4, 5)
    with np.errstate(divide="ignore"):
        logs = np.log(
            drawn
            * drawn.sum(axis=(1, 2), keepdims=True)
            / drawn.sum(axis=2, keepdims=True)
            / drawn.sum(axis=1, keepdims=True)
        )
    ratio = logs.std(axis=0) / base.deviation
    assert ratio.min() > 0.95
    assert ratio.max() < 1.05


def test_intervals_cover_at_their_level():
    rng = np.random.default_rng(4)
    chance = rng.dirichlet(np.full(12, 4.0)).reshape(3, 4)
    true = chance / np.outer(chance.sum(axis=1), chance.sum(axis=0))
    hits = []
    for _ in range(300):
        table = RegionActivity.from_arrays(
            rng.multinomial(800, chance.ravel()).reshape(3, 4).astype(float)
        )
        got = advantage_intervals(table, level=0.9)
        hits.append((got.low <= true) & (true <= got.high))
    assert np.mean(hits) == pytest.approx(0.9, abs=0.025)


def test_an_empty_cell_has_an_exact_upper_end():
    table = RegionActivity.from_arrays([[0.0, 20.0], [30.0, 50.0]])
    got = advantage_intervals(table, level=0.9)
    assert (got.values[0, 0], got.low[0, 0]) == (0.0, 0.0)
    # (1 - p)^20 = 0.05, over the share 30 / 100 of the activity
    share = got.high[0, 0] * 0.3
    assert (1 - share) ** 20 == pytest.approx(0.05)
    assert np.isnan(got.deviation[0, 0])
    few = advantage_intervals(table, effective_n=10.0)
    assert few.units == pytest.approx(10.0)
    wider = (few.high - few.low) > (got.high - got.low)
    assert wider.all()
    assert got.to_frame("pyarrow").column_names[2:5] == ["value", "lo", "hi"]


def test_empty_and_unknown_cells_of_intervals():
    got = advantage_intervals(RegionActivity.from_arrays([[1.0, 0.0], [0.0, 0.0]]))
    assert np.isnan(got.low[1]).all()
    assert {(u.region, u.activity) for u in got.undefined} == {("r1", ""), ("", "a1")}
    hidden = RegionActivity.from_arrays(
        [[1.0, np.nan], [2.0, 3.0]], margins="disclosed"
    )
    with pytest.raises(InvalidTableError, match="unknown"):
        advantage_intervals(hidden)


def test_similarity_is_the_correlation_of_logarithms():
    got = region_similarity(RegionActivity.from_arrays(FIVE), offset=0.1)
    q = FIVE / FIVE.sum(axis=1)[:, None] / (FIVE.sum(axis=0) / FIVE.sum())
    np.testing.assert_allclose(got.values, np.corrcoef(np.log(q + 0.1)), atol=1e-12)
    assert (got.by, got.kind) == ("region", "similarity")
    with pytest.raises(OptionError, match="offset"):
        region_similarity(RegionActivity.from_arrays(FIVE), offset=0.0)


def test_similarity_of_empty_constant_and_unknown_regions():
    x = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    got = region_similarity(RegionActivity.from_arrays(x))
    assert np.isnan(got.values[2]).all()
    assert np.isfinite(got.values[0, [0, 1, 3]]).all()
    assert [(u.region, u.reason) for u in got.undefined] == [
        ("r2", "nothing is present")
    ]
    # the density refuses it: it is no weight
    with pytest.raises(AlignmentError, match="compares regions"):
        relatedness_density(RegionActivity.from_arrays(x), proximity=got)


def test_repeated_rows_are_an_error_a_sum_or_the_first():
    with pytest.raises(InvalidTableError) as caught:
        presence(REPEATED)
    assert caught.value.problems[0].code == "duplicate_key"
    once = pa.table(
        {
            "region": list("aabbc"),
            "industry": list("xyxyx"),
            "employment": [30.0, 10.0, 5.0, 26.0, 4.0],
        }
    )
    added = presence(REPEATED, convention=Convention(duplicates="sum"))
    np.testing.assert_array_equal(added.advantage, presence(once).advantage)
    assert added.provenance.warnings == ("1 repeated rows are added up",)
    first = presence(REPEATED, convention=Convention(duplicates="first"))
    kept = once.set_column(2, "employment", pa.array([30.0, 10.0, 5.0, 20.0, 4.0]))
    np.testing.assert_array_equal(first.advantage, presence(kept).advantage)
    assert "the first is kept" in first.provenance.warnings[0]
    # two packages add up, none is allowed to drop in silence
    assert {n for n, c in CONVENTIONS.items() if c.duplicates != "error"} == {
        "econcomplex",
        "r_economiccomplexity",
    }


def test_a_sum_with_a_null_is_unknown():
    hidden = REPEATED.set_column(
        2, "employment", pa.array([30.0, 10.0, 5.0, 20.0, None, 4.0])
    )
    held = presence(
        hidden, convention=Convention(duplicates="sum"), margins="disclosed"
    )
    assert np.isnan(held.values[1, 1])


def test_a_frame_keeps_its_kind_when_rows_are_added_up():
    pandas = pytest.importorskip("pandas")
    held = presence(
        REPEATED.to_pandas(),
        convention=dataclasses.replace(CONVENTIONS["econcomplex"], name="mine"),
    )
    assert isinstance(held.to_frame(), pandas.DataFrame)


@pytest.mark.parametrize("method", ["probability", "association", "cosine", "jaccard"])
def test_cooccurrence_as_a_proximity(method):
    """Spec 17: co-presence of the five regions, by the field `phi`."""
    expected = {
        "probability": [20 / 9, 1, 20 / 9],
        "association": [3, 1.5, 3],
        "cosine": [0.5**0.5, 0.5, 0.5**0.5],
        "jaccard": [0.5, 1 / 3, 0.5],
    }[method]
    table = RegionActivity.from_arrays(FIVE)
    got = proximity(table, convention=Convention(phi=f"cooccurrence:{method}"))
    np.testing.assert_allclose(got.values[[0, 1, 1], [2, 2, 3]], expected, atol=1e-6)
    assert np.diagonal(got.values).tolist() == [0.0] * 4


def test_product_gini_counts_present_regions_only():
    x = np.array([[8.0, 2.0], [1.0, 9.0], [5.0, 5.0]])
    table = RegionActivity.from_arrays(x)
    ginis = {"r0": 0.2, "r1": 0.4, "r2": 0.6}
    got = income_content(table, income=ginis, among="present")
    # the first is present in r0 and r2, the second in r1 only
    share = np.array([0.8, 0.5])
    assert got.prody[0] == pytest.approx(share @ [0.2, 0.6] / share.sum())
    assert got.prody[1] == pytest.approx(0.4)


def test_the_conventions_are_those_of_the_table():
    """Spec 1, line by line."""
    rows = {
        name: (
            c.presence,
            c.index,
            c.scaling,
            c.sign,
            c.phi,
            c.self_in_density,
            c.density_scale,
            c.coi,
            c.outlook_index,
            c.cog,
        )
        for name, c in CONVENTIONS.items()
    }
    zscore = ("zscore", "unscaled", "source_norm")
    assert rows == {
        "atlas": ("rca", "eigen", "atlas", "diversity", "min", True, 1, *zscore),
        "atlas2026": (
            "continuous",
            "eigen",
            "atlas",
            "binary_eci",
            "min",
            True,
            1,
            *zscore,
        ),
        "r_economiccomplexity": (
            "rca",
            "fitness",
            "own_ddof1",
            "reflections",
            "min",
            True,
            1,
            "raw",
            "scaled",
            "source_norm",
        ),
        "datawheel": (
            "rca",
            "reflections",
            "own_ddof1",
            "diversity",
            "min",
            False,
            1,
            "raw",
            "scaled",
            "opportunity_gain",
        ),
        "econcomplex": (
            "rca",
            "eigen",
            "own_ddof0",
            "diversity_ubiquity",
            "min",
            False,
            100,
            "raw",
            "scaled",
            "target_norm",
        ),
        "econgeo": (
            "rca",
            "eigen",
            "sum",
            "reflections_ubiquity",
            "cooccurrence:probability",
            False,
            100,
            "raw",
            "scaled",
            "source_norm",
        ),
    }
    assert all(c.threshold == 1.0 and c.steps == 20 for c in CONVENTIONS.values())
    assert CONVENTIONS["econgeo"].transition_digits == 4
    assert CONVENTIONS["econgeo"].density_digits == 2
    relative = {n: (c.relative_ddof, c.options_only) for n, c in CONVENTIONS.items()}
    assert relative["datawheel"] == (1, False)
    assert relative["econcomplex"] == (0, True)


def test_the_gap_of_eigenvalues_is_given():
    got = complexity(given(TOY), convention=Convention(sign="ubiquity"))
    assert got.gap == pytest.approx(0.54213371 - 0.19015430, abs=1e-7)
