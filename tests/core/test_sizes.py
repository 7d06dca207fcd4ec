"""Statistics of one vector of sizes that several areas share."""

from __future__ import annotations

import numpy as np
import pytest

import agglo as ag
from agglo.core import sizes

FIVE = np.array([100.0, 50.0, 100 / 3, 25.0, 20.0])


def test_the_line_is_that_of_concentration():
    line = sizes.rank_size_line(FIVE)
    import pyarrow as pa

    public = ag.rank_size(pa.table({"value": FIVE}))
    assert (line.exponent, line.se) == (public.zeta, public.se)
    assert line.exponent == pytest.approx(1.364015, abs=5e-7)
    assert line.intercept == pytest.approx(5.652568, abs=5e-7)


def test_inequality_is_that_of_concentration():
    assert sizes.gini(FIVE) == pytest.approx(ag.gini(FIVE.tolist()).value, abs=1e-12)
    assert sizes.theil(FIVE) == pytest.approx(ag.theil(FIVE.tolist()).value, abs=1e-12)
    assert sizes.herfindahl(FIVE) == pytest.approx(0.280729, abs=5e-7)


@pytest.mark.parametrize("values", [[0.0, 0.0], [0.0]])
def test_nothing_is_undefined(values):
    none = np.array(values)
    assert np.isnan(sizes.gini(none))
    assert np.isnan(sizes.herfindahl(none))
    assert np.isnan(sizes.theil(none))
    assert np.isnan(sizes.polycentricity(none, 0.5))


def test_equal_sizes_have_no_line():
    line = sizes.rank_size_line(np.array([2.0, 2.0]))
    assert np.isnan(line.exponent)
    assert np.isnan(line.se)


def test_polycentricity_by_hand():
    found = sizes.polycentricity(np.array([10.0, 8.0, 6.0, 4.0]), 0.5)
    assert found == pytest.approx(0.276393, abs=5e-7)


def test_theil_of_a_size_that_vanishes_beside_the_other():
    # 5e-324 / 2 is 0: a share that underflows counts as a zero does
    assert sizes.theil(np.array([2.0, 5e-324])) == pytest.approx(np.log(2.0))


def test_theil_parts_of_zero_groups():
    parts = sizes.theil_parts(np.array([1.0, 3.0, 0.0]), np.array([0, 0, 1]), 2)
    assert np.isnan(parts.inside[1])
    assert parts.between + parts.within == pytest.approx(
        sizes.theil(np.array([1.0, 3.0, 0.0]))
    )
