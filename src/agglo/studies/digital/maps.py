"""Maps: points with ellipses, the density of belts, the overlap of two ellipses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import kernel_density
from agglo.studies.columns import texts
from agglo.studies.digital.drawing import BELTS, COLOURS, frame_of, graticule, widened
from agglo.studies.digital.outlines import Boundaries
from agglo.studies.outputs import Drawn, twin
from agglo.studies.report import Figure
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from agglo.concentration.density_results import DensityGrid
    from agglo.core.typing import FloatArray
    from agglo.studies.digital.facts import DigitalFacts
    from agglo.studies.digital.sites import Plane, Sites
    from agglo.studies.report import NumberKind

__all__ = [
    "base_map",
    "convention",
    "density_map",
    "overlap_map",
    "point_map",
    "ring_of",
]

_ELLIPSE_HEADS = (
    ("label", "Set", "集合"),
    ("items", "Items", "数量"),
    ("lon", "Centre, longitude", "中心经度"),
    ("lat", "Centre, latitude", "中心纬度"),
    ("long_km", "Long semi-axis (km)", "长半轴（公里）"),
    ("short_km", "Short semi-axis (km)", "短半轴（公里）"),
    ("theta", "Bearing (°)", "方位角（°）"),
    ("area_km2", "Area (km²)", "面积（平方公里）"),
    ("inside_share", "Inside", "椭圆内占比"),
)


def ring_of(facts: DigitalFacts, name: str) -> FloatArray:
    """Give the closed outline of an ellipse in kilometres; empty when there is none."""
    rows = facts.rows("ellipse_rings", set=name)
    ring = np.array([[r["x_km"], r["y_km"]] for r in rows], dtype=np.float64)
    return np.vstack([ring, ring[:1]]) if ring.size else ring.reshape(0, 2)


def convention(facts: DigitalFacts) -> str:
    """Name divisor, scale and projection of the ellipses."""
    return facts.say(
        "Ellipses: divisor {divisor}, scale {scale} (one standard deviation holds 39 % of "
        "a bivariate normal). {projection}.",
        "椭圆：除数 {divisor}，比例 {scale}（一个标准差覆盖二元正态分布的 39 %）。{projection}。",
        divisor=facts.options.divisor,
        scale=f"{facts.options.scale:g}",
        projection=facts.projection,
    )


def _ellipse_table(facts: DigitalFacts, sets: list[str]) -> pa.Table:
    rows = [r for r in facts.tables["ellipses"] if r["label"] in sets]
    columns = {}
    for key, _, _ in _ELLIPSE_HEADS:
        values = [r[key] for r in rows]
        if key == "label":
            columns[key] = texts([facts.set_name(str(v)) for v in values])
        else:
            columns[key] = pa.array(
                [float(v) if isinstance(v, (int, float)) else None for v in values],
                pa.float64(),
            )
    return pa.table(columns)


def _scatter_belts(ax: Axes, facts: DigitalFacts, sites: Sites, size: float) -> None:
    ax.plot(
        sites.points.x_km,
        sites.points.y_km,
        "s",
        markerfacecolor="none",
        markeredgecolor=BELTS,
        markersize=size,
        markeredgewidth=0.8,
        label=facts.set_name("belts"),
        zorder=2,
    )


def _spread(sites: Sites) -> tuple[FloatArray, FloatArray]:
    """Put points of one city on a small spiral, so that all of them are seen."""
    p = sites.points
    seen: dict[tuple[float, float], int] = {}
    x, y = p.x_km.copy(), p.y_km.copy()
    for i, place in enumerate(zip(p.x_km.tolist(), p.y_km.tolist(), strict=True)):
        k = seen.get(place, 0)
        seen[place] = k + 1
        radius, turn = 9.0 * np.sqrt(k), 2.399963 * k
        x[i] += radius * np.cos(turn)
        y[i] += radius * np.sin(turn)
    return x, y


def _programmes(
    ax: Axes, facts: DigitalFacts, clusters: Sites, names: Sequence[str]
) -> None:
    """Draw the clusters and ellipse of every programme, and the ellipse of the belts."""
    x, y = _spread(clusters)
    for k, name in enumerate(names):
        colour = COLOURS[k % len(COLOURS)]
        mine = (clusters.programme == name) | (name == "clusters")
        ax.plot(
            x[mine],
            y[mine],
            "o",
            color=colour,
            markersize=3.6,
            mew=0.3,
            mec="white",
            label=facts.set_name(name),
            zorder=3,
        )
        ring = ring_of(facts, name)
        ax.plot(ring[:, 0], ring[:, 1], color=colour, linewidth=1.6, zorder=4)
    ring = ring_of(facts, "belts")
    ax.plot(ring[:, 0], ring[:, 1], color=BELTS, lw=1.4, ls="--", zorder=4)
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.03),
        ncols=4,
        fontsize=8,
        frameon=False,
    )


def base_map(
    ax: Axes,
    facts: DigitalFacts,
    plane: Plane,
    ends: Sequence[float],
    boundaries: Boundaries | None,
) -> None:
    """Draw the graticule and, where the user brought them, the boundaries."""
    graticule(ax, plane.projection, ends)
    if boundaries is not None:
        boundaries.draw(ax, facts)


def point_map(
    facts: DigitalFacts,
    plane: Plane,
    lists: Mapping[str, Sites],
    boundaries: Boundaries | None = None,
) -> Drawn | None:
    """Draw clusters by programme with their ellipses, belts as hollow marks."""
    if "clusters" not in lists:
        return None
    clusters = lists["clusters"]
    groups = list(clusters.by_programme())
    if [g for g, _ in groups] == [""]:
        groups = [("clusters", clusters)]
    ends = frame_of(plane.x_km[plane.in_universe], plane.y_km[plane.in_universe])

    def draw(ax: Axes) -> None:
        base_map(ax, facts, plane, ends, boundaries)
        ax.plot(plane.x_km, plane.y_km, ".", color="#c3cad4", markersize=1.5, zorder=1)
        if "belts" in lists:
            _scatter_belts(ax, facts, lists["belts"], 5.5)
        _programmes(ax, facts, clusters, [g for g, _ in groups])

    caption = facts.captioned(
        facts.say(
            "Seats of the cities with clusters (dots, by programme), belts (hollow "
            "squares, dashed ellipse) and all other cities (grey); several clusters of a city "
            "are drawn around its seat. {base} {convention}",
            "集群所在城市（圆点，按计划着色）、产业带（空心方块、虚线椭圆）及其他城市（灰点）的驻地；同一城市的多个集群绘于"
            "驻地周围。{base}{convention}",
            base=Boundaries.sentence(boundaries, facts),
            convention=convention(facts),
        )
    )
    alt = facts.say(
        "Map of {n} clusters and {m} belts with one ellipse per programme.",
        "{n} 个集群与 {m} 个产业带的地图，每个计划一个椭圆。",
        n=len(set(clusters.item.tolist())),
        m=len(set(lists["belts"].item.tolist())) if "belts" in lists else 0,
    )
    table = _ellipse_table(facts, [*(g for g, _ in groups), "clusters", "belts"])
    return _drawn(
        facts,
        "map",
        draw_svg("map", draw, height=6.4, left=0.45),
        (caption, alt),
        table,
    )


def _drawn(
    facts: DigitalFacts,
    name: str,
    svg: str,
    words: tuple[str, str],
    table: pa.Table,
) -> Drawn:
    heads = {k: facts.say(en, zh) for k, en, zh in _ELLIPSE_HEADS}
    kinds: dict[str, NumberKind] = {k: "number" for k, _, _ in _ELLIPSE_HEADS[2:8]}
    kinds |= {"items": "count", "inside_share": "share"}
    shown = twin(facts.say("The ellipses", "各椭圆"), table, heads, kinds)
    figure = Figure(svg=svg, caption=words[0], alt=words[1], table=shown)
    return Drawn(name=name, figure=figure, data=table)


def overlap_map(
    facts: DigitalFacts, plane: Plane, boundaries: Boundaries | None = None
) -> Drawn | None:
    """Draw the two ellipses of clusters and belts over each other."""
    found = facts.rows("overlaps", a="clusters", b="belts")
    if not found:
        return None
    rings = {n: ring_of(facts, n) for n in ("clusters", "belts")}
    both = np.vstack(list(rings.values()))
    ends = widened(frame_of(both[:, 0], both[:, 1], 200.0))

    def draw(ax: Axes) -> None:
        base_map(ax, facts, plane, ends, boundaries)
        for (name, ring), colour in zip(
            rings.items(), (COLOURS[0], COLOURS[1]), strict=True
        ):
            ax.fill(ring[:, 0], ring[:, 1], color=colour, alpha=0.25, linewidth=0)
            ax.plot(
                ring[:, 0], ring[:, 1], color=colour, lw=1.8, label=facts.set_name(name)
            )
            centre = ring[:-1].mean(axis=0)
            ax.plot(*centre, "+", color=colour, markersize=9, mew=1.8)
        ax.legend(loc="upper right", fontsize=8, framealpha=0.9, edgecolor="none")

    row = found[0]
    caption = facts.captioned(
        facts.say(
            "Clusters and belts: Jaccard {jaccard}, spatial difference index {sdi}, "
            "centres {km} km apart. {convention}",
            "集群与产业带：杰卡德系数 {jaccard}，空间差异指数 {sdi}，中心相距 {km} 公里。{convention}",
            jaccard=facts.show(row["jaccard"]),
            sdi=facts.show(row["spatial_difference_index"]),
            km=facts.show(row["centre_distance_km"]),
            convention=convention(facts),
        )
    )
    alt = facts.say(
        "Two overlapping ellipses, clusters and belts.", "集群与产业带的两个重叠椭圆。"
    )
    table = _ellipse_table(facts, ["clusters", "belts"])
    svg = draw_svg("overlap", draw, height=4.6, left=0.45)
    return _drawn(facts, "overlap", svg, (caption, alt), table)


def _shade(ax: Axes, grid: DensityGrid, levels: Mapping[float, float]) -> None:
    """Shade the areas of 90 and 50 per cent."""
    ax.contourf(
        grid.x_km,
        grid.y_km,
        grid.values,
        levels=[levels[0.9], levels[0.5], float(grid.values.max()) * 1.001],
        colors=["#fbe3cf", "#f3b98a"],
        zorder=0,
    )
    ax.contour(
        grid.x_km,
        grid.y_km,
        grid.values,
        levels=[levels[0.9], levels[0.5]],
        colors=[COLOURS[1]],
        linewidths=[0.8, 1.4],
    )


def density_map(
    facts: DigitalFacts,
    plane: Plane,
    lists: Mapping[str, Sites],
    boundaries: Boundaries | None = None,
) -> Drawn | None:
    """Draw where belts are dense, under the clusters."""
    if "belts" not in lists or "clusters" not in lists:
        return None
    belts = lists["belts"].points
    if np.ptp(belts.x_km) == 0 or np.ptp(belts.y_km) == 0:
        return None
    grid = kernel_density(
        pa.table({"x_km": belts.x_km, "y_km": belts.y_km, "weight": belts.weight}),
        weight="weight",
    )
    levels = grid.contours((0.5, 0.9))
    ends = frame_of(plane.x_km[plane.in_universe], plane.y_km[plane.in_universe])
    x, y = _spread(lists["clusters"])

    def draw(ax: Axes) -> None:
        base_map(ax, facts, plane, ends, boundaries)
        _shade(ax, grid, levels)
        ax.plot(x, y, "o", color=COLOURS[0], markersize=3, mew=0.3, mec="white")

    caption = facts.captioned(
        facts.say(
            "Areas that hold 50 % (dark) and 90 % (light) of the density of belts, with the "
            "clusters as dots. Gaussian kernel, bandwidth {bx} × {by} km (Silverman): peaks "
            "follow the bandwidth.",
            "包含产业带密度 50 %（深色）与 90 %（浅色）的区域，圆点为集群。高斯核，带宽 {bx} × {by} 公里"
            "（Silverman）：峰值随带宽变化。",
            bx=facts.show(grid.bandwidth_km[0]),
            by=facts.show(grid.bandwidth_km[1]),
        )
    )
    alt = facts.say(
        "Density of belts with clusters as dots.", "产业带密度图，圆点为集群。"
    )
    data = pa.table(
        {
            "share_of_mass": [0.5, 0.9],
            "density_per_km2": [levels[0.5], levels[0.9]],
        }
    )
    heads = {
        "share_of_mass": facts.say("Share of the mass", "质量占比"),
        "density_per_km2": facts.say("Density (belts per km²)", "密度（每平方公里）"),
    }
    shown = twin(
        caption,
        data,
        heads,
        {"share_of_mass": "share", "density_per_km2": "number"},
    )
    figure = Figure(
        svg=draw_svg("density", draw, height=6.0, left=0.45),
        caption=caption,
        alt=alt,
        table=shown,
    )
    return Drawn(name="density", figure=figure, data=data)
