// Columns as bytes, the layout of answers that are asked for at every switch: doubles are
// the same to the last digit, codes are places in the lists of regions and industries.
import type { Cell, Frame, Place } from "./types";

interface TypedColumn {
  kind: "number" | "text" | "code" | "boolean" | "beside";
  values?: string | null;
  at?: string | null;
  texts?: string[] | null;
  list?: string | null;
  more?: string[] | null;
  of?: string | null;
  part?: "en" | "zh" | "lon" | "lat" | null;
}

export interface Typed {
  length: number;
  columns: Record<string, TypedColumn>;
}

/** Names of the lists that a reader of these columns needs. */
export function listsOf(typed: Typed): string[] {
  return [...new Set(Object.values(typed.columns).flatMap((c) => (c.list ? [c.list] : [])))];
}

export function frameOfTyped(typed: Typed, lists: Record<string, Place[]>): Frame {
  const { length } = typed;
  const columns: Record<string, Cell[]> = {};
  const codes = new Map<string, { at: number[]; places: Place[]; more: string[] }>();
  for (const [name, column] of Object.entries(typed.columns)) {
    if (column.kind !== "code") continue;
    const found = { at: steps(column.at ?? "", length), places: lists[column.list ?? ""] ?? [], more: column.more ?? [] };
    codes.set(name, found);
  }
  for (const [name, column] of Object.entries(typed.columns)) {
    const own = codes.get(column.kind === "beside" ? (column.of ?? "") : name);
    columns[name] = own ? ofCodes(own, column.part ?? "id") : plain(column, length);
  }
  return { columns, length };
}

function ofCodes({ at, places, more }: { at: number[]; places: Place[]; more: string[] }, part: "id" | "en" | "zh" | "lon" | "lat"): Cell[] {
  const known = places.map((one): Cell => (part === "id" ? one.id : part === "en" || part === "zh" ? one.name[part] : (one[part] ?? null)));
  // a code without a name is its own name, and lies nowhere
  const all = [...known, ...more.map((code): Cell => (part === "lon" || part === "lat" ? null : code))];
  return at.map((k) => all[k] ?? null);
}

function plain(column: TypedColumn, length: number): Cell[] {
  const at = column.at == null ? null : whole(column.at, length).numbers;
  if (column.kind === "number") {
    const numbers = Array.from(doubles(column.values ?? ""), (v): Cell => (Number.isNaN(v) ? null : v));
    return at ? at.map((k) => numbers[k] ?? null) : numbers;
  }
  const known: Cell[] = column.kind === "boolean" ? [false, true] : (column.texts ?? []);
  return (at ?? []).map((k) => known[k] ?? null);
}

function bytesOf(text: string): Uint8Array {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k += 1) bytes[k] = raw.charCodeAt(k);
  return bytes;
}

/** All first bytes stand together, then all second ones: put those of a number side by side. */
function joined(bytes: Uint8Array, width: number): DataView {
  const n = bytes.length / width;
  const whole = new Uint8Array(bytes.length);
  for (let k = 0; k < width; k += 1) for (let i = 0; i < n; i += 1) whole[i * width + k] = bytes[k * n + i] as number;
  return new DataView(whole.buffer);
}

function doubles(text: string): Float64Array {
  const bytes = bytesOf(text);
  const view = joined(bytes, 8);
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(i * 8, true));
}

/** Whole numbers, and the bytes that each of them takes. */
function whole(text: string, length: number): { numbers: number[]; width: number } {
  const bytes = bytesOf(text);
  const width = length > 0 ? bytes.length / length : 1;
  const view = joined(bytes, width);
  const numbers = Array.from({ length }, (_, i) => (width === 1 ? view.getUint8(i) : width === 2 ? view.getUint16(2 * i, true) : view.getUint32(4 * i, true)));
  return { numbers, width };
}

/** Places that are written as steps from one to the next, modulo the width. */
function steps(text: string, length: number): number[] {
  const { numbers, width } = whole(text, length);
  let now = 0;
  return numbers.map((step) => (now = (now + step) % 2 ** (8 * width)));
}
