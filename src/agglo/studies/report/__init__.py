"""The report of a study: one self-contained page, built step by step, never changed."""

from agglo.studies.report.blocks import (
    Block,
    DataTable,
    Figure,
    FindingList,
    KeyFigures,
    Lookup,
    Notes,
    Prose,
)
from agglo.studies.report.charts import (
    bar_chart,
    histogram,
    interval_chart,
    scatter_chart,
)
from agglo.studies.report.document import Report
from agglo.studies.report.numbers import NumberKind, format_number
from agglo.studies.report.sunburst import sunburst_chart

__all__ = [
    "Block",
    "DataTable",
    "Figure",
    "FindingList",
    "KeyFigures",
    "Lookup",
    "Notes",
    "NumberKind",
    "Prose",
    "Report",
    "bar_chart",
    "format_number",
    "histogram",
    "interval_chart",
    "scatter_chart",
    "sunburst_chart",
]
