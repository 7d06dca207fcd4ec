"""Exposure-robust errors: values of ShiftShareSE, known cases, bad input."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, InvalidTableError, NotIdentifiedError
from agglo.econometrics import exposure_errors
from tests.econometrics.reference_panels import shift_share_c


def tables():
    c = shift_share_c()
    n, s = c["w"].shape
    data = pa.table({"unit": range(n), **{k: c[k] for k in ("y", "x", "x2", "q")}})
    shares = pa.table(
        {
            "unit": np.repeat(range(n), s),
            "shift": np.tile(range(s), n),
            "share": c["w"].ravel(),
        }
    )
    return data, shares, pa.table({"shift": range(s), "value": c["g"]})


def found(**options):
    base = {"outcome": "y", "regressor": "x", "controls": ["q"], **options}
    return exposure_errors(*tables(), **base)


def test_reference_values():
    # ShiftShareSE 1.1.0 (R); the share sum is added as a control by itself
    akm = found(method="akm")
    assert akm.value == pytest.approx(-0.0481484514, abs=1e-9)
    assert akm.robust_se == pytest.approx(0.0616876116, abs=1e-9)
    assert akm.se == pytest.approx(0.0762794455, abs=1e-9)
    np.testing.assert_allclose(
        akm.intervals, [(-0.2667878569, 0.3305423874)], atol=1e-9
    )
    bhj = found()
    assert bhj.se == pytest.approx(0.0751107829, abs=1e-9)


def test_shift_share_instrument_by_hand():
    c = shift_share_c()
    w = np.column_stack([np.ones(60), c["q"], c["w"].sum(axis=1)])
    y, x, z = (
        v - w @ np.linalg.lstsq(w, v, rcond=None)[0] for v in (c["y"], c["x2"], c["x"])
    )
    iv = found(regressor="x2", instrument="x", method="akm")
    b = z @ y / (z @ x)
    shifts = np.linalg.lstsq(c["w"], z, rcond=None)[0]
    r = shifts * (c["w"].T @ (y - b * x))
    assert iv.value == pytest.approx(b)
    assert iv.se == pytest.approx(np.sqrt(r @ r) / abs(z @ x))


def test_few_effective_shifts_are_warned_of():
    got = found()
    mean = shift_share_c()["w"].mean(axis=0)
    mean /= mean.sum()
    assert got.effective_shifts == pytest.approx(1 / (mean @ mean))
    assert "effective shifts" in got.provenance.warnings[0]


def test_bad_input():
    data, shares, shifts = tables()
    options = {"outcome": "y", "regressor": "x"}
    with pytest.raises(AlignmentError, match="no value"):
        exposure_errors(data, shares, shifts.slice(1), **options)
    with pytest.raises(AlignmentError, match="no share"):
        exposure_errors(data, shares.slice(10), shifts, **options)
    with pytest.raises(InvalidTableError, match="duplicate_key"):
        exposure_errors(data, pa.concat_tables([shares, shares]), shifts, **options)
    with pytest.raises(NotIdentifiedError, match="too_many_shifts"):
        exposure_errors(data.slice(0, 9), shares, shifts, method="akm", **options)
    one = shares.filter(pa.array(shares["shift"].to_numpy() == 0))
    with pytest.raises(NotIdentifiedError, match="one_shift"):
        exposure_errors(data, one, shifts, **options)
