"""Composite indices and rank intervals beside the pandas code that an analyst writes first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from agglo.core.options import MonteCarlo
from agglo.evaluation import (
    Choices,
    as_indicators,
    composite_index,
    rank_uncertainty,
    treat_outliers,
)

TARGET = (10_000, 30)


def _rows(n: int, k: int) -> pa.Table:
    """Indicators in five pillars, drawn with a fixed seed."""
    x = np.random.default_rng(7).lognormal(0, 0.5, (k, n))
    names = [f"i{j:02d}" for j in range(k)]
    units = [f"u{i:05d}" for i in range(n)]
    return pa.table(
        {
            "unit": units * k,
            "indicator": [name for name in names for _ in range(n)],
            "value": x.ravel(),
            "direction": ["positive"] * (n * k),
            "pillar": [f"p{j % 5}" for j in range(k) for _ in range(n)],
        }
    )


def _pandas_index(frame: pd.DataFrame) -> pd.Series:
    wide = frame.pivot_table(index="unit", columns="indicator", values="value")
    scaled = wide.apply(lambda c: 100 * (c - c.min()) / (c.max() - c.min()))
    pillar = frame.groupby("indicator")["pillar"].first()
    return scaled.T.groupby(pillar).mean().T.mean(axis=1)


def _pandas_ranks(wide: pd.DataFrame, pillar: pd.Series, n: int) -> pd.DataFrame:
    """One run at a time: weights drawn, pillars averaged by apply, ranks."""
    rng = np.random.default_rng(1)
    scaled = wide.apply(lambda c: 1 + 99 * (c - c.min()) / (c.max() - c.min()))
    runs = []
    for _ in range(n):
        w = pd.Series(1 + 0.25 * rng.uniform(-1, 1, wide.shape[1]), index=wide.columns)
        parts = {
            p: scaled[own.index].apply(np.average, axis=1, weights=w[own.index])
            for p, own in pillar.groupby(pillar)
        }
        runs.append(pd.DataFrame(parts).mean(axis=1).rank(ascending=False))
    return pd.concat(runs, axis=1)


@pytest.mark.parametrize("shape", [(500, 30), (2000, 30), TARGET], ids=str)
def test_index_from_long_table(versus, shape):
    table = _rows(*shape)
    frame = table.to_pandas()
    found = versus(
        lambda: composite_index(table),
        twin=lambda: _pandas_index(frame),
        size=f"{shape[0]} x {shape[1]}",
        rounds=3,
        twin_rounds=2,
    )
    np.testing.assert_allclose(
        found.result.value, found.twin_result.to_numpy(), rtol=1e-10
    )


def test_treatment(versus):
    table = as_indicators(_rows(*TARGET))
    found = versus(lambda: treat_outliers(table), size="10000 x 30", rounds=3)
    assert not np.isnan(found.result.indicators.values).any()


def test_rank_intervals(versus):
    """The target: 10,000 x 30 with 1,000 runs under 30 s; the twin makes one of them."""
    rows = _rows(*TARGET)
    table = as_indicators(rows)
    frame = rows.to_pandas()
    wide = frame.pivot_table(index="unit", columns="indicator", values="value")
    pillar = frame.groupby("indicator")["pillar"].first()
    choices = Choices(
        normalisation=("minmax", "zscore"),
        weights=("equal", "critic"),
        weight_noise=0.25,
        leave_out=True,
    )
    found = versus(
        lambda: rank_uncertainty(
            table, choices=choices, inference=MonteCarlo(n=1000, seed=7)
        ),
        twin=lambda: _pandas_ranks(wide, pillar, 1),
        size="10000 x 30, 1000 runs (twin: 1 run)",
        rounds=1,
        twin_rounds=1,
    )
    assert found.result.n_failed == 0
    assert found.seconds < 30
    assert 1000 * found.ratio > 10
