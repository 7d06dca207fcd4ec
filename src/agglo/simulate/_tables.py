"""The generated country as tables of the data model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray
    from agglo.simulate._places import Industries, Places
    from agglo.simulate._plants import PlantDraw

_REGION_VERSION = "generated_region_1"
_INDUSTRY_VERSION = "generated_industry_1"
# size classes in which a withheld cell is published, as in many official statistics
_CLASSES = np.array(
    [0, 20, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000]
)


def region_table(places: Places) -> pa.Table:
    """Give the regions."""
    return pa.table(
        {
            "region": places.code.tolist(),
            "name_en": [f"Generated region {c}" for c in places.code],
            "name_zh": [f"生成地区{c}" for c in places.code],
            "level": ["region"] * places.code.size,
            "parent": places.province.tolist(),
            "lon": places.lon,
            "lat": places.lat,
            "area_km2": places.area_km2,
            "population": places.population,
            "region_version": [_REGION_VERSION] * places.code.size,
        }
    )


def industry_table(industries: Industries) -> pa.Table:
    """Give the industries."""
    n = industries.code.size
    return pa.table(
        {
            "industry": industries.code.tolist(),
            "name_en": [f"Generated industry {c}" for c in industries.code],
            "name_zh": [f"生成行业{c}" for c in industries.code],
            "classification": [_INDUSTRY_VERSION] * n,
            "level": ["4"] * n,
            "parent": industries.parent.tolist(),
            "technology_class": industries.technology.tolist(),
        }
    )


def establishment_table(
    places: Places, industries: Industries, plants: PlantDraw
) -> pa.Table:
    """Give the plants of the last period."""
    n = plants.size.size
    width = len(str(n))
    return pa.table(
        {
            "establishment": [f"E{i + 1:0{width}d}" for i in range(n)],
            "region": _take(places.code, plants.region),
            "industry": _take(industries.code, plants.industry),
            "employment": plants.size,
        }
    )


def definition_table(industries: Industries) -> pa.Table:
    """Give the planted clusters as traded, the sectors of the others as local."""
    traded = industries.cluster >= 0
    names = np.where(
        traded,
        np.char.add(
            "Generated cluster ", np.char.zfill(industries.cluster.astype("U3"), 2)
        ),
        np.char.add("Generated local ", industries.parent),
    )
    return pa.table(
        {
            "definition": ["generated_definition_1"] * traded.size,
            "industry": industries.code.tolist(),
            "cluster": names.tolist(),
            "kind": np.where(traded, "traded", "local").tolist(),
            "weight": np.ones(traded.size),
        }
    )


def activity_table(
    rng: np.random.Generator,
    places: Places,
    industries: Industries,
    plants: PlantDraw,
    periods: Sequence[str],
    confidential_share: float,
) -> tuple[pa.Table, list[tuple[str, float]]]:
    """Give the cells of every period, some withheld, and what was withheld."""
    n_industries = industries.code.size
    cell = plants.region * n_industries + plants.industry
    keys, position = np.unique(cell, return_inverse=True)
    jobs = np.bincount(position, plants.size)
    number = np.bincount(position).astype(np.float64)
    region, industry = keys // n_industries, keys % n_industries
    draws = rng.random((len(periods), keys.size))
    parts, withheld = [], []
    for k, period in enumerate(periods):
        # earlier periods are the last one grown back at the planted rate
        back = (1.0 + industries.growth[industry]) ** (k + 1 - len(periods))
        size = np.maximum(np.round(jobs * back), 1.0)
        hidden = (number <= 2) & (draws[k] < confidential_share)
        parts.append(
            _cells(places, industries, (region, industry), period, size, number, hidden)
        )
        names = zip(
            places.code[region[hidden]], industries.code[industry[hidden]], strict=True
        )
        labels = [f"{r}|{i}|{period}" for r, i in names]
        withheld += list(zip(labels, size[hidden].tolist(), strict=True))
    return pa.concat_tables(parts), withheld


def _cells(
    places: Places,
    industries: Industries,
    at: tuple[IntArray, IntArray],
    period: str,
    size: FloatArray,
    number: FloatArray,
    hidden: NDArray[np.bool_],
) -> pa.Table:
    n = size.size
    above = np.searchsorted(_CLASSES, size, side="right")
    lower = _CLASSES[above - 1].astype(np.float64)
    upper = np.where(
        above < _CLASSES.size, _CLASSES[np.minimum(above, 11)] - 1.0, np.inf
    )
    finite = hidden & np.isfinite(upper)
    return pa.table(
        {
            "region": _take(places.code, at[0]),
            "industry": _take(industries.code, at[1]),
            "period": pa.array([period] * n, pa.string()),
            "employment": pa.array(size, mask=hidden),
            "establishments": number,
            "flag": np.where(hidden, "c", "").tolist(),
            "employment_lower": pa.array(lower, mask=~hidden),
            "employment_upper": pa.array(upper, mask=~finite),
            "region_version": pa.array([_REGION_VERSION] * n, pa.string()),
            "industry_version": pa.array([_INDUSTRY_VERSION] * n, pa.string()),
        }
    )


def truth_table(
    places: Places,
    industries: Industries,
    shares: FloatArray,
    withheld: list[tuple[str, float]],
) -> pa.Table:
    """Give everything that was planted."""
    rows: list[tuple[str, str, float | None, str]] = []
    x = places.share
    realised = ((shares - x) ** 2).sum(axis=1) / (1.0 - (x**2).sum())
    for i, code in enumerate(industries.code.tolist()):
        if not np.isnan(industries.gamma[i]):
            rows.append(("gamma", code, float(industries.gamma[i]), ""))
        rows.append(("gamma_realised", code, float(realised[i]), ""))
        rows.append(("growth", code, float(industries.growth[i]), ""))
    for c, homes in enumerate(industries.cluster_home):
        name = f"Generated cluster {c:02d}"
        rows += [
            ("strong_cluster", f"{places.code[h]}|{name}", 1.0, name) for h in homes
        ]
    towns = zip(industries.town, industries.town_industry, strict=True)
    rows += [
        ("specialised_region", str(places.code[t]), None, str(industries.code[i]))
        for t, i in towns
    ]
    rows += [("employment", item, value, "") for item, value in withheld]
    quantity, item, value, label = zip(*rows, strict=True)
    return pa.table(
        {
            "quantity": list(quantity),
            "item": list(item),
            "value": pa.array(list(value), pa.float64()),
            "label": list(label),
        }
    )


def _take(labels: NDArray[np.str_], codes: IntArray) -> pa.Array:
    return pa.array(labels.tolist(), pa.string()).take(pa.array(codes))
