import { describe, expect, it } from "vitest";
import { nearest, offered, optionsOf, settle, severalOf, standing, tableKey, withTable } from "../src/core/choices";
import { MOST_COMPARED, comparable, joinCodes, splitCodes } from "../src/core/codes";
import { derive, upperNormal } from "../src/core/derive";
import { frameOf, joined, nearestOf, only, valuesOf, withWords } from "../src/core/frame";
import { blocksOf, piecesOf } from "../src/core/markdown";
import { ends } from "../src/scene/canvas";
import { ring } from "../src/scene/ovals";
import { similarOrder } from "../src/scene/similar";
import { speaker } from "../src/texts";
import type { Option, Page, View } from "../src/core/types";

const LABELS = { en: speaker("en"), zh: speaker("zh") };
const option = (value: string): Option => ({ value, label: { en: value, zh: value } });
const column = (name: string) => ({ name, label: { en: name, zh: name } });

function view(more: Partial<View>): View {
  return { id: "a.b", title: { en: "A", zh: "甲" }, chart: "dot", encode: {}, columns: [], ...more };
}

describe("choices", () => {
  const page: Page = {
    id: "compare", route: "/compare", question: { en: "?", zh: "?" }, lead: { en: "", zh: "" },
    selectors: [{ id: "region", label: { en: "Region", zh: "地区" }, default: "R2" }, { id: "peers", label: { en: "Peers", zh: "可比" } }],
  };
  const lists = { region: ["R1", "R2", "R31"].map(option), peers: ["size"].map(option) };

  it("settle on what the address asks for, and keep how figures are looked at", () => {
    const got = settle(page, { region: "R1", year: "2010", only: "1" }, [], lists, "en", LABELS.en);
    expect(got.choices).toMatchObject({ region: "R1", year: "2010", only: "1", peers: "size" });
    expect(got.notices).toEqual([]);
  });

  it("name the nearest value for one that is not there, and keys that nobody knows", () => {
    const got = settle(page, { region: "R32", nonsense: "1" }, [], lists, "en", LABELS.en);
    expect(got.choices.region).toBe("R31");
    expect(got.notices[0]).toContain("R31");
    expect(got.ignored).toEqual(["nonsense"]);
    expect(nearest("zz", lists.region)).toBeUndefined();
  });

  it("tell of which code systems the numbers are, and when the address asks for another", () => {
    const world = { id: "w", label: { en: "W", zh: "世" }, generated: false, geo: ["nuts_2021"], cls: ["nace_2"] };
    expect(settle(page, {}, [], lists, "en", LABELS.en, world).choices).toMatchObject({ geo: "nuts_2021", cls: "nace_2" });
    const got = settle(page, { geo: "nuts_2016", cls: "nace_2" }, [], lists, "en", LABELS.en, world);
    expect(got.notices).toEqual(["“nuts_2016” is not among the values of version of the regions; shown is nuts_2021."]);
    expect(got.ignored).toEqual([]);
    expect(settle(page, {}, [], lists, "en", LABELS.en).choices.geo).toBeUndefined();
  });

  it("offer only what stands beside another choice, and follow a name that stands beside one", () => {
    const inner = { id: "cluster", label: { en: "Group", zh: "组" }, within: "def" };
    const of: Page = { ...page, selectors: [inner, { id: "def", label: { en: "Set", zh: "集" }, default: "one", optional: true }] };
    const groups: Option[] = [{ ...option("a"), of: ["one"] }, { ...option("b"), of: ["two"] }, { ...option("c"), of: ["one", "two"] }];
    const all = { cluster: groups, def: ["one", "two"].map(option) };
    expect(offered(inner, groups, { def: "two" }).map((o) => o.value)).toEqual(["b", "c"]);
    expect(settle(of, { def: "two" }, [], all, "en", LABELS.en).choices).toMatchObject({ def: "two", cluster: "b" });
    const named = settle(of, { cluster: "b" }, [], all, "en", LABELS.en);
    expect(named.choices).toMatchObject({ def: "two", cluster: "b" });
    expect(named.notices).toEqual([]);
    expect(settle(of, { cluster: "c" }, [], all, "en", LABELS.en).choices).toMatchObject({ def: "one", cluster: "c" });
    expect(settle(of, { cluster: "b", def: "one" }, [], all, "en", LABELS.en).notices[0]).toContain("b");
  });

  it("draw a view only under the values it stands for", () => {
    const views = [view({ id: "p.a", when: { level: ["industry"] } }), view({ id: "p.b", when: { level: ["parent", "top"] } }), view({ id: "p.c" })];
    const levels: Page = { ...page, selectors: [{ id: "level", label: { en: "Level", zh: "层级" } }], views };
    const names = (of: Page, choices: Record<string, string>): string[] => standing(of, choices).map((v) => v.id);
    expect(names(levels, { level: "industry" })).toEqual(["p.a", "p.c"]);
    expect(names(levels, { level: "top" })).toEqual(["p.b", "p.c"]);
    expect(names({ ...levels, selectors: [] }, {})).toEqual(["p.a", "p.b", "p.c"]);
  });

  it("offer the peer groups in both languages, and a list of one's own", () => {
    const told = optionsOf(page, lists, LABELS).peers ?? [];
    expect(told.map((o) => o.value)).toEqual(["size", "own", "none"]);
    expect(told[0]?.label).toEqual({ en: "similar size", zh: "规模相近" });
  });

  it("join codes with commas and give them back", () => {
    const codes = ["a,b", "50%", "T0|K1"];
    expect(splitCodes(joinCodes(codes))).toEqual(codes);
  });

  it("ask one by one where a view takes several values", () => {
    expect(severalOf(view({ filters: { regions: "region" } }), { regions: "a,b" })).toEqual(["regions", ["a", "b"]]);
    expect(severalOf(view({ filters: { pair: "industry" } }), { anchor: "x", mover: "x" })).toEqual(["pair", ["x"]]);
    expect(severalOf(view({ filters: { region: "region" } }), { region: "a" })[1]).toEqual([]);
  });
});

describe("rows", () => {
  it("of one period are taken, the nearest one where it is not there", () => {
    const frame = frameOf({ year: ["2010", "2012", "2010"], v: [1, 2, 3] });
    expect(valuesOf(frame, "year")).toEqual(["2010", "2012"]);
    expect(nearestOf(["2010", "2012"], "2013")).toBe("2012");
    expect(nearestOf(["2010", "2012"], undefined)).toBe("2012");
    expect(only(frame, "year", "2010").columns.v).toEqual([1, 3]);
    expect(joined([frame, frame]).length).toBe(6);
  });

  it("show codes by their words, in the language of the reader", () => {
    const words = { pass: { en: "pass", zh: "通过" } };
    const got = withWords(frameOf({ status: ["pass", "odd", null] }), view({ columns: [{ ...column("status"), words }] }));
    expect(got.columns.status_zh).toEqual(["通过", "odd", null]);
    expect(got.columns.status).toEqual(["pass", "odd", null]);
  });
});

describe("figures worked out in the page", () => {
  it("give differences with intervals that hold together", () => {
    const frame = frameOf({
      industry: ["i", "i", "i"], region: ["A", "B", "C"], lq: [4, 1, 2], lo: [2, 0.5, 1], hi: [8, 2, 4],
    });
    const made = derive(view({ chart: "differences", encode: { label: "industry", group: "region", value: "lq", lo: "lo", hi: "hi" }, columns: ["industry", "region", "lq", "lo", "hi"].map(column) }), frame, {}, "en", LABELS.en, LABELS);
    // ln 4 - ln 1, each with a half width of ln 2; two pairs: z(0.0125) = 2.2414
    const half = (2.2414 / 1.959964) * Math.SQRT2 * Math.log(2);
    expect(made?.frame.columns.difference?.[0]).toBeCloseTo(Math.log(4), 6);
    expect(made?.frame.columns.lower?.[0]).toBeCloseTo(Math.log(4) - half, 2);
    expect(made?.frame.length).toBe(2);
    expect(upperNormal(0.025)).toBeCloseTo(1.96, 2);
  });

  it("compare with one region, or with the mean of the others", () => {
    const frame = frameOf({
      industry: ["i", "i", "i"], region: ["A", "B", "C"], lq: [4, 1, 2], lo: [2, 0.5, 1], hi: [8, 2, 4],
    });
    const drawn = (ref: string) => derive(view({ chart: "differences", encode: { label: "industry", group: "region", value: "lq", lo: "lo", hi: "hi" }, columns: ["industry", "region", "lq", "lo", "hi"].map(column) }), frame, { ref }, "en", LABELS.en, LABELS)?.frame.columns;
    const with_c = drawn("C");
    expect(with_c?.pair).toEqual(["A against C", "B against C"]);
    expect(with_c?.difference).toEqual([Math.log(2), -Math.log(2)]);
    const rest = drawn("mean");
    expect(rest?.pair).toEqual(["A", "B", "C"].map((r) => `${r} against the mean of the others`));
    // A: ln 4 less the mean of ln 1 and ln 2; errors of ln 2 / 1.96, of which two are averaged; three pairs: z(0.025 / 3) = 2.394
    const gap = 1.5 * Math.log(2);
    expect(rest?.difference?.[0]).toBeCloseTo(gap, 9);
    expect(rest?.lower?.[0]).toBeCloseTo(gap - (2.394 / 1.959964) * Math.log(2) * Math.sqrt(1.5), 2);
    expect(drawn("nowhere")?.pair).toEqual(["A against B", "A against C"]);
  });

  it("give the Lorenz curve from quotients and shares", () => {
    // one region holds half of everything and none of the industry, two hold a quarter each
    const frame = frameOf({ lq: [3, 1], share: [0.75, 0.25] });
    const made = derive(view({ chart: "lorenz", encode: { value: "lq", share: "share" } }), frame, {}, "en", LABELS.en, LABELS);
    expect(made?.frame.columns.x?.slice(0, 4)).toEqual([0, 0.5, 0.75, 1]);
    expect(made?.frame.columns.y?.slice(0, 4)).toEqual([0, 0, 0.25, 1]);
  });

  it("put alike rows side by side", () => {
    const rows = [[0, 0], [9, 9], [0, 1], [9, 8]].map((r) => Float64Array.from(r));
    const order = similarOrder(rows);
    const apart = (a: number, b: number): number => Math.abs(order.indexOf(a) - order.indexOf(b));
    expect([...order].sort()).toEqual([0, 1, 2, 3]);
    expect(apart(0, 2)).toBe(1);
    expect(apart(1, 3)).toBe(1);
  });

  it("draw an ellipse with the long axis at its bearing", () => {
    const points = ring(110, 30, 200, 100, 90);
    const east = Math.max(...points.map((p) => p[0])) - 110;
    const north = Math.max(...points.map((p) => p[1])) - 30;
    // 200 km east at 30 degrees north, 100 km north
    expect(east).toBeCloseTo(200 / (111.195 * Math.cos(Math.PI / 6)), 1);
    expect(north).toBeCloseTo(100 / 111.195, 1);
  });

  it("tell long names apart by their ends", () => {
    expect(ends(["Generated city A", "Generated city B"])).toEqual(["…A", "…B"]);
    expect(ends(["Oslo", "Bergen"])).toEqual(["Oslo", "Bergen"]);
  });
});

describe("pages about methods", () => {
  it("are blocks of text, never markup", () => {
    const blocks = blocksOf("# A\n\ntext `x` **b**\n\n- one\n  more\n\n| h | k |\n|---|---|\n| 1 | 2 |\n\n```\n<b>\n```\n");
    expect(blocks.map((b) => b.kind)).toEqual(["title", "text", "list", "table", "code"]);
    expect(blocks[2]?.lines).toEqual(["one more"]);
    expect(blocks[3]?.cells).toEqual([["h", "k"], ["1", "2"]]);
    expect(piecesOf("a `x` [b](c)").map((p) => p.text).join("")).toBe("a x b");
  });
});

describe("regions of an address", () => {
  const label = { en: "", zh: "" };
  const options = Array.from({ length: 20 }, (_, k) => ({ value: `R${k}`, label }));

  it("are compared once each, without the chosen one and unknown ones", () => {
    expect(comparable(["R1", "R2", "R1", "R0", "X"], "R0", options)).toEqual({ codes: ["R1", "R2"], unknown: ["X"], over: 0 });
  });

  it("are no more than can be told apart", () => {
    const found = comparable(options.map((o) => o.value), "R0", options);
    expect([found.codes.length, found.over]).toEqual([MOST_COMPARED - 1, 10]);
  });
});

describe("what an address says of tables", () => {
  it("tells of several tables, each once", () => {
    const [one, other] = [view({ id: "p.one" }), view({ id: "p.other" })];
    const both = withTable(other, withTable(one, undefined, "-lq"), "name");
    expect(both).toBe("one.-lq,other.name");
    expect([tableKey(one, both), tableKey(other, both)]).toEqual(["-lq", "name"]);
    expect(withTable(one, both, "jobs")).toBe("other.name,one.jobs");
    expect(withTable(one, both, "")).toBe("other.name");
    expect(tableKey(one, "onemore.x")).toBe("");
  });
});
