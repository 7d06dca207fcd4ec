// charts.js: treemap, heatmap, sankey and network by ECharts, loaded when a page needs it.
// No ECharts tooltip: it would want inline styles; the page shows labels itself.
import { GraphChart, HeatmapChart, SankeyChart, TreemapChart } from "echarts/charts";
import { GridComponent, VisualMapPiecewiseComponent } from "echarts/components";
import { init, use, type ECharts } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";
import type { Handle, Item, Knot, Model, Paint, Tie } from "./model";

use([
  TreemapChart, HeatmapChart, SankeyChart, GraphChart, GridComponent,
  VisualMapPiecewiseComponent, CanvasRenderer, SVGRenderer, LabelLayout,
]);

type Options = Parameters<ECharts["setOption"]>[0];

function text(paint: Paint): { color: string; fontFamily: string; fontSize: number } {
  return { color: paint.ink, fontFamily: paint.font, fontSize: 12 };
}

function colourOf(paint: Paint, k: number): string {
  return k < 0 ? paint.paper : (paint.classes[Math.min(k, paint.classes.length - 1)] ?? paint.soft);
}

/** Black or white, whichever is easier to read on the colour. */
function readable(colour: string): string {
  const hex = /^#(..)(..)(..)/.exec(colour);
  if (!hex) return "#000";
  const [r, g, b] = hex.slice(1).map((h) => parseInt(h, 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0) > 0.18 ? "#000" : "#fff";
}

/** Names are laid out for the largest areas only: the others have no room for one. */
const NAMED = 90;

function treemap(items: Item[], paint: Paint): Options {
  const least = items.map((i) => i.value).sort((a, b) => b - a)[NAMED] ?? 0;
  const leaf = (item: Item): object => ({
    name: item.name, value: item.value, tip: item.tip,
    itemStyle: { color: colourOf(paint, item.colour), borderColor: paint.paper },
    label: item.value > least || items.length <= NAMED ? { color: readable(colourOf(paint, item.colour)) } : { show: false },
  });
  const parents = [...new Set(items.map((i) => i.parent ?? ""))];
  const data = parents.length > 1
    ? parents.map((name) => ({ name, children: items.filter((i) => (i.parent ?? "") === name).map(leaf) }))
    : items.map(leaf);
  return {
    series: [{
      type: "treemap", data, roam: false, nodeClick: false, breadcrumb: { show: false },
      left: 0, right: 0, top: 0, bottom: 0, visibleMin: 0,
      label: { ...text(paint), overflow: "truncate" },
      upperLabel: { show: parents.length > 1, height: 22, ...text(paint) },
      itemStyle: { borderWidth: 1, gapWidth: 1, borderColor: paint.grid },
    }],
  };
}

function heatmap(model: Extract<Model, { kind: "heatmap" }>, paint: Paint): Options {
  const small = model.xs.length > 40;
  const axis = { axisLine: { lineStyle: { color: paint.soft } }, axisTick: { show: false } };
  return {
    grid: { left: 8, right: 8, top: 8, bottom: 8, containLabel: true },
    xAxis: {
      type: "category", data: model.xs, ...axis,
      axisLabel: { ...text(paint), rotate: 60, interval: small ? "auto" : 0, width: 110, overflow: "truncate" },
    },
    yAxis: {
      type: "category", data: model.ys, inverse: true, ...axis,
      axisLabel: { ...text(paint), interval: small ? "auto" : 0, width: 150, overflow: "truncate" },
    },
    visualMap: {
      show: false, type: "piecewise", dimension: 2,
      pieces: [-1, ...paint.classes.keys()].map((k) => ({ value: k, color: colourOf(paint, k) })),
    },
    series: [{
      type: "heatmap", progressive: 0, itemStyle: { borderColor: paint.paper, borderWidth: small ? 0 : 1 },
      data: model.cells.map(({ x, y, item }) => ({
        value: [x, y, item.colour], tip: item.tip,
        label: { show: Boolean(item.sign), formatter: item.sign ?? "", color: paint.ink },
      })),
    }],
  };
}

function sankey(knots: string[], ties: Tie[], paint: Paint): Options {
  return {
    series: [{
      type: "sankey", left: 4, right: 170, top: 8, bottom: 8, draggable: false, nodeGap: 10,
      nodeAlign: "justify", layoutIterations: 32,
      data: knots.map((name, k) => ({ name, tip: name, itemStyle: { color: paint.series[k % paint.series.length], borderWidth: 0 } })),
      links: ties.map((t) => ({ source: t.source, target: t.target, value: t.value, tip: t.tip })),
      label: { ...text(paint), width: 160, overflow: "truncate" },
      lineStyle: { color: "source", opacity: 0.35, curveness: 0.5 },
    }],
  };
}

const EDGE = { left: 24, right: 160, top: 30, bottom: 30 };

/** Stored places brought to pixels, with one scale for both directions. */
function placesOf(knots: Knot[], width: number, height: number): Map<string, { x: number; y: number }> {
  const range = (values: number[]): [number, number] => [Math.min(...values), Math.max(...values)];
  const [x0, x1] = range(knots.map((k) => k.x ?? 0));
  const [y0, y1] = range(knots.map((k) => k.y ?? 0));
  const scale = Math.min(
    (width - EDGE.left - EDGE.right) / (x1 - x0 || 1), (height - EDGE.top - EDGE.bottom) / (y1 - y0 || 1),
  );
  return new Map(knots.map((k) => [k.id, { x: ((k.x ?? 0) - x0) * scale, y: (y1 - (k.y ?? 0)) * scale }]));
}

function network(knots: Knot[], ties: Tie[], placed: boolean, paint: Paint, width: number, height: number): Options {
  const places = placesOf(knots, width, height);
  // the box has the shape of the stored layout, so that marks are not stretched
  const wide = Math.max(1, ...[...places.values()].map((p) => p.x));
  const tall = Math.max(1, ...[...places.values()].map((p) => p.y));
  const box = placed
    ? { left: Math.max(0, (width - wide) / 2 - 15), top: EDGE.top, width: wide, height: tall }
    : { left: "center", top: 70, width: Math.min(width - 300, height - 140), height: Math.min(width - 300, height - 140) };
  const largest = Math.max(1e-12, ...knots.map((k) => k.size));
  const heaviest = Math.max(1e-12, ...ties.map((t) => t.value));
  const alike = ties.every((t) => t.value === heaviest);
  const ranked = [...knots].sort((a, b) => b.size - a.size);
  const named = new Set(ranked.slice(0, knots.length <= 40 ? 40 : 18).map((k) => k.id));
  return {
    series: [{
      type: "graph", layout: placed ? "none" : "circular", roam: false, draggable: false,
      ...box, ...(placed ? {} : { circular: { rotateLabel: true } }), labelLayout: { hideOverlap: true },
      data: knots.map((k) => ({
        id: k.id, name: k.name, tip: k.tip, symbolSize: 6 + 20 * Math.sqrt(Math.max(0, k.size) / largest),
        ...(placed ? places.get(k.id) : {}),
        symbol: ["circle", "rect", "triangle", "diamond"][k.group % 4],
        itemStyle: k.colour === undefined
          ? { color: paint.series[k.group % paint.series.length], borderColor: paint.paper, borderWidth: 1 }
          : { color: colourOf(paint, k.colour), borderColor: paint.soft, borderWidth: 1 },
        label: { show: named.has(k.id), position: "right", ...text(paint) },
      })),
      links: ties.map((t) => ({
        source: t.source, target: t.target, tip: t.tip,
        lineStyle: { width: alike ? 1 : 0.6 + 3.4 * Math.sqrt(t.value / heaviest), color: paint.soft, opacity: 0.5, curveness: 0.08 },
      })),
    }],
  };
}

function options(model: Model, paint: Paint, width: number, height: number): Options {
  const base = { animation: false, backgroundColor: "transparent", textStyle: { fontFamily: paint.font } };
  switch (model.kind) {
    case "treemap": return { ...base, ...treemap(model.items, paint) };
    case "heatmap": return { ...base, ...heatmap(model, paint) };
    case "sankey": return { ...base, ...sankey(model.knots, model.ties, paint) };
    default: return { ...base, ...network(model.knots, model.ties, model.placed, paint, width, height) };
  }
}

interface Target {
  tip: string;
  dataIndex: number;
  dataType?: "node" | "edge";
}

function targets(model: Model): Target[] {
  switch (model.kind) {
    // ECharts counts the root, and parents before their children
    case "treemap": return treemapTargets(model.items);
    case "heatmap": return model.cells.map((c, dataIndex) => ({ tip: c.item.tip, dataIndex }));
    case "sankey": return model.ties.map((t, dataIndex) => ({ tip: t.tip, dataIndex, dataType: "edge" }));
    default: return model.knots.map((k, dataIndex) => ({ tip: k.tip, dataIndex, dataType: "node" }));
  }
}

function treemapTargets(items: Item[]): Target[] {
  const parents = [...new Set(items.map((i) => i.parent ?? ""))];
  if (parents.length < 2) return items.map((i, k) => ({ tip: i.tip, dataIndex: k + 1 }));
  let at = 0;
  return parents.flatMap((name) => {
    at += 1;
    return items.filter((i) => (i.parent ?? "") === name).map((i) => {
      at += 1;
      return { tip: i.tip, dataIndex: at };
    });
  });
}

export function draw(
  host: HTMLElement, first: Model, paint: Paint, show: (tip: string | null, x: number, y: number) => void,
): Handle {
  const chart = init(host, null, { renderer: "canvas" });
  let model = first;
  let colours = paint;
  chart.setOption(options(model, colours, host.clientWidth, host.clientHeight));
  chart.on("mouseover", (event) => {
    const data = event.data as { tip?: string } | undefined;
    const at = event.event as { offsetX?: number; offsetY?: number } | undefined;
    if (data?.tip) show(data.tip, at?.offsetX ?? 0, at?.offsetY ?? 0);
  });
  chart.on("mouseout", () => show(null, 0, 0));
  let listed = targets(model);
  let at = -1;
  const light = (type: "highlight" | "downplay"): void => {
    const target = listed[at];
    if (target) chart.dispatchAction({ type, seriesIndex: 0, dataIndex: target.dataIndex, dataType: target.dataType });
  };
  return {
    resize: (width, height) => {
      if (width === chart.getWidth() && height === chart.getHeight()) return;
      chart.resize({ width, height });
      chart.setOption(options(model, colours, width, height), true);
    },
    update: (next, shades) => {
      [model, colours, listed, at] = [next, shades, targets(next), -1];
      chart.setOption(options(model, colours, chart.getWidth(), chart.getHeight()), true);
    },
    step: (by) => {
      light("downplay");
      at = Math.max(0, Math.min(listed.length - 1, at + by));
      light("highlight");
      return listed[at]?.tip ?? "";
    },
    dispose: () => chart.dispose(),
  };
}

/** The same figure as SVG text, made without touching the page. */
export function svg(model: Model, paint: Paint, width: number, height: number): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption(options(model, paint, width, height));
  const made = chart.renderToSVGString();
  chart.dispose();
  return made;
}
