"""Related and unrelated variety: hand cases, identities, edges."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import AlignmentError, OptionError
from tests.concentration.tables import FIVE, HIDDEN_MARGINS, hidden, long


def test_by_hand():
    # groups a: (1/4, 1/4), b: (1/2)
    found = ag.variety([25, 25, 50], group=["a", "a", "b"])
    assert found.unrelated[0] == pytest.approx(1.0)
    assert found.related[0] == pytest.approx(0.5)
    assert found.value == pytest.approx(1.5)


def test_limits():
    one_each = ag.variety([1, 1, 1, 1], group=list("abcd"))
    assert (one_each.unrelated[0], one_each.related[0]) == (2.0, 0.0)
    together = ag.variety([1, 1, 1, 1], group=list("aaaa"))
    assert (together.unrelated[0], together.related[0]) == (0.0, 2.0)


def test_groups_in_any_order():
    table = long(FIVE)
    groups = {"i1": "b", "i2": "a", "i3": "b", "i4": "a", "i5": "c"}
    found = ag.variety(table, group=groups)
    for k, row in enumerate(FIVE):
        alone = ag.variety(row, group=[groups[f"i{j}"] for j in range(1, 6)])
        assert found.unrelated[k] == pytest.approx(alone.unrelated[0], abs=1e-14)
        assert found.related[k] == pytest.approx(alone.related[0], abs=1e-14)


def test_adds_up_to_the_entropy():
    groups = {f"i{k}": str(k % 2) for k in range(1, 6)}
    found = ag.variety(long(FIVE), group=groups)
    total = ag.entropy(long(FIVE)).values
    np.testing.assert_allclose(found.unrelated + found.related, total, atol=1e-12)


def test_leading_characters_are_a_group():
    table = pa.table(
        {
            "region": ["a"] * 3,
            "industry": ["111", "112", "221"],
            "employment": [25.0, 25.0, 50.0],
        }
    )
    by_digits = ag.variety(table, group=2)
    by_hand = ag.variety([25, 25, 50], group=["11", "11", "22"])
    assert by_digits.related[0] == by_hand.related[0] == 0.5


def test_empty_group_and_empty_region():
    table = pa.table(
        {
            "region": ["a", "a", "b"],
            "industry": ["x", "y", "x"],
            "employment": [3.0, 0.0, 0.0],
        }
    )
    found = ag.variety(table, group={"x": "1", "y": "2"})
    assert found.unrelated[0] == found.related[0] == 0.0
    assert np.isnan(found.values[1])
    assert found.undefined[0].region == "b"


def test_unknown_cells():
    groups = {"x": "1", "y": "1", "z": "2"}
    published = ag.variety(hidden(), group=groups, margins=HIDDEN_MARGINS)
    assert np.isfinite(published.values).tolist() == [True, False, False]
    disclosed = ag.variety(hidden(), group=groups, margins="disclosed")
    alone = ag.variety([5, 15], group=["1", "2"])
    assert disclosed.unrelated[1] == pytest.approx(alone.unrelated[0])


def test_bad_groups_are_refused():
    with pytest.raises(AlignmentError, match="lacks 4 labels"):
        ag.variety(long(FIVE), group={"i1": "a"})
    with pytest.raises(OptionError, match="group"):
        ag.variety(long(FIVE), group=0)
    with pytest.raises(OptionError, match="no codes"):
        ag.variety([1, 2], group=2)


def test_frame():
    found = ag.variety(long(FIVE), group=2)
    assert found.to_arrow().column_names == [
        "region",
        "value",
        "unrelated",
        "related",
        "n_unknown",
        "status",
    ]
    assert found.plot().get_ylabel() == "related variety (bits)"
