// A plot with two axes, grid, titles and the reference line.
import { cell, short } from "../core/format";
import { pick } from "../texts";
import { axisName, columnOf, cut, legend, line, type Ctx, type Key, type Scene } from "./scene";
import { linear, ticks, type Scale } from "./scale";

export interface Plot {
  scene: Scene;
  x: Scale;
  y: Scale;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Frameless {
  height: number;
  xs: [number, number];
  ys: [number, number];
  xTitle: string;
  yTitle: string;
  keys: Key[];
  /** Names of places on the x axis when it holds texts. */
  xNames?: string[];
  equal?: boolean;
}

export function plot(ctx: Ctx, spec: Frameless): Plot {
  const { lang, width } = ctx;
  const scene: Scene = { width, height: spec.height, back: [], marks: [], front: [], words: [] };
  const left = 62;
  const right = width - 16;
  const lines = legend(scene, spec.keys, left, 0, right);
  const top = lines + 22;
  const bottom = spec.height - 44;
  let { xs, ys } = spec;
  if (spec.equal) [xs, ys] = sameScale(xs, ys, right - left, bottom - top);
  const x = linear(xs, [left, right]);
  const y = linear(ys, [bottom, top]);
  for (const at of ticks(ys, 5)) {
    scene.back.push({ d: line(left, y(at), right, y(at)), kind: "grid" });
    scene.words.push({ x: left - 8, y: y(at) + 4, text: short(at, lang), kind: "tick", anchor: "end" });
  }
  scene.back.push({ d: line(left, bottom, right, bottom), kind: "axis" });
  if (spec.xNames) names(scene, spec.xNames, x, bottom, right - left);
  else numbers(ctx, scene, xs, x, bottom, width);
  scene.words.push({ x: left - 54, y: top - 10, text: cut(spec.yTitle, width - 20), kind: "title" });
  scene.words.push({ x: right, y: spec.height - 8, text: cut(spec.xTitle, right - left), kind: "title", anchor: "end" });
  return { scene, x, y, left, right, top, bottom };
}

function numbers(ctx: Ctx, scene: Scene, xs: [number, number], x: Scale, bottom: number, width: number): void {
  const column = columnOf(ctx.view, ctx.view.encode.x);
  const years = /year|period|cohort/.test(column?.name ?? ctx.view.encode.x ?? "");
  for (const at of ticks(xs, width < 480 ? 4 : 8)) {
    if (years && !Number.isInteger(at)) continue;
    scene.back.push({ d: line(x(at), bottom, x(at), bottom + 4), kind: "axis" });
    const text = years ? cell(at, { name: "year", label: { en: "", zh: "" } }, ctx.lang) : short(at, ctx.lang);
    scene.words.push({ x: x(at), y: bottom + 18, text, kind: "tick", anchor: "middle" });
  }
}

function names(scene: Scene, listed: string[], x: Scale, bottom: number, room: number): void {
  const every = Math.ceil(listed.length / Math.max(1, Math.floor(room / 70)));
  listed.forEach((text, k) => {
    if (k % every) return;
    const shown = cut(text, (room / listed.length) * every);
    scene.words.push({ x: x(k), y: bottom + 18, text: shown, kind: "tick", anchor: "middle" });
  });
}

function sameScale(
  xs: [number, number], ys: [number, number], w: number, h: number,
): [[number, number], [number, number]] {
  const unit = Math.max((xs[1] - xs[0]) / w, (ys[1] - ys[0]) / h);
  const grow = ([a, b]: [number, number], size: number): [number, number] => {
    const middle = (a + b) / 2;
    return [middle - (unit * size) / 2, middle + (unit * size) / 2];
  };
  return [grow(xs, w), grow(ys, h)];
}

/** Draw the reference as a level line with its meaning. */
export function referenceLine(ctx: Ctx, p: Plot): void {
  const reference = ctx.view.reference;
  if (!reference || reference.value < p.y.domain[0] || reference.value > p.y.domain[1]) return;
  const at = p.y(reference.value);
  p.scene.back.push({ d: line(p.left, at, p.right, at), kind: "reference" });
  p.scene.words.push({
    x: p.right, y: at - 5, text: pick(reference.label, ctx.lang), kind: "note", anchor: "end",
  });
}

export function axisTitle(ctx: Ctx, role: string): string {
  return axisName(ctx.view, ctx.view.encode[role], ctx.lang);
}
