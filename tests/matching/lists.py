"""Small lists with a known answer."""

from __future__ import annotations

import pyarrow as pa

UNIVERSE = [f"{i:03d}" for i in range(1, 338)]

TREE = {
    "industry": ["X", "X1", "X11", "X12", "X2", "X21", "Y", "Y1", "Y11"],
    "parent": ["", "X", "X1", "X1", "X", "X2", "", "Y", "Y1"],
    "level": [1, 2, 3, 3, 2, 3, 1, 2, 3],
    "name_zh": ["", "", "拉链", "纽扣", "", "玩具", "", "", "芯片"],
    "name_en": ["", "", "zippers", "buttons", "", "toys", "", "", "chips"],
}
_NODES = ["X1", "X11", "X12", "X21", "Y11"]
LABELS = {
    "label": [*_NODES, "X12 and Y11"],
    "lang": ["zh"] * 6,
    "node_ids": [*_NODES, "X12;Y11"],
    "confidence": ["medium", "high", "high", "low", "high", "medium"],
    "reviewed": ["no", "yes", "no", "no", "no", "no"],
}


def tree() -> pa.Table:
    """Two sectors, three divisions, four groups."""
    return pa.table(TREE)


def labels() -> pa.Table:
    """Every node is its own label; one label has two nodes."""
    return pa.table(LABELS)


def clusters(rows: list[tuple[str, str, str]], **columns: list) -> pa.Table:
    """Designations from (cluster, city, label)."""
    return _list("cluster", rows, columns)


def belts(rows: list[tuple[str, str, str]], **columns: list) -> pa.Table:
    """Belts from (belt, city, label)."""
    return _list("belt", rows, columns)


def _list(key: str, rows: list[tuple[str, str, str]], columns: dict) -> pa.Table:
    ids, cities, words = zip(*rows, strict=True)
    named = {key: list(ids), "city": list(cities), "industry_label": list(words)}
    return pa.table({**named, **columns})


def arithmetic() -> tuple[pa.Table, pa.Table, pa.Table, pa.Table]:
    """79 cities with 159 clusters, 72 of them with a belt: the headline of the study."""
    found, number = [], 0
    for i in range(1, 160):
        city = (i - 1) % 79 + 1
        if city <= 72:
            number += 1
            label = "X11" if number <= 71 else "X12" if number <= 134 else "Y11"
        else:
            label = "X11"
        found.append((f"c{i:03d}", f"{city:03d}", label))
    observed = [(f"b{i:03d}", f"{i:03d}", "X11") for i in range(1, 73)]
    programme = ["one" if i % 2 else "two" for i in range(159)]
    return clusters(found, programme=programme), belts(observed), tree(), labels()
