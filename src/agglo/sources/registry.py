"""The readers by name, with their options, for the command line and project files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from agglo.core.errors import OptionError, suggest
from agglo.sources.bea import read_bea_io
from agglo.sources.boundaries import read_boundaries
from agglo.sources.cbp import read_cbp
from agglo.sources.china import read_china_clusters
from agglo.sources.definitions import read_cluster_definitions
from agglo.sources.presets import PRESETS
from agglo.sources.qcew import read_qcew
from agglo.sources.region_industry import read_region_industry
from agglo.sources.regions import read_industries, read_regions
from agglo.sources.results import SourceTable
from agglo.sources.tables import read_table

__all__ = ["READERS", "OptionValue", "Reader", "ReaderOption", "reader"]

OptionValue: TypeAlias = (
    "str | int | float | bool | list[str] | dict[str, str | float] | None"
)
OptionType: TypeAlias = Literal[
    "text", "integer", "number", "list", "map", "factors", "path"
]
_Read: TypeAlias = Callable[..., "SourceTable | tuple[SourceTable, ...]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderOption:
    """One option of a reader.

    Parameters
    ----------
    name
        Name, as in ``[import.options]`` of agglo.toml.
    type
        ``"text"``, ``"integer"``, ``"number"``, ``"list"``, ``"map"``, ``"factors"``
        (a map to numbers) or ``"path"`` (a further file that is read). On a command line a list is written ``a,b`` and a map
        ``key=value,key=value``.
    help
        One sentence.
    default
        Value when it is not given.
    choices
        Admissible words; empty for any.
    required
        Whether it must be given.
    """

    name: str
    type: OptionType
    help: str
    default: OptionValue = None
    choices: tuple[str, ...] = ()
    required: bool = False

    def parse(self, value: OptionValue) -> OptionValue:
        """Check a value, or turn a word of the command line into one.

        Parameters
        ----------
        value
            Text, or a value of the option's type.

        Returns
        -------
        OptionValue
            Of the option's type.

        Raises
        ------
        OptionError
            If it cannot be one.
        """
        parsed = _PARSERS[self.type](self.name, value)
        if self.choices and parsed not in self.choices:
            hint = suggest(str(value), self.choices)
            msg = f"{self.name}={value!r} is not one of {list(self.choices)}. {hint}"
            raise OptionError(msg.rstrip())
        return parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One reader with what it gives and takes.

    Parameters
    ----------
    name
        Name for ``agglo import NAME``.
    summary
        One line.
    tables
        Tables it can give.
    function
        The public function behind it.
    options
        Its options.
    """

    name: str
    summary: str
    tables: tuple[str, ...]
    function: _Read
    options: tuple[ReaderOption, ...] = ()

    def option(self, name: str) -> ReaderOption:
        """Give one option, or say which is meant.

        Parameters
        ----------
        name
            Name of the option.

        Returns
        -------
        ReaderOption
            The option.

        Raises
        ------
        OptionError
            If the reader has no such option.
        """
        for option in self.options:
            if option.name == name:
                return option
        known = [o.name for o in self.options]
        hint = suggest(name, known)
        msg = f"Source '{self.name}' has no option '{name}'. {hint} Options: {known}"
        raise OptionError(msg)

    def read(
        self, paths: Sequence[str | Path], **options: OptionValue
    ) -> tuple[SourceTable, ...]:
        """Read files with checked options.

        Parameters
        ----------
        paths
            The files.
        **options
            Options by name; text is turned into the option's type.

        Returns
        -------
        tuple of SourceTable
            One or more tables.

        Raises
        ------
        SourceError
            With every problem of every file.
        OptionError
            If an option is unknown, missing or has no such value.
        """
        given = {k: v for k, v in options.items() if v is not None}
        parsed = {k: self.option(k).parse(v) for k, v in given.items()}
        missing = [o.name for o in self.options if o.required and o.name not in given]
        if missing:
            msg = f"Source '{self.name}' needs the option(s) {missing}."
            raise OptionError(msg)
        out = self.function([Path(p) for p in paths], **parsed)
        return (out,) if isinstance(out, SourceTable) else out


def reader(name: str) -> Reader:
    """Give a reader by its name, or say which is meant.

    Parameters
    ----------
    name
        Name of the source.

    Returns
    -------
    Reader
        The reader.

    Raises
    ------
    OptionError
        If there is no such source.

    Examples
    --------
    >>> len(reader("cbp").tables)
    1
    """
    if name not in READERS:
        hint = suggest(name, list(READERS))
        msg = f"There is no source '{name}'. {hint} Sources: {sorted(READERS)}"
        raise OptionError(msg)
    return READERS[name]


def _text(name: str, value: OptionValue) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        msg = f"{name}={value!r} must be text."
        raise OptionError(msg)
    return str(value)


def _number(name: str, value: OptionValue) -> float:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        with contextlib.suppress(ValueError):
            return float(value)
    msg = f"{name}={value!r} must be a number."
    raise OptionError(msg)


def _integer(name: str, value: OptionValue) -> int:
    number = _number(name, value)
    if not number.is_integer():
        msg = f"{name}={value!r} must be a whole number."
        raise OptionError(msg)
    return int(number)


def _list(name: str, value: OptionValue) -> list[str]:
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    if isinstance(value, (list, tuple)):
        return [str(word) for word in value]
    msg = f"{name}={value!r} must be a list, written a,b."
    raise OptionError(msg)


def _map(name: str, value: OptionValue) -> dict[str, str | float]:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        pairs = [word.partition("=") for word in value.split(",") if word.strip()]
        if all(mark for _, mark, _ in pairs):
            return {key.strip(): word.strip() for key, _, word in pairs}
    msg = f"{name}={value!r} must be a map, written key=value,key=value."
    raise OptionError(msg)


def _factors(name: str, value: OptionValue) -> dict[str, str | float]:
    return {
        key: _number(f"{name}.{key}", word) for key, word in _map(name, value).items()
    }


_PARSERS: Mapping[str, Callable[[str, OptionValue], OptionValue]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "list": _list,
    "path": _text,
    "map": _map,
    "factors": _factors,
}


def _option(
    name: str,
    type_: OptionType,
    text: str,
    default: OptionValue = None,
    choices: tuple[str, ...] = (),
    *,
    required: bool = False,
) -> ReaderOption:
    return ReaderOption(
        name=name,
        type=type_,
        help=text,
        default=default,
        choices=choices,
        required=required,
    )


_DIGITS = _option(
    "digits", "integer", "NAICS digits to keep, 2 to 6, or 0 for the total."
)
_PERIOD = _option("period", "text", "Year, when the file name does not tell it.")
_REGION_VERSION = _option("region_version", "text", "Version label of the regions.")
_INDUSTRY_VERSION = _option(
    "industry_version", "text", "Version label of the industries."
)
_VERSIONS = (_REGION_VERSION, _INDUSTRY_VERSION)
_SHEET = _option("sheet", "text", "Sheet of a workbook; default the first.")
_ENCODING = _option("encoding", "text", "Encoding of the text; found when not given.")
_DELIMITER = _option(
    "delimiter", "text", "Delimiter of the text; found when not given."
)
_FORMAT = (_SHEET, _ENCODING, _DELIMITER)
_ORIGIN = tuple(
    _option(name, "text", f"{name.capitalize()} of the source, kept with the table.")
    for name in ("title", "publisher", "licence", "citation")
)
_EMPTY = _option(
    "empty", "text", "What an empty cell means.", "missing", ("missing", "confidential")
)

_ALL = (
    Reader(
        name="cbp",
        summary="US County Business Patterns: county or state by NAICS, published layout or extract",
        tables=("activity",),
        function=read_cbp,
        options=(_DIGITS, _PERIOD, *_VERSIONS),
    ),
    Reader(
        name="qcew",
        summary="US Quarterly Census of Employment and Wages: area by NAICS",
        tables=("activity",),
        function=read_qcew,
        options=(
            _option(
                "owner",
                "text",
                "Ownership to keep.",
                "private",
                ("private", "total", "federal", "state", "local"),
            ),
            _DIGITS,
            *_VERSIONS,
        ),
    ),
    Reader(
        name="bea_io",
        summary="US input-output: use, supply, gross output, NAICS crosswalk",
        tables=("input_output", "concordances"),
        function=read_bea_io,
        options=(
            _option(
                "kind",
                "text",
                "Sellers are commodities or industries; default by the files given.",
                None,
                ("commodity_by_industry", "industry_by_industry"),
            ),
            _PERIOD,
        ),
    ),
    Reader(
        name="cluster_definitions",
        summary="Which industries belong to which benchmark cluster",
        tables=("definitions",),
        function=read_cluster_definitions,
        options=(
            _option(
                "definition",
                "text",
                "Name and version of the set.",
                "us_benchmark_2016",
            ),
            _option(
                "industry_system", "text", "Code system or number of digits.", "naics"
            ),
            _option("industry_version", "text", "Version label.", "naics_2017"),
        ),
    ),
    Reader(
        name="boundaries",
        summary="Outlines for the maps: GeoJSON, TopoJSON, GeoParquet, shapefile",
        tables=("boundaries",),
        function=read_boundaries,
        options=(
            _option("source", "text", "Where they come from, as shown on the map."),
            _option("approval_number", "text", "Map approval number (审图号)."),
            _option("licence", "text", "What may be done with them."),
            _option("date", "text", "Day or year they show, as shown on the map."),
            _option("id_property", "text", "Property that holds the id."),
            _option("layer", "text", "Object of a TopoJSON file."),
        ),
    ),
    Reader(
        name="region_industry",
        summary="Region by industry tables (UK, Eurostat, Germany, China, any wide or long)",
        tables=("activity",),
        function=read_region_industry,
        options=(
            _option("preset", "text", "Known layout.", None, tuple(PRESETS)),
            _option("region", "text", "Column of regions."),
            _option("industry", "text", "Column of industries (long layout)."),
            _option("value", "text", "Column of numbers (long layout)."),
            _option(
                "layout",
                "text",
                "One row per cell, or one column per industry.",
                "long",
                ("long", "wide"),
            ),
            _option(
                "ignore", "list", "Columns of a wide table that are no industries."
            ),
            _option(
                "measure",
                "text",
                "Where the numbers go.",
                "employment",
                ("employment", "establishments", "value", "payroll"),
            ),
            _option("period", "text", "Column of periods, or the period itself."),
            _option("scale", "number", "Factor to the measure's unit.", 1.0),
            _EMPTY,
            _option("region_system", "text", "Code system or number of digits."),
            _option("industry_system", "text", "Code system or number of digits."),
            *_VERSIONS,
            _option(
                "exclude_regions", "list", "Regions to leave out, for example totals."
            ),
            _option("region_key", "path", "File with names and codes of regions."),
            _option("rename", "map", "Names to correct before the key is used."),
            _option(
                "on_unknown",
                "text",
                "What happens to names that the key does not hold.",
                "error",
                ("error", "keep", "drop"),
            ),
            *_FORMAT,
        ),
    ),
    Reader(
        name="regions",
        summary="Table of regions: code, name, parent, centroid, area",
        tables=("regions",),
        function=read_regions,
        options=(
            _option("system", "text", "Code system or number of digits."),
            _option("level", "text", "Level, for example county."),
            _REGION_VERSION,
            *_ORIGIN,
        ),
    ),
    Reader(
        name="industries",
        summary="Table of industries: code, name, level, parent",
        tables=("industries",),
        function=read_industries,
        options=(_option("classification", "text", "Version label."), *_ORIGIN),
    ),
    Reader(
        name="china_clusters",
        summary="China: designated clusters, belts, corridors, cities, industry tree",
        tables=(
            "designations",
            "belts",
            "treatments",
            "regions",
            "industries",
            "labels",
        ),
        function=read_china_clusters,
    ),
    Reader(
        name="table",
        summary="Any CSV, Parquet, Excel or Stata file with a column map",
        tables=("*",),
        function=read_table,
        options=(
            _option("table", "text", "Table of the data model.", required=True),
            _option("columns", "map", "Column of the table = column of the file."),
            _option("constants", "map", "Column of the table = text for all rows."),
            _option(
                "code_systems", "map", "Column of the table = code system or digits."
            ),
            _option("filters", "map", "Column of the file = word: only these rows."),
            _option("scale", "factors", "Column of the table = factor."),
            _option("missing", "list", "Further words for missing."),
            _option("confidential", "list", "Further words for confidential."),
            _EMPTY,
            *_FORMAT,
            _option("decimal", "text", "How decimals are written.", None, (".", ",")),
            *_ORIGIN,
        ),
    ),
)

READERS: Mapping[str, Reader] = {entry.name: entry for entry in _ALL}
"""Every reader by name."""
