"""The generated corridor country as tables of the data model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.simulate._corridor_activity import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.typing import FloatArray, IntArray
    from agglo.simulate._corridor_map import CorridorMap

__all__ = [
    "activity_table",
    "industry_table",
    "panel_table",
    "region_table",
    "treatment_table",
    "truth_table",
]

_REGION_VERSION = "generated_corridor_1"
_INDUSTRY_VERSION = "generated_corridor_sector_1"
REST = "REST"
_PARENTS = 4
_INTENSITY = ("technology", "capital", "labour")


def region_table(places: CorridorMap, *, rest: bool) -> pa.Table:
    """Give the cities, and the rest of the country, which has no place."""
    codes = places.code.tolist()
    extra = [REST] if rest else []
    n = len(codes) + len(extra)
    return pa.table(
        {
            "region": [*codes, *extra],
            "name_en": [
                *(f"Generated city {c}" for c in codes),
                *(["Rest of the generated country"] if rest else []),
            ],
            "name_zh": [
                *(f"生成城市{c}" for c in codes),
                *(["生成国家其余地区"] if rest else []),
            ],
            "level": [*["city"] * len(codes), *["rest"] * len(extra)],
            "parent": pa.array([None] * n, pa.string()),
            "lon": pa.array([*places.lon.tolist(), *[None] * len(extra)], pa.float64()),
            "lat": pa.array([*places.lat.tolist(), *[None] * len(extra)], pa.float64()),
            "region_version": [_REGION_VERSION] * n,
        }
    )


def treatment_table(
    places: CorridorMap, first: IntArray, periods: Sequence[str]
) -> pa.Table:
    """Give corridor, city and first treated year."""
    on = np.flatnonzero(first < len(periods))
    return pa.table(
        {
            "policy": [f"Generated corridor {c + 1}" for c in places.corridor[on]],
            "region": places.code[on].tolist(),
            "start": [periods[f] for f in first[on]],
            "intensity": np.ones(on.size),
        }
    )


def panel_table(
    places: CorridorMap, periods: Sequence[str], columns: Mapping[str, FloatArray]
) -> pa.Table:
    """Give outcomes and covariate by city and year."""
    n, t = places.code.size, len(periods)
    return pa.table(
        {
            "region": places.code.repeat(t).tolist(),
            "period": list(periods) * n,
            **{name: values.ravel() for name, values in columns.items()},
            "region_version": [_REGION_VERSION] * (n * t),
        }
    )


def industry_table() -> pa.Table:
    """Give the sectors, their groups and their intensity."""
    codes = _sectors()
    n = len(codes)
    return pa.table(
        {
            "industry": codes,
            "name_en": [f"Generated sector {c}" for c in codes],
            "name_zh": [f"生成行业{c}" for c in codes],
            "classification": [_INDUSTRY_VERSION] * n,
            "level": ["1"] * n,
            "parent": [f"group {1 + j % _PARENTS}" for j in range(n)],
            "factor_intensity": [_INTENSITY[j % len(_INTENSITY)] for j in range(n)],
        }
    )


def activity_table(
    places: CorridorMap, periods: Sequence[str], employment: FloatArray
) -> pa.Table:
    """Give employment; the rest of the country comes last."""
    codes, sectors = [*places.code.tolist(), REST], _sectors()
    n, t, m = employment.shape
    return pa.table(
        {
            "region": np.array(codes).repeat(t * m).tolist(),
            "industry": sectors * (n * t),
            "period": np.array(periods).repeat(m).tolist() * n,
            "employment": employment.ravel(),
            "region_version": [_REGION_VERSION] * (n * t * m),
            "industry_version": [_INDUSTRY_VERSION] * (n * t * m),
        }
    )


def truth_table(planted: Sequence[tuple[str, str, float]]) -> pa.Table:
    """Give the planted values."""
    return pa.table(
        {
            "quantity": [q for q, _, _ in planted],
            "item": [item or "all" for _, item, _ in planted],
            "value": [float(v) for _, _, v in planted],
            "label": pa.array([None] * len(planted), pa.string()),
        }
    )


def _sectors() -> list[str]:
    return [f"S{j + 1:02d}" for j in range(REFERENCE.size)]
