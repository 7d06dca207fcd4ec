"""MAR, Jacobs and Porter measures: hand values, dominance, unknown cells."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.concentration import externalities
from agglo.core.errors import AlignmentError, ColumnNotFoundError, OptionError
from agglo.core.tables import RegionActivity, as_region_activity

JOBS = np.array([[10.0, 20, 20], [30, 10, 30], [0, 0, 40]])
PLANTS = np.array([[2.0, 2, 2], [3, 3, 3], [0, 0, 5]])


def rows(jobs: np.ndarray, plants: np.ndarray) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "region": f"r{m}",
                "industry": f"i{i}",
                "employment": None if np.isnan(jobs[m, i]) else jobs[m, i],
                "establishments": plants[m, i],
            }
            for m in range(jobs.shape[0])
            for i in range(jobs.shape[1])
        ]
    )


def jacobs_by_definition(e: np.ndarray, m: int, i: int) -> float:
    def diversity(v: np.ndarray) -> float:
        rest = np.delete(v, i)
        return float(1 / np.sum((rest / rest.sum()) ** 2))

    return diversity(e[m]) / diversity(e.sum(axis=0))


def test_against_the_definitions() -> None:
    got = externalities(rows(JOBS, PLANTS))
    lq = (JOBS / JOBS.sum(axis=1, keepdims=True)) / (JOBS.sum(axis=0) / JOBS.sum())
    np.testing.assert_allclose(got.mar, lq, rtol=1e-14)
    for m in range(2):
        for i in range(3):
            assert got.jacobs[m, i] == pytest.approx(
                jacobs_by_definition(JOBS, m, i), rel=1e-13
            )
    want = (PLANTS[:2] / JOBS[:2]) / (PLANTS.sum(axis=0) / JOBS.sum(axis=0))
    np.testing.assert_allclose(got.competition[:2], want, rtol=1e-14)


def test_zero_denominators_are_nan() -> None:
    got = externalities(rows(JOBS, PLANTS))
    # region 2 has only activity 2: without it nothing is left
    assert np.isnan(got.jacobs[2, 2])
    assert np.isfinite(got.jacobs[2, :2]).all()
    assert np.isnan(got.competition[2, :2]).all()
    reasons = {(u.item, u.reason): u.n for u in got.undefined}
    assert reasons[("jacobs", "nothing else in the region or the nation")] == 1
    assert reasons[("competition", "no employment, no plants or unknown")] == 2


def test_a_dominant_activity_costs_no_digits() -> None:
    jobs = np.array([[1e9, 1.0, 3.0], [5.0, 5.0, 5.0]])
    got = externalities(rows(jobs, np.ones((2, 3))))
    # without the giant: shares 1/4 and 3/4, exactly
    inverse = 1 / (1 / 16 + 9 / 16)
    national = 14**2 / (6**2 + 8**2)
    assert got.jacobs[0, 0] == pytest.approx(inverse / national, rel=1e-15)


def test_unknown_cell_touches_its_own_region_only() -> None:
    jobs = JOBS.copy()
    jobs[0, 1] = np.nan
    table = as_region_activity(rows(jobs, PLANTS), margins="disclosed")
    counts = RegionActivity.from_arrays(
        PLANTS, region=["r0", "r1", "r2"], activity=["i0", "i1", "i2"]
    )
    got = externalities(table, establishments=counts)
    assert np.isnan(got.mar[0, 1])
    assert np.isfinite(got.mar[0, [0, 2]]).all()
    # the diversity that activity 1 sees does not need its own cell
    assert np.isfinite(got.jacobs[0, 1])
    assert np.isnan(got.jacobs[0, [0, 2]]).all()
    assert np.isfinite(got.jacobs[1]).all()
    zero = externalities(table, establishments=counts, missing="zero")
    assert np.isfinite(zero.jacobs[0]).all()
    assert zero.provenance.warnings


def test_without_establishments() -> None:
    table = rows(JOBS, PLANTS).drop_columns(["establishments"])
    with pytest.raises(ColumnNotFoundError, match="establishments"):
        externalities(table)
    got = externalities(table, establishments=None)
    assert np.isnan(got.competition).all()
    assert np.isfinite(got.mar).all()


def test_refusals() -> None:
    table = as_region_activity(rows(JOBS, PLANTS))
    with pytest.raises(OptionError, match="RegionActivity"):
        externalities(table)
    other = RegionActivity.from_arrays(PLANTS)
    with pytest.raises(AlignmentError, match="a0"):
        externalities(table, establishments=other)
    with pytest.raises(OptionError, match="missing"):
        externalities(table, missing="nan", establishments=None)  # type: ignore[arg-type]


def test_tidy_output() -> None:
    got = externalities(rows(JOBS, PLANTS))
    frame = got.to_arrow()
    assert frame.num_rows == 9
    row = frame.slice(4, 1).to_pylist()[0]
    assert (row["region"], row["activity"]) == (
        "r1",
        "i1",
    )
    assert row["mar"] == got.mar[1, 1]
    assert "Jacobs" in got.summary()
    got.plot()
