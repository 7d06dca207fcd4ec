// A figure is a scene: paths and texts. Chart functions make scenes from rows; one
// component draws them. Nothing here touches the page.
import { cellAt, covers, numberAt, stateAt, textAt, valueColumn, nameColumn, type State } from "../core/frame";
import { cell } from "../core/format";
import { bracketed, pick, series, type Say } from "../texts";
import type { Cuts } from "./scale";
import type { Frame, Lang, View } from "../core/types";

export interface Shape {
  d: string;
  kind: string;
  hatch?: boolean;
}

export interface Words {
  x: number;
  y: number;
  text: string;
  kind: string;
  anchor?: "start" | "middle" | "end";
  turn?: number;
}

/** One datum: what is drawn for a row, and how it is called. */
export interface Mark {
  row: number;
  name: string;
  shapes: Shape[];
  words?: Words[];
}

/** What is said of a row beside its mark: names and values, up to nine. */
export function linesOf({ view, frame, lang }: Ctx, row: number): [string, string][] {
  if (row < 0) return [];
  return view.columns.slice(0, 9).flatMap((column): [string, string][] => {
    const raw = frame.columns[column.name]?.[row];
    const text = typeof raw === "string" ? textAt(frame, column.name, row, lang) : cell(raw, column, lang);
    return text ? [[titleOf(view, column.name, lang), text]] : [];
  });
}

const TELL_APART = ["label", "source", "target", "series", "group", "x"] as const;

/** What tells a row from the others of a figure, in codes; numbers on an axis where lines are drawn. */
export function keyOf({ encode, chart }: View, frame: Frame, row: number): string {
  const lines = chart === "line" || chart === "event" || chart === "slope" || chart === "heatmap";
  return TELL_APART.filter((role) => encode[role] && (role !== "x" || lines))
    .map((role) => String(cellAt(frame, encode[role], row) ?? "")).join("~");
}

export interface Scene {
  width: number;
  height: number;
  back: Shape[];
  marks: Mark[];
  front: Shape[];
  words: Words[];
  /** Sentence under the figure, for example how many rows are left out. */
  remark?: string;
}

export interface Ctx {
  view: View;
  frame: Frame;
  lang: Lang;
  say: Say;
  width: number;
  geometry: GeoJSON.FeatureCollection | null;
  /** Rows of all periods, where `frame` holds those of one: classes and sizes stay put. */
  whole?: Frame;
  /** Colours say how certain values are, too. */
  certainty?: boolean;
  /** Every place is a square of the same size instead of a bubble. */
  tiles?: boolean;
  /** What cannot be told from the reference is drawn faint. */
  only?: boolean;
  /** How classes of colours are made, where it was chosen. */
  cuts?: Cuts | null;
  /** Order of rows and columns of a heat map. */
  similar?: boolean;
  /** Codes of the peer group and of the region it belongs to. */
  peers?: { own: string; of: Set<string> } | null;
  /** Rows of the other views that the figure names in its roles, by role. */
  beside?: Record<string, { view: View; frame: Frame }>;
}

/** Whether the row is the chosen region, one of its peers, or neither. */
export function peerAt(ctx: Ctx, i: number): "" | "own" | "peer" {
  const { view, frame, peers } = ctx;
  const label = view.encode.label ?? "";
  if (!peers || view.labels?.[label] !== "regions") return "";
  const code = String(frame.columns[label]?.[i] ?? "");
  return code === peers.own ? "own" : peers.of.has(code) ? "peer" : "";
}

/** How certain a value is by the width of its interval: 2 firm, 1 fair, 0 loose or unknown. */
export function sureness(view: View, frame: Frame, i: number): 0 | 1 | 2 {
  const { value, lo, hi } = view.encode;
  const wide = (numberAt(frame, hi, i) - numberAt(frame, lo, i)) / Math.abs(numberAt(frame, value, i));
  return wide <= 0.5 ? 2 : wide <= 1.5 ? 1 : 0;
}

/** Legend entries of the peer group, where there is one among the rows. */
export function peerKeys(ctx: Ctx, rows: number[]): Key[] {
  const found = new Set(rows.map((i) => peerAt(ctx, i)));
  const keys: Key[] = [];
  if (found.has("own")) keys.push({ shape: (x, y) => [{ d: circle(x, y, 6), kind: "ring own" }], text: ctx.say("own_region") });
  if (found.has("peer")) keys.push({ shape: (x, y) => [{ d: circle(x, y, 6), kind: "ring" }], text: ctx.say("peer") });
  return keys;
}

export const SERIES = 6;

export function circle(x: number, y: number, r: number): string {
  const [a, b] = [r.toFixed(2), (2 * r).toFixed(2)];
  return `M${(x - r).toFixed(2)},${y.toFixed(2)}a${a},${a} 0 1,0 ${b},0a${a},${a} 0 1,0 -${b},0Z`;
}

export function box(x: number, y: number, w: number, h: number): string {
  return `M${x.toFixed(2)},${y.toFixed(2)}h${w.toFixed(2)}v${h.toFixed(2)}h${(-w).toFixed(2)}Z`;
}

export function line(x1: number, y1: number, x2: number, y2: number): string {
  return `M${x1.toFixed(2)},${y1.toFixed(2)}L${x2.toFixed(2)},${y2.toFixed(2)}`;
}

/** A mark whose outline tells series apart without colour. */
export function symbol(x: number, y: number, r: number, series: number): string {
  switch (series % 4) {
    case 1:
      return box(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
    case 2:
      return `M${x},${y - r * 1.2}L${x + r * 1.1},${y + r * 0.8}L${x - r * 1.1},${y + r * 0.8}Z`;
    case 3:
      return `M${x},${y - r * 1.25}L${x + r * 1.25},${y}L${x},${y + r * 1.25}L${x - r * 1.25},${y}Z`;
    default:
      return circle(x, y, r);
  }
}

/** The sign of a value that is no plain number, drawn where the value would stand. */
export function stateShape(state: State, x: number, y: number, r = 4): Shape[] {
  switch (state) {
    case "zero":
      return [{ d: circle(x, y, r), kind: "state zero" }];
    case "confidential":
      return [{ d: box(x - r, y - r, 2 * r, 2 * r), kind: "state confidential", hatch: true }];
    case "undefined":
      return [{ d: line(x - r, y - r, x + r, y + r) + line(x - r, y + r, x + r, y - r), kind: "state cross" }];
    case "not_available":
      return [{ d: circle(x, y, r), kind: "state absent" }];
    default:
      return [];
  }
}

const WIDE = /[⺀-鿿豈-﫿︰-﹏＀-￯]/g;

/** Width of a text in 12 px type, near enough to lay out. */
export function widthOf(text: string, size = 12): number {
  const wide = text.match(WIDE)?.length ?? 0;
  return (wide + (text.length - wide) * 0.56) * size;
}

export function cut(text: string, width: number, size = 12): string {
  if (widthOf(text, size) <= width) return text;
  let shorter = text;
  while (shorter.length > 1 && widthOf(`${shorter}…`, size) > width) shorter = shorter.slice(0, -1);
  return `${shorter}…`;
}

export function columnOf(view: View, name: string | undefined): View["columns"][number] | undefined {
  return view.columns.find((c) => c.name === name);
}

export function titleOf(view: View, name: string | undefined, lang: Lang): string {
  const column = columnOf(view, name);
  if (!column) return name?.replaceAll("_", " ") ?? "";
  const unit = pick(column.unit, lang);
  const label = pick(column.label, lang);
  return unit && unit.toLowerCase() !== label.toLowerCase() ? bracketed(label, unit, lang) : label;
}

/** What an axis is called: a column that is only called value is named by what it measures. */
export function axisName(view: View, name: string | undefined, lang: Lang): string {
  return name === "value" && view.unit ? pick(view.unit, lang) : titleOf(view, name, lang);
}

/** The accessible name of a row: label, value, interval, state. */
export function nameOf(ctx: Ctx, i: number): string {
  const { view, frame, lang, say } = ctx;
  const value = valueColumn(view);
  const { source, target } = view.encode;
  const label = source && target
    ? say("tie", { source: textAt(frame, source, i, lang), target: textAt(frame, target, i, lang) })
    : textAt(frame, nameColumn(view), i, lang);
  const state = stateAt(frame, value, i);
  const number = numberAt(frame, value, i);
  const shown = Number.isNaN(number)
    ? say(`state_${state}`)
    : `${titleOf(view, value, lang)} ${cell(number, columnOf(view, value), lang)}`;
  const parts = [label, shown, intervalOf(ctx, i)];
  const peer = peerAt(ctx, i);
  if (peer) parts.push(say(peer === "own" ? "own_region" : "peer"));
  if (covers(view, frame, i)) parts.push(say("hatched"));
  if (state === "unreliable") parts.push(say("state_unreliable"));
  return series(parts, lang);
}

function intervalOf({ view, frame, lang, say }: Ctx, i: number): string {
  const { lo, hi } = view.encode;
  const [low, high] = [numberAt(frame, lo, i), numberAt(frame, hi, i)];
  if (Number.isNaN(low) || Number.isNaN(high)) return "";
  const column = columnOf(view, lo);
  return say("to", { lo: cell(low, column, lang), hi: cell(high, column, lang) });
}

/** Distinct groups in order of appearance. */
export function groupsOf(frame: Frame, column: string | undefined, lang: Lang): string[] {
  if (!column) return [];
  const seen = new Set<string>();
  for (let i = 0; i < frame.length; i += 1) seen.add(textAt(frame, column, i, lang));
  return [...seen];
}

/** The groups as a legend names them: yes and no need their question. */
export function groupWords(ctx: Ctx, column: string | undefined, groups: string[]): string[] {
  const cells = ctx.frame.columns[column ?? ""] ?? [];
  const yesNo = cells.some((c) => typeof c === "boolean");
  return yesNo ? groups.map((g) => `${titleOf(ctx.view, column, ctx.lang)}: ${g}`) : groups;
}

export interface Key {
  shape: (x: number, y: number) => Shape[];
  text: string;
}

/** Lay a legend out in lines from the left; gives its height. */
export function legend(scene: Pick<Scene, "front" | "words">, keys: Key[], x0: number, y0: number, right: number): number {
  if (keys.length === 0) return 0;
  let [x, y] = [x0, y0 + 8];
  for (const key of keys) {
    const need = 20 + widthOf(key.text, 12) + 14;
    if (x > x0 && x + need > right) {
      x = x0;
      y += 20;
    }
    scene.front.push(...key.shape(x + 7, y));
    scene.words.push({ x: x + 18, y: y + 4, text: cut(key.text, right - x0 - 20), kind: "key" });
    x += need;
  }
  return y + 14 - y0;
}

/** Legend entries of the states that occur among these rows. */
export function stateKeys(ctx: Ctx, column: string | undefined, rows: number[]): Key[] {
  const found = new Set(rows.map((i) => stateAt(ctx.frame, column, i)));
  const keys: Key[] = (["zero", "not_available", "confidential", "undefined"] as const)
    .filter((state) => found.has(state))
    .map((state) => ({ shape: (x, y) => stateShape(state, x, y), text: ctx.say(`state_${state}`) }));
  if (!found.has("unreliable")) return keys;
  const sign: Key["shape"] = (x, y) => [{ d: circle(x, y, 5), kind: "fill paper unreliable" }];
  return [...keys, { shape: sign, text: ctx.say("state_unreliable") }];
}

export function reasonable(values: number[]): number[] {
  return values.filter((v) => Number.isFinite(v));
}
