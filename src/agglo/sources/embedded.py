"""Lists that come with the package: facts about designated clusters of China.

Every row has a status. Rows that nobody has seen at a source are counted in a warning.
"""

from __future__ import annotations

import warnings
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import DataWarning
from agglo.core.options import check_choice
from agglo.sources.china import read_china_clusters
from agglo.sources.results import SourceTable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "china_cities",
    "industry_terms",
    "industry_tree",
    "label_dictionary",
    "national_clusters",
    "online_belts",
]

Programme: TypeAlias = Literal["MIIT", "NDRC", "MOST"]

_LISTS = {
    "MIIT": "miit_advanced_manufacturing_clusters.csv",
    "NDRC": "ndrc_strategic_emerging_clusters_2019.csv",
    "MOST": "most_innovative_clusters_partial.csv",
}


def national_clusters(
    programme: Programme | None = None, *, only_sourced: bool = False
) -> SourceTable:
    """Give the nationally designated clusters of China, one row per cluster and city.

    Parameters
    ----------
    programme
        ``"MIIT"`` (advanced manufacturing, 70 of 80), ``"NDRC"`` (strategic emerging
        industries, 66 of 66) or ``"MOST"`` (innovative clusters, 28); default all.
    only_sourced
        Leave out the rows that nobody has seen at a source.

    Returns
    -------
    SourceTable
        ``designations``; the weight of a city is 1 over the cluster's number of cities.

    Raises
    ------
    OptionError
        If there is no such programme.

    Warns
    -----
    DataWarning
        If rows whose status is unverified are among them; the message counts them.

    Examples
    --------
    >>> from agglo.sources import national_clusters
    >>> clusters = national_clusters("MIIT", only_sourced=True)
    >>> len(set(clusters.data["cluster"].to_pylist()))
    55
    """
    if programme is not None:
        check_choice("programme", programme, tuple(_LISTS))
    names = list(_LISTS.values()) if programme is None else [_LISTS[programme]]
    return _list(names, "cluster", only_sourced=only_sourced)


def online_belts(*, only_sourced: bool = False) -> SourceTable:
    """Give the on-line industrial belts that the package knows.

    A partial list from the press, not the Alibaba list of 2021: what is computed on it
    tests the software and finds nothing about China.

    Parameters
    ----------
    only_sourced
        Leave out the rows that nobody has seen at a source.

    Returns
    -------
    SourceTable
        ``belts``, one row per belt and city.

    Examples
    --------
    >>> from agglo.sources import online_belts
    >>> online_belts().n_rows
    39
    """
    return _list(["industrial_belts_partial.csv"], "belt", only_sourced=only_sourced)


def china_cities() -> SourceTable:
    """Give the cities of China with their seats of government.

    Returns
    -------
    SourceTable
        ``regions``: 4 municipalities, 333 prefectures and further units; 10 rows have no
        seat.

    Examples
    --------
    >>> from agglo.sources import china_cities
    >>> china_cities().n_rows
    375
    """
    return _one("cn_cities.csv")


def industry_tree() -> SourceTable:
    """Give the tree of industries with which labels are compared.

    Returns
    -------
    SourceTable
        ``industries``: 10 sectors, 28 divisions, 70 groups, with codes of GB/T 4754-2017.

    Examples
    --------
    >>> from agglo.sources import industry_tree
    >>> industry_tree().n_rows
    108
    """
    return _one("industry_tree.csv")


def industry_terms() -> pa.Table:
    """Give typical products of the nodes of the shipped industry tree, for the text aid.

    Returns
    -------
    pyarrow.Table
        industry, text, lang, gbt4754_2017. Names of classes of GB/T 4754-2017 and their
        products, entered from general knowledge and not checked against the standard.

    Examples
    --------
    >>> from agglo.sources import industry_terms
    >>> industry_terms().num_rows
    546
    """
    names = ("node_id", "gbt4754_2017", "term_zh", "term_en")
    rows = _texts("classifications", "industry_terms.csv", names)
    parts = [
        pa.table(
            {
                "industry": rows["node_id"],
                "text": rows[f"term_{lang}"],
                "lang": pa.array([lang] * rows.num_rows),
                "gbt4754_2017": rows["gbt4754_2017"],
            }
        )
        for lang in ("zh", "en")
    ]
    return pa.concat_tables(parts)


def label_dictionary() -> pa.Table:
    """Give the dictionary from labels, as programmes write them, to nodes of the tree.

    Returns
    -------
    pyarrow.Table
        Columns label_zh, label_en, node_ids (semicolon list), confidence, reviewed, note.
        No row has been reviewed by a person yet.

    Examples
    --------
    >>> from agglo.sources import label_dictionary
    >>> label_dictionary().num_rows
    135
    """
    names = ("label_zh", "label_en", "node_ids", "confidence", "reviewed", "n_rows")
    return _texts("china_clusters", "label_dictionary.csv", (*names, "note"))


def _texts(group: str, name: str, columns: Sequence[str]) -> pa.Table:
    """Read a file with every column as text."""
    from pyarrow import csv

    folder = files("agglo.sources") / "data" / group
    kinds = dict.fromkeys(columns, pa.string())
    with as_file(folder / name) as path:
        return csv.read_csv(
            path, convert_options=csv.ConvertOptions(column_types=kinds)
        )


def _tables(names: Sequence[str]) -> tuple[SourceTable, ...]:
    folder = files("agglo.sources") / "data" / "china_clusters"
    found: list[SourceTable] = []
    for name in names:
        with as_file(folder / name) as path:
            found += read_china_clusters(path)
    return tuple(found)


def _one(name: str) -> SourceTable:
    return _tables([name])[0]


def _list(names: Sequence[str], key: str, *, only_sourced: bool) -> SourceTable:
    parts = _tables(names)
    data = pa.concat_tables([p.data for p in parts], promote_options="default")
    sourced = pc.equal(data["status"], "sourced")
    unseen = data.filter(pc.invert(sourced))
    if only_sourced:
        data = data.filter(sourced)
    elif unseen.num_rows:
        n = len(set(unseen[key].to_pylist()))
        total = len(set(data[key].to_pylist()))
        warnings.warn(
            f"{n} of {total} {key}s are unverified: nobody has seen them at a source. "
            "Pass only_sourced=True, or check them before any release.",
            DataWarning,
            stacklevel=3,
        )
    first = parts[0]
    files_read = tuple(f for p in parts for f in p.origin.files)
    origin = type(first.origin)(
        title=first.origin.title,
        publisher=first.origin.publisher,
        licence=first.origin.licence,
        citation=first.origin.citation,
        files=files_read,
    )
    return SourceTable(
        table=first.table,
        data=data,
        origin=origin,
        repairs=tuple(r for p in parts for r in p.repairs),
        notes=tuple(n for p in parts for n in p.notes),
    )
