"""Moran's I by period: published panel, null, bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import OptionError
from agglo.core.options import Permutation
from agglo.econometrics import moran_by_period
from tests.econometrics.panels import cigarettes, world


def test_cigarettes(shared_data: Path):
    panel = cigarettes(shared_data / "econometrics")
    found = moran_by_period(
        panel.table,
        variable="logc",
        weights=panel.weights,
        inference=Permutation(n=199, seed=1),
    )
    assert found.value[0] == pytest.approx(0.262437, abs=1e-6)
    assert found.value[-1] == pytest.approx(0.342576, abs=1e-6)
    assert found.z[0] == pytest.approx(2.6996, abs=1e-4)
    assert found.z[-1] == pytest.approx(3.4596, abs=1e-4)
    assert (found.p <= found.q + 1e-12).all()
    assert found.p[-1] < 0.05


def test_noise_is_rejected_at_the_nominal_rate():
    made = world(1, n=40, t=60)
    noise = np.random.default_rng(3).normal(size=made.table.num_rows)
    table = made.table.append_column("e", pa.array(noise))
    found = moran_by_period(
        table, variable="e", weights=made.weights, inference=Permutation(n=99, seed=1)
    )
    # 60 periods at 5 %: 0 to 8 with probability .997
    assert (found.p <= 0.05).sum() <= 8
    inside = moran_by_period(
        table,
        variable="e",
        weights=made.weights,
        within=True,
        inference=Permutation(n=99, seed=1),
    )
    assert "within" in inside.summary()
    assert inside.to_frame().num_rows == 60


def test_constant_is_refused():
    made = world(1)
    flat = made.table.append_column("c", pa.array(np.ones(made.table.num_rows)))
    with pytest.raises(OptionError, match="does not vary"):
        moran_by_period(flat, variable="c", weights=made.weights)
