"""Adapters to diff-diff against published minimum-wage results; skipped without the extra."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import MissingExtraError, NotIdentifiedError, OptionError
from agglo.econometrics import staggered_did


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
        found.of("calendar")


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
    with pytest.raises(OptionError, match="estimator"):
        staggered_did(table, outcome="y", treatment="d", estimator="twfe")
    words = table.set_column(
        1, "period", pa.array([f"y{p}" for p in table["period"].to_pylist()])
    )
    with pytest.raises(OptionError, match="whole numbers"):
        staggered_did(words, outcome="y", treatment="d")
    with pytest.raises(NotIdentifiedError):
        staggered_did(table.slice(0, 40 * 6), outcome="y", treatment="d")
