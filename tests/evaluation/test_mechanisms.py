"""Mechanisms: hand cases, planted breaks, what is not known stays unknown."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, ConvergenceError, NotIdentifiedError
from agglo.evaluation import (
    MECHANISMS,
    local_supply_share,
    mechanism_profile,
    related_entry,
    structural_breaks,
)


def series(values, cluster="c", first=2000):
    years = [str(first + t) for t in range(len(values))]
    return pa.table(
        {"cluster": [cluster] * len(values), "period": years, "value": list(values)}
    )


def test_nothing_is_invented():
    table = pa.table({"cluster": ["a"], "indicator": ["M2.1"], "value": [2.0]})
    found = mechanism_profile(table)
    assert (np.isnan(found.value) == (found.status == "needs_data")).all()
    assert all(n for n, v in zip(found.needs, found.value, strict=True) if np.isnan(v))
    assert np.isnan(
        list(found.assessed().values())
    ).all()  # one indicator is not enough


def test_two_indicators_make_an_assessment():
    rows = [
        ("a", "M2.1", 3.0),
        ("b", "M2.1", 1.0),
        ("a", "M2.5", 0.4),
        ("b", "M2.5", 0.8),
    ]
    cluster, indicator, value = map(list, zip(*rows, strict=True))
    table = pa.table({"cluster": cluster, "indicator": indicator, "value": value})
    told = mechanism_profile(table).assessed()
    assert told["a", "M2"] == pytest.approx((2 / 3 + 1 / 3) / 2)
    proxy = table.append_column("status", pa.array(["proxy"] * 4))
    assert np.isnan(mechanism_profile(proxy, status="status").assessed()["a", "M2"])


def test_suppressed_is_not_zero():
    table = pa.table(
        {"cluster": ["a", "b"], "indicator": ["M2.1"] * 2, "value": [2.0, None]}
    )
    found = mechanism_profile(table)
    at = (found.cluster == "b") & (found.indicator == "M2.1")
    assert found.status[at][0] == "suppressed"
    assert np.isnan(found.value[at][0])


def test_unknown_indicator_is_refused():
    table = pa.table({"cluster": ["a"], "indicator": ["M9.1"], "value": [2.0]})
    with pytest.raises(AlignmentError, match=r"M9\.1"):
        mechanism_profile(table)
    assert len({m.id for m in MECHANISMS}) == len(MECHANISMS)


def test_planted_break_is_found_and_calm_series_have_few():
    rng = np.random.default_rng(4)
    step = np.where(np.arange(24) < 11, 0.0, 0.5) + rng.normal(0, 0.03, 24)
    found = structural_breaks(series(step))
    assert found.periods[0] == "2011"
    assert found.bic_gain[0] > 0
    calm = [series(rng.normal(0, 0.03, 24), f"c{k:03d}") for k in range(120)]
    assert (
        structural_breaks(pa.concat_tables(calm), trend=False).value > 0
    ).mean() < 0.25


def test_short_series_has_no_break_and_says_so():
    found = structural_breaks(series(range(9)))
    assert np.isnan(found.value[0])
    assert "fewer than ten periods" in found.undefined[0].reason


def test_chance_of_events_at_breaks_is_exact():
    values = [0.0, 0.1] * 6 + [3.0, 3.1] * 4
    events = pa.table({"cluster": ["c", "c"], "period": ["2012", "2003"]})
    found = structural_breaks(series(values), events=events, trend=False)
    assert found.periods[0] == "2012"
    assert (found.events[0], found.hits[0]) == (2, 1)
    # 3 of 20 years are near: 1 - C(17, 2) / C(20, 2)
    assert found.p[0] == pytest.approx(1 - (17 * 16) / (20 * 19))


def test_flq_lambda_of_the_specification():
    jobs = pa.table(
        {
            "region": ["a", "b"] * 2,
            "industry": ["x", "x", "y", "y"],
            "employment": [40.0, 960.0, 40.0, 960.0],
        }
    )
    flows = pa.table({"seller": ["x"], "buyer": ["y"], "direct_requirement": [0.3]})
    # E_r / E_n = 0.04, delta = .3, quotients 1: lambda 0.422481
    assert local_supply_share(jobs, flows).value[0] == pytest.approx(0.422481, abs=1e-6)
    assert local_supply_share(jobs, flows, delta=0.0).value[0] == pytest.approx(1.0)


def test_no_common_codes_is_said():
    jobs = pa.table({"region": ["a"], "industry": ["x"], "employment": [1.0]})
    flows = pa.table({"seller": ["1"], "buyer": ["2"], "direct_requirement": [0.3]})
    with pytest.raises(AlignmentError, match="codes the same"):
        local_supply_share(jobs, flows)


def test_planted_slope_of_entry():
    rng = np.random.default_rng(9)
    density = rng.random(6000)
    chance = 1 / (1 + np.exp(-(-2 + 3 * density)))
    table = pa.table(
        {"entered": (rng.random(6000) < chance).astype(float), "density": density}
    )
    found = related_entry(table)
    assert abs(found.value[1] - 3) < 4 * found.standard_error[1]
    assert found.lower < found.marginal_effect < found.upper


def test_entry_that_cannot_be_estimated():
    with pytest.raises(NotIdentifiedError):
        related_entry(pa.table({"entered": [0.0, 0.0], "density": [0.1, 0.2]}))
    apart = pa.table({"entered": [0.0, 0.0, 1.0, 1.0], "density": [0.1, 0.2, 0.8, 0.9]})
    with pytest.raises(ConvergenceError):
        related_entry(apart)
