"""Stars by hand, and the verification values that stand in other areas."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import InvalidTableError, OptionError
from agglo.evaluation import STAR_PRESETS, star_ratings


def cells(n=20, **columns):
    base = {
        "cluster": [f"c{k:02d}" for k in range(n)],
        "group": ["g"] * n,
        "employment": [float(k + 1) for k in range(n)],
        "quotient": [0.2 * k for k in range(n)],
        "focus": [0.01 * k for k in range(n)],
    }
    return pa.table({**base, **columns})


def test_cut_offs_by_hand():
    found = star_ratings(cells())
    # linear interpolation: 1 + 0.9 * 19
    assert found.quantile[0, 0] == pytest.approx(18.1)
    assert found.stars.tolist() == [0.0] * 10 + [1.0] * 8 + [3.0] * 2
    assert "employment 18.1" in found.summary()
    assert "quotient 2" in found.summary()


def test_a_tie_at_the_cut_off_counts_unless_asked():
    table = cells(employment=[5.0] * 20)
    assert (star_ratings(table).reached[:, 0] == 1).all()
    assert (star_ratings(table, how="gt").reached[:, 0] == 0).all()


def test_a_star_takes_quantile_and_floor():
    found = star_ratings(cells(), metrics={"quotient": (0.5, 3.0)})
    assert found.stars.sum() == 5  # 3.0, 3.2, ... 3.8
    strong = star_ratings(cells(), preset="us_strong")
    assert strong.stars.sum() == 5


def test_quantiles_are_of_cells_with_employment():
    jobs = [0.0] * 10 + [float(k) for k in range(1, 11)]
    found = star_ratings(cells(employment=jobs))
    assert found.quantile[0, 0] == pytest.approx(9.1)


def test_small_categories_have_no_stars_but_a_reason():
    found = star_ratings(cells(9))
    assert np.isnan(found.stars).all()
    assert "fewer than 10" in found.reason[0]
    assert found.undefined[0].n == 9


def test_unknown_values_win_nothing():
    focus = [None, *[0.01 * k for k in range(1, 20)]]
    found = star_ratings(cells(focus=focus))
    assert np.isnan(found.reached[0, 2])
    assert found.stars[0] == 0


def test_bad_input():
    with pytest.raises(OptionError, match="quantile, floor"):
        star_ratings(cells(), metrics={"focus": (None, None)})
    with pytest.raises(OptionError, match="empty"):
        star_ratings(cells(), metrics={})
    with pytest.raises(InvalidTableError):
        star_ratings(pa.concat_tables([cells(), cells()]))
    assert set(STAR_PRESETS) == {"eco2007", "eco2020", "us_strong"}


def test_ellison_glaeser_of_the_specification():
    jobs = pa.table(
        {
            "region": ["a", "b", "c"] * 2,
            "industry": ["x"] * 3 + ["y"] * 3,
            "employment": [60.0, 30.0, 10.0, 1.0, 1.0, 1.0],
        }
    )
    found = ag.ellison_glaeser(
        jobs,
        reference={"a": 0.4, "b": 0.4, "c": 0.2},
        herfindahl={"x": 0.05, "y": 0.5},
    )
    at = found.activity.tolist().index("x")
    assert found.G[at] == pytest.approx(0.06)
    assert found.gamma[at] == pytest.approx(0.046053, abs=1e-6)


def test_variety_of_the_specification():
    found = ag.variety([0.2, 0.3, 0.4, 0.1], group=["a", "a", "b", "b"])
    assert found.values[0] == pytest.approx(1.846439, abs=1e-6)
    assert found.unrelated[0] == pytest.approx(1.0)
    assert found.related[0] == pytest.approx(0.846439, abs=1e-6)
