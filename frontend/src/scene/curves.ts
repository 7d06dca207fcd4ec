// Lines, event studies, scatter plots, slopes, histograms, ellipses.
import { series } from "../texts";
import { cell } from "../core/format";
import { cellAt, covers, numberAt, stateAt, textAt } from "../core/frame";
import {
  circle, columnOf, cut, groupsOf, groupWords, line, nameOf, peerAt, peerKeys, SERIES, symbol, widthOf, type Ctx, type Key, type Scene,
} from "./scene";
import { axisTitle, plot, referenceLine, type Plot } from "./axes";
import { limits, linear } from "./scale";

const HEIGHT = 360;

function seriesKeys(groups: string[], ctx: Ctx): Key[] {
  const keys: Key[] = groups.length > 1
    ? groups.slice(0, 12).map((text, k) => ({
      shape: (x, y) => [
        { d: line(x - 8, y, x + 8, y), kind: `stroke series${k % SERIES}` },
        { d: symbol(x, y, 4, k), kind: `fill series${k % SERIES}` },
      ],
      text,
    }))
    : [];
  const { view, frame, say } = ctx;
  const any = Array.from({ length: frame.length }, (_, i) => i).some((i) => covers(view, frame, i));
  if (any) keys.push({ shape: (x, y) => [{ d: circle(x, y, 4), kind: "fill series0 hollow" }], text: say("hatched") });
  return keys;
}

interface Along {
  at: number[];
  names?: string[];
  span: [number, number];
}

/** Places along x: numbers as they are, texts in order of appearance. */
function along(ctx: Ctx): Along {
  const { view, frame, lang } = ctx;
  const x = view.encode.x;
  const places = Array.from({ length: frame.length }, (_, i) => i);
  if (places.some((i) => typeof cellAt(frame, x, i) === "string")) {
    const names = groupsOf(frame, x, lang);
    const at = places.map((i) => names.indexOf(textAt(frame, x, i, lang)));
    return { at, names, span: [-0.5, names.length - 0.5] };
  }
  const at = places.map((i) => numberAt(frame, x, i));
  return { at, span: limits(at, false, 0.03) };
}

export function lines(ctx: Ctx): Scene {
  return curves(ctx, "line");
}

export function event(ctx: Ctx): Scene {
  return curves(ctx, "event");
}

function curves(ctx: Ctx, style: "line" | "event"): Scene {
  const { view, frame, lang } = ctx;
  const { y, lo, hi, series } = view.encode;
  const groups = groupsOf(frame, series, lang);
  const x = along(ctx);
  const all = Array.from({ length: frame.length }, (_, i) => i);
  const numbers = all.flatMap((i) => [y, lo, hi].map((c) => numberAt(frame, c, i)));
  if (view.reference) numbers.push(view.reference.value);
  if (style === "event") numbers.push(0);
  const p = plot(ctx, {
    height: HEIGHT, xs: x.span, ys: limits(numbers), xTitle: axisTitle(ctx, "x"),
    yTitle: axisTitle(ctx, "y"), keys: seriesKeys(groups, ctx), ...(x.names ? { xNames: x.names } : {}),
  });
  if (style === "event") eventLines(p, x.names !== undefined);
  referenceLine(ctx, p);
  const lists = groups.length > 0 ? groups : [""];
  lists.forEach((group, k) => {
    const rows = all
      .filter((i) => (series ? textAt(frame, series, i, lang) === group : true))
      .filter((i) => Number.isFinite(x.at[i]))
      .sort((a, b) => (x.at[a] ?? 0) - (x.at[b] ?? 0));
    const shift = style === "event" ? (k - (lists.length - 1) / 2) * 5 : 0;
    draw(ctx, p, style, rows, x.at, k, shift);
  });
  return p.scene;
}

function eventLines(p: Plot, named: boolean): void {
  p.scene.back.push({ d: line(p.left, p.y(0), p.right, p.y(0)), kind: "axis" });
  if (named || p.x.domain[0] >= -0.5 || p.x.domain[1] <= -0.5) return;
  p.scene.back.push({ d: line(p.x(-0.5), p.top, p.x(-0.5), p.bottom), kind: "reference" });
}

function draw(
  ctx: Ctx, p: Plot, style: "line" | "event", rows: number[], at: number[], k: number, shift: number,
): void {
  const { view, frame } = ctx;
  const { y, lo, hi } = view.encode;
  const place = (i: number): number => p.x(at[i] ?? 0) + shift;
  const known = rows.filter((i) => Number.isFinite(numberAt(frame, y, i)));
  if (style === "line") {
    const banded = known.filter((i) => Number.isFinite(numberAt(frame, lo, i)) && Number.isFinite(numberAt(frame, hi, i)));
    if (banded.length > 1) {
      const up = banded.map((i) => `${place(i).toFixed(2)},${p.y(numberAt(frame, hi, i)).toFixed(2)}`);
      const down = banded.map((i) => `${place(i).toFixed(2)},${p.y(numberAt(frame, lo, i)).toFixed(2)}`).reverse();
      p.scene.back.push({ d: `M${[...up, ...down].join("L")}Z`, kind: `band series${k % SERIES}` });
    }
    const points = known.map((i) => `${place(i).toFixed(2)},${p.y(numberAt(frame, y, i)).toFixed(2)}`);
    if (points.length > 1) p.scene.back.push({ d: `M${points.join("L")}`, kind: `stroke series${k % SERIES} dash${k % 4}` });
  }
  const r = style === "event" ? 4.5 : known.length > 60 ? 2 : 3.5;
  for (const i of known) {
    const [low, high] = [numberAt(frame, lo, i), numberAt(frame, hi, i)];
    const whisker = style === "event" && Number.isFinite(low) && Number.isFinite(high)
      ? [{ d: line(place(i), p.y(low), place(i), p.y(high)), kind: `whisker series${k % SERIES}` }]
      : [];
    const kind = `fill series${k % SERIES}${covers(view, frame, i) ? " hollow" : ""}`;
    p.scene.marks.push({
      row: i,
      name: `${textAt(frame, view.encode.x, i, ctx.lang)}: ${nameOf(ctx, i)}`,
      shapes: [...whisker, { d: symbol(place(i), p.y(numberAt(frame, y, i)), r, k), kind }],
    });
  }
}

export function scatter(ctx: Ctx): Scene {
  const { view, frame, lang } = ctx;
  const { x, y, label, size, group } = view.encode;
  const groups = groupsOf(frame, group, lang);
  const rows = Array.from({ length: frame.length }, (_, i) => i)
    .filter((i) => Number.isFinite(numberAt(frame, x, i)) && Number.isFinite(numberAt(frame, y, i)));
  const ys = rows.map((i) => numberAt(frame, y, i));
  if (view.reference) ys.push(view.reference.value);
  const p = plot(ctx, {
    height: 400, xs: limits(rows.map((i) => numberAt(frame, x, i))), ys: limits(ys),
    xTitle: axisTitle(ctx, "x"), yTitle: axisTitle(ctx, "y"), keys: [...seriesKeys(groupWords(ctx, group, groups), ctx), ...peerKeys(ctx, rows)],
  });
  referenceLine(ctx, p);
  const largest = Math.max(1e-12, ...rows.map((i) => numberAt(frame, size, i)).filter(Number.isFinite));
  const radius = (i: number): number => {
    const s = numberAt(frame, size, i);
    return size && Number.isFinite(s) ? 3 + 13 * Math.sqrt(Math.max(0, s) / largest) : 4.5;
  };
  rows.sort((a, b) => radius(b) - radius(a));
  for (const i of rows) {
    const k = Math.max(0, groups.indexOf(textAt(frame, group, i, lang)));
    const unreliable = stateAt(frame, y, i) === "unreliable" ? " unreliable" : "";
    const [atX, atY] = [p.x(numberAt(frame, x, i)), p.y(numberAt(frame, y, i))];
    const peer = peerAt(ctx, i);
    const ring = peer ? [{ d: circle(atX, atY, radius(i) + 3), kind: peer === "own" ? "ring own" : "ring" }] : [];
    p.scene.marks.push({
      row: i, name: nameOf(ctx, i),
      shapes: [{ d: symbol(atX, atY, radius(i), k), kind: `fill glass series${k % SERIES}${unreliable}` }, ...ring],
    });
  }
  // all names where there is room, else those of the largest marks
  if (rows.length <= 24 || size) labels(ctx, p, rows.slice(0, 24), x, y, label);
  return p.scene;
}

/** Names beside points, each only where it covers no earlier one. */
function labels(ctx: Ctx, p: Plot, rows: number[], x?: string, y?: string, label?: string): void {
  const taken: [number, number, number][] = [];
  for (const i of rows) {
    const text = cut(textAt(ctx.frame, label, i, ctx.lang), 110);
    const [a, b, w] = [p.x(numberAt(ctx.frame, x, i)) + 8, p.y(numberAt(ctx.frame, y, i)) - 6, widthOf(text)];
    const free = a + w < p.right + 10 && taken.every(([c, d, v]) => Math.abs(d - b) > 14 || a > c + v || c > a + w);
    if (!free) continue;
    taken.push([a, b, w]);
    p.scene.words.push({ x: a, y: b, text, kind: "note" });
  }
}

/** Two or more periods side by side, one line per label. */
export function slope(ctx: Ctx): Scene {
  const { view, frame, lang } = ctx;
  const { x, y, label } = view.encode;
  const names = groupsOf(frame, label, lang);
  const wide = names.length === frame.length;
  const stops = wide ? [axisTitle(ctx, "x"), axisTitle(ctx, "y")] : groupsOf(frame, x, lang).sort();
  const numbers = Array.from({ length: frame.length }, (_, i) => i).flatMap((i) =>
    wide ? [numberAt(frame, x, i), numberAt(frame, y, i)] : [numberAt(frame, y, i)]);
  const p = plot(ctx, {
    height: 400, xs: [-0.35, stops.length - 0.35], ys: limits(numbers), xNames: stops, xTitle: "",
    yTitle: wide ? "" : axisTitle(ctx, "y"), keys: [],
  });
  const taken: number[] = [];
  names.slice(0, view.top ?? 25).forEach((name, k) => {
    const rows = Array.from({ length: frame.length }, (_, i) => i).filter((i) => textAt(frame, label, i, lang) === name);
    const points = wide
      ? rows.flatMap((i) => [[0, numberAt(frame, x, i), i], [1, numberAt(frame, y, i), i]])
      : rows.map((i) => [stops.indexOf(textAt(frame, x, i, lang)), numberAt(frame, y, i), i]);
    const drawn = points.filter(([, v]) => Number.isFinite(v)).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
    if (drawn.length === 0) return;
    // a line is broken where a period between is not known
    const path = drawn.map(([s, v], at) => `${at > 0 && (s ?? 0) === (drawn[at - 1]?.[0] ?? 0) + 1 ? "L" : "M"}${p.x(s ?? 0).toFixed(2)},${p.y(v ?? 0).toFixed(2)}`).join("");
    const kind = `series${k % SERIES}`;
    const column = columnOf(view, y);
    const said = drawn.map(([s, v]) => `${stops[s ?? 0]} ${cell(v ?? null, column, lang)}`);
    p.scene.marks.push({
      row: drawn[0]?.[2] ?? 0, name: `${name}: ${series(said, lang)}`,
      shapes: [
        { d: path, kind: `stroke ${kind} dash${k % 4}` },
        ...drawn.map(([s, v]) => ({ d: symbol(p.x(s ?? 0), p.y(v ?? 0), 4, k), kind: `fill ${kind}` })),
      ],
    });
    const last = drawn[drawn.length - 1];
    const at = p.y(last?.[1] ?? 0);
    if (taken.some((t) => Math.abs(t - at) < 13)) return;
    taken.push(at);
    const from = p.x(last?.[0] ?? 0) + 9;
    p.scene.words.push({ x: from, y: at + 4, text: cut(name, p.right - from + 12), kind: "note" });
  });
  return p.scene;
}

/** Counts of a value in equal bins, the observed value as a line. */
export function histogram(ctx: Ctx): Scene {
  const { view, frame, lang, say } = ctx;
  const { value, observed, count } = view.encode;
  const rows = Array.from({ length: frame.length }, (_, i) => i).filter((i) => Number.isFinite(numberAt(frame, value, i)));
  const numbers = rows.map((i) => numberAt(frame, value, i));
  const seen = observedOf(ctx);
  const [low, high] = limits(numbers, false, 0);
  const times = (i: number): number => (count ? Math.max(0, numberAt(frame, count, i) || 0) : 1);
  const whole = rows.reduce((sum, i) => sum + times(i), 0);
  const bins = Math.max(1, Math.min(40, Math.ceil(Math.sqrt(whole)), count ? new Set(numbers).size : 40));
  const wide = (high - low) / bins || 1;
  const counts = new Array<number>(bins).fill(0);
  for (const i of rows) {
    const k = Math.min(bins - 1, Math.floor((numberAt(frame, value, i) - low) / wide));
    counts[k] = (counts[k] ?? 0) + times(i);
  }
  const p = plot(ctx, {
    height: 300, xs: limits(seen === undefined ? [low, high] : [low, high, seen]),
    ys: [0, Math.max(1, ...counts) * 1.08], xTitle: axisTitle(ctx, "value"), yTitle: say("density"), keys: [],
  });
  const column = columnOf(view, value);
  counts.forEach((n, k) => {
    const [from, to] = [low + k * wide, low + (k + 1) * wide];
    const range = say("to", { lo: cell(from, column, lang), hi: cell(to, column, lang) });
    const d = `M${p.x(from) + 0.5},${p.y(0)}V${p.y(n)}H${p.x(to) - 0.5}V${p.y(0)}Z`;
    p.scene.marks.push({ row: -1, name: `${range}: ${n}`, shapes: [{ d, kind: "fill series4" }] });
  });
  if (seen !== undefined) {
    const at = p.x(seen);
    p.scene.front.push({ d: line(at, p.top - 6, at, p.bottom), kind: "observed" });
    const text = say("observed", { value: cell(seen, columnOf(view, observed) ?? column, lang) });
    const flip = at + widthOf(text) > p.right;
    p.scene.words.push({ x: at + (flip ? -6 : 6), y: p.top + 4, text, kind: "label", anchor: flip ? "end" : "start" });
  }
  return p.scene;
}

/** The observed value: in a column of its own, or in the view that stands beside. */
function observedOf(ctx: Ctx): number | undefined {
  const { view, frame } = ctx;
  const own = Array.from({ length: frame.length }, (_, i) => numberAt(frame, view.encode.observed, i)).find(Number.isFinite);
  const other = ctx.beside?.against;
  if (own !== undefined || !other) return own;
  const column = other.frame.columns.observed ? "observed" : "value";
  return Array.from({ length: other.frame.length }, (_, i) => numberAt(other.frame, column, i)).find(Number.isFinite);
}

/** Size against rank, both on logarithmic scales. */
export function rankSize(ctx: Ctx): Scene {
  const { view, frame, lang } = ctx;
  const { value, label, group } = view.encode;
  const rows = Array.from({ length: frame.length }, (_, i) => i)
    .filter((i) => numberAt(frame, value, i) > 0)
    .sort((a, b) => numberAt(frame, value, b) - numberAt(frame, value, a));
  const groups = groupsOf(frame, group, lang);
  const size = (i: number): number => Math.log10(numberAt(frame, value, i));
  const p = plot(ctx, {
    height: 360, xs: limits(rows.map((_, k) => Math.log10(k + 1))), ys: limits(rows.map(size)),
    xTitle: `log10 ${ctx.say("rank")}`, yTitle: `log10 ${axisTitle(ctx, "value")}`, keys: [...seriesKeys(groups, ctx), ...peerKeys(ctx, rows)],
  });
  rows.forEach((i, k) => {
    const series = Math.max(0, groups.indexOf(textAt(frame, group, i, lang)));
    p.scene.marks.push({
      row: i, name: `${k + 1}: ${nameOf(ctx, i)}`,
      shapes: [{ d: symbol(p.x(Math.log10(k + 1)), p.y(size(i)), 4, series), kind: `fill series${series % SERIES}` }],
    });
    if (k < 8) p.scene.words.push({ x: p.x(Math.log10(k + 1)) + 7, y: p.y(size(i)) - 5, text: cut(textAt(frame, label, i, lang), 130), kind: "note" });
  });
  return p.scene;
}

/** Ellipses in the plane of the data, both axes at the same scale. */
export function ellipses(ctx: Ctx): Scene {
  const { view, frame, lang } = ctx;
  const { cx, cy, a, b, angle, label } = view.encode;
  const rows = Array.from({ length: frame.length }, (_, i) => i)
    .filter((i) => [cx, cy, a, b].every((c) => Number.isFinite(numberAt(frame, c, i))));
  const reach = (i: number): number => Math.max(numberAt(frame, a, i), numberAt(frame, b, i));
  const spread = (c: string | undefined): number[] =>
    rows.flatMap((i) => [numberAt(frame, c, i) - reach(i), numberAt(frame, c, i) + reach(i)]);
  const p = plot(ctx, {
    height: 440, xs: limits(spread(cx)), ys: limits(spread(cy)), xTitle: axisTitle(ctx, "cx"),
    yTitle: axisTitle(ctx, "cy"), keys: [], equal: true,
  });
  const unit = linear([0, p.x.domain[1] - p.x.domain[0]], [0, p.right - p.left]);
  rows.forEach((i, k) => {
    const [x, y] = [p.x(numberAt(frame, cx, i)), p.y(numberAt(frame, cy, i))];
    const kind = `series${k % SERIES}`;
    const d = oval(x, y, unit(numberAt(frame, a, i)), unit(numberAt(frame, b, i)), numberAt(frame, angle, i) || 0);
    p.scene.marks.push({
      row: i, name: nameOf(ctx, i),
      shapes: [{ d, kind: `oval ${kind} dash${k % 4}` }, { d: symbol(x, y, 4, k), kind: `fill ${kind}` }],
    });
    p.scene.words.push({ x: x + 8, y: y - 6, text: cut(textAt(frame, label, i, lang), 140), kind: "note" });
  });
  return p.scene;
}

/** An ellipse as two arcs; the angle is in degrees from the x axis, against the clock. */
function oval(x: number, y: number, a: number, b: number, degrees: number): string {
  const turn = (-degrees * Math.PI) / 180;
  const [dx, dy] = [a * Math.cos(turn), a * Math.sin(turn)];
  const arc = `A${a.toFixed(2)},${b.toFixed(2)} ${(-degrees).toFixed(2)} 1,1 `;
  return `M${(x - dx).toFixed(2)},${(y - dy).toFixed(2)}${arc}${(x + dx).toFixed(2)},${(y + dy).toFixed(2)}${arc}${(x - dx).toFixed(2)},${(y - dy).toFixed(2)}Z`;
}
