"""The tree of the evaluation as a figure: pillars, indicators, and what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.formation.cards import grid
from agglo.studies.formation.columns import number
from agglo.studies.formation.tree import INDICATORS, PILLARS
from agglo.studies.report import Figure, sunburst_chart

if TYPE_CHECKING:
    from agglo.studies.formation.view import View

__all__ = ["framework_figure"]


def framework_figure(view: View) -> Figure:
    """Draw the six pillars and their indicators, shaded by the share of clusters with a value.

    Parameters
    ----------
    view
        What the stages left.

    Returns
    -------
    Figure
        Rings; the table beside them names the weight of every indicator in the index.
    """
    known = _known(view)
    weight = {
        str(r["node"]): number(r["weight"]) for r in view.rows("index_weights", level=1)
    }
    names = {k: view.say(i.label_en, i.label_zh) for k, i in INDICATORS.items()}
    tree = {
        view.say(*words): [
            (names[k], known.get(k, 0.0))
            for k, i in INDICATORS.items()
            if i.pillar == pillar
        ]
        for pillar, words in PILLARS.items()
    }
    rows = [
        {
            "pillar": view.say(*PILLARS[i.pillar]),
            "indicator": names[k],
            "known": known.get(k, 0.0),
            "weight": weight.get(k),
            "inputs": view.data(i.inputs),
        }
        for k, i in INDICATORS.items()
    ]
    caption = view.say(
        "The tree of the evaluation. Shade: share of the clusters with a value; empty: no "
        "data. Weights of the index are in the table; without a weight an indicator is not "
        "in the score.",
        "评价指标体系。颜色深浅表示有数值的集群占比，空白表示无数据；权重见表，无权重者未计入得分。",
    )
    table = grid(
        view,
        view.say("Pillars and indicators", "维度与指标"),
        rows,
        (
            ("pillar", "Pillar", "维度", "text"),
            ("indicator", "Indicator", "指标", "text"),
            ("known", "Clusters with a value", "有数值的集群", "share"),
            ("weight", "Weight in its pillar", "维度内权重", "share"),
            ("inputs", "Needs", "所需数据", "text"),
        ),
    )
    svg = sunburst_chart("framework", tree, label=view.say("Index", "总指数"))
    return Figure(svg=svg, caption=caption, alt=caption, table=table)


def _known(view: View) -> dict[str, float]:
    """Give the share of the clusters that have a value, by indicator."""
    held: dict[str, list[float]] = {}
    for r in view.tables["indicators"]:
        held.setdefault(str(r["indicator"]), []).append(number(r["value"]))
    return {k: float(np.isfinite(v).mean()) for k, v in held.items()}
