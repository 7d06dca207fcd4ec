"""Maps of the study: flows between cities, tiers of districts, patterns of integration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.facts import number_of
from agglo.studies.networks.drawing import COLOURS, VERDICTS, figure_of
from agglo.studies.outputs import Drawn
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from agglo.networks import FlowMatrix
    from agglo.studies.networks.facts import NetworkFacts

__all__ = ["flow_map", "tier_map"]

_MOST_LINES = 60
Place = tuple[float, float]


def _positions(facts: NetworkFacts) -> Mapping[str, Place]:
    """Give a planar position of every region; that of a city may be the mean below it."""
    lat = [number_of(r, "lat") for r in facts.tables["places"]]
    known = [v for v in lat if np.isfinite(v)]
    squeeze = float(np.cos(np.radians(np.mean(known)))) if known else 1.0
    out: dict[str, Place] = {}
    below: dict[str, list[Place]] = {}
    for r in facts.tables["places"]:
        x, y = number_of(r, "lon") * squeeze, number_of(r, "lat")
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        out[str(r["region"])] = (x, y)
        if r["scale"] == "district":
            below.setdefault(str(r["city"]), []).append((x, y))
    for city, places in below.items():
        xs, ys = zip(*places, strict=True)
        out.setdefault(city, (float(np.mean(xs)), float(np.mean(ys))))
    return out


def _bare(ax: Axes) -> None:
    ax.margins(0.12)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def flow_map(facts: NetworkFacts, layer: str, flows: FlowMatrix) -> Drawn | None:
    """Draw the strongest ties between cities, and the pattern of each city."""
    position = _positions(facts)
    at = [i for i, label in enumerate(flows.label) if str(label) in position]
    if len(at) < 2:
        return None
    both = flows.values + flows.values.T if flows.directed else flows.values
    a, b = np.triu_indices(len(at), 1)
    weight = np.array([both[at[i], at[j]] for i, j in zip(a, b, strict=True)])
    order = np.argsort(-weight, kind="stable")[:_MOST_LINES]
    order = order[weight[order] > 0]
    strength = flows.strength()
    verdict = {
        str(r["region"]): str(r["verdict"])
        for r in facts.rows("integration", layer=layer)
    }
    names = [str(flows.label[i]) for i in at]

    def draw(ax: Axes) -> None:
        top = max(float(weight.max()), 1e-9)
        for k in order[::-1]:
            one, other = position[names[a[k]]], position[names[b[k]]]
            ax.plot(
                [one[0], other[0]],
                [one[1], other[1]],
                color="#8fa3bd",
                lw=0.4 + 5.0 * weight[k] / top,
                alpha=0.7,
                solid_capstyle="round",
                zorder=1,
            )
        largest = max(float(strength[at].max()), 1e-9)
        for i, name in zip(at, names, strict=True):
            x, y = position[name]
            colour = VERDICTS.get(verdict.get(name, ""), COLOURS[6])
            size = 30 + 400 * strength[i] / largest
            ax.scatter([x], [y], s=size, color=colour, zorder=2, linewidth=0)
            ax.annotate(name, (x, y), xytext=(6, 6), textcoords="offset points")
        _bare(ax)

    caption = facts.say(
        "Ties between cities, {layer}: width by weight (the {n} strongest), dots by strength; "
        "blue integrated, orange bounded, grey intermediate.",
        "城市之间的联系，{layer}：线宽为权重（最强 {n} 条），圆点为强度；蓝色融合型，橙色边界型，灰色中间型。",
        layer=facts.word(layer),
        n=len(order),
    )
    data = pa.table(
        {
            "city_a": pa.array([names[a[k]] for k in order], pa.string()),
            "city_b": pa.array([names[b[k]] for k in order], pa.string()),
            "weight": weight[order],
        }
    )
    heads = {
        "city_a": facts.say("city", "城市"),
        "city_b": facts.say("other city", "另一城市"),
        "weight": facts.say("weight", "权重"),
    }
    svg = draw_svg(f"flows-{layer}", draw, height=5.0, left=0.2)
    return figure_of(f"flows_{layer}", svg, caption, data, heads, {"weight": "number"})


def tier_map(facts: NetworkFacts, layer: str) -> Drawn | None:
    """Draw the districts by tier."""
    position = _positions(facts)
    rows = [
        r
        for r in facts.rows("hierarchy", layer=layer, scale="district")
        if str(r["node"]) in position
    ]
    if not rows:
        return None
    tiers: Sequence[int] = sorted({int(number_of(r, "tier")) for r in rows})

    def draw(ax: Axes) -> None:
        for k, tier in enumerate(reversed(tiers)):
            here = [position[str(r["node"])] for r in rows if r["tier"] == tier]
            xs, ys = zip(*here, strict=True)
            colour = COLOURS[(len(tiers) - 1 - k) % len(COLOURS)]
            size = 120.0 / tier**1.5
            label = facts.say("tier {n}", "第 {n} 级", n=tier)
            ax.scatter(xs, ys, s=size, color=colour, label=label, linewidth=0)
        ax.legend(frameon=False, fontsize=8)
        _bare(ax)

    caption = facts.say(
        "Tiers of districts, {layer}.", "区县层级，{layer}。", layer=facts.word(layer)
    )
    data = pa.table(
        {
            "district": pa.array([str(r["node"]) for r in rows], pa.string()),
            "tier": [int(number_of(r, "tier")) for r in rows],
            "strength": [number_of(r, "value") for r in rows],
        }
    )
    heads = {
        "district": facts.say("district", "区县"),
        "tier": facts.say("tier", "层级"),
        "strength": facts.say("strength", "强度"),
    }
    svg = draw_svg(f"tiers-{layer}", draw, height=4.6, left=0.2)
    kinds = {"tier": "count", "strength": "number"}
    return figure_of(f"tiers_{layer}", svg, caption, data, heads, kinds)  # type: ignore[arg-type]  # words of NumberKind
