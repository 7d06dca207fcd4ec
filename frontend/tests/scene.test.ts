import { describe, expect, it } from "vitest";
import { data as mock } from "../mock/data.js";
import { fileSource } from "../src/core/file";
import { folded } from "../src/core/figure";
import { summary } from "../src/core/summary";
import { drawable, SCENES } from "../src/scene";
import { canvasModel } from "../src/scene/canvas";
import { classes, distinct, limits, limitsWithin, linear, ticks } from "../src/scene/scale";
import type { Ctx } from "../src/scene/scene";
import { speaker } from "../src/texts";
import type { Lang, Page, View } from "../src/core/types";

const held = mock();
const element = { textContent: JSON.stringify(held), getAttribute: () => null } as unknown as Element;
const views = (held.pages as unknown as Page[]).flatMap((p) => p.views ?? []);
const choices = { industry: "C17", region: "R03" };

async function ctxOf(view: View, lang: Lang, width = 900): Promise<Ctx> {
  const { frame } = await fileSource(element).view(view, choices);
  return { view, frame, lang, say: speaker(lang), width, geometry: null };
}

describe("figures", () => {
  const drawn = views.filter((v) => v.chart !== "table");

  it("of every kind have finite shapes and named marks, in both languages, wide and narrow", async () => {
    const kinds = new Set(drawn.map((v) => v.chart));
    for (const kind of Object.keys(SCENES)) expect(kinds).toContain(kind);
    for (const view of drawn.filter((v) => SCENES[v.chart])) {
      for (const [lang, width] of [["en", 900], ["zh", 300]] as const) {
        const ctx = await ctxOf(view, lang, width);
        expect(drawable(ctx)).toBe(true);
        const scene = SCENES[view.chart]?.(ctx);
        expect(scene?.marks.length, view.id).toBeGreaterThan(1);
        const all = [...(scene?.back ?? []), ...(scene?.front ?? []), ...(scene?.marks ?? []).flatMap((m) => m.shapes)];
        for (const shape of all) expect(shape.d, `${view.id} ${shape.kind}`).not.toMatch(/NaN|Infinity|undefined/);
        for (const mark of scene?.marks ?? []) expect(mark.name.length).toBeGreaterThan(0);
      }
    }
  });

  it("draw every row of the map once, hatched as the data say", async () => {
    const ctx = await ctxOf(views.find((v) => v.id === "mock.map") as View, "en");
    const scene = SCENES.map?.(ctx);
    expect(new Set(scene?.marks.map((m) => m.row)).size).toBe(ctx.frame.length);
    const hatched = scene?.marks.filter((m) => m.shapes.some((s) => s.hatch && !s.kind.includes("state"))).length ?? 0;
    expect(summary(ctx.view, ctx.frame, "en", ctx.say)[1]).toContain(`${hatched} cannot be told`);
  });

  it("of charts.js hold every row, with a text each", async () => {
    for (const view of drawn.filter((v) => !SCENES[v.chart])) {
      const ctx = await ctxOf(view, "zh");
      const { model } = canvasModel(ctx, null);
      if (model.kind === "heatmap") expect(model.cells.length).toBe(ctx.frame.length);
      if (model.kind === "sankey") expect(model.ties.length).toBe(ctx.frame.length);
      if (model.kind === "network") expect(model.ties.every((t) => t.tip.length > 0)).toBe(true);
      if (model.kind === "treemap") expect(model.items.every((i) => i.value > 0)).toBe(true);
    }
  });

  it("are summed up in two sentences", async () => {
    for (const view of drawn) {
      for (const lang of ["en", "zh"] as const) {
        const ctx = await ctxOf(view, lang);
        const said = summary(view, ctx.frame, lang, ctx.say);
        expect(said[0].length).toBeGreaterThan(5);
        expect(said.join(" ")).not.toMatch(/NaN|undefined|\{/);
      }
    }
  });
});

describe("scales", () => {
  it("have round ticks within the limits", () => {
    expect(ticks([0, 1], 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks([-3, 12], 5)).toEqual([0, 5, 10]);
    expect(ticks([2, 2], 5)).toEqual([2]);
    expect(linear([0, 10], [100, 200])(5)).toBe(150);
  });

  it("keep zero for bars and room for dots", () => {
    expect(limits([5, 10], true)[0]).toBe(0);
    expect(limits([], false)).toEqual([0, 1]);
    expect(limits([3, 3])).toEqual([1.5, 4.5]);
  });

  it("class values around a reference, or by equal counts", () => {
    const around = classes([0.2, 0.9, 1, 1.1, 3], 1);
    expect(around.bounds).toEqual([0.5, 0.8, 1.25, 2]);
    expect([0.2, 1, 3].map((v) => around.of(v))).toEqual([0, 2, 4]);
    const far = classes([8, 20, 60], 1).bounds;
    expect(far[3]).toBeCloseTo(60 ** 0.6);
    expect((far[0] ?? 0) * (far[3] ?? 0)).toBeCloseTo(1);
    expect(classes([1, 2, 3, 4, 5], undefined).bounds).toEqual([2, 3, 4, 5]);
    expect(classes([7, 7, 7], undefined).bounds).toEqual([]);
  });
});

describe("notes under a figure", () => {
  it("are folded, Chinese anywhere", () => {
    expect(folded("one two three", 8)).toEqual(["one two", "three"]);
    expect(folded("一二三四五", 6)).toEqual(["一二三", "四五"]);
  });
});

describe("limits with intervals", () => {
  it("cut an interval that dwarfs the values, not a usual one", () => {
    expect(limitsWithin([1, 2], [0.5, 3], false)[1]).toBeCloseTo(3.1);
    expect(limitsWithin([1, 2], [0, 30_000], false)[1]).toBeLessThan(5);
  });

  it("print close bounds apart", () => {
    const show = distinct([1.981, 1.984], (v, more) => v.toFixed(2 + more));
    expect([1.981, 1.984].map(show)).toEqual(["1.981", "1.984"]);
  });
});
