"""Panels the econometrics tests share: two published ones and generated ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from agglo.core.weights import SpatialWeights

EFFECTS = {"ind": ("region",), "time": ("period",), "two": ("region", "period")}


@dataclass(frozen=True)
class Published:
    """A panel as a table, its outcome, covariates and weights."""

    table: pa.Table
    outcome: str
    covariates: list[str]
    weights: SpatialWeights


def _rows(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return {name: [r[i] for r in rows[1:]] for i, name in enumerate(rows[0])}


def _square(path: Path) -> tuple[list[str], np.ndarray]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0][1:], np.array([[float(v) for v in r[1:]] for r in rows[1:]])


def cigarettes(folder: Path) -> Published:
    """46 states, 1963-92; ids are padded so that labels sort as in the file."""
    raw = _rows(folder / "cigar_baltagi_46x30.csv")
    region = [f"{int(s):02d}" for s in raw["state"]]
    columns = {k: np.array(raw[k], float) for k in ("logc", "logp", "logy")}
    _, matrix = _square(folder / "usa46_contiguity_binary.csv")
    return Published(
        table=pa.table({"region": region, "period": raw["year"], **columns}),
        outcome="logc",
        covariates=["logp", "logy"],
        weights=SpatialWeights.from_matrix(matrix, sorted(set(region))).standardised(),
    )


def munnell(folder: Path) -> Published:
    """48 states, 1970-86."""
    raw = _rows(folder / "produc_munnell_48x17.csv")
    columns = {
        f"log({k})": np.log(np.array(raw[k], float))
        for k in ("gsp", "pcap", "pc", "emp")
    }
    columns["unemp"] = np.array(raw["unemp"], float)
    names, matrix = _square(folder / "usaww_48_rowstd.csv")
    return Published(
        table=pa.table({"region": raw["state"], "period": raw["year"], **columns}),
        outcome="log(gsp)",
        covariates=["log(pcap)", "log(pc)", "log(emp)", "unemp"],
        weights=SpatialWeights.from_matrix(matrix, names).standardised(),
    )


@dataclass(frozen=True)
class World:
    """A generated panel: arrays (N, T), weights, positions, starts."""

    table: pa.Table
    weights: SpatialWeights
    x_km: np.ndarray
    y_km: np.ndarray
    ids: list[str]
    start: dict[str, str]


def world(
    seed: int,
    *,
    n: int = 40,
    t: int = 10,
    rho: float = 0.3,
    beta: float = 0.5,
    theta: float = 0.3,
    share: float = 0.4,
    sigma: float = 0.3,
    ar: float = 0.0,
) -> World:
    """Draw an SDM with an absorbing treatment that starts in periods 3 to t - 3."""
    rng = np.random.default_rng(seed)
    x_km, y_km = rng.uniform(0, 500, n), rng.uniform(0, 500, n)
    ids = [f"r{i:03d}" for i in range(n)]
    weights = SpatialWeights.build_knn(x_km, y_km, ids, k=5).standardised()
    w = weights.matrix.toarray()
    first = np.where(rng.random(n) < share, rng.integers(3, t - 2, n), t + 1)
    d = (np.arange(t)[None, :] >= first[:, None]).astype(float)
    x = rng.normal(size=(n, t))
    noise = rng.normal(size=(n, t))
    for j in range(1, t):
        noise[:, j] = ar * noise[:, j - 1] + np.sqrt(1 - ar**2) * noise[:, j]
    right = beta * d + theta * w @ d + 0.5 * x + 0.3 * w @ x + sigma * noise
    right += rng.normal(size=(n, 1)) + rng.normal(size=(1, t))
    y = np.linalg.solve(np.eye(n) - rho * w, right)
    table = pa.table(
        {
            "region": np.repeat(ids, t),
            "period": np.tile(np.arange(t).astype(str), n),
            "y": y.ravel(),
            "x": x.ravel(),
            "d": d.ravel(),
        }
    )
    start = {ids[i]: str(first[i]) for i in range(n) if first[i] <= t}
    return World(table, weights, x_km, y_km, ids, start)
