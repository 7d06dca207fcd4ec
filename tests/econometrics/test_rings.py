"""Ring difference-in-differences against the published example, and what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import (
    ColumnNotFoundError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.weights_kinds import Rings, build_economic, build_nested
from agglo.econometrics import choose_rings, fit_ring_did

COLUMNS = {"outcome": "y1", "post": "time", "treated": "treat", "distance_km": "dist"}


@pytest.fixture(scope="module")
def clarke(shared_data: Path) -> pa.Table:
    path = shared_data / "econometrics" / "clarke_spilloverDGPs.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return pa.table({c: [float(r[c]) for r in rows] for c in COLUMNS.values()})


def test_published_rings(clarke):
    found = fit_ring_did(clarke, **COLUMNS, width_km=5, n_rings=5)
    want = [
        3.5224125, 0.9086385, 10.0449985,
        5.1403294, 3.8497968, 2.9614936, 2.1429545, 0.8046168,
    ]  # fmt: skip
    np.testing.assert_allclose(found.value, want, atol=6e-8)
    errors = [0.0457094, 0.0746431, 0.1180212, *[0.2360423] * 5]
    np.testing.assert_allclose(found.se, errors, atol=6e-8)
    assert found.rmse == pytest.approx(1.0261864, abs=6e-8)


def test_the_published_design_is_chosen(clarke):
    found = choose_rings(clarke, **COLUMNS, widths_km=range(1, 11), max_rings=8)
    assert (found.width_km, found.n_rings) == (5.0, 5)
    assert found.rmse == found.tried[0][2] == pytest.approx(1.0261864, abs=6e-8)


def test_leave_one_out_is_leaving_one_out():
    rng = np.random.default_rng(2)
    n = 40
    post = np.arange(n) % 2
    treated = post * (np.arange(n) % 5 == 1)
    km = rng.uniform(0, 30, n)
    y = rng.normal(size=n)
    table = pa.table({"y1": y, "time": post, "treat": treated, "dist": km})
    found = fit_ring_did(table, **COLUMNS, width_km=10, n_rings=1)
    x = np.column_stack(
        [np.ones(n), post, treated, (post == 1) & (treated == 0) & (km <= 10)]
    ).astype(float)
    left = []
    for i in range(n):
        keep = np.arange(n) != i
        b = np.linalg.lstsq(x[keep], y[keep])[0]
        left.append(y[i] - x[i] @ b)
    assert found.rmse == pytest.approx(np.sqrt(np.mean(np.square(left))))
    assert "1 rings" in found.summary()
    found.plot()
    assert found.to_arrow().num_rows == 4


def test_what_is_refused():
    table = pa.table(
        {
            "y1": [0.0, 1.0, 2.0, 3.0, 1.0, 2.0],
            "time": [0, 0, 1, 1, 1, 0],
            "treat": [0, 0, 1, 0, 0, 0],
            "dist": [0.0, 0.0, 0.0, 5.0, 6.0, 0.0],
        }
    )
    with pytest.raises(NotIdentifiedError, match=r"10-20 km"):
        fit_ring_did(table, **COLUMNS, width_km=10, n_rings=2)
    with pytest.raises(NotIdentifiedError, match="no width"):
        choose_rings(table, **COLUMNS, widths_km=[10], max_rings=2)
    with pytest.raises(OptionError, match="n_rings"):
        fit_ring_did(table, **COLUMNS, width_km=10, n_rings=0)
    with pytest.raises(ColumnNotFoundError, match="treatt"):
        fit_ring_did(table, **(COLUMNS | {"treated": "treatt"}), width_km=1, n_rings=1)
    odd = table.set_column(2, "treat", pa.array([0, 0, 2, 0, 0, 0]))
    with pytest.raises(InvalidTableError, match="0 or 1"):
        fit_ring_did(odd, **COLUMNS, width_km=10, n_rings=1)
    hole = table.set_column(3, "dist", pa.array([0.0, 0, 0, None, 6, 0]))
    with pytest.raises(InvalidTableError, match="first row 4"):
        fit_ring_did(hole, **COLUMNS, width_km=10, n_rings=1)


def test_rings_partition_the_pairs():
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 100, (2, 30))
    ids = [f"{i:02d}" for i in range(30)]
    rings = Rings.build(x, y, ids, edges_km=(0, 20, 60, 200), exposure="count")
    whole = sum(w.matrix.toarray() for w in rings.members)
    np.testing.assert_array_equal(whole, 1 - np.eye(30))
    d = (rng.random(30) < 0.4).astype(float)
    np.testing.assert_allclose(
        sum(w.lag(d) for w in rings.members), d.sum() - d, atol=1e-12
    )
    assert rings.names == ("0-20 km", "20-60 km", "60-200 km")
    with pytest.raises(OptionError, match="edges"):
        Rings.build(x, y, ids, edges_km=(0, 20, 20))


def test_economic_and_nested_weights():
    w = build_economic([1.0, 2.0, 4.0], list("abc"))
    np.testing.assert_allclose(w.matrix.toarray()[0], [0, 1, 1 / 3])
    with pytest.raises(InvalidTableError, match="same z"):
        build_economic([1.0, 1.0], list("ab"))
    mixed = build_nested([0, 1, 3], [0, 0, 0], [1.0, 2.0, 4.0], list("abc"), alpha=0.3)
    np.testing.assert_allclose(mixed.matrix.sum(axis=1), 1)
    with pytest.raises(InvalidTableError, match="share a place"):
        build_nested([0, 0], [0, 0], [1.0, 2.0], list("ab"))
    with pytest.raises(InvalidTableError, match="positive"):
        build_nested([0, 1], [0, 0], [1.0, -2.0], list("ab"))
