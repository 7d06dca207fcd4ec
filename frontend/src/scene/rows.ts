// Bars, dots and gauges: one line per label, from top to bottom.
import { cell, short } from "../core/format";
import { covers, numberAt, stateAt, textAt } from "../core/frame";
import { pick, series } from "../texts";
import {
  box, circle, columnOf, cut, groupsOf, groupWords, legend, line, nameOf, peerAt, peerKeys, SERIES, stateKeys, stateShape,
  axisName, symbol, widthOf, type Ctx, type Key, type Mark, type Scene, type Shape,
} from "./scene";
import { limitsWithin, linear, ticks, type Scale } from "./scale";

const MOST = 40;
const STEP = 24;

interface Lines {
  labels: string[];
  rows: number[][];
  total: number;
}

function linesOf(ctx: Ctx): Lines {
  const { view, frame, lang } = ctx;
  const at = new Map<string, number[]>();
  for (let i = 0; i < frame.length; i += 1) {
    const label = textAt(frame, view.encode.label, i, lang);
    at.set(label, [...(at.get(label) ?? []), i]);
  }
  // the chosen region and its peers are always among the lines
  const most = view.top ?? MOST;
  const shown = [...at].filter(([, rows], k) => k < most || peerAt(ctx, rows[0] as number) !== "");
  return { labels: shown.map(([label]) => label), rows: shown.map(([, rows]) => rows), total: at.size };
}

export function bars(ctx: Ctx): Scene {
  return lined(ctx, "bar");
}

export function dots(ctx: Ctx): Scene {
  return lined(ctx, "dot");
}

function lined(ctx: Ctx, style: "bar" | "dot"): Scene {
  const { view, frame, lang, say, width } = ctx;
  const { value, lo, hi, group } = view.encode;
  const lines = linesOf(ctx);
  const all = lines.rows.flat();
  const groups = groupsOf(frame, group, lang);
  const scene: Scene = { width, height: 0, back: [], marks: [], front: [], words: [] };
  const left = Math.min(width * 0.42, Math.max(60, ...lines.labels.map((l) => widthOf(l))) + (ctx.peers ? 32 : 14));
  const right = width - 20;
  const top = legend(scene, keysOf(ctx, groups, all, style), 0, 0, right) + 24;
  const deep = Math.max(1, ...lines.rows.map((r) => r.length));
  const step = Math.max(STEP, Math.min(deep, 6) * 12 + 8);
  const bottom = top + lines.labels.length * step;
  const numbers = all.map((i) => numberAt(frame, value, i));
  const ends = all.flatMap((i) => [lo, hi].map((c) => numberAt(frame, c, i)));
  const reference = view.reference?.value;
  if (reference !== undefined) numbers.push(reference);
  const x = linear(limitsWithin(numbers, ends, style === "bar"), [left + 8, right]);
  axis(scene, x, top, bottom, width, lang);
  if (reference !== undefined) {
    scene.back.push({ d: line(x(reference), top - 4, x(reference), bottom), kind: "reference" });
    const label = pick(view.reference?.label, lang);
    const end = x(reference) + widthOf(label) > right;
    scene.words.push({ x: x(reference) + (end ? -4 : 4), y: top - 8, text: label, kind: "note", anchor: end ? "end" : "start" });
  }
  lines.labels.forEach((label, k) => {
    const middle = top + (k + 0.5) * step;
    const rows = lines.rows[k] ?? [];
    const peer = rows.length > 0 ? peerAt(ctx, rows[0] as number) : "";
    const sign = peer === "own" ? "◉ " : peer === "peer" ? "○ " : "";
    scene.words.push({ x: left, y: middle + 4, text: cut(sign + label, left - 6), kind: peer === "own" ? "label strong" : "label", anchor: "end" });
    rows.forEach((i, j) => {
      const y = middle + (j - (rows.length - 1) / 2) * Math.min(12, (step - 8) / rows.length);
      const series = Math.max(0, groups.indexOf(textAt(frame, group, i, lang)));
      scene.marks.push(mark(ctx, style, i, x, y, series, rows.length > 1 ? 8 : 14));
    });
  });
  scene.height = bottom + 46;
  scene.words.push({ x: right, y: bottom + 38, text: cut(axisName(view, value, lang), right), kind: "title", anchor: "end" });
  const [least, most] = x.domain;
  if (ends.some((v) => v < least || v > most)) scene.remark = say("arrows");
  if (lines.total > lines.labels.length) {
    scene.remark = [scene.remark, say("drawn", { shown: lines.labels.length, n: lines.total })].filter(Boolean).join(" ");
  }
  return scene;
}

function axis(scene: Scene, x: Scale, top: number, bottom: number, width: number, lang: Ctx["lang"]): void {
  for (const at of ticks(x.domain, width < 480 ? 3 : 6)) {
    scene.back.push({ d: line(x(at), top, x(at), bottom), kind: "grid" });
    scene.words.push({ x: x(at), y: bottom + 18, text: short(at, lang), kind: "tick", anchor: "middle" });
  }
  scene.back.push({ d: line(x.domain[0] === 0 ? x(0) : x(x.domain[0]), bottom, x(x.domain[1]), bottom), kind: "axis" });
}

function mark(
  ctx: Ctx, style: "bar" | "dot", i: number, x: Scale, y: number, series: number, thick: number,
): Mark {
  const { view, frame } = ctx;
  const { value, lo, hi } = view.encode;
  const state = stateAt(frame, value, i);
  const number = numberAt(frame, value, i);
  const shapes: Shape[] = [];
  if (Number.isNaN(number)) {
    shapes.push(...stateShape(state, x(x.domain[0]) + 8, y));
    return { row: i, name: nameOf(ctx, i), shapes };
  }
  const unsure = covers(view, frame, i);
  const kind = `series${series % SERIES}${state === "unreliable" ? " unreliable" : ""}`;
  if (state === "zero") shapes.push(...stateShape("zero", x(0), y));
  else if (style === "bar") {
    const from = Math.min(x(0), x(number));
    shapes.push({ d: box(from, y - thick / 2, Math.abs(x(number) - x(0)), thick), kind: `fill ${kind}`, hatch: unsure });
  } else {
    shapes.push({ d: symbol(x(number), y, 5, series), kind: `fill ${kind}${unsure ? " hollow" : ""}` });
  }
  const [low, high] = [numberAt(frame, lo, i), numberAt(frame, hi, i)];
  if (!Number.isNaN(low) && !Number.isNaN(high)) {
    const [from, to] = [x(Math.max(low, x.domain[0])), x(Math.min(high, x.domain[1]))];
    const left = low < x.domain[0] ? `M${from + 6},${y - 4}L${from},${y}L${from + 6},${y + 4}` : line(from, y - 3, from, y + 3);
    const right = high > x.domain[1] ? `M${to - 6},${y - 4}L${to},${y}L${to - 6},${y + 4}` : line(to, y - 3, to, y + 3);
    shapes.unshift({ d: line(from, y, to, y) + left + right, kind: `whisker ${style === "bar" ? "on-bar" : kind}` });
    if (style === "bar") shapes.push(shapes.shift() as Shape);
  }
  return { row: i, name: nameOf(ctx, i), shapes };
}

function keysOf(ctx: Ctx, groups: string[], rows: number[], style: "bar" | "dot"): Key[] {
  const { view, frame, say } = ctx;
  // groups of rows that are not drawn need no sign
  const drawn = new Set(rows.map((i) => textAt(frame, view.encode.group, i, ctx.lang)));
  const keys: Key[] = groups.length > 1
    ? groupWords(ctx, view.encode.group, groups).map((text, k): Key => ({
      shape: (x, y) => [{ d: symbol(x, y, 5, style === "dot" ? k : 1), kind: `fill series${k % SERIES}` }],
      text,
    })).filter((_, k) => drawn.has(groups[k] ?? "")).slice(0, 12)
    : [];
  if (rows.some((i) => covers(view, frame, i))) {
    keys.push({
      shape: (x, y) => style === "bar"
        ? [{ d: box(x - 7, y - 5, 14, 10), kind: "fill series0", hatch: true }]
        : [{ d: circle(x, y, 5), kind: "fill series0 hollow" }],
      text: say("hatched"),
    });
  }
  return [...keys, ...peerKeys(ctx, rows), ...stateKeys(ctx, view.encode.value, rows)];
}

const VERDICTS: [RegExp, "pass" | "fail" | "not_testable"][] = [
  [/^(pass|passed|yes|true|met)$/i, "pass"],
  [/^(fail|failed|no|false|not met)$/i, "fail"],
  [/not.?testable|untestable|unknown|missing/i, "not_testable"],
];

/** Elements of a test, each with a sign, a word and, between 0 and 1, a bar. */
export function gauge(ctx: Ctx): Scene {
  const { view, frame, lang, say, width } = ctx;
  const { label, value, state } = view.encode;
  const step = 46;
  const scene: Scene = { width, height: Math.min(frame.length, MOST) * step + 8, back: [], marks: [], front: [], words: [] };
  for (let i = 0; i < Math.min(frame.length, MOST); i += 1) {
    const y = i * step + 26;
    const told = textAt(frame, state, i, lang);
    const verdict = VERDICTS.find(([pattern]) => pattern.test(String(frame.columns[state ?? ""]?.[i] ?? "")))?.[1];
    const number = numberAt(frame, value, i);
    const word = verdict ? say(verdict) : told;
    const shown = Number.isNaN(number) ? "" : cell(number, columnOf(view, value), lang);
    const shapes: Shape[] = [{ d: box(1, y - 20, width - 2, 40), kind: "card" }, ...verdictShape(verdict, 22, y)];
    if (number >= 0 && number <= 1) {
      shapes.push({ d: box(width * 0.56, y - 5, width * 0.24, 10), kind: "track" });
      shapes.push({ d: box(width * 0.56, y - 5, width * 0.24 * number, 10), kind: "fill series0" });
    }
    scene.marks.push({
      row: i,
      name: series([textAt(frame, label, i, lang), word, shown], lang),
      shapes,
      words: [
        { x: 42, y: y - 1, text: cut(textAt(frame, label, i, lang), width * 0.5 - 42), kind: "label" },
        { x: 42, y: y + 14, text: word, kind: "note" },
        { x: width - 14, y: y + 4, text: shown, kind: "label", anchor: "end" },
      ],
    });
  }
  if (frame.length > MOST) scene.remark = say("drawn", { shown: MOST, n: frame.length });
  return scene;
}

function verdictShape(verdict: "pass" | "fail" | "not_testable" | undefined, x: number, y: number): Shape[] {
  if (verdict === "pass") return [{ d: circle(x, y, 10), kind: "fill good" }, { d: `M${x - 5},${y}l4,4l7,-8`, kind: "glyph" }];
  if (verdict === "fail") {
    return [
      { d: box(x - 9, y - 9, 18, 18), kind: "fill bad" },
      { d: line(x - 4, y - 4, x + 4, y + 4) + line(x - 4, y + 4, x + 4, y - 4), kind: "glyph" },
    ];
  }
  return [{ d: circle(x, y, 10), kind: "state absent" }];
}
