import { numberAt } from "../core/frame";
import type { ChartKind } from "../core/types";
import { ellipses, event, histogram, lines, rankSize, scatter, slope } from "./curves";
import { flows, map } from "./maps";
import { bars, dots, gauge } from "./rows";
import type { Ctx, Scene } from "./scene";
import { tree } from "./tree";

/** Kinds drawn as SVG here; the others are drawn by charts.js, tables have no figure. */
export const SCENES: Partial<Record<ChartKind, (ctx: Ctx) => Scene>> = {
  map, flowmap: flows, bar: bars, dot: dots, line: lines, event, scatter, histogram, slope,
  ellipse: ellipses, gauge, tree, ranksize: rankSize,
};

/** Whether there is anything to draw: a finite number in the column that carries the figure. */
export function drawable({ view, frame }: Pick<Ctx, "view" | "frame">): boolean {
  if (view.chart === "gauge" || view.chart === "map") return frame.length > 0;
  const e = view.encode;
  const column = e.value ?? e.y ?? e.weight ?? e.size ?? e.a;
  if (column === undefined) return frame.length > 0;
  for (let i = 0; i < frame.length; i += 1) if (Number.isFinite(numberAt(frame, column, i))) return true;
  return false;
}
