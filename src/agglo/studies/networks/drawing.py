"""What the figures of the study share: colours, table twins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.studies.outputs import Drawn, twin
from agglo.studies.report import Figure

if TYPE_CHECKING:
    from agglo.studies.report import NumberKind

__all__ = ["COLOURS", "GREY", "VERDICTS", "figure_of"]

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


def figure_of(
    name: str,
    svg: str,
    caption: str,
    data: pa.Table,
    heads: Mapping[str, str],
    kinds: Mapping[str, NumberKind],
) -> Drawn:
    """Join drawing, caption and the plotted table."""
    table = twin(caption, data, heads, kinds)
    return Drawn(
        name=name,
        figure=Figure(svg=svg, caption=caption, alt=caption, table=table),
        data=data,
    )
