import { afterEach, describe, expect, it, vi } from "vitest";
import { data as mock } from "../mock/data.js";
import { serverSource } from "../src/core/api";
import { ProblemError, search } from "../src/core/data";
import { fileSource } from "../src/core/file";
import { csv, crc32, neutral, rows, zip } from "../src/core/files";
import { covers, filtered, frameOf, order, stateAt, take } from "../src/core/frame";
import type { Page, View } from "../src/core/types";

const held = mock();
const viewOf = (id: string): View =>
  (held.pages as unknown as Page[]).flatMap((p) => p.views ?? []).find((v) => v.id === id) as View;
const element = { textContent: JSON.stringify(held), getAttribute: () => null } as unknown as Element;

afterEach(() => vi.unstubAllGlobals());

/** A server that answers from the mock, rows in two pages. */
function serve(): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (address: string) => {
    asked.push(address);
    const url = new URL(address, "http://localhost");
    const file = fileSource(element);
    if (url.pathname.endsWith("/nothing")) {
      return { ok: false, status: 404, statusText: "", json: async () => ({ code: "unknown_view", detail: "no", fix: "ask /pages" }) };
    }
    const id = decodeURIComponent(url.pathname.split("/").pop() ?? "");
    const { frame } = await file.view(viewOf(id), Object.fromEntries(url.searchParams));
    const half = Math.ceil(frame.length / 2);
    const second = url.searchParams.get("cursor") === "c2";
    const places = Array.from({ length: frame.length }, (_, i) => i).filter((i) => (i >= half) === second);
    const body = { schema: 1, data: take(frame, places).columns, page: { next: second ? null : "c2", total: frame.length }, meta: {} };
    return { ok: true, json: async () => body };
  });
  return asked;
}

const large = {
  ...viewOf("mock.map"), id: "x.map", table: "x.cells", rows: 3_000_000, chart: "map", order: "-lq", labels: { region: "regions" }, filters: { industry: "industry" },
  encode: { lon: "lon", lat: "lat", value: "lq", label: "region", lo: "lo", hi: "hi" }, reference: { value: 1, label: { en: "", zh: "" } },
  columns: ["region", "lq", "lo", "hi", "size"].map((name) => ({ name, label: { en: name, zh: name }, type: name === "region" ? "code" : "number" })),
} as View;

/** A server of typed columns: three rows, the second code not in the list. */
function typedServer(): { asked: string[]; release: string; list: string } {
  const planes = (view: ArrayBufferView, width: number): string => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const n = bytes.length / width;
    return btoa(String.fromCharCode(...Array.from(bytes, (_, k) => bytes[(k % n) * width + Math.floor(k / n)] as number)));
  };
  const number = (...of: number[]): object => ({ kind: "number", values: planes(Float64Array.from(of), 8) });
  const all: Record<string, (rows: number[]) => object> = {
    lq: (rows) => number(...rows.map((i) => [NaN, 1.1, 0.1 + 0.2][i] as number)),
    lo: (rows) => number(...rows.map((i) => [0.25, 0.5, 9][i] as number)),
    hi: (rows) => number(...rows.map((i) => [4, 2, 9][i] as number)),
    size: () => ({ kind: "number", values: planes(Float64Array.from([7, -0]), 8), at: planes(Uint8Array.from([0, 1, 0]), 1) }),
    covers: () => ({ kind: "boolean", at: planes(Uint8Array.from([0, 1, 0]), 1) }),
    // R1, R2, R9: places 0, 1 and 2 behind the list, as steps
    region: () => ({ kind: "code", list: "regions", more: ["R9"], at: planes(Uint16Array.from([0, 1, 1]), 2) }),
    region_en: () => ({ kind: "beside", of: "region", part: "en" }),
    lon: () => ({ kind: "beside", of: "region", part: "lon" }),
  };
  const found = { asked: [] as string[], release: "r1", list: "" };
  vi.stubGlobal("fetch", async (address: string) => {
    found.asked.push(address);
    const { pathname, searchParams } = new URL(address, "http://localhost");
    const places = [{ id: "R1", name: { en: "One", zh: "一" }, lon: 100, lat: 30 }, { id: "R2", name: { en: "Two", zh: "二" }, lon: 101, lat: 31 }];
    const rows = searchParams.get("rows")?.split(",").map(Number) ?? [0, 1, 2];
    const wanted = (searchParams.get("columns") ?? "").split(",");
    const names = Object.keys(all).filter((n) => wanted.includes(n) || (n.startsWith("region_") && wanted.includes("region")));
    const list = pathname.endsWith("/regions");
    const columns = Object.fromEntries(names.map((n) => [n, all[n]?.(rows)]));
    const body = { schema: 1, data: list ? places : { length: rows.length, columns }, meta: { release: (list && found.list) || found.release } };
    return { ok: true, json: async () => body };
  });
  return found;
}

describe("adapters", () => {
  it("give the same rows from a server and from a file", async () => {
    const asked = serve();
    const view = viewOf("mock.map");
    const choices = { industry: "C17", region: "R99" };
    const there = await serverSource({ mode: "server", api: "api/v1", root: "/x/" }).view(view, choices);
    const here = await fileSource(element).view(view, choices);
    expect(here.frame.length).toBe(48);
    expect(there.frame).toEqual(here.frame);
    expect(asked[0]).toBe("/x/api/v1/views/mock.map?industry=C17&layout=columns&limit=10000");
  });

  it("ask for each column once and share it, in the order of each view", async () => {
    const server = typedServer();
    const { drawn } = serverSource({ mode: "server" });
    const map = await drawn(large, { industry: "A" });
    const lorenz = await drawn({ ...large, id: "x.lorenz", chart: "lorenz", order: "lq", encode: { value: "lq", share: "size" } }, { industry: "A" });
    const path = "/api/v1/views";
    expect(server.asked).toEqual([
      `${path}/x.map?industry=A&columns=covers%2Clat%2Clon%2Clq%2Cregion&layout=typed&sort=table_order&limit=10000`, "/api/v1/regions?limit=10000",
      `${path}/x.lorenz?industry=A&columns=size&layout=typed&sort=table_order&limit=10000`,
    ]);
    expect(map.frame.columns).toMatchObject({
      region: ["R2", "R9", "R1"], region_en: ["Two", "R9", "One"], lon: [101, null, 100], lq: [1.1, 0.30000000000000004, null], covers: [true, false, false],
    });
    expect([0, 1, 2].map((i) => covers(large, map.frame, i))).toEqual([true, false, false]);
    expect(lorenz.frame.columns).toMatchObject({ lq: [0.30000000000000004, 1.1, null], size: [7, -0, 7] });
  });

  it("give the lines of a figure their intervals, and no others", async () => {
    const server = typedServer();
    const dots: View = { ...large, chart: "dot", top: 1, encode: { label: "region", value: "lq", lo: "lo", hi: "hi" } };
    const { frame } = await serverSource({ mode: "server" }).drawn(dots, {}, new Set(["R1"]));
    expect(server.asked.at(-1)).toBe("/api/v1/views/x.map?columns=lo%2Chi&rows=1%2C0&layout=typed&sort=table_order");
    expect(frame.columns).toMatchObject({ region: ["R2", "R9", "R1"], lo: [0.5, null, 0.25], hi: [2, null, 4] });
  });

  it("mix no two releases", async () => {
    const server = typedServer();
    const { drawn } = serverSource({ mode: "server" });
    await drawn(large, { industry: "A" });
    server.release = "r2";
    // the columns of before are asked for anew, with the one that was missing
    const more: View = { ...large, id: "x.more", encode: { value: "lq", size: "size" } };
    const { frame, meta } = await drawn(more, { industry: "A" });
    expect(meta.release).toBe("r2");
    expect(Object.keys(frame.columns).sort()).toEqual(["lq", "size"]);
    server.release = "r3";
    server.list = "r2";
    await expect(drawn(large, { industry: "B" })).rejects.toMatchObject({ code: "other_release" });
  });

  it("address files of the server only", () => {
    const server = serverSource({ mode: "server", api: "api/v1" });
    expect(server.file(viewOf("mock.map"), { industry: "C&1" }, "csv")).toBe("/api/v1/views/mock.map.csv?industry=C%261");
    expect(server.file(viewOf("mock.line"), {}, "zip")).toBe("/api/v1/downloads/mock.line.zip");
    expect(fileSource(element).file(viewOf("mock.map"), {}, "csv")).toBeNull();
  });

  it("tell problems as they are", async () => {
    serve();
    const wrong = { ...viewOf("mock.map"), id: "nothing" };
    const asked = serverSource({ mode: "server" }).view(wrong, {});
    await expect(asked).rejects.toMatchObject({ code: "unknown_view", fix: "ask /pages" });
    await expect(fileSource(element).view(wrong, {})).rejects.toBeInstanceOf(ProblemError);
  });

  it("find places and questions in both languages", () => {
    const pages = held.pages as unknown as Page[];
    const places = held.regions.map((r) => ({ ...r, parent: null }));
    expect(search("3号地区", pages, [["region", places]])[0]).toMatchObject({ kind: "region", id: "R03" });
    expect(search("policy", pages, [])[0]?.id).toBe("policy");
    expect(search("  ", pages, [])).toEqual([]);
  });
});

describe("frames", () => {
  const frame = frameOf({ v: [2, null, 0, 1, null], status: ["number", "confidential", "zero", "unreliable", null], lo: [1.5, null, 0, 0.5, null], hi: [3, null, 0, 1.5, null] });

  it("tell six states apart", () => {
    expect([0, 1, 2, 3, 4].map((i) => stateAt(frame, "v", i))).toEqual(["number", "confidential", "zero", "unreliable", "not_available"]);
    expect(stateAt(frameOf({ v: [null], status: ["undefined"] }), "v", 0)).toBe("undefined");
  });

  it("sort with what is no number last, both ways", () => {
    expect(order(frame, "v", false)).toEqual([2, 3, 0, 1, 4]);
    expect(order(frame, "v", true)).toEqual([0, 3, 2, 1, 4]);
  });

  it("hatch where the interval covers the reference", () => {
    const view = { encode: { lo: "lo", hi: "hi" }, reference: { value: 1, label: { en: "", zh: "" } } } as unknown as View;
    expect([0, 1, 2, 3].map((i) => covers(view, frame, i))).toEqual([false, false, false, true]);
  });

  it("filter by choice, codes as texts", () => {
    const view = { filters: { year: "y" } } as unknown as View;
    expect(filtered(frameOf({ y: [2019, 2020, null] }), view, { year: "2020" }).length).toBe(1);
  });
});

describe("files", () => {
  it("neutralise formulas in texts, not numbers", () => {
    for (const text of ["=1+1", "+1", "-1", "@x", "\tx", "\rx"]) expect(neutral(text)).toBe(`'${text}`);
    expect(csv(frameOf({ a: ["=1", 'x"y'], b: [-1.5, null] }))).toBe("a,b\r\n'=1,-1.5\r\n\"x\"\"y\",\r\n");
  });

  it("keep every digit", () => {
    const value = 0.1 + 0.2;
    expect(csv(frameOf({ v: [value] }))).toContain("0.30000000000000004");
    expect(rows(frameOf({ v: [value] }))).toEqual([{ v: value }]);
  });

  it("zip with the checksum of the standard", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    const made = zip([["a.txt", "hello"]]);
    expect([...made.slice(0, 4)]).toEqual([0x50, 0x4b, 3, 4]);
    expect([...made.slice(-22, -18)]).toEqual([0x50, 0x4b, 5, 6]);
  });
});
