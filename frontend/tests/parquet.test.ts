import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parquet } from "../src/core/parquet";
import { tilesOf } from "../src/scene/tiles";

test("a Parquet file begins and ends as it must and says how long its end is", () => {
  const frame = { columns: { a: [1.5, null, 0.1 + 0.2], b: ["甲", "=x", null], c: [true, false, null] }, length: 3 };
  const bytes = parquet(frame);
  const text = (from: number): string => String.fromCharCode(...bytes.slice(from, from + 4));
  expect(text(0)).toBe("PAR1");
  expect(text(bytes.length - 4)).toBe("PAR1");
  const end = new DataView(bytes.buffer).getInt32(bytes.length - 8, true);
  expect(end).toBeGreaterThan(60);
  expect(end).toBeLessThan(bytes.length);
  if (process.env.PARQUET_OUT) writeFileSync(process.env.PARQUET_OUT, bytes);
});

test("every place has a tile of its own, in the order of the compass", () => {
  const places = Array.from({ length: 400 }, (_, k): [number, number] => [100 + (k % 20), 30 + Math.floor(k / 20)]);
  const { at, columns, rows } = tilesOf(places);
  const taken = new Set(at.map((spot) => spot?.join()));
  expect(taken.size).toBe(400);
  expect(at.every((spot) => spot && spot[0] < columns && spot[1] < rows)).toBe(true);
  const [southWest, northEast] = [at[0], at[399]];
  expect((southWest?.[0] ?? 0) < (northEast?.[0] ?? 0)).toBe(true);
  expect((southWest?.[1] ?? 0) > (northEast?.[1] ?? 0)).toBe(true);
});

test("places without a position have no tile", () => {
  expect(tilesOf([[NaN, 1], [1, 1]]).at[0]).toBeNull();
});
