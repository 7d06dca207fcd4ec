// Views whose figure and table are worked out here from released rows, so that both show
// the same numbers: differences of quotients, Lorenz curves, similarity of regions, ranks
// under weights of one's own.
import type { Say } from "../texts";
import { cellAt, numberAt, textAt } from "./frame";
import { scoreboard } from "./scoreboard";
import type { Both, Cell, Column, Frame, Lang, View } from "./types";

export interface Derived {
  view: View;
  frame: Frame;
  remark: string;
}

const Z95 = 1.959964;
const MOST = 12;

export function derive(
  view: View, frame: Frame, choices: Record<string, string>, lang: Lang, say: Say, labels: Record<"en" | "zh", Say>,
): Derived | null {
  if (view.chart === "scoreboard") return scoreboard(view, frame, choices, say, labels);
  if (view.chart === "differences") return differences(view, frame, choices, lang, say, labels);
  if (view.chart === "lorenz") return lorenz(view, frame, labels);
  if (view.chart === "similarity") return similarity(view, frame, labels);
  return null;
}

type Key = "similarity" | "other_region" | "difference" | "cumulative_all" | "cumulative_own" | "diagonal";
const both = (labels: Record<"en" | "zh", Say>, key: Key): Both => ({ en: labels.en(key), zh: labels.zh(key) });

/** Quantile of the normal distribution in the upper tail (Abramowitz and Stegun 26.2.23). */
export function upperNormal(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

interface Spread {
  log: number;
  error: number;
}

function spreadOf(view: View, frame: Frame, i: number): Spread {
  const { value, lo, hi } = view.encode;
  const [v, low, high] = [value, lo, hi].map((c) => Math.log(numberAt(frame, c, i)));
  return { log: v ?? NaN, error: ((high ?? NaN) - (low ?? NaN)) / (2 * Z95) };
}

/** Compared with the mean of all other regions shown, not with one of them. */
export const REST = "mean";

type Pair = { a: string; b: string; of: Spread; from: Spread };

/** What is compared: the first region with every other, or all with the one that was chosen. */
function pairsOf(cells: Map<string, Spread>, regions: string[], ref: string): Pair[] {
  const there = regions.filter((r) => cells.has(r));
  const at = (r: string): Spread => cells.get(r) as Spread;
  if (ref === REST) return there.length < 2 ? [] : there.map((a) => ({ a, b: REST, of: at(a), from: meanOf(there.filter((r) => r !== a).map(at)) }));
  const [own = ""] = regions;
  if (!regions.includes(ref)) return cells.has(own) ? there.filter((r) => r !== own).map((b) => ({ a: own, b, of: at(own), from: at(b) })) : [];
  return cells.has(ref) ? there.filter((r) => r !== ref).map((a) => ({ a, b: ref, of: at(a), from: at(ref) })) : [];
}

/** Mean of logarithms that are independent of each other. */
function meanOf(all: Spread[]): Spread {
  const sum = all.reduce((total, one) => total + one.log, 0);
  return { log: sum / all.length, error: Math.hypot(...all.map((one) => one.error)) / all.length };
}

/** Differences of regions, industry by industry, with simultaneous intervals. */
function differences(
  view: View, frame: Frame, choices: Record<string, string>, lang: Lang, say: Say, labels: Record<"en" | "zh", Say>,
): Derived {
  const { label, group } = view.encode;
  const cells = new Map<string, Map<string, Spread>>();
  const names = new Map<string, string>([[REST, say("ref_mean")]]);
  for (let i = 0; i < frame.length; i += 1) {
    const found = spreadOf(view, frame, i);
    const region = String(cellAt(frame, group, i) ?? "");
    names.set(region, textAt(frame, group, i, lang));
    if (!Number.isFinite(found.log) || !Number.isFinite(found.error)) continue;
    const industry = textAt(frame, label, i, lang);
    cells.set(industry, (cells.get(industry) ?? new Map<string, Spread>()).set(region, found));
  }
  const regions = [...names.keys()].filter((r) => r !== REST);
  const first = regions.includes(choices.ref ?? "") ? (choices.ref ?? "") : (regions[0] ?? "");
  const pairs = [...cells].map(([industry, of]) => ({ industry, order: of.get(first)?.log ?? -Infinity, compared: pairsOf(of, regions, choices.ref ?? "") }))
    .filter(({ compared }) => compared.length > 0).sort((x, y) => y.order - x.order).slice(0, MOST)
    .flatMap(({ industry, compared }) => compared.map((pair) => ({ industry, ...pair })));
  const z = upperNormal(0.025 / Math.max(1, pairs.length));
  const columns: Record<string, Cell[]> = { industry: [], pair: [], difference: [], lower: [], upper: [] };
  for (const { industry, a, b, of, from } of pairs) {
    const [gap, half] = [of.log - from.log, z * Math.hypot(of.error, from.error)];
    const row: Record<string, Cell> = { industry, pair: say("against", { a: names.get(a) ?? a, b: names.get(b) ?? b }), difference: gap, lower: gap - half, upper: gap + half };
    for (const [name, value] of Object.entries(row)) columns[name]?.push(value);
  }
  const named = (name: string, words: Both): Column => ({ name, label: words, decimals: 3 });
  const words = (name: string | undefined): Both => view.columns.find((c) => c.name === name)?.label ?? { en: "", zh: "" };
  return {
    view: {
      ...view, chart: "dot", top: MOST, filters: view.filters ?? {}, unit: null,
      encode: { label: "industry", value: "difference", lo: "lower", hi: "upper", group: "pair" },
      columns: [
        named("industry", words(label)), named("pair", words(group)), named("difference", both(labels, "difference")),
        named("lower", words(view.encode.lo)), named("upper", words(view.encode.hi)),
      ],
      reference: { value: 0, label: { en: "no difference", zh: "无差异" } },
    },
    frame: { columns, length: pairs.length },
    remark: pairs.length > 0 ? say("pairs_adjusted", { n: pairs.length }) : "",
  };
}

/** Cosine of what the regions are made of, for every pair of them. */
function similarity(view: View, frame: Frame, labels: Record<"en" | "zh", Say>): Derived {
  const { label, group, value } = view.encode;
  const parts = new Map<string, Map<string, number>>();
  const named = new Map<string, number>();
  for (let i = 0; i < frame.length; i += 1) {
    const region = String(cellAt(frame, group, i) ?? "");
    const share = numberAt(frame, value, i);
    if (!named.has(region)) named.set(region, i);
    const own = parts.get(region) ?? new Map<string, number>();
    if (Number.isFinite(share)) own.set(String(cellAt(frame, label, i) ?? ""), share);
    parts.set(region, own);
  }
  const length = (of: Map<string, number>): number => Math.hypot(...of.values());
  const cosine = (a: Map<string, number>, b: Map<string, number>): number | null => {
    const size = length(a) * length(b);
    return size > 0 ? [...a].reduce((sum, [k, v]) => sum + v * (b.get(k) ?? 0), 0) / size : null;
  };
  const columns: Record<string, Cell[]> = { region: [], region_en: [], region_zh: [], other: [], other_en: [], other_zh: [], similarity: [] };
  const regions = [...parts.keys()];
  for (const a of regions) {
    for (const b of regions) {
      columns.region?.push(a);
      columns.other?.push(b);
      columns.similarity?.push(a === b ? 1 : cosine(parts.get(a) as Map<string, number>, parts.get(b) as Map<string, number>));
      for (const lang of ["en", "zh"] as const) {
        columns[`region_${lang}`]?.push(textAt(frame, group, named.get(a) ?? 0, lang));
        columns[`other_${lang}`]?.push(textAt(frame, group, named.get(b) ?? 0, lang));
      }
    }
  }
  const first = view.columns.find((c) => c.name === group)?.label ?? { en: "", zh: "" };
  return {
    view: {
      ...view, chart: "heatmap", top: null, unit: null, encode: { x: "region", y: "other", value: "similarity" }, labels: {},
      columns: [
        { name: "region", label: first }, { name: "other", label: both(labels, "other_region") },
        { name: "similarity", label: both(labels, "similarity"), type: "number", decimals: 3 },
      ],
    },
    frame: { columns, length: regions.length ** 2 },
    remark: "",
  };
}

/** Share of the industry against the share of everything, regions by rising quotient. */
function lorenz(view: View, frame: Frame, labels: Record<"en" | "zh", Say>): Derived {
  const { value, share } = view.encode;
  const parts = Array.from({ length: frame.length }, (_, i) => [numberAt(frame, value, i), numberAt(frame, share, i)] as const)
    .filter(([q, s]) => q > 0 && s > 0)
    .sort((a, b) => a[0] - b[0]);
  const held = parts.reduce((sum, [q, s]) => sum + s / q, 0);
  const total = parts.reduce((sum, [, s]) => sum + s, 0);
  // regions without the industry come first: they hold activity and none of it
  let [x, y] = [Math.max(0, 1 - held), 0];
  const columns: Record<string, Cell[]> = { x: [0, x], y: [0, 0], line: ["", ""] };
  for (const [q, s] of parts) {
    [x, y] = [Math.min(1, x + s / q), y + s / total];
    for (const [name, v] of [["x", x], ["y", y], ["line", ""]] as const) columns[name]?.push(v);
  }
  const n = columns.x?.length ?? 0;
  columns.line = [...new Array<Cell>(n).fill("a"), "b", "b"];
  columns.line_en = [...new Array<Cell>(n).fill(labels.en("cumulative_own")), ...new Array<Cell>(2).fill(labels.en("diagonal"))];
  columns.line_zh = [...new Array<Cell>(n).fill(labels.zh("cumulative_own")), ...new Array<Cell>(2).fill(labels.zh("diagonal"))];
  columns.x?.push(0, 1);
  columns.y?.push(0, 1);
  const share3 = (name: string, words: Both): Column => ({ name, label: words, type: "number", decimals: 4 });
  return {
    view: {
      ...view, chart: "line", top: null, unit: null, encode: { x: "x", y: "y", series: "line" },
      columns: [
        share3("line", { en: "Line", zh: "线" }), share3("x", both(labels, "cumulative_all")), share3("y", both(labels, "cumulative_own")),
      ],
    },
    frame: { columns, length: n + 2 },
    remark: "",
  };
}
