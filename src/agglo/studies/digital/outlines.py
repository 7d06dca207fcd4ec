"""Boundaries on the maps: drawn where the user supplies them, with source and approval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.rings import rings_of
from agglo.studies.columns import text_of
from agglo.studies.digital.options import DigitalOptions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray
    from agglo.studies.contract import StageInputs
    from agglo.studies.digital.facts import DigitalFacts

__all__ = ["Boundaries", "boundaries_of"]

_LINE = "#9aa4b2"


@dataclass(frozen=True, eq=False, kw_only=True)
class Boundaries:
    """Rings on the plane, and what must be said about them.

    Attributes
    ----------
    x_km, y_km
        All rings after each other, separated by NaN.
    source, approval
        As the user gave them; empty where not.
    """

    x_km: FloatArray
    y_km: FloatArray
    source: str
    approval: str

    def draw(self, ax: Axes, facts: DigitalFacts) -> None:
        """Draw the rings, and source and approval number in the corner of the map."""
        ax.plot(self.x_km, self.y_km, color=_LINE, linewidth=0.6, zorder=0.5)
        ax.text(
            0.995,
            0.008,
            self.credit(facts),
            transform=ax.transAxes,
            ha="right",
            va="bottom",
            fontsize=6.5,
            color="#4d5666",
            zorder=6,
        )

    def credit(self, facts: DigitalFacts) -> str:
        """Name source and approval number."""
        source = self.source or facts.say("source not stated", "未注明来源")
        if self.approval:
            return facts.say(
                "Boundaries: {source}; approval number {n}",
                "边界：{source}；审图号：{n}",
                source=source,
                n=self.approval,
            )
        return facts.say(
            "Boundaries: {source}; no approval number given",
            "边界：{source}；未提供审图号",
            source=source,
        )

    @staticmethod
    def sentence(held: Boundaries | None, facts: DigitalFacts) -> str:
        """Say in a caption what lies under the points."""
        if held is None:
            return facts.say(
                "Graticule without boundaries.", "底图为经纬网，不含边界。"
            )
        return f"{held.credit(facts)}{facts.say('.', '。')}"


def boundaries_of(inputs: StageInputs, projection: Projection) -> Boundaries | None:
    """Give the project's boundaries on the plane.

    Parameters
    ----------
    inputs
        Optional table ``boundaries``.
    projection
        Of the map.

    Returns
    -------
    Boundaries or None
        ``None`` without the table, or when the option leaves it out.

    Raises
    ------
    InvalidTableError
        bad_coordinates: with every ring that is no list of degrees.
    """
    if not (inputs.options_as(DigitalOptions).boundaries and inputs.has("boundaries")):
        return None
    table = inputs.table("boundaries")
    rings = rings_of(text_of(table, "coordinates"), degrees=True)
    gap = np.full((1, 2), np.nan)
    lon, lat = np.vstack([part for r in rings for part in (r, gap)] or [gap]).T
    x, y = projection.forward(lon, lat)

    def said(name: str) -> str:
        return "; ".join(dict.fromkeys(v for v in text_of(table, name) if v))

    return Boundaries(
        x_km=x, y_km=y, source=said("source"), approval=said("approval_number")
    )
