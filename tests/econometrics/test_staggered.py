"""Adapters to diff-diff against published minimum-wage results; skipped without the extra."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import MissingExtraError, NotIdentifiedError, OptionError
from agglo.econometrics import (
    fit_ring_panel,
    staggered_comparisons,
    staggered_did,
)
from agglo.simulate import simulate_corridors


@pytest.fixture(scope="module")
def wages(shared_data: Path) -> pa.Table:
    pytest.importorskip("diff_diff", reason="the extra did is not installed")
    path = shared_data / "econometrics" / "mpdta_callaway_santanna.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = np.array([int(r["first.treat"]) for r in rows])
    year = np.array([int(r["year"]) for r in rows])
    return pa.table(
        {
            "region": [r["countyreal"] for r in rows],
            "period": [r["year"] for r in rows],
            "lemp": [float(r["lemp"]) for r in rows],
            "lpop": [float(r["lpop"]) for r in rows],
            "d": 1.0 * ((first > 0) & (year >= first)),
        }
    )


def test_group_time_effects_of_the_minimum_wage(wages):
    found = staggered_did(wages, outcome="lemp", treatment="d")
    want = {
        "2004": [-0.010503, -0.070423, -0.137259, -0.100811],
        "2006": [0.006520, -0.002751, -0.004595, -0.041224],
        "2007": [0.030507, -0.002726, -0.031087, -0.026054],
    }
    for cohort, values in want.items():
        for year, value in zip(("2004", "2005", "2006", "2007"), values, strict=True):
            effect = found.of("group_time", cohort=cohort, time=year)
            assert effect == pytest.approx(value, abs=1e-5)
    assert found.of("simple") == pytest.approx(-0.039951, abs=1e-5)
    assert found.error("simple") == pytest.approx(0.012034, abs=1e-5)
    assert found.of("event_average") == pytest.approx(-0.077240, abs=1e-5)
    assert found.error("event_average") == pytest.approx(0.019965, abs=1e-5)
    events = [
        0.030507,
        -0.000563,
        -0.024459,
        -0.019932,
        -0.050957,
        -0.137259,
        -0.100811,
    ]
    for k, value in zip(range(-3, 4), events, strict=True):
        assert found.of("event", time=str(k)) == pytest.approx(value, abs=1e-5)
    assert "CallawaySantAnna" in found.summary()
    with pytest.raises(OptionError, match="no row"):
        found.of("calendar", time="2003")
    # 2006: cohorts of 2004 and 2006 by their sizes, no error
    size = {
        g: len(
            {
                r
                for r, y, d in zip(
                    wages["region"].to_pylist(),
                    wages["period"].to_pylist(),
                    wages["d"].to_pylist(),
                    strict=True,
                )
                if d == 1.0 and y == g
            }
        )
        for g in ("2004", "2006")
    }
    old, new = size["2004"], size["2006"] - size["2004"]
    mean = (old * -0.137259 + new * -0.004595) / (old + new)
    assert found.of("calendar", time="2006") == pytest.approx(mean, abs=1e-5)
    assert np.isnan(found.error("calendar", time="2006"))
    assert any("calendar" in str(u.item) for u in found.undefined)


def test_comparisons_are_those_of_the_package(wages):
    import diff_diff
    import pandas as pd

    frame = wages.to_pandas()
    frame["t"] = frame["period"].astype(int)
    first = frame[frame["d"] == 1].groupby("region")["t"].min()
    frame["g"] = frame["region"].map(first).fillna(0).astype(int)
    assert isinstance(frame, pd.DataFrame)
    theirs = diff_diff.BaconDecomposition(weights="exact").fit(
        frame, outcome="lemp", unit="region", time="t", first_treat="g"
    )
    ours = staggered_comparisons(wages, outcome="lemp", treatment="d")
    assert ours.coefficient == pytest.approx(theirs.twfe_estimate, abs=1e-9)
    assert ours.coefficient == pytest.approx(-0.036549, abs=1e-5)
    got = sorted(
        (round(w, 8), e) for w, e in zip(ours.weight, ours.effect, strict=True)
    )
    want = sorted((round(c.weight, 8), c.estimate) for c in theirs.comparisons)
    np.testing.assert_allclose(got, want, atol=1e-9)


def test_rings_of_the_package_are_our_two_stages():
    pytest.importorskip("diff_diff", reason="the extra did is not installed")
    made = simulate_corridors(profile="rings", rho=0.0, seed=3)
    common = {
        "outcome": "specialisation",
        "start": made.starts,
        "positions": made.positions,
    }
    theirs = staggered_did(
        made.panel, estimator="spillover", rings_km=(0, 100, 250, 400), **common
    )
    ours = fit_ring_panel(made.panel, edges_km=(0, 100, 250, 400), stages=2, **common)
    assert ours.value[0] == pytest.approx(theirs.of("simple"), abs=1e-9)
    assert ours.se[0] == pytest.approx(theirs.error("simple"), rel=0.01)
    for i, ring in enumerate(("0-100 km", "100-250 km", "250-400 km"), 1):
        assert ours.value[i] == pytest.approx(theirs.of("ring", time=ring), abs=1e-9)
        assert ours.se[i] == pytest.approx(theirs.error("ring", time=ring), rel=0.01)


@pytest.mark.parametrize("estimator", ["cs", "bjs", "gardner"])
def test_absent_rows_are_left_to_the_package(estimator):
    pytest.importorskip("diff_diff", reason="the extra did is not installed")
    rows = small()
    start = {f"r{i:02d}": "2012" if i < 20 else "2014" for i in range(40)}
    keep = np.random.default_rng(2).random(rows.num_rows) > 0.05
    found = staggered_did(
        rows.filter(pa.array(keep)), outcome="y", start=start, estimator=estimator
    )
    full = staggered_did(rows, outcome="y", start=start, estimator=estimator)
    assert found.of("simple") == pytest.approx(full.of("simple"), abs=0.15)
    assert "absent" in " ".join(found.provenance.warnings)
    with pytest.raises(OptionError, match="by start"):
        staggered_did(rows.filter(pa.array(keep)), outcome="y", treatment="d")


def test_covariate_and_other_estimators(wages):
    found = staggered_did(wages, outcome="lemp", covariates=["lpop"], treatment="d")
    assert found.of("simple") == pytest.approx(-0.041752, abs=1e-5)
    assert found.error("simple") == pytest.approx(0.011503, abs=1e-5)
    assert found.of("event_average") == pytest.approx(-0.080354, abs=1e-5)
    assert found.error("event_average") == pytest.approx(0.018958, abs=1e-5)
    sun = staggered_did(wages, outcome="lemp", treatment="d", estimator="sunab")
    assert sun.of("simple") == pytest.approx(-0.039951, abs=1e-5)
    assert sun.error("simple") == pytest.approx(0.011796, abs=1e-5)
    bjs = staggered_did(wages, outcome="lemp", treatment="d", estimator="bjs")
    assert bjs.of("simple") == pytest.approx(-0.047710, abs=1e-5)
    assert bjs.error("simple") == pytest.approx(0.013222, abs=1e-5)
    for k, value in enumerate([-0.031067, -0.052235, -0.136078, -0.104707]):
        assert bjs.of("event", time=str(k)) == pytest.approx(value, abs=1e-5)
    two = staggered_did(wages, outcome="lemp", treatment="d", estimator="gardner")
    assert two.of("simple") == pytest.approx(bjs.of("simple"), abs=1e-9)


def small():
    rng = np.random.default_rng(1)
    first = np.repeat([2, 4, 9], 20)[:, None]
    d = (np.arange(6) >= first) * 1.0
    return pa.table(
        {
            "region": np.repeat([f"r{i:02d}" for i in range(60)], 6),
            "period": np.tile([str(p) for p in range(2010, 2016)], 60),
            "y": (
                d * (1 + np.arange(6) - first) + 0.1 * rng.normal(size=(60, 6))
            ).ravel(),
            "d": d.ravel(),
        }
    )


@pytest.mark.parametrize("control", ["never", "not_yet"])
def test_growing_effects_are_recovered(control):
    pytest.importorskip("diff_diff", reason="the extra did is not installed")
    found = staggered_did(small(), outcome="y", treatment="d", control=control)
    assert found.of("event", time="3") == pytest.approx(4.0, abs=0.15)
    assert found.of("group", cohort="2012") == pytest.approx(2.5, abs=0.15)
    assert found.of("group", cohort="2014") == pytest.approx(1.5, abs=0.15)
    assert found.to_frame().num_rows == found.value.size


def test_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "diff_diff", None)
    with pytest.raises(MissingExtraError, match=r"agglo\[did\]"):
        staggered_did(small(), outcome="y", treatment="d")


def test_refused():
    table = small()
    with pytest.raises(OptionError, match="estimator='cs'"):
        staggered_did(table, outcome="y", treatment="d", estimator="bjs", method="reg")
    with pytest.raises(OptionError, match="positions and increasing"):
        staggered_did(table, outcome="y", treatment="d", estimator="spillover")
    with pytest.raises(OptionError, match="are for estimator='spillover'"):
        staggered_did(table, outcome="y", treatment="d", rings_km=(0, 10))
    with pytest.raises(OptionError, match="estimator"):
        staggered_did(table, outcome="y", treatment="d", estimator="twfe")
    words = table.set_column(
        1, "period", pa.array([f"y{p}" for p in table["period"].to_pylist()])
    )
    with pytest.raises(OptionError, match="whole numbers"):
        staggered_did(words, outcome="y", treatment="d")
    with pytest.raises(NotIdentifiedError):
        staggered_did(table.slice(0, 40 * 6), outcome="y", treatment="d")
