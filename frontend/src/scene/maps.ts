// Maps: bubbles at centres of regions, boundaries where the user brought some, flows.
import { geoArea, geoAzimuthalEqualArea, geoGraticule, geoPath, type GeoProjection } from "d3-geo";
import { ringsOf, type Oval } from "./ovals";
import { cell } from "../core/format";
import { covers, numberAt, stateAt, textAt } from "../core/frame";
import type { Frame } from "../core/types";
import {
  circle, columnOf, groupsOf, legend, nameOf, peerAt, peerKeys, SERIES, stateKeys, stateShape, sureness, box,
  type Ctx, type Key, type Mark, type Scene, type Shape,
} from "./scene";
import { classes, distinct, widened, type Classes } from "./scale";
import { tilesOf } from "./tiles";

const MOST_FLOWS = 200;

interface Ground {
  scene: Scene;
  at(lon: number, lat: number): [number, number] | null;
  path: (feature: GeoJSON.Feature) => string;
}

/** An equal-area view of the given places with meridians and parallels. */
function ground(ctx: Ctx, places: [number, number][], keys: Key[]): Ground {
  const { width } = ctx;
  const scene: Scene = { width, height: 0, back: [], marks: [], front: [], words: [] };
  const top = legend(scene, keys, 0, 0, width - 8) + 8;
  const known = places.filter((p) => p.every(Number.isFinite));
  const [west, east] = reach(known.map((p) => p[0]));
  const [south, north] = reach(known.map((p) => p[1]));
  const tall = Math.max(280, Math.min(560, width * 0.66));
  scene.height = top + tall;
  const projection = geoAzimuthalEqualArea().rotate([-(west + east) / 2, -(south + north) / 2]);
  const corners: GeoJSON.MultiPoint = {
    type: "MultiPoint", coordinates: [[west, south], [east, south], [east, north], [west, north]],
  };
  projection.fitExtent([[28, top + 28], [width - 28, top + tall - 28]], corners);
  projection.clipExtent([[0, top], [width, top + tall]]);
  const step = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30].find((s) => Math.max(east - west, north - south) / s <= 7) ?? 45;
  const path = geoPath(projection);
  scene.back.push({ d: box(0.5, top, width - 1, tall - 0.5), kind: "sea" });
  scene.back.push({ d: path(geoGraticule().step([step, step])()) ?? "", kind: "graticule" });
  degrees(scene, projection, step, [west, east, south, north], top, tall);
  return {
    scene,
    at: (lon, lat) => (Number.isFinite(lon) && Number.isFinite(lat) ? projection([lon, lat]) : null),
    path: (feature) => path(wound(feature)) ?? "",
  };
}

function reach(values: number[]): [number, number] {
  if (values.length === 0) return [-1, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high - low < 0.2 ? [low - 0.5, high + 0.5] : [low, high];
}

function degrees(
  scene: Scene, projection: GeoProjection, step: number, [w, e, s, n]: number[], top: number, tall: number,
): void {
  const middle = ((s ?? 0) + (n ?? 0)) / 2;
  for (let lon = Math.ceil((w ?? 0) / step) * step; lon <= (e ?? 0); lon += step) {
    const at = projection([lon, middle]);
    if (at) scene.words.push({ x: at[0], y: top + tall - 6, text: degree(lon, "E", "W"), kind: "tick", anchor: "middle" });
  }
  for (let lat = Math.ceil((s ?? 0) / step) * step; lat <= (n ?? 0); lat += step) {
    const at = projection([((w ?? 0) + (e ?? 0)) / 2, lat]);
    if (at) scene.words.push({ x: 5, y: at[1] + 4, text: degree(lat, "N", "S"), kind: "tick" });
  }
}

function degree(value: number, plus: string, minus: string): string {
  const size = Number(Math.abs(value).toFixed(2));
  return `${size}°${value === 0 ? "" : value > 0 ? plus : minus}`;
}

/** A polygon that covers more than half the globe is wound the wrong way round. */
function wound(feature: GeoJSON.Feature): GeoJSON.Feature {
  if (geoArea(feature) <= 2 * Math.PI) return feature;
  const g = feature.geometry;
  const turn = (rings: GeoJSON.Position[][]): GeoJSON.Position[][] => rings.map((r) => [...r].reverse());
  if (g.type === "Polygon") return { ...feature, geometry: { ...g, coordinates: turn(g.coordinates) } };
  if (g.type === "MultiPolygon") return { ...feature, geometry: { ...g, coordinates: g.coordinates.map(turn) } };
  return feature;
}

interface Measure {
  found: Classes;
  largest: number;
}

/** Classes and largest size are of all periods: worked out once for the rows, not at every step. */
const measures = new WeakMap<Frame, Map<string, Measure>>();

function scaleOf({ view, frame, whole = frame, cuts = null }: Ctx): Measure {
  const { value, size } = view.encode;
  const key = JSON.stringify([value, size, view.reference?.value, cuts]);
  const held = measures.get(whole) ?? new Map<string, Measure>();
  measures.set(whole, held);
  const known = held.get(key);
  if (known) return known;
  const numbers = (column: string | undefined): number[] => Array.from({ length: whole.length }, (_, i) => numberAt(whole, column, i));
  const largest = numbers(size).reduce((most, v) => (Number.isFinite(v) && v > most ? v : most), 1e-12);
  const made = { found: classes(numbers(value), view.reference?.value, cuts), largest };
  held.set(key, made);
  return made;
}

export function map(ctx: Ctx): Scene {
  if (ctx.tiles) return cartogram(ctx);
  const { view, frame, say } = ctx;
  const { lon, lat, value, size } = view.encode;
  const rows = Array.from({ length: frame.length }, (_, i) => i);
  const { found, largest } = scaleOf(ctx);
  const ovals = ringsOf(ctx);
  const places = rows.map((i): [number, number] => [numberAt(frame, lon, i), numberAt(frame, lat, i)]);
  const g = ground(ctx, [...places, ...ovals.flatMap((o) => o.ring)], [...keysOf(ctx, found, rows), ...ovals.map(keyOf)]);
  const areas = areasOf(ctx);
  const most = rows.length > 1500 ? 9 : rows.length > 300 ? 14 : 20;
  const radius = (i: number): number => {
    const s = numberAt(frame, size, i);
    return size && Number.isFinite(s) ? Math.max(4, most * Math.sqrt(Math.max(0, s) / largest)) : Math.min(6, most / 2);
  };
  // boundaries of all regions are drawn, also of those without a row here
  const used = new Set(rows.map((i) => String(frame.columns[view.encode.label ?? ""]?.[i] ?? "")));
  for (const [id, area] of areas) if (size !== undefined || !used.has(id)) g.scene.back.push({ d: g.path(area), kind: "land" });
  let faint = 0;
  for (const i of [...rows].sort((a, b) => radius(b) - radius(a))) {
    const area = areas.get(String(frame.columns[view.encode.label ?? ""]?.[i] ?? ""));
    const at = g.at(...(places[i] ?? [NaN, NaN]));
    const unsure = covers(view, frame, i);
    const hidden = ctx.only === true && unsure;
    if (hidden) faint += 1;
    const kind = hidden ? "fill faint" : kindOf(ctx, found, i);
    const shapes: Shape[] = [];
    const hatch = unsure && !hidden;
    if (area && size === undefined) shapes.push({ d: g.path(area), kind: kind || "state absent", hatch });
    else if (at && kind) shapes.push({ d: circle(at[0], at[1], radius(i)), kind, hatch });
    const state = stateAt(frame, value, i);
    if (at && (!kind || state === "zero")) shapes.push(...stateShape(state, at[0], at[1]));
    const peer = peerAt(ctx, i);
    if (at && peer) shapes.push({ d: circle(at[0], at[1], radius(i) + 3), kind: peer === "own" ? "ring own" : "ring" });
    if (shapes.length > 0) g.scene.marks.push({ row: i, name: nameOf(ctx, i), shapes });
  }
  for (const [k, oval] of ovals.entries()) drawOval(g, oval, k);
  const scale = ovals[0]?.scale;
  g.scene.remark = [faint > 0 ? say("only_left", { n: faint }) : "", scale !== undefined ? say("ellipse_scale", { scale }) : ""].filter(Boolean).join(" ");
  return g.scene;
}

const TILE = 0.92;
const NAMED = 26;

/** Every region as a square of the same size, near where it lies. */
function cartogram(ctx: Ctx): Scene {
  const { view, frame, lang, say, width } = ctx;
  const { lon, lat, value, label } = view.encode;
  const rows = Array.from({ length: frame.length }, (_, i) => i);
  const { found } = scaleOf(ctx);
  const grid = tilesOf(rows.map((i) => [numberAt(frame, lon, i), numberAt(frame, lat, i)]));
  const scene: Scene = { width, height: 0, back: [], marks: [], front: [], words: [], remark: say("tiles_remark") };
  const top = legend(scene, keysOf(ctx, found, rows), 0, 0, width - 8) + 10;
  const size = Math.min((width - 8) / grid.columns, 560 / grid.rows, 64);
  const left = (width - size * grid.columns) / 2;
  scene.height = top + size * grid.rows + 8;
  // in the order of the grid, so that arrow keys and readers go from north-west to south-east
  const order = [...rows].sort((a, b) => (grid.at[a]?.[1] ?? 0) - (grid.at[b]?.[1] ?? 0) || (grid.at[a]?.[0] ?? 0) - (grid.at[b]?.[0] ?? 0));
  for (const i of order) {
    const spot = grid.at[i];
    if (!spot) continue;
    const [x, y] = [left + (spot[0] + 0.5) * size, top + (spot[1] + 0.5) * size];
    const half = (size * TILE) / 2;
    const unsure = covers(view, frame, i);
    const faint = ctx.only === true && unsure;
    const kind = faint ? "fill faint" : kindOf(ctx, found, i);
    const d = box(x - half, y - half, 2 * half, 2 * half);
    const shapes: Shape[] = kind ? [{ d, kind, hatch: unsure && !faint }] : [{ d, kind: "state absent" }];
    const state = stateAt(frame, value, i);
    if (!kind || state === "zero") shapes.push(...stateShape(state, x, y, Math.min(4, half / 2)));
    const peer = peerAt(ctx, i);
    if (peer) shapes.push({ d: box(x - half - 1, y - half - 1, 2 * half + 2, 2 * half + 2), kind: peer === "own" ? "ring own" : "ring" });
    const words = size >= NAMED ? [{ x, y: y + 4, text: tail(textAt(frame, label, i, lang), size), kind: "label small", anchor: "middle" as const }] : [];
    scene.marks.push({ row: i, name: nameOf(ctx, i), shapes, words });
  }
  return scene;
}

/** What fits on a tile; names that begin alike are told apart by their ends. */
function tail(name: string, size: number): string {
  const room = Math.max(1, Math.floor(size / 7));
  return name.length <= room ? name : (name.split(/[\s,，]+/).pop() ?? name).slice(-room);
}

function kindOf(ctx: Ctx, found: Classes, i: number): string {
  const number = numberAt(ctx.frame, ctx.view.encode.value, i);
  if (Number.isNaN(number)) return "";
  const unreliable = stateAt(ctx.frame, ctx.view.encode.value, i) === "unreliable" ? " unreliable" : "";
  const sure = ctx.certainty ? ` sure${sureness(ctx.view, ctx.frame, i)}` : " glass";
  return `fill${sure} ${found.kinds[found.of(number)] ?? "seq2"}${unreliable}`;
}

function keyOf(oval: Oval, k: number): Key {
  return { shape: (x, y) => [{ d: `M${x - 8},${y}h16`, kind: `stroke series${k % SERIES} dash${k % 4}` }], text: oval.name };
}

/** An outline of an ellipse and its centre, as a mark of its own. */
function drawOval(g: Ground, oval: Oval, k: number): void {
  const at = oval.ring.flatMap(([x, y]) => {
    const p = g.at(x, y);
    return p ? [`${p[0].toFixed(1)},${p[1].toFixed(1)}`] : [];
  });
  const centre = g.at(...oval.centre);
  if (at.length < 8 || !centre) return;
  const kind = `series${k % SERIES}`;
  g.scene.marks.push({
    row: -1, name: oval.told,
    shapes: [{ d: `M${at.join("L")}Z`, kind: `oval ${kind} dash${k % 4}` }, { d: circle(centre[0], centre[1], 4), kind: `fill ${kind}` }],
  });
}

function areasOf(ctx: Ctx): Map<string, GeoJSON.Feature> {
  const found = new Map<string, GeoJSON.Feature>();
  for (const feature of ctx.geometry?.features ?? []) {
    const id = feature.properties?.["region"] ?? feature.properties?.["id"] ?? feature.id;
    if (id !== undefined) found.set(String(id), feature);
  }
  return found;
}

function keysOf(ctx: Ctx, found: Classes, rows: number[]): Key[] {
  const { view, frame, lang, say } = ctx;
  const column = columnOf(view, view.encode.value);
  const show = distinct(found.bounds, (v, decimals) => cell(v, widened(column, decimals), lang));
  const last = found.bounds.length;
  const keys: Key[] = Array.from({ length: last + 1 }, (_, k) => ({
    shape: (x, y) => [{ d: circle(x, y, 6), kind: `fill ${found.kinds[k] ?? "seq2"}` }],
    text: last === 0 ? say("state_number")
      : k === 0 ? say("below", { value: show(found.bounds[0]) })
        : k === last ? say("above", { value: show(found.bounds[last - 1]) })
          : say("between", { low: show(found.bounds[k - 1]), high: show(found.bounds[k]) }),
  }));
  if (rows.some((i) => covers(view, frame, i))) {
    keys.push({ shape: (x, y) => [{ d: circle(x, y, 6), kind: "fill paper", hatch: true }], text: say("hatched") });
  }
  if (ctx.certainty) {
    for (const sure of [2, 1, 0] as const) {
      keys.push({ shape: (x, y) => [{ d: circle(x, y, 6), kind: `fill div4 sure${sure}` }], text: say(`sure_${sure}`) });
    }
  }
  return [...keys, ...peerKeys(ctx, rows), ...stateKeys(ctx, view.encode.value, rows)];
}

/** The strongest flows as arcs, bent to the right of their direction. */
export function flows(ctx: Ctx): Scene {
  const { view, frame, lang, say } = ctx;
  const { lon, lat, lon2, lat2, weight, label, group } = view.encode;
  const apart = (of: Frame): number[] => Array.from({ length: of.length }, (_, i) => i).filter((i) =>
    Number.isFinite(numberAt(of, weight, i)) && (numberAt(of, lon, i) !== numberAt(of, lon2, i) || numberAt(of, lat, i) !== numberAt(of, lat2, i)));
  const rows = apart(frame).sort((a, b) => numberAt(frame, weight, b) - numberAt(frame, weight, a));
  // places and widths stay as they are from period to period
  const every = ctx.whole ?? frame;
  const all = ctx.whole ? apart(every) : rows.slice(0, view.top ?? MOST_FLOWS);
  const shown = rows.slice(0, view.top ?? MOST_FLOWS);
  const groups = groupsOf(frame, group, lang);
  const ends = all.flatMap((i): [number, number][] => [
    [numberAt(every, lon, i), numberAt(every, lat, i)], [numberAt(every, lon2, i), numberAt(every, lat2, i)],
  ]);
  const keys: Key[] = groups.length > 1 ? groups.slice(0, 10).map((text, k) => ({
    shape: (x, y) => [{ d: `M${x - 8},${y}h16`, kind: `stroke series${k % SERIES} dash${k % 4}` }], text,
  })) : [];
  const g = ground(ctx, ends, keys);
  const largest = all.reduce((most, i) => Math.max(most, numberAt(every, weight, i)), 1e-12);
  const stops = new Map<string, [number, number]>();
  for (const i of [...shown].reverse()) {
    const from = g.at(numberAt(frame, lon, i), numberAt(frame, lat, i));
    const to = g.at(numberAt(frame, lon2, i), numberAt(frame, lat2, i));
    if (!from || !to || from.join() === to.join()) continue;
    stops.set(from.join(), from);
    stops.set(to.join(), to);
    g.scene.marks.push(arc(ctx, i, from, to, numberAt(frame, weight, i) / largest, groups, label));
  }
  for (const [x, y] of stops.values()) g.scene.front.push({ d: circle(x, y, 3), kind: "stop" });
  if (rows.length > shown.length) g.scene.remark = say("drawn", { shown: shown.length, n: rows.length });
  return g.scene;
}

function arc(
  ctx: Ctx, i: number, from: [number, number], to: [number, number], part: number, groups: string[], label?: string,
): Mark {
  const { view, frame, lang } = ctx;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const bend: [number, number] = [(from[0] + to[0]) / 2 - dy * 0.16, (from[1] + to[1]) / 2 + dx * 0.16];
  const k = Math.max(0, groups.indexOf(textAt(frame, view.encode.group, i, lang)));
  const thick = part > 0.5 ? "w4" : part > 0.2 ? "w3" : part > 0.08 ? "w2" : "w1";
  const d = `M${from[0].toFixed(1)},${from[1].toFixed(1)}Q${bend[0].toFixed(1)},${bend[1].toFixed(1)} ${to[0].toFixed(1)},${to[1].toFixed(1)}`;
  const name = textAt(frame, label, i, lang);
  const weight = cell(numberAt(frame, view.encode.weight, i), columnOf(view, view.encode.weight), lang);
  return {
    row: i, name: name ? `${name}: ${weight}` : nameOf(ctx, i),
    shapes: [{ d, kind: `stroke flow series${k % SERIES} ${thick}` }],
  };
}

