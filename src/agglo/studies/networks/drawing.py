"""What the figures of the study share: colours, table twins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.studies.report import DataTable, Figure

if TYPE_CHECKING:
    from agglo.studies.report import NumberKind

__all__ = ["COLOURS", "GREY", "VERDICTS", "Drawn", "figure_of"]

# Okabe and Ito's colours, told apart by colour-blind readers
COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#222222",
    "#999999",
)
GREY = "#6b7585"
VERDICTS: Mapping[str, str] = {
    "integrated": "#0072b2",
    "intermediate": "#9ca3af",
    "bounded": "#d55e00",
    "insufficient": "#dcdcdc",
}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A figure with the table behind it.

    Attributes
    ----------
    name
        Name of the figure and of its files.
    figure
        What the page shows.
    data
        The plotted numbers.
    """

    name: str
    figure: Figure
    data: pa.Table


def figure_of(
    name: str,
    svg: str,
    caption: str,
    data: pa.Table,
    heads: Mapping[str, str],
    kinds: Mapping[str, NumberKind],
) -> Drawn:
    """Join drawing, caption and the plotted table."""
    table = DataTable(
        caption=caption,
        columns={head: data[column].to_pylist() for column, head in heads.items()},
        kinds={heads[column]: kind for column, kind in kinds.items()},
        most=60,
    )
    return Drawn(
        name=name,
        figure=Figure(svg=svg, caption=caption, alt=caption, table=table),
        data=data,
    )
