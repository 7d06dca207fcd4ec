"""Names of the generated digital economy, as its files would write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from agglo.core.typing import IntArray
    from agglo.simulate._digital_places import Cities

__all__ = [
    "Written",
    "alias_rows",
    "city_zh",
    "label_zh",
    "synonym_zh",
    "write_cities",
    "write_labels",
]

# what is done to a place string, in equal shares; "as_named" leaves it
_CITY_WAYS = ("as_named", "without_suffix", "county", "full_width", "english")
_LABEL_WAYS = ("as_named", "as_named", "synonym", "full_width")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_COUNTIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Strings as written, what was done to each, and aliases that this needs."""

    text: tuple[str, ...]
    way: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()


def city_zh(code: str) -> str:
    """Name a city; the suffix can be left out."""
    return f"生成城{code[2:]}市"


def city_en(code: str) -> str:
    """Name a city in English."""
    return f"Generated city {code[2:]}"


def label_zh(node: str) -> str:
    """Name a node of the tree."""
    return f"生成产品{node}"


def synonym_zh(node: str) -> str:
    """Give the other name of a node."""
    return f"生成别名{node}"


def alias_rows(cities: Cities) -> list[tuple[str, str]]:
    """Give the counties of every city: names that share nothing with the city's."""
    return [
        (_county(code, k), code)
        for code in cities.code.tolist()
        for k in range(_COUNTIES)
    ]


def _county(code: str, k: int) -> str:
    return f"生成镇{code[2:]}{'甲乙'[k]}县"


def write_cities(
    rng: np.random.Generator,
    cities: Cities,
    city: IntArray,
    ambiguous_share: float,
    mark: str,
) -> Written:
    """Write cities as files do; some strings can mean two cities."""
    n = city.size
    way = rng.integers(len(_CITY_WAYS), size=n)
    county = rng.integers(_COUNTIES, size=n)
    shared = _chosen(rng, n, ambiguous_share)
    other = (city + rng.integers(1, cities.code.size, size=n)) % cities.code.size
    text, ways = [], []
    aliases: list[tuple[str, str]] = []
    for i, code in enumerate(cities.code[city].tolist()):
        if shared[i]:
            text.append(f"生成重名{mark}{i + 1}")
            ways.append("ambiguous")
            aliases += [
                (text[-1], code),
                (text[-1], str(cities.code[other[i]])),
            ]
            continue
        ways.append(_CITY_WAYS[way[i]])
        text.append(_city_text(ways[-1], code, int(county[i])))
    return Written(text=tuple(text), way=tuple(ways), aliases=tuple(aliases))


def _city_text(way: str, code: str, county: int) -> str:
    if way == "without_suffix":
        return city_zh(code).removesuffix("市")
    if way == "county":
        return _county(code, county)
    if way == "full_width":
        return city_zh(code).translate(_FULL_WIDTH)
    return f"{city_en(code)} City" if way == "english" else city_zh(code)


def write_labels(
    rng: np.random.Generator,
    nodes: Sequence[str],
    unmapped_share: float,
    mark: str,
) -> Written:
    """Write labels as files do; some stand in no dictionary."""
    way = rng.integers(len(_LABEL_WAYS), size=len(nodes))
    lost = _chosen(rng, len(nodes), unmapped_share)
    text, ways = [], []
    for i, node in enumerate(nodes):
        ways.append("unmapped" if lost[i] else _LABEL_WAYS[way[i]])
        text.append(_label_text(ways[-1], node, f"{mark}{i + 1}"))
    return Written(text=tuple(text), way=tuple(ways))


def _label_text(way: str, node: str, mark: str) -> str:
    written: Mapping[str, str] = {
        "unmapped": f"生成未知{mark}",
        "synonym": synonym_zh(node),
        "full_width": label_zh(node).translate(_FULL_WIDTH),
    }
    return written.get(way, label_zh(node))


def _chosen(rng: np.random.Generator, n: int, share: float) -> NDArray[np.bool_]:
    """Mark exactly the rounded share of n."""
    marked = np.zeros(n, dtype=np.bool_)
    marked[rng.permutation(n)[: round(share * n)]] = True
    return marked
