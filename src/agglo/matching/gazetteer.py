"""The list of cities that place names are looked up in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import InvalidTableError, OptionError, Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.results import digest_of, frozen_array
from agglo.matching._columns import texts_of
from agglo.matching._folding import data_rows, fold, is_chinese

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FrameKind, IntoFrame

__all__ = ["Gazetteer", "as_gazetteer"]

_SUFFIXES = (
    "特别行政区",
    "自治州",
    "自治县",
    "地区",
    "林区",
    "市",
    "盟",
    "县",
    "区",
)
_ENGLISH = re.compile(
    r"[ -](city|shi|prefecture|municipality|district|county|diqu)$", re.IGNORECASE
)
_PEOPLES = "蒙古 维吾尔 哈萨克 柯尔克孜 布依 朝鲜 土家 哈尼 傈僳 景颇 回 藏 苗 彝 壮 侗 白 傣 羌 黎"
_PEOPLE = re.compile(f"(?:{'|'.join(_PEOPLES.split())})族?$")
_BRACKET = re.compile(r"^(.+?)\s*\(([^()]+)\)$")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Gazetteer:
    """Cities with their names, provinces and the other names they go by.

    Attributes
    ----------
    city
        Codes, shape (n,), sorted.
    name_zh, name_en
        Full names; empty where unknown.
    level
        For example ``"prefecture"``; empty where unknown.
    province_zh, province_en
        Province; empty where unknown.
    alias
        Folded other name to the codes it can mean.
    digest
        SHA-256 of the content.
    frame_kind
        Kind of frame the caller came with.
    """

    city: NDArray[np.str_]
    name_zh: NDArray[np.str_]
    name_en: NDArray[np.str_]
    level: NDArray[np.str_]
    province_zh: NDArray[np.str_]
    province_en: NDArray[np.str_]
    alias: Mapping[str, tuple[str, ...]]
    digest: str
    frame_kind: FrameKind = "pyarrow"

    def __repr__(self) -> str:
        """Show how many names it knows."""
        return f"<Gazetteer: {self.city.size} cities, {len(self.alias)} other names>"

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Code to row."""
        return {str(c): i for i, c in enumerate(self.city)}

    @cached_property
    def full(self) -> Mapping[str, tuple[int, ...]]:
        """Folded full name to rows; several rows when the name is shared."""
        return _index((self.name_zh, self.name_en), _full_forms)

    @cached_property
    def short(self) -> Mapping[str, tuple[int, ...]]:
        """Folded name without its administrative suffix to rows."""
        return _index((self.name_zh, self.name_en), _short_forms)

    @cached_property
    def provinces(self) -> Mapping[str, str]:
        """Folded province name, full or short, to the key of the province."""
        names: dict[str, str] = {}
        for zh, en in zip(self.province_zh, self.province_en, strict=True):
            key = fold(str(zh)) or fold(str(en))
            for name in (zh, en):
                if name:
                    names[fold(str(name))] = key
                    names[province_stem(fold(str(name)))] = key
        return names

    @cached_property
    def province_key(self) -> tuple[str, ...]:
        """Key of the province of each city; empty where unknown."""
        pairs = zip(self.province_zh, self.province_en, strict=True)
        return tuple(fold(str(zh)) or fold(str(en)) for zh, en in pairs)

    def prefecture_level(self) -> NDArray[np.str_]:
        """Give the codes of municipalities and prefectures, the default universe."""
        inside: BoolArray = np.isin(self.level, ["municipality", "prefecture"])
        return self.city[inside]


def _index(
    columns: tuple[NDArray[np.str_], ...], forms: object
) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for column in columns:
        for row, name in enumerate(column):
            for form in forms(fold(str(name))):  # type: ignore[operator]
                if form and row not in found.setdefault(form, []):
                    found[form].append(row)
    return {k: tuple(v) for k, v in found.items()}


def _full_forms(name: str) -> set[str]:
    bracket = _BRACKET.match(name)
    # an English name that needs its province in brackets is shared without them
    return {name, bracket.group(1)} if bracket else {name}


def _short_forms(name: str) -> set[str]:
    return {stem(form) for form in _full_forms(name)} - {name}


def stem(name: str) -> str:
    """Take the administrative suffix off a folded name; a single character stays whole."""
    if not is_chinese(name):
        return _ENGLISH.sub("", name)
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            short = name[: -len(suffix)]
            return _without_peoples(short) if suffix.startswith("自治") else short
    return name


def _without_peoples(name: str) -> str:
    while True:
        short = _PEOPLE.sub("", name)
        if short == name or len(short) < 2:
            return name
        name = short


def province_stem(name: str) -> str:
    """Take the suffix and the people's name off a folded province name."""
    for suffix in ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "省", "市"):
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name[: -len(suffix)]
    return name


def as_gazetteer(
    data: IntoFrame | Gazetteer,
    *,
    city: str = "region",
    name_zh: str | None = "name_zh",
    name_en: str | None = "name_en",
    level: str | None = "level",
    province_zh: str | None = "province_zh",
    province_en: str | None = "province_en",
    aliases: IntoFrame | Mapping[str, str] | None = None,
) -> Gazetteer:
    """Check a list of cities and index its names.

    Parameters
    ----------
    data
        One row per city, a `regions` table of level city, or a `Gazetteer` (returned as it
        is).
    city
        Column of codes, unique and not empty.
    name_zh, name_en, level, province_zh, province_en
        Columns of names, level and province. ``None`` or an absent column: unknown. At
        least one of the two name columns must be there.
    aliases
        Other names beside the shipped ones: a table with the columns alias and city, or a
        mapping. A name given here replaces the shipped meaning. One alias in several rows
        can mean several cities.

    Returns
    -------
    Gazetteer
        Sorted by code. Shipped aliases whose city is not in the list are left out.

    Raises
    ------
    ColumnNotFoundError
        If the code or both name columns are absent.
    OptionError
        If `aliases` come with a `Gazetteer`.
    InvalidTableError
        With every problem: null_key, duplicate_key, empty_table, unnamed_city,
        unknown_code (an alias for a city that is not there).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.matching import as_gazetteer
    >>> cities = pa.table({"region": ["320500"], "name_zh": ["苏州市"]})
    >>> as_gazetteer(cities).city.size
    1
    """
    if isinstance(data, Gazetteer):
        if aliases is not None:
            msg = "aliases belong to the gazetteer: pass them when it is made."
            raise OptionError(msg)
        return data
    table = to_arrow(data, where="cities")
    names = [n for n in (name_zh, name_en) if n and n in table.column_names]
    wanted: dict[str, str | None] = {"city": city}
    if not names:
        wanted |= {"name_zh": name_zh, "name_en": name_en}
    require_columns(table, wanted, where="cities")
    codes = texts_of(table, city)
    named = {n: texts_of(table, n) for n in names}
    given = _given_aliases(aliases)
    _check(codes, named, city, given)
    order = np.argsort(codes, kind="stable")

    def column(name: str | None) -> NDArray[np.str_]:
        if name is None or name not in table.column_names:
            return frozen_array(np.full(codes.size, "", dtype=np.str_))
        return frozen_array(texts_of(table, name)[order])

    known = frozenset(map(str, codes))
    alias = _aliases(known, given)
    columns = [
        frozen_array(codes[order]),
        *(column(n) for n in (name_zh, name_en, level, province_zh, province_en)),
    ]
    return Gazetteer(
        city=columns[0],
        name_zh=columns[1],
        name_en=columns[2],
        level=columns[3],
        province_zh=columns[4],
        province_en=columns[5],
        alias=alias,
        digest=digest_of(*columns, {k: list(v) for k, v in sorted(alias.items())}),
        frame_kind=frame_kind(data),
    )


def _check(
    codes: NDArray[np.str_],
    named: Mapping[str, NDArray[np.str_]],
    city: str,
    given: list[tuple[str, str]],
) -> None:
    problems: list[Problem] = []
    if codes.size == 0:
        problems.append(
            Problem(
                code="empty_table",
                what="the list of cities has no row",
                where="cities",
                fix="pass the cities that names can mean",
            )
        )
    problems += flag_rows(
        codes == "",
        code="null_key",
        what="a city has no code",
        where="cities",
        column=city,
        fix="give every city its code",
    )
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    again = (first[inverse] != np.arange(codes.size)) & (codes != "")
    problems += flag_rows(
        again,
        code="duplicate_key",
        what="a city code occurs twice",
        where="cities",
        column=city,
        fix="keep one row per city; put other names into aliases",
    )
    unnamed = np.logical_and.reduce([v == "" for v in named.values()])
    problems += flag_rows(
        np.atleast_1d(unnamed) & (codes != ""),
        code="unnamed_city",
        what="a city has no name in either language",
        where="cities",
        fix="give it a name, or leave the row out",
    )
    lost = np.array([c not in set(map(str, codes)) for _, c in given], dtype=bool)
    problems += flag_rows(
        lost,
        code="unknown_code",
        what="an alias stands for a city that is not in the list",
        where="aliases",
        column="city",
        fix="add the city, or mend the code",
    )
    if problems:
        msg = f"The list of cities has {len(problems)} problems."
        raise InvalidTableError(msg, problems)


def _given_aliases(
    aliases: IntoFrame | Mapping[str, str] | None,
) -> list[tuple[str, str]]:
    if aliases is None:
        return []
    if isinstance(aliases, Mapping):
        return [(fold(str(k)), str(v)) for k, v in aliases.items()]
    table = to_arrow(aliases, where="aliases")
    require_columns(table, {"alias": "alias", "city": "city"}, where="aliases")
    pairs = zip(texts_of(table, "alias"), texts_of(table, "city"), strict=True)
    return [(fold(str(a)), str(c)) for a, c in pairs]


def _aliases(
    known: frozenset[str], given: list[tuple[str, str]]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for row in data_rows("aliases.csv"):
        if row["city"] in known:
            for form in _alias_forms(fold(row["alias"])):
                found.setdefault(form, set()).add(row["city"])
    own: dict[str, set[str]] = {}
    for name, code in given:
        for form in _alias_forms(name):
            own.setdefault(form, set()).add(code)
    return {k: tuple(sorted(v)) for k, v in sorted({**found, **own}.items()) if k}


def _alias_forms(name: str) -> set[str]:
    # districts keep their suffix: 朝阳区 is Beijing's, 朝阳 is a city of Liaoning
    return {name} if name.endswith("区") else {name, stem(name)}
