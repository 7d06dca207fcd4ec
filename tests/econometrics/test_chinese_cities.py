"""The study's real run: 283 cities x 12 years against reference values (tolerance 1e-4)."""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import distance_matrix
from agglo.econometrics import Expected, Observed, fit_spatial_did

RENAMED = {
    "四安市": "西安市",
    "宿辽市": "宿迁市",
    "洒泉市": "酒泉市",
    "毫州市": "亳州市",
    "鸡两市": "鸡西市",
    "宜城市": "宣城市",
    "襄樊市": "襄阳市",
    "思茅市": "普洱市",
}
POINTS_LOST = [
    ("梅州市", "J_finance"),
    ("咸阳市", "D_utilities"),
    ("乐山市", "M_research"),
    ("鹤壁市", "M_research"),
    ("昆明市", "A_agri"),
]
SCALE = {"J_finance": 1000, "D_utilities": 100, "M_research": 100, "A_agri": 100}
DROPPED = {"巢湖市", "拉萨市", "重庆市", "巴彦淖尔市"}
CORRIDORS = {
    "310000": "2016",
    "330100": "2016",
    "330400": "2017",
    "440100": "2017",
    "441900": "2017",
    "440300": "2017",
}
# outcome, treatment: beta, theta, rho, model and clustered error of rho, effects,
# their clustered errors, realised on treated and untreated
EXPECTED = {
    ("rzi", "corridor"): (
        -0.11072, 0.09095, 0.24656, 0.0292, 0.0769,
        (-0.1082, 0.0820, -0.0262), (0.0618, 0.4198, 0.3962), -0.0977, 0.0011,
    ),
    ("rdi", "corridor"): (
        0.05604, -0.49189, 0.25222, 0.0290, 0.0618,
        (0.0369, -0.6198, -0.5828), (0.0645, 0.3190, 0.3157), -0.0422, -0.0085,
    ),
    ("rzi", "hsr"): (
        -0.09627, -0.01415, 0.23713, 0.0294, 0.0747,
        (-0.0977, -0.0471, -0.1448), (0.0296, 0.0745, 0.0781), -0.1205, -0.0097,
    ),
    ("rdi", "hsr"): (
        0.01732, -0.01924, 0.25801, 0.0289, 0.0627,
        (0.0167, -0.0193, -0.0026), (0.0253, 0.0550, 0.0535), 0.0074, -0.0040,
    ),
}  # fmt: skip


def _read(folder: Path) -> tuple[list[dict[str, str]], dict[str, dict[str, str]]]:
    path = folder / "city_sector_employment.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "city_key.csv").open(encoding="utf-8", newline="") as file:
        key = {r["city_zh"]: r for r in csv.DictReader(file)}
    return rows, key


@pytest.fixture(scope="module")
def cities(shared_data: Path):
    folder = shared_data / "china_city_sector_employment"
    if not folder.is_dir():
        pytest.skip("the Chinese city panel is not in the shared data")
    rows, key = _read(folder)
    sectors = list(rows[0])[5:]
    sums: dict[str, np.ndarray] = {}
    kept = []
    for row in rows:
        name = RENAMED.get(row["city_cn"], row["city_cn"])
        if name in DROPPED:
            continue
        values = np.array([float(row[s] or 0) for s in sectors])
        for city, sector in POINTS_LOST:
            if row["year"] == "2014" and city == name:
                values[sectors.index(sector)] /= SCALE[sector]
        sums[row["year"]] = sums.get(row["year"], 0) + values
        kept.append((key[name]["adcode"], row["year"], values))
    out = {"region": [], "period": [], "rzi": [], "rdi": []}
    for code, year, values in kept:
        share, national = values / values.sum(), sums[year] / sums[year].sum()
        out["region"].append(code)
        out["period"].append(year)
        out["rzi"].append(np.log((share / national).max()))
        out["rdi"].append(np.log(1 / np.abs(share - national).sum()))
    ids = sorted(set(out["region"]))
    by_code = {r["adcode"]: r for r in key.values()}
    lon = [float(by_code[i]["lon"]) for i in ids]
    lat = [float(by_code[i]["lat"]) for i in ids]
    distance = distance_matrix(lon, lat, coordinates="degrees")
    np.fill_diagonal(distance, np.inf)
    near = np.where(distance <= 250, 1 / distance, 0.0)
    islands = np.flatnonzero(~near.any(axis=1))
    near[islands, distance[islands].argmin(axis=1)] = 1.0
    weights = SpatialWeights.from_matrix(near, ids).standardised()
    hsr = {i: by_code[i]["hsr_year"] for i in ids if by_code[i]["hsr_year"] != "0"}
    return pa.table(out), weights, {"corridor": CORRIDORS, "hsr": hsr}, islands.size


def test_size_of_the_cleaned_panel(cities):
    table, weights, starts, n_islands = cities
    assert (table.num_rows, weights.n, n_islands) == (3396, 283, 4)
    assert len(starts["hsr"]) == 126


@pytest.mark.parametrize(("outcome", "policy"), list(EXPECTED))
def test_reference_run(cities, outcome, policy):
    table, weights, starts, _ = cities
    beta, theta, rho, model, clustered, effects, errors, treated, rest = EXPECTED[
        outcome, policy
    ]
    fit = fit_spatial_did(table, outcome=outcome, start=starts[policy], weights=weights)
    assert fit.coefficients["treatment"] == pytest.approx(beta, abs=1e-4)
    assert fit.coefficients["W*treatment"] == pytest.approx(theta, abs=1e-4)
    assert fit.rho == pytest.approx(rho, abs=1e-4)
    expected = fit.with_vcov(Expected())
    assert expected.errors["rho"] == pytest.approx(model, abs=1e-4)
    # the reference run put the expected information around the clustered scores; the
    # errors of the effects hold for both, rho differs (.0659 against .0769 for rzi)
    hessian = np.linalg.inv(fit.with_vcov(Observed()).cov)
    sandwich = expected.cov @ hessian @ fit.cov @ hessian @ expected.cov
    assert np.sqrt(sandwich[2, 2]) == pytest.approx(clustered, abs=1e-4)
    as_printed = replace(fit, cov=sandwich)
    np.testing.assert_allclose(fit.impacts.value[0], effects, atol=1e-4)
    np.testing.assert_allclose(as_printed.impacts.se[0], errors, atol=1e-4)
    realised = fit.realised()
    assert realised.of("treated") == pytest.approx(treated, abs=1e-4)
    assert realised.of("untreated") == pytest.approx(rest, abs=1e-4)
