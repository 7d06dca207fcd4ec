"""Rings of outlines from text: one reading for weights, maps and studies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.errors import InvalidTableError
from agglo.core.rings import rings_of

_NUMBER = st.floats(-80, 80, allow_nan=False)


@given(st.lists(st.tuples(_NUMBER, _NUMBER), min_size=3, max_size=9))
def test_what_is_written_is_read_and_closed(points):
    text = " ".join(f"{x!r} {y!r}" for x, y in points)
    closed = points if points[0] == points[-1] else [*points, points[0]]
    if len(closed) < 4:
        with pytest.raises(InvalidTableError):
            rings_of([text])
        return
    (ring,) = rings_of([text], degrees=True)
    assert ring.tolist() == [list(point) for point in closed]
    (again,) = rings_of([text.replace(" ", ",")])
    assert np.array_equal(again, ring)


GOOD = "0 0 1 0 1 1"


@pytest.mark.parametrize(
    "bad", ["", "a b", "0 0 1 0 1", "0 0 1 0", "0 0 nan 1 1 1", "0 0 inf 1 1 1"]
)
def test_every_bad_ring_is_named(bad):
    with pytest.raises(InvalidTableError) as caught:
        rings_of([GOOD, bad, GOOD, bad], where="outlines")
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("bad_coordinates", "outlines")
    assert (problem.rows, problem.n_rows) == ((2, 4), 2)


def test_degrees_are_asked_for_by_those_who_need_them():
    metres = "0 0 5000 0 5000 5000"
    assert len(rings_of([metres])[0]) == 4
    with pytest.raises(InvalidTableError, match="agglo import boundaries"):
        rings_of([GOOD, metres], degrees=True)
    assert rings_of([]) == []
