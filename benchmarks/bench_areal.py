"""Location quotients and variety beside the pandas code that an analyst writes first.

Tables have the shape and sparsity of US counties by industries (one cell in nine is present);
all numbers are drawn with a fixed seed. Reading the long table is part of the first benchmark:
most of the time of a real call is there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from agglo.concentration import (
    location_quotient,
    location_quotient_test,
    shift_share,
    specialisation,
    variety,
)
from agglo.core.tables import RegionActivity, as_region_activity

SIZES = [(300, 100), (3110, 300), (3110, 961)]
size = pytest.mark.parametrize("shape", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")


def _jobs(shape: tuple[int, int], seed: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    expected = np.outer(rng.lognormal(0, 1.3, shape[0]), rng.lognormal(0, 1, shape[1]))
    jobs = rng.poisson(0.05 * expected) * rng.integers(1, 60, shape).astype(float)
    jobs[0] = np.maximum(jobs[0], 10)
    jobs[:, 0] = np.maximum(jobs[:, 0], 10)
    return jobs


def _long(jobs: np.ndarray) -> pa.Table:
    m, i = np.nonzero(jobs)
    regions = np.array([f"{k:05d}" for k in range(jobs.shape[0])])
    industries = np.array([f"{k // 12:03d}{k % 12:03d}" for k in range(jobs.shape[1])])
    return pa.table(
        {
            "region": pa.array(regions.tolist()).take(pa.array(m)),
            "industry": pa.array(industries.tolist()).take(pa.array(i)),
            "employment": jobs[m, i],
        }
    )


def _pandas_quotients(frame: pd.DataFrame) -> pd.DataFrame:
    wide = frame.pivot_table(
        index="region", columns="industry", values="employment", fill_value=0.0
    )
    share = wide.div(wide.sum(axis=1), axis=0)
    return share.div(wide.sum(axis=0) / wide.to_numpy().sum(), axis=1)


def _pandas_variety(frame: pd.DataFrame) -> pd.DataFrame:
    """Group-bys with a Python function per group, as the papers' scripts do."""

    def entropy(v: pd.Series) -> float:
        p = v / v.sum()
        return -(p * np.log2(p)).sum()

    own = frame.assign(group=frame["industry"].str[:3])
    total = own.groupby("region")["employment"].apply(entropy)
    groups = own.groupby(["region", "group"])["employment"].sum()
    unrelated = groups.groupby("region").apply(entropy)
    return pd.DataFrame({"unrelated": unrelated, "related": total - unrelated})


@size
def test_location_quotient_from_long_table(versus, shape):
    table = _long(_jobs(shape))
    frame = table.to_pandas()
    found = versus(
        lambda: location_quotient(table),
        twin=lambda: _pandas_quotients(frame),
        size=f"{shape[0]} x {shape[1]}",
        rounds=3,
        twin_rounds=2,
    )
    np.testing.assert_allclose(
        found.result.values, found.twin_result.to_numpy(), rtol=1e-10
    )
    assert found.memory.added < 2000


@size
def test_variety(versus, shape):
    long = _long(_jobs(shape))
    table, frame = as_region_activity(long), long.to_pandas()
    found = versus(
        lambda: variety(table, group=3),
        twin=lambda: _pandas_variety(frame),
        size=f"{shape[0]} x {shape[1]}",
        rounds=3,
        twin_rounds=1,
    )
    for name in ("unrelated", "related"):
        np.testing.assert_allclose(
            getattr(found.result, name), found.twin_result[name], atol=1e-10
        )
    assert found.ratio > 2
    assert found.memory.added < 1000


def test_quotients_and_variety_of_a_country(versus):
    """The areal half of the target: LQ + variety + EG + EGK under 5 s and 2 GB."""
    table = _long(_jobs(SIZES[-1]))

    def both():
        shaped = as_region_activity(table)
        return location_quotient(shaped), variety(shaped, group=3)

    found = versus(both, size="3110 x 961", rounds=3)
    assert found.seconds < 5
    assert found.memory.peak < 2000


def test_binomial_test_of_every_cell(versus):
    jobs = RegionActivity.from_arrays(np.ceil(_jobs(SIZES[-1]) / 20))
    found = versus(lambda: location_quotient_test(jobs), size="3110 x 961", rounds=1)
    assert np.isfinite(found.result.q).all()


def test_specialisation(versus):
    table = RegionActivity.from_arrays(_jobs(SIZES[-1]))
    found = versus(
        lambda: specialisation(table, min_reference_share=0.01),
        size="3110 x 961",
        rounds=3,
    )
    assert np.isfinite(found.result.ksi).all()


def test_shift_share(versus):
    old = RegionActivity.from_arrays(_jobs(SIZES[-1]))
    new = RegionActivity.from_arrays(_jobs(SIZES[-1], seed=8))
    found = versus(lambda: shift_share(old, new), size="3110 x 961", rounds=3)
    total = sum(found.result.parts.values())
    np.testing.assert_allclose(total, found.result.change, atol=1e-9)
