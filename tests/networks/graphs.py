"""Ties of known graphs as tables, and made ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

REFERENCE = Path(__file__).parents[1] / "reference"


def ties(rows: list[tuple[object, object, float]]) -> pa.Table:
    """Origin, destination and weight of some ties."""
    return pa.table(
        {
            "origin": [str(a) for a, _, _ in rows],
            "destination": [str(b) for _, b, _ in rows],
            "weight": [float(w) for *_, w in rows],
        }
    )


def named(graph: str) -> pa.Table:
    """One of the graphs in tests/reference/networks."""
    text = (REFERENCE / "networks" / f"{graph}.json").read_text(encoding="utf-8")
    return ties(json.loads(text)["edges"])


def of_matrix(flow: list[list[float]], names: str) -> pa.Table:
    """Ties of a small matrix with origins in rows."""
    f = np.asarray(flow, dtype=float)
    return ties(
        [(names[a], names[b], f[a, b]) for a, b in zip(*np.nonzero(f), strict=True)]
    )


def made(n: int, m: int, seed: int) -> pa.Table:
    """Ties between random nodes; rows of a pair may repeat."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, n, (2, m))
    w = rng.integers(1, 9, m)
    return ties(
        [(f"n{i:03d}", f"n{j:03d}", k) for i, j, k in zip(a, b, w, strict=True)]
    )


def renamed(table: pa.Table, seed: int) -> tuple[pa.Table, dict[str, str]]:
    """The same ties with shuffled labels and rows, and old label to new."""
    rng = np.random.default_rng(seed)
    names = sorted({*table["origin"].to_pylist(), *table["destination"].to_pylist()})
    new = dict(
        zip(names, (f"x{i:04d}" for i in rng.permutation(len(names))), strict=True)
    )
    rows = list(
        zip(
            *(table[c].to_pylist() for c in ("origin", "destination", "weight")),
            strict=True,
        )
    )
    rows = [rows[i] for i in rng.permutation(len(rows))]
    return ties([(new[a], new[b], w) for a, b, w in rows]), new
