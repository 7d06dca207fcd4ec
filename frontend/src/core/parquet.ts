// Parquet files made in the page: one row group, plain values, not compressed. Numbers are
// written as doubles, bit by bit as they came; texts as UTF-8; what is missing as null.
import type { Cell, Frame } from "./types";

type Kind = "double" | "boolean" | "text";

const TYPES: Record<Kind, number> = { boolean: 0, double: 5, text: 6 };
const MAGIC = [0x50, 0x41, 0x52, 0x31];

/** Bytes that grow, with the numbers of Thrift's compact protocol. */
class Bytes {
  private parts: number[] = [];

  get length(): number {
    return this.parts.length;
  }

  push(...values: number[]): void {
    for (const v of values) this.parts.push(v & 255);
  }

  append(values: ArrayLike<number>): void {
    for (let k = 0; k < values.length; k += 1) this.parts.push(values[k] as number);
  }

  uvarint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.parts.push((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.parts.push(rest);
  }

  /** A signed number, zigzag. */
  varint(value: number): void {
    this.uvarint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.uvarint(bytes.length);
    this.append(bytes);
  }

  toArray(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.parts);
  }
}

const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12];

/** A struct of the compact protocol: fields in rising order, then the end. */
function struct(out: Bytes, fields: [id: number, kind: number, write: () => void][]): void {
  let last = 0;
  for (const [id, kind, write] of fields) {
    out.push(((id - last) << 4) | kind);
    write();
    last = id;
  }
  out.push(0);
}

function list(out: Bytes, kind: number, items: (() => void)[]): void {
  if (items.length < 15) out.push((items.length << 4) | kind);
  else {
    out.push(0xf0 | kind);
    out.uvarint(items.length);
  }
  for (const item of items) item();
}

function kindOf(cells: Cell[]): Kind {
  const first = new Set(cells.filter((c) => c !== null).map((c) => typeof c));
  if (first.size === 1 && first.has("number")) return "double";
  if (first.size === 1 && first.has("boolean")) return "boolean";
  return "text";
}

/** Definition levels, run-length encoded: 1 for a value, 0 for null. */
function levels(cells: Cell[]): Bytes {
  const out = new Bytes();
  for (let k = 0; k < cells.length; ) {
    const there = cells[k] !== null;
    let n = k;
    while (n < cells.length && (cells[n] !== null) === there) n += 1;
    out.uvarint((n - k) << 1);
    out.push(there ? 1 : 0);
    k = n;
  }
  return out;
}

function plain(kind: Kind, cells: Cell[]): Uint8Array {
  const known = cells.filter((c) => c !== null);
  if (kind === "double") return new Uint8Array(Float64Array.from(known as number[]).buffer);
  if (kind === "boolean") {
    const bits = new Uint8Array(Math.ceil(known.length / 8));
    known.forEach((v, k) => (bits[k >> 3] = (bits[k >> 3] ?? 0) | (v ? 1 << (k & 7) : 0)));
    return bits;
  }
  const out = new Bytes();
  for (const value of known) {
    const bytes = new TextEncoder().encode(String(value));
    out.push(bytes.length, bytes.length >> 8, bytes.length >> 16, bytes.length >> 24);
    out.append(bytes);
  }
  return out.toArray();
}

interface Chunk {
  name: string;
  kind: Kind;
  offset: number;
  size: number;
}

function page(out: Bytes, name: string, cells: Cell[]): Chunk {
  const kind = kindOf(cells);
  const body = new Bytes();
  const held = levels(cells);
  body.push(held.length, held.length >> 8, held.length >> 16, held.length >> 24);
  body.append(held.toArray());
  body.append(plain(kind, cells));
  const offset = out.length;
  struct(out, [
    [1, I32, () => out.varint(0)],
    [2, I32, () => out.varint(body.length)],
    [3, I32, () => out.varint(body.length)],
    [5, STRUCT, () => struct(out, [
      [1, I32, () => out.varint(cells.length)],
      [2, I32, () => out.varint(0)],
      [3, I32, () => out.varint(3)],
      [4, I32, () => out.varint(3)],
    ])],
  ]);
  out.append(body.toArray());
  return { name, kind, offset, size: out.length - offset };
}

function element(out: Bytes, { name, kind }: Chunk): void {
  const fields: [number, number, () => void][] = [
    [1, I32, () => out.varint(TYPES[kind])],
    [3, I32, () => out.varint(1)],
    [4, BINARY, () => out.text(name)],
  ];
  if (kind === "text") fields.push([6, I32, () => out.varint(0)]);
  struct(out, fields);
}

function column(out: Bytes, chunk: Chunk, rows: number): void {
  struct(out, [
    [2, I64, () => out.varint(chunk.offset)],
    [3, STRUCT, () => struct(out, [
      [1, I32, () => out.varint(TYPES[chunk.kind])],
      [2, LIST, () => list(out, I32, [() => out.varint(0), () => out.varint(3)])],
      [3, LIST, () => list(out, BINARY, [() => out.text(chunk.name)])],
      [4, I32, () => out.varint(0)],
      [5, I64, () => out.varint(rows)],
      [6, I64, () => out.varint(chunk.size)],
      [7, I64, () => out.varint(chunk.size)],
      [9, I64, () => out.varint(chunk.offset)],
    ])],
  ]);
}

/** The rows of a figure as a Parquet file. */
export function parquet(frame: Frame): Uint8Array<ArrayBuffer> {
  const out = new Bytes();
  out.push(...MAGIC);
  const chunks = Object.entries(frame.columns).map(([name, cells]) => page(out, name, cells));
  const from = out.length;
  const total = chunks.reduce((n, c) => n + c.size, 0);
  struct(out, [
    [1, I32, () => out.varint(1)],
    [2, LIST, () => list(out, STRUCT, [
      () => struct(out, [[4, BINARY, () => out.text("schema")], [5, I32, () => out.varint(chunks.length)]]),
      ...chunks.map((c) => () => element(out, c)),
    ])],
    [3, I64, () => out.varint(frame.length)],
    [4, LIST, () => list(out, STRUCT, [() => struct(out, [
      [1, LIST, () => list(out, STRUCT, chunks.map((c) => () => column(out, c, frame.length)))],
      [2, I64, () => out.varint(total)],
      [3, I64, () => out.varint(frame.length)],
    ])])],
    [6, BINARY, () => out.text("agglo")],
  ]);
  const size = out.length - from;
  out.push(size, size >> 8, size >> 16, size >> 24, ...MAGIC);
  return out.toArray();
}
