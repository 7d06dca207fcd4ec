// Columns of a view: reading roles, states of values, filtering, sorting.
import type { Cell, Frame, Lang, View } from "./types";

export const STATES = [
  "number", "zero", "not_available", "confidential", "undefined", "unreliable",
] as const;
export type State = (typeof STATES)[number];

/** Signs of the states in tables and figures. */
export const SIGNS: Record<State, string> = {
  number: "", zero: "0", not_available: ":", confidential: ":c", undefined: "×", unreliable: "u",
};

export function frameOf(columns: Record<string, Cell[]>): Frame {
  const length = Math.max(0, ...Object.values(columns).map((c) => c.length));
  return { columns, length };
}

/** Turn rows into columns. */
export function frameOfRows(rows: Record<string, Cell>[]): Frame {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns: Record<string, Cell[]> = {};
  for (const name of names) columns[name] = rows.map((row) => row[name] ?? null);
  return { columns, length: rows.length };
}

/** Keep the rows at these places, in this order. */
export function take(frame: Frame, places: number[]): Frame {
  const columns: Record<string, Cell[]> = {};
  for (const [name, cells] of Object.entries(frame.columns)) {
    columns[name] = places.map((i) => cells[i] ?? null);
  }
  return { columns, length: places.length };
}

export function cellAt(frame: Frame, column: string | undefined, i: number): Cell {
  return column === undefined ? null : (frame.columns[column]?.[i] ?? null);
}

/** Give a number or NaN; texts that look like numbers stay texts. */
export function numberAt(frame: Frame, column: string | undefined, i: number): number {
  const value = cellAt(frame, column, i);
  return typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : NaN;
}

/**
 * Give the text of a cell; codes with names (`<column>_en`, `<column>_zh`) are shown by
 * their name, a missing name by the one in the other language, then by the code.
 */
export function textAt(frame: Frame, column: string | undefined, i: number, lang: Lang): string {
  if (column === undefined) return "";
  const named = frame.columns[`${column}_${lang}`] !== undefined;
  const own = cellAt(frame, `${column}_${lang}`, i);
  const other = named ? (own ?? cellAt(frame, `${column}_${lang === "en" ? "zh" : "en"}`, i)) : null;
  const value = other ?? cellAt(frame, column, i);
  if (typeof value === "boolean") return { en: ["no", "yes"], zh: ["否", "是"] }[lang][+value] ?? "";
  return value === null ? "" : String(value);
}

/** Say in which of the six states the drawn value of a row is. */
export function stateAt(frame: Frame, column: string | undefined, i: number): State {
  const told = cellAt(frame, "status", i);
  const value = cellAt(frame, column, i);
  if (typeof told === "string" && (STATES as readonly string[]).includes(told)) {
    if (told === "number" && value === null) return "not_available";
    if (told === "number" && value === 0) return "zero";
    return told as State;
  }
  if (value === null) return "not_available";
  return value === 0 ? "zero" : "number";
}

/** The column of the value that a view is about. */
export function valueColumn(view: View): string | undefined {
  const e = view.encode;
  return e.value ?? e.y ?? e.weight ?? e.size;
}

export function nameColumn(view: View): string | undefined {
  const e = view.encode;
  return e.label ?? e.series ?? e.source ?? e.x;
}

/** Give codes that have words in both languages columns of names, as codes of places have. */
export function withWords(frame: Frame, view: View): Frame {
  const columns = { ...frame.columns };
  for (const { name, words } of view.columns) {
    const cells = frame.columns[name];
    if (!words || !cells) continue;
    for (const lang of ["en", "zh"] as const) {
      columns[`${name}_${lang}`] ??= cells.map((c) => (c === null ? null : (words[String(c)]?.[lang] ?? String(c))));
    }
  }
  return { columns, length: frame.length };
}

/** Distinct values of a column, in order. */
export function valuesOf(frame: Frame, column: string | undefined): string[] {
  const seen = new Set((frame.columns[column ?? ""] ?? []).filter((v) => v !== null && v !== "").map(String));
  return [...seen].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
}

/** The value asked for, or the nearest there is; the last where nothing was asked. */
export function nearestOf(values: string[], wanted: string | undefined): string {
  const last = values[values.length - 1] ?? "";
  if (!wanted) return last;
  if (values.includes(wanted)) return wanted;
  const at = Number(wanted);
  if (!Number.isFinite(at)) return last;
  return values.reduce((best, v) => (Math.abs(Number(v) - at) < Math.abs(Number(best) - at) ? v : best), last);
}

/** Rows where a column has this value. */
export function only(frame: Frame, column: string, value: string): Frame {
  const cells = frame.columns[column] ?? [];
  const places: number[] = [];
  for (let i = 0; i < frame.length; i += 1) if (String(cells[i] ?? "") === value) places.push(i);
  return take(frame, places);
}

/** Rows whose number in a column is at most this; rows without a number are left out. */
export function atMost(frame: Frame, column: string, most: number): Frame {
  const places: number[] = [];
  for (let i = 0; i < frame.length; i += 1) if (numberAt(frame, column, i) <= most) places.push(i);
  return take(frame, places);
}

/** Rows of several frames, one after the other. */
export function joined(frames: Frame[]): Frame {
  const names = [...new Set(frames.flatMap((f) => Object.keys(f.columns)))];
  const columns: Record<string, Cell[]> = {};
  for (const name of names) {
    columns[name] = frames.flatMap((f) => f.columns[name] ?? new Array<Cell>(f.length).fill(null));
  }
  return { columns, length: frames.reduce((n, f) => n + f.length, 0) };
}

/** Rows whose column has the chosen value, for every filter with a choice. */
export function filtered(frame: Frame, view: View, choices: Record<string, string>): Frame {
  const tests = Object.entries(view.filters ?? {}).filter(
    ([selector, column]) => choices[selector] && frame.columns[column],
  );
  if (tests.length === 0) return frame;
  const places: number[] = [];
  for (let i = 0; i < frame.length; i += 1) {
    if (tests.every(([s, c]) => String(cellAt(frame, c, i) ?? "") === choices[s])) places.push(i);
  }
  return take(frame, places);
}

/** Order of the rows by a column; cells without a number or text come last both ways. */
export function order(frame: Frame, column: string, falling: boolean): number[] {
  const cells = frame.columns[column] ?? [];
  const places = Array.from({ length: frame.length }, (_, i) => i);
  const sign = falling ? -1 : 1;
  return places.sort((a, b) => {
    const x = cells[a] ?? null;
    const y = cells[b] ?? null;
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0) || a - b;
    if (typeof x === "number" && typeof y === "number") return sign * (x - y) || a - b;
    return sign * String(x).localeCompare(String(y), undefined, { numeric: true }) || a - b;
  });
}

/** Roles of what stands beside the rows of a view: they name another view. */
export const BESIDE = ["nodes", "shade", "ellipses", "against"] as const;

/** The ends of the interval that is held against a reference. */
export function judgedEnds(view: View): string[] {
  const ends = [view.encode.lo, view.encode.hi].filter((c): c is string => Boolean(c));
  return view.reference && ends.length === 2 ? ends : [];
}

/** Whether the interval of a row covers the reference, so that no difference is shown. */
export function covers(view: View, frame: Frame, i: number): boolean {
  const at = view.reference?.value;
  const { lo, hi } = view.encode;
  if (at === undefined || lo === undefined || hi === undefined) return false;
  // an answer of what is drawn says so instead of the ends
  if (frame.columns.covers) return cellAt(frame, "covers", i) === true;
  return numberAt(frame, lo, i) <= at && at <= numberAt(frame, hi, i);
}
