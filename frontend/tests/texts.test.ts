import { describe, expect, it } from "vitest";
import { pick, speaker } from "../src/texts";
import { en } from "../src/texts/en";
import { zh } from "../src/texts/zh";

const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? "").sort();

describe("catalogues", () => {
  it("have the same keys and placeholders", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    for (const key of Object.keys(en) as (keyof typeof en)[]) expect(holes(zh[key])).toEqual(holes(en[key]));
  });

  it("speak, and a missing label falls back marked", () => {
    expect(speaker("zh")("rows", { from: 1, to: 5, n: 9 })).toBe("第 1 至 5 行，共 9 行");
    expect(pick({ en: "a", zh: "" }, "zh")).toBe("a *");
    expect(pick(null, "en")).toBe("");
  });
});
