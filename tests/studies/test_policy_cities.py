"""The example projects on real cities, end to end, against the reference run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from agglo.runs import start

# direct, indirect, realised on treated and untreated; tolerance of the reference run 1e-4
EXPECTED = {
    ("corridor", "ln_rzi"): (-0.1082, 0.0820, -0.0977, 0.0011),
    ("corridor", "ln_rdi"): (0.0369, -0.6198, -0.0422, -0.0085),
    ("rail", "ln_rzi"): (-0.0977, -0.0471, -0.1205, -0.0097),
    ("rail", "ln_rdi"): (0.0167, -0.0193, 0.0074, -0.0040),
}
QUICK = """
band_draws = 99
placebo_draws = 19
other_placebo_draws = 19
moran_draws = 19
imputation_draws = 19
sweep_km = [250.0]
"""


def _run(name: str, root: Path, shared: Path, folder: Path, monkeypatch) -> Path:
    if not (shared / "china_city_sector_employment").is_dir():
        pytest.skip("the Chinese city panel is not in the shared data")
    monkeypatch.setenv("AGGLO_SHARED", str(shared.parent))
    target = folder / name
    shutil.copytree(root / "examples" / name, target, ignore=_results)
    toml = target / "agglo.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + QUICK, encoding="utf-8")
    start(target)
    return target / "results" / "policy"


def _results(_: str, names: list[str]) -> list[str]:
    return [n for n in names if n in ("tables", "results", ".agglo")]


@pytest.mark.parametrize("name", ["corridor", "rail"])
def test_example_gives_the_reference_run(
    name, root, shared_data, tmp_path, monkeypatch
):
    results = _run(name, root, shared_data, tmp_path, monkeypatch)
    impacts = pq.read_table(results / "impacts.parquet").to_pylist()
    realised = pq.read_table(results / "realised.parquet").to_pylist()
    for outcome in ("ln_rzi", "ln_rdi"):
        got = [
            next(
                r["value"]
                for r in impacts
                if r["outcome"] == outcome and r["effect"] == e
            )
            for e in ("direct", "indirect")
        ]
        got += [
            next(
                r["value"]
                for r in realised
                if (r["outcome"], r["group"], r["period"]) == (outcome, g, "all")
            )
            for g in ("treated", "untreated")
        ]
        assert got == pytest.approx(EXPECTED[name, outcome], abs=1e-4)
    scope = json.loads((results / "scope.json").read_text(encoding="utf-8"))
    assert scope["regions"] == 283
    assert scope["treated"] == (6 if name == "corridor" else 126)
    assert len(scope["corrections"]) == 5
    page = (results / "report.html").read_text(encoding="utf-8")
    findings = {
        f["id"]: f
        for f in json.loads((results / "findings.json").read_text(encoding="utf-8"))
    }
    if name == "corridor":
        assert "Not identified" in findings["F4.ln_rzi"]["answer"]
        assert "Not every start is documented" in page
        assert "unverified 3" in findings["F1.ln_rzi"]["answer"]
    else:
        assert findings["F4.ln_rzi"]["estimate"]["3+"] < 0
        # leads near +.05 (t 1.5) before a fall: the report must call it a doubt
        assert "pre-trend doubt" in findings["F6.ln_rzi"]["answer"]
        event = pq.read_table(results / "event_study.parquet").to_pylist()
        far = next(
            r
            for r in event
            if (r["outcome"], r["k"], r["effect"]) == ("ln_rzi", -5, "direct")
        )
        assert far["value"] == pytest.approx(0.05, abs=0.01)
        assert far["value"] / far["se"] == pytest.approx(1.5, abs=0.1)
        moran = pq.read_table(results / "moran.parquet").to_pylist()
        by_year = {
            r["period"]: r["value"]
            for r in moran
            if (r["outcome"], r["kind"]) == ("ln_rzi", "outcome")
        }
        assert by_year["2006"] == pytest.approx(0.240, abs=1e-3)
        assert by_year["2017"] == pytest.approx(0.383, abs=1e-3)
        staggered = pq.read_table(results / "staggered.parquet").to_pylist()
        assert len({r["estimator"] for r in staggered}) >= 3
        specifications = pq.read_table(results / "specification.parquet").to_pylist()
        assert any(r["specification"] == "until 2013" for r in specifications)
    assert all(f["truth"] is None for f in findings.values())
