import { describe, expect, it } from "vitest";
import { frameOf } from "../src/core/frame";
import { limited, limits, lookKeys, measured, picksOf } from "../src/core/looks";
import { aggregate, boardOf, normed, placesOf, scoreboard, weightsOf, weightsText } from "../src/core/scoreboard";
import { classes, cutsOf } from "../src/scene/scale";
import { speaker } from "../src/texts";
import type { Look, View } from "../src/core/types";

const both = (text: string): { en: string; zh: string } => ({ en: text, zh: text });
const look = (over: Partial<Look>): Look => ({ id: "k", label: both("k"), kind: "one", column: "c", blank: false, default: "", picks: [], ...over });
const view = (looks: Look[], over: Partial<View> = {}): View => ({ id: "p.v", title: both("v"), chart: "dot", encode: { label: "n", value: "v", lo: "l", hi: "h" }, columns: [], looks, ...over });
const LABELS = { en: speaker("en"), zh: speaker("zh") };

describe("looks", () => {
  it("changes what is drawn, drops roles and the reference, and keeps the first as declared", () => {
    const pick = (value: string, encode: Record<string, string>, compared: boolean): Look["picks"][number] => ({ value, label: both(value), encode, order: compared ? "" : "-jobs", unit: null, uncertainty: null, compared });
    const own = view([look({ id: "measure", kind: "measure", column: "", picks: [pick("lq", {}, true), pick("jobs", { value: "jobs", lo: "", hi: "" }, false)] })], { order: "-v", reference: { value: 1, label: both("1") } });
    expect(measured(own, {})).toBe(own);
    expect(measured(own, { measure: "lq" })).toBe(own);
    expect(measured(own, { measure: "none" })).toBe(own);
    const changed = measured(own, { measure: "jobs" });
    expect(changed.encode).toEqual({ label: "n", value: "jobs" });
    expect([changed.order, changed.reference]).toEqual(["-jobs", null]);
  });

  it("keeps rows by one value, several, limits and the heaviest share", () => {
    const frame = frameOf({ c: ["a", "b", "", null, "a,b"], v: [5, 3, 1, null, 1] });
    const kept = (of: Look, value: string): unknown[] => limited(view([of]), frame, { k: value }).columns.c ?? [];
    expect(kept(look({}), "a")).toEqual(["a"]);
    expect(kept(look({ blank: true }), "a")).toEqual(["a", "", null]);
    expect(kept(look({ kind: "several" }), "b,a%2Cb")).toEqual(["b", "a,b"]);
    expect(kept(look({ kind: "at_least", column: "v" }), "3")).toEqual(["a", "b"]);
    expect(kept(look({ kind: "at_most", column: "v" }), "1")).toEqual(["", "a,b"]);
    // 5 of 10 is half; with 3 it is 80 %; rows of equal weight stand or fall together
    expect(kept(look({ kind: "heaviest", column: "v" }), "50")).toEqual(["a"]);
    expect(kept(look({ kind: "heaviest", column: "v" }), "51")).toEqual(["a", "b"]);
    expect(kept(look({ kind: "heaviest", column: "v" }), "85")).toEqual(["a", "b", "", "a,b"]);
    expect(kept(look({ kind: "at_least", column: "v" }), "9")).toEqual([]);
    // a code that no row has, and what is no number, leaves all
    expect(kept(look({}), "z")).toHaveLength(5);
    expect(limits(view([look({ kind: "at_least" })]), { k: "much" })).toEqual([]);
  });

  it("begins with its default and shows all when told so", () => {
    const of = view([look({ default: "a" })]);
    expect([limits(of, {}).length, limits(of, { k: "b" })[0]?.[1], limits(of, { k: "all" }).length]).toEqual([1, "b", 0]);
  });

  it("offers values of the column, few steps of many numbers", () => {
    const frame = frameOf({ c: ["b", "a", "b", null], r: [1, 2, 3, 4] });
    expect(picksOf(look({}), view([]), frame).map((p) => p.value)).toEqual(["a", "b"]);
    const many = frameOf({ r: Array.from({ length: 100 }, (_, i) => i) });
    expect(picksOf(look({ kind: "at_most", column: "r" }), view([]), many).map((p) => Number(p.value))).toEqual([17, 33, 50, 66, 83, 99]);
    expect(lookKeys([view([look({ id: "b" })]), view([look({ id: "b" }), look({ id: "d" })])])).toEqual(["b", "d"]);
  });

  it("makes classes as chosen", () => {
    const values = Array.from({ length: 101 }, (_, i) => (i === 100 ? 10_000 : i));
    expect(classes(values, undefined, cutsOf({ classes: "count3" })).bounds).toEqual([33, 67]);
    expect(classes(values, 1, cutsOf({ classes: "step5", win: "5" })).bounds).toEqual([23, 41, 59, 77]);
    expect(classes(values, undefined, cutsOf({ classes: "step3" })).bounds.map(Math.round)).toEqual([3333, 6667]);
    expect(cutsOf({ classes: "seven" })).toBeNull();
  });
});

describe("weights of one's own", () => {
  const frame = frameOf({
    cluster: ["A", "A", "A", "B", "B", "B", "C", "C", "C"],
    node: ["x", "y", "index", "x", "y", "index", "x", "y", "index"],
    level: [2, 2, 3, 2, 2, 3, 2, 2, 3],
    value: [80, 20, 50, 40, 50, 45, 0, 90, 45],
  });
  const board = view([], { chart: "scoreboard", encode: { label: "cluster", group: "node", value: "value", level: "level" }, columns: [{ name: "cluster", label: both("Cluster") }] });

  it("gives the released index back with equal weights", () => {
    const made = scoreboard(board, frame, {}, LABELS.en, LABELS);
    expect(made.frame.columns.own_index).toEqual([50, 45, 45]);
    expect(made.frame.columns.own_rank).toEqual([1, 2, 2]);
    expect(made.frame.columns.rank_change).toEqual([0, 0, 0]);
  });

  it("follows weights, scores and mean; a mean that needs scores above zero leaves the others out", () => {
    const made = scoreboard(board, frame, { weights: "x:1,y:3" }, LABELS.en, LABELS);
    expect(made.frame.columns.cluster).toEqual(["C", "B", "A"]);
    expect(made.frame.columns.own_index).toEqual([67.5, 47.5, 35]);
    const geometric = scoreboard(board, frame, { agg: "geometric" }, LABELS.en, LABELS);
    expect(geometric.frame.columns.cluster).toEqual(["B", "A", "C"]);
    expect(geometric.frame.columns.own_index?.[2]).toBeNull();
    expect(geometric.remark).toContain("1 have no index");
    expect(normed([0, 40, 80], "minmax")).toEqual([0, 50, 100]);
    expect(normed([1, 2, 3], "z")).toEqual([90, 100, 110]);
    expect(normed([1, 1, 3, NaN], "rank").slice(0, 3).map(Math.round)).toEqual([33, 33, 83]);
    expect(aggregate([2, 8], [1, 1], "geometric")).toBeCloseTo(4);
    expect(aggregate([2, 8], [1, 1], "harmonic")).toBeCloseTo(3.2);
    expect(aggregate([1], [0], "arithmetic")).toBeNaN();
    expect(placesOf([3, NaN, 3, 1])).toEqual([1, NaN, 1, 3]);
  });

  it("keeps weights in the address and reads nonsense as equal weights", () => {
    const { pillars } = boardOf(board, frame);
    expect(pillars.map((p) => p.code)).toEqual(["x", "y"]);
    expect(weightsText(pillars, [1, 1])).toBe("");
    expect(weightsOf(pillars, weightsText(pillars, [0.5, 4]))).toEqual([0.5, 4]);
    expect(weightsOf(pillars, "x:-3,y:99,z:1,:,")).toEqual([0, 10]);
    expect(weightsOf(pillars, "x:abc")).toEqual([1, 1]);
  });
});
