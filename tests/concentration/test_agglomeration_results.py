"""What the results say, draw and hand over; the less common inputs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.concentration import (
    coagglomeration,
    devereux,
    ellison_glaeser,
    ellison_glaeser_group,
    externalities,
    howard_colocation,
    locational_correlation,
    maurel_sedillot,
)
from agglo.concentration._kernels.agglomeration import cells_of_plants
from agglo.core.errors import AlignmentError, OptionError
from agglo.core.options import MonteCarlo
from agglo.core.results import Result
from agglo.core.tables import RegionActivity, as_plants, as_region_activity

CELLS = pa.table(
    {
        "region": ["a", "b", "c", "a", "b", "c"],
        "industry": ["i", "i", "i", "k", "k", "k"],
        "employment": [40.0, 10.0, 50.0, 30.0, 30.0, 5.0],
        "establishments": [4.0, 1.0, 2.0, 3.0, 2.0, 1.0],
    }
)
PLANTS = pa.table(
    {
        "region": ["a", "a", "b", "c", "a", "b", "b", "c"],
        "industry": ["i", "i", "i", "i", "k", "k", "k", "k"],
        "employment": [4.0, 8.0, 15.0, 16.0, 23.0, 42.0, 7.0, 9.0],
    }
)
GROUPS = {"i": "g", "k": "g"}

RESULTS = {
    "ellison_glaeser": lambda: ellison_glaeser(PLANTS),
    "cell_means": lambda: ellison_glaeser(CELLS, herfindahl="cell_means"),
    "group": lambda: ellison_glaeser_group(PLANTS, groups=GROUPS),
    "maurel_sedillot": lambda: maurel_sedillot(PLANTS),
    "devereux": lambda: devereux(PLANTS),
    "devereux_group": lambda: devereux(PLANTS, groups=GROUPS),
    "coagglomeration": lambda: coagglomeration(CELLS),
    "correlation": lambda: locational_correlation(CELLS),
    "howard": lambda: howard_colocation(PLANTS),
    "externalities": lambda: externalities(CELLS),
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_speaks(name: str) -> None:
    got = RESULTS[name]()
    assert isinstance(got, Result)
    assert "Source:" in got.summary()
    assert got.plot().has_data()
    table = got.to_arrow()
    assert table.num_rows > 0
    assert got.to_dict()["type"] == type(got).__name__
    assert repr(got).startswith(f"<{type(got).__name__}")


def test_summaries_of_nothing_defined() -> None:
    empty = pa.table({"region": ["a"], "industry": ["i"], "employment": [1.0]})
    assert "none defined" in ellison_glaeser(empty).summary()
    assert "no pair is defined" in coagglomeration(empty).summary()


def test_strongest_pair_is_named() -> None:
    assert "strongest pair i-k" in coagglomeration(CELLS).summary()


def test_monte_carlo_from_cell_means() -> None:
    options = MonteCarlo(n=1999, seed=5)
    drawn = ellison_glaeser(CELLS, herfindahl="cell_means", inference=options)
    plants = pa.table(
        {
            "region": ["a"] * 4 + ["b"] + ["c"] * 2 + ["a"] * 3 + ["b"] * 2 + ["c"],
            "industry": ["i"] * 7 + ["k"] * 6,
            "employment": [10.0] * 5 + [25.0] * 2 + [10.0] * 3 + [15.0] * 2 + [5.0],
        }
    )
    exact = ellison_glaeser(plants, inference=MonteCarlo(n=1999, seed=6))
    # two independent sets of 1,999 draws: three standard errors are 0.047
    np.testing.assert_allclose(drawn.p0, exact.p0, atol=0.05)


def test_same_draws_in_any_number_of_processes() -> None:
    import joblib

    options = MonteCarlo(n=300, seed=9)
    one = ellison_glaeser(PLANTS, inference=options).p0
    with joblib.parallel_config(backend="threading", n_jobs=2):
        two = ellison_glaeser(PLANTS, inference=options).p0
    np.testing.assert_array_equal(one, two)


def test_plants_left_out_are_reported() -> None:
    rows = PLANTS.to_pylist()
    rows[2]["employment"] = None
    kept = as_plants(pa.Table.from_pylist(rows), on_missing="drop")
    got = ellison_glaeser(kept)
    assert any("1 plants without a size" in w for w in got.provenance.warnings)
    assert got.n.tolist() == [3, 4]


def test_cells_of_plants_without_the_full_grid() -> None:
    """A grid of regions x activities too large for memory gives the same cells."""
    rng = np.random.default_rng(2)
    region, activity = rng.integers(0, 50, 500), rng.integers(0, 40, 500)
    size = rng.integers(0, 4, 500).astype(float)
    small = cells_of_plants(region, activity, size, 50, 40)
    large = cells_of_plants(region, activity, size, 5_000_000, 40)
    np.testing.assert_array_equal(small.region, large.region)
    np.testing.assert_array_equal(small.activity, large.activity)
    np.testing.assert_array_equal(small.value, large.value)
    assert (small.value > 0).all()


def test_inputs_that_do_not_go_together() -> None:
    with pytest.raises(OptionError, match="single plants"):
        ellison_glaeser(as_plants(PLANTS), herfindahl={"i": 0.3})
    jobs = as_region_activity(CELLS)
    with pytest.raises(OptionError, match="RegionActivity"):
        ellison_glaeser(jobs, herfindahl="cell_means")
    fewer = RegionActivity.from_arrays([[1.0, 2.0]], region=["a"], activity=["i", "k"])
    with pytest.raises(AlignmentError, match="'b'"):
        ellison_glaeser(jobs, herfindahl="cell_means", establishments=fewer)
    with pytest.raises(AlignmentError, match="herfindahl"):
        ellison_glaeser(jobs, herfindahl={"x": 0.3})
    with pytest.raises(OptionError, match="herfindahl"):
        devereux(jobs, herfindahl=[0.2, 0.3])
    with pytest.raises(OptionError, match="two activity labels"):
        howard_colocation(PLANTS, pairs=[("i",)])  # type: ignore[list-item]


def test_howard_alternatives() -> None:
    greater, less, both = (
        howard_colocation(PLANTS, alternative=a).p[0]
        for a in ("greater", "less", "two-sided")
    )
    assert greater + less == pytest.approx(1.0)
    assert both == pytest.approx(2 * min(greater, less))


def test_group_of_unknown_and_of_empty_members() -> None:
    table = RegionActivity.from_arrays(
        [[1.0, np.nan, 0.0, 4.0], [2.0, 3.0, 0.0, 5.0]],
        activity=["i", "k", "l", "z"],
        margins="disclosed",
    )
    got = ellison_glaeser_group(
        table,
        groups={"i": "g", "k": "g", "l": "h", "z": "z"},
        herfindahl=[0.5, 0.5, 0.5, 0.5],
    )
    assert got.status.tolist() == ["unknown_cells", "zero_weight", "one_activity"]
    assert np.isnan(got.gamma).all()
    assert len(got.undefined) == 3
