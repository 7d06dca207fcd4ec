// Files made in the page. Numbers are written as they came, to the last digit.
import type { Cell, Frame } from "./types";

const FORMULA = /^[=+\-@\t\r]/;

/** Keep a spreadsheet from reading a text as a formula; numbers are left as they are. */
export function neutral(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

function csvCell(value: Cell): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const safe = neutral(value);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(frame: Frame): string {
  const names = Object.keys(frame.columns);
  const lines = [names.map(csvCell).join(",")];
  for (let i = 0; i < frame.length; i += 1) {
    lines.push(names.map((n) => csvCell(frame.columns[n]?.[i] ?? null)).join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

export function rows(frame: Frame): Record<string, Cell>[] {
  const names = Object.keys(frame.columns);
  return Array.from({ length: frame.length }, (_, i) =>
    Object.fromEntries(names.map((n) => [n, frame.columns[n]?.[i] ?? null])));
}

/** Points with their rows, for programs that draw maps. */
export function geojson(frame: Frame, lon: string, lat: string): string {
  const features = rows(frame).flatMap((row) => {
    const [x, y] = [row[lon], row[lat]];
    return typeof x === "number" && typeof y === "number"
      ? [{ type: "Feature", geometry: { type: "Point", coordinates: [x, y] }, properties: row }] : [];
  });
  return JSON.stringify({ type: "FeatureCollection", features });
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const b of bytes) c = (CRC[(c ^ b) & 0xff] ?? 0) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** A zip archive of stored (not compressed) entries; same entries, same bytes. */
export function zip(entries: [string, string | Uint8Array][]): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder();
  const parts: Uint8Array[] = [];
  const index: Uint8Array[] = [];
  let offset = 0;
  for (const [name, body] of entries) {
    const [title, bytes] = [text.encode(name), typeof body === "string" ? text.encode(body) : body];
    // version 2.0, names in UTF-8, stored, 1 January 1980
    const common = [20, 0x0800, 0, 0, 33];
    const sizes = [crc32(bytes), bytes.length, bytes.length];
    const head = record(0x04034b50, common, sizes, [title.length, 0], []);
    parts.push(head, title, bytes);
    index.push(record(0x02014b50, [20, ...common], sizes, [title.length, 0, 0, 0, 0], [0, offset]), title);
    offset += head.length + title.length + bytes.length;
  }
  const size = index.reduce((n, p) => n + p.length, 0);
  const n = entries.length;
  const end = record(0x06054b50, [0, 0, n, n], [size, offset], [0], []);
  return joined([...parts, ...index, end]);
}

function record(sign: number, a: number[], b: number[], c: number[], d: number[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(4 + 2 * (a.length + c.length) + 4 * (b.length + d.length)));
  let at = 4;
  out.setUint32(0, sign, true);
  const put = (values: number[], size: 2 | 4): void => {
    for (const v of values) {
      if (size === 2) out.setUint16(at, v, true);
      else out.setUint32(at, v, true);
      at += size;
    }
  };
  put(a, 2);
  put(b, 4);
  put(c, 2);
  put(d, 4);
  return new Uint8Array(out.buffer);
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
