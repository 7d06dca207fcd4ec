"""Components, availability and size: hand cases."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError
from agglo.evaluation import (
    as_indicators,
    composite_index,
    data_availability,
    denominator_correlations,
    pillar_components,
)
from tests.evaluation.tables import drawn, long


def test_components_of_two_indicators_are_one_plus_and_minus_r():
    x, y = [1.0, 2, 3, 4, 7], [2.0, 1, 4, 3, 6]
    found = pillar_components(long({"x": x, "y": y}))
    r = np.corrcoef(x, y)[0, 1]
    np.testing.assert_allclose(found.eigenvalue, [1 + r, 1 - r])
    np.testing.assert_allclose(found.share, [(1 + r) / 2, (1 - r) / 2])
    np.testing.assert_allclose(found.loadings["p"][:, 0], np.sqrt((1 + r) / 2))
    assert found.indicators == {"p": ("x", "y")}


def test_loadings_give_the_correlations_back():
    table = as_indicators(drawn(40, 6, pillars=2))
    found = pillar_components(table)
    for pillar, loadings in found.loadings.items():
        own = [table.names.index(n) for n in found.indicators[pillar]]
        r = np.corrcoef(table.values[:, own], rowvar=False)
        np.testing.assert_allclose(loadings @ loadings.T, r, atol=1e-12)
    assert "eigenvalues above 1" in found.summary()


def test_components_need_spread():
    with pytest.raises(NotIdentifiedError):
        pillar_components(long({"x": [1.0, 1, 1], "y": [1.0, 2, 3]}))


def test_availability_by_unit_and_group():
    table = long(
        {"x": [1.0, None, 3], "y": [None, None, 1.0], "z": [1.0, 1.0, 1.0]},
        pillar={"x": "p", "y": "p", "z": "q"},
    )
    found = data_availability(table)
    assert found.node == ("p", "q", "index")
    np.testing.assert_allclose(found.share, [[0.5, 1, 2 / 3], [0, 1, 1 / 3], [1, 1, 1]])
    groups = data_availability(table, group={"a": "g", "b": "g", "c": "h"})
    np.testing.assert_allclose(groups.share[:, 0], [0.25, 1])
    with pytest.raises(OptionError, match="no entry"):
        data_availability(table, group={"a": "g"})


def test_indicators_that_follow_size():
    rng = np.random.default_rng(1)
    size = rng.lognormal(3, 1, 25)
    table = long({"jobs": (size * 2).tolist(), "share": rng.random(25).tolist()})
    amounts = pa.table({"unit": [chr(97 + k) for k in range(25)], "people": size})
    found = denominator_correlations(table, amounts, denominators=["people"])
    assert found.correlation[0] == pytest.approx(1.0)
    assert found.high.tolist() == [1.0, 0.0]
    assert "jobs with people +1.00" in found.summary()
    with pytest.raises(AlignmentError, match="no row"):
        denominator_correlations(table, amounts.slice(1), denominators=["people"])


def test_summary_of_one_unit():
    index = composite_index(drawn(10, 4, pillars=2))
    found = index.of_unit("c")
    assert list(found) == list(index.tree.nodes)
    assert found["index"] == (index.score("c"), index.rank[2])
    with pytest.raises(AlignmentError, match="Did you mean"):
        index.of_unit("cc")
