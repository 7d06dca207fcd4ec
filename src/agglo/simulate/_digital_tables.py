"""The generated digital economy as tables of the data model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.simulate._digital_clusters import KINDS
from agglo.simulate._digital_names import city_en, city_zh, label_zh, synonym_zh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.simulate._digital_clusters import Clusters, Presence
    from agglo.simulate._digital_names import Written
    from agglo.simulate._digital_places import Belts, Cities, Products

__all__ = [
    "alias_table",
    "belt_codes",
    "belt_nodes",
    "belt_table",
    "city_table",
    "cluster_codes",
    "designation_table",
    "label_table",
    "tree_table",
    "truth_table",
]

_REGION_VERSION = "generated_city_1"
_TREE = "generated_tree_1"
_LAST_YEAR = 2021
_PROGRAMMES = 3
_PEOPLE = 2e6
TruthRow = tuple[str, str, "float | None", str]


def city_table(cities: Cities) -> pa.Table:
    """Give the cities."""
    n = cities.code.size
    province = [f"{p + 1:02d}" for p in cities.province.tolist()]
    codes = cities.code.tolist()
    return pa.table(
        {
            "region": codes,
            "name_en": [city_en(c) for c in codes],
            "name_zh": [city_zh(c) for c in codes],
            "level": ["prefecture"] * n,
            "parent": [f"99P{p}" for p in province],
            "lon": cities.lon,
            "lat": cities.lat,
            "population": np.round(cities.size * _PEOPLE),
            "region_version": [_REGION_VERSION] * n,
            "province_en": [f"Generated province {p}" for p in province],
            "province_zh": [f"生成{p}省" for p in province],
        }
    )


def tree_table(products: Products) -> pa.Table:
    """Give sectors, divisions and leaves."""
    division_parent = products.sector[products.sector_of].tolist()
    leaf_parent = products.division[products.division_of].tolist()
    sizes = (products.sector.size, products.division.size, products.leaf.size)
    codes = [
        *products.sector.tolist(),
        *products.division.tolist(),
        *products.leaf.tolist(),
    ]
    none: list[str | None] = [None] * sizes[0]
    return pa.table(
        {
            "industry": codes,
            "name_en": [_label_en(c) for c in codes],
            "name_zh": [label_zh(c) for c in codes],
            "classification": [_TREE] * len(codes),
            "level": np.repeat(["1", "2", "3"], sizes).tolist(),
            "parent": pa.array([*none, *division_parent, *leaf_parent], pa.string()),
        }
    )


def label_table(products: Products) -> pa.Table:
    """Give the dictionary: every division and leaf by its names and by a synonym."""
    nodes = [*products.division.tolist(), *products.leaf.tolist()]
    synonym_en = [f"Generated synonym {c}" for c in nodes]
    n = len(nodes)
    return pa.table(
        {
            "label": [
                *(label_zh(c) for c in nodes),
                *(synonym_zh(c) for c in nodes),
                *(_label_en(c) for c in nodes),
                *synonym_en,
            ],
            "lang": ["zh"] * (2 * n) + ["en"] * (2 * n),
            "node_ids": nodes * 4,
            "confidence": (["high"] * n + ["medium"] * n) * 2,
            "reviewed": ["no"] * (4 * n),
            "note": (["generated"] * n + ["generated synonym"] * n) * 2,
        }
    )


def alias_table(rows: Sequence[tuple[str, str]]) -> pa.Table:
    """Give other names of cities; one name in two rows can mean two cities."""
    return pa.table(
        {
            "alias": pa.array([a for a, _ in rows], pa.string()),
            "city": pa.array([c for _, c in rows], pa.string()),
        }
    )


def cluster_codes(clusters: Clusters) -> list[str]:
    """Give a code to every cluster."""
    width = max(3, len(str(clusters.leaf.size)))
    return [f"C{i + 1:0{width}d}" for i in range(clusters.leaf.size)]


def belt_codes(belts: Belts) -> list[str]:
    """Give a code to every belt."""
    width = max(3, len(str(belts.leaf.size)))
    return [f"B{i + 1:0{width}d}" for i in range(belts.leaf.size)]


def belt_nodes(belts: Belts, products: Products) -> list[str]:
    """Give the node of each belt: its leaf, or the division of a broad label."""
    division = products.division[products.division_of[belts.leaf]]
    return np.where(belts.broad, division, products.leaf[belts.leaf]).tolist()


def designation_table(
    clusters: Clusters, place: Sequence[str], label: Sequence[str], nodes: Sequence[str]
) -> pa.Table:
    """Give one row per cluster and city, the lead city first."""
    row = [i for i, cities in enumerate(clusters.city) for _ in cities]
    codes = cluster_codes(clusters)
    last = int(clusters.period.max())
    year = [str(_LAST_YEAR - last + p) for p in clusters.period.tolist()]
    return pa.table(
        {
            "cluster": [codes[i] for i in row],
            "city": list(place),
            "programme": [f"Generated programme {i % _PROGRAMMES + 1}" for i in row],
            "period": [year[i] for i in row],
            "industry_label": [label[i] for i in row],
            "weight": [1.0 / len(clusters.city[i]) for i in row],
            "status": ["generated"] * len(row),
            "is_lead": [k == 0 for c in clusters.city for k in range(len(c))],
            "industry_label_en": [_label_en(nodes[i]) for i in row],
            "name_en": [f"Generated cluster {codes[i]}" for i in row],
            "name_zh": [f"生成集群{codes[i]}" for i in row],
        }
    )


def belt_table(
    belts: Belts, place: Sequence[str], label: Sequence[str], nodes: Sequence[str]
) -> pa.Table:
    """Give one row per belt."""
    codes = belt_codes(belts)
    n = len(codes)
    return pa.table(
        {
            "belt": codes,
            "city": list(place),
            "platform": ["Generated platform"] * n,
            "period": [str(_LAST_YEAR)] * n,
            "industry_label": list(label),
            "weight": np.ones(n),
            "status": ["generated"] * n,
            "industry_label_en": [_label_en(c) for c in nodes],
            "name_en": [f"Generated belt {c}" for c in codes],
            "name_zh": [f"生成产业带{c}" for c in codes],
        }
    )


def truth_table(
    cities: Cities,
    products: Products,
    belts: Belts,
    clusters: Clusters,
    held: Presence,
    kinds: tuple[float, float, float] | None,
    written: tuple[Written, Written, Written, Written] | None,
) -> pa.Table:
    """Give everything that was planted."""
    codes, n = cluster_codes(clusters), clusters.leaf.size
    share = np.bincount(clusters.kind, minlength=3) / n
    rows: list[TruthRow] = [
        ("kind", c, float(k), KINDS[k])
        for c, k in zip(codes, clusters.kind.tolist(), strict=True)
    ]
    leaves = products.leaf[clusters.leaf].tolist()
    rows += [("cluster_node", c, None, k) for c, k in zip(codes, leaves, strict=True)]
    rows += [
        ("belt_node", b, None, k)
        for b, k in zip(belt_codes(belts), belt_nodes(belts, products), strict=True)
    ]
    rows += [("share", KINDS[k], float(share[k]), "") for k in range(3)]
    rows += [("share", "matched", float(share[1] + share[2]), "")]
    if kinds is not None:
        rows += [("planted_share", KINDS[k], kinds[k], "") for k in range(3)]
    rows.append(("share", "coexistence", _coexistence(clusters, held), ""))
    rows += _centre_rows(clusters.centre_km, int(clusters.period.max()))
    if written is not None:
        rows += _written_rows(cities, belts, clusters, written)
    quantity, item, value, label = zip(*rows, strict=True)
    return pa.table(
        {
            "quantity": list(quantity),
            "item": list(item),
            "value": pa.array(list(value), pa.float64()),
            "label": list(label),
        }
    )


def _coexistence(clusters: Clusters, held: Presence) -> float:
    places = sorted({c for cities in clusters.city for c in cities})
    host: BoolArray = np.any(held.leaf, axis=1) | np.any(held.broad, axis=1)
    return float(host[places].mean())


def _centre_rows(centre_km: FloatArray, last: int) -> list[TruthRow]:
    """Give the expected centre of the lead cities in each period."""
    return [
        (f"centre_{axis}_km", str(_LAST_YEAR - last + p), float(place[k]), "")
        for p, place in enumerate(centre_km)
        for k, axis in enumerate("xy")
    ]


def _written_rows(
    cities: Cities,
    belts: Belts,
    clusters: Clusters,
    written: tuple[Written, Written, Written, Written],
) -> list[TruthRow]:
    """Give the city behind every string, and what was done to every string."""
    cluster_place, cluster_label, belt_place, belt_label = written
    codes, belt = cluster_codes(clusters), belt_codes(belts)
    link = [
        (codes[i], cities.code[c])
        for i, joint in enumerate(clusters.city)
        for c in joint
    ]
    rows: list[TruthRow] = []
    for (code, city), text, way in zip(
        link, cluster_place.text, cluster_place.way, strict=True
    ):
        rows.append(("cluster_city", f"{code}|{text}", None, str(city)))
        rows.append(("cluster_city_written", f"{code}|{text}", None, way))
    home = cities.code[belts.city].tolist()
    for code, city, way in zip(belt, home, belt_place.way, strict=True):
        rows.append(("belt_city", code, None, city))
        rows.append(("belt_city_written", code, None, way))
    for names, label, quantity in (
        (codes, cluster_label, "cluster_label_written"),
        (belt, belt_label, "belt_label_written"),
    ):
        rows += [
            (quantity, c, None, way) for c, way in zip(names, label.way, strict=True)
        ]
    return rows


def _label_en(node: str) -> str:
    return f"Generated product {node}"
