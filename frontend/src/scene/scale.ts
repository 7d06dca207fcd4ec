// Scales, ticks and classes: small pure functions.
import type { Column } from "../core/types";

export interface Scale {
  (value: number): number;
  domain: [number, number];
}

export function linear(domain: [number, number], range: [number, number]): Scale {
  const [a, b] = domain;
  const span = b - a || 1;
  const scale = (value: number): number => range[0] + ((value - a) / span) * (range[1] - range[0]);
  return Object.assign(scale, { domain });
}

/** Round steps of 1, 2 or 5 times a power of ten. */
export function ticks([a, b]: [number, number], wanted: number): number[] {
  const span = b - a;
  if (!(span > 0)) return [a];
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const found: number[] = [];
  for (let k = Math.ceil(a / step - 1e-9); k * step <= b + step * 1e-9; k += 1) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

/** Limits of the values, with room at both ends; zero is kept when asked for. */
export function limits(values: number[], withZero = false, room = 0.04): [number, number] {
  const finite = values.filter((v) => Number.isFinite(v));
  if (withZero) finite.push(0);
  if (finite.length === 0) return [0, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const v of finite) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (low === high) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const gap = (high - low) * room;
  return [withZero && low === 0 ? 0 : low - gap, withZero && high === 0 ? 0 : high + gap];
}

export interface Classes {
  bounds: number[];
  kinds: string[];
  of(value: number): number;
}

/** Other ways to make classes: equal counts or equal steps, three or five of them. */
export const CLASSES = ["count3", "count5", "step3", "step5"] as const;
/** Per cent of the values at each end that equal steps do not stretch to. */
export const TAILS = ["1", "2.5", "5"] as const;

export interface Cuts {
  by: "count" | "step";
  n: number;
  tail: number;
}

/** How classes are made, as chosen; null for the way of the figure. */
export function cutsOf(choices: Record<string, string>): Cuts | null {
  const found = CLASSES.find((c) => c === choices.classes);
  if (!found) return null;
  const tail = TAILS.find((t) => t === choices.win);
  return { by: found.startsWith("step") ? "step" : "count", n: Number(found.slice(-1)), tail: Number(tail ?? 0) };
}

/** Five classes: around a reference where there is one, equal counts otherwise, or as chosen. */
export function classes(values: number[], reference: number | undefined, cuts: Cuts | null = null): Classes {
  const sorted = values.filter((v) => Number.isFinite(v)).sort((a, b) => a - b);
  const diverging = reference !== undefined && cuts === null;
  const bounds = diverging ? around(sorted, reference) : cuts?.by === "step" ? steps(sorted, cuts) : quantiles(sorted, cuts?.n);
  // fewer classes are spread over the whole scale of colours
  const last = Math.max(1, bounds.length);
  const kinds = diverging
    ? [0, 1, 2, 3, 4].map((k) => `div${k}`)
    : bounds.length === 0 ? ["seq2"] : Array.from({ length: last + 1 }, (_, k) => `seq${Math.round((4 * k) / last)}`);
  return { bounds, kinds, of: (value) => bounds.filter((b) => value >= b).length };
}

function around(sorted: number[], reference: number): number[] {
  if (reference > 0 && (sorted[0] ?? 0) >= 0) {
    const usual = [reference / 2, reference / 1.25, reference * 1.25, reference * 2];
    const outside = sorted.filter((v) => v < (usual[0] ?? 0) || v >= (usual[3] ?? 0)).length;
    if (outside <= 0.6 * sorted.length) return usual;
    // far from the reference the same ratios up and down, wide enough to tell values apart
    const logs = sorted.filter((v) => v > 0).map((v) => Math.abs(Math.log(v / reference)));
    const widest = Math.max(...logs, Math.log(2));
    return [-0.6, -0.2, 0.2, 0.6].map((k) => reference * Math.exp(k * widest));
  }
  const far = Math.max(...sorted.map((v) => Math.abs(v - reference)), 1e-12);
  return [-0.6, -0.2, 0.2, 0.6].map((k) => reference + k * far);
}

function steps(sorted: number[], { n, tail }: Cuts): number[] {
  const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))] ?? 0;
  const [low, high] = [at(tail / 100), at(1 - tail / 100)];
  return high > low ? Array.from({ length: n - 1 }, (_, k) => low + ((k + 1) * (high - low)) / n) : [];
}

function quantiles(sorted: number[], n = 5): number[] {
  const cut = (values: number[]): number[] => {
    const bounds = Array.from({ length: n - 1 }, (_, k) => (k + 1) / n).map((q) => values[Math.floor(q * values.length)] ?? 0);
    return [...new Set(bounds)].filter((b) => b > (values[0] ?? 0));
  };
  const bounds = cut(sorted);
  // where many values are the same, the distinct ones are divided
  return bounds.length >= Math.min(3, n - 1) ? bounds : cut([...new Set(sorted)]);
}

/** The column with more digits, for bounds that lie close together. */
export function widened(column: Column | undefined, decimals: number): Column | undefined {
  const own = column?.decimals ?? 2;
  if (decimals === 0) return column;
  return { ...(column ?? { name: "", label: { en: "", zh: "" } }), decimals: own + decimals };
}

/** A printer of bounds with as many further digits as it takes to tell them apart. */
export function distinct(
  bounds: number[], print: (value: number, decimals: number) => string,
): (value: number | undefined) => string {
  const apart = (decimals: number): boolean =>
    new Set(bounds.map((b) => print(b, decimals))).size === bounds.length;
  const decimals = [0, 1, 2, 3, 4].find(apart) ?? 5;
  return (value) => print(value ?? 0, decimals);
}

/**
 * Limits for values with intervals. An interval that dwarfs the values is cut, so that the
 * values stay readable; the caller shows where.
 */
export function limitsWithin(values: number[], ends: number[], withZero: boolean): [number, number] {
  const finite = values.filter((v) => Number.isFinite(v));
  if (finite.length === 0) return limits(ends, withZero);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const span = high - low || Math.abs(high) || 1;
  const cut = ends.filter((v) => Number.isFinite(v)).map((v) => Math.max(low - 2.5 * span, Math.min(high + 2.5 * span, v)));
  return limits([...finite, ...cut], withZero);
}
