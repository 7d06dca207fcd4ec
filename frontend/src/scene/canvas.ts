// From rows to the plain models that charts.js draws.
import { numberAt, SIGNS, stateAt, textAt } from "../core/frame";
import type { Item, Knot, Model, Tie } from "../charts/model";
import type { Frame, View } from "../core/types";
import { columnOf, groupsOf, nameOf, titleOf, widthOf, type Ctx } from "./scene";
import { cell } from "../core/format";
import { classes, type Classes } from "./scale";
import { similarOrder } from "./similar";

export interface Drawn {
  model: Model;
  height: number;
  /** Classes of the colour, for the legend. */
  classes: Classes | null;
  /** Groups of nodes, in the order of their signs. */
  groups?: string[];
  remark: string;
}

const MOST_TIES = 1500;
const MOST_AREAS = 300;

export function canvasModel(ctx: Ctx, nodes: Nodes | null): Drawn {
  switch (ctx.view.chart) {
    case "treemap": return treemap(ctx);
    case "heatmap": return heatmap(ctx);
    case "sankey": return sankey(ctx);
    default: return network(ctx, nodes);
  }
}

export interface Nodes {
  view: View;
  frame: Frame;
}

function rowsOf(ctx: Ctx, column: string | undefined): number[] {
  return Array.from({ length: ctx.frame.length }, (_, i) => i).filter((i) => Number.isFinite(numberAt(ctx.frame, column, i)));
}

const AREA_HEIGHT = 420;

function treemap(ctx: Ctx): Drawn {
  const { view, frame, lang } = ctx;
  const { label, size, color, parent } = view.encode;
  const held = rowsOf(ctx, size).filter((i) => numberAt(frame, size, i) > 0);
  // areas too small to be seen cost as much as large ones
  const rows = held.length > MOST_AREAS ? [...held].sort((a, b) => numberAt(frame, size, b) - numberAt(frame, size, a)).slice(0, MOST_AREAS) : held;
  const found = color ? classes(rows.map((i) => numberAt(frame, color, i)), view.reference?.value ?? (/^lq/.test(color) ? 1 : undefined)) : null;
  const whole = rows.map((i) => textAt(frame, label, i, lang));
  const short = ends(whole);
  const sum = rows.reduce((total, i) => total + numberAt(frame, size, i), 0);
  // a name that an area of this size has room for is not cut
  const side = (i: number): number => 0.62 * Math.sqrt((numberAt(frame, size, i) / sum) * ctx.width * AREA_HEIGHT);
  const names = rows.map((i, k) => (widthOf(whole[k] ?? "") < side(i) ? whole[k] : short[k]));
  const items = rows.map((i, k): Item => {
    const value = numberAt(frame, color, i);
    const told = color ? `, ${titleOf(view, color, lang)} ${Number.isFinite(value) ? cell(value, columnOf(view, color), lang) : ctx.say(`state_${stateAt(frame, color, i)}`)}` : "";
    return {
      row: i, name: names[k] ?? "", tip: nameOf(ctx, i) + told, value: numberAt(frame, size, i),
      colour: found && Number.isFinite(value) ? found.of(value) : color ? -1 : 2,
      ...(parent ? { parent: textAt(frame, parent, i, lang) } : {}),
    };
  });
  return { model: { kind: "treemap", items }, height: AREA_HEIGHT, classes: found, remark: held.length > rows.length ? ctx.say("drawn", { shown: rows.length, n: held.length }) : "" };
}

function heatmap(ctx: Ctx): Drawn {
  const { view, frame, lang } = ctx;
  const { x, y, value } = view.encode;
  const [first, second] = [groupsOf(frame, x, lang), groupsOf(frame, y, lang)];
  const [xs, ys] = ctx.similar ? seriated(ctx, first, second) : [first, second];
  const [ofX, ofY] = [new Map(xs.map((n, k) => [n, k])), new Map(ys.map((n, k) => [n, k]))];
  const found = classes(rowsOf(ctx, value).map((i) => numberAt(frame, value, i)), view.reference?.value);
  const cells = Array.from({ length: frame.length }, (_, i) => {
    const [a, b, v] = [textAt(frame, x, i, lang), textAt(frame, y, i, lang), numberAt(frame, value, i)];
    const shown = Number.isFinite(v) ? cell(v, columnOf(view, value), lang) : ctx.say(`state_${stateAt(frame, value, i)}`);
    const item: Item = { row: i, name: a, tip: `${b} × ${a}: ${shown}`, value: v, colour: Number.isFinite(v) ? found.of(v) : -1, sign: Number.isFinite(v) ? "" : SIGNS[stateAt(frame, value, i)] };
    return { x: ofX.get(a) ?? 0, y: ofY.get(b) ?? 0, item };
  });
  const height = Math.max(320, Math.min(760, ys.length * 22 + 150));
  return { model: { kind: "heatmap", xs: ends(xs), ys, cells }, height, classes: found, remark: "" };
}

/** Long names that begin alike are told apart by their ends, where there is little room. */
export function ends(names: string[]): string[] {
  const [first = ""] = names;
  let k = 0;
  while (k < first.length && names.every((n) => n[k] === first[k])) k += 1;
  // the last word or number is kept whole
  let at = k;
  while (at > 0 && /[A-Za-z0-9]/.test(first[at - 1] ?? "")) at -= 1;
  const short = names.map((n) => `…${n.slice(at).trim()}`);
  return names.length > 1 && widthOf(first.slice(0, at)) >= 36 && new Set(short).size === names.length ? short : names;
}

/** Rows and columns put so that alike ones are neighbours; one order for both where names agree. */
function seriated(ctx: Ctx, xs: string[], ys: string[]): [string[], string[]] {
  const { view, frame, lang } = ctx;
  const { x, y, value } = view.encode;
  const [ofX, ofY] = [new Map(xs.map((n, k) => [n, k])), new Map(ys.map((n, k) => [n, k]))];
  const table = ys.map(() => new Float64Array(xs.length));
  for (let i = 0; i < frame.length; i += 1) {
    const v = numberAt(frame, value, i);
    const row = table[ofY.get(textAt(frame, y, i, lang)) ?? -1];
    if (row && Number.isFinite(v)) row[ofX.get(textAt(frame, x, i, lang)) ?? 0] = v;
  }
  const turned = xs.map((_, k) => Float64Array.from(table, (row) => row[k] ?? 0));
  const same = xs.length === ys.length && xs.every((n) => ofY.has(n));
  if (!same) return [similarOrder(turned).map((k) => xs[k] ?? ""), similarOrder(table).map((k) => ys[k] ?? "")];
  // a square table: both directions of a name count
  const joint = ys.map((n, k) => Float64Array.from([...(table[k] ?? []), ...(turned[ofX.get(n) ?? 0] ?? [])]));
  const order = similarOrder(joint).map((k) => ys[k] ?? "");
  return [order, order];
}

function tiesOf(ctx: Ctx, named: boolean): Tie[] {
  const { view, frame, lang } = ctx;
  const { source, target, weight } = view.encode;
  const end = (column: string | undefined, i: number): string =>
    named ? textAt(frame, column, i, lang) : String(frame.columns[column ?? ""]?.[i] ?? "");
  return rowsOf(ctx, weight)
    .map((i): Tie => ({ row: i, source: end(source, i), target: end(target, i), value: numberAt(frame, weight, i), tip: nameOf(ctx, i) }))
    .sort((a, b) => b.value - a.value);
}

/** Flows between columns of names; a name on both sides is kept apart, cycles cannot be drawn. */
function sankey(ctx: Ctx): Drawn {
  // a name that flows into itself is two things of one name
  const all = tiesOf(ctx, true).filter((t) => t.value > 0).map((t) => (t.source === t.target ? { ...t, target: `${t.target} ` } : t));
  const sources = new Set(all.map((t) => t.source));
  const looped = cyclic(all);
  const ties = all.slice(0, 120).map((t) => (looped && sources.has(t.target) ? { ...t, target: `${t.target} ` } : t));
  const knots = [...new Set(ties.flatMap((t) => [t.source, t.target]))];
  const height = Math.max(300, Math.min(720, knots.length * 26));
  const remark = all.length > ties.length ? ctx.say("drawn", { shown: ties.length, n: all.length }) : "";
  return { model: { kind: "sankey", knots, ties }, height, classes: null, remark };
}

function cyclic(ties: Tie[]): boolean {
  const next = new Map<string, string[]>();
  for (const t of ties) next.set(t.source, [...(next.get(t.source) ?? []), t.target]);
  const state = new Map<string, 1 | 2>();
  const visit = (name: string): boolean => {
    if (state.get(name) === 1) return true;
    if (state.get(name) === 2) return false;
    state.set(name, 1);
    const found = (next.get(name) ?? []).some(visit);
    state.set(name, 2);
    return found;
  };
  return [...next.keys()].some(visit);
}

function network(ctx: Ctx, nodes: Nodes | null): Drawn {
  const all = tiesOf(ctx, false);
  const ties = all.slice(0, MOST_TIES);
  const names = namesOf(ctx);
  const strength = new Map<string, number>();
  for (const t of all) {
    strength.set(t.source, (strength.get(t.source) ?? 0) + t.value);
    strength.set(t.target, (strength.get(t.target) ?? 0) + t.value);
  }
  const given = nodes ? knotsOf(ctx, nodes, strength) : [];
  const known = new Set(given.map((k) => k.id));
  const tied = new Set(ties.flatMap((t) => [t.source, t.target]));
  const others = [...tied].filter((id) => !known.has(id)).sort().map((id): Knot => {
    const name = names.get(id) ?? id;
    return { row: -1, id, name, x: null, y: null, size: strength.get(id) ?? 0, group: 0, tip: name };
  });
  const placed = given.length > 0 && given.every((k) => k.x !== null && k.y !== null) && others.length === 0;
  const knots = placed || given.length === 0 ? [...given, ...others] : [...given.filter((k) => tied.has(k.id)), ...others];
  const remark = all.length > ties.length ? ctx.say("drawn", { shown: ties.length, n: all.length }) : "";
  const shade = shadeOf(ctx);
  if (shade) {
    const coloured = knots.map((k): Knot => {
      const value = shade.of.get(k.id);
      return { ...k, group: 0, colour: value === undefined ? -1 : shade.classes.of(value), tip: `${k.tip}, ${shade.title} ${value === undefined ? "–" : cell(value, shade.column, ctx.lang)}` };
    });
    const told = ctx.say("shade", { title: shade.title });
    return { model: { kind: "network", knots: coloured, ties, placed }, height: 540, classes: shade.classes, remark: [told, remark].filter(Boolean).join(" ") };
  }
  const groups = nodes ? groupsOf(nodes.frame, groupColumn(nodes), ctx.lang) : [];
  return { model: { kind: "network", knots, ties, placed }, height: 540, classes: null, groups, remark };
}

interface Shade {
  of: Map<string, number>;
  classes: Classes;
  title: string;
  column: View["columns"][number] | undefined;
}

/** Values that colour the nodes, from the view that the figure names in its role `shade`. */
function shadeOf(ctx: Ctx): Shade | null {
  const beside = ctx.beside?.shade;
  if (!beside) return null;
  const { view, frame } = beside;
  const { label, value } = view.encode;
  const of = new Map<string, number>();
  for (let i = 0; i < frame.length; i += 1) {
    const v = numberAt(frame, value, i);
    if (Number.isFinite(v)) of.set(String(frame.columns[label ?? ""]?.[i] ?? ""), v);
  }
  return { of, classes: classes([...of.values()], view.reference?.value), title: titleOf(view, value, ctx.lang), column: columnOf(view, value) };
}

function namesOf(ctx: Ctx): Map<string, string> {
  const names = new Map<string, string>();
  for (const column of [ctx.view.encode.source, ctx.view.encode.target]) {
    for (let i = 0; i < ctx.frame.length; i += 1) {
      const id = String(ctx.frame.columns[column ?? ""]?.[i] ?? "");
      names.set(id, textAt(ctx.frame, column, i, ctx.lang));
    }
  }
  return names;
}

function groupColumn({ view, frame }: Nodes): string | undefined {
  return ["group", "community", "tier", "role", view.encode.group ?? ""].find((c) => frame.columns[c]);
}

function knotsOf(ctx: Ctx, { view, frame }: Nodes, strength: Map<string, number>): Knot[] {
  const has = (...wanted: string[]): string | undefined => wanted.find((c) => frame.columns[c]);
  const e = view.encode;
  const id = has("id", "node", "region", "industry", "name", e.label ?? "") ?? Object.keys(frame.columns)[0];
  const [x, y] = [has("x", "lon"), has("y", "lat")];
  const size = has("size", "strength", "employment", "degree", e.size ?? "");
  const group = groupColumn({ view, frame });
  const label = has("label") ?? id;
  const groups = groupsOf(frame, group, ctx.lang);
  return Array.from({ length: frame.length }, (_, i): Knot => {
    const key = String(frame.columns[id ?? ""]?.[i] ?? "");
    const [a, b] = [numberAt(frame, x, i), numberAt(frame, y, i)];
    const name = textAt(frame, label, i, ctx.lang);
    const s = numberAt(frame, size, i);
    const told = group ? `, ${titleOf(view, group, ctx.lang)} ${textAt(frame, group, i, ctx.lang)}` : "";
    return {
      row: i, id: key, name, x: Number.isFinite(a) ? a : null, y: Number.isFinite(b) ? b : null,
      size: Number.isFinite(s) ? s : (strength.get(key) ?? 0),
      group: Math.max(0, groups.indexOf(textAt(frame, group, i, ctx.lang))), tip: name + told,
    };
  });
}
