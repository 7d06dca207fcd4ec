"""Log-determinants keep the ordering of the first factorisation: values stay exact."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.core.weights import SpatialWeights
from agglo.econometrics._kernels.logdet import NodeLogDet


@pytest.mark.parametrize("kind", ["nearest", "band", "binary"])
def test_later_values_are_those_of_dense_algebra(kind):
    rng, n = np.random.default_rng(5), 200
    x, y = rng.uniform(0, 500, (2, n))
    ids = [f"r{i:03d}" for i in range(n)]
    if kind == "band":
        raw = SpatialWeights.build_distance_band(
            x, y, ids, cutoff_km=60, islands="nearest"
        )
    else:
        raw = SpatialWeights.build_knn(x, y, ids, k=6)
    # binary rows sum to 6: the diagonal does not dominate and pivots are needed
    w = raw.matrix if kind == "binary" else raw.standardised().matrix
    scale = 6.0 if kind == "binary" else 1.0
    det, dense = NodeLogDet(w), w.toarray()
    for rho in (0.3, -0.7, 0.9, 0.3001, 0.0):
        at = rho / scale
        want = np.linalg.slogdet(np.eye(n) - at * dense)[1]
        assert det.value(at) == pytest.approx(want, abs=1e-10)
    # beyond the dominant diagonal, away from a root of the determinant
    far = 0.45 if kind == "binary" else -1.3
    want = np.linalg.slogdet(np.eye(n) - far * dense)[1]
    assert det.value(far) == pytest.approx(want, abs=1e-8)
