"""Employment of 19 sectors whose specialisation and diversity are given numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["REFERENCE", "SCALE", "employment_of"]

# shares of the generated country, fixed; small ones can dominate a city
REFERENCE = (
    np.array(
        [30, 40, 240, 32, 90, 48, 22, 70, 24, 44, 22, 26, 20, 18, 9, 110, 50, 15, 90]
    )
    / 1000.0
)
LARGEST_DOMINANT = 0.05
SMALLEST_DOMINANT = 0.02
# ln RZI = ln 3.2 + .06 y1; KSI = .62 exp(-.05 y2), so ln RDI = -ln .62 + .05 y2
SCALE = {"specialisation": 0.06, "diversification": 0.05}
_RZI, _KSI = 3.2, 0.62
_SHOWN = 10


def employment_of(
    rng: np.random.Generator,
    y: dict[str, FloatArray],
    codes: Sequence[str],
    periods: Sequence[str],
) -> FloatArray:
    """Give employment (N + 1, T, 19); the last row is the rest of the country.

    The rest is such that every year's totals are exactly proportional to the reference.
    """
    z = _RZI * np.exp(SCALE["specialisation"] * y["specialisation"])
    ksi = _KSI * np.exp(-SCALE["diversification"] * y["diversification"])
    n, t = z.shape
    eligible = np.flatnonzero(
        (REFERENCE <= LARGEST_DOMINANT) & (REFERENCE >= SMALLEST_DOMINANT)
    )
    shares = np.zeros((n, t, REFERENCE.size))
    bad: list[str] = []
    for i in range(n):
        m = int(rng.choice(eligible))
        shares[i], ok = _shares(z[i], ksi[i], m, _half(rng, m))
        bad += [f"{codes[i]}/{periods[j]}" for j in np.flatnonzero(~ok).tolist()]
    if bad:
        msg = (
            f"{len(bad)} city-years have no employment with these outcomes: "
            f"{', '.join(bad[:_SHOWN])}. Use a smaller sigma or tables=False."
        )
        raise OptionError(msg)
    size = np.exp(rng.normal(np.log(6e5), 0.7, n))[:, None] * 1.02 ** np.arange(t)
    own = shares * size[:, :, None]
    total = own.sum(axis=0)
    country = 1.2 * (total / REFERENCE).max(axis=1)
    rest = country[:, None] * REFERENCE - total
    return np.concatenate([own, rest[None]], axis=0)


def _half(rng: np.random.Generator, m: int) -> IntArray:
    """Choose sectors other than m with just under half of the others' mass."""
    most = 0.5 * (1.0 - REFERENCE[m])
    chosen: list[int] = []
    mass = 0.0
    for j in rng.permutation(REFERENCE.size):
        if j != m and mass + REFERENCE[j] <= most:
            chosen.append(int(j))
            mass += REFERENCE[j]
    return np.array(chosen)


def _shares(
    z: FloatArray, ksi: FloatArray, m: int, up: IntArray
) -> tuple[FloatArray, BoolArray]:
    """Give shares (T, 19) with largest quotient z and sum of distances ksi.

    Sector m has z r_m; the sectors `up` have r c (1 + a), the others r c (1 - a q) with q
    such that shares add up to 1. The sum of distances is linear in a.
    """
    r = REFERENCE
    others = np.delete(np.arange(r.size), m)
    down = np.setdiff1d(others, up)
    high, low = float(r[up].sum()), float(r[down].sum())
    c = (1.0 - z * r[m]) / (1.0 - r[m])
    a = (ksi - r[m] * (z - 1.0) - (1.0 - c) * (low - high)) / (2.0 * c * high)
    out = np.zeros((z.size, r.size))
    out[:, m] = z * r[m]
    out[:, up] = (c * (1.0 + a))[:, None] * r[up]
    out[:, down] = (c * (1.0 - a * high / low))[:, None] * r[down]
    ok = (c > 0) & (c * (1.0 + a) >= 1.0) & (c * (1.0 + a) < z) & (a * high <= low)
    return out, ok
