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
