"""Maps of cities by clusters and belts together, and of ellipses over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.columns import texts
from agglo.studies.digital.charts import drawn, value_of
from agglo.studies.digital.drawing import frame_of, widened
from agglo.studies.digital.maps import base_map, convention, ring_of
from agglo.studies.digital.outlines import Boundaries
from agglo.studies.outputs import Drawn
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray, IntArray
    from agglo.studies.digital.facts import DigitalFacts
    from agglo.studies.digital.sites import Plane
    from agglo.studies.facts import Row
    from agglo.studies.report import NumberKind

__all__ = ["bivariate_map", "sequence_map"]

# rows: belts none, few, many; columns: clusters none, few, many; told apart when colours
# are not (the dark corner is dark in grey, too)
_PALETTE = (
    ("#e8e8e8", "#ace4e4", "#5ac8c8"),
    ("#dfb0d6", "#a5add3", "#5698b9"),
    ("#be64ac", "#8c62aa", "#3b4994"),
)
_UP_TO = " to "
_FEWEST = 5


def _classes(values: FloatArray) -> tuple[IntArray, float]:
    """Give 0 for none, 1 up to the median of what is there, 2 above."""
    there = values[values > 0]
    middle = float(np.median(there)) if there.size else 0.0
    found = np.where(values <= 0, 0, np.where(values <= middle, 1, 2))
    return found.astype(np.int64), middle


def bivariate_map(
    facts: DigitalFacts, plane: Plane, boundaries: Boundaries | None = None
) -> Drawn | None:
    """Draw every city in one of 3 × 3 classes of clusters and belts."""
    at = {str(c): i for i, c in enumerate(plane.code)}
    rows = [r for r in facts.tables["city_counts"] if str(r["city"]) in at]
    if not rows:
        return None
    place = np.array([at[str(r["city"])] for r in rows], dtype=np.int64)
    clusters, half_c = _classes(np.array([value_of(r, "clusters") for r in rows]))
    belts, half_b = _classes(np.array([value_of(r, "belts") for r in rows]))
    ends = frame_of(plane.x_km[plane.in_universe], plane.y_km[plane.in_universe])

    def draw(ax: Axes) -> None:
        base_map(ax, facts, plane, ends, boundaries)
        for b in range(3):
            for c in range(3):
                mine = place[(belts == b) & (clusters == c)]
                empty = b == 0 and c == 0
                ax.plot(
                    plane.x_km[mine],
                    plane.y_km[mine],
                    "o",
                    color=_PALETTE[b][c],
                    markersize=2.5 if empty else 4.5 + b + c,
                    mec="#4d5666",
                    mew=0.2 if empty else 0.4,
                    zorder=2 + b + c,
                )
        _key(ax, facts, half_c, half_b)

    caption = facts.captioned(
        facts.say(
            "Cities in 3 × 3 classes: none, up to the median of the cities that have any "
            "(clusters: {c}; belts: {b}), above. {base}",
            "城市按 3 × 3 分级：无、不超过有者的中位数（集群 {c}；产业带 {b}）、高于中位数。{base}",
            c=facts.show(half_c, "count"),
            b=facts.show(half_b, "count"),
            base=Boundaries.sentence(boundaries, facts),
        )
    )
    names = [facts.say(*w) for w in (("none", "无"), ("few", "少"), ("many", "多"))]
    cells = [(c, b) for c in range(3) for b in range(3)]
    data = pa.table(
        {
            "clusters": texts([names[c] for c, _ in cells]),
            "belts": texts([names[b] for _, b in cells]),
            "cities": [int(((clusters == c) & (belts == b)).sum()) for c, b in cells],
        }
    )
    heads = {
        "clusters": facts.say("Clusters", "集群"),
        "belts": facts.say("Belts", "产业带"),
        "cities": facts.say("Cities", "城市"),
    }
    alt = facts.say(
        "Map of cities coloured by their numbers of clusters and belts together.",
        "按集群数与产业带数联合着色的城市地图。",
    )
    svg = draw_svg("bivariate", draw, height=6.0, left=0.45)
    return drawn("bivariate", svg, caption, alt, data, heads, {"cities": "count"})


def _key(ax: Axes, facts: DigitalFacts, half_c: float, half_b: float) -> None:
    """Draw the 3 × 3 legend in the lower left corner."""
    box = ax.inset_axes((0.085, 0.075, 0.15, 0.17))
    for b in range(3):
        for c in range(3):
            box.fill_between([c, c + 1], b, b + 1, color=_PALETTE[b][c], lw=0)
    for axis, half in ((box.xaxis, half_c), (box.yaxis, half_b)):
        axis.set_ticks([0.5, 1.5, 2.5], ["0", f"≤ {half:g}", f"> {half:g}"])
        axis.set_tick_params(length=0, labelsize=6.5)
    box.set_xlim(0, 3)
    box.set_ylim(0, 3)
    box.set_xlabel(facts.say("clusters", "集群"), fontsize=7, labelpad=1)
    box.set_ylabel(facts.say("belts", "产业带"), fontsize=7, labelpad=1)
    box.set_facecolor("white")
    for side in box.spines.values():
        side.set_visible(False)


def _sequence(facts: DigitalFacts) -> tuple[str, list[tuple[str, Row]]]:
    """Give the largest programme of two years or more: its ellipses up to each year."""
    held: dict[str, list[tuple[str, Row]]] = {}
    for r in facts.tables["ellipses"]:
        name, stop, year = str(r["label"]).rpartition(_UP_TO)
        # a handful of clusters has no ellipse to follow
        if stop and value_of(r, "short_km") > 0 and value_of(r, "items") >= _FEWEST:
            held.setdefault(name, []).append((year, r))
    if not held:
        return "", []
    size = {
        name: float(value_of(facts.rows("ellipses", label=name)[0], "items"))
        for name in held
    }
    best = max(sorted(held), key=lambda n: (size[n], len(held[n])))
    years = [str(r["period"]) for r in facts.rows("clusters", programme=best)]
    last = max((y for y in years if y), default="")
    whole = facts.rows("ellipses", label=best)[0]
    return best, [*sorted(held[best]), (last, whole)]


def sequence_map(
    facts: DigitalFacts, plane: Plane, boundaries: Boundaries | None = None
) -> Drawn | None:
    """Draw the ellipses of a programme up to each year, with the path of the centre."""
    import matplotlib as mpl

    name, steps = _sequence(facts)
    if len(steps) < 2:
        return None
    rings = [ring_of(facts, str(r["label"])) for _, r in steps]
    both = np.vstack(rings)
    ends = widened(frame_of(both[:, 0], both[:, 1], 150.0))
    centres = np.array([ring[:-1].mean(axis=0) for ring in rings])
    shade = mpl.colormaps["viridis"](np.linspace(0.85, 0.1, len(steps)))

    def draw(ax: Axes) -> None:
        base_map(ax, facts, plane, ends, boundaries)
        for (year, _), ring, colour in zip(steps, rings, shade, strict=True):
            label = facts.say("up to {y}", "截至 {y}", y=year)
            ax.plot(ring[:, 0], ring[:, 1], color=colour, lw=1.6, label=label)
        _path(ax, centres, [y for y, _ in steps], ends)
        ax.legend(loc="upper right", fontsize=8, framealpha=0.9, edgecolor="none")

    caption = facts.captioned(
        facts.say(
            "{name}: ellipse of all clusters designated up to each year, and the path of "
            "its centre (enlarged in the corner). {convention} {base}",
            "{name}：截至各年份全部认定集群的椭圆及其中心路径（角落为放大图）。{convention}{base}",
            name=name,
            convention=convention(facts),
            base=Boundaries.sentence(boundaries, facts),
        )
    )
    keys = ("lon", "lat", "long_km", "short_km", "theta", "area_km2")
    data = pa.table(
        {
            "year": texts([y for y, _ in steps]),
            "clusters": [value_of(r, "items") for _, r in steps],
            **{k: [value_of(r, k) for _, r in steps] for k in keys},
        }
    )
    heads = {
        "year": facts.say("Up to", "截至"),
        "clusters": facts.say("Clusters", "集群"),
        "lon": facts.say("Centre, longitude", "中心经度"),
        "lat": facts.say("Centre, latitude", "中心纬度"),
        "long_km": facts.say("Long semi-axis (km)", "长半轴（公里）"),
        "short_km": facts.say("Short semi-axis (km)", "短半轴（公里）"),
        "theta": facts.say("Bearing (°)", "方位角（°）"),
        "area_km2": facts.say("Area (km²)", "面积（平方公里）"),
    }
    kinds: dict[str, NumberKind] = dict.fromkeys(keys, "number")
    kinds["clusters"] = "count"
    alt = facts.say(
        "Ellipses of {name} over {n} years with the path of the centre.",
        "{name} 在 {n} 个年份的椭圆及中心路径。",
        name=name,
        n=len(steps),
    )
    svg = draw_svg("sequence", draw, height=4.8, left=0.45)
    return drawn("ellipse_sequence", svg, caption, alt, data, heads, kinds)


def _path(
    ax: Axes, centres: FloatArray, years: Sequence[str], ends: Sequence[float]
) -> None:
    """Draw the way of the centre, and once more enlarged with its years."""
    ax.plot(centres[:, 0], centres[:, 1], "-", color="#1c2330", lw=1.0, zorder=5)
    ax.plot(centres[-1, 0], centres[-1, 1], "o", color="#1c2330", ms=3.5, zorder=5)
    box = ax.inset_axes((0.03, 0.04, 0.22, 0.4))
    box.plot(centres[:, 0], centres[:, 1], "-o", color="#1c2330", lw=1.0, ms=3.0)
    middle = centres.mean(axis=0)
    half = max(float(np.abs(centres - middle).max()) * 1.45, 0.01 * (ends[1] - ends[0]))
    box.set_xlim(middle[0] - half, middle[0] + half)
    box.set_ylim(middle[1] - half, middle[1] + half)
    for (x, y), year in zip(centres, years, strict=True):
        box.annotate(
            year, (x, y), xytext=(4, 3), textcoords="offset points", fontsize=7
        )
    length = float(f"{half:.0e}")
    left, low = middle[0] - 0.92 * half, middle[1] - 0.82 * half
    box.plot([left, left + length], [low, low], color="#b8540b", lw=1.6)
    box.annotate(
        f"{length:g} km",
        (left, low),
        xytext=(0, -8),
        textcoords="offset points",
        fontsize=6.5,
        color="#b8540b",
    )
    box.set_xticks([])
    box.set_yticks([])
    box.set_facecolor("white")
    for side in box.spines.values():
        side.set_visible(True)
        side.set_color("#d7dde6")
