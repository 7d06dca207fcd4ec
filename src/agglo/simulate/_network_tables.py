"""The generated network economy as tables of the data model, and what was planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.simulate._network_economy import (
    ADVANTAGED,
    CITY_SEALING,
    CLASSES,
    COMMON_SEALING,
    CORE,
    CROSSING,
    DECAY,
    DISTRICTS,
    EVEN_CROSSING,
    SECOND_CORE,
    SIZES,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import FloatArray, IntArray
    from agglo.simulate._network_economy import (
        Branches,
        Districts,
        Firms,
        Industries,
        Inventions,
    )

__all__ = [
    "OPENED",
    "PERIODS",
    "YEARS",
    "activity_table",
    "city_code",
    "event_table",
    "flow_table",
    "group_name",
    "industry_code",
    "industry_table",
    "patent_table",
    "region_table",
    "truth_table",
]

PERIODS = ("2010", "2015")
YEARS = ("2011", "2012", "2013", "2014", "2015")
OPENED = ("2006", "2007", "2008", "2009", "2010", *YEARS)
_REGION_VERSION = "generated_district_1"
_INDUSTRY_VERSION = "generated_network_industry_1"
_PROVINCE = "J"
_LON, _LAT, _KM = 118.0, 31.5, 111.2
TruthRow = tuple[str, str, "float | None", str]


def city_code(city: int) -> str:
    """Name a city."""
    return f"C{city + 1:02d}"


def industry_code(industry: int) -> str:
    """Name an industry; the code says nothing about its group."""
    return f"N{industry * 29 % 48 + 1:02d}"


def group_name(group: int) -> str:
    """Name a group of industries."""
    return f"group {group + 1}"


def _districts(places: Districts) -> list[str]:
    return [
        f"{city_code(c)}D{w + 1:02d}"
        for c, w in zip(places.city.tolist(), places.within.tolist(), strict=True)
    ]


def _taken(labels: Sequence[str], code: IntArray) -> pa.Array:
    return pa.array(list(labels), pa.string()).take(pa.array(code))


def region_table(places: Districts) -> pa.Table:
    """Give the province, the cities and the districts."""
    cities = [city_code(c) for c in range(len(DISTRICTS))]
    codes = [_PROVINCE, *cities, *_districts(places)]
    n_cities, n = len(cities), len(codes)
    middle = places.centre.mean(axis=0, keepdims=True)
    xy = np.concatenate([middle, places.centre, places.xy])
    lat = _LAT + xy[:, 1] / _KM
    return pa.table(
        {
            "region": codes,
            "name_en": [
                f"Generated {_kind(i, n_cities)} {c}" for i, c in enumerate(codes)
            ],
            "name_zh": [
                f"生成{('省', '市', '区')[min(i, 1) + (i > n_cities)]}{c}"
                for i, c in enumerate(codes)
            ],
            "level": [_kind(i, n_cities) for i in range(n)],
            "parent": pa.array(
                [None, *[_PROVINCE] * n_cities]
                + [city_code(c) for c in places.city.tolist()],
                pa.string(),
            ),
            "lon": np.round(_LON + xy[:, 0] / (_KM * np.cos(np.radians(lat))), 5),
            "lat": np.round(lat, 5),
            "region_version": [_REGION_VERSION] * n,
            "x_km": np.round(xy[:, 0], 3),
            "y_km": np.round(xy[:, 1], 3),
        }
    )


def _kind(place: int, n_cities: int) -> str:
    if place == 0:
        return "province"
    return "city" if place <= n_cities else "district"


def industry_table(kinds: Industries) -> pa.Table:
    """Give the industries with their technology class."""
    codes = [industry_code(i) for i in range(kinds.group.size)]
    return pa.table(
        {
            "industry": codes,
            "name_en": [f"Generated industry {c}" for c in codes],
            "name_zh": [f"生成行业{c}" for c in codes],
            "classification": [_INDUSTRY_VERSION] * len(codes),
            "level": ["2"] * len(codes),
            "technology_class": [CLASSES[t] for t in kinds.technology.tolist()],
        }
    ).sort_by("industry")


def activity_table(places: Districts, firms: Firms) -> pa.Table:
    """Give the firms of both periods; an absent row is zero."""
    codes = [industry_code(i) for i in range(firms.counts.shape[2])]
    period, district, industry = np.nonzero(firms.counts)
    n = period.size
    return pa.table(
        {
            "region": _taken(_districts(places), district),
            "industry": _taken(codes, industry),
            "period": _taken(PERIODS, period),
            "establishments": firms.counts[period, district, industry].astype(float),
            "region_version": [_REGION_VERSION] * n,
            "industry_version": [_INDUSTRY_VERSION] * n,
        }
    )


def flow_table(flows: FloatArray) -> pa.Table:
    """Give what every industry sells to every other one, with both shares."""
    codes = [industry_code(i) for i in range(flows.shape[0])]
    a, b = np.nonzero(flows)
    n = a.size
    return pa.table(
        {
            "seller": _taken(codes, a),
            "buyer": _taken(codes, b),
            "period": [PERIODS[0]] * n,
            "value": flows[a, b],
            "seller_share": (flows / flows.sum(axis=1, keepdims=True))[a, b],
            "buyer_share": (flows / flows.sum(axis=0))[a, b],
            "io_version": ["generated_network_io_1"] * n,
        }
    )


def event_table(
    places: Districts, branches: Branches, n_industries: int, opened: IntArray
) -> pa.Table:
    """Give one row per branch, dated by the year it opened."""
    names = _districts(places)
    codes = [industry_code(i) for i in range(n_industries)]
    n = branches.origin.size
    return pa.table(
        {
            "layer": ["branch"] * n,
            "period": _taken(OPENED, opened),
            "event": [f"B{i + 1:06d}" for i in range(n)],
            "origin": _taken(names, branches.origin),
            "origin_industry": _taken(codes, branches.origin_industry),
            "origin_size": _taken(SIZES, branches.origin_size),
            "destination": _taken(names, branches.destination),
            "destination_industry": _taken(codes, branches.destination_industry),
            "destination_size": _taken(SIZES, branches.destination_size),
            "weight": np.ones(n),
            "directed": np.ones(n, dtype=np.bool_),
        }
    )


def patent_table(places: Districts, made: Inventions, n_industries: int) -> pa.Table:
    """Give one row per patent and applicant."""
    names = _districts(places)
    codes = [industry_code(i) for i in range(n_industries)]
    n = made.patent.size
    return pa.table(
        {
            "patent": [f"P{p + 1:06d}" for p in made.patent.tolist()],
            "applicant": [f"A{i + 1:06d}" for i in range(n)],
            "position": made.position.astype(float),
            "period": _taken(YEARS, made.year[made.patent]),
            "class": _taken(CLASSES, made.technology[made.patent]),
            "region": _taken(names, made.district),
            "industry": _taken(codes, made.industry),
            "size": _taken(SIZES, made.size),
            "entity_type": ["firm"] * n,
        }
    )


def truth_table(
    places: Districts,
    kinds: Industries,
    tiers: dict[str, IntArray],
    effect: float,
    kind: str,
    partners: float = 0.0,
) -> pa.Table:
    """Give the planted answers to the questions of the networks study."""
    rows: list[TruthRow] = [
        ("industry_group", industry_code(i), None, group_name(g))
        for i, g in enumerate(kinds.group.tolist())
    ]
    for city in range(len(DISTRICTS)):
        sealing = CITY_SEALING.get(city, COMMON_SEALING)
        planted = COMMON_SEALING + effect * (sealing - COMMON_SEALING)
        word = "intermediate"
        if planted != COMMON_SEALING:
            word = "integrated" if planted < COMMON_SEALING else "bounded"
        rows.append(("integration", city_code(city), planted, word))
    rows += _core_rows(places, tiers, effect, kind)
    rows += _pattern_rows(effect)
    rows.append(("partners", "entries", partners, "yes" if partners > 0 else "no"))
    quantity, item, value, label = zip(*rows, strict=True)
    return pa.table(
        {
            "quantity": list(quantity),
            "item": list(item),
            "value": pa.array(list(value), pa.float64()),
            "label": list(label),
        }
    )


def _core_rows(
    places: Districts, tiers: dict[str, IntArray], effect: float, kind: str
) -> list[TruthRow]:
    structured = effect > 0 and kind == "planted"
    cores = {"branch": (CORE,), "copatent": (CORE, SECOND_CORE)}
    words = {"branch": "single_core", "copatent": "dual_core"}
    rows: list[TruthRow] = []
    for layer, tier in tiers.items():
        names = " ".join(city_code(c) for c in cores[layer]) if structured else ""
        word = words[layer] if structured else "graded"
        rows.append(("core_verdict", layer, float(len(names.split())), word))
        rows.append(("core_cities", layer, None, names))
        rows.append(("tiers", layer, float(np.unique(tier).size), ""))
        rows += [
            (f"tier_{layer}", d, float(t), "")
            for d, t in zip(_districts(places), tier.tolist(), strict=True)
        ]
    rows.append(
        ("layers_differ", "cities", float(structured), "yes" if structured else "no")
    )
    return rows


def _pattern_rows(effect: float) -> list[TruthRow]:
    some = effect > 0
    pair = f"{city_code(CORE)} {city_code(SECOND_CORE)}"
    rows: list[TruthRow] = [
        ("complementary_pair", "cities", float(some), pair if some else "")
    ]
    mean = np.mean(list(CROSSING.values()))
    for name in CLASSES:
        rate = EVEN_CROSSING + effect * (CROSSING[name] - EVEN_CROSSING)
        word = "undecided"
        if some:
            word = "above" if CROSSING[name] > mean else "below"
        rows.append(("crossing", name, rate, word))
    rows.append(("distance_elasticity", "branch", -DECAY, ""))
    names = " ".join(city_code(c) for c in ADVANTAGED) if some else ""
    rows.append(("advantage", "high", float(len(names.split())), names))
    return rows
