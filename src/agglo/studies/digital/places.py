"""Which cities the places of both lists are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import AlignmentError, OptionError, Problem, suggest
from agglo.matching import CityMatch, as_gazetteer, normalise_cities
from agglo.sources import china_cities
from agglo.studies.columns import text_of, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import IntoFrame
    from agglo.matching import Gazetteer
    from agglo.studies.contract import StageInputs

__all__ = ["Places", "find_places"]

_COLUMNS = (
    "region",
    "name_zh",
    "name_en",
    "level",
    "parent",
    "province_zh",
    "province_en",
)
_NUMBERS = ("lon", "lat", "population")


@dataclass(frozen=True, kw_only=True)
class Places:
    """The cities of one version, and what every place string was taken to mean.

    Attributes
    ----------
    cities
        Table of the cities.
    gazetteer
        The same with names indexed.
    matches
        One per place string, in the order asked.
    version
        Version of the codes.
    embedded
        Whether the cities are the shipped ones.
    """

    cities: pa.Table
    gazetteer: Gazetteer
    matches: tuple[CityMatch, ...]
    version: str
    embedded: bool


def find_places(
    inputs: StageInputs,
    strings: Sequence[str],
    provinces: Sequence[str],
    version: str | None,
) -> Places:
    """Find the city of every place string.

    Parameters
    ----------
    inputs
        Optional tables ``regions`` and ``aliases``; without regions the shipped cities of
        China are used.
    strings, provinces
        Place strings or codes, and the province of each where known.
    version
        Version of the codes; ``None`` takes the one in which most places are found.

    Returns
    -------
    Places
        Cities and audit.

    Raises
    ------
    OptionError
        If there is no such version.
    AlignmentError
        no_city_found: no place is in any list of cities.
    """
    embedded = not inputs.has("regions")
    regions = china_cities().data if embedded else inputs.table("regions")
    aliases = inputs.table("aliases") if inputs.has("aliases") else None
    versions = np.array(text_of(regions, "region_version"))
    known = sorted(set(versions.tolist()))
    if version is not None and version not in known:
        msg = f"region_version={version!r} is not in the table of regions. "
        msg += f"{suggest(version, known)} Versions: {known}"
        raise OptionError(msg)
    found: list[tuple[int, Places]] = []
    for name in known if version is None else [version]:
        cities = _cities(regions.filter(pa.array(versions == name)))
        gazetteer = as_gazetteer(cities, aliases=_own(aliases, cities))
        audit = normalise_cities(list(strings), gazetteer, province=list(provinces))
        places = Places(
            cities=cities,
            gazetteer=gazetteer,
            matches=audit.matches,
            version=name,
            embedded=embedded,
        )
        found.append((sum(bool(m.cities) for m in audit.matches), places))
    best, places = max(found, key=lambda pair: pair[0])
    if best == 0:
        _refuse(strings)
    return places


def _cities(rows: pa.Table) -> pa.Table:
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: texts(text_of(rows, name)) for name in _COLUMNS
    }
    for name in _NUMBERS:
        there = name in rows.column_names
        columns[name] = (
            rows[name].cast(pa.float64())
            if there
            else pa.nulls(rows.num_rows, pa.float64())
        )
    table = pa.table(columns)
    # where no column names the province, the region one level up stands for it
    if not any(text_of(table, "province_zh")) and not any(
        text_of(table, "province_en")
    ):
        at = table.column_names.index("province_en")
        table = table.set_column(at, "province_en", table["parent"])
    return table.sort_by("region")


def _own(aliases: pa.Table | None, cities: pa.Table) -> IntoFrame | None:
    """Keep the aliases of these cities; those of another version mean nothing here."""
    if aliases is None:
        return None
    codes = np.isin(text_of(aliases, "city"), text_of(cities, "region"))
    kept = aliases.filter(pa.array(codes)).select(["alias", "city"])
    return kept if kept.num_rows else None


def _refuse(strings: Sequence[str]) -> None:
    sample = list(dict.fromkeys(strings))[:5]
    problem = Problem(
        code="no_city_found",
        what=f"none of the places is a known city, for example {sample}",
        where="designations, belts",
        n_rows=len(strings),
        fix="import the cities as the table regions, other names as the table aliases",
    )
    msg = "The lists and the cities do not fit together."
    raise AlignmentError(msg, [problem])
