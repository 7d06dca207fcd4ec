"""Bands around curves over distance, and how results name their ends."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import NumericsWarning
from agglo.core.inference import global_envelope, pointwise_envelope
from agglo.core.results import frozen_array

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray

__all__ = [
    "band_fields",
    "bands_where_known",
    "curve_tests",
    "no_bands",
    "tested_fields",
]


def no_bands(n: int) -> FloatArray:
    """Give the ends of bands that were not asked for, (4, n)."""
    return np.full((4, n), np.nan)


def bands_where_known(
    value: FloatArray, simulated: FloatArray, level: float
) -> tuple[FloatArray, float]:
    """Give pointwise and extreme-rank bands where all curves are defined, NaN elsewhere."""
    known: BoolArray = np.isfinite(value) & np.isfinite(simulated).all(axis=0)
    out = no_bands(value.size)
    if not known.any():
        return out, float("nan")
    local = pointwise_envelope(value[known], simulated[:, known], level=level)
    band = global_envelope(value[known], simulated[:, known], kind="erl", level=level)
    out[:, known] = local.lower, local.upper, band.lower, band.upper
    return out, band.p


def band_fields(bands: FloatArray) -> dict[str, FloatArray]:
    """Name the fields of a result: ends of the pointwise and of the global band, read-only."""
    names = ("lower", "upper", "global_lower", "global_upper")
    return {n: frozen_array(b) for n, b in zip(names, bands, strict=True)}


def curve_tests(value: FloatArray, simulated: FloatArray | None) -> dict[str, float]:
    """P-values of a whole curve against its draws, by three measures of how far it is.

    Extreme rank length, largest deviation in standard deviations, integrated squared
    deviation; NaN where nothing was drawn, or nowhere known.
    """
    kinds: tuple[Literal["erl", "mad", "dclf"], ...] = ("erl", "mad", "dclf")
    out = {f"p_{kind}": float("nan") for kind in kinds}
    if simulated is None:
        return out
    known = np.isfinite(value) & np.isfinite(simulated).all(axis=0)
    if not known.any():
        return out
    with warnings.catch_warnings():
        # the bands have said already that draws are few
        warnings.simplefilter("ignore", NumericsWarning)
        for kind in kinds:
            band = global_envelope(value[known], simulated[:, known], kind=kind)
            out[f"p_{kind}"] = float(band.p)
    return out


def tested_fields(
    value: FloatArray, simulated: FloatArray | None, level: float
) -> tuple[dict[str, FloatArray], tuple[float, float, float]]:
    """Name the ends of both bands, and give three p-values of the curve.

    NaN where nothing was drawn; p by extreme rank length, largest and squared deviation.
    """
    bands, tests = no_bands(value.size), curve_tests(value, simulated)
    if simulated is not None:
        bands = bands_where_known(value, simulated, level)[0]
    return band_fields(bands), (tests["p_erl"], tests["p_mad"], tests["p_dclf"])
