// Ranks under weights of the reader's own, from released scores of pillars.
import type { Derived } from "./derive";
import { cellAt, numberAt, textAt } from "./frame";
import type { Say } from "../texts";
import type { Both, Cell, Frame, View } from "./types";

export const NORMS = ["given", "minmax", "rank", "z"] as const;
export const AGGREGATIONS = ["arithmetic", "geometric", "harmonic"] as const;
export type Norm = (typeof NORMS)[number];
export type Aggregation = (typeof AGGREGATIONS)[number];
/** Largest weight that can be set; what counts is their ratio. */
export const HEAVIEST = 10;

export interface Pillar {
  code: string;
  label: Both;
}

interface Board {
  pillars: Pillar[];
  units: string[];
  /** Row of each unit that names it, its scores by pillar, and its released index. */
  row: number[];
  scores: number[][];
  index: number[];
}

/** Scores by unit and pillar; the rows of the highest level are the released index. */
export function boardOf(view: View, frame: Frame): Board {
  const { label, group, value, level } = view.encode;
  const levels = Array.from({ length: frame.length }, (_, i) => numberAt(frame, level, i));
  const top = levels.reduce((most, v) => Math.max(most, v), -Infinity);
  const pillars = new Map<string, Pillar>();
  const units = new Map<string, { row: number; scores: Map<string, number>; index: number }>();
  for (let i = 0; i < frame.length; i += 1) {
    const unit = String(cellAt(frame, label, i) ?? "");
    const own = units.get(unit) ?? { row: i, scores: new Map<string, number>(), index: NaN };
    units.set(unit, own);
    const code = String(cellAt(frame, group, i) ?? "");
    if (levels[i] === top) own.index = numberAt(frame, value, i);
    else if (levels[i] === top - 1) {
      own.scores.set(code, numberAt(frame, value, i));
      if (!pillars.has(code)) pillars.set(code, { code, label: { en: textAt(frame, group, i, "en"), zh: textAt(frame, group, i, "zh") } });
    }
  }
  const listed = [...pillars.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
  const all = [...units.values()];
  return {
    pillars: listed, units: [...units.keys()], row: all.map((u) => u.row), index: all.map((u) => u.index),
    scores: all.map((u) => listed.map((p) => u.scores.get(p.code) ?? NaN)),
  };
}

/** Weights of an address, `pillar:number` with commas between; a pillar that is not named counts 1. */
export function weightsOf(pillars: Pillar[], text: string | undefined): number[] {
  const given = new Map((text ?? "").split(",").map((part): [string, number] => {
    const at = part.lastIndexOf(":");
    return [part.slice(0, at), Number(part.slice(at + 1))];
  }));
  return pillars.map(({ code }) => {
    const weight = given.get(code);
    return weight !== undefined && Number.isFinite(weight) ? Math.max(0, Math.min(HEAVIEST, weight)) : 1;
  });
}

/** The other way round; equal weights need no words. */
export function weightsText(pillars: Pillar[], weights: number[]): string {
  return weights.every((w) => w === 1) ? "" : pillars.map((p, k) => `${p.code}:${weights[k]}`).join(",");
}

/** Scores of one pillar made comparable; ranks are of the units that have a score. */
export function normed(values: number[], norm: Norm): number[] {
  const known = values.filter((v) => Number.isFinite(v));
  if (norm === "given" || known.length === 0) return values;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (norm === "minmax") return values.map((v) => (high > low ? (100 * (v - low)) / (high - low) : NaN));
  if (norm === "rank") {
    return values.map((v) => (Number.isFinite(v) ? (100 * (known.filter((o) => o < v).length + known.filter((o) => o === v).length / 2)) / known.length : NaN));
  }
  const mean = known.reduce((sum, v) => sum + v, 0) / known.length;
  const spread = Math.sqrt(known.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (known.length - 1));
  return values.map((v) => (spread > 0 ? 100 + (10 * (v - mean)) / spread : NaN));
}

/** A weighted mean; those with logarithms or reciprocals need scores above zero. */
export function aggregate(scores: number[], weights: number[], how: Aggregation): number {
  const total = weights.reduce((sum, w) => sum + w, 0);
  if (!(total > 0)) return NaN;
  const mean = (of: (v: number) => number): number => scores.reduce((sum, v, k) => (weights[k] ? sum + (weights[k] ?? 0) * of(v) : sum), 0) / total;
  if (how === "arithmetic") return mean((v) => v);
  if (scores.some((v, k) => weights[k] && !(v > 0))) return NaN;
  return how === "geometric" ? Math.exp(mean(Math.log)) : 1 / mean((v) => 1 / v);
}

/** Places from the largest down; equal numbers share the best place, no number has none. */
export function placesOf(values: number[]): number[] {
  const sorted = values.filter((v) => Number.isFinite(v)).sort((a, b) => b - a);
  const first = new Map<number, number>();
  sorted.forEach((v, k) => {
    if (!first.has(v)) first.set(v, k + 1);
  });
  return values.map((v) => first.get(v) ?? NaN);
}

const one = <T extends string>(values: readonly T[], text: string | undefined): T => values.find((v) => v === text) ?? (values[0] as T);
export const normOf = (text: string | undefined): Norm => one(NORMS, text);
export const aggregationOf = (text: string | undefined): Aggregation => one(AGGREGATIONS, text);

export function scoreboard(view: View, frame: Frame, choices: Record<string, string>, say: Say, labels: Record<"en" | "zh", Say>): Derived {
  const board = boardOf(view, frame);
  const weights = weightsOf(board.pillars, choices.weights);
  const [norm, how] = [normOf(choices.norm), aggregationOf(choices.agg)];
  const columnsOf = board.pillars.map((_, k) => normed(board.scores.map((s) => s[k] ?? NaN), norm));
  const own = board.units.map((_, i) => aggregate(columnsOf.map((c) => c[i] ?? NaN), weights, how));
  const [now, before] = [placesOf(own), placesOf(board.index)];
  const order = board.units.map((_, i) => i).sort((a, b) => (now[a] || Infinity) - (now[b] || Infinity) || a - b);
  const label = view.encode.label ?? "";
  const number = (v: number | undefined): Cell => (v !== undefined && Number.isFinite(v) ? v : null);
  const pillars = Object.fromEntries(board.pillars.map((p, k): [string, Cell[]] => [p.code, order.map((i) => number(columnsOf[k]?.[i]))]));
  const named = Object.fromEntries(["", "_en", "_zh"].flatMap((end): [string, Cell[]][] =>
    frame.columns[label + end] ? [[label + end, order.map((i) => cellAt(frame, label + end, board.row[i] ?? 0))]] : []));
  const columns: Record<string, Cell[]> = {
    ...named,
    own_index: order.map((i) => number(own[i])), own_rank: order.map((i) => number(now[i])),
    released_rank: order.map((i) => number(before[i])),
    rank_change: order.map((i) => number((before[i] ?? NaN) - (now[i] ?? NaN))), ...pillars,
  };
  const both = (key: "own_index" | "own_rank" | "released_rank" | "rank_change"): Both => ({ en: labels.en(key), zh: labels.zh(key) });
  const first = view.columns.find((c) => c.name === label);
  const lost = own.filter((v) => !Number.isFinite(v)).length;
  const moved = order.filter((i) => Number.isFinite(now[i]) && now[i] !== before[i]).length;
  return {
    view: {
      ...view, chart: "dot", encode: { label, value: "own_index" }, order: "own_rank", filters: view.filters ?? {},
      columns: [
        ...(first ? [first] : []),
        { name: "own_index", label: both("own_index"), type: "number", decimals: 2 },
        { name: "own_rank", label: both("own_rank"), type: "integer" },
        { name: "released_rank", label: both("released_rank"), type: "integer" },
        { name: "rank_change", label: both("rank_change"), type: "integer" },
        ...board.pillars.map((p) => ({ name: p.code, label: p.label, type: "number" as const, decimals: 2 })),
      ],
    },
    frame: { columns, length: order.length },
    remark: say("scoreboard_remark", { moved, n: order.length }) + (lost > 0 ? ` ${say("scoreboard_lost", { n: lost })}` : ""),
  };
}
