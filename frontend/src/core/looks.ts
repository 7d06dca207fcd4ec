// How rows are looked at: what is drawn of them, and which of them. Applied to rows that are
// there; files hold all rows.
import { splitCodes } from "./codes";
import { cellAt, numberAt, take } from "./frame";
import type { Both, Frame, Look, Pick, View } from "./types";

/** Values offered where a look names none. */
const STEPS = 6;

export const looksOf = (view: View): Look[] => view.looks ?? [];

/** The view with the measures that were chosen. */
export function measured(view: View, choices: Record<string, string>): View {
  return looksOf(view).filter((look) => look.kind === "measure").reduce((of, look) => {
    const at = look.picks.findIndex((p) => p.value === chosen(look, choices));
    return at > 0 ? withPick(of, look.picks[at] as Pick) : of;
  }, view);
}

function withPick(view: View, pick: Pick): View {
  const encode = Object.fromEntries(Object.entries({ ...view.encode, ...pick.encode }).filter(([, column]) => column !== ""));
  return {
    ...view, encode, order: pick.order || (view.order ?? ""), unit: pick.unit ?? view.unit ?? null,
    uncertainty: pick.uncertainty ?? view.uncertainty ?? null,
    reference: pick.compared ? (view.reference ?? null) : null,
  };
}

/** Said of a look that leaves rows out unless told otherwise. */
export const ALL = "all";

/** What the address says of a look, else what it begins with. */
export const chosen = (look: Look, choices: Record<string, string>): string => choices[look.id] || look.default;

/** The looks that leave rows out, as chosen; values that do not apply are no choice. */
export function limits(view: View, choices: Record<string, string>): [Look, string][] {
  return looksOf(view).flatMap((look): [Look, string][] => {
    const value = chosen(look, choices);
    if (look.kind === "measure" || look.kind === "against" || value === "" || value === ALL) return [];
    const number = look.kind !== "one" && look.kind !== "several";
    return number && !Number.isFinite(Number(value)) ? [] : [[look, value]];
  });
}

/** The rows that the looks leave; a code that no row has leaves all, a limit may leave none. */
export function limited(view: View, frame: Frame, choices: Record<string, string>): Frame {
  let places = Array.from({ length: frame.length }, (_, i) => i);
  for (const [look, value] of limits(view, choices)) {
    const kept = KEEPS[look.kind]?.(frame, look, value, places) ?? places;
    if (kept.length > 0 || look.kind === "at_least" || look.kind === "at_most") places = kept;
  }
  return places.length === frame.length ? frame : take(frame, places);
}

type Keep = (frame: Frame, look: Look, value: string, places: number[]) => number[];

const KEEPS: Partial<Record<Look["kind"], Keep>> = {
  one: (frame, { column, blank }, value, places) => places.filter((i) => {
    const cell = cellAt(frame, column, i);
    return cell === null || cell === "" ? blank : String(cell) === value;
  }),
  several: (frame, { column }, value, places) => {
    const wanted = new Set(splitCodes(value));
    return places.filter((i) => wanted.has(String(cellAt(frame, column, i) ?? "")));
  },
  at_least: (frame, { column }, value, places) => places.filter((i) => numberAt(frame, column, i) >= Number(value)),
  at_most: (frame, { column }, value, places) => places.filter((i) => numberAt(frame, column, i) <= Number(value)),
  heaviest,
};

/** The largest numbers that together make up a share of the sum, ties included. */
function heaviest(frame: Frame, { column }: Look, value: string, places: number[]): number[] {
  const weights = places.map((i) => numberAt(frame, column, i)).filter((w) => w > 0).sort((a, b) => b - a);
  const wanted = (weights.reduce((sum, w) => sum + w, 0) * Number(value)) / 100;
  let [sum, least] = [0, Infinity];
  for (const w of weights) {
    if (sum >= wanted * (1 - 1e-12)) break;
    [sum, least] = [sum + w, w];
  }
  return places.filter((i) => numberAt(frame, column, i) >= least);
}

/** What can be chosen: as declared, else the values of the column, few steps of numbers. */
export function picksOf(look: Look, view: View, frame: Frame): { value: string; label: Both }[] {
  if (look.picks.length > 0 && look.kind !== "against") return look.picks;
  const column = view.columns.find((c) => c.name === look.column);
  const first = new Map<string, number>();
  for (let i = 0; i < frame.length; i += 1) {
    const cell = cellAt(frame, look.column, i);
    if (cell !== null && cell !== "" && !first.has(String(cell))) first.set(String(cell), i);
  }
  const values = [...first.keys()].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  const kept = look.kind === "at_least" || look.kind === "at_most" || look.kind === "heaviest" ? spread(values) : values;
  const listed = kept.map((value) => {
    const at = first.get(value) ?? 0;
    const named = (lang: "en" | "zh"): string => String(column?.words?.[value]?.[lang] ?? cellAt(frame, `${look.column}_${lang}`, at) ?? value);
    return { value, label: { en: named("en"), zh: named("zh") } };
  });
  return [...listed, ...look.picks];
}

/** Few of many values, evenly through them. */
function spread(values: string[]): string[] {
  const numbers = values.filter((v) => Number.isFinite(Number(v))).sort((a, b) => Number(a) - Number(b));
  if (numbers.length <= STEPS) return numbers;
  return Array.from({ length: STEPS }, (_, k) => numbers[Math.round(((k + 1) * (numbers.length - 1)) / STEPS)] ?? "");
}

/** Keys of all looks of the views of a page. */
export const lookKeys = (views: View[]): string[] => [...new Set(views.flatMap((v) => looksOf(v).map((l) => l.id)))];
