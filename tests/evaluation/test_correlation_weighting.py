"""Weights by correlation: cases with a closed answer."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.evaluation import (
    as_indicators,
    composite_index,
    correlation_weights,
    indicator_importance,
)
from tests.evaluation.tables import drawn, long


def test_largest_sum_of_correlations_on_zscores_is_equal_weights():
    # 1'Rw / sqrt(w'Rw) has its maximum at w = 1
    found = correlation_weights(
        drawn(40, 4), objective="infomax", level=1, normalisation="zscore"
    )
    np.testing.assert_allclose(found.within[:4], 0.25, atol=1e-4)


def test_largest_sum_of_correlations_undoes_the_spread():
    # the same on min-max values: w is one over the standard deviation
    table = as_indicators(drawn(40, 3))
    x = table.values
    sd = (x / np.ptp(x, axis=0)).std(axis=0)
    found = correlation_weights(table, objective="infomax", level=1)
    np.testing.assert_allclose(found.within[:3], (1 / sd) / (1 / sd).sum(), atol=1e-4)


@pytest.mark.parametrize("shares", [(1.0, 1.0, 1.0), (4.0, 3.0, 3.0)])
def test_balance_reaches_its_targets(shares):
    table = as_indicators(drawn(60, 6, pillars=3))
    targets = dict(zip(("p0", "p1", "p2"), shares, strict=True))
    found = correlation_weights(table, targets=targets)
    real = indicator_importance(composite_index(table, weights=found))
    r = real.correlation[6:]
    np.testing.assert_allclose(r / r.sum(), np.array(shares) / sum(shares), atol=1e-4)
    assert "largest distance to a target: 0.0000" in found.summary()


def test_targets_out_of_reach_are_said():
    x = np.arange(10.0)
    table = long({"x": x.tolist(), "y": (x + 0.1 * (x % 2)).tolist()})
    found = correlation_weights(table, level=1, targets={"x": 0.9, "y": 0.1})
    # both correlate with any mixture at almost 1: half and half whatever the weights
    assert "largest distance to a target: 0.4000" in found.summary()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"level": 5}, "level"),
        ({"level": 1, "objective": "info"}, "infomax"),
        ({"level": 1, "targets": {"i00": 1.0}}, "targets"),
        ({"objective": "infomax", "level": 1, "targets": {"i00": 1.0}}, "targets"),
    ],
)
def test_refusals(options, says):
    with pytest.raises(OptionError, match=says):
        correlation_weights(drawn(9, 3), **options)


def test_too_many_nodes():
    with pytest.raises(OptionError, match="2 to 12"):
        correlation_weights(drawn(30, 14), level=1)


def test_too_few_units():
    with pytest.raises(NotIdentifiedError, match="vary"):
        correlation_weights(drawn(2, 3), level=1)
